//! The imperative shell: threads, clock, terminal, files, processes. One channel of events leads into the loop, one
//! executor carries effects out of it. It does not know what a key means or how anything is drawn.

mod alarm;
mod archive;
mod bundled;
mod changes;
mod contained;
mod crew;
mod endings;
mod event_loop;
pub mod exchange;
mod executor;
pub mod export;
mod facets;
pub mod feed_health;
pub mod feed_orders;
mod feeds;
pub mod fetching;
mod filter;
mod growing;
mod input;
mod intake;
mod keeper;
mod known;
mod load;
mod log;
mod manifest;
mod memory;
mod pace;
mod patience;
mod priority;
mod questions;
mod read;
mod reader;
mod refresh;
mod room;
#[cfg(unix)]
mod signals;
mod snapshot;
mod source;
mod stored;
pub mod subscribing;
mod terminal;
mod unanswered;
mod unkept;
pub mod unreadable;
mod walk;
mod watch;
mod writer;

pub use archive::Archive;
pub use event_loop::Ending;
pub use load::{Loaded, load_all, load_until, load_with, make_snapshot};
pub use log::{log_to, note};
pub use reader::{Options, PreparedTerminal, ask_terminal, run};
pub use snapshot::{Cache, Kept, Pruned, Written};
pub use source::{LoadOptions, Source, unreadable};
