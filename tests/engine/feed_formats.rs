//! Feeds and pages: our own files in every dialect as they are read, the suites beside the project graded, and what
//! is made to do harm.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use newsdesk::article::{Role, SpanStyle};
use newsdesk::formats::{FeedOptions, FileHint, ParsedFile, decode, parse_feed, read};
use newsdesk::subscriptions::opml;
use regex::Regex;
use serde_json::Value;

use crate::fuzz_targets::growth::cpu_time;
use crate::support::material::shared;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What was read, for people: every part with its role, links as `[text](number)`.
fn rendered(reading: &ParsedFile<'_>) -> String {
    let mut out = format!("format: {}\n", reading.format);
    for warning in &reading.warnings {
        let line = warning.line.map(|line| format!("{line}: ")).unwrap_or_default();
        writeln!(out, "flaw: {line}{}; {}", warning.cause, warning.consequence).unwrap();
    }
    for draft in &reading.drafts {
        out.push_str("---\n");
        let mut line = |name: &str, text: &str| {
            if !text.is_empty() {
                writeln!(out, "{name}: {text}").unwrap();
            }
        };
        line("date", &draft.published.map(|date| date.to_string()).unwrap_or_default());
        line("section", &draft.section);
        line("url", draft.url.as_deref().unwrap_or(""));
        for part in &draft.parts {
            let name = match part.role {
                Role::Body(kind) => format!("{kind:?}").to_lowercase(),
                role => format!("{role:?}").to_lowercase(),
            };
            let mut text = part.text.to_string();
            let mut marks: Vec<(u32, String)> = Vec::new();
            for span in &part.spans {
                let (open, close) = match span.style {
                    SpanStyle::Emphasis => ("_".to_owned(), "_".to_owned()),
                    SpanStyle::Strong => ("*".to_owned(), "*".to_owned()),
                    SpanStyle::Code => ("`".to_owned(), "`".to_owned()),
                    SpanStyle::Link(number) => ("[".to_owned(), format!("]({})", number + 1)),
                };
                marks.extend([(span.start, open), (span.end, close)]);
            }
            marks.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            marks.iter().for_each(|(at, mark)| text.insert_str(*at as usize, mark));
            line(&name, &text);
        }
        for (number, link) in draft.links.iter().enumerate() {
            line(&format!("link {}", number + 1), link);
        }
    }
    out
}

fn rendered_file(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    rendered(&read(&decode(&bytes).unwrap(), &FileHint { file_name: &name }))
}

fn rendered_text(name: &str, text: &str) -> String {
    rendered(&read(&decode(text.as_bytes()).unwrap(), &FileHint { file_name: name }))
}

#[test]
fn every_dialect_of_feeds_and_pages_becomes_articles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let fixtures = ["feeds", "pages"].map(|kind| files(&folder.join(kind)));
    for path in fixtures.into_iter().flatten() {
        let name = path.strip_prefix(&folder).unwrap().display().to_string().replace(['/', '\\'], "_");
        insta::assert_snapshot!(name, rendered_file(&path));
    }
}

// --- The suite of feedparser, and how it is graded -----------------------------------------------------------------

/// The part of its checks, in hundredths, that must hold in each group: what has been reached. Which ones fail, and why
/// they may, is in docs/feeds.md.
const GRADES: &[(&str, usize)] = &[
    ("ALL", 99),
    ("amp", 100),
    ("atom", 100),
    ("atom10", 100),
    ("base", 100),
    ("cdf", 100),
    ("encoding", 100),
    ("entities", 99),
    ("illformed", 100),
    ("itunes", 100),
    ("lang", 100),
    ("media-rss", 100),
    ("namespace", 100),
    ("rdf", 100),
    ("rss", 98),
    ("sanitize", 98),
    ("xml", 100),
];

struct Grader {
    scripts: Regex,
    tags: Regex,
    entity: Regex,
    spaces: Regex,
    active: Regex,
    step: Regex,
}

impl Grader {
    fn new() -> Grader {
        let regex = |pattern: &str| Regex::new(pattern).unwrap();
        Grader {
            scripts: regex(r"(?is)<(?:script|style)\b.*?</(?:script|style)\s*>"),
            tags: regex("<[^>]*>"),
            entity: regex("&(#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);"),
            spaces: regex(r"\s+"),
            active: regex(
                r"(?i)<\s*(script|style|iframe|object|embed|frame|link|meta|base)\b|\son\w+\s*=|(href|src)\s*=\s*.?\s*javascript:",
            ),
            step: regex(r"[A-Za-z_]+|\[\d+\]"),
        }
    }

