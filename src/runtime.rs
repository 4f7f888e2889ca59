//! The imperative shell: threads, clock, files, terminal. Messages go into the loop from here, effects come out of it.
//!
//! This room does not know what a key means or how anything is drawn.

mod archive;
mod bundled;
mod crew;
mod endings;
mod intake;
mod load;
mod read;
mod refresh;
mod source;
mod walk;
mod watch;

pub use archive::Archive;
pub use bundled::SEEDS;
pub use endings::is_passed_over;
pub use load::{LoadEvent, Loaded, Tally, load_all};
pub use source::{Rules, Source};
