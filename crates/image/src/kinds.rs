//! Fields that are one of a few codes, and flags.
//!
//! A code that does not exist reads as one that does: a reader has no way to fail. An image that has such a code is not
//! accepted, because its record is not what it would be written as. The codes are part of the format; a variant that is added
//! needs a new version of it.

use crate::field::{Field, Limits};
use crate::wire::{u8_at, u32_at};

/// Flags of a statement: the effect, which of its elements are negated, and the number of a shared guard.
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

/// What a pattern consists of. Matching looks at it first: most patterns end here ([`PatternKind::Exact`],
/// [`PatternKind::Prefix`]) and never at a token.
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

/// Which token a record is ([`crate::Token`] is the same with what each has).
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

/// What the values of a slot are read as. One key can have a slot of each class, because `NumericLessThan` and `StringLike`
/// may both test it; a value is read at most once for each.
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

/// The forms of a principal entry. A caller is looked for by form and text, so that the text of one form is never taken for
/// that of another.
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
