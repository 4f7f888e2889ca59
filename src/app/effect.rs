//! What the state asks of the world outside; the runtime carries it out.

use std::path::PathBuf;
use std::sync::Arc;

use crate::corpus::Corpus;
use crate::query::Wanted;
use crate::search::Request;

/// One thing to be done outside the state.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Answer a filter; the newest request wins.
    Filter(Request),
    /// Stop counting and filtering: there is no filter any more. Answers up to this generation are unwanted.
    CancelFilter(u64),
    /// Count the values that articles have in a field.
    CountValues {
        /// The articles.
        corpus: Arc<Corpus>,
        /// The field.
        wanted: Wanted,
    },
    /// Put text on the clipboard.
    Copy(String),
    /// Open an address in the browser, if it is one that may be opened.
    OpenLink(String),
    /// Hand the terminal to the reader's editor, with this file.
    Edit(PathBuf),
    /// Hand the terminal to a command that the reader typed, with this text on its standard input.
    Pipe {
        /// The command, for the reader's shell.
        command: String,
        /// What it reads.
        text: String,
    },
    /// Stop loading and keep what is there.
    StopLoading,
    /// Read all sources again.
    Reload,
    /// Draw the whole screen anew.
    Redraw,
    /// Give the terminal back and stop, as ^Z does.
    Suspend,
    /// End the program.
    Quit,
}
