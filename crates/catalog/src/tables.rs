//! The facts in memory: tables that refer to one another by number, as they stand in the pack. [`pack`](crate::pack)
//! checks every number when it reads them.

use core::fmt;
use std::borrow::Cow;

use crate::columns::{Column, Columns, Counts, FirstNames, Rows};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// The number, from 0 without gaps.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// Which service of a catalog.
    ServiceId
);
id!(
    /// Which action of a catalog.
    ActionId
);
id!(
    /// Which resource type of a catalog.
    ResourceTypeId
);
id!(
    /// Which condition key of a catalog.
    KeyId
);

/// A day, or the month or year that is all that is known of it.
///
/// ```
/// use portcullis_catalog::Date;
/// let day = Date::parse("2026-04-17").ok_or("no date")?;
/// let month = Date::parse("2026-04").ok_or("no date")?;
/// assert!(month < day);
/// assert_eq!(month.to_string(), "2026-04");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// No date at all.
    pub(crate) const NONE: Date = Date {
        year: 0,
        month: 0,
        day: 0,
    };

    /// Reads `2026`, `2026-04` or `2026-04-17`.
    pub fn parse(text: &str) -> Option<Date> {
        let mut parts = text.split('-');
        let year = parts.next().filter(|part| part.len() == 4)?.parse().ok()?;
        let mut next = |most: u8| match parts.next() {
            None => Some(0),
            Some(part) if part.len() == 2 => {
                part.parse().ok().filter(|value| (1..=most).contains(value))
            }
            Some(_) => None,
        };
        let month = next(12)?;
        let day = next(31)?;
        parts.next().is_none().then_some(Date { year, month, day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        for part in [self.month, self.day] {
            if part > 0 {
                write!(f, "-{part:02}")?;
            }
        }
        Ok(())
    }
}

/// What facts were taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Of the package, repository or page.
    pub name: String,
    /// Its version.
    pub version: String,
    /// When it was made.
    pub date: Date,
    /// Under which license it is published.
    pub license: String,
    /// Whether it lists services and actions, and not just the permissions of operations.
    pub is_reference: bool,
}

/// What an action does, as AWS classifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Tells which resources there are.
    List,
    /// Reads what is in a resource.
    Read,
    /// Makes, changes or removes resources.
    Write,
    /// Changes nothing but tags.
    Tagging,
    /// Grants or changes permissions.
    PermissionsManagement,
}

impl Level {
    /// All, in the order of their numbers.
    pub const ALL: [Level; 5] = [
        Level::List,
        Level::Read,
        Level::Write,
        Level::Tagging,
        Level::PermissionsManagement,
    ];

    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::List => "List",
            Level::Read => "Read",
            Level::Write => "Write",
            Level::Tagging => "Tagging",
            Level::PermissionsManagement => "Permissions management",
        }
    }

    /// The level of AWS's word for it.
    pub fn parse(text: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

/// What the values of a condition key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A time.
    Date,
    /// An IP address.
    IpAddress,
    /// Bytes.
    Binary,
}

impl KeyType {
    /// All, in the order of their numbers.
    pub const ALL: [KeyType; 7] = [
        KeyType::String,
        KeyType::Arn,
        KeyType::Bool,
        KeyType::Numeric,
        KeyType::Date,
        KeyType::IpAddress,
        KeyType::Binary,
    ];

    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyType::String => "String",
            KeyType::Arn => "ARN",
            KeyType::Bool => "Bool",
            KeyType::Numeric => "Numeric",
            KeyType::Date => "Date",
            KeyType::IpAddress => "IPAddress",
            KeyType::Binary => "Binary",
        }
    }

    /// The type of AWS's word for it.
    pub fn parse(text: &str) -> Option<KeyType> {
        KeyType::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Which requests for an operation ask for a permission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need<T> {
    /// All.
    #[default]
    Always,
    /// Those that this says, in words that follow "if".
    When(T),
    /// Some, and the source does not say which.
    Sometimes,
}

/// Everything. Names are in the order of their letters without case, services and clients by their own, actions,
/// types and operations within theirs.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) sources: Vec<Source>,
    /// Whether each is the last one of its name.
    pub(crate) is_newest: Vec<bool>,
    /// All names, one behind the other: a part of the pack, if that is in the program.
    pub(crate) text: Cow<'static, str>,
    /// All columns, likewise.
    pub(crate) bytes: Cow<'static, [u8]>,
    pub(crate) counts: Counts,
    pub(crate) first: FirstNames,
    pub(crate) columns: Columns,
    /// The keys whose names have a variable.
    pub(crate) key_patterns: Vec<u32>,
}

impl Tables {
    /// A cell. The reader has seen to it that whatever its number refers to is there.
    pub(crate) fn get<const WIDTH: usize>(&self, column: Column<WIDTH>, row: u32) -> u32 {
        column.get(&self.bytes, row)
    }

    /// The cells of some rows.
    pub(crate) fn some<const WIDTH: usize>(
        &self,
        column: Column<WIDTH>,
        rows: Rows,
    ) -> impl ExactSizeIterator<Item = u32> {
        column.some(&self.bytes, rows)
    }

    /// The rows of another table that belong to a row.
    pub(crate) fn range(&self, ends: Column<4>, row: u32) -> Rows {
        ends.range(&self.bytes, row)
    }

    /// A text.
    pub(crate) fn name(&self, name: u32) -> &str {
        let range = self.range(self.columns.name_ends, name);
        let text = self.text.get(range.start as usize..range.end as usize);
        text.unwrap_or_default()
    }

    /// The same, to compare it.
    pub(crate) fn name_bytes(&self, name: u32) -> &[u8] {
        let range = self.range(self.columns.name_ends, name);
        let text = self.text.as_bytes();
        let own = text.get(range.start as usize..range.end as usize);
        own.unwrap_or_default()
    }

    /// The text in a cell.
    pub(crate) fn text(&self, column: Column<4>, row: u32) -> &str {
        self.name(self.get(column, row))
    }
}
