//! The keys of a request's context that follow from the directory (`KEY-5`).

use bumpalo::Bump;
use portcullis_image::value::fold;
use portcullis_model::{Caller, ContextEntry, Request};

use crate::model::{Account, NONE, Run, Tables};
use crate::read::acl::{ALL_USERS, AUTHENTICATED_USERS};
use crate::read::fields::account_number;
use crate::resolve::Known;
use crate::resolve::target::Target;
use crate::texts::Name;

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
        let own = self.given.iter().filter(|entry| is_key(entry.key, key, ""));
        let mut values = own.flat_map(|entry| entry.values);
        values.next().copied().filter(|_| values.next().is_none())
    }

    /// Adds a key of two parts, unless the request has it or switches it off (`KEY-2`).
    fn add(&mut self, start: &'static str, rest: &str, value: Option<&'a str>) {
        if self
            .given
            .iter()
            .any(|entry| is_key(entry.key, start, rest))
        {
            return;
        }
        let key = match rest {
            "" => start,
            _ => {
                let len = start.len() + rest.len();
                let mut key = bumpalo::collections::String::with_capacity_in(len, self.arena);
                key.push_str(start);
                key.push_str(rest);
                key.into_bump_str()
            }
        };
        let values: &'a [&'a str] = match value {
            Some(value) => self.arena.alloc_slice_copy(&[value]),
            None => &[],
        };
        self.added.push(ContextEntry { key, values });
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

/// True if a name is that of a key of two parts, in any case (`COND-40`).
fn is_key(name: &str, start: &str, rest: &str) -> bool {
    let own = fold::strip_ignoring_case(name, start);
    own.is_some_and(|own| fold::strip_ignoring_case(own, rest) == Some(""))
}

impl Tables {
    /// `aws:PrincipalTag/*`, `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths` (`KEY-12` to `KEY-14`).
    pub(crate) fn fill_caller<'a>(&'a self, caller: &Known<'a, '_>, context: &mut Context<'a>) {
        if caller.hides_user_id {
            // The id of the role is known, and so are the policies that name it; the key would end
            // with the name of the session.
            context.add("aws:userid", "", None);
        }
        if let Some(principal) = caller.principal {
            self.fill_tags("aws:PrincipalTag/", principal.tags, context);
        }
        if let Some(account) = caller.account {
            self.fill_organization(
                "aws:PrincipalOrgID",
                "aws:PrincipalOrgPaths",
                account,
                context,
            );
        }
    }

    /// `aws:ResourceTag/*`, `aws:ResourceOrgID`, `aws:ResourceOrgPaths` (`KEY-51` to `KEY-53`).
    pub(crate) fn fill_target<'a>(
        &'a self,
        request: &Request<'_>,
        target: &Target<'a>,
        context: &mut Context<'a>,
    ) {
        self.fill_tags("aws:ResourceTag/", target.tags, context);
        // TRUST-7.
        if target.is_role_of_sts(request) {
            self.fill_tags("iam:ResourceTag/", target.tags, context);
        }
        // As with the account, never from an owner that is an assumption (EVAL-12).
        if let Some(owner) = target.owner.filter(|_| !target.is_assumed) {
            self.fill_organization("aws:ResourceOrgID", "aws:ResourceOrgPaths", owner, context);
        }
    }

    fn fill_tags<'a>(&'a self, prefix: &'static str, tags: Run, context: &mut Context<'a>) {
        for (key, value) in self.pairs(tags) {
            context.add(prefix, key, Some(value));
        }
    }

    fn fill_organization<'a>(
        &'a self,
        id_key: &'static str,
        paths_key: &'static str,
        account: &Account,
        context: &mut Context<'a>,
    ) {
        if !account.is_member {
            return;
        }
        if let Some(id) = self.organization {
            context.add(id_key, "", Some(self.texts.get(id)));
        }
        if account.org_path != NONE {
            let path = self.texts.get(Name(account.org_path));
            context.add(paths_key, "", Some(path));
        }
    }

    /// True if a grant of the target allows the request: one of a key (`KMS-8`) or of a bucket's access
    /// control list (`S3-2`).
    pub(crate) fn is_granted(&self, target: &Target<'_>, request: &Request<'_>) -> bool {
        let grants = target.grants.of(&self.grants);
        if grants.is_empty() {
            return false;
        }
        let Some((service, operation)) = request.action.split_once(':') else {
            return false;
        };
        // Keys have names of operations, buckets names of actions.
        let (is_key, named) = match service {
            service if service.eq_ignore_ascii_case("kms") => (true, operation),
            service if service.eq_ignore_ascii_case("s3") => (false, request.action),
            _ => return false,
        };
        let caller = &request.principal.caller;
        let owner = target.owner.map(|owner| owner.number);
        grants.iter().any(|grant| {
            let mut operations = self.pairs(grant.operations);
            let grantee = self.texts.get(grant.grantee);
            operations.any(|(own, _)| own.eq_ignore_ascii_case(named))
                && match is_key {
                    true => is_grantee(grantee, caller),
                    false => is_listed(grantee, caller, owner),
                }
                && self.has_encryption_context(grant, request)
        })
    }

    fn has_encryption_context(&self, grant: &crate::model::Grant, request: &Request<'_>) -> bool {
        const PREFIX: &str = "kms:EncryptionContext:";
        let given: Vec<(&str, &[&str])> = request
            .context
            .iter()
            .filter_map(|entry| Some((fold::strip_ignoring_case(entry.key, PREFIX)?, entry.values)))
            .collect();
        // Encryption contexts differ by case.
        let has = |key: &str, value: &str| {
            given
                .iter()
                .any(|(own, values)| *own == key && *values == [value])
        };
        let subset = self.pairs(grant.subset).all(|(key, value)| has(key, value));
        let equals = self.pairs(grant.equals).all(|(key, value)| has(key, value));
        let exact = !grant.is_exact || given.len() == grant.equals.count as usize;
        subset && equals && exact
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
