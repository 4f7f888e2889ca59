//! What a reader may set in `config.toml`. Each entry is looked at by itself: a bad one is told in a sentence with
//! file, line and column, and its default is used; all others count.

mod feeds;
mod settings;

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use ratatui::style::Color;
use toml::de::{DeTable, DeValue};

use crate::article::Problem;
use crate::keys::{Action, Key, Keymap};
use crate::query::closest;

pub use feeds::{FeedLogin, FeedSettings, FeedSort};
pub use settings::default_text;

/// The names of the colours that a config may set.
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

/// All settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Actions with keys of the reader's own.
    pub keys: HashMap<Action, Vec<Key>>,
    /// The theme.
    pub theme: ThemeChoice,
    /// Colours that differ from the theme's, by their names in [`COLOURS`].
    pub colours: HashMap<&'static str, Color>,
    /// The widest that a line of text is set, in columns.
    pub measure: u16,
    /// When an article counts as read.
    pub mark_read: MarkRead,
    /// Whether lines are filled up to the measure.
    pub justify: bool,
    /// Whether words may be divided at line ends; the patterns are those of English.
    pub hyphenate: bool,
    /// How much of a wide screen the list takes, in percent.
    pub list_share: u16,
    /// How the panes stand.
    pub split: Split,
    /// How closely articles stand in the list.
    pub density: Density,
    /// Whether articles dated more than a day ahead are left out.
    pub hide_future: bool,
    /// Whether the mouse is used.
    pub mouse: bool,
    /// Lines that one turn of the wheel scrolls.
    pub scroll: u16,
    /// Files larger than this many bytes are not read.
    pub max_size: u64,
    /// How many bytes of memory articles may take; none for as many as the machine has free.
    pub memory: Option<u64>,
    /// Whether folders are watched for changes.
    pub watch: bool,
    /// Whether snapshots of large folders are kept.
    pub snapshots: bool,
    /// Whether files and folders whose names begin with a dot are read.
    pub hidden: bool,
    /// The command that opens an address, as an argument list with `{}` for the address; empty for the system's own.
    pub browser: Vec<String>,
    /// The editor, as an argument list, used where the environment names none.
    pub editor: Vec<String>,
    /// How feeds are fetched and shown.
    pub feeds: FeedSettings,
}

/// The background of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Light text is legible on it.
    Dark,
    /// Dark text is legible on it.
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

/// Which theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeChoice {
    /// Dark or light, as the terminal; its own 16 colours if it does not report its background.
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

/// When an article counts as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkRead {
    /// When it was open for a moment, or was read to its end.
    Open,
    /// When its end was on the screen.
    End,
    /// When the reader says so.
    Manual,
}

/// How the panes stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// By the size of the screen.
    Auto,
    /// List left, text right.
    Columns,
    /// List above, text below.
    Rows,
    /// One pane at a time.
    Single,
}

/// How closely articles stand in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// By the height of the screen.
    Auto,
    /// One line an article.
    Compact,
    /// Two lines an article.
    Comfortable,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            keys: HashMap::new(),
            theme: ThemeChoice::Auto,
            colours: HashMap::new(),
            measure: 68,
            mark_read: MarkRead::Open,
            justify: false,
            hyphenate: false,
            list_share: 45,
            split: Split::Auto,
            density: Density::Auto,
            hide_future: false,
            mouse: true,
            scroll: 3,
            max_size: 64 << 20,
            memory: None,
            watch: true,
            snapshots: true,
            hidden: false,
            browser: Vec::new(),
            editor: Vec::new(),
            feeds: FeedSettings::default(),
        }
    }
}

/// Whether a text names a colour, as the config writes them.
pub fn is_colour(text: &str) -> bool {
    colour(text).is_some()
}

/// The colour that a text names, as the config writes them.
pub fn colour(text: &str) -> Option<Color> {
    text.parse().ok()
}

