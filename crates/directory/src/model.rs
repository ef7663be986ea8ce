//! What a directory knows: accounts, principals and resources in tables of numbers.

use std::hash::{Hash, Hasher};

use bumpalo::Bump;
use portcullis_image::wire::padded;
use portcullis_model::split_arn;

use crate::documents::SetsId;
use crate::people::Person;
use crate::raw::Kind;
use crate::resolve::concat_in;
use crate::resolve::target::is_object;
use crate::texts::{Index, Name, Texts};

/// Nothing, in a table.
pub(crate) const NONE: u32 = u32::MAX;

/// A run of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Run {
    pub(crate) start: u32,
    pub(crate) count: u32,
}

impl Run {
    pub(crate) fn of<T>(self, all: &[T]) -> &[T] {
        let start = self.start as usize;
        let end = start.saturating_add(self.count as usize);
        all.get(start..end).unwrap_or(&[])
    }
}

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) number: u64,
    /// `aws:PrincipalOrgPaths` of what is in it; absent outside of the organization.
    pub(crate) org_path: u32,
    /// The chains of its place; those of the management account are empty (`SCP-3`, `RCP-3`).
    pub(crate) scps: SetsId,
    pub(crate) rcps: SetsId,
    /// It is in the organization.
    pub(crate) is_member: bool,
    pub(crate) is_management: bool,
    /// Its users and roles are known.
    pub(crate) is_dumped: bool,
    /// `RestrictPublicBuckets` holds for all its buckets (`S3-4`).
    pub(crate) restricts_public: bool,
}

/// A user or a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) account: u32,
    pub(crate) kind: Kind,
    /// The role's ARN is under the path that AWS keeps for service-linked roles (`EVAL-54`).
    pub(crate) is_service_linked: bool,
    pub(crate) partition: Name,
    pub(crate) path: Name,
    pub(crate) name: Name,
    /// `AIDA…` or `AROA…`; may be unknown.
    pub(crate) id: u32,
    pub(crate) identity: SetsId,
    pub(crate) boundary: SetsId,
    /// The trust policy of a role.
    pub(crate) trust: SetsId,
    pub(crate) tags: Run,
    /// In seconds; 3600 if no dump says otherwise.
    pub(crate) max_session: u32,
}

/// What the ARN of a user or role says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entity {
    pub(crate) account: u32,
    pub(crate) kind: Kind,
    /// See [`Principal`].
    pub(crate) is_service_linked: bool,
    pub(crate) partition: Name,
    pub(crate) path: Name,
    pub(crate) name: Name,
}

/// Where the entities of users and roles are read: whoever asks chooses the place in the memory.
pub(crate) trait Entities {
    /// The user or role with a number.
    fn entity(&self, number: u32) -> Option<Entity>;
}

impl Principal {
    /// What its ARN says.
    pub(crate) fn entity(&self) -> Entity {
        Entity {
            account: self.account,
            kind: self.kind,
            is_service_linked: self.is_service_linked,
            partition: self.partition,
            path: self.path,
            name: self.name,
        }
    }
}

impl Entities for Tables {
    fn entity(&self, number: u32) -> Option<Entity> {
        self.principals.get(number as usize).map(Principal::entity)
    }
}

/// Something with a policy, an owner or tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) arn: Name,
    /// The owner, if it is known.
    pub(crate) account: u32,
    pub(crate) policy: SetsId,
    pub(crate) tags: Run,
    pub(crate) grants: Run,
    pub(crate) restricts_public: bool,
    /// The ARN of the bucket behind an access point (`S3-6`).
    pub(crate) bucket: u32,
    /// A bucket whose tags are those of the resource in requests for it and its objects (`S3-8`).
    pub(crate) has_abac: bool,
    /// It has a policy that cannot be read (`GRAM-54`): nothing is allowed.
    pub(crate) is_unreadable: bool,
    /// A row by which the policy of another is found ([`crate::parts`]), not something with this ARN.
    pub(crate) is_key: bool,
}

impl Resource {
    /// Of which nothing is known but its ARN.
    pub(crate) fn new(arn: Name) -> Resource {
        Resource {
            arn,
            account: NONE,
            policy: SetsId::NONE,
            tags: Run::default(),
            grants: Run::default(),
            restricts_public: false,
            bucket: NONE,
            has_abac: false,
            is_unreadable: false,
            is_key: false,
        }
    }

    /// It has a policy, whether that can be read or not.
    pub(crate) fn has_policy(&self) -> bool {
        self.policy.is_some() || self.is_unreadable
    }
}

/// A KMS grant (`KMS-8`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// What explanations call it, or [`NONE`].
    pub(crate) id: u32,
    pub(crate) grantee: Name,
    /// Operations: pairs of which the first is the name.
    pub(crate) operations: Run,
    pub(crate) subset: Run,
    pub(crate) equals: Run,
    /// The encryption context must be that of `equals`.
    pub(crate) is_exact: bool,
}

