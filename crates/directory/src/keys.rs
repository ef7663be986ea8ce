//! What the directory knows of the keys that policies look at (`KEY-5`), for one decision.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use portcullis_image::Reserved;
use portcullis_image::value::fold::eq_folded;
use portcullis_model::{ContextEntry, Principal};
use portcullis_vm::{
    ContextNames, Found, Key, KeySource, Plan, StackSlot, composed_user_id, derived,
    is_name_of_caller,
};

use crate::check::Deciding;
use crate::model::Account;
use crate::profiles::Profile;
use crate::reads::{self, Reads};
use crate::resolve::context::only;
use crate::resolve::{Applies, concat_in};
use crate::slots::{Origin, TagClass};
use crate::texts::Name;

/// A context key with its values, of which the name may have been resolved before.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    name: &'a str,
    /// The same key; none if it was not resolved.
    key: Option<&'a Key>,
    values: &'a [&'a str],
}

impl<'a> Given<'a> {
    /// A key by its name, in any case (`COND-40`), and its values as text; none at all switches the key off
    /// (`KEY-2`).
    pub fn named(name: &'a str, values: &'a [&'a str]) -> Given<'a> {
        Given {
            name,
            key: None,
            values,
        }
    }

    /// The same with a key as [`Directory::key`] resolves it. One of another directory, or of this one before
    /// [`Directory::update`], is looked up by its name.
    ///
    /// [`Directory::key`]: crate::Directory::key
    /// [`Directory::update`]: crate::Directory::update
    pub fn keyed(key: &'a Key, values: &'a [&'a str]) -> Given<'a> {
        Given {
            name: key.name(),
            key: Some(key),
            values,
        }
    }

    /// True if it is the key of a slot of the stack, whose name is folded.
    fn is_of(&self, plan: &Plan, slot: StackSlot, name: &str) -> bool {
        let by_key = self.key.and_then(|key| key.is_at(plan, slot));
        by_key.unwrap_or_else(|| eq_folded(self.name, name.as_bytes()))
    }
}

impl<'a> From<&ContextEntry<'a>> for Given<'a> {
    fn from(entry: &ContextEntry<'a>) -> Given<'a> {
        Given::named(entry.key, entry.values)
    }
}

/// The keys that a request gives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GivenKeys<'a> {
    /// Keys by their names.
    Entries(&'a [ContextEntry<'a>]),
    /// Keys that may have been resolved.
    Given(&'a [Given<'a>]),
}

impl<'a> GivenKeys<'a> {
    /// The keys, in their order.
    fn keys(self) -> impl Iterator<Item = Given<'a>> + Clone {
        let (entries, given): (&[ContextEntry<'a>], &[Given<'a>]) = match self {
            GivenKeys::Entries(entries) => (entries, &[]),
            GivenKeys::Given(given) => (&[], given),
        };
        entries.iter().map(Given::from).chain(given.iter().copied())
    }

    /// Names and values of the keys.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'a str, &'a [&'a str])> + Clone {
        self.keys().map(|given| (given.name, given.values))
    }

    /// True if it may say names of the caller.
    pub(crate) fn names_caller(self) -> bool {
        self.keys().any(|given| is_name_of_caller(given.name))
    }

    /// The names of the caller that it says.
    pub(crate) fn names<'k>(self, arena: &'k Bump) -> ContextNames<'k>
    where
        'a: 'k,
    {
        let own = Reserved::ServiceNames.name().as_bytes();
        let services = self.entries().filter(|(key, _)| eq_folded(key, own));
        let services = services.flat_map(|(_, values)| values.iter().copied());
        ContextNames {
            user_id: only(self.entries(), Reserved::UserId.name()),
            provider: only(self.entries(), Reserved::FederatedProvider.name()),
            services: BumpVec::from_iter_in(services, arena).into_bump_slice(),
        }
    }
}

/// The keys of a request: those of its context, and those that follow from the directory (`KEY-12` to `KEY-14`,
/// `KEY-51` to `KEY-53`) unless the context has them or switches them off (`KEY-2`).
pub(crate) struct Keys<'k> {
    deciding: &'k Deciding<'k>,
    applies: &'k Applies<'k, 'k>,
    profile: Option<&'k Profile>,
    context: GivenKeys<'k>,
    arena: &'k Bump,
    /// The caller, as far as something was asked that follows from it.
    principal: Cell<Option<(Reads, Principal<'k>)>>,
    /// The values of each key that was asked for.
    found: RefCell<BumpVec<'k, &'k [&'k str]>>,
}

impl KeySource for Keys<'_> {
    fn find(&self, slot: StackSlot) -> Found<'_> {
        let values = self.values(slot);
        let [first, others @ ..] = values else {
            return Found::Nothing;
        };
        let mut found = self.found.borrow_mut();
        let place = found.len() as u32;
        found.push(values);
        match others {
            [] => Found::One(place, first),
            _ => Found::Several(place),
        }
    }

    fn value(&self, place: u32, nth: u32) -> Option<&str> {
        let found = self.found.borrow();
        found.get(place as usize)?.get(nth as usize).copied()
    }
}

