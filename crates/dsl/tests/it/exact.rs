//! What is expanded or made smaller decides every request alike.
use crate::common::{Dice, data, kind, sets};
use crate::generate;
use bumpalo::Bump;
use portcullis_dsl::{MinifyOptions, NoImports, minify, parse};
use portcullis_model::{Caller, ContextEntry, Decision, PolicyKind, Principal, Request};
use portcullis_reference::decide;
use portcullis_source::json;
use portcullis_syntax::ast::Document;
use portcullis_syntax::policy::{ReadOptions, parse_policy, read_policy};
use portcullis_testkit::{Bytes, derive};

/// The value sets and keys of the model: keys that have one value, and one that has several.
const VALUES: [&str; 6] = ["a", "b", "\"\"", "[a, b]", "[b, \"\"]", "c*"];

fn test(dice: &mut Dice) -> String {
    let value = *dice.pick(&VALUES);
    let absent = if dice.one_in(4) { " or absent" } else { "" };
    if dice.one_in(5) {
        let key = *dice.pick(&["aws:username", "aws:TagKeys", "aws:PrincipalTag/t"]);
        return format!("{key} is {}", dice.pick(&["present", "absent"]));
    }
    let (quantifier, key) = match dice.below(4) {
        0 => ("any ", "aws:TagKeys"),
        1 => ("all ", "aws:TagKeys"),
        2 => ("", "aws:username"),
        _ => ("", "aws:PrincipalTag/t"),
    };
    let operator = match (dice.below(4), value.starts_with('[')) {
        (0, true) => "in",
        (1, true) => "not in",
        (0, false) => "=",
        (1, false) => "!=",
        (2, _) => "like",
        _ => "not like",
    };
    format!("{quantifier}{key} {operator} {value}{absent}")
}

enum Tree {
    Leaf(String),
    All(Vec<Tree>),
    Any(Vec<Tree>),
}

fn tree(dice: &mut Dice, depth: usize) -> Tree {
    if depth == 0 || dice.one_in(3) {
        return Tree::Leaf(test(dice));
    }
    let parts = (0..1 + dice.below(3))
        .map(|_| tree(dice, depth - 1))
        .collect();
    if dice.one_in(2) {
        Tree::All(parts)
    } else {
        Tree::Any(parts)
    }
}

impl Tree {
    fn text(&self) -> String {
        let join = |parts: &[Tree], word: &str| {
            let texts: Vec<_> = parts.iter().map(Tree::text).collect();
            format!("({})", texts.join(word))
        };
        match self {
            Tree::Leaf(text) => text.clone(),
            Tree::All(parts) => join(parts, " and "),
            Tree::Any(parts) => join(parts, " or "),
        }
    }

    fn holds(&self, leaf: &mut impl FnMut(&str) -> bool) -> bool {
        match self {
            Tree::Leaf(text) => leaf(text),
            Tree::All(parts) => parts.iter().all(|part| part.holds(leaf)),
            Tree::Any(parts) => parts.iter().any(|part| part.holds(leaf)),
        }
    }
}

