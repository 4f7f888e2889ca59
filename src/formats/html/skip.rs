//! Skips an element with its content.

use super::elements::{is_block, is_void};
use super::tokens::HtmlToken;

/// A skipped element, with the nesting depth of elements of the same name.
#[derive(Debug)]
pub(super) struct SkippedElement {
    name: String,
    depth: usize,
}

/// The position of a token relative to a skipped element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    /// In the element.
    Inside,
    /// The end tag of the element.
    Last,
    /// After the element, which ended without an end tag.
    Beyond,
}

impl SkippedElement {
    pub(super) fn new(name: &str) -> SkippedElement {
        SkippedElement { name: name.to_owned(), depth: 1 }
    }

    /// Returns the position of the next token.
    pub(super) fn advance(&mut self, token: &HtmlToken<'_>) -> Skip {
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

/// Returns whether the element `name` without an end tag ends before the element `next`.
fn ends_before(name: &str, next: &str) -> bool {
    match name {
        "head" => !matches!(
            next,
            "meta" | "link" | "base" | "script" | "style" | "title" | "template" | "noscript" | "object"
        ),
        "li" => next == "li",
        "option" => next != "option",
        "title" => true,
        "p" => is_block(next),
        _ => false,
    }
}
