//! Declared encodings: `Content-Type`, the XML declaration, `meta` in HTML. A declaration may be wrong, so it is used only
//! if all bytes are valid in it.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, X_USER_DEFINED};

/// The number of bytes at the start that may contain a declaration, as in browsers.
const FRONT: usize = 1024;

/// A decoded text with the name of its encoding.
pub(super) type DeclaredEncoding<'a> = (Cow<'a, str>, String);

/// Decodes `bytes` by their declared encoding, first that of the server and then that in the text. Returns `None` if there
/// is no valid declaration.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Option<DeclaredEncoding<'a>> {
    let charset = content_type.and_then(charset);
    // Text without a declaration is ASCII by RFC 3023. If it is not, this has no effect.
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or("").trim().to_ascii_lowercase();
    let ascii = (charset.is_none() && media_type.starts_with("text/")).then(|| "us-ascii".to_owned());
    let declared = [charset, ascii, of_text(bytes)];
    declared.into_iter().flatten().find_map(|label| Some((strictly(bytes, &label)?, label)))
}

/// Returns the `charset` of a `Content-Type`.
fn charset(content_type: &str) -> Option<String> {
    let (_, value) = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some((name, value))
    })?;
    let label = value.trim().trim_matches(['"', '\'']).trim().to_ascii_lowercase();
    (!label.is_empty()).then_some(label)
}

/// Returns the encoding declared in XML or HTML text, in lower case.
fn of_text(bytes: &[u8]) -> Option<String> {
    let front: String = bytes.iter().take(FRONT).map(|&byte| char::from(byte)).collect();
    let front = front.trim_start().to_ascii_lowercase();
    if !front.starts_with('<') {
        return None;
    }
    if let Some(rest) = front.split_once("<?xml").map(|(_, rest)| rest)
        && let Some(label) = rest.split_once("?>").and_then(|(declaration, _)| value_of(declaration, "encoding"))
    {
        return Some(label);
    }
    front.split("<meta").skip(1).find_map(|meta| value_of(meta.split('>').next()?, "charset"))
}

/// Returns the value after `name=` in a tag, quoted or not.
fn value_of(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(name)?;
    let value = rest.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '/' | '?');
    value.split(is_end).next().filter(|label| !label.is_empty()).map(str::to_owned)
}

/// Decodes bytes by a label. Returns `None` if a byte is invalid or another encoding is evident.
fn strictly<'a>(bytes: &'a [u8], label: &str) -> Option<Cow<'a, str>> {
    if matches!(label, "us-ascii" | "ascii") {
        return bytes.is_ascii().then(|| std::str::from_utf8(bytes).ok().map(Cow::Borrowed))?;
    }
    let encoding = Encoding::for_label(label.as_bytes())?;
    let is_wide = encoding == UTF_16LE || encoding == UTF_16BE;
    // A declaration that is readable as ASCII cannot be UTF-16.
    if encoding == REPLACEMENT || encoding == X_USER_DEFINED || (is_wide && memchr::memchr(0, bytes).is_none()) {
        return None;
    }
    // Non-ASCII text is hardly ever valid UTF-8 by chance, but often labelled wrongly.
    if encoding != UTF_8 && !bytes.is_ascii() && encoding.is_single_byte() && simdutf8::basic::from_utf8(bytes).is_ok()
    {
        return None;
    }
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// Decodes UTF-32, recognised by its byte order mark or by a leading `<`. Browsers do not support it, and it is rare.
pub(super) fn utf_32(bytes: &[u8]) -> Option<(String, &'static str)> {
    let (name, start) = match bytes.get(..4)? {
        [0, 0, 0xFE, 0xFF] => ("utf-32be", 4),
        [0xFF, 0xFE, 0, 0] => ("utf-32le", 4),
        [0, 0, 0, b'<'] => ("utf-32be", 0),
        [b'<', 0, 0, 0] => ("utf-32le", 0),
        _ => return None,
    };
    let text = bytes.get(start..)?.chunks(4).map(|unit| {
        let unit = <[u8; 4]>::try_from(unit).ok();
        let code =
            unit.map(|unit| if name == "utf-32be" { u32::from_be_bytes(unit) } else { u32::from_le_bytes(unit) });
        code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    });
    Some((text.collect(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], content_type: Option<&str>) -> Option<(String, String)> {
        decode(bytes, content_type).map(|(text, label)| (text.into_owned(), label))
    }

    #[test]
    fn declared_encodings_are_used_if_the_bytes_agree() {
        let xml = b"<?xml version='1.0' encoding='Windows-1251'?><a>\xcc\xe8\xf0</a>";
        let (text, label) = decoded(xml, None).unwrap();
        assert!(text.contains("Мир") && label == "windows-1251");
        let html = b"<html><head><meta http-equiv=content-type content='text/html; charset=iso-8859-7'>\xe1</html>";
        assert!(decoded(html, None).unwrap().0.contains('α'));
        assert!(decoded(xml, Some("text/xml; charset=\"koi8-r\"")).unwrap().1 == "koi8-r");
        let wrong = "<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>";
        assert_eq!(decoded(wrong.as_bytes(), None), None, "it is UTF-8, whatever it says");
        assert_eq!(decoded(b"<?xml version='1.0' encoding='utf-16'?><a/>", None), None);
        assert_eq!(decoded(b"<a/>", Some("text/xml")).unwrap().1, "us-ascii");
        assert_eq!(decoded(b"plain text with charset=koi8-r in it", None), None);
    }

    #[test]
    fn utf_32_is_read() {
        let bytes: Vec<u8> = "<a>é</a>".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        assert_eq!(utf_32(&bytes), Some(("<a>é</a>".to_owned(), "utf-32le")));
    }
}
