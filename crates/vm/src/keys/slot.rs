//! A slot of a request: what conditions read.
//!
//! A slot says for which request it was filled last, so that nothing need be emptied between two requests: one that
//! was filled for another is not given. Texts are read when a key is given, which is a few instructions; numbers, dates
//! and addresses when a condition first looks at them, and so are keys that follow from the request (`KEY-5`), and all keys
//! of a host that is asked for them ([`crate::KeySource`]).
//!
//! It is 32 bytes, half a cache line. Its fields are cells: a value that was read is kept in place behind a shared reference,
//! since conditions look at slots while others hold them.

use core::cell::Cell;

use portcullis_image::Class;
use portcullis_image::value::instant;
use portcullis_image::value::network::Address;
use portcullis_image::value::number::{Number, whole_millionths};
use portcullis_image::wire::{count, halves_of, instant_of, padded, split_wide, unsigned};

use crate::request::value::Native;

/// What a slot holds. Those up to [`state::UNUSABLE`] are one value that was read, and all up to [`state::ABSENT`] are known.
pub(crate) mod state {
    use core::ops::RangeInclusive;

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
    /// One text that nobody has looked at, to be read as a number: the class stands in the state, so that whoever reads it
    /// need not look for the slot's.
    pub(crate) const UNREAD_NUMBER: u32 = 10;
    /// One text that nobody has looked at, to be read as an instant.
    pub(crate) const UNREAD_DATE: u32 = 11;
    /// One text that nobody has looked at, to be read as an address.
    pub(crate) const UNREAD_ADDRESS: u32 = 12;
    /// All of the unread ones.
    pub(crate) const UNREAD: RangeInclusive<u32> = UNREAD_NUMBER..=UNREAD_ADDRESS;
}

/// The bits of a state.
pub(crate) const STATE_BITS: u32 = 4;

/// Where the text of a slot is, if not at a position of the context.
pub(super) mod position {
    /// Among the texts that were stored, from `nth` on.
    pub(crate) const STORED: u32 = u32::MAX;
    /// It follows from the request: `nth` is the number of a reserved slot.
    pub(crate) const DERIVED: u32 = u32::MAX - 1;
}

/// A slot.
#[derive(Clone, Debug)]
pub(crate) struct FilledSlot {
    /// The stamp of the request that it was filled for, and its state.
    head: Cell<u32>,
    /// A position of the context, or one of [`position`].
    pub(super) position: Cell<u32>,
    /// Which of several values, or where the text is.
    pub(super) nth: Cell<u32>,
    /// Bytes of the text; 1 for values that have none, since they are not the empty text.
    pub(crate) len: Cell<u32>,
    /// The value as the state says: first bytes, millionths, lower half, address.
    pub(crate) low: Cell<u64>,
    /// The rest of it: next bytes, upper half.
    pub(crate) high: Cell<u64>,
}

