//! The slots of a request: what conditions read.
//!
//! A slot says for which request it was filled last, so that nothing need be emptied between two requests: one that
//! was filled for another is not given. Texts are read when a key is given, which is a few instructions; numbers, dates
//! and addresses when a condition first looks at them, and so are keys that follow from the request (`KEY-5`), and all keys
//! of a host that is asked for them ([`KeySource`]).

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use portcullis_image::value::instant;
use portcullis_image::value::network::Address;
use portcullis_image::value::number::{Number, whole_millionths};
use portcullis_image::wire::padded;
use portcullis_image::{Slot as Class, reserved};

use crate::facts;
use crate::plan::Plan;
use crate::query::Query;
use crate::typed::Known;
use crate::value::{Context, Native, Value};

/// What a slot holds. Those up to [`state::UNUSABLE`] are one value that was read, and all up to [`state::ABSENT`] are known.
pub(crate) mod state {
    /// A text: its first 16 bytes, padded with zeros.
    pub(crate) const TEXT: u32 = 0;
    /// A number: millionths.
    pub(crate) const MILLIONTHS: u32 = 1;
    /// An instant: its lower and upper half.
    pub(crate) const INSTANT: u32 = 2;
    /// An IPv4 address.
    pub(crate) const V4: u32 = 3;
    /// The lower and the upper half of an IPv6 address.
    pub(crate) const V6: u32 = 4;
    /// A number that only its text can tell.
    pub(crate) const NUMBER: u32 = 5;
    /// Not what the class asks for (`COND-87`).
    pub(crate) const UNUSABLE: u32 = 6;
    /// Several values: of a list of the context, or some that were stored.
    pub(crate) const SEVERAL: u32 = 7;
    /// Given without a value (`KEY-2`).
    pub(crate) const EMPTY: u32 = 8;
    /// Not given, and nothing to derive it from.
    pub(crate) const ABSENT: u32 = 9;
    /// One value that nobody has looked at.
    pub(crate) const UNREAD: u32 = 10;
}

/// The bits of a state.
pub(crate) const STATE_BITS: u32 = 4;

/// Where the text of a slot is, if not at a place of the context.
mod place {
    /// Among the texts that were stored, from `nth` on.
    pub(super) const STORED: u32 = u32::MAX;
    /// It follows from the request: `nth` is the number of a reserved slot.
    pub(super) const DERIVED: u32 = u32::MAX - 1;
}

/// A slot.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// The stamp of the request that it was filled for, and its state.
    head: Cell<u32>,
    /// A place of the context, or one of [`place`].
    place: Cell<u32>,
    /// Which of several values, or where the text is.
    nth: Cell<u32>,
    pub(crate) len: Cell<u32>,
    pub(crate) low: Cell<u64>,
    pub(crate) high: Cell<u64>,
}

impl Slot {
    /// Of no request.
    pub(crate) const fn new() -> Slot {
        Slot {
            head: Cell::new(0),
            place: Cell::new(0),
            nth: Cell::new(0),
            len: Cell::new(0),
            low: Cell::new(0),
            high: Cell::new(0),
        }
    }

    /// The state, if it was filled for this request, and otherwise something larger than every state.
    #[inline(always)]
    pub(crate) fn state(&self, stamp: u32) -> u32 {
        self.head.get() ^ stamp
    }

    /// True if something was given for this request, be it no value. To be asked before conditions look at it.
    #[inline(always)]
    pub(crate) fn is_given(&self, stamp: u32) -> bool {
        self.state(stamp) < 1 << STATE_BITS
    }

    #[inline(always)]
    fn set(&self, stamp: u32, state: u32) {
        self.head.set(stamp | state);
    }

    /// Sets where the text is.
    #[inline(always)]
    fn set_place(&self, place: u32, nth: u32) {
        self.place.set(place);
        self.nth.set(nth);
    }

