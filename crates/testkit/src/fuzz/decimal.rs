//! Decimal numbers written out in full, digit by digit: slow, and nothing to get wrong.

use std::cmp::Ordering;

/// A decimal number with all its digits.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    negative: bool,
    /// The digits before the point.
    whole: String,
    /// The digits after it.
    fraction: String,
}

/// What a text is.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    /// No number.
    Nothing,
    /// A number that is too long to be written out.
    Huge,
    /// This number.
    Exactly(Decimal),
}

/// The largest exponent that is written out.
const LIMIT: u64 = 300;

impl Decimal {
    /// Reads `[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?` (`COND-55`), an exponent of more than 18
    /// digits excepted.
    pub(super) fn read(text: &str) -> Reading {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            None => (text, "0"),
            Some(at) => (&text[..at], &text[at + 1..]),
        };
        let (negative, mantissa) = sign(mantissa);
        let (whole, fraction) = match mantissa.split_once('.') {
            None => (mantissa, None),
            Some((whole, fraction)) => (whole, Some(fraction)),
        };
        let (shrinks, exponent) = sign(exponent);
        let parts = [Some(whole), fraction, Some(exponent)];
        if !parts.into_iter().flatten().all(digits) {
            return Reading::Nothing;
        }
        let exponent = exponent.trim_start_matches('0');
        if exponent.len() > 18 {
            return Reading::Nothing;
        }
        let exponent: u64 = exponent.parse().unwrap_or(0);
        if exponent > LIMIT {
            return Reading::Huge;
        }
        let mut number = Decimal {
            negative,
            whole: whole.into(),
            fraction: fraction.unwrap_or_default().into(),
        };
        for _ in 0..exponent {
            if shrinks {
                number.point_left();
            } else {
                number.point_right();
            }
        }
        Reading::Exactly(number)
    }

    fn point_right(&mut self) {
        let digit = if self.fraction.is_empty() {
            '0'
        } else {
            self.fraction.remove(0)
        };
        self.whole.push(digit);
    }

    fn point_left(&mut self) {
        let digit = self.whole.pop().unwrap_or('0');
        self.fraction.insert(0, digit);
    }

    /// The number times ten to a power, if that is an integer that fits.
    pub(super) fn times_ten_to(&self, power: usize) -> Option<i128> {
        let mut moved = self.clone();
        for _ in 0..power {
            moved.point_right();
        }
        if moved.fraction.chars().any(|digit| digit != '0') {
            return None;
        }
        let size: i128 = moved.whole.trim_start_matches('0').parse().ok().or(moved
            .whole
            .chars()
            .all(|digit| digit == '0')
            .then_some(0))?;
        Some(if self.negative { -size } else { size })
    }

    /// How many digits were written before the point.
    pub(super) fn whole_digits(&self) -> usize {
        self.whole.len()
    }

    /// The order of two numbers by value.
    pub(super) fn order(&self, other: &Decimal) -> Ordering {
        let (a, b) = aligned(self, other);
        let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        match (self.negative && !zero(&a), other.negative && !zero(&b)) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => a.cmp(&b),
            (true, true) => b.cmp(&a),
        }
    }
}

/// Both without sign and point, padded to the same places.
fn aligned(a: &Decimal, b: &Decimal) -> (String, String) {
    let whole = a.whole.len().max(b.whole.len());
    let fraction = a.fraction.len().max(b.fraction.len());
    let pad = |n: &Decimal| format!("{:0>whole$}{:0<fraction$}", n.whole, n.fraction);
    (pad(a), pad(b))
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
