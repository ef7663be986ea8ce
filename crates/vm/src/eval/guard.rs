//! Running the instructions of a guard (section 3 of the rules).

use core::cmp::Ordering;
use core::fmt::Write;

use portcullis_image::value::fold::eq_folded;
use portcullis_image::value::network::Address;
use portcullis_image::value::number::Number;
use portcullis_image::wire::lowercase;
use portcullis_image::{ANY, LeafRef, ShortText, Str, flag, instant_of, ordering, span};
use portcullis_model::split_arn;

use crate::bytes::{ends_with, equal, find, place_of, strip};
use crate::eval::view::Asked;
use crate::keys::slot::{Slot, state};
use crate::keys::values::Keys;
use crate::pattern::{Case, Matcher};
use crate::request::value::Value;

/// The codes of the operations: matched as they lie in the image, an operation is one jump away.
mod op {
    use portcullis_image::Op;

    pub(super) const CONST: u8 = Op::Const as u8;
    pub(super) const NULL: u8 = Op::Null as u8;
    pub(super) const TEXT_IS: u8 = Op::TextIs as u8;
    pub(super) const TEXT_IN: u8 = Op::TextIn as u8;
    pub(super) const FOLD_IN: u8 = Op::FoldIn as u8;
    pub(super) const LIKE: u8 = Op::Like as u8;
    pub(super) const FOLD_LIKE: u8 = Op::FoldLike as u8;
    pub(super) const NUMBER: u8 = Op::Number as u8;
    pub(super) const DATE: u8 = Op::Date as u8;
    pub(super) const BOOL: u8 = Op::Bool as u8;
    pub(super) const BOOL_LIKE: u8 = Op::BoolLike as u8;
    pub(super) const ADDRESS: u8 = Op::Address as u8;
    pub(super) const ARN: u8 = Op::Arn as u8;
    pub(super) const TEXT_STARTS: u8 = Op::TextStarts as u8;
    pub(super) const NUMBER_IS: u8 = Op::NumberIs as u8;
    pub(super) const DATE_IS: u8 = Op::DateIs as u8;
    pub(super) const ADDRESS_V4: u8 = Op::AddressV4 as u8;
    pub(super) const FOLD_IS: u8 = Op::FoldIs as u8;
    pub(super) const TEXT_AMONG: u8 = Op::TextAmong as u8;
    pub(super) const SPAN: u8 = Op::Span as u8;
    pub(super) const FAULT: u8 = Op::Fault as u8;
}

