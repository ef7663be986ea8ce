//! Takes changes in: tables merge others that hold only what changed.
//!
//! | of the changes | replaces |
//! |---|---|
//! | an account that was dumped again | all users and roles of that account; those that are not among them are gone |
//! | an organization | every account's position and chains |
//! | a resource | what the changes say of it: policy, tags, grants, owner, bucket; the rest stays |
//! | an endpoint | its policy |
//! | who has roles of Identity Center | those of the roles that the changes name |
//!
//! New rows and strings are appended and their ids moved by what was there before, so that the cost
//! grows with the changes and not with the directory. Rows of accounts that were dumped again are
//! replaced. Where accounts are new or principals are gone, ids move and the tables are gone
//! through once.
//!
//! What the old rows referred to stays as garbage: strings, pairs and sets that nothing uses. A
//! file is compiled anew after seven changes anyway ([`crate::store::snapshot::MAX_IMAGES`]), which
//! removes it. Compacting at each update was rejected, because it would cost as much as compiling.
//! So was looking strings up, so that equal ones keep one symbol: the index of strings is not kept
//! after loading, and making it again takes longer than a small update.

use std::collections::BTreeSet;

use crate::store::accounts::{Account, Accounts};
use crate::store::ids::{AccountIdx, PrincipalIdx, RowRange, SetsId, Symbol, UnitId, number};
use crate::store::tables::{Grant, Person, PrincipalRow, ResourceRow, Tables};

/// By how much the ids of the changes move, so that they follow those of the directory: the length
/// of each table before.
struct IdOffsets {
    /// In bytes, since a symbol is an offset.
    strings: u32,
    /// Rows of pairs.
    pairs: u32,
    /// Rows of grants.
    grants: u32,
    /// Policy sets.
    sets: u32,
    /// Rows of uses, of which policy sets are ranges.
    uses: u32,
    /// Units of the images below: the images of the changes are stacked above.
    units: u32,
}

impl IdOffsets {
    /// None if some table would have more rows than ids. Asked before anything is changed, so that
    /// a directory that is full stays as it is.
    fn new(tables: &Tables, new: &Tables, units: u32) -> Option<IdOffsets> {
        let room = |old: usize, more: usize| {
            // One number means that there is none.
            let end = u32::try_from(old.checked_add(more)?).ok()?;
            (end < u32::MAX).then(|| number(old))
        };
        room(tables.principals.len(), new.principals.len())?;
        room(tables.resources.len(), new.resources.len())?;
        Some(IdOffsets {
            strings: room(tables.strings.stored().len(), new.strings.stored().len())?,
            pairs: room(tables.pairs.len(), new.pairs.len())?,
            grants: room(tables.grants.len(), new.grants.len())?,
            sets: room(tables.sets.len(), new.sets.len())?,
            uses: room(tables.uses.len(), new.uses.len())?,
            units,
        })
    }

    /// A symbol of the changes in the merged tables; absent stays absent.
    fn symbol(&self, name: Symbol) -> Symbol {
        let offsets = name
            .some()
            .map(|name| Symbol::new(name.get() + self.strings));
        offsets.unwrap_or(Symbol::NONE)
    }

    /// Policy sets of the changes in the merged tables.
    fn sets(&self, sets: SetsId) -> SetsId {
        let offsets = sets.some().map(|sets| SetsId::new(sets.get() + self.sets));
        offsets.unwrap_or(SetsId::NONE)
    }

    /// A range of the changes, moved by the length of its table. An empty range has no position and
    /// stays the default, so that equal rows stay equal.
    fn range(range: RowRange, by: u32) -> RowRange {
        let offsets = range
            .some()
            .map(|range| RowRange::new(range.start() + by, range.count()));
        offsets.unwrap_or(range)
    }

    /// A range of pairs.
    fn pairs(&self, range: RowRange) -> RowRange {
        IdOffsets::range(range, self.pairs)
    }
}

/// Merges `new`, whose units follow the first `units` of these tables. Returns the index that each
/// user and role had before, absent of those that are new or changed. None, and nothing is changed,
/// if the tables would have more rows than ids.
///
/// Takes time linear in `new`, and in all rows where accounts are new or principals are gone. One
/// account dumped again took 0.07 s in a directory of a million principals
/// (`docs/benchmarks/directories.md`).
pub(crate) fn merge(tables: &mut Tables, new: &Tables, units: usize) -> Option<Vec<PrincipalIdx>> {
    let offsets = IdOffsets::new(tables, new, number(units))?;
    Some(merge_rows(tables, new, &offsets))
}

