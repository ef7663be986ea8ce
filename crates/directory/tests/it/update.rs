//! A directory that took changes in decides as one that was read with them from the beginning.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::{Folder, all, ask, directory_of, dump, policy, user};
use portcullis_directory::{
    Directory, Engine, PreparedAction, PreparedResource, ResolvedRequest, UpdateError,
};
use portcullis_testkit::directory::{Generator, Scale};
use serde_json::{Value, json};

/// The files of a folder, as lists of lines.
type Files = BTreeMap<&'static str, Vec<String>>;

const NAMES: [&str; 4] = [
    "tree.json",
    "accounts.jsonl",
    "managed.jsonl",
    "resources.jsonl",
];

fn generated(generator: &mut Generator) -> Files {
    let folder = Folder::new(&[]);
    generator.write(&folder.0).unwrap();
    let lines = |name| {
        let text = fs::read_to_string(folder.0.join(name)).unwrap();
        text.lines().map(str::to_string).collect()
    };
    NAMES.iter().map(|name| (*name, lines(name))).collect()
}

fn loaded(files: &Files, what: &str) -> Directory {
    let folder = Folder::new(&[]);
    for (name, lines) in files {
        fs::write(folder.0.join(name), lines.join("\n")).unwrap();
    }
    let loaded = folder.load();
    let loaded = loaded.unwrap_or_else(|problems| panic!("{what}: {}", problems.join("\n")));
    loaded.directory
}

/// Changes one thing in a folder, and gives back what changed. None if this change cannot be made here.
fn change(files: &mut Files, others: &Files, seed: u64) -> Option<Files> {
    let mut changes = Files::new();
    let pick = |count: usize| (seed / 7) as usize % count;
    match seed % 4 {
        // Everything of an account, which may be new; sometimes somebody is gone.
        0 | 1 => {
            let at = pick(others["accounts.jsonl"].len());
            let mut dump: Value = serde_json::from_str(&others["accounts.jsonl"][at]).unwrap();
            for list in ["UserDetailList", "RoleDetailList"] {
                let members = dump[list].as_array_mut().unwrap();
                members.truncate(members.len() - pick(3));
            }
            let line = dump.to_string();
            let accounts = files.get_mut("accounts.jsonl").unwrap();
            match accounts.get_mut(at) {
                Some(own) => own.clone_from(&line),
                None => accounts.push(line.clone()),
            }
            changes.insert("accounts.jsonl", vec![line]);
            changes.insert("managed.jsonl", files["managed.jsonl"].clone());
        }
        2 => {
            files.insert("tree.json", others["tree.json"].clone());
            changes.insert("tree.json", others["tree.json"].clone());
        }
        _ => {
            let resources = files.get_mut("resources.jsonl").unwrap();
            let at = pick(resources.len());
            let line = &others["resources.jsonl"][at];
            // What a line does not say stays as it was.
            let is_more = |word: &str| line.contains(word) || !resources[at].contains(word);
            if !["\"policy\"", "publicAccessBlock"].into_iter().all(is_more) {
                return None;
            }
            resources[at].clone_from(line);
            changes.insert("resources.jsonl", vec![line.clone()]);
        }
    }
    Some(changes)
}

