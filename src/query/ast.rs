//! The syntax tree of a query, its terms and its tokens.

use std::fmt;
use std::ops::{Range, RangeInclusive};

use chrono::NaiveDate;

use super::dates::Days;
use super::fields::{FEATURES, Feature, Field, MARKS, Mark, SORTS, Sort};

/// A parsed query, with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub(super) text: String,
    pub(super) root: Expr,
    pub(super) terms: Vec<Term>,
    pub(super) tokens: Vec<Token>,
    pub(super) sort: Sort,
    pub(super) case: Case,
    /// Articles of later days are excluded from the result.
    pub(super) hidden_after: Option<NaiveDate>,
    pub(super) mistake: Option<QueryError>,
    /// The spans of the conditions that must all match: the children of a root that is an `And`.
    pub(super) conditions: Vec<Range<usize>>,
    pub(super) depends_on_today: bool,
}

/// A condition that articles match or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Matches every article.
    Everything,
    /// Matches if all of these match; two or more.
    And(Vec<Expr>),
    /// Matches if one of these matches; two or more.
    Or(Vec<Expr>),
    /// Matches if this does not match.
    Not(Box<Expr>),
    /// Matches if the article contains this term.
    Term(TermId),
    /// Matches if a term of one side is near a term of the other, in either order, in the same paragraph.
    Near {
        /// The terms of one side.
        left: Vec<TermId>,
        /// The terms of the other side.
        right: Vec<TermId>,
        /// The maximum distance, in words.
        within: u16,
    },
    /// Matches articles published on these days.
    Published(Days),
    /// Matches articles with this number of words in the body.
    Words(RangeInclusive<u32>),
    /// Matches articles with this mark.
    Is(Mark),
    /// Matches articles with this property.
    Has(Feature),
}

/// The index of a term in [`Query::terms`], which also selects its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TermId(pub u16);

/// A search term.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The kind of matching.
    pub kind: TermKind,
    /// The text as typed, without quotes or slashes.
    pub text: String,
    /// The case-sensitive words.
    pub exact: ExactWords,
    /// Whether articles with this term are excluded.
    pub negated: bool,
    /// The field to search; `None` for the whole text.
    pub field: Option<Field>,
}

/// The case rule of a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// Words in capitals are exact, all others ignore case.
    #[default]
    Auto,
    /// Every term is exact.
    Exact,
    /// Every term ignores case.
    Ignore,
}

/// The names of the values of `case:`.
pub static CASES: &[(&str, Case)] = &[("auto", Case::Auto), ("exact", Case::Exact), ("ignore", Case::Ignore)];

/// The case-sensitive words of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExactWords {
    /// No word.
    None,
    /// The words of a phrase that are in capitals.
    Capitals,
    /// All words.
    All,
}

/// The kind of match of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermKind {
    /// Anywhere, also inside words.
    Word,
    /// From word boundary to word boundary.
    Phrase {
        /// Whether the closing quote is missing, so that the last word may be incomplete.
        open: bool,
    },
    /// A regular expression.
    Regex,
}

/// A part of the typed text.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// The byte range.
    pub span: Range<usize>,
    /// The kind of token.
    pub kind: TokenKind,
}

/// The kind of a token, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A term with its quotes.
    Term(TermId),
    /// A field name with its colon.
    Field,
    /// A field value that is not a search term.
    Value,
    /// An operator.
    Operator,
    /// Invalid text.
    Mistake,
    /// White space.
    Space,
}

/// An error in a query that no further typing can correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// The position in the typed text.
    pub span: Range<usize>,
    /// A sentence without a full stop: the error, and a suggestion.
    pub message: String,
}

/// The language on one screen: examples and their meaning.
pub static LANGUAGE: &[(&str, &str)] = &[
    ("budget", "anywhere in the text; ignores case and accents"),
    ("US", "two or more capitals: only US, not us"),
    ("\"state department\"", "this phrase, in whole words"),
    ("/budgets?/", "a regular expression"),
    ("tax budget", "both"),
    ("tax OR budget", "either; a space binds more tightly than OR"),
    ("-tax", "not this; NOT tax is the same"),
    ("(tax OR duty) -budget", "parentheses group"),
    ("tax NEAR/5 budget", "within five words of each other"),
    ("title: lead: body: caption:", "in this part only: lead:(tax OR duty)"),
    ("source: by: section: path:", "in this field only: section:world"),
    ("tag: note: feed:", "in your tags, your note, the feed's name"),
    ("date:2023-09", "published then; 2023, 2023-09-01..2023-10-15"),
    ("after:2023 before:2023-09", "published after, published before"),
    ("since:7d", "in the last 7 days; also 2w, 3m, 1y"),
    ("is:unread", "also is:read, is:starred, is:noted"),
    ("has:link", "also has:note, has:image, has:date"),
    ("words:>500", "length of the body; also <500, 300..500"),
    ("sort:old", "also new, title, source, longest, relevance"),
    ("case:exact", "match case in all words; case:ignore in none"),
];

