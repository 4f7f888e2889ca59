//! Regular expressions: validation and compilation.
//!
//! An expression without capitals is matched against folded text, so it ignores case, accents and typographic variants.
//! An expression with capitals is matched against the original text. Each paragraph is matched separately.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{self, Ast, ClassAsciiKind, ClassSetItem, ClassUnicode, ClassUnicodeKind};

use crate::text::fold::fold;

/// The maximum size of a compiled expression, in bytes.
const SIZE: usize = 1 << 20;

/// Compiles an expression. With `exact_case`, it matches the original text, else folded text.
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

/// Returns an expression in slashes that matches exactly this text.
pub fn whole(text: &str) -> String {
    format!("/^{}$/", slashed(&regex_syntax::escape(text)))
}

/// Escapes the slashes of an expression.
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

/// Returns whether an expression contains capitals, as a letter or in a class (`[A-Z]`, `\p{Lu}`). Capitals of the syntax
/// (`\S`, `\p{Greek}`, names of groups) do not count.
pub(super) fn names_capitals(pattern: &str) -> bool {
    let tree = ParserBuilder::new().build().parse(pattern);
    tree.is_ok_and(|tree| ast::visit(&tree, Capitals(false)).unwrap_or(false))
}

/// Searches the syntax tree of an expression for capitals.
struct Capitals(bool);

impl Capitals {
    fn unicode(class: &ClassUnicode) -> bool {
        let name = match &class.kind {
            ClassUnicodeKind::OneLetter(letter) => letter.to_string(),
            ClassUnicodeKind::Named(name) => name.clone(),
            ClassUnicodeKind::NamedValue { value, .. } => value.clone(),
        };
        matches!(
            name.to_lowercase().replace(['_', ' ', '-'], "").as_str(),
            "lu" | "lt" | "uppercase" | "uppercaseletter"
        )
    }
}

impl ast::Visitor for Capitals {
    type Output = bool;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<bool, Self::Err> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), Self::Err> {
        self.0 |= match tree {
            Ast::Literal(literal) => literal.c.is_uppercase(),
            Ast::ClassUnicode(class) => Capitals::unicode(class),
            _ => false,
        };
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        self.0 |= match item {
            ClassSetItem::Literal(literal) => literal.c.is_uppercase(),
            ClassSetItem::Range(range) => range.start.c.is_uppercase() || range.end.c.is_uppercase(),
            ClassSetItem::Ascii(class) => class.kind == ClassAsciiKind::Upper,
            ClassSetItem::Unicode(class) => Capitals::unicode(class),
            _ => false,
        };
        Ok(())
    }
}

/// Returns the error of an expression as a byte offset and a clause. An expression must compile both with and without
/// case, because the case toggle can switch between them.
pub(super) fn wrong(pattern: &str) -> Option<(usize, String)> {
    match ParserBuilder::new().build().parse(pattern) {
        Err(error) => Some((error.span().start.offset.min(pattern.len()), error.kind().to_string())),
        Ok(_) => match compile(pattern, true).and_then(|_| compile(pattern, false)) {
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

/// Folds non-ASCII letters one by one; ASCII may be syntax of the expression. The result of folding is literal: `（`
/// does not start a group.
fn fold_letters(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut letters = [0; 4];
    for c in pattern.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(&regex_syntax::escape(&fold(c.encode_utf8(&mut letters))));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_of_the_syntax_do_not_count() {
        for (pattern, capitals) in [
            (r"\S+\W", false),
            (r"\p{Latin}afe", false),
            (r"(?P<X>tax)", false),
            ("état", false),
            (r"[A-Z]", true),
            (r"[[:upper:]]", true),
            (r"\p{Lu}\p{Ll}+", true),
            (r"\\S", true),
            ("Élysée", true),
        ] {
            assert_eq!(names_capitals(pattern), capitals, "{pattern}");
        }
    }

    #[test]
    fn full_width_characters_are_not_operators() {
        for (pattern, text, found) in [
            ("（新闻）", "你(新闻)他", true),
            ("（乙", "甲(乙", true),
            ("甲．乙", "甲x乙", false),
            ("wait…", "waiting", false),
        ] {
            assert_eq!(compile(pattern, false).unwrap().is_match(text.as_bytes()), found, "{pattern}");
        }
    }

    #[test]
    fn errors_have_a_position() {
        assert_eq!(wrong("a(b").unwrap().0, 1);
        assert_eq!(wrong("a{2,1}").unwrap().0, 1);
        assert!(wrong(r"(\w{1000}){1000}").unwrap().1.contains("too large"));
        assert_eq!(wrong(r"\bétat\b"), None);
    }
}
