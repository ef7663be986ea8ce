//! Statistics over rounds.

/// The median; of an even number of values the mean of the two in the middle. None of no values.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted.get(middle).copied(),
        _ => Some((sorted.get(middle.checked_sub(1)?)? + sorted.get(middle)?) / 2.0),
    }
}

/// The median over rounds of the ratio within a round. Rounds that lack one of the two are left out:
/// a ratio of figures from different rounds would compare different moments of the machine.
pub(crate) fn ratio(of: &[Option<f64>], to: &[Option<f64>]) -> Option<f64> {
    let pairs = of
        .iter()
        .zip(to)
        .filter_map(|(of, to)| Some((*of)? / (*to)?));
    median(&pairs.filter(|ratio| ratio.is_finite()).collect::<Vec<_>>())
}

/// Nanoseconds for people: three digits that mean something.
pub(crate) fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    format!("{} {unit}", digits(value))
}

/// Bytes for people.
pub(crate) fn bytes(bytes: f64) -> String {
    let (value, unit) = match bytes {
        n if n < 1024.0 => (n, "B"),
        n if n < 1024.0 * 1024.0 => (n / 1024.0, "KiB"),
        n if n < 1024.0 * 1024.0 * 1024.0 => (n / 1024.0 / 1024.0, "MiB"),
        n => (n / 1024.0 / 1024.0 / 1024.0, "GiB"),
    };
    format!("{} {unit}", digits(value))
}

/// A number with about three digits, thousands set apart.
pub(crate) fn digits(value: f64) -> String {
    match value.abs() {
        n if n >= 100.0 => grouped(value),
        n if n >= 10.0 => format!("{value:.1}"),
        0.0 => "0".into(),
        _ => format!("{value:.2}"),
    }
}

/// A whole number, thousands set apart.
pub(crate) fn grouped(value: f64) -> String {
    let plain = format!("{value:.0}");
    let mut out = String::new();
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index) % 3 == 0 && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{bytes, digits, grouped, median, ratio, time};

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }

    #[test]
    fn ratios_are_of_one_round() {
        let of = [Some(10.0), None, Some(40.0), Some(90.0)];
        let to = [Some(1.0), Some(1.0), Some(2.0), Some(3.0)];
        assert_eq!(ratio(&of, &to), Some(20.0));
        assert_eq!(ratio(&[Some(1.0)], &[None]), None);
        assert_eq!(ratio(&[Some(1.0)], &[Some(0.0)]), None);
    }

    #[test]
    fn figures_for_people() {
        assert_eq!(time(14.25), "14.2 ns");
        assert_eq!(time(1_500.0), "1.50 µs");
        assert_eq!(time(16_000_000.0), "16.0 ms");
        assert_eq!(bytes(2048.0), "2.00 KiB");
        assert_eq!(digits(0.0), "0");
        assert_eq!(grouped(1_234_567.0), "1,234,567");
        assert_eq!(grouped(123.0), "123");
        assert_eq!(grouped(-1_234.0), "-1,234");
    }
}
