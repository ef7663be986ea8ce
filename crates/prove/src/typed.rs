//! Values with a type: numbers, dates, addresses.
//!
//! What the tests of a key say of a value depends on where it lies among the constants of *all* of them, so one text for
//! each constant, each gap between two, both ends, and "not of the type" stands for all texts. Cells of one test apart
//! from the others are not enough: `4 < n`, `n < 6` and `n ≠ 5` hold together.
//!
//! Every text that is made here is read again and compared; where the text for a cell cannot be written, the list says
//! that it is not complete, and nothing is proved by it.

use std::cmp::Ordering;
use std::net::{Ipv4Addr, Ipv6Addr};

use portcullis_image::value::instant;
use portcullis_image::value::network::{Address, Network};
use portcullis_image::value::number::Number;

/// Which orders of a request value and a constant hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Orders {
    pub(crate) less: bool,
    pub(crate) equal: bool,
    pub(crate) greater: bool,
}

impl Orders {
    pub(crate) fn has(self, order: Ordering) -> bool {
        match order {
            Ordering::Less => self.less,
            Ordering::Equal => self.equal,
            Ordering::Greater => self.greater,
        }
    }
}

/// Texts that stand for all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    pub(crate) texts: Vec<String>,
    /// False if a cell has no text in the list.
    pub(crate) complete: bool,
}

impl Cells {
    /// Adds the first spellings of a text that is to lie in a cell.
    fn add(&mut self, spellings: Option<Vec<String>>, is_in: impl Fn(&str) -> bool) {
        let before = self.texts.len();
        let fine = spellings.into_iter().flatten().filter(|text| is_in(text));
        self.texts.extend(fine);
        self.complete &= self.texts.len() > before;
    }
}

/// Texts that are nothing but texts.
pub(crate) fn plain_texts(count: usize) -> Vec<String> {
    let words = ["x", "none", "other"].map(str::to_owned).into_iter();
    let more = (1..=count).map(|n| format!("x{n}"));
    words.chain(more).take(count + 1).collect()
}

/// Texts for the cells of numbers (`COND-55`), each cell in `spellings` ways.
pub(crate) fn numbers(constants: &[&str], spellings: usize) -> Cells {
    let mut read: Vec<(Number<'_>, &str)> = constants
        .iter()
        .filter_map(|text| Some((Number::parse(text)?, *text)))
        .collect();
    read.sort_by(|a, b| a.0.compare(&b.0));
    read.dedup_by(|a, b| a.0.compare(&b.0) == Ordering::Equal);
    let mut cells = Cells {
        texts: plain_texts(spellings),
        complete: true,
    };
    if read.is_empty() {
        cells.texts.push("1".into());
        return cells;
    }
    let order = |text: &str, other: &Number<'_>| {
        let number = Number::parse(text);
        number.map(|number| number.compare(other))
    };
    for (number, text) in &read {
        let texts = spelled(text, spellings);
        cells.add(Some(texts), |own| {
            order(own, number) == Some(Ordering::Equal)
        });
    }
    for pair in read.windows(2) {
        let [(low, low_text), (high, high_text)] = pair else {
            continue;
        };
        let texts = between(low_text, high_text).map(|text| spelled(&text, spellings));
        cells.add(texts, |own| {
            order(own, low) == Some(Ordering::Greater) && order(own, high) == Some(Ordering::Less)
        });
    }
    if let (Some((first, first_text)), Some((last, last_text))) = (read.first(), read.last()) {
        let texts = beyond(first_text, true).map(|text| spelled(&text, spellings));
        cells.add(texts, |own| order(own, first) == Some(Ordering::Less));
        let texts = beyond(last_text, false).map(|text| spelled(&text, spellings));
        cells.add(texts, |own| order(own, last) == Some(Ordering::Greater));
    }
    cells
}

/// A number written in several ways.
fn spelled(text: &str, count: usize) -> Vec<String> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let point = if mantissa.contains('.') { "" } else { "." };
    let other = |zeros: usize| format!("{mantissa}{point}{}{exponent}", "0".repeat(zeros));
    std::iter::once(text.to_owned())
        .chain((1..=count).map(other))
        .collect()
}

