//! Rows of a file, each refused if it refers to what is not there.
//!
//! One method for each kind of row or reference. Each returns the typed thing or an error, so that
//! a word that was not checked has no way into a table. That is why the tables need no checks of
//! their own, and why a decision cannot panic on a file that somebody forged.

use portcullis_image::LayerSet;

use crate::arn::EntityKind;
use crate::store::accounts::Account;
use crate::store::ids::{AccountIdx, PrincipalIdx, RowRange, SetsId, Symbol, index};
use crate::store::snapshot::error::{SnapshotError, wrong};
use crate::store::strings::SymbolSet;
use crate::store::tables::{Grant, Person, PrincipalRow, ResourceRow};

/// One more than the largest account: numbers have twelve digits.
const ACCOUNTS: u64 = 1_000_000_000_000;

/// What rows may refer to.
pub(super) struct Check {
    /// Which numbers are symbols.
    pub(super) strings: SymbolSet,
    /// The layers of each policy set.
    pub(super) sets: Vec<LayerSet>,
}

/// How many rows the other tables have.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    /// Principals and resources refer to them.
    pub(super) accounts: usize,
    /// Tags and constraints are ranges of them.
    pub(super) pairs: usize,
    /// Resources have ranges of them.
    pub(super) grants: usize,
}

/// A range within a table of `all` rows.
pub(super) fn range(start: u32, count: u32, all: usize) -> Result<RowRange, SnapshotError> {
    match index(start).checked_add(index(count)) {
        Some(end) if end <= all => Ok(RowRange::new(start, count)),
        _ => wrong("a range of rows out of bounds"),
    }
}

impl Check {
    /// A string that is there.
    pub(super) fn symbol(&self, name: u32) -> Result<Symbol, SnapshotError> {
        match self.strings.symbol(name) {
            Some(name) => Ok(name),
            None => wrong("a string that does not exist"),
        }
    }

    /// A string that is there, or absent.
    pub(super) fn optional(&self, name: u32) -> Result<Symbol, SnapshotError> {
        match Symbol::new(name).some() {
            None => Ok(Symbol::NONE),
            Some(_) => self.symbol(name),
        }
    }

    /// Policy sets of these layers and no other, or absent: a row cannot make an identity policy
    /// stand for a trust policy.
    pub(super) fn sets(&self, id: u32, layers: LayerSet) -> Result<SetsId, SnapshotError> {
        let id = SetsId::new(id);
        if !id.is_some() {
            return Ok(id);
        }
        match self.sets.get(id.index()) {
            Some(found) if layers.contains_all(*found) => Ok(id),
            Some(_) => wrong("policies of the wrong type"),
            None => wrong("policies that do not exist"),
        }
    }

    /// An account that is there.
    pub(super) fn owner(&self, account: u32, counts: Counts) -> Result<AccountIdx, SnapshotError> {
        let account = AccountIdx::new(account);
        match account.index() < counts.accounts {
            true => Ok(account),
            false => wrong("an account that does not exist"),
        }
    }

    /// A word that is 0 or 1.
    pub(super) fn flag(&self, word: u32) -> Result<bool, SnapshotError> {
        match word {
            0 => Ok(false),
            1 => Ok(true),
            _ => wrong("a flag that is neither 0 nor 1"),
        }
    }

    /// An account. Numbers have twelve digits, and chains hold policies of their own type alone.
    pub(super) fn account(&self, row: [u32; 6]) -> Result<Account, SnapshotError> {
        let [low, high, path, scps, rcps, flags] = row;
        let number = u64::from(high) << 32 | u64::from(low);
        if number >= ACCOUNTS || flags >= 16 {
            return wrong("an invalid account");
        }
        Ok(Account {
            number,
            org_path: self.optional(path)?,
            scps: self.sets(scps, LayerSet::SCPS)?,
            rcps: self.sets(rcps, LayerSet::RCPS)?,
            is_member: flags & 1 != 0,
            is_management: flags & 2 != 0,
            is_dumped: flags & 4 != 0,
            restricts_public: flags & 8 != 0,
        })
    }

    /// A user or role. Whether it is linked to a service is not stored: its path says so.
    pub(super) fn principal(
        &self,
        row: [u32; 12],
        counts: Counts,
    ) -> Result<PrincipalRow, SnapshotError> {
        let [account, kind, partition, path, name, id, others @ ..] = row;
        let [identity, boundary, trust, start, count, max_session] = others;
        Ok(PrincipalRow {
            account: self.owner(account, counts)?,
            kind: match self.flag(kind)? {
                true => EntityKind::Role,
                false => EntityKind::User,
            },
            is_service_linked: false,
            partition: self.symbol(partition)?,
            path: self.symbol(path)?,
            name: self.symbol(name)?,
            id: self.optional(id)?,
            identity: self.sets(identity, LayerSet::IDENTITY)?,
            boundary: self.sets(boundary, LayerSet::BOUNDARY)?,
            trust: self.sets(trust, LayerSet::RESOURCE)?,
            tags: range(start, count, counts.pairs)?,
            max_session,
        })
    }

    /// Who has a role of Identity Center.
    pub(super) fn person(&self, row: [u32; 3], principals: usize) -> Result<Person, SnapshotError> {
        let [principal, user, group] = row;
        let principal = PrincipalIdx::new(principal);
        if principal.index() >= principals {
            return wrong("people of a role that does not exist");
        }
        Ok(Person {
            principal,
            user: self.optional(user)?,
            group: self.optional(group)?,
        })
    }

    /// A resource, whose owner and bucket may be absent.
    pub(super) fn resource(
        &self,
        row: [u32; 9],
        counts: Counts,
    ) -> Result<ResourceRow, SnapshotError> {
        let [
            arn,
            account,
            policy,
            start,
            count,
            first,
            grant_count,
            bucket,
            flags,
        ] = row;
        if flags >= 1 << 4 {
            return wrong("an unknown flag of a resource");
        }
        Ok(ResourceRow {
            arn: self.symbol(arn)?,
            account: match AccountIdx::new(account).some() {
                None => AccountIdx::NONE,
                Some(_) => self.owner(account, counts)?,
            },
            policy: self.sets(policy, LayerSet::RESOURCE)?,
            tags: range(start, count, counts.pairs)?,
            grants: range(first, grant_count, counts.grants)?,
            restricts_public: flags & 1 != 0,
            bucket: self.optional(bucket)?,
            has_abac: flags & 2 != 0,
            is_unreadable: flags & 4 != 0,
            is_scope_entry: flags & 8 != 0,
        })
    }

    /// A grant.
    pub(super) fn grant(&self, row: [u32; 9], pairs: usize) -> Result<Grant, SnapshotError> {
        let [grantee, a, b, c, d, e, f, exact, id] = row;
        Ok(Grant {
            id: self.optional(id)?,
            grantee: self.symbol(grantee)?,
            operations: range(a, b, pairs)?,
            subset: range(c, d, pairs)?,
            equals: range(e, f, pairs)?,
            is_exact: self.flag(exact)?,
        })
    }
}
