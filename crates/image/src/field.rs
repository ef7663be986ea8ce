//! The types of the fields of records: how each lies in the image, and what it must be.
//!
//! A type says this once, and every record that has a field of it ([`crate::record`]) is encoded, decoded and checked
//! by that.

use crate::id::{Id, ListId, Run};
use crate::layers::LayerSet;
use crate::op::Op;
use crate::section::{ListKind, Section};
use crate::text::Str;
use crate::value::network::Network;
use crate::wire::{
    halves_of, instant_of, join, join_wide, low, signed, split, split_wide, u8_at, u16_at, u32_at,
    u64_at, unsigned,
};

/// Something that is a field of records.
pub(crate) trait Field: Copy {
    /// Bytes.
    const SIZE: usize;

    /// Reads it. Every content reads as something; what no encoder writes is the validator's to find.
    fn read(bytes: &[u8], at: usize) -> Self;

    /// Writes it into as many bytes.
    fn write(self, bytes: &mut [u8]);

    /// True if what it refers to is there.
    fn is_sound(self, _: &impl Limits) -> bool {
        true
    }
}

/// What a validator knows of an image.
pub(crate) trait Limits {
    /// How many records a section has.
    fn count(&self, section: Section) -> u32;
    /// The layers that the header says.
    fn layers(&self) -> LayerSet;
    /// True if the text lies in the strings and begins and ends between characters.
    fn is_text(&self, text: Str) -> bool;
    /// True if a list of this kind begins here.
    fn is_list(&self, list: u32, kind: ListKind) -> bool;
}

/// A record of a section.
pub trait Record: Copy {
    /// An array of as many bytes as a record has.
    type Bytes: 'static;
    /// The section.
    const SECTION: Section;

    /// Reads a record. Every content reads as something.
    fn read(bytes: &Self::Bytes) -> Self;

    /// The bytes of the record at an offset, if they are there.
    fn bytes_at(bytes: &[u8], at: usize) -> Option<&Self::Bytes>;

    /// The bytes of the record at an offset, or zeros.
    fn bytes_or_zero(bytes: &[u8], at: usize) -> &Self::Bytes;

    /// The bytes of each record of some that lie behind each other.
    fn all(bytes: &[u8]) -> impl ExactSizeIterator<Item = &Self::Bytes>;
}

/// A record that lists have the numbers of.
pub trait Item: Record {
    /// The kind of these lists.
    const KIND: ListKind;
}

fn put(bytes: &mut [u8], content: &[u8]) {
    if let Some(place) = bytes.get_mut(..content.len()) {
        place.copy_from_slice(content);
    }
}

/// In place of a list: anything. In place of an ARN pattern's first part: any ARN.
const ANY: u32 = u32::MAX;
/// In place of a reference: there is nothing.
const NONE: u32 = u32::MAX - 1;
/// In place of a pattern: the whole head must be verified.
const HEAD: u32 = u32::MAX - 2;

impl Field for u8 {
    const SIZE: usize = 1;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> u8 {
        u8_at(bytes, at)
    }
    fn write(self, bytes: &mut [u8]) {
        put(bytes, &[self]);
    }
}

impl Field for u16 {
    const SIZE: usize = 2;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> u16 {
        u16_at(bytes, at)
    }
    fn write(self, bytes: &mut [u8]) {
        put(bytes, &self.to_le_bytes());
    }
}

impl Field for u32 {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> u32 {
        u32_at(bytes, at)
    }
    fn write(self, bytes: &mut [u8]) {
        put(bytes, &self.to_le_bytes());
    }
}

impl Field for u64 {
    const SIZE: usize = 8;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> u64 {
        u64_at(bytes, at)
    }
    fn write(self, bytes: &mut [u8]) {
        put(bytes, &self.to_le_bytes());
    }
}

/// An instant.
impl Field for i128 {
    const SIZE: usize = 16;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> i128 {
        instant_of(u64_at(bytes, at), u64_at(bytes, at + 8))
    }
    fn write(self, bytes: &mut [u8]) {
        let (low, high) = halves_of(self);
        put(bytes, &join_wide(low, high).to_le_bytes());
    }
}

/// Millionths of a number, if it is a whole number of them that fits.
impl Field for Option<i64> {
    const SIZE: usize = 8;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Option<i64> {
        Some(signed(u64_at(bytes, at))).filter(|number| *number != i64::MIN)
    }
    fn write(self, bytes: &mut [u8]) {
        unsigned(self.unwrap_or(i64::MIN)).write(bytes);
    }
}

impl Field for bool {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> bool {
        u32_at(bytes, at) != 0
    }
    fn write(self, bytes: &mut [u8]) {
        u32::from(self).write(bytes);
    }
}

