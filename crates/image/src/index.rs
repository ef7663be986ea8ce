//! The index: which statements a request can match at all.
//!
//! The index is advisory: it only narrows. Every candidate that it gives is verified by the statement itself, as far as
//! there is anything to verify, and an image without it decides the same, only slower. From 1,000 to 1,000,000 statements a
//! decision takes 446 to 449 instructions (`docs/benchmarks/targets.md`); `docs/design/the-index.md` says which other indexes
//! were rejected and why.
//!
//! # Actions
//!
//! The name of an action leads to the *patterns for actions* that match it: its exact name, those that
//! are a start of it (`s3:Get*`, the longest first), and the few others that are tried one by one. This
//! is done once for an image. Each of the image's *units* ([`crate::Unit`]) then has [`crate::ActionPostings`] for the patterns
//! that its statements use: the candidate sets of the pattern, and of all shorter starts, and of
//! the statements for every action. So the first pattern that a unit has postings for leads to everything.
//!
//! # Candidates
//!
//! A candidate is a statement with one of its resource patterns. Action patterns whose candidates are equal share
//! a set. A small set is scanned; most of its candidates are told apart by a mask of the segments
//! that their pattern asks for. The candidates of a large one stand in a hash table, by the literal text
//! of their patterns. A statement that allows every resource to everyone without condition is no
//! candidate: where its action leads to the set there is nothing to verify, and the set has its layers.
//!
//! # Literals
//!
//! A text is cut into *segments*, each of which ends with a byte that is no ASCII letter or digit:
//! `arn:` `aws:` `s3:` `:` `:` `reports/` `2026/`. What follows the last such byte is the *rest*.
//! A pattern is hashed by whole segments of its literal text: those at its start, and those of one
//! later literal, which may begin at any separator of a request's text (so that `arn:aws:sqs:*:1111:q-*`
//! is found by `arn:` `aws:` `sqs:` and `1111:` `q-`). How many segments of each kind there are is
//! the pattern's [`crate::Probe`]. A mask has a bit for each segment, and for the rest.
//!
//! The functions here are part of the format: the compiler stores by them and the machine finds by them.

use crate::wire::high;

/// The most segments of a text that are looked at. A resource with more is found without hashes of later literals, so that
/// nobody makes a decision slow by a long name.
pub const MAX_SEGMENTS: usize = 64;
/// Sets with at most this many candidates are scanned: they lie in four cache lines, where a bucket is looked for in memory
/// that nothing else has touched.
pub const SCAN_LIMIT: usize = 16;
/// The most probes of a set: each is a bucket that every request of the set looks at. Candidates of rarer shapes are scanned.
pub const MAX_PROBES: usize = 12;
/// The length from which a start of an action is no longer looked up but tried: starts are found by a bit for each length.
pub const MAX_START: usize = 64;

const BASE: u64 = 0x9e37_79b9_7f4a_7c55;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The segments of a text: the hashes of its starts, and its mask. About half a kilobyte, to be filled again for each
/// request.
///
/// ```
/// use portcullis_image::index::Segments;
///
/// let mut bucket = Segments::default();
/// bucket.set(b"arn:aws:s3:::reports/");
/// let mut object = Segments::default();
/// object.set(b"arn:aws:s3:::reports/2026/q1.csv");
/// assert_eq!(bucket.len(), 6);
/// assert_eq!(bucket.between(0, 6), object.between(0, 6));
/// ```
#[derive(Clone, Debug)]
pub struct Segments {
    /// The hash of the first `n` segments at index `n`.
    starts: [u64; MAX_SEGMENTS + 1],
    len: usize,
    mask: u64,
}

impl Default for Segments {
    fn default() -> Self {
        Segments::NONE
    }
}

