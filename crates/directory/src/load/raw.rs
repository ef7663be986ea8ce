//! What the files say, before anything is put together.
//!
//! A record here is what one value of one file said, with references as they are written. Nothing is resolved, because what
//! it refers to may come later, and nothing is merged, because a contradiction has to name both places. Linking consumes
//! the records.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portcullis_source::Place;

use crate::arn::EntityKind;
use crate::load::path::Location;
use crate::store::ids::{PolicyId, Symbol};

/// Where something stands: a file, the line of the record in it, and an element of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourceLoc {
    pub(crate) file: Symbol,
    /// The line, from 1.
    pub(crate) line: u32,
    /// The character of the line, from 1.
    pub(crate) column: u32,
    /// The member that is the list; empty if it is the record itself.
    pub(crate) list: &'static str,
    pub(crate) index: u32,
}

impl SourceLoc {
    /// The place in a file of this name.
    pub(crate) fn location(self, file: &str) -> Location {
        let position = Place::at(file, self.line as usize, self.column as usize);
        let location = Location::new(position, Vec::new());
        match self.list {
            "" => location,
            list => location.inside(&format!("{list}/{}", self.index)),
        }
    }
}

/// A user or a role (`IN-11`, `IN-13`).
#[derive(Clone, Debug)]
pub(crate) struct RawPrincipal {
    pub(crate) loc: SourceLoc,
    pub(crate) kind: EntityKind,
    pub(crate) partition: Symbol,
    pub(crate) account: u64,
    /// `/`, or `/a/b/`.
    pub(crate) path: Symbol,
    pub(crate) name: Symbol,
    pub(crate) id: Option<Symbol>,
    /// ARNs of managed policies.
    pub(crate) attached: Vec<Symbol>,
    pub(crate) inline: Vec<PolicyId>,
    /// Names of groups.
    pub(crate) groups: Vec<Symbol>,
    /// ARN of a managed policy.
    pub(crate) boundary: Option<Symbol>,
    pub(crate) tags: Vec<(Symbol, Symbol)>,
    pub(crate) trust: Option<PolicyId>,
    /// `MaxSessionDuration` in seconds, where a dump has it.
    pub(crate) max_session: Option<u32>,
}

/// A group (`IN-12`).
#[derive(Clone, Debug)]
pub(crate) struct RawGroup {
    pub(crate) loc: SourceLoc,
    pub(crate) account: u64,
    pub(crate) name: Symbol,
    pub(crate) attached: Vec<Symbol>,
    pub(crate) inline: Vec<PolicyId>,
}

/// A managed policy (`IN-14`), or a line of a bundle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawManaged {
    pub(crate) loc: SourceLoc,
    /// The number of its default version; zero in a bundle, which has none.
    pub(crate) version: u32,
    pub(crate) policy: PolicyId,
}

/// What a dump of one user, group or role says of it (`get-role`, `get-user`, `get-role-policy` and its like). An
/// account dump says the same, so that both have to agree.
#[derive(Clone, Debug)]
pub(crate) struct RawEntityDump {
    pub(crate) loc: SourceLoc,
    /// `user`, `group` or `role`.
    pub(crate) kind: &'static str,
    /// None if neither the dump nor its path says it.
    pub(crate) account: Option<u64>,
    pub(crate) name: Symbol,
    pub(crate) fields: Vec<EntityField>,
}

/// One thing that is said of a user, group or role.
#[derive(Clone, Debug)]
pub(crate) enum EntityField {
    /// An inline policy of this name.
    Inline(Symbol, PolicyId),
    /// The trust policy; none if it cannot be read (`GRAM-54`).
    Trust(Option<PolicyId>),
    Boundary(Symbol),
    Tags(Vec<(Symbol, Symbol)>),
    /// In seconds; account dumps do not have it.
    MaxSession(u32),
}

/// What is known of a resource from one place (`IN-40` to `IN-48`).
#[derive(Clone, Debug)]
pub(crate) struct RawResource {
    pub(crate) loc: SourceLoc,
    pub(crate) arn: Symbol,
    pub(crate) account: Option<u64>,
    pub(crate) policy: Option<PolicyId>,
    pub(crate) tags: Vec<(Symbol, Symbol)>,
    /// `RestrictPublicBuckets` (`S3-4`).
    pub(crate) restrict_public: Option<bool>,
    /// The bucket behind an access point, by its ARN or its name, and the account that owns it (`S3-6`).
    pub(crate) bucket: Option<(Symbol, Option<u64>)>,
    /// Whether a bucket's tags are those of the resource in requests (`S3-8`).
    pub(crate) abac: Option<bool>,
    /// Its policy cannot be read (`GRAM-54`).
    pub(crate) is_unreadable: bool,
}

