//! Detects workers that wait for a disk that does not answer, and gives their work to others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::worker::{PoolWorker, WorkerState};
use super::{Job, LoadCounts, LoadPool, LoadReport, TICK, WorkerMessage};
use crate::engine::log::note;
use crate::util::lock;

/// A worker whose disk has not answered for this long is stalled: others take over the rest of its work.
const STALL_TIMEOUT: Duration = Duration::from_millis(500);

/// A worker whose disk has not answered for this long, while it answers others, is abandoned. Long enough for a disk to
/// spin up.
const ABANDON_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum number of workers that replace stalled ones.
const MAX_EXTRA_WORKERS: usize = 32;

impl LoadPool {
    /// Runs `jobs`, folders one after the other, and passes reports to `on_report`. Returns when everything is read
    /// that the disk answers, or when `stop` is set.
    pub(crate) fn run(
        self: &Arc<LoadPool>,
        jobs: impl IntoIterator<Item = Job>,
        stop: &AtomicBool,
        on_report: &mut dyn FnMut(LoadReport),
    ) -> LoadCounts {
        {
            let mut queue = lock(&self.queue);
            for job in jobs {
                match job {
                    Job::Folder(_) => queue.roots.push_back(job),
                    Job::Files(_, ref names) => {
                        self.found.fetch_add(names.len(), Ordering::Relaxed);
                        queue.files.push_back(job);
                    }
                    Job::Bytes { .. } => {
                        self.found.fetch_add(1, Ordering::Relaxed);
                        queue.files.push_back(job);
                    }
                }
            }
        }
        self.stop.store(stop.load(Ordering::Relaxed), Ordering::Relaxed);
        let threads = thread::available_parallelism().map_or(2, |count| count.get().max(2));
        let mut monitor = StallMonitor::start(self, threads);
        loop {
            match monitor.inbox.recv_timeout(TICK.saturating_sub(monitor.checked.elapsed())) {
                Ok(WorkerMessage::Report(report)) => on_report(report),
                Ok(WorkerMessage::Ended(number)) => {
                    if let Some(worker) = monitor.workers.get_mut(number) {
                        worker.ended = true;
                    }
                }
                Err(RecvTimeoutError::Timeout) => on_report(LoadReport::Tick),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if stop.load(Ordering::Relaxed) && !self.stop.swap(true, Ordering::Relaxed) {
                // Holds the lock, so that no worker misses the notification.
                let _queue = lock(&self.queue);
                self.wake.notify_all();
            }
            if monitor.checked.elapsed() >= TICK {
                monitor.check_workers(on_report);
            }
            if monitor.workers.iter().all(|worker| worker.ended) {
                break;
            }
        }
        // Reports that were sent before the last worker ended or was abandoned.
        for told in monitor.inbox.try_iter() {
            if let WorkerMessage::Report(report) = told {
                on_report(report);
            }
        }
        self.stop.store(true, Ordering::Relaxed);
        let mut counts = LoadCounts::default();
        for worker in &monitor.workers {
            worker.state.add_to(&mut counts);
        }
        counts
    }
}

/// A worker, as the monitor sees it.
pub(super) struct WorkerHandle {
    pub(super) state: Arc<WorkerState>,
    /// The heartbeat at the last check, and the time since when it is unchanged.
    heartbeat: u64,
    since: Instant,
    /// Whether others have taken over its work.
    work_stolen: bool,
    /// Whether it has ended or was abandoned.
    pub(super) ended: bool,
}

impl WorkerHandle {
    /// Returns how long the disk has not answered.
    fn stalled_for(&mut self, now: Instant) -> Duration {
        let heartbeat = self.state.heartbeat();
        if heartbeat != self.heartbeat || !WorkerState::is_waiting(heartbeat) {
            (self.heartbeat, self.since, self.work_stolen) = (heartbeat, now, false);
        }
        now.duration_since(self.since)
    }
}

/// Starts and checks the workers of a pool.
pub(super) struct StallMonitor<'a> {
    pool: &'a Arc<LoadPool>,
    pub(super) workers: Vec<WorkerHandle>,
    reports: mpsc::Sender<WorkerMessage>,
    pub(super) inbox: mpsc::Receiver<WorkerMessage>,
    pub(super) checked: Instant,
    /// The maximum number of workers.
    max_workers: usize,
}

