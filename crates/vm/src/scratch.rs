//! The memory of decisions: what a request is to a stack of images, until the next one.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::View;
use portcullis_image::index::{Group, Segments};
use portcullis_model::Principal;

use crate::cache::Cache;
use crate::facts::{self, Home};
use crate::named::{self, FromContext, Named};
use crate::plan::Plan;
use crate::request::{KEYS_OF_CALLER, UsedPart};
use crate::slots::{Keys, STATE_BITS, Slot, Source, Stored};
use crate::stack::StackId;
use crate::typed::{Action, Key, KeySlot};
use crate::value::{Context, Value, native};

/// Memory that decisions use one after the other: what a host keeps for each thread.
///
/// It belongs to no policies: any stack of images may use it after any other. It holds 32 bytes for each condition key
/// of the largest stack, and remembers what the last stacks made of the names of actions and keys, at most 128 of each;
/// once it has seen its largest request it does not allocate any more.
#[derive(Debug)]
pub struct Scratch {
    /// Of the request that was filled last.
    pub(crate) stamp: u32,
    pub(crate) slots: Vec<Slot>,
    /// Texts that are not where the request has them.
    pub(crate) text: String,
    pub(crate) several: Vec<Stored>,
    /// `aws:userid` where it is put together (`VAR-13`): where it was stored.
    pub(crate) user_id: Option<(u32, u32)>,
    pub(crate) named: Vec<Named>,
    pub(crate) ranges: Vec<Range<u32>>,
    pub(crate) parts: Vec<UsedPart>,
    /// Where the parts of each image end.
    pub(crate) part_ends: Vec<u32>,
    pub(crate) groups: Vec<Group>,
    pub(crate) segments: Segments,
    pub(crate) actions: Cache<Action>,
    keys: Cache<Vec<KeySlot>>,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch::new()
    }
}

impl Scratch {
    /// Takes no memory yet.
    pub const fn new() -> Scratch {
        Scratch {
            stamp: 0,
            slots: Vec::new(),
            text: String::new(),
            several: Vec::new(),
            user_id: None,
            named: Vec::new(),
            ranges: Vec::new(),
            parts: Vec::new(),
            part_ends: Vec::new(),
            groups: Vec::new(),
            segments: Segments::NONE,
            actions: Cache::new(),
            keys: Cache::new(),
        }
    }

    /// Forgets the keys of the request before.
    #[inline]
    pub(crate) fn begin(&mut self, plan: &Plan) {
        self.stamp = self.stamp.wrapping_add(1 << STATE_BITS);
        if self.stamp < 1 << STATE_BITS || self.slots.len() < plan.slot_count() {
            self.make_room(plan);
        }
        self.text.clear();
        self.several.clear();
        self.user_id = None;
    }

    /// Puts `aws:userid` together, for callers of whom it consists of several texts (`VAR-13`).
    pub fn store_user_id(&mut self, principal: &Principal<'_>, home: Home<'_>) {
        if let Some(parts) = facts::user_id(principal, home) {
            let offset = self.text.len();
            parts.iter().for_each(|part| self.text.push_str(part));
            self.user_id = Some((offset as u32, (self.text.len() - offset) as u32));
        }
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, plan: &Plan) {
        // Stamps of long ago must not be taken for new ones.
        if self.stamp < 1 << STATE_BITS {
            self.stamp = 1 << STATE_BITS;
            self.slots.clear();
        }
        let len = self.slots.len().max(plan.slot_count());
        self.slots.resize_with(len, Slot::new);
    }

