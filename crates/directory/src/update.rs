//! What changed since: a directory takes in another that holds only that.

use std::collections::BTreeSet;
use std::fmt;

use crate::Directory;
use crate::compiled::MAX_IMAGES;
use crate::documents::SetsId;
use crate::engine::EngineError;
use crate::model::{Account, NONE, Principal, Resource, Run, Tables};
use crate::people::Person;
use crate::texts::Name;

/// Why changes cannot be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateError {
    /// The policies of either are no image.
    NoImage(EngineError),
    /// So many changes were taken in already that the directory is to be made anew.
    TooMany,
    /// The tables would have more than their numbers can tell.
    TooLarge,
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UpdateError::NoImage(error) => error.fmt(f),
            UpdateError::TooMany => write!(
                f,
                "{} changes were taken in already: compile the whole directory again",
                MAX_IMAGES - 1
            ),
            UpdateError::TooLarge => f.write_str("the directory would be too large"),
        }
    }
}

impl std::error::Error for UpdateError {}

impl From<EngineError> for UpdateError {
    fn from(error: EngineError) -> UpdateError {
        UpdateError::NoImage(error)
    }
}

impl Directory {
    /// Takes in what changed, as a directory that was read from a folder with nothing else in it.
    ///
    /// * An account whose dump the changes have gets the users and roles of that dump, and no others.
    /// * An organization replaces the whole tree.
    /// * Resources and endpoints get the policy, tags, grants and owner that the changes have for them.
    ///
    /// All else stays as it was: changes cannot take a resource's policy away, nor a block of public access.
    /// What the changes refer to must be among them; the directory's own managed policies are not looked
    /// at. Afterwards the directory has no documents ([`Directory::policies`]), as one that was opened, and what
    /// was resolved before is resolved again where it is used, or refused ([`EngineError::Foreign`]).
    ///
    /// The time grows with the changes, not with the directory's policies; where accounts are new, or users
    /// or roles are gone, the tables are gone through once.
    ///
    /// # Errors
    /// [`UpdateError`]; the directory is as it was then.
    pub fn update(&mut self, changes: Directory) -> Result<(), UpdateError> {
        let debug = self.store.has_debug() && changes.store.has_debug();
        let Directory {
            tables: new,
            store: new_store,
        } = changes;
        let images = new_store.into_images(&new)?;
        let compiled = self.store.compiled(&self.tables)?;
        if compiled.images().len() + images.len() > MAX_IMAGES {
            return Err(UpdateError::TooMany);
        }
        let first_part = compiled.part_count() as u32;
        let tables = &mut self.tables;
        let moved = Moved::new(tables, &new, first_part).ok_or(UpdateError::TooLarge)?;
        let origins = tables.take_in(&new, &moved);
        self.store.add(images, tables, &origins, debug);
        Ok(())
    }
}

/// Where the numbers of the changes are in the directory.
struct Moved {
    texts: u32,
    pairs: u32,
    grants: u32,
    sets: u32,
    uses: u32,
    parts: u32,
}

impl Moved {
    fn new(tables: &Tables, new: &Tables, parts: u32) -> Option<Moved> {
        let room = |old: usize, more: usize| {
            // One number means that there is none.
            let end = u32::try_from(old.checked_add(more)?).ok()?;
            (end < NONE).then_some(old as u32)
        };
        room(tables.principals.len(), new.principals.len())?;
        room(tables.resources.len(), new.resources.len())?;
        Some(Moved {
            texts: room(tables.texts.stored().len(), new.texts.stored().len())?,
            pairs: room(tables.pairs.len(), new.pairs.len())?,
            grants: room(tables.grants.len(), new.grants.len())?,
            sets: room(tables.sets.len(), new.sets.len())?,
            uses: room(tables.uses.len(), new.uses.len())?,
            parts,
        })
    }

    fn name(&self, name: Name) -> Name {
        Name(name.0 + self.texts)
    }

    fn optional(&self, name: u32) -> u32 {
        match name {
            NONE => NONE,
            name => name + self.texts,
        }
    }

    fn sets(&self, sets: SetsId) -> SetsId {
        match sets {
            SetsId::NONE => SetsId::NONE,
            SetsId(sets) => SetsId(sets + self.sets),
        }
    }

    fn run(run: Run, by: u32) -> Run {
        match run.count {
            0 => run,
            _ => Run {
                start: run.start + by,
                ..run
            },
        }
    }

