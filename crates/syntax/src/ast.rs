//! The syntax tree of a policy document.
//!
//! One tree serves every notation. It lives in an arena ([`bumpalo::Bump`]), holds texts as written
//! with the place where they were written, and has no owning pointer in it, so that it is `Copy` and
//! dropped in one go whatever its depth. Equality ignores the places: two documents are equal if
//! they say the same, in the same order.

use portcullis_model::{Effect, Operator, PolicyKind};

pub use portcullis_source::{Span, Text};

/// A policy document without errors: what the readers return is fit for evaluation (`GRAM-12`).
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The type that it was read as.
    pub kind: PolicyKind,
    /// `Version`, if written: `2012-10-17` or `2008-10-17` (`GRAM-3`).
    pub version: Option<Text<'a>>,
    /// `Id`, if written (`GRAM-6`).
    pub id: Option<Text<'a>>,
    /// The statements in order.
    pub statements: &'a [Statement<'a>],
    /// The whole document.
    pub span: Span,
}

impl PartialEq for Document<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, self.version, self.id, self.statements)
            == (other.kind, other.version, other.id, other.statements)
    }
}

impl Document<'_> {
    /// True if policy variables are expanded: the version is `2012-10-17` (`VAR-2`, `GRAM-4`).
    pub fn has_variables(&self) -> bool {
        self.version
            .is_some_and(|version| version.value == "2012-10-17")
    }
}

/// One statement.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// `Sid`, if written (`GRAM-17`).
    pub sid: Option<Text<'a>>,
    /// `Effect`.
    pub effect: Effect,
    /// `Principal` or `NotPrincipal`; present exactly for the kinds that have principals.
    pub principal: Option<Principals<'a>>,
    /// `Action` or `NotAction`.
    pub action: Entries<'a>,
    /// `Resource` or `NotResource`; absent where the type leaves it out (`GRAM-54`).
    pub resource: Option<Entries<'a>>,
    /// The tests of `Condition`, all of which must hold (`COND-1`).
    pub conditions: &'a [Condition<'a>],
    /// The whole statement.
    pub span: Span,
}

impl PartialEq for Statement<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.sid, self.effect, self.principal, self.action)
            == (other.sid, other.effect, other.principal, other.action)
            && (self.resource, self.conditions) == (other.resource, other.conditions)
    }
}

/// `Action`, `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'a> {
    /// True for the `Not…` element.
    pub negated: bool,
    /// The entries; one without brackets is a list of one (`GRAM-10`).
    pub list: &'a [Text<'a>],
    /// The value of the member.
    pub span: Span,
}

impl PartialEq for Entries<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.negated, self.list) == (other.negated, other.list)
    }
}

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Copy, Debug)]
pub struct Principals<'a> {
    /// True for `NotPrincipal`.
    pub negated: bool,
    /// The entries of all members, in order (`GRAM-31`). Empty for `{}` (`GRAM-11`).
    pub list: &'a [PrincipalEntry<'a>],
    /// The value of the member.
    pub span: Span,
}

impl PartialEq for Principals<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.negated, self.list) == (other.negated, other.list)
    }
}

/// One principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrincipalEntry<'a> {
    /// The member under which it stands.
    pub kind: PrincipalKind,
    /// The entry as written.
    pub value: Text<'a>,
}

/// The members of a `Principal` object (`GRAM-30`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// `"*"` or `{"AWS": "*"}`: everyone (`GRAM-41`).
    Everyone,
    /// `AWS`: an account id, an ARN or a unique id (`GRAM-34` to `GRAM-40`); never `*`.
    Aws,
    /// `Service` (`GRAM-42`).
    Service,
    /// `Federated` (`GRAM-39`, `GRAM-43`).
    Federated,
    /// `CanonicalUser` (`GRAM-44`).
    CanonicalUser,
}

/// One test of a `Condition`: an operator, a key and the values (`COND-1`).
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    /// The operator.
    pub operator: Operator,
    /// The operator's name as written.
    pub operator_text: Text<'a>,
    /// The condition key as written (`COND-40`).
    pub key: Text<'a>,
    /// The values; numbers and booleans as their source text (`GRAM-20`).
    pub values: &'a [Text<'a>],
    /// The values' place.
    pub span: Span,
}

impl PartialEq for Condition<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.operator, self.key, self.values) == (other.operator, other.key, other.values)
    }
}
