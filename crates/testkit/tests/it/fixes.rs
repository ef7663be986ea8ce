//! Safe fixes change no decision, and what the linter says of conditions is what decisions do.
//!
//! `PORTCULLIS_CASES` asks for more policies than the ordinary run has.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_lint::{Options, PolicyType, SAFE, fixed, fixes, lint};
use portcullis_model::{Base, Decision};
use portcullis_testkit::generate::{Settings, world};
use portcullis_testkit::oracle::{Oracle, Reference, VMS};
use portcullis_testkit::{Bytes, Request, World, derive};
use serde_json::{Value, json};

const SOURCE_IP: &str = "aws:SourceIp";

fn cases(ordinary: u64) -> u64 {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

fn decisions(world: &World, requests: &[Request], oracle: &dyn Oracle) -> Vec<Decision> {
    let arena = Bump::new();
    let sets = world.read(&arena).unwrap();
    let answers = oracle.answer(&sets, requests).unwrap();
    answers.into_iter().map(|answer| answer.decision).collect()
}

/// Adds to a list what makes some of it redundant.
fn repeat(list: &mut Value, source: &mut Bytes) {
    let mut all = match list.take() {
        Value::Array(all) => all,
        one => vec![one],
    };
    let texts: Vec<String> = all
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    for text in texts {
        let cut = text.len() - source.next_u64() as usize % 4 % (text.len() + 1);
        let more = match source.next_u64() % 6 {
            0 => text.clone(),
            1 => text.to_ascii_uppercase(),
            2 if text.is_char_boundary(cut) => format!("{}*", &text[..cut]),
            3 => text.replace('*', "?"),
            4 => text.replacen(':', "*:", 1),
            _ => continue,
        };
        let at = source.next_u64() as usize % (all.len() + 1);
        all.insert(at, more.into());
    }
    *list = all.into();
}

/// A network, most often with bits behind its prefix.
fn network(source: &mut Bytes) -> String {
    let bits = source.next_u64();
    if source.below(4) == 0 {
        let address = Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(bits));
        return format!("{address}/{}", 32 + source.below(97));
    }
    let address = Ipv4Addr::from(0x0a00_0000 | (bits as u32 & 0x00ff_ffff));
    format!("{address}/{}", source.below(33))
}

/// An address in a network, at its edges, or just outside.
fn near(network: &str, source: &mut Bytes) -> Option<String> {
    let (address, prefix) = network.split_once('/')?;
    let prefix: u32 = prefix.parse().ok()?;
    let of = |own: u128, rest: u128, source: &mut Bytes| match source.below(6) {
        0 => own & !rest,
        1 => own | rest,
        2 => (own & !rest).wrapping_sub(1),
        3 => (own | rest).wrapping_add(1),
        4 => own,
        _ => (own & !rest) | (u128::from(source.next_u64()) & rest),
    };
    Some(match address.parse().ok()? {
        IpAddr::V4(own) => {
            let rest = u32::MAX.checked_shr(prefix).unwrap_or_default();
            let near = of(u32::from(own).into(), rest.into(), source);
            Ipv4Addr::from(near as u32).to_string()
        }
        IpAddr::V6(own) => {
            let rest = u128::MAX.checked_shr(prefix).unwrap_or_default();
            Ipv6Addr::from(of(own.into(), rest, source)).to_string()
        }
    })
}

/// The networks that conditions of a document test.
fn networks(text: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(text).unwrap();
    let mut found = Vec::new();
    for statement in document["Statement"].as_array().unwrap() {
        let operators = statement["Condition"].as_object().into_iter().flatten();
        let own = operators.filter(|(name, _)| name.to_lowercase().contains("ip"));
        for value in own.flat_map(|(_, keys)| keys.as_object().into_iter().flatten()) {
            let texts = value
                .1
                .as_array()
                .map_or(core::slice::from_ref(value.1), |all| all);
            found.extend(texts.iter().filter_map(Value::as_str).map(str::to_owned));
        }
    }
    found
}

/// Writes a document so that there is something to mend.
fn spoil(text: &str, source: &mut Bytes) -> String {
    let mut document: Value = serde_json::from_str(text).unwrap();
    for statement in document["Statement"].as_array_mut().unwrap() {
        let members = statement.as_object_mut().unwrap();
        for name in ["Action", "Resource"] {
            if let Some(list) = members.get_mut(name) {
                repeat(list, source);
            }
        }
        if source.next_u64() % 3 == 0 && !members.contains_key("Sid") {
            members.insert("Sid".into(), "".into());
        }
        // Networks are rare otherwise.
        if source.next_u64() % 3 > 0 {
            let condition = members.entry("Condition").or_insert_with(|| json!({}));
            let name = ["IpAddress", "NotIpAddress", "IpAddressIfExists"][source.below(3)];
            let networks: Vec<String> = (0..=source.below(2)).map(|_| network(source)).collect();
            if let Some(operators) = condition.as_object_mut() {
                operators
                    .entry(name)
                    .or_insert_with(|| json!({"aws:SourceIp": networks}));
            }
        }
        if let Some(Value::Object(operators)) = members.get_mut("Condition") {
            let own = std::mem::take(operators);
            for (name, keys) in own {
                let odd = name.to_lowercase();
                let is_free = !operators.keys().any(|other| other.to_lowercase() == odd);
                let name = if source.next_u64() % 3 == 0 && is_free {
                    odd
                } else {
                    name
                };
                operators.insert(name, keys);
            }
        }
    }
    document.to_string()
}

