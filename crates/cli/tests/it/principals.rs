//! Every form of principal that a policy may hold can also be a caller, in every spelling that requests
//! allow (`GRAM-30` to `GRAM-46`), and what was guessed of it is said.

use std::collections::BTreeSet;

use crate::support::{Folder, Run};
use portcullis_model::Caller;
use portcullis_syntax::ast::PrincipalKind;
use serde_json::{Value, json};

const ROOT: &str = "arn:aws:iam::111122223333:root";
const ANN: &str = "arn:aws:iam::111122223333:user/team/ann";
const ROLE: &str = "arn:aws:iam::111122223333:role/app/R";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/R/s";
const PLAIN_ROLE: &str = "arn:aws:iam::111122223333:role/P";
const PLAIN_SESSION: &str = "arn:aws:sts::111122223333:assumed-role/P/s";
const SSO_ROLE: &str = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef";
const SSO_SESSION: &str =
    "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ann@example.com";
const FEDERATED_USER: &str = "arn:aws:sts::111122223333:federated-user/fay";
const IDENTITY: &str = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1";
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/idp.example";
const CANONICAL: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

/// Of whom a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Anonymous,
    Root,
    User,
    Role,
    FederatedUser,
    Service,
    Federated,
    CanonicalUser,
    OriginAccessIdentity,
}

/// A new kind of caller does not compile until it is here, and not pass until it is spelled below.
fn who(caller: &Caller<'_>) -> Who {
    match caller {
        Caller::Anonymous => Who::Anonymous,
        Caller::Root { .. } => Who::Root,
        Caller::User { .. } => Who::User,
        Caller::Role { .. } => Who::Role,
        Caller::FederatedUser { .. } => Who::FederatedUser,
        Caller::Service { .. } => Who::Service,
        Caller::Federated { .. } => Who::Federated,
        Caller::CanonicalUser { .. } => Who::CanonicalUser,
        Caller::OriginAccessIdentity { .. } => Who::OriginAccessIdentity,
    }
}

const ALL: [Who; 9] = [
    Who::Anonymous,
    Who::Root,
    Who::User,
    Who::Role,
    Who::FederatedUser,
    Who::Service,
    Who::Federated,
    Who::CanonicalUser,
    Who::OriginAccessIdentity,
];

/// A way to say who asks: the caller, the principal and the context of a request, and whether the role's
/// ARN is a guess.
struct Spelling {
    who: Who,
    principal: Value,
    context: Value,
    is_guessed: bool,
}

fn said(who: Who, principal: Value) -> Spelling {
    Spelling {
        who,
        principal,
        context: json!({}),
        is_guessed: false,
    }
}

fn with(context: Value, spelling: Spelling) -> Spelling {
    Spelling {
        context,
        ..spelling
    }
}

fn guessed(spelling: Spelling) -> Spelling {
    Spelling {
        is_guessed: true,
        ..spelling
    }
}

fn roots() -> Vec<Spelling> {
    vec![
        said(Who::Root, json!("111122223333")),
        said(Who::Root, json!(ROOT)),
        said(Who::Root, json!({ "arn": ROOT })),
    ]
}

fn users() -> Vec<Spelling> {
    vec![
        said(Who::User, json!(ANN)),
        said(Who::User, json!({ "arn": ANN })),
        said(Who::User, json!({"arn": ANN, "userId": "AIDAOTHER"})),
    ]
}

fn sessions() -> Vec<Spelling> {
    vec![
        said(Who::Role, json!({"arn": SESSION, "roleArn": ROLE})),
        with(
            json!({ "AWS:principalarn": ROLE }),
            said(Who::Role, json!(SESSION)),
        ),
    ]
}

fn roles() -> Vec<Spelling> {
    let mut all = sessions();
    all.extend([
        said(Who::Role, json!(ROLE)),
        said(Who::Role, json!({ "arn": ROLE })),
        said(Who::Role, json!({ "roleArn": ROLE })),
        said(Who::Role, json!({"arn": ROLE, "serviceLinkedRole": true})),
    ]);
    all
}

fn federated_users() -> Vec<Spelling> {
    vec![
        said(Who::FederatedUser, json!(FEDERATED_USER)),
        said(
            Who::FederatedUser,
            json!({"arn": FEDERATED_USER, "federatedBy": ANN}),
        ),
    ]
}

fn identities() -> Vec<Spelling> {
    vec![
        said(Who::OriginAccessIdentity, json!(IDENTITY)),
        said(Who::OriginAccessIdentity, json!({ "arn": IDENTITY })),
    ]
}

