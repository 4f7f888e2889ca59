//! Recognising articles again: one whose file was renamed or moved by its text, one that was edited by its place.
//!
//! An identity is a place. An article whose place is gone from the disk is looked for among those that were not known
//! when the program began: first by its text, then by its file's name and its headline. As long as the old file is there,
//! a new one with the same text is another article. In a file of several articles, such as a feed, they change places: there
//! each is known by its text.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::journal::rename_articles;
use super::marks::{Keeper, Known, Origins, Place8, content, path_of, signed, unsigned};
use super::{Library, Result};
use crate::article::ArticleId;
use crate::article::fold::fold;
use crate::corpus::{Corpus, Entry, Origin, Slot};
use crate::marks::{Marked, Marking};

/// An article that goes by another identity now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What it was known as.
    pub from: ArticleId,
    /// What it is known as now.
    pub to: ArticleId,
}

/// What came of looking through a version of the corpus.
#[derive(Clone, Debug, Default)]
pub struct Recognised {
    /// Articles that were recognised in another place.
    pub moved: Vec<Moved>,
    /// What is done to each of them now.
    pub marks: Vec<(ArticleId, Marked)>,
}

/// What the library knows of an article.
struct Kept {
    content: u64,
    length: usize,
}

impl Library {
    /// Recognises the articles of `corpus` from slot `from` on, those before having been looked at. `exists` says
    /// whether there is still a file at a path.
    pub fn recognise(&mut self, corpus: &Corpus, from: usize, exists: &dyn Fn(&Path) -> bool) -> Result<Recognised> {
        let kept = self.kept()?;
        if kept.is_empty() {
            return Ok(Recognised::default());
        }
        let mut here: HashSet<ArticleId> = HashSet::with_capacity(corpus.len());
        let (mut edited, mut strangers) = (HashMap::new(), Vec::new());
        for &slot in corpus.order().iter() {
            let Some(entry) = corpus.get(slot).filter(|entry| entry.origin() == Origin::File) else { continue };
            here.insert(entry.id());
            if slot.index() < from {
                continue;
            }
            if self.fresh.contains(&entry.id()) {
                strangers.push(slot);
            }
            match kept.get(&entry.id()) {
                Some(kept) if kept.length == entry.folded().len() && kept.content == content(entry) => {}
                Some(_) => drop(edited.insert(entry.id(), slot)),
                None => strangers.push(slot),
            }
        }
        let mut lost = kept;
        lost.retain(|id, _| !here.contains(id) || edited.contains_key(id));
        let mut search = Search::new(corpus, &lost, &edited, &strangers, exists);
        search.go_through(&self.connection)?;
        let Search { found, mut origins, .. } = search;
        let left: HashSet<ArticleId> = found.iter().map(|(id, _)| *id).collect();
        let taken: HashSet<ArticleId> = found.iter().filter_map(|(_, slot)| Some(corpus.get(*slot)?.id())).collect();
        // What was edited where it stands stays; what another article has taken the place of waits to be seen again.
        let (mut refreshed, mut displaced) = (Vec::new(), Vec::new());
        for (&id, &slot) in edited.iter().filter(|(id, _)| !left.contains(*id)) {
            let same = !is_one_of_several(corpus, slot) || self.has_headline(id, corpus.get(slot))?;
            if same && !taken.contains(&id) { refreshed.push(slot) } else { displaced.push(id) }
        }
        if refreshed.is_empty() && displaced.is_empty() && found.is_empty() {
            return Ok(Recognised::default());
        }
        let aside = |id: ArticleId| aside(id, lost.get(&id).map_or(0, |kept| kept.content));
        self.write(|transaction, revision| {
            for entry in refreshed.iter().filter_map(|&slot| corpus.get(slot)) {
                refresh(transaction, &origins.known(entry))?;
            }
            // Articles of one file may have changed places with each other, so all go out before any goes in.
            for &id in left.iter().chain(&displaced) {
                set_aside(transaction, id, aside(id))?;
            }
            let mut recognised = Recognised::default();
            recognised.marks.extend(displaced.iter().map(|&id| (id, Marked::default())));
            let mut renamed: HashMap<ArticleId, ArticleId> = displaced.iter().map(|&id| (id, aside(id))).collect();
            for (from, slot) in found {
                let Some(entry) = corpus.get(slot) else { continue };
                let to = entry.id();
                if rename(transaction, revision, aside(from), &origins.known(entry))? {
                    recognised.moved.push(Moved { from, to });
                    renamed.insert(from, to);
                    let marked = Keeper::new(transaction, revision)?.marked(to)?;
                    recognised.marks.extend(marked.map(|marked| (to, marked)));
                }
            }
            if !renamed.is_empty() {
                rename_articles(transaction, &renamed)?;
            }
            Ok(recognised)
        })
    }

