//! The records of the format, each with its size, its encoding and its decoding.
//!
//! `decode` reads from bytes of any content and is total; whether the content makes sense is the
//! validator's question.

use crate::value::network::Network;
use crate::wire::{array_at, record, u8_at, u16_at, u32_at, u64_at};
use portcullis_model::Layer;

/// In place of a list: matches anything. In place of an ARN pattern's first part: any ARN.
pub const ANY: u32 = u32::MAX;
/// In place of a reference: there is nothing.
pub const NONE: u32 = u32::MAX - 1;

/// The bit of a layer in the masks of the format.
#[inline]
pub const fn layer_bit(layer: Layer) -> u32 {
    match layer {
        Layer::Identity => 0,
        Layer::Boundary => 1,
        Layer::Session => 2,
        Layer::Resource => 3,
        Layer::VpcEndpoint => 4,
        Layer::Scp(level) => 5 + level_of(level),
        Layer::Rcp(level) => 18 + level_of(level),
    }
}

const fn level_of(level: u8) -> u32 {
    match level < Layer::MAX_LEVELS {
        true => level as u32,
        false => Layer::MAX_LEVELS as u32 - 1,
    }
}

/// A mask with the bit of one layer.
#[inline]
pub const fn layer_mask(layer: Layer) -> u32 {
    1 << layer_bit(layer)
}

/// The layers of a mask in the order in which reasons are named: RCP, SCP, VPC endpoint, resource,
/// identity, boundary, session (`EVAL-11`).
pub fn layers(mask: u32) -> impl Iterator<Item = Layer> {
    let levels = || 0..Layer::MAX_LEVELS;
    levels()
        .map(Layer::Rcp)
        .chain(levels().map(Layer::Scp))
        .chain([
            Layer::VpcEndpoint,
            Layer::Resource,
            Layer::Identity,
            Layer::Boundary,
            Layer::Session,
        ])
        .filter(move |layer| mask & layer_mask(*layer) != 0)
}

/// A text in the image: the offset of its first byte from the image's start, and its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Str {
    /// Offset from the start of the image.
    pub offset: u32,
    /// Length in bytes.
    pub len: u32,
}

impl Str {
    /// Bytes of a record.
    pub const SIZE: usize = 8;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Str {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Str {
            offset: u32_at(bytes, 0),
            len: u32_at(bytes, 4),
        }
    }

    /// The record's bytes, as one number.
    pub fn pack(self) -> u64 {
        u64::from(self.offset) | u64::from(self.len) << 32
    }

    /// The record that [`Str::pack`] gave.
    pub fn unpack(packed: u64) -> Str {
        Str {
            offset: packed as u32,
            len: (packed >> 32) as u32,
        }
    }

    /// The text's bytes; empty if they do not lie in the image.
    #[inline]
    pub fn bytes(self, image: &[u8]) -> &[u8] {
        self.get(image).unwrap_or(&[])
    }

    /// The text's bytes, if they lie in the image.
    #[inline(always)]
    pub fn get(self, image: &[u8]) -> Option<&[u8]> {
        let start = self.offset as usize;
        image.get(start..start + self.len as usize)
    }
}

/// A text of at most 16 bytes that is compared without looking elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShortText {
    /// The first 8 bytes, padded with zeros.
    pub low: u64,
    /// The next 8 bytes, padded with zeros.
    pub high: u64,
    /// Length in bytes.
    pub len: u64,
}

impl ShortText {
    /// Bytes of a record.
    pub const SIZE: usize = 24;
    /// The longest text in bytes.
    pub const MAX_LEN: usize = 16;

    /// The short text, unless the text is longer.
    pub fn new(text: &str) -> Option<ShortText> {
        let mut bytes = [0; Self::MAX_LEN];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        let both = u128::from_le_bytes(bytes);
        Some(ShortText {
            low: both as u64,
            high: (both >> 64) as u64,
            len: text.len() as u64,
        })
    }

    /// The text, written to `room`; none if the numbers are not those of a text.
    pub fn write(self, room: &mut [u8; Self::MAX_LEN]) -> Option<&str> {
        *room = (u128::from(self.low) | u128::from(self.high) << 64).to_le_bytes();
        let len = usize::try_from(self.len).ok()?;
        let (text, padding) = room.split_at_checked(len)?;
        let padded = padding.iter().all(|byte| *byte == 0);
        core::str::from_utf8(text).ok().filter(|_| padded)
    }

