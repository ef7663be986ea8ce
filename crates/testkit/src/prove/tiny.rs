//! Worlds small enough to be asked whole: every request over two letters, decided by the reference.
//!
//! Policies are drawn at random over the same letters. A proof must have no counterexample in the world; a request that the
//! prover shows must be one by the reference too, and where the world has a counterexample, it must show one.

use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{Answer, Domain, Options, Policy, PolicySets, compare, read};
use portcullis_model::{Base, ContextEntry, Quantifier, Request};
use serde_json::{Map, Value, json};

use crate::Bytes;

/// What came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Questions that were proved.
    pub proved: u64,
    /// Questions that were refuted.
    pub refuted: u64,
    /// Questions that stayed open.
    pub unknown: u64,
    /// Questions that stayed open although no policy has a variable.
    pub unknown_without_variables: u64,
    /// Requests that the reference decided.
    pub requests: u64,
}

/// What policies are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many statements a document has at most.
    pub statements: usize,
    /// How many conditions a statement has at most.
    pub conditions: usize,
    /// Whether values have policy variables.
    pub variables: bool,
}

const KEYS: [&str; 2] = ["t:a", "t:b"];
const ACTIONS: [&str; 5] = ["t:a", "t:b", "t:*", "*", "t:a*"];
const RESOURCES: [&str; 7] = ["a", "b", "*", "a*", "*b", "?", "a?*"];
const TEXTS: [&str; 12] = [
    "a", "b", "ab", "*", "a*", "*b", "?", "", "a*b", "A", "??", "ba",
];
const NUMBERS: [&str; 5] = ["4", "5", "6", "5.0", "a"];
const ADDRESSES: [&str; 5] = ["10.0.0.0/8", "0.0.0.0/1", "128.0.0.0/1", "::/0", "10.0.0.1"];
const DATES: [&str; 3] = ["2030", "2030-01-01T01:00:00+01:00", "2031-06-01"];
const ARNS: [&str; 5] = ["arn:a:b:c:d:*", "arn:*:*:*:*:a", "*", "arn:?:b:*:d:a", "a"];
const BOOLS: [&str; 3] = ["true", "False", "a"];

/// The values of keys: some for each type, and lists.
fn values() -> Vec<Vec<&'static str>> {
    let single = [
        "a",
        "b",
        "ab",
        "",
        "A",
        "ba",
        "aab",
        "4",
        "5",
        "5.50",
        "6",
        "7",
        "10.0.0.1",
        "10.9.0.1",
        "200.0.0.1",
        "::1",
        "2030-01-01T00:00:00Z",
        "2030-06-01",
        "2032",
        "true",
        "FALSE",
        "arn:a:b:c:d:a",
        "arn:a:b::d:b",
        "YQ==",
    ];
    let lists: [&[&str]; 12] = [
        &["a", "b"],
        &["a", "a"],
        &["", ""],
        &["", "a"],
        &["ab", "b"],
        &["4", "6"],
        &["a", "b", "ab"],
        &["10.0.0.1", "::1"],
        &["true", "false"],
        &["A", "a"],
        &["5", "a"],
        &["arn:a:b:c:d:a", "a"],
    ];
    std::iter::once(Vec::new())
        .chain(single.map(|own| vec![own]))
        .chain(lists.map(<[&str]>::to_vec))
        .collect()
}

struct Draw<'r>(&'r mut Bytes);

