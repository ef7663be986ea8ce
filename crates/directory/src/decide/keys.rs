//! What the directory knows of the keys that policies look at (`KEY-5`), for one decision.
//!
//! Keys come last: most decisions look at none, so that filling a context beforehand would cost more than deciding; it took a
//! decision from 7,354 instructions to 5,583 (`docs/benchmarks/directories.md`).
//! [`crate::plan::key_sources`] says of every slot where its values come from; here they are found when a condition first
//! asks, and lie in the tables or in the arena of the decision. [`crate::decide::context`] fills in the same keys for
//! explanations and for evaluators that want a whole request; tests hold the two against each other.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use portcullis_image::Reserved;
use portcullis_model::Principal;
use portcullis_vm::{FoundKey, KeySource, StackSlot, composed_user_id, derived};

use crate::decide::applies::Applies;
use crate::decide::asked::Deciding;
use crate::decide::caller::{complete, home};
use crate::decide::context::{organization_of, principal_tags};
use crate::decide::given::{ContextValue, GivenKeys};
use crate::plan::dependencies::KeyDependencies;
use crate::plan::generation::Generation;
use crate::plan::key_sources::{SlotOrigin, TagClass};
use crate::plan::principals::PrincipalSummary;
use crate::store::accounts::Account;
use crate::store::ids::{Symbol, index, number};
use crate::store::strings::concat_in;

/// The keys of a request: those of its context, and those that follow from the directory (`KEY-12` to `KEY-14`,
/// `KEY-51` to `KEY-53`) unless the context has them or switches them off (`KEY-2`).
pub(crate) struct DirectoryKeys<'k> {
    /// The request that is decided, with what was found for it.
    deciding: &'k Deciding<'k>,
    /// The caller, the target and the policies that were found for it.
    applies: &'k Applies<'k, 'k>,
    /// Where the tags of the caller are, if it is a user or role.
    summary: Option<&'k PrincipalSummary>,
    /// What the request gives.
    context: GivenKeys<'k>,
    /// Where texts are put together, until the next decision.
    arena: &'k Bump,
    /// The caller, as far as something was asked that follows from it.
    principal: Cell<Option<(KeyDependencies, Principal<'k>)>>,
    /// The values of each key that was asked for.
    found: RefCell<BumpVec<'k, &'k [&'k str]>>,
}

impl KeySource for DirectoryKeys<'_> {
    /// Values are kept in the order in which they were asked for, so that the machine can ask for another value of a key by
    /// where it was found.
    fn find(&self, slot: StackSlot) -> FoundKey<'_> {
        let values = self.values(slot);
        let [first, others @ ..] = values else {
            return FoundKey::Nothing;
        };
        let mut found = self.found.borrow_mut();
        let position = number(found.len());
        found.push(values);
        match others {
            [] => FoundKey::One(position, first),
            _ => FoundKey::Several(position),
        }
    }

    fn value(&self, position: u32, nth: u32) -> Option<&str> {
        let found = self.found.borrow();
        found.get(index(position))?.get(index(nth)).copied()
    }
}

