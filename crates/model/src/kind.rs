//! Effects, decisions, policy kinds and the layers of a decision.

use core::fmt;

/// What a matching statement does (`GRAM-15`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// The statement grants.
    Allow,
    /// The statement forbids, whatever any other statement grants (`EVAL-5`).
    Deny,
}

impl Effect {
    /// The spelling of the policy language.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The answer to a request (`OUT-1`).
///
/// The numbers are those that cross languages; what is zeroed memory is a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[must_use]
pub enum Decision {
    /// Nothing forbids the request, and something that had to allow it does not.
    ImplicitDeny = 0,
    /// Every applicable limit and grant says yes.
    Allow = 1,
    /// A matching Deny statement forbids the request.
    ExplicitDeny = 2,
}

impl Decision {
    /// The spelling used in scenario files and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Allow => "Allow",
            Decision::ExplicitDeny => "ExplicitDeny",
            Decision::ImplicitDeny => "ImplicitDeny",
        }
    }

    /// Reads the spelling of [`Decision::as_str`].
    pub fn parse(text: &str) -> Option<Decision> {
        [
            Decision::Allow,
            Decision::ExplicitDeny,
            Decision::ImplicitDeny,
        ]
        .into_iter()
        .find(|decision| decision.as_str() == text)
    }

    /// True for [`Decision::Allow`] only.
    pub fn is_allow(self) -> bool {
        self == Decision::Allow
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The type of a policy document, which decides the elements it may have (table 1.4 of the rules).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyKind {
    /// Managed or inline policy of a user, group or role.
    Identity,
    /// A managed policy used as permissions boundary.
    Boundary,
    /// Passed when a session is made; limits it.
    Session,
    /// Attached to a resource: bucket, queue, topic, key, secret, function and so on.
    Resource,
    /// A role's trust policy: a resource policy whose resource is the role.
    Trust,
    /// Service control policy.
    Scp,
    /// Resource control policy.
    Rcp,
    /// VPC endpoint policy.
    VpcEndpoint,
}

/// The kind of the documents in a layer. A trust policy is the resource policy of its role.
impl From<Layer> for PolicyKind {
    fn from(layer: Layer) -> PolicyKind {
        match layer {
            Layer::Identity => PolicyKind::Identity,
            Layer::Boundary => PolicyKind::Boundary,
            Layer::Session => PolicyKind::Session,
            Layer::Resource => PolicyKind::Resource,
            Layer::VpcEndpoint => PolicyKind::VpcEndpoint,
            Layer::Scp(_) => PolicyKind::Scp,
            Layer::Rcp(_) => PolicyKind::Rcp,
        }
    }
}

impl PolicyKind {
    /// Every kind, in the order of the declaration.
    pub const ALL: [PolicyKind; 8] = [
        PolicyKind::Identity,
        PolicyKind::Boundary,
        PolicyKind::Session,
        PolicyKind::Resource,
        PolicyKind::Trust,
        PolicyKind::Scp,
        PolicyKind::Rcp,
        PolicyKind::VpcEndpoint,
    ];

    /// The name on the command line: `identity`, `vpc-endpoint` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            PolicyKind::Identity => "identity",
            PolicyKind::Boundary => "boundary",
            PolicyKind::Session => "session",
            PolicyKind::Resource => "resource",
            PolicyKind::Trust => "trust",
            PolicyKind::Scp => "scp",
            PolicyKind::Rcp => "rcp",
            PolicyKind::VpcEndpoint => "vpc-endpoint",
        }
    }

    /// Reads the spelling of [`PolicyKind::as_str`].
    pub fn parse(text: &str) -> Option<PolicyKind> {
        PolicyKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// True if statements of this kind name principals (table 1.4).
    pub fn has_principal(self) -> bool {
        matches!(
            self,
            PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Rcp | PolicyKind::VpcEndpoint
        )
    }

    /// True if a resource ARN of fewer than six parts is completed with `*` parts (`MATCH-23`).
    pub fn completes_short_arns(self) -> bool {
        matches!(
            self,
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Scp
        )
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One policy set of a decision (`EVAL-2`). Organization chains have one set for each level, root
/// first (`SCP-2`, `RCP-2`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// Resource control policies attached at this level of the resource's account.
    Rcp(u8),
    /// Service control policies attached at this level of the caller's account.
    Scp(u8),
    /// The policy of the VPC endpoint that carried the request.
    VpcEndpoint,
    /// The policy of the target resource, or the trust policy of the target role.
    Resource,
    /// The caller's own, group and managed policies.
    Identity,
    /// The caller's permissions boundary.
    Boundary,
    /// The policies passed when the caller's session was made.
    Session,
}

impl Layer {
    /// Levels of an organization chain that a decision can hold: at AWS the root, five levels of
    /// units and the account make seven (`QUO-11`).
    pub const MAX_LEVELS: u8 = 13;
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layer::Rcp(level) => write!(f, "resource control policy (level {level})"),
            Layer::Scp(level) => write!(f, "service control policy (level {level})"),
            Layer::VpcEndpoint => f.write_str("VPC endpoint policy"),
            Layer::Resource => f.write_str("resource-based policy"),
            Layer::Identity => f.write_str("identity-based policy"),
            Layer::Boundary => f.write_str("permissions boundary"),
            Layer::Session => f.write_str("session policy"),
        }
    }
}
