//! Pairs of policies that are made to be hard, each as large as AWS takes: what the work meter has to stop.
//!
//! A shape fills a document up to its quota with statements of one sort. Some are hard for the search over statements (clauses,
//! parities, pigeons), some for languages of texts (many wildcards, unions that cover, intersections of many), some for variables
//! that are compared in circles, and some only long.

use portcullis_model::PolicyKind;
use serde_json::{Value, json};

use crate::Bytes;

/// A pair of documents of one type.
#[derive(Clone, Debug)]
pub struct Shape {
    /// What is hard about it.
    pub name: &'static str,
    /// The type of both.
    pub kind: PolicyKind,
    /// The old document.
    pub old: String,
    /// The new one.
    pub new: String,
}

/// Characters of all inline policies of a role, without white space (`QUO-5`).
const INLINE: usize = 10_240;
/// Characters of a managed policy, without white space.
const MANAGED: usize = 6_144;
/// Characters of a bucket policy.
const BUCKET: usize = 20_480;

fn all(effect: &str) -> Value {
    json!({"Effect": effect, "Action": "*", "Resource": "*"})
}

fn when(effect: &str, condition: &Value) -> Value {
    let mut own = all(effect);
    own["Condition"] = condition.clone();
    own
}

fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// As many statements as fit, after some others.
fn fill(limit: usize, start: &[Value], next: impl Fn(usize) -> Value) -> String {
    let mut statements = start.to_vec();
    let mut size = document(&statements).len();
    for at in 0.. {
        let own = next(at);
        size += own.to_string().len() + 1;
        if size > limit {
            break;
        }
        statements.push(own);
    }
    document(&statements)
}

/// A statement with a list of as many values as fit.
fn list(
    limit: usize,
    start: &[Value],
    statement: impl Fn(&[String]) -> Value,
    next: impl Fn(usize) -> String,
) -> String {
    let mut values = Vec::new();
    let with = |values: &[String]| document(&[start, &[statement(values)]].concat());
    let mut size = with(&values).len();
    for at in 0.. {
        let own = next(at);
        size += own.len() + 3;
        if size > limit {
            break;
        }
        values.push(own);
    }
    with(&values)
}

/// A word for a number, of letters that no other word of as many letters begins with.
fn word(at: usize) -> String {
    let letter = |own: usize| char::from(b'a' + u8::try_from(own % 26).unwrap_or(0));
    [at / 26 / 26, at / 26, at].map(letter).iter().collect()
}

fn resources(effect: &str, member: &str, values: &[String]) -> Value {
    let mut own = json!({"Effect": effect, "Action": "s3:GetObject"});
    own[member] = json!(values);
    own
}

fn actions(values: &[String]) -> Value {
    json!({"Effect": "Allow", "Action": values, "Resource": "*"})
}

fn condition(effect: &str, operator: &str, key: &str, values: &[String]) -> Value {
    when(effect, &json!({operator: {key: values}}))
}

/// All shapes. The same each time.
pub fn shapes() -> Vec<Shape> {
    let mut found = of_texts();
    found.extend(of_search());
    found.extend(of_variables());
    found.extend(of_values());
    found.extend(of_resources());
    found
}

fn identity(name: &'static str, old: String, new: String) -> Shape {
    Shape {
        name,
        kind: PolicyKind::Identity,
        old,
        new,
    }
}

