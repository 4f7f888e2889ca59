//! Facets: the number of articles in a result that are unread, starred, in a section, of a source, in a folder.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;

use super::{FeedNames, Matcher, SearchRequest, scan};
use crate::article::Role;
use crate::corpus::{ArticleRef, Corpus, Slot};
use crate::marks::Marks;
use crate::query::Query;
use crate::text::fold::fold;

/// The maximum number of sections, sources or folders; those with the most articles are returned.
const MOST: usize = 60;

/// The maximum number of feeds. Some readers have five hundred.
const MOST_FEEDS: usize = 2_000;

/// The number of articles between two checks for cancellation.
const PIECE: usize = 2_000;

/// The kind of a facet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum FacetKind {
    All,
    Unread,
    Starred,
    Search,
    Feed,
    FeedTag,
    Tag,
    Section,
    Source,
    Folder,
}

/// A group of articles with a common value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// The kind of value.
    pub kind: FacetKind,
    /// The value, as it is shown.
    pub name: String,
    /// A query for these articles; empty for all.
    pub query: String,
    /// The number of unread articles.
    pub unread: usize,
    /// The number of articles.
    pub total: usize,
}

/// A saved search to count.
#[derive(Clone, Debug)]
pub struct FacetSearch {
    /// The name.
    pub name: String,
    /// The text.
    pub query: String,
    /// The day that relative dates count from.
    pub today: NaiveDate,
}

/// The articles whose facets are counted.
#[derive(Clone, Debug)]
pub enum FacetKey {
    /// The articles in these slots.
    Slots(Arc<Vec<Slot>>),
    /// The articles that this query finds.
    Query(Arc<Query>),
}

/// Counts the facets of articles. Returns `None` if the count was cancelled.
pub fn facets(
    corpus: &Arc<Corpus>,
    counted: &FacetKey,
    marks: &Marks,
    searches: &[FacetSearch],
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Vec<Facet>> {
    let slots = match counted {
        FacetKey::Slots(slots) => Arc::clone(slots),
        FacetKey::Query(query) => found(corpus, query, marks, cancelled)?,
    };
    let mut whole = Count::default();
    let mut starred = Count::default();
    let (mut tags, mut sections) = (FacetCounts::default(), FacetCounts::default());
    let (mut sources, mut folders) = (FacetCounts::default(), FacetCounts::default());
    let (mut feeds, mut feed_tags) = (FacetCounts::default(), FacetCounts::default());
    for (number, &slot) in slots.iter().enumerate() {
        if number % PIECE == 0 && cancelled() {
            return None;
        }
        let Some(entry) = corpus.get(slot) else { continue };
        let marked = marks.get(entry.id());
        let unread = !marked.is_read();
        whole.add(unread);
        if marked.is_starred() {
            starred.add(unread);
        }
        for tag in marked.tags() {
            tags.put(tag.as_str().as_bytes(), unread, || tag.to_string());
        }
        let section = entry.section();
        if section.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ') {
            sections.put(section.as_bytes(), unread, || section.to_owned());
        } else {
            // Fold and capitalise, so that it is grouped with sections in capitals.
            sections.put(fold(section).to_uppercase().as_bytes(), unread, || section.to_owned());
        }
        if let Some(label) = entry.feeds() {
            label.names.iter().for_each(|name| feeds.put(name.as_bytes(), unread, || name.clone()));
            label.tags.iter().for_each(|tag| feed_tags.put(tag.as_bytes(), unread, || tag.clone()));
            continue;
        }
        put_sources(&mut sources, entry, unread);
        if let Some((folder, _)) = entry.place() {
            folders.put(folder.as_os_str().as_encoded_bytes(), unread, || folder.to_string_lossy().into_owned());
        }
    }
    let one = |kind, name: &str, query: &str, count: Count| Facet {
        kind,
        name: name.to_owned(),
        query: query.to_owned(),
        unread: count.unread,
        total: count.total,
    };
    let unread = Count { unread: whole.unread, total: whole.unread };
    let mut all = vec![
        one(FacetKind::All, "All", "", whole),
        one(FacetKind::Unread, "Unread", "is:unread", unread),
        one(FacetKind::Starred, "Starred", "is:starred", starred),
    ];
    for search in searches {
        let count = matching(corpus, &slots, marks, search, cancelled)?;
        let query = if search.query.contains(' ') { format!("({})", search.query) } else { search.query.clone() };
        all.push(one(FacetKind::Search, &search.name, &query, count));
    }
    let names = FeedNames::new(feeds.written().chain(feed_tags.written()));
    all.extend(feeds.facets(FacetKind::Feed, |name| names.query(name)));
    all.extend(feed_tags.facets(FacetKind::FeedTag, |tag| names.query(tag)));
    all.extend(tags.facets(FacetKind::Tag, |tag| format!("tag:{}", quoted(tag))));
    all.extend(sections.facets(FacetKind::Section, |section| format!("section:{}", quoted(section))));
    all.extend(sources.facets(FacetKind::Source, |source| format!("source:{}", quoted(source))));
    // A single folder is not a useful choice.
    if folders.0.len() > 1 {
        let mut each = folders.facets(FacetKind::Folder, |folder| format!("path:{}", quoted(folder)));
        each.iter_mut().for_each(|facet| facet.name = last_of(&facet.name));
        all.extend(each);
    }
    Some(all)
}

