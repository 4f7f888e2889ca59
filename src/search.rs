//! Finding articles: one [`Matcher`] that both decides whether an article matches and yields where, and the scan that
//! answers a query over a whole corpus, newest articles first, in chunks that can be stopped.
//!
//! It knows neither panes nor threads other than those it starts and ends within one call.

mod answer;
mod costly;
mod facets;
mod feed_names;
mod matcher;
mod near;
mod order;
mod scan;
mod sweep;
mod terms;
mod traces;
mod values;

pub use answer::{Answer, Request};
pub use costly::{Costly, costly_condition, other_case};
pub use facets::{Counted, Facet, FacetKind, FacetSearch, facets};
pub use feed_names::FeedNames;
pub use matcher::{Hit, Matcher};
pub use scan::{count_hits, listed, scan};
pub use values::count_values;
