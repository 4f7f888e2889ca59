//! The interface of a format, and what all formats share.

use crate::article::{Draft, Warning};

use super::budget::Budget;

/// A file format that articles are read from.
pub trait SourceFormat: Sync {
    /// Returns the short name of the format, as in `newsdesk check` and JSON.
    fn name(&self) -> &'static str;

    /// Returns how certain it is that `text` has this format.
    fn detect(&self, hint: &FileHint<'_>, text: &str) -> Confidence;

    /// Parses the articles of `text` into `found`. Never fails: text that matches no rule becomes body, and mistakes
    /// become warnings.
    fn parse<'a>(&self, hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>);
}

/// The certainty of a detected format. Content takes precedence over the extension of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The text does not have this format.
    None,
    /// The file has an extension of this format.
    Extension,
    /// The content of the text shows the format.
    Content,
}

/// Information about a file besides its text.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileHint<'a> {
    /// The name of the file without its folder; empty for standard input.
    pub file_name: &'a str,
}

impl FileHint<'_> {
    /// Returns whether the file has one of these extensions, in any case.
    pub(super) fn has_extension(&self, extensions: &[&str]) -> bool {
        let extension = self.file_name.rsplit_once('.').map_or("", |(_, extension)| extension);
        extensions.iter().any(|known| extension.eq_ignore_ascii_case(known))
    }
}

/// The content of one parsed file.
#[derive(Debug, Default)]
pub struct ParsedFile<'a> {
    /// The name of the detected format.
    pub format: &'static str,
    /// The articles.
    pub drafts: Vec<Draft<'a>>,
    /// A key for each article that does not depend on its position in the file; empty for formats without such keys.
    pub keys: Vec<u64>,
    /// The mistakes in the text.
    pub warnings: Vec<Warning>,
    /// The memory that the text may still use.
    pub budget: Budget,
}
