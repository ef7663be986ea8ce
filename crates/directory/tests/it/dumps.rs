//! The dumps of services (`IN-40` to `IN-47`): what each says takes part in decisions.

use serde_json::{Value, json};

use crate::support::{Folder, account, all, ask, dump, policy, user};
use portcullis_directory::{Directory, LoadOptions};

const ACCOUNT: &str = "111122223333";

/// The directory of the account and these files.
fn directory(files: &[(&str, Value)]) -> Directory {
    loaded(files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn loaded(files: &[(&str, Value)]) -> Result<Directory, Vec<String>> {
    let account = account();
    let texts: Vec<(&str, String)> = files
        .iter()
        .map(|(name, value)| (*name, value.to_string()))
        .collect();
    let files = texts.iter().map(|(name, text)| (*name, text.as_str()));
    let files: Vec<(&str, &str)> = files.chain([("account.json", account.as_str())]).collect();
    Folder::new(&files).load().map(|loaded| loaded.directory)
}

/// What the user, who may do everything, is told.
fn told(directory: &Directory, action: &str, resource: &str) -> String {
    asked(directory, "user/ann", action, resource)
}

fn asked(directory: &Directory, who: &str, action: &str, resource: &str) -> String {
    let request = json!({"principal": format!("arn:aws:iam::{ACCOUNT}:{who}"), "action": action, "resource": resource});
    ask(directory, &request.to_string())
}

/// The text of a policy that denies one action on one resource to everyone.
fn deny(action: &str, resource: &str) -> String {
    let statement =
        json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource});
    policy(&[statement]).to_string()
}

