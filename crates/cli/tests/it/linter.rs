//! What makes `check` a linter: one list, chosen by code and group, configuration, suppressions, baselines, fixes, and policies
//! in other documents.

use serde_json::Value;

use crate::support::{Folder, Run, value};

const OPEN: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Pass",
      "Effect": "Allow",
      "Action": ["iam:PassRole", "s3:Get*", "s3:GetObject"],
      "Resource": "*"
    },
    {
      "Sid": "Mfa",
      "Effect": "Deny",
      "Action": "ec2:TerminateInstances",
      "Resource": "*",
      "Condition": {"bool": {"aws:MultiFactorAuthPresent": "false"}}
    }
  ]
}
"#;

fn codes(run: &Run) -> Vec<String> {
    let found = value(run);
    let found = found.as_array().unwrap().iter();
    found
        .map(|one| one["code"].as_str().unwrap().to_owned())
        .collect()
}

fn text(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder.read(name)).unwrap()
}

fn check(folder: &Folder, more: &[&str]) -> Run {
    let mut args = vec!["check", "--format", "json"];
    args.extend(more);
    folder.run(&args)
}

/// Load errors, Access Analyzer's findings, advice of the reader and checks of our own stand in one list, by place, each once.
#[test]
fn one_list_of_everything() {
    let folder = Folder::new();
    folder.write("open.json", OPEN);
    let run = check(&folder, &["open.json"]);
    assert_eq!(run.code, 0);
    assert_eq!(
        codes(&run),
        [
            "PASS_ROLE_WITH_STAR_IN_RESOURCE",
            "REDUNDANT_ACTION",
            "NON_CANONICAL_OPERATOR",
            "MFA_NOT_ASKED_OF_ACCESS_KEYS",
        ]
    );
    let found = value(&run);
    let groups: Vec<&Value> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["group"])
        .collect();
    assert_eq!(
        groups,
        ["access-analyzer", "access-analyzer", "advice", "semantics"]
    );
    assert_eq!(found[0]["level"], "SECURITY_WARNING");
    assert_eq!(
        found[3]["path"],
        "/Statement/1/Condition/bool/aws:MultiFactorAuthPresent#"
    );
    // A place of a reader and one of the linter are one finding, and what does not load is of the group `load`.
    folder.write("twice.json", OPEN.replace("\"Allow\"", "\"Permit\""));
    let found = value(&check(&folder, &["twice.json"]));
    let effect: Vec<&Value> = found
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["code"] == "INVALID_EFFECT")
        .collect();
    assert_eq!(effect.len(), 1);
    assert_eq!(
        (&effect[0]["group"], &effect[0]["loads"]),
        (&"load".into(), &false.into())
    );
    let human = folder.run(&["check", "open.json"]).stdout;
    assert!(
        human.contains("warning[PASS_ROLE_WITH_STAR_IN_RESOURCE]: "),
        "{human}"
    );
    assert!(human.contains("(access-analyzer, security)"), "{human}");
    assert!(
        human.ends_with("0 errors, 3 warnings, 1 suggestion in 1 file\n"),
        "{human}"
    );
}

