//! Exact decimal numbers (`COND-55`).
//!
//! Numbers compare by their digits, whatever their size: floating point would make different numbers equal. Nearly all are
//! whole numbers of millionths that fit into 64 bits ([`Number::millionths`]), and compare as those.

use core::cmp::Ordering;

/// A decimal number as a view of its text. Numbers of any size compare exactly, without allocation
/// and in time linear in their text.
///
/// ```
/// use core::cmp::Ordering;
/// use portcullis_image::value::number::Number;
///
/// let large = Number::parse("9007199254740993").unwrap();
/// let other = Number::parse("9007199254740992").unwrap();
/// assert_eq!(large.compare(&other), Ordering::Greater);
/// assert_eq!(Number::parse("1.5").unwrap().millionths(), Some(1_500_000));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    negative: bool,
    /// Digits before the point, from the first that is not zero.
    integer: &'a [u8],
    /// Digits after the point, to the last that is not zero.
    fraction: &'a [u8],
    exponent: i64,
}

/// The millionths of a whole number of at most twelve digits, as nearly all numbers of requests are. None of others,
/// which may be numbers too ([`Number::parse`]).
#[inline]
pub fn whole_millionths(text: &str) -> Option<i64> {
    let digits = text.as_bytes();
    if digits.is_empty() || digits.len() > 12 {
        return None;
    }
    let mut value: i64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value * 1_000_000)
}

impl<'a> Number<'a> {
    /// Reads `[+-]digits[.digits][e[+-]digits]`.
    ///
    /// An exponent of more than 18 digits makes the text not a number (see `docs/choices.md`).
    ///
    /// ```
    /// use portcullis_image::value::number::Number;
    /// let a = Number::parse("0.10").unwrap();
    /// let b = Number::parse("1e-1").unwrap();
    /// assert_eq!(a.compare(&b), core::cmp::Ordering::Equal);
    /// assert!(Number::parse(".5").is_none());
    /// ```
    pub fn parse(text: &'a str) -> Option<Number<'a>> {
        let (negative, rest) = split_sign(text.as_bytes());
        let (integer, rest) = split_digits(rest);
        if integer.is_empty() {
            return None;
        }
        let (fraction, rest) = match rest.split_first() {
            Some((b'.', after)) => {
                let (fraction, rest) = split_digits(after);
                if fraction.is_empty() {
                    return None;
                }
                (fraction, rest)
            }
            _ => (&[][..], rest),
        };
        let exponent = match rest.split_first() {
            None => 0,
            Some((b'e' | b'E', after)) => parse_exponent(after)?,
            Some(_) => return None,
        };
        Some(Number {
            negative,
            integer: trim_leading_zeros(integer),
            fraction: trim_trailing_zeros(fraction),
            exponent,
        })
    }

    /// The order of two numbers by value: `1.0`, `01` and `10e-1` are equal.
    pub fn compare(&self, other: &Number<'_>) -> Ordering {
        match (self.sign(), other.sign()) {
            (1, 1) => self.compare_magnitude(other),
            (-1, -1) => other.compare_magnitude(self),
            (a, b) => a.cmp(&b),
        }
    }

    /// The number in millionths, if it is a whole number of millionths that fits; such numbers are
    /// equal exactly if these are, and in the same order.
    pub fn millionths(&self) -> Option<i64> {
        if self.exponent != 0 || self.fraction.len() > 6 || self.integer.len() > 12 {
            return None;
        }
        let mut value: i64 = 0;
        for digit in self.integer.iter().chain(self.fraction) {
            value = value * 10 + i64::from(digit - b'0');
        }
        for _ in self.fraction.len()..6 {
            value *= 10;
        }
        Some(if self.negative { -value } else { value })
    }

    /// -1, 0 or 1. A number whose digits are all zero has no sign.
    fn sign(&self) -> i8 {
        match (
            self.integer.is_empty() && self.fraction.is_empty(),
            self.negative,
        ) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => -1,
        }
    }

    /// Orders two numbers other than zero by their absolute values.
    fn compare_magnitude(&self, other: &Number<'_>) -> Ordering {
        self.scale()
            .cmp(&other.scale())
            .then_with(|| self.significant().cmp(other.significant()))
    }

    /// The power of ten of the first significant digit. No overflow: an exponent has at most 18
    /// digits and a text is shorter than 2^32.
    fn scale(&self) -> i64 {
        let place = if self.integer.is_empty() {
            let zeros = self.fraction.iter().take_while(|digit| **digit == b'0');
            -(zeros.count() as i64)
        } else {
            self.integer.len() as i64
        };
        place.saturating_add(self.exponent)
    }

    /// The digits from the first that is not zero to the last that is not zero.
    fn significant(&self) -> impl Iterator<Item = u8> + 'a {
        let integer = if self.fraction.is_empty() {
            trim_trailing_zeros(self.integer)
        } else {
            self.integer
        };
        let fraction = if self.integer.is_empty() {
            trim_leading_zeros(self.fraction)
        } else {
            self.fraction
        };
        integer.iter().chain(fraction).copied()
    }
}

/// The digits after `e`; none if there are none, or more than 18 beside leading zeros.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = trim_leading_zeros(digits);
    if digits.len() > 18 {
        return None;
    }
    let value = digits
        .iter()
        .fold(0, |value: i64, digit| value * 10 + i64::from(digit - b'0'));
    Some(if negative { -value } else { value })
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    }
}

pub(super) fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(count).unwrap_or((text, &[]))
}

fn trim_leading_zeros(mut digits: &[u8]) -> &[u8] {
    while let Some((b'0', rest)) = digits.split_first() {
        digits = rest;
    }
    digits
}

pub(super) fn trim_trailing_zeros(mut digits: &[u8]) -> &[u8] {
    while let Some((b'0', rest)) = digits.split_last() {
        digits = rest;
    }
    digits
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;

    #[test]
    fn cond_55_numbers_in_order() {
        // Each line is smaller than the next; the texts of one line are equal.
        let lines: &[&[&str]] = &[
            &["-1e400", "-10e399"],
            &["-10", "-1e1", "-10.0"],
            &["-0.1"],
            &["0", "-0", "+0.000", "0e99", "-0.0e-5"],
            &["1e-30", "0.000000000000000000000000000001"],
            &["0.1", "0.10", "1e-1", "+00.1"],
            &["0.11"],
            &["1", "1.0", "10e-1", "0.01e2"],
            &["9.99"],
            &["10", "1e1", "0010"],
            &["9007199254740992"],
            &["9007199254740993"],
            &["123456789012345678901234567890"],
            &["123456789012345678901234567891"],
            &["1e999999999999999999"],
        ];
        for (i, left) in lines.iter().enumerate() {
            for (j, right) in lines.iter().enumerate() {
                for a in *left {
                    for b in *right {
                        let (x, y) = (Number::parse(a).unwrap(), Number::parse(b).unwrap());
                        assert_eq!(x.compare(&y), i.cmp(&j), "{a} {b}");
                        if let (Some(x), Some(y)) = (x.millionths(), y.millionths()) {
                            assert_eq!(x.cmp(&y), i.cmp(&j), "{a} {b}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn cond_56_texts_that_are_not_numbers() {
        for text in [
            "", "-", ".5", "5.", "1 ", " 1", "0x1", "1e", "1e+", "1.2.3", "e5", "∞", "1_0", "NaN",
        ] {
            assert!(Number::parse(text).is_none(), "{text:?}");
        }
        assert!(Number::parse(&format!("1e{}", "9".repeat(19))).is_none());
        assert!(Number::parse(&format!("1e{}1", "0".repeat(90))).is_some());
    }
}
