//! The policy language: any text, and documents through all notations.

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_dsl::{NoImports, format, minify_json, parse, print_dsl, print_json};
use portcullis_model::PolicyKind;
use portcullis_source::Diagnostic;
use portcullis_syntax::ast::{Condition, Document, Statement};
use portcullis_syntax::policy::{ReadOptions, parse_policy};

use super::input::text;
use crate::generate::{self, Settings};

/// The most bytes of a text that the formatter is asked to format again: the form of a text may be
/// longer than the text, and a text must not be longer than 4 MiB.
const FORMATTED: usize = 4 << 20;

/// Any text in the policy language: problems within the text or documents, never a panic; formatting
/// is done after one pass; documents come back from all notations.
pub fn dsl(data: &[u8]) {
    const PIECES: [&str; 64] = [
        "policy p {",
        "policy q of resource {",
        "}",
        "{",
        "\n",
        " ",
        " ",
        " ",
        "allow ",
        "deny ",
        "s3:GetObject",
        "s3:Get*",
        "*",
        ", ",
        "on ",
        "to ",
        "anyone ",
        "except ",
        "arn:aws:s3:::b/*",
        "when ",
        "unless ",
        "and ",
        "or ",
        "not ",
        "aws:username ",
        "is ",
        "like ",
        "within ",
        "in ",
        "all ",
        "any ",
        "present ",
        "absent ",
        "[",
        "]",
        "(",
        ")",
        "\"a b\"",
        "\"",
        "\\",
        "\\u0041",
        "#",
        "# note\n",
        "let x = ",
        "<x>",
        "template t(a) {",
        "apply t(",
        "test ",
        "import ",
        "Sid: ",
        "${aws:username}",
        "${",
        "10.0.0.0/8",
        "true ",
        "2026-01-01T00:00:00Z",
        "10",
        "<=",
        ">",
        "!=",
        "=",
        "kind ",
        "\u{e9}",
        "user ",
        "account 111122223333 ",
    ];
    let text = text(data, &PIECES);
    let arena = Bump::new();
    let parsed = parse(&text, &arena, &NoImports);
    for problem in &parsed.diagnostics {
        let places = problem.related.iter().map(|related| related.span);
        for span in places.chain([problem.span]) {
            assert!(text.get(span.range()).is_some(), "{span:?} of {text:?}");
        }
    }
    match format(&text) {
        Ok(formatted) if formatted.len() <= FORMATTED => {
            assert_eq!(format(&formatted).as_ref(), Ok(&formatted), "{text}");
            let arena = Bump::new();
            let again = parse(&formatted, &arena, &NoImports);
            let documents = |found: &[portcullis_dsl::NamedDocument<'_>]| {
                let print = |named: &portcullis_dsl::NamedDocument<'_>| {
                    (named.name.value.to_string(), print_json(&named.document))
                };
                found.iter().map(print).collect::<Vec<_>>()
            };
            assert_eq!(
                documents(&parsed.documents),
                documents(&again.documents),
                "formatting changed {text}"
            );
        }
        Ok(_) => {}
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(parsed.documents.is_empty(), "{text}");
        }
    }
    if !parsed.diagnostics.iter().any(Diagnostic::is_error) {
        for named in &parsed.documents {
            through_the_notations(&named.document);
        }
    }
}

/// A document made from the bytes: it is the same after a trip through the policy language and
/// through both forms of JSON.
pub fn round_trip(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    for kind in PolicyKind::ALL {
        if kind == PolicyKind::Trust {
            continue;
        }
        let Ok(text) = generate::document(&mut bytes, kind, &Settings::default()) else {
            return;
        };
        let arena = Bump::new();
        let (document, problems) = parse_policy(&text, ReadOptions::new(kind), &arena);
        match document {
            Some(document) => through_the_notations(&document),
            None => panic!("{text}\n{problems:?}"),
        }
    }
}

/// A document is equal to itself after a trip through the policy language and through JSON.
pub fn through_the_notations(document: &Document<'_>) {
    let arena = Bump::new();
    let expected = ordered(document, &arena);
    let text = print_dsl(document, "p");
    let parsed = parse(&text, &arena, &NoImports);
    match parsed.documents.as_slice() {
        [named] => assert_eq!(ordered(&named.document, &arena), expected, "{text}"),
        _ => panic!("{text}\n{:?}", parsed.diagnostics),
    }
    assert_eq!(format(&text).as_ref(), Ok(&text));
    for json in [print_json(document), minify_json(document)] {
        let arena = Bump::new();
        let options = ReadOptions {
            allow_missing_resource: true,
            ..ReadOptions::new(document.kind)
        };
        match parse_policy(&json, options, &arena) {
            (Some(read), _) => assert_eq!(ordered(&read, &arena), expected, "{json}"),
            (None, problems) => panic!("{json}\n{problems:?}"),
        }
    }
}

/// A document whose conditions stand in one order: the policy language groups them by itself.
pub fn ordered<'a>(document: &Document<'a>, arena: &'a Bump) -> Document<'a> {
    let statements = document.statements.iter().map(|statement| {
        let mut tests: Vec<Condition<'a>> = statement.conditions.to_vec();
        tests.sort_by_key(|test| (test.operator, test.key.value));
        Statement {
            conditions: arena.alloc_slice_copy(&tests),
            ..*statement
        }
    });
    let statements: Vec<_> = statements.collect();
    Document {
        statements: arena.alloc_slice_copy(&statements),
        ..*document
    }
}
