//! Accounts, principals and resources in tables of ids.
//!
//! A directory of a million principals has to fit into memory and be found at the first request, so
//! that rows are a few words each: strings are symbols, lists are ranges of shared columns,
//! policies are ids of interned sets. Rows are not sorted by name; an index from hash to row finds
//! them, made anew when a file is opened, with random seeds.
//!
//! Users and roles are found without regard to case (`IN-17`), resources exactly. A look-up is one
//! hash and mostly one comparison. Maps would own their keys, which the strings hold already.
//!
//! # What may be assumed
//!
//! Of tables, wherever they come from: every id in a row leads to a row or is absent, no two users
//! or roles of an account share a name, no two resources share an ARN, and people are sorted by
//! role. Loading makes them so, a file is checked to be so ([`crate::store::snapshot`]), and an
//! update keeps them so ([`crate::store::delta`]). Nothing that decides checks it again.

mod rows;

use std::hash::{Hash, Hasher};

use bumpalo::Bump;
use portcullis_image::LayerSet;
use portcullis_image::wire::padded;
use portcullis_model::split_arn;

use crate::arn::{EntityKind, entity_of, is_object};
use crate::store::accounts::{Account, Accounts};
use crate::store::ids::{AccountIdx, PrincipalIdx, ResourceIdx, RowRange, SetsId, Symbol, UnitId};
use crate::store::strings::{HashIndex, StringTable, concat_in};

pub(crate) use rows::{
    ALL_USERS, AUTHENTICATED_USERS, Entity, Grant, Person, PrincipalRow, ResourceRow,
};

/// Where users and roles are read. A decision reads the summaries of the plan, which it needs
/// anyway; everything else reads the rows. The choice is the caller's, because the wrong one costs
/// a cache miss for each look-up.
pub(crate) trait Entities {
    /// The user or role with a number.
    fn entity(&self, number: PrincipalIdx) -> Option<Entity>;
}

impl Entities for Tables {
    fn entity(&self, number: PrincipalIdx) -> Option<Entity> {
        self.principals
            .get(number.index())
            .map(PrincipalRow::entity)
    }
}

/// A name that is hashed without regard to ASCII case, eight bytes at a time, without a copy in
/// lower case.
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

/// The hash by which a user or role is found.
fn hash_of(index: &HashIndex, account: AccountIdx, kind: EntityKind, name: &str) -> u32 {
    index.hash((account, kind == EntityKind::Role, Lower(name)))
}

/// The tables, and the indexes into them.
///
/// Only this room writes them: [`Tables::new`] and the methods that add keep the indexes in step
/// with the rows, and every id in a row is that of a row which exists, or absent.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// All strings but the texts of documents.
    pub(super) strings: StringTable,
    /// Sorted by number.
    pub(super) accounts: Accounts,
    /// In the order of the dumps.
    pub(super) principals: Vec<PrincipalRow>,
    /// In the order of their ARNs' first use, then scope entries.
    pub(super) resources: Vec<ResourceRow>,
    /// Of keys and of access control lists; resources have ranges of them.
    pub(super) grants: Vec<Grant>,
    /// Tags, operations and encryption contexts; rows have ranges of them.
    pub(super) pairs: Vec<(Symbol, Symbol)>,
    /// Policy sets that take part together: each a range of uses.
    pub(super) sets: Vec<RowRange>,
    /// Layers, and the unit of the image that takes part in them.
    pub(super) uses: Vec<(LayerSet, UnitId)>,
    /// VPC endpoints by id, sorted by the id's text.
    pub(super) endpoints: Vec<(Symbol, SetsId)>,
    /// Who has the roles of Identity Center, sorted by role.
    pub(super) people: Vec<Person>,
    /// The organization's id.
    pub(super) organization: Option<Symbol>,
    /// How many references lead to what no file contains.
    pub(super) missing: u32,
    /// By account, kind and name in any case.
    principal_index: HashIndex,
    /// By ARN, exactly.
    resource_index: HashIndex,
    /// Some resource is an object of a bucket. Mostly none is, and a request for an object then
    /// needs no look-up of its own.
    lists_objects: bool,
}

