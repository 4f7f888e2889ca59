//! The query language: text to a syntax tree, with the spans that colour what is typed.
//!
//! Parsing is total: whatever somebody is in the middle of typing means something, and what cannot mean anything is a
//! [`Mistake`] beside the rest of the tree. This room does not know how matching works, nor where a query is typed.
//! The language is described in `docs/query-language.md`.

mod ast;
mod case;
mod complete;
mod dates;
mod fields;
mod parse;
mod pattern;
mod refine;
mod saved;

pub use ast::{Expr, LANGUAGE, Mistake, Query, Term, TermId, TermKind, Token, TokenKind};
pub use case::{CASES, Case, ExactWords};
pub use complete::{Completion, Wanted, complete};
pub use dates::Days;
pub use fields::{FEATURES, FIELDS, Feature, Field, FieldKind, FieldSpec, MARKS, Mark, SORTS, Sort, closest};
pub use pattern::{compile, slashed, whole};
pub use saved::SavedSearch;