impl Draw<'_> {
    fn one<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.0.below(from.len())]
    }

    fn some(&mut self, from: &[&str]) -> Vec<String> {
        (0..=self.0.below(2))
            .map(|_| self.one(from).to_owned())
            .collect()
    }

    fn condition(&mut self, settings: Settings) -> (String, String, Vec<String>) {
        let base = Base::ALL[self.0.below(Base::ALL.len())];
        let name = base.as_str();
        let from: &[&str] = match name {
            _ if name.contains("Numeric") => &NUMBERS,
            _ if name.contains("Date") => &DATES,
            _ if name.contains("Ip") => &ADDRESSES,
            _ if name.contains("Arn") => &ARNS,
            "Bool" | "Null" => &BOOLS,
            "BinaryEquals" => &["YQ==", "a"],
            _ => &TEXTS,
        };
        let mut values = self.some(from);
        if settings.variables && base.expands_variables() && self.0.below(3) == 0 {
            let variable = self.one(&["${t:a}", "${t:b}", "${t:a, 'a'}", "a${t:b}", "${t:a}*"]);
            values[0] = match name.contains("Arn") {
                true => format!("arn:a:b:*:d:{variable}"),
                false => variable.to_owned(),
            };
        }
        if self.0.below(12) == 0 {
            values.clear();
        }
        let quantifier = match self.0.below(5) {
            0 => Quantifier::Any,
            1 => Quantifier::All,
            _ => Quantifier::One,
        };
        let if_exists = if base != Base::Null && self.0.below(4) == 0 {
            "IfExists"
        } else {
            ""
        };
        let operator = format!("{}{name}{if_exists}", quantifier.prefix());
        (operator, self.one(&KEYS).to_owned(), values)
    }

    fn statement(&mut self, settings: Settings) -> Value {
        let arn = |own: String| match own.as_str() {
            "*" => own,
            _ => format!("arn:a:b:::{own}"),
        };
        let mut resources: Vec<String> = self.some(&RESOURCES).into_iter().map(arn).collect();
        if settings.variables && self.0.below(3) == 0 {
            let last = self.one(&[
                "${t:a}",
                "${t:b}*",
                "a${t:a}",
                "${t:a}${t:b}",
                "${t:b, 'b'}",
            ]);
            resources[0] = format!("arn:a:b:::{last}");
        }
        let effect = if self.0.below(3) == 0 {
            "Deny"
        } else {
            "Allow"
        };
        let action = if self.0.below(5) == 0 {
            "NotAction"
        } else {
            "Action"
        };
        let resource = if self.0.below(5) == 0 {
            "NotResource"
        } else {
            "Resource"
        };
        let mut block = Map::new();
        for _ in 0..self.0.below(settings.conditions + 1) {
            let (operator, key, values) = self.condition(settings);
            let tests = block.entry(operator).or_insert_with(|| json!({}));
            tests[key] = json!(values);
        }
        json!({"Effect": effect, action: self.some(&ACTIONS), resource: resources, "Condition": block})
    }

    fn document(&mut self, settings: Settings) -> Value {
        let count = 1 + self.0.below(settings.statements);
        let statements: Vec<Value> = (0..count).map(|_| self.statement(settings)).collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }
}

/// A pair of documents, of which the second is mostly the first in which something changed.
pub fn pair(random: &mut Bytes, settings: Settings) -> (String, String) {
    let mut draw = Draw(random);
    let old = draw.document(settings);
    let new = match draw.0.below(4) {
        0 => draw.document(settings),
        _ => {
            let mut new = old.clone();
            let count = new["Statement"].as_array().map_or(0, Vec::len);
            let at = draw.0.below(count);
            let other = draw.statement(settings);
            let member = draw.one(&["Condition", "Action", "Resource", "Effect", "all", "more"]);
            match member {
                "all" => new["Statement"][at] = other,
                "more" => {
                    if let Some(all) = new["Statement"].as_array_mut() {
                        all.push(other);
                    }
                }
                member => {
                    for name in [member.to_owned(), format!("Not{member}")] {
                        if let Some(own) = new["Statement"][at].get(&name).cloned() {
                            new["Statement"][at][&name] = other.get(&name).cloned().unwrap_or(own);
                        }
                    }
                }
            }
            new
        }
    };
    match draw.0.below(2) {
        0 => (old.to_string(), new.to_string()),
        _ => (new.to_string(), old.to_string()),
    }
}

