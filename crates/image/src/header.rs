//! The header of an image, and why bytes are not one.
//!
//! The header states what the sections cannot tell in constant time: the layers that are present, also those
//! without a statement, and the reserved keys that policies test. Whoever opens an image compares the length and the
//! checksum first, so that damage of a file is found before anything in it is read.

use core::fmt;

use crate::layers::LayerSet;
use crate::wire::checksum;

/// The header of an image.
///
/// | bytes | content |
/// |---|---|
/// | 0..8 | magic |
/// | 8..12 | format version; 4 bytes |
/// | 12..16 | number of sections |
/// | 16..24 | length of the image |
/// | 24..32 | checksum of all other bytes |
/// | 32..36 | layers that are present |
/// | 36..40 | flags: 1 the resource policy is public, 2 candidates are told apart by segments |
/// | 40..44 | reserved slots in use: bit `n` for slot `n`, bit `16 + n` for other slots of its key |
/// | 44..64 | zero |
///
/// The table of sections follows: kind, offset, length in bytes, zero; 4 bytes each.
///
/// ```
/// use portcullis_image::Header;
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// assert!(file.starts_with(&Header::MAGIC));
/// assert_eq!(file[8..10], Header::VERSION.to_le_bytes());
/// assert_eq!(file[24..32], Header::checksum_of(file).to_le_bytes());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The layers that are present, also those without a statement (`EVAL-4`).
    pub layers: LayerSet,
    /// True if the resource policy is public (`S3-5`).
    pub public: bool,
    /// The checksum: equal content has an equal checksum.
    pub checksum: u64,
}

impl Header {
    /// The first bytes of every image. A text-mode transfer damages them visibly.
    pub const MAGIC: [u8; 8] = *b"\x89PCL\r\n\x1a\n";
    /// The version of the format that this crate reads and writes.
    pub const VERSION: u16 = 1;
    /// Bytes before the table of sections.
    pub const SIZE: usize = 64;
    /// Bytes of an entry of the table of sections, which follows the header.
    pub const ENTRY: usize = 16;
    /// The checksum of an image's bytes, which covers everything but the checksum itself. Takes time linear in the bytes.
    ///
    /// It finds accidents. It is not a signature: whoever can write an image can write its checksum.
    pub fn checksum_of(bytes: &[u8]) -> u64 {
        let body = bytes.get(32..).unwrap_or(&[]);
        checksum(body) ^ checksum(bytes.get(..24).unwrap_or(&[])).rotate_left(32)
    }
}

/// Why bytes are not an image.
///
/// It is copied and allocates nothing, since images are opened where there is no allocator. One reason is enough for one who
/// got a damaged file, so only the first problem is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageError {
    /// The offset from the start of the bytes at which it is wrong.
    pub offset: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a usable image: {} at byte {}",
            self.what, self.offset
        )
    }
}

impl core::error::Error for ImageError {}
