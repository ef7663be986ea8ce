//! The keys of a request: each gets the slots that the policies look at.
//!
//! Slots are stamped with the number of the request and never emptied: a slot with another stamp is not given. So beginning a
//! request takes constant time however many keys the policies have. Giving a key its slot takes 36 to 40 instructions
//! (`docs/benchmarks/targets.md`), whatever its value.
//!
//! Names come in three ways: by a call site, whose slots are known; in the order of the last request for the action, whose
//! names are compared ([`crate::keys::shape`]); and one by one, by a cache of names.

use alloc::vec::Vec;
use core::net::IpAddr;

use portcullis_image::wire::{count, index};
use portcullis_image::{Class, Reserved, View};
use portcullis_model::Principal;

use crate::combine::ownership::HomeAccount;
use crate::keys::shape::{Shape, slots_of};
use crate::keys::slot::{FilledSlot, STATE_BITS};
use crate::keys::source::{Store, Stored, ValueSource};
use crate::keys::values::Keys;
use crate::request::context::Context;
use crate::request::derived::composed_user_id;
use crate::request::key::KeySlot;
use crate::request::principal::KEYS_OF_CALLER;
use crate::request::query::Query;
use crate::request::site::{CallSite, UsedKey};
use crate::request::value::{Value, native};
use crate::stack::ImageIdx;
use crate::stack::cache::Cache;
use crate::stack::plan::{Plan, StackSlot};

/// The slots of all images of a stack, and what is in them. Kept from request to request; it grows to the largest stack.
#[derive(Debug)]
pub(crate) struct FilledSlots {
    /// Of the request that was filled last.
    stamp: u32,
    /// By slot of the stack; there may be more, of larger stacks.
    slots: Vec<FilledSlot>,
    /// Texts of this request that are not where the request has them.
    pub(crate) store: Store,
    /// The slots of keys that were looked up by name, whatever the request.
    names: Cache<Vec<KeySlot>>,
}

impl FilledSlots {
    /// No slots yet.
    pub(crate) const fn new() -> FilledSlots {
        FilledSlots {
            stamp: 0,
            slots: Vec::new(),
            store: Store::new(),
            names: Cache::new(),
        }
    }

    /// Forgets the keys of the request before.
    #[inline(always)]
    pub(crate) fn begin(&mut self, plan: &Plan) {
        self.stamp = self.stamp.wrapping_add(1 << STATE_BITS);
        if self.stamp < 1 << STATE_BITS || self.slots.len() < plan.slot_count() {
            self.make_room(plan);
        }
        self.store.clear();
    }

