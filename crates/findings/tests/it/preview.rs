//! Previews: what a proposal makes of findings is what the folder's findings are once it holds what was proposed.

use std::fs;

use bumpalo::Bump;
use portcullis_directory::{Directory, LoadError, LoadOptions, Loaded, Proposal, Sources};
use portcullis_findings::{Finding, Questions, Source, Zone, changes};
use serde_json::{Value, json};

use crate::external::{Folder, find, line, role};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const BUCKET: &str = "arn:aws:s3:::b";
const ROLE: &str = "arn:aws:iam::111122223333:role/R";
const OTHER: &str = "999999999999";

/// The folder, with what is proposed for a resource.
fn load(folder: &Folder, resource: &str, content: &str) -> Result<Loaded, LoadError> {
    let mut sources = Sources::new(&folder.0);
    sources.proposal = Some(Proposal {
        resource,
        owner: None,
        file: "proposed.json",
        content: content.as_bytes(),
    });
    Directory::load_from(&sources, LoadOptions::default(), &mut |_| ())
}

fn of(directory: &Directory, resource: &str) -> Vec<Finding> {
    let arena = Bump::new();
    let mut questions = Questions::new(directory, &[], &arena);
    questions.external_findings_of(resource, Zone::Account)
}

fn before(folder: &Folder) -> Directory {
    let loaded = Directory::load(&folder.0, LoadOptions::default(), &mut |_| ());
    loaded.unwrap_or_else(|error| panic!("{error}")).directory
}

fn after(folder: &Folder, resource: &str, proposed: &Value) -> Vec<Finding> {
    let loaded = load(folder, resource, &proposed.to_string());
    let loaded = loaded.unwrap_or_else(|error| panic!("{proposed}: {error}"));
    of(&loaded.directory, resource)
}

/// What becomes of the findings of a resource: the change, and whom it is about.
fn preview(folder: &Folder, resource: &str, proposed: &Value) -> Vec<String> {
    let directory = before(folder);
    let known = directory.known_target(resource).is_some();
    let before = if known {
        of(&directory, resource)
    } else {
        Vec::new()
    };
    let all = changes(before, after(folder, resource, proposed));
    let told = all
        .iter()
        .map(|(change, own)| format!("{} {}", change.as_str(), own.principal.value));
    told.collect()
}

/// The codes of what is wrong with a proposal, and what is said of it.
fn refused(folder: &Folder, resource: &str, content: &str) -> (String, String) {
    match load(folder, resource, content) {
        Ok(_) => panic!("{resource}: {content}: nothing is wrong with it"),
        Err(error) => {
            let codes: Vec<&str> = error.problems.iter().map(|own| own.code.as_str()).collect();
            (codes.join(" "), error.to_string())
        }
    }
}

fn key_policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "kms:*", "Resource": "*"}]})
}

fn grant(account: &str, operations: &[&str]) -> Value {
    json!({"KeyId": KEY, "GrantId": format!("g-{account}"), "GranteePrincipal": format!("arn:aws:iam::{account}:role/R"),
        "Operations": operations, "IssuingAccount": "arn:aws:iam::111122223333:root"})
}

fn key(grants: &Value) -> Folder {
    let line = json!({"arn": KEY, "policy": key_policy(), "grants": grants});
    Folder::new(&[line], &[], None)
}

