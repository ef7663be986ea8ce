//! Typed values: the reader of the machine and that of the reference, each against a third that is
//! not ours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use jiff::civil;
use jiff::tz::Offset;
use portcullis_image::value::instant;
use portcullis_image::value::network::{Address, Network};
use portcullis_image::value::number::Number;
use portcullis_reference as reference;

use super::decimal::{Decimal, Reading};
use super::input::{pair, text};

/// Two texts as numbers: read as such by the same rules, and in the order of the numbers written out
/// in full (`COND-55`, `COND-56`).
pub fn number(data: &[u8]) {
    const PIECES: [&str; 20] = [
        "0", "1", "2", "5", "9", "0", "00", "10", "99", "123456", ".", "-", "+", "e", "E", "e-",
        "\n", "\n", " ", "000001",
    ];
    let text = text(data, &PIECES);
    let (a, b) = pair(text.get(..400).unwrap_or(&text));
    let machine = (Number::parse(a), Number::parse(b));
    let plain = (reference::Number::parse(a), reference::Number::parse(b));
    let exact = (Decimal::read(a), Decimal::read(b));
    for (text, machine, plain, exact) in [
        (a, &machine.0, &plain.0, &exact.0),
        (b, &machine.1, &plain.1, &exact.1),
    ] {
        let is_number = !matches!(exact, Reading::Nothing);
        assert_eq!(machine.is_some(), is_number, "the machine reads {text:?}");
        assert_eq!(plain.is_some(), is_number, "the reference reads {text:?}");
        let millionths = machine.and_then(|number| number.millionths());
        if let (Some(millionths), Reading::Exactly(exact)) = (millionths, exact) {
            let expected = exact.times_ten_to(6);
            assert_eq!(Some(i128::from(millionths)), expected, "{text:?}");
        }
    }
    let (Some(x), Some(y)) = machine else { return };
    let (Some(v), Some(w)) = plain else { return };
    let order = x.compare(&y);
    assert_eq!(v.compare(&w), order, "{a:?} and {b:?}");
    assert_eq!(y.compare(&x), order.reverse(), "{a:?} and {b:?}");
    if let (Reading::Exactly(exact), Reading::Exactly(other)) = (&exact.0, &exact.1) {
        assert_eq!(exact.order(other), order, "{a:?} and {b:?}");
    }
    if let (Some(x), Some(y)) = (x.millionths(), y.millionths()) {
        assert_eq!(x.cmp(&y), order, "{a:?} and {b:?}");
    }
}

/// Two texts as dates: read as such by the same rules, as the instant that jiff's calendar gives, and
/// in the order of these (`COND-65` to `COND-68`).
pub fn date(data: &[u8]) {
    const PIECES: [&str; 32] = [
        "0",
        "1",
        "2",
        "3",
        "9",
        "00",
        "12",
        "31",
        "59",
        "1970",
        "2024",
        "1900",
        "9999",
        "-02",
        "-29",
        "-",
        "-01",
        "T",
        "t",
        " ",
        "23:59",
        ":00",
        ":",
        ".",
        "+01:30",
        "-00:00",
        "Z",
        "z",
        "\n",
        "2026-01-01",
        "T12:34:56",
        "1767225600000",
    ];
    let text = text(data, &PIECES);
    let (a, b) = pair(text.get(..200).unwrap_or(&text));
    let mut machine = [None; 2];
    let mut plain = [None; 2];
    for (at, text) in [a, b].into_iter().enumerate() {
        let expected = instant_by_jiff(text);
        let ours = (instant::parse(text), reference::Instant::parse(text));
        assert_eq!(ours.0, expected, "the machine reads {text:?}");
        assert_eq!(
            ours.1.is_some(),
            expected.is_some(),
            "the reference reads {text:?}"
        );
        (machine[at], plain[at]) = ours;
    }
    if let ([Some(x), Some(y)], [Some(v), Some(w)]) = (machine, plain) {
        assert_eq!(x.cmp(&y), v.cmp(&w), "{a:?} and {b:?}");
    }
    // The reference tells no number, so it is held against the same instant in epoch seconds.
    if let Some(x) = machine[0] {
        let (sign, size) = (if x < 0 { "-" } else { "+" }, x.unsigned_abs());
        let unit = 1_000_000_000_000_000_000;
        // As a year or as milliseconds the text would mean something else.
        if size / unit < 100_000_000_000 {
            let epoch = format!("{sign}{}.{:018}", size / unit, size % unit);
            assert_eq!(reference::Instant::parse(&epoch), plain[0], "{a:?}");
        }
    }
}

