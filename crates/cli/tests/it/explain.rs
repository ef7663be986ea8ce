//! The story of a decision: as text, as JSON and as a picture.

use crate::support;
use std::fs;

use crate::support::{Folder, Run, root, run_in, value};
use serde_json::{Value, json};

const DATA: &str = "corpus/example-organization/data";
const ORDER: &str = "arn:aws:s3:::shop-orders/2026/1.json";

/// Questions about the example organization whose answers are kept in the repository.
const TOLD: [(&str, &[&str]); 4] = [
    (
        "a-boundary",
        &[
            "--principal",
            "arn:aws:sts::111111111111:assumed-role/Deploy/maria",
            "--action",
            "s3:GetObject",
            "--resource",
            ORDER,
        ],
    ),
    (
        "a-denial",
        &[
            "--principal",
            "111111111111",
            "--action",
            "s3:PutBucketPolicy",
            "--resource",
            "arn:aws:s3:::shop-orders",
        ],
    ),
    (
        "a-group",
        &[
            "--principal",
            "arn:aws:iam::333333333333:user/maria",
            "--action",
            "sts:AssumeRole",
            "--resource",
            "arn:aws:iam::333333333333:role/Pipeline",
        ],
    ),
    (
        "an-external-id",
        &[
            "--principal",
            "arn:aws:sts::333333333333:assumed-role/Pipeline/maria",
            "--action",
            "sts:AssumeRole",
            "--resource",
            "arn:aws:iam::111111111111:role/Deploy",
        ],
    ),
];

fn explain(arguments: &[&str], more: &[&str]) -> Run {
    let first = ["explain", "--directory", DATA];
    run_in(&root(), &[&first[..], arguments, more].concat(), b"")
}

/// Compares a file with what it should be, or writes it.
fn check(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found.replace("\r\n", "\n") == expected,
        "{path} is stale; make it again: UPDATE_DOCS=1 cargo test -p portcullis-cli --test it -- explain::"
    );
}

#[test]
fn stories_of_the_example_are_as_they_were() {
    for (name, arguments) in TOLD {
        let run = explain(arguments, &[]);
        check(
            &format!("corpus/example-organization/explained/{name}.txt"),
            &run.stdout,
        );
        assert!(!run.stdout.contains('\x1b'), "no colors into a file");
    }
}

/// The picture in the documentation is made by this command.
#[test]
fn the_picture_in_the_documentation_is_fresh() {
    let (_, arguments) = TOLD[0];
    let run = explain(arguments, &["--format", "svg"]);
    check("docs/explained.svg", &run.stdout);
    assert_eq!(run.code, 2, "the exit code is that of the decision");
    let again = explain(arguments, &["--format", "svg"]);
    assert_eq!(run.stdout, again.stdout);
}

