//! The loop: wait for something to happen, let the state take in all that has, carry out what it asks for, draw once.
//!
//! It knows neither the terminal nor the threads, only their traits, and has no tick: while nothing happens it costs
//! nothing. The one thing that it wakes for by itself is a new day.

use std::io;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use chrono::{Days, NaiveDateTime, NaiveTime};
#[cfg(unix)]
use rustix::io::Errno;

use crate::app::{Effect, Message, State};
use crate::text::SafeText;

/// How many messages are taken in before the screen is drawn, so that a flood of them cannot keep it from being so.
const BURST: usize = 1_000;

/// Something that the loop hears.
#[derive(Debug)]
pub(crate) enum Event {
    /// The state is to know.
    Message(Message),
    /// A signal asks the program to end.
    Signal(i32),
    /// Another program asks this one to stop and to wait for being continued.
    Stop,
    /// The program was stopped and goes on: who knows what stands on the screen.
    Continued,
    /// The terminal is gone.
    Hangup,
    /// The terminal has taken the last frame, and there is something new to draw.
    Room,
}

/// Why the loop ended.
#[derive(Debug)]
pub enum Ending {
    /// The reader wants to leave.
    Quit,
    /// This signal came.
    Signal(i32),
    /// The terminal is gone.
    Hangup,
    /// The screen cannot be drawn.
    Output(io::Error),
}

impl Ending {
    /// What an error of the screen means.
    fn of(error: io::Error) -> Ending {
        // A terminal that is gone may show itself by an error before the input thread hears of it.
        #[cfg(unix)]
        if let Some(Errno::IO | Errno::NXIO | Errno::NOTTY) = Errno::from_io_error(&error) {
            return Ending::Hangup;
        }
        Ending::Output(error)
    }

    /// What the program exits with: 128 and the number of the signal where one ended it. An error is one of the
    /// screen.
    pub fn into_exit_code(self) -> io::Result<ExitCode> {
        match self {
            Ending::Quit => Ok(ExitCode::SUCCESS),
            Ending::Signal(number) => Ok(u8::try_from(number).map_or(1, |number| number.saturating_add(128)).into()),
            // As SIGHUP would have it.
            Ending::Hangup => Ok((128 + 1).into()),
            Ending::Output(error) => Err(error),
        }
    }
}

/// What the loop draws on.
pub(crate) trait Screen {
    /// Draws the state as it is; where the terminal has not taken the last frame, not until [`Event::Room`].
    fn draw(&mut self, state: &State) -> io::Result<()>;

    /// Gives the terminal back as it was found.
    fn leave(&mut self) -> io::Result<()>;

    /// Takes the terminal, so that the next frame draws all of it.
    fn enter(&mut self) -> io::Result<()>;

    /// Puts text on the clipboard of whoever sits at the terminal.
    fn copy(&mut self, text: &SafeText) -> io::Result<()>;
}

/// What carries out the effects.
pub(crate) trait Hands {
    /// Carries out an effect other than [`Effect::Quit`]. An error is one of the screen, and ends the program.
    fn carry_out(&mut self, effect: Effect, screen: &mut dyn Screen) -> io::Result<()>;

    /// Stops the program, which another one asked for, and comes back when it is continued.
    fn stop(&mut self, screen: &mut dyn Screen) -> io::Result<()>;
}

/// Runs until the reader quits or the terminal is gone. `now` returns the local time. If a signal or a lost terminal ends
/// the loop, saves an open note first.
pub(crate) fn turn(
    state: &mut State,
    screen: &mut dyn Screen,
    hands: &mut dyn Hands,
    inbox: &Receiver<Event>,
    now: &dyn Fn() -> NaiveDateTime,
) -> Ending {
    let mut round = Round { state, screen, hands };
    let ending = run(&mut round, inbox, now);
    if !matches!(ending, Ending::Quit) {
        round.save();
    }
    ending
}

fn run(round: &mut Round<'_>, inbox: &Receiver<Event>, now: &dyn Fn() -> NaiveDateTime) -> Ending {
    let mut day = now();
    match round.begin(day) {
        Ok(None) => {}
        Ok(Some(ending)) => return ending,
        Err(error) => return Ending::of(error),
    }
    loop {
        let first = match inbox.recv_timeout(until_midnight(now())) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            // Everybody who could tell of anything is gone.
            Err(RecvTimeoutError::Disconnected) => return Ending::Hangup,
        };
        let mut events: Vec<Event> = first.into_iter().chain(inbox.try_iter().take(BURST)).collect();
        let today = now();
        if today.date() != day.date() {
            day = today;
            events.push(Event::Message(Message::Clock(today)));
        }
        match round.take(events) {
            Ok(None) => {}
            Ok(Some(ending)) => return ending,
            Err(error) => return Ending::of(error),
        }
    }
}

