//! Saved searches: by name and by key, and those whose words are watched for.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::app::panes::reading::SHOWN;
use crate::app::target::quoted;
use crate::app::{Confirmed, Effect, Overlay, OverlayKind, State};
use crate::corpus::{Corpus, Slot};
use crate::journal::{SearchChange, StepChange};
use crate::keys::Action;
use crate::marks::Marks;
use crate::query::{Query, SavedSearch};
use crate::search::{FacetSearch, Hit, Matcher};

/// The saved searches, and whether the watched words are shown.
#[derive(Clone, Debug, Default)]
pub struct Searches {
    all: Arc<Vec<SavedSearch>>,
    /// For each watch its place in `all` and what finds its words.
    watches: Vec<(usize, Arc<Matcher>)>,
    hidden: bool,
    /// How many times they changed.
    version: u64,
    today: NaiveDate,
}

/// Words of a watch in the open article.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The place of the search among the saved ones.
    pub search: usize,
    /// Where its words stand.
    pub hits: Vec<Hit>,
}

impl Searches {
    /// All of them, in the order in which they were saved.
    pub fn all(&self) -> &[SavedSearch] {
        &self.all
    }

    /// Whether the words of watches are shown.
    pub fn is_watching(&self) -> bool {
        !self.hidden
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
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

    /// What is to be counted for the sources pane.
    pub(crate) fn facets(&self) -> Vec<FacetSearch> {
        let facet = |search: &SavedSearch| FacetSearch {
            name: search.name.clone(),
            query: search.query.clone(),
            today: self.today,
        };
        self.all.iter().map(facet).collect()
    }

    /// Where the watched words stand in an article.
    pub(crate) fn watched(&self, corpus: &Corpus, slot: Slot) -> Vec<Watched> {
        let Some(entry) = corpus.get(slot).filter(|_| !self.hidden) else { return Vec::new() };
        let each = self
            .watches
            .iter()
            .map(|(search, matcher)| Watched { search: *search, hits: matcher.hits_within(entry, SHOWN) });
        each.filter(|watched| !watched.hits.is_empty()).collect()
    }
}

impl State {
    /// Takes over the saved searches.
    pub(crate) fn take_searches(&mut self, all: Vec<SavedSearch>) {
        self.searches.set(all, self.now.date());
        self.watch();
    }

    /// Marks the watched words in the open article anew.
    fn watch(&mut self) {
        let watched = self.reading.open().map(|open| self.searches.watched(&self.corpus, open.slot));
        self.reading.watch(watched.unwrap_or_default());
    }

    /// Changes the saved searches, here and in the library, as one step that can be undone.
    fn change_searches(&mut self, name: String, changes: Vec<SearchChange>) {
        let mut all = self.searches.all.as_ref().clone();
        changes.iter().for_each(|change| change.apply(&mut all));
        self.take_searches(all);
        let entry = self.record(name, StepChange::Searches(changes.clone()));
        self.outbox.push(Effect::ChangeSearches { changes, entry });
    }

    /// Returns the change that replaces the search of that name by `after`.
    fn search_change(&self, name: &str, after: Option<SavedSearch>) -> SearchChange {
        let all = self.searches.all();
        let at = all.iter().position(|search| search.name == name);
        SearchChange { before: at.and_then(|at| all.get(at)).cloned(), after, at: at.unwrap_or(all.len()) }
    }

    /// Saves the filter under the typed name, which `'` with a key, a colour and `watch` may follow.
    pub(crate) fn save_search(&mut self, typed: &str) {
        let query = self.filter.editor().text().trim().to_owned();
        if query.is_empty() {
            return self.fail("No filter to save; type one first");
        }
        if let Some(mistake) = self.filter.typed().mistake() {
            return self.fail(format!("Not saved: {}", mistake.message));
        }
        let search = match parse_search(typed) {
            Ok(search) => {
                // What is not typed stays as it was.
                let was = self.searches.all.iter().find(|other| other.name == search.name).cloned().unwrap_or_default();
                let (key, colour) = (search.key.or(was.key), search.colour.clone().or(was.colour));
                SavedSearch { query, key, colour, watch: search.watch || was.watch, ..search }
            }
            Err(mistake) => {
                // Reopen the line, so that the reader can correct it.
                let mut overlay = Overlay::new(OverlayKind::Ask(Action::SaveSearch));
                overlay.line.set(typed);
                self.overlay = Some(overlay);
                return self.fail(mistake.to_string());
            }
        };
        match self.searches.all.iter().find(|other| other.name == search.name) {
            Some(same) if *same == search => self.tell(format!("{} is saved like this already", search.name)),
            Some(_) => {
                let question = format!("A search named \"{}\" exists already. Replace it?", search.name);
                self.confirm(question, Confirmed::ReplaceSearch(search));
            }
            None => self.put_search(search),
        }
    }

