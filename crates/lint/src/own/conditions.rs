//! Tests that hold for every value of their key, and tests of one key that no request passes together (row 4 of what other tools
//! do not look at). A key is looked at with all values that can make a difference: those that the policy names, what lies
//! between them, and none.

use super::outcome::{State, block, holds, number, seconds};
use crate::checks::Context;
use crate::checks::nulls;
use crate::checks::variables::unsupported;
use crate::finding::Findings;
use crate::rules;
use crate::view::{Condition, Statement};
use portcullis_model::{Base, Family, Quantifier};
use portcullis_syntax::glob::covers;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Values of one key that are held against all of its tests.
const MOST: usize = 1000;

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    let mut keys: BTreeMap<String, Vec<&Condition<'d>>> = BTreeMap::new();
    for condition in statement.conditions.iter().filter(|one| is_plain(cx, one)) {
        if let Some(what) = holds_for_all(cx, condition) {
            let details = format!(
                "The condition on {} under {} matches {what}{}. List the intended values, or remove the condition.",
                condition.key.value,
                condition.name.value,
                match holds(cx, condition, State::Absent) {
                    Some(true) => ", and requests without the key",
                    _ => "",
                }
            );
            let place = statement.condition_values(condition);
            out.add(&rules::CONDITION_HOLDS_FOR_ALL, details, [place]);
        }
        let key = condition.key.value.to_lowercase();
        keys.entry(key).or_default().push(condition);
    }
    for tests in keys.values() {
        never(cx, statement, tests, out);
    }
}

/// A test of which everything is known, and which nobody else reports: no variables, no values of another type, not `*` alone.
fn is_plain(cx: &Context<'_>, condition: &Condition<'_>) -> bool {
    let Ok(operator) = condition.operator else {
        return false;
    };
    if condition.values.is_empty()
        || operator.base == Base::Null && operator.quantifier != Quantifier::One
    {
        return false;
    }
    let is_star = matches!(condition.values.as_slice(), [one] if one.text.value == "*");
    if is_star && nulls::holds(operator).is_some() {
        return false;
    }
    let fits = |text: &str| match operator.base.family() {
        Family::StringEquals
        | Family::StringEqualsIgnoreCase
        | Family::StringLike
        | Family::BinaryEquals => true,
        Family::Bool | Family::Null => {
            text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
        }
        Family::NumericEquals
        | Family::NumericLessThan
        | Family::NumericLessThanEquals
        | Family::NumericGreaterThan
        | Family::NumericGreaterThanEquals => number(text).is_some(),
        Family::DateEquals
        | Family::DateLessThan
        | Family::DateLessThanEquals
        | Family::DateGreaterThan
        | Family::DateGreaterThanEquals => seconds(text).is_some(),
        Family::IpAddress => block(text).is_some(),
        Family::Arn => text == "*" || text.splitn(6, ':').count() == 6,
    };
    let mut values = condition.values.iter();
    values.all(|value| !unsupported(cx, value.text.value) && fits(value.text.value))
}

