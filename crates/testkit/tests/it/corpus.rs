//! The corpus under the reference and under every configuration of the machine.

use std::collections::{BTreeMap, BTreeSet};

use bumpalo::Bump;
use portcullis_source::LineIndex;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_testkit::Request;
use portcullis_testkit::corpus::{DocumentCase, Expected, documents, each_scenario, ids, rules};
use portcullis_testkit::oracle::{Oracle, Reference, VMS};

fn fail_if_any(failures: &[String], of: usize) {
    assert!(
        failures.is_empty(),
        "{} of {of} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn decisions() {
    let mut failures = Vec::new();
    let (mut scenarios, mut total) = (0, 0);
    let mut oracles: Vec<&dyn Oracle> = vec![&Reference];
    oracles.extend(VMS.iter().map(|vm| *vm as &dyn Oracle));
    each_scenario(|place, scenario| {
        scenarios += 1;
        let problems = scenario.problems.iter();
        let problems = problems.chain(scenario.cases.iter().flat_map(|case| &case.problems));
        for problem in problems {
            failures.push(format!("{place}: {problem}"));
        }
        let cases: Vec<_> = scenario
            .cases
            .iter()
            .filter_map(|case| Some((case.name, Request::from(&case.request?), case.expect?)))
            .collect();
        let requests: Vec<_> = cases
            .iter()
            .map(|(_, request, _)| request.clone())
            .collect();
        total += cases.len();
        let mut layers = None;
        let takes = |oracle: &&&dyn Oracle| oracle.takes(&scenario.policies);
        for oracle in oracles.iter().filter(takes) {
            let answers = match oracle.answer(&scenario.policies, &requests) {
                Ok(answers) => answers,
                Err(error) => {
                    failures.push(format!("{place}: {}: {error}", oracle.name()));
                    continue;
                }
            };
            for ((name, _, expect), answer) in cases.iter().zip(&answers) {
                if answer.decision != *expect {
                    failures.push(format!(
                        "{place}: {}: {} says {answer:?}, expected {expect}",
                        name.unwrap_or("the request"),
                        oracle.name(),
                    ));
                }
            }
            // Also the policy sets that decide must be the same.
            let expected = layers.get_or_insert_with(|| answers.clone());
            if *expected != answers {
                failures.push(format!(
                    "{place}: {} says {answers:?}, the reference says {expected:?}",
                    oracle.name(),
                ));
            }
        }
    })
    .unwrap();
    println!(
        "{total} requests of {scenarios} scenarios under {} engines",
        oracles.len()
    );
    assert!(total > 800, "the corpus is larger than that");
    fail_if_any(&failures, total);
}

fn errors_of(case: &DocumentCase) -> Vec<Expected> {
    let arena = Bump::new();
    let (document, diagnostics) = parse_policy(&case.text, ReadOptions::new(case.kind), &arena);
    let errors: Vec<_> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| Expected {
            code: diagnostic.code.as_str().into(),
            position: Some(LineIndex::new(&case.text).position(diagnostic.span.start)),
        })
        .collect();
    assert_eq!(document.is_none(), !errors.is_empty(), "{}", case.place);
    errors
}

#[test]
fn invalid_documents() {
    let mut failures = Vec::new();
    let cases = documents("invalid").unwrap();
    for case in &cases {
        let errors = errors_of(case);
        let same = errors.len() == case.errors.len()
            && errors.iter().zip(&case.errors).all(|(found, expected)| {
                found.code == expected.code
                    && (expected.position.is_none() || found.position == expected.position)
            });
        if !same || case.errors.is_empty() {
            failures.push(format!(
                "{}: {}:\n  expected {:?}\n  found    {errors:?}",
                case.place, case.name, case.errors
            ));
        }
    }
    println!("{} documents", cases.len());
    fail_if_any(&failures, cases.len());
}

#[test]
fn valid_documents() {
    let mut failures = Vec::new();
    let cases = documents("valid").unwrap();
    for case in &cases {
        let errors = errors_of(case);
        if !errors.is_empty() || !case.errors.is_empty() {
            failures.push(format!("{}: {}: {errors:?}", case.place, case.name));
        }
    }
    println!("{} documents", cases.len());
    fail_if_any(&failures, cases.len());
}

/// Every rule has a case or says why it cannot have one, and cases name rules that exist.
#[test]
fn rules_have_cases() {
    let rules = rules().unwrap();
    let mut names: Vec<(String, String)> = Vec::new();
    each_scenario(|place, scenario| {
        if place.starts_with("decisions/") {
            names.push((place.into(), scenario.name.unwrap_or_default().into()));
        }
    })
    .unwrap();
    for folder in ["invalid", "valid"] {
        let cases = documents(folder).unwrap();
        names.extend(cases.into_iter().map(|case| (case.place, case.name)));
    }

    let mut failures = Vec::new();
    let mut covered = BTreeMap::<&str, usize>::new();
    let mut unique = BTreeSet::new();
    for (place, name) in &names {
        for id in ids(name) {
            *covered.entry(id).or_default() += 1;
            if !rules.contains_key(id) {
                failures.push(format!("{place}: there is no rule {id}"));
            }
        }
        let file = place.split(':').next().unwrap();
        if !unique.insert((file, name)) {
            failures.push(format!("{place}: a second case named {name}"));
        }
    }
    let mut without = 0;
    for (id, reason) in &rules {
        match (covered.contains_key(id.as_str()), reason) {
            (false, None) => failures.push(format!("{id} has no case")),
            (true, Some(reason)) => println!("warning: {id} has a case, but says: {reason}"),
            (false, Some(_)) => without += 1,
            (true, None) => {}
        }
    }
    println!(
        "{} rules, {} with a case, {without} that cannot have one",
        rules.len(),
        covered.len()
    );
    fail_if_any(&failures, rules.len());
}
