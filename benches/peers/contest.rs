//! Finds the installed tools, measures all of them in turn, and prints the table.
//!
//! **Round trips per CPU-second** are taken from two runs of each tool that differ only in how long the
//! clients push: the round trips and the CPU seconds of the longer run, minus those of the shorter one. The
//! cost of starting, compiling scripts, connecting, joining and reporting is in both runs and cancels out. So
//! no tool has to be measured in the middle of a run, which would need another method for each of them. The
//! CPU time is that of the tool's process and of the children that it waited for, as the kernel reports it
//! after the end. The round trips are counted by the tool itself, as replies (phxproof), received messages
//! (k6, Artillery) or requests (Tsung); the joins among them cancel out, too. All clients join before the first
//! push. The scripts of k6 and Artillery measure no latency in these runs, which is an advantage for them.
//! Over long poll, k6 and Goose count echoes in their scripts, and both also record the time of each request.
//!
//! **Memory** is the resident memory of the tool's processes with all sockets joined and silent, minus that
//! with a few sockets, divided by the difference in sockets. **The stall** stops the server in the middle of a
//! run whose clients push every 50 ms: phxproof by a schedule, the other tools in the usual way, which is to
//! send, wait for the reply, and think for 50 ms.

use std::process::ExitCode;

mod arguments;
mod artillery;
mod goose;
mod group;
mod interrupt;
mod k6;
mod measure;
mod phxproof;
mod server;
mod table;
mod tool;
mod tsung;

pub(super) use arguments::{Arguments, USAGE};
use measure::{memory_a_socket, round_trips_per_cpu_second, told_of_a_stall};
use table::Row;
use tool::{Installed, Tool};

/// The result of a measurement. If it fails, the cell of the tool stays empty, and the reason stands below the
/// table.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const TOOLS: [Tool; 7] = [
    phxproof::TOOL,
    k6::TOOL,
    tsung::TOOL,
    artillery::TOOL,
    phxproof::LONG_POLL,
    k6::LONG_POLL,
    goose::TOOL,
];

/// Measures what was asked for and prints the table.
pub(super) fn hold(arguments: &Arguments) -> ExitCode {
    interrupt::watch();
    let (installed, missing): (Vec<_>, Vec<_>) = TOOLS
        .iter()
        .filter(|it| arguments.includes(it))
        .map(Installed::find)
        .partition(Result::is_ok);
    let tools: Vec<_> = installed.into_iter().flatten().collect();
    for complaint in missing.iter().filter_map(|it| it.as_ref().err()) {
        println!("left out: {complaint}\n");
    }
    let mut rows: Vec<_> = tools
        .iter()
        .map(|it| Row::new(it, arguments.sockets.len()))
        .collect();
    let measured = fill(&mut rows, &tools, arguments);
    println!("{}", table::markdown(&rows, &arguments.sockets));
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("{complaint}");
            ExitCode::FAILURE
        }
    }
}

/// Makes each measurement for all tools in turn, so that figures that are compared are close in time.
fn fill(rows: &mut [Row], tools: &[Installed], arguments: &Arguments) -> Outcome<()> {
    for (column, &sockets) in arguments.sockets.iter().enumerate() {
        for round in 1..=arguments.rounds {
            for (row, tool) in rows.iter_mut().zip(tools) {
                eprintln!(
                    "{}: round trips with {sockets} sockets, round {round}",
                    tool.name()
                );
                let rate = round_trips_per_cpu_second(tool, sockets, arguments.seconds);
                row.rates[column].push(rate);
                interrupt::heed()?;
            }
        }
    }
    let most = arguments.most_sockets();
    for (row, tool) in rows.iter_mut().zip(tools) {
        eprintln!("{}: memory with {most} sockets", tool.name());
        row.memory = memory_a_socket(tool, most);
        interrupt::heed()?;
    }
    for (row, tool) in rows.iter_mut().zip(tools) {
        eprintln!("{}: a server that stalls", tool.name());
        row.told = told_of_a_stall(tool);
        interrupt::heed()?;
    }
    Ok(())
}
