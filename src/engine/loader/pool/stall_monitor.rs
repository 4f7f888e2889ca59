//! Detects workers that wait for a disk that does not answer, and gives their work to others.

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::worker::{PoolWorker, WorkerState};
use super::{LoadPool, LoadReport, TICK, WorkerMessage};
use crate::engine::log::note;

/// A worker whose disk has not answered for this long is stalled: others take over the rest of its work.
const STALL_TIMEOUT: Duration = Duration::from_millis(500);

/// A worker whose disk has not answered for this long, while it answers others, is abandoned. Long enough for a disk to
/// spin up.
const ABANDON_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum number of workers that replace stalled ones.
const MAX_EXTRA_WORKERS: usize = 32;

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
    pub(super) fn check_workers(&mut self, tell: &mut dyn FnMut(LoadReport)) {
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
                worker.ended = worker.state.abandon(self.pool, !stopped, tell);
            } else if wait >= STALL_TIMEOUT && !worker.work_stolen {
                let Some((shard, rest)) = worker.state.steal_work() else { continue };
                if let Some(shard) = shard {
                    self.pool.budget.charge(&shard);
                    tell(LoadReport::Shard(shard));
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