#[test]
fn codes_and_groups_are_chosen() {
    let folder = Folder::new();
    folder.write("open.json", OPEN);
    let of = |more: &[&str]| {
        let mut args = vec!["open.json"];
        args.extend(more);
        check(&folder, &args)
    };
    assert_eq!(
        codes(&of(&["--select", "semantics"])),
        ["MFA_NOT_ASKED_OF_ACCESS_KEYS"]
    );
    assert_eq!(
        codes(&of(&["--ignore", "access-analyzer,advice"])),
        ["MFA_NOT_ASKED_OF_ACCESS_KEYS"]
    );
    // A code counts before its group.
    let run = of(&[
        "--ignore",
        "access-analyzer",
        "--deny",
        "redundant_action",
        "--select",
        "semantics",
    ]);
    assert_eq!(
        codes(&run),
        ["REDUNDANT_ACTION", "MFA_NOT_ASKED_OF_ACCESS_KEYS"]
    );
    assert_eq!(run.code, 3);
    assert_eq!(of(&["--deny", "semantics"]).code, 3);
    assert_eq!(of(&["--fail-on", "security-warning"]).code, 3);
    assert_eq!(
        of(&[
            "--fail-on",
            "security-warning",
            "--ignore",
            "access-analyzer,semantics"
        ])
        .code,
        0
    );
    assert_eq!(
        of(&["--fail-on", "suggestion", "--select", "REDUNDANT_ACTION"]).code,
        3
    );
    assert_eq!(
        of(&["--fail-on", "warning", "--select", "REDUNDANT_ACTION"]).code,
        0
    );
    // What is seldom a mistake is told to who asks for it.
    folder.write("star.json", r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:TerminateInstances", "Resource": "*"}]}"#);
    assert!(codes(&check(&folder, &["star.json"])).is_empty());
    assert_eq!(
        codes(&check(
            &folder,
            &["star.json", "--warn", "STAR_THOUGH_RESTRICTABLE"]
        )),
        ["STAR_THOUGH_RESTRICTABLE"]
    );
    let run = of(&["--ignore", "REDUNDANT_ACTIONS"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("did you mean REDUNDANT_ACTION?"),
        "{}",
        run.stderr
    );
    let run = of(&["--ignore", "load"]);
    assert_eq!(run.code, 1);
}

#[test]
fn the_nearest_configuration_counts() {
    let folder = Folder::new();
    for below in ["a/b", "a/scps"] {
        std::fs::create_dir_all(folder.0.join(below)).unwrap();
    }
    folder.write("a/b/open.json", OPEN);
    folder.write("a/scps/regions.json", r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}]}"#);
    folder.write(
        "portcullis.toml",
        r#"
[check]
ignore = ["advice"]
deny = ["semantics"]

[[check.types]]
files = "a/scps/**"
type = "scp"

[[check.allow]]
files = "a/b/*.json"
code = "PASS_ROLE_WITH_STAR_IN_RESOURCE"
sid = "Pass"
reason = "the roles are those of one service"

[[check.allow]]
files = "a/b/*.json"
code = "REDUNDANT_ACTION"
reason = "until the generator is mended"
until = 2020-01-31

[[check.allow]]
files = "a/b/*.json"
code = "quota"
reason = "nothing needs it"
"#,
    );
    let run = check(&folder, &["a/b/open.json"]);
    assert_eq!(
        codes(&run),
        ["REDUNDANT_ACTION", "MFA_NOT_ASKED_OF_ACCESS_KEYS"]
    );
    assert_eq!(run.code, 3);
    assert!(
        run.stderr.contains("portcullis.toml:16: "),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("expired on 2020-01-31"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("the suppression of quota in a/b/*.json is unused"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("PASS_ROLE"), "{}", run.stderr);
    assert_eq!(
        codes(&check(&folder, &["a/scps/regions.json"])),
        ["SCP_SYNTAX_ERROR_PRINCIPAL"]
    );
    assert_eq!(
        codes(&check(&folder, &["--no-config", "a/b/open.json"])).len(),
        4
    );
    for (text, what) in [
        (
            "[check]\nignored = []\n",
            ":2:1: unknown member `ignored` in `check`",
        ),
        (
            "[check]\nignore = [\"nothing\"]\n",
            ":2:11: unknown code or group",
        ),
        ("[check]\nfail-on = 1\n", ":2:11: expected a string"),
        (
            "[[check.allow]]\nfiles = \"*\"\ncode = \"trust\"\n",
            "`reason` is missing",
        ),
        ("[check\n", "portcullis.toml:1:"),
    ] {
        folder.write("a/portcullis.toml", text);
        let run = check(&folder, &["a/b/open.json"]);
        assert_eq!(run.code, 1, "{text}");
        assert!(run.stderr.contains(what), "{text}: {}", run.stderr);
    }
}

/// A fingerprint stays the same in another layout, and a second finding of the same kind is new.
#[test]
fn a_baseline_lets_be_what_was_there() {
    let folder = Folder::new();
    folder.write("open.json", OPEN);
    let run = check(&folder, &["open.json", "--write-baseline", "known.json"]);
    assert_eq!(run.code, 0);
    assert!(run.stderr.contains("records 4 findings"), "{}", run.stderr);
    let other: Value = serde_json::from_str(OPEN).unwrap();
    let mut statements = other["Statement"].as_array().unwrap().clone();
    statements.reverse();
    statements[0]["Sid"] = "Renamed".into();
    let text = serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    folder.write("open.json", &text);
    let run = check(&folder, &["open.json", "--baseline", "known.json"]);
    assert!(codes(&run).is_empty(), "{}", run.stdout);
    assert!(
        run.stderr.contains("4 findings suppressed by the baseline"),
        "{}",
        run.stderr
    );
    statements
        .push(serde_json::json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}));
    folder.write(
        "open.json",
        serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string(),
    );
    let run = check(&folder, &["open.json", "--baseline", "known.json"]);
    assert_eq!(codes(&run), ["PASS_ROLE_WITH_STAR_IN_RESOURCE"]);
    // What keeps a document from loading is never let be.
    folder.write("open.json", "{");
    assert_eq!(
        check(&folder, &["open.json", "--baseline", "known.json"]).code,
        3
    );
    folder.write("known.json", "[]");
    assert_eq!(
        check(&folder, &["open.json", "--baseline", "known.json"]).code,
        1
    );
}

