//! Dumps of one user, group or role beside the dump of its account: both have to say the same, since nobody can tell
//! which of them is in force.
//!
//! The later of two could be taken by the time of its file, but copies and archives change that, and a policy that was
//! removed would come back. So a difference is an error that names both places.

use std::collections::HashMap;

use portcullis_model::PolicyKind;

use crate::codes;
use crate::load::loader::Loader;
use crate::load::raw::{RawCopy, Said, Spot};
use crate::store::ids::PolicyId;

/// Holds what is said of single users, groups and roles to the dumps of their accounts, and adds what these do not
/// have: how long a role's sessions may last.
pub(super) fn compare_copies(loader: &mut Loader) {
    let copies = std::mem::take(&mut loader.raw.copies);
    if copies.is_empty() {
        return;
    }
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
    for copy in copies {
        let name = loader.strings.get(copy.name).to_string();
        let Some(account) = copy.account.or_else(|| only_account(loader)) else {
            let message = format!(
                "does not give the account of the {} `{name}`; put the file in a folder named after the account",
                copy.kind
            );
            loader.error(loader.place(copy.spot), codes::MISSING_MEMBER, message);
            continue;
        };
        match known.get(&(copy.kind, account, name.to_ascii_lowercase())) {
            Some(index) => compare_copy(loader, &copy, *index),
            None => {
                let kind = copy.kind;
                let message = format!("the {kind} `{name}` of {account:012} is in no account dump");
                loader.warn(loader.place(copy.spot), codes::DANGLING_REFERENCE, message);
            }
        }
    }
}

/// The account of a folder with a single one, for files that do not say theirs.
fn only_account(loader: &Loader) -> Option<u64> {
    let mut all = loader.raw.dumped.iter().copied();
    all.next().filter(|_| all.next().is_none())
}

/// Compares a dump with the user, group or role of this index.
fn compare_copy(loader: &mut Loader, copy: &RawCopy, index: usize) {
    let principal = match copy.kind {
        "group" => None,
        _ => loader.raw.principals.get(index),
    };
    let group = match copy.kind {
        "group" => loader.raw.groups.get(index),
        _ => None,
    };
    let spot = principal.map(|own| own.spot);
    let Some(spot) = spot.or(group.map(|own| own.spot)) else {
        return;
    };
    let inline = principal.map(|own| &own.inline);
    let inline = inline.or(group.map(|own| &own.inline));
    let mut differences: Vec<String> = Vec::new();
    let mut max_session = None;
    for said in &copy.says {
        let is_same = match said {
            Said::Inline(name, policy) => {
                let inline = inline.map_or(&[][..], Vec::as_slice);
                let named = |id: &&PolicyId| loader.documents.name_and_place(**id).0 == *name;
                let mut named = inline.iter().filter(named);
                named.any(|own| {
                    loader
                        .documents
                        .are_equal(*own, *policy, PolicyKind::Identity)
                })
            }
            Said::Trust(trust) => match (principal.and_then(|own| own.trust), trust) {
                (None, None) => true,
                (Some(own), Some(trust)) => {
                    loader
                        .documents
                        .are_equal(own, *trust, PolicyKind::Resource)
                }
                _ => false,
            },
            Said::Boundary(arn) => principal.is_some_and(|own| own.boundary == Some(*arn)),
            Said::Tags(tags) => principal.is_some_and(|own| {
                let sorted = |tags: &[_]| {
                    let mut tags = tags.to_vec();
                    tags.sort_unstable();
                    tags
                };
                sorted(&own.tags) == sorted(tags)
            }),
            Said::MaxSession(seconds) => {
                max_session = Some(*seconds);
                let own = principal.and_then(|own| own.max_session);
                own.is_none_or(|own| own == *seconds)
            }
        };
        if !is_same {
            differences.push(match said {
                Said::Inline(name, _) => format!("inline policy `{}`", loader.strings.get(*name)),
                Said::Trust(_) => "trust policy".to_string(),
                Said::Boundary(_) => "boundary".to_string(),
                Said::Tags(_) => "tags".to_string(),
                Said::MaxSession(_) => "`MaxSessionDuration`".to_string(),
            });
        }
    }
    if let (Some(seconds), "role") = (max_session, copy.kind) {
        if let Some(own) = loader.raw.principals.get_mut(index) {
            own.max_session = Some(seconds);
        }
    }
    for what in differences {
        contradicts(loader, copy, &what, spot);
    }
}

/// An error that names both files, since either may be the old one.
fn contradicts(loader: &mut Loader, copy: &RawCopy, what: &str, dump: Spot) {
    let name = loader.strings.get(copy.name);
    let message = format!(
        "the {what} of the {} `{name}` differs from the dump of its account at {}; \
         dump both again, or remove this file",
        copy.kind,
        loader.place(dump)
    );
    loader.error(loader.place(copy.spot), codes::CONTRADICTION, message);
}
