//! The articles that a subcommand is about: what was loaded, as a query chooses and orders it.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{NOTHING, WRONG, complain};
use crate::corpus::{Corpus, Entry, Slot};
use crate::loader::Problem;
use crate::marks::Marks;
use crate::query::{Query, SORTS, Sort};
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

impl Selection {
    /// Chooses from what was loaded.
    pub(super) fn new(loaded: Loaded, query: Query) -> Selection {
        let Loaded { corpus, problems, .. } = loaded;
        let corpus = Arc::new(corpus);
        let request = Request {
            generation: 0,
            corpus: Arc::clone(&corpus),
            marks: Marks::default(),
            query: Arc::new(query.clone()),
            within: None,
            screenful: 80,
        };
        let mut slots = Arc::default();
        scan(&request, &|| false, &mut |answer| slots = answer.slots);
        Selection { matcher: Matcher::new(&query, &Marks::default()), query, slots, corpus, problems }
    }

    /// How many articles there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The articles, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.slots.iter().filter_map(|&slot| self.corpus.get(slot))
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
