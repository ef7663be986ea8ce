//! Section 3: the worked examples and the single rules.

use portcullis_model::Layer;

use crate::build::*;

fn tag_keys(operator: Str, values: &[Str], keys: Option<&[Str]>) -> bool {
    let context: Vec<(Str, &[Str])> = keys.iter().map(|keys| ("aws:TagKeys", *keys)).collect();
    holds(operator, "aws:TagKeys", values, &context)
}

#[test]
fn ex_3a_to_3d() {
    let operator = "ForAllValues:StringEquals";
    let values = ["env", "team"];
    assert!(tag_keys(operator, &values, Some(&["env"])));
    assert!(!tag_keys(operator, &values, Some(&["env", "cost"])));
    assert!(tag_keys(operator, &values, None));
    let both =
        allow("*")
            .when(operator, "aws:TagKeys", &values)
            .when("Null", "aws:TagKeys", &["false"]);
    let request = ask(ann(), "ec2:RunInstances", "*");
    assert!(!grants(both, &request));
    assert!(grants(both, &request.with("aws:TagKeys", &["env"])));
}

#[test]
fn ex_3e_3f() {
    let operator = "ForAnyValue:StringEquals";
    assert!(tag_keys(operator, &["env"], Some(&["env", "cost"])));
    assert!(!tag_keys(operator, &["env"], None));
}

#[test]
fn ex_3g_3h() {
    let request = ask(ann(), "s3:GetObject", "arn:aws:s3:::b/k");
    for operator in ["StringNotEquals", "StringNotEqualsIfExists"] {
        let sets = sets().identity(&[
            allow("*"),
            deny("*").when(operator, "aws:SourceVpc", &["vpc-1"]),
        ]);
        request.is_denied(&sets, &[Layer::Identity]);
        request
            .clone()
            .with("aws:sourcevpc", &["vpc-1"])
            .is_allowed(&sets);
    }
}

#[test]
fn ex_3i_to_3k() {
    let key = "aws:MultiFactorAuthPresent";
    let request = ask(ann(), "s3:GetObject", "arn:aws:s3:::b/k");
    let denying =
        |operator| sets().identity(&[allow("*"), deny("*").when(operator, key, &["false"])]);
    request.is_allowed(&denying("Bool"));
    request.is_denied(&denying("BoolIfExists"), &[Layer::Identity]);
    let allowing = allow("*").when("Bool", key, &["true"]);
    assert!(!grants(allowing, &request));
    assert!(!grants(allowing, &request.clone().with(key, &["false"])));
    assert!(grants(allowing, &request.clone().with(key, &["true"])));
}

#[test]
fn ex_3l_3m() {
    let key = "ec2:InstanceType";
    for (operator, absent) in [("StringLike", false), ("StringLikeIfExists", true)] {
        let values = ["t2.*", "m3.*"];
        assert_eq!(holds(operator, key, &values, &[]), absent);
        assert!(holds(operator, key, &values, &[(key, &["t2.small"])]));
        assert!(!holds(operator, key, &values, &[(key, &["c5.large"])]));
    }
}

#[test]
fn ex_3n_3o() {
    let operator = "ForAnyValue:StringNotEquals";
    assert!(!tag_keys(operator, &["env"], Some(&["env"])));
    assert!(tag_keys(operator, &["env"], Some(&["env", "x"])));
    assert!(!tag_keys(operator, &["env"], None));
    let operator = "ForAllValues:StringNotEquals";
    assert!(!tag_keys(operator, &["env"], Some(&["env"])));
    assert!(tag_keys(operator, &["env"], Some(&["x", "y"])));
    assert!(tag_keys(operator, &["env"], None));
}

#[test]
fn cond_1_and_6_all_tests_must_hold() {
    let statement =
        allow("*")
            .when("NumericGreaterThan", "n", &["1"])
            .when("NumericLessThan", "n", &["5"]);
    for (value, expected) in [("1", false), ("3", true), ("5", false)] {
        let request = ask(ann(), "s3:GetObject", "*").with("n", &[value]);
        assert_eq!(grants(statement, &request), expected, "{value}");
    }
}

