//! A reference to one article in a corpus. Columns are read directly, text is unfolded on demand.

use std::cmp::Ordering;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::shard::{FeedLabel, FileStamp, NO_DATE, NO_OFFSET, Origin, Record, Shard};
use crate::article::{Article, ArticleId, BlockKind, Enclosure, Part, Published, Role, Span, SpanStyle};
use crate::text::SafeText;
use crate::text::fold::Unfolder;

/// A reference to one article of a shard. Copying it copies two references.
#[derive(Clone, Copy, Debug)]
pub struct ArticleRef<'a> {
    pub(super) shard: &'a Shard,
    pub(super) record: &'a Record,
    pub(super) index: usize,
}

/// The range of a part in the folded text of its article.
#[derive(Clone, Debug, PartialEq)]
pub struct PartRange {
    /// The role of the part.
    pub role: Role,
    /// The byte range of the folded text, from the start of the article.
    pub folded: Range<usize>,
}

impl Shard {
    /// Returns the article with this index.
    pub fn entry(&self, index: usize) -> Option<ArticleRef<'_>> {
        Some(ArticleRef { shard: self, record: self.records.get(index)?, index })
    }
}

impl<'a> ArticleRef<'a> {
    /// Returns the stable id.
    pub fn id(self) -> ArticleId {
        ArticleId(self.record.id)
    }

    /// Returns the publication date.
    pub fn published(self) -> Option<Published> {
        let Record { seconds, offset, .. } = *self.record;
        let offset = (offset != NO_OFFSET).then_some(offset);
        if seconds == NO_DATE { None } else { Published::from_seconds(seconds, offset) }
    }

    /// Returns the local day of publication, in days since 1970-01-01.
    pub fn day(self) -> Option<i64> {
        let Record { seconds, offset, .. } = *self.record;
        let offset = if offset == NO_OFFSET { 0 } else { i64::from(offset) * 60 };
        (seconds != NO_DATE).then(|| seconds.saturating_add(offset).div_euclid(86_400))
    }

    /// Returns whether the article has an address of its own, or links.
    pub fn has_links(self) -> bool {
        let Some(mut outline) = self.outline_after_parts() else { return false };
        !outline.text().is_empty() || outline.number() > 0
    }

    /// Returns the address of the article on the web.
    pub fn url(self) -> Option<SafeText> {
        self.outline_after_parts().map(|mut outline| outline.text()).filter(|url| !url.is_empty())
    }

