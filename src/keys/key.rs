//! A key press as the program means it, and how it is written in the config, the help and the README.

use std::fmt;
use std::str::FromStr;

/// A key with its modifiers. Shift is part of the character where there is one: `G`, never shift-`g`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// Whether Ctrl was held.
    pub ctrl: bool,
    /// Whether Alt was held.
    pub alt: bool,
}

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum KeyCode {
    /// A character, as shift and layout make it.
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    /// A function key.
    F(u8),
}

/// The names of keys that are no characters, the first of each the one that is shown.
const NAMES: &[(&str, KeyCode)] = &[
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Return", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Escape", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("BackTab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Del", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PgUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("PgDn", KeyCode::PageDown),
];

impl Key {
    /// A key without modifiers.
    pub const fn plain(code: KeyCode) -> Key {
        Key { code, ctrl: false, alt: false }
    }

    /// The character that the key types, where it types one.
    pub fn typed(self) -> Option<char> {
        match self {
            Key { code: KeyCode::Char(c), ctrl: false, alt: false } => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.alt {
            f.write_str("Alt-")?;
        }
        if self.ctrl {
            f.write_str("^")?;
        }
        match self.code {
            KeyCode::F(number) => write!(f, "F{number}"),
            code => match NAMES.iter().find(|(_, known)| *known == code) {
                Some((name, _)) => f.write_str(name),
                None => match code {
                    KeyCode::Char(c) if self.ctrl => write!(f, "{}", c.to_uppercase()),
                    KeyCode::Char(c) => write!(f, "{c}"),
                    _ => Ok(()),
                },
            },
        }
    }
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no key")]
pub struct NoSuchKey(String);

impl FromStr for Key {
    type Err = NoSuchKey;

    /// Reads `j`, `G`, `^D`, `ctrl-d`, `alt-x`, `Space`, `PageDown`, `F5`.
    fn from_str(text: &str) -> Result<Key, NoSuchKey> {
        let wrong = || NoSuchKey(text.to_owned());
        let (mut ctrl, mut alt, mut rest) = (false, false, text);
        loop {
            let lower = rest.to_ascii_lowercase();
            // A lone `^` or `-` is a key of its own.
            if let Some(after) = rest.strip_prefix('^').filter(|after| !after.is_empty()) {
                (ctrl, rest) = (true, after);
            } else if let Some(length) =
                ["ctrl-", "c-"].iter().find(|mark| lower.starts_with(**mark) && lower.len() > mark.len())
            {
                (ctrl, rest) = (true, rest.get(length.len()..).unwrap_or(""));
            } else if let Some(length) =
                ["alt-", "m-"].iter().find(|mark| lower.starts_with(**mark) && lower.len() > mark.len())
            {
                (alt, rest) = (true, rest.get(length.len()..).unwrap_or(""));
            } else {
                break;
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            (Some(c), None) => KeyCode::Char(c),
            (Some('F' | 'f'), Some(_))
                if rest.get(1..).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) =>
            {
                KeyCode::F(rest.get(1..).and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?)
            }
            _ => NAMES
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(rest))
                .map(|(_, code)| *code)
                .ok_or_else(wrong)?,
        };
        Ok(Key { code, ctrl, alt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_several_forms_and_shown_in_one() {
        for (written, shown) in [
            ("j", "j"),
            ("G", "G"),
            ("^D", "^D"),
            ("ctrl-d", "^D"),
            ("C-d", "^D"),
            ("alt-x", "Alt-x"),
            ("space", "Space"),
            (" ", "Space"),
            ("pgdn", "PageDown"),
            ("F5", "F5"),
            ("shift-tab", "Shift-Tab"),
            ("^", "^"),
            ("-", "-"),
            ("c", "c"),
        ] {
            let key: Key = written.parse().unwrap();
            assert_eq!(key.to_string(), shown);
            assert_eq!(shown.parse(), Ok(key));
        }
        for wrong in ["", "jj", "hyper-x", "F1x", "F999"] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong}");
        }
    }
}
