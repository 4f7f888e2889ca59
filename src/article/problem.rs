//! Problems with files: one sentence with file, line, cause and consequence.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::text::clean;

/// The maximum length of a quoted text, in characters.
const QUOTED: usize = 60;

/// A problem in a text that could still be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The line, from 1, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The cause.
    pub cause: String,
    /// The consequence for the reader.
    pub consequence: String,
}

/// The reason why a file is not read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file is empty.
    #[error("the file is empty")]
    Empty,
    /// The file is not text; names the kind of file.
    #[error("the file is {0}, not text")]
    Binary(&'static str),
    /// The file is larger than the limit.
    #[error("the file has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Parsing takes more memory than the size of the file allows.
    #[error("reading it takes more than {limit} MiB of memory, too much for its size of {size} KiB")]
    TooMuch {
        /// The limit in MiB.
        limit: usize,
        /// The size in KiB.
        size: usize,
    },
    /// The file is text but not a feed, and a feed is required. Holds the rest of the sentence.
    #[error("the file holds no feed{0}")]
    NoFeed(String),
    /// The path is a pipe, a socket or a device; names which.
    #[error("this is {0}, not a file")]
    NotRegular(&'static str),
    /// The path is a link to a folder that contains it.
    #[error("the link leads back to a folder that holds it")]
    Loop,
    /// The system refused access; holds its message.
    #[error("{0}")]
    Unreadable(String),
}

/// A problem with a file, as `newsdesk check` and the key `!` show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or folder.
    pub path: PathBuf,
    /// The line, from 1, if known.
    pub line: Option<u32>,
    /// The column, from 1, if known. Only problems of the config have one.
    pub column: Option<u32>,
    /// The cause.
    pub cause: String,
    /// The consequence for the reader.
    pub consequence: String,
    /// Whether the system could not read the file, as opposed to a problem with its content.
    pub is_failure: bool,
}

impl Problem {
    /// Creates a problem of the content of the file at `path`.
    pub fn new(path: impl Into<PathBuf>, cause: impl Into<String>, consequence: impl Into<String>) -> Problem {
        let (path, cause, consequence) = (path.into(), cause.into(), consequence.into());
        Problem { path, line: None, column: None, cause, consequence, is_failure: false }
    }

    /// Sets the line, counted from 1.
    #[must_use]
    pub fn at(self, line: u32) -> Problem {
        Problem { line: Some(line), ..self }
    }

    /// Sets the column, counted from 1.
    #[must_use]
    pub fn at_column(self, column: u32) -> Problem {
        Problem { column: Some(column), ..self }
    }

    /// Marks the problem as a failure of the system to read the file.
    #[must_use]
    pub fn failure(self) -> Problem {
        Problem { is_failure: true, ..self }
    }

    /// Creates the problem of a warning in the file at `path`.
    pub fn warning(path: PathBuf, warning: Warning) -> Problem {
        let Warning { line, cause, consequence } = warning;
        Problem { path, line, column: None, cause, consequence, is_failure: false }
    }

    /// Creates the problem of a file that is not read.
    pub fn refused(path: PathBuf, error: &ReadError) -> Problem {
        let (cause, consequence) = (error.to_string(), "it is left out".to_owned());
        let is_failure = matches!(error, ReadError::Unreadable(_));
        Problem { path, line: None, column: None, cause, consequence, is_failure }
    }
}

impl From<&ReadError> for Warning {
    fn from(error: &ReadError) -> Warning {
        Warning { line: None, cause: error.to_string(), consequence: "it is left out".to_owned() }
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

/// Quotes `text`, cut if it is long.
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
        let warning = Warning {
            line: Some(1),
            cause: format!("{} is not a date", quoted("2023-13-45")),
            consequence: "the article is shown undated".to_owned(),
        };
        let problem = Problem::warning("seeds/a\n\u{1b}b.txt".into(), warning);
        assert_eq!(problem.to_string(), "seeds/a␊␛b.txt:1: \"2023-13-45\" is not a date; the article is shown undated");
        let refused = Problem::refused("a.png".into(), &ReadError::Binary("a PNG image"));
        assert_eq!(refused.to_string(), "a.png: the file is a PNG image, not text; it is left out");
    }
}