    /// A value as a reader sees it: without markup, entities resolved, white space made one.
    fn text(&self, value: &str) -> String {
        let value = self.scripts.replace_all(value, "");
        let mut value = self.tags.replace_all(&value, "").into_owned();
        for _ in 0..2 {
            let resolved = self.entity.replace_all(&value, |found: &regex::Captures<'_>| character(&found[1]));
            value = resolved.into_owned();
        }
        self.spaces.replace_all(&value, " ").trim().to_owned()
    }

    /// The value of a field such as `entries[0].links[1].href`.
    fn field<'v>(&self, output: &'v Value, field: &str) -> &'v Value {
        let mut at = output;
        for step in self.step.find_iter(field) {
            let step = step.as_str();
            at = match step.strip_prefix('[').and_then(|step| step.strip_suffix(']')) {
                Some(number) => at.get(number.parse::<usize>().unwrap()).unwrap_or(&Value::Null),
                None if at.is_object() => &at[step],
                None => return if matches!(step, "name" | "value" | "term") { at } else { &Value::Null },
            };
        }
        let names = ["value", "name", "term"];
        names.iter().map(|name| &at[*name]).find(|v| v.as_str().is_some_and(|v| !v.is_empty())).unwrap_or(at)
    }

    fn holds(&self, check: &Value, output: &Value, group: &str) -> bool {
        let value = self.field(output, check["field"].as_str().unwrap());
        let want = check["value"].as_str().unwrap_or("");
        match check["op"].as_str().unwrap() {
            "len_eq" => value.as_array().map(Vec::len) == check["value"].as_u64().map(|length| length as usize),
            "absent" => value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty),
            "present" => !value.is_null() && value != "",
            "time_eq" => value.as_str().is_some_and(|value| value.get(..19) == want.get(..19)),
            "ne" => value != &check["value"],
            "contains" => value.as_str().is_some_and(|value| self.text(value).contains(&self.text(want))),
            _ => match value.as_str() {
                None => value.is_null() && want.is_empty(),
                Some(value) if value.trim() == want.trim() => true,
                Some(value) => {
                    self.text(value) == self.text(want) && !(group == "sanitize" && self.active.is_match(value))
                }
            },
        }
    }
}

fn character(reference: &str) -> String {
    let code = match reference.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        },
        None => html5ever::data::NAMED_ENTITIES.get(&format!("{reference};")).map(|&(first, _)| first),
    };
    code.and_then(char::from_u32).map_or_else(|| format!("&{reference};"), String::from)
}

/// What the program prints of these files.
fn parsed(folder: &Path, names: &[&str], options: &[String]) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsdesk"));
    let output = command.current_dir(folder).args(["feed", "parse", "--format", "json"]).args(options).args(names);
    let output = output.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
#[ignore = "needs ../shared"]
fn feedparser_suite_passes_as_well_as_before() {
    let folder = shared("feedparser");
    let text = fs::read_to_string(folder.join("expect_dev.jsonl")).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut outputs: BTreeMap<String, Value> = BTreeMap::new();
    let mut batches: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    for case in &cases {
        let header = |name: &str| {
            let headers = case["headers"].as_object().unwrap();
            headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
        };
        let mut options = Vec::new();
        if case["http"] == true {
            let base = header("content-location").or(case["url"].as_str()).unwrap();
            options.extend(["--base".to_owned(), base.to_owned()]);
            options.extend(header("content-type").map(|value| format!("--content-type={value}")));
        }
        batches.entry(options).or_default().push(case["file"].as_str().unwrap());
    }
    for (options, names) in &batches {
        for output in parsed(&folder, names, options) {
            outputs.insert(output["file"].as_str().unwrap().to_owned(), output);
        }
    }
    let grader = Grader::new();
    let mut grades: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut failed = String::new();
    for case in cases.iter().filter(|case| case["scorable"] == true) {
        let (file, group) = (case["file"].as_str().unwrap(), case["group"].as_str().unwrap());
        let output = outputs.get(file).unwrap();
        let holds = case["checks"].as_array().unwrap().iter().all(|check| grader.holds(check, output, group));
        if !holds {
            writeln!(failed, "{file}: {}", case["expect"]).unwrap();
        }
        for name in ["ALL", group] {
            let grade = grades.entry(name.to_owned()).or_default();
            *grade = (grade.0 + usize::from(holds), grade.1 + 1);
        }
    }
    for (group, least) in GRADES {
        let Some((held, all)) = grades.get(*group) else { continue };
        assert!(held * 100 >= all * least, "{group}: {held} of {all}\n{failed}");
    }
}

