//! Which policy a requested resource has (`MATCH-36`), what is behind access points (`S3-6`), whose tags count
//! (`S3-8`), and what is not known of them.

use crate::support;
use crate::support::{Folder, all, ask, dump, policy, user};
use bumpalo::Bump;
use portcullis_directory::{
    Directory, Engine, LoadOptions, Loaded, RequestPolicies, ResolvedRequest,
};
use portcullis_model::Decision;
use serde_json::{Value, json};

const HOME: &str = "111122223333";
const ADMIN: &str = "arn:aws:iam::111122223333:user/admin";
const NOBODY: &str = "arn:aws:iam::111122223333:user/nobody";
const OUTSIDER: &str = "arn:aws:iam::444455556666:user/outsider";

fn load(lines: &[Value], options: LoadOptions) -> Result<Loaded, Vec<String>> {
    let home = dump(&[user(ADMIN, &[all()]), user(NOBODY, &[])], &[]);
    let other = dump(&[user(OUTSIDER, &[all()])], &[]);
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let files = [
        ("home.json", home.to_string()),
        ("other.json", other.to_string()),
        ("resources.jsonl", lines.join("\n")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    Folder::new(&files).load_with(options)
}

fn directory(lines: &[Value]) -> Directory {
    let loaded = load(lines, LoadOptions::default());
    loaded
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
        .directory
}

/// A resource with a policy; of an access point the bucket is known.
fn line(arn: &str, statements: &[Value]) -> Value {
    let mut line = json!({"arn": arn, "account": HOME, "policy": policy(statements)});
    if let Some((point, _)) = portcullis_model::access_point(arn) {
        let bucket = match point.split(':').nth(2).unwrap() {
            "s3" => "arn:aws:s3:::behind".to_string(),
            _ => point.replace("accesspoint/", "bucket/"),
        };
        line["bucket"] = json!(bucket);
    }
    line
}

fn deny(action: &str, resource: &str) -> Value {
    json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource})
}

fn allow(principal: &str, action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": resource})
}

fn asked(directory: &Directory, who: &str, action: &str, resource: &str) -> String {
    let request = json!({"principal": who, "action": action, "resource": resource});
    // As the directory is, and as it is when it was written and opened again.
    let decision = ask(directory, &request.to_string());
    let again = Directory::from_bytes(&directory.to_bytes().unwrap()).unwrap();
    assert_eq!(ask(&again, &request.to_string()), decision, "{request}");
    decision
}

fn notes(directory: &Directory, who: &str, action: &str, resource: &str) -> Vec<String> {
    let arena = Bump::new();
    let caller = portcullis_model::Caller::User { arn: who };
    let request = portcullis_model::Request::new(caller, action, resource);
    let question = directory
        .complete(&request, RequestPolicies::default(), &arena)
        .unwrap();
    directory.notes(&question)
}

