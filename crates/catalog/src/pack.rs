//! The pack, byte by byte.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | [`MAGIC`] |
//! | 8 | checksum of all that follows |
//! | 4 | [`FORMAT`] |
//! | 4 | length of the header |
//! | 4 | length of the content |
//! | | header: UTF-8, a line for each source, its fields apart by tabulators |
//! | | content |
//!
//! The content is used as it stands: nothing is put together when a pack is read, and so it is not deflated either. It
//! would be a fifth as long; repositories, packages and archives deflate it anyway.
//!
//! The checksum begins with the number of bytes. For each eight of them, as a little-endian number, with zeros behind the
//! last, it is turned left by 5 bits, xored with that number, and multiplied by `0x517c_c1b7_2722_0a95`.
//!
//! All numbers are little-endian. The content begins with how many rows each table has (`Counts`, four bytes each). Then
//! comes its text: all names one behind the other, in the order of `FirstNames`, and in alphabetical order without
//! case wherever they are looked up. The rest are the `Columns`, one behind the other.

mod read;
mod write;

pub(crate) use read::{read, read_static};
pub(crate) use write::write;

use core::fmt;

/// The format of packs that this version reads and writes.
pub const FORMAT: u32 = 3;

/// What a pack begins with.
const MAGIC: [u8; 8] = *b"PCATALOG";

/// Longest header.
const MAX_HEADER: usize = 1 << 16;
/// Longest content; today it has 1.6 MB.
const MAX_CONTENT: usize = 1 << 25;

/// Why bytes are not a catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackError {
    /// They do not begin as a pack does.
    NoPack,
    /// The pack has another format than this version reads.
    Format(u32),
    /// More is said to be in it than any catalog has.
    TooLarge,
    /// They are not those that were written, or cut off.
    Damaged,
    /// The checksum is right, and the content makes no sense; this part of it.
    Content(&'static str),
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PackError::NoPack => write!(f, "not a catalog: it does not begin as a pack does"),
            PackError::Format(found) => write!(
                f,
                "a catalog of format {found}; this version reads format {FORMAT}"
            ),
            PackError::TooLarge => write!(f, "the catalog says that it is larger than any can be"),
            PackError::Damaged => write!(f, "the catalog is damaged or cut off"),
            PackError::Content(part) => write!(f, "the catalog holds what cannot be: {part}"),
        }
    }
}

impl core::error::Error for PackError {}

/// Of a pack, eight bytes at a time. Any change of eight bytes that follow one another changes it.
fn checksum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(8);
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(words.remainder()) {
        *to = *from;
    }
    let next = |sum: u64, word: [u8; 8]| {
        (sum.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95)
    };
    let words = words.filter_map(|word| word.try_into().ok());
    next(words.fold(bytes.len() as u64, next), last)
}
