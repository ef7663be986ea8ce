//! The instruction set, in one table.
//!
//! The language decides its shape: a condition is a list of tests that must all hold, each of one
//! key against one set of values, so one test is one instruction and a guard is a straight run of
//! them. There are no jumps, no stack and no loop but the one over the values of a key inside an
//! instruction; that every guard ends needs no argument.
//!
//! An instruction takes 27 instructions of the processor whatever it tests, and then what the test itself costs
//! (`docs/benchmarks/targets.md`). So the usual single value has an operation of its own (`text.is`, `number.is`), which
//! compares without a look at another record, beside the general one over a list.
//!
//! A line of the table makes the code, the mnemonic, the operands, the page `docs/opcodes.md` and a method of [`Execute`]: the
//! machine does not compile until it has the method.

use crate::field::{Field, Limits};
use crate::kinds::Class;
use crate::wire::u8_at;

/// What the operands of an instruction are. The validator checks them by this, the disassembler prints them by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// None: `x`, `y` and `z` are zero.
    None,
    /// `x` is 0 or 1.
    Truth,
    /// A text of at most 16 bytes: `x` and `y` hold the bytes, padded with zeros, `z` the length.
    Inline,
    /// `x` and `y` are texts of the image, `z` says what a value may have between and behind them
    /// ([`crate::span`]).
    Span,
    /// `x` is the first of some short texts and, above it, their number.
    ShortTexts,
    /// `x` is a number in millionths, `y` its text, `z` a set of orders ([`crate::ordering`]).
    Number,
    /// `x` and `y` are the lower and the upper half of an instant, `z` is a set of orders.
    Instant,
    /// `x`, `y` and `z` are IPv4 networks, the mask above the base; one that is not needed repeats
    /// another.
    V4,
    /// `x` is a list of texts, `y` its first item and, above it, the number of items; so of all lists.
    Texts,
    /// `x` is a list of patterns.
    Patterns,
    /// `x` is a list of numbers, `z` a set of orders ([`crate::ordering`]).
    Numbers,
    /// `x` is a list of instants, `z` a set of orders ([`crate::ordering`]).
    Instants,
    /// `x` is a list of networks.
    Networks,
    /// `x` is a list of ARN patterns.
    Arns,
    /// `x` is a set of truth values: 1 for `false`, 2 for `true`.
    Truths,
}

