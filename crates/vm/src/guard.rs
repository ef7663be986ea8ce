//! Running the instructions of a guard (section 3 of the rules).

use core::cmp::Ordering;

use portcullis_image::value::fold::eq_folded;
use portcullis_image::value::network::Address;
use portcullis_image::value::number::Number;
use portcullis_image::{ANY, Leaf, NONE, Op, Str, flag, instant_of, ordering};
use portcullis_model::split_arn;

use crate::glob::{Case, Matcher, equal};
use crate::values::{Typed, Value};

impl Matcher<'_> {
    /// The first instruction of the guard that does not hold; none if the guard holds.
    #[inline]
    pub(crate) fn failing_leaf(&self, guard: u32) -> Option<u32> {
        if guard == NONE {
            return None;
        }
        let mut at = guard;
        loop {
            let leaf = self.view.leaf(at);
            if !self.holds(&leaf) {
                return Some(at);
            }
            if leaf.flags & flag::END != 0 {
                return None;
            }
            at += 1;
        }
    }

    /// The presence table (3.2).
    #[inline]
    pub(crate) fn holds(&self, leaf: &Leaf) -> bool {
        let op = Op::from_code(leaf.op).unwrap_or(Op::Fault);
        if op == Op::Const {
            return leaf.x == 1;
        }
        let values = self.values(leaf.slot);
        let negated = leaf.flags & flag::NEGATED != 0;
        let test = |value: &Value| self.test(op, leaf, value) != negated;
        match values {
            [] => leaf.flags & flag::ABSENT != 0,
            _ if op == Op::Null => leaf.x == 1,
            // COND-32: one empty text is an empty set.
            [value] if leaf.flags & flag::ALL != 0 && value.len == 0 => true,
            [value] => test(value),
            _ if leaf.flags & flag::ANY != 0 => values.iter().any(test),
            _ if leaf.flags & flag::ALL != 0 => values.iter().all(test),
            // COND-20, COND-21.
            _ => false,
        }
    }

    /// True if the value compares to some value of the policy.
    #[inline]
    fn test(&self, op: Op, leaf: &Leaf, value: &Value) -> bool {
        let view = &self.view;
        let text = || self.text(value);
        let list = || view.list(leaf.x as u32);
        match op {
            Op::Fault | Op::Const | Op::Null => false,
            Op::TextIs => match value.typed {
                Typed::Text(low, high) => {
                    (u64::from(value.len) == leaf.z) & (low == leaf.x) & (high == leaf.y)
                }
                _ => false,
            },
            Op::TextStarts => match value.typed {
                Typed::Text(low, high) => {
                    let (low_mask, high_mask) = masks(leaf.z);
                    (u64::from(value.len) >= leaf.z)
                        & (low & low_mask == leaf.x)
                        & (high & high_mask == leaf.y)
                }
                _ => false,
            },
            Op::TextIn => {
                let text = text().as_bytes();
                list()
                    .iter()
                    .any(|item| equal(text, view.condition_text(item).bytes(view.bytes())))
            }
            Op::FoldIn => {
                let text = text();
                list()
                    .iter()
                    .any(|item| eq_folded(text, view.text(view.condition_text(item))))
            }
            Op::Like => {
                let text = text();
                list().iter().any(|pattern| self.matches(pattern, text))
            }
            Op::FoldLike => self.any_equal(leaf, text(), Case::Fold),
            Op::Number => match value.typed {
                Typed::Millionths(_) | Typed::Number => list().iter().any(|item| {
                    let policy = view.number(item);
                    let order = match value.typed {
                        Typed::Millionths(millionths) if policy.millionths != i64::MIN => {
                            Some(millionths.cmp(&policy.millionths))
                        }
                        _ => compare_texts(text(), view.text(policy.text)),
                    };
                    stands(order, leaf.z)
                }),
                _ => false,
            },
            Op::NumberIs => match value.typed {
                Typed::Millionths(millionths) => {
                    stands(Some(millionths.cmp(&(leaf.x as i64))), leaf.z)
                }
                Typed::Number => stands(
                    compare_texts(text(), view.text(Str::unpack(leaf.y))),
                    leaf.z,
                ),
                _ => false,
            },
            Op::Date => match value.typed {
                Typed::Instant(low, high) => list().iter().any(|item| {
                    let order = instant_of(low, high).cmp(&view.instant(item));
                    stands(Some(order), leaf.z)
                }),
                _ => false,
            },
            Op::DateIs => match value.typed {
                Typed::Instant(low, high) => {
                    let order = instant_of(low, high).cmp(&instant_of(leaf.x, leaf.y));
                    stands(Some(order), leaf.z)
                }
                _ => false,
            },
            Op::Bool => truth(text()).is_some_and(|truth| leaf.x & truth_bit(truth) != 0),
            Op::BoolLike => truth(text()).is_some_and(|truth| {
                let text = if truth { "true" } else { "false" };
                self.any_equal(leaf, text, Case::Ascii)
            }),
            Op::Address => {
                let address = match value.typed {
                    Typed::V4(address) => Address::V4(address),
                    Typed::V6(low, high) => Address::V6(u128::from(low) | u128::from(high) << 64),
                    _ => return false,
                };
                list()
                    .iter()
                    .any(|item| view.network(item).contains(address))
            }
            Op::AddressV4 => match value.typed {
                Typed::V4(address) => {
                    let inside = |packed: u64| address & (packed >> 32) as u32 == packed as u32;
                    inside(leaf.x) | inside(leaf.y) | inside(leaf.z)
                }
                _ => false,
            },
            Op::Arn => self.any_arn(leaf, text()),
        }
    }

    fn any_equal(&self, leaf: &Leaf, text: &str, case: Case) -> bool {
        self.view
            .list(leaf.x as u32)
            .iter()
            .any(|pattern| self.equals_ignoring_case(pattern, text, case))
    }

    /// `COND-60`, `COND-61`.
    fn any_arn(&self, leaf: &Leaf, text: &str) -> bool {
        let Some(parts) = split_arn(text).filter(|_| text.starts_with("arn:")) else {
            return false;
        };
        self.view.list(leaf.x as u32).iter().any(|item| {
            let patterns = self.view.arn(item).parts;
            patterns.first() == Some(&ANY)
                || patterns
                    .iter()
                    .zip(parts)
                    .all(|(pattern, part)| self.matches(*pattern, part))
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

#[inline]
fn stands(order: Option<Ordering>, orders: u64) -> bool {
    let bit = match order {
        None => return false,
        Some(Ordering::Less) => ordering::LESS,
        Some(Ordering::Equal) => ordering::EQUAL,
        Some(Ordering::Greater) => ordering::GREATER,
    };
    orders & bit != 0
}

#[cold]
fn compare_texts(request: &str, policy: &str) -> Option<Ordering> {
    Some(Number::parse(request)?.compare(&Number::parse(policy)?))
}

fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn truth_bit(truth: bool) -> u64 {
    if truth { 2 } else { 1 }
}
