//! The sources pane: what the answer consists of, each row a way to narrow it.

use std::sync::Arc;

use super::{Effect, Focus, State};
use crate::command::{Action, FeedCommand};
use crate::corpus::Slot;
use crate::marks::Marks;
use crate::query::Expr;
use crate::search::{Facet, FacetKind};

/// Up to so many articles are counted while others are still being loaded.
const COUNTED_WHILE_LOADING: usize = 20_000;

/// A line of the pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceLine {
    /// Nothing.
    Blank,
    /// What the rows below have in common.
    Title(&'static str),
    /// The row with this number.
    Row(usize),
}

/// What was counted last, or is being.
#[derive(Clone, Debug)]
struct Counted {
    slots: Arc<Vec<Slot>>,
    marks: Marks,
    /// How many times the saved searches had changed.
    searches: u64,
}

/// The state of the pane.
#[derive(Clone, Debug, Default)]
pub struct SourcesPane {
    /// Whether it is to be open, where the reader has said so.
    wish: Option<bool>,
    rows: Arc<Vec<Facet>>,
    selected: usize,
    top: usize,
    generation: u64,
    counted: Option<Counted>,
}

impl SourcesPane {
    /// The rows, in order.
    pub fn rows(&self) -> &[Facet] {
        &self.rows
    }

    /// The number of the selected row.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// The selected row.
    pub fn row(&self) -> Option<&Facet> {
        self.rows.get(self.selected)
    }

    /// The selected row and those below it, up to `count`.
    pub(super) fn rows_below(&self, count: usize) -> &[Facet] {
        let end = self.selected.saturating_add(count).min(self.rows.len());
        self.rows.get(self.selected..end).unwrap_or_default()
    }

    /// The first line that is shown.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Whether it is to be open, where the reader has said so.
    pub fn wish(&self) -> Option<bool> {
        self.wish
    }

    pub(super) fn set_wish(&mut self, wish: Option<bool>) {
        self.wish = wish;
    }

    /// Its lines: the rows with a title above each kind.
    pub fn lines(&self) -> Vec<SourceLine> {
        let mut lines = Vec::new();
        let mut before = None;
        for (number, row) in self.rows.iter().enumerate() {
            let title = match row.kind {
                FacetKind::All | FacetKind::Unread | FacetKind::Starred => None,
                FacetKind::Search => Some("Searches"),
                FacetKind::Feed => Some("Feeds"),
                FacetKind::FeedTag => Some("Tags of feeds"),
                FacetKind::Tag => Some("Tags"),
                FacetKind::Section => Some("Sections"),
                FacetKind::Source => Some("Sources"),
                FacetKind::Folder => Some("Folders"),
            };
            if let Some(title) = title.filter(|_| title != before) {
                lines.extend([SourceLine::Blank, SourceLine::Title(title)]);
            }
            before = title;
            lines.push(SourceLine::Row(number));
        }
        lines
    }

    /// Has the rows counted anew.
    pub(super) fn recount(&mut self) {
        self.counted = None;
    }

    pub(super) fn select(&mut self, row: usize) {
        self.selected = row.min(self.rows.len().saturating_sub(1));
    }

    pub(super) fn move_by(&mut self, by: isize) {
        self.select(self.selected.saturating_add_signed(by));
    }

    /// Scrolls as little as it takes to have the selected row among `visible` lines.
    pub(super) fn settle(&mut self, visible: usize) {
        let lines = self.lines();
        let line = lines.iter().position(|line| *line == SourceLine::Row(self.selected)).unwrap_or(0);
        // The title above the first rows is worth seeing.
        let from = if self.selected == 0 { 0 } else { line.saturating_sub(1) };
        self.top = self.top.min(from).max((line + 1).saturating_sub(visible));
        self.top = self.top.min(lines.len().saturating_sub(visible.min(lines.len())));
    }

    /// Takes counts, unless newer ones are on their way; the row that was selected stays so.
    pub(super) fn take(&mut self, generation: u64, rows: Vec<Facet>) {
        if generation != self.generation {
            return;
        }
        let same = |row: &Facet| self.row().is_some_and(|was| (was.kind, &was.name) == (row.kind, &row.name));
        let selected = rows.iter().position(same);
        self.rows = Arc::new(rows);
        self.select(selected.unwrap_or(self.selected));
    }
}