    /// Whether the headline that is known of an article is that of an entry.
    fn has_headline(&self, id: ArticleId, entry: Option<Entry<'_>>) -> Result<bool> {
        let sql = "SELECT headline FROM articles WHERE id = ?1";
        let known: Option<String> =
            self.connection.prepare_cached(sql)?.query_row([signed(id.0)], |row| row.get(0)).optional()?;
        Ok(known.zip(entry).is_some_and(|(known, entry)| fold(&known) == fold(&entry.headline())))
    }

    fn kept(&self) -> Result<HashMap<ArticleId, Kept>> {
        let sql = "SELECT id, content, length FROM articles WHERE origin = 'file'";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut kept = HashMap::new();
        while let Some(row) = rows.next()? {
            let length = usize::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
            kept.insert(ArticleId(unsigned(row.get(0)?)), Kept { content: unsigned(row.get(1)?), length });
        }
        Ok(kept)
    }
}

/// A search for the articles that are not where they were.
struct Search<'a> {
    corpus: &'a Corpus,
    /// Articles that are gone, or whose place holds another text now.
    lost: &'a HashMap<ArticleId, Kept>,
    /// Of those, the slots of the ones whose place is there.
    edited: &'a HashMap<ArticleId, Slot>,
    exists: &'a dyn Fn(&Path) -> bool,
    same_text: HashMap<u64, Vec<Slot>>,
    same_name: HashMap<&'a [u8], Vec<Slot>>,
    origins: Origins,
    taken: HashSet<Slot>,
    /// What was found: each article, and where it is now.
    found: Vec<(ArticleId, Slot)>,
}

impl<'a> Search<'a> {
    fn new(
        corpus: &'a Corpus,
        lost: &'a HashMap<ArticleId, Kept>,
        edited: &'a HashMap<ArticleId, Slot>,
        strangers: &[Slot],
        exists: &'a dyn Fn(&Path) -> bool,
    ) -> Search<'a> {
        let lengths: HashSet<usize> = lost.values().map(|kept| kept.length).collect();
        let mut same_text: HashMap<u64, Vec<Slot>> = HashMap::new();
        let mut same_name: HashMap<&[u8], Vec<Slot>> = HashMap::new();
        for &slot in strangers.iter().chain(edited.values()).filter(|_| !lost.is_empty()) {
            let Some(entry) = corpus.get(slot) else { continue };
            if lengths.contains(&entry.folded().len()) {
                same_text.entry(content(entry)).or_default().push(slot);
            }
            if !edited.contains_key(&entry.id()) {
                same_name.entry(name_of(entry)).or_default().push(slot);
            }
        }
        let (origins, taken, found) = Default::default();
        Search { corpus, lost, edited, exists, same_text, same_name, origins, taken, found }
    }

    fn go_through(&mut self, connection: &Connection) -> Result<()> {
        if self.same_text.is_empty() && self.same_name.is_empty() {
            return Ok(());
        }
        let sql = "SELECT id, place, headline FROM articles WHERE origin = 'file' ORDER BY place, ordinal";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut left = Vec::new();
        while let Some(row) = rows.next()? {
            let id = ArticleId(unsigned(row.get(0)?));
            let Some(kept) = self.lost.get(&id) else { continue };
            let place = path_of(row.get_ref(1)?);
            let name = place.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
            let has_namesakes = self.same_name.contains_key(name.as_slice());
            if !has_namesakes && !self.same_text.contains_key(&kept.content) {
                continue;
            }
            let is_gone = !self.edited.contains_key(&id) && !(self.exists)(&place);
            match self.same_text(kept.content, &place, &name, is_gone) {
                Some(slot) => self.take(id, slot),
                None if is_gone => left.push((id, name, row.get::<_, String>(2)?)),
                None => {}
            }
        }
        for (id, name, headline) in left {
            if let Some(slot) = self.same_headline(&name, &headline) {
                self.take(id, slot);
            }
        }
        Ok(())
    }

    fn take(&mut self, id: ArticleId, slot: Slot) {
        self.taken.insert(slot);
        self.found.push((id, slot));
    }

    /// An article with this text: in the same file, or, where that is gone, anywhere; of several the one whose file has
    /// the same name.
    fn same_text(&mut self, content: u64, place: &Path, name: &[u8], is_gone: bool) -> Option<Slot> {
        let corpus = self.corpus;
        let free: Vec<Slot> =
            self.same_text.get(&content)?.iter().copied().filter(|slot| !self.taken.contains(slot)).collect();
        let entries = || free.iter().filter_map(|&slot| Some((slot, corpus.get(slot)?)));
        let origins = &mut self.origins;
        let mut in_file = entries().filter(|(_, entry)| name_of(*entry) == name);
        if let Some((slot, _)) = in_file.find(|(_, entry)| origins.place(*entry) == place) {
            return Some(slot);
        }
        // Elsewhere only what was not known to be there.
        let new = || entries().filter(|(_, entry)| is_gone && !self.edited.contains_key(&entry.id()));
        let named = new().find(|(_, entry)| name_of(*entry) == name);
        named.or_else(|| new().next()).map(|(slot, _)| slot)
    }

    /// The one article whose file has this name and which has this headline; of two, neither is certain.
    fn same_headline(&self, name: &[u8], headline: &str) -> Option<Slot> {
        let alike = |slot: &&Slot| {
            let entry = self.corpus.get(**slot);
            entry.is_some_and(|entry| !headline.is_empty() && fold(&entry.headline()) == fold(headline))
        };
        let free = self.same_name.get(name)?.iter().filter(|slot| !self.taken.contains(*slot));
        let mut candidates = free.filter(alike);
        let first = candidates.next()?;
        candidates.next().is_none().then_some(*first)
    }
}

