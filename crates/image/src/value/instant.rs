//! Dates as exact instants (`COND-65` to `COND-67`).
//!
//! An instant is a whole number of 10^-18 seconds, so that dates with any usual fraction compare exactly. The usual form,
//! `YYYY-MM-DDThh:mm:ssZ`, is read by three words of eight bytes; that and other calendar code is here because libraries for
//! dates need the standard library or allocate. Every date takes constant time but for the digits of its fraction.

use super::number::{split_digits, trim_trailing_zeros};

/// Parts of a second that an instant counts: 10^18.
const UNIT: i128 = 1_000_000_000_000_000_000;
/// Digits of [`UNIT`].
const UNIT_DIGITS: usize = 18;

/// Reads a date as the number of 10^-18 seconds since 1970-01-01T00:00:00Z.
///
/// Accepts the W3C profile of ISO 8601, with the leniencies of `COND-65`, and epoch seconds or
/// milliseconds by the number of digits (`COND-66`). An instant that is not exact in 10^-18 s, or
/// lies 10^18 s or more from 1970, is not a date (see `docs/choices.md`).
///
/// ```
/// use portcullis_image::value::instant;
/// assert_eq!(instant::parse("1970-01-01T01:00:00+01:00"), Some(0));
/// assert_eq!(instant::parse("1970"), Some(0));
/// assert_eq!(instant::parse("86400"), instant::parse("1970-01-02"));
/// assert_eq!(instant::parse("soon"), None);
/// ```
pub fn parse(text: &str) -> Option<i128> {
    let bytes = text.as_bytes();
    if let Ok(bytes) = <&[u8; 20]>::try_from(bytes) {
        if let Some(seconds) = plain(bytes) {
            return Some(i128::from(seconds) * UNIT);
        }
    }
    let (leading, rest) = split_digits(bytes);
    if leading.len() == 4 && (rest.is_empty() || rest.first() == Some(&b'-')) {
        calendar(leading, rest)
    } else {
        epoch(bytes)
    }
}

/// `YYYY-MM-DDThh:mm:ssZ`, as nearly all dates of requests are, in seconds. None of others, which may be dates too.
fn plain(text: &[u8; 20]) -> Option<i64> {
    let (start, rest) = text.split_first_chunk::<8>()?;
    let (middle, _) = rest.split_first_chunk::<8>()?;
    let end = text.last_chunk::<8>()?;
    let start = pairs(start, b"0000-00-")?;
    let middle = pairs(middle, b"00T00:00")?;
    // It overlaps the middle.
    let end = pairs(end, b"0:00:00Z")?;
    let pair = |pairs: u64, place: u32| (pairs >> (8 * place) & 0xff) as i64;
    let (year, month) = (pair(start, 0) * 100 + pair(start, 2), pair(start, 5));
    let (day, hour, minute) = (pair(middle, 0), pair(middle, 3), pair(middle, 6));
    let second = pair(end, 5);
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Every month has 28 days.
    if !(1..=28).contains(&day) && !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    let time = hour * 3600 + minute * 60 + second;
    Some(days_from_epoch(year, month, day) * 86_400 + time)
}

/// Eight bytes that have digits where the form has zeros, and its other bytes elsewhere: at the place of each digit that
/// another follows, the number of both.
fn pairs(text: &[u8; 8], form: &[u8; 8]) -> Option<u64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Digits become their values, and what has to be as it is becomes zero.
    let values = u64::from_le_bytes(*text) ^ u64::from_le_bytes(*form);
    let is_digit = form.map(|byte| if byte == b'0' { 0xff } else { 0 });
    let others = !u64::from_le_bytes(is_digit);
    let above_9 = (values | ((values & !(ONES << 7)) + 0x76 * ONES)) & (ONES << 7);
    if (values & others) | above_9 != 0 {
        return None;
    }
    Some(values * 10 + (values >> 8))
}

/// `YYYY[-MM[-DD[Thh:mm[:ss[.s]][TZD]]]]`, the year split off. What is left out is the first of its kind: `2026-03` is the first
/// of March. A date that the calendar does not have is none.
fn calendar(year: &[u8], rest: &[u8]) -> Option<i128> {
    let year = number(year)?;
    let (month, rest) = part(rest, b'-')?;
    let (day, rest) = if month.is_some() {
        part(rest, b'-')?
    } else {
        (None, rest)
    };
    let (month, day_number) = (month.unwrap_or(1), day.unwrap_or(1));
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day_number) {
        return None;
    }
    let days = days_from_epoch(year, month, day_number);
    let (seconds, fraction) = match rest.split_first() {
        None => (0, 0),
        Some((b'T' | b't' | b' ', time)) if day.is_some() => time_of_day(time)?,
        Some(_) => return None,
    };
    Some((i128::from(days) * 86_400 + i128::from(seconds)) * UNIT + fraction)
}

/// `hh:mm[:ss[.s]][TZD]` as seconds, which the zone may take below zero, and a fraction. Without a zone it is UTC.
fn time_of_day(text: &[u8]) -> Option<(i64, i128)> {
    let (hour, rest) = two_digits(text)?;
    let (minute, rest) = part(rest, b':')?;
    let (second, mut rest) = part(rest, b':')?;
    let mut fraction = 0;
    if let (Some(_), Some((b'.', after))) = (second, rest.split_first()) {
        let (digits, after) = split_digits(after);
        if digits.is_empty() {
            return None;
        }
        fraction = fraction_of_second(digits)?;
        rest = after;
    }
    let offset = match rest.split_first() {
        None => 0,
        Some((b'Z' | b'z', [])) => 0,
        Some((sign @ (b'+' | b'-'), zone)) => {
            let (hours, zone) = two_digits(zone)?;
            let (minutes, zone) = part(zone, b':')?;
            let minutes = minutes?;
            if !zone.is_empty() || hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 3600 + minutes * 60;
            if *sign == b'-' { -offset } else { offset }
        }
        Some(_) => return None,
    };
    let (minute, second) = (minute?, second.unwrap_or(0));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((hour * 3600 + minute * 60 + second - offset, fraction))
}

