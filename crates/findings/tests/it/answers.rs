//! What answers say of small accounts in which it is plain what is true.

use std::fs;

use bumpalo::Bump;
use portcullis_directory::{Directory, LoadOptions};
use portcullis_findings::{
    Asker, Can, Questions, Selection, Zone, escalations, internal_findings, who_can,
};
use portcullis_model::ContextEntry;
use serde_json::{Value, json};

use crate::paths::{Folder, arn, role, trusts, user};

pub fn directory(users: &[Value], roles: &[Value], resources: &[Value]) -> (Folder, Directory) {
    let dump = json!({"UserDetailList": users, "GroupDetailList": [], "RoleDetailList": roles, "Policies": [], "IsTruncated": false});
    let folder = Folder::new(&dump);
    let lines: Vec<String> = resources.iter().map(Value::to_string).collect();
    if !lines.is_empty() {
        fs::write(folder.0.join("resources.jsonl"), lines.join("\n")).unwrap();
    }
    let directory = Directory::load(&folder.0, LoadOptions::default(), &mut |_| ())
        .unwrap()
        .directory;
    (folder, directory)
}

pub fn can(directory: &Directory, who: &str, action: &str, resource: &str) -> Can {
    let arena = Bump::new();
    let asker = Asker::known(directory, who, &arena).unwrap();
    let mut questions = Questions::new(directory, &[], &arena);
    questions.can(&asker, &Selection::of([action]), &Selection::of([resource]))
}

#[test]
fn whoever_has_all_but_permissions_is_no_administrator() {
    let allow = |action: Value| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    let but = |list: &[&str]| json!({"Effect": "Allow", "NotAction": list, "Resource": "*"});
    let mfa = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}});
    let narrow = json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}});
    let deny = json!({"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"});
    let but_careful = json!({"Effect": "Deny", "Action": ["kms:ScheduleKeyDeletion", "iam:Delete*"], "Resource": "*"});
    let (_folder, directory) = directory(
        &[
            user(
                "power",
                &[but(&["iam:*", "organizations:*", "account:*"])],
                &[],
                &[],
            ),
            user("all", &[allow(json!("*"))], &[], &[]),
            user("nearly", &[allow(json!(["*"])), deny], &[], &[]),
            user("careful", std::slice::from_ref(&mfa), &[], &[]),
            user("both", &[mfa, but_careful], &[], &[]),
            user("narrow", &[narrow], &[], &[]),
            user("iam", &[allow(json!("iam:*"))], &[], &[]),
        ],
        &[],
        &[],
    );
    let arena = Bump::new();
    let mut questions = Questions::new(&directory, &[], &arena);
    let mut word = |name: &str| {
        let asker = Asker::known(&directory, &arn(&format!("user/{name}")), &arena).unwrap();
        let found = questions.administrator(&asker);
        found.map(|own| {
            let but = own
                .exceptions
                .iter()
                .flat_map(|own| own.actions.patterns.clone());
            (own.can.as_str(), but.collect::<Vec<_>>())
        })
    };
    assert_eq!(word("power"), None);
    assert_eq!(word("all"), Some(("yes", vec![])));
    assert_eq!(
        word("nearly"),
        Some(("yes", vec!["s3:DeleteBucket".to_owned()]))
    );
    assert_eq!(word("careful"), Some(("if", vec![])));
    let excepted = ["kms:ScheduleKeyDeletion", "iam:Delete*"].map(str::to_owned);
    assert_eq!(word("both"), Some(("if", excepted.to_vec())));
    assert_eq!(word("narrow"), None);
    assert_eq!(word("iam"), None);
}

