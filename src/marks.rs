//! Marks on articles: read state, star, tags, note, reading position.
//!
//! [`Marks`] is a value that results from applying [`Change`]s; each application returns the inverse change. This module
//! does not know how marks are stored or drawn.

mod change;
mod flags;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::article::ArticleId;

pub use change::{Change, MarkChange, ReadPosition, Tag};
pub use flags::{FlagColumn, Flags};

/// The number of pieces of the map. A change copies at most one of them.
const PIECES: usize = 256;

/// The marks of one article.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleMarks {
    read: bool,
    starred: bool,
    place: Option<ReadPosition>,
    /// Marks that few articles have.
    more: Option<Arc<Extras>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Extras {
    /// The tags in alphabetical order.
    tags: Vec<Tag>,
    note: Arc<str>,
}

impl ArticleMarks {
    /// Returns whether the article was read.
    pub fn is_read(&self) -> bool {
        self.read
    }

    /// Returns whether the article is starred.
    pub fn is_starred(&self) -> bool {
        self.starred
    }

    /// Returns the tags in alphabetical order.
    pub fn tags(&self) -> &[Tag] {
        self.more.as_ref().map_or(&[], |more| &more.tags)
    }

    /// Returns the note, or an empty string.
    pub fn note(&self) -> &str {
        self.more.as_ref().map_or("", |more| &more.note)
    }

    /// Returns the reading position.
    pub fn place(&self) -> Option<ReadPosition> {
        self.place
    }

    /// Returns whether the article has the value that this change gives it.
    pub fn has(&self, change: &Change) -> bool {
        match change {
            Change::Read(read) => self.read == *read,
            Change::Starred(starred) => self.starred == *starred,
            Change::Tagged(tag, tagged) => self.tags().contains(tag) == *tagged,
            Change::Note { text, .. } => self.note() == &**text,
            Change::Place(place) => self.place == *place,
        }
    }

    /// Applies a change. Returns its inverse, or `None` if nothing changed.
    pub fn apply(&mut self, change: &Change) -> Option<Change> {
        match change {
            Change::Read(read) => (self.read != *read).then(|| {
                self.read = *read;
                Change::Read(!read)
            }),
            Change::Starred(starred) => (self.starred != *starred).then(|| {
                self.starred = *starred;
                Change::Starred(!starred)
            }),
            Change::Place(place) => {
                (self.place != *place).then(|| Change::Place(std::mem::replace(&mut self.place, *place)))
            }
            Change::Tagged(tag, wanted) => {
                let at = self.tags().binary_search(tag);
                let more = |marked: &mut ArticleMarks, change: &dyn Fn(&mut Extras)| marked.change_more(change);
                match (at, wanted) {
                    (Err(at), true) => more(self, &|more| more.tags.insert(at, tag.clone())),
                    (Ok(at), false) => more(self, &|more| drop(more.tags.remove(at))),
                    _ => return None,
                }
                Some(Change::Tagged(tag.clone(), !wanted))
            }
            Change::Note { text, .. } => {
                let was: Arc<str> = self.more.as_ref().map_or_else(Arc::default, |more| Arc::clone(&more.note));
                (was != *text).then(|| {
                    self.change_more(&|more| more.note = Arc::clone(text));
                    Change::Note { text: was, was: Arc::clone(text) }
                })
            }
        }
    }

    fn change_more(&mut self, change: &dyn Fn(&mut Extras)) {
        let more = Arc::make_mut(self.more.get_or_insert_default());
        change(more);
        if *more == Extras::default() {
            self.more = None;
        }
    }

    /// Returns the changes that turn an unmarked article into this one.
    pub fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        let flags = [self.read.then_some(Change::Read(true)), self.starred.then_some(Change::Starred(true))];
        let tags = self.tags().iter().map(|tag| Change::Tagged(tag.clone(), true));
        let note = Some(self.note()).filter(|note| !note.is_empty());
        let note = note.map(|note| Change::Note { text: note.into(), was: Arc::default() });
        flags.into_iter().flatten().chain(tags).chain(note).chain(self.place.map(|place| Change::Place(Some(place))))
    }
}

