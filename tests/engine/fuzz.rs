//! The fuzz targets on stable Rust: each runs over its corpus in `fuzz/corpus` and over inputs that are made of it, for
//! a tenth of a second, or as many seconds as `NEWSDESK_FUZZ_SECONDS` says.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::fuzz_targets::{TARGETS, Target, growth};
use crate::support::rng::{Rng, setting};

/// The folder of corpora and dictionaries.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The words of a dictionary in the form of libFuzzer: each in quotation marks, bytes as `\xNN`.
fn dictionary(path: &Path) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| word(line).unwrap_or_else(|| panic!("{}: {line}", path.display()))).collect()
}

fn word(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut word = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            word.push(byte);
            continue;
        }
        let (&escaped, after) = rest.split_first()?;
        rest = after;
        if escaped == b'x' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            word.push(u8::from_str_radix(digits, 16).ok()?);
            rest = rest.get(2..)?;
        } else {
            word.push(escaped);
        }
    }
    (!word.is_empty()).then_some(word)
}

/// An input made of others.
fn mutated(corpus: &[Vec<u8>], words: &[Vec<u8>], rng: &mut Rng, most: usize) -> Vec<u8> {
    let mut input = corpus[rng.index(corpus.len())].clone();
    for _ in 0..=rng.index(5) {
        let at = rng.index(input.len() + 1);
        let end = (at + 1 + rng.index(12)).min(input.len());
        match rng.index(8) {
            0 => drop(input.splice(at..end.max(at), [])),
            1 => input.insert(at, rng.index(256) as u8),
            2 if at < input.len() => input[at] = rng.index(256) as u8,
            3 if at < input.len() => input[at] ^= 1 << rng.index(8),
            4 => {
                let piece = input[at..end.max(at)].repeat(1 + rng.index(6));
                drop(input.splice(at..at, piece));
            }
            5 => {
                let other = &corpus[rng.index(corpus.len())];
                let from = rng.index(other.len() + 1);
                let to = (from + rng.index(40)).min(other.len());
                let piece = other[from..to].to_vec();
                drop(input.splice(at..at, piece));
            }
            6 => input.truncate(at),
            _ if !words.is_empty() => drop(input.splice(at..at, words[rng.index(words.len())].clone())),
            _ => {}
        }
    }
    input.truncate(most);
    input
}

