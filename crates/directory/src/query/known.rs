//! What questions about all requests need of a directory: the targets that it knows, as patterns, and the policies of a
//! completed request, set by set.
//!
//! A target that the directory does not know has no policy, no tags and no grants, so that all of them are alike but for
//! their owners. Those that it knows are few, and each stands for the ARNs that lead to it ([`crate::store::policy_scope`]).

use bumpalo::Bump;
use portcullis_model::{session_names, split_arn};
use portcullis_syntax::PolicySets;

use crate::decide::completed::CompletedRequest;
use crate::decide::target::listed;
use crate::store::documents::Documents;
use crate::store::ids::SetsId;
use crate::store::policy_scope::{Reach, part_of, reach_of};
use crate::store::tables::Tables;

/// A target that the directory knows, or the parts of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTarget {
    /// What the directory calls it: the name that [`Directory::known_target`](crate::Directory::known_target) gives.
    pub name: String,
    /// An ARN that leads to it, and of which nothing else is known.
    pub example: String,
    /// The ARNs that lead to it, as a pattern of Resource; it may match a few others.
    pub pattern: String,
    /// The account that owns it, if the directory says so.
    pub owner: Option<String>,
    /// It has a resource policy; of a role, a trust policy.
    pub has_policy: bool,
    /// It has grants, or entries of an access control list.
    pub has_grants: bool,
    /// It has tags, so that which it has is known.
    pub has_tags: bool,
    /// It is a user or role. Its policy, if it has one, is consulted for actions of STS alone (`TRUST-1`).
    pub is_entity: bool,
}

/// A set of policies by its number in the directory: equal numbers are equal policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicySetNumber(SetsId);

/// What may stand between a whole and the names of its parts (`MATCH-36`). The first that does is what all of its parts have.
const BEFORE_PARTS: [&str; 3] = ["/", "/index/", ":"];

/// A name that no policy has: for what is nothing else than a part, or a resource of an account.
const UNNAMED: &str = "~";

/// The targets that the directory knows, in its order: resources, and users and roles.
pub(crate) fn known_targets(tables: &Tables) -> Vec<KnownTarget> {
    let mut all = Vec::new();
    for row in tables.resources() {
        let arn = tables.str(row.arn);
        let account = split_arn(arn).map(|[.., account, _]| account);
        let stated = account.filter(|own| portcullis_model::is_account_id(own));
        let owner = stated.or_else(|| {
            let own = tables.account(row.account);
            own.map(|_| tables.accounts().digits(row.account))
        });
        let target = |example: String, pattern: String, has_tags| KnownTarget {
            name: arn.to_owned(),
            example,
            pattern,
            owner: owner.map(str::to_owned),
            has_policy: row.has_policy(),
            has_grants: row.grants.some().is_some(),
            has_tags,
            is_entity: false,
        };
        let has_tags = row.tags.some().is_some();
        if row.is_scope_entry {
            // Whatever begins so is a part.
            all.push(target(format!("{arn}{UNNAMED}"), format!("{arn}*"), false));
            continue;
        }
        all.push(target(arn.to_owned(), arn.to_owned(), has_tags));
        for before in BEFORE_PARTS {
            let example = format!("{arn}{before}{UNNAMED}");
            let part = split_arn(&example).and_then(|parts| part_of(&example, parts));
            if part.is_some_and(|part| part.key == arn) {
                let pattern = format!("{arn}{before}*");
                all.push(target(example, pattern, row.has_abac && has_tags));
                break;
            }
        }
    }
    for row in tables.principals() {
        let arn = tables.arn(row.entity());
        all.push(KnownTarget {
            name: arn.clone(),
            example: arn.clone(),
            pattern: arn,
            owner: Some(tables.accounts().digits(row.account).to_owned()),
            has_policy: row.trust.is_some(),
            has_grants: false,
            has_tags: row.tags.some().is_some(),
            is_entity: true,
        });
    }
    all
}

/// What the directory calls the target of an ARN, if it knows it.
pub(crate) fn known_target(tables: &Tables, arn: &str) -> Option<String> {
    let parts = split_arn(arn);
    if tables.number_by_arn(arn).is_some() {
        return Some(arn.to_owned());
    }
    let row = listed(tables, arn, parts).named()?;
    Some(tables.str(row.arn).to_owned())
}

/// The name of the target that stands for the parts of a resource, if it has one of its own.
pub(crate) fn name_of_parts(arn: &str) -> Option<String> {
    match reach_of(arn) {
        Reach::Whole(name) => name,
        _ => None,
    }
}

/// True if an account is of the organization.
pub(crate) fn is_of_organization(tables: &Tables, account: &str) -> bool {
    let found = tables.accounts().find_digits(account);
    found
        .and_then(|index| tables.account(index))
        .is_some_and(|own| own.is_member)
}

/// The ARN of the role that a session is of, if the directory has it.
pub(crate) fn role_of_session(tables: &Tables, arn: &str) -> Option<String> {
    let [.., last] = split_arn(arn)?;
    session_names(last)?;
    let role = tables.principal(tables.number_of_role(arn)?)?;
    Some(tables.arn(role.entity()))
}

/// The policies of a set of a completed request; none if one cannot be read.
pub(crate) fn policies_of<'a>(
    tables: &'a Tables,
    documents: &'a Documents,
    number: PolicySetNumber,
    arena: &'a Bump,
) -> Option<PolicySets<'a>> {
    let mut sets = PolicySets::default();
    documents.add_to(number.0, tables.strings(), &mut sets, arena)?;
    Some(sets)
}

impl CompletedRequest<'_> {
    /// The sets of the directory's policies that take part.
    pub fn policy_sets(&self) -> Vec<PolicySetNumber> {
        self.sets.iter().map(|id| PolicySetNumber(*id)).collect()
    }

    /// The caller's policies came with the request.
    pub fn has_identity(&self) -> bool {
        self.extra.identity.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A whole whose parts begin otherwise would be missed, and questions about all requests with it.
    #[test]
    fn match_36_parts_of_every_whole_are_known() {
        for (arn, part) in [
            ("arn:aws:s3:::b", "arn:aws:s3:::b/k"),
            (
                "arn:aws:dynamodb:eu-west-1:111122223333:table/T",
                "arn:aws:dynamodb:eu-west-1:111122223333:table/T/index/i",
            ),
            (
                "arn:aws:lambda:eu-west-1:111122223333:function:f",
                "arn:aws:lambda:eu-west-1:111122223333:function:f:1",
            ),
        ] {
            let parts = split_arn(part).unwrap();
            assert_eq!(part_of(part, parts).unwrap().key, arn);
            assert!(
                BEFORE_PARTS
                    .iter()
                    .any(|own| part.starts_with(&format!("{arn}{own}")))
            );
        }
    }
}
