//! What is known of a decision beside its policies: who asks, whose the resource is, and how the policies that decide
//! came to apply. Directories know it; a host that has it may fill it in too.

use portcullis_model::Layer;

/// Where everything in a decision comes from.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Who asks.
    pub caller: CallerStory,
    /// What is asked for.
    pub target: TargetStory,
    /// The policy sets that the directory and the request bring, in no particular order. A set that is
    /// not here is absent (`EVAL-4`).
    pub layers: Vec<LayerStory>,
    /// The context keys that follow from the directory, with their values.
    pub added: Vec<(String, Vec<String>)>,
}

/// An account, as far as it matters to a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountStory {
    /// Its twelve digits.
    pub number: String,
    /// Its place, `o-…/r-…/ou-…/`; none outside of the organization.
    pub path: Option<String>,
    /// It manages the organization, so that no control policy holds for it (`SCP-3`, `RCP-3`).
    pub is_management: bool,
    /// Its users and roles are in the directory.
    pub is_dumped: bool,
}

/// The caller, as the directory knows it.
#[derive(Clone, Debug, Default)]
pub struct CallerStory {
    /// The user or role whose policies are the identity policies, by its ARN.
    pub entity: Option<String>,
    /// The user's or role's unique id.
    pub id: Option<String>,
    /// Its account, if the directory has it.
    pub account: Option<AccountStory>,
    /// The groups that a user is in; unknown of a directory that is an image, or was read for
    /// decisions alone.
    pub groups: Option<Vec<String>>,
}

/// The target, as the directory knows it.
#[derive(Clone, Debug, Default)]
pub struct TargetStory {
    /// The owner's account, if the directory has it.
    pub owner: Option<AccountStory>,
    /// The owner is taken to be the caller's account, because nothing says another (`EVAL-12`).
    pub is_assumed: bool,
    /// The grants of the target that allow the request, and those that lack one thing to do so
    /// (`KMS-8`, `S3-2`).
    pub grants: Vec<GrantStory>,
}

/// A grant of a key, or an entry of a bucket's access control list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantStory {
    /// Its id, if the directory has it.
    pub id: Option<String>,
    /// Whom it is for.
    pub grantee: String,
    /// What it allows.
    pub operations: Vec<String>,
    /// The pairs that the encryption context must have.
    pub context: Vec<(String, String)>,
    /// What keeps it from allowing the request; none if it allows it.
    pub miss: Option<GrantMiss>,
}

/// What keeps a grant from allowing a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantMiss {
    /// It is for somebody else.
    Grantee,
    /// It is for other operations.
    Operation,
    /// The encryption context is another.
    EncryptionContext,
}

/// One policy set.
#[derive(Clone, Debug)]
pub struct LayerStory {
    /// The set.
    pub layer: Layer,
    /// What it is attached to.
    pub source: Source,
    /// Its policies; unknown of a directory that is an image.
    pub policies: Option<Vec<Applied>>,
}

/// What a policy set is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A user or role, by its ARN.
    Entity(String),
    /// A role's trust policy.
    Trust(String),
    /// A resource that has the policy: the target, or what the target is a part of.
    Resource(String),
    /// The organization's root, by its id.
    Root(String),
    /// An organizational unit, by its id.
    Unit(String),
    /// An account.
    Account(String),
    /// A VPC endpoint, by its id.
    Endpoint(String),
    /// The request brought it.
    Request,
}

/// A policy of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its name, which is its ARN if it is a managed policy.
    pub name: String,
    /// The file, and the path in it; empty if the request brought it.
    pub place: String,
    /// The path in the file's JSON value, where `place` is line and column of the file.
    pub path: String,
    /// How it came to apply: perhaps in several ways. Empty where the set alone says it.
    pub attached: Vec<Attached>,
}

/// How a user or role came to have a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attached {
    /// It is an inline policy.
    Inline,
    /// It is attached.
    Managed,
    /// It is an inline policy of this group.
    GroupInline(String),
    /// It is attached to this group.
    GroupManaged(String),
}
