//! `newsdesk feed parse`: what a feed says, as it was understood.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::article::Problem;
use crate::article::Published;
use crate::cli::{NOTHING, WRONG, complain, named};
use crate::formats::{
    Feed, FeedCategory, FeedDate, FeedEntry, FeedLink, FeedMeta, FeedOptions, FeedPerson, FeedText, parse_feed,
};
use crate::render::shown_address;
use crate::text::{clean, to_json};

#[derive(Debug, Args)]
pub(crate) struct Parse {
    /// Files with a feed each; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ParseFormat,
    /// The address that relative ones in the feed are relative to
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// The Content-Type that the feed was sent with
    #[arg(long, value_name = "HEADER")]
    content_type: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ParseFormat {
    /// For people
    Text,
    /// One JSON object a feed, each on a line
    Json,
}

pub(super) fn carry_out(parse: &Parse, out: &mut impl Write) -> io::Result<ExitCode> {
    let options = FeedOptions { base: parse.base.as_deref(), content_type: parse.content_type.as_deref() };
    let (mut understood, mut refused, mut flawed) = (0, 0, 0);
    for path in &parse.files {
        let feed = parse_feed(&bytes(path)?, &options);
        match (&feed, parse.format) {
            (Ok(feed), ParseFormat::Text) => print_text(feed, out)?,
            (Ok(feed), ParseFormat::Json) => writeln!(out, "{}", to_json(&of_feed(path, feed))?)?,
            (Err(refusal), ParseFormat::Json) => {
                let told = json!({ "file": path.to_string_lossy(), "ok": false, "error": refusal.to_string() });
                writeln!(out, "{}", to_json(&told)?)?;
            }
            (Err(_), ParseFormat::Text) => {}
        }
        match feed {
            Ok(feed) => {
                understood += 1;
                flawed += usize::from(!feed.flaws.is_empty());
                feed.flaws.into_iter().for_each(|flaw| complain(&Problem::flaw(path.clone(), flaw).to_string()));
            }
            Err(refusal) => {
                refused += 1;
                complain(&Problem::refused(path.clone(), &refusal).to_string());
            }
        }
    }
    Ok(match (understood, refused + flawed) {
        (0, _) => WRONG.into(),
        (_, 0) => ExitCode::SUCCESS,
        (_, _) => NOTHING.into(),
    })
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| named(path, &error))
}

