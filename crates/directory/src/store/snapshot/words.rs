//! Tables as bytes: rows of 32-bit words, little-endian.
//!
//! All ids are words, so that one width is enough, and a row of `N` fields is `4 * N` bytes at an
//! offset that follows from its number. Variable widths would make files smaller and every offset a
//! search.

use portcullis_image::wire::u32_at;

use crate::store::snapshot::error::{SnapshotError, wrong};

/// Words as bytes.
pub(super) fn words(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// Bytes as words.
pub(super) fn read_words(bytes: &[u8]) -> Result<Vec<u32>, SnapshotError> {
    if bytes.len() % 4 != 0 {
        return wrong("a table with half a word");
    }
    Ok(bytes.chunks(4).map(|word| u32_at(word, 0)).collect())
}

/// Bytes as pairs of words.
pub(super) fn read_pairs(section: &[u8]) -> Result<Vec<(u32, u32)>, SnapshotError> {
    let words = read_words(section)?;
    if words.len() % 2 != 0 {
        return wrong("half a pair");
    }
    let pairs = words.chunks_exact(2).filter_map(|pair| match *pair {
        [first, second] => Some((first, second)),
        _ => None,
    });
    Ok(pairs.collect())
}

/// A row that is written as this many words. What reads them again is in [`super::check`], which
/// refuses words that refer to nothing.
pub(super) trait Row<const WORDS: usize> {
    /// The row, field by field.
    fn to_words(&self) -> [u32; WORDS];
}

/// A table as bytes.
pub(super) fn rows<const WORDS: usize>(rows: &[impl Row<WORDS>]) -> Vec<u8> {
    words(rows.iter().flat_map(Row::to_words))
}

/// A table from bytes. `read` makes sure that a row refers to nothing that is not there.
pub(super) fn read_rows<const WORDS: usize, T>(
    bytes: &[u8],
    mut read: impl FnMut([u32; WORDS]) -> Result<T, SnapshotError>,
) -> Result<Vec<T>, SnapshotError> {
    if bytes.len() % (4 * WORDS) != 0 {
        return wrong("half a row");
    }
    bytes
        .chunks(4 * WORDS)
        .map(|row| {
            let mut words = [0; WORDS];
            for (index, word) in words.iter_mut().enumerate() {
                *word = u32_at(row, 4 * index);
            }
            read(words)
        })
        .collect()
}
