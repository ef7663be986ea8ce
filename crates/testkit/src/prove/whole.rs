//! Whole worlds: every request over two letters, and every pair of a family of small policies.
//!
//! The reference decides each policy for each request once; then each pair is compared by the prover. A proof must have no
//! counterexample in the world, and where the world has one, the answer must be a request. Nothing is drawn at random.

use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{Answer, Domain, Options, Policy, PolicySets, Reason, compare, read};
use portcullis_model::{Caller, ContextEntry, Request};
use serde_json::{Value, json};

/// What policies look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The resource: lists of patterns up to three characters.
    Resources,
    /// One key: every operator of texts in every form.
    OneKey,
    /// One key and two conditions on it.
    TwoConditions,
    /// Two keys, of which one stands in values of the other, and in resources.
    Variables,
}

impl Family {
    /// All of them.
    pub const ALL: [Family; 4] = [
        Family::Resources,
        Family::OneKey,
        Family::TwoConditions,
        Family::Variables,
    ];
}

/// What came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Policies of the family.
    pub policies: usize,
    /// Requests of the world.
    pub requests: usize,
    /// Pairs that were proved.
    pub proved: usize,
    /// Pairs that were refuted.
    pub refuted: usize,
    /// Of these, pairs whose counterexamples all lie outside the world.
    pub outside: usize,
    /// Pairs that were left open.
    pub unknown: usize,
}

/// Texts over two letters, the short ones first.
fn texts(longest: usize) -> Vec<String> {
    words(&['a', 'b'], longest)
}

/// Words over some characters, the short ones first.
fn words(alphabet: &[char], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut start = 0;
    for _ in 0..longest {
        let end = all.len();
        for at in start..end {
            for own in alphabet {
                all.push(format!("{}{own}", all[at]));
            }
        }
        start = end;
    }
    all
}

/// What a key can be: absent, every text up to some length, lists of two and of three.
fn shapes(longest: usize, in_pairs: usize, in_threes: usize) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    all.extend(texts(longest).into_iter().map(|own| vec![own]));
    let pairs = texts(in_pairs);
    for (at, one) in pairs.iter().enumerate() {
        all.extend(
            pairs[at..]
                .iter()
                .map(|other| vec![one.clone(), other.clone()]),
        );
    }
    let threes = texts(in_threes);
    for (at, one) in threes.iter().enumerate() {
        for (next, other) in threes.iter().enumerate().skip(at + 1) {
            let third = threes.iter().skip(next + 1);
            all.extend(third.map(|third| vec![one.clone(), other.clone(), third.clone()]));
        }
    }
    all
}

/// A request of the world: the resource and the values of two keys.
struct Point {
    resource: String,
    keys: [Vec<String>; 2],
}

fn world(family: Family) -> Vec<Point> {
    let arn = |own: &String| format!("arn:a:b:::{own}");
    let mut all = Vec::new();
    let mut add = |resources: &[String], first: &[Vec<String>], second: &[Vec<String>]| {
        for resource in resources {
            for one in first {
                for other in second {
                    all.push(Point {
                        resource: arn(resource),
                        keys: [one.clone(), other.clone()],
                    });
                }
            }
        }
    };
    let absent = [Vec::new()];
    match family {
        Family::Resources => add(&texts(3)[1..], &absent, &absent),
        Family::OneKey | Family::TwoConditions => {
            add(&["a".to_owned()], &shapes(3, 3, 2), &absent);
        }
        Family::Variables => {
            add(&texts(2)[1..], &shapes(2, 1, 0), &shapes(2, 1, 0));
        }
    }
    all
}

