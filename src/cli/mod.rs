//! The command line: what is typed becomes settings of one job, the job runs, and its verdict becomes the exit code.
//! One file a command; no logic of the jobs themselves.

mod args;
mod check;
mod complaint;
mod completions;
mod config;
mod embedded;
mod exec;
mod exit;
mod explain;
mod group;
mod interrupt;
mod list;
mod load;
mod output;
mod patience;
mod profile;
mod quoting;
mod results;
mod serve;
mod show;
mod units;
mod wait;

pub use exit::Exit;

use std::ffi::OsString;

use args::{Cli, Command};
use clap::Parser;
use complaint::Complaint;
use exit::CliError;

/// Does what the command line asks, and says how the process is to end.
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
        Command::List(args) => list::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Schema => show::schema(),
        Command::Explain(args) => explain::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// What a command with signals, timers or sockets runs in.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|why| CliError::Undone(Complaint::new(format!("cannot start the runtime: {why}"))))
}

/// `--help` and `--version` come as errors, too; clap's own exit code for the others is 2, which means something
/// else here.
fn refused(error: &clap::Error) -> Exit {
    // A pipe that broke while the help was printed is no news to anybody.
    let _ = error.print();
    if error.use_stderr() {
        Exit::WrongUsage
    } else {
        Exit::Held
    }
}
