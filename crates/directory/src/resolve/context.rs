//! The keys of a request's context that follow from the directory (`KEY-5`).

use bumpalo::Bump;
use portcullis_image::value::fold;
use portcullis_model::{Caller, ContextEntry, Principal};

use crate::model::{Account, NONE, Run, Tables};
use crate::read::acl::{ALL_USERS, AUTHENTICATED_USERS};
use crate::read::fields::account_number;
use crate::reads::{self, Reads};
use crate::resolve::caller::Known;
use crate::resolve::target::Target;
use crate::resolve::{Applies, concat_in};
use crate::texts::{Name, Texts};

/// A key that follows from the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    UserId,
    PrincipalOrgId,
    PrincipalOrgPaths,
    ResourceOrgId,
    ResourceOrgPaths,
    /// `aws:PrincipalTag/` and a name.
    PrincipalTag(Name),
    /// `aws:ResourceTag/` and a name.
    ResourceTag(Name),
    /// `iam:ResourceTag/` and a name.
    IamResourceTag(Name),
}

impl Filled {
    /// The key's name in two parts, of which the second is a text of the tables.
    pub(crate) fn name(self) -> (&'static str, Option<Name>) {
        match self {
            Filled::UserId => ("aws:userid", None),
            Filled::PrincipalOrgId => ("aws:PrincipalOrgID", None),
            Filled::PrincipalOrgPaths => ("aws:PrincipalOrgPaths", None),
            Filled::ResourceOrgId => ("aws:ResourceOrgID", None),
            Filled::ResourceOrgPaths => ("aws:ResourceOrgPaths", None),
            Filled::PrincipalTag(name) => ("aws:PrincipalTag/", Some(name)),
            Filled::ResourceTag(name) => ("aws:ResourceTag/", Some(name)),
            Filled::IamResourceTag(name) => ("iam:ResourceTag/", Some(name)),
        }
    }
}

/// What takes keys that follow from the directory.
pub(crate) trait Fill<'a> {
    /// Adds a key, unless the request has it or switches it off (`KEY-2`). Without a value it is absent,
    /// and is not derived.
    fn add(&mut self, texts: &'a Texts, key: Filled, value: Option<Name>);
}

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

    /// All keys.
    pub(crate) fn finish(mut self) -> &'a [ContextEntry<'a>] {
        if self.added.is_empty() {
            return self.given;
        }
        self.added.extend_from_slice_copy(self.given);
        self.added.into_bump_slice()
    }
}

impl<'a> Fill<'a> for Context<'a> {
    fn add(&mut self, texts: &'a Texts, key: Filled, value: Option<Name>) {
        let (start, rest) = key.name();
        let rest = rest.map_or("", |name| texts.get(name));
        let is_given = |entry: &ContextEntry<'_>| is_key(entry.key, start, rest);
        if self.given.iter().any(is_given) {
            return;
        }
        let key = match rest {
            "" => start,
            _ => concat_in(&[start, rest], self.arena),
        };
        let values: &'a [&'a str] = match value {
            Some(value) => self.arena.alloc_slice_copy(&[texts.get(value)]),
            None => &[],
        };
        self.added.push(ContextEntry { key, values });
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
    /// Fills in the keys that follow from the directory, as far as they are looked at (`KEY-12` to `KEY-14`,
    /// `KEY-51` to `KEY-53`), for a caller with these tags.
    pub(crate) fn fill<'a>(
        &'a self,
        applies: &Applies<'a, '_>,
        (who, tags): (&Principal<'_>, impl Iterator<Item = (Name, Name)>),
        reads: Reads,
        to: &mut impl Fill<'a>,
    ) {
        let (caller, target) = (&applies.caller, &applies.target);
        if caller.hides_user_id(who) && reads & reads::ID != 0 {
            // The id of the role is known, and so are the policies that name it; the key would end
            // with the name of the session.
            to.add(&self.texts, Filled::UserId, None);
        }
        if reads & reads::PRINCIPAL_TAGS != 0 {
            self.fill_tags(Filled::PrincipalTag, tags, to);
        }
        if let Some(account) = caller.account.filter(|_| reads & reads::PRINCIPAL_ORG != 0) {
            let keys = (Filled::PrincipalOrgId, Filled::PrincipalOrgPaths);
            self.fill_organization(keys, account, to);
        }
        if reads & reads::RESOURCE_TAGS != 0 {
            let tags = || target.tags.of(&self.pairs).iter().copied();
            self.fill_tags(Filled::ResourceTag, tags(), to);
            // TRUST-7, KEY-85.
            if target.is_entity {
                self.fill_tags(Filled::IamResourceTag, tags(), to);
            }
        }
        // As with the account, never from an owner that is an assumption (EVAL-12).
        let owner = target.owner.filter(|_| !target.is_assumed);
        if let Some(owner) = owner.filter(|_| reads & reads::RESOURCE_ORG != 0) {
            let keys = (Filled::ResourceOrgId, Filled::ResourceOrgPaths);
            self.fill_organization(keys, owner, to);
        }
    }

    fn fill_tags<'a>(
        &'a self,
        key: fn(Name) -> Filled,
        tags: impl Iterator<Item = (Name, Name)>,
        to: &mut impl Fill<'a>,
    ) {
        for (name, value) in tags {
            to.add(&self.texts, key(name), Some(value));
        }
    }

    /// The tags of the user or role whose policies a caller has.
    pub(crate) fn principal_tags(
        &self,
        caller: &Known<'_, '_>,
    ) -> impl Iterator<Item = (Name, Name)> {
        let tags = caller.principal.map_or(Run::default(), |own| own.tags);
        tags.of(&self.pairs).iter().copied()
    }

    fn fill_organization<'a>(
        &'a self,
        (id_key, paths_key): (Filled, Filled),
        account: &Account,
        to: &mut impl Fill<'a>,
    ) {
        if !account.is_member {
            return;
        }
        if let Some(id) = self.organization {
            to.add(&self.texts, id_key, Some(id));
        }
        if account.org_path != NONE {
            to.add(&self.texts, paths_key, Some(Name(account.org_path)));
        }
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
        let Some((service, operation)) = action.split_once(':') else {
            return false;
        };
        // Keys have names of operations, buckets names of actions.
        let (is_key, named) = match service {
            service if service.eq_ignore_ascii_case("kms") => (true, operation),
            service if service.eq_ignore_ascii_case("s3") => (false, action),
            _ => return false,
        };
        let owner = target.owner.map(|owner| owner.number);
        grants.iter().any(|grant| {
            let mut operations = self.pairs(grant.operations);
            let grantee = self.texts.get(grant.grantee);
            operations.any(|(own, _)| own.eq_ignore_ascii_case(named))
                && match is_key {
                    true => is_grantee(grantee, caller),
                    false => is_listed(grantee, caller, owner),
                }
                && self.has_encryption_context(grant, context.clone())
        })
    }

    fn has_encryption_context<'g>(
        &self,
        grant: &crate::model::Grant,
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

impl Known<'_, '_> {
    /// What is known only as far as the key of its id is concerned: a role without a session's name, if
    /// the request does not say its id.
    fn hides_user_id(&self, who: &Principal<'_>) -> bool {
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
