//! The keys of a request in terms of an image.
//!
//! An image counts its slots from zero, the stack counts those of all images: this is where the one becomes the other. A
//! slot is resolved in place, behind a shared reference, so that a value is read at most once in a decision and only if
//! some condition looks at it. Reading takes 80 to 220 instructions, once (`docs/benchmarks/targets.md`).

use portcullis_image::wire::index;
use portcullis_image::{Id, Reserved, Slot};

use crate::keys::slot::{FilledSlot, position, state};
use crate::keys::source::{FoundKey, KeyOrigin, ValueSource};
use crate::request::value::Value;
use crate::stack::ImageIdx;
use crate::stack::plan::StackSlot;

/// The keys of a request, in terms of an image. Four words, copied to wherever a condition is tested.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    /// Those of the image, from its first on.
    slots: &'a [FilledSlot],
    /// The first of them among the slots of all images.
    first: StackSlot,
    /// That of the request: slots with another one are not given.
    pub(crate) stamp: u32,
    source: &'a ValueSource<'a>,
}

impl<'a> Keys<'a> {
    /// Those of an image.
    #[inline]
    pub(crate) fn of(
        slots: &'a [FilledSlot],
        stamp: u32,
        source: &'a ValueSource<'a>,
        image: ImageIdx,
    ) -> Self {
        let (first, end) = source.plan.slots_of(image);
        let own = slots.get(first.index()..end.index());
        Keys {
            slots: own.unwrap_or(&[]),
            first,
            stamp,
            source,
        }
    }

    /// Those of the only image.
    #[inline(always)]
    pub(crate) fn of_only(
        slots: &'a [FilledSlot],
        stamp: u32,
        source: &'a ValueSource<'a>,
    ) -> Self {
        // The memory may have more slots, of other requests.
        Keys {
            slots,
            first: StackSlot(0),
            stamp,
            source,
        }
    }

    /// A slot, whatever request it was filled for.
    #[inline(always)]
    pub(crate) fn slot(&self, id: Id<Slot>) -> Option<&'a FilledSlot> {
        self.slots.get(id.index())
    }

    /// The state of a slot of which that is not known yet, or not fit to be tested.
    #[inline(never)]
    pub(crate) fn settle(self, id: Id<Slot>, slot: &FilledSlot) -> u32 {
        let slot_of_all = self.first.plus(id);
        let of_plan = self.source.plan.slot(slot_of_all);
        match (slot.state(self.stamp), self.source.origin) {
            (state::UNREAD, _) => slot.read(self.stamp, of_plan.class, self.text(slot)),
            (state @ 0..=15, _) => return state,
            (_, KeyOrigin::Host(host)) => match host.find(slot_of_all) {
                FoundKey::Nothing => slot.set(self.stamp, state::ABSENT),
                FoundKey::One(position, text) => {
                    slot.set_position(position, 0);
                    slot.read(self.stamp, of_plan.class, text);
                }
                FoundKey::Several(position) => {
                    slot.set_position(position, 0);
                    slot.set(self.stamp, state::SEVERAL);
                }
            },
            _ => match of_plan
                .reserved
                .and_then(|own| Some((own, self.source.derived(own)?)))
            {
                Some((reserved, text)) => {
                    slot.set_position(position::DERIVED, reserved.slot().number());
                    slot.read(self.stamp, of_plan.class, text);
                }
                None => slot.set(self.stamp, state::ABSENT),
            },
        }
        slot.state(self.stamp)
    }

    /// A slot and its state; none if there is no such slot, which no image asks for.
    #[inline]
    pub(crate) fn settled(&self, id: Id<Slot>) -> Option<(u32, &'a FilledSlot)> {
        let slot = self.slot(id)?;
        match slot.state(self.stamp) {
            known @ ..=state::UNUSABLE => Some((known, slot)),
            _ => Some((self.settle(id, slot), slot)),
        }
    }

    /// The text of a slot that has one value, which was given as text or follows from the request.
    #[inline(always)]
    pub(crate) fn text(&self, slot: &FilledSlot) -> &'a str {
        let nth = slot.nth.get();
        match slot.position.get() {
            position::STORED => self.source.store.get(nth, slot.len.get()),
            position::DERIVED => {
                let key = Reserved::of_slot(Id::new(nth));
                let text = key.and_then(|key| self.source.derived(key));
                text.unwrap_or_default()
            }
            position => self.source.text(position, nth),
        }
    }

    /// The only text of a slot that the request gives.
    pub(crate) fn only_given(&self, id: Id<Slot>) -> Option<&'a str> {
        let slot = self.slot(id)?;
        match slot.state(self.stamp) {
            state::TEXT if slot.position.get() != position::DERIVED => Some(self.text(slot)),
            _ => None,
        }
    }

    /// True if the request gives a slot some value.
    pub(crate) fn has_given(&self, id: Id<Slot>) -> bool {
        self.slot(id).is_some_and(|slot| {
            let has_value = matches!(slot.state(self.stamp), 0..=state::SEVERAL | state::UNREAD);
            has_value && slot.position.get() != position::DERIVED
        })
    }

    /// True if it is so for some value of a slot that has several, each as a slot with that value alone. Values are read one after
    /// the other and not kept: such keys are rare, and `ForAnyValue` mostly ends early.
    #[inline(always)]
    pub(crate) fn any_of_several(
        &self,
        id: Id<Slot>,
        slot: &FilledSlot,
        mut is_so: impl FnMut(&FilledSlot) -> bool,
    ) -> bool {
        let slot_of_all = self.first.plus(id);
        let class = self.source.plan.slot(slot_of_all).class;
        let one = FilledSlot::new();
        let position = slot.position.get();
        if position == position::STORED {
            let several = self.source.store.several.iter();
            let mut own = several.filter(|own| own.slot == slot_of_all);
            return own.any(|own| {
                one.set_position(position, own.offset);
                let text = self.source.store.get(own.offset, own.len);
                one.read(self.stamp, class, text);
                is_so(&one)
            });
        }
        let mut is_so = |nth, text| {
            one.set_position(position, nth);
            one.read(self.stamp, class, text);
            is_so(&one)
        };
        if let KeyOrigin::Host(host) = self.source.origin {
            let mut texts = (0..).map_while(|nth| Some((nth, host.value(position, nth)?)));
            return texts.any(|(nth, text)| is_so(nth, text));
        }
        let Value::Texts(texts) = self.source.context().value(index(position)) else {
            return false;
        };
        (0..).zip(texts).any(|(nth, text)| is_so(nth, text))
    }

    /// Calls back with the texts of a slot.
    pub(crate) fn for_each_text(&self, id: Id<Slot>, mut found: impl FnMut(&'a str)) {
        match self.settled(id) {
            Some((..=state::UNUSABLE, slot)) => found(self.text(slot)),
            Some((state::SEVERAL, slot)) => {
                self.any_of_several(id, slot, |one| {
                    found(self.text(one));
                    false
                });
            }
            _ => {}
        }
    }

    /// The value of the context that a slot was given, if it was not given as text.
    pub(crate) fn native(&self, slot: &FilledSlot) -> Option<Value<'a>> {
        match slot.position.get() {
            position::STORED | position::DERIVED => None,
            position => Some(self.source.context().value(index(position)))
                .filter(|value| matches!(value, Value::Number(_) | Value::Time(_) | Value::Ip(_))),
        }
    }
}
