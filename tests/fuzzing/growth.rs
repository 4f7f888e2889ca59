//! Work and memory in proportion to the input. Parts of an input are repeated until it is four times as long; then it
//! may take about four times the memory and time, whatever repeats. The config is not read here: who writes one writes
//! it for themselves.
//!
//! An input of the target is a byte that names the reader, then pieces with 0xff between them. Every second piece is
//! repeated, all of them to equal lengths, so that products of two lengths show too. The byte 0xfe in a repeated piece
//! stands for a running number.

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use newsdesk::formats::{
    Budget, FORMATS, FeedOptions, FileHint, ParsedFile, decode, feed_articles, feeds_of_page, page_article, parse_feed,
};
use newsdesk::query::{Query, complete};
use newsdesk::render::typeset;
use newsdesk::subscriptions::{newsboat, opml};
use newsdesk::text::clean;
use newsdesk::text::fold::fold;

/// The length of the long input of the target; the short one has a quarter of it.
const LONG: usize = 48 << 10;

/// What takes less is not compared: it is noise.
const LEAST_TIME: Duration = Duration::from_millis(150);
const LEAST_BYTES: u64 = 2 << 20;

/// How many times more the long input may take. In proportion it is 4, with the square 16.
const MOST_TIME: f64 = 9.0;
const MOST_BYTES: f64 = 7.0;

/// How many bytes may be allocated at a time for each byte of an input, beside a constant number: twice the budget.
const MOST_FACTOR: u64 = 128;
const MOST_CONSTANT: u64 = 40 << 20;

/// A running number stands for this byte.
const NUMBER: u8 = 0xfe;

/// Panics if an input takes more than its length allows.
pub(super) fn check(input: &[u8]) {
    let Some((&reader, input)) = input.split_first() else { return };
    let mut pieces: Vec<Vec<u8>> = input.split(|&byte| byte == 0xff).map(<[u8]>::to_vec).collect();
    if pieces.len() == 1 {
        pieces.push(pieces[0].clone());
    }
    if pieces.iter().skip(1).step_by(2).any(Vec::is_empty) {
        return;
    }
    let case =
        Case { name: String::new(), reader: READERS[usize::from(reader) % READERS.len()], pieces, least_length: 0 };
    let growth = case.grow(LONG, true);
    assert!(growth.is_in_proportion(), "{}: {growth}", case.reader);
}

/// An input that can be made as long as wanted.
pub struct Case {
    /// What is repeated in it.
    pub name: String,
    /// What reads it.
    pub reader: &'static str,
    /// Pieces that are written once and pieces that are repeated, in turn.
    pieces: Vec<Vec<u8>>,
    /// The shortest long input at which growth is in proportion, because a limit of the program takes effect below it.
    pub least_length: usize,
}

/// What an input took that is four times as long as another.
#[derive(Clone, Copy)]
pub struct Growth {
    /// The length of the long input.
    pub length: usize,
    /// How much more was allocated at a time, and altogether; 1 if it is little.
    pub peak: f64,
    pub total: f64,
    /// How much more time it took; 1 if it is little or was not measured.
    pub time: f64,
    /// Bytes allocated at a time.
    pub bytes: u64,
    /// The time of the long input.
    pub took: Duration,
}

impl Growth {
    pub fn is_in_proportion(&self) -> bool {
        let most = MOST_CONSTANT + MOST_FACTOR * self.length as u64;
        self.peak <= MOST_BYTES && self.total <= MOST_BYTES && self.time <= MOST_TIME && self.bytes <= most
    }

    /// The largest of the ratios, each against its limit.
    pub fn worst(&self) -> f64 {
        (self.peak / MOST_BYTES).max(self.total / MOST_BYTES).max(self.time / MOST_TIME)
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Growth { length, peak, total, time, bytes, took } = self;
        let (kib, factor) = (bytes >> 10, *bytes as f64 / *length as f64);
        write!(
            f,
            "four times the input takes {peak:.1} times the memory ({total:.1} times the allocations), {time:.1} times "
        )?;
        write!(f, "the time; {length} bytes take {kib} KiB ({factor:.0} a byte) and {} ms", took.as_millis())
    }
}

