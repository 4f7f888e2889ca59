//! Dialogs over the panes, and the editors for typed text.

pub(crate) mod help;
pub(crate) mod line_editor;
pub(crate) mod note_editor;
pub(crate) mod overlay;
pub(crate) mod palette;
pub(crate) mod prompt;