/// A policy without a name is that of what its statements are about, if that is one thing.
#[test]
fn a_policy_says_whose_it_is() {
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let (live, other) = (format!("{function}:live"), format!("{function}2"));
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/t";
    let index = format!("{table}/index/i");
    let about = |resources: &[&str]| {
        let statements: Vec<Value> = resources
            .iter()
            .map(|arn| json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": arn}))
            .collect();
        json!({"Policy": policy(&statements).to_string()})
    };
    for (file, resources, resource) in [
        ("f.json", &[function][..], function),
        ("f.json", &[function, &live], function),
        ("f.json", &[function, &live], &live),
        ("t.json", &[table, &index], table),
        ("t.json", &[table, &index], &index),
        ("shop.json", &["arn:aws:s3:::shop/*"], "arn:aws:s3:::shop/k"),
        ("shop.json", &["arn:aws:s3:::sh*"], "arn:aws:s3:::shop/k"),
        (
            "shop.json",
            &["arn:aws:s3:::shop", "arn:aws:s3:::shop/*"],
            "arn:aws:s3:::shop/k",
        ),
    ] {
        let directory = directory(&[(file, about(resources))]);
        let action = match file {
            "f.json" => "lambda:InvokeFunction",
            "t.json" => "dynamodb:Query",
            _ => "s3:GetObject",
        };
        assert_eq!(
            told(&directory, action, resource),
            "ExplicitDeny",
            "{resources:?}"
        );
    }
    for resources in [
        &[function, &other][..],
        &["arn:aws:lambda:eu-west-1:111122223333:function:*"],
        &["arn:aws:s3:::other/*"],
        &[function, "arn:aws:s3:::other/*"],
    ] {
        let problems = loaded(&[("shop.json", about(resources))]).err();
        let problems = problems.unwrap_or_else(|| panic!("{resources:?}"));
        assert!(problems[0].contains("MISSING_MEMBER"), "{problems:?}");
    }
}

/// The path says the region of a repository, and the region its partition.
#[test]
fn in_46_the_repositories_of_a_region() {
    let value =
        json!({"registryId": ACCOUNT, "repositoryName": "r", "policyText": deny("ecr:*", "*")});
    for (file, place) in [
        ("eu-west-1/r.json", "aws:ecr:eu-west-1"),
        ("app-my-1/r.ap-southeast-2.json", "aws:ecr:ap-southeast-2"),
        ("eu-west/us-west-2.json", "aws:ecr:us-west-2"),
        ("cn-north-1.json", "aws-cn:ecr:cn-north-1"),
        ("us-gov-west-1/r.json", "aws-us-gov:ecr:us-gov-west-1"),
        ("us-iso-east-1/r.json", "aws-iso:ecr:us-iso-east-1"),
        ("us-isob-east-1/r.json", "aws-iso-b:ecr:us-isob-east-1"),
        ("eusc-de-east-1/r.json", "aws-eusc:ecr:eusc-de-east-1"),
    ] {
        let directory = directory(&[(file, value.clone())]);
        let arn = format!("arn:{place}:{ACCOUNT}:repository/r");
        assert!(directory.known_resources().contains(&arn), "{file}");
    }
    for file in [
        "r.json",
        "eu-west/r.json",
        "eu-west-1a/r.json",
        "eu-west-12/r.json",
        "eu-1/r.json",
    ] {
        let problems = loaded(&[(file, value.clone())]).err();
        let problems = problems.unwrap_or_else(|| panic!("{file}"));
        assert!(
            problems[0].contains("does not give its region"),
            "{problems:?}"
        );
    }
}

/// Services print an empty text where there is no policy.
#[test]
fn no_policy_is_no_policy() {
    let topic = "arn:aws:sns:eu-west-1:111122223333:t";
    let domain = "arn:aws:es:eu-west-1:111122223333:domain/d";
    let directory = directory(&[
        (
            "t.json",
            json!({"Attributes": {"TopicArn": topic, "Policy": ""}}),
        ),
        (
            "o.json",
            json!({"DomainStatus": {"ARN": domain, "AccessPolicies": ""}}),
        ),
        (
            "s.json",
            json!({"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf"}),
        ),
    ]);
    assert_eq!(told(&directory, "sns:Publish", topic), "Allow");
    assert_eq!(told(&directory, "es:ESHttpGet", domain), "Allow");
}

#[test]
fn in_41_a_key_is_called_by_its_id() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
    let described =
        json!({"KeyMetadata": {"KeyId": "1234abcd", "Arn": key, "AWSAccountId": ACCOUNT}});
    let root = json!({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"});
    let own = json!({"Policy": policy(&[root]).to_string(), "PolicyName": "default"});
    let grant = |constraints: Value| {
        json!({"Grants": [{"KeyId": key, "GrantId": "g", "GranteePrincipal": "arn:aws:iam::111122223333:role/App",
            "Operations": ["Decrypt"], "Constraints": constraints}]})
    };
    let files = [
        ("1234abcd.json", own.clone()),
        ("key.json", described.clone()),
        ("grants.json", grant(json!({}))),
    ];
    let all = directory(&files);
    assert_eq!(told(&all, "kms:Encrypt", key), "Allow");
    assert_eq!(asked(&all, "role/App", "kms:Decrypt", key), "Allow");
    assert_eq!(asked(&all, "role/App", "kms:Encrypt", key), "ImplicitDeny");
    // Without grants, and without the policy.
    let less = directory(&files[..2]);
    assert_eq!(asked(&less, "role/App", "kms:Decrypt", key), "ImplicitDeny");
    let less = directory(&files[1..2]);
    assert_eq!(told(&less, "kms:Encrypt", key), "ImplicitDeny");
    let wanted = |problems: Result<Directory, Vec<String>>, words: &[&str]| {
        let problems = problems.unwrap_err();
        let has = |problem: &String| words.iter().all(|word| problem.contains(word));
        assert!(problems.iter().any(has), "{words:?} in {problems:#?}");
    };
    wanted(
        loaded(&files[..1]),
        &["1234abcd.json", "describe-key", "DANGLING"],
    );
    let constraint = json!({"EncryptionContextSubset": {}, "SourceArn": "arn:aws:s3:::b"});
    wanted(
        loaded(&[("key.json", described), ("grants.json", grant(constraint))]),
        &["grants.json", "/Grants/0/Constraints/SourceArn"],
    );
}

#[test]
fn in_40_a_block_of_public_access_is_that_of_the_bucket() {
    let block = json!({"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}});
    let not = json!({"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": false}});
    let public = |bucket: &str| {
        let own = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("{bucket}/*")});
        json!({"arn": bucket, "account": ACCOUNT, "policy": policy(&[own])})
    };
    // Anyone of another account.
    let stranger = |directory: &Directory, bucket: &str| {
        let partition = bucket.split(':').nth(1).unwrap();
        let request = json!({"principal": format!("arn:{partition}:iam::444455556666:user/eve"), "identity": [all()],
            "action": "s3:GetObject", "resource": format!("{bucket}/k")});
        ask(directory, &request.to_string())
    };
    for bucket in [
        "arn:aws:s3:::shop",
        "arn:aws-cn:s3:::shop",
        "arn:aws-us-gov:s3:::shop",
    ] {
        for (file, block, decision) in [
            ("shop.json", &block, "ImplicitDeny"),
            ("shop.public-access-block.json", &block, "ImplicitDeny"),
            ("111122223333.json", &block, "ImplicitDeny"),
            ("shop.json", &not, "Allow"),
            ("other.json", &block, "Allow"),
            ("444455556666.json", &block, "Allow"),
        ] {
            let directory = directory(&[("policy.jsonl", public(bucket)), (file, block.clone())]);
            assert_eq!(stranger(&directory, bucket), decision, "{bucket} {file}");
        }
    }
    // Our own lines say the same.
    for (block, decision) in [
        (json!({"RestrictPublicBuckets": true}), "ImplicitDeny"),
        (json!({"restrictPublicBuckets": true}), "ImplicitDeny"),
        (
            json!({"RestrictPublicBuckets": false, "IgnorePublicAcls": true}),
            "Allow",
        ),
        (json!({}), "Allow"),
    ] {
        let own = json!({"account": ACCOUNT, "publicAccessBlock": block});
        let bucket = "arn:aws:s3:::shop";
        let files = [("policy.jsonl", public(bucket)), ("block.jsonl", own)];
        assert_eq!(stranger(&directory(&files), bucket), decision, "{block}");
        let mut line = public(bucket);
        line["publicAccessBlock"] = block;
        assert_eq!(stranger(&directory(&[("p.jsonl", line)]), bucket), decision);
    }
    // The folder says the owner, and must not say another.
    let problems = loaded(&[
        ("policy.jsonl", public("arn:aws:s3:::shop")),
        ("444455556666/shop.json", block),
    ]);
    assert!(problems.unwrap_err()[0].contains("CONTRADICTION"));
}

#[test]
fn in_47_the_policy_of_an_endpoint_limits() {
    let some = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"});
    let directory = directory(&[
        (
            "endpoints.json",
            json!({"VpcEndpoints": [
                {"VpcEndpointId": "vpce-1", "PolicyDocument": policy(std::slice::from_ref(&some)).to_string()},
                {"VpcEndpointId": "vpce-2"},
            ]}),
        ),
        (
            "ours.json",
            json!({"arn": "arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint/vpce-3", "policy": policy(&[some])}),
        ),
    ]);
    let through = |endpoint: &str, action: &str| {
        let request = json!({"principal": "arn:aws:iam::111122223333:user/ann", "action": action, "resource": "*",
            "context": {"aws:SourceVpce": endpoint}});
        ask(&directory, &request.to_string())
    };
    assert_eq!(through("vpce-1", "s3:ListAllMyBuckets"), "Allow");
    assert_eq!(through("vpce-1", "ec2:DescribeInstances"), "ImplicitDeny");
    assert_eq!(through("vpce-2", "ec2:DescribeInstances"), "Allow");
    assert_eq!(through("vpce-3", "ec2:DescribeInstances"), "ImplicitDeny");
}

/// What holds no policy that is understood does not pass for nothing.
#[test]
fn other_forms_are_refused() {
    let topic = "arn:aws:sns:eu-west-1:111122223333:t";
    for value in [
        json!({"resourcePolicies": [{"policyName": "p", "policyDocument": deny("*", "*")}]}),
        json!({"PolicyInJson": deny("*", "*")}),
        json!({"account": ACCOUNT, "publicAccessBlock": true}),
        json!({"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": "true"}}),
        json!({"PublicAccessBlockConfiguration": {"IgnorePublicAcls": 1}}),
        json!({"name": "b", "arn": "arn:aws:s3:::b", "document": deny("s3:*", "*")}),
        json!({"DomainConfig": {"AccessPolicies": {"Options": deny("es:*", "*")}}}),
        json!({"Policy": deny("sns:*", "*")}),
        json!({"policy": deny("dsql:*", "*"), "policyVersion": "1"}),
        json!({"FileSystemId": "fs-1", "Policy": deny("elasticfilesystem:*", "*")}),
        json!({"id": "a", "apiKeySource": "HEADER", "policy": deny("execute-api:*", "execute-api:/*")}),
        json!({"policyName": "p", "policyArn": "arn:aws:iot:eu-west-1:111122223333:policy/p",
            "policyDocument": deny("iot:*", "*")}),
        json!({"User": {"UserName": "ann", "PermissionsBoundary": {"PermissionsBoundaryArn": topic}}}),
        json!({"a": [{"b": [{"c": {"anything": policy(&[])}}]}]}),
        json!({"a": [[{"b": {"text": deny("s3:*", "*")}}]]}),
        json!({"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-1:111122223333:q", "OtherPolicy": deny("sqs:*", "*")}}),
        json!({"arn": topic, "tags": {}, "rule": {"inner": deny("sns:*", topic)}}),
        json!({"AccessPointList": [{"Name": "a", "other": deny("s3:*", "*")}]}),
        json!({"repositoryName": "r", "registryId": ACCOUNT, "policyText": deny("ecr:*", topic)}),
    ] {
        let problems = loaded(&[("x.json", value.clone())]);
        assert!(problems.unwrap_err()[0].contains("x.json:1:"), "{value}");
    }
}

