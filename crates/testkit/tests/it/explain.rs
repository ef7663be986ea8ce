//! What explanations say beside the decision, which the comparisons look at only by its outcome.

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_model::Layer;
use portcullis_testkit::machine::Machine;
use portcullis_testkit::{Caller, Request, World};
use portcullis_vm::{EntryMiss, EntryReport, Explanation, Identity, Miss, StatementReport};
use serde_json::{Value, json};

fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn explain(statement: Value, context: &[(&str, &[&str])]) -> Explanation {
    let world = World {
        bucket: None,
        identity: vec![document(&[statement])],
        ..World::default()
    };
    explained(&world, &Request::get_object("arn:aws:s3:::b/k", context))
}

fn explained(world: &World, request: &Request) -> Explanation {
    explained_with(world, request, Options::default())
}

fn explained_with(world: &World, request: &Request, options: Options) -> Explanation {
    let arena = Bump::new();
    let bytes = compile(&world.read(&arena).unwrap(), options).unwrap();
    let image = Image::from_bytes(bytes).unwrap();
    request.with(|request| Machine::new([image.view()]).explain(request))
}

/// `OUT-4`: wherever a variable may stand in a condition or a resource, its key is named if the request
/// does not have it, and only then; in a resource, if that might match with a value.
#[test]
fn keys_of_variables_are_named_if_they_are_missing() {
    let key = "aws:PrincipalTag/team";
    let allow = |resource: &str, condition: Value| json!({"Effect": "Allow", "Action": "s3:*", "Resource": resource, "Condition": condition});
    let with_default = "arn:aws:s3:::b/${aws:PrincipalTag/team, 'x'}";
    for (statement, is_named) in [
        (
            allow("arn:aws:s3:::b/${aws:PrincipalTag/team}*", json!({})),
            true,
        ),
        // Another bucket has nothing to do with the request, whatever the tag is.
        (
            allow("arn:aws:s3:::c/${aws:PrincipalTag/team}*", json!({})),
            false,
        ),
        (allow(with_default, json!({})), false),
        (
            allow(
                "*",
                json!({"StringLike": {"x:k": "*${aws:PrincipalTag/team}"}}),
            ),
            true,
        ),
        (
            allow(
                "*",
                json!({"StringEqualsIgnoreCase": {"x:k": "${aws:PrincipalTag/team}"}}),
            ),
            true,
        ),
        (
            allow(
                "*",
                json!({"ArnLike": {"x:arn": "arn:aws:s3:::${aws:PrincipalTag/team}"}}),
            ),
            true,
        ),
        (
            allow("*", json!({"ArnLike": {"x:arn": ["*", "arn:aws:s3:::b"]}})),
            false,
        ),
    ] {
        let values: [(&str, &[&str]); 3] = [
            ("x:k", &["v"]),
            ("x:arn", &["arn:aws:sns:::c"]),
            ("aws:PrincipalTag/team", &["t"]),
        ];
        let without = explain(statement.clone(), &values[..2]);
        let named = |explanation: &Explanation| {
            let mut keys = explanation.missing_keys.iter();
            // In the policy's own spelling.
            keys.any(|found| found == key)
        };
        assert_eq!(named(&without), is_named, "{statement}");
        let with = explain(statement.clone(), &values);
        assert!(!named(&with), "{statement}");
    }
}

