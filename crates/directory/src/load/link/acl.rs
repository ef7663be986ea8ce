//! Access control lists become grants of buckets (`S3-1`, `S3-2`).
//!
//! A list is resolved to pairs of grantee and action when it is loaded, so that deciding needs no
//! knowledge of permissions such as `FULL_CONTROL`. The rows are those of KMS grants: a grantee may
//! do some operations. Lists cannot deny, so that one that is left out closes access and never
//! opens it.
//!
//! Canonical ids are known only of accounts that own a bucket in the folder (`GRAM-44`). A grant to
//! one of them is kept under both names, since a request may bring either.

use std::collections::{BTreeMap, HashMap};

use crate::load::link::pairs::PairLists;
use crate::load::loader::Loader;
use crate::load::problem::Skipped;
use crate::load::raw::RawResource;
use crate::store::ids::{RowRange, Symbol};
use crate::store::tables::{ALL_USERS, AUTHENTICATED_USERS, Grant};

/// Adds the lists of buckets whose ownership controls put lists in force, without grants to the
/// public where a block of public access takes these away (`S3-4`). A list that is not in force is
/// reported as skipped: users who see the list in their dump would otherwise wonder why it does not
/// count.
pub(super) fn link_acls(
    loader: &mut Loader,
    resources: &mut BTreeMap<Symbol, RawResource>,
    by_resource: &mut HashMap<Symbol, Vec<Grant>>,
    pairs: &mut PairLists,
) {
    let acls = std::mem::take(&mut loader.raw.acls);
    // `GRAM-44`: a canonical id belongs to an account if that account owns a bucket whose list
    // names the id as owner.
    let mut accounts: HashMap<Symbol, u64> = HashMap::new();
    for acl in &acls {
        let account = resources.get(&acl.bucket).and_then(|own| own.account);
        accounts.extend(acl.owner.zip(account));
    }
    for acl in acls {
        if !loader.raw.buckets_with_acls.contains(&acl.bucket) {
            loader.report.skipped.push(Skipped {
                place: loader.location(acl.loc).to_string(),
                reason: "no ownership controls enable access control lists, so they are ignored",
                is_json: true,
            });
            continue;
        }
        // A bucket that only its list tells of: its owner is known if some other bucket of the
        // account is.
        let bucket = resources.entry(acl.bucket).or_insert_with(|| RawResource {
            account: acl.owner.and_then(|id| accounts.get(&id).copied()),
            ..RawResource::new(acl.loc, acl.bucket)
        });
        let raw = &loader.raw;
        let ignores_public = raw.buckets_without_public_acls.contains(&acl.bucket)
            || bucket
                .account
                .is_some_and(|own| raw.accounts_without_public_acls.contains(&own));
        for (grantee, actions) in acl.grants {
            let is_public = matches!(loader.strings.get(grantee), ALL_USERS | AUTHENTICATED_USERS);
            if is_public && ignores_public {
                continue;
            }
            let operations = actions.into_iter().map(|name| (name, name)).collect();
            let grant = |grantee: Symbol, operations: RowRange| Grant {
                id: Symbol::NONE,
                grantee,
                operations,
                subset: RowRange::default(),
                equals: RowRange::default(),
                is_exact: false,
            };
            let operations = pairs.intern(operations);
            let account = accounts.get(&grantee).map(|own| format!("{own:012}"));
            let account = account.map(|own| loader.strings.intern(&own));
            let own = by_resource.entry(acl.bucket).or_default();
            own.push(grant(grantee, operations));
            // By the account too: callers come with ARNs, and only requests of S3 itself with
            // canonical ids.
            own.extend(account.map(|account| grant(account, operations)));
        }
    }
}
