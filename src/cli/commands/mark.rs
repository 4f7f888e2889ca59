//! `newsdesk mark`: marks all articles that match a query.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::process::ExitCode;

use crate::article::ArticleId;
use crate::cli::args::{CommonArgs, PathArgs, QueryArgs, cases};
use crate::cli::library_access::{self, library_error};
use crate::cli::selection::select;
use crate::library::PathResolver;
use crate::marks::{Change, MarkChange, Tag};
use crate::query::Case;
use crate::text::format::counted;

/// Mark all articles that match a query
#[derive(Debug, clap::Args)]
pub(crate) struct MarkArgs {
    #[command(flatten)]
    paths: PathArgs,
    /// Select articles, as in the filter bar; '' selects all
    #[arg(long, value_name = "QUERY", required = true, allow_hyphen_values = true)]
    query: String,
    /// How to match case; same as `case:` in the query
    #[arg(long, value_name = "CASE", value_parser = cases())]
    case: Option<Case>,
    #[command(flatten)]
    marks: MarkOptions,
    /// Print how many articles would change; change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct MarkOptions {
    /// Mark the articles read
    #[arg(long, conflicts_with = "unread")]
    read: bool,
    /// Mark the articles unread
    #[arg(long)]
    unread: bool,
    /// Star the articles
    #[arg(long, conflicts_with = "unstar")]
    star: bool,
    /// Unstar the articles
    #[arg(long)]
    unstar: bool,
    /// Add this tag (repeatable)
    #[arg(long, value_name = "TAG", value_parser = tag)]
    tag: Vec<Tag>,
    /// Remove this tag (repeatable)
    #[arg(long, value_name = "TAG", value_parser = tag)]
    untag: Vec<Tag>,
}

fn tag(word: &str) -> Result<Tag, &'static str> {
    Tag::new(word).ok_or("a tag is one word")
}

impl MarkOptions {
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

pub(crate) fn run(args: MarkArgs, common: &CommonArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let query = QueryArgs { query: args.query, sort: None, case: args.case };
    let selection = select(&args.paths, &query, false, common)?;
    let path = library_access::path()?;
    let mut library = library_access::open(&path)?;
    let mut marks = library_access::current_marks(&mut library, selection.corpus())?;
    let wanted = args.marks.changes();
    let mut changes: Vec<MarkChange> = Vec::new();
    for entry in selection.entries() {
        for change in &wanted {
            let change = MarkChange { article: entry.id(), change: change.clone() };
            if marks.apply(&change).is_some() {
                changes.push(change);
            }
        }
    }
    let articles: HashSet<ArticleId> = changes.iter().map(|change| change.article).collect();
    if !args.dry_run {
        let mut resolver = PathResolver::default();
        let corpus = selection.corpus();
        let slots: HashMap<ArticleId, _> = selection.slots().map(|(slot, entry)| (entry.id(), slot)).collect();
        let mut record = |article: ArticleId| Some(resolver.record(corpus.get(*slots.get(&article)?)?));
        library.save_marks(&changes, &mut record).map_err(|error| library_error(&path, error))?;
    }
    let found = counted(selection.len() as u64, "article", "articles");
    let changed = counted(articles.len() as u64, "article", "articles");
    let verb = if args.dry_run { "would change" } else { "changed" };
    writeln!(out, "{found} found, {changed} {verb}")?;
    Ok(selection.outcome())
}
