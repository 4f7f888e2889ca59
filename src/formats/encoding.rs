//! Decodes bytes: UTF-8, UTF-16 with a byte order mark, the encoding that XML and HTML declare, or else the most likely
//! encoding.

mod declared;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::article::{ReadError, Warning};

/// Maximum number of bytes on which an encoding is guessed.
const SAMPLE_BYTES: usize = 64 * 1024;

/// The text of a file, with line feeds as line ends.
#[derive(Debug)]
pub struct Decoded<'a> {
    text: Cow<'a, str>,
    encoding: String,
    warning: Option<Warning>,
}

impl Decoded<'_> {
    /// Returns the text. Lines end with a line feed only.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the name of the encoding in lower case, as declared or detected.
    pub fn encoding(&self) -> &str {
        &self.encoding
    }

    pub(super) fn warning(&self) -> Option<Warning> {
        self.warning.clone()
    }
}

/// Decodes the bytes of a file.
///
/// # Errors
///
/// Returns an error if the bytes are not text.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, ReadError> {
    decode_as(bytes, None)
}

/// Like [`decode`], for a response with this `Content-Type`.
pub(super) fn decode_as<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Result<Decoded<'a>, ReadError> {
    let decoded = match (Encoding::for_bom(bytes), declared::utf_32(bytes)) {
        (_, Some((text, encoding))) => Decoded { text: Cow::Owned(text), encoding: encoding.to_owned(), warning: None },
        (Some((encoding, length)), None) => decoded(encoding, bytes.get(length..).unwrap_or_default()),
        (None, None) => {
            if let Some(kind) = binary_kind(bytes) {
                return Err(ReadError::Binary(kind));
            }
            match declared::decode(bytes, content_type) {
                Some((text, encoding)) => Decoded { text, encoding, warning: None },
                None => detect_and_decode(bytes)?,
            }
        }
    };
    if decoded.text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(Decoded { text: normalize_line_ends(decoded.text), ..decoded })
}

/// Decodes bytes in a known encoding, even if they are damaged.
fn decoded<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Decoded<'a> {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    Decoded { text, encoding: encoding.name().to_ascii_lowercase(), warning: damaged.then(|| damage_warning(encoding)) }
}

fn detect_and_decode(bytes: &[u8]) -> Result<Decoded<'_>, ReadError> {
    if let Ok(text) = simdutf8::basic::from_utf8(bytes)
        && !has_iso_2022_escape(bytes)
    {
        let text = Cow::Borrowed(text);
        return if is_mostly_nul(bytes) {
            decode_utf_16(bytes)
        } else {
            Ok(Decoded { text, encoding: "utf-8".to_owned(), warning: None })
        };
    }
    if is_mostly_nul(bytes) {
        return decode_utf_16(bytes);
    }
    if is_damaged_utf8(bytes) {
        return Ok(decoded(UTF_8, bytes));
    }
    let encoding = detect(bytes);
    let mut decoded = decoded(encoding, bytes);
    // ISO-2022-JP is certain because of its escapes; other detected encodings are guesses.
    if decoded.warning.is_none() && encoding != ISO_2022_JP {
        decoded.warning = Some(guess_warning(encoding));
    }
    Ok(decoded)
}

fn guess_warning(encoding: &'static Encoding) -> Warning {
    Warning {
        line: None,
        cause: format!("the encoding is not declared and the text is not UTF-8; it looks like {}", encoding.name()),
        consequence: "some characters may be wrong".to_owned(),
    }
}

fn damage_warning(encoding: &'static Encoding) -> Warning {
    Warning {
        line: None,
        cause: format!("some bytes are not valid {}", encoding.name()),
        consequence: "they are shown as \u{FFFD}".to_owned(),
    }
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let sample = bytes.get(..SAMPLE_BYTES).unwrap_or(bytes);
    detector.feed(sample, sample.len() == bytes.len());
    let guessed = detector.guess(None, Utf8Detection::Deny);
    // These bytes are undefined in windows-1252 and accented letters in Mac OS Roman, which the detector does not know.
    let is_mac = guessed == WINDOWS_1252 && sample.iter().any(|byte| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
    if is_mac { MACINTOSH } else { guessed }
}

/// Returns whether the bytes contain an escape of ISO-2022-JP. Such text is ASCII, so it is also valid UTF-8.
fn has_iso_2022_escape(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0x1b, bytes).any(|at| matches!(bytes.get(at + 1..at + 3), Some(b"$B" | b"$@")))
}

/// Returns whether the bytes are UTF-8 with a few damaged bytes: most bytes beyond ASCII are in sequences of the right
/// shape, a leading byte with as many continuation bytes as it announces, even if their value is not allowed.
///
/// In text of another encoding, such sequences are rare.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut shaped, mut stray) = (0usize, 0usize);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let length = match byte {
            0x00..=0x7F => 1,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            _ => 0,
        };
        let rest = bytes.get(at + 1..bytes.len().min(at + length.max(1))).unwrap_or_default();
        let continues = rest.iter().all(|byte| matches!(byte, 0x80..=0xBF));
        if length > 1 && continues && rest.len() + 1 == length {
            shaped += 1;
            at += length;
        } else if length > 1 && continues && at + 1 + rest.len() == bytes.len() {
            // The text was cut inside its last character.
            return stray <= shaped;
        } else {
            stray += usize::from(length != 1);
            at += 1;
        }
    }
    shaped > 0 && (stray <= shaped || stray <= 2)
}

