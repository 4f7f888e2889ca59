//! The search of all shards, in memory order, on all cores.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::Matcher;
use super::narrowing::{InheritedBound, TermBounds};
use crate::corpus::{Corpus, Shard, Slot};

/// Matching articles, with a lower bound for each term in each of them.
#[derive(Debug, Default)]
pub(super) struct ShardMatches {
    pub(super) slots: Vec<Slot>,
    pub(super) bounds: Vec<u32>,
}

/// Searches all shards, or only the articles that a former scan found. Returns `None` if it was cancelled. `found`
/// counts the matches, and `progress` is called regularly on the calling thread.
pub(super) fn scan_shards(
    corpus: &Corpus,
    matcher: &Matcher,
    former: Option<&TermBounds>,
    cancelled: &(dyn Fn() -> bool + Sync),
    found: &AtomicUsize,
    progress: &mut dyn FnMut(),
) -> Option<Vec<ShardMatches>> {
    let former = former.map(|former| (former, former.inherited_bounds(matcher)));
    let shards: Vec<(Slot, &Shard)> = corpus.shards().map(|(start, shard)| (start, &**shard)).collect();
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
            let Some(&(start, shard)) = shards.get(number) else { return done };
            let mut out = ShardMatches::default();
            match &former {
                Some((former, inherited)) => again(matcher, start, shard, former, inherited, &mut out),
                None => through(matcher, start, shard, &mut out),
            }
            found.fetch_add(out.slots.len(), Ordering::Relaxed);
            done.push((number, out));
            progress();
        }
    };
    let others = thread::available_parallelism().map_or(1, |cores| cores.get()).min(shards.len()).saturating_sub(1);
    let mut all = thread::scope(|scope| {
        let helpers: Vec<_> = (0..others).map(|_| scope.spawn(|| take(&mut || {}))).collect();
        let mut all = take(progress);
        for helper in helpers {
            // If a thread panicked, its articles are missing; the panic itself is already reported.
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

/// Searches every article of a shard. If every match must contain some text, one substring search runs over the whole
/// shard and skips articles without it.
fn through(matcher: &Matcher, start: Slot, shard: &Shard, out: &mut ShardMatches) {
    let mut bounds = vec![0; matcher.terms()];
    let Some((term, lead)) = matcher.lead() else {
        for index in 0..shard.len() {
            bounds.fill(0);
            if shard
                .entry(index)
                .is_some_and(|entry| matcher.matches_from(Slot(start.0 + index as u32), entry, &mut bounds))
            {
                out.push(start, index, &bounds);
            }
        }
        return;
    };
    let folded = shard.folded();
    let (mut from, mut index) = (0, 0);
    while let Some(found) = folded.get(from..).and_then(|rest| lead.find(rest)) {
        index = shard.article_at(from + found, index);
        let Some(entry) = shard.entry(index) else { return };
        bounds.fill(0);
        if let Some(bound) = bounds.get_mut(term) {
            *bound = (from + found - entry.folded_start()) as u32;
        }
        if matcher.is_lead_enough() || matcher.matches_from(Slot(start.0 + index as u32), entry, &mut bounds) {
            out.push(start, index, &bounds);
        }
        from = entry.folded_start() + entry.folded().len();
        index += 1;
    }
}

/// Searches the articles of a shard that a former scan found, starting at the inherited bounds.
fn again(
    matcher: &Matcher,
    start: Slot,
    shard: &Shard,
    former: &TermBounds,
    inherited: &[InheritedBound],
    out: &mut ShardMatches,
) {
    let mut bounds = vec![0; matcher.terms()];
    for index in 0..shard.len() {
        if former.inherit(Slot(start.0 + index as u32), inherited, &mut bounds)
            && shard
                .entry(index)
                .is_some_and(|entry| matcher.matches_from(Slot(start.0 + index as u32), entry, &mut bounds))
        {
            out.push(start, index, &bounds);
        }
    }
}

impl ShardMatches {
    fn push(&mut self, start: Slot, index: usize, bounds: &[u32]) {
        self.slots.push(Slot(start.0 + index as u32));
        self.bounds.extend_from_slice(bounds);
    }
}
