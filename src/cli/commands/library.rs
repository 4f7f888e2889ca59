//! `newsdesk library`: backups, exports and imports of the library.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use crate::article::Problem;
use crate::cli::args::EXIT_NO_MATCH;
use crate::cli::library_access::{library_error, open, path, summary};
use crate::cli::output::print_error;
use crate::cli::user_files::with_path;
use crate::library::owner_only;
use crate::text::clean;
use crate::text::format::counted;

/// Back up, export or import marks, feeds and searches
#[derive(Debug, clap::Args)]
pub(crate) struct LibraryArgs {
    #[command(subcommand)]
    command: LibraryCommand,
}

#[derive(Debug, Subcommand)]
enum LibraryCommand {
    /// Print the path of the library
    Path,
    /// Back up the library; safe while newsdesk runs
    Backup {
        /// File to write; must not exist
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Export the library as JSON Lines
    Export {
        /// File to write; must not exist (default: standard output)
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Include user names and passwords of feeds
        #[arg(long)]
        with_credentials: bool,
    },
    /// Import what `export` wrote; removes nothing
    Import {
        /// File to read; `-` is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub(crate) fn run(args: LibraryArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let path = path()?;
    match args.command {
        LibraryCommand::Path => writeln!(out, "{}", clean(&path.to_string_lossy()))?,
        LibraryCommand::Backup { file } => {
            let library = open(&path)?;
            library.back_up(&file).map_err(|error| library_error(&file, error))?;
            writeln!(out, "{}: {}", clean(&file.to_string_lossy()), summary(&library)?)?;
            let logins = library.login_count().map_err(|error| library_error(&path, error))?;
            if logins > 0 {
                let feeds = counted(logins.into(), "feed", "feeds");
                writeln!(out, "The copy contains the user names and passwords of {feeds}; keep it private")?;
            }
        }
        LibraryCommand::Export { file: None, with_credentials } => {
            open(&path)?.export(out, with_credentials).map_err(|error| library_error(&path, error))?;
        }
        LibraryCommand::Export { file: Some(file), with_credentials } => {
            let created = if with_credentials { owner_only::new_file(&file) } else { File::create_new(&file) };
            let mut writer = BufWriter::new(created.map_err(|error| with_path(&file, &error))?);
            open(&path)?.export(&mut writer, with_credentials).map_err(|error| library_error(&path, error))?;
            writer.get_ref().sync_all()?;
        }
        LibraryCommand::Import { file } => return import(&path, &file, out),
    }
    Ok(ExitCode::SUCCESS)
}

fn import(path: &Path, file: &Path, out: &mut impl Write) -> io::Result<ExitCode> {
    let mut library = open(path)?;
    let imported = if file == Path::new("-") {
        library.import(&mut io::stdin().lock())
    } else {
        library.import(&mut BufReader::new(File::open(file).map_err(|error| with_path(file, &error))?))
    };
    let imported = imported.map_err(|error| library_error(path, error))?;
    for (line, why) in &imported.problems {
        let problem = Problem::new(file, why.as_str(), "line skipped").at(u32::try_from(*line).unwrap_or(u32::MAX));
        print_error(&problem.to_string());
    }
    let lines = counted(imported.lines as u64, "line", "lines");
    writeln!(out, "{lines} read; the library has {}", summary(&library)?)?;
    Ok(if imported.problems.is_empty() { ExitCode::SUCCESS } else { EXIT_NO_MATCH.into() })
}
