//! Numbers as they lie in the image: reading them, converting them, the checksum and the hash of the format.
//!
//! Every read is checked and total: outside the bytes there are only zeros. A validated image never reads outside, so the
//! zero is never seen; it keeps the readers free of panics. Reading takes constant time, hashes time linear in the text.
//!
//! The conversions between widths are here and have names, so that nowhere else a cast has to be looked at twice. The
//! machine and the compiler use them too.

/// A 32-bit number of the format as an index. Machines whose addresses are shorter hold no images, and so none of their
/// numbers.
#[inline(always)]
pub const fn index(number: u32) -> usize {
    number as usize
}

/// A length as the format has it. Nothing of 4 GiB or more is part of an image, so that what is larger need only stay
/// large.
#[inline(always)]
pub const fn count(len: usize) -> u32 {
    match len > index(u32::MAX) {
        true => u32::MAX,
        false => len as u32,
    }
}

/// A length as a number of 64 bits.
#[inline(always)]
pub const fn widened(len: usize) -> u64 {
    len as u64
}

/// Two numbers of 32 bits as one, the second above the first.
#[inline(always)]
pub const fn join(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

/// The lower half of a number.
#[inline(always)]
pub const fn low(number: u64) -> u32 {
    number as u32
}

/// The upper half of a number.
#[inline(always)]
pub const fn high(number: u64) -> u32 {
    low(number >> 32)
}

/// The two numbers that [`join`] joined.
#[inline(always)]
pub const fn split(joined: u64) -> (u32, u32) {
    (low(joined), high(joined))
}

/// Two numbers of 64 bits as one, the second above the first.
#[inline(always)]
pub const fn join_wide(low: u64, high: u64) -> u128 {
    low as u128 | (high as u128) << 64
}

/// The two numbers that [`join_wide`] joined.
#[inline(always)]
pub const fn split_wide(joined: u128) -> (u64, u64) {
    (joined as u64, (joined >> 64) as u64)
}

/// The signed number with the same bits.
#[inline(always)]
pub const fn signed(bits: u64) -> i64 {
    i64::from_le_bytes(bits.to_le_bytes())
}

/// The bits of a signed number.
#[inline(always)]
pub const fn unsigned(number: i64) -> u64 {
    u64::from_le_bytes(number.to_le_bytes())
}

/// An instant of its two halves, the lower one first.
#[inline(always)]
pub const fn instant_of(low: u64, high: u64) -> i128 {
    i128::from_le_bytes(join_wide(low, high).to_le_bytes())
}

/// The two halves of an instant.
#[inline(always)]
pub const fn halves_of(instant: i128) -> (u64, u64) {
    split_wide(u128::from_le_bytes(instant.to_le_bytes()))
}

/// The byte at `at`, or 0.
#[inline]
pub fn u8_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The little-endian number at `at`, or 0.
#[inline]
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    array_at::<2>(bytes, at).map_or(0, |array| u16::from_le_bytes(*array))
}

/// The little-endian number at `at`, or 0.
#[inline]
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    array_at::<4>(bytes, at).map_or(0, |array| u32::from_le_bytes(*array))
}

/// The little-endian number at `at`, or 0.
#[inline]
pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    array_at::<8>(bytes, at).map_or(0, |array| u64::from_le_bytes(*array))
}

/// The `N` bytes at `at`, or zeros. With a known `N`, reads from them need no more checks.
#[inline(always)]
pub(crate) fn record<const N: usize>(bytes: &[u8], at: usize) -> &[u8; N] {
    array_at::<N>(bytes, at).unwrap_or(&[0; N])
}

/// The `N` bytes at `at`; none if there are not as many. The offset is believed to be far from the largest number, as all
/// offsets of images are (below 2^33), which saves a comparison.
#[inline]
pub fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    // One comparison where `at` is known to be far from the largest number.
    bytes.get(at..at.wrapping_add(N))?.first_chunk::<N>()
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The checksum of the format: four interleaved lanes of 8-byte words, then the tail.
///
/// Each step is a bijection of its lane, so a change within one word always changes the result.
/// It guards against accidents; it is not a signature. Four lanes, because one multiplication would otherwise wait for the
/// one before it; a CRC needs a table or an instruction of the processor to be as fast.
pub fn checksum(bytes: &[u8]) -> u64 {
    let mut lanes = [
        0x243f_6a88_85a3_08d3_u64,
        0x1319_8a2e_0370_7344,
        0xa409_3822,
        0x299f_31d0,
    ];
    let mut blocks = bytes.chunks_exact(32);
    for block in &mut blocks {
        for (lane, at) in lanes.iter_mut().zip([0, 8, 16, 24]) {
            *lane = step(*lane, u64_at(block, at));
        }
    }
    let mut hash = step(0, widened(bytes.len()));
    for word in blocks.remainder().chunks(8) {
        hash = step(hash, padded(word));
    }
    for lane in lanes {
        hash = step(hash, lane);
    }
    hash
}

