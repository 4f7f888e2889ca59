//! What is safe to show, said a second time: by the properties that Unicode gives to characters and not by lists of
//! them, so that nothing can be missing from both.

use std::sync::LazyLock;

use regex::Regex;

/// How many marks may stand on one character.
const MARKS: usize = 6;

/// What a terminal could obey or an eye not see, but for line feeds: controls, separators of lines, and formatting.
/// Joiners, variation selectors, the grapheme joiner, signs of Arabic and others that stand around numbers, and the
/// controls that arrange hieroglyphs mean something in text.
static UNSAFE: LazyLock<Vec<bool>> = LazyLock::new(|| {
    // Joiners and fillers that show nothing, and blanks, for which Unicode has no property.
    const HIDDEN: &str = r"\u{2D7F}\u{1107F}\u{16FE4}\u{2800}\u{1D159}\u{13441}\u{13442}";
    let forbidden = format!(r"[\p{{Cc}}\p{{Cf}}\p{{Zl}}\p{{Zp}}\p{{Default_Ignorable_Code_Point}}{HIDDEN}--\n]");
    let forbidden = Regex::new(&forbidden).unwrap();
    let allowed =
        Regex::new(r"[\u{200C}\u{200D}\u{FE00}-\u{FE0F}\u{034F}\p{Prepended_Concatenation_Mark}\u{13430}-\u{1343F}]");
    table(&forbidden, Some(&allowed.unwrap()))
});

/// Marks that stand on the character before.
static MARK: LazyLock<Vec<bool>> = LazyLock::new(|| table(&Regex::new(r"[\p{Mn}\p{Me}]").unwrap(), None));

fn table(yes: &Regex, no: Option<&Regex>) -> Vec<bool> {
    let mut buffer = [0; 4];
    let mut is = |c: char| {
        let c: &str = c.encode_utf8(&mut buffer);
        yes.is_match(c) && no.is_none_or(|no| !no.is_match(c))
    };
    (0..0x11_0000).map(|number| char::from_u32(number).is_some_and(&mut is)).collect()
}

/// Panics unless `text` may be shown.
pub(super) fn assert_safe(text: &str) {
    let mut marks = 0;
    let mut before = ' ';
    for c in text.chars() {
        assert!(!UNSAFE[c as usize], "{c:?} in {text:?}");
        marks = if MARK[c as usize] { marks + 1 } else { 0 };
        assert!(marks <= MARKS, "{marks} marks on one character in {text:?}");
        let joins = |c| matches!(c, '\u{200C}' | '\u{200D}');
        assert!(!joins(c) || !joins(before) && !before.is_ascii(), "a joiner joins nothing in {text:?}");
        before = c;
    }
    assert!(!matches!(before, '\u{200C}' | '\u{200D}'), "a joiner at the end of {text:?}");
}

/// Panics unless `text` may be shown on one line.
pub(super) fn assert_safe_line(text: &str) {
    assert_safe(text);
    assert!(!text.contains('\n'), "{text:?} is not one line");
}
