//! The advice on values says what decisions do: a value is called unusable exactly if the reference cannot read it
//! (`COND-56`, `COND-68`, `COND-70`, `COND-71`, `COND-77`).

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_reference::{Instant, Number, decode_base64, parse_bool, parse_cidr};
use portcullis_syntax::codes;

use portcullis_syntax::lint::lint;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_testkit::Bytes;
use serde_json::json;

/// True if the advice calls the value unusable under the operator.
fn is_unusable(operator: &str, value: &str) -> bool {
    let text = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {operator: {"example:Key": value}}}})
    .to_string();
    let arena = Bump::new();
    let (document, _) = parse_policy(&text, ReadOptions::new(PolicyKind::Identity), &arena);
    let codes = [
        codes::TYPE_MISMATCH_NUMBER,
        codes::TYPE_MISMATCH_DATE,
        codes::TYPE_MISMATCH_BOOLEAN,
        codes::TYPE_MISMATCH_STRING,
        codes::TYPE_MISMATCH_IP_RANGE,
    ];
    lint(&document.unwrap())
        .iter()
        .any(|found| codes.contains(&found.code))
}

fn check(value: &str) -> usize {
    let readings = [
        ("NumericLessThan", Number::parse(value).is_some()),
        ("DateLessThan", Instant::parse(value).is_some()),
        ("Bool", parse_bool(value).is_some()),
        ("Null", parse_bool(value).is_some()),
        ("BinaryEquals", decode_base64(value).is_some()),
        ("IpAddress", parse_cidr(value).is_some()),
    ];
    for (operator, is_read) in readings {
        assert_eq!(
            is_unusable(operator, value),
            !is_read,
            "{operator} {value:?}"
        );
    }
    readings.iter().filter(|(_, is_read)| *is_read).count()
}

#[test]
fn advice_on_values_is_what_the_reference_does() {
    let seeds = [
        "0",
        "-1.50",
        "+1e3",
        "1E-05",
        "12345678901234567890",
        "1e1234567890123456789",
        "2026",
        "2026-02",
        "2024-02-29",
        "2026-01-31T12:00:00Z",
        "2026-01-31 12:00z",
        "2026-01-31t23:59:59.123456789+05:30",
        "1767225600",
        "-176722560000.5",
        "999999999999999999",
        "true",
        "FALSE",
        "aGVsbG8=",
        "aGk=",
        "AAAA",
        "203.0.113.0/24",
        "10.1.2.3",
        "2001:db8::/32",
        "::ffff:1.2.3.4",
        "0.0.0.0/0",
        "",
    ];
    let pieces = [
        "0", "9", "1", "-", "+", ".", ":", "/", "e", "T", "Z", " ", "=", "A", "f", "2026-", "00",
    ];
    let mut read = 0;
    let mut count = 0;
    for seed in seeds {
        assert!(
            seed.is_empty() || check(seed) > 0 || seed.starts_with("1e1"),
            "{seed}"
        );
        for number in 0..600 {
            let mut source = Bytes::new(number);
            let mut value = seed.to_owned();
            for _ in 0..=source.below(2) {
                let at = source.below(value.len() + 1);
                let end = (at + source.below(3)).min(value.len());
                value.replace_range(at..end, pieces[source.below(pieces.len())]);
            }
            read += check(&value);
            count += 6;
        }
    }
    println!("{count} values, {read} of them read");
    assert!(read > 2_000, "{read}");
}