/// A name that is hashed without regard to case.
struct Lower<'n>(&'n str);

impl Hash for Lower<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The bit that tells upper case from lower, set in every byte, makes a few others alike too.
        const CASE: u64 = 0x2020_2020_2020_2020;
        let bytes = self.0.as_bytes();
        state.write_usize(bytes.len());
        for word in bytes.chunks(8) {
            state.write_u64(padded(word) | CASE);
        }
    }
}

/// The hash of a user or role.
fn hash_of(index: &Index, account: u32, kind: Kind, name: &str) -> u32 {
    index.hash((account, kind == Kind::Role, Lower(name)))
}

/// The tables, and the ways into them.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) texts: Texts,
    /// Sorted by number.
    pub(crate) accounts: Vec<Account>,
    /// Their numbers as they are written, twelve digits each.
    digits: String,
    pub(crate) principals: Vec<Principal>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) grants: Vec<Grant>,
    /// Tags, operations and encryption contexts.
    pub(crate) pairs: Vec<(Name, Name)>,
    /// Policy sets that take part together: each a run of uses.
    pub(crate) sets: Vec<Run>,
    /// A layer as a bit, and the part of the image that stands for it there.
    pub(crate) uses: Vec<(u32, u32)>,
    /// VPC endpoints by id, sorted by the id's text.
    pub(crate) endpoints: Vec<(Name, SetsId)>,
    /// Who has the roles of Identity Center, sorted.
    pub(crate) people: Vec<Person>,
    /// The organization's id.
    pub(crate) organization: Option<Name>,
    /// How much is referred to and not there.
    pub(crate) missing: u32,
    account_index: Index,
    principal_index: Index,
    resource_index: Index,
    /// Some resource is an object of a bucket.
    pub(crate) lists_objects: bool,
}

impl Tables {
    /// The index of an account.
    pub(crate) fn account_index(&self, number: u64) -> Option<u32> {
        let found = self
            .accounts
            .binary_search_by_key(&number, |account| account.number);
        found.ok().map(|index| index as u32)
    }

    /// Writes the numbers of the accounts down, when there are others than before.
    pub(crate) fn spell_accounts(&mut self) {
        self.digits.clear();
        self.account_index = Index::with_capacity(self.accounts.len());
        for (index, account) in (0..).zip(&self.accounts) {
            // Twelve digits at most, as `account_number` reads them.
            let digits = format!("{:012}", account.number);
            let digits = digits.get(..12).unwrap_or_default();
            self.digits.push_str(digits);
            let hash = self.account_index.hash(digits);
            self.account_index.insert(hash, index);
        }
    }

    /// The index of an account, from its number as it is written.
    pub(crate) fn account_of(&self, digits: &str) -> Option<u32> {
        let hash = self.account_index.hash(digits);
        let is_right = |index| self.account_digits(index) == digits;
        self.account_index.find(hash, is_right)
    }

    /// The number of an account as it is written; empty if there is no such account.
    #[inline]
    pub(crate) fn account_digits(&self, index: u32) -> &str {
        let start = (index as usize).saturating_mul(12);
        let digits = self.digits.get(start..start.saturating_add(12));
        digits.unwrap_or_default()
    }

    /// An account by index.
    pub(crate) fn account(&self, index: u32) -> Option<&Account> {
        self.accounts.get(index as usize)
    }

    /// The hash by which a user or role is found.
    pub(crate) fn entity_hash(&self, account: u32, kind: Kind, name: &str) -> u32 {
        hash_of(&self.principal_index, account, kind, name)
    }

    /// The user or role with a name, in any case (`IN-17`), and its number.
    pub(crate) fn find_entity(
        &self,
        from: &impl Entities,
        (account, kind, name): (u32, Kind, &str),
    ) -> Option<(u32, Entity)> {
        let hash = self.entity_hash(account, kind, name);
        self.find_hashed(from, hash, (account, kind, name))
    }

    /// The same, by its hash.
    pub(crate) fn find_hashed(
        &self,
        from: &impl Entities,
        hash: u32,
        (account, kind, name): (u32, Kind, &str),
    ) -> Option<(u32, Entity)> {
        let mut found = None;
        let number = self.principal_index.find(hash, |number| {
            found = from.entity(number).filter(|own| {
                (own.account, own.kind) == (account, kind)
                    && self.texts.get(own.name).eq_ignore_ascii_case(name)
            });
            found.is_some()
        });
        number.zip(found)
    }

    /// The number of a user or role with this hash: mostly the only one.
    pub(crate) fn likely_entity(&self, hash: u32) -> Option<u32> {
        self.principal_index.find(hash, |_| true)
    }

    /// The user or role with a name, in any case (`IN-17`).
    pub(crate) fn find_principal(
        &self,
        account: u32,
        kind: Kind,
        name: &str,
    ) -> Option<&Principal> {
        let (number, _) = self.find_entity(self, (account, kind, name))?;
        self.principals.get(number as usize)
    }

