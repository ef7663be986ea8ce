//! A policy in the policy language compiles to the image of its JSON.
use crate::common::{Dice, data, kind, sets};
use crate::generate;
use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_dsl::{NoImports, parse, print_dsl};
use portcullis_model::PolicyKind;
use portcullis_source::json::{self, Node};
use portcullis_syntax::ast::Document;
use portcullis_syntax::policy::{ReadOptions, parse_policy, read_policy};

/// The image of one policy, without what explanations print.
fn image(document: Document<'_>) -> Vec<u8> {
    let options = Options {
        debug: false,
        ..Options::default()
    };
    compile(&sets(&document), options).unwrap()
}

/// True if the document and what it is in the policy language have one image.
fn is_same(document: Document<'_>) -> bool {
    let text = print_dsl(&document, "p");
    let arena = Bump::new();
    let parsed = parse(&text, &arena, &NoImports);
    let [named] = parsed.documents.as_slice() else {
        panic!("{text}\n{:?}", parsed.diagnostics);
    };
    image(named.document) == image(document)
}

/// Holds every line of a data file against its image; `None` if there is no such file.
fn examples(file: &str, kind: impl Fn(&Node<'_>) -> PolicyKind) -> Option<usize> {
    let (mut count, mut different) = (0, Vec::new());
    for line in data(file)?.lines() {
        let arena = Bump::new();
        let node = json::parse(line, &arena).unwrap();
        let options = ReadOptions::new(kind(&node));
        let (document, _) = read_policy(*node.get("document").unwrap(), options, &arena);
        let Some(document) = document else {
            continue;
        };
        count += 1;
        if !is_same(document) {
            different.push(node.get("name").and_then(Node::as_str).unwrap().to_owned());
        }
    }
    assert!(
        different.is_empty(),
        "{} of {count}: {different:?}",
        different.len()
    );
    Some(count)
}

#[test]
fn aws_managed_policies() {
    let count = examples("aws-managed-policies.jsonl", |_| PolicyKind::Identity);
    assert!(count.is_none_or(|count| count == 1641), "{count:?}");
}

#[test]
fn examples_of_organizations() {
    let count = examples("org-policy-examples.jsonl", |node| {
        kind(node.get("type").and_then(Node::as_str).unwrap())
    });
    assert!(count.is_none_or(|count| count > 90), "{count:?}");
}

#[test]
fn documents_made_to_be_odd() {
    let mut dice = Dice(11);
    let mut count = 0;
    while count < 2_000 {
        let kind = *dice.pick(&PolicyKind::ALL);
        let text = generate::document(&mut dice, kind);
        let arena = Bump::new();
        let (document, _) = parse_policy(&text, ReadOptions::new(kind), &arena);
        if let Some(document) = document {
            assert!(is_same(document), "{text}");
            count += 1;
        }
    }
}
