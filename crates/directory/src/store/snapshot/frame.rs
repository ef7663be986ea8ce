//! The frame of a file: magic, version, lengths, checksum, and where sections begin.
//!
//! It knows how many sections there are and not what is in them. A file whose frame is sound has
//! the length that it says and was not damaged; what somebody wrote on purpose is for the checks of
//! rows ([`super::check`]).

use portcullis_image::wire::{checksum, u32_at, u64_at};

use crate::store::ids::index;
use crate::store::snapshot::error::{SnapshotError, wrong};

/// The first bytes of every such file. A transfer as text changes the last two, and the file is
/// refused for what it is.
pub(super) const MAGIC: [u8; 8] = *b"PCLDIR\r\n";
/// Raised when a row changes. Files of other versions are refused.
pub(super) const VERSION: u32 = 2;
/// Bytes before the lengths of the sections.
pub(super) const HEAD: usize = 32;
/// The most stacked images: one base plus seven deltas. Each makes decisions look through one more.
pub(crate) const MAX_IMAGES: usize = 8;
/// Sections that every file has, before its images.
pub(super) const TABLES: usize = 11;

/// True if bytes begin as such a file does.
pub(crate) fn is_snapshot(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The checksum over everything but the checksum itself. What is before it and what is behind are
/// summed apart, so that neither has to be copied.
pub(super) fn checksum_of(head: &[u8], body: &[u8]) -> u64 {
    checksum(body) ^ checksum(head.get(..24).unwrap_or(head)).rotate_left(32)
}

/// A length as files write it.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Appends zeros up to a multiple of 8, where images may begin.
pub(super) fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

/// The sections of a file whose frame is sound: magic, version, length and checksum are right, and
/// each section ends within the file.
pub(super) fn sections(bytes: &[u8]) -> Result<Vec<&[u8]>, SnapshotError> {
    if !is_snapshot(bytes) {
        return wrong("wrong magic number");
    }
    let count = index(u32_at(bytes, 12));
    if u32_at(bytes, 8) != VERSION || count <= TABLES || count > TABLES + MAX_IMAGES {
        return wrong("unsupported version");
    }
    let header = HEAD + 8 * count;
    if bytes.len() < header || u64_at(bytes, 16) != wide(bytes.len()) {
        return wrong("wrong length");
    }
    let body = bytes.get(HEAD..).unwrap_or_default();
    if u64_at(bytes, 24) != checksum_of(bytes, body) {
        return wrong("wrong checksum");
    }
    let mut found = Vec::with_capacity(count);
    let mut start = header;
    for index in 0..count {
        let length = usize::try_from(u64_at(bytes, HEAD + 8 * index)).unwrap_or(usize::MAX);
        let end = start.checked_add(length);
        let Some(section) = end.and_then(|end| bytes.get(start..end)) else {
            return wrong("a section out of bounds");
        };
        found.push(section);
        start = (start + length).next_multiple_of(8);
    }
    Ok(found)
}