/// What a test holds for, if that is every value.
fn holds_for_all(cx: &Context<'_>, condition: &Condition<'_>) -> Option<&'static str> {
    let operator = condition.operator.ok()?;
    let values = || condition.values.iter().map(|value| value.text.value);
    let is_negated = operator.base.is_negated();
    match operator.base.family() {
        Family::StringLike if !is_negated => values()
            .any(|text| !text.is_empty() && text.bytes().all(|byte| byte == b'*'))
            .then_some("every value"),
        Family::Arn if !is_negated => values().any(|text| text == "*").then_some("every ARN"),
        Family::Bool | Family::Null => {
            let has = |word: &str| values().any(|text| text.eq_ignore_ascii_case(word));
            (has("true") && has("false")).then_some("both true and false")
        }
        Family::IpAddress if !is_negated => {
            let is_whole = |is_v4: bool| {
                ends(&[condition], is_v4)
                    .iter()
                    .all(|address| holds(cx, condition, State::One(address)) == Some(true))
            };
            match (is_whole(true), is_whole(false)) {
                (true, true) => Some("every address"),
                (true, false) => Some("every IPv4 address"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Addresses one of which is in every stretch of addresses that the tests do not tell apart.
fn ends(tests: &[&Condition<'_>], is_v4: bool) -> Vec<String> {
    let step = |address: IpAddr, up: bool| -> Option<IpAddr> {
        match address {
            IpAddr::V4(own) => {
                let bits = u32::from(own);
                let bits = if up {
                    bits.checked_add(1)
                } else {
                    bits.checked_sub(1)
                }?;
                Some(IpAddr::V4(bits.into()))
            }
            IpAddr::V6(own) => {
                let bits = u128::from(own);
                let bits = if up {
                    bits.checked_add(1)
                } else {
                    bits.checked_sub(1)
                }?;
                Some(IpAddr::V6(bits.into()))
            }
        }
    };
    let whole = if is_v4 { "0.0.0.0/0" } else { "::/0" };
    let values = tests.iter().flat_map(|one| &one.values);
    let blocks = values.filter_map(|value| block(value.text.value));
    let mut all: Vec<IpAddr> = Vec::new();
    for (first, last) in blocks.chain(block(whole)) {
        if first.is_ipv4() == is_v4 {
            all.extend([first, last]);
            all.extend(step(first, false));
            all.extend(step(last, true));
        }
    }
    all.sort_unstable();
    all.dedup();
    all.iter().map(ToString::to_string).collect()
}

/// Tests of one key that cannot all hold.
fn never<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    tests: &[&Condition<'d>],
    out: &mut Findings<'d>,
) {
    let is_null = |one: &&&Condition<'d>| one.operator.is_ok_and(|own| own.base == Base::Null);
    // Each value is held against each other one, letter by letter.
    let values = || tests.iter().flat_map(|one| &one.values);
    let weight: usize = values().map(|value| value.text.value.len() + 8).sum();
    if values().count() > MOST || !out.affords(weight.saturating_mul(weight)) {
        return;
    }
    let passes = |state: State<'_>| {
        tests
            .iter()
            .all(|one| holds(cx, one, state).unwrap_or(true))
    };
    if passes(State::Absent) {
        return;
    }
    let is_each = tests.iter().any(|one| {
        one.operator
            .is_ok_and(|own| own.base != Base::Null && own.quantifier == Quantifier::One)
    });
    // Lists of values are for tests with a set qualifier, and fail those without (`COND-20`).
    let possible = match is_each {
        false => passes(State::Some),
        true => match candidates(cx, tests) {
            Some(values) => values.iter().any(|value| passes(State::One(value))),
            None => passes(State::Some),
        },
    };
    if possible {
        return;
    }
    // One test alone that never holds has values of no use, which is said of them.
    let [first, others @ ..] = tests else {
        return;
    };
    if others.is_empty() && !is_null(&first) {
        return;
    }
    let details = format!(
        "No request can match these conditions on {} together, so the statement has no effect. List the intended values in one condition.",
        first.key.value
    );
    let places = tests.iter().map(|one| statement.condition_values(one));
    out.add(&rules::CONDITION_HOLDS_FOR_NONE, details, places);
}

/// Values of which one passes the tests if any value does; none if they cannot be listed.
fn candidates<'d>(cx: &Context<'_>, tests: &[&Condition<'d>]) -> Option<Vec<Cow<'d, str>>> {
    let of = |one: &&Condition<'d>| one.operator.ok();
    let is_one =
        |one: &&&Condition<'d>| of(one).is_some_and(|own| own.quantifier == Quantifier::One);
    // A test for equality lists the values itself.
    let exact = tests.iter().filter(is_one).find(|one| {
        of(one).is_some_and(|own| matches!(own.base, Base::StringEquals | Base::BinaryEquals))
    });
    if let Some(exact) = exact {
        let values = exact.values.iter();
        return Some(
            values
                .map(|value| Cow::Borrowed(value.text.value))
                .collect(),
        );
    }
    let families: Vec<Family> = tests
        .iter()
        .filter_map(of)
        .map(|own| own.base.family())
        .filter(|family| *family != Family::Null)
        .collect();
    let values = || {
        tests
            .iter()
            .flat_map(|one| &one.values)
            .map(|value| value.text.value)
    };
    let all = |own: &[Family]| families.iter().all(|family| own.contains(family));
    if all(&[Family::Bool]) {
        return Some(vec!["true".into(), "false".into()]);
    }
    if all(&[Family::IpAddress]) {
        let both = [true, false].into_iter();
        return Some(
            both.flat_map(|is_v4| ends(tests, is_v4))
                .map(Cow::Owned)
                .collect(),
        );
    }
    if all(&[
        Family::NumericEquals,
        Family::NumericLessThan,
        Family::NumericLessThanEquals,
        Family::NumericGreaterThan,
        Family::NumericGreaterThanEquals,
    ]) {
        let mut bounds: Vec<f64> = values().filter_map(number).collect();
        bounds.sort_by(f64::total_cmp);
        let between = bounds
            .iter()
            .zip(bounds.iter().skip(1))
            .map(|(a, b)| (a + b) / 2.0);
        let mut all: Vec<f64> = between.collect();
        all.extend(bounds.first().map(|first| first - 1.0));
        all.extend(bounds.last().map(|last| last + 1.0));
        all.extend(bounds);
        let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
        // What is not read back is not compared.
        let is_whole = texts.iter().all(|text| number(text).is_some());
        return is_whole.then(|| texts.into_iter().map(Cow::Owned).collect());
    }
    // What patterns match may be anything but what a negated test leaves out whole; an empty text is an empty set (`COND-32`).
    if all(&[Family::StringLike, Family::StringEquals]) {
        let negated = || {
            let own = tests
                .iter()
                .filter(|one| of(one).is_some_and(|own| own.base.is_negated()));
            own.flat_map(|one| &one.values)
                .map(|value| value.text.value)
        };
        let is_left_out = |pattern: &str| {
            negated().any(|own| {
                let is_safe = !own.contains('?') || !pattern.contains('*');
                is_safe && covers(own, pattern, false, &mut 100_000) == Some(true)
            })
        };
        let mut likes = tests
            .iter()
            .filter(is_one)
            .filter(|one| of(one).is_some_and(|own| own.base == Base::StringLike));
        let is_out = likes.any(|one| {
            let mut all = one.values.iter();
            all.all(|value| !unsupported(cx, value.text.value) && is_left_out(value.text.value))
        });
        let are_negated_like = tests.iter().all(|one| {
            of(one).is_some_and(|own| {
                !own.base.is_negated() || own.base == Base::StringNotLike || own.base == Base::Null
            })
        });
        return (is_out && are_negated_like).then(|| vec!["".into()]);
    }
    None
}
