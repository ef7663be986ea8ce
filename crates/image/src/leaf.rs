//! Instructions as they lie in the image.

use crate::record::pack;
use crate::wire::{record, u8_at, u32_at, u64_at};

/// Flags of an instruction.
pub mod flag {
    /// The result for each value is turned round (`COND-2`).
    pub const NEGATED: u8 = 1;
    /// The result if the key is absent is true (table 3.2).
    pub const ABSENT: u8 = 2;
    /// `ForAnyValue` (`COND-13`).
    pub const ANY: u8 = 4;
    /// `ForAllValues` (`COND-12`).
    pub const ALL: u8 = 8;
    /// The last instruction of its guard.
    pub const END: u8 = 16;
}

/// Sets of orders, for comparisons: the request's value stands so to the policy's.
pub mod ordering {
    /// Less than the policy's value.
    pub const LESS: u64 = 1;
    /// Equal to the policy's value.
    pub const EQUAL: u64 = 2;
    /// Greater than the policy's value.
    pub const GREATER: u64 = 4;
}

/// What a value may have between and behind the literals of a [`crate::Operands::Span`].
pub mod span {
    /// Anything between the literals. With neither this nor [`FIELD`] there is no second literal.
    pub const STAR: u64 = 1;
    /// Anything but colons between the literals, the second of which begins with one (`COND-60`).
    pub const FIELD: u64 = 2;
    /// Anything behind the last literal.
    pub const OPEN: u64 = 4;
}

/// An instruction: one test of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// The operation's code.
    pub op: u8,
    /// [`flag`]s.
    pub flags: u8,
    /// The slot that the test reads.
    pub slot: u32,
    /// Operands, as the operation says.
    pub x: u64,
    /// Operands, as the operation says.
    pub y: u64,
    /// Operands, as the operation says.
    pub z: u64,
}

impl Leaf {
    /// Bytes of a record.
    pub const SIZE: usize = 32;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Leaf {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        let head = u64_at(bytes, 0);
        Leaf {
            op: head as u8,
            flags: (head >> 8) as u8,
            slot: (head >> 32) as u32,
            x: u64_at(bytes, 8),
            y: u64_at(bytes, 16),
            z: u64_at(bytes, 24),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let head = u64::from(self.op) | u64::from(self.flags) << 8 | u64::from(self.slot) << 32;
        pack(&[head, self.x, self.y, self.z])
    }
}

/// An instruction that is read where it lies: only the operands that its operation needs.
#[derive(Clone, Copy, Debug)]
pub struct LeafRef<'a>(&'a [u8; Leaf::SIZE]);

impl<'a> LeafRef<'a> {
    /// The instruction that these bytes are.
    #[inline(always)]
    pub(crate) fn of(bytes: &'a [u8; Leaf::SIZE]) -> LeafRef<'a> {
        LeafRef(bytes)
    }

    /// The operation's code.
    #[inline(always)]
    pub fn op(self) -> u8 {
        u8_at(self.0, 0)
    }

    /// [`flag`]s.
    #[inline(always)]
    pub fn flags(self) -> u8 {
        u8_at(self.0, 1)
    }

    /// The slot that the test reads.
    #[inline(always)]
    pub fn slot(self) -> u32 {
        u32_at(self.0, 4)
    }

    /// Operands, as the operation says.
    #[inline(always)]
    pub fn x(self) -> u64 {
        u64_at(self.0, 8)
    }

    /// Operands, as the operation says.
    #[inline(always)]
    pub fn y(self) -> u64 {
        u64_at(self.0, 16)
    }

    /// Operands, as the operation says.
    #[inline(always)]
    pub fn z(self) -> u64 {
        u64_at(self.0, 24)
    }
}
