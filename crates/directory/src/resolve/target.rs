//! The target of a request, as the directory knows it.

use bumpalo::Bump;
use portcullis_model::{Request, is_account_id, split_arn};

use crate::documents::SetsId;
use crate::model::{Account, Resource, Run, Tables};
use crate::raw::Kind;
use crate::read::fields::account_number;

/// What is known of a target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'d> {
    /// Its owner's account, if the directory has that.
    pub(crate) owner: Option<&'d Account>,
    /// The owner is an assumption (`EVAL-12`).
    pub(crate) is_assumed: bool,
    /// The owner is known from the directory alone: not from the request or the ARN.
    is_listed: bool,
    pub(crate) policy: SetsId,
    pub(crate) tags: Run,
    pub(crate) grants: Run,
    pub(crate) restricts_public: bool,
}

impl Target<'_> {
    /// The owner that the request leaves open and the directory knows.
    pub(crate) fn stated_owner<'a>(&self, resource: &str, arena: &'a Bump) -> Option<&'a str> {
        let of_arn = split_arn(resource).is_some_and(|[.., account, _]| is_account_id(account));
        let owner = self.owner.filter(|_| self.is_listed && !of_arn)?;
        Some(arena.alloc_str(&format!("{:012}", owner.number)))
    }

    /// `TRUST-7`: the target is a role that is to be assumed.
    pub(crate) fn is_role_of_sts(&self, request: &Request<'_>) -> bool {
        is_sts(request.action) && role_of(request.resource).is_some()
    }
}

fn is_sts(action: &str) -> bool {
    let service = action.split(':').next().unwrap_or(action);
    service.eq_ignore_ascii_case("sts")
}

/// Account and name of the user or role that an ARN names.
fn entity_of(arn: &str) -> Option<(Kind, u64, &str)> {
    let [_, _, "iam", _, account, rest] = split_arn(arn)? else {
        return None;
    };
    let (kind, path) = rest.split_once('/')?;
    let kind = match kind {
        "user" => Kind::User,
        "role" => Kind::Role,
        _ => return None,
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    Some((kind, account_number(account)?, name))
}

fn role_of(arn: &str) -> Option<(u64, &str)> {
    match entity_of(arn)? {
        (Kind::Role, account, name) => Some((account, name)),
        _ => None,
    }
}

impl Tables {
    /// Finds the target.
    pub(crate) fn target<'d>(
        &'d self,
        request: &Request<'_>,
        caller: Option<&'d Account>,
    ) -> Target<'d> {
        let mut target = Target {
            owner: None,
            is_assumed: false,
            is_listed: false,
            policy: SetsId::NONE,
            tags: Run::default(),
            grants: Run::default(),
            restricts_public: false,
        };
        let listed = self.listed(request.resource);
        if let Some((resource, is_itself)) = listed {
            target.policy = resource.policy;
            target.grants = resource.grants;
            target.restricts_public = resource.restricts_public;
            if is_itself {
                target.tags = resource.tags;
            }
        }
        if let Some((kind, account, name)) = entity_of(request.resource) {
            let found = self
                .account_index(account)
                .and_then(|account| self.find_principal(account, kind, name))
                .filter(|found| self.has_arn(found, request.resource));
            if let Some(found) = found {
                target.tags = found.tags;
                // A trust policy says who may assume the role, nothing else (TRUST-1).
                if is_sts(request.action) {
                    target.policy = found.trust;
                }
            }
        }
        self.find_owner(request, listed.map(|(own, _)| own), caller, &mut target);
        target.restricts_public |= target
            .owner
            .is_some_and(|owner| owner.restricts_public && !target.is_assumed);
        target
    }

    /// `EVAL-12`, `EVAL-13`.
    fn find_owner<'d>(
        &'d self,
        request: &Request<'_>,
        listed: Option<&Resource>,
        caller: Option<&'d Account>,
        target: &mut Target<'d>,
    ) {
        let by_number = |text: &str| {
            let index = self.account_index(account_number(text)?)?;
            self.account(index)
        };
        if let Some(account) = request.resource_account {
            target.owner = by_number(account);
            return;
        }
        if request.resource == "*" {
            target.owner = caller;
            target.is_assumed = true;
            return;
        }
        let of_arn = split_arn(request.resource)
            .map(|[.., account, _]| account)
            .filter(|account| is_account_id(account));
        if let Some(account) = of_arn {
            target.owner = by_number(account);
            return;
        }
        if let Some(owner) = listed.and_then(|own| self.account(own.account)) {
            target.owner = Some(owner);
            target.is_listed = true;
            return;
        }
        target.owner = caller;
        target.is_assumed = true;
    }

    /// The entry whose policy is that of a resource, and whether it is the resource itself: an object
    /// has the policy of its bucket, an index that of its table, an alias that of its function.
    pub(super) fn listed(&self, resource: &str) -> Option<(&Resource, bool)> {
        if let Some(found) = self.find_resource(resource) {
            return Some((found, true));
        }
        let [_, _, service, region, account, rest] = split_arn(resource)?;
        let whole = match service {
            // An access point has an account, and a policy of its own.
            "s3" if region.is_empty() && account.is_empty() => rest.split_once('/')?.0,
            "dynamodb" => rest.split_once("/index/")?.0,
            "lambda" => {
                let name = rest.strip_prefix("function:")?.split_once(':')?.0;
                rest.get(.."function:".len() + name.len())?
            }
            _ => return None,
        };
        let end = resource.len().checked_sub(rest.len())? + whole.len();
        let found = self.find_resource(resource.get(..end)?)?;
        Some((found, false))
    }
}
