//! The parser: text to tokens, terms and a tree, in one pass.
//!
//! ```text
//! query  = all { "OR" all }
//! all    = near { [ "AND" ] near }
//! near   = one { "NEAR" [ "/" number ] one }
//! one    = ( "-" | "NOT" ) near | "(" query ")" | field ":" value | text
//! value  = text | "(" query ")" | date | number | name
//! text   = word | '"' words '"' | "/" expression "/"
//! ```

mod text;
mod value;

use chrono::NaiveDate;

use super::ast::{Case, ExactWords, Expr, Query, QueryError, Term, TermId, Token, TokenKind};
use super::fields::{Field, FieldSpec, Sort, meant, named};

/// The maximum nesting depth of groups.
const MAX_DEPTH: usize = 32;

/// The distance of `NEAR` without a number, in words.
const NEAR: u16 = 10;

/// The maximum length of a keyword, in bytes.
const LONGEST: usize = 16;

/// Prefixes of keywords.
const BEGINNINGS: &[&str] = &["A", "AN", "N", "NE", "NEA", "NO", "O"];

impl Query {
    /// Parses `text`, which may be unfinished: an open quotation runs to the end, a lone minus is ignored. `since:7d`
    /// counts back from `today`.
    pub fn parse(text: &str, today: NaiveDate) -> Query {
        parse(text, today, false)
    }

    /// Parses `text` during typing. At the very end, a prefix of an operator is not a word, and an excluded word counts
    /// from its third letter on.
    pub fn parse_typing(text: &str, today: NaiveDate) -> Query {
        parse(text, today, true)
    }

    /// Returns the query that matches every article.
    pub fn everything() -> Query {
        parse("", NaiveDate::MIN, false)
    }
}

/// Parses `text`. `typing` tells that the end of the text may be unfinished.
fn parse(text: &str, today: NaiveDate, typing: bool) -> Query {
    let mut parser = Parser {
        text,
        today,
        typing,
        at: 0,
        depth: 0,
        negated: false,
        field: None,
        terms: Vec::new(),
        tokens: Vec::new(),
        sort: Sort::New,
        case: Case::Auto,
        mistake: None,
        conditions: Vec::new(),
        depends_on_today: false,
    };
    let root = parser.query();
    // A `case:` anywhere in the query applies to all terms, so they are resolved last.
    for term in &mut parser.terms {
        term.exact = ExactWords::of(term.kind, &term.text, term.field, parser.case);
    }
    Query {
        text: text.to_owned(),
        root,
        terms: parser.terms,
        tokens: parser.tokens,
        sort: parser.sort,
        case: parser.case,
        hidden_after: None,
        mistake: parser.mistake,
        conditions: parser.conditions,
        depends_on_today: parser.depends_on_today,
    }
}

/// An operator written as a word.
#[derive(Clone, Copy, PartialEq)]
enum Keyword {
    And,
    Or,
    Not,
    Near(u16),
}