/// Every row of `MATCH-36`: a resource with a policy, what else the policy is consulted for, and an action on it.
const ROWS: [(&str, &str, &str); 33] = [
    ("s3:::b", "s3:::b", "s3:ListBucket"),
    ("s3:::b", "s3:::b/k/l", "s3:GetObject"),
    (
        "s3:R:A:accesspoint/p",
        "s3:R:A:accesspoint/p",
        "s3:ListBucket",
    ),
    (
        "s3:R:A:accesspoint/p",
        "s3:R:A:accesspoint/p/object/k/l",
        "s3:GetObject",
    ),
    (
        "s3express:R:A:bucket/b--x-s3",
        "s3express:R:A:bucket/b--x-s3",
        "s3express:CreateSession",
    ),
    (
        "s3express:R:A:accesspoint/p",
        "s3express:R:A:accesspoint/p/x",
        "s3express:CreateSession",
    ),
    (
        "s3-outposts:R:A:outpost/o/bucket/b",
        "s3-outposts:R:A:outpost/o/bucket/b/object/k",
        "s3-outposts:GetObject",
    ),
    (
        "s3-outposts:R:A:outpost/o/accesspoint/p",
        "s3-outposts:R:A:outpost/o/accesspoint/p/object/k",
        "s3-outposts:GetObject",
    ),
    (
        "s3-object-lambda:R:A:accesspoint/p",
        "s3-object-lambda:R:A:accesspoint/p/object/k",
        "s3-object-lambda:GetObject",
    ),
    (
        "s3tables:R:A:bucket/b",
        "s3tables:R:A:bucket/b/table/t",
        "s3tables:GetTableData",
    ),
    (
        "dynamodb:R:A:table/T",
        "dynamodb:R:A:table/T/index/i",
        "dynamodb:Query",
    ),
    (
        "dynamodb:R:A:table/T/stream/S",
        "dynamodb:R:A:table/T/stream/S",
        "dynamodb:GetRecords",
    ),
    (
        "lambda:R:A:function:f",
        "lambda:R:A:function:f:live",
        "lambda:InvokeFunction",
    ),
    (
        "es:R:A:domain/d",
        "es:R:A:domain/d/idx/_search",
        "es:ESHttpGet",
    ),
    (
        "execute-api:R:A:a1b2c3",
        "execute-api:R:A:a1b2c3/prod/GET/pets",
        "execute-api:Invoke",
    ),
    ("glue:R:A:catalog", "glue:R:A:table/d/t", "glue:GetTable"),
    ("glue:R:A:catalog", "glue:R:A:catalog", "glue:GetTable"),
    (
        "logs:R:A:log-group:g",
        "logs:R:A:log-group:h:log-stream:s",
        "logs:GetLogEvents",
    ),
    (
        "events:R:A:event-bus/B",
        "events:R:A:rule/B/r",
        "events:PutRule",
    ),
    (
        "codeartifact:R:A:repository/D/R",
        "codeartifact:R:A:package/D/R/npm//p",
        "codeartifact:GetPackageVersionAsset",
    ),
    (
        "mediastore:R:A:container/C",
        "mediastore:R:A:container/C/f",
        "mediastore:GetObject",
    ),
    (
        "backup:R:A:backup-vault:v",
        "backup:R:A:backup-vault:v",
        "backup:StartBackupJob",
    ),
    ("sqs:R:A:q", "sqs:R:A:q", "sqs:SendMessage"),
    ("sns:R:A:t", "sns:R:A:t", "sns:Publish"),
    (
        "secretsmanager:R:A:secret:s-AbCdEf",
        "secretsmanager:R:A:secret:s-AbCdEf",
        "secretsmanager:GetSecretValue",
    ),
    (
        "ecr:R:A:repository/r",
        "ecr:R:A:repository/r",
        "ecr:ListImages",
    ),
    (
        "ecr-public::A:repository/r",
        "ecr-public::A:repository/r",
        "ecr-public:DescribeImages",
    ),
    (
        "elasticfilesystem:R:A:file-system/fs-1",
        "elasticfilesystem:R:A:file-system/fs-1",
        "elasticfilesystem:ClientMount",
    ),
    (
        "kinesis:R:A:stream/s",
        "kinesis:R:A:stream/s",
        "kinesis:GetRecords",
    ),
    ("ses:R:A:identity/i", "ses:R:A:identity/i", "ses:SendEmail"),
    (
        "acm-pca:R:A:certificate-authority/x",
        "acm-pca:R:A:certificate-authority/x",
        "acm-pca:IssueCertificate",
    ),
    (
        "glacier:R:A:vaults/v",
        "glacier:R:A:vaults/v",
        "glacier:UploadArchive",
    ),
    (
        "cloudtrail:R:A:channel/c",
        "cloudtrail:R:A:channel/c",
        "cloudtrail-data:PutAuditEvents",
    ),
];

fn arn(short: &str) -> String {
    let long = short
        .replace(":R:", ":eu-west-1:")
        .replace(":A:", ":111122223333:");
    format!("arn:aws:{long}")
}

