//! newsboat's `urls` file: each line is an address with tags, or a query, which becomes a saved search. The manual of
//! newsboat describes both (<https://newsboat.org/releases/2.21/docs/newsboat.html>).

use std::collections::HashSet;

use chrono::NaiveDate;

use super::{MAX_FEEDS, MAX_TAGS, Subscription, add_tag, feed_address};
use crate::query::{Query, slashed, whole};

/// The tag of feeds that newsboat hides from its list of feeds.
const HIDDEN: &str = "hidden";

/// The content of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Urls {
    /// The feeds, in order.
    pub subscriptions: Vec<Subscription>,
    /// The queries: name, and query in our language.
    pub searches: Vec<(String, String)>,
    /// The problems: line, cause and consequence.
    pub problems: Vec<(u32, String, String)>,
}

/// Parses the file as far as possible. Returns `None` if it contains neither feeds nor queries.
pub fn read(text: &str) -> Option<Urls> {
    let mut urls = Urls::default();
    let mut known = HashSet::new();
    let mut is_full = false;
    for (number, line) in (1..).zip(text.lines()) {
        let fields = split_words(line);
        let Some((first, rest)) = fields.split_first() else { continue };
        let mut problem =
            |cause: String, consequence: &str| urls.problems.push((number, cause, consequence.to_owned()));
        if let Some(query) = first.strip_prefix("query:") {
            let (name, filter) = query.split_once(':').unwrap_or((query, ""));
            match translate(filter).and_then(validate) {
                Ok(query) => urls.searches.push((name.to_owned(), query)),
                Err(cause) => problem(format!("the query \"{name}\": {cause}"), "it is left out"),
            }
            continue;
        }
        let Some(url) = feed_address(first) else {
            let is_known = ["filter:", "exec:", "file:"].iter().find(|kind| first.starts_with(*kind));
            match is_known {
                Some(kind) => problem(
                    format!("\"{kind}\" runs a command or reads a file, which is not supported"),
                    "the feed is left out",
                ),
                None => problem(format!("\"{first}\" is not a web address"), "the line is left out"),
            }
            continue;
        };
        if !known.insert(url.clone()) {
            problem(format!("{url} occurs twice"), "the line is left out");
            continue;
        }
        if urls.subscriptions.len() >= MAX_FEEDS {
            if !is_full {
                problem(format!("the file has more than {MAX_FEEDS} feeds"), "the others are left out");
            }
            is_full = true;
            continue;
        }
        let mut subscription = Subscription::new(url);
        let mut surplus = 0;
        for word in rest {
            let (is_title, text) = word.strip_prefix('~').map_or((false, word.as_str()), |title| (true, title));
            match text {
                "" => {}
                title if is_title => subscription.own_title = Some(title.to_owned()),
                tag => {
                    // A tag that begins with `!` hides the feed.
                    let tag = if tag.starts_with('!') { HIDDEN } else { tag };
                    surplus += usize::from(!add_tag(&mut subscription.tags, tag));
                }
            }
        }
        if surplus > 0 {
            problem(format!("the feed has more than {MAX_TAGS} tags"), "the others are left out");
        }
        urls.subscriptions.push(subscription);
    }
    (!urls.subscriptions.is_empty() || !urls.searches.is_empty()).then_some(urls)
}

/// Splits a line into words. Words in quotes may contain spaces, and a `#` between words starts a comment.
fn split_words(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut word = String::new();
        match chars.peek() {
            None | Some('#') => return fields,
            Some('"') => {
                chars.next();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        c => word.push(c),
                    }
                }
            }
            Some(_) => {
                while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                    word.push(c);
                }
            }
        }
        fields.push(word);
    }
}

/// A token of a filter expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum FilterToken {
    Open,
    Close,
    #[default]
    And,
    Or,
    /// Attribute, operator and value.
    Condition(String, String, String),
}

/// Why a filter of newsboat cannot be translated.
#[derive(Debug, thiserror::Error)]
enum FilterError {
    #[error("unmatched closing parenthesis")]
    UnopenedParenthesis,
    #[error("unclosed parenthesis")]
    UnclosedParenthesis,
    #[error("its parentheses are nested too deeply")]
    TooDeep,
    #[error("it has more than {MAX_CONDITIONS} conditions")]
    TooManyConditions,
    #[error("a condition is missing")]
    MissingCondition,
    #[error("\"{0}\" is not compared with a value")]
    MissingValue(String),
    #[error("unclosed quote")]
    UnclosedQuote,
    #[error("unexpected \"{0}\"")]
    Syntax(String),
    #[error("\"{attribute} {operator}\" is not supported")]
    Unsupported { attribute: String, operator: String },
    #[error("in {query}: {error}")]
    InvalidQuery { query: String, error: String },
}

/// An operator, a value, and the rest of the filter.
struct Comparison<'t> {
    operator: String,
    value: String,
    rest: &'t str,
}

