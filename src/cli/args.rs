//! Arguments that several subcommands share, and exit statuses.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::output::stdout_is_terminal;
use crate::query::{CASES, Case, SORTS, Sort};

/// The exit status if nothing matched or problems were found.
pub(super) const EXIT_NO_MATCH: u8 = 1;
/// The exit status for wrong usage, or if nothing could be read.
pub(super) const EXIT_ERROR: u8 = 2;

#[derive(Debug, Default, Args)]
pub(crate) struct PathArgs {
    /// Files and folders; `-` reads one article from standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CommonArgs {
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(super) color: ColorWhen,
    /// Read this config file instead of the default one
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Write a log to this file
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) log: Option<PathBuf>,
}

impl CommonArgs {
    /// Returns whether output has colours.
    pub(super) fn use_colours(&self) -> bool {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self.color {
            ColorWhen::Auto => stdout_is_terminal() && !plain,
            ColorWhen::Always => true,
            ColorWhen::Never => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Default, Args)]
pub(crate) struct QueryArgs {
    /// Select articles by a query, as in the filter bar
    #[arg(long, value_name = "QUERY", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub(super) query: String,
    /// Sort order; same as `sort:` in the query
    #[arg(long, value_name = "ORDER", value_parser = sorts())]
    pub(super) sort: Option<Sort>,
    /// How to match case; same as `case:` in the query
    #[arg(long, value_name = "CASE", value_parser = cases())]
    pub(super) case: Option<Case>,
}

/// Parses the value of `--sort`.
pub(super) fn sorts() -> impl TypedValueParser<Value = Sort> {
    PossibleValuesParser::new(SORTS.iter().map(|(name, _)| *name)).map(|name| {
        let sort = SORTS.iter().find(|(known, _)| *known == name);
        sort.map_or(Sort::New, |(_, sort)| *sort)
    })
}

/// Parses the value of `--case`.
pub(super) fn cases() -> impl TypedValueParser<Value = Case> {
    PossibleValuesParser::new(CASES.iter().map(|(name, _)| *name)).map(|name| {
        let case = CASES.iter().find(|(known, _)| *known == name);
        case.map_or(Case::Auto, |(_, case)| *case)
    })
}
