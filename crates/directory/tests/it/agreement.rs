//! The reference and the machine agree on random directories, also as files.

use std::collections::BTreeMap;

use crate::support::{Folder, ask, requests};
use bumpalo::Bump;
use portcullis_directory::{
    AccessQuery, CheckError, ContextValue, Directory, Engine, PreparedAction, PreparedResource,
    RequestError, RequestPolicies, ResolvedRequest,
};
use portcullis_model::{Caller, Decision, Request};
use portcullis_testkit::directory::{Generator, Scale};

/// `PORTCULLIS_CASES` asks for more directories than the ordinary run.
fn directories(ordinary: u64) -> u64 {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

#[test]
fn random_directories() {
    let mut mix: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..directories(30) {
        let folder = Folder::new(&[]);
        let mut generator = Generator::new(seed, Scale::SMALL);
        generator.write(&folder.0).unwrap();
        let loaded = folder.load();
        let loaded =
            loaded.unwrap_or_else(|problems| panic!("seed {seed}: {}", problems.join("\n")));
        let mut again = Directory::from_bytes(&loaded.directory.to_bytes().unwrap()).unwrap();
        // One knows where these lead, the other finds out.
        again
            .prepare(&["s3:GetObject", "sts:AssumeRole", "kms:Decrypt"])
            .unwrap();
        for number in 0..200 {
            let request = generator.request().to_string();
            // Compares the engines.
            let found = ask(&loaded.directory, &request);
            if number % 8 == 0 {
                assert_eq!(ask(&again, &request), found, "seed {seed}: {request}");
            }
            *mix.entry(found).or_default() += 1;
        }
        for directory in [&loaded.directory, &again] {
            questions_agree(directory, &mut generator);
            batches_agree(directory, &mut generator);
        }
    }
    println!("{mix:?}");
    let total: u32 = mix.values().sum();
    for decision in ["Allow", "ExplicitDeny", "ImplicitDeny"] {
        let count = mix.remove(decision).unwrap_or_default();
        assert!(
            count * 12 > total,
            "{decision} comes too rarely: {count} of {total}"
        );
    }
    assert!(mix.is_empty(), "refused: {mix:?}");
}

/// What is asked in one batch is what is asked one after the other.
fn batches_agree(directory: &Directory, generator: &mut Generator) {
    let texts: Vec<String> = (0..50).map(|_| generator.request().to_string()).collect();
    let arena = Bump::new();
    let requests = requests(&texts, &arena);
    let mut engine = Engine::new();
    let mut found = Vec::new();
    let mut add = |place, outcome| found.push((place, outcome));
    engine.check_all(directory, &requests, &mut add).unwrap();
    let one = |request| engine.check(directory, request).map_err(refusal);
    let expected: Vec<_> = requests.iter().map(one).enumerate().collect();
    assert_eq!(found, expected);

    let resolve = |request: &Request<'_>| {
        let deed = directory.action(request.action).unwrap();
        (deed, directory.resource(request.resource, None))
    };
    let deeds: Vec<(PreparedAction, PreparedResource)> = requests.iter().map(resolve).collect();
    // Whom nobody is has no number.
    for place in [directory.principal_count(), 1 << 32, usize::MAX] {
        assert_eq!(directory.nth_principal(place), None);
    }
    let all = (0..directory.principal_count()).map(|place| directory.nth_principal(place).unwrap());
    let asked: Vec<ResolvedRequest<'_>> = all
        .flat_map(|principal| {
            deeds.iter().map(move |(deed, object)| ResolvedRequest {
                principal,
                action: deed,
                resource: object,
                context: &[],
            })
        })
        .collect();
    let mut found = Vec::new();
    let mut add = |place, outcome| found.push((place, outcome));
    engine
        .check_all_resolved(directory, &asked, &mut add)
        .unwrap();
    let one = |request| engine.check_resolved(directory, request).unwrap();
    let expected: Vec<_> = asked.iter().map(one).enumerate().collect();
    assert_eq!(found, expected);
}

fn refusal(undecided: CheckError) -> RequestError {
    match undecided {
        CheckError::Refused(refusal) => refusal,
        CheckError::NoImage(error) => panic!("{error}"),
    }
}

/// What is asked of all principals at once is what is asked of one after the other.
fn questions_agree(directory: &Directory, generator: &mut Generator) {
    let texts: Vec<String> = (0..12).map(|_| generator.request().to_string()).collect();
    let arena = Bump::new();
    let requests = requests(&texts, &arena);
    let queries: Vec<AccessQuery<'_>> = requests
        .iter()
        .map(|request| AccessQuery {
            action: request.action,
            resource: request.resource,
            resource_account: None,
            context: request.context,
        })
        .collect();
    let mut engine = Engine::new();
    let mut found = 0;
    let mut compare = |index: usize, decisions: &[Decision]| {
        found += 1;
        let arn = directory.principal_arn(index).unwrap();
        for (query, decision) in queries.iter().zip(decisions) {
            let request = Request {
                context: query.context,
                ..Request::new(
                    Caller::from_arn(&arn).unwrap(),
                    query.action,
                    query.resource,
                )
            };
            let arena = Bump::new();
            let completed = directory.complete(&request, RequestPolicies::default(), &arena);
            let outcome = engine.decide(directory, &completed.unwrap()).unwrap();
            assert_eq!(outcome.decision(), *decision, "{arn} {query:?}");
            let deed = directory.action(query.action).unwrap();
            let object = directory.resource(query.resource, None);
            let given: Vec<ContextValue<'_>> =
                query.context.iter().map(ContextValue::from).collect();
            let resolved = ResolvedRequest {
                principal: directory.nth_principal(index).unwrap(),
                action: &deed,
                resource: &object,
                context: &given,
            };
            let resolved = engine.check_resolved(directory, &resolved);
            assert_eq!(resolved.unwrap(), outcome, "{arn} {query:?}");
        }
    };
    directory.matrix(&queries, 2, &mut compare).unwrap();
    assert_eq!(found, directory.principal_count());
}