/// Translates a filter of newsboat into our query language.
fn translate(filter: &str) -> Result<String, FilterError> {
    let tokens = tokenize(filter)?;
    let mut rest = tokens.as_slice();
    let query = expression(&mut rest, 0)?;
    if rest.is_empty() { Ok(query) } else { Err(FilterError::UnopenedParenthesis) }
}

/// Returns the query if it is valid: newsboat's regular expressions may differ from ours.
fn validate(query: String) -> Result<String, FilterError> {
    let parsed = Query::parse(&query, NaiveDate::default());
    match parsed.mistake() {
        None => Ok(query),
        Some(mistake) => Err(FilterError::InvalidQuery { error: mistake.message.clone(), query }),
    }
}

/// Maximum nesting depth of parentheses.
const MAX_DEPTH: usize = 50;

/// Maximum number of conditions, as our queries have at most this many terms.
const MAX_CONDITIONS: usize = 64;

/// Parses an expression. In newsboat, `and` and `or` have equal precedence and are right-associative.
fn expression(rest: &mut &[FilterToken], depth: usize) -> Result<String, FilterError> {
    if depth > MAX_DEPTH {
        return Err(FilterError::TooDeep);
    }
    let mut operands = vec![(operand(rest, depth)?, FilterToken::And)];
    while let Some((joint @ (FilterToken::And | FilterToken::Or), after)) = rest.split_first() {
        *rest = after;
        if operands.len() >= MAX_CONDITIONS {
            return Err(FilterError::TooManyConditions);
        }
        operands.push((operand(rest, depth)?, joint.clone()));
    }
    let (mut query, mut joint) = operands.pop().unwrap_or_default();
    let mut has_or = false;
    while let Some((left, next)) = operands.pop() {
        query = match joint {
            FilterToken::Or => format!("{left} OR {query}"),
            _ if has_or => format!("{left} ({query})"),
            _ => format!("{left} {query}"),
        };
        // An expression in parentheses binds like a single condition.
        has_or = joint == FilterToken::Or;
        joint = next;
    }
    Ok(query)
}

fn operand(rest: &mut &[FilterToken], depth: usize) -> Result<String, FilterError> {
    let Some((first, after)) = rest.split_first() else { return Err(FilterError::MissingCondition) };
    *rest = after;
    match first {
        FilterToken::Condition(attribute, operator, value) => condition(attribute, operator, value),
        FilterToken::Open => {
            let inner = expression(rest, depth + 1)?;
            let Some((FilterToken::Close, after)) = rest.split_first() else {
                return Err(FilterError::UnclosedParenthesis);
            };
            *rest = after;
            Ok(format!("({inner})"))
        }
        FilterToken::Close | FilterToken::And | FilterToken::Or => Err(FilterError::MissingCondition),
    }
}

/// Translates one condition.
fn condition(attribute: &str, operator: &str, value: &str) -> Result<String, FilterError> {
    let unsupported = FilterError::Unsupported { attribute: attribute.to_owned(), operator: operator.to_owned() };
    let unknown = || Err(unsupported);
    let (negated, operator) = match operator {
        "!=" => (true, "="),
        "!~" => (true, "=~"),
        "!#" => (true, "#"),
        "==" => (false, "="),
        operator => (false, operator),
    };
    let field = match attribute {
        "title" => "title",
        "author" => "by",
        "content" => "body",
        "feedtitle" | "tags" => "feed",
        "rssurl" => "path",
        "flags" => "tag",
        _ => "",
    };
    let condition = match (attribute, operator) {
        ("unread", "=") => match value {
            "yes" => "is:unread".to_owned(),
            "no" => "is:read".to_owned(),
            _ => return unknown(),
        },
        ("age", "<" | "<=" | ">" | ">=") => {
            let Ok(days) = value.parse::<u32>() else { return unknown() };
            let days = days.max(1);
            // An age of less than one day means today.
            if operator.starts_with('<') { format!("since:{days}d") } else { format!("-since:{days}d") }
        }
        ("tags", "#") => format!("{field}:{}", whole(&format!("#{value}"))),
        // Our tags are lower case.
        ("flags", "#") => format!("{field}:{}", whole(&value.to_lowercase())),
        ("tags" | "flags", _) => return unknown(),
        (_, "=~") if !field.is_empty() => format!("{field}:/{}/", slashed(value)),
        (_, "=") if !field.is_empty() => format!("{field}:{}", whole(value)),
        _ => return unknown(),
    };
    let condition = if negated { format!("-{condition}") } else { condition };
    Ok(condition.trim_start_matches("--").to_owned())
}

