//! Measures each part alone: `cargo bench --bench parts`. Searches and frames use 300,000 articles made of the bundled
//! ones (about 1 GB); `NEWSDESK_BENCH_ARTICLES` sets another number.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

#[path = "material/seeds.rs"]
mod seeds;

use std::hint::black_box;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use memchr::memmem::Finder;
use newsdesk::app::{Effect, Message, Size, State};
use newsdesk::config::{Background, Config};
use newsdesk::corpus::{Corpus, FileStamp, Origin, ShardBuilder};
use newsdesk::engine::load_all;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::formats::{FileHint, decode, read};
use newsdesk::query::Query;
use newsdesk::render::typeset::{Annotation, TypesetOptions, typeset};
use newsdesk::search::{SearchRequest, SearchResult, count_hits, scan};
use newsdesk::text::fold::FoldWriter;
use newsdesk::ui::{Depth, Theme, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn main() {
    divan::main();
}

fn articles() -> usize {
    std::env::var("NEWSDESK_BENCH_ARTICLES").ok().and_then(|number| number.parse().ok()).unwrap_or(300_000)
}

fn corpus() -> &'static Arc<Corpus> {
    static CORPUS: OnceLock<Arc<Corpus>> = OnceLock::new();
    CORPUS.get_or_init(|| corpus_of(articles()))
}

/// Returns a corpus of this number of articles, in shards of the size that loading produces.
fn corpus_of(articles: usize) -> Arc<Corpus> {
    let seeds = seeds::Seeds::new();
    let dir: Arc<Path> = Arc::from(Path::new("desk"));
    let (mut shards, mut builder) = (Vec::new(), ShardBuilder::default());
    for number in 0..articles {
        let (name, text) = (format!("{number:06}.txt"), seeds.article(number));
        let decoded = decode(text.as_bytes()).unwrap();
        let reading = read(&decoded, &FileHint { file_name: &name });
        let file = builder.file(&dir, name.as_ref(), Origin::File, FileStamp::default());
        builder.push(file, name.as_bytes(), 0, reading.format, &reading.drafts[0]);
        if builder.bytes() >= 4 << 20 {
            shards.push(Arc::new(std::mem::take(&mut builder).finish()));
        }
    }
    shards.push(Arc::new(builder.finish()));
    Arc::new(Corpus::default().with(shards))
}

fn bytes() -> usize {
    corpus().shards().map(|(_, shard)| shard.folded().len()).sum()
}

fn request(text: &str, within: Option<SearchResult>) -> SearchRequest {
    let query = Arc::new(Query::parse(text, NaiveDate::MIN));
    SearchRequest {
        generation: 1,
        corpus: Arc::clone(corpus()),
        marks: Default::default(),
        query,
        within,
        screenful: 80,
    }
}

fn answer(text: &str) -> SearchResult {
    let mut last = None;
    scan(&request(text, None), &|| false, &mut |answer| last = Some(answer));
    last.unwrap()
}

mod loading {
    use super::*;

    #[divan::bench(sample_count = 20)]
    fn ten_thousand_files(bencher: Bencher<'_, '_>) {
        let folder = tempfile::tempdir().unwrap();
        seeds::write(&folder.path().join("desk"), &folder.path().join("one"), 10_000);
        let sources = [Source::Path(folder.path().join("desk"))];
        bencher
            .counter(ItemsCount::new(10_000usize))
            .bench_local(|| load_all(&sources, LoadOptions::default()).corpus.len());
    }

    #[divan::bench]
    fn folding(bencher: Bencher<'_, '_>) {
        let text: String = (0..300).map(|number| seeds::Seeds::new().article(number)).collect();
        bencher.counter(BytesCount::of_str(&text)).bench(|| {
            let mut folder = FoldWriter::default();
            folder.push(black_box(&text));
            folder.folded.len()
        });
    }

    #[divan::bench]
    fn typesetting(bencher: Bencher<'_, '_>) {
        let slot = corpus().order()[0];
        let article = corpus().get(slot).unwrap().article();
        let setting = TypesetOptions { width: 68, justify: true, hyphenate: true };
        bencher.bench(|| typeset(black_box(&article), Annotation::default(), setting).lines().len());
    }
}

mod search {
    use super::*;

    const QUERIES: &[&str] = &[
        "e",
        "the",
        "telescope",
        "absent-word",
        "Telescope",
        "\"black hole\"",
        "telescope spacecraft",
        "moon OR mars",
        "orbit -moon",
        "space date:2019..2021",
        "black NEAR/3 hole",
        "title:moon",
        "section:science",
        "/colou?rs?/",
        "/[A-Z]{4}/",
    ];

