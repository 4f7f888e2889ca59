//! `newsdesk feed parse`: the contents of feed files.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::article::{Problem, Published};
use crate::cli::args::{EXIT_ERROR, EXIT_NO_MATCH};
use crate::cli::output::print_error;
use crate::cli::user_files::with_path;
use crate::formats::{
    Feed, FeedCategory, FeedDate, FeedEntry, FeedLink, FeedMeta, FeedOptions, FeedPerson, FeedText, parse_feed,
};
use crate::render::shown_address;
use crate::text::{clean, to_json};

/// Print the contents of feed files
#[derive(Debug, clap::Args)]
pub(crate) struct ParseArgs {
    /// Feed files; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ParseFormat,
    /// Base URL of relative links
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// Content-Type header that the feed was sent with
    #[arg(long, value_name = "HEADER")]
    content_type: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ParseFormat {
    /// Text
    Text,
    /// One JSON object a line for each feed
    Json,
}

pub(super) fn run(args: &ParseArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let options = FeedOptions { base: args.base.as_deref(), content_type: args.content_type.as_deref() };
    let (mut parsed, mut failed, mut with_warnings) = (0, 0, 0);
    for path in &args.files {
        let feed = parse_feed(&read_file(path)?, &options);
        match (&feed, args.format) {
            (Ok(feed), ParseFormat::Text) => print_text(feed, out)?,
            (Ok(feed), ParseFormat::Json) => writeln!(out, "{}", to_json(&feed_json(path, feed))?)?,
            (Err(error), ParseFormat::Json) => {
                let object = json!({ "file": path.to_string_lossy(), "ok": false, "error": error.to_string() });
                writeln!(out, "{}", to_json(&object)?)?;
            }
            (Err(_), ParseFormat::Text) => {}
        }
        match feed {
            Ok(feed) => {
                parsed += 1;
                with_warnings += usize::from(!feed.warnings.is_empty());
                for warning in feed.warnings {
                    print_error(&Problem::warning(path.clone(), warning).to_string());
                }
            }
            Err(error) => {
                failed += 1;
                print_error(&Problem::refused(path.clone(), &error).to_string());
            }
        }
    }
    Ok(match (parsed, failed + with_warnings) {
        (0, _) => EXIT_ERROR.into(),
        (_, 0) => ExitCode::SUCCESS,
        (_, _) => EXIT_NO_MATCH.into(),
    })
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| with_path(path, &error))
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
        for content in &entry.content {
            line("Content", &content.plain())?;
        }
        for enclosure in &entry.enclosures {
            line("Enclosed", &shown_address(&enclosure.href))?;
        }
    }
    writeln!(out)
}

fn names(people: &[FeedPerson]) -> String {
    people.iter().map(FeedPerson::display_name).collect::<Vec<_>>().join(", ")
}

/// Returns the first valid date.
fn when<const N: usize>(dates: [&Option<FeedDate>; N]) -> String {
    let moment = dates.into_iter().find_map(|date| date.as_ref()?.moment);
    moment.map(|moment| moment.to_string()).unwrap_or_default()
}

fn feed_json(path: &Path, feed: &Feed) -> Value {
    json!({
        "file": path.to_string_lossy(),
        "ok": true,
        "bozo": !feed.warnings.is_empty(),
        "encoding": feed.encoding,
        "version": feed.version.name(),
        "feed": metadata_json(feed),
        "entries": feed.entries.iter().map(entry_json).collect::<Vec<_>>(),
    })
}

/// Returns the metadata of a feed.
fn metadata_json(feed: &Feed) -> Map<String, Value> {
    let mut head = head_json(&feed.head);
    insert_text(&mut head, "description", feed.description.as_ref());
    insert_text(&mut head, "info", feed.info.as_ref());
    if let Some(generator) = &feed.generator {
        let (name, href, version) = (&generator.name, &generator.href, &generator.version);
        head.insert("generator".to_owned(), json!({ "name": name, "href": href, "version": version }));
    }
    insert(&mut head, "icon", feed.icon.as_deref());
    insert(&mut head, "logo", feed.logo.as_deref());
    insert(&mut head, "ttl", feed.ttl.as_deref());
    insert(&mut head, "docs", feed.docs.as_deref());
    head
}