impl Field for Str {
    const SIZE: usize = 8;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Str {
        Str {
            offset: u32_at(bytes, at),
            len: u32_at(bytes, at + 4),
        }
    }
    fn write(self, bytes: &mut [u8]) {
        self.pack().write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        image.is_text(self)
    }
}

/// A text, if there is one. Even an empty one lies behind the header, so that zeros are none.
impl Field for Option<Str> {
    const SIZE: usize = 8;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Option<Str> {
        Some(Str::read(bytes, at)).filter(|text| *text != Str::default())
    }
    fn write(self, bytes: &mut [u8]) {
        self.unwrap_or_default().write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.is_none_or(|text| text.is_sound(image))
    }
}

/// Which layers a record may have is a question of the header; that it has some, of the record.
impl Field for LayerSet {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> LayerSet {
        LayerSet::from_bits(u32_at(bytes, at))
    }
    fn write(self, bytes: &mut [u8]) {
        self.bits().write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        image.layers().contains_all(self)
    }
}

impl<T: Record> Field for Id<T> {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Id<T> {
        Id::new(u32_at(bytes, at))
    }
    fn write(self, bytes: &mut [u8]) {
        self.number().write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.number() < image.count(T::SECTION)
    }
}

impl<T: Record> Field for Option<Id<T>> {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Option<Id<T>> {
        Some(Id::read(bytes, at)).filter(|id| id.number() != NONE)
    }
    fn write(self, bytes: &mut [u8]) {
        self.map_or(NONE, Id::number).write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.is_none_or(|id| id.is_sound(image))
    }
}

impl<T: Item> Field for ListId<T> {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> ListId<T> {
        Id::new(u32_at(bytes, at))
    }
    fn write(self, bytes: &mut [u8]) {
        self.number().write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        image.is_list(self.number(), T::KIND)
    }
}

/// First the number of the first record, then how many there are.
impl<T: Record> Field for Run<T> {
    const SIZE: usize = 8;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Run<T> {
        Run {
            first: Id::read(bytes, at),
            count: u32_at(bytes, at + 4),
        }
    }
    fn write(self, bytes: &mut [u8]) {
        join(self.first.number(), self.count).write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.fits(image.count(T::SECTION))
    }
}

/// What a statement says of actions or resources: any, or those of a list.
#[derive(Debug)]
pub enum Entries<T> {
    /// Everything.
    Any,
    /// What an entry of the list matches.
    Listed(ListId<T>),
}

impl<T> Clone for Entries<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Entries<T> {}

impl<T> PartialEq for Entries<T> {
    fn eq(&self, other: &Self) -> bool {
        self.list() == other.list()
    }
}

impl<T> Eq for Entries<T> {}

impl<T> core::hash::Hash for Entries<T> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.list().hash(state);
    }
}

impl<T> Entries<T> {
    /// The list; none if it is any.
    #[inline(always)]
    pub fn list(self) -> Option<ListId<T>> {
        match self {
            Entries::Any => None,
            Entries::Listed(list) => Some(list),
        }
    }

    /// True if it is any.
    #[inline(always)]
    pub fn is_any(self) -> bool {
        self.list().is_none()
    }
}

impl<T: Item> Field for Entries<T> {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Entries<T> {
        match u32_at(bytes, at) {
            ANY => Entries::Any,
            list => Entries::Listed(Id::new(list)),
        }
    }
    fn write(self, bytes: &mut [u8]) {
        self.list().map_or(ANY, Id::number).write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.list().is_none_or(|list| list.is_sound(image))
    }
}

/// Whom a statement is about.
#[derive(Debug)]
pub enum Principals<T> {
    /// Its policies have no principals: the caller.
    Unsaid,
    /// Everyone.
    Everyone,
    /// Those of a list.
    Listed(ListId<T>),
}

impl<T> Clone for Principals<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Principals<T> {}

impl<T> PartialEq for Principals<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number() == other.number()
    }
}

impl<T> Eq for Principals<T> {}

impl<T> core::hash::Hash for Principals<T> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.number().hash(state);
    }
}

impl<T> Principals<T> {
    fn number(self) -> u32 {
        match self {
            Principals::Unsaid => NONE,
            Principals::Everyone => ANY,
            Principals::Listed(list) => list.number(),
        }
    }

    /// The list, if there is one.
    #[inline(always)]
    pub fn list(self) -> Option<ListId<T>> {
        match self {
            Principals::Listed(list) => Some(list),
            Principals::Unsaid | Principals::Everyone => None,
        }
    }

    /// True if the statement's policies have no principals.
    #[inline(always)]
    pub fn is_unsaid(self) -> bool {
        matches!(self, Principals::Unsaid)
    }
}

