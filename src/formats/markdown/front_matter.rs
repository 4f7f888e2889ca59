//! The front matter of a Markdown file: names and values between two lines of `---` (YAML) or `+++` (TOML).

use crate::article::Warning;

/// A text split into front matter and body.
pub(super) struct SplitDocument<'a> {
    kind: FrontMatterKind,
    matter: &'a str,
    pub(super) body: &'a str,
}

#[derive(Clone, Copy)]
enum FrontMatterKind {
    Yaml,
    Toml,
}

/// Splits off the front matter. Returns `None` if there is none.
pub(super) fn split(text: &str) -> Option<SplitDocument<'_>> {
    let (kind, fence) = match text.get(..4)? {
        "---\n" => (FrontMatterKind::Yaml, "---"),
        "+++\n" => (FrontMatterKind::Toml, "+++"),
        _ => return None,
    };
    let inside = text.get(4..)?;
    let mut at = 0;
    for line in inside.split_inclusive('\n') {
        if line.trim_end() == fence {
            return Some(SplitDocument { kind, matter: inside.get(..at)?, body: inside.get(at + line.len()..)? });
        }
        at += line.len();
    }
    None
}

/// Maximum length of front matter in bytes. YAML can describe more than its own length.
const MAX_BYTES: usize = 256 << 10;

/// The values of the front matter.
#[derive(Default)]
pub(super) struct FrontMatter {
    /// The name as written, in lower case, and its values.
    values: Vec<(String, String, Vec<String>)>,
}

impl FrontMatter {
    /// Returns the first value of the first of `names` that has one, and its name as written.
    pub(super) fn first(&self, names: &[&str]) -> Option<(&str, &str)> {
        self.named(names).find_map(|(written, values)| values.first().map(|value| (value.as_str(), written)))
    }

    /// Returns all values of all `names`.
    pub(super) fn all(&self, names: &[&str]) -> Vec<&str> {
        self.named(names).flat_map(|(_, values)| values).map(String::as_str).collect()
    }

    fn named<'a>(&'a self, names: &[&str]) -> impl Iterator<Item = (&'a str, &'a [String])> {
        let found: Vec<_> = names
            .iter()
            .filter_map(|name| self.values.iter().find(|(_, known, _)| known == name))
            .map(|(written, _, values)| (written.as_str(), values.as_slice()))
            .collect();
        found.into_iter()
    }
}

impl SplitDocument<'_> {
    /// Returns the line of a name, counted from 1.
    pub(super) fn line_of(&self, name: &str) -> u32 {
        let at = self.matter.lines().position(|line| line.trim_start_matches(['"', '\'']).starts_with(name));
        // The fence is line 1.
        at.and_then(|at| u32::try_from(at + 2).ok()).unwrap_or(1)
    }
}

/// Returns options that limit aliases: 1 KB of lists of aliases took 50 MB and 2 s by the defaults.
fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_alias_expansions_per_anchor: 100,
        },
    }
}

/// Why the front matter cannot be read.
#[derive(Debug, thiserror::Error)]
enum FrontMatterError {
    #[error("it has more than {} KiB", MAX_BYTES >> 10)]
    TooLong,
    #[error("{0}")]
    Yaml(String),
    #[error("{0}")]
    Toml(String),
}

/// Parses the values. If they cannot be parsed, adds a warning and returns no values.
pub(super) fn read(split: &SplitDocument<'_>, warnings: &mut Vec<Warning>) -> FrontMatter {
    let read: Result<Vec<(String, Vec<String>)>, FrontMatterError> = match split.kind {
        _ if split.matter.len() > MAX_BYTES => Err(FrontMatterError::TooLong),
        FrontMatterKind::Yaml => serde_saphyr::from_str_with_options::<serde_json::Value>(split.matter, yaml_options())
            .map(|value| match value {
                serde_json::Value::Object(map) => {
                    map.into_iter().map(|(name, value)| (name, json_texts(&value))).collect()
                }
                _ => Vec::new(),
            })
            .map_err(|error| FrontMatterError::Yaml(error.to_string())),
        FrontMatterKind::Toml => split
            .matter
            .parse::<toml::Table>()
            .map(|table| table.into_iter().map(|(name, value)| (name, toml_texts(&value))).collect())
            .map_err(|error| FrontMatterError::Toml(error.message().to_owned())),
    };
    match read {
        Ok(values) => {
            let named = values.into_iter().map(|(name, values)| (name.to_lowercase(), name, values));
            FrontMatter { values: named.map(|(lower, name, values)| (name, lower, values)).collect() }
        }
        Err(error) => {
            let error = error.to_string();
            let cause = error.lines().next().unwrap_or("").trim();
            warnings.push(Warning {
                line: Some(1),
                cause: format!("the front matter cannot be read: {cause}"),
                consequence: "the article is shown without its metadata".to_owned(),
            });
            FrontMatter::default()
        }
    }
}

fn json_texts(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Null | serde_json::Value::Object(_) => Vec::new(),
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(all) => all.iter().flat_map(json_texts).collect(),
        other => vec![other.to_string()],
    }
}

fn toml_texts(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::Table(_) => Vec::new(),
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Array(all) => all.iter().flat_map(toml_texts).collect(),
        toml::Value::Datetime(moment) => vec![moment.to_string()],
        other => vec![other.to_string()],
    }
}