/// Hard for languages.
fn of_texts() -> Vec<Shape> {
    let arn = |own: &str| format!("arn:aws:s3:::{own}");
    let of = |member: &'static str, next: &dyn Fn(usize) -> String| {
        list(INLINE, &[], |own| resources("Allow", member, own), next)
    };
    let denied = |next: &dyn Fn(usize) -> String| {
        let start = [resources("Allow", "Resource", &[arn("*")])];
        list(
            INLINE,
            &start,
            |own| resources("Deny", "Resource", own),
            next,
        )
    };
    // Each entry has to be met by a Deny of its own, so that a request avoids all of them at once.
    let contains_all = {
        let start = [resources("Allow", "Resource", &[arn("*")])];
        fill(INLINE, &start, |at| {
            resources("Deny", "NotResource", &[arn(&format!("*{}*", word(at)))])
        })
    };
    let avoids_all = {
        let start = [resources("Allow", "Resource", &[arn("*")])];
        fill(INLINE, &start, |at| {
            resources("Deny", "Resource", &[arn(&format!("*{}*", word(at * 7)))])
        })
    };
    let everything = document(&[resources("Allow", "Resource", &[arn("*")])]);
    let nothing = document(&[resources("Deny", "Resource", &[arn("*")])]);
    let long = |letters: &str| {
        let stars: String = letters.chars().cycle().take(1_500).collect();
        let pattern: String = stars.chars().flat_map(|own| ['*', own]).collect();
        document(&[resources("Allow", "Resource", &[arn(&pattern)])])
    };
    let last = |letter: char| {
        of("Resource", &move |at| {
            arn(&format!("*{letter}{}", "?".repeat(at % 60)))
        })
    };
    vec![
        identity(
            "lists of wildcards, shifted",
            of("Resource", &|at| {
                arn(&format!("*{}*{}*", word(at), word(at + 1)))
            }),
            of("Resource", &|at| {
                arn(&format!("*{}*{}*", word(at + 1), word(at + 2)))
            }),
        ),
        identity(
            "lists of wildcards against everything else",
            of("NotResource", &|at| arn(&format!("*{}*", word(at)))),
            of("Resource", &|at| {
                arn(&format!("*{}*{}*", word(at), word(at * 3)))
            }),
        ),
        identity(
            "a union of letters against everything",
            of("Resource", &|at| arn(&format!("{}*", word(at * 17)))),
            everything.clone(),
        ),
        identity("the letter so many before the end", last('a'), last('b')),
        identity(
            "a text that contains all of many words",
            nothing.clone(),
            contains_all,
        ),
        identity(
            "a text that contains none of many words",
            nothing.clone(),
            avoids_all,
        ),
        identity("1,500 stars in one pattern", long("ab"), long("aab")),
        identity(
            "question marks of every length",
            of("Resource", &|at| arn(&"?".repeat(at + 1))),
            of("Resource", &|at| arn(&format!("{}*", "?".repeat(at + 1)))),
        ),
        identity(
            "denied wildcards against denied wildcards",
            denied(&|at| arn(&format!("*{}*{}", word(at), word(at * 5)))),
            denied(&|at| arn(&format!("*{}*{}", word(at), word(at * 7)))),
        ),
        identity(
            "actions with wildcards",
            list(MANAGED, &[], actions, |at| format!("s3:*{}*", word(at))),
            list(MANAGED, &[], actions, |at| {
                format!("s*:*{}*{}*", word(at), word(at / 2))
            }),
        ),
        identity(
            "actions of many services",
            list(MANAGED, &[], actions, |at| format!("{}:*", word(at))),
            list(MANAGED, &[], actions, |at| format!("{}:Get*", word(at + 1))),
        ),
    ]
}

