//! OPML 2.0, the exchange format for subscriptions (<http://opml.org/spec2.opml>).
//!
//! Folders are tags: a feed in the folder `Rust` of the folder `Tech` has the tag `Tech/Rust`. A `/` in the name of a
//! folder becomes `∕` (U+2215). On export, a tag becomes nested folders. A feed with several tags is in the folder of
//! the first; the others are in its `category`, as OPML defines it.

mod repair;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader};

use super::{Credentials, MAX_FEEDS, MAX_TAGS, Subscription, add_tag};
use crate::text::changes;

/// The replacement for a `/` in the name of a folder.
const SLASH: &str = "\u{2215}";

/// The namespace of attributes of this program.
const NAMESPACE: &str = "urn:newsdesk:opml";

/// Maximum nesting depth of folders.
const MAX_DEPTH: usize = 64;

/// Limits repeated searches for missing ends of outlines, in multiples of the length of the text.
const REPARSE_FACTOR: usize = 16;

/// The content of an OPML file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opml {
    /// The feeds, each once, in the order of the file.
    pub subscriptions: Vec<Subscription>,
    /// The problems: line, cause and consequence.
    pub problems: Vec<(u32, String, String)>,
}

/// Parses OPML as far as possible. Returns `None` if the text is not OPML.
pub fn read(text: &str) -> Option<Opml> {
    let text = &*repair::escape_inner_quotes(text);
    let mut found = ParsedOpml { lines: Lines::new(text), ..ParsedOpml::default() };
    // The start of the text that is being parsed: after an error, the next outline.
    let mut start = 0;
    let mut reader = tolerant_reader(text);
    let mut is_opml = false;
    // Whether each open outline is a folder.
    let mut open: Vec<bool> = Vec::new();
    let mut reparse_budget = text.len().saturating_mul(REPARSE_FACTOR).saturating_add(1 << 20);
    loop {
        let at = start + usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX - start);
        match reader.read_event() {
            Ok(Event::Start(tag)) if is_named(&tag, "outline") => {
                is_opml = true;
                let is_folder = found.outline(&tag, at);
                open.push(is_folder);
            }
            Ok(Event::Empty(tag)) if is_named(&tag, "outline") => {
                is_opml = true;
                if found.outline(&tag, at) {
                    found.folders.pop();
                }
            }
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                is_opml |= is_named(&tag, "opml");
                let ours = |(name, value): &(String, String)| name == "xmlns:newsdesk" && value == NAMESPACE;
                found.is_ours |= attributes(&tag).iter().any(ours);
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                if open.pop() == Some(true) {
                    found.folders.pop();
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                let cause = format!("the file is not well-formed: {error}");
                found.problem(at, cause, "this entry is left out");
                if matches!(error, Error::Syntax(_)) {
                    // The parser searched for the end up to the end of the text.
                    reparse_budget = reparse_budget.saturating_sub(text.len().saturating_sub(at));
                    if reparse_budget == 0 {
                        found.problem(at, "too many entries are not closed".to_owned(), "the rest is left out");
                        break;
                    }
                }
                let rest = text.get(at..).and_then(|rest| Some((rest, next_outline(rest)?)));
                let Some((rest, next)) = rest else { break };
                start = at + next;
                reader = tolerant_reader(rest.get(next..).unwrap_or(""));
            }
        }
    }
    is_opml.then_some(found.opml)
}

/// Creates a tolerant parser.
fn tolerant_reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    reader
}

/// Returns the position of the next outline after the one at the start of the text.
fn next_outline(text: &str) -> Option<usize> {
    let starts = memchr::memchr_iter(b'<', text.as_bytes()).skip(1);
    let is_outline = |at: &usize| {
        let name = text.as_bytes().get(at + 1..at + 8);
        name.is_some_and(|name| name.eq_ignore_ascii_case(b"outline"))
    };
    starts.into_iter().find(is_outline)
}

fn is_named(tag: &BytesStart<'_>, name: &str) -> bool {
    tag.local_name().as_ref().eq_ignore_ascii_case(name)
}

/// The parsed content.
#[derive(Default)]
struct ParsedOpml<'t> {
    opml: Opml,
    /// Whether this program wrote the file, so that it distinguishes titles given by the user.
    is_ours: bool,
    /// Whether a feed was left out because there are too many.
    is_full: bool,
    /// The open folders.
    folders: Vec<String>,
    positions: HashMap<String, usize>,
    lines: Lines<'t>,
}