fn everyone() -> Vec<Spelling> {
    let mut all = vec![
        said(Who::Anonymous, Value::Null),
        said(Who::Anonymous, json!("anonymous")),
        said(Who::Service, json!({"Service": "lambda.amazonaws.com"})),
        said(Who::Federated, json!({ "Federated": PROVIDER })),
        said(Who::CanonicalUser, json!({ "CanonicalUser": CANONICAL })),
    ];
    let others = [roots(), users(), roles(), federated_users(), identities()];
    all.extend(others.into_iter().flatten());
    all
}

fn of_account() -> Vec<Spelling> {
    let all = [roots(), users(), roles(), federated_users()];
    all.into_iter().flatten().collect()
}

/// Every form of a principal in a policy, with all whom it names.
fn forms() -> Vec<(Value, Vec<Spelling>)> {
    let user_with = |id: &str| said(Who::User, json!({"arn": ANN, "userId": id}));
    let session_with = |id: &str| {
        said(
            Who::Role,
            json!({"arn": SESSION, "roleArn": ROLE, "userId": id}),
        )
    };
    vec![
        (json!("*"), everyone()),
        (json!({"AWS": "*"}), everyone()),
        (json!({"AWS": "111122223333"}), of_account()),
        (json!({ "AWS": ROOT }), of_account()),
        (
            json!({ "AWS": ANN }),
            users()
                .into_iter()
                .chain([said(
                    Who::FederatedUser,
                    json!({"arn": FEDERATED_USER, "federatedBy": ANN}),
                )])
                .collect(),
        ),
        (json!({ "AWS": ROLE }), roles()),
        (
            json!({ "AWS": PLAIN_ROLE }),
            vec![
                said(
                    Who::Role,
                    json!({"arn": PLAIN_SESSION, "roleArn": PLAIN_ROLE}),
                ),
                guessed(said(Who::Role, json!(PLAIN_SESSION))),
                guessed(said(
                    Who::Role,
                    json!({"arn": PLAIN_SESSION, "userId": "AROAX:s"}),
                )),
                // The key says another thing than a role.
                guessed(with(
                    json!({ "aws:PrincipalArn": ANN }),
                    said(Who::Role, json!(PLAIN_SESSION)),
                )),
            ],
        ),
        (
            json!({ "AWS": SSO_ROLE }),
            vec![
                guessed(said(Who::Role, json!(SSO_SESSION))),
                said(Who::Role, json!({"arn": SSO_SESSION, "roleArn": SSO_ROLE})),
            ],
        ),
        (json!({ "AWS": SESSION }), sessions()),
        (json!({ "AWS": FEDERATED_USER }), federated_users()),
        (
            json!({"AWS": "AIDAEXAMPLE"}),
            vec![
                user_with("AIDAEXAMPLE"),
                with(
                    json!({"aws:userid": "AIDAEXAMPLE"}),
                    said(Who::User, json!(ANN)),
                ),
            ],
        ),
        (
            json!({"AWS": "AROAEXAMPLE"}),
            vec![
                session_with("AROAEXAMPLE:s"),
                said(Who::Role, json!({"arn": ROLE, "userId": "AROAEXAMPLE"})),
            ],
        ),
        (json!({ "AWS": IDENTITY }), identities()),
        (
            json!({"Service": "lambda.amazonaws.com"}),
            vec![
                said(Who::Service, json!({"Service": "lambda.amazonaws.com"})),
                with(
                    json!({"aws:PrincipalServiceNamesList": ["x.amazonaws.com", "lambda.amazonaws.com"]}),
                    said(Who::Service, json!({"Service": "x.amazonaws.com"})),
                ),
            ],
        ),
        (
            json!({ "Federated": PROVIDER }),
            vec![
                said(Who::Federated, json!({ "Federated": PROVIDER })),
                with(
                    json!({ "aws:FederatedProvider": PROVIDER }),
                    said(Who::Role, json!({"arn": SESSION, "roleArn": ROLE})),
                ),
            ],
        ),
        (
            json!({ "CanonicalUser": CANONICAL }),
            vec![said(
                Who::CanonicalUser,
                json!({ "CanonicalUser": CANONICAL }),
            )],
        ),
    ]
}

/// Of another account, whose own policies allow everything, so that the policy of the resource decides.
const OTHER: &str = "444455556666";
const OBJECT: &str = "arn:aws:s3:::b/k";

