//! Colours by meaning, for dark and light terminals, in as many colours as the terminal has; where it has none, every
//! distinction stays by attributes.
//!
//! The colours of hits are those of Okabe and Ito's palette for colour-blind readers, with the text on them chosen
//! for contrast.

use std::collections::HashMap;

use ratatui::style::{Color, Modifier, Style};

use crate::config::{Background, ThemeChoice, colour};
use crate::query::SavedSearch;

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None, or none wanted.
    None,
    /// The 16 colours that the terminal's owner chose.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// 16 million.
    TrueColour,
}

/// A style for everything that is drawn.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Theme {
    pub text: Style,
    pub dim: Style,
    pub headline: Style,
    pub standfirst: Style,
    pub crosshead: Style,
    pub caption: Style,
    pub quote: Style,
    pub code: Style,
    pub link: Style,
    pub accent: Style,
    pub selection: Style,
    pub selection_unfocused: Style,
    pub rule: Style,
    pub warning: Style,
    pub error: Style,
    pub gauge: Style,
    pub current_hit: Style,
    hits: [Style; 6],
    sections: [Style; 6],
    has_colours: bool,
}

/// Okabe and Ito: orange, sky blue, yellow, bluish green, reddish purple, vermilion.
const HITS: [u32; 6] = [0xe69f00, 0x56b4e9, 0xf0e442, 0x2fb88a, 0xe08fc0, 0xff8c5a];
const ANSI_HITS: [Color; 6] =
    [Color::Yellow, Color::Cyan, Color::LightYellow, Color::Green, Color::LightMagenta, Color::LightRed];
const DARK_SECTIONS: [u32; 6] = [0x8fb8de, 0xd9a05b, 0x8cc5a2, 0xc9a0d0, 0xd98c8c, 0xb5b56a];
const LIGHT_SECTIONS: [u32; 6] = [0x1f5c99, 0x8a4b00, 0x1d6b45, 0x7a3d8a, 0xa02c2c, 0x5c5c00];
const ANSI_SECTIONS: [Color; 6] =
    [Color::Cyan, Color::Yellow, Color::Green, Color::Magenta, Color::LightRed, Color::LightBlue];

impl Theme {
    /// Returns the theme for a terminal, with the reader's own colours. If the background is not known, the 16 colours
    /// are used.
    pub fn new(background: Option<Background>, depth: Depth, own: &HashMap<&'static str, Color>) -> Theme {
        let mut theme = match (depth, background) {
            (Depth::None, _) => Theme::without_colours(),
            (Depth::Ansi256 | Depth::TrueColour, Some(background)) => {
                let exact = move |hex: u32| if depth == Depth::TrueColour { rgb(hex) } else { indexed(hex) };
                let is_dark = background == Background::Dark;
                let sections = if is_dark { DARK_SECTIONS } else { LIGHT_SECTIONS };
                let pick = move |dark, light, _| exact(if is_dark { dark } else { light });
                Theme::of(pick, HITS.map(exact), sections.map(exact))
            }
            _ => Theme::in_ansi_colours(background),
        };
        if depth != Depth::None {
            theme.overlay(own);
        }
        theme
    }

    /// The style of hits of the term with this number.
    pub fn hit(&self, term: u16) -> Style {
        self.hits.get(usize::from(term) % self.hits.len()).copied().unwrap_or_default()
    }

    /// The style of the words of a watch, which is search number `number`.
    pub fn watch(&self, search: Option<&SavedSearch>, number: usize) -> Style {
        match search.and_then(|search| colour(search.colour.as_deref()?)) {
            _ if !self.has_colours => Style::new().add_modifier(Modifier::UNDERLINED),
            Some(own) => Style::new().fg(own).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            None => {
                // The same colours as those of hits, but of the letters, so that hits stand out over them.
                let background = self.hits.get(number % self.hits.len()).and_then(|hit| hit.bg);
                let style = Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
                background.map_or(style, |background| style.fg(background))
            }
        }
    }

    /// The style of the name of a watch.
    pub fn watch_name(&self, search: Option<&SavedSearch>, number: usize) -> Style {
        self.watch(search, number).remove_modifier(Modifier::UNDERLINED)
    }

    /// The style of a section's name: the same for the same name.
    pub fn section(&self, name: &str) -> Style {
        let hash =
            name.bytes().fold(5381u32, |hash, byte| hash.wrapping_mul(33) ^ u32::from(byte.to_ascii_lowercase()));
        self.sections.get(hash as usize % self.sections.len()).copied().unwrap_or_default()
    }

