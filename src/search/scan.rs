//! The scan: runs a query over a whole corpus.
//!
//! The newest articles are searched first and one by one, so that the first screen appears at once. The rest is searched
//! shard by shard on all cores.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::NaiveDate;

use super::matcher::day_number;
use super::narrowing::TermBounds;
use super::shard_scan::scan_shards;
use super::sort::sort;
use super::{Matcher, SearchRequest, SearchResult};
use crate::corpus::{Corpus, Slot};
use crate::query::Sort;

/// The number of articles to search one by one, newest first, before the shards. At most about 2 ms of work.
const HEAD: usize = 4_000;

/// The interval for publishing a growing count.
const FRAME: Duration = Duration::from_millis(16);

/// Runs `request`. Publishes partial results on the way and the complete result last. Returns early, without the complete
/// result, if `cancelled` returns true.
pub fn scan(request: &SearchRequest, cancelled: &(dyn Fn() -> bool + Sync), publish: &mut dyn FnMut(SearchResult)) {
    let corpus = &request.corpus;
    let partial = |slots: &Arc<Vec<Slot>>, matched: usize| SearchResult {
        generation: request.generation,
        corpus: Arc::clone(corpus),
        marks: request.marks.clone(),
        query: Arc::clone(&request.query),
        slots: Arc::clone(slots),
        matched,
        complete: false,
        traces: None,
    };
    let complete = |slots: Vec<Slot>, traces: Option<TermBounds>| SearchResult {
        complete: true,
        matched: slots.len(),
        traces: traces.map(Arc::new),
        ..partial(&Arc::new(slots), 0)
    };
    let within = request.within.as_ref();
    let candidates = &within.map_or_else(|| listed(corpus, request.query.hidden_after()), |it| Arc::clone(&it.slots));
    if request.query.is_everything() {
        return publish(SearchResult { complete: true, ..partial(candidates, candidates.len()) });
    }
    let matcher = Matcher::new(&request.query, &request.marks);

    // A narrowed result is already in order. Any other order than newest first needs all matches before sorting.
    let order = request.query.sort();
    let whole = within.is_none() && order != Sort::New;
    let head = if whole && candidates.len() > HEAD { 0 } else { HEAD };

    let (head, tail) = candidates.split_at(candidates.len().min(head));
    let mut first: Vec<Slot> = Vec::new();
    for chunk in head.chunks(250) {
        if cancelled() {
            return;
        }
        let is_match = |slot: &Slot| corpus.get(*slot).is_some_and(|entry| matcher.matches(*slot, entry));
        first.extend(chunk.iter().copied().filter(is_match));
        if first.len() >= request.screenful && !tail.is_empty() {
            break;
        }
    }
    if tail.is_empty() {
        if whole {
            sort(&mut first, corpus, order, &matcher);
        }
        return publish(complete(first, None));
    }
    let first = Arc::new(first);
    let fills_screen = first.len() >= request.screenful && !whole;
    if fills_screen {
        publish(partial(&first, first.len()));
    }

    let found = AtomicUsize::new(0);
    let mut published = Instant::now();
    let mut progress = || {
        let matched = found.load(Ordering::Relaxed);
        if published.elapsed() >= FRAME && matched > first.len() && fills_screen {
            published = Instant::now();
            publish(partial(&first, matched));
        }
    };
    let former = within.and_then(|former| former.traces.as_deref());
    let Some(parts) = scan_shards(corpus, &matcher, former, cancelled, &found, &mut progress) else { return };
    // The result keeps the order of the candidates. Removed articles are not candidates.
    let mut matched = vec![false; corpus.slots()];
    let mut traces = TermBounds::new(&matcher, corpus.slots());
    for part in parts {
        for slot in &part.slots {
            if let Some(matched) = matched.get_mut(slot.index()) {
                *matched = true;
            }
        }
        if let Some(traces) = &mut traces {
            traces.put(&part.slots, &part.bounds);
        }
    }
    let is_matched = |slot: &Slot| matched.get(slot.index()) == Some(&true);
    let mut slots: Vec<Slot> = candidates.iter().copied().filter(is_matched).collect();
    if whole {
        sort(&mut slots, corpus, order, &matcher);
    }
    publish(complete(slots, traces));
}

/// Returns all articles in order, except those dated later than `hidden_after`.
pub fn listed(corpus: &Corpus, hidden_after: Option<NaiveDate>) -> Arc<Vec<Slot>> {
    let order = corpus.order();
    let Some(last) = hidden_after.map(day_number) else { return Arc::clone(order) };
    let day = |slot: &Slot| corpus.get(*slot).and_then(|entry| entry.day());
    // Articles are sorted by instant. Days also depend on time zones, so the days around the last one are checked one
    // by one.
    let late = order.iter().take_while(|slot| day(slot).is_some_and(|day| day >= last - 1)).count();
    let (late, rest) = order.split_at(late);
    if late.iter().all(|slot| day(slot) <= Some(last)) {
        return Arc::clone(order);
    }
    let shown = late.iter().filter(|slot| day(slot) <= Some(last));
    Arc::new(shown.chain(rest).copied().collect())
}

/// Counts the hits of a complete result. Publishes the growing count and whether it is complete.
pub fn count_hits(answer: &SearchResult, cancelled: &(dyn Fn() -> bool + Sync), publish: &mut dyn FnMut(u64, bool)) {
    let matcher = Matcher::new(&answer.query, &answer.marks);
    let mut hits = 0;
    let mut published = Instant::now();
    for chunk in answer.slots.chunks(64) {
        if cancelled() {
            return;
        }
        hits += chunk.iter().filter_map(|&slot| answer.corpus.get(slot)).map(|entry| matcher.count(entry)).sum::<u64>();
        if published.elapsed() >= FRAME * 6 {
            published = Instant::now();
            publish(hits, false);
        }
    }
    publish(hits, true);
}
