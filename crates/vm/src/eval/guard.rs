//! Running the instructions of a guard (section 3 of the rules).
//!
//! A guard is a straight run of instructions that must all hold, each of one key against one set of values. The presence
//! table of the rules is here once, for every operation; what the operations compare is a method for each ([`Execute`]), so
//! that an operation that is added does not compile until it is here.
//!
//! Each instruction takes 27 instructions of the processor whatever it tests, and 10 to 20 more for a short text, a number, a
//! date or an IPv4 address (`docs/benchmarks/targets.md`). No instruction fails: a value that it cannot read does not hold. An
//! operation is one jump away, by its code as it lies in the image; short tests stand behind the jump, others are a call.

use core::cmp::Ordering;
use core::fmt::Write;

use portcullis_image::value::fold::eq_folded;
use portcullis_image::value::network::Address;
use portcullis_image::value::number::Number;
use portcullis_image::wire::{instant_of, join_wide, low, lowercase, signed};
use portcullis_image::{
    ArnParts, ArnPattern, ConditionText, Execute, Id, Insn, InstantRecord, Item, NetworkRecord,
    NumberRecord, Op, Operand, Pattern, Ref, Run, ShortText, Str, flag, ordering, span,
};
use portcullis_model::split_arn;

use crate::bytes::{ends_with, equal, find, position_of, strip};
use crate::eval::view::RequestView;
use crate::keys::slot::{FilledSlot, state};
use crate::keys::values::Keys;
use crate::pattern::{CaseRule, Matcher};
use crate::request::value::Value;

