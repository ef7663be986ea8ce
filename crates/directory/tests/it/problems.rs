//! Folders that cannot be used, each with a message that says where and why.

use crate::support::{Folder, ask};
use portcullis_directory::LoadOptions;
use portcullis_model::Layer;

const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// A dump with one user who has these members beside the ARN.
fn user(members: &str) -> String {
    format!(
        r#"{{"UserDetailList": [{{"Arn": "arn:aws:iam::111122223333:user/ann"{members}}}],
"GroupDetailList": [], "RoleDetailList": [], "Policies": []}}"#
    )
}

fn tree(children: &str, policies: &str) -> String {
    format!(
        r#"{{"organization": {{"id": "o-1", "managementAccountId": "100000000001"}},
"root": {{"id": "r-1", "policies": {{"scp": ["p-FullAWSAccess"], "rcp": []}},
"children": [{{"account": "100000000001"}}{children}]}},
"policies": {{{policies}}}}}"#
    )
}

/// The folder does not load, and one of the messages has all these words.
fn fails(files: &[(&str, &str)], words: &[&str]) {
    let folder = Folder::new(files);
    let problems = match folder.load() {
        Ok(_) => panic!("loaded; wanted {words:?}"),
        Err(problems) => problems,
    };
    let has = |problem: &String| words.iter().all(|word| problem.contains(word));
    assert!(problems.iter().any(has), "{words:?} in {problems:#?}");
}

