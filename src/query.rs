//! The query language: text to a syntax tree, with the spans that colour what is typed.
//!
//! Parsing is total: whatever somebody is in the middle of typing means something. This room does not know how
//! matching works, nor where a query is typed.

mod parse;
mod syntax;

pub use syntax::{Expr, Query, Term, TermId, TermKind, Token, TokenKind};