#[test]
fn match_36_every_row() {
    for (listed, requested, action) in ROWS {
        let (listed, requested) = (arn(listed), arn(requested));
        let mut without = line(&listed, &[]);
        without.as_object_mut().unwrap().remove("policy");
        let without = directory(&[without]);
        assert_eq!(
            asked(&without, ADMIN, action, &requested),
            "Allow",
            "{requested}"
        );
        assert_eq!(
            asked(&without, NOBODY, action, &requested),
            "ImplicitDeny",
            "{requested}"
        );
        let denies = directory(&[line(&listed, &[deny(action, "*")])]);
        assert_eq!(
            asked(&denies, ADMIN, action, &requested),
            "ExplicitDeny",
            "{requested}"
        );
        assert!(
            notes(&denies, ADMIN, action, &requested).len() <= 1,
            "{requested}"
        );
        let own = line(&listed, &[allow(NOBODY, action, "*")]);
        // The bucket behind an access point must let them in as well.
        let bucket = own.get("bucket").and_then(Value::as_str);
        let bucket = bucket.map(|bucket| line(bucket, &[allow(NOBODY, action, "*")]));
        let allows = directory(&[own.clone()].into_iter().chain(bucket).collect::<Vec<_>>());
        assert_eq!(
            asked(&allows, NOBODY, action, &requested),
            "Allow",
            "{requested}"
        );
        // The pattern is matched against what is requested.
        let other = directory(&[line(&listed, &[deny(action, &format!("{requested}2"))])]);
        assert_eq!(
            asked(&other, ADMIN, action, &requested),
            "Allow",
            "{requested}"
        );
    }
}

/// `KMS-1`: a key has a policy, or nobody may use it.
#[test]
fn match_36_keys() {
    let key = arn("kms:R:A:key/k");
    let allows = directory(&[line(&key, &[allow(NOBODY, "kms:Decrypt", "*")])]);
    assert_eq!(asked(&allows, NOBODY, "kms:Decrypt", &key), "Allow");
    assert_eq!(asked(&allows, ADMIN, "kms:Decrypt", &key), "ImplicitDeny");
    let denies = [allow(HOME, "kms:*", "*"), deny("kms:Decrypt", "*")];
    let denies = directory(&[line(&key, &denies)]);
    assert_eq!(asked(&denies, ADMIN, "kms:Decrypt", &key), "ExplicitDeny");
}

/// Services with a row here, as the table has them. A row that is added to the table is missing here.
#[test]
fn match_36_no_row_is_missing() {
    let source = include_str!("../../src/store/policy_scope.rs");
    let (table, _) = source.split_once("/// How far into a text").unwrap();
    let mut services: Vec<&str> = table
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| !text.contains(['{', '|', '/']) && !text.is_empty())
        .collect();
    services.sort_unstable();
    services.dedup();
    let shown: Vec<&str> = ROWS
        .iter()
        .map(|(listed, ..)| listed.split(':').next().unwrap())
        .collect();
    let elsewhere = ["kms", "iam"];
    for service in services {
        assert!(
            shown.contains(&service) || elsewhere.contains(&service),
            "{service}"
        );
    }
}

/// A part that has a policy of its own is not subject to that of the whole, where the rule says so.
#[test]
fn match_36_unless_a_part_has_its_own() {
    let function = arn("lambda:R:A:function:f");
    let live = format!("{function}:live");
    let action = "lambda:InvokeFunction";
    let both = directory(&[
        line(&function, &[deny(action, "*")]),
        line(&live, &[allow(NOBODY, action, "*")]),
    ]);
    assert_eq!(asked(&both, NOBODY, action, &live), "Allow");
    assert_eq!(asked(&both, ADMIN, action, &function), "ExplicitDeny");
    assert_eq!(
        notes(&both, NOBODY, action, &live),
        [format!(
            "the policy of {function} is not consulted for {live}"
        )]
    );
    // What is known of a part beside a policy changes nothing.
    let tagged = json!({"arn": live, "tags": {"a": "b"}});
    let tagged = directory(&[line(&function, &[deny(action, "*")]), tagged]);
    assert_eq!(asked(&tagged, ADMIN, action, &live), "ExplicitDeny");
    let object = json!({"arn": "arn:aws:s3:::b/k", "tags": {"a": "b"}});
    let object = directory(&[line("arn:aws:s3:::b", &[deny("s3:GetObject", "*")]), object]);
    assert_eq!(
        asked(&object, ADMIN, "s3:GetObject", "arn:aws:s3:::b/k"),
        "ExplicitDeny"
    );
    // Objects and indexes have none of their own.
    for (whole, part) in [
        ("s3:::b", "s3:::b/k"),
        ("dynamodb:R:A:table/T", "dynamodb:R:A:table/T/index/i"),
    ] {
        let lines = [line(&arn(whole), &[]), line(&arn(part), &[])];
        let problems = load(&lines, LoadOptions::default()).unwrap_err();
        assert!(
            problems[0].contains("cannot have a policy of its own"),
            "{problems:?}"
        );
    }
}

