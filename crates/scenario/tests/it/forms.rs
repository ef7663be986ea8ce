//! What scenarios may say, and what is read from it.
use bumpalo::Bump;
use portcullis_model::{Caller, Decision, PolicyKind, Principal, Request};
use portcullis_scenario::{Files, NoFiles, Options, Scenario, UnreadableError, scenarios};
use portcullis_source::Source;
use std::path::Path;

const USER: &str = "arn:aws:iam::111122223333:user/ann";

fn read<'a>(text: &str, arena: &'a Bump) -> Vec<Scenario<'a>> {
    let source = Source::new("dir/s.json", arena.alloc_str(text));
    let found = scenarios(source, Options::default(), &NoFiles, arena).expect("readable");
    for scenario in &found {
        assert_eq!(scenario.problems.len(), 0, "{}", scenario.problems[0]);
        for case in &scenario.cases {
            assert_eq!(case.problems.len(), 0, "{}", case.problems[0]);
        }
    }
    found
}

/// The one request with this principal, and these members after it.
fn request<'a>(principal: &str, rest: &str, arena: &'a Bump) -> Request<'a> {
    let text = format!(
        r#"{{"policies": {{}}, "request": {{"principal": {principal}, "action": "s3:GetObject",
            "resource": "arn:aws-cn:s3:::b/k" {rest}}}}}"#
    );
    read(&text, arena)[0].cases[0].request.unwrap()
}

fn principal<'a>(principal: &str, rest: &str, arena: &'a Bump) -> Principal<'a> {
    request(principal, rest, arena).principal
}

#[test]
fn one_scenario_or_a_list_of_them() {
    let arena = Bump::new();
    let one = r#"{"name": "x", "policies": {}, "request": {"principal": null, "action": "a:b", "resource": "*"}, "expect": "Allow"}"#;
    let found = read(one, &arena);
    assert_eq!((found.len(), found[0].name), (1, Some("x")));
    assert_eq!(found[0].cases[0].expect, Some(Decision::Allow));
    let found = read(&format!("[{one}, {one}]"), &arena);
    assert_eq!(found.len(), 2);
    assert!(read("[]", &arena).is_empty());
}

#[test]
fn requests_have_their_own_names_and_decisions() {
    let arena = Bump::new();
    let found = read(
        r#"{"policies": {}, "requests": [
            {"name": "1", "expect": "ImplicitDeny", "principal": null, "action": "a:b", "resource": "*"},
            {"principal": "anonymous", "action": "a:b", "resource": "arn:", "expect": null, "context": null, "resourceAccount": null}
        ]}"#,
        &arena,
    );
    let [first, second] = found[0].cases.as_slice() else {
        panic!("two requests");
    };
    assert_eq!(
        (first.name, first.expect),
        (Some("1"), Some(Decision::ImplicitDeny))
    );
    assert_eq!((second.name, second.expect), (None, None));
    assert_eq!(second.request.unwrap().principal.caller, Caller::Anonymous);
    assert!(
        read(r#"{"policies": {}, "requests": []}"#, &arena)[0]
            .cases
            .is_empty()
    );
}

#[test]
fn absent_and_empty_sets_differ() {
    let arena = Bump::new();
    let request = r#""requests": []"#;
    let absent = read(&format!(r#"{{"policies": {{}}, {request}}}"#), &arena);
    let null = read(
        &format!(
            r#"{{"policies": {{"identity": null, "boundary": null, "session": null, "resource": null,
            "vpcEndpoint": null, "scps": null, "rcps": null}}, {request}}}"#
        ),
        &arena,
    );
    for found in [&absent, &null] {
        let sets = &found[0].policies;
        assert!(sets.identity.is_empty() && sets.scps.is_empty() && sets.rcps.is_empty());
        assert!(sets.boundary.is_none() && sets.session.is_none());
        assert!(sets.resource.is_none() && sets.vpc_endpoint.is_none());
    }
    let empty = read(
        &format!(
            r#"{{"policies": {{"identity": [], "boundary": [], "session": [], "vpcEndpoint": [],
            "scps": [[], []], "rcps": []}}, {request}}}"#
        ),
        &arena,
    );
    let sets = &empty[0].policies;
    assert_eq!(sets.boundary.as_ref().map(Vec::len), Some(0));
    assert_eq!(sets.session.as_ref().map(Vec::len), Some(0));
    assert_eq!(sets.vpc_endpoint.as_ref().map(Vec::len), Some(0));
    assert_eq!(
        (sets.scps.len(), sets.scps[1].len(), sets.rcps.len()),
        (2, 0, 0)
    );
}