/// Merges everything. Columns that are only appended come first: rows that are merged afterwards
/// refer to them.
fn merge_rows(tables: &mut Tables, new: &Tables, offsets: &IdOffsets) -> Vec<PrincipalIdx> {
    // Columns that are only appended: what refers to them is moved by the offsets.
    tables.strings.append(&new.strings);
    let pairs = new.pairs.iter();
    tables
        .pairs
        .extend(pairs.map(|(key, value)| (offsets.symbol(*key), offsets.symbol(*value))));
    tables.grants.extend(new.grants.iter().map(|grant| Grant {
        id: offsets.symbol(grant.id),
        grantee: offsets.symbol(grant.grantee),
        operations: offsets.pairs(grant.operations),
        subset: offsets.pairs(grant.subset),
        equals: offsets.pairs(grant.equals),
        is_exact: grant.is_exact,
    }));
    let uses = new.uses.iter();
    tables
        .uses
        .extend(uses.map(|(layers, unit)| (*layers, UnitId::new(unit.get() + offsets.units))));
    let sets = new.sets.iter();
    tables
        .sets
        .extend(sets.map(|range| IdOffsets::range(*range, offsets.uses)));
    tables.missing = tables.missing.saturating_add(new.missing);
    // From here on rows are merged, in the order in which they refer to each other.
    let account_map = merge_accounts(tables, new, offsets);
    // People refer to principals by index, which the merge of principals changes. Without people
    // the copy is saved.
    let before: Vec<PrincipalRow> = match tables.people.is_empty() {
        true => Vec::new(),
        false => tables.principals.clone(),
    };
    let origins = merge_principals(tables, new, offsets, &account_map);
    merge_people(tables, new, offsets, &before, &account_map);
    merge_resources(tables, new, offsets, &account_map);
    for (id, sets) in &new.endpoints {
        let text = new.strings.get(*id);
        let strings = &tables.strings;
        // The table of endpoints is sorted by the text of the id, which a file relies on.
        let found = tables
            .endpoints
            .binary_search_by(|(own, _)| strings.get(*own).cmp(text));
        let entry = (offsets.symbol(*id), offsets.sets(*sets));
        match found {
            Ok(at) => {
                if let Some(own) = tables.endpoints.get_mut(at) {
                    *own = entry;
                }
            }
            Err(at) => tables.endpoints.insert(at, entry),
        }
    }
    origins
}

/// Merges accounts by their numbers; returns the index of each of the new ones. Indices move if
/// accounts are inserted, and every row that refers to an account is then rewritten.
///
/// An organization in the changes is the whole tree: accounts that it does not mention are no
/// members any more.
fn merge_accounts(tables: &mut Tables, new: &Tables, offsets: &IdOffsets) -> Vec<AccountIdx> {
    let has_tree = new.organization.is_some();
    if has_tree {
        tables.organization = new.organization.map(|id| offsets.symbol(id));
    }
    let old: Vec<u64> = tables.accounts.numbers().collect();
    tables.accounts.change(|rows| {
        // The new tree is the whole organization: whoever is not in it was removed from it.
        for own in rows.iter_mut().filter(|_| has_tree) {
            *own = Account {
                is_dumped: own.is_dumped,
                restricts_public: own.restricts_public,
                ..Account::new(own.number)
            };
        }
        for account in new.accounts.rows() {
            let at = rows.binary_search_by_key(&account.number, |own| own.number);
            let at = at.unwrap_or_else(|at| {
                rows.insert(at, Account::new(account.number));
                at
            });
            let Some(own) = rows.get_mut(at) else {
                continue;
            };
            // An account that was dumped before stays so, and a block of public access stays in
            // force: changes add.
            own.is_dumped |= account.is_dumped;
            own.restricts_public |= account.restricts_public;
            if has_tree {
                own.org_path = offsets.symbol(account.org_path);
                own.scps = offsets.sets(account.scps);
                own.rcps = offsets.sets(account.rcps);
                own.is_member = account.is_member;
                own.is_management = account.is_management;
            }
        }
    });
    if old.len() != tables.accounts.rows().len() {
        // Accounts were inserted among the others, so that indices of all later ones moved.
        let indices = indices_of(&tables.accounts, old.into_iter());
        for own in &mut tables.principals {
            own.account = account_in(&indices, own.account);
        }
        for own in &mut tables.resources {
            own.account = account_in(&indices, own.account);
        }
        // The hash of a principal includes the index of its account.
        tables.index_principals();
    }
    indices_of(&tables.accounts, new.accounts.numbers())
}

/// The indices of accounts, by their numbers.
fn indices_of(accounts: &Accounts, numbers: impl Iterator<Item = u64>) -> Vec<AccountIdx> {
    let indices = numbers.map(|number| accounts.find(number).unwrap_or(AccountIdx::NONE));
    indices.collect()
}

/// The index of the account that had this index in the changes.
fn account_in(indices: &[AccountIdx], account: AccountIdx) -> AccountIdx {
    let offsets = indices.get(account.index()).copied();
    offsets.unwrap_or(AccountIdx::NONE)
}