/// Account-wide policies: all of logs are one set, a catalog has one.
#[test]
fn match_36_policies_of_a_whole_account() {
    let (one, other) = (arn("logs:R:A:log-group:a"), arn("logs:R:A:log-group:b"));
    let both = directory(&[
        line(&one, &[deny("logs:GetLogEvents", "*")]),
        line(&other, &[deny("logs:PutLogEvents", "*")]),
    ]);
    let third = arn("logs:R:A:log-group:c:*");
    for action in ["logs:GetLogEvents", "logs:PutLogEvents"] {
        assert_eq!(asked(&both, ADMIN, action, &third), "ExplicitDeny");
    }
    let elsewhere = third.replace("eu-west-1", "us-east-1");
    assert_eq!(
        asked(&both, ADMIN, "logs:GetLogEvents", &elsewhere),
        "Allow"
    );
    let (catalog, database) = (arn("glue:R:A:catalog"), arn("glue:R:A:database/d"));
    let lines = [
        line(&catalog, &[deny("glue:GetTable", "*")]),
        line(&database, &[deny("glue:GetTables", "*")]),
    ];
    let problems = load(&lines, LoadOptions::default()).unwrap_err();
    assert!(problems[0].contains("CONTRADICTION"), "{problems:?}");
}

/// The short form of API Gateway is the API that has the policy.
#[test]
fn match_36_entries_of_apis() {
    let (api, other) = (arn("execute-api:R:A:a1b2c3"), arn("execute-api:R:A:zzz"));
    let action = "execute-api:Invoke";
    let statements = [
        allow(NOBODY, action, "execute-api:/prod/GET/*"),
        json!({"Effect": "Deny", "Principal": "*", "Action": action, "NotResource": ["execute-api:/prod/*"]}),
    ];
    // Both have the same document, which means something else for each.
    let both = directory(&[line(&api, &statements), line(&other, &statements)]);
    for own in [&api, &other] {
        assert_eq!(
            asked(&both, NOBODY, action, &format!("{own}/prod/GET/pets")),
            "Allow"
        );
        assert_eq!(
            asked(
                &both,
                ADMIN,
                action,
                &format!("{own}/dev/GET/prod/GET/pets")
            ),
            "ExplicitDeny"
        );
        assert_eq!(
            asked(&both, NOBODY, action, &format!("{own}/prod/PUT/pets")),
            "ImplicitDeny"
        );
    }
}

/// Policies of resources of which nothing is known are consulted for the ARN, and a note says so.
#[test]
fn match_36_kinds_that_are_not_known() {
    let bot = arn("lex:R:A:bot/b");
    let loaded = load(&[line(&bot, &[deny("lex:*", "*")])], LoadOptions::default()).unwrap();
    assert_eq!(loaded.report.notes.len(), 1);
    assert!(loaded.report.notes[0].1.contains(&bot));
    let below = format!("{bot}/version/1");
    assert_eq!(
        asked(&loaded.directory, ADMIN, "lex:GetBot", &bot),
        "ExplicitDeny"
    );
    assert_eq!(
        asked(&loaded.directory, ADMIN, "lex:GetBot", &below),
        "Allow"
    );
    assert_eq!(
        notes(&loaded.directory, ADMIN, "lex:GetBot", &below),
        [format!("the policy of {bot} is not consulted for {below}")]
    );
}

const POINT: &str = "arn:aws:s3:us-east-2:111122223333:accesspoint/ap1";

fn bucket_of_points() -> Value {
    let delegates = json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:Get*",
        "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": HOME}}});
    line(
        "arn:aws:s3:::data",
        &[
            delegates,
            deny("s3:GetObject", "arn:aws:s3:::data/secret/*"),
        ],
    )
}

