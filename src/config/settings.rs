//! The table of settings. The defaults, their names in the config and the text of `newsdesk config` are derived from it.

use std::fmt::Write as _;

use toml::de::DeValue;

use super::logins::logins;
use super::parse_value::{InvalidValue, choice, choice_or, command_words, memory, number, proxy, size, switch};
use super::values::{Config, Density, FeedSettings, FeedSort, MarkRead, Split, ThemeChoice};

/// A row of the table.
pub(super) struct Entry {
    section: &'static str,
    pub(super) name: &'static str,
    /// The name in older configs.
    former: Option<&'static str>,
    /// The default, as TOML.
    pub(super) default: &'static str,
    help: &'static str,
    /// Stores a value in the config. Returns the expected form if it is invalid.
    pub(super) set: fn(&mut Config, &DeValue<'_>) -> Result<(), InvalidValue>,
}

#[rustfmt::skip]
static ENTRIES: &[Entry] = &[
    Entry { section: "theme", name: "name", former: None, default: "\"auto\"", help: "auto (as the background of the terminal), dark, light, or ansi for the 16 colours of the terminal",
        set: |config, value| choice(value, &ThemeChoice::NAMES).map(|it| config.theme = it) },
    Entry { section: "reading", name: "max_line_width", former: Some("measure"), default: "68", help: "maximum line width of the text, in columns",
        set: |config, value| number(value, 20, 200).map(|it| config.max_line_width = it) },
    Entry { section: "reading", name: "align", former: None, default: "\"ragged\"", help: "ragged, or justified to fill every line",
        set: |config, value| choice(value, &[("ragged", false), ("justified", true)]).map(|it| config.justify = it) },
    Entry { section: "reading", name: "hyphenate", former: None, default: "false", help: "hyphenate English words at line ends",
        set: |config, value| switch(value).map(|it| config.hyphenate = it) },
    Entry { section: "reading", name: "mark_read", former: None, default: "\"open\"", help: "mark an article as read when it was open for a moment (open), at its end (end), or by hand (manual)",
        set: |config, value| choice(value, &[("open", MarkRead::Open), ("end", MarkRead::End), ("manual", MarkRead::Manual)]).map(|it| config.mark_read = it) },
    Entry { section: "layout", name: "list", former: None, default: "45", help: "width of the list on a wide screen, in percent",
        set: |config, value| number(value, 20, 80).map(|it| config.list_share = it) },
    Entry { section: "layout", name: "split", former: None, default: "\"auto\"", help: "columns, rows, single for one pane at a time, or auto by the size of the terminal",
        set: |config, value| choice(value, &[("auto", Split::Auto), ("columns", Split::Columns), ("rows", Split::Rows), ("single", Split::Single)]).map(|it| config.split = it) },
    Entry { section: "layout", name: "density", former: None, default: "\"auto\"", help: "compact (one line for each article), comfortable (two), or auto",
        set: |config, value| choice(value, &[("auto", Density::Auto), ("compact", Density::Compact), ("comfortable", Density::Comfortable)]).map(|it| config.density = it) },
    Entry { section: "list", name: "future", former: None, default: "\"show\"", help: "show articles dated more than a day ahead, or hide them",
        set: |config, value| choice(value, &[("show", false), ("hide", true)]).map(|it| config.hide_future = it) },
    Entry { section: "mouse", name: "enabled", former: None, default: "true", help: "use the mouse",
        set: |config, value| switch(value).map(|it| config.mouse = it) },
    Entry { section: "mouse", name: "scroll", former: None, default: "3", help: "lines for one turn of the wheel",
        set: |config, value| number(value, 1, 50).map(|it| config.scroll = it) },
    Entry { section: "files", name: "max_size", former: None, default: "\"64 MiB\"", help: "skip larger files",
        set: |config, value| size(value).map(|it| config.max_size = it) },
    Entry { section: "files", name: "memory", former: None, default: "\"auto\"", help: "memory limit for articles, such as \"2 GiB\"; beyond it the oldest articles are left out; auto is three quarters of the free memory",
        set: |config, value| memory(value).map(|it| config.memory = it) },
    Entry { section: "files", name: "watch", former: None, default: "true", help: "watch folders for changes",
        set: |config, value| switch(value).map(|it| config.watch = it) },
    Entry { section: "files", name: "snapshots", former: None, default: "true", help: "save snapshots of large folders in the cache folder, so that the next start is faster",
        set: |config, value| switch(value).map(|it| config.snapshots = it) },
    Entry { section: "files", name: "hidden", former: None, default: "false", help: "read files and folders whose names start with a dot",
        set: |config, value| switch(value).map(|it| config.hidden = it) },
    Entry { section: "feeds", name: "refresh", former: None, default: "0", help: "minutes between refreshes of feeds while the reader is open, at least 5; 0 refreshes only on request",
        set: |config, value| number(value, 0, 10_080).map(|it| config.feeds.refresh = it) },
    Entry { section: "feeds", name: "parallel", former: None, default: "16", help: "number of feeds that are fetched at once; at most 4 from one host",
        set: |config, value| number(value, 1, 64).map(|it| config.feeds.parallel = usize::from(it)) },
    Entry { section: "feeds", name: "sort", former: None, default: "\"own\"", help: "order of feeds in the sources pane: own (as subscribed), name, or unread",
        set: |config, value| choice(value, &[("own", FeedSort::Own), ("name", FeedSort::Name), ("unread", FeedSort::Unread)]).map(|it| config.feeds.sort = it) },
    Entry { section: "feeds", name: "duplicates", former: Some("repeated"), default: "\"merge\"", help: "merge an entry of several feeds into one article, or show it in each feed",
        set: |config, value| choice_or(value, &[("merge", true), ("show", false)], &[("once", true), ("each", false)]).map(|it| config.feeds.merge = it) },
    Entry { section: "feeds", name: "proxy", former: None, default: "\"auto\"", help: "auto reads the environment; none; or an address such as \"http://proxy:3128\" or \"socks5://localhost:9050\"",
        set: |config, value| proxy(value).map(|it| config.feeds.proxy = it) },
    Entry { section: "feeds", name: "logins", former: None, default: "[]", help: "logins for servers: a list of tables with url, user, and password or password_command",
        set: |config, value| logins(value).map(|it| config.feeds.logins = it) },
    Entry { section: "open", name: "browser", former: None, default: "[]", help: "command that opens an address, such as [\"firefox\", \"{}\"]; [] for the browser of the system",
        set: |config, value| command_words(value).map(|it| config.browser = it) },
    Entry { section: "open", name: "editor", former: None, default: "[]", help: "editor command if neither VISUAL nor EDITOR is set",
        set: |config, value| command_words(value).map(|it| config.editor = it) },
];

/// Sets every setting to its default.
pub(super) fn set_defaults(config: &mut Config) {
    for entry in ENTRIES {
        // A test checks that all defaults are valid.
        if let Ok(value) = DeValue::parse(entry.default) {
            let _ = (entry.set)(config, value.get_ref());
        }
    }
}

/// Returns a config with every setting at its default, explained and commented out.
pub fn default_text() -> String {
    let mut out = String::from("# Settings of newsdesk. Every line is a default; remove the \"# \" to change it.\n");
    let mut section = "";
    for entry in ENTRIES {
        if entry.section != section {
            section = entry.section;
            let _ = write!(out, "\n[{section}]\n");
        }
        let _ = writeln!(out, "# {}\n# {} = {}", entry.help, entry.name, entry.default);
    }
    out.push_str(KEYS);
    out.push_str("\n# Your colours, by the names in docs/configuration.md\n[colours]\n");
    out
}

/// The sections for keys, with comments.
const KEYS: &str = r#"
# Your keys: an action and its keys, which replace the default ones, such as down = ["j", "^N"] or top = "g g".
# The palette (:) shows the names of all actions. Keys with spaces between them are pressed one after the other.
[keys]

# Your keys for one context, each with an action or several, such as "x" = ["toggle-star", "down"]; [] unbinds a key.
# The contexts are global (all panes), list, reading, sources, line, note and dialog.
[keys.global]
"#;

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
    let is_named = |entry: &&Entry| entry.name == name || entry.former == Some(name);
    ENTRIES.iter().filter(|entry| entry.section == section).find(is_named)
}

impl Default for Config {
    /// Returns the defaults of the table of settings.
    fn default() -> Config {
        let mut config = Config::blank();
        set_defaults(&mut config);
        config
    }
}

impl Default for FeedSettings {
    fn default() -> FeedSettings {
        Config::default().feeds
    }
}
