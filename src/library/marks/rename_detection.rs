//! Recognition of marked articles whose files were renamed, moved, edited, swapped or overwritten.
//!
//! The identity of an article is its place: the path of its file and its position or key in it. When the text at a
//! place changes, the marks must follow the text and not the place. [`Library::recognise`] compares the stored articles
//! with a version of the corpus. The rules, in this order:
//!
//! 1. An article whose text is no longer at its place moves to a place with exactly that text.
//! 2. Otherwise, a text that changed at its place was edited and keeps its marks if it has the same headline or the
//!    same key in its feed, or if its file was written later and has about the same length. Other texts are other
//!    articles, and the marks are parked until their text returns.
//! 3. An article whose file was deleted moves to a file of the same name with the same headline, if there is only one,
//!    and if that file was written later and has about the same length.
//! 4. A text that returns to a folder that was missing gets a copy of its marks.
//! 5. Marks that were made with an older view join the row of their text.
//!
//! A program may have an older view of the files than another one. So a place counts only if its file is still as it
//! was read, and the plan is made again inside the transaction that applies it. [`moves`] records what happened for the
//! other programs.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, params};

use super::changes::ExternalChanges;
use super::file_state::FileState;
use super::moves;
use super::record::{ArticleRecord, PathResolver, content, parked_id};
use super::writer::MarkWriter;
use crate::article::ArticleId;
use crate::corpus::{ArticleRef, Corpus, FileStamp, Origin, Slot};
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::feeds::duplicates;
use crate::library::journal::steps::rename_articles;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{PathValue, now_nanoseconds, path_of, signed, unsigned};
use crate::marks::MarkChange;
use crate::text::fold::fold;

/// The maximum lag of file times behind the clock, in nanoseconds. Linux takes them from its timer, which ticks every 1
/// to 4 ms in most kernels.
const CLOCK_TICK: i64 = 5_000_000;

/// The SQL expression for the time when the text of a row was stored: 0 if the row is parked. Rows of older versions
/// have no `known_at`.
const KNOWN_AT: &str =
    "coalesce(known_at, max(1, coalesce(read_at, 0) * 1000000000, coalesce(starred_at, 0) * 1000000000))";

/// The text of a stored article.
struct StoredText {
    content: u64,
    length: usize,
}

impl Library {
    /// Recognises the articles of `corpus` from slot `from` on; the slots before were recognised earlier. `look`
    /// returns the current state of a file. Returns what changed, including changes of other programs.
    pub fn recognise(
        &mut self,
        corpus: &Corpus,
        from: usize,
        look: &dyn Fn(&Path) -> FileState,
    ) -> Result<ExternalChanges> {
        let looked = RefCell::new(HashMap::new());
        let look = |path: &Path| *looked.borrow_mut().entry(path.to_owned()).or_insert_with(|| look(path));
        let fresh = std::mem::take(&mut self.fresh);
        let view = ObservedFiles { corpus, from, fresh: &fresh, look: &look };
        let written = self.recognise_view(&view);
        self.fresh = fresh;
        if written? { self.read_external_changes(false) } else { Ok(ExternalChanges::default()) }
    }

    /// Returns whether anything had to be written.
    fn recognise_view(&mut self, view: &ObservedFiles<'_>) -> Result<bool> {
        let revision = moves::revision(&self.connection)?;
        if RecognitionPlan::new(&self.connection, view)?.is_empty() {
            self.recognised_at = revision;
            return Ok(false);
        }
        // Another program may have recognised the same articles in the meantime, so the plan is made again. The disk is
        // read before the transaction, because it may be slow.
        self.recognised_at = self.write(|transaction, revision| {
            RecognitionPlan::new(transaction, view)?.apply(transaction, revision, view.corpus)?;
            Ok(revision)
        })?;
        Ok(true)
    }

    /// Returns the revision of the library when this program last recognised articles. See
    /// [`Library::save_marks_with_journal`].
    pub fn recognised_at(&self) -> i64 {
        self.recognised_at
    }
}

/// The files as a program sees them.
struct ObservedFiles<'a> {
    corpus: &'a Corpus,
    from: usize,
    fresh: &'a HashSet<ArticleId>,
    look: &'a dyn Fn(&Path) -> FileState,
}

