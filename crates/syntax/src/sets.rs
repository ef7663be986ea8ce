//! The policy sets of a decision.

use crate::ast::Document;

/// A document with the names that explanations print.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// What people call it: a policy's name or ARN, or where it stands in its file.
    pub name: &'a str,
    /// The file that holds it; empty if it came from memory.
    pub file: &'a str,
    /// The source that the document's spans refer to: the file's whole text.
    pub text: &'a str,
    /// The document.
    pub document: Document<'a>,
}

/// Everything that takes part in a decision (`EVAL-2`).
///
/// `None` is an absent set, which does not limit; an empty list is a set that is present and allows
/// nothing (`EVAL-4`). For `identity` and the chains the list itself is the set.
#[derive(Clone, Debug, Default)]
pub struct PolicySets<'a> {
    /// The caller's own, group and managed policies.
    pub identity: Vec<Policy<'a>>,
    /// The caller's permissions boundary.
    pub boundary: Option<Vec<Policy<'a>>>,
    /// The policies passed when the caller's session was made.
    pub session: Option<Vec<Policy<'a>>>,
    /// The policy of the target resource, or the trust policy of the target role.
    pub resource: Option<Vec<Policy<'a>>>,
    /// The policy of the VPC endpoint that carries the request.
    pub vpc_endpoint: Option<Vec<Policy<'a>>>,
    /// Service control policies by level, root first; empty if the caller's account is in no organization.
    pub scps: Vec<Vec<Policy<'a>>>,
    /// Resource control policies by level, root first, without `RCPFullAWSAccess`, which counts as
    /// attached at every level (`GRAM-61`).
    pub rcps: Vec<Vec<Policy<'a>>>,
}
