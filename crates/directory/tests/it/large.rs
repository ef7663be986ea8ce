//! Dumps that are too large to be held at once come out as small ones do: the same tables, the same problems at the
//! same places.

use crate::support::{Folder, account, all, dump, policy, role, user};
use portcullis_directory::LoadOptions;
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

/// A dump of more than a megabyte, with users, groups, roles and managed policies.
fn large() -> Value {
    let own = |number: usize| {
        policy(&[json!({
            "Sid": format!("S{number}"),
            "Effect": if number % 7 == 0 { "Deny" } else { "Allow" },
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "kms:Decrypt"],
            "Resource": format!("arn:aws:s3:::böcket-{number}/\"quoted\"/{}/*", "x".repeat(300)),
        })])
    };
    let users: Vec<Value> = (0..900)
        .map(|number| {
            let arn = format!("arn:aws:iam::{ACCOUNT}:user/u{number}");
            let mut user = user(&arn, &[own(number), all()]);
            user["GroupList"] = json!(["g"]);
            user
        })
        .collect();
    let trust = policy(&[json!({
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    })]);
    let roles: Vec<Value> = (0..300)
        .map(|number| {
            let arn = format!("arn:aws:iam::{ACCOUNT}:role/r{number}");
            let mut role = role(&arn, &[own(1_000 + number)], &trust);
            role["AttachedManagedPolicies"] = json!([{
                "PolicyName": "M", "PolicyArn": format!("arn:aws:iam::{ACCOUNT}:policy/M"),
            }]);
            role
        })
        .collect();
    let mut whole = dump(&users, &roles);
    whole["GroupDetailList"] = json!([{
        "Path": "/", "GroupName": "g", "GroupId": "AGPA1",
        "Arn": format!("arn:aws:iam::{ACCOUNT}:group/g"),
        "GroupPolicyList": [{"PolicyName": "p", "PolicyDocument": own(5_000)}],
        "AttachedManagedPolicies": [],
    }]);
    whole["Policies"] = json!([{
        "PolicyName": "M", "PolicyId": "ANPA1", "Path": "/", "DefaultVersionId": "v1",
        "Arn": format!("arn:aws:iam::{ACCOUNT}:policy/M"),
        "PolicyVersionList": [{"Document": own(6_000), "VersionId": "v1", "IsDefaultVersion": true}],
    }]);
    whole
}

/// The directory of a file as bytes, without what explanations print: that has places.
fn bytes_of(files: &[(&str, &str)]) -> Vec<u8> {
    let loaded = Folder::new(files).load_with(LoadOptions::default());
    loaded.unwrap().directory.to_bytes().unwrap()
}

#[test]
fn all_layouts_of_a_large_dump_are_one_directory() {
    let dump = large();
    let line = dump.to_string();
    assert!(line.len() > 1 << 20, "{} bytes are few", line.len());
    // Names with escapes are not seen to be those of lists: all of it is read at once.
    let whole = at_once(&line);
    let expected = bytes_of(&[("a.json", &whole)]);
    let pretty = serde_json::to_string_pretty(&dump).unwrap();
    for text in [
        line.clone(),
        pretty.clone(),
        format!("\u{feff}\r\n{}", pretty.replace('\n', "\r\n")),
        format!("{line}\n\n"),
    ] {
        assert!(bytes_of(&[("a.json", &text)]) == expected, "{text:.40}");
    }
    // One that is seen after others were read: they are read again.
    let half = line.replace("\"RoleDetailList\"", "\"Role\\u0044etailList\"");
    let count = |text| {
        let loaded = Folder::new(&[("a.json", text)]).load().unwrap();
        loaded.directory.counts().principals
    };
    assert_eq!((count(&half), count(&line)), (1_200, 1_200));
    // Other records before and behind it.
    let other = account().replace(ACCOUNT, "444455556666");
    let third = account().replace(ACCOUNT, "777788889999");
    let all = |line: &str| bytes_of(&[("a.jsonl", &format!("{other}\n{line}\n{third}\n"))]);
    assert!(all(&line) == all(&whole));
}

/// The same dump, which is not seen to be one before all of it was read.
fn at_once(dump: &str) -> String {
    dump.replace("DetailList\":", "\\u0044etailList\":")
}

/// Line and column of a text in another.
fn place(text: &str, part: &str) -> String {
    let at = text.find(part).unwrap();
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    format!("a.json:{line}:{}", before[start..].chars().count() + 1)
}

#[test]
fn problems_of_a_large_dump_have_their_places() {
    let dump = large();
    let layouts = [
        dump.to_string(),
        serde_json::to_string_pretty(&dump).unwrap(),
    ];
    for text in layouts {
        for (old, new, at, code) in [
            // In an element.
            ("\"S800\"", "{\"S\":800}", "{\"S\":800}", "INVALID_POLICY"),
            (
                ":user/u700\"",
                ":group/u700\"",
                "\"arn:aws:iam::111122223333:group/u700",
                "INVALID_MEMBER",
            ),
            (
                "\"RoleName\":\"r7\"",
                "\"RoleName\":\"r7\",\"RoleName\":1",
                "\"RoleName\":1",
                "INVALID_JSON",
            ),
            (
                "\"u650\"",
                "\"u650\",\"Boundary\":{\"a\":1}",
                "{\"a\":1}",
                "UNKNOWN_FORM",
            ),
            ("\"AIDAU500\"", "\"AIDAU500\"@@", "@@", "INVALID_JSON"),
            // Beside the elements.
            (
                "\"IsTruncated\":false",
                "\"IsTruncated\":false,\"IsTruncated\":true",
                "\"IsTruncated\":true",
                "INVALID_JSON",
            ),
            (
                "\"IsTruncated\":false",
                "\"Other\":{\"Statement\":[]}",
                "{\"Statement\":[]",
                "UNKNOWN_FORM",
            ),
        ] {
            let [old, new, at] = [old, new, at].map(|part| spaced(part, &text));
            let broken = text.replacen(&old, &new, 1);
            let found = Folder::new(&[("a.json", &broken)]).load().unwrap_err();
            let place = place(&broken, &at);
            let whole = Folder::new(&[("a.json", &at_once(&broken))]).load();
            assert_eq!(found.len(), whole.unwrap_err().len(), "{new}: {found:?}");
            let told = &found[0];
            assert!(
                told.strip_prefix(&place)
                    .is_some_and(|rest| rest.starts_with([':', ' ']))
                    && told.contains(code),
                "{new} at {place}: {told}"
            );
        }
    }
}

/// A part of JSON as it is in a text with blanks or without.
fn spaced(part: &str, text: &str) -> String {
    match text.contains('\n') {
        true => part.replace("\":", "\": "),
        false => part.to_string(),
    }
}