impl Query {
    /// Returns the text as typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the tree.
    pub fn root(&self) -> &Expr {
        &self.root
    }

    /// Returns all terms, including excluded ones, in the order of the text.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Returns the term with this id.
    pub fn term(&self, id: TermId) -> Option<&Term> {
        self.terms.get(usize::from(id.0))
    }

    /// Returns the tokens, which cover the whole text.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Returns the order of the results.
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// Returns the same query with another order.
    #[must_use]
    pub fn sorted(self, sort: Sort) -> Query {
        Query { sort, ..self }
    }

    /// Returns how the query treats case.
    pub fn case(&self) -> Case {
        self.case
    }

    /// Returns the same query with another treatment of case.
    #[must_use]
    pub fn with_case(mut self, case: Case) -> Query {
        self.case = case;
        for term in &mut self.terms {
            term.exact = ExactWords::of(term.kind, &term.text, term.field, case);
        }
        self
    }

    /// Returns the next choice of the case toggle: first the one that is likely to change the answer, then the other
    /// one, then the rule.
    pub fn next_case(&self) -> Case {
        let by_rule = |term: &Term| ExactWords::of(term.kind, &term.text, term.field, Case::Auto);
        let is_exact = self.terms.iter().any(|term| by_rule(term) != ExactWords::None);
        match (self.case, is_exact) {
            (Case::Auto, true) | (Case::Exact, false) => Case::Ignore,
            (Case::Auto, false) | (Case::Ignore, true) => Case::Exact,
            (Case::Exact, true) | (Case::Ignore, false) => Case::Auto,
        }
    }

    /// Returns the same query without the articles dated more than a day after `today`, unless the query names a range
    /// that starts later (`date:2199`).
    #[must_use]
    pub fn hiding_future(self, today: NaiveDate) -> Query {
        let day = today.succ_opt().unwrap_or(today);
        fn names_later(expr: &Expr, day: NaiveDate) -> bool {
            match expr {
                Expr::Published(days) => days.from.is_some_and(|from| from > day),
                Expr::And(several) | Expr::Or(several) => several.iter().any(|expr| names_later(expr, day)),
                _ => false,
            }
        }
        let hidden_after = (!names_later(&self.root, day)).then_some(day);
        Query { hidden_after, ..self }
    }

    /// Returns the last day of listed articles, if later ones are hidden.
    pub fn hidden_after(&self) -> Option<NaiveDate> {
        self.hidden_after
    }

    /// Returns whether the query searches the text for words, so that there are hits to show and to count.
    pub fn has_hits(&self) -> bool {
        self.terms.iter().any(|term| !term.negated && term.field.is_none_or(Field::is_text))
    }

    /// Returns the first mistake. The tree contains the rest of the query.
    pub fn mistake(&self) -> Option<&QueryError> {
        self.mistake.as_ref()
    }

    /// Returns whether the query has another meaning tomorrow.
    pub fn depends_on_today(&self) -> bool {
        self.depends_on_today
    }

    /// Returns whether a mark can change the result.
    pub fn depends_on_marks(&self) -> bool {
        fn depends(expr: &Expr) -> bool {
            match expr {
                Expr::Is(_) | Expr::Has(Feature::Note) => true,
                Expr::And(several) | Expr::Or(several) => several.iter().any(depends),
                Expr::Not(inner) => depends(inner),
                _ => false,
            }
        }
        let searches_marks = |term: &Term| matches!(term.field, Some(Field::Tag | Field::Note));
        depends(&self.root) || self.terms.iter().any(searches_marks)
    }

    /// Returns whether every article matches, in the default order.
    pub fn is_everything(&self) -> bool {
        self.root == Expr::Everything && self.sort == Sort::New
    }

    /// Returns whether the query means the same as `other`, however it is typed.
    pub fn asks_the_same(&self, other: &Query) -> bool {
        (&self.root, &self.terms, self.sort, self.hidden_after)
            == (&other.root, &other.terms, other.sort, other.hidden_after)
    }

