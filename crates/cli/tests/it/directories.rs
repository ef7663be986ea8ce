//! Commands by a directory.

use crate::support;
use std::path::Path;

use crate::support::{ANN, Folder};
use serde_json::{Value, json};

fn corpus(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/directory/organization");
    root.join(name).to_string_lossy().into_owned()
}

const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const SECRET: &str = "arn:aws:s3:::reports/secret/x";

#[test]
fn a_folder_and_its_image_answer_the_same() {
    let folder = Folder::new();
    let (data, requests) = (corpus("data"), corpus("requests.jsonl"));
    let made = folder.run(&["compile", "--directory", &data, "-o", "organization.pcl"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let by_folder = folder.run(&["batch", "--engine", "both", "--directory", &data, &requests]);
    let by_image = folder.run(&["batch", "--image", "organization.pcl", &requests]);
    assert_eq!((by_folder.code, by_image.code), (0, 0));
    assert_eq!(by_folder.stdout, by_image.stdout);
    let inspected = folder.run(&["inspect", "organization.pcl", "--format", "json"]);
    let value: Value = serde_json::from_str(&inspected.stdout).unwrap();
    assert_eq!(value["accounts"], 4);
    // Documents are not in an image.
    let reference = folder.run(&[
        "batch",
        "--engine",
        "reference",
        "--image",
        "organization.pcl",
        &requests,
    ]);
    assert_eq!(reference.code, 1);
}

#[test]
fn changes_go_into_an_image() {
    let folder = Folder::new();
    for name in ["data", "changed"] {
        std::fs::create_dir(folder.0.join(name)).unwrap();
    }
    let dump = |action: &str| {
        format!(
            r#"{{"UserDetailList": [{{"Arn": "arn:aws:iam::111122223333:user/ann", "UserPolicyList": [{{"PolicyName": "p",
            "PolicyDocument": {{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}}}]}}]}}"#
        )
    };
    folder.write("data/dump.json", dump("s3:GetObject"));
    folder.write("changed/dump.json", dump("s3:PutObject"));
    let made = folder.run(&["compile", "--directory", "data", "-o", "old.pcl"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let to_new = ["--base", "old.pcl", "-o", "new.pcl"];
    let made = folder.run(&[&["compile", "--directory", "changed"][..], &to_new].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    let decision = |image: &str, action: &str| {
        let request = format!(
            r#"{{"principal": "{}", "action": "{action}", "resource": "arn:aws:s3:::b/k"}}"#,
            support::ANN
        );
        let run = folder.run_with(&["batch", "--image", image], request.as_bytes());
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        answer["decision"].as_str().unwrap().to_string()
    };
    assert_eq!(decision("old.pcl", "s3:GetObject"), "Allow");
    assert_eq!(decision("new.pcl", "s3:GetObject"), "ImplicitDeny");
    assert_eq!(decision("new.pcl", "s3:PutObject"), "Allow");
    // Of what is to be the base?
    let lone = folder.run(&[
        "compile",
        "--identity",
        "p.json",
        "--base",
        "old.pcl",
        "-o",
        "x.pcl",
    ]);
    assert_eq!(lone.code, 1);
    assert!(lone.stderr.contains("--directory"), "{}", lone.stderr);
}

/// A directory may be one file, and whoever is asked about is known or told whose name is near.
#[test]
fn one_dump_is_a_directory_and_one_principal_is_asked_about() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("dumps")).unwrap();
    // What stands beside it is not read.
    folder.write("dumps/other.json", "{}}");
    folder.write(
        "dumps/one.dump",
        r#"{"UserDetailList": [
            {"Arn": "arn:aws:iam::111122223333:user/ann", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument":
                {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]},
            {"Arn": "arn:aws:iam::111122223333:user/team/bob", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument":
                {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "*"}}}]}
        ]}"#,
    );
    let bob = "arn:aws:iam::111122223333:user/team/bob";
    let ask = |question: &str, principal: &str| {
        let on = ["--directory", "dumps/one.dump", "--principal", principal];
        folder.run(&[&[question][..], &on].concat())
    };
    for (question, principal, code, told) in [
        ("admins", ANN, 0, "1 found of 1 user or role"),
        ("admins", bob, 2, "it is no administrator"),
        ("escalate", bob, 0, "1 found of 1 user or role"),
        ("escalate", ANN, 2, "it is an administrator already"),
        ("what-can", bob, 0, "iam:CreateAccessKey"),
    ] {
        let run = ask(question, principal);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(
            run.code == code && all.contains(told),
            "{question}: {run:?}"
        );
    }
    for question in ["admins", "escalate", "what-can"] {
        let run = ask(question, "arn:aws:iam::111122223333:user/bop");
        assert_eq!(run.code, 1, "{run:?}");
        let help = format!("help: the nearest are `{bob}`");
        assert!(run.stderr.contains(&help), "{question}: {run:?}");
    }
    // Places are those of the file.
    let request = [
        "explain",
        "--directory",
        "dumps/one.dump",
        "--principal",
        bob,
        "--action",
        "iam:CreateAccessKey",
    ];
    let run = folder.run(&[&request[..], &["--resource", bob]].concat());
    assert!(
        run.code == 0 && run.stdout.contains("dumps/one.dump:"),
        "{run:?}"
    );
    let run = folder.run(&["admins", "--directory", "dumps"]);
    assert!(
        run.code == 1 && run.stderr.contains("other.json:1:"),
        "{run:?}"
    );
}

