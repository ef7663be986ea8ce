//! Identity Center (`IN-31` to `IN-33`, `SSO-1` to `SSO-3`): permission sets decide as the roles that they stand for.

use crate::support::{Folder, all, ask, dump, policy, role, user};
use portcullis_directory::{Directory, LoadOptions, Loaded, PermissionSetRole};
use serde_json::{Value, json};

const SET: &str = "arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-aaaabbbbccccdddd";
const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnly";

fn allow(action: &str) -> Value {
    policy(&[json!({"Effect": "Allow", "Action": action, "Resource": "*"})])
}

/// What the commands print, each in a file as `collect` writes it.
fn center() -> Vec<(String, Value)> {
    let set = "sso/ps-aaaabbbbccccdddd";
    let file = |name: &str, value: Value| (name.to_string(), value);
    vec![
        file(
            "sso/instances.json",
            json!({"Instances": [{"InstanceArn": "arn:aws:sso:::instance/ssoins-1111222233334444",
            "IdentityStoreId": "d-1234567890", "OwnerAccountId": "100000000001", "Status": "ACTIVE"}]}),
        ),
        file("sso/permission-sets.json", json!({"PermissionSets": [SET]})),
        file(
            &format!("{set}/describe.json"),
            json!({"PermissionSet": {"Name": "Support", "PermissionSetArn": SET,
            "Description": "who answers", "CreatedDate": "2026-01-01T00:00:00+00:00", "SessionDuration": "PT8H"}}),
        ),
        file(
            &format!("{set}/inline.json"),
            json!({"InlinePolicy": allow("sqs:SendMessage").to_string()}),
        ),
        file(
            &format!("{set}/managed.json"),
            json!({"AttachedManagedPolicies": [{"Name": "ReadOnly", "Arn": READ_ONLY}]}),
        ),
        file(
            &format!("{set}/customer.json"),
            json!({"CustomerManagedPolicyReferences": [{"Name": "Own", "Path": "/team/"}]}),
        ),
        file(
            &format!("{set}/boundary.json"),
            json!({"permissionSet": SET, "PermissionsBoundary":
            {"CustomerManagedPolicyReference": {"Name": "Limit", "Path": "/"}}}),
        ),
        file(
            "sso/assignments.json",
            json!({"AccountAssignments": [
            {"AccountId": ACCOUNT, "PermissionSetArn": SET, "PrincipalType": "GROUP", "PrincipalId": "g-1"},
            {"AccountId": ACCOUNT, "PermissionSetArn": SET, "PrincipalType": "USER", "PrincipalId": "u-3"}]}),
        ),
        file(
            "sso/users.json",
            json!({"Users": [
            {"UserName": "jane@example.com", "UserId": "u-1", "DisplayName": "Jane", "IdentityStoreId": "d-1234567890"},
            {"UserName": "john@example.com", "UserId": "u-2", "DisplayName": "John", "IdentityStoreId": "d-1234567890"}]}),
        ),
        file(
            "sso/groups.json",
            json!({"Groups": [
            {"GroupId": "g-1", "DisplayName": "Analysts", "IdentityStoreId": "d-1234567890"}]}),
        ),
        file(
            "sso/members.json",
            json!({"GroupMemberships": [
            {"IdentityStoreId": "d-1234567890", "MembershipId": "m-1", "GroupId": "g-1", "MemberId": {"UserId": "u-1"}},
            {"IdentityStoreId": "d-1234567890", "MembershipId": "m-2", "GroupId": "g-1", "MemberId": {"UserId": "u-2"}}]}),
        ),
        file(
            "bundle.jsonl",
            json!({"name": "ReadOnly", "arn": READ_ONLY, "document": allow("s3:Get*")}),
        ),
    ]
}

/// A managed policy in a dump.
fn managed(account: &str, name: &str, document: &Value) -> Value {
    let simple = name.rsplit('/').next().unwrap();
    json!({"PolicyName": simple, "PolicyId": "ANPA", "Arn": format!("arn:aws:iam::{account}:policy/{name}"),
        "DefaultVersionId": "v1", "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true,
        "Document": document}]})
}

fn account_dump(account: &str, roles: &[Value]) -> Value {
    let mut value = dump(
        &[user(&format!("arn:aws:iam::{account}:user/ann"), &[all()])],
        roles,
    );
    let limit = policy(&[
        json!({"Effect": "Allow", "Action": ["s3:*", "sqs:*", "ec2:*"], "Resource": "*"}),
    ]);
    value["Policies"] = json!([
        managed(account, "team/Own", &allow("ec2:Describe*")),
        managed(account, "Limit", &limit),
    ]);
    value
}