/// `OUT-3`: what is special about a condition that does not hold, and what was compared.
#[test]
fn conditions_that_do_not_hold_are_reported() {
    let several = "the key has several values, and the operator has no set qualifier";
    let unusable = "the request's value is not a valid number, date or address";
    for (operator, values, note) in [
        ("NumericEquals", &["2"][..], None),
        ("NumericEquals", &["x"], Some(unusable)),
        ("NumericEquals", &["2", "3"], Some(several)),
        ("NumericEquals", &["2", "x"], Some(several)),
        ("NumericEquals", &[], None),
        ("ForAnyValue:NumericEquals", &["2", "3"], None),
        ("ForAllValues:NumericEquals", &["2", "3"], None),
        ("ForAnyValue:NumericEquals", &["2", "x"], Some(unusable)),
        ("StringEquals", &["2", "3"], Some(several)),
        ("StringEquals", &["x"], None),
    ] {
        let statement = json!({"Sid": "S", "Effect": "Allow", "Action": "s3:*", "Resource": "*",
            "Condition": {operator: {"x:K": ["1", "4"]}}});
        let explanation = explain(statement, &[("x:k", values)]);
        let report = &explanation.layers[0].statements[0];
        assert_eq!(report.sid, "S");
        let [Miss::Condition(condition)] = &report.misses[..] else {
            panic!("{operator} {values:?}: {report:?}");
        };
        assert_eq!(condition.note, note, "{operator} {values:?}");
        assert_eq!((&*condition.operator, &*condition.key), (operator, "x:K"));
        assert_eq!(condition.policy_values, ["1", "4"]);
        assert_eq!(condition.request_values, values);
        let missing: &[&str] = if values.is_empty() { &["x:K"] } else { &[] };
        assert_eq!(explanation.missing_keys, missing, "{operator} {values:?}");
    }
    // A condition that never looks at its key does not miss it.
    let never = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": {"ForAnyValue:Null": {"x:c": "true"}, "StringEquals": {"x:d": "1"}}});
    assert_eq!(explain(never, &[]).missing_keys, ["x:d"]);
}

/// `OUT-3`: assumptions and exceptions are told where they took part, and only there.
#[test]
fn notes_tell_of_assumptions_and_exceptions() {
    let owner = "arn:aws:iam::111122223333:root";
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*",
        "Action": "s3:*", "Resource": "arn:aws:s3:::b"}]});
    let world = |with_deny: bool| World {
        resource: with_deny.then(|| deny.to_string()),
        ..World::default()
    };
    let notes = |world: &World, change: &dyn Fn(&mut Request)| {
        let arena = Bump::new();
        let bytes = compile(&world.read(&arena).unwrap(), Options::default()).unwrap();
        let image = Image::from_bytes(bytes).unwrap();
        let mut request = Request::get_object("arn:aws:s3:::b", &[]);
        request.resource_account = Some("111122223333".into());
        change(&mut request);
        let explanation = request.with(|request| Machine::new([image.view()]).explain(request));
        explanation.notes
    };
    let root = Caller::Root { arn: owner.into() };
    let no_policy = "the root user needs no identity-based policy";
    for with_deny in [false, true] {
        let world = world(with_deny);
        let none: [&str; 0] = [];
        assert_eq!(notes(&world, &|_| ()), none);
        assert_eq!(
            notes(&world, &|request| request.resource_account = None),
            ["the resource's owner is not known; it is taken to be the caller's account"]
        );
        assert_eq!(
            notes(&world, &|request| request.external_grant = true),
            ["a grant outside the policies was given with the request"]
        );
        assert_eq!(
            notes(&world, &|request| request.action =
                "sts:GetCallerIdentity".into()),
            ["the action needs no permission: no policy can deny it"]
        );
        assert_eq!(
            notes(&world, &|request| request.caller = root.clone()),
            [no_policy]
        );
        assert_eq!(
            notes(&world, &|request| {
                request.caller = root.clone();
                request.action = "s3:PutBucketPolicy".into();
            }),
            [
                no_policy,
                "the owner's root user may always manage the bucket policy"
            ]
        );
    }
}

fn elements(statement: &StatementReport) -> Vec<&'static str> {
    statement.misses.iter().map(Miss::element).collect()
}

fn written(miss: &EntryMiss) -> Vec<&str> {
    miss.entries.iter().map(|entry| &*entry.written).collect()
}

