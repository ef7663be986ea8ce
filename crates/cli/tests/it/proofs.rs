//! `check --proofs`: the codes of the group proof, which the linter by itself does not find.

use portcullis_lint::{Document, Group, Rule, document, rules};
use serde_json::Value;

use crate::support::{Folder, Run, value};

fn all() -> impl Iterator<Item = &'static Rule> {
    rules::own().filter(|rule| rule.group == Group::Proof)
}

fn found(run: &Run) -> Vec<String> {
    let found = value(run);
    let found = found.as_array().unwrap().iter();
    found
        .map(|one| one["code"].as_str().unwrap().to_owned())
        .collect()
}

fn codes(folder: &Folder, rule: &Rule, one: &Document, more: &[&str]) -> Vec<String> {
    folder.write("document.json", document(rule, one));
    let mut args = vec!["check", "document.json", "--format", "json"];
    args.extend(["--type", rule.kind.as_str()]);
    args.extend(more);
    found(&folder.run(&args))
}

/// Each code has a document that has it and one in which nothing is found, and only proofs find it.
#[test]
fn each_code_has_its_documents() {
    let folder = Folder::new();
    assert_eq!(all().count(), 5);
    for rule in all() {
        let own = |found: &[String]| found.iter().any(|code| code == rule.code);
        let has = codes(&folder, rule, &rule.has, &["--proofs"]);
        assert!(own(&has), "{}: {has:?}", rule.code);
        let without = codes(&folder, rule, &rule.has, &[]);
        assert!(!own(&without), "{}: {without:?}", rule.code);
        let has_not = codes(&folder, rule, &rule.has_not, &["--proofs"]);
        assert!(has_not.is_empty(), "{}: {has_not:?}", rule.code);
        for (about, near) in rule.near {
            let near = codes(&folder, rule, near, &["--proofs"]);
            assert!(!own(&near), "{}: {about}: {near:?}", rule.code);
        }
    }
}

/// What proofs find comes beside what is found without, which stays as it is.
#[test]
fn proofs_only_add() {
    let folder = Folder::new();
    for rule in all() {
        let has = codes(&folder, rule, &rule.has, &["--proofs"]);
        let without = codes(&folder, rule, &rule.has, &[]);
        let is_of_proofs = |code: &String| all().any(|rule| rule.code == code);
        let rest: Vec<String> = has.into_iter().filter(|code| !is_of_proofs(code)).collect();
        assert_eq!(rest, without);
    }
}

