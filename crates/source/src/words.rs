//! Searching for bytes, eight at a time.
//!
//! A *mark* is the highest bit of a byte of a word. [`first`] finds the first byte that a function of words
//! marks; the function may also mark bytes behind one that it marks rightly.

use core::cmp::Ordering;

const ONES: u64 = 0x0101_0101_0101_0101;

/// Marks the bytes that are less than a limit of at most 128.
#[inline(always)]
pub fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * u64::from(limit)) & !word & (ONES << 7)
}

/// Marks the bytes that are this one.
#[inline(always)]
pub fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * u64::from(byte)), 1)
}

/// Where the first byte is that is marked, if there is one.
///
/// ```
/// use portcullis_source::words::{equal, first};
/// let is_wildcard = |word| equal(word, b'*') | equal(word, b'?');
/// assert_eq!(first(b"arn:aws:s3:::b?cket/*", is_wildcard), Some(14));
/// assert_eq!(first(b"arn:aws", is_wildcard), None);
/// ```
#[inline(always)]
pub fn first(bytes: &[u8], mark: impl Fn(u64) -> u64) -> Option<usize> {
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let marks = mark(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(bytes.len() - rest.len() + marks.trailing_zeros() as usize / 8);
        }
        rest = behind;
    }
    let mark_of = |byte: &u8| mark(u64::from(*byte)) & 0x80 != 0;
    let found = rest.iter().position(mark_of)?;
    Some(bytes.len() - rest.len() + found)
}

/// The order of two texts whose ASCII letters have no case.
///
/// ```
/// use portcullis_source::words::compare_lower;
/// assert!(compare_lower(b"GetObject", b"getobjectacl").is_lt());
/// assert!(compare_lower(b"getobject", b"GetObject").is_eq());
/// ```
#[inline]
pub fn compare_lower(one: &[u8], other: &[u8]) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        let (own, others) = (word(one), word(other));
        // Mostly they begin with the same letters in the same case.
        if own != others && lower(own) != lower(others) {
            // The first byte decides first.
            let (own, others) = (lower(own).swap_bytes(), lower(others).swap_bytes());
            return own.cmp(&others);
        }
        let (Some(rest), Some(rest_of_other)) = (one.get(8..), other.get(8..)) else {
            return one.len().cmp(&other.len());
        };
        (one, other) = (rest, rest_of_other);
    }
}

/// The first eight bytes of a text, with zeros behind its end.
#[inline]
pub fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    match bytes.first_chunk::<8>() {
        Some(whole) => word = *whole,
        None => word
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from),
    }
    u64::from_le_bytes(word)
}

/// A word with ASCII letters in lower case.
///
/// ```
/// use portcullis_source::words::{lower, word};
/// assert_eq!(lower(word(b"@AZ[`az{")), word(b"@az[`az{"));
/// assert_eq!(lower(word("\u{c1}\u{da}".as_bytes())), word("\u{c1}\u{da}".as_bytes()));
/// ```
#[inline]
pub fn lower(word: u64) -> u64 {
    // At least `A`, and not more than `Z`, each seen by a carry into the highest bit.
    let low = word & !(ONES << 7);
    let from_a = low + ONES * (0x80 - b'A' as u64);
    let behind_z = low + ONES * (0x80 - b'[' as u64);
    let capitals = from_a & !behind_z & !word & (ONES << 7);
    // Which are 0x20 less than small letters.
    word | capitals >> 2
}

/// Marks the bytes that continue a character of UTF-8.
#[inline(always)]
pub fn continues(word: u64) -> u64 {
    word & !(word << 1) & (ONES << 7)
}

/// How many bytes are marked, by a function that marks each rightly.
///
/// ```
/// use portcullis_source::words::{continues, marked};
/// assert_eq!(marked("naïve café".as_bytes(), continues), 2);
/// ```
#[inline(always)]
pub fn marked(bytes: &[u8], mark: impl Fn(u64) -> u64) -> usize {
    let mut words = bytes.chunks_exact(8);
    let mut count = 0;
    for word in &mut words {
        let word = <[u8; 8]>::try_from(word).map_or(0, u64::from_le_bytes);
        count += mark(word).count_ones() as usize;
    }
    let mark_of = |byte: &&u8| mark(u64::from(**byte)) & 0x80 != 0;
    count + words.remainder().iter().filter(mark_of).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever the byte stands in a word, whatever stands before and after it.
    #[test]
    fn the_first_byte_is_found_everywhere() {
        let special = |word| equal(word, b'"') | equal(word, b'\\') | below(word, 0x20);
        for before in [b'a', b'!', b'#', b'[', b']', b' ', 0x7f, 0x80, 0xff] {
            for byte in 0..=255_u8 {
                let is_special = matches!(byte, b'"' | b'\\' | 0..0x20);
                for place in 0..20 {
                    for after in [b'"', b'\\', 0, b'a', b'!'] {
                        let mut bytes = [before; 30];
                        bytes[20..].fill(after);
                        bytes[place] = byte;
                        let later = (!matches!(after, b'a' | b'!')).then_some(20);
                        let expected = if is_special { Some(place) } else { later };
                        assert_eq!(
                            first(&bytes, special),
                            expected,
                            "{before} {byte} {place} {after}"
                        );
                    }
                }
            }
        }
        assert_eq!(first(b"", special), None);
    }
}
