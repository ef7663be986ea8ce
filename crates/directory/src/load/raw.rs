//! Records: what the files say, before anything is put together.
//!
//! A record holds what one value of one file said, with references as they are written. Nothing is
//! resolved, because the other end may come later, and nothing is merged, because a contradiction
//! has to name both locations. Linking consumes the records and leaves none.
//!
//! Records hold symbols and ids of documents instead of strings, since there is one for each user,
//! role and resource, and most of their strings are those of another. Maps are ordered wherever
//! their order reaches the tables: the same folder gives the same file (invariant 6 of
//! `docs/architecture.md`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portcullis_source::Place;

use crate::arn::EntityKind;
use crate::load::path::Location;
use crate::store::ids::{PolicyId, Symbol};

/// Where a record begins: file, line, column, and an element of a list.
///
/// 32 bytes instead of a [`Location`] with strings of its own, because there is one for each record
/// and nearly all are dropped unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourceLoc {
    /// The path from the folder.
    pub(crate) file: Symbol,
    /// Counted from 1, as `IN-2` asks for.
    pub(crate) line: u32,
    /// In code points, counted from 1.
    pub(crate) column: u32,
    /// The member that is the list; empty for the value itself.
    pub(crate) list: &'static str,
    /// The element, counted from 0.
    pub(crate) index: u32,
}

impl SourceLoc {
    /// The location in a file of this name, which the caller looks up: during the load among the
    /// interned strings, later in the tables.
    pub(crate) fn location(self, file: &str) -> Location {
        let position = Place::at(file, self.line as usize, self.column as usize);
        let location = Location::new(position, Vec::new());
        match self.list {
            "" => location,
            list => location.inside(&format!("{list}/{}", self.index)),
        }
    }
}

/// A user or a role of an account dump (`IN-11`, `IN-13`), or a role that a permission set stands
/// for (`SSO-1`).
#[derive(Clone, Debug)]
pub(crate) struct RawPrincipal {
    pub(crate) loc: SourceLoc,
    /// Decides which of the other fields may be there: roles have trust and no groups.
    pub(crate) kind: EntityKind,
    /// `aws`, `aws-cn`, `aws-us-gov`; from its ARN.
    pub(crate) partition: Symbol,
    /// From its ARN; dumps do not say it elsewhere (`IN-16`).
    pub(crate) account: u64,
    /// `/`, or `/a/b/`: what the ARN has between the kind and the name.
    pub(crate) path: Symbol,
    /// As the dump spells it. Unique in the account without regard to case (`IN-17`).
    pub(crate) name: Symbol,
    /// `AIDA…` or `AROA…`, which policies may name instead of the ARN.
    pub(crate) id: Option<Symbol>,
    /// ARNs of managed policies.
    pub(crate) attached: Vec<Symbol>,
    /// Its inline policies. They passed the reader of policies already.
    pub(crate) inline: Vec<PolicyId>,
    /// Names of groups of the same account.
    pub(crate) groups: Vec<Symbol>,
    /// ARN of the managed policy that is the permissions boundary.
    pub(crate) boundary: Option<Symbol>,
    /// As written, perhaps with one name twice.
    pub(crate) tags: Vec<(Symbol, Symbol)>,
    /// None for users, and for a role whose trust policy cannot be read (`GRAM-54`).
    pub(crate) trust: Option<PolicyId>,
    /// `MaxSessionDuration` in seconds. Account dumps do not have it, dumps of single roles do.
    pub(crate) max_session: Option<u32>,
}

/// A group (`IN-12`). Its path and id decide nothing and are not kept.
#[derive(Clone, Debug)]
pub(crate) struct RawGroup {
    pub(crate) loc: SourceLoc,
    /// From its ARN.
    pub(crate) account: u64,
    /// Found by users without regard to case.
    pub(crate) name: Symbol,
    /// ARNs of managed policies.
    pub(crate) attached: Vec<Symbol>,
    /// Its inline policies.
    pub(crate) inline: Vec<PolicyId>,
}

