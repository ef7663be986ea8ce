//! Published policies: AWS managed policies and organization examples.
//!
//! The data is other people's and is not part of the project. It is read from `../shared/data` beside
//! the checkout; without it the tests say so and pass.

use std::path::PathBuf;
use std::time::Instant;

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::{Image, Section, disassemble};
use portcullis_model::PolicyKind;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_syntax::{Policy, PolicySets};
use portcullis_testkit::oracle::{Oracle, Reference, VMS};
use portcullis_testkit::{Bytes, derive};

struct Sample {
    name: String,
    kind: PolicyKind,
    text: String,
}

fn samples(file: &str) -> Option<Vec<Sample>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: there is no {file}");
        return None;
    };
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let kind = |line: &serde_json::Value| match line["type"].as_str() {
        None => PolicyKind::Identity,
        Some("vpcEndpoint") => PolicyKind::VpcEndpoint,
        Some(name) => PolicyKind::parse(name).unwrap(),
    };
    Some(
        lines
            .map(|line| Sample {
                name: line["name"].as_str().unwrap().into(),
                kind: kind(&line),
                text: line["document"].to_string(),
            })
            .collect(),
    )
}

fn read<'a>(samples: &'a [Sample], arena: &'a Bump) -> Vec<Policy<'a>> {
    let mut policies = Vec::new();
    for sample in samples {
        let (document, diagnostics) =
            parse_policy(&sample.text, ReadOptions::new(sample.kind), arena);
        match document {
            Some(document) => policies.push(Policy {
                name: &sample.name,
                file: "",
                text: &sample.text,
                document,
            }),
            None => println!(
                "does not load: {} ({}): {:?}",
                sample.name,
                sample.kind,
                diagnostics.first()
            ),
        }
    }
    policies
}

/// The sets of a decision with one policy in the place of its kind. Kinds that limit get an identity
/// policy beside them that allows everything.
fn sets_of<'a>(policy: Policy<'a>, everything: Policy<'a>) -> PolicySets<'a> {
    let one = vec![policy];
    let mut sets = PolicySets::default();
    match policy.document.kind {
        PolicyKind::Identity => sets.identity = one,
        kind => {
            sets.identity = vec![everything];
            match kind {
                PolicyKind::Scp => sets.scps = vec![one],
                PolicyKind::Rcp => sets.rcps = vec![one],
                PolicyKind::VpcEndpoint => sets.vpc_endpoint = Some(one),
                _ => sets.resource = Some(one),
            }
        }
    }
    sets
}

fn cases(ordinary: usize) -> usize {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

#[test]
fn one_image_of_all_published_policies() {
    let Some(managed) = samples("aws-managed-policies.jsonl") else {
        return;
    };
    let arena = Bump::new();
    let policies = read(&managed, &arena);
    assert_eq!(policies.len(), managed.len());
    let statements: usize = policies
        .iter()
        .map(|policy| policy.document.statements.len())
        .sum();
    let mut sets = PolicySets {
        identity: policies,
        ..PolicySets::default()
    };
    let mut others = 0;
    let examples = samples("org-policy-examples.jsonl").unwrap_or_default();
    for policy in read(&examples, &arena) {
        others += policy.document.statements.len();
        let level = |chain: &mut Vec<Vec<_>>| {
            if chain.is_empty() {
                chain.push(Vec::new());
            }
            chain[0].push(policy);
        };
        match policy.document.kind {
            PolicyKind::Scp => level(&mut sets.scps),
            PolicyKind::Rcp => level(&mut sets.rcps),
            PolicyKind::VpcEndpoint => sets.vpc_endpoint.get_or_insert_default().push(policy),
            PolicyKind::Resource => sets.resource.get_or_insert_default().push(policy),
            kind => panic!("{kind} among the examples"),
        }
    }
    let statements = statements + others;
    for (debug, index) in [(true, true), (false, true), (false, false)] {
        let start = Instant::now();
        let bytes = compile(&sets, Options { debug, index }).unwrap();
        let compiled = start.elapsed();
        let start = Instant::now();
        let image = Image::from_bytes(&bytes[..]).unwrap();
        println!(
            "{statements} statements, debug {debug}, index {index}: {} bytes ({} of text), compiled in {compiled:?}, opened in {:?}",
            bytes.len(),
            image.view().section(Section::Strings).1,
            start.elapsed(),
        );
        assert_eq!(
            compile(&sets, Options { debug, index }).unwrap(),
            bytes,
            "the same bytes again"
        );
        let mut text = String::new();
        disassemble(image.view(), &mut text).unwrap();
        assert_eq!(text.matches("\n          ret ").count(), statements);
    }
    // Requests against all of them at once.
    let mut source = Bytes::new(1);
    let requests: Vec<_> = sets
        .identity
        .iter()
        .filter_map(|policy| derive::request(&policy.document, &mut source))
        .take(cases(200))
        .collect();
    let expected = Reference.answer(&sets, &requests).unwrap();
    for vm in &VMS {
        assert_eq!(
            vm.answer(&sets, &requests).unwrap(),
            expected,
            "{}",
            vm.name()
        );
    }
}

#[test]
fn requests_derived_from_published_policies() {
    let everything =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let mut total = 0;
    let mut mix = std::collections::BTreeMap::new();
    for file in ["aws-managed-policies.jsonl", "org-policy-examples.jsonl"] {
        let Some(samples) = samples(file) else { return };
        let arena = Bump::new();
        let policies = read(&samples, &arena);
        let (document, _) =
            parse_policy(everything, ReadOptions::new(PolicyKind::Identity), &arena);
        let everything = Policy {
            name: "everything",
            file: "",
            text: everything,
            document: document.unwrap(),
        };
        println!("{file}: {} of {} load", policies.len(), samples.len());
        // The published examples that are truly invalid: a trust policy among the RCPs, and two with
        // placeholders where an ARN must be.
        assert!(policies.len() + 3 >= samples.len());
        let each = cases(20_000) / 1_700 + 1;
        for (seed, policy) in (0..).zip(policies) {
            let mut source = Bytes::new(seed);
            let requests: Vec<_> = (0..each)
                .filter_map(|_| derive::request(&policy.document, &mut source))
                .collect();
            let sets = sets_of(policy, everything);
            let expected = Reference.answer(&sets, &requests).unwrap();
            for vm in &VMS[..2] {
                let answers = vm.answer(&sets, &requests).unwrap();
                for ((request, expected), answer) in requests.iter().zip(&expected).zip(&answers) {
                    assert_eq!(
                        answer,
                        expected,
                        "{} {} {}",
                        vm.name(),
                        policy.name,
                        request.to_json()
                    );
                }
            }
            total += requests.len();
            for answer in expected {
                *mix.entry(answer.decision.as_str()).or_insert(0) += 1;
            }
        }
    }
    println!("{total} requests: {mix:?}");
}