impl<'a, A: Asked<'a>> Matcher<'a, A> {
    /// True if every instruction of the guard holds.
    #[inline(always)]
    pub(crate) fn guard_holds(&self, guard: u32) -> bool {
        let keys = self.asked.keys();
        for leaf in self.view.leaves(guard) {
            if !self.holds(leaf, &keys) {
                return false;
            }
            if leaf.flags() & flag::END != 0 {
                return true;
            }
        }
        // A guard that does not end, which no image has.
        false
    }

    /// True if one instruction holds.
    pub(crate) fn leaf_holds(&self, index: u32) -> bool {
        let leaf = self.view.leaves(index).next();
        leaf.is_some_and(|leaf| self.holds(leaf, &self.asked.keys()))
    }

    /// The presence table (3.2).
    #[inline(always)]
    fn holds(&self, leaf: LeafRef<'_>, keys: &Keys<'a>) -> bool {
        let Some(slot) = keys.slot(leaf.slot()) else {
            return false;
        };
        let flags = leaf.flags();
        let mut state = slot.state(keys.stamp);
        // The usual key has one value, which is known.
        let is_usual = |state| state <= state::UNUSABLE && flags & flag::ALL == 0;
        if !is_usual(state) {
            if state > state::ABSENT {
                state = keys.settle(leaf.slot(), slot);
            }
            if !is_usual(state) {
                return self.hold(leaf, slot, state);
            }
        }
        self.test(leaf, slot, state) != (flags & flag::NEGATED != 0)
    }

    /// No value, several values, or one that is all of them.
    #[inline(never)]
    fn hold(&self, leaf: LeafRef<'_>, slot: &'a Slot, state: u32) -> bool {
        let flags = leaf.flags();
        if state >= state::EMPTY {
            return match leaf.op() {
                op::CONST => leaf.x() == 1,
                _ => flags & flag::ABSENT != 0,
            };
        }
        if is_bare(leaf.op()) {
            return leaf.x() == 1;
        }
        if flags & (flag::ANY | flag::ALL) == 0 {
            // COND-20, COND-21.
            return false;
        }
        let any = flags & flag::ANY != 0;
        let negated = flags & flag::NEGATED != 0;
        if state <= state::UNUSABLE {
            // COND-32: one empty text is an empty set.
            return slot.len.get() == 0 || self.test_one(leaf, slot, state) != negated;
        }
        let keys = self.asked.keys();
        // Of `ForAllValues` one that does not hold is looked for.
        let is_decisive = |value: &Slot| {
            let state = value.state(keys.stamp);
            (self.test_one(leaf, value, state) != negated) == any
        };
        keys.any_of_several(leaf.slot(), slot, is_decisive) == any
    }

    /// [`Matcher::test`] for one value of several: what the operations have in common is little, and would
    /// all be done before the first.
    #[inline(never)]
    fn test_one(&self, leaf: LeafRef<'_>, value: &Slot, state: u32) -> bool {
        self.test(leaf, value, state)
    }

    /// True if the value compares to some value of the policy.
    ///
    /// Here are the tests that take a few instructions of the processor, so that the loop over a guard
    /// stays small.
    #[inline(always)]
    fn test(&self, leaf: LeafRef<'_>, value: &Slot, state: u32) -> bool {
        match leaf.op() {
            op::FAULT => false,
            op::CONST | op::NULL => leaf.x() == 1,
            op::TEXT_IS => {
                let others = u64::from(value.len.get()) ^ leaf.z();
                let others = others | (value.low.get() ^ leaf.x());
                let others = others | (value.high.get() ^ leaf.y());
                others | u64::from(state ^ state::TEXT) == 0
            }
            op::TEXT_AMONG => {
                let (len, low, high) = (
                    u64::from(value.len.get()),
                    value.low.get(),
                    value.high.get(),
                );
                let (first, count) = (leaf.x() as u32, (leaf.x() >> 32) as u32);
                let mut texts = self.view.short_texts(first, count);
                state == state::TEXT
                    && texts.any(|text| (text.len == len) & (text.low == low) & (text.high == high))
            }
            op::TEXT_STARTS => {
                let (low_mask, high_mask) = masks(leaf.z());
                (state == state::TEXT)
                    & (u64::from(value.len.get()) >= leaf.z())
                    & (value.low.get() & low_mask == leaf.x())
                    & (value.high.get() & high_mask == leaf.y())
            }
            op::NUMBER_IS => match state {
                state::MILLIONTHS => {
                    let millionths = value.low.get() as i64;
                    stands(millionths.cmp(&(leaf.x() as i64)), leaf.z())
                }
                state::NUMBER => self.compares(value, Str::unpack(leaf.y()), leaf.z()),
                _ => false,
            },
            op::DATE_IS => {
                let instant = instant_of(value.low.get(), value.high.get());
                let order = instant.cmp(&instant_of(leaf.x(), leaf.y()));
                (state == state::INSTANT) & stands(order, leaf.z())
            }
            op::BOOL => truth(value, state).is_some_and(|truth| leaf.x() & truth_bit(truth) != 0),
            op::ADDRESS_V4 => {
                let address = value.low.get() as u32;
                let inside = |packed: u64| address & (packed >> 32) as u32 == packed as u32;
                (state == state::V4) & (inside(leaf.x()) | inside(leaf.y()) | inside(leaf.z()))
            }
            op::FOLD_IS => {
                let (len, low, high) = (value.len.get(), value.low.get(), value.high.get());
                // A text of ASCII alone is folded byte by byte.
                if state == state::TEXT && len <= 16 && is_ascii(low | high) {
                    (u64::from(len) == leaf.z())
                        & (lowercase(low) == leaf.x())
                        & (lowercase(high) == leaf.y())
                } else {
                    self.is_folded(leaf, value)
                }
            }
            op::SPAN => self.is_span(leaf, self.bytes(value)),
            op::LIKE => self.is_like(leaf, self.bytes(value)),
            _ => self.test_list(leaf, value, state),
        }
    }

    /// One pattern of at most two literals (`MATCH-1`, `COND-60`).
    #[inline(never)]
    fn is_span(&self, leaf: LeafRef<'_>, text: &[u8]) -> bool {
        let literal = |packed| Str::unpack(packed).get(self.view.bytes());
        let Some(rest) = literal(leaf.x()).and_then(|first| strip(text, first)) else {
            return false;
        };
        let shape = leaf.z();
        let open = shape & span::OPEN != 0;
        if shape & (span::STAR | span::FIELD) == 0 {
            return open || rest.is_empty();
        }
        let Some(second) = literal(leaf.y()) else {
            return false;
        };
        if shape & span::STAR != 0 {
            return match open {
                true => find(rest, second).is_some(),
                false => ends_with(rest, second),
            };
        }
        // The second literal begins with a colon, which what stands before it does not have.
        let colon = place_of(rest, b':').and_then(|colon| rest.get(colon..));
        colon
            .and_then(|behind| strip(behind, second))
            .is_some_and(|behind| open || behind.is_empty())
    }

    /// The tests against a list.
    #[inline(never)]
    fn test_list(&self, leaf: LeafRef<'_>, value: &Slot, state: u32) -> bool {
        let view = &self.view;
        let text_of = |item| view.condition_text(item).bytes(view.bytes());
        match leaf.op() {
            op::TEXT_IN => {
                let text = self.bytes(value);
                self.any_item(leaf, |item| equal(text, text_of(item)))
            }
            op::FOLD_IN => {
                let text = self.text(value);
                self.any_item(leaf, |item| eq_folded(text, text_of(item)))
            }
            op::FOLD_LIKE => self.any_equal(leaf, self.text(value), Case::Fold),
            op::NUMBER => self.any_number(leaf, value, state),
            op::DATE => {
                let instant = instant_of(value.low.get(), value.high.get());
                state == state::INSTANT
                    && self.any_item(leaf, |item| {
                        stands(instant.cmp(&view.instant(item)), leaf.z())
                    })
            }
            op::BOOL_LIKE => truth(value, state).is_some_and(|truth| {
                let text = if truth { "true" } else { "false" };
                self.any_equal(leaf, text, Case::Ascii)
            }),
            op::ADDRESS => {
                let (low, high) = (value.low.get(), value.high.get());
                let address = match state {
                    state::V4 => Address::V4(low as u32),
                    state::V6 => Address::V6(u128::from(low) | u128::from(high) << 64),
                    _ => return false,
                };
                self.any_item(leaf, |item| view.network(item).contains(address))
            }
            op::ARN => self.any_arn(leaf, self.text(value)),
            // The fault, and what is no operation.
            _ => false,
        }
    }

    /// Some pattern of the list matches (`MATCH-1`).
    #[inline(never)]
    fn is_like(&self, leaf: LeafRef<'_>, text: &[u8]) -> bool {
        self.any_item(leaf, |pattern| self.matches(pattern, text))
    }

    /// `COND-50`: equal to the instruction's text, which is folded.
    #[cold]
    fn is_folded(&self, leaf: LeafRef<'_>, value: &Slot) -> bool {
        let folded = ShortText {
            low: leaf.x(),
            high: leaf.y(),
            len: leaf.z(),
        };
        let mut room = [0; ShortText::MAX_LEN];
        let folded = folded.write(&mut room);
        folded.is_some_and(|folded| eq_folded(self.text(value), folded.as_bytes()))
    }

    /// True if it is so for some item of the instruction's list.
    #[inline(always)]
    fn any_item(&self, leaf: LeafRef<'_>, is_so: impl Fn(u32) -> bool) -> bool {
        let (first, len) = (leaf.y() as u32, leaf.y() >> 32);
        match len {
            1 => is_so(first),
            _ => self.view.list(leaf.x() as u32).any(is_so),
        }
    }

    fn any_number(&self, leaf: LeafRef<'_>, value: &Slot, state: u32) -> bool {
        let view = &self.view;
        if state == state::UNUSABLE {
            return false;
        }
        self.any_item(leaf, |item| {
            let policy = view.number(item);
            match state {
                state::MILLIONTHS if policy.millionths != i64::MIN => {
                    let millionths = value.low.get() as i64;
                    stands(millionths.cmp(&policy.millionths), leaf.z())
                }
                _ => self.compares(value, policy.text, leaf.z()),
            }
        })
    }

    /// Compares numbers that only their texts can tell.
    #[cold]
    fn compares(&self, value: &Slot, policy: Str, orders: u64) -> bool {
        let mut room = [0; Digits::MAX_LEN];
        let text = match self.asked.keys().native(value) {
            Some(Value::Number(number)) => Digits::write(number, &mut room),
            _ => self.text(value),
        };
        let number = |text| Number::parse(text);
        match (number(text), number(self.view.text(policy))) {
            (Some(value), Some(policy)) => stands(value.compare(&policy), orders),
            _ => false,
        }
    }

    /// The text of a value.
    #[inline]
    pub(crate) fn text(&self, value: &Slot) -> &'a str {
        self.asked.keys().text(value)
    }

    /// The bytes of the text of a value.
    #[inline]
    fn bytes(&self, value: &Slot) -> &'a [u8] {
        self.text(value).as_bytes()
    }

    fn any_equal(&self, leaf: LeafRef<'_>, text: &str, case: Case) -> bool {
        self.any_item(leaf, |pattern| {
            self.equals_ignoring_case(pattern, text, case)
        })
    }

    /// `COND-60`, `COND-61`.
    fn any_arn(&self, leaf: LeafRef<'_>, text: &str) -> bool {
        let Some(parts) = split_arn(text).filter(|_| text.starts_with("arn:")) else {
            return false;
        };
        self.any_item(leaf, |item| {
            let patterns = self.view.arn(item).parts;
            patterns.first() == Some(&ANY)
                || patterns
                    .iter()
                    .zip(parts)
                    .all(|(pattern, part)| self.matches(*pattern, part.as_bytes()))
        })
    }
}

