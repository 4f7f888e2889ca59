//! Tokenizes HTML with the tokenizer of a browser engine. Callers match start and end tags themselves, so time is
//! linear and nothing recurses, whatever the nesting.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::buffer_queue::BufferQueue;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{Tag, TagKind, Token as Html5Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// A token of HTML.
pub(super) enum HtmlToken<'a> {
    /// A start tag, also of an element without content.
    Start(HtmlElement<'a>),
    /// An end tag.
    End(&'a str),
    /// Text with resolved character references.
    Text(&'a str),
    /// A markup error.
    Mistake,
}

/// A start tag.
pub(super) struct HtmlElement<'a> {
    /// The name, in lower case.
    pub(super) name: &'a str,
    /// Whether the tag was written as `<name/>`.
    pub(super) closes_itself: bool,
    /// Whether the element is one of [`OFTEN_UNCLOSED`] and has no end tag. The text after it is then not its content.
    pub(super) is_unclosed: bool,
    tag: &'a Tag,
}

impl<'a> HtmlElement<'a> {
    /// Returns the value of an attribute with resolved character references.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Returns whether browsers hide the element because of its attributes.
    pub(super) fn is_hidden(&self) -> bool {
        self.attributes().any(|(name, value)| match name {
            "hidden" => true,
            "aria-hidden" => value.trim().eq_ignore_ascii_case("true"),
            "style" => {
                let style: String = value.to_ascii_lowercase().split_whitespace().collect();
                style.contains("display:none") || style.contains("visibility:hidden")
            }
            _ => false,
        })
    }

    /// Returns all attributes.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.tag.attrs.iter().map(|attribute| (&*attribute.name.local, &*attribute.value))
    }
}

/// Elements that are dropped with their content. In feeds and old pages they are often cut off, and the text after them
/// must not be lost.
const OFTEN_UNCLOSED: [&str; 7] = ["applet", "iframe", "noembed", "noframes", "object", "textarea", "title"];

/// Maximum number of attributes. A tag with more loses all of them.
const MAX_ATTRIBUTES: usize = 1_000;

