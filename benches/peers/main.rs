//! phxproof beside k6, Tsung and Artillery, in one run: the same clients against the same server, as a table
//! for docs/load.md. `cargo bench --bench peers -- [--seconds S] [--sockets A,B] [--rounds N] [--only
//! NAME,NAME]`; it needs Linux.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints its table, and how far it is"
)]

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod contest;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    match contest::Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => contest::hold(&arguments),
        Err(complaint) => {
            eprintln!("{complaint}\n{}", contest::USAGE);
            ExitCode::from(64)
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    println!("left out: CPU time and memory of other tools are read from /proc, which only Linux has");
    ExitCode::SUCCESS
}