/// Every element that kept a statement from matching is told, and every condition, not the first.
#[test]
fn everything_that_failed_is_told() {
    let conditions = json!({
        "StringEquals": {"x:a": "1", "x:b": "2"},
        "Bool": {"x:c": "true"},
        "NumericLessThan": {"x:d": "5"},
    });
    let context: [(&str, &[&str]); 2] = [("x:a", &["1"]), ("x:d", &["7"])];
    let keys = |explanation: &Explanation| {
        let mut failed = Vec::new();
        for miss in &explanation.layers[0].statements[0].misses {
            if let Miss::Condition(condition) = miss {
                failed.push(condition.key.clone());
            }
        }
        failed
    };
    let allow = |resource: &str| {
        json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": resource,
        "Condition": conditions})
    };
    let explanation = explain(allow("*"), &context);
    // What holds is not among them.
    assert_eq!(keys(&explanation), ["x:b", "x:c", "x:d"]);
    assert_eq!(
        elements(&explanation.layers[0].statements[0]),
        ["condition"; 3]
    );
    assert_eq!(explanation.missing_keys, ["x:b", "x:c"]);
    // With the resource too, and in a resource policy with the principal.
    let explanation = explain(allow("arn:aws:s3:::c/*"), &context);
    let found = elements(&explanation.layers[0].statements[0]);
    assert_eq!(found, ["resource", "condition", "condition", "condition"]);
    // OUT-4: what does not match the resource needs no key.
    assert!(explanation.missing_keys.is_empty());
    let mut statement = allow("arn:aws:s3:::c/*");
    statement["Principal"] = json!({"AWS": "arn:aws:iam::111122223333:user/other"});
    let world = World {
        bucket: None,
        resource: Some(document(&[statement])),
        ..World::default()
    };
    let explanation = explained(&world, &Request::get_object("arn:aws:s3:::b/k", &context));
    let found = elements(&explanation.layers[0].statements[0]);
    assert_eq!(
        found,
        [
            "resource",
            "principal",
            "condition",
            "condition",
            "condition"
        ]
    );
}

/// The entries of a resource list that came nearest, as the policy has them and as they are here.
#[test]
fn the_nearest_entries_of_resources_are_told() {
    let entry = |written: &str, expanded: Option<&str>, missing: &[&str]| EntryReport {
        written: written.into(),
        expanded: expanded.map(Into::into),
        missing_keys: missing.iter().map(ToString::to_string).collect(),
    };
    let statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": [
        "arn:aws:sqs:*:*:queue", "arn:aws:s3:::other/*", "arn:aws:s3:::b", "arn:aws:s3:::b/home/${AWS:UserName}/*",
        "arn:aws:s3:::b/${aws:PrincipalTag/Team}/${aws:PrincipalTag/Unit, 'none'}", "arn:aws:s3:::b/K?",
    ]});
    let context: [(&str, &[&str]); 2] = [("aws:username", &["a*n"]), ("x:y", &["z"])];
    let explanation = explain(statement.clone(), &context);
    let report = &explanation.layers[0].statements[0];
    let [Miss::Resource(miss)] = &report.misses[..] else {
        panic!("{report:?}");
    };
    assert_eq!((miss.negated, miss.count), (false, 6));
    let mut found = miss.entries.clone();
    found.sort_by(|one, other| one.written.cmp(&other.written));
    assert_eq!(
        found,
        [
            entry(
                "arn:aws:s3:::b/${aws:PrincipalTag/Team}/${aws:PrincipalTag/Unit, 'none'}",
                Some("arn:aws:s3:::b/${aws:PrincipalTag/Team}/none"),
                &["aws:PrincipalTag/Team"]
            ),
            // VAR-7: a star in a value is no wildcard.
            entry("arn:aws:s3:::b/K?", None, &[]),
            entry(
                "arn:aws:s3:::b/home/${AWS:UserName}/*",
                Some("arn:aws:s3:::b/home/a${*}n/*"),
                &[]
            ),
        ]
    );
    // Without debug sections what the image has is told.
    let world = World {
        bucket: None,
        identity: vec![document(&[statement])],
        ..World::default()
    };
    let request = Request::get_object("arn:aws:s3:::b/k", &context);
    let options = Options {
        debug: false,
        ..Options::default()
    };
    let explanation = explained_with(&world, &request, options);
    let Miss::Resource(miss) = &explanation.layers[0].statements[0].misses[0] else {
        panic!();
    };
    assert!(
        written(miss).contains(&"arn:aws:s3:::b/home/${aws:username}/*"),
        "{miss:?}"
    );
    // What `NotResource` leaves out is told by the entries that do so.
    let statement = json!({"Effect": "Allow", "Action": "s3:GetObject",
        "NotResource": ["arn:aws:s3:::c/*", "arn:aws:s3:::b/*"]});
    let explanation = explain(statement, &[]);
    let Miss::Resource(miss) = &explanation.layers[0].statements[0].misses[0] else {
        panic!();
    };
    assert_eq!(
        (miss.negated, written(miss)),
        (true, vec!["arn:aws:s3:::b/*"])
    );
}

