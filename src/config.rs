//! The settings of `config.toml`. Each setting is checked by itself: an invalid one is reported with file, line and
//! column, its default is used, and all others count.

mod keys;
mod logins;
mod parse_value;
mod parser;
mod settings;
mod values;

pub use settings::default_text;
pub use values::{
    Background, COLOURS, Config, Density, FeedLogin, FeedSettings, FeedSort, MarkRead, Split, ThemeChoice, colour,
    is_colour,
};

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ratatui::style::Color;

    use super::*;
    use crate::article::Problem;
    use crate::keys::{Action, Context, Key, Keymap, Lookup};

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
    fn config_in_another_encoding_is_reported_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, b"[reading]\nalign = \"\xFF\"\n").unwrap();
        let (config, problems) = Config::load(&path);
        assert_eq!((config, problems.len()), (Config::default(), 1));
        let expected = format!("{}:2: the config is not UTF-8 text; using the defaults", path.display());
        assert_eq!(problems[0].to_string(), expected);
    }

    #[test]
    fn current_name_of_a_setting_wins_over_its_former_name() {
        let text = "[reading]\nmeasure = 40\nmax_line_width = 70\n";
        assert_eq!(Config::parse(text, Path::new("config.toml")).0.max_line_width, 70);
        assert_eq!(
            problems(text),
            [
                "config.toml:2:1: \"reading.measure\" is the former name of \"max_line_width\", which is set too; ignoring it"
            ]
        );
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
                "config.toml:6:1: unknown action \"quti\"; ignoring it; did you mean \"quit\"?",
                "config.toml:7:8: unknown key \"hyper-x\"; using the default keys of \"quit\"",
                "config.toml:8:2: unknown section \"colour\"; ignoring it; did you mean \"colours\"?",
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
                "config.toml:11:8: unknown action \"cansel\"; ignoring it; did you mean \"cancel\"?",
                "config.toml:12:1: unknown key \"hyper-x\"; ignoring it",
                "config.toml:13:8: expected an action or a list of actions; ignoring it",
                "config.toml:14:7: unknown context \"lists\"; the contexts are global, list, reading, sources, line, note, dialog; ignoring it",
            ]
        );
    }
}