/// Sees that every element that is opened is closed, and gives the names of all.
fn elements(markup: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    for tag in markup.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '!')
            .collect();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()));
            continue;
        }
        all.push(name.clone());
        let is_empty = tag.ends_with('/') || matches!(name.as_str(), "meta" | "!doctype");
        if !is_empty {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

/// Names in dumps are whatever somebody wrote.
#[test]
fn names_are_never_markup() {
    let evil = "</text><script>alert(1)</script>]]><!--&\"'\u{202e}\u{1b}[31m";
    let folder = Folder::new();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": evil, "Effect": "Deny", "Action": "s3:*", "Resource": "*",
         "Condition": {"StringNotEquals": {(format!("aws:PrincipalTag/{evil}")): evil}}}]});
    let dump = json!({"UserDetailList": [{
        "UserName": "ann", "UserId": "AIDAEXAMPLE", "Arn": "arn:aws:iam::111122223333:user/ann",
        "Path": "/", "GroupList": [evil], "Tags": [{"Key": evil, "Value": evil}],
        "UserPolicyList": [{"PolicyName": evil, "PolicyDocument": policy}]}],
        "GroupDetailList": [{"GroupName": evil, "GroupId": "AGPAEXAMPLE", "Path": "/",
        "Arn": format!("arn:aws:iam::111122223333:group/{}", evil.replace('/', "")),
        "GroupPolicyList": []}]});
    let mut dump = dump;
    // A group's ARN ends with its name.
    let name = evil.replace('/', "");
    dump["UserDetailList"][0]["GroupList"] = json!([name]);
    dump["GroupDetailList"][0]["GroupName"] = json!(name);
    fs::create_dir(folder.0.join("dumps")).unwrap();
    folder.write("dumps/account.json", dump.to_string());
    let resource = format!("arn:aws:s3:::b/{evil}");
    let ask = |format: &str| {
        let run = folder.run(&[
            "explain",
            "--directory",
            "dumps",
            "--principal",
            "arn:aws:iam::111122223333:user/ann",
            "--action",
            "s3:GetObject",
            "--resource",
            &resource,
            "--format",
            format,
        ]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(
            run.stdout.contains("script"),
            "{format}: the names are told"
        );
        assert!(!run.stdout.contains('\u{1b}'), "{format}");
        assert!(
            !run.stdout.contains('\u{202e}') || format == "json",
            "{format}"
        );
        run.stdout
    };
    let mut own = elements(&ask("svg"));
    own.sort();
    own.dedup();
    assert_eq!(
        own,
        [
            "circle", "desc", "path", "rect", "style", "svg", "text", "title"
        ]
    );
    let page = ask("html");
    let own = elements(&page);
    // The page's own, and nothing else runs: the policy of its content names the hash of it.
    assert_eq!(
        own.iter().filter(|name| *name == "script").count(),
        1,
        "{own:?}"
    );
    assert!(page.contains("script-src 'sha256-") && page.contains("default-src 'none'"));
    ask("human");
    serde_json::from_str::<Value>(&ask("json")).unwrap();
}

#[test]
fn programs_are_told_the_same() {
    let (_, arguments) = TOLD[2];
    let told = value(&explain(arguments, &["--format", "json"]));
    assert_eq!(told["caller"]["groups"], json!(["Developers"]));
    assert_eq!(told["caller"]["account"]["number"], "333333333333");
    let layers = told["layers"].as_array().unwrap();
    let identity = layers.iter().find(|own| own["layer"] == "identity");
    assert_eq!(
        identity.unwrap()["policies"][0]["attached"],
        json!([{"how": "inline", "group": "Developers"}])
    );
    let scp = layers.iter().find(|own| own["layer"] == "scps[1]").unwrap();
    assert_eq!(
        scp["source"],
        json!({"kind": "unit", "id": "ou-a1b2-tools000"})
    );
    assert_eq!(
        told["changes"],
        json!({"suffice": true, "tried": true, "needs": []})
    );

    let (_, arguments) = TOLD[1];
    let told = value(&explain(arguments, &["--format", "json"]));
    let need = &told["changes"]["needs"][0];
    assert_eq!(
        (&need["layer"], &need["need"]),
        (&json!("scps[1]"), &json!("no deny"))
    );
    let condition = &need["statements"][0]["conditions"][0];
    assert_eq!(condition["key"], "aws:PrincipalArn");
    assert_eq!(
        condition["requestValues"],
        json!(["arn:aws:iam::111111111111:root"])
    );
}

