//! Removes hard line breaks: distinguishes lines that were wrapped at a column from lines that are paragraphs.

use std::borrow::Cow;

/// Maximum length of a wrapped line. Longer lines are paragraphs.
const MAX_LINE_WIDTH: usize = 100;

/// Minimum length of the longest wrapped line.
const MIN_LINE_WIDTH: usize = 40;

/// Calls `paragraph` with each paragraph of consecutive lines: all lines joined if they were wrapped, otherwise each
/// line.
pub(super) fn paragraphs<'a>(lines: &[&'a str], mut paragraph: impl FnMut(Cow<'a, str>)) {
    match separator(lines) {
        Some(separator) => paragraph(Cow::Owned(lines.join(separator))),
        None => lines.iter().for_each(|line| paragraph(Cow::Borrowed(line))),
    }
}

/// Returns the separator that joins wrapped lines: a space, or nothing if words were cut at a fixed column. Returns
/// `None` if the lines were not wrapped.
fn separator(lines: &[&str]) -> Option<&'static str> {
    let (last, rest) = lines.split_last()?;
    let width = |line: &str| line.chars().take(MAX_LINE_WIDTH + 1).count();
    let widest = rest.iter().map(|line| width(line)).max()?.max(width(last));
    if !(MIN_LINE_WIDTH..=MAX_LINE_WIDTH).contains(&widest) {
        return None;
    }
    // Three lines of equal length mean a fixed column.
    if rest.len() >= 2 && rest.iter().all(|line| width(line) == widest) && width(last) <= widest {
        return Some("");
    }
    // A line was wrapped if the first word of the next line would not have fit.
    let is_wrapped = lines.iter().zip(lines.iter().skip(1)).all(|(line, next)| {
        let word = next.split_whitespace().next().map_or(0, width);
        width(line.trim_end()) + 1 + word > widest
    });
    let ends_sentence = rest.len() == 1 && rest.iter().all(|line| line.trim_end().ends_with(['.', '!', '?', '"', '”']));
    (is_wrapped && !ends_sentence).then_some(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reflowed(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        paragraphs(&text.lines().collect::<Vec<_>>(), |paragraph| all.push(paragraph.into_owned()));
        all
    }

    #[test]
    fn wrapped_lines_are_joined() {
        let text = "The staffer, who attended a briefing of officials earlier on\nWednesday, said that sixty thousand messages had been taken\nfrom ten accounts.";
        assert_eq!(reflowed(text), [text.replace('\n', " ")]);
    }

    #[test]
    fn lines_cut_at_a_fixed_column_are_joined_without_a_space() {
        let text = "abcdefghij".repeat(15);
        let cut = [&text[..44], &text[44..88], &text[88..132], &text[132..]].join("\n");
        assert_eq!(reflowed(&cut), [text]);
    }

    #[test]
    fn lines_that_are_paragraphs_stay_apart() {
        let text = "Short.\nAnother one that is a good deal longer than the first was.\nThird.";
        assert_eq!(reflowed(text).len(), 3);
        assert_eq!(reflowed("One line of a list\nA second").len(), 2);
    }
}