#[test]
fn kms_8_grants_take_the_place_of_all_that_there_are() {
    let folder = key(&json!([grant(OTHER, &["Decrypt"])]));
    let own = |account: &str| format!("arn:aws:iam::{account}:role/R");
    let told =
        |grants: Value| preview(&folder, KEY, &json!({"Grants": grants, "Truncated": false}));
    let both = json!([
        grant(OTHER, &["Decrypt"]),
        grant("888888888888", &["Encrypt"])
    ]);
    assert_eq!(
        told(both),
        [
            format!("UNCHANGED {}", own(OTHER)),
            format!("NEW {}", own("888888888888"))
        ]
    );
    let more = json!([grant(OTHER, &["Decrypt", "Encrypt"])]);
    assert_eq!(told(more), [format!("CHANGED {}", own(OTHER))]);
    assert_eq!(told(json!([])), [format!("RESOLVED {}", own(OTHER))]);
    // By the id, as `list-grants --key-id` prints it if it was asked so, and in a line of our own.
    let mut by_id = grant("888888888888", &["Decrypt"]);
    by_id["KeyId"] = json!("1234abcd-12ab-34cd-56ef-1234567890ab");
    let id = json!({"KeyMetadata": {"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "Arn": KEY}});
    fs::write(folder.0.join("key.json"), id.to_string()).unwrap();
    let expected = [
        format!("NEW {}", own("888888888888")),
        format!("RESOLVED {}", own(OTHER)),
    ];
    assert_eq!(preview(&folder, KEY, &json!({"Grants": [by_id]})), expected);
    let line = json!({"arn": KEY, "grants": [grant("888888888888", &["Decrypt"])]});
    assert_eq!(preview(&folder, KEY, &line), expected);
    // What services do for the owner comes from inside (`V9`).
    let mut service = grant(OTHER, &["Decrypt"]);
    service["GranteePrincipal"] = json!("rds.amazonaws.com");
    assert_eq!(told(json!([service])), [format!("RESOLVED {}", own(OTHER))]);
}

/// A bucket whose list is in force, with a policy that lets one account in.
fn bucket(list: Option<&Value>, controls: &str) -> Folder {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": OTHER},
        "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*"}]});
    let line = json!({"arn": BUCKET, "account": "111122223333", "policy": policy});
    let folder = Folder::new(&[line], &[], None);
    let write = |name: &str, own: &Value| fs::write(folder.0.join(name), own.to_string()).unwrap();
    let rules = json!({"OwnershipControls": {"Rules": [{"ObjectOwnership": controls}]}});
    write("b.ownership-controls.json", &rules);
    if let Some(list) = list {
        write("b.acl.json", list);
    }
    folder
}

fn list(grants: &Value) -> Value {
    json!({"Owner": {"DisplayName": "us", "ID": "a".repeat(64)}, "Grants": grants})
}

fn everyone(permission: &str) -> Value {
    json!({"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": permission})
}

fn canonical(id: &str, permission: &str) -> Value {
    json!({"Grantee": {"Type": "CanonicalUser", "ID": id.repeat(64)}, "Permission": permission})
}

#[test]
fn s3_2_lists_take_the_place_of_the_one_that_there_is() {
    let old = list(&json!([
        canonical("a", "FULL_CONTROL"),
        canonical("c", "READ")
    ]));
    let folder = bucket(Some(&old), "ObjectWriter");
    let other = "c".repeat(64);
    let public = list(&json!([
        canonical("a", "FULL_CONTROL"),
        canonical("c", "READ_ACP"),
        everyone("READ")
    ]));
    assert_eq!(
        preview(&folder, BUCKET, &public),
        [
            format!("UNCHANGED {OTHER}"),
            format!("CHANGED {other}"),
            "NEW *".to_owned()
        ]
    );
    // As `put-bucket-acl` takes it, the owner need not be named, and is nobody outside all the same (`GRAM-44`).
    let own = json!({"Grants": [canonical("a", "FULL_CONTROL")]});
    assert_eq!(
        preview(&folder, BUCKET, &own),
        [format!("UNCHANGED {OTHER}"), format!("RESOLVED {other}")]
    );
    let found = after(&folder, BUCKET, &public);
    assert!(
        found
            .iter()
            .any(|own| own.sources == [Source::BucketAcl] && own.is_public == Some(true)),
        "{found:?}"
    );
}

/// `S3-1`, `S3-4`: settings that keep a list from being in force keep a proposed one too, and the first is told.
#[test]
fn s3_1_lists_that_are_not_in_force() {
    let public = list(&json!([everyone("READ")]));
    let folder = bucket(None, "BucketOwnerEnforced");
    assert_eq!(
        preview(&folder, BUCKET, &public),
        [format!("UNCHANGED {OTHER}")]
    );
    let loaded = load(&folder, BUCKET, &public.to_string()).unwrap();
    let skipped = &loaded.report.skipped;
    let is_told = skipped.iter().any(|own| {
        own.place.starts_with("proposed.json") && own.reason.contains("ownership controls")
    });
    assert!(is_told, "{skipped:?}");
    let folder = bucket(None, "ObjectWriter");
    assert_eq!(
        preview(&folder, BUCKET, &public),
        [format!("UNCHANGED {OTHER}"), "NEW *".to_owned()]
    );
    let block = json!({"PublicAccessBlockConfiguration": {"IgnorePublicAcls": true}});
    fs::write(
        folder.0.join("b.public-access-block.json"),
        block.to_string(),
    )
    .unwrap();
    assert_eq!(
        preview(&folder, BUCKET, &public),
        [format!("UNCHANGED {OTHER}")]
    );
}

fn trust(principal: &Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
}

fn trust_policy(principal: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [trust(principal)]})
}