    fn of(pick: impl Fn(u32, u32, Color) -> Color, hits: [Color; 6], sections: [Color; 6]) -> Theme {
        let fg = |dark, light, ansi| Style::new().fg(pick(dark, light, ansi));
        let hit = |background: Color| Style::new().fg(pick(0x101010, 0x101010, Color::Black)).bg(background);
        let text = fg(0xd8d8d2, 0x22221e, Color::Reset);
        Theme {
            text,
            dim: fg(0x949490, 0x64645e, Color::DarkGray),
            headline: fg(0xf4f4ee, 0x000000, Color::Reset).add_modifier(Modifier::BOLD),
            standfirst: fg(0xc4c4bc, 0x3a3a36, Color::Reset).add_modifier(Modifier::ITALIC),
            crosshead: fg(0xf4f4ee, 0x000000, Color::Reset).add_modifier(Modifier::BOLD),
            caption: fg(0x949490, 0x64645e, Color::DarkGray),
            quote: fg(0xb9c7b5, 0x35523a, Color::Reset).add_modifier(Modifier::ITALIC),
            code: fg(0xb0c4d8, 0x2f4f6f, Color::Cyan),
            link: fg(0x8fb8de, 0x1f5c99, Color::Cyan).add_modifier(Modifier::UNDERLINED),
            accent: fg(0x7fc4b8, 0x00695c, Color::Cyan),
            selection: Style::new().bg(pick(0x2c3a44, 0xd3e3ee, Color::Blue)).fg(pick(
                0xffffff,
                0x000000,
                Color::White,
            )),
            selection_unfocused: Style::new().bg(pick(0x262626, 0xe9e9e4, Color::DarkGray)).fg(pick(
                0xe4e4de,
                0x000000,
                Color::White,
            )),
            rule: fg(0x3c3c3a, 0xc9c9c2, Color::DarkGray),
            warning: fg(0xe0b050, 0x8a5a00, Color::Yellow),
            error: fg(0xf08070, 0xb02a1a, Color::LightRed).add_modifier(Modifier::BOLD),
            gauge: fg(0x7fc4b8, 0x00695c, Color::Cyan),
            current_hit: Style::new()
                .fg(pick(0x101010, 0xffffff, Color::Black))
                .bg(pick(0xffffff, 0x101010, Color::White))
                .add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            hits: hits.map(hit),
            sections: sections.map(|colour| Style::new().fg(colour)),
            has_colours: true,
        }
    }

    fn in_ansi_colours(background: Option<Background>) -> Theme {
        let mut theme = Theme::of(|_, _, ansi| ansi, ANSI_HITS, ANSI_SECTIONS);
        // The light colours of the 16 are legible on dark backgrounds only.
        let legible = move |colour| match (colour, background) {
            (colour, Some(Background::Dark)) => colour,
            (Color::Cyan | Color::LightBlue | Color::Green, Some(Background::Light)) => Color::Blue,
            (Color::Cyan | Color::LightBlue | Color::Green, None) => Color::Magenta,
            (Color::Yellow, _) => Color::Magenta,
            (Color::LightRed, _) => Color::Red,
            (colour, _) => colour,
        };
        let styles = [
            &mut theme.code,
            &mut theme.link,
            &mut theme.accent,
            &mut theme.warning,
            &mut theme.error,
            &mut theme.gauge,
        ];
        for style in styles.into_iter().chain(&mut theme.sections) {
            style.fg = style.fg.map(legible);
        }
        if background != Some(Background::Dark) {
            // A white background would hide it.
            let reversed = Modifier::REVERSED | Modifier::BOLD | Modifier::UNDERLINED;
            theme.current_hit = Style::new().add_modifier(reversed);
        }
        theme
    }

    fn without_colours() -> Theme {
        let plain = Style::new();
        let with = |modifier| plain.add_modifier(modifier);
        let (reversed, underlined, bold) = (Modifier::REVERSED, Modifier::UNDERLINED, Modifier::BOLD);
        Theme {
            text: plain,
            dim: with(Modifier::DIM),
            headline: with(bold),
            standfirst: with(Modifier::ITALIC),
            crosshead: with(bold),
            caption: with(Modifier::DIM | Modifier::ITALIC),
            quote: with(Modifier::ITALIC),
            code: plain,
            link: with(underlined),
            accent: with(bold),
            selection: with(reversed),
            selection_unfocused: with(underlined),
            rule: with(Modifier::DIM),
            warning: with(bold),
            error: with(bold | reversed),
            gauge: plain,
            current_hit: with(reversed | bold | underlined | Modifier::ITALIC),
            hits: [
                with(reversed),
                with(underlined | bold),
                with(reversed | bold),
                with(underlined | Modifier::ITALIC),
                with(reversed | underlined),
                with(reversed | Modifier::ITALIC),
            ],
            sections: [plain; 6],
            has_colours: false,
        }
    }

