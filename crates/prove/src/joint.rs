//! Numbers that are dates too: texts for the cells of a key that some tests read as a number and others as a date.
//!
//! `2030` is a number and a year, `5` a number and five seconds after 1970, and with twelve digits or more a number is one of
//! milliseconds (`COND-66`), which zeros before it make of every number. So there are five kinds of texts beside those that
//! are neither: a year, seconds, milliseconds, a number that is no date for its exponent, and a date of the calendar that is
//! no number. Within a kind the text's value says what all tests say, so one text for each cell of the constants of both
//! sorts, as this kind reads them, stands for all of the kind.

use portcullis_image::value::instant;
use portcullis_image::value::number::Number;

use crate::typed::{Cells, UNIT, dates, numbers, year_of};

/// Instants of the calendar with four digits, but for two days at both ends.
const CALENDAR: core::ops::Range<i128> = -62_167_046_400 * UNIT..253_402_128_000 * UNIT;

/// Texts for the cells of numbers and dates together, each cell in `spellings` ways, but for years, which have one.
pub(crate) fn numbers_and_dates(
    constants: &[&str],
    instants: &[i128],
    named: &[&str],
    spellings: usize,
) -> Cells {
    let mut cells = numbers(constants, spellings);
    // No date, by its exponent.
    let exponents = |text: &String| {
        let is_number = Number::parse(text).is_some() && !text.contains(['e', 'E']);
        is_number.then(|| format!("{text}e0"))
    };
    let no_dates: Vec<String> = cells.texts.iter().filter_map(exponents).collect();
    cells.texts.extend(no_dates);
    seconds(&mut cells, constants, instants, spellings, Unit::Seconds);
    seconds(
        &mut cells,
        constants,
        instants,
        spellings,
        Unit::Milliseconds,
    );
    years(&mut cells, constants, instants, named);
    // No number, by its form.
    let calendar = dates(instants, spellings);
    let is_inside = instants.iter().all(|at| CALENDAR.contains(at));
    cells.complete &= calendar.complete && is_inside;
    cells.texts.extend(calendar.texts);
    cells
}

/// How a number without exponent is read as a date.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
}

/// Numbers that are seconds or milliseconds.
fn seconds(cells: &mut Cells, constants: &[&str], instants: &[i128], spellings: usize, unit: Unit) {
    let scale = if unit == Unit::Seconds {
        UNIT
    } else {
        UNIT / 1000
    };
    let as_number = |at: &i128| {
        let sign = if *at < 0 { "-" } else { "" };
        let (whole, rest) = (
            at.unsigned_abs() / scale.unsigned_abs(),
            at.unsigned_abs() % scale.unsigned_abs(),
        );
        let places = if unit == Unit::Seconds { 18 } else { 15 };
        let fraction = format!("{rest:0places$}");
        match fraction.trim_end_matches('0') {
            "" => format!("{sign}{whole}"),
            fraction => format!("{sign}{whole}.{fraction}"),
        }
    };
    let own: Vec<String> = instants.iter().map(as_number).collect();
    let all: Vec<&str> = constants
        .iter()
        .copied()
        .chain(own.iter().map(String::as_str))
        .collect();
    // Where a kind ends, a cell has no text of the kind: only constants far from there are known to be complete.
    let is_usual = |text: &&str| {
        let number = Number::parse(text);
        let short = text
            .split('.')
            .nth(1)
            .is_none_or(|fraction| fraction.trim_end_matches('0').len() <= 9);
        let limit = ["-90000000000", "90000000000"].map(Number::parse);
        let [Some(low), Some(high)] = limit else {
            return false;
        };
        let inside = |own: Number<'_>| own.compare(&low).is_gt() && own.compare(&high).is_lt();
        !text.contains(['e', 'E']) && short && number.is_some_and(inside)
    };
    let is_read = |text: &&&str| Number::parse(text).is_some();
    match unit {
        Unit::Seconds => cells.complete &= all.iter().filter(is_read).all(is_usual),
        // What milliseconds make of dates is a thousand times as large.
        Unit::Milliseconds => {
            let short = |text: &&str| {
                !text.contains(['e', 'E'])
                    && text.len() < 40
                    && text
                        .split('.')
                        .nth(1)
                        .is_none_or(|own| own.trim_end_matches('0').len() <= 9)
            };
            cells.complete &= all.iter().filter(is_read).all(short);
        }
    }
    // A point makes two spellings one.
    let found = numbers(&all, spellings + 1);
    cells.complete &= found.complete;
    for text in found.texts {
        if Number::parse(&text).is_none() {
            continue;
        }
        let text = match unit {
            Unit::Seconds => with_point(&text),
            Unit::Milliseconds => padded(&text),
        };
        cells.complete &= instant::parse(&text).is_some();
        cells.texts.push(text);
    }
}

/// A number with a point, so that four digits are no year.
fn with_point(text: &str) -> String {
    match text.contains('.') {
        true => text.to_owned(),
        false => format!("{text}.0"),
    }
}

/// A number with twelve digits or more before its point.
fn padded(text: &str) -> String {
    let (sign, rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.get(..1).unwrap_or_default(), rest),
        None => ("", text),
    };
    let digits = rest.split('.').next().unwrap_or_default().len();
    format!(
        "{sign}{}{rest}",
        "0".repeat(12_usize.saturating_sub(digits))
    )
}

/// Years: each at which an answer may change, and its neighbors.
fn years(cells: &mut Cells, constants: &[&str], instants: &[i128], named: &[&str]) {
    let mut found: Vec<i128> = vec![0, 9999];
    let whole = |text: &str| -> Option<i128> {
        let start = text.trim_start_matches('+');
        let digits = start.split(['.', 'e', 'E']).next()?;
        digits.parse().ok()
    };
    let numbers = constants.iter().chain(named).filter_map(|text| whole(text));
    for at in numbers.chain(instants.iter().map(|at| year_of(*at))) {
        found.extend([at - 2, at - 1, at, at + 1, at + 2]);
    }
    found.retain(|year| (0..=9999).contains(year));
    found.sort_unstable();
    found.dedup();
    let texts: Vec<String> = found.iter().map(|year| format!("{year:04}")).collect();
    cells.texts.extend(texts);
    // Between two neighbors nothing changes: one of those that stand for it is there.
    let mid = |pair: &[i128]| match pair {
        [a, b] if b - a > 1 => Some(a + 1),
        _ => None,
    };
    let between: Vec<i128> = found.windows(2).filter_map(mid).collect();
    cells
        .texts
        .extend(between.iter().map(|year| format!("{year:04}")));
}
