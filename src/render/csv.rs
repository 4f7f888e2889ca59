//! CSV: one line per article, after a header line.

use std::io::{self, Write};

use super::fields::{link_details, shown_address, shown_place};
use crate::article::Role;
use crate::corpus::ArticleRef;
use crate::marks::ArticleMarks;

/// The names of the columns.
const NAMES: [&str; 11] =
    ["date", "section", "headline", "source", "path", "url", "starred", "read", "tags", "note", "links"];

/// Writes articles as CSV.
pub(super) struct CsvWriter<W: Write>(csv::Writer<W>);

impl<W: Write> CsvWriter<W> {
    /// Writes the header line.
    pub(super) fn new(out: W) -> io::Result<CsvWriter<W>> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(NAMES)?;
        Ok(CsvWriter(writer))
    }

    /// Writes one article.
    pub(super) fn write(&mut self, entry: ArticleRef<'_>, marked: &ArticleMarks) -> io::Result<()> {
        let article = entry.article();
        let url = article.url.as_ref().map(|url| shown_address(url).into_owned()).unwrap_or_default();
        let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let tags = marked.tags().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let link = |(number, link): (usize, &crate::text::SafeText)| {
            format!("[{}] {}{}", number + 1, shown_address(link), link_details(&article.enclosures, link))
        };
        let links = article.links.iter().enumerate().map(link).collect::<Vec<_>>().join(" ");
        let note = crate::text::clean(marked.note()).into_owned();
        let marks = [url, yes_or_no(marked.is_starred()), yes_or_no(marked.is_read()), tags, note, links];
        Ok(self.0.write_record(columns(entry).into_iter().chain(marks))?)
    }

    /// Flushes the output.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes articles as CSV with a header line.
pub fn write_csv<'a>(
    articles: impl Iterator<Item = (ArticleRef<'a>, &'a ArticleMarks)>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut writer = CsvWriter::new(out)?;
    for (entry, marked) in articles {
        writer.write(entry, marked)?;
    }
    writer.finish()
}

/// Returns date, section, headline, source and place, safe to print on one line.
pub fn columns(entry: ArticleRef<'_>) -> [String; 5] {
    let date = entry.published().map(|published| published.to_string()).unwrap_or_default();
    let sources = entry.texts(Role::Source).map(|source| source.to_string()).collect::<Vec<_>>().join(", ");
    [date, entry.section().to_owned(), entry.headline().to_string(), sources, shown_place(entry)]
}
