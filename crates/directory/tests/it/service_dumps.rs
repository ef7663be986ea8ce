//! The dumps of services (`IN-40` to `IN-47`), one of each: its policy denies what nobody else does.

use serde_json::json;

use crate::support::{Folder, account, ask, policy};
use portcullis_directory::Directory;

const ACCOUNT: &str = "111122223333";

/// The text of a policy that denies one action on one resource to everyone.
fn deny(action: &str, resource: &str) -> String {
    let statement =
        json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource});
    policy(&[statement]).to_string()
}

/// Each dump denies what the user could do without it.
#[test]
fn in_40_to_47_the_policy_of_a_dump_denies() {
    let topic = "arn:aws:sns:eu-west-1:111122223333:t";
    let queue = "arn:aws:sqs:eu-west-1:111122223333:q";
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let live = format!("{function}:live");
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf";
    let vault = "arn:aws:backup:eu-west-1:111122223333:backup-vault:v";
    let bus = "arn:aws:events:eu-west-1:111122223333:event-bus/b";
    let files = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1";
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/t";
    let index = format!("{table}/index/i");
    let domain = "arn:aws:es:eu-west-1:111122223333:domain/d";
    let repository = "arn:aws:ecr:eu-west-1:111122223333:repository/app/r";
    let chinese = "arn:aws-cn:ecr:cn-north-1:111122223333:repository/app/r";
    let american = "arn:aws-us-gov:ecr:us-gov-west-1:111122223333:repository/app/r";
    let object = "arn:aws:s3:::bucket/k";
    let abroad = "arn:aws-cn:s3:::bucket/k";
    let own = |member: &str, action: &str, resource: &str| json!({member: deny(action, resource)});
    let image = json!({"registryId": ACCOUNT, "repositoryName": "app/r",
        "policyText": deny("ecr:*", "*").replace(r#","Resource":"*""#, "")});
    for (file, value, action, resource) in [
        (
            "bucket.json",
            own("Policy", "s3:GetObject", object),
            "s3:GetObject",
            object,
        ),
        (
            "bucket-policy.json",
            own("Policy", "s3:*", abroad),
            "s3:GetObject",
            abroad,
        ),
        (
            "q.json",
            json!({"Attributes": {"QueueArn": queue, "Policy": deny("sqs:*", queue)}}),
            "sqs:SendMessage",
            queue,
        ),
        (
            "t.json",
            json!({"Attributes": {"TopicArn": topic, "Policy": deny("sns:*", topic)}}),
            "sns:Publish",
            topic,
        ),
        (
            "f.json",
            json!({"Policy": deny("lambda:*", function), "RevisionId": "1"}),
            "lambda:InvokeFunction",
            function,
        ),
        (
            "f.json",
            own("Policy", "lambda:*", &live),
            "lambda:InvokeFunction",
            &live,
        ),
        (
            "s.json",
            json!({"ARN": secret, "Name": "s", "ResourcePolicy": deny("secretsmanager:*", secret)}),
            "secretsmanager:GetSecretValue",
            secret,
        ),
        (
            "eu-west-1/r.json",
            image.clone(),
            "ecr:ListImages",
            repository,
        ),
        (
            "r.cn-north-1.json",
            image.clone(),
            "ecr:ListImages",
            chinese,
        ),
        ("us-gov-west-1/r.json", image, "ecr:ListImages", american),
        (
            "v.json",
            json!({"BackupVaultName": "v", "BackupVaultArn": vault, "Policy": deny("backup:*", vault)}),
            "backup:StartBackupJob",
            vault,
        ),
        (
            "b.json",
            json!({"Name": "b", "Arn": bus, "Policy": deny("events:*", bus)}),
            "events:PutEvents",
            bus,
        ),
        (
            "e.json",
            json!({"FileSystemId": "fs-1", "Policy": deny("elasticfilesystem:*", files)}),
            "elasticfilesystem:ClientMount",
            files,
        ),
        (
            "d.json",
            json!({"Policy": deny("dynamodb:*", table), "RevisionId": "1"}),
            "dynamodb:GetItem",
            table,
        ),
        (
            "d.json",
            own("Policy", "dynamodb:*", &index),
            "dynamodb:Query",
            &index,
        ),
        (
            "o.json",
            json!({"DomainStatus": {"ARN": domain, "AccessPolicies": deny("es:*", domain)}}),
            "es:ESHttpGet",
            domain,
        ),
        (
            "o.json",
            json!({"DomainStatusList": [{"ARN": "arn:aws:es:eu-west-1:111122223333:domain/other"},
                {"ARN": domain, "AccessPolicies": deny("es:*", &format!("{domain}/*"))}]}),
            "es:ESHttpGet",
            &format!("{domain}/idx/_search"),
        ),
        (
            "b.json",
            json!({"EventBuses": [{"Name": "default", "Arn": "arn:aws:events:eu-west-1:111122223333:event-bus/default"},
                {"Name": "b", "Arn": bus, "Policy": deny("events:*", "*")}]}),
            "events:PutRule",
            "arn:aws:events:eu-west-1:111122223333:rule/b/r",
        ),
        (
            "111122223333/eu-west-1/e.json",
            json!({"FileSystemId": "fs-1", "Policy": deny("elasticfilesystem:*", "*")
                .replace(r#","Resource":"*""#, "")}),
            "elasticfilesystem:ClientMount",
            files,
        ),
        (
            "public.json",
            json!({"registryId": ACCOUNT, "repositoryName": "r",
                "policyText": deny("ecr-public:*", "*").replace(r#","Resource":"*""#, "")}),
            "ecr-public:DescribeImages",
            "arn:aws:ecr-public::111122223333:repository/r",
        ),
        (
            "111122223333.eu-west-1.logs.json",
            json!({"resourcePolicies": [{"policyName": "a", "policyDocument": deny("logs:Get*", "*")},
                {"policyName": "b", "policyDocument": deny("logs:Put*", "*")}]}),
            "logs:PutLogEvents",
            "arn:aws:logs:eu-west-1:111122223333:log-group:g:log-stream:s",
        ),
        (
            "catalog.json",
            json!({"PolicyInJson": deny("glue:*", "arn:aws:glue:eu-west-1:111122223333:*"), "PolicyHash": "x"}),
            "glue:GetTable",
            "arn:aws:glue:eu-west-1:111122223333:table/d/t",
        ),
        (
            "111122223333/eu-west-1/catalogs.json",
            json!({"GetResourcePoliciesResponseList": [{"PolicyInJson": deny("glue:*", "*")}]}),
            "glue:GetTable",
            "arn:aws:glue:eu-west-1:111122223333:table/d/t",
        ),
        (
            "111122223333/eu-west-1/apis.json",
            json!({"items": [{"id": "zzz", "name": "without"}, {"id": "a1b2c3", "name": "api",
                "policy": deny("execute-api:Invoke", "execute-api:/prod/GET/*").replace('"', "\\\"")}]}),
            "execute-api:Invoke",
            "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3/prod/GET/pets",
        ),
        (
            "api.json",
            json!({"id": "a1b2c3", "apiKeySource": "HEADER", "policy": deny("execute-api:Invoke",
                "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3/*").replace('"', "\\\"")}),
            "execute-api:Invoke",
            "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3/prod/GET/pets",
        ),
        (
            "vault.json",
            json!({"policy": {"Policy": deny("glacier:*", "arn:aws:glacier:eu-west-1:111122223333:vaults/v")}}),
            "glacier:UploadArchive",
            "arn:aws:glacier:eu-west-1:111122223333:vaults/v",
        ),
        (
            "point.json",
            own(
                "Policy",
                "s3:*",
                "arn:aws:s3:eu-west-1:111122223333:accesspoint/a/object/*",
            ),
            "s3:GetObject",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/a/object/k",
        ),
        (
            "points.json",
            json!({"Policy": {"Established": {"Policy":
                deny("s3:*", "arn:aws:s3::111122223333:accesspoint/m.mrap/object/*")}}}),
            "s3:GetObject",
            "arn:aws:s3::111122223333:accesspoint/m.mrap/object/k",
        ),
        (
            "trail.json",
            json!({"ResourceArn": "arn:aws:cloudtrail:eu-west-1:111122223333:channel/c",
                "ResourcePolicy": deny("cloudtrail-data:*", "*")}),
            "cloudtrail-data:PutAuditEvents",
            "arn:aws:cloudtrail:eu-west-1:111122223333:channel/c",
        ),
        (
            "bot.json",
            json!({"resourceArn": "arn:aws:lex:eu-west-1:111122223333:bot/b", "policy": deny("lex:*", "*")}),
            "lex:DescribeBot",
            "arn:aws:lex:eu-west-1:111122223333:bot/b",
        ),
        (
            "packages.json",
            json!({"policy": {"resourceArn": "arn:aws:codeartifact:eu-west-1:111122223333:repository/d/r",
                "revision": "1", "document": deny("codeartifact:*", "*")}}),
            "codeartifact:ReadFromRepository",
            "arn:aws:codeartifact:eu-west-1:111122223333:package/d/r/npm//p",
        ),
        (
            "tables.json",
            own(
                "resourcePolicy",
                "s3tables:*",
                "arn:aws:s3tables:eu-west-1:111122223333:bucket/b/*",
            ),
            "s3tables:GetTableData",
            "arn:aws:s3tables:eu-west-1:111122223333:bucket/b/table/t",
        ),
        (
            "stream.json",
            own(
                "Policy",
                "kinesis:*",
                "arn:aws:kinesis:eu-west-1:111122223333:stream/s",
            ),
            "kinesis:GetRecords",
            "arn:aws:kinesis:eu-west-1:111122223333:stream/s",
        ),
        (
            "identity.json",
            json!({"Policies": {"p": deny("ses:*", "arn:aws:ses:eu-west-1:111122223333:identity/example.com")}}),
            "ses:SendEmail",
            "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
        ),
        (
            "authority.json",
            own(
                "Policy",
                "acm-pca:*",
                "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/x",
            ),
            "acm-pca:IssueCertificate",
            "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/x",
        ),
        (
            "container.json",
            own(
                "Policy",
                "mediastore:*",
                "arn:aws:mediastore:eu-west-1:111122223333:container/c/*",
            ),
            "mediastore:GetObject",
            "arn:aws:mediastore:eu-west-1:111122223333:container/c/folder/file",
        ),
        (
            "organization.json",
            json!({"ResourcePolicy": {"ResourcePolicySummary": {"Id": "rp-1",
                "Arn": "arn:aws:organizations::111122223333:resourcepolicy/o-1/rp-1"},
                "Content": deny("organizations:*", "*")}}),
            "organizations:ListRoots",
            "arn:aws:organizations::111122223333:resourcepolicy/o-1/rp-1",
        ),
    ] {
        let partition = resource.split(':').nth(1).unwrap();
        let ask = |directory: &Directory| {
            let arn = format!("arn:{partition}:iam::{ACCOUNT}:user/ann");
            let request = json!({"principal": arn, "action": action, "resource": resource, "resourceAccount": ACCOUNT});
            ask(directory, &request.to_string())
        };
        // The user of the other partition has the same name.
        let text = account().replace("arn:aws:iam", &format!("arn:{partition}:iam"));
        let value = value.to_string();
        // What is behind access points is known.
        let points = [
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/a",
            "arn:aws:s3::111122223333:accesspoint/m.mrap",
        ];
        let points = points.map(|arn| json!({"AccessPointArn": arn, "Bucket": "behind"}));
        let points = json!({"AccessPointList": points}).to_string();
        let points = ("points-and-buckets.json", points.as_str());
        let with = Folder::new(&[("account.json", &text), points, (file, &value)]).load();
        let with = with
            .unwrap_or_else(|problems| panic!("{file}: {problems:#?}"))
            .directory;
        let without = Folder::new(&[("account.json", &text), points])
            .load()
            .unwrap()
            .directory;
        assert_eq!(ask(&with), "ExplicitDeny", "{file} {resource}");
        assert_eq!(ask(&without), "Allow", "{file} {resource}");
    }
}