/// The requests of the world, in part: as many as `limit`, spread over it.
fn world(random: &mut Bytes, limit: usize, mut visit: impl FnMut(&Request<'_>)) {
    let values = values();
    let resources = ["*", "a", "b", "ab", "aab", "ba", "bb", "aa", "a*"];
    let arns: Vec<String> = resources
        .iter()
        .map(|own| {
            if *own == "*" {
                (*own).to_owned()
            } else {
                format!("arn:a:b:::{own}")
            }
        })
        .collect();
    let caller = portcullis_model::Caller::User {
        arn: "arn:aws:iam::111122223333:user/ann",
    };
    let all = 3 * arns.len() * values.len() * values.len();
    let step = (all / limit.max(1)).max(1);
    let mut at = random.below(step);
    while at < all {
        let mut rest = at;
        let mut take = |count: usize| {
            let own = rest % count;
            rest /= count;
            own
        };
        let action = ["t:a", "t:b", "t:ab"][take(3)];
        let resource = &arns[take(arns.len())];
        let (a, b) = (&values[take(values.len())], &values[take(values.len())]);
        let context = [
            ContextEntry {
                key: "t:a",
                values: a,
            },
            ContextEntry {
                key: "t:b",
                values: b,
            },
        ];
        visit(&Request {
            resource_account: Some("111122223333"),
            context: &context,
            ..Request::new(caller, action, resource)
        });
        at += 1 + random.below(2 * step - 1);
    }
}

/// Asks about one pair and holds the answer against the world.
///
/// # Errors
/// What is wrong, with the pair.
pub fn check(
    old: &str,
    new: &str,
    limit: usize,
    random: &mut Bytes,
    report: &mut Report,
) -> Result<(), String> {
    let arena = Bump::new();
    let one = |text| {
        read("p", text, PolicyKind::Identity, &arena)
            .map_err(|problems| format!("{problems:?}\n{text}"))
    };
    let (old_policy, new_policy) = (one(old)?, one(new)?);
    let options = Options {
        domain: Domain::Free,
        ..Options::default()
    };
    let sets = |policy: &Policy<'_>| -> bool { policy.text.contains("${") };
    let has_variables = sets(&old_policy) || sets(&new_policy);
    let identity = |policy| PolicySets {
        identity: vec![policy],
        ..PolicySets::default()
    };
    let (old_sets, new_sets) = (identity(old_policy), identity(new_policy));
    let is_new = |request: &Request<'_>| {
        portcullis_reference::decide(&new_sets, request)
            .decision
            .is_allow()
            && !portcullis_reference::decide(&old_sets, request)
                .decision
                .is_allow()
    };
    let mut counterexample = None;
    world(random, limit, |request| {
        report.requests += 1;
        if counterexample.is_none() && is_new(request) {
            counterexample = Some(format!("{request:?}"));
        }
    });
    let at = || format!("old {old}\nnew {new}");
    match compare(&[old_policy], &[new_policy], &options) {
        Answer::Proved(_) => {
            report.proved += 1;
            if let Some(request) = counterexample {
                return Err(format!("proved, but {request}\n{}", at()));
            }
        }
        Answer::Refuted(refuted) => {
            report.refuted += 1;
            for finding in &refuted.findings {
                if !finding.witness.with(is_new) {
                    return Err(format!(
                        "the reference refuses {:?}\n{}",
                        finding.witness,
                        at()
                    ));
                }
            }
        }
        Answer::Unknown(reasons) => {
            report.unknown += 1;
            report.unknown_without_variables += u64::from(!has_variables);
            if std::env::var_os("SHOW").is_some() {
                println!("{reasons:?} {counterexample:?}\n{}", at());
            }
            let disagrees = reasons
                .iter()
                .find(|own| matches!(own, portcullis::prove::Reason::Disagreement { .. }));
            if let Some(reason) = disagrees {
                return Err(format!("{reason:?}\n{}", at()));
            }
        }
    }
    Ok(())
}

/// Asks about many pairs.
///
/// # Errors
/// The first that is wrong.
pub fn run(seed: u64, pairs: usize, requests: usize, settings: Settings) -> Result<Report, String> {
    let mut random = Bytes::new(seed);
    let mut report = Report::default();
    for _ in 0..pairs {
        let (old, new) = pair(&mut random, settings);
        check(&old, &new, requests, &mut random, &mut report)?;
    }
    Ok(report)
}