/// The default version of a managed policy (`IN-14`, `IN-15`), or a line of a pack. Other versions
/// are not in force.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawManaged {
    pub(crate) loc: SourceLoc,
    /// The number of its default version; zero in a bundle, which has none.
    pub(crate) version: u32,
    /// Of a dump it was checked; of a pack it is checked when something refers to it.
    pub(crate) policy: PolicyId,
}

/// A dump of one user, group or role: `get-role`, `get-user`, `get-role-policy` and its like.
///
/// An account dump says the same, so that both have to agree (choice R31): the older of the two may
/// allow what the newer takes away.
#[derive(Clone, Debug)]
pub(crate) struct RawEntityDump {
    pub(crate) loc: SourceLoc,
    /// `user`, `group` or `role`. Not an [`EntityKind`], which groups are none of.
    pub(crate) kind: &'static str,
    /// None if neither the dump nor its path says it.
    pub(crate) account: Option<u64>,
    /// As this dump spells it.
    pub(crate) name: Symbol,
    /// What it says; an answer of AWS has one or a few of these.
    pub(crate) fields: Vec<EntityField>,
}

/// One thing that a dump of a single user, group or role says.
#[derive(Clone, Debug)]
pub(crate) enum EntityField {
    /// An inline policy of this name.
    Inline(Symbol, PolicyId),
    /// The trust policy; none if it cannot be read (`GRAM-54`).
    Trust(Option<PolicyId>),
    /// The ARN of the boundary. A dump without one says nothing, since `list-roles` leaves it out.
    Boundary(Symbol),
    /// All its tags, in any order.
    Tags(Vec<(Symbol, Symbol)>),
    /// In seconds; account dumps do not have it.
    MaxSession(u32),
}

/// What one file says about a resource (`IN-40` to `IN-48`). Services tell of one resource in
/// several answers, so that every field but the ARN may be missing; the records are merged when all
/// are there.
#[derive(Clone, Debug)]
pub(crate) struct RawResource {
    pub(crate) loc: SourceLoc,
    /// What the records are merged by, spelled exactly.
    pub(crate) arn: Symbol,
    /// The owner, where the file or its path says it.
    pub(crate) account: Option<u64>,
    /// Checked as a resource policy.
    pub(crate) policy: Option<PolicyId>,
    /// Empty if the file says nothing of tags.
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
    /// A resource of which nothing is known but its ARN.
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
    /// ARN of the key, or its id, which is replaced by the ARN that `describe-key` gives.
    pub(crate) key: Symbol,
    /// The principal that may use the key, as the dump writes it.
    pub(crate) grantee: Symbol,
    /// Operations of KMS such as `Decrypt`, which are names of actions without the service.
    pub(crate) operations: Vec<Symbol>,
    /// Pairs that the encryption context must have.
    pub(crate) subset: Vec<(Symbol, Symbol)>,
    /// Pairs that the encryption context must consist of. An empty list is a constraint; none is
    /// not.
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

/// The policy of a KMS key of which only the id is known: `get-key-policy` does not say the ARN
/// (`IN-41`).
#[derive(Clone, Debug)]
pub(crate) struct RawKeyPolicy {
    pub(crate) loc: SourceLoc,
    /// From the name of the file.
    pub(crate) id: Symbol,
    /// None if it cannot be read (`GRAM-54`).
    pub(crate) policy: Option<PolicyId>,
}

/// The policy of a VPC endpoint (`VPCE-1`). Endpoints without one let everything pass and have no
/// record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawEndpoint {
    pub(crate) loc: SourceLoc,
    /// `vpce-…`, as `aws:SourceVpce` has it.
    pub(crate) id: Symbol,
    pub(crate) policy: PolicyId,
}

/// The two types of control policy. Others of an organization (tags, backups) decide nothing and
/// are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ControlPolicyType {
    /// Limits what principals of member accounts may do (`SCP-1`).
    Scp,
    /// Limits what may be done to resources of member accounts (`RCP-1`).
    Rcp,
}

