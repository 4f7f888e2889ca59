//! Finding articles: one [`Matcher`] that both decides whether an article matches and yields where, and the scan that
//! answers a query over a whole corpus, newest articles first, in chunks that can be stopped.
//!
//! It knows neither panes nor threads other than those it starts and ends within one call.

mod answer;
mod matcher;
mod near;
mod order;
mod scan;
mod terms;
mod values;

pub use answer::{Answer, Request};
pub use matcher::{Hit, Matcher};
pub use scan::{Costly, costly_condition, count_hits, scan};
pub use values::count_values;
