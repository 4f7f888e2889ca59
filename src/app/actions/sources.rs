//! Actions on the rows of the sources pane.

use std::ops::Range;
use std::sync::Arc;

use crate::app::panes::sources::{
    COUNTED_WHILE_LOADING, Conditions, CountBasis, LastCount, RowChoice, RowState, any_of,
};
use crate::app::{Effect, Focus, State};
use crate::keys::{Action, FeedCommand};
use crate::query::Field;
use crate::search::{Facet, FacetKey, FacetKind};

impl State {
    /// Requests counts if the pane is visible and its counts are out of date. Conditions that choose or exclude rows
    /// are ignored, so that the other rows keep their counts.
    pub(crate) fn count_facets(&mut self) {
        if self.layout().sources.is_none() {
            return;
        }
        let conditions = Conditions::new(self.filter.query(), &self.sources);
        let named = conditions.named.iter().map(|(span, _)| span);
        let cut: Vec<_> = conditions.chosen.iter().chain(named).chain(&conditions.excluded).collect();
        let is_narrowed = !cut.is_empty();
        if !is_narrowed && self.filter.is_on() && !self.filter.is_answered() {
            return;
        }
        let basis = if is_narrowed {
            let rest = conditions.without(cut);
            // Parsing regular expressions is slow, and this runs at every update.
            let query = match self.sources.last_count().map(|last| &last.basis) {
                Some(CountBasis::Query(query, _)) if query.text() == rest => Arc::clone(query),
                _ => Arc::new(self.parse_query(&rest, false)),
            };
            CountBasis::Query(query, Arc::clone(&self.corpus))
        } else {
            CountBasis::Listed(Arc::clone(self.list.slots_shared()))
        };
        let size = if is_narrowed { self.corpus.len() } else { self.list.slots().len() };
        // While many articles are being loaded, repeated counts would delay the loading.
        if !self.load.progress.done && size > COUNTED_WHILE_LOADING {
            self.sources.clear_rows();
            return;
        }
        let marks = self.marks.current();
        let searches = self.searches.version();
        let same =
            |last: &LastCount| last.basis.is_same(&basis) && last.marks.is_same(marks) && last.searches == searches;
        if self.sources.last_count().is_some_and(same) {
            return;
        }
        let marks = marks.clone();
        let counted = match &basis {
            CountBasis::Listed(slots) => FacetKey::Slots(Arc::clone(slots)),
            CountBasis::Query(query, _) => FacetKey::Query(Arc::clone(query)),
        };
        let generation = self.sources.start_count(LastCount { basis, marks: marks.clone(), searches });
        self.outbox.push(Effect::CountFacets {
            generation,
            corpus: Arc::clone(&self.corpus),
            counted,
            searches: self.searches.facets(),
            marks,
        });
    }

    /// Returns how the filter treats each of the rows in `range`.
    pub fn source_states(&self, range: Range<usize>) -> Vec<RowState> {
        let conditions = Conditions::new(self.filter.typed(), &self.sources);
        let chosen: &[String] = if conditions.chosen.is_some() { self.sources.chosen() } else { &[] };
        let state = |row: &Facet| {
            let is_it = |span: &Range<usize>| conditions.text(span) == row.query;
            let is_not_it = |span: &Range<usize>| conditions.text(span).strip_prefix('-') == Some(row.query.as_str());
            if row.query.is_empty() {
                RowState::Free
            } else if chosen.contains(&row.query) || conditions.all.iter().any(is_it) {
                RowState::Chosen
            } else if conditions.excluded.iter().any(is_not_it) {
                RowState::Excluded
            } else {
                RowState::Free
            }
        };
        self.sources.rows().get(range).unwrap_or_default().iter().map(state).collect()
    }

    /// Opens the pane and focuses it, or closes it if it has the focus.
    pub(crate) fn toggle_sources(&mut self) {
        if self.screen.focus == Focus::Sources {
            self.sources.set_open(Some(false));
            self.screen.focus = Focus::List;
        } else {
            if self.layout().sources.is_none() {
                self.sources.mark_stale();
            }
            self.sources.set_open(Some(true));
            self.screen.zen = false;
            self.screen.focus = Focus::Sources;
        }
    }

