//! The rows of the tables: users and roles, resources, grants, and who has roles of Identity
//! Center.
//!
//! Rows are plain data of ids, a few words each, `Copy` and comparable, so that writing a file and
//! comparing an update need no code for each string. What a row refers to is in the tables
//! ([`crate::store::tables::Tables`]).
//!
//! A field that is added here is added to the file too ([`crate::store::snapshot`]) and moved by
//! updates ([`crate::store::delta`]). Both take rows apart field by field, so that the compiler
//! finds those places.

use crate::arn::EntityKind;
use crate::store::ids::{AccountIdx, PrincipalIdx, RowRange, SetsId, Symbol};

/// A user or a role. Groups are gone when tables are made: their policies are among those of their
/// members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PrincipalRow {
    /// The account that it belongs to.
    pub(crate) account: AccountIdx,
    /// User or role.
    pub(crate) kind: EntityKind,
    /// Its path is the one that AWS keeps for service-linked roles, which control policies do not
    /// limit (`EVAL-54`).
    pub(crate) is_service_linked: bool,
    /// Of its ARN.
    pub(crate) partition: Symbol,
    /// Of its ARN, with slashes at both ends.
    pub(crate) path: Symbol,
    /// As the dump spells it; found in any case (`IN-17`).
    pub(crate) name: Symbol,
    /// `AIDA…` or `AROA…`; may be absent.
    pub(crate) id: Symbol,
    /// Its own policies, attached ones, and those of its groups (`EVAL-2`).
    pub(crate) identity: SetsId,
    /// The permissions boundary; absent if it has none. One that is present and empty allows
    /// nothing.
    pub(crate) boundary: SetsId,
    /// The trust policy of a role; absent for users, and where it cannot be read.
    pub(crate) trust: SetsId,
    /// Its tags, among the pairs.
    pub(crate) tags: RowRange,
    /// In seconds; 3600 if no dump says otherwise.
    pub(crate) max_session: u32,
}

/// The parts of the ARN of a user or role, as ids: enough to find one, compare it, or write its ARN
/// down. Part of a row, since decisions keep it where they need it
/// ([`Entities`](crate::store::tables::Entities)).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entity {
    /// See [`PrincipalRow`], as for the others.
    pub(crate) account: AccountIdx,
    pub(crate) kind: EntityKind,
    /// See [`PrincipalRow`].
    pub(crate) is_service_linked: bool,
    pub(crate) partition: Symbol,
    pub(crate) path: Symbol,
    pub(crate) name: Symbol,
}

impl PrincipalRow {
    /// What its ARN says.
    pub(crate) fn entity(&self) -> Entity {
        Entity {
            account: self.account,
            kind: self.kind,
            is_service_linked: self.is_service_linked,
            partition: self.partition,
            path: self.path,
            name: self.name,
        }
    }
}

/// Something with a policy, an owner or tags; found by its ARN, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResourceRow {
    /// What it is found by: an ARN, or the key of a whole ([`crate::store::policy_scope`]).
    pub(crate) arn: Symbol,
    /// The owner; absent if it is not known.
    pub(crate) account: AccountIdx,
    /// Its resource policy; absent if it has none that can be read.
    pub(crate) policy: SetsId,
    /// Its tags, among the pairs.
    pub(crate) tags: RowRange,
    /// Grants of a key, or entries of a bucket's access control list.
    pub(crate) grants: RowRange,
    /// `RestrictPublicBuckets` is in force for it (`S3-4`).
    pub(crate) restricts_public: bool,
    /// The ARN of the bucket behind an access point (`S3-6`), or absent.
    pub(crate) bucket: Symbol,
    /// A bucket whose tags are those of the resource in requests for it and its objects (`S3-8`).
    pub(crate) has_abac: bool,
    /// It has a policy that cannot be read (`GRAM-54`): nothing is allowed.
    pub(crate) is_unreadable: bool,
    /// A row by which the policy of another is found ([`crate::store::policy_scope`]), not
    /// something with this ARN: listings of resources leave it out.
    pub(crate) is_scope_entry: bool,
}

impl ResourceRow {
    /// A resource of which nothing is known but its ARN.
    pub(crate) fn new(arn: Symbol) -> ResourceRow {
        ResourceRow {
            arn,
            account: AccountIdx::NONE,
            policy: SetsId::NONE,
            tags: RowRange::default(),
            grants: RowRange::default(),
            restricts_public: false,
            bucket: Symbol::NONE,
            has_abac: false,
            is_unreadable: false,
            is_scope_entry: false,
        }
    }

    /// It has a policy, whether that can be read or not.
    pub(crate) fn has_policy(&self) -> bool {
        self.policy.is_some() || self.is_unreadable
    }
}

/// A KMS grant (`KMS-8`), or an entry of an access control list of S3 in the same words (`S3-2`).
/// Grants only allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// What explanations call it; may be absent.
    pub(crate) id: Symbol,
    /// Whom it is for, as the dump says.
    pub(crate) grantee: Symbol,
    /// Operations: pairs of which the first is the name.
    pub(crate) operations: RowRange,
    /// Pairs that the encryption context must have.
    pub(crate) subset: RowRange,
    /// Pairs that it must have, and if `is_exact` no others.
    pub(crate) equals: RowRange,
    /// The encryption context must be that of `equals`.
    pub(crate) is_exact: bool,
}

/// Who has a role of Identity Center (`SSO-1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// The role.
    pub(crate) principal: PrincipalIdx,
    /// The name of the user; absent if no member of the group is known.
    pub(crate) user: Symbol,
    /// The name of the group by which it is so; absent if it is by no group.
    pub(crate) group: Symbol,
}

/// The grantee of access control lists that stands for everyone, with or without an account.
pub(crate) const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
/// The grantee that stands for everyone who has an account of AWS, whichever.
pub(crate) const AUTHENTICATED_USERS: &str =
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
