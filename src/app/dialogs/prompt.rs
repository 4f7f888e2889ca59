//! A prompt: one line of text for an action, a shell command or a file.

use crate::app::{LineEditor, Target};
use crate::keys::Action;

/// A line that is typed for a purpose.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The purpose of the line.
    pub purpose: PromptPurpose,
    /// The line.
    pub line: LineEditor,
}

/// The purpose of a prompt.
#[derive(Clone, Debug)]
pub enum PromptPurpose {
    /// The shell command that reads the article.
    Pipe,
    /// The argument of an action.
    Argument {
        /// The action.
        action: Action,
        /// The target; `None` if the action decides.
        target: Option<Target>,
    },
    /// The file for changes that could not be saved, before the program quits.
    ExportUnsaved,
}

impl Prompt {
    fn new(purpose: PromptPurpose) -> Prompt {
        Prompt { purpose, line: LineEditor::default() }
    }

    pub(crate) fn pipe() -> Prompt {
        Prompt::new(PromptPurpose::Pipe)
    }

    pub(crate) fn for_action(action: Action) -> Prompt {
        Prompt::new(PromptPurpose::Argument { action, target: None })
    }

    pub(crate) fn for_target(action: Action, target: Target) -> Prompt {
        Prompt::new(PromptPurpose::Argument { action, target: Some(target) })
    }

    pub(crate) fn export_unsaved(file: &str) -> Prompt {
        Prompt::new(PromptPurpose::ExportUnsaved).with_text(file)
    }

    /// Sets the text of the line.
    pub(crate) fn with_text(mut self, text: &str) -> Prompt {
        self.line.set(text);
        self
    }
}