/// For each byte, whether it is an ASCII letter or digit, and so does not end a segment.
const IS_INNER: [bool; 256] = {
    let mut inner = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        inner[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    inner
};

impl Segments {
    /// Those of the empty text.
    pub const NONE: Segments = Segments {
        starts: [0; MAX_SEGMENTS + 1],
        len: 0,
        mask: 0,
    };

    /// Those of a text that nobody cut: it may have any, so that no mask excludes a candidate.
    pub const ALL: Segments = Segments {
        mask: u64::MAX,
        ..Segments::NONE
    };

    /// Cuts a text. Takes about eight instructions a byte and ten a segment.
    pub fn set(&mut self, text: &[u8]) {
        self.cut::<true>(text, MAX_SEGMENTS);
    }

    /// Cuts the start of a text, at most as many segments as are said. If these are not all that are looked at, the text
    /// may have any others.
    pub fn set_start(&mut self, text: &[u8], most: usize) {
        match most < MAX_SEGMENTS {
            true => self.cut::<false>(text, most),
            false => self.set(text),
        }
    }

    /// Never inlined: the loop shall keep its registers for itself.
    #[inline(never)]
    fn cut<const MASKED: bool>(&mut self, text: &[u8], most: usize) {
        let mut start = 0_u64;
        let mut segment = 0_u64;
        let mut mask = 0_u64;
        let mut len = 0;
        for byte in text {
            segment = (segment ^ u64::from(*byte)).wrapping_mul(PRIME);
            if IS_INNER.get(usize::from(*byte)) == Some(&true) {
                continue;
            }
            let hash = segment ^ segment >> 31;
            start = start.wrapping_mul(BASE).wrapping_add(hash);
            if MASKED {
                mask |= mask_bit(segment);
            }
            segment = 0;
            len += 1;
            if let Some(slot) = self.starts.get_mut(len) {
                *slot = start;
            }
            if len >= most {
                // What is not looked at may be anything.
                mask = u64::MAX;
                break;
            }
        }
        self.len = len;
        self.mask = match MASKED {
            true => mask | rest_bit(segment),
            false => u64::MAX,
        };
    }

    /// The segments of a text that was cut already.
    pub fn copy(&mut self, other: &Segments) {
        let used = ..=other.len;
        if let (Some(own), Some(starts)) = (self.starts.get_mut(used), other.starts.get(used)) {
            own.copy_from_slice(starts);
        }
        (self.len, self.mask) = (other.len, other.mask);
    }

    /// How many segments the text has, at most [`MAX_SEGMENTS`].
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if the text has no segment.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A bit for each segment and for the rest; all bits if there are too many segments.
    #[inline]
    pub fn mask(&self) -> u64 {
        self.mask
    }

    /// The hash of the segments from one to another, in constant time: hashes of starts are polynomials, of which one is cut off
    /// the other.
    #[inline]
    pub fn between(&self, from: usize, to: usize) -> u64 {
        let at = |index: usize| self.starts.get(index).copied().unwrap_or(0);
        let power = POWERS.get(to.wrapping_sub(from)).copied().unwrap_or(0);
        at(to).wrapping_sub(at(from).wrapping_mul(power))
    }
}

/// The bit of a segment: one of 64. Different segments may share one, which costs a candidate that is verified in vain.
fn mask_bit(segment: u64) -> u64 {
    1 << (segment.wrapping_mul(BASE) >> 58)
}

/// The bit of the rest of a text; none if the rest is empty.
fn rest_bit(rest: u64) -> u64 {
    match rest {
        0 => 0,
        _ => mask_bit(rest ^ BASE),
    }
}

/// The mask that a text must have which holds this literal.
///
/// `starts` says that the literal is the text's start, `ends` that it is its end. Elsewhere the literal
/// may be cut out of a longer segment, which is then left out: a mask may ask for too little, never for too much.
pub fn literal_mask(literal: &[u8], starts: bool, ends: bool) -> u64 {
    let mut mask = 0;
    let mut segment = 0_u64;
    let mut is_whole = starts;
    let mut count = 0;
    for byte in literal {
        segment = (segment ^ u64::from(*byte)).wrapping_mul(PRIME);
        if byte.is_ascii_alphanumeric() {
            continue;
        }
        if is_whole {
            mask |= mask_bit(segment);
        }
        segment = 0;
        is_whole = true;
        count += 1;
        if count == MAX_SEGMENTS {
            return mask;
        }
    }
    match ends && is_whole {
        true => mask | rest_bit(segment),
        false => mask,
    }
}

/// Powers of [`BASE`].
const POWERS: [u64; MAX_SEGMENTS + 1] = {
    let mut powers = [1_u64; MAX_SEGMENTS + 1];
    let mut index = 1;
    while index <= MAX_SEGMENTS {
        powers[index] = powers[index - 1].wrapping_mul(BASE);
        index += 1;
    }
    powers
};

/// The hash under which candidates stand in their set: that of the segments at their start and of those of
/// a later literal. The upper bits choose the bucket.
#[inline]
pub fn bucket_hash(start: u64, middle: u64) -> u64 {
    let mixed = (start ^ middle.rotate_left(23)).wrapping_mul(BASE);
    (mixed ^ mixed >> 32).wrapping_mul(BASE)
}

/// What an entry of the table of actions is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKey {
    /// A pattern that is a whole action.
    Exact = 1,
    /// A pattern that is the start of actions.
    Start = 2,
    /// A service.
    Service = 3,
}

