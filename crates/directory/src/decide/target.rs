//! The target of a request: whose it is, and which policy, tags and grants it has.
//!
//! First what the directory has for an ARN, whoever asks ([`LocatedTarget`]): this can be resolved beforehand. Then what follows for
//! a caller and an action ([`ResolvedTarget`]): an owner that nobody states is the caller's account (`EVAL-12`), and a role's trust
//! policy counts for STS alone (`TRUST-1`).
//!
//! A part has the policy of its whole (`MATCH-36`, [`crate::store::policy_scope`]). A name that stands for another resource, such
//! as an alias, is never guessed: nothing is allowed on it, and a note says so.
//!
//! Locating takes at most two look-ups of a resource and one of a principal, each a hash and mostly one comparison.

use portcullis_model::{Request, access_point_of, is_account_id, split_arn};

use crate::arn::{EntityKind, entity_of, is_object, is_of_bucket};
use crate::plan::action::is_sts;
use crate::store::accounts::Account;
use crate::store::ids::{AccountIdx, ResourceIdx, RowRange, SetsId, Symbol};
use crate::store::policy_scope::{OtherName, other_name, part_of};
use crate::store::tables::{ResourceRow, Tables};

/// What the directory knows of a target, whoever asks and for what: ids and flags, to be kept in handles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocatedTarget {
    /// Whose it is, and how that is known.
    owner: Owner,
    /// The owner, where the directory alone knows it.
    stated: Option<AccountIdx>,
    /// The resource policy that is consulted for it; absent if there is none.
    policy: SetsId,
    /// The trust policy, of a role.
    trust: SetsId,
    /// The target is a user or role of the directory.
    is_principal: bool,
    /// What the ARN is that of, if of a user or role, whether the directory has it or not.
    entity: Option<EntityKind>,
    /// Those that have the keys of resource tags.
    tags: RowRange,
    /// The tags of an object of S3, which have keys of their own (`S3-8`).
    object_tags: RowRange,
    /// Of the target itself, or of what it is a part of.
    grants: RowRange,
    /// `RestrictPublicBuckets` is in force for the bucket (`S3-4`).
    restricts_public: bool,
    /// The bucket behind an access point, by its ARN, if it is known (`S3-6`).
    bucket: Option<Symbol>,
    /// The target is an access point, or something that one leads to.
    is_access_point: bool,
    /// It is a name that policies are not found by.
    other_name: Option<OtherName>,
    /// The policy cannot be read, so nothing is allowed (`GRAM-54`).
    is_unreadable: bool,
}

/// Whose a target is (`EVAL-12`, `EVAL-13`).
#[derive(Clone, Copy, Debug)]
enum Owner {
    /// An account of the directory.
    Known(AccountIdx),
    /// An account that the directory does not have.
    Stranger,
    /// Nothing says so: the caller's, as an assumption.
    Assumed,
}

/// What is known of a target for a caller and an action. Copied; it refers to rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResolvedTarget<'d> {
    /// Its owner's account, if the directory has that.
    pub(crate) owner: Option<&'d Account>,
    /// The owner is an assumption (`EVAL-12`).
    pub(crate) is_assumed: bool,
    /// The target is a user or role.
    pub(crate) is_entity: bool,
    /// The target is a role that is to be assumed.
    pub(crate) is_role_of_sts: bool,
    /// The resource policy, or for STS the trust policy of a role.
    pub(crate) policy: SetsId,
    /// Tags of the resource, as pairs.
    pub(crate) tags: RowRange,
    /// See [`LocatedTarget`].
    pub(crate) object_tags: RowRange,
    /// Grants of a key, or entries of an access control list.
    pub(crate) grants: RowRange,
    /// In force for the bucket, or for all of its owner's (`S3-4`).
    pub(crate) restricts_public: bool,
}

/// What the directory has for a resource (`MATCH-36`): the row of its ARN and that of its whole, of which either may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listed<'t> {
    /// The resource itself.
    exact: Option<&'t ResourceRow>,
    /// What it is a part of.
    whole: Option<&'t ResourceRow>,
    /// It may have a policy of its own beside that of the whole.
    may_have_own: bool,
}

impl<'t> Listed<'t> {
    /// The entry whose policy is consulted.
    pub(crate) fn with_policy(&self) -> Option<&'t ResourceRow> {
        let with_policy = |entry: &&ResourceRow| entry.has_policy();
        let (exact, whole) = (
            self.exact.filter(with_policy),
            self.whole.filter(with_policy),
        );
        match self.may_have_own {
            true => exact.or(whole),
            false => whole.or(exact),
        }
    }

    /// The entry to name where a policy is looked for.
    pub(crate) fn named(&self) -> Option<&'t ResourceRow> {
        self.with_policy().or(self.whole).or(self.exact)
    }

    /// What is found of the resource itself, else of what it is a part of.
    fn first<T>(&self, of: impl Fn(&'t ResourceRow) -> Option<T>) -> Option<T> {
        self.exact
            .and_then(&of)
            .or_else(|| self.whole.and_then(&of))
    }
}