// --- Fixtures with models that other parsers made of them ----------------------------------------------------------

/// The text of a value as two parsers must agree on it: no markup, no white space.
fn letters(grader: &Grader, value: &Value) -> String {
    let inner = ["content", "body", "value"].iter().find_map(|name| value.get(name)?.as_str());
    let text = grader.text(inner.or(value.as_str()).unwrap_or(""));
    text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
}

/// The page that a model names.
fn page(model: &Value) -> String {
    let page = model["link"].as_str().or_else(|| {
        model["links"].as_array()?.iter().find_map(|link| {
            let is_page = matches!(link["rel"].as_str(), None | Some("alternate"));
            link.as_str().or(link["href"].as_str().filter(|_| is_page))
        })
    });
    page.unwrap_or("").trim_end_matches('/').to_ascii_lowercase()
}

#[test]
#[ignore = "needs ../shared"]
fn fixtures_of_other_parsers_are_read_as_their_models_say() {
    let folder = shared("feeds");
    let grader = Grader::new();
    let (mut compared, mut differences) = (0, Vec::new());
    for path in ["feed-rs-fixture", "gofeed-testdata"].iter().flat_map(|name| files(&folder.join(name))) {
        let name = path.display().to_string();
        let model = match name.strip_suffix(".xml") {
            Some(stem) => {
                [".serde.json", ".json"].iter().map(|end| PathBuf::from(format!("{stem}{end}"))).find(|p| p.exists())
            }
            None => None,
        };
        let Some(model) = model else { continue };
        let model: Value = serde_json::from_str(&fs::read_to_string(model).unwrap()).unwrap();
        let outputs = parsed(&folder, &[&name], &[]);
        let output = &outputs[0];
        let no_entries = Vec::new();
        let entries = model["entries"].as_array().or(model["items"].as_array()).unwrap_or(&no_entries);
        assert!(output["ok"] == true || entries.is_empty(), "{name}: {}", output["error"]);
        let mut compare = |what: &str, want: String, got: String| {
            compared += 1;
            if !want.is_empty() && want != got {
                differences.push(format!("{name}: {what}: {want:?}, {got:?}"));
            }
        };
        let read = output["entries"].as_array().unwrap_or(&no_entries);
        compare("entries", entries.len().to_string(), read.len().to_string());
        compare("title", letters(&grader, &model["title"]), letters(&grader, &output["feed"]["title"]));
        for (model, entry) in entries.iter().zip(read) {
            compare("title", letters(&grader, &model["title"]), letters(&grader, &entry["title"]));
            compare("link", page(model), page(entry));
            compare("content", letters(&grader, &model["content"]), letters(&grader, &entry["content"][0]));
            let names = ["publishedParsed", "pubDateParsed", "published", "updatedParsed", "updated"];
            let is_moment = |text: &&str| text.get(4..5) == Some("-") && text.get(10..11) == Some("T");
            let date = names.iter().find_map(|name| model[*name].as_str().filter(is_moment));
            let moments =
                ["published", "updated"].map(|name| entry[name].as_str().unwrap_or("").get(..19).unwrap_or(""));
            let date = date.and_then(|date| date.get(..19)).unwrap_or("");
            if !moments.contains(&date) {
                compare("date", date.to_owned(), moments.join(" "));
            }
        }
    }
    assert!(compared > 1_500, "{compared}");
    // Where the others are odd: what is JSON or bytes as content, a link of a feed to itself as its page.
    assert!(differences.len() <= 4, "{differences:#?}");
}