/// `IN-48`: a role that the dump of its account has, and a line of the folder too, has its findings once.
#[test]
fn in_48_lines_of_roles() {
    let folder = Folder::new(&[], &[role(trust(&json!({"AWS": OTHER})))], None);
    let own = json!({"arn": ROLE, "policy": trust_policy(&json!({"AWS": OTHER}))});
    fs::write(folder.0.join("own.json"), own.to_string()).unwrap();
    let told: Vec<String> = find(&before(&folder), Zone::Account)
        .iter()
        .map(line)
        .collect();
    assert_eq!(told, ["999999999999 | not public | sts:AssumeRole | "]);
}

#[test]
fn trust_1_policies_of_roles() {
    let folder = Folder::new(&[], &[role(trust(&json!({"AWS": OTHER})))], None);
    // The same in answers of other commands, which have to agree with the dump (`IN-48`, R31).
    let policy = trust_policy(&json!({"AWS": OTHER}));
    let single = json!({"Role": {"Path": "/", "RoleName": "R", "RoleId": "AROAR", "Arn": ROLE, "AssumeRolePolicyDocument": policy}});
    fs::write(folder.0.join("role.json"), single.to_string()).unwrap();
    let own = json!({"arn": ROLE, "policy": policy});
    fs::write(folder.0.join("own.json"), own.to_string()).unwrap();
    let everyone = trust_policy(&json!({"AWS": "*"}));
    assert_eq!(
        preview(&folder, ROLE, &everyone),
        ["NEW *", "RESOLVED 999999999999"]
    );
    let closed = trust_policy(&json!({"Service": "ec2.amazonaws.com"}));
    assert_eq!(preview(&folder, ROLE, &closed), ["RESOLVED 999999999999"]);
    // As `get-role` prints it, and for a role that is not there yet, of an account of which there is no dump.
    let answer =
        json!({"Role": {"RoleName": "R", "Arn": ROLE, "AssumeRolePolicyDocument": everyone}});
    assert_eq!(
        preview(&folder, ROLE, &answer),
        ["NEW *", "RESOLVED 999999999999"]
    );
    let other = "arn:aws:iam::222233334444:role/service/New";
    assert_eq!(preview(&folder, other, &everyone), ["NEW *"]);
}

/// In whatever file the old policy is.
#[test]
fn in_41_policies_of_keys() {
    let folder = Folder::new(&[], &[], None);
    let write = |name: &str, own: Value| fs::write(folder.0.join(name), own.to_string()).unwrap();
    write(
        "k.json",
        json!({"PolicyName": "default", "Policy": key_policy().to_string()}),
    );
    write(
        "describe.json",
        json!({"KeyMetadata": {"KeyId": "k", "Arn": KEY}}),
    );
    let mut open = key_policy();
    open["Statement"][0]["Principal"] = json!({"AWS": OTHER});
    for proposed in [
        open.clone(),
        json!({"Policy": open.to_string()}),
        json!({"arn": KEY, "policy": open}),
    ] {
        let told = preview(&folder, KEY, &proposed);
        assert_eq!(told, [format!("NEW {OTHER}")], "{proposed}");
    }
}

/// The directory is the one that the folder would give.
#[test]
fn previews_are_what_findings_are_afterwards() {
    let grants = json!([
        grant(OTHER, &["Decrypt"]),
        grant("888888888888", &["Encrypt", "Decrypt"])
    ]);
    let told = |all: Vec<Finding>| all.iter().map(line).collect::<Vec<_>>();
    let proposed = told(after(&key(&json!([])), KEY, &json!({"Grants": grants})));
    assert_eq!(proposed, told(of(&before(&key(&grants)), KEY)));
    assert_eq!(proposed.len(), 2);
    let list = list(&json!([
        canonical("a", "FULL_CONTROL"),
        canonical("c", "WRITE"),
        everyone("READ_ACP")
    ]));
    let old = self::list(&json!([everyone("READ")]));
    let proposed = told(after(
        &bucket(Some(&old), "BucketOwnerPreferred"),
        BUCKET,
        &list,
    ));
    assert_eq!(
        proposed,
        told(of(
            &before(&bucket(Some(&list), "BucketOwnerPreferred")),
            BUCKET
        ))
    );
    assert_eq!(proposed.len(), 3);
}

