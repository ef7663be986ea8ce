//! The keys of a request's context that follow from the directory (`KEY-5`).

use bumpalo::Bump;
use portcullis_image::value::fold;
use portcullis_model::{Caller, ContextEntry, Principal, access_point, split_arn};

use crate::decide::caller::Known;
use crate::decide::question::{Applies, concat_in};
use crate::decide::target::Target;
use crate::load::read::acl::{ALL_USERS, AUTHENTICATED_USERS};
use crate::load::read::fields::account_number;
use crate::store::strings::Name;
use crate::store::tables::{Account, Grant, NONE, Run, Tables};

/// A context to which keys are added that it does not have. What it adds lies in the arena or in the
/// tables, so that nothing is allocated for a request.
pub(crate) struct Context<'a> {
    given: &'a [ContextEntry<'a>],
    added: bumpalo::collections::Vec<'a, ContextEntry<'a>>,
    arena: &'a Bump,
}

impl<'a> Context<'a> {
    pub(crate) fn new(given: &'a [ContextEntry<'a>], arena: &'a Bump) -> Context<'a> {
        Context {
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
    fn add(&mut self, (start, rest): (&'static str, &str), value: Option<&'a str>) {
        let is_given = |entry: &ContextEntry<'_>| is_key(entry.key, start, rest);
        if self.given.iter().any(is_given) {
            return;
        }
        let key = match rest {
            "" => start,
            _ => concat_in(&[start, rest], self.arena),
        };
        let values: &'a [&'a str] = match value {
            Some(value) => self.arena.alloc_slice_copy(&[value]),
            None => &[],
        };
        self.added.push(ContextEntry { key, values });
    }

    /// True if a key was added, whose name comes in two parts.
    fn has_added(&self, (start, rest): (&str, &str)) -> bool {
        let mut added = self.added.iter();
        added.any(|entry| is_key(entry.key, start, rest))
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
    let own = given.filter(|(name, _)| is_key(name, key, ""));
    let mut values = own.flat_map(|(_, values)| values);
    values.next().copied().filter(|_| values.next().is_none())
}

/// True if a name is that of a key of two parts, in any case (`COND-40`).
fn is_key(name: &str, start: &str, rest: &str) -> bool {
    let own = fold::strip_ignoring_case(name, start);
    own.is_some_and(|own| fold::strip_ignoring_case(own, rest) == Some(""))
}

impl Tables {
    /// Fills in the keys that follow from the directory (`KEY-12` to `KEY-14`, `KEY-51` to `KEY-53`).
    /// [`crate::decide::keys`] tells the same of single slots.
    pub(crate) fn fill<'a>(
        &'a self,
        applies: &Applies<'a, '_>,
        who: &Principal<'_>,
        to: &mut Context<'a>,
    ) {
        let (caller, target) = (&applies.caller, &applies.target);
        if caller.hides_user_id(who) {
            to.add(("aws:userid", ""), None);
        }
        self.fill_tags("aws:PrincipalTag/", self.principal_tags(caller), to);
        if let Some(account) = caller.account {
            let keys = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths");
            self.fill_organization(keys, account, to);
        }
        self.fill_tags("aws:ResourceTag/", target.tags.of(&self.pairs), to);
        self.fill_object_tags(target, to);
        // TRUST-7, KEY-85.
        if target.is_entity {
            self.fill_tags("iam:ResourceTag/", target.tags.of(&self.pairs), to);
        }
        if let Some(owner) = target.known_owner() {
            let keys = ("aws:ResourceOrgID", "aws:ResourceOrgPaths");
            self.fill_organization(keys, owner, to);
        }
    }

    /// `KEY-113`, `S3-8`: the tags of an object.
    fn fill_object_tags<'a>(&'a self, target: &Target<'_>, to: &mut Context<'a>) {
        let tags = target.object_tags.of(&self.pairs);
        self.fill_tags("s3:ExistingObjectTag/", tags, to);
    }

    /// Fills in the keys of a request for an access point: those that say so, and those of the bucket behind it, if
    /// that is known. Of a tag that both have, the access point's counts.
    pub(crate) fn fill_access_point<'a>(
        &'a self,
        resource: &'a str,
        bucket: Option<&Target<'_>>,
        to: &mut Context<'a>,
    ) {
        let arn = access_point(resource).map(|(arn, _)| arn);
        let account = arn.and_then(split_arn).map(|[.., account, _]| account);
        to.add(("s3:DataAccessPointArn", ""), arn);
        to.add(("s3:DataAccessPointAccount", ""), account);
        let Some(bucket) = bucket else {
            return;
        };
        let tags = bucket.tags.of(&self.pairs).iter();
        for (name, value) in tags.map(|(name, value)| (self.texts.get(*name), value)) {
            let key = ("aws:ResourceTag/", name);
            if !to.has_added(key) {
                to.add(key, Some(self.texts.get(*value)));
            }
        }
        self.fill_object_tags(bucket, to);
    }

