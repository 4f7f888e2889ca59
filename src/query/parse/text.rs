//! Parsing of terms: words, phrases and regular expressions.

use super::Parser;
use crate::query::ast::{ExactWords, Expr, QueryError, Term, TermId, TermKind, TokenKind};
use crate::query::fields::Field;
use crate::query::pattern;
use crate::text::is_unspaced;

/// The maximum number of terms in a query.
pub(super) const MAX_TERMS: usize = 64;

/// The maximum length of a term, in bytes; longer terms are cut.
pub(super) const MAX_TERM: usize = 1024;

/// While typing, an excluded word counts from this number of letters on: `-m` would exclude nearly every article.
const LETTERS: usize = 3;

impl Parser<'_> {
    /// Parses a word, a phrase or a regular expression.
    pub(super) fn text(&mut self, field: Option<Field>) -> Expr {
        let rest = self.rest();
        let Some(first) = rest.chars().next().filter(|c| !c.is_whitespace()) else { return Expr::Everything };
        if is_quote(first) {
            let inside = rest.get(first.len_utf8()..).unwrap_or("");
            let close = inside.char_indices().find(|&(_, c)| is_quote(c));
            let (length, text) = match close {
                Some((end, close)) => (first.len_utf8() + end + close.len_utf8(), inside.get(..end).unwrap_or("")),
                None => (rest.len(), inside),
            };
            return self.term(TermKind::Phrase { open: close.is_none() }, text.trim(), length, field);
        }
        // A path begins with a slash, as regular expressions do.
        if first == '/' && field != Some(Field::Path) {
            return self.regex(field);
        }
        let length = Parser::word_length(rest);
        let word = rest.get(..length).unwrap_or("");
        let is_begun = self.typing && self.negated && length == rest.len();
        if is_begun && word.chars().count() < LETTERS && !word.chars().any(is_unspaced) {
            self.token(length, TokenKind::Operator);
            return Expr::Everything;
        }
        self.term(TermKind::Word, word, length, field)
    }

    /// Returns the length of the word at the start of `text`, up to a space, a quote, or an unmatched `)`.
    pub(super) fn word_length(text: &str) -> usize {
        let mut open = 0_usize;
        for (at, c) in text.char_indices() {
            match c {
                '(' => open += 1,
                ')' if open > 0 => open -= 1,
                ')' => return at,
                c if c.is_whitespace() || is_quote(c) => return at,
                _ => {}
            }
        }
        text.len()
    }

    fn regex(&mut self, field: Option<Field>) -> Expr {
        let inside = self.rest().get(1..).unwrap_or("");
        let mut escaped = false;
        let close = inside.char_indices().find(|&(at, c)| {
            let after = inside.get(at + 1..).and_then(|after| after.chars().next());
            let closes = c == '/' && !escaped && after.is_none_or(|c| c.is_whitespace() || c == ')');
            escaped = c == '\\' && !escaped;
            closes
        });
        let (length, mut pattern) = match close {
            Some((end, _)) => (end + 2, inside.get(..end).unwrap_or("")),
            None => (inside.len() + 1, inside),
        };
        // Check the limit first, because compiling an expression takes time.
        if self.terms.len() >= MAX_TERMS {
            return self.too_many(length);
        }
        pattern = pattern.get(..pattern.floor_char_boundary(MAX_TERM)).unwrap_or(pattern);
        let wrong = pattern::wrong;
        match (wrong(pattern), close) {
            (None, _) => {}
            (Some((at, reason)), Some(_)) => {
                let span = self.at + 1 + at..self.at + length;
                let message = format!("invalid regular expression: {reason}");
                self.mistake.get_or_insert(QueryError { span, message });
                self.token(length, TokenKind::Mistake);
                return Expr::Everything;
            }
            // An unfinished expression: use the longest valid prefix.
            (Some(_), None) => {
                let ends = pattern.char_indices().map(|(at, _)| at).rev().take(64);
                pattern = ends.filter_map(|end| pattern.get(..end)).find(|head| wrong(head).is_none()).unwrap_or("");
            }
        }
        self.term(TermKind::Regex, pattern, length, field)
    }

    fn too_many(&mut self, length: usize) -> Expr {
        self.wrong(length, format!("a query has at most {MAX_TERMS} words, phrases and expressions"))
    }

    fn term(&mut self, kind: TermKind, text: &str, length: usize, field: Option<Field>) -> Expr {
        if text.is_empty() {
            self.token(length, TokenKind::Operator);
            return Expr::Everything;
        }
        if self.terms.len() >= MAX_TERMS {
            return self.too_many(length);
        }
        let text = text.get(..text.floor_char_boundary(MAX_TERM)).unwrap_or(text);
        // The check above limits the number to MAX_TERMS.
        let id = TermId(self.terms.len() as u16);
        self.terms.push(Term { kind, text: text.to_owned(), exact: ExactWords::None, negated: self.negated, field });
        self.token(length, TokenKind::Term(id));
        Expr::Term(id)
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}