fn tokenize(filter: &str) -> Result<Vec<FilterToken>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = filter.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (FilterToken::Open, rest.get(1..)),
            ')' => (FilterToken::Close, rest.get(1..)),
            _ => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                match name {
                    "and" => (FilterToken::And, Some(after)),
                    "or" => (FilterToken::Or, Some(after)),
                    "" => return Err(FilterError::Syntax(rest.to_owned())),
                    name => {
                        let Comparison { operator, value, rest } = comparison(name, after.trim_start())?;
                        (FilterToken::Condition(name.to_owned(), operator, value), Some(rest))
                    }
                }
            }
        };
        tokens.push(token);
        rest = after.unwrap_or("").trim_start();
    }
    Ok(tokens)
}

/// Parses the operator and the value after an attribute.
fn comparison<'t>(name: &str, text: &'t str) -> Result<Comparison<'t>, FilterError> {
    const OPERATORS: [&str; 12] = ["==", "!=", "=~", "!~", "!#", "<=", ">=", "=", "#", "<", ">", "between"];
    let Some(operator) = OPERATORS.iter().find(|operator| text.starts_with(*operator)) else {
        return Err(FilterError::MissingValue(name.to_owned()));
    };
    let text = text.get(operator.len()..).unwrap_or("").trim_start();
    if let Some(quoted) = text.strip_prefix('"') {
        let mut value = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    let rest = quoted.get(at + 1..).unwrap_or("");
                    return Ok(Comparison { operator: (*operator).to_owned(), value, rest });
                }
                '\\' if chars.as_str().starts_with('"') => value.extend(chars.next().map(|(_, c)| c)),
                c => value.push(c),
            }
        }
        return Err(FilterError::UnclosedQuote);
    }
    let end = text.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    if value.is_empty() {
        return Err(FilterError::MissingValue(name.to_owned()));
    }
    Ok(Comparison { operator: (*operator).to_owned(), value: value.to_owned(), rest })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn lines_are_feeds_with_tags_and_titles() {
        let text = "# mine\n\nhttps://a.example/feed tech \"two words\" \"~My \\\"A\\\"\" # why\n\
            https://b.example/ \"!\" tech tech\nfeed://c.example/x\nfilter:~/bin/x:https://d.example/\nexec:ls\n\
            https://a.example/feed\n";
        let urls = read(text).unwrap();
        let [a, b, c] = urls.subscriptions.as_slice() else { panic!("{urls:?}") };
        assert_eq!((a.name(), a.tags.as_slice()), ("My \"A\"", ["tech".to_owned(), "two words".to_owned()].as_slice()));
        assert_eq!(b.tags, ["hidden", "tech"]);
        assert_eq!(c.url, "http://c.example/x");
        let lines: Vec<u32> = urls.problems.iter().map(|(line, ..)| *line).collect();
        assert_eq!(lines, [6, 7, 8]);
        assert_eq!(read("just some text\nof two lines"), None);
        let twice = read("https://a.example/feed \"!\" \"!b\" hidden\n").unwrap();
        assert_eq!(twice.subscriptions[0].tags, ["hidden"]);
    }

    #[test]
    fn queries_become_searches_in_our_language() {
        let cases = [
            ("unread = \\\"yes\\\"", "is:unread"),
            ("unread != \\\"yes\\\"", "-is:unread"),
            ("title =~ \\\"a/b\\\"", r"title:/a\/b/"),
            ("tags # \\\"news\\\" and unread = \\\"yes\\\"", "feed:/^\\#news$/ is:unread"),
            (
                "(author = \\\"A. B\\\" or content !~ \\\"x|y\\\") and age < 7",
                r"(by:/^A\. B$/ OR -body:/x|y/) since:7d",
            ),
            ("unread = \\\"yes\\\" and age < 3 or age > 5", "is:unread (since:3d OR -since:5d)"),
            ("age < 3 or unread = \\\"yes\\\" and age > 5", "since:3d OR is:unread -since:5d"),
            (
                "age < 1 and age < 2 or age < 3 and age < 4 or age < 5",
                "since:1d (since:2d OR since:3d (since:4d OR since:5d))",
            ),
            ("age > 30", "-since:30d"),
            ("flags # \\\"A\\\"", "tag:/^a$/"),
        ];
        for (filter, wanted) in cases {
            let urls = read(&format!("\"query:Mine:{filter}\"")).unwrap();
            assert_eq!(urls.searches, [("Mine".to_owned(), wanted.to_owned())], "{:?}", urls.problems);
            let today = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap();
            assert_eq!(Query::parse(wanted, today).mistake(), None, "{wanted}");
        }
    }

    #[test]
    fn queries_without_an_equivalent_are_reported() {
        for filter in [
            "enqueued = \\\"yes\\\"",
            "title =~",
            "a = 1",
            "((unread = \\\"yes\\\")",
            "unread = \\\"yes\\\" and",
            "age between 1:3",
            "title =~ \\\"*\\\"",
            "",
        ] {
            let urls = read(&format!("https://a.example/\n\"query:Q:{filter}\"\n")).unwrap();
            assert_eq!(urls.searches, [], "{filter}");
            assert_eq!((urls.problems.len(), urls.problems[0].0), (1, 2));
        }
    }
}
