//! Keys and sequences of keys, and their notation in the config, the help and the docs.

use std::fmt;
use std::str::FromStr;

/// A key with its modifiers. Shift is part of the character: `G`, never shift-`g`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key itself.
    pub code: KeyCode,
    /// Whether Ctrl was held.
    pub ctrl: bool,
    /// Whether Alt was held.
    pub alt: bool,
}

/// A key without modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the keys")]
pub enum KeyCode {
    /// A character, after Shift and the keyboard layout.
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

/// Names of keys. The first name of a key is the one that is shown.
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
    /// Returns a key without modifiers.
    pub const fn plain(code: KeyCode) -> Key {
        Key { code, ctrl: false, alt: false }
    }

    /// Returns the character that the key types, or `None` if it types none.
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

/// A text that is not the name of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown key \"{0}\"")]
pub struct UnknownKey(String);

impl FromStr for Key {
    type Err = UnknownKey;

    /// Parses `j`, `G`, `^D`, `ctrl-d`, `alt-x`, `Space`, `PageDown`, `F5`.
    fn from_str(text: &str) -> Result<Key, UnknownKey> {
        let wrong = || UnknownKey(text.to_owned());
        let (mut ctrl, mut alt, mut rest) = (false, false, text);
        loop {
            let lower = rest.to_ascii_lowercase();
            // `^` alone is the key itself.
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

/// One key, or several keys pressed one after the other, such as `g g`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeySequence(Vec<Key>);

impl KeySequence {
    /// Returns the keys; there is at least one.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }

    /// Returns whether `other` begins with this sequence and is longer.
    pub fn is_prefix_of(&self, other: &KeySequence) -> bool {
        self.0.len() < other.0.len() && other.0.starts_with(&self.0)
    }

    /// Returns the character that the first key types, or `None` if it types none.
    pub fn typed(&self) -> Option<char> {
        self.0.first().and_then(|key| key.typed())
    }
}

impl fmt::Display for KeySequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, key) in self.0.iter().enumerate() {
            let separator = if number > 0 { " " } else { "" };
            write!(f, "{separator}{key}")?;
        }
        Ok(())
    }
}

impl FromStr for KeySequence {
    type Err = UnknownKey;

    /// Parses one key, or several separated by spaces.
    fn from_str(text: &str) -> Result<KeySequence, UnknownKey> {
        if let Ok(key) = text.parse() {
            return Ok(KeySequence(vec![key]));
        }
        let keys: Vec<Key> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(UnknownKey(text.to_owned())) } else { Ok(KeySequence(keys)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_keys_separated_by_spaces() {
        for (written, shown, length) in
            [("g g", "g g", 2), (" g  ctrl-d\tSpace ", "g ^D Space", 3), (" ", "Space", 1), ("j", "j", 1)]
        {
            let sequence: KeySequence = written.parse().unwrap();
            assert_eq!((sequence.to_string().as_str(), sequence.keys().len()), (shown, length));
            assert_eq!(shown.parse(), Ok(sequence));
        }
        let error = |text: &str| text.parse::<KeySequence>().unwrap_err().to_string();
        assert_eq!(error("g hyper-x"), "unknown key \"hyper-x\"");
        assert_eq!(error("gg"), "unknown key \"gg\"");
        assert_eq!(error(""), "unknown key \"\"");
    }

    #[test]
    fn keys_parse_in_several_forms_and_display_in_one() {
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
