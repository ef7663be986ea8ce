//! What the texts of condition values mean: numbers, dates, addresses, booleans, bytes.
//!
//! All grammars are ASCII; anything else is no value of the type (`COND-52`: nothing is trimmed).

use core::cmp::Ordering;
use core::net::IpAddr;

/// Splits ASCII digits off the front of a text.
fn take_digits(text: &str) -> (&str, &str) {
    let length = text.chars().take_while(char::is_ascii_digit).count();
    text.split_at(length)
}

/// Splits `[0-9]+` off the front of a text.
fn take_some_digits(text: &str) -> Option<(&str, &str)> {
    Some(take_digits(text)).filter(|(digits, _)| !digits.is_empty())
}

/// Splits a sign off the front of a text: whether there is one, and whether it is a minus.
fn take_sign(text: &str) -> (bool, bool, &str) {
    match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => (true, true, rest),
        (_, Some(rest)) => (true, false, rest),
        _ => (false, false, text),
    }
}

/// Splits `(\.[0-9]+)?` off the front of a text: the digits, if the point is there.
fn take_fraction(text: &str) -> Option<(Option<&str>, &str)> {
    match text.strip_prefix('.') {
        None => Some((None, text)),
        Some(rest) => take_some_digits(rest).map(|(digits, rest)| (Some(digits), rest)),
    }
}

/// An exact decimal number (`COND-55`).
///
/// Its size is `0.DIGITS × 10^point`, where the first and the last digit are not zero; zero has no
/// digits. So equal numbers have equal parts, and no power of ten is ever written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    point: i64,
    digits: Vec<u8>,
}

impl Number {
    /// Reads `[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
    ///
    /// An exponent of more than 18 digits, leading zeros aside, makes the text no number.
    pub fn parse(text: &str) -> Option<Number> {
        let (_, negative, rest) = take_sign(text);
        let (whole, rest) = take_some_digits(rest)?;
        let (fraction, rest) = take_fraction(rest)?;
        let exponent = match rest.strip_prefix(['e', 'E']) {
            None if rest.is_empty() => 0,
            None => return None,
            Some(rest) => {
                let (_, below_one, rest) = take_sign(rest);
                let (digits, rest) = take_some_digits(rest)?;
                let digits = digits.trim_start_matches('0');
                if !rest.is_empty() || digits.len() > 18 {
                    return None;
                }
                let size: i64 = format!("0{digits}").parse().ok()?;
                if below_one { -size } else { size }
            }
        };
        let written = format!("{whole}{}", fraction.unwrap_or_default());
        let digits = written.trim_start_matches('0');
        let leading_zeros = written.len() - digits.len();
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Number {
                negative: false,
                point: 0,
                digits: Vec::new(),
            });
        }
        // At most 10^18 plus the length of a text: far inside an i64.
        let point = exponent + whole.len() as i64 - leading_zeros as i64;
        Some(Number {
            negative,
            point,
            digits: digits.bytes().collect(),
        })
    }

    /// Which of two numbers is the greater.
    pub fn compare(&self, other: &Number) -> Ordering {
        let sign = |number: &Number| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        // Digits compare as text: both begin right after the point, and neither ends in zero.
        let size = (self.point, &self.digits).cmp(&(other.point, &other.digits));
        match (sign(self).cmp(&sign(other)), self.negative) {
            (Ordering::Equal, false) => size,
            (Ordering::Equal, true) => size.reverse(),
            (different, _) => different,
        }
    }
}

const ATTOSECONDS: i128 = 1_000_000_000_000_000_000;

/// A moment (`COND-65` to `COND-67`): a count of 10⁻¹⁸ seconds since 1970, less than 10¹⁸ seconds
/// away from it. Text that needs more than that is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(i128);

impl Instant {
    /// Reads a date of the W3C profile, or epoch seconds or milliseconds.
    pub fn parse(text: &str) -> Option<Instant> {
        Instant::parse_epoch(text).or_else(|| Instant::parse_date(text))
    }

    /// COND-66: `[+-]?[0-9]+(\.[0-9]+)?`, where four digits alone are a year.
    fn parse_epoch(text: &str) -> Option<Instant> {
        let (signed, negative, rest) = take_sign(text);
        let (whole, rest) = take_some_digits(rest)?;
        let (fraction, rest) = take_fraction(rest)?;
        let is_year = !signed && whole.len() == 4 && fraction.is_none();
        if !rest.is_empty() || is_year {
            return None;
        }
        let places = if whole.len() >= 12 { 15 } else { 18 };
        let attoseconds = attoseconds(whole, fraction.unwrap_or_default(), places)?;
        Instant::new(if negative { -attoseconds } else { attoseconds })
    }

