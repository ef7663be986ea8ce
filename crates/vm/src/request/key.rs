//! Condition keys, resolved for a stack of images.

use alloc::string::String;
use alloc::vec::Vec;

use portcullis_image::{Class, Id, Section, View};

use crate::stack::StackId;
use crate::stack::plan::{Plan, StackSlot};

/// A slot of a stack of images, with its class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeySlot {
    pub(crate) slot: StackSlot,
    pub(crate) class: Class,
}

impl KeySlot {
    /// Calls back with the slots of a key in all images of a stack, and says which stack that is.
    pub(crate) fn find_all<'i>(
        images: impl Iterator<Item = View<'i>>,
        name: &str,
        mut found: impl FnMut(KeySlot),
    ) -> StackId {
        let mut of = StackId::EMPTY;
        let mut first = StackSlot::default();
        for view in images {
            of = of.with(view);
            view.find_slots(name, |slot, class| {
                let slot = first.plus(slot);
                found(KeySlot { slot, class });
            });
            first = first.plus(Id::new(view.count(Section::Slots)));
        }
        of
    }
}

/// A condition key, resolved for a stack of images.
#[derive(Clone, Debug)]
pub struct Key {
    name: String,
    /// The images that the slots are of.
    pub(crate) of: StackId,
    /// Those of the stack that are the key.
    pub(crate) slots: Vec<KeySlot>,
}

impl Key {
    /// Resolves a key, whose name may be in any case (`COND-40`).
    pub fn resolve<'i>(images: impl Iterator<Item = View<'i>>, name: &str) -> Key {
        let mut slots = Vec::new();
        let of = KeySlot::find_all(images, name, |slot| slots.push(slot));
        Key {
            name: name.into(),
            of,
            slots,
        }
    }

    /// The name, as it was resolved.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if it is the key of a slot of a stack, of all slots one after the other; none if it was resolved for other
    /// images.
    #[inline]
    pub fn is_at(&self, plan: &Plan, slot: StackSlot) -> Option<bool> {
        let is_own = |own: &KeySlot| own.slot == slot;
        let is_known = self.of.is_same(plan.id);
        is_known.then(|| self.slots.iter().any(is_own))
    }
}

/// True if some policy of a stack looks at a key, whose name may be in any case (`COND-40`); if not, nobody need find
/// out its value. Keys that say who the caller is are always looked at.
pub fn uses_key<'i>(images: impl Iterator<Item = View<'i>>, name: &str) -> bool {
    let mut is_used = false;
    for view in images {
        view.find_slots(name, |_, _| is_used = true);
    }
    is_used
}
