//! Signals: those that end the program restore the terminal first, those that stop it stop it, and a new size is
//! reported.

use std::io;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::{restore, size};
use crate::app::Message;
use crate::engine::log::note;
use crate::tui::event_loop::LoopEvent;
use crate::util::{Task, lock, wait_timeout_while};

/// The time in which the loop must end by itself. After that the program ends without it.
const EXIT_TIMEOUT: Duration = Duration::from_millis(500);

/// The time that saving may take then.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The state that the signal thread shares with the rest of the program.
struct SignalState {
    /// Saves unsaved changes if the program ends without the loop.
    flush: Mutex<Option<Box<dyn Fn() + Send>>>,
    /// Whether a child process has the terminal. Signals typed for the child are ignored then.
    child_owns_terminal: AtomicBool,
    /// Whether this program sent the next stop signal itself, to its whole process group.
    self_stop: Mutex<bool>,
    self_stop_seen: Condvar,
    /// Set if SIGCONT arrives before we stop; there will be no second one, so do not stop then. Set by the signal
    /// handler, because the signal thread may run too late.
    continued: LazyLock<Arc<AtomicBool>>,
}

static STATE: SignalState = SignalState {
    flush: Mutex::new(None),
    child_owns_terminal: AtomicBool::new(false),
    self_stop: Mutex::new(false),
    self_stop_seen: Condvar::new(),
    continued: LazyLock::new(Arc::default),
};

/// Starts the signal thread, which reports to the event loop.
pub(crate) fn listen(events: Sender<LoopEvent>) -> io::Result<()> {
    signal_hook::flag::register(SIGCONT, Arc::clone(&STATE.continued))?;
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            handle(signal, &events);
        }
    })?;
    Ok(())
}

fn handle(signal: i32, events: &Sender<LoopEvent>) {
    let is_for_child = STATE.child_owns_terminal.load(Ordering::SeqCst);
    let event = match signal {
        SIGINT | SIGQUIT | SIGWINCH | SIGCONT if is_for_child => return,
        // Stop together with the child; both are continued together.
        SIGTSTP if is_for_child => {
            let _ = emulate_default_handler(SIGTSTP);
            return;
        }
        SIGTSTP if std::mem::take(&mut *lock(&STATE.self_stop)) => {
            STATE.self_stop_seen.notify_all();
            return;
        }
        SIGTSTP => {
            STATE.continued.store(false, Ordering::SeqCst);
            LoopEvent::Stop
        }
        SIGCONT => LoopEvent::Resumed,
        SIGWINCH => LoopEvent::Message(Message::Resize(size())),
        _ => {
            note(|| format!("signal {signal}"));
            exit_after(EXIT_TIMEOUT, signal);
            LoopEvent::Signal(signal)
        }
    };
    // Sending fails once the loop has ended, and the program ends as well.
    let _ = events.send(event);
    if signal == SIGCONT {
        let _ = events.send(LoopEvent::Message(Message::Resize(size())));
    }
}

/// Sets the function that saves unsaved changes if a signal ends the program while the loop hangs.
pub(crate) fn set_flush_hook(flush: impl Fn() + Send + 'static) {
    *lock(&STATE.flush) = Some(Box::new(flush));
}

/// Ends the program after `timeout` if it is still running: the loop may hang in a write to a terminal that reads
/// nothing, or wait for an editor. Restoring the terminal may hang as well.
fn exit_after(timeout: Duration, signal: i32) {
    let started = thread::Builder::new().name("exit".to_owned()).spawn(move || {
        thread::sleep(timeout);
        let now = Instant::now();
        let never = || false;
        let restoring = Task::start("restore", restore);
        let flushing = Task::start("flush", || {
            if let Some(flush) = &*lock(&STATE.flush) {
                flush();
            }
        });
        if let Ok(restoring) = restoring {
            let _ = restoring.wait(now + timeout / 2, never);
        }
        if let Ok(flushing) = flushing {
            let _ = flushing.wait(now + FLUSH_TIMEOUT, never);
        }
        process::exit(128 + signal);
    });
    if started.is_err() {
        restore();
        process::exit(128 + signal);
    }
}

/// Runs `work` while a child process has the terminal.
pub(crate) fn while_child_owns_terminal<T>(work: impl FnOnce() -> T) -> T {
    STATE.child_owns_terminal.store(true, Ordering::SeqCst);
    let done = work();
    STATE.child_owns_terminal.store(false, Ordering::SeqCst);
    done
}

/// Returns whether a shell would continue this program after it stops itself.
pub(crate) fn has_job_control() -> bool {
    // A program that leads its session, as in a window opened for it alone, has no shell above it.
    !getsid(None).is_ok_and(|session| session == getpgrp())
}

/// Stops this program, and returns when it is continued.
pub(crate) fn stop_alone() {
    if STATE.continued.swap(false, Ordering::SeqCst) {
        return;
    }
    if let Err(error) = emulate_default_handler(SIGTSTP) {
        note(|| format!("cannot stop: {error}"));
    }
}

/// Stops this program and its process group, as ^Z does, and returns when it is continued.
pub(crate) fn stop_all() {
    STATE.continued.store(false, Ordering::SeqCst);
    *lock(&STATE.self_stop) = true;
    // `cargo run` and other programs between this one and the shell must stop as well.
    let sent = kill_current_process_group(Signal::TSTP).is_ok();
    // This program receives the signal too. Wait for that, or it would stop us again as soon as we are continued.
    let is_unseen = |unseen: &mut bool| *unseen && sent;
    drop(wait_timeout_while(&STATE.self_stop_seen, lock(&STATE.self_stop), EXIT_TIMEOUT, is_unseen));
    *lock(&STATE.self_stop) = false;
    stop_alone();
}
