//! The settings of `config.toml`. Each setting is checked by itself: an invalid one is reported with file, line and
//! column, its default is used, and all others count.

mod feeds;
mod keys;
mod settings;

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use ratatui::style::Color;
use toml::de::{DeTable, DeValue};

use crate::article::Problem;
use crate::keys::{KeySettings, Keymap};
use crate::query::closest;

pub use feeds::{FeedLogin, FeedSettings, FeedSort};
pub use settings::default_text;

/// The names of the colours that the config can set.
pub const COLOURS: &[&str] = &[
    "text",
    "dim",
    "headline",
    "standfirst",
    "crosshead",
    "caption",
    "quote",
    "code",
    "link",
    "accent",
    "selection",
    "rule",
    "warning",
    "error",
    "gauge",
    "hit1",
    "hit2",
    "hit3",
    "hit4",
    "hit5",
    "hit6",
];

/// Defines a struct of settings and `blank()`, which returns it with empty values. The table of settings replaces them
/// by the defaults.
macro_rules! settings_struct {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty $(= $blank:expr)?,)* }) => {
        $(#[$meta])*
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl $name {
            pub(in crate::config) fn blank() -> $name {
                $name { $($field: settings_struct!(@blank $($blank)?),)* }
            }
        }
    };
    (@blank) => { Default::default() };
    (@blank $blank:expr) => { $blank };
}
use settings_struct;

settings_struct! {
/// All settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The keys of the reader.
    pub keys: KeySettings,
    /// The theme.
    pub theme: ThemeChoice,
    /// Colours that differ from the theme's, by their names in [`COLOURS`].
    pub colours: HashMap<&'static str, Color>,
    /// The maximum line width of the text, in columns.
    pub max_line_width: u16,
    /// When an article is marked as read.
    pub mark_read: MarkRead,
    /// Whether lines are filled up to the maximum width.
    pub justify: bool,
    /// Whether words are hyphenated at line ends, with English patterns.
    pub hyphenate: bool,
    /// The share of a wide screen that the list takes, in percent.
    pub list_share: u16,
    /// The arrangement of the panes.
    pub split: Split,
    /// The number of lines for each article in the list.
    pub density: Density,
    /// Whether articles dated more than a day ahead are hidden.
    pub hide_future: bool,
    /// Whether the mouse is used.
    pub mouse: bool,
    /// The number of lines that one turn of the wheel scrolls.
    pub scroll: u16,
    /// Files larger than this number of bytes are skipped.
    pub max_size: u64,
    /// The memory limit for articles in bytes; `None` derives it from the free memory.
    pub memory: Option<u64>,
    /// Whether folders are watched for changes.
    pub watch: bool,
    /// Whether snapshots of large folders are saved.
    pub snapshots: bool,
    /// Whether files and folders whose names start with a dot are read.
    pub hidden: bool,
    /// The command that opens an address, as an argument list with `{}` for the address; empty for the system's
    /// browser.
    pub browser: Vec<String>,
    /// The editor as an argument list, for environments that name none.
    pub editor: Vec<String>,
    /// How feeds are fetched and shown.
    pub feeds: FeedSettings = FeedSettings::blank(),
}
}

/// The background of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Dark, for light text.
    Dark,
    /// Light, for dark text.
    Light,
}

impl Background {
    /// Returns whether a colour is dark or light. `rgb` is in sRGB, each channel from 0 to 1.
    pub fn of(rgb: [f64; 3]) -> Background {
        /// At this luminance black and white text have the same contrast (WCAG 2).
        const MIDDLE: f64 = 0.179;
        let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        let [red, green, blue] = rgb.map(linear);
        let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        if luminance > MIDDLE { Background::Light } else { Background::Dark }
    }
}

/// The theme setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// Dark or light, as the terminal; its own 16 colours if it does not report its background.
    #[default]
    Auto,
    /// Light text on a dark background.
    Dark,
    /// Dark text on a light background.
    Light,
    /// The terminal's own 16 colours.
    Ansi,
}

impl ThemeChoice {
    /// All choices, with their names in the config.
    pub const NAMES: [(&str, ThemeChoice); 4] = [
        ("auto", ThemeChoice::Auto),
        ("dark", ThemeChoice::Dark),
        ("light", ThemeChoice::Light),
        ("ansi", ThemeChoice::Ansi),
    ];