/// Makes the enum, decoding, the rows of [`Op::TABLE`] and the trait [`Execute`] from the table below. To add an operation is
/// one line; `CONTRIBUTING.md` lists what the line then asks for.
macro_rules! ops {
    ($($(#[doc = $doc:literal])+ $name:ident / $method:ident = $code:literal, $mnemonic:literal, $operands:ident, $class:ident;)+) => {
        /// The operation of an instruction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Op {
            $($(#[doc = $doc])+ $name = $code,)+
        }

        impl Op {
            /// Every operation with what the table says of it, in the order of the codes.
            pub const TABLE: &'static [OpInfo] = &[
                $(OpInfo {
                    op: Op::$name,
                    mnemonic: $mnemonic,
                    operands: Operands::$operands,
                    class: Class::$class,
                    doc: concat!($($doc, "\n"),+),
                },)+
            ];

            /// The operation with this code.
            #[inline]
            pub fn from_code(code: u8) -> Option<Op> {
                match code {
                    $($code => Some(Op::$name),)+
                    _ => None,
                }
            }

            /// The code of the operation.
            #[inline(always)]
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// What the table says of the operation.
            pub fn info(self) -> &'static OpInfo {
                match self {
                    $(Op::$name => &OpInfo {
                        op: Op::$name,
                        mnemonic: $mnemonic,
                        operands: Operands::$operands,
                        class: Class::$class,
                        doc: concat!($($doc, "\n"),+),
                    },)+
                }
            }
        }

        /// What executes instructions: a method for each operation, so that none is forgotten.
        pub trait Execute<I>: Sized {
            $(
                $(#[doc = $doc])+
                fn $method(self, insn: I) -> bool;
            )+

            /// Executes an instruction by the code as it lies there, so that an operation is one jump away. A code that does
            /// not exist is the fault.
            #[inline(always)]
            fn execute(self, code: u8, insn: I) -> bool {
                match code {
                    $($code => self.$method(insn),)+
                    _ => self.fault(insn),
                }
            }
        }
    };
}

/// A row of the table of operations.
///
/// ```
/// use portcullis_image::{Class, Op, Operands};
///
/// let info = Op::NumberIs.info();
/// assert_eq!((info.mnemonic, info.operands, info.class), ("number.is", Operands::Number, Class::Number));
/// assert_eq!(Op::from_code(info.op.code()), Some(Op::NumberIs));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// The operation.
    pub op: Op,
    /// Its name in a disassembly.
    pub mnemonic: &'static str,
    /// What its operands are.
    pub operands: Operands,
    /// The class of the slot that it reads.
    pub class: Class,
    /// What it does.
    pub doc: &'static str,
}

impl Operands {
    /// True if `x` is a list and `y` its digest: the first item and the number of items.
    pub fn is_list(self) -> bool {
        use Operands::{Arns, Instants, Networks, Numbers, Patterns, Texts};
        matches!(
            self,
            Texts | Patterns | Numbers | Instants | Networks | Arns
        )
    }
}

ops! {
    /// Never holds. No compiler writes it and no image with it is accepted: a zero that is read as
    /// an instruction must not grant anything.
    Fault / fault = 0, "fault", None, Text;
    /// Holds if `x` is 1, whatever the request (`COND-15`).
    Const / constant = 1, "const", Truth, Text;
    /// Looks at presence only: an absent key gives the flag `absent`, a present one gives `x`
    /// (`COND-14`).
    Null / null = 2, "null", Truth, Text;
    /// The value is this one short text (`COND-50`).
    TextIs / text_is = 3, "text.is", Inline, Text;
    /// The value is one of the texts (`COND-50`, `COND-71`).
    TextIn / text_in = 4, "text.in", Texts, Text;
    /// The value, with case folded, is one of the texts, which are folded (`COND-50`).
    FoldIn / fold_in = 5, "fold.in", Texts, Text;
    /// The value matches one of the patterns (`MATCH-1`); also equality with variables, which is a
    /// pattern without wildcards (`VAR-3`).
    Like / like = 6, "like", Patterns, Text;
    /// The value matches one of the patterns, without wildcards, ignoring case (`COND-50`).
    FoldLike / fold_like = 7, "fold.like", Patterns, Text;
    /// The value is a number that stands in one of the orders `z` to one of the numbers (`COND-55`).
    Number / number = 8, "number", Numbers, Number;
    /// The value is a date that stands in one of the orders `z` to one of the instants (`COND-67`).
    Date / date = 9, "date", Instants, Date;
    /// The value is one of the truth values `x` (`COND-70`).
    Bool / bool = 10, "bool", Truths, Text;
    /// The value is a truth value, and one of the patterns gives the same one (`COND-70`, `VAR-4`).
    BoolLike / bool_like = 11, "bool.like", Patterns, Text;
    /// The value is an address in one of the networks (`COND-75`).
    Address / address = 12, "address", Networks, Address;
    /// The value is an ARN whose six parts match the six patterns of one of the ARN patterns
    /// (`COND-60`).
    Arn / arn = 13, "arn", Arns, Text;
    /// The value begins with this one short text (`MATCH-1`).
    TextStarts / text_starts = 14, "text.starts", Inline, Text;
    /// The value is a number that stands in one of the orders `z` to this one number (`COND-55`).
    NumberIs / number_is = 15, "number.is", Number, Number;
    /// The value is a date that stands in one of the orders `z` to this one instant (`COND-67`).
    DateIs / date_is = 16, "date.is", Instant, Date;
    /// The value is an IPv4 address in one of up to three networks (`COND-75`).
    AddressV4 / address_v4 = 17, "address.v4", V4, Address;
    /// The value, with case folded, is this one short text, which is folded (`COND-50`).
    FoldIs / fold_is = 18, "fold.is", Inline, Text;
    /// The value is one of the texts, none of which is longer than 16 bytes (`COND-50`, `COND-71`).
    TextAmong / text_among = 19, "text.among", ShortTexts, Text;
    /// The value matches this one pattern of at most two literals (`MATCH-1`, `COND-50`, `COND-60`).
    Span / span = 20, "span", Span, Text;
}

/// A code that does not exist reads as the fault.
impl Field for Op {
    const SIZE: usize = 1;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Op {
        Op::from_code(u8_at(bytes, at)).unwrap_or(Op::Fault)
    }
    fn write(self, bytes: &mut [u8]) {
        self.code().write(bytes);
    }
    fn is_sound(self, _: &impl Limits) -> bool {
        self != Op::Fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_of_code() {
        for (code, info) in Op::TABLE.iter().enumerate() {
            assert_eq!(usize::from(info.op.code()), code);
            assert_eq!(Op::from_code(code as u8), Some(info.op));
            assert_eq!(info.op.info().mnemonic, info.mnemonic);
        }
        assert_eq!(Op::from_code(Op::TABLE.len() as u8), None);
    }
}
