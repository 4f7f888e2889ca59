//! The settings as values.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use ratatui::style::Color;

use crate::keys::KeySettings;

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
            pub(super) fn blank() -> $name {
                $name { $($field: settings_struct!(@blank $($blank)?),)* }
            }
        }
    };
    (@blank) => { Default::default() };
    (@blank $blank:expr) => { $blank };
}

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
    /// The settings of feeds.
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

settings_struct! {
/// The settings of feeds.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedSettings {
    /// Minutes between automatic refreshes; 0 for none.
    pub refresh: u16,
    /// The number of feeds that are fetched at once.
    pub parallel: usize,
    /// The order of feeds in the sources pane.
    pub sort: FeedSort,
    /// Whether an entry of several feeds is shown once.
    pub merge: bool,
    /// The proxy; `None` for the proxy of the environment, an empty text for no proxy.
    pub proxy: Option<String>,
    /// The logins for servers.
    pub logins: Vec<FeedLogin>,
}
}

/// The order of feeds in the sources pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedSort {
    /// By subscription, the oldest first.
    #[default]
    Own,
    /// By name.
    Name,
    /// By the number of unread entries, the largest first.
    Unread,
}

/// A login for a server.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FeedLogin {
    /// The host, or the start of an address.
    pub url: String,
    /// The user name.
    pub user: String,
    /// The password, unless a command prints it.
    pub password: Option<String>,
    /// The command that prints the password.
    pub password_command: Vec<String>,
}

impl fmt::Debug for FeedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedLogin").field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Debug for FeedSettings {
    // The address of the proxy can contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedSettings").field("refresh", &self.refresh).finish_non_exhaustive()
    }
}

impl FeedSettings {
    /// Returns the minimum time between two fetches of a feed.
    pub fn pause(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.refresh.max(5)))
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