    /// Reads a record.
    #[inline(always)]
    pub fn decode(bytes: &[u8], at: usize) -> ShortText {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        ShortText {
            low: u64_at(bytes, 0),
            high: u64_at(bytes, 8),
            len: u64_at(bytes, 16),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        pack(&[self.low, self.high, self.len])
    }
}

/// Classes of slots: how the values of a key are read.
///
/// A key that a policy tests in two ways has two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The key's name, case folded (`COND-40`).
    pub name: Str,
    /// One of the classes.
    pub class: u8,
}

impl Slot {
    /// The value's text, and whether it is a truth value.
    pub const TEXT: u8 = 0;
    /// The value as a number.
    pub const NUMBER: u8 = 1;
    /// The value as an instant.
    pub const DATE: u8 = 2;
    /// The value as an address.
    pub const ADDRESS: u8 = 3;

    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Slot {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Slot {
            name: Str::decode(bytes, 0),
            class: u8_at(bytes, 8),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        pack(&[self.name.pack(), u64::from(self.class)])
    }
}

/// Slots that every image has, in this order: keys that the evaluation itself looks at, and keys that
/// follow from the request (`KEY-5`), which are set without looking for their name.
pub mod reserved {
    /// `aws:AssumedRoot`: the root user's session is limited to a task policy (`EVAL-50`).
    pub const ASSUMED_ROOT: u32 = 0;
    /// `aws:FederatedProvider`: who vouched for a role session (`EVAL-29`).
    pub const FEDERATED_PROVIDER: u32 = 1;
    /// `aws:PrincipalServiceNamesList`: the names of a calling service (`GRAM-42`).
    pub const SERVICE_NAMES: u32 = 2;
    /// `aws:userid`: the unique id of a caller (`GRAM-40`).
    pub const USER_ID: u32 = 3;
    /// `aws:PrincipalArn` (`KEY-10`).
    pub const PRINCIPAL_ARN: u32 = 4;
    /// `aws:PrincipalAccount` (`KEY-11`).
    pub const PRINCIPAL_ACCOUNT: u32 = 5;
    /// `aws:PrincipalType` (`KEY-18`).
    pub const PRINCIPAL_TYPE: u32 = 6;
    /// `aws:username` (`KEY-20`).
    pub const USER_NAME: u32 = 7;
    /// `aws:PrincipalIsAWSService` (`KEY-15`).
    pub const IS_SERVICE: u32 = 8;
    /// `aws:PrincipalServiceName` (`KEY-16`).
    pub const SERVICE_NAME: u32 = 9;
    /// `aws:ResourceAccount` (`KEY-50`).
    pub const RESOURCE_ACCOUNT: u32 = 10;
    /// The folded names, by slot.
    pub const NAMES: [&str; 11] = [
        "aws:assumedroot",
        "aws:federatedprovider",
        "aws:principalservicenameslist",
        "aws:userid",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:username",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:resourceaccount",
    ];
    /// The class of all of them.
    pub const CLASS: u8 = super::Slot::TEXT;
}

/// How an image uses a reserved slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Some policy looks at the reserved slot.
    pub as_text: bool,
    /// The key has other slots too, of other classes.
    pub otherwise: bool,
}

impl Wanted {
    /// True if some policy looks at the key.
    pub fn any(self) -> bool {
        self.as_text || self.otherwise
    }
}

/// What a pattern consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// The literal and nothing else.
    Exact,
    /// The literal, then anything.
    Prefix,
    /// The literal, then tokens.
    Tokens,
}

/// A pattern: a literal at the start, and what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// What comes after the literal.
    pub kind: PatternKind,
    /// The text up to the first wildcard or variable.
    pub literal: Str,
    /// The first token; 0 unless the kind is [`PatternKind::Tokens`].
    pub tokens: u32,
}

impl Pattern {
    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record. A kind that does not exist reads as tokens.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Pattern {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Pattern {
            kind: match u32_at(bytes, 12) {
                0 => PatternKind::Exact,
                1 => PatternKind::Prefix,
                _ => PatternKind::Tokens,
            },
            literal: Str::decode(bytes, 0),
            tokens: u32_at(bytes, 8),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let kind = match self.kind {
            PatternKind::Exact => 0,
            PatternKind::Prefix => 1,
            PatternKind::Tokens => 2,
        };
        pack(&[self.literal.pack(), join(self.tokens, kind)])
    }
}

/// A pattern that is read where it lies: only what is needed of it.
#[derive(Clone, Copy, Debug)]
pub struct PatternRef<'a>(&'a [u8; Pattern::SIZE]);