    /// Makes room for a larger stack, or begins counting anew: stamps that repeat would make old slots look given.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, plan: &Plan) {
        // Stamps of long ago must not be taken for new ones.
        if self.stamp < 1 << STATE_BITS {
            self.stamp = 1 << STATE_BITS;
            self.slots.clear();
        }
        let len = self.slots.len().max(plan.slot_count());
        self.slots.resize_with(len, FilledSlot::new);
    }

    /// Gives the keys of a call site their values; of another stack, by their names. False if the values are not as many as the keys:
    /// then nothing is given.
    #[inline(always)]
    pub(crate) fn by_site<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        query: &Query<'_>,
        (site, values, others): (&CallSite, &[Value<'_>], &[(&str, Value<'_>)]),
    ) -> bool {
        if site.keys().len() != values.len() {
            return false;
        }
        if !(site.is_distinct && site.of.is_same(plan.id)) {
            self.by_names(images, plan, query);
            return true;
        }
        self.give_used(&site.used, values, |value| value);
        if !others.is_empty() {
            self.by_names_from(values.len(), images, plan, query);
        }
        true
    }

    /// Gives keys their values whose names are those of a shape. False, and nothing given, if they are others.
    #[inline(always)]
    pub(crate) fn by_shape(&mut self, shape: &Shape, pairs: &[(&str, Value<'_>)]) -> bool {
        if !shape.is_of(pairs) {
            return false;
        }
        self.give_used(&shape.used, pairs, |(_, value)| value);
        true
    }

    /// Gives keys of different slots, none of which was given, their values.
    #[inline(always)]
    fn give_used<'v, T>(
        &mut self,
        used: &[UsedKey],
        values: &'v [T],
        value_of: impl Fn(&'v T) -> &'v Value<'v>,
    ) {
        let (slots, stamp) = (self.slots.as_slice(), self.stamp);
        for used in used {
            let (own, key) = (used.slot, used.key);
            let Some(slot) = slots.get(own.slot.index()) else {
                continue;
            };
            let Some(value) = values.get(index(key)) else {
                continue;
            };
            let value = value_of(value);
            give(slot, &mut self.store, stamp, own.class, key, value);
        }
    }

    /// Gives keys their values by their names.
    pub(crate) fn by_names<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        query: &Query<'_>,
    ) {
        self.by_names_from(0, images, plan, query);
    }

    /// The same from one of the keys on.
    #[inline(never)]
    fn by_names_from<'i>(
        &mut self,
        first: usize,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        query: &Query<'_>,
    ) {
        let context = query.context;
        for (key, nth) in (count(first)..).zip(first..context.len()) {
            let value = context.value(nth);
            self.by_name(&images, plan, context.name(nth), |slots, slot| {
                slots.give_or_add(slot, query, key, &value);
            });
        }
    }

    /// Calls back with the slots of a key, which are remembered by its name.
    fn by_name<'i>(
        &mut self,
        images: &(impl Iterator<Item = View<'i>> + Clone),
        plan: &Plan,
        name: &str,
        mut found: impl FnMut(&mut FilledSlots, KeySlot),
    ) {
        let fill = |slots: &mut Vec<KeySlot>| {
            slots.clear();
            slots_of(images.clone(), plan, name, |slot| slots.push(slot))
        };
        let number = self.names.number_of(plan.id, name, fill);
        let mut nth = 0;
        while let Some(slot) = self.names.get(number).and_then(|own| own.get(nth)) {
            found(self, *slot);
            nth += 1;
        }
    }

    /// Gives a key a value, which may have one already.
    fn give_or_add(&mut self, own: KeySlot, query: &Query<'_>, key: u32, value: &Value<'_>) {
        match self.slots.get(own.slot.index()) {
            Some(slot) if slot.is_given(self.stamp) => {
                self.give_again(own, query.context, key, *value);
            }
            Some(slot) => give(slot, &mut self.store, self.stamp, own.class, key, value),
            None => {}
        }
    }

    /// A key that came before, perhaps in another case, is the same key and has the values of both (`COND-41`).
    #[cold]
    #[inline(never)]
    fn give_again(&mut self, own: KeySlot, context: Context<'_>, key: u32, value: Value<'_>) {
        let is_stored = self
            .store
            .several
            .iter()
            .any(|stored| stored.slot == own.slot);
        if !is_stored {
            let slot = self.slots.get(own.slot.index());
            let before = slot.and_then(FilledSlot::given_at);
            match before {
                Some(before) => self.store_values(own.slot, context.value(index(before))),
                // It stands among the stored texts already, alone.
                None => {
                    let one = slot.and_then(|slot| slot.stored_at());
                    let stored = one.map(|(offset, len)| Stored {
                        slot: own.slot,
                        offset,
                        len,
                    });
                    self.store.several.extend(stored);
                }
            }
        }
        self.store_values(own.slot, value);
        self.give_several(own, key);
    }

    /// Stores the values of a key that came twice, as texts, since lists of two types have no type in common: only then are texts
    /// copied.
    fn store_values(&mut self, slot: StackSlot, value: Value<'_>) {
        let values = match value {
            Value::Texts(texts) => texts.len(),
            Value::Absent => 0,
            _ => 1,
        };
        for nth in 0..values {
            let offset = self.store.text.len();
            match value.text(nth) {
                Some(text) => self.store.text.push_str(text),
                None => value.write(&mut self.store.text),
            }
            self.store.several.push(Stored {
                slot,
                offset: count(offset),
                len: count(self.store.text.len() - offset),
            });
        }
    }

    /// Gives a slot all that was stored for it.
    fn give_several(&mut self, own: KeySlot, key: u32) {
        let Some(slot) = self.slots.get(own.slot.index()) else {
            return;
        };
        let mut all = self
            .store
            .several
            .iter()
            .filter(|stored| stored.slot == own.slot);
        match (all.next(), all.next()) {
            (None, _) => slot.give_none(self.stamp, key),
            (Some(one), None) => {
                let text = self.store.get(one.offset, one.len);
                slot.give_stored(self.stamp, own.class, one.offset, text);
            }
            _ => slot.give_stored_list(self.stamp),
        }
    }

    /// Puts `aws:userid` together, for callers of whom it consists of several texts (`VAR-13`), such as the id of a role and the name
    /// of its session.
    pub(crate) fn store_user_id(&mut self, principal: &Principal<'_>, home: HomeAccount<'_>) {
        if let Some(parts) = composed_user_id(principal, home) {
            let text = &mut self.store.text;
            let offset = text.len();
            parts.iter().for_each(|part| text.push_str(part));
            self.store.user_id = Some((count(offset), count(text.len() - offset)));
        }
    }

    /// True if something was given to a slot, be it no value: an empty list is given too.
    #[inline(always)]
    fn has_slot(&self, key: Reserved) -> bool {
        let own = self.slots.get(key.slot().index());
        own.is_some_and(|own| own.is_given(self.stamp))
    }

    /// True if a key was given that says by which names policies may know the caller.
    #[inline]
    pub(crate) fn names_caller(&self) -> bool {
        KEYS_OF_CALLER.into_iter().any(|key| self.has_slot(key))
    }

    /// The keys, in terms of an image of the stack.
    #[inline]
    pub(crate) fn keys<'a>(&'a self, source: &'a ValueSource<'a>, image: ImageIdx) -> Keys<'a> {
        Keys::of(&self.slots, self.stamp, source, image)
    }

    /// The keys, in terms of the only image.
    #[inline(always)]
    pub(crate) fn keys_of_only<'a>(&'a self, source: &'a ValueSource<'a>) -> Keys<'a> {
        Keys::of_only(&self.slots, self.stamp, source)
    }
}