/// Every file, and how many values of which kind it has.
#[test]
fn what_was_read_is_reported() {
    let tagged = |bucket: &str| json!({"arn": format!("arn:aws:s3:::{bucket}"), "tags": {}});
    let lines = [tagged("a"), tagged("b"), json!({"other": 1})].map(|line| line.to_string());
    let list = json!([tagged("c"), {"PolicyStatus": {}}]).to_string();
    let account = account();
    let folder = Folder::new(&[
        ("b.jsonl", &lines.join("\n")),
        ("a/list.json", &list),
        ("account", &account),
        ("notes.txt", "nothing"),
        ("empty.json", ""),
    ]);
    let report = folder.load().unwrap().report;
    let read: Vec<(&str, &[(&str, u64)])> = report
        .read
        .iter()
        .map(|(file, found)| (file.as_str(), found.as_slice()))
        .collect();
    let expected: [(&str, &[(&str, u64)]); 3] = [
        (
            "a/list.json",
            &[("bucket setting that decides nothing", 1), ("resource", 1)],
        ),
        ("account", &[("account dump", 1)]),
        ("b.jsonl", &[("left out", 1), ("resource", 2)]),
    ];
    assert_eq!(read, expected);
}

/// `IN-15`: of a policy of AWS in several dumps, the newest version is in force; of other policies there is
/// one.
#[test]
fn in_15_versions_of_managed_policies() {
    let aws = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let own = "arn:aws:iam::111122223333:policy/Own";
    let action =
        |action: &str| policy(&[json!({"Effect": "Allow", "Action": action, "Resource": "*"})]);
    let dump_of = |account: &str, arn: &str, version: &str, allowed: &str| {
        let mut eve = user(&format!("arn:aws:iam::{account}:user/eve"), &[]);
        eve["AttachedManagedPolicies"] = json!([{"PolicyArn": arn}]);
        let mut dump = dump(&[eve], &[]);
        dump["Policies"] = json!([{"Arn": arn, "DefaultVersionId": version, "PolicyVersionList": [
            {"VersionId": "v0", "Document": all()},
            {"VersionId": version, "Document": action(allowed)}]}]);
        dump
    };
    let both = |arn: &str, one: (&str, &str), other: (&str, &str)| {
        let one = dump_of("111111111111", arn, one.0, one.1).to_string();
        let other = dump_of("222222222222", arn, other.0, other.1).to_string();
        Folder::new(&[("a.json", &one), ("b.json", &other)]).load()
    };
    let (old, new) = (("v2", "s3:GetObject"), ("v10", "s3:ListAllMyBuckets"));
    for (one, other) in [(old, new), (new, old)] {
        let loaded = both(aws, one, other).unwrap();
        assert_eq!(loaded.report.warnings.len(), 1);
        let warning = loaded.report.warnings[0].to_string();
        assert!(warning.contains("v10 is used"), "{warning}");
        for account in ["111111111111", "222222222222"] {
            let asked = |action: &str| {
                let request = json!({"principal": format!("arn:aws:iam::{account}:user/eve"), "action": action, "resource": "*"});
                ask(&loaded.directory, &request.to_string())
            };
            assert_eq!(asked("s3:ListAllMyBuckets"), "Allow");
            assert_eq!(asked("s3:GetObject"), "ImplicitDeny");
        }
        let problems = both(own, one, other).unwrap_err();
        assert!(problems[0].contains("CONTRADICTION"), "{problems:?}");
    }
    assert!(both(aws, old, old).unwrap().report.warnings.is_empty());
    assert!(both(own, old, old).is_ok());
    let problems = both(aws, old, (old.0, new.1)).unwrap_err();
    assert!(problems[0].contains("CONTRADICTION"), "{problems:?}");
    // Lines of a bundle have no versions.
    let line = |allowed: &str| json!({"name": "r", "arn": aws, "document": action(allowed)});
    assert!(loaded(&[("a.json", line(old.1)), ("b.json", line(old.1))]).is_ok());
    let problems = loaded(&[("a.json", line(old.1)), ("b.json", line(new.1))]).unwrap_err();
    assert!(problems[0].contains("CONTRADICTION"), "{problems:?}");
}

