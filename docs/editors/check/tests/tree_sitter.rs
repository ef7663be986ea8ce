//! The grammar for tree-sitter of `docs/editors/tree-sitter-iam`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use bumpalo::Bump;
use portcullis_dsl::{format, print_dsl};
use portcullis_editors::{folder, generate, highlight, language};
use portcullis_model::PolicyKind;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use serde_json::Value;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tree_sitter::Parser;

const SAMPLE: &str = include_str!("../../tree-sitter-iam/test/highlight/sample.iam");
const QUERIES: &str = include_str!("../../tree-sitter-iam/queries/highlights.scm");
const PAGE: &str = include_str!("../../../dsl.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn parser() -> Parser {
    let mut parser = Parser::new();
    parser.set_language(&language()).unwrap();
    parser
}

/// Where the first part is that is not of the language.
fn first_error(parser: &mut Parser, text: &str) -> Option<String> {
    let tree = parser.parse(text, None).unwrap();
    if !tree.root_node().has_error() {
        return None;
    }
    // Down to the smallest node with the error.
    let mut node = tree.root_node();
    while let Some(child) = (0..node.child_count())
        .filter_map(|i| node.child(u32::try_from(i).unwrap()))
        .find(|child| child.has_error())
    {
        node = child;
    }
    let line = node.start_position().row;
    Some(format!("line {}: {}", line + 1, text.lines().nth(line)?))
}

fn is_known(parser: &mut Parser, text: &str, what: &str) {
    let error = first_error(parser, text);
    assert!(error.is_none(), "{what}: {}", error.unwrap_or_default());
}

/// The files in `src` are what comes of the grammar: of `grammar.json`, and that of `grammar.js`.
#[test]
fn generated_files_are_fresh() {
    let has_node = Command::new("node").arg("--version").output().is_ok();
    let grammar = if has_node {
        "grammar.js"
    } else {
        eprintln!("skipped: there is no `node` to evaluate grammar.js");
        "src/grammar.json"
    };
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tree-sitter-iam");
    generate(grammar, &made).unwrap();
    for file in [
        "grammar.json",
        "node-types.json",
        "parser.c",
        "tree_sitter/parser.h",
    ] {
        if !has_node && file == "grammar.json" {
            continue;
        }
        let kept = fs::read_to_string(folder().join("src").join(file)).unwrap();
        let made = fs::read_to_string(made.join(file)).unwrap();
        assert!(
            kept.replace("\r\n", "\n") == made,
            "{file} is stale: `cargo run -p portcullis-editors` makes it anew"
        );
    }
}

#[test]
fn examples_are_known() {
    let mut parser = parser();
    let mut count = 0;
    for block in PAGE.split("\n```iam\n").skip(1) {
        let text = block.split("\n```").next().unwrap();
        is_known(&mut parser, text, "docs/dsl.md");
        count += 1;
    }
    assert!(count >= 6);
    for file in [
        "crates/dsl/tests/it/seed.iam",
        "docs/editors/sample.iam",
        "docs/editors/tree-sitter-iam/test/highlight/sample.iam",
    ] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(format(&text).is_ok(), "{file} is of the language");
        is_known(&mut parser, &text, file);
    }
}