#[test]
fn what_cannot_be_previewed_is_refused() {
    let folder = bucket(Some(&list(&json!([]))), "ObjectWriter");
    let line = json!({"arn": KEY, "policy": key_policy()});
    fs::write(folder.0.join("key.json"), line.to_string()).unwrap();
    let other_key = KEY.replace("1234abcd", "5678abcd");
    let grants = json!({"Grants": [grant(OTHER, &["Decrypt"])]});
    let public = list(&json!([everyone("READ")]));
    let open = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": BUCKET}]});
    let with = |own: &Value, name: &str, value: Value| {
        let mut own = own.clone();
        own[name] = value;
        own
    };
    let of_grant = |name: &str, value: Value| json!({"Grants": [with(&grant(OTHER, &["Decrypt"]), name, value)]});
    let mail = json!({"Grantee": {"Type": "AmazonCustomerByEmail", "EmailAddress": "a@example.com"}, "Permission": "READ"});
    for (resource, proposed, code, word) in [
        // Of what the directory does not know.
        (
            other_key.as_str(),
            json!({"Grants": []}),
            "DANGLING_REFERENCE",
            "does not know",
        ),
        (
            "arn:aws:s3:::nobodys",
            public.clone(),
            "DANGLING_REFERENCE",
            "does not know",
        ),
        // Of something else.
        (
            KEY,
            of_grant("KeyId", json!(other_key)),
            "CONTRADICTION",
            "another key",
        ),
        (
            BUCKET,
            json!({"Grants": []}),
            "INVALID_MEMBER",
            "only a KMS key has grants",
        ),
        (KEY, public.clone(), "INVALID_MEMBER", "only a bucket"),
        (
            "arn:aws:s3:::b/k",
            public.clone(),
            "INVALID_MEMBER",
            "only a bucket",
        ),
        (
            BUCKET,
            with(&public, "Owner", json!({"ID": "d".repeat(64)})),
            "CONTRADICTION",
            "another owner",
        ),
        (
            BUCKET,
            json!({"arn": KEY, "policy": open}),
            "INVALID_MEMBER",
            "are asked for",
        ),
        // Two things at once.
        (
            BUCKET,
            with(&public, "Policy", json!(open.to_string())),
            "UNKNOWN_FORM",
            "Policy",
        ),
        (
            KEY,
            json!({"arn": KEY, "policy": key_policy(), "grants": []}),
            "INVALID_MEMBER",
            "one after the other",
        ),
        // Other forms.
        (
            BUCKET,
            json!({"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}}),
            "UNKNOWN_FORM",
            "list-grants",
        ),
        (
            BUCKET,
            json!({"OwnershipControls": {"Rules": []}}),
            "UNKNOWN_FORM",
            "get-bucket-acl",
        ),
        (
            BUCKET,
            json!({"arn": BUCKET, "tags": {"a": "b"}}),
            "INVALID_MEMBER INVALID_MEMBER",
            "`tags` is not previewed",
        ),
        (
            BUCKET,
            json!({"UserDetailList": []}),
            "FOREIGN_DOCUMENT",
            "account dump",
        ),
        // Wrong types, and what would be left out without a word.
        (
            KEY,
            of_grant("Operations", json!("Decrypt")),
            "INVALID_MEMBER",
            "list",
        ),
        (
            KEY,
            of_grant("Constraints", json!(5)),
            "INVALID_MEMBER",
            "Constraints",
        ),
        (
            KEY,
            of_grant("Constraints", json!({"Region": "x"})),
            "INVALID_MEMBER",
            "constraint",
        ),
        (
            KEY,
            of_grant("GranteePrincipal", json!(null)),
            "MISSING_MEMBER",
            "GranteePrincipal",
        ),
        (
            BUCKET,
            with(&public, "Owner", json!(5)),
            "INVALID_MEMBER",
            "Owner",
        ),
        (
            BUCKET,
            list(&json!([{"Grantee": 5, "Permission": "READ"}])),
            "INVALID_MEMBER",
            "Grantee",
        ),
        (BUCKET, list(&json!([mail])), "INVALID_MEMBER", "`ID`"),
        (
            BUCKET,
            list(&json!([everyone("READE")])),
            "INVALID_MEMBER",
            "`Permission`",
        ),
        (
            KEY,
            with(&grants, "NextToken", json!("more")),
            "INCOMPLETE",
            "more",
        ),
        // A bucket's policy has to say its resources (`GRAM-54`).
        (
            BUCKET,
            json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*"}}),
            "MISSING_RESOURCE",
            "Resource",
        ),
        ("b", open.clone(), "INVALID_MEMBER", "not an ARN"),
    ] {
        let (found, said) = refused(&folder, resource, &proposed.to_string());
        assert_eq!(found, code, "{resource}: {proposed}: {said}");
        assert!(said.contains(word), "{resource}: {proposed}: {said}");
        assert!(
            said.contains("proposed.json"),
            "{resource}: {proposed}: {said}"
        );
    }
    let (found, said) = refused(&folder, BUCKET, r#"{"Grants": [], "Grants": []}"#);
    assert_eq!(found, "INVALID_JSON", "{said}");
}
