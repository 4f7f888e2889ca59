//! Time: whatever is repeated, four times as much of it takes about four times as long. The config is not among what is
//! looked at: who writes one writes it for themselves.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use newsdesk::app::wrap;
use newsdesk::article::clean;
use newsdesk::article::fold::fold;
use newsdesk::feeds::{newsboat, opml};
use newsdesk::loader::{
    FORMATS, FeedOptions, Hint, Reading, decode, feed_articles, feeds_of_page, page_article, parse_feed,
};
use newsdesk::query::{Query, complete};

/// The lengths that are compared.
const SHORT: usize = 12 << 10;
const LONG: usize = 4 * SHORT;

/// What takes less is not worth a look.
const LEAST: Duration = Duration::from_millis(150);

/// How many times longer the long text may take.
const RATIO: u32 = 9;

/// The first byte says what is to read the text, the others are what stands before, again and again, and after.
pub(super) fn check(input: &[u8]) {
    let Some((&reader, input)) = input.split_first() else { return };
    let mut pieces = input.split(|&byte| byte == 0xff);
    let mut piece = || pieces.next().unwrap_or_default();
    let (before, unit, after) = (piece(), piece(), piece());
    let unit = if unit.is_empty() { before } else { unit };
    if unit.is_empty() {
        return;
    }
    let text_of = |length: usize| -> Vec<u8> {
        let mut text = before.to_vec();
        while text.len() < length {
            text.extend_from_slice(unit);
        }
        text.extend_from_slice(after);
        text
    };
    let time = |bytes: &[u8]| {
        let start = spent();
        read(reader, bytes);
        spent().saturating_sub(start)
    };
    let long = text_of(LONG);
    let taken = time(&long);
    if taken < LEAST {
        return;
    }
    // Caches and the like differ: the shortest of several counts.
    let short = text_of(SHORT);
    let shortest = |bytes: &[u8]| (0..4).map(|_| time(bytes)).min().unwrap_or_default();
    let (short, long) = (shortest(&short), shortest(&long).min(taken));
    assert!(
        long < LEAST || long <= short * RATIO,
        "{} takes {short:?} for {SHORT} bytes and {long:?} for {LONG}",
        READERS[usize::from(reader) % READERS.len()]
    );
}

/// The time that this thread had a processor, where the system tells it: what others do then is no matter.
fn spent() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
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

fn read(reader: u8, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match READERS[usize::from(reader) % READERS.len()] {
        "clean" => drop(clean(&text).into_owned()),
        "fold" => drop(fold(&text)),
        "wrap" => drop(wrap::wrap(&clean(&text), 60, true)),
        "query" => drop(Query::parse(&text, chrono::NaiveDate::default())),
        "complete" => drop(complete(&text, text.len())),
        "parse_feed" => {
            let options = FeedOptions { base: Some("https://example.org/"), content_type: None };
            if let Ok(feed) = parse_feed(bytes, &options) {
                feed_articles(&feed, &mut Vec::new());
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
            let hint = Hint { file_name: "x.txt" };
            let _ = decode(bytes).is_ok();
            let format = FORMATS.iter().find(|format| format.name() == name).expect("the format is there");
            let mut reading = Reading { format: name, ..Reading::default() };
            format.recognise(&hint, &text);
            format.parse(&hint, &text, &mut reading);
        }
    }
}