    #[inline(always)]
    fn set_text(&self, stamp: u32, text: &str) {
        let (low, high) = first_16(text.as_bytes());
        // One of 4 GiB is no short text.
        self.len.set(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.low.set(low);
        self.high.set(high);
        self.set(stamp, state::TEXT);
    }

    /// Gives it one text that is at a place of the context.
    #[inline(always)]
    pub(crate) fn give(&self, stamp: u32, class: u8, place: usize, text: &str) {
        self.set_place(place as u32, 0);
        match class {
            Class::TEXT => self.set_text(stamp, text),
            _ => {
                self.len.set(text.len() as u32);
                self.set(stamp, state::UNREAD);
            }
        }
    }

    /// Gives it a truth value as text.
    #[inline(always)]
    pub(crate) fn give_truth(&self, stamp: u32, place: usize, truth: bool) {
        let text = if truth { "true" } else { "false" };
        self.set_place(place as u32, 0);
        self.set_text(stamp, text);
    }

    /// Gives it one text that was stored.
    pub(crate) fn give_stored(&self, stamp: u32, class: u8, offset: u32, text: &str) {
        self.give(stamp, class, 0, text);
        self.set_place(place::STORED, offset);
    }

    /// Gives it all texts of a place of the context, of which there are several.
    pub(crate) fn give_list(&self, stamp: u32, place: usize) {
        self.set_place(place as u32, 0);
        self.set(stamp, state::SEVERAL);
    }

    /// Gives it the texts that were stored for it, of which there are several.
    pub(crate) fn give_stored_list(&self, stamp: u32) {
        self.set_place(place::STORED, 0);
        self.set(stamp, state::SEVERAL);
    }

    /// Gives it no value.
    #[inline]
    pub(crate) fn give_none(&self, stamp: u32, place: usize) {
        self.set_place(place as u32, 0);
        self.set(stamp, state::EMPTY);
    }

    /// Gives it a value that need not be read.
    #[inline]
    pub(crate) fn give_native(&self, stamp: u32, place: usize, native: Native) {
        self.set_place(place as u32, 0);
        // It is not the empty text (`COND-32`).
        self.len.set(1);
        let state = match native {
            Native::Millionths(millionths) => {
                self.low.set(millionths as u64);
                state::MILLIONTHS
            }
            Native::Instant(instant) => {
                self.low.set(instant as u64);
                self.high.set((instant >> 64) as u64);
                state::INSTANT
            }
            Native::Address(address) => self.set_address(address),
        };
        self.set(stamp, state);
    }

    /// Gives it an IPv4 address.
    #[inline(always)]
    pub(crate) fn give_v4(&self, stamp: u32, place: usize, address: u32) {
        self.set_place(place as u32, 0);
        self.len.set(1);
        self.low.set(u64::from(address));
        self.set(stamp, state::V4);
    }

    /// The place of the context that it was given at; none if its text is stored.
    pub(crate) fn given_at(&self) -> Option<usize> {
        let place = self.place.get();
        (place != place::STORED).then_some(place as usize)
    }

    /// Where its text is stored, if it is.
    pub(crate) fn stored_at(&self) -> Option<(u32, u32)> {
        let is_stored = self.place.get() == place::STORED;
        is_stored.then_some((self.nth.get(), self.len.get()))
    }

    fn set_address(&self, address: Address) -> u32 {
        match address {
            Address::V4(address) => {
                self.low.set(u64::from(address));
                state::V4
            }
            Address::V6(address) => {
                self.low.set(address as u64);
                self.high.set((address >> 64) as u64);
                state::V6
            }
        }
    }

    /// Reads a text as the class says.
    #[inline(always)]
    fn read(&self, stamp: u32, class: u8, text: &str) {
        let state = match class {
            Class::NUMBER => match (whole_millionths(text), || Number::parse(text)) {
                (Some(millionths), _) => {
                    self.low.set(millionths as u64);
                    state::MILLIONTHS
                }
                (None, parse) => match parse().map(|number| number.millionths()) {
                    Some(Some(millionths)) => {
                        self.low.set(millionths as u64);
                        state::MILLIONTHS
                    }
                    Some(None) => state::NUMBER,
                    None => state::UNUSABLE,
                },
            },
            Class::DATE => match instant::parse(text) {
                Some(instant) => {
                    self.low.set(instant as u64);
                    self.high.set((instant >> 64) as u64);
                    state::INSTANT
                }
                None => state::UNUSABLE,
            },
            Class::ADDRESS => match Address::parse(text) {
                Some(address) => self.set_address(address),
                None => state::UNUSABLE,
            },
            _ => return self.set_text(stamp, text),
        };
        self.len.set(text.len() as u32);
        self.set(stamp, state);
    }
}

/// The first 16 bytes, padded with zeros.
#[inline]
fn first_16(text: &[u8]) -> (u64, u64) {
    match text.split_first_chunk::<8>() {
        Some((low, rest)) => (u64::from_le_bytes(*low), padded(rest)),
        None => (padded(text), 0),
    }
}

/// One of several values that were stored for a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    /// The slot, among those of all images.
    pub(crate) slot: u32,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

/// Texts that are not where the request has them.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) text: String,
    /// Values of slots that have several.
    pub(crate) several: Vec<Stored>,
    /// `aws:userid` where it is put together (`VAR-13`): where it is.
    pub(crate) user_id: Option<(u32, u32)>,
}