/// The marks on all articles, including articles that are not loaded. A clone shares its data; changing it copies little
/// and does not change the original.
#[derive(Clone, Debug)]
pub struct Marks {
    /// [`PIECES`] maps, selected by some bits of the id.
    pieces: Arc<Vec<Arc<MarkChunk>>>,
    /// The flags by slot, if attached for a scan.
    flags: Option<Arc<Vec<Flags>>>,
}

impl PartialEq for Marks {
    fn eq(&self, other: &Marks) -> bool {
        self.pieces == other.pieces
    }
}

impl Eq for Marks {}

type MarkChunk = HashMap<ArticleId, ArticleMarks, BuildHasherDefault<IdHasher>>;

/// The marks of an article without marks.
static UNMARKED: ArticleMarks = ArticleMarks { read: false, starred: false, place: None, more: None };

impl Default for Marks {
    /// Returns an empty set of marks.
    fn default() -> Marks {
        Marks { pieces: Arc::new(vec![Arc::default(); PIECES]), flags: None }
    }
}

impl Marks {
    /// Returns the marks of an article.
    pub fn get(&self, article: ArticleId) -> &ArticleMarks {
        self.pieces.get(piece_of(article)).and_then(|piece| piece.get(&article)).unwrap_or(&UNMARKED)
    }

    /// Returns the number of articles with marks.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    /// Returns whether no article has marks.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all articles with marks, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (ArticleId, &ArticleMarks)> {
        self.pieces.iter().flat_map(|piece| piece.iter().map(|(&article, marked)| (article, marked)))
    }

    /// Applies a change. Returns its inverse, or `None` if nothing changed.
    pub fn apply(&mut self, marking: &MarkChange) -> Option<MarkChange> {
        let MarkChange { article, change } = marking;
        // Avoid copying a piece if nothing changes.
        self.get(*article).clone().apply(change)?;
        let piece = self.piece(*article);
        let marked = piece.entry(*article).or_default();
        let back = marked.apply(change);
        if *marked == UNMARKED {
            piece.remove(article);
        }
        back.map(|change| MarkChange { article: *article, change })
    }

    /// Replaces the marks of an article.
    pub fn set(&mut self, article: ArticleId, marked: ArticleMarks) {
        if marked == UNMARKED {
            self.piece(article).remove(&article);
        } else {
            self.piece(article).insert(article, marked);
        }
    }

    fn piece(&mut self, article: ArticleId) -> &mut MarkChunk {
        self.flags = None;
        Arc::make_mut(&mut Arc::make_mut(&mut self.pieces)[piece_of(article)])
    }

    /// Returns whether both share the same data, without changes since the clone.
    pub fn is_same(&self, other: &Marks) -> bool {
        Arc::ptr_eq(&self.pieces, &other.pieces)
    }
}

fn piece_of(article: ArticleId) -> usize {
    // The hash table of a piece uses the first and the last bits.
    (article.0 >> 32) as usize % PIECES
}

