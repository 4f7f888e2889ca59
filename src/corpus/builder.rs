//! The shard builder: sanitizes and folds drafts and appends them to the columns.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use super::shard::{FeedLabel, FileRecord, FileStamp, NO_DATE, NO_OFFSET, Origin, Record, Shard};
use crate::article::{ArticleId, BlockKind, Draft, DraftPart, Enclosure, Role, Span, SpanStyle};
use crate::text::count_words;
use crate::text::fold::{FoldWriter, PART_SEPARATOR};
use crate::text::{SafeText, clean};

/// The size of the buffer for folded text before it is appended to the arena: it fits the cache, and a small shard needs
/// no arena.
const STAGE: usize = 64 << 10;

/// The maximum length of a headline, byline, credit or source, in bytes. Lists read them at every frame, and a longer one
/// is body text in the wrong place.
const HEADING: usize = 2_000;

/// The length of a shortened heading, in bytes. The whole text follows as a paragraph.
const BEGINNING: usize = 300;

/// Collects drafts into one [`Shard`] after the other.
#[derive(Debug, Default)]
pub struct ShardBuilder {
    /// The text that is not in the arena yet, and all edits.
    folder: FoldWriter,
    shard: Shard,
    sections: HashMap<Box<str>, u16>,
}

/// The index of a file in a [`ShardBuilder`].
#[derive(Clone, Copy, Debug)]
pub struct FileIndex(u32);

impl ShardBuilder {
    /// Adds the file of the next drafts: `name` in the folder `dir`, as shown to the user.
    pub fn file(&mut self, dir: &Arc<Path>, name: &OsStr, origin: Origin, stamp: FileStamp) -> FileIndex {
        let index = FileIndex(self.shard.files.len() as u32);
        self.shard.files.push(FileRecord { dir: Arc::clone(dir), name: name.into(), origin, stamp, feeds: None });
        index
    }

    /// Adds the feeds of the next drafts.
    pub fn feed(&mut self, feeds: &Arc<FeedLabel>) -> FileIndex {
        let index = self.file(&Arc::from(Path::new(&feeds.url)), OsStr::new(""), Origin::Feed, FileStamp::default());
        if let Some(file) = self.shard.files.last_mut() {
            file.feeds = Some(Arc::clone(feeds));
        }
        index
    }

    /// Adds article number `ordinal` (from 0) of `file`. The id is derived from `place`, bytes that identify the file in
    /// every run.
    pub fn push(&mut self, file: FileIndex, place: &[u8], ordinal: u32, format: &'static str, draft: &Draft<'_>) {
        self.push_known(file, ArticleId::of(place, ordinal), ordinal, format, draft);
    }

    /// Adds an article with a known id.
    pub fn push_known(
        &mut self,
        file: FileIndex,
        id: ArticleId,
        ordinal: u32,
        format: &'static str,
        draft: &Draft<'_>,
    ) {
        let section = self.section(&draft.section);
        let format = self.format(format);
        if self.folder.folded.len() >= STAGE {
            self.shard.folded.append(&self.folder.folded);
            self.folder.folded.clear();
        }
        let (text, edits) = (self.bytes(), self.folder.edits.len());
        let outline = self.shard.outlines.len();
        self.folder.begin_article();
        let mut word_count = 0;
        let parts = with_short_headings(&draft.parts);
        put(&mut self.shard.outlines, parts.len());
        for part in parts.iter() {
            let start = self.folder.folded.len();
            let code = part.role == Role::Body(BlockKind::Code);
            let text = trimmed(&part.text, code, part.spans.is_empty());
            // Most text is already safe, which folding detects in the same pass.
            let done = if code { None } else { self.folder.push_if_safe_line(text) };
            let (original, spacing) = match done {
                Some(spacing) => (Cow::Borrowed(text), spacing),
                None => {
                    let original = normal(text, code);
                    let spacing = self.folder.push(&original);
                    (original, spacing)
                }
            };
            let folded = &self.folder.folded[start..];
            if let Role::Body(_) = part.role {
                word_count +=
                    if spacing.unspaced { count_words(&original) } else { spaced_words(folded, spacing.spaces) };
            }
            let length = folded.len();
            put_role(&mut self.shard.outlines, part.role);
            put(&mut self.shard.outlines, length);
            put_spans(&mut self.shard.outlines, &part.spans);
            self.folder.separate();
        }
        put_text(&mut self.shard.outlines, draft.url.as_deref().unwrap_or(""));
        put(&mut self.shard.outlines, draft.links.len());
        for link in &draft.links {
            put_text(&mut self.shard.outlines, link);
        }
        put(&mut self.shard.outlines, draft.enclosures.len());
        for enclosure in &draft.enclosures {
            put_enclosure(&mut self.shard.outlines, enclosure);
        }
        if draft.parts.is_empty() {
            self.folder.separate();
        }
        self.shard.records.push(Record {
            id: id.0,
            seconds: draft.published.map_or(NO_DATE, |published| published.seconds()),
            offset: draft.published.and_then(|published| published.offset_minutes()).unwrap_or(NO_OFFSET),
            section,
            format,
            // A shard is finished long before 4 GiB; see `bytes`.
            text: text as u32,
            edits: edits as u32,
            outline: outline as u32,
            words: word_count,
            file: file.0,
            ordinal,
        });
    }

