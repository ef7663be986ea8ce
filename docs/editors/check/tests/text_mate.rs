//! The TextMate grammar of `docs/editors`, held against its annotated sample.
//!
//! The annotations are those of `vscode-tmgrammar-test`: a comment under a line says with `^` (or `<-`
//! from the first column) which characters have a scope, or after ` - ` which do not.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use fancy_regex::Regex;
use portcullis_dsl::format;
use serde_json::Value;

const GRAMMAR: &str = include_str!("../../iam.tmLanguage.json");
const SAMPLE: &str = include_str!("../../sample.iam");

/// What a rule does where its expression matches.
enum Rule {
    Match {
        regex: Regex,
        name: Option<String>,
        captures: Vec<(usize, String)>,
    },
    Range {
        begin: Regex,
        end: Regex,
        name: String,
        inner: Vec<Rule>,
    },
}

impl Rule {
    fn start(&self) -> &Regex {
        match self {
            Rule::Match { regex, .. } => regex,
            Rule::Range { begin, .. } => begin,
        }
    }
}

fn rules(patterns: &Value, repository: &Value) -> Vec<Rule> {
    let patterns = patterns.as_array().map(Vec::as_slice).unwrap_or_default();
    patterns
        .iter()
        .map(|pattern| rule(pattern, repository))
        .collect()
}

fn rule(pattern: &Value, repository: &Value) -> Rule {
    let text = |name: &str| pattern[name].as_str().map(str::to_owned);
    let regex = |name: &str| Regex::new(&text(name).unwrap()).unwrap();
    if let Some(include) = text("include") {
        return rule(&repository[include.strip_prefix('#').unwrap()], repository);
    }
    if pattern.get("begin").is_some() {
        return Rule::Range {
            begin: regex("begin"),
            end: regex("end"),
            name: text("name").unwrap(),
            inner: rules(&pattern["patterns"], repository),
        };
    }
    let captures = pattern["captures"].as_object();
    Rule::Match {
        regex: regex("match"),
        name: text("name"),
        captures: captures
            .into_iter()
            .flatten()
            .map(|(group, value)| {
                let name = value["name"].as_str().unwrap().to_owned();
                (group.parse().unwrap(), name)
            })
            .collect(),
    }
}

/// The scopes of each byte of a line. No range of this grammar goes on in the next line.
fn scopes<'r>(line: &str, rules: &'r [Rule]) -> Vec<Vec<&'r str>> {
    let mut scopes = vec![Vec::new(); line.len()];
    paint(line, 0, rules, None, &mut scopes);
    scopes
}

/// Applies the rules from a place on, up to where `end` matches before any of them; returns the
/// place behind.
fn paint<'r>(
    line: &str,
    mut at: usize,
    rules: &'r [Rule],
    end: Option<&Regex>,
    scopes: &mut [Vec<&'r str>],
) -> usize {
    let add = |scopes: &mut [Vec<&'r str>], range: core::ops::Range<usize>, name: &'r str| {
        for scope in &mut scopes[range] {
            scope.push(name);
        }
    };
    loop {
        let place = |regex: &Regex| {
            let found = regex.find_from_pos(line, at).unwrap();
            found.map(|found| found.range())
        };
        // The first match wins, among several at one place the first rule.
        let next = rules
            .iter()
            .filter_map(|rule| Some((place(rule.start())?, rule)))
            .min_by_key(|(range, _)| range.start);
        let end = end.and_then(place);
        if let Some(end) = end.filter(|end| next.as_ref().is_none_or(|n| end.start <= n.0.start)) {
            return end.end;
        }
        let Some((range, rule)) = next else {
            return line.len();
        };
        assert!(!range.is_empty(), "an empty match in {line}");
        at = range.end;
        match rule {
            Rule::Match {
                regex,
                name,
                captures,
            } => {
                if let Some(name) = name {
                    add(scopes, range.clone(), name);
                }
                let found = regex.captures_from_pos(line, range.start).unwrap().unwrap();
                for (group, name) in captures {
                    if let Some(group) = found.get(*group) {
                        add(scopes, group.range(), name);
                    }
                }
            }
            Rule::Range {
                end, name, inner, ..
            } => {
                at = paint(line, at, inner, Some(end), scopes);
                add(scopes, range.start..at, name);
            }
        }
    }
}

/// What an annotation says: the columns, and the scope that they have or do not have.
fn annotation(line: &str) -> Option<(core::ops::Range<usize>, bool, &str)> {
    let rest = line.strip_prefix('#')?;
    let body = rest.trim_start_matches(' ');
    let column = line.len() - body.len();
    let (range, body) = if let Some(body) = body.strip_prefix('<') {
        let scope = body.trim_start_matches('-');
        (0..body.len() - scope.len(), scope)
    } else {
        let scope = body.trim_start_matches('^');
        (column..column + body.len() - scope.len(), scope)
    };
    let scope = body.strip_prefix(' ').filter(|_| !range.is_empty())?;
    Some(match scope.strip_prefix("- ") {
        Some(scope) => (range, false, scope),
        None => (range, true, scope),
    })
}

#[test]
fn the_sample_is_highlighted() {
    let grammar: Value = serde_json::from_str(GRAMMAR).unwrap();
    let rules = rules(&grammar["patterns"], &grammar["repository"]);
    let (mut source, mut count) = ("", 0);
    let mut seen: Vec<&str> = Vec::new();
    for (number, line) in SAMPLE.lines().enumerate() {
        let Some((range, has, scope)) = annotation(line) else {
            source = line;
            continue;
        };
        let found = scopes(source, &rules);
        for column in range {
            assert_eq!(
                found[column].contains(&scope),
                has,
                "line {}, column {column}: {:?}\n{source}\n{line}",
                number + 1,
                found[column]
            );
        }
        seen.push(scope);
        count += 1;
    }
    assert!(count > 40, "{count}");
    for rule in &rules {
        let names = match rule {
            Rule::Match { name, captures, .. } => name
                .iter()
                .chain(captures.iter().map(|(_, name)| name))
                .collect::<Vec<_>>(),
            Rule::Range { name, .. } => vec![name],
        };
        for name in names {
            assert!(seen.contains(&name.as_str()), "the sample has no {name}");
        }
    }
    assert!(format(SAMPLE).is_ok(), "the sample is of the language");
}

/// Every word of the language is highlighted as one.
#[test]
fn no_word_is_forgotten() {
    let grammar: Value = serde_json::from_str(GRAMMAR).unwrap();
    let rules = rules(&grammar["patterns"], &grammar["repository"]);
    let page = include_str!("../../../dsl.md");
    let ebnf = page.split("```ebnf").nth(1).unwrap();
    let ebnf = ebnf.split("```").next().unwrap();
    let mut count = 0;
    for word in ebnf.split('"').skip(1).step_by(2) {
        if !word.chars().all(|c| c.is_ascii_alphabetic()) || is_type(word) {
            continue;
        }
        let line = format!("{word} p");
        let found = scopes(&line, &rules);
        assert!(!found[0].is_empty(), "{word}");
        count += 1;
    }
    assert!(count > 50, "{count}");
}

/// Words that are highlighted before `policy` alone.
fn is_type(word: &str) -> bool {
    [
        "identity", "boundary", "session", "resource", "trust", "scp", "rcp", "endpoint",
    ]
    .contains(&word)
}