impl LocatedTarget {
    /// A decision takes more than policies and keys: the bucket behind an access point, or a policy that cannot
    /// be read or found.
    #[inline]
    pub(crate) fn is_special(&self) -> bool {
        self.is_access_point || self.is_unreadable || self.other_name.is_some()
    }

    /// The policy of what the target stands for was not found by this name, so nothing is allowed.
    pub(crate) fn is_renamed(&self, action: &str) -> bool {
        self.other_name
            .is_some_and(|name| name.stands_for_another(action))
    }

    /// The policy cannot be read, so nothing is allowed (`GRAM-54`).
    pub(crate) fn is_unreadable(&self) -> bool {
        self.is_unreadable
    }

    /// The bucket behind an access point, by its ARN, if it is known (`S3-6`).
    pub(crate) fn bucket(&self) -> Option<Symbol> {
        self.bucket
    }

    /// True if the target is that of an account of the directory, or nothing says whose it is (`EVAL-12`).
    #[inline]
    pub(crate) fn is_of(&self, account: AccountIdx) -> bool {
        match self.owner {
            Owner::Known(owner) => owner == account,
            Owner::Stranger => false,
            Owner::Assumed => true,
        }
    }

    /// The resource's policy, if it has one.
    pub(crate) fn policy(&self) -> SetsId {
        self.policy
    }

    /// Nothing says whose it is.
    #[inline]
    pub(crate) fn is_assumed(&self) -> bool {
        matches!(self.owner, Owner::Assumed)
    }
}

impl<'d> ResolvedTarget<'d> {
    /// The owner, if the directory has it: never an assumption (`EVAL-12`).
    #[inline]
    pub(crate) fn known_owner(&self) -> Option<&'d Account> {
        self.owner.filter(|_| !self.is_assumed)
    }
}

/// Finds a target by its ARN and what [`split_arn`] gives for it; the request may say who owns it. Every text can be located:
/// one that the directory has nothing for has no policy, no tags, and an owner if its ARN says one.
pub(crate) fn locate(
    tables: &Tables,
    arn: &str,
    parts: Option<[&str; 6]>,
    account: Option<&str>,
) -> LocatedTarget {
    let mut located = LocatedTarget {
        owner: Owner::Assumed,
        stated: None,
        policy: SetsId::NONE,
        trust: SetsId::NONE,
        is_principal: false,
        entity: None,
        tags: RowRange::default(),
        object_tags: RowRange::default(),
        grants: RowRange::default(),
        restricts_public: false,
        bucket: None,
        is_access_point: false,
        other_name: other_name(arn, parts),
        is_unreadable: false,
    };
    let listed = listed(tables, arn, parts);
    if let Some(resource) = listed.with_policy() {
        located.policy = resource.policy;
        located.is_unreadable = resource.is_unreadable;
    }
    located.grants = listed
        .first(|entry| entry.grants.some())
        .unwrap_or_default();
    let restricts = |entry: &ResourceRow| entry.restricts_public.then_some(true);
    located.restricts_public = listed.first(restricts).is_some();
    let tags = listed.exact.map_or(RowRange::default(), |entry| entry.tags);
    match parts.filter(|parts| is_of_bucket(*parts)) {
        // S3-8.
        Some(parts) => {
            let bucket = listed.whole.or(listed.exact).filter(|entry| entry.has_abac);
            located.tags = bucket.map_or(RowRange::default(), |entry| entry.tags);
            if is_object(parts) {
                located.object_tags = tags;
            }
        }
        None => located.tags = tags,
    }
    if parts.is_some_and(|parts| access_point_of(arn, parts).is_some()) {
        located.is_access_point = true;
        let bucket = listed.first(|entry| entry.bucket.some());
        located.bucket = bucket;
    }
    if let Some((kind, digits, name)) = parts.and_then(entity_of) {
        located.entity = Some(kind);
        let found = tables
            .accounts()
            .find_digits(digits)
            .and_then(|account| tables.find_principal(account, kind, name))
            .filter(|found| parts.is_some_and(|parts| tables.has_arn(found.entity(), parts)));
        if let Some(found) = found {
            located.is_principal = true;
            located.tags = found.tags;
            located.trust = found.trust;
        }
    }
    let owner = listed.first(|entry| tables.account(entry.account).map(|_| entry.account));
    find_owner(tables, arn, account, parts, owner, &mut located);
    located
}

/// The account that owns a target, which the request leaves open and the directory knows.
pub(crate) fn stated_owner<'d>(tables: &'d Tables, located: &LocatedTarget) -> Option<&'d str> {
    located
        .stated
        .map(|account| tables.accounts().digits(account))
}