/// Everything that is in the way is named, not only what decided first; that it is all of it was tried.
#[test]
fn changes_are_all_that_is_needed() {
    let folder = Folder::new();
    let deny = r#"{"Version": "2012-10-17", "Statement": {"Sid": "No", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"}}"#;
    let ec2 = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}"#;
    folder.write("deny.json", deny);
    folder.write("ec2.json", ec2);
    let ask = |resource: &str, more: &[&str]| {
        let request = [
            "explain",
            "--format",
            "json",
            "--principal",
            support::ANN,
            "--action",
            "sqs:SendMessage",
            "--resource",
            resource,
        ];
        let told = value(&folder.run(&[&request[..], more].concat()));
        let needs = told["changes"]["needs"].as_array().unwrap().clone();
        let needs: Vec<String> = needs
            .iter()
            .map(|own| {
                format!(
                    "{} {}",
                    own["layer"].as_str().unwrap(),
                    own["need"].as_str().unwrap()
                )
            })
            .collect();
        (needs, told["changes"]["suffice"] == true)
    };
    let (needs, suffice) = ask(
        "arn:aws:sqs:eu-west-1:111122223333:q",
        &[
            "--identity",
            "deny.json",
            "--boundary",
            "ec2.json",
            "--session",
            "ec2.json",
            "--scp",
            "ec2.json",
            "--scp",
            "deny.json",
        ],
    );
    assert_eq!(
        needs,
        [
            "scps[1] no deny",
            "identity no deny",
            "scps[0] allow",
            "scps[1] allow",
            "identity allow",
            "boundary allow",
        ]
    );
    assert!(suffice);
    let (needs, suffice) = ask(
        "arn:aws:sqs:eu-west-1:444455556666:q",
        &["--identity", "ec2.json"],
    );
    assert_eq!(needs, ["resource allow", "identity allow"]);
    assert!(suffice);
    // XACC-6: partitions never meet.
    let (needs, suffice) = ask(
        "arn:aws-cn:sqs:cn-north-1:444455556666:q",
        &["--identity", "ec2.json"],
    );
    assert_eq!(needs, ["resource allow"]);
    assert!(!suffice);
}

/// An image has neither documents nor attachments; what it has is told, and nothing else.
#[test]
fn an_image_tells_what_it_has() {
    let folder = Folder::new();
    let image = folder.0.join("organization.pcl");
    let image = image.to_str().unwrap();
    let made = run_in(&root(), &["compile", "--directory", DATA, "-o", image], b"");
    assert_eq!(made.code, 0, "{}", made.stderr);
    let (_, arguments) = TOLD[1];
    let first = ["explain", "--image", image, "--format", "json"];
    let run = run_in(&root(), &[&first[..], arguments].concat(), b"");
    let told = value(&run);
    assert_eq!(told["decision"], "ExplicitDeny");
    assert_eq!(told["caller"]["groups"], Value::Null);
    assert_eq!(told["layers"][0]["policies"], Value::Null);
    assert_eq!(told["layers"][0]["source"]["kind"], "root");
    assert_eq!(told["changes"]["tried"], false);
}

/// Whoever can be decided can be explained.
#[test]
fn every_request_of_the_corpus_is_explained() {
    let folder = Folder::new();
    let mut explained = 0;
    for name in [
        "directory/rules",
        "directory/organization",
        "example-organization",
    ] {
        let corpus = root().join("corpus").join(name);
        let data = corpus.join("data");
        let requests = fs::read_to_string(corpus.join("requests.jsonl")).unwrap();
        // A process for each is slow: every third.
        for line in requests.lines().step_by(3).chain([STRANGER_ROOT]) {
            let mut request: Value = serde_json::from_str(line).unwrap();
            let expected = request["expect"].clone();
            request.as_object_mut().unwrap().remove("name");
            request.as_object_mut().unwrap().remove("expect");
            folder.write("request.json", request.to_string());
            let first = ["explain", "--format", "json", "--request", "request.json"];
            let data = data.to_string_lossy();
            let run = folder.run(&[&first[..], &["--directory", &data]].concat());
            let told = value(&run);
            assert_eq!(told["decision"], expected, "{line}: {run:?}");
            let is_allow = expected == "Allow";
            assert_eq!(
                told["changes"]["needs"].as_array().unwrap().is_empty(),
                is_allow
            );
            explained += 1;
        }
    }
    assert!(explained > 80);
}