/// The document with safe changes made, all or those of a code; counts them.
fn mended(text: &str, only: Option<&str>, counts: &mut BTreeMap<&'static str, usize>) -> String {
    let mut text = text.to_owned();
    loop {
        let arena = Bump::new();
        let node = portcullis_source::json::parse(&text, &arena).unwrap();
        let safe: Vec<_> = fixes(&node, &text)
            .into_iter()
            .filter(|fix| fix.is_safe && only.is_none_or(|code| code == fix.code))
            .collect();
        let new = fixed(&text, &safe);
        if new == text {
            return text;
        }
        for fix in &safe {
            *counts.entry(fix.code).or_default() += 1;
        }
        text = new;
    }
}

/// Each code of the closed list by itself, and all together, on generated policies that were spoiled. Prints how many
/// requests were decided by policies that a code had mended, and of networks only those that come from an address:
///
/// ```sh
/// PORTCULLIS_CASES=70000 cargo test --release -p portcullis-testkit --test it -- safe_fixes --nocapture
/// ```
#[test]
fn safe_fixes_change_no_decision() {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut mix: BTreeMap<&str, usize> = BTreeMap::new();
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..cases(600) {
        let mut source = Bytes::new(seed);
        let settings = Settings {
            layers: seed % 3 != 0,
            ..Settings::default()
        };
        let mut before = world(&mut Unstructured::new(&source.take(4_000)), &settings).unwrap();
        for at in 0..before.documents_mut().len() {
            let mut spoiled = before.clone();
            if let Some((_, text)) = spoiled.documents_mut().into_iter().nth(at) {
                *text = spoil(text, &mut source);
            }
            // What was spoiled until it does not load says nothing.
            if spoiled.read(&Bump::new()).is_ok() {
                before = spoiled;
            }
        }
        let arena = Bump::new();
        let sets = before.read(&arena).unwrap();
        let mut requests = derive::requests(&sets, &mut source, 12);
        let mut arbitrary = source.take(4_000);
        arbitrary.truncate(4_000);
        let mut unstructured = Unstructured::new(&arbitrary);
        requests.extend(
            (0..4).filter_map(|_| portcullis_testkit::generate::request(&mut unstructured).ok()),
        );
        // Addresses that the networks are about.
        let mut spoiled = before.clone();
        let all = spoiled.documents_mut().into_iter();
        let networks: Vec<String> = all.flat_map(|(_, text)| networks(text)).collect();
        let is_address = |(key, _): &(String, Vec<String>)| key.eq_ignore_ascii_case(SOURCE_IP);
        for request in &mut requests {
            let network = networks.get(source.below(networks.len().max(1)));
            if let Some(address) = network.and_then(|own| near(own, &mut source)) {
                request.context.retain(|own| !is_address(own));
                request.context.push((SOURCE_IP.into(), vec![address]));
            }
        }
        let oracles = [&Reference as &dyn Oracle, VMS[0]];
        let old = oracles.map(|oracle| decisions(&before, &requests, oracle));
        // Each code by itself, and all of them.
        let codes = SAFE.iter().map(|(code, _)| Some(*code));
        for only in codes.chain([None]) {
            let mut own = BTreeMap::new();
            let mut after = before.clone();
            for (_, text) in after.documents_mut() {
                *text = mended(text, only, &mut own);
            }
            if own.is_empty() {
                continue;
            }
            for (code, count) in own.into_iter().filter(|_| only.is_some()) {
                *counts.entry(code).or_default() += count;
                let is_asked = |own: &Request| {
                    code != "IMPROVE_IP_RANGE" || own.context.iter().any(is_address)
                };
                *asked.entry(code).or_default() +=
                    requests.iter().filter(|own| is_asked(own)).count();
            }
            for (oracle, old) in oracles.into_iter().zip(&old) {
                let new = decisions(&after, &requests, oracle);
                for ((old, new), request) in old.iter().zip(&new).zip(&requests) {
                    assert_eq!(
                        old, new,
                        "seed {seed}, {only:?}: {request:?}\n{before:#?}\n{after:#?}"
                    );
                    *mix.entry(old.as_str()).or_default() += 1;
                }
            }
        }
    }
    println!("changes {counts:?}\nrequests {asked:?}\ndecisions {mix:?}");
    for (code, _) in SAFE {
        assert!(
            counts.get(code).is_some_and(|count| *count > 10),
            "{code}: {counts:?}"
        );
    }
    assert!(
        mix.values().sum::<usize>() > 4_000 && mix.len() == 3,
        "{mix:?}"
    );
}