/// The changes that recognition makes.
#[derive(Debug, Default)]
struct RecognitionPlan {
    /// Articles with another place, and whether their folder is missing.
    moved: Vec<(ArticleId, Slot, bool)>,
    /// Articles that were edited at their place.
    edited: Vec<Slot>,
    /// Articles whose place has another article now, and whose text is nowhere. They are parked until their text
    /// returns.
    displaced: Vec<ArticleId>,
    /// Articles that returned with their folder, and the row that has their marks.
    returned: Vec<(ArticleId, Slot)>,
    /// The checksums of the texts of parked rows.
    contents: HashMap<ArticleId, u64>,
}

impl RecognitionPlan {
    fn new(connection: &Connection, view: &ObservedFiles<'_>) -> Result<RecognitionPlan> {
        let corpus = view.corpus;
        let mut lost = stored_texts(connection)?;
        if lost.is_empty() {
            return Ok(RecognitionPlan::default());
        }
        let mut edited = HashMap::new();
        let (mut unmatched, mut settled) = (Vec::new(), Vec::new());
        for &slot in corpus.order().iter() {
            let Some(entry) = corpus.get(slot).filter(|entry| entry.origin() == Origin::File) else { continue };
            let is_new = slot.index() >= view.from;
            let is_same =
                |stored: &StoredText| stored.length == entry.folded().len() && stored.content == content(entry);
            match lost.get(&entry.id()).map(|stored| (!is_new || is_same(stored), stored.content)) {
                Some((true, content)) => {
                    lost.remove(&entry.id());
                    // A newly marked article may have moved here from another place.
                    if is_new && view.fresh.contains(&entry.id()) {
                        unmatched.push(slot);
                    } else {
                        settled.push((content, slot));
                    }
                }
                Some((false, _)) => {
                    edited.insert(entry.id(), slot);
                }
                None if is_new => unmatched.push(slot),
                None => {}
            }
        }
        let joined: HashSet<u64> = lost.values().map(|stored| stored.content).collect();
        settled.retain(|(content, _)| joined.contains(content));
        let mut search = Search::new(view, &lost, &edited, &unmatched, &settled);
        search.match_rows(connection)?;
        search.plan(connection, &unmatched)
    }

    fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.edited.is_empty() && self.displaced.is_empty() && self.returned.is_empty()
    }

    fn apply(&self, transaction: &Transaction<'_>, revision: i64, corpus: &Corpus) -> Result<()> {
        let mut resolver = PathResolver::default();
        let parked = |id: ArticleId| parked_id(id, self.contents.get(&id).copied().unwrap_or(0));
        for entry in self.edited.iter().filter_map(|&slot| corpus.get(slot)) {
            refresh(transaction, &resolver.record(entry))?;
        }
        // Articles may have changed places with each other, so all leave before any arrives.
        for &id in self.moved.iter().map(|(id, ..)| id).chain(&self.displaced) {
            park(transaction, id, parked(id))?;
        }
        let mut renamed: HashMap<ArticleId, ArticleId> = self.displaced.iter().map(|&id| (id, parked(id))).collect();
        for &(id, slot, is_away) in &self.moved {
            let Some(entry) = corpus.get(slot) else { continue };
            if rename(transaction, revision, parked(id), &resolver.record(entry))? {
                renamed.insert(id, entry.id());
                if is_away {
                    moves::set_away(transaction, id, parked(id))?;
                }
            }
        }
        for &(holder, slot) in &self.returned {
            let Some(entry) = corpus.get(slot) else { continue };
            let mut writer = MarkWriter::new(transaction, revision)?;
            let marked = writer.marked(holder)?.unwrap_or_default();
            writer.insert(entry.id(), Some(resolver.record(entry)))?;
            for change in marked.changes() {
                writer.apply(&MarkChange { article: entry.id(), change }, &mut |_| None)?;
            }
            moves::clear_away(transaction, entry.id(), content(entry))?;
        }
        rename_articles(transaction, &renamed)?;
        moves::prune(transaction)
    }
}

/// Returns the stored articles of files.
fn stored_texts(connection: &Connection) -> Result<HashMap<ArticleId, StoredText>> {
    let sql = "SELECT id, content, length FROM articles WHERE origin = 'file'";
    let mut statement = connection.prepare_cached(sql)?;
    let stored = rows::read(&mut statement, [], "articles", |row| {
        let length = usize::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
        Ok((ArticleId(unsigned(row.get(0)?)), StoredText { content: unsigned(row.get(1)?), length }))
    })?;
    Ok(stored.into_iter().collect())
}