    fn overlay(&mut self, own: &HashMap<&'static str, Color>) {
        for (name, &colour) in own {
            let style = match *name {
                "text" => &mut self.text,
                "dim" => &mut self.dim,
                "headline" => &mut self.headline,
                "standfirst" => &mut self.standfirst,
                "crosshead" => &mut self.crosshead,
                "caption" => &mut self.caption,
                "quote" => &mut self.quote,
                "code" => &mut self.code,
                "link" => &mut self.link,
                "accent" => &mut self.accent,
                "rule" => &mut self.rule,
                "warning" => &mut self.warning,
                "error" => &mut self.error,
                "gauge" => &mut self.gauge,
                "selection" => {
                    self.selection = self.selection.bg(colour);
                    continue;
                }
                other => {
                    let number = other.strip_prefix("hit").and_then(|digit| digit.parse::<usize>().ok());
                    if let Some(hit) = number.and_then(|number| self.hits.get_mut(number.wrapping_sub(1))) {
                        *hit = hit.bg(colour);
                    }
                    continue;
                }
            };
            *style = style.fg(colour);
        }
    }
}

/// Returns the background of the terminal, if it is known, and its number of colours. `variable` reads the environment,
/// `answered` is the terminal's own answer.
pub fn detect(
    variable: impl Fn(&str) -> Option<String>,
    choice: ThemeChoice,
    answered: Option<Background>,
) -> (Option<Background>, Depth) {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    let term = variable("TERM").unwrap_or_default();
    // The last number of COLORFGBG is the background, one of the 16 colours; some terminals write `default`.
    let number = || set("COLORFGBG")?.rsplit(';').next()?.parse::<u8>().ok();
    let configured = || match number()? {
        7 | 15 => Some(Background::Light),
        0..=6 | 8 => Some(Background::Dark),
        _ => None,
    };
    let background = match choice {
        ThemeChoice::Light => Some(Background::Light),
        ThemeChoice::Dark => Some(Background::Dark),
        ThemeChoice::Auto | ThemeChoice::Ansi => answered.or_else(configured),
    };
    let depth = if set("NO_COLOR").is_some() || term == "dumb" {
        Depth::None
    } else if choice == ThemeChoice::Ansi {
        Depth::Ansi16
    } else if set("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit")
        || term.ends_with("-direct")
    {
        Depth::TrueColour
    } else if term.contains("256color")
        || term.starts_with("xterm-kitty")
        || term.starts_with("alacritty")
        // Plain `xterm` has had 256 colours for twenty years.
        || (term == "xterm" && set("XTERM_VERSION").is_some())
    {
        Depth::Ansi256
    } else {
        Depth::Ansi16
    };
    (background, depth)
}

fn rgb(hex: u32) -> Color {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color::Rgb(red, green, blue)
}

