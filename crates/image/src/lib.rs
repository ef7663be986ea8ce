//! The bytecode image of portcullis: its format, its instruction set, the validator and the
//! disassembler.
//!
//! An image is a flat file that is used where it lies: in a slice, a file that was read, a memory
//! map. [`Image::from_bytes`] checks everything once, so that possession of an [`Image`] proves that
//! its content is sound; [`Image::from_trusted`] opens content that was checked before. Readers then
//! follow offsets without decoding.
//!
//! # Where to start
//!
//! | to do | use |
//! |---|---|
//! | open an image | [`Image::from_bytes`], [`Image::from_trusted`] |
//! | read records | [`View`], by typed numbers ([`Id`], [`Run`], [`ListId`]) |
//! | know what records there are | [`RECORDS`], [`Section`], and the page `docs/format.md`, which is made from both |
//! | know what instructions there are | [`Op::TABLE`], and the page `docs/opcodes.md` |
//! | print an image | [`disassemble`] |
//! | write an image | the crate `portcullis-compile`; [`Header`] and the records' `encode` are what it writes with |
//! | find candidates | [`index`], which also says how candidates are hashed |
//!
//! # What may be relied on
//!
//! Memory safety does not rest on the validator: every access is a checked slice access, and there is
//! no `unsafe`. What the validator adds is truth: the numbers, texts and lists that a decision reads are
//! those that a compiler could have written. The checks at each access cost about 15 % of the smallest
//! decision (`docs/benchmarks/targets.md`). Casting the bytes to structs was rejected, because a hole in
//! the validator could then read out of bounds instead of giving a wrong decision on a forged image.
//!
//! The crate needs neither the standard library nor an allocator.
//!
//! ```
//! use portcullis_image::{Image, Section, Statement};
//!
//! # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
//! let image = Image::from_bytes(&file[..])?;
//! let view = image.view();
//! let denies = view.ids::<Statement>().filter(|id| view.read(*id).is_deny());
//! println!("{} of {} statements deny", denies.count(), view.count(Section::Statements));
//! # Ok::<(), portcullis_image::ImageError>(())
//! ```
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
pub use image::{Image, Join};
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
