//! Markdown, with YAML front matter or as a section of a longer document.

use std::io::{self, Write};

use super::fields::{link_details, marks_line, shown_address};
use super::json::EnclosureJson;
use crate::article::{Article, BlockKind, Part, SpanStyle};
use crate::marks::ArticleMarks;
use crate::text::{clean, to_json};

/// The style of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkStyle {
    /// By number, with a list of definitions at the end.
    Reference,
    /// With the address inline.
    Inline,
}

/// Writes an article with front matter. Reading it back yields the same parts and links.
pub fn write_markdown(article: &Article, marked: &ArticleMarks, out: &mut impl Write) -> io::Result<()> {
    // JSON strings are valid YAML.
    writeln!(out, "---\ntitle: {}", to_json(article.headline())?)?;
    if let Some(published) = article.published {
        writeln!(out, "date: {published}")?;
    }
    let url = article.url.as_deref().map(shown_address).unwrap_or_default();
    for (name, value) in [
        ("section", article.section.as_str()),
        ("description", article.standfirst()),
        ("author", article.byline()),
        ("url", &url),
    ] {
        if !value.is_empty() {
            writeln!(out, "{name}: {}", to_json(value)?)?;
        }
    }
    let sources: Vec<&str> = article.sources().collect();
    if !sources.is_empty() {
        writeln!(out, "sources: {}", to_json(&sources)?)?;
    }
    if !article.enclosures.is_empty() {
        writeln!(out, "enclosures: {}", to_json(&EnclosureJson::all(article))?)?;
    }
    for (name, is_set) in [("starred", marked.is_starred()), ("read", marked.is_read())] {
        if is_set {
            writeln!(out, "{name}: true")?;
        }
    }
    let tags: Vec<&str> = marked.tags().iter().map(|tag| tag.as_str()).collect();
    if !tags.is_empty() {
        writeln!(out, "tags: {}", to_json(&tags)?)?;
    }
    if !marked.note().is_empty() {
        writeln!(out, "note: {}", to_json(&*clean(marked.note()))?)?;
    }
    writeln!(out, "---\n")?;
    write_body(article, LinkStyle::Reference, out)?;
    for (number, link) in article.links.iter().enumerate() {
        writeln!(out, "[{}]: <{}>", number + 1, destination(link))?;
    }
    Ok(())
}