/// Returns the seconds of `NEWSDESK_FUZZ_SECONDS`, or the usual ones.
fn fuzz_time(usual: f64) -> Duration {
    let seconds = std::env::var("NEWSDESK_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or(usual))
}

fn run(name: &str) {
    let fuzz = fuzz();
    let target = TARGETS.iter().find(|target| target.name == name).expect("the target is there");
    let folder = fuzz.join("corpus").join(name);
    let corpus: Vec<Vec<u8>> = names(&folder).iter().map(|file| fs::read(folder.join(file)).unwrap()).collect();
    let words = match target.dictionary {
        "" => Vec::new(),
        dictionary_name => dictionary(&fuzz.join("dictionaries").join(dictionary_name)),
    };
    let time = fuzz_time(0.1);
    let end = Instant::now() + time;
    corpus.iter().for_each(|input| try_out(target, input));
    let mut rng = Rng(0x006e_6577_7364_6573 + time.as_secs());
    while Instant::now() < end {
        try_out(target, &mutated(&corpus, &words, &mut rng, target.most));
    }
}

/// Names the input that breaks a promise, so that it can be put into the corpus.
fn try_out(target: &Target, input: &[u8]) {
    let tried = catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    assert!(tried.is_ok(), "{} breaks over b\"{}\"", target.name, input.escape_ascii());
}

macro_rules! run_each {
    ($($name:ident)*) => {
        const RUN: &[&str] = &[$(stringify!($name)),*];

        mod targets_hold_over_corpus_and_mutations {
            $(#[test]
            fn $name() {
                super::run(stringify!($name));
            })*
        }
    };
}

run_each!(
    wire markdown feed html plain file feed_html page growth safe_text fold unfold wrap query matcher shard manifest stored
    config opml newsboat screen
);

#[test]
fn fuzz_targets_are_all_run_and_have_their_corpus() {
    let listed: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(listed, RUN.iter().map(|&name| name.to_owned()).collect());
    let fuzz = fuzz();
    assert_eq!(listed, names(&fuzz.join("corpus")));
    let used: BTreeSet<String> = TARGETS.iter().map(|target| target.dictionary.to_owned()).collect();
    let there: BTreeSet<String> = names(&fuzz.join("dictionaries")).into_iter().chain([String::new()]).collect();
    assert_eq!(used, there);
}

/// Returns the length of the long inputs of `growth`, from `NEWSDESK_GROWTH` in KiB, and whether that is set.
fn growth_length() -> (usize, bool) {
    let kib = setting("NEWSDESK_GROWTH");
    ((kib.unwrap_or(32) as usize) << 10, kib.is_some())
}

/// Compares memory, and with `NEWSDESK_GROWTH` time too.
#[test]
fn growth_seeds_stay_in_proportion() {
    let (length, is_long) = growth_length();
    let mut broken = Vec::new();
    for case in growth::seeds() {
        let growth = case.grow(length.max(case.least_length), is_long);
        eprintln!("{} ({}): {growth}", case.name, case.reader);
        if !growth.is_in_proportion() {
            broken.push(format!("{} ({}): {growth}", case.name, case.reader));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Repeats parts and pairs of parts of the other corpora, as many as `NEWSDESK_FUZZ_SECONDS` allow, and prints the worst.
/// Compares memory, and with `NEWSDESK_GROWTH` time too.
#[test]
fn growth_of_every_part_stays_in_proportion() {
    let (length, is_long) = growth_length();
    let mut cases = Vec::new();
    for (folder, readers) in [
        ("wire", &["wire"][..]),
        ("plain", &["plain"]),
        ("markdown", &["markdown"]),
        ("feed", &["feed", "parse_feed"]),
        ("html", &["html"]),
        ("page", &["page"]),
        ("feed_html", &["json_feed"]),
        ("opml", &["opml"]),
        ("newsboat", &["newsboat"]),
    ] {
        let folder = fuzz().join("corpus").join(folder);
        for file in names(&folder) {
            let document = fs::read(folder.join(&file)).unwrap();
            for &reader in readers {
                cases.extend(growth::repetitions(&file, reader, &document));
            }
        }
    }
    let number = cases.len();
    let mut rng = Rng(0x006e_6577_7364_6573);
    let end = Instant::now() + fuzz_time(1.0);
    let mut tried = Vec::new();
    while !cases.is_empty() && Instant::now() < end {
        let case = cases.swap_remove(rng.index(cases.len()));
        let growth = case.grow(length, is_long);
        tried.push((growth, case));
    }
    tried.sort_by(|(one, _), (other, _)| other.worst().total_cmp(&one.worst()));
    eprintln!("{} of {number} cases were tried; the worst are:", tried.len());
    for (growth, case) in tried.iter().take(12) {
        eprintln!("{} ({}): {growth}", case.name, case.reader);
    }
    let broken: Vec<_> = tried.iter().filter(|(growth, _)| !growth.is_in_proportion()).collect();
    assert!(broken.is_empty(), "{} cases grow out of proportion; see above", broken.len());
}

/// Only `support::cases` sets numbers of cases, and it lets `PROPTEST_CASES` override them.
#[test]
fn properties_take_their_cases_from_the_environment() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("tests")];
    let fixed = ["Proptest", "Config"].concat();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let may = path.ends_with("tests/support/cases.rs");
                assert!(may || !fs::read_to_string(&path).unwrap().contains(&fixed), "{}", path.display());
            }
        }
    }
}
