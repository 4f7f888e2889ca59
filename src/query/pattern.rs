//! Regular expressions: what may be written, and how it is made ready.
//!
//! An expression without capitals is looked for in folded text, so it ignores case, accents and typographic forms; one
//! with capitals is looked for in the text as it was written. Either way it is looked for in one paragraph at a time.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast::parse::ParserBuilder;

use crate::article::fold::fold;

/// How large a made-ready expression may get, in bytes.
const SIZE: usize = 1 << 20;

/// Makes an expression ready. `exact_case` says that it is for the text as it was written.
pub fn compile(pattern: &str, exact_case: bool) -> Result<Regex, regex::Error> {
    let folded;
    let pattern = if exact_case {
        pattern
    } else {
        folded = fold_letters(pattern);
        &folded
    };
    RegexBuilder::new(pattern).case_insensitive(!exact_case).size_limit(SIZE).dfa_size_limit(SIZE * 4).build()
}

/// The expression, with its slashes, that fits a text that is just this.
pub fn whole(text: &str) -> String {
    format!("/^{}$/", slashed(&regex_syntax::escape(text)))
}

/// An expression as it stands between slashes.
pub fn slashed(pattern: &str) -> String {
    let mut out = String::new();
    let mut escaped = false;
    for c in pattern.chars() {
        if c == '/' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

/// Whether a capital is looked for; those of classes such as `\S` are none.
pub(super) fn has_capitals(pattern: &str) -> bool {
    let mut escaped = false;
    pattern.chars().any(|c| {
        let capital = !escaped && c.is_uppercase();
        escaped = c == '\\' && !escaped;
        capital
    })
}

/// What is wrong with an expression, in a clause, and at which byte.
pub(super) fn wrong(pattern: &str, exact_case: bool) -> Option<(usize, String)> {
    match ParserBuilder::new().build().parse(pattern) {
        Err(error) => Some((error.span().start.offset.min(pattern.len()), error.kind().to_string())),
        Ok(_) => match compile(pattern, exact_case) {
            Ok(_) => None,
            Err(regex::Error::CompiledTooBig(_)) => Some((0, "it is too large".to_owned())),
            Err(error) => {
                // The last line of the explanation is the reason.
                let text = error.to_string();
                let reason = text.lines().next_back().unwrap_or("").trim().trim_start_matches("error: ");
                Some((0, reason.to_owned()))
            }
        },
    }
}

/// Folds letters beyond ASCII one by one; what is ASCII may be part of the expression.
fn fold_letters(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut letters = [0; 4];
    for c in pattern.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(&fold(c.encode_utf8(&mut letters)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_of_classes_are_no_capitals() {
        for (pattern, capitals) in [(r"\S+\W", false), (r"[A-Z]", true), (r"\\S", true), ("état", false)] {
            assert_eq!(has_capitals(pattern), capitals, "{pattern}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(wrong("a(b", false).unwrap().0, 1);
        assert_eq!(wrong("a{2,1}", false).unwrap().0, 1);
        assert!(wrong(r"(\w{1000}){1000}", false).unwrap().1.contains("too large"));
        assert_eq!(wrong(r"\bétat\b", false), None);
    }
}
