//! Slots that every image has.
//!
//! The evaluation itself looks at some keys, and others follow from the request. Their slots have the same numbers in every
//! image, so that nobody looks for their names. They cost eleven records in each image, and a bit in the header says which of
//! them some policy tests: of the others nothing is derived.

use crate::id::Id;
use crate::kinds::Class;
use crate::record::Slot;

/// Keys whose slots every image has, in this order: keys that the evaluation itself looks at, and keys that follow from
/// the request (`KEY-5`), which are set without looking for their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reserved {
    /// `aws:AssumedRoot`: the root user's session is limited to a task policy (`EVAL-50`).
    AssumedRoot = 0,
    /// `aws:FederatedProvider`: who vouched for a role session (`EVAL-29`).
    FederatedProvider = 1,
    /// `aws:PrincipalServiceNamesList`: the names of a calling service (`GRAM-42`).
    ServiceNames = 2,
    /// `aws:userid`: the unique id of a caller (`GRAM-40`).
    UserId = 3,
    /// `aws:PrincipalArn` (`KEY-10`).
    PrincipalArn = 4,
    /// `aws:PrincipalAccount` (`KEY-11`).
    PrincipalAccount = 5,
    /// `aws:PrincipalType` (`KEY-18`).
    PrincipalType = 6,
    /// `aws:username` (`KEY-20`).
    UserName = 7,
    /// `aws:PrincipalIsAWSService` (`KEY-15`).
    IsService = 8,
    /// `aws:PrincipalServiceName` (`KEY-16`).
    ServiceName = 9,
    /// `aws:ResourceAccount` (`KEY-50`).
    ResourceAccount = 10,
}

impl Reserved {
    /// All of them, in the order of their slots.
    pub const ALL: [Reserved; 11] = [
        Reserved::AssumedRoot,
        Reserved::FederatedProvider,
        Reserved::ServiceNames,
        Reserved::UserId,
        Reserved::PrincipalArn,
        Reserved::PrincipalAccount,
        Reserved::PrincipalType,
        Reserved::UserName,
        Reserved::IsService,
        Reserved::ServiceName,
        Reserved::ResourceAccount,
    ];
    /// The class of their slots.
    pub const CLASS: Class = Class::Text;

    /// The key, case folded.
    pub const fn name(self) -> &'static str {
        match self {
            Reserved::AssumedRoot => "aws:assumedroot",
            Reserved::FederatedProvider => "aws:federatedprovider",
            Reserved::ServiceNames => "aws:principalservicenameslist",
            Reserved::UserId => "aws:userid",
            Reserved::PrincipalArn => "aws:principalarn",
            Reserved::PrincipalAccount => "aws:principalaccount",
            Reserved::PrincipalType => "aws:principaltype",
            Reserved::UserName => "aws:username",
            Reserved::IsService => "aws:principalisawsservice",
            Reserved::ServiceName => "aws:principalservicename",
            Reserved::ResourceAccount => "aws:resourceaccount",
        }
    }

    /// The key with this name, case folded; none for every other key.
    ///
    /// ```
    /// use portcullis_image::{Id, Reserved};
    ///
    /// let key = Reserved::of_name("aws:principalarn").unwrap();
    /// assert_eq!(Reserved::of_slot(key.slot()), Some(Reserved::PrincipalArn));
    /// assert_eq!(Reserved::of_slot(Id::new(100)), None);
    /// ```
    pub fn of_name(name: &str) -> Option<Reserved> {
        Reserved::ALL.into_iter().find(|own| own.name() == name)
    }

    /// The key of this slot.
    #[inline]
    pub fn of_slot(slot: Id<Slot>) -> Option<Reserved> {
        Reserved::ALL.get(slot.index()).copied()
    }

    /// The slot, in every image.
    #[inline(always)]
    pub const fn slot(self) -> Id<Slot> {
        Id::new(self as u32)
    }

    /// The bit of the key in sets of reserved keys.
    #[inline(always)]
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The reserved keys that an image's policies look at: whoever makes requests ready need not derive the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedKeys(u32);

impl WantedKeys {
    /// As the header has them: bit `n` for reserved slot `n`, bit `16 + n` for other slots of its key.
    #[inline(always)]
    pub const fn from_bits(bits: u32) -> WantedKeys {
        WantedKeys(bits)
    }

    /// The same as a number.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Adds a slot of the key.
    pub fn add(&mut self, key: Reserved, class: Class) {
        self.0 |= match class {
            Reserved::CLASS => key.bit(),
            _ => key.bit() << 16,
        };
    }

    /// True if some policy looks at the reserved slot.
    #[inline]
    pub const fn as_text(self, key: Reserved) -> bool {
        self.0 & key.bit() != 0
    }

    /// True if the key has other slots too, of other classes.
    #[inline]
    pub const fn otherwise(self, key: Reserved) -> bool {
        self.0 >> 16 & key.bit() != 0
    }

    /// True if some policy looks at the key.
    #[inline]
    pub const fn any(self, key: Reserved) -> bool {
        self.as_text(key) || self.otherwise(key)
    }
}
