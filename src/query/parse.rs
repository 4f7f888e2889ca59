//! From typed text to tokens, terms and tree, in one pass.

use super::syntax::{Expr, Query, Term, TermId, TermKind, Token, TokenKind};

/// How many terms a query may have; what is pasted beyond that is not looked for.
const MAX_TERMS: usize = 64;

/// How much of one term is looked for, in bytes; no word or phrase that somebody types is longer.
const MAX_TERM: usize = 1024;

pub(super) fn parse(text: &str) -> Query {
    let mut parser = Parser { text, at: 0, terms: Vec::new(), tokens: Vec::new() };
    let mut all = Vec::new();
    while parser.at < text.len() {
        all.extend(parser.next());
    }
    let root = match all.len() {
        0 => Expr::Everything,
        1 => all.remove(0),
        _ => Expr::And(all),
    };
    Query { text: text.to_owned(), root, terms: parser.terms, tokens: parser.tokens }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    terms: Vec<Term>,
    tokens: Vec<Token>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn token(&mut self, length: usize, kind: TokenKind) {
        self.tokens.push(Token { span: self.at..self.at + length, kind });
        self.at += length;
    }

    fn next(&mut self) -> Option<Expr> {
        let rest = self.rest();
        let spaces = rest.len() - rest.trim_start().len();
        if spaces > 0 {
            self.token(spaces, TokenKind::Space);
            return None;
        }
        let negated = rest.starts_with('-');
        if negated {
            self.token(1, TokenKind::Operator);
        }
        let term = self.term(negated)?;
        Some(if negated { Expr::Not(Box::new(Expr::Term(term))) } else { Expr::Term(term) })
    }

    /// A word or a phrase; `None` where there is nothing to look for yet.
    fn term(&mut self, negated: bool) -> Option<TermId> {
        let rest = self.rest();
        let first = rest.chars().next().filter(|c| !c.is_whitespace())?;
        let (kind, length, text) = if is_quote(first) {
            let inside = rest.get(first.len_utf8()..).unwrap_or("");
            match inside.char_indices().find(|&(_, c)| is_quote(c)) {
                Some((end, close)) => {
                    (TermKind::Phrase, first.len_utf8() + end + close.len_utf8(), inside.get(..end).unwrap_or(""))
                }
                None => (TermKind::Phrase, rest.len(), inside),
            }
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(rest.len());
            (TermKind::Word, end, rest.get(..end).unwrap_or(""))
        };
        let text = text.trim();
        let text = text.get(..text.floor_char_boundary(MAX_TERM)).unwrap_or(text);
        if text.is_empty() || self.terms.len() >= MAX_TERMS {
            self.token(length, TokenKind::Operator);
            return None;
        }
        // At most MAX_TERMS, by the line above.
        let id = TermId(self.terms.len() as u16);
        let exact_case = text.chars().any(char::is_uppercase);
        self.terms.push(Term { kind, text: text.to_owned(), exact_case, negated });
        self.token(length, TokenKind::Term(id));
        Some(id)
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_phrases_and_negations_are_read() {
        for (text, tree) in [
            ("", "everything"),
            ("   ", "everything"),
            ("state", "state"),
            ("state department", "(and state department)"),
            ("\"State Department\"", "\"State Department\""),
            ("“two words” three", "(and \"two words\" three)"),
            ("mail -spam", "(and mail (not spam))"),
            ("-\"old news\"", "(not \"old news\")"),
            ("well-known", "well-known"),
        ] {
            assert_eq!(Query::parse(text).to_string(), tree, "{text}");
        }
    }

    #[test]
    fn what_is_unfinished_is_read_as_far_as_it_goes() {
        for (text, tree) in [
            ("\"", "everything"),
            ("\"state dep", "\"state dep\""),
            ("-", "everything"),
            ("mail -", "mail"),
            ("-\"", "everything"),
        ] {
            assert_eq!(Query::parse(text).to_string(), tree, "{text}");
        }
    }

    #[test]
    fn any_capital_makes_a_term_exact_in_case() {
        let query = Query::parse("state Department ÉLYSÉE");
        assert_eq!(query.terms().iter().map(|term| term.exact_case).collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn a_query_refines_another_only_where_that_is_certain() {
        for (new, old, refines) in [
            ("stat", "sta", true),
            ("sta", "stat", false),
            ("state mail", "state", true),
            ("state -mail", "state", true),
            ("state -mails", "state -mail", false),
            ("state", "state -mail", false),
            ("State", "state", true),
            ("state", "State", false),
            ("\"state department\"", "\"state dep", false),
            ("\"state department\"", "depart", true),
            ("anything", "", true),
            ("", "anything", false),
        ] {
            assert_eq!(Query::parse(new).refines(&Query::parse(old)), refines, "{new:?} after {old:?}");
        }
    }

    #[test]
    fn a_huge_paste_is_read_in_one_pass() {
        let query = Query::parse(&"word \"two words\" -x ".repeat(100_000));
        assert_eq!(query.terms().len(), MAX_TERMS);
        assert_eq!(Query::parse(&"x".repeat(5_000_000)).terms()[0].text.len(), MAX_TERM);
    }

    proptest! {
        #[test]
        fn tokens_cover_whatever_is_typed_from_end_to_end(text in "[a-zA-Zé \"“”\\-]{0,30}|\\PC{0,20}") {
            let query = Query::parse(&text);
            let mut at = 0;
            for token in query.tokens() {
                prop_assert_eq!(token.span.start, at);
                prop_assert!(text.is_char_boundary(token.span.end));
                at = token.span.end;
            }
            prop_assert_eq!(at, text.len());
            prop_assert!(query.refines(&query));
        }
    }
}
