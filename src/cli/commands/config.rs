//! `newsdesk config`: the default config.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::output::print_error;
use crate::cli::user_files::config_path;
use crate::config::default_text;

/// Print every setting with its default, ready for config.toml
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigArgs {}

pub(crate) fn run(_: &ConfigArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    if let Some(path) = config_path() {
        print_error(&format!("The config file is {}", path.display()));
    }
    out.write_all(default_text().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