fn print_text(feed: &Feed, out: &mut impl Write) -> io::Result<()> {
    let mut line = |name: &str, text: &str| -> io::Result<()> {
        if text.trim().is_empty() {
            return Ok(());
        }
        writeln!(out, "{name:<12}{}", clean(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    let text = |text: &Option<FeedText>| text.as_ref().map(|text| text.plain().into_owned()).unwrap_or_default();
    line("Feed", &text(&feed.head.title))?;
    line("Version", feed.version.name())?;
    line("Encoding", &feed.encoding)?;
    line("Link", &shown_address(feed.head.link.as_deref().unwrap_or("")))?;
    line("About", &text(&feed.description))?;
    line("Language", feed.head.language.as_deref().unwrap_or(""))?;
    line("By", &names(&feed.head.authors))?;
    line("Updated", &when([&feed.head.updated, &feed.head.published]))?;
    line("Rights", &text(&feed.head.rights))?;
    line("Entries", &feed.entries.len().to_string())?;
    for entry in &feed.entries {
        writeln!(out)?;
        let mut line = |name: &str, text: &str| -> io::Result<()> {
            if text.trim().is_empty() {
                return Ok(());
            }
            writeln!(out, "  {name:<10}{}", clean(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
        };
        line("Title", &text(&entry.head.title))?;
        line("Date", &when([&entry.head.published, &entry.head.updated]))?;
        line("By", &names(&entry.head.authors))?;
        line("Link", &shown_address(entry.head.link.as_deref().unwrap_or("")))?;
        let categories: Vec<&str> = entry.head.categories.iter().map(|category| category.term.as_str()).collect();
        line("Section", &categories.join(", "))?;
        line("Summary", &text(&entry.summary))?;
        entry.content.iter().try_for_each(|content| line("Content", &content.plain()))?;
        entry.enclosures.iter().try_for_each(|enclosure| line("Enclosed", &shown_address(&enclosure.href)))?;
    }
    writeln!(out)
}

fn names(people: &[FeedPerson]) -> String {
    people.iter().map(FeedPerson::display_name).collect::<Vec<_>>().join(", ")
}

/// The first of these moments that is one.
fn when<const N: usize>(dates: [&Option<FeedDate>; N]) -> String {
    let moment = dates.into_iter().find_map(|date| date.as_ref()?.moment);
    moment.map(|moment| moment.to_string()).unwrap_or_default()
}

fn of_feed(path: &Path, feed: &Feed) -> Value {
    json!({
        "file": path.to_string_lossy(),
        "ok": true,
        "bozo": !feed.flaws.is_empty(),
        "encoding": feed.encoding,
        "version": feed.version.name(),
        "feed": of_about(feed),
        "entries": feed.entries.iter().map(of_entry).collect::<Vec<_>>(),
    })
}

/// What a feed says of itself.
fn of_about(feed: &Feed) -> Map<String, Value> {
    let mut head = of_head(&feed.head);
    put_text(&mut head, "description", feed.description.as_ref());
    put_text(&mut head, "info", feed.info.as_ref());
    if let Some(generator) = &feed.generator {
        let (name, href, version) = (&generator.name, &generator.href, &generator.version);
        head.insert("generator".to_owned(), json!({ "name": name, "href": href, "version": version }));
    }
    put(&mut head, "icon", feed.icon.as_deref());
    put(&mut head, "logo", feed.logo.as_deref());
    put(&mut head, "ttl", feed.ttl.as_deref());
    put(&mut head, "docs", feed.docs.as_deref());
    head
}

fn of_entry(entry: &FeedEntry) -> Value {
    let mut head = of_head(&entry.head);
    put_text(&mut head, "summary", entry.summary.as_ref().or(entry.content.first()));
    put_text(&mut head, "subtitle", entry.subtitle.as_ref());
    head.insert("content".to_owned(), entry.content.iter().map(|content| json!(content.value)).collect());
    head.insert("enclosures".to_owned(), entry.enclosures.iter().map(of_link).collect());
    if let Some(source) = &entry.source {
        let mut about = of_about(source);
        put(&mut about, "href", source.head.link.as_deref());
        head.insert("source".to_owned(), Value::Object(about));
    }
    Value::Object(head)
}

fn of_head(head: &FeedMeta) -> Map<String, Value> {
    let mut fields = Map::new();
    put_text(&mut fields, "title", head.title.as_ref());
    put(&mut fields, "link", head.link.as_deref());
    put(&mut fields, "id", head.id.as_deref());
    put(&mut fields, "language", head.language.as_deref());
    put(&mut fields, "comments", head.comments.as_deref());
    put(&mut fields, "license", head.license.as_deref());
    put_text(&mut fields, "rights", head.rights.as_ref());
    let dates = [
        ("published", &head.published),
        ("updated", &head.updated),
        ("created", &head.created),
        ("expired", &head.expired),
    ];
    for (name, date) in dates {
        let Some(date) = date else { continue };
        put(&mut fields, &format!("{name}_raw"), Some(&date.raw));
        put(&mut fields, name, date.moment.map(in_utc).as_deref());
    }
    let people = |people: &[FeedPerson]| people.iter().map(of_person).collect::<Vec<_>>();
    if let Some(author) = head.authors.last() {
        fields.insert("author".to_owned(), of_person(author));
    }
    fields.insert("authors".to_owned(), people(&head.authors).into());
    fields.insert("contributors".to_owned(), people(&head.contributors).into());
    if let Some(publisher) = &head.publisher {
        fields.insert("publisher".to_owned(), of_person(publisher));
    }
    if let Some(image) = &head.image {
        let (href, title, link, description) = (&image.href, &image.title, &image.link, &image.description);
        let (width, height) = (&image.width, &image.height);
        let image = json!({
            "href": href, "title": title, "link": link, "description": description, "width": width, "height": height,
        });
        fields.insert("image".to_owned(), image);
    }
    fields.insert("categories".to_owned(), head.categories.iter().map(of_category).collect());
    fields.insert("links".to_owned(), head.links.iter().map(of_link).collect());
    fields
}

fn of_person(person: &FeedPerson) -> Value {
    json!({ "value": person.text, "name": person.name, "email": person.email, "href": person.href })
}

fn of_category(category: &FeedCategory) -> Value {
    json!({ "term": category.term, "scheme": category.scheme, "label": category.label })
}

fn of_link(link: &FeedLink) -> Value {
    json!({
        "href": link.href, "rel": link.rel, "type": link.media_type, "title": link.title, "hreflang": link.language,
        "length": link.length,
    })
}

fn put(fields: &mut Map<String, Value>, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        fields.insert(name.to_owned(), json!(text));
    }
}

fn put_text(fields: &mut Map<String, Value>, name: &str, text: Option<&FeedText>) {
    put(fields, name, text.map(|text| text.value.as_str()));
}

/// A moment as `2023-09-27T19:10:00Z`; a day as its midnight.
fn in_utc(moment: Published) -> String {
    let utc = chrono::DateTime::from_timestamp(moment.seconds(), 0).unwrap_or_default();
    utc.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
