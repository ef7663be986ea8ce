//! Fills the slots that policies look at with what the directory knows (`KEY-5`), for one decision.

use bumpalo::Bump;
use portcullis_image::reserved;
use portcullis_vm::{KeyValues, Partial, Scratch};

use crate::check::{Case, Deciding, Given};
use crate::compiled::Compiled;
use crate::model::Account;
use crate::profiles::Profile;
use crate::reads::Reads;
use crate::slots::{Origin, TagClass};
use crate::texts::Name;

/// Adds the keys that a request gives.
pub(crate) fn add_context<'q>(
    scratch: &mut Scratch,
    compiled: &Compiled,
    context: impl Iterator<Item = Given<'q>>,
) {
    let (views, plan) = (|| compiled.views(), compiled.plan());
    for given in context {
        match given.key {
            Some(key) => scratch.add_key(views(), plan, key, given.values),
            None => scratch.add(views(), plan, given.name, given.values),
        }
    }
}

impl Case<'_, '_> {
    /// The keys that were given, and for the slots that the statements look at which are left those that follow from
    /// the directory (`KEY-12` to `KEY-14`, `KEY-51` to `KEY-53`).
    pub(crate) fn fill_keys<'k, 'q>(
        &'k self,
        scratch: &'k mut Scratch,
        arena: &'k Bump,
        partial: &Partial<'_>,
        context: impl Iterator<Item = Given<'q>>,
    ) -> KeyValues<'k> {
        let compiled = self.deciding.compiled;
        scratch.begin_keys(compiled.plan());
        add_context(scratch, compiled, context);
        let mut derived: Reads = 0;
        let left = partial.left();
        for slot in left.flat_map(|(image, statement)| compiled.slots_of(image, statement)) {
            match slot.origin {
                Origin::Derived(number) => derived |= 1 << number,
                _ if scratch.has_slot(slot.place) => {}
                origin => self.for_values(origin, |value| {
                    let value = self.deciding.tables.texts.get(value);
                    scratch.add_slot(slot.place, value);
                }),
            }
        }
        match derived {
            0 => KeyValues::new(scratch, compiled.plan()),
            _ => self.with_derived(scratch, arena, derived),
        }
    }

    /// Calls back with the values of a key.
    #[inline]
    fn for_values(&self, origin: Origin, mut found: impl FnMut(Name)) {
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

    /// With the keys of reserved slots, whose bits are set.
    #[inline(never)]
    fn with_derived<'k>(
        &'k self,
        scratch: &'k mut Scratch,
        arena: &'k Bump,
        mut wanted: Reads,
    ) -> KeyValues<'k> {
        let Deciding {
            tables, compiled, ..
        } = *self.deciding;
        let caller = &self.applies.caller;
        let principal = tables.complete(caller, &self.deciding.profiles(), wanted, arena);
        if caller.hides_user_id(&principal) {
            wanted &= !(1 << reserved::USER_ID);
        }
        let home = tables.home(caller, &self.deciding.profiles());
        if wanted >> reserved::USER_ID & 1 != 0 {
            scratch.store_user_id(&principal, home);
        }
        let owner = self.deciding.known_owner();
        let principal = arena.alloc(principal);
        KeyValues::new(scratch, compiled.plan()).with_derived(principal, home, owner, wanted)
    }
}
