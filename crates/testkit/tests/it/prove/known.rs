//! Questions about values and callers whose answers are known.

use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{Answer, Options, PolicySets, allows, compare, read};

use super::ask;

/// Fails unless a request is found under this condition: a proof that there is none would be wrong.
fn assert_possible(condition: serde_json::Value) {
    let document = |effect: &str, condition: &serde_json::Value| {
        let statement = serde_json::json!({"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition});
        serde_json::json!({"Statement": statement}).to_string()
    };
    let old = document("Deny", &serde_json::json!({}));
    let answer = ask(&old, &document("Allow", &condition));
    assert!(
        matches!(answer, Answer::Refuted(_)),
        "{condition}: {answer:?}"
    );
}

/// A date before, between and behind others is found, in every month and of every era, also within a second.
#[test]
fn dates_between_others_are_found() {
    let day = jiff::SignedDuration::from_hours(24);
    let mut at: jiff::Timestamp = "-000400-11-27T13:14:15Z".parse().unwrap();
    let end: jiff::Timestamp = "2900-01-01T00:00:00Z".parse().unwrap();
    let mut count = 0;
    while at < end {
        for later in [
            at + jiff::SignedDuration::from_secs(1),
            at + jiff::SignedDuration::from_secs(2),
            at + day,
        ] {
            let (from, to) = (at.as_second(), later.as_second());
            assert_possible(serde_json::json!({
                "DateGreaterThan": {"t:d": from.to_string()},
                "DateLessThan": {"t:d": to.to_string()},
            }));
        }
        let own = at.as_second().to_string();
        assert_possible(serde_json::json!({"DateGreaterThan": {"t:d": own}}));
        assert_possible(serde_json::json!({"DateLessThan": {"t:d": own}}));
        assert_possible(serde_json::json!({
            "DateGreaterThanEquals": {"t:d": own},
            "DateLessThanEquals": {"t:d": own},
        }));
        for operator in ["DateGreaterThanEquals", "DateLessThanEquals"] {
            assert_possible(
                serde_json::json!({operator: {"t:d": own}, "DateNotEquals": {"t:d": own}}),
            );
        }
        at += jiff::SignedDuration::from_hours(24 * if count % 3 == 0 { 9 } else { 3011 });
        count += 1;
    }
    assert!(count > 300, "{count}");
}

/// The same of numbers.
#[test]
fn numbers_between_others_are_found() {
    let all = [
        "-1e9",
        "-1000.5",
        "-1000",
        "-99.9",
        "-1",
        "-0.5",
        "-0.25",
        "-0.001",
        "0",
        "0.001",
        "0.002",
        "0.01",
        "0.09",
        "0.1",
        "0.5",
        "0.75",
        "0.999",
        "1",
        "1.0001",
        "1.5",
        "9",
        "9.9",
        "10",
        "10.01",
        "99",
        "100",
        "101",
        "999.999",
        "1000",
        "12345.678",
        "1e9",
    ];
    for (at, low) in all.iter().enumerate() {
        assert_possible(serde_json::json!({"NumericGreaterThan": {"t:n": low}}));
        assert_possible(serde_json::json!({"NumericLessThan": {"t:n": low}}));
        assert_possible(serde_json::json!({"NumericEquals": {"t:n": low}}));
        for operator in ["NumericGreaterThanEquals", "NumericLessThanEquals"] {
            assert_possible(
                serde_json::json!({operator: {"t:n": low}, "NumericNotEquals": {"t:n": low}}),
            );
        }
        for high in &all[at + 1..] {
            assert_possible(serde_json::json!({
                "NumericGreaterThan": {"t:n": low},
                "NumericLessThan": {"t:n": high},
                "NumericNotEquals": {"t:n": all},
            }));
        }
    }
}

/// The same of numbers that need more digits than millionths, or an exponent.
#[test]
fn fine_numbers_between_others_are_found() {
    let all = [
        "-1.5e20",
        "-1.25e3",
        "-0.00000012",
        "-0.0000001",
        "-1e-9",
        "0",
        "1e-9",
        "2.5e-9",
        "12e-9",
        "0.0000001",
        "0.000001",
        "0.000002",
        "1.23456789",
        "1.234567891",
        "12345e-3",
        "1.2346e1",
        "1.25e3",
        "1.2500000001e3",
        "1.2345e12",
        "1.5e20",
    ];
    for (at, low) in all.iter().enumerate() {
        assert_possible(serde_json::json!({"NumericGreaterThan": {"t:n": low}}));
        assert_possible(serde_json::json!({"NumericLessThan": {"t:n": low}}));
        for high in &all[at + 1..] {
            let between = serde_json::json!({
                "NumericGreaterThan": {"t:n": low},
                "NumericLessThan": {"t:n": high},
            });
            assert_possible(between);
        }
    }
}

/// The same of addresses: the one that is left of a block, wherever it lies, and one outside.
#[test]
fn addresses_beside_others_are_found() {
    let (v4, v6) = (
        u32::from(std::net::Ipv4Addr::new(10, 85, 0, 7)),
        0x2001_0db8_0000_0055_u128 << 64 | 7,
    );
    for left in [v4, 0, u32::MAX, 0x7fff_ffff, 0x8000_0000] {
        // Every block that has not the address: with it turned round at one bit.
        let others: Vec<String> = (0..32)
            .map(|bit| {
                let base = (left ^ (1 << bit)) & (u32::MAX << bit);
                format!("{}/{}", std::net::Ipv4Addr::from(base), 32 - bit)
            })
            .collect();
        assert_possible(serde_json::json!({
            "IpAddress": {"t:i": "0.0.0.0/0"},
            "NotIpAddress": {"t:i": others},
        }));
        assert_possible(serde_json::json!({
            "IpAddress": {"t:i": ["0.0.0.0/0", "::/0"]},
            "NotIpAddress": {"t:i": "0.0.0.0/0"},
        }));
    }
    for left in [v6, 0, u128::MAX, u128::MAX >> 1, 1 << 127] {
        let others: Vec<String> = (0..128)
            .map(|bit| {
                let base = (left ^ (1 << bit)) & (u128::MAX << bit);
                format!("{}/{}", std::net::Ipv6Addr::from(base), 128 - bit)
            })
            .collect();
        assert_possible(serde_json::json!({
            "IpAddress": {"t:i": "::/0"},
            "NotIpAddress": {"t:i": others},
        }));
    }
}

/// Values with a type beside texts: what no cell stands for, and what the texts tell apart within one.
#[test]
fn typed_values_among_texts_are_found() {
    let digits: Vec<String> = (0..10).map(|digit| format!("*{digit}")).collect();
    for condition in [
        // Each spelling of a number is another text (`COND-55`).
        serde_json::json!({"NumericEquals": {"t:v": "5.5"}, "StringNotEquals": {"t:v": ["5.5", "5.50"]}}),
        serde_json::json!({"NumericEquals": {"t:v": "5"}, "StringNotEquals": {"t:v": ["5", "5.0"]}}),
        // One of a list of texts is such a number, and a list beside a pattern says nothing of the others.
        serde_json::json!({"NumericGreaterThan": {"t:v": "5"}, "StringEquals": {"t:v": ["4", "7"]}}),
        serde_json::json!({"NumericGreaterThan": {"t:v": "5"}, "StringLike": {"t:v": "?7"}, "StringNotEquals": {"t:v": "x"}}),
        // Numbers in every form, with a sign, a fraction and an exponent.
        serde_json::json!({"NumericGreaterThan": {"t:v": "5"}, "StringLike": {"t:v": "?7"}}),
        serde_json::json!({"NumericGreaterThan": {"t:v": "5"}, "StringLike": {"t:v": "+?7"}}),
        serde_json::json!({"NumericLessThan": {"t:v": "5"}, "StringLike": {"t:v": "-?7"}}),
        serde_json::json!({"NumericGreaterThan": {"t:v": "5"}, "StringLike": {"t:v": "?7.?3"}}),
        serde_json::json!({"NumericGreaterThan": {"t:v": "5"}, "StringLike": {"t:v": "?e?7"}}),
        serde_json::json!({"NumericGreaterThan": {"t:v": "5"}, "StringLike": {"t:v": "?.?E+?7"}}),
        serde_json::json!({"NumericLessThan": {"t:v": "5"}, "StringLike": {"t:v": "?.?e-?7"}}),
        // The first text of the pattern is too small, and few others are large enough and not too large.
        serde_json::json!({"NumericGreaterThan": {"t:v": "777"}, "NumericLessThan": {"t:v": "795"}, "StringLike": {"t:v": "7?3"}}),
        // Dates with a time, which nothing but a zone ends (`COND-65`).
        serde_json::json!({"DateGreaterThan": {"t:v": "2030"}, "StringLike": {"t:v": "2031-01-01t00:00:00?"}}),
        serde_json::json!({"DateGreaterThan": {"t:v": "2030"}, "StringLike": {"t:v": "2031-01-01 00:00:00?"}, "StringNotLike": {"t:v": digits}}),
        // Addresses of both families, and one that only a letter ends (`COND-75`).
        serde_json::json!({"IpAddress": {"t:v": "2001::/16"}, "StringLike": {"t:v": "2001:db8:1:2:3:4:5:?"}}),
        serde_json::json!({"IpAddress": {"t:v": "2001::/16"}, "StringLike": {"t:v": "2001:db8:1:2:3:4:5:?"}, "StringNotLike": {"t:v": digits}}),
        serde_json::json!({"IpAddress": {"t:v": "10.0.0.0/8"}, "StringLike": {"t:v": "10.?.7.77"}}),
        // Of an address there is one spelling, so another address of the block is needed.
        serde_json::json!({"IpAddress": {"t:v": "10.0.0.0/8"}, "StringNotEquals": {"t:v": ["10.0.0.0", "10.0.0.1"]}}),
        // What is no address is in no block (`COND-76`).
        serde_json::json!({"NotIpAddress": {"t:v": ["0.0.0.0/0", "::/0"]}, "StringLike": {"t:v": "::*"}}),
    ] {
        assert_possible(condition);
    }
}

/// What is a number and a date at once (`COND-55`, `COND-66`): seconds, milliseconds for their twelve digits, a year.
#[test]
fn numbers_that_are_dates_are_found() {
    let within = |dates: [&str; 2], numbers: [&str; 2]| {
        assert_possible(serde_json::json!({
            "DateGreaterThan": {"t:v": dates[0]},
            "DateLessThan": {"t:v": dates[1]},
            "NumericGreaterThan": {"t:v": numbers[0]},
            "NumericLessThan": {"t:v": numbers[1]},
        }));
    };
    within(["-5.5", "-5.4"], ["-6", "-5"]);
    within(["-5.5", "-5.4"], ["-6000", "-5000"]);
    within(["-5.4506", "-5.4505"], ["-6000", "-5000"]);
    within(["2031-06-01", "2039"], ["2030", "2040"]);
    within(["2031-06-01", "2032-06-01"], ["2031.5", "2032.5"]);
}

/// What there is must not be proved away where it is not found: a number of which many spellings are excluded, or among texts
/// that are not written out, a date of the calendar beside one before it, one before the first that is written, and an ARN
/// whose first part a variable is (`COND-60`, `VAR-7`).
#[test]
fn what_is_not_found_stays_open() {
    let none: [serde_json::Value; 0] = [];
    let number = |operator: &str| serde_json::json!({operator: {"t:v": "5"}});
    let no_numbers = [
        number("NumericLessThan"),
        number("NumericGreaterThanEquals"),
    ];
    let mut many: Vec<String> = (1..=250).map(|n| format!("5.{}", "0".repeat(n))).collect();
    many.push("5".to_owned());
    for (allowed, denied) in [
        (
            serde_json::json!({"NumericEquals": {"t:v": "5"}, "StringNotEquals": {"t:v": many}}),
            &none[..],
        ),
        (
            serde_json::json!({"NumericGreaterThan": {"t:v": "555"}, "StringLike": {"t:v": "7*"}}),
            &none[..],
        ),
        (
            serde_json::json!({"NumericGreaterThan": {"t:v": "55555"}, "StringLike": {"t:v": "7????"}}),
            &none,
        ),
        (
            serde_json::json!({"DateGreaterThan": {"t:v": "-70000000000"}}),
            &no_numbers,
        ),
        (
            serde_json::json!({"DateLessThan": {"t:v": "-999999999999999999999"}}),
            &none,
        ),
        (
            serde_json::json!({"ArnLike": {"t:v": "${t:w}:aws:iam::111122223333:role/x"}, "StringEquals": {"t:w": "arn"}}),
            &none,
        ),
    ] {
        let statement = |effect: &str, condition: &serde_json::Value| serde_json::json!({"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition});
        let mut statements = vec![statement("Allow", &allowed)];
        statements.extend(denied.iter().map(|own| statement("Deny", own)));
        let new = serde_json::json!({"Version": "2012-10-17", "Statement": statements});
        let old = r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#;
        let answer = ask(old, &new.to_string());
        assert!(!matches!(answer, Answer::Proved(_)), "{new}");
    }
}

/// Pairs of policies with principals, new and old, with the answer: whether the new one lets somebody in whom the old one
/// does not.
#[test]
fn principals_are_told_apart() {
    let allow = |principal: serde_json::Value, condition: serde_json::Value| {
        serde_json::json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*", "Condition": condition})
    };
    let aws = |names: &[&str]| serde_json::json!({"AWS": names});
    let any = serde_json::json!({});
    let everyone = || allow(serde_json::json!("*"), any.clone());
    let but = |names: &[&str]| serde_json::json!([everyone(), {"Effect": "Deny", "NotPrincipal": aws(names), "Action": "*", "Resource": "*"}]);
    let nobody =
        serde_json::json!([{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]);
    let account = "111122223333";
    let role = "arn:aws:iam::111122223333:role/R";
    let session = "arn:aws:sts::111122223333:assumed-role/R/s";
    let of_other_role = "arn:aws:sts::111122223333:assumed-role/Q/s";
    let provider = "arn:aws:iam::111122223333:saml-provider/P";
    let its_session = serde_json::json!([allow(
        aws(&[session]),
        serde_json::json!({"ArnEquals": {"aws:PrincipalArn": role}})
    )]);
    let all = [
        (
            "EVAL-22: a session is one of its role",
            serde_json::json!([allow(aws(&[of_other_role]), any.clone())]),
            serde_json::json!([allow(aws(&[session]), any.clone())]),
            true,
        ),
        (
            "EVAL-22: a role names its sessions",
            its_session.clone(),
            serde_json::json!([allow(aws(&[role]), any.clone())]),
            false,
        ),
        (
            "GRAM-51: a session is not exempt without its account",
            its_session.clone(),
            but(&[role, session]),
            true,
        ),
        (
            "GRAM-51: a session is exempt with role and account",
            its_session,
            but(&[role, session, account]),
            false,
        ),
        (
            "GRAM-39, EVAL-29: a provider is no user of whom a key names it",
            serde_json::json!([allow(
                aws(&["arn:aws:iam::111122223333:user/ann"]),
                serde_json::json!({"StringEquals": {"aws:FederatedProvider": provider}})
            )]),
            serde_json::json!([allow(
                serde_json::json!({"Federated": provider}),
                any.clone()
            )]),
            true,
        ),
        (
            "KEY-19: who is anonymous has an id",
            serde_json::json!([allow(
                serde_json::json!("*"),
                serde_json::json!({"StringEquals": {"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous"}})
            )]),
            nobody.clone(),
            true,
        ),
        (
            "GRAM-45: an origin access identity is of no account",
            serde_json::json!([allow(
                serde_json::json!("*"),
                serde_json::json!({"Null": {"aws:PrincipalType": "true"}, "StringLike": {"aws:PrincipalArn": "arn:aws:iam::1*"}})
            )]),
            nobody,
            false,
        ),
    ];
    for (name, new, old, more) in all {
        let arena = Bump::new();
        let one = |statements: &serde_json::Value| {
            let text = serde_json::json!({"Version": "2012-10-17", "Statement": statements});
            let text = arena.alloc_str(&text.to_string());
            read("policy", text, PolicyKind::Resource, &arena).unwrap()
        };
        let answer = compare(&[one(&old)], &[one(&new)], &Options::default());
        let is_fine = match &answer {
            Answer::Proved(_) => !more,
            Answer::Refuted(_) => more,
            Answer::Unknown(_) => false,
        };
        assert!(is_fine, "{name}: {answer:?}");
    }
}

/// `EVAL-25`: a session of `GetFederationToken` is named by the user who made it, and by nobody else who did.
#[test]
fn only_a_user_names_the_sessions_that_it_made() {
    let arena = Bump::new();
    for (maker, is_named) in [
        ("arn:aws:iam::111122223333:user/ann", true),
        ("arn:aws:iam::111122223333:root", false),
    ] {
        let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
        let policy = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{maker}"}}, "Action": "*", "Resource": "*"}}}}"#
        );
        let policy = arena.alloc_str(&policy);
        let sets = PolicySets {
            resource: Some(vec![
                read("policy", policy, PolicyKind::Resource, &arena).unwrap(),
            ]),
            session: Some(vec![
                read("session", everything, PolicyKind::Session, &arena).unwrap(),
            ]),
            ..PolicySets::default()
        };
        let caller = portcullis_model::Caller::FederatedUser {
            arn: "arn:aws:sts::111122223333:federated-user/bob",
            federated_by: Some(maker),
        };
        let request = portcullis_model::Request {
            resource_account: Some("111122223333"),
            ..portcullis_model::Request::new(caller, "s3:GetObject", "arn:aws:s3:::b/k")
        };
        assert_eq!(allows(&sets, &request), Some(is_named), "{maker}");
        let decision = portcullis_reference::decide(&sets, &request).decision;
        assert_eq!(decision.is_allow(), is_named, "{maker}: {decision}");
    }
}

/// `VAR-13`, `KEY-77`: what variables stand for that follow from the caller, of each kind of caller.
#[test]
fn variables_of_the_caller_have_its_values() {
    use portcullis_model::Caller;
    let arena = Bump::new();
    let user = Caller::User {
        arn: "arn:aws:iam::111122223333:user/team/ann",
    };
    let role = Caller::Role {
        role_arn: "arn:aws:iam::111122223333:role/R",
        session_arn: Some("arn:aws:sts::111122223333:assumed-role/R/s"),
        service_linked: false,
    };
    let service = Caller::Service {
        name: "ec2.amazonaws.com",
    };
    for (caller, key, value) in [
        (user, "aws:PrincipalAccount", "111122223333"),
        (user, "aws:username", "ann"),
        (user, "aws:PrincipalType", "User"),
        (role, "aws:PrincipalAccount", "111122223333"),
        (role, "aws:PrincipalArn", "arn:aws:iam::111122223333:role/R"),
        (Caller::Anonymous, "aws:PrincipalAccount", "anonymous"),
        (Caller::Anonymous, "aws:PrincipalType", "Anonymous"),
        (Caller::Anonymous, "aws:userid", "anonymous"),
        (service, "aws:PrincipalIsAWSService", "true"),
    ] {
        let statement = serde_json::json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::b/${{{key}}}")});
        let policy = serde_json::json!({"Version": "2012-10-17", "Statement": statement});
        let policy = arena.alloc_str(&policy.to_string());
        let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
        let sets = PolicySets {
            resource: Some(vec![
                read("policy", policy, PolicyKind::Resource, &arena).unwrap(),
            ]),
            identity: vec![read("identity", everything, PolicyKind::Identity, &arena).unwrap()],
            ..PolicySets::default()
        };
        for (last, is_own) in [(value, true), ("other", false)] {
            let resource = format!("arn:aws:s3:::b/{last}");
            let request = portcullis_model::Request {
                resource_account: Some("444455556666"),
                ..portcullis_model::Request::new(caller, "s3:GetObject", &resource)
            };
            let decision = portcullis_reference::decide(&sets, &request).decision;
            let is_fine = allows(&sets, &request) == Some(decision.is_allow());
            assert!(is_fine, "{key} {last}: {decision}");
            assert_eq!(decision.is_allow(), is_own, "{key} {last}");
        }
    }
}