/// The same organization as dumps and as a tree.
#[test]
fn in_20_to_27_the_dumps_of_an_organization() {
    let roots = json!({"Roots": [{"Id": "r-1abc", "PolicyTypes": [
        {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"},
        {"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"}]}]});
    let list = |ids: &[(&str, &str)]| {
        let policies: Vec<Value> = ids
            .iter()
            .map(|(id, kind)| json!({"Id": id, "Type": kind}))
            .collect();
        json!({"Policies": policies})
    };
    let (scp, rcp) = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY");
    let full = [
        ("p-FullAWSAccess", scp),
        ("p-RCPFullAWSAccess", rcp),
        ("p-tags0000", "TAG_POLICY"),
    ];
    let described = |id: &str, kind: &str, document: &Value| json!({"Policy": {"PolicySummary": {"Id": id, "Name": "n", "Type": kind}, "Content": document.to_string()}});
    let no_ec2 = policy(&[json!({"Effect": "Deny", "Action": "ec2:*", "Resource": "*"})]);
    let no_s3 =
        policy(&[json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})]);
    let files = |unit_policies: &[(&str, &str)]| {
        vec![
            (
                "org.json",
                json!({"Organization": {"Id": "o-1", "MasterAccountId": "100000000001"}}),
            ),
            ("roots.json", roots.clone()),
            (
                "r-1abc/units.json",
                json!({"OrganizationalUnits": [{"Id": "ou-1abc-11111111", "Name": "u"}]}),
            ),
            (
                "r-1abc/accounts.json",
                json!({"Accounts": [{"Id": "100000000001"}]}),
            ),
            (
                "ou-1abc-11111111/accounts.json",
                json!({"Accounts": [{"Id": ACCOUNT}]}),
            ),
            (
                "policies/p-ec200000.json",
                described("p-ec200000", scp, &no_ec2),
            ),
            (
                "policies/p-s3000000.json",
                described("p-s3000000", rcp, &no_s3),
            ),
            (
                "policies/p-tags0000.json",
                described("p-tags0000", "TAG_POLICY", &json!({"tags": {}})),
            ),
            (
                "policies/all.json",
                described("p-RCPFullAWSAccess", rcp, &all()),
            ),
            ("of/r-1abc.json", list(&full)),
            (
                "of/ou-1abc-11111111.json",
                list(&[&full[..], unit_policies].concat()),
            ),
            ("of/111122223333.json", list(&full)),
            ("of/100000000001.json", list(&full)),
            (
                "effective.json",
                json!({"EffectivePolicy": {"PolicyContent": "{}"}}),
            ),
        ]
    };
    let decided = |unit_policies: &[(&str, &str)]| {
        let directory = directory(&files(unit_policies));
        ["ec2:RunInstances", "s3:ListAllMyBuckets", "iam:ListUsers"]
            .map(|action| told(&directory, action, "*"))
    };
    assert_eq!(decided(&[]), ["Allow"; 3]);
    let (ec2, s3) = (("p-ec200000", scp), ("p-s3000000", rcp));
    assert_eq!(decided(&[ec2]), ["ExplicitDeny", "Allow", "Allow"]);
    assert_eq!(decided(&[ec2, s3])[0], "ExplicitDeny");
    // RCPs are those of the owner of a resource.
    let directory = directory(&files(&[s3]));
    let bucket = json!({"principal": format!("arn:aws:iam::{ACCOUNT}:user/ann"), "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k", "resourceAccount": ACCOUNT});
    assert_eq!(ask(&directory, &bucket.to_string()), "ExplicitDeny");
    // A unit without a place is not left out.
    let mut lost = files(&[]);
    lost[2].0 = "units.json";
    let problems = loaded(&lost).unwrap_err();
    let has = |problem: &String| problem.contains("ou-1abc-11111111");
    assert!(problems.iter().any(has), "{problems:#?}");
}