#[test]
fn files_are_mended() {
    let folder = Folder::new();
    folder.write("open.json", OPEN);
    let run = folder.run(&["check", "open.json", "--diff"]);
    assert!(run.stdout.contains("-      \"Action\": [\"iam:PassRole\", \"s3:Get*\", \"s3:GetObject\"],\n+      \"Action\": [\"iam:PassRole\", \"s3:Get*\"],\n"), "{}", run.stdout);
    assert_eq!(text(&folder, "open.json"), OPEN);
    let run = check(&folder, &["open.json", "--fix"]);
    assert_eq!(
        codes(&run),
        [
            "PASS_ROLE_WITH_STAR_IN_RESOURCE",
            "MFA_NOT_ASKED_OF_ACCESS_KEYS"
        ]
    );
    let expected = OPEN
        .replace(", \"s3:GetObject\"", "")
        .replace("\"bool\"", "\"Bool\"");
    assert_eq!(text(&folder, "open.json"), expected);
    let run = check(
        &folder,
        &["open.json", "--fix", concat!("--un", "safe-fixes")],
    );
    assert_eq!(codes(&run), ["PASS_ROLE_WITH_STAR_IN_RESOURCE"]);
    assert_eq!(
        text(&folder, "open.json"),
        expected.replace("\"Bool\"", "\"BoolIfExists\"")
    );
    // What was not to be told is not mended either.
    folder.write("open.json", OPEN);
    check(
        &folder,
        &["open.json", "--fix", "--ignore", "REDUNDANT_ACTION"],
    );
    assert_eq!(
        text(&folder, "open.json"),
        OPEN.replace("\"bool\"", "\"Bool\"")
    );
}

#[test]
fn comments_let_findings_be() {
    let folder = Folder::new();
    let text = "policy p {\n  # allow(PASS_ROLE_WITH_STAR_IN_RESOURCE): the roles are those of one service\n  allow iam:PassRole on *\n  deny ec2:TerminateInstances on *\n    when aws:MultiFactorAuthPresent is false # allow(semantics): keys are for machines\n  # allow(quota): nothing needs it\n  allow s3:GetObject on arn:aws:s3:::b/* # allow(trust)\n}\n";
    folder.write("p.iam", text);
    let run = check(&folder, &["p.iam"]);
    assert_eq!(
        codes(&run),
        ["UNUSED_ALLOW", "UNUSED_ALLOW"],
        "{}",
        run.stdout
    );
    let found = value(&run);
    assert_eq!(
        (&found[0]["line"], &found[1]["line"]),
        (&6.into(), &7.into())
    );
    assert!(
        found[1]["message"]
            .as_str()
            .unwrap()
            .contains("reason is missing")
    );
    assert_eq!(
        check(&folder, &["p.iam", "--ignore", "UNUSED_ALLOW"]).stdout,
        "[]\n"
    );
}

