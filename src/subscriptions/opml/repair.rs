//! Repairs unescaped quotes in the attributes of OPML.

use std::borrow::Cow;

/// Escapes quotes within the attributes of outlines, which some programs write unescaped. A quote ends a value only if
/// another attribute or the end of the tag follows.
pub(super) fn escape_inner_quotes(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for start in memchr::memmem::find_iter(text.as_bytes(), b"<outline") {
        let mut at = start + "<outline".len();
        // A value does not extend beyond the next tag.
        let bound =
            memchr::memchr(b'<', text.as_bytes().get(at..).unwrap_or_default()).map_or(text.len(), |end| at + end);
        let tag = text.get(..bound).unwrap_or("");
        while let Some((quote, value)) = next_value(tag, at) {
            let rest = tag.get(value..).unwrap_or("");
            let ends = |end: &usize| ends_value(rest.get(end + 1..).unwrap_or(""));
            let Some(end) = rest.match_indices(quote).map(|(end, _)| end).find(ends) else { break };
            let inner = rest.get(..end).unwrap_or("");
            if inner.contains(quote) {
                out.push_str(text.get(copied..value).unwrap_or(""));
                out.push_str(&inner.replace(quote, if quote == '"' { "&quot;" } else { "&apos;" }));
                copied = value + end;
            }
            at = value + end + 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    Cow::Owned(out)
}

/// Returns the quote before the next value after `at` in a tag, and the position of that value.
fn next_value(text: &str, at: usize) -> Option<(char, usize)> {
    let rest = text.get(at..)?;
    let end = rest.find(['"', '\'', '>'])?;
    let quote = rest.get(end..)?.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Some((quote, at + end + 1))
}

/// Returns whether the text after a quote shows that it ends a value.
fn ends_value(behind: &str) -> bool {
    let behind = behind.trim_start();
    let after_name = behind.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, ':' | '-' | '_' | '.'));
    behind.starts_with(['>', '/']) || (after_name.len() < behind.len() && after_name.trim_start().starts_with('='))
}
