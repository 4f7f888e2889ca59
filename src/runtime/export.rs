//! Writing articles to files: never half a file, and never over an existing one unless that is wanted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::app::render::{Articles, ExportFormat, Heading, unique_stems, write_article, write_index, write_list};

/// A file that is written beside its place and moved there when it is complete.
struct OutputTarget<'a> {
    path: &'a Path,
    part: PathBuf,
    file: BufWriter<File>,
    force: bool,
    done: bool,
}

impl<'a> OutputTarget<'a> {
    fn create(path: &'a Path, force: bool) -> io::Result<OutputTarget<'a>> {
        if !force && path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(part);
        // The reader asked for `path` and knows nothing of the other name.
        let file = OpenOptions::new().write(true).create_new(true).open(&part).map_err(|error| named(path, &error))?;
        Ok(OutputTarget { path, part, file: BufWriter::new(file), force, done: false })
    }

    fn finish(mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| named(self.path, &error))?;
        // A hard link fails if a file came to be there meanwhile, so nobody's file is lost.
        let placed = match self.force {
            true => fs::rename(&self.part, self.path),
            false => fs::hard_link(&self.part, self.path).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(exists(self.path)),
                // Not every file system has hard links.
                _ if self.path.symlink_metadata().is_err() => fs::rename(&self.part, self.path),
                _ => Err(error),
            }),
        };
        self.done = self.force && placed.is_ok();
        placed.map_err(|error| if is_exists(&error) { error } else { named(self.path, &error) })
    }
}

impl Drop for OutputTarget<'_> {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// Writes a list of articles to the file at `path`. With `force` it replaces an existing file, else the error is
/// [`io::ErrorKind::AlreadyExists`]. Stops with the error of `progress`, which gets the number of each article.
pub fn export_list(
    articles: Articles<'_>,
    heading: &Heading,
    format: ExportFormat,
    (path, force): (&Path, bool),
    progress: &mut dyn FnMut(usize) -> io::Result<()>,
) -> io::Result<()> {
    let mut target = OutputTarget::create(path, force)?;
    write_list(format, heading, articles, progress, &mut target.file).map_err(|error| named(path, &error))?;
    target.finish()
}

/// Writes the first of `articles` to the file at `path`, like [`export_list`].
pub fn export_article(articles: Articles<'_>, format: ExportFormat, (path, force): (&Path, bool)) -> io::Result<()> {
    let mut target = OutputTarget::create(path, force)?;
    if let Some((entry, marked)) = articles.iter().next() {
        write_article(format, entry, marked, &mut target.file).map_err(|error| named(path, &error))?;
    }
    target.finish()
}

/// Writes a file for each article to `folder`, and an index of them.
pub fn export_folder(
    articles: Articles<'_>,
    heading: &Heading,
    format: ExportFormat,
    (folder, force): (&Path, bool),
    progress: &mut dyn FnMut(usize) -> io::Result<()>,
) -> io::Result<()> {
    if format == ExportFormat::Csv {
        let message = "CSV is one file with a line for each article; name a file to write it to";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    fs::create_dir_all(folder).map_err(|error| named(folder, &error))?;
    let names = unique_stems(articles);
    let path = |name: &str| folder.join(format!("{name}.{}", format.ending()));
    // Nothing is written if anything would be lost.
    let mut paths = names.iter().map(|name| path(name)).chain([path("index")]);
    if !force && let Some(there) = paths.find(|path| path.exists()) {
        return Err(exists(&there));
    }
    for (number, ((entry, marked), name)) in articles.iter().zip(&names).enumerate() {
        progress(number)?;
        let path = path(name);
        let mut target = OutputTarget::create(&path, force)?;
        write_article(format, entry, marked, &mut target.file).map_err(|error| named(&path, &error))?;
        target.finish()?;
    }
    let path = path("index");
    let mut target = OutputTarget::create(&path, force)?;
    write_index(format, heading, articles, &names, &mut target.file).map_err(|error| named(&path, &error))?;
    target.finish()
}

fn exists(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{} exists already", path.display()))
}

/// Returns whether an export failed because there is a file already.
pub fn is_exists(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    // What names its path already is not named twice.
    let text = error.to_string();
    let shown = path.display().to_string();
    if text.starts_with(&shown) {
        io::Error::new(error.kind(), text)
    } else {
        io::Error::new(error.kind(), format!("{shown}: {text}"))
    }
}
