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
    /// For all hosts together; 16.
    pub overall: usize,
    /// For each host; 4.
    pub per_host: usize,
}

impl Default for ParallelLimits {
    fn default() -> Self {
        Self { overall: 16, per_host: 4 }
    }
}

/// Runs `work` for every job on a pool of threads, and passes each result to `on_result` on this thread, in order of
/// completion.
///
/// Jobs start in their order, but overtake jobs whose host is busy. Results wait in a short queue, so a slow
/// `on_result` delays the work. If `stop` is set, no further jobs start, and the running ones are awaited; they should
/// check the flag themselves. A panic in `work` is propagated when the others have finished.
pub fn in_parallel<J: Send, R: Send>(
    jobs: Vec<J>,
    host: impl Fn(&J) -> String,
    limits: ParallelLimits,
    stop: &AtomicBool,
    work: impl Fn(J) -> R + Sync,
    mut on_result: impl FnMut(R),
) {
    let threads = limits.overall.clamp(1, jobs.len().max(1));
    let pool = HostPool::new(jobs, host, limits.per_host.max(1), stop);
    thread::scope(|scope| {
        let (done, results) = mpsc::sync_channel(1);
        for _ in 0..threads {
            let (pool, work, done) = (&pool, &work, done.clone());
            scope.spawn(move || pool.serve(work, &done));
        }
        drop(done);
        for result in results {
            on_result(result);
        }
    });
}

/// The queues of jobs.
struct HostPool<'a, J> {
    queues: Mutex<Queues<J>>,
    /// Notified when a job ends, because waiting threads may then start another job or end.
    changed: Condvar,
    per_host: usize,
    stop: &'a AtomicBool,
}

struct Queues<J> {
    hosts: Vec<HostQueue<J>>,
    /// The hosts below their limit, by the position of their next job.
    ready: BTreeMap<usize, usize>,
    /// The number of jobs that have not started.
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
        for (position, job) in jobs.into_iter().enumerate() {
            let number = *numbers.entry(host(&job)).or_insert(hosts.len());
            match hosts.get_mut(number) {
                Some(queue) => queue.jobs.push_back((position, job)),
                None => {
                    hosts.push(HostQueue { jobs: VecDeque::from([(position, job)]), running: 0 });
                    ready.insert(position, number);
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
            let slot = HostSlot { pool: self, host };
            let result = work(job);
            drop(slot);
            if done.send(result).is_err() {
                // The receiver is gone, because `on_result` has panicked.
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
            if let Some(next) = queues.pop(self.per_host) {
                return Some(next);
            }
            // Every host with jobs is at its limit, so a job is running, and its end notifies this thread.
            queues = wait(&self.changed, queues);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues<J>> {
        lock(&self.queues)
    }
}

impl<J> Queues<J> {
    fn pop(&mut self, per_host: usize) -> Option<(usize, J)> {
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
        if let Some((position, _)) = queue.jobs.front()
            && queue.running < per_host
        {
            self.ready.insert(*position, host);
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
    pool: &'a HostPool<'a, J>,
    host: usize,
}

impl<J: Send> Drop for HostSlot<'_, J> {
    fn drop(&mut self) {
        let mut queues = self.pool.lock();
        if let Some(queue) = queues.hosts.get_mut(self.host) {
            queue.running -= 1;
        }
        queues.offer(self.host, self.pool.per_host);
        drop(queues);
        self.pool.changed.notify_all();
    }
}
