//! What the catalog in the crate says, asked as its users ask it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use portcullis_catalog::{Catalog, Found, Key, KeyType, Level, Need};
use serde_json::Value;

fn catalog() -> &'static Catalog {
    Catalog::builtin().unwrap()
}

/// Of the first operations of that name, `action` or `action if …`.
fn permissions(service: &str, name: &str) -> Vec<String> {
    let Found::Operations(found) = catalog().operation(service, name) else {
        panic!("{service} {name} is not known");
    };
    let permissions = found.first().unwrap().permissions();
    permissions
        .iter()
        .map(|one| match one.need() {
            Need::Always => one.to_string(),
            Need::When(when) => format!("{one} if {when}"),
            Need::Sometimes => format!("{one} sometimes"),
        })
        .collect()
}

#[test]
fn services_and_what_became_of_them() {
    assert_eq!(catalog().service("EC2").unwrap().prefix(), "ec2");
    assert!(
        catalog()
            .service("s3")
            .unwrap()
            .has_resource_control_policies()
    );
    assert!(
        !catalog()
            .service("ec2")
            .unwrap()
            .has_resource_control_policies()
    );
    // AA-51
    for prefix in [
        "deeplens",
        "iot1click",
        "zocalo",
        "deepracer",
        "deepcomposer",
    ] {
        assert!(catalog().service(prefix).unwrap().is_retired(), "{prefix}");
    }
    let deepracer = catalog().service("deepracer").unwrap();
    assert!(deepracer.actions().len() > 40);
    assert_eq!(
        deepracer.last_seen().unwrap().date.to_string(),
        "2025-12-06"
    );
    assert_eq!(catalog().service("zocalo").unwrap().last_seen(), None);
    let near = catalog().nearest_services("dynamobd");
    assert_eq!(near.first().unwrap().prefix(), "dynamodb");
    assert!(catalog().nearest_services("xyzzyx-nothing").is_empty());
}

#[test]
fn levels_and_dependents() {
    for (action, level) in [
        ("s3:ListBucket", Level::List),
        ("s3:GetObject", Level::Read),
        ("s3:PutObject", Level::Write),
        ("s3:PutBucketPolicy", Level::PermissionsManagement),
        ("ec2:CreateTags", Level::Tagging),
    ] {
        assert_eq!(catalog().action(action).unwrap().level(), level, "{action}");
    }
    let create = catalog().action("lambda:CreateFunction").unwrap();
    let dependents: Vec<String> = create.dependents().map(|name| name.to_string()).collect();
    assert!(
        dependents.contains(&"iam:PassRole".to_owned()),
        "{dependents:?}"
    );
}

/// Real findings of AWS: these it calls invalid, and references had them for years.
#[test]
fn actions_that_are_gone() {
    for gone in [
        "cloud9:ValidateEnvironmentName",
        "qapps:ImportDocumentToQApp",
        "elastic-inference:Connect",
        "cloudhsm:CreateLunaClient",
    ] {
        let action = catalog().action(gone).unwrap();
        assert!(!action.is_current(), "{gone}");
        assert!(action.last_seen().date < catalog().newest().unwrap().date);
    }
    let current = catalog().actions().filter(|action| action.is_current());
    let of_newest = catalog()
        .actions()
        .filter(|action| Some(action.last_seen()) == catalog().newest());
    // The second reference has some that the newest lacks.
    assert!(current.count() > of_newest.count());
}

#[test]
fn patterns_expand() {
    let names = |pattern: &str| -> BTreeSet<String> {
        catalog()
            .expand(pattern)
            .map(|action| action.to_string())
            .collect()
    };
    assert!(names("s3:get*").contains("s3:GetObject"));
    assert!(names("S3:GETOBJECT").len() == 1);
    assert!(names("*:getobject").contains("s3-object-lambda:GetObject"));
    assert_eq!(names("s3:GetObjec?"), names("s3:GetObject"));
    for nothing in ["s3", "", "s3*", "s3:", ":", "GetObject", "s3:Get"] {
        assert!(names(nothing).is_empty(), "{nothing:?}");
    }
    assert_eq!(names("**").len(), catalog().actions().len());
    // Every action is found by its own name.
    for action in catalog().actions() {
        assert_eq!(catalog().action(&action.to_string()), Some(action));
    }
}