impl<'k> Keys<'k> {
    pub(crate) fn new(
        deciding: &'k Deciding<'k>,
        applies: &'k Applies<'k, 'k>,
        profile: Option<&'k Profile>,
        context: GivenKeys<'k>,
        arena: &'k Bump,
    ) -> Keys<'k> {
        Keys {
            deciding,
            applies,
            profile,
            context,
            arena,
            principal: Cell::new(None),
            found: RefCell::new(BumpVec::new_in(arena)),
        }
    }

    /// The values of a key, by its slot in the stack.
    fn values(&self, slot: StackSlot) -> &'k [&'k str] {
        let (tables, compiled) = (self.deciding.tables, self.deciding.compiled);
        let Some(own) = compiled.slots.get(slot) else {
            return &[];
        };
        let is_own = |given: &Given<'_>| given.is_of(compiled.plan(), slot, &own.name);
        let mut given = self.context.keys().filter(is_own);
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
        match own.origin {
            Origin::Request => return &[],
            Origin::Derived(reserved) => values.extend(self.derived(reserved)),
            origin => self.for_names(origin, |value| values.push(tables.texts.get(value))),
        }
        values.into_bump_slice()
    }

    /// Calls back with the values of a key that follows from the directory, not from the caller itself.
    #[inline]
    fn for_names(&self, origin: Origin, mut found: impl FnMut(Name)) {
        let tables = self.deciding.tables;
        let applies = self.applies;
        let (caller, target) = (&applies.caller, &applies.target);
        let organization = |account: Option<&Account>| match account {
            Some(account) => tables.organization_of(account),
            None => (None, None),
        };
        let mut only = |value: Option<Name>| value.into_iter().for_each(&mut found);
        match origin {
            Origin::Request | Origin::Derived(_) => {}
            Origin::PrincipalOrgId => only(organization(caller.account).0),
            Origin::PrincipalOrgPaths => only(organization(caller.account).1),
            Origin::ResourceOrgId => only(organization(target.known_owner()).0),
            Origin::ResourceOrgPaths => only(organization(target.known_owner()).1),
            Origin::PrincipalTag(class) => match self.profile.and_then(Profile::tags) {
                Some(tags) => tags
                    .filter(|(own, _)| *own == class)
                    .for_each(|(_, value)| found(value)),
                None => self.for_tags(tables.principal_tags(caller), class, found),
            },
            // TRUST-7, KEY-85.
            Origin::IamResourceTag(_) if !target.is_entity => {}
            Origin::ResourceTag(class) | Origin::IamResourceTag(class) => {
                self.for_tags(target.tags.of(&tables.pairs), class, found);
            }
            Origin::ObjectTag(class) => {
                self.for_tags(target.object_tags.of(&tables.pairs), class, found);
            }
        }
    }

    fn for_tags(&self, tags: &[(Name, Name)], class: TagClass, found: impl FnMut(Name)) {
        let slots = &self.deciding.compiled.slots;
        let own = tags
            .iter()
            .filter(|(name, _)| slots.class(*name) == Some(class));
        own.map(|(_, value)| *value).for_each(found);
    }

    /// A key that follows from caller and target, by its reserved slot.
    #[inline(never)]
    fn derived(&self, key: Reserved) -> Option<&'k str> {
        let tables = self.deciding.tables;
        let entities = self.deciding.profiles();
        let caller = &self.applies.caller;
        let wanted = key.bit() & (reads::ARN | reads::ID);
        let principal = match self.principal.get() {
            Some((known, principal)) if wanted & !known == 0 => principal,
            before => {
                let wanted = before.map_or(0, |(known, _)| known) | wanted;
                let principal = tables.complete(caller, &entities, wanted, self.arena);
                self.principal.set(Some((wanted, principal)));
                principal
            }
        };
        let principal = &principal;
        let home = tables.home(caller, &entities);
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
