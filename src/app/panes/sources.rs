//! The sources pane: what the answer consists of, each row a way to narrow it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::app::{Effect, Focus, State};
use crate::corpus::{Corpus, Slot};
use crate::keys::{Action, FeedCommand};
use crate::marks::Marks;
use crate::query::{Expr, Field, Query};
use crate::search::{Facet, FacetKey, FacetKind};

/// At most this many articles are counted while others are still being loaded.
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

/// How a key changes the filter by the selected row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choose {
    /// Filters by it in place of the rows chosen before.
    Only,
    /// Filters by it as well.
    Also,
    /// Excludes it.
    Not,
}

/// How the filter treats a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// The filter does not name it.
    Free,
    /// The filter includes it.
    Chosen,
    /// The filter excludes it.
    Excluded,
}

/// Which articles were counted last, or are being counted.
#[derive(Clone, Debug)]
enum Basis {
    /// The listed articles.
    Listed(Arc<Vec<Slot>>),
    /// The articles that a query finds in a version of the corpus.
    Query(Arc<Query>, Arc<Corpus>),
}

impl Basis {
    fn is_same(&self, other: &Basis) -> bool {
        match (self, other) {
            (Basis::Listed(slots), Basis::Listed(others)) => Arc::ptr_eq(slots, others),
            (Basis::Query(query, corpus), Basis::Query(other, others)) => {
                query.asks_the_same(other) && Arc::ptr_eq(corpus, others)
            }
            _ => false,
        }
    }
}

/// The last count, finished or running.
#[derive(Clone, Debug)]
struct LastCount {
    basis: Basis,
    marks: Marks,
    /// The version of the saved searches.
    searches: u64,
}

/// The state of the pane.
#[derive(Clone, Debug, Default)]
pub struct SourcesPane {
    /// Whether the reader opened or closed the pane; `None` if neither.
    wish: Option<bool>,
    rows: Arc<Vec<Facet>>,
    selected: usize,
    top: usize,
    generation: u64,
    counted: Option<LastCount>,
    /// The queries of the chosen rows. They apply while the filter contains them.
    chosen: Vec<String>,
    /// Whether the pane was opened since the last count, so that the next count may reorder the rows.
    is_stale: bool,
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