/// A hasher for ids, which are hashes already.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change() -> impl Strategy<Value = Change> {
        let tag = prop_oneof![Just("asia"), Just("budget"), Just("later")].prop_filter_map("a tag", Tag::new);
        let note = prop_oneof![Just(""), Just("call back"), Just("two\nlines")];
        prop_oneof![
            any::<bool>().prop_map(Change::Read),
            any::<bool>().prop_map(Change::Starred),
            (tag, any::<bool>()).prop_map(|(tag, wanted)| Change::Tagged(tag, wanted)),
            note.prop_map(|note| Change::Note { text: note.into(), was: Arc::default() }),
            proptest::option::of((0u32..3, 0u32..3))
                .prop_map(|place| Change::Place(place.map(|(part, byte)| ReadPosition { part, byte }))),
        ]
    }

    fn marking() -> impl Strategy<Value = MarkChange> {
        // The first two share a piece.
        let article = prop_oneof![Just(ArticleId(1)), Just(ArticleId(2)), Just(ArticleId(1 << 32))];
        (article, change()).prop_map(|(article, change)| MarkChange { article, change })
    }

    proptest! {
        #[test]
        fn changes_return_their_inverse(all in proptest::collection::vec(marking(), 0..40)) {
            let mut marks = Marks::default();
            let mut states = vec![marks.clone()];
            let mut inverses = Vec::new();
            for marking in &all {
                inverses.push(marks.apply(marking));
                states.push(marks.clone());
            }
            states.pop();
            for inverse in inverses.into_iter().rev() {
                if let Some(inverse) = inverse {
                    prop_assert!(marks.apply(&inverse).is_some());
                }
                prop_assert_eq!(Some(&marks), states.last());
                states.pop();
            }
            prop_assert!(marks.is_empty());
        }

        #[test]
        fn marks_are_the_sum_of_their_changes(all in proptest::collection::vec(change(), 0..20)) {
            let mut marked = ArticleMarks::default();
            for change in &all {
                marked.apply(change);
            }
            let mut again = ArticleMarks::default();
            for change in marked.changes() {
                prop_assert!(again.apply(&change).is_some());
            }
            prop_assert_eq!(marked, again);
        }
    }

    #[test]
    fn flags_by_slot_follow_the_marks_and_the_corpus() {
        use crate::article::{Draft, Role};
        use crate::corpus::{Corpus, FileStamp, Origin, ShardBuilder, Slot};
        let shard = |names: &[&str]| {
            let mut builder = ShardBuilder::default();
            for name in names {
                let dir = Arc::from(std::path::Path::new("desk"));
                let file = builder.file(&dir, name.as_ref(), Origin::File, FileStamp::default());
                let mut draft = Draft::default();
                draft.push(Role::Headline, *name);
                builder.push(file, name.as_bytes(), 0, "plain", &draft);
            }
            Arc::new(builder.finish())
        };
        let id = |name: &str| ArticleId::of(name.as_bytes(), 0);
        let corpus = Corpus::default().with([shard(&["a", "b"])]);
        let (mut marks, mut column) = (Marks::default(), FlagColumn::default());
        marks.apply(&MarkChange { article: id("b"), change: Change::Starred(true) });
        let read = |marks: &Marks| {
            (0..3)
                .map(|slot| marks.flags(Slot(slot)).map(|flags| (flags.is_read(), flags.is_starred())))
                .collect::<Vec<_>>()
        };
        assert_eq!(read(&column.attach(&marks, &corpus)), [Some((false, false)), Some((false, true)), None]);
        marks.apply(&MarkChange { article: id("a"), change: Change::Read(true) });
        marks.apply(&MarkChange { article: id("b"), change: Change::Starred(false) });
        marks.apply(&MarkChange { article: id("c"), change: Change::Read(true) });
        let corpus = corpus.with([shard(&["c"])]);
        let attached = column.attach(&marks, &corpus);
        assert_eq!(read(&attached), [Some((true, false)), Some((false, false)), Some((true, false))]);
        let mut changed = attached;
        changed.apply(&MarkChange { article: id("a"), change: Change::Read(false) });
        assert_eq!(changed.flags(Slot(0)), None, "stale flags are not used");
    }

    #[test]
    fn changing_a_clone_leaves_the_original() {
        let star = |article: u64| MarkChange { article: ArticleId(article), change: Change::Starred(true) };
        let mut marks = Marks::default();
        marks.apply(&star(1));
        let before = marks.clone();
        marks.apply(&star(2));
        assert!(!marks.is_same(&before));
        assert_eq!((before.len(), marks.len()), (1, 2));
        assert!(marks.get(ArticleId(2)).is_starred() && !before.get(ArticleId(2)).is_starred());
        assert_eq!(marks.apply(&star(2)), None);
    }
}
