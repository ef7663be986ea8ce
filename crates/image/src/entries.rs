//! References that may be something else than a record: any, none, or what the index has instead.
//!
//! In the image these are numbers that no record has, from the upper end of 32 bits. Readers see them as what they mean and
//! cannot take one for the number of a record; the enums are not stored, so that an entry of a statement stays four bytes.

use crate::field::{ANY, Field, HEAD, Item, Limits, NONE, Record};
use crate::id::{Id, ListId};
use crate::wire::u32_at;

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

    /// True if everything matches, whatever the list.
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

/// Whom a statement is about. Whether policies of its type have principals at all is told apart from whom they name,
/// because `NotPrincipal` and absence mean different things.
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
    /// As the image has it.
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

/// What must be verified of a statement that the index gives. The index narrows by action and resource; what it has already
/// settled need not be looked at again.
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
    /// As the image has it.
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

/// The six patterns of an ARN, or any ARN (`COND-60`, `COND-61`). Each part of a value is matched by its own pattern, so that
/// a star of one part does not reach into the next.
#[derive(Debug)]
pub enum ArnParts<T> {
    /// Any ARN.
    Any,
    /// The patterns of the parts.
    Six([Id<T>; 6]),
}

impl<T> ArnParts<T> {
    /// The patterns in the order of the parts; an empty slice if it is any ARN.
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
                for (target, pattern) in bytes.chunks_exact_mut(4).zip(patterns) {
                    pattern.write(target);
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
