//! The index: which statements a request can match at all.
//!
//! The index only narrows. Every candidate that it gives is verified by the statement itself, and an
//! image without it decides the same, only slower.
//!
//! An action gives *nodes*: its exact name, the patterns that are a start of it (`s3:Get*`), those of
//! the residue that match it, and the node of all actions. A node has a *group* of candidates;
//! nodes with equal candidates share it. A candidate is a statement with one of its resource
//! patterns. A small group is scanned. The candidates of a large one stand in a hash table, by the
//! literal text of their resource patterns.
//!
//! # Literals
//!
//! A text is cut into *segments*, each of which ends with a byte that is no ASCII letter or digit:
//! `arn:` `aws:` `s3:` `:` `:` `reports/` `2026/`. What follows the last such byte is not a segment.
//! A pattern is hashed by whole segments of its literal text: those at its start, and those of one
//! later literal, which may begin at any separator of a request's text (so that `arn:aws:sqs:*:1111:q-*`
//! is found by `arn:` `aws:` `sqs:` and `1111:` `q-`). How many segments of each kind there are is
//! the pattern's [`Probe`].

use crate::record::Str;
use crate::wire::{record, u16_at, u32_at, u64_at};

/// In place of a pattern: the statement's whole head must be verified.
pub const WHOLE_HEAD: u32 = u32::MAX - 2;
/// The most segments of a text that are looked at.
pub const MAX_SEGMENTS: usize = 64;
/// Groups with at most this many candidates are scanned.
pub const SCAN_LIMIT: usize = 8;
/// The most probes of a group.
pub const MAX_PROBES: usize = 12;

const BASE: u64 = 0x9e37_79b9_7f4a_7c55;

/// The hashes of the starts of a text, segment by segment.
#[derive(Clone, Debug)]
pub struct Segments {
    /// The hash of the first `n` segments at place `n`.
    starts: [u64; MAX_SEGMENTS + 1],
    len: usize,
}

impl Default for Segments {
    fn default() -> Self {
        Segments {
            starts: [0; MAX_SEGMENTS + 1],
            len: 0,
        }
    }
}

impl Segments {
    /// Cuts a text.
    pub fn set(&mut self, text: &[u8]) {
        let mut start = 0_u64;
        let mut segment = 0_u64;
        self.len = 0;
        for byte in text {
            segment = (segment ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
            if byte.is_ascii_alphanumeric() {
                continue;
            }
            start = start
                .wrapping_mul(BASE)
                .wrapping_add(segment ^ segment >> 31);
            segment = 0;
            self.len += 1;
            if let Some(place) = self.starts.get_mut(self.len) {
                *place = start;
            }
            if self.len == MAX_SEGMENTS {
                break;
            }
        }
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

    /// The hash of the segments from one to another.
    #[inline]
    pub fn between(&self, from: usize, to: usize) -> u64 {
        let at = |index: usize| self.starts.get(index).copied().unwrap_or(0);
        let power = POWERS.get(to.wrapping_sub(from)).copied().unwrap_or(0);
        at(to).wrapping_sub(at(from).wrapping_mul(power))
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

/// The hash under which a group's candidates stand.
#[inline]
pub fn bucket_hash(group: u32, start: u64, middle: u64) -> u64 {
    let mixed =
        (start ^ middle.rotate_left(23) ^ u64::from(group).wrapping_mul(BASE)).wrapping_mul(BASE);
    mixed ^ mixed >> 32
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

/// The hash of an entry of the table of actions.
#[inline]
pub fn action_hash(key: ActionKey, service: &[u8], name: &[u8]) -> u32 {
    let mut hash = key as u64;
    for byte in service.iter().chain(b":").chain(name) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let hash = hash.wrapping_mul(BASE);
    (hash >> 32) as u32
}

/// A group of candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The first candidate that is scanned.
    pub start: u32,
    /// How many are scanned; those of Deny statements come first.
    pub count: u32,
    /// The first probe.
    pub probes: u32,
    /// How many probes there are; none if all candidates are scanned.
    pub probe_count: u32,
}

impl Group {
    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Group {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Group {
            start: u32_at(bytes, 0),
            count: u32_at(bytes, 4),
            probes: u32_at(bytes, 8),
            probe_count: u32_at(bytes, 12),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let words = [self.start, self.count, self.probes, self.probe_count];
        words_to_bytes(&words)
    }
}

/// A statement with one of its resource patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// The statement.
    pub statement: u32,
    /// The pattern, [`crate::ANY`] for every resource, or [`WHOLE_HEAD`].
    pub pattern: u32,
    /// The statement's layers.
    pub layers: u32,
    /// The length of the pattern's literal, at most 65,535.
    pub literal_len: u16,
    /// The last two bytes of the pattern's literal, if it has as many and is not longer.
    pub tail: u16,
}

impl Candidate {
    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Candidate {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Candidate {
            statement: u32_at(bytes, 0),
            pattern: u32_at(bytes, 4),
            layers: u32_at(bytes, 8),
            literal_len: u16_at(bytes, 12),
            tail: u16_at(bytes, 14),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let last = u32::from(self.literal_len) | u32::from(self.tail) << 16;
        words_to_bytes(&[self.statement, self.pattern, self.layers, last])
    }
}

/// A shape of literals: how many segments at the start, and how many in a later literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Probe {
    /// Segments at the start.
    pub start: u16,
    /// Segments of a later literal, behind a separator; 0 if the start alone is hashed.
    pub middle: u16,
}

impl Probe {
    /// Bytes of a record.
    pub const SIZE: usize = 4;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Probe {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Probe {
            start: u16_at(bytes, 0),
            middle: u16_at(bytes, 2),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        words_to_bytes(&[u32::from(self.start) | u32::from(self.middle) << 16])
    }
}

/// A place of the hash table of literals. The table has a power of two of places and is at most
/// half full; a place with no candidates is empty and ends a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// The group that the candidates belong to.
    pub group: u32,
    /// The upper half of the hash.
    pub hash: u32,
    /// The first candidate.
    pub start: u32,
    /// How many candidates there are.
    pub count: u32,
}

impl Bucket {
    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Bucket {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Bucket {
            group: u32_at(bytes, 0),
            hash: u32_at(bytes, 4),
            start: u32_at(bytes, 8),
            count: u32_at(bytes, 12),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        words_to_bytes(&[self.group, self.hash, self.start, self.count])
    }
}

/// A service of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceRecord {
    /// The name, in lower case.
    pub name: Str,
    /// Bit `n` is set if some pattern is a start of `n` bytes; starts of 64 and more are residue.
    pub starts: u64,
}

impl ServiceRecord {
    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> ServiceRecord {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        ServiceRecord {
            name: Str::decode(bytes, 0),
            starts: u64_at(bytes, 8),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let starts = [self.starts as u32, (self.starts >> 32) as u32];
        let [low, high] = starts;
        words_to_bytes(&[self.name.offset, self.name.len, low, high])
    }
}

fn words_to_bytes<const N: usize>(words: &[u32]) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    bytes
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
        let part = segments("111122223333:q-");
        assert_eq!(part.len(), 2);
        let found: Vec<usize> = (0..=whole.len() - 2)
            .filter(|from| whole.between(*from, from + 2) == part.between(0, 2))
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
    }
    extern crate std;
    use std::vec::Vec;
}
