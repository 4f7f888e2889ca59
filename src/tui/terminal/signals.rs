//! Signals: those that end the program end it with the terminal whole, those that stop it stop it really, and a new
//! size is told.

use std::io;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::{give_back, size};
use crate::app::Message;
use crate::engine::util::log::note;
use crate::tui::event_loop::Event;

/// How long the loop has to end in good order before the program ends without it.
const GRACE: Duration = Duration::from_millis(500);

/// How long what is to be kept may take then.
const KEEPING: Duration = Duration::from_secs(2);

/// What keeps what is to be kept, if the program ends without the loop.
static KEEP: Mutex<Option<Box<dyn Fn() + Send>>> = Mutex::new(None);

/// Whether a child has the terminal: what is typed to stop or end the child is no concern of ours.
static LENT: AtomicBool = AtomicBool::new(false);

/// Whether we sent the stop signal that comes next, and told others to stop with it.
static OWN_STOP: Mutex<bool> = Mutex::new(false);
static OWN_STOP_SEEN: Condvar = Condvar::new();

/// Whether we were continued before we came to stop: whoever did so will not do it twice. Set by the signal itself,
/// as the thread that listens for signals may hear of it too late.
static GOING_ON: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Listens for signals and tells the loop.
pub(crate) fn listen(events: Sender<Event>) -> io::Result<()> {
    signal_hook::flag::register(SIGCONT, Arc::clone(&GOING_ON))?;
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            hear(signal, &events);
        }
    })?;
    Ok(())
}

fn hear(signal: i32, events: &Sender<Event>) {
    let lent = LENT.load(Ordering::SeqCst);
    let event = match signal {
        SIGINT | SIGQUIT | SIGWINCH if lent => return,
        // The child stops, and we with it; both go on together.
        SIGTSTP if lent => {
            let _ = emulate_default_handler(SIGTSTP);
            return;
        }
        SIGCONT if lent => return,
        SIGTSTP if std::mem::take(&mut *own_stop()) => {
            OWN_STOP_SEEN.notify_all();
            return;
        }
        SIGTSTP => {
            GOING_ON.store(false, Ordering::SeqCst);
            Event::Stop
        }
        SIGCONT => Event::Continued,
        SIGWINCH => Event::Message(Message::Resize(size())),
        _ => {
            note(|| format!("signal {signal}"));
            end_in(GRACE, signal);
            Event::Signal(signal)
        }
    };
    // Where the loop has ended, so does the program.
    let _ = events.send(event);
    if signal == SIGCONT {
        let _ = events.send(Event::Message(Message::Resize(size())));
    }
}

/// Has `keep` called where a signal ends the program though its loop hangs.
pub(crate) fn keep_by(keep: impl Fn() + Send + 'static) {
    *KEEP.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(keep));
}

/// Ends the program after `grace` if it has not ended by then: the loop may hang in a write to a terminal that takes
/// nothing, or wait for an editor, and giving the terminal back may hang as well.
fn end_in(grace: Duration, signal: i32) {
    let ended = thread::Builder::new().name("end".to_owned()).spawn(move || {
        thread::sleep(grace);
        let _ = thread::Builder::new().spawn(give_back);
        let (held, kept) = mpsc::channel::<()>();
        let _ = thread::Builder::new().spawn(move || {
            KEEP.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|keep| keep());
            drop(held);
        });
        thread::sleep(grace / 2);
        let _ = kept.recv_timeout(KEEPING);
        process::exit(128 + signal);
    });
    if ended.is_err() {
        give_back();
        process::exit(128 + signal);
    }
}

/// Runs `work` while the terminal is lent to a child.
pub(crate) fn while_lent<T>(work: impl FnOnce() -> T) -> T {
    LENT.store(true, Ordering::SeqCst);
    let done = work();
    LENT.store(false, Ordering::SeqCst);
    done
}

/// Whether there is a shell that would continue us, once we stopped ourselves.
pub(crate) fn may_stop() -> bool {
    // Where the program leads its session, as in a window opened for it alone, nobody waits for it.
    !getsid(None).is_ok_and(|session| session == getpgrp())
}

/// Stops this program, and comes back when it is continued.
pub(crate) fn stop_alone() {
    if GOING_ON.swap(false, Ordering::SeqCst) {
        return;
    }
    if let Err(error) = emulate_default_handler(SIGTSTP) {
        note(|| format!("cannot stop: {error}"));
    }
}

/// Stops this program and what was started with it, as ^Z does, and comes back when it is continued.
pub(crate) fn stop_all() {
    GOING_ON.store(false, Ordering::SeqCst);
    *own_stop() = true;
    // `cargo run` and whatever else stands between us and the shell is to stop as well.
    let sent = kill_current_process_group(Signal::TSTP).is_ok();
    // We hear of it too. That must be over before we stop, or it would stop us again as soon as we go on.
    let waited = OWN_STOP_SEEN.wait_timeout_while(own_stop(), GRACE, |unseen| *unseen && sent);
    drop(waited);
    *own_stop() = false;
    stop_alone();
}

fn own_stop() -> MutexGuard<'static, bool> {
    OWN_STOP.lock().unwrap_or_else(PoisonError::into_inner)
}
