//! The keys of a feed entry, by which it is found in later documents.
//!
//! An entry has several keys, the most specific first: its id, its link, its title with its date, and all of it. Ids and
//! links are compared in their [canonical](canonical_address) form.

use crate::article::{ArticleId, Draft, Role};
use crate::formats::{FeedKey, canonical_address};

/// A key of an entry: a checksum seeded with its feed.
#[derive(Clone, Debug)]
pub(crate) struct EntryKey {
    pub(crate) sum: u64,
    /// Other forms of the same key, under which the entry may have been stored.
    pub(crate) forms: Vec<u64>,
    pub(crate) is_telling: bool,
}

impl EntryKey {
    /// Returns a key of which the first form is the usual one.
    pub(crate) fn new(forms: impl IntoIterator<Item = u64>, is_telling: bool) -> Option<EntryKey> {
        let mut forms = forms.into_iter();
        Some(EntryKey { sum: forms.next()?, forms: forms.collect(), is_telling })
    }

    pub(crate) fn all_forms(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.sum).chain(self.forms.iter().copied())
    }
}

/// The keys of an entry, the most specific first.
#[derive(Clone, Debug)]
pub(crate) struct EntryKeys {
    pub(crate) keys: Vec<EntryKey>,
    /// The keys of earlier versions for entries that shared an id: id, link and headline.
    pub(crate) detailed: Vec<u64>,
    /// The title without a date, for entries whose date could not be read before.
    pub(crate) undated: Vec<u64>,
}

/// Returns the equivalent forms of an address: the canonical form, the same with `http`, and the original address with
/// either scheme.
pub(crate) fn forms_of(address: &str) -> Vec<String> {
    let canonical = canonical_address(address);
    let swapped = |address: &str| match address.strip_prefix("https:") {
        Some(rest) => Some(format!("http:{rest}")),
        None => address.strip_prefix("http:").map(|rest| format!("https:{rest}")),
    };
    let mut forms = vec![canonical.to_string()];
    for form in [swapped(&canonical), Some(address.to_owned()), swapped(address)].into_iter().flatten() {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

impl EntryKeys {
    /// Returns the keys of an entry in the feed with these seeds and this page. The first seed is that of the feed, the
    /// others are those of feeds that were merged into it.
    pub(crate) fn new(
        seeds: &[u64],
        page: Option<&str>,
        keys: &[FeedKey],
        draft: &Draft<'_>,
        content: u64,
    ) -> EntryKeys {
        let sums = |text: &str| -> Vec<u64> { seeds.iter().map(|seed| ArticleId::of_entry(*seed, text).0).collect() };
        let page = page.map(canonical_address);
        let date = draft.published.map(|published| published.to_string()).unwrap_or_default();
        let mut all: Vec<EntryKey> = Vec::with_capacity(keys.len() + 1);
        for key in keys {
            let forms = forms_of(&key.text);
            let is_page = page.as_deref() == forms.first().map(String::as_str);
            let is_telling = key.is_telling && !is_page;
            // An id that equals the link is one key.
            if let Some(key) = EntryKey::new(forms.iter().flat_map(|form| sums(form)), is_telling)
                && all.iter().all(|known| known.sum != key.sum)
            {
                all.push(key);
            }
        }
        if keys.is_empty() {
            let text = draft.parts.iter().map(|part| part.text.as_ref()).collect::<Vec<_>>().join("\n");
            all.extend(EntryKey::new(sums(&text), true));
        }
        all.extend(EntryKey::new(sums(&format!("{content:016x} {date}")), true));
        let detailed = keys.first().map(|key| {
            let url = draft.url.as_deref().unwrap_or("");
            sums(&format!("{}\n{url}\n{}", key.text, draft.text(Role::Headline)))
        });
        let title = keys.last().filter(|_| !date.is_empty()).and_then(|key| key.text.strip_suffix(&date));
        EntryKeys { keys: all, detailed: detailed.unwrap_or_default(), undated: title.map(sums).unwrap_or_default() }
    }
}
