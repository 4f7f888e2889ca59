//! The memory that one document may take while it is read.
//!
//! A small document can describe a large result: one long base address that thousands of links repeat, one long title
//! that every entry repeats. Types that hold text derived from a document therefore charge it to the document's
//! [`Budget`] first. Once the budget is used up, nothing more is derived, and the document is refused as a whole.

use std::cell::Cell;

use crate::article::{ReadError, Warning};

/// Memory per byte of the document. Ordinary feeds and pages need 5 to 20 times their size.
const BYTES_PER_BYTE: usize = 64;

/// Every document may take this much, in bytes.
const MIN_LIMIT: usize = 16 << 20;

/// Large documents may take this much and eight times their size, in bytes. A document of 128 MiB, the most that a
/// fetch unpacks, could claim 8 GiB otherwise.
const LARGE_LIMIT: usize = 1 << 30;

/// Longer addresses are left out, in bytes.
pub(super) const MAX_ADDRESS_BYTES: usize = 4 << 10;

/// Longer titles and names are cut, in bytes.
pub(super) const MAX_TITLE_BYTES: usize = 1 << 10;

/// Longer language tags are left out, in bytes. BCP 47 asks programs to support 35 characters.
pub(super) const MAX_LANGUAGE_BYTES: usize = 64;

/// An entry has at most this many enclosures; the others are left out.
pub(super) const MAX_ENCLOSURES: usize = 100;

/// The memory that a document may still take, and the values that were left out because they are too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    size: usize,
    limit: usize,
    left: Cell<usize>,
    is_exceeded: Cell<bool>,
    long_addresses: Cell<usize>,
    dropped_enclosures: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget::of(0)
    }
}

impl Budget {
    /// Returns the budget of a document of `size` bytes.
    pub fn of(size: usize) -> Budget {
        let most = LARGE_LIMIT.saturating_add(size.saturating_mul(8));
        let limit = size.saturating_mul(BYTES_PER_BYTE).min(most).max(MIN_LIMIT);
        Budget {
            size,
            limit,
            left: Cell::new(limit),
            is_exceeded: Cell::new(false),
            long_addresses: Cell::new(0),
            dropped_enclosures: Cell::new(0),
        }
    }

    /// Takes `bytes` from the budget. Returns false if they are not left; then the document is refused in the end, and
    /// the caller must not allocate them.
    #[must_use]
    pub(super) fn charge(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes).filter(|_| !self.is_exceeded.get());
        self.is_exceeded.set(left.is_none());
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Returns whether `bytes` are left, without taking them.
    pub(super) fn has(&self, bytes: usize) -> bool {
        !self.is_exceeded.get() && self.left.get() >= bytes
    }

    /// Copies a text at the document's expense; returns an empty one if the budget is used up.
    pub(super) fn copy(&self, text: &str) -> String {
        if self.charge(text.len()) { text.to_owned() } else { String::new() }
    }

    /// Returns whether an address is short enough to be used. Counts the others, to report them.
    pub(super) fn allows_address(&self, address: &str) -> bool {
        let is_short = address.len() <= MAX_ADDRESS_BYTES;
        self.long_addresses.set(self.long_addresses.get() + usize::from(!is_short));
        is_short
    }

    /// Counts enclosures of an entry that are left out.
    pub(super) fn count_dropped_enclosures(&self, number: usize) {
        self.dropped_enclosures.set(self.dropped_enclosures.get() + number);
    }

    /// Returns an error if the document took more than its budget.
    pub(super) fn check(&self) -> Result<(), ReadError> {
        if !self.is_exceeded.get() {
            return Ok(());
        }
        Err(ReadError::TooMuch { limit: self.limit >> 20, size: self.size.div_ceil(1 << 10) })
    }

    /// Returns warnings about the values that were left out since the last call.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        let counted = |number: usize, one: &str, many: &str| {
            if number == 1 { one.to_owned() } else { format!("{number} {many}") }
        };
        let warning = |number: usize, cause: String, consequence: &str| {
            (number > 0).then(|| Warning { line: None, cause, consequence: consequence.to_owned() })
        };
        let (addresses, enclosures) = (self.long_addresses.take(), self.dropped_enclosures.take());
        let cause = counted(addresses, "an address has", "addresses have");
        let cause = format!("{cause} more than {} KiB", MAX_ADDRESS_BYTES >> 10);
        let long = warning(addresses, cause, if addresses == 1 { "it is left out" } else { "they are left out" });
        let cause = format!("entries have more than {MAX_ENCLOSURES} enclosures");
        let extra = warning(enclosures, cause, &format!("{enclosures} enclosures are left out"));
        long.into_iter().chain(extra)
    }
}

/// Cuts a text at a character boundary so that it has at most `limit` bytes, with `…` at the cut.
pub(super) fn cut(text: &str, limit: usize) -> Option<String> {
    const MARK: char = '…';
    if text.len() <= limit {
        return None;
    }
    let mut end = limit.saturating_sub(MARK.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut short = text.get(..end).unwrap_or("").trim_end().to_owned();
    short.push(MARK);
    Some(short)
}

/// Returns a title or a name of at most 1 KiB.
pub(super) fn short_title(text: &str) -> std::borrow::Cow<'_, str> {
    cut(text, MAX_TITLE_BYTES).map_or(std::borrow::Cow::Borrowed(text), std::borrow::Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_is_64_times_the_size_and_at_least_16_mib() {
        for (size, limit) in [
            (0, 16 << 20),
            (1 << 10, 16 << 20),
            (1 << 20, 64 << 20),
            (16 << 20, 1 << 30),
            (128 << 20, 2 << 30),
            (usize::MAX, usize::MAX),
        ] {
            assert_eq!(Budget::of(size).limit, limit, "{size}");
        }
    }

    #[test]
    fn budget_stays_exceeded_and_names_limit_and_size() {
        let budget = Budget::of(700_000);
        assert!(budget.charge(budget.limit) && budget.check().is_ok());
        assert_eq!(budget.copy("a"), "");
        assert!(!budget.charge(0) && !budget.has(0));
        let error = budget.check().unwrap_err().to_string();
        assert_eq!(error, "reading it takes more than 42 MiB of memory, too much for its size of 684 KiB");
    }

    #[test]
    fn budget_reports_omissions_once() {
        let budget = Budget::default();
        assert!(budget.allows_address(&"a".repeat(MAX_ADDRESS_BYTES)));
        assert!(!budget.allows_address(&"a".repeat(MAX_ADDRESS_BYTES + 1)));
        budget.count_dropped_enclosures(7);
        let warnings: Vec<String> =
            budget.warnings().map(|warning| format!("{}; {}", warning.cause, warning.consequence)).collect();
        let expected = [
            "an address has more than 4 KiB; it is left out",
            "entries have more than 100 enclosures; 7 enclosures are left out",
        ];
        assert_eq!(warnings, expected);
        assert_eq!(budget.warnings().count(), 0);
    }

    #[test]
    fn cut_ends_at_a_character_boundary() {
        assert_eq!(cut("four", 4), None);
        assert_eq!(cut("ééééé", 8).as_deref(), Some("éé…"));
        assert_eq!(cut("a bcdef", 5).as_deref(), Some("a…"));
        assert!(short_title(&"ü ".repeat(1_000)).len() <= MAX_TITLE_BYTES);
    }
}
