//! Every problem of a scenario, at its place, which `«` marks.
use bumpalo::Bump;
use portcullis_scenario::{Files, NoFiles, Options, UnreadableError, scenarios};
use portcullis_source::{Diagnostic, Source, Start, render_failure};
use std::path::Path;

const OPTIONS: Options = Options {
    needs_expect: false,
    policies_only: false,
};

/// Checks that a text has one problem, at the mark.
fn check(marked: &str, expected: &str) {
    check_with(marked, expected, OPTIONS, &NoFiles);
}

fn check_with(marked: &str, expected: &str, options: Options, files: &dyn Files) {
    let at = marked.find('«').expect("a mark");
    let text = marked.replace('«', "");
    let before = &text[..at];
    let line = before.matches('\n').count() + 5;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    let arena = Bump::new();
    let source = Source::at(
        "s.json",
        &text,
        Start {
            line: 5,
            column: 1,
            offset: 0,
        },
    );
    let problems: Vec<Diagnostic> = match scenarios(source, options, files, &arena) {
        Err(problems) => problems,
        Ok(found) => found
            .into_iter()
            .flat_map(|scenario| {
                let own = scenario.problems.into_iter();
                own.chain(scenario.cases.into_iter().flat_map(|case| {
                    assert!(
                        case.request.is_none() || case.problems.is_empty() || options.needs_expect
                    );
                    case.problems
                }))
            })
            .collect(),
    };
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [format!("s.json:{line}:{column}: {expected}")],
        "{text}"
    );
    let rendered = render_failure(&problems[..1], false);
    assert!(rendered.starts_with("error: "), "{rendered}");
    assert!(
        rendered.contains(&format!("--> s.json:{line}:{column}\n")),
        "{rendered}"
    );
}