/// `[+-]digits[.digits]`: seconds, or milliseconds from twelve digits (`COND-66`).
fn epoch(text: &[u8]) -> Option<i128> {
    let (negative, rest) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let (integer, rest) = split_digits(rest);
    let fraction = match rest.split_first() {
        None => &[][..],
        Some((b'.', digits)) if !digits.is_empty() => digits,
        Some(_) => return None,
    };
    if integer.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (unit, places) = if integer.len() >= 12 {
        (UNIT / 1000, UNIT_DIGITS - 3)
    } else {
        (UNIT, UNIT_DIGITS)
    };
    let fraction = trim_trailing_zeros(fraction);
    if fraction.len() > places {
        return None;
    }
    let mut value: i128 = 0;
    for digit in integer {
        value = value
            .checked_mul(10)?
            .checked_add(i128::from(digit - b'0'))?;
    }
    value = value.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction {
        place /= 10;
        value = value.checked_add(i128::from(digit - b'0') * place)?;
    }
    if value >= UNIT * UNIT {
        return None;
    }
    Some(if negative { -value } else { value })
}

/// Digits after the point, as parts of a second; none if they are not exact in 10^-18 s.
fn fraction_of_second(digits: &[u8]) -> Option<i128> {
    let digits = trim_trailing_zeros(digits);
    if digits.len() > UNIT_DIGITS {
        return None;
    }
    let mut value = 0;
    let mut place = UNIT;
    for digit in digits {
        place /= 10;
        value += i128::from(digit - b'0') * place;
    }
    Some(value)
}

/// If `text` begins with `separator`: two digits after it and the rest; else nothing is taken.
/// The outer `None` is a separator without its digits.
fn part(text: &[u8], separator: u8) -> Option<(Option<i64>, &[u8])> {
    match text.split_first() {
        Some((first, rest)) if *first == separator => {
            two_digits(rest).map(|(value, rest)| (Some(value), rest))
        }
        _ => Some((None, text)),
    }
}

/// A number of two digits, and what follows.
fn two_digits(text: &[u8]) -> Option<(i64, &[u8])> {
    let (digits, rest) = text.split_at_checked(2)?;
    Some((number(digits)?, rest))
}

/// Digits as a number; none if a byte is no digit.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + i64::from(digit - b'0'))
    })
}

fn is_leap(year: i64) -> bool {
    // What 4 and 25 divide, 100 divides; what then 16 divides, 400 does.
    year % 4 == 0 && (year % 25 != 0 || year % 16 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, for years 0 to 9999. Constant time, without a table of months.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Counting years from March puts the leap day at the end of a year. They are counted from 400 years before, which
    // are 146,097 days, so that none is below zero: division is shorter then.
    let (year, month) = (year as u32 + 400, month as u32);
    let (year, month) = match month > 2 {
        true => (year, month - 3),
        false => (year - 1, month + 9),
    };
    let century = year / 100;
    let leap_days = year / 4 - century + century / 4;
    let days = year * 365 + leap_days + (month * 153 + 2) / 5;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    i64::from(days) + day - 1 - 719_468 - 146_097
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn cond_65_equal_texts() {
        let lines: &[(&[&str], i128)] = &[
            (
                &[
                    "1970",
                    "1970-01",
                    "1970-01-01",
                    "1970-01-01T00:00Z",
                    "0",
                    "+0.0",
                    "-000",
                ],
                0,
            ),
            (
                &[
                    "2026-01-01T00:00:00Z",
                    "2026-01-01t00:00:00.000z",
                    "2026-01-01 00:00",
                    "2025-12-31T23:30:00-00:30",
                    "2026-01-01T05:45:00+05:45",
                    "1767225600",
                    "1767225600000",
                    "+1767225600.0",
                ],
                1_767_225_600 * UNIT,
            ),
            (&["1969-12-31T23:59:59.5Z", "-0.5"], -UNIT / 2),
            (&["2000-02-29"], 951_782_400 * UNIT),
            (&["0000-03-01"], -719_468 * 86_400 * UNIT),
            (&["999"], 999 * UNIT),
            (&["+2026"], 2026 * UNIT),
            (&["2026.0"], 2026 * UNIT),
            (&["99999999999"], 99_999_999_999 * UNIT),
            (&["100000000000"], 100_000_000 * UNIT),
        ];
        for (texts, expected) in lines {
            for text in *texts {
                assert_eq!(parse(text), Some(*expected), "{text}");
            }
        }
    }

    #[test]
    fn cond_68_texts_that_are_not_dates() {
        for text in [
            "",
            "-",
            "2026-",
            "2026-1",
            "2026-13",
            "2026-00",
            "2026-02-29",
            "1900-02-29",
            "2026-01-32",
            "2026-01-01T",
            "2026-01-01T00",
            "2026-01-01T24:00Z",
            "2026-01-01T00:60Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+1",
            "2026-01-01T00:00+24:00",
            "2026-01-01T00:00+01",
            "2026-01-01Z",
            "2026-01T00:00Z",
            "2026T00:00Z",
            " 2026",
            "2026 ",
            "26-01-01",
            "1e9",
            "1.",
            "2026-01-01T00:00:00ZZ",
            "2026-01-01T00:00.5Z",
            "1000000000000000000000",
            "0.1234567890123456789",
            "٢٠٢٦",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
