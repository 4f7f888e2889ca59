//! What the program promises for any input, one function for each place where input comes in: it takes bytes and panics
//! where a promise is broken. The fuzz targets of `fuzz/` and the tests of `tests/engine/fuzz.rs` call the same ones.
#![allow(dead_code, reason = "each program that searches uses what it needs")]
#![allow(unreachable_pub, reason = "the package in fuzz/ gives it on")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what is broken is told by panicking")]

#[path = "../support/app.rs"]
mod app;
mod bytes;
mod feeds;
mod formats;
pub mod growth;
mod kept;
mod queries;
mod safe;
mod screen;
#[path = "../support/search_model.rs"]
pub(crate) mod search_model;
mod settings;
mod text;

/// A place where input comes in.
pub struct Target {
    /// Its name, and that of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Panics where a promise is broken.
    pub check: fn(&[u8]),
    /// How many bytes an input has at most; more only make the search slower.
    pub most: usize,
    /// The dictionary in `fuzz/dictionaries` that helps, if any.
    pub dictionary: &'static str,
}

const fn target(name: &'static str, check: fn(&[u8]), most: usize, dictionary: &'static str) -> Target {
    Target { name, check, most, dictionary }
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("wire", formats::wire, 2_048, "wire"),
    target("markdown", formats::markdown, 2_048, "markdown"),
    target("feed", feeds::file, 4_096, "feed"),
    target("html", formats::html, 4_096, "html"),
    target("plain", formats::plain, 2_048, "wire"),
    target("file", formats::file, 2_048, "feed"),
    target("feed_html", feeds::html, 2_048, "html"),
    target("page", feeds::page, 4_096, "html"),
    target("growth", growth::check, 128, "html"),
    target("safe_text", text::safe_text, 512, "text"),
    target("fold", text::fold, 512, "text"),
    target("unfold", text::unfold, 256, ""),
    target("wrap", text::wrap, 1_024, "text"),
    target("query", queries::parse, 256, "query"),
    target("matcher", queries::find, 256, ""),
    target("shard", kept::shard, 4_096, ""),
    target("manifest", kept::manifest, 512, ""),
    target("stored", kept::stored, 2_048, "stored"),
    target("config", settings::config, 2_048, "config"),
    target("opml", settings::opml, 2_048, "feed"),
    target("newsboat", settings::newsboat, 1_024, ""),
    target("screen", screen::check, 512, ""),
];
