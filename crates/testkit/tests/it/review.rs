//! What proofs say of the statements of a document, against the reference: whoever removes every statement that is said to add
//! nothing changes no decision, in whichever layer the document is and whatever the other layers say.

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{Domain, Options as ProofOptions, Policy, PolicySets, read};
use portcullis::review::{Found, Options, What, review};
use portcullis_model::{Caller, ContextEntry, Decision, Effect, Request};
use portcullis_testkit::oracle::{Oracle, Reference};
use portcullis_testkit::prove::tiny;
use portcullis_testkit::{Bytes, World, derive, generate};
use serde_json::{Value, json};

fn cases(ordinary: u64) -> u64 {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

#[derive(Debug, Default)]
struct Counts {
    documents: usize,
    shadowed: usize,
    never: usize,
    denied: usize,
    unknown: usize,
    requests: usize,
}

fn adds_nothing(found: &Found) -> bool {
    matches!(
        found.what,
        What::Shadowed | What::NeverMatches | What::AlwaysDenied
    )
}

/// Makes statements of a document repeat each other: each with less chance of adding something than a random one.
fn repeat(text: &str, bytes: &mut Bytes) -> String {
    let mut document: Value = serde_json::from_str(text).unwrap();
    let all = document["Statement"].as_array_mut();
    let Some(all) = all.filter(|all| !all.is_empty()) else {
        return text.to_owned();
    };
    for _ in 0..bytes.below(3) {
        let (one, other) = (bytes.below(all.len()), bytes.below(all.len()));
        let (mut copy, other) = (all[one].clone(), all[other].clone());
        copy.as_object_mut().unwrap().remove("Sid");
        // Of other strength, which makes a difference to the other layers (`EVAL-20` to `EVAL-29`).
        if copy.get("Principal").is_some() && bytes.below(2) == 0 {
            let names = [
                "*",
                "111122223333",
                "arn:aws:iam::111122223333:role/R",
                "arn:aws:sts::111122223333:assumed-role/R/s",
                "arn:aws:iam::111122223333:user/bob",
                "arn:aws:iam::111122223333:user/x/eve",
                "arn:aws:iam::444455556666:root",
            ];
            copy["Principal"] = json!({"AWS": names[bytes.below(names.len())]});
        }
        match bytes.below(4) {
            0 => copy["Condition"] = other.get("Condition").cloned().unwrap_or(json!({})),
            1 => {
                let deny = bytes.below(2) == 0;
                copy["Effect"] = json!(if deny { "Deny" } else { "Allow" });
            }
            2 => {
                for name in ["Action", "Resource"] {
                    if let Some(Value::Array(list)) = copy.get_mut(name)
                        && list.len() > 1
                    {
                        list.remove(bytes.below(list.len()));
                    }
                }
            }
            _ => {}
        }
        let at = bytes.below(all.len() + 1);
        all.insert(at, copy);
    }
    document.to_string()
}

/// The document without some statements.
fn without(text: &str, gone: &[usize]) -> String {
    let mut document: Value = serde_json::from_str(text).unwrap();
    let statements = match document["Statement"].take() {
        Value::Array(all) => all,
        one => vec![one],
    };
    let left = statements.into_iter().enumerate();
    let left = left.filter(|(index, _)| !gone.contains(index));
    let left: Vec<Value> = left.map(|(_, own)| own).collect();
    document["Statement"] = left.into();
    document.to_string()
}

/// Requests of any domain: of what is an action and a resource (D1, D2), and of policies with principals, of a resource that has
/// an owner and is in the partition of the caller (D7, D8).
fn in_any(request: &portcullis_testkit::Request, kind: PolicyKind) -> bool {
    request.with(|own| {
        let is_action = portcullis::check_action(own.action).is_ok();
        let arn = portcullis_model::split_arn(own.resource);
        let arn = arn.filter(|arn| [arn[1], arn[2], arn[5]].iter().all(|part| !part.is_empty()));
        let partition = own.principal.caller.partition();
        is_action
            && match arn {
                Some(arn) => {
                    let has_owner =
                        own.resource_account.is_some() || portcullis_model::is_account_id(arn[4]);
                    !kind.has_principal() || has_owner && partition.is_none_or(|own| own == arn[1])
                }
                None => own.resource == "*" && !kind.has_principal(),
            }
    })
}

/// Requests in which keys of the sort that has one value have no list (D4), and that give no key that follows from the caller
/// (D5, D6).
fn in_standard(request: &portcullis_testkit::Request) -> bool {
    request.context.iter().all(|(key, values)| {
        let key = key.to_ascii_lowercase();
        let is_derived = key.starts_with("aws:principal") && !key.contains("tag/")
            || ["aws:userid", "aws:username", "aws:resourceaccount"].contains(&key.as_str());
        !is_derived && (values.len() <= 1 || !key.starts_with("aws:"))
    })
}

fn decisions(world: &World, requests: &[portcullis_testkit::Request]) -> Vec<Decision> {
    let arena = Bump::new();
    let sets = world.read(&arena).unwrap();
    let answers = Reference.answer(&sets, requests).unwrap();
    answers.into_iter().map(|answer| answer.decision).collect()
}

/// Looks at one document of a world, and holds it against the world without what adds nothing.
fn check(world: &World, number: usize, domain: Domain, bytes: &mut Bytes, counts: &mut Counts) {
    let mut less = world.clone();
    let Some((kind, text)) = less.documents_mut().into_iter().nth(number) else {
        return;
    };
    let arena = Bump::new();
    let Ok(policy) = read("policy", arena.alloc_str(text), kind, &arena) else {
        return;
    };
    let options = Options {
        proof: ProofOptions {
            domain,
            ..ProofOptions::default()
        },
        ..Options::default()
    };
    let review = review(&policy, &options);
    counts.documents += 1;
    counts.unknown += review.unknown.len();
    let found: Vec<&Found> = review
        .found
        .iter()
        .filter(|own| adds_nothing(own))
        .collect();
    for one in &found {
        *match one.what {
            What::Shadowed => &mut counts.shadowed,
            What::NeverMatches => &mut counts.never,
            _ => &mut counts.denied,
        } += 1;
        let effect = |index: usize| policy.document.statements[index].effect;
        let own = effect(one.statement.unwrap());
        match one.what {
            What::Shadowed => assert!(!one.by.is_empty()),
            What::AlwaysDenied => {
                assert_eq!(own, Effect::Allow);
                assert!(one.by.iter().all(|index| effect(*index) == Effect::Deny));
            }
            _ => assert!(one.by.is_empty()),
        }
    }
    if found.is_empty() {
        return;
    }
    let gone: Vec<usize> = found.iter().filter_map(|own| own.statement).collect();
    let before = text.clone();
    *text = without(&before, &gone);
    let sets = PolicySets {
        identity: vec![policy],
        ..PolicySets::default()
    };
    let mut requests = derive::requests(&sets, bytes, 30);
    let whole = world.read(&arena).unwrap();
    requests.extend(derive::requests(&whole, bytes, 30));
    for own in &mut requests {
        if own.resource_account.is_none() && bytes.below(4) != 0 {
            own.resource_account = Some("111122223333".to_owned());
        }
    }
    requests.retain(|own| in_any(own, kind));
    if domain == Domain::Standard {
        requests.retain(in_standard);
        for own in &mut requests {
            // Users and sessions have an id (`KEY-77`).
            let id = match own.caller {
                portcullis_testkit::Caller::User { .. } => "AIDAEXAMPLE",
                portcullis_testkit::Caller::Role { .. } => "AROAEXAMPLE:s",
                _ => continue,
            };
            own.user_id.get_or_insert_with(|| id.to_owned());
        }
    }
    counts.requests += requests.len();
    let (old, new) = (decisions(world, &requests), decisions(&less, &requests));
    for ((request, old), new) in requests.iter().zip(&old).zip(&new) {
        assert_eq!(
            old, new,
            "{domain:?} {kind} {gone:?}\n{request:?}\n{before}\n{found:?}"
        );
    }
}

/// Random documents of all types, among random documents of all layers.
#[test]
fn what_adds_nothing_changes_no_decision() {
    let mut counts = Counts::default();
    for seed in 0..cases(600) {
        let mut bytes = Bytes::new(seed);
        let taken = bytes.take(8_000);
        let settings = generate::Settings {
            layers: seed % 3 != 0,
            same_condition: seed % 2 == 0,
            ..Default::default()
        };
        let mut world = generate::world(&mut Unstructured::new(&taken), &settings).unwrap();
        for (_, text) in world.documents_mut() {
            *text = repeat(text, &mut bytes);
        }
        if seed % 3 == 0 {
            let settings = tiny::Settings {
                statements: 4,
                conditions: 2,
                variables: seed % 2 == 0,
            };
            let (text, _) = tiny::pair(&mut bytes, settings);
            world.identity.push(repeat(&text, &mut bytes));
        }
        let arena = Bump::new();
        if world.read(&arena).is_err() {
            continue;
        }
        let count = world.documents_mut().len();
        for number in 0..count {
            let domain = match bytes.below(2) {
                0 => Domain::Standard,
                _ => Domain::Free,
            };
            check(&world, number, domain, &mut bytes, &mut counts);
        }
    }
    println!("{counts:?}");
    assert!(
        counts.shadowed > 200 && counts.never > 20 && counts.denied > 20,
        "{counts:?}"
    );
    assert!(counts.unknown * 20 <= counts.documents, "{counts:?}");
}

/// `EVAL-20` to `EVAL-29`: an Allow that names somebody more weakly does not cover one that names it more strongly. Every pair of
/// principals, every caller, and other layers that make a difference.
#[test]
fn principals_of_other_strength_are_not_covered() {
    let names = [
        json!("*"),
        json!({"AWS": "111122223333"}),
        json!({"AWS": "arn:aws:iam::111122223333:role/R"}),
        json!({"AWS": "arn:aws:sts::111122223333:assumed-role/R/s"}),
        json!({"AWS": "arn:aws:iam::111122223333:user/bob"}),
        json!({"AWS": "arn:aws:sts::111122223333:federated-user/fay"}),
        json!({"Service": "logs.amazonaws.com"}),
    ];
    let callers = [
        Caller::Root {
            arn: "arn:aws:iam::111122223333:root",
        },
        Caller::User {
            arn: "arn:aws:iam::111122223333:user/bob",
        },
        Caller::Role {
            role_arn: "arn:aws:iam::111122223333:role/R",
            session_arn: Some("arn:aws:sts::111122223333:assumed-role/R/s"),
            service_linked: false,
        },
        Caller::FederatedUser {
            arn: "arn:aws:sts::111122223333:federated-user/fay",
            federated_by: Some("arn:aws:iam::111122223333:user/bob"),
        },
        Caller::Service {
            name: "logs.amazonaws.com",
        },
        Caller::Anonymous,
    ];
    let (mut found, mut decided) = (0, 0);
    let arena = Bump::new();
    let policy =
        |kind: PolicyKind, text: &str| read("policy", arena.alloc_str(text), kind, &arena).unwrap();
    let limits = [r#""s3:*""#, r#""ec2:*""#].map(|action| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": {action}, "Resource": "*"}}]}}"#
        )
    });
    let own = |kind| {
        limits
            .iter()
            .map(|text| policy(kind, text))
            .collect::<Vec<_>>()
    };
    let (identities, boundaries, sessions) = (
        own(PolicyKind::Identity),
        own(PolicyKind::Boundary),
        own(PolicyKind::Session),
    );
    for (first, second) in names
        .iter()
        .flat_map(|one| names.iter().map(move |two| (one, two)))
    {
        let statement = |principal: &Value| json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"});
        let text =
            json!({"Version": "2012-10-17", "Statement": [statement(first), statement(second)]})
                .to_string();
        let before = policy(PolicyKind::Resource, &text);
        let review = review(&before, &Options::default());
        let gone: Vec<usize> = review
            .found
            .iter()
            .filter_map(|own| own.statement)
            .collect();
        assert!(review.unknown.is_empty() && gone.len() < 2);
        if gone.is_empty() {
            continue;
        }
        found += 1;
        let after = policy(PolicyKind::Resource, &without(&text, &gone));
        for layers in 0..36 {
            let (identity, boundary, session) = (layers % 2, layers / 2 % 3, layers / 6 % 3);
            for caller in callers {
                let sets = |resource| PolicySets {
                    identity: vec![identities[identity]],
                    boundary: boundaries.get(boundary).map(|own| vec![*own]),
                    session: sessions.get(session).map(|own| vec![*own]),
                    resource: Some(vec![resource]),
                    ..PolicySets::default()
                };
                let account = ["111122223333", "444455556666"][layers / 18 % 2];
                let request = Request {
                    resource_account: Some(account),
                    ..Request::new(caller, "s3:GetObject", "arn:aws:s3:::b/k")
                };
                let decide = |own| portcullis_reference::decide(&sets(own), &request).decision;
                decided += 1;
                assert_eq!(decide(before), decide(after), "{text} {request:?} {layers}");
            }
        }
    }
    println!(
        "{found} of {} cover each other, {decided} decisions",
        names.len() * names.len()
    );
    // At least those that are the same, and what everyone is told.
    assert!(found >= 2 * names.len(), "{found}");
}

