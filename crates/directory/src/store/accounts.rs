//! The accounts of a directory, by index, by number and by the digits of their numbers.
//!
//! Decisions come with digits and go on with an index, so that an account is looked up once. All
//! digits are in one string, twelve bytes for each account: values of keys such as
//! `aws:PrincipalAccount` are slices of it, and nothing is formatted while deciding.
//!
//! Accounts are sorted by number, so that the same folder gives the same file whatever the order of
//! its files. An index is valid until accounts are inserted, which only an update does
//! ([`crate::store::delta`]).

use crate::store::ids::{AccountIdx, SetsId, Symbol};
use crate::store::strings::HashIndex;

/// An account: a member of the organization, one with a dump, or one of which only the number is
/// known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its id as a number; an id may begin with zeros.
    pub(crate) number: u64,
    /// `aws:PrincipalOrgPaths` of what is in it; absent outside of the organization.
    pub(crate) org_path: Symbol,
    /// The SCPs of its chain as one set, a layer for each level; absent for the management account
    /// (`SCP-3`), which they do not limit.
    pub(crate) scps: SetsId,
    /// Its RCPs in the same way (`RCP-3`).
    pub(crate) rcps: SetsId,
    /// It is in the organization.
    pub(crate) is_member: bool,
    /// It is the organization's management account, which control policies do not limit.
    pub(crate) is_management: bool,
    /// Its users and roles are known.
    pub(crate) is_dumped: bool,
    /// `RestrictPublicBuckets` holds for all its buckets (`S3-4`).
    pub(crate) restricts_public: bool,
}

impl Account {
    /// An account of which nothing is known but its number.
    pub(crate) fn new(number: u64) -> Account {
        Account {
            number,
            org_path: Symbol::NONE,
            scps: SetsId::NONE,
            rcps: SetsId::NONE,
            is_member: false,
            is_management: false,
            is_dumped: false,
            restricts_public: false,
        }
    }
}

/// Accounts, sorted by number; an index is good until accounts are inserted.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    /// Sorted by number.
    rows: Vec<Account>,
    /// Their numbers as they are written, twelve digits each.
    digits: String,
    /// From the twelve digits to the row.
    by_digits: HashIndex,
}

impl Accounts {
    /// Sorts accounts by their numbers, of which each is there once.
    pub(crate) fn new(mut rows: Vec<Account>) -> Accounts {
        rows.sort_by_key(|account| account.number);
        let mut accounts = Accounts {
            rows,
            digits: String::new(),
            by_digits: HashIndex::default(),
        };
        accounts.write_digits();
        accounts
    }

    /// Changes rows, and perhaps adds some in their order. Numbers stay as they are. The digits are
    /// written again if rows were added.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Vec<Account>)) {
        let before = self.rows.len();
        change(&mut self.rows);
        if self.rows.len() != before {
            self.write_digits();
        }
    }

    /// Makes digits and index anew, in time linear in the accounts.
    fn write_digits(&mut self) {
        self.digits.clear();
        self.by_digits = HashIndex::with_capacity(self.rows.len());
        for (index, account) in (0..).zip(&self.rows) {
            // Twelve digits at most, as `account_number` reads them.
            let digits = format!("{:012}", account.number);
            let digits = digits.get(..12).unwrap_or_default();
            self.digits.push_str(digits);
            let hash = self.by_digits.hash(digits);
            self.by_digits.insert(hash, index);
        }
    }

    /// The accounts, in the order of their numbers.
    pub(crate) fn rows(&self) -> &[Account] {
        &self.rows
    }

    /// Their numbers, in order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> + Clone {
        self.rows.iter().map(|account| account.number)
    }

    /// An account by index.
    #[inline]
    pub(crate) fn get(&self, index: AccountIdx) -> Option<&Account> {
        self.rows.get(index.index())
    }

    /// The index of an account.
    pub(crate) fn find(&self, number: u64) -> Option<AccountIdx> {
        let found = self.rows.binary_search_by_key(&number, |own| own.number);
        found.ok().map(AccountIdx::at)
    }

    /// The index of an account, from its number as requests and ARNs write it. One hash and one
    /// comparison.
    pub(crate) fn find_digits(&self, digits: &str) -> Option<AccountIdx> {
        let hash = self.by_digits.hash(digits);
        let is_right = |index| self.digits(AccountIdx::new(index)) == digits;
        let found = self.by_digits.find(hash, is_right);
        found.map(AccountIdx::new)
    }

    /// The number of an account as it is written; empty if there is no such account. A slice of the
    /// digits of all: nothing is formatted.
    #[inline]
    pub(crate) fn digits(&self, index: AccountIdx) -> &str {
        let start = index.index().saturating_mul(12);
        let digits = self.digits.get(start..start.saturating_add(12));
        digits.unwrap_or_default()
    }
}