/// The time until the day changes. A clock that was set, or a machine that slept, is noticed with the next event.
fn until_midnight(now: NaiveDateTime) -> Duration {
    let midnight = now.date().checked_add_days(Days::new(1)).map(|day| day.and_time(NaiveTime::MIN));
    let left = midnight.and_then(|midnight| (midnight - now).to_std().ok());
    left.unwrap_or(Duration::from_secs(3600)) + Duration::from_millis(10)
}

struct Round<'a> {
    state: &'a mut State,
    screen: &'a mut dyn Screen,
    hands: &'a mut dyn Hands,
}

impl Round<'_> {
    fn begin(&mut self, now: NaiveDateTime) -> io::Result<Option<Ending>> {
        self.take(vec![Event::Message(Message::Clock(now))])
    }

    /// Saves an open note. Ignores errors: they concern a screen that is gone.
    fn save(&mut self) {
        for effect in self.state.update(Message::Ending) {
            let _ = self.hands.carry_out(effect, self.screen);
        }
    }

    /// Takes in what happened, in order, and draws once.
    fn take(&mut self, events: Vec<Event>) -> io::Result<Option<Ending>> {
        if events.is_empty() {
            return Ok(None);
        }
        let last_size = events.iter().rposition(|event| matches!(event, Event::Message(Message::Resize(_))));
        for (at, event) in events.into_iter().enumerate() {
            match event {
                // Of a burst of sizes, the last is the one that the terminal has.
                Event::Message(Message::Resize(_)) if Some(at) != last_size => {}
                Event::Message(message) => {
                    for effect in self.state.update(message) {
                        if matches!(effect, Effect::Quit) {
                            return Ok(Some(Ending::Quit));
                        }
                        self.hands.carry_out(effect, self.screen)?;
                    }
                }
                Event::Stop => self.hands.stop(self.screen)?,
                Event::Continued => self.screen.enter()?,
                Event::Signal(number) => return Ok(Some(Ending::Signal(number))),
                Event::Hangup => return Ok(Some(Ending::Hangup)),
                // Drawing comes after all that has happened.
                Event::Room => {}
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
    struct Paper {
        frames: Vec<(Size, NaiveDateTime)>,
        left: usize,
        entered: usize,
        breaks: bool,
    }

    impl Screen for Paper {
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
        fn copy(&mut self, _: &SafeText) -> io::Result<()> {
            Ok(())
        }
    }

    struct NoHands;

    impl Hands for NoHands {
        fn carry_out(&mut self, _: Effect, _: &mut dyn Screen) -> io::Result<()> {
            Ok(())
        }
        fn stop(&mut self, screen: &mut dyn Screen) -> io::Result<()> {
            screen.leave()
        }
    }

    fn noon(day: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2023, 9, day).unwrap().and_hms_opt(12, 0, 0).unwrap()
    }

    fn play(events: Vec<Event>, paper: &mut Paper) -> Ending {
        let (sender, inbox) = mpsc::channel();
        events.into_iter().for_each(|event| sender.send(event).unwrap());
        let mut state = State::new(Config::default(), "desk".to_owned(), noon(1));
        drop(sender);
        turn(&mut state, paper, &mut NoHands, &inbox, &|| noon(2))
    }

    fn resize(columns: u16) -> Event {
        Event::Message(Message::Resize(Size { columns, rows: 24 }))
    }

    #[test]
    fn bursts_are_drawn_once_at_the_last_size() {
        let mut paper = Paper::default();
        play((1..=200).map(resize).collect(), &mut paper);
        let columns: Vec<u16> = paper.frames.iter().map(|(size, _)| size.columns).collect();
        assert_eq!(columns, [0, 200]);
        assert!(paper.frames.iter().all(|(_, now)| *now == noon(2)), "the clock was told first");
    }

    #[test]
    fn quitting_signals_hang_ups_and_a_lost_screen_end_the_loop() {
        let q = || Event::Message(Message::Key(Key::plain(KeyCode::Char('q'))));
        for (event, code) in [(q(), 0), (Event::Signal(15), 143), (Event::Hangup, 129)] {
            let ending = play(vec![resize(80), event, resize(99)], &mut Paper::default());
            assert_eq!(ending.into_exit_code().unwrap(), ExitCode::from(code));
        }
        let mut broken = Paper { breaks: true, ..Paper::default() };
        assert!(matches!(play(vec![resize(80)], &mut broken), Ending::Output(_)));
        assert_eq!(broken.frames.len(), 1);
    }

    #[test]
    fn continuing_sets_up_the_terminal_again() {
        let mut paper = Paper::default();
        play(vec![Event::Stop, Event::Continued], &mut paper);
        assert_eq!((paper.left, paper.entered), (1, 1));
    }

    #[test]
    fn next_midnight_is_at_most_a_day_away() {
        assert_eq!(until_midnight(noon(1)).as_secs(), 12 * 3600);
    }
}
