//! JSON output. [`write_json`] escapes all characters that could control a terminal or deceive the eye, without changing
//! the values.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

use super::sanitize::changes;

/// Writes `value` as JSON on one line. Characters that [`clean`](super::clean) would change are written as `\uXXXX`.
pub fn write_json(out: &mut impl Write, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, JsonEscaper)).map_err(io::Error::from)
}

/// Like [`write_json`], but returns a string.
pub fn to_json(value: &(impl Serialize + ?Sized)) -> io::Result<String> {
    let mut out = Vec::new();
    write_json(&mut out, value)?;
    String::from_utf8(out).map_err(io::Error::other)
}

struct JsonEscaper;

impl Formatter for JsonEscaper {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        for (at, c) in changes(fragment) {
            CompactFormatter.write_string_fragment(out, fragment.get(written..at).unwrap_or(""))?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            written = at + c.len_utf8();
        }
        CompactFormatter.write_string_fragment(out, fragment.get(written..).unwrap_or(""))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::is_clean;
    use super::*;

    #[test]
    fn json_escapes_only_deceptive_characters() {
        let text = "Köln\u{1b}[2J\u{7f}\u{9b}31m\u{202e}\u{200b}\u{e0041}\tno\u{feff}";
        let json = r#""Köln\u001b[2J\u007f\u009b31m\u202e\u200b\udb40\udc41\tno\ufeff""#;
        assert_eq!(to_json(text).unwrap(), json);
        assert_eq!(serde_json::from_str::<String>(json).unwrap(), text);
        let heap = format!("e{}", "\u{301}".repeat(9));
        assert_eq!(to_json(&heap).unwrap(), format!("\"e{}\\u0301\\u0301\\u0301\"", "\u{301}".repeat(6)));
    }

    proptest! {
        #[test]
        fn json_is_safe_and_has_the_same_value(text in "\\PC{0,40}|(?s).{0,40}") {
            let json = to_json(&[&text]).unwrap();
            prop_assert!(is_clean(&json) && !json.contains('\n'), "{json:?}");
            prop_assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [text]);
        }
    }
}