fn statement(effect: &str, element: &str, principal: &Value) -> Value {
    json!({"Effect": effect, element: principal, "Action": "s3:GetObject", "Resource": OBJECT})
}

fn scenario(name: &str, statements: &[Value], spelling: &Spelling) -> Value {
    let version = "2012-10-17";
    let all = json!({"Version": version, "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    json!({
        "name": name,
        "policies": {
            "identity": [all],
            // A federated user has what its session policy allows (STS-9).
            "session": [all],
            "resource": {"Version": version, "Statement": statements},
        },
        "request": {
            "principal": spelling.principal,
            "action": "s3:GetObject",
            "resource": OBJECT,
            "resourceAccount": OTHER,
            "context": spelling.context,
        },
    })
}

/// The answers of both engines, which must agree.
fn batch(folder: &Folder, scenarios: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = scenarios.iter().map(Value::to_string).collect();
    let Run { stdout, stderr, .. } =
        folder.run_with(&["batch", "--engine", "both"], lines.join("\n").as_bytes());
    assert_eq!(stderr, "");
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn whoever_a_policy_names_can_ask() {
    let folder = Folder::new();
    let forms = forms();
    let mut scenarios = Vec::new();
    let mut expected = Vec::new();
    for (principal, spellings) in &forms {
        let everyone = json!("*");
        let stranger = json!({"AWS": "999988887777"});
        for spelling in spellings {
            let name = format!("{principal} by {}", spelling.principal);
            let allow = statement("Allow", "Principal", principal);
            let open = statement("Allow", "Principal", &everyone);
            let deny = statement("Deny", "Principal", principal);
            let other = statement("Allow", "Principal", &stranger);
            for (statements, decision) in [
                (vec![allow], "Allow"),
                (vec![open, deny], "ExplicitDeny"),
                (vec![other], "ImplicitDeny"),
            ] {
                scenarios.push(scenario(&name, &statements, spelling));
                expected.push((decision, spelling.is_guessed));
            }
        }
    }
    let answers = batch(&folder, &scenarios);
    assert_eq!(answers.len(), expected.len());
    for (answer, (decision, is_guessed)) in answers.iter().zip(expected) {
        assert_eq!(answer["decision"], decision, "{answer}");
        let notes = answer["notes"].to_string();
        assert_eq!(
            notes.contains("path of the session's role"),
            is_guessed,
            "{answer}"
        );
    }
    // Everybody whom a request can be of is spelled, and every kind of entry is there.
    let spelled: BTreeSet<Who> = forms
        .iter()
        .flat_map(|(_, all)| all)
        .map(|spelling| spelling.who)
        .collect();
    assert_eq!(spelled, BTreeSet::from(ALL));
    for kind in [
        PrincipalKind::Everyone,
        PrincipalKind::Aws,
        PrincipalKind::Service,
        PrincipalKind::Federated,
        PrincipalKind::CanonicalUser,
    ] {
        let member = match kind {
            PrincipalKind::Everyone => "*",
            PrincipalKind::Aws => "AWS",
            PrincipalKind::Service => "Service",
            PrincipalKind::Federated => "Federated",
            PrincipalKind::CanonicalUser => "CanonicalUser",
        };
        let mut all = forms.iter();
        assert!(all.any(|(form, _)| form.as_str() == Some(member) || form.get(member).is_some()));
    }
}

/// What is read is what was meant: the ARNs of callers, by the form that has them.
#[test]
fn arns_of_callers_are_of_their_kind() {
    for spelling in everyone() {
        let text = spelling.principal.as_str();
        let arn = text.or_else(|| spelling.principal.get("arn")?.as_str());
        let Some(arn) = arn.filter(|arn| arn.starts_with("arn:")) else {
            continue;
        };
        let caller = match Caller::from_arn(arn) {
            Ok(caller) => caller,
            Err(_) => Caller::session(arn, ROLE).unwrap(),
        };
        assert_eq!(who(&caller), spelling.who, "{arn}");
    }
}

/// An origin access identity has no account: what an account has does not take part (`EVAL-71`), and no
/// key of an account is there.
#[test]
fn an_origin_access_identity_is_a_user_without_account() {
    let folder = Folder::new();
    let spelling = &said(Who::OriginAccessIdentity, json!(IDENTITY));
    let deny = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}});
    let allow = statement("Allow", "Principal", &json!({ "AWS": IDENTITY }));
    let limited = |statements: &[Value], sets: &[&str]| {
        let mut scenario = scenario("limited", statements, spelling);
        for set in sets {
            scenario["policies"][*set] = match *set {
                "scps" | "rcps" => json!([[deny]]),
                _ => json!([deny]),
            };
        }
        scenario
    };
    let with_condition = |condition: Value| {
        let mut statement = allow.clone();
        statement["Condition"] = condition;
        limited(&[statement], &[])
    };
    let not_principal = |entry: &str| {
        let open = statement("Allow", "Principal", &json!("*"));
        let deny = statement("Deny", "NotPrincipal", &json!({ "AWS": entry }));
        limited(&[open, deny], &[])
    };
    let mut unknown_owner = limited(&[], &[]);
    unknown_owner["request"]["resourceAccount"] = Value::Null;
    let mut rcp = limited(std::slice::from_ref(&allow), &[]);
    rcp["policies"]["rcps"] = json!([[{"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}}]]);
    let scenarios = [
        // Its own policies would deny; there are none.
        (
            limited(
                std::slice::from_ref(&allow),
                &["identity", "boundary", "session", "scps"],
            ),
            "Allow",
        ),
        (rcp, "ExplicitDeny"),
        // Nobody but the resource can let it in, also if nobody says whose that is.
        (limited(&[], &[]), "ImplicitDeny"),
        (unknown_owner, "ImplicitDeny"),
        (
            with_condition(json!({"Null": {"aws:PrincipalAccount": "true"}})),
            "Allow",
        ),
        (
            with_condition(json!({"Null": {"aws:PrincipalType": "true"}})),
            "Allow",
        ),
        (
            with_condition(json!({"Null": {"aws:userid": "true"}})),
            "Allow",
        ),
        (
            with_condition(json!({"Null": {"aws:username": "true"}})),
            "Allow",
        ),
        (
            with_condition(json!({"ArnEquals": {"aws:PrincipalArn": IDENTITY}})),
            "Allow",
        ),
        (
            with_condition(json!({"Bool": {"aws:PrincipalIsAWSService": "false"}})),
            "Allow",
        ),
        // GRAM-51: no account could be listed beside it.
        (not_principal(IDENTITY), "Allow"),
        (
            not_principal("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2"),
            "ExplicitDeny",
        ),
    ];
    let (scenarios, expected): (Vec<Value>, Vec<&str>) = scenarios.into_iter().unzip();
    let answers = batch(&folder, &scenarios);
    for ((answer, expected), scenario) in answers.iter().zip(expected).zip(scenarios) {
        assert_eq!(answer["decision"], expected, "{scenario}");
        // There is no account that the owner could be taken to be.
        let notes = answer["notes"].to_string();
        assert!(!notes.contains("owner"), "{scenario}: {notes}");
    }
}

/// GRAM-37: the path of a role is no part of its sessions' ARNs, wherever these stand.
#[test]
fn a_path_in_a_sessions_arn_is_an_error() {
    let folder = Folder::new();
    let why = "exactly one stands after the role's name, and the role's path is not part of it";
    let arn = "arn:aws:sts::111122223333:assumed-role/app/R/s";
    for principal in [
        json!(arn),
        json!({ "arn": arn }),
        json!({"arn": arn, "roleArn": ROLE}),
    ] {
        let spelling = said(Who::Role, principal);
        let answers = batch(&folder, &[scenario("a path", &[], &spelling)]);
        let error = answers[0]["error"].as_str().unwrap();
        assert!(error.contains(why), "{error}");
    }
    let input = json!({"PolicyInputList": [], "ActionNames": ["s3:GetObject"], "CallerArn": arn});
    let run = folder.run_with(&["simulate"], input.to_string().as_bytes());
    assert!(run.code == 1 && run.stderr.contains(why), "{run:?}");
    folder.write(
        "empty.json",
        r#"{"Version": "2012-10-17", "Statement": []}"#,
    );
    let ask = [
        "decide",
        "--identity",
        "empty.json",
        "--action",
        "s3:GetObject",
        "--principal",
        arn,
    ];
    let run = folder.run(&ask);
    assert!(run.code == 1 && run.stderr.contains(why), "{run:?}");
    assert!(run.stderr.contains("as `roleArn`"), "{run:?}");
}

/// `CallerArn` takes whatever has an ARN.
#[test]
fn whoever_has_an_arn_can_be_simulated() {
    let folder = Folder::new();
    let all = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    for (arn, named, is_guessed) in [
        (ROOT, ROOT, false),
        (ANN, ANN, false),
        (ROLE, ROLE, false),
        (PLAIN_SESSION, PLAIN_ROLE, true),
        (SSO_SESSION, SSO_ROLE, true),
        (SESSION, SESSION, true),
        (FEDERATED_USER, FEDERATED_USER, false),
        (IDENTITY, IDENTITY, false),
    ] {
        for (named, decision) in [(named, "allowed"), ("999988887777", "implicitDeny")] {
            let policy = json!({"Version": "2012-10-17",
                "Statement": statement("Allow", "Principal", &json!({ "AWS": named }))});
            let input = json!({
                "PolicyInputList": [all], "SessionPolicyInputList": [all],
                "ResourcePolicy": policy.to_string(), "ResourceOwner": OTHER, "CallerArn": arn,
                "ActionNames": ["s3:GetObject"], "ResourceArns": [OBJECT],
            });
            let run = folder.run_with(&["simulate"], input.to_string().as_bytes());
            assert_eq!((run.code, &*run.stderr), (0, ""), "{arn}");
            let told: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(
                told["EvaluationResults"][0]["EvalDecision"], decision,
                "{arn}"
            );
            assert_eq!(told.get("notes").is_some(), is_guessed, "{told}");
        }
    }
}

/// What was guessed or assumed is said by every command that answers, in text and for programs
/// (`EVAL-12`, `EVAL-90`, `VPCE-5`).
#[test]
fn what_was_assumed_is_said_everywhere() {
    let folder = Folder::new();
    folder.write("all.json", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#);
    folder.write("open.json", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#);
    let owner = "the resource's owner is not known";
    let endpoint = "the policy of the VPC endpoint is not known";
    let exempt = "the action needs no permission";
    let role = "the path of the session's role is not known";
    let region = "without the region";
    let object = "arn:aws:s3:::b/k";
    let queue = "arn:aws:sqs:eu-west-1:111122223333:q";
    let cases: [(&[&str], &[&str]); 7] = [
        (
            &[
                "--principal",
                ANN,
                "--action",
                "sqs:SendMessage",
                "--resource",
                queue,
            ],
            &[],
        ),
        (
            &[
                "--principal",
                ANN,
                "--action",
                "s3:GetObject",
                "--resource",
                object,
            ],
            &[owner],
        ),
        (
            &["--principal", ANN, "--action", "sts:GetCallerIdentity"],
            &[exempt],
        ),
        (
            &[
                "--principal",
                ANN,
                "--action",
                "sqs:SendMessage",
                "--resource",
                queue,
                "--context",
                "aws:sourcevpce=vpce-1",
            ],
            &[endpoint],
        ),
        (
            &[
                "--principal",
                PLAIN_SESSION,
                "--action",
                "sqs:SendMessage",
                "--resource",
                queue,
            ],
            &[role],
        ),
        (
            &[
                "--principal",
                SSO_SESSION,
                "--action",
                "s3:GetObject",
                "--resource",
                object,
            ],
            &[role, region, owner],
        ),
        (
            &[
                "--principal",
                ANN,
                "--action",
                "sqs:SendMessage",
                "--resource",
                queue,
                "--context",
                "aws:SourceVpce=vpce-1",
                "--vpc-endpoint",
                "open.json",
            ],
            &[],
        ),
    ];
    let all = [owner, endpoint, exempt, role, region];
    for (arguments, expected) in cases {
        let check = |text: &str, what: &str| {
            for note in all {
                assert_eq!(
                    text.contains(note),
                    expected.contains(&note),
                    "{what}: {note}: {text}"
                );
            }
        };
        for engine in ["vm", "reference"] {
            let decide = [
                &["decide", "--engine", engine, "--identity", "all.json"][..],
                arguments,
            ]
            .concat();
            check(&folder.run(&decide).stdout, "decide");
            let run = folder.run(&[&decide[..], &["--format", "json"]].concat());
            let told: Value = serde_json::from_str(&run.stdout).unwrap();
            check(&told["notes"].to_string(), "decide as JSON");
            assert_eq!(told.get("notes").is_none(), expected.is_empty(), "{told}");
        }
        let explain = [&["explain", "--identity", "all.json"][..], arguments].concat();
        check(&folder.run(&explain).stdout, "explain");
        let run = folder.run(&[&explain[..], &["--format", "json"]].concat());
        let told: Value = serde_json::from_str(&run.stdout).unwrap();
        check(&told["notes"].to_string(), "explain as JSON");
    }
    // A scenario, and what is printed of a test that fails.
    let scenario = json!({"name": "x", "policies": {"identity": []}, "expect": "Allow",
        "request": {"principal": SSO_SESSION, "action": "s3:GetObject", "resource": OBJECT}});
    folder.write("case.json", scenario.to_string());
    let run = folder.run(&["test", "case.json"]);
    assert!(
        run.stdout.contains(role) && run.stdout.contains(owner),
        "{run:?}"
    );
    let input = json!({"PolicyInputList": [], "CallerArn": SSO_SESSION,
        "ActionNames": ["s3:GetObject"], "ResourceArns": [OBJECT]});
    let run = folder.run_with(&["simulate"], input.to_string().as_bytes());
    let told: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(
        told["notes"].to_string().contains(role) && told["notes"].to_string().contains(owner),
        "{told}"
    );
}

/// A request asks for one action, in the characters that actions have (`GRAM-18`).
#[test]
fn what_is_no_action_is_not_asked_for() {
    let folder = Folder::new();
    folder.write("all.json", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#);
    for (action, why) in [
        ("s3:Get*", "a request cannot contain a wildcard"),
        ("s3:GetObjec?", "a request cannot contain a wildcard"),
        ("*:GetObject", "a request cannot contain a wildcard"),
        ("s3: GetObject", "it contains whitespace (U+0020)"),
        ("s3:GetObject\u{a0}", "it contains whitespace (U+00A0)"),
        ("s3:GetObject,", "no action has the character ','"),
        ("s3:Get:Object", "an action is `prefix:name`"),
        ("s3", "an action is `prefix:name`"),
    ] {
        let request = json!({"principal": ANN, "action": action, "resource": "*"});
        let scenario = json!({"name": "x", "policies": {"identity": []}, "request": request});
        let answers = batch(&folder, &[scenario]);
        let error = answers[0]["error"].as_str().unwrap();
        assert!(
            error.contains(why) && error.contains("INVALID_ACTION"),
            "{error}"
        );
        for command in ["decide", "explain"] {
            let run = folder.run(&[
                command,
                "--identity",
                "all.json",
                "--principal",
                ANN,
                "--action",
                action,
            ]);
            assert!(run.code == 1 && run.stderr.contains(why), "{run:?}");
        }
        let input = json!({"PolicyInputList": [], "ActionNames": [action]});
        let run = folder.run_with(&["simulate"], input.to_string().as_bytes());
        assert!(
            run.code == 1 && run.stderr.contains("is not an action"),
            "{run:?}"
        );
    }
}

/// A directory knows its roles: what was guessed of them is not said, and the role is the directory's. Of
/// others it is said.
#[test]
fn a_directory_does_not_guess_the_roles_that_it_has() {
    let folder = Folder::new();
    let role = |path: &str, name: &str| {
        json!({"Path": path, "RoleName": name, "RoleId": "AROAEXAMPLE", "RolePolicyList": [],
            "Arn": format!("arn:aws:iam::111122223333:role{path}{name}"), "AttachedManagedPolicies": [],
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}})
    };
    let name = "AWSReservedSSO_Dev_0123456789abcdef";
    let dump = |roles: Value| json!({"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles, "Policies": []});
    let paths = [
        "/aws-reserved/sso.amazonaws.com/",
        "/aws-reserved/sso.amazonaws.com/eu-west-1/",
        "/",
    ];
    let line = |principal: &str, more: Value| {
        let mut line = json!({"principal": principal, "action": "sqs:SendMessage",
            "resource": "arn:aws:sqs:eu-west-1:111122223333:q"});
        line.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        line.to_string()
    };
    for path in paths {
        std::fs::create_dir_all(folder.0.join("data")).unwrap();
        folder.write(
            "data/a.json",
            dump(json!([role(path, name), role("/app/", "R")])).to_string(),
        );
        let stranger = SSO_SESSION.replace("111122223333", "999988887777");
        let lines = [
            line(SSO_SESSION, json!({})),
            line(SESSION, json!({})),
            line(&stranger, json!({"identity": []})),
        ];
        let run = folder.run_with(
            &["batch", "--directory", "data"],
            lines.join("\n").as_bytes(),
        );
        assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
        let guessed: Vec<bool> = run
            .stdout
            .lines()
            .map(|line| line.contains("path of the session's role"))
            .collect();
        assert_eq!(guessed, [false, false, true], "{path}: {}", run.stdout);
    }
}