fn folder(files: &[(String, Value)]) -> Folder {
    let texts: Vec<(&str, String)> = files
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_string()))
        .collect();
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    Folder::new(&files)
}

fn load(files: &[(String, Value)]) -> Result<Loaded, Vec<String>> {
    folder(files).load()
}

fn session(role: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/jane@example.com")
}

fn decide(directory: &Directory, principal: &str, action: &str) -> String {
    let request = json!({"principal": principal, "action": action, "resource": "*"});
    ask(directory, &request.to_string())
}

fn people(own: &PermissionSetRole) -> Vec<(Option<&str>, Option<&str>)> {
    let all = own.assigned.iter();
    all.map(|own| (own.user.as_deref(), own.group.as_deref()))
        .collect()
}

const STAND_IN: &str = "AWSReservedSSO_Support_0000000000000000";

/// Managed policies of AWS, those that the account has of its own, the inline policy, and the boundary.
const DECISIONS: [(&str, &str); 5] = [
    ("s3:GetObject", "Allow"),
    ("ec2:DescribeInstances", "Allow"),
    ("sqs:SendMessage", "Allow"),
    ("s3:PutObject", "ImplicitDeny"),
    ("iam:GetUser", "ImplicitDeny"),
];

fn provisioned() -> Value {
    let path = "aws-reserved/sso.amazonaws.com/eu-west-1";
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{path}/AWSReservedSSO_Support_0123456789abcdef");
    let trust = policy(&[json!({"Effect": "Allow", "Principal": {"Federated":
        format!("arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE")},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"]})]);
    let mut own = role(&arn, &[allow("sqs:SendMessage")], &trust);
    own["Path"] = json!(format!("/{path}/"));
    own["AttachedManagedPolicies"] = json!([
        {"PolicyName": "Own", "PolicyArn": format!("arn:aws:iam::{ACCOUNT}:policy/team/Own")},
        {"PolicyName": "ReadOnly", "PolicyArn": READ_ONLY}]);
    own["PermissionsBoundary"] = json!({"PermissionsBoundaryType": "Policy",
        "PermissionsBoundaryArn": format!("arn:aws:iam::{ACCOUNT}:policy/Limit")});
    own
}

#[test]
fn sso_1_a_permission_set_decides_as_its_role_provisioned_or_not() {
    let mut files = center();
    files.push(("dump.json".to_string(), account_dump(ACCOUNT, &[])));
    let without = load(&files).unwrap();
    files.pop();
    files.push((
        "dump.json".to_string(),
        account_dump(ACCOUNT, &[provisioned()]),
    ));
    let with = load(&files).unwrap();
    assert!(
        with.report.warnings.is_empty(),
        "{:?}",
        with.report.warnings
    );
    let own = "AWSReservedSSO_Support_0123456789abcdef";
    for (loaded, role) in [(&without, STAND_IN), (&with, own)] {
        for (action, decision) in DECISIONS {
            assert_eq!(
                decide(&loaded.directory, &session(role), action),
                decision,
                "{role} {action}"
            );
        }
        let own = loaded.directory.people_of(&session(role)).unwrap();
        assert_eq!(own.permission_set, "Support");
        assert_eq!(own.is_unprovisioned, role == STAND_IN);
        assert_eq!(
            people(&own),
            [
                (Some("u-3"), None),
                (Some("jane@example.com"), Some("Analysts")),
                (Some("john@example.com"), Some("Analysts")),
            ]
        );
        let told = &loaded.report.notes;
        assert!(
            told.iter()
                .any(|(_, note)| note.contains("1 users and groups") && note.contains("u-3"))
        );
        // As an image the same.
        let image = Directory::from_bytes(&loaded.directory.to_bytes().unwrap()).unwrap();
        assert_eq!(image.people_of(&session(role)), Some(own));
        assert_eq!(decide(&image, &session(role), "s3:GetObject"), "Allow");
    }
    assert_eq!(
        with.directory.principal_count(),
        without.directory.principal_count()
    );
    // Digits that no role has are refused, and the name is told that stands for it.
    let refused = decide(&without.directory, &session(own), "s3:GetObject");
    assert!(refused.contains(STAND_IN), "{refused}");
    assert!(without.directory.people(0).is_none());
}

#[test]
fn sso_1_the_region_is_that_of_the_other_roles_or_of_the_path() {
    let mut files = center();
    files.push(("dump.json".to_string(), account_dump(ACCOUNT, &[])));
    let arn = |loaded: &Loaded| loaded.directory.principal_arn(1).unwrap();
    let path = format!("arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/");
    assert_eq!(arn(&load(&files).unwrap()), format!("{path}{STAND_IN}"));
    let moved: Vec<_> = files
        .iter()
        .map(|(name, value)| (name.replace("sso/", "sso/eu-north-1/"), value.clone()))
        .collect();
    assert_eq!(
        arn(&load(&moved).unwrap()),
        format!("{path}eu-north-1/{STAND_IN}")
    );
    // A role in another account says it.
    let text = provisioned().to_string().replace(ACCOUNT, OTHER);
    let other = serde_json::from_str(&text).unwrap();
    files.push(("other.json".to_string(), account_dump(OTHER, &[other])));
    let loaded = load(&files).unwrap();
    let all: Vec<String> = (0..loaded.directory.principal_count())
        .map(|index| loaded.directory.principal_arn(index).unwrap())
        .collect();
    assert!(
        all.contains(&format!("{path}eu-west-1/{STAND_IN}")),
        "{all:?}"
    );
    // It is assigned there to nobody.
    let own = format!(
        "arn:aws:iam::{OTHER}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Support_0123456789abcdef"
    );
    assert!(people(&loaded.directory.people_of(&own).unwrap()).is_empty());
}

#[test]
fn what_no_dump_says_is_missing() {
    let base = {
        let mut files = center();
        files.push(("dump.json".to_string(), account_dump(ACCOUNT, &[])));
        files
    };
    for (file, told) in [
        ("describe", "aws sso-admin describe-permission-set"),
        ("inline", "get-inline-policy-for-permission-set"),
        ("managed", "list-managed-policies-in-permission-set"),
        (
            "customer",
            "list-customer-managed-policy-references-in-permission-set",
        ),
        ("boundary", "get-permissions-boundary-for-permission-set"),
        ("bundle", READ_ONLY),
    ] {
        let files: Vec<_> = base
            .iter()
            .filter(|(name, _)| !name.contains(file))
            .cloned()
            .collect();
        let problems = load(&files).unwrap_err();
        assert!(
            problems.iter().any(|one| one.contains(told)),
            "{file}: {problems:?}"
        );
        let options = LoadOptions {
            allow_missing: true,
            ..LoadOptions::default()
        };
        let loaded = folder(&files).load_with(options).unwrap();
        assert!(loaded.directory.is_incomplete(), "{file}");
        let decision = decide(&loaded.directory, &session(STAND_IN), "sqs:SendMessage");
        match file {
            // A policy that is missing; the others are as they are.
            "bundle" => assert_eq!(decision, "Allow"),
            _ => assert!(decision.contains("no role"), "{file}: {decision}"),
        }
    }
    // Of a role that is there, nothing of the permission set decides.
    let mut files: Vec<_> = base
        .iter()
        .filter(|(name, _)| !name.contains("ps-") || name.contains("describe"))
        .cloned()
        .collect();
    files.pop();
    files.push((
        "dump.json".to_string(),
        account_dump(ACCOUNT, &[provisioned()]),
    ));
    assert!(!load(&files).unwrap().directory.is_incomplete());
}

#[test]
fn a_role_that_is_not_as_its_set_decides_as_it_is() {
    let mut role = provisioned();
    role["AttachedManagedPolicies"] = json!([]);
    role["RolePolicyList"] = json!([]);
    role["PermissionsBoundary"] = Value::Null;
    let mut files = center();
    files.push(("dump.json".to_string(), account_dump(ACCOUNT, &[role])));
    let loaded = load(&files).unwrap();
    let told: Vec<String> = loaded
        .report
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    let all = "another attached policies, inline policy, boundary than its permission set";
    assert!(told.iter().any(|one| one.contains(all)), "{told:?}");
    let name = "AWSReservedSSO_Support_0123456789abcdef";
    assert_eq!(
        decide(&loaded.directory, &session(name), "sqs:SendMessage"),
        "ImplicitDeny"
    );
}

#[test]
fn an_account_without_dump_has_the_permission_sets_that_are_assigned_there() {
    let mut files: Vec<_> = center()
        .into_iter()
        .filter(|(name, _)| !name.contains("customer") && !name.contains("boundary"))
        .collect();
    files.push((
        "more.jsonl".to_string(),
        json!({"permissionSet": SET, "CustomerManagedPolicyReferences": [], "PermissionsBoundary": null}),
    ));
    let loaded = load(&files).unwrap();
    let directory = &loaded.directory;
    assert_eq!(
        decide(directory, &session(STAND_IN), "sqs:SendMessage"),
        "Allow"
    );
    // Of others in the account nothing is known.
    let eve = format!("arn:aws:iam::{ACCOUNT}:user/eve");
    assert!(
        decide(directory, &eve, "sqs:SendMessage").contains("no account"),
        "eve"
    );
}

#[test]
fn contradictions_and_nameless_answers_are_errors() {
    let base = center();
    for (name, value, told) in [
        (
            "x.json",
            json!({"InlinePolicy": ""}),
            "does not say its permission set",
        ),
        (
            "x.json",
            json!({"permissionSet": "arn:aws:sso:::x", "InlinePolicy": ""}),
            "not the ARN of a permission set",
        ),
        (
            "x.json",
            json!({"permissionSet": SET, "InlinePolicy": ""}),
            "another inline policy",
        ),
        (
            "x.json",
            json!({"permissionSet": SET, "PermissionsBoundary": null}),
            "another boundary",
        ),
        (
            "x.json",
            json!({"PermissionSet": {"Name": "Else", "PermissionSetArn": SET}}),
            "another name",
        ),
        (
            "x.json",
            json!({"permissionSet": SET, "InlinePolicy": "{\"Statement\": 1}"}),
            "invalid",
        ),
        (
            "x.json",
            json!({"PermissionSets": ["arn:aws:s3:::b"]}),
            "not the ARN of a permission set",
        ),
        (
            "x.json",
            json!({"AccountAssignments": [{"AccountId": "1", "PermissionSetArn": SET,
            "PrincipalType": "USER", "PrincipalId": "u"}]}),
            "12 digits",
        ),
        (
            "x.json",
            json!({"AccountAssignments": [{"AccountId": ACCOUNT, "PermissionSetArn": SET,
            "PrincipalType": "ROLE", "PrincipalId": "u"}]}),
            "neither USER nor GROUP",
        ),
    ] {
        let mut files = base.clone();
        files.push((name.to_string(), value.clone()));
        files.push(("dump.json".to_string(), account_dump(ACCOUNT, &[])));
        let problems = load(&files).unwrap_err();
        assert!(
            problems.iter().any(|one| one.contains(told)),
            "{value}: {problems:?}"
        );
    }
}

#[test]
fn a_group_without_members_and_attributes_are_told() {
    let mut files: Vec<_> = center()
        .into_iter()
        .filter(|(name, _)| !name.contains("members"))
        .collect();
    files.push(("dump.json".to_string(), account_dump(ACCOUNT, &[])));
    files.push((
        "sso/attributes.json".to_string(),
        json!({"Status": "ENABLED",
        "InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes":
        [{"Key": "CostCenter", "Value": {"Source": ["${path:enterprise.costCenter}"]}}]}}),
    ));
    let loaded = load(&files).unwrap();
    let own = loaded.directory.people_of(&session(STAND_IN)).unwrap();
    assert!(people(&own).contains(&(None, Some("Analysts"))));
    let notes = &loaded.report.notes;
    assert!(
        notes.iter().any(|(_, note)| note.contains("CostCenter")),
        "{notes:?}"
    );
}

#[test]
fn changes_take_people_with_them() {
    let mut files = center();
    files.push(("dump.json".to_string(), account_dump(ACCOUNT, &[])));
    let mut directory = load(&files).unwrap().directory;
    let before = directory.people_of(&session(STAND_IN)).unwrap();
    // Another account comes before it.
    let early = load(&[("early.json".to_string(), account_dump("000000000001", &[]))])
        .unwrap_or_else(|_| panic!());
    directory.update(early.directory).unwrap();
    assert_eq!(directory.people_of(&session(STAND_IN)), Some(before));
    // The set is assigned to others now.
    for (name, value) in &mut files {
        if name.contains("assignments") {
            value["AccountAssignments"] = json!([{"AccountId": ACCOUNT, "PermissionSetArn": SET,
                "PrincipalType": "USER", "PrincipalId": "u-2"}]);
        }
    }
    directory.update(load(&files).unwrap().directory).unwrap();
    let after = directory.people_of(&session(STAND_IN)).unwrap();
    assert_eq!(people(&after), [(Some("john@example.com"), None)]);
    assert_eq!(
        decide(&directory, &session(STAND_IN), "sqs:SendMessage"),
        "Allow"
    );
}
