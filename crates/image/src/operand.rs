//! Operands of instructions: 8 bytes each, which are what the operation says.
//!
//! They are read by methods named for what is in them. An enum of all shapes would have to be decoded before it is known
//! which of its fields is looked at. A method that is asked of an operand of another shape gives a number that means nothing;
//! the validator has seen to it that operations have the operands that they read.

use crate::field::Field;
use crate::id::{Id, ListId, Run};
use crate::text::Str;
use crate::wire::{join, low, signed, split, u64_at, unsigned};

/// An operand of an instruction: what it is, the operation says ([`crate::Operands`]).
///
/// ```
/// use portcullis_image::{Operand, Pattern, Run, Id};
///
/// let run: Run<Pattern> = Run { first: Id::new(7), count: 2 };
/// assert_eq!(Operand::from(run).run::<Pattern>(), run);
/// assert_eq!(Operand::from(-1_500_000_i64).signed(), -1_500_000);
/// ```
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Operand(pub u64);

impl Operand {
    /// An operand that is not used.
    pub const ZERO: Operand = Operand(0);

    /// The bits.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// A signed number.
    #[inline(always)]
    pub fn signed(self) -> i64 {
        signed(self.0)
    }

    /// A text.
    #[inline(always)]
    pub fn text(self) -> Str {
        Str::unpack(self.0)
    }

    /// A list.
    #[inline(always)]
    pub fn list<T>(self) -> ListId<T> {
        Id::new(low(self.0))
    }

    /// Records behind each other; of a list the first item and the number of items, so that the usual list of one item
    /// need not be read.
    #[inline(always)]
    pub fn run<T>(self) -> Run<T> {
        let (first, count) = split(self.0);
        Run {
            first: Id::new(first),
            count,
        }
    }

    /// An IPv4 network: its base, and its mask.
    #[inline(always)]
    pub fn v4(self) -> (u32, u32) {
        split(self.0)
    }
}

impl From<i64> for Operand {
    fn from(number: i64) -> Operand {
        Operand(unsigned(number))
    }
}

impl From<Str> for Operand {
    fn from(text: Str) -> Operand {
        Operand(text.pack())
    }
}

impl<T> From<ListId<T>> for Operand {
    fn from(list: ListId<T>) -> Operand {
        Operand(u64::from(list.number()))
    }
}

impl<T> From<Run<T>> for Operand {
    fn from(run: Run<T>) -> Operand {
        Operand(join(run.first.number(), run.count))
    }
}

impl Field for Operand {
    const SIZE: usize = 8;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Operand {
        Operand(u64_at(bytes, at))
    }
    fn write(self, bytes: &mut [u8]) {
        self.0.write(bytes);
    }
}
