//! The table of settings: section, name, default, help and how each is read.

use std::fmt::Write as _;

use toml::de::DeValue;

use super::{Config, Density, FeedSort, MarkRead, Split, ThemeChoice};

/// A row of the table.
pub(super) struct Entry {
    section: &'static str,
    name: &'static str,
    /// The default, as TOML.
    pub(super) default: &'static str,
    help: &'static str,
    /// Takes a value over into the config, or says what is wanted instead.
    pub(super) set: fn(&mut Config, &DeValue<'_>) -> Result<(), String>,
}

#[rustfmt::skip]
static ENTRIES: &[Entry] = &[
    Entry { section: "theme", name: "name", default: "\"auto\"", help: "auto, dark, light, or ansi for the terminal's 16 colours",
        set: |config, value| choice(value, &ThemeChoice::NAMES).map(|it| config.theme = it) },
    Entry { section: "reading", name: "measure", default: "68", help: "the widest that a line of text is set, in columns",
        set: |config, value| number(value, 20, 200).map(|it| config.measure = it) },
    Entry { section: "reading", name: "align", default: "\"ragged\"", help: "ragged, or justified to fill every line",
        set: |config, value| choice(value, &[("ragged", false), ("justified", true)]).map(|it| config.justify = it) },
    Entry { section: "reading", name: "hyphenate", default: "false", help: "whether English words are divided at line ends",
        set: |config, value| switch(value).map(|it| config.hyphenate = it) },
    Entry { section: "reading", name: "mark_read", default: "\"open\"", help: "an article counts as read when it was open for a moment (open), at its end (end), or by hand (manual)",
        set: |config, value| choice(value, &[("open", MarkRead::Open), ("end", MarkRead::End), ("manual", MarkRead::Manual)]).map(|it| config.mark_read = it) },
    Entry { section: "layout", name: "list", default: "45", help: "how much of a wide screen the list takes, in percent",
        set: |config, value| number(value, 20, 80).map(|it| config.list_share = it) },
    Entry { section: "layout", name: "split", default: "\"auto\"", help: "auto, columns, rows, or single for one pane at a time",
        set: |config, value| choice(value, &[("auto", Split::Auto), ("columns", Split::Columns), ("rows", Split::Rows), ("single", Split::Single)]).map(|it| config.split = it) },
    Entry { section: "layout", name: "density", default: "\"auto\"", help: "auto, compact (one line an article) or comfortable (two)",
        set: |config, value| choice(value, &[("auto", Density::Auto), ("compact", Density::Compact), ("comfortable", Density::Comfortable)]).map(|it| config.density = it) },
    Entry { section: "list", name: "future", default: "\"show\"", help: "show articles dated more than a day ahead, or hide them",
        set: |config, value| choice(value, &[("show", false), ("hide", true)]).map(|it| config.hide_future = it) },
    Entry { section: "mouse", name: "enabled", default: "true", help: "whether the mouse is used",
        set: |config, value| switch(value).map(|it| config.mouse = it) },
    Entry { section: "mouse", name: "scroll", default: "3", help: "lines that one turn of the wheel scrolls",
        set: |config, value| number(value, 1, 50).map(|it| config.scroll = it) },
    Entry { section: "files", name: "max_size", default: "\"64 MiB\"", help: "larger files are not read",
        set: |config, value| size(value).map(|it| config.max_size = it) },
    Entry { section: "files", name: "memory", default: "\"auto\"", help: "how much memory articles may take, such as \"2 GiB\"; beyond it the oldest are left out; auto for three quarters of what is free",
        set: |config, value| memory(value).map(|it| config.memory = it) },
    Entry { section: "files", name: "watch", default: "true", help: "whether folders are watched for changes",
        set: |config, value| switch(value).map(|it| config.watch = it) },
    Entry { section: "files", name: "snapshots", default: "true", help: "whether large folders are kept in the cache folder, so that the next start is faster",
        set: |config, value| switch(value).map(|it| config.snapshots = it) },
    Entry { section: "files", name: "hidden", default: "false", help: "whether names that begin with a dot are read",
        set: |config, value| switch(value).map(|it| config.hidden = it) },
    Entry { section: "feeds", name: "refresh", default: "0", help: "after how many minutes feeds are refreshed while the reader is open, 5 at least; 0 for only when asked",
        set: |config, value| number(value, 0, 10_080).map(|it| config.feeds.refresh = it) },
    Entry { section: "feeds", name: "parallel", default: "16", help: "how many feeds are fetched at once; never more than 4 from one host",
        set: |config, value| number(value, 1, 64).map(|it| config.feeds.parallel = usize::from(it)) },
    Entry { section: "feeds", name: "sort", default: "\"own\"", help: "how feeds stand in the sources pane: own (as they were subscribed to), name, or unread",
        set: |config, value| choice(value, &[("own", FeedSort::Own), ("name", FeedSort::Name), ("unread", FeedSort::Unread)]).map(|it| config.feeds.sort = it) },
    Entry { section: "feeds", name: "repeated", default: "\"once\"", help: "an entry that is in several feeds is shown once, or in each",
        set: |config, value| choice(value, &[("once", true), ("each", false)]).map(|it| config.feeds.merge = it) },
    Entry { section: "feeds", name: "proxy", default: "\"auto\"", help: "auto for the environment's, none, or an address such as \"http://proxy:3128\" or \"socks5://localhost:9050\"",
        set: |config, value| proxy(value).map(|it| config.feeds.proxy = it) },
    Entry { section: "feeds", name: "logins", default: "[]", help: "for servers that want a name: a list of tables with at, user, and password or password_command",
        set: |config, value| super::feeds::logins(value).map(|it| config.feeds.logins = it) },
    Entry { section: "open", name: "browser", default: "[]", help: "what opens an address, such as [\"firefox\", \"{}\"]; [] for the system's own",
        set: |config, value| texts_or_words(value).map(|it| config.browser = it) },
    Entry { section: "open", name: "editor", default: "[]", help: "the editor, where neither VISUAL nor EDITOR names one",
        set: |config, value| texts_or_words(value).map(|it| config.editor = it) },
];

/// A config with every setting at its default, each explained, each commented out.
pub fn default_text() -> String {
    let mut out =
        String::from("# Settings of newsdesk. Every line is at its default; take away the \"# \" to change one.\n");
    let mut section = "";
    for entry in ENTRIES {
        if entry.section != section {
            section = entry.section;
            let _ = write!(out, "\n[{section}]\n");
        }
        let _ = writeln!(out, "# {}\n# {} = {}", entry.help, entry.name, entry.default);
    }
    out.push_str("\n# Keys of your own, by the names that the command palette shows:\n[keys]\n\n# Colours of your own:\n[colours]\n");
    out
}

pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.section)
}

