//! What follows from a stack of images alone, worked out when it is put together.
//!
//! A decision asks these things of every request: how many slots there are, whether some policy names principals, which
//! layers are present. They change only with the stack, so a host keeps the plan beside it. Nothing is checked here; a plan
//! of another stack is found out by its [`StackId`].
//!
//! Working it out at each request was rejected, though it would save hosts a value: it is linear in the condition keys of the
//! policies, where a decision is not.

use portcullis_image::{Class, Id, LayerSet, Reserved, Section, Slot, Unit, View};

use crate::stack::per_image::PerImage;
use crate::stack::{ImageIdx, StackId};

/// A slot among those of all images of a stack, one image after the other: what a request's keys are stored under.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackSlot(pub u32);

impl StackSlot {
    /// The slot of an image, whose first one this is.
    #[inline(always)]
    #[must_use]
    pub const fn plus(self, slot: Id<Slot>) -> StackSlot {
        StackSlot(self.0.wrapping_add(slot.number()))
    }

    /// The same as an index into a slice of all slots of the stack.
    #[inline(always)]
    pub const fn index(self) -> usize {
        Id::<Slot>::new(self.0).index()
    }
}

/// What follows from a stack of images: whose numbers are whose, and what the slots are.
///
/// Takes memory linear in the condition keys that the policies look at. Made once for a stack, it is shared by all threads; a
/// request that is decided with the plan of another stack is an implicit deny.
///
/// ```
/// use portcullis_image::Image;
/// use portcullis_vm::Plan;
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let account = Image::from_bytes(&file[..])?;
/// let session = Image::from_bytes(&file[..])?;
/// let alone = Plan::of([account.view()].into_iter());
/// // The order counts: numbers of the second image follow those of the first.
/// let both = Plan::of([account.view(), session.view()].into_iter());
/// # let _ = (alone, both);
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Of which stack it is.
    pub(crate) id: StackId,
    /// The slots of each image.
    slots: PerImage<SlotInfo>,
    /// Each image takes part as a whole: none has several units.
    pub(crate) is_whole: bool,
    /// There is one image, and it does.
    pub(crate) is_only: bool,
    /// If they do: the layers that are present, and whether a resource policy is public.
    pub(crate) present: (LayerSet, bool),
    /// Some policy names principals.
    pub(crate) names_principals: bool,
    /// Some policy looks at `aws:userid`.
    pub(crate) wants_user_id: bool,
}

/// A slot of the stack.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SlotInfo {
    /// What its values are read as.
    pub(crate) class: Class,
    /// The reserved slot of the same key, if it has one.
    pub(crate) reserved: Option<Reserved>,
}

impl Plan {
    /// Of no stack.
    pub(crate) const NONE: Plan = Plan {
        id: StackId::NONE,
        slots: PerImage::new(),
        is_whole: false,
        is_only: false,
        present: (LayerSet::EMPTY, false),
        names_principals: false,
        wants_user_id: false,
    };

    /// Works it out, in time linear in the condition keys of the images. The order of the images is part of it: requests are
    /// decided with the images in this order.
    pub fn of<'i>(images: impl Iterator<Item = View<'i>>) -> Plan {
        let mut plan = Plan {
            id: StackId::EMPTY,
            is_whole: true,
            ..Plan::NONE
        };
        for view in images {
            plan.id = plan.id.with(view);
            let slots = view.ids::<Slot>().map(|slot| {
                let record = view.get(slot);
                SlotInfo {
                    class: record.class,
                    reserved: Reserved::of_name(view.text(record.name)),
                }
            });
            plan.slots.open().extend(slots);
            plan.slots.close();
            plan.is_whole &= view.count(Section::Units) == 1;
            plan.names_principals |= view.count(Section::Principals) > 0;
            plan.wants_user_id |= view.wanted().any(Reserved::UserId);
            let unit: Unit = view.get(Id::FIRST);
            plan.present.0 |= unit.layers;
            plan.present.1 |= unit.public;
        }
        plan.is_only = plan.is_whole && plan.slots.images() == 1;
        plan
    }

    /// The slots of an image among those of the stack: the first, and the one behind the last.
    #[inline]
    pub(crate) fn slots_of(&self, image: ImageIdx) -> (StackSlot, StackSlot) {
        let range = self.slots.range(image);
        (StackSlot(range.start), StackSlot(range.end))
    }

    /// A slot of the stack; one of texts, without a reserved key, for a number that no slot has.
    #[inline]
    pub(crate) fn slot(&self, slot: StackSlot) -> SlotInfo {
        let own = self.slots.all().get(slot.index());
        own.copied().unwrap_or_default()
    }

    /// How many slots there are.
    pub(crate) fn slot_count(&self) -> usize {
        self.slots.all().len()
    }
}