/// Takes in a word. Multiplying spreads it upwards, the shift brings the upper bits down again.
#[inline]
fn step(hash: u64, word: u64) -> u64 {
    let mixed = (hash ^ word).wrapping_mul(MULTIPLIER);
    mixed ^ (mixed >> 29)
}

/// The hash of a key's name, which does not depend on the case of ASCII letters (`COND-40`). It is part of the format:
/// images store names by it.
#[inline]
pub fn name_hash(name: &[u8]) -> u32 {
    let mut hash = widened(name.len());
    let mut words = name.chunks_exact(8);
    for word in &mut words {
        hash = step(hash, u64_at(word, 0) | CASE);
    }
    hash = step(hash, padded(words.remainder()) | CASE);
    high(hash)
}

/// The bits that tell upper case from lower. Setting them also makes a few other bytes alike, which a
/// hash may do.
const CASE: u64 = 0x2020_2020_2020_2020;

/// The first 8 bytes as a little-endian number, padded with zeros where there are fewer.
#[inline]
pub fn padded(bytes: &[u8]) -> u64 {
    let word = |bytes: Option<&[u8; 4]>| bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes));
    if let Some(bytes) = bytes.first_chunk::<8>() {
        return u64::from_le_bytes(*bytes);
    }
    if bytes.len() >= 4 {
        // The two halves overlap, and agree where they do.
        let high = u64::from(word(bytes.last_chunk::<4>()));
        return u64::from(word(bytes.first_chunk::<4>())) | high << (8 * (bytes.len() - 4));
    }
    bytes
        .iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// True if `text`, with ASCII letters in lower case, is `other`, which must be in lower case. Eight bytes at a time; other
/// lengths are unequal without a look.
#[inline]
pub fn eq_lowercase(text: &[u8], other: &[u8]) -> bool {
    if text.len() != other.len() {
        return false;
    }
    // The last words overlap the ones before them, so that no rest is left.
    if let (Some(text_end), Some(other_end)) = (text.last_chunk::<8>(), other.last_chunk::<8>()) {
        let (mut a, mut b) = (text, other);
        while let (Some((x, a_rest)), Some((y, b_rest))) =
            (a.split_first_chunk::<8>(), b.split_first_chunk::<8>())
        {
            if lowercase(u64::from_le_bytes(*x)) != u64::from_le_bytes(*y) {
                return false;
            }
            (a, b) = (a_rest, b_rest);
        }
        return lowercase(u64::from_le_bytes(*text_end)) == u64::from_le_bytes(*other_end);
    }
    text.iter()
        .zip(other)
        .all(|(a, b)| a.to_ascii_lowercase() == *b)
}

/// The eight bytes of a word with ASCII letters in lower case.
#[inline]
pub fn lowercase(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let low = word & (0x7f * ONES);
    let from_a = low + (0x80 - 0x41) * ONES;
    let after_z = low + (0x80 - 0x5b) * ONES;
    let upper = from_a & !after_z & !word & (0x80 * ONES);
    word | upper >> 2
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_checksum_sees_every_changed_byte_and_the_length() {
        for len in [0, 1, 7, 8, 9, 31, 32, 33, 100] {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            let sum = checksum(&bytes);
            let mut longer = bytes.clone();
            longer.push(0);
            assert_ne!(checksum(&longer), sum);
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << (at % 8);
                assert_ne!(checksum(&changed), sum, "{len} {at}");
            }
        }
    }

    #[test]
    fn lower_case_of_words_is_that_of_their_bytes() {
        for byte in 0..=255_u8 {
            let word = u64::from_le_bytes([byte, b'A', 0xff, b'Z', byte, b'[', b'@', byte]);
            let expected = word.to_le_bytes().map(|byte| byte.to_ascii_lowercase());
            assert_eq!(lowercase(word).to_le_bytes(), expected);
        }
        assert_eq!(name_hash(b"AWS:SourceIP"), name_hash(b"aws:sourceip"));
    }

    #[test]
    fn short_texts_are_padded() {
        let text = b"abcdefghij";
        for len in 0..=10 {
            let mut bytes = [0; 8];
            let kept = len.min(8);
            bytes[..kept].copy_from_slice(&text[..kept]);
            assert_eq!(padded(&text[..len]), u64::from_le_bytes(bytes), "{len}");
        }
    }

    #[test]
    fn reads_outside_are_zero() {
        assert_eq!(u32_at(&[1, 2, 3], 0), 0);
        assert_eq!(u64_at(&[], usize::MAX), 0);
        assert_eq!(u16_at(&[0, 1, 2], 1), 0x0201);
    }
}
