//! Groups become lists of policies that their members take over (`EVAL-2`).
//!
//! A group is no principal of a request, so that the tables have no rows of groups. What remains of
//! one is the policies of its members, and with [`Attachment`] the reason why a member has them.

use std::collections::HashMap;

use crate::codes;

use crate::load::link::managed::add_attached;
use crate::load::loader::Loader;
use crate::load::raw::{RawGroup, SourceLoc};
use crate::store::ids::PolicyId;
use crate::store::provenance::Attachment;

/// A group's policies: the first `inline` of them are its inline policies, the others are managed.
pub(super) struct GroupPolicies {
    /// What each member gets, in the order of the dump.
    pub(super) policies: Vec<PolicyId>,
    /// How many are inline. Explanations tell the two apart, decisions do not.
    pub(super) inline: usize,
    /// For the message about a second group of the same name.
    pub(super) loc: SourceLoc,
}

/// By account and name in lower case: names of groups are unique without regard to case, and a user
/// may spell its group another way than the group does.
pub(super) type GroupsByName = HashMap<(u64, String), GroupPolicies>;

/// Makes the lists of policies that members take over. A group that is there twice is an error,
/// since nobody can tell which of the two is in force.
pub(super) fn link_groups(loader: &mut Loader) -> GroupsByName {
    let mut groups = GroupsByName::new();
    for raw in std::mem::take(&mut loader.raw.groups) {
        let RawGroup {
            loc,
            account,
            name,
            attached,
            inline,
        } = raw;
        let mut policies = inline;
        let inline = policies.len();
        add_attached(loader, &attached, loc, &mut policies);
        // By the name in lower case, as members look it up.
        let key = (account, loader.strings.get(name).to_ascii_lowercase());
        if let Some(old) = groups.get(&key) {
            let message = format!(
                "the group `{}` of {account:012} is also defined at {}",
                loader.strings.get(name),
                loader.location(old.loc)
            );
            loader.error(loader.location(loc), codes::DUPLICATE, message);
            continue;
        }
        if let Some(all) = &mut loader.documents.attachments {
            let own = policies.iter().enumerate().map(|(index, id)| {
                let attachment = match index < inline {
                    true => Attachment::Inline(Some(name)),
                    false => Attachment::Managed(Some(name)),
                };
                (attachment, *id)
            });
            all.groups.insert(key.clone(), own.collect());
        }
        let group = GroupPolicies {
            policies,
            inline,
            loc,
        };
        groups.insert(key, group);
    }
    groups
}
