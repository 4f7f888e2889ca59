//! The articles that a subcommand works on: the loaded ones that match a query, in order.

use std::collections::HashSet;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::{CommonArgs, EXIT_ERROR, EXIT_NO_MATCH, PathArgs, QueryArgs};
use super::library_access;
use super::output::print_error;
use super::sources::load;
use super::user_files::load_config;
use crate::app::incomplete_reason;
use crate::article::Problem;
use crate::corpus::{ArticleRef, Corpus, Slot};
use crate::engine::Loaded;
use crate::marks::Marks;
use crate::query::{Query, Sort};
use crate::render::Articles;
use crate::search::{Matcher, SearchRequest, scan};

/// The loaded articles, and those of them that were selected.
pub(crate) struct Selection {
    pub(super) query: Query,
    pub(super) matcher: Matcher,
    slots: Arc<Vec<Slot>>,
    corpus: Arc<Corpus>,
    marks: Marks,
    problems: Vec<Problem>,
    /// Why articles may be missing.
    incomplete: Option<String>,
    /// Whether a named path could not be read.
    is_path_missing: bool,
}

/// Parses a query. The message of an error shows the mistake with a caret.
pub(super) fn parse_query(text: &str, sort: Option<Sort>) -> io::Result<Query> {
    let query = Query::parse(text, chrono::Local::now().date_naive());
    match query.mistake() {
        Some(mistake) => {
            let message = format!("invalid query\n{}", query.explain(mistake));
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
        None => Ok(match sort {
            Some(sort) => query.sorted(sort),
            None => query,
        }),
    }
}

/// Applies the list settings of the config to a query.
pub(super) fn apply_config(query: Query, common: &CommonArgs) -> io::Result<Query> {
    let hides_future = load_config(common)?.0.hide_future;
    Ok(if hides_future { query.hiding_future(chrono::Local::now().date_naive()) } else { query })
}

/// Loads the articles of `paths` and selects those that match. Set `has_marks` if marks will be printed. A mistake in
/// the query is reported before anything is read.
pub(super) fn select(
    paths: &PathArgs,
    args: &QueryArgs,
    has_marks: bool,
    common: &CommonArgs,
) -> io::Result<Selection> {
    let mut query = apply_config(parse_query(&args.query, args.sort)?, common)?;
    if let Some(case) = args.case {
        query = query.with_case(case);
    }
    Selection::new(load(&paths.paths, common, true)?, query, has_marks)
}

impl Selection {
    /// Selects articles from the loaded ones. Set `has_marks` if marks will be printed.
    pub(super) fn new(loaded: Loaded, query: Query, has_marks: bool) -> io::Result<Selection> {
        let mut selection = Selection::empty(loaded);
        if query.depends_on_marks() {
            selection.marks = library_access::all_marks(&selection.corpus)?;
        } else if has_marks {
            selection.add_marks();
        }
        selection.slots = selection.find(query.clone());
        selection.matcher = Matcher::new(&query, &selection.marks);
        selection.query = query;
        Ok(selection)
    }

    /// Selects no articles yet.
    pub(super) fn empty(loaded: Loaded) -> Selection {
        let incomplete = incomplete_reason(&loaded.progress, loaded.failures());
        let is_path_missing = loaded.is_path_missing;
        let Loaded { corpus, problems, .. } = loaded;
        let query = Query::everything();
        let marks = Marks::default();
        let matcher = Matcher::new(&query, &marks);
        let corpus = Arc::new(corpus);
        Selection { query, matcher, slots: Arc::default(), corpus, marks, problems, incomplete, is_path_missing }
    }

    /// Sets the marks of the articles.
    pub(super) fn set_marks(&mut self, marks: Marks) {
        self.marks = marks;
    }

    /// Reads the marks of the articles from the library. If that fails, the articles are printed without them.
    fn add_marks(&mut self) {
        match library_access::all_marks(&self.corpus) {
            Ok(marks) => self.marks = marks,
            Err(error) => {
                let error = format!("{error}; notes, tags, stars and read marks are missing");
                print_error(&format!("newsdesk: {error}"));
                self.incomplete = Some(match self.incomplete.take() {
                    Some(why) => format!("{why}; {error}"),
                    None => error,
                });
            }
        }
    }

    /// Returns the articles that match a query, in order.
    pub(super) fn find(&self, query: Query) -> Arc<Vec<Slot>> {
        let request = SearchRequest {
            generation: 0,
            corpus: Arc::clone(&self.corpus),
            marks: self.marks.clone(),
            query: Arc::new(query),
            within: None,
            screenful: 80,
        };
        let mut slots = Arc::default();
        scan(&request, &|| false, &mut |answer| slots = answer.slots);
        slots
    }

    /// Adds articles, each once.
    pub(super) fn add(&mut self, slots: impl Iterator<Item = Slot>) {
        let mut all: Vec<Slot> = self.slots.as_ref().clone();
        let mut selected: HashSet<Slot> = all.iter().copied().collect();
        all.extend(slots.filter(|slot| selected.insert(*slot)));
        self.slots = Arc::new(all);
    }

    /// Returns the corpus with all loaded articles.
    pub(super) fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Returns the articles with their slots, in order.
    pub(super) fn slots(&self) -> impl Iterator<Item = (Slot, ArticleRef<'_>)> {
        self.slots.iter().filter_map(|&slot| Some((slot, self.corpus.get(slot)?)))
    }

    /// Returns the number of articles.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns the articles in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = ArticleRef<'_>> {
        self.slots().map(|(_, entry)| entry)
    }

    /// Returns the articles with their marks.
    pub(super) fn articles(&self) -> Articles<'_> {
        Articles { corpus: &self.corpus, slots: &self.slots, marks: &self.marks }
    }

    /// Returns the marks of the articles.
    pub(super) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Returns why articles may be missing; `None` if everything was loaded.
    pub(super) fn incomplete(&self) -> Option<&str> {
        self.incomplete.as_deref()
    }

    /// Prints read errors to standard error. Returns the exit status of a subcommand: 2 if a path could not be read or
    /// nothing was read, 1 if nothing was found, else 0.
    pub(super) fn outcome(&self) -> ExitCode {
        self.print_problems();
        let is_all_unreadable = self.corpus.is_empty() && !self.problems.is_empty();
        if self.is_path_missing || (self.slots.is_empty() && is_all_unreadable) {
            EXIT_ERROR.into()
        } else if self.slots.is_empty() {
            EXIT_NO_MATCH.into()
        } else {
            ExitCode::SUCCESS
        }
    }

    /// Like [`outcome`](Self::outcome), but returns 1 if articles may be missing from the export.
    pub(super) fn outcome_of_export(&self) -> ExitCode {
        let outcome = self.outcome();
        self.print_incomplete("export");
        if outcome == ExitCode::SUCCESS && self.incomplete.is_some() { EXIT_NO_MATCH.into() } else { outcome }
    }

    /// Like [`outcome`](Self::outcome), but an unreadable file is an error even if something was found, as in grep.
    pub(super) fn outcome_as_grep(&self) -> ExitCode {
        self.print_problems();
        self.print_incomplete("result");
        if self.problems.iter().any(|problem| problem.is_failure) {
            EXIT_ERROR.into()
        } else if self.slots.is_empty() {
            EXIT_NO_MATCH.into()
        } else {
            ExitCode::SUCCESS
        }
    }

    fn print_incomplete(&self, what: &str) {
        if let Some(why) = &self.incomplete {
            print_error(&format!("newsdesk: the {what} is incomplete: {why}"));
        }
    }

    fn print_problems(&self) {
        for problem in &self.problems {
            print_error(&problem.to_string());
        }
    }
}
