//! Bounded exhaustion: every small set of policies over a small alphabet against every request over it,
//! under the reference and the machine.
//!
//! Most mistakes have small examples. What is small here is said by [`Universe`]: nothing inside it is
//! left to chance.

use std::collections::BTreeMap;

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_model::{Base, Decision, PolicyKind, Quantifier};
use portcullis_syntax::{Policy, PolicySets};
use serde_json::{Value, json};

use crate::machine::Machine;
use crate::oracle::{VMS, compare};
use crate::{Caller, Request, World};

/// What was compared.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Sets of policies that were compiled.
    pub sets: u64,
    /// Pairs of a set and a request that reference and machine decided alike.
    pub cases: u64,
    /// How often each decision came.
    pub mix: BTreeMap<&'static str, u64>,
}

impl Report {
    fn add(&mut self, decision: Decision) {
        self.cases += 1;
        *self.mix.entry(decision.as_str()).or_default() += 1;
    }
}

/// Sets of policies and requests, all of which meet.
#[derive(Clone, Debug)]
pub struct Universe {
    /// Where each statement stands and the document that has only it.
    statements: Vec<(PolicyKind, String)>,
    /// How many statements a set has at most.
    size: usize,
    /// Sets are taken once as they are and once with an identity policy that allows everything, so that
    /// sets that only limit have something to limit.
    with_grant: bool,
    requests: Vec<Request>,
}

const GRANT: &str = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

const LAYERS: [PolicyKind; 7] = [
    PolicyKind::Identity,
    PolicyKind::Boundary,
    PolicyKind::Session,
    PolicyKind::Resource,
    PolicyKind::VpcEndpoint,
    PolicyKind::Scp,
    PolicyKind::Rcp,
];

/// The parts that statements are made of.
struct Alphabet<'a> {
    actions: &'a [(&'a str, &'a str)],
    resources: &'a [(&'a str, &'a str)],
    conditions: &'a [Value],
    principals: &'a [Value],
}

impl Alphabet<'_> {
    /// Every statement over the alphabet that a type of policy may have, as a document.
    fn statements(&self) -> Vec<(PolicyKind, String)> {
        let mut found = Vec::new();
        for kind in LAYERS {
            let rcp = kind == PolicyKind::Rcp;
            let everyone = [json!("*")];
            let principals: &[Value] = match kind {
                PolicyKind::Rcp => &everyone,
                _ if kind.has_principal() => self.principals,
                _ => &[Value::Null],
            };
            let effects: &[&str] = if rcp { &["Deny"] } else { &["Allow", "Deny"] };
            for effect in effects {
                for (action, actions) in self.actions {
                    if rcp && *action == "NotAction" {
                        continue;
                    }
                    for (resource, resources) in self.resources {
                        for condition in self.conditions {
                            for principal in principals {
                                let mut statement = json!({
                                    "Effect": effect, *action: actions, *resource: resources,
                                    "Condition": condition,
                                });
                                if !principal.is_null() {
                                    statement["Principal"] = principal.clone();
                                }
                                let document =
                                    json!({"Version": "2012-10-17", "Statement": [statement]});
                                found.push((kind, document.to_string()));
                            }
                        }
                    }
                }
            }
        }
        found
    }
}

const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const KEY: &str = "arn:aws:s3:::b/k";

/// Every request of these callers, actions, resources and contexts, with the resource in the caller's
/// account and in another.
fn requests(callers: &[Caller], resources: &[&str], contexts: &[(&str, &[&str])]) -> Vec<Request> {
    let mut found = Vec::new();
    for caller in callers {
        for action in ["s3:GetObject", "s3:GetObjectTagging"] {
            for resource in resources {
                for account in ["111122223333", "444455556666"] {
                    for (key, values) in contexts {
                        let values = values.iter().map(|value| value.to_string()).collect();
                        let context = match *key {
                            "" => Vec::new(),
                            key => vec![(key.to_string(), values)],
                        };
                        found.push(Request {
                            caller: caller.clone(),
                            user_id: None,
                            management_account: false,
                            session_token: false,
                            action: action.into(),
                            resource: resource.to_string(),
                            resource_account: Some(account.into()),
                            context,
                            restrict_public_buckets: false,
                            external_grant: false,
                        });
                    }
                }
            }
        }
    }
    found
}

fn callers() -> Vec<Caller> {
    vec![
        Caller::User { arn: BOB.into() },
        Caller::Role {
            session_arn: Some("arn:aws:sts::111122223333:assumed-role/R/s".into()),
            role_arn: "arn:aws:iam::111122223333:role/R".into(),
            service_linked: false,
        },
        Caller::Root {
            arn: "arn:aws:iam::111122223333:root".into(),
        },
        Caller::Service {
            name: "lambda.amazonaws.com".into(),
        },
        Caller::Anonymous,
    ]
}

