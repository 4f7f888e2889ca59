//! Actions on the open article: copy, open its links, edit its file, pipe it to a command.

use crate::app::{Effect, OpenArticle, Overlay, Prompt, State};
use crate::corpus::Origin;
use crate::render::{plain_text, shown_address};
use crate::text::SafeText;

impl State {
    /// Opens the link with this number, or the article's own address.
    pub(super) fn open_link(&mut self, number: Option<usize>) {
        let Some(open) = self.reading.open() else { return };
        let link = match number {
            Some(number) => open.article.links.get(number - 1),
            None => open.article.url.as_ref().or(open.article.links.first()),
        };
        match (link, number) {
            (Some(link), _) => self.outbox.push(Effect::OpenLink(link.to_string())),
            (None, Some(number)) => self.notify(format!("This article has no link {number}")),
            (None, None) => self.notify("This article has no address and no links"),
        }
    }

    /// Returns the text of the open article, also the part that is too long to be shown.
    pub(crate) fn full_text(&self, open: &OpenArticle) -> String {
        let marked = self.marks.current().get(open.article.id);
        match self.corpus.get(open.slot).filter(|_| !open.more.is_empty()) {
            Some(entry) => plain_text(&entry.article(), marked),
            None => plain_text(&open.article, marked),
        }
    }

    pub(super) fn copy_text(&mut self) {
        let Some(open) = self.reading.open() else { return };
        self.outbox.push(Effect::Copy(SafeText::new(&self.full_text(open))));
        self.notify("Copied the article");
    }

    pub(super) fn copy_address(&mut self) {
        let Some(open) = self.reading.open() else { return };
        let path = || open.path.to_string_lossy().into_owned();
        let address = open.article.url.as_ref().map_or_else(path, |url| shown_address(url).into_owned());
        let text = format!("{}\n{address}\n", open.article.headline());
        self.outbox.push(Effect::Copy(SafeText::new(&text)));
        self.notify("Copied headline and address");
    }

    /// Opens the article's file in the reader's editor.
    pub(super) fn edit_file(&mut self) {
        let Some(open) = self.reading.open() else { return };
        if open.origin == Origin::File {
            self.outbox.push(Effect::Edit(open.path.clone()));
        } else {
            self.notify("This article has no file to edit");
        }
    }

    pub(super) fn ask_pipe_command(&mut self) {
        if self.reading.open().is_some() {
            self.overlay = Some(Overlay::Prompt(Prompt::pipe()));
        }
    }
}
