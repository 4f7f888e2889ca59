//! The journal: the reader's changes as steps that can be undone and redone.
//!
//! A [`Step`] is a name and a typed [`StepChange`], which is serialised as JSON with pinned names. [`History`] decides
//! which step is next; `library` stores the steps. This module knows no threads and no files.

mod change;
mod history;

pub use change::{
    ArticleIds, FeedChange, MarkGroup, SearchChange, StepChange, SubscriptionState, changed_articles, markings,
    name_of_feeds,
};
pub use history::{History, JournalEntry, STEPS, Step, apply_marks};