    /// Measures the limit: one substring search over the same bytes on one thread.
    #[divan::bench(args = ["e", "the", "telescope", "absent-word"], sample_count = 10)]
    fn limit(bencher: Bencher<'_, '_>, word: &str) {
        let finder = Finder::new(word);
        bencher.counter(BytesCount::new(bytes())).bench(|| {
            let in_shard = |folded: &[u8]| {
                let (mut found, mut from) = (0, 0);
                while let Some(at) = finder.find(&folded[from..]) {
                    found += 1;
                    // Continue with the next article, as a scan does.
                    from += at + folded[from + at..].windows(2).position(|pair| pair == b"\n\n").unwrap_or(4_000);
                    from = from.min(folded.len());
                }
                found
            };
            corpus().shards().map(|(_, shard)| in_shard(shard.folded())).sum::<usize>()
        });
    }

    #[divan::bench(args = QUERIES, sample_count = 10)]
    fn full_scan(bencher: Bencher<'_, '_>, text: &str) {
        let request = request(text, None);
        bencher.counter(BytesCount::new(bytes())).bench(|| {
            let mut matched = 0;
            scan(&request, &|| false, &mut |answer| matched = answer.matched);
            matched
        });
    }

    #[divan::bench(args = ["spac|space", "space|space mar", "the|the moon", "e|ex"], sample_count = 10)]
    fn narrowing(bencher: Bencher<'_, '_>, texts: &str) {
        let (former, text) = texts.split_once('|').unwrap();
        let request = request(text, Some(answer(former)));
        bencher.bench(|| {
            let mut matched = 0;
            scan(&request, &|| false, &mut |answer| matched = answer.matched);
            matched
        });
    }

    #[divan::bench(args = ["e", "telescope", "moon OR mars"], sample_count = 5)]
    fn counting_hits(bencher: Bencher<'_, '_>, text: &str) {
        let answer = answer(text);
        bencher.bench(|| {
            let mut all = 0;
            count_hits(&answer, &|| false, &mut |hits, _| all = hits);
            all
        });
    }
}

mod frames {
    use super::*;

    /// Returns the state after everything is loaded and some keys are pressed. Filters are answered immediately.
    fn state(keys: &str, columns: u16, rows: u16) -> State {
        let now = NaiveDate::from_ymd_opt(2024, 3, 1).unwrap().and_hms_opt(12, 0, 0).unwrap();
        let mut state = State::new(Config::default(), "desk".to_owned(), now);
        let mut waiting = vec![Message::Resize(Size { columns, rows }), Message::Corpus(Arc::clone(corpus()))];
        waiting.extend(keys.split_whitespace().map(|key| Message::Key(key.parse().unwrap())));
        for message in waiting {
            for effect in state.update(message) {
                if let Effect::Filter(request) = effect {
                    let mut answers = Vec::new();
                    scan(&request, &|| false, &mut |answer| answers.push(answer));
                    for answer in answers {
                        state.update(Message::SearchResult(answer));
                    }
                }
            }
        }
        state
    }

    #[divan::bench(args = ["list", "reading", "filtering", "zen"])]
    fn frame(bencher: Bencher<'_, '_>, pane: &str) {
        let (keys, columns) = match pane {
            "list" => ("", 80),
            "reading" => ("enter", 80),
            "zen" => ("z", 160),
            _ => ("/ s p a c e", 160),
        };
        let state = state(keys, columns, 50);
        let theme = Theme::new(Some(Background::Dark), Depth::TrueColour, &Default::default());
        let mut terminal = Terminal::new(TestBackend::new(columns, 50)).unwrap();
        bencher.bench_local(|| terminal.draw(|frame| draw(&state, &theme, frame)).map(|_| ()));
    }

    #[divan::bench]
    fn a_key_and_its_frame(bencher: Bencher<'_, '_>) {
        let mut state = state("", 160, 50);
        let theme = Theme::new(Some(Background::Dark), Depth::TrueColour, &Default::default());
        let mut terminal = Terminal::new(TestBackend::new(160, 50)).unwrap();
        let key: newsdesk::keys::Key = "j".parse().unwrap();
        bencher.bench_local(|| {
            state.update(Message::Key(key));
            terminal.draw(|frame| draw(&state, &theme, frame)).map(|_| ())
        });
    }
}