#[test]
fn cond_40_and_41_key_names() {
    assert!(holds(
        "StringEquals",
        "AWS:SourceVPC",
        &["v"],
        &[("aws:sourcevpc", &["v"])]
    ));
    // Folding is Unicode: the Kelvin sign is a `k`, the long s an `s`.
    assert!(holds(
        "StringEquals",
        "tag/\u{212A}\u{17F}",
        &["v"],
        &[("TAG/ks", &["v"])]
    ));
    let twins: &[(Str, &[Str])] = &[
        ("aws:ResourceTag/Team", &["a"]),
        ("aws:ResourceTag/team", &["b"]),
    ];
    let key = "aws:ResourceTag/TEAM";
    assert!(!holds("StringEquals", key, &["a"], twins));
    assert!(!holds("StringNotEquals", key, &["x"], twins));
    assert!(holds("ForAllValues:StringEquals", key, &["a", "b"], twins));
    assert!(holds("ForAnyValue:StringEquals", key, &["b"], twins));
    // An entry without values adds nothing.
    let alone: &[(Str, &[Str])] = &[("K", &[]), ("k", &["a"])];
    assert!(holds("StringEquals", "k", &["a"], alone));
}

#[test]
fn cond_50_strings() {
    for (operator, policy, request, expected) in [
        ("StringEquals", "a", "a", true),
        ("StringEquals", "a", "A", false),
        ("StringEquals", "a*", "ab", false),
        ("StringEquals", "a*", "a*", true),
        ("StringEquals", "a", " a", false), // COND-52
        (
            "StringEqualsIgnoreCase",
            "Stra\u{DF}e",
            "STRA\u{1E9E}E",
            true,
        ),
        ("StringEqualsIgnoreCase", "stra\u{DF}e", "STRASSE", false), // simple folding only
        ("StringEqualsIgnoreCase", "\u{3C3}", "\u{3C2}", true),
        ("StringLike", "a*", "a/b:c", true),
        ("StringLike", "A*", "ab", false),
        ("StringLike", "a?", "ab", true),
        ("StringLike", "a?", "a", false),
    ] {
        let context: &[(Str, &[Str])] = &[("k", &[request])];
        assert_eq!(
            holds(operator, "k", &[policy], context),
            expected,
            "{policy} {request}"
        );
    }
    // Expansion comes before folding.
    let context: &[(Str, &[Str])] = &[("k", &["ANN"]), ("v", &["aNn"])];
    assert!(holds("StringEqualsIgnoreCase", "k", &["${V}"], context));
}

#[test]
fn cond_56_values_of_the_wrong_type() {
    for (positive, negated, good, bad) in [
        ("NumericEquals", "NumericNotEquals", "1", "one"),
        ("DateEquals", "DateNotEquals", "2024-01-01", "2024-02-30"),
        ("IpAddress", "NotIpAddress", "203.0.113.9", "AWS Internal"),
        ("ArnEquals", "ArnNotEquals", "arn:a:b:c:d:e", "abc"),
    ] {
        for (policy, request) in [(good, bad), (bad, good), (bad, bad)] {
            let context: &[(Str, &[Str])] = &[("k", &[request])];
            assert!(!holds(positive, "k", &[policy], context), "{positive}");
            assert!(holds(negated, "k", &[policy], context), "{negated}");
        }
    }
    for operator in [
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
    ] {
        assert!(!holds(operator, "k", &["x"], &[("k", &["1"])]));
        assert!(!holds(operator, "k", &["1"], &[("k", &["x"])]));
    }
}

#[test]
fn cond_57_lists_with_orderings() {
    let below = |value| holds("NumericLessThan", "n", &["5", "10"], &[("n", &[value])]);
    assert!(below("9.99"));
    assert!(!below("10"));
}

#[test]
fn orderings() {
    for (operator, less, equal, greater) in [
        ("LessThan", true, false, false),
        ("LessThanEquals", true, true, false),
        ("GreaterThan", false, false, true),
        ("GreaterThanEquals", false, true, true),
        ("Equals", false, true, false),
        ("NotEquals", true, false, true),
    ] {
        for (family, values) in [
            ("Numeric", ["-1", "1e1", "10.5"]),
            ("Date", ["1969", "1970-01-01T00:00:10Z", "2024-05"]),
        ] {
            let name: Str = format!("{family}{operator}").leak();
            let policy = if family == "Numeric" {
                "10"
            } else {
                "0000000010"
            };
            for (value, expected) in values.into_iter().zip([less, equal, greater]) {
                let got = holds(name, "k", &[policy], &[("k", &[value])]);
                assert_eq!(got, expected, "{name} {value}");
            }
        }
    }
}