#[test]
fn lines_that_cannot_be_decided_are_answered_with_errors() {
    let folder = Folder::new();
    let lines = [
        r#"{"name": "a", "principal": "arn:aws:iam::111122223333:user/nobody", "action": "s3:GetObject", "resource": "*"}"#,
        r#"{"name": "b", "principal": "arn:aws:iam::999999999999:user/ann", "action": "s3:GetObject", "resource": "*"}"#,
        r#"{"name": "c", "principal": "arn:aws:iam::111122223333:user/dan", "action": "s3:GetObject", "resource": "*", "session": [{}]}"#,
        r#"{"name": "d""#,
        r#"{"name": "e", "principal": "arn:aws:iam::111122223333:user/admin", "action": "s3:GetObject", "resource": "*"}"#,
    ]
    .join("\n");
    let run = folder.run_with(&["batch", "--directory", &corpus("data")], lines.as_bytes());
    assert_eq!(run.code, 1);
    let answers: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = answers
        .iter()
        .map(|answer| answer["name"].as_str().unwrap_or("?"))
        .collect();
    assert_eq!(names, ["a", "b", "c", "?", "e"]);
    assert!(
        answers[..4]
            .iter()
            .all(|answer| answer["error"].is_string())
    );
    assert_eq!(answers[4]["decision"], "Allow");
    assert!(
        answers[1]["error"]
            .as_str()
            .unwrap()
            .contains("999999999999")
    );
}