/// What tables are made of before users, roles, resources and policy sets are added. Loading and
/// opening a file both fill it, and [`Tables::new`] makes the indexes that follow.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) strings: StringTable,
    pub(crate) accounts: Accounts,
    /// Rows of resources refer to them by range.
    pub(crate) grants: Vec<Grant>,
    /// Of tags, operations and encryption contexts; rows refer to ranges of them.
    pub(crate) pairs: Vec<(Symbol, Symbol)>,
    /// In any order.
    pub(crate) endpoints: Vec<(Symbol, SetsId)>,
    pub(crate) organization: Option<Symbol>,
    /// How many references lead nowhere: answers are then incomplete.
    pub(crate) missing: u32,
}

impl Tables {
    /// Tables without users, roles and resources.
    pub(crate) fn new(columns: Columns) -> Tables {
        let Columns {
            strings,
            accounts,
            grants,
            pairs,
            mut endpoints,
            organization,
            missing,
        } = columns;
        endpoints.sort_by(|(one, _), (other, _)| strings.get(*one).cmp(strings.get(*other)));
        Tables {
            strings,
            accounts,
            grants,
            pairs,
            endpoints,
            organization,
            missing,
            ..Tables::default()
        }
    }

    /// The string with a number.
    #[inline]
    pub(crate) fn str(&self, name: Symbol) -> &str {
        self.strings.get(name)
    }

    /// All strings.
    pub(crate) fn strings(&self) -> &StringTable {
        &self.strings
    }

    /// The accounts.
    #[inline]
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// An account by index.
    #[inline]
    pub(crate) fn account(&self, index: AccountIdx) -> Option<&Account> {
        self.accounts.get(index)
    }

    /// Users and roles, in their order.
    pub(crate) fn principals(&self) -> &[PrincipalRow] {
        &self.principals
    }

    /// A user or role by index.
    #[inline]
    pub(crate) fn principal(&self, index: PrincipalIdx) -> Option<&PrincipalRow> {
        self.principals.get(index.index())
    }

    /// Resources, in their order.
    pub(crate) fn resources(&self) -> &[ResourceRow] {
        &self.resources
    }

    /// A resource by index.
    #[inline]
    pub(crate) fn resource(&self, index: ResourceIdx) -> Option<&ResourceRow> {
        self.resources.get(index.index())
    }

    /// The grants of a run.
    #[inline]
    pub(crate) fn grants(&self, range: RowRange) -> &[Grant] {
        range.of(&self.grants)
    }

    /// The pairs of a run.
    #[inline]
    pub(crate) fn pairs(&self, range: RowRange) -> &[(Symbol, Symbol)] {
        range.of(&self.pairs)
    }