impl<'a> PatternRef<'a> {
    /// The pattern at a place.
    #[inline(always)]
    pub(crate) fn at(bytes: &'a [u8], at: usize) -> PatternRef<'a> {
        PatternRef(record(bytes, at))
    }

    /// The same, if the bytes have it.
    #[inline(always)]
    pub(crate) fn find(bytes: &'a [u8], at: usize) -> Option<PatternRef<'a>> {
        array_at(bytes, at).map(PatternRef)
    }

    /// As in [`Pattern`].
    #[inline(always)]
    pub fn literal(self) -> Str {
        Str::decode(self.0, 0)
    }

    /// True if the kind is [`PatternKind::Exact`].
    #[inline(always)]
    pub fn is_exact(self) -> bool {
        u32_at(self.0, 12) == 0
    }

    /// True if the kind is [`PatternKind::Prefix`].
    #[inline(always)]
    pub fn is_prefix(self) -> bool {
        u32_at(self.0, 12) == 1
    }

    /// As in [`Pattern`].
    #[inline(always)]
    pub fn tokens(self) -> u32 {
        u32_at(self.0, 8)
    }
}

/// The longest text of a number that stands in its instruction. There is no such instruction for a
/// longer one, so that instructions which share a text need no care when they are checked.
pub const MAX_INLINE_NUMBER: u32 = 64;
/// The most characters that one [`crate::Token::Chars`] stands for.
pub const MAX_CHARS: u32 = 1 << 16;

/// The forms of a principal entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum PrincipalForm {
    /// A 12-digit account, in any partition (`GRAM-34`).
    Account = 0,
    /// `arn:P:iam::A:root` (`GRAM-34`).
    AccountArn = 1,
    /// The ARN of a user, role, session or federated user (`GRAM-35` to `GRAM-38`).
    Arn = 2,
    /// A unique id (`GRAM-40`).
    UniqueId = 3,
    /// A service (`GRAM-42`).
    Service = 4,
    /// An identity provider (`GRAM-39`, `GRAM-43`).
    Federated = 5,
    /// A canonical user (`GRAM-44`).
    CanonicalUser = 6,
}

impl PrincipalForm {
    /// Every form, in the order of the codes.
    pub const ALL: [PrincipalForm; 7] = [
        PrincipalForm::Account,
        PrincipalForm::AccountArn,
        PrincipalForm::Arn,
        PrincipalForm::UniqueId,
        PrincipalForm::Service,
        PrincipalForm::Federated,
        PrincipalForm::CanonicalUser,
    ];
}

/// A principal entry. The section is sorted by form, then by text, without doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrincipalRecord {
    /// What kind of principal the text names.
    pub form: PrincipalForm,
    /// The entry as written.
    pub text: Str,
}

impl PrincipalRecord {
    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record; `None` if the form does not exist.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Option<PrincipalRecord> {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        let form = *PrincipalForm::ALL.get(u32_at(bytes, 8) as usize)?;
        Some(PrincipalRecord {
            form,
            text: Str::decode(bytes, 0),
        })
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        pack(&[self.text.pack(), self.form as u64])
    }
}

/// An ARN pattern: six patterns, or any ARN if the first is [`ANY`] (`COND-60`, `COND-61`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArnPattern {
    /// The patterns of the parts.
    pub parts: [u32; 6],
}

impl ArnPattern {
    /// Bytes of a record.
    pub const SIZE: usize = 24;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> ArnPattern {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        let mut parts = [0; 6];
        for (index, part) in parts.iter_mut().enumerate() {
            *part = u32_at(bytes, 4 * index);
        }
        ArnPattern { parts }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let [a, b, c, d, e, f] = self.parts;
        pack(&[join(a, b), join(c, d), join(e, f)])
    }
}

/// Where policies came from: for explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The policy's name.
    pub name: Str,
    /// The file; empty if there was none.
    pub file: Str,
}

impl Source {
    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record.
    pub fn decode(bytes: &[u8], at: usize) -> Source {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Source {
            name: Str::decode(bytes, 0),
            file: Str::decode(bytes, 8),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        pack(&[self.name.pack(), self.file.pack()])
    }
}

/// Where a statement was written: for explanations. One record for each statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The source.
    pub source: u32,
    /// The statement's place in its document, from 0.
    pub index: u32,
    /// The `Sid`; empty if there was none.
    pub sid: Str,
    /// First line, from 1.
    pub line: u32,
    /// First column in characters, from 1.
    pub column: u32,
    /// The line of the end.
    pub end_line: u32,
    /// The column after the end.
    pub end_column: u32,
    /// A list of texts: the entries of `Action` or `NotAction` as written. One for each item of the
    /// statement's list; where that is any, the entry that says so.
    pub actions: u32,
    /// The same of `Resource` or `NotResource`; empty if there was none.
    pub resources: u32,
}

