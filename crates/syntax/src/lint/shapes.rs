//! What a text can be compared as: only its shape, no value. Held against the evaluator in
//! `testkit/tests/it/lint.rs`, so that the advice says what decisions do.

use std::net::IpAddr;

/// How well a text is a date (`COND-65`, `COND-66`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateShape {
    /// As the W3C profile of ISO 8601 writes it.
    Iso,
    /// Read, but written in another way: this is what is odd.
    Odd(&'static str),
}

/// Takes digits off the front, at least one.
fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    (!digits.is_empty()).then_some((digits, rest))
}

/// Takes `.digits` off the front, if there is a point.
fn fraction(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => Some(("", text)),
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

/// `[+-]digits[.digits][e[+-]digits]` (`COND-55`), the exponent of at most 18 digits.
///
/// ```
/// use portcullis_syntax::lint::shapes::is_number;
/// assert!(is_number("-1.5e3") && !is_number("ten"));
/// ```
pub fn is_number(text: &str) -> bool {
    let exponent = |rest: &str| match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(rest) => digits(unsigned(rest)).is_some_and(|(digits, rest)| {
            rest.is_empty() && digits.trim_start_matches('0').len() <= 18
        }),
    };
    let parts = digits(unsigned(text)).and_then(|(_, rest)| fraction(rest));
    parts.is_some_and(|(_, rest)| exponent(rest))
}

/// A date, however it is written; none if it compares to nothing.
pub fn date(text: &str) -> Option<DateShape> {
    let (year, rest) = match digits(text) {
        Some((year, rest)) if year.len() == 4 && (rest.is_empty() || rest.starts_with('-')) => {
            (year, rest)
        }
        _ => return epoch(text).then_some(DateShape::Odd("it is a number of seconds since 1970")),
    };
    let (month, rest) = part(rest, '-')?;
    let (day, rest) = match month {
        Some(_) => part(rest, '-')?,
        None => (None, rest),
    };
    let is_day = match month {
        Some(month) => (1..=days(year.parse().ok()?, month)).contains(&day.unwrap_or(1)),
        None => true,
    };
    if !is_day {
        return None;
    }
    let mut letters = rest.chars();
    match letters.next() {
        None => Some(DateShape::Iso),
        Some(c @ ('T' | 't' | ' ')) if day.is_some() => {
            let shape = time(letters.as_str())?;
            Some(match c {
                'T' => shape,
                _ => DateShape::Odd("date and time are separated by an uppercase `T`"),
            })
        }
        Some(_) => None,
    }
}

fn time(text: &str) -> Option<DateShape> {
    let (hour, rest) = two(text)?;
    let (minute, rest) = part(rest, ':')?;
    let (second, rest) = part(rest, ':')?;
    let (places, rest) = match second {
        Some(_) => fraction(rest)?,
        None => ("", rest),
    };
    let is_time = hour < 24 && minute? < 60 && second.unwrap_or(0) < 60;
    if !is_time || places.trim_end_matches('0').len() > 18 {
        return None;
    }
    match rest {
        "Z" => return Some(DateShape::Iso),
        "z" => return Some(DateShape::Odd("the time zone is an uppercase `Z`")),
        "" => return Some(DateShape::Odd("it has no time zone and is read as UTC")),
        _ => {}
    }
    let (hours, rest) = two(rest.strip_prefix(['+', '-'])?)?;
    let (minutes, rest) = two(rest.strip_prefix(':')?)?;
    (hours < 24 && minutes < 60 && rest.is_empty()).then_some(DateShape::Iso)
}

fn two(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((digits.parse().ok()?, rest))
}

/// Two digits behind a separator, if the separator is there.
fn part(text: &str, separator: char) -> Option<(Option<u32>, &str)> {
    match text.strip_prefix(separator) {
        Some(rest) => two(rest).map(|(value, rest)| (Some(value), rest)),
        None => Some((None, text)),
    }
}

fn days(year: u32, month: u32) -> u32 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// `[+-]digits[.digits]` less than 10^18 seconds from 1970, exact to 10^-18 s.
fn epoch(text: &str) -> bool {
    let Some((whole, rest)) = digits(unsigned(text)) else {
        return false;
    };
    let (limit, places) = match whole.len() >= 12 {
        true => (21, 15),
        false => (18, 18),
    };
    fraction(rest).is_some_and(|(fraction, rest)| {
        rest.is_empty()
            && fraction.trim_end_matches('0').len() <= places
            && whole.trim_start_matches('0').len() <= limit
    })
}

/// An address or a block of addresses (`COND-75` to `COND-77`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    bits: u128,
    /// Bits of an address, and how many of them are the same in all of the block.
    width: u32,
    prefix: u32,
}

