//! The target of a request, as the directory knows it.

use portcullis_model::{Request, is_account_id, split_arn};

use crate::documents::SetsId;
use crate::model::{Account, Resource, Run, Tables};
use crate::raw::Kind;

/// What the directory knows of a target, whoever asks and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    owner: Owner,
    /// The owner, where the directory alone knows it.
    stated: Option<u32>,
    policy: SetsId,
    /// The trust policy, of a role.
    trust: SetsId,
    /// The target is a user or role of the directory.
    is_principal: bool,
    /// What the ARN is that of, if of a user or role, whether the directory has it or not.
    entity: Option<Kind>,
    tags: Run,
    grants: Run,
    restricts_public: bool,
}

/// Whose a target is (`EVAL-12`, `EVAL-13`).
#[derive(Clone, Copy, Debug)]
enum Owner {
    /// An account of the directory.
    Known(u32),
    /// An account that the directory does not have.
    Stranger,
    /// Nothing says so: the caller's, as an assumption.
    Assumed,
}

/// What is known of a target for a caller and an action.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'d> {
    /// Its owner's account, if the directory has that.
    pub(crate) owner: Option<&'d Account>,
    /// The owner is an assumption (`EVAL-12`).
    pub(crate) is_assumed: bool,
    /// The target is a user or role.
    pub(crate) is_entity: bool,
    /// The target is a role that is to be assumed.
    pub(crate) is_role_of_sts: bool,
    pub(crate) policy: SetsId,
    pub(crate) tags: Run,
    pub(crate) grants: Run,
    pub(crate) restricts_public: bool,
}

impl Place {
    /// True if the target is that of an account of the directory, or nothing says whose it is (`EVAL-12`).
    #[inline]
    pub(crate) fn is_of(&self, account: u32) -> bool {
        match self.owner {
            Owner::Known(owner) => owner == account,
            Owner::Stranger => false,
            Owner::Assumed => true,
        }
    }

    /// The resource's policy, if it has one.
    pub(crate) fn policy(&self) -> SetsId {
        self.policy
    }

    /// Nothing says whose it is.
    #[inline]
    pub(crate) fn is_assumed(&self) -> bool {
        matches!(self.owner, Owner::Assumed)
    }
}

impl<'d> Target<'d> {
    /// The owner, if the directory has it: never an assumption (`EVAL-12`).
    #[inline]
    pub(crate) fn known_owner(&self) -> Option<&'d Account> {
        self.owner.filter(|_| !self.is_assumed)
    }
}

/// True if an action is one of STS, where a role's policy is its trust policy (`TRUST-1`).
pub(crate) fn is_sts(action: &str) -> bool {
    let service = action.split_at_checked(3);
    service.is_some_and(|(service, rest)| {
        service.eq_ignore_ascii_case("sts") && (rest.is_empty() || rest.starts_with(':'))
    })
}

/// Kind, account and name of the user or role that an ARN names.
fn entity_of(arn: [&str; 6]) -> Option<(Kind, &str, &str)> {
    let [_, _, "iam", _, account, rest] = arn else {
        return None;
    };
    let (kind, path) = match rest.strip_prefix("user/") {
        Some(path) => (Kind::User, path),
        None => (Kind::Role, rest.strip_prefix("role/")?),
    };
    Some((kind, account, last_name(path)))
}

/// What stands behind the last slash.
pub(crate) fn last_name(path: &str) -> &str {
    let slash = path.bytes().rposition(|byte| byte == b'/');
    slash.map_or(path, |slash| path.get(slash + 1..).unwrap_or_default())
}

