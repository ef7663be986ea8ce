//! The bytecode image of portcullis: its format, its instruction set, the validator and the
//! disassembler.
//!
//! An image is a flat file that is used where it lies: in a slice, a file that was read, a memory
//! map. [`Image::from_bytes`] is the door, and [`Image::from_trusted`] the one for content that went
//! through it before. It checks everything once, so that possession of an
//! [`Image`] proves that its content is sound; readers then follow offsets without decoding.
//!
//! Memory safety does not rest on the validator: every access is a checked slice access. What the
//! validator adds is truth: the numbers, texts and lists that a decision reads are those that a
//! compiler could have written.
#![no_std]

mod bound;
mod disasm;
mod header;
mod image;
pub mod index;
mod leaf;
mod op;
mod part;
mod record;
mod section;
mod statement;
mod token;
mod validate;
pub mod value;
mod view;
pub mod wire;

pub use bound::Bound;
pub use disasm::disassemble;
pub use header::{Header, ImageError};
pub use image::Image;
pub use leaf::{Leaf, LeafRef, flag, ordering, span};
pub use op::{Op, OpInfo, Operands};
pub use part::Part;
pub use record::{ANY, MAX_CHARS, MAX_INLINE_NUMBER, NONE, reserved};
pub use record::{
    ActionPattern, ArnPattern, LeafSource, NETWORK_SIZE, NumberRecord, Origin, Pattern,
    PatternKind, PatternRef, PrincipalForm, PrincipalRecord, ShortText, Slot, Source, Str,
    layer_bit, layer_mask, layers, network_at, network_bytes,
};
pub use section::{LIST_LEN, ListKind, Section};
pub use statement::{Statement, StatementFlags, StatementRef};
pub use token::{Token, TokenRef};
pub use view::{List, View, instant_of};
