//! Entries of a feed document, prepared for storing.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::keys::{EntryKeys, forms_of};
use crate::article::{Draft, Published};
use crate::formats::{FeedArticle, canonical_address};
use crate::library::feeds::model::KnownFeed;
use crate::library::sqlite::values::signed;

/// The checksum of a text imported from another program.
pub(crate) const IMPORTED: u64 = 0;

/// An entry prepared for storing. Preparing needs no library, so it can run in parallel.
#[derive(Clone, Debug)]
pub struct PreparedEntry {
    pub(crate) keys: EntryKeys,
    pub(crate) published: Option<Published>,
    /// Checksums of its link and of its id, if that is a URI: first the canonical form, then the others. Empty if other
    /// entries of the document share it.
    pub(crate) links: Vec<u64>,
    pub(crate) guids: Vec<u64>,
    /// The article as JSON, without its date, and its checksum.
    pub(crate) article: String,
    pub(crate) content: u64,
    pub(crate) has_enclosures: bool,
}

impl PreparedEntry {
    /// Prepares an entry of a feed with these seeds, the current one first, whose page is `page`.
    pub fn new(seeds: &[u64], page: Option<&str>, entry: FeedArticle) -> PreparedEntry {
        let FeedArticle { keys, guid, mut draft } = entry;
        let sums = |address: &str| forms_of(address).iter().map(|form| xxh3_64(form.as_bytes())).collect();
        // A link that all entries share identifies none of them.
        let is_page = |url: &str| page.is_some_and(|page| canonical_address(url) == canonical_address(page));
        let links: Vec<u64> = draft.url.as_deref().filter(|url| !is_page(url)).map(sums).unwrap_or_default();
        let guids: Vec<u64> = guid.as_deref().map(sums).unwrap_or_default();
        let published = draft.published.take();
        let json = |draft: &Draft<'_>| serde_json::to_string(draft).unwrap_or_default();
        // The checksum excludes enclosures: otherwise all entries of older versions would seem changed.
        let enclosures = std::mem::take(&mut draft.enclosures);
        let mut article = json(&draft);
        let content = xxh3_64(article.as_bytes());
        let has_enclosures = !enclosures.is_empty();
        if has_enclosures {
            draft.enclosures = enclosures;
            article = json(&draft);
        }
        draft.published = published;
        PreparedEntry {
            keys: EntryKeys::new(seeds, page, &keys, &draft, content),
            published,
            // An id that equals the link is stored once.
            guids: if guids.first() == links.first() { Vec::new() } else { guids },
            links,
            article,
            content,
            has_enclosures,
        }
    }

    /// Prepares all entries of a document. Links that several of them share are not used as keys.
    pub fn of_document(feed: &KnownFeed, page: Option<&str>, entries: Vec<FeedArticle>) -> Vec<PreparedEntry> {
        let seeds: Vec<u64> = std::iter::once(feed.seed).chain(feed.former_seeds.iter().copied()).collect();
        let mut prepared: Vec<PreparedEntry> =
            entries.into_iter().map(|entry| PreparedEntry::new(&seeds, page, entry)).collect();
        let mut counts: HashMap<u64, u32> = HashMap::with_capacity(prepared.len());
        for link in prepared.iter().filter_map(|entry| entry.links.first()) {
            *counts.entry(*link).or_default() += 1;
        }
        for entry in &mut prepared {
            if entry.links.first().is_some_and(|link| counts.get(link) != Some(&1)) {
                entry.links.clear();
            }
        }
        prepared
    }

    /// Returns the checksums of the link and of the id, as stored.
    pub(crate) fn sums(&self) -> (Option<i64>, Option<i64>) {
        let first = |sums: &[u64]| sums.first().copied().map(signed);
        (first(&self.links), first(&self.guids))
    }

    /// Marks the text as imported from another program: the text of the feed replaces it without reporting a change.
    #[must_use]
    pub fn imported(self) -> PreparedEntry {
        PreparedEntry { content: IMPORTED, ..self }
    }
}
