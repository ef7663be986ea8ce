//! Laws that tie two decisions to each other, whatever the decisions are: no evaluator is needed to say
//! what is right, so a mistake that all evaluators share breaks them all the same.

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_dsl::{NoImports, minify_json, parse, print_dsl};
use portcullis_model::{Decision, PolicyKind};
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use serde_json::{Map, Value, json};

use crate::generate::{Settings, document, statement};
use crate::minimise::minimise;
use crate::oracle::{Answer, VMS};
use crate::{Bytes, Caller, Request, World};

/// What a change may do to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Nothing: the decision and the policy sets that make it stay the same.
    Same,
    /// What was not allowed is not allowed after.
    NeverMore,
    /// What was allowed is allowed after.
    NeverLess,
}

/// A change of policies and request with what it may do.
#[derive(Clone, Copy)]
pub struct Law {
    /// What is changed.
    pub name: &'static str,
    /// What it may do.
    pub promise: Promise,
    /// Changes the policies; false if there is nothing to change.
    policies: fn(&mut World, &mut Bytes) -> bool,
    /// Changes a request.
    request: fn(&mut Request, &mut Bytes),
    /// True if the law does not hold where a bucket's block of public access is on: whether its policy
    /// is public depends on all its statements (`S3-4`, `S3-5`).
    not_for_public_blocks: bool,
}

impl Law {
    const fn new(
        name: &'static str,
        promise: Promise,
        policies: fn(&mut World, &mut Bytes) -> bool,
    ) -> Law {
        Law {
            name,
            promise,
            policies,
            request: |_, _| (),
            not_for_public_blocks: false,
        }
    }

    const fn with_request(self, request: fn(&mut Request, &mut Bytes)) -> Law {
        Law { request, ..self }
    }

    const fn not_for_public_blocks(self) -> Law {
        Law {
            not_for_public_blocks: true,
            ..self
        }
    }

    fn holds(&self, before: &Answer, after: &Answer) -> bool {
        let allowed = |answer: &Answer| answer.decision == Decision::Allow;
        match self.promise {
            Promise::Same => before == after,
            Promise::NeverMore => allowed(before) || !allowed(after),
            Promise::NeverLess => !allowed(before) || allowed(after),
        }
    }

    /// Changes policies and requests, asks the machine before and after, and holds the answers against
    /// the promise. The number of answers that were compared; zero if there was nothing to change.
    ///
    /// # Errors
    /// The first pair of answers that breaks the law, reduced, as scenarios.
    pub fn check(&self, world: &World, requests: &[Request], seed: u64) -> Result<usize, String> {
        let Some(broken) = self.broken(world, requests, seed)? else {
            return Ok(0);
        };
        let Some(at) = broken.iter().position(|broken| *broken) else {
            return Ok(broken.len());
        };
        let Some(request) = requests.get(at) else {
            return Ok(0);
        };
        let still = |world: &World, request: &Request| {
            let found = self.broken(world, std::slice::from_ref(request), seed);
            matches!(found, Ok(Some(found)) if found == [true])
        };
        let (world, request) = minimise(world, request, &still);
        let (after, changed) = self.changed(&world, &request, seed);
        let name = |when: &str| format!("{}: {when}", self.name);
        let expect = |world: &World, request: &Request| match answers(
            world,
            std::slice::from_ref(request),
        ) {
            Ok(answers) => answers.first().map_or("", |a| a.decision.as_str()),
            Err(_) => "",
        };
        Err(format!(
            "{} does not keep its promise ({:?}):\n{}\n{}",
            self.name,
            self.promise,
            world.scenario(&name("before"), &request, expect(&world, &request)),
            after.scenario(&name("after"), &changed, expect(&after, &changed)),
        ))
    }

    fn changed(&self, world: &World, request: &Request, seed: u64) -> (World, Request) {
        let (mut world, mut request) = (world.clone(), request.clone());
        (self.policies)(&mut world, &mut Bytes::new(seed));
        (self.request)(&mut request, &mut Bytes::new(seed));
        (world, request)
    }

