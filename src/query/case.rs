//! Case sensitivity: which words of a term match only in their own case.
//!
//! A word ignores case unless it has two or more letters and all of them are capitals (`US`, `WHO`). In a phrase the
//! rule applies to each word. A regular expression is exact if it names a capital. `case:exact` and `case:ignore`
//! override the rule for text; names (of sections, sources, authors, tags, feeds, paths) ignore case.

use super::ast::{Case, ExactWords, Term, TermKind};
use super::fields::Field;
use super::pattern;
use crate::text::fold::fold_keeping_case;

impl ExactWords {
    /// Applies the rule of this module to a term.
    pub(super) fn of(kind: TermKind, text: &str, field: Option<Field>, case: Case) -> ExactWords {
        let is_name = field.is_some_and(Field::is_name);
        match (kind, case) {
            (TermKind::Regex, Case::Auto) => ExactWords::all_if(pattern::names_capitals(text)),
            (TermKind::Regex, _) if is_name => ExactWords::all_if(pattern::names_capitals(text)),
            (_, Case::Ignore) => ExactWords::None,
            _ if is_name => ExactWords::None,
            (_, Case::Exact) => ExactWords::All,
            (TermKind::Word, Case::Auto) => ExactWords::all_if(is_in_capitals(text)),
            (TermKind::Phrase { .. }, Case::Auto) => {
                let has_no_letters = |word: &str| !word.contains(char::is_alphabetic);
                let parts = || text.split_whitespace();
                match parts().any(is_in_capitals) {
                    false => ExactWords::None,
                    true if parts().all(|word| is_in_capitals(word) || has_no_letters(word)) => ExactWords::All,
                    true => ExactWords::Capitals,
                }
            }
        }
    }

    fn all_if(is_exact: bool) -> ExactWords {
        if is_exact { ExactWords::All } else { ExactWords::None }
    }
}

impl Term {
    /// Returns the words of the term, folded except for case, and whether each is case-sensitive.
    pub fn written_words(&self) -> Vec<(String, bool)> {
        let is_exact = |word: &str| match self.exact {
            ExactWords::None => false,
            ExactWords::Capitals => is_in_capitals(word),
            ExactWords::All => true,
        };
        let folded = fold_keeping_case(&self.text);
        folded.split(' ').map(|word| (word.to_owned(), is_exact(word))).collect()
    }
}

/// Returns whether a word has two or more letters, all of them capitals.
fn is_in_capitals(word: &str) -> bool {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    letters.clone().nth(1).is_some() && letters.all(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Query;

    fn exact(query: &str) -> Vec<ExactWords> {
        Query::parse(query, chrono::NaiveDate::MIN).terms().iter().map(|term| term.exact).collect()
    }

    #[test]
    fn capitals_make_a_word_exact() {
        use ExactWords::{All, None};
        for word in ["US", "WHO", "U.S.", "AIDS", "COVID-19", "ΟΠΕΚ", "ÉTÉ", "title:US", "note:US"] {
            assert_eq!(exact(word), [All], "{word}");
        }
        for word in ["us", "Us", "Opec", "OPe", "U", "G7", "°C", "EU's", "中US", "2023", "section:WORLD", "feed:BBC"]
        {
            assert_eq!(exact(word), [None], "{word}");
        }
    }

    #[test]
    fn phrases_apply_the_rule_to_each_word() {
        use ExactWords::{All, Capitals, None};
        for (phrase, wanted) in [
            ("\"State Department\"", None),
            ("\"US\"", All),
            ("\"US 2023\"", All),
            ("\"US Army\"", Capitals),
            ("\"A US\"", Capitals),
            ("source:\"AFP\"", None),
        ] {
            assert_eq!(exact(phrase), [wanted], "{phrase}");
        }
        let query = Query::parse("\"The US army", chrono::NaiveDate::MIN);
        let written = query.terms()[0].written_words();
        assert_eq!(written, [("The".to_owned(), false), ("US".to_owned(), true), ("army".to_owned(), false)]);
    }

    #[test]
    fn case_field_overrides_the_rule_wherever_it_stands() {
        use ExactWords::{All, None};
        assert_eq!(exact("case:exact us \"a b\" /x/ section:world"), [All, All, All, None]);
        assert_eq!(exact("us US case:exact"), [All, All]);
        assert_eq!(exact("case:ignore US \"US Army\" /[A-Z]/ feed:/^News$/"), [None, None, None, All]);
        assert_eq!(exact("case:auto US us"), [All, None]);
    }
}
