//! Answering a query over a whole corpus.
//!
//! The newest articles are looked at first and one by one, so that the first screen of the answer stands at once; the
//! rest goes shard by shard over all cores, where one substring search runs through the texts of a thousand articles
//! without stopping at those that hold nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::order::sort;
use super::{Answer, Matcher, Request};
use crate::corpus::{Shard, Slot};
use crate::query::{Query, Sort};

/// An answer is worth publishing before it is complete once it fills a screen.
const SCREENFUL: usize = 80;

/// How many articles are looked at one by one before the shards are. At most about 2 ms of work.
const HEAD: usize = 4_000;

/// How often a growing count is published.
const FRAME: Duration = Duration::from_millis(16);

/// Answers `request`, publishing what is known on the way, and the complete answer last. Gives up without it as soon
/// as `cancelled` says so.
pub fn scan(request: &Request, cancelled: &(dyn Fn() -> bool + Sync), publish: &mut dyn FnMut(Answer)) {
    let corpus = &request.corpus;
    let answer = |slots: Arc<Vec<Slot>>, matched: usize, complete: bool| Answer {
        generation: request.generation,
        corpus: Arc::clone(corpus),
        query: Arc::clone(&request.query),
        slots,
        matched,
        complete,
    };
    if request.query.is_everything() {
        return publish(answer(Arc::clone(corpus.order()), corpus.len(), true));
    }
    let matcher = Matcher::new(&request.query);
    let within = request.within.as_ref().map(|former| &former.slots);
    let candidates = within.unwrap_or(corpus.order());
    let is_match = |slot: &Slot| corpus.get(*slot).is_some_and(|entry| matcher.matches(entry));

    // What was found within an answer is in its order already; what is listed otherwise than newest first has to be
    // known whole.
    let order = request.query.sort();
    let whole = within.is_none() && order != Sort::New;
    let head = if whole && candidates.len() > HEAD { 0 } else { HEAD };

    let (head, tail) = candidates.split_at(candidates.len().min(head));
    let mut first: Vec<Slot> = Vec::new();
    for chunk in head.chunks(500) {
        if cancelled() {
            return;
        }
        first.extend(chunk.iter().filter(|slot| is_match(slot)));
        if first.len() >= SCREENFUL && !tail.is_empty() {
            break;
        }
    }
    if tail.is_empty() {
        if whole {
            sort(&mut first, corpus, order, &matcher);
        }
        let matched = first.len();
        return publish(answer(Arc::new(first), matched, true));
    }
    let first = Arc::new(first);
    if first.len() >= SCREENFUL {
        publish(answer(Arc::clone(&first), first.len(), false));
    }

    let found = AtomicUsize::new(0);
    let mut published = Instant::now();
    let mut progress = || {
        let matched = found.load(Ordering::Relaxed);
        if published.elapsed() >= FRAME && matched > first.len() && first.len() >= SCREENFUL {
            published = Instant::now();
            publish(answer(Arc::clone(&first), matched, false));
        }
    };
    let slots = match within {
        Some(slots) => {
            let work = slots
                .chunks(2_000)
                .map(|chunk| move |out: &mut Vec<Slot>| out.extend(chunk.iter().filter(|slot| is_match(slot))));
            run(&work.collect::<Vec<_>>(), cancelled, &found, &mut progress).map(|parts| parts.concat())
        }
        None => {
            let matcher = &matcher;
            let work =
                corpus.shards().map(|(start, shard)| move |out: &mut Vec<Slot>| scan_shard(matcher, start, shard, out));
            run(&work.collect::<Vec<_>>(), cancelled, &found, &mut progress).map(|parts| {
                let mut matched = vec![false; corpus.slots()];
                for slot in parts.iter().flatten() {
                    if let Some(place) = matched.get_mut(slot.index()) {
                        *place = true;
                    }
                }
                // Articles that are gone have no place in the order, so they drop out here.
                corpus.order().iter().copied().filter(|slot| matched.get(slot.index()) == Some(&true)).collect()
            })
        }
    };
    if let Some(mut slots) = slots {
        if whole {
            sort(&mut slots, corpus, order, &matcher);
        }
        let matched = slots.len();
        publish(answer(Arc::new(slots), matched, true));
    }
}

