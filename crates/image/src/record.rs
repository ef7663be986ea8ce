//! The records of the format, in one table.
//!
//! A line of the table is a field: its type says how it lies in the image and what it must be ([`crate::field`]). From
//! the table come the types, their encoding and decoding, the readers of single fields, the page of the format
//! (`docs/format.md`) and what the validator asks of every record. What it asks beyond that, because it is about several
//! records, is in `validate`. Writing codecs by hand was rejected: each record was then written three times, and a field that
//! was added could be forgotten in one of them.
//!
//! Decoding is total: bytes of any content are some record. A record is decoded in a few loads; [`Ref`] reads one field with
//! one.

use crate::entries::{ArnParts, Entries, Principals, Verify};
use crate::field::{Field, Item, Limits, Record};
use crate::id::{Id, ListId, Run, Start};
use crate::kinds::{Class, PatternKind, PrincipalForm, StatementFlags, TokenKind};
use crate::layers::LayerSet;
use crate::op::Op;
use crate::operand::Operand;
use crate::section::{ListKind, Section};
use crate::text::Str;
use crate::value::network::Network;
use crate::wire::{array_at, instant_of, join_wide, low, record, split_wide, widened};

/// What the table says of a record: for pages and for tools that show images.
#[derive(Clone, Copy, Debug)]
pub struct RecordInfo {
    /// Its name.
    pub name: &'static str,
    /// The section that has it.
    pub section: Section,
    /// What it is.
    pub doc: &'static str,
    /// Its fields, in order; what is between them and behind them is zero.
    pub fields: &'static [FieldInfo],
}

/// What the table says of a field. Numbers are little-endian.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// Its name.
    pub name: &'static str,
    /// The first of its bytes.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
    /// What it is.
    pub doc: &'static str,
}

/// A record that is read where it lies: only the fields that are asked for. It has a method for each field of its record.
///
/// ```
/// use portcullis_image::{Image, Statement};
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let view = image.view();
/// let first = view.read(view.ids::<Statement>().next().unwrap());
/// assert!(first.is_deny() && first.guard().is_some());
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
#[derive(Debug)]
pub struct Ref<'a, R: Record>(&'a R::Bytes);

impl<R: Record> Clone for Ref<'_, R> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Record> Copy for Ref<'_, R> {}

