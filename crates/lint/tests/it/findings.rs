//! Places, order, texts and limits of findings (`AA-2` to `AA-9`, `AA-30` to `AA-52`).
use crate::support::Sample;
use bumpalo::Bump;
use portcullis_lint::{Options, PolicyType, ResourceType, Target, lint, lint_tree, tree};
use portcullis_model::PolicyKind;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use serde_json::{Value, json};

fn of(target: impl Into<Target>, text: &str) -> Vec<Value> {
    let report = lint(text, &Options::new(target), |report| report.to_json());
    report["findings"].as_array().unwrap().clone()
}

fn codes(target: impl Into<Target>, text: &str) -> Vec<String> {
    let all = of(target, text);
    all.iter()
        .map(|one| one["issueCode"].as_str().unwrap().to_owned())
        .collect()
}

fn identity(statement: &str) -> String {
    format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{{{statement}}}]}}")
}

fn trust() -> Target {
    PolicyKind::Trust.into()
}

/// The texts of the places of a finding, and their paths without names of the kinds of steps.
fn places(text: &str, finding: &Value) -> Vec<(String, String)> {
    let characters: Vec<char> = text.chars().collect();
    let place = |one: &Value| {
        let offset =
            |end: &str| usize::try_from(one["span"][end]["offset"].as_u64().unwrap()).unwrap();
        let path = one["path"].as_array().unwrap().iter();
        let path: Vec<String> = path
            .map(|step| {
                let (kind, name) = step.as_object().unwrap().iter().next().unwrap();
                match name {
                    Value::String(name) if kind == "key" => format!("key {name}"),
                    Value::String(name) => name.clone(),
                    other => other.to_string(),
                }
            })
            .collect();
        (
            path.join("/"),
            characters[offset("start")..offset("end")].iter().collect(),
        )
    };
    finding["locations"]
        .as_array()
        .unwrap()
        .iter()
        .map(place)
        .collect()
}

/// `AA-2` to `AA-5`, `AA-8`: members, their order, and the place of an entry that stands alone.
#[test]
fn a_finding_is_what_aws_prints() {
    let text = "{\"Version\": \"2012-10-17\",\n  \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"nosuch:Get\", \"Resource\": \"*\"}}";
    let expected = concat!(
        r#"{"findingDetails":"The service nosuch:Get specified in the action does not exist.","findingType":"ERROR","#,
        r#""issueCode":"INVALID_SERVICE_IN_ACTION","learnMoreLink":"https://docs.aws.amazon.com/IAM/latest/UserGuide/"#,
        r#"access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-invalid-service-in-action","#,
        r#""locations":[{"path":[{"value":"Statement"},{"value":"Action"}],"span":{"start":{"line":2,"column":45,"offset":71},"#,
        r#""end":{"line":2,"column":57,"offset":83}}}]}"#
    );
    let found = of(PolicyType::Identity, text);
    assert_eq!(found[0].to_string(), expected);
    assert_eq!(found.len(), 1);
}

/// `AA-3`: characters are code points, also beyond U+FFFF, where UTF-16 has two units; a byte order mark is none.
#[test]
fn places_count_code_points() {
    let text = "\u{feff}{\"Version\": \"2012-10-17\", \"Statement\": {\"Sid\": \"é😀\", \"Effect\": \"Allow\", \"Action\": \"nosuch:Get\", \"Resource\": \"*\"}}";
    let found = of(PolicyType::Identity, text);
    let without_mark = text.trim_start_matches('\u{feff}');
    let of_action = found
        .iter()
        .find(|one| one["issueCode"] == "INVALID_SERVICE_IN_ACTION")
        .unwrap();
    let own = places(without_mark, of_action);
    assert_eq!(
        own,
        [("Statement/Action".to_owned(), "\"nosuch:Get\"".to_owned())]
    );
    let place = &of_action["locations"][0]["span"]["start"];
    assert_eq!(place["offset"], place["column"]);
}