#[test]
fn cond_60_to_62_arns() {
    for (policy, request, expected) in [
        (
            "arn:aws:sns:us-east-1:111122223333:*",
            "arn:aws:sns:us-east-1:111122223333:topic:sub-id",
            true,
        ),
        (
            "arn:aws:iam::*:role/admin",
            "arn:aws:iam::111122223333:role/admin",
            true,
        ),
        (
            "arn:aws:*:role/x",
            "arn:aws:iam::111122223333:role/x",
            false,
        ),
        ("arn:aws:s3:*:x", "arn:aws:s3:::x", false), // `*` stays in its part
        ("arn:aws:s3:*:*:x", "arn:aws:s3:::x", true),
        ("arn:aws:s3:::X", "arn:aws:s3:::x", false),
        ("*", "arn:aws:s3:::x", true),
        ("**", "arn:aws:s3:::x", true),
        ("*", "x", false),
        ("*", "arn:aws:s3", false),
        ("*", "ARN:aws:s3:::x", false),
        ("${*}", "arn:aws:s3:::x", false),
        ("", "arn:aws:s3:::x", false),
        ("arn:aws:*", "arn:aws:s3:::x", false),
        ("arn:aws:s3::", "arn:aws:s3:::x", false),
        ("*:*:*:*:*:*", "arn:aws:s3:::x", true),
        ("arn:aws:s3:::x", "arn:aws:s3:::x:y", false),
        // Colons in variables do not split, and substituted ones make no parts (VAR-7).
        ("arn:aws:s3:::${aws:x, 'a:b'}", "arn:aws:s3:::a:b", true),
        ("arn:aws:${aws:x, 's3:::x'}", "arn:aws:s3:::x", false),
        ("arn:aws:s3:${aws:x, ':'}:x", "arn:aws:s3:::x", false),
    ] {
        for (operator, expected) in [
            ("ArnEquals", expected),
            ("ArnLike", expected),
            ("ArnNotEquals", !expected),
            ("ArnNotLike", !expected),
        ] {
            let got = holds(operator, "k", &[policy], &[("k", &[request])]);
            assert_eq!(got, expected, "{operator} {policy}");
        }
    }
}

#[test]
fn cond_70_bool() {
    for (policy, request, expected) in [
        ("true", "True", true),
        ("FALSE", "false", true),
        ("true", "false", false),
        ("1", "1", false),
        ("", "", false),
    ] {
        let got = holds("Bool", "k", &[policy], &[("k", &[request])]);
        assert_eq!(got, expected, "{policy} {request}");
    }
    assert!(holds("Bool", "k", &["true", "false"], &[("k", &["false"])]));
}

#[test]
fn cond_71_binary() {
    for (policy, request, expected) in [
        ("QmFzZTY0", "QmFzZTY0", true),
        ("QQ==", "QQ==", true),
        ("QQ==", "QR==", false), // stray bits
        ("QQ", "QQ", false),
        ("", "", true),
        ("*", "*", false),
    ] {
        let got = holds("BinaryEquals", "k", &[policy], &[("k", &[request])]);
        assert_eq!(got, expected, "{policy} {request}");
    }
}

#[test]
fn cond_75_to_78_addresses() {
    for (policy, request, expected) in [
        ("203.0.113.0/24", "203.0.113.9", true),
        ("203.0.113.9/24", "203.0.113.200", true),
        ("203.0.113.0/24", "203.0.114.0", false),
        ("203.0.113.9", "203.0.113.9", true),
        ("203.0.113.9", "203.0.113.8", false),
        ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true),
        ("::/0", "203.0.113.9", false),
        ("203.0.113.9", "::ffff:203.0.113.9", false),
        ("2001:db8::/32", "2001:0DB8:0:0:0:0:0:1", true),
        ("2001:db8::1", "2001:db8::2", false),
        ("203.0.113.0/33", "203.0.113.0", false),
        ("203.0.113.0/024", "203.0.113.0", false),
        ("203.0.113.0/+24", "203.0.113.0", false),
        ("203.0.113.0/", "203.0.113.0", false),
        ("203.0.113.0/24/24", "203.0.113.0", false),
        ("203.0.113.010", "203.0.113.10", false),
        ("203.0.113.0/24", "203.0.113.0/24", false),
        ("203.0.113.0/24", " 203.0.113.0", false),
    ] {
        let context: &[(Str, &[Str])] = &[("aws:SourceIp", &[request])];
        let got = holds("IpAddress", "aws:SourceIp", &[policy], context);
        assert_eq!(got, expected, "{policy} {request}");
        let got = holds("NotIpAddress", "aws:SourceIp", &[policy], context);
        assert_eq!(got, !expected, "{policy} {request}");
    }
}
