//! The pack, byte by byte.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | [`MAGIC`] |
//! | 8 | checksum of all that follows: FNV-1a, 64 bits |
//! | 4 | [`FORMAT`] |
//! | 4 | length of the header |
//! | 4 | length of the content before it was deflated |
//! | | header: UTF-8, a line for each source, its fields apart by tabulators |
//! | | content, deflated |
//!
//! Numbers of a fixed size are little-endian; in the content they are of seven bits a byte, the lowest first. Names
//! are in alphabetical order, and say how many bytes they share with the one before.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

use core::fmt;

/// The format of packs that this version reads and writes.
pub const FORMAT: u32 = 1;

/// What a pack begins with.
const MAGIC: [u8; 8] = *b"PCATALOG";

/// Longest header.
const MAX_HEADER: usize = 1 << 16;
/// Longest content; today it has 1.1 MB.
const MAX_CONTENT: usize = 1 << 25;
/// How long all names may be together, once what they share is written out.
const MAX_TEXT: usize = 1 << 25;
/// The longest name.
const MAX_NAME: usize = 4096;

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

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