impl<'a, A: RequestView<'a>> Matcher<'a, A> {
    /// True if every instruction of the guard holds. The first that does not ends it.
    #[inline(always)]
    pub(crate) fn guard_holds(&self, guard: Id<Insn>) -> bool {
        let keys = self.request.keys();
        for insn in self.view.insns(guard) {
            if !self.holds(insn, &keys) {
                return false;
            }
            if insn.flags() & flag::END != 0 {
                return true;
            }
        }
        // A guard that does not end, which no image has.
        false
    }

    /// True if one instruction holds: for explanations, which ask each.
    pub(crate) fn insn_holds(&self, insn: Id<Insn>) -> bool {
        let insn = self.view.find(insn);
        insn.is_some_and(|insn| self.holds(insn, &self.request.keys()))
    }

    /// The presence table (3.2): the usual case, one value that was read, and a call for the others.
    #[inline(always)]
    fn holds(&self, insn: Ref<'_, Insn>, keys: &Keys<'a>) -> bool {
        let Some(slot) = keys.slot(insn.slot()) else {
            return false;
        };
        let flags = insn.flags();
        let mut state = slot.state(keys.stamp);
        // The usual key has one value, which is known.
        let is_usual = |state| state <= state::UNUSABLE && flags & flag::ALL == 0;
        if !is_usual(state) {
            if state > state::ABSENT {
                state = keys.settle(insn.slot(), slot);
            }
            if !is_usual(state) {
                return self.hold(insn, slot, state);
            }
        }
        self.test(insn, slot, state) != (flags & flag::NEGATED != 0)
    }

    /// No value, several values, or one that is all of them: the rest of table 3.2.
    #[inline(never)]
    fn hold(&self, insn: Ref<'_, Insn>, slot: &'a FilledSlot, state: u32) -> bool {
        let flags = insn.flags();
        if state >= state::EMPTY {
            return match is_op(insn, Op::Const) {
                true => insn.x().bits() == 1,
                false => flags & flag::ABSENT != 0,
            };
        }
        if is_op(insn, Op::Const) || is_op(insn, Op::Null) {
            return insn.x().bits() == 1;
        }
        if flags & (flag::ANY | flag::ALL) == 0 {
            // COND-20, COND-21.
            return false;
        }
        let any = flags & flag::ANY != 0;
        let negated = flags & flag::NEGATED != 0;
        if state <= state::UNUSABLE {
            // COND-32: one empty text is an empty set.
            return slot.len.get() == 0 || self.test_one(insn, slot, state) != negated;
        }
        // Of `ForAllValues` one that does not hold is looked for.
        let one = FilledSlot::new();
        let mut several = self.request.keys().several(insn.slot(), slot);
        while let Some(state) = several.read_next(&one) {
            if (self.test_one(insn, &one, state) != negated) == any {
                return any;
            }
        }
        !any
    }

    /// [`Matcher::test`] for one value of several: what the operations have in common is little, and would
    /// all be done before the first.
    #[inline(never)]
    fn test_one(&self, insn: Ref<'_, Insn>, value: &FilledSlot, state: u32) -> bool {
        self.test(insn, value, state)
    }

    /// True if the value compares to some value of the policy.
    #[inline(always)]
    fn test(&self, insn: Ref<'_, Insn>, value: &FilledSlot, state: u32) -> bool {
        Test {
            matcher: self,
            value,
            state,
        }
        .execute(insn.code(), insn)
    }

    /// The tests against a list: one call for all of them, so that the loop over a guard is not short on registers. It
    /// takes what a [`Test`] has one by one: three words as one argument are passed in memory, written for each instruction.
    #[inline(never)]
    fn test_list(&self, insn: Ref<'_, Insn>, value: &FilledSlot, state: u32) -> bool {
        let test = Test {
            matcher: self,
            value,
            state,
        };
        test.listed(insn)
    }

    /// One pattern of at most two literals (`MATCH-1`, `COND-60`): the text begins with the first; the second is its end, stands
    /// somewhere behind, or begins at the next colon, as the shape in `z` says.
    #[inline(never)]
    fn is_span(&self, insn: Ref<'_, Insn>, text: &[u8]) -> bool {
        let literal = |operand: Operand| operand.text().get(self.view.bytes());
        let Some(rest) = literal(insn.x()).and_then(|first| strip(text, first)) else {
            return false;
        };
        let shape = insn.z().bits();
        let open = shape & span::OPEN != 0;
        if shape & (span::STAR | span::FIELD) == 0 {
            return open || rest.is_empty();
        }
        let Some(second) = literal(insn.y()) else {
            return false;
        };
        if shape & span::STAR != 0 {
            return match open {
                true => find(rest, second).is_some(),
                false => ends_with(rest, second),
            };
        }
        // The second literal begins with a colon, which what stands before it does not have.
        let colon = position_of(rest, b':').and_then(|colon| rest.get(colon..));
        colon
            .and_then(|behind| strip(behind, second))
            .is_some_and(|behind| open || behind.is_empty())
    }

    /// Some pattern of the list matches (`MATCH-1`). They are tried one after the other.
    #[inline(never)]
    fn is_like(&self, insn: Ref<'_, Insn>, text: &[u8]) -> bool {
        self.any_item(insn, |pattern: Id<Pattern>| self.matches(pattern, text))
    }

    /// `COND-50`: equal to the instruction's text, which is folded.
    #[cold]
    fn is_folded(&self, insn: Ref<'_, Insn>, value: &FilledSlot) -> bool {
        let folded = ShortText {
            low: insn.x().bits(),
            high: insn.y().bits(),
            len: insn.z().bits(),
        };
        let mut room = [0; ShortText::MAX_LEN];
        let folded = folded.write(&mut room);
        folded.is_some_and(|folded| eq_folded(self.text(value), folded.as_bytes()))
    }

    /// True if it is so for some item of the instruction's list. A list of one item, the usual one, is not read: the operand has
    /// it.
    #[inline(always)]
    fn any_item<T: Item>(&self, insn: Ref<'_, Insn>, is_so: impl Fn(Id<T>) -> bool) -> bool {
        let Run { first, count } = insn.y().run();
        match count {
            1 => is_so(first),
            _ => self.view.list(insn.x().list()).any(is_so),
        }
    }

    /// Compares numbers that only their texts can tell: those with more digits than millionths in 64 bits have, on either side.
    /// A native number of the request is written into a buffer of the stack for it.
    #[cold]
    fn compares(&self, value: &FilledSlot, policy: Str, orders: Operand) -> bool {
        let mut room = [0; Digits::MAX_LEN];
        let text = match self.request.keys().native(value) {
            Some(Value::Number(number)) => Digits::write(number, &mut room),
            _ => self.text(value),
        };
        let number = |text| Number::parse(text);
        match (number(text), number(self.view.text(policy))) {
            (Some(value), Some(policy)) => stands(value.compare(&policy), orders),
            _ => false,
        }
    }

    /// The text of a value: where the request has it, or where it was written for the class that asked.
    #[inline]
    pub(crate) fn text(&self, value: &FilledSlot) -> &'a str {
        self.request.keys().text(value)
    }

    /// The bytes of the text of a value.
    #[inline]
    fn bytes(&self, value: &FilledSlot) -> &'a [u8] {
        self.text(value).as_bytes()
    }

    /// Some pattern of the list, which has no wildcards, equals the text.
    fn any_equal(&self, insn: Ref<'_, Insn>, text: &str, case: CaseRule) -> bool {
        self.any_item(insn, |pattern| {
            self.equals_ignoring_case(pattern, text, case)
        })
    }
}