/// Values of conditions are told as written and with their variables.
#[test]
fn variables_of_conditions_are_expanded() {
    let statement = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {
        "StringEquals": {"x:a": ["${aws:UserName}/1", "${x:None}", "${x:none, 'd'}", "plain"]},
        "StringLike": {"x:b": "no variable"},
    }});
    let context: [(&str, &[&str]); 2] = [("aws:username", &["ann"]), ("x:a", &["v"])];
    let explanation = explain(statement, &context);
    let conditions: Vec<_> = explanation.layers[0].statements[0]
        .misses
        .iter()
        .map(|miss| match miss {
            Miss::Condition(condition) => condition,
            other => panic!("{other:?}"),
        })
        .collect();
    let expanded = ["ann/1", "${x:None}", "d", "plain"].map(String::from);
    assert_eq!(
        conditions[0].expanded_values.as_deref(),
        Some(&expanded[..])
    );
    assert_eq!(conditions[0].policy_values[0], "${aws:UserName}/1");
    assert_eq!(conditions[1].expanded_values, None);
    assert_eq!(explanation.missing_keys, ["x:b", "x:None"]);
}

/// Statements that differ in the action alone, by the entries that are nearest; those of other services do
/// not come near.
#[test]
fn statements_for_another_action_are_told() {
    let world = |statements: &[Value]| World {
        identity: vec![document(statements)],
        ..World::default()
    };
    let request = Request::get_object("arn:aws:s3:::b/k", &[]);
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let statement = |action: Value, resource: &str| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let near = json!([
        "s3:PutObject",
        "s3:GetObjects",
        "ec2:*",
        "s3:GetObjectAcl",
        "s3:List*",
        "s3:GetObjec"
    ]);
    let explanation = explained(&world(&[statement(near, "arn:aws:s3:::b/*")]), &request);
    let report = &explanation.layers[0].statements[0];
    let [Miss::Action(miss)] = &report.misses[..] else {
        panic!("{report:?}");
    };
    assert_eq!(miss.count, 6);
    assert_eq!(miss.entries[0].written, "s3:GetObjects");
    assert!(written(miss).contains(&"s3:GetObjec"), "{miss:?}");
    assert!(!written(miss).contains(&"ec2:*"), "{miss:?}");
    for other in [
        statement(json!("ec2:*"), "*"),
        statement(json!("s3:PutObject"), "arn:aws:s3:::c/*"),
        json!({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
            "Condition": {"StringEquals": {"x:a": "1"}}}),
    ] {
        let explanation = explained(&world(&[other.clone(), all.clone()]), &request);
        assert_eq!(explanation.layers[0].statements.len(), 1, "{other}");
    }
    let left_out = json!({"Effect": "Allow", "NotAction": ["iam:*", "s3:Get*"], "Resource": "*"});
    let explanation = explained(&world(&[left_out]), &request);
    let Miss::Action(miss) = &explanation.layers[0].statements[0].misses[0] else {
        panic!();
    };
    assert_eq!((miss.negated, written(miss)), (true, vec!["s3:Get*"]));
}