#[test]
fn what_is_referred_to_must_be_there() {
    let policy =
        user(r#", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/Gone"}]"#);
    fails(
        &[("a/dump.json", &policy)],
        &[
            "a/dump.json:1:21 /UserDetailList/0/AttachedManagedPolicies/0/PolicyArn",
            "arn:aws:iam::aws:policy/Gone",
            "DANGLING_REFERENCE",
        ],
    );
    let group = user(r#", "GroupList": ["Gone"]"#);
    fails(
        &[("dump.json", &group)],
        &["/UserDetailList/0/GroupList/0", "`Gone`", "DANGLING"],
    );
    let boundary = user(
        r#", "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/B"}"#,
    );
    fails(
        &[("dump.json", &boundary)],
        &["PermissionsBoundaryArn", "policy/B", "DANGLING"],
    );
    let scp = tree(
        r#", {"account": "111122223333", "policies": {"scp": ["p-gone"]}}"#,
        r#""p-x": {"type": "scp", "content": {"Version": "2012-10-17", "Statement": []}}"#,
    );
    fails(
        &[("tree.json", &scp)],
        &["tree.json", "p-gone", "111122223333", "DANGLING"],
    );
}

#[test]
fn what_is_missing_can_be_allowed_and_is_then_known() {
    let policy = user(
        r#", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/Gone"}],
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"}]"#,
    );
    let folder = Folder::new(&[("dump.json", &policy)]);
    let options = LoadOptions {
        allow_missing: true,
        ..LoadOptions::default()
    };
    let loaded = folder.load_with(options).unwrap();
    assert!(loaded.directory.is_incomplete());
    assert_eq!(loaded.report.missing.len(), 1);
    // A boundary that is missing still limits.
    let boundary = user(&format!(
        r#", "PermissionsBoundary": {{"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/B"}},
        "UserPolicyList": [{{"PolicyName": "p", "PolicyDocument": {ALLOW}}}]"#
    ));
    let folder = Folder::new(&[("dump.json", &boundary)]);
    let loaded = folder.load_with(options).unwrap();
    let request = r#"{"principal": "arn:aws:iam::111122223333:user/ann", "action": "ec2:RunInstances", "resource": "*"}"#;
    assert_eq!(ask(&loaded.directory, request), "ImplicitDeny");
}

#[test]
fn documents_must_be_policies() {
    let wrong = user(
        r#", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17",
 "Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}}]"#,
    );
    fails(
        &[("dump.json", &wrong)],
        &[
            "dump.json:2:26 ",
            "/UserDetailList/0/UserPolicyList/0/PolicyDocument",
            "line 2, column",
            "INVALID_EFFECT",
        ],
    );
    // IN-2: the place is that in the file, also of a document in a string, and the one in the document is told.
    let wrong = user(
        r#", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": "{\n\"Version\": \"2010-01-01\", \"Statement\": []}"}]"#,
    );
    fails(
        &[("dump.json", &wrong)],
        &["dump.json:1:", "line 2, column 12", "2010-01-01"],
    );
    let wrong = user(r#", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": "%7B%2"}]"#);
    fails(&[("dump.json", &wrong)], &["PolicyDocument", "hexadecimal"]);
    let bundle = r#"{"name":"B","arn":"arn:aws:iam::aws:policy/B","document":{"Statement":{"Effect":"Allow"}}}"#;
    let attached =
        user(r#", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/B"}]"#);
    fails(
        &[("dump.json", &attached), ("bundle.jsonl", bundle)],
        &["bundle.jsonl", "policy/B", "INVALID_POLICY"],
    );
    // Nobody asks for it.
    let folder = Folder::new(&[("dump.json", &user("")), ("bundle.jsonl", bundle)]);
    assert!(folder.load().is_ok());
}

#[test]
fn gram_54_repositories_and_roles_may_leave_out_the_resource() {
    let line = |arn: &str, action: &str| {
        format!(
            r#"{{"arn": "{arn}", "account": "111122223333", "policy": {{"Version": "2012-10-17",
            "Statement": {{"Effect": "Allow", "Principal": "*", "Action": "{action}"}}}}}}"#
        )
        .replace('\n', " ")
    };
    let repository = "arn:aws:ecr:eu-west-1:111122223333:repository/r";
    let folder = Folder::new(&[
        ("dump.json", &user("")),
        ("r.jsonl", &line(repository, "*")),
    ]);
    let directory = folder.load().unwrap().directory;
    let request = format!(
        r#"{{"principal": "arn:aws:iam::111122223333:user/ann", "action": "ecr:ListImages", "resource": "{repository}"}}"#
    );
    assert_eq!(ask(&directory, &request), "Allow");
    fails(
        &[("r.jsonl", &line("arn:aws:s3:::b", "*"))],
        &["r.jsonl:1:", "/policy", "MISSING_RESOURCE"],
    );
    let trust = |action: &str| {
        format!(
            r#"{{"RoleDetailList": [{{"Arn": "arn:aws:iam::111122223333:role/R", "AssumeRolePolicyDocument":
            {{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Principal": "*", "Action": "{action}"}}}}}}]}}"#
        )
    };
    for action in ["sts:AssumeRole", "*"] {
        let folder = Folder::new(&[("dump.json", &trust(action))]);
        assert!(folder.load().is_ok(), "{action}");
    }
}

#[test]
fn nothing_may_be_there_twice() {
    let one = user("");
    fails(
        &[("a.json", &one), ("b.json", &one)],
        &["b.json:1:21 /UserDetailList/0", "twice", "DUPLICATE"],
    );
    let two = one.replace("user/ann", "user/path/ANN");
    fails(&[("a.json", &one), ("b.json", &two)], &["twice"]);
    let managed = |effect: &str| {
        format!(
            r#"{{"UserDetailList": [], "Policies": [{{"Arn": "arn:aws:iam::111122223333:policy/P", "DefaultVersionId": "v1",
            "PolicyVersionList": [{{"VersionId": "v1", "Document": {{"Version": "2012-10-17",
            "Statement": {{"Effect": "{effect}", "Action": "*", "Resource": "*"}}}}}}]}}]}}"#
        )
    };
    let folder = Folder::new(&[("a.json", &managed("Allow")), ("b.json", &managed("Allow"))]);
    assert!(folder.load().is_ok());
    let other = managed("Allow").replace(r#""*""#, r#"["*"]"#);
    let folder = Folder::new(&[("a.json", &managed("Allow")), ("b.json", &other)]);
    assert!(folder.load().is_ok(), "the same in another form");
    fails(
        &[("a.json", &managed("Allow")), ("b.json", &managed("Deny"))],
        &["b.json", "policy/P", "a.json", "CONTRADICTION"],
    );
}