impl Store {
    /// Holds nothing.
    pub(crate) const fn new() -> Store {
        Store {
            text: String::new(),
            several: Vec::new(),
            user_id: None,
        }
    }

    /// Forgets what it holds.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.several.clear();
        self.user_id = None;
    }

    pub(crate) fn get(&self, offset: u32, len: u32) -> &str {
        let start = offset as usize;
        self.text.get(start..start + len as usize).unwrap_or("")
    }
}

/// Where the values of slots come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) store: &'a Store,
    pub(crate) origin: Origin<'a>,
}

/// What gives keys, and what others follow from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    /// Nothing.
    None,
    /// A request, and what was resolved for its caller.
    Query(&'a Query<'a>, Option<&'a Known>),
    /// A host that knows the keys itself.
    Host(&'a (dyn KeySource + 'a)),
}

/// The keys of a request as a host knows them: it is asked when a condition first looks at one, and for nothing else, so
/// that what no condition comes to need not be found out.
///
/// What it says does not change during a decision, and is believed.
pub trait KeySource {
    /// What it has for a key, by its slot in the stack: of the request, or what follows from it (`KEY-5`).
    fn find(&self, slot: u32) -> Found<'_>;

    /// The `nth` of the values that were found at a place; none if there are fewer. It is asked for each value, so that it
    /// should not search.
    fn value(&self, place: u32, nth: u32) -> Option<&str>;
}

impl fmt::Debug for dyn KeySource + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySource")
    }
}

/// What a host has for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// No value: the key is absent.
    Nothing,
    /// One value, and the place by which it is asked for again: a number of the host's, counted from zero.
    One(u32, &'a str),
    /// Several values (`COND-20`), and their place.
    Several(u32),
}

impl Source<'static> {
    /// Of nothing.
    pub(crate) const NONE: Source<'static> = Source {
        plan: &Plan::NONE,
        store: const { &Store::new() },
        origin: Origin::None,
    };
}

impl<'a> Source<'a> {
    #[inline(always)]
    fn context(&self) -> Context<'a> {
        match self.origin {
            Origin::Query(query, _) => query.context,
            Origin::None | Origin::Host(_) => Context::NONE,
        }
    }

    /// The text of a value at a place of the context, or of the host.
    #[inline(always)]
    fn text(&self, place: u32, nth: u32) -> &'a str {
        match self.origin {
            Origin::Host(host) => host.value(place, nth).unwrap_or_default(),
            _ => self.context().text(place as usize, nth as usize),
        }
    }

    /// The value of a key that follows from the request, by its reserved slot.
    #[inline(never)]
    fn derived(&self, reserved: u32) -> Option<&'a str> {
        if let (reserved::USER_ID, Some((offset, len))) = (reserved, self.store.user_id) {
            return Some(self.store.get(offset, len));
        }
        match self.origin {
            Origin::None | Origin::Host(_) => None,
            Origin::Query(query, known) => {
                let principal = &query.principal;
                let home = query.home(known);
                facts::derived(principal, home, || query.known_owner(), reserved)
            }
        }
    }
}

/// The keys of a request, in terms of an image.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    slots: &'a [Slot],
    /// The place of the first of them among the slots of all images.
    first: u32,
    pub(crate) stamp: u32,
    source: &'a Source<'a>,
}

