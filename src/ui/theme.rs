//! Colours by meaning, for dark and light terminals and every number of colours. Without colours, all distinctions are
//! made by attributes.
//!
//! The colours of hits are those of Okabe and Ito's palette for colour-blind readers, with the text on them chosen
//! for contrast.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::config::{Background, ThemeChoice, colour};
use crate::query::SavedSearch;

/// The number of colours of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// No colours, or the reader wants none.
    None,
    /// The 16 colours that the user of the terminal configured.
    Ansi16,
    /// The 256 colours of xterm.
    Ansi256,
    /// 24-bit colours.
    TrueColour,
}

/// The styles of everything on the screen.
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
    watches: [Style; 6],
    sections: [Style; 6],
    has_colours: bool,
    /// The colours that replace the terminal's default ones, if the terminal's background may not suit the theme.
    screen: Option<ScreenColours>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct ScreenColours {
    foreground: Color,
    background: Color,
}

/// The palette of Okabe and Ito: orange, sky blue, yellow, bluish green, reddish purple, vermilion.
const HITS: [u32; 6] = [0xe69f00, 0x56b4e9, 0xf0e442, 0x2fb88a, 0xe08fc0, 0xff8c5a];
/// The backgrounds that an explicitly chosen theme sets.
const DARK_SCREEN: u32 = 0x1c1c1c;
const LIGHT_SCREEN: u32 = 0xfafaf5;
const ANSI_HITS: [Color; 6] =
    [Color::Yellow, Color::Cyan, Color::LightYellow, Color::Green, Color::LightMagenta, Color::LightRed];
/// The hues of [`HITS`] as text colours on a light background.
const LIGHT_WATCHES: [u32; 6] = [0x8a4b00, 0x0b5a8a, 0x665c00, 0x00694a, 0x8a2f6b, 0xa82a00];
const DARK_SECTIONS: [u32; 6] = [0x8fb8de, 0xd9a05b, 0x8cc5a2, 0xc9a0d0, 0xd98c8c, 0xb5b56a];
const LIGHT_SECTIONS: [u32; 6] = [0x1f5c99, 0x8a4b00, 0x1d6b45, 0x7a3d8a, 0xa02c2c, 0x5c5c00];
const ANSI_SECTIONS: [Color; 6] =
    [Color::Cyan, Color::Yellow, Color::Green, Color::Magenta, Color::LightRed, Color::LightBlue];

impl Theme {
    /// Returns the theme for a terminal, with the reader's colours. If the background is unknown, the 16 colours are
    /// used.
    pub fn new(background: Option<Background>, depth: Depth, own: &HashMap<&'static str, Color>) -> Theme {
        let mut theme = match (depth, background) {
            (Depth::None, _) => Theme::without_colours(),
            (Depth::Ansi256 | Depth::TrueColour, Some(background)) => {
                let exact = move |hex: u32| if depth == Depth::TrueColour { rgb(hex) } else { indexed(hex) };
                let is_dark = background == Background::Dark;
                let sections = if is_dark { DARK_SECTIONS } else { LIGHT_SECTIONS };
                let pick = move |dark, light, _| exact(if is_dark { dark } else { light });
                let mut theme = Theme::of(pick, HITS.map(exact), sections.map(exact));
                let watches = if is_dark { HITS } else { LIGHT_WATCHES };
                theme.watches = watches.map(|letters| theme.watches[0].fg(exact(letters)));
                theme
            }
            _ => Theme::in_ansi_colours(background),
        };
        if depth != Depth::None {
            theme.overlay(own);
        }
        theme
    }

    /// Returns the theme for this choice. `variable` reads the environment, `answered` is the background that the
    /// terminal reported. A dark or light theme sets its own background if the terminal did not report a matching one.
    pub fn for_terminal(
        variable: impl Fn(&str) -> Option<String>,
        choice: ThemeChoice,
        answered: Option<Background>,
        own: &HashMap<&'static str, Color>,
    ) -> Theme {
        let (background, depth) = detect(variable, choice, answered);
        let mut theme = Theme::new(background, depth, own);
        if let (ThemeChoice::Dark | ThemeChoice::Light, Some(kind)) = (choice, background)
            && answered != background
        {
            theme.set_screen(kind, depth, own);
        }
        theme
    }