    /// COND-65.
    fn parse_date(text: &str) -> Option<Instant> {
        let (year, rest) = number(text, 4, 0, 9999)?;
        let Some(rest) = rest.strip_prefix('-') else {
            return at_midnight(year, 1, 1, rest);
        };
        let (month, rest) = number(rest, 2, 1, 12)?;
        let Some(rest) = rest.strip_prefix('-') else {
            return at_midnight(year, month, 1, rest);
        };
        let (day, rest) = number(rest, 2, 1, days_in_month(year, month))?;
        let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else {
            return at_midnight(year, month, day, rest);
        };
        let (hour, rest) = number(rest, 2, 0, 23)?;
        let (minute, rest) = number(rest.strip_prefix(':')?, 2, 0, 59)?;
        let (second, fraction, rest) = match rest.strip_prefix(':') {
            None => (0, None, rest),
            Some(rest) => {
                let (second, rest) = number(rest, 2, 0, 59)?;
                let (fraction, rest) = take_fraction(rest)?;
                (second, fraction, rest)
            }
        };
        let offset_minutes = offset(rest)?;
        let minutes = (day_number(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
        let within_minute = attoseconds(&second.to_string(), fraction.unwrap_or_default(), 18)?;
        Instant::new(minutes * 60 * ATTOSECONDS + within_minute)
    }

    fn new(attoseconds: i128) -> Option<Instant> {
        (attoseconds.abs() < ATTOSECONDS * ATTOSECONDS).then_some(Instant(attoseconds))
    }
}

/// `whole.fraction` times `10^places`, if that is a whole number with at most 36 digits.
fn attoseconds(whole: &str, fraction: &str, places: usize) -> Option<i128> {
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > places || whole.len() + places > 36 {
        return None;
    }
    format!("0{whole}{fraction:0<places$}").parse().ok()
}

/// Splits exactly `length` digits off the front of a text, as a number within bounds.
fn number(text: &str, length: usize, least: i128, most: i128) -> Option<(i128, &str)> {
    let (digits, rest) = text.split_at_checked(length)?;
    let (digits, "") = take_digits(digits) else {
        return None;
    };
    let value: i128 = digits.parse().ok()?;
    (least..=most).contains(&value).then_some((value, rest))
}

/// COND-65: a date without time is midnight UTC. Nothing may follow.
fn at_midnight(year: i128, month: i128, day: i128, rest: &str) -> Option<Instant> {
    let days = day_number(year, month, day);
    Instant::new(days * 86_400 * ATTOSECONDS).filter(|_| rest.is_empty())
}

/// COND-65: `Z`, `±hh:mm`, or nothing for UTC; in minutes.
fn offset(text: &str) -> Option<i128> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let (true, negative, rest) = take_sign(text) else {
        return None;
    };
    let (hours, rest) = number(rest, 2, 0, 23)?;
    let (minutes, rest) = number(rest.strip_prefix(':')?, 2, 0, 59)?;
    let offset = hours * 60 + minutes;
    rest.is_empty()
        .then_some(if negative { -offset } else { offset })
}

fn is_leap_year(year: i128) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i128, month: i128) -> i128 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01, by counting years and months.
fn day_number(year: i128, month: i128, day: i128) -> i128 {
    let days_in_year = |year| if is_leap_year(year) { 366 } else { 365 };
    let years: i128 = if year >= 1970 {
        (1970..year).map(days_in_year).sum()
    } else {
        -(year..1970).map(days_in_year).sum::<i128>()
    };
    let months: i128 = (1..month).map(|month| days_in_month(year, month)).sum();
    years + months + day - 1
}

/// An address (`COND-75`): leading zeros and ports are refused, compressed IPv6 is read.
pub fn parse_ip(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// A block of addresses; a single address is the block of its full length (`COND-76`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// Any address of the block (`COND-77`).
    pub address: IpAddr,
    /// How many leading bits the addresses of the block share.
    pub prefix: u8,
}

impl Cidr {
    /// True if the address lies in the block. The two versions never meet (`COND-75`).
    pub fn contains(&self, address: IpAddr) -> bool {
        // A shift by the whole width is the empty prefix: nothing is compared.
        match (self.address, address) {
            (IpAddr::V4(block), IpAddr::V4(address)) => {
                let host_bits = 32 - u32::from(self.prefix);
                let network = |bits: u32| bits.checked_shr(host_bits).unwrap_or(0);
                network(block.to_bits()) == network(address.to_bits())
            }
            (IpAddr::V6(block), IpAddr::V6(address)) => {
                let host_bits = 128 - u32::from(self.prefix);
                let network = |bits: u128| bits.checked_shr(host_bits).unwrap_or(0);
                network(block.to_bits()) == network(address.to_bits())
            }
            _ => false,
        }
    }
}

/// An address or `ADDRESS/PREFIX`, the prefix without sign and leading zeros (`COND-77`).
pub fn parse_cidr(text: &str) -> Option<Cidr> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (parse_ip(address)?, Some(prefix)),
        None => (parse_ip(text)?, None),
    };
    let width = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => width,
        Some(text) => {
            let (digits, "") = take_digits(text) else {
                return None;
            };
            if digits.len() > 1 && digits.starts_with('0') {
                return None;
            }
            digits.parse().ok()?
        }
    };
    (prefix <= width).then_some(Cidr { address, prefix })
}

/// `true` or `false` in any case (`COND-70`).
pub fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The bytes of a canonical base64 text (`COND-71`): the standard alphabet, padded, no stray bits.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if text.len() % 4 != 0 {
        return None;
    }
    let unpadded = text.strip_suffix("==").or(text.strip_suffix('='));
    let mut bits: Vec<u8> = Vec::new();
    for digit in unpadded.unwrap_or(text).chars() {
        let value = ALPHABET.find(digit)? as u8;
        bits.extend((0..6).rev().map(|bit| (value >> bit) & 1));
    }
    let bytes = bits.chunks_exact(8);
    if bytes.remainder().contains(&1) {
        return None;
    }
    let byte = |bits: &[u8]| bits.iter().fold(0, |byte, bit| (byte << 1) | bit);
    Some(bytes.map(byte).collect())
}