impl<T: Item> Field for Principals<T> {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Principals<T> {
        match u32_at(bytes, at) {
            NONE => Principals::Unsaid,
            ANY => Principals::Everyone,
            list => Principals::Listed(Id::new(list)),
        }
    }
    fn write(self, bytes: &mut [u8]) {
        self.number().write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.list().is_none_or(|list| list.is_sound(image))
    }
}

/// What must be verified of a statement that the index gives.
#[derive(Debug)]
pub enum Verify<T> {
    /// Neither action nor resource: the one led here, and every resource matches.
    Nothing,
    /// Action and resource, by the statement's head.
    Head,
    /// The resource, by this pattern.
    Pattern(Id<T>),
}

impl<T> Verify<T> {
    fn number(self) -> u32 {
        match self {
            Verify::Nothing => ANY,
            Verify::Head => HEAD,
            Verify::Pattern(pattern) => pattern.number(),
        }
    }

    /// The pattern, if it is one.
    #[inline(always)]
    pub fn pattern(self) -> Option<Id<T>> {
        match self {
            Verify::Pattern(pattern) => Some(pattern),
            Verify::Nothing | Verify::Head => None,
        }
    }
}

impl<T> Clone for Verify<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Verify<T> {}

impl<T> PartialEq for Verify<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number() == other.number()
    }
}

impl<T> Eq for Verify<T> {}

impl<T> core::hash::Hash for Verify<T> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.number().hash(state);
    }
}

impl<T: Record> Field for Verify<T> {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Verify<T> {
        match u32_at(bytes, at) {
            ANY => Verify::Nothing,
            HEAD => Verify::Head,
            pattern => Verify::Pattern(Id::new(pattern)),
        }
    }
    fn write(self, bytes: &mut [u8]) {
        self.number().write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.pattern().is_none_or(|pattern| pattern.is_sound(image))
    }
}

/// The six patterns of an ARN, or any ARN (`COND-60`, `COND-61`).
#[derive(Debug)]
pub enum ArnParts<T> {
    /// Any ARN.
    Any,
    /// The patterns of the parts.
    Six([Id<T>; 6]),
}

impl<T> ArnParts<T> {
    /// The patterns; none if it is any ARN.
    pub fn patterns(&self) -> &[Id<T>] {
        match self {
            ArnParts::Any => &[],
            ArnParts::Six(patterns) => patterns,
        }
    }
}

impl<T> Clone for ArnParts<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ArnParts<T> {}

impl<T> PartialEq for ArnParts<T> {
    fn eq(&self, other: &Self) -> bool {
        self.patterns() == other.patterns()
    }
}

impl<T> Eq for ArnParts<T> {}

impl<T> core::hash::Hash for ArnParts<T> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.patterns().hash(state);
    }
}

impl<T: Record> Field for ArnParts<T> {
    const SIZE: usize = 24;
    fn read(bytes: &[u8], at: usize) -> ArnParts<T> {
        if u32_at(bytes, at) == ANY {
            return ArnParts::Any;
        }
        ArnParts::Six([0, 4, 8, 12, 16, 20].map(|part| Id::read(bytes, at + part)))
    }
    fn write(self, bytes: &mut [u8]) {
        match self {
            ArnParts::Any => bytes.fill(u8::MAX),
            ArnParts::Six(patterns) => {
                for (place, pattern) in bytes.chunks_exact_mut(4).zip(patterns) {
                    pattern.write(place);
                }
            }
        }
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.patterns()
            .iter()
            .all(|pattern| pattern.is_sound(image))
    }
}

impl Field for Network {
    const SIZE: usize = 40;
    fn read(bytes: &[u8], at: usize) -> Network {
        let wide = |at: usize| join_wide(u64_at(bytes, at), u64_at(bytes, at + 8));
        match u64_at(bytes, at) {
            6 => Network::V6 {
                base: wide(at + 8),
                mask: wide(at + 24),
            },
            _ => Network::V4 {
                base: u32_at(bytes, at + 8),
                mask: u32_at(bytes, at + 24),
            },
        }
    }
    fn write(self, bytes: &mut [u8]) {
        let (family, base, mask) = match self {
            Network::V4 { base, mask } => (4_u64, u128::from(base), u128::from(mask)),
            Network::V6 { base, mask } => (6, base, mask),
        };
        let (base, mask) = (split_wide(base), split_wide(mask));
        let words = [family, base.0, base.1, mask.0, mask.1];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            word.write(place);
        }
    }
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