/// Writes one of several articles as a section with its own heading.
pub(super) fn write_section(article: &Article, marked: &ArticleMarks, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "## {}\n", escaped(article.headline()))?;
    let date = article.published.map(|published| published.day().to_string()).unwrap_or_default();
    let sources = article.sources().collect::<Vec<_>>().join(", ");
    let beside: Vec<String> = [&date, article.section.as_str(), article.byline(), &sources, &marks_line(marked)]
        .map(escaped)
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    if !beside.is_empty() {
        writeln!(out, "{}\n", beside.join(" · "))?;
    }
    if let Some(url) = &article.url {
        writeln!(out, "<{}>\n", destination(url))?;
    }
    if !article.standfirst().is_empty() {
        writeln!(out, "**{}**\n", escaped(article.standfirst()))?;
    }
    write_body(article, LinkStyle::Inline, out)?;
    if !article.links.is_empty() {
        writeln!(out, "**Links**\n")?;
        for (number, link) in article.links.iter().enumerate() {
            let details = link_details(&article.enclosures, link);
            writeln!(out, "{}. <{}>{}", number + 1, destination(link), escaped(&details))?;
        }
        writeln!(out)?;
    }
    if !marked.note().is_empty() {
        writeln!(out, "**Note**\n")?;
        for line in clean(marked.note()).lines() {
            writeln!(out, "{}", format!("> {}", escaped(line)).trim_end())?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_body(article: &Article, links: LinkStyle, out: &mut impl Write) -> io::Result<()> {
    for (caption, credit) in article.captions() {
        let credit = credit.map_or_else(String::new, |credit| format!(" ({})", escaped(credit)));
        writeln!(out, "*{}*{credit}\n", escaped(caption))?;
    }
    for (kind, part) in article.body() {
        let text = || linked(article, part, links);
        match kind {
            BlockKind::Paragraph => writeln!(out, "{}\n", text())?,
            BlockKind::Crosshead => writeln!(out, "## {}\n", text())?,
            BlockKind::Quote => writeln!(out, "> {}\n", text())?,
            BlockKind::ListEntry { depth, number } => {
                let marker = number.map_or_else(|| "-".to_owned(), |number| format!("{number}."));
                writeln!(out, "{}{marker} {}\n", "    ".repeat(usize::from(depth)), text())?;
            }
            BlockKind::Code => {
                // The fence must be longer than any run of backticks inside.
                let longest = part.text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
                let fence = "`".repeat(longest.max(2) + 1);
                writeln!(out, "{fence}\n{}\n{fence}\n", part.text)?;
            }
            BlockKind::TableRow => writeln!(out, "| {} |\n", escaped(&part.text).replace('│', "|"))?,
            BlockKind::Rule => writeln!(out, "---\n")?,
        }
    }
    Ok(())
}

/// Returns the text of a part with its links.
fn linked(article: &Article, part: &Part, style: LinkStyle) -> String {
    let (mut out, mut at) = (String::new(), 0);
    for span in &part.spans {
        let SpanStyle::Link(number) = span.style else { continue };
        let (start, end) = (span.start as usize, span.end as usize);
        let link = article.links.get(usize::from(number));
        let (Some(link), Some(before), Some(inside)) = (link, part.text.get(at..start), part.text.get(start..end))
        else {
            continue;
        };
        if inside.trim().is_empty() {
            continue;
        }
        let begins_block = at == 0 && before.is_empty();
        out.push_str(&if at == 0 { escaped(before) } else { escaped_inside(before) });
        let inside = if begins_block { escaped(inside) } else { escaped_inside(inside) };
        out.push_str(&match style {
            LinkStyle::Reference => format!("[{inside}][{}]", number + 1),
            LinkStyle::Inline => format!("[{inside}](<{}>)", destination(link)),
        });
        at = end;
    }
    let rest = part.text.get(at..).unwrap_or("");
    out.push_str(&if at == 0 { escaped(rest) } else { escaped_inside(rest) });
    out
}

/// Escapes an address for use between `<` and `>`.
fn destination(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for c in shown_address(address).chars() {
        match c {
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '\\' => out.push_str("%5C"),
            ' ' => out.push_str("%20"),
            c => out.push(c),
        }
    }
    out
}

/// Escapes text so that nothing in it is Markdown; it may start a block.
pub fn escaped(text: &str) -> String {
    let mut out = escaped_inside(text);
    if text.starts_with(['+', '-', '=', '~']) {
        out.insert(0, '\\');
    }
    // `1.` or `1)` at the start would begin a list.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && matches!(text.as_bytes().get(digits), Some(b'.' | b')')) {
        out.insert(digits, '\\');
    }
    out
}

/// Escapes text so that nothing in it is Markdown; it does not start a block.
fn escaped_inside(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{ArticleId, Role, Span};
    use crate::text::SafeText;

    fn article(text: &str, spans: Vec<Span>) -> Article {
        Article {
            id: ArticleId(1),
            format: "wire",
            published: None,
            section: SafeText::default(),
            url: None,
            parts: vec![Part { role: Role::Body(BlockKind::Paragraph), text: SafeText::new(text), spans }],
            links: vec![SafeText::new("https://a.example/b c>")],
            enclosures: Vec::new(),
            words: 1,
        }
    }

    #[test]
    fn links_are_numbered_or_inline() {
        let span = |start, end| Span { start, end, style: SpanStyle::Link(0) };
        let article = article("- see [here] now", vec![span(6, 12)]);
        let text = |style| linked(&article, &article.parts[0], style);
        assert_eq!(text(LinkStyle::Reference), "\\- see [\\[here\\]][1] now");
        assert_eq!(text(LinkStyle::Inline), "\\- see [\\[here\\]](<https://a.example/b%20c%3E>) now");
    }

    #[test]
    fn escaped_text_does_not_start_a_list() {
        assert_eq!(escaped("1. One + 2. two"), "1\\. One + 2. two");
        assert_eq!(escaped("+1 a_b"), "\\+1 a\\_b");
    }
}
