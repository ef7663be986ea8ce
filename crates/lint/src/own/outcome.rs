//! What a test comes to (`COND-10` to `COND-15`, `COND-20` to `COND-23`), where that can be told without a request.

use crate::checks::Context;
use crate::checks::variables::unsupported;
use crate::view::Condition;
use portcullis_model::{Base, Family, Quantifier};
use portcullis_syntax::glob::covers;
use std::net::IpAddr;

/// What a request has of a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum State<'a> {
    Absent,
    /// One value.
    One(&'a str),
    /// Any value or values, which cannot be listed.
    Some,
}

/// Steps that one comparison may take: longer patterns than any that policies have are not known.
const STEPS: usize = 100_000;

/// Whether a test holds. None if it is not known.
pub(super) fn holds(cx: &Context<'_>, condition: &Condition<'_>, state: State<'_>) -> Option<bool> {
    let operator = condition.operator.ok()?;
    if operator.base == Base::Null {
        let is_absent = match (operator.quantifier, state) {
            (Quantifier::All, _) => return Some(true),
            (Quantifier::Any, _) => return Some(false),
            (Quantifier::One, State::Absent) => "true",
            (Quantifier::One, _) => "false",
        };
        let mut values = condition.values.iter();
        return Some(values.any(|value| value.text.value.eq_ignore_ascii_case(is_absent)));
    }
    let is_negated = operator.base.is_negated();
    let value = match state {
        State::Absent => {
            return Some(match operator.quantifier {
                Quantifier::All => true,
                Quantifier::Any => false,
                Quantifier::One => operator.if_exists || is_negated,
            });
        }
        State::Some => return None,
        // An empty text is an empty set there (`COND-32`).
        State::One("") if operator.quantifier == Quantifier::All => return Some(true),
        State::One(value) => value,
    };
    let family = operator.base.family();
    let mut is_any = false;
    for own in &condition.values {
        let text = own.text.value;
        if family != Family::Null && unsupported(cx, text) {
            return None;
        }
        is_any |= matches(family, text, value)?;
    }
    Some(is_any != is_negated)
}

/// Whether a value of a policy matches one of a request.
fn matches(family: Family, own: &str, value: &str) -> Option<bool> {
    use Family as F;
    let like = |own: &str, value: &str| covers(own, value, false, &mut STEPS.clone());
    let numbers = |holds: fn(f64, f64) -> bool| Some(holds(number(value)?, number(own)?));
    let dates = |holds: fn(i64, i64) -> bool| Some(holds(seconds(value)?, seconds(own)?));
    match family {
        F::StringEquals | F::BinaryEquals => Some(own == value),
        F::StringEqualsIgnoreCase => Some(own.to_lowercase() == value.to_lowercase()),
        F::StringLike => like(own, value),
        F::NumericEquals => numbers(|a, b| a == b),
        F::NumericLessThan => numbers(|a, b| a < b),
        F::NumericLessThanEquals => numbers(|a, b| a <= b),
        F::NumericGreaterThan => numbers(|a, b| a > b),
        F::NumericGreaterThanEquals => numbers(|a, b| a >= b),
        F::DateEquals => dates(|a, b| a == b),
        F::DateLessThan => dates(|a, b| a < b),
        F::DateLessThanEquals => dates(|a, b| a <= b),
        F::DateGreaterThan => dates(|a, b| a > b),
        F::DateGreaterThanEquals => dates(|a, b| a >= b),
        F::Bool => Some(own.eq_ignore_ascii_case(value)),
        F::IpAddress => {
            let (network, last) = block(own)?;
            let address: IpAddr = value.parse().ok()?;
            Some(network.is_ipv4() == address.is_ipv4() && (network..=last).contains(&address))
        }
        F::Arn if own == "*" => Some(true),
        F::Arn => {
            let (own, value) = (parts(own)?, parts(value)?);
            let mut pairs = own.iter().zip(&value);
            pairs.try_fold(true, |all, (own, value)| Some(all && like(own, value)?))
        }
        F::Null => None,
    }
}

/// The six parts of an ARN.
fn parts(text: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    (parts.len() == 6).then_some(parts)
}

/// A number of few enough digits that comparing it is exact.
pub(super) fn number(text: &str) -> Option<f64> {
    let is_plain = text.len() <= 15
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    let number: f64 = text.parse().ok().filter(|_| is_plain)?;
    Some(number)
}

/// A time as it should be written, `2026-01-31T12:00:00Z`, in seconds since 1970; of another form nothing is known.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let is_form = bytes.len() == 20
        && bytes
            .iter()
            .zip(b"dddd-dd-ddTdd:dd:ddZ")
            .all(|(byte, form)| match form {
                b'd' => byte.is_ascii_digit(),
                _ => byte == form,
            });
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let is_real = is_form
        && (1..=12).contains(&month)
        && (1..=28).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    // Days of the civil calendar; days behind the 28th are left to those who know the months.
    let years = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = years * 365 + years / 4 - years / 100 + years / 400 + of_year;
    let days = of_era - 719_468;
    is_real.then_some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// The first and the last address of a block.
pub(super) fn block(text: &str) -> Option<(IpAddr, IpAddr)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
        None => (text, None),
    };
    match address.parse().ok()? {
        IpAddr::V4(address) => {
            let host = 32u32.checked_sub(prefix.unwrap_or(32))?;
            let mask = u32::MAX.checked_shl(host).unwrap_or(0);
            let first = u32::from(address) & mask;
            Some((IpAddr::V4(first.into()), IpAddr::V4((first | !mask).into())))
        }
        IpAddr::V6(address) => {
            let host = 128u32.checked_sub(prefix.unwrap_or(128))?;
            let mask = u128::MAX.checked_shl(host).unwrap_or(0);
            let first = u128::from(address) & mask;
            Some((IpAddr::V6(first.into()), IpAddr::V6((first | !mask).into())))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use super::{block, number, seconds};

    #[test]
    fn values_are_read_only_where_they_are_certain() {
        assert_eq!(seconds("1970-01-02T00:00:01Z"), Some(86_401));
        assert_eq!(seconds("2026-03-01T00:00:00Z"), Some(1_772_323_200));
        assert_eq!(seconds("2026-03-01"), None);
        assert_eq!(seconds("2026-13-01T00:00:00Z"), None);
        assert_eq!(number("1.5"), Some(1.5));
        assert_eq!(number("1e3"), None);
        let (first, last) = block("10.1.2.3/8").unwrap();
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("10.0.0.0".into(), "10.255.255.255".into())
        );
        let (first, last) = block("0.0.0.0/0").unwrap();
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("0.0.0.0".into(), "255.255.255.255".into())
        );
        assert!(block("::/0").is_some() && block("10.0.0.0/33").is_none());
    }
}