/// Flags of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StatementFlags {
    /// `Effect: Deny`.
    pub deny: bool,
    /// `NotAction`.
    pub not_action: bool,
    /// `NotResource`.
    pub not_resource: bool,
    /// `NotPrincipal`.
    pub not_principal: bool,
    /// A number of the guard from 1 to [`StatementFlags::MAX_SHARED`] if many statements have it, else 0:
    /// what it gave is worth keeping during a decision.
    pub shared: u8,
}

impl StatementFlags {
    /// The most guards of an image that have a number.
    pub const MAX_SHARED: u8 = 63;
}

impl Field for StatementFlags {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> StatementFlags {
        let flags = u32_at(bytes, at);
        StatementFlags {
            deny: flags & 1 != 0,
            not_action: flags & 2 != 0,
            not_resource: flags & 4 != 0,
            not_principal: flags & 8 != 0,
            shared: flags.to_le_bytes()[1],
        }
    }
    fn write(self, bytes: &mut [u8]) {
        let flags = u32::from(self.deny)
            | u32::from(self.not_action) << 1
            | u32::from(self.not_resource) << 2
            | u32::from(self.not_principal) << 3
            | u32::from(self.shared) << 8;
        flags.write(bytes);
    }
    fn is_sound(self, _: &impl Limits) -> bool {
        self.shared <= StatementFlags::MAX_SHARED
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

/// A kind that does not exist reads as tokens.
impl Field for PatternKind {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> PatternKind {
        match u32_at(bytes, at) {
            0 => PatternKind::Exact,
            1 => PatternKind::Prefix,
            _ => PatternKind::Tokens,
        }
    }
    fn write(self, bytes: &mut [u8]) {
        let kind: u32 = match self {
            PatternKind::Exact => 0,
            PatternKind::Prefix => 1,
            PatternKind::Tokens => 2,
        };
        kind.write(bytes);
    }
}

/// Which token a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// The end of the pattern.
    End,
    /// A text.
    Text,
    /// Any run of characters.
    Star,
    /// A number of characters.
    Chars,
    /// A variable without default.
    Variable,
    /// A variable with a default.
    VariableOr,
    /// Any run of characters other than colons.
    Field,
}

/// A kind that does not exist reads as the end.
impl Field for TokenKind {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> TokenKind {
        match u32_at(bytes, at) {
            1 => TokenKind::Text,
            2 => TokenKind::Star,
            3 => TokenKind::Chars,
            4 => TokenKind::Variable,
            5 => TokenKind::VariableOr,
            6 => TokenKind::Field,
            _ => TokenKind::End,
        }
    }
    fn write(self, bytes: &mut [u8]) {
        let kind: u32 = match self {
            TokenKind::End => 0,
            TokenKind::Text => 1,
            TokenKind::Star => 2,
            TokenKind::Chars => 3,
            TokenKind::Variable => 4,
            TokenKind::VariableOr => 5,
            TokenKind::Field => 6,
        };
        kind.write(bytes);
    }
}

/// What the values of a slot are read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// As they are.
    #[default]
    Text,
    /// As numbers.
    Number,
    /// As dates.
    Date,
    /// As addresses.
    Address,
}

/// A class that does not exist reads as text.
impl Field for Class {
    const SIZE: usize = 8;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Class {
        match u8_at(bytes, at) {
            1 => Class::Number,
            2 => Class::Date,
            3 => Class::Address,
            _ => Class::Text,
        }
    }
    fn write(self, bytes: &mut [u8]) {
        let class: u64 = match self {
            Class::Text => 0,
            Class::Number => 1,
            Class::Date => 2,
            Class::Address => 3,
        };
        class.write(bytes);
    }
}

/// The forms of a principal entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalForm {
    /// A 12-digit account, in any partition (`GRAM-34`).
    Account,
    /// `arn:P:iam::A:root` (`GRAM-34`).
    AccountArn,
    /// The ARN of a user, role, session or federated user (`GRAM-35` to `GRAM-38`).
    Arn,
    /// A unique id (`GRAM-40`).
    UniqueId,
    /// A service (`GRAM-42`).
    Service,
    /// An identity provider (`GRAM-39`, `GRAM-43`).
    Federated,
    /// A canonical user (`GRAM-44`).
    CanonicalUser,
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

/// A form that does not exist reads as the last.
impl Field for PrincipalForm {
    const SIZE: usize = 8;
    #[inline]
    fn read(bytes: &[u8], at: usize) -> PrincipalForm {
        let form = PrincipalForm::ALL.get(usize::from(u8_at(bytes, at)));
        form.copied().unwrap_or(PrincipalForm::CanonicalUser)
    }
    fn write(self, bytes: &mut [u8]) {
        (self as u64).write(bytes);
    }
}

/// An operand of an instruction: what it is, the operation says ([`crate::Operands`]).
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
