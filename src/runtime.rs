//! The imperative shell: threads, clock, terminal, files, processes. One channel of events leads into the loop, one
//! executor carries effects out of it. It does not know what a key means.

mod bundled;
mod event_loop;
mod executor;
mod filter;
mod input;
mod keeper;
mod load;
mod log;
#[cfg(unix)]
mod signals;
mod terminal;
mod watch;

pub use event_loop::{Options, run};
pub use load::{LoadOptions, Loaded, Source, load_all};
pub use log::{log_to, note};
