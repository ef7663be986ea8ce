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
    pub(crate) start: u32,
    pub(crate) count: u32,
    /// The context has the key, perhaps without a value.
    pub(crate) given: bool,
    /// The first value, so that the usual one is found without a detour.
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

/// Appends values to a slot. A key that came before in another case is the same key (`COND-41`).
pub(crate) fn push_values(
    all: &mut Vec<Value>,
    slot: Option<&mut SlotRange>,
    texts: &[&str],
    offset: u32,
    class: u8,
) {
    let Some(slot) = slot else {
        return;
    };
    let start = all.len() as u32;
    if slot.count > 0 {
        all.extend_from_within(slot.start as usize..(slot.start + slot.count) as usize);
    }
    let mut offset = offset;
    for text in texts {
        all.push(Value {
            offset,
            len: text.len() as u32,
            typed: typed(text, class),
        });
        offset += text.len() as u32;
    }
    *slot = SlotRange {
        start,
        count: all.len() as u32 - start,
        given: true,
        first: all.get(start as usize).copied().unwrap_or_default(),
    };
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