    /// Returns up to `count` rows from the selected one down.
    pub(crate) fn rows_below(&self, count: usize) -> &[Facet] {
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

    pub(crate) fn chosen(&self) -> &[String] {
        &self.chosen
    }

    pub(crate) fn set_chosen(&mut self, chosen: Vec<String>) {
        self.chosen = chosen;
    }

    pub(crate) fn set_wish(&mut self, wish: Option<bool>) {
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
    pub(crate) fn recount(&mut self) {
        self.counted = None;
    }

    pub(crate) fn select(&mut self, row: usize) {
        self.selected = row.min(self.rows.len().saturating_sub(1));
    }

    pub(crate) fn move_by(&mut self, by: isize) {
        self.select(self.selected.saturating_add_signed(by));
    }

    /// Scrolls as little as it takes to have the selected row among `visible` lines.
    pub(crate) fn settle(&mut self, visible: usize) {
        let lines = self.lines();
        let line = lines.iter().position(|line| *line == SourceLine::Row(self.selected)).unwrap_or(0);
        // The title above the first rows is worth seeing.
        let from = if self.selected == 0 { 0 } else { line.saturating_sub(1) };
        self.top = self.top.min(from).max((line + 1).saturating_sub(visible));
        self.top = self.top.min(lines.len().saturating_sub(visible.min(lines.len())));
    }

    /// Shows counts, unless newer ones are being computed. The selected row stays selected; with `keeps_order` all rows
    /// stay in their places.
    pub(crate) fn take(&mut self, generation: u64, rows: Vec<Facet>, keeps_order: bool) {
        if generation != self.generation {
            return;
        }
        let keeps_order = !std::mem::take(&mut self.is_stale) && keeps_order;
        let rows = if keeps_order { in_former_order(&self.rows, rows) } else { rows };
        let same = |row: &Facet| self.row().is_some_and(|was| (was.kind, &was.name) == (row.kind, &row.name));
        let selected = rows.iter().position(same);
        self.rows = Arc::new(rows);
        self.select(selected.unwrap_or(self.selected));
    }
}

/// Sorts rows in the order of the former ones. Values without articles stay with a count of 0; deleted feeds and
/// searches are removed. New rows come last of their kind.
fn in_former_order(former: &[Facet], rows: Vec<Facet>) -> Vec<Facet> {
    let mut counted: HashMap<(FacetKind, String), Facet> =
        rows.iter().map(|row| ((row.kind, row.name.clone()), row.clone())).collect();
    let mut ordered: Vec<Facet> = Vec::with_capacity(rows.len());
    for row in former {
        match counted.remove(&(row.kind, row.name.clone())) {
            Some(row) => ordered.push(row),
            None if matches!(row.kind, FacetKind::Feed | FacetKind::Search) => {}
            None => ordered.push(Facet { unread: 0, total: 0, ..row.clone() }),
        }
    }
    for row in rows.into_iter().filter(|row| counted.contains_key(&(row.kind, row.name.clone()))) {
        let at = ordered.iter().position(|other| other.kind as usize > row.kind as usize);
        ordered.insert(at.unwrap_or(ordered.len()), row);
    }
    ordered
}

/// The conditions of the filter, sorted by their relation to rows of the pane.
struct Conditions {
    typed: String,
    /// The span of each condition.
    all: Vec<Range<usize>>,
    /// The span of the condition for the chosen rows.
    chosen: Option<Range<usize>>,
    /// Other conditions on feeds, a section or a source, such as typed ones.
    named: Vec<(Range<usize>, Field)>,
    /// Conditions that exclude a row, a name or a mark.
    excluded: Vec<Range<usize>>,
    /// Whether the filter needs parentheses before a condition is added.
    is_open: bool,
}

impl Conditions {
    fn new(query: &Query, pane: &SourcesPane) -> Conditions {
        let chosen = pane.chosen.as_slice();
        let typed = query.text().to_owned();
        let text = |span: &Range<usize>| typed.get(span.clone()).unwrap_or("");
        let group = either(chosen);
        let conditions = query.top_conditions();
        let is_open = conditions.is_empty() && matches!(query.root(), Expr::Or(_));
        let all = conditions.iter().map(|(span, _)| span.clone()).collect();
        let (mut of_rows, mut named, mut excluded) = (None, Vec::new(), Vec::new());
        for (span, expr) in conditions {
            let opposite = text(&span).strip_prefix('-');
            let is_of_row = || pane.rows.iter().any(|row| opposite == Some(row.query.as_str()));
            let field = |expr: &Expr| match expr {
                Expr::Term(id) => query.term(*id).and_then(|term| term.field),
                _ => None,
            };
            let shared = match expr {
                Expr::Or(any) => {
                    let fields: Vec<_> = any.iter().map(field).collect();
                    fields.first().copied().flatten().filter(|first| fields.iter().all(|field| *field == Some(*first)))
                }
                expr => field(expr),
            };
            match (expr, shared) {
                _ if !chosen.is_empty() && text(&span) == group => of_rows = Some(span),
                (_, Some(field @ (Field::Feed | Field::Section | Field::Source))) => named.push((span, field)),
                (Expr::Not(inner), _)
                    if matches!(**inner, Expr::Is(_))
                        || field(inner).is_some_and(|field| !field.is_text())
                        || is_of_row() =>
                {
                    excluded.push(span);
                }
                _ => {}
            }
        }
        Conditions { typed, all, chosen: of_rows, named, excluded, is_open }
    }

    fn text(&self, span: &Range<usize>) -> &str {
        self.typed.get(span.clone()).unwrap_or("")
    }

    /// Returns the filter without some of its conditions, each of which ends at a space or at the end.
    fn without<'a>(&self, cut: impl IntoIterator<Item = &'a Range<usize>>) -> String {
        let mut cut: Vec<&Range<usize>> = cut.into_iter().collect();
        cut.sort_by_key(|span| span.start);
        let (mut out, mut at) = (String::new(), 0);
        for span in cut {
            out.push_str(self.typed.get(at..span.start).unwrap_or(""));
            at = span.end;
            // Also remove one of the two spaces around it.
            if out.is_empty() || out.ends_with(char::is_whitespace) {
                let rest = self.typed.get(at..).unwrap_or("");
                at += rest.len() - rest.trim_start().len();
            }
        }
        out.push_str(self.typed.get(at..).unwrap_or(""));
        out.trim().to_owned()
    }
}

/// Returns the query that matches any of several rows.
fn either(rows: &[String]) -> String {
    match rows {
        [only] => only.clone(),
        several => format!("({})", several.join(" OR ")),
    }
}

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
            let query = match self.sources.counted.as_ref().map(|last| &last.basis) {
                Some(Basis::Query(query, _)) if query.text() == rest => Arc::clone(query),
                _ => Arc::new(self.read_query(&rest, false)),
            };
            Basis::Query(query, Arc::clone(&self.corpus))
        } else {
            Basis::Listed(Arc::clone(self.list.slots_shared()))
        };
        let size = if is_narrowed { self.corpus.len() } else { self.list.slots().len() };
        // While many articles are being loaded, repeated counts would delay the loading.
        if !self.progress.done && size > COUNTED_WHILE_LOADING {
            // Do not show outdated counts.
            self.sources.rows = Arc::default();
            return;
        }
        let marks = self.keeping.marks();
        let searches = self.searches.version();
        let same =
            |last: &LastCount| last.basis.is_same(&basis) && last.marks.is_same(marks) && last.searches == searches;
        if self.sources.counted.as_ref().is_some_and(same) {
            return;
        }
        let marks = marks.clone();
        let counted = match &basis {
            Basis::Listed(slots) => FacetKey::Slots(Arc::clone(slots)),
            Basis::Query(query, _) => FacetKey::Query(Arc::clone(query)),
        };
        self.sources.generation += 1;
        self.sources.counted = Some(LastCount { basis, marks: marks.clone(), searches });
        self.outbox.push(Effect::CountFacets {
            generation: self.sources.generation,
            corpus: Arc::clone(&self.corpus),
            counted,
            searches: self.searches.facets(),
            marks,
        });
    }

    /// Returns how the filter treats each of the rows in `range`.
    pub fn source_states(&self, range: Range<usize>) -> Vec<RowState> {
        let conditions = Conditions::new(self.filter.typed(), &self.sources);
        let chosen: &[String] = if conditions.chosen.is_some() { &self.sources.chosen } else { &[] };
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
        self.sources.rows.get(range).unwrap_or_default().iter().map(state).collect()
    }

    /// Opens the pane and goes there, or closes it where the reader is in it.
    pub(crate) fn toggle_sources(&mut self) {
        if self.focus == Focus::Sources {
            self.sources.wish = Some(false);
            self.focus = Focus::List;
        } else {
            if self.layout().sources.is_none() {
                self.sources.is_stale = true;
                self.sources.recount();
            }
            self.sources.wish = Some(true);
            self.zen = false;
            self.focus = Focus::Sources;
        }
    }

    /// Changes the filter by the selected row. Typed words stay.
    pub(crate) fn choose_source(&mut self, how: Choose) {
        let Some(row) = self.sources.row().cloned() else { return };
        let conditions = Conditions::new(&self.read_query(self.filter.editor().text(), false), &self.sources);
        let field = match row.kind {
            FacetKind::Feed | FacetKind::FeedTag => Some(Field::Feed),
            FacetKind::Section => Some(Field::Section),
            FacetKind::Source => Some(Field::Source),
            _ => None,
        };
        let mut chosen = if conditions.chosen.is_some() { self.sources.chosen.clone() } else { Vec::new() };
        let mut cut: Vec<&Range<usize>> = conditions.chosen.iter().collect();
        if how != Choose::Not {
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
            Choose::Only if row.kind == FacetKind::All => chosen.clear(),
            _ if row.kind == FacetKind::All => return,
            Choose::Only if was_chosen && chosen.len() == 1 => chosen.clear(),
            Choose::Only => chosen = vec![row.query.clone()],
            Choose::Also if was_chosen => return,
            Choose::Also => chosen.push(row.query.clone()),
            Choose::Not => chosen.retain(|query| *query != row.query),
        }
        // If no row was chosen, `All` clears the filter.
        let keeps_typed = row.kind != FacetKind::All || !cut.is_empty();
        let mut text = if keeps_typed { conditions.without(cut) } else { String::new() };
        let mut added = if chosen.is_empty() { Vec::new() } else { vec![either(&chosen)] };
        if how == Choose::Not && excluded.is_empty() {
            added.push(opposite);
        }
        if conditions.is_open && keeps_typed && !added.is_empty() {
            text = format!("({text})");
        }
        added.insert(0, text);
        added.retain(|part| !part.is_empty());
        self.sources.chosen = chosen;
        self.filter_by(&added.join(" "));
        self.remember_filter();
    }

    /// Unsubscribes from the selected feed after a confirmation, or deletes the selected saved search. Does nothing
    /// outside the pane.
    pub(crate) fn remove_source(&mut self) {
        let row = self.sources.row().filter(|_| self.focus == Focus::Sources).cloned();
        match row.map(|row| (row.kind, row.name)) {
            Some((FacetKind::Search, name)) => self.forget_search(&name),
            Some((FacetKind::Feed, name)) => self.ask_to_unsubscribe(&name),
            Some((FacetKind::FeedTag, tag)) => {
                self.run_feed_command(FeedCommand::Remove { names: vec![tag], yes: false });
            }
            Some(_) => self.tell("Select a feed or a saved search to remove"),
            None => {
                let key = self.keymap.shown(Action::ShowSources);
                self.tell(format!("Go to the sources ({key}) and select a feed or a saved search"));
            }
        }
    }

    /// What the keys of the pane do to a saved search.
    pub(crate) fn change_search(&mut self, action: Action) {
        match self.sources.row().filter(|row| row.kind == FacetKind::Search).map(|row| row.name.clone()) {
            Some(name) if action == Action::WatchSearch => self.watch_search(&name),
            Some(name) => self.forget_search(&name),
            None => self.tell("This is no saved search; S saves the filter as one"),
        }
    }
}