impl<'a> Keys<'a> {
    /// None at all.
    pub(crate) const NONE: Keys<'static> = Keys {
        slots: &[],
        first: 0,
        stamp: 1 << STATE_BITS,
        source: &Source::NONE,
    };

    /// Those of an image, by its place in the stack.
    #[inline]
    pub(crate) fn of(slots: &'a [Slot], stamp: u32, source: &'a Source<'a>, image: usize) -> Self {
        let range = source.plan.slots_of(image);
        Keys {
            slots: slots
                .get(range.start as usize..range.end as usize)
                .unwrap_or(&[]),
            first: range.start,
            stamp,
            source,
        }
    }

    /// Those of the only image.
    #[inline(always)]
    pub(crate) fn of_only(slots: &'a [Slot], stamp: u32, source: &'a Source<'a>) -> Self {
        // The memory may have more slots, of other requests.
        Keys {
            slots,
            first: 0,
            stamp,
            source,
        }
    }

    #[inline(always)]
    pub(crate) fn slot(&self, number: u32) -> Option<&'a Slot> {
        self.slots.get(number as usize)
    }

    /// The state of a slot of which that is not known yet, or not fit to be tested.
    #[inline(never)]
    pub(crate) fn settle(self, number: u32, slot: &Slot) -> u32 {
        let slot_of_all = self.first.wrapping_add(number);
        let of_plan = self.source.plan.slot(slot_of_all);
        match (slot.state(self.stamp), self.source.origin) {
            (state::UNREAD, _) => slot.read(self.stamp, of_plan.class, self.text(slot)),
            (state @ 0..=15, _) => return state,
            (_, Origin::Host(host)) => match host.find(slot_of_all) {
                Found::Nothing => slot.set(self.stamp, state::ABSENT),
                Found::One(place, text) => {
                    slot.set_place(place, 0);
                    slot.read(self.stamp, of_plan.class, text);
                }
                Found::Several(place) => {
                    slot.set_place(place, 0);
                    slot.set(self.stamp, state::SEVERAL);
                }
            },
            _ => match of_plan
                .reserved
                .and_then(|own| Some((own, self.source.derived(own)?)))
            {
                Some((reserved, text)) => {
                    slot.set_place(place::DERIVED, reserved);
                    slot.read(self.stamp, of_plan.class, text);
                }
                None => slot.set(self.stamp, state::ABSENT),
            },
        }
        slot.state(self.stamp)
    }

    /// A slot and its state; none if there is no such slot, which no image asks for.
    #[inline]
    pub(crate) fn settled(&self, number: u32) -> Option<(u32, &'a Slot)> {
        let slot = self.slot(number)?;
        match slot.state(self.stamp) {
            known @ ..=state::UNUSABLE => Some((known, slot)),
            _ => Some((self.settle(number, slot), slot)),
        }
    }

    /// The text of a slot that has one value, which was given as text or follows from the request.
    #[inline(always)]
    pub(crate) fn text(&self, slot: &Slot) -> &'a str {
        let nth = slot.nth.get();
        match slot.place.get() {
            place::STORED => self.source.store.get(nth, slot.len.get()),
            place::DERIVED => self.source.derived(nth).unwrap_or_default(),
            place => self.source.text(place, nth),
        }
    }

    /// The only text of a slot that the request gives.
    pub(crate) fn only_given(&self, number: u32) -> Option<&'a str> {
        let slot = self.slot(number)?;
        match slot.state(self.stamp) {
            state::TEXT if slot.place.get() != place::DERIVED => Some(self.text(slot)),
            _ => None,
        }
    }

    /// True if the request gives a slot some value.
    pub(crate) fn has_given(&self, number: u32) -> bool {
        self.slot(number).is_some_and(|slot| {
            let has_value = matches!(slot.state(self.stamp), 0..=state::SEVERAL | state::UNREAD);
            has_value && slot.place.get() != place::DERIVED
        })
    }

    /// True if it is so for some value of a slot that has several, each as a slot with that value alone.
    #[inline(always)]
    pub(crate) fn any_of_several(
        &self,
        number: u32,
        slot: &Slot,
        mut is_so: impl FnMut(&Slot) -> bool,
    ) -> bool {
        let slot_of_all = self.first.wrapping_add(number);
        let class = self.source.plan.slot(slot_of_all).class;
        let one = Slot::new();
        let place = slot.place.get();
        if place == place::STORED {
            let several = self.source.store.several.iter();
            let mut own = several.filter(|own| own.slot == slot_of_all);
            return own.any(|own| {
                one.set_place(place, own.offset);
                let text = self.source.store.get(own.offset, own.len);
                one.read(self.stamp, class, text);
                is_so(&one)
            });
        }
        let mut is_so = |nth, text| {
            one.set_place(place, nth);
            one.read(self.stamp, class, text);
            is_so(&one)
        };
        if let Origin::Host(host) = self.source.origin {
            let mut texts = (0..).map_while(|nth| Some((nth, host.value(place, nth)?)));
            return texts.any(|(nth, text)| is_so(nth, text));
        }
        let Value::Texts(texts) = self.source.context().value(place as usize) else {
            return false;
        };
        (0..).zip(texts).any(|(nth, text)| is_so(nth, text))
    }

    /// Calls back with the texts of a slot.
    pub(crate) fn for_each_text(&self, number: u32, mut found: impl FnMut(&'a str)) {
        match self.settled(number) {
            Some((..=state::UNUSABLE, slot)) => found(self.text(slot)),
            Some((state::SEVERAL, slot)) => {
                self.any_of_several(number, slot, |one| {
                    found(self.text(one));
                    false
                });
            }
            _ => {}
        }
    }

    /// The value of the context that a slot was given, if it was not given as text.
    pub(crate) fn native(&self, slot: &Slot) -> Option<Value<'a>> {
        match slot.place.get() {
            place::STORED | place::DERIVED => None,
            place => Some(self.source.context().value(place as usize))
                .filter(|value| matches!(value, Value::Number(_) | Value::Time(_) | Value::Ip(_))),
        }
    }
}
