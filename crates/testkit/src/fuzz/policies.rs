//! Whole decisions.

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_scenario::{NoFiles, Options, scenarios};
use portcullis_source::{Records, Source, Start};
use serde_json::json;

use crate::generate::{self, Settings, world};
use crate::laws::LAWS;
use crate::oracle::{Oracle, Reference, VMS, compare};
use crate::{Request, World};

/// Inputs of odd length repeat a condition. This takes no byte, so that inputs that were kept mean what they
/// did.
fn settings(data: &[u8]) -> Settings {
    Settings {
        same_condition: data.len() % 2 == 1,
        ..Settings::default()
    }
}

/// Policies and requests made from the bytes.
pub fn decide(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let Ok(world) = world(&mut bytes, &settings(data)) else {
        return;
    };
    let requests: Vec<Request> = (0..8)
        .map_while(|_| generate::request(&mut bytes).ok())
        .collect();
    if let Err(failure) = compare(&world, &requests, &VMS) {
        panic!("{failure}");
    }
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

/// Policies and requests made from the bytes: every law holds of them.
pub fn laws(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let Ok(world) = world(&mut bytes, &settings(data)) else {
        return;
    };
    let requests: Vec<Request> = (0..4)
        .map_while(|_| generate::request(&mut bytes).ok())
        .collect();
    let seed = bytes.arbitrary().unwrap_or(0);
    for law in &LAWS {
        if let Err(failure) = law.check(&world, &requests, seed) {
            panic!("{failure}");
        }
    }
}

/// Any bytes as the JSON of a request: no panic, and a request that is read is decided alike by
/// reference and machine. And the bytes as choices: a request that is made from them and written as
/// JSON is read as the same request.
pub fn request(data: &[u8]) {
    let world = World {
        identity: vec![
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*",
                "Resource": "arn:aws:s3:::${aws:username}*"}]})
            .to_string(),
        ],
        ..World::default()
    };
    let frame = |request: &str| {
        let policies = world.identity.join(",");
        format!("{{\"policies\":{{\"identity\":[{policies}]}},\"request\":{request}}}")
    };
    if let Ok(text) = core::str::from_utf8(data) {
        if let Some(read) = read_request(&frame(text)) {
            if let Err(failure) = compare(&world, &[read], &VMS) {
                panic!("{failure}");
            }
        }
    }
    let Ok(mut made) = generate::request(&mut Unstructured::new(data)) else {
        return;
    };
    // Text cannot say the unique id and the management account of a caller without an ARN.
    let text = made.to_json().to_string();
    if !text.contains("\"arn\":") {
        (made.user_id, made.management_account) = (None, false);
        made.session_token = false;
    }
    let Some(mut read) = read_request(&frame(&text)) else {
        panic!("{text} is not read");
    };
    read.context.sort();
    made.context.sort();
    assert_eq!(read, made, "{text}");
}

/// The only request of a scenario, if there are no problems.
fn read_request(text: &str) -> Option<Request> {
    let arena = Bump::new();
    let source = Source::decode("request", text.as_bytes(), Start::FILE).ok()?;
    let found = scenarios(source, Options::default(), &NoFiles, &arena).ok()?;
    let scenario = found.first().filter(|found| found.problems.is_empty())?;
    let request = scenario.cases.first()?.request?;
    Some((&request).into())
}
