//! Unfolding: restores the original text from folded text and edits, and maps positions of matches.

use std::ops::Range;

use super::PART_SEPARATOR;

/// One step of an edit stream.
#[derive(Clone, Debug)]
enum Edit<'a> {
    Skip(usize),
    Capital(usize),
    Replace { skip: usize, folded: usize, original: &'a [u8] },
}

/// Reads an edit stream. A damaged stream ends early; it never panics.
#[derive(Clone, Debug)]
struct Edits<'a>(&'a [u8]);

impl<'a> Iterator for Edits<'a> {
    type Item = Edit<'a>;

    fn next(&mut self) -> Option<Edit<'a>> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(match first {
            0..=0x9f => Edit::Capital(usize::from(first)),
            0xa0..=0xdf => {
                let (&lengths, rest) = rest.split_first()?;
                let (original, rest) = rest.split_at_checked(usize::from(lengths & 0x1f))?;
                self.0 = rest;
                Edit::Replace { skip: usize::from(first - 0xa0), folded: usize::from(lengths >> 5), original }
            }
            0xe0..=0xff => Edit::Skip(usize::from(first - 0xdf) * 64),
        })
    }
}

/// Walks over a folded article and its edits. Returns original text part by part and maps positions.
#[derive(Clone, Debug)]
pub struct Unfolder<'a> {
    folded: &'a [u8],
    edits: Edits<'a>,
    /// The current folded position.
    at: usize,
    /// The next edit and its position.
    next: Option<(usize, Edit<'a>)>,
}