/// Every policy of the corpus and, where they are there, every published one, as the printer writes it.
#[test]
fn policies_are_known() {
    let mut parser = parser();
    let count = Cell::new(0);
    let mut check = |json: &str, what: &str| {
        let arena = Bump::new();
        let read = |kind| parse_policy(json, ReadOptions::new(kind), &arena).0;
        if let Some(document) = PolicyKind::ALL.into_iter().find_map(read) {
            is_known(&mut parser, &print_dsl(&document, "p"), what);
            count.set(count.get() + 1);
        }
    };
    let mut folders = vec![root().join("corpus")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let what = path.display().to_string();
            // A document, or documents somewhere inside of scenarios, of which some files have one a line.
            let lines = text.lines().map(serde_json::from_str::<Value>);
            let mut values: Vec<Value> = lines
                .chain([serde_json::from_str(&text)])
                .flatten()
                .collect();
            while let Some(value) = values.pop() {
                if value.get("Statement").is_some() {
                    check(&value.to_string(), &what);
                }
                match value {
                    Value::Array(items) => values.extend(items),
                    Value::Object(members) => values.extend(members.into_iter().map(|m| m.1)),
                    _ => {}
                }
            }
        }
    }
    assert!(count.get() > 100, "{}", count.get());

    for name in ["aws-managed-policies.jsonl", "org-policy-examples.jsonl"] {
        let path = root().join("../shared/data").join(name);
        let Ok(text) = fs::read_to_string(path) else {
            eprintln!("skipped: there is no {name}");
            continue;
        };
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let document = value
                .as_object()
                .unwrap()
                .values()
                .find(|v| v.get("Statement").is_some());
            check(&document.unwrap().to_string(), name);
        }
    }
}

/// What is wrong for the parser of the language is wrong for tree-sitter too, where the shape tells.
#[test]
fn mistakes_are_errors() {
    let mut parser = parser();
    for text in [
        "policy p { allow s3:* on * when a = }",
        "policy p { allow s3:* on * when a = b c = d }",
        "policy p { allow on * }",
        "policy p { permit s3:* on * }",
        "policy p { allow s3:* to * on * }",
        "policy p { allow s3:* on * when a = [b] }",
        "policy p { allow s3:* on * when (a = b }",
        "policy p { allow s3:* on ü }",
        "policy p { allow s3:* on \"a }",
        "policy p { allow s3:* on *",
        "let a = b",
        "test p { allow s3:* }",
    ] {
        assert!(format(text).is_err(), "{text}");
        assert!(first_error(&mut parser, text).is_some(), "{text}");
    }
}

/// What an annotation says: the columns, and the name that they have or, after `!`, do not have.
fn annotation(line: &str) -> Option<(std::ops::Range<usize>, bool, &str)> {
    let rest = line.strip_prefix('#')?.trim_start_matches(' ');
    let column = line.len() - rest.len();
    let (range, name) = match rest.strip_prefix("<- ") {
        Some(name) => (0..1, name),
        None => {
            let name = rest.trim_start_matches('^');
            (column..column + rest.len() - name.len(), name.trim_start())
        }
    };
    if range.is_empty() {
        return None;
    }
    Some(match name.strip_prefix('!') {
        Some(name) => (range, false, name),
        None => (range, true, name),
    })
}

/// The annotations are those of `tree-sitter test`.
#[test]
fn the_sample_is_highlighted() {
    let names = highlight(SAMPLE, QUERIES).unwrap();
    let (mut start, mut source, mut at) = (0, "", 0);
    let mut seen: Vec<&str> = Vec::new();
    for (number, line) in SAMPLE.split_inclusive('\n').enumerate() {
        let text = line.trim_end();
        match annotation(text) {
            None => (start, source) = (at, text),
            Some((range, has, expected)) => {
                for column in range {
                    let found = names[start + column].as_deref();
                    assert_eq!(
                        found == Some(expected),
                        has,
                        "line {}, column {column}: {found:?}\n{source}\n{text}",
                        number + 1,
                    );
                }
                seen.push(expected);
            }
        }
        at += line.len();
    }
    assert!(seen.len() > 50, "{}", seen.len());
    // Every name of the queries stands in the sample.
    for name in QUERIES.split('@').skip(1) {
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        let name = &name[..end.unwrap_or(name.len())];
        assert!(seen.contains(&name), "the sample has no {name}");
    }
}

/// Every word of the language's grammar is one for tree-sitter.
#[test]
fn no_word_is_forgotten() {
    let language = language();
    let ebnf = PAGE.split("```ebnf").nth(1).unwrap();
    let ebnf = ebnf.split("```").next().unwrap();
    let mut count = 0;
    for word in ebnf.split('"').skip(1).step_by(2) {
        assert_ne!(language.id_for_node_kind(word, false), 0, "{word}");
        count += 1;
    }
    assert!(count > 80, "{count}");
}
