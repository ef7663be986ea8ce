//! The keys of a request's context that follow from the directory (`KEY-5`), written down.
//!
//! For explanations and for evaluators that read a whole request. Decisions at speed find the same keys one by one
//! ([`crate::decide::keys`]). A key that the request has, or switches off, is never filled in (`KEY-2`). What is added lies in the
//! arena or in the tables.
//!
//! Takes time linear in the tags of caller and resource, times the keys that the request gives, which are few.

use bumpalo::Bump;
use portcullis_image::value::fold;
use portcullis_model::{ContextEntry, Principal, access_point, split_arn};

use crate::decide::applies::Applies;
use crate::decide::caller::ResolvedCaller;
use crate::decide::target::ResolvedTarget;
use crate::store::accounts::Account;
use crate::store::ids::{RowRange, Symbol};
use crate::store::strings::concat_in;
use crate::store::tables::Tables;

/// A context to which keys are added that it does not have. What it adds lies in the arena or in the
/// tables, so that nothing is allocated for a request.
pub(crate) struct FilledContext<'a> {
    /// What the request has; it counts before anything else.
    given: &'a [ContextEntry<'a>],
    /// What was filled in, each key once.
    added: bumpalo::collections::Vec<'a, ContextEntry<'a>>,
    arena: &'a Bump,
}

impl<'a> FilledContext<'a> {
    /// A context to which nothing was added yet.
    pub(crate) fn new(given: &'a [ContextEntry<'a>], arena: &'a Bump) -> FilledContext<'a> {
        FilledContext {
            given,
            added: bumpalo::collections::Vec::new_in(arena),
            arena,
        }
    }

    /// The only value of a key that was given.
    pub(crate) fn only(&self, key: &str) -> Option<&'a str> {
        only(
            self.given.iter().map(|entry| (entry.key, entry.values)),
            key,
        )
    }

    /// Adds a key, whose name comes in two parts, unless the request has it or switches it off (`KEY-2`).
    /// Without a value it is absent, and is not derived.
    fn add(&mut self, (prefix, suffix): (&'static str, &str), value: Option<&'a str>) {
        let is_given = |entry: &ContextEntry<'_>| is_key(entry.key, prefix, suffix);
        if self.given.iter().any(is_given) {
            return;
        }
        let key = match suffix {
            "" => prefix,
            _ => concat_in(&[prefix, suffix], self.arena),
        };
        let values: &'a [&'a str] = match value {
            Some(value) => self.arena.alloc_slice_copy(&[value]),
            None => &[],
        };
        self.added.push(ContextEntry { key, values });
    }

    /// True if a key was added, whose name comes in two parts.
    fn has_added(&self, (prefix, suffix): (&str, &str)) -> bool {
        let mut added = self.added.iter();
        added.any(|entry| is_key(entry.key, prefix, suffix))
    }

    /// All keys.
    pub(crate) fn finish(mut self) -> &'a [ContextEntry<'a>] {
        if self.added.is_empty() {
            return self.given;
        }
        self.added.extend_from_slice_copy(self.given);
        self.added.into_bump_slice()
    }
}

/// The only value of a key among those given.
pub(crate) fn only<'g>(
    given: impl Iterator<Item = (&'g str, &'g [&'g str])>,
    key: &str,
) -> Option<&'g str> {
    let matching = given.filter(|(name, _)| is_key(name, key, ""));
    let mut values = matching.flat_map(|(_, values)| values);
    values.next().copied().filter(|_| values.next().is_none())
}

/// True if a name is that of a key of two parts, in any case (`COND-40`), so that `aws:PrincipalTag/` and a tag's name need not
/// be joined to be compared.
fn is_key(name: &str, prefix: &str, suffix: &str) -> bool {
    let stripped = fold::strip_ignoring_case(name, prefix);
    stripped.is_some_and(|rest_of_name| fold::strip_ignoring_case(rest_of_name, suffix) == Some(""))
}