struct Parser<'a> {
    text: &'a str,
    today: NaiveDate,
    typing: bool,
    at: usize,
    depth: usize,
    negated: bool,
    /// The field of the current group.
    field: Option<Field>,
    terms: Vec<Term>,
    tokens: Vec<Token>,
    sort: Sort,
    case: Case,
    mistake: Option<QueryError>,
    /// The spans of the conditions in the last `all`.
    conditions: Vec<std::ops::Range<usize>>,
    depends_on_today: bool,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn token(&mut self, length: usize, kind: TokenKind) {
        if length > 0 {
            self.tokens.push(Token { span: self.at..self.at + length, kind });
            self.at += length;
        }
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.token(rest.len() - rest.trim_start().len(), TokenKind::Space);
    }

    /// Skips `length` invalid bytes. Only the first mistake is reported.
    fn wrong(&mut self, length: usize, message: String) -> Expr {
        let span = self.at..self.at + length;
        self.mistake.get_or_insert(QueryError { span, message });
        self.token(length, TokenKind::Mistake);
        Expr::Everything
    }

    fn query(&mut self) -> Expr {
        let mut any = vec![self.all()];
        let mut conditions = std::mem::take(&mut self.conditions);
        while let Some((Keyword::Or, length)) = self.keyword() {
            self.token(length, TokenKind::Operator);
            any.push(self.all());
            conditions.clear();
        }
        // An unfinished alternative must not match everything.
        any.retain(|expr| *expr != Expr::Everything);
        self.conditions = conditions;
        joined(any, Expr::Or)
    }

    fn all(&mut self) -> Expr {
        let (mut all, mut conditions) = (Vec::new(), Vec::new());
        loop {
            self.spaces();
            if self.rest().is_empty() || (self.depth > 0 && self.rest().starts_with(')')) {
                break;
            }
            if self.typing && !all.is_empty() && BEGINNINGS.contains(&self.rest()) {
                self.token(self.rest().len(), TokenKind::Operator);
                break;
            }
            let start = self.at;
            let expr = match self.keyword() {
                Some((Keyword::Or, _)) => break,
                Some((Keyword::And, length)) => {
                    self.token(length, TokenKind::Operator);
                    continue;
                }
                Some((Keyword::Near(_), length)) => self.wrong(length, "NEAR needs a word on both sides".to_owned()),
                Some((Keyword::Not, _)) | None => self.near(),
            };
            match expr {
                Expr::Everything => {}
                expr => {
                    all.push(expr);
                    conditions.push(start..self.at);
                }
            }
        }
        self.conditions = conditions;
        joined(all, Expr::And)
    }

    fn near(&mut self) -> Expr {
        let start = self.at;
        let mut left = self.one();
        let mut pairs = Vec::new();
        loop {
            let rest = self.rest();
            let spaces = rest.len() - rest.trim_start().len();
            let (at, tokens) = (self.at, self.tokens.len());
            self.token(spaces, TokenKind::Space);
            let Some((Keyword::Near(within), length)) = self.keyword() else {
                self.at = at;
                self.tokens.truncate(tokens);
                break;
            };
            self.token(length, TokenKind::Operator);
            self.spaces();
            if self.rest().is_empty() || self.keyword().is_some() || self.rest().starts_with(')') {
                break;
            }
            let right = self.one();
            let (Some(one), Some(other)) = (self.side(&left), self.side(&right)) else {
                if left != Expr::Everything && right != Expr::Everything {
                    let message = "NEAR joins words, phrases, or groups of them joined by OR".to_owned();
                    self.mistake.get_or_insert(QueryError { span: start..self.at, message });
                }
                return Expr::Everything;
            };
            pairs.push(Expr::Near { left: one, right: other, within });
            left = right;
        }
        if pairs.is_empty() { left } else { joined(pairs, Expr::And) }
    }

    /// Returns the terms of one side of a `NEAR`, or `None` if it has other conditions.
    fn side(&self, expr: &Expr) -> Option<Vec<TermId>> {
        let term = |expr: &Expr| match expr {
            Expr::Term(id) if self.terms.get(usize::from(id.0))?.field.is_none_or(Field::is_text) => Some(*id),
            _ => None,
        };
        match expr {
            Expr::Or(any) => any.iter().map(term).collect(),
            expr => Some(vec![term(expr)?]),
        }
    }

    fn one(&mut self) -> Expr {
        let outer = self.negated;
        let mut negations = 0;
        loop {
            if self.rest().starts_with('-') {
                self.token(1, TokenKind::Operator);
            } else if let Some((Keyword::Not, length)) = self.keyword() {
                self.token(length, TokenKind::Operator);
                self.spaces();
            } else {
                break;
            }
            negations += 1;
        }
        if negations == 0 {
            return self.unit();
        }
        self.negated ^= negations % 2 == 1;
        let stops = self.rest().starts_with(char::is_whitespace) || matches!(self.keyword(), Some((Keyword::Or, _)));
        let inner = if stops { Expr::Everything } else { self.near() };
        self.negated = outer;
        match inner {
            Expr::Everything => Expr::Everything,
            inner if negations % 2 == 1 => Expr::Not(Box::new(inner)),
            inner => inner,
        }
    }

    fn unit(&mut self) -> Expr {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Expr::Everything };
        match first {
            '(' => self.group(),
            ')' if self.depth > 0 => Expr::Everything,
            ')' => self.wrong(1, "unmatched \")\"; quote it to search for it".to_owned()),
            _ => match self.field() {
                Some((spec, length)) => {
                    self.token(length, TokenKind::Field);
                    self.value(spec)
                }
                None => self.unknown_field().unwrap_or_else(|| self.text(self.field)),
            },
        }
    }

    fn group(&mut self) -> Expr {
        if self.depth == MAX_DEPTH {
            return self.wrong(self.rest().len(), format!("groups can be nested at most {MAX_DEPTH} deep"));
        }
        self.token(1, TokenKind::Operator);
        self.depth += 1;
        let inner = self.query();
        self.depth -= 1;
        if self.rest().starts_with(')') {
            self.token(1, TokenKind::Operator);
        }
        inner
    }

    /// Returns the keyword at the current position, with its length.
    fn keyword(&self) -> Option<(Keyword, usize)> {
        let rest = self.rest();
        // Without this limit, parsing would take quadratic time.
        let start = rest.get(..rest.floor_char_boundary(LONGEST))?;
        let length = start.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).unwrap_or(start.len());
        let word = start.get(..length)?;
        let keyword = match word {
            "AND" => Keyword::And,
            "OR" => Keyword::Or,
            "NOT" => Keyword::Not,
            "NEAR" | "NEAR/" => Keyword::Near(NEAR),
            _ => Keyword::Near(word.strip_prefix("NEAR/")?.parse().ok()?),
        };
        Some((keyword, length))
    }

    /// Returns the name before a colon, and its length with the colon.
    fn name(&self) -> Option<(&'a str, usize)> {
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let follows = rest.get(length..)?;
        (length > 0 && follows.starts_with(':') && !follows.starts_with("://"))
            .then_some((rest.get(..length)?, length + 1))
    }

    fn field(&self) -> Option<(&'static FieldSpec, usize)> {
        let (name, length) = self.name()?;
        Some((named(name)?, length))
    }

    /// Reports an unknown field if it resembles a known one; else it is an ordinary word.
    fn unknown_field(&mut self) -> Option<Expr> {
        let (name, length) = self.name()?;
        let meant = meant(name)?;
        let word = length + self.rest().get(length..).map_or(0, Parser::word_length);
        self.mistake.get_or_insert(QueryError {
            span: self.at..self.at + length,
            message: format!("unknown field \"{name}:\"; did you mean \"{meant}:\"?"),
        });
        self.token(word, TokenKind::Mistake);
        Some(Expr::Everything)
    }
}