/// Each way to say which bucket is behind an access point; both policies decide.
#[test]
fn s3_6_the_bucket_behind_an_access_point() {
    let own = json!([allow(
        "444455556666",
        "s3:GetObject",
        &format!("{POINT}/object/*")
    )]);
    let with_bucket = json!({"arn": POINT, "policy": policy(own.as_array().unwrap()), "bucket": "arn:aws:s3:::data"});
    let mut without = line(POINT, own.as_array().unwrap());
    without.as_object_mut().unwrap().remove("bucket");
    let described = json!({"Name": "ap1", "Bucket": "data", "BucketAccountId": HOME, "AccessPointArn": POINT,
        "NetworkOrigin": "Internet", "PublicAccessBlockConfiguration": {"RestrictPublicBuckets": false}});
    let listed =
        json!({"AccessPointList": [{"Name": "ap1", "Bucket": "data", "AccessPointArn": POINT}]});
    for lines in [
        vec![with_bucket],
        vec![without.clone(), described],
        vec![without.clone(), listed],
    ] {
        let lines: Vec<Value> = lines.into_iter().chain([bucket_of_points()]).collect();
        let directory = directory(&lines);
        let ask = |who, key: &str| {
            asked(
                &directory,
                who,
                "s3:GetObject",
                &format!("{POINT}/object/{key}"),
            )
        };
        assert_eq!(ask(ADMIN, "secret/y"), "ExplicitDeny");
        assert_eq!(ask(ADMIN, "public/y"), "Allow");
        assert_eq!(ask(OUTSIDER, "public/y"), "Allow");
        assert_eq!(ask(OUTSIDER, "secret/y"), "ExplicitDeny");
        let object = format!("{POINT}/object/x");
        assert!(notes(&directory, ADMIN, "s3:GetObject", &object).is_empty());
        // The bucket itself is not opened by it.
        let plain = asked(
            &directory,
            OUTSIDER,
            "s3:GetObject",
            "arn:aws:s3:::data/public/y",
        );
        assert_eq!(plain, "ImplicitDeny");
    }
    let object = format!("{POINT}/object/x");
    let unknown = directory(&[without, bucket_of_points()]);
    let found = notes(&unknown, ADMIN, "s3:GetObject", &object);
    assert!(found[0].contains("no file says which bucket"), "{found:?}");
    // The policy that was not seen may deny.
    assert_eq!(
        undecidable(&unknown, ADMIN, "s3:GetObject", &object),
        "ImplicitDeny"
    );
    let unlisted = directory(&[json!({"arn": POINT, "bucket": "arn:aws:s3:::data"})]);
    let found = notes(&unlisted, ADMIN, "s3:GetObject", &object);
    assert!(
        found[0].contains("no file has a policy of arn:aws:s3:::data"),
        "{found:?}"
    );
}

/// `S3-6`, `RCP-1`: the bucket may be another account's, with control policies and an owner of its own.
#[test]
fn s3_6_a_bucket_of_another_account() {
    let point = json!({"arn": POINT, "bucket": "arn:aws:s3:::theirs"});
    let theirs = json!({"arn": "arn:aws:s3:::theirs", "account": "444455556666",
        "policy": policy(&[allow(ADMIN, "s3:GetObject", "arn:aws:s3:::theirs/shared/*")])});
    let directory = directory(&[point, theirs]);
    let ask = |key: &str| {
        asked(
            &directory,
            ADMIN,
            "s3:GetObject",
            &format!("{POINT}/object/{key}"),
        )
    };
    assert_eq!(ask("shared/a"), "Allow");
    assert_eq!(ask("own/a"), "ImplicitDeny");
}

#[test]
fn s3_6_what_is_no_bucket_behind_an_access_point() {
    for wrong in [
        json!({"arn": "arn:aws:s3:::b", "bucket": "arn:aws:s3:::data"}),
        json!({"arn": POINT, "bucket": "data"}),
        json!({"arn": POINT, "bucket": 5}),
        json!({"arn": POINT, "bucket": "arn:aws:s3:::data/key"}),
        json!({"arn": POINT, "abac": true}),
        json!({"arn": "arn:aws:s3:::b", "abac": "yes"}),
        json!({"arn": "arn:aws:s3:::b", "buckets": []}),
    ] {
        let problems = load(std::slice::from_ref(&wrong), LoadOptions::default());
        assert!(
            problems.unwrap_err()[0].contains("INVALID_MEMBER"),
            "{wrong}"
        );
    }
}

