//! Files that are surely no articles, by the endings of their names: passed over in folders, read when named.

use std::ffi::OsStr;

/// Endings of files that are no articles, in lower case and in alphabetical order.
const PASSED_OVER: &[&str] = &[
    "7z", "a", "aac", "asm", "avi", "avif", "bak", "bin", "bmp", "bz2", "c", "cc", "class", "cpp", "cs", "css", "csv",
    "db", "deb", "dll", "dmg", "doc", "docx", "dylib", "eot", "epub", "exe", "flac", "gif", "go", "gpg", "gz", "h",
    "heic", "hpp", "ico", "iso", "jar", "java", "jpeg", "jpg", "js", "jsonl", "key", "lock", "log", "m4a", "mjs",
    "mkv", "mov", "mp3", "mp4", "ndjson", "o", "obj", "odp", "ods", "odt", "ogg", "opml", "otf", "parquet", "pdf",
    "php", "pl", "png", "ppt", "pptx", "ps", "psd", "py", "pyc", "rar", "rb", "rpm", "rs", "scss", "sh", "sig", "so",
    "sql", "sqlite", "sqlite3", "svg", "swp", "tar", "tgz", "tif", "tiff", "toml", "ts", "tsv", "tsx", "ttf", "wasm",
    "wav", "webm", "webp", "woff", "woff2", "xls", "xlsx", "xz", "yaml", "yml", "zip", "zst",
];

/// Endings of files that may be feeds or anything else: read, and passed over if no format knows them.
const UNCERTAIN: &[&str] = &["json", "xml"];

/// The longest of them, in bytes.
const LONGEST: usize = 8;

/// The ending by which a file found in a folder is passed over; none where it may be an article.
pub(crate) fn is_passed_over(name: &OsStr) -> Option<&'static str> {
    let name = name.as_encoded_bytes();
    // What editors leave beside the file that they changed.
    if name.ends_with(b"~") {
        return Some("~");
    }
    let dot = memchr::memrchr(b'.', name)?;
    let ending = name.get(dot + 1..)?;
    // A dot alone in front makes a hidden file, not an ending.
    if dot == 0 || ending.len() > LONGEST {
        return None;
    }
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..ending.len())?;
    lower.copy_from_slice(ending);
    lower.make_ascii_lowercase();
    let found = PASSED_OVER.binary_search_by(|known| known.as_bytes().cmp(lower)).ok()?;
    PASSED_OVER.get(found).copied()
}

/// The ending by which a file found in a folder counts as passed over unless its text is of a known format.
pub(crate) fn is_uncertain(name: &OsStr) -> Option<&'static str> {
    let name = name.as_encoded_bytes();
    let ending = memchr::memrchr(b'.', name).filter(|&dot| dot > 0).and_then(|dot| name.get(dot + 1..))?;
    UNCERTAIN.iter().find(|known| ending.eq_ignore_ascii_case(known.as_bytes())).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_sorted_and_within_the_maximum_length() {
        assert!(PASSED_OVER.is_sorted());
        assert!(UNCERTAIN.iter().all(|ending| !PASSED_OVER.contains(ending)));
        assert!(PASSED_OVER.iter().all(|ending| ending.len() <= LONGEST && ending.to_ascii_lowercase() == **ending));
    }

    #[test]
    fn extensions_of_images_programs_and_data_are_skipped() {
        for (name, ending) in
            [("a.png", Some("png")), ("A.PDF", Some("pdf")), ("x.tar.gz", Some("gz")), ("a.txt~", Some("~"))]
        {
            assert_eq!(is_passed_over(OsStr::new(name)), ending);
        }
        for name in ["a.txt", "b.md", "notes", "2023.09.27", ".png", "a.", "a.articles-of-2023", ""] {
            assert_eq!(is_passed_over(OsStr::new(name)), None, "{name}");
        }
    }

    #[test]
    fn extensions_of_possible_feeds_are_read() {
        for (name, ending) in [("feed.xml", Some("xml")), ("A.JSON", Some("json")), ("a.rss", None), (".xml", None)] {
            assert_eq!(is_uncertain(OsStr::new(name)), ending);
            assert_eq!(is_passed_over(OsStr::new(name)), None, "{name}");
        }
    }
}