    /// Returns the number of bytes of text added. The caller must finish the shard well before 4 GiB.
    pub fn bytes(&self) -> usize {
        self.shard.folded.len() + self.folder.folded.len()
    }

    /// Returns the number of articles added.
    pub fn len(&self) -> usize {
        self.shard.records.len()
    }

    /// Returns whether the builder is empty.
    pub fn is_empty(&self) -> bool {
        self.shard.records.is_empty()
    }

    /// Returns the finished shard.
    pub fn finish(mut self) -> Shard {
        self.take()
    }

    /// Returns the finished shard and starts the next one.
    pub fn take(&mut self) -> Shard {
        let mut shard = std::mem::take(&mut self.shard);
        self.sections.clear();
        if shard.folded.is_empty() {
            shard.folded = self.folder.folded.as_slice().to_vec().into();
        } else {
            shard.folded.append(&self.folder.folded);
            shard.folded = shard.folded.finish();
        }
        shard.edits = self.folder.edits.as_slice().to_vec();
        self.folder.folded.clear();
        self.folder.edits.clear();
        shard.outlines.shrink_to_fit();
        shard.records.shrink_to_fit();
        shard.files.shrink_to_fit();
        shard
    }

    fn section(&mut self, section: &str) -> u16 {
        let section = beginning(section.trim());
        let section = section.as_ref();
        if let Some(&known) = self.sections.get(section) {
            return known;
        }
        // Sections from number 65,535 on share one index; no real shard has that many.
        let index = u16::try_from(self.shard.sections.len()).unwrap_or(u16::MAX);
        if index < u16::MAX {
            self.shard.sections.push(SafeText::new(&one_line(section)));
            self.sections.insert(section.into(), index);
        }
        index
    }

    fn format(&mut self, format: &'static str) -> u8 {
        let known = self.shard.formats.iter().position(|&known| known == format);
        let index = known.unwrap_or_else(|| {
            self.shard.formats.push(format);
            self.shard.formats.len() - 1
        });
        u8::try_from(index).unwrap_or(u8::MAX)
    }
}

/// Shortens overlong headings and appends their whole text as paragraphs, so that no text is lost.
fn with_short_headings<'d>(parts: &'d [DraftPart<'d>]) -> Cow<'d, [DraftPart<'d>]> {
    let is_long = |part: &DraftPart<'_>| {
        matches!(part.role, Role::Headline | Role::Byline | Role::Credit | Role::Source) && part.text.len() > HEADING
    };
    if !parts.iter().any(is_long) {
        return Cow::Borrowed(parts);
    }
    let mut shortened = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        let mut role = part.role;
        if is_long(part) {
            shortened.push(DraftPart { role, text: beginning(part.text.trim()), spans: Vec::new() });
            role = Role::Body(BlockKind::Paragraph);
        }
        shortened.push(DraftPart { role, text: Cow::Borrowed(part.text.as_ref()), spans: part.spans.clone() });
    }
    Cow::Owned(shortened)
}