    fn pairs(&self, run: Run) -> Run {
        Moved::run(run, self.pairs)
    }
}

impl Tables {
    /// Takes in everything. Gives back the number that each user and role had before; [`NONE`] of those that
    /// are new or have changed.
    fn take_in(&mut self, new: &Tables, moved: &Moved) -> Vec<u32> {
        self.texts.append(&new.texts);
        let pairs = new.pairs.iter();
        self.pairs
            .extend(pairs.map(|(key, value)| (moved.name(*key), moved.name(*value))));
        self.grants
            .extend(new.grants.iter().map(|grant| crate::model::Grant {
                id: moved.optional(grant.id),
                grantee: moved.name(grant.grantee),
                operations: moved.pairs(grant.operations),
                subset: moved.pairs(grant.subset),
                equals: moved.pairs(grant.equals),
                is_exact: grant.is_exact,
            }));
        let uses = new.uses.iter();
        self.uses
            .extend(uses.map(|(layers, part)| (*layers, part + moved.parts)));
        let sets = new.sets.iter();
        self.sets
            .extend(sets.map(|run| Moved::run(*run, moved.uses)));
        self.missing = self.missing.saturating_add(new.missing);
        let places = self.take_accounts(new, moved);
        let had: Vec<Principal> = match self.people.is_empty() {
            true => Vec::new(),
            false => self.principals.clone(),
        };
        let origins = self.take_principals(new, moved, &places);
        self.take_people(new, moved, &had, &places);
        self.take_resources(new, moved, &places);
        for (id, sets) in &new.endpoints {
            let text = new.texts.get(*id);
            let texts = &self.texts;
            let found = self
                .endpoints
                .binary_search_by(|(own, _)| texts.get(*own).cmp(text));
            let entry = (moved.name(*id), moved.sets(*sets));
            match found {
                Ok(at) => {
                    if let Some(own) = self.endpoints.get_mut(at) {
                        *own = entry;
                    }
                }
                Err(at) => self.endpoints.insert(at, entry),
            }
        }
        origins
    }

    /// Takes in accounts, and gives back the place of each.
    fn take_accounts(&mut self, new: &Tables, moved: &Moved) -> Vec<u32> {
        let has_tree = new.organization.is_some();
        if has_tree {
            self.organization = new.organization.map(|id| moved.name(id));
            for own in &mut self.accounts {
                *own = Account {
                    org_path: NONE,
                    scps: SetsId::NONE,
                    rcps: SetsId::NONE,
                    is_member: false,
                    is_management: false,
                    ..*own
                };
            }
        }
        let old: Vec<u64> = self.accounts.iter().map(|own| own.number).collect();
        for account in &new.accounts {
            let stranger = Account {
                number: account.number,
                org_path: NONE,
                scps: SetsId::NONE,
                rcps: SetsId::NONE,
                is_member: false,
                is_management: false,
                is_dumped: false,
                restricts_public: false,
            };
            let at = self
                .accounts
                .binary_search_by_key(&account.number, |own| own.number);
            let at = at.unwrap_or_else(|at| {
                self.accounts.insert(at, stranger);
                at
            });
            let Some(own) = self.accounts.get_mut(at) else {
                continue;
            };
            own.is_dumped |= account.is_dumped;
            own.restricts_public |= account.restricts_public;
            if has_tree {
                own.org_path = moved.optional(account.org_path);
                own.scps = moved.sets(account.scps);
                own.rcps = moved.sets(account.rcps);
                own.is_member = account.is_member;
                own.is_management = account.is_management;
            }
        }
        if old.len() != self.accounts.len() {
            self.spell_accounts();
            let places: Vec<u32> = self.places(old.iter().copied());
            let place = |old: u32| places.get(old as usize).copied().unwrap_or(NONE);
            self.principals
                .iter_mut()
                .for_each(|own| own.account = place(own.account));
            self.resources
                .iter_mut()
                .for_each(|own| own.account = place(own.account));
            self.index_principals();
        }
        self.places(new.accounts.iter().map(|account| account.number))
    }

    fn places(&self, numbers: impl Iterator<Item = u64>) -> Vec<u32> {
        let places = numbers.map(|number| self.account_index(number).unwrap_or(NONE));
        places.collect()
    }