impl ParsedOpml<'_> {
    fn problem(&mut self, at: usize, cause: String, consequence: &str) {
        let line = self.lines.line(at);
        self.opml.problems.push((line, cause, consequence.to_owned()));
    }

    /// Adds an outline. Returns whether it is a folder, which is then open.
    fn outline(&mut self, tag: &BytesStart<'_>, at: usize) -> bool {
        let attributes = attributes(tag);
        let get = |wanted: &str| {
            let found = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
        };
        let (text, title) = (get("text"), get("title"));
        let Some(url) = get("xmlUrl") else {
            let name = super::short_tag(text.or(title).unwrap_or("")).replace('/', SLASH);
            if self.folders.len() < MAX_DEPTH {
                self.folders.push(name);
                return true;
            }
            return false;
        };
        let Some(url) = super::feed_address(url) else {
            // The address may hold a command line with a password, so it is not quoted.
            let kind = url.split(':').next().filter(|_| url.contains(':')).unwrap_or("a file");
            let cause = format!("\"{}\" addresses cannot be fetched", kind.trim());
            self.problem(at, cause, "the feed is left out");
            return false;
        };
        if self.opml.subscriptions.len() >= MAX_FEEDS && !self.positions.contains_key(&Credentials::split(&url).0) {
            if !self.is_full {
                self.is_full = true;
                self.problem(at, format!("the file has more than {MAX_FEEDS} feeds"), "the others are left out");
            }
            return false;
        }
        let own = get("newsdesk:ownTitle");
        // A title that occurs twice, or alone, may be the feed's or the user's. The first fetch of the feed decides.
        let called =
            text.or(title).filter(|name| !self.is_ours && title.is_none_or(|title| title == *name) && *name != url);
        let number = |name: &str| get(name).and_then(|text| text.parse().ok());
        let mut subscription = Subscription {
            title: title.or(text.filter(|_| own.is_none())).filter(|title| *title != url).unwrap_or("").to_owned(),
            own_title: own
                .or(called)
                .or(text.filter(|text| title.is_some_and(|title| title != *text)))
                .map(str::to_owned),
            page: get("htmlUrl").map(str::to_owned),
            description: get("description").map(str::to_owned),
            full_text: get("newsdesk:fullText") == Some("true"),
            keep_count: number("newsdesk:keepCount"),
            keep_days: number("newsdesk:keepDays"),
            ..Subscription::new(url)
        };
        let all = get("newsdesk:tags").and_then(|tags| serde_json::from_str::<Vec<String>>(tags).ok());
        let folder = self.folders.iter().filter(|name| !name.is_empty()).map(String::as_str).collect::<Vec<_>>();
        let categories = get("category").unwrap_or("").split(',').map(|tag| tag.trim().trim_start_matches('/'));
        let tags = all.unwrap_or_else(|| {
            std::iter::once(folder.join("/"))
                .chain(categories.map(str::to_owned))
                .filter(|tag| !tag.is_empty())
                .collect()
        });
        let mut surplus = 0;
        let known = self.positions.get(&subscription.url).and_then(|place| self.opml.subscriptions.get_mut(*place));
        let own = known.map_or(&mut subscription.tags, |known| &mut known.tags);
        for tag in tags {
            surplus += usize::from(!add_tag(own, &tag));
        }
        if surplus > 0 {
            self.problem(at, format!("the feed has more than {MAX_TAGS} tags"), "the others are left out");
        }
        let is_known = |name: &str| {
            const KNOWN: [&str; 6] = ["text", "title", "xmlUrl", "htmlUrl", "description", "category"];
            KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name)) || name.starts_with("newsdesk:")
        };
        let others = attributes.iter().filter(|(name, _)| !is_known(name) && !name.starts_with("xmlns"));
        subscription.extra = others.filter(|(name, value)| is_name(name) && !value.is_empty()).cloned().collect();
        // Every feed has this attribute.
        subscription.extra.retain(|(name, value)| (name.as_str(), value.as_str()) != ("type", "rss"));
        if !self.positions.contains_key(&subscription.url) {
            self.positions.insert(subscription.url.clone(), self.opml.subscriptions.len());
            self.opml.subscriptions.push(subscription);
        }
        false
    }
}

/// Returns the attributes of a tag with resolved entities.
fn attributes(tag: &BytesStart<'_>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut known = HashSet::new();
    for attribute in tag.html_attributes().with_checks(false).flatten() {
        let name = attribute.key.as_ref().to_owned();
        if known.insert(name.clone()) {
            all.push((name, crate::formats::resolve_entities(&attribute.value)));
        }
    }
    all
}

