//! stdout and stderr: colours as the user wants them, and a pipe that nobody reads any more is no error.

use std::fmt;
use std::io::{self, Write};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};

use super::args::ColorArg;
use super::complaint::Complaint;
use super::exit::CliError;
use crate::report::{Folder, ReportError};
use crate::scenario::Color;

/// Makes the whole process heed `--color`.
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

/// Says why a command did not do what it was asked.
pub(super) fn error(error: &CliError) {
    let mut stderr = anstream::stderr().lock();
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    // Where stderr is gone there is nobody left to tell.
    let _ = match error {
        CliError::File(file) => writeln!(stderr, "{}", file.render(Color::Always)),
        CliError::Usage(_) | CliError::Undone(_) | CliError::Stdout(_) => {
            writeln!(stderr, "{red}error:{red:#} {error}")
        }
    };
}

/// Makes the folder of the results, so that nothing is begun whose results could not be kept.
pub(super) fn make(folder: &Folder) -> Result<(), CliError> {
    folder.make().map_err(|why| {
        CliError::Undone(Complaint::new(why.to_string()).next("--out DIR names another folder"))
    })
}

/// Says which results could not be written.
pub(super) fn unreported(errors: &[ReportError]) {
    for why in errors {
        error(&CliError::Undone(Complaint::new(why.to_string())));
    }
}

/// Says something that is neither a result nor an error.
pub(super) fn note(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{text}");
}
