//! Actions on saved searches.

use super::target::quoted;
use crate::app::{ConfirmedAction, Effect, Overlay, Prompt, State};
use crate::journal::{SearchChange, StepChange};
use crate::keys::Action;
use crate::query::SavedSearch;

impl State {
    /// Replaces the saved searches.
    pub(crate) fn set_searches(&mut self, all: Vec<SavedSearch>) {
        self.searches.set(all, self.now.date());
        self.highlight_watched();
    }

    /// Highlights the words of watched searches in the open article.
    fn highlight_watched(&mut self) {
        let watched = self.reading.open().map(|open| self.searches.hits(&self.corpus, open.slot));
        self.reading.set_watched(watched.unwrap_or_default());
    }

    /// Changes saved searches, here and in the library, as one step that can be undone.
    fn change_searches(&mut self, name: String, changes: Vec<SearchChange>) {
        let mut all = self.searches.all().to_vec();
        for change in &changes {
            change.apply(&mut all);
        }
        self.set_searches(all);
        let entry = self.record(name, StepChange::Searches(changes.clone()));
        self.outbox.push(Effect::ChangeSearches { changes, entry });
    }

    /// Saves the filter under the typed name, which `'` with a key, a colour and `watch` may follow.
    pub(crate) fn save_search(&mut self, typed: &str) {
        let query = self.filter.editor().text().trim().to_owned();
        if query.is_empty() {
            return self.notify_error("No filter to save; type one first");
        }
        if let Some(mistake) = self.filter.typed().mistake() {
            return self.notify_error(format!("Not saved: {}", mistake.message));
        }
        let search = match parse_search(typed) {
            Ok(search) => {
                // Options that are not typed stay as they were.
                let was = self.searches.named(&search.name).cloned().unwrap_or_default();
                let (key, colour) = (search.key.or(was.key), search.colour.clone().or(was.colour));
                SavedSearch { query, key, colour, watch: search.watch || was.watch, ..search }
            }
            Err(mistake) => {
                // Reopen the line, so that the reader can correct it.
                self.overlay = Some(Overlay::Prompt(Prompt::for_action(Action::SaveSearch).with_text(typed)));
                return self.notify_error(mistake.to_string());
            }
        };
        match self.searches.named(&search.name) {
            Some(same) if *same == search => self.notify(format!("{} is saved like this already", search.name)),
            Some(_) => {
                let question = format!("A search named \"{}\" exists already. Replace it?", search.name);
                self.confirm(question, ConfirmedAction::ReplaceSearch(search));
            }
            None => self.put_search(search),
        }
    }

    /// Saves a search. Replaces the one of the same name.
    pub(crate) fn put_search(&mut self, search: SavedSearch) {
        let name = search.name.clone();
        let how = search.key.map_or_else(|| "in the sources pane".to_owned(), |key| format!("'{key} runs it"));
        let mut changes = Vec::new();
        // A key belongs to one search.
        let holder = |other: &&SavedSearch| other.key.is_some() && other.key == search.key && other.name != name;
        let mut no_longer = String::new();
        if let Some(other) = self.searches.all().iter().find(holder) {
            no_longer = format!(" and no longer {}", quoted(&other.name));
            changes.push(self.searches.change(&other.name, Some(SavedSearch { key: None, ..other.clone() })));
        }
        changes.push(self.searches.change(&name, Some(search)));
        let is_new = changes.last().is_some_and(|change| change.before.is_none());
        let verb = if is_new { "save" } else { "replace" };
        self.change_searches(format!("{verb} search {}", quoted(&name)), changes);
        self.notify_done(&format!("Saved as {name}; {how}{no_longer}"));
    }

    /// Filters by the saved search with this key.
    pub(crate) fn run_search(&mut self, key: char) {
        let Some(search) = self.searches.with_key(key) else {
            return self.notify(format!("No saved search has the key {key}"));
        };
        let (name, query) = (search.name.clone(), search.query.clone());
        self.filter_by(&query);
        self.notify(name);
    }

    /// Deletes a saved search.
    pub(crate) fn delete_search(&mut self, name: &str) {
        let change = self.searches.change(name, None);
        if change.before.is_none() {
            return self.notify(format!("No saved search is named {name}"));
        }
        let what = format!("search {}", quoted(name));
        self.change_searches(format!("delete {what}"), vec![change]);
        self.notify_done(&format!("Deleted {what}"));
    }

    /// Highlights the words of a saved search in every article, or stops doing so.
    pub(crate) fn watch_search(&mut self, name: &str) {
        let Some(search) = self.searches.named(name).cloned() else {
            return self.notify(format!("No saved search is named {name}"));
        };
        let watch = !search.watch;
        let what = if watch { "are highlighted in every article" } else { "are no longer highlighted" };
        let change = self.searches.change(name, Some(SavedSearch { watch, ..search }));
        let verb = if watch { "watch" } else { "stop watching" };
        self.change_searches(format!("{verb} search {}", quoted(name)), vec![change]);
        self.notify(format!("The words of {name} {what}"));
    }

    /// Shows the words of watched searches, or hides them.
    pub(crate) fn toggle_watches(&mut self) {
        if !self.searches.toggle_watching() {
            return self.notify("No saved search is watched");
        }
        self.highlight_watched();
        let is_shown = self.searches.is_watching();
        self.notify(if is_shown { "Watched words are shown" } else { "Watched words are hidden" });
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