/// Finds line numbers of ascending positions. Counts each part of the text once.
#[derive(Default)]
struct Lines<'t> {
    text: &'t str,
    at: usize,
    breaks: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Lines<'t> {
        Lines { text, ..Lines::default() }
    }

    /// Returns the line of the first character at or after `at` that is not white space, counted from 1.
    fn line(&mut self, at: usize) -> u32 {
        let bytes = self.text.as_bytes();
        let at = at.clamp(self.at, bytes.len());
        self.breaks += memchr::memchr_iter(b'\n', bytes.get(self.at..at).unwrap_or_default()).count();
        self.at = at;
        let rest = bytes.get(at..).unwrap_or_default();
        let more = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).filter(|byte| **byte == b'\n').count();
        u32::try_from(self.breaks + more + 1).unwrap_or(u32::MAX)
    }
}

/// An item of a folder.
enum Item<'s> {
    Feed(&'s Subscription),
    Folder(&'s str, OpmlFolder<'s>),
}

/// A folder, with the index of each folder in it by name.
#[derive(Default)]
struct OpmlFolder<'s> {
    items: Vec<Item<'s>>,
    folders: HashMap<&'s str, usize>,
}

impl<'s> OpmlFolder<'s> {
    /// Adds a feed to the folder at `path`, at the position of the first such folder.
    fn insert(&mut self, path: &'s str, subscription: &'s Subscription) {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        if name.is_empty() {
            self.items.push(Item::Feed(subscription));
            return;
        }
        let place = *self.folders.entry(name).or_insert_with(|| {
            self.items.push(Item::Folder(name, OpmlFolder::default()));
            self.items.len() - 1
        });
        if let Some(Item::Folder(_, inner)) = self.items.get_mut(place) {
            inner.insert(rest, subscription);
        }
    }
}

fn write_items(out: &mut String, folder: &OpmlFolder<'_>, depth: usize) {
    let indent = "  ".repeat(depth);
    for item in &folder.items {
        match item {
            Item::Feed(subscription) => {
                let _ = write!(out, "{indent}<outline");
                write_attributes(out, subscription);
                out.push_str("/>\n");
            }
            Item::Folder(name, inner) => {
                let name = escape(name);
                let _ = writeln!(out, "{indent}<outline text=\"{name}\" title=\"{name}\">");
                write_items(out, inner, depth + 1);
                let _ = writeln!(out, "{indent}</outline>");
            }
        }
    }
}

/// Returns whether a tag can be written as folders and be read back unchanged.
fn can_be_folder(tag: &str) -> bool {
    tag.split('/').all(|name| !name.is_empty() && name.trim() == name) && tag.split('/').count() < MAX_DEPTH
}

fn write_attributes(out: &mut String, subscription: &Subscription) {
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = write!(out, " {name}=\"{}\"", escape(value));
        }
    };
    put("text", subscription.name());
    put("title", &subscription.title);
    if subscription.extra.iter().all(|(name, _)| name != "type") {
        put("type", "rss");
    }
    put("xmlUrl", &subscription.url);
    put("htmlUrl", &Credentials::split(subscription.page.as_deref().unwrap_or("")).0);
    put("description", subscription.description.as_deref().unwrap_or(""));
    let in_folder = usize::from(subscription.tags.first().is_some_and(|tag| can_be_folder(tag)));
    let others: Vec<&str> = subscription.tags.iter().skip(in_folder).map(String::as_str).collect();
    put("category", &others.join(","));
    if others.iter().any(|tag| tag.contains(',') || tag.starts_with('/') || tag.trim() != *tag) {
        put("newsdesk:tags", &serde_json::to_string(&subscription.tags).unwrap_or_default());
    }
    if subscription.title.is_empty() || subscription.own_title.as_ref() == Some(&subscription.title) {
        put("newsdesk:ownTitle", subscription.own_title.as_deref().unwrap_or(""));
    }
    put("newsdesk:fullText", if subscription.full_text { "true" } else { "" });
    put("newsdesk:keepCount", &subscription.keep_count.map(|count| count.to_string()).unwrap_or_default());
    put("newsdesk:keepDays", &subscription.keep_days.map(|days| days.to_string()).unwrap_or_default());
    for (name, value) in subscription.extra.iter().filter(|(name, _)| is_name(name)) {
        put(name, value);
    }
}