/// A stored article whose text is not at its place.
struct LostArticle {
    id: ArticleId,
    content: u64,
    length: usize,
    place: PathBuf,
    headline: String,
    /// When its text was stored, in nanoseconds since 1970-01-01 00:00 UTC.
    known_at: i64,
    place_state: PlaceState,
    /// Whether it was marked with an outdated view: its place had another text already, or its file was gone.
    is_outdated: bool,
}

impl LostArticle {
    /// Returns whether its marks join those of an article with the same text. Other copies have marks of their own.
    fn can_join(&self) -> bool {
        self.is_outdated || matches!(self.place_state, PlaceState::Edited(_))
    }
}

/// The state of the place of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlaceState {
    /// The place has another text now.
    Edited(Slot),
    /// The file is there, but not this text.
    InFile,
    /// The file was deleted or renamed.
    Deleted,
    /// The folder is missing: it was renamed, or its disk is not mounted.
    Away,
}

/// A search for the new places of articles.
struct Search<'a> {
    view: &'a ObservedFiles<'a>,
    /// Articles whose text is not at their place.
    lost: &'a HashMap<ArticleId, StoredText>,
    /// The places of those whose place has another text.
    edited: &'a HashMap<ArticleId, Slot>,
    /// Places where an article may have moved to, by the checksum of their text.
    same_text: HashMap<u64, Vec<Slot>>,
    /// Places of stored articles with the text of another one, whose marks may join theirs.
    settled: HashSet<Slot>,
    /// Places where an article may have moved to that are not those of stored articles, by the name of their file.
    same_name: HashMap<&'a [u8], Vec<Slot>>,
    resolver: PathResolver,
    taken: HashMap<Slot, ArticleId>,
    moved: Vec<(ArticleId, Slot, bool)>,
}

/// The places to search for the text of a lost article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SearchScope {
    File,
    Namesakes,
    Anywhere,
}

impl<'a> Search<'a> {
    fn new(
        view: &'a ObservedFiles<'a>,
        lost: &'a HashMap<ArticleId, StoredText>,
        edited: &'a HashMap<ArticleId, Slot>,
        unmatched: &[Slot],
        settled: &[(u64, Slot)],
    ) -> Search<'a> {
        let lengths: HashSet<usize> = lost.values().map(|stored| stored.length).collect();
        let mut same_text: HashMap<u64, Vec<Slot>> = HashMap::new();
        let mut same_name: HashMap<&[u8], Vec<Slot>> = HashMap::new();
        for &slot in unmatched.iter().chain(edited.values()).filter(|_| !lost.is_empty()) {
            let Some(entry) = view.corpus.get(slot) else { continue };
            if lengths.contains(&entry.folded().len()) {
                same_text.entry(content(entry)).or_default().push(slot);
            }
            if !edited.contains_key(&entry.id()) {
                same_name.entry(name_of(entry)).or_default().push(slot);
            }
        }
        for &(content, slot) in settled {
            let slots = same_text.entry(content).or_default();
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
        let settled = settled.iter().map(|&(_, slot)| slot).collect();
        // Programs with the same view make the same plan.
        let order = |slot: &Slot| view.corpus.get(*slot).map(|entry| (entry.path(), entry.ordinal()));
        for slots in same_text.values_mut().filter(|slots| slots.len() > 1) {
            slots.sort_by_cached_key(order);
        }
        let (resolver, taken, moved) = Default::default();
        Search { view, lost, edited, same_text, same_name, settled, resolver, taken, moved }
    }

    /// Finds the new places of lost articles.
    fn match_rows(&mut self, connection: &Connection) -> Result<()> {
        if self.same_text.is_empty() && self.same_name.is_empty() {
            return Ok(());
        }
        let mut rows = self.lost_rows(connection)?;
        rows.retain(|row| !self.match_text(row, SearchScope::File));
        // An article that takes a place can drive out another one, which then looks for a place as well.
        let mut before = usize::MAX;
        while rows.len() < before {
            before = rows.len();
            for scope in [SearchScope::Namesakes, SearchScope::Anywhere] {
                rows.retain(|row| self.stays(row) || !self.match_text(row, scope));
            }
        }
        for row in rows.iter().filter(|row| row.place_state == PlaceState::Deleted) {
            if let Some(slot) = self.same_headline(row) {
                self.take(row, slot);
            }
        }
        Ok(())
    }