#[test]
fn what_depends_on_a_key_is_neither_yes_nor_no() {
    let on = |condition: Value| json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*", "Condition": condition});
    let address = json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}});
    let deny = json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
    let never =
        json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Null": {"aws:SourceIp": "true"}});
    let (_folder, directory) = directory(
        &[
            user("ann", &[on(address), deny.clone()], &[], &[]),
            user("bob", &[on(never)], &[], &[]),
            user("cal", &[on(json!({})), deny], &[], &[]),
        ],
        &[],
        &[],
    );
    let ann = arn("user/ann");
    for (action, resource) in [
        ("s3:GetObject", "arn:aws:s3:::b/k"),
        ("s3:*", "arn:aws:s3:::*"),
        ("*", "*"),
    ] {
        let Can::If(all) = can(&directory, &ann, action, resource) else {
            panic!("{action} {resource}");
        };
        let keys: Vec<&str> = all[0].keys.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["aws:SourceIp"]);
        assert_eq!(can(&directory, &arn("user/bob"), action, resource), Can::No);
        let Can::Yes(shown) = can(&directory, &arn("user/cal"), action, resource) else {
            panic!("{action} {resource}");
        };
        assert_eq!(
            shown.unless,
            [("aws:SecureTransport".to_owned(), vec!["false".to_owned()])]
        );
    }
    for (action, resource) in [
        ("s3:PutObject", "*"),
        ("s3:Get*", "arn:aws:s3:::c*"),
        ("iam:*", "*"),
    ] {
        assert_eq!(
            can(&directory, &ann, action, resource),
            Can::No,
            "{action} {resource}"
        );
    }
}

/// `S3-8`: the tags of a bucket count in requests only if it says so; else a request may have any.
#[test]
fn tags_of_a_bucket_are_known_if_they_count() {
    let live = json!({"StringEquals": {"aws:ResourceTag/stage": "live"}});
    let list = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": live});
    let bucket = |name: &str, abac: bool| json!({"arn": format!("arn:aws:s3:::{name}"), "account": "111122223333", "tags": {"stage": "dev"}, "abac": abac});
    let buckets = [bucket("counts", true), bucket("does-not", false)];
    let (_folder, directory) = directory(&[user("ann", &[list], &[], &[])], &[], &buckets);
    let can = |bucket: &str| {
        let resource = format!("arn:aws:s3:::{bucket}");
        can(&directory, &arn("user/ann"), "s3:ListBucket", &resource)
    };
    assert_eq!(can("counts"), Can::No);
    assert!(matches!(can("does-not"), Can::If(_)));
}

/// A bucket that lets in one session of a role by its name (`EVAL-22`).
fn bucket_for_a_session() -> (Folder, Directory, String) {
    let session = format!("arn:aws:sts::{}:assumed-role/R/ann", "111122223333");
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": session},
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]});
    let bucket = json!({"arn": "arn:aws:s3:::b", "account": "111122223333", "policy": policy});
    let trust = [trusts(json!({"Service": "ec2.amazonaws.com"}))];
    let (folder, directory) = directory(&[], &[role("R", &[], &trust, &[])], &[bucket]);
    (folder, directory, session)
}

#[test]
fn sessions_that_a_policy_names_are_shown() {
    let (_folder, directory, session) = bucket_for_a_session();
    let (actions, resources) = (Selection::of(["s3:Get*"]), Selection::of(["*"]));
    let ways = who_can(&directory, (&[], None), (&actions, &resources), 0, 1);
    let arns: Vec<&str> = ways.iter().map(|own| own.arn.as_str()).collect();
    assert_eq!(arns, [session]);
    assert!(matches!(ways[0].can, Can::Yes(_)));
}

/// `EVAL-22`, `KEY-88`: whoever may assume a role chooses the name of the session, and so is let in by what names a session.
#[test]
fn whoever_assumes_a_role_names_the_session() {
    let on = |action: &str| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    let named = |principal: String| trusts(json!({"AWS": principal}));
    let session = |role: &str, name: &str| {
        format!("arn:aws:sts::{}:assumed-role/{role}/{name}", "111122223333")
    };
    let mut only_bob = on("sts:AssumeRole");
    only_bob["Condition"] = json!({"StringEquals": {"sts:RoleSessionName": "bob"}});
    let mut to_strong = on("sts:AssumeRole");
    to_strong["Resource"] = json!(arn("role/Strong"));
    let (_folder, directory) = directory(
        &[
            user("ann", &[on("sts:AssumeRole")], &[], &[]),
            user("bob", &[only_bob], &[], &[]),
        ],
        &[
            role(
                "Middle",
                &[to_strong],
                &[named("111122223333".to_owned())],
                &[],
            ),
            role("Strong", &[on("*")], &[named(session("Middle", "x"))], &[]),
        ],
        &[],
    );
    let (actions, resources) = (Selection::of(["s3:GetObject"]), Selection::of(["*"]));
    let found = |context: &[ContextEntry<'_>]| -> Vec<(String, Vec<String>)> {
        let ways = who_can(&directory, (context, None), (&actions, &resources), 2, 1);
        let ways = ways.into_iter();
        ways.map(|own| (own.arn, own.roles)).collect()
    };
    let (middle, strong) = (session("Middle", "x"), arn("role/Strong"));
    let all = [
        (strong.clone(), vec![]),
        (middle.clone(), vec![strong.clone()]),
        (arn("user/ann"), vec![middle.clone(), strong.clone()]),
    ];
    assert_eq!(found(&[]), all);
    let other = [ContextEntry {
        key: "sts:RoleSessionName",
        values: &["y"],
    }];
    // The session that is there is called otherwise, and what it makes may be called so.
    assert_eq!(found(&other), all[..2]);
    let all = escalations(&directory, (&[], None), 4, 1);
    let steps: Vec<(&str, &str, usize, bool)> = all
        .found
        .iter()
        .map(|own| {
            (
                own.arn.as_str(),
                own.reached.as_str(),
                own.steps,
                own.is_conditional,
            )
        })
        .collect();
    let ann = arn("user/ann");
    let expected = [
        (middle.as_str(), strong.as_str(), 1, false),
        (ann.as_str(), middle.as_str(), 2, false),
    ];
    assert_eq!(steps, expected);
    assert_eq!(all.administrators, [strong]);
}