#[test]
fn changes_are_taken_in() {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    let seeds = asked.and_then(|text| text.parse().ok()).unwrap_or(30);
    let mut compared = 0;
    for seed in 0..seeds {
        let mut generator = Generator::new(seed, Scale::SMALL);
        let mut files = generated(&mut generator);
        let larger = Scale {
            accounts: Scale::SMALL.accounts + 1,
            ..Scale::SMALL
        };
        let others = generated(&mut Generator::new(seed + 1_000_000, larger));
        let mut directory = loaded(&files, "the first");
        directory
            .prepare(&["s3:GetObject", "s3:PutObject"])
            .unwrap();
        let old = (
            directory.action("s3:GetObject").unwrap(),
            directory.resource("arn:aws:s3:::b0-100000000001/blue/x", None),
        );
        for step in 0..4 {
            let number = seed * 31 + step * 17;
            let what = format!("seed {seed}, step {step}");
            let Some(changes) = change(&mut files, &others, number) else {
                continue;
            };
            directory.update(loaded(&changes, &what)).unwrap();
            let whole = loaded(&files, &what);
            let again = Directory::from_bytes(&directory.to_bytes().unwrap()).unwrap();
            assert_eq!(
                whole.principal_count(),
                directory.principal_count(),
                "{what}"
            );
            for number in 0..60 {
                let request = generator.request().to_string();
                let expected = ask(&whole, &request);
                assert_eq!(ask(&directory, &request), expected, "{what}: {request}");
                if number % 8 == 0 {
                    assert_eq!(ask(&again, &request), expected, "{what}: {request}");
                }
                compared += 1;
            }
            compare_questions(&whole, &directory, &what);
            compare_old(&directory, &old, &what);
        }
    }
    println!("{compared} requests");
    assert!(compared > seeds * 100);
}

/// The same principals can do something, in whatever order they are.
fn compare_questions(whole: &Directory, updated: &Directory, what: &str) {
    let query = portcullis_directory::AccessQuery {
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b0-100000000001/blue/x",
        resource_account: None,
        context: &[],
    };
    let who = |directory: &Directory| {
        let mut found = BTreeSet::new();
        let mut add = |way: portcullis_directory::AccessPath| {
            found.insert(way.arn);
        };
        directory.who_can(query, 0, 1, &mut add).unwrap();
        found
    };
    assert_eq!(who(whole), who(updated), "{what}");
}

/// What was resolved before a change is resolved again.
fn compare_old(
    directory: &Directory,
    (deed, object): &(PreparedAction, PreparedResource),
    what: &str,
) {
    let new = (
        directory.action("s3:GetObject").unwrap(),
        directory.resource("arn:aws:s3:::b0-100000000001/blue/x", None),
    );
    let mut engine = Engine::new();
    for place in 0..directory.principal_count() {
        let principal = directory.nth_principal(place).unwrap();
        let mut decide = |deed, object| {
            let request = ResolvedRequest {
                principal,
                action: deed,
                resource: object,
                context: &[],
            };
            engine.check_resolved(directory, &request).unwrap()
        };
        let expected = decide(&new.0, &new.1);
        assert_eq!(decide(deed, object), expected, "{what}: {place}");
    }
}

#[test]
fn changes_have_an_end() {
    let files = generated(&mut Generator::new(1, Scale::SMALL));
    let mut directory = loaded(&files, "the first");
    let tree = Files::from([("tree.json", files["tree.json"].clone())]);
    for _ in 0..7 {
        directory.update(loaded(&tree, "a tree")).unwrap();
    }
    let result = directory.update(loaded(&tree, "a tree"));
    assert_eq!(result, Err(UpdateError::TooMany));
}

/// A dump of an account with a user who may do everything.
fn account(number: &str) -> Value {
    dump(
        &[user(&format!("arn:aws:iam::{number}:user/ann"), &[all()])],
        &[],
    )
}

/// An organization whose accounts may not read objects, and whose objects nobody may write.
fn tree(accounts: &[&str]) -> Value {
    let deny = |action: &str| json!({"Effect": "Deny", "Action": action, "Resource": "*"});
    let mut rcp = deny("s3:PutObject");
    rcp["Principal"] = json!("*");
    let control = |kind: &str, statement: Value| json!({"type": kind, "name": kind, "content": policy(&[statement])});
    let own = json!({"scp": ["p-FullAWSAccess", "p-scp"], "rcp": ["p-RCPFullAWSAccess", "p-rcp"]});
    let all = json!({"scp": ["p-FullAWSAccess"], "rcp": ["p-RCPFullAWSAccess"]});
    let children = accounts
        .iter()
        .map(|account| json!({"account": account, "policies": own}));
    let mut children: Vec<Value> = children.collect();
    children.push(json!({"account": "100000000001", "policies": all}));
    json!({
        "organization": {"id": "o-example1", "managementAccountId": "100000000001"},
        "root": {"id": "r-exam", "policies": all, "children": children},
        "policies": {
            "p-scp": control("scp", deny("s3:GetObject")),
            "p-rcp": control("rcp", rcp),
        },
    })
}

