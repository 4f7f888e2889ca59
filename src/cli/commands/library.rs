//! `newsdesk library`: where what is kept lies, copies of it, all of it as text; and the library as other subcommands
//! use it.

use std::borrow::Borrow;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use crate::article::Problem;
use crate::cli::{NOTHING, complain};
use crate::corpus::Corpus;
use crate::engine::unreadable_rows;
use crate::library::marks::FileState;
use crate::library::{Error, Library, owner_only, take_unreadable_rows};
use crate::marks::Marks;
use crate::text::clean;
use crate::text::format::{counted, grouped};

/// What is to be done with the library.
#[derive(Debug, Subcommand)]
pub(crate) enum LibrarySubcommand {
    /// Print where the library is
    Path,
    /// Write a copy of the library, whole and up to date, also while newsdesk runs
    Backup {
        /// The file to write; one that is there is not written over
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Write all of the library as JSON Lines
    Export {
        /// The file to write; standard output without it
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Include user names and passwords of feeds
        #[arg(long)]
        with_credentials: bool,
    },
    /// Add what `export` wrote; nothing that is there is taken away
    Import {
        /// The file to read; `-` is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub(crate) fn carry_out(order: LibrarySubcommand, out: &mut impl Write) -> io::Result<ExitCode> {
    let path = path()?;
    match order {
        LibrarySubcommand::Path => writeln!(out, "{}", clean(&path.to_string_lossy()))?,
        LibrarySubcommand::Backup { file } => {
            let library = open(&path)?;
            library.back_up(&file).map_err(|error| told(&file, error))?;
            writeln!(out, "{}: {}", clean(&file.to_string_lossy()), contents(&library)?)?;
            let logins = library.login_count().map_err(|error| told(&path, error))?;
            if logins > 0 {
                let feeds = counted(logins.into(), "feed", "feeds");
                writeln!(out, "It holds the user names and passwords of {feeds}; keep it private")?;
            }
        }
        LibrarySubcommand::Export { file: None, with_credentials } => {
            open(&path)?.export(out, with_credentials).map_err(|error| told(&path, error))?;
        }
        LibrarySubcommand::Export { file: Some(file), with_credentials } => {
            let created = if with_credentials { owner_only::new_file(&file) } else { File::create_new(&file) };
            let mut written = BufWriter::new(created.map_err(|error| crate::cli::named(&file, &error))?);
            open(&path)?.export(&mut written, with_credentials).map_err(|error| told(&path, error))?;
            written.get_ref().sync_all()?;
        }
        LibrarySubcommand::Import { file } => return import(&path, &file, out),
    }
    Ok(ExitCode::SUCCESS)
}

fn import(path: &Path, file: &Path, out: &mut impl Write) -> io::Result<ExitCode> {
    let mut library = open(path)?;
    let imported = if file == Path::new("-") {
        library.import(&mut io::stdin().lock())
    } else {
        library.import(&mut BufReader::new(File::open(file).map_err(|error| crate::cli::named(file, &error))?))
    };
    let imported = imported.map_err(|error| told(path, error))?;
    for (line, why) in &imported.problems {
        let problem = Problem {
            path: file.to_owned(),
            line: u32::try_from(*line).ok(),
            column: None,
            cause: why.clone(),
            consequence: "it is left out".to_owned(),
            is_failure: false,
        };
        complain(&problem.to_string());
    }
    let lines = counted(imported.lines as u64, "line", "lines");
    writeln!(out, "{lines} read; the library has {}", contents(&library)?)?;
    Ok(if imported.problems.is_empty() { ExitCode::SUCCESS } else { NOTHING.into() })
}

/// `newsdesk check --library`.
pub(crate) fn check(out: &mut impl Write) -> io::Result<ExitCode> {
    let path = path()?;
    let shown = clean(&path.to_string_lossy()).into_owned();
    let Some(mut library) = Library::open_to_read(&path).map_err(|error| told(&path, error))? else {
        writeln!(out, "{shown}: there is no library yet")?;
        return Ok(ExitCode::SUCCESS);
    };
    let wrong = library.check().map_err(|error| told(&path, error))?;
    for line in &wrong {
        writeln!(out, "{shown}: {}; the reader sets it aside and saves what it can", clean(line))?;
    }
    library.check_rows().map_err(|error| told(&path, error))?;
    let unreadable = take_unreadable_rows();
    for row in &unreadable {
        writeln!(out, "{}", clean(&unreadable_rows::problem(&path, row).to_string()))?;
    }
    if wrong.is_empty() && unreadable.is_empty() {
        writeln!(out, "{shown}: sound; {}", contents(&library)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(NOTHING.into())
}

/// Reports the rows of the library that were skipped because they cannot be read.
pub(crate) fn report_unreadable_rows() {
    let path = path().unwrap_or_default();
    for row in take_unreadable_rows() {
        complain(&unreadable_rows::problem(&path, &row).to_string());
    }
}

/// What there is in it, in words.
fn contents(library: &Library) -> io::Result<String> {
    let [articles, read, starred, tagged, noted] =
        library.counts().map_err(|error| told(library.path(), error))?.map(u64::from);
    let searches = library.searches().map_err(|error| told(library.path(), error))?.len() as u64;
    Ok(format!(
        "{}: {} read, {} starred, {} with tags, {} with notes; {}",
        counted(articles, "article", "articles"),
        grouped(read),
        grouped(starred),
        grouped(tagged),
        grouped(noted),
        counted(searches, "saved search", "saved searches")
    ))
}

/// Where the library is.
pub(crate) fn path() -> io::Result<PathBuf> {
    crate::cli::library_path().ok_or_else(|| io::Error::other("this system names no folder for what is kept"))
}

/// Opens the library to write to it.
pub(crate) fn open(path: &Path) -> io::Result<Library> {
    Library::open(path).map_err(|error| told(path, error))
}

/// An error of the library, with its name.
pub(crate) fn told(path: &Path, error: impl Borrow<Error>) -> io::Error {
    let error = error.borrow();
    let more = if error.is_damage() { "; open the reader once: it sets it aside and saves what it can" } else { "" };
    io::Error::other(format!("{}: {}{more}", path.display(), error.in_words(path)))
}

/// Returns all marks in the library; empty without a library.
pub(crate) fn all_marks(corpus: &Corpus) -> io::Result<Marks> {
    let path = path()?;
    let library = Library::open_to_read(&path).map_err(|error| told(&path, error))?;
    library.map_or_else(|| Ok(Marks::default()), |mut library| known(&mut library, corpus))
}

/// Recognises moved articles and returns all marks in the library.
pub(crate) fn known(library: &mut Library, corpus: &Corpus) -> io::Result<Marks> {
    // The marks can be read even if the library cannot be written.
    if let Err(error) = library.recognise(corpus, 0, &FileState::of) {
        complain(&told(library.path(), error).to_string());
    }
    library.marks().map_err(|error| told(library.path(), error))
}
