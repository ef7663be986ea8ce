//! Dumps of one user, group or role beside the dump of its account (semantics 8.1, other shapes to accept): what both
//! say has to be the same, and what only one says is not passed over.
use crate::support;
use crate::support::Folder;
use serde_json::{Value, json};

const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/limit";

fn dump() -> Value {
    let trust = trust("ec2");
    let mut ann = support::user("arn:aws:iam::111122223333:user/ann", &[support::all()]);
    let limit = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": BOUNDARY});
    ann["PermissionsBoundary"] = limit.clone();
    let mut app = support::role("arn:aws:iam::111122223333:role/x/App", &[reads()], &trust);
    app["PermissionsBoundary"] = limit;
    app["Tags"] = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    json!({
        "UserDetailList": [ann],
        "GroupDetailList": [{"GroupName": "staff", "Arn": "arn:aws:iam::111122223333:group/staff",
            "AttachedManagedPolicies": [],
            "GroupPolicyList": [{"PolicyName": "p", "PolicyDocument": reads()}]}],
        "RoleDetailList": [app],
        "Policies": [{"Arn": BOUNDARY, "DefaultVersionId": "v1",
            "PolicyVersionList": [{"VersionId": "v1", "Document": support::all()}]}],
    })
}

fn reads() -> Value {
    support::policy(&[json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})])
}

fn trust(service: &str) -> Value {
    support::policy(&[json!({"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": format!("{service}.amazonaws.com")}})])
}

fn role(members: Value) -> Value {
    let mut role = json!({"RoleName": "App", "Arn": "arn:aws:iam::111122223333:role/x/App"});
    let members = members.as_object().unwrap().clone();
    role.as_object_mut().unwrap().extend(members);
    json!({"Role": role})
}

fn load(files: &[(&str, Value)]) -> Result<Vec<String>, Vec<String>> {
    let texts: Vec<String> = files.iter().map(|(_, value)| value.to_string()).collect();
    let names = files.iter().map(|(name, _)| *name);
    let files: Vec<(&str, &str)> = names.zip(texts.iter().map(String::as_str)).collect();
    let loaded = Folder::new(&files).load()?;
    let warnings = loaded.report.warnings.iter();
    Ok(warnings.map(ToString::to_string).collect())
}

/// What may be said, and what is not the same.
fn pairs() -> Vec<(&'static str, Value, Value)> {
    let inline = |owner: &str, name: &str, policy: &str, document: Value| json!({owner: name, "PolicyName": policy, "PolicyDocument": document});
    let limit = |arn| role(json!({"PermissionsBoundary": {"PermissionsBoundaryArn": arn}}));
    let user = |arn| {
        json!({"User": {"UserName": "ann", "Arn": "arn:aws:iam::111122223333:user/ann",
            "PermissionsBoundary": {"PermissionsBoundaryArn": arn}}})
    };
    let tag = |value| {
        let tags =
            [("b", "2"), ("a", value)].map(|(key, value)| json!({"Key": key, "Value": value}));
        role(json!({"Tags": tags}))
    };
    let other = "arn:aws:iam::111122223333:policy/other";
    vec![
        (
            "inline policy `p0` of the user `ann`",
            inline("UserName", "ann", "p0", support::all()),
            inline("UserName", "ann", "p0", reads()),
        ),
        (
            "inline policy `p` of the group `Staff`",
            inline("GroupName", "Staff", "p", reads()),
            inline("GroupName", "Staff", "p", support::all()),
        ),
        (
            "of the role `App`",
            inline("RoleName", "App", "p0", Value::from(reads().to_string())),
            // A policy that the role does not have.
            inline("RoleName", "App", "p1", reads()),
        ),
        (
            "trust policy of the role `App`",
            role(json!({"AssumeRolePolicyDocument": trust("ec2")})),
            role(json!({"AssumeRolePolicyDocument": trust("lambda")})),
        ),
        ("boundary of the role `App`", limit(BOUNDARY), limit(other)),
        ("boundary of the user `ann`", user(BOUNDARY), user(other)),
        ("tags of the role `App`", tag("1"), tag("2")),
    ]
}

#[test]
fn both_dumps_say_the_same() {
    for (what, same, other) in pairs() {
        let loaded = load(&[("dump.json", dump()), ("one.json", same.clone())]);
        assert_eq!(loaded, Ok(vec![]), "{same}");
        // In either order of names.
        for name in ["a.json", "one.json"] {
            let errors = load(&[("dump.json", dump()), (name, other.clone())]).unwrap_err();
            let [error] = errors.as_slice() else {
                panic!("{errors:?}");
            };
            for part in [name, "CONTRADICTION", what, "dump.json"] {
                assert!(error.contains(part), "{part}: {error}");
            }
        }
    }
}

#[test]
fn the_account_is_said_or_the_only_one() {
    let other = support::dump(
        &[support::user("arn:aws:iam::444455556666:user/bob", &[])],
        &[],
    );
    for (_, same, different) in pairs() {
        let dumps = [("dump.json", dump()), ("other.json", other.clone())];
        let named = same.get("PolicyName").is_some();
        let with = |name: &'static str, value: &Value| {
            load(&[dumps[0].clone(), dumps[1].clone(), (name, value.clone())])
        };
        assert_eq!(with("111122223333/one.json", &same), Ok(vec![]));
        assert!(with("111122223333/one.json", &different).is_err());
        let loaded = with("one.json", &same);
        assert_eq!(loaded.is_err(), named, "{same}: {loaded:?}");
        assert!(!named || loaded.unwrap_err()[0].contains("the account of the"));
    }
}

/// What no dump of an account has decides nothing, and that is told.
#[test]
fn others_are_in_no_dump() {
    let unknown = json!({"RoleName": "Gone", "PolicyName": "p", "PolicyDocument": reads()});
    let warnings = load(&[("dump.json", dump()), ("one.json", unknown)]).unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("the role `Gone` of 111122223333 is in no account dump"),
        "{warnings:?}"
    );
}

/// What cannot be read is no copy that may be forgotten.
#[test]
fn what_is_wrong_is_an_error() {
    for wrong in [
        json!({"RoleName": "App", "PolicyDocument": reads()}),
        json!({"RoleName": "App", "PolicyName": "p0", "PolicyDocument": {"Statement": [{"Effect": "Allow"}]}}),
        json!({"PolicyName": "p0", "PolicyDocument": reads()}),
        json!({"Role": {"RoleName": "App", "AssumeRolePolicyDocument": trust("ec2")}}),
        role(json!({"Arn": "arn:aws:iam::111122223333:role/Other"})),
        role(json!({"PermissionsBoundary": "limit"})),
        role(json!({"AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow"}]}})),
    ] {
        let loaded = load(&[("dump.json", dump()), ("one.json", wrong.clone())]);
        assert!(loaded.is_err(), "{wrong}: {loaded:?}");
    }
}
