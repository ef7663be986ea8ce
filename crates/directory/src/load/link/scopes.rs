//! Where the policy of a resource is found by requests for something else (`MATCH-36`).
//!
//! A request names an object, and the policy is that of its bucket; it names a log group, and the
//! policy is that of the account. Which ARN leads to which policy is known from its shape
//! ([`crate::store::policy_scope`]). Where the policy is not found by the ARN of a resource, it gets a
//! row of its own under the key that requests will look up.
//!
//! Working it out here costs a row, and saves a decision from trying the prefixes of an ARN.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::{Layer, PolicyKind};

use crate::codes;

use crate::load::loader::Loader;
use crate::load::raw::{RawResource, SourceLoc};
use crate::load::read::unnamed::RESOURCE_POLICY;
use crate::store::ids::{PolicyId, RowRange, SetsId, Symbol};
use crate::store::policy_scope::{Reach, reach_of};
use crate::store::tables::ResourceRow;

/// Policies that are found by a scope key, and so for others than the resource that has them.
pub(super) struct ScopeEntry {
    /// All policies under this key: an account's log policies are several, everything else has one.
    policies: Vec<PolicyId>,
    /// Of the first record, for messages.
    loc: SourceLoc,
    /// The row that the entry becomes, with the owner of the resource.
    resource: ResourceRow,
}

/// By scope key: the start of an ARN. Ordered, so that the same folder gives the same file.
pub(super) type ScopeEntries = BTreeMap<String, ScopeEntry>;

/// The scope keys of all resources that have a policy and parts: a policy that claims to be of such
/// a part cannot be right (`MATCH-33`).
pub(super) fn wholes(loader: &Loader, merged: &BTreeMap<Symbol, RawResource>) -> BTreeSet<String> {
    let with_policies = merged
        .values()
        .filter(|raw| raw.policy.is_some() || raw.is_unreadable);
    let keys = with_policies.filter_map(|raw| {
        let arn = loader.strings.get(raw.arn);
        match reach_of(arn) {
            Reach::Whole(key) => Some(key.unwrap_or_else(|| arn.to_string())),
            _ => None,
        }
    });
    keys.collect()
}

/// Stores the policy of a resource where requests will find it (`MATCH-36`), and adds the row of
/// the resource itself.
///
/// | [`Reach`] of its ARN | the policy is stored |
/// |---|---|
/// | `Exact`, `Unknown` | with the resource; `Unknown` also leaves a note |
/// | `Whole(None)` | with the resource: the scope key is its ARN |
/// | `Whole(Some(key))` | with the resource, and under the key |
/// | `AccountWide(key)` | under the key alone |
/// | `Never(whole)` | nowhere, an error, if the whole has a policy; else with the resource |
pub(super) fn link_policy(
    loader: &mut Loader,
    raw: RawResource,
    mut resource: ResourceRow,
    wholes: &BTreeSet<String>,
    scopes: &mut ScopeEntries,
    resources: &mut Vec<(ResourceRow, SourceLoc)>,
) {
    let arn = loader.strings.get(raw.arn).to_string();
    let mut under = |key: String, resource: ResourceRow| {
        let own = scopes.entry(key).or_insert_with(|| ScopeEntry {
            policies: Vec::new(),
            loc: raw.loc,
            resource,
        });
        own.policies.extend(raw.policy);
        own.resource.is_unreadable |= raw.is_unreadable;
    };
    if !(raw.policy.is_some() || raw.is_unreadable) {
        return resources.push((resource, raw.loc));
    }
    match reach_of(&arn) {
        Reach::Never(whole) if wholes.contains(&whole) => {
            let message =
                format!("`{arn}` cannot have a policy of its own; it has that of `{whole}`");
            return loader.error(loader.location(raw.loc), codes::INVALID_MEMBER, message);
        }
        Reach::AccountWide(key) => {
            let name = arn.strip_prefix(&key).unwrap_or_default();
            // The ARN of a catalog or of a policy of logs names nothing that a request could be
            // for, so that it needs no row of its own.
            let is_itself = name.is_empty() || name.starts_with(RESOURCE_POLICY);
            // Tags and grants belong to the resource, not to everything in its scope.
            let own = ResourceRow {
                grants: RowRange::default(),
                tags: RowRange::default(),
                ..resource
            };
            under(key, own);
            if is_itself {
                return;
            }
        }
        reach => {
            // The narrow reading: a policy that allows is not consulted for more than the ARN that
            // has it. The user is told, because a Deny is not either.
            if matches!(reach, Reach::Unknown | Reach::Never(_)) {
                let message = format!(
                    "the policy of `{arn}` is consulted for exactly this ARN; whether it has parts is not known"
                );
                let location = loader.location(raw.loc);
                loader.note(&location, message);
            }
            resource.is_unreadable = raw.is_unreadable;
            resource.policy = set_of(loader, Vec::from_iter(raw.policy));
            if let Reach::Whole(Some(key)) = reach {
                under(key, resource);
            }
        }
    }
    resources.push((resource, raw.loc));
}

/// Makes rows of the scope entries. They are marked, because a scope key is no ARN of a resource:
/// listings of resources leave them out.
pub(super) fn link_scopes(
    loader: &mut Loader,
    scopes: ScopeEntries,
    resources: &mut Vec<(ResourceRow, SourceLoc)>,
) {
    for (key, mut own) in scopes {
        own.policies.sort_unstable();
        own.policies.dedup();
        if let [first, rest @ ..] = own.policies.as_slice() {
            // `logs` has up to ten policies for one account and region, and all of them count
            // (`IN-47`). Everywhere else a second policy means that one of the files is old.
            let kind = PolicyKind::Resource;
            let differ = |other: &PolicyId| !loader.documents.are_equal(*first, *other, kind);
            if !key.contains(":logs:") && rest.iter().any(differ) {
                let message = format!("`{key}…` has a different policy elsewhere");
                loader.error(loader.location(own.loc), codes::CONTRADICTION, message);
            }
        }
        let resource = ResourceRow {
            arn: loader.strings.intern(&key),
            policy: set_of(loader, own.policies),
            restricts_public: false,
            bucket: Symbol::NONE,
            has_abac: false,
            is_scope_entry: true,
            ..own.resource
        };
        resources.push((resource, own.loc));
    }
}

/// The policies of one resource as a set, absent if there are none. A set in the resource layer
/// that is empty would be another thing: a policy that allows nothing.
pub(super) fn set_of(loader: &mut Loader, policies: Vec<PolicyId>) -> SetsId {
    match policies.is_empty() {
        true => SetsId::NONE,
        false => loader
            .documents
            .intern_sets(vec![(Layer::Resource, policies)]),
    }
}