#[test]
fn documents_have_names_kinds_and_places() {
    struct OneFile;
    impl Files for OneFile {
        fn read(&self, folder: &Path, path: &Path) -> Result<Vec<u8>, UnreadableError> {
            assert_eq!((folder, path), (Path::new("dir"), Path::new("sub/p.json")));
            Ok(PLAIN.as_bytes().to_vec())
        }
    }
    const PLAIN: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#;
    const NAMED: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}}"#;
    let text = format!(
        r#"{{"policies": {{
            "identity": [{PLAIN}, {{"name": "n", "document": {PLAIN}}}, {{"document": {PLAIN}}},
                {{"name": "f", "file": "sub/p.json"}}, {{"file": "sub/p.json"}}],
            "boundary": {PLAIN}, "session": [{PLAIN}], "resource": {NAMED}, "vpcEndpoint": [{NAMED}],
            "scps": [[], [{PLAIN}]], "rcps": [[{NAMED}]]}}, "requests": []}}"#
    );
    let arena = Bump::new();
    let source = Source::new("dir/s.json", &text);
    let found = scenarios(source, Options::default(), &OneFile, &arena).unwrap();
    assert!(found[0].problems.is_empty(), "{}", found[0].problems[0]);
    let sets = &found[0].policies;
    let names = |list: &[portcullis_syntax::Policy<'_>]| -> Vec<String> {
        list.iter().map(|policy| policy.name.to_string()).collect()
    };
    assert_eq!(
        names(&sets.identity),
        ["identity[0]", "n", "identity[2]", "f", "dir/sub/p.json"]
    );
    assert_eq!(sets.identity[0].file, "dir/s.json");
    assert_eq!(sets.identity[0].text, text);
    assert_eq!(
        (sets.identity[3].file, sets.identity[3].text),
        ("dir/sub/p.json", PLAIN)
    );
    assert_eq!(names(sets.boundary.as_ref().unwrap()), ["boundary"]);
    assert_eq!(names(sets.session.as_ref().unwrap()), ["session[0]"]);
    assert_eq!(names(sets.resource.as_ref().unwrap()), ["resource"]);
    assert_eq!(
        names(sets.vpc_endpoint.as_ref().unwrap()),
        ["vpcEndpoint[0]"]
    );
    assert_eq!(names(&sets.scps[1]), ["scps[1][0]"]);
    let kinds = [
        (&sets.identity[0], PolicyKind::Identity),
        (&sets.boundary.as_ref().unwrap()[0], PolicyKind::Boundary),
        (&sets.session.as_ref().unwrap()[0], PolicyKind::Session),
        (&sets.resource.as_ref().unwrap()[0], PolicyKind::Resource),
        (
            &sets.vpc_endpoint.as_ref().unwrap()[0],
            PolicyKind::VpcEndpoint,
        ),
        (&sets.scps[1][0], PolicyKind::Scp),
        (&sets.rcps[0][0], PolicyKind::Rcp),
    ];
    for (policy, kind) in kinds {
        assert_eq!(policy.document.kind, kind);
    }
}