impl<'a, R: Record> Ref<'a, R> {
    /// The record that these bytes are.
    #[inline(always)]
    pub(crate) fn of(bytes: &'a R::Bytes) -> Ref<'a, R> {
        Ref(bytes)
    }
}

/// Makes types, codecs, readers and checks of the table. Offsets are written down and not counted, because they are the
/// format: a field that moves must be seen in a review. The constant block below refuses a table whose fields overlap.
macro_rules! records {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $section:ident, $size:literal bytes {
            $($(#[doc = $about:literal])+ $field:ident: $type:ty = $at:literal;)+
        }
    )+) => {
        /// Every record of the format.
        pub const RECORDS: &[RecordInfo] = &[$(RecordInfo {
            name: stringify!($name),
            section: Section::$section,
            doc: concat!($($doc, "\n"),+),
            fields: &[$(FieldInfo {
                name: stringify!($field),
                start: $at,
                end: $at + <$type as Field>::SIZE,
                doc: concat!($($about, "\n"),+),
            },)+],
        },)+];

        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct $name {
                $($(#[doc = $about])+ pub $field: $type,)+
            }

            // Fields are in order and do not overlap, and the table of sections agrees.
            const _: () = {
                let mut end = 0;
                $(
                    assert!(end <= $at);
                    end = $at + <$type as Field>::SIZE;
                )+
                assert!(end <= $size && Section::$section.record_size() == $size);
            };

            impl $name {
                /// Bytes of a record.
                pub const SIZE: usize = $size;

                /// Reads a record; what is outside of the bytes is zero.
                #[inline(always)]
                pub fn decode(bytes: &[u8], at: usize) -> $name {
                    let bytes = record::<$size>(bytes, at);
                    $name { $($field: Field::read(bytes, $at),)+ }
                }

                /// The record's bytes.
                pub fn encode(&self) -> [u8; $size] {
                    let mut bytes = [0; $size];
                    $(
                        let target = bytes.get_mut($at..$at + <$type as Field>::SIZE);
                        self.$field.write(target.unwrap_or_default());
                    )+
                    bytes
                }
            }

            impl Record for $name {
                type Bytes = [u8; $size];
                const SECTION: Section = Section::$section;

                #[inline(always)]
                fn read(bytes: &Self::Bytes) -> $name {
                    $name { $($field: Field::read(bytes, $at),)+ }
                }

                #[inline(always)]
                fn bytes_at(bytes: &[u8], at: usize) -> Option<&Self::Bytes> {
                    array_at(bytes, at)
                }

                #[inline(always)]
                fn bytes_or_zero(bytes: &[u8], at: usize) -> &Self::Bytes {
                    record(bytes, at)
                }

                #[inline(always)]
                fn split_first(bytes: &[u8]) -> Option<(&Self::Bytes, &[u8])> {
                    bytes.split_first_chunk::<{ $size }>()
                }
            }

            impl Checked for $name {
                fn is_sound(&self, image: &impl Limits) -> bool {
                    $(self.$field.is_sound(image))&&+
                }

                fn is_written(&self, bytes: &Self::Bytes) -> bool {
                    self.encode() == *bytes
                }
            }

            #[allow(clippy::len_without_is_empty, reason = "a field may be called so")]
            impl Ref<'_, $name> {
                $(
                    $(#[doc = $about])+
                    #[inline(always)]
                    pub fn $field(self) -> $type {
                        Field::read(self.0, $at)
                    }
                )+
            }
        )+
    };
}

/// What the validator asks of every record. Both follow from the table; a record passes only if both are true.
pub(crate) trait Checked: Record {
    /// True if everything that it refers to is there.
    fn is_sound(&self, image: &impl Limits) -> bool;

    /// True if these are the bytes that it is written as: no code is unknown, and what is between fields is zero.
    fn is_written(&self, bytes: &Self::Bytes) -> bool;
}

records! {
    /// A slot: a key that the image looks at, and what its values are read as. A key that is read in two ways has two.
    Slot: Slots, 16 bytes {
        /// The key, case folded (`COND-40`).
        name: Str = 0;
        /// Class: 0 text, 1 number, 2 date, 3 address.
        class: Class = 8;
    }

    /// An entry of the index of slots, which is sorted by both.
    SlotEntry: SlotIndex, 8 bytes {
        /// The hash of the slot's name.
        hash: u32 = 0;
        /// The slot.
        slot: Id<Slot> = 4;
    }

    /// Where the entries begin whose hashes have the same upper bits.
    SlotStart: SlotStarts, 4 bytes {
        /// The number of an entry, or how many there are.
        entry: u32 = 0;
    }

    /// A statement: its head as data, its condition as a run of instructions.
    Statement: Statements, 24 bytes {
        /// Flags: 1 Deny, 2 `NotAction`, 4 `NotResource`, 8 `NotPrincipal`; from bit 8 a number from 1 to 63 if the guard is one
        /// of those that the most statements share, else 0.
        flags: StatementFlags = 0;
        /// The layers that the statement belongs to.
        layers: LayerSet = 4;
        /// A list of patterns for actions, or any.
        actions: Entries<ActionPattern> = 8;
        /// A list of patterns, or any.
        resources: Entries<Pattern> = 12;
        /// A list of principals, any for everyone, or none if the kind of policy has no principals.
        principals: Principals<PrincipalRecord> = 16;
        /// The first instruction of the guard, or none.
        guard: Option<Id<Insn>> = 20;
    }

    /// A pattern for actions: the service and the name, each ASCII-lowercased (`MATCH-10`, `MATCH-12`).
    ActionPattern: Actions, 8 bytes {
        /// The pattern before the colon.
        service: Id<Pattern> = 0;
        /// The pattern after the colon.
        name: Id<Pattern> = 4;
    }

    /// A pattern: a literal at the start, and what comes after it.
    Pattern: Patterns, 16 bytes {
        /// The text up to the first wildcard or variable.
        literal: Str = 0;
        /// The first token; 0 unless there are some.
        tokens: Start<TokenRecord> = 8;
        /// Kind: 0 the literal alone, 1 the literal and then anything, 2 the literal and then tokens.
        kind: PatternKind = 12;
    }

    /// A token: a piece of a pattern after its literal.
    TokenRecord: Tokens, 16 bytes {
        /// Kind: 0 end, 1 text, 2 any run of characters, 3 a number of characters, 4 variable, 5 variable with default, 6 any
        /// run of characters but colons.
        kind: TokenKind = 0;
        /// The number of characters, or the slot of a variable.
        number: u32 = 4;
        /// The text, or the default of a variable; zero if the kind has none.
        text: Option<Str> = 8;
    }

    /// A principal entry. They are sorted by form, then by text, without doubles.
    PrincipalRecord: Principals, 16 bytes {
        /// The entry as written.
        text: Str = 0;
        /// What the text names: 0 account, 1 account ARN, 2 ARN, 3 unique id, 4 service, 5 federated, 6 canonical user.
        form: PrincipalForm = 8;
    }

    /// An instruction: one test of one key. See [opcodes.md](opcodes.md).
    Insn: Code, 32 bytes {
        /// The operation.
        op: Op = 0;
        /// Flags.
        flags: u8 = 1;
        /// The slot that the test reads.
        slot: Id<Slot> = 4;
        /// Operands, as the operation says.
        x: Operand = 8;
        /// Operands, as the operation says.
        y: Operand = 16;
        /// Operands, as the operation says.
        z: Operand = 24;
    }

    /// A text of conditions.
    ConditionText: Texts, 8 bytes {
        /// The text.
        text: Str = 0;
    }

    /// A text of at most 16 bytes that is compared without looking elsewhere.
    ShortText: ShortTexts, 24 bytes {
        /// The first 8 bytes, padded with zeros.
        low: u64 = 0;
        /// The next 8 bytes, padded with zeros.
        high: u64 = 8;
        /// Length in bytes.
        len: u64 = 16;
    }

    /// A number of conditions, as it is compared.
    NumberRecord: Numbers, 16 bytes {
        /// Millionths, or `i64::MIN` if the number is not a whole number of them that fits.
        millionths: Option<i64> = 0;
        /// The text, for the comparisons that millionths cannot decide.
        text: Str = 8;
    }

    /// An instant of conditions.
    InstantRecord: Instants, 16 bytes {
        /// 10^-18 s since 1970, signed.
        instant: i128 = 0;
    }

    /// A network of conditions.
    NetworkRecord: Networks, 40 bytes {
        /// Family 4 or 6 in 8 bytes, base in 16, mask in 16.
        network: Network = 0;
    }

    /// An ARN pattern (`COND-60`, `COND-61`).
    ArnPattern: Arns, 24 bytes {
        /// Six patterns, or any in the first place and behind it.
        parts: ArnParts<Pattern> = 0;
    }

    /// A unit of an image: the statements that belong together and are decided together, usually all of them. An image of a
    /// directory has a unit for each policy. The units are all statements, one unit after the other.
    Unit: Units, 32 bytes {
        /// The statements; Deny statements come first.
        statements: Run<Statement> = 0;
        /// The layers that are present in the unit (`EVAL-4`).
        layers: LayerSet = 8;
        /// 1 if its resource policy is public (`S3-5`).
        public: bool = 12;
        /// Index: the postings of its action patterns.
        postings: Run<ActionPostings> = 16;
        /// Index: the postings of statements for every action.
        catch_all: Run<Posting> = 24;
    }

    /// The candidate sets that an action pattern leads to, in a unit, sorted by pattern within the unit. A whole name, or a start
    /// of names, also leads to the sets of all shorter starts and to those of every action.
    ActionPostings: ActionPostings, 12 bytes {
        /// The pattern.
        action: Id<ActionPattern> = 0;
        /// Its candidate sets, among the postings.
        sets: Run<Posting> = 4;
    }

    /// One candidate set of an action pattern.
    Posting: Postings, 4 bytes {
        /// The set.
        set: Id<CandidateSet> = 0;
    }

    /// A set of candidates. One with probes has two to the power of its bits of buckets.
    CandidateSet: CandidateSets, 24 bytes {
        /// The candidates that are scanned; those of Deny statements come first.
        scanned: Run<Candidate> = 0;
        /// The first probe.
        probes: u32 = 8;
        /// How many probes there are; none if all candidates are scanned.
        probe_count: u16 = 12;
        /// The set has `1 << bits` buckets, if it has probes.
        bits: u16 = 14;
        /// The first of its buckets.
        buckets: u32 = 16;
        /// The layers in which a statement of the set allows every resource to everyone, without condition. There are no
        /// candidates of such statements.
        allows: LayerSet = 20;
    }

    /// A statement with one of its resource patterns.
    Candidate: Candidates, 16 bytes {
        /// The segments that the pattern asks for, or 0.
        mask: u64 = 0;
        /// The statement.
        statement: Id<Statement> = 8;
        /// The resource pattern, any for every resource, or `0xFFFFFFFD` if the whole head must be verified.
        verify: Verify<Pattern> = 12;
    }

    /// A shape of literals: how many segments at the start, and how many in a later literal.
    Probe: Probes, 4 bytes {
        /// Segments at the start.
        start: u16 = 0;
        /// Segments of a later literal, behind a separator; 0 if the start alone is hashed.
        middle: u16 = 2;
    }

    /// A bucket. It ends where the next one begins, so each set has one more than buckets.
    Bucket: Buckets, 4 bytes {
        /// The first candidate.
        first: Id<Candidate> = 0;
    }

    /// An entry of the table of actions, of which there is a power of two.
    ActionEntry: ActionTable, 8 bytes {
        /// The hash of an action, of a start of actions or of a service.
        hash: u32 = 0;
        /// The number of the pattern for actions or of the service plus 1, or 0.
        entry: u32 = 4;
    }

    /// A service of the index. A last one without a name has the patterns whose service is a pattern too.
    ServiceRecord: Services, 24 bytes {
        /// The name, in lower case.
        name: Str = 0;
        /// Bit `n` is set if some pattern is a start of `n` bytes.
        starts: u64 = 8;
        /// The patterns that must be tried on each action.
        fallback: Run<Fallback> = 16;
    }

    /// A pattern for actions that must be tried on each action.
    Fallback: Fallback, 4 bytes {
        /// The pattern.
        action: Id<ActionPattern> = 0;
    }

    /// A policy, for explanations.
    PolicySource: PolicySources, 16 bytes {
        /// The policy's name.
        name: Str = 0;
        /// The file; empty if there was none.
        file: Str = 8;
    }

    /// Where a statement was written, for explanations. One record for each statement.
    StatementSource: StatementSources, 40 bytes {
        /// The policy.
        source: Id<PolicySource> = 0;
        /// The statement's position in its document, from 0.
        index: u32 = 4;
        /// The `Sid`; empty if there was none.
        sid: Str = 8;
        /// First line, from 1.
        line: u32 = 16;
        /// First column in characters, from 1.
        column: u32 = 20;
        /// The line of the end.
        end_line: u32 = 24;
        /// The column after the end.
        end_column: u32 = 28;
        /// A list of texts: the entries of `Action` or `NotAction` as written. One for each item of the statement's list;
        /// where that is any, the entry that says so.
        actions: ListId<ConditionText> = 32;
        /// The same of `Resource` or `NotResource`; empty if there was none.
        resources: ListId<ConditionText> = 36;
    }

    /// How an instruction was written, for explanations. One record for each instruction.
    InsnSource: InsnSources, 24 bytes {
        /// The operator.
        operator: Str = 0;
        /// The key.
        key: Str = 8;
        /// A list of texts: the values.
        values: ListId<ConditionText> = 16;
    }
}

impl Item for ActionPattern {
    const KIND: ListKind = ListKind::Actions;
}

impl Item for Pattern {
    const KIND: ListKind = ListKind::Patterns;
}

impl Item for PrincipalRecord {
    const KIND: ListKind = ListKind::Principals;
}

impl Item for ConditionText {
    const KIND: ListKind = ListKind::Texts;
}

impl Item for NumberRecord {
    const KIND: ListKind = ListKind::Numbers;
}

impl Item for InstantRecord {
    const KIND: ListKind = ListKind::Instants;
}

impl Item for NetworkRecord {
    const KIND: ListKind = ListKind::Networks;
}

impl Item for ArnPattern {
    const KIND: ListKind = ListKind::Arns;
}

/// The longest text, in bytes, of a number that stands in its instruction. A longer one is in a list, so that instructions
/// which share a text need no care when they are checked.
pub const MAX_INLINE_NUMBER: u32 = 64;

impl ShortText {
    /// The longest text in bytes.
    pub const MAX_LEN: usize = 16;

    /// The short text; none if the text is longer than [`ShortText::MAX_LEN`] bytes.
    ///
    /// ```
    /// use portcullis_image::ShortText;
    ///
    /// let text = ShortText::new("eu-west-1").unwrap();
    /// assert_eq!(text.write(&mut [0; 16]), Some("eu-west-1"));
    /// assert!(ShortText::new("ap-southeast-northeast-1").is_none());
    /// ```
    pub fn new(text: &str) -> Option<ShortText> {
        let mut bytes = [0; Self::MAX_LEN];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        let (low, high) = split_wide(u128::from_le_bytes(bytes));
        Some(ShortText {
            low,
            high,
            len: widened(text.len()),
        })
    }

    /// The text, written to `room`; none if the numbers are not those of a text: the length must fit, the rest be zero, and the
    /// bytes be UTF-8.
    pub fn write(self, room: &mut [u8; Self::MAX_LEN]) -> Option<&str> {
        *room = join_wide(self.low, self.high).to_le_bytes();
        let len = usize::try_from(self.len).ok()?;
        let (text, padding) = room.split_at_checked(len)?;
        let padded = padding.iter().all(|byte| *byte == 0);
        core::str::from_utf8(text).ok().filter(|_| padded)
    }
}

impl Ref<'_, Statement> {
    /// True for `Effect: Deny`.
    #[inline(always)]
    pub fn is_deny(self) -> bool {
        self.flags().deny
    }

    /// True if the entries are those of `NotAction`.
    #[inline(always)]
    pub fn not_action(self) -> bool {
        self.flags().not_action
    }

    /// True if the entries are those of `NotResource`.
    #[inline(always)]
    pub fn not_resource(self) -> bool {
        self.flags().not_resource
    }

    /// True if the entries are those of `NotPrincipal`.
    #[inline(always)]
    pub fn not_principal(self) -> bool {
        self.flags().not_principal
    }

    /// The number of a guard that many statements share, or 0 ([`StatementFlags::shared`]).
    #[inline(always)]
    pub fn shared(self) -> u8 {
        self.flags().shared
    }
}

impl Insn {
    /// The operands as a short text, for operations whose operands are [`crate::Operands::Inline`]; of others it means nothing.
    pub fn short_text(&self) -> ShortText {
        ShortText {
            low: self.x.bits(),
            high: self.y.bits(),
            len: self.z.bits(),
        }
    }

