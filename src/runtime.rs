//! The imperative shell: threads, clock, files, terminal. Messages go into the loop from here, effects come out of it.
//!
//! This room does not know what a key means or how anything is drawn.

mod archive;
mod bundled;
mod contained;
mod crew;
mod endings;
pub mod event_loop;
mod executor;
mod filter;
mod input;
mod intake;
mod load;
pub mod log;
mod read;
mod reader;
mod refresh;
#[cfg(unix)]
pub mod signals;
mod source;
pub mod terminal;
mod walk;
mod watch;

pub use archive::Archive;
pub use bundled::SEEDS;
pub use endings::is_passed_over;
pub use event_loop::{Ending, Event};
pub use executor::Executor;
pub use filter::Filter;
pub use input::Input;
pub use load::{Loaded, Tally, load_all};
pub use reader::read_in_terminal;
pub use source::{Rules, Source};
pub use terminal::Terminal;
