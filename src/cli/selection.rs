//! The articles that a subcommand is about: what was loaded, as a query chooses and orders it.

use std::collections::HashSet;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::library::marks_for;
use super::{NOTHING, WRONG, complain};
use crate::corpus::{Corpus, Entry, Slot};
use crate::loader::Problem;
use crate::marks::Marks;
use crate::query::{CASES, Case, Query, SORTS, Sort};
use crate::runtime::Loaded;
use crate::search::{Matcher, Request, scan};

/// What was loaded, and which of it was asked for.
pub(super) struct Selection {
    pub(super) query: Query,
    pub(super) matcher: Matcher,
    slots: Arc<Vec<Slot>>,
    corpus: Arc<Corpus>,
    problems: Vec<Problem>,
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

/// The ways to treat case that an argument may name.
pub(super) fn cases() -> impl TypedValueParser<Value = Case> {
    PossibleValuesParser::new(CASES.iter().map(|(name, _)| *name)).map(|name| {
        let known = CASES.iter().find(|(known, _)| *known == name);
        known.map_or(Case::Auto, |(_, case)| *case)
    })
}

impl Selection {
    /// Chooses from what was loaded.
    pub(super) fn new(loaded: Loaded, query: Query) -> io::Result<Selection> {
        let mut selection = Selection::nothing(loaded);
        selection.slots = selection.find(query.clone())?;
        selection.matcher = Matcher::new(&query, &Marks::default());
        selection.query = query;
        Ok(selection)
    }

    /// Chooses nothing yet.
    pub(super) fn nothing(loaded: Loaded) -> Selection {
        let Loaded { corpus, problems, .. } = loaded;
        let query = Query::everything();
        let matcher = Matcher::new(&query, &Marks::default());
        Selection { query, matcher, slots: Arc::default(), corpus: Arc::new(corpus), problems }
    }

    /// What a query finds, in order.
    pub(super) fn find(&self, query: Query) -> io::Result<Arc<Vec<Slot>>> {
        let request = Request {
            generation: 0,
            corpus: Arc::clone(&self.corpus),
            marks: marks_for(&query, &self.corpus)?,
            query: Arc::new(query),
            within: None,
            screenful: 80,
        };
        let mut slots = Arc::default();
        scan(&request, &|| false, &mut |answer| slots = answer.slots);
        Ok(slots)
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
    pub(super) fn slots(&self) -> impl Iterator<Item = (Slot, Entry<'_>)> {
        self.slots.iter().filter_map(|&slot| Some((slot, self.corpus.get(slot)?)))
    }

    /// How many articles there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The articles, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.slots().map(|(_, entry)| entry)
    }

    /// Tells on standard error what could not be read, and gives the exit status of a subcommand that printed the
    /// rest: nothing is wrong where there was something to print.
    pub(super) fn outcome(&self) -> ExitCode {
        self.tell_problems();
        match (self.slots.is_empty(), self.corpus.is_empty() && !self.problems.is_empty()) {
            (false, _) => ExitCode::SUCCESS,
            (true, false) => NOTHING.into(),
            (true, true) => WRONG.into(),
        }
    }

    /// Like [`outcome`](Self::outcome), but as grep has it: what the system would not give out is an error even where
    /// something was found.
    pub(super) fn outcome_as_grep(&self) -> ExitCode {
        self.tell_problems();
        match (self.problems.iter().any(|problem| problem.is_failure), self.slots.is_empty()) {
            (true, _) => WRONG.into(),
            (false, true) => NOTHING.into(),
            (false, false) => ExitCode::SUCCESS,
        }
    }

    fn tell_problems(&self) {
        for problem in &self.problems {
            complain(&problem.to_string());
        }
    }
}
