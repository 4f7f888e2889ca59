//! The event loop: waits for events, updates the state with all of them, runs the effects, draws once.
//!
//! It knows the terminal and the threads only by their traits. It has no tick: while nothing happens it uses no CPU. The
//! only timer is for the next day.

use std::io;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use chrono::{Days, NaiveDateTime, NaiveTime};
#[cfg(unix)]
use rustix::io::Errno;

use crate::app::{Effect, Message, State};
use crate::text::SafeText;

/// The maximum number of events between two frames, so that a flood of events cannot stop drawing.
const BURST: usize = 1_000;

/// An event for the loop.
#[derive(Debug)]
pub(crate) enum LoopEvent {
    /// A message for the state.
    Message(Message),
    /// A signal to end the program.
    Signal(i32),
    /// Another program stops this one, until it is continued.
    Stop,
    /// The program was stopped and continued. The content of the screen is unknown.
    Resumed,
    /// The terminal is gone.
    Hangup,
    /// The writer is idle and a new frame is pending.
    WriterReady,
}

/// Why the loop ended.
#[derive(Debug)]
pub enum ExitReason {
    /// The user quit.
    Quit,
    /// This signal was received.
    Signal(i32),
    /// The terminal is gone.
    Hangup,
    /// The screen cannot be drawn.
    Output(io::Error),
}

impl ExitReason {
    /// Returns the reason for an error of the screen.
    fn from_screen_error(error: io::Error) -> ExitReason {
        // Writing may fail before the input thread notices that the terminal is gone.
        #[cfg(unix)]
        if let Some(Errno::IO | Errno::NXIO | Errno::NOTTY) = Errno::from_io_error(&error) {
            return ExitReason::Hangup;
        }
        ExitReason::Output(error)
    }

    /// Returns the exit code of the program: 128 plus the number of the signal that ended it. Returns an error if the
    /// screen could not be drawn.
    pub fn into_exit_code(self) -> io::Result<ExitCode> {
        match self {
            ExitReason::Quit => Ok(ExitCode::SUCCESS),
            ExitReason::Signal(number) => {
                Ok(u8::try_from(number).map_or(1, |number| number.saturating_add(128)).into())
            }
            // The same as for SIGHUP.
            ExitReason::Hangup => Ok((128 + 1).into()),
            ExitReason::Output(error) => Err(error),
        }
    }
}

/// The screen that the loop draws on.
pub(crate) trait Screen {
    /// Draws the state. Skips the frame if the writer is busy; [`LoopEvent::WriterReady`] follows then.
    fn draw(&mut self, state: &State) -> io::Result<()>;

    /// Restores the terminal.
    fn leave(&mut self) -> io::Result<()>;

    /// Acquires the terminal. The next frame draws the whole screen.
    fn enter(&mut self) -> io::Result<()>;

    /// Makes the next frame draw the whole screen. A terminal that was resized may have dropped cells, even if it has the
    /// former size again.
    fn on_resize(&mut self) -> io::Result<()>;

    /// Copies text to the clipboard of the terminal.
    fn copy(&mut self, text: &SafeText) -> io::Result<()>;
}

/// Runs the effects of the state.
pub(crate) trait EffectRunner {
    /// Runs an effect other than [`Effect::Quit`]. Returns an error of the screen, which ends the program.
    fn run_effect(&mut self, effect: Effect, screen: &mut dyn Screen) -> io::Result<()>;

    /// Stops the program at the request of another one. Returns when it is continued.
    fn stop(&mut self, screen: &mut dyn Screen) -> io::Result<()>;
}

/// Runs until the reader quits or the terminal is gone. `now` returns the local time. If a signal or a lost terminal ends
/// the loop, saves an open note first.
pub(crate) fn run(
    state: &mut State,
    screen: &mut dyn Screen,
    effects: &mut dyn EffectRunner,
    inbox: &Receiver<LoopEvent>,
    now: &dyn Fn() -> NaiveDateTime,
) -> ExitReason {
    let mut iteration = Iteration { state, screen, effects };
    let reason = run_until_exit(&mut iteration, inbox, now);
    if !matches!(reason, ExitReason::Quit) {
        iteration.save();
    }
    reason
}

fn run_until_exit(
    iteration: &mut Iteration<'_>,
    inbox: &Receiver<LoopEvent>,
    now: &dyn Fn() -> NaiveDateTime,
) -> ExitReason {
    let mut day = now();
    match iteration.begin(day) {
        Ok(None) => {}
        Ok(Some(reason)) => return reason,
        Err(error) => return ExitReason::from_screen_error(error),
    }
    loop {
        let first = match inbox.recv_timeout(until_midnight(now())) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            // All senders are gone.
            Err(RecvTimeoutError::Disconnected) => return ExitReason::Hangup,
        };
        let mut events: Vec<LoopEvent> = first.into_iter().chain(inbox.try_iter().take(BURST)).collect();
        let today = now();
        if today.date() != day.date() {
            day = today;
            events.push(LoopEvent::Message(Message::Clock(today)));
        }
        match iteration.handle(events) {
            Ok(None) => {}
            Ok(Some(reason)) => return reason,
            Err(error) => return ExitReason::from_screen_error(error),
        }
    }
}

/// Returns the time until the next day. If the clock was set or the machine slept, the next event corrects it.
fn until_midnight(now: NaiveDateTime) -> Duration {
    let midnight = now.date().checked_add_days(Days::new(1)).map(|day| day.and_time(NaiveTime::MIN));
    let left = midnight.and_then(|midnight| (midnight - now).to_std().ok());
    left.unwrap_or(Duration::from_secs(3600)) + Duration::from_millis(10)
}