/// One value against the values of the policy. A method for each operation; those that take a few instructions of the
/// processor stand here, so that the loop over a guard stays small, and the others are calls.
#[derive(Clone, Copy)]
struct Test<'m, 'a, A> {
    /// The request, and the image whose instruction it is.
    matcher: &'m Matcher<'a, A>,
    /// The slot of the key, or of one of its values.
    value: &'m FilledSlot,
    /// The slot's state, at most [`state::UNUSABLE`]: one value that was read.
    state: u32,
}

impl<'a, A: RequestView<'a>> Execute<Ref<'_, Insn>> for Test<'_, 'a, A> {
    /// A zero read as an instruction grants nothing: a code that does not exist never holds.
    #[inline(always)]
    fn fault(self, _: Ref<'_, Insn>) -> bool {
        false
    }

    /// `COND-15`: settled by the compiler, so the value is not looked at.
    #[inline(always)]
    fn constant(self, insn: Ref<'_, Insn>) -> bool {
        insn.x().bits() == 1
    }

    /// `COND-14` for a present key; [`Matcher::holds`] answers for an absent one from the flag.
    #[inline(always)]
    fn null(self, insn: Ref<'_, Insn>) -> bool {
        insn.x().bits() == 1
    }

    /// `COND-50` for one text of at most 16 bytes: length, both halves and state are compared without a branch.
    #[inline(always)]
    fn text_is(self, insn: Ref<'_, Insn>) -> bool {
        let value = self.value;
        let others = u64::from(value.len.get()) ^ insn.z().bits();
        let others = others | (value.low.get() ^ insn.x().bits());
        let others = others | (value.high.get() ^ insn.y().bits());
        others | u64::from(self.state ^ state::TEXT) == 0
    }

    /// The same for several short texts, which are scanned: they lie side by side, 24 bytes each.
    #[inline(always)]
    fn text_among(self, insn: Ref<'_, Insn>) -> bool {
        let value = self.value;
        let (len, low, high) = (
            u64::from(value.len.get()),
            value.low.get(),
            value.high.get(),
        );
        let mut texts = self.matcher.view.run::<ShortText>(insn.x().run());
        self.state == state::TEXT
            && texts.any(|text| (text.len == len) & (text.low == low) & (text.high == high))
    }

    /// A short literal before a star (`MATCH-1`): the halves of the value are masked to its length.
    #[inline(always)]
    fn text_starts(self, insn: Ref<'_, Insn>) -> bool {
        let len = insn.z().bits();
        let (low_mask, high_mask) = masks(len);
        (self.state == state::TEXT)
            & (u64::from(self.value.len.get()) >= len)
            & (self.value.low.get() & low_mask == insn.x().bits())
            & (self.value.high.get() & high_mask == insn.y().bits())
    }

    /// `COND-55` for one number. Millionths in 64 bits are compared as they are; only a value with more digits is read as text.
    #[inline(always)]
    fn number_is(self, insn: Ref<'_, Insn>) -> bool {
        match self.state {
            state::MILLIONTHS => {
                let millionths = signed(self.value.low.get());
                stands(millionths.cmp(&insn.x().signed()), insn.z())
            }
            state::NUMBER => self.matcher.compares(self.value, insn.y().text(), insn.z()),
            _ => false,
        }
    }

    /// `COND-67` for one instant, which is 128 bits in two operands.
    #[inline(always)]
    fn date_is(self, insn: Ref<'_, Insn>) -> bool {
        let policy = instant_of(insn.x().bits(), insn.y().bits());
        (self.state == state::INSTANT) & stands(self.value.instant().cmp(&policy), insn.z())
    }

    /// `COND-70`: the truth value of the request against the set of those that the policy names.
    #[inline(always)]
    fn bool(self, insn: Ref<'_, Insn>) -> bool {
        let truth = truth(self.value, self.state);
        truth.is_some_and(|truth| insn.x().bits() & truth_bit(truth) != 0)
    }

    /// `COND-75` for up to three IPv4 networks. All three are tested: an unused one repeats another.
    #[inline(always)]
    fn address_v4(self, insn: Ref<'_, Insn>) -> bool {
        let address = low(self.value.low.get());
        let inside = |network: Operand| {
            let (base, mask) = network.v4();
            address & mask == base
        };
        (self.state == state::V4) & (inside(insn.x()) | inside(insn.y()) | inside(insn.z()))
    }

    /// `COND-50` for one short text but for case. The policy's text was folded by the compiler.
    #[inline(always)]
    fn fold_is(self, insn: Ref<'_, Insn>) -> bool {
        let value = self.value;
        let (len, low, high) = (value.len.get(), value.low.get(), value.high.get());
        // A text of ASCII alone is folded byte by byte.
        if self.state == state::TEXT && len <= 16 && is_ascii(low | high) {
            (u64::from(len) == insn.z().bits())
                & (lowercase(low) == insn.x().bits())
                & (lowercase(high) == insn.y().bits())
        } else {
            self.matcher.is_folded(insn, value)
        }
    }

    /// One pattern of at most two literals: no automaton, two comparisons at most of each end.
    #[inline(always)]
    fn span(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.is_span(insn, self.matcher.bytes(self.value))
    }

    /// Patterns with more literals, or with variables (`MATCH-1`, `VAR-3`).
    #[inline(always)]
    fn like(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.is_like(insn, self.matcher.bytes(self.value))
    }

    #[inline(always)]
    fn text_in(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.test_list(insn, self.value, self.state)
    }

    #[inline(always)]
    fn fold_in(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.test_list(insn, self.value, self.state)
    }

    #[inline(always)]
    fn fold_like(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.test_list(insn, self.value, self.state)
    }

    #[inline(always)]
    fn number(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.test_list(insn, self.value, self.state)
    }

    #[inline(always)]
    fn date(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.test_list(insn, self.value, self.state)
    }

    #[inline(always)]
    fn bool_like(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.test_list(insn, self.value, self.state)
    }

    #[inline(always)]
    fn address(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.test_list(insn, self.value, self.state)
    }

    #[inline(always)]
    fn arn(self, insn: Ref<'_, Insn>) -> bool {
        self.matcher.test_list(insn, self.value, self.state)
    }
}

