//! What a field of a record is, and the plain ones: how each lies in the image, and what it must be.
//!
//! A type says this once, and every record that has a field of it ([`crate::record`]) is encoded, decoded and checked by
//! that. Reading is total: every content reads as something. What no encoder writes is the validator's to find, which asks
//! each field for what it refers to ([`Field::is_sound`]) and compares the record with what it would be written as. A reader
//! that fails instead was rejected: decisions would have to carry its errors.

use core::marker::PhantomData;

use crate::id::{Id, ListId, Run, Start};
use crate::layers::LayerSet;
use crate::section::{ListKind, Section};
use crate::text::Str;
use crate::value::network::Network;
use crate::wire::{
    halves_of, instant_of, join, join_wide, signed, split_wide, u8_at, u16_at, u32_at, u64_at,
    unsigned,
};

/// Something that is a field of records. Reading takes a load or two and is inlined, since decisions read fields.
pub(crate) trait Field: Copy {
    /// Bytes.
    const SIZE: usize;

    /// Reads it. Every content reads as something; what no encoder writes is the validator's to find.
    fn read(bytes: &[u8], at: usize) -> Self;

    /// Writes it into as many bytes.
    fn write(self, bytes: &mut [u8]);

    /// True if what it refers to is there: a record, a list of the right kind, a text between two characters.
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

/// A record of a section. The table of records implements it; there is no other implementation.
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

    /// The bytes of the first record, and what follows them; none if there are fewer bytes.
    fn split_first(bytes: &[u8]) -> Option<(&Self::Bytes, &[u8])>;

    /// The bytes of each record of some that lie behind each other; what is left behind the last is not looked at.
    #[inline(always)]
    fn all(bytes: &[u8]) -> RecordBytes<'_, Self> {
        RecordBytes {
            rest: bytes,
            records: PhantomData,
        }
    }
}

/// The bytes of records that lie behind each other: what [`Record::all`] gives. `chunks_exact` gives slices, whose length
/// each reader of a field would check again; `as_chunks` takes as many instructions as this and needs a later compiler.
#[derive(Clone, Debug)]
pub struct RecordBytes<'a, R> {
    rest: &'a [u8],
    records: PhantomData<fn() -> R>,
}

impl<'a, R: Record> Iterator for RecordBytes<'a, R> {
    type Item = &'a R::Bytes;

    #[inline(always)]
    fn next(&mut self) -> Option<&'a R::Bytes> {
        let (first, rest) = R::split_first(self.rest)?;
        self.rest = rest;
        Some(first)
    }
}

/// A record that lists have the numbers of. A list's kind and the type of its items are tied to each other here.
pub trait Item: Record {
    /// The kind of these lists.
    const KIND: ListKind;
}

/// Inlined, since of a known length it is a store; as a copy it took half of the time to write an image.
#[inline(always)]
fn put<const N: usize>(bytes: &mut [u8], content: [u8; N]) {
    if let Some(target) = bytes.first_chunk_mut() {
        *target = content;
    }
}

impl Field for u8 {
    const SIZE: usize = 1;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> u8 {
        u8_at(bytes, at)
    }
    #[inline]
    fn write(self, bytes: &mut [u8]) {
        put(bytes, [self]);
    }
}

impl Field for u16 {
    const SIZE: usize = 2;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> u16 {
        u16_at(bytes, at)
    }
    #[inline]
    fn write(self, bytes: &mut [u8]) {
        put(bytes, self.to_le_bytes());
    }
}

impl Field for u32 {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> u32 {
        u32_at(bytes, at)
    }
    #[inline]
    fn write(self, bytes: &mut [u8]) {
        put(bytes, self.to_le_bytes());
    }
}

impl Field for u64 {
    const SIZE: usize = 8;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> u64 {
        u64_at(bytes, at)
    }
    #[inline]
    fn write(self, bytes: &mut [u8]) {
        put(bytes, self.to_le_bytes());
    }
}

/// An instant.
impl Field for i128 {
    const SIZE: usize = 16;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> i128 {
        instant_of(u64_at(bytes, at), u64_at(bytes, at + 8))
    }
    #[inline]
    fn write(self, bytes: &mut [u8]) {
        let (low, high) = halves_of(self);
        put(bytes, join_wide(low, high).to_le_bytes());
    }
}

/// Millionths of a number, if it is a whole number of them that fits.
impl Field for Option<i64> {
    const SIZE: usize = 8;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Option<i64> {
        Some(signed(u64_at(bytes, at))).filter(|number| *number != i64::MIN)
    }
    #[inline]
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
    #[inline]
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
    #[inline]
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
    #[inline]
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
    #[inline]
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
    #[inline]
    fn write(self, bytes: &mut [u8]) {
        self.number().write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.number() < image.count(T::SECTION)
    }
}

impl<T: Record> Field for Start<T> {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Start<T> {
        Start(Id::read(bytes, at))
    }
    #[inline]
    fn write(self, bytes: &mut [u8]) {
        self.0.write(bytes);
    }
}

impl<T: Record> Field for Option<Id<T>> {
    const SIZE: usize = 4;
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Option<Id<T>> {
        Some(Id::read(bytes, at)).filter(|id| id.number() != NONE)
    }
    #[inline]
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
    #[inline]
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
    #[inline]
    fn write(self, bytes: &mut [u8]) {
        join(self.first.number(), self.count).write(bytes);
    }
    fn is_sound(self, image: &impl Limits) -> bool {
        self.fits(image.count(T::SECTION))
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
    #[inline]
    fn write(self, bytes: &mut [u8]) {
        let (family, base, mask) = match self {
            Network::V4 { base, mask } => (4_u64, u128::from(base), u128::from(mask)),
            Network::V6 { base, mask } => (6, base, mask),
        };
        let (base, mask) = (split_wide(base), split_wide(mask));
        let words = [family, base.0, base.1, mask.0, mask.1];
        for (target, word) in bytes.chunks_exact_mut(8).zip(words) {
            word.write(target);
        }
    }
}

/// In place of a list: anything. In place of an ARN pattern's first part: any ARN.
pub(crate) const ANY: u32 = u32::MAX;

/// In place of a reference: there is nothing.
pub(crate) const NONE: u32 = u32::MAX - 1;

/// In place of a pattern: the whole head must be verified.
pub(crate) const HEAD: u32 = u32::MAX - 2;
