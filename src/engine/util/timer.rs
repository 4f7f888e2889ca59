//! Telling that a while has passed: the newest wish counts, those before it are forgotten.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use std::{io, thread};

/// A timer for values of one type. Dropping it ends its thread.
pub(crate) struct DwellTimer<T>(Sender<(T, Instant)>);

impl<T: Send + 'static> DwellTimer<T> {
    /// Starts the thread, which passes each value to `tell` when it is due.
    pub(crate) fn start(mut tell: impl FnMut(T) + Send + 'static) -> io::Result<DwellTimer<T>> {
        let (wishes, inbox) = mpsc::channel::<(T, Instant)>();
        thread::Builder::new().name("alarm".to_owned()).spawn(move || {
            let mut next: Option<(T, Instant)> = None;
            loop {
                let heard = match next {
                    Some((_, due)) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
                    None => inbox.recv().map_err(RecvTimeoutError::from),
                };
                match heard {
                    Ok(wish) => next = Some(wish),
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        if let Some((value, _)) = next.take() {
                            tell(value);
                        }
                    }
                }
            }
        })?;
        Ok(DwellTimer(wishes))
    }

    /// Passes `value` to `tell` after this many milliseconds. Replaces a pending value.
    pub(crate) fn after(&self, value: T, milliseconds: u64) {
        let _ = self.0.send((value, Instant::now() + Duration::from_millis(milliseconds)));
    }
}
