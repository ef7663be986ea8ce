//! Proofs and requests that show the contrary, against what is independent of the prover.

mod known;

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
    assert_eq!(all.len(), 113, "docs/trust.md says how many there are");
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
