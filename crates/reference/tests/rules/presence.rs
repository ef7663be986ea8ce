//! Section 3.2: the full presence table.

use crate::build::*;

/// The policy value is `v`; the request values are the columns of the table.
const COLUMNS: [Option<&[Str]>; 8] = [
    None,              // ABSENT
    Some(&["v"]),      // one value that matches
    Some(&["w"]),      // one that does not
    Some(&["v", "v"]), // several, all match
    Some(&["v", "w"]), // several, some match
    Some(&["w", "w"]), // several, none matches
    Some(&[]),         // empty list
    Some(&[""]),       // COND-32
];

fn row(operator: Str, values: &[Str]) -> String {
    COLUMNS
        .iter()
        .map(|column| {
            let context: Vec<(Str, &[Str])> = column.iter().map(|values| ("k", *values)).collect();
            match holds(operator, "K", values, &context) {
                true => 'T',
                false => '.',
            }
        })
        .collect()
}

#[test]
fn presence_table() {
    for (operator, values, expected) in [
        ("StringEquals", &["v"][..], ".T......"),
        ("StringNotEquals", &["v"], "T.T...TT"),
        ("StringEqualsIfExists", &["v"], "TT....T."),
        ("StringNotEqualsIfExists", &["v"], "T.T...TT"),
        ("ForAnyValue:StringEquals", &["v"], ".T.TT..."),
        ("ForAnyValue:StringNotEquals", &["v"], "..T.TT.T"),
        ("ForAllValues:StringEquals", &["v"], "TT.T..TT"),
        ("ForAllValues:StringNotEquals", &["v"], "T.T..TTT"),
        ("ForAnyValue:StringEqualsIfExists", &["v"], ".T.TT..."),
        ("ForAnyValue:StringNotEqualsIfExists", &["v"], "..T.TT.T"),
        ("ForAllValues:StringEqualsIfExists", &["v"], "TT.T..TT"),
        ("ForAllValues:StringNotEqualsIfExists", &["v"], "T.T..TTT"),
        ("Null", &["true"], "T.....T."),
        ("Null", &["false"], ".TTTTT.T"),
        ("Null", &["True"], "T.....T."),
        ("Null", &["true", "FALSE"], "TTTTTTTT"),
        ("Null", &["yes"], "........"),
        ("Null", &[], "........"),
        // COND-15.
        ("ForAllValues:Null", &["true"], "TTTTTTTT"),
        ("ForAllValues:Null", &["false"], "TTTTTTTT"),
        ("ForAnyValue:Null", &["true"], "........"),
        ("ForAnyValue:Null", &["false"], "........"),
        // COND-32: the empty value itself.
        ("StringEquals", &[""], ".......T"),
        ("StringLike", &["*"], ".TT....T"),
        ("ForAllValues:StringNotEquals", &[""], "TTTTTTTT"),
        ("ForAnyValue:StringEquals", &[""], ".......T"),
        // COND-46: no policy value.
        ("StringEquals", &[], "........"),
        ("StringNotEquals", &[], "TTT...TT"),
        ("StringEqualsIfExists", &[], "T.....T."),
        ("StringNotEqualsIfExists", &[], "TTT...TT"),
        ("ForAllValues:StringEquals", &[], "T.....TT"),
        ("ForAnyValue:StringEquals", &[], "........"),
        ("ForAllValues:StringNotEquals", &[], "TTTTTTTT"),
        ("ForAnyValue:StringNotEquals", &[], ".TTTTT.T"),
    ] {
        assert_eq!(row(operator, values), expected, "{operator} {values:?}");
    }
}

#[test]
fn presence_table_for_every_family() {
    // One matching and one other value for each negatable family: the table has no exceptions.
    for (base, negated, value, other) in [
        (
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "V",
            "w",
        ),
        ("StringLike", "StringNotLike", "v", "w"),
        ("NumericEquals", "NumericNotEquals", "1", "2"),
        ("DateEquals", "DateNotEquals", "2024", "2025"),
        ("IpAddress", "NotIpAddress", "1.1.1.1", "1.1.1.2"),
        (
            "ArnEquals",
            "ArnNotEquals",
            "arn:a:b:c:d:e",
            "arn:a:b:c:d:f",
        ),
        ("ArnLike", "ArnNotLike", "arn:a:b:c:d:e", "arn:a:b:c:d:f"),
    ] {
        for (operator, expected) in [(base, ".T....."), (negated, "T.T...T")] {
            let columns: [Option<Vec<Str>>; 7] = [
                None,
                Some(vec![value]),
                Some(vec![other]),
                Some(vec![value, value]),
                Some(vec![value, other]),
                Some(vec![other, other]),
                Some(vec![]),
            ];
            let row: String = columns
                .iter()
                .map(|column| {
                    let context: Vec<(Str, &[Str])> =
                        column.iter().map(|values| ("k", &values[..])).collect();
                    match holds(operator, "k", &[value], &context) {
                        true => 'T',
                        false => '.',
                    }
                })
                .collect();
            assert_eq!(row, expected, "{operator}");
        }
    }
}