pub(super) fn is_section(name: &str) -> bool {
    sections().any(|section| section == name)
}

pub(super) fn names(section: &str) -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().filter(move |entry| entry.section == section).map(|entry| entry.name)
}

pub(super) fn find(section: &str, name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.section == section && entry.name == name)
}

fn switch(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "true or false is wanted".to_owned())
}

fn choice<T: Copy>(value: &DeValue<'_>, choices: &[(&str, T)]) -> Result<T, String> {
    let text = value.as_str().unwrap_or("");
    choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        format!("one of {} is wanted", names.join(", "))
    })
}

fn whole(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn number(value: &DeValue<'_>, least: u16, most: u16) -> Result<u16, String> {
    whole(value)
        .and_then(|number| u16::try_from(number).ok())
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("a whole number from {least} to {most} is wanted"))
}

fn bytes(value: &DeValue<'_>) -> Option<u64> {
    let from_text = || {
        let text = value.as_str()?.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text.get(..digits)?.parse().ok()?;
        let shift = match text.get(digits..)?.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            _ => return None,
        };
        number.checked_mul(1 << shift)
    };
    whole(value).or_else(from_text)
}

fn size(value: &DeValue<'_>) -> Result<u64, String> {
    // A shard of the store holds less than 4 GiB, and a file may come to more than its size there.
    let limit = 1 << 30;
    bytes(value)
        .filter(|size| (1..=limit).contains(size))
        .ok_or_else(|| "a size up to \"1 GiB\" is wanted, such as \"64 MiB\"".to_owned())
}

/// `None` for as much as the machine has.
fn memory(value: &DeValue<'_>) -> Result<Option<u64>, String> {
    // Less than this is not even enough for the list of a large folder.
    let least = 16 << 20;
    match value.as_str() {
        Some("auto") => Ok(None),
        _ => bytes(value)
            .filter(|size| *size >= least)
            .map(Some)
            .ok_or_else(|| "\"auto\" or a size from \"16 MiB\" on is wanted, such as \"2 GiB\"".to_owned()),
    }
}

/// One text, or a list of texts.
pub(super) fn texts(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let wrong = || "a text or a list of texts is wanted".to_owned();
    match value {
        DeValue::String(text) => Ok(vec![text.to_string()]),
        DeValue::Array(all) => {
            all.iter().map(|value| value.get_ref().as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}

/// A proxy: `None` for the environment's, empty for none.
fn proxy(value: &DeValue<'_>) -> Result<Option<String>, String> {
    match value.as_str() {
        Some("auto") => Ok(None),
        Some("none") => Ok(Some(String::new())),
        Some(url) if url.contains("://") => Ok(Some(url.to_owned())),
        _ => Err("\"auto\", \"none\" or an address is wanted".to_owned()),
    }
}

fn texts_or_words(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    match value {
        DeValue::String(text) => Ok(text.split_whitespace().map(str::to_owned).collect()),
        _ => texts(value),
    }
}