fn check_request(marked: &str, expected: &str) {
    check(
        &format!(r#"{{"policies": {{}}, "requests": [{marked}]}}"#),
        expected,
    );
}

fn check_principal(marked: &str, expected: &str) {
    let request = format!(r#"{{"principal": {marked}, "action": "a:b", "resource": "*"}}"#);
    check_request(&request, expected);
}

fn check_policies(marked: &str, expected: &str) {
    check(
        &format!(r#"{{"policies": {marked}, "requests": []}}"#),
        expected,
    );
}

#[test]
fn texts_that_are_no_scenario() {
    check(
        "«",
        "there is no JSON value in the text [JSON_SYNTAX_ERROR]",
    );
    check(
        "«1",
        "a scenario must be an object, this is a number [DATA_TYPE_MISMATCH]",
    );
    check(
        "[«1]",
        "a scenario must be an object, this is a number [DATA_TYPE_MISMATCH]",
    );
    check("{}«x", "unexpected `x` [JSON_SYNTAX_ERROR]");
    check(
        r#"{"name": "a", «"name": "b", "policies": {}, "requests": []}"#,
        "member `name` is written twice [DUPLICATE_MEMBER]",
    );
    check(
        r#"[{"name": "a", "policies": {}, "requests": []}, {"name": "b", «"name": "c", "policies": {}, "requests": []}]"#,
        "member `name` is written twice [DUPLICATE_MEMBER]",
    );
}

#[test]
fn members_of_a_scenario() {
    check(
        r#"{«"Name": "a", "policies": {}, "requests": []}"#,
        "a scenario has no member `Name` [UNKNOWN_MEMBER]",
    );
    check(
        "{\"policies\": {},\n\n «\"what\": 1, \"requests\": []}",
        "a scenario has no member `what` [UNKNOWN_MEMBER]",
    );
    check(
        r#"{"name": «1, "policies": {}, "requests": []}"#,
        "`name` must be a string, this is a number [DATA_TYPE_MISMATCH]",
    );
    check(
        r#"«{"requests": []}"#,
        "the scenario has no `policies` [MISSING_MEMBER]",
    );
    check(
        r#"«{"policies": {}}"#,
        "the scenario has no `request` [MISSING_MEMBER]",
    );
    check(
        r#"{"policies": {}, "request": {}, «"requests": []}"#,
        "a scenario has either `request` or `requests`, this has both [CONFLICTING_MEMBERS]",
    );
    check(
        r#"{"policies": {}, "requests": [], «"expect": "Allow"}"#,
        "with `requests`, each request has its own `expect` [CONFLICTING_MEMBERS]",
    );
    check(
        r#"{"policies": {}, "requests": «{}}"#,
        "`requests` must be a list of requests, this is an object [DATA_TYPE_MISMATCH]",
    );
    check(
        r#"{"policies": {}, "request": {"principal": null, "action": "a:b", "resource": "*"}, "expect": «"allow"}"#,
        "`allow` is not a decision [INVALID_EXPECT]",
    );
    check(
        r#"{"policies": {}, "request": {«"name": "n", "principal": null, "action": "a:b", "resource": "*"}}"#,
        "`request` has no member `name` [UNKNOWN_MEMBER]",
    );
}

#[test]
fn a_decision_to_test_by() {
    let options = Options {
        needs_expect: true,
        ..OPTIONS
    };
    check_with(
        r#"{"policies": {}, "request": «{"principal": null, "action": "a:b", "resource": "*"}}"#,
        "the request has no `expect` to test it against [MISSING_MEMBER]",
        options,
        &NoFiles,
    );
}

#[test]
fn members_of_policies() {
    check_policies(
        "«[]",
        "`policies` must be an object, this is an array [DATA_TYPE_MISMATCH]",
    );
    check_policies(
        "{«\"scp\": []}",
        "`policies` has no member `scp` [UNKNOWN_MEMBER]",
    );
    check_policies(
        "{\"identity\": «{}}",
        "`identity` must be a list of policies, this is an object [DATA_TYPE_MISMATCH]",
    );
    check_policies(
        "{\"session\": «1}",
        "`session` must be a list of policies, this is a number [DATA_TYPE_MISMATCH]",
    );
    check_policies(
        "{\"scps\": «{}}",
        "`scps` must be a list with a list of policies for each level, this is an object [DATA_TYPE_MISMATCH]",
    );
    check_policies(
        "{\"scps\": [«{}]}",
        "`scps[0]` must be a list of policies, this is an object [DATA_TYPE_MISMATCH]",
    );
    check_policies(
        "{\"rcps\": «[[],[],[],[],[],[],[],[],[],[],[],[],[],[]]}",
        "14 organization levels exceed the maximum of 13 [TOO_MANY_LEVELS]",
    );
    check_policies(
        "{\"resource\": «[]}",
        "a policy must be an object, this is an array [DATA_TYPE_MISMATCH]",
    );
    check_policies(
        "{\"identity\": [«null]}",
        "a policy must be an object, this is `null` [DATA_TYPE_MISMATCH]",
    );
    check_policies(
        "{\"boundary\": «{}}",
        "the policy has no `Statement` [MISSING_STATEMENT]",
    );
    check_policies(
        r#"{"identity": [{«"Document": {}, "Statement": []}]}"#,
        "a policy has no member `Document` [INVALID_POLICY_ELEMENT]",
    );
}

#[test]
fn named_policies() {
    check_policies(
        r#"{"identity": [{"name": «1, "document": {"Statement": []}}]}"#,
        "`name` must be a string, this is a number [DATA_TYPE_MISMATCH]",
    );
    check_policies(
        r#"{"identity": [{"document": {"Statement": []}, «"Statement": []}]}"#,
        "a named policy has no member `Statement` [UNKNOWN_MEMBER]",
    );
    check_policies(
        r#"{"identity": [{"document": {"Statement": []}, «"file": "x"}]}"#,
        "a policy has either `document` or `file`, this has both [CONFLICTING_MEMBERS]",
    );
    check_policies(
        r#"{"identity": [{"file": «1}]}"#,
        "`file` must be a string, this is a number [DATA_TYPE_MISMATCH]",
    );
    check_policies(
        r#"{"identity": [{"file": «"p.json"}]}"#,
        "cannot read `p.json`: files are not read here [UNREADABLE_FILE]",
    );
}

#[test]
fn problems_of_a_policy_file_are_placed_there() {
    struct Content(&'static [u8]);
    impl Files for Content {
        fn read(&self, _: &Path, _: &Path) -> Result<Vec<u8>, UnreadableError> {
            Ok(self.0.to_vec())
        }
    }
    let text = r#"{"policies": {"identity": [{"file": "p.json"}]}, "requests": []}"#;
    let contents: [(&[u8], &str); 3] = [
        (
            b"{\n]",
            "d/p.json:2:1: the file is not JSON [JSON_SYNTAX_ERROR]",
        ),
        (
            b"{\n \xff}",
            "d/p.json:2:2: the text is not UTF-8 [INVALID_ENCODING]",
        ),
        (
            b"\n{}",
            "d/p.json:2:1: the policy has no `Statement` [MISSING_STATEMENT]",
        ),
    ];
    for (content, expected) in contents {
        let arena = Bump::new();
        let source = Source::new("d/s.json", text);
        let found = scenarios(source, OPTIONS, &Content(content), &arena).unwrap();
        let texts: Vec<String> = found[0].problems.iter().map(ToString::to_string).collect();
        assert_eq!(texts, [expected]);
        assert!(found[0].problems.iter().all(|one| one.in_policy));
    }
}

#[test]
fn members_of_a_request() {
    check_request(
        "«1",
        "a request must be an object, this is a number [DATA_TYPE_MISMATCH]",
    );
    check_request(
        r#"{"principal": null, "action": "a:b", "resource": "*", «"ressource": 1}"#,
        "a request has no member `ressource` [UNKNOWN_MEMBER]",
    );
    check_request(
        r#"«{"action": "a:b", "resource": "*"}"#,
        "the request has no `principal` [MISSING_MEMBER]",
    );
    check_request(
        r#"«{"principal": null, "resource": "*"}"#,
        "the request has no `action` [MISSING_MEMBER]",
    );
    check_request(
        r#"«{"principal": null, "action": "a:b"}"#,
        "the request has no `resource` [MISSING_MEMBER]",
    );
    for (action, shown) in [("", "``"), ("ab", "`ab`"), (":b", "`:b`"), ("a:", "`a:`")] {
        check_request(
            &format!(r#"{{"principal": null, "action": «"{action}", "resource": "*"}}"#),
            &format!("{shown} is not an action: an action is `prefix:name` [INVALID_ACTION]"),
        );
    }
    for resource in ["", "b/k", "**", "ARN:aws:s3:::b"] {
        check_request(
            &format!(r#"{{"principal": null, "action": "a:b", "resource": «"{resource}"}}"#),
            &format!(
                "`{resource}` is not a resource: a resource is an ARN or `*` [INVALID_RESOURCE]"
            ),
        );
    }
    check_request(
        r#"{"principal": null, "action": "a:b", "resource": «["*"]}"#,
        "`resource` must be a string, this is an array [DATA_TYPE_MISMATCH]",
    );
    check_request(
        r#"{"principal": null, "action": "a:b", "resource": "*", "resourceAccount": «"1111"}"#,
        "`1111` is not an account: an account is 12 digits [INVALID_ACCOUNT]",
    );
    check_request(
        r#"{"principal": null, "action": "a:b", "resource": "*", "resourceAccount": «111122223333}"#,
        "`resourceAccount` must be a string, this is a number [DATA_TYPE_MISMATCH]",
    );
    check_request(
        r#"{"principal": null, "action": "a:b", "resource": "*", "externalGrant": «"true"}"#,
        "`externalGrant` must be a boolean, this is a string [DATA_TYPE_MISMATCH]",
    );
    check_request(
        r#"{"principal": null, "action": "a:b", "resource": "*", "expect": «"Deny"}"#,
        "`Deny` is not a decision [INVALID_EXPECT]",
    );
}

#[test]
fn values_of_the_context() {
    let context = |context: &str, expected: &str| {
        check_request(
            &format!(
                r#"{{"principal": null, "action": "a:b", "resource": "*", "context": {context}}}"#
            ),
            expected,
        );
    };
    context(
        "«[]",
        "`context` must be an object, this is an array [DATA_TYPE_MISMATCH]",
    );
    for (value, what) in [
        ("«null", "`null`"),
        ("«{}", "an object"),
        ("[«[]]", "an array"),
        ("[1, «null]", "`null`"),
    ] {
        context(
            &format!(r#"{{"k": {value}}}"#),
            &format!(
                "a value of the key `k` must be a string, a number or a boolean, this is {what} [INVALID_CONTEXT_VALUE]"
            ),
        );
    }
    context(
        r#"{"k": 1, «"k": 2}"#,
        "member `k` is written twice [DUPLICATE_MEMBER]",
    );
}

#[test]
fn principals() {
    check_principal(
        "«1",
        "`principal` must be a string, an object or null, this is a number [DATA_TYPE_MISMATCH]",
    );
    check_principal(
        "«{}",
        "`principal` has neither `arn` nor `roleArn` [INVALID_PRINCIPAL]",
    );
    check_principal(
        "«\"lambda.amazonaws.com\"",
        "`lambda.amazonaws.com` is not a principal: it is not an ARN with a 12-digit account, such as `arn:aws:iam::111122223333:user/ann` [INVALID_PRINCIPAL]",
    );
    check_principal(
        "«\"arn:aws:iam::111122223333:group/g\"",
        "`arn:aws:iam::111122223333:group/g` is not a principal: it is not the ARN of a root user, user, role, role session or federated user [INVALID_PRINCIPAL]",
    );
    check_principal(
        "{«\"AWS\": \"x\"}"
            .replace("«\"AWS\": \"x\"", "\"arn\": \"111122223333\", «\"AWS\": 1")
            .as_str(),
        "`principal` has no member `AWS` [UNKNOWN_MEMBER]",
    );
    check_principal(
        r#"{"Service": "a.amazonaws.com", «"Federated": "x"}"#,
        "this `principal` has no member `Federated` [UNKNOWN_MEMBER]",
    );
    check_principal(
        r#"{"Service": «""}"#,
        "`Service` is empty [INVALID_PRINCIPAL]",
    );
    check_principal(
        r#"{"CanonicalUser": «1}"#,
        "`CanonicalUser` must be a string, this is a number [DATA_TYPE_MISMATCH]",
    );
    check_principal(
        r#"{"arn": «null, "userId": 1}"#.replace("«null", "null").replace(": 1", ": «1").as_str(),
        "`userId` must be a string, this is a number [DATA_TYPE_MISMATCH]",
    );
    check_principal(
        r#"{"arn": "111122223333", "managementAccount": «"yes"}"#,
        "`managementAccount` must be a boolean, this is a string [DATA_TYPE_MISMATCH]",
    );
}

#[test]
fn principals_that_contradict_themselves() {
    check_principal(
        r#"{"arn": "arn:aws:iam::111122223333:user/ann", «"serviceLinkedRole": true}"#,
        "only a role can be a `serviceLinkedRole` [INVALID_PRINCIPAL]",
    );
    check_principal(
        r#"{"arn": "arn:aws:iam::111122223333:user/ann", "roleArn": «"arn:aws:iam::111122223333:role/R"}"#,
        "only a role session has a `roleArn` [INVALID_PRINCIPAL]",
    );
    check_principal(
        r#"{"arn": "arn:aws:iam::111122223333:role/A", "roleArn": «"arn:aws:iam::111122223333:role/R"}"#,
        "`arn` and `roleArn` name different roles [INVALID_PRINCIPAL]",
    );
    check_principal(
        r#"{"arn": "arn:aws:sts::111122223333:assumed-role/R/s", "roleArn": «"arn:aws:iam::111122223333:user/R"}"#,
        "`arn:aws:iam::111122223333:user/R` is not the ARN of a role [INVALID_PRINCIPAL]",
    );
    check_principal(
        r#"{"arn": "arn:aws:iam::111122223333:user/ann", "federatedBy": «"arn:aws:iam::111122223333:user/bob"}"#,
        "only a federated user has a `federatedBy` [INVALID_PRINCIPAL]",
    );
    check_principal(
        r#"{"arn": "arn:aws:sts::111122223333:federated-user/g", "federatedBy": «"arn:aws:iam::111122223333:role/R"}"#,
        "`arn:aws:iam::111122223333:role/R` is not the ARN of a user or root user of the same account [INVALID_PRINCIPAL]",
    );
}

#[test]
fn a_request_with_a_problem_leaves_the_others_alone() {
    let text = r#"{"policies": {}, "requests": [
        {"principal": null, "action": "x", "resource": "*"},
        {"principal": null, "action": "a:b", "resource": "*"}]}"#;
    let arena = Bump::new();
    let found = scenarios(Source::new("s.json", text), OPTIONS, &NoFiles, &arena).unwrap();
    assert!(found[0].problems.is_empty());
    assert!(found[0].cases[0].request.is_none());
    assert!(found[0].cases[1].request.is_some());
}

#[test]
fn a_scenario_with_a_problem_still_shows_its_requests() {
    let text = r#"{"name": "n", "policies": {"identity": [1]}, "requests": [
        {"name": "1", "principal": null, "action": "a:b", "resource": "*"}, {"name": "2"}]}"#;
    let arena = Bump::new();
    let found = scenarios(Source::new("s.json", text), OPTIONS, &NoFiles, &arena).unwrap();
    assert_eq!(found[0].problems.len(), 1);
    assert_eq!(found[0].name, Some("n"));
    let names: Vec<_> = found[0].cases.iter().map(|case| case.name).collect();
    assert_eq!(names, [Some("1"), Some("2")]);
}