fn allows(condition: &str, context: &[ContextEntry<'_>]) -> Option<bool> {
    let text = format!("policy p {{ allow s3:x on * {condition} }}");
    let arena = Bump::new();
    let parsed = parse(&text, &arena, &NoImports);
    let document = parsed.documents.first()?.document;
    let request = Request {
        principal: Principal {
            caller: Caller::Role {
                session_arn: None,
                role_arn: "arn:aws:iam::111122223333:role/R",
                service_linked: false,
            },
            user_id: None,
            management_account: false,
            session_token: false,
        },
        action: "s3:x",
        resource: "*",
        resource_account: None,
        context,
        restrict_public_buckets: false,
        external_grant: false,
    };
    Some(decide(&sets(&document), &request).decision == Decision::Allow)
}

#[test]
fn alternatives_and_exceptions_are_exact() {
    let mut dice = Dice(21);
    let (mut taken, mut compared) = (0, 0);
    for _ in 0..6_000 {
        let when = tree(&mut dice, 2);
        let unless = tree(&mut dice, 2);
        let text = format!("when {} unless {}", when.text(), unless.text());
        if allows(&text, &[]).is_none() {
            continue;
        }
        taken += 1;
        for _ in 0..12 {
            let one = *dice.pick(&["a", "b", "", "c*", "cx"]);
            let two = *dice.pick(&["a", "b", "", "c"]);
            let many: Vec<&str> = (0..dice.below(4))
                .map(|_| *dice.pick(&["a", "b", "", "cx"]))
                .collect();
            let mut context = Vec::new();
            let (one, two) = ([one], [two]);
            for (key, values) in [
                ("aws:username", one.as_slice()),
                ("aws:PrincipalTag/t", two.as_slice()),
                ("aws:TagKeys", many.as_slice()),
            ] {
                if !dice.one_in(3) {
                    context.push(ContextEntry { key, values });
                }
            }
            let mut leaf = |text: &str| allows(&format!("when {text}"), &context).unwrap();
            let expected = when.holds(&mut leaf) && !unless.holds(&mut leaf);
            assert_eq!(
                allows(&text, &context),
                Some(expected),
                "{text}\n{context:?}"
            );
            compared += 1;
        }
    }
    eprintln!("{taken} of 6,000 statements have an exact form; {compared} requests compared");
    assert!(taken > 500, "{taken}");
}

#[test]
fn smaller_documents_decide_alike() {
    let mut dice = Dice(33);
    let mut bytes = Bytes::new(5);
    let (mut compared, mut merged, mut dropped) = (0, 0, 0);
    let options = MinifyOptions {
        drop_sids: true,
        ..MinifyOptions::default()
    };
    let mut check = |document: &Document<'_>, requests: usize| {
        let arena = Bump::new();
        let copy = parse_policy(
            arena.alloc_str(&portcullis_dsl::print_json(document)),
            ReadOptions::new(document.kind),
            &arena,
        );
        let document = copy.0.unwrap();
        let small = minify(&document, options, &arena);
        assert!(small.after <= small.before);
        merged += small.merged_statements;
        dropped += small.dropped_entries;
        let (before, after) = (sets(&document), sets(&small.document));
        for _ in 0..requests {
            let Some(request) = derive::request(&document, &mut bytes) else {
                break;
            };
            request.with(|request| {
                let (a, b) = (decide(&before, request), decide(&after, request));
                assert_eq!(a.decision, b.decision, "{request:?}\n{document:?}");
            });
            compared += 1;
        }
    };
    for _ in 0..4_000 {
        let kind = *dice.pick(&PolicyKind::ALL);
        let json = generate::document(&mut dice, kind);
        let arena = Bump::new();
        if let (Some(document), _) = parse_policy(&json, ReadOptions::new(kind), &arena) {
            check(&document, 6);
        }
    }
    for (name, each) in [
        ("aws-managed-policies.jsonl", 8),
        ("org-policy-examples.jsonl", 20),
    ] {
        for line in data(name).unwrap_or_default().lines() {
            let arena = Bump::new();
            let node = json::parse(line, &arena).unwrap();
            let kind = node
                .get("type")
                .and_then(json::Node::as_str)
                .map_or(PolicyKind::Identity, kind);
            let document = *node.get("document").unwrap();
            if let (Some(document), _) = read_policy(document, ReadOptions::new(kind), &arena) {
                check(&document, each);
            }
        }
    }
    eprintln!(
        "{compared} requests compared; {merged} statements joined, {dropped} entries dropped"
    );
}

#[test]
fn managed_policies_and_their_quota() {
    let Some(text) = data("aws-managed-policies.jsonl") else {
        return;
    };
    let (mut over, mut still, mut before, mut after) = ([0; 2], [0; 2], 0, [0; 2]);
    for line in text.lines() {
        let arena = Bump::new();
        let node = json::parse(line, &arena).unwrap();
        let document = *node.get("document").unwrap();
        let options = ReadOptions::new(PolicyKind::Identity);
        let document = read_policy(document, options, &arena).0.unwrap();
        for (at, drop_sids) in [false, true].into_iter().enumerate() {
            let options = MinifyOptions {
                drop_sids,
                ..MinifyOptions::default()
            };
            let small = minify(&document, options, &arena);
            over[at] += usize::from(small.before > 6_144);
            still[at] += usize::from(!small.fits());
            if at == 0 {
                before += small.before;
            }
            after[at] += small.after;
        }
    }
    eprintln!(
        "over their quota: {} before, {} after, {} without labels; characters {before}, {}, {}",
        over[0], still[0], still[1], after[0], after[1]
    );
    assert!(still[1] <= still[0] && still[0] <= over[0]);
}

#[test]
fn a_text_and_its_json_are_one_image() {
    let (mut count, mut as_written) = (0, 0);
    for line in data("aws-managed-policies.jsonl")
        .unwrap_or_default()
        .lines()
    {
        let arena = Bump::new();
        let node = json::parse(line, &arena).unwrap();
        let options = ReadOptions::new(PolicyKind::Identity);
        let document = read_policy(*node.get("document").unwrap(), options, &arena);
        let document = document.0.unwrap();
        let text = portcullis_dsl::print_dsl(&document, "p");
        let parsed = parse(&text, &arena, &NoImports);
        let sentences = parsed.documents[0].document;
        let exported = portcullis_dsl::print_json(&sentences);
        let exported = parse_policy(&exported, options, &arena).0.unwrap();
        let image = |document: &Document<'_>| {
            let options = portcullis_compile::Options {
                debug: false,
                ..Default::default()
            };
            portcullis_compile::compile(&sets(document), options).unwrap()
        };
        let bytes = image(&sentences);
        assert_eq!(bytes, image(&exported));
        // The tests of a statement may stand in another order than in the first JSON.
        as_written += usize::from(bytes == image(&document));
        count += 1;
    }
    eprintln!("{as_written} of {count} have the image of the JSON that they were converted from");
}