/// The root user of an account that no directory has.
const STRANGER_ROOT: &str = r#"{"principal": "888888888888", "action": "ec2:RunInstances", "resource": "*",
    "identity": [{"Version": "2012-10-17", "Statement": []}], "expect": "Allow"}"#;

#[test]
fn a_picture_of_policies_without_a_directory() {
    let folder = support::folder();
    let run = support::ask(
        &folder,
        "explain",
        "s3:GetObject",
        &[
            "--identity",
            "reader.json",
            "--format",
            "svg",
            "--output",
            "why.svg",
        ],
    );
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    let picture = String::from_utf8(folder.read("why.svg")).unwrap();
    elements(&picture);
    assert!(picture.contains("aws:SourceIp"), "{picture}");
    let run = support::ask(
        &folder,
        "explain",
        "s3:GetObject",
        &["--identity", "reader.json", "--output", "none/why.txt"],
    );
    assert!(run.stderr.contains("cannot write none/why.txt"), "{run:?}");
}

/// What `explain` prints and the JSON of it, of a scenario.
fn of_scenario(scenario: &Value) -> (String, Value) {
    let folder = Folder::new();
    folder.write("case.json", scenario.to_string());
    let told = folder.run(&["explain", "--scenario", "case.json"]);
    assert_eq!(told.stderr, "");
    let json = folder.run(&["explain", "--scenario", "case.json", "--format", "json"]);
    (told.stdout, value(&json))
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}})
}

/// Who the caller is, also without a directory: ARN, role, session, unique id, account, and the tags that
/// statements look at.
#[test]
fn the_caller_is_told_without_a_directory() {
    let role = "arn:aws:iam::111122223333:role/app/R";
    let session = "arn:aws:sts::111122223333:assumed-role/R/night";
    let condition =
        json!({"StringEquals": {"aws:PrincipalTag/Team": "blue", "aws:PrincipalTag/Unit": "x"}});
    let mut policy = allow("s3:*", "*");
    policy["Statement"]["Condition"] = condition;
    let (text, told) = of_scenario(&json!({
        "name": "x", "policies": {"identity": [policy]}, "expect": "Allow",
        "request": {"principal": {"arn": session, "roleArn": role, "userId": "AROAX:night"}, "action": "s3:GetObject",
            "resource": "arn:aws:s3:::b/k", "context": {"aws:principaltag/team": "red", "aws:PrincipalTag/Other": "o"}},
    }));
    let expected = format!(
        "caller: the session {session}\n  of the role {role}\n  session name night\n  unique id AROAX:night\n  \
         account 111122223333\n  aws:PrincipalTag/Team: \"red\"\n  aws:PrincipalTag/Unit: ABSENT\n"
    );
    assert!(text.contains(&expected), "{text}");
    assert_eq!(
        told["caller"],
        json!({"arn": session, "name": session, "roleArn": role, "session": "night", "userId": "AROAX:night",
            "account": {"number": "111122223333"},
            "tags": {"aws:PrincipalTag/Team": ["red"], "aws:PrincipalTag/Unit": []}})
    );
}

/// A near miss tells every element that failed, with the nearest entries, in text and for programs.
#[test]
fn a_near_miss_tells_everything_that_failed() {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Near", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:user/anna", "444455556666"]},
            "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::c/*", "arn:aws:s3:::b/${aws:UserName}"],
            "Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringLike": {"x:k": "${aws:UserName}-*"}}},
        {"Sid": "Others", "Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "s3:GetObject", "Resource": "*"},
    ]});
    let (text, told) = of_scenario(&json!({
        "name": "x", "policies": {"identity": [], "resource": policy}, "expect": "Allow",
        "request": {"principal": support::ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
            "context": {"x:k": "bob-1"}},
    }));
    let expected = "\
statement 0 \"Near\" of resource
    Resource has 2 entries, none of which matches:
      \"arn:aws:s3:::b/${aws:UserName}\", here \"arn:aws:s3:::b/ann\"
      \"arn:aws:s3:::c/*\"
    Principal has 2 entries, none of which names the caller:
      AWS \"arn:aws:iam::111122223333:user/anna\"
      AWS \"444455556666\"
    Bool aws:SecureTransport: the policy has \"true\", the request ABSENT
    StringLike x:k: the policy has \"${aws:UserName}-*\" (here \"ann-*\"), the request \"bob-1\"
