//! What a reader subscribes to, and the forms in which readers carry their subscriptions from one program to another.
//!
//! This room knows no files, no network and no library: it turns texts into subscriptions and back.

use serde::{Deserialize, Serialize};

/// A feed as its reader wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// Where it is fetched from.
    pub url: String,
    /// What it calls itself; empty until it was fetched.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What its reader calls it, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_title: Option<String>,
    /// The page that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// What it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The reader's tags, in the reader's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether the whole article behind each entry is fetched as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub full_text: bool,
    /// How many entries are kept; all of them where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_count: Option<u32>,
    /// For how many days an entry is kept; for ever where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// What other programs said of it, by attribute, so that nothing is lost on the way through.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<(String, String)>,
}

impl Subscription {
    /// A subscription to the feed at `url`, of which nothing else is known yet.
    pub fn new(url: impl Into<String>) -> Subscription {
        Subscription { url: url.into(), ..Subscription::default() }
    }

    /// What it is called: its reader's name for it, else its own, else its address.
    pub fn name(&self) -> &str {
        let names = [self.own_title.as_deref().unwrap_or(""), &self.title];
        names.into_iter().find(|name| !name.trim().is_empty()).unwrap_or(&self.url)
    }
}