/// `GRAM-51` to `GRAM-53`: what a list of principals holds instead of the caller, and what a `NotPrincipal`
/// lacks to leave it out.
#[test]
fn principals_are_told() {
    let (root, user) = (
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/bob",
    );
    let (role, session) = (
        "arn:aws:iam::111122223333:role/R",
        "arn:aws:sts::111122223333:assumed-role/R/s",
    );
    let world = |member: &str, list: &[&str], boundary: bool| World {
        resource: Some(document(&[json!({"Effect": "Deny", member: {"AWS": list},
            "Action": "s3:*", "Resource": "*"})])),
        boundary: boundary.then(|| vec![document(&[])]),
        ..World::default()
    };
    let by = |caller: Caller| Request {
        caller,
        ..Request::get_object("arn:aws:s3:::b/k", &[])
    };
    let as_user = by(Caller::User { arn: user.into() });
    let as_session = by(Caller::Role {
        session_arn: Some(session.into()),
        role_arn: role.into(),
        service_linked: false,
    });
    let report = |world: &World, request: &Request| {
        let explanation = explained(world, request);
        let mut all = explanation.layers.into_iter();
        let layer = all.find(|own| own.layer == Layer::Resource);
        layer.unwrap().statements.remove(0)
    };
    let found = report(
        &world("Principal", &[role, "444455556666"], false),
        &as_user,
    );
    let [Miss::Principal(miss)] = &found.misses[..] else {
        panic!("{found:?}");
    };
    let mut entries: Vec<&str> = miss.entries.iter().map(|entry| &*entry.value).collect();
    entries.sort_unstable();
    assert_eq!((miss.negated, entries), (false, vec!["444455556666", role]));
    use Identity::{Account, Entity, Session};
    for (list, request, lacking) in [
        (&[root][..], &as_user, &[Entity][..]),
        (&[user], &as_user, &[Account]),
        (&[role], &as_user, &[Account, Entity]),
        (&[role], &as_session, &[Account, Session]),
        (&[root, role], &as_session, &[Session]),
        (&[root, session], &as_session, &[Entity]),
    ] {
        let found = report(&world("NotPrincipal", list, false), request);
        assert!(found.is_match());
        let not_listed = found.not_listed.unwrap();
        assert_eq!(
            (&not_listed.identities[..], not_listed.note),
            (lacking, None),
            "{list:?}"
        );
        // With them it leaves the caller out, and says by which entries.
        let mut whole = list.to_vec();
        whole.extend(lacking.iter().map(|identity| match identity {
            Account => root,
            Entity if request == &as_user => user,
            Entity => role,
            _ => session,
        }));
        let found = report(&world("NotPrincipal", &whole, false), request);
        let [Miss::Principal(miss)] = &found.misses[..] else {
            panic!("{found:?}");
        };
        assert!(miss.negated && !miss.entries.is_empty() && found.not_listed.is_none());
        // GRAM-52: not if there is a boundary, which is said.
        let found = report(&world("NotPrincipal", &whole, true), request);
        let not_listed = found.not_listed.unwrap();
        assert!(not_listed.identities.is_empty() && not_listed.note.unwrap().contains("boundary"));
    }
    let found = report(
        &world("NotPrincipal", &[root], false),
        &by(Caller::Anonymous),
    );
    assert!(
        found
            .not_listed
            .unwrap()
            .note
            .unwrap()
            .contains("anonymous")
    );
}

