//! The reading pane: the open article, set to the width of the pane, and the place in it.

use std::path::PathBuf;

use crate::app::Watched;
use crate::article::{Article, ArticleId};
use crate::corpus::{ArticleRef, Corpus, Origin, Slot};
use crate::marks::{ArticleMarks, ReadPosition};
use crate::render::typeset::{Annotation, ArticlePage, TypesetOptions, typeset};
use crate::search::{Hit, Matcher};
use crate::text::count_words;
use crate::text::format::grouped;

/// How many words somebody reads in a minute, by Brysbaert's review of 190 studies (2019): 238 for prose in English.
const WORDS_A_MINUTE: u32 = 238;

/// So many bytes of an article are shown, more than any book has that was ever called long. TypesetOptions them takes a tenth
/// of a second, and the keys wait for it.
pub(crate) const SHOWN: usize = 4 << 20;

/// An article that is open.
#[derive(Clone, Debug)]
pub struct OpenArticle {
    /// Its slot in the corpus.
    pub slot: Slot,
    /// The article, or as much of it as is shown.
    pub article: Article,
    /// What is said where that is not all of it; else empty.
    pub more: String,
    /// The path of its file.
    pub path: PathBuf,
    /// Where it came from.
    pub origin: Origin,
    /// Where it answers the filter, from front to back.
    pub hits: Vec<Hit>,
    /// The hit that the reader stands on, a number in `hits`.
    pub current: Option<usize>,
    /// Where the words of watches stand.
    pub watched: Vec<Watched>,
    /// The tags that are set with it.
    pub tags: String,
    /// The note that is set with it.
    pub note: String,
}

/// The state of the pane.
#[derive(Clone, Debug, Default)]
pub struct ReadingPane {
    open: Option<OpenArticle>,
    setting: Option<TypesetOptions>,
    page: ArticlePage,
    top: usize,
    /// The part and the byte at the top since the reader scrolled last; it outlasts any change of width.
    place: (usize, usize),
    /// Whether the reader has scrolled in the open article.
    scrolled: bool,
}

/// The part and the byte at which the reader was in an article.
fn place_in(marked: &ArticleMarks) -> (usize, usize) {
    marked.place().map_or((0, 0), |place| (place.part as usize, place.byte as usize))
}

fn tags_of(marked: &ArticleMarks) -> String {
    marked.tags().iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ")
}

/// As much of an article as is shown, and what is said where that is not all.
fn shown_of(entry: ArticleRef<'_>) -> (Article, String) {
    let (article, is_whole) = entry.beginning(SHOWN);
    if is_whole {
        return (article, String::new());
    }
    let shown = article.body().map(|(_, part)| count_words(&part.text)).fold(0u32, u32::saturating_add);
    let rest = grouped(u64::from(article.words.saturating_sub(shown)));
    let more = format!("The article goes on, by some {rest} words that are searched but too many to be shown.");
    (article, more)
}

impl ReadingPane {
    /// The open article.
    pub fn open(&self) -> Option<&OpenArticle> {
        self.open.as_ref()
    }

    /// Its lines.
    pub fn page(&self) -> &ArticlePage {
        &self.page
    }

    /// The line at the top of the pane.
    pub fn top(&self) -> usize {
        self.top
    }

    /// How it is set.
    pub fn setting(&self) -> Option<TypesetOptions> {
        self.setting
    }

    /// How long reading it takes, in whole minutes, at least one.
    pub fn minutes(&self) -> u32 {
        self.open.as_ref().map_or(0, |open| open.article.words.div_ceil(WORDS_A_MINUTE).max(1))
    }

    /// How much of it is read when the pane shows `rows` lines, in percent.
    pub fn percent(&self, rows: usize) -> usize {
        let lines = self.page.lines().len();
        ((self.top + rows).min(lines) * 100).checked_div(lines).unwrap_or(100)
    }