/// `EVAL-12`, `EVAL-13`.
fn find_owner(
    tables: &Tables,
    arn: &str,
    account: Option<&str>,
    parts: Option<[&str; 6]>,
    listed: Option<AccountIdx>,
    located: &mut LocatedTarget,
) {
    let known = |digits| tables.accounts().find_digits(digits).map(Owner::Known);
    if let Some(account) = account {
        located.owner = known(account).unwrap_or(Owner::Stranger);
        return;
    }
    if arn == "*" {
        return;
    }
    let digits = parts.map_or("", |[.., account, _]| account);
    if !digits.is_empty() {
        let stranger = || is_account_id(digits).then_some(Owner::Stranger);
        if let Some(owner) = known(digits).or_else(stranger) {
            located.owner = owner;
            return;
        }
    }
    if let Some(index) = listed {
        located.owner = Owner::Known(index);
        located.stated = Some(index);
    }
}

/// The target of a request.
pub(crate) fn target_of<'d>(
    tables: &'d Tables,
    request: &Request<'_>,
    caller: Option<&'d Account>,
) -> ResolvedTarget<'d> {
    let located = locate(
        tables,
        request.resource,
        split_arn(request.resource),
        request.resource_account,
    );
    target_for(tables, &located, is_sts(request.action), caller)
}

/// What a target is to a caller who does something of STS to it, or not.
#[inline(always)]
pub(crate) fn target_for<'d>(
    tables: &'d Tables,
    located: &LocatedTarget,
    is_sts: bool,
    caller: Option<&'d Account>,
) -> ResolvedTarget<'d> {
    let is_assumed = located.is_assumed();
    let owner = match located.owner {
        Owner::Known(index) => tables.account(index),
        Owner::Stranger => None,
        Owner::Assumed => caller,
    };
    // A trust policy says who may assume the role, nothing else (TRUST-1).
    let policy = match located.is_principal && is_sts {
        true => located.trust,
        false => located.policy,
    };
    let restricts_all = owner.is_some_and(|owner| owner.restricts_public && !is_assumed);
    ResolvedTarget {
        owner,
        is_assumed,
        is_entity: located.entity.is_some(),
        is_role_of_sts: is_sts && located.entity == Some(EntityKind::Role),
        policy,
        tags: located.tags,
        object_tags: located.object_tags,
        grants: located.grants,
        restricts_public: located.restricts_public || restricts_all,
    }
}

/// What the directory has for a resource: a part has the policy of the whole (`MATCH-36`).
pub(crate) fn listed<'d>(
    tables: &'d Tables,
    resource: &str,
    parts: Option<[&str; 6]>,
) -> Listed<'d> {
    let part = parts.and_then(|parts| part_of(resource, parts));
    let exact = match part.is_some() && is_never_listed(tables, parts) {
        true => None,
        false => tables.find_resource(resource),
    };
    Listed {
        exact,
        whole: part.and_then(|part| tables.find_resource(part.key)),
        may_have_own: part.is_some_and(|part| part.may_have_own),
    }
}

/// Resources with a policy of which a resource would be a part by its ARN, but whose policy is not consulted for
/// it (`MATCH-36`). For notes: whoever wrote such a policy may expect it to count.
pub(crate) fn unconsulted<'d>(tables: &'d Tables, resource: &str) -> Vec<&'d str> {
    let Some(parts) = split_arn(resource) else {
        return Vec::new();
    };
    let consulted = listed(tables, resource, Some(parts)).with_policy();
    let [.., tail] = parts;
    let start = resource.len() - tail.len();
    let ends = tail.match_indices(['/', ':']).map(|(at, _)| start + at);
    let ends = ends.chain([resource.len()]);
    let starts = ends.filter_map(|end| resource.get(..end));
    starts
        .filter_map(|start| tables.find_resource(start))
        .filter(|entry| entry.has_policy() && !entry.is_scope_entry)
        .filter(|entry| consulted.is_none_or(|consulted| consulted.arn != entry.arn))
        .map(|entry| tables.str(entry.arn))
        .collect()
}

/// Of objects hardly ever anything is known but by their buckets.
fn is_never_listed(tables: &Tables, parts: Option<[&str; 6]>) -> bool {
    !tables.lists_objects() && matches!(parts, Some([_, _, "s3", "", "", _]))
}

/// The number that the entry of a resource is most likely to have. For those who read ahead what a decision
/// will look at.
pub(crate) fn likely_listed(
    tables: &Tables,
    resource: &str,
    parts: [&str; 6],
) -> Option<ResourceIdx> {
    let part = part_of(resource, parts).filter(|_| is_never_listed(tables, Some(parts)));
    tables.likely_resource(part.map_or(resource, |part| part.key))
}