/// Returns whether an attribute name is valid.
fn is_name(name: &str) -> bool {
    let may = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.');
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(may)
}

/// Writes subscriptions as OPML 2.0.
pub fn write(subscriptions: &[Subscription]) -> String {
    let mut items = OpmlFolder::default();
    for subscription in subscriptions {
        let folder = subscription.tags.first().filter(|tag| can_be_folder(tag));
        items.insert(folder.map_or("", String::as_str), subscription);
    }
    // Keep the prefixes of attributes of other programs.
    let names = subscriptions.iter().flat_map(|subscription| &subscription.extra).map(|(name, _)| name);
    let prefixes = names.filter(|name| is_name(name)).filter_map(|name| Some(name.split_once(':')?.0));
    let prefixes: BTreeSet<&str> = prefixes.filter(|prefix| !matches!(*prefix, "newsdesk" | "xml")).collect();
    let declared: String = prefixes.iter().map(|prefix| format!(" xmlns:{prefix}=\"urn:{prefix}\"")).collect();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\" xmlns:newsdesk=\"{NAMESPACE}\"{declared}>\n  \
         <head>\n    <title>Feeds of newsdesk</title>\n  </head>\n  <body>\n"
    );
    write_items(&mut out, &items, 2);
    out.push_str("  </body>\n</opml>\n");
    out
}

