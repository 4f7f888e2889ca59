//! The `newsdesk` program: hands the command line to the library and exits with its answer.

use std::process::ExitCode;

fn main() -> ExitCode {
    newsdesk::cli::run(std::env::args_os())
}
