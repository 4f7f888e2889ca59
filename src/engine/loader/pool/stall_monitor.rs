//! Looking after the workers: a call that the disk does not answer cannot be broken off, but it holds up no other file.

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::worker::{PoolWorker, WorkerState};
use super::{LoadPool, LoadReport, TICK, WorkerMessage};
use crate::engine::log::note;

/// When the disk has not answered a worker for this long, what it had still to do goes to others.
const RELIEF: Duration = Duration::from_millis(500);

/// When the disk has not answered for this long while it answers others, what was asked for is given up. Long enough for
/// a disk that slept.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many workers may come in for others that wait.
const SUBSTITUTES: usize = 32;

/// A worker, as whoever looks after it sees it.
pub(super) struct WorkerHandle {
    pub(super) station: Arc<WorkerState>,
    /// Its pulse when it was looked at last, and since when it is that.
    pulse: u64,
    since: Instant,
    /// Whether others have taken over what it had still to do.
    relieved: bool,
    /// Whether it has ended, or nobody waits for it any more.
    pub(super) ended: bool,
}

impl WorkerHandle {
    /// How long the disk has not answered it.
    fn waits(&mut self, now: Instant) -> Duration {
        let pulse = self.station.pulse();
        if pulse != self.pulse || !WorkerState::is_waiting(pulse) {
            (self.pulse, self.since, self.relieved) = (pulse, now, false);
        }
        now.duration_since(self.since)
    }
}

/// Looks after the workers: a call that the disk does not answer cannot be broken off, but it holds up no other file.
pub(super) struct StallMonitor<'a> {
    crew: &'a Arc<LoadPool>,
    pub(super) mates: Vec<WorkerHandle>,
    reports: mpsc::Sender<WorkerMessage>,
    pub(super) inbox: mpsc::Receiver<WorkerMessage>,
    pub(super) looked: Instant,
    /// How many there may be.
    most: usize,
}

impl<'a> StallMonitor<'a> {
    pub(super) fn over(crew: &'a Arc<LoadPool>, threads: usize) -> StallMonitor<'a> {
        let (reports, inbox) = mpsc::channel();
        let most = threads + SUBSTITUTES;
        let mut own = StallMonitor { crew, mates: Vec::new(), reports, inbox, looked: Instant::now(), most };
        for _ in 0..threads {
            own.start();
        }
        if own.mates.is_empty() {
            // Where the system gives out no thread, this one does the work.
            PoolWorker::new(Arc::clone(crew), &Arc::new(WorkerState::new(&crew.room)), own.reports.clone(), false)
                .run();
        }
        own
    }

    /// Starts a worker, if the system gives out a thread for it.
    fn start(&mut self) {
        let (crew, reports, number) = (Arc::clone(self.crew), self.reports.clone(), self.mates.len());
        let station = Arc::new(WorkerState::new(&crew.room));
        let own = Arc::clone(&station);
        let started = thread::Builder::new().name("reader".to_owned()).spawn(move || {
            let _ended = Ended(reports.clone(), number);
            PoolWorker::new(crew, &own, reports, number == 0).run();
        });
        match started {
            Ok(_) => {
                let since = Instant::now();
                self.mates.push(WorkerHandle { station, pulse: 0, since, relieved: false, ended: false });
            }
            Err(error) => note(|| format!("no thread to read with: {error}")),
        }
    }

    pub(super) fn look_after(&mut self, tell: &mut dyn FnMut(LoadReport)) {
        let now = Instant::now();
        self.looked = now;
        let stopped = self.crew.stop.load(Ordering::Relaxed);
        let mut waits: Vec<Duration> = Vec::with_capacity(self.mates.len());
        for mate in &mut self.mates {
            waits.push(if mate.ended { Duration::ZERO } else { mate.waits(now) });
        }
        // Where it answers nobody, it is to be waited for: giving up file after file would show nothing sooner.
        let answers = waits.iter().zip(&self.mates).any(|(wait, mate)| !mate.ended && *wait < RELIEF);
        let mut substitutes = 0;
        for (mate, wait) in self.mates.iter_mut().zip(waits) {
            if mate.ended || !WorkerState::is_waiting(mate.pulse) {
                continue;
            }
            if wait >= PATIENCE && answers || stopped && wait >= TICK {
                mate.ended = mate.station.give_up(self.crew, !stopped, tell);
            } else if wait >= RELIEF && !mate.relieved {
                let Some((shard, rest)) = mate.station.relieve() else { continue };
                shard.into_iter().for_each(|shard| {
                    self.crew.room.take(&shard);
                    tell(LoadReport::Shard(shard));
                });
                if let Some((folder, names)) = rest {
                    self.crew.give_back(&folder, names);
                }
                mate.relieved = true;
                substitutes += 1;
            }
        }
        for _ in 0..substitutes {
            if self.mates.iter().filter(|mate| !mate.ended).count() < self.most && !stopped {
                self.start();
            }
        }
    }
}

/// Tells that a worker has ended, in whatever way.
struct Ended(mpsc::Sender<WorkerMessage>, usize);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.send(WorkerMessage::Ended(self.1));
    }
}