    /// Reads the lost articles for which there may be a place, in a fixed order.
    fn lost_rows(&self, connection: &Connection) -> Result<Vec<LostArticle>> {
        let sql = format!(
            "SELECT id, place, headline, {KNOWN_AT} FROM articles WHERE origin = 'file' ORDER BY place, ordinal, id"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut stored = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = stored.next()? {
            let id = ArticleId(unsigned(row.get(0)?));
            let Some(&StoredText { content, length }) = self.lost.get(&id) else { continue };
            let place = path_of(row.get_ref(1)?);
            let has_namesakes = self.same_name.contains_key(file_name(&place));
            if !has_namesakes && !self.same_text.contains_key(&content) {
                continue;
            }
            let place_state = match self.edited.get(&id) {
                Some(&slot) => PlaceState::Edited(slot),
                None => match (self.view.look)(&place) {
                    FileState::Missing => PlaceState::Deleted,
                    FileState::FolderMissing => PlaceState::Away,
                    FileState::There { .. } | FileState::Unknown => PlaceState::InFile,
                },
            };
            let read = row.get(2).and_then(|headline| Ok((headline, row.get(3)?)));
            let Some((headline, known_at)) = rows::readable(row, "articles", read)? else { continue };
            let is_outdated = known_at == 0 || place_state == PlaceState::Deleted && self.was_gone(&place, known_at);
            found.push(LostArticle { id, content, length, place, headline, known_at, place_state, is_outdated });
        }
        // Those that need a place of their own choose first.
        found.sort_by_key(LostArticle::can_join);
        Ok(found)
    }

    /// Returns whether a deleted file was gone already at a time, because its folder has not changed since.
    fn was_gone(&self, place: &Path, time: i64) -> bool {
        let folder = place.parent().map(self.view.look);
        matches!(folder, Some(FileState::There { changed, .. }) if changed < time)
    }

    /// Returns whether an article keeps its place although its text is elsewhere: an article that was edited after it
    /// was copied, or one that is missing from a file with several articles and may return to it.
    fn stays(&self, row: &LostArticle) -> bool {
        match row.place_state {
            _ if row.is_outdated => false,
            PlaceState::Edited(slot) if self.taken.contains_key(&slot) => false,
            PlaceState::Edited(slot) => {
                let entry = self.view.corpus.get(slot);
                entry.is_some_and(|entry| has_headline(entry, &row.headline))
            }
            PlaceState::InFile => {
                let single = ArticleId::of(row.place.as_os_str().as_encoded_bytes(), 0);
                let slot = self.same_text.get(&row.content).and_then(|_| self.view.corpus.find(single));
                slot.is_none_or(|slot| is_one_of_several(self.view.corpus, slot))
            }
            PlaceState::Deleted | PlaceState::Away => false,
        }
    }

    fn take(&mut self, row: &LostArticle, slot: Slot) {
        self.taken.entry(slot).or_insert(row.id);
        self.moved.push((row.id, slot, row.place_state == PlaceState::Away));
    }

    /// Moves an article to a place with the same text. Returns whether there is one.
    fn match_text(&mut self, row: &LostArticle, scope: SearchScope) -> bool {
        let Some(slots) = self.same_text.get(&row.content) else { return false };
        let mut found: Option<([i64; 2], Slot)> = None;
        for &slot in slots {
            let Some(entry) = self.view.corpus.get(slot) else { continue };
            let is_free = !self.taken.contains_key(&slot) && !self.settled.contains(&slot);
            if !is_free && !row.can_join() {
                continue;
            }
            let is_in_scope = match scope {
                SearchScope::File => name_of(entry) == file_name(&row.place) && self.resolver.place(entry) == row.place,
                SearchScope::Namesakes => name_of(entry) == file_name(&row.place),
                SearchScope::Anywhere => true,
            };
            if !is_in_scope || !self.view.is_current(entry, &mut self.resolver) {
                continue;
            }
            if scope == SearchScope::File {
                found = Some(([0; 2], slot));
                break;
            }
            // A file that was renamed last is more likely to be this one than a copy that was there before.
            let changed = last_change(&self.resolver.place(entry), row, self.view);
            let may_be_copy = row.place_state == PlaceState::Away;
            if (!may_be_copy || is_since(changed[0], row.known_at)) && found.is_none_or(|(other, _)| changed > other) {
                found = Some((changed, slot));
            }
        }
        if let Some((_, slot)) = found {
            self.take(row, slot);
        }
        found.is_some()
    }

    /// Finds the only file with the name and headline of a deleted one that was written after its text was stored. An
    /// unrelated file was there before, or has another length.
    fn same_headline(&mut self, row: &LostArticle) -> Option<Slot> {
        let alike = |slot: &Slot| {
            let Some(entry) = self.view.corpus.get(*slot) else { return false };
            let (length, other) = (row.length, entry.folded().len());
            let place = self.resolver.place(entry);
            let is_later = || matches!((self.view.look)(&place), FileState::There { stamp, .. } if is_since(stamp.modified, row.known_at));
            !self.taken.contains_key(slot)
                && has_headline(entry, &row.headline)
                && is_alike(length, other)
                && self.view.is_current(entry, &mut self.resolver)
                && is_later()
        };
        let mut candidates = self.same_name.get(file_name(&row.place))?.iter().copied().filter(alike);
        let first = candidates.next()?;
        candidates.next().is_none().then_some(first)
    }

    /// Returns whether the text at a place is a later version of the stored one, and not another article: it has the
    /// same headline or the same key in its feed, or it was written after the other was stored and has about the same
    /// length.
    fn is_edited(&mut self, connection: &Connection, id: ArticleId, slot: Slot) -> Result<bool> {
        let Some(entry) = self.view.corpus.get(slot) else { return Ok(false) };
        let sql = format!("SELECT headline, length, content, {KNOWN_AT} FROM articles WHERE id = ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let Some(stored) = rows::first(&mut statement, [signed(id.0)], "articles", read)? else { return Ok(false) };
        let (headline, length, content, known_at): (String, i64, i64, i64) = stored;
        let place = self.resolver.place(entry);
        let has_key = entry.id() != ArticleId::of(place.as_os_str().as_encoded_bytes(), entry.ordinal());
        if content == 0 || has_key || fold(&headline) == fold(&entry.headline()) {
            return Ok(true);
        }
        if is_one_of_several(self.view.corpus, slot) {
            return Ok(false);
        }
        // A file that was renamed to this place keeps the time at which it was written.
        let is_written_since = match (self.view.look)(&place) {
            FileState::There { stamp, .. } => is_since(stamp.modified, known_at),
            FileState::Unknown => true,
            FileState::Missing | FileState::FolderMissing => false,
        };
        Ok(is_written_since && is_alike(usize::try_from(length).unwrap_or(0), entry.folded().len()))
    }

    /// Decides what happens to the articles that stay, and returns the whole plan.
    fn plan(mut self, connection: &Connection, unmatched: &[Slot]) -> Result<RecognitionPlan> {
        let corpus = self.view.corpus;
        let mut plan = RecognitionPlan { moved: std::mem::take(&mut self.moved), ..RecognitionPlan::default() };
        let left: HashSet<ArticleId> = plan.moved.iter().map(|(id, ..)| *id).collect();
        for (&id, &slot) in self.edited.iter().filter(|(id, _)| !left.contains(*id)) {
            let Some(entry) = corpus.get(slot).filter(|&entry| self.view.is_current(entry, &mut self.resolver)) else {
                continue;
            };
            match self.taken.get(&slot).copied() {
                // Marks that were made before this edit was recognised join the others.
                Some(row) if row == parked_id(id, content(entry)) && is_parked(connection, row)? => {}
                Some(_) => plan.displaced.push(id),
                None if self.is_edited(connection, id, slot)? => plan.edited.push(slot),
                None => plan.displaced.push(id),
            }
        }
        let away = if unmatched.is_empty() { HashSet::new() } else { moves::away(connection)? };
        for &slot in unmatched.iter().filter(|slot| !away.is_empty() && !self.taken.contains_key(slot)) {
            let Some(entry) = corpus.get(slot) else { continue };
            let text = (entry.id(), content(entry));
            if away.contains(&text)
                && !has_row(connection, entry.id())?
                && self.view.is_current(entry, &mut self.resolver)
                && let Some(holder) = moves::follow(connection, text, 0)?
            {
                plan.returned.push((holder, slot));
            }
        }
        let leaving = plan.moved.iter().map(|(id, ..)| id).chain(&plan.displaced);
        plan.contents = leaving.filter_map(|id| Some((*id, self.lost.get(id)?.content))).collect();
        Ok(plan)
    }
}

impl ObservedFiles<'_> {
    /// Returns whether the file of an entry is still as it was read. If it is not, a newer version of the corpus
    /// follows.
    fn is_current(&self, entry: ArticleRef<'_>, resolver: &mut PathResolver) -> bool {
        let read = entry.stamp();
        read == FileStamp::default()
            || match (self.look)(&resolver.place(entry)) {
                FileState::There { stamp, .. } => stamp == read,
                FileState::Unknown => true,
                FileState::Missing | FileState::FolderMissing => false,
            }
    }
}

/// Returns when a file was last created, renamed or changed: with the folders around it that are not folders of the
/// row, and by itself.
fn last_change(place: &Path, row: &LostArticle, view: &ObservedFiles<'_>) -> [i64; 2] {
    let time = |path: &Path| match (view.look)(path) {
        FileState::There { changed, .. } => changed,
        FileState::Unknown => i64::MAX,
        FileState::Missing | FileState::FolderMissing => i64::MIN,
    };
    let own = place.ancestors().take_while(|path| !row.place.starts_with(path));
    [own.map(time).max().unwrap_or(i64::MAX), time(place)]
}

/// Returns whether a file time is not before the time at which a text was stored.
fn is_since(time: i64, known_at: i64) -> bool {
    time.saturating_add(CLOCK_TICK) >= known_at
}

/// Returns whether two texts have about the same length.
fn is_alike(length: usize, other: usize) -> bool {
    length.abs_diff(other) <= length.max(other) / 4
}

fn is_parked(connection: &Connection, id: ArticleId) -> Result<bool> {
    let sql = "SELECT 1 FROM articles WHERE id = ?1 AND known_at = 0";
    Ok(connection.prepare_cached(sql)?.exists([signed(id.0)])?)
}

fn has_headline(entry: ArticleRef<'_>, headline: &str) -> bool {
    !headline.is_empty() && fold(&entry.headline()) == fold(headline)
}

fn file_name(place: &Path) -> &[u8] {
    place.file_name().map_or(&[], |name| name.as_encoded_bytes())
}

/// Returns whether the file of an article has several articles.
fn is_one_of_several(corpus: &Corpus, slot: Slot) -> bool {
    let Some(entry) = corpus.get(slot) else { return false };
    let next = || corpus.get(Slot(slot.0.saturating_add(1)));
    entry.ordinal() > 0 || next().is_some_and(|next| next.ordinal() == 1 && next.place() == entry.place())
}

fn park(transaction: &Transaction<'_>, id: ArticleId, parked: ArticleId) -> Result<()> {
    let (from, to) = (signed(id.0), signed(parked.0));
    // If the same text was at the same place before and was marked again since, the newer marks count.
    transaction.prepare_cached("UPDATE OR REPLACE articles SET id = ?2 WHERE id = ?1")?.execute([from, to])?;
    transaction
        .prepare_cached("UPDATE OR REPLACE reported SET article = ?2 WHERE article = ?1")?
        .execute([from, to])?;
    Ok(())
}

fn name_of(entry: ArticleRef<'_>) -> &[u8] {
    entry.place().map_or(&[], |(_, name)| name.as_encoded_bytes())
}

/// Stores the text of an edited article.
fn refresh(transaction: &Transaction<'_>, record: &ArticleRecord) -> Result<()> {
    let sql =
        "UPDATE articles SET content = ?2, length = ?3, headline = ?4, published = ?5, known_at = ?6 WHERE id = ?1";
    let length = i64::try_from(record.length).unwrap_or(i64::MAX);
    let id = signed(record.id.0);
    transaction.prepare_cached(sql)?.execute(params![
        id,
        signed(record.content),
        length,
        record.headline,
        record.published,
        now_nanoseconds()
    ])?;
    Ok(())
}

fn has_row(connection: &Connection, id: ArticleId) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM articles WHERE id = ?1")?.exists([signed(id.0)])?)
}

/// Changes the identity of an article. Returns `false` if article `from` does not exist. Adds its marks to those of the
/// new identity.
fn rename(transaction: &Transaction<'_>, revision: i64, from: ArticleId, record: &ArticleRecord) -> Result<bool> {
    let (old, new) = (signed(from.0), signed(record.id.0));
    if !has_row(transaction, from)? {
        return Ok(false);
    }
    if has_row(transaction, record.id)? {
        duplicates::merge_marks(transaction, revision, old, new)?;
        refresh(transaction, record)?;
        return Ok(true);
    }
    let sql = "UPDATE articles SET id = ?2, revision = ?3, place = ?4, ordinal = ?5 WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![old, new, revision, PathValue(&record.place), record.ordinal])?;
    transaction
        .prepare_cached("UPDATE OR REPLACE reported SET article = ?2 WHERE article = ?1")?
        .execute([old, new])?;
    refresh(transaction, record)?;
    Ok(true)
}
