//! Measures the library: a start with many marks, saving one mark and 100,000 marks, and queries about marks.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use newsdesk::article::ArticleId;
use newsdesk::corpus::{Corpus, Slot};
use newsdesk::engine::load_all;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::library::{Library, PathResolver};
use newsdesk::marks::{Change, FlagColumn, MarkChange, Marks, Tag};
use newsdesk::query::Query;

use super::unix::{milliseconds, row, seconds, time_search};

pub(super) fn measure(articles: &Path, folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    let corpus = Arc::new(load_all(&[Source::Path(articles.to_owned())], LoadOptions::default()).corpus);

    // Every article is read, a third of them starred, a tenth of them tagged.
    let slots = corpus.order();
    let mut changes = Vec::new();
    for (number, &slot) in slots.iter().enumerate() {
        let article = corpus.get(slot).unwrap().id();
        let mut add = |change| changes.push(MarkChange { article, change });
        if number % 20 != 0 {
            add(Change::Read(true));
        }
        if number % 3 == 0 {
            add(Change::Starred(true));
        }
        if number % 10 == 0 {
            add(Change::Tagged(Tag::new(if number % 20 == 0 { "asia" } else { "budget" }).unwrap(), true));
        }
    }
    let path = folder.join("library.db");
    save(&mut Library::open(&path).unwrap(), &corpus, slots, &changes);

    let mut marks = Marks::default();
    let mut starts: Vec<Duration> =
        (0..6).map(|_| timed(|| marks = Library::open(&path).unwrap().marks().unwrap())).collect();
    starts.remove(0);
    let mut reads: Vec<Duration> = (0..5).map(|_| timed(|| drop(fs::read(&path).unwrap()))).collect();
    let ([start, ..], [read, ..]) = (milliseconds(&mut starts), milliseconds(&mut reads));
    row(
        "opening the library with 300,000 marks, beside the first screen",
        "",
        &format!("p50 {start:.0} ms, {:.1} × the file", start / read),
        &format!("reading its {} MB {read:.0} ms", fs::metadata(&path).unwrap().len() / 1_000_000),
    );

    let mut library = Library::open(&path).unwrap();
    library.marks().unwrap();
    let one = |number: usize| {
        let article = corpus.get(slots[number * 7 % slots.len()]).unwrap().id();
        [MarkChange { article, change: Change::Starred(number.is_multiple_of(2)) }]
    };
    let mut times: Vec<Duration> =
        (0..200).map(|number| timed(|| drop(library.save_marks(&one(number), &mut |_| None).unwrap()))).collect();
    let mut file = fs::File::create(folder.join("sync")).unwrap();
    let mut syncs: Vec<Duration> = (0..200)
        .map(|_| {
            timed(|| {
                file.write_all(&[7; 4096]).unwrap();
                file.sync_data().unwrap();
            })
        })
        .collect();
    let ([half, most, _], [sync, ..]) = (milliseconds(&mut times), milliseconds(&mut syncs));
    row(
        "a mark to acknowledged, among 300,000",
        "",
        &format!("p50 {half:.2}, p95 {most:.2} ms, {:.1} × the disk", half / sync),
        &format!("4 kB written and synchronised p50 {sync:.2} ms"),
    );

    let hundred = &slots[..slots.len().min(100_000)];
    let read: Vec<MarkChange> = hundred
        .iter()
        .map(|&slot| MarkChange { article: corpus.get(slot).unwrap().id(), change: Change::Read(true) })
        .collect();
    let fresh = folder.join("fresh.db");
    let mut library = Library::open(&fresh).unwrap();
    let first = timed(|| save(&mut library, &corpus, hundred, &read));
    let again: Vec<MarkChange> =
        read.iter().map(|marking| MarkChange { change: Change::Read(false), ..marking.clone() }).collect();
    let second = timed(|| save(&mut library, &corpus, hundred, &again));
    drop(library);
    let bytes = fs::read(&fresh).unwrap();
    let mut limit: Vec<Duration> = (0..3)
        .map(|_| {
            timed(|| {
                let mut file = fs::File::create(folder.join("sync")).unwrap();
                file.write_all(&bytes).unwrap();
                file.sync_data().unwrap();
            })
        })
        .collect();
    let [limit, ..] = milliseconds(&mut limit);
    row(
        "`:read` over 100,000 articles to acknowledged",
        "",
        &format!("{} the first time, {} for `:unread` after it", seconds(first), seconds(second)),
        &format!("its {} MB written and synchronised {limit:.0} ms", bytes.len() / 1_000_000),
    );

    let mut column = FlagColumn::default();
    let first = timed(|| drop(column.attach(&marks, &corpus)));
    marks.apply(&MarkChange { article: corpus.get(slots[1]).unwrap().id(), change: Change::Starred(true) });
    let next = timed(|| drop(column.attach(&marks, &corpus)));
    row(
        "the marks of 300,000 articles made ready for a scan",
        "",
        &format!("{:.1} ms, {:.1} ms after a mark", first.as_secs_f64() * 1e3, next.as_secs_f64() * 1e3),
        "",
    );
    let marks = column.attach(&marks, &corpus);
    for typed in ["government", "is:unread", "is:starred government", "tag:asia", "is:read -is:starred climate"] {
        let query = || Query::parse(typed, NaiveDate::MIN);
        let mut times: Vec<Duration> = (0..20).map(|_| time_search(&corpus, &marks, query(), None).1).collect();
        let [half, most, _] = milliseconds(&mut times);
        let found = time_search(&corpus, &marks, query(), None).2.matched;
        row(
            &format!("`{typed}` to the complete count, 300,000 marks"),
            "p95 ≤ 50 ms",
            &format!("p50 {half:.1}, p95 {most:.1} ms, {found} articles"),
            "",
        );
    }
    let _ = fs::remove_dir_all(folder);
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn save(library: &mut Library, corpus: &Corpus, slots: &[Slot], changes: &[MarkChange]) {
    let slots: std::collections::HashMap<ArticleId, Slot> =
        slots.iter().map(|&slot| (corpus.get(slot).unwrap().id(), slot)).collect();
    let mut resolver = PathResolver::default();
    let mut known = |article: ArticleId| Some(resolver.record(corpus.get(slots[&article])?));
    library.save_marks(changes, &mut known).unwrap();
}
