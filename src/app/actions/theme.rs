//! The theme: that of the config, or the one chosen with the key since the config last changed.

use crate::app::{ChosenTheme, Effect, State};
use crate::config::{Background, ThemeChoice};

impl State {
    /// Changes to the next theme. Saving a choice equal to the config's replaces any other remembered one.
    pub(crate) fn cycle_theme(&mut self) {
        let (next, name) = match (self.screen.theme, self.screen.background) {
            // The automatic theme already shows the dark one there.
            (ThemeChoice::Auto, Some(Background::Dark)) | (ThemeChoice::Dark, _) => (ThemeChoice::Light, "light"),
            (ThemeChoice::Auto, _) => (ThemeChoice::Dark, "dark"),
            (ThemeChoice::Light, _) => (ThemeChoice::Ansi, "the terminal's 16 colours"),
            (ThemeChoice::Ansi, _) => (ThemeChoice::Auto, "automatic, as the terminal"),
        };
        self.screen.theme = next;
        self.notify(format!("Theme: {name}"));
        let configured = self.config.theme.name().to_owned();
        self.outbox.push(Effect::SaveTheme(ChosenTheme { chosen: next.name().to_owned(), configured }));
    }

    /// Sets the theme from the library, unless the config has changed since or the reader has already chosen one.
    pub(crate) fn restore_theme(&mut self, saved: Option<&ChosenTheme>) {
        let Some(saved) = saved else { return };
        if saved.configured == self.config.theme.name()
            && self.screen.theme == self.config.theme
            && let Some(chosen) = ThemeChoice::named(&saved.chosen)
        {
            self.screen.theme = chosen;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

    use super::*;
    use crate::app::{LibraryContents, Message};
    use crate::config::Config;
    use crate::keys::{Key, KeyCode};

    fn state(theme: ThemeChoice) -> State {
        State::new(Config { theme, ..Config::default() }, String::new(), NaiveDateTime::default())
    }

    fn press_t(state: &mut State) -> Option<ChosenTheme> {
        let effects = state.update(Message::Key(Key::plain(KeyCode::Char('T'))));
        effects.into_iter().find_map(|effect| match effect {
            Effect::SaveTheme(chosen) => Some(chosen),
            _ => None,
        })
    }

    fn library(theme: Option<ChosenTheme>) -> Message {
        Message::Library(Box::new(LibraryContents { theme, ..LibraryContents::default() }))
    }

    #[test]
    fn chosen_theme_wins_until_the_config_changes() {
        let mut first = state(ThemeChoice::Auto);
        first.update(Message::Background(Background::Dark));
        let chosen = press_t(&mut first);
        assert_eq!((first.theme(), chosen.is_some()), (ThemeChoice::Light, true));
        for (configured, expected) in [(ThemeChoice::Auto, ThemeChoice::Light), (ThemeChoice::Ansi, ThemeChoice::Ansi)]
        {
            let mut next = state(configured);
            next.update(library(chosen.clone()));
            assert_eq!(next.theme(), expected);
        }
    }

    #[test]
    fn theme_chosen_before_the_library_is_open_stays() {
        let mut state = state(ThemeChoice::Dark);
        press_t(&mut state);
        state.update(library(Some(ChosenTheme { chosen: "ansi".into(), configured: "dark".into() })));
        assert_eq!(state.theme(), ThemeChoice::Light);
    }

    #[test]
    fn theme_key_leads_back_to_the_automatic_theme() {
        for background in [None, Some(Background::Dark), Some(Background::Light)] {
            let mut first = state(ThemeChoice::Auto);
            if let Some(background) = background {
                first.update(Message::Background(background));
            }
            let saved = (0..4).find_map(|_| press_t(&mut first).filter(|_| first.theme() == ThemeChoice::Auto));
            assert_eq!(saved, Some(ChosenTheme { chosen: "auto".into(), configured: "auto".into() }));
            let mut next = state(ThemeChoice::Auto);
            next.update(library(saved));
            assert_eq!(next.theme(), ThemeChoice::Auto);
        }
    }

    #[test]
    fn theme_key_always_shows_another_theme() {
        for (background, next) in [
            (Some(Background::Dark), ThemeChoice::Light),
            (Some(Background::Light), ThemeChoice::Dark),
            (None, ThemeChoice::Dark),
        ] {
            let mut state = state(ThemeChoice::Auto);
            if let Some(background) = background {
                state.update(Message::Background(background));
            }
            press_t(&mut state);
            assert_eq!(state.theme(), next);
        }
    }
}
