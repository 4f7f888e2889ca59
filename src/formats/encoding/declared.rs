//! Declared encodings: in a `Content-Type`, an XML declaration or an HTML `meta` element. A declaration may be wrong,
//! so it is used only if the bytes are valid in that encoding.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, X_USER_DEFINED};

/// Maximum length of the start of a text in which a declaration is found, in bytes. Browsers use the same.
const START_BYTES: usize = 1024;

/// A decoded text, and the name of its encoding.
pub(super) type DeclaredEncoding<'a> = (Cow<'a, str>, String);

/// Decodes `bytes` with the declared encoding; that of `content_type` takes precedence. Returns `None` if no encoding
/// is declared, or none fits.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Option<DeclaredEncoding<'a>> {
    let charset = content_type.and_then(charset);
    // By RFC 3023, undeclared `text/` content is ASCII. The attempt fails if it is not.
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or("").trim().to_ascii_lowercase();
    let ascii = (charset.is_none() && media_type.starts_with("text/")).then(|| "us-ascii".to_owned());
    let declared = [charset, ascii, declared_in_text(bytes)];
    declared.into_iter().flatten().find_map(|label| Some((decode_strictly(bytes, &label)?, label)))
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

/// Returns the encoding that an XML or HTML text declares, in lower case.
fn declared_in_text(bytes: &[u8]) -> Option<String> {
    let front: String = bytes.iter().take(START_BYTES).map(|&byte| char::from(byte)).collect();
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

/// Returns the value after `name=` in a tag, with or without quotes.
fn value_of(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(name)?;
    let value = rest.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '/' | '?');
    value.split(is_end).next().filter(|label| !label.is_empty()).map(str::to_owned)
}

/// Decodes `bytes` with the encoding `label` if all of them are valid in it and it is plausible.
fn decode_strictly<'a>(bytes: &'a [u8], label: &str) -> Option<Cow<'a, str>> {
    if matches!(label, "us-ascii" | "ascii") {
        return bytes.is_ascii().then(|| std::str::from_utf8(bytes).ok().map(Cow::Borrowed))?;
    }
    let encoding = Encoding::for_label(label.as_bytes())?;
    let is_wide = encoding == UTF_16LE || encoding == UTF_16BE;
    // A declaration in UTF-16 could not have been read byte by byte.
    if encoding == REPLACEMENT || encoding == X_USER_DEFINED || (is_wide && memchr::memchr(0, bytes).is_none()) {
        return None;
    }
    // Text beyond ASCII is rarely valid UTF-8 by chance, but is often mislabelled.
    if encoding != UTF_8 && !bytes.is_ascii() && encoding.is_single_byte() && simdutf8::basic::from_utf8(bytes).is_ok()
    {
        return None;
    }
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// Decodes UTF-32, detected by its byte order mark or by a `<` as the first character. Browsers do not support it.
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
