//! Plain text: typeset as in the reading pane, or one line per paragraph.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::fields::{link_details, marks_line, shown_address};
use crate::article::Article;
use crate::marks::ArticleMarks;
use crate::render::typeset::{Annotation, PageLine, TypesetOptions, typeset};
use crate::text::clean;

/// Writes an article as the reading pane shows it, with its links and marks. `style` may colour a line.
pub fn write_text(
    article: &Article,
    marked: &ArticleMarks,
    setting: TypesetOptions,
    style: &dyn Fn(&PageLine, String) -> String,
    out: &mut impl Write,
) -> io::Result<()> {
    let (tags, note) = (marks_line(marked), clean(marked.note()));
    for line in typeset(article, Annotation { tags: &tags, note: &note, more: "" }, setting).lines() {
        writeln!(out, "{}", style(line, line.text(article)).trim_end())?;
    }
    Ok(())
}

/// Returns an article as text without line breaks in paragraphs, with its links and marks, for the clipboard and for
/// commands.
pub fn plain_text(article: &Article, marked: &ArticleMarks) -> String {
    let mut text = article.to_text();
    if let Some(url) = &article.url {
        let _ = writeln!(text, "{}", shown_address(url));
    }
    for (number, link) in article.links.iter().enumerate() {
        let details = link_details(&article.enclosures, link);
        let _ = writeln!(text, "[{}] {}{details}", number + 1, shown_address(link));
    }
    let (marks, note) = (marks_line(marked), clean(marked.note()));
    for (name, value) in [("Marks", marks.as_str()), ("Note", note.as_ref())] {
        if !value.is_empty() {
            let _ = writeln!(text, "\n{name}: {value}");
        }
    }
    text
}
