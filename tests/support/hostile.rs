//! Material that means harm: whatever a terminal could take as a command and an eye could be deceived by, in every place
//! where text comes from.

use std::fs;
use std::path::Path;

pub(crate) use super::material::shared;

/// Everything at once, between two words. It holds no line feed and no NUL, so that it can stand anywhere.
pub(crate) fn evil() -> String {
    let marks = "\u{301}".repeat(40);
    let family = "👩\u{200d}".repeat(40);
    format!(
        "Be\x1b[2J\x1b[31m\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b]8;;http://evil.example\x1b\\\x1bP+q\x1b\\\x1bc\x1b_G\x1b\\\
         \x01\x05\x07\x08\r\x0e\x0f\x7f\u{9b}31m\u{9d}0;x\u{9c}\u{90}\u{85}\u{2028}\u{202e}gpj\u{2066}\u{200b}\u{200f}\
         \u{feff}\u{ad}\u{34f}\u{e0041}\u{e007f}\u{e0100}\u{fe0f}\u{fe0f}\u{fff9}\u{fffb}\u{ffff}\u{fdd1}\u{10eeee}\
         e{marks}{family}\x1b[ware"
    )
}

/// As it stands in JSON, and in TOML.
pub(crate) fn quoted(text: &str) -> String {
    text.chars().fold(String::new(), |out, c| {
        out + &match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_ascii_graphic() || c == ' ' => c.to_string(),
            c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        }
    })
}

/// The same for TOML, which knows no surrogates.
pub(crate) fn quoted_toml(text: &str) -> String {
    text.chars().fold(String::new(), |out, c| {
        out + &match c {
            c if c.is_ascii_alphanumeric() || c == ' ' => c.to_string(),
            c => format!("\\U{:08x}", u32::from(c)),
        }
    })
}

/// As references to characters, whether XML allows them or not.
pub(crate) fn referenced(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) })
        .collect()
}

/// A feed whose every text means harm.
pub(crate) fn feed() -> String {
    let (evil, raw) = (referenced(&evil()), evil().replace(['<', '&', '\x1b', '\x08', '\x01'], ""));
    format!(
        "<rss version=\"2.0\"><channel><title>{evil}</title><link>http://a.example/{evil}</link>\
         <description>{raw}</description><managingEditor>{evil}</managingEditor>\
         <item><title>{evil}</title><link>http://a.example/1?{evil}</link><guid>{evil}</guid>\
         <category>{evil}</category><pubDate>{evil}</pubDate><description>&lt;p&gt;{evil} {raw}&lt;/p&gt;\
         &lt;pre&gt;{evil}&lt;/pre&gt;</description><enclosure url=\"http://a.example/{evil}\" type=\"{evil}\"/></item>\
         <item><title>Plain</title><guid>2</guid><description>&lt;b&gt;e&lt;/b&gt;{marks}</description></item>\
         </channel></rss>",
        marks = referenced(&"\u{301}".repeat(30)),
    )
}

/// Subscriptions whose every text means harm, to the feed at `url`.
pub(crate) fn opml(url: &str) -> String {
    let evil = referenced(&evil().replace(|c: char| c < ' ' || c == '\u{ffff}', ""));
    format!(
        "<opml version=\"2.0\"><head><title>{evil}</title></head><body><outline text=\"{evil}\">\
         <outline type=\"rss\" text=\"{evil}\" title=\"{evil}\" xmlUrl=\"{url}\" category=\"{evil}\" htmlUrl=\"{evil}\"/>\
         <outline type=\"rss\" text=\"{evil}\" xmlUrl=\"no {evil}\"/></outline></body></opml>"
    )
}

/// A config in which everything is wrong, and quotes what is.
pub(crate) fn config() -> String {
    let evil = quoted_toml(&evil());
    format!(
        "\"{evil}\" = 1\n[theme]\nname = \"{evil}\"\ntext = \"{evil}\"\n[reading]\nmeasure = \"{evil}\"\n\"{evil}\" = 2\n\
         [open]\nbrowser = \"{evil}\"\neditor = [\"{evil}\", 1]\n[keys]\nquit = [\"{evil}\"]\n\"{evil}\" = \"q\"\n\
         [\"x {evil}\"]\na = 1\n"
    )
}

