//! `check`.
use crate::support;
use crate::support::{ALL, Folder, READER, folder, root, value};
use serde_json::json;

#[test]
fn check_finds_problems() {
    let folder = folder();
    // A public network: a private one cannot be where a request comes from.
    folder.write(
        "public.json",
        READER.replace("10.0.0.0/8", "203.0.113.0/24"),
    );
    let run = folder.run(&["check", "all.json", "public.json", "named.json"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(
        run.stdout
            .ends_with("0 errors, 4 warnings, 0 suggestions in 3 files\n"),
        "{}",
        run.stdout
    );
    let run = folder.run(&["check", "all.json", "invalid.json"]);
    assert_eq!(run.code, 3);
    assert!(
        run.stdout.contains("error[INVALID_EFFECT]"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("--> invalid.json:1:51"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.starts_with("error: "));
    folder.write(
        "warn.json",
        ALL.replace("\"Version\": \"2012-10-17\", ", ""),
    );
    let run = folder.run(&["check", "warn.json", "--format", "json"]);
    assert_eq!(run.code, 0);
    assert_eq!(
        value(&run)[0],
        json!({
            "version": 1, "file": "warn.json", "type": "identity", "code": "MISSING_VERSION", "group": "access-analyzer",
            "severity": "warning", "level": "WARNING", "loads": true,
            "line": 1, "column": 1, "endLine": 1, "endColumn": 2, "offset": 0, "endOffset": 1, "path": "",
            "message": "without `Version` the document defaults to version 2008-10-17, where policy variables are literal text",
            "help": "add `\"Version\": \"2012-10-17\"`",
        })
    );
    assert_eq!(
        value(&folder.run(&["check", "--format", "json", "public.json"])),
        json!([])
    );
    let run = folder.run(&["check", "all.json", "missing.json"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("error: cannot read missing.json"));
}

/// The formats of other programs, of a file whose name and content mean something to each of them.
#[test]
fn check_writes_the_formats_of_other_programs() {
    let folder = folder();
    let name = "a%0A,<b>&.json";
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "al\n::low]]>", "Action": "s3:*", "Resource": "*"}]}"#;
    folder.write(name, text);
    // A public network: a private one cannot be where a request comes from.
    folder.write("fine.json", READER.replace("10.0.0.0/8", "203.0.113.0/24"));
    let run = |format: &str| folder.run(&["check", name, "fine.json", "--format", format]);
    let sarif = run("sarif");
    assert_eq!(sarif.code, 3, "{sarif:?}");
    let log = &value(&sarif)["runs"][0];
    assert_eq!(log["results"][0]["ruleId"], "INVALID_EFFECT");
    let place = &log["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%250A%2C%3Cb%3E%26.json");
    assert_eq!(place["region"]["startColumn"], 52);
    assert_eq!(log["artifacts"].as_array().unwrap().len(), 2);
    let github = run("github");
    assert_eq!(github.code, 3);
    assert_eq!(github.stdout.lines().count(), 1, "{github:?}");
    let start = "::error file=a%250A%2C<b>&.json,line=1,endLine=1,col=52,";
    assert!(github.stdout.starts_with(start), "{github:?}");
    let junit = run("junit");
    assert_eq!(junit.code, 3);
    for part in [
        r#"tests="2" failures="1""#,
        r#"<testcase name="a%0A,&lt;b&gt;&amp;.json""#,
        r#"<failure type="INVALID_EFFECT""#,
        r#"<testcase name="fine.json" classname="policies"/>"#,
    ] {
        assert!(junit.stdout.contains(part), "{part}: {}", junit.stdout);
    }
}

#[test]
fn check_takes_or_guesses_the_type() {
    let folder = folder();
    assert_eq!(folder.run(&["check", "everyone.json"]).code, 0);
    assert_eq!(
        folder
            .run(&["check", "everyone.json", "--type", "identity"])
            .code,
        3
    );
    assert_eq!(
        folder
            .run(&["check", "all.json", "--type", "vpc-endpoint"])
            .code,
        3
    );
    assert_eq!(folder.run(&["check", "all.json", "--type", "what"]).code, 1);
    let statement = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"} MORE}]}"#;
    let types = [
        ("", "trust"),
        (r#", "Resource": "*""#, "resource"),
        (r#", "x": 1"#, "trust"),
    ];
    for (more, kind) in types {
        // A problem, so that the type shows.
        let text = statement
            .replace("MORE", more)
            .replace("\"Effect\"", "\"Sid\": 1, \"Effect\"");
        let run = folder.run_with(&["check", "--format", "json", "-"], text.as_bytes());
        assert_eq!(value(&run)[0]["type"], kind, "{text}");
    }
}

/// What the rules call an error makes `check` fail; the document loads and decides all the same (`GRAM-13`).
#[test]
fn an_error_of_the_lint_does_not_keep_a_document_from_deciding() {
    let folder = folder();
    let run = folder.run(&["check", "reader.json", "--format", "json"]);
    assert_eq!(run.code, 3);
    let found = value(&run);
    assert_eq!(found[0]["code"], "PRIVATE_IP_ADDRESS");
    assert_eq!(
        (&found[0]["severity"], &found[0]["loads"]),
        (&json!("error"), &json!(true))
    );
    let allowed = [
        "--identity",
        "reader.json",
        "--context",
        "aws:SourceIp=10.1.1.1",
    ];
    assert_eq!(support::decide(&folder, "s3:GetObject", &allowed).0, 0);
    let run = folder.run(&["check", "invalid.json", "--format", "json"]);
    assert_eq!((run.code, &value(&run)[0]["loads"]), (3, &json!(false)));
}

/// `GRAM-54`: policies of these services leave `Resource` out, those of others do not.
#[test]
fn resource_policies_without_resource() {
    let folder = Folder::new();
    for (actions, code) in [
        (
            r#"["elasticfilesystem:ClientRootAccess", "elasticfilesystem:ClientWrite"]"#,
            0,
        ),
        (r#""ecr:BatchGetImage""#, 0),
        (r#""ecr-public:*""#, 0),
        (r#""sts:AssumeRole""#, 0),
        (r#"["ecr:BatchGetImage", "s3:GetObject"]"#, 3),
        (r#""ecrx:y""#, 3),
        (r#""*""#, 3),
    ] {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*", "Action": {actions}}}]}}"#
        );
        let run = folder.run_with(&["check", "--type", "resource", "-"], text.as_bytes());
        assert_eq!(run.code, code, "{actions}: {run:?}");
    }
}

/// The advice is given for the policy language, too.
#[test]
fn the_policy_language_gets_the_same_advice() {
    let folder = Folder::new();
    folder.write("p.json", r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotLike": {"aws:PrincipalOrgPaths": "o-a/*"}}}]}"#);
    let converted = folder.run(&["convert", "--to", "dsl", "p.json"]);
    assert_eq!(converted.code, 0, "{converted:?}");
    folder.write("p.iam", &converted.stdout);
    for file in ["p.json", "p.iam"] {
        let run = folder.run(&["check", "--format", "json", file]);
        assert_eq!(
            (run.code, &value(&run)[0]["code"]),
            (3, &json!("MISSING_QUALIFIER")),
            "{run:?}"
        );
    }
}

/// The cases that were reported, where they are at hand.
#[test]
fn reported_cases_get_their_code() {
    let path = root().join("../shared/data/reported/cases.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: there is no {}", path.display());
        return;
    };
    let folder = Folder::new();
    let mut count = 0;
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        if case["kind"] != "check" {
            continue;
        }
        count += 1;
        let kind = case["type"].as_str().unwrap();
        let text = case["text"].as_str().unwrap();
        let arguments = ["check", "--type", kind, "--format", "json", "-"];
        let run = folder.run_with(&arguments, text.as_bytes());
        let found = value(&run);
        let found: Vec<_> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["code"])
            .collect();
        assert!(
            found.contains(&&case["expect"]),
            "{}: {found:?}",
            case["name"]
        );
    }
    assert_eq!(count, 5);
}

/// The answer of ValidatePolicy, for one document, under AWS's names and ours (`AA-1`, `AA-7`).
#[test]
fn check_answers_as_access_analyzer() {
    let folder = Folder::new();
    folder.write(
        "pass.json",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}"#,
    );
    let check = |more: &[&str]| {
        let mut arguments = vec!["check", "--format", "access-analyzer"];
        arguments.extend(more);
        folder.run(&arguments)
    };
    let code = "PASS_ROLE_WITH_STAR_IN_RESOURCE";
    for kind in ["identity", "session", "boundary", "IDENTITY_POLICY"] {
        let run = check(&["--type", kind, "pass.json"]);
        assert_eq!(run.code, 0);
        let found = value(&run);
        assert_eq!(found["findings"].as_array().unwrap().len(), 1);
        assert_eq!(found["findings"][0]["issueCode"], code);
    }
    for (level, expected) in [
        ("error", 0),
        ("security-warning", 3),
        ("warning", 3),
        ("suggestion", 3),
        ("none", 0),
    ] {
        assert_eq!(
            check(&["--fail-on", level, "pass.json"]).code,
            expected,
            "{level}"
        );
    }
    let run = check(&["--type", "SERVICE_CONTROL_POLICY", "pass.json"]);
    assert_eq!(value(&run), json!({"findings": []}));
    assert_eq!(check(&["--type", "POLICY", "pass.json"]).code, 1);
    assert_eq!(check(&["pass.json", "pass.json"]).code, 1);

    folder.write(
        "bucket.json",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"},
            "Action": "s3:GetObject", "Resource": "arn:aws:sqs:us-east-1:111122223333:q"}]}"#,
    );
    assert_eq!(check(&["--type", "RESOURCE_POLICY", "bucket.json"]).code, 0);
    let run = check(&["--type", "resource", "-R", "AWS::S3::Bucket", "bucket.json"]);
    assert_eq!(run.code, 3);
    assert_eq!(
        value(&run)["findings"][0]["issueCode"],
        "UNSUPPORTED_RESOURCE_ARN_IN_POLICY"
    );
    assert_eq!(check(&["-R", "Bucket", "bucket.json"]).code, 1);
    let run = folder.run(&["check", "-R", "AWS::S3::Bucket", "bucket.json"]);
    assert_eq!(run.code, 0);
    assert!(
        run.stdout
            .contains("warning[UNSUPPORTED_RESOURCE_ARN_IN_POLICY]")
    );

    folder.write("scp.json", r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*Object", "Resource": "*"}]}"#);
    assert_eq!(check(&["--type", "scp", "scp.json"]).code, 0);
    assert_eq!(
        check(&["--type", "scp", "--old-scp-rules", "scp.json"]).code,
        3
    );
}

/// Places are those of the document alone, in whatever form it arrives; the policy language has places of its own text.
#[test]
fn access_analyzer_gets_the_document_alone() {
    let folder = Folder::new();
    let document = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "nosuch:Get", "Resource": "*"}]}"#;
    folder.write("plain.json", document);
    folder.write(
        "named.json",
        format!("{{\"name\": \"p\", \"document\": {document}}}"),
    );
    folder.write(
        "string.json",
        json!({"PolicyName": "p", "PolicyDocument": document}).to_string(),
    );
    let check = |file: &str| {
        folder.run(&[
            "check",
            "--format",
            "access-analyzer",
            "--type",
            "identity",
            file,
        ])
    };
    let plain = check("plain.json");
    assert_eq!(
        (
            plain.code,
            value(&plain)["findings"].as_array().unwrap().len()
        ),
        (3, 1)
    );
    for file in ["named.json", "string.json"] {
        assert_eq!(check(file).stdout, plain.stdout, "{file}");
    }
    let iam = folder.run(&["convert", "--to", "dsl", "plain.json"]);
    assert_eq!(iam.code, 0);
    folder.write("own.iam", &iam.stdout);
    let own = check("own.iam");
    let place = &value(&own)["findings"][0]["locations"][0]["span"];
    let offset = |end: &str| usize::try_from(place[end]["offset"].as_u64().unwrap()).unwrap();
    assert!(iam.stdout[offset("start")..offset("end")].contains("nosuch:Get"));
    let broken = folder.run_with(&["check", "--format", "access-analyzer", "-"], b"{\xff}");
    assert_eq!(
        (broken.code, &value(&broken)["findings"][0]["issueCode"]),
        (3, &json!("JSON_SYNTAX_ERROR"))
    );
}

#[test]
fn codes_are_explained() {
    let folder = Folder::new();
    let run = folder.run(&["explain-code", "pass_role_with_star_in_resource"]);
    assert_eq!(run.code, 0);
    assert!(
        run.stdout
            .starts_with("### PASS_ROLE_WITH_STAR_IN_RESOURCE\n")
    );
    assert_eq!(
        folder.run(&["explain-code"]).stdout.lines().count(),
        153 + 28
    );
    let run = folder.run(&["explain-code", "PASS_ROLE_WITH_STAR_IN_RESORCE"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr
            .contains("did you mean PASS_ROLE_WITH_STAR_IN_RESOURCE?"),
        "{}",
        run.stderr
    );
    assert!(
        folder
            .run(&["explain-code", "FOREIGN_TEMPLATE"])
            .stderr
            .contains("reader")
    );
}

/// `--fail-on` counts problems of our own formats, too.
#[test]
fn check_fails_from_a_level_on() {
    let folder = folder();
    folder.write(
        "warn.json",
        ALL.replace("\"Version\": \"2012-10-17\", ", ""),
    );
    for (level, expected) in [
        ("error", 0),
        ("security-warning", 3),
        ("warning", 3),
        ("suggestion", 3),
        ("none", 0),
    ] {
        assert_eq!(
            folder.run(&["check", "--fail-on", level, "warn.json"]).code,
            expected,
            "{level}"
        );
    }
}

/// A folder stands for the files in it that hold policies; what is left out is said.
#[test]
fn check_walks_folders() {
    let folder = folder();
    for name in ["p", "p/a", "p/b", "p/.git", "empty"] {
        std::fs::create_dir(folder.0.join(name)).unwrap();
    }
    folder.write("p/b/all.json", ALL);
    folder.write("p/scp.json", ALL.replace("\"Allow\"", "\"allow\""));
    folder.write("p/a/one.iam", "policy one { allow s3:GetObject on * }\n");
    folder.write("p/.git/bad.json", "{");
    folder.write("p/package.json", r#"{"name": "x", "scripts": {"a": "b"}}"#);
    folder.write("p/values.yml", "a: 1\n");
    folder.write("p/notes.md", "Statement");
    let run = folder.run(&["check", "--format", "json", "p"]);
    assert_eq!(run.code, 3, "{run:?}");
    let found = value(&run);
    let files: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["file"].as_str().unwrap())
        .collect();
    let mut sorted = files.clone();
    sorted.sort_unstable();
    assert!(
        files == sorted && files.contains(&"p/scp.json"),
        "{files:?}"
    );
    let left_out = "note: p: 3 files without policies not checked, such as notes.md";
    assert!(run.stderr.contains(left_out), "{}", run.stderr);
    // Types by the globs of the configuration, as for files that are named.
    folder.write(
        "p/portcullis.toml",
        "[[check.types]]\nfiles = \"scp.json\"\ntype = \"scp\"\n",
    );
    let of_scp = |found: &serde_json::Value| {
        found
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["file"] == "p/scp.json" && one["type"] == "scp")
    };
    let found = value(&folder.run(&["check", "--format", "json", "p"]));
    assert!(of_scp(&found), "{found}");
    let run = folder.run(&["check", "p", "--exclude", "scp.json", "--exclude", "a"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.ends_with(" in 1 file\n"), "{}", run.stdout);
    assert!(
        run.stderr.contains("--exclude left out 2 "),
        "{}",
        run.stderr
    );
    // What is no JSON is checked: nobody knows what it holds.
    folder.write("p/package.json", "{\"name\": ");
    let run = folder.run(&["check", "p"]);
    assert!(
        run.code == 3 && run.stdout.contains("p/package.json:1"),
        "{run:?}"
    );
    let run = folder.run(&["check", "empty"]);
    assert_eq!(run.code, 1, "{run:?}");
    let message = "error: empty: no file in this folder holds a policy";
    assert!(run.stderr.starts_with(message), "{run:?}");
    assert_eq!(folder.run(&["check", "all.json", "missing"]).code, 1);
}

/// What an account has more of than AWS allows without asking (`QUO-2`, `QUO-5`, `QUO-6`, `QUO-20`, `QUO-23`); exactly as much is no finding.
#[test]
fn check_knows_the_quotas_of_accounts() {
    let folder = folder();
    let arn = |kind: &str, name: &str| format!("arn:aws:iam::111122223333:{kind}/{name}");
    let list = |count: usize, each: &dyn Fn(usize) -> serde_json::Value| {
        (0..count).map(each).collect::<Vec<_>>()
    };
    let document = |size: usize| {
        json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "S".repeat(size), "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]})
    };
    let inline = |size: usize| json!([{"PolicyName": "p", "PolicyDocument": document(size)}]);
    let base = document(0).to_string().len();
    let dump = |more: usize| {
        let attached = list(
            10 + more,
            &|n| json!({"PolicyName": "p", "PolicyArn": arn("policy", &n.to_string())}),
        );
        let user = json!({"UserName": "u", "Arn": arn("user", "u"), "UserPolicyList": inline(2_048 - base + more),
            "GroupList": list(10 + more, &|n| json!(format!("g{n}"))), "AttachedManagedPolicies": attached,
            "Tags": list(50 + more, &|n| json!({"Key": n.to_string(), "Value": ""}))});
        let groups = list(
            300 + more,
            &|n| json!({"GroupName": n.to_string(), "Arn": arn("group", &n.to_string())}),
        );
        let versions = list(
            5 + more,
            &|n| json!({"VersionId": format!("v{n}"), "IsDefaultVersion": n == 0, "Document": document(0)}),
        );
        json!({"UserDetailList": [user], "GroupDetailList": groups, "RoleDetailList": [],
            "Policies": [{"Arn": arn("policy", "m"), "PolicyVersionList": versions}]})
    };
    let found = |more: usize| {
        folder.write("dump.json", dump(more).to_string());
        let all = value(&folder.run(&["check", "--format", "json", "dump.json"]));
        let all = all.as_array().unwrap().clone();
        let own = all
            .into_iter()
            .filter(|one| one["code"] == "EXCEEDS_ACCOUNT_QUOTA");
        own.map(|one| {
            format!(
                "{} {}",
                one["group"].as_str().unwrap(),
                one["message"].as_str().unwrap()
            )
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(found(0), [""; 0]);
    let user = "the user `arn:aws:iam::111122223333:user/u`";
    assert_eq!(found(1), [
        format!("quota {user} has 11 managed policies; it may have 10, or up to 20 on request"),
        format!("quota {user} is in 11 groups; a user may be in 10"),
        format!("quota {user} has 51 tags; it may have 50"),
        format!("quota the inline policies of {user} have 2049 characters together, not counting whitespace; they may have 2048"),
        "quota account 111122223333 has 301 groups; an account may have 300 groups, or up to 500 on request".to_string(),
        "quota the managed policy `arn:aws:iam::111122223333:policy/m` has 6 versions; it may have 5".to_string(),
    ]);
    let run = folder.run(&["check", "dump.json", "--ignore", "quota"]);
    assert!(!run.stdout.contains("QUOTA"), "{}", run.stdout);
}

/// What `convert` writes of several policies.
#[test]
fn check_reads_lists_of_policies() {
    let folder = folder();
    folder.write(
        "two.iam",
        "policy a { allow iam:PassRole on * }\nscp policy b { deny s3:* on * }\n",
    );
    let json = folder.run(&["convert", "--to", "json", "two.iam"]);
    assert_eq!(json.code, 0, "{json:?}");
    folder.write("two.json", &json.stdout);
    let run = folder.run(&["check", "two.json", "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let found = value(&run);
    let first = &found[0];
    assert_eq!(
        (&first["code"], &first["document"]),
        (
            &json!("PASS_ROLE_WITH_STAR_IN_RESOURCE"),
            &json!("/0/document")
        )
    );
    folder.write("two.json", json.stdout.replace("Deny", "deny"));
    let run = folder.run(&["check", "two.json"]);
    assert!(
        run.code == 3 && run.stdout.contains("error[INVALID_EFFECT]"),
        "{run:?}"
    );
}
