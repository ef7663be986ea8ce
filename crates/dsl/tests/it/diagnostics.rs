//! What people write by mistake, and what they are told.
use bumpalo::Bump;
use portcullis_dsl::{ImportError, Imported, Loader, NoImports, parse};
use portcullis_source::{Diagnostic, Source, render};

fn problems(text: &str) -> Vec<Diagnostic> {
    let arena = Bump::new();
    parse(text, &arena, &NoImports).diagnostics
}

/// The text within a policy, its first problem: the place, the message and the help.
fn first(statements: &str) -> (String, String, String) {
    let text = format!("policy p {{\n{statements}\n}}\n");
    let found = problems(&text);
    let first = found
        .first()
        .unwrap_or_else(|| panic!("nothing wrong: {text}"));
    let place = text.get(first.span.range()).unwrap().to_owned();
    let help = first.help.clone().unwrap_or_default();
    (place, first.message.clone(), help)
}

#[test]
fn common_mistakes() {
    let mut failures = Vec::new();
    for (text, place, message, help) in [
        (
            "permit s3:x on *",
            "permit",
            "begins with `allow` or `deny`",
            "did you mean `allow`?",
        ),
        (
            "Deny s3:x on *",
            "Deny",
            "begins with `allow` or `deny`",
            "did you mean `deny`?",
        ),
        (
            "allow s3:x on * when k == v",
            "==",
            "written `=`",
            "`k = ...`",
        ),
        (
            "allow s3:x on * when k eq v",
            "eq",
            "not an operator",
            "`k = ...`",
        ),
        (
            "allow s3:x on * when k StringEquals v",
            "StringEquals",
            "not an operator",
            "`k = value`, or `k in [...]` for a list",
        ),
        (
            "allow s3:x on * when k StringNotEqualsIfExists v",
            "StringNotEqualsIfExists",
            "not an operator",
            "`k != value or absent`",
        ),
        (
            "allow s3:x on * when k ForAllValues:StringLike v",
            "ForAllValues:StringLike",
            "not an operator",
            "`all k like value`",
        ),
        (
            "allow s3:x on * when k macthes v",
            "macthes",
            "not an operator",
            "did you mean `matches`?",
        ),
        (
            "allow s3:x on * when k = [a, b]",
            "[",
            "`=` takes one value",
            "`k in [...]`",
        ),
        (
            "allow s3:x on * when k != [a, b]",
            "[",
            "`!=` takes one value",
            "`k not in [...]`",
        ),
        (
            "allow s3:x on * when k in (a, b)",
            "(",
            "square brackets",
            "in [a, b]",
        ),
        (
            "allow s3:x on * when k in a",
            "a",
            "square brackets",
            "in [a, b]",
        ),
        (
            "allow s3:x on * when k is not true",
            "not",
            "no negation",
            "is false or absent",
        ),
        (
            "allow s3:x on * when k not is true",
            "is",
            "no negation",
            "is false or absent",
        ),
        (
            "allow s3:x on * when a = 1, b = 2",
            ",",
            "joined by `and`",
            "`and`",
        ),
        (
            "allow s3:x on * when a = 1 && b = 2",
            "&&",
            "joined by `and`",
            "`and`",
        ),
        (
            "allow s3:x on * when a = 1 || b = 2",
            "||",
            "joined by `or`",
            "`or`",
        ),
        (
            "allow s3:x when a = 1 on *",
            "on",
            "too late",
            "the order is",
        ),
        ("allow s3:x on * on *", "on", "already", "one list"),
        (
            "allow s3: GetObject on *",
            "s3:",
            "a label",
            "`s3:GetObject`",
        ),
        (
            "allow s3.GetObject on *",
            "s3.GetObject",
            "no service prefix",
            "did you mean `s3:GetObject`?",
        ),
        (
            "allow GetObject on *",
            "GetObject",
            "no service prefix",
            "service:Name",
        ),
        ("allow s3:x", "allow s3:x", "names no resources", "on *"),
        ("// text\nallow s3:x on *", "//", "not a comment", "`#`"),
        ("/* text */ allow s3:x on *", "/*", "not a comment", "`#`"),
        ("allow s3:x on *;", ";", "no `;`", "remove it"),
        (
            "allow s3:x on * when k = \"a\nallow s3:y on *",
            "\"a",
            "does not end",
            "close it",
        ),
        (
            "allow s3:x on * when k = on",
            "on",
            "is a keyword",
            "`\"on\"`",
        ),
        (
            "ReadAll:allow s3:x on *",
            "ReadAll:allow",
            "must be followed by a space",
            "`ReadAll: allow`",
        ),
        ("allow [s3:x] on *", "s3:x", "no brackets", "commas"),
        (
            "allow s3:x s3:y on *",
            "s3:y",
            "a comma is missing",
            "commas",
        ),
        (
            "allow s3:x on * when k = ü",
            "ü",
            "only allowed in quotes",
            "in quotes",
        ),
        (
            "allow s3:x on * when k = \"\\q\"",
            "\\q",
            "no such escape",
            "",
        ),
        ("allow <x> on *", "<x>", "no `let`", "quote"),
        (
            "allow s3:x on * when a = 1 and a = 2",
            "a = 2",
            "tested twice",
            "one list",
        ),
        ("apply t(a = b)", "t", "no template", ""),
        ("version 2011", "2011", "not a version", "`none`"),
        (
            "allow s3:x on * to *",
            "to *",
            "has no principals",
            "resource policy",
        ),
        (
            "deny s3:x on * unless aws:MultiFactorAuthPresent is true",
            "aws:MultiFactorAuthPresent is true",
            "no exact form",
            "is false or absent",
        ),
        (
            "deny s3:x on * unless ec2:Foo = x",
            "ec2:Foo = x",
            "may have several values",
            "unless any ec2:Foo",
        ),
        (
            "deny s3:x on * unless aws:EpochTime < 5",
            "aws:EpochTime < 5",
            "no exact form",
            "`when`",
        ),
        (
            "deny s3:x on * unless all aws:TagKeys in [a]",
            "all aws:TagKeys in [a]",
            "no exact form",
            "",
        ),
        (
            "allow s3:x on * when k is present or absent",
            "k is present or absent",
            "test for presence",
            "are complete tests",
        ),
    ] {
        let (at, said, helped) = first(text);
        if at != place || !said.contains(message) || !helped.contains(help) {
            failures.push(format!("{text}\n at `{at}`: {said}\n help: {helped}"));
        }
        assert!(
            !said.ends_with('.') && !said.starts_with(char::is_uppercase),
            "{said}"
        );
        for token in [
            "WORD",
            "STRING",
            "\\\"",
            "LABEL",
            "REFERENCE",
            "MATCH",
            "KEPT",
        ] {
            assert!(
                !said.contains(token) && !helped.contains(token),
                "{said} {helped}"
            );
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_bad_statement_is_one_error() {
    let text = "policy a {\n  permit s3:x on *\n  allow s3:y on * when = 3\n  deny s3:z on *\n  allow\n}\npolcy b { allow s3:x on * }\npolicy c { allow s3x on * }\n";
    let lines: Vec<_> = problems(text)
        .iter()
        .map(|problem| text[..problem.span.start as usize].matches('\n').count() + 1)
        .collect();
    assert_eq!(lines, [2, 3, 6, 7, 8], "{:#?}", problems(text));
}

#[test]
fn unclosed_blocks() {
    for text in [
        "policy a {\n allow s3:x on *\npolicy b {\n allow s3:y on *\n}\n",
        "policy a {\n allow s3:x on *\n",
    ] {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].message.contains("`}` is missing"), "{found:#?}");
        assert_eq!(found[0].related.len(), 1);
    }
    assert!(
        problems("{\"Version\": \"2012-10-17\"}")[0]
            .message
            .contains("JSON")
    );
    assert!(
        problems("allow s3:x on *")[0]
            .message
            .contains("must be inside a policy")
    );
}

#[test]
fn names_and_limits() {
    let mut failures = Vec::new();
    for (text, message) in [
        ("let a = [x]\nlet a = [y]", "`a` is defined twice"),
        ("policy a { }\npolicy a { }", "policy `a` is defined twice"),
        ("let a = [<a>]", "refers to itself"),
        ("let a = [<b>]\nlet b = [<a>]", "refers to itself"),
        (
            "let bucket = [x]\npolicy p { allow s3:x on arn:aws:s3:::<bukcet> }",
            "no `let` named `bukcet`",
        ),
        (
            "let c = when a = 1\npolicy p { allow <c> on * }",
            "`c` is a condition",
        ),
        (
            "let w = to x\npolicy p { allow <w> on * }",
            "`w` is a list of principals",
        ),
        (
            "let l = [a, b]\npolicy p { allow s3:x on * when k = <l> }",
            "take one value",
        ),
        (
            "let l = [a]\npolicy p { allow s3:x on * when <l> }",
            "not a condition",
        ),
        (
            "template t(a) { allow <a> on * }\npolicy p { apply t(b = x) }",
            "no parameter `b`",
        ),
        (
            "template t(a) { allow <a> on * }\npolicy p { apply t(a = x, a = y) }",
            "given twice",
        ),
        (
            "template t(a) { apply t(a = <a>) }\npolicy p { apply t(a = x) }",
            "applies itself",
        ),
        (
            "template t(a) { S: allow <a> on * }\npolicy p { apply t(a = s3:x) apply t(a = s3:y) }",
            "is generated twice",
        ),
        (
            "policy p { S1: allow s3:x on * S: allow s3:x on * when a = 1 or b = 2 }",
            "is generated twice",
        ),
        ("test p { expect allow s3:x }", "no policy `p`"),
        ("use a from \"x\"", "cannot read `x`"),
    ] {
        let found = problems(text);
        let is_told = |p: &Diagnostic| p.is_error() && p.message.contains(message);
        if !found.iter().any(is_told) {
            let told: Vec<_> = found.iter().map(|p| p.message.as_str()).collect();
            failures.push(format!("{text}\n{message}\n{told:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let many = format!(
        "let l = [{}]\npolicy p {{ allow s3:<l><l> on * }}",
        "a,".repeat(100)
    );
    assert!(problems(&many)[0].message.contains("more than 4096"));
    let or = (0..7)
        .map(|i| format!("(a{i} = 1 or b{i} = 1)"))
        .collect::<Vec<_>>()
        .join(" and ");
    let many = format!("policy p {{ allow s3:x on * when {or} }}");
    assert!(
        problems(&many)[0]
            .message
            .contains("more than 64 statements")
    );
}

struct Files(&'static [(&'static str, &'static str)]);

impl Loader for Files {
    fn load(&self, _: Option<&str>, path: &str) -> Result<Imported, ImportError> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        let (name, text) = found.ok_or(ImportError::new("there is no such file"))?;
        Ok(Imported {
            name: (*name).into(),
            text: (*text).into(),
        })
    }
}

#[test]
fn imports() {
    let files = Files(&[
        (
            "a.iam",
            "use x from \"b.iam\"\nlet y = [<x>, q]\ntemplate t(n) { S: allow s3:<n> on arn:aws:s3:::<y> when <inside> }\nlet inside = when aws:SourceIp within 10.0.0.0/8\nlet bad = [<nothing>]",
        ),
        ("b.iam", "let x = [z]"),
        ("c.iam", "use r from \"root.iam\""),
        ("wrong.iam", "let x ="),
        ("root.iam", "use q from \"c.iam\"\nlet r = [x]"),
    ]);
    let arena = Bump::new();
    let text =
        "use t, y from \"a.iam\"\npolicy p { A: apply t(n = Get*) allow s3:x on arn:aws:s3:::<y> }";
    let parsed = parse(text, &arena, &files);
    assert!(
        parsed.diagnostics.iter().all(|d| !d.is_error()),
        "{:#?}",
        parsed.diagnostics
    );
    let statements = parsed.documents[0].document.statements;
    assert_eq!(statements[0].sid.unwrap().value, "AS");
    assert_eq!(statements[0].action.list[0].value, "s3:Get*");
    assert_eq!(
        statements[0].resource.unwrap().list[1].value,
        "arn:aws:s3:::q"
    );
    assert_eq!(statements[0].conditions[0].values[0].value, "10.0.0.0/8");
    for (text, message) in [
        ("use z from \"a.iam\"", "does not define `z`"),
        // The place in the imported file, beside that of the import.
        (
            "use x from \"wrong.iam\"",
            "`wrong.iam` has errors\n --> here.iam:1:12\n",
        ),
        ("use x from \"wrong.iam\"", " --> wrong.iam:1:"),
        (
            "use bad from \"a.iam\"\npolicy p { allow s3:<bad> on * }",
            "there is no `let` named `nothing`\n --> here.iam:2:",
        ),
        (
            "use bad from \"a.iam\"\npolicy p { allow s3:<bad> on * }",
            " --> a.iam:5:",
        ),
        (
            "use r from \"root.iam\"",
            "import each other: `root.iam` imports `c.iam` imports `root.iam`",
        ),
        ("use r from \"none.iam\"", "there is no such file"),
    ] {
        let arena = Bump::new();
        let found = parse(text, &arena, &files).diagnostics;
        let located = Source::new("here.iam", text).locate_all(found);
        let shown = render(&located, false);
        assert!(shown.contains(message), "{text}\n{shown}");
    }
}

#[test]
fn every_problem_has_its_code() {
    use portcullis_dsl::codes::*;
    use portcullis_source::codes::*;
    let deep = format!("policy p {{ allow s3:x on * when {}", "(".repeat(65));
    let many = format!(
        "let l = [{}]\npolicy p {{ allow s3:<l><l> on * }}",
        "a,".repeat(100)
    );
    for (text, code) in [
        ("policy p { permit s3:x on * }", SYNTAX_ERROR),
        ("policy p { allow <a> on * }", UNKNOWN_NAME),
        ("policy p { apply t(a = b) }", UNKNOWN_NAME),
        ("policy a { }\npolicy a { }", DUPLICATE_NAME),
        ("policy p { id A id B }", DUPLICATE_MEMBER),
        (
            "policy p { allow s3:x on * unless aws:SecureTransport is true }",
            NO_EXACT_FORM,
        ),
        ("use a from \"x\"", IMPORT_ERROR),
        (many.as_str(), EXPANSION_LIMIT),
        (deep.as_str(), DOCUMENT_TOO_DEEP),
    ] {
        let found = problems(text);
        assert!(found.iter().any(|p| p.code == code), "{text}\n{found:#?}");
    }
}

/// A variable of IAM with a name of the file is what it says, but hardly what is meant.
#[test]
fn variables_are_no_names() {
    let text = "let bucket = [a]
template t(team) { allow s3:x on arn:aws:s3:::a/${team}/${aws:username} }
policy p { allow s3:x on arn:aws:s3:::${bucket}/${other}/<bucket> apply t(team = x) apply t(team = y) }";
    let found = problems(text);
    let names: Vec<_> = found
        .iter()
        .map(|one| (one.is_error(), one.help.as_deref()))
        .collect();
    assert_eq!(
        names,
        [
            (false, Some("did you mean `<team>`?")),
            (false, Some("did you mean `<bucket>`?")),
        ]
    );
    assert_eq!(found[1].code, portcullis_dsl::codes::UNKNOWN_NAME);
}

#[test]
fn condition_keys_are_suggested() {
    for (key, help) in [
        ("aws:SecureTranspot", "did you mean `aws:SecureTransport`?"),
        ("SecureTransport", "did you mean `aws:SecureTransport`?"),
        ("aws:RequestTags/a", "did you mean `aws:RequestTag/a`?"),
        ("s3:prefx", "did you mean `s3:prefix`?"),
    ] {
        let text = format!("policy p {{ deny s3:x on * when {key} is false }}");
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(&text[found[0].span.range()], key);
        assert_eq!(found[0].help.as_deref(), Some(help));
        assert!(!found[0].is_error());
    }
}
