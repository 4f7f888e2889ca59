//! A progress bar on standard error, for work that takes longer than a second in a terminal.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::corpus::LoadProgress;

/// The time before the bar appears.
const BAR_DELAY: Duration = Duration::from_secs(1);

/// A progress bar that appears after [`BAR_DELAY`] and is removed on drop.
pub(super) struct Progress {
    started: Instant,
    bar: Option<ProgressBar>,
    is_enabled: bool,
}

impl Progress {
    /// Starts the clock. The bar stays hidden if standard error is not a terminal.
    #[expect(clippy::disallowed_methods, reason = "nothing is written; the bar shows only text of the program")]
    pub(super) fn new() -> Progress {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Progress { started: Instant::now(), bar: None, is_enabled: io::stderr().is_terminal() && !dumb }
    }

    /// Shows that `done` of `all` units named `what` are done.
    pub(super) fn update(&mut self, done: usize, all: usize, what: &str) {
        if !self.is_enabled || self.started.elapsed() < BAR_DELAY {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            // The template is a constant and valid.
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {human_pos} of {human_len} {msg}") {
                bar.set_style(style.progress_chars("━━─"));
            }
            bar
        });
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        // Assumes that the remaining units take as long as the finished ones.
        let left = self.started.elapsed().mul_f64(all.saturating_sub(done) as f64 / done.max(1) as f64);
        bar.set_message(format!("{what}, {} s left", left.as_secs() + 1));
    }

    /// Shows the progress of loading.
    pub(super) fn update_loading(&mut self, progress: LoadProgress) {
        self.update(progress.read, progress.found, &format!("files, {} MB", progress.bytes / 1_000_000));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
