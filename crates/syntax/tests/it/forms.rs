//! Policies in all the forms in which they arrive (`IN-1`, `IN-2`), and what is recognized and not read.
use bumpalo::Bump;
use portcullis_model::PolicyKind::{self, *};
use portcullis_source::{Code, Diagnostic, LineIndex};
use portcullis_syntax::ast::Document;
use portcullis_syntax::codes;
use portcullis_syntax::forms::{self, Found};
use portcullis_syntax::policy::{ReadOptions, parse_policy, read_policy};

const PLAIN: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "É", "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole+é\n\"\\/\ud83d\ude00"}]}"#;

/// A text as a string of JSON.
fn string(text: &str) -> String {
    let escaped = text
        .replace('\\', r"\\")
        .replace('"', r#"\""#)
        .replace('\n', r"\n");
    format!("\"{escaped}\"")
}

/// The same with an escape for every character.
fn all_escaped(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}

/// A text as it stands in a URL.
fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte.is_ascii_alphanumeric() || b"-._~+".contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// What stands between the quotes.
fn content(string: &str) -> String {
    string.get(1..string.len() - 1).unwrap().to_owned()
}

/// The same with small letters.
fn percent_small(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn dresses(document: &str) -> Vec<String> {
    vec![
        document.to_owned(),
        format!("\u{feff}\n {document} \n"),
        string(document),
        all_escaped(document),
        string(&string(document)),
        string(&all_escaped(&string(document))),
        string(&percent(document)),
        string(&percent(&string(document))),
        string(&string(&percent(document))),
        percent(document),
        percent(&string(document)),
        string(&percent_small(document)),
    ]
}

/// What holds a document, with the types that may stand there.
fn wrappers(document: &str) -> Vec<(String, Vec<PolicyKind>)> {
    let all = PolicyKind::ALL.to_vec();
    let resource = vec![Resource];
    let trust = vec![Trust, Resource];
    let control = vec![Scp, Rcp];
    vec![
        (document.to_owned(), all.clone()),
        (
            format!(r#"{{"name": "n", "document": {document}}}"#),
            all.clone(),
        ),
        (
            format!(
                r#"{{"PolicyVersion": {{"Document": {document}, "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2026-01-01"}}}}"#
            ),
            all.clone(),
        ),
        (
            format!(r#"{{"RoleName": "r", "PolicyName": "n", "PolicyDocument": {document}}}"#),
            all.clone(),
        ),
        (
            format!(r#"{{"UserName": "u", "PolicyName": "n", "PolicyDocument": {document}}}"#),
            all.clone(),
        ),
        (
            format!(r#"{{"GroupName": "g", "PolicyName": "n", "PolicyDocument": {document}}}"#),
            all,
        ),
        (
            format!(
                r#"{{"Role": {{"Path": "/", "RoleName": "n", "MaxSessionDuration": 3600, "AssumeRolePolicyDocument": {document}, "PermissionsBoundary": {{"PermissionsBoundaryArn": "a"}}}}}}"#
            ),
            trust.clone(),
        ),
        (
            format!(r#"{{"RoleName": "n", "AssumeRolePolicyDocument": {document}, "Tags": []}}"#),
            trust,
        ),
        (format!(r#"{{"Policy": {document}}}"#), resource.clone()),
        (
            format!(r#"{{"Policy": {document}, "PolicyName": "default"}}"#),
            resource.clone(),
        ),
        (
            format!(r#"{{"ARN": "a", "Name": "n", "ResourcePolicy": {document}}}"#),
            resource.clone(),
        ),
        (
            format!(r#"{{"registryId": "1", "repositoryName": "n", "policyText": {document}}}"#),
            resource,
        ),
        (
            format!(
                r#"{{"Policy": {{"PolicySummary": {{"Id": "p-1", "Name": "n"}}, "Content": {document}}}}}"#
            ),
            control,
        ),
    ]
}

fn read<'a>(
    text: &'a str,
    kind: PolicyKind,
    arena: &'a Bump,
) -> (Option<Document<'a>>, Vec<Diagnostic>) {
    let (found, mut problems) = forms::read(text, Some(kind), arena);
    let document = found.and_then(|Found { document, .. }| {
        let (document, more) = read_policy(document, ReadOptions::new(kind), arena);
        problems.extend(more);
        document
    });
    let is_sound = !problems.iter().any(Diagnostic::is_error);
    (document.filter(|_| is_sound), problems)
}

/// Every dress in every wrapper is the same document, with the same problems.
#[test]
fn in_1_every_form_is_read_alike() {
    let mut count = 0;
    for kind in [Trust, Resource, Scp, Identity] {
        let arena = Bump::new();
        let (plain, problems) = parse_policy(PLAIN, ReadOptions::new(kind), &arena);
        let codes: Vec<Code> = problems.iter().map(|problem| problem.code).collect();
        for dress in dresses(PLAIN) {
            let is_json = !dress.starts_with('%');
            for (text, kinds) in wrappers(dress.trim_start_matches('\u{feff}')) {
                if !is_json && text != dress {
                    continue;
                }
                let arena = Bump::new();
                let (document, found) = read(&text, kind, &arena);
                if kinds.contains(&kind) {
                    assert_eq!(
                        document.is_some(),
                        plain.is_some(),
                        "{kind} {text}: {found:?}"
                    );
                    assert_eq!(document, plain, "{kind} {text}");
                    let found: Vec<Code> = found.iter().map(|problem| problem.code).collect();
                    assert_eq!(found, codes, "{kind} {text}");
                    count += 1;
                } else {
                    assert!(document.is_none(), "{kind} {text}");
                    assert_eq!(
                        found[0].code,
                        portcullis_source::codes::UNKNOWN_FORM,
                        "{kind} {text}"
                    );
                }
            }
        }
    }
    assert!(count > 150, "{count}");
}

/// The name of a policy is the one that its form says.
#[test]
fn forms_name_policies() {
    for (text, kinds) in wrappers(PLAIN) {
        let arena = Bump::new();
        let (found, problems) = forms::read(&text, kinds.first().copied(), &arena);
        assert!(problems.is_empty(), "{text}: {problems:?}");
        let wanted = text.contains("\"n\"").then_some("n");
        let name = found.unwrap().name;
        assert!(
            name == wanted || (text.contains("default") && name == Some("default")),
            "{text}: {name:?}"
        );
    }
}

/// The place of a problem is where it stands in the file, however deep the document is dressed; and beside it there is the
/// place in the document alone.
#[test]
fn in_2_places_are_those_of_the_file() {
    let document = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"é\\\"s3\", \"Resource\": \"*\"}]\n}";
    let (line, column) = (3, 47);
    for (dress, marked) in [
        (document.to_owned(), r#""é\"s3""#.to_owned()),
        (string(document), content(&string(r#""é\"s3""#))),
        (all_escaped(document), content(&all_escaped(r#""é\"s3""#))),
        (string(&percent(document)), percent(r#""é\"s3""#)),
        (string(&string(&percent(document))), percent(r#""é\"s3""#)),
    ] {
        for text in [
            dress.clone(),
            format!("\n\n{{\"PolicyName\": \"é\", \"PolicyDocument\":\n {dress}}}"),
        ] {
            let arena = Bump::new();
            let (found, none) = forms::read(&text, Some(Identity), &arena);
            assert!(none.is_empty());
            let found = found.unwrap();
            let (_, problems) = read_policy(found.document, ReadOptions::new(Identity), &arena);
            let problem = problems
                .iter()
                .find(|one| one.code == codes::INVALID_ACTION)
                .unwrap();
            let place = text.get(problem.span.range()).unwrap();
            assert_eq!(place, marked, "{text}");
            let own = match found.inner {
                Some(inner) => inner.position(problem.span.start),
                None if text == dress => LineIndex::new(&text).position(problem.span.start),
                None => continue,
            };
            assert_eq!(own, (line, column), "{text}");
        }
    }
    // Errors of the JSON inside, too.
    let text = format!("{{\"PolicyDocument\": {}}}", string("{\"Version\": x}"));
    let arena = Bump::new();
    let (_, problems) = forms::read(&text, Some(Identity), &arena);
    assert_eq!(text.get(problems[0].span.range()), Some("x"));
    let text = string("{\"Version\": \"2012-10-17\", \"Statement\": [], \"Version\": \"\"}");
    let (_, problems) = forms::read(&text, Some(Identity), &arena);
    assert_eq!(problems[0].code, portcullis_source::codes::DUPLICATE_MEMBER);
    assert_eq!(text.get(problems[0].span.range()), Some(r#"\"Version\""#));
    for (text, place) in [
        ("%7B%22a", "%22"),
        ("\"%7B%2\"", "%"),
        ("\"%7B%ff%7D\"", "%"),
    ] {
        let (_, problems) = forms::read(text, Some(Identity), &arena);
        assert!(
            text.get(problems[0].span.range())
                .is_some_and(|found| found.starts_with(place)),
            "{text}: {problems:?}"
        );
    }
}

/// One policy is wanted: what may hold another is not passed over (`IN-4`).
#[test]
fn two_policies_are_no_form() {
    for text in [
        format!(r#"{{"PolicyDocument": {PLAIN}, "PolicyVersion": {{"Document": {PLAIN}}}}}"#),
        format!(r#"{{"PolicyDocument": {PLAIN}, "OtherPolicy": {PLAIN}}}"#),
        format!(
            r#"{{"AssumeRolePolicyDocument": {PLAIN}, "RolePolicyList": [{{"PolicyDocument": {PLAIN}}}]}}"#
        ),
        format!(r#"{{"ResourcePolicy": {PLAIN}, "policyText": {PLAIN}}}"#),
        format!(r#"{{"PolicyDocument": {PLAIN}, "PermissionsBoundaryPolicy": "%7B"}}"#),
    ] {
        let arena = Bump::new();
        let (document, problems) = read(&text, Resource, &arena);
        assert!(document.is_none(), "{text}");
        assert_eq!(
            problems[0].code,
            portcullis_source::codes::UNKNOWN_FORM,
            "{text}: {problems:?}"
        );
    }
    let deep = (0..9).fold(PLAIN.to_owned(), |text, _| string(&text));
    let arena = Bump::new();
    assert_eq!(
        read(&deep, Trust, &arena).1[0].code,
        portcullis_source::codes::UNKNOWN_FORM
    );
    // Beside a `Statement`, everything else is a member of the policy.
    let text = format!(r#"{{"Statement": [], "PolicyDocument": {PLAIN}}}"#);
    let codes: Vec<_> = read(&text, Identity, &arena)
        .1
        .into_iter()
        .map(|problem| problem.code)
        .collect();
    assert!(codes.contains(&codes::INVALID_POLICY_ELEMENT));
    for text in [
        "\"\"",
        "\"arn:aws:s3:::b\"",
        "\"what\"",
        "[]",
        "null",
        "\"[]\"",
        "7",
    ] {
        let (document, problems) = read(text, Identity, &arena);
        assert!(
            document.is_none() && problems[0].code == portcullis_source::codes::DATA_TYPE_MISMATCH,
            "{text}: {problems:?}"
        );
    }
}

/// What is recognized is called by its name, and there is something to do.
#[test]
fn other_documents_are_recognized() {
    for (text, what) in [
        (
            r#"{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}"#,
            "a CloudFormation template",
        ),
        (
            r#"{"Resources": {"P": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {}}}}}"#,
            "a CloudFormation template",
        ),
        (
            r#"{"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": {"Type": "AWS::Serverless::Function"}}}"#,
            "a SAM template",
        ),
        (
            r#"{"Transform": ["X", "AWS::Serverless-2016-10-31"], "AWSTemplateFormatVersion": "2010-09-09"}"#,
            "a SAM template",
        ),
        (
            r#"{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {}}"#,
            "a Terraform plan",
        ),
        (
            r#"{"format_version": "1.0", "terraform_version": "1.9.0", "values": {}}"#,
            "a Terraform plan",
        ),
        (
            r#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x", "resources": []}"#,
            "a Terraform state",
        ),
        (
            r#"{"resource": {"aws_iam_policy": {"p": {"policy": "{}"}}}}"#,
            "a Terraform configuration",
        ),
        (
            r#"{"version": "36.0.0", "artifacts": {}}"#,
            "output of the CDK",
        ),
        (
            r#"{"version": "tree-0.1", "tree": {}}"#,
            "output of the CDK",
        ),
        (r#"{"RoleDetailList": []}"#, "an account dump"),
        (r#"{"policies": {}, "request": {}}"#, "a scenario"),
        (
            "AWSTemplateFormatVersion: \"2010-09-09\"\nResources:\n  P:\n    Type: AWS::IAM::Policy\n",
            "a CloudFormation template in YAML",
        ),
        (
            "# comment\nTransform: x\nResources:\n  P:\n",
            "a CloudFormation template in YAML",
        ),
        (
            "Version: \"2012-10-17\"\nStatement:\n- Effect: Allow\n",
            "YAML",
        ),
        ("---\n- Effect: Allow\n", "YAML"),
        (
            "resource \"aws_iam_policy\" \"p\" {\n}\n",
            "a Terraform configuration",
        ),
        (
            "data \"aws_iam_policy_document\" \"p\" {\n}\n",
            "a Terraform configuration",
        ),
        ("<!DOCTYPE html>\n<html>", "XML or HTML"),
        ("policy readers {\n}\n", "the policy language"),
    ] {
        for text in [
            text.to_owned(),
            string(text),
            format!(
                "{{\"PolicyName\": \"p\", \"PolicyDocument\": {}}}",
                string(text)
            ),
        ] {
            let arena = Bump::new();
            let (found, problems) = forms::read(&text, Some(Identity), &arena);
            assert!(found.is_none(), "{text}");
            let [problem] = problems.as_slice() else {
                panic!("{text}: {problems:?}")
            };
            assert_eq!(problem.code, codes::FOREIGN_DOCUMENT, "{text}");
            assert_eq!(
                problem.message,
                format!("this is {what}, not a policy document"),
                "{text}"
            );
            assert!(problem.help.is_some());
            assert!(text.get(problem.span.range()).is_some());
        }
    }
    // What is only broken is called broken.
    for text in ["", " ", "nonsense", "{\"Version\"", "{'Version': 1}"] {
        let arena = Bump::new();
        let (_, problems) = forms::read(text, Some(Identity), &arena);
        assert_eq!(
            problems[0].code,
            portcullis_source::codes::JSON_SYNTAX_ERROR,
            "{text}"
        );
    }
}

/// Characters of a copied text are named by their code point.
#[test]
fn look_alikes_are_named() {
    for (text, code_point) in [
        ("{\u{201c}Version\u{201d}: \"2012-10-17\"}", "U+201C"),
        (
            "{\"Version\u{201d}: \"2012-10-17\", \"Statement\": []}",
            "U+201D",
        ),
        (
            "{\"Version\": \"2012-10-17\u{201d},\n \"Statement\": []}",
            "U+201D",
        ),
        ("{\"Version\": \"2012-10-17\u{201d}}", "U+201D"),
        ("{\u{a0}\"Version\": \"2012-10-17\"}", "U+00A0"),
        ("{\"Version\":\u{200b}\"2012-10-17\"}", "U+200B"),
        ("{\"Version\"\u{ff1a}\"2012-10-17\"}", "U+FF1A"),
        ("\u{201c}", "U+201C"),
    ] {
        let arena = Bump::new();
        let (_, problems) = forms::read(text, Some(Identity), &arena);
        let all = format!(
            "{} {}",
            problems[0].message,
            problems[0].help.clone().unwrap_or_default()
        );
        assert_eq!(
            problems[0].code,
            portcullis_source::codes::JSON_SYNTAX_ERROR
        );
        assert!(all.contains(code_point), "{text}: {all}");
    }
}

/// Where a text is wanted, a function of CloudFormation is called one, and a number is told from an account.
#[test]
fn functions_and_numbers_are_named() {
    let policy = |members: &str| {
        format!(r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", {members}}}]}}"#)
    };
    let function = "this is a CloudFormation function";
    for (members, help) in [
        (
            r#""Principal": "*", "Action": "s3:*", "Resource": {"Fn::Sub": "arn:aws:s3:::${B}"}"#,
            function,
        ),
        (
            r#""Principal": "*", "Action": ["s3:*", {"Ref": "A"}], "Resource": "*""#,
            function,
        ),
        (
            r#""Principal": {"AWS": {"Fn::GetAtt": ["R", "Arn"]}}, "Action": "s3:*", "Resource": "*""#,
            function,
        ),
        (
            r#""Principal": {"Fn::If": []}, "Action": "s3:*", "Resource": "*""#,
            function,
        ),
        (
            r#""Principal": "*", "Action": "s3:*", "Resource": "*", "Sid": {"Ref": "S"}"#,
            function,
        ),
        (
            r#""Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:username": {"Fn::Join": []}}}"#,
            function,
        ),
        (
            r#""Fn::If": [], "Principal": "*", "Action": "s3:*", "Resource": "*""#,
            function,
        ),
        (
            r#""Principal": {"AWS": 111122223333}, "Action": "s3:*", "Resource": "*""#,
            "leading zeros",
        ),
        (
            r#""Principal": {"AWS": [12345678901]}, "Action": "s3:*", "Resource": "*""#,
            "leading zeros",
        ),
        (
            r#""Principal": {"AWS": 012345678901}, "Action": "s3:*", "Resource": "*""#,
            "leading zeros",
        ),
    ] {
        let text = policy(members);
        let arena = Bump::new();
        let (document, problems) = read(&text, Resource, &arena);
        assert!(document.is_none());
        let helps = |problem: &Diagnostic| {
            problem
                .help
                .as_deref()
                .is_some_and(|found| found.contains(help))
        };
        assert!(problems.iter().any(helps), "{text}: {problems:#?}");
    }
}

/// A form that says the type of its policy is believed, and held against the type that is wanted.
#[test]
fn forms_know_types() {
    let control = |kind: &str| {
        format!(r#"{{"Policy": {{"PolicySummary": {{"Type": "{kind}"}}, "Content": {PLAIN}}}}}"#)
    };
    let own = |kind: &str| format!(r#"{{"name": "n", "type": "{kind}", "document": {PLAIN}}}"#);
    for (text, kind) in [
        (control("SERVICE_CONTROL_POLICY"), Some(Scp)),
        (control("RESOURCE_CONTROL_POLICY"), Some(Rcp)),
        (control("TAG_POLICY"), None),
        (own("scp"), Some(Scp)),
        (own("trust"), Some(Trust)),
        (
            format!(r#"{{"Role": {{"AssumeRolePolicyDocument": {PLAIN}}}}}"#),
            Some(Trust),
        ),
        (format!(r#"{{"Policy": {PLAIN}}}"#), Some(Resource)),
        (format!(r#"{{"PolicyDocument": {PLAIN}}}"#), None),
        (PLAIN.to_owned(), None),
    ] {
        let arena = Bump::new();
        let (found, _) = forms::read(&text, None, &arena);
        assert_eq!(found.unwrap().kind, kind, "{text}");
    }
    for (kind, wanted, is_taken) in [
        ("scp", Identity, false),
        ("identity", Scp, false),
        ("rcp", Scp, false),
        ("trust", Resource, true),
        ("identity", Boundary, true),
        ("vpc-endpoint", Resource, false),
    ] {
        let arena = Bump::new();
        let text = own(kind);
        let (found, problems) = forms::read(&text, Some(wanted), &arena);
        assert_eq!(found.is_some(), is_taken, "{kind} {wanted}: {problems:?}");
        let text = control("SERVICE_CONTROL_POLICY");
        let (found, _) = forms::read(&text, Some(wanted), &arena);
        assert_eq!(found.is_some(), wanted == Scp, "{wanted}");
    }
}

/// Our own wrapper is read strictly: what is in it and cannot be used is an error.
#[test]
fn our_own_wrapper_is_strict() {
    for (members, code) in [
        (r#""name": 1"#, portcullis_source::codes::DATA_TYPE_MISMATCH),
        (
            r#""name": "n", "type": ["scp"]"#,
            portcullis_source::codes::DATA_TYPE_MISMATCH,
        ),
        (
            r#""type": "policy""#,
            portcullis_source::codes::UNKNOWN_FORM,
        ),
    ] {
        let arena = Bump::new();
        let text = format!(r#"{{{members}, "document": {PLAIN}}}"#);
        let (found, problems) = forms::read(&text, Some(Resource), &arena);
        assert!(found.is_none(), "{text}");
        assert_eq!(problems[0].code, code, "{text}");
    }
    // With members of others it is none of ours, and a policy has no such members.
    let arena = Bump::new();
    let text = format!(r#"{{"name": "n", "document": {PLAIN}, "policy": {PLAIN}}}"#);
    let (document, problems) = read(&text, Resource, &arena);
    assert!(document.is_none());
    assert!(
        problems
            .iter()
            .any(|problem| problem.code == codes::INVALID_POLICY_ELEMENT)
    );
}