#[test]
#[ignore = "needs ../shared"]
fn json_feeds_beside_the_project_are_read() {
    let folder = shared("feeds");
    let mut entries = 0;
    for path in files(&folder.join("feed-rs-fixture/jsonfeed")) {
        if path.to_string_lossy().ends_with(".serde.json") {
            continue;
        }
        let feed = parse_feed(&fs::read(&path).unwrap(), &FeedOptions::default());
        entries += feed.unwrap_or_else(|error| panic!("{path:?}: {error}")).entries.len();
    }
    assert!(entries > 5, "{entries}");
}

// --- What is made to do harm ---------------------------------------------------------------------------------------

#[test]
#[ignore = "needs ../shared"]
fn hostile_feeds_and_pages_are_read_or_refused_in_no_time() {
    let folder = shared("hostile");
    for path in ["feeds", "esc", "enc", "size"].iter().flat_map(|group| files(&folder.join(group))) {
        let bytes = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        let began = Instant::now();
        if let Ok(decoded) = decode(&bytes) {
            let text = rendered(&read(&decoded, &FileHint { file_name: &name }));
            for bad in ["javascript:alert", "alert(1)</", "@evil.example", "color:white"] {
                // Titles may say what they like; links may not lead there.
                let is_link = |line: &&str| line.starts_with("link ") || line.starts_with("url:");
                let found = text.lines().filter(is_link).any(|line| line.contains(bad));
                assert!(!found || bad == "@evil.example", "{path:?}: {bad}");
            }
        }
        assert!(began.elapsed() < Duration::from_secs(2), "{path:?} took {:?}", began.elapsed());
    }
}

fn rss(description: &str) -> String {
    format!(
        "<rss version='2.0'><channel><title>t</title><item><description>{description}</description></item></channel></rss>"
    )
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;")
}

#[test]
fn deep_and_long_documents_are_read_in_time() {
    let deep = |tag: &str| format!("{}x", format!("<{tag}>").repeat(100_000));
    let many: String = (0..50_000).map(|number| format!(" a{number}=1")).collect();
    let cases = [
        ("elements.rss", rss(&deep("div"))),
        ("markup.rss", rss(&escaped(&deep("div")))),
        ("styles.rss", rss(&escaped(&deep("b")))),
        ("lists.rss", rss(&escaped(&deep("ul><li")))),
        ("tables.rss", rss(&escaped(&deep("table><tr><td")))),
        ("quotes.rss", rss(&escaped(&deep("blockquote")))),
        ("groups.rss", rss(&deep("media:group"))),
        ("ends.rss", rss(&format!("{}{}", "<a>".repeat(100_000), "</b>".repeat(100_000)))),
        ("signs.rss", rss(&"< <".repeat(300_000))),
        ("comments.rss", rss(&"<!--".repeat(300_000))),
        ("sections.rss", rss(&"<![CDATA[".repeat(300_000))),
        ("values.rss", rss(&"<a b=\"".repeat(100_000))),
        ("references.rss", rss(&"&".repeat(1_000_000))),
        ("frames.rss", rss(&escaped(&"<iframe>".repeat(100_000)))),
        ("page.html", deep("div")),
        ("paragraphs.html", deep("p><i")),
        ("attributes.html", format!("<p{many}>x")),
        ("arrays.json", format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":{}", "[".repeat(100_000))),
    ];
    for (name, text) in cases {
        let start = cpu_time();
        let reading = rendered_text(name, &text);
        assert!(reading.starts_with("format: "), "{name}");
        // Far above what it takes, and far below what anything but linear time would.
        let took = cpu_time().saturating_sub(start);
        assert!(took < Duration::from_secs(8), "{name} took {took:?}");
    }
}

#[test]
fn entities_of_entities_or_files_are_not_expanded() {
    let mut bomb = "<!DOCTYPE rss [<!ENTITY a0 'lol'>".to_owned();
    for level in 1..12 {
        write!(bomb, "<!ENTITY a{level} '{}'>", format!("&a{};", level - 1).repeat(10)).unwrap();
    }
    bomb.push_str("<!ENTITY file SYSTEM 'file:///etc/hostname'>]>");
    let text = rendered_text("bomb.rss", &format!("{bomb}{}", rss("&a0; &a11; &file;")));
    assert!(text.contains("paragraph: lol &a11; &file;"), "{text}");
}

