//! Parses `config.toml`. Each setting is checked by itself.

use std::path::Path;
use std::{fs, io};

use toml::de::{DeTable, DeValue};

use super::settings;
use super::values::{COLOURS, Config, colour};
use crate::article::Problem;
use crate::keys::Keymap;
use crate::query::suggestion;
use crate::util::error_text;

impl Config {
    /// Reads the file at `path`. A missing file is an empty one.
    pub fn load(path: &Path) -> (Config, Vec<Problem>) {
        let unusable = |problem: Problem| (Config::default(), vec![problem.failure()]);
        match fs::read(path) {
            Ok(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => Config::parse(text, path),
                Err(error) => {
                    let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
                    let problem = Problem::new(path, "the config is not UTF-8 text", "using the defaults");
                    unusable(problem.at(u32::try_from(line).unwrap_or(u32::MAX)))
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Config::default(), Vec::new()),
            Err(error) => {
                let cause = format!("cannot read the config: {}", error_text(&error));
                unusable(Problem::new(path, cause, "using the defaults"))
            }
        }
    }

    /// Parses the text of a config. `path` is the file that problems name.
    pub fn parse(text: &str, path: &Path) -> (Config, Vec<Problem>) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut parser = ConfigParser { text, path, config: Config::default(), problems: Vec::new() };
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            parser.report(at, error.message(), "ignoring it");
        }
        for (name, value) in document.get_ref() {
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("keys", DeValue::Table(table)) => parser.keys(table),
                ("colours" | "colors", DeValue::Table(table)) => parser.colours(table),
                (section, DeValue::Table(table)) if settings::is_section(section) => parser.section(section, table),
                (section, _) if settings::is_section(section) || matches!(section, "keys" | "colours") => {
                    let cause = format!("\"{section}\" is a section; write [{section}]");
                    parser.report(name.span().start, &cause, "ignoring it");
                }
                (other, _) => {
                    let known = settings::sections().chain(["keys", "colours"]);
                    let consequence = format!("ignoring it{}", suggestion(other, known));
                    parser.report(name.span().start, &format!("unknown section \"{other}\""), &consequence);
                }
            }
        }
        let (_, conflicts) = Keymap::new(&parser.config.keys);
        for conflict in conflicts {
            parser.report_at((conflict.line, conflict.column), &conflict.reason, "ignoring this binding");
        }
        parser.problems.sort_by_key(|problem| (problem.line, problem.column));
        (parser.config, parser.problems)
    }
}

/// Builds a config from its text and collects problems.
pub(super) struct ConfigParser<'a> {
    pub(super) text: &'a str,
    pub(super) path: &'a Path,
    pub(super) config: Config,
    pub(super) problems: Vec<Problem>,
}

impl ConfigParser<'_> {
    /// Reports a problem at a byte of the text.
    pub(super) fn report(&mut self, at: usize, cause: &str, consequence: &str) {
        self.report_at(self.position(at), cause, consequence);
    }

    /// Reports a problem at a line and column.
    pub(super) fn report_at(&mut self, (line, column): (u32, u32), cause: &str, consequence: &str) {
        // One mistake can cause further errors on its line; the first one explains it.
        if self.problems.iter().any(|problem| problem.line == Some(line)) {
            return;
        }
        self.problems.push(Problem::new(self.path, cause, consequence).at(line).at_column(column));
    }

    /// Returns the line and column of a byte of the text, both from 1.
    pub(super) fn position(&self, at: usize) -> (u32, u32) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            let has = |other: &str| table.keys().any(|name| name.get_ref().as_ref() == other);
            match settings::find(section, key) {
                Some(entry) if entry.name != key && has(entry.name) => {
                    let cause =
                        format!("\"{section}.{key}\" is the former name of \"{}\", which is set too", entry.name);
                    self.report(name.span().start, &cause, "ignoring it");
                }
                Some(entry) => {
                    if let Err(wrong) = (entry.set)(&mut self.config, value.get_ref()) {
                        let cause = format!("\"{section}.{key}\": {wrong}");
                        self.report(value.span().start, &cause, &format!("using {}", entry.default));
                    }
                }
                None => {
                    let consequence = format!("ignoring it{}", suggestion(key, settings::names(section)));
                    self.report(name.span().start, &format!("unknown setting \"{section}.{key}\""), &consequence);
                }
            }
        }
    }

    fn colours(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            let Some(role) = COLOURS.iter().find(|role| **role == key) else {
                let consequence = format!("ignoring it{}", suggestion(key, COLOURS.iter().copied()));
                self.report(name.span().start, &format!("unknown colour \"colours.{key}\""), &consequence);
                continue;
            };
            match value.get_ref().as_str().and_then(colour) {
                Some(colour) => {
                    self.config.colours.insert(role, colour);
                }
                None => {
                    let expected =
                        "expected \"#rrggbb\", a name such as \"light-blue\", or a number from \"0\" to \"255\"";
                    let cause = format!("\"colours.{key}\": {expected}");
                    self.report(value.span().start, &cause, "using the colour of the theme");
                }
            }
        }
    }
}