impl State {
    /// Asks for counts where they are seen and are not those of what is listed.
    pub(super) fn count_facets(&mut self, effects: &mut Vec<Effect>) {
        if self.layout().sources.is_none() || (self.filter.is_on() && !self.filter.is_answered()) {
            return;
        }
        let slots = self.list.slots_shared();
        // While much is being loaded, counting it again and again would hold up the loading.
        if !self.progress.done && slots.len() > COUNTED_WHILE_LOADING {
            // Counts of what was there a while ago would be taken for those of now.
            self.sources.rows = Arc::default();
            return;
        }
        let marks = self.keeping.marks();
        let searches = self.searches.version();
        let same = |counted: &Counted| {
            Arc::ptr_eq(&counted.slots, slots) && counted.marks.is_same(marks) && counted.searches == searches
        };
        if self.sources.counted.as_ref().is_some_and(same) {
            return;
        }
        let (slots, marks) = (Arc::clone(slots), marks.clone());
        self.sources.generation += 1;
        self.sources.counted = Some(Counted { slots: Arc::clone(&slots), marks: marks.clone(), searches });
        effects.push(Effect::CountFacets {
            generation: self.sources.generation,
            corpus: Arc::clone(&self.corpus),
            slots,
            searches: self.searches.facets(&marks),
            marks,
        });
    }

    /// Opens the pane and goes there, or closes it where the reader is in it.
    pub(super) fn toggle_sources(&mut self) {
        if self.focus == Focus::Sources {
            self.sources.wish = Some(false);
            self.focus = Focus::List;
        } else {
            self.sources.wish = Some(true);
            self.zen = false;
            self.focus = Focus::Sources;
        }
    }

    /// Narrows the filter by the selected row, or to all that is not of it.
    pub(super) fn narrow(&mut self, exclude: bool, effects: &mut Vec<Effect>) {
        let Some(row) = self.sources.row().cloned() else { return };
        if row.kind == FacetKind::All {
            if !exclude {
                self.clear_filter(effects);
            }
            return;
        }
        let (wanted, unwanted) = (row.query.clone(), format!("-{}", row.query));
        let (condition, opposite) = if exclude { (unwanted, wanted) } else { (wanted, unwanted) };
        let typed = self.filter.editor().text().trim().to_owned();
        let text = match (find_whole(&typed, &condition), find_whole(&typed, &opposite), self.filter.typed().root()) {
            (Some(_), ..) => return,
            // Nothing is of it and not of it.
            (None, Some(at), _) => {
                let mut text = typed;
                text.replace_range(at..at + opposite.len(), &condition);
                text
            }
            _ if typed.is_empty() => condition,
            (None, None, Expr::Or(_)) => format!("({typed}) {condition}"),
            (None, None, _) => format!("{typed} {condition}"),
        };
        self.filter_by(&text, effects);
        self.remember_filter(effects);
    }

    /// Removes what the selected row stands for: unsubscribes from a feed after a question, or deletes a saved search.
    /// Outside the pane it does nothing.
    pub(super) fn remove_source(&mut self, effects: &mut Vec<Effect>) {
        let row = self.sources.row().filter(|_| self.focus == Focus::Sources).cloned();
        match row.map(|row| (row.kind, row.name)) {
            Some((FacetKind::Search, name)) => self.forget_search(&name, effects),
            Some((FacetKind::Feed, name)) => self.ask_to_unsubscribe(&name),
            Some((FacetKind::FeedTag, tag)) => {
                self.run_feed_command(FeedCommand::Remove { names: vec![tag], yes: false }, effects);
            }
            Some(_) => self.tell("Select a feed or a saved search to remove"),
            None => self.tell("Go to the sources (f) and select a feed or a saved search"),
        }
    }

    /// What the keys of the pane do to a saved search.
    pub(super) fn change_search(&mut self, action: Action, effects: &mut Vec<Effect>) {
        match self.sources.row().filter(|row| row.kind == FacetKind::Search).map(|row| row.name.clone()) {
            Some(name) if action == Action::WatchSearch => self.watch_search(&name, effects),
            Some(name) => self.forget_search(&name, effects),
            None => self.tell("This is no saved search; S saves the filter as one"),
        }
    }
}

/// Where `condition` stands in `typed` by itself.
fn find_whole(typed: &str, condition: &str) -> Option<usize> {
    let mut places = typed.match_indices(condition).map(|(at, _)| at);
    places.find(|at| {
        let before = typed.get(..*at).unwrap_or("").chars().next_back();
        let after = typed.get(at + condition.len()..).unwrap_or("").chars().next();
        before.is_none_or(char::is_whitespace) && after.is_none_or(char::is_whitespace)
    })
}