    /// Returns the outline from the address on; `None` if it is damaged.
    fn outline_after_parts(self) -> Option<Outline<'a>> {
        let mut outline = self.outline();
        for _ in 0..outline.number() {
            outline.part(0, usize::MAX)?;
            outline.skip_spans();
        }
        Some(outline)
    }

    /// Returns the sort key: seconds since 1970, or `i64::MIN` without a date.
    pub fn sort_key(self) -> i64 {
        self.record.seconds
    }

    /// Returns the section, or an empty string.
    pub fn section(self) -> &'a str {
        self.shard.sections.get(usize::from(self.record.section)).map_or("", SafeText::as_str)
    }

    /// Returns the name of the format.
    pub fn format(self) -> &'static str {
        self.shard.formats.get(usize::from(self.record.format)).copied().unwrap_or("unknown")
    }

    /// Returns the number of words in the body.
    pub fn word_count(self) -> u32 {
        self.record.words
    }

    /// Returns the position in the file, from 0.
    pub fn ordinal(self) -> u32 {
        self.record.ordinal
    }

    /// Returns the origin.
    pub fn origin(self) -> Origin {
        self.shard.files.get(self.record.file as usize).map_or(Origin::Input, |file| file.origin)
    }

    /// Returns the size and time of the file when it was read.
    pub fn stamp(self) -> FileStamp {
        self.shard.files.get(self.record.file as usize).map_or(FileStamp::default(), |file| file.stamp)
    }

    /// Returns the path of the file. It begins with the root as the user typed it.
    pub fn path(self) -> PathBuf {
        self.shard.files.get(self.record.file as usize).map_or_else(PathBuf::new, |file| {
            // Joining an empty name would append a slash.
            if file.name.is_empty() { file.dir.to_path_buf() } else { file.dir.join(&*file.name) }
        })
    }

    /// Returns the feeds of the article, if it is a feed entry.
    pub fn feeds(self) -> Option<&'a FeedLabel> {
        self.shard.files.get(self.record.file as usize)?.feeds.as_deref()
    }

    /// Returns the folder and the name of the file.
    pub fn place(self) -> Option<(&'a Path, &'a std::ffi::OsStr)> {
        self.shard.files.get(self.record.file as usize).map(|file| (&*file.dir, &*file.name))
    }

    /// Returns the folded text: all parts, each followed by [`PART_SEPARATOR`](crate::text::fold::PART_SEPARATOR).
    pub fn folded(self) -> &'a [u8] {
        let end = self.shard.records.get(self.index + 1).map_or(self.shard.folded.len(), |next| next.text as usize);
        self.shard.folded.get(self.record.text as usize..end).unwrap_or_default()
    }

    /// Returns the start of the folded text in that of the shard.
    pub fn folded_start(self) -> usize {
        self.record.text as usize
    }

    /// Returns the parts with their ranges in the folded text.
    pub fn parts(self) -> impl Iterator<Item = PartRange> + use<'a> {
        let mut outline = self.outline();
        let count = outline.number();
        let (mut at, end) = (0, self.folded().len());
        (0..count).map_while(move |_| {
            let part = outline.part(at, end)?;
            outline.skip_spans();
            at = part.folded.end + 1;
            Some(part)
        })
    }

    /// Returns an unfolder at the start of the article.
    pub fn unfolder(self) -> Unfolder<'a> {
        let end = self.shard.records.get(self.index + 1).map_or(self.shard.edits.len(), |next| next.edits as usize);
        let edits = self.shard.edits.get(self.record.edits as usize..end).unwrap_or_default();
        Unfolder::new(self.folded(), edits)
    }

    /// Returns the headline.
    pub fn headline(self) -> SafeText {
        self.first(Role::Headline)
    }

    /// Returns the text of the first part with this role, or an empty text.
    pub fn first(self, role: Role) -> SafeText {
        self.texts(role).next().unwrap_or_default()
    }

    /// Returns the texts of all parts with this role.
    pub fn texts(self, role: Role) -> impl Iterator<Item = SafeText> + use<'a> {
        let mut unfolder = self.unfolder();
        self.parts().filter(move |part| part.role == role).map(move |part| {
            unfolder.skip_to(part.folded.start);
            text_of(part.role, &unfolder.take(part.folded.end))
        })
    }

    /// Returns the whole article.
    pub fn article(self) -> Article {
        self.beginning(usize::MAX).0
    }

    /// Returns the article up to the first `most` bytes of its folded text, and whether that is all of it. Links are
    /// limited to `most` bytes too.
    pub fn beginning(self, most: usize) -> (Article, bool) {
        let limit = self.boundary(most);
        let mut is_whole = true;
        let mut outline = self.outline();
        let mut unfolder = self.unfolder();
        let count = outline.number();
        let mut parts = Vec::new();
        let (mut at, end) = (0, self.folded().len());
        for _ in 0..count {
            let Some(view) = outline.part(at, end) else { break };
            at = view.folded.end + 1;
            is_whole &= view.folded.end <= limit;
            if view.folded.start >= limit && !is_whole {
                outline.skip_spans();
                continue;
            }
            let text = text_of(view.role, &unfolder.take(view.folded.end.min(limit)));
            unfolder.skip_separator();
            let mut spans = outline.spans();
            // Only a damaged snapshot can contain other spans.
            spans.retain(|span| text.get(span.start as usize..span.end as usize).is_some());
            parts.push(Part { role: view.role, text, spans });
        }
        let url = Some(outline.text()).filter(|url| !url.is_empty());
        let (count, mut bytes) = (outline.number(), 0usize);
        let mut links = Vec::new();
        for _ in 0..count {
            if outline.0.is_empty() {
                break;
            }
            let link = outline.text();
            if bytes < most {
                bytes = bytes.saturating_add(link.len());
                links.push(link);
            }
        }
        is_whole &= most == usize::MAX || links.len() == count;
        let enclosures = outline.enclosures();
        let article = Article {
            id: self.id(),
            format: self.format(),
            published: self.published(),
            section: SafeText::new(self.section()),
            url,
            links,
            enclosures,
            parts,
            words: self.word_count(),
        };
        (article, is_whole)
    }

    /// Returns the last position in the folded text at or before `at` that is not inside a character.
    pub fn boundary(self, at: usize) -> usize {
        let folded = self.folded();
        if at >= folded.len() {
            return folded.len();
        }
        // A character has at most four bytes.
        (at.saturating_sub(3)..=at)
            .rev()
            .find(|&at| folded.get(at).is_some_and(|byte| byte & 0xc0 != 0x80))
            .unwrap_or(at)
    }

    /// Compares by folder, file name and position in the file.
    pub(super) fn compare_place(self, other: &ArticleRef<'_>) -> Ordering {
        self.place().cmp(&other.place()).then(self.record.ordinal.cmp(&other.record.ordinal))
    }

    fn outline(self) -> Outline<'a> {
        Outline(self.shard.outlines.get(self.record.outline as usize..).unwrap_or_default())
    }
}