    /// Returns the conditions that must all match, each with its span in the text; none if the query is an `OR` without
    /// parentheses.
    pub fn top_conditions(&self) -> Vec<(Range<usize>, &Expr)> {
        match (&self.root, self.conditions.as_slice()) {
            (Expr::And(all), spans) if spans.len() == all.len() => spans.iter().cloned().zip(all).collect(),
            (Expr::And(_) | Expr::Everything, _) => Vec::new(),
            (root, [span]) => vec![(span.clone(), root)],
            _ => Vec::new(),
        }
    }

    /// Returns each of two or more conditions that must all match: its text, the query without it, and the query with
    /// only this condition.
    pub fn conditions(&self) -> Vec<(&str, Query, Query)> {
        let Expr::And(all) = &self.root else { return Vec::new() };
        // The conditions of a group have no spans of their own.
        if self.conditions.len() != all.len() {
            return Vec::new();
        }
        let with_root = |root| Query { root, conditions: Vec::new(), sort: Sort::New, ..self.clone() };
        let without = |index: usize| {
            let rest = all.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, expr)| expr.clone());
            match rest.collect::<Vec<_>>() {
                mut rest if rest.len() == 1 => rest.remove(0),
                rest => Expr::And(rest),
            }
        };
        let each = self.conditions.iter().zip(all).enumerate();
        each.filter_map(|(index, (span, expr))| {
            Some((self.text.get(span.clone())?, with_root(without(index)), with_root(expr.clone())))
        })
        .collect()
    }

    /// Returns three lines: the query, carets below the mistake, and the message.
    pub fn explain(&self, mistake: &QueryError) -> String {
        use unicode_width::UnicodeWidthStr;
        let before = self.text.get(..mistake.span.start).unwrap_or("").width();
        let under = self.text.get(mistake.span.clone()).unwrap_or("").width().max(1);
        format!("{}\n{}{}\n{}", self.text, " ".repeat(before), "^".repeat(under), mistake.message)
    }
}

impl fmt::Display for Query {
    /// The tree as an s-expression, for tests and documentation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sort == Sort::New {
            return self.write(f, &self.root);
        }
        let name = SORTS.iter().find(|(_, sort)| *sort == self.sort).map_or("", |(name, _)| name);
        write!(f, "(sort:{name} ")?;
        self.write(f, &self.root)?;
        f.write_str(")")
    }
}

impl Query {
    fn write(&self, f: &mut fmt::Formatter<'_>, expr: &Expr) -> fmt::Result {
        match expr {
            Expr::Everything => f.write_str("everything"),
            Expr::And(all) => self.write_list(f, "and", all),
            Expr::Or(any) => self.write_list(f, "or", any),
            Expr::Not(inner) => self.write_list(f, "not", std::slice::from_ref(inner)),
            Expr::Term(id) => self.write_term(f, *id),
            Expr::Near { left, right, within } => {
                write!(f, "(near/{within}")?;
                for side in [left, right] {
                    f.write_str(" ")?;
                    match side.as_slice() {
                        [id] => self.write_term(f, *id)?,
                        ids => {
                            let any: Vec<Expr> = ids.iter().map(|id| Expr::Term(*id)).collect();
                            self.write_list(f, "or", &any)?;
                        }
                    }
                }
                f.write_str(")")
            }
            Expr::Published(days) => write!(f, "date:{days}"),
            Expr::Words(words) if *words.end() == u32::MAX => write!(f, "words:{}..", words.start()),
            Expr::Words(words) => write!(f, "words:{}..{}", words.start(), words.end()),
            Expr::Is(mark) => {
                write!(f, "is:{}", MARKS.iter().find(|(_, known)| known == mark).map_or("", |(name, _)| name))
            }
            Expr::Has(feature) => {
                write!(f, "has:{}", FEATURES.iter().find(|(_, known)| known == feature).map_or("", |(name, _)| name))
            }
        }
    }

    fn write_list(&self, f: &mut fmt::Formatter<'_>, name: &str, all: &[Expr]) -> fmt::Result {
        write!(f, "({name}")?;
        for expr in all {
            f.write_str(" ")?;
            self.write(f, expr)?;
        }
        f.write_str(")")
    }

    fn write_term(&self, f: &mut fmt::Formatter<'_>, id: TermId) -> fmt::Result {
        let Some(term) = self.term(id) else { return Ok(()) };
        if let Some(field) = term.field {
            write!(f, "{field}:")?;
        }
        match term.kind {
            TermKind::Phrase { .. } => write!(f, "{:?}", term.text),
            TermKind::Regex => write!(f, "/{}/", term.text),
            TermKind::Word => f.write_str(&term.text),
        }
    }
}
