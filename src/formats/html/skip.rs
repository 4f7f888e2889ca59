//! Passing over an element with all that it holds.

use super::tokens::{HtmlToken, is_void};

/// An element that is passed over, and how deep it stands in others of its name.
#[derive(Debug)]
pub(super) struct SkippedElement {
    name: String,
    depth: usize,
}

/// What a token is to an element that is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    /// It is part of it.
    Inside,
    /// It ends it.
    Last,
    /// The element ended before it, without an end tag.
    Beyond,
}

impl SkippedElement {
    /// The element of this name that has just begun.
    pub(super) fn new(name: &str) -> SkippedElement {
        SkippedElement { name: name.to_owned(), depth: 1 }
    }

    /// What this token is to the element.
    pub(super) fn take(&mut self, token: &HtmlToken<'_>) -> Skip {
        match token {
            HtmlToken::Start(element) if ends_before(&self.name, element.name) => return Skip::Beyond,
            HtmlToken::Start(element)
                if element.name == self.name && !element.closes_itself && !is_void(element.name) =>
            {
                self.depth += 1;
            }
            HtmlToken::End(name) if *name == self.name => self.depth -= 1,
            HtmlToken::Start(_) | HtmlToken::End(_) | HtmlToken::Text(_) | HtmlToken::Mistake => {}
        }
        if self.depth == 0 { Skip::Last } else { Skip::Inside }
    }
}

/// Whether the element `name`, whose end tag may be left out, ends where the element `next` begins.
fn ends_before(name: &str, next: &str) -> bool {
    match name {
        "head" => !matches!(
            next,
            "meta" | "link" | "base" | "script" | "style" | "title" | "template" | "noscript" | "object"
        ),
        "li" => next == "li",
        "option" => next != "option",
        "title" => true,
        "p" => super::blocks::is_block(next),
        _ => false,
    }
}