#[test]
fn active_hidden_and_form_content_is_removed() {
    let html = "<p>one</p><script>bad()</script><style>bad{}</style><p onclick='bad()' style='color:red'>two</p>\
        <iframe src='bad'>bad</iframe><object>bad</object><form>bad<input value=bad><select><option>bad</select></form>\
        <p hidden>bad</p><div style='display: none'><p>bad</p></div><span aria-hidden=true>bad</span>\
        <template>bad</template><button>bad</button><a href='javascript:bad()'>three</a>\
        <a href='data:text/html,bad'>four</a><img src=bad.gif width=1 height=1><!-- bad --><svg><script>bad</script></svg>\
        <textarea>bad</textarea><video>bad</video><p>five</p><script>bad";
    for (name, text) in [("a.rss", rss(&escaped(html))), ("a.html", format!("<html><body>{html}"))] {
        let text = rendered_text(name, &text);
        assert!(!text.contains("bad"), "{text}");
        for word in ["one", "two", "three", "four", "five"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

#[test]
fn form_around_a_page_hides_no_text() {
    let text = "All of the page stands in a form, as some programs make them. ".repeat(20);
    assert!(rendered_text("a.html", &format!("<form><p>{text}</p></form>")).contains("All of the page"));
}

#[test]
fn encodings_are_detected_from_the_bytes() {
    let title = |bytes: &[u8], content_type: Option<&str>| {
        let feed = parse_feed(bytes, &FeedOptions { base: None, content_type }).unwrap();
        (feed.head.title.unwrap().value, feed.encoding)
    };
    let xml = |encoding: &str, text: &str| {
        format!("<?xml version='1.0' encoding='{encoding}'?><rss><channel><title>{text}</title></channel></rss>")
    };
    for encoding in ["windows-1251", "koi8-r"] {
        let (bytes, _, _) = encoding_rs::Encoding::for_label(encoding.as_bytes()).unwrap().encode("Новости");
        let mut whole = xml(encoding, "@").into_bytes();
        let at = whole.iter().position(|&byte| byte == b'@').unwrap();
        whole.splice(at..=at, bytes.iter().copied());
        assert_eq!(title(&whole, None), ("Новости".to_owned(), encoding.to_owned()));
        let sent = format!("text/xml; charset={encoding}");
        assert_eq!(title(&whole, Some(&sent)).0, "Новости");
    }
    assert_eq!(title(xml("iso-8859-1", "naïve").as_bytes(), None).0, "naïve", "UTF-8 that is called something else");
    let wide: Vec<u8> = xml("utf-16", "näher").encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(title(&wide, None), ("näher".to_owned(), "utf-16be".to_owned()));
}

#[test]
fn entries_without_an_end_tag_end_at_the_next() {
    let text = "<rss version='2.0'><channel><item><title>One<item><title>Two</title><link>http://a.example/</link>\
        <item><title>Three</title></item></channel></rss>";
    let feed = parse_feed(text.as_bytes(), &FeedOptions::default()).unwrap();
    let titles: Vec<&str> =
        feed.entries.iter().map(|entry| entry.head.title.as_ref().unwrap().value.as_str()).collect();
    assert_eq!(titles, ["One", "Two", "Three"]);
    assert_eq!(feed.warnings.len(), 1);
}

#[test]
fn entries_are_read_after_an_unclosed_text_of_the_feed() {
    let items = "<item><title>One</title><description>a</description></item><item><title>Two</title></item>";
    let rss = |head: &str| format!("<rss version='2.0'><channel>{head}{items}</channel></rss>");
    let rdf = |head: &str| {
        format!(
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
             <channel>{head}</channel>{items}</rdf:RDF>"
        )
    };
    let entries = "<entry><title>One</title></entry><entry><title type='xhtml'><div \
        xmlns='http://www.w3.org/1999/xhtml'>T<b>w</b>o</div></title></entry>";
    let atom = |head: &str| format!("<feed xmlns='http://www.w3.org/2005/Atom'>{head}{entries}</feed>");
    for text in [
        rss("<title>Feed<link>http://a.example/</link><description>About it</description>"),
        rss("<title>Feed</title><description>About it"),
        rss("<title>Feed<description>About it"),
        rss("<title>Feed</title><copyright>Us<language>en</language>"),
        rss("<title>Feed</title><image><url>http://a.example/i.png"),
        rss("<title>Feed</title><link>http://a.example/"),
        rdf("<title>Feed<link>http://a.example/</link>"),
        atom("<title>Feed<id>urn:x</id><updated>2020-01-01T00:00:00Z</updated>"),
        atom("<title>Feed</title><subtitle>About"),
    ] {
        let feed = parse_feed(text.as_bytes(), &FeedOptions::default()).unwrap();
        let title = |text: &Option<newsdesk::formats::FeedText>| text.as_ref().unwrap().plain().into_owned();
        let titles: Vec<String> = feed.entries.iter().map(|entry| title(&entry.head.title)).collect();
        assert_eq!((titles, title(&feed.head.title)), (vec!["One".into(), "Two".into()], "Feed".into()), "{text}");
        assert_eq!(feed.warnings.len(), 1, "{text}");
    }
    let cdata = rss("<title>Feed</title><description><![CDATA[<item>no entry</item>]]></description>");
    let feed = parse_feed(cdata.as_bytes(), &FeedOptions::default()).unwrap();
    assert_eq!((feed.entries.len(), feed.warnings.len()), (2, 0));
}

#[test]
fn json_feeds_are_read_up_to_the_truncated_entry() {
    let item = |number: usize| format!("{{\"id\": {number}, \"content_text\": \"[{{\\\"{number}\\\"}}]\"}}");
    let whole = format!(
        "{{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"T\",\n\"items\": [{},\n{}, {}]}}",
        item(1),
        item(2),
        item(3)
    );
    let read = |text: &str| parse_feed(text.as_bytes(), &FeedOptions::default());
    let full = read(&whole).unwrap();
    assert_eq!((full.entries.len(), full.warnings.len()), (3, 0));
    let mut seen = Vec::new();
    for end in 0..whole.len() {
        let Ok(feed) = read(&whole[..end]) else { continue };
        assert_eq!(feed.entries, full.entries[..feed.entries.len()], "{end}");
        assert_eq!((feed.warnings.len(), feed.head.title.is_some()), (1, true));
        seen.push(feed.entries.len());
    }
    seen.dedup();
    assert_eq!(seen, [1, 2, 3]);
    let broken = read(&whole.replace("[{\\\"2", "\u{1}")).unwrap();
    assert_eq!((broken.entries.len(), broken.warnings[0].line), (1, Some(3)));
}

#[test]
fn media_enclosures_are_linked_once_in_one_form() {
    let feed = "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel><item><title>T</title>\
        <enclosure url='https://a.example/talk.mp3' type='audio/mpeg' length='1'/>\
        <media:content url='https://a.example/talk.mp3' type='audio/mpeg'/>\
        <media:content url='https://a.example/desk.jpg' medium='image'><media:title>The desk</media:title></media:content>\
        <media:group><media:content url='https://a.example/big.mp4' type='video/mp4'/>\
        <media:content url='https://a.example/small.mp4' type='video/mp4'/></media:group>\
        <media:content url='javascript:alert(1)' medium='video'/></item></channel></rss>";
    let text = rendered_text("media.rss", feed);
    let linked: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("paragraph: ")).collect();
    assert_eq!(linked, ["[Audio: talk.mp3](1)", "[Image: desk.jpg](2)", "[Video: big.mp4](3)"]);
}

#[test]
#[ignore = "needs ../shared"]
fn collections_of_feeds_come_in_whole_and_go_out_as_they_came() {
    let folder = shared("feeds/opml");
    let address = Regex::new(r#"(?i)\bxmlurl\s*=\s*["']\s*([^"'\s][^"']*?)\s*["']"#).unwrap();
    let (mut collections, mut feeds) = (0, 0);
    for path in files(&folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "opml")) {
        let text = fs::read_to_string(&path).unwrap();
        let opml = opml::read(&text).unwrap();
        let addresses: BTreeSet<&str> =
            address.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
        let web = addresses.iter().filter(|address| address.to_ascii_lowercase().starts_with("http")).count();
        assert_eq!(opml.subscriptions.len(), web, "{}", path.display());
        assert_eq!(opml.problems, [], "{}", path.display());
        let again = opml::read(&opml::write(&opml.subscriptions)).unwrap();
        assert_eq!(again, opml, "{}", path.display());
        (collections, feeds) = (collections + 1, feeds + web);
    }
    assert!(collections > 100 && feeds > 1_000, "{collections} collections, {feeds} feeds");
}

#[test]
fn addresses_resolve_against_the_feed_address() {
    let text = "<feed xmlns='http://www.w3.org/2005/Atom'><link href='/'/><entry xml:base='b/'><link href='c'/>\
        <content type='html'>&lt;a href='d'>e&lt;/a></content></entry></feed>";
    let feed = parse_feed(text.as_bytes(), &FeedOptions { base: Some("https://a.example/x/feed"), content_type: None });
    let feed = feed.unwrap();
    assert_eq!(feed.head.link.as_deref(), Some("https://a.example/"));
    assert_eq!(feed.entries[0].head.link.as_deref(), Some("https://a.example/x/b/c"));
    assert_eq!(feed.entries[0].content[0].value, "<a href=\"https://a.example/x/b/d\">e</a>");
}

// --- Limits ---------------------------------------------------------------------------------------------------------

fn read_file<'a>(name: &str, decoded: &'a newsdesk::formats::Decoded<'_>) -> ParsedFile<'a> {
    read(decoded, &FileHint { file_name: name })
}

fn warnings(reading: &ParsedFile<'_>) -> Vec<String> {
    reading.warnings.iter().map(|warning| format!("{}; {}", warning.cause, warning.consequence)).collect()
}

#[test]
fn long_bases_are_left_out_and_the_articles_stay() {
    let base = format!("https://e.org/{}/", "a".repeat(100_000));
    let item = r#"{"id":"1","title":"t","url":"x","content_html":"<a href=y>z</a>"}"#;
    let version = "https://jsonfeed.org/version/1.1";
    let json = format!(r#"{{"version":"{version}","home_page_url":"{base}","items":[{item}]}}"#);
    let entry = "<entry><title>t</title><link href='x'/><content type='html'>&lt;a href=y>z&lt;/a></content></entry>";
    let atom = format!("<feed xmlns='http://www.w3.org/2005/Atom' xml:base='{base}'>{entry}</feed>");
    let page = format!("<html><head><base href='{base}'></head><body><h1>t</h1><p><a href=y>z</a> text</body>");
    for (name, text) in [("a.json", json), ("a.xml", atom), ("a.html", page)] {
        let decoded = decode(text.as_bytes()).unwrap();
        let reading = read_file(name, &decoded);
        assert_eq!(reading.drafts.len(), 1, "{name}");
        let draft = &reading.drafts[0];
        assert_eq!(draft.text(Role::Headline), "t", "{name}");
        let long = "more than 4 KiB";
        assert!(warnings(&reading).iter().any(|warning| warning.contains(long)), "{name}: {:?}", reading.warnings);
        assert!(draft.links.iter().chain(&draft.url).all(|address| address.len() < 10), "{name}: {:?}", draft.links);
    }
}

#[test]
fn feeds_beyond_their_budget_are_refused_with_a_sentence() {
    let base = format!("https://e.org/{}/", "a".repeat(4_000));
    let links: String = (0..20_000).map(|number| format!("&lt;a href='{number}'>k&lt;/a> ")).collect();
    let text = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='{base}'><entry><title>t</title>\
         <content type='html'>{links}</content></entry></feed>"
    );
    let error = parse_feed(text.as_bytes(), &FeedOptions::default()).unwrap_err().to_string();
    let expected = "reading it takes more than 33 MiB of memory, too much for its size of 541 KiB";
    assert_eq!(error, expected);
    let decoded = decode(text.as_bytes()).unwrap();
    let reading = read_file("a.xml", &decoded);
    assert!(reading.drafts.is_empty());
    assert_eq!(warnings(&reading), [format!("{expected}; it is left out")]);
}

#[test]
fn feed_titles_and_authors_are_cut_if_repeated() {
    let long = "word ".repeat(20_000);
    let rss = format!(
        "<rss version='2.0'><channel><title>{long}</title>{}</channel></rss>",
        "<item><title>t</title></item>".repeat(300)
    );
    let entries = "<entry><id>1</id><title>t</title><source><title>".to_owned()
        + &long
        + "</title></source></entry><entry><id>2</id><title>t</title></entry>";
    let atom =
        format!("<feed xmlns='http://www.w3.org/2005/Atom'><author><name>{long}</name></author>{entries}</feed>");
    for (text, roles) in [(rss, [Role::Source].as_slice()), (atom, &[Role::Source, Role::Byline])] {
        let decoded = decode(text.as_bytes()).unwrap();
        let reading = read_file("a.xml", &decoded);
        for &role in roles {
            let mut texts = reading.drafts.iter().map(|draft| draft.text(role)).filter(|text| !text.is_empty());
            assert!(texts.clone().next().is_some() && texts.all(|text| text.len() <= 1 << 10 && text.ends_with('…')));
        }
    }
}

#[test]
fn headlines_are_cut_and_the_body_has_all_of_them() {
    let long = "word ".repeat(1_000);
    let rss = format!("<rss version='2.0'><channel><item><title>{long}</title></item></channel></rss>");
    for (name, text) in [("a.xml", rss), ("a.txt", format!("{long}\n\nBody.")), ("a.md", format!("# {long}\n\nBody."))]
    {
        let decoded = decode(text.as_bytes()).unwrap();
        let reading = read_file(name, &decoded);
        let draft = &reading.drafts[0];
        assert!(draft.text(Role::Headline).len() <= 1 << 10 && draft.text(Role::Headline).ends_with('…'), "{name}");
        let first = draft.parts.iter().find(|part| matches!(part.role, Role::Body(_))).unwrap();
        assert_eq!(first.text.split_whitespace().count(), 1_000, "{name}");
    }
}

#[test]
fn entries_have_at_most_100_enclosures() {
    let enclosures: String = (0..250).map(|number| format!("<enclosure url='http://e.org/{number}'/>")).collect();
    let text = format!("<rss version='2.0'><channel><item><title>t</title>{enclosures}</item></channel></rss>");
    let decoded = decode(text.as_bytes()).unwrap();
    let reading = read_file("a.xml", &decoded);
    assert_eq!(reading.drafts[0].enclosures.len(), 100);
    assert_eq!(warnings(&reading), ["entries have more than 100 enclosures; 150 enclosures are left out"]);
}

#[test]
fn long_languages_are_left_out() {
    let text = format!(
        "<rss version='2.0' xml:lang='{}'><channel><item><title>t</title></item></channel></rss>",
        "e".repeat(1_000)
    );
    let feed = parse_feed(text.as_bytes(), &FeedOptions::default()).unwrap();
    assert_eq!((feed.head.language, feed.entries[0].head.language.clone()), (None, None));
}

#[test]
fn long_front_matter_is_not_parsed() {
    let keys: String = (0..30_000).map(|number| format!("k{number}: v\n")).collect();
    let text = format!("---\n{keys}---\n\n# Head\n\nBody.\n");
    let decoded = decode(text.as_bytes()).unwrap();
    let reading = read_file("a.md", &decoded);
    assert_eq!(reading.drafts[0].text(Role::Headline), "Head");
    let expected =
        "the front matter cannot be read: it has more than 256 KiB; the article is shown without its metadata";
    assert_eq!(warnings(&reading), [expected]);
}

#[test]
fn aliases_of_front_matter_are_limited() {
    let lines =
        (0..9).map(|number| format!("a{}: &a{} [{}]\n", number + 1, number + 1, format!("*a{number},").repeat(9)));
    let text = format!("---\ntitle: &t Head\nauthor: *t\na0: &a0 x\n{}---\n\nBody.\n", lines.collect::<String>());
    let decoded = decode(text.as_bytes()).unwrap();
    assert!(warnings(&read_file("a.md", &decoded))[0].starts_with("the front matter cannot be read: "));
    let decoded = decode(b"---\ntitle: &t Head\nauthor: *t\n---\n\nBody.\n").unwrap();
    assert_eq!(read_file("a.md", &decoded).drafts[0].text(Role::Byline), "Head");
}

#[test]
fn captions_are_found_behind_the_last_slash_of_their_kind() {
    let text = "date 2024-01-01 X\nHead\nThe river / in / spring / Photo : A. Name / Agency\nOther / Photography: B\n\nBody.\n";
    let decoded = decode(text.as_bytes()).unwrap();
    let reading = read_file("a.txt", &decoded);
    let captions: Vec<_> = reading.drafts[0].parts.iter().filter(|part| part.role == Role::Caption).collect();
    assert_eq!(captions.len(), 1);
    assert_eq!(captions[0].text, "The river / in / spring");
}