    /// For each request whether it breaks the law; none if there is nothing to change.
    fn broken(
        &self,
        world: &World,
        requests: &[Request],
        seed: u64,
    ) -> Result<Option<Vec<bool>>, String> {
        let mut after = world.clone();
        if !(self.policies)(&mut after, &mut Bytes::new(seed)) {
            return Ok(None);
        }
        let changed: Vec<Request> = requests
            .iter()
            .map(|request| self.changed(&World::default(), request, seed).1)
            .collect();
        // STS-9: a federated user has no permissions without a session policy, so the first one is not
        // a limit but what may grant at all.
        let first_session = world.session.is_none() && after.session.is_some();
        let before = answers(world, requests)?;
        let after = answers(&after, &changed)?;
        let pairs = requests.iter().zip(before.iter().zip(&after));
        Ok(Some(
            pairs
                .map(|(request, (before, after))| {
                    let federated = matches!(request.caller, Caller::FederatedUser { .. });
                    let exempt = self.not_for_public_blocks && request.restrict_public_buckets
                        || first_session && federated;
                    !exempt && !self.holds(before, after)
                })
                .collect(),
        ))
    }
}

/// What the machine says.
fn answers(world: &World, requests: &[Request]) -> Result<Vec<Answer>, String> {
    let arena = Bump::new();
    let sets = world.read(&arena)?;
    VMS[0].answer(&sets, requests)
}

/// The laws.
pub const LAWS: [Law; 16] = [
    Law::new(
        "order of documents and statements",
        Promise::Same,
        reverse_everything,
    ),
    Law::new(
        "documents and statements written twice",
        Promise::Same,
        |world, _| {
            for set in world.sets_mut() {
                set.extend(set.clone());
            }
            edit(world, |statements| {
                statements.extend(statements.clone());
                true
            })
        },
    ),
    Law::new("a document cut in two", Promise::Same, |world, _| {
        let mut found = false;
        for set in world.sets_mut() {
            *set = set
                .iter()
                .flat_map(|text| {
                    let (first, second) = halves(text);
                    found |= second.is_some();
                    [Some(first), second].into_iter().flatten()
                })
                .collect();
        }
        found
    }),
    Law::new("lists cut in two", Promise::Same, |world, _| {
        edit(world, cut_lists)
    }),
    Law::new(
        "order and repetition in lists",
        Promise::Same,
        |world, _| {
            edit(world, |statements| {
                statements.iter_mut().for_each(double_lists);
                true
            })
        },
    ),
    Law::new("order of conditions", Promise::Same, |world, _| {
        edit(world, |statements| {
            for statement in statements {
                if let Some(Value::Object(operators)) = statement.get_mut("Condition") {
                    reverse_members(operators);
                    for keys in operators.values_mut().filter_map(Value::as_object_mut) {
                        reverse_members(keys);
                    }
                }
            }
            true
        })
    }),
    Law::new("case of actions and keys", Promise::Same, |world, _| {
        edit(world, |statements| {
            statements.iter_mut().for_each(swap_case);
            true
        })
    })
    .with_request(|request, _| {
        request.action = swapped(&request.action);
        for (key, _) in &mut request.context {
            *key = swapped(key);
        }
    }),
    Law::new("order of the context", Promise::Same, |_, _| true).with_request(|request, _| {
        request.context.reverse();
        for (_, values) in &mut request.context {
            values.reverse();
        }
    }),
    Law::new("a key that nobody looks at", Promise::Same, |_, _| true).with_request(
        |request, _| {
            let values = vec!["a".into(), "*".into()];
            request.context.push(("unused:key".into(), values));
        },
    ),
    Law::new("the other notation", Promise::Same, |world, _| {
        world.documents_mut().into_iter().for_each(|(kind, text)| {
            if let Some(back) = through_the_language(kind, text) {
                *text = back;
            }
        });
        true
    }),
    Law::new("a Deny added", Promise::NeverMore, |world, source| {
        add(world, source, "Deny")
    }),
    Law::new("a limit added", Promise::NeverMore, add_limit),
    Law::new("an Allow left out", Promise::NeverMore, |world, source| {
        leave_out(world, source, "Allow")
    })
    .not_for_public_blocks(),
    Law::new("an Allow narrowed", Promise::NeverMore, |world, source| {
        let skip = source.below(4);
        let mut allows = 0;
        edit(world, |statements| {
            for statement in statements {
                if statement["Effect"] == "Allow" {
                    allows += 1;
                    if allows % 4 == skip {
                        narrow(statement);
                    }
                }
            }
            true
        })
    })
    .not_for_public_blocks(),
    Law::new("an Allow added", Promise::NeverLess, |world, source| {
        add(world, source, "Allow")
    })
    .not_for_public_blocks(),
    Law::new("a Deny left out", Promise::NeverLess, |world, source| {
        leave_out(world, source, "Deny")
    }),
];