impl FilledSlot {
    /// Of no request.
    pub(crate) const fn new() -> FilledSlot {
        FilledSlot {
            head: Cell::new(0),
            position: Cell::new(0),
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

    /// Says what the slot holds, for a request.
    #[inline(always)]
    pub(super) fn set(&self, stamp: u32, state: u32) {
        self.head.set(stamp | state);
    }

    /// Sets where the text is.
    #[inline(always)]
    pub(super) fn set_position(&self, position: u32, nth: u32) {
        self.position.set(position);
        self.nth.set(nth);
    }

    /// Holds a text: its length and first 16 bytes, by which most comparisons are decided.
    #[inline(always)]
    fn set_text(&self, stamp: u32, text: &str) {
        let first = first_16(text.as_bytes());
        // One of 4 GiB is no short text.
        self.len.set(count(text.len()));
        self.set_halves(first);
        self.set(stamp, state::TEXT);
    }

    /// Gives it one text that is at a position of the context.
    #[inline(always)]
    pub(crate) fn give(&self, stamp: u32, class: Class, position: u32, text: &str) {
        self.set_position(position, 0);
        let unread = match class {
            Class::Text => return self.set_text(stamp, text),
            Class::Number => state::UNREAD_NUMBER,
            Class::Date => state::UNREAD_DATE,
            Class::Address => state::UNREAD_ADDRESS,
        };
        self.len.set(count(text.len()));
        self.set(stamp, unread);
    }

    /// Gives it a truth value as text.
    #[inline(always)]
    pub(crate) fn give_truth(&self, stamp: u32, position: u32, truth: bool) {
        let text = if truth { "true" } else { "false" };
        self.set_position(position, 0);
        self.set_text(stamp, text);
    }

    /// Gives it one text that was stored.
    pub(crate) fn give_stored(&self, stamp: u32, class: Class, offset: u32, text: &str) {
        self.give(stamp, class, 0, text);
        self.set_position(position::STORED, offset);
    }

    /// Gives it all texts of a position of the context, of which there are several.
    pub(crate) fn give_list(&self, stamp: u32, position: u32) {
        self.set_position(position, 0);
        self.set(stamp, state::SEVERAL);
    }

    /// Gives it the texts that were stored for it, of which there are several.
    pub(crate) fn give_stored_list(&self, stamp: u32) {
        self.set_position(position::STORED, 0);
        self.set(stamp, state::SEVERAL);
    }

    /// Gives it no value.
    #[inline]
    pub(crate) fn give_none(&self, stamp: u32, position: u32) {
        self.set_position(position, 0);
        self.set(stamp, state::EMPTY);
    }

    /// Gives it a value that need not be read.
    #[inline]
    pub(crate) fn give_native(&self, stamp: u32, position: u32, native: Native) {
        self.set_position(position, 0);
        // It is not the empty text (`COND-32`).
        self.len.set(1);
        let state = match native {
            Native::Millionths(millionths) => {
                self.low.set(unsigned(millionths));
                state::MILLIONTHS
            }
            Native::Instant(instant) => {
                self.set_halves(halves_of(instant));
                state::INSTANT
            }
            Native::Address(address) => self.set_address(address),
        };
        self.set(stamp, state);
    }

    /// Gives it an IPv4 address.
    #[inline(always)]
    pub(crate) fn give_v4(&self, stamp: u32, position: u32, address: u32) {
        self.set_position(position, 0);
        self.len.set(1);
        self.low.set(u64::from(address));
        self.set(stamp, state::V4);
    }

    /// The position of the context that it was given at; none if its text is stored.
    pub(crate) fn given_at(&self) -> Option<u32> {
        let position = self.position.get();
        (position != position::STORED).then_some(position)
    }

    /// Where its text is stored, if it is.
    pub(crate) fn stored_at(&self) -> Option<(u32, u32)> {
        let is_stored = self.position.get() == position::STORED;
        is_stored.then_some((self.nth.get(), self.len.get()))
    }

    /// What it holds as an instant.
    #[inline(always)]
    pub(crate) fn instant(&self) -> i128 {
        instant_of(self.low.get(), self.high.get())
    }

    /// Holds two words.
    #[inline(always)]
    fn set_halves(&self, (low, high): (u64, u64)) {
        self.low.set(low);
        self.high.set(high);
    }

    /// Holds an address, and gives the state for it.
    fn set_address(&self, address: Address) -> u32 {
        match address {
            Address::V4(address) => {
                self.low.set(u64::from(address));
                state::V4
            }
            Address::V6(address) => {
                self.set_halves(split_wide(address));
                state::V6
            }
        }
    }

    /// Reads a text as the class says.
    #[inline(always)]
    pub(super) fn read(&self, stamp: u32, class: Class, text: &str) {
        let state = match class {
            Class::Number => match (whole_millionths(text), || Number::parse(text)) {
                (Some(millionths), _) => {
                    self.low.set(unsigned(millionths));
                    state::MILLIONTHS
                }
                (None, parse) => match parse().map(|number| number.millionths()) {
                    Some(Some(millionths)) => {
                        self.low.set(unsigned(millionths));
                        state::MILLIONTHS
                    }
                    Some(None) => state::NUMBER,
                    None => state::UNUSABLE,
                },
            },
            Class::Date => match instant::parse(text) {
                Some(instant) => {
                    self.set_halves(halves_of(instant));
                    state::INSTANT
                }
                None => state::UNUSABLE,
            },
            Class::Address => match Address::parse(text) {
                Some(address) => self.set_address(address),
                None => state::UNUSABLE,
            },
            _ => return self.set_text(stamp, text),
        };
        self.len.set(count(text.len()));
        self.set(stamp, state);
    }
}

/// The first 16 bytes as two words, padded with zeros.
#[inline]
fn first_16(text: &[u8]) -> (u64, u64) {
    match text.split_first_chunk::<8>() {
        Some((low, rest)) => (u64::from_le_bytes(*low), padded(rest)),
        None => (padded(text), 0),
    }
}
