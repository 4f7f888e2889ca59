//! Progress on standard error, for what takes longer than a moment and somebody looks on.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::corpus::LoadProgress;

/// What is over by then is not worth a bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that appears after a second, and goes away when it is dropped.
pub(super) struct Progress {
    began: Instant,
    bar: Option<ProgressBar>,
    wanted: bool,
}

impl Progress {
    /// The second begins now.
    #[expect(clippy::disallowed_methods, reason = "nothing is written; the bar has words of the program alone")]
    pub(super) fn new() -> Progress {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Progress { began: Instant::now(), bar: None, wanted: io::stderr().is_terminal() && !dumb }
    }

    /// So many are done, of so many things of this kind.
    pub(super) fn tell(&mut self, done: usize, all: usize, what: &str) {
        if !self.wanted || self.began.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            // The template is a fixed text that is known to be right.
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {human_pos} of {human_len} {msg}") {
                bar.set_style(style.progress_chars("━━─"));
            }
            bar
        });
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        // As long as things go on as fast as they did so far.
        let left = self.began.elapsed().mul_f64(all.saturating_sub(done) as f64 / done.max(1) as f64);
        bar.set_message(format!("{what}, {} s left", left.as_secs() + 1));
    }

    /// How far loading is.
    pub(super) fn load(&mut self, progress: LoadProgress) {
        self.tell(progress.read, progress.found, &format!("files, {} MB", progress.bytes / 1_000_000));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