/// The nearest of xterm's 6×6×6 cube and 24 greys.
fn indexed(hex: u32) -> Color {
    let [_, red, green, blue] = hex.to_be_bytes().map(i32::from);
    let level = |value: i32| {
        if value < 48 {
            0
        } else if value < 115 {
            1
        } else {
            (value - 35) / 40
        }
    };
    let value = |level: i32| if level == 0 { 0 } else { 55 + 40 * level };
    let off = |r: i32, g: i32, b: i32| (r - red).pow(2) + (g - green).pow(2) + (b - blue).pow(2);
    let (r, g, b) = (level(red), level(green), level(blue));
    let cube = off(value(r), value(g), value(b));
    let step = (((red + green + blue) / 3 - 8 + 5) / 10).clamp(0, 23);
    let grey = off(8 + 10 * step, 8 + 10 * step, 8 + 10 * step);
    // Both are within 16..=255, by the clamp and by the levels being 0 to 5.
    Color::Indexed(if grey < cube { (232 + step) as u8 } else { (16 + 36 * r + 6 * g + b) as u8 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Color) -> f64 {
        let Color::Rgb(r, g, b) = colour else { panic!("no exact colour: {colour:?}") };
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
    }

    /// The contrast ratio of WCAG 2.
    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn all_text_has_a_contrast_of_at_least_four_and_a_half() {
        for (kind, background) in [(Background::Dark, rgb(0x1c1c1c)), (Background::Light, rgb(0xfafaf5))] {
            let theme = Theme::new(Some(kind), Depth::TrueColour, &HashMap::new());
            let mut styles =
                vec![theme.text, theme.dim, theme.headline, theme.standfirst, theme.caption, theme.quote, theme.code];
            styles.extend([
                theme.link,
                theme.accent,
                theme.warning,
                theme.error,
                theme.selection,
                theme.selection_unfocused,
            ]);
            styles.extend(theme.hits.iter().chain(&theme.sections).chain([&theme.current_hit]));
            for style in styles {
                let ratio = contrast(style.fg.unwrap(), style.bg.unwrap_or(background));
                assert!(ratio >= 4.5, "{kind:?} {style:?}: {ratio:.1}");
            }
        }
    }

    #[test]
    fn hits_of_different_terms_differ_in_every_depth() {
        for depth in [Depth::None, Depth::Ansi16, Depth::Ansi256, Depth::TrueColour] {
            let theme = Theme::new(Some(Background::Dark), depth, &HashMap::new());
            for a in 0..6 {
                assert_ne!(theme.hit(a), theme.current_hit);
                for b in 0..a {
                    assert_ne!(theme.hit(a), theme.hit(b), "{depth:?}");
                }
            }
        }
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let theme = Theme::new(Some(Background::Dark), Depth::None, &HashMap::from([("text", Color::Red)]));
        assert!(!format!("{theme:?}").contains("fg(") && !format!("{theme:?}").contains("bg("));
    }

    #[test]
    fn background_and_depth_come_from_answer_and_environment() {
        use Background::{Dark, Light};
        let with = |variables: &[(&str, &str)], choice, answered| {
            let variables: HashMap<String, String> =
                variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            detect(|name| variables.get(name).cloned(), choice, answered)
        };
        let (auto, many) = (ThemeChoice::Auto, ("TERM", "xterm-256color"));
        assert_eq!(with(&[many], auto, None), (None, Depth::Ansi256));
        assert_eq!(with(&[many], auto, Some(Light)), (Some(Light), Depth::Ansi256));
        assert_eq!(with(&[many, ("COLORFGBG", "0;15")], auto, None).0, Some(Light));
        assert_eq!(with(&[many, ("COLORFGBG", "0;15")], auto, Some(Dark)).0, Some(Dark));
        assert_eq!(with(&[many, ("COLORFGBG", "15;default;0")], auto, None).0, Some(Dark));
        assert_eq!(with(&[many, ("COLORFGBG", "15;default")], auto, None).0, None);
        assert_eq!(with(&[many], ThemeChoice::Light, Some(Dark)).0, Some(Light));
        assert_eq!(with(&[("TERM", "xterm"), ("COLORTERM", "truecolor")], auto, None).1, Depth::TrueColour);
        assert_eq!(with(&[("TERM", "xterm"), ("XTERM_VERSION", "XTerm(398)")], auto, None).1, Depth::Ansi256);
        assert_eq!(with(&[("TERM", "xterm")], auto, None).1, Depth::Ansi16);
        assert_eq!(with(&[many, ("NO_COLOR", "1")], auto, None).1, Depth::None);
        assert_eq!(with(&[("TERM", "dumb")], auto, None).1, Depth::None);
        assert_eq!(with(&[many], ThemeChoice::Ansi, None).1, Depth::Ansi16);
    }

    #[test]
    fn unknown_background_gets_no_colour_that_it_could_hide() {
        let theme = Theme::new(None, Depth::TrueColour, &HashMap::new());
        let letters = [theme.text, theme.dim, theme.code, theme.link, theme.accent, theme.warning, theme.error];
        for style in letters.iter().chain(&theme.sections) {
            let seen = [Color::Reset, Color::DarkGray, Color::Magenta, Color::Red].map(Some);
            assert!(seen.contains(&style.fg), "{style:?}");
        }
    }

    #[test]
    fn own_colours_are_laid_over_the_theme() {
        let own = HashMap::from([("accent", Color::Red), ("hit2", Color::Blue)]);
        let theme = Theme::new(Some(Background::Dark), Depth::TrueColour, &own);
        assert_eq!((theme.accent.fg, theme.hit(1).bg), (Some(Color::Red), Some(Color::Blue)));
    }
}
