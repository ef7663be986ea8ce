//! Every published escalation path is found in an account that was made for it, and not in one that lacks any one of its
//! permissions, or whose target has nothing to give.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_directory::{Directory, LoadOptions};
use portcullis_findings::{Escalations, escalations};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(dump: &Value) -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-paths-{}-{number}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.0.join("dump.json"), dump.to_string()).unwrap();
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn found(dump: &Value) -> Escalations {
    let folder = Folder::new(dump);
    let options = LoadOptions {
        debug: true,
        ..LoadOptions::default()
    };
    let loaded = Directory::load(&folder.0, options, &mut |_| ());
    let loaded = loaded.unwrap_or_else(|error| {
        panic!(
            "{:?} {dump}",
            error.problems.first().map(ToString::to_string)
        )
    });
    escalations(&loaded.directory, (&[], None), 2, 2)
}

pub fn arn(rest: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{rest}")
}

fn inline(statements: &[Value]) -> Value {
    match statements {
        [] => json!([]),
        all => {
            json!([{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": all}}])
        }
    }
}

pub fn user(name: &str, statements: &[Value], groups: &[&str], attached: &[String]) -> Value {
    let attached: Vec<Value> = attached
        .iter()
        .map(|arn| json!({"PolicyName": "P", "PolicyArn": arn}))
        .collect();
    json!({
        "Path": "/", "UserName": name, "UserId": format!("AIDA{}", name.to_uppercase()),
        "Arn": arn(&format!("user/{name}")), "CreateDate": "2026-01-01T00:00:00Z",
        "UserPolicyList": inline(statements), "GroupList": groups, "AttachedManagedPolicies": attached,
    })
}

pub fn role(name: &str, statements: &[Value], trust: &[Value], attached: &[String]) -> Value {
    let attached: Vec<Value> = attached
        .iter()
        .map(|arn| json!({"PolicyName": "P", "PolicyArn": arn}))
        .collect();
    json!({
        "Path": "/", "RoleName": name, "RoleId": format!("AROA{}", name.to_uppercase()),
        "Arn": arn(&format!("role/{name}")), "CreateDate": "2026-01-01T00:00:00Z",
        "RolePolicyList": inline(statements), "AttachedManagedPolicies": attached,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": trust},
    })
}

pub fn trusts(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
}

/// An account in which the principal has a path; `without` leaves one of its permissions out, and a weak target has nothing.
fn account(path: &Value, without: Option<usize>, is_strong: bool) -> (Value, String) {
    let needs = &path["needs"];
    let is_self = path["category"] == "self-escalation";
    let is_role = needs["principal"] == "role";
    let own = arn(if is_role { "role/P" } else { "user/p" });
    let required = path["required"].as_array().unwrap();
    let has = |action: &str| required.iter().any(|one| one["action"] == action);
    // What is changed first has nothing yet.
    let is_changed = needs["same_target"] == true;
    let mut statements = Vec::new();
    for (number, one) in required.iter().enumerate() {
        if without == Some(number) {
            continue;
        }
        let resource = match one["on"].as_str().unwrap() {
            "policy" => arn("policy/Own"),
            "user" if is_self => own.clone(),
            "role" if is_self => own.clone(),
            "user" => arn("user/boss"),
            "role" => arn("role/Boss"),
            "group" => arn("group/G"),
            _ => "*".to_owned(),
        };
        statements.push(json!({"Effect": "Allow", "Action": one["action"], "Resource": resource}));
    }
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let strong: Vec<Value> = if is_strong && !is_changed {
        vec![all]
    } else {
        Vec::new()
    };
    let mut trust = vec![trusts(json!({"Service": "nobody.amazonaws.com"}))];
    if let Some(services) = needs["role_trusts"].as_array() {
        trust.extend(services.iter().map(|own| trusts(json!({"Service": own}))));
    } else if path["category"] == "existing-passrole" || path["category"] == "new-passrole" {
        let service = match path["id"].as_str().unwrap().split('-').next().unwrap() {
            "apprunner" => "tasks.apprunner.amazonaws.com",
            "bedrock" => "bedrock-agentcore.amazonaws.com",
            "ec2instanceconnect" | "ssm" => "ec2.amazonaws.com",
            service => &format!("{service}.amazonaws.com"),
        };
        trust.push(trusts(json!({"Service": service})));
    }
    if has("sts:AssumeRole") {
        // By the account, so that the permission is needed.
        trust.push(trusts(json!({"AWS": arn("root")})));
    }
    let own_policy = vec![arn("policy/Own")];
    let is_own_policy = is_self && has("iam:CreatePolicyVersion");
    let attached = |is: bool| if is { own_policy.clone() } else { Vec::new() };
    let of_target = attached(!is_self && has("iam:CreatePolicyVersion"));
    let group = json!({
        "Path": "/", "GroupName": "G", "GroupId": "AGPAG", "Arn": arn("group/G"), "CreateDate": "2026-01-01T00:00:00Z",
        "GroupPolicyList": inline(&[json!({"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"})]),
        "AttachedManagedPolicies": [],
    });
    let groups: &[&str] = if needs["principal_in_target_group"] == true {
        &["G"]
    } else {
        &[]
    };
    let mut users = vec![user("boss", &strong, &[], &[])];
    let mut roles = vec![role("Boss", &strong, &trust, &of_target)];
    match is_role {
        true => roles.push(role(
            "P",
            &statements,
            &[trusts(json!({"Service": "nobody.amazonaws.com"}))],
            &attached(is_own_policy),
        )),
        false => users.push(user("p", &statements, groups, &attached(is_own_policy))),
    }
    let version = json!({"VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2026-01-01T00:00:00Z",
        "Document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}});
    let policy = json!({"PolicyName": "Own", "PolicyId": "ANPAOWN", "Arn": arn("policy/Own"), "Path": "/",
        "DefaultVersionId": "v1", "AttachmentCount": 1, "IsAttachable": true,
        "CreateDate": "2026-01-01T00:00:00Z", "UpdateDate": "2026-01-01T00:00:00Z", "PolicyVersionList": [version]});
    let dump = json!({"UserDetailList": users, "GroupDetailList": [group], "RoleDetailList": roles, "Policies": [policy], "IsTruncated": false});
    (dump, own)
}

/// The paths as published, if the data is there.
fn published() -> Option<Vec<Value>> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/pathfinding/paths.jsonl"
    );
    let Ok(text) = fs::read_to_string(Path::new(file)) else {
        println!("skipped: the published paths are not there");
        return None;
    };
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

fn has(all: &Escalations, own: &str, id: &str) -> bool {
    all.found.iter().any(|one| one.arn == own && one.path == id)
}

#[test]
fn published_paths_are_found_and_repaired_ones_are_not() {
    let Some(paths) = published() else { return };
    assert_eq!(paths.len(), 65);
    let mut missed = Vec::new();
    let mut wrong = Vec::new();
    for path in &paths {
        let id = path["id"].as_str().unwrap();
        let (dump, own) = account(path, None, true);
        let all = found(&dump);
        if !has(&all, &own, id) {
            missed.push(id.to_owned());
        }
        let required = path["required"].as_array().unwrap().len();
        for number in 0..required {
            let (dump, own) = account(path, Some(number), true);
            if has(&found(&dump), &own, id) {
                wrong.push(format!("{id} without {number}"));
            }
        }
        let needs_strong =
            path["category"] != "self-escalation" && path["needs"]["same_target"] != true;
        if needs_strong {
            let (dump, own) = account(path, None, false);
            if has(&found(&dump), &own, id) {
                wrong.push(format!("{id} to nobody"));
            }
        }
    }
    println!("missed: {missed:?}");
    println!("wrong: {wrong:?}");
    assert!(wrong.is_empty());
    assert!(missed.len() <= 5);
}

/// Users of a real account in which published paths were deployed, and of whom it is known whether they have one.
#[test]
fn a_vulnerable_account() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/accounts/cloudsplaining-iam-vulnerable.json"
    );
    let Ok(text) = fs::read_to_string(Path::new(file)) else {
        println!("skipped: the account is not there");
        return;
    };
    let dump: Value = serde_json::from_str(&text).unwrap();
    let all = found(&dump);
    let users = dump["UserDetailList"].as_array().unwrap();
    let mut missed = Vec::new();
    let mut wrong = Vec::new();
    for user in users {
        let name = user["UserName"].as_str().unwrap();
        let arn = user["Arn"].as_str().unwrap();
        let own = all.found.iter().filter(|one| one.arn == arn);
        let ids: Vec<&str> = own.map(|one| one.path).collect();
        println!("{name}: {ids:?}");
        let should = name.starts_with("privesc") || name.starts_with("fn");
        let should_not = name.starts_with("fp");
        let is_admin = all.administrators.iter().any(|own| own == arn);
        // What is deployed with these names is trusted by somebody else, so that they reach nobody.
        let has_reason = [
            "privesc-AssumeRole-start-user",
            "privesc12-PutRolePolicy-user",
            "privesc9-AttachRolePolicy-user",
        ];
        if should && ids.is_empty() && !is_admin && !has_reason.contains(&name) {
            missed.push(name.to_owned());
        }
        if should_not && (!ids.is_empty() || is_admin) {
            wrong.push(name.to_owned());
        }
    }
    println!(
        "missed: {missed:?}; wrong: {wrong:?}; unknown: {}",
        all.unknown.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(missed.is_empty(), "{missed:?}");
}
