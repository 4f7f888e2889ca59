//! HTML in tokens, by the tokenizer that browsers use. Whether tags match is left to whoever takes the tokens, so that
//! neither depth nor disorder costs anything: time is linear and nothing recurs.

use std::cell::{Cell, RefCell};

use html5ever::buffer_queue::BufferQueue;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{Tag, TagKind, Token as Html5Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// A piece of HTML.
pub(super) enum Token<'a> {
    /// A start tag; an element that has no content is nothing but one.
    Start(Element<'a>),
    /// An end tag.
    End(&'a str),
    /// Text, its entities resolved.
    Text(&'a str),
}

/// A start tag.
pub(super) struct Element<'a> {
    /// The element's name, in lower case.
    pub(super) name: &'a str,
    /// It was written `<name/>`.
    pub(super) closes_itself: bool,
    /// It is one of those that are left out with what they hold, and there is no end of it: what follows is not its.
    pub(super) is_endless: bool,
    tag: &'a Tag,
}

impl<'a> Element<'a> {
    /// The value of an attribute, its entities resolved.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All attributes, as they are written.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.tag.attrs.iter().map(|attribute| (&*attribute.name.local, &*attribute.value))
    }
}

/// Elements that are left out with what they hold. Feeds and old pages carry them cut off, and what follows them is
/// text all the same.
const CUT_OFF: [&str; 7] = ["applet", "iframe", "noembed", "noframes", "object", "textarea", "title"];

/// Calls `take` with every token of `html`, in order.
pub(super) fn tokenize(html: &str, take: impl FnMut(Token<'_>)) {
    let sink = Sink { take: RefCell::new(take), ends: Cell::new(cut_off_ends(html)) };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(html.into());
    // It stops where a script ends, as a browser might run it then.
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
}

/// Elements that have no content and no end tag.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area" | "base" | "basefont" | "bgsound" | "br" | "col" | "command" | "embed" | "frame" | "hr" | "image"
            | "img" | "input" | "keygen" | "link" | "meta" | "param" | "source" | "track" | "wbr"
    )
}

/// How many end tags there are of each of them.
fn cut_off_ends(html: &str) -> [usize; CUT_OFF.len()] {
    let mut ends = [0; CUT_OFF.len()];
    for at in memchr::memmem::find_iter(html.as_bytes(), b"</") {
        let tag = html.as_bytes().get(at + 2..).unwrap_or_default();
        let is_of = |name: &&str| tag.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()));
        if let Some(count) = CUT_OFF.iter().position(is_of).and_then(|known| ends.get_mut(known)) {
            *count += 1;
        }
    }
    ends
}

struct Sink<F> {
    take: RefCell<F>,
    /// The end tags of these elements that are yet to come.
    ends: Cell<[usize; CUT_OFF.len()]>,
}

impl<F> Sink<F> {
    /// Whether an element has an end that is yet to come; `seen` tells that this is one.
    fn has_end(&self, name: &str, seen: bool) -> bool {
        let Some(known) = CUT_OFF.iter().position(|of| *of == name) else { return true };
        let mut ends = self.ends.get();
        let Some(count) = ends.get_mut(known) else { return true };
        let has_end = *count > 0;
        *count = count.saturating_sub(usize::from(seen));
        self.ends.set(ends);
        has_end
    }
}

impl<F: FnMut(Token<'_>)> TokenSink for Sink<F> {
    type Handle = ();

    fn process_token(&self, token: Html5Token, _line: u64) -> TokenSinkResult<()> {
        let Ok(mut take) = self.take.try_borrow_mut() else { return TokenSinkResult::Continue };
        match token {
            Html5Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let name: &str = &tag.name;
                let is_endless = !self.has_end(name, false);
                take(Token::Start(Element { name, closes_itself: tag.self_closing, is_endless, tag: &tag }));
                // What these hold is no markup.
                return match name {
                    "script" => TokenSinkResult::RawData(ScriptData),
                    "title" | "textarea" if !is_endless => TokenSinkResult::RawData(Rcdata),
                    "style" | "xmp" => TokenSinkResult::RawData(Rawtext),
                    "iframe" | "noembed" | "noframes" if !is_endless => TokenSinkResult::RawData(Rawtext),
                    "plaintext" => TokenSinkResult::Plaintext,
                    _ => TokenSinkResult::Continue,
                };
            }
            Html5Token::TagToken(tag) => {
                self.has_end(&tag.name, true);
                take(Token::End(&tag.name));
            }
            Html5Token::CharacterTokens(text) => take(Token::Text(&text)),
            Html5Token::NullCharacterToken
            | Html5Token::DoctypeToken(_)
            | Html5Token::CommentToken(_)
            | Html5Token::ParseError(_)
            | Html5Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}