/// `AA-6`, `AA-33`: the whole document, and one more than there are visible characters.
#[test]
fn the_size_is_of_the_whole_document() {
    let document = |length: usize| {
        identity(&format!(
            r#""Sid": "{}", "Effect": "Allow", "Action": "s3:Get", "Resource": "*""#,
            "x".repeat(length)
        ))
    };
    let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let rest = visible(&document(0));
    assert!(codes(PolicyType::Identity, &document(10_239 - rest)).is_empty());
    let text = document(10_240 - rest);
    let found = of(PolicyType::Identity, &text);
    let details = found[0]["findingDetails"].as_str().unwrap();
    assert!(
        details.starts_with("The 10241 characters in the identity policy, excluding whitespace,"),
        "{details}"
    );
    assert_eq!(places(&text, &found[0]), [(String::new(), text.clone())]);
}

/// `AA-7`, `AA-38`: by the start of the first place, then by code; a statement of `*` on `*` gives two findings.
#[test]
fn findings_are_in_order() {
    let text = identity(r#""Effect": "Allow", "Action": "*", "Resource": "*""#);
    let expected = [
        "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
        "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
    ];
    assert_eq!(codes(PolicyType::Identity, &text), expected);
    let text = identity(
        r#""Effect": "Allow", "Resource": ["arn:aws:s3:::a*", "arn:aws:s3:::a/*"], "Action": ["s3:*", "s3:Get*"]"#,
    );
    assert_eq!(
        codes(PolicyType::Identity, &text),
        ["REDUNDANT_RESOURCE", "REDUNDANT_ACTION"]
    );
    // The action, then the principal, though it stands behind (`AA-155`).
    let text = identity(
        r#""Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/p"}, "Action": "sts:AssumeRoleWithWebIdentity""#,
    );
    let found = of(trust(), &text);
    let paths: Vec<String> = places(&text, &found[0])
        .into_iter()
        .map(|place| place.0)
        .collect();
    assert_eq!(
        paths,
        ["Statement/0/Action", "Statement/0/Principal/Federated"]
    );
}

/// `AA-30`, `AA-31`: one finding for each head, its places in the order of the list, the greatest of them as example.
#[test]
fn redundant_entries() {
    let redundant = |element: &str, list: Value| {
        let other = if element == "Action" {
            r#""Resource": "*""#
        } else {
            r#""Action": "s3:GetObject""#
        };
        let text = identity(&format!(
            r#""Effect": "Allow", {other}, "{element}": {list}"#
        ));
        let found = of(PolicyType::Identity, &text);
        let one = |finding: &Value| {
            let texts: Vec<String> = places(&text, finding)
                .into_iter()
                .map(|place| place.1.replace('"', ""))
                .collect();
            (
                texts.join(" "),
                finding["findingDetails"].as_str().unwrap().to_owned(),
            )
        };
        found.iter().map(one).collect::<Vec<_>>()
    };
    let found = redundant(
        "Action",
        json!([
            "ec2:DescribeVpcs",
            "ec2:describe*",
            "s3:Get*",
            "EC2:DescribeVpcs",
            "ec2:Describe*s"
        ]),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].0,
        "ec2:DescribeVpcs ec2:describe* EC2:DescribeVpcs ec2:Describe*s"
    );
    assert_eq!(
        found[0].1,
        "The 4 action(s) are redundant because they provide similar permissions. Update the policy to remove the redundant action such as: ec2:DescribeVpcs."
    );
    // Two that cover each other are two heads; equal ones are one.
    assert_eq!(redundant("Action", json!(["s3:Get*", "s3:Get**"])).len(), 2);
    assert_eq!(redundant("Action", json!(["s3:Get*", "s3:get*"])).len(), 1);
    // Case matters in resources, and the pattern reaches over all parts.
    assert!(redundant("Resource", json!(["arn:aws:s3:::A*", "arn:aws:s3:::a/*"])).is_empty());
    let found = redundant("Resource", json!(["arn:aws:s3:::b*", "arn:aws:s3:::b*/*"]));
    assert!(
        found[0]
            .1
            .ends_with("or remove the resource arn:aws:s3:::b*/* to remove the redundancy.")
    );
    assert!(
        redundant("NotAction", json!(["s3:Get*", "s3:GetObject"]))
            .iter()
            .all(|one| !one.1.contains("redundant"))
    );
}