    /// The first two operands as an instant in 10^-18 s, for [`crate::Operands::Instant`].
    pub fn instant(&self) -> i128 {
        instant_of(self.x.bits(), self.y.bits())
    }
}

impl Ref<'_, TokenRecord> {
    /// The text of a token that has one.
    #[inline(always)]
    pub fn literal(self) -> Str {
        Field::read(self.0, 8)
    }
}

impl Ref<'_, Insn> {
    /// The code of the operation, as it lies there.
    #[inline(always)]
    pub fn code(self) -> u8 {
        Field::read(self.0, 0)
    }
}

impl CandidateSet {
    /// The most [`CandidateSet::bits`].
    pub const MAX_BITS: u16 = 30;
    /// Without candidates.
    pub const EMPTY: CandidateSet = CandidateSet {
        scanned: Run::EMPTY,
        probes: 0,
        probe_count: 0,
        bits: 0,
        buckets: 0,
        allows: LayerSet::EMPTY,
    };

    /// The shapes of the literals that its candidates are hashed by.
    #[inline(always)]
    pub fn probes(&self) -> Run<Probe> {
        Run {
            first: Id::new(self.probes),
            count: u32::from(self.probe_count),
        }
    }

    /// Its buckets; none if its candidates are scanned.
    pub fn buckets(&self) -> Run<Bucket> {
        Run {
            first: Id::new(self.buckets),
            count: match self.probe_count {
                0 => 0,
                _ => 1_u32.wrapping_shl(u32::from(self.bits)),
            },
        }
    }

    /// The bucket of a hash ([`crate::index::bucket_hash`]), chosen by the upper bits.
    #[inline]
    pub fn bucket_of(&self, hash: u64) -> Id<Bucket> {
        // Of a set without buckets there is nothing to find; any number will do.
        let bits = u32::from(self.bits);
        let bucket = low(hash.wrapping_shr(64_u32.wrapping_sub(bits)));
        Id::new(self.buckets.wrapping_add(bucket))
    }
}