/// Whether the file of the article in a slot holds others.
fn is_one_of_several(corpus: &Corpus, slot: Slot) -> bool {
    let Some(entry) = corpus.get(slot) else { return false };
    let next = || corpus.get(Slot(slot.0.saturating_add(1)));
    entry.ordinal() > 0 || next().is_some_and(|next| next.ordinal() == 1 && next.place() == entry.place())
}

/// What an article is known as while it is nowhere to be seen: another name for each text that stood in a place.
fn aside(id: ArticleId, content: u64) -> ArticleId {
    ArticleId::of([id.0.to_le_bytes(), content.to_le_bytes()].as_flattened(), u32::MAX)
}

fn set_aside(transaction: &Transaction<'_>, id: ArticleId, aside: ArticleId) -> Result<()> {
    let (from, to) = (signed(id.0), signed(aside.0));
    // Where the same text was in the same place before, and was marked again since, the newer marks count.
    transaction.prepare_cached("UPDATE OR REPLACE articles SET id = ?2 WHERE id = ?1")?.execute([from, to])?;
    transaction
        .prepare_cached("UPDATE OR REPLACE reported SET article = ?2 WHERE article = ?1")?
        .execute([from, to])?;
    Ok(())
}

fn name_of(entry: Entry<'_>) -> &[u8] {
    entry.place().map_or(&[], |(_, name)| name.as_encoded_bytes())
}

/// Takes over what an edited article is now.
fn refresh(transaction: &Transaction<'_>, known: &Known) -> Result<()> {
    let sql = "UPDATE articles SET content = ?2, length = ?3, headline = ?4, published = ?5 WHERE id = ?1";
    let length = i64::try_from(known.length).unwrap_or(i64::MAX);
    let id = signed(known.id.0);
    transaction.prepare_cached(sql)?.execute(params![
        id,
        signed(known.content),
        length,
        known.headline,
        known.published
    ])?;
    Ok(())
}

/// Gives an article another identity; says no where it is known by that of before no more. What was done to the new
/// one already is added to what was done to the old.
fn rename(transaction: &Transaction<'_>, revision: i64, from: ArticleId, known: &Known) -> Result<bool> {
    let (old, new) = (signed(from.0), signed(known.id.0));
    let there = |id: i64| transaction.query_row("SELECT 1 FROM articles WHERE id = ?1", [id], |_| Ok(())).optional();
    if there(old)?.is_none() {
        return Ok(false);
    }
    if there(new)?.is_some() {
        let mut keeper = Keeper::new(transaction, revision)?;
        let marked = keeper.marked(known.id)?.unwrap_or_default();
        for change in marked.changes() {
            keeper.keep(&Marking { article: from, change }, &mut |_| None)?;
        }
        transaction.execute("DELETE FROM articles WHERE id = ?1", [new])?;
    }
    let sql = "UPDATE articles SET id = ?2, revision = ?3, place = ?4, ordinal = ?5 WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![old, new, revision, Place8(&known.place), known.ordinal])?;
    transaction
        .prepare_cached("UPDATE OR REPLACE reported SET article = ?2 WHERE article = ?1")?
        .execute([old, new])?;
    refresh(transaction, known)?;
    Ok(true)
}