/// Fills in the keys that follow from the directory (`KEY-12` to `KEY-14`, `KEY-51` to `KEY-53`).
/// [`crate::decide::keys`] finds the same of single slots.
pub(crate) fn fill<'a>(
    tables: &'a Tables,
    applies: &Applies<'a, '_>,
    who: &Principal<'_>,
    to: &mut FilledContext<'a>,
) {
    let (caller, target) = (&applies.caller, &applies.target);
    if caller.hides_user_id(who) {
        to.add(("aws:userid", ""), None);
    }
    fill_tags(
        tables,
        "aws:PrincipalTag/",
        principal_tags(tables, caller),
        to,
    );
    if let Some(account) = caller.account {
        let keys = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths");
        fill_organization(tables, keys, account, to);
    }
    fill_tags(tables, "aws:ResourceTag/", tables.pairs(target.tags), to);
    fill_object_tags(tables, target, to);
    // TRUST-7, KEY-85.
    if target.is_entity {
        fill_tags(tables, "iam:ResourceTag/", tables.pairs(target.tags), to);
    }
    if let Some(owner) = target.known_owner() {
        let keys = ("aws:ResourceOrgID", "aws:ResourceOrgPaths");
        fill_organization(tables, keys, owner, to);
    }
}

/// `KEY-113`, `S3-8`: the tags of an object.
fn fill_object_tags<'a>(
    tables: &'a Tables,
    target: &ResolvedTarget<'_>,
    to: &mut FilledContext<'a>,
) {
    let tags = tables.pairs(target.object_tags);
    fill_tags(tables, "s3:ExistingObjectTag/", tags, to);
}

/// Fills in the keys of a request for an access point: those that say so, and those of the bucket behind it, if
/// that is known. Of a tag that both have, the access point's counts.
pub(crate) fn fill_access_point<'a>(
    tables: &'a Tables,
    resource: &'a str,
    bucket: Option<&ResolvedTarget<'_>>,
    to: &mut FilledContext<'a>,
) {
    let arn = access_point(resource).map(|(arn, _)| arn);
    let account = arn.and_then(split_arn).map(|[.., account, _]| account);
    to.add(("s3:DataAccessPointArn", ""), arn);
    to.add(("s3:DataAccessPointAccount", ""), account);
    let Some(bucket) = bucket else {
        return;
    };
    let tags = tables.pairs(bucket.tags).iter();
    for (name, value) in tags.map(|(name, value)| (tables.str(*name), value)) {
        let key = ("aws:ResourceTag/", name);
        if !to.has_added(key) {
            to.add(key, Some(tables.str(*value)));
        }
    }
    fill_object_tags(tables, bucket, to);
}

/// Adds a key for each tag, such as `aws:PrincipalTag/team`.
fn fill_tags<'a>(
    tables: &'a Tables,
    prefix: &'static str,
    tags: &[(Symbol, Symbol)],
    to: &mut FilledContext<'a>,
) {
    for (name, value) in tags {
        let name = (prefix, tables.str(*name));
        to.add(name, Some(tables.str(*value)));
    }
}

/// The tags of the user or role whose policies a caller has.
pub(crate) fn principal_tags<'d>(
    tables: &'d Tables,
    caller: &ResolvedCaller<'_, '_>,
) -> &'d [(Symbol, Symbol)] {
    let tags = caller
        .principal
        .map_or(RowRange::default(), |principal| principal.tags);
    tables.pairs(tags)
}

/// Adds the keys of an account's organization, of the caller or of the owner; none for an account outside.
fn fill_organization<'a>(
    tables: &'a Tables,
    (id_key, paths_key): (&'static str, &'static str),
    account: &Account,
    to: &mut FilledContext<'a>,
) {
    let (id, path) = organization_of(tables, account);
    for (key, value) in [(id_key, id), (paths_key, path)] {
        if let Some(value) = value {
            to.add((key, ""), Some(tables.str(value)));
        }
    }
}

/// The id of an account's organization, and its place there; none outside.
pub(crate) fn organization_of(
    tables: &Tables,
    account: &Account,
) -> (Option<Symbol>, Option<Symbol>) {
    if !account.is_member {
        return (None, None);
    }
    (tables.organization(), account.org_path.some())
}
