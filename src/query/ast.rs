//! The syntax tree of a query, its terms, and its text cut into tokens.

use std::fmt;
use std::ops::{Range, RangeInclusive};

use chrono::NaiveDate;

use super::case::{Case, ExactWords};
use super::dates::Days;
use super::fields::{FEATURES, Feature, Field, MARKS, Mark, SORTS, Sort};
use super::{parse, refine};

/// A parsed query, with the text that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub(super) text: String,
    pub(super) root: Expr,
    pub(super) terms: Vec<Term>,
    pub(super) tokens: Vec<Token>,
    pub(super) sort: Sort,
    pub(super) case: Case,
    /// Articles of later days are excluded from the answer.
    pub(super) hidden_after: Option<NaiveDate>,
    pub(super) mistake: Option<Mistake>,
    /// Where the conditions stand that all have to be fulfilled: the children of a root that is an `And`.
    pub(super) conditions: Vec<Range<usize>>,
    pub(super) depends_on_today: bool,
}

/// What an article must fulfil.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Nothing in particular: every article matches.
    Everything,
    /// All of these, two or more.
    And(Vec<Expr>),
    /// One of these, two or more.
    Or(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// It holds this term.
    Term(TermId),
    /// One of the first terms stands near one of the second, in either order, in the same paragraph.
    Near {
        /// Terms on the one side.
        left: Vec<TermId>,
        /// Terms on the other side.
        right: Vec<TermId>,
        /// How many words further on the other may stand.
        within: u16,
    },
    /// It was published in these days.
    Published(Days),
    /// Its body has so many words.
    Words(RangeInclusive<u32>),
    /// The reader has done this to it.
    Is(Mark),
    /// It has this.
    Has(Feature),
}

/// The number of a term in [`Query::terms`], which also gives it its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TermId(pub u16);

/// Text that is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// How it is looked for.
    pub kind: TermKind,
    /// The text as typed, without its quotes or slashes.
    pub text: String,
    /// Which of its words are case-sensitive.
    pub exact: ExactWords,
    /// Whether articles that hold it are left out.
    pub negated: bool,
    /// Where it is looked for; everywhere in the text where it names nothing.
    pub field: Option<Field>,
}

/// How a term is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermKind {
    /// Anywhere, also inside words.
    Word,
    /// From one word boundary to another.
    Phrase {
        /// Whether its closing quote is still to come, so that its last word may go on.
        open: bool,
    },
    /// A regular expression.
    Regex,
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
    /// The name of a field, with its colon.
    Field,
    /// What stands after the colon of a field that is not looked for in the text.
    Value,
    /// A sign or a word that joins or negates.
    Operator,
    /// What cannot be understood.
    Mistake,
    /// White space.
    Space,
}

/// Something that cannot be understood, however it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands in the typed text.
    pub span: Range<usize>,
    /// One plain sentence, without a full stop, that says what is wrong and what might have been meant.
    pub message: String,
}

/// The language on one screen: what to write, and what it means.
pub static LANGUAGE: &[(&str, &str)] = &[
    ("budget", "anywhere in the text, whatever case or accents"),
    ("US", "two or more capitals: only US, not us"),
    ("\"state department\"", "these words, whole and in this order"),
    ("/budgets?/", "a regular expression"),
    ("tax budget", "both"),
    ("tax OR budget", "one of them; binds less than side by side"),
    ("-tax", "not this; NOT tax is the same"),
    ("(tax OR duty) -budget", "parentheses group"),
    ("tax NEAR/5 budget", "within five words of each other"),
    ("title: lead: body: caption:", "in this part only, as lead:(tax OR duty)"),
    ("source: by: section: path:", "in what is known of it, as section:world"),
    ("tag: note: feed:", "in what you keep with it"),
    ("date:2023-09", "published then; 2023, 2023-09-01..2023-10-15"),
    ("after:2023 before:2023-09", "later than that, earlier than that"),
    ("since:7d", "in the last 7 days; also 2w, 3m, 1y"),
    ("is:unread", "also is:read, is:starred, is:noted"),
    ("has:link", "also has:note, has:image, has:date"),
    ("words:>500", "its length; also words:<500, words:300..500"),
    ("sort:old", "also new, title, source, longest, relevance"),
    ("case:exact", "match case in all words; case:ignore in none"),
];

impl Query {
    /// Reads `text`, which may be unfinished: an open quotation runs to the end, a lone minus means nothing yet.
    /// `today` is what `since:7d` counts back from.
    pub fn parse(text: &str, today: NaiveDate) -> Query {
        parse::parse(text, today, false)
    }

    /// Reads `text` while somebody is typing at it: at its very end the beginning of an operator is no word, and a word
    /// to be left out counts from its third letter on.
    pub fn parse_typing(text: &str, today: NaiveDate) -> Query {
        parse::parse(text, today, true)
    }

    /// The query that every article matches.
    pub fn everything() -> Query {
        parse::parse("", NaiveDate::MIN, false)
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

    /// The order in which the answer is listed.
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// The same question, answered in another order.
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

    /// The first thing in it that cannot be understood; the tree is that of the rest.
    pub fn mistake(&self) -> Option<&Mistake> {
        self.mistake.as_ref()
    }

    /// Whether it is another question tomorrow.
    pub fn depends_on_today(&self) -> bool {
        self.depends_on_today
    }

    /// Whether it is another question once the reader has marked an article.
    pub fn depends_on_marks(&self) -> bool {
        fn depends(expr: &Expr) -> bool {
            match expr {
                Expr::Is(_) | Expr::Has(Feature::Note) => true,
                Expr::And(several) | Expr::Or(several) => several.iter().any(depends),
                Expr::Not(inner) => depends(inner),
                _ => false,
            }
        }
        let kept = |term: &Term| matches!(term.field, Some(Field::Tag | Field::Note));
        depends(&self.root) || self.terms.iter().any(kept)
    }

    /// Whether every article matches, in the usual order: there is nothing to do.
    pub fn is_everything(&self) -> bool {
        self.root == Expr::Everything && self.sort == Sort::New
    }

    /// Whether it means the same as `other`, however it is typed.
    pub fn asks_the_same(&self, other: &Query) -> bool {
        (&self.root, &self.terms, self.sort, self.hidden_after)
            == (&other.root, &other.terms, other.sort, other.hidden_after)
    }

    /// Whether every article that matches this query is certain to match `former` too, and both list them in the
    /// same order, so that looking through the former answer is enough. It may say no where the truth is yes. By
    /// relevance no two queries are alike.
    pub fn refines(&self, former: &Query) -> bool {
        (self.sort, self.hidden_after) == (former.sort, former.hidden_after)
            && self.sort != Sort::Relevance
            && refine::implies(self, former)
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

    /// Each of two or more conditions that all have to be fulfilled: what was typed for it, the query without it, and
    /// the query that is nothing else.
    pub fn conditions(&self) -> Vec<(&str, Query, Query)> {
        let Expr::And(all) = &self.root else { return Vec::new() };
        // Of a group, a part is not named by what was typed for all of it.
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

    /// The whole sentence about the mistake, with a caret below the place: three lines.
    pub fn explain(&self, mistake: &Mistake) -> String {
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
