//! `completions`: what a shell needs to complete our commands and flags.

use clap::CommandFactory;

use super::args::{Cli, Completions};
use super::exit::{CliError, Exit};
use super::output;

/// Prints them.
pub(super) fn run(args: &Completions) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "phxproof", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Held)
}
