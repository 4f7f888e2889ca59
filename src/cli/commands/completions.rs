//! `newsdesk completions`: shell completions.

use std::io::{self, Write};
use std::process::ExitCode;

use clap_complete::Shell;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, command: &mut clap::Command, out: &mut impl Write) -> io::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "newsdesk", &mut script);
    out.write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
