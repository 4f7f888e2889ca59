//! Proximity: pairs of positions that are near each other.

use std::ops::Range;

use super::needle::char_at;
use crate::text::fold::PART_SEPARATOR;
use crate::text::is_unspaced;

/// A distance greater than that of any two words in one part.
const APART: u64 = 1 << 32;

/// Returns for each of `left` and `right`, ranges in `folded`, whether one of the other side is at most `within` words
/// away in the same part, in either order. Adjoining ranges have distance zero. In scripts without spaces each character
/// counts as a word.
pub(super) fn neighbours(
    folded: &[u8],
    left: &[Range<usize>],
    right: &[Range<usize>],
    within: u16,
) -> (Vec<bool>, Vec<bool>) {
    let mut edges: Vec<usize> = left.iter().chain(right).flat_map(|range| [range.start, range.end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let numbers = word_numbers(folded, &edges);
    let number =
        |edge: usize| edges.binary_search(&edge).ok().and_then(|index| numbers.get(index)).copied().unwrap_or(0);
    let near = |one: &[Range<usize>], other: &[Range<usize>]| -> Vec<bool> {
        one.iter()
            .map(|range| {
                let after = other.partition_point(|other| other.start < range.end);
                let next = other.get(after).map(|next| number(next.start) - number(range.end));
                let before = other.partition_point(|other| other.end <= range.start);
                let last = before.checked_sub(1).and_then(|before| other.get(before));
                let last = last.map(|last| number(range.start) - number(last.end));
                [next, last].into_iter().flatten().any(|distance| distance <= u64::from(within))
            })
            .collect()
    };
    (near(left, right), near(right, left))
}

/// Returns the number of words that begin before each position; the positions are in ascending order.
fn word_numbers(folded: &[u8], edges: &[usize]) -> Vec<u64> {
    let (mut at, mut words) = (0, 0);
    let number = |&edge: &usize| {
        let stretch = folded.get(at..edge).unwrap_or_default();
        for (offset, &byte) in stretch.iter().enumerate() {
            words += match byte {
                b' ' => 1,
                PART_SEPARATOR => APART,
                0xe0.. => u64::from(char_at(folded, at + offset).is_some_and(is_unspaced)),
                _ => 0,
            };
        }
        at = edge.max(at);
        words
    };
    edges.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str, word: &str) -> Vec<Range<usize>> {
        text.match_indices(word).map(|(at, _)| at..at + word.len()).collect()
    }

    fn near(text: &str, within: u16) -> (Vec<bool>, Vec<bool>) {
        neighbours(text.as_bytes(), &places(text, "aa"), &places(text, "bb"), within)
    }

    #[test]
    fn distance_counts_words_in_either_order() {
        assert_eq!(near("aa bb", 1), (vec![true], vec![true]));
        assert_eq!(near("aa, one two bb", 3), (vec![true], vec![true]));
        assert_eq!(near("aa, one two bb", 2), (vec![false], vec![false]));
        assert_eq!(near("bb one aa one two three aa", 2), (vec![true, false], vec![true]));
        assert_eq!(near("aabb", 0), (vec![true], vec![true]));
        assert_eq!(near("aa 国务院 bb", 4), (vec![false], vec![false]));
        assert_eq!(near("aa 国务院 bb", 5), (vec![true], vec![true]));
    }

    #[test]
    fn distance_to_another_part_is_large() {
        assert_eq!(near("aa\nbb", u16::MAX), (vec![false], vec![false]));
    }

    #[test]
    fn positions_are_not_near_themselves() {
        let text = "aa one";
        let same = places(text, "aa");
        assert_eq!(neighbours(text.as_bytes(), &same, &same, 5), (vec![false], vec![false]));
    }
}