impl Origin {
    /// Bytes of a record.
    pub const SIZE: usize = 40;

    /// Reads a record.
    pub fn decode(bytes: &[u8], at: usize) -> Origin {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Origin {
            source: u32_at(bytes, 0),
            index: u32_at(bytes, 4),
            sid: Str::decode(bytes, 8),
            line: u32_at(bytes, 16),
            column: u32_at(bytes, 20),
            end_line: u32_at(bytes, 24),
            end_column: u32_at(bytes, 28),
            actions: u32_at(bytes, 32),
            resources: u32_at(bytes, 36),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        pack(&[
            join(self.source, self.index),
            self.sid.pack(),
            join(self.line, self.column),
            join(self.end_line, self.end_column),
            join(self.actions, self.resources),
        ])
    }
}

/// How an instruction was written: for explanations. One record for each instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeafSource {
    /// The operator.
    pub operator: Str,
    /// The key.
    pub key: Str,
    /// A list of texts: the values.
    pub values: u32,
}

impl LeafSource {
    /// Bytes of a record.
    pub const SIZE: usize = 24;

    /// Reads a record.
    pub fn decode(bytes: &[u8], at: usize) -> LeafSource {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        LeafSource {
            operator: Str::decode(bytes, 0),
            key: Str::decode(bytes, 8),
            values: u32_at(bytes, 16),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        pack(&[
            self.operator.pack(),
            self.key.pack(),
            u64::from(self.values),
        ])
    }
}

/// A pattern for actions: the service and the name, each ASCII-lowercased (`MATCH-10`, `MATCH-12`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActionPattern {
    /// The pattern before the colon.
    pub service: u32,
    /// The pattern after the colon.
    pub name: u32,
}

impl ActionPattern {
    /// Bytes of a record.
    pub const SIZE: usize = 8;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> ActionPattern {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        ActionPattern {
            service: u32_at(bytes, 0),
            name: u32_at(bytes, 4),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        pack(&[join(self.service, self.name)])
    }
}

/// Encodes a network; [`network_at`] reads it.
pub fn network_bytes(network: Network) -> [u8; NETWORK_SIZE] {
    let (family, base, mask) = match network {
        Network::V4 { base, mask } => (4, u128::from(base), u128::from(mask)),
        Network::V6 { base, mask } => (6, base, mask),
    };
    let low = |value: u128| value as u64;
    let high = |value: u128| (value >> 64) as u64;
    pack(&[family, low(base), high(base), low(mask), high(mask)])
}

/// Bytes of a network's record.
pub const NETWORK_SIZE: usize = 40;

/// Reads a network. A family that does not exist reads as IPv4 of no address.
#[inline]
pub fn network_at(bytes: &[u8], at: usize) -> Network {
    let bytes = record::<NETWORK_SIZE>(bytes, at);
    let wide = |at: usize| u128::from(u64_at(bytes, at)) | u128::from(u64_at(bytes, at + 8)) << 64;
    match u64_at(bytes, 0) {
        6 => Network::V6 {
            base: wide(8),
            mask: wide(24),
        },
        _ => Network::V4 {
            base: u32_at(bytes, 8),
            mask: u32_at(bytes, 24),
        },
    }
}

/// A number of a policy, as it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NumberRecord {
    /// Millionths, or `i64::MIN` if the number is not a whole number of millionths in range.
    pub millionths: i64,
    /// The text, for the comparisons that millionths cannot decide.
    pub text: Str,
}

impl NumberRecord {
    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> NumberRecord {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        NumberRecord {
            millionths: u64_at(bytes, 0) as i64,
            text: Str::decode(bytes, 8),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        pack(&[self.millionths as u64, self.text.pack()])
    }
}

pub(crate) fn words_to_bytes<const N: usize>(words: &[u32]) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

pub(crate) fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

pub(crate) fn pack<const N: usize>(words: &[u64]) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// A format version as stored in the header.
pub(crate) fn version_at(bytes: &[u8]) -> u16 {
    u16_at(bytes, 8)
}