/// `S3-1`, `S3-2`, `S3-4`: what each permission of a bucket's list allows, and what switches it off.
#[test]
fn s3_2_permissions_of_access_control_lists() {
    const ALL: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
    let actions = [
        "s3:ListBucket",
        "s3:PutObject",
        "s3:GetBucketAcl",
        "s3:PutBucketAcl",
        "s3:GetObject",
    ];
    let with = |ownership: &str, permission: &str, more: &[(&'static str, Value)]| {
        let grants = json!([{"Grantee": {"Type": "Group", "URI": ALL}, "Permission": permission}]);
        let rules = json!([{"ObjectOwnership": ownership}]);
        let mut files = vec![
            (
                "shop.acl.json",
                json!({"Owner": {"ID": "owner"}, "Grants": grants}),
            ),
            (
                "shop.ownership-controls.json",
                json!({"OwnershipControls": {"Rules": rules}}),
            ),
            (
                "shop.jsonl",
                json!({"arn": "arn:aws:s3:::shop", "account": ACCOUNT}),
            ),
        ];
        files.extend_from_slice(more);
        let directory = directory(&files);
        actions.map(|action| {
            let resource = match action {
                "s3:PutObject" | "s3:GetObject" => "arn:aws:s3:::shop/k",
                _ => "arn:aws:s3:::shop",
            };
            let request = json!({"principal": null, "action": action, "resource": resource});
            ask(&directory, &request.to_string()) == "Allow"
        })
    };
    let allowed =
        |permission: &str, more: &[(&'static str, Value)]| with("ObjectWriter", permission, more);
    for (permission, expected) in [
        ("READ", [true, false, false, false, false]),
        ("WRITE", [false, true, false, false, false]),
        ("READ_ACP", [false, false, true, false, false]),
        ("WRITE_ACP", [false, false, false, true, false]),
        ("FULL_CONTROL", [true, true, true, true, false]),
        ("OTHER", [false; 5]),
    ] {
        assert_eq!(allowed(permission, &[]), expected, "{permission}");
    }
    let block =
        |ignore: bool| json!({"PublicAccessBlockConfiguration": {"IgnorePublicAcls": ignore}});
    for file in ["shop.public-access-block.json", "111122223333.json"] {
        assert_eq!(allowed("FULL_CONTROL", &[(file, block(true))]), [false; 5]);
        assert!(allowed("READ", &[(file, block(false))])[0], "{file}");
    }
    assert_eq!(with("BucketOwnerEnforced", "FULL_CONTROL", &[]), [false; 5]);
    assert!(with("BucketOwnerPreferred", "READ", &[])[0]);
}

/// Packs hold managed policies that dumps refer to; what is excluded is not read and told.
#[test]
fn packs_and_exclusions() {
    let arn = "arn:aws:iam::aws:policy/Reader";
    let mut own = crate::support::user("arn:aws:iam::111122223333:user/ann", &[]);
    own["AttachedManagedPolicies"] = json!([{"PolicyName": "Reader", "PolicyArn": arn}]);
    let read =
        crate::support::policy(&[json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"})]);
    let dump = crate::support::dump(&[own], &[]).to_string();
    let folder = Folder::new(&[("account.json", &dump), ("logs/one.json", "{\"Policy\": 5")]);
    let pack = json!({"name": "Reader", "arn": arn, "document": read}).to_string();
    let date = json!({"pack": "policies of AWS", "date": "2026-11-30"}).to_string();
    let other = Folder::new(&[("pack.jsonl", &format!("{date}\n{pack}\n"))]);
    let mut sources = portcullis_directory::Sources::new(&folder.0);
    let load = |sources: &portcullis_directory::Sources<'_>| {
        portcullis_directory::Directory::load_from(sources, LoadOptions::default(), &mut |_| ())
    };
    assert!(
        load(&sources)
            .unwrap_err()
            .to_string()
            .contains("logs/one.json")
    );
    sources.exclude.push("logs/**".to_string());
    let told = load(&sources).unwrap_err().to_string();
    assert!(
        told.contains("--managed-policies") && told.contains(arn),
        "{told}"
    );
    sources.packs.push(other.0.join("pack.jsonl"));
    let loaded = load(&sources).unwrap();
    assert_eq!(loaded.report.excluded, ["logs/one.json"]);
    let notes = &loaded.report.notes;
    assert!(
        notes
            .iter()
            .any(|(_, note)| note == "policies of AWS, as of 2026-11-30"),
        "{notes:?}"
    );
    let request = json!({"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject", "resource": "*"});
    assert_eq!(
        crate::support::ask(&loaded.directory, &request.to_string()),
        "Allow"
    );
    // What a pack gets wrong is wrong if something refers to it.
    let wrong = json!({"name": "Reader", "arn": arn, "document": {"Statement": 1}}).to_string();
    let other = Folder::new(&[("pack.jsonl", &wrong)]);
    sources.packs = vec![other.0.join("pack.jsonl")];
    assert!(
        load(&sources)
            .unwrap_err()
            .to_string()
            .contains("INVALID_POLICY")
    );
    sources.packs = vec![other.0.join("nowhere.jsonl")];
    assert!(
        load(&sources)
            .unwrap_err()
            .to_string()
            .contains("UNREADABLE_FILE")
    );
}

/// What collectors take beside the dump of an account says the same, or is an error.
#[test]
fn lists_beside_a_dump() {
    let trust = |service: &str| {
        crate::support::policy(&[
            json!({"Effect": "Allow", "Principal": {"Service": format!("{service}.amazonaws.com")},
            "Action": "sts:AssumeRole"}),
        ])
    };
    let role = crate::support::role("arn:aws:iam::111122223333:role/App", &[], &trust("ec2"));
    let user = crate::support::user("arn:aws:iam::111122223333:user/ann", &[]);
    let dump = crate::support::dump(&[user], &[role]).to_string();
    let listed = |service: &str| {
        json!({"Path": "/", "RoleName": "App", "Arn": "arn:aws:iam::111122223333:role/App",
        "AssumeRolePolicyDocument": trust(service), "MaxSessionDuration": 7200})
    };
    for (list, is_sound) in [
        (json!({"Roles": [listed("ec2")]}), true),
        (json!({"Roles": [listed("lambda")]}), false),
        (
            json!({"InstanceProfiles": [{"InstanceProfileName": "App", "Roles": [listed("ec2")]}]}),
            true,
        ),
        (
            json!({"InstanceProfiles": [{"InstanceProfileName": "App", "Roles": [listed("lambda")]}]}),
            false,
        ),
        (
            json!({"Users": [{"UserName": "ann", "Arn": "arn:aws:iam::111122223333:user/ann"}]}),
            true,
        ),
        (
            json!({"AttachedPolicies": [{"PolicyName": "p", "PolicyArn": "arn:aws:iam::aws:policy/p"}]}),
            true,
        ),
    ] {
        let folder = Folder::new(&[("account.json", &dump), ("list.json", &list.to_string())]);
        let loaded = folder.load();
        assert_eq!(loaded.is_ok(), is_sound, "{list}: {:?}", loaded.err());
    }
}

/// Roles of the dump of an account repeat themselves in their instance profiles (`IN-13`).
#[test]
fn roles_in_instance_profiles() {
    let trust = |service: &str| {
        crate::support::policy(&[
            json!({"Effect": "Allow", "Principal": {"Service": format!("{service}.amazonaws.com")},
            "Action": "sts:AssumeRole"}),
        ])
    };
    let arn = "arn:aws:iam::111122223333:role/App";
    for (service, is_sound) in [("ec2", true), ("lambda", false)] {
        let mut role = crate::support::role(arn, &[], &trust("ec2"));
        let repeated = json!({"Path": "/", "RoleName": "App", "Arn": arn, "AssumeRolePolicyDocument": trust(service)});
        role["InstanceProfileList"] = json!([{"InstanceProfileName": "App", "Roles": [repeated]}]);
        let dump = crate::support::dump(&[], &[role]).to_string();
        let loaded = Folder::new(&[("account.json", &dump)]).load();
        assert_eq!(loaded.is_ok(), is_sound, "{service}: {:?}", loaded.err());
        if let Err(error) = loaded {
            assert!(
                error.iter().any(|own| own.contains("CONTRADICTION")),
                "{error:?}"
            );
        }
    }
}