";
    assert!(text.contains(expected), "{text}");
    assert!(
        text.contains("would allow, but for the resource, principal and condition:"),
        "{text}"
    );
    let lacks = format!(
        "NotPrincipal would leave the caller out if it listed {} too\n",
        support::ANN
    );
    assert_eq!(text.matches(&lacks).count(), 2, "{text}");
    let near = &told["layers"][0]["nearMisses"][0];
    let elements: Vec<&Value> = near["misses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| &own["element"])
        .collect();
    assert_eq!(
        elements,
        ["resource", "principal", "condition", "condition"]
    );
    assert_eq!(near["missed"], "resource");
    assert_eq!(
        near["misses"][0]["nearest"][0],
        json!({"written": "arn:aws:s3:::b/${aws:UserName}", "expanded": "arn:aws:s3:::b/ann", "missingKeys": []})
    );
    assert_eq!(
        near["misses"][1]["nearest"][0],
        json!({"AWS": "arn:aws:iam::111122223333:user/anna"})
    );
    assert_eq!(near["misses"][3]["expandedValues"], json!(["ann-*"]));
    let denying = &told["layers"][0]["statements"][0];
    assert_eq!(
        denying["notListed"],
        json!({"identities": [support::ANN], "note": null})
    );
}

/// A layer that takes no part says why.
#[test]
fn a_layer_that_does_not_apply_says_why() {
    let (text, told) = of_scenario(&json!({
        "name": "x", "policies": {"identity": [], "scps": [[allow("*", "*")]], "rcps": [[]]}, "expect": "Allow",
        "request": {"principal": {"arn": support::ANN, "managementAccount": true}, "action": "ec2:RunInstances",
            "resource": "*"},
    }));
    for reason in [
        "of the organization's management account",
        "do not support the service of the action",
    ] {
        assert!(text.contains(reason), "{text}");
        let mut layers = told["layers"].as_array().unwrap().iter();
        assert!(layers.any(|own| {
            own["reason"]
                .as_str()
                .is_some_and(|text| text.contains(reason))
        }));
    }
    assert_eq!(told["layers"][2]["reason"], Value::Null);
}