impl RawResource {
    /// Of which nothing is known but its ARN.
    pub(crate) fn new(loc: SourceLoc, arn: Symbol) -> RawResource {
        RawResource {
            loc,
            arn,
            account: None,
            policy: None,
            tags: Vec::new(),
            restrict_public: None,
            bucket: None,
            abac: None,
            is_unreadable: false,
        }
    }
}

/// A KMS grant (`KMS-8`).
#[derive(Clone, Debug)]
pub(crate) struct RawGrant {
    pub(crate) loc: SourceLoc,
    /// Its id, by which it is revoked.
    pub(crate) id: Option<Symbol>,
    /// ARN of the key, or its id.
    pub(crate) key: Symbol,
    pub(crate) grantee: Symbol,
    pub(crate) operations: Vec<Symbol>,
    /// Pairs that the encryption context must have.
    pub(crate) subset: Vec<(Symbol, Symbol)>,
    /// Pairs that the encryption context must be, if it is limited so.
    pub(crate) equals: Option<Vec<(Symbol, Symbol)>>,
}

/// The access control list of a bucket (`S3-2`).
#[derive(Clone, Debug)]
pub(crate) struct RawAcl {
    pub(crate) loc: SourceLoc,
    /// The bucket's ARN.
    pub(crate) bucket: Symbol,
    /// The canonical id of the bucket's account.
    pub(crate) owner: Option<Symbol>,
    /// Canonical ids and groups, with the actions that they may do.
    pub(crate) grants: Vec<(Symbol, Vec<Symbol>)>,
}

/// A key of which only the id is known.
#[derive(Clone, Debug)]
pub(crate) struct RawKeyPolicy {
    pub(crate) loc: SourceLoc,
    pub(crate) id: Symbol,
    /// None if it cannot be read (`GRAM-54`).
    pub(crate) policy: Option<PolicyId>,
}

/// A VPC endpoint's policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawEndpoint {
    pub(crate) loc: SourceLoc,
    pub(crate) id: Symbol,
    pub(crate) policy: PolicyId,
}

/// The kinds of control policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ControlPolicyType {
    Scp,
    Rcp,
}

/// The policy that AWS attaches to everything when service control policies are switched on
/// (`GRAM-57`).
pub(crate) const SCP_FULL_ACCESS: &str = "p-FullAWSAccess";
/// Its like among resource control policies, which denies nothing (`GRAM-61`). Its content is an Allow,
/// which no other of them may have.
pub(crate) const RCP_FULL_ACCESS: &str = "p-RCPFullAWSAccess";

/// A service or resource control policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawControlPolicy {
    pub(crate) loc: SourceLoc,
    pub(crate) control: ControlPolicyType,
    pub(crate) policy: PolicyId,
}

/// The root, a unit or an account of an organization.
#[derive(Clone, Debug)]
pub(crate) struct RawNode {
    pub(crate) loc: SourceLoc,
    /// `r-…`, `ou-…` or twelve digits.
    pub(crate) id: Symbol,
    pub(crate) parent: Option<Symbol>,
    /// Where in the record it stands.
    pub(crate) path: Symbol,
}

/// A control policy is attached to a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawAttachment {
    pub(crate) loc: SourceLoc,
    pub(crate) node: Symbol,
    pub(crate) policy: Symbol,
    /// Which list it stands in; none if only the policy knows.
    pub(crate) control: Option<ControlPolicyType>,
}

/// What is said of the organization.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawOrganization {
    /// Its id, the management account, and where that is said.
    pub(crate) ids: Vec<(Symbol, Option<u64>, SourceLoc)>,
    pub(crate) nodes: Vec<RawNode>,
    pub(crate) attachments: Vec<RawAttachment>,
    pub(crate) controls: HashMap<Symbol, RawControlPolicy>,
    /// Ids of the policy of AWS that denies nothing (`GRAM-61`), beside the usual one.
    pub(crate) full_rcps: BTreeSet<Symbol>,
    /// Control policies by id whose kind a list tells but whose content is elsewhere.
    pub(crate) listed: HashMap<Symbol, (ControlPolicyType, SourceLoc)>,
    /// Control policies of which a dump says everything that they are attached to.
    pub(crate) with_targets: BTreeSet<Symbol>,
    /// Nodes of which a file says all control policies of a kind.
    pub(crate) with_policies: BTreeSet<(Symbol, ControlPolicyType)>,
    /// Accounts that are listed without a parent.
    pub(crate) accounts: Vec<(Symbol, SourceLoc)>,
    /// Whether a kind of control policy is in use, where that is said (`SCP-6`).
    pub(crate) scp_enabled: Option<bool>,
    pub(crate) rcp_enabled: Option<bool>,
}