    /// Gives the keys of a context their slots. False if the values are not those of the keys.
    #[inline]
    pub(crate) fn place<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        context: Context<'_>,
    ) -> bool {
        match context {
            Context::Site(site, values) => {
                if site.keys().len() != values.len() {
                    return false;
                }
                if !site.of.is_same(plan.id) {
                    self.place_by_names(images, plan, context);
                    return true;
                }
                for used in &site.used {
                    let place = used.place as usize;
                    if let Some(value) = values.get(place) {
                        self.give(used.slot, context, place, *value);
                    }
                }
            }
            Context::Named(pairs) => {
                for (place, (name, value)) in pairs.iter().enumerate() {
                    self.place_by_name(images.clone(), plan, name, |scratch, slot| {
                        scratch.give(slot, context, place, *value);
                    });
                }
            }
            Context::Entries(_) => self.place_by_names(images, plan, context),
        }
        true
    }

    #[inline]
    fn place_by_names<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        context: Context<'_>,
    ) {
        for place in 0..context.len() {
            let value = context.value(place);
            self.place_by_name(
                images.clone(),
                plan,
                context.name(place),
                |scratch, slot| {
                    scratch.give(slot, context, place, value);
                },
            );
        }
    }

    /// Calls back with the slots of a key.
    #[inline]
    fn place_by_name<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        plan: &Plan,
        name: &str,
        mut found: impl FnMut(&mut Scratch, KeySlot),
    ) {
        let place = self.keys.place_of(plan.id, name, |slots| {
            slots.clear();
            slots_of(images, plan, name, slots)
        });
        let count = self.keys.get(place).map_or(0, Vec::len);
        for nth in 0..count {
            let slot = self.keys.get(place).and_then(|own| own.get(nth)).copied();
            if let Some(slot) = slot {
                found(self, slot);
            }
        }
    }

    #[inline]
    fn give(&mut self, own: KeySlot, context: Context<'_>, place: usize, value: Value<'_>) {
        let stamp = self.stamp;
        let Some(slot) = self.slots.get(own.slot as usize) else {
            return;
        };
        if slot.is_given(stamp) {
            return self.give_again(own, context, place, value);
        }
        match value {
            Value::Text(text) => slot.give(stamp, own.class, place, text),
            Value::Texts([text]) => slot.give(stamp, own.class, place, text),
            Value::Bool(truth) => {
                let text = if truth { "true" } else { "false" };
                slot.give(stamp, own.class, place, text);
            }
            Value::Texts([]) | Value::Absent => slot.give_none(stamp, place),
            Value::Texts(_) => slot.give_list(stamp, place),
            Value::Number(_) | Value::Time(_) | Value::Ip(_) => match native(value, own.class) {
                Some(native) => slot.give_native(stamp, place, native),
                None => self.give_written(own, value),
            },
        }
    }

    /// A value of which a condition looks at the text.
    #[inline(never)]
    fn give_written(&mut self, own: KeySlot, value: Value<'_>) {
        let offset = self.text.len();
        value.write(&mut self.text);
        self.give_from(own, offset);
    }

    /// Gives a slot the text that was stored from an offset on.
    fn give_from(&mut self, own: KeySlot, offset: usize) {
        if let (Some(slot), Some(text)) =
            (self.slots.get(own.slot as usize), self.text.get(offset..))
        {
            slot.give_stored(self.stamp, own.class, offset as u32, text);
        }
    }

    /// A key that came before, perhaps in another case, is the same key and has the values of both (`COND-41`).
    #[cold]
    #[inline(never)]
    fn give_again(&mut self, own: KeySlot, context: Context<'_>, place: usize, value: Value<'_>) {
        let is_stored = self.several.iter().any(|stored| stored.slot == own.slot);
        if !is_stored {
            let slot = self.slots.get(own.slot as usize);
            let before = slot.and_then(Slot::given_at);
            match before {
                Some(before) => self.store_values(own.slot, context.value(before)),
                // It stands among the stored texts already, alone.
                None => {
                    let one = slot.and_then(|slot| slot.stored_at());
                    let stored = one.map(|(offset, len)| Stored {
                        slot: own.slot,
                        offset,
                        len,
                    });
                    self.several.extend(stored);
                }
            }
        }
        self.store_values(own.slot, value);
        self.give_several(own, place);
    }

    fn store_values(&mut self, slot: u32, value: Value<'_>) {
        let count = match value {
            Value::Texts(texts) => texts.len(),
            Value::Absent => 0,
            _ => 1,
        };
        for nth in 0..count {
            let offset = self.text.len();
            match value.text(nth) {
                Some(text) => self.text.push_str(text),
                None => value.write(&mut self.text),
            }
            self.several.push(Stored {
                slot,
                offset: offset as u32,
                len: (self.text.len() - offset) as u32,
            });
        }
    }

    /// Gives a slot all that was stored for it.
    fn give_several(&mut self, own: KeySlot, place: usize) {
        let Some(slot) = self.slots.get(own.slot as usize) else {
            return;
        };
        let mut all = self.several.iter().filter(|stored| stored.slot == own.slot);
        match (all.next(), all.next()) {
            (None, _) => slot.give_none(self.stamp, place),
            (Some(one), None) => {
                let start = one.offset as usize;
                let text = self.text.get(start..start + one.len as usize);
                slot.give_stored(self.stamp, own.class, one.offset, text.unwrap_or_default());
            }
            _ => slot.give_stored_list(self.stamp),
        }
    }

    /// Finds the principals of the images that name a caller.
    pub(crate) fn find_named<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        plan: &Plan,
        context: Context<'_>,
        (principal, home): (&Principal<'_>, Home<'_>),
    ) {
        let has_names = self.names_caller();
        let mut named = core::mem::take(&mut self.named);
        let mut ranges = core::mem::take(&mut self.ranges);
        let source = self.source(plan, context);
        named.clear();
        ranges.clear();
        for (image, view) in images.enumerate() {
            let start = named.len() as u32;
            let context = match has_names {
                true => FromContext::of(Keys::of(&self.slots, self.stamp, &source, image)),
                false => FromContext::default(),
            };
            named::find(view, principal, home, context, &mut named);
            ranges.push(start..named.len() as u32);
        }
        self.named = named;
        self.ranges = ranges;
    }

    /// True if a key was given that says by which names policies may know the caller.
    #[inline]
    pub(crate) fn names_caller(&self) -> bool {
        let is_given = |slot: &u32| {
            let slot = self.slots.get(*slot as usize);
            slot.is_some_and(|slot| slot.is_given(self.stamp))
        };
        KEYS_OF_CALLER.iter().any(is_given)
    }

    // For hosts that give keys one by one: what they add is copied.

    /// Begins a request of which only the keys are known, for a stack of images.
    pub fn begin_keys(&mut self, plan: &Plan) {
        self.begin(plan);
    }

    /// Adds values of a key, whose name may be in any case. A key that is added twice has the values of both
    /// (`COND-41`); one that is added without values is absent and not derived (`KEY-2`).
    pub fn add<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        plan: &Plan,
        key: &str,
        values: &[&str],
    ) {
        self.place_by_name(images, plan, key, |scratch, slot| {
            scratch.add_values(slot, values);
        });
    }

    /// The same with a key that was resolved before; by its name, if that was for other images.
    pub fn add_key<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        plan: &Plan,
        key: &Key,
        values: &[&str],
    ) {
        if !key.of.is_same(plan.id) {
            return self.add(images, plan, key.name(), values);
        }
        for slot in &key.slots {
            self.add_values(*slot, values);
        }
    }

    /// Adds a value of a slot.
    pub fn add_slot(&mut self, place: KeySlot, value: &str) {
        self.add_values(place, &[value]);
    }

    /// True if something was added to a slot, be it no value ([`Scratch::add`]).
    #[inline]
    pub fn has_slot(&self, place: KeySlot) -> bool {
        let own = self.slots.get(place.slot as usize);
        own.is_some_and(|own| own.is_given(self.stamp))
    }

    fn add_values(&mut self, own: KeySlot, values: &[&str]) {
        let Some(slot) = self.slots.get(own.slot as usize) else {
            return;
        };
        match (slot.is_given(self.stamp), values) {
            (false, [value]) => {
                let offset = self.text.len();
                self.text.push_str(value);
                self.give_from(own, offset);
            }
            (false, []) => slot.give_none(self.stamp, 0),
            (false, _) => {
                self.store_values(own.slot, Value::Texts(values));
                self.give_several(own, 0);
            }
            // What was added without a value is at a place of no context, which has none either.
            (true, _) => self.give_again(own, Context::NONE, 0, Value::Texts(values)),
        }
    }

    /// Where the values of keys are: at places of a context, or stored.
    #[inline]
    pub(crate) fn source<'a>(&'a self, plan: &'a Plan, context: Context<'a>) -> Source<'a> {
        Source {
            plan,
            context,
            text: &self.text,
            several: &self.several,
            user_id: self.user_id,
            ..Source::NONE
        }
    }
}