/// Random resource policies of an account, and callers of it: of a policy that nobody can change, the reference lets nobody
/// change it.
#[test]
fn what_nobody_can_change_nobody_can() {
    const ACCOUNT: &str = "111122223333";
    let services: [(&str, &[&str], &str); 3] = [
        (
            "kms",
            &["kms:PutKeyPolicy"],
            "arn:aws:kms:eu-west-1:111122223333:key/k",
        ),
        (
            "s3",
            &["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"],
            "arn:aws:s3:::bucket",
        ),
        (
            "sqs",
            &[
                "sqs:SetQueueAttributes",
                "sqs:AddPermission",
                "sqs:RemovePermission",
            ],
            "arn:aws:sqs:eu-west-1:111122223333:jobs",
        ),
    ];
    let principals = [
        json!("*"),
        json!({"AWS": "arn:aws:iam::111122223333:root"}),
        json!({"AWS": "arn:aws:iam::111122223333:role/admin"}),
        json!({"AWS": "arn:aws:iam::111122223333:user/ann"}),
        json!({"AWS": "444455556666"}),
        json!({"Service": "logs.amazonaws.com"}),
    ];
    let conditions = [
        json!({}),
        json!({}),
        json!({"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/admin"}}),
        json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
        json!({"StringNotEquals": {"aws:PrincipalType": ["Account", "User"]}}),
        json!({"Null": {"aws:PrincipalAccount": "true"}}),
    ];
    let callers = [
        Caller::Root {
            arn: "arn:aws:iam::111122223333:root",
        },
        Caller::User {
            arn: "arn:aws:iam::111122223333:user/ann",
        },
        Caller::User {
            arn: "arn:aws:iam::111122223333:user/eve",
        },
        Caller::Role {
            role_arn: "arn:aws:iam::111122223333:role/admin",
            session_arn: Some("arn:aws:sts::111122223333:assumed-role/admin/s"),
            service_linked: false,
        },
    ];
    let vpce = ["vpce-1"];
    let contexts: [&[ContextEntry<'_>]; 2] = [
        &[],
        &[ContextEntry {
            key: "aws:SourceVpce",
            values: &vpce,
        }],
    ];
    let (mut found, mut open) = (0, 0);
    for seed in 0..cases(600) {
        let mut bytes = Bytes::new(seed);
        let (prefix, actions, resource) = services[bytes.below(services.len())];
        let statement = |bytes: &mut Bytes| {
            let all = format!("{prefix}:*");
            let own = [all.as_str(), all.as_str(), actions[0]];
            let other = format!("{prefix}:Get*");
            let action = own.get(bytes.below(4)).copied().unwrap_or(&other);
            let effect = ["Allow", "Deny"][bytes.below(2)];
            let principal = &principals[bytes.below(principals.len())];
            let resource = ["*", resource][bytes.below(2)];
            let condition = &conditions[bytes.below(conditions.len())];
            json!({
                "Effect": effect,
                "Principal": principal,
                "Action": action,
                "Resource": resource,
                "Condition": condition,
            })
        };
        let statements: Vec<Value> = (0..1 + bytes.below(3))
            .map(|_| statement(&mut bytes))
            .collect();
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let arena = Bump::new();
        let policy: Policy<'_> = read("policy", &text, PolicyKind::Resource, &arena).unwrap();
        let options = Options {
            account: (bytes.below(2) == 0).then_some(ACCOUNT),
            ..Options::default()
        };
        let review = review(&policy, &options);
        let is_it = |own: &&Found| matches!(own.what, What::OutOfControl | What::RootOnly);
        let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
        let sets = PolicySets {
            identity: vec![read("", everything, PolicyKind::Identity, &arena).unwrap()],
            resource: Some(vec![policy]),
            ..PolicySets::default()
        };
        let can = |caller: &Caller<'_>| {
            actions.iter().any(|action| {
                contexts.iter().any(|context| {
                    let request = Request {
                        context,
                        resource_account: Some(ACCOUNT),
                        ..Request::new(*caller, action, resource)
                    };
                    portcullis_reference::decide(&sets, &request)
                        .decision
                        .is_allow()
                })
            })
        };
        let whoever: Vec<&Caller<'_>> = callers.iter().filter(|caller| can(caller)).collect();
        match review.found.iter().find(is_it) {
            Some(own) => {
                found += 1;
                let is_root_only = own.what == What::RootOnly;
                assert_eq!(is_root_only, prefix == "s3");
                let mut others = whoever
                    .iter()
                    .filter(|own| !is_root_only || !matches!(own, Caller::Root { .. }));
                assert!(others.next().is_none(), "{whoever:?}\n{text}");
                assert!(!is_root_only || !whoever.is_empty(), "{text}");
            }
            // Nobody of these few is not nobody.
            None => open += usize::from(!whoever.is_empty()),
        }
    }
    println!("{found} found, {open} open");
    assert!(found > 50 && open > 50, "{found} {open}");
}
