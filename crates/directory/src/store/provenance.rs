//! How policies came to apply to users and roles: inline or attached, by themselves or by a group.
//!
//! For explanations alone, because decisions need no more than which policies they are. It is kept
//! if explanations are wanted ([`crate::LoadOptions::debug`]), since it grows with the principals
//! and their groups. It cannot be worked out afterwards: sets of policies are interned, and a set
//! does not know the way by which each principal got it.

use std::collections::BTreeMap;

use crate::store::ids::{PolicyId, Symbol};

/// How a policy came to be among a user's or role's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attachment {
    /// It is inline, in the user or role itself or in a group of this name.
    Inline(Option<Symbol>),
    /// It is a managed policy, attached to the user or role itself or to a group of this name.
    Managed(Option<Symbol>),
}

/// A principal's policies with the ways by which they apply: one policy may be there in several.
#[derive(Debug, Default)]
pub(crate) struct PrincipalPolicies {
    /// In the order of the dump; a policy of two groups is there twice.
    pub(crate) policies: Vec<(Attachment, PolicyId)>,
    /// The groups that a user is in.
    pub(crate) groups: Vec<Symbol>,
}

/// How all policies came to apply. Lost when a directory becomes a file, which has no documents to
/// show either.
#[derive(Debug, Default)]
pub(crate) struct Attachments {
    /// In the order of the rows.
    pub(crate) principals: Vec<PrincipalPolicies>,
    /// Of groups, by account and name in lower case.
    pub(crate) groups: BTreeMap<(u64, String), Vec<(Attachment, PolicyId)>>,
}