impl Config {
    /// Reads the file at `path`; one that is not there is an empty one.
    pub fn load(path: &Path) -> (Config, Vec<Problem>) {
        match fs::read_to_string(path) {
            Ok(text) => Config::parse(&text, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Config::default(), Vec::new()),
            Err(error) => {
                let cause = format!("the config cannot be read: {error}");
                let consequence = "the defaults are used".to_owned();
                (
                    Config::default(),
                    vec![Problem { path: path.into(), line: None, column: None, cause, consequence, is_failure: true }],
                )
            }
        }
    }

    /// Reads the text of a config; `path` is what its problems name.
    pub fn parse(text: &str, path: &Path) -> (Config, Vec<Problem>) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader { text, path, config: Config::default(), problems: Vec::new() };
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.problem(at, &format!("{}; what it stands in is left out", error.message()));
        }
        for (name, value) in document.get_ref() {
            let at = name.span().start;
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("keys", DeValue::Table(table)) => reader.keys(table),
                ("colours" | "colors", DeValue::Table(table)) => reader.colours(table),
                (section, DeValue::Table(table)) if settings::is_section(section) => reader.section(section, table),
                (section, _) if settings::is_section(section) || matches!(section, "keys" | "colours") => {
                    reader
                        .problem(at, &format!("\"{section}\" is a section, to be written [{section}]; it is left out"));
                }
                (other, _) => {
                    let known = settings::sections().chain(["keys", "colours"]);
                    reader
                        .problem(at, &format!("\"{other}\" is no section{}; it is left out", suggestion(other, known)));
                }
            }
        }
        let (_, conflicts) = Keymap::new(&reader.config.keys);
        for conflict in conflicts {
            let at = text.find("[keys]").unwrap_or(0);
            reader.problem(at, &format!("{conflict}; the first has it"));
        }
        reader.problems.sort_by_key(|problem| (problem.line, problem.column));
        (reader.config, reader.problems)
    }
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    config: Config,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, at: usize, message: &str) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = u32::try_from(before.matches('\n').count() + 1).ok();
        // One mistake may upset what follows it on its line; the first sentence says it.
        if self.problems.iter().any(|problem| problem.line == line) {
            return;
        }
        let column = u32::try_from(before.rsplit('\n').next().unwrap_or("").chars().count() + 1).ok();
        let (cause, consequence) = message.rsplit_once("; ").unwrap_or((message, "the default is used"));
        let (cause, consequence) = (cause.to_owned(), consequence.to_owned());
        self.problems.push(Problem { path: self.path.into(), line, column, cause, consequence, is_failure: false });
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            match settings::find(section, key) {
                Some(entry) => {
                    if let Err(wrong) = (entry.set)(&mut self.config, value.get_ref()) {
                        let message = format!("\"{section}.{key}\": {wrong}; {} is used", entry.default);
                        self.problem(value.span().start, &message);
                    }
                }
                None => {
                    let near = suggestion(key, settings::names(section));
                    self.problem(
                        name.span().start,
                        &format!("\"{section}.{key}\" is no setting{near}; it is left out"),
                    );
                }
            }
        }
    }

    fn keys(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            let Some(action) = Action::named(key) else {
                let near = suggestion(key, crate::keys::ACTIONS.iter().map(|spec| spec.name));
                self.problem(name.span().start, &format!("\"{key}\" is no action{near}; it is left out"));
                continue;
            };
            let texts = settings::texts(value.get_ref());
            match texts.and_then(|texts| {
                texts.iter().map(|text| text.parse::<Key>().map_err(|wrong| wrong.to_string())).collect()
            }) {
                Ok(keys) => {
                    self.config.keys.insert(action, keys);
                }
                Err(wrong) => {
                    self.problem(value.span().start, &format!("{wrong}; the default keys of \"{key}\" are used"));
                }
            }
        }
    }

    fn colours(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            let Some(role) = COLOURS.iter().find(|role| **role == key) else {
                let near = suggestion(key, COLOURS.iter().copied());
                self.problem(
                    name.span().start,
                    &format!("\"colours.{key}\" is no colour that can be set{near}; it is left out"),
                );
                continue;
            };
            match value.get_ref().as_str().and_then(colour) {
                Some(colour) => {
                    self.config.colours.insert(role, colour);
                }
                None => {
                    let message =
                        "a colour is \"#rrggbb\", a name such as \"light-blue\", or a number from \"0\" to \"255\"";
                    self.problem(value.span().start, &format!("\"colours.{key}\": {message}; the theme's own is used"));
                }
            }
        }
    }
}