/// `EVAL-75`: what a grant allows no policy says, and it is told all the same; `GRAM-54`: a trust policy is about its role.
#[test]
fn grants_and_policies_without_resource_say_what_somebody_can() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/k";
    let grant = json!({"KeyId": key, "GrantId": "g", "GranteePrincipal": arn("user/ann"),
        "IssuingAccount": arn("root"), "Operations": ["Decrypt"]});
    let key = json!({"arn": key, "account": "111122223333", "grants": [grant]});
    let trust = [trusts(json!({"AWS": arn("user/ann")}))];
    let (_folder, directory) = directory(
        &[user("ann", &[], &[], &[])],
        &[role("R", &[], &trust, &[])],
        &[key],
    );
    let arena = Bump::new();
    let ann = Asker::known(&directory, &arn("user/ann"), &arena).unwrap();
    let mut questions = Questions::new(&directory, &[], &arena);
    let all = questions.what_can(&ann, &Selection::of(["*"])).unwrap();
    let all: Vec<(&str, &str, &str)> = all
        .iter()
        .map(|own| {
            let (actions, resources) = (&own.actions.patterns, &own.resources.patterns);
            (actions[0].as_str(), resources[0].as_str(), own.can.as_str())
        })
        .collect();
    let role = arn("role/R");
    let expected = [
        ("sts:AssumeRole", role.as_str(), "yes"),
        (
            "kms:Decrypt",
            "arn:aws:kms:eu-west-1:111122223333:key/k",
            "yes",
        ),
    ];
    assert_eq!(all, expected);
}

/// `KMS-8`, `S3-2`: the machine takes a grant for what it says, whatever resource lists it, and so do the answers: to what it is
/// about, over every pattern, and to nothing else.
#[test]
fn grants_count_wherever_they_are_listed() {
    for listed in [
        "arn:aws:kms:eu-west-1:111122223333:key/k",
        "arn:aws:s3:::b",
        "arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/bucket/b",
        "arn:aws:sqs:eu-west-1:111122223333:q",
    ] {
        let grant = json!({"KeyId": listed, "GrantId": "g", "GranteePrincipal": arn("user/ann"),
            "IssuingAccount": arn("root"), "Operations": ["Decrypt"]});
        let resource = json!({"arn": listed, "account": "111122223333", "grants": [grant]});
        let (_folder, directory) = directory(&[user("ann", &[], &[], &[])], &[], &[resource]);
        let start: String = listed.chars().take(listed.len() - 1).collect();
        for resource in [listed, "*", &format!("{start}*")] {
            let can = |action: &str| can(&directory, &arn("user/ann"), action, resource);
            let said = [can("kms:Decrypt"), can("iam:*")];
            let said = said.each_ref().map(Can::as_str);
            assert_eq!(said, ["yes", "no"], "{listed}: on {resource}");
            // Which of several operations it is about is not proved.
            assert_ne!(can("kms:*"), Can::No, "{listed}: on {resource}");
        }
    }
}

