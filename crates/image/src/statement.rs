//! Statements as they lie in the image.

use crate::record::{join, pack};
use crate::wire::{array_at, record, u32_at};

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

/// A statement: its head as data, its condition as a run of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Statement {
    /// Effect and negations.
    pub flags: StatementFlags,
    /// The layers that the statement belongs to ([`crate::layer_mask`]).
    pub layers: u32,
    /// A list of action patterns, or [`crate::ANY`].
    pub actions: u32,
    /// A list of patterns, or [`crate::ANY`].
    pub resources: u32,
    /// A list of principals, [`crate::ANY`] for everyone, or [`crate::NONE`] if the kind has no principals.
    pub principals: u32,
    /// The first instruction of the guard, or [`crate::NONE`].
    pub guard: u32,
}

impl Statement {
    /// Bytes of a record.
    pub const SIZE: usize = 24;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Statement {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        let flags = u32_at(bytes, 0);
        Statement {
            flags: StatementFlags {
                deny: flags & 1 != 0,
                not_action: flags & 2 != 0,
                not_resource: flags & 4 != 0,
                not_principal: flags & 8 != 0,
                shared: (flags >> 8) as u8,
            },
            layers: u32_at(bytes, 4),
            actions: u32_at(bytes, 8),
            resources: u32_at(bytes, 12),
            principals: u32_at(bytes, 16),
            guard: u32_at(bytes, 20),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let flags = u32::from(self.flags.deny)
            | u32::from(self.flags.not_action) << 1
            | u32::from(self.flags.not_resource) << 2
            | u32::from(self.flags.not_principal) << 3
            | u32::from(self.flags.shared) << 8;
        pack(&[
            join(flags, self.layers),
            join(self.actions, self.resources),
            join(self.principals, self.guard),
        ])
    }
}

/// A statement that is read where it lies: only what is needed of it.
#[derive(Clone, Copy, Debug)]
pub struct StatementRef<'a>(&'a [u8; Statement::SIZE]);

impl<'a> StatementRef<'a> {
    /// The statement at a place.
    #[inline(always)]
    pub(crate) fn at(bytes: &'a [u8], at: usize) -> StatementRef<'a> {
        StatementRef(record(bytes, at))
    }

    /// The same, if the bytes have it.
    #[inline(always)]
    pub(crate) fn find(bytes: &'a [u8], at: usize) -> Option<StatementRef<'a>> {
        array_at(bytes, at).map(StatementRef)
    }

    #[inline(always)]
    fn flag(self, bit: u32) -> bool {
        u32_at(self.0, 0) & bit != 0
    }

    /// `Effect: Deny`.
    #[inline(always)]
    pub fn is_deny(self) -> bool {
        self.flag(1)
    }

    /// `NotAction`.
    #[inline(always)]
    pub fn not_action(self) -> bool {
        self.flag(2)
    }

    /// `NotResource`.
    #[inline(always)]
    pub fn not_resource(self) -> bool {
        self.flag(4)
    }

    /// `NotPrincipal`.
    #[inline(always)]
    pub fn not_principal(self) -> bool {
        self.flag(8)
    }

    /// As in [`StatementFlags`].
    #[inline(always)]
    pub fn shared(self) -> u8 {
        (u32_at(self.0, 0) >> 8) as u8
    }

    /// As in [`Statement`].
    #[inline(always)]
    pub fn layers(self) -> u32 {
        u32_at(self.0, 4)
    }

    /// As in [`Statement`].
    #[inline(always)]
    pub fn actions(self) -> u32 {
        u32_at(self.0, 8)
    }

    /// As in [`Statement`].
    #[inline(always)]
    pub fn resources(self) -> u32 {
        u32_at(self.0, 12)
    }

    /// As in [`Statement`].
    #[inline(always)]
    pub fn principals(self) -> u32 {
        u32_at(self.0, 16)
    }

    /// As in [`Statement`].
    #[inline(always)]
    pub fn guard(self) -> u32 {
        u32_at(self.0, 20)
    }
}
