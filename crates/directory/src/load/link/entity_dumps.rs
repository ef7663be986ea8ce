//! Dumps of one user, group or role beside the dump of its account: both have to say the same
//! (choice R31).
//!
//! The later of two could be taken by the time of its file, but copies and archives change that,
//! and a policy that was removed would come back. So a difference is an error that names both
//! locations. Taking the union of both was rejected for the same reason: it allows what either
//! allows.
//!
//! A dump of somebody who is in no account dump decides nothing. It is a warning, because a
//! principal of which only a part is known cannot be decided for.

use std::collections::HashMap;

use portcullis_model::PolicyKind;

use crate::codes;
use crate::load::loader::Loader;
use crate::load::raw::{EntityField, RawEntityDump, SourceLoc};
use crate::store::ids::PolicyId;

/// Holds the dumps of single users, groups and roles against those of their accounts, and adds how
/// long a role's sessions may last, which account dumps do not have. Runs before principals are
/// linked; takes one map over all principals, and nothing at all where no such dump was read.
pub(super) fn compare_entity_dumps(loader: &mut Loader) {
    let dumps = std::mem::take(&mut loader.raw.entity_dumps);
    if dumps.is_empty() {
        return;
    }
    // Names are unique without regard to case (`IN-17`), and two dumps may spell one differently.
    let lower = |name| loader.strings.get(name).to_ascii_lowercase();
    let principals = loader
        .raw
        .principals
        .iter()
        .enumerate()
        .map(|(index, own)| {
            let key = (own.kind.as_str(), own.account, lower(own.name));
            (key, index)
        });
    let groups = loader.raw.groups.iter().enumerate();
    let groups = groups.map(|(index, own)| (("group", own.account, lower(own.name)), index));
    let known: HashMap<_, _> = principals.chain(groups).collect();
    for dump in dumps {
        let name = loader.strings.get(dump.name).to_string();
        let Some(account) = dump.account.or_else(|| only_account(loader)) else {
            let message = format!(
                "does not give the account of the {} `{name}`; put the file in a folder named after the account",
                dump.kind
            );
            loader.error(loader.location(dump.loc), codes::MISSING_MEMBER, message);
            continue;
        };
        match known.get(&(dump.kind, account, name.to_ascii_lowercase())) {
            Some(index) => compare_entity_dump(loader, &dump, *index),
            None => {
                let kind = dump.kind;
                let message = format!("the {kind} `{name}` of {account:012} is in no account dump");
                // Not an error: collectors keep dumps of roles that were deleted since.
                loader.warn(
                    loader.location(dump.loc),
                    codes::DANGLING_REFERENCE,
                    message,
                );
            }
        }
    }
}

/// The account of a folder with a single one, for dumps that do not say theirs (`get-user-policy`
/// does not).
fn only_account(loader: &Loader) -> Option<u64> {
    let mut all = loader.raw.dumped.iter().copied();
    all.next().filter(|_| all.next().is_none())
}

/// Compares a dump with the user, group or role that has this index among the records.
fn compare_entity_dump(loader: &mut Loader, dump: &RawEntityDump, index: usize) {
    let principal = match dump.kind {
        "group" => None,
        _ => loader.raw.principals.get(index),
    };
    let group = match dump.kind {
        "group" => loader.raw.groups.get(index),
        _ => None,
    };
    let loc = principal.map(|own| own.loc);
    let Some(loc) = loc.or(group.map(|own| own.loc)) else {
        return;
    };
    let inline = principal.map(|own| &own.inline);
    let inline = inline.or(group.map(|own| &own.inline));
    let mut differences: Vec<String> = Vec::new();
    let mut max_session = None;
    for field in &dump.fields {
        let is_same = match field {
            // An inline policy that the account dump does not have is a difference too. The other
            // way around nothing is known: the answer is about one policy of many.
            EntityField::Inline(name, policy) => {
                let inline = inline.map_or(&[][..], Vec::as_slice);
                let named = |id: &&PolicyId| loader.documents.name(**id) == *name;
                let mut named = inline.iter().filter(named);
                named.any(|own| {
                    loader
                        .documents
                        .are_equal(*own, *policy, PolicyKind::Identity)
                })
            }
            EntityField::Trust(trust) => match (principal.and_then(|own| own.trust), trust) {
                // Neither can be read, which was reported twice already.
                (None, None) => true,
                (Some(own), Some(trust)) => {
                    loader
                        .documents
                        .are_equal(own, *trust, PolicyKind::Resource)
                }
                _ => false,
            },
            EntityField::Boundary(arn) => principal.is_some_and(|own| own.boundary == Some(*arn)),
            EntityField::Tags(tags) => principal.is_some_and(|own| {
                let sorted = |tags: &[_]| {
                    let mut tags = tags.to_vec();
                    tags.sort_unstable();
                    tags
                };
                sorted(&own.tags) == sorted(tags)
            }),
            EntityField::MaxSession(seconds) => {
                max_session = Some(*seconds);
                let own = principal.and_then(|own| own.max_session);
                // Account dumps do not have it, so that only two dumps of the role can differ.
                own.is_none_or(|own| own == *seconds)
            }
        };
        if !is_same {
            differences.push(match field {
                EntityField::Inline(name, _) => {
                    format!("inline policy `{}`", loader.strings.get(*name))
                }
                EntityField::Trust(_) => "trust policy".to_string(),
                EntityField::Boundary(_) => "boundary".to_string(),
                EntityField::Tags(_) => "tags".to_string(),
                EntityField::MaxSession(_) => "`MaxSessionDuration`".to_string(),
            });
        }
    }
    if let (Some(seconds), "role") = (max_session, dump.kind) {
        if let Some(own) = loader.raw.principals.get_mut(index) {
            own.max_session = Some(seconds);
        }
    }
    for what in differences {
        contradicts(loader, dump, &what, loc);
    }
}

/// Reports a difference as an error that names both files, since either may be the old one.
fn contradicts(loader: &mut Loader, dump: &RawEntityDump, what: &str, account_dump: SourceLoc) {
    let name = loader.strings.get(dump.name);
    let message = format!(
        "the {what} of the {} `{name}` differs from the dump of its account at {}; \
         dump both again, or remove this file",
        dump.kind,
        loader.location(account_dump)
    );
    loader.error(loader.location(dump.loc), codes::CONTRADICTION, message);
}
