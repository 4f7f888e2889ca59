//! HTML in tokens, by the tokenizer that browsers use. Whether tags match is left to whoever takes the tokens, so that
//! neither depth nor disorder costs anything: time is linear and nothing recurs.

use std::cell::RefCell;

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

/// Calls `take` with every token of `html`, in order.
pub(super) fn tokenize(html: &str, take: impl FnMut(Token<'_>)) {
    let tokenizer = Tokenizer::new(Sink(RefCell::new(take)), TokenizerOpts::default());
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

struct Sink<F>(RefCell<F>);

impl<F: FnMut(Token<'_>)> TokenSink for Sink<F> {
    type Handle = ();

    fn process_token(&self, token: Html5Token, _line: u64) -> TokenSinkResult<()> {
        let Ok(mut take) = self.0.try_borrow_mut() else { return TokenSinkResult::Continue };
        match token {
            Html5Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let name: &str = &tag.name;
                take(Token::Start(Element { name, closes_itself: tag.self_closing, tag: &tag }));
                // What these hold is no markup.
                return match name {
                    "script" => TokenSinkResult::RawData(ScriptData),
                    "title" | "textarea" => TokenSinkResult::RawData(Rcdata),
                    "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(Rawtext),
                    "plaintext" => TokenSinkResult::Plaintext,
                    _ => TokenSinkResult::Continue,
                };
            }
            Html5Token::TagToken(tag) => take(Token::End(&tag.name)),
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