impl Case {
    fn text(&self, length: usize) -> Vec<u8> {
        let repeated = self.pieces.len() / 2;
        let share = length / repeated.max(1);
        let mut text = Vec::with_capacity(length + 1_024);
        let mut number = 0_usize;
        for (at, piece) in self.pieces.iter().enumerate() {
            if at % 2 == 0 {
                text.extend_from_slice(piece);
                continue;
            }
            let end = text.len() + share;
            while text.len() < end {
                for &byte in piece {
                    if byte == NUMBER { text.extend(format!("{number:08}").bytes()) } else { text.push(byte) }
                }
                number += 1;
            }
        }
        text
    }

    /// Reads an input of this length and one of a quarter of it.
    pub fn grow(&self, length: usize, with_time: bool) -> Growth {
        let (short, long) = (self.text(length / 4), self.text(length));
        let memory = |text: &[u8]| allocation_counter::measure(|| read(self.reader, text));
        let time = |text: &[u8]| {
            let start = cpu_time();
            read(self.reader, text);
            cpu_time().saturating_sub(start)
        };
        let start = cpu_time();
        let most = memory(&long);
        let took = cpu_time().saturating_sub(start);
        let mut growth = Growth { length: long.len(), peak: 1.0, total: 1.0, time: 1.0, bytes: most.bytes_max, took };
        if most.bytes_total > LEAST_BYTES {
            let least = memory(&short);
            let ratio =
                |long: u64, short: u64| if long < LEAST_BYTES { 1.0 } else { long as f64 / short.max(1) as f64 };
            growth.peak = ratio(most.bytes_max, least.bytes_max);
            growth.total = ratio(most.bytes_total, least.bytes_total);
        }
        if with_time && took >= LEAST_TIME {
            // Caches and the like differ: the shortest of several counts.
            let shortest = |text: &[u8], tries: u32| (0..tries).map(|_| time(text)).min().unwrap_or_default();
            let (short, mut took) = (shortest(&short, 4), shortest(&long, 1).min(took));
            if took.as_secs_f64() > short.as_secs_f64() * MOST_TIME {
                took = shortest(&long, 3).min(took);
            }
            growth.took = took;
            growth.time = took.as_secs_f64() / short.as_secs_f64().max(0.001);
        }
        growth
    }
}

/// Returns the CPU time of this thread, so that other load does not matter, or the wall time if the system has none.
pub fn cpu_time() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
}

const JSON_FEED: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"t","#;
const ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom""#;