/// A statement on everything but for some members.
fn document(effect: &str, members: &Value) -> Value {
    let mut statement = json!({"Effect": effect, "Action": "t:a", "Resource": "*"});
    for (name, value) in members.as_object().into_iter().flatten() {
        if let Some(statement) = statement.as_object_mut() {
            if name == "NotResource" {
                statement.remove("Resource");
            }
            statement.insert(name.clone(), value.clone());
        }
    }
    let mut statements = vec![statement];
    if effect == "Deny" {
        statements.push(json!({"Effect": "Allow", "Action": "t:a", "Resource": "*"}));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn resources() -> Vec<Value> {
    let arn = |own: &String| format!("arn:a:b:::{own}");
    let single = words(&['a', 'b', '*', '?'], 3);
    let mut lists: Vec<Vec<String>> = single[1..].iter().map(|own| vec![arn(own)]).collect();
    let short = words(&['a', 'b', '*', '?'], 2);
    for (at, one) in short.iter().enumerate().skip(1) {
        let others = short.iter().skip(at + 1);
        lists.extend(others.map(|other| vec![arn(one), arn(other)]));
    }
    let members = lists.iter().enumerate().flat_map(|(at, list)| {
        let negated = (at % 3 == 0).then(|| json!({"NotResource": list}));
        [Some(json!({"Resource": list})), negated]
    });
    members.flatten().collect()
}

/// Conditions on a key, each operator in each form.
fn conditions(key: &str, lists: &[&[&str]]) -> Vec<Value> {
    let mut all = Vec::new();
    for base in [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIgnoreCase",
    ] {
        for form in ["", "IfExists", "ForAnyValue:", "ForAllValues:"] {
            let operator = match form {
                "IfExists" => format!("{base}{form}"),
                form => format!("{form}{base}"),
            };
            all.extend(lists.iter().map(|list| json!({&operator: {key: list}})));
        }
    }
    all.extend(["true", "false"].map(|truth| json!({"Null": {key: truth}})));
    all
}

/// Two blocks of conditions that both must hold; none if the operator with the key is in both.
fn both(one: &Value, other: &Value) -> Option<Value> {
    let mut block = one.clone();
    for (operator, keys) in other.as_object()? {
        for (key, values) in keys.as_object()? {
            let tests = block
                .as_object_mut()?
                .entry(operator)
                .or_insert_with(|| json!({}));
            if tests.get(key).is_some() {
                return None;
            }
            tests[key] = values.clone();
        }
    }
    Some(block)
}

fn one_key() -> Vec<Value> {
    let lists: [&[&str]; 11] = [
        &["a"],
        &["ab"],
        &[""],
        &["*"],
        &["a*"],
        &["*b"],
        &["?"],
        &["a?*"],
        &["a", "b"],
        &["a*", "*b"],
        &[],
    ];
    conditions("t:k", &lists)
}

fn two_conditions() -> Vec<Value> {
    let lists: [&[&str]; 4] = [&["a"], &["a*", "b"], &["*b"], &["", "??*"]];
    let all = conditions("t:k", &lists);
    let mut found = Vec::new();
    for (at, one) in all.iter().enumerate() {
        // Every seventh, so that each form meets each other one.
        found.extend(
            all.iter()
                .skip(at % 7)
                .step_by(7)
                .filter_map(|other| both(one, other)),
        );
    }
    found
}

fn variables() -> Vec<Value> {
    let lists: [&[&str]; 5] = [
        &["${t:l}"],
        &["a${t:l}"],
        &["${t:l}*"],
        &["${t:l, 'a'}"],
        &["b", "${t:l}"],
    ];
    let mut compared = Vec::new();
    for base in ["StringEquals", "StringNotEquals", "StringLike"] {
        for form in ["", "IfExists", "ForAnyValue:", "ForAllValues:"] {
            let operator = match form {
                "IfExists" => format!("{base}{form}"),
                form => format!("{form}{base}"),
            };
            compared.extend(lists.iter().map(|list| json!({&operator: {"t:k": list}})));
        }
    }
    compared.push(json!({"StringEquals": {"t:l": "${t:k}"}}));
    compared.push(json!({"StringNotEquals": {"t:l": "${t:k}"}}));
    let own = [
        json!({}),
        json!({"StringEquals": {"t:l": "a"}}),
        json!({"StringLike": {"t:l": "a*"}}),
        json!({"Null": {"t:l": "false"}}),
        json!({"StringNotEquals": {"t:l": ["", "a"]}}),
    ];
    let mut found: Vec<Value> = Vec::new();
    for (at, one) in compared.iter().enumerate() {
        found.push(json!({"Condition": one}));
        let both = both(one, &own[1 + at % 4]);
        found.extend(both.map(|both| json!({"Condition": both})));
    }
    for (at, last) in [
        "${t:k}",
        "a${t:k}",
        "${t:k}*",
        "${t:k}${t:l}",
        "${t:k, 'b'}",
        "*${t:k}",
    ]
    .iter()
    .enumerate()
    {
        let arn = format!("arn:a:b:::{last}");
        for own in &own {
            found.push(json!({"Resource": [arn], "Condition": own}));
        }
        found.push(json!({"NotResource": [arn], "Condition": own[at % 5]}));
    }
    found
}

/// The policies of a family: each as what is allowed, and every other also as what is denied.
fn policies(family: Family) -> Vec<Value> {
    let members: Vec<Value> = match family {
        Family::Resources => resources(),
        Family::OneKey => one_key()
            .into_iter()
            .map(|own| json!({"Condition": own}))
            .collect(),
        Family::TwoConditions => two_conditions()
            .into_iter()
            .map(|own| json!({"Condition": own}))
            .collect(),
        Family::Variables => variables(),
    };
    let mut all = Vec::new();
    for (at, own) in members.iter().enumerate() {
        all.push(document("Allow", own));
        if at % 4 == 0 {
            all.push(document("Deny", own));
        }
    }
    all
}

/// A policy, and which requests of the world it allows.
struct Decided<'a> {
    policy: Policy<'a>,
    text: String,
    allowed: Vec<bool>,
}

fn decided<'a>(text: String, points: &[Point], arena: &'a Bump) -> Result<Decided<'a>, String> {
    let stored = arena.alloc_str(&text);
    let policy = read("p", stored, PolicyKind::Identity, arena)
        .map_err(|problems| format!("{problems:?}\n{text}"))?;
    let sets = PolicySets {
        identity: vec![policy],
        ..PolicySets::default()
    };
    let caller = Caller::User {
        arn: "arn:aws:iam::111122223333:user/ann",
    };
    let decide = |point: &Point| {
        let [k, l] = &point.keys;
        let texts = |own: &'_ Vec<String>| {
            own.iter()
                .map(|text| arena.alloc_str(text) as &str)
                .collect::<Vec<_>>()
        };
        let (k, l) = (texts(k), texts(l));
        let context = [
            ContextEntry {
                key: "t:k",
                values: &k,
            },
            ContextEntry {
                key: "t:l",
                values: &l,
            },
        ];
        let request = Request {
            resource_account: Some("111122223333"),
            context: &context,
            ..Request::new(caller, "t:a", &point.resource)
        };
        portcullis_reference::decide(&sets, &request)
            .decision
            .is_allow()
    };
    let allowed = points.iter().map(decide).collect();
    Ok(Decided {
        policy: sets.identity[0],
        text,
        allowed,
    })
}

