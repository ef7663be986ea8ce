//! Sections 3.5 to 3.8: the values by themselves.

use core::cmp::Ordering;

use portcullis_reference::{Instant, Number, decode_base64, parse_cidr, parse_ip};

#[test]
fn cond_55_what_is_a_number() {
    for text in [
        "0",
        "-0",
        "+1",
        "007",
        "1.50",
        "1e3",
        "1E+3",
        "1e-3",
        "1e000000000000000000000001",
        "1e999999999999999999",
        "0e-999999999999999999",
    ] {
        assert!(Number::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        "-",
        "+-1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "1.e3",
        " 1",
        "1 ",
        "1_0",
        "0x10",
        "NaN",
        "inf",
        "1e1000000000000000000",
        "0e1000000000000000000",
        "1,5",
        "\u{661}",
    ] {
        assert!(Number::parse(text).is_none(), "{text}");
    }
}

#[test]
fn cond_55_numbers_are_exact() {
    // Ascending; the texts of one row are equal.
    let rows: &[&[&str]] = &[
        &["-1e999999999999999999"],
        &["-10.5"],
        &["-10", "-1e1"],
        &["-0.001"],
        &["0", "-0", "+0.0", "0e5", "000"],
        &["1e-999999999999999999"],
        &["0.09"],
        &["0.1", "0.10", "1e-1", "10e-2", "00.100e0"],
        &["0.1000000000000000000001"],
        &["9007199254740992"],
        &["9007199254740993", "9007199254740993.0"],
        &["1e30", "1000000000000000000000000000000"],
        &["1000000000000000000000000000001"],
        &["1e999999999999999999"],
        &["9.9e999999999999999999"],
    ];
    for (i, left) in rows.iter().enumerate() {
        for (j, right) in rows.iter().enumerate() {
            for a in *left {
                for b in *right {
                    let (x, y) = (Number::parse(a).unwrap(), Number::parse(b).unwrap());
                    assert_eq!(x.compare(&y), i.cmp(&j), "{a} {b}");
                    assert_eq!(x == y, i == j, "{a} {b}");
                }
            }
        }
    }
}

#[test]
fn cond_65_to_67_equal_dates() {
    for group in [
        &[
            "2024",
            "2024-01",
            "2024-01-01",
            "2024-01-01T00:00Z",
            "1704067200",
            "1704067200.0",
            "1704067200000",
            "+1704067200",
            "2024-01-01 00:00",
            "2024-01-01t01:30+01:30",
            "2023-12-31T19:00:00.000-05:00",
            "2024-01-01T00:00:00z",
            "2024-01-01T00:00:00",
        ][..],
        &[
            "1970",
            "0",
            "-0",
            "0.0",
            "00000",
            "+0000",
            "000000000000",
            "1970-01-01T00:00-00:00",
        ],
        &["-1", "1969-12-31T23:59:59Z", "-1.0", "-000000001000"],
        &["2024-02-29", "1709164800"],
        &[
            "1970-01-01T00:00:00.5Z",
            "0.5",
            "0.500000000000000000000000",
            "000000000500",
        ],
        &["000000000001.5", "0.0015"],
        &["0000-01-01", "-62167219200"],
        &["253402300799000", "9999-12-31T23:59:59Z"],
        &["+9999", "09999", "1970-01-01T02:46:39"],
        &["0.000000000000000001", "0.0000000000000000010"],
    ] {
        for text in group {
            assert!(Instant::parse(text).is_some(), "{text}");
            assert_eq!(Instant::parse(text), Instant::parse(group[0]), "{text}");
        }
    }
}

#[test]
fn cond_67_order_of_dates() {
    let ascending = [
        "-99999999999",
        "0000",
        "1969-12-31T23:59:59.999999999999999999Z",
        "1970",
        "0.000000000000000001",
        "999",
        "9998.5",
        "1999",
        "2000-02-29T23:59-23:59",
        "2024",
        "2024-01-01T00:00:00.1Z",
        "2024-01-01T00:00:01+00:00",
        "99999999999",
        "9999",
        "99999999999999999999",
    ];
    for pair in ascending.windows(2) {
        let (a, b) = (Instant::parse(pair[0]), Instant::parse(pair[1]));
        assert!(a.is_some() && b.is_some(), "{pair:?}");
        assert_eq!(a.cmp(&b), Ordering::Less, "{pair:?}");
    }
}

#[test]
fn cond_65_what_is_no_date() {
    for text in [
        "",
        "-",
        "20x4",
        "2024-",
        "2024-1",
        "2024-13",
        "2024-00",
        "2024-01-00",
        "2024-01-32",
        "2023-02-29",
        "1900-02-29",
        "2024-04-31",
        "2024-01-01T",
        "2024-01-01T24:00Z",
        "2024-01-01T00",
        "2024-01-01T00:60Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,5Z",
        "2024-01-01  00:00",
        "2024-01-01T00:00 Z",
        "2024-01-01T00:00ZZ",
        "2024-01-01T00:00+24:00",
        "2024-01-01T00:00+00:60",
        "2024-01-01T00:00+0100",
        "2024-01-01T00:00+1",
        "2024-01-01Z",
        "2024Z",
        " 2024",
        "2024 ",
        "1e3",
        "1.",
        ".5",
        "--1",
        "+9999-01-01",
        "2024-01-01T00:00.5Z",
        "\u{FF12}024",
        // More than 18 places, or 10^18 seconds.
        "0.0000000000000000001",
        "2024-01-01T00:00:00.0000000000000000001Z",
        "000000000000.0000000000000001",
        "1000000000000000000000",
        "-1000000000000000000000",
    ] {
        assert_eq!(Instant::parse(text), None, "{text}");
    }
    assert!(Instant::parse("999999999999999999999.999999999999999").is_some());
    assert!(Instant::parse("000000000000000000000000000000000000000001").is_some());
}

#[test]
fn cond_77_addresses() {
    assert!(parse_ip("::1").is_some());
    for text in [
        "",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "1.2.3.4:80",
        "[::1]",
        "fe80::1%eth0",
        "::g",
    ] {
        assert_eq!(parse_ip(text), None, "{text}");
        assert_eq!(parse_cidr(text), None, "{text}");
    }
    assert_eq!(parse_cidr("::/129"), None);
    assert_eq!(parse_cidr("1.2.3.4/256"), None);
    assert_eq!(parse_cidr("1.2.3.4/4294967296"), None);
    assert!(parse_cidr("1.2.3.4/0").is_some_and(|block| block.prefix == 0));
}

#[test]
fn cond_71_base64() {
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    assert_eq!(decode_base64(""), bytes(""));
    assert_eq!(decode_base64("Zg=="), bytes("f"));
    assert_eq!(decode_base64("Zm8="), bytes("fo"));
    assert_eq!(decode_base64("Zm9v"), bytes("foo"));
    assert_eq!(decode_base64("+/+/"), Some(vec![0xFB, 0xFF, 0xBF]));
    for text in [
        "Z",
        "Zg",
        "Zg=",
        "Zg===",
        "Z===",
        "====",
        "==",
        "Zh==",
        "Zm9=",
        "Zm 8",
        "Zm8-",
        "Zm=8",
        "=Zm8",
        "Zg==Zg==",
        "\u{E9}\u{E9}",
    ] {
        assert_eq!(decode_base64(text), None, "{text}");
    }
}