#[test]
fn what_files_say_of_a_resource_must_agree() {
    let line = |members: &str| format!(r#"{{"arn": "arn:aws:s3:::b"{members}}}"#);
    let policy = |effect: &str| {
        format!(
            r#", "policy": {{"Version": "2012-10-17", "Statement": {{"Effect": "{effect}", "Principal": "*",
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}}}"#
        )
        .replace('\n', " ")
    };
    let account = |number: &str| format!(r#", "account": "{number}""#);
    let tags = |value: &str| format!(r#", "tags": {{"team": "{value}"}}"#);
    let loads = |one: &str, other: &str| {
        let folder = Folder::new(&[("a.json", &line(one)), ("b.json", &line(other))]);
        folder.load().err()
    };
    for (one, other) in [
        (account("111122223333"), account("444455556666")),
        (policy("Allow"), policy("Deny")),
        (tags("blue"), tags("red")),
    ] {
        let problems = loads(&one, &other).unwrap();
        assert_eq!(problems.len(), 1, "{problems:?}");
        for word in ["b.json", "arn:aws:s3:::b", "a.json", "CONTRADICTION"] {
            assert!(problems[0].contains(word), "{word} in {problems:?}");
        }
        assert_eq!(loads(&one, &one), None);
        assert_eq!(loads(&one, ""), None);
    }
    // What one file does not say, the other adds.
    let (one, other) = (policy("Deny"), tags("blue") + &account("111122223333"));
    let folder = Folder::new(&[
        ("dump.json", &user("")),
        ("a.json", &line(&one)),
        ("b.json", &line(&other)),
    ]);
    let directory = folder.load().unwrap().directory;
    let request = r#"{"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}"#;
    assert_eq!(ask(&directory, request), "ExplicitDeny");
}

/// A policy that may deny anywhere is not left out in silence.
#[test]
fn in_26_control_policies_are_attached_somewhere_or_known_not_to_be() {
    const ORGANIZATION: &str = r#"{"Organization": {"Id": "o-1", "MasterAccountId": "100000000001"}}
{"Roots": [{"Id": "r-1abc"}]}"#;
    const PARENT: &str = r#"{"Parents": [{"Id": "r-1abc", "Type": "ROOT"}]}"#;
    let described = |kind: &str| {
        format!(
            r#"{{"Policy": {{"PolicySummary": {{"Id": "p-limits00", "Name": "Limits", "Type": "{kind}"}},
        "Content": "{{\"Version\": \"2012-10-17\", \"Statement\": {{\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"s3:*\", \"Resource\": \"*\"}}}}"}}}}"#
        )
    };
    let described = |kind: &str| match kind {
        "RESOURCE_CONTROL_POLICY" => described(kind),
        _ => described(kind).replace(r#"\"Principal\": \"*\", "#, ""),
    };
    for kind in ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"] {
        let policy = described(kind);
        let listed = format!(r#"{{"Policies": [{{"Id": "p-limits00", "Type": "{kind}"}}]}}"#);
        let other = format!(r#"{{"Policies": [{{"Id": "p-other000", "Type": "{kind}"}}]}}"#);
        let other_policy = policy.replace("p-limits00", "p-other000");
        let files = |more: &[(&'static str, &str)]| {
            let mut files = vec![
                ("organization.json", ORGANIZATION),
                ("parents/100000000001.json", PARENT),
                ("parents/111122223333.json", PARENT),
            ];
            files.extend_from_slice(more);
            Folder::new(&files).load().err().map(|all| all.join("\n"))
        };
        for one in [&policy, &listed] {
            let problem = files(&[("p.json", one)]).unwrap();
            for word in [
                "p.json",
                "p-limits00",
                "DANGLING",
                "list-targets-for-policy",
            ] {
                assert!(problem.contains(word), "{word} in {problem}");
            }
        }
        let described = ("p.json", policy.as_str());
        let nowhere = ("targets/p-limits00.json", r#"{"Targets": []}"#);
        assert_eq!(files(&[described, nowhere]), None);
        let root = ("of/r-1abc.json", listed.as_str());
        assert_eq!(files(&[described, root]), None);
        // All nodes say what they have.
        let second = ("q.json", other_policy.as_str());
        let nodes = [
            ("of/r-1abc.json", other.as_str()),
            ("of/100000000001.json", other.as_str()),
            ("of/111122223333.json", other.as_str()),
        ];
        assert_eq!(files(&[&[described, second][..], &nodes].concat()), None);
        assert!(files(&[&[described, second][..], &nodes[..2]].concat()).is_some());
        fails(&[described], &["p.json", "describe-organization"]);
        // A file that should say by its name what it belongs to.
        for (value, what) in [(r#"{"Targets": []}"#, "the policy"), (PARENT, "the child")] {
            let named = ("x.json", value);
            fails(
                &[("organization.json", ORGANIZATION), named],
                &["x.json", "MISSING_MEMBER", what],
            );
        }
        // Not in use, not asked.
        let off = r#"{"Organization": {"Id": "o-1"}}
{"Roots": [{"Id": "r-1abc", "PolicyTypes": []}]}"#;
        let folder = Folder::new(&[("organization.json", off), described]);
        assert!(folder.load().is_ok());
    }
}

#[test]
fn trees_must_be_trees() {
    let member = r#", {"ou": "ou-1", "children": [{"account": "111122223333"}]}"#;
    let again = r#", {"account": "111122223333"}"#;
    fails(
        &[("tree.json", &tree(&format!("{member}{again}"), ""))],
        &[
            "/root/children/2",
            "/root/children/1/children/0",
            "twice in the organization",
            "INVALID_TREE",
        ],
    );
    let parents = |child: &str, parent: &str| {
        (
            format!("{child}.json"),
            format!(r#"{{"Parents": [{{"Id": "{parent}", "Type": "ORGANIZATIONAL_UNIT"}}]}}"#),
        )
    };
    let organization = r#"{"Organization": {"Id": "o-1", "MasterAccountId": "111122223333"}}"#;
    let (a, a_text) = parents("ou-1-aaaaaaaa", "ou-1-bbbbbbbb");
    let (b, b_text) = parents("ou-1-bbbbbbbb", "ou-1-aaaaaaaa");
    let (c, c_text) = parents("111122223333", "ou-1-aaaaaaaa");
    let circle = [
        ("organization.json", organization),
        (a.as_str(), a_text.as_str()),
        (b.as_str(), b_text.as_str()),
        (c.as_str(), c_text.as_str()),
    ];
    fails(&circle, &["below itself", "INVALID_TREE"]);
    fails(&circle[..2], &["ou-1-bbbbbbbb"]);
    let listed = r#"{"Accounts": [{"Id": "444455556666"}]}"#;
    fails(
        &[
            ("organization.json", organization),
            ("accounts.json", listed),
        ],
        &["444455556666", "parent"],
    );
    // Lists of children and `list-parents` may say the same, and not two things.
    let listed = r#"{"Accounts": [{"Id": "111122223333"}]}"#;
    let parent = |of: &str| format!(r#"{{"Parents": [{{"Id": "{of}", "Type": "ROOT"}}]}}"#);
    let (one, other) = (parent("r-1abc"), parent("r-2abc"));
    let root = r#"{"Roots": [{"Id": "r-1abc", "PolicyTypes": []}]}"#;
    let roots = root.replace("1abc", "2abc");
    let files = [
        ("organization.json", organization),
        ("roots.json", root),
        ("r-1abc/accounts.json", listed),
        ("parents/111122223333.json", one.as_str()),
    ];
    let folder = Folder::new(&files);
    assert!(folder.load().is_ok());
    let mut wrong = files;
    wrong[3].1 = &other;
    fails(&wrong, &["twice in the organization", "INVALID_TREE"]);
    fails(
        &[files[0], files[1], ("more.json", roots.as_str())],
        &["one root", "INVALID_TREE"],
    );
    // One organization, whoever says it.
    let folder = Folder::new(&[files[0], ("again.json", organization), files[1]]);
    assert!(folder.load().is_ok());
    for (old, new) in [("o-1", "o-2"), ("111122223333", "444455556666")] {
        let another = organization.replace(old, new);
        fails(
            &[files[0], ("z.json", another.as_str()), files[1]],
            &["z.json", "a different organization", "CONTRADICTION"],
        );
    }
    // No policies are no policies, and no id is an error.
    let bare = r#"{"organization": {"id": "o-1", "managementAccountId": "100000000001"},
"root": {"id": "r-1", "children": [{"account": "100000000001"}]}}"#;
    let report = Folder::new(&[("tree.json", bare)]).load().unwrap().report;
    assert_eq!(report.read[0].1, [("organization tree", 1)]);
    let nameless = r#"{"root": {"id": "r-1"}, "policies": {}}"#;
    fails(&[("tree.json", nameless)], &["tree.json", "`organization`"]);
    let misspelt = tree(
        r#", {"account": "111122223333", "policy": {"scp": []}}"#,
        "",
    );
    fails(&[("tree.json", &misspelt)], &["`policy`", "`policies`"]);
}

/// What a tree and a dump say of a control policy must agree.
#[test]
fn control_policies_are_one_policy_each() {
    let content = |effect: &str| {
        let what = match effect {
            "Deny" => r#""Principal": "*", "Action": "s3:*""#,
            _ => r#""Action": "*""#,
        };
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "{effect}", {what}, "Resource": "*"}}}}"#
        )
    };
    let defined = |id: &str, kind: &str, name: &str, content: &str| {
        tree(
            "",
            &format!(r#""{id}": {{"type": "{kind}", "name": "{name}", "content": {content}}}"#),
        )
    };
    let described = |id: &str, kind: &str, content: &str| {
        format!(
            r#"{{"Policy": {{"PolicySummary": {{"Id": "{id}", "Name": "n", "Type": "{kind}"}}, "Content": {content:?}}}}}"#
        )
    };
    let (scp, rcp) = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY");
    let (allow, deny) = (content("Allow"), content("Deny"));
    let loads = |tree: &str, dump: &str| {
        let folder = Folder::new(&[("a.json", tree), ("b.json", dump)]);
        folder.load().map(|_| ()).map_err(|all| all.join("\n"))
    };
    let own = defined("p-1", "scp", "n", &allow);
    assert_eq!(loads(&own, &described("p-1", scp, &allow)), Ok(()));
    assert_eq!(loads(&own, &described("p-2", scp, &allow)), Ok(()));
    let other = described(
        "p-1",
        scp,
        &allow.replace(r#""Action": "*""#, r#""Action": "s3:*""#),
    );
    assert!(loads(&own, &other).unwrap_err().contains("CONTRADICTION"));
    // A policy of one kind is not one of the other.
    assert!(
        loads(&defined("p-1", "scp", "n", &deny), "[]")
            .unwrap_err()
            .contains("a.json")
    );
    assert_eq!(loads(&defined("p-1", "rcp", "n", &deny), "[]"), Ok(()));
    assert_eq!(
        loads(
            &defined("p-1", "rcp", "n", &deny),
            &described("p-1", rcp, &deny)
        ),
        Ok(())
    );
    // The policy of AWS that allows everything is no other's content (`GRAM-61`).
    for (id, name) in [("p-RCPFullAWSAccess", "n"), ("p-1", "RCPFullAWSAccess")] {
        assert_eq!(
            loads(&defined(id, "rcp", name, &allow), "[]"),
            Ok(()),
            "{id} {name}"
        );
    }
    assert!(loads(&defined("p-1", "rcp", "n", &allow), "[]").is_err());
    assert!(loads(&defined("p-1", "scp", "RCPFullAWSAccess", &deny), "[]").is_err());
}

#[test]
fn trees_are_as_deep_as_a_decision_can_hold() {
    let deep = |levels: u8| {
        // The root, the units below each other, and the account.
        let below = r#"{"account": "111122223333"}"#.to_string();
        let units = (2..levels).fold(below, |below, level| {
            format!(r#"{{"ou": "ou-{level}", "children": [{below}]}}"#)
        });
        tree(&format!(", {units}"), "")
    };
    let folder = Folder::new(&[("tree.json", &deep(Layer::MAX_LEVELS))]);
    assert!(folder.load().is_ok());
    fails(
        &[("tree.json", &deep(Layer::MAX_LEVELS + 1))],
        &["tree.json", "111122223333", "levels", "TOO_LARGE"],
    );
}

/// A tree that speaks of service control policies anywhere uses them (`SCP-6`).
#[test]
fn scp_6_what_is_spoken_of_is_in_use() {
    let organization = r#"{"Organization": {"Id": "o-1", "MasterAccountId": "100000000001"}}"#;
    let root = r#"{"Roots": [{"Id": "r-1abc"}]}"#;
    let parent = r#"{"Parents": [{"Id": "r-1abc", "Type": "ROOT"}]}"#;
    let dump = user(&format!(
        r#", "UserPolicyList": [{{"PolicyName": "p", "PolicyDocument": {ALLOW}}}]"#
    ));
    let list =
        |kind: &str| format!(r#"{{"Policies": [{{"Id": "p-1abcdefg", "Type": "{kind}"}}]}}"#);
    let (scps, rcps) = (
        list("SERVICE_CONTROL_POLICY"),
        list("RESOURCE_CONTROL_POLICY"),
    );
    let targets = r#"{"Targets": []}"#;
    let files = [
        ("dump.json", dump.as_str()),
        ("organization.json", organization),
        ("parents/100000000001.json", parent),
        ("parents/111122223333.json", parent),
        ("roots.json", root),
    ];
    let decided = |more: &[(&'static str, &str)]| {
        let loaded = Folder::new(&[&files, more].concat()).load();
        let loaded = loaded.unwrap_or_else(|problems| panic!("{problems:#?}"));
        let request = r#"{"principal": "arn:aws:iam::111122223333:user/ann", "action": "ec2:RunInstances", "resource": "*"}"#;
        (
            ask(&loaded.directory, request),
            loaded.report.warnings.len(),
        )
    };
    let full = r#"{"Targets": [{"TargetId": "r-1abc"}]}"#;
    let full = ("targets/p-FullAWSAccess.json", full);
    assert_eq!(decided(&[full]), ("ImplicitDeny".to_string(), 0));
    let targets = ("targets/p-1abcdefg.json", targets);
    assert_eq!(decided(&[]), ("Allow".to_string(), 1));
    assert_eq!(
        decided(&[("p.json", &rcps), targets]),
        ("Allow".to_string(), 1)
    );
    assert_eq!(
        decided(&[("p.json", &scps), targets]),
        ("ImplicitDeny".to_string(), 0)
    );
}

/// A role's trust policy is in one place.
#[test]
fn users_and_roles_have_the_policies_of_their_dump() {
    let trust = ALLOW_ANYONE;
    let role = format!(
        r#"{{"RoleDetailList": [{{"Arn": "arn:aws:iam::111122223333:role/R", "AssumeRolePolicyDocument": {trust}}}]}}"#
    );
    let line = |name: &str, member: &str| {
        format!(r#"{{"arn": "arn:aws:iam::111122223333:role/{name}", {member}}}"#)
    };
    let policy = format!(r#""policy": {trust}"#);
    fails(
        &[
            ("dump.json", &role),
            ("r.json", &line("R", &policy.replace("Allow", "Deny"))),
        ],
        &["r.json", "role/R", "dump of its account", "CONTRADICTION"],
    );
    for other in [
        line("R", r#""tags": {}"#),
        line("R", &policy),
        line("Other", &policy),
    ] {
        let folder = Folder::new(&[("dump.json", &role), ("r.json", &other)]);
        assert!(folder.load().is_ok(), "{other}");
    }
}

#[test]
fn files_must_be_readable() {
    fails(&[("a.json", "{\"a\": ")], &["a.json:1:6", "INVALID_JSON"]);
    fails(
        &[("a.txt", "{\"a\": 1, \"a\": 2}")],
        &["a.txt:1:10", "INVALID_JSON"],
    );
    fails(
        &[("a.json", "[{\"Policy\": {\"Statement\": []}}]")],
        &["a.json:1:13 /0", "UNKNOWN_FORM"],
    );
    // Another notation may hold a policy that denies, whatever the file is called.
    fails(
        &[("roles.yaml", "RolePolicyList:\n- PolicyName: p\n")],
        &["roles.yaml", "UNKNOWN_FORM", "YAML", "JSON"],
    );
    fails(
        &[("template", "Resources:\n  P:\n    Type: AWS::IAM::Policy\n")],
        &["template", "UNKNOWN_FORM", "CloudFormation"],
    );
    fails(
        &[("main.tf", "resource \"aws_iam_policy\" \"p\" {\n}\n")],
        &["main.tf", "UNKNOWN_FORM", "Terraform"],
    );
    fails(
        &[("dumps.zip", "PK\u{3}\u{4}...")],
        &["dumps.zip", "UNKNOWN_FORM", "unpack"],
    );
    // A limit under another name is none that may be passed over (IN-4).
    for member in [
        r#""PermissionBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/x"}"#,
        r#""permissionsBoundary": "arn:aws:iam::111122223333:policy/x""#,
    ] {
        let dump = user("").replacen("\"Arn\"", &format!("{member}, \"Arn\""), 1);
        fails(
            &[("dump.json", &dump)],
            &["dump.json", "UNKNOWN_FORM", "oundary"],
        );
    }
    // In an element of a list it is told once.
    let list = r#"{"DomainStatusList": [{"Other": {"Statement": [{"Effect": "Deny"}]}}]}"#;
    let found = Folder::new(&[("domains.json", list)]).load().unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
    // Nor is an attached policy in a list that is not known.
    let attached = r#", "AttachedPolicies": [{"PolicyArn": "arn:aws:iam::111122223333:policy/x"}]"#;
    fails(
        &[("dump.json", &user(attached))],
        &["dump.json", "UNKNOWN_FORM", "AttachedPolicies"],
    );
    // What holds no policy is left out and listed.
    let folder = Folder::new(&[
        ("notes.md", "# notes"),
        ("package.json", "{\"name\": \"x\"}"),
        ("dump.json", &user("")),
    ]);
    let report = folder.load().unwrap().report;
    let skipped: Vec<&str> = report.skipped.iter().map(|one| &*one.place).collect();
    assert_eq!(skipped, ["notes.md", "package.json:1:1"]);
}

/// PowerShell writes answers of AWS in UTF-16, under any name.
#[test]
fn utf_16_is_read_under_any_name() {
    let text = user("");
    let plain = Folder::new(&[("dump.json", &text)]);
    let expected = plain.load().unwrap().directory.principal_count();
    for name in ["dump.json", "dump.txt", "dump"] {
        let folder = Folder::new(&[]);
        let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
        let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        std::fs::write(folder.0.join(name), bytes).unwrap();
        let loaded = folder.load().unwrap();
        assert_eq!(loaded.report.skipped.len(), 0, "{name}");
        assert_eq!(loaded.directory.principal_count(), expected, "{name}");
    }
}

#[test]
fn members_that_may_decide_are_not_left_out() {
    let line = |member: &str| format!(r#"{{"arn": "arn:aws:s3:::b", {member}}}"#);
    fails(
        &[("r.json", &line(r#""policies": []"#))],
        &["r.json:1:", "/policies", "`policy`"],
    );
    fails(
        &[("r.json", &line(r#""Account": "111122223333""#))],
        &["`account`"],
    );
    let folder = Folder::new(&[("r.json", &line(r#""region": "eu-west-1""#))]);
    assert!(folder.load().is_ok());
}

#[test]
fn in_5_a_truncated_last_page_is_an_error_or_told() {
    let page = |name: &str, more: bool| {
        format!(
            r#"{{"UserDetailList": [{{"Arn": "arn:aws:iam::111122223333:user/{name}"}}], "IsTruncated": {more}}}"#
        )
    };
    let folder = Folder::new(&[("1.json", &page("a", true)), ("2.json", &page("b", false))]);
    let loaded = folder.load().unwrap();
    assert!(loaded.report.warnings.is_empty() && !loaded.directory.is_incomplete());
    let folder = Folder::new(&[("1.json", &page("a", true)), ("2.json", &page("b", true))]);
    fails(
        &[("1.json", &page("a", true)), ("2.json", &page("b", true))],
        &["2.json", "INCOMPLETE", "there are more"],
    );
    let allowed = LoadOptions {
        allow_missing: true,
        ..LoadOptions::default()
    };
    let loaded = folder.load_with(allowed).unwrap();
    assert_eq!(loaded.report.missing.len(), 1);
    assert!(loaded.directory.is_incomplete());
    let both = format!("{}\n{}", page("a", true), page("b", false));
    let folder = Folder::new(&[("pages.json", &both)]);
    assert!(!folder.load().unwrap().directory.is_incomplete());
    // What the command line of AWS and other services say instead.
    let marked = page("a", false).replace("\"IsTruncated\": false", "\"NextToken\": \"e30=\"");
    let folder = Folder::new(&[("1.json", &marked)]);
    assert!(folder.load().is_err());
    assert!(folder.load_with(allowed).unwrap().directory.is_incomplete());
    let folder = Folder::new(&[("1.json", &marked), ("2.json", &page("b", false))]);
    assert!(!folder.load().unwrap().directory.is_incomplete());
    let first = r#"{"VpcEndpoints": [], "NextToken": "e30="}"#;
    let last = r#"{"VpcEndpoints": [], "NextToken": ""}"#;
    let is_incomplete = |pages: &[&str]| {
        let folder = Folder::new(&[("endpoints.json", &pages.join("\n"))]);
        let loaded = folder.load_with(allowed).unwrap();
        let is_incomplete = loaded.directory.is_incomplete();
        assert_eq!(loaded.report.missing.len(), usize::from(is_incomplete));
        assert_eq!(folder.load().is_err(), is_incomplete);
        is_incomplete
    };
    assert!(is_incomplete(&[first]));
    assert!(is_incomplete(&[first, first]));
    assert!(!is_incomplete(&[first, last]));
    assert!(!is_incomplete(&[last]));
}

#[test]
fn callers_must_be_known() {
    let role = format!(
        r#"{{"UserDetailList": [{{"Arn": "arn:aws:iam::111122223333:user/team/ann"}}], "RoleDetailList": [{{"Arn":
        "arn:aws:iam::111122223333:role/app/R", "AssumeRolePolicyDocument": {ALLOW_ANYONE}}}]}}"#
    );
    let folder = Folder::new(&[("dump.json", &role)]);
    let directory = folder.load().unwrap().directory;
    let ask = |principal: &str, more: &str| {
        let request = format!(
            r#"{{"principal": {principal}, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"{more}}}"#
        );
        ask(&directory, &request)
    };
    let known = r#""arn:aws:iam::111122223333:user/team/ann""#;
    assert_eq!(ask(known, ""), "ImplicitDeny");
    for (principal, more, word) in [
        (
            r#""arn:aws:iam::111122223333:user/ann""#,
            "",
            "user/team/ann",
        ),
        (r#""arn:aws:iam::111122223333:user/bob""#, "", "has no"),
        (r#""arn:aws:iam::111122223333:role/R""#, "", "role/app/R"),
        (
            r#""arn:aws:sts::111122223333:assumed-role/S/s""#,
            "",
            "no role `S`",
        ),
        (
            r#"{"arn": "arn:aws:sts::111122223333:assumed-role/R/s", "roleArn": "arn:aws:iam::111122223333:role/other/R"}"#,
            "",
            "its role is",
        ),
        (
            r#""arn:aws:sts::111122223333:federated-user/f""#,
            "",
            "federatedBy",
        ),
        (
            r#""arn:aws:iam::444455556666:user/bob""#,
            "",
            "no account 444455556666",
        ),
        (r#""444455556666""#, "", "no account 444455556666"),
        (
            known,
            r#", "identity": []"#,
            "`identity` is for other accounts",
        ),
        (
            "null",
            r#", "identity": []"#,
            "only for callers that belong to an account",
        ),
    ] {
        let found = ask(principal, more);
        assert!(found.contains(word), "{principal}: {found}");
    }
    let session = r#""arn:aws:sts::111122223333:assumed-role/R/s""#;
    assert_eq!(ask(session, ""), "ImplicitDeny");
    let stranger = r#""arn:aws:iam::444455556666:user/bob""#;
    let identity = format!(r#", "identity": [{ALLOW}]"#);
    assert_eq!(ask(stranger, &identity), "Allow");
}

const ALLOW_ANYONE: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