const TEMPLATE: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: &trust
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: !Sub "lambda.${AWS::URLSuffix}"
            Action: sts:AssumeRole
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              - Effect: Allow
                Action:
                  - iam:PassRole
                  - !Ref MoreActions
                Resource: "*"
              - Effect: Allow
                Action: s3:GetObject
                Resource: !GetAtt Bucket.Arn
              - Effect: Allow
                Action: s3:GetObject
                Resource: !Sub "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Queue}"
  Other:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: *trust
"#;

/// Places are those of the template; nothing is said of what a function stands for.
#[test]
fn policies_in_templates_are_checked() {
    let folder = Folder::new();
    folder.write("template.yaml", TEMPLATE);
    let run = check(&folder, &["template.yaml"]);
    let found = value(&run);
    assert_eq!(
        codes(&run),
        [
            "PASS_ROLE_WITH_STAR_IN_RESOURCE",
            "ACTION_AND_RESOURCE_DO_NOT_MEET"
        ],
        "{}",
        run.stdout
    );
    assert_eq!(
        (&found[0]["line"], &found[0]["column"]),
        (&20.into(), &21.into())
    );
    assert_eq!(
        found[0]["document"],
        "/Resources/Role/Properties/Policies/0/PolicyDocument"
    );
    assert_eq!(found[1]["line"], 27);
    // Aliases that make more of a text than it weighs are not followed.
    let mut bomb = String::from(
        "Resources:\n  a:\n    Type: AWS::IAM::Role\n    x0: &x0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n",
    );
    for level in 1..9 {
        let before = level - 1;
        let list = vec![format!("*x{before}"); 9].join(", ");
        bomb.push_str(&format!("    x{level}: &x{level} [{list}]\n"));
    }
    folder.write("bomb.yaml", &bomb);
    let run = check(&folder, &["bomb.yaml"]);
    assert_eq!(
        (run.code, codes(&run)),
        (3, vec!["SYNTAX_ERROR".to_owned()]),
        "{}",
        run.stdout
    );
    // A second document would not be read.
    folder.write("two.yaml", "Resources: {}\n---\nResources: {}\n");
    let run = check(&folder, &["two.yaml"]);
    assert_eq!(
        (run.code, codes(&run)),
        (3, vec!["SYNTAX_ERROR".to_owned()]),
        "{}",
        run.stdout
    );
    // The same in JSON, with a document in a string, as plans have it.
    let plan = serde_json::json!({
        "format_version": "1.2", "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [{
            "address": "aws_iam_policy.p", "type": "aws_iam_policy",
            "values": {"policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"iam:PassRole\",\"Resource\":\"*\"}]}"},
        }]}},
    });
    folder.write("plan.json", plan.to_string());
    let run = check(&folder, &["plan.json"]);
    assert_eq!(codes(&run), ["PASS_ROLE_WITH_STAR_IN_RESOURCE"]);
    let found = value(&run);
    assert_eq!(found[0]["type"], "identity");
    assert_eq!(
        found[0]["document"],
        "/planned_values/root_module/resources/0/values/policy"
    );
    assert!(found[0]["documentColumn"].is_number());
    // A template without policies is still none itself.
    folder.write("empty.json", r#"{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"B": {"Type": "AWS::S3::Bucket"}}}"#);
    assert_eq!(
        codes(&check(&folder, &["empty.json"])),
        ["FOREIGN_DOCUMENT"]
    );
}