impl Universe {
    /// Every set of up to two statements, in any of the seven kinds of policy set.
    pub fn pairs() -> Universe {
        let alphabet = Alphabet {
            actions: &[
                ("Action", "s3:GetObject"),
                ("Action", "s3:Get*"),
                ("NotAction", "s3:GetObject"),
            ],
            resources: &[
                ("Resource", KEY),
                ("Resource", "arn:aws:s3:::b/*"),
                ("NotResource", KEY),
            ],
            conditions: &[
                json!({}),
                json!({"StringEquals": {"x:k": "a"}}),
                json!({"StringNotEqualsIfExists": {"x:k": "a"}}),
                json!({"ForAllValues:StringLike": {"x:k": "a*"}}),
            ],
            principals: &[
                json!("*"),
                json!({"AWS": BOB}),
                json!({"AWS": ["111122223333", "arn:aws:iam::111122223333:role/R"],
                    "Service": "lambda.amazonaws.com"}),
            ],
        };
        Universe {
            statements: alphabet.statements(),
            size: 2,
            with_grant: true,
            requests: requests(
                &callers(),
                &[KEY, "arn:aws:s3:::b/x"],
                &[("", &[]), ("x:k", &["a"]), ("X:K", &["ab", "b"])],
            ),
        }
    }

    /// Every set of up to three statements over a smaller alphabet.
    pub fn triples() -> Universe {
        let alphabet = Alphabet {
            actions: &[("Action", "s3:GetObject"), ("Action", "s3:*")],
            resources: &[("Resource", KEY), ("Resource", "arn:aws:s3:::*")],
            conditions: &[json!({}), json!({"Null": {"x:k": "true"}})],
            principals: &[
                json!("*"),
                json!({"AWS": "arn:aws:sts::111122223333:assumed-role/R/s"}),
            ],
        };
        Universe {
            statements: alphabet.statements(),
            size: 3,
            with_grant: true,
            requests: requests(
                &callers(),
                &[KEY, "arn:aws:s3:::b/x"],
                &[("", &[]), ("x:k", &["a"])],
            ),
        }
    }

    /// Every condition operator with every quantifier and suffix, with every list of up to two of the
    /// values, against a key with every list of up to two of them, and without the key.
    pub fn conditions() -> Universe {
        const VALUES: [&str; 14] = [
            "",
            "a",
            "A",
            "a*",
            "true",
            "False",
            "1",
            "1.0",
            "2",
            "2026-01-01",
            "1767225600",
            "10.0.0.1",
            "10.0.0.0/8",
            "arn:aws:s3:::b",
        ];
        let mut lists: Vec<Vec<&str>> = vec![Vec::new()];
        for (at, a) in VALUES.iter().enumerate() {
            lists.push(vec![a]);
            lists.extend(VALUES.iter().skip(at + 1).map(|b| vec![*a, *b]));
        }
        let mut statements = Vec::new();
        for base in Base::ALL {
            for quantifier in [Quantifier::One, Quantifier::Any, Quantifier::All] {
                for if_exists in [false, true] {
                    if if_exists && base == Base::Null {
                        continue;
                    }
                    let operator = portcullis_model::Operator {
                        quantifier,
                        base,
                        if_exists,
                    };
                    for list in &lists {
                        let document = json!({"Version": "2012-10-17", "Statement": [{
                            "Effect": "Allow", "Action": "*", "Resource": "*",
                            "Condition": {operator.to_string(): {"x:k": list}},
                        }]});
                        statements.push((PolicyKind::Identity, document.to_string()));
                    }
                }
            }
        }
        let caller = [Caller::User { arn: BOB.into() }];
        let mut contexts: Vec<(&str, &[&str])> = vec![("", &[])];
        contexts.extend(lists.iter().map(|list| ("x:k", list.as_slice())));
        let mut requests = requests(&caller, &[KEY], &contexts);
        requests.retain(|request| {
            request.action == "s3:GetObject"
                && request.resource_account.as_deref() == Some("111122223333")
        });
        Universe {
            statements,
            size: 1,
            with_grant: false,
            requests,
        }
    }

    /// How many requests each set meets.
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    /// How many sets there are.
    pub fn sets(&self) -> u64 {
        // Choices of up to `size` statements, repetition allowed, order not looked at.
        let count = self.statements.len() as u64;
        let choices: u64 = (0..=self.size as u64)
            .map(|size| (0..size).fold(1, |all, step| all * (count + step) / (step + 1)))
            .sum();
        choices * if self.with_grant { 2 } else { 1 }
    }

