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
mod entries;
mod field;
mod header;
mod id;
mod image;
pub mod index;
mod insn;
mod kinds;
mod layers;
mod op;
mod operand;
mod record;
mod reserved;
mod section;
mod text;
mod token;
mod validate;
pub mod value;
mod view;
pub mod wire;

pub use bound::Bound;
pub use disasm::disassemble;
pub use entries::{ArnParts, Entries, Principals, Verify};
pub use field::{Item, Record};
pub use header::{Header, ImageError};
pub use id::{Id, ListId, ListOf, Run, Start};
pub use image::Image;
pub use insn::{flag, ordering, span};
pub use kinds::{Class, PatternKind, PrincipalForm, StatementFlags, TokenKind};
pub use layers::LayerSet;
pub use op::{Execute, Op, OpInfo, Operands};
pub use operand::Operand;
pub use record::{
    ActionEntry, ActionPattern, ActionPostings, ArnPattern, Bucket, Candidate, CandidateSet,
    ConditionText, Fallback, FieldInfo, Insn, InsnSource, InstantRecord, MAX_INLINE_NUMBER,
    NetworkRecord, NumberRecord, Pattern, PolicySource, Posting, PrincipalRecord, Probe, RECORDS,
    RecordInfo, Ref, ServiceRecord, ShortText, Slot, SlotEntry, SlotStart, Statement,
    StatementSource, TokenRecord, Unit,
};
pub use reserved::{Reserved, WantedKeys};
pub use section::{LIST_LEN, ListKind, Section};
pub use text::Str;
pub use token::{MAX_CHARS, Token};
pub use view::{List, View};