/// Returns the text of a part. Only a damaged snapshot can contain line ends outside of code.
fn text_of(role: Role, original: &str) -> SafeText {
    match role {
        Role::Body(BlockKind::Code) => SafeText::new(original),
        _ if original.contains('\n') => SafeText::new(&original.replace('\n', " ")),
        _ => SafeText::new(original),
    }
}

/// Reads an outline that `builder` wrote. A damaged outline ends early and never panics.
struct Outline<'a>(&'a [u8]);

impl Outline<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn number(&mut self) -> usize {
        let mut number = 0usize;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = self.byte();
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }

    fn text(&mut self) -> SafeText {
        let length = self.number();
        let Some((text, rest)) = self.0.split_at_checked(length) else {
            self.0 = &[];
            return SafeText::default();
        };
        self.0 = rest;
        SafeText::new(&String::from_utf8_lossy(text))
    }

    /// The next part, whose text begins at `at` and ends before `end`.
    fn part(&mut self, at: usize, end: usize) -> Option<PartRange> {
        if self.0.is_empty() {
            return None;
        }
        let role = match self.byte() {
            0 => Role::Headline,
            1 => Role::Standfirst,
            2 => Role::Byline,
            3 => Role::Caption,
            4 => Role::Credit,
            5 => Role::Source,
            6 => Role::Body(BlockKind::Paragraph),
            7 => Role::Body(BlockKind::Crosshead),
            8 => Role::Body(BlockKind::Quote),
            9 => Role::Body(BlockKind::Code),
            10 => Role::Body(BlockKind::TableRow),
            11 => Role::Body(BlockKind::Rule),
            12 => {
                let depth = self.byte();
                let number = self.number().checked_sub(1).and_then(|number| u16::try_from(number).ok());
                Role::Body(BlockKind::ListEntry { depth, number })
            }
            _ => return None,
        };
        let part_end = at.checked_add(self.number()).filter(|&part_end| part_end < end)?;
        Some(PartRange { role, folded: at..part_end })
    }

    fn spans(&mut self) -> Vec<Span> {
        let count = self.number();
        (0..count)
            .map_while(|_| {
                (!self.0.is_empty()).then(|| Span {
                    start: self.number() as u32,
                    end: self.number() as u32,
                    style: match self.number() {
                        0 => SpanStyle::Emphasis,
                        1 => SpanStyle::Strong,
                        2 => SpanStyle::Code,
                        number => SpanStyle::Link((number - 3) as u16),
                    },
                })
            })
            .collect()
    }

    fn enclosures(&mut self) -> Vec<Enclosure<SafeText>> {
        let count = self.number();
        let enclosure = |_| {
            (!self.0.is_empty()).then(|| Enclosure {
                url: self.text(),
                media_type: self.text(),
                size: self.number().checked_sub(1).map(|size| size as u64),
                duration: self.number().checked_sub(1).and_then(|seconds| u32::try_from(seconds).ok()),
            })
        };
        (0..count).map_while(enclosure).collect()
    }

    fn skip_spans(&mut self) {
        for _ in 0..self.number() {
            for _ in 0..3 {
                self.number();
            }
            if self.0.is_empty() {
                break;
            }
        }
    }
}