fn parsed(text: &str) -> Option<(Value, Vec<Value>)> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    let statements = match document.get_mut("Statement")?.take() {
        Value::Array(statements) => statements,
        one => vec![one],
    };
    Some((document, statements))
}

fn joined(mut document: Value, statements: Vec<Value>) -> String {
    document["Statement"] = Value::Array(statements);
    document.to_string()
}

/// Changes the statements of every document; true if there was one and the change was made.
fn edit(world: &mut World, mut change: impl FnMut(&mut Vec<Value>) -> bool) -> bool {
    let mut found = false;
    for (_, text) in world.documents_mut() {
        if let Some((document, mut statements)) = parsed(text) {
            found |= change(&mut statements);
            *text = joined(document, statements);
        }
    }
    found
}

fn reverse_everything(world: &mut World, _: &mut Bytes) -> bool {
    for set in world.sets_mut() {
        set.reverse();
    }
    edit(world, |statements| {
        statements.reverse();
        true
    })
}

/// A document as two, if it has two statements.
fn halves(text: &str) -> (String, Option<String>) {
    match parsed(text) {
        Some((document, mut statements)) if statements.len() > 1 => {
            let rest = statements.split_off(statements.len() / 2);
            (
                joined(document.clone(), statements),
                Some(joined(document, rest)),
            )
        }
        _ => (text.into(), None),
    }
}

/// A statement with a list becomes two: one with the first entry, one with the others. Not so a
/// negated list, which is not the union of its parts.
fn cut_lists(statements: &mut Vec<Value>) -> bool {
    let mut found = false;
    for member in ["Action", "Resource"] {
        *statements = statements
            .drain(..)
            .flat_map(|statement| match statement.get(member) {
                Some(Value::Array(list)) if list.len() > 1 => {
                    found = true;
                    let (first, rest) = list.split_at(1);
                    let with = |part: &[Value]| {
                        let mut statement = statement.clone();
                        statement[member] = Value::Array(part.to_vec());
                        statement
                    };
                    vec![with(first), with(rest)]
                }
                _ => vec![statement],
            })
            .collect();
    }
    found
}

/// Every list, in reverse and with its first entry once more.
fn double_lists(value: &mut Value) {
    match value {
        Value::Array(list) if list.iter().all(Value::is_string) => {
            list.extend(list.first().cloned());
            list.reverse();
        }
        Value::Object(members) => members.values_mut().for_each(double_lists),
        _ => {}
    }
}

fn reverse_members(object: &mut Map<String, Value>) {
    let members: Vec<_> = std::mem::take(object).into_iter().collect();
    object.extend(members.into_iter().rev());
}

fn swapped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a'..='z' => c.to_ascii_uppercase(),
            _ => c.to_ascii_lowercase(),
        })
        .collect()
}