/// `S3-8`, `KEY-113`: tags of a bucket count where ABAC is enabled, those of an object have a key of their own.
#[test]
fn s3_8_tags_of_buckets_and_objects() {
    let by = |key: &str| {
        let condition = json!({"StringEquals": {key: "yes"}});
        let resources = json!(["arn:aws:s3:::b", "arn:aws:s3:::b/*"]);
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources, "Condition": condition})
    };
    let statements = [
        by("aws:ResourceTag/secret"),
        by("s3:ExistingObjectTag/secret"),
    ];
    let bucket = |abac: Option<bool>| {
        let mut line = line("arn:aws:s3:::b", &statements);
        line["tags"] = json!({"secret": "yes"});
        if let Some(abac) = abac {
            line["abac"] = json!(abac);
        }
        line
    };
    let ask = |directory: &Directory| {
        ["arn:aws:s3:::b", "arn:aws:s3:::b/k"]
            .map(|arn| asked(directory, ADMIN, "s3:GetObject", arn))
    };
    assert_eq!(
        ask(&directory(&[bucket(Some(true))])),
        ["ExplicitDeny", "ExplicitDeny"]
    );
    assert_eq!(ask(&directory(&[bucket(Some(false))])), ["Allow", "Allow"]);
    assert_eq!(ask(&directory(&[bucket(None)])), ["Allow", "Allow"]);
    let object = json!({"arn": "arn:aws:s3:::b/k", "tags": {"secret": "yes"}});
    assert_eq!(
        ask(&directory(&[bucket(None), object])),
        ["Allow", "ExplicitDeny"]
    );
    // Through an access point as well.
    let point = json!({"arn": POINT, "bucket": "arn:aws:s3:::b"});
    let through = directory(&[bucket(Some(true)), point]);
    let object = format!("{POINT}/object/k");
    assert_eq!(
        asked(&through, ADMIN, "s3:GetObject", &object),
        "ExplicitDeny"
    );
    // As S3's own dumps say it, in files that are called like the bucket.
    for (status, expected) in [("Enabled", "ExplicitDeny"), ("Disabled", "Allow")] {
        let policy = json!({"Policy": policy(&statements).to_string()}).to_string();
        let tags = json!({"TagSet": [{"Key": "secret", "Value": "yes"}]}).to_string();
        let abac = json!({"AbacStatus": {"Status": status}}).to_string();
        let home = dump(&[user(ADMIN, &[all()])], &[]).to_string();
        let folder = Folder::new(&[
            ("home.json", home.as_str()),
            ("111122223333/b.policy.json", policy.as_str()),
            ("111122223333/b.tags.json", tags.as_str()),
            ("111122223333/b.abac.json", abac.as_str()),
        ]);
        let directory = folder.load().unwrap().directory;
        assert_eq!(
            asked(&directory, ADMIN, "s3:GetObject", "arn:aws:s3:::b/k"),
            expected
        );
    }
}

/// `GRAM-54`: a resource policy that cannot be read makes its own resource undecidable, and nothing else.
#[test]
fn gram_54_a_policy_that_cannot_be_read() {
    let queue = arn("sqs:R:A:q");
    let bad = policy(&[
        json!({"Effect": "Perhaps", "Principal": "*", "Action": "sqs:*", "Resource": "*"}),
    ]);
    let lines = [
        json!({"arn": queue, "policy": bad}),
        line("arn:aws:s3:::b", &[]),
        json!({"arn": "arn:aws:s3:::c", "account": HOME, "policy": 5}),
        json!({"arn": POINT, "bucket": "arn:aws:s3:::c"}),
        json!({"arn": arn("glue:R:A:catalog"), "policy": bad}),
        json!({"arn": arn("es:R:A:domain/d"), "policy": bad}),
        json!({"arn": arn("kms:R:A:key/k"), "policy": bad}),
    ];
    let problems = load(&lines, LoadOptions::default()).unwrap_err();
    assert_eq!(problems.len(), 5, "{problems:#?}");
    assert!(
        problems
            .iter()
            .all(|problem| problem.contains("INVALID_POLICY"))
    );
    let options = LoadOptions {
        allow_missing: true,
        ..LoadOptions::default()
    };
    let directory = load(&lines, options).unwrap().directory;
    assert!(directory.is_incomplete());
    for (action, resource) in [
        ("sqs:SendMessage", queue),
        ("s3:GetObject", "arn:aws:s3:::c/k".to_string()),
        ("s3:GetObject", format!("{POINT}/object/k")),
        ("glue:GetTable", arn("glue:R:A:table/d/t")),
        ("es:ESHttpGet", arn("es:R:A:domain/d/x")),
        ("kms:Decrypt", arn("kms:R:A:key/k")),
    ] {
        // The reference evaluator is not asked: it has no words for a policy that cannot be read.
        let decision = undecidable(&directory, ADMIN, action, &resource);
        assert_eq!(decision, "ImplicitDeny", "{resource}");
        let found = notes(&directory, ADMIN, action, &resource);
        assert!(
            found.iter().any(|note| note.contains("cannot be read")),
            "{resource}"
        );
    }
    assert_eq!(
        asked(&directory, ADMIN, "s3:GetObject", "arn:aws:s3:::b/k"),
        "Allow"
    );
}

