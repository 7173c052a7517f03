//! The command line: parses the arguments into the settings of one job, runs the job, and turns its verdict
//! into the exit code. Each command has its own file, without the logic of the jobs.

mod args;
mod beam;
mod capacity;
mod check;
mod compare;
mod complaint;
mod completions;
mod config;
mod embedded;
mod exec;
mod exit;
mod explain;
mod fuzz;
mod group;
mod init;
mod interrupt;
mod judge;
mod keys;
mod list;
mod load;
mod network;
mod output;
mod patience;
mod profile;
mod prove;
mod quoting;
mod record;
mod report;
mod results;
mod serve;
mod show;
mod threaded;
mod under_test;
mod units;
mod wait;
mod watching;
mod worker;

pub use exit::Exit;

use std::ffi::OsString;

use args::{Cli, Command};
use clap::Parser;
use exit::CliError;

/// Runs the command line, and returns how the process should exit.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    output::set_color(cli.look.color);
    match dispatch(cli) {
        Ok(exit) => exit,
        Err(error) => {
            output::error(&error);
            error.exit()
        }
    }
}

fn dispatch(cli: Cli) -> Result<Exit, CliError> {
    match cli.command {
        Command::Check(args) => check::run(*args, cli.look),
        Command::Load(args) => load::run(*args, cli.look),
        Command::Capacity(args) => capacity::run(*args, cli.look),
        Command::Prove(args) => prove::run(*args, cli.look),
        Command::Fuzz(args) => fuzz::run(*args, cli.look),
        Command::Diff(args) => fuzz::diff(*args, cli.look),
        Command::Worker(args) => worker::run(*args, cli.look),
        Command::List(args) => list::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Schema => show::schema(),
        Command::Explain(args) => explain::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Init(args) => init::run(&args),
        Command::Report(args) => report::run(args),
        Command::Compare(args) => compare::run(args, cli.look),
        Command::Record(args) => record::run(*args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// The runtime for commands that use signals, timers or sockets.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|why| CliError::undone(format!("cannot start the runtime: {why}")))
}

/// Prints the message of clap, which also reports `--help` and `--version` as errors. clap's exit code for
/// errors is 2, which has another meaning here.
fn refused(error: &clap::Error) -> Exit {
    // If the pipe broke while the help was printed, there is nobody to tell.
    let _ = error.print();
    if error.use_stderr() {
        Exit::WrongUsage
    } else {
        Exit::Held
    }
}
