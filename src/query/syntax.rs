//! The syntax tree of a query, its terms, and its text cut into tokens.

use std::fmt;
use std::ops::Range;

use super::parse;
use crate::article::fold::{fold, fold_keeping_case};

/// A parsed query, with the text that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub(super) text: String,
    pub(super) root: Expr,
    pub(super) terms: Vec<Term>,
    pub(super) tokens: Vec<Token>,
}

/// What an article must fulfil.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Nothing in particular: every article matches.
    Everything,
    /// All of these.
    And(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// The text holds this term.
    Term(TermId),
}

/// The number of a term in [`Query::terms`], which also gives it its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TermId(pub u16);

/// Text that is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// How it is looked for.
    pub kind: TermKind,
    /// The text as typed, without its quotes.
    pub text: String,
    /// Whether case matters: it does where any capital was typed (smart case).
    pub exact_case: bool,
    /// Whether articles that hold it are left out.
    pub negated: bool,
}

/// How a term is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermKind {
    /// Anywhere, also inside words.
    Word,
    /// From one word boundary to another.
    Phrase,
}

/// A stretch of the typed text.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Its bytes.
    pub span: Range<usize>,
    /// What it is.
    pub kind: TokenKind,
}

/// What a token is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A term, quotes and all.
    Term(TermId),
    /// A sign such as the minus before a term.
    Operator,
    /// White space.
    Space,
}

impl Query {
    /// Reads `text`, which may be unfinished: an open quotation runs to the end, a lone minus means nothing yet.
    pub fn parse(text: &str) -> Query {
        parse::parse(text)
    }

    /// The text as it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tree.
    pub fn root(&self) -> &Expr {
        &self.root
    }

    /// Every term, wanted or not, in the order in which they were typed.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The term with this number.
    pub fn term(&self, id: TermId) -> Option<&Term> {
        self.terms.get(usize::from(id.0))
    }

    /// The typed text cut into tokens that cover it from end to end.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whether every article matches.
    pub fn is_everything(&self) -> bool {
        self.root == Expr::Everything
    }

    /// Whether every article that matches this query is certain to match `former` too, so that looking through the
    /// former answer is enough. It may say no where the truth is yes.
    pub fn refines(&self, former: &Query) -> bool {
        former.terms.iter().all(|old| self.terms.iter().any(|new| new.implies(old)))
    }
}

impl Term {
    /// Whether an article that fulfils this term is certain to fulfil `other`.
    fn implies(&self, other: &Term) -> bool {
        if self.negated != other.negated {
            return false;
        }
        if self.negated {
            return self == other;
        }
        // A longer text holds a shorter one anywhere, but not at the same word boundaries; and an exact text holds
        // one that ignores case, but not the other way round.
        match other.kind {
            TermKind::Phrase => self.kind == TermKind::Phrase && self.text == other.text,
            TermKind::Word if other.exact_case => {
                self.exact_case && fold_keeping_case(&self.text).contains(&fold_keeping_case(&other.text))
            }
            TermKind::Word => fold(&self.text).contains(&fold(&other.text)),
        }
    }
}

impl fmt::Display for Query {
    /// The tree as an s-expression, for tests and documentation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &self.root)
    }
}

impl Query {
    fn write(&self, f: &mut fmt::Formatter<'_>, expr: &Expr) -> fmt::Result {
        match expr {
            Expr::Everything => f.write_str("everything"),
            Expr::And(all) => {
                f.write_str("(and")?;
                for expr in all {
                    f.write_str(" ")?;
                    self.write(f, expr)?;
                }
                f.write_str(")")
            }
            Expr::Not(inner) => {
                f.write_str("(not ")?;
                self.write(f, inner)?;
                f.write_str(")")
            }
            Expr::Term(id) => match self.term(*id) {
                Some(Term { kind: TermKind::Phrase, text, .. }) => write!(f, "{text:?}"),
                Some(Term { text, .. }) => f.write_str(text),
                None => Ok(()),
            },
        }
    }
}
