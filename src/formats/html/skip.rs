//! Skipping of elements with their content.

use super::tokens::{HtmlToken, is_void};

/// A skipped element, with its nesting depth in elements of the same name.
#[derive(Debug)]
pub(super) struct SkippedElement {
    name: String,
    depth: usize,
}

/// The position of a token relative to a skipped element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    /// The token is inside the element.
    Inside,
    /// The token ends the element.
    Last,
    /// The element ended before it, without an end tag.
    Beyond,
}

impl SkippedElement {
    /// Starts to skip an element with this name.
    pub(super) fn new(name: &str) -> SkippedElement {
        SkippedElement { name: name.to_owned(), depth: 1 }
    }

    /// Returns the position of this token.
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

/// Returns whether the element `name`, whose end tag is optional, ends at the start of `next`.
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
