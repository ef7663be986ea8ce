//! Ids of what a directory holds, each with a type of its own, so that none is taken for another.
//!
//! An id is four bytes, because tables have millions of them. A column that may be empty holds the
//! `NONE` of its type instead of an `Option`, which would be eight; [`some`](Symbol::some) turns it
//! into one where it is read. `NonZeroU32` inside an `Option` would be four bytes too, but then
//! every index is off by one in files and debuggers.
//!
//! No table is as long as `NONE`: whoever makes or joins tables refuses that
//! ([`crate::store::delta`]) or reads it as absent.

/// An index as the number that stands for it; `u32::MAX`, which no table reaches, if it is too large.
#[inline]
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// A number of 32 bits as an index. Every target of this crate has indices at least as wide.
#[inline]
pub(crate) const fn index(number: u32) -> usize {
    number as usize
}

/// Makes the types of ids. They differ in name alone, which is what they are for.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub(crate) struct $name(u32);

        #[allow(dead_code, reason = "every id has the same methods")]
        impl $name {
            /// Stands for "absent" in a column.
            pub(crate) const NONE: $name = $name(u32::MAX);

            /// The id with a number, which may be that of `NONE`.
            #[inline]
            pub(crate) const fn new(number: u32) -> $name {
                $name(number)
            }

            /// The id of an index; `NONE` if no table can have it.
            #[inline]
            pub(crate) fn at(index: usize) -> $name {
                $name(number(index))
            }

            /// The number.
            #[inline]
            pub(crate) const fn get(self) -> u32 {
                self.0
            }

            /// The number as an index. That of `NONE` is beyond every table.
            #[inline]
            pub(crate) const fn index(self) -> usize {
                index(self.0)
            }

            /// Whether it is not absent.
            #[inline]
            pub(crate) const fn is_some(self) -> bool {
                self.0 != u32::MAX
            }

            /// The id unless it is absent.
            #[inline]
            pub(crate) fn some(self) -> Option<$name> {
                self.is_some().then_some(self)
            }
        }
    )*};
}

ids! {
    /// An interned string: where the string table stores it.
    Symbol;
    /// A row of the accounts, in the order of their numbers.
    AccountIdx;
    /// A row of the users and roles.
    PrincipalIdx;
    /// A row of the resources.
    ResourceIdx;
    /// A policy: a document with a name.
    PolicyId;
    /// Policy sets that always take part together: one identity set, or the sets of one chain.
    SetsId;
    /// A unit of the stacked images, which stands for one policy; numbered through all images.
    UnitId;
}

/// Consecutive rows of a table: a reference to several in two words. All empty ranges are equal to
/// the default, so that rows can be compared by their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct RowRange {
    /// The first row; 0 if there are none.
    start: u32,
    /// How many rows there are.
    count: u32,
}

impl RowRange {
    /// `count` rows from `start` on.
    pub(crate) const fn new(start: u32, count: u32) -> RowRange {
        RowRange { start, count }
    }

    /// The rows that a table got since it had `start` rows. A table that is longer than ids can
    /// tell gives an empty range, and is refused elsewhere.
    pub(crate) fn between(start: usize, end: usize) -> RowRange {
        let start = number(start);
        RowRange::new(start, number(end).saturating_sub(start))
    }

    /// The index of the first row.
    pub(crate) const fn start(self) -> u32 {
        self.start
    }

    /// How many rows there are.
    pub(crate) const fn count(self) -> u32 {
        self.count
    }

    /// Whether there are none.
    #[inline]
    pub(crate) const fn is_empty(self) -> bool {
        self.count == 0
    }

    /// The run unless it is empty.
    pub(crate) fn some(self) -> Option<RowRange> {
        (!self.is_empty()).then_some(self)
    }

    /// The rows. None of them if the table does not have all, which no range of this directory
    /// does; a range of another directory reads nothing instead of panicking.
    #[inline]
    pub(crate) fn of<T>(self, all: &[T]) -> &[T] {
        let start = index(self.start);
        let end = start.saturating_add(index(self.count));
        all.get(start..end).unwrap_or(&[])
    }
}