    /// The number of a user or role, from its row.
    pub(crate) fn number_of(&self, principal: &Principal) -> Option<usize> {
        let name = self.texts.get(principal.name);
        let found = self.find_entity(self, (principal.account, principal.kind, name));
        found.map(|(number, _)| number as usize)
    }

    /// Adds a user or role; false if there is one with its name.
    pub(crate) fn add_principal(&mut self, mut principal: Principal) -> bool {
        principal.is_service_linked = principal.kind == Kind::Role
            && self
                .texts
                .get(principal.path)
                .starts_with("/aws-service-role/");
        let name = self.texts.get(principal.name);
        if self
            .find_principal(principal.account, principal.kind, name)
            .is_some()
        {
            return false;
        }
        let hash = self.entity_hash(principal.account, principal.kind, name);
        self.principal_index
            .insert(hash, self.principals.len() as u32);
        self.principals.push(principal);
        true
    }

    /// Makes the way to users and roles anew, when their rows were moved.
    pub(crate) fn index_principals(&mut self) {
        let mut index = Index::with_capacity(self.principals.len());
        for (number, own) in (0..).zip(&self.principals) {
            let name = self.texts.get(own.name);
            index.insert(hash_of(&index, own.account, own.kind, name), number);
        }
        self.principal_index = index;
    }

    /// The resource with exactly this ARN.
    pub(crate) fn find_resource(&self, arn: &str) -> Option<&Resource> {
        let index = self.resource_number(arn)?;
        self.resources.get(index as usize)
    }

    /// The number of the resource with exactly this ARN.
    pub(crate) fn resource_number(&self, arn: &str) -> Option<u32> {
        let hash = self.resource_index.hash(arn);
        let is_right = |index: u32| {
            let own = self.resources.get(index as usize);
            own.is_some_and(|own| self.texts.get(own.arn) == arn)
        };
        self.resource_index.find(hash, is_right)
    }

    /// The number of the resource with this ARN, or of another with its hash.
    pub(crate) fn likely_resource(&self, arn: &str) -> Option<u32> {
        self.resource_index
            .find(self.resource_index.hash(arn), |_| true)
    }

    /// Adds a resource; false if there is one with its ARN.
    pub(crate) fn add_resource(&mut self, resource: Resource) -> bool {
        let arn = self.texts.get(resource.arn);
        if self.find_resource(arn).is_some() {
            return false;
        }
        let hash = self.resource_index.hash(arn);
        self.lists_objects |= split_arn(arn).is_some_and(is_object);
        self.resource_index
            .insert(hash, self.resources.len() as u32);
        self.resources.push(resource);
        true
    }

    /// The layers and parts of policy sets.
    pub(crate) fn uses(&self, id: SetsId) -> impl Iterator<Item = (u32, u32)> + Clone {
        let run = self.sets.get(id.0 as usize).copied().unwrap_or_default();
        run.of(&self.uses).iter().copied()
    }

    /// The policy of a VPC endpoint.
    pub(crate) fn endpoint(&self, id: &str) -> Option<SetsId> {
        let found = self
            .endpoints
            .binary_search_by(|(own, _)| self.texts.get(*own).cmp(id));
        let (_, part) = self.endpoints.get(found.ok()?)?;
        Some(*part)
    }

    /// The parts of which the ARN of a user or role consists.
    fn arn_parts(&self, own: Entity) -> [&str; 8] {
        [
            "arn:",
            self.texts.get(own.partition),
            ":iam::",
            self.account_digits(own.account),
            ":",
            own.kind.as_str(),
            self.texts.get(own.path),
            self.texts.get(own.name),
        ]
    }

    /// The ARN of a user or role.
    pub(crate) fn arn(&self, own: Entity) -> String {
        self.arn_parts(own).concat()
    }

    /// The ARN of a user or role, in an arena.
    pub(crate) fn arn_in<'a>(&self, own: Entity, arena: &'a Bump) -> &'a str {
        concat_in(&self.arn_parts(own), arena)
    }

    /// True if these are the parts of the ARN of a user or role.
    pub(crate) fn has_arn(&self, own: Entity, arn: [&str; 6]) -> bool {
        let ["arn", partition, "iam", "", account, rest] = arn else {
            return false;
        };
        let name = rest
            .strip_prefix(own.kind.as_str())
            .and_then(|rest| rest.strip_prefix(self.texts.get(own.path)));
        name == Some(self.texts.get(own.name))
            && partition == self.texts.get(own.partition)
            && account == self.account_digits(own.account)
    }

    /// The pairs of a run, as texts.
    pub(crate) fn pairs(&self, run: Run) -> impl Iterator<Item = (&str, &str)> {
        let pairs = run.of(&self.pairs).iter();
        pairs.map(|(key, value)| (self.texts.get(*key), self.texts.get(*value)))
    }
}
