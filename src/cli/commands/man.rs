//! `newsdesk man`: the manual page.

use std::io::{self, Write};
use std::process::ExitCode;

/// Print the manual page
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {}

pub(crate) fn run(_: &ManArgs, command: clap::Command, out: &mut impl Write) -> io::Result<ExitCode> {
    clap_mangen::Man::new(command).render(out)?;
    Ok(ExitCode::SUCCESS)
}
