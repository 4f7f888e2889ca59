//! What is wrong with a file, in one sentence that names file, line, cause and consequence.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::text::clean;

/// How much of a text a sentence quotes, in characters.
const QUOTED: usize = 60;

/// Something wrong in a text that was read all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    /// The line, counted from 1, where there is one to name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What is wrong.
    pub cause: String,
    /// What that means for the reader.
    pub consequence: String,
}

/// Why a file is not read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has no text.
    #[error("the file is empty")]
    Empty,
    /// It is no text; names what it is.
    #[error("the file is {0}, not text")]
    Binary(&'static str),
    /// It is above the limit.
    #[error("the file has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// What it derives from its text takes more memory than its size allows.
    #[error("reading it takes more than {limit} MiB of memory, too much for its size of {size} KiB")]
    TooMuch {
        /// The limit in MiB.
        limit: usize,
        /// Its size in KiB.
        size: usize,
    },
    /// It is text, and no feed, where only a feed would do; holds what came between.
    #[error("the file holds no feed{0}")]
    NoFeed(String),
    /// It is a pipe, a socket, a device; names which.
    #[error("this is {0}, not a file")]
    NotRegular(&'static str),
    /// It links to a folder that holds it.
    #[error("the link leads back to a folder that holds it")]
    Loop,
    /// The system says no; holds what it says.
    #[error("{0}")]
    Unreadable(String),
}

/// A problem with a file: what `newsdesk check` lists, and the reader under `!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or folder.
    pub path: PathBuf,
    /// The line, counted from 1, where there is one to name.
    pub line: Option<u32>,
    /// The column, counted from 1, where there is one to name: in the config.
    pub column: Option<u32>,
    /// What is wrong.
    pub cause: String,
    /// What that means for the reader.
    pub consequence: String,
    /// Whether the system would not give the file out, rather than something being wrong in it.
    pub is_failure: bool,
}

impl Problem {
    /// A flaw of the file at `path`.
    pub fn flaw(path: PathBuf, flaw: Flaw) -> Problem {
        let Flaw { line, cause, consequence } = flaw;
        Problem { path, line, column: None, cause, consequence, is_failure: false }
    }

    /// The file at `path` is not read.
    pub fn refused(path: PathBuf, refusal: &Refusal) -> Problem {
        let (cause, consequence) = (refusal.to_string(), "it is left out".to_owned());
        let is_failure = matches!(refusal, Refusal::Unreadable(_));
        Problem { path, line: None, column: None, cause, consequence, is_failure }
    }
}

impl From<&Refusal> for Flaw {
    fn from(refusal: &Refusal) -> Flaw {
        Flaw { line: None, cause: refusal.to_string(), consequence: "it is left out".to_owned() }
    }
}

impl fmt::Display for Problem {
    /// `path:line: cause; consequence`, safe to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.to_string_lossy().replace('\n', "␊");
        write!(f, "{}:", clean(&path))?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(column) = self.column {
            write!(f, "{column}:")?;
        }
        let sentence = format!("{}; {}", self.cause, self.consequence).replace('\n', " ");
        write!(f, " {}", clean(&sentence))
    }
}

/// `text` in quotation marks, cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("\"{}…\"", text.get(..end).unwrap_or("")),
        None => format!("\"{text}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_is_one_safe_line_with_path_cause_and_consequence() {
        let flaw = Flaw {
            line: Some(1),
            cause: format!("{} is not a date", quoted("2023-13-45")),
            consequence: "the article is shown undated".to_owned(),
        };
        let problem = Problem::flaw("seeds/a\n\u{1b}b.txt".into(), flaw);
        assert_eq!(problem.to_string(), "seeds/a␊␛b.txt:1: \"2023-13-45\" is not a date; the article is shown undated");
        let refused = Problem::refused("a.png".into(), &Refusal::Binary("a PNG image"));
        assert_eq!(refused.to_string(), "a.png: the file is a PNG image, not text; it is left out");
    }
}
