//! What fuzz targets do with their bytes. Each panics if its property does not hold.

#![allow(clippy::panic, reason = "a fuzzer is told by a panic")]

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_scenario::{NoFiles, Options, Records, Source, scenarios};
use portcullis_syntax::json;
use portcullis_syntax::policy::{ReadOptions, parse_policy};

use crate::forge::{repair, use_up};
use crate::generate::{Settings, request, world};
use crate::oracle::{Oracle, Reference, VMS, compare};
use crate::{Caller, Request};

/// Any bytes, read as each type of policy.
pub fn json_policy(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let arena = Bump::new();
    if let Ok(node) = json::parse(text, &arena) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => assert!(same(&node, &value), "{node:?} is not {value}"),
            // The other reader has a limit for numbers.
            Err(error) => assert!(error.to_string().contains("number out of range"), "{error}"),
        }
    }
    for kind in PolicyKind::ALL {
        let (document, diagnostics) = parse_policy(text, ReadOptions::new(kind), &arena);
        let errors = diagnostics.iter().any(|diagnostic| diagnostic.is_error());
        assert_eq!(document.is_none(), errors, "{kind}: {diagnostics:?}");
        for diagnostic in &diagnostics {
            assert!(
                diagnostic.span.range().end <= text.len().max(1),
                "{diagnostic:?}"
            );
        }
    }
}

/// True if both say the same, numbers aside: the other reader does not keep what was written.
fn same(node: &json::Node<'_>, value: &serde_json::Value) -> bool {
    use json::Value as Ours;
    use serde_json::Value as Theirs;
    match (&node.value, value) {
        (Ours::Null, Theirs::Null) | (Ours::Number(_), Theirs::Number(_)) => true,
        (Ours::Bool(ours), Theirs::Bool(theirs)) => ours == theirs,
        (Ours::String(ours), Theirs::String(theirs)) => ours == theirs,
        (Ours::Array(ours), Theirs::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| same(ours, theirs))
        }
        (Ours::Object(ours), Theirs::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|member| {
                    let theirs = theirs.get(member.key.value);
                    theirs.is_some_and(|theirs| same(&member.value, theirs))
                })
        }
        _ => false,
    }
}

/// Policies and requests made from the bytes.
pub fn decide(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let Ok(world) = world(&mut bytes, &Settings::default()) else {
        return;
    };
    let requests: Vec<Request> = (0..8).map_while(|_| request(&mut bytes).ok()).collect();
    if let Err(failure) = compare(&world, &requests, &VMS) {
        panic!("{failure}");
    }
}

/// Any bytes, given the header and the checksum of an image.
pub fn image(data: &[u8]) {
    let mut bytes = data.to_vec();
    repair(&mut bytes);
    let caller = Caller::User {
        arn: "arn:aws:iam::111122223333:user/bob".into(),
    };
    let request = Request {
        caller,
        user_id: None,
        management_account: false,
        action: "s3:GetObject".into(),
        resource: "arn:aws:s3:::b/k".into(),
        resource_account: None,
        context: vec![
            ("aws:username".into(), vec!["bob".into()]),
            ("s3:max-keys".into(), vec!["10".into()]),
            ("aws:SourceIp".into(), vec!["10.0.0.1".into()]),
            ("aws:TagKeys".into(), vec!["a".into(), "b".into()]),
        ],
        restrict_public_buckets: false,
        external_grant: false,
    };
    use_up(&bytes, &[request]);
}

/// Any bytes as a stream of scenarios.
pub fn scenario(data: &[u8]) {
    let mut records = Records::new(data);
    let mut record = Vec::new();
    while let Ok(Some(line)) = records.next_into(&mut record) {
        let arena = Bump::new();
        let Ok(source) = Source::decode("stream", &record, line) else {
            continue;
        };
        let Ok(found) = scenarios(source, Options::default(), &NoFiles, &arena) else {
            continue;
        };
        for scenario in found.iter().filter(|found| found.problems.is_empty()) {
            let requests = scenario.cases.iter().filter_map(|case| case.request);
            let requests: Vec<Request> = requests.map(|request| (&request).into()).collect();
            let expected = Reference.answer(&scenario.policies, &requests);
            for vm in &VMS {
                let answers = vm.answer(&scenario.policies, &requests);
                assert_eq!(answers, expected, "{}", vm.name());
            }
        }
    }
}