#[test]
fn principals_in_every_form() {
    let arena = Bump::new();
    let caller = |text: &str| principal(text, "", &arena).caller;
    let quoted = |text: &str| caller(&format!("{text:?}"));
    let account = "arn:aws-cn:iam::111122223333:root";
    assert_eq!(quoted(USER), Caller::User { arn: USER });
    assert_eq!(quoted("111122223333"), Caller::Root { arn: account });
    assert_eq!(quoted(account), Caller::Root { arn: account });
    assert_eq!(caller("null"), Caller::Anonymous);
    assert_eq!(quoted("anonymous"), Caller::Anonymous);
    assert_eq!(
        caller(r#"{"Service": "lambda.amazonaws.com"}"#),
        Caller::Service {
            name: "lambda.amazonaws.com"
        }
    );
    assert_eq!(
        caller(r#"{"Federated": "accounts.google.com"}"#),
        Caller::Federated {
            provider: "accounts.google.com"
        }
    );
    assert_eq!(
        caller(r#"{"CanonicalUser": "79a5"}"#),
        Caller::CanonicalUser { id: "79a5" }
    );
    let role = "arn:aws:iam::111122223333:role/app/R";
    let unknown = Caller::Role {
        session_arn: None,
        role_arn: role,
        service_linked: false,
    };
    assert_eq!(quoted(role), unknown);
    assert_eq!(caller(&format!(r#"{{"roleArn": "{role}"}}"#)), unknown);
    assert_eq!(
        caller(&format!(r#"{{"arn": "{role}", "roleArn": "{role}"}}"#)),
        unknown
    );
    let guest = "arn:aws:sts::111122223333:federated-user/guest";
    assert_eq!(
        caller(&format!(r#"{{"arn": "{guest}", "federatedBy": "{USER}"}}"#)),
        Caller::FederatedUser {
            arn: guest,
            federated_by: Some(USER)
        }
    );
}

#[test]
fn without_a_partition_in_the_resource_an_account_is_of_aws() {
    let arena = Bump::new();
    let found = read(
        r#"{"policies": {}, "request": {"principal": "111122223333", "action": "a:b", "resource": "*"}}"#,
        &arena,
    );
    let caller = found[0].cases[0].request.unwrap().principal.caller;
    assert_eq!(caller.arn(), Some("arn:aws:iam::111122223333:root"));
}

#[test]
fn the_role_of_a_session_is_looked_for_in_three_places() {
    let arena = Bump::new();
    let session = "arn:aws:sts::111122223333:assumed-role/R/s";
    let role_of = |object: &str, rest: &str| match principal(object, rest, &arena).caller {
        Caller::Role {
            session_arn,
            role_arn,
            ..
        } => {
            assert_eq!(session_arn, Some(session));
            role_arn.to_string()
        }
        other => panic!("{other:?}"),
    };
    let plain = format!("{session:?}");
    let full =
        format!(r#"{{"arn": "{session}", "roleArn": "arn:aws:iam::111122223333:role/a/R"}}"#);
    let context = r#", "context": {"AWS:principalarn": "arn:aws:iam::111122223333:role/b/R"}"#;
    assert_eq!(
        role_of(&full, context),
        "arn:aws:iam::111122223333:role/a/R"
    );
    assert_eq!(
        role_of(&plain, context),
        "arn:aws:iam::111122223333:role/b/R"
    );
    assert_eq!(role_of(&plain, ""), "arn:aws:iam::111122223333:role/R");
    for no_role in [
        r#"[]"#,
        r#""arn:aws:iam::111122223333:user/ann""#,
        r#"["arn:aws:iam::111122223333:role/b/R", "x"]"#,
    ] {
        let context = format!(r#", "context": {{"aws:PrincipalArn": {no_role}}}"#);
        assert_eq!(
            role_of(&plain, &context),
            "arn:aws:iam::111122223333:role/R"
        );
    }
}

#[test]
fn what_else_is_known_of_a_principal() {
    let arena = Bump::new();
    let text = format!(
        r#"{{"arn": "{USER}", "userId": "AIDA1", "managementAccount": true, "serviceLinkedRole": false}}"#
    );
    let user = principal(&text, "", &arena);
    assert_eq!(
        (user.user_id, user.management_account),
        (Some("AIDA1"), true)
    );
    let role = r#"{"arn": "arn:aws:iam::111122223333:role/R", "serviceLinkedRole": true}"#;
    assert!(matches!(
        principal(role, "", &arena).caller,
        Caller::Role {
            service_linked: true,
            ..
        }
    ));
}

#[test]
fn context_values_are_texts() {
    let arena = Bump::new();
    let context = r#", "context": {"a": "x", "A": 1.50, "b": true, "c": [], "d": ["y", 2, false]},
        "resourceAccount": "444455556666", "restrictPublicBuckets": true, "externalGrant": true"#;
    let request = request("null", context, &arena);
    let entries: Vec<(&str, &[&str])> = request
        .context
        .iter()
        .map(|entry| (entry.key, entry.values))
        .collect();
    assert_eq!(
        entries,
        [
            ("a", ["x"].as_slice()),
            ("A", &["1.50"]),
            ("b", &["true"]),
            ("c", &[]),
            ("d", &["y", "2", "false"])
        ]
    );
    assert_eq!(request.resource_account, Some("444455556666"));
    assert!(request.restrict_public_buckets && request.external_grant);
}

#[test]
fn a_resource_may_be_missing_for_some_services() {
    const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Principal": "*"}}"#;
    let text = format!(
        r#"{{"policies": {{"resource": {POLICY}}}, "requests": [
            {{"principal": null, "action": "STS:AssumeRole", "resource": "*"}},
            {{"principal": null, "action": "ecr:PutImage", "resource": "*"}},
            {{"principal": null, "action": "s3:GetObject", "resource": "*"}}]}}"#
    );
    let arena = Bump::new();
    let source = Source::new("s.json", &text);
    let found = scenarios(source, Options::default(), &NoFiles, &arena).unwrap();
    assert!(found[0].problems.is_empty());
    let codes: Vec<Option<&str>> = found[0]
        .cases
        .iter()
        .map(|case| case.problems.first().map(|problem| problem.code.as_str()))
        .collect();
    assert_eq!(codes, [None, None, Some("MISSING_RESOURCE")]);
    assert!(found[0].cases[2].request.is_none());
    assert!(found[0].cases[2].problems[0].in_policy);
}
