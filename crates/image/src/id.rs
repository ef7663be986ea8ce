//! Typed numbers of records.
//!
//! An image refers to its records by number. Each number has the type of the record that it is of, so that one of a
//! pattern cannot be taken for one of a statement: [`Id<Pattern>`](crate::Pattern) is another type than
//! [`Id<Statement>`](crate::Statement). They are transparent: at run time they are the 32-bit numbers of the format.
//!
//! One generic type rather than a newtype for each record: readers that take any record ([`crate::View::get`]) need no
//! copy for each of them. Numbers are not checked when they are made; a reader finds zeros, or nothing, for one that no
//! record has.
//!
//! ```
//! use portcullis_image::{Id, Pattern, Run};
//!
//! let run: Run<Pattern> = Run { first: Id::new(3), count: 2 };
//! assert_eq!(run.iter().map(Id::number).collect::<Vec<_>>(), [3, 4]);
//! assert_eq!(run.end(), Id::new(5));
//! assert!(run.fits(5) && !run.fits(4));
//! ```

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use crate::wire::index;

/// The number of a record of type `T` in its section, from 0.
#[repr(transparent)]
pub struct Id<T>(u32, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// The number of the first record.
    pub const FIRST: Id<T> = Id::new(0);

    /// The record with this number, whether there is one or not.
    #[inline(always)]
    pub const fn new(number: u32) -> Id<T> {
        Id(number, PhantomData)
    }

    /// The number.
    #[inline(always)]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The number as an index into a slice of all records of the section.
    #[inline(always)]
    pub const fn index(self) -> usize {
        index(self.0)
    }

    /// The record that many records further on, or the last number that there is.
    #[inline(always)]
    #[must_use]
    pub const fn plus(self, count: u32) -> Id<T> {
        Id::new(self.0.saturating_add(count))
    }

    /// The next record.
    #[inline(always)]
    #[must_use]
    pub const fn next(self) -> Id<T> {
        Id::new(self.0.wrapping_add(1))
    }
}

impl<T> Clone for Id<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    #[inline(always)]
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> Default for Id<T> {
    fn default() -> Self {
        Id::FIRST
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Records that lie behind each other in their section: the usual reference to several records, since it takes two words
/// whatever their number. A run may be empty; then it says nothing of its first record.
#[derive(Debug)]
pub struct Run<T> {
    /// The first of them.
    pub first: Id<T>,
    /// How many there are.
    pub count: u32,
}

impl<T> Run<T> {
    /// No records.
    pub const EMPTY: Run<T> = Run {
        first: Id::FIRST,
        count: 0,
    };

    /// The record behind the last one.
    #[inline(always)]
    pub const fn end(self) -> Id<T> {
        self.first.plus(self.count)
    }

    /// True if there are none.
    #[inline(always)]
    pub const fn is_empty(self) -> bool {
        self.count == 0
    }

    /// The records in order.
    #[inline(always)]
    pub fn iter(self) -> impl Iterator<Item = Id<T>> + Clone {
        (self.first.0..self.end().0).map(Id::new)
    }

    /// True if a section of so many records has all of them.
    pub fn fits(self, records: u32) -> bool {
        let end = self.first.0.checked_add(self.count);
        end.is_some_and(|end| end <= records)
    }

    /// The same as a range of a slice of all records of the section.
    #[inline(always)]
    pub const fn range(self) -> core::ops::Range<usize> {
        self.first.index()..self.end().index()
    }
}

impl<T> Clone for Run<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Run<T> {}

impl<T> PartialEq for Run<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.first, self.count) == (other.first, other.count)
    }
}

impl<T> Eq for Run<T> {}

impl<T> Hash for Run<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.first, self.count).hash(state);
    }
}

impl<T> Default for Run<T> {
    fn default() -> Self {
        Run::EMPTY
    }
}

/// The first record of a run that ends by itself, if there is a run: whoever has it knows, and checks that it begins there.
/// Patterns refer to their tokens so, because an end mark takes less than a count in each pattern.
#[repr(transparent)]
#[derive(Debug)]
pub struct Start<T>(pub Id<T>);

impl<T> Clone for Start<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Start<T> {}

impl<T> PartialEq for Start<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Start<T> {}

impl<T> Hash for Start<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// A list of numbers of records of type `T`; see [`ListId`]. A type without values, which only tells list numbers apart.
#[derive(Debug)]
pub enum ListOf<T> {
    /// Nothing has this type.
    #[doc(hidden)]
    Never(core::convert::Infallible, PhantomData<T>),
}

/// Where a list of numbers of records of type `T` begins: the number of its first word in the section of lists.
pub type ListId<T> = Id<ListOf<T>>;