impl<'k> DirectoryKeys<'k> {
    /// For one decision. Nothing is found out before a condition asks.
    pub(crate) fn new(
        deciding: &'k Deciding<'k>,
        applies: &'k Applies<'k, 'k>,
        summary: Option<&'k PrincipalSummary>,
        context: GivenKeys<'k>,
        arena: &'k Bump,
    ) -> DirectoryKeys<'k> {
        DirectoryKeys {
            deciding,
            applies,
            summary,
            context,
            arena,
            principal: Cell::new(None),
            found: RefCell::new(BumpVec::new_in(arena)),
        }
    }

    /// The values of a key, by its slot in the stack.
    fn values(&self, slot: StackSlot) -> &'k [&'k str] {
        let Generation { tables, plan } = self.deciding.generation;
        let Some(key) = plan.slots.get(slot) else {
            return &[];
        };
        let is_it = |given: &ContextValue<'_>| given.is_of(plan.stack.vm_plan(), slot, &key.name);
        let mut given = self.context.keys().filter(is_it);
        if let Some(first) = given.next() {
            // A key that comes twice has the values of both (COND-41).
            let mut others = given.peekable();
            if others.peek().is_none() {
                return first.values;
            }
            let all = std::iter::once(first).chain(others);
            let all = all.flat_map(|given| given.values.iter().copied());
            return BumpVec::from_iter_in(all, self.arena).into_bump_slice();
        }
        let mut values = BumpVec::with_capacity_in(1, self.arena);
        match key.origin {
            SlotOrigin::Request => return &[],
            SlotOrigin::Derived(reserved) => values.extend(self.derived(reserved)),
            origin => self.for_names(origin, |value| values.push(tables.str(value))),
        }
        values.into_bump_slice()
    }

    /// Calls back with the values of a key that follows from the directory, not from the caller itself.
    #[inline]
    fn for_names(&self, origin: SlotOrigin, mut found: impl FnMut(Symbol)) {
        let tables = self.deciding.generation.tables;
        let applies = self.applies;
        let (caller, target) = (&applies.caller, &applies.target);
        let organization = |account: Option<&Account>| match account {
            Some(account) => organization_of(tables, account),
            None => (None, None),
        };
        let mut only = |value: Option<Symbol>| value.into_iter().for_each(&mut found);
        match origin {
            SlotOrigin::Request | SlotOrigin::Derived(_) => {}
            SlotOrigin::PrincipalOrgId => only(organization(caller.account).0),
            SlotOrigin::PrincipalOrgPaths => only(organization(caller.account).1),
            SlotOrigin::ResourceOrgId => only(organization(target.known_owner()).0),
            SlotOrigin::ResourceOrgPaths => only(organization(target.known_owner()).1),
            SlotOrigin::PrincipalTag(class) => {
                match self.summary.and_then(PrincipalSummary::tags) {
                    Some(tags) => tags
                        .filter(|(tag, _)| *tag == class)
                        .for_each(|(_, value)| found(value)),
                    None => self.for_tags(principal_tags(tables, caller), class, found),
                }
            }
            // TRUST-7, KEY-85.
            SlotOrigin::IamResourceTag(_) if !target.is_entity => {}
            SlotOrigin::ResourceTag(class) | SlotOrigin::IamResourceTag(class) => {
                self.for_tags(tables.pairs(target.tags), class, found);
            }
            SlotOrigin::ObjectTag(class) => {
                self.for_tags(tables.pairs(target.object_tags), class, found);
            }
        }
    }

    /// Tags of a resource are few and their classes are looked up one by one; those of the caller are in its summary.
    fn for_tags(&self, tags: &[(Symbol, Symbol)], class: TagClass, found: impl FnMut(Symbol)) {
        let slots = &self.deciding.generation.plan.slots;
        let matching = tags
            .iter()
            .filter(|(name, _)| slots.class(*name) == Some(class));
        matching.map(|(_, value)| *value).for_each(found);
    }

    /// A key that follows from caller and target, by its reserved slot.
    #[inline(never)]
    fn derived(&self, key: Reserved) -> Option<&'k str> {
        let tables = self.deciding.generation.tables;
        let entities = self.deciding.generation;
        let caller = &self.applies.caller;
        let texts = KeyDependencies::ARN.with(KeyDependencies::ID);
        let wanted = KeyDependencies::key(key).common(texts);
        let principal = match self.principal.get() {
            Some((known, principal)) if wanted.is_within(known) => principal,
            before => {
                let wanted = before.map_or(wanted, |(known, _)| known.with(wanted));
                let principal = complete(tables, caller, &entities, wanted, self.arena);
                self.principal.set(Some((wanted, principal)));
                principal
            }
        };
        let principal = &principal;
        let home = home(tables, caller, &entities);
        if key == Reserved::UserId {
            if caller.hides_user_id(principal) {
                return None;
            }
            if let Some(parts) = composed_user_id(principal, home) {
                return Some(concat_in(&parts, self.arena));
            }
        }
        derived(principal, home, || self.deciding.known_owner(), key)
    }
}
