//! Many jobs at once, few of them on any one host.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

use crate::util::{lock, wait};

/// How many jobs run at once; none is taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParallelLimits {
    /// In all; 16.
    pub overall: usize,
    /// On one host; 4.
    pub per_host: usize,
}

impl Default for ParallelLimits {
    fn default() -> Self {
        Self { overall: 16, per_host: 4 }
    }
}

/// Does `work` for every job on threads of its own, and hands each result to `tell` on this thread as it comes, which
/// need not be in the order of the jobs.
///
/// Jobs are begun in their order, but for those whose host is busy, which others overtake. Results wait in a short
/// queue: where `tell` is slow, work waits. Once `stop` is set no job is begun any more; those that run are waited for,
/// and should look at the flag themselves. A panic in `work` is handed on when the others are done.
pub fn in_parallel<J: Send, R: Send>(
    jobs: Vec<J>,
    host: impl Fn(&J) -> String,
    limits: ParallelLimits,
    stop: &AtomicBool,
    work: impl Fn(J) -> R + Sync,
    mut tell: impl FnMut(R),
) {
    let threads = limits.overall.clamp(1, jobs.len().max(1));
    let desk = HostPool::new(jobs, host, limits.per_host.max(1), stop);
    thread::scope(|scope| {
        let (done, results) = mpsc::sync_channel(1);
        for _ in 0..threads {
            let (desk, work, done) = (&desk, &work, done.clone());
            scope.spawn(move || desk.serve(work, &done));
        }
        drop(done);
        for result in results {
            tell(result);
        }
    });
}

/// Gives out the jobs.
struct HostPool<'a, J> {
    queues: Mutex<Queues<J>>,
    /// Told whenever a job ends: there may be one now for who waits, or none any more.
    changed: Condvar,
    per_host: usize,
    stop: &'a AtomicBool,
}

struct Queues<J> {
    hosts: Vec<HostQueue<J>>,
    /// The hosts that can take another job, by the place of their next one in the order of all.
    ready: BTreeMap<usize, usize>,
    /// Jobs that were not begun yet.
    waiting: usize,
}

struct HostQueue<J> {
    jobs: VecDeque<(usize, J)>,
    running: usize,
}

impl<'a, J: Send> HostPool<'a, J> {
    fn new(jobs: Vec<J>, host: impl Fn(&J) -> String, per_host: usize, stop: &'a AtomicBool) -> Self {
        let waiting = jobs.len();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut hosts: Vec<HostQueue<J>> = Vec::new();
        let mut ready = BTreeMap::new();
        for (place, job) in jobs.into_iter().enumerate() {
            let number = *numbers.entry(host(&job)).or_insert(hosts.len());
            match hosts.get_mut(number) {
                Some(queue) => queue.jobs.push_back((place, job)),
                None => {
                    hosts.push(HostQueue { jobs: VecDeque::from([(place, job)]), running: 0 });
                    ready.insert(place, number);
                }
            }
        }
        let queues = Queues { hosts, ready, waiting };
        Self { queues: Mutex::new(queues), changed: Condvar::new(), per_host, stop }
    }

    /// Does jobs until there are none.
    fn serve<R>(&self, work: &impl Fn(J) -> R, done: &SyncSender<R>) {
        while let Some((host, job)) = self.next() {
            // Even when the work panics the host is free again, or the others would wait for ever.
            let place = HostSlot { desk: self, host };
            let result = work(job);
            drop(place);
            if done.send(result).is_err() {
                // Nobody listens any more, as `tell` has panicked.
                self.lock().clear();
            }
        }
    }

    /// The next job and its host, as soon as one may be begun; nothing when there are none left.
    fn next(&self) -> Option<(usize, J)> {
        let mut queues = self.lock();
        loop {
            if queues.waiting == 0 || self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(next) = queues.take(self.per_host) {
                return Some(next);
            }
            // Every host with jobs is at its limit, so that some job runs, whose end wakes us.
            queues = wait(&self.changed, queues);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues<J>> {
        lock(&self.queues)
    }
}

impl<J> Queues<J> {
    fn take(&mut self, per_host: usize) -> Option<(usize, J)> {
        let (_, host) = self.ready.pop_first()?;
        let queue = self.hosts.get_mut(host)?;
        let (_, job) = queue.jobs.pop_front()?;
        queue.running += 1;
        self.waiting -= 1;
        self.offer(host, per_host);
        Some((host, job))
    }

    /// Makes a host ready when it has a job and room for it.
    fn offer(&mut self, host: usize, per_host: usize) {
        let Some(queue) = self.hosts.get(host) else { return };
        if let Some((place, _)) = queue.jobs.front()
            && queue.running < per_host
        {
            self.ready.insert(*place, host);
        }
    }

    fn clear(&mut self) {
        self.hosts.iter_mut().for_each(|queue| queue.jobs.clear());
        self.ready.clear();
        self.waiting = 0;
    }
}

/// A running job's place at its host, given back when dropped.
struct HostSlot<'a, J: Send> {
    desk: &'a HostPool<'a, J>,
    host: usize,
}

impl<J: Send> Drop for HostSlot<'_, J> {
    fn drop(&mut self) {
        let mut queues = self.desk.lock();
        if let Some(queue) = queues.hosts.get_mut(self.host) {
            queue.running -= 1;
        }
        queues.offer(self.host, self.desk.per_host);
        drop(queues);
        self.desk.changed.notify_all();
    }
}