struct Iteration<'a> {
    state: &'a mut State,
    screen: &'a mut dyn Screen,
    effects: &'a mut dyn EffectRunner,
}

impl Iteration<'_> {
    fn begin(&mut self, now: NaiveDateTime) -> io::Result<Option<ExitReason>> {
        self.handle(vec![LoopEvent::Message(Message::Clock(now))])
    }

    /// Saves an open note. Ignores errors: they concern a screen that is gone.
    fn save(&mut self) {
        for effect in self.state.update(Message::Ending) {
            let _ = self.effects.run_effect(effect, self.screen);
        }
    }

    /// Handles events in order, and draws once.
    fn handle(&mut self, events: Vec<LoopEvent>) -> io::Result<Option<ExitReason>> {
        if events.is_empty() {
            return Ok(None);
        }
        let last_size = events.iter().rposition(|event| matches!(event, LoopEvent::Message(Message::Resize(_))));
        for (at, event) in events.into_iter().enumerate() {
            match event {
                // Only the last of several sizes is still valid.
                LoopEvent::Message(Message::Resize(_)) if Some(at) != last_size => {}
                LoopEvent::Message(message) => {
                    if matches!(message, Message::Resize(_)) {
                        self.screen.on_resize()?;
                    }
                    for effect in self.state.update(message) {
                        if matches!(effect, Effect::Quit) {
                            return Ok(Some(ExitReason::Quit));
                        }
                        self.effects.run_effect(effect, self.screen)?;
                    }
                }
                LoopEvent::Stop => self.effects.stop(self.screen)?,
                LoopEvent::Resumed => self.screen.enter()?,
                LoopEvent::Signal(number) => return Ok(Some(ExitReason::Signal(number))),
                LoopEvent::Hangup => return Ok(Some(ExitReason::Hangup)),
                // The frame is drawn below.
                LoopEvent::WriterReady => {}
            }
        }
        self.screen.draw(self.state)?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use chrono::NaiveDate;

    use super::*;
    use crate::app::Size;
    use crate::config::Config;
    use crate::keys::{Key, KeyCode};
    use crate::text::SafeText;

    #[derive(Default)]
    struct TestScreen {
        frames: Vec<(Size, NaiveDateTime)>,
        left: usize,
        entered: usize,
        resized: usize,
        breaks: bool,
    }

    impl Screen for TestScreen {
        fn draw(&mut self, state: &State) -> io::Result<()> {
            self.frames.push((state.size(), state.now()));
            if self.breaks { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
        }
        fn leave(&mut self) -> io::Result<()> {
            self.left += 1;
            Ok(())
        }
        fn enter(&mut self) -> io::Result<()> {
            self.entered += 1;
            Ok(())
        }
        fn on_resize(&mut self) -> io::Result<()> {
            self.resized += 1;
            Ok(())
        }
        fn copy(&mut self, _: &SafeText) -> io::Result<()> {
            Ok(())
        }
    }

    struct NoEffects;

    impl EffectRunner for NoEffects {
        fn run_effect(&mut self, _: Effect, _: &mut dyn Screen) -> io::Result<()> {
            Ok(())
        }
        fn stop(&mut self, screen: &mut dyn Screen) -> io::Result<()> {
            screen.leave()
        }
    }

    fn noon(day: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2023, 9, day).unwrap().and_hms_opt(12, 0, 0).unwrap()
    }

    fn play(events: Vec<LoopEvent>, screen: &mut TestScreen) -> ExitReason {
        let (sender, inbox) = mpsc::channel();
        events.into_iter().for_each(|event| sender.send(event).unwrap());
        let mut state = State::new(Config::default(), "desk".to_owned(), noon(1));
        drop(sender);
        run(&mut state, screen, &mut NoEffects, &inbox, &|| noon(2))
    }

    fn resize(columns: u16) -> LoopEvent {
        LoopEvent::Message(Message::Resize(Size { columns, rows: 24 }))
    }

    #[test]
    fn bursts_are_drawn_once_at_the_last_size() {
        let mut screen = TestScreen::default();
        play((1..=200).map(resize).collect(), &mut screen);
        let columns: Vec<u16> = screen.frames.iter().map(|(size, _)| size.columns).collect();
        assert_eq!(columns, [0, 200]);
        assert_eq!(screen.resized, 1, "the whole screen is drawn again");
        assert!(screen.frames.iter().all(|(_, now)| *now == noon(2)), "the clock was told first");
    }

    #[test]
    fn quitting_signals_hang_ups_and_a_lost_screen_end_the_loop() {
        let q = || LoopEvent::Message(Message::Key(Key::plain(KeyCode::Char('q'))));
        for (event, code) in [(q(), 0), (LoopEvent::Signal(15), 143), (LoopEvent::Hangup, 129)] {
            let reason = play(vec![resize(80), event, resize(99)], &mut TestScreen::default());
            assert_eq!(reason.into_exit_code().unwrap(), ExitCode::from(code));
        }
        let mut broken = TestScreen { breaks: true, ..TestScreen::default() };
        assert!(matches!(play(vec![resize(80)], &mut broken), ExitReason::Output(_)));
        assert_eq!(broken.frames.len(), 1);
    }

    #[test]
    fn continuing_sets_up_the_terminal_again() {
        let mut screen = TestScreen::default();
        play(vec![LoopEvent::Stop, LoopEvent::Resumed], &mut screen);
        assert_eq!((screen.left, screen.entered), (1, 1));
    }

    #[test]
    fn next_midnight_is_at_most_a_day_away() {
        assert_eq!(until_midnight(noon(1)).as_secs(), 12 * 3600);
    }
}
