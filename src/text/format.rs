//! Number formatting.

/// Formats a number with thousands separators.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Formats a number with a noun in the singular or plural.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// Formats a number of bytes in the largest unit that leaves a whole number or at least ten: `512 MiB`, `17 GiB`.
pub fn bytes_in_words(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let fits = |shift: u32| bytes >> shift >= 10 || bytes >> shift > 0 && bytes.trailing_zeros() >= shift;
    match units.into_iter().find(|(shift, _)| fits(*shift)) {
        Some((shift, unit)) => format!("{} {unit}", grouped(bytes >> shift)),
        None => counted(bytes, "byte", "bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(12), "12");
        assert_eq!(counted(1, "article", "articles"), "1 article");
    }

    #[test]
    fn bytes_are_formatted_in_a_readable_unit() {
        let cases =
            [(1 << 30, "1 GiB"), (3 << 29, "1,536 MiB"), (17 << 30, "17 GiB"), (90 << 20, "90 MiB"), (7, "7 bytes")];
        for (bytes, words) in cases {
            assert_eq!(bytes_in_words(bytes), words);
        }
    }
}
