//! The facts in memory: flat tables, one row each, that refer to one another by number. [`pack`](crate::pack) checks
//! every number when it reads them.

use core::fmt;
use core::ops::Range;
use std::borrow::Cow;

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

/// Some following rows of a table.
pub(crate) type Rows = Range<u32>;

/// A part of [`Tables::text`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Text {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

#[derive(Debug)]
pub(crate) struct KeyRow {
    pub(crate) name: Text,
    pub(crate) kind: KeyType,
    pub(crate) is_multivalued: bool,
    pub(crate) is_global: bool,
    pub(crate) seen: u8,
}

#[derive(Debug)]
pub(crate) struct ServiceRow {
    pub(crate) prefix: Text,
    pub(crate) title: Text,
    /// The source, or none if it is known by hand alone.
    pub(crate) seen: Option<u8>,
    pub(crate) has_rcp: bool,
    pub(crate) types: Rows,
    pub(crate) actions: Rows,
}

#[derive(Debug)]
pub(crate) struct TypeRow {
    pub(crate) name: Text,
    pub(crate) service: u32,
    /// In [`Tables::formats`].
    pub(crate) formats: Rows,
    /// In [`Tables::key_sets`].
    pub(crate) keys: u32,
    pub(crate) seen: u8,
}

#[derive(Debug)]
pub(crate) struct ActionRow {
    pub(crate) name: Text,
    pub(crate) service: u32,
    pub(crate) level: Level,
    pub(crate) keys: u32,
    pub(crate) seen: u8,
    /// In [`Tables::resources`].
    pub(crate) resources: Rows,
    /// In [`Tables::dependents`].
    pub(crate) dependents: Rows,
}

#[derive(Debug)]
pub(crate) struct ResourceRow {
    pub(crate) kind: u32,
    pub(crate) is_required: bool,
    pub(crate) keys: u32,
}

#[derive(Debug)]
pub(crate) struct ClientRow {
    pub(crate) name: Text,
    pub(crate) prefix: Text,
    pub(crate) operations: Rows,
}

#[derive(Debug)]
pub(crate) struct OperationRow {
    pub(crate) name: Text,
    pub(crate) source: u8,
    /// None if the one permission has the name of the operation.
    pub(crate) permissions: Option<Rows>,
}

#[derive(Debug)]
pub(crate) struct PermissionRow {
    pub(crate) action: Text,
    pub(crate) need: Need<Text>,
    pub(crate) resource: Option<Text>,
    pub(crate) is_documented: bool,
}

/// Everything. Names are in the order of their letters without case, services and clients by their own, actions,
/// types and operations within theirs.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) sources: Vec<Source>,
    /// Whether each is the last one of its name.
    pub(crate) is_newest: Vec<bool>,
    /// All names, one behind the other: a part of the pack, if that is in the program.
    pub(crate) text: Cow<'static, str>,
    pub(crate) keys: Vec<KeyRow>,
    /// The keys whose names have a variable.
    pub(crate) key_patterns: Vec<u32>,
    /// In `key_items`.
    pub(crate) key_sets: Vec<Rows>,
    pub(crate) key_items: Vec<u32>,
    pub(crate) services: Vec<ServiceRow>,
    pub(crate) types: Vec<TypeRow>,
    pub(crate) formats: Vec<Text>,
    pub(crate) actions: Vec<ActionRow>,
    pub(crate) resources: Vec<ResourceRow>,
    pub(crate) dependents: Vec<Text>,
    /// Other names of a service, and its prefix.
    pub(crate) aliases: Vec<(Text, Text)>,
    pub(crate) clients: Vec<ClientRow>,
    pub(crate) operations: Vec<OperationRow>,
    pub(crate) permissions: Vec<PermissionRow>,
}

impl Tables {
    pub(crate) fn str(&self, text: Text) -> &str {
        let range = text.start as usize..text.end as usize;
        self.text.get(range).unwrap_or_default()
    }
}

/// The rows of a range. The reader has seen to it that there are as many.
pub(crate) fn rows<'t, T>(table: &'t [T], range: &Rows) -> &'t [T] {
    table
        .get(range.start as usize..range.end as usize)
        .unwrap_or_default()
}
