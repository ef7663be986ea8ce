//! The story of a decision: as text, as JSON and as a picture.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Folder, Run, root, run_in, value};

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
        "{path} is stale; make it again: UPDATE_DOCS=1 cargo test -p portcullis-cli --test explain"
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
        assert!(!run.stdout.contains('\x1b'), "no colours into a file");
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
    assert!(own.iter().all(|name| name != "script"), "{own:?}");
    assert!(page.contains("script-src 'none'"));
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