/// The instant in 10^-18 s, by a calendar that is not ours.
fn instant_by_jiff(text: &str) -> Option<i128> {
    const UNIT: i128 = 1_000_000_000_000_000_000;
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    let number = |at: usize, len: usize| text.get(at..at + len)?.parse::<i16>().ok();
    let (date, time) = match shape.len() {
        0..=10 => (shape.as_str(), ""),
        _ => shape.split_at_checked(10)?,
    };
    let is_date = ["0000", "0000-00", "0000-00-00"].contains(&date);
    if !is_date || (time.is_empty() && shape.len() > 10) {
        return epoch_by_digits(text);
    }
    let month = if date.len() >= 7 { number(5, 2)? } else { 1 };
    let day = if date.len() == 10 { number(8, 2)? } else { 1 };
    let (mut hour, mut minute, mut second, mut fraction, mut offset) = (0, 0, 0, 0, 0);
    if !time.is_empty() {
        let time = time.strip_prefix(['T', 't', ' '])?;
        let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
        let (clock, zone) = time.split_at(zone_at);
        let (clock, places) = match clock.split_once('.') {
            Some((clock @ "00:00:00", places)) => (clock, places),
            Some(_) => return None,
            None => (clock, "0"),
        };
        if !["00:00", "00:00:00"].contains(&clock) || places.is_empty() {
            return None;
        }
        if !places.bytes().all(|byte| byte == b'0') {
            return None;
        }
        (hour, minute) = (number(11, 2)?, number(14, 2)?);
        if clock.len() == 8 {
            second = number(17, 2)?;
        }
        if time[..zone_at].contains('.') {
            let digits = text.get(20..11 + zone_at)?.trim_end_matches('0');
            if digits.len() > 18 {
                return None;
            }
            fraction = format!("{digits:0<18}").parse().ok()?;
        }
        let at = 11 + zone_at;
        offset = match zone {
            "" | "Z" | "z" => 0,
            "+00:00" | "-00:00" => {
                let (hours, minutes) = (number(at + 1, 2)?, number(at + 4, 2)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let size = i32::from(hours) * 3600 + i32::from(minutes) * 60;
                if zone.starts_with('-') { -size } else { size }
            }
            _ => return None,
        };
    }
    let small = |number: i16| i8::try_from(number).ok();
    let (month, day) = (small(month)?, small(day)?);
    let (hour, minute, second) = (small(hour)?, small(minute)?, small(second)?);
    let date = civil::Date::new(number(0, 4)?, month, day).ok()?;
    let clock = civil::Time::new(hour, minute, second, 0).ok()?;
    // The calendar's instants end with the year 9999 in UTC, so the offset is subtracted after.
    let days = civil::date(1970, 1, 1).until(date).ok()?.get_days();
    let in_day = civil::time(0, 0, 0, 0).until(clock).ok()?;
    let in_day = in_day.total(jiff::Unit::Second).ok()? as i128;
    let seconds = i128::from(days) * 86_400 + in_day - i128::from(offset);
    if let Ok(stamp) = Offset::UTC.to_timestamp(date.to_datetime(clock)) {
        assert_eq!(i128::from(stamp.as_second()) - i128::from(offset), seconds);
    }
    Some(seconds * UNIT + fraction)
}

/// Seconds or milliseconds since 1970 (`COND-66`).
fn epoch_by_digits(text: &str) -> Option<i128> {
    if text.contains(['e', 'E']) {
        return None;
    }
    let Reading::Exactly(number) = Decimal::read(text) else {
        return None;
    };
    // Four digits alone are a year, which the caller has looked at.
    let places = if number.whole_digits() >= 12 { 15 } else { 18 };
    let instant = number.times_ten_to(places)?;
    (instant.unsigned_abs() < 10_u128.pow(36)).then_some(instant)
}

/// A block of addresses and an address: read as such as the standard library and ipnet do, and one in
/// the other if ipnet says so (`COND-75` to `COND-78`).
pub fn address(data: &[u8]) {
    const PIECES: [&str; 32] = [
        "0",
        "1",
        "9",
        "10",
        "127",
        "203",
        "255",
        "256",
        "01",
        ".",
        ".",
        ".0",
        ".0.0.1",
        "192.168.1.",
        "10.0.0.0",
        "/",
        "/8",
        "/24",
        "/32",
        "/33",
        "/0",
        "/128",
        "/08",
        ":",
        "::",
        "2001:db8",
        "ffff",
        "::ffff:1.2.3.4",
        "fe80::1",
        "%eth0",
        "\n",
        "\n10.0.0.1",
    ];
    let text = text(data, &PIECES);
    let (block, address) = pair(text.get(..120).unwrap_or(&text));

    let expected = block_by_ipnet(block);
    let machine = Network::parse(block);
    let plain = reference::parse_cidr(block);
    assert_eq!(
        machine,
        expected.map(network),
        "the machine reads {block:?}"
    );
    assert_eq!(
        plain.map(|cidr| (cidr.address, cidr.prefix)),
        expected.map(|net| (net.addr(), net.prefix_len())),
        "the reference reads {block:?}"
    );

    let address_by_std: Option<IpAddr> = address.parse().ok();
    let ours = Address::parse(address);
    let expected_address = address_by_std.map(|address| match address {
        IpAddr::V4(address) => Address::V4(address.to_bits()),
        IpAddr::V6(address) => Address::V6(address.to_bits()),
    });
    assert_eq!(ours, expected_address, "the machine reads {address:?}");
    assert_eq!(reference::parse_ip(address), address_by_std);

    let (Some(machine), Some(plain)) = (machine, plain) else {
        return;
    };
    let (Some(net), Some(inside), Some(ours)) = (expected, address_by_std, ours) else {
        return;
    };
    let contains = net.contains(&inside);
    assert_eq!(machine.contains(ours), contains, "{block:?} {address:?}");
    assert_eq!(plain.contains(inside), contains, "{block:?} {address:?}");
}

/// A block as ipnet reads it. The address must be one for the standard library too, since ipnet takes
/// leading zeros in it, and the length of the prefix must be written in the shortest way.
fn block_by_ipnet(text: &str) -> Option<IpNet> {
    match text.split_once('/') {
        None => text.parse::<IpAddr>().ok().map(IpNet::from),
        Some((address, length)) => {
            address.parse::<IpAddr>().ok()?;
            let net: IpNet = text.parse().ok()?;
            (net.prefix_len().to_string() == length).then_some(net)
        }
    }
}

fn network(net: IpNet) -> Network {
    match net {
        IpNet::V4(net) => Network::V4 {
            base: Ipv4Addr::to_bits(net.network()),
            mask: Ipv4Addr::to_bits(net.netmask()),
        },
        IpNet::V6(net) => Network::V6 {
            base: Ipv6Addr::to_bits(net.network()),
            mask: Ipv6Addr::to_bits(net.netmask()),
        },
    }
}