/// The digits of a number before and after the point, without exponent; none if they would be too many.
struct Digits {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Digits {
    fn of(text: &str) -> Option<Digits> {
        let negative = text.starts_with('-');
        let text = text.trim_start_matches(['-', '+']);
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if exponent.unsigned_abs() > 2_000 {
            return None;
        }
        let mut digits = Digits {
            negative,
            whole: whole.to_owned(),
            fraction: fraction.to_owned(),
        };
        for _ in 0..exponent.max(0) {
            let next = match digits.fraction.is_empty() {
                true => '0',
                false => digits.fraction.remove(0),
            };
            digits.whole.push(next);
        }
        for _ in 0..(-exponent).max(0) {
            let next = digits.whole.pop().unwrap_or('0');
            digits.fraction.insert(0, next);
        }
        if digits.whole.is_empty() {
            digits.whole.push('0');
        }
        Some(digits)
    }

    fn is_zero(&self) -> bool {
        self.whole
            .chars()
            .chain(self.fraction.chars())
            .all(|digit| digit == '0')
    }
}

/// A number between two others that differ, the more usual the better.
fn between(low: &str, high: &str) -> Option<String> {
    let millionths = |text: &str| Number::parse(text).and_then(|number| number.millionths());
    if let (Some(from), Some(to)) = (millionths(low), millionths(high)) {
        let whole = (from.div_euclid(1_000_000) + 1) * 1_000_000;
        let found = if whole < to {
            whole
        } else {
            from + (to - from) / 2
        };
        if from < found && found < to {
            let sign = if found < 0 { "-" } else { "" };
            let found = found.unsigned_abs();
            let (whole, rest) = (found / 1_000_000, found % 1_000_000);
            return Some(match rest {
                0 => format!("{sign}{whole}"),
                rest => format!("{sign}{whole}.{rest:06}"),
            });
        }
    }
    let (from, to) = (Digits::of(low)?, Digits::of(high)?);
    let is_below_zero = from.negative && !from.is_zero();
    let (start, other, sign) = match (is_below_zero, to.negative || to.is_zero()) {
        (true, false) => return Some("0".into()),
        // Just below the greater one.
        (true, true) => (&to, &from, "-"),
        (false, _) => (&from, &to, ""),
    };
    let places = start.fraction.len().max(other.fraction.len()) + 1;
    let zeros = "0".repeat(places - start.fraction.len());
    Some(format!("{sign}{}.{}{zeros}1", start.whole, start.fraction))
}

/// A number below or above another.
fn beyond(text: &str, below: bool) -> Option<String> {
    if let Some(millionths) = Number::parse(text)?.millionths() {
        let whole = millionths.div_euclid(1_000_000);
        return Some(if below { whole - 1 } else { whole + 1 }.to_string());
    }
    let digits = Digits::of(text)?;
    let sign = if below { "-" } else { "" };
    Some(format!("{sign}1{}", "0".repeat(digits.whole.len())))
}

/// Parts of a second that an instant counts.
pub(crate) const UNIT: i128 = 1_000_000_000_000_000_000;

/// Texts for the cells of dates (`COND-65` to `COND-67`), each cell in `spellings` ways.
pub(crate) fn dates(constants: &[i128], spellings: usize) -> Cells {
    let mut constants = constants.to_vec();
    constants.sort_unstable();
    constants.dedup();
    let mut cells = Cells {
        texts: plain_texts(spellings),
        complete: true,
    };
    let (Some(first), Some(last)) = (constants.first(), constants.last()) else {
        cells.texts.push("2030-01-01T00:00:00Z".into());
        return cells;
    };
    for at in &constants {
        cells.add(Some(written(*at, spellings)), |text| {
            instant::parse(text) == Some(*at)
        });
    }
    for pair in constants.windows(2) {
        let [low, high] = pair else { continue };
        if high - low == 1 {
            continue; // no instant lies between
        }
        let middle = low + (high - low) / 2;
        let whole = middle - middle.rem_euclid(UNIT);
        let found = if whole > *low { whole } else { middle };
        cells.add(Some(written(found, spellings)), |text| {
            instant::parse(text).is_some_and(|own| *low < own && own < *high)
        });
    }
    let day = 86_400 * UNIT;
    cells.add(Some(written(first - day, spellings)), |text| {
        instant::parse(text).is_some_and(|own| own < *first)
    });
    cells.add(Some(written(last + day, spellings)), |text| {
        instant::parse(text).is_some_and(|own| own > *last)
    });
    cells
}

/// An instant as text, in several ways.
fn written(instant: i128, count: usize) -> Vec<String> {
    let seconds = instant.div_euclid(UNIT);
    let fraction = format!("{:018}", instant.rem_euclid(UNIT));
    let fraction = fraction.trim_end_matches('0');
    let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    if !(0..=9999).contains(&year) {
        // Milliseconds, which have twelve digits or more out there.
        let sign = if instant < 0 { "-" } else { "" };
        let size = instant.unsigned_abs();
        let unit = UNIT.unsigned_abs() / 1000;
        let (whole, rest) = (size / unit, size % unit);
        let zeros = |count: usize| format!("{sign}{whole}.{rest:015}{}", "0".repeat(count));
        return (0..=count).map(zeros).collect();
    }
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let start = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    let zeros = |zeros: usize| match (fraction, zeros) {
        ("", 0) => format!("{start}Z"),
        _ => format!("{start}.{fraction}{}Z", "0".repeat(zeros)),
    };
    (0..=count).map(zeros).collect()
}

/// The year of an instant.
pub(crate) fn year_of(instant: i128) -> i128 {
    civil(instant.div_euclid(86_400 * UNIT)).0
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i128) -> (i128, i128, i128) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    (year, month, day)
}

