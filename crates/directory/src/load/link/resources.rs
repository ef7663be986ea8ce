//! Resources and grants become rows (`IN-40` to `IN-48`).
//!
//! Services tell of one resource in several answers: a bucket's policy, tags, block of public access
//! and access control list are four files. They are merged first; what contradicts is an error, since
//! nobody can tell which answer is the later. Only then is it known whether a resource has a policy,
//! and so where that is found ([`super::scopes`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portcullis_model::{PolicyKind, split_arn};

use crate::arn::account_number;
use crate::codes;
use crate::load::link::acl::link_acls;
use crate::load::link::pairs::PairLists;
use crate::load::link::scopes::{ScopeEntries, link_policy, link_scopes, wholes};
use crate::load::loader::Loader;
use crate::load::raw::{RawResource, SourceLoc};
use crate::store::accounts::Accounts;
use crate::store::ids::{AccountIdx, RowRange, Symbol};
use crate::store::tables::{Grant, ResourceRow};

/// Makes rows of resources and of grants. The rows come with locations, for the comparison with
/// trust policies in account dumps.
///
/// Names are resolved first: keys by id (`IN-41`), buckets by name (`S3-4`). Then records about one
/// ARN are merged, then grants and access control lists add resources that only they mention, and
/// only then is every resource known that has a policy, which decides where each policy is found.
pub(super) fn link_resources(
    loader: &mut Loader,
    accounts: &Accounts,
    pairs: &mut PairLists,
) -> (Vec<(ResourceRow, SourceLoc)>, Vec<Grant>) {
    name_kms_keys(loader);
    name_buckets(loader);
    // Ordered by symbol, which is the order of first use and so the same on every machine.
    let mut merged: BTreeMap<Symbol, RawResource> = BTreeMap::new();
    for raw in std::mem::take(&mut loader.raw.resources) {
        // Most ARNs have the owner; those of buckets do not, and then the line has to say it.
        let own = split_arn(loader.strings.get(raw.arn))
            .and_then(|[.., account, _]| account_number(account));
        if raw
            .account
            .is_some_and(|account| own.is_some_and(|own| own != account))
        {
            let message = "`account` is not the account in `arn`";
            loader.error(loader.location(raw.loc), codes::CONTRADICTION, message);
        }
        let account = raw.account.or(own);
        let raw = RawResource { account, ..raw };
        match merged.remove(&raw.arn) {
            None => merged.insert(raw.arn, raw),
            Some(old) => {
                let one = merge(loader, old, raw);
                merged.insert(one.arn, one)
            }
        };
    }
    let mut by_key: HashMap<Symbol, Vec<Grant>> = HashMap::new();
    for raw in std::mem::take(&mut loader.raw.grants) {
        // `list-grants` gives the key by its ARN, or by its id, as it was asked.
        let arn = match split_arn(loader.strings.get(raw.key)) {
            Some(_) => Some(raw.key),
            None => loader.raw.keys.get(&raw.key).copied(),
        };
        let Some(arn) = arn else {
            let message = format!(
                "refers to the key `{}`, whose ARN no file contains",
                loader.strings.get(raw.key)
            );
            loader.error(loader.location(raw.loc), codes::DANGLING_REFERENCE, message);
            continue;
        };
        // Operations are stored in the column of pairs, as names with themselves: a column of its
        // own would need a range of its own too.
        let named = |names: Vec<Symbol>| names.into_iter().map(|name| (name, name)).collect();
        let is_exact = raw.equals.is_some();
        let grant = Grant {
            id: raw.id.unwrap_or(Symbol::NONE),
            grantee: raw.grantee,
            operations: pairs.intern(named(raw.operations)),
            subset: pairs.intern(raw.subset),
            equals: pairs.intern(raw.equals.unwrap_or_default()),
            is_exact,
        };
        by_key.entry(arn).or_default().push(grant);
        // A grant is a row of its key, so that there must be one: grants decide also where no key
        // policy is known (`KMS-8`).
        merged.entry(arn).or_insert_with(|| RawResource {
            account: split_arn(loader.strings.get(arn))
                .and_then(|[.., account, _]| account_number(account)),
            ..RawResource::new(raw.loc, arn)
        });
    }
    link_acls(loader, &mut merged, &mut by_key, pairs);
    let mut grants = Vec::new();
    let mut scopes = ScopeEntries::new();
    name_buckets_behind(loader, &mut merged);
    // Only now: buckets behind access points and owners of lists were added by the steps before.
    let wholes = wholes(loader, &merged);
    let mut resources = Vec::with_capacity(merged.len());
    for raw in merged.into_values() {
        let own = by_key.remove(&raw.arn).unwrap_or_default();
        let start = grants.len();
        grants.extend(own);
        let range = RowRange::between(start, grants.len());
        let account = raw.account.and_then(|number| accounts.find(number));
        let resource = ResourceRow {
            account: account.unwrap_or(AccountIdx::NONE),
            tags: pairs.intern(raw.tags.clone()),
            grants: range,
            restricts_public: raw.restrict_public.unwrap_or(false),
            bucket: raw.bucket.map_or(Symbol::NONE, |(bucket, _)| bucket),
            has_abac: raw.abac.unwrap_or(false),
            ..ResourceRow::new(raw.arn)
        };
        link_policy(loader, raw, resource, &wholes, &mut scopes, &mut resources);
    }
    link_scopes(loader, scopes, &mut resources);
    (resources, grants)
}