/// What a permission set of Identity Center consists of, as far as files say it (`IN-31`, `IN-32`).
#[derive(Clone, Debug, Default)]
pub(crate) struct RawPermissionSet {
    pub(crate) arn: Option<(Symbol, SourceLoc)>,
    pub(crate) name: Option<(Symbol, SourceLoc)>,
    /// The inline policy, or that there is none.
    pub(crate) inline: Option<Option<PolicyId>>,
    /// ARNs of managed policies of AWS.
    pub(crate) managed: Option<Vec<Symbol>>,
    /// Policies that each account has of its own, by path and name.
    pub(crate) customer: Option<Vec<(Symbol, Symbol)>>,
    /// The boundary, or that there is none.
    pub(crate) boundary: Option<Option<BoundaryRef>>,
}

/// The boundary of a permission set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoundaryRef {
    /// A managed policy by its ARN.
    Managed(Symbol),
    /// A policy that each account has of its own, by path and name.
    Customer(Symbol, Symbol),
}

/// Somebody has a permission set in an account (`IN-33`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RawAssignment {
    pub(crate) account: u64,
    /// The id of the permission set.
    pub(crate) set: Symbol,
    pub(crate) is_group: bool,
    /// The id of the user or group.
    pub(crate) principal: Symbol,
}

/// What is said of Identity Center.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawCenter {
    /// By id, `ps-…`.
    pub(crate) sets: BTreeMap<Symbol, RawPermissionSet>,
    pub(crate) assignments: BTreeMap<RawAssignment, SourceLoc>,
    /// Symbols of users and groups by id.
    pub(crate) names: HashMap<Symbol, Symbol>,
    /// Ids of groups with those of their members.
    pub(crate) members: BTreeSet<(Symbol, Symbol)>,
}

/// All that the files say.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    pub(crate) center: RawCenter,
    pub(crate) principals: Vec<RawPrincipal>,
    pub(crate) groups: Vec<RawGroup>,
    /// By ARN: from account dumps.
    pub(crate) managed: HashMap<Symbol, RawManaged>,
    /// By ARN: from bundles.
    pub(crate) bundled: HashMap<Symbol, RawManaged>,
    pub(crate) entity_dumps: Vec<RawEntityDump>,
    pub(crate) resources: Vec<RawResource>,
    pub(crate) key_policies: Vec<RawKeyPolicy>,
    /// ARNs of keys by id.
    pub(crate) keys: HashMap<Symbol, Symbol>,
    pub(crate) grants: Vec<RawGrant>,
    pub(crate) acls: Vec<RawAcl>,
    /// Buckets whose lists decide: by default they do not (`S3-1`).
    pub(crate) buckets_with_acls: BTreeSet<Symbol>,
    /// Buckets and accounts whose lists say nothing of the public (`S3-4`).
    pub(crate) buckets_without_public_acls: BTreeSet<Symbol>,
    pub(crate) accounts_without_public_acls: BTreeSet<u64>,
    pub(crate) endpoints: Vec<RawEndpoint>,
    /// Buckets by name with `RestrictPublicBuckets`, and the owner if a file says it.
    pub(crate) restricted_buckets: BTreeMap<String, (SourceLoc, Option<u64>)>,
    /// Accounts whose `RestrictPublicBuckets` is in force for all their buckets.
    pub(crate) restricted_accounts: Vec<u64>,
    /// Accounts that a dump was read of.
    pub(crate) dumped: BTreeSet<u64>,
    pub(crate) organization: RawOrganization,
    /// Whether the last page of an account's dump said that there are more (`IN-5`), and where.
    pub(crate) truncated: BTreeMap<u64, (bool, SourceLoc)>,
    /// Other dumps of which the last page in a file says that there are more, by kind and file.
    pub(crate) unfinished: BTreeMap<(&'static str, Symbol), SourceLoc>,
}
