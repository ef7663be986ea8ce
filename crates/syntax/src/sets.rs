//! The policy sets of a decision.

use bumpalo::Bump;

use crate::api::{api_of, with_apis};
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
    /// The bucket behind the access point that is the target; none of other targets, and of an access
    /// point whose bucket is not known.
    pub bucket: Option<Bucket<'a>>,
}

/// The bucket behind an access point. Its side must permit a request too (`S3-6`): its policy and the
/// resource control policies of its account are asked of the bucket or the object, not of the access point.
#[derive(Clone, Debug)]
pub struct Bucket<'a> {
    /// The bucket's ARN.
    pub arn: &'a str,
    /// The account that owns it; the access point's if nothing says so.
    pub account: Option<&'a str>,
    /// Its policy; none if it has none, or none is known.
    pub policy: Option<Vec<Policy<'a>>>,
    /// The resource control policies of its account by level, as those of [`PolicySets::rcps`].
    pub rcps: Vec<Vec<Policy<'a>>>,
}

impl<'a> PolicySets<'a> {
    /// The policies that decide about the bucket behind the access point: those of the caller, with the bucket's
    /// policy and the resource control policies of its account. For evaluators that compile policies, which
    /// compile [`PolicySets::without_bucket`] beside it.
    pub fn of_bucket(&self) -> Option<PolicySets<'a>> {
        let bucket = self.bucket.as_ref()?;
        Some(PolicySets {
            resource: bucket.policy.clone(),
            rcps: bucket.rcps.clone(),
            ..self.without_bucket()
        })
    }

    /// Writes out what the policy of an API names in the short form, for the APIs that some resources are parts of
    /// (`MATCH-36`).
    pub fn write_out_apis<'r>(
        &mut self,
        resources: impl Iterator<Item = &'r str>,
        arena: &'a Bump,
    ) {
        let mut apis: Vec<&str> = resources.filter_map(api_of).collect();
        apis.sort_unstable();
        apis.dedup();
        for policy in self.resource.iter_mut().flatten() {
            policy.document = with_apis(policy.document, &apis, arena);
        }
    }

    /// The policies that decide about the target itself.
    pub fn without_bucket(&self) -> PolicySets<'a> {
        PolicySets {
            bucket: None,
            ..self.clone()
        }
    }
}

/// Policies that come with a request, beside those that are known of its caller.
#[derive(Clone, Debug, Default)]
pub struct RequestPolicies<'a> {
    /// The policies passed when the caller's session was made; none if there was nothing of the kind.
    pub session: Option<Vec<Policy<'a>>>,
    /// The policies of a caller of whom nothing else is known.
    pub identity: Option<Vec<Policy<'a>>>,
}
