//! The editor for one line of text.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};
use unicode_width::UnicodeWidthStr;

use crate::keys::Action;
use crate::text::clean;

/// The maximum length of a line, in bytes.
const MAX_BYTES: usize = 4096;

/// A line of text with a cursor between two characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineEditor {
    text: String,
    cursor: usize,
}

impl LineEditor {
    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the byte offset of the cursor.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Replaces the text. The cursor moves to its end.
    pub fn set(&mut self, text: &str) {
        self.text = text.to_owned();
        self.cursor = self.text.len();
    }

    /// Replaces a byte range by `text`. The cursor moves to the end of `text`.
    pub(crate) fn replace(&mut self, range: std::ops::Range<usize>, text: &str) {
        if self.text.get(range.clone()).is_some() {
            self.text.replace_range(range.clone(), text);
            self.cursor = range.start + text.len();
        }
    }

    /// Replaces a byte range by `text`. The cursor stays before the same character.
    pub(crate) fn splice(&mut self, range: std::ops::Range<usize>, text: &str) {
        if self.text.get(range.clone()).is_none() {
            return;
        }
        self.text.replace_range(range.clone(), text);
        if self.cursor >= range.end {
            self.cursor = self.cursor - range.len() + text.len();
        } else if self.cursor > range.start {
            self.cursor = range.start + text.len();
        }
    }

    /// Inserts typed or pasted text at the cursor. Line breaks become spaces; control characters become visible signs.
    pub fn insert(&mut self, text: &str) {
        let room = MAX_BYTES.saturating_sub(self.text.len());
        let text = text.get(..text.floor_char_boundary(room)).unwrap_or("");
        let text = clean(text).replace('\n', " ");
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
    }

    /// Runs an action of [`Group::Typing`](crate::keys::Group::Typing). Returns whether the text changed.
    pub fn apply(&mut self, action: Action) -> bool {
        let before = self.text.len();
        match action {
            Action::CursorLeft => self.cursor = self.left(),
            Action::CursorRight => self.cursor = self.right(),
            Action::CursorWordLeft => self.cursor = self.word_left(),
            Action::CursorWordRight => self.cursor = self.word_right(),
            Action::CursorStart => self.cursor = 0,
            Action::CursorEnd => self.cursor = self.text.len(),
            Action::DeleteBack => self.delete_from(self.left()),
            Action::DeleteForward => {
                let end = self.right();
                self.text.replace_range(self.cursor..end, "");
            }
            Action::DeleteWord => self.delete_from(self.word_left()),
            Action::DeleteToStart => self.delete_from(0),
            Action::DeleteToEnd => self.text.truncate(self.cursor),
            _ => {}
        }
        self.text.len() != before
    }

    /// Cuts off the text after the cursor. Returns it as a line with the cursor at its start.
    pub(crate) fn split(&mut self) -> LineEditor {
        LineEditor { text: self.text.split_off(self.cursor), cursor: 0 }
    }

    /// Appends text. The cursor moves to where it starts.
    pub(crate) fn append(&mut self, text: &str) {
        self.cursor = self.text.len();
        self.text.push_str(text);
    }

    /// Returns the column of the cursor.
    pub(crate) fn column(&self) -> usize {
        self.text.get(..self.cursor).unwrap_or("").width()
    }

    /// Moves the cursor to a column, or as near to it as possible.
    pub(crate) fn go_to_column(&mut self, column: usize) {
        let mut width = 0;
        let end = self.text.grapheme_indices(true).find(|(_, grapheme)| {
            width += grapheme.width();
            width > column
        });
        self.cursor = end.map_or(self.text.len(), |(at, _)| at);
    }

    /// Deletes from byte `start` to the cursor.
    fn delete_from(&mut self, start: usize) {
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    fn left(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        cursor.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0)
    }

    fn right(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len())
    }

    fn word_left(&self) -> usize {
        let before = self.text.get(..self.cursor).unwrap_or("");
        before.unicode_word_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn word_right(&self) -> usize {
        let after = self.text.get(self.cursor..).unwrap_or("");
        after.unicode_word_indices().next().map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_editor_deletes_like_readline() {
        let mut line = LineEditor::default();
        line.insert("state dépärtment");
        line.apply(Action::DeleteBack);
        assert_eq!(line.text(), "state dépärtmen");
        line.apply(Action::DeleteWord);
        assert_eq!((line.text(), line.cursor()), ("state ", 6));
        line.apply(Action::CursorStart);
        line.apply(Action::DeleteForward);
        line.apply(Action::CursorWordRight);
        line.apply(Action::DeleteToStart);
        assert_eq!(line.text(), " ");
    }

    #[test]
    fn line_editor_cursor_stays_between_characters() {
        let mut line = LineEditor::default();
        line.insert("e\u{301}👩\u{200d}👧x");
        for expected in ["e\u{301}👩\u{200d}👧", "e\u{301}", ""] {
            line.apply(Action::CursorLeft);
            assert_eq!(&line.text()[..line.cursor()], expected);
        }
        line.apply(Action::DeleteForward);
        assert_eq!(line.text(), "👩\u{200d}👧x");
    }

    #[test]
    fn line_editor_sanitizes_pasted_text() {
        let mut line = LineEditor::default();
        line.insert("a\nb\u{1b}[2J");
        assert_eq!(line.text(), "a b␛[2J");
        line.insert(&"x".repeat(1 << 20));
        assert_eq!(line.text().len(), 4096);
    }
}
