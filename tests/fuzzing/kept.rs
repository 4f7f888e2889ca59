//! What was kept and may be damaged: snapshots, and entries in the library.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

use newsdesk::article::{ArticleId, BlockKind, Draft, Published, Role, Span, SpanStyle};
use newsdesk::config::Config;
use newsdesk::corpus::codec::{decode, encode};
use newsdesk::corpus::{ArticleRef, Corpus, FileStamp, Origin, Shard, ShardBuilder, ShardDigest, Slot};
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::engine::{Cache, load_with, make_snapshot};
use newsdesk::query::Query;
use newsdesk::render::typeset::{Annotation, TypesetOptions, typeset};
use newsdesk::search::{FacetKey, Matcher, facets};
use xxhash_rust::xxh3::xxh3_128;

use super::app::TestApp;
use super::formats::assert_shown;

/// The bytes of a sound shard.
static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut builder = ShardBuilder::default();
    for (number, (dir, name)) in [("desk", "a.txt"), ("desk/b", "c.md")].iter().enumerate() {
        let file = builder.file(&Arc::from(Path::new(dir)), name.as_ref(), Origin::File, FileStamp::default());
        let mut draft = Draft {
            published: Published::from_seconds(1_690_000_000 + number as i64, Some(180)),
            section: format!("DESK {number}").into(),
            url: Some("https://example.org/".into()),
            ..Draft::default()
        };
        draft.push(Role::Headline, "Agency Orders “Clean-up” №1");
        draft.push_body(BlockKind::Paragraph, "Ten Accounts at the  STATE; naïve Straße.");
        draft.push_body(BlockKind::ListEntry { depth: 1, number: Some(3) }, "an entry");
        draft.push(Role::Source, "Réuters");
        draft.parts[1].spans.push(Span { start: 4, end: 12, style: SpanStyle::Link(0) });
        draft.links.push("https://example.org/".into());
        builder.push(file, name.as_bytes(), 0, "wire", &draft);
    }
    let mut bytes = Vec::new();
    encode(&builder.finish(), Path::new("desk"), &mut bytes).unwrap();
    bytes
});

/// Bytes that are a shard by their checksum: what is made up, or a sound shard with changes, three bytes each.
pub(super) fn shard(input: &[u8]) {
    let bytes = match input.split_first() {
        Some((0, made_up)) => made_up.to_vec(),
        _ => changed(&SOUND, input.get(1..).unwrap_or_default()),
    };
    let sealed = ShardDigest { checksum: xxh3_128(&bytes), length: bytes.len() as u64 };
    let Ok(shard) = decode(&mut &*bytes, sealed, Path::new("desk")) else { return };
    look_at(shard);
}

fn changed(sound: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
        bytes[at] = change[2];
    }
    bytes
}

/// Does with a shard what the program does.
fn look_at(shard: Shard) {
    let mut out = Vec::new();
    match encode(&shard, Path::new("desk"), &mut out) {
        Ok(sealed) => assert_eq!(sealed.length, out.len() as u64),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::Unsupported),
    }
    let corpus = Corpus::default().with([Arc::new(shard)]);
    let matcher =
        Matcher::new(&Query::parse("state naive \"clean\" a NEAR/3 e", chrono::NaiveDate::MIN), &Default::default());
    for &slot in corpus.order().iter() {
        look_at_article(slot, corpus.get(slot).unwrap(), &matcher);
    }
    corpus.living_files();
    let slots = FacetKey::Slots(Arc::clone(corpus.order()));
    facets(&Arc::new(corpus.clone()), &slots, &Default::default(), &[], &|| false);
    let mut desk = TestApp::new(Config::default(), corpus, 120, 40);
    desk.press("/").type_in("state a").press("enter n n");
    desk.draw();
}

fn look_at_article(slot: Slot, entry: ArticleRef<'_>, matcher: &Matcher) {
    let article = entry.article();
    assert_shown(&article);
    let _ = (entry.day(), entry.has_links(), entry.path(), entry.stamp(), entry.section(), entry.parts().count());
    matcher.matches(slot, entry);
    // What is made up need not be safe, so a place in it may be another when it is shown; drawing has to bear that.
    matcher.hits(entry);
    typeset(&article, Annotation::default(), TypesetOptions { width: 40, justify: true, hyphenate: true });
}

/// Bytes that are a manifest by their checksum, in a folder of snapshots.
pub(super) fn manifest(input: &[u8]) {
    thread_local! {
        static FOLDER: Folder = Folder::new();
    }
    FOLDER.with(|folder| {
        let mut bytes = b"newsdskM".to_vec();
        bytes.extend_from_slice(&1_u64.to_le_bytes());
        bytes.extend_from_slice(input);
        bytes.extend_from_slice(&xxh3_128(&bytes).to_le_bytes());
        std::fs::write(&folder.manifest, &bytes).unwrap();
        folder.cache.list().unwrap();
        // It names no shard that is there, so what is shown comes from the disk.
        let loaded = load_with(
            &folder.sources,
            LoadOptions::default(),
            Some(&folder.cache),
            &AtomicBool::new(false),
            &mut |_| {},
        );
        let headlines =
            loaded.corpus.order().iter().map(|&slot| loaded.corpus.get(slot).unwrap().headline().to_string());
        assert_eq!(headlines.collect::<Vec<_>>(), ["An article"]);
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    });
}

/// An article on the disk, with a snapshot.
struct Folder {
    _home: tempfile::TempDir,
    sources: [Source; 1],
    cache: Cache,
    manifest: PathBuf,
}

impl Folder {
    fn new() -> Folder {
        let home = tempfile::tempdir().unwrap();
        let (news, kept) = (home.path().join("news"), home.path().join("cache"));
        std::fs::create_dir(&news).unwrap();
        std::fs::write(news.join("a.txt"), "date 2023-09-27 WORLD\nAn article\n\nIts text.\n").unwrap();
        let cache = Cache::new(&kept).with_least(0);
        make_snapshot(&news, LoadOptions::default(), &cache, &mut |_| {}, &mut |_, _| {}).unwrap();
        let mut places = vec![kept];
        let manifest = loop {
            let place = places.pop().unwrap();
            if place.is_dir() {
                places.extend(std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()));
            } else if place.ends_with("manifest") {
                break place;
            }
        };
        Folder { _home: home, sources: [Source::Path(news)], cache, manifest }
    }
}

/// An entry as the library holds it, which somebody may have changed.
pub(super) fn stored(input: &[u8]) {
    let Ok(draft) = serde_json::from_slice::<Draft<'_>>(input) else { return };
    let mut builder = ShardBuilder::default();
    let file = builder.file(&Arc::from(Path::new("desk")), "x".as_ref(), Origin::File, FileStamp::default());
    builder.push_known(file, ArticleId(1), 0, "feed", &draft);
    builder.push_known(file, ArticleId(2), 1, "feed", &draft);
    look_at(builder.finish());
}
