//! Exports from inside the reader: the articles, the file name, and the confirmation before a file is replaced.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::{ConfirmedAction, Effect, Export, Focus, Notice, Overlay, Prompt, State};
use crate::corpus::Slot;
use crate::keys::Action;
use crate::render::{ExportFormat, Heading, JSON_VERSION, article_stem, file_stem};
use crate::text::format::counted;

impl Export {
    /// Returns the message for a finished export.
    pub fn success(&self) -> Notice {
        let count = counted(self.slots.len() as u64, "article", "articles");
        let text = format!("{count} written to {}", self.path.display());
        match self.heading.as_ref().and_then(|heading| heading.incomplete.as_ref()) {
            Some(why) => Notice::error(format!("{text}, incomplete: {why}")),
            None => Notice::info(text),
        }
    }
}

impl State {
    /// Returns the open article if the reading pane has the focus. Only that one is exported then.
    fn exported_article(&self) -> Option<Slot> {
        self.reading.open().filter(|_| self.screen.focus == Focus::Reading).map(|open| open.slot)
    }

    /// Returns the question for the file name.
    pub fn export_question(&self) -> String {
        let what = match self.exported_article() {
            Some(_) => "the article".to_owned(),
            None => counted(self.list.slots().len() as u64, "article", "articles"),
        };
        let extensions: Vec<String> =
            ExportFormat::ALL.iter().map(|format| format!(".{}", format.extension())).collect();
        format!("Export {what} to a file ({})", extensions.join(" "))
    }

    /// Asks for the file name, with a suggestion.
    pub(crate) fn ask_export(&mut self) {
        if self.list.slots().is_empty() {
            return self.notify_error("No articles to export");
        }
        let entry = self.exported_article().and_then(|slot| self.corpus.get(slot));
        let stem = match entry {
            Some(entry) => article_stem(entry),
            None => {
                let query = if self.filter.is_on() { self.filter.query().text() } else { "articles" };
                file_stem(&format!("{} {query}", self.now.format("%Y-%m-%d")), "articles")
            }
        };
        self.ask_export_again(&format!("{stem}.md"));
    }

    fn ask_export_again(&mut self, typed: &str) {
        self.overlay = Some(Overlay::Prompt(Prompt::for_action(Action::Export).with_text(typed)));
    }

    /// Exports to the typed file. `force` replaces an existing file without confirmation.
    pub(crate) fn export_to(&mut self, typed: &str, force: bool) {
        if typed.is_empty() {
            return self.ask_export();
        }
        if self.list.slots().is_empty() {
            return self.notify_error("No articles to export");
        }
        let path = PathBuf::from(typed);
        let Some(format) = ExportFormat::of_path(Path::new(typed)) else {
            self.ask_export_again(typed);
            return self.notify_error("End the file name in .md, .csv, .json, .jsonl or .txt");
        };
        let article = self.exported_article();
        // The list is incomplete while the filter runs.
        if article.is_none() && self.filter.is_on() && !self.filter.is_answered() {
            self.ask_export_again(typed);
            return self.notify_error("The filter is still running; try again in a moment");
        }
        let slots = article.map_or_else(|| Arc::clone(self.list.slots_shared()), |slot| Arc::new(vec![slot]));
        let heading = article.is_none().then(|| Heading {
            version: JSON_VERSION,
            query: self.filter.query().text().to_owned(),
            exported: self.now.format("%Y-%m-%d").to_string(),
            articles: slots.len(),
            incomplete: self.load.incomplete(),
        });
        let (corpus, marks) = (Arc::clone(&self.corpus), self.marks.current().clone());
        self.outbox.push(Effect::Export(Box::new(Export { path, format, corpus, slots, marks, heading, force })));
    }

    /// Asks whether to replace an existing file.
    pub(crate) fn ask_overwrite(&mut self, export: Box<Export>) {
        // A question must not replace an overlay or a note in which the reader is typing.
        if self.overlay.is_some() || self.note.is_some() {
            let path = export.path.display();
            return self.notify_error(format!("{path} exists already; use :export! {path} to overwrite it"));
        }
        let question = format!("{} exists already. Overwrite it?", export.path.display());
        self.confirm(question, ConfirmedAction::Overwrite(export));
    }
}