/// Gives a slot a value. The usual ones are here, inlined; others are a call.
#[inline(always)]
fn give(
    slot: &FilledSlot,
    store: &mut Store,
    stamp: u32,
    class: Class,
    key: u32,
    value: &Value<'_>,
) {
    if let Value::Text(text) = value {
        return slot.give(stamp, class, key, text);
    }
    match (value, class) {
        (Value::Texts([text]), _) => slot.give(stamp, class, key, text),
        (Value::Bool(truth), Class::Text) => slot.give_truth(stamp, key, *truth),
        (Value::Ip(IpAddr::V4(address)), Class::Address) => {
            slot.give_v4(stamp, key, u32::from(*address));
        }
        _ => give_other(slot, store, stamp, class, key, value),
    }
}

/// The values that are not usual. Never inlined: the loop over keys keeps its registers.
#[inline(never)]
fn give_other(
    slot: &FilledSlot,
    store: &mut Store,
    stamp: u32,
    class: Class,
    key: u32,
    value: &Value<'_>,
) {
    match value {
        Value::Bool(true) => slot.give(stamp, class, key, "true"),
        Value::Bool(false) => slot.give(stamp, class, key, "false"),
        Value::Text(text) => slot.give(stamp, class, key, text),
        Value::Texts([]) | Value::Absent => slot.give_none(stamp, key),
        Value::Texts(_) => slot.give_list(stamp, key),
        value => match native(value, class) {
            Some(native) => slot.give_native(stamp, key, native),
            None => give_written(slot, store, stamp, class, value),
        },
    }
}

/// A value of which a condition looks at the text. It is written now, once for each class that asks for it.
#[inline(never)]
fn give_written(slot: &FilledSlot, store: &mut Store, stamp: u32, class: Class, value: &Value<'_>) {
    let offset = store.text.len();
    value.write(&mut store.text);
    give_from(slot, store, stamp, class, offset);
}

/// Gives a slot the text that was stored from an offset on.
fn give_from(slot: &FilledSlot, store: &Store, stamp: u32, class: Class, offset: usize) {
    if let Some(text) = store.text.get(offset..) {
        slot.give_stored(stamp, class, count(offset), text);
    }
}