    /// Shows the article in `slot`, from where the reader was in it, unless it is open already; says whether it was not.
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
            *self = ReadingPane { setting: self.setting, ..ReadingPane::default() };
            return true;
        };
        let former = self.open.take().filter(|open| open.article.id == entry.id());
        let (article, more) = shown_of(entry);
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
            hits: matcher.map_or_else(Vec::new, |matcher| matcher.hits_within(entry, SHOWN)),
            current: None,
            watched: Vec::new(),
            tags: tags_of(marked),
            note: marked.note().to_owned(),
        });
        self.set();
        // A changed version of the same article is read on at the same place.
        self.go_to_place();
        true
    }

    /// Sets the open article with the tags and the note that it has now, and goes to where the reader was in it, unless
    /// the reader has gone elsewhere since.
    pub(crate) fn annotate(&mut self, marked: &ArticleMarks) {
        let Some(open) = &mut self.open else { return };
        let (tags, note) = (tags_of(marked), marked.note());
        if open.tags != tags || open.note != note {
            (open.tags, open.note) = (tags, note.to_owned());
            self.set();
            self.go_to_place();
        }
        if !self.scrolled && self.place != place_in(marked) {
            self.place = place_in(marked);
            self.go_to_place();
        }
    }

    /// Highlights the words of watches.
    pub(crate) fn watch(&mut self, watched: Vec<Watched>) {
        if let Some(open) = &mut self.open {
            open.watched = watched;
        }
    }

    /// The place in the open article, none at its top.
    pub(crate) fn place(&self) -> Option<ReadPosition> {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (self.place != (0, 0)).then(|| ReadPosition { part: number(self.place.0), byte: number(self.place.1) })
    }

    /// Whether the reader has scrolled in the open article.
    pub(crate) fn was_scrolled(&self) -> bool {
        self.scrolled
    }

    /// The open article, if it is `former`, goes by another slot, identity and path from now on.
    pub(crate) fn rename(&mut self, former: ArticleId, slot: Slot, entry: ArticleRef<'_>) {
        if let Some(open) = self.open.as_mut().filter(|open| open.article.id == former) {
            open.slot = slot;
            open.path = entry.path();
            (open.article, open.more) = shown_of(entry);
        }
    }

    /// Marks where the open article answers another filter; the place stays.
    pub(crate) fn mark(&mut self, corpus: &Corpus, matcher: Option<&Matcher>) {
        if let Some(open) = &mut self.open {
            let entry = corpus.get(open.slot);
            open.hits = matcher.zip(entry).map_or_else(Vec::new, |(matcher, entry)| matcher.hits_within(entry, SHOWN));
            open.current = None;
        }
    }

    /// Sets the article to another width; the line at the top stays the same text.
    pub(crate) fn set_to(&mut self, setting: TypesetOptions) {
        if self.setting == Some(setting) {
            return;
        }
        self.setting = Some(setting);
        self.set();
        self.go_to_place();
    }

    /// Keeps the place at the text where it is, should parts have come or gone before it.
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
        // What stands above the first part belongs to it.
        self.top = if self.place == (0, 0) { 0 } else { self.page.line_of(self.place.0, self.place.1) };
    }

    /// Shows no emptiness below the text while there is text above.
    pub(crate) fn stay_within(&mut self, rows: usize) {
        self.top = self.top.min(self.page.lines().len().saturating_sub(rows));
    }

    fn set(&mut self) {
        self.page = match (&self.open, self.setting) {
            (Some(open), Some(setting)) => {
                typeset(&open.article, Annotation { tags: &open.tags, note: &open.note, more: &open.more }, setting)
            }
            _ => ArticlePage::default(),
        };
    }

    /// Scrolls by lines; says whether there was anywhere to go.
    pub(crate) fn scroll_by(&mut self, by: isize, rows: usize) -> bool {
        let before = self.top;
        self.scroll_to(self.top.saturating_add_signed(by), rows);
        self.top != before
    }

    /// Scrolls to a line, or as far as there is text.
    pub(crate) fn scroll_to(&mut self, line: usize, rows: usize) {
        self.top = line;
        self.stay_within(rows);
        self.place = self.page.start_of(self.top);
        self.scrolled = true;
    }

    /// The number of the first hit that stands in line `line` or below.
    pub fn hit_from(&self, line: usize) -> usize {
        let hits = self.open.as_ref().map_or(&[][..], |open| &open.hits);
        let lines = self.page.lines();
        // Lines that are of no part, such as blank ones, have no hits.
        match lines.get(line..).and_then(|below| below.iter().find_map(|line| Some((line.part?, line.range.start)))) {
            Some(start) => hits.partition_point(|hit| (hit.part, hit.range.start) < start),
            None => hits.len(),
        }
    }

    /// The line of hit number `number`.
    pub fn line_of_hit(&self, number: usize) -> Option<usize> {
        let hit = self.open.as_ref()?.hits.get(number)?;
        Some(self.page.line_of(hit.part, hit.range.start))
    }

    /// Goes to the next hit, or the one before. From no hit it starts at the first one on the screen or after it.
    /// Says no where the article has none further.
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
        // A hit that is in sight moves nothing; another comes to a third of the pane.
        let margin = usize::from(rows > 4);
        if line < self.top + margin || line + margin >= self.top + rows {
            self.scroll_to(line.saturating_sub(rows / 3), rows);
        }
    }
}