/// What stands for a resource by another name hides its policy, which may deny (`S3-6`, `KMS-5`).
#[test]
fn other_names_of_a_resource() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let directory = directory(&[
        json!({"arn": POINT, "bucket": "arn:aws:s3:::data",
            "policy": policy(&[deny("s3:*", &format!("{POINT}/object/*"))])}),
        bucket_of_points(),
        json!({"arn": key, "policy": policy(&[deny("kms:*", "*")])}),
    ]);
    let alias = "arn:aws:kms:eu-west-1:111122223333:alias/k";
    for (action, resource) in [
        ("s3:GetObject", "arn:aws:s3:::p-1a2b3c-s3alias/k"),
        ("s3:ListBucket", "arn:aws:s3:::p-1a2b3c-s3alias"),
        ("s3:GetObject", "arn:aws:s3:::p-1a2b3c--ol-s3/k"),
        (
            "s3:GetObject",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint:p/object/k",
        ),
        (
            "s3:GetObject",
            "arn:aws:s3express:eu-west-1:111122223333:accesspoint:p",
        ),
        (
            "s3:GetObject",
            "arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint:p",
        ),
        (
            "s3:GetObject",
            "arn:aws:s3-outposts:eu-west-1:111122223333:outpost:op-1:accesspoint:p",
        ),
        ("kms:Decrypt", alias),
    ] {
        assert_eq!(
            undecidable(&directory, ADMIN, action, resource),
            "ImplicitDeny",
            "{resource}"
        );
        let found = notes(&directory, ADMIN, action, resource);
        assert!(
            found[0].contains("another name of"),
            "{resource}: {found:?}"
        );
    }
    for action in ["kms:CreateAlias", "kms:updatealias", "kms:DeleteAlias"] {
        assert_eq!(asked(&directory, ADMIN, action, alias), "Allow", "{action}");
    }
}

fn undecidable(directory: &Directory, who: &str, action: &str, resource: &str) -> String {
    let again = Directory::from_bytes(&directory.to_bytes().unwrap()).unwrap();
    let request = json!({"principal": who, "action": action, "resource": resource});
    let decisions =
        [directory, &again].map(|directory| support::ask_vm(directory, &request.to_string()));
    let [decision, again] = decisions;
    assert_eq!(decision, again);
    decision
}

/// What is no resource matches what allows everything and nothing that denies by ARNs (`MATCH-28`).
#[test]
fn what_is_no_resource_is_allowed_nothing() {
    let directory = directory(&[]);
    let arena = Bump::new();
    let caller = portcullis_model::Caller::User { arn: ADMIN };
    let number = directory.principal_number(ADMIN).unwrap();
    let deed = directory.action("s3:GetObject").unwrap();
    let mut engine = Engine::new();
    for resource in [
        "",
        "b/k",
        "s3://b/k",
        " arn:aws:s3:::b/k",
        "ARN:aws:s3:::b/k",
        "**",
    ] {
        let request = portcullis_model::Request::new(caller, "s3:GetObject", resource);
        let question = directory
            .complete(&request, RequestPolicies::default(), &arena)
            .unwrap();
        let found = directory.notes(&question);
        assert!(
            found[0].contains("neither an ARN"),
            "{resource:?}: {found:?}"
        );
        let asked = ResolvedRequest {
            principal: number,
            action: &deed,
            resource: &directory.resource(resource, None),
            context: &[],
        };
        for outcome in [
            engine.decide(&directory, &question).unwrap(),
            engine.check(&directory, &request).unwrap(),
            engine.check_resolved(&directory, &asked).unwrap(),
        ] {
            assert_eq!(outcome.decision(), Decision::ImplicitDeny, "{resource:?}");
        }
    }
}
