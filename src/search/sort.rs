//! Sorting of results.

use std::cmp::Reverse;

use super::Matcher;
use crate::article::Role;
use crate::corpus::{ArticleRef, Corpus, Slot};
use crate::query::Sort;

/// Sorts `slots`, which are newest first.
pub(super) fn sort(slots: &mut Vec<Slot>, corpus: &Corpus, sort: Sort, matcher: &Matcher) {
    match sort {
        Sort::New => {}
        Sort::Old => {
            let dated = |slot: &Slot| corpus.get(*slot).is_some_and(|entry| entry.published().is_some());
            // Undated articles come last in both orders.
            let undated = slots.iter().position(|slot| !dated(slot)).unwrap_or(slots.len());
            if let Some(dated) = slots.get_mut(..undated) {
                dated.reverse();
            }
        }
        Sort::Title => by_text(slots, corpus, Role::Headline),
        Sort::Source => by_text(slots, corpus, Role::Source),
        Sort::Longest => slots.sort_by_cached_key(|&slot| Reverse(corpus.get(slot).map_or(0, ArticleRef::word_count))),
        Sort::Relevance => {
            let entries = || slots.iter().filter_map(|&slot| corpus.get(slot));
            let total: u64 = entries().map(|entry| u64::from(entry.word_count())).sum();
            let average = total as f64 / slots.len().max(1) as f64;
            let mut scored: Vec<(f64, Slot)> =
                slots.iter().filter_map(|&slot| Some((relevance(matcher, corpus.get(slot)?, average), slot))).collect();
            // The sort is stable, so articles with equal scores stay newest first.
            scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
            *slots = scored.into_iter().map(|(_, slot)| slot).collect();
        }
    }
}

/// Sorts by the folded text of the first part with this role, from its first letter or digit on. Articles without that
/// part come last.
fn by_text(slots: &mut Vec<Slot>, corpus: &Corpus, role: Role) {
    let key = |slot: Slot| {
        let entry = corpus.get(slot)?;
        let part = entry.parts().find(|part| part.role == role)?;
        let text = entry.folded().get(part.folded)?;
        let start = text.iter().position(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())?;
        text.get(start..)
    };
    let mut keyed: Vec<(Option<&[u8]>, Slot)> = slots.iter().map(|&slot| (key(slot), slot)).collect();
    keyed.sort_by(|(a, _), (b, _)| (a.is_none(), a).cmp(&(b.is_none(), b)));
    *slots = keyed.into_iter().map(|(_, slot)| slot).collect();
}

/// Okapi BM25 (Robertson and Zaragoza, 2009) with k1 = 1.2 and b = 0.75. A hit in the headline counts as eight and one in
/// the standfirst as four. The rarity of terms is omitted, because every article of a result contains the terms.
fn relevance(matcher: &Matcher, entry: ArticleRef<'_>, average: f64) -> f64 {
    let length = 0.25 + 0.75 * f64::from(entry.word_count()) / average.max(1.0);
    let score = |[headline, standfirst, rest]: [u32; 3]| {
        let hits = f64::from(headline) * 8.0 + f64::from(standfirst) * 4.0 + f64::from(rest);
        hits * 2.2 / (hits + 1.2 * length)
    };
    matcher.counts(entry).into_iter().map(score).sum()
}