/// Keys that were added one by one ([`Scratch::begin_keys`]), and what others follow from.
#[derive(Clone, Copy, Debug)]
pub struct KeyValues<'a> {
    scratch: &'a Scratch,
    source: Source<'a>,
}

impl<'a> KeyValues<'a> {
    /// Keys from which nothing follows.
    pub fn new(scratch: &'a Scratch, plan: &'a Plan) -> KeyValues<'a> {
        KeyValues {
            scratch,
            source: scratch.source(plan, Context::NONE),
        }
    }

    /// With the keys that follow from a caller and the account that owns the resource, as far as they were not added
    /// (`KEY-5`): those of the reserved slots whose bits are set in `keys`.
    #[must_use]
    pub fn with_derived(
        mut self,
        principal: &'a Principal<'a>,
        home: Home<'a>,
        account: Option<&'a str>,
        keys: u32,
    ) -> KeyValues<'a> {
        self.source.principal = principal;
        self.source.home = home;
        self.source.account = account;
        self.source.derivable = keys;
        self
    }

    /// In terms of an image of the stack.
    pub(crate) fn of(&'a self, image: usize) -> Keys<'a> {
        Keys::of(&self.scratch.slots, self.scratch.stamp, &self.source, image)
    }
}

/// Appends the slots of a key in all images. True if these are those of the plan.
fn slots_of<'i>(
    images: impl Iterator<Item = View<'i>>,
    plan: &Plan,
    name: &str,
    slots: &mut Vec<KeySlot>,
) -> bool {
    let mut of = StackId::EMPTY;
    for (image, view) in images.enumerate() {
        of = of.with(view);
        let first = plan.slots_of(image).start;
        view.find_slots(name, |slot, class| {
            slots.push(KeySlot::of(first, slot, class));
        });
    }
    of.is_same(plan.id)
}