impl ActionKey {
    fn code(self) -> u64 {
        self as u64
    }
}

/// The hash of an action or of its start, byte by byte, so that the hashes of all starts of a name are found on the way to
/// its own.
#[derive(Clone, Copy, Debug)]
pub struct ActionHash(u64);

impl ActionHash {
    /// The hash of a service.
    #[inline]
    pub fn of_service(service: &[u8]) -> ActionHash {
        let mut hash = ActionHash(0);
        for byte in service {
            hash.push(*byte);
        }
        hash.push(b':');
        hash
    }

    /// Appends a byte of the name.
    #[inline]
    pub fn push(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(PRIME);
    }

    /// The hash of an entry of the table of actions.
    #[inline]
    pub fn entry(self, key: ActionKey) -> u32 {
        high((self.0 ^ key.code()).wrapping_mul(BASE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(text: &str) -> Segments {
        let mut segments = Segments::default();
        segments.set(text.as_bytes());
        segments
    }

    #[test]
    fn a_later_literal_has_the_hash_of_its_segments_alone() {
        let whole = segments("arn:aws:sqs:eu-west-1:111122223333:q-1/x");
        let unit = segments("111122223333:q-");
        assert_eq!(unit.len(), 2);
        let found: Vec<usize> = (0..=whole.len() - 2)
            .filter(|from| whole.between(*from, from + 2) == unit.between(0, 2))
            .collect();
        assert_eq!(found, [6]);
        assert_eq!(whole.between(0, 3), segments("arn:aws:sqs:").between(0, 3));
        assert_ne!(whole.between(0, 3), segments("arn:aws:sns:").between(0, 3));
    }

    #[test]
    fn long_texts_have_the_most_segments() {
        let mut text = [b':'; 500];
        text[499] = b'x';
        let mut segments = Segments::default();
        segments.set(&text);
        assert_eq!(segments.len(), MAX_SEGMENTS);
        assert_eq!(segments.mask(), u64::MAX);
    }

    #[test]
    fn a_text_has_the_bits_of_every_literal_that_it_holds() {
        let text = "arn:aws:sqs:eu-west-1:111122223333:q-1/xy";
        let whole = segments(text).mask();
        for start in 0..text.len() {
            for end in start..=text.len() {
                let literal = text.get(start..end).unwrap().as_bytes();
                let mask = literal_mask(literal, start == 0, end == text.len());
                assert_eq!(mask & !whole, 0, "{start}..{end}");
            }
        }
        assert_ne!(literal_mask(b":q-2/", false, false) & !whole, 0);
        assert_ne!(literal_mask(b"/xz", false, true) & !whole, 0);
        assert_eq!(literal_mask(b"xz", false, true), 0);
    }
    extern crate std;
    use std::vec::Vec;
}