impl<'a> Unfolder<'a> {
    /// Starts at the first byte of an article.
    pub fn new(folded: &'a [u8], edits: &'a [u8]) -> Unfolder<'a> {
        let mut unfolder = Unfolder { folded, edits: Edits(edits), at: 0, next: None };
        unfolder.advance(0);
        unfolder
    }

    /// Reads the next edit. Its skip counts from folded position `from`.
    fn advance(&mut self, from: usize) {
        let mut from = from;
        self.next = None;
        for edit in self.edits.by_ref() {
            match edit {
                Edit::Skip(skip) => from += skip,
                Edit::Capital(skip) | Edit::Replace { skip, .. } => {
                    self.next = Some((from + skip, edit));
                    return;
                }
            }
        }
    }

    /// Returns the original text from the current position to `end`, a folded position at the end of a part or at a
    /// separator. Maps `marks`, folded positions in ascending order within that range, to its bytes.
    ///
    /// A mark inside the folded form of one original character maps to the start of the character, or to its end if the
    /// mark is the end of a range.
    fn take_into(&mut self, end: usize, out: &mut Vec<u8>, marks: &mut [EditMark]) {
        let end = end.min(self.folded.len());
        let mut mark = 0;
        loop {
            let edit_at = self.next.as_ref().map_or(usize::MAX, |(at, _)| *at);
            // An edit at the very end without folded bytes, which only inserts text, still belongs to this part.
            let inserts = matches!(self.next, Some((_, Edit::Replace { folded: 0, .. })));
            let stop = edit_at.min(end).max(self.at);
            while let Some(found) = marks.get_mut(mark).filter(|found| {
                found.folded < stop || (found.folded == stop && (stop == end && edit_at > end || found.is_end))
            }) {
                found.original = out.len() + (found.folded.max(self.at) - self.at);
                mark += 1;
            }
            out.extend_from_slice(self.folded.get(self.at..stop).unwrap_or_default());
            self.at = stop;
            if edit_at > end || (edit_at == end && !inserts) {
                break;
            }
            let Some((_, edit)) = self.next.take() else { break };
            let start = out.len();
            let covered = match edit {
                Edit::Capital(_) => {
                    out.push(self.folded.get(stop).copied().unwrap_or(b'?').to_ascii_uppercase());
                    1
                }
                Edit::Replace { folded, original, .. } => {
                    out.extend_from_slice(original);
                    folded
                }
                Edit::Skip(_) => 0,
            };
            while let Some(found) = marks.get_mut(mark).filter(|found| found.folded < stop + covered) {
                found.original = if found.is_end { out.len() } else { start };
                mark += 1;
            }
            self.at = stop + covered;
            self.advance(self.at);
        }
        for found in &mut marks[mark..] {
            found.original = out.len();
        }
    }

    /// Returns the original text from the current position to the folded position `end`.
    pub fn take(&mut self, end: usize) -> String {
        let mut out = Vec::with_capacity(end.saturating_sub(self.at) + 16);
        self.take_into(end, &mut out, &mut []);
        utf8(out)
    }

    /// Like [`take`](Self::take), and also maps `ranges`, folded ranges of the article within the taken text, in any
    /// order, to ranges of the original.
    pub fn take_with(&mut self, end: usize, ranges: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
        let mut marks: Vec<EditMark> = ranges
            .iter()
            .enumerate()
            .flat_map(|(index, range)| {
                [(range.start, false), (range.end, true)].map(|(folded, is_end)| EditMark {
                    folded,
                    is_end,
                    index,
                    original: 0,
                })
            })
            .collect();
        marks.sort_by_key(|mark| (mark.folded, !mark.is_end));
        let mut out = Vec::with_capacity(end.saturating_sub(self.at) + 16);
        self.take_into(end, &mut out, &mut marks);
        let mut original = vec![0..0; ranges.len()];
        for mark in marks {
            let Some(range) = original.get_mut(mark.index) else { continue };
            if mark.is_end {
                range.end = mark.original;
            } else {
                range.start = mark.original;
            }
        }
        (utf8(out), original)
    }

    /// Maps `ranges` of the original text between the current position and the folded position `end`, in any order, to
    /// folded ranges. A position inside a group of characters that fold together maps to the whole group.
    pub fn refold(&mut self, end: usize, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
        let end = end.min(self.folded.len());
        let mut marks: Vec<(usize, bool, usize)> = ranges
            .iter()
            .enumerate()
            .flat_map(|(index, range)| [(range.start, false, index), (range.end, true, index)])
            .collect();
        marks.sort_unstable();
        let mut marks = marks.into_iter().peekable();
        let mut folded = vec![end..end; ranges.len()];
        let mut place = |(_, is_end, index): (usize, bool, usize), at: usize| {
            let Some(range) = folded.get_mut(index) else { return };
            match is_end {
                true => range.end = at,
                false => range.start = at,
            }
        };
        let mut original = 0;
        loop {
            let edit_at = self.next.as_ref().map_or(usize::MAX, |(at, _)| *at);
            let stop = edit_at.min(end).max(self.at);
            let plain = stop - self.at;
            // A range that begins with the text of an edit begins there; one that ends before it ends here.
            while let Some(mark) =
                marks.next_if(|&(at, is_end, _)| at < original + plain || at == original + plain && is_end)
            {
                place(mark, self.at + mark.0.saturating_sub(original));
            }
            (self.at, original) = (stop, original + plain);
            let inserts = matches!(self.next, Some((_, Edit::Replace { folded: 0, .. })));
            if edit_at > end || (edit_at == end && !inserts) {
                break;
            }
            let Some((_, edit)) = self.next.take() else { break };
            let (covered, length) = match edit {
                Edit::Capital(_) => (1, 1),
                Edit::Replace { folded, original, .. } => (folded, original.len()),
                Edit::Skip(_) => (0, 0),
            };
            while let Some(mark) =
                marks.next_if(|&(at, is_end, _)| at < original + length || at == original + length && is_end)
            {
                place(mark, if mark.1 { stop + covered } else { stop });
            }
            (self.at, original) = (stop + covered, original + length);
            self.advance(self.at);
        }
        folded
    }

    /// Returns whether the capitals from the current position to the folded position `end` are those of `text`, which is
    /// ASCII with the same length. Returns `None` if that requires the original text.
    pub fn has_capitals(&self, end: usize, text: &str) -> Option<bool> {
        if !text.is_ascii() || text.len() != end.checked_sub(self.at)? {
            return None;
        }
        let mut wanted = text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase()).map(|(at, _)| at);
        let mut walker = self.clone();
        loop {
            match walker.next.take() {
                Some((at, Edit::Capital(_))) if at < end => {
                    if wanted.next() != Some(at - self.at) {
                        return Some(false);
                    }
                    walker.advance(at + 1);
                }
                // Text inserted at the very end may still belong to the last letter.
                Some((at, _)) if at <= end => return None,
                _ => return Some(wanted.next().is_none()),
            }
        }
    }

    /// Skips a separator.
    pub fn skip_separator(&mut self) {
        if self.folded.get(self.at) == Some(&PART_SEPARATOR) {
            self.at += 1;
        }
    }

    /// Moves to the folded position `to` without returning text.
    pub fn skip_to(&mut self, to: usize) {
        while let Some((at, edit)) = &self.next {
            let covered = match edit {
                Edit::Capital(_) => 1,
                Edit::Replace { folded, .. } => *folded,
                Edit::Skip(_) => 0,
            };
            // An edit at `to` itself belongs to the following text.
            if *at >= to {
                break;
            }
            let after = at + covered;
            self.advance(after);
        }
        self.at = to.max(self.at);
    }
}

struct EditMark {
    folded: usize,
    is_end: bool,
    index: usize,
    original: usize,
}

/// Converts bytes to text. Only a damaged corpus can contain invalid UTF-8, which becomes U+FFFD.
fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
