//! The sources pane: the feeds, tags, sections and searches of the listed articles. Each row narrows the filter.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::pane::{Hint, HintContext, Pane, PaneView, Press, hint};
use crate::corpus::{Corpus, Slot};
use crate::keys::Action;
use crate::marks::Marks;
use crate::query::{Expr, Field, Query};
use crate::search::{Facet, FacetKind};

/// The maximum number of articles that are counted while others are still being loaded.
pub(crate) const COUNTED_WHILE_LOADING: usize = 20_000;

/// A line of the pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceLine {
    /// A blank line.
    Blank,
    /// The title of the rows below.
    Title(&'static str),
    /// The row with this number.
    Row(usize),
}

/// The change of the filter by a key on the selected row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowChoice {
    /// Filters by the row instead of the rows chosen before.
    Only,
    /// Filters by the row too.
    Also,
    /// Excludes the row.
    Not,
}

/// The role of a row in the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// The filter does not contain the row.
    Free,
    /// The filter includes it.
    Chosen,
    /// The filter excludes it.
    Excluded,
}

/// The articles that were counted last, or are being counted.
#[derive(Clone, Debug)]
pub(crate) enum CountBasis {
    /// The listed articles.
    Listed(Arc<Vec<Slot>>),
    /// The articles that a query finds in a version of the corpus.
    Query(Arc<Query>, Arc<Corpus>),
}

impl CountBasis {
    pub(crate) fn is_same(&self, other: &CountBasis) -> bool {
        match (self, other) {
            (CountBasis::Listed(slots), CountBasis::Listed(others)) => Arc::ptr_eq(slots, others),
            (CountBasis::Query(query, corpus), CountBasis::Query(other, others)) => {
                query.asks_the_same(other) && Arc::ptr_eq(corpus, others)
            }
            _ => false,
        }
    }
}

/// The last count, finished or running.
#[derive(Clone, Debug)]
pub(crate) struct LastCount {
    pub(crate) basis: CountBasis,
    pub(crate) marks: Marks,
    /// The version of the saved searches.
    pub(crate) searches: u64,
}

/// The state of the pane.
#[derive(Clone, Debug, Default)]
pub struct SourcesPane {
    /// Whether the reader opened or closed the pane; `None` if neither.
    open: Option<bool>,
    rows: Arc<Vec<Facet>>,
    selected: usize,
    top: usize,
    generation: u64,
    last_count: Option<LastCount>,
    /// The queries of the chosen rows. They apply while the filter contains them.
    chosen: Vec<String>,
    /// Whether the pane was opened since the last count, so that the next count may reorder the rows.
    is_stale: bool,
}

impl SourcesPane {
    /// Returns the rows, in order.
    pub fn rows(&self) -> &[Facet] {
        &self.rows
    }

    /// Returns the number of the selected row.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Returns the selected row.
    pub fn row(&self) -> Option<&Facet> {
        self.rows.get(self.selected)
    }

    /// Returns up to `count` rows from the selected one down.
    pub(crate) fn rows_below(&self, count: usize) -> &[Facet] {
        let end = self.selected.saturating_add(count).min(self.rows.len());
        self.rows.get(self.selected..end).unwrap_or_default()
    }

    /// Returns the number of the first visible line.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Returns whether the reader opened or closed the pane; `None` if neither.
    pub fn is_open(&self) -> Option<bool> {
        self.open
    }

    pub(crate) fn chosen(&self) -> &[String] {
        &self.chosen
    }

    pub(crate) fn set_chosen(&mut self, chosen: Vec<String>) {
        self.chosen = chosen;
    }

    pub(crate) fn set_open(&mut self, open: Option<bool>) {
        self.open = open;
    }

    /// Returns the lines: the rows, with a title above each kind.
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

    /// Counts the rows again at the next update.
    pub(crate) fn recount(&mut self) {
        self.last_count = None;
    }

    /// Marks the order of the rows as outdated, so that the next count may change it.
    pub(crate) fn mark_stale(&mut self) {
        self.is_stale = true;
        self.recount();
    }

    pub(crate) fn last_count(&self) -> Option<&LastCount> {
        self.last_count.as_ref()
    }

    /// Starts a count. Returns its generation.
    pub(crate) fn start_count(&mut self, count: LastCount) -> u64 {
        self.generation += 1;
        self.last_count = Some(count);
        self.generation
    }