impl<'a, A: RequestView<'a>> Test<'_, 'a, A> {
    /// The tests against a list.
    #[inline(always)]
    fn listed(self, insn: Ref<'_, Insn>) -> bool {
        match insn.op() {
            Op::TextIn => self.text_in_list(insn),
            Op::FoldIn => self.fold_in_list(insn),
            Op::FoldLike => self.fold_like_list(insn),
            Op::Number => self.is_number(insn),
            Op::Date => self.is_date(insn),
            Op::BoolLike => self.bool_like_list(insn),
            Op::Address => self.is_address(insn),
            Op::Arn => self.is_arn(insn),
            _ => false,
        }
    }

    /// Some text of the list is the value (`COND-50`, `COND-71`).
    #[inline(always)]
    fn text_in_list(self, insn: Ref<'_, Insn>) -> bool {
        let view = &self.matcher.view;
        let text = self.matcher.bytes(self.value);
        self.matcher.any_item(insn, |item: Id<ConditionText>| {
            equal(text, view.get(item).text.bytes(view.bytes()))
        })
    }

    /// Some text of the list is the value but for case (`COND-50`).
    #[inline(always)]
    fn fold_in_list(self, insn: Ref<'_, Insn>) -> bool {
        let view = &self.matcher.view;
        let text = self.matcher.text(self.value);
        self.matcher.any_item(insn, |item: Id<ConditionText>| {
            eq_folded(text, view.get(item).text.bytes(view.bytes()))
        })
    }

