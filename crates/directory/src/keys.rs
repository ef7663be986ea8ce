//! Fills the slots that policies look at with what the directory knows (`KEY-5`), for one decision.

use bumpalo::Bump;
use portcullis_image::reserved;
use portcullis_vm::Partial;

use crate::check::{Case, Deciding, Given};
use crate::compiled::Compiled;
use crate::model::Account;
use crate::profiles::Profile;
use crate::reads::Reads;
use crate::slots::{Origin, TagClass};
use crate::texts::Name;

/// Adds the keys that a request gives.
pub(crate) fn add_context<'q>(
    request: &mut portcullis_vm::Request,
    compiled: &Compiled,
    context: impl Iterator<Item = Given<'q>>,
) {
    for given in context {
        match given.key {
            Some(key) => request.add_key(compiled.views(), key, given.values),
            None => request.add(compiled.views(), given.name, given.values),
        }
    }
}

impl Case<'_, '_> {
    /// Fills a request with the keys that were given, and the slots that the statements look at which are left
    /// with the keys that follow from the directory (`KEY-12` to `KEY-14`, `KEY-51` to `KEY-53`).
    pub(crate) fn fill_keys<'q>(
        &self,
        request: &mut portcullis_vm::Request,
        arena: &Bump,
        partial: &Partial<'_>,
        context: impl Iterator<Item = Given<'q>>,
    ) {
        let compiled = self.deciding.compiled;
        request.begin_keys(compiled.views());
        add_context(request, compiled, context);
        let mut derived: Reads = 0;
        let left = partial.left();
        for slot in left.flat_map(|(image, statement)| compiled.slots_of(image, statement)) {
            match slot.origin {
                Origin::Derived(number) => derived |= 1 << number,
                _ if request.has_slot(slot.place) => {}
                origin => self.for_values(origin, |value| {
                    let value = self.deciding.tables.texts.get(value);
                    request.add_slot(slot.place, value);
                }),
            }
        }
        if derived != 0 {
            self.derive(request, arena, derived);
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

    /// Derives the keys of reserved slots, whose bits are set.
    #[inline(never)]
    fn derive(&self, request: &mut portcullis_vm::Request, arena: &Bump, mut wanted: Reads) {
        let Deciding {
            tables,
            compiled,
            asked,
        } = *self.deciding;
        let caller = &self.applies.caller;
        let principal = tables.complete(caller, &self.deciding.profiles(), wanted, arena);
        if caller.hides_user_id(&principal) {
            wanted &= !(1 << reserved::USER_ID);
        }
        let home = tables.home(caller, &self.deciding.profiles());
        let target = (asked.resource, self.deciding.owner());
        request.finish_keys(compiled.views(), (&principal, home), target, wanted);
    }
}