/// Compares every pair of a family, or of every `step` pairs one.
///
/// # Errors
/// The first answer that is wrong, with the pair.
pub fn run(family: Family, step: usize) -> Result<Report, String> {
    let points = world(family);
    let arena = Bump::new();
    let all: Result<Vec<Decided<'_>>, String> = policies(family)
        .into_iter()
        .map(|own| decided(own.to_string(), &points, &arena))
        .collect();
    let all = all?;
    let mut report = Report {
        policies: all.len(),
        requests: points.len(),
        ..Report::default()
    };
    let options = Options {
        domain: Domain::Free,
        ..Options::default()
    };
    for pair in (0..all.len() * all.len()).step_by(step.max(1)) {
        let (old, new) = (&all[pair / all.len()], &all[pair % all.len()]);
        let at = new
            .allowed
            .iter()
            .zip(&old.allowed)
            .position(|(new, old)| *new && !old);
        let wrong = |what: &str| {
            let point = at.map(|at| (&points[at].resource, &points[at].keys));
            Err(format!(
                "{what}: {point:?}\nold {}\nnew {}",
                old.text, new.text
            ))
        };
        match compare(&[old.policy], &[new.policy], &options) {
            Answer::Proved(_) if at.is_some() => return wrong("proved, but"),
            Answer::Proved(_) => report.proved += 1,
            Answer::Refuted(_) => {
                report.refuted += 1;
                report.outside += usize::from(at.is_none());
            }
            Answer::Unknown(reasons) => {
                if reasons
                    .iter()
                    .any(|own| matches!(own, Reason::Disagreement { .. }))
                {
                    return wrong(&format!("{reasons:?}"));
                }
                if std::env::var_os("SHOW").is_some() {
                    println!("{reasons:?}\nold {}\nnew {}", old.text, new.text);
                }
                report.unknown += 1;
            }
        }
    }
    Ok(report)
}