    fn take_principals(&mut self, new: &Tables, moved: &Moved, places: &[u32]) -> Vec<u32> {
        // Who is in an account that was dumped again is gone unless it is there again.
        let mut is_replaced = vec![false; self.accounts.len()];
        for (account, place) in new.accounts.iter().zip(places) {
            if let Some(replaced) = is_replaced.get_mut(*place as usize) {
                *replaced |= account.is_dumped;
            }
        }
        let mut origins: Vec<u32> = (0..self.principals.len() as u32).collect();
        let mut is_gone: Vec<bool> = self
            .principals
            .iter()
            .map(|own| is_replaced.get(own.account as usize) == Some(&true))
            .collect();
        for principal in &new.principals {
            let principal = Principal {
                account: places
                    .get(principal.account as usize)
                    .copied()
                    .unwrap_or(NONE),
                partition: moved.name(principal.partition),
                path: moved.name(principal.path),
                name: moved.name(principal.name),
                id: moved.optional(principal.id),
                identity: moved.sets(principal.identity),
                boundary: moved.sets(principal.boundary),
                trust: moved.sets(principal.trust),
                tags: moved.pairs(principal.tags),
                ..*principal
            };
            match self.number_of(&principal) {
                Some(number) => {
                    if let Some(own) = self.principals.get_mut(number) {
                        *own = principal;
                    }
                    if let Some(gone) = is_gone.get_mut(number) {
                        *gone = false;
                    }
                    if let Some(origin) = origins.get_mut(number) {
                        *origin = NONE;
                    }
                }
                None => {
                    self.add_principal(principal);
                }
            }
        }
        origins.resize(self.principals.len(), NONE);
        if is_gone.contains(&true) {
            let is_gone = |index: usize| is_gone.get(index) == Some(&true);
            let mut all = 0..;
            self.principals.retain(|_| !all.next().is_some_and(is_gone));
            let mut all = 0..;
            origins.retain(|_| !all.next().is_some_and(is_gone));
            self.index_principals();
        }
        origins
    }

    /// Who has roles of Identity Center: of roles that changed as the changes say, of others as it was.
    fn take_people(&mut self, new: &Tables, moved: &Moved, had: &[Principal], places: &[u32]) {
        let mut people = Vec::new();
        for own in &new.people {
            let role = new.principals.get(own.principal as usize);
            let number = role.and_then(|role| {
                let account = places.get(role.account as usize)?;
                let name = new.texts.get(role.name);
                self.find_entity(self, (*account, role.kind, name))
            });
            people.extend(number.map(|(principal, _)| Person {
                principal,
                user: moved.optional(own.user),
                group: moved.optional(own.group),
            }));
        }
        let replaced: BTreeSet<u32> = people.iter().map(|own| own.principal).collect();
        for own in &self.people {
            let role = had.get(own.principal as usize);
            let number = role.and_then(|role| self.number_of(role));
            let number = number.and_then(|number| u32::try_from(number).ok());
            people.extend(
                number
                    .filter(|number| !replaced.contains(number))
                    .map(|principal| Person { principal, ..*own }),
            );
        }
        people.sort_by_key(|own| own.principal);
        self.people = people;
    }

    fn take_resources(&mut self, new: &Tables, moved: &Moved, places: &[u32]) {
        for resource in &new.resources {
            let resource = Resource {
                arn: moved.name(resource.arn),
                account: places
                    .get(resource.account as usize)
                    .copied()
                    .unwrap_or(NONE),
                policy: moved.sets(resource.policy),
                tags: moved.pairs(resource.tags),
                grants: Moved::run(resource.grants, moved.grants),
                bucket: moved.optional(resource.bucket),
                ..*resource
            };
            let number = self.resource_number(self.texts.get(resource.arn));
            let own = number.and_then(|number| self.resources.get_mut(number as usize));
            let Some(own) = own else {
                self.add_resource(resource);
                continue;
            };
            if resource.account != NONE {
                own.account = resource.account;
            }
            if resource.has_policy() {
                own.policy = resource.policy;
                own.is_unreadable = resource.is_unreadable;
            }
            if resource.bucket != NONE {
                own.bucket = resource.bucket;
            }
            if resource.tags.count > 0 {
                own.tags = resource.tags;
            }
            if resource.grants.count > 0 {
                own.grants = resource.grants;
            }
            own.restricts_public |= resource.restricts_public;
            own.has_abac |= resource.has_abac;
        }
    }
}