    /// Saves a search. Replaces the one of the same name.
    pub(crate) fn put_search(&mut self, search: SavedSearch) {
        let name = search.name.clone();
        let how = search.key.map_or_else(|| "in the sources pane".to_owned(), |key| format!("'{key} brings it back"));
        let mut changes = Vec::new();
        // A key belongs to one search.
        let holder = |other: &&SavedSearch| other.key.is_some() && other.key == search.key && other.name != name;
        let mut taken = String::new();
        if let Some(other) = self.searches.all.iter().find(holder) {
            taken = format!(" and no longer {}", quoted(&other.name));
            changes.push(self.search_change(&other.name, Some(SavedSearch { key: None, ..other.clone() })));
        }
        changes.push(self.search_change(&name, Some(search)));
        let is_new = changes.last().is_some_and(|change| change.before.is_none());
        let verb = if is_new { "save" } else { "replace" };
        self.change_searches(format!("{verb} search {}", quoted(&name)), changes);
        self.tell_done(&format!("Saved as {name}; {how}{taken}"));
    }

    /// Filters by the saved search with this key.
    pub(crate) fn run_search(&mut self, key: char) {
        let Some(search) = self.searches.all.iter().find(|search| search.key == Some(key)) else {
            return self.tell(format!("No saved search has the key {key}"));
        };
        let (name, query) = (search.name.clone(), search.query.clone());
        self.filter_by(&query);
        self.tell(name);
    }

    /// Has the filter be this.
    pub(crate) fn filter_by(&mut self, query: &str) {
        self.filter.editor_mut().set(query);
        self.retype();
    }

    /// Deletes a saved search.
    pub(crate) fn forget_search(&mut self, name: &str) {
        let change = self.search_change(name, None);
        if change.before.is_none() {
            return self.tell(format!("No saved search is called {name}"));
        }
        let what = format!("search {}", quoted(name));
        self.change_searches(format!("delete {what}"), vec![change]);
        self.tell_done(&format!("Deleted {what}"));
    }

    /// Highlights the words of a saved search in every article, or stops doing so.
    pub(crate) fn watch_search(&mut self, name: &str) {
        let Some(search) = self.searches.all.iter().find(|search| search.name == name).cloned() else {
            return self.tell(format!("No saved search is called {name}"));
        };
        let watch = !search.watch;
        let told = if watch { "are highlighted in every article" } else { "are no longer highlighted" };
        let change = self.search_change(name, Some(SavedSearch { watch, ..search }));
        let verb = if watch { "watch" } else { "stop watching" };
        self.change_searches(format!("{verb} search {}", quoted(name)), vec![change]);
        self.tell(format!("The words of {name} {told}"));
    }

    /// Shows the watched words, or hides them.
    pub(crate) fn toggle_watches(&mut self) {
        if self.searches.watches.is_empty() {
            return self.tell("No saved search is watched");
        }
        self.searches.hidden = !self.searches.hidden;
        self.watch();
        self.tell(if self.searches.hidden { "Watched words are hidden" } else { "Watched words are shown" });
    }
}

/// Why a typed saved search is wrong.
#[derive(Debug, thiserror::Error)]
enum SearchSyntaxError {
    #[error("{0} is not a key: it is one letter or digit after '")]
    Key(String),
    #[error("\"{0}\" is not a colour; try #ff8800, light-blue or 0 to 255")]
    Colour(String),
    #[error("A saved search needs a name")]
    NoName,
}

/// Parses `NAME 'KEY COLOUR watch`; all but the name may be missing. Options follow the name.
fn parse_search(typed: &str) -> Result<SavedSearch, SearchSyntaxError> {
    let mut search = SavedSearch::default();
    let (mut name, mut has_options) = (Vec::new(), false);
    for word in typed.split_whitespace() {
        let is_option = if let Some(key) = word.strip_prefix('\'').filter(|_| !name.is_empty()) {
            let mut letters = key.chars();
            match (letters.next(), letters.next()) {
                (Some(key), None) if key.is_alphanumeric() => search.key = Some(key),
                _ => return Err(SearchSyntaxError::Key(word.to_owned())),
            }
            true
        } else if word == "watch" && !name.is_empty() {
            search.watch = true;
            true
        } else if !name.is_empty() && crate::config::is_colour(word) {
            search.colour = Some(word.to_owned());
            true
        } else if (has_options || word.starts_with('#')) && !name.is_empty() {
            return Err(SearchSyntaxError::Colour(word.to_owned()));
        } else {
            name.push(word);
            false
        };
        has_options |= is_option;
    }
    search.name = name.join(" ");
    if search.name.is_empty() { Err(SearchSyntaxError::NoName) } else { Ok(search) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_search_options_follow_the_name() {
        let search = parse_search("Asia desk 'a light-blue watch").unwrap();
        assert_eq!((search.name.as_str(), search.key, search.watch), ("Asia desk", Some('a'), true));
        assert_eq!(search.colour.as_deref(), Some("light-blue"));
        assert_eq!(parse_search("red").unwrap().name, "red");
    }

    #[test]
    fn saved_search_refuses_wrong_colours_and_keys() {
        for (typed, reason) in [
            ("Asia #ff88", "\"#ff88\" is not a colour"),
            ("Asia 'a blurple", "\"blurple\" is not a colour"),
            ("Asia 'ab", "'ab is not a key"),
            ("", "needs a name"),
        ] {
            assert!(parse_search(typed).unwrap_err().to_string().contains(reason), "{typed}");
        }
    }
}
