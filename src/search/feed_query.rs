//! Queries for the entries of one feed by its name, or of several feeds by a tag.

use crate::query::whole;
use crate::text::fold::fold;

/// All names of feeds, and their tags with a leading `#`. A query must match only one of them.
#[derive(Clone, Debug, Default)]
pub struct FeedNames {
    /// The folded names, one a line.
    lines: String,
}

impl FeedNames {
    /// Collects names; each must be given once.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> FeedNames {
        let mut lines = String::new();
        for name in names {
            lines.push_str(&fold(name));
            lines.push('\n');
        }
        FeedNames { lines }
    }

    /// Returns the query that matches exactly this name: the name in quotes if that matches no other name, else a regular
    /// expression.
    pub fn query(&self, name: &str) -> String {
        let folded = fold(name);
        let is_plain = !folded.contains('"') && !folded.is_empty() && name.trim() == name;
        if is_plain && self.phrases(&folded).nth(1).is_none() {
            format!("feed:\"{name}\"")
        } else {
            format!("feed:{}", whole(name))
        }
    }

    /// Returns the value of `feed:` that matches only this name: the bare word if the name is one and no other name
    /// contains it, else the value of [`query`](Self::query).
    pub fn value(&self, name: &str) -> String {
        let is_word = !name.starts_with('/')
            && !name
                .contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '“' | '”' | '„' | '«' | '»'));
        let folded = fold(name);
        if is_word && !folded.is_empty() && self.lines.match_indices(&folded).nth(1).is_none() {
            return name.to_owned();
        }
        let query = self.query(name);
        query.strip_prefix("feed:").unwrap_or(&query).to_owned()
    }

    /// Returns the positions of `folded` as a phrase, between word boundaries.
    fn phrases<'n>(&'n self, folded: &'n str) -> impl Iterator<Item = usize> + 'n {
        let part_of_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let places = self.lines.match_indices(folded).map(|(at, _)| at);
        places.filter(move |&at| {
            let before = self.lines.get(..at).and_then(|before| before.chars().next_back());
            let behind = self.lines.get(at + folded.len()..).and_then(|behind| behind.chars().next());
            let goes_on_before = part_of_word(before) && part_of_word(folded.chars().next());
            let goes_on_behind = part_of_word(behind) && part_of_word(folded.chars().next_back());
            !goes_on_before && !goes_on_behind
        })
    }
}