/// Escapes a text for an attribute. Characters that XML cannot represent are left out.
fn escape(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !matches!(c, '&' | '<' | '>' | '"') && (c >= ' ') && c != '\u{fffe}' && c != '\u{ffff}';
    let mut changed = changes(text).map(|(at, _)| at).peekable();
    if text.chars().all(plain) && changed.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        let is_changed = changed.next_if_eq(&at).is_some();
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => _ = write!(out, "&#{};", u32::from(c)),
            // Terminals would treat these characters as commands, so write them as numbers.
            c if is_changed && plain(c) => _ = write!(out, "&#x{:x};", u32::from(c)),
            c if plain(c) => out.push(c),
            _ => {}
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folders_become_tags_without_duplicates() {
        let text = "<?xml version='1.0'?>\n<OPML><body>\n<outline text='Tech'><outline text='Rust / C'>\n\
            <outline TYPE='rss' text='Mine' title='Theirs &amp; ours' XMLURL='https://a.example/f' version='RSS2'/>\n\
            </outline></outline>\n<outline title='Again' xmlUrl='https://a.example/f' category='/b/c, d'/>\n\
            <outline text='Local' xmlUrl='file:///etc/passwd'/><outline text='F' xmlUrl='feed://b.example/'/>\n</body></OPML>";
        let opml = read(text).unwrap();
        let [first, second] = opml.subscriptions.as_slice() else { panic!("{opml:?}") };
        assert_eq!((first.name(), first.title.as_str()), ("Mine", "Theirs & ours"));
        assert_eq!((second.own_title.as_deref(), second.title.as_str()), (Some("F"), "F"));
        assert_eq!(first.tags, ["Tech/Rust \u{2215} C", "b/c", "d"]);
        assert_eq!(first.extra, [("TYPE".to_owned(), "rss".to_owned()), ("version".to_owned(), "RSS2".to_owned())]);
        assert_eq!(second.url, "http://b.example/");
        assert_eq!(opml.problems.len(), 1);
        assert_eq!(opml.problems[0].0, 7, "{:?}", opml.problems);
    }

    #[test]
    fn broken_documents_are_read_as_far_as_possible() {
        let text = "<opml><body><outline text='A &nbsp; B' xmlUrl='https://a.example/'></body><outline text='C'\n\
            xmlUrl=https://c.example/ ></opml></outline><outline xmlUrl='https://d.example/'";
        let opml = read(text).unwrap();
        let urls: Vec<&str> = opml.subscriptions.iter().map(|feed| feed.url.as_str()).collect();
        assert_eq!(urls, ["https://a.example/", "https://c.example/"]);
        assert_eq!(opml.problems.len(), 1, "{:?}", opml.problems);
        let quoted = "<opml>\n<outline text=\"a \"b' c\" xmlUrl=\"https://e.example/\n<outline\n\
            xmlUrl=\"https://f.example/\"/>\n<outline xmlUrl=\"https://g.example/\"/></opml>";
        let opml = read(quoted).unwrap();
        assert!(opml.subscriptions.iter().any(|feed| feed.url == "https://g.example/"), "{opml:?}");
        assert_eq!(read("no xml at all"), None);
        assert_eq!(read("<rss><channel/></rss>"), None);
    }

    #[test]
    fn quotation_marks_inside_values_are_preserved() {
        let text = "<opml><outline text=\"The \"Best\" of it's\" title='The \"Best\" of it's' \
            description=\"calls it \"the world's best,\" and more: \"a > b\"\"\nxmlUrl=\"https://a.example/?q=1\" x='1'/>\
            <outline text=\"B\"xmlUrl=\"https://b.example/\"/></opml>";
        let opml = read(text).unwrap();
        assert_eq!(opml.problems, []);
        let [a, b] = opml.subscriptions.as_slice() else { panic!("{opml:?}") };
        assert_eq!((a.name(), a.title.as_str()), ("The \"Best\" of it's", "The \"Best\" of it's"));
        assert_eq!(a.description.as_deref(), Some("calls it \"the world's best,\" and more: \"a > b\""));
        assert_eq!((a.url.as_str(), a.extra.len()), ("https://a.example/?q=1", 1));
        assert_eq!((b.name(), b.url.as_str()), ("B", "https://b.example/"));
    }

    /// Once for each mistake the lines before it were counted, and once for each attribute all others were compared.
    #[test]
    fn opml_errors_and_attributes_take_linear_time() {
        let wrong = "\n<outline xmlUrl=\"x\"/>".repeat(50_000);
        let attributes: String = (0..50_000).map(|number| format!(" a{number}=\"x\"")).collect();
        let text = format!("<opml><body>{wrong}<outline xmlUrl=\"https://example.org/\"{attributes}/></body></opml>");
        let start = std::time::Instant::now();
        let found = read(&text).unwrap();
        assert_eq!((found.problems.len(), found.problems[49_999].0), (50_000, 50_001));
        assert_eq!(found.subscriptions[0].extra.len(), 50_000);
        let endless = format!("<opml>{}", "<outline text=\"a\"".repeat(100_000));
        assert_eq!(read(&endless).unwrap().problems.last().unwrap().2, "the rest is left out");
        // It takes a twentieth of a second; comparing all with all took minutes.
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    }

    fn text() -> impl Strategy<Value = String> {
        "[a-zé<>&\"'/,;\n\u{1F600}]([a-z <>&\"'/,;#é]{0,8}[a-z<&\"/,;])?"
    }

    prop_compose! {
        fn subscription()(
            host in "[a-z]{1,8}", title in text(), own in proptest::option::of(text()), has_title: bool,
            page in proptest::option::of(text()), description in proptest::option::of(text()),
            tags in proptest::collection::btree_set(text(), 0..4), full_text: bool,
            keep_count in proptest::option::of(1..1000_u32), keep_days in proptest::option::of(1..1000_u32),
            extra in proptest::collection::btree_map("x[a-z]{0,6}(:[a-z]{1,4})?", text(), 0..3),
        ) -> Subscription {
            let trimmed = |text: String| text.trim().to_owned();
            let title = if has_title { trimmed(title) } else { String::new() };
            let own = own.map(trimmed).filter(|own| !own.is_empty());
            let non_empty = |text: Option<String>| text.map(trimmed).filter(|text| !text.is_empty());
            Subscription {
                url: format!("https://{host}.example/a?b&c"),
                own_title: own,
                title,
                page: non_empty(page),
                description: non_empty(description),
                tags: tags.into_iter().collect(),
                full_text,
                keep_count,
                keep_days,
                extra: extra.into_iter().map(|(name, value)| (name, trimmed(value))).filter(|(_, value)| !value.is_empty()).collect(),
                login: None,
            }
        }
    }

    proptest! {
        #[test]
        fn opml_round_trips(all in proptest::collection::vec(subscription(), 0..6)) {
            let mut all = all;
            let mut seen = std::collections::HashSet::new();
            all.retain(|feed| seen.insert(feed.url.clone()));
            let opml = read(&write(&all)).unwrap();
            prop_assert_eq!(&opml.problems, &[]);
            // Feeds of one folder come together.
            let mut read_back = opml.subscriptions.clone();
            read_back.sort_by(|a, b| a.url.cmp(&b.url));
            all.sort_by(|a, b| a.url.cmp(&b.url));
            prop_assert_eq!(read_back, all);
            let again = read(&write(&opml.subscriptions)).unwrap();
            prop_assert_eq!(again.subscriptions, opml.subscriptions);
        }
    }
}
