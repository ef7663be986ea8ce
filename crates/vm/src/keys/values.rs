//! The keys of a request in terms of an image.
//!
//! An image counts its slots from zero, the stack counts those of all images: this is where the one becomes the other. A
//! slot is resolved in place, behind a shared reference, so that a value is read at most once in a decision and only if
//! some condition looks at it. Reading takes 80 to 220 instructions, once (`docs/benchmarks/targets.md`).

use portcullis_image::wire::index;
use portcullis_image::{Class, Id, Reserved, Slot};

use crate::keys::slot::{FilledSlot, position, state};
use crate::keys::source::{FoundKey, KeyOrigin, KeySource, Store, Stored, ValueSource};
use crate::request::value::Value;
use crate::stack::ImageIdx;
use crate::stack::plan::{SlotInfo, StackSlot};

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
        let settle_as = |state| {
            slot.set(self.stamp, state);
            state
        };
        let (class, text) = match slot.state(self.stamp) {
            state::UNREAD_NUMBER => (Class::Number, self.text(slot)),
            state::UNREAD_DATE => (Class::Date, self.text(slot)),
            state::UNREAD_ADDRESS => (Class::Address, self.text(slot)),
            // Known: none, one or several values.
            state @ ..=state::ABSENT => return state,
            // Not given: asked of the host, or of what follows from the request.
            _ => {
                let slot_of_all = self.first.plus(id);
                let SlotInfo { class, reserved } = self.source.plan.slot(slot_of_all);
                if let KeyOrigin::Host(host) = self.source.origin {
                    match host.find(slot_of_all) {
                        FoundKey::Nothing => return settle_as(state::ABSENT),
                        FoundKey::One(position, text) => {
                            slot.set_position(position, 0);
                            (class, text)
                        }
                        FoundKey::Several(position) => {
                            slot.set_position(position, 0);
                            return settle_as(state::SEVERAL);
                        }
                    }
                } else {
                    let derived = reserved.and_then(|own| Some((own, self.source.derived(own)?)));
                    let Some((reserved, text)) = derived else {
                        return settle_as(state::ABSENT);
                    };
                    slot.set_position(position::DERIVED, reserved.slot().number());
                    (class, text)
                }
            }
        };
        slot.read(self.stamp, class, text);
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
            let state = slot.state(self.stamp);
            let has_value = state <= state::SEVERAL || state::UNREAD.contains(&state);
            has_value && slot.position.get() != position::DERIVED
        })
    }

    /// The values of a slot that has several ([`state::SEVERAL`]), to be read one after the other.
    #[inline(always)]
    pub(crate) fn several(&self, id: Id<Slot>, slot: &FilledSlot) -> Several<'a> {
        let slot_of_all = self.first.plus(id);
        let position = slot.position.get();
        let texts = match (position, self.source.origin) {
            (position::STORED, _) => {
                SeveralTexts::Stored(self.source.store.several.iter(), slot_of_all)
            }
            (_, KeyOrigin::Host(host)) => SeveralTexts::Host(host),
            (_, KeyOrigin::Query(query, _)) => match query.context.value(index(position)) {
                Value::Texts(texts) => SeveralTexts::Given(texts.iter()),
                _ => SeveralTexts::Given([].iter()),
            },
        };
        Several {
            texts,
            class: self.source.plan.slot(slot_of_all).class,
            store: self.source.store,
            stamp: self.stamp,
            position,
            next: 0,
        }
    }

    /// Calls back with the texts of a slot.
    pub(crate) fn for_each_text(&self, id: Id<Slot>, mut found: impl FnMut(&'a str)) {
        match self.settled(id) {
            Some((..=state::UNUSABLE, slot)) => found(self.text(slot)),
            Some((state::SEVERAL, slot)) => {
                let one = FilledSlot::new();
                let mut several = self.several(id, slot);
                while several.read_next(&one).is_some() {
                    found(self.text(&one));
                }
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

/// The values of a slot that has several, each read when its turn comes and not kept: such keys are rare, and
/// `ForAnyValue` mostly ends early. One loop for all origins takes a third fewer instructions than a closure for each.
pub(crate) struct Several<'a> {
    texts: SeveralTexts<'a>,
    class: Class,
    store: &'a Store,
    stamp: u32,
    /// Where the slot's texts are.
    position: u32,
    /// How many were read.
    next: u32,
}

/// Who has the texts of a slot that has several.
enum SeveralTexts<'a> {
    /// The context of the query.
    Given(core::slice::Iter<'a, &'a str>),
    /// They are among those that were stored, of all slots.
    Stored(core::slice::Iter<'a, Stored>, StackSlot),
    /// A host.
    Host(&'a dyn KeySource),
}

impl Several<'_> {
    /// Reads the next value into a slot, which then holds that value alone, and gives its state; none behind the last.
    #[inline(always)]
    pub(crate) fn read_next(&mut self, one: &FilledSlot) -> Option<u32> {
        let text = match &mut self.texts {
            SeveralTexts::Given(texts) => {
                one.set_position(self.position, self.next);
                *texts.next()?
            }
            SeveralTexts::Stored(stored, own) => {
                let Stored { offset, len, .. } = *stored.find(|stored| stored.slot == *own)?;
                one.set_position(position::STORED, offset);
                self.store.get(offset, len)
            }
            SeveralTexts::Host(host) => {
                one.set_position(self.position, self.next);
                host.value(self.position, self.next)?
            }
        };
        self.next = self.next.wrapping_add(1);
        one.read(self.stamp, self.class, text);
        Some(one.state(self.stamp))
    }
}
