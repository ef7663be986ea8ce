//! From the records to the tables: references become ids.
//!
//! The order matters:
//!
//! 1. Organization and accounts, since everything else refers to accounts.
//! 2. Dumps of single users and roles are compared, and permission sets add roles, before
//!    principals are made of the records.
//! 3. Groups, then principals, which take over the policies of their groups.
//! 4. Resources, grants and endpoints.
//! 5. From then on no strings are added, because the tables own them. Rows are added last, since a
//!    name that is there twice shows only in the index of the tables.
//!
//! Equal lists of tags and equal policy sets are stored once, because principals mostly have those
//! of others. Time and memory are linear in the records, but for sorting. Problems do not stop
//! linking: the result is fit for use only if there are none, and [`crate::load::load`] sees to
//! that.
//!
//! Resolving references while files are read was rejected. It needs either an order of files, which
//! collectors do not keep, or a place-holder for what comes later, which then has to be checked
//! here anyway.

mod acl;
mod endpoints;
mod entity_dumps;
mod groups;
mod identity_center;
mod managed;
mod organization;
mod pairs;
mod principals;
mod resources;
mod scopes;

use crate::load::link::endpoints::link_endpoints;
use crate::load::link::entity_dumps::compare_entity_dumps;
use crate::load::link::groups::link_groups;
use crate::load::link::identity_center::{add_people, link_identity_center};
use crate::load::link::organization::{Organization, link_organization};
use crate::load::link::principals::link_principals;
use crate::load::link::resources::link_resources;
use std::collections::BTreeSet;

use portcullis_model::{PolicyKind, split_arn};
use portcullis_source::Severity;

use crate::arn::account_number;
use crate::codes;

use crate::load::link::pairs::PairLists;
use crate::load::loader::Loader;
use crate::load::path::Location;
use crate::load::raw::SourceLoc;
use crate::store::accounts::{Account, Accounts};
use crate::store::ids::{SetsId, Symbol};
use crate::store::tables::{Columns, Tables};

/// Makes tables of all records. They are fit for use only if the loader has no errors afterwards;
/// references to what is missing are in its report.
pub(crate) fn link(loader: &mut Loader) -> Tables {
    let organization = link_organization(loader);
    let mut pairs = PairLists::default();
    let accounts = link_accounts(loader, &organization);
    compare_entity_dumps(loader);
    let assignees = link_identity_center(loader);
    let groups = link_groups(loader);
    let principals = link_principals(loader, &accounts, &groups, &mut pairs);
    let (resources, grants) = link_resources(loader, &accounts, &mut pairs);
    let endpoints = link_endpoints(loader);
    let dumps = std::mem::take(&mut loader.raw.truncated).into_values();
    let dumps = dumps.filter_map(|(is_truncated, loc)| is_truncated.then_some(loc));
    let others = std::mem::take(&mut loader.raw.unfinished).into_values();
    for loc in dumps.chain(others) {
        // `IN-5`: the pages that are not there may deny. Not an error yet: the caller may allow
        // missing parts.
        let message = "the last page says that there are more; add their files";
        let location = loader.location(loc);
        let problem = location.diagnostic(Severity::Error, codes::INCOMPLETE, message);
        loader.report.missing.push(problem);
    }
    // Counted when everything that refers to something was linked. A directory with any is
    // incomplete for good, also in a file.
    let missing = u32::try_from(loader.report.missing.len()).unwrap_or(u32::MAX);
    if loader.strings.is_full() {
        let message = "the strings of the directory are more than 4 GiB";
        loader.error(Location::default(), codes::TOO_LARGE, message);
    }
    let mut tables = Tables::new(Columns {
        strings: std::mem::take(&mut loader.strings).into_table(),
        accounts,
        grants,
        pairs: pairs.all,
        endpoints,
        organization: organization.id,
        missing,
    });
    // Before resources: a resource may be a role, whose trust policy is compared below.
    for (principal, loc) in principals {
        if !tables.add_principal(principal) {
            let arn = tables.arn(principal.entity());
            let message = format!("`{arn}` appears twice");
            let location = location_in(&tables, loc);
            loader.error(location, codes::DUPLICATE, message);
        }
    }
    add_people(&mut tables, &assignees);
    for (resource, loc) in resources {
        let arn = tables.str(resource.arn);
        // A role may be in a line of our own too (`IN-48`). Its trust policy is in the dump of its
        // account, and a line that says another would open the role or close it.
        let principal = tables.number_by_arn(arn);
        let principal = principal.and_then(|number| tables.principal(number));
        if let (Some(principal), true) = (principal, resource.policy.is_some()) {
            let one = |sets| loader.documents.sets(sets).first()?.1.first().copied();
            let both = one(principal.trust).zip(one(resource.policy));
            let kind = PolicyKind::Resource;
            if !both.is_some_and(|(own, new)| loader.documents.are_equal(own, new, kind)) {
                let message =
                    format!("the policy of `{arn}` is not the one in the dump of its account");
                let location = location_in(&tables, loc);
                loader.error(location, codes::CONTRADICTION, message);
            }
        }
        tables.add_resource(resource);
    }
    loader.documents.finish();
    tables
}

/// Every account that anything refers to: dumped ones, members of the organization, owners of
/// resources, and accounts in which permission sets are assigned.
///
/// An account without a dump is kept all the same. Its number decides whether a request is
/// cross-account (`EVAL-2` and what follows), and its control policies limit callers that nothing
/// else is known of.
fn link_accounts(loader: &mut Loader, organization: &Organization) -> Accounts {
    let mut numbers: BTreeSet<u64> = loader.raw.dumped.iter().copied().collect();
    numbers.extend(organization.members.keys());
    numbers.extend(loader.raw.restricted_accounts.iter());
    numbers.extend(loader.raw.proposed_accounts.iter());
    let assignments = loader.raw.center.assignments.keys();
    numbers.extend(assignments.map(|assignment| assignment.account));
    let owners = loader.raw.resources.iter().filter_map(|raw| {
        let own = split_arn(loader.strings.get(raw.arn))
            .and_then(|[.., account, _]| account_number(account));
        raw.account.or(own)
    });
    numbers.extend(owners);
    let rows = numbers.into_iter().map(|number| {
        let member = organization.members.get(&number);
        let path = member.and_then(|member| member.path);
        Account {
            number,
            org_path: path.unwrap_or(Symbol::NONE),
            scps: member.map_or(SetsId::NONE, |member| member.scps),
            rcps: member.map_or(SetsId::NONE, |member| member.rcps),
            is_member: member.is_some(),
            is_management: member.is_some_and(|member| member.is_management),
            is_dumped: loader.raw.dumped.contains(&number),
            restricts_public: loader.raw.restricted_accounts.contains(&number),
        }
    });
    Accounts::new(rows.collect())
}

/// Resolves a source location after the strings moved into the tables.
fn location_in(tables: &Tables, loc: SourceLoc) -> Location {
    loc.location(tables.str(loc.file))
}