/// The policy that AWS attaches to everything when service control policies are switched on
/// (`GRAM-57`).
pub(crate) const SCP_FULL_ACCESS: &str = "p-FullAWSAccess";
/// The resource control policy that AWS attaches everywhere, which denies nothing (`GRAM-61`). Its
/// content is an Allow, which no other of them may have, so that it is known by its id and not
/// read.
pub(crate) const RCP_FULL_ACCESS: &str = "p-RCPFullAWSAccess";

/// A service or resource control policy with its content (`IN-27`, `IN-29`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawControlPolicy {
    pub(crate) loc: SourceLoc,
    /// Its type, which the content does not say.
    pub(crate) control: ControlPolicyType,
    pub(crate) policy: PolicyId,
}

/// The root, a unit or an account of an organization.
#[derive(Clone, Debug)]
pub(crate) struct RawNode {
    pub(crate) loc: SourceLoc,
    /// `r-…`, `ou-…` or twelve digits.
    pub(crate) id: Symbol,
    /// None for the root alone: what is listed without a parent has no node
    /// ([`RawOrganization::accounts`]).
    pub(crate) parent: Option<Symbol>,
    /// The path in the record, for messages: many nodes of a tree file share one location.
    pub(crate) path: Symbol,
}

/// A control policy is attached to a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawAttachment {
    pub(crate) loc: SourceLoc,
    /// Id of the root, a unit or an account.
    pub(crate) node: Symbol,
    /// `p-…`, whose content may be in another file.
    pub(crate) policy: Symbol,
    /// Which list names it; none if only the policy knows (`list-targets-for-policy`). One that is
    /// in the list of the other type is an error.
    pub(crate) control: Option<ControlPolicyType>,
}

/// What files say about the organization, in whatever mixture of AWS's answers and our tree file.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawOrganization {
    /// Its id, the management account, and where a file says so; all must be the same.
    pub(crate) ids: Vec<(Symbol, Option<u64>, SourceLoc)>,
    /// In the order of the files; one node may be there twice, if both say the same.
    pub(crate) nodes: Vec<RawNode>,
    /// In the order of the files.
    pub(crate) attachments: Vec<RawAttachment>,
    /// Control policies with content, by id.
    pub(crate) controls: HashMap<Symbol, RawControlPolicy>,
    /// Ids of the policy of AWS that denies nothing (`GRAM-61`), beside the usual one.
    pub(crate) full_rcps: BTreeSet<Symbol>,
    /// Control policies of which a list tells the type, by id; their content is in another file or
    /// missing.
    pub(crate) listed: HashMap<Symbol, (ControlPolicyType, SourceLoc)>,
    /// Control policies of which a dump lists every node that they are attached to (`IN-26`).
    pub(crate) with_targets: BTreeSet<Symbol>,
    /// Nodes of which a file lists all control policies of a type.
    pub(crate) with_policies: BTreeSet<(Symbol, ControlPolicyType)>,
    /// Accounts and units that are listed without a parent. One that no other file gives a parent
    /// is an error, since the control policies above it are not known.
    pub(crate) accounts: Vec<(Symbol, SourceLoc)>,
    /// Whether service control policies are in use, where a file says so (`SCP-6`).
    pub(crate) scp_enabled: Option<bool>,
    /// The same for resource control policies.
    pub(crate) rcp_enabled: Option<bool>,
}

/// What a permission set of Identity Center consists of, as far as files say it (`IN-31`, `IN-32`).
///
/// AWS answers with one part at a time, so that each field has three states: not said, said to be
/// absent, said to be this. Not said must not count as absent: a boundary that no file mentions
/// would be a limit that is lost.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawPermissionSet {
    /// With the location that is shown when no file describes the set.
    pub(crate) arn: Option<(Symbol, SourceLoc)>,
    /// Part of the names of its roles (`SSO-1`).
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

