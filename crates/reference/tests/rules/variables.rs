//! Section 2.4: variables in resources and condition values.

use portcullis_model::{Layer, PolicyKind};

use crate::build::*;

fn reaches(entry: Str, resource: Str, context: &[(Str, &[Str])]) -> bool {
    let mut request = ask(session(), "s3:GetObject", resource);
    for (key, values) in context {
        request = request.with(key, values);
    }
    grants(allow("*").on(&[entry]), &request)
}

const BOB: &[(Str, &[Str])] = &[("aws:username", &["bob"])];

#[test]
fn ex_2k_to_2m() {
    let entry = "arn:aws:s3:::b/${aws:username}/*";
    assert!(reaches(entry, "arn:aws:s3:::b/bob/k", BOB));
    assert!(!reaches(entry, "arn:aws:s3:::b/eve/k", BOB));
    assert!(!reaches(entry, "arn:aws:s3:::b/bob/k", &[]));
    assert!(!reaches(entry, "arn:aws:s3:::b/${aws:username}/k", &[]));
    let star: &[(Str, &[Str])] = &[("aws:username", &["*"])];
    assert!(!reaches(entry, "arn:aws:s3:::b/bob/k", star));
    assert!(reaches(entry, "arn:aws:s3:::b/*/k", star));
}

#[test]
fn ex_2n_default() {
    let value = "${aws:PrincipalTag/team, 'co-wide'}";
    let team: &[(Str, &[Str])] = &[("k", &["co-wide"])];
    assert!(holds("StringEquals", "k", &[value], team));
    for tag in [&["x"][..], &[""]] {
        let context = &[("k", &["co-wide"][..]), ("aws:principaltag/TEAM", tag)];
        assert!(!holds("StringEquals", "k", &[value], context));
    }
    // VAR-9: no default for a key with two values; an empty list is an absent key.
    let two = &[
        ("k", &["co-wide"][..]),
        ("aws:PrincipalTag/team", &["a", "b"]),
    ];
    assert!(!holds("StringEquals", "k", &[value], two));
    let none = &[("k", &["co-wide"][..]), ("aws:PrincipalTag/team", &[])];
    assert!(holds("StringEquals", "k", &[value], none));
}

#[test]
fn ex_2o_escapes() {
    let literal: &[(Str, &[Str])] = &[("k", &["b/*x"])];
    let other: &[(Str, &[Str])] = &[("k", &["b/yx"])];
    for operator in ["StringLike", "StringEquals", "StringEqualsIgnoreCase"] {
        assert!(holds(operator, "k", &["b/${*}x"], literal), "{operator}");
        assert!(!holds(operator, "k", &["b/${*}x"], other), "{operator}");
    }
    assert!(reaches("arn:aws:s3:::b/${?}${$}", "arn:aws:s3:::b/?$", &[]));
    assert!(!reaches(
        "arn:aws:s3:::b/${?}${$}",
        "arn:aws:s3:::b/x$",
        &[]
    ));
}

#[test]
fn ex_2p_several_values() {
    let context: &[(Str, &[Str])] = &[("aws:TagKeys", &["a", "b"]), ("k", &["a"])];
    assert!(!holds("StringEquals", "k", &["${aws:TagKeys}"], context));
    let context: &[(Str, &[Str])] = &[("aws:TagKeys", &["a"]), ("k", &["a"])];
    assert!(holds("StringEquals", "k", &["${aws:TagKeys}"], context));
}

#[test]
fn var_2_versions() {
    for (version, expands) in [
        (Some("2012-10-17"), true),
        (Some("2008-10-17"), false),
        (None, false),
    ] {
        let entry = allow("*").on(&["arn:aws:s3:::b/${aws:username}"]);
        let mut sets = sets();
        sets.0.identity = vec![versioned(PolicyKind::Identity, version, &[entry])];
        for (resource, expected) in [
            ("arn:aws:s3:::b/ann", expands),
            ("arn:aws:s3:::b/${aws:username}", !expands),
        ] {
            let decision = ask(ann(), "s3:GetObject", resource).run(&sets).decision;
            assert_eq!(decision.is_allow(), expected, "{version:?} {resource}");
        }
        // `*` in `${*}` is then an ordinary wildcard; for StringEquals all of it is literal.
        let statements = [
            allow("s3:A").when("StringLike", "k", &["${*}"]),
            allow("s3:B").when("StringEquals", "k", &["${*}"]),
        ];
        sets.0.identity = vec![versioned(PolicyKind::Identity, version, &statements)];
        for (action, value, expected) in [
            ("s3:A", "*", expands),
            ("s3:A", "${anything}", !expands),
            ("s3:B", "*", expands),
            ("s3:B", "${*}", !expands),
            ("s3:B", "${x}", false),
        ] {
            let request = ask(ann(), action, "*").with("k", &[value]);
            let allowed = request.run(&sets).decision.is_allow();
            assert_eq!(allowed, expected, "{version:?} {action} {value}");
        }
    }
}