/// `AA-34` to `AA-37`: what limits the passing and the creation of roles, and what does not.
#[test]
fn what_limits_roles() {
    let is_open = |action: &str, condition: &str| {
        let text = identity(&format!(
            r#""Effect": "Allow", "Action": "{action}", "Resource": "*", "Condition": {{{condition}}}"#
        ));
        codes(PolicyType::Identity, &text)
            .iter()
            .any(|code| code.ends_with("_WITH_STAR_IN_RESOURCE"))
    };
    for (condition, expected) in [
        (
            r#""StringEquals": {"iam:PassedToService": "a.amazonaws.com"}"#,
            false,
        ),
        (r#""StringLike": {"iam:passedtoservice": "a*"}"#, false),
        (
            r#""StringLikeIfExists": {"iam:PassedToService": "a*"}"#,
            false,
        ),
        (
            r#""StringEqualsIfExists": {"iam:PassedToService": "a.amazonaws.com"}"#,
            true,
        ),
        (
            r#""ArnLike": {"iam:AssociatedResourceArn": "arn:aws:ec2:*:*:instance/*"}"#,
            false,
        ),
        (
            r#""StringEquals": {"aws:RequestedRegion": "us-east-1"}"#,
            true,
        ),
        (
            r#""StringNotEquals": {"iam:PassedToService": "a.amazonaws.com"}"#,
            true,
        ),
    ] {
        assert_eq!(is_open("IAM:passrole", condition), expected, "{condition}");
    }
    for (condition, expected) in [
        (
            r#""StringEquals": {"iam:AWSServiceName": "a.amazonaws.com"}"#,
            false,
        ),
        (
            r#""StringLike": {"iam:AWSServiceName": "a.amazonaws.com"}"#,
            false,
        ),
        (
            r#""StringLike": {"iam:AWSServiceName": "*.amazonaws.com"}"#,
            true,
        ),
        (
            r#""ForAnyValue:StringEquals": {"iam:AWSServiceName": ["a.amazonaws.com"]}"#,
            false,
        ),
    ] {
        assert_eq!(
            is_open("iam:CreateServiceLinkedRole", condition),
            expected,
            "{condition}"
        );
    }
    // ARNs with wildcards are names of roles.
    let text = identity(
        r#""Effect": "Allow", "Action": ["iam:PassRole", "iam:CreateServiceLinkedRole"], "Resource": "arn:aws:iam::*:role/*""#,
    );
    assert!(codes(PolicyType::Identity, &text).is_empty());
}

/// `AA-32`, `AA-301`, `AA-310`: the worth of a condition on `*`, by the presence of its key.
#[test]
fn conditions_that_ask_for_presence() {
    for (operator, expected) in [
        ("StringLike", "EQUIVALENT_TO_NULL_FALSE"),
        ("ForAnyValue:StringLike", "EQUIVALENT_TO_NULL_FALSE"),
        ("StringNotLike", "EQUIVALENT_TO_NULL_TRUE"),
        ("StringNotLikeIfExists", "EQUIVALENT_TO_NULL_TRUE"),
        ("ForAllValues:StringNotLike", "EQUIVALENT_TO_NULL_TRUE"),
        (
            "StringLikeIfExists",
            "REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION",
        ),
        (
            "ForAllValues:StringLike",
            "REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION",
        ),
        (
            "ForAnyValue:StringNotLike",
            "REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION",
        ),
    ] {
        let text = identity(&format!(
            r#""Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {{"{operator}": {{"sample:Many": ["*"]}}}}"#
        ));
        let found = of(PolicyType::Identity, &text);
        assert_eq!(found[0]["issueCode"], expected, "{operator}");
        let place = format!("Statement/0/Condition/{operator}/sample:Many/0");
        assert_eq!(places(&text, &found[0]), [(place, "\"*\"".to_owned())]);
        // Of two values neither stands alone.
        assert!(
            codes(
                PolicyType::Identity,
                &text.replace(r#"["*"]"#, r#"["*", "a"]"#)
            )
            .is_empty()
        );
    }
}

/// `AA-41`, `AA-43`, `AA-49`, `AA-50`: what passes.
#[test]
fn checks_of_arns_are_lenient() {
    for arn in [
        "arn:aws:ssm:*::document/AWS-*",
        "arn:aws:ec2:*::image/*",
        "arn:aws:ec2:us-east-1:*:instance/*",
        "arn:*:s3:::bucket",
        "arn:aws:s3:us-east-1:111122223333:accesspoint/a/object/*",
        "arn:aws:catalog:us-east-1:111122223333:portfolio/p",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:backup:*:*:recovery-point:*",
        "arn:aws:kms:${aws:RequestedRegion}:${aws:PrincipalAccount}:key/*",
        "arn:aws-cn:deepracer:*:*:*",
        "arn:aws:lambda:*::layer:*",
        "*",
        "**",
    ] {
        let text = identity(&format!(
            r#""Effect": "Deny", "Action": "s3:GetObject", "Resource": ["{arn}"]"#
        ));
        assert_eq!(
            codes(PolicyType::Identity, &text),
            Vec::<String>::new(),
            "{arn}"
        );
    }
    for (arn, code) in [
        ("not-a-valid-arn", "MISSING_ARN_FIELD"),
        ("arn:aws:logs:::log-group:a", "MISSING_ARN_REGION"),
        ("arn:aws:s3:us-east-1::bucket", "ARN_REGION_NOT_ALLOWED"),
        ("arn::s3:::bucket", "INVALID_PARTITION"),
    ] {
        let text = identity(&format!(
            r#""Effect": "Deny", "Action": "s3:GetObject", "Resource": "{arn}""#
        ));
        assert_eq!(codes(PolicyType::Identity, &text), [code], "{arn}");
    }
    let called = |value: &str| {
        let text = identity(&format!(
            r#""Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": {{"ForAnyValue:StringEquals": {{"aws:CalledVia": ["{value}"]}}}}"#
        ));
        codes(PolicyType::Identity, &text)
    };
    assert_eq!(
        called("application-signals.cloudwatch.amazonaws.com"),
        ["INVALID_SERVICE_PRINCIPAL_FORMAT"]
    );
    assert_eq!(called("nosuch.amazonaws.com"), ["INVALID_SERVICE"]);
    for value in [
        "athena.amazonaws.com",
        "ec2fastlaunch.amazonaws.com",
        "states.us-east-1.amazonaws.com",
        "athena.amazonaws.com.cn",
    ] {
        assert!(called(value).is_empty(), "{value}");
    }
}

/// `AA-39`, `AA-47`: texts that need facts of services.
#[test]
fn texts_with_facts_of_services() {
    let options = Options {
        catalog: &Sample,
        ..Options::new(PolicyType::Identity)
    };
    let details = |statement: &str| {
        let text = identity(statement);
        let report = lint(&text, &options, |report| report.to_json());
        report["findings"][0]["findingDetails"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        details(r#""Effect": "Deny", "NotAction": "sample:Gett", "Resource": "*""#),
        "The action sample:Gett does not exist."
    );
    assert_eq!(
        details(r#""Effect": "Allow", "Action": "s3:ListObjectsV2", "Resource": "*""#),
        "The action s3:ListObjectsV2 does not exist. Did you mean s3:ListBucket? The API called ListObjectsV2 authorizes against the IAM action s3:ListBucket."
    );
    assert_eq!(
        details(
            r#""Effect": "Allow", "Action": ["untagged:*", "sample:Get"], "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Team": "a"}}"#
        ),
        "Using the effect Allow with the condition key aws:ResourceTag/Team and actions for services with the following prefixes does not affect the policy: untagged. The actions for the listed service are not allowed by this statement. We recommend that you move these actions to a different statement without this condition key."
    );
}

/// `AA-52`: trust documents without a resource type are trust documents; `AA-1`: those with one, too.
#[test]
fn trust_documents_are_seen() {
    let text = identity(r#""Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole""#);
    let expected = ["ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"];
    assert_eq!(codes(PolicyType::Resource, &text), expected);
    assert_eq!(codes(trust(), &text), expected);
    let bucket = Target {
        resource: Some(ResourceType::Bucket),
        ..PolicyType::Resource.into()
    };
    assert_eq!(
        codes(bucket, &text),
        ["MISSING_RESOURCE", "UNSUPPORTED_ACTION_IN_POLICY"]
    );
}

/// Documents of another notation have the places of their own text, and no quota of JSON.
#[test]
fn trees_of_other_notations() {
    let arena = Bump::new();
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Sid": "{}", "Effect": "Allow", "Action": ["s3:*", "s3:Get*"], "Resource": "*", "Condition": {{"StringLike": {{"aws:PrincipalTag/a": "*"}}, "Bool": {{"aws:SecureTransport": true}}}}}}]}}"#,
        "x".repeat(11_000)
    );
    let (document, _) = parse_policy(&text, ReadOptions::new(PolicyKind::Identity), &arena);
    let node = tree(&document.unwrap(), &arena);
    let report = lint_tree(node, &text, None, &Options::new(PolicyType::Identity)).to_json();
    let direct = of(PolicyType::Identity, &text);
    let direct: Vec<&Value> = direct
        .iter()
        .filter(|one| one["issueCode"] != "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA")
        .collect();
    assert_eq!(direct.len(), 2);
    assert_eq!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .collect::<Vec<_>>(),
        direct
    );
}

/// Whatever is not a policy gets one finding or more, and no panic.
#[test]
fn what_is_no_policy() {
    for (text, code) in [
        ("", "JSON_SYNTAX_ERROR"),
        ("{\"a\": 1,}", "JSON_SYNTAX_ERROR"),
        ("[1, 2]", "DATA_TYPE_MISMATCH"),
        ("\"text\"", "DATA_TYPE_MISMATCH"),
        (
            "{\"Version\": \"2012-10-17\", \"Statement\": 7}",
            "DATA_TYPE_MISMATCH",
        ),
        (
            "{\"Version\": \"2012-10-17\", \"Statement\": [7]}",
            "DATA_TYPE_MISMATCH",
        ),
    ] {
        assert_eq!(codes(PolicyType::Identity, text), [code], "{text}");
    }
    let broken = of(PolicyType::Identity, "{\n \"a\" 1}");
    let details = broken[0]["findingDetails"].as_str().unwrap();
    assert!(
        details.starts_with("The text is not JSON at index 7 line 2 column 5: "),
        "{details}"
    );
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(codes(PolicyType::Identity, &deep), ["JSON_SYNTAX_ERROR"]);
}

/// What repeats itself costs what it weighs, and the report says that it is not whole.
#[test]
fn hostile_documents_are_bounded() {
    let is_whole = |text: &str| {
        lint(text, &Options::new(PolicyType::Identity), |report| {
            let weight: usize = report
                .findings
                .iter()
                .map(|found| found.details.len() + found.locations.len() * 64)
                .sum();
            assert!(weight <= text.len() * 64 + (1 << 20));
            !report.is_incomplete
        })
    };
    // Patterns that nearly match each other.
    let patterns: Vec<String> = (0..20_000).map(|n| format!("\"s3:*a*a*a{n}\"")).collect();
    assert!(!is_whole(&identity(&format!(
        r#""Effect": "Allow", "Action": [{}], "Resource": "*""#,
        patterns.join(",")
    ))));
    // Patterns that all cover each other: each is a head, and each of them names all.
    let stars: Vec<String> = (1..1_500)
        .map(|n| format!("\"{}\"", "*".repeat(n)))
        .collect();
    assert!(!is_whole(&identity(&format!(
        r#""Effect": "Allow", "Action": [{}], "Resource": "*""#,
        stars.join(",")
    ))));
    // A long key whose name each finding repeats.
    let values = vec!["\"x\""; 50_000].join(",");
    let key = "k".repeat(100_000);
    assert!(!is_whole(&identity(&format!(
        r#""Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {{"NumericEquals": {{"a:{key}": [{values}]}}}}"#
    ))));
    // Many different entries are no trouble.
    let names: Vec<String> = (0..50_000).map(|n| format!("\"s3:A{n}\"")).collect();
    assert!(is_whole(&identity(&format!(
        r#""Effect": "Allow", "Action": [{}], "Resource": "*""#,
        names.join(",")
    ))));
}

/// What is near a finding and is none, or is another one (`AA-150`, `AA-155`, `AA-157`, `AA-159`, `AA-205`, `AA-207`, `AA-211`, `AA-253`).
#[test]
fn near_misses() {
    let resource: Target = PolicyType::Resource.into();
    let when = |condition: &str| {
        format!(
            r#""Effect": "Allow", "Principal": {{"AWS": "111122223333"}}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Condition": {{{condition}}}"#
        )
    };
    let own = |condition: &str| {
        format!(
            r#""Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Condition": {{{condition}}}"#
        )
    };
    let service = |condition: &str| {
        format!(
            r#""Effect": "Allow", "Principal": {{"Service": "cloudtrail.amazonaws.com"}}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*", "Condition": {{{condition}}}"#
        )
    };
    let github = |value: &str| {
        format!(
            r#""Effect": "Allow", "Principal": {{"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {{"StringLike": {{"token.actions.githubusercontent.com:sub": "{value}"}}}}"#
        )
    };
    let wildcard = &["WILDCARD_USAGE_TOO_PERMISSIVE"][..];
    let none = &[][..];
    let identity_policy: Target = PolicyType::Identity.into();
    let cases = [
        (identity_policy, own(r#""StringLike": {"aws:PrincipalOrgID": "o-*"}"#), none),
        (identity_policy, own(r#""StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}"#), none),
        (resource, when(r#""StringLike": {"aws:PrincipalOrgID": "o-*"}"#), wildcard),
        (resource, when(r#""StringLike": {"aws:userid": "AROAEXAMPLE:*"}"#), none),
        (resource, when(r#""StringLike": {"aws:userid": "*:ann"}"#), none),
        (resource, when(r#""StringLike": {"aws:userid": "AROA*:ann"}"#), wildcard),
        (resource, when(r#""ArnLike": {"aws:PrincipalArn": "arn:*"}"#), wildcard),
        (resource, when(r#""ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}"#), none),
        (resource, service(r#""StringEquals": {"s3:x-amz-acl": "private"}"#), &["RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL"]),
        (resource, service(r#""ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:111122223333:trail/t"}"#), none),
        (trust(), github("repo:*"), &["MISSING_GITHUB_REPO_CONDITION_KEY"]),
        (trust(), github("repo:acme/app:*"), &["SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED"]),
        (trust(), github("repo:acme/app:environment:prod"), none),
        // Each action has a principal of its kind.
        (
            trust(),
            r#""Effect": "Allow", "Principal": {"Federated": ["arn:aws:iam::111122223333:saml-provider/p", "arn:aws:iam::111122223333:oidc-provider/login.example.com"]}, "Action": ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]"#.to_owned(),
            none,
        ),
        (
            PolicyType::ResourceControl.into(),
            r#""Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*""#.to_owned(),
            &["RCP_SYNTAX_ERROR_PRINCIPAL"],
        ),
        // Unique ids of other kinds, which AWS writes for nothing that was deleted.
        (
            resource,
            r#""Effect": "Allow", "Principal": {"AWS": "AIPAEXAMPLE"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*""#.to_owned(),
            none,
        ),
        // `*` alone asks for presence.
        (resource, when(r#""StringLike": {"aws:PrincipalOrgID": "*"}"#), &["EQUIVALENT_TO_NULL_FALSE"]),
        // The client's key is not what an Allow rests on.
        (identity_policy, own(r#""StringNotLike": {"aws:UserAgent": "curl*"}"#), none),
    ];
    for (target, statement, expected) in cases {
        assert_eq!(
            codes(target, &identity(&statement)),
            expected,
            "{statement}"
        );
    }
}