/// Inputs that took the square of their length, or a hundred times it, and others of their kind. `%d` stands for a
/// running number, every second piece is repeated.
pub fn seeds() -> Vec<Case> {
    let items = r#","items":["#;
    let json_base = format!(r#"{JSON_FEED}"home_page_url":"https://e.org/"#);
    let json_links = format!(r#"/"{items}{{"id":"1","url":"x","content_html":""#);
    let json_base_end = format!(r#"/"{items}"#);
    let atom_base = format!(r#"{ATOM} xml:base="https://e.org/"#);
    let atom_author = format!("{ATOM}><title>t</title><author><name>");
    let json_author = format!(r#"{JSON_FEED}"authors":[{{"name":""#);
    let json_author_end = format!(r#""}}]{items}"#);
    let json_items = format!(r#"{JSON_FEED}"items":["#);
    let json_files = format!(r#"{JSON_FEED}"items":[{{"id":"1","attachments":["#);
    let json_tags = format!(r#"{JSON_FEED}"items":[{{"id":"1","tags":["#);
    let rss = r#"<rss version="2.0"><channel><title>t</title><item><title>q</title>"#;
    let rss_end = "</item></channel></rss>";
    let entity = format!(r#"<!DOCTYPE rss [<!ENTITY a "{}">]><rss><channel><title>"#, "y".repeat(250));
    let article = "<html><body><article><h1>T</h1><p>";
    let all: &[(&str, &str, &[&str])] = &[
        (
            "base of a JSON Feed and its items",
            "parse_feed",
            &[&json_base, "a", &json_base_end, r#"{"id":"%d","url":"x%d"},"#, "{}]}"],
        ),
        (
            "base of a JSON Feed and links",
            "parse_feed",
            &[&json_base, "a", &json_links, "<a href=%d>k</a> ", r#""}]}"#],
        ),
        (
            "xml:base of Atom and its entries",
            "parse_feed",
            &[&atom_base, "a", r#"/">"#, "<entry><id>%d</id><link href='x%d'/></entry>", "</feed>"],
        ),
        (
            "xml:base and links in XHTML",
            "parse_feed",
            &[
                &atom_base,
                "a",
                r#"/"><entry><content type="xhtml"><div>"#,
                "<a href='%d'>k</a>",
                "</div></content></entry></feed>",
            ],
        ),
        (
            "xml:base of RSS and elements that are not shown",
            "feed",
            &[
                "<rss version='2.0' xml:base='http://e.org/",
                "a",
                "/'><channel><title>t</title>",
                "<a xml:base='b'/>",
                "<item><title>q</title></item></channel></rss>",
            ],
        ),
        (
            "xml:base in xml:base",
            "feed",
            &[
                "<rss xml:base='http://e.org/'><channel><title>t</title>",
                "<a xml:base='aaaaaaaaaa/'>",
                "<item><title>x</title><link>y</link></item></channel></rss>",
            ],
        ),
        (
            "base of a page and its links",
            "html",
            &[
                "<html><head><title>t</title><base href='https://e.org/",
                "a",
                "/'></head><body><article><h1>T</h1><p>",
                "word word <a href='x%d'>k</a> ",
                "",
            ],
        ),
        (
            "base of a fetched page and its links",
            "page",
            &[
                "<html><head><base href='https://e.org/",
                "a",
                "/'></head><body>",
                "<a href='x%d'>k</a> <link rel=alternate type=application/rss+xml href='%d'>",
                "",
            ],
        ),
        ("bases one after the other", "page", &["<base href=https://e.org/>", "<base href=aa/><a href=b>c</a>", ""]),
        (
            "base of a page and pictures in srcset",
            "page",
            &[
                "<base href='https://e.org/",
                "a",
                "/'><article><p>Text, more text.<img srcset='",
                "%d.png 1x, ",
                "'></article>",
            ],
        ),
        (
            "address of a picture and paragraphs of its caption",
            "html",
            &["<figure><img alt=x src='", "a", "'><figcaption>", "<p>hello", ""],
        ),
        (
            "title of a feed and its entries",
            "feed",
            &[
                "<rss version='2.0'><channel><title>",
                "word ",
                "</title>",
                "<item><title>t%d</title></item>",
                "</channel></rss>",
            ],
        ),
        (
            "author of a feed and its entries",
            "parse_feed",
            &[&atom_author, "word ", "</name></author>", "<entry><id>%d</id><title>t</title></entry>", "</feed>"],
        ),
        (
            "authors of a feed and its entries",
            "parse_feed",
            &[
                &format!("{ATOM}><title>t</title>"),
                "<author><name>a%d</name></author>",
                "",
                "<entry><id>%d</id><title>t</title></entry>",
                "</feed>",
            ],
        ),
        (
            "author of a JSON Feed and its items",
            "parse_feed",
            &[&json_author, "word ", &json_author_end, r#"{"id":"%d"},"#, "{}]}"],
        ),
        (
            "language of a feed and its entries",
            "parse_feed",
            &["<rss xml:lang='", "e", "'><channel>", "<item><title>q%d</title></item>", "</channel></rss>"],
        ),
        ("enclosures of an entry", "parse_feed", &[rss, "<enclosure url='http://e.org/%d'/>", rss_end]),
        ("media of an entry", "parse_feed", &[rss, "<media:content url='http://e.org/%d'/>", rss_end]),
        ("attachments of an item", "parse_feed", &[&json_files, r#"{"url":"http://e.org/%d"},"#, "{}]}]}"]),
        ("categories of an entry", "parse_feed", &[rss, "<category>c%d</category>", rss_end]),
        (
            "keywords of an entry",
            "parse_feed",
            &[rss, "<itunes:keywords>", "c%d,", "</itunes:keywords>", "<category domain='x'>b</category>", rss_end],
        ),
        ("tags of an item", "parse_feed", &[&json_tags, r#""t%d","#, r#"""]}]}"#]),
        ("authors of an entry", "parse_feed", &[rss, "<author>c%d</author><dc:creator>x%d</dc:creator>", rss_end]),
        ("sources of an entry", "parse_feed", &[rss, "<source><title>x%d</title></source>", rss_end]),
        (
            "entries with one id",
            "parse_feed",
            &["<rss><channel><title>t</title>", "<item><guid>g</guid><title>q%d</title></item>", "</channel></rss>"],
        ),
        ("empty entries", "parse_feed", &["<rss><channel>", "<item/>", "</channel></rss>"]),
        ("empty objects", "parse_feed", &[&json_items, r#"{"":0},"#, "{}]}"]),
        (
            "empty objects of another name",
            "parse_feed",
            &[&format!(r#"{JSON_FEED}"z":["#), r#"{"":0},"#, r#"{}],"items":[{"id":"1"}]}"#],
        ),
        ("numbers", "parse_feed", &[&json_items, "0,", "0]}"]),
        ("names of an object", "parse_feed", &[&json_items, "{", r#""k%d":0,"#, r#""id":1}]}"#]),
        ("lone surrogates", "parse_feed", &[&json_items, r#""\ud800","#, "0]}"]),
        ("an entity and references to it", "parse_feed", &[&entity, "&a;", "</title></channel></rss>"]),
        (
            "declared prefixes",
            "parse_feed",
            &["<rss><channel>", "<a xmlns:p%d='http://e/%d'>", "<item><title>q</title></item>"],
        ),
        (
            "a vocabulary and elements in it",
            "parse_feed",
            &["<rss xmlns:", "p", "='http://e.org/'><channel>", "<p:a/>", "</channel></rss>"],
        ),
        ("references in a description", "parse_feed", &[rss, "<description>", "&a", "</description>", "<a/>", rss_end]),
        ("references in HTML", "html", &[article, "&amp;", ""]),
        ("references without an end", "html", &[article, "&amp", ""]),
        ("references in an attribute", "html", &[article, "text ", "<a href='http://e.org/?", "a&amp;", "'>b</a>"]),
        ("letters of two bytes", "html", &[article, "\u{b0}\u{e9}", ""]),
        ("signs that are no tags", "html", &["<p>", "< ", ""]),
        ("inline elements", "html", &[article, "<b><i><u><font size=1>", "hello</p>", "<p>x</p>", ""]),
        ("cells", "html", &["<article><h1>T</h1><table>", "<tr>", "", "<td>x", "</table><p>hello world"]),
        ("text in nested elements", "html", &["<body>", "word word, ", "", "<div>", "x"]),
        (
            "title of a page and headings",
            "html",
            &["<html><head><title>", "word ", "</title></head><body><article>", "<h2>x</h2>", "</article>"],
        ),
        (
            "words of a title and of a heading",
            "html",
            &["<html><head><title>", "w%d ", "</title></head><body><article><h1>", "w%d ", "</h1><p>text"],
        ),
        (
            "class of an element and elements",
            "html",
            &["<body><div class='", "comment ", "'>", "<p class=a>text, text</p>", "</div>"],
        ),
        (
            "byline of a page and elements",
            "html",
            &["<body><p rel=author>", "word ", "</p>", "<p class=byline>text, text</p>", ""],
        ),
        ("line breaks", "html", &["<body><article>text", "<br>", "<p>text", "<br> <br>x", ""]),
        (
            "divisions in divisions",
            "html",
            &["<body><article>", "<div><p>text, text</div>", "", "<span><div>x</div></span>", "</article>"],
        ),
        ("objects", "html", &["<body><article><p>", "text, ", "", "<object><p>a</p></object>", ""]),
        (
            "pictures without a script",
            "html",
            &["<body><article><p>", "<noscript><img src=a></noscript>", "<p>text, text"],
        ),
        (
            "picture and no script",
            "html",
            &["<body><article><p>", "<img src=a><noscript><img src=b></noscript>", "<p>text, text"],
        ),
        ("lists", "html", &["<body><article><p>text</p>", "<ul><li>", "", "<a href=b>word</a> ", ""]),
        ("entries of a list", "html", &["<body><article><p>text</p><ul>", "<li><a href=b>word, word</a>", "</ul>"]),
        (
            "descriptions of a page",
            "html",
            &[
                "<head>",
                "<meta name=description content='word'>",
                "",
                "<meta property=og:title content=a>",
                "<body><p>text",
            ],
        ),
        (
            "data for machines",
            "html",
            &[
                "<head><script type=application/ld+json>{\"@context\":\"https://schema.org\",\"@type\":\"Article\",\"a\":[",
                "{},",
                "0]}</script></head><body><p>text",
                "<p>text",
                "",
            ],
        ),
        ("style of an element", "html", &["<body><p style='", "a:b;", "'>", "<p style='color:red'>text", ""]),
        (
            "siblings of an article",
            "html",
            &["<body>", "<div><p>text, text, text, text, text, text</p></div>", "", "<p>text</p>", ""],
        ),
        ("tables in tables", "html", &["<body><p>text</p>", "<table><tr><td>x", "", "<tr><td>y<td>z", ""]),
        ("white space", "html", &["<body><p>text", " ", "x", "\n", "y"]),
        ("columns of a table", "html", &["<body><p>text</p><table><tr>", "<td>", "<td>text", "<tr><td>", ""]),
        ("forms", "html", &["<body><form>", "<p>text</p>", "", "</form><form>", ""]),
        ("an anchor and its aliases", "markdown", &["---\na: &a '", "x", "'\nauthors: [", "*a,", "x]\n---\n\nBody\n"]),
        (
            "name of a folder and feeds in it",
            "opml",
            &[
                "<opml><body><outline text='",
                "a",
                "'>",
                "<outline xmlUrl='http://e.org/%d'/>",
                "</outline></body></opml>",
            ],
        ),
        (
            "folders in folders and feeds",
            "opml",
            &[
                "<opml><body>",
                "<outline text='aaaaaaaaaa'>",
                "",
                "<outline xmlUrl='http://e.org/%d'/>",
                "</body></opml>",
            ],
        ),
        (
            "categories of a feed",
            "opml",
            &["<opml><body><outline xmlUrl='http://e.org/' category='", "/a%d,", "'/></body></opml>"],
        ),
        (
            "one feed many times",
            "opml",
            &["<opml><body>", "<outline xmlUrl='http://e.org/' text='a%d' category='b%d'/>", "</body></opml>"],
        ),
        ("mistakes in lines", "opml", &["<opml><body>", "<outline xmlUrl='file:///a'/>\n", "</body></opml>"]),
        ("tags of a feed", "newsboat", &["http://e.org/ ", "t%d ", ""]),
        ("feeds", "newsboat", &["", "http://e.org/%d a b c\n", ""]),
        (
            "name of a query and its terms",
            "newsboat",
            &["\"query:a:", "title =~ \\\"a%d\\\" and ", "title = \\\"b\\\"\"\n"],
        ),
        ("keys of front matter", "markdown", &["---\n", "k%d: v\n", "---\n\nBody\n"]),
        ("keys of front matter in TOML", "markdown", &["+++\n", "k%d = 1\n", "+++\n\nBody\n"]),
        ("a reference and links to it", "markdown", &["# T\n\n[r]: http://e.org/", "a", "\n\n", "[a][r] ", ""]),
        ("references and links", "markdown", &["# T\n\n", "[a][r%d] ", "\n\n", "[r%d]: http://e.org/%d\n", ""]),
        ("columns and rows", "markdown", &["# T\n\n|", "a|", "\n|-|\n", "|a\n", ""]),
        ("slashes in a line", "wire", &["date 2024-01-01 X\nHead\n", "/", "\n\nbody"]),
        ("sources", "wire", &["date 2024-01-01 X\nHead\n\nBody\nSOURCE:", "a,", ""]),
        ("a headline", "plain", &["", "word ", "\nBody\n"]),
        ("headers", "plain", &["", "Date: x\n", "\nBody\n"]),
    ];
    let pieces = |pieces: &[&str]| {
        pieces
            .iter()
            .map(|piece| piece.split("%d").map(str::as_bytes).collect::<Vec<_>>().join(&NUMBER))
            .collect::<Vec<_>>()
    };
    all.iter()
        .map(|(name, reader, all)| {
            // Each base is relative to the one before, so the address grows up to the limit of addresses.
            let least_length = if *name == "bases one after the other" { 128 << 10 } else { 0 };
            Case { name: (*name).to_owned(), reader, pieces: pieces(all), least_length }
        })
        .collect()
}

/// Cases in which one part of a document, or two parts of it, are repeated: elements, tags, values, words, lines.
pub fn repetitions(name: &str, reader: &'static str, document: &[u8]) -> Vec<Case> {
    let parts = parts(document);
    let mut cases = Vec::new();
    for (number, first) in parts.iter().enumerate() {
        let one: &[&Range<usize>] = &[first];
        cases.push(repeated(name, reader, document, one));
        for second in parts.iter().skip(number + 1).filter(|second| second.start >= first.end) {
            cases.push(repeated(name, reader, document, &[first, second]));
        }
    }
    cases
}

fn repeated(name: &str, reader: &'static str, document: &[u8], parts: &[&Range<usize>]) -> Case {
    let (mut pieces, mut done) = (Vec::new(), 0);
    let mut shown = name.to_owned();
    for part in parts {
        pieces.push(document[done..part.start].to_vec());
        pieces.push(document[part.start..part.end].to_vec());
        shown.push_str(&format!(" `{}`", document[part.start..part.end.min(part.start + 40)].escape_ascii()));
        done = part.end;
    }
    pieces.push(document[done..].to_vec());
    Case { name: shown, reader, pieces, least_length: 0 }
}

/// The parts of a document that may repeat, in order: elements with what they hold, tags, values in quotation marks,
/// words, lines. Similar ones are listed once.
fn parts(document: &[u8]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut open: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut at = 0;
    while at < document.len() {
        let rest = &document[at..];
        let end_of = |from: usize, sign: u8| rest[from..].iter().position(|&byte| byte == sign).map(|end| from + end);
        if rest[0] == b'<' {
            let Some(end) = end_of(1, b'>').map(|end| at + end + 1) else { break };
            let name: Vec<u8> = rest[1..]
                .iter()
                .skip_while(|byte| **byte == b'/')
                .take_while(|byte| byte.is_ascii_alphanumeric())
                .copied()
                .collect();
            if rest.starts_with(b"</") {
                if let Some(place) = open.iter().rposition(|(_, known)| *known == name) {
                    let (start, _) = open.swap_remove(place);
                    open.truncate(place);
                    parts.push(start..end);
                }
            } else {
                open.push((at, name));
                parts.push(at..end);
            }
            at += 1;
        } else if matches!(rest[0], b'"' | b'\'') {
            match end_of(1, rest[0]) {
                Some(end) if end > 1 => parts.push(at + 1..at + end),
                _ => {}
            }
            at += 1;
        } else if rest[0].is_ascii_alphanumeric() {
            let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            parts.push(at..at + length);
            at += length;
        } else {
            if rest[0] == b'\n' {
                let line = end_of(1, b'\n').map_or(rest.len(), |end| end + 1);
                parts.push(at + 1..at + line);
            } else if rest[0] == b'{' {
                let object = end_of(1, b'}').map_or(rest.len(), |end| end + 1);
                parts.push(at..at + object);
            }
            at += 1;
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.sort_by_key(|part| (part.start, std::cmp::Reverse(part.end)));
    parts.dedup();
    let mut seen = std::collections::HashSet::new();
    parts.retain(|part| seen.insert(document[part.start..part.end].to_vec()));
    parts
}

const READERS: [&str; 15] = [
    "wire",
    "markdown",
    "feed",
    "html",
    "plain",
    "clean",
    "fold",
    "wrap",
    "query",
    "complete",
    "parse_feed",
    "json_feed",
    "page",
    "opml",
    "newsboat",
];

fn read(reader: &'static str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match reader {
        "clean" => drop(clean(&text).into_owned()),
        "fold" => drop(fold(&text)),
        "wrap" => drop(typeset::wrap(&clean(&text), 60, true)),
        "query" => drop(Query::parse(&text, chrono::NaiveDate::default())),
        "complete" => drop(complete(&text, text.len())),
        "parse_feed" => {
            let options = FeedOptions { base: Some("https://example.org/"), content_type: None };
            if let Ok(feed) = parse_feed(bytes, &options) {
                drop(feed_articles(&feed, &mut Vec::new()));
            }
        }
        "json_feed" => {
            let item = serde_json::json!({ "id": "1", "title": text, "content_html": text });
            let json =
                serde_json::json!({ "version": "https://jsonfeed.org/version/1.1", "items": [item] }).to_string();
            drop(parse_feed(json.as_bytes(), &FeedOptions::default()));
        }
        "page" => {
            drop(feeds_of_page(bytes, None, "https://example.org/"));
            drop(page_article(bytes, None, "https://example.org/"));
        }
        "opml" => drop(opml::read(&text)),
        "newsboat" => drop(newsboat::read(&text)),
        name => {
            let hint = FileHint { file_name: "x.txt" };
            let _ = decode(bytes).is_ok();
            let format = FORMATS.iter().find(|format| format.name() == name).expect("the format is there");
            let budget = Budget::of(text.len());
            let mut reading = ParsedFile { format: name, budget, ..ParsedFile::default() };
            format.detect(&hint, &text);
            format.parse(&hint, &text, &mut reading);
        }
    }
}