    /// Changes the filter by the selected row. Typed words stay.
    pub(crate) fn choose_source(&mut self, how: RowChoice) {
        let Some(row) = self.sources.row().cloned() else { return };
        let conditions = Conditions::new(&self.parse_query(self.filter.editor().text(), false), &self.sources);
        let field = match row.kind {
            FacetKind::Feed | FacetKind::FeedTag => Some(Field::Feed),
            FacetKind::Section => Some(Field::Section),
            FacetKind::Source => Some(Field::Source),
            _ => None,
        };
        let mut chosen = if conditions.chosen.is_some() { self.sources.chosen().to_vec() } else { Vec::new() };
        let mut cut: Vec<&Range<usize>> = conditions.chosen.iter().collect();
        if how != RowChoice::Not {
            // An article has one feed, section and source. A typed condition on that field is replaced, or becomes one
            // of the choices.
            let of_field = conditions.named.iter().filter(|(_, named)| Some(*named) == field).map(|(span, _)| span);
            let same = conditions.all.iter().filter(|span| conditions.text(span) == row.query);
            for span in of_field.chain(same) {
                if !cut.contains(&span) {
                    cut.push(span);
                    chosen.push(conditions.text(span).to_owned());
                }
            }
        }
        let opposite = format!("-{}", row.query);
        let excluded: Vec<_> = conditions.excluded.iter().filter(|span| conditions.text(span) == opposite).collect();
        cut.extend(&excluded);
        let was_chosen = chosen.contains(&row.query);
        match how {
            RowChoice::Only if row.kind == FacetKind::All => chosen.clear(),
            _ if row.kind == FacetKind::All => return,
            RowChoice::Only if was_chosen && chosen.len() == 1 => chosen.clear(),
            RowChoice::Only => chosen = vec![row.query.clone()],
            RowChoice::Also if was_chosen => return,
            RowChoice::Also => chosen.push(row.query.clone()),
            RowChoice::Not => chosen.retain(|query| *query != row.query),
        }
        // If no row was chosen, `All` clears the filter.
        let keeps_typed = row.kind != FacetKind::All || !cut.is_empty();
        let mut text = if keeps_typed { conditions.without(cut) } else { String::new() };
        let mut added = if chosen.is_empty() { Vec::new() } else { vec![any_of(&chosen)] };
        if how == RowChoice::Not && excluded.is_empty() {
            added.push(opposite);
        }
        if conditions.needs_parens && keeps_typed && !added.is_empty() {
            text = format!("({text})");
        }
        added.insert(0, text);
        added.retain(|part| !part.is_empty());
        self.sources.set_chosen(chosen);
        self.filter_by(&added.join(" "));
        self.remember_filter();
    }

    /// Unsubscribes from the selected feed after a confirmation, or deletes the selected saved search. Does nothing
    /// outside the pane.
    pub(crate) fn remove_source(&mut self) {
        let row = self.sources.row().filter(|_| self.screen.focus == Focus::Sources).cloned();
        match row.map(|row| (row.kind, row.name)) {
            Some((FacetKind::Search, name)) => self.delete_search(&name),
            Some((FacetKind::Feed, name)) => self.ask_to_unsubscribe(&name),
            Some((FacetKind::FeedTag, tag)) => {
                self.run_feed_command(FeedCommand::Remove { names: vec![tag], yes: false });
            }
            Some(_) => self.notify("Select a feed or a saved search to remove"),
            None => {
                let key = self.keymap.shown(Action::ShowSources);
                self.notify(format!("Press {key}, then select a feed or a saved search"));
            }
        }
    }

    /// Watches or deletes the selected saved search.
    pub(super) fn change_selected_search(&mut self, action: Action) {
        match self.sources.row().filter(|row| row.kind == FacetKind::Search).map(|row| row.name.clone()) {
            Some(name) if action == Action::WatchSearch => self.watch_search(&name),
            Some(name) => self.delete_search(&name),
            None => self.notify("This is not a saved search; S saves the filter as one"),
        }
    }
}