/// Nothing is advised that cannot be done: a policy of a resource that has none.
#[test]
fn no_policy_of_a_resource_is_advised_that_has_none() {
    let advises = |action: &str, resource: &str| {
        let (text, told) = of_scenario(&json!({
            "name": "x", "policies": {"identity": []}, "expect": "Allow",
            "request": {"principal": support::ANN, "action": action, "resource": resource},
        }));
        let need = &told["changes"]["needs"][0];
        assert_eq!(
            (&need["layer"], &told["changes"]["suffice"]),
            (&json!("identity"), &json!(true))
        );
        let is_advised = need["orResource"] == true;
        assert_eq!(
            text.contains("or a policy of the resource"),
            is_advised,
            "{text}"
        );
        is_advised
    };
    let of = |service: &str, rest: &str| format!("arn:aws:{service}:eu-west-1:111122223333:{rest}");
    for (action, resource) in [
        ("s3:GetObject", "arn:aws:s3:::b/k".to_string()),
        ("dynamodb:GetItem", of("dynamodb", "table/T")),
        ("lambda:InvokeFunction", of("lambda", "function:f")),
        ("es:ESHttpGet", of("es", "domain/d/i")),
        ("execute-api:Invoke", of("execute-api", "a1/prod/GET/x")),
        ("glue:GetTable", of("glue", "table/d/t")),
        ("logs:PutLogEvents", of("logs", "log-group:g:*")),
        ("events:PutEvents", of("events", "event-bus/b")),
        (
            "codeartifact:ReadFromRepository",
            of("codeartifact", "repository/d/r"),
        ),
        ("backup:CopyIntoBackupVault", of("backup", "backup-vault:v")),
        ("sqs:SendMessage", of("sqs", "q")),
        ("SNS:Publish", of("sns", "t")),
        (
            "secretsmanager:GetSecretValue",
            of("secretsmanager", "secret:s-AbCdEf"),
        ),
        ("ecr:BatchGetImage", of("ecr", "repository/r")),
        (
            "elasticfilesystem:ClientMount",
            of("elasticfilesystem", "file-system/fs-1"),
        ),
        ("kinesis:PutRecord", of("kinesis", "stream/s")),
    ] {
        assert!(advises(action, &resource), "{action} {resource}");
    }
    for (action, resource) in [
        ("s3:ListAllMyBuckets", "*".to_string()),
        ("s3:CreateBucket", "arn:aws:s3:::b".to_string()),
        ("sqs:CreateQueue", of("sqs", "q")),
        ("kms:CreateAlias", of("kms", "alias/a")),
        ("s3:DescribeJob", of("s3", "job/j")),
        ("ec2:RunInstances", of("ec2", "instance/i-1")),
        (
            "iam:PassRole",
            "arn:aws:iam::111122223333:role/R".to_string(),
        ),
        ("dynamodb:ImportTable", of("dynamodb", "import/i")),
        ("rds:DeleteDBInstance", of("rds", "db:d")),
    ] {
        assert!(!advises(action, &resource), "{action} {resource}");
    }
    // XACC-5: of another account there is no way at all.
    let (text, told) = of_scenario(&json!({
        "name": "x", "policies": {"identity": [allow("*", "*")]}, "expect": "Allow",
        "request": {"principal": support::ANN, "action": "ec2:RunInstances",
            "resource": "arn:aws:ec2:eu-west-1:444455556666:instance/i-1"},
    }));
    assert_eq!(told["changes"]["suffice"], false);
    assert_eq!(
        told["changes"]["needs"],
        json!([{"layer": "resource", "need": "no such policy"}])
    );
    assert!(
        text.contains("no change of policies alone would allow it"),
        "{text}"
    );
}