/// `EVAL-70`, row by row: a policy set that takes no part in a request says why, and one that does has no
/// reason.
#[test]
fn layers_that_do_not_apply_say_why() {
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let open = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
    let world = World {
        bucket: None,
        identity: vec![document(std::slice::from_ref(&allow))],
        boundary: Some(vec![document(std::slice::from_ref(&allow))]),
        session: Some(vec![document(std::slice::from_ref(&allow))]),
        resource: Some(document(std::slice::from_ref(&open))),
        vpc_endpoint: Some(vec![document(std::slice::from_ref(&open))]),
        scps: vec![vec![document(&[allow])]],
        rcps: vec![vec![]],
    };
    let role = |service_linked| Caller::Role {
        session_arn: None,
        role_arn: "arn:aws:iam::111122223333:role/R".into(),
        service_linked,
    };
    let callers = [
        Caller::Anonymous,
        Caller::Root {
            arn: "arn:aws:iam::111122223333:root".into(),
        },
        Caller::User {
            arn: "arn:aws:iam::111122223333:user/bob".into(),
        },
        role(false),
        role(true),
        Caller::FederatedUser {
            arn: "arn:aws:sts::111122223333:federated-user/f".into(),
            federated_by: None,
        },
        Caller::Service {
            name: "lambda.amazonaws.com".into(),
        },
        Caller::Federated {
            provider: "accounts.google.com".into(),
        },
        Caller::CanonicalUser { id: "c".into() },
        Caller::OriginAccessIdentity {
            arn: "arn:aws:iam::cloudfront:user/E1".into(),
        },
    ];
    let mut reasons = std::collections::BTreeSet::new();
    for caller in callers {
        for management_account in [false, true] {
            for action in ["s3:GetObject", "ec2:RunInstances", "kms:RetireGrant"] {
                let request = Request {
                    caller: caller.clone(),
                    management_account,
                    action: action.into(),
                    ..Request::get_object("arn:aws:s3:::b/k", &[])
                };
                for layer in explained(&world, &request).layers {
                    assert_eq!(
                        layer.reason.is_none(),
                        layer.applies,
                        "{request:?} {layer:?}"
                    );
                    reasons.extend(layer.reason.map(|reason| (layer.layer.to_string(), reason)));
                }
            }
        }
    }
    let of = |layer: &str, text: &str| {
        let mut all = reasons.iter();
        all.any(|(own, reason)| own.starts_with(layer) && reason.contains(text))
    };
    for (layer, text) in [
        ("service control", "the caller has none"),
        ("service control", "service-linked"),
        ("service control", "management account"),
        ("resource control", "service-linked"),
        ("resource control", "RetireGrant"),
        ("resource control", "do not support the service"),
        ("resource control", "management account"),
        ("VPC endpoint", "do not pass"),
        ("identity", "root user"),
        ("identity", "no user or role"),
        ("permissions boundary", "service-linked"),
        ("session", "own credentials"),
    ] {
        assert!(of(layer, text), "{layer}: {text}: {reasons:?}");
    }
}

/// Equal conditions that are written in two ways are one in decisions; explanations quote each policy as it
/// is written.
#[test]
fn conditions_are_quoted_as_each_policy_writes_them() {
    let statement = |operator: &str, key: &str, values: Value| json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {operator: {key: values}}});
    let statements = [
        statement(
            "ArnLike",
            "x:Arn",
            json!(["arn:aws:s3:::c", "arn:aws:s3:::d"]),
        ),
        statement(
            "ArnEquals",
            "X:arn",
            json!(["arn:aws:s3:::c", "arn:aws:s3:::d"]),
        ),
        statement(
            "ArnEquals",
            "X:arn",
            json!(["arn:aws:s3:::d", "arn:aws:s3:::c"]),
        ),
        statement(
            "ArnEquals",
            "X:arn",
            json!(["arn:aws:s3:::c", "arn:aws:s3:::d"]),
        ),
    ];
    let world = World {
        bucket: None,
        identity: vec![document(&statements)],
        ..World::default()
    };
    let explanation = explained(&world, &Request::get_object("arn:aws:s3:::b/k", &[]));
    let told: Vec<(String, String, String)> = explanation.layers[0]
        .statements
        .iter()
        .map(|own| match &own.misses[..] {
            [Miss::Condition(own)] => (
                own.operator.clone(),
                own.key.clone(),
                own.policy_values[0].clone(),
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    let c = "arn:aws:s3:::c".to_string();
    let d = "arn:aws:s3:::d".to_string();
    assert_eq!(
        told,
        [
            ("ArnLike".into(), "x:Arn".into(), c.clone()),
            ("ArnEquals".into(), "X:arn".into(), c.clone()),
            ("ArnEquals".into(), "X:arn".into(), d),
            ("ArnEquals".into(), "X:arn".into(), c),
        ]
    );
    assert_eq!(explanation.missing_keys.len(), 1);
}
