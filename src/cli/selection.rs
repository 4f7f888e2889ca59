//! The articles that a subcommand is about: what was loaded, as a query chooses and orders it.

use std::collections::HashSet;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::commands::library;
use super::{NOTHING, WRONG, complain};
use crate::app::incomplete_reason;
use crate::article::Problem;
use crate::corpus::{ArticleRef, Corpus, Slot};
use crate::engine::Loaded;
use crate::marks::Marks;
use crate::query::{CASES, Case, Query, SORTS, Sort};
use crate::render::Articles;
use crate::search::{Matcher, SearchRequest, scan};

/// What was loaded, and which of it was asked for.
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

/// Reads a query; a mistake in it is an error that shows where it is.
pub(super) fn parse(text: &str, sort: Option<Sort>) -> io::Result<Query> {
    let query = Query::parse(text, chrono::Local::now().date_naive());
    match query.mistake() {
        Some(mistake) => {
            let message = format!("this query cannot be understood\n{}", query.explain(mistake));
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
        None => Ok(match sort {
            Some(sort) => query.sorted(sort),
            None => query,
        }),
    }
}

/// The orders that an argument may name.
pub(super) fn sorts() -> impl TypedValueParser<Value = Sort> {
    PossibleValuesParser::new(SORTS.iter().map(|(name, _)| *name)).map(|name| {
        let known = SORTS.iter().find(|(known, _)| *known == name);
        known.map_or(Sort::New, |(_, sort)| *sort)
    })
}

/// Parses the value of `--case`.
pub(super) fn cases() -> impl TypedValueParser<Value = Case> {
    PossibleValuesParser::new(CASES.iter().map(|(name, _)| *name)).map(|name| {
        let known = CASES.iter().find(|(known, _)| *known == name);
        known.map_or(Case::Auto, |(_, case)| *case)
    })
}

impl Selection {
    /// Selects articles from the loaded ones. Set `has_marks` if marks will be printed.
    pub(super) fn new(loaded: Loaded, query: Query, has_marks: bool) -> io::Result<Selection> {
        let mut selection = Selection::nothing(loaded);
        if query.depends_on_marks() {
            selection.marks = library::all_marks(&selection.corpus)?;
        } else if has_marks {
            selection.add_marks();
        }
        selection.slots = selection.find(query.clone());
        selection.matcher = Matcher::new(&query, &selection.marks);
        selection.query = query;
        Ok(selection)
    }

    /// Chooses nothing yet.
    pub(super) fn nothing(loaded: Loaded) -> Selection {
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
        match library::all_marks(&self.corpus) {
            Ok(marks) => self.marks = marks,
            Err(error) => {
                let error = format!("{error}; notes, tags, stars and read marks are missing");
                complain(&format!("newsdesk: {error}"));
                self.incomplete = Some(match self.incomplete.take() {
                    Some(why) => format!("{why}; {error}"),
                    None => error,
                });
            }
        }
    }

    /// What a query finds, in order.
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

    /// Chooses these as well, each once.
    pub(super) fn add(&mut self, slots: impl Iterator<Item = Slot>) {
        let mut all: Vec<Slot> = self.slots.as_ref().clone();
        let mut chosen: HashSet<Slot> = all.iter().copied().collect();
        all.extend(slots.filter(|slot| chosen.insert(*slot)));
        self.slots = Arc::new(all);
    }

    /// The articles that it was chosen from.
    pub(super) fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// The articles, in order, with their slots.
    pub(super) fn slots(&self) -> impl Iterator<Item = (Slot, ArticleRef<'_>)> {
        self.slots.iter().filter_map(|&slot| Some((slot, self.corpus.get(slot)?)))
    }

    /// How many articles there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The articles, in order.
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
        self.tell_problems();
        let is_nothing_read = self.corpus.is_empty() && !self.problems.is_empty();
        match self.slots.is_empty() {
            _ if self.is_path_missing => WRONG.into(),
            false => ExitCode::SUCCESS,
            true if is_nothing_read => WRONG.into(),
            true => NOTHING.into(),
        }
    }

    /// Like [`outcome`](Self::outcome), but returns 1 if articles may be missing from the export.
    pub(super) fn outcome_of_export(&self) -> ExitCode {
        let outcome = self.outcome();
        self.tell_incomplete("export");
        if outcome == ExitCode::SUCCESS && self.incomplete.is_some() { NOTHING.into() } else { outcome }
    }

    /// Like [`outcome`](Self::outcome), but an unreadable file is an error even if something was found, as in grep.
    pub(super) fn outcome_as_grep(&self) -> ExitCode {
        self.tell_problems();
        self.tell_incomplete("answer");
        match (self.problems.iter().any(|problem| problem.is_failure), self.slots.is_empty()) {
            (true, _) => WRONG.into(),
            (false, true) => NOTHING.into(),
            (false, false) => ExitCode::SUCCESS,
        }
    }

    fn tell_incomplete(&self, what: &str) {
        if let Some(why) = &self.incomplete {
            complain(&format!("newsdesk: the {what} is incomplete: {why}"));
        }
    }

    fn tell_problems(&self) {
        for problem in &self.problems {
            complain(&problem.to_string());
        }
    }
}