/// Values that tests are made of, and the values of requests, of a kind of operators.
const KINDS: [(&[Base], &[&str], &[&str]); 5] = [
    (
        &[
            Base::StringEquals,
            Base::StringNotEquals,
            Base::StringLike,
            Base::StringNotLike,
        ],
        &["a", "b", "ab", "a*", "*b", "**", "a?", "*"],
        &["a", "b", "ab", "aab", "xb", "", "ac", "A"],
    ),
    (
        &[
            Base::NumericEquals,
            Base::NumericNotEquals,
            Base::NumericLessThan,
            Base::NumericGreaterThanEquals,
        ],
        &["1", "2", "1.5", "-3"],
        &["-4", "-3", "0", "1", "1.25", "1.5", "1.75", "2", "3"],
    ),
    (
        &[Base::IpAddress, Base::NotIpAddress],
        &[
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/8",
            "10.1.0.0/16",
            "128.0.0.0/1",
            "0.0.0.0/1",
        ],
        &[
            "0.0.0.0",
            "10.0.0.1",
            "10.1.2.3",
            "127.9.9.9",
            "128.0.0.1",
            "255.255.255.255",
            "::1",
            "2001:db8::1",
        ],
    ),
    (&[Base::Bool], &["true", "false"], &["true", "false"]),
    (
        &[
            Base::DateLessThan,
            Base::DateGreaterThanEquals,
            Base::DateEquals,
        ],
        &["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
        &[
            "2025-06-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
            "2026-06-01T00:00:00Z",
            "2027-01-01T00:00:00Z",
            "2028-01-01T00:00:00Z",
        ],
    ),
];

/// A block of which it is said that no request passes it passes none, and a test of which it is said that it holds for every
/// value holds for each, in the reference.
#[test]
fn what_is_said_of_conditions_is_so() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..cases(3_000) {
        let mut source = Bytes::new(seed ^ 0x51);
        let mut pick = |most: usize| source.next_u64() as usize % most;
        let (bases, values, states) = KINDS[pick(KINDS.len())];
        let mut condition = serde_json::Map::new();
        for _ in 0..=pick(3) {
            let name = match pick(8) {
                0 => "Null".to_owned(),
                other => {
                    let base = bases[pick(bases.len())].as_str();
                    let set = ["", "", "", "", "", "ForAnyValue:", "ForAllValues:"][other.min(6)];
                    let exists = if pick(4) == 0 { "IfExists" } else { "" };
                    format!("{set}{base}{exists}")
                }
            };
            let value = |pick: &mut dyn FnMut(usize) -> usize| match name.as_str() {
                "Null" => ["true", "false"][pick(2)],
                _ => values[pick(values.len())],
            };
            let list: Vec<&str> = (0..=pick(2)).map(|_| value(&mut pick)).collect();
            condition.insert(name, json!({"aws:PrincipalTag/t": list}));
        }
        let text = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}]})
            .to_string();
        let options = Options {
            has_own_checks: true,
            ..Options::new(PolicyType::Identity)
        };
        let codes: Vec<&str> = lint(&text, &options, |report| {
            report
                .findings
                .iter()
                .map(|found| found.rule.code)
                .collect()
        });
        let is_none = codes.contains(&"CONDITION_HOLDS_FOR_NONE");
        // One test alone that holds for all: what several say together is not said.
        let is_all = codes.contains(&"CONDITION_HOLDS_FOR_ALL") && condition.len() == 1;
        if !is_none && !is_all {
            continue;
        }
        let world = World {
            identity: vec![text.clone()],
            ..World::default()
        };
        let mut contexts: Vec<Vec<&str>> = states.iter().map(|state| vec![*state]).collect();
        contexts.extend([vec![], vec![states[0], states[1]], states.to_vec()]);
        let requests: Vec<Request> = contexts
            .iter()
            .map(|values| {
                let context: &[(&str, &[&str])] = &[("aws:PrincipalTag/t", values)];
                Request::get_object("arn:aws:s3:::b/k", context)
            })
            .collect();
        let all = decisions(&world, &requests, &Reference);
        if is_none {
            assert!(
                all.iter().all(|own| *own != Decision::Allow),
                "seed {seed}: {text} {all:?}"
            );
            *counts.entry("none").or_default() += 1;
        }
        if is_all {
            let is_v4 = text.contains("IpAddress") && !text.contains("::/0");
            for (decision, values) in all.iter().zip(&contexts).take(states.len()) {
                let is_other = is_v4 && values[0].contains(':');
                assert!(
                    is_other || *decision == Decision::Allow,
                    "seed {seed}: {text} {values:?}"
                );
            }
            *counts.entry("all").or_default() += 1;
        }
    }
    println!("{counts:?}");
    assert!(
        counts.len() == 2 && counts.values().all(|count| *count > 50),
        "{counts:?}"
    );
}
