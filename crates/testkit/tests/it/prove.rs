//! Proofs and requests that show the contrary, against what is independent of the prover.

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{Answer, Domain, Options, PolicySets, Reason, allows, compare, read};
use portcullis_prove::audited;
use portcullis_testkit::Bytes;
use portcullis_testkit::corpus::each_scenario;
use portcullis_testkit::prove::audit::{Audit, tiny_pairs};
use portcullis_testkit::prove::corners::corners;
use portcullis_testkit::prove::mutate::{Change, mutate};
use portcullis_testkit::prove::solver::Solver;
use portcullis_testkit::prove::tiny::{Settings, run};
use portcullis_testkit::prove::whole::{self, Family};

fn ask(old: &str, new: &str) -> Answer {
    let arena = Bump::new();
    let one = |text| read("policy", text, PolicyKind::Identity, &arena).unwrap();
    compare(&[one(old)], &[one(new)], &Options::default())
}

#[test]
fn corner_cases_have_their_answers() {
    let all = corners();
    let mut wrong = Vec::new();
    for corner in &all {
        let answer = ask(&corner.old, &corner.new);
        let fine = match &answer {
            Answer::Proved(_) => !corner.more,
            Answer::Refuted(_) => corner.more,
            Answer::Unknown(_) => false,
        };
        if !fine {
            wrong.push(format!("{}: {answer:?}", corner.name));
        }
    }
    assert_eq!(all.len(), 106, "docs/trust.md says how many there are");
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        all.len(),
        wrong.join("\n")
    );
}

/// Random pairs in a world that the reference decides whole, or a part of it.
#[test]
fn tiny_worlds_have_no_counterexample() {
    for (variables, pairs) in [(false, 400), (true, 300)] {
        let settings = Settings {
            statements: 3,
            conditions: 2,
            variables,
        };
        let report = run(11, pairs, 400, settings).unwrap();
        assert!(report.proved > 100 && report.refuted > 50, "{report:?}");
        assert!(report.unknown * 20 < pairs as u64, "{report:?}");
    }
}

/// Every request over two letters, and pairs of whole families of small policies.
#[test]
fn whole_worlds_have_no_counterexample() {
    for (family, step) in [
        (Family::Resources, 97),
        (Family::OneKey, 29),
        (Family::TwoConditions, 211),
        (Family::Variables, 13),
    ] {
        let report = whole::run(family, step).unwrap();
        assert!(
            report.proved > 50 && report.refuted > 50,
            "{family:?} {report:?}"
        );
        let is_open = family == Family::Variables;
        let most = if is_open { report.refuted / 10 } else { 0 };
        assert!(report.unknown <= most, "{family:?} {report:?}");
    }
}

/// Every contradiction that proofs of corner cases and of random pairs rest on, decided again in another way.
#[test]
fn lemmas_are_decided_again() {
    let (_, audit) = audited(|| {
        for corner in corners() {
            let _ = ask(&corner.old, &corner.new);
        }
    });
    assert!(audit.lemmas > 30, "{audit:?}");
    assert!(audit.wrong.is_empty(), "{}", audit.wrong.join("\n"));
    for variables in [false, true] {
        let settings = Settings {
            statements: 3,
            conditions: 3,
            variables,
        };
        let (report, audit) = audited(|| run(31, 150, 10, settings));
        report.unwrap();
        assert!(audit.lemmas > 40, "{audit:?}");
        assert!(audit.wrong.is_empty(), "{}", audit.wrong.join("\n"));
    }
    // With 23, an origin access identity once had the number of an account for its ARN.
    for seed in [5, 23] {
        let (report, audit) = audited(|| portcullis_testkit::prove::callers::run(seed, 60, 10));
        report.unwrap();
        assert!(audit.lemmas > 30, "{audit:?}");
        assert!(audit.wrong.is_empty(), "{}", audit.wrong.join("\n"));
    }
}

