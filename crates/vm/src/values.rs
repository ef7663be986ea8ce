//! The values of a request, read as the slots that want them say.

use alloc::vec::Vec;

use portcullis_image::Slot;
use portcullis_image::value::instant;
use portcullis_image::value::network::Address;
use portcullis_image::value::number::Number;
use portcullis_image::wire::padded;

/// The values of a slot.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SlotRange {
    /// Where they are, if they are several.
    pub(crate) start: u32,
    pub(crate) count: u32,
    /// The context has the key, perhaps without a value.
    pub(crate) given: bool,
    /// The first value, which is usually the only one.
    pub(crate) first: Value,
}

/// A value of the request, read as its slot's class says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Value {
    pub(crate) offset: u32,
    pub(crate) len: u32,
    pub(crate) typed: Typed,
}

/// What a value is under the class of its slot.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Typed {
    /// The first 16 bytes, padded with zeros.
    Text(u64, u64),
    /// Millionths.
    Millionths(i64),
    /// A number that only its text can tell.
    Number,
    /// The lower and the upper half of an instant.
    Instant(u64, u64),
    V4(u32),
    /// The lower and the upper half of an IPv6 address.
    V6(u64, u64),
    /// Not what the class asks for (`COND-87`).
    #[default]
    Unusable,
}

/// A slot that nothing was added to.
pub(crate) static EMPTY: SlotRange = SlotRange {
    start: 0,
    count: 0,
    given: false,
    first: Value {
        offset: 0,
        len: 0,
        typed: Typed::Unusable,
    },
};

impl SlotRange {
    /// Forgets the values.
    #[inline]
    pub(crate) fn clear(&mut self) {
        (self.count, self.given) = (0, false);
    }
}

impl Value {
    #[inline]
    fn read(text: &str, offset: u32, class: u8) -> Value {
        Value {
            offset,
            len: text.len() as u32,
            typed: typed(text, class),
        }
    }
}

/// Appends values to a slot. A key that came before in another case is the same key (`COND-41`).
#[inline]
pub(crate) fn push_values(
    all: &mut Vec<Value>,
    slot: &mut SlotRange,
    texts: &[&str],
    offset: u32,
    class: u8,
) {
    slot.given = true;
    match (texts, slot.count) {
        ([text], 0) => {
            slot.first = Value::read(text, offset, class);
            slot.count = 1;
        }
        ([], _) => {}
        _ => push_several(all, slot, texts, offset, class),
    }
}

#[inline(never)]
fn push_several(
    all: &mut Vec<Value>,
    slot: &mut SlotRange,
    texts: &[&str],
    offset: u32,
    class: u8,
) {
    let start = all.len() as u32;
    match slot.count {
        0 => {}
        1 => all.push(slot.first),
        count => all.extend_from_within(slot.start as usize..(slot.start + count) as usize),
    }
    let mut offset = offset;
    for text in texts {
        all.push(Value::read(text, offset, class));
        offset += text.len() as u32;
    }
    slot.start = start;
    slot.count = all.len() as u32 - start;
    slot.first = all.get(start as usize).copied().unwrap_or_default();
}

fn typed(text: &str, class: u8) -> Typed {
    match class {
        Slot::NUMBER => match Number::parse(text) {
            Some(number) => number.millionths().map_or(Typed::Number, Typed::Millionths),
            None => Typed::Unusable,
        },
        Slot::DATE => match instant::parse(text) {
            Some(instant) => Typed::Instant(instant as u64, (instant >> 64) as u64),
            None => Typed::Unusable,
        },
        Slot::ADDRESS => match Address::parse(text) {
            Some(Address::V4(address)) => Typed::V4(address),
            Some(Address::V6(address)) => Typed::V6(address as u64, (address >> 64) as u64),
            None => Typed::Unusable,
        },
        _ => {
            let (low, high) = first_16(text.as_bytes());
            Typed::Text(low, high)
        }
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