/// `, did you mean "…"?` with the name that is nearest to what was written, if one is near.
fn suggestion<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> String {
    closest(written, known).map_or_else(String::new, |name| format!(", did you mean \"{name}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        Config::parse(text, Path::new("config.toml")).1.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn every_setting_is_read() {
        let text = "[keys]\nquit = \"x\"\ndown = [\"j\", \"^N\"]\n[theme]\nname = \"light\"\n[colours]\naccent = \"#ff8800\"\nhit1 = \"light-blue\"\n[reading]\nmeasure = 72\nalign = \"justified\"\nhyphenate = true\n[layout]\nlist = 30\nsplit = \"rows\"\ndensity = \"compact\"\n[list]\nfuture = \"hide\"\n[mouse]\nenabled = false\nscroll = 5\n[files]\nmax_size = \"2 MiB\"\nmemory = \"1 GiB\"\nwatch = false\nsnapshots = false\nhidden = true\n[open]\nbrowser = [\"firefox\", \"{}\"]\neditor = \"vim -R\"\n";
        let (config, problems) = Config::parse(text, Path::new("config.toml"));
        assert_eq!(problems, []);
        assert_eq!(config.keys[&Action::Down].len(), 2);
        assert_eq!(config.theme, ThemeChoice::Light);
        assert_eq!(config.colours["accent"], Color::Rgb(255, 136, 0));
        assert_eq!((config.measure, config.justify, config.hyphenate), (72, true, true));
        assert_eq!((config.list_share, config.split, config.density), (30, Split::Rows, Density::Compact));
        assert!(config.hide_future);
        assert_eq!((config.mouse, config.scroll), (false, 5));
        assert_eq!((config.max_size, config.watch, config.hidden), (2 << 20, false, true));
        assert_eq!(config.memory, Some(1 << 30));
        assert!(!config.snapshots);
        assert_eq!((config.browser.len(), config.editor), (2, vec!["vim".to_owned(), "-R".to_owned()]));
    }

    #[test]
    fn bad_entries_have_line_and_column_and_others_still_apply() {
        let text = "[reading]\nmeasure = 7000\nalign = \"justified\"\nwidth = 3\n[keys]\nquti = \"x\"\nquit = \"hyper-x\"\n[colour]\n[colours]\nhit1 = \"blurple\"\n";
        let (config, _) = Config::parse(text, Path::new("config.toml"));
        assert!(config.justify && config.measure == 68);
        assert_eq!(
            problems(text),
            [
                "config.toml:2:11: \"reading.measure\": a whole number from 20 to 200 is wanted; 68 is used",
                "config.toml:4:1: \"reading.width\" is no setting; it is left out",
                "config.toml:6:1: \"quti\" is no action, did you mean \"quit\"?; it is left out",
                "config.toml:7:8: \"hyper-x\" is no key; the default keys of \"quit\" are used",
                "config.toml:8:2: \"colour\" is no section, did you mean \"colours\"?; it is left out",
                "config.toml:10:8: \"colours.hit1\": a colour is \"#rrggbb\", a name such as \"light-blue\", or a number from \"0\" to \"255\"; the theme's own is used",
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
    fn default_text_parses_to_the_defaults() {
        let text: String =
            default_text().lines().map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line))).collect();
        let uncommented: String = text
            .lines()
            .filter(|line| line.starts_with('[') || line.contains(" = "))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(Config::parse(&uncommented, Path::new("x")), (Config::default(), Vec::new()));
    }
}
