//! Saved searches, and the words of watched ones in articles.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::corpus::{Corpus, Slot};
use crate::journal::SearchChange;
use crate::marks::Marks;
use crate::query::{Query, SavedSearch};
use crate::search::{FacetSearch, Hit, Matcher};

/// The maximum number of bytes of an article that are shown, more than the longest books have. Typesetting them takes
/// 0.1 s, during which keys wait.
pub(crate) const MAX_SHOWN: usize = 4 << 20;

/// The saved searches.
#[derive(Clone, Debug, Default)]
pub struct SavedSearches {
    all: Arc<Vec<SavedSearch>>,
    /// The position in `all` and the matcher of each watched search.
    watches: Vec<(usize, Arc<Matcher>)>,
    /// Whether the words of watched searches are hidden.
    hidden: bool,
    /// Increases with every change.
    version: u64,
    today: NaiveDate,
}

/// Words of a watched search in the open article.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedHits {
    /// The position of the search among the saved ones.
    pub search: usize,
    /// The hits.
    pub hits: Vec<Hit>,
}

impl SavedSearches {
    /// Returns all saved searches, oldest first.
    pub fn all(&self) -> &[SavedSearch] {
        &self.all
    }

    /// Returns whether the words of watched searches are shown.
    pub fn is_watching(&self) -> bool {
        !self.hidden
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Returns the search of that name.
    pub(crate) fn named(&self, name: &str) -> Option<&SavedSearch> {
        self.all.iter().find(|search| search.name == name)
    }

    /// Returns the search that is run by this key.
    pub(crate) fn with_key(&self, key: char) -> Option<&SavedSearch> {
        self.all.iter().find(|search| search.key == Some(key))
    }

    pub(crate) fn set(&mut self, all: Vec<SavedSearch>, today: NaiveDate) {
        self.today = today;
        self.version += 1;
        let matcher =
            |search: &SavedSearch| Arc::new(Matcher::new(&Query::parse(&search.query, today), &Marks::default()));
        let watches = all.iter().enumerate().filter(|(_, search)| search.watch);
        self.watches = watches.map(|(number, search)| (number, matcher(search))).collect();
        self.all = Arc::new(all);
    }

    /// Returns the change that replaces the search of that name by `after`.
    pub(crate) fn change(&self, name: &str, after: Option<SavedSearch>) -> SearchChange {
        let at = self.all.iter().position(|search| search.name == name);
        SearchChange { before: at.and_then(|at| self.all.get(at)).cloned(), after, at: at.unwrap_or(self.all.len()) }
    }

    /// Shows or hides the words of watched searches. Returns false if no search is watched.
    pub(crate) fn toggle_watching(&mut self) -> bool {
        if self.watches.is_empty() {
            return false;
        }
        self.hidden = !self.hidden;
        true
    }

    /// Returns the searches to count for the sources pane.
    pub(crate) fn facets(&self) -> Vec<FacetSearch> {
        let facet = |search: &SavedSearch| FacetSearch {
            name: search.name.clone(),
            query: search.query.clone(),
            today: self.today,
        };
        self.all.iter().map(facet).collect()
    }

    /// Returns the words of watched searches in an article.
    pub(crate) fn hits(&self, corpus: &Corpus, slot: Slot) -> Vec<WatchedHits> {
        let Some(entry) = corpus.get(slot).filter(|_| !self.hidden) else { return Vec::new() };
        let each = self
            .watches
            .iter()
            .map(|(search, matcher)| WatchedHits { search: *search, hits: matcher.hits_within(entry, MAX_SHOWN) });
        each.filter(|watched| !watched.hits.is_empty()).collect()
    }
}