/// Returns a single expression unchanged, several as a `list`, and none as `Everything`.
fn joined(mut exprs: Vec<Expr>, list: impl FnOnce(Vec<Expr>) -> Expr) -> Expr {
    match exprs.len() {
        0 => Expr::Everything,
        1 => exprs.remove(0),
        _ => list(exprs),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::text::{MAX_TERM, MAX_TERMS};
    use super::*;

    fn query(text: &str) -> Query {
        parse(text, NaiveDate::from_ymd_opt(2024, 3, 1).unwrap(), false)
    }

    fn trees(examples: &[(&str, &str)]) {
        for (text, tree) in examples {
            assert_eq!(query(text).to_string(), *tree, "{text}");
        }
    }

    #[test]
    fn words_phrases_and_negations_are_read() {
        trees(&[
            ("", "everything"),
            ("   ", "everything"),
            ("state", "state"),
            ("state department", "(and state department)"),
            ("\"State Department\"", "\"State Department\""),
            ("“two words” three", "(and \"two words\" three)"),
            ("mail -spam", "(and mail (not spam))"),
            ("mail NOT spam", "(and mail (not spam))"),
            ("-\"old news\"", "(not \"old news\")"),
            ("--x", "x"),
            ("well-known", "well-known"),
            ("https://example.org/x", "https://example.org/x"),
            ("10:30 Kyiv: f(x)", "(and 10:30 Kyiv: f(x))"),
        ]);
    }

    #[test]
    fn alternatives_groups_and_neighbours_are_read() {
        trees(&[
            ("a OR b", "(or a b)"),
            ("a b OR c d", "(or (and a b) (and c d))"),
            ("a (b OR c) -d", "(and a (or b c) (not d))"),
            ("a AND b", "(and a b)"),
            ("-(a OR b)", "(not (or a b))"),
            ("a or b", "(and a or b)"),
            ("a NEAR/5 b", "(near/5 a b)"),
            ("a NEAR b c", "(and (near/10 a b) c)"),
            ("(a OR b) NEAR/3 \"c d\"", "(near/3 (or a b) \"c d\")"),
            ("a NEAR/2 b NEAR/4 c", "(and (near/2 a b) (near/4 b c))"),
            ("-a NEAR/5 b", "(not (near/5 a b))"),
            ("/ab+c/ d", "(and /ab+c/ d)"),
            ("/a b/ OR /and\\/or/", "(or /a b/ /and\\/or/)"),
        ]);
    }

    #[test]
    fn fields_are_read() {
        trees(&[
            ("title:budget", "title:budget"),
            ("TITLE:\"two words\" lead:/x/", "(and title:\"two words\" lead:/x/)"),
            ("-source:(Reuters OR afp)", "(not (or source:Reuters source:afp))"),
            ("title:(a body:b)", "(and title:a body:b)"),
            ("path:/archive/2023", "path:/archive/2023"),
            ("date:2023-09", "date:2023-09-01..2023-09-30"),
            ("date:2023-09-01..2023-10", "date:2023-09-01..2023-10-31"),
            ("date:2023-09-27", "date:2023-09-27"),
            ("date:2023..", "date:2023-01-01.."),
            ("date:..2023", "date:..2023-12-31"),
            ("after:2023-09", "date:2023-10-01.."),
            ("before:2023-09", "date:..2023-08-31"),
            ("since:7d", "date:2024-02-23.."),
            ("words:>500 words:<100", "(and words:501.. words:0..99)"),
            ("words:300..500", "words:300..500"),
            ("is:unread has:link", "(and is:unread has:link)"),
            ("budget sort:old", "(sort:old budget)"),
            ("sort:title", "(sort:title everything)"),
        ]);
    }

    #[test]
    fn unfinished_queries_are_parsed_as_far_as_possible() {
        for (text, tree) in [
            ("\"", "everything"),
            ("\"state dep", "\"state dep\""),
            ("-", "everything"),
            ("mail -", "mail"),
            ("mail - spam", "(and mail spam)"),
            ("-\"", "everything"),
            ("(a", "a"),
            ("(a OR", "a"),
            ("a OR ", "a"),
            ("a OR (", "a"),
            ("a NOT", "a"),
            ("a NEAR", "a"),
            ("a NEAR/", "a"),
            ("a NEAR/5 ", "a"),
            ("(a NEAR/5 )", "a"),
            ("title:", "everything"),
            ("-title:", "everything"),
            ("title:(", "everything"),
            ("a date:", "a"),
            ("date:2", "date:2000-01-01..2999-12-31"),
            ("date:2023.", "date:2023-01-01..2023-12-31"),
            ("date:2023..2", "date:2023-01-01..2999-12-31"),
            ("date:tod", "everything"),
            ("since:7", "everything"),
            ("words:>", "everything"),
            ("is:un", "everything"),
            ("sort:", "everything"),
            ("/", "everything"),
            ("/ab(", "/ab/"),
            ("/ab(c|", "/ab/"),
            ("/a[b", "/a/"),
        ] {
            let query = query(text);
            assert_eq!(query.to_string(), tree, "{text}");
            assert_eq!(query.mistake(), None, "{text}");
        }
    }

    #[test]
    fn typing_ignores_terms_that_have_just_started() {
        for (text, typing, finished) in [
            ("state -m", "state", "(and state (not m))"),
            ("state -mi", "state", "(and state (not mi))"),
            ("state -mic", "(and state (not mic))", "(and state (not mic))"),
            ("state -m ", "(and state (not m))", "(and state (not m))"),
            ("-务", "(not 务)", "(not 务)"),
            ("state O", "state", "(and state O)"),
            ("state NEA", "state", "(and state NEA)"),
            ("(state NO", "state", "(and state NO)"),
            ("O", "O", "O"),
            ("state O b", "(and state O b)", "(and state O b)"),
        ] {
            assert_eq!(parse(text, NaiveDate::MIN, true).to_string(), typing, "{text}");
            assert_eq!(parse(text, NaiveDate::MIN, false).to_string(), finished, "{text}");
        }
    }

    #[test]
    fn mistakes_have_a_position_and_a_suggestion() {
        for (text, at, message) in [
            ("secton:world", 0..7, "unknown field \"secton:\"; did you mean \"section:\"?"),
            ("x author:Smith", 2..9, "unknown field \"author:\"; did you mean \"by:\"?"),
            ("x is:stared y", 5..11, "unknown value \"is:stared\"; did you mean \"is:starred\"?"),
            ("has:wings x", 4..9, "unknown value \"has:wings\"; expected note, link, image, date"),
            (
                "date:2023-13",
                5..12,
                "invalid date \"2023-13\"; write 2023, 2023-09, 2023-09-27, today, or a range such as 2023-09..2023-10",
            ),
            ("date:2023..2022", 5..15, "\"2023..2022\" ends before it begins"),
            ("since:7h", 6..8, "invalid period \"7h\"; write 7d, 2w, 3m or 1y for days, weeks, months or years"),
            ("words:many", 6..10, "invalid number \"many\"; write >500, <500 or 300..500"),
            ("a) b", 1..2, "unmatched \")\"; quote it to search for it"),
            (") b", 0..1, "unmatched \")\"; quote it to search for it"),
            ("NEAR b", 0..4, "NEAR needs a word on both sides"),
            ("date:2023 NEAR b", 0..16, "NEAR joins words, phrases, or groups of them joined by OR"),
            ("x /ab(c/", 5..8, "invalid regular expression: unclosed group"),
        ] {
            match query(text).mistake() {
                Some(mistake) => assert_eq!((mistake.span.clone(), mistake.message.as_str()), (at, message), "{text}"),
                None => assert_eq!(message, "", "{text}"),
            }
        }
        let query = query("é secton:world");
        let explained = query.explain(query.mistake().unwrap());
        assert!(explained.starts_with("é secton:world\n  ^^^^^^^\nunknown field \"secton:\""), "{explained}");
    }

    #[test]
    fn case_toggle_starts_with_the_case_that_changes_the_answer() {
        for (text, cycle) in [
            ("us", [Case::Exact, Case::Ignore, Case::Auto]),
            ("US army", [Case::Ignore, Case::Exact, Case::Auto]),
            ("section:WORLD", [Case::Exact, Case::Ignore, Case::Auto]),
        ] {
            let mut query = query(text);
            for case in cycle {
                query = query.clone().with_case(query.next_case());
                assert_eq!(query.case(), case, "{text}");
            }
        }
    }

    #[test]
    fn terms_below_a_negation_are_unwanted() {
        let query = query("a -(b OR -c) NOT d");
        assert_eq!(query.terms().iter().map(|term| term.negated).collect::<Vec<_>>(), [false, true, false, true]);
    }

    #[test]
    fn queries_refine_another_only_if_certain() {
        for (new, old, refines) in [
            ("stat", "sta", true),
            ("sta", "stat", false),
            ("state mail", "state", true),
            ("state -mail", "state", true),
            ("state -mails", "state -mail", false),
            ("state -mail", "state -mails", true),
            ("state", "state -mail", false),
            ("State", "state", true),
            ("state", "State", true),
            ("OP", "O", true),
            ("OPE", "OP", true),
            ("OPe", "OP", false),
            ("ope", "OPE", false),
            ("OPE", "ope", true),
            ("us", "US", false),
            ("USA", "US", true),
            ("\"US army\"", "us", true),
            ("\"US army", "\"US a", true),
            ("\"US army", "\"US", true),
            ("\"us army", "\"US", false),
            ("\"us ARMy", "\"us ARM", false),
            ("\"b USa EU", "\"b US", false),
            ("\"US ARMy\"", "\"US ARMy", true),
            ("case:exact us", "us", true),
            ("us", "case:exact us", false),
            ("case:ignore US", "US", false),
            ("US", "case:ignore US", true),
            ("\"state department\"", "\"state dep", true),
            ("\"state department\"", "\"state dep\"", false),
            ("\"state department\"", "depart", true),
            ("anything", "", true),
            ("", "anything", false),
            ("a", "a OR b", true),
            ("a OR b", "a", false),
            ("(a OR b) c", "a OR b OR d", true),
            ("title:state", "state", true),
            ("state", "title:state", false),
            ("path:state", "state", false),
            ("x date:2023-09", "x date:2023-0", true),
            ("x date:2023", "x date:2023-09", false),
            ("a NEAR/3 b", "a b", true),
            ("a NEAR/3 b", "a NEAR/5 b", true),
            ("a NEAR/5 b", "a NEAR/3 b", false),
            ("words:>500", "words:>100", true),
            ("a sort:old", "a", false),
            ("/ab/", "/a/", false),
            ("/ab/ c", "/ab/", true),
        ] {
            assert_eq!(query(new).refines(&query(old)), refines, "{new:?} after {old:?}");
        }
    }

    #[test]
    fn each_condition_can_be_left_out() {
        let query = query("state (a OR b) -mail date:2023");
        let conditions: Vec<_> =
            query.conditions().iter().map(|(text, rest, alone)| format!("{text} | {rest} | {alone}")).collect();
        assert_eq!(
            conditions,
            [
                "state | (and (or a b) (not mail) date:2023-01-01..2023-12-31) | state",
                "(a OR b) | (and state (not mail) date:2023-01-01..2023-12-31) | (or a b)",
                "-mail | (and state (or a b) date:2023-01-01..2023-12-31) | (not mail)",
                "date:2023 | (and state (or a b) (not mail)) | date:2023-01-01..2023-12-31",
            ]
        );
    }

    #[test]
    fn huge_pastes_are_parsed_in_one_pass() {
        let many = query(&"word \"two words\" -x ".repeat(100_000));
        assert_eq!(many.terms().len(), MAX_TERMS);
        assert!(many.mistake().unwrap().message.starts_with("a query has at most 64 words"));
        // These words are not separated by spaces.
        assert_eq!(query(&"-a=\"b\"".repeat(100_000)).terms().len(), MAX_TERMS);
        let patterns = query(&"/a+b/ ".repeat(100_000));
        assert_eq!((patterns.terms().len(), patterns.tokens().len()), (MAX_TERMS, 200_000));
        assert_eq!(query(&"x".repeat(5_000_000)).terms()[0].text.len(), MAX_TERM);
        for deep in ["(", "-", "-(", "NOT ", "title:(", "a OR (", "(a NEAR/2 ", "/"] {
            let text = deep.repeat(100_000);
            let query = query(&text);
            assert!(query.refines(&query) || query.root() == &Expr::Everything);
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a",
            "State",
            "é",
            "\"",
            "“",
            "(",
            ")",
            "-",
            "OR",
            "AND",
            "NOT",
            "NEAR/3",
            "NEAR",
            "/",
            "/x+/",
            "title:",
            "date:2023",
            "date:",
            "..",
            "since:7d",
            "words:>5",
            "is:",
            "has:x",
            "sort:old",
            "secton:",
            ":",
            " ",
            " ",
            "\u{a0}",
            "\\",
            "[",
            "path:/x",
            "tag:",
        ]);
        prop_oneof![prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat()), "\\PC{0,20}"]
    }

    proptest! {
        #[test]
        fn tokens_cover_the_whole_input(text in texts()) {
            let query = query(&text);
            let mut at = 0;
            for token in query.tokens() {
                prop_assert_eq!(token.span.start, at);
                prop_assert!(token.span.end > at && text.is_char_boundary(token.span.end));
                at = token.span.end;
            }
            prop_assert_eq!(at, text.len());
            prop_assert!(query.refines(&query));
            if let Some(mistake) = query.mistake() {
                prop_assert!(text.get(mistake.span.clone()).is_some());
                prop_assert!(!mistake.message.is_empty());
                query.explain(mistake);
            }
            for (typed, rest, _) in query.conditions() {
                prop_assert!(text.contains(typed));
                prop_assert!(rest.root() != &Expr::Everything);
            }
        }

        #[test]
        fn completion_ranges_stay_within_the_input(text in texts(), cursor in 0usize..40) {
            let cursor = text.floor_char_boundary(cursor.min(text.len()));
            if let Some(completion) = crate::query::complete(&text, cursor) {
                prop_assert!(text.get(completion.range.clone()).is_some());
                prop_assert_eq!(completion.range.end, cursor);
            }
        }
    }
}
