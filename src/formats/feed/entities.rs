//! Character references and entities. Feeds use those of HTML without declaring them, numbers of windows-1252, and
//! unescaped ampersands.

use std::borrow::Cow;
use std::collections::HashMap;

use html5ever::data::NAMED_ENTITIES;

/// Maximum length of an entity's name in bytes.
const MAX_NAME_BYTES: usize = 40;

/// Maximum length of the value of a declared entity in bytes.
const MAX_VALUE_BYTES: usize = 256;

/// The entities that a document declares, if they are short and plain text. Entities that refer to other entities or to
/// other files are never expanded.
#[derive(Debug, Default)]
pub(super) struct Entities {
    declared: HashMap<String, String>,
    /// The number of bytes that declared entities may still add to the text.
    budget: usize,
}

impl Entities {
    /// Creates an empty table for a document of `length` bytes.
    pub(super) fn new(length: usize) -> Entities {
        Entities { declared: HashMap::new(), budget: length.saturating_add(64 * 1024) }
    }

    /// Adds the entities that a document type declares.
    pub(super) fn declare(&mut self, document_type: &str) {
        for declaration in document_type.split("<!ENTITY").skip(1) {
            let Some(declaration) = declaration.split('>').next() else { continue };
            let Some((name, value)) = declaration.trim().split_once(char::is_whitespace) else { continue };
            let Some(quote) = value.trim_start().chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some(value) = value.trim_start().get(1..).and_then(|value| value.split(quote).next()) else { continue };
            let is_plain = !value.contains(['%', '<']) && value.len() <= MAX_VALUE_BYTES;
            // The value may be one character reference. The first declaration of a name counts.
            let value = if value.contains('&') { character_alone(value) } else { Some(value.to_owned()) };
            if let Some(value) = value.filter(|_| is_plain) {
                self.declared.entry(name.to_owned()).or_insert(value);
            }
        }
    }

    /// Returns the value of `&name;`, or `None` if it is unknown.
    pub(super) fn resolve(&mut self, name: &str) -> Option<Cow<'static, str>> {
        if let Some(number) = name.strip_prefix('#') {
            return character(number).map(|c| Cow::Owned(c.to_string()));
        }
        match name {
            "amp" => return Some(Cow::Borrowed("&")),
            "lt" => return Some(Cow::Borrowed("<")),
            "gt" => return Some(Cow::Borrowed(">")),
            "quot" => return Some(Cow::Borrowed("\"")),
            "apos" => return Some(Cow::Borrowed("'")),
            _ => {}
        }
        if let Some(value) = self.declared.get(name) {
            self.budget = self.budget.checked_sub(value.len())?;
            return Some(Cow::Owned(value.clone()));
        }
        if name.len() > MAX_NAME_BYTES {
            return None;
        }
        let (first, second) = *NAMED_ENTITIES.get(&format!("{name};"))?;
        let characters = [first, second].into_iter().filter(|&c| c != 0).filter_map(char::from_u32);
        Some(Cow::Owned(characters.collect()))
    }

    /// Resolves the references in `text`. Unknown ones stay as written.
    pub(super) fn unescape<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        if !text.contains('&') {
            return Cow::Borrowed(text);
        }
        let mut pieces = text.split('&');
        let mut whole = pieces.next().unwrap_or("").to_owned();
        for piece in pieces {
            let reference = piece.split_once(';').filter(|(name, _)| name.len() <= MAX_NAME_BYTES);
            match reference.and_then(|(name, rest)| Some((self.resolve(name)?, rest))) {
                Some((value, rest)) => {
                    whole.push_str(&value);
                    whole.push_str(rest);
                }
                None => {
                    whole.push('&');
                    whole.push_str(piece);
                }
            }
        }
        Cow::Owned(whole)
    }
}

/// Resolves the entities of XML and HTML in a text.
pub fn resolve_entities(text: &str) -> String {
    Entities::new(text.len()).unescape(text).into_owned()
}

/// Returns the value of a declaration that is a single character reference.
fn character_alone(value: &str) -> Option<String> {
    let number = value.strip_prefix("&#")?.strip_suffix(';')?;
    character(number).map(String::from)
}

/// Returns the character with this decimal or (after `x`) hexadecimal number. Invalid numbers become U+FFFD.
fn character(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16),
        None if number.bytes().all(|byte| byte.is_ascii_digit()) => number.parse(),
        _ => return None,
    };
    let code = match code {
        Ok(code) => code,
        // Only digits, but too large.
        Err(_) if number.len() > 4 => return Some(char::REPLACEMENT_CHARACTER),
        Err(_) => return None,
    };
    match code {
        0 => Some(char::REPLACEMENT_CHARACTER),
        code => Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
    }
}

/// Repairs two common mistakes: windows-1252 bytes that became control characters, and UTF-8 that was decoded as
/// ISO 8859-1 and encoded again.
pub(super) fn repair_encoding(text: String) -> String {
    if !text.contains(|c: char| matches!(c, '\u{80}'..='\u{9F}')) {
        return text;
    }
    if text.chars().all(|c| c <= '\u{FF}') {
        let bytes: Vec<u8> = text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
        if let Ok(text) = String::from_utf8(bytes) {
            return text;
        }
    }
    text.chars().map(|c| if matches!(c, '\u{80}'..='\u{9F}') { windows_1252(c as u8) } else { c }).collect()
}

/// Decodes a byte of windows-1252.
fn windows_1252(byte: u8) -> char {
    let byte = [byte];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
    text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_lone_ampersands_stay() {
        let mut entities = Entities::new(100);
        for (text, resolved) in [
            ("caf&eacute; &copy; &mdash;", "café © —"),
            ("&#65;&#x41;&#X41;", "AAA"),
            ("don&#146;t", "don\u{92}t"),
            ("?a=1&b=2&c", "?a=1&b=2&c"),
            ("&nosuchthing; & &;", "&nosuchthing; & &;"),
            ("&#xD800;&#0;&#99999999999;", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("&amp;lt;", "&lt;"),
        ] {
            assert_eq!(entities.unescape(text), resolved);
        }
    }

    #[test]
    fn declared_entities_are_resolved_if_short_and_plain() {
        let mut entities = Entities::new(0);
        entities.declare(
            "rss [<!ENTITY desk \"The Desk\"><!ENTITY star '&#9733;'><!ENTITY a \"&desk;&desk;\">\
             <!ENTITY file SYSTEM \"file:///etc/passwd\"><!ENTITY % p \"x\">]",
        );
        assert_eq!(entities.unescape("&desk; &star; &a; &file; &p;"), "The Desk ★ &a; &file; &p;");
    }

    #[test]
    fn declared_entities_have_a_size_limit() {
        let mut entities = Entities::new(0);
        entities.declare(&format!("x [<!ENTITY a \"{}\">]", "y".repeat(256)));
        let text = "&a;".repeat(100_000);
        assert!(entities.unescape(&text).len() < 3 * 100_000 + 128 * 1024);
    }

    #[test]
    fn broken_references_of_generators_are_repaired() {
        assert_eq!(repair_encoding("don\u{92}t".to_owned()), "don’t");
        assert_eq!(repair_encoding("\u{E2}\u{80}\u{A6}".to_owned()), "…");
        assert_eq!(repair_encoding("Ã©".to_owned()), "Ã©", "this may be meant");
    }
}