/// Gives key policies the ARNs of their keys, which only `describe-key` says (`IN-41`).
fn name_kms_keys(loader: &mut Loader) {
    for raw in std::mem::take(&mut loader.raw.key_policies) {
        let Some(arn) = loader.raw.keys.get(&raw.id).copied() else {
            let message = format!(
                "the file must be named after its key, and `describe-key` must give the ARN of `{}`",
                loader.strings.get(raw.id)
            );
            loader.error(loader.location(raw.loc), codes::DANGLING_REFERENCE, message);
            continue;
        };
        loader.raw.resources.push(RawResource {
            policy: raw.policy,
            is_unreadable: raw.policy.is_none(),
            ..RawResource::new(raw.loc, arn)
        });
    }
}

/// Gives blocks of public access the ARNs of their buckets.
///
/// The answer of `get-public-access-block` does not say the bucket, and the name of the file does
/// not say the partition. A bucket of this name that another file knows in full settles it.
/// Otherwise it is in `aws`: a block for a bucket that does not exist changes nothing, and a block
/// that is dropped would open one (`S3-4`).
fn name_buckets(loader: &mut Loader) {
    let blocked = std::mem::take(&mut loader.raw.restricted_buckets);
    let mut open: BTreeSet<&str> = blocked.keys().map(String::as_str).collect();
    let mut arns: BTreeMap<Symbol, (SourceLoc, Option<u64>)> = BTreeMap::new();
    for raw in &loader.raw.resources {
        let Some([_, _, "s3", "", "", bucket]) = split_arn(loader.strings.get(raw.arn)) else {
            continue;
        };
        if let Some(told) = blocked.get(bucket) {
            open.remove(bucket);
            arns.insert(raw.arn, *told);
        }
    }
    for bucket in open {
        let arn = loader.strings.intern(&format!("arn:aws:s3:::{bucket}"));
        arns.extend(blocked.get(bucket).map(|told| (arn, *told)));
    }
    let blocks = arns.into_iter().map(|(arn, (loc, account))| RawResource {
        account,
        restrict_public: Some(true),
        ..RawResource::new(loc, arn)
    });
    loader.raw.resources.extend(blocks);
}

/// Adds the buckets behind access points, with the owner if the access point says so (`S3-6`). A
/// decision about an access point asks for the owner of the bucket, which need not be in the
/// folder.
fn name_buckets_behind(loader: &mut Loader, merged: &mut BTreeMap<Symbol, RawResource>) {
    let behind: Vec<(SourceLoc, Symbol, Option<u64>)> = merged
        .values()
        .filter_map(|raw| {
            raw.bucket
                .map(|(bucket, account)| (raw.loc, bucket, account))
        })
        .collect();
    for (loc, bucket, account) in behind {
        let own = merged
            .entry(bucket)
            .or_insert_with(|| RawResource::new(loc, bucket));
        let differ = account
            .zip(own.account)
            .is_some_and(|(new, old)| new != old);
        own.account = own.account.or(account);
        if differ {
            let message = format!(
                "gives `{}` a different owner than {}",
                loader.strings.get(bucket),
                loader.location(own.loc)
            );
            loader.error(loader.location(loc), codes::CONTRADICTION, message);
        }
    }
}

/// Merges two records about one resource. What both say must be the same: which of two files is the
/// newer one nobody can tell. Blocks of public access are the exception, since the strictest of all
/// levels counts (`S3-4`).
fn merge(loader: &mut Loader, old: RawResource, new: RawResource) -> RawResource {
    let differ = |one: Option<u64>, other: Option<u64>| {
        one.zip(other).is_some_and(|(one, other)| one != other)
    };
    let policies_differ = old
        .policy
        .zip(new.policy)
        .is_some_and(|(one, other)| !loader.documents.are_equal(one, other, PolicyKind::Resource));
    // A file that says nothing of tags looks like one that says there are none. So a resource whose
    // tags were all removed keeps the old ones if both files are there; only a difference is
    // noticed.
    let tags_differ = !(old.tags.is_empty() || new.tags.is_empty() || old.tags == new.tags);
    let others_differ = old
        .bucket
        .zip(new.bucket)
        .is_some_and(|(one, other)| one.0 != other.0)
        || old
            .abac
            .zip(new.abac)
            .is_some_and(|(one, other)| one != other);
    if differ(old.account, new.account) || policies_differ || tags_differ || others_differ {
        let message = format!(
            "describes `{}` differently than {}",
            loader.strings.get(new.arn),
            loader.location(old.loc)
        );
        loader.error(loader.location(new.loc), codes::CONTRADICTION, message);
    }
    RawResource {
        loc: old.loc,
        arn: old.arn,
        account: old.account.or(new.account),
        policy: old.policy.or(new.policy),
        tags: match old.tags.is_empty() {
            true => new.tags,
            false => old.tags,
        },
        // The strictest counts (`S3-4`).
        restrict_public: old.restrict_public.max(new.restrict_public),
        bucket: old.bucket.or(new.bucket),
        abac: old.abac.or(new.abac),
        is_unreadable: old.is_unreadable || new.is_unreadable,
    }
}
