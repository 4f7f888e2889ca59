//! The reading pane: the open article, typeset for the width of the pane, and the position in it.

use std::path::PathBuf;

use super::pane::{Hint, HintContext, Pane, PaneView, Press, hint};
use crate::app::state::searches::{MAX_SHOWN, WatchedHits};
use crate::article::{Article, ArticleId};
use crate::corpus::{ArticleRef, Corpus, Origin, Slot};
use crate::keys::Action;
use crate::marks::{ArticleMarks, ReadPosition};
use crate::render::typeset::{Annotation, ArticlePage, TypesetOptions, typeset};
use crate::search::{Hit, Matcher};
use crate::text::count_words;
use crate::text::format::grouped;

/// Reading speed in words per minute: 238 for English prose, by Brysbaert's review of 190 studies (2019).
const WORDS_A_MINUTE: u32 = 238;

/// The open article.
#[derive(Clone, Debug)]
pub struct OpenArticle {
    /// The slot in the corpus.
    pub slot: Slot,
    /// The article, cut to the shown length.
    pub article: Article,
    /// The notice at the end of a cut article; else empty.
    pub more: String,
    /// The path of its file.
    pub path: PathBuf,
    /// The origin of the article.
    pub origin: Origin,
    /// The hits of the filter, in order.
    pub hits: Vec<Hit>,
    /// The index of the current hit in `hits`.
    pub current: Option<usize>,
    /// The hits of watched searches.
    pub watched: Vec<WatchedHits>,
    /// The tags below the text.
    pub tags: String,
    /// The note below the text.
    pub note: String,
}

/// The state of the pane.
#[derive(Clone, Debug, Default)]
pub struct ReadingPane {
    open: Option<OpenArticle>,
    options: Option<TypesetOptions>,
    page: ArticlePage,
    top: usize,
    /// The part and the byte at the top when the reader scrolled last. It stays when the width changes.
    place: (usize, usize),
    /// Whether the reader has scrolled in the open article.
    scrolled: bool,
}

/// Returns the part and the byte of the reader's position in an article.
fn place_in(marked: &ArticleMarks) -> (usize, usize) {
    marked.place().map_or((0, 0), |place| (place.part as usize, place.byte as usize))
}

fn tags_of(marked: &ArticleMarks) -> String {
    marked.tags().iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ")
}

/// Returns the article cut to the shown length, and the notice if it was cut.
fn cut(entry: ArticleRef<'_>) -> (Article, String) {
    let (article, is_whole) = entry.beginning(MAX_SHOWN);
    if is_whole {
        return (article, String::new());
    }
    let shown = article.body().map(|(_, part)| count_words(&part.text)).fold(0u32, u32::saturating_add);
    let rest = grouped(u64::from(article.words.saturating_sub(shown)));
    let more = format!("The article goes on for about {rest} words. They are searched but not shown.");
    (article, more)
}

impl ReadingPane {
    /// Returns the open article.
    pub fn open(&self) -> Option<&OpenArticle> {
        self.open.as_ref()
    }

    /// Returns the typeset article.
    pub fn page(&self) -> &ArticlePage {
        &self.page
    }

    /// Returns the number of the first visible line.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Returns how the article is typeset.
    pub fn options(&self) -> Option<TypesetOptions> {
        self.options
    }

    /// Returns the reading time in whole minutes, at least one.
    pub fn minutes(&self) -> u32 {
        self.open.as_ref().map_or(0, |open| open.article.words.div_ceil(WORDS_A_MINUTE).max(1))
    }

    /// Returns how much of the text is above the bottom of a pane of `rows` lines, in percent.
    pub fn percent(&self, rows: usize) -> usize {
        let lines = self.page.lines().len();
        ((self.top + rows).min(lines) * 100).checked_div(lines).unwrap_or(100)
    }