/// A library as text: a tag, a note, a saved search, a filter that mean harm, and lines that are wrong.
pub(crate) fn library() -> String {
    let evil = quoted(&evil());
    format!(
        "{{\"kind\":\"search\",\"name\":\"{evil}\",\"query\":\"be {evil}\",\"key\":\"x\",\"watch\":true}}\n\
         {{\"kind\":\"{evil}\"}}\n{{\"kind\":\"search\",\"name\":7,\"{evil}\":1}}\nno json {}\n",
        self::evil()
    )
}

/// A folder of articles that mean harm by what they say, by what they are called and by what is wrong with them.
pub(crate) fn folder(root: &Path) {
    let evil = evil();
    let file = |name: &str, bytes: &[u8]| fs::write(root.join(name), bytes).unwrap();
    let wire = format!(
        " date 2023-09-27 WORLD{evil}\nHeadline {evil}\nDeck {evil}\nCaption {evil} / Photo: {evil}\n\
         {evil} body that goes on {evil}\n\nSecond paragraph {evil}\n\nSOURCE:{evil}\n"
    );
    file("wire.txt", wire.as_bytes());
    file("undated.txt", format!(" date 2023-13-45{evil} X\nHead\n\nBody\n").as_bytes());
    let utf16: Vec<u8> = wire.encode_utf16().flat_map(u16::to_le_bytes).collect();
    file("utf16.txt", &[&[0xff, 0xfe], utf16.as_slice()].concat());
    // Controls of one byte each, and what is left of sequences.
    let mut latin = b" date 2023-09-27 ONE\nCaf\xe9 \x9b31m\x9d0;owned\x9c\x90q\x9c\x85\n\nBody \x1b".to_vec();
    latin.extend((0x80..=0xff).chain(1..0x20).filter(|byte| *byte != b'\n'));
    file("latin.txt", &latin);
    let quoted = quoted(&evil);
    file(
        "page.md",
        format!(
            "---\ntitle: \"{quoted}\"\ndate: \"{quoted}\"\nauthor: \"{quoted}\"\nurl: \"http://a.example/{quoted}\"\n\
             sources: [\"{quoted}\"]\n---\n\n# A{evil}\n\n{evil} *{evil}* [{evil}](http://a.example/{evil})\n\n\
             ```{evil}\n{evil}\n```\n\n> {evil}\n\n- {evil}\n\n| a | b |\n|---|---|\n| {evil} | {evil} |\n\n&#27;[2J&#x9b;31m &#8238;\n"
        )
        .as_bytes(),
    );
    file("broken.md", format!("---\ntitle: [\"{quoted}\n---\nbody {evil}\n").as_bytes());
    let html = referenced(&evil);
    file(
        "page.html",
        format!(
            "<title>{html}</title><meta name=author content=\"{evil}\"><h1>{html}</h1><p>{html} {evil}</p>\
             <pre>{html}{evil}</pre><a href=\"http://a.example/{html}\">{html}</a><img alt=\"{html}\">"
        )
        .as_bytes(),
    );
    file("feed.rss", feed().as_bytes());
    file("cut.rss", feed().split_at(feed().len() / 2).0.as_bytes());
    file(
        "feed.json",
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"{quoted}\",\"items\":[{{\"id\":\"{quoted}\",\
             \"title\":\"{quoted}\",\"content_html\":\"<p>{quoted}</p>\",\"tags\":[\"{quoted}\"],\"date_published\":\"{quoted}\"}}]}}"
        )
        .as_bytes(),
    );
    file("binary.txt", b"\x00\x01\x02\x1b[2J\x00\xff\xfe\x00");
    named(root);
}

#[cfg(unix)]
fn named(root: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let article = " date 2023-09-28 NAMES\nWhat a name\n\nBody\n";
    let most: String = evil().replace('/', "").chars().take(60).collect();
    let inner = root.join(format!("folder {most}"));
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join(format!("{most}.txt")), article).unwrap();
    for name in [
        &b"new\nline\x1b[2J.txt"[..],
        b"bytes \xff\x9b31m.txt",
        "\u{202e}txt.gnp.txt".as_bytes(),
        b"$(touch owned)`;&'.txt",
    ] {
        let path = root.join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, article).unwrap();
    }
    // What is wrong with it is told, with its name.
    fs::write(root.join(format!("x{most}.json")), "{\"version\":\"https://jsonfeed.org/version/1\",").unwrap();
    fs::write(root.join(format!("y{most}.weird\x1b[2J")), "passed over").unwrap();
}

#[cfg(not(unix))]
fn named(_: &Path) {}
