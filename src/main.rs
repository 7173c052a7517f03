//! The program: everything is in the library; here the process ends.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(phxproof::cli::run(std::env::args_os()).code())
}
