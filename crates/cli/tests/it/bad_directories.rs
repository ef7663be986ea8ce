//! Directories that are broken or lack something, by the command line: where and why, and nothing decided.

use std::fs;

use crate::support::{ANN, Folder, Run};

fn dump(members: &str, more: &str) -> String {
    format!(r#"{{"UserDetailList": [{{"UserName": "ann", "Arn": "{ANN}"{members}}}]{more}}}"#)
}

fn tree(children: &str) -> String {
    format!(
        r#"{{"organization": {{"id": "o-1", "managementAccountId": "100000000001"}},
"root": {{"id": "r-1", "policies": {{"scp": ["p-FullAWSAccess"]}},
"children": [{{"account": "100000000001"}}{children}]}}, "policies": {{}}}}"#
    )
}

fn folder(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    for (name, content) in files {
        let path = folder.0.join("dumps").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn decide(folder: &Folder, more: &[&str]) -> Run {
    let first = [
        "decide",
        "--directory",
        "dumps",
        "--principal",
        ANN,
        "--action",
        "s3:GetObject",
    ];
    folder.run(&[&first[..], more].concat())
}

/// Nothing is decided, and standard error has a problem with all these words.
fn refused(files: &[(&str, &str)], words: &[&str]) {
    let run = decide(&folder(files), &[]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    let is_it = |problem: &str| words.iter().all(|word| problem.contains(word));
    let stderr = format!("\n{}", run.stderr);
    let mut problems = stderr.split("\nerror: ");
    assert!(problems.any(is_it), "{words:?} in {}", run.stderr);
}

#[test]
fn references_to_what_is_not_there() {
    let attached = dump(
        r#", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/Gone"}]"#,
        "",
    );
    refused(
        &[("a/dump.json", &attached)],
        &[
            "a/dump.json",
            "/UserDetailList/0/AttachedManagedPolicies/0/PolicyArn",
            "policy/Gone",
        ],
    );
    let group = dump(r#", "GroupList": ["Gone"]"#, "");
    refused(
        &[("dump.json", &group)],
        &["dump.json", "/UserDetailList/0/GroupList/0", "Gone"],
    );
    let boundary = dump(
        r#", "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/B"}"#,
        "",
    );
    refused(
        &[("dump.json", &boundary)],
        &[
            "/UserDetailList/0/PermissionsBoundary/PermissionsBoundaryArn",
            "policy/B",
        ],
    );
    let attached = tree(r#", {"account": "111122223333", "policies": {"scp": ["p-gone0000"]}}"#);
    refused(
        &[("tree.json", &attached), ("dump.json", &dump("", ""))],
        &["tree.json", "p-gone0000", "111122223333"],
    );
}

#[test]
fn trees_that_are_none() {
    let unit = r#", {"ou": "ou-1", "children": [{"account": "111122223333"}]}"#;
    let twice = tree(&format!(r#"{unit}, {{"account": "111122223333"}}"#));
    refused(
        &[("tree.json", &twice)],
        &[
            "/root/children/2",
            "/root/children/1/children/0",
            "twice in the organization",
        ],
    );
    let below_itself = tree(r#", {"ou": "ou-1", "children": [{"ou": "ou-1", "children": []}]}"#);
    refused(
        &[("tree.json", &below_itself)],
        &[
            "/root/children/1/children/0",
            "ou-1",
            "twice in the organization",
        ],
    );
    let parents = |parent: &str| {
        format!(r#"{{"Parents": [{{"Id": "{parent}", "Type": "ORGANIZATIONAL_UNIT"}}]}}"#)
    };
    let organization = r#"{"Organization": {"Id": "o-1", "MasterAccountId": "100000000001"}}"#;
    refused(
        &[
            ("organization.json", organization),
            (
                "parents/ou-1abc-aaaaaaaa.json",
                &parents("ou-1abc-bbbbbbbb"),
            ),
            (
                "parents/ou-1abc-bbbbbbbb.json",
                &parents("ou-1abc-aaaaaaaa"),
            ),
            ("parents/111122223333.json", &parents("ou-1abc-aaaaaaaa")),
        ],
        &["parents/ou-1abc-", "below itself"],
    );
}

#[test]
fn principals_that_are_there_twice() {
    let one = dump("", "");
    refused(
        &[("a.json", &one), ("b.json", &one)],
        &["b.json", "/UserDetailList/0", ANN, "twice"],
    );
    // IN-17: names are unique regardless of case and path.
    let other = one
        .replace("user/ann", "user/team/ANN")
        .replace(r#""ann""#, r#""ANN""#);
    refused(&[("a.json", &one), ("b.json", &other)], &["twice"]);
}

#[test]
fn documents_that_are_no_policies() {
    let invalid = dump(
        r#", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17",
 "Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}}]"#,
        "",
    );
    refused(
        &[("dump.json", &invalid)],
        &[
            "dump.json:2:26\n",
            "/UserDetailList/0/UserPolicyList/0/PolicyDocument",
            "line 2, column 26",
            "INVALID_EFFECT",
        ],
    );
    refused(
        &[("dump.json", "{\"UserDetailList\": [")],
        &["dump.json:1:21", "INVALID_JSON"],
    );
}

/// The flag lets it pass, and every answer of every command says so.
#[test]
fn answers_that_are_incomplete_say_so() {
    let attached = dump(
        r#", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/Gone"}]"#,
        r#", "RoleDetailList": [{"RoleName": "R", "Arn": "arn:aws:iam::111122223333:role/R", "RolePolicyList": [{"PolicyName": "p",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}],
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"},
        "Action": "sts:AssumeRole"}}}]"#,
    );
    let truncated = dump("", r#", "IsTruncated": true"#);
    let with_role = attached.replace(
        r#", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/Gone"}]"#,
        "",
    );
    let truncated_with_role = with_role
        .strip_suffix('}')
        .map(|start| format!(r#"{start}, "IsTruncated": true}}"#))
        .unwrap();
    assert!(truncated.contains("IsTruncated"));
    for (content, flag, place) in [
        (
            &attached,
            &["--allow-missing"][..],
            "/AttachedManagedPolicies/0",
        ),
        // IN-5.
        (&truncated_with_role, &["--allow-missing"][..], "dump.json"),
    ] {
        let folder = folder(&[("dump.json", content)]);
        folder.write(
            "line.jsonl",
            format!(r#"{{"principal": "{ANN}", "action": "s3:GetObject", "resource": "*"}}"#),
        );
        folder.write(
            "input.json",
            format!(r#"{{"PolicySourceArn": "{ANN}", "ActionNames": ["s3:GetObject"]}}"#),
        );
        let request = ["--principal", ANN, "--action", "s3:GetObject"];
        let role = "arn:aws:iam::111122223333:role/R";
        let who = ["--principal", ANN, "--role", role];
        let commands: [(&str, &[&str]); 11] = [
            ("decide", &request),
            ("explain", &request),
            ("batch", &["line.jsonl"]),
            ("who-can", &["--action", "s3:GetObject"]),
            ("what-can", &["--principal", role]),
            ("matrix", &["--action", "s3:GetObject"]),
            ("admins", &[]),
            ("escalate", &[]),
            ("findings", &[]),
            ("assume", &who),
            ("simulate", &["input.json"]),
        ];
        for (command, arguments) in commands {
            let formats: &[&[&str]] = match command {
                "batch" | "simulate" => &[&[]],
                "explain" => &[
                    &[],
                    &["--format", "json"],
                    &["--format", "svg"],
                    &["--format", "html"],
                ],
                _ => &[&[], &["--format", "json"]],
            };
            for format in formats {
                let first = [command, "--directory", "dumps"];
                let run = folder.run(&[&first[..], flag, arguments, format].concat());
                assert!(
                    run.stdout.contains("incomplete") || run.stdout.contains(r#""complete":false"#),
                    "{command} {format:?}: {run:?}"
                );
                assert!(run.stderr.contains("warning:"), "{command}: {run:?}");
                assert!(run.stderr.contains(place), "{command}: {run:?}");
                if format == &["--format", "json"] {
                    // The last line of a question sums up.
                    let says_so = |line: &str| {
                        line.contains(r#""incomplete":true"#)
                            || line.contains(r#""complete":false"#)
                    };
                    assert!(run.stdout.lines().all(says_so), "{command}: {run:?}");
                }
            }
        }
        // An image keeps it.
        let first = ["compile", "--directory", "dumps", "-o", "image.pcl"];
        assert_eq!(folder.run(&[&first[..], flag].concat()).code, 0);
        let run = folder.run(&[&["decide", "--image", "image.pcl"][..], &request].concat());
        assert!(run.stdout.contains("incomplete"), "{run:?}");
    }
}
