//! Files that newsdesk 0.1 wrote: each loads unchanged. `tests/fixtures/version-0.1` is never written anew.
//!
//! The library of that version is `tests/libraries/version-4.db`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use newsdesk::corpus::codec::decode;
use newsdesk::corpus::{Corpus, ShardDigest};
use newsdesk::engine::load_all;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::formats::PARSER_VERSION;
use xxhash_rust::xxh3::xxh3_64;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Returns a line for each article, sorted: everything that does not depend on the folder.
fn articles(corpus: &Corpus) -> Vec<String> {
    let entries = corpus.order().iter().map(|&slot| corpus.get(slot).unwrap());
    let mut lines: Vec<String> = entries
        .map(|entry| {
            let article = entry.article();
            let name = entry.path().file_name().unwrap().to_string_lossy().into_owned();
            let published = article.published.map(|published| published.to_string());
            let (section, url, text) = (&article.section, &article.url, article.to_text());
            format!("{name} {} {published:?} {section:?} {url:?} {text:?}", article.words)
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn snapshot_of_version_0_1_loads_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<(String, String)> = (0..1_000)
        .map(|number| (format!("filler-{number}.txt"), format!("Headline {number}\n\nBody {number}.\n")))
        .collect();
    for entry in fs::read_dir(fixtures().join("version-0.1/articles")).unwrap() {
        let path = entry.unwrap().path();
        // Files with problems are not part of a snapshot.
        if path.ends_with("rss_20.rss") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        files.push((name, fs::read_to_string(path).unwrap()));
    }
    let modified = UNIX_EPOCH + Duration::from_secs(1_735_787_045);
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
    }
    let parsed = load_all(&[Source::Path(folder.path().to_owned())], LoadOptions::default());

    let path = fixtures().join("version-0.1/snapshot/1ce03a06100027c9979ba3804398e34f.shard");
    let digest =
        ShardDigest { checksum: 0x1ce0_3a06_1000_27c9_979b_a380_4398_e34f, length: fs::metadata(&path).unwrap().len() };
    let shard = decode(&mut File::open(path).unwrap(), digest, folder.path()).unwrap();
    let stored = Corpus::default().with([std::sync::Arc::new(shard)]);
    assert_eq!(stored.order().len(), 1_008);
    assert_eq!(articles(&stored), articles(&parsed.corpus), "raise PARSER_VERSION and compare with a digest instead");
}

#[test]
fn parser_version_matches_the_articles() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let sources = [seeds, fixtures().join("feeds"), fixtures().join("pages"), fixtures().join("version-0.1/articles")];
    let loaded = load_all(&sources.map(Source::Path), LoadOptions::default());
    let found = articles(&loaded.corpus);
    assert!(found.len() > 50, "{}", found.len());
    let digest = xxh3_64(found.join("\n").as_bytes());
    assert_eq!(
        (PARSER_VERSION, digest),
        (15_514_402_302_005_745_474, 13_677_508_962_064_045_271),
        "parsing changed: raise PARSER_VERSION and write both numbers here"
    );
}

#[test]
fn config_of_version_0_1_is_accepted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = fixtures().join("version-0.1/config.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_newsdesk"))
        .args(["list", "--config", config.to_str().unwrap(), "seeds"])
        .current_dir(root)
        .env("HOME", std::env::temp_dir().join("newsdesk-no-home"))
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn json_lines_of_version_0_1_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let library = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_newsdesk"))
            .args(arguments)
            .env("NEWSDESK_LIBRARY", folder.path().join("library.db"))
            .env("HOME", folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let path = fixtures().join("version-0.1/library.jsonl");
    library(&["library", "import", path.to_str().unwrap()]);
    assert_eq!(library(&["library", "export"]), fs::read_to_string(path).unwrap());
}