/// Equal policies of two users are told by the place of the one that applies.
#[test]
fn equal_policies_are_told_by_their_own_places() {
    let folder = Folder::new();
    let user = |name: &str| {
        json!({"UserDetailList": [{"Path": "/", "UserName": name, "UserId": format!("AIDA{}", name.to_uppercase()),
            "Arn": format!("arn:aws:iam::111122223333:user/{name}"), "GroupList": [], "AttachedManagedPolicies": [],
            "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]}}]}],
            "GroupDetailList": [], "RoleDetailList": [], "Policies": []})
    };
    fs::create_dir_all(folder.0.join("data")).unwrap();
    for name in ["ann", "bob", "cid"] {
        folder.write(&format!("data/{name}.json"), user(name).to_string());
    }
    for name in ["ann", "bob", "cid"] {
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        let ask = [
            "explain",
            "--directory",
            "data",
            "--action",
            "sqs:SendMessage",
            "--principal",
            &arn,
            "--resource",
            "arn:aws:sqs:eu-west-1:111122223333:q",
        ];
        let text = folder.run(&ask).stdout;
        let told = value(&folder.run(&[&ask[..], &["--format", "json"]].concat()));
        for other in ["ann", "bob", "cid"] {
            let file = format!("{other}.json");
            assert_eq!(text.contains(&file), other == name, "{name}: {text}");
            assert_eq!(
                told.to_string().contains(&file),
                other == name,
                "{name}: {told}"
            );
        }
        let need = &told["changes"]["needs"][0]["statements"][0]["file"];
        assert!(
            need.as_str().unwrap().ends_with(&format!("{name}.json")),
            "{need}"
        );
    }
}

/// `KMS-8`: the grant that allows a request by its id, and those that lack one thing.
#[test]
fn grants_are_told() {
    let folder = Folder::new();
    fs::create_dir_all(folder.0.join("data")).unwrap();
    let key = "arn:aws:kms:eu-west-1:111122223333:key/k";
    let user = json!({"UserDetailList": [{"Path": "/", "UserName": "ann", "UserId": "AIDAANN", "GroupList": [],
        "Arn": support::ANN, "AttachedManagedPolicies": [], "UserPolicyList": []}],
        "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
    folder.write("data/a.json", user.to_string());
    let grant = |id: &str, grantee: &str, operation: &str, context: Value| {
        json!({"GrantId": id, "KeyId": key, "GranteePrincipal": grantee, "Operations": [operation],
            "Constraints": {"EncryptionContextSubset": context}})
    };
    let bob = "arn:aws:iam::111122223333:user/bob";
    let grants = [
        grant("g-fits", support::ANN, "Decrypt", json!({"app": "x"})),
        grant("g-grantee", bob, "Decrypt", json!({})),
        grant("g-operation", support::ANN, "Encrypt", json!({})),
        grant("g-context", support::ANN, "Decrypt", json!({"app": "y"})),
        grant("g-far", bob, "Encrypt", json!({})),
    ];
    folder.write("data/g.json", json!({ "Grants": grants }).to_string());
    let policy = json!({"Version": "2012-10-17", "Statement": []});
    folder.write(
        "data/k.json",
        json!({"arn": key, "policy": policy}).to_string(),
    );
    let ask = |context: &str| {
        let ask = [
            "explain",
            "--directory",
            "data",
            "--action",
            "kms:Decrypt",
            "--principal",
            support::ANN,
            "--resource",
            key,
            "--context",
            context,
        ];
        let text = folder.run(&ask).stdout;
        (
            text,
            value(&folder.run(&[&ask[..], &["--format", "json"]].concat())),
        )
    };
    let (text, told) = ask("kms:EncryptionContext:app=x");
    assert!(text.starts_with("Allow"), "{text}");
    for line in [
        format!("the grant g-fits of {} allows this", support::ANN),
        format!("the grant g-grantee would allow this, but is for {bob}"),
        format!(
            "the grant g-operation of {} would allow this, but is for Encrypt",
            support::ANN
        ),
        format!(
            "the grant g-context of {} would allow this with the encryption context app=\"y\"",
            support::ANN
        ),
    ] {
        assert!(text.contains(&line), "{line}: {text}");
    }
    assert!(!text.contains("g-far"), "{text}");
    let missed: Vec<(&str, &Value)> = told["target"]["grants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| (own["id"].as_str().unwrap(), &own["missed"]))
        .collect();
    assert_eq!(missed[0], ("g-fits", &Value::Null));
    assert_eq!(missed.len(), 4);
    let (text, _) = ask("kms:EncryptionContext:app=z");
    assert!(
        text.starts_with("ImplicitDeny") && text.contains("the grant g-fits of"),
        "{text}"
    );
    assert!(
        text.contains("would allow this with the encryption context app=\"x\""),
        "{text}"
    );
    // An image of the directory tells the same.
    let made = folder.run(&["compile", "--directory", "data", "-o", "d.pcl"]);
    assert_eq!(made.code, 0, "{made:?}");
    let run = folder.run(&[
        "explain",
        "--image",
        "d.pcl",
        "--action",
        "kms:Decrypt",
        "--principal",
        support::ANN,
        "--resource",
        key,
        "--context",
        "kms:EncryptionContext:app=x",
    ]);
    assert!(run.stdout.contains("the grant g-fits of"), "{run:?}");
}
