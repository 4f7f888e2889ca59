//! Search: one [`Matcher`] that decides whether an article matches and yields its hits, and a cancellable scan over a
//! whole corpus, newest articles first.
//!
//! This module knows no panes. All threads that it starts end within the same call.

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

pub use explain_empty::{EmptyReason, explain_empty, other_case};
pub use facets::{Facet, FacetKey, FacetKind, FacetSearch, facets};
pub use feed_query::FeedNames;
pub use field_values::count_values;
pub use matcher::{Hit, Matcher};
pub use request::{SearchRequest, SearchResult};
pub use scan::{count_hits, listed, scan};