/// The permissions boundary of a permission set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoundaryRef {
    /// A managed policy by its ARN.
    Managed(Symbol),
    /// A policy that each account has of its own, by path and name.
    Customer(Symbol, Symbol),
}

/// A user or group of Identity Center has a permission set in an account (`IN-33`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RawAssignment {
    /// Where the role of the set is or will be.
    pub(crate) account: u64,
    /// The id of the permission set.
    pub(crate) set: Symbol,
    /// Whether the principal is a group, whose members other files list.
    pub(crate) is_group: bool,
    /// The id of the user or group.
    pub(crate) principal: Symbol,
}

/// What files say about Identity Center.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawCenter {
    /// Permission sets by id, `ps-…`.
    pub(crate) sets: BTreeMap<Symbol, RawPermissionSet>,
    /// With the location of the first file that says so.
    pub(crate) assignments: BTreeMap<RawAssignment, SourceLoc>,
    /// Names of users and groups by id, which explanations show.
    pub(crate) names: HashMap<Symbol, Symbol>,
    /// Ids of groups with those of their members, ordered so that a group's members are a range.
    pub(crate) members: BTreeSet<(Symbol, Symbol)>,
}

/// All records of a load.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    /// Permission sets and who has them.
    pub(crate) center: RawCenter,
    /// In the order of the files, which becomes that of the rows.
    pub(crate) principals: Vec<RawPrincipal>,
    /// In the order of the files.
    pub(crate) groups: Vec<RawGroup>,
    /// Managed policies of account dumps, by ARN.
    pub(crate) managed: HashMap<Symbol, RawManaged>,
    /// Managed policies of packs, by ARN; used only if no dump has the policy.
    pub(crate) bundled: HashMap<Symbol, RawManaged>,
    /// Dumps of single users, groups and roles, which are held against the account dumps.
    pub(crate) entity_dumps: Vec<RawEntityDump>,
    /// Several may be about one resource.
    pub(crate) resources: Vec<RawResource>,
    /// Policies of keys, whose ARNs come from elsewhere.
    pub(crate) key_policies: Vec<RawKeyPolicy>,
    /// ARNs of KMS keys by id.
    pub(crate) keys: HashMap<Symbol, Symbol>,
    /// KMS grants.
    pub(crate) grants: Vec<RawGrant>,
    /// Access control lists of buckets, of which most are not in force.
    pub(crate) acls: Vec<RawAcl>,
    /// Buckets whose access control lists are in force: by default they are not (`S3-1`).
    pub(crate) buckets_with_acls: BTreeSet<Symbol>,
    /// Buckets whose lists say nothing of the public, by ARN (`IgnorePublicAcls`, `S3-4`).
    pub(crate) buckets_without_public_acls: BTreeSet<Symbol>,
    /// Accounts for all of whose buckets that holds.
    pub(crate) accounts_without_public_acls: BTreeSet<u64>,
    /// Policies of VPC endpoints.
    pub(crate) endpoints: Vec<RawEndpoint>,
    /// Buckets by name with `RestrictPublicBuckets`, and the owner if a file says it.
    pub(crate) restricted_buckets: BTreeMap<String, (SourceLoc, Option<u64>)>,
    /// Accounts whose `RestrictPublicBuckets` is in force for all their buckets.
    pub(crate) restricted_accounts: Vec<u64>,
    /// Accounts of roles that are proposed and of which there need not be a dump.
    pub(crate) proposed_accounts: BTreeSet<u64>,
    /// Accounts that a dump was read of.
    pub(crate) dumped: BTreeSet<u64>,
    /// The tree and its control policies.
    pub(crate) organization: RawOrganization,
    /// Whether the last page of an account's dump said that there are more (`IN-5`), and where.
    /// Later pages overwrite earlier ones, since files are read in order.
    pub(crate) truncated: BTreeMap<u64, (bool, SourceLoc)>,
    /// Other answers of which the last page in a file says that there are more, by form and file.
    pub(crate) unfinished: BTreeMap<(&'static str, Symbol), SourceLoc>,
}