/// Texts for the cells of addresses (`COND-75` to `COND-78`): both families, and what is no address.
pub(crate) fn addresses(networks: &[Network], spellings: usize) -> Cells {
    // Where the answer may change.
    let mut v4: Vec<u32> = vec![0];
    let mut v6: Vec<u128> = vec![0];
    for network in networks {
        match *network {
            Network::V4 { base, mask } => {
                v4.push(base);
                v4.extend((base | !mask).checked_add(1));
            }
            Network::V6 { base, mask } => {
                v6.push(base);
                v6.extend((base | !mask).checked_add(1));
            }
        }
    }
    // Of the cells without a constant, an address that people know as one of an example.
    v4.push(u32::from(Ipv4Addr::new(203, 0, 113, 77)));
    v6.push(0x2001_0db8 << 96 | 0x77);
    v4.sort_unstable();
    v4.dedup();
    v6.sort_unstable();
    v6.dedup();
    let mut cells = Cells {
        texts: Vec::new(),
        complete: true,
    };
    let example = Ipv4Addr::new(203, 0, 113, 77).to_string();
    cells.texts.push(example);
    for address in v4 {
        let text = Ipv4Addr::from(address).to_string();
        cells.add(Some(vec![text]), |own| {
            Address::parse(own) == Some(Address::V4(address))
        });
    }
    for address in v6 {
        let texts = written_v6(address, spellings);
        cells.add(Some(texts), |own| {
            Address::parse(own) == Some(Address::V6(address))
        });
    }
    cells.texts.extend(plain_texts(spellings));
    cells
}

/// An address in several ways: zeros before its parts, and letters in both cases.
fn written_v6(address: u128, count: usize) -> Vec<String> {
    let short = Ipv6Addr::from(address);
    let parts = short.segments();
    let padded = |from: usize| {
        let one = |(at, part): (usize, &u16)| match (from >> at) & 1 {
            0 => format!("{part:x}"),
            _ => format!("{part:04x}"),
        };
        let texts: Vec<String> = parts.iter().enumerate().map(one).collect();
        texts.join(":")
    };
    let mut texts = vec![short.to_string()];
    for text in (0..256).map(padded) {
        if texts.len() > count {
            break;
        }
        if texts.last() != Some(&text) {
            texts.push(text);
        }
    }
    texts
}