impl Block {
    /// Reads an address or `address/prefix`; none if it compares to nothing.
    pub fn parse(text: &str) -> Option<Block> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let (bits, width) = match address.parse().ok()? {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let prefix = match prefix {
            None => width,
            Some(text) => {
                let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
                let is_padded = text.len() > 1 && text.starts_with('0');
                text.parse().ok().filter(|_| is_plain && !is_padded)?
            }
        };
        (prefix <= width).then_some(Block {
            bits,
            width,
            prefix,
        })
    }

    fn host_bits(self) -> u128 {
        1u128
            .checked_shl(self.width - self.prefix)
            .map_or(u128::MAX, |end| end - 1)
    }

    /// True if bits are set that the block ignores (`COND-77`).
    pub fn has_host_bits(self) -> bool {
        self.bits & self.host_bits() != 0
    }

    /// The block as it should be written.
    pub fn canonical(self) -> String {
        let base = self.bits & !self.host_bits();
        let address = match self.width {
            32 => IpAddr::from(u32::try_from(base).unwrap_or_default().to_be_bytes()),
            _ => IpAddr::from(base.to_be_bytes()),
        };
        format!("{address}/{}", self.prefix)
    }

    /// True if all of the block is private (`COND-79`): no request from outside comes from there.
    pub fn is_private(self) -> bool {
        const PRIVATE: [&str; 6] = [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "fc00::/7",
        ];
        PRIVATE
            .iter()
            .filter_map(|text| Block::parse(text))
            .any(|own| {
                own.width == self.width
                    && own.prefix <= self.prefix
                    && (self.bits ^ own.bits) & !own.host_bits() == 0
            })
    }
}

/// Canonical base64 of RFC 4648 (`COND-71`): the standard alphabet, padded, unused bits zero. So equal bytes are equal texts, and
/// what is not canonical equals nothing. The reference has a reader of its own.
pub fn is_base64(text: &str) -> bool {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits = text
        .strip_suffix("==")
        .or_else(|| text.strip_suffix('='))
        .unwrap_or(text);
    let unused = match text.len() - digits.len() {
        0 => 0,
        1 => 0b11,
        _ => 0b1111,
    };
    let last = digits
        .bytes()
        .next_back()
        .and_then(value)
        .unwrap_or_default();
    text.len() % 4 == 0 && digits.bytes().all(|byte| value(byte).is_some()) && last & unused == 0
}

/// `true` or `false`, in any letter case (`COND-70`).
pub fn is_bool(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cond_71_canonical_base64() {
        for text in ["", "QQ==", "QUI=", "QUJD", "++//", "QUJDRA=="] {
            assert!(is_base64(text), "{text}");
        }
        for text in [
            "Q", "QQ", "QQ=", "QR==", "QUJ=", "=", "====", "QQ==QQ==", "QU-D", "QUJD\n", "QQ= =",
        ] {
            assert!(!is_base64(text), "{text}");
        }
    }

    #[test]
    fn dates_in_other_spellings() {
        for text in [
            "2026",
            "2026-01",
            "2024-02-29",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00.5+01:00",
        ] {
            assert_eq!(date(text), Some(DateShape::Iso), "{text}");
        }
        for text in [
            "1767225600",
            "20260101",
            "-5",
            "2026-01-01t00:00Z",
            "2026-01-01 00:00Z",
            "2026-01-01T00:00",
            "2026-01-01T00:00z",
        ] {
            assert!(matches!(date(text), Some(DateShape::Odd(_))), "{text}");
        }
        for text in [
            "",
            "soon",
            "2026-1-1",
            "2026-02-29",
            "2026-13",
            "2026-01T00:00Z",
            "01/02/2026",
            "2026-01-01T24:00Z",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn blocks_of_addresses() {
        let private = |text| Block::parse(text).unwrap().is_private();
        assert!(
            private("10.1.2.3")
                && private("172.16.0.0/12")
                && private("fd00::1")
                && private("192.168.1.0/24")
        );
        assert!(
            !private("10.0.0.0/7")
                && !private("172.32.0.1")
                && !private("0.0.0.0/0")
                && !private("2001:db8::/32")
        );
        for (text, expected) in [
            ("203.0.113.9/24", "203.0.113.0/24"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("1.2.3.4/0", "0.0.0.0/0"),
        ] {
            let block = Block::parse(text).unwrap();
            assert!(block.has_host_bits());
            assert_eq!(block.canonical(), expected);
        }
        assert!(!Block::parse("203.0.113.9").unwrap().has_host_bits());
        assert!(!Block::parse("::/0").unwrap().has_host_bits());
    }
}