/// `EVAL-22`: a bucket that lets in one session of a role by its name is used from inside.
#[test]
fn sessions_that_a_policy_names_are_inside() {
    let (_folder, directory, session) = bucket_for_a_session();
    let found = internal_findings(&directory, Zone::Account, None, 1);
    let principals: Vec<&str> = found.iter().map(|own| own.principal.as_str()).collect();
    assert_eq!(principals, [session]);
}

/// `EVAL-71`: what somebody may do somewhere without a key keeps nobody from being an administrator with it.
#[test]
fn an_administrator_by_a_key_has_something_without_it() {
    let on = |resource: &str, condition: Value| json!({"Effect": "Allow", "Action": "*", "Resource": resource, "Condition": condition});
    let mfa = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    let home = json!({"StringEquals": {"aws:ResourceAccount": "111122223333"}});
    let bucket = || on("arn:aws:s3:::b/*", json!({}));
    let (_folder, directory) = directory(
        &[
            user("bucket", &[bucket()], &[], &[]),
            user("careful", &[bucket(), on("*", mfa)], &[], &[]),
            user("home", &[on("*", home)], &[], &[]),
        ],
        &[],
        &[],
    );
    let arena = Bump::new();
    let mut questions = Questions::new(&directory, &[], &arena);
    let mut keys = |name: &str| {
        let asker = Asker::known(&directory, &arn(&format!("user/{name}")), &arena).unwrap();
        match questions.administrator(&asker).map(|own| own.can) {
            Some(Can::If(all)) => Some(all[0].keys[0].0.clone()),
            None => None,
            Some(can) => panic!("{can:?}"),
        }
    };
    assert_eq!(keys("bucket"), None);
    assert_eq!(
        keys("careful").as_deref(),
        Some("aws:MultiFactorAuthPresent")
    );
    assert_eq!(keys("home").as_deref(), Some("aws:ResourceAccount"));
}

/// `XACC-1`: a pattern over targets of another account finds what single resources do, though targets that open to nobody
/// of the caller's account are not asked about.
#[test]
fn targets_of_other_accounts() {
    let statement = |principal: Value, action: &str| json!({"Effect": "Allow", "Principal": principal, "Action": action});
    let get = "s3:GetObject";
    let mut but_put = statement(json!({"AWS": "111122223333"}), get);
    but_put.as_object_mut().unwrap().remove("Action");
    but_put["NotAction"] = json!("s3:Put*");
    let mut deny = statement(json!("*"), get);
    deny["Effect"] = json!("Deny");
    let cases = [
        (statement(json!({"AWS": "111122223333"}), get), true),
        (statement(json!({"AWS": arn("user/ann")}), "s3:Get*"), true),
        (statement(json!("*"), "*"), true),
        (
            statement(
                json!({"AWS": ["777788889999", "arn:aws:iam::111122223333:root"]}),
                get,
            ),
            true,
        ),
        (but_put, true),
        (statement(json!({"AWS": "777788889999"}), get), false),
        (statement(json!({"AWS": arn("user/bob")}), get), false),
        (
            statement(json!({"AWS": "111122223333"}), "s3:PutObject"),
            false,
        ),
        (
            statement(json!({"Service": "ec2.amazonaws.com"}), get),
            false,
        ),
        (deny, false),
    ];
    let buckets: Vec<Value> = cases
        .iter()
        .enumerate()
        .map(|(index, (own, _))| {
            let mut own = own.clone();
            own["Resource"] = json!(format!("arn:aws:s3:::b{index}/*"));
            let policy = json!({"Version": "2012-10-17", "Statement": [own]});
            json!({"arn": format!("arn:aws:s3:::b{index}"), "account": "444455556666", "policy": policy})
        })
        .collect();
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let (_folder, directory) = directory(&[user("ann", &[all], &[], &[])], &[], &buckets);
    for (index, (own, is_allowed)) in cases.iter().enumerate() {
        for resource in ["k", "*"].map(|rest| format!("arn:aws:s3:::b{index}/{rest}")) {
            let can = can(&directory, &arn("user/ann"), get, &resource);
            assert_eq!(
                matches!(can, Can::Yes(_)),
                *is_allowed,
                "{own} {resource}: {can:?}"
            );
            assert_eq!(can == Can::No, !is_allowed, "{own} {resource}: {can:?}");
        }
    }
}
