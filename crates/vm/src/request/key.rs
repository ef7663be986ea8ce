//! Condition keys, resolved for a stack of images.
//!
//! A key has at most one slot for each image and class of values, so that resolving it is a few look-ups, and giving it a
//! value as many stores. Keys that no policy tests have none, and cost a request nothing more.

use alloc::string::String;
use alloc::vec::Vec;

use portcullis_image::{Class, Id, Section, View};

use crate::stack::StackId;
use crate::stack::plan::{Plan, StackSlot};

/// A slot of a stack of images, with its class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeySlot {
    pub(crate) slot: StackSlot,
    /// What its values are read as.
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

/// A condition key, resolved for a stack of images. For hosts that hold keys by themselves; one that holds all names of a
/// request uses a [`CallSite`](crate::CallSite).
///
/// ```
/// use portcullis_image::Image;
/// use portcullis_vm::Key;
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let key = Key::resolve(core::iter::once(image.view()), "aws:requestedregion");
/// assert_eq!(key.name(), "aws:requestedregion");
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Key {
    name: String,
    /// The images that the slots are of.
    pub(crate) of: StackId,
    /// Those of the stack that are the key.
    pub(crate) slots: Vec<KeySlot>,
}

impl Key {
    /// Resolves a key, whose name may be in any case (`COND-40`). Every text can be resolved. Allocates for the name and for the
    /// slots, if there are some.
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
///
/// ```
/// use portcullis_image::Image;
/// use portcullis_vm::uses_key;
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// assert!(uses_key(core::iter::once(image.view()), "aws:RequestedRegion"));
/// assert!(!uses_key(core::iter::once(image.view()), "aws:CurrentTime"));
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
pub fn uses_key<'i>(images: impl Iterator<Item = View<'i>>, name: &str) -> bool {
    let mut is_used = false;
    for view in images {
        view.find_slots(name, |_, _| is_used = true);
    }
    is_used
}