fn entry_json(entry: &FeedEntry) -> Value {
    let mut head = head_json(&entry.head);
    insert_text(&mut head, "summary", entry.summary.as_ref().or(entry.content.first()));
    insert_text(&mut head, "subtitle", entry.subtitle.as_ref());
    head.insert("content".to_owned(), entry.content.iter().map(|content| json!(content.value)).collect());
    head.insert("enclosures".to_owned(), entry.enclosures.iter().map(link_json).collect());
    if let Some(source) = &entry.source {
        let mut about = metadata_json(source);
        insert(&mut about, "href", source.head.link.as_deref());
        head.insert("source".to_owned(), Value::Object(about));
    }
    Value::Object(head)
}

fn head_json(head: &FeedMeta) -> Map<String, Value> {
    let mut fields = Map::new();
    insert_text(&mut fields, "title", head.title.as_ref());
    insert(&mut fields, "link", head.link.as_deref());
    insert(&mut fields, "id", head.id.as_deref());
    insert(&mut fields, "language", head.language.as_deref());
    insert(&mut fields, "comments", head.comments.as_deref());
    insert(&mut fields, "license", head.license.as_deref());
    insert_text(&mut fields, "rights", head.rights.as_ref());
    let dates = [
        ("published", &head.published),
        ("updated", &head.updated),
        ("created", &head.created),
        ("expired", &head.expired),
    ];
    for (name, date) in dates {
        let Some(date) = date else { continue };
        insert(&mut fields, &format!("{name}_raw"), Some(&date.raw));
        insert(&mut fields, name, date.moment.map(in_utc).as_deref());
    }
    let people = |people: &[FeedPerson]| people.iter().map(person_json).collect::<Vec<_>>();
    if let Some(author) = head.authors.last() {
        fields.insert("author".to_owned(), person_json(author));
    }
    fields.insert("authors".to_owned(), people(&head.authors).into());
    fields.insert("contributors".to_owned(), people(&head.contributors).into());
    if let Some(publisher) = &head.publisher {
        fields.insert("publisher".to_owned(), person_json(publisher));
    }
    if let Some(image) = &head.image {
        let (href, title, link, description) = (&image.href, &image.title, &image.link, &image.description);
        let (width, height) = (&image.width, &image.height);
        let image = json!({
            "href": href, "title": title, "link": link, "description": description, "width": width, "height": height,
        });
        fields.insert("image".to_owned(), image);
    }
    fields.insert("categories".to_owned(), head.categories.iter().map(category_json).collect());
    fields.insert("links".to_owned(), head.links.iter().map(link_json).collect());
    fields
}

fn person_json(person: &FeedPerson) -> Value {
    json!({ "value": person.text, "name": person.name, "email": person.email, "href": person.href })
}

fn category_json(category: &FeedCategory) -> Value {
    json!({ "term": category.term, "scheme": category.scheme, "label": category.label })
}

fn link_json(link: &FeedLink) -> Value {
    json!({
        "href": link.href, "rel": link.rel, "type": link.media_type, "title": link.title, "hreflang": link.language,
        "length": link.length,
    })
}

fn insert(fields: &mut Map<String, Value>, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        fields.insert(name.to_owned(), json!(text));
    }
}

fn insert_text(fields: &mut Map<String, Value>, name: &str, text: Option<&FeedText>) {
    insert(fields, name, text.map(|text| text.value.as_str()));
}

/// Formats a date and time as `2023-09-27T19:10:00Z`; a date alone as its midnight.
fn in_utc(moment: Published) -> String {
    let utc = chrono::DateTime::from_timestamp(moment.seconds(), 0).unwrap_or_default();
    utc.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
