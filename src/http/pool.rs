//! A thread pool for fetches with a limit for each host.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

use crate::util::{lock, wait};

/// The maximum numbers of parallel jobs; 0 counts as 1.
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

/// Runs `work` for every job on a pool of threads, and passes each result to `tell` on this thread, in order of
/// completion.
///
/// Jobs start in their order, but overtake jobs whose host is busy. Results wait in a short queue, so a slow `tell`
/// delays the work. If `stop` is set, no further jobs start, and the running ones are awaited; they should check the
/// flag themselves. A panic in `work` is propagated when the others have finished.
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

/// The queues of jobs.
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

    /// Runs jobs until there are none.
    fn serve<R>(&self, work: &impl Fn(J) -> R, done: &SyncSender<R>) {
        while let Some((host, job)) = self.next() {
            // Releases the host even if the work panics; otherwise the others would wait for ever.
            let place = HostSlot { desk: self, host };
            let result = work(job);
            drop(place);
            if done.send(result).is_err() {
                // The receiver is gone, because `tell` has panicked.
                self.lock().clear();
            }
        }
    }

    /// Returns the next job and its host, as soon as one can start, or `None` if there are none left.
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

    /// Makes a host ready if it has jobs and is below its limit.
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

/// The slot of a running job at its host. Dropping it releases the slot.
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