    fn fill_tags<'a>(&'a self, start: &'static str, tags: &[(Name, Name)], to: &mut Context<'a>) {
        for (name, value) in tags {
            let name = (start, self.texts.get(*name));
            to.add(name, Some(self.texts.get(*value)));
        }
    }

    /// The tags of the user or role whose policies a caller has.
    pub(crate) fn principal_tags(&self, caller: &Known<'_, '_>) -> &[(Name, Name)] {
        let tags = caller.principal.map_or(Run::default(), |own| own.tags);
        tags.of(&self.pairs)
    }

    fn fill_organization<'a>(
        &'a self,
        (id_key, paths_key): (&'static str, &'static str),
        account: &Account,
        to: &mut Context<'a>,
    ) {
        let (id, path) = self.organization_of(account);
        for (key, value) in [(id_key, id), (paths_key, path)] {
            if let Some(value) = value {
                to.add((key, ""), Some(self.texts.get(value)));
            }
        }
    }

    /// The id of an account's organization, and its place there; none outside.
    pub(crate) fn organization_of(&self, account: &Account) -> (Option<Name>, Option<Name>) {
        if !account.is_member {
            return (None, None);
        }
        let path = (account.org_path != NONE).then_some(Name(account.org_path));
        (self.organization, path)
    }

    /// True if a grant of the target allows the request: one of a key (`KMS-8`) or of a bucket's access
    /// control list (`S3-2`).
    pub(crate) fn is_granted<'g>(
        &self,
        target: &Target<'_>,
        action: &str,
        caller: &Caller<'_>,
        context: impl Iterator<Item = (&'g str, &'g [&'g str])> + Clone,
    ) -> bool {
        let grants = target.grants.of(&self.grants);
        if grants.is_empty() {
            return false;
        }
        let Some(operation) = GrantedOperation::of(action) else {
            return false;
        };
        grants.iter().any(|grant| {
            self.has_operation(grant, operation)
                && self.is_for(grant, operation, target, caller)
                && self.has_encryption_context(grant, context.clone())
        })
    }

    /// True if a grant allows an operation.
    pub(super) fn has_operation(&self, grant: &Grant, operation: GrantedOperation<'_>) -> bool {
        let mut operations = self.pairs(grant.operations);
        operations.any(|(own, _)| own.eq_ignore_ascii_case(operation.name))
    }

    /// True if a grant is for a caller.
    pub(super) fn is_for(
        &self,
        grant: &Grant,
        operation: GrantedOperation<'_>,
        target: &Target<'_>,
        caller: &Caller<'_>,
    ) -> bool {
        let grantee = self.texts.get(grant.grantee);
        match operation.is_of_key {
            true => is_grantee(grantee, caller),
            false => is_listed(grantee, caller, target.owner.map(|owner| owner.number)),
        }
    }

    /// True if the encryption context of a request is what a grant asks for.
    pub(super) fn has_encryption_context<'g>(
        &self,
        grant: &Grant,
        context: impl Iterator<Item = (&'g str, &'g [&'g str])> + Clone,
    ) -> bool {
        const PREFIX: &str = "kms:EncryptionContext:";
        let mut given = context
            .filter_map(|(key, values)| Some((fold::strip_ignoring_case(key, PREFIX)?, values)));
        // Encryption contexts differ by case.
        let has = |key: &str, value: &str| {
            let mut given = given.clone();
            given.any(|(own, values)| own == key && *values == [value])
        };
        let subset = self.pairs(grant.subset).all(|(key, value)| has(key, value));
        let equals = self.pairs(grant.equals).all(|(key, value)| has(key, value));
        let exact = !grant.is_exact || given.by_ref().count() == grant.equals.count as usize;
        subset && equals && exact
    }
}

/// An action, as grants call it.
#[derive(Clone, Copy)]
pub(super) struct GrantedOperation<'a> {
    name: &'a str,
    /// Grants of keys have names of operations, those of buckets names of actions.
    is_of_key: bool,
}

impl<'a> GrantedOperation<'a> {
    /// Of an action; none if nothing is granted of its service.
    pub(super) fn of(action: &'a str) -> Option<Self> {
        let (service, operation) = action.split_once(':')?;
        let (is_of_key, name) = match service {
            service if service.eq_ignore_ascii_case("kms") => (true, operation),
            service if service.eq_ignore_ascii_case("s3") => (false, action),
            _ => return None,
        };
        Some(GrantedOperation { name, is_of_key })
    }
}

impl Known<'_, '_> {
    /// The key of its id is unknown, because it would end with the name of a session that is unknown: of a
    /// role without session of which the request does not say the id. Its own id is known, and so are the policies
    /// that name it.
    pub(crate) fn hides_user_id(&self, who: &Principal<'_>) -> bool {
        let has_id = self.who.is_some_and(|who| who.user_id.is_some());
        let is_role = matches!(who.caller, Caller::Role { .. });
        self.is_itself && is_role && self.session.is_none() && !has_id
    }
}

/// True if an entry of an access control list is for this caller, whose account is not the owner's: what
/// the owner's own users may do, its policies say.
fn is_listed(grantee: &str, caller: &Caller<'_>, owner: Option<u64>) -> bool {
    let account = caller.account();
    match grantee {
        ALL_USERS => true,
        AUTHENTICATED_USERS => account.is_some(),
        _ => match caller {
            Caller::CanonicalUser { id } => *id == grantee,
            _ => account == Some(grantee) && account_number(grantee) != owner,
        },
    }
}

/// True if a grant is for this caller: by its own ARN, its role's or its account's.
fn is_grantee(grantee: &str, caller: &Caller<'_>) -> bool {
    match caller {
        Caller::Role {
            session_arn,
            role_arn,
            ..
        } => *role_arn == grantee || *session_arn == Some(grantee),
        Caller::Service { name } => *name == grantee,
        other => other.arn() == Some(grantee),
    }
}