    /// Returns the name in the config.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, choice)| *choice == self).map_or("auto", |(name, _)| name)
    }

    /// Returns the choice of this name.
    pub fn named(name: &str) -> Option<ThemeChoice> {
        Self::NAMES.iter().find(|(other, _)| *other == name).map(|(_, choice)| *choice)
    }
}

/// When an article is marked as read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarkRead {
    /// When it was open for a moment, or was read to the end.
    #[default]
    Open,
    /// When the end was on the screen.
    End,
    /// Only by hand.
    Manual,
}

/// The arrangement of the panes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// By the size of the screen.
    #[default]
    Auto,
    /// List on the left, text on the right.
    Columns,
    /// List above the text.
    Rows,
    /// One pane at a time.
    Single,
}

/// The number of lines for each article in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// By the height of the screen.
    #[default]
    Auto,
    /// One line.
    Compact,
    /// Two lines.
    Comfortable,
}

impl Default for Config {
    /// Returns the defaults of the table of settings.
    fn default() -> Config {
        let mut config = Config::blank();
        settings::set_defaults(&mut config);
        config
    }
}

/// Returns whether a text is a colour of the config.
pub fn is_colour(text: &str) -> bool {
    colour(text).is_some()
}

/// Parses a colour of the config; returns `None` if it is invalid.
pub fn colour(text: &str) -> Option<Color> {
    text.parse().ok()
}

impl Config {
    /// Reads the file at `path`. A missing file is an empty one.
    pub fn load(path: &Path) -> (Config, Vec<Problem>) {
        match fs::read_to_string(path) {
            Ok(text) => Config::parse(&text, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Config::default(), Vec::new()),
            Err(error) => {
                let cause = format!("cannot read the config: {error}");
                (Config::default(), vec![Problem::new(path, cause, "using the defaults").failure()])
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
                    let cause = format!("unknown section \"{other}\"{}", suggestion(other, known));
                    parser.report(name.span().start, &cause, "ignoring it");
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
struct ConfigParser<'a> {
    text: &'a str,
    path: &'a Path,
    config: Config,
    problems: Vec<Problem>,
}

impl ConfigParser<'_> {
    /// Reports a problem at a byte of the text.
    fn report(&mut self, at: usize, cause: &str, consequence: &str) {
        self.report_at(self.position(at), cause, consequence);
    }

    /// Reports a problem at a line and column.
    fn report_at(&mut self, (line, column): (u32, u32), cause: &str, consequence: &str) {
        // One mistake can cause further errors on its line; the first one explains it.
        if self.problems.iter().any(|problem| problem.line == Some(line)) {
            return;
        }
        self.problems.push(Problem::new(self.path, cause, consequence).at(line).at_column(column));
    }

    /// Returns the line and column of a byte of the text, both from 1.
    fn position(&self, at: usize) -> (u32, u32) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            match settings::find(section, key) {
                Some(entry) => {
                    if let Err(wrong) = (entry.set)(&mut self.config, value.get_ref()) {
                        let cause = format!("\"{section}.{key}\": {wrong}");
                        self.report(value.span().start, &cause, &format!("using {}", entry.default));
                    }
                }
                None => {
                    let near = suggestion(key, settings::names(section));
                    self.report(
                        name.span().start,
                        &format!("unknown setting \"{section}.{key}\"{near}"),
                        "ignoring it",
                    );
                }
            }
        }
    }