/// What must hold of every policy: it allows no more than itself, with a Deny added no more than without, and no less with an
/// Allow.
#[test]
fn laws_of_comparison() {
    let mut random = Bytes::new(5);
    let settings = Settings {
        statements: 3,
        conditions: 2,
        variables: true,
    };
    let is_proved = |old: &str, new: &str| matches!(ask(old, new), Answer::Proved(_));
    for _ in 0..150 {
        let (one, other) = portcullis_testkit::prove::tiny::pair(&mut random, settings);
        assert!(is_proved(&one, &one), "{one}");
        let statements = |text: &str, effect: &str| {
            let value = portcullis_testkit::json_value(text).unwrap();
            let all = value["Statement"].as_array().unwrap().clone();
            all.into_iter()
                .filter(|own| own["Effect"] == effect)
                .collect::<Vec<_>>()
        };
        let with = |more: Vec<serde_json::Value>| {
            let mut value = portcullis_testkit::json_value(&one).unwrap();
            value["Statement"].as_array_mut().unwrap().extend(more);
            value.to_string()
        };
        let more = with(statements(&other, "Allow"));
        assert!(is_proved(&more, &one), "old {more}\nnew {one}");
        let less = with(statements(&other, "Deny"));
        assert!(is_proved(&one, &less), "old {one}\nnew {less}");
    }
}

/// `EVAL-3`: each finding is of another statement, which allows its request by itself; and what is allowed by none of these
/// statements is no more than before.
#[test]
fn findings_name_the_statements_that_allow() {
    let mut random = Bytes::new(17);
    let settings = Settings {
        statements: 4,
        conditions: 1,
        variables: false,
    };
    let options = Options {
        domain: Domain::Free,
        findings: 9,
        ..Options::default()
    };
    let (mut several, mut finished) = (0, 0);
    for _ in 0..250 {
        let (old, new) = portcullis_testkit::prove::tiny::pair(&mut random, settings);
        let value = portcullis_testkit::json_value(&new).unwrap();
        let all = value["Statement"].as_array().unwrap();
        let arena = Bump::new();
        let one = |text: &str| {
            let text = arena.alloc_str(text);
            read("policy", text, PolicyKind::Identity, &arena).unwrap()
        };
        let Answer::Refuted(refuted) = compare(&[one(&old)], &[one(&new)], &options) else {
            continue;
        };
        let mut found: Vec<usize> = Vec::new();
        for finding in &refuted.findings {
            let at = finding.statement.statement;
            let mut alone = value.clone();
            alone["Statement"] = serde_json::json!([all[at]]);
            let alone = PolicySets {
                identity: vec![one(&alone.to_string())],
                ..PolicySets::default()
            };
            let is_allowed = finding.witness.with(|request| {
                let decision = portcullis_reference::decide(&alone, request).decision;
                decision.is_allow()
            });
            assert!(is_allowed, "statement {at} of {new}: {finding:?}");
            found.push(at);
        }
        let count = found.len();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), count, "{refuted:?}\nold {old}\nnew {new}");
        several += usize::from(count > 1);
        if refuted.unfinished.is_empty() {
            let mut rest = value.clone();
            for at in &found {
                rest["Statement"][*at]["Effect"] = "Deny".into();
            }
            let answer = compare(&[one(&old)], &[one(&rest.to_string())], &options);
            assert!(
                matches!(answer, Answer::Proved(_)),
                "{answer:?}\nold {old}\nnew {new}\nwithout {found:?}"
            );
            finished += 1;
        }
    }
    assert!(several > 10 && finished > 20, "{several} {finished}");
}

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
    let many: Vec<String> = (0..250)
        .map(|zeros| format!("5.{}", "0".repeat(zeros + 1)))
        .collect();
    for (allowed, denied) in [
        (
            serde_json::json!({"NumericEquals": {"t:v": "5"}, "StringNotEquals": {"t:v": [many, vec!["5".to_owned()]].concat()}}),
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

/// A part of the published policies with changes: every finding was confirmed, and nothing stays open.
#[test]
fn published_policies_are_decided() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/aws-managed-policies.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: there is no aws-managed-policies.jsonl");
        return;
    };
    let mut random = Bytes::new(3);
    let mut counts = [0, 0];
    for line in text.lines().step_by(40) {
        let document = portcullis_testkit::json_value(line).unwrap()["document"].clone();
        let old = document.to_string();
        for change in Change::ALL {
            let Some(changed) = mutate(&document, change, &mut random) else {
                continue;
            };
            let new = changed.to_string();
            for (old, new) in [(&old, &new), (&new, &old)] {
                match ask(old, new) {
                    Answer::Proved(_) => counts[0] += 1,
                    Answer::Refuted(_) => counts[1] += 1,
                    Answer::Unknown(reasons) => panic!("{reasons:?}\nold {old}\nnew {new}"),
                }
            }
        }
    }
    assert!(counts[0] > 200 && counts[1] > 200, "{counts:?}");
}

