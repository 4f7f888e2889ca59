//! Word counts in scripts with and without spaces.

/// Counts words: runs of characters other than white space. In scripts without spaces between words (Chinese, Japanese,
/// Thai, Lao, Khmer, Burmese), two characters count as a word.
pub fn count_words(text: &str) -> u32 {
    if text.is_ascii() {
        let mut count = 0u32;
        let mut in_word = false;
        for byte in text.bytes() {
            let space = byte <= b' ';
            count += u32::from(!space && !in_word);
            in_word = !space;
        }
        return count;
    }
    let mut count = 0u32;
    for token in text.split_whitespace() {
        let unspaced = token.chars().filter(|&c| is_unspaced(c)).count();
        count += if unspaced == 0 { 1 } else { unspaced.div_ceil(2) as u32 };
    }
    count
}

/// Returns whether the script of this character has no spaces between words: Chinese, Japanese, Thai and similar ones.
pub fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_in_scripts_with_and_without_spaces() {
        assert_eq!(count_words("one  two\nthree"), 3);
        assert_eq!(count_words("l’été arrive"), 2);
        assert_eq!(count_words("国务院新闻"), 3);
        assert_eq!(count_words(""), 0);
    }
}
