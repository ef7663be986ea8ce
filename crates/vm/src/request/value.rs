//! Values of condition keys as a host has them, and what a condition reads of them.
//!
//! A host has numbers, instants and addresses; writing them as texts only to have them read again is work for
//! nothing: reading a date takes 138 instructions, an IPv4 address 99 (`docs/benchmarks/targets.md`). Decisions are those by
//! the text: a condition on the text of a number sees what AWS would write.

use alloc::string::String;
use core::fmt::Write;
use core::net::IpAddr;
use core::time::Duration;

use portcullis_image::Class;
use portcullis_image::value::instant;
use portcullis_image::value::network::Address;

/// A value of a condition key.
///
/// Numbers, instants and addresses need not be written as text only to be read again; conditions on their text,
/// such as `StringLike` on `aws:SourceIp`, see the text that AWS would.
///
/// ```
/// use portcullis_vm::Value;
/// assert_eq!(Value::from("a"), Value::Text("a"));
/// assert_eq!(Value::from(7_i64), Value::Number(7));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A text, which is a number, a date or an address where a condition asks for one (`COND-51`).
    Text(&'a str),
    /// Several texts: the key is multivalued (`COND-20`).
    Texts(&'a [&'a str]),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// An instant, as the time since 1970-01-01T00:00:00Z. Conditions on its text see whole seconds.
    Time(Duration),
    /// An address. One of IPv4 that a socket for both tells as `::ffff:192.0.2.1` is another address to policies
    /// (`COND-75`): give its [`to_canonical`](IpAddr::to_canonical).
    Ip(IpAddr),
    /// The key is known to have no value: it is absent, and not derived from the request either (`KEY-2`).
    Absent,
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Value<'a> {
        Value::Text(text)
    }
}

impl<'a> From<&'a [&'a str]> for Value<'a> {
    fn from(texts: &'a [&'a str]) -> Value<'a> {
        Value::Texts(texts)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Number(number)
    }
}

impl From<IpAddr> for Value<'_> {
    fn from(address: IpAddr) -> Self {
        Value::Ip(address)
    }
}

impl<'a> Value<'a> {
    /// The value that is written as exactly this text, for hosts that read texts once and ask many times: a truth value,
    /// a whole number, an address, an instant of whole seconds, or else the text.
    ///
    /// Decisions are those by the text.
    ///
    /// ```
    /// use portcullis_vm::Value;
    /// assert_eq!(Value::of_text("10"), Value::Number(10));
    /// assert_eq!(Value::of_text("010"), Value::Text("010"));
    /// assert_eq!(Value::of_text("203.0.113.9"), Value::Ip("203.0.113.9".parse().unwrap()));
    /// ```
    pub fn of_text(text: &'a str) -> Value<'a> {
        let mut written = String::new();
        let read = match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => {
                let number = || text.parse().ok().map(Value::Number);
                let address = || text.parse().ok().map(Value::Ip);
                let instant = || {
                    let seconds = instant::parse(text)? / SECONDS;
                    let seconds = u64::try_from(seconds).ok()?;
                    Some(Value::Time(Duration::from_secs(seconds)))
                };
                number().or_else(address).or_else(instant)
            }
        };
        let is_it = |value: &Value<'_>| {
            value.write(&mut written);
            written == text
        };
        read.filter(is_it).unwrap_or(Value::Text(text))
    }

    /// The text of a value that has one and is given as it.
    #[inline]
    pub(crate) fn text(self, nth: usize) -> Option<&'a str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Texts(texts) => texts.get(nth).copied(),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            Value::Number(_) | Value::Time(_) | Value::Ip(_) | Value::Absent => None,
        }
    }

    /// Appends the text of a number, an instant or an address, as AWS writes it in a request's context; of others their text.
    pub(crate) fn write(self, out: &mut String) {
        // Writing to a `String` cannot fail.
        let _ = match self {
            Value::Number(number) => write!(out, "{number}"),
            Value::Ip(address) => write!(out, "{address}"),
            Value::Time(since) => write_instant(since.as_secs(), out),
            Value::Text(_) | Value::Texts(_) | Value::Bool(_) | Value::Absent => {
                out.push_str(self.text(0).unwrap_or_default());
                Ok(())
            }
        };
    }
}

/// `YYYY-MM-DDThh:mm:ssZ`, and seconds alone where the year has more digits than that: the forms in which AWS writes and reads
/// dates.
fn write_instant(seconds: u64, out: &mut String) -> core::fmt::Result {
    const DAY: u64 = 86_400;
    /// The first second of the year 10000.
    const FAR: u64 = 253_402_300_800;
    if seconds >= FAR {
        return write!(out, "{seconds}");
    }
    let (days, rest) = (seconds / DAY, seconds % DAY);
    // Years that begin in March, in eras of 400: the leap day is the last of its year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = match month {
        0..=9 => (month + 3, 0),
        _ => (month - 9, 1),
    };
    let year = era * 400 + year + carry;
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    write!(
        out,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    )
}

/// What a value that is not given as text is to a slot of a class, if it need not be read; none if the class asks for another
/// kind, and the value is then taken by its text.
#[inline]
pub(crate) fn native(value: &Value<'_>, class: Class) -> Option<Native> {
    Some(match (*value, class) {
        (Value::Number(number), Class::Number) => {
            Native::Millionths(number.checked_mul(1_000_000)?)
        }
        (Value::Time(since), Class::Date) => {
            // Both factors are below 2^65, and a date is less than 10^18 s away (`COND-65`).
            let seconds = i128::from(since.as_secs());
            if seconds >= SECONDS {
                return None;
            }
            let nanos = i128::from(since.subsec_nanos());
            Native::Instant(seconds * SECONDS + nanos * 1_000_000_000)
        }
        (Value::Ip(IpAddr::V4(address)), Class::Address) => {
            Native::Address(Address::V4(u32::from(address)))
        }
        (Value::Ip(IpAddr::V6(address)), Class::Address) => {
            Native::Address(Address::V6(u128::from(address)))
        }
        _ => return None,
    })
}

/// Parts of a second that an instant counts.
const SECONDS: i128 = 1_000_000_000_000_000_000;

/// A value as conditions compare it, in no need of being read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Native {
    /// A whole number of millionths.
    Millionths(i64),
    /// 10^-18 s since 1970.
    Instant(i128),
    /// An address of either family.
    Address(Address),
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn instants_are_written_as_they_are_read() {
        for seconds in [
            0,
            951_782_400,
            951_868_799,
            951_868_800,
            1_709_164_800,
            1_782_345_599,
            4_107_542_400,
            253_402_300_799,
        ] {
            let mut text = String::new();
            Value::Time(Duration::from_secs(seconds)).write(&mut text);
            assert_eq!(text.len(), 20, "{text}");
            let read = instant::parse(&text);
            assert_eq!(read, Some(i128::from(seconds) * SECONDS), "{text}");
        }
        assert!(matches!(
            Value::of_text("2026-01-01T00:00:00Z"),
            Value::Time(_)
        ));
        for text in [
            "",
            "1.0",
            "+1",
            "2026",
            "2026-01-01",
            "2026-01-01T00:00:00.5Z",
            "::0",
            "TRUE",
        ] {
            assert_eq!(
                Value::of_text(text),
                match text {
                    "2026" => Value::Number(2026),
                    text => Value::Text(text),
                },
                "{text}"
            );
        }
        let mut text = String::new();
        Value::Time(Duration::from_secs(253_402_300_800)).write(&mut text);
        assert_eq!(text, 253_402_300_800_u64.to_string());
    }
}