/// Returns a heading, cut if it is too long, between words if possible.
fn beginning(heading: &str) -> Cow<'_, str> {
    if heading.len() <= HEADING {
        return Cow::Borrowed(heading);
    }
    let cut = heading.get(..heading.floor_char_boundary(BEGINNING)).unwrap_or("");
    let shortened = cut.rfind(char::is_whitespace).filter(|&end| end > 0).and_then(|end| cut.get(..end)).unwrap_or(cut);
    Cow::Owned(format!("{}…", shortened.trim_end()))
}

/// Trims white space. Text with spans is unchanged, because spans count bytes, and code keeps its indentation.
fn trimmed(text: &str, code: bool, may_trim: bool) -> &str {
    match (may_trim, code) {
        (true, false) => text.trim(),
        (true, true) => text.trim_end(),
        (false, _) => text,
    }
}

/// Normalises text: sanitized, and on one line unless it is code.
fn normal(text: &str, code: bool) -> Cow<'_, str> {
    match clean(text) {
        text if code => text,
        Cow::Borrowed(text) => one_line(text),
        Cow::Owned(text) if text.contains('\n') => Cow::Owned(one_line(&text).into_owned()),
        Cow::Owned(text) => Cow::Owned(text),
    }
}

fn one_line(text: &str) -> Cow<'_, str> {
    match memchr::memchr(b'\n', text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.replace('\n', " ")),
    }
}

/// Counts the words of a text by the number of spaces in its folded form, where words are separated by single spaces.
fn spaced_words(folded: &[u8], spaces: u32) -> u32 {
    let around = u32::from(folded.first() == Some(&b' ')) + u32::from(folded.len() > 1 && folded.last() == Some(&b' '));
    let is_blank = folded.len() as u64 <= u64::from(spaces);
    if is_blank { 0 } else { spaces - around + 1 }
}

// The outline of an article, which `article_ref` reads: the number of parts; for each its role, the length of its folded
// text and its spans; then the address, the links and the enclosures. Numbers are LEB128.

fn put(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let text = clean(text);
    put(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Writes an enclosure. Numbers are stored plus one; 0 stands for an unknown one.
fn put_enclosure(out: &mut Vec<u8>, enclosure: &Enclosure<Cow<'_, str>>) {
    put_text(out, &enclosure.url);
    put_text(out, &enclosure.media_type);
    let size = enclosure.size.and_then(|size| usize::try_from(size).ok());
    for number in [size, enclosure.duration.map(|seconds| seconds as usize)] {
        put(out, number.map_or(0, |number| number.saturating_add(1)));
    }
}

fn put_role(out: &mut Vec<u8>, role: Role) {
    let code: u8 = match role {
        Role::Headline => 0,
        Role::Standfirst => 1,
        Role::Byline => 2,
        Role::Caption => 3,
        Role::Credit => 4,
        Role::Source => 5,
        Role::Body(BlockKind::Paragraph) => 6,
        Role::Body(BlockKind::Crosshead) => 7,
        Role::Body(BlockKind::Quote) => 8,
        Role::Body(BlockKind::Code) => 9,
        Role::Body(BlockKind::TableRow) => 10,
        Role::Body(BlockKind::Rule) => 11,
        Role::Body(BlockKind::ListEntry { .. }) => 12,
    };
    out.push(code);
    if let Role::Body(BlockKind::ListEntry { depth, number }) = role {
        out.push(depth);
        put(out, number.map_or(0, |number| usize::from(number) + 1));
    }
}

fn put_spans(out: &mut Vec<u8>, spans: &[Span]) {
    put(out, spans.len());
    for span in spans {
        put(out, span.start as usize);
        put(out, span.end as usize);
        put(
            out,
            match span.style {
                SpanStyle::Emphasis => 0,
                SpanStyle::Strong => 1,
                SpanStyle::Code => 2,
                SpanStyle::Link(number) => usize::from(number) + 3,
            },
        );
    }
}

const _: () = assert!(PART_SEPARATOR < b' ', "a separator sorts and trims as white space");