#[test]
fn keys_and_their_patterns() {
    let key = |name: &str| catalog().key(name).map(Key::name);
    assert_eq!(key("S3:PREFIX"), Some("s3:prefix"));
    assert_eq!(
        key("aws:PrincipalTag/a/b"),
        Some("aws:PrincipalTag/${TagKey}")
    );
    assert_eq!(key("aws:PrincipalTag"), None);
    assert_eq!(
        key("codebuild:environment.environmentVariables/PATH.value"),
        Some("codebuild:environment.environmentVariables/${name}.value")
    );
    assert_eq!(key("codebuild:environment.environmentVariables/PATH"), None);
    // References write the variable of some as `tag-key` or `<key>`.
    assert_eq!(
        key("secretsmanager:ResourceTag/owner"),
        Some("secretsmanager:ResourceTag/${TagKey}")
    );
    assert_eq!(
        key("s3:RequestObjectTag/owner"),
        Some("s3:RequestObjectTag/${TagKey}")
    );
    // A name that is one itself is not taken for a value of another.
    assert_eq!(
        key("ec2:Attribute/PublicIp"),
        Some("ec2:Attribute/${AttributeName}")
    );
    let facts = |name: &str| {
        let key = catalog().key(name).unwrap();
        (key.kind(), key.is_multivalued(), key.is_global())
    };
    assert_eq!(facts("aws:SourceIp"), (KeyType::IpAddress, false, true));
    assert_eq!(
        facts("aws:PrincipalOrgPaths"),
        (KeyType::String, true, true)
    );
    assert_eq!(facts("aws:CurrentTime"), (KeyType::Date, false, true));
    assert_eq!(facts("s3:max-keys"), (KeyType::Numeric, false, false));
    for key in catalog().keys() {
        let instance = key.name().replace("${", "x").replace('}', "");
        assert!(catalog().key(&instance).is_some(), "{key}");
    }
}

#[test]
fn arns_have_types() {
    for (arn, want) in [
        ("arn:aws:s3:::b", "bucket"),
        ("arn:aws:s3:::b/k", "object"),
        ("arn:aws:sns:eu-west-1:111122223333:t", "topic"),
        ("arn:aws:iam::111122223333:role/a/b", "role"),
        (
            "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/t",
            "table",
        ),
        (
            "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i",
            "index",
        ),
        (
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
            "instance",
        ),
        // A resource of one service under the name of another.
        (
            "arn:aws:license-manager:eu-west-1:111122223333:license-configuration:lic-1",
            "license-configuration",
        ),
    ] {
        let types = catalog().resource_types_of(arn);
        assert_eq!(types.first().unwrap().name(), want, "{arn}: {types:?}");
    }
    for arn in ["", "arn", "arn:aws", "arn:aws:nosuch:::x", "*"] {
        assert!(catalog().resource_types_of(arn).is_empty(), "{arn}");
    }
}

#[test]
fn operations_of_every_spelling() {
    for (service, name) in [
        ("s3", "ListObjectsV2"),
        ("s3api", "list-objects-v2"),
        ("S3", "listobjectsv2"),
        ("ec2", "run-instances"),
        ("cognito-idp", "AdminCreateUser"),
        ("CognitoIdentityServiceProvider", "admin-create-user"),
        ("Cognito Identity Provider", "AdminCreateUser"),
        ("elbv2", "CreateListener"),
        ("elasticloadbalancing", "CreateListener"),
        ("logs", "put-log-events"),
        ("apigateway", "GetRestApis"),
        ("stepfunctions", "StartExecution"),
        ("deploy", "create-deployment"),
        ("configservice", "put-config-rule"),
        ("iot", "CreateThing"),
        ("lambda", "UpdateFunctionCode20150331v2"),
        ("cloudfront", "CreateInvalidation2020_05_31"),
        ("sesv2", "SendEmail"),
        ("email", "SendEmail"),
        ("opensearch", "CreateDomain"),
    ] {
        let found = catalog().operation(service, name);
        assert!(
            matches!(found, Found::Operations(_)),
            "{service} {name}: {found:?}"
        );
    }
    // Newer than the table of operations.
    let Found::SameName(action) = catalog().operation("bedrock-runtime", "invoke-model") else {
        panic!("listed or unknown")
    };
    assert_eq!(action.to_string(), "bedrock:InvokeModel");
    for (service, name) in [
        ("s3", "NoSuchThing"),
        ("nosuch", "GetObject"),
        ("", ""),
        ("s3", ""),
    ] {
        let found = catalog().operation(service, name);
        assert!(
            matches!(found, Found::Unknown(_)),
            "{service} {name}: {found:?}"
        );
    }
}