/// Hard for the search over statements.
fn of_search() -> Vec<Shape> {
    let nothing = document(&[all("Deny")]);
    let tag = |at: usize| format!("aws:RequestTag/k{at}");
    // Three texts of which one is denied, at the ratio at which most are neither plain nor impossible.
    let clauses = |limit: usize, variables: usize, seed: u64| {
        let start = [all("Allow")];
        let drawn: Vec<Value> = {
            let mut random = Bytes::new(seed);
            let count = variables * 43 / 10;
            let mut one = || {
                let mut block = json!({"StringEquals": {}, "StringNotEquals": {}});
                while ["StringEquals", "StringNotEquals"]
                    .iter()
                    .filter_map(|own| block[own].as_object())
                    .map(serde_json::Map::len)
                    .sum::<usize>()
                    < 3
                {
                    let key = tag(random.below(variables));
                    let operator = ["StringEquals", "StringNotEquals"][random.below(2)];
                    let is_there = ["StringEquals", "StringNotEquals"]
                        .iter()
                        .any(|own| block[own].get(&key).is_some());
                    if !is_there {
                        block[operator][&key] = json!("y");
                    }
                }
                when("Deny", &block)
            };
            (0..count).map(|_| one()).collect()
        };
        fill(limit, &start, |at| {
            drawn
                .get(at)
                .cloned()
                .unwrap_or_else(|| json!("x".repeat(limit)))
        })
    };
    // More keys than values, no two of which may be the same.
    let pigeons = |limit: usize, holes: usize| {
        let values: Vec<String> = (0..holes).map(|own| format!("h{own}")).collect();
        let mut keys = json!({});
        for at in 0..=holes {
            keys[tag(at)] = json!(values);
        }
        let start = [when("Allow", &json!({"StringEquals": keys}))];
        let pairs: Vec<(usize, usize, usize)> = (0..=holes)
            .flat_map(|one| {
                (0..one).flat_map(move |other| (0..holes).map(move |own| (one, other, own)))
            })
            .collect();
        fill(limit, &start, |at| match pairs.get(at) {
            Some((one, other, own)) => {
                let mut keys = json!({});
                keys[tag(*one)] = json!(format!("h{own}"));
                keys[tag(*other)] = json!(format!("h{own}"));
                when("Deny", &json!({"StringEquals": keys}))
            }
            None => json!("x".repeat(limit)),
        })
    };
    let differing = |holes: usize| {
        let values: Vec<String> = (0..holes).map(|own| format!("h{own}")).collect();
        let mut keys = json!({});
        for at in 0..=holes {
            keys[tag(at)] = json!(values);
        }
        let mut statements = vec![when("Allow", &json!({"StringEquals": keys}))];
        for (one, other) in (0..=holes).flat_map(|one| (0..one).map(move |other| (one, other))) {
            let mut keys = json!({});
            keys[tag(one)] = json!(format!("${{{}}}", tag(other)));
            statements.push(when("Deny", &json!({"StringEquals": keys})));
        }
        document(&statements)
    };
    // Each key is the parity of the two before it, and the last is not what follows.
    let parity = |limit: usize, length: usize| {
        let start = [all("Allow")];
        let steps: Vec<Value> = (0..length)
            .flat_map(|at| {
                [[0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 1]].map(|own: [usize; 3]| {
                    let mut block = json!({"StringEquals": {}, "StringNotEquals": {}});
                    for (step, is_on) in own.iter().enumerate() {
                        let operator = ["StringNotEquals", "StringEquals"][*is_on];
                        block[operator][tag((at * 5 + step * (at + 2)) % length)] = json!("y");
                    }
                    when("Deny", &block)
                })
            })
            .collect();
        fill(limit, &start, |at| {
            steps
                .get(at)
                .cloned()
                .unwrap_or_else(|| json!("x".repeat(limit)))
        })
    };
    let one_each = |operator: &str, value: &str| {
        fill(INLINE, &[], |at| {
            let mut keys = json!({});
            keys[tag(at)] = json!(format!("{value}{at}"));
            when("Allow", &json!({operator: keys}))
        })
    };
    vec![
        identity(
            "clauses over 20 keys",
            nothing.clone(),
            clauses(INLINE, 20, 1),
        ),
        identity(
            "clauses over 12 keys",
            nothing.clone(),
            clauses(INLINE, 12, 2),
        ),
        identity(
            "six keys in five values",
            nothing.clone(),
            pigeons(INLINE, 5),
        ),
        identity(
            "nine keys in eight values, by variables",
            nothing.clone(),
            differing(8),
        ),
        identity("parities", nothing, parity(INLINE, 16)),
        identity(
            "a condition of its own for each statement",
            one_each("StringEquals", "a"),
            one_each("StringLike", "?"),
        ),
        identity(
            "a Null of its own for each statement",
            one_each("StringEqualsIfExists", "a"),
            fill(INLINE, &[], |at| {
                let mut keys = json!({});
                keys[tag(at)] = json!("true");
                when("Allow", &json!({"Null": keys}))
            }),
        ),
    ]
}