    /// Some pattern of the list is the value but for case (`COND-50`).
    #[inline(always)]
    fn fold_like_list(self, insn: Ref<'_, Insn>) -> bool {
        let text = self.matcher.text(self.value);
        self.matcher.any_equal(insn, text, CaseRule::Fold)
    }

    /// The value stands in one of the orders to some number of the list (`COND-55`).
    #[inline(always)]
    fn is_number(self, insn: Ref<'_, Insn>) -> bool {
        if self.state == state::UNUSABLE {
            return false;
        }
        self.matcher.any_item(insn, |item: Id<NumberRecord>| {
            let policy = self.matcher.view.get(item);
            match (self.state, policy.millionths) {
                (state::MILLIONTHS, Some(policy)) => {
                    let millionths = signed(self.value.low.get());
                    stands(millionths.cmp(&policy), insn.z())
                }
                _ => self.matcher.compares(self.value, policy.text, insn.z()),
            }
        })
    }

    /// The value stands in one of the orders to some instant of the list (`COND-67`).
    #[inline(always)]
    fn is_date(self, insn: Ref<'_, Insn>) -> bool {
        let instant = self.value.instant();
        self.state == state::INSTANT
            && self.matcher.any_item(insn, |item: Id<InstantRecord>| {
                let policy = self.matcher.view.get(item).instant;
                stands(instant.cmp(&policy), insn.z())
            })
    }

    /// Some pattern of the list gives the truth value that the value is (`COND-70`, `VAR-4`).
    #[inline(always)]
    fn bool_like_list(self, insn: Ref<'_, Insn>) -> bool {
        truth(self.value, self.state).is_some_and(|truth| {
            let text = if truth { "true" } else { "false" };
            self.matcher.any_equal(insn, text, CaseRule::Ascii)
        })
    }

    /// The value is in some network of the list (`COND-75`).
    #[inline(always)]
    fn is_address(self, insn: Ref<'_, Insn>) -> bool {
        let (lower, upper) = (self.value.low.get(), self.value.high.get());
        let address = match self.state {
            state::V4 => Address::V4(low(lower)),
            state::V6 => Address::V6(join_wide(lower, upper)),
            _ => return false,
        };
        self.matcher.any_item(insn, |item: Id<NetworkRecord>| {
            self.matcher.view.get(item).network.contains(address)
        })
    }

    /// `COND-60`, `COND-61`: the value is split once and each part matched by its own pattern.
    #[inline(always)]
    fn is_arn(self, insn: Ref<'_, Insn>) -> bool {
        let text = self.matcher.text(self.value);
        let Some(parts) = split_arn(text).filter(|_| text.starts_with("arn:")) else {
            return false;
        };
        self.matcher.any_item(insn, |item: Id<ArnPattern>| {
            match self.matcher.view.get(item).parts {
                ArnParts::Any => true,
                ArnParts::Six(patterns) => patterns
                    .iter()
                    .zip(parts)
                    .all(|(pattern, part)| self.matcher.matches(*pattern, part.as_bytes())),
            }
        })
    }
}

/// True if it is an instruction of this operation.
#[inline(always)]
fn is_op(insn: Ref<'_, Insn>, op: Op) -> bool {
    insn.code() == op.code()
}

/// The bytes of a text of 16 that belong to its first `len`.
fn masks(len: u64) -> (u64, u64) {
    let low = |len: u64| match len {
        8.. => u64::MAX,
        _ => !(u64::MAX << (8 * len)),
    };
    (low(len), low(len.saturating_sub(8)))
}

/// True if the order is one of a set ([`ordering`]), without a branch.
#[inline]
fn stands(order: Ordering, orders: Operand) -> bool {
    // The bits of the set are in the order of the orders.
    const _: () = assert!(ordering::LESS == 1 && ordering::EQUAL == 2 && ordering::GREATER == 4);
    orders.bits() >> ((order as i8 + 1) as u32 & 3) & 1 != 0
}

/// The truth value of a text, in any case (`COND-70`).
#[inline]
fn truth(value: &FilledSlot, state: u32) -> Option<bool> {
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

/// The bit of a truth value in an operand.
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

    /// The number as text, in the room.
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