const SHADOWED: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Wide", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
  {"Sid": "Narrow", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
   "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}]}"#;

/// They are chosen, suppressed and counted as all findings are.
#[test]
fn they_are_chosen_like_all_findings() {
    let folder = Folder::new();
    folder.write("shadowed.json", SHADOWED);
    let run = folder.run(&["check", "--proofs", "shadowed.json", "--deny", "proof"]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(
        run.stdout.contains("error[SHADOWED_STATEMENT]"),
        "{}",
        run.stdout
    );
    let run = folder.run(&["check", "--proofs", "shadowed.json", "--ignore", "proof"]);
    assert_eq!(
        run.stdout,
        "0 errors, 0 warnings, 0 suggestions in 1 file\n"
    );
    let run = folder.run(&["check", "shadowed.json", "--select", "SHADOWED_STATEMENT"]);
    assert_eq!(
        run.stderr,
        "note: codes of the group proof are only looked for with --proofs\n"
    );
    folder.write(
        "portcullis.toml",
        "[check]\nproofs = true\n\n[[check.allow]]\nfiles = \"*.json\"\ncode = \"SHADOWED_STATEMENT\"\nsid = \"Narrow\"\nreason = \"known\"\n",
    );
    let run = folder.run(&["check", "shadowed.json"]);
    assert_eq!(
        run.stdout,
        "0 errors, 0 warnings, 0 suggestions in 1 file\n"
    );
    assert_eq!(run.stderr, "");
    folder.write("portcullis.toml", "[check]\nproofs = 1\n");
    let run = folder.run(&["check", "shadowed.json"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("expected true or false"),
        "{}",
        run.stderr
    );
}

/// Places are those of the file: in the policy language, in a string, and in a statement without a list.
#[test]
fn places_are_those_of_the_file() {
    let folder = Folder::new();
    folder.write(
        "policy.iam",
        "policy both {\n  allow s3:Get* on *\n  allow s3:GetObject on *\n}\n",
    );
    let run = folder.run(&["check", "--proofs", "policy.iam", "--format", "json"]);
    let all = value(&run);
    assert_eq!(all[0]["code"], "SHADOWED_STATEMENT", "{all}");
    assert_eq!(
        (&all[0]["line"], &all[0]["related"][0]["line"]),
        (&3.into(), &2.into())
    );
    let text = serde_json::to_string(SHADOWED).unwrap();
    folder.write(
        "string.json",
        format!(r#"{{"RoleName": "a", "PolicyName": "b", "PolicyDocument": {text}}}"#),
    );
    let run = folder.run(&["check", "--proofs", "string.json", "--format", "json"]);
    let all = value(&run);
    assert_eq!(all[0]["code"], "SHADOWED_STATEMENT", "{all}");
    assert_eq!(
        (&all[0]["line"], &all[0]["documentLine"]),
        (&1.into(), &3.into())
    );
    folder.write(
        "one.json",
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalType": "User"}, "Null": {"aws:username": "true"}}}}"#,
    );
    let run = folder.run(&["check", "--proofs", "one.json", "--format", "json"]);
    let all = value(&run);
    assert_eq!(all[0]["code"], "DENY_NEVER_APPLIES", "{all}");
    assert_eq!(all[0]["path"], "/Statement");
}

/// A request that shows something is one that replays, and what it holds does nothing to the terminal.
#[test]
fn requests_are_shown() {
    let folder = Folder::new();
    let policy = "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Deny\", \"Action\": \"ec2:*\", \"Resource\": \"*\", \
         \"Condition\": {\"StringNotEquals\": {\"aws:RequestedRegion\": \"eu-west-1\", \"aws:UserAgent\": \"\\u001b[31mx\"}}}}";
    folder.write("deny.json", policy);
    let run = folder.run(&["check", "--proofs", "deny.json"]);
    assert!(
        run.stdout.contains("warning[DENY_AVOIDED_BY_HEADER]"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("aws:UserAgent = \\u{1b}[31mx"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains('\u{1b}'));
    let run = folder.run(&["check", "--proofs", "deny.json", "--format", "json"]);
    crate::schemas::conforms(&run.stdout, "check.json");
    let all = value(&run);
    let request = &all[0]["request"];
    let region = request["context"]["aws:RequestedRegion"]
        .as_array()
        .unwrap();
    assert!(
        region.len() == 1 && region[0] != "eu-west-1" && region[0] != "",
        "{request}"
    );
    for format in ["sarif", "github", "junit"] {
        let run = folder.run(&["check", "--proofs", "deny.json", "--format", format]);
        assert!(
            run.stdout.contains("DENY_AVOIDED_BY_HEADER"),
            "{}",
            run.stdout
        );
    }
}

/// What the linter says already is said once, and nothing is said of what is not known before a template is filled.
#[test]
fn nothing_is_said_twice() {
    let folder = Folder::new();
    let condition = |text: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {{{text}}}}}]}}"#
        )
    };
    let none = r#""StringEquals": {"aws:PrincipalTag/team": "red"}, "StringLike": {"aws:PrincipalTag/team": "blue*"}"#;
    folder.write("none.json", condition(none));
    let run = folder.run(&["check", "--proofs", "none.json", "--format", "json"]);
    assert_eq!(found(&run), ["CONDITION_HOLDS_FOR_NONE"]);
    let placeholder = r#""StringEquals": {"aws:PrincipalAccount": "<account-id>"}"#;
    folder.write("placeholder.json", condition(placeholder));
    let run = folder.run(&["check", "--proofs", "placeholder.json", "--format", "json"]);
    assert_eq!(found(&run), ["FOREIGN_TEMPLATE"]);
    let template = SHADOWED.replace("\"red\"", "{\"Ref\": \"Team\"}");
    folder.write(
        "template.json",
        format!(
            "{{\"Resources\": {{\"P\": {{\"Type\": \"AWS::IAM::ManagedPolicy\", \"Properties\": {{\"PolicyDocument\": {template}}}}}}}}}"
        ),
    );
    let run = folder.run(&["check", "--proofs", "template.json", "--format", "json"]);
    assert_eq!(value(&run), Value::Array(Vec::new()));
}

/// Whose account it is matters to whether somebody can change a policy.
#[test]
fn the_owner_of_a_resource_counts() {
    let folder = Folder::new();
    folder.write(
        "key.json",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "kms:*", "Resource": "*"}]}"#,
    );
    let check = |account: &str| {
        let args = [
            "check", "--proofs", "key.json", "--format", "json", "--select", "proof",
        ];
        let owner = ["--account", account];
        found(&folder.run(&[&args[..], &owner].concat()))
    };
    assert!(check("111122223333").is_empty());
    assert_eq!(check("444455556666"), ["POLICY_CANNOT_BE_CHANGED"]);
}

/// The format of Access Analyzer has none of them.
#[test]
fn access_analyzers_format_has_none() {
    let folder = Folder::new();
    folder.write("shadowed.json", SHADOWED);
    let args = ["check", "shadowed.json", "--format", "access-analyzer"];
    let run = folder.run(&args);
    assert!(!run.stdout.contains("SHADOWED"), "{}", run.stdout);
    let run = folder.run(&[&args[..], &["--proofs"]].concat());
    assert_eq!(run.code, 1);
    assert_eq!(
        run.stderr,
        "error: --proofs is for findings that --format access-analyzer does not have\n"
    );
}