/// The bytes of a text of 16 that belong to its first `len`.
fn masks(len: u64) -> (u64, u64) {
    let low = |len: u64| match len {
        8.. => u64::MAX,
        _ => !(u64::MAX << (8 * len)),
    };
    (low(len), low(len.saturating_sub(8)))
}

/// True if the order is one of a set ([`ordering`]).
#[inline]
fn stands(order: Ordering, orders: u64) -> bool {
    // The bits of the set are in the order of the orders.
    const _: () = assert!(ordering::LESS == 1 && ordering::EQUAL == 2 && ordering::GREATER == 4);
    orders >> ((order as i8 + 1) as u32 & 3) & 1 != 0
}

/// The truth value of a text, in any case (`COND-70`).
#[inline]
fn truth(value: &Slot, state: u32) -> Option<bool> {
    if state != state::TEXT || value.high.get() != 0 {
        return None;
    }
    let low = value.low.get();
    // Sets the bit that tells upper case from lower; what becomes a letter was that letter.
    const LOWER: u64 = 0x2020_2020_2020_2020;
    match value.len.get() {
        4 if low | LOWER & 0xffff_ffff == u64::from(u32::from_le_bytes(*b"true")) => Some(true),
        5 if low | LOWER & 0xff_ffff_ffff == u64::from_le_bytes(*b"false\0\0\0") => Some(false),
        _ => None,
    }
}

/// True if no byte is of a character beyond ASCII.
#[inline]
fn is_ascii(bytes: u64) -> bool {
    bytes & 0x8080_8080_8080_8080 == 0
}

/// True if the instruction looks at no value.
#[inline]
fn is_bare(code: u8) -> bool {
    code == op::CONST || code == op::NULL
}

fn truth_bit(truth: bool) -> u64 {
    if truth { 2 } else { 1 }
}

/// A number that is written without allocation.
struct Digits<'r> {
    room: &'r mut [u8],
    len: usize,
}

impl<'r> Digits<'r> {
    /// What an `i64` needs at most.
    const MAX_LEN: usize = 20;

    fn write(number: i64, room: &'r mut [u8; Digits::MAX_LEN]) -> &'r str {
        let mut digits = Digits { room, len: 0 };
        // There is room for every number.
        let _ = write!(digits, "{number}");
        let Digits { room, len } = digits;
        let written = room.get(..len);
        written
            .and_then(|digits| core::str::from_utf8(digits).ok())
            .unwrap_or_default()
    }
}

impl Write for Digits<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len + text.len();
        let place = self.room.get_mut(self.len..end).ok_or(core::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
