//! `findings`: archive rules, previews of a policy, what AWS's analyzer found, and what is said of what is not there.

use serde_json::{Value, json};

use crate::support::{Folder, Run};

const BUCKET: &str = "arn:aws:s3:::b";

fn statement(principal: &Value, action: &str, condition: &Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": action,
        "Resource": [BUCKET, format!("{BUCKET}/*")], "Condition": condition})
}

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A bucket that is public for reading, and that another account may write to.
fn folder() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("dumps")).unwrap();
    let all = [
        statement(&json!("*"), "s3:GetObject", &json!({})),
        statement(&json!({"AWS": "999999999999"}), "s3:PutObject", &json!({})),
    ];
    let bucket = json!({"arn": BUCKET, "account": "111122223333", "policy": policy(&all)});
    folder.write("dumps/b.json", bucket.to_string());
    folder
}

fn lines(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ask(folder: &Folder, more: &[&str]) -> Run {
    let start = ["findings", "--directory", "dumps", "--format", "json"];
    folder.run(&[&start[..], more].concat())
}

/// A member of each finding, as text.
fn members(run: &Run, name: &str) -> Vec<String> {
    let mut all = lines(run);
    all.pop();
    let text = |own: &Value| own[name].as_str().unwrap_or_default().to_owned();
    all.iter().map(text).collect()
}

#[test]
fn rules_archive() {
    let folder = folder();
    let archived = |filter: Value| {
        folder.write("rules.json", json!({"filter": filter}).to_string());
        let run = ask(&folder, &["--archive-rules", "rules.json"]);
        (members(&run, "status").join(" "), run.code)
    };
    let named = json!({"principal.AWS": {"eq": ["999999999999"]}, "isPublic": {"eq": ["false"]}});
    assert_eq!(archived(named), ("ACTIVE ARCHIVED".to_owned(), 0));
    for (filter, expected) in [
        (
            json!({"resource": {"contains": [":b"]}}),
            "ARCHIVED ARCHIVED",
        ),
        (json!({"resource": {"neq": [BUCKET]}}), "ACTIVE ACTIVE"),
        (json!({"isPublic": {"eq": ["true"]}}), "ARCHIVED ACTIVE"),
        (
            json!({"condition.aws:SourceIp": {"exists": true}}),
            "ACTIVE ACTIVE",
        ),
        (
            json!({"condition.aws:SourceIp": {"exists": "false"}}),
            "ARCHIVED ARCHIVED",
        ),
        (
            json!({"resourceType": {"eq": ["AWS::KMS::Key", "AWS::S3::Bucket"]}, "principal.AWS": {"neq": ["*"]}}),
            "ACTIVE ARCHIVED",
        ),
    ] {
        let (statuses, code) = archived(filter.clone());
        assert_eq!(statuses, expected, "{filter}");
        // What is archived does not count.
        assert_eq!(
            code,
            if expected.contains("ACTIVE") { 0 } else { 2 },
            "{filter}"
        );
    }
    let table = |more: &[&str]| {
        let start = [
            "findings",
            "--directory",
            "dumps",
            "--archive-rules",
            "rules.json",
        ];
        folder.run(&[&start[..], more].concat()).stdout
    };
    assert!(!table(&[]).contains("999999999999"));
    assert!(table(&["--archived"]).contains("ARCHIVED"));
}

#[test]
fn rules_that_are_wrong_have_a_place() {
    let folder = folder();
    for (rules, place, word) in [
        (
            r#"{"filter": {"principal.aws": {"eq": ["x"]}}}"#,
            "1:13",
            "principal.aws",
        ),
        (
            r#"{"filter": {"resource": {"equals": ["x"]}}}"#,
            "1:26",
            "equals",
        ),
        (r#"{"filter": {"resource": {}}}"#, "1:25", "operator"),
        (r#"{"filter": {}}"#, "1:12", "everything"),
        (r#"{"ruleName": "r"}"#, "1:1", "filter"),
        (r#"{"filter": {"resource": {"eq": "x"}}}"#, "1:32", "list"),
    ] {
        folder.write("rules.json", rules);
        let run = ask(&folder, &["--archive-rules", "rules.json"]);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{rules}");
        let expected = format!("rules.json:{place}");
        assert!(
            run.stderr.contains(&expected) && run.stderr.contains(word),
            "{rules}: {}",
            run.stderr
        );
    }
}

/// What a proposed policy makes of the findings of a resource.
#[test]
fn previews_tell_what_changes() {
    let folder = folder();
    let preview = |resource: &str, proposed: &Value, more: &[&str]| {
        folder.write("proposed.json", proposed.to_string());
        let own = ["--resource", resource, "--preview", "proposed.json"];
        ask(&folder, &[&own[..], more].concat())
    };
    let read = || statement(&json!("*"), "s3:GetObject", &json!({}));
    let named =
        |account: &str, action: &str| statement(&json!({"AWS": account}), action, &json!({}));
    let proposed = policy(&[read(), named("888888888888", "s3:PutObject")]);
    let run = preview(BUCKET, &proposed, &[]);
    assert_eq!(
        members(&run, "changeType"),
        ["UNCHANGED", "NEW", "RESOLVED"],
        "{run:?}"
    );
    assert_eq!(members(&run, "status"), ["ACTIVE", "ACTIVE", "RESOLVED"]);
    let proposed = policy(&[read(), named("999999999999", "s3:*")]);
    let run = preview(BUCKET, &proposed, &[]);
    assert_eq!(
        members(&run, "changeType"),
        ["UNCHANGED", "CHANGED"],
        "{run:?}"
    );
    let closed = policy(&[named("111122223333", "s3:*")]);
    let run = preview(BUCKET, &closed, &[]);
    assert_eq!(
        members(&run, "changeType"),
        ["RESOLVED", "RESOLVED"],
        "{run:?}"
    );
    assert_eq!(run.code, 2);
    // A bucket that is not there yet.
    let other = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::new/*"}});
    let run = preview(
        "arn:aws:s3:::new",
        &other,
        &["--resource-account", "111122223333"],
    );
    assert_eq!(members(&run, "changeType"), ["NEW"], "{run:?}");
    assert_eq!(members(&run, "answer"), ["yes"], "{run:?}");
    let run = preview("arn:aws:s3:::new", &other, &[]);
    assert_eq!(members(&run, "answer"), ["unknown"], "{run:?}");
    assert_eq!(run.code, 4);
}

/// `S3-4`: a policy that is public is shut out where the bucket's block says so, proposed or not.
/// `MATCH-36`: the parts of a resource that no file has are those that it would have.
#[test]
fn previews_know_the_parts_of_resources() {
    let folder = folder();
    for (service, name, action, part) in [
        (
            "lambda",
            "function:f",
            "lambda:InvokeFunction",
            "arn:aws:lambda:eu-west-1:111122223333:function:f:live",
        ),
        (
            "execute-api",
            "a1",
            "execute-api:Invoke",
            "execute-api:/prod/GET/*",
        ),
        (
            "glue",
            "catalog",
            "glue:GetTable",
            "arn:aws:glue:eu-west-1:111122223333:table/db/t",
        ),
        (
            "events",
            "event-bus/b",
            "events:PutRule",
            "arn:aws:events:eu-west-1:111122223333:rule/b/*",
        ),
    ] {
        let proposed =
            json!({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": part});
        folder.write("proposed.json", policy(&[proposed]).to_string());
        let resource = format!("arn:aws:{service}:eu-west-1:111122223333:{name}");
        let run = ask(
            &folder,
            &["--resource", &resource, "--preview", "proposed.json"],
        );
        assert_eq!(run.code, 0, "{resource} {} {}", run.stdout, run.stderr);
        assert_eq!(lines(&run)[0]["isPublic"], true, "{}", run.stdout);
    }
}

#[test]
fn previews_know_blocks_of_public_access() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("dumps")).unwrap();
    let bucket = json!({"arn": BUCKET, "account": "111122223333", "publicAccessBlock": {"RestrictPublicBuckets": true}});
    folder.write("dumps/b.json", bucket.to_string());
    let named = statement(&json!({"AWS": "999999999999"}), "s3:GetObject", &json!({}));
    let public = statement(&json!("*"), "s3:GetObject", &json!({}));
    let own = ["--resource", BUCKET, "--preview", "proposed.json"];
    folder.write(
        "proposed.json",
        policy(std::slice::from_ref(&named)).to_string(),
    );
    assert_eq!(members(&ask(&folder, &own), "changeType"), ["NEW"]);
    folder.write("proposed.json", policy(&[named, public]).to_string());
    assert_eq!(
        members(&ask(&folder, &own), "changeType"),
        Vec::<String>::new()
    );
}

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/k";

/// A key with a grant, and a bucket whose list is in force.
fn folder_with_grants() -> Folder {
    let folder = folder();
    let grant = |account: &str| json!({"GranteePrincipal": format!("arn:aws:iam::{account}:root"), "Operations": ["Decrypt"]});
    let own = json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"});
    let key = json!({"arn": KEY, "policy": policy(&[own]), "grants": [grant("999999999999")]});
    folder.write("dumps/key.json", key.to_string());
    let rules = json!({"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}});
    folder.write("dumps/b.ownership-controls.json", rules.to_string());
    folder
}

fn preview(folder: &Folder, resource: &str, proposed: &Value) -> Run {
    folder.write("proposed.json", proposed.to_string());
    ask(
        folder,
        &["--resource", resource, "--preview", "proposed.json"],
    )
}

/// `KMS-8`, `S3-2`: grants and lists as AWS's commands print them.
#[test]
fn previews_of_grants_and_lists() {
    let folder = folder_with_grants();
    let grant = |account: &str| json!({"KeyId": KEY, "GrantId": "g", "GranteePrincipal": format!("arn:aws:iam::{account}:root"), "Operations": ["Decrypt"]});
    let both = json!({"Grants": [grant("999999999999"), grant("888888888888")]});
    let run = preview(&folder, KEY, &both);
    assert_eq!(members(&run, "changeType"), ["UNCHANGED", "NEW"], "{run:?}");
    assert_eq!(
        (run.code, members(&run, "answer").join(" ")),
        (0, "yes yes".to_owned())
    );
    let run = preview(&folder, KEY, &json!({"Grants": []}));
    assert_eq!(members(&run, "changeType"), ["RESOLVED"], "{run:?}");
    assert_eq!(run.code, 2);
    let all = "http://acs.amazonaws.com/groups/global/AllUsers";
    let list = json!({"Owner": {"ID": "a".repeat(64)}, "Grants": [{"Grantee": {"Type": "Group", "URI": all}, "Permission": "READ_ACP"}]});
    let run = preview(&folder, BUCKET, &list);
    // Everyone is one finding, of the policy and the list.
    assert_eq!(
        members(&run, "changeType"),
        ["CHANGED", "UNCHANGED"],
        "{run:?}"
    );
    let rules =
        json!({"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}});
    folder.write("dumps/b.ownership-controls.json", rules.to_string());
    let run = preview(&folder, BUCKET, &list);
    assert_eq!(
        members(&run, "changeType"),
        ["UNCHANGED", "UNCHANGED"],
        "{run:?}"
    );
    assert!(
        run.stderr
            .contains("note: proposed.json:1:1 is left out: no ownership controls"),
        "{run:?}"
    );
}

#[test]
fn previews_refuse_what_they_cannot_tell() {
    let folder = folder_with_grants();
    let grants = json!({"Grants": [{"KeyId": KEY, "GranteePrincipal": "arn:aws:iam::999999999999:root", "Operations": ["Decrypt"]}]});
    let list = json!({"Owner": {"ID": "a".repeat(64)}, "Grants": []});
    let mut with_policy = list.clone();
    with_policy["Policy"] =
        json!(policy(&[statement(&json!("*"), "s3:*", &json!({}))]).to_string());
    let block = json!({"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}});
    for (resource, proposed, words) in [
        (
            "arn:aws:kms:eu-west-1:111122223333:key/other",
            json!({"Grants": []}),
            "the directory does not know",
        ),
        (
            "arn:aws:s3:::other",
            list.clone(),
            "the directory does not know",
        ),
        (BUCKET, grants, "another key"),
        (BUCKET, with_policy, "Policy"),
        (
            BUCKET,
            block,
            "what can be previewed is a policy of the resource",
        ),
        ("arn:aws:s3:::b/k", list, "is part of `arn:aws:s3:::b`"),
        (KEY, json!({"Grants": [5]}), "proposed.json:1:12"),
    ] {
        let run = preview(&folder, resource, &proposed);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (1, ""),
            "{proposed}: {run:?}"
        );
        assert!(run.stderr.contains(words), "{proposed}: {run:?}");
    }
    // A policy that is invalid is one here as anywhere, in either notation.
    let run = preview(&folder, BUCKET, &policy(&[json!({"Effect": "Allow"})]));
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run:?}");
    let own = ["--resource", BUCKET, "--preview", "proposed.iam"];
    folder.write("proposed.iam", "resource policy own {\n    allow\n}\n");
    let run = ask(&folder, &own);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run:?}");
    folder.write("proposed.iam", "resource policy own {\n}\n");
    let run = ask(&folder, &own);
    assert_eq!(
        members(&run, "changeType"),
        ["RESOLVED", "RESOLVED"],
        "{run:?}"
    );
}

#[test]
fn findings_beside_those_of_the_analyzer() {
    let folder = folder();
    let theirs = |resource: &str, principal: Value, action: &str| {
        json!({"id": format!("f-{action}"), "status": "ACTIVE", "resource": resource, "resourceType": "AWS::S3::Bucket",
            "principal": principal, "action": [action], "condition": {}, "isPublic": true, "createdAt": "2026-01-01T00:00:00Z"})
    };
    let root = "arn:aws:iam::999999999999:root";
    let snapshot = "arn:aws:ec2:eu-west-1::snapshot/snap-1";
    let mut shared = theirs(snapshot, json!({"AWS": "999999999999"}), "ec2:CreateVolume");
    shared["resourceType"] = json!("AWS::EC2::Snapshot");
    let mut resolved = theirs(BUCKET, json!({"AWS": "777777777777"}), "s3:GetObject");
    resolved["status"] = json!("RESOLVED");
    let summary = json!({"id": "v2", "findingType": "ExternalAccess", "resource": BUCKET, "status": "ACTIVE"});
    let all = [
        theirs(BUCKET, json!({"AWS": root}), "s3:DeleteObject"),
        theirs(BUCKET, json!({"AWS": "555555555555"}), "s3:PutObject"),
        shared,
        resolved,
        summary,
    ];
    for export in [json!(all), json!({"findings": all})] {
        folder.write("theirs.json", export.to_string());
        let run = ask(&folder, &["--against", "theirs.json"]);
        assert_eq!(
            members(&run, "foundBy"),
            ["ours", "both", "theirs", "theirs"],
            "{run:?}"
        );
        let found = lines(&run);
        assert_eq!(
            found[1]["differences"],
            json!([
                "actions that only ours has: s3:putobject",
                "actions that only theirs has: s3:deleteobject"
            ])
        );
        assert_eq!(found[2]["differences"], json!(["it is not found here"]));
        assert_eq!(
            found[3]["differences"],
            json!(["resources of its type are not covered"])
        );
        assert!(
            run.stderr
                .contains("finding v2 of the analyzer is not compared"),
            "{run:?}"
        );
        assert!(
            run.stderr
                .contains("1 findings of the analyzer are resolved"),
            "{run:?}"
        );
    }
    folder.write("theirs.json", r#"{"analyzers": []}"#);
    let run = ask(&folder, &["--against", "theirs.json"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("theirs.json:1:1"), "{run:?}");
}

/// Types of resources that no dump tells of are named every time, also if there is nothing to find.
#[test]
fn what_is_not_covered_is_told() {
    let folder = folder();
    let nothing = json!({"arn": BUCKET, "account": "111122223333"});
    folder.write("dumps/b.json", nothing.to_string());
    let run = ask(&folder, &[]);
    assert_eq!(run.code, 2, "{run:?}");
    let last = lines(&run).pop().unwrap();
    assert_eq!(last["complete"], true);
    assert_eq!(last["missing"][0]["code"], "NOT_COVERED");
    assert!(run.stderr.contains("AWS::EC2::Snapshot"), "{run:?}");
    let run = folder.run(&["compile", "--directory", "dumps", "-o", "d.pcl"]);
    assert_eq!(run.code, 0, "{run:?}");
    let run = folder.run(&["findings", "--image", "d.pcl"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("give the folder"), "{run:?}");
}

/// Users and roles of the zone that can use a resource, with the entries that contribute.
#[test]
fn access_from_inside() {
    let folder = folder();
    let own = |name: &str, statements: Value| {
        json!({"Path": "/", "UserName": name, "UserId": format!("AIDA{}", name.to_uppercase()),
            "Arn": format!("arn:aws:iam::111122223333:user/{name}"), "GroupList": [], "AttachedManagedPolicies": [],
            "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}]})
    };
    let any = json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteObject", "ec2:RunInstances"], "Resource": "*"});
    let vpc = json!({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}});
    let users = [
        own("ann", json!([any])),
        own("bob", json!([])),
        own("cal", json!([vpc])),
    ];
    let dump = json!({"UserDetailList": users, "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
    folder.write("dumps/account.json", dump.to_string());
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": [BUCKET, format!("{BUCKET}/*")]});
    let bucket = json!({"arn": BUCKET, "account": "111122223333", "policy": policy(&[deny])});
    folder.write("dumps/b.json", bucket.to_string());
    let run = ask(&folder, &["--access", "internal"]);
    let found = lines(&run);
    let told: Vec<(&str, &str, &str)> = found
        .iter()
        .filter_map(|own| {
            let who = own["principal"]["AWS"].as_str()?;
            Some((
                who.rsplit('/').next()?,
                own["answer"].as_str()?,
                own["accessType"].as_str()?,
            ))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("ann", "yes", "INTRA_ACCOUNT"),
            ("cal", "if", "INTRA_ACCOUNT")
        ],
        "{run:?}"
    );
    let actions = found[0]["action"].as_array().unwrap();
    assert!(actions.contains(&json!("s3:GetObject")), "{run:?}");
    assert!(!actions.contains(&json!("s3:DeleteObject")), "{run:?}");
    assert!(!actions.contains(&json!("ec2:RunInstances")), "{run:?}");
    let run = ask(&folder, &["--access", "internal", "--against", "x"]);
    assert_eq!(run.code, 1);
}