#[test]
fn var_3_before_the_fifth_colon() {
    let entry = "arn:aws:iam::${aws:PrincipalAccount}:role/x";
    assert!(!reaches(entry, "arn:aws:iam::111122223333:role/x", &[]));
    assert!(reaches(
        entry,
        "arn:aws:iam::${aws:PrincipalAccount}:role/x",
        &[]
    ));
    // Unresolvable there is no matter: the text is never expanded.
    assert!(reaches(
        "arn:aws:iam::${*}:role/x",
        "arn:aws:iam::${any}:role/x",
        &[]
    ));
    assert!(!reaches(
        "arn:aws:iam::${*}:role/x",
        "arn:aws:iam::*:role/x",
        &[]
    ));
    // MATCH-23: the colon in the variable is not counted, so one part is missing.
    let short = "arn:aws:s3:${aws:username}";
    assert!(reaches(short, "arn:aws:s3:${aws:username}:x:b", BOB));
    assert!(!reaches(short, "arn:aws:s3:${aws:username}:x", BOB));
}

#[test]
fn var_7_substituted_text_is_literal() {
    let context: &[(Str, &[Str])] = &[("t", &["a*:${aws:username}"]), ("aws:username", &["bob"])];
    assert!(reaches(
        "arn:aws:s3:::b/${t}",
        "arn:aws:s3:::b/a*:${aws:username}",
        context
    ));
    assert!(!reaches(
        "arn:aws:s3:::b/${t}",
        "arn:aws:s3:::b/axx:bob",
        context
    ));
}

#[test]
fn var_10_unresolvable_resource_entries() {
    let request = ask(session(), "s3:GetObject", "arn:aws:s3:::b/k");
    let entries = ["arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/k"];
    assert!(grants(allow("*").on(&entries), &request));
    assert!(!grants(allow("*").on(&entries[..1]), &request));
    assert!(grants(allow("*").not_on(&entries[..1]), &request));
    assert!(!grants(allow("*").not_on(&entries), &request));
}

#[test]
fn var_11_unresolvable_condition_values() {
    let context: &[(Str, &[Str])] = &[("k", &["v"])];
    assert!(!holds("StringEquals", "k", &["${none}"], context));
    assert!(!holds("StringLike", "k", &["*${none}"], context));
    assert!(holds("StringEquals", "k", &["${none}", "v"], context));
    assert!(holds("StringNotEquals", "k", &["${none}"], context));
    assert!(!holds("StringNotEquals", "k", &["${none}", "v"], context));
    let sets = sets().identity(&[
        allow("*"),
        deny("s3:GetObject").when(
            "StringNotEquals",
            "s3:ExistingObjectTag/Team",
            &["${aws:PrincipalTag/Team}"],
        ),
    ]);
    ask(ann(), "s3:GetObject", "arn:aws:s3:::b/k")
        .with("s3:ExistingObjectTag/Team", &["red"])
        .is_denied(&sets, &[Layer::Identity]);
}

#[test]
fn var_4_operators_that_do_not_expand() {
    let context: &[(Str, &[Str])] = &[("n", &["5"]), ("b", &["true"]), ("ip", &["10.0.0.1"])];
    assert!(!holds("NumericEquals", "n", &["${n}"], context));
    assert!(!holds("DateEquals", "n", &["${n}"], context));
    assert!(!holds("IpAddress", "ip", &["${ip}"], context));
    assert!(!holds("BinaryEquals", "b", &["${b}"], context));
    assert!(!holds("Null", "n", &["${none, 'false'}"], context));
    assert!(holds("Bool", "b", &["${b}"], context)); // Q2
    assert!(holds("Bool", "b", &["${none, 'TRUE'}"], context));
    assert!(!holds("Bool", "b", &["${none}"], context));
}

#[test]
fn var_13_and_key_5_derived_values() {
    let cases = [
        (
            ask(ann(), "s3:GetObject", "*").user_id("AIDAX"),
            "arn:aws:s3:::b/AIDAX-ann",
        ),
        (
            ask(fay(None), "s3:GetObject", "*"),
            "arn:aws:s3:::b/111122223333:Fay-none",
        ),
        (
            ask(session(), "s3:GetObject", "*").user_id("AROAX:s"),
            "arn:aws:s3:::b/AROAX:s-none",
        ),
    ];
    let entry = "arn:aws:s3:::b/${aws:userid}-${aws:username, 'none'}";
    for (mut request, resource) in cases {
        request.resource = resource;
        let sets = sets()
            .identity(&[allow("*").on(&[entry])])
            .session(&[allow("*")]);
        request.is_allowed(&sets);
    }
}
