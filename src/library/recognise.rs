//! Recognising articles again: one whose file was renamed or moved by its text, one that was edited by its place.
//!
//! An identity is a place. An article whose place is gone from the disk is looked for among those that were not known
//! when the program began: first by its text, then by its file's name and its headline. As long as the old file is there,
//! a new one with the same text is another article.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rusqlite::{OptionalExtension, Transaction, params};

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
        let (mut edited, mut strangers) = (Vec::new(), Vec::new());
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
                Some(_) => edited.push(slot),
                None => strangers.push(slot),
            }
        }
        let orphans: HashMap<ArticleId, Kept> = kept.into_iter().filter(|(id, _)| !here.contains(id)).collect();
        let moved = self.matches(corpus, &orphans, &strangers, exists)?;
        if edited.is_empty() && moved.is_empty() {
            return Ok(Recognised::default());
        }
        let mut origins = Origins::default();
        self.write(|transaction, revision| {
            for entry in edited.iter().filter_map(|&slot| corpus.get(slot)) {
                refresh(transaction, &origins.known(entry))?;
            }
            let mut recognised = Recognised::default();
            for (from, slot) in moved {
                let Some(entry) = corpus.get(slot) else { continue };
                let to = entry.id();
                if rename(transaction, revision, from, &origins.known(entry))? {
                    recognised.moved.push(Moved { from, to });
                    let marked = Keeper::new(transaction, revision)?.marked(to)?;
                    recognised.marks.extend(marked.map(|marked| (to, marked)));
                }
            }
            Ok(recognised)
        })
    }

    fn kept(&self) -> Result<HashMap<ArticleId, Kept>> {
        let mut statement =
            self.connection.prepare_cached("SELECT id, content, length FROM articles WHERE origin = 'file'")?;
        let mut rows = statement.query([])?;
        let mut kept = HashMap::new();
        while let Some(row) = rows.next()? {
            let length = usize::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
            kept.insert(ArticleId(unsigned(row.get(0)?)), Kept { content: unsigned(row.get(1)?), length });
        }
        Ok(kept)
    }

    /// Finds for each orphan whose file is gone the stranger that it is now.
    fn matches(
        &self,
        corpus: &Corpus,
        orphans: &HashMap<ArticleId, Kept>,
        strangers: &[Slot],
        exists: &dyn Fn(&Path) -> bool,
    ) -> Result<Vec<(ArticleId, Slot)>> {
        if orphans.is_empty() || strangers.is_empty() {
            return Ok(Vec::new());
        }
        let lengths: HashSet<usize> = orphans.values().map(|kept| kept.length).collect();
        let mut same_text: HashMap<u64, Vec<Slot>> = HashMap::new();
        let mut same_name: HashMap<&[u8], Vec<Slot>> = HashMap::new();
        for &slot in strangers {
            let Some(entry) = corpus.get(slot) else { continue };
            if lengths.contains(&entry.folded().len()) {
                same_text.entry(content(entry)).or_default().push(slot);
            }
            same_name.entry(name_of(entry)).or_default().push(slot);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, place, headline FROM articles WHERE origin = 'file' ORDER BY place, ordinal")?;
        let mut rows = statement.query([])?;
        let (mut taken, mut found, mut left) = (HashSet::new(), Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let id = ArticleId(unsigned(row.get(0)?));
            let Some(kept) = orphans.get(&id) else { continue };
            let by_text = same_text.get(&kept.content);
            let place = path_of(row.get_ref(1)?);
            let name = place.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
            if by_text.is_none() && !same_name.contains_key(name.as_slice()) || exists(&place) {
                continue;
            }
            // Of several with the same text, the one whose file has the same name.
            let free = |slot: &&Slot| !taken.contains(*slot);
            let named = |slot: &&Slot| corpus.get(**slot).is_some_and(|entry| name_of(entry) == name);
            let candidates = || by_text.into_iter().flatten().filter(free);
            let slot = candidates().find(named).or_else(|| candidates().next()).copied();
            match slot {
                Some(slot) => {
                    taken.insert(slot);
                    found.push((id, slot));
                }
                None => left.push((id, name, row.get::<_, String>(2)?)),
            }
        }
        for (id, name, headline) in left {
            let alike = |slot: &&Slot| {
                corpus
                    .get(**slot)
                    .is_some_and(|entry| !headline.is_empty() && fold(&entry.headline()) == fold(&headline))
            };
            let mut candidates =
                same_name.get(name.as_slice()).into_iter().flatten().filter(|slot| !taken.contains(*slot));
            // Of two that are alike, neither is certain.
            let (Some(&slot), None) = (candidates.by_ref().find(alike), candidates.find(alike)) else { continue };
            taken.insert(slot);
            found.push((id, slot));
        }
        Ok(found)
    }
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