impl<'a> StallMonitor<'a> {
    pub(super) fn start(pool: &'a Arc<LoadPool>, threads: usize) -> StallMonitor<'a> {
        let (reports, inbox) = mpsc::channel();
        let max_workers = threads + MAX_EXTRA_WORKERS;
        let mut own = StallMonitor { pool, workers: Vec::new(), reports, inbox, checked: Instant::now(), max_workers };
        for _ in 0..threads {
            own.start_worker();
        }
        if own.workers.is_empty() {
            // The system provides no thread, so this one does the work.
            PoolWorker::new(Arc::clone(pool), &Arc::new(WorkerState::new(&pool.budget)), own.reports.clone(), false)
                .run();
        }
        own
    }

    /// Starts a worker, if the system provides a thread.
    fn start_worker(&mut self) {
        let (pool, reports, number) = (Arc::clone(self.pool), self.reports.clone(), self.workers.len());
        let state = Arc::new(WorkerState::new(&pool.budget));
        let own = Arc::clone(&state);
        let started = thread::Builder::new().name("reader".to_owned()).spawn(move || {
            let _ended = Ended(reports.clone(), number);
            PoolWorker::new(pool, &own, reports, number == 0).run();
        });
        match started {
            Ok(_) => {
                let since = Instant::now();
                self.workers.push(WorkerHandle { state, heartbeat: 0, since, work_stolen: false, ended: false });
            }
            Err(error) => note(|| format!("cannot start a loader thread: {error}")),
        }
    }

    /// Steals the work of stalled workers, and abandons those that wait too long.
    pub(super) fn check_workers(&mut self, on_report: &mut dyn FnMut(LoadReport)) {
        let now = Instant::now();
        self.checked = now;
        let stopped = self.pool.stop.load(Ordering::Relaxed);
        let mut waits: Vec<Duration> = Vec::with_capacity(self.workers.len());
        for worker in &mut self.workers {
            waits.push(if worker.ended { Duration::ZERO } else { worker.stalled_for(now) });
        }
        // If the disk answers no worker, wait: abandoning file after file would not show anything sooner.
        let answers = waits.iter().zip(&self.workers).any(|(wait, worker)| !worker.ended && *wait < STALL_TIMEOUT);
        let mut replacements = 0;
        for (worker, wait) in self.workers.iter_mut().zip(waits) {
            if worker.ended || !WorkerState::is_waiting(worker.heartbeat) {
                continue;
            }
            if wait >= ABANDON_TIMEOUT && answers || stopped && wait >= TICK {
                worker.ended = worker.state.abandon(self.pool, !stopped, on_report);
            } else if wait >= STALL_TIMEOUT && !worker.work_stolen {
                let Some((shard, rest)) = worker.state.steal_work() else { continue };
                if let Some(shard) = shard {
                    self.pool.budget.charge(&shard);
                    on_report(LoadReport::Shard(shard));
                }
                if let Some((folder, names)) = rest {
                    self.pool.requeue(&folder, names);
                }
                worker.work_stolen = true;
                replacements += 1;
            }
        }
        for _ in 0..replacements {
            if self.workers.iter().filter(|worker| !worker.ended).count() < self.max_workers && !stopped {
                self.start_worker();
            }
        }
    }
}

/// Reports the end of a worker, even after a panic.
struct Ended(mpsc::Sender<WorkerMessage>, usize);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.send(WorkerMessage::Ended(self.1));
    }
}