    /// Opens the article in `slot` at the reader's position. Returns false if it is open already.
    pub(crate) fn show(
        &mut self,
        slot: Option<Slot>,
        corpus: &Corpus,
        matcher: Option<&Matcher>,
        marked: &ArticleMarks,
    ) -> bool {
        if self.open.as_ref().map(|open| open.slot) == slot {
            return false;
        }
        let Some(entry) = slot.and_then(|slot| corpus.get(slot)) else {
            *self = ReadingPane { options: self.options, ..ReadingPane::default() };
            return true;
        };
        let former = self.open.take().filter(|open| open.article.id == entry.id());
        let (article, more) = cut(entry);
        match &former {
            Some(former) => self.follow_text(&former.article, &article),
            None => {
                self.scrolled = false;
                self.place = place_in(marked);
            }
        }
        self.open = Some(OpenArticle {
            slot: slot.unwrap_or(Slot(0)),
            article,
            more,
            path: entry.path(),
            origin: entry.origin(),
            hits: matcher.map_or_else(Vec::new, |matcher| matcher.hits_within(entry, MAX_SHOWN)),
            current: None,
            watched: Vec::new(),
            tags: tags_of(marked),
            note: marked.note().to_owned(),
        });
        self.typeset();
        self.go_to_place();
        true
    }

    /// Shows the current tags and note below the text. Goes to the saved position, unless the reader has scrolled.
    pub(crate) fn annotate(&mut self, marked: &ArticleMarks) {
        let Some(open) = &mut self.open else { return };
        let (tags, note) = (tags_of(marked), marked.note());
        if open.tags != tags || open.note != note {
            (open.tags, open.note) = (tags, note.to_owned());
            self.typeset();
            self.go_to_place();
        }
        if !self.scrolled && self.place != place_in(marked) {
            self.place = place_in(marked);
            self.go_to_place();
        }
    }

    /// Sets the hits of watched searches.
    pub(crate) fn set_watched(&mut self, watched: Vec<WatchedHits>) {
        if let Some(open) = &mut self.open {
            open.watched = watched;
        }
    }

    /// Returns the position in the open article; `None` at its top.
    pub(crate) fn place(&self) -> Option<ReadPosition> {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (self.place != (0, 0)).then(|| ReadPosition { part: number(self.place.0), byte: number(self.place.1) })
    }

    /// Returns whether the reader has scrolled in the open article.
    pub(crate) fn is_scrolled(&self) -> bool {
        self.scrolled
    }

    /// Gives the open article another slot, identity and path if it is `former`.
    pub(crate) fn rename(&mut self, former: ArticleId, slot: Slot, entry: ArticleRef<'_>) {
        if let Some(open) = self.open.as_mut().filter(|open| open.article.id == former) {
            open.slot = slot;
            open.path = entry.path();
            (open.article, open.more) = cut(entry);
        }
    }

    /// Updates the hits for another filter. The position stays.
    pub(crate) fn update_hits(&mut self, corpus: &Corpus, matcher: Option<&Matcher>) {
        if let Some(open) = &mut self.open {
            let entry = corpus.get(open.slot);
            open.hits =
                matcher.zip(entry).map_or_else(Vec::new, |(matcher, entry)| matcher.hits_within(entry, MAX_SHOWN));
            open.current = None;
        }
    }

    /// Typesets the article for another width. The first visible text stays the same.
    pub(crate) fn set_options(&mut self, options: TypesetOptions) {
        if self.options == Some(options) {
            return;
        }
        self.options = Some(options);
        self.typeset();
        self.go_to_place();
    }

    /// Keeps the position at the same text if parts were added or removed before it.
    fn follow_text(&mut self, former: &Article, article: &Article) {
        let (number, at) = self.place;
        let Some(part) = former.parts.get(number) else { return };
        if article.parts.get(number).is_none_or(|same| same.text != part.text)
            && let Some(moved) = article.parts.iter().position(|same| same.text == part.text)
        {
            self.place = (moved, at);
        }
    }

    fn go_to_place(&mut self) {
        // Lines above the first part belong to it.
        self.top = if self.place == (0, 0) { 0 } else { self.page.line_of(self.place.0, self.place.1) };
    }

    /// Scrolls up if there is empty space below the text and text above.
    pub(crate) fn clamp_scroll(&mut self, rows: usize) {
        self.top = self.top.min(self.page.lines().len().saturating_sub(rows));
    }

    fn typeset(&mut self) {
        self.page = match (&self.open, self.options) {
            (Some(open), Some(options)) => {
                typeset(&open.article, Annotation { tags: &open.tags, note: &open.note, more: &open.more }, options)
            }
            _ => ArticlePage::default(),
        };
    }