/// Hard for variables.
fn of_variables() -> Vec<Shape> {
    let tag = |at: usize| format!("aws:PrincipalTag/k{at}");
    let compared =
        |effect: &'static str, operator: &'static str, step: usize, wild: &'static str| {
            let start: Vec<Value> = match effect {
                "Deny" => vec![all("Allow")],
                _ => Vec::new(),
            };
            fill(MANAGED, &start, |at| {
                let mut keys = json!({});
                keys[format!("aws:RequestTag/k{}", at % 12)] = json!(format!(
                    "{wild}${{{}}}{wild}",
                    tag((at * step + at / 12) % 12)
                ));
                when(effect, &json!({operator: keys}))
            })
        };
    let of = |start: &'static str, next: &dyn Fn(usize) -> String| {
        list(
            MANAGED,
            &[],
            |own| resources("Allow", "Resource", own),
            |at| format!("arn:aws:s3:::{start}{}", next(at)),
        )
    };
    vec![
        identity(
            "keys compared in circles",
            compared("Allow", "StringEquals", 1, ""),
            compared("Allow", "StringEquals", 5, ""),
        ),
        identity(
            "keys that differ in circles",
            compared("Deny", "StringEquals", 1, ""),
            compared("Deny", "StringEquals", 5, ""),
        ),
        identity(
            "variables between wildcards",
            compared("Allow", "StringLike", 1, "*"),
            compared("Deny", "StringLike", 7, "*"),
        ),
        identity(
            "resources of two variables",
            of("", &|at| format!("${{{}}}/${{{}}}/*", tag(at), tag(at + 1))),
            of("", &|at| format!("${{{}}}/*/${{{}}}", tag(at + 1), tag(at))),
        ),
        identity(
            "variables with defaults",
            of("home/", &|at| format!("${{{}, 'd{at}'}}/*", tag(at % 30))),
            of("home/", &|at| format!("${{{}, 'e{at}'}}/*", tag(at % 30))),
        ),
        identity(
            "names of the caller in every form",
            of("", &|at| {
                format!("{}/${{aws:username}}/${{aws:userid}}*", word(at))
            }),
            of("", &|at| format!("{}/*/${{aws:PrincipalArn}}?", word(at))),
        ),
    ]
}

/// Hard for what values mean.
fn of_values() -> Vec<Shape> {
    let of = |effect: &'static str,
              operator: &'static str,
              key: &'static str,
              next: &dyn Fn(usize) -> String| {
        let start: Vec<Value> = match effect {
            "Deny" => vec![all("Allow")],
            _ => Vec::new(),
        };
        list(
            INLINE,
            &start,
            |own| condition(effect, operator, key, own),
            next,
        )
    };
    let each = |operators: &'static [&'static str], next: &dyn Fn(usize) -> String| {
        fill(INLINE, &[all("Allow")], |at| {
            let mut block = json!({});
            block[operators[at % operators.len()]] = json!({"t:k": next(at)});
            when("Deny", &block)
        })
    };
    let lists = |form: &'static str, step: usize| {
        fill(INLINE, &[all("Allow")], |at| {
            let mut block = json!({});
            let values = [format!("*{}*", word(at * step)), format!("{}*", word(at))];
            block[format!("{form}StringLike")] = json!({"aws:TagKeys": values});
            when("Deny", &block)
        })
    };
    vec![
        identity(
            "networks",
            of("Allow", "IpAddress", "aws:SourceIp", &|at| {
                format!("10.{}.{}.0/24", at / 256, at % 256)
            }),
            of("Deny", "IpAddress", "aws:SourceIp", &|at| {
                format!("10.{}.{}.0/25", at / 256, at % 256)
            }),
        ),
        identity(
            "networks of both families",
            of("Allow", "NotIpAddress", "aws:SourceIp", &|at| {
                format!("2001:db8:{at:x}::/48")
            }),
            of("Allow", "NotIpAddress", "aws:SourceIp", &|at| {
                format!("10.{}.0.0/15", at % 256)
            }),
        ),
        identity(
            "numbers that are dates",
            each(&["NumericLessThan", "DateGreaterThan"], &|at| {
                (at * 1_000_003).to_string()
            }),
            each(&["DateLessThan", "NumericEquals"], &|at| {
                (at * 999_983).to_string()
            }),
        ),
        identity(
            "numbers, dates, addresses and texts of one key",
            each(&["NumericNotEquals", "DateEquals", "StringLike"], &|at| {
                format!("{at}")
            }),
            each(
                &["DateLessThanEquals", "StringEquals", "NumericGreaterThan"],
                &|at| format!("{}", at + 2000),
            ),
        ),
        identity(
            "lists of many values, any",
            lists("ForAnyValue:", 3),
            lists("ForAnyValue:", 5),
        ),
        identity(
            "lists of many values, all",
            lists("ForAllValues:", 3),
            lists("ForAllValues:", 5),
        ),
        identity(
            "texts in any case",
            of("Allow", "StringEqualsIgnoreCase", "t:k", &|at| {
                format!("{}{}", word(at), word(at * 11))
            }),
            of("Deny", "StringEqualsIgnoreCase", "t:k", &|at| {
                format!("{}{}", word(at), word(at * 13)).to_uppercase()
            }),
        ),
        identity(
            "ARNs with wildcards in every part",
            of("Allow", "ArnLike", "aws:SourceArn", &|at| {
                format!("arn:*:{}*:*:*:*{}*", word(at), word(at * 3))
            }),
            of("Allow", "ArnNotLike", "aws:SourceArn", &|at| {
                format!("arn:*:*{}:*:*:{}*", word(at), word(at * 5))
            }),
        ),
        identity(
            "callers by ARN",
            of("Allow", "ArnLike", "aws:PrincipalArn", &|at| {
                format!("arn:aws:iam::{:012}:role/*{}*", at + 1, word(at))
            }),
            of("Deny", "StringLike", "aws:PrincipalArn", &|at| {
                format!("arn:aws:*::{:012}:*/{}", at + 1, word(at))
            }),
        ),
    ]
}

