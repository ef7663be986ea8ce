//! Texts as they lie in the image.
//!
//! A text is an offset and a length, and every text is stored once, whatever records have it. The offset counts from the
//! start of the image, not of the section, which saves an addition at each comparison. Two texts of one image are equal
//! exactly if their offsets and lengths are.

use crate::wire::{index, join, split};

/// A text in the image: the offset of its first byte from the image's start, and its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Str {
    /// Offset from the start of the image.
    pub offset: u32,
    /// Length in bytes.
    pub len: u32,
}

impl Str {
    /// Offset and length as one number, as operands hold them.
    #[inline]
    pub fn pack(self) -> u64 {
        join(self.offset, self.len)
    }

    /// What [`Str::pack`] packed.
    #[inline]
    pub fn unpack(packed: u64) -> Str {
        let (offset, len) = split(packed);
        Str { offset, len }
    }

    /// The text's bytes; empty if they do not lie in the image.
    #[inline]
    pub fn bytes(self, image: &[u8]) -> &[u8] {
        self.get(image).unwrap_or(&[])
    }

    /// The text's bytes, if they lie in the image.
    #[inline(always)]
    pub fn get(self, image: &[u8]) -> Option<&[u8]> {
        let start = index(self.offset);
        image.get(start..start + index(self.len))
    }

    /// True if there is nothing in it.
    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}