/// `IN-82`, without what follows from the request.
#[test]
fn operations_of_s3() {
    for (operations, action) in [
        ("ListObjects ListObjectsV2 HeadBucket", "ListBucket"),
        ("ListBuckets", "ListAllMyBuckets"),
        ("ListObjectVersions", "ListBucketVersions"),
        (
            "CreateMultipartUpload UploadPart CompleteMultipartUpload PostObject CopyObject",
            "PutObject",
        ),
        ("ListParts", "ListMultipartUploadParts"),
        ("ListMultipartUploads", "ListBucketMultipartUploads"),
        ("DeleteBucketLifecycle", "PutLifecycleConfiguration"),
        (
            "PutBucketEncryption DeleteBucketEncryption",
            "PutEncryptionConfiguration",
        ),
        ("GetBucketReplication", "GetReplicationConfiguration"),
        ("DeleteBucketReplication", "PutReplicationConfiguration"),
        (
            "GetBucketNotificationConfiguration",
            "GetBucketNotification",
        ),
        ("DeleteBucketCors", "PutBucketCORS"),
        ("DeleteBucketTagging", "PutBucketTagging"),
        ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
        (
            "PutPublicAccessBlock DeletePublicAccessBlock",
            "PutBucketPublicAccessBlock",
        ),
        (
            "GetObjectLockConfiguration",
            "GetBucketObjectLockConfiguration",
        ),
        ("SelectObjectContent", "GetObject"),
    ] {
        for operation in operations.split(' ') {
            let first = permissions("s3", operation).first().cloned();
            assert_eq!(first, Some(format!("s3:{action}")), "{operation}");
        }
    }
    let versions = "GetObjectVersion if a version is named (`versionId`)";
    for operation in ["GetObject", "HeadObject"] {
        assert!(
            permissions("s3", operation).contains(&format!("s3:{versions}")),
            "{operation}"
        );
    }
    let deleted = permissions("s3", "DeleteObjects");
    assert!(
        deleted.contains(&"s3:DeleteObjectVersion if a version is named (`versionId`)".to_owned())
    );
    // What comes with an upload is never asked for in any case.
    for operation in ["PutObject", "CopyObject", "CreateMultipartUpload"] {
        let all = permissions("s3", operation);
        assert!(all.contains(&"s3:PutObject".to_owned()), "{all:?}");
        for action in [
            "PutObjectAcl",
            "PutObjectTagging",
            "PutObjectRetention",
            "PutObjectLegalHold",
        ] {
            let when = format!("s3:{action} if ");
            assert!(
                all.iter().any(|one| one.starts_with(&when)),
                "{operation}: {all:?}"
            );
        }
    }
}

/// `IN-83`.
#[test]
fn operations_that_need_more_or_others() {
    for (service, operation, want) in [
        ("lambda", "Invoke", vec!["lambda:InvokeFunction"]),
        (
            "lambda",
            "InvokeWithResponseStream",
            vec!["lambda:InvokeFunction"],
        ),
        (
            "kms",
            "ReEncrypt",
            vec!["kms:ReEncryptFrom", "kms:ReEncryptTo"],
        ),
        ("sqs", "SendMessageBatch", vec!["sqs:SendMessage"]),
        ("dynamodb", "TransactGetItems", vec!["dynamodb:GetItem"]),
        ("apigateway", "CreateRestApi", vec!["apigateway:POST"]),
        ("bedrock-runtime", "converse", vec!["bedrock:InvokeModel"]),
        (
            "bedrock",
            "ConverseStream",
            vec!["bedrock:InvokeModelWithResponseStream"],
        ),
        ("sts", "GetCallerIdentity", vec![]),
    ] {
        assert_eq!(permissions(service, operation), want, "{operation}");
    }
    let run = permissions("ec2", "RunInstances");
    assert_eq!(run.first().unwrap(), "ec2:RunInstances");
    for action in ["iam:PassRole if ", "ec2:CreateTags if "] {
        assert!(run.iter().any(|one| one.starts_with(action)), "{run:?}");
    }
    assert!(
        permissions("cloudformation", "CreateStack")
            .contains(&"iam:PassRole if the request has `RoleARN`".to_owned())
    );
    let items = permissions("dynamodb", "TransactWriteItems");
    assert!(
        items.contains(&"dynamodb:PutItem if the request has `TransactItems[].Put`".to_owned()),
        "{items:?}"
    );
}

#[test]
fn operations_that_stand_for_actions() {
    let named = |action: &str| catalog().operation_for_action(action).map(|one| one.name());
    assert_eq!(named("s3:HeadBucket"), Some("HeadBucket"));
    assert_eq!(named("S3:listobjectsv2"), Some("ListObjectsV2"));
    assert_eq!(named("lambda:Invoke"), Some("Invoke"));
    for none in [
        "s3:GetObject",
        "s3:NoSuch",
        "nosuch:HeadBucket",
        "HeadBucket",
        "s3:*",
        "sts:GetCallerIdentity",
    ] {
        assert_eq!(named(none), None, "{none}");
    }
}

/// The files that are beside the project on some machines.
fn shared(file: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(file);
    let text = fs::read_to_string(path).ok();
    if text.is_none() {
        println!("skipped: no {file} here");
    }
    text
}

/// Actions that AWS named when it refused a call are in the catalog, and the call's operation leads to them.
#[test]
fn refusals_of_aws_are_explained() {
    let Some(text) = shared("data/cloudtrail/denials.jsonl") else {
        return;
    };
    let mut asked = 0;
    let mut missed = Vec::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let member = |name: &str| event.get(name).and_then(Value::as_str);
        let (Some(source), Some(name), Some(action)) =
            (member("source"), member("op"), member("action"))
        else {
            continue;
        };
        asked += 1;
        let service = source.split('.').next().unwrap();
        let has = match catalog().operation(service, name) {
            Found::Operations(found) => found.iter().any(|one| {
                let permissions = one.permissions();
                permissions
                    .iter()
                    .any(|one| one.to_string().eq_ignore_ascii_case(action))
            }),
            Found::SameName(own) => own.to_string().eq_ignore_ascii_case(action),
            Found::Unknown(_) => false,
        };
        if !has {
            missed.push(format!("{service} {name}: {action}"));
        }
    }
    assert!(asked > 100, "{asked}");
    assert!(
        missed.is_empty(),
        "{} of {asked}: {missed:#?}",
        missed.len()
    );
}