/// Calls `take` with every token of `html`, in order.
pub(super) fn tokenize(html: &str, take: impl FnMut(HtmlToken<'_>)) {
    let html = &*drop_excess_attributes(html);
    let sink = Sink { take: RefCell::new(take), ends: Cell::new(count_ends(html)) };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(html.into());
    // The tokenizer stops after each script, because a browser might run it then.
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
}

/// Removes the attributes of tags that have too many: the tokenizer compares each attribute with all before it.
pub(super) fn drop_excess_attributes(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let (mut whole, mut done) = (String::new(), 0);
    let mut at = 0;
    while let Some(open) = bytes.get(at..).and_then(|rest| memchr::memchr(b'<', rest)) {
        let start = at + open;
        let name = bytes.get(start + 1..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_alphanumeric());
        let name_end = start + 1 + name.count();
        // Skip a `<` that begins no tag. Searching for its end would take quadratic time.
        if name_end == start + 1 {
            at = name_end;
            continue;
        }
        let (end, attributes) = end_of_tag(bytes, name_end);
        if attributes > MAX_ATTRIBUTES {
            whole.push_str(html.get(done..name_end).unwrap_or(""));
            done = end;
        }
        at = end;
    }
    if done == 0 {
        return Cow::Borrowed(html);
    }
    whole.push_str(html.get(done..).unwrap_or(""));
    Cow::Owned(whole)
}

/// Returns the end of a tag and its approximate number of attributes. `from` is the end of its name.
fn end_of_tag(bytes: &[u8], from: usize) -> (usize, usize) {
    let (mut quote, mut before, mut attributes) = (None, b' ', 0);
    for (at, &byte) in bytes.iter().enumerate().skip(from) {
        match (quote, byte) {
            (Some(open), byte) if open == byte => {
                quote = None;
                attributes += 1;
            }
            (Some(_), _) => {}
            (None, b'>') => return (at, attributes),
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (None, byte) if byte.is_ascii_whitespace() || byte == b'/' => attributes += 1,
            (None, _) => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    (bytes.len(), attributes)
}

/// Returns the number of end tags of each element in [`OFTEN_UNCLOSED`].
fn count_ends(html: &str) -> [usize; OFTEN_UNCLOSED.len()] {
    let mut ends = [0; OFTEN_UNCLOSED.len()];
    for at in memchr::memmem::find_iter(html.as_bytes(), b"</") {
        let tag = html.as_bytes().get(at + 2..).unwrap_or_default();
        let is_of = |name: &&str| tag.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()));
        if let Some(count) = OFTEN_UNCLOSED.iter().position(is_of).and_then(|known| ends.get_mut(known)) {
            *count += 1;
        }
    }
    ends
}

struct Sink<F> {
    take: RefCell<F>,
    /// The number of remaining end tags of each element in [`OFTEN_UNCLOSED`].
    ends: Cell<[usize; OFTEN_UNCLOSED.len()]>,
}

impl<F> Sink<F> {
    /// Returns whether an end tag of the element follows. `seen` says that the current token is one.
    fn has_end(&self, name: &str, seen: bool) -> bool {
        let Some(known) = OFTEN_UNCLOSED.iter().position(|of| *of == name) else { return true };
        let mut ends = self.ends.get();
        let Some(count) = ends.get_mut(known) else { return true };
        let has_end = *count > 0;
        *count = count.saturating_sub(usize::from(seen));
        self.ends.set(ends);
        has_end
    }
}

impl<F: FnMut(HtmlToken<'_>)> TokenSink for Sink<F> {
    type Handle = ();

    fn process_token(&self, token: Html5Token, _line: u64) -> TokenSinkResult<()> {
        let Ok(mut take) = self.take.try_borrow_mut() else { return TokenSinkResult::Continue };
        match token {
            Html5Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let name: &str = &tag.name;
                let is_unclosed = !self.has_end(name, false);
                take(HtmlToken::Start(HtmlElement { name, closes_itself: tag.self_closing, is_unclosed, tag: &tag }));
                // The content of these elements is not markup.
                return match name {
                    "script" => TokenSinkResult::RawData(ScriptData),
                    "title" | "textarea" if !is_unclosed => TokenSinkResult::RawData(Rcdata),
                    "style" | "xmp" => TokenSinkResult::RawData(Rawtext),
                    "iframe" | "noembed" | "noframes" if !is_unclosed => TokenSinkResult::RawData(Rawtext),
                    "plaintext" => TokenSinkResult::Plaintext,
                    _ => TokenSinkResult::Continue,
                };
            }
            Html5Token::TagToken(tag) => {
                self.has_end(&tag.name, true);
                take(HtmlToken::End(&tag.name));
            }
            Html5Token::CharacterTokens(text) => take(HtmlToken::Text(&text)),
            Html5Token::NullCharacterToken
            | Html5Token::DoctypeToken(_)
            | Html5Token::CommentToken(_)
            | Html5Token::EOFToken => {}
            Html5Token::ParseError(_) => take(HtmlToken::Mistake),
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_with_too_many_attributes_lose_only_those() {
        let many: String = (0..5_000).map(|number| format!(" a{number}=\"x > y\"")).collect();
        let html = format!("one <b c='d > e'>two</b> <i{many}>three</i> 1 < 2");
        assert_eq!(drop_excess_attributes(&html), "one <b c='d > e'>two</b> <i>three</i> 1 < 2");
        assert!(matches!(drop_excess_attributes("<img src=\"data:a/b/c\"> <"), Cow::Borrowed(_)));
        let picture = format!("<img alt=x src=\"data:image/png;base64,{}\">", "a/".repeat(5_000));
        assert!(matches!(drop_excess_attributes(&picture), Cow::Borrowed(_)));
    }
}
