//! The changes of a step. Libraries store the JSON form, so names and meanings here never change; variants may be
//! added.

use std::collections::{HashMap, HashSet};

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::article::ArticleId;
use crate::marks::{Change, MarkChange, Marks};
use crate::query::SavedSearch;
use crate::subscriptions::{Subscription, one_line};

/// The changes of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "changes", rename_all = "kebab-case")]
pub enum StepChange {
    /// Marks on articles.
    Marks(Vec<MarkGroup>),
    /// Saved searches, in the order in which they changed.
    Searches(Vec<SearchChange>),
    /// Subscriptions.
    Feeds(Vec<FeedChange>),
}

/// One change that was made to several articles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkGroup {
    /// The change.
    pub change: Change,
    /// The articles.
    pub articles: ArticleIds,
}

/// Identities of articles; in JSON the base64 form of 8 bytes each, so that 100,000 of them take about 1 MB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleIds(pub Vec<ArticleId>);

impl Serialize for ArticleIds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|article| article.0.to_le_bytes()).collect();
        serializer.serialize_str(&BASE64.encode(&bytes))
    }
}

impl<'de> Deserialize<'de> for ArticleIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ArticleIds, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text.as_bytes()).map_err(de::Error::custom)?;
        let (articles, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(de::Error::custom("an article has 8 bytes"));
        }
        Ok(ArticleIds(articles.iter().map(|bytes| ArticleId(u64::from_le_bytes(*bytes))).collect()))
    }
}

/// A saved search that was added, replaced or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchChange {
    /// The search before; `None` if there was none.
    pub before: Option<SavedSearch>,
    /// The search after; `None` if it was deleted.
    pub after: Option<SavedSearch>,
    /// The index in the list of searches.
    pub at: usize,
}

impl SearchChange {
    /// Returns the change that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> SearchChange {
        SearchChange { before: self.after.clone(), after: self.before.clone(), at: self.at }
    }

    /// Returns the name of the search.
    pub fn name(&self) -> &str {
        self.before.as_ref().or(self.after.as_ref()).map_or("", |search| &search.name)
    }

    /// Returns whether the searches are as they were before the change.
    pub fn applies_to(&self, all: &[SavedSearch]) -> bool {
        all.iter().find(|search| search.name == self.name()) == self.before.as_ref()
    }

    /// Makes the change. Another search with the same key loses it.
    pub fn apply(&self, all: &mut Vec<SavedSearch>) {
        let found = all.iter().position(|search| search.name == self.name());
        match (found, &self.after) {
            (Some(found), Some(after)) => all[found] = after.clone(),
            (Some(found), None) => {
                all.remove(found);
            }
            (None, Some(after)) => all.insert(self.at.min(all.len()), after.clone()),
            (None, None) => {}
        }
        if let Some(SavedSearch { key: Some(key), name, .. }) = &self.after {
            for other in all.iter_mut().filter(|other| other.key == Some(*key) && other.name != *name) {
                other.key = None;
            }
        }
    }
}

/// A feed that was subscribed to, unsubscribed or changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedChange {
    /// The number of the feed in the library.
    pub feed: i64,
    /// The subscription before; `None` if there was none.
    pub before: Option<SubscriptionState>,
    /// The subscription after; `None` if it ended.
    pub after: Option<SubscriptionState>,
}

/// A subscription and its position among the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubscriptionState {
    /// The position.
    pub position: i64,
    /// The subscription.
    pub subscription: Subscription,
}

impl SubscriptionState {
    /// Returns whether two subscriptions have the same name, tags and settings. Ignores fields that a refresh changes.
    pub fn is_chosen_like(&self, other: &SubscriptionState) -> bool {
        let chosen = |state: &SubscriptionState| {
            let Subscription { own_title, tags, full_text, keep_count, keep_days, .. } = state.subscription.clone();
            (own_title, tags, full_text, keep_count, keep_days)
        };
        chosen(self) == chosen(other)
    }
}

impl FeedChange {
    /// Returns the change that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> FeedChange {
        FeedChange { feed: self.feed, before: self.after.clone(), after: self.before.clone() }
    }

    /// Returns the name of the feed, before the change if it existed.
    pub fn name(&self) -> &str {
        self.before.as_ref().or(self.after.as_ref()).map_or("", |state| state.subscription.name())
    }
}

/// Names a step that changes subscriptions.
pub fn name_of_feeds(changes: &[FeedChange]) -> String {
    let quoted = |name: &str| format!("\"{}\"", one_line(name));
    let subject = match changes {
        [only] => quoted(only.name()),
        several => format!("{} feeds", several.len()),
    };
    let Some(first) = changes.first() else { return String::new() };
    let kind = |change: &FeedChange| (change.before.is_some(), change.after.is_some());
    if changes.iter().any(|change| kind(change) != kind(first)) {
        return format!("change {} subscriptions", changes.len());
    }
    let (before, after) = match (&first.before, &first.after) {
        (None, _) => return format!("subscribe to {subject}"),
        (_, None) => return format!("unsubscribe from {subject}"),
        (Some(before), Some(after)) => (&before.subscription, &after.subscription),
    };
    if before.own_title != after.own_title {
        format!("rename {subject} to {}", quoted(after.name()))
    } else if before.tags != after.tags {
        format!("change the tags of {subject}")
    } else {
        format!("change the settings of {subject}")
    }
}