    fn set_screen(&mut self, kind: Background, depth: Depth, own: &HashMap<&'static str, Color>) {
        let is_dark = kind == Background::Dark;
        let (background, foreground) = match depth {
            Depth::None => return,
            Depth::Ansi16 if is_dark => (Color::Black, Color::White),
            Depth::Ansi16 => (Color::White, Color::Black),
            Depth::Ansi256 if is_dark => (indexed(DARK_SCREEN), Color::Reset),
            Depth::Ansi256 => (indexed(LIGHT_SCREEN), Color::Reset),
            Depth::TrueColour if is_dark => (rgb(DARK_SCREEN), Color::Reset),
            Depth::TrueColour => (rgb(LIGHT_SCREEN), Color::Reset),
        };
        if depth == Depth::Ansi16 && is_dark {
            // In some palettes, such as Solarized, dark grey on black is illegible.
            self.dim.fg = Some(Color::Gray);
            self.caption.fg = Some(Color::Gray);
            self.overlay(own);
        }
        let foreground = self.text.fg.filter(|colour| *colour != Color::Reset).unwrap_or(foreground);
        self.screen = Some(ScreenColours { foreground, background });
    }

    /// Replaces the terminal's default colours in all cells, if the theme sets a background.
    pub(crate) fn paint(&self, buffer: &mut Buffer) {
        let Some(screen) = self.screen else { return };
        for cell in &mut buffer.content {
            if cell.fg == Color::Reset {
                cell.fg = screen.foreground;
            }
            if cell.bg == Color::Reset {
                cell.bg = screen.background;
            }
        }
    }

    /// Returns the style of hits of the term with this number.
    pub fn hit(&self, term: u16) -> Style {
        self.hits.get(usize::from(term) % self.hits.len()).copied().unwrap_or_default()
    }

    /// Returns the style of the hits of a watch, which is search `number`.
    pub fn watch(&self, search: Option<&SavedSearch>, number: usize) -> Style {
        match search.and_then(|search| colour(search.colour.as_deref()?)) {
            _ if !self.has_colours => Style::new().add_modifier(Modifier::UNDERLINED),
            Some(own) => Style::new().fg(own).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            None => self.watches.get(number % self.watches.len()).copied().unwrap_or_default(),
        }
    }

    /// Returns the style of the name of a watch.
    pub fn watch_name(&self, search: Option<&SavedSearch>, number: usize) -> Style {
        self.watch(search, number).remove_modifier(Modifier::UNDERLINED)
    }