/// Other people's solvers say the same, where they are installed.
#[test]
fn solvers_agree() {
    for name in ["cvc5", "z3"] {
        let Some(mut solver) = Solver::start(name, 2000).unwrap() else {
            println!("skipped: PORTCULLIS_SMT_PYTHON names no Python with cvc5 and z3");
            return;
        };
        let mut audit = Audit::default();
        for (old, new) in tiny_pairs(21, name == "cvc5").take(120) {
            audit.ask(&old, &new, &mut solver).unwrap();
        }
        assert!(audit.proved_too > 10, "{audit:?}");
    }
}

/// Hostile patterns end by the work: "unknown", with the reason.
#[test]
fn hostile_policies_end_by_the_work() {
    let many: Vec<String> = (0..60)
        .map(|n| {
            format!(
                "arn:aws:s3:::*{0}*{1}*{0}*",
                (b'a' + n % 26) as char,
                (b'a' + n / 26) as char
            )
        })
        .collect();
    let document = |member: &str| {
        let statements: Vec<serde_json::Value> = many
            .iter()
            .map(|one| serde_json::json!({"Effect": "Deny", "Action": "*", member: one}))
            .chain([serde_json::json!({"Effect": "Allow", "Action": "*", "Resource": "*"})])
            .collect();
        serde_json::json!({"Statement": statements}).to_string()
    };
    let old = serde_json::json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})
        .to_string();
    let arena = Bump::new();
    let one = |text: &str| {
        read(
            "policy",
            arena.alloc_str(text),
            PolicyKind::Identity,
            &arena,
        )
        .unwrap()
    };
    let answer = compare(
        &[one(&old)],
        &[one(&document("NotResource"))],
        &Options::default(),
    );
    match answer {
        Answer::Unknown(reasons) => assert!(
            reasons
                .iter()
                .all(|own| matches!(own, Reason::Work | Reason::Undecided(_))),
            "{reasons:?}"
        ),
        other => assert!(matches!(other, Answer::Refuted(_)), "{other:?}"),
    }
}

/// The formula of a decision, for one request, is what the reference decides: on the corpus, on generated policies, and on
/// the requests derived from them.
#[test]
fn the_formula_agrees_with_the_reference() {
    let mut counts = [0, 0, 0];
    let mut wrong = Vec::new();
    let mut check = |name: &str, sets: &PolicySets<'_>, request: &portcullis_model::Request<'_>| {
        let Some(allows) = allows(sets, request) else {
            counts[2] += 1;
            return;
        };
        let decision = portcullis_reference::decide(sets, request).decision;
        counts[usize::from(allows)] += 1;
        if allows != decision.is_allow() {
            wrong.push(format!("{name}: {allows}, but {decision}: {request:?}"));
        }
    };
    each_scenario(|name, scenario| {
        for case in scenario
            .cases
            .iter()
            .filter(|_| scenario.problems.is_empty())
        {
            if let Some(request) = &case.request {
                check(name, &scenario.policies, request);
            }
        }
    })
    .unwrap();
    let cases = std::env::var("PORTCULLIS_CASES").ok();
    let cases: u64 = cases.and_then(|text| text.parse().ok()).unwrap_or(1500);
    for seed in 0..cases {
        let mut source = Bytes::new(seed);
        let settings = portcullis_testkit::generate::Settings {
            layers: seed % 3 != 0,
            ..Default::default()
        };
        let bytes = source.take(6_000);
        let world =
            portcullis_testkit::generate::world(&mut Unstructured::new(&bytes), &settings).unwrap();
        let arena = Bump::new();
        let sets = world.read(&arena).unwrap();
        let name = format!("generated by seed {seed}");
        for request in portcullis_testkit::derive::requests(&sets, &mut source, 16) {
            request.with(|request| check(&name, &sets, request));
        }
        let request =
            portcullis_testkit::generate::request(&mut Unstructured::new(&bytes)).unwrap();
        request.with(|request| check(&name, &sets, request));
    }
    println!("{counts:?}");
    assert!(counts[0] > 2000 && counts[1] > 2000, "{counts:?}");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
}

/// Principals, keys that follow from the caller, and strangers, against sampled requests of every kind of caller.
#[test]
fn callers_have_no_counterexample() {
    let report = portcullis_testkit::prove::callers::run(5, 300, 300).unwrap();
    assert!(report.proved > 50 && report.refuted > 50, "{report:?}");
    assert!(report.not_public > 20 && report.unknown < 15, "{report:?}");
}
