//! Reflow: joins lines that were wrapped at a column, and keeps lines that are paragraphs.

use std::borrow::Cow;

/// The maximum width of wrapped lines; a longer line is a paragraph.
const WIDEST: usize = 100;

/// The minimum width of the widest wrapped line.
const NARROWEST: usize = 40;

/// Calls `paragraph` for each paragraph of a run of lines without blank lines: all lines joined if they were wrapped, else
/// each line.
pub(super) fn paragraphs<'a>(lines: &[&'a str], mut paragraph: impl FnMut(Cow<'a, str>)) {
    match joint(lines) {
        Some(glue) => paragraph(Cow::Owned(lines.join(glue))),
        None => lines.iter().for_each(|line| paragraph(Cow::Borrowed(line))),
    }
}

/// Returns the separator for joining wrapped lines: a space, or nothing if words were cut at a fixed column. Returns `None`
/// if the lines were not wrapped.
fn joint(lines: &[&str]) -> Option<&'static str> {
    let (last, rest) = lines.split_last()?;
    let width = |line: &str| line.chars().take(WIDEST + 1).count();
    let widest = rest.iter().map(|line| width(line)).max()?.max(width(last));
    if !(NARROWEST..=WIDEST).contains(&widest) {
        return None;
    }
    // Three lines of equal length were cut at a fixed column.
    if rest.len() >= 2 && rest.iter().all(|line| width(line) == widest) && width(last) <= widest {
        return Some("");
    }
    // A line was wrapped if the first word of the next line did not fit on it.
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