fn swap_case(statement: &mut Value) {
    for member in ["Action", "NotAction"] {
        match statement.get_mut(member) {
            Some(Value::String(text)) => *text = swapped(text),
            Some(Value::Array(list)) => {
                for entry in list {
                    *entry = entry.as_str().map(swapped).into();
                }
            }
            _ => {}
        }
    }
    if let Some(Value::Object(operators)) = statement.get_mut("Condition") {
        for keys in operators.values_mut().filter_map(Value::as_object_mut) {
            *keys = std::mem::take(keys)
                .into_iter()
                .map(|(key, values)| (swapped(&key), values))
                .collect();
        }
    }
}

/// The document as the policy language says it, in JSON again.
fn through_the_language(kind: PolicyKind, text: &str) -> Option<String> {
    let arena = Bump::new();
    let options = ReadOptions {
        allow_missing_resource: true,
        ..ReadOptions::new(kind)
    };
    let document = parse_policy(text, options, &arena).0?;
    let sentences = print_dsl(&document, "p");
    let parsed = parse(&sentences, &arena, &NoImports);
    let named = parsed.documents.first()?;
    Some(minify_json(&named.document))
}

/// A statement of this effect, added to one of the documents.
fn add(world: &mut World, source: &mut Bytes, effect: &str) -> bool {
    let mut documents = world.documents_mut();
    let at = source.below(documents.len());
    let Some((kind, text)) = documents.get_mut(at) else {
        return false;
    };
    if *kind == PolicyKind::Rcp && effect == "Allow" {
        return false;
    }
    let bytes = source.take(200);
    let statement = statement(&mut Unstructured::new(&bytes), *kind, &Settings::default());
    let (Ok(mut statement), Some((document, mut statements))) = (statement, parsed(text)) else {
        return false;
    };
    statement["Effect"] = effect.into();
    statements.push(statement);
    **text = joined(document, statements);
    true
}

/// One of the sets that limit, where there was none.
fn add_limit(world: &mut World, source: &mut Bytes) -> bool {
    let kinds = [
        PolicyKind::Boundary,
        PolicyKind::Session,
        PolicyKind::VpcEndpoint,
        PolicyKind::Scp,
        PolicyKind::Rcp,
    ];
    let kind = kinds[source.below(kinds.len())];
    let bytes = source.take(400);
    let text = document(&mut Unstructured::new(&bytes), kind, &Settings::default());
    let Ok(text) = text else { return false };
    let set = match kind {
        PolicyKind::Boundary => &mut world.boundary,
        PolicyKind::Session => &mut world.session,
        PolicyKind::VpcEndpoint => &mut world.vpc_endpoint,
        PolicyKind::Scp => {
            world.scps.push(vec![text]);
            return true;
        }
        _ => {
            world.rcps.push(vec![text]);
            return true;
        }
    };
    let absent = set.is_none();
    set.get_or_insert_with(|| vec![text]);
    absent
}

fn leave_out(world: &mut World, source: &mut Bytes, effect: &str) -> bool {
    let skip = source.below(3);
    let (mut seen, mut found) = (0, false);
    edit(world, |statements| {
        statements.retain(|statement| {
            seen += usize::from(statement["Effect"] == effect);
            let out = statement["Effect"] == effect && seen % 3 == skip;
            found |= out;
            !out
        });
        false
    });
    found
}

/// One more condition, which some requests meet.
fn narrow(statement: &mut Value) {
    if statement.get("Condition").is_none() {
        statement["Condition"] = json!({});
    }
    let Some(operators) = statement["Condition"].as_object_mut() else {
        return;
    };
    let block = operators
        .entry("StringNotEquals")
        .or_insert_with(|| json!({}));
    if let Some(keys) = block.as_object_mut() {
        let name = "aws:username";
        if !keys.keys().any(|key| key.eq_ignore_ascii_case(name)) {
            keys.insert(name.into(), json!("a"));
        }
    }
}