#[test]
fn one_request_is_decided_and_explained() {
    let folder = Folder::new();
    let data = corpus("data");
    let asked = [
        "--principal",
        BOB,
        "--action",
        "s3:GetObject",
        "--resource",
        SECRET,
    ];
    let decided = folder.run(&[&["decide", "--directory", &data][..], &asked].concat());
    assert_eq!(decided.code, 2);
    assert_eq!(decided.stdout, "ExplicitDeny by identity\n");
    let explained = folder.run(&[&["explain", "--directory", &data][..], &asked].concat());
    assert_eq!(explained.code, 2);
    // IN-2: of the file, as a terminal opens it.
    let place = format!("{data}/account-a.json:177:15 statement 1 of nothing-secret");
    assert!(explained.stdout.contains(&place), "{}", explained.stdout);
    let lines = std::fs::read_to_string(format!("{data}/account-a.json")).unwrap();
    let line = lines.lines().nth(176).unwrap();
    assert_eq!(line.chars().nth(14), Some('{'), "{line}");
    let json = folder.run(
        &[
            &["explain", "--format", "json", "--directory", &data][..],
            &asked,
        ]
        .concat(),
    );
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let layers = json["layers"].as_array().unwrap().iter();
    let mut told = layers.flat_map(|layer| layer["statements"].as_array().unwrap());
    let denies = told.find(|own| own["effect"] == "Deny").unwrap();
    assert_eq!(
        denies["path"],
        "/GroupDetailList/1/GroupPolicyList/0/PolicyDocument"
    );
    assert_eq!(
        (&denies["line"], &denies["column"]),
        (&json!(177), &json!(15))
    );
    let offset = usize::try_from(denies["offset"].as_u64().unwrap()).unwrap();
    assert!(lines[..offset].lines().count() == 177 && lines[offset..].starts_with('{'));
    // A session policy beside the directory.
    folder.write("session.json", r#"{"Version":"2012-10-17","Statement":[]}"#);
    let session = [
        "decide",
        "--directory",
        &data,
        "--session",
        "session.json",
        "--principal",
        "arn:aws:sts::111122223333:assumed-role/App/s",
        "--action",
        "sqs:SendMessage",
        "--resource",
        "arn:aws:sqs:eu-west-1:111122223333:jobs",
    ];
    assert_eq!(folder.run(&session).stdout, "ImplicitDeny by session\n");
    assert_eq!(
        folder.run(&[&session[..3], &session[5..]].concat()).stdout,
        "Allow\n"
    );
    folder.write("scp.json", "{}");
    let refused = folder.run(
        &[
            &["decide", "--directory", &data, "--scp", "scp.json"][..],
            &asked,
        ]
        .concat(),
    );
    assert!(refused.stderr.contains("only --session and --identity"));
}

#[test]
fn what_is_missing_is_an_error_or_is_told_with_every_answer() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("data")).unwrap();
    let dump = r#"{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ann",
      "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/Gone"}]}]}"#;
    folder.write("data/dump.json", dump);
    let request = r#"{"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject", "resource": "*"}"#;
    let refused = folder.run_with(&["batch", "--directory", "data"], request.as_bytes());
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(
        refused
            .stderr
            .contains("path: /UserDetailList/0/AttachedManagedPolicies/0")
    );
    let allowed = folder.run_with(
        &["batch", "--directory", "data", "--allow-missing"],
        request.as_bytes(),
    );
    assert_eq!(allowed.code, 0, "{}", allowed.stderr);
    assert!(allowed.stdout.contains(r#""incomplete":true"#));
    assert!(allowed.stderr.contains(" --> dump.json:1:21\n"));
}

#[test]
fn a_session_is_assumed_and_used() {
    let folder = Folder::new();
    let data = corpus("data");
    let role = "arn:aws:iam::111122223333:role/Bare";
    let admin = "arn:aws:iam::111122223333:user/admin";
    let assume = [
        "assume",
        "--directory",
        &data,
        "--role",
        role,
        "--format",
        "json",
    ];
    let made = folder.run(
        &[
            &assume[..],
            &[
                "--principal",
                admin,
                "--tag",
                "team=blue",
                "--transitive",
                "team",
            ],
        ]
        .concat(),
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    let answer: Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(answer["allowed"], true);
    let session = &answer["session"];
    assert_eq!(session["context"]["aws:PrincipalTag/team"][0], "blue");
    // The session asks.
    let mut line =
        serde_json::json!({"action": "s3:GetObject", "resource": "arn:aws:s3:::reports/role/x"});
    line["principal"] = session["principal"].clone();
    line["context"] = session["context"].clone();
    let asked = folder.run_with(
        &["batch", "--directory", &data],
        line.to_string().as_bytes(),
    );
    assert!(asked.stdout.contains("Allow"), "{}", asked.stdout);
    // It cannot assume another role: nothing allows it to.
    folder.write("session.json", &made.stdout);
    let limited = "arn:aws:iam::111122223333:role/Limited";
    let chained = folder.run(&[
        "assume",
        "--directory",
        &data,
        "--as",
        "session.json",
        "--role",
        limited,
    ]);
    assert_eq!(chained.code, 2);
    assert!(
        chained
            .stdout
            .contains("sts:AssumeRole: ImplicitDeny by identity")
    );
    let refused =
        folder.run(&[&assume[..], &["--principal", admin, "--duration", "3601"]].concat());
    assert!(refused.stderr.starts_with("error: 3601 seconds"));
}

#[test]
fn questions_are_answered_in_order() {
    let folder = Folder::new();
    let data = corpus("data");
    let run = |arguments: &[&str]| {
        let run = folder.run(&[&arguments[..1], &["--directory", &data], &arguments[1..]].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout
    };
    let target = [
        "who-can",
        "--action",
        "sqs:SendMessage",
        "--resource",
        "arn:aws:sqs:eu-west-1:111122223333:jobs",
    ];
    let direct = run(&target);
    let first = |line: &'_ str| line.split_whitespace().next().unwrap().to_string();
    let who: Vec<String> = direct.lines().map(first).collect();
    assert_eq!(
        who,
        [
            "PRINCIPAL",
            "arn:aws:iam::111122223333:role/service/App",
            "arn:aws:iam::111122223333:user/admin",
            "arn:aws:iam::111122223333:user/cara",
        ]
    );
    let by_roles = run(&[&target[..], &["--hops", "2"]].concat());
    let by_app = |line: &str| {
        line.starts_with("arn:aws:iam::111122223333:user/team/ann ")
            && line.ends_with("arn:aws:iam::111122223333:role/service/App")
    };
    assert!(by_roles.lines().any(by_app), "{by_roles}");
    let threads = run(&[&target[..], &["--hops", "2", "--threads", "7"]].concat());
    assert_eq!(by_roles, threads);

    let ann = "arn:aws:iam::111122223333:user/team/ann";
    let blue = [
        "matrix",
        "--principal",
        ann,
        "--action",
        "s3:GetObject,s3:PutObject",
        "--resource",
        "arn:aws:s3:::reports/blue/q",
    ];
    let object = "arn:aws:s3:::reports/blue/q";
    let legend = format!("1: s3:GetObject on {object}\n2: s3:PutObject on {object}\n\n");
    let grid = "PRINCIPAL                                1    2\n";
    assert_eq!(run(&blue), format!("{legend}{grid}{ann}  yes  -\n"));

    let admins = run(&["admins"]);
    let does_all = |line: &str| line.contains("user/admin ") && line.contains(" yes");
    assert!(admins.lines().any(does_all), "{admins}");
    assert!(!admins.contains("user/cara"), "{admins}");

    let access = run(&["findings", "--format", "json"]);
    let found: Vec<Value> = access
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let deployer = found
        .iter()
        .find(|one| one["resource"].as_str().unwrap().ends_with("role/Deployer"))
        .unwrap();
    assert_eq!(deployer["answer"], "yes");
    assert!(
        deployer["requests"][0]["keys"]["sts:ExternalId"].is_array(),
        "{deployer}"
    );
}

const EXAMPLE: &str = "corpus/example-organization/data";

#[test]
fn what_one_may_do() {
    let folder = Folder::new();
    let data = support::root().join(EXAMPLE);
    let data = data.to_string_lossy();
    let orders = "arn:aws:s3:::shop-orders/1";
    let what_can = |more: &[&str]| {
        let run = folder.run(&[&["what-can", "--directory", &data][..], more].concat());
        assert!([0, 2].contains(&run.code), "{}", run.stderr);
        run.stdout
    };
    let analyst = ["--principal", "arn:aws:iam::222222222222:role/Analyst"];
    let of_orders = what_can(&[&analyst[..], &["--resource", orders]].concat());
    let line = |text: &str, start: &str| text.lines().any(|line| line.starts_with(start));
    assert!(line(&of_orders, "yes  s3:GetObject "), "{of_orders}");
    // What is denied although a wider pattern is allowed is listed.
    let breaker = [
        "--principal",
        "arn:aws:iam::111111111111:role/BreakGlass",
        "--format",
        "json",
    ];
    let of_all = what_can(&breaker);
    assert!(
        of_all.contains(r#"{"actions":["*"],"allButActions":false,"resources":["*"],"#),
        "{of_all}"
    );
    assert!(
        of_all.contains(
            r#"{"actions":["organizations:LeaveOrganization"],"allButActions":false,"resources":["*"],"#
        ) && of_all.contains(r#""answer":"no","exception":true"#),
        "{of_all}"
    );
    let named = what_can(
        &[
            &analyst[..],
            &["--resource", orders, "--action", "s3:PutObject"],
        ]
        .concat(),
    );
    assert!(line(&named, "no   s3:PutObject "), "{named}");
    // An image answers what is named.
    let made = folder.run(&["compile", "--directory", &data, "-o", "d.pcl"]);
    assert_eq!(made.code, 0);
    let first = ["what-can", "--image", "d.pcl", "--resource", orders];
    let named = folder.run(&[&first[..], &analyst, &["--action", "s3:GetObject"]].concat());
    assert!(line(&named.stdout, "yes  s3:GetObject "), "{named:?}");
    let refused = folder.run(&[&first[..], &analyst].concat());
    assert!(
        refused.stderr.contains("give the folder, or name actions"),
        "{refused:?}"
    );
    let nobody = [
        "what-can",
        "--directory",
        &data,
        "--principal",
        "arn:aws:iam::111111111111:user/x",
    ];
    assert!(
        folder
            .run(&nobody)
            .stderr
            .contains("has no `arn:aws:iam::111111111111:user/x`")
    );
    let wrong = [&nobody[..3], &["--principal", "x"]].concat();
    assert!(folder.run(&wrong).stderr.starts_with("error:"));
}

/// An answer without anybody says why, on standard error: that nobody is there, or that policies were not seen.
#[test]
fn questions_say_what_was_not_seen() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("empty")).unwrap();
    std::fs::create_dir(folder.0.join("one")).unwrap();
    for question in [
        &["who-can", "--action", "s3:GetObject", "--resource", "*"][..],
        &["matrix", "--action", "s3:GetObject", "--resource", "*"],
        &["admins"],
        &["findings"],
    ] {
        let run = folder.run(&[question, &["--directory", "empty"]].concat());
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{question:?}");
        assert!(run.stderr.contains("[EMPTY]"), "{run:?}");
    }
    // A resource, and nobody.
    let bucket = json!({"arn": "arn:aws:s3:::b", "account": "111122223333"});
    folder.write("one/b.json", bucket.to_string());
    let run = folder.run(&["admins", "--directory", "one"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("no user and no role"), "{run:?}");
    let user = json!({"UserDetailList": [{"Path": "/", "UserName": "ann", "UserId": "AIDAANN", "Arn": ANN,
        "UserPolicyList": [], "GroupList": [], "AttachedManagedPolicies": []}]});
    folder.write("one/dump.json", user.to_string());
    let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/p/object/k";
    for (question, resource, note) in [
        ("who-can", point, "no file says which bucket"),
        ("matrix", point, "no file says which bucket"),
        (
            "who-can",
            "arn:aws:s3:::p-1a2b-s3alias/k",
            "another name of an access point",
        ),
    ] {
        let run = folder.run(&[
            question,
            "--action",
            "s3:GetObject",
            "--resource",
            resource,
            "--directory",
            "one",
        ]);
        assert!(
            run.stderr.contains(note),
            "{question} {resource}: {}",
            run.stderr
        );
    }
    let run = folder.run(&[
        "what-can",
        "--principal",
        ANN,
        "--resource",
        point,
        "--directory",
        "one",
    ]);
    assert!(
        run.stderr.contains("no file says which bucket"),
        "{}",
        run.stderr
    );
}

/// An answer that found nothing says so, and how it ends (`interface.md`, exit codes of questions).
#[test]
fn an_empty_answer_is_no_silence() {
    let folder = Folder::new();
    let dump = json!({"UserDetailList": [{"Path": "/team/", "UserName": "ann", "UserId": "AIDAEXAMPLEAAAAAAAAAA", "Arn": ANN,
        "GroupList": [], "AttachedManagedPolicies": []}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
    std::fs::create_dir(folder.0.join("dumps")).unwrap();
    folder.write("dumps/account.json", dump.to_string());
    let object = ["--action", "s3:GetObject", "--resource", "arn:aws:s3:::b/k"];
    let questions: [(&str, &[&str]); 5] = [
        ("who-can", &object),
        (
            "what-can",
            &["--principal", ANN, "--resource", "arn:aws:s3:::b/k"],
        ),
        ("matrix", &object),
        ("admins", &[]),
        ("findings", &[]),
    ];
    for (question, arguments) in questions {
        for format in ["human", "json"] {
            let start = [question, "--directory", "dumps", "--format", format];
            let run = folder.run(&[&start[..], arguments].concat());
            assert_eq!(run.code, 2, "{question}: {run:?}");
            let note = "with the context that was given";
            assert!(run.stderr.contains(note), "{question}: {run:?}");
        }
    }
}

/// What is drawn holds who reaches what, and what the levels deny.
#[test]
fn a_directory_is_drawn() {
    let folder = Folder::new();
    let data = support::root().join(EXAMPLE);
    let data = data.to_string_lossy();
    for (of, told) in [
        ("roles", "role/Analyst"),
        ("organization", "denies organizations:LeaveOrganization"),
        ("escalation", "iam-007: iam:PutUserPolicy"),
    ] {
        let run = folder.run(&["picture", "--directory", &data, "--of", of]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(
            run.stdout.starts_with("<svg ") && run.stdout.contains(told),
            "{of}: {}",
            run.stdout
        );
        assert!(run.stdout.contains("class=\"link\""), "{of}");
        let page = [
            "picture",
            "--directory",
            &data,
            "--of",
            of,
            "--format",
            "html",
            "-o",
            "p.html",
        ];
        assert_eq!(folder.run(&page).code, 0);
        let page = String::from_utf8(folder.read("p.html")).unwrap();
        assert!(
            page.contains("default-src 'none'") && page.contains(told),
            "{of}"
        );
    }
    // An image has no documents.
    assert_eq!(
        folder
            .run(&["compile", "--directory", &data, "-o", "d.pcl"])
            .code,
        0
    );
    for of in ["organization", "escalation"] {
        let run = folder.run(&["picture", "--image", "d.pcl", "--of", of]);
        assert!(
            run.code == 1 && run.stderr.contains("give the folder"),
            "{run:?}"
        );
    }
}

/// Ways lead from left to right, a step at a time, and names that mean something to the picture mean nothing in it.
#[test]
fn ways_to_be_an_administrator_are_drawn() {
    let folder = Folder::new();
    let allow = |action: &str, resource: &str| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]});
    let trust = |arn: &str| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}]});
    let root = "arn:aws:iam::111122223333:root";
    let role = |name: &str, document: serde_json::Value| {
        json!({
            "RoleName": name, "Path": "/", "RoleId": "AROAEXAMPLE", "Arn": format!("arn:aws:iam::111122223333:role/{name}"),
            "AssumeRolePolicyDocument": trust(root), "AttachedManagedPolicies": [],
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document}],
        })
    };
    let dump = json!({
        "UserDetailList": [], "GroupDetailList": [], "Policies": [],
        "RoleDetailList": [
            role("Admin", allow("*", "*")),
            role("Next", allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/Admin")),
            role("a<b>&\"'", allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/Next")),
        ],
    });
    folder.write("account.json", dump.to_string());
    let run = folder.run(&["picture", "--directory", ".", "--of", "escalation"]);
    assert_eq!(run.code, 0, "{run:?}");
    let picture = &run.stdout;
    assert!(picture.contains("role/a&lt;b&gt;&amp;"), "{picture}");
    assert!(!picture.contains("<b>"), "{picture}");
    assert!(picture.contains("prefers-color-scheme:dark"));
    // Two steps are three columns of cards, and two links.
    assert_eq!(picture.matches("class=\"link\"").count(), 2, "{picture}");
    assert_eq!(picture.matches("class=\"card").count(), 3, "{picture}");
    assert_eq!(picture.matches("class=\"card strong\"").count(), 1);
    let at = |text: &str| {
        let line = picture.lines().find(|line| line.contains(text)).unwrap();
        let x = line.split("x=\"").nth(1).unwrap();
        x.split('"').next().unwrap().parse::<usize>().unwrap()
    };
    assert!(at(":role/a&lt;b") < at(":role/Next<") && at(":role/Next<") < at(":role/Admin<"));
}