    /// Scrolls by lines. Returns false at the end of the text.
    pub(crate) fn scroll_by(&mut self, by: isize, rows: usize) -> bool {
        let before = self.top;
        self.scroll_to(self.top.saturating_add_signed(by), rows);
        self.top != before
    }

    /// Scrolls to a line, or to the end of the text.
    pub(crate) fn scroll_to(&mut self, line: usize, rows: usize) {
        self.top = line;
        self.clamp_scroll(rows);
        self.place = self.page.start_of(self.top);
        self.scrolled = true;
    }

    /// Returns the index of the first hit in line `line` or below.
    pub fn hit_from(&self, line: usize) -> usize {
        let hits = self.open.as_ref().map_or(&[][..], |open| &open.hits);
        let lines = self.page.lines();
        // Lines outside of parts, such as blank ones, have no hits.
        match lines.get(line..).and_then(|below| below.iter().find_map(|line| Some((line.part?, line.range.start)))) {
            Some(start) => hits.partition_point(|hit| (hit.part, hit.range.start) < start),
            None => hits.len(),
        }
    }

    /// Returns the line of hit number `number`.
    pub fn line_of_hit(&self, number: usize) -> Option<usize> {
        let hit = self.open.as_ref()?.hits.get(number)?;
        Some(self.page.line_of(hit.part, hit.range.start))
    }

    /// Goes to the next or previous hit. If no hit is current, starts at the first visible one. Returns false if there
    /// are no more hits.
    pub(crate) fn step_hit(&mut self, forward: bool, rows: usize) -> bool {
        let Some(open) = &self.open else { return false };
        let from_screen = || {
            let first =
                (0..open.hits.len()).find(|&number| self.line_of_hit(number).is_some_and(|line| line >= self.top));
            if forward { first } else { first.unwrap_or(open.hits.len()).checked_sub(1) }
        };
        let next = match open.current {
            None => from_screen(),
            Some(current) if forward => Some(current + 1).filter(|&next| next < open.hits.len()),
            Some(current) => current.checked_sub(1),
        };
        match next {
            Some(number) => {
                self.go_to_hit(number, rows);
                true
            }
            None => false,
        }
    }

    /// Goes to hit number `number`.
    pub(crate) fn go_to_hit(&mut self, number: usize, rows: usize) {
        let Some(line) = self.line_of_hit(number) else { return };
        if let Some(open) = &mut self.open {
            open.current = Some(number);
        }
        // A visible hit does not scroll. Another one is scrolled to a third of the pane.
        let margin = usize::from(rows > 4);
        if line < self.top + margin || line + margin >= self.top + rows {
            self.scroll_to(line.saturating_sub(rows / 3), rows);
        }
    }
}

impl Pane for ReadingPane {
    fn move_by(&mut self, by: isize, view: &PaneView<'_>) {
        self.scroll_by(by, view.visible);
    }

    fn move_to(&mut self, row: usize, view: &PaneView<'_>) {
        self.scroll_to(row, view.visible);
    }

    fn scroll(&mut self, by: isize, view: &PaneView<'_>) {
        self.scroll_by(by, view.visible);
    }

    /// Scrolls if the scrollbar is hit, which is the last column.
    fn press(&mut self, column: u16, row: u16, view: &PaneView<'_>) -> Press {
        let area = view.area;
        if column + 1 == area.column + area.columns {
            let line =
                self.page.lines().len() * usize::from(row.saturating_sub(area.row)) / usize::from(area.rows.max(1));
            self.scroll_to(line, view.visible);
        }
        Press::Open
    }

    fn drag(&mut self, column: u16, row: u16, view: &PaneView<'_>) -> Press {
        self.press(column, row, view)
    }

    fn hints(&self, context: HintContext) -> Vec<Hint> {
        let mut hints = vec![hint(&[Action::ReadOn], "read on"), hint(&[Action::Back], "list")];
        if context.has_hits {
            hints.push(hint(&[Action::NextHit, Action::PreviousHit], "hit"));
        }
        hints.extend([
            hint(&[Action::NextArticle, Action::PreviousArticle], "article"),
            hint(&[Action::ToggleStar], "star"),
            hint(&[Action::StartFilter], "filter"),
            hint(&[Action::ToggleZen], "zen"),
            hint(&[Action::ShowHelp], "help"),
        ]);
        hints
    }
}