/// Merges users and roles by account, kind and name. Those of an account that was dumped again are
/// gone unless the new dump has them; numbers of the others then move down.
///
/// Returns the previous index of each principal, so that the plan keeps what it knows of those that
/// did not change ([`crate::plan::principals`]): working it out again takes longer than everything
/// else in a small update.
fn merge_principals(
    tables: &mut Tables,
    new: &Tables,
    offsets: &IdOffsets,
    account_map: &[AccountIdx],
) -> Vec<PrincipalIdx> {
    // A dump has all users and roles of its account (`IN-10`): who is not in the new one was
    // deleted.
    let mut is_replaced = vec![false; tables.accounts.rows().len()];
    for (account, index) in new.accounts.rows().iter().zip(account_map) {
        if let Some(replaced) = is_replaced.get_mut(index.index()) {
            *replaced |= account.is_dumped;
        }
    }
    let count = tables.principals.len();
    let mut origins: Vec<PrincipalIdx> = (0..count).map(PrincipalIdx::at).collect();
    let mut is_gone: Vec<bool> = tables
        .principals
        .iter()
        .map(|own| is_replaced.get(own.account.index()) == Some(&true))
        .collect();
    for principal in &new.principals {
        let principal = PrincipalRow {
            account: account_in(account_map, principal.account),
            partition: offsets.symbol(principal.partition),
            path: offsets.symbol(principal.path),
            name: offsets.symbol(principal.name),
            id: offsets.symbol(principal.id),
            identity: offsets.sets(principal.identity),
            boundary: offsets.sets(principal.boundary),
            trust: offsets.sets(principal.trust),
            tags: offsets.pairs(principal.tags),
            ..*principal
        };
        match tables.number_of(&principal) {
            Some(number) => {
                if let Some(own) = tables.principals.get_mut(number.index()) {
                    *own = principal;
                }
                if let Some(gone) = is_gone.get_mut(number.index()) {
                    *gone = false;
                }
                if let Some(origin) = origins.get_mut(number.index()) {
                    *origin = PrincipalIdx::NONE;
                }
            }
            None => {
                tables.add_principal(principal);
            }
        }
    }
    // New principals have no previous index.
    origins.resize(tables.principals.len(), PrincipalIdx::NONE);
    if is_gone.contains(&true) {
        let is_gone = |index: usize| is_gone.get(index) == Some(&true);
        let mut all = 0..;
        tables
            .principals
            .retain(|_| !all.next().is_some_and(is_gone));
        let mut all = 0..;
        origins.retain(|_| !all.next().is_some_and(is_gone));
        // Rows moved down, and with them the numbers that the index leads to.
        tables.index_principals();
    }
    origins
}

/// Merges who has roles of Identity Center: of roles that the changes mention, as they say; of
/// others, as it was. `before` are the users and roles before, in the order of the indices that
/// people have.
fn merge_people(
    tables: &mut Tables,
    new: &Tables,
    offsets: &IdOffsets,
    before: &[PrincipalRow],
    account_map: &[AccountIdx],
) {
    let mut people = Vec::new();
    for own in &new.people {
        let role = new.principals.get(own.principal.index());
        let number = role.and_then(|role| {
            let account = account_in(account_map, role.account);
            let name = new.strings.get(role.name);
            tables.find_entity(tables, (account, role.kind, name))
        });
        people.extend(number.map(|(principal, _)| Person {
            principal,
            user: offsets.symbol(own.user),
            group: offsets.symbol(own.group),
        }));
    }
    let replaced: BTreeSet<PrincipalIdx> = people.iter().map(|own| own.principal).collect();
    for own in &tables.people {
        let role = before.get(own.principal.index());
        let number = role.and_then(|role| tables.number_of(role));
        let kept = number.filter(|number| !replaced.contains(number));
        people.extend(kept.map(|principal| Person { principal, ..*own }));
    }
    tables.set_people(people);
}

/// Merges resources by ARN: what the changes say of one replaces what was known, and what they do
/// not say stays. So changes cannot take a policy away, which could open access by a file that was
/// left out.
fn merge_resources(
    tables: &mut Tables,
    new: &Tables,
    offsets: &IdOffsets,
    account_map: &[AccountIdx],
) {
    for resource in &new.resources {
        let resource = ResourceRow {
            arn: offsets.symbol(resource.arn),
            account: account_in(account_map, resource.account),
            policy: offsets.sets(resource.policy),
            tags: offsets.pairs(resource.tags),
            grants: IdOffsets::range(resource.grants, offsets.grants),
            bucket: offsets.symbol(resource.bucket),
            ..*resource
        };
        let number = tables.resource_number(tables.strings.get(resource.arn));
        let own = number.and_then(|number| tables.resources.get_mut(number.index()));
        let Some(own) = own else {
            tables.add_resource(resource);
            continue;
        };
        if resource.account.is_some() {
            own.account = resource.account;
        }
        if resource.has_policy() {
            own.policy = resource.policy;
            own.is_unreadable = resource.is_unreadable;
        }
        if resource.bucket.is_some() {
            own.bucket = resource.bucket;
        }
        if !resource.tags.is_empty() {
            own.tags = resource.tags;
        }
        if !resource.grants.is_empty() {
            own.grants = resource.grants;
        }
        own.restricts_public |= resource.restricts_public;
        own.has_abac |= resource.has_abac;
    }
}