impl StepChange {
    /// Replaces identities of articles that moved. Returns whether any occurs in the step.
    pub fn rename(&mut self, moved: &HashMap<ArticleId, ArticleId>) -> bool {
        let StepChange::Marks(groups) = self else { return false };
        let mut renamed = false;
        for article in groups.iter_mut().flat_map(|group| &mut group.articles.0) {
            if let Some(&to) = moved.get(article) {
                *article = to;
                renamed = true;
            }
        }
        renamed
    }

    /// Groups equal changes that follow one another.
    pub fn of_marks(changes: &[MarkChange]) -> StepChange {
        let mut groups: Vec<MarkGroup> = Vec::new();
        for MarkChange { article, change } in changes {
            match groups.last_mut().filter(|group| group.change == *change) {
                Some(group) => group.articles.0.push(*article),
                None => groups.push(MarkGroup { change: change.clone(), articles: ArticleIds(vec![*article]) }),
            }
        }
        StepChange::Marks(groups)
    }
}

/// Returns the changes of a step, or their inverses if `undo` is set, in the order to apply them.
pub fn markings(groups: &[MarkGroup], undo: bool) -> Vec<MarkChange> {
    let each = groups.iter().flat_map(|MarkGroup { change, articles }| {
        let change = if undo { change.inverse() } else { change.clone() };
        articles.0.iter().map(move |&article| MarkChange { article, change: change.clone() })
    });
    let mut all: Vec<MarkChange> = each.collect();
    if undo {
        all.reverse();
    }
    all
}

/// Returns the number of articles of a step, and how many of them no longer have the values that an undo or redo
/// expects.
pub fn changed_articles(marks: &Marks, groups: &[MarkGroup], undo: bool) -> (usize, usize) {
    let (mut all, mut changed) = (HashSet::new(), HashSet::new());
    for MarkGroup { change, articles } in groups {
        let expected = if undo { change.clone() } else { change.inverse() };
        for article in &articles.0 {
            all.insert(*article);
            if !marks.get(*article).has(&expected) {
                changed.insert(*article);
            }
        }
    }
    (all.len(), changed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form_of_steps_is_pinned() {
        let articles = ArticleIds(vec![ArticleId(1), ArticleId(u64::MAX)]);
        let tag = crate::marks::Tag::new("asia").unwrap();
        let group = |change| MarkGroup { change, articles: articles.clone() };
        let marks = StepChange::Marks(vec![
            group(Change::Read(true)),
            group(Change::Starred(false)),
            group(Change::Tagged(tag.clone(), true)),
            group(Change::Tagged(tag, false)),
            group(Change::Note { text: "new".into(), was: "old".into() }),
        ]);
        let search =
            SavedSearch { name: "Asia".to_owned(), query: "asia".to_owned(), key: Some('a'), ..SavedSearch::default() };
        let searches = StepChange::Searches(vec![SearchChange { before: None, after: Some(search), at: 2 }]);
        let subscription = Subscription::new("https://example.org/feed");
        let feed = FeedChange { feed: 7, before: None, after: Some(SubscriptionState { position: 3, subscription }) };
        let feeds = StepChange::Feeds(vec![feed]);
        let ids = r#""articles":"AQAAAAAAAAD//////////w==""#;
        let expected = [
            (
                marks,
                format!(
                    r#"{{"kind":"marks","changes":[{{"change":{{"read":true}},{ids}}},{{"change":{{"starred":false}},{ids}}},{{"change":{{"tag":"asia"}},{ids}}},{{"change":{{"untag":"asia"}},{ids}}},{{"change":{{"note":{{"text":"new","was":"old"}}}},{ids}}}]}}"#
                ),
            ),
            (
                searches,
                r#"{"kind":"searches","changes":[{"before":null,"after":{"name":"Asia","query":"asia","key":"a","colour":null,"watch":false},"at":2}]}"#
                    .to_owned(),
            ),
            (
                feeds,
                r#"{"kind":"feeds","changes":[{"feed":7,"before":null,"after":{"position":3,"subscription":{"url":"https://example.org/feed"}}}]}"#
                    .to_owned(),
            ),
        ];
        for (change, json) in expected {
            assert_eq!(serde_json::to_string(&change).unwrap(), json);
            assert_eq!(serde_json::from_str::<StepChange>(&json).unwrap(), change);
        }
    }

    #[test]
    fn step_of_100000_articles_takes_about_a_megabyte() {
        let id = |number: u64| ArticleId(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let changes: Vec<MarkChange> =
            (0..100_000).map(|number| MarkChange { article: id(number), change: Change::Read(true) }).collect();
        let json = serde_json::to_string(&StepChange::of_marks(&changes)).unwrap();
        assert!(json.len() < 1_100_000, "{}", json.len());
    }
}
