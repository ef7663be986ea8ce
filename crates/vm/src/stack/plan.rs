//! What follows from a stack of images alone, worked out when it is put together.

use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::{Section, Slot, View, reserved};

use crate::stack::StackId;

/// What follows from a stack of images: whose numbers are whose, and what the slots are.
///
/// Takes memory linear in the condition keys that the policies look at.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub(crate) id: StackId,
    slots: Vec<OfSlot>,
    /// Where the slots of each image end.
    ends: Vec<u32>,
    /// Each image takes part as a whole: none has several parts.
    pub(crate) is_whole: bool,
    /// There is one image, and it does.
    pub(crate) is_only: bool,
    /// If they do: the layers that are present, and whether a resource policy is public.
    pub(crate) present: (u32, bool),
    /// Some policy names principals.
    pub(crate) names_principals: bool,
    /// Some policy looks at `aws:userid`.
    pub(crate) wants_user_id: bool,
}

/// A slot of the stack.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OfSlot {
    pub(crate) class: u8,
    /// The reserved slot of the same key, if it has one.
    pub(crate) reserved: Option<u32>,
}

impl Plan {
    pub(crate) const NONE: Plan = Plan {
        id: StackId::NONE,
        slots: Vec::new(),
        ends: Vec::new(),
        is_whole: false,
        is_only: false,
        present: (0, false),
        names_principals: false,
        wants_user_id: false,
    };

    /// Works it out, in time linear in the condition keys of the images.
    pub fn of<'i>(images: impl Iterator<Item = View<'i>>) -> Plan {
        let mut plan = Plan {
            id: StackId::EMPTY,
            is_whole: true,
            ..Plan::NONE
        };
        for view in images {
            plan.id = plan.id.with(view);
            plan.slots
                .extend((0..view.count(Section::Slots)).map(|slot| {
                    let record = view.slot(slot);
                    let name = view.text(record.name);
                    let reserved = reserved::NAMES.iter().position(|own| *own == name);
                    OfSlot {
                        class: record.class,
                        reserved: reserved.map(|own| own as u32),
                    }
                }));
            plan.ends.push(plan.slots.len() as u32);
            plan.is_whole &= view.count(Section::Parts) == 1;
            plan.names_principals |= view.count(Section::Principals) > 0;
            plan.wants_user_id |= view.wanted(reserved::USER_ID).any();
            let part = view.part(0);
            plan.present.0 |= part.layers;
            plan.present.1 |= part.public;
        }
        plan.is_only = plan.is_whole && plan.ends.len() == 1;
        plan
    }

    /// The slots of an image, by its place in the stack.
    #[inline]
    pub(crate) fn slots_of(&self, image: usize) -> Range<u32> {
        let end = self.ends.get(image).copied().unwrap_or(0);
        let before = image.checked_sub(1);
        let start = before.and_then(|before| self.ends.get(before)).copied();
        start.unwrap_or(0)..end
    }

    /// A slot of the stack.
    #[inline]
    pub(crate) fn slot(&self, slot: u32) -> OfSlot {
        let own = self.slots.get(slot as usize);
        own.copied().unwrap_or(OfSlot {
            class: Slot::TEXT,
            reserved: None,
        })
    }

    /// How many slots there are.
    pub(crate) fn slot_count(&self) -> usize {
        self.slots.len()
    }
}
