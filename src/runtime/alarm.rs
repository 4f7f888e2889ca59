//! Telling that a while has passed: the newest wish counts, those before it are forgotten.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use std::{io, thread};

use crate::app::Message;
use crate::article::ArticleId;

/// The wishes' side of the alarm. Dropping it ends its thread.
pub(super) struct Alarm(Sender<(ArticleId, Instant)>);

impl Alarm {
    /// Starts the thread; what is due goes to `tell`.
    pub(super) fn start(mut tell: impl FnMut(Message) + Send + 'static) -> io::Result<Alarm> {
        let (wishes, inbox) = mpsc::channel::<(ArticleId, Instant)>();
        thread::Builder::new().name("alarm".to_owned()).spawn(move || {
            let mut next: Option<(ArticleId, Instant)> = None;
            loop {
                let heard = match next {
                    Some((_, due)) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
                    None => inbox.recv().map_err(RecvTimeoutError::from),
                };
                match heard {
                    Ok(wish) => next = Some(wish),
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        if let Some((article, _)) = next.take() {
                            tell(Message::Lingered(article));
                        }
                    }
                }
            }
        })?;
        Ok(Alarm(wishes))
    }

    /// Wishes to hear of the article after so many milliseconds.
    pub(super) fn after(&self, article: ArticleId, milliseconds: u64) {
        let _ = self.0.send((article, Instant::now() + Duration::from_millis(milliseconds)));
    }
}