    /// Compares reference and machine on every `step`th set, beginning with number `first`.
    ///
    /// # Errors
    /// The first disagreement, reduced, as a scenario.
    pub fn run(&self, first: u64, step: u64) -> Result<Report, String> {
        let arena = Bump::new();
        let grant = World {
            identity: vec![GRANT.into()],
            ..World::default()
        };
        let grant = grant.read(&arena)?.identity;
        let worlds: Vec<World> = self
            .statements
            .iter()
            .map(|statement| world(&[statement]))
            .collect();
        let sets = worlds
            .iter()
            .map(|world| world.read(&arena))
            .collect::<Result<Vec<_>, _>>()?;
        let mut report = Report::default();
        let mut number = 0;
        let mut chosen = Vec::new();
        loop {
            for granted in [false, true] {
                if granted && !self.with_grant {
                    continue;
                }
                if number % step.max(1) == first {
                    let mut all = PolicySets::default();
                    for at in &chosen {
                        if let Some(set) = sets.get(*at) {
                            merge(&mut all, set);
                        }
                    }
                    if granted {
                        all.identity.extend(&grant);
                    }
                    if !self.compare(&all, &mut report)? {
                        return Err(self.failure(&chosen, granted));
                    }
                }
                number += 1;
            }
            if !self.next(&mut chosen) {
                return Ok(report);
            }
        }
    }

    /// The next choice: its numbers never rise, and short choices come first.
    fn next(&self, chosen: &mut Vec<usize>) -> bool {
        let count = self.statements.len();
        for at in (0..chosen.len()).rev() {
            let limit = match at {
                0 => count,
                _ => chosen.get(at - 1).map_or(0, |before| before + 1),
            };
            if let Some(here) = chosen.get_mut(at) {
                *here += 1;
                if *here < limit {
                    return true;
                }
                *here = 0;
            }
        }
        chosen.push(0);
        chosen.len() <= self.size
    }

    /// False if an answer differs.
    fn compare(&self, sets: &PolicySets<'_>, report: &mut Report) -> Result<bool, String> {
        let mut images = Vec::new();
        for index in [true, false] {
            let options = Options {
                debug: false,
                index,
            };
            let bytes = compile(sets, options).map_err(|error| error.to_string())?;
            images.push(Image::from_bytes(bytes).map_err(|error| error.to_string())?);
        }
        report.sets += 1;
        let mut machines: Vec<Machine<'_>> = images
            .iter()
            .map(|image| Machine::new([image.view()]))
            .collect();
        for request in &self.requests {
            let same = request.with(|request| {
                let expected = portcullis_reference::decide(sets, request);
                report.add(expected.decision);
                machines.iter_mut().all(|machine| {
                    let outcome = machine.decide(request);
                    outcome.decision() == expected.decision
                        && outcome.layers().eq(expected.by.iter().copied())
                })
            });
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The failure in words, found again from the texts.
    fn failure(&self, chosen: &[usize], granted: bool) -> String {
        let statements: Vec<_> = chosen
            .iter()
            .filter_map(|at| self.statements.get(*at))
            .collect();
        let mut world = world(&statements);
        if granted {
            world.identity.push(GRANT.into());
        }
        match compare(&world, &self.requests, &VMS) {
            Err(failure) => failure,
            Ok(_) => format!("a disagreement that does not come again: {world:?}"),
        }
    }
}

/// The sets in which these statements stand. Documents of resource policies are joined to one.
fn world(statements: &[&(PolicyKind, String)]) -> World {
    let mut world = World::default();
    for (kind, text) in statements {
        let text = text.clone();
        let list = Vec::new;
        match kind {
            PolicyKind::Identity => world.identity.push(text),
            PolicyKind::Boundary => world.boundary.get_or_insert_with(list).push(text),
            PolicyKind::Session => world.session.get_or_insert_with(list).push(text),
            PolicyKind::VpcEndpoint => world.vpc_endpoint.get_or_insert_with(list).push(text),
            PolicyKind::Scp => level(&mut world.scps).push(text),
            PolicyKind::Rcp => level(&mut world.rcps).push(text),
            PolicyKind::Resource | PolicyKind::Trust => {
                world.resource = Some(match world.resource.take() {
                    None => text,
                    Some(other) => joined(&other, &text),
                });
            }
        }
    }
    world
}

fn joined(a: &str, b: &str) -> String {
    let statement = |text: &str| {
        serde_json::from_str(text)
            .ok()
            .and_then(|document: Value| document["Statement"].as_array().cloned())
            .unwrap_or_default()
    };
    let statements = [statement(a), statement(b)].concat();
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn level<T>(chain: &mut Vec<Vec<T>>) -> &mut Vec<T> {
    if chain.is_empty() {
        chain.push(Vec::new());
    }
    // There is a first level now.
    &mut chain[0]
}

fn merge<'a>(into: &mut PolicySets<'a>, from: &PolicySets<'a>) {
    let optional = |into: &mut Option<Vec<Policy<'a>>>, from: &Option<Vec<Policy<'a>>>| {
        if let Some(from) = from {
            into.get_or_insert_with(Vec::new).extend(from);
        }
    };
    into.identity.extend(&from.identity);
    optional(&mut into.boundary, &from.boundary);
    optional(&mut into.session, &from.session);
    optional(&mut into.resource, &from.resource);
    optional(&mut into.vpc_endpoint, &from.vpc_endpoint);
    for (into, from) in [(&mut into.scps, &from.scps), (&mut into.rcps, &from.rcps)] {
        if let [only] = from.as_slice() {
            level(into).extend(only);
        }
    }
}
