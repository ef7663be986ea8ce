//! How policies came to apply to users and roles.
//!
//! Kept for explanations only, because decisions need no more than which policies they are. It is loaded when explanations
//! are wanted ([`crate::LoadOptions::debug`]), since it grows with the principals and their groups.

use std::collections::BTreeMap;

use crate::store::ids::{PolicyId, Symbol};

/// How a policy came to be among a user's or role's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attachment {
    /// It stands in the user or role itself, or in a group.
    Inline(Option<Symbol>),
    /// It is a managed policy that is attached to the user or role, or to a group.
    Managed(Option<Symbol>),
}

/// A user's or role's policies, and how it came to have them: one policy may be there in several ways.
#[derive(Debug, Default)]
pub(crate) struct PrincipalPolicies {
    /// In the order of the dump; a policy of two groups is there twice.
    pub(crate) policies: Vec<(Attachment, PolicyId)>,
    /// The groups that a user is in.
    pub(crate) groups: Vec<Symbol>,
}

/// How all policies came to apply. Kept only if explanations are wanted, and lost when a directory becomes a file.
#[derive(Debug, Default)]
pub(crate) struct Attachments {
    /// Of users and roles, in the order of the tables.
    pub(crate) principals: Vec<PrincipalPolicies>,
    /// Of groups, by account and name in lower case.
    pub(crate) groups: BTreeMap<(u64, String), Vec<(Attachment, PolicyId)>>,
}