    /// The pairs of a run, as texts.
    pub(crate) fn pair_strings(&self, range: RowRange) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs(range).iter();
        pairs.map(|(key, value)| (self.strings.get(*key), self.strings.get(*value)))
    }

    /// The names in all pairs, in their order, each as often as it is there.
    pub(crate) fn pair_names(&self) -> impl Iterator<Item = Symbol> {
        self.pairs.iter().map(|(name, _)| *name)
    }

    /// The organization's id.
    #[inline]
    pub(crate) fn organization(&self) -> Option<Symbol> {
        self.organization
    }

    /// How much is referred to and not there.
    pub(crate) fn missing(&self) -> u32 {
        self.missing
    }

    /// Whether some VPC endpoint has a policy.
    #[inline]
    pub(crate) fn has_endpoints(&self) -> bool {
        !self.endpoints.is_empty()
    }

    /// Whether some resource is an object of a bucket.
    #[inline]
    pub(crate) fn lists_objects(&self) -> bool {
        self.lists_objects
    }

    /// Policy sets, each a run of layers and units.
    pub(crate) fn sets(&self) -> &[RowRange] {
        &self.sets
    }

    /// The layers of a run, with the unit that stands for each.
    pub(crate) fn uses_of(&self, range: RowRange) -> &[(LayerSet, UnitId)] {
        range.of(&self.uses)
    }

    /// Layers and units of all policy sets.
    pub(crate) fn all_uses(&self) -> &[(LayerSet, UnitId)] {
        &self.uses
    }

    /// Adds a policy set of these layers and units; its id is the next.
    pub(crate) fn add_set(&mut self, uses: impl IntoIterator<Item = (LayerSet, UnitId)>) {
        let start = self.uses.len();
        self.uses.extend(uses);
        self.sets.push(RowRange::between(start, self.uses.len()));
    }

    /// The hash by which a user or role is found.
    pub(crate) fn entity_hash(&self, account: AccountIdx, kind: EntityKind, name: &str) -> u32 {
        hash_of(&self.principal_index, account, kind, name)
    }

    /// The user or role with a name, in any case (`IN-17`), and its number. Whether it has exactly
    /// the ARN that was asked for is for the caller to compare, since a session does not say the
    /// path.
    pub(crate) fn find_entity(
        &self,
        from: &impl Entities,
        (account, kind, name): (AccountIdx, EntityKind, &str),
    ) -> Option<(PrincipalIdx, Entity)> {
        let hash = self.entity_hash(account, kind, name);
        self.find_hashed(from, hash, (account, kind, name))
    }

    /// The same, by its hash.
    pub(crate) fn find_hashed(
        &self,
        from: &impl Entities,
        hash: u32,
        (account, kind, name): (AccountIdx, EntityKind, &str),
    ) -> Option<(PrincipalIdx, Entity)> {
        let mut found = None;
        let number = self.principal_index.find(hash, |number| {
            found = from.entity(PrincipalIdx::new(number)).filter(|own| {
                (own.account, own.kind) == (account, kind)
                    && self.strings.get(own.name).eq_ignore_ascii_case(name)
            });
            found.is_some()
        });
        number.map(PrincipalIdx::new).zip(found)
    }

    /// The number of a user or role with this hash: mostly the only one. For reading ahead, which
    /// decides nothing.
    pub(crate) fn likely_entity(&self, hash: u32) -> Option<PrincipalIdx> {
        let found = self.principal_index.find(hash, |_| true);
        found.map(PrincipalIdx::new)
    }

    /// The user or role with a name, in any case (`IN-17`).
    pub(crate) fn find_principal(
        &self,
        account: AccountIdx,
        kind: EntityKind,
        name: &str,
    ) -> Option<&PrincipalRow> {
        let (number, _) = self.find_entity(self, (account, kind, name))?;
        self.principal(number)
    }

    /// The user or role with exactly this ARN, path and case included.
    pub(crate) fn number_by_arn(&self, arn: &str) -> Option<PrincipalIdx> {
        let parts = split_arn(arn)?;
        let (kind, digits, name) = entity_of(parts)?;
        let account = self.accounts.find_digits(digits)?;
        let (number, found) = self.find_entity(self, (account, kind, name))?;
        self.has_arn(found, parts).then_some(number)
    }

    /// The number of a user or role, from its row.
    pub(crate) fn number_of(&self, principal: &PrincipalRow) -> Option<PrincipalIdx> {
        let name = self.strings.get(principal.name);
        let found = self.find_entity(self, (principal.account, principal.kind, name));
        found.map(|(number, _)| number)
    }

    /// Adds a user or role; false, and nothing is added, if there is one with its name. Whether it
    /// is linked to a service follows from its path and is not stored (`EVAL-54`).
    pub(crate) fn add_principal(&mut self, mut principal: PrincipalRow) -> bool {
        principal.is_service_linked = principal.kind == EntityKind::Role
            && self
                .strings
                .get(principal.path)
                .starts_with("/aws-service-role/");
        let name = self.strings.get(principal.name);
        if self
            .find_principal(principal.account, principal.kind, name)
            .is_some()
        {
            return false;
        }
        let hash = self.entity_hash(principal.account, principal.kind, name);
        let number = PrincipalIdx::at(self.principals.len());
        self.principal_index.insert(hash, number.get());
        self.principals.push(principal);
        true
    }

    /// Makes the index of users and roles anew, when their rows were moved. Takes time linear in
    /// the rows.
    pub(super) fn index_principals(&mut self) {
        let mut index = HashIndex::with_capacity(self.principals.len());
        for (number, own) in (0..).zip(&self.principals) {
            let name = self.strings.get(own.name);
            index.insert(hash_of(&index, own.account, own.kind, name), number);
        }
        self.principal_index = index;
    }

    /// The resource with exactly this ARN.
    pub(crate) fn find_resource(&self, arn: &str) -> Option<&ResourceRow> {
        self.resource(self.resource_number(arn)?)
    }

    /// The number of the resource with exactly this ARN.
    pub(crate) fn resource_number(&self, arn: &str) -> Option<ResourceIdx> {
        let hash = self.resource_index.hash(arn);
        let is_right = |number| {
            let own = self.resource(ResourceIdx::new(number));
            own.is_some_and(|own| self.strings.get(own.arn) == arn)
        };
        let found = self.resource_index.find(hash, is_right);
        found.map(ResourceIdx::new)
    }

    /// The number of the resource with this ARN, or of another with its hash.
    pub(crate) fn likely_resource(&self, arn: &str) -> Option<ResourceIdx> {
        let hash = self.resource_index.hash(arn);
        let found = self.resource_index.find(hash, |_| true);
        found.map(ResourceIdx::new)
    }

    /// Adds a resource; false, and nothing is added, if there is one with its ARN.
    pub(crate) fn add_resource(&mut self, resource: ResourceRow) -> bool {
        let arn = self.strings.get(resource.arn);
        if self.find_resource(arn).is_some() {
            return false;
        }
        let hash = self.resource_index.hash(arn);
        self.lists_objects |= split_arn(arn).is_some_and(is_object);
        let number = ResourceIdx::at(self.resources.len());
        self.resource_index.insert(hash, number.get());
        self.resources.push(resource);
        true
    }

    /// The layers and units of policy sets; none for sets that are absent.
    pub(crate) fn uses(&self, id: SetsId) -> impl Iterator<Item = (LayerSet, UnitId)> + Clone {
        let range = self.sets.get(id.index()).copied().unwrap_or_default();
        range.of(&self.uses).iter().copied()
    }

    /// The policy of a VPC endpoint.
    pub(crate) fn endpoint(&self, id: &str) -> Option<SetsId> {
        let found = self
            .endpoints
            .binary_search_by(|(own, _)| self.strings.get(*own).cmp(id));
        let (_, sets) = self.endpoints.get(found.ok()?)?;
        Some(*sets)
    }

    /// The parts of which the ARN of a user or role consists.
    fn arn_parts(&self, own: Entity) -> [&str; 8] {
        [
            "arn:",
            self.strings.get(own.partition),
            ":iam::",
            self.accounts.digits(own.account),
            ":",
            own.kind.as_str(),
            self.strings.get(own.path),
            self.strings.get(own.name),
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

    /// True if these are the parts of the ARN of a user or role: compared piece by piece, so that
    /// no ARN is written down. Exact, in path and case: policies compare ARNs so (`IN-17`).
    pub(crate) fn has_arn(&self, own: Entity, arn: [&str; 6]) -> bool {
        let ["arn", partition, "iam", "", account, rest] = arn else {
            return false;
        };
        let name = rest
            .strip_prefix(own.kind.as_str())
            .and_then(|rest| rest.strip_prefix(self.strings.get(own.path)));
        name == Some(self.strings.get(own.name))
            && partition == self.strings.get(own.partition)
            && account == self.accounts.digits(own.account)
    }
}
