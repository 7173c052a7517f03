//! The command line: what is typed becomes settings of one job, the job runs, and its verdict becomes the exit code.
//! One file a command; no logic of the jobs themselves.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this floor and the reports speak to the user")]

mod args;
mod complaint;
mod config;
mod completions;
mod exit;
mod explain;
mod list;
mod output;
mod units;

pub use exit::Exit;

use std::ffi::OsString;

use args::{Cli, Command};
use clap::Parser;
use exit::CliError;

/// Does what the command line asks, and says how the process is to end.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    output::set_color(cli.look.color);
    match dispatch(&cli) {
        Ok(exit) => exit,
        Err(error) => {
            output::error(&error);
            error.exit()
        }
    }
}

fn dispatch(cli: &Cli) -> Result<Exit, CliError> {
    match &cli.command {
        Command::List(args) => list::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Completions(args) => completions::run(args),
    }
}

/// `--help` and `--version` come as errors, too; clap's own exit code for the others is 2, which means something
/// else here.
fn refused(error: &clap::Error) -> Exit {
    // A pipe that broke while the help was printed is no news to anybody.
    let _ = error.print();
    if error.use_stderr() { Exit::WrongUsage } else { Exit::Held }
}