    fn colours(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            let Some(role) = COLOURS.iter().find(|role| **role == key) else {
                let near = suggestion(key, COLOURS.iter().copied());
                self.report(name.span().start, &format!("unknown colour \"colours.{key}\"{near}"), "ignoring it");
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

/// Returns `, did you mean "…"?` with the known name that is similar to `written`, or an empty text.
fn suggestion<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> String {
    closest(written, known).map_or_else(String::new, |name| format!(", did you mean \"{name}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Action, Context, Key, Lookup};

    fn problems(text: &str) -> Vec<String> {
        Config::parse(text, Path::new("config.toml")).1.iter().map(Problem::to_string).collect()
    }

    /// Returns the names of the actions that a config gives to keys.
    fn meaning(text: &str, context: Context, keys: &str) -> String {
        let (config, _) = Config::parse(text, Path::new("config.toml"));
        let pressed: Vec<Key> = keys.split(' ').map(|key| key.parse().unwrap()).collect();
        match Keymap::new(&config.keys).0.lookup(context, &pressed) {
            Lookup::Actions(actions) => actions.iter().map(|action| action.spec().name).collect::<Vec<_>>().join(" "),
            Lookup::Prefix => "…".to_owned(),
            Lookup::Unbound => String::new(),
        }
    }

    #[test]
    fn settings_are_all_read() {
        let text = "[keys]\nquit = \"x\"\ndown = [\"j\", \"^N\"]\n[theme]\nname = \"light\"\n[colours]\naccent = \"#ff8800\"\nhit1 = \"light-blue\"\n[reading]\nmax_line_width = 72\nalign = \"justified\"\nhyphenate = true\n[layout]\nlist = 30\nsplit = \"rows\"\ndensity = \"compact\"\n[list]\nfuture = \"hide\"\n[mouse]\nenabled = false\nscroll = 5\n[files]\nmax_size = \"2 MiB\"\nmemory = \"1 GiB\"\nwatch = false\nsnapshots = false\nhidden = true\n[open]\nbrowser = [\"firefox\", \"{}\"]\neditor = \"vim -R\"\n";
        let (config, problems) = Config::parse(text, Path::new("config.toml"));
        assert_eq!(problems, []);
        assert_eq!(Keymap::new(&config.keys).0.keys(Action::Down).len(), 2);
        assert_eq!(config.theme, ThemeChoice::Light);
        assert_eq!(config.colours["accent"], Color::Rgb(255, 136, 0));
        assert_eq!((config.max_line_width, config.justify, config.hyphenate), (72, true, true));
        assert_eq!((config.list_share, config.split, config.density), (30, Split::Rows, Density::Compact));
        assert!(config.hide_future);
        assert_eq!((config.mouse, config.scroll), (false, 5));
        assert_eq!((config.max_size, config.watch, config.hidden), (2 << 20, false, true));
        assert_eq!(config.memory, Some(1 << 30));
        assert!(!config.snapshots);
        assert_eq!((config.browser.len(), config.editor), (2, vec!["vim".to_owned(), "-R".to_owned()]));
    }

    #[test]
    fn settings_have_their_former_names_too() {
        let former = "[reading]\nmeasure = 72\n[feeds]\nrepeated = \"each\"\nlogins = [{ at = \"a.example\", user = \"u\", password = \"p\" }]\n";
        let new = "[reading]\nmax_line_width = 72\n[feeds]\nduplicates = \"show\"\nlogins = [{ url = \"a.example\", user = \"u\", password = \"p\" }]\n";
        let (config, problems) = Config::parse(former, Path::new("config.toml"));
        assert_eq!(problems, []);
        assert_eq!((config.max_line_width, config.feeds.merge, config.feeds.logins.len()), (72, false, 1));
        assert_eq!(Config::parse(new, Path::new("config.toml")), (config, Vec::new()));
    }

    #[test]
    fn invalid_settings_are_reported_with_line_and_column() {
        let text = "[reading]\nmeasure = 7000\nalign = \"justified\"\nwidth = 3\n[keys]\nquti = \"x\"\nquit = \"hyper-x\"\n[colour]\n[colours]\nhit1 = \"blurple\"\n";
        let (config, _) = Config::parse(text, Path::new("config.toml"));
        assert!(config.justify && config.max_line_width == 68);
        assert_eq!(
            problems(text),
            [
                "config.toml:2:11: \"reading.measure\": expected a whole number from 20 to 200; using 68",
                "config.toml:4:1: unknown setting \"reading.width\"; ignoring it",
                "config.toml:6:1: unknown action \"quti\", did you mean \"quit\"?; ignoring it",
                "config.toml:7:8: unknown key \"hyper-x\"; using the default keys of \"quit\"",
                "config.toml:8:2: unknown section \"colour\", did you mean \"colours\"?; ignoring it",
                "config.toml:10:8: \"colours.hit1\": expected \"#rrggbb\", a name such as \"light-blue\", or a number from \"0\" to \"255\"; using the colour of the theme",
            ]
        );
    }

    #[test]
    fn syntax_errors_leave_other_settings() {
        let text = "[reading]\nmeasure = \nalign = \"justified\"\n";
        let (config, problems) = Config::parse(text, Path::new("config.toml"));
        assert!(config.justify);
        assert_eq!((problems.len(), problems[0].line), (1, Some(2)));
    }

    #[test]
    fn default_text_gives_the_defaults() {
        let text = default_text();
        let is_setting =
            |line: &&str| line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' ')) || line.starts_with('[');
        let lines = text.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
        let uncommented: String = lines.filter(is_setting).map(|line| format!("{line}\n")).collect();
        assert!(uncommented.contains("max_line_width = 68\n"));
        assert_eq!(Config::parse(&uncommented, Path::new("x")), (Config::default(), Vec::new()));
        assert_eq!(Config::parse(&text, Path::new("x")), (Config::default(), Vec::new()));
        assert_eq!((Config::default().max_line_width, Config::default().feeds.parallel), (68, 16));
    }

    #[test]
    fn keys_of_an_older_config_stay_valid() {
        let text = "[keys]\nquit = \"x\"\ndown = [\"j\", \"^N\", \"Down\"]\nopen = [\"Enter\", \"alt-o\"]\nzen = \"Z\"\nread = \"ctrl-a\"\nnote = \"a\"\nsources = \"F2\"\ndelete-word = \"ctrl-x\"\nredraw = []\n";
        assert_eq!(problems(text), [""; 0]);
        use Context::{Line, List, Note, Reading};
        for (context, keys, wanted) in [
            (List, "x", "quit"),
            (List, "q", ""),
            (Reading, "^N", "down"),
            (List, "Alt-o", "open"),
            (Reading, "Z", "zen"),
            (List, "^A", "read"),
            (Line, "^A", "cursor-start"),
            (List, "a", "note"),
            (List, "F2", "sources"),
            (Line, "^X", "delete-word"),
            (Note, "^X", "delete-word"),
            (Line, "^W", ""),
            (List, "^L", ""),
        ] {
            assert_eq!(meaning(text, context, keys), wanted, "{keys}");
        }
    }

    #[test]
    fn keys_of_contexts_run_actions_in_order() {
        let text = "[keys]\ntop = [\"g g\", \"Home\"]\n[keys.global]\n\"g s\" = [\"toggle-star\", \"down\"]\nT = []\n[keys.list]\nx = \"toggle-read\"\n[keys.note]\n\"^S\" = \"back\"\n[keys.sources]\nx = \"narrow\"\n";
        assert_eq!(problems(text), [""; 0]);
        assert_eq!(meaning(text, Context::List, "g g"), "top");
        assert_eq!(meaning(text, Context::Reading, "g s"), "toggle-star down");
        assert_eq!(meaning(text, Context::List, "T"), "");
        assert_eq!(
            [Context::List, Context::Sources, Context::Reading].map(|context| meaning(text, context, "x")),
            ["toggle-read", "narrow", ""]
        );
        assert_eq!(meaning(text, Context::Note, "^S"), "back");
    }

    #[test]
    fn key_conflicts_are_reported_with_line_and_column() {
        let text = "[keys]\nquit = [\"x\", \"w\"]\nzen = \"x\"\n[keys.list]\ns = \"open\"\n\"u v\" = \"open\"\n[keys.global]\n\"G x\" = \"copy\"\n[keys.line]\n\"^X\" = \"toggle-star\"\n\"^Y\" = [\"cancel\", \"cansel\"]\n\"hyper-x\" = \"cancel\"\n\"^V\" = 3\n[keys.lists]\n";
        assert_eq!(
            problems(text),
            [
                "config.toml:2:14: \"w\" already runs \"export\" in the list (default), which would hide it; ignoring this binding",
                "config.toml:3:7: \"x\" already runs \"quit\" in all panes (line 2); ignoring this binding",
                "config.toml:5:1: \"s\" in the list would hide the global key of \"toggle-star\" (default); ignoring this binding",
                "config.toml:6:1: \"u v\" cannot be reached, because \"u\" runs \"undo\" (default); ignoring this binding",
                "config.toml:8:1: \"G x\" cannot be reached, because \"G\" runs \"bottom\" (default); ignoring this binding",
                "config.toml:10:8: \"toggle-star\" does not work in a line; ignoring it",
                "config.toml:11:8: unknown action \"cansel\", did you mean \"cancel\"?; ignoring it",
                "config.toml:12:1: unknown key \"hyper-x\"; ignoring it",
                "config.toml:13:8: expected an action or a list of actions; ignoring it",
                "config.toml:14:7: unknown context \"lists\", did you mean \"list\"?; the contexts are global, list, reading, sources, line, note, dialog; ignoring it",
            ]
        );
    }
}