/// Policies of buckets.
fn of_resources() -> Vec<Shape> {
    let with = |effect: &str, principal: Value, condition: Value| {
        json!({"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
            "Condition": condition})
    };
    let bucket = |name, old, new| Shape {
        name,
        kind: PolicyKind::Resource,
        old,
        new,
    };
    let named = |step: usize| {
        fill(BUCKET, &[], move |at| {
            let arn = format!("arn:aws:iam::{:012}:role/{}", at * step + 1, word(at));
            with("Allow", json!({"AWS": arn}), json!({}))
        })
    };
    let but = |step: usize| {
        let principals: Vec<String> = (0..250)
            .map(|at| format!("arn:aws:iam::{:012}:role/{}", at * step + 1, word(at)))
            .collect();
        let mut own = with("Deny", json!({}), json!({}));
        if let Some(members) = own.as_object_mut() {
            members.remove("Principal");
        }
        own["NotPrincipal"] = json!({"AWS": principals});
        document(&[with("Allow", json!("*"), json!({})), own])
    };
    let organizations = |step: usize| {
        fill(BUCKET, &[], move |at| {
            let paths = [
                format!("o-{}/r-*/ou-{}/*", word(at * step), word(at)),
                format!("o-*/{}*", word(at)),
            ];
            let condition = json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": paths}});
            with("Allow", json!("*"), condition)
        })
    };
    let prefixes = |step: usize| {
        fill(BUCKET, &[with("Allow", json!("*"), json!({}))], move |at| {
            let condition = json!({"StringNotLike": {"s3:prefix": [format!("*{}*", word(at * step)), "${aws:username}/*"]},
                "Bool": {"aws:SecureTransport": "true"}, "NotIpAddress": {"aws:SourceIp": format!("10.{}.0.0/16", at % 256)}});
            with("Deny", json!("*"), condition)
        })
    };
    vec![
        bucket(
            "a bucket's policy with a role in each statement",
            named(1),
            named(2),
        ),
        bucket(
            "a bucket's policy with NotPrincipal of 250 roles",
            but(1),
            but(3),
        ),
        bucket(
            "a bucket's policy with paths of organizations",
            organizations(1),
            organizations(3),
        ),
        bucket(
            "a bucket's policy with three conditions in each Deny",
            prefixes(1),
            prefixes(3),
        ),
    ]
}
