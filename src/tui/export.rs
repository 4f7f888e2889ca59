//! Writes articles to files. Never leaves half a file, and replaces an existing one only on request.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::app::{Export, Message, Notice};
use crate::render::{Articles, ExportFormat, Heading, unique_stems, write_article, write_index, write_list};
use crate::text::format::{counted, grouped};
use crate::util::panic_guard::catch_panic;

/// The interval between progress messages of an export.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// The time that the program waits at exit for a stopped export to remove its unfinished file.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// A file that is written under a temporary name and moved to its path when complete.
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
        let file = OpenOptions::new().write(true).create_new(true).open(&part).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => io::Error::other(format!("{} is in the way; delete it", part.display())),
            _ => named(path, &error),
        })?;
        Ok(OutputTarget { path, part, file: BufWriter::new(file), force, done: false })
    }

    fn finish(mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| named(self.path, &error))?;
        if self.force {
            // The old file is replaced only by one that outlives a power cut.
            self.file.get_ref().sync_all().map_err(|error| named(self.path, &error))?;
        }
        // A hard link fails if the path exists by now, so no file is lost.
        let placed = if self.force {
            fs::rename(&self.part, self.path)
        } else {
            fs::hard_link(&self.part, self.path).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(exists(self.path)),
                // Not every file system supports hard links.
                _ if self.path.symlink_metadata().is_err() => fs::rename(&self.part, self.path),
                _ => Err(error),
            })
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

/// Writes exports of the reader on a separate thread, one at a time. Dropping it stops the export.
#[derive(Default)]
pub(crate) struct Exporter {
    stop: Arc<AtomicBool>,
    running: Option<Receiver<()>>,
}

impl Exporter {
    /// Starts an export. `report` receives the progress and the result.
    pub(crate) fn start(
        &mut self,
        export: Box<Export>,
        mut report: impl FnMut(Message) + Send + 'static,
    ) -> io::Result<()> {
        if self.running.as_ref().is_some_and(|done| done.try_recv() == Err(mpsc::TryRecvError::Empty)) {
            return Err(io::Error::other("another export is still running"));
        }
        let (ended, running) = mpsc::channel();
        let stop = Arc::clone(&self.stop);
        thread::Builder::new().name("export".to_owned()).spawn(move || {
            let fault = || Err(io::Error::other("internal error"));
            let written = catch_panic(|| write(&export, &stop, &mut report)).unwrap_or_else(fault);
            report(match written {
                Ok(()) => Message::Notice(export.success()),
                Err(error) if is_exists(&error) => Message::ExportExists(export),
                Err(error) => Message::Notice(Notice::error(format!("Export failed: {error}"))),
            });
            drop(ended);
        })?;
        self.running = Some(running);
        Ok(())
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(running) = &self.running {
            let _ = running.recv_timeout(STOP_TIMEOUT);
        }
    }
}

/// Writes an export of the reader.
fn write(export: &Export, stop: &AtomicBool, report: &mut dyn FnMut(Message)) -> io::Result<()> {
    let Export { path, format, heading, force, .. } = export;
    if path.is_dir() {
        return Err(io::Error::other(format!("{} is a folder; name a file", path.display())));
    }
    let Some(heading) = heading else { return export_article(export.articles(), *format, (path, *force)) };
    let mut told = Instant::now();
    let mut progress = |number: usize| {
        if stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("stopped"));
        }
        if told.elapsed() >= PROGRESS_INTERVAL {
            told = Instant::now();
            let all = counted(heading.articles as u64, "article", "articles");
            let text = format!("Writing {} of {all} to {}", grouped(number as u64), path.display());
            report(Message::Notice(Notice::info(text)));
        }
        Ok(())
    };
    export_list(export.articles(), heading, *format, (path, *force), &mut progress)
}

/// Writes a list of articles to the file at `path`. Replaces an existing file if `force` is set, else returns
/// [`io::ErrorKind::AlreadyExists`]. Calls `progress` with the number of each article, and stops with its error.
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
    let path = |name: &str| folder.join(format!("{name}.{}", format.extension()));
    // Write nothing if any file would be replaced.
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

/// Returns whether an export failed because a file already exists.
pub fn is_exists(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    // Do not name the path twice.
    let text = error.to_string();
    let shown = path.display().to_string();
    if text.starts_with(&shown) {
        io::Error::new(error.kind(), text)
    } else {
        io::Error::new(error.kind(), format!("{shown}: {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{Draft, Role};
    use crate::corpus::{Corpus, FileStamp, Origin, ShardBuilder, Slot};
    use crate::marks::Marks;
    use crate::render::JSON_VERSION;

    /// An export of one article as a list to `path`.
    fn export(path: &Path, force: bool) -> Box<Export> {
        let mut builder = ShardBuilder::default();
        let file = builder.file(&Arc::from(Path::new("desk")), "a.txt".as_ref(), Origin::File, FileStamp::default());
        let mut draft = Draft::default();
        draft.push(Role::Headline, "Low water");
        builder.push(file, b"a", 0, "wire", &draft);
        let corpus = Arc::new(Corpus::default().with([Arc::new(builder.finish())]));
        let heading = Heading {
            version: JSON_VERSION,
            query: String::new(),
            exported: "2026-11-27".to_owned(),
            articles: 1,
            incomplete: None,
        };
        let (path, slots) = (path.to_owned(), Arc::new(vec![Slot(0)]));
        let (format, marks) = (ExportFormat::Text, Marks::default());
        Box::new(Export { path, format, corpus, slots, marks, heading: Some(heading), force })
    }

    /// Runs an export to its end and returns the last message.
    fn run(export: Box<Export>) -> Message {
        let (send, messages) = mpsc::channel();
        let mut exporter = Exporter::default();
        exporter.start(export, move |message| drop(send.send(message))).unwrap();
        let messages: Vec<Message> = messages.iter().collect();
        messages.into_iter().next_back().unwrap()
    }

    #[test]
    fn exporter_writes_reports_and_never_replaces_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        let Message::Notice(notice) = run(export(&path, false)) else { panic!("no notice") };
        assert_eq!(notice, Notice::info(format!("1 article written to {}", path.display())));
        assert!(fs::read_to_string(&path).unwrap().contains("Low water"));
        fs::write(&path, "mine").unwrap();
        assert!(matches!(run(export(&path, false)), Message::ExportExists(_)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        assert!(matches!(run(export(&path, true)), Message::Notice(notice) if !notice.is_error));
        assert_ne!(fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn exporter_names_the_path_and_the_reason_of_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no-such-folder/a.txt");
        let Message::Notice(notice) = run(export(&path, false)) else { panic!("no notice") };
        assert!(notice.is_error && notice.text.contains("no-such-folder/a.txt: "), "{}", notice.text);
        let Message::Notice(notice) = run(export(folder.path(), false)) else { panic!("no notice") };
        assert!(notice.is_error && notice.text.ends_with(" is a folder; name a file"), "{}", notice.text);
    }
}
