//! Prints to stdout and stderr: colours as the user wants them, and a closed pipe is not an error.

use std::fmt;
use std::io::{self, Write};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};

use super::args::ColorArg;
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use crate::report::{Folder, ReportError};
use crate::scenario::Color;

/// Applies `--color` to the whole process.
pub(super) fn set_color(color: Option<ColorArg>) {
    let choice = match color {
        None | Some(ColorArg::Auto) => ColorChoice::Auto,
        Some(ColorArg::Always) => ColorChoice::AlwaysAnsi,
        Some(ColorArg::Never) => ColorChoice::Never,
    };
    choice.write_global();
}

/// Prints a result.
pub(super) fn print(text: &dyn fmt::Display) -> Result<(), CliError> {
    let mut stdout = anstream::stdout().lock();
    match write!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Stdout(error)),
        _ => Ok(()),
    }
}

/// Prints why a command failed.
pub(super) fn error(error: &CliError) {
    let mut stderr = anstream::stderr().lock();
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    // If stderr is closed, the error cannot be shown.
    let _ = match error {
        CliError::File(file) => writeln!(stderr, "{}", file.render(Color::Always)),
        CliError::Usage(_) | CliError::Undone(_) | CliError::Stdout(_) => {
            writeln!(stderr, "{red}error:{red:#} {error}")
        }
    };
}

/// Creates the folder for the results first, so that no run starts whose results could not be saved. Says so if the results
/// of an earlier run are lost by that.
pub(super) fn make(folder: &Folder) -> Result<(), CliError> {
    if folder.has_result() {
        let path = folder.path().display();
        note(&format!(
            "{path}/ has the results of an earlier run, which are overwritten"
        ));
    }
    folder.make().map_err(|why| {
        CliError::Undone(Complaint::new(why.to_string()).next("--out DIR names another folder"))
    })
}

/// Prints the results that could not be written.
pub(super) fn unreported(errors: &[ReportError]) {
    for why in errors {
        error(&CliError::undone(why.to_string()));
    }
}

/// Prints the results that could not be written, and returns the exit code: without all results, a run that held is undecided.
pub(super) fn exit_with_results(exit: Exit, errors: &[ReportError]) -> Exit {
    unreported(errors);
    match exit {
        Exit::Held if !errors.is_empty() => Exit::Undecided,
        other => other,
    }
}

/// Prints a note, which is neither a result nor an error.
pub(super) fn note(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{text}");
}
