//! The library as subcommands use it: errors name the file and what to do.

use std::borrow::Borrow;
use std::io;
use std::path::{Path, PathBuf};

use super::output::print_error;
use super::user_files::library_path;
use crate::corpus::Corpus;
use crate::engine::unreadable_rows;
use crate::library::marks::FileState;
use crate::library::{Error, Library, take_unreadable_rows};
use crate::marks::Marks;
use crate::text::format::{counted, grouped};

/// Returns the path of the library.
pub(super) fn path() -> io::Result<PathBuf> {
    library_path().ok_or_else(|| io::Error::other("cannot find your data folder; set NEWSDESK_LIBRARY to a file"))
}

/// Opens the library for writing.
pub(super) fn open(path: &Path) -> io::Result<Library> {
    Library::open(path).map_err(|error| library_error(path, error))
}

/// Adds the path of the library to an error and, if the library is damaged, how to repair it.
pub(super) fn library_error(path: &Path, error: impl Borrow<Error>) -> io::Error {
    let error = error.borrow();
    let advice = if error.is_damage() { "; start newsdesk once to recover the readable parts" } else { "" };
    io::Error::other(format!("{}: {}{advice}", path.display(), error.in_words(path)))
}

/// Returns all marks in the library; empty without a library.
pub(super) fn all_marks(corpus: &Corpus) -> io::Result<Marks> {
    let path = path()?;
    let library = Library::open_to_read(&path).map_err(|error| library_error(&path, error))?;
    library.map_or_else(|| Ok(Marks::default()), |mut library| current_marks(&mut library, corpus))
}

/// Recognises moved articles and returns all marks in the library.
pub(super) fn current_marks(library: &mut Library, corpus: &Corpus) -> io::Result<Marks> {
    // The marks can be read even if the library cannot be written.
    if let Err(error) = library.recognise(corpus, 0, &FileState::of) {
        print_error(&library_error(library.path(), error).to_string());
    }
    library.marks().map_err(|error| library_error(library.path(), error))
}

/// Returns whether the library at `path` has feeds; `false` if it cannot be read.
pub(super) fn has_feeds(path: &Path) -> bool {
    // The code that uses the library reports why it cannot be read.
    let library = Library::open_to_read(path).ok().flatten();
    library.is_some_and(|library| library.has_feeds().unwrap_or(false))
}

/// Prints the rows of the library that were skipped because they cannot be read.
pub(super) fn report_unreadable_rows() {
    let path = path().unwrap_or_default();
    for row in take_unreadable_rows() {
        print_error(&unreadable_rows::problem(&path, &row).to_string());
    }
}

/// Returns the number of articles, marks and saved searches in the library as text.
pub(super) fn summary(library: &Library) -> io::Result<String> {
    let [articles, read, starred, tagged, noted] =
        library.counts().map_err(|error| library_error(library.path(), error))?.map(u64::from);
    let searches = library.searches().map_err(|error| library_error(library.path(), error))?.len() as u64;
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
