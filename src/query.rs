//! The query language: parses text to a syntax tree, with spans for colours.
//!
//! Parsing is total: unfinished text has a meaning, and invalid text becomes a [`QueryError`] beside the rest of the tree.
//! This module knows neither matching nor input. `docs/query-language.md` describes the language.

mod ast;
mod case;
mod complete;
mod dates;
mod fields;
mod parse;
mod pattern;
mod refine;
mod saved;

pub use ast::{CASES, Case, ExactWords, Expr, LANGUAGE, Query, QueryError, Term, TermId, TermKind, Token, TokenKind};
pub use complete::{Completion, CompletionKind, complete};
pub use dates::Days;
pub use fields::{
    FEATURES, FIELDS, Feature, Field, FieldKind, FieldSpec, MARKS, Mark, SORTS, Sort, closest, suggestion,
};
pub use pattern::{compile, slashed, whole};
pub use saved::SavedSearch;