    /// Removes all rows, so that outdated counts are not shown.
    pub(crate) fn clear_rows(&mut self) {
        self.rows = Arc::default();
    }

    pub(crate) fn select(&mut self, row: usize) {
        self.selected = row.min(self.rows.len().saturating_sub(1));
    }

    pub(crate) fn select_by(&mut self, by: isize) {
        self.select(self.selected.saturating_add_signed(by));
    }

    /// Scrolls as little as possible to make the selected row visible.
    pub(crate) fn reconcile(&mut self, visible: usize) {
        let lines = self.lines();
        let line = lines.iter().position(|line| *line == SourceLine::Row(self.selected)).unwrap_or(0);
        // The first row is shown with the title above it.
        let from = if self.selected == 0 { 0 } else { line.saturating_sub(1) };
        self.top = self.top.min(from).max((line + 1).saturating_sub(visible));
        self.top = self.top.min(lines.len().saturating_sub(visible.min(lines.len())));
    }

    /// Sets the counted rows, unless a newer count is running. The selected row stays selected. With `keeps_order` all
    /// rows stay in their positions.
    pub(crate) fn set_rows(&mut self, generation: u64, rows: Vec<Facet>, keeps_order: bool) {
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
pub(crate) struct Conditions {
    typed: String,
    /// The span of each condition.
    pub(crate) all: Vec<Range<usize>>,
    /// The span of the condition for the chosen rows.
    pub(crate) chosen: Option<Range<usize>>,
    /// Other conditions on feeds, a section or a source, such as typed ones.
    pub(crate) named: Vec<(Range<usize>, Field)>,
    /// Conditions that exclude a row, a name or a mark.
    pub(crate) excluded: Vec<Range<usize>>,
    /// Whether the filter needs parentheses before a condition is added.
    pub(crate) needs_parens: bool,
}

impl Conditions {
    pub(crate) fn new(query: &Query, pane: &SourcesPane) -> Conditions {
        let chosen = pane.chosen.as_slice();
        let typed = query.text().to_owned();
        let text = |span: &Range<usize>| typed.get(span.clone()).unwrap_or("");
        let group = any_of(chosen);
        let conditions = query.top_conditions();
        let needs_parens = conditions.is_empty() && matches!(query.root(), Expr::Or(_));
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
        Conditions { typed, all, chosen: of_rows, named, excluded, needs_parens }
    }

    pub(crate) fn text(&self, span: &Range<usize>) -> &str {
        self.typed.get(span.clone()).unwrap_or("")
    }

    /// Returns the filter without some of its conditions, each of which ends at a space or at the end.
    pub(crate) fn without<'a>(&self, cut: impl IntoIterator<Item = &'a Range<usize>>) -> String {
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
pub(crate) fn any_of(rows: &[String]) -> String {
    match rows {
        [only] => only.clone(),
        several => format!("({})", several.join(" OR ")),
    }
}

impl Pane for SourcesPane {
    fn move_by(&mut self, by: isize, _view: &PaneView<'_>) {
        self.select_by(by);
    }

    fn move_to(&mut self, row: usize, _view: &PaneView<'_>) {
        self.select(row);
    }

    fn scroll(&mut self, by: isize, _view: &PaneView<'_>) {
        self.select_by(by);
    }

    /// Selects the row under the mouse.
    fn press(&mut self, _column: u16, row: u16, view: &PaneView<'_>) -> Press {
        let line = self.top + usize::from(row.saturating_sub(view.area.row));
        if let Some(SourceLine::Row(number)) = self.lines().get(line) {
            self.select(*number);
        }
        Press::Focus
    }

    fn hints(&self, _context: HintContext) -> Vec<Hint> {
        let mut hints = vec![
            hint(&[Action::Narrow], "only this"),
            hint(&[Action::Add], "add"),
            hint(&[Action::Exclude], "exclude"),
            hint(&[Action::ToggleRead], "mark read"),
        ];
        match self.row().map(|row| row.kind) {
            Some(FacetKind::Search) => {
                hints.extend([hint(&[Action::WatchSearch], "watch"), hint(&[Action::Remove], "delete")]);
            }
            Some(FacetKind::Feed | FacetKind::FeedTag) => hints.push(hint(&[Action::Remove], "unsubscribe")),
            _ => {}
        }
        hints.push(hint(&[Action::ShowSources], "close"));
        hints
    }
}