fn is_mostly_nul(bytes: &[u8]) -> bool {
    let sample = bytes.get(..4096).unwrap_or(bytes);
    memchr::memchr_iter(0, sample).count() * 4 > sample.len()
}

/// Decodes UTF-16 without a byte order mark, which has a NUL in every second byte. Other data with many NULs is not
/// text.
fn decode_utf_16(bytes: &[u8]) -> Result<Decoded<'_>, ReadError> {
    let sample = bytes.get(..4096).unwrap_or(bytes);
    let nuls = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|&&byte| byte == 0).count();
    let half = sample.len() / 2;
    let encoding = match (nuls(0), nuls(1)) {
        (even, odd) if odd * 4 > half * 3 && even * 8 < half => UTF_16LE,
        (even, odd) if even * 4 > half * 3 && odd * 8 < half => UTF_16BE,
        _ => return Err(ReadError::Binary("binary data")),
    };
    Ok(decoded(encoding, bytes))
}

/// Returns the kind of binary file that begins with these bytes. The signatures are from the specifications of the
/// formats.
fn binary_kind(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF87a", "a GIF image"),
        (b"GIF89a", "a GIF image"),
        (b"%PDF-", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "gzip data"),
        (b"BZh", "bzip2 data"),
        (b"\xfd7zXZ\0", "xz data"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"\x7fELF", "a program (ELF)"),
        (b"\xcf\xfa\xed\xfe", "a program (Mach-O)"),
        (b"MZ\x90\0", "a program (PE)"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\0asm", "a program (WebAssembly)"),
        (b"OggS", "an Ogg recording"),
        (b"ID3", "an MP3 recording"),
        (b"fLaC", "a FLAC recording"),
    ];
    SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)).map(|(_, kind)| *kind)
}

fn normalize_line_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    match memchr::memchr(b'\r', text.as_bytes()) {
        None => text,
        Some(_) => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> String {
        decode(bytes).unwrap().text().to_owned()
    }

    #[test]
    fn utf8_is_borrowed_and_its_mark_is_dropped() {
        assert!(matches!(decode("Zürich – ok".as_bytes()).unwrap().text, Cow::Borrowed(_)));
        assert_eq!(text_of("\u{feff}Headline".as_bytes()), "Headline");
    }

    #[test]
    fn utf16_is_read_with_and_without_its_mark() {
        for mark in ["\u{feff}", ""] {
            let text = format!("{mark}Headline of the day");
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(text_of(&little), "Headline of the day");
            assert_eq!(text_of(&big), "Headline of the day");
        }
    }

    #[test]
    fn other_encodings_are_detected() {
        for (label, text) in [
            ("macintosh", "L’été à la plage : où aller ?"),
            ("windows-1252", "Le président a déclaré à l’Élysée que l’été serait très chaud à Genève."),
            ("koi8-r", "Правительство объявило о новых мерах поддержки промышленности страны."),
            ("gbk", "国务院新闻办公室今天举行新闻发布会，介绍有关情况。"),
            ("shift_jis", "政府は今日、新しい経済対策を発表しました。"),
            ("iso-2022-jp", "政府は今日、新しい経済対策を発表しました。"),
        ] {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(text_of(&bytes), text, "{label}");
            // A guess is reported as one.
            assert_eq!(decode(&bytes).unwrap().warning.is_none(), label == "iso-2022-jp", "{label}");
        }
    }

    #[test]
    fn damaged_utf8_stays_utf8_and_is_reported() {
        let cut = "“Ten accounts” — é".as_bytes();
        for bytes in
            [&cut[..21], &cut[..17], b"over \xc0\xaf long \xe0\x80\xaf", b"lone \xed\xa0\xbd\xed\xb8\x80", b"cut \xe2"]
        {
            let decoded = decode(bytes).unwrap();
            assert_eq!(decoded.warning.is_some(), std::str::from_utf8(bytes).is_err());
            assert_eq!(decoded.text().contains('\u{FFFD}'), std::str::from_utf8(bytes).is_err());
        }
    }

    #[test]
    fn binary_and_empty_files_are_refused() {
        assert_eq!(decode(b"\x89PNG\r\n\x1a\n....").unwrap_err(), ReadError::Binary("a PNG image"));
        assert_eq!(decode(&[0; 512]).unwrap_err(), ReadError::Binary("binary data"));
        assert_eq!(decode(b"").unwrap_err(), ReadError::Empty);
        assert_eq!(decode(b" \r\n\t ").unwrap_err(), ReadError::Empty);
    }

    #[test]
    fn all_line_ends_become_line_feeds() {
        assert_eq!(text_of(b"a\r\nb\rc\nd\r\r\ne"), "a\nb\nc\nd\n\ne");
    }
}
