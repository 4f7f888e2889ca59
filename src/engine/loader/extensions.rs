//! File name extensions of files that are not articles. They are skipped in folders, and read if named explicitly.

use std::ffi::OsStr;

/// Extensions of files that are not articles, in lower case and in alphabetical order.
const SKIPPED: &[&str] = &[
    "7z", "a", "aac", "asm", "avi", "avif", "bak", "bin", "bmp", "bz2", "c", "cc", "class", "cpp", "cs", "css", "csv",
    "db", "deb", "dll", "dmg", "doc", "docx", "dylib", "eot", "epub", "exe", "flac", "gif", "go", "gpg", "gz", "h",
    "heic", "hpp", "ico", "iso", "jar", "java", "jpeg", "jpg", "js", "jsonl", "key", "lock", "log", "m4a", "mjs",
    "mkv", "mov", "mp3", "mp4", "ndjson", "o", "obj", "odp", "ods", "odt", "ogg", "opml", "otf", "parquet", "pdf",
    "php", "pl", "png", "ppt", "pptx", "ps", "psd", "py", "pyc", "rar", "rb", "rpm", "rs", "scss", "sh", "sig", "so",
    "sql", "sqlite", "sqlite3", "svg", "swp", "tar", "tgz", "tif", "tiff", "toml", "ts", "tsv", "tsx", "ttf", "wasm",
    "wav", "webm", "webp", "woff", "woff2", "xls", "xlsx", "xz", "yaml", "yml", "zip", "zst",
];

/// Extensions of files that may be feeds. They are read, and skipped if no format recognises them.
const SNIFFED: &[&str] = &["json", "xml"];

/// The length of the longest extension, in bytes.
const MAX_LENGTH: usize = 8;

/// Returns the extension because of which a file in a folder is skipped; `None` if it may be an article.
pub(crate) fn skipped_extension(name: &OsStr) -> Option<&'static str> {
    let name = name.as_encoded_bytes();
    // Backup files of editors.
    if name.ends_with(b"~") {
        return Some("~");
    }
    let dot = memchr::memrchr(b'.', name)?;
    let extension = name.get(dot + 1..)?;
    // A leading dot makes a hidden file, not an extension.
    if dot == 0 || extension.len() > MAX_LENGTH {
        return None;
    }
    let mut lower = [0; MAX_LENGTH];
    let lower = lower.get_mut(..extension.len())?;
    lower.copy_from_slice(extension);
    lower.make_ascii_lowercase();
    let found = SKIPPED.binary_search_by(|known| known.as_bytes().cmp(lower)).ok()?;
    SKIPPED.get(found).copied()
}

/// Returns the extension because of which a file in a folder is skipped if no format recognises it.
pub(crate) fn sniffed_extension(name: &OsStr) -> Option<&'static str> {
    let name = name.as_encoded_bytes();
    let extension = memchr::memrchr(b'.', name).filter(|&dot| dot > 0).and_then(|dot| name.get(dot + 1..))?;
    SNIFFED.iter().find(|known| extension.eq_ignore_ascii_case(known.as_bytes())).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_sorted_and_within_the_maximum_length() {
        assert!(SKIPPED.is_sorted());
        assert!(SNIFFED.iter().all(|extension| !SKIPPED.contains(extension)));
        assert!(
            SKIPPED
                .iter()
                .all(|extension| extension.len() <= MAX_LENGTH && extension.to_ascii_lowercase() == **extension)
        );
    }

    #[test]
    fn extensions_of_images_programs_and_data_are_skipped() {
        for (name, extension) in
            [("a.png", Some("png")), ("A.PDF", Some("pdf")), ("x.tar.gz", Some("gz")), ("a.txt~", Some("~"))]
        {
            assert_eq!(skipped_extension(OsStr::new(name)), extension);
        }
        for name in ["a.txt", "b.md", "notes", "2023.09.27", ".png", "a.", "a.articles-of-2023", ""] {
            assert_eq!(skipped_extension(OsStr::new(name)), None, "{name}");
        }
    }

    #[test]
    fn extensions_of_possible_feeds_are_read() {
        for (name, extension) in [("feed.xml", Some("xml")), ("A.JSON", Some("json")), ("a.rss", None), (".xml", None)]
        {
            assert_eq!(sniffed_extension(OsStr::new(name)), extension);
            assert_eq!(skipped_extension(OsStr::new(name)), None, "{name}");
        }
    }
}
