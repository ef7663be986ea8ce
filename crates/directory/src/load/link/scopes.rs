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

/// What is found by the start of an ARN, and so for others than the resource that has the policies.
pub(super) struct ScopeEntry {
    policies: Vec<PolicyId>,
    loc: SourceLoc,
    resource: ResourceRow,
}

/// By the start of an ARN, in order, so that the same folder gives the same file.
pub(super) type ScopeEntries = BTreeMap<String, ScopeEntry>;

/// By which the policies of wholes are found.
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

/// Where the policy of a resource is found (`MATCH-36`).
pub(super) fn link_policy(
    loader: &mut Loader,
    raw: RawResource,
    mut resource: ResourceRow,
    wholes: &BTreeSet<String>,
    keys: &mut ScopeEntries,
    resources: &mut Vec<(ResourceRow, SourceLoc)>,
) {
    let arn = loader.strings.get(raw.arn).to_string();
    let mut under = |key: String, resource: ResourceRow| {
        let own = keys.entry(key).or_insert_with(|| ScopeEntry {
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
            let is_itself = name.is_empty() || name.starts_with(RESOURCE_POLICY);
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

/// Rows by which the policies of others are found.
pub(super) fn link_scopes(
    loader: &mut Loader,
    keys: ScopeEntries,
    resources: &mut Vec<(ResourceRow, SourceLoc)>,
) {
    for (key, mut own) in keys {
        own.policies.sort_unstable();
        own.policies.dedup();
        if let [first, rest @ ..] = own.policies.as_slice() {
            // Log groups may have several policies, catalogs have one.
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

/// The resource policies of something, as a set; none if there are none.
pub(super) fn set_of(loader: &mut Loader, policies: Vec<PolicyId>) -> SetsId {
    match policies.is_empty() {
        true => SetsId::NONE,
        false => loader
            .documents
            .intern_sets(vec![(Layer::Resource, policies)]),
    }
}
