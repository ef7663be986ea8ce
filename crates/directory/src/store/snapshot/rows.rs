//! The words of each row. Flags share one word, and an account's number takes two.
//!
//! The order of the fields is the format. What reads a row is in [`super::check`] under the name of
//! the row, and takes the words in the same order: a field that is added goes into both, and
//! [`VERSION`](super::frame::VERSION) is raised.

use portcullis_image::wire::u32_at;

use crate::arn::EntityKind;
use crate::store::accounts::Account;
use crate::store::snapshot::words::Row;
use crate::store::tables::{Grant, Person, PrincipalRow, ResourceRow};

/// Flags as the lowest bits of a word, the first in bit 0.
fn flags<const N: usize>(flags: [bool; N]) -> u32 {
    flags
        .iter()
        .enumerate()
        .fold(0, |word, (bit, flag)| word | u32::from(*flag) << bit)
}

/// The lower and the upper half of a number.
fn halves(number: u64) -> [u32; 2] {
    let bytes = number.to_le_bytes();
    [u32_at(&bytes, 0), u32_at(&bytes, 4)]
}

/// Number of the account in two words, path in the organization, SCPs, RCPs; flags: member, management account, dumped,
/// `RestrictPublicBuckets`.
impl Row<6> for Account {
    fn to_words(&self) -> [u32; 6] {
        let flags = flags([
            self.is_member,
            self.is_management,
            self.is_dumped,
            self.restricts_public,
        ]);
        let [low, high] = halves(self.number);
        [
            low,
            high,
            self.org_path.get(),
            self.scps.get(),
            self.rcps.get(),
            flags,
        ]
    }
}

/// Account, 1 for a role, partition, path, name, id; identity policies, boundary and trust policy as sets; tags as a run of pairs;
/// longest session in seconds.
impl Row<12> for PrincipalRow {
    fn to_words(&self) -> [u32; 12] {
        [
            self.account.get(),
            u32::from(self.kind == EntityKind::Role),
            self.partition.get(),
            self.path.get(),
            self.name.get(),
            self.id.get(),
            self.identity.get(),
            self.boundary.get(),
            self.trust.get(),
            self.tags.start(),
            self.tags.count(),
            self.max_session,
        ]
    }
}

/// The role, and who has it: a user, and the group by which it has the role.
impl Row<3> for Person {
    fn to_words(&self) -> [u32; 3] {
        [self.principal.get(), self.user.get(), self.group.get()]
    }
}

/// ARN, account, policy, tags as a run of pairs, grants as a run, bucket; flags: `RestrictPublicBuckets`, tags decide (ABAC), a
/// policy that cannot be read, a row by which the policy of another is found.
impl Row<9> for ResourceRow {
    fn to_words(&self) -> [u32; 9] {
        let flags = flags([
            self.restricts_public,
            self.has_abac,
            self.is_unreadable,
            self.is_scope_entry,
        ]);
        [
            self.arn.get(),
            self.account.get(),
            self.policy.get(),
            self.tags.start(),
            self.tags.count(),
            self.grants.start(),
            self.grants.count(),
            self.bucket.get(),
            flags,
        ]
    }
}

/// Grantee; operations, pairs that the encryption context must have, and those that it must be, each as a run of pairs; 1 if it
/// must have no others; id.
impl Row<9> for Grant {
    fn to_words(&self) -> [u32; 9] {
        [
            self.grantee.get(),
            self.operations.start(),
            self.operations.count(),
            self.subset.start(),
            self.subset.count(),
            self.equals.start(),
            self.equals.count(),
            u32::from(self.is_exact),
            self.id.get(),
        ]
    }
}
