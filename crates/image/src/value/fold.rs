//! Comparing without regard to case: Unicode simple case folding, one character at a time
//! (`COND-40`, `COND-50`).
//!
//! ASCII, which nearly all keys and values are, is compared eight bytes at a time; other characters are found in a table by
//! bisection. Simple folding is a choice of this project (C15): it keeps one character one, where full folding would make
//! texts of different lengths equal.

use crate::value::fold_runs::RUNS;
use crate::wire::eq_lowercase;

/// The simple case folding of a character.
///
/// ```
/// use portcullis_image::value::fold::{eq_folded, fold_char};
///
/// assert_eq!(fold_char('Ä'), 'ä');
/// assert!(eq_folded("Straße", "straße".as_bytes()));
/// // Simple folding does not change lengths.
/// assert!(!eq_folded("STRASSE", "straße".as_bytes()));
/// ```
#[inline]
pub fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    fold_beyond_ascii(c)
}

/// The folding of a character beyond ASCII, by bisection of the table: a run holds characters of equal distance to what they
/// fold to.
fn fold_beyond_ascii(c: char) -> char {
    let code = u32::from(c);
    // The last run that does not begin behind the character.
    let behind = RUNS.partition_point(|run| run.0 <= code);
    let run = behind.checked_sub(1).and_then(|last| RUNS.get(last));
    let Some((start, end, step, distance)) = run else {
        return c;
    };
    let is_in = code <= *end && (code - start) % step == 0;
    let folded = match is_in {
        true => char::from_u32(code.wrapping_add_signed(*distance)),
        false => None,
    };
    folded.unwrap_or(c)
}

/// The characters of `text`, folded. As many as the text has.
pub fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(fold_char)
}

/// If `text` begins with text that folds to `prefix`, which is folded already: the rest.
pub fn strip_folded<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let mut rest = text.chars();
    for expected in prefix.chars() {
        if fold_char(rest.next()?) != expected {
            return None;
        }
    }
    Some(rest.as_str())
}

/// If `text` begins with a text that is equal to `prefix` but for case: the rest. `Some("")` says that they are equal.
pub fn strip_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let mut rest = text.chars();
    for expected in prefix.chars() {
        if fold_char(rest.next()?) != fold_char(expected) {
            return None;
        }
    }
    Some(rest.as_str())
}

/// True if `text` folds to `other`, which is folded already.
pub fn eq_folded(text: &str, other: &[u8]) -> bool {
    // Only beyond ASCII are there texts that differ in length from what they fold to.
    if text.is_ascii() {
        return eq_lowercase(text.as_bytes(), other);
    }
    core::str::from_utf8(other).is_ok_and(|other| strip_folded(text, other) == Some(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table is that of the crate that is made from the files of Unicode.
    #[test]
    fn cond_50_the_table_is_that_of_unicode() {
        // An interpreter takes a minute for a hundredth of them.
        let step = if cfg!(miri) { 997 } else { 1 };
        for c in ('\0'..=char::MAX).step_by(step) {
            let folded = unicode_case_mapping::case_folded(c);
            let folded = folded.and_then(|code| char::from_u32(code.get()));
            assert_eq!(fold_char(c), folded.unwrap_or(c), "{:#x}", u32::from(c));
        }
        assert!(RUNS.is_sorted_by_key(|run| run.0));
    }

    #[test]
    fn cond_50_folding_is_simple_and_per_character() {
        assert!(eq_folded("AbC", b"abc"));
        assert!(eq_folded("ÉTÉ", "été".as_bytes()));
        assert!(eq_folded("ς", "σ".as_bytes()));
        assert!(eq_folded("\u{212a}", b"k"));
        assert!(!eq_folded("ß", b"ss"));
        assert!(!eq_folded("ab", b"abc"));
        assert!(!eq_folded("abc", b"ab"));
        assert_eq!(strip_ignoring_case("Team-A", "tEAM"), Some("-A"));
    }
}
