//! Finding articles: one [`Matcher`] that both decides whether an article matches and yields where, and the scan that
//! answers a query over a whole corpus, newest articles first, in chunks that can be stopped.
//!
//! It knows neither panes nor threads other than those it starts and ends within one call.

mod explain_empty;
mod facets;
mod feed_query;
mod field_values;
mod matcher;
mod narrowing;
mod needle;
mod proximity;
mod request;
mod scan;
mod shard_scan;
mod sort;

pub use explain_empty::{Costly, costly_condition, other_case};
pub use facets::{Counted, Facet, FacetKind, FacetSearch, facets};
pub use feed_query::FeedNames;
pub use field_values::count_values;
pub use matcher::{Hit, Matcher};
pub use request::{Answer, Request};
pub use scan::{count_hits, listed, scan};
