//! The binary: runs the command line of the library and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(phxproof::internal::run(std::env::args_os()).code())
}
