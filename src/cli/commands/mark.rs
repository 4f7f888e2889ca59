//! `newsdesk mark`: marks all articles that a query finds.

use std::collections::HashSet;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;

use super::library;
use crate::article::ArticleId;
use crate::cli::selection::Selection;
use crate::library::PathResolver;
use crate::marks::{Change, MarkChange, Tag};
use crate::text::format::counted;

/// What is to be done to the articles.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct MarkArgs {
    /// They are read
    #[arg(long, conflicts_with = "unread")]
    read: bool,
    /// They are unread
    #[arg(long)]
    unread: bool,
    /// They have a star
    #[arg(long, conflicts_with = "unstar")]
    star: bool,
    /// They have no star
    #[arg(long)]
    unstar: bool,
    /// They have this tag; may be given more than once
    #[arg(long, value_name = "TAG", value_parser = tag)]
    tag: Vec<Tag>,
    /// They have not this tag; may be given more than once
    #[arg(long, value_name = "TAG", value_parser = tag)]
    untag: Vec<Tag>,
}

fn tag(word: &str) -> Result<Tag, String> {
    Tag::new(word).ok_or_else(|| "a tag is a word".to_owned())
}

impl MarkArgs {
    fn changes(&self) -> Vec<Change> {
        let flags = [
            self.read.then_some(Change::Read(true)),
            self.unread.then_some(Change::Read(false)),
            self.star.then_some(Change::Starred(true)),
            self.unstar.then_some(Change::Starred(false)),
        ];
        let tags = self.tag.iter().map(|tag| Change::Tagged(tag.clone(), true));
        let untags = self.untag.iter().map(|tag| Change::Tagged(tag.clone(), false));
        flags.into_iter().flatten().chain(tags).chain(untags).collect()
    }
}

/// Marks what was selected; a rehearsal changes nothing.
pub(crate) fn carry_out(
    selection: &Selection,
    wishes: &MarkArgs,
    rehearsal: bool,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let path = library::path()?;
    let mut library = library::open(&path)?;
    let mut marks = library::known(&mut library, selection.corpus())?;
    let changes = wishes.changes();
    let mut made: Vec<MarkChange> = Vec::new();
    for entry in selection.entries() {
        for change in &changes {
            let marking = MarkChange { article: entry.id(), change: change.clone() };
            if marks.apply(&marking).is_some() {
                made.push(marking);
            }
        }
    }
    let articles: HashSet<ArticleId> = made.iter().map(|marking| marking.article).collect();
    if !rehearsal {
        let mut origins = PathResolver::default();
        let corpus = selection.corpus();
        let slots: std::collections::HashMap<ArticleId, _> =
            selection.slots().map(|(slot, entry)| (entry.id(), slot)).collect();
        let mut known = |article: ArticleId| Some(origins.known(corpus.get(*slots.get(&article)?)?));
        library.keep(&made, &mut known).map_err(|error| library::told(&path, error))?;
    }
    let found = counted(selection.len() as u64, "article", "articles");
    let changed = counted(articles.len() as u64, "article", "articles");
    let would = if rehearsal { "would change" } else { "changed" };
    writeln!(out, "{found} found, {changed} {would}")?;
    Ok(selection.outcome())
}
