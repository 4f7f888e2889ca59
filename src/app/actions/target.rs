//! Finds the articles of a target, and names them for messages.

use std::sync::Arc;

use crate::app::{Focus, State, Target};
use crate::article::ArticleId;
use crate::search::{Facet, FacetKind, SearchRequest, scan};
use crate::text::clean;
use crate::text::format::{counted, grouped};

/// The maximum number of row names in a message.
const NAMED: usize = 3;

/// The maximum number of characters of a headline in a message.
const HEADLINE: usize = 60;

impl State {
    /// Returns the selected article.
    pub(crate) fn selected_article(&self) -> Option<ArticleId> {
        Some(self.corpus.get(self.list.selected_slot()?)?.id())
    }

    /// Returns the target of a key: `count` rows from the cursor of the focused pane.
    pub(crate) fn target(&self, count: Option<usize>) -> Target {
        let count = count.unwrap_or(1).max(1);
        match self.screen.focus {
            Focus::Sources => Target::Sources(self.sources.rows_below(count).to_vec()),
            Focus::List | Focus::Reading | Focus::Filter => {
                let below = self.list.slots().iter().skip(self.list.selected()).take(count);
                Target::Articles(below.filter_map(|&slot| Some(self.corpus.get(slot)?.id())).collect())
            }
        }
    }

    /// Returns the target of a palette command: the row of the sources pane if that has the focus, else all listed
    /// articles. With a count it is that number of rows.
    pub(crate) fn command_target(&self, count: Option<usize>) -> Target {
        match (count, self.screen.focus) {
            (None, Focus::List | Focus::Reading | Focus::Filter) => Target::Listed,
            (_, _) => self.target(count),
        }
    }

    /// Returns the articles of a target, in the order of the list. Returns `None` while the filter of the list is still
    /// running.
    pub(crate) fn articles_of(&self, target: &Target) -> Option<Vec<ArticleId>> {
        match target {
            Target::Articles(articles) => Some(articles.clone()),
            Target::Listed if self.filter.is_on() && !self.filter.is_answered() => None,
            Target::Listed => {
                let entries = self.list.slots().iter().filter_map(|&slot| self.corpus.get(slot));
                Some(entries.map(|entry| entry.id()).collect())
            }
            Target::Sources(rows) => Some(self.articles_of_rows(rows)),
        }
    }

    /// Searches the whole corpus, on all cores. 300,000 articles take a few tens of milliseconds.
    fn articles_of_rows(&self, rows: &[Facet]) -> Vec<ArticleId> {
        if rows.is_empty() {
            return Vec::new();
        }
        let query = if rows.iter().any(|row| row.query.is_empty()) {
            String::new()
        } else {
            rows.iter().map(|row| format!("({})", row.query)).collect::<Vec<_>>().join(" OR ")
        };
        let request = SearchRequest {
            generation: 0,
            corpus: Arc::clone(&self.corpus),
            marks: self.marks.current().clone(),
            query: Arc::new(self.parse_query(&query, false)),
            within: None,
            screenful: usize::MAX,
        };
        let mut found = Vec::new();
        scan(&request, &|| false, &mut |answer| {
            if answer.complete {
                found.extend(answer.slots.iter().filter_map(|&slot| Some(self.corpus.get(slot)?.id())));
            }
        });
        found
    }

    /// Returns the articles of the first row of a target, whose state decides what a toggle does.
    pub(crate) fn first_row_of(&self, target: &Target, articles: &[ArticleId]) -> Vec<ArticleId> {
        match target {
            Target::Sources(rows) if rows.len() > 1 => self.articles_of_rows(rows.get(..1).unwrap_or_default()),
            Target::Sources(_) => articles.to_vec(),
            Target::Articles(_) | Target::Listed => articles.iter().take(1).copied().collect(),
        }
    }

    /// Names the articles that were changed, as in `"Headline"` or `41 articles of "Reuters"`.
    pub(crate) fn name_of(&self, target: &Target, changed: &[ArticleId]) -> String {
        let several = |kind: &str| {
            let number = changed.len() as u64;
            counted(number, &format!("{kind}article"), &format!("{kind}articles"))
        };
        let Target::Sources(rows) = target else {
            let headline = |article: &ArticleId| self.corpus.get(self.corpus.find(*article)?).map(|it| it.headline());
            return match (changed, changed.first().and_then(headline)) {
                ([_], Some(headline)) => quoted(headline.as_str()),
                _ => several(""),
            };
        };
        match rows.as_slice() {
            [Facet { kind: FacetKind::All, .. }] => several(""),
            [Facet { kind: FacetKind::Unread, .. }] => several("unread "),
            [Facet { kind: FacetKind::Starred, .. }] => several("starred "),
            rows if rows.len() <= NAMED => {
                let names: Vec<String> = rows.iter().map(|row| quoted(&row.name)).collect();
                format!("{} of {}", several(""), names.join(", "))
            }
            rows => format!("{} of {} rows", several(""), grouped(rows.len() as u64)),
        }
    }
}

/// Puts a headline or name in quotation marks, cut to a length that fits a message.
pub(crate) fn quoted(text: &str) -> String {
    let text = clean(text);
    let mut short: String = text.chars().take(HEADLINE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("\"{short}\"")
}