/// What the user of an account may do to an object of its own, or why nobody knows.
fn decided(directory: &Directory, account: &str, action: &str) -> String {
    let request = json!({
        "principal": format!("arn:aws:iam::{account}:user/ann"),
        "action": action,
        "resource": "arn:aws:s3:::bucket/x",
        "resourceAccount": account,
    });
    ask(directory, &request.to_string())
}

const FIRST: &str = "111111111111";
const SECOND: &str = "222222222222";
const THIRD: &str = "333333333333";

/// Accounts that an update brings stand between those that were there.
#[test]
fn accounts_come_and_leave() {
    let mut directory = directory_of(&[
        ("first.json", account(FIRST)),
        ("third.json", account(THIRD)),
        ("tree.json", tree(&[FIRST, THIRD])),
    ]);
    let every = |directory: &Directory, action: &str| {
        [FIRST, SECOND, THIRD].map(|account| decided(directory, account, action))
    };
    let unknown =
        format!("the directory has no account {SECOND}, and the request has no `identity`");
    for action in ["s3:GetObject", "s3:PutObject"] {
        let expected = ["ExplicitDeny", &unknown, "ExplicitDeny"];
        assert_eq!(every(&directory, action), expected, "{action}");
    }
    directory
        .update(directory_of(&[("second.json", account(SECOND))]))
        .unwrap();
    for action in ["s3:GetObject", "s3:PutObject"] {
        let expected = ["ExplicitDeny", "Allow", "ExplicitDeny"];
        assert_eq!(every(&directory, action), expected, "{action}");
    }
    // The third is no longer in the organization, the second is.
    directory
        .update(directory_of(&[("tree.json", tree(&[FIRST, SECOND]))]))
        .unwrap();
    for action in ["s3:GetObject", "s3:PutObject"] {
        let expected = ["ExplicitDeny", "ExplicitDeny", "Allow"];
        assert_eq!(every(&directory, action), expected, "{action}");
    }
}

/// What a line about a resource does not say stays as it was.
#[test]
fn what_is_not_said_of_a_resource_stays() {
    let arn = "arn:aws:sqs:eu-west-1:111111111111:queue";
    let denies = |key: &str| {
        policy(&[json!({
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": "*",
            "Condition": {"StringEquals": {key: "blue"}},
        })])
    };
    let line = |more: Value| {
        let mut line = json!({"arn": arn});
        line.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        line
    };
    let by_tag = denies("aws:ResourceTag/team");
    let mut directory = directory_of(&[
        ("first.json", account(FIRST)),
        (
            "queue.json",
            line(json!({"policy": by_tag, "tags": {"team": "blue"}})),
        ),
    ]);
    let asked = |directory: &Directory| {
        let request = json!({
            "principal": format!("arn:aws:iam::{FIRST}:user/ann"),
            "action": "sqs:SendMessage",
            "resource": arn,
        });
        ask(directory, &request.to_string())
    };
    assert_eq!(asked(&directory), "ExplicitDeny");
    for (more, expected) in [
        // The tag stays, then the policy.
        (json!({"policy": denies("aws:PrincipalTag/team")}), "Allow"),
        (json!({"policy": by_tag}), "ExplicitDeny"),
        (json!({"tags": {"team": "red"}}), "Allow"),
        (json!({"tags": {"team": "blue"}}), "ExplicitDeny"),
    ] {
        directory
            .update(directory_of(&[("queue.json", line(more.clone()))]))
            .unwrap();
        assert_eq!(asked(&directory), expected, "{more}");
    }
}
