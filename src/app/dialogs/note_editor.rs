//! The editor for a note: lines, and a cursor in one of them.

use crate::app::LineEditor;
use crate::article::ArticleId;
use crate::keys::{Action, Key, KeyCode};

/// The maximum number of lines of a note.
const MAX_LINES: usize = 2_000;

/// The editor for the note of an article.
#[derive(Clone, Debug)]
pub struct NoteEditor {
    article: ArticleId,
    /// The lines; there is at least one.
    lines: Vec<LineEditor>,
    row: usize,
}

impl NoteEditor {
    /// Opens a note. The cursor is at its end.
    pub(crate) fn new(article: ArticleId, text: &str) -> NoteEditor {
        let mut editor = NoteEditor { article, lines: vec![LineEditor::default()], row: 0 };
        editor.insert(text);
        editor
    }

    /// Returns the article of the note.
    pub fn article(&self) -> ArticleId {
        self.article
    }

    /// Returns the lines.
    pub fn lines(&self) -> &[LineEditor] {
        &self.lines
    }

    /// Returns the number of the line with the cursor.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Returns the text.
    pub fn text(&self) -> String {
        self.lines.iter().map(LineEditor::text).collect::<Vec<_>>().join("\n")
    }

    /// Inserts typed or pasted text, with its line breaks.
    pub(crate) fn insert(&mut self, text: &str) {
        for (number, line) in text.replace("\r\n", "\n").replace('\r', "\n").split('\n').enumerate() {
            if number > 0 {
                self.break_line();
            }
            self.line().insert(line);
        }
    }

    fn line(&mut self) -> &mut LineEditor {
        self.row = self.row.min(self.lines.len().saturating_sub(1));
        &mut self.lines[self.row]
    }

    fn break_line(&mut self) {
        if self.lines.len() < MAX_LINES {
            let rest = self.line().split();
            self.row += 1;
            self.lines.insert(self.row, rest);
        }
    }

    /// Joins the line at `row` to the line before it.
    fn join(&mut self, row: usize) {
        if row > 0 && row < self.lines.len() {
            let rest = self.lines.remove(row);
            self.row = row - 1;
            self.line().append(rest.text());
        }
    }

    /// Handles a key and its action in the keymap. Returns whether the note stays open. `page` is the number of lines that
    /// a page has.
    pub(crate) fn on_key(&mut self, key: Key, action: Option<Action>, page: usize) -> bool {
        let at_start = self.line().cursor() == 0;
        let at_end = self.line().cursor() == self.line().text().len();
        let last = self.lines.len() - 1;
        match (key.code, action, key.typed()) {
            // Esc leaves the note even if "back" has other keys.
            (_, Some(Action::Back), _) | (KeyCode::Esc, None, _) => return false,
            (_, Some(Action::Up), _) => self.go_to(self.row.saturating_sub(1)),
            (_, Some(Action::Down), _) => self.go_to(self.row + 1),
            (_, Some(Action::PageUp), _) => self.go_to(self.row.saturating_sub(page)),
            (_, Some(Action::PageDown), _) => self.go_to(self.row + page),
            (_, Some(Action::DeleteBack), _) if at_start => self.join(self.row),
            (_, Some(Action::DeleteForward), _) if at_end => self.join(self.row + 1),
            (_, Some(Action::CursorLeft), _) if at_start && self.row > 0 => {
                self.row -= 1;
                self.line().apply(Action::CursorEnd);
            }
            (_, Some(Action::CursorRight), _) if at_end && self.row < last => {
                self.row += 1;
                self.line().apply(Action::CursorStart);
            }
            (_, Some(action), _) => {
                self.line().apply(action);
            }
            (KeyCode::Enter, None, _) => self.break_line(),
            (KeyCode::Tab, None, _) => self.insert("    "),
            (_, None, Some(c)) => self.line().insert(c.encode_utf8(&mut [0; 4])),
            (_, None, None) => {}
        }
        true
    }

    /// Moves to another line, to the same column.
    fn go_to(&mut self, row: usize) {
        let column = self.line().column();
        self.row = row.min(self.lines.len().saturating_sub(1));
        self.line().go_to_column(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Context, Keymap, Lookup};

    fn press(editor: &mut NoteEditor, keys: &str) {
        let keymap = Keymap::default();
        for key in keys.split_whitespace().map(|key| key.parse::<Key>().unwrap()) {
            let action = match keymap.lookup(Context::Note, &[key]) {
                Lookup::Actions([action]) => Some(*action),
                _ => None,
            };
            editor.on_key(key, action, 5);
        }
    }

    #[test]
    fn note_editor_breaks_and_joins_lines() {
        let mut editor = NoteEditor::new(ArticleId(1), "one\ntwo");
        press(&mut editor, "Home Backspace");
        assert_eq!(editor.text(), "onetwo");
        press(&mut editor, "Enter Up End x Down Down Up");
        assert_eq!((editor.text().as_str(), editor.row()), ("onex\ntwo", 0));
        press(&mut editor, "End Delete y Left Left Left Left Left Left Left Left Left z");
        assert_eq!(editor.text(), "zonexytwo");
    }

    #[test]
    fn note_editor_cursor_keeps_its_column() {
        let mut editor = NoteEditor::new(ArticleId(1), "国务院\nab\nabcdef");
        press(&mut editor, "Up Up x");
        assert_eq!(editor.text(), "国x务院\nab\nabcdef");
        press(&mut editor, "Down y Down z Esc");
        assert_eq!(editor.text(), "国x务院\naby\nabczdef");
    }

    #[test]
    fn note_editor_sanitizes_pasted_text() {
        let mut editor = NoteEditor::new(ArticleId(1), "");
        editor.insert("a\r\nb\u{1b}[2J\rc");
        assert_eq!(editor.text(), "a\nb␛[2J\nc");
        editor.insert(&"\n".repeat(5_000));
        assert_eq!(editor.lines().len(), 2_000);
    }
}
