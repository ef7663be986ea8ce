//! Comparing and searching bytes, eight or sixteen at a time.
//!
//! Decisions compare short texts: names of keys, starts of ARNs, values of conditions. The C library's comparison of
//! short texts can be slow (see `docs/benchmarks/`), so they are compared inline, by words that overlap instead of a loop
//! over the rest.
//!
//! Everything here is total: lengths that do not fit are no match. Time is linear in the shorter text; [`find`] takes the
//! product of both lengths at worst, which patterns keep small (`MATCH-1`). Instructions of the processor for wider words
//! would need `unsafe`.

use portcullis_image::wire::{index, u64_at};

/// The text behind a prefix; none if it does not begin so. Without a call into the C library: sixteen bytes at a time.
#[inline(always)]
pub(crate) fn strip<'t>(text: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    equal(head, prefix).then_some(tail)
}

/// The text from the first occurrence of the literal on, and what follows the literal; none if it does not occur. An empty
/// literal occurs at the start.
pub(crate) fn find<'t>(text: &'t [u8], literal: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let Some(first) = literal.first() else {
        return Some((text, text));
    };
    let mut from = text;
    loop {
        // Where it begins it has room to end.
        let starts = from.get(..=from.len().checked_sub(literal.len())?)?;
        from = from.get(position_of(starts, *first)?..)?;
        if let Some(behind) = strip(from, literal) {
            return Some((from, behind));
        }
        from = from.get(1..)?;
    }
}

/// The first position of a byte, eight bytes at a time; none if it does not occur.
#[inline]
pub(crate) fn position_of(text: &[u8], byte: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let wanted = ONES.wrapping_mul(u64::from(byte));
    // A byte of the difference is zero where the text has the byte; the lowest such is found exactly.
    let zeros = |word: u64| {
        let difference = word ^ wanted;
        difference.wrapping_sub(ONES) & !difference & (ONES << 7)
    };
    let found = |position: usize, zeros: u64| Some(position + index(zeros.trailing_zeros() / 8));
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().position(|other| *other == byte);
    };
    let mut position = 0;
    for word in text.chunks_exact(8) {
        let zeros = zeros(u64_at(word, 0));
        if zeros != 0 {
            return found(position, zeros);
        }
        position += 8;
    }
    // The last word overlaps the one before it, which has none.
    match zeros(u64::from_le_bytes(*last)) {
        0 => None,
        zeros => found(text.len() - 8, zeros),
    }
}

/// True if the text ends with the suffix, which may be empty.
pub(crate) fn ends_with(text: &[u8], suffix: &[u8]) -> bool {
    text.len()
        .checked_sub(suffix.len())
        .and_then(|start| text.get(start..))
        .is_some_and(|tail| equal(tail, suffix))
}

/// True if two texts are equal. Lengths are compared first, which tells most texts apart.
#[inline(always)]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // The last words overlap the ones before them, so that no rest is left.
    if let (Some(a_end), Some(b_end)) = (a.last_chunk::<16>(), b.last_chunk::<16>()) {
        let (mut a, mut b) = (a, b);
        while a.len() > 16 {
            let (Some((x, a_rest)), Some((y, b_rest))) =
                (a.split_first_chunk::<16>(), b.split_first_chunk::<16>())
            else {
                return false;
            };
            if x != y {
                return false;
            }
            (a, b) = (a_rest, b_rest);
        }
        return a_end == b_end;
    }
    if let (Some(a_start), Some(a_end), Some(b_start), Some(b_end)) = (
        a.first_chunk::<8>(),
        a.last_chunk::<8>(),
        b.first_chunk::<8>(),
        b.last_chunk::<8>(),
    ) {
        return a_start == b_start && a_end == b_end;
    }
    if let (Some(a_start), Some(a_end), Some(b_start), Some(b_end)) = (
        a.first_chunk::<4>(),
        a.last_chunk::<4>(),
        b.first_chunk::<4>(),
        b.last_chunk::<4>(),
    ) {
        return a_start == b_start && a_end == b_end;
    }
    a.iter().zip(b).all(|(x, y)| x == y)
}

/// The text after some characters; none if it has fewer. The text is UTF-8 and begins with a character.
pub(crate) fn skip_chars(text: &[u8], count: u32) -> Option<&[u8]> {
    let mut rest = text;
    for _ in 0..count {
        let (_, mut after) = rest.split_first()?;
        while let Some((byte, tail)) = after.split_first() {
            if byte & 0xc0 != 0x80 {
                break;
            }
            after = tail;
        }
        rest = after;
    }
    Some(rest)
}