/// Counts the articles that a saved search finds. Returns `None` if the count was cancelled. The matcher is dropped
/// afterwards: a regular expression takes up to some megabytes, and there may be thousands of searches.
fn matching(
    corpus: &Corpus,
    slots: &[Slot],
    marks: &Marks,
    search: &FacetSearch,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Count> {
    let matcher = Matcher::new(&Query::parse(&search.query, search.today), marks);
    let mut count = Count::default();
    for (number, &slot) in slots.iter().enumerate() {
        if number % PIECE == 0 && cancelled() {
            return None;
        }
        let Some(entry) = corpus.get(slot) else { continue };
        if matcher.matches(slot, entry) {
            count.add(!marks.get(entry.id()).is_read());
        }
    }
    Some(count)
}

/// Returns the slots that a query finds, or `None` if the search was cancelled.
fn found(
    corpus: &Arc<Corpus>,
    query: &Arc<Query>,
    marks: &Marks,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Arc<Vec<Slot>>> {
    let (corpus, marks, query) = (Arc::clone(corpus), marks.clone(), Arc::clone(query));
    let request = SearchRequest { generation: 0, corpus, marks, query, within: None, screenful: usize::MAX };
    let mut slots = None;
    scan(&request, cancelled, &mut |answer| slots = answer.complete.then_some(answer.slots));
    slots
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    unread: usize,
    total: usize,
}

impl Count {
    fn add(&mut self, unread: bool) {
        self.total += 1;
        self.unread += usize::from(unread);
    }
}

/// The number of articles for each value. The key is the folded value; its first spelling is stored beside it.
#[derive(Default)]
struct FacetCounts(HashMap<Vec<u8>, (Count, String)>);

impl FacetCounts {
    fn put(&mut self, key: &[u8], unread: bool, written: impl FnOnce() -> String) {
        match self.0.get_mut(key) {
            Some((count, _)) => count.add(unread),
            None if key.is_empty() => {}
            None => {
                let mut count = Count::default();
                count.add(unread);
                self.0.insert(key.to_vec(), (count, written()));
            }
        }
    }

    /// Returns the spellings of the values.
    fn written(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(|(_, written)| written.as_str())
    }

    /// Returns the values with the most articles, in alphabetical order.
    fn facets(self, kind: FacetKind, query: impl Fn(&str) -> String) -> Vec<Facet> {
        let mut values: Vec<(Count, String)> = self.0.into_values().collect();
        values.sort_by(|(a, first), (b, second)| b.total.cmp(&a.total).then_with(|| first.cmp(second)));
        values.truncate(if kind == FacetKind::Feed { MOST_FEEDS } else { MOST });
        values.sort_by_key(|(_, name)| fold(name));
        let facet = |(count, name): (Count, String)| Facet {
            kind,
            query: query(&name),
            name,
            unread: count.unread,
            total: count.total,
        };
        values.into_iter().map(facet).collect()
    }
}

fn put_sources(sources: &mut FacetCounts, entry: ArticleRef<'_>, unread: bool) {
    for part in entry.parts().filter(|part| part.role == Role::Source) {
        let folded = entry.folded().get(part.folded.clone()).unwrap_or_default();
        sources.put(folded, unread, || {
            let mut unfolder = entry.unfolder();
            unfolder.skip_to(part.folded.start);
            unfolder.take(part.folded.end)
        });
    }
}

/// Quotes a value for a query. Quotes inside the value become spaces.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', " ").trim())
}

/// Returns the last two components of a path.
fn last_of(path: &str) -> String {
    let names: Vec<_> =
        Path::new(path).components().rev().take(2).map(|name| name.as_os_str().to_string_lossy()).collect();
    names.into_iter().rev().collect::<Vec<_>>().join("/")
}
