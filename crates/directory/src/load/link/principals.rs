//! Users and roles become rows (`IN-11`, `IN-13`).
//!
//! A row holds no policies but the ids of policy sets: own, boundary, trust. Thousands of principals
//! with equal policies so share one set, and a decision looks at what follows from it once
//! ([`crate::plan::policy_sets`]).

use portcullis_model::Layer;

use crate::load::link::groups::GroupsByName;
use crate::load::link::managed::{add_attached, managed_policy};
use crate::load::link::pairs::PairLists;
use crate::load::loader::Loader;
use crate::load::raw::{RawPrincipal, SourceLoc};
use crate::store::accounts::Accounts;
use crate::store::ids::{AccountIdx, PolicyId, SetsId, Symbol};
use crate::store::provenance::{Attachment, PrincipalPolicies};
use crate::store::tables::PrincipalRow;

/// The longest session of a role of which no dump says otherwise, in seconds (`STS-1`): account
/// dumps do not have it.
const DEFAULT_MAX_SESSION: u32 = 3600;

/// Makes rows of users and roles, in the order of the files, each with the location for the message
/// about a second one of its name. Policies are interned as sets, so that principals with the same
/// policies share one.
pub(super) fn link_principals(
    loader: &mut Loader,
    accounts: &Accounts,
    groups: &GroupsByName,
    pairs: &mut PairLists,
) -> Vec<(PrincipalRow, SourceLoc)> {
    let raw = std::mem::take(&mut loader.raw.principals);
    let mut principals = Vec::with_capacity(raw.len());
    for raw in raw {
        let identity = identity(loader, &raw, groups);
        let boundary = match raw.boundary {
            None => SetsId::NONE,
            Some(arn) => {
                let from = |loader: &Loader| {
                    let path = "PermissionsBoundary/PermissionsBoundaryArn";
                    loader.location(raw.loc).inside(path)
                };
                // A boundary that is missing still limits: its set is empty and allows nothing.
                // Leaving it out would open access.
                let policies = Vec::from_iter(managed_policy(loader, arn, &from));
                loader
                    .documents
                    .intern_sets(vec![(Layer::Boundary, policies)])
            }
        };
        let trust = match raw.trust {
            Some(policy) => loader
                .documents
                .intern_sets(vec![(Layer::Resource, vec![policy])]),
            None => SetsId::NONE,
        };
        // Always there: the account of every record was added to the accounts before.
        let account = accounts.find(raw.account).unwrap_or(AccountIdx::NONE);
        let principal = PrincipalRow {
            account,
            kind: raw.kind,
            is_service_linked: false,
            partition: raw.partition,
            path: raw.path,
            name: raw.name,
            id: raw.id.unwrap_or(Symbol::NONE),
            identity,
            boundary,
            trust,
            tags: pairs.intern(raw.tags),
            max_session: raw.max_session.unwrap_or(DEFAULT_MAX_SESSION),
        };
        principals.push((principal, raw.loc));
    }
    principals
}

/// The identity policies of a principal: its own, the attached ones, and those of its groups
/// (`EVAL-2`), as one set.
///
/// Groups cannot be in groups, so that one level is all. A policy that comes in two ways is in the
/// set once and among the attachments twice, where explanations show both.
fn identity(loader: &mut Loader, raw: &RawPrincipal, groups: &GroupsByName) -> SetsId {
    let mut policies = raw.inline.clone();
    let mut own = PrincipalPolicies::default();
    let is_kept = loader.documents.attachments.is_some();
    let mut keep = |list: &[PolicyId], inline: usize, group: Option<Symbol>| {
        if is_kept {
            let (inline, managed) = list.split_at(inline.min(list.len()));
            let inline = inline.iter().map(|id| (Attachment::Inline(group), *id));
            let managed = managed.iter().map(|id| (Attachment::Managed(group), *id));
            own.policies.extend(inline.chain(managed));
            own.groups.extend(group);
        }
    };
    add_attached(loader, &raw.attached, raw.loc, &mut policies);
    keep(&policies, raw.inline.len(), None);
    for (index, group) in raw.groups.iter().enumerate() {
        let key = (raw.account, loader.strings.get(*group).to_ascii_lowercase());
        match groups.get(&key) {
            Some(found) => {
                keep(&found.policies, found.inline, Some(*group));
                policies.extend_from_slice(&found.policies);
            }
            // Users keep the names of groups that were deleted only in dumps that were cut
            // together. A group that is missing may deny.
            None => {
                let location = loader.location(raw.loc);
                let location = location.inside(&format!("GroupList/{index}"));
                let name = loader.strings.get(*group);
                let message = format!("refers to the group `{name}`, which no file contains");
                loader.missing(location, message);
            }
        }
    }
    if let Some(all) = &mut loader.documents.attachments {
        all.principals.push(own);
    }
    loader
        .documents
        .intern_sets(vec![(Layer::Identity, policies)])
}