/// The ARN of what a resource is a part of, whose policy it has: of an object the bucket, of an index the table,
/// of an alias the function.
fn whole_of<'a>(resource: &'a str, arn: [&'a str; 6]) -> Option<&'a str> {
    let [_, _, service, _, _, rest] = arn;
    let whole = match service {
        "s3" => bucket_of(arn)?,
        "dynamodb" => rest.split_once("/index/")?.0,
        "lambda" => {
            let name = rest.strip_prefix("function:")?.split_once(':')?.0;
            rest.get(.."function:".len() + name.len())?
        }
        _ => return None,
    };
    let end = resource.len().checked_sub(rest.len())? + whole.len();
    resource.get(..end)
}

/// The bucket of an object. An access point has an account, and a policy of its own.
pub(crate) fn bucket_of(arn: [&str; 6]) -> Option<&str> {
    let [_, _, "s3", "", "", rest] = arn else {
        return None;
    };
    let slash = rest.bytes().position(|byte| byte == b'/')?;
    rest.get(..slash)
}

impl Tables {
    /// Finds a target by its ARN and what [`split_arn`] gives for it; the request may say who owns it.
    pub(crate) fn locate(
        &self,
        arn: &str,
        parts: Option<[&str; 6]>,
        account: Option<&str>,
    ) -> Place {
        let mut place = Place {
            owner: Owner::Assumed,
            stated: None,
            policy: SetsId::NONE,
            trust: SetsId::NONE,
            is_principal: false,
            entity: None,
            tags: Run::default(),
            grants: Run::default(),
            restricts_public: false,
        };
        let listed = self.listed(arn, parts);
        if let Some((resource, is_itself)) = listed {
            place.policy = resource.policy;
            place.grants = resource.grants;
            place.restricts_public = resource.restricts_public;
            if is_itself {
                place.tags = resource.tags;
            }
        }
        if let Some((kind, digits, name)) = parts.and_then(entity_of) {
            place.entity = Some(kind);
            let found = self
                .account_of(digits)
                .and_then(|account| self.find_principal(account, kind, name))
                .filter(|found| parts.is_some_and(|parts| self.has_arn(found.entity(), parts)));
            if let Some(found) = found {
                place.is_principal = true;
                place.tags = found.tags;
                place.trust = found.trust;
            }
        }
        self.find_owner(arn, account, parts, listed.map(|(own, _)| own), &mut place);
        place
    }

    /// The account that owns a target, which the request leaves open and the directory knows.
    pub(crate) fn stated_owner(&self, place: &Place) -> Option<&str> {
        place.stated.map(|account| self.account_digits(account))
    }

    /// The number of the user or role with exactly this ARN.
    pub(crate) fn number_by_arn(&self, arn: &str) -> Option<usize> {
        let parts = split_arn(arn)?;
        let (kind, digits, name) = entity_of(parts)?;
        let account = self.account_of(digits)?;
        let (number, found) = self.find_entity(self, (account, kind, name))?;
        self.has_arn(found, parts).then_some(number as usize)
    }

    /// `EVAL-12`, `EVAL-13`.
    fn find_owner(
        &self,
        arn: &str,
        account: Option<&str>,
        parts: Option<[&str; 6]>,
        listed: Option<&Resource>,
        place: &mut Place,
    ) {
        let known = |digits| self.account_of(digits).map(Owner::Known);
        if let Some(account) = account {
            place.owner = known(account).unwrap_or(Owner::Stranger);
            return;
        }
        if arn == "*" {
            return;
        }
        let digits = parts.map_or("", |[.., account, _]| account);
        if !digits.is_empty() {
            let stranger = || is_account_id(digits).then_some(Owner::Stranger);
            if let Some(owner) = known(digits).or_else(stranger) {
                place.owner = owner;
                return;
            }
        }
        let owner = listed.map(|own| own.account);
        if let Some(index) = owner.filter(|index| self.account(*index).is_some()) {
            place.owner = Owner::Known(index);
            place.stated = Some(index);
        }
    }

    /// The target of a request.
    pub(crate) fn target_of<'d>(
        &'d self,
        request: &Request<'_>,
        caller: Option<&'d Account>,
    ) -> Target<'d> {
        let place = self.locate(
            request.resource,
            split_arn(request.resource),
            request.resource_account,
        );
        self.target(&place, is_sts(request.action), caller)
    }

    /// What a target is to a caller who does something of STS to it, or not.
    pub(crate) fn target<'d>(
        &'d self,
        place: &Place,
        is_sts: bool,
        caller: Option<&'d Account>,
    ) -> Target<'d> {
        let is_assumed = place.is_assumed();
        let owner = match place.owner {
            Owner::Known(index) => self.account(index),
            Owner::Stranger => None,
            Owner::Assumed => caller,
        };
        // A trust policy says who may assume the role, nothing else (TRUST-1).
        let policy = match place.is_principal && is_sts {
            true => place.trust,
            false => place.policy,
        };
        let restricts_all = owner.is_some_and(|owner| owner.restricts_public && !is_assumed);
        Target {
            owner,
            is_assumed,
            is_entity: place.entity.is_some(),
            is_role_of_sts: is_sts && place.entity == Some(Kind::Role),
            policy,
            tags: place.tags,
            grants: place.grants,
            restricts_public: place.restricts_public || restricts_all,
        }
    }

    /// The entry whose policy is that of a resource, and whether it is the resource itself: an object
    /// has the policy of its bucket, an index that of its table, an alias that of its function.
    pub(super) fn listed(
        &self,
        resource: &str,
        parts: Option<[&str; 6]>,
    ) -> Option<(&Resource, bool)> {
        let whole = parts.and_then(|parts| whole_of(resource, parts));
        if whole.is_none() || !self.is_never_listed(parts) {
            if let Some(found) = self.find_resource(resource) {
                return Some((found, true));
            }
        }
        Some((self.find_resource(whole?)?, false))
    }

    /// Of objects hardly ever anything is known but by their buckets.
    fn is_never_listed(&self, parts: Option<[&str; 6]>) -> bool {
        !self.lists_objects && matches!(parts, Some([_, _, "s3", ..]))
    }

    /// The number that the entry of a resource is most likely to have. For those who read ahead what a decision
    /// will look at.
    pub(crate) fn likely_listed(&self, resource: &str, parts: [&str; 6]) -> Option<u32> {
        let whole = whole_of(resource, parts).filter(|_| self.is_never_listed(Some(parts)));
        self.likely_resource(whole.unwrap_or(resource))
    }
}