    /// Returns the style of the name of a section. Equal names have equal styles.
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
            selection: Style::new().bg(pick(0x2c3a44, 0xbcdcf5, Color::Blue)).fg(pick(
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
            watches: [Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED); 6],
            sections: sections.map(|colour| Style::new().fg(colour)),
            has_colours: true,
            screen: None,
        }
    }

    fn in_ansi_colours(background: Option<Background>) -> Theme {
        let mut theme = Theme::of(|_, _, ansi| ansi, ANSI_HITS, ANSI_SECTIONS);
        // The bright ones of the 16 colours are legible on dark backgrounds only.
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
            // A white background would hide it. The default colours override those of a watch.
            let modifiers = Modifier::REVERSED | Modifier::UNDERLINED;
            theme.current_hit = Style::new().fg(Color::Reset).bg(Color::Reset).add_modifier(modifiers);
        }
        // Many terminals show bold black as grey.
        for hit in theme.hits.iter_mut().chain([&mut theme.current_hit]) {
            *hit = hit.remove_modifier(Modifier::BOLD);
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
            watches: [with(underlined); 6],
            sections: [plain; 6],
            has_colours: false,
            screen: None,
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

/// Returns the background of the terminal, if it is known, and the number of colours. `variable` reads the environment,
/// `answered` is the answer of the terminal.
fn detect(
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

/// Returns the nearest colour in xterm's 6×6×6 cube and 24 greys.
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
    // Both are within 16..=255: `step` is clamped, and the levels are 0 to 5.
    Color::Indexed(if grey < cube { (232 + step) as u8 } else { (16 + 36 * r + 6 * g + b) as u8 })
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::super::text_writer::lay_over;

    const DEPTHS: [Depth; 3] = [Depth::Ansi16, Depth::Ansi256, Depth::TrueColour];
    const KINDS: [(Background, ThemeChoice); 2] =
        [(Background::Dark, ThemeChoice::Dark), (Background::Light, ThemeChoice::Light)];

    /// The colour as xterm shows it.
    fn shown(colour: Color) -> u32 {
        const ANSI: [u32; 16] = [
            0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000,
            0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
        ];
        let level = |step: u32| if step == 0 { 0 } else { 55 + 40 * step };
        match (colour, ansi(colour)) {
            (_, Some(number)) => ANSI[number],
            (Color::Rgb(red, green, blue), _) => u32::from_be_bytes([0, red, green, blue]),
            (Color::Indexed(number @ 232..), _) => (8 + 10 * (u32::from(number) - 232)) * 0x010101,
            (Color::Indexed(number @ 16..), _) => {
                let number = u32::from(number) - 16;
                level(number / 36) << 16 | level(number / 6 % 6) << 8 | level(number % 6)
            }
            _ => panic!("no colour: {colour:?}"),
        }
    }

    fn ansi(colour: Color) -> Option<usize> {
        use Color::{Black, Blue, Cyan, DarkGray, Gray, Green, Magenta, Red, White, Yellow};
        use Color::{LightBlue, LightCyan, LightGreen, LightMagenta, LightRed, LightYellow};
        let dark = [Black, Red, Green, Yellow, Blue, Magenta, Cyan, Gray];
        let light = [DarkGray, LightRed, LightGreen, LightYellow, LightBlue, LightMagenta, LightCyan, White];
        dark.iter().chain(&light).position(|other| *other == colour)
    }

    /// The contrast ratio of WCAG 2.
    fn contrast(a: u32, b: u32) -> f64 {
        let luminance = |rgb: u32| {
            let [_, red, green, blue] = rgb.to_be_bytes().map(|value| {
                let value = f64::from(value) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The contrast of text in this style, on a terminal that shows the first 8 colours as light ones if they are bold.
    fn contrast_of(style: Style, screen: ScreenColours) -> f64 {
        let or = |colour: Option<Color>, default| match colour {
            None | Some(Color::Reset) => default,
            Some(colour) => colour,
        };
        let (front, back) = (or(style.fg, screen.foreground), or(style.bg, screen.background));
        let is_bold = style.add_modifier.contains(Modifier::BOLD);
        let mut light = [Color::DarkGray, Color::LightRed, Color::LightGreen, Color::LightYellow, Color::LightBlue]
            .into_iter()
            .chain([Color::LightMagenta, Color::LightCyan, Color::White]);
        let front = match ansi(front).filter(|number| is_bold && *number < 8) {
            Some(number) => light.nth(number).unwrap(),
            None => front,
        };
        contrast(shown(front), shown(back))
    }

    fn chosen(choice: ThemeChoice, depth: Depth, answered: Option<Background>) -> Theme {
        let variable = |name: &str| match (name, depth) {
            ("NO_COLOR", Depth::None) => Some("1".to_owned()),
            ("TERM", Depth::Ansi16) => Some("screen".to_owned()),
            ("TERM", _) => Some("xterm-256color".to_owned()),
            ("COLORTERM", Depth::TrueColour) => Some("truecolor".to_owned()),
            _ => None,
        };
        Theme::for_terminal(variable, choice, answered, &HashMap::new())
    }

    /// The styles of text that must be legible.
    fn texts(theme: &Theme) -> Vec<Style> {
        let plain = [theme.text, theme.dim, theme.headline, theme.standfirst, theme.crosshead, theme.caption];
        let rest = [theme.quote, theme.code, theme.link, theme.accent, theme.warning, theme.error];
        let over = [theme.selection, theme.selection_unfocused];
        let mut styles: Vec<Style> = plain.into_iter().chain(rest).chain(over).chain(theme.sections).collect();
        for under in [theme.text, theme.headline, theme.link, theme.standfirst] {
            let marks = (0..6).flat_map(|number| [theme.watch(None, number), theme.hit(number as u16)]);
            for mark in marks.chain([theme.current_hit]) {
                styles.push(lay_over(under, mark));
                // A watched word that is a hit, too.
                styles.extend((0..6).map(|watch| lay_over(lay_over(under, theme.watch(None, watch)), mark)));
            }
        }
        styles
    }

    #[test]
    fn text_is_legible_in_every_theme_and_depth() {
        for ((kind, choice), depth) in KINDS.into_iter().flat_map(|kind| DEPTHS.map(|depth| (kind, depth))) {
            let theme = chosen(choice, depth, None);
            let screen = theme.screen.unwrap();
            // On white, xterm's dark grey has a contrast of 4.0.
            let least = if depth == Depth::Ansi16 { 3.9 } else { 4.5 };
            for style in texts(&theme) {
                let ratio = contrast_of(style, screen);
                assert!(ratio >= least, "{kind:?} {depth:?} {style:?}: {ratio:.1}");
            }
        }
    }

    #[test]
    fn marks_are_legible_in_16_colours_on_an_unknown_background() {
        let theme = chosen(ThemeChoice::Auto, Depth::Ansi16, None);
        for (foreground, background) in [(Color::Black, Color::White), (Color::White, Color::Black)] {
            let screen = ScreenColours { foreground, background };
            for under in [Style::new(), Style::new().add_modifier(Modifier::BOLD)] {
                for number in 0..6 {
                    let watch = lay_over(under, theme.watch(None, number));
                    for style in [watch, lay_over(watch, theme.hit(number as u16)), lay_over(watch, theme.current_hit)]
                    {
                        let ratio = contrast_of(style, screen);
                        assert!(ratio >= 3.9, "{screen:?} {style:?}: {ratio:.1}");
                    }
                }
            }
        }
    }

    #[test]
    fn roles_that_must_differ_do_in_every_depth() {
        let themes = KINDS.into_iter().flat_map(|(_, choice)| DEPTHS.map(|depth| (depth, chosen(choice, depth, None))));
        let others = [(Depth::None, ThemeChoice::Dark), (Depth::Ansi16, ThemeChoice::Ansi)];
        for (depth, theme) in themes.chain(others.map(|(depth, choice)| (depth, chosen(choice, depth, None)))) {
            let watched = lay_over(theme.text, theme.watch(None, 0));
            let mut pairs = vec![
                (theme.text, theme.dim),
                (theme.text, theme.accent),
                (theme.text, theme.link),
                (theme.text, theme.headline),
                (theme.text, theme.error),
                (theme.warning, theme.error),
                (theme.text, watched),
                (watched, lay_over(watched, theme.current_hit)),
            ];
            let backs = [theme.text, theme.selection, theme.selection_unfocused, theme.current_hit];
            // Without colours, a hit is reversed as the selected row is, and not reversed on that row.
            let hits = theme.hits.into_iter().filter(|_| depth != Depth::None);
            let backs: Vec<Style> = backs.into_iter().chain(hits).collect();
            for (index, back) in backs.iter().enumerate() {
                pairs.extend(backs[..index].iter().map(|other| (*other, *back)));
            }
            for (one, other) in pairs {
                assert_ne!(one, other, "{depth:?}");
            }
            if depth == Depth::Ansi256 || depth == Depth::TrueColour {
                let screen = theme.screen.unwrap();
                let rows = [Some(screen.background), theme.selection.bg, theme.selection_unfocused.bg];
                let [screen, focused, unfocused] = rows.map(|colour| shown(colour.unwrap()));
                for (one, other) in [(screen, focused), (screen, unfocused), (focused, unfocused)] {
                    let ratio = contrast(one, other);
                    assert!(ratio >= 1.1, "{depth:?} {one:06x} {other:06x}: {ratio:.2}");
                }
                let watches: std::collections::HashSet<_> = theme.watches.iter().map(|style| style.fg).collect();
                assert_eq!(watches.len(), 6, "{depth:?}");
            }
        }
    }

    #[test]
    fn chosen_theme_sets_its_background_unless_the_terminal_has_it() {
        for ((kind, choice), depth) in KINDS.into_iter().flat_map(|kind| DEPTHS.map(|depth| (kind, depth))) {
            let other = if kind == Background::Dark { Background::Light } else { Background::Dark };
            assert!(chosen(choice, depth, Some(kind)).screen.is_none());
            for answered in [None, Some(other)] {
                let theme = chosen(choice, depth, answered);
                let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 3, 2));
                buffer[(1, 0)].set_style(theme.hit(0));
                theme.paint(&mut buffer);
                let has_default = |cell: &ratatui::buffer::Cell| [cell.fg, cell.bg].contains(&Color::Reset);
                assert!(!buffer.content.iter().any(has_default), "{choice:?} {depth:?}");
                assert_eq!(Some(buffer[(1, 0)].bg), theme.hit(0).bg);
            }
            for free in [ThemeChoice::Auto, ThemeChoice::Ansi] {
                assert!(chosen(free, depth, Some(kind)).screen.is_none());
            }
            assert!(chosen(choice, Depth::None, None).screen.is_none());
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
    fn styles_have_no_colour_if_colours_are_off() {
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