/// Why a query finds nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Costly {
    /// Without this condition, as it was typed, so many articles match.
    Without(String, usize),
    /// This condition, as it was typed, is fulfilled by no article at all.
    Alone(String),
}

/// How many conditions are tried one by one.
const CONDITIONS: usize = 8;

/// Of an answer that is empty, tells which of several conditions costs it: the one without which most is found, or else
/// one that finds nothing even by itself. `None` where it is none of them, or where it was cancelled.
pub fn costly_condition(answer: &Answer, cancelled: &(dyn Fn() -> bool + Sync)) -> Option<Costly> {
    let matched = |query: Query| {
        let (corpus, query) = (Arc::clone(&answer.corpus), Arc::new(query));
        let mut matched = None;
        let request = Request { generation: answer.generation, corpus, query, within: None };
        scan(&request, cancelled, &mut |answer| matched = answer.complete.then_some(answer.matched));
        matched
    };
    let conditions: Vec<_> = answer.query.conditions().into_iter().take(CONDITIONS).collect();
    let mut most = (0, "");
    for (typed, without, _) in &conditions {
        let matched = matched(without.clone())?;
        if matched > most.0 {
            most = (matched, typed);
        }
    }
    if most.0 > 0 {
        return Some(Costly::Without(most.1.to_owned(), most.0));
    }
    for (typed, _, alone) in conditions {
        if matched(alone)? == 0 {
            return Some(Costly::Alone(typed.to_owned()));
        }
    }
    None
}

/// Counts the hits of a complete answer, publishing the count as it grows and whether it is complete.
pub fn count_hits(answer: &Answer, cancelled: &(dyn Fn() -> bool + Sync), publish: &mut dyn FnMut(u64, bool)) {
    let matcher = Matcher::new(&answer.query);
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

/// Finds the articles of one shard that match.
fn scan_shard(matcher: &Matcher, start: Slot, shard: &Shard, out: &mut Vec<Slot>) {
    let slot = |index: usize| Slot(start.0 + index as u32);
    let Some(lead) = matcher.lead() else {
        out.extend(
            (0..shard.len()).filter(|&index| shard.entry(index).is_some_and(|entry| matcher.matches(entry))).map(slot),
        );
        return;
    };
    let folded = shard.folded();
    let enough = matcher.is_lead_enough();
    let mut from = 0;
    while let Some(found) = folded.get(from..).and_then(|rest| lead.find(rest)) {
        let index = shard.article_at(from + found);
        let Some(entry) = shard.entry(index) else { return };
        if enough || matcher.matches(entry) {
            out.push(slot(index));
        }
        from = entry.folded_start() + entry.folded().len();
    }
}

/// Runs all pieces of work over all cores, and gives back what each put out, in the order of the pieces; `None` where
/// it was cancelled. `found` counts on the way, and `progress` is called between pieces on the calling thread.
fn run<W: Fn(&mut Vec<Slot>) + Sync>(
    work: &[W],
    cancelled: &(dyn Fn() -> bool + Sync),
    found: &AtomicUsize,
    progress: &mut dyn FnMut(),
) -> Option<Vec<Vec<Slot>>> {
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let take = |progress: &mut dyn FnMut()| {
        let mut done = Vec::new();
        loop {
            if cancelled() {
                stopped.store(true, Ordering::Relaxed);
                return done;
            }
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = work.get(number) else { return done };
            let mut out = Vec::new();
            piece(&mut out);
            found.fetch_add(out.len(), Ordering::Relaxed);
            done.push((number, out));
            progress();
        }
    };
    let others = thread::available_parallelism().map_or(1, |cores| cores.get()).min(work.len()).saturating_sub(1);
    let mut all = thread::scope(|scope| {
        let helpers: Vec<_> = (0..others).map(|_| scope.spawn(|| take(&mut || {}))).collect();
        let mut all = take(progress);
        for helper in helpers {
            // A piece that panicked leaves its articles out; the thread that it ran on has said why.
            all.extend(helper.join().unwrap_or_default());
        }
        all
    });
    if stopped.load(Ordering::Relaxed) {
        return None;
    }
    all.sort_by_key(|(number, _)| *number);
    Some(all.into_iter().map(|(_, out)| out).collect())
}
