//! The JSON reader against `serde_json`: the same texts are accepted, with the same values.
use bumpalo::Bump;

use portcullis_source::json::{self, Node, Value};
use serde_json::Value as Other;

/// A small generator of pseudo-random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const ATOMS: [&str; 30] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "12",
    "-3.25",
    "1e9",
    "1E-7",
    "0.5e+1",
    "\"\"",
    "\"a\"",
    "\"é漢😀\"",
    "\"\\n\\\\\\\"\\/\"",
    "\"\\u00e9\"",
    "\"\\ud83d\\ude00\"",
    "\"\\uD800\"",
    "\"\\uDC00x\"",
    "\"tab\tx\"",
    "01",
    "1.",
    ".5",
    "+1",
    "-",
    "nul",
    "\"\\x\"",
    "\"\\u12\"",
    "1e999",
    "123456789012345678901234567890",
    "\"open",
];
const NOISE: [&str; 22] = [
    "[", "]", "{", "}", ",", ":", "\"", "\\", " ", "\n", "\u{0}", "\u{7f}", "\u{feff}", "é", "0",
    "e", "-", ".", "u", "t", "\r\t", "/",
];

/// A text that is mostly JSON.
fn generate(random: &mut Random, depth: usize, out: &mut String) {
    let space = random.pick(&["", "", "", " ", "\n", "\t\r"]);
    out.push_str(space);
    match random.below(if depth == 0 { 2 } else { 5 }) {
        0 | 1 => {
            let valid = if random.below(40) == 0 {
                ATOMS.len()
            } else {
                16
            };
            out.push_str(random.pick(&ATOMS[..valid]));
        }
        2 | 3 => {
            out.push('[');
            for i in 0..random.below(5) {
                if i > 0 {
                    out.push(',');
                }
                generate(random, depth - 1, out);
            }
            out.push(']');
        }
        _ => {
            out.push('{');
            for i in 0..random.below(20) {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&format!("\"k\\u00{:02x}{i}\"{space}:", 32 + i));
                generate(random, depth - 1, out);
            }
            out.push('}');
        }
    }
    out.push_str(space);
}

/// Breaks a text in a few places.
fn mutate(random: &mut Random, text: &mut String) {
    for _ in 0..random.below(3) {
        let places: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        let from = places[random.below(places.len())];
        let to = places[random.below(places.len())];
        match random.below(4) {
            0 => text.insert_str(from, random.pick(&NOISE)),
            1 => text.insert_str(from, random.pick(&ATOMS)),
            2 if from < to && to - from < 8 => text.replace_range(from..to, ""),
            _ => text.truncate(from.max(to)),
        }
    }
}

fn same(node: &Node<'_>, other: &Other) -> bool {
    match (node.value, other) {
        (Value::Null, Other::Null) => true,
        (Value::Bool(a), Other::Bool(b)) => a == *b,
        (Value::Number(a), Other::Number(b)) => {
            // By default `serde_json` may be off by the last bit of a float.
            let (a, b) = (a.parse::<f64>().unwrap(), b.as_f64().unwrap());
            let same = (a - b).abs() <= a.abs() * 1e-15;
            if !same {
                eprintln!("{a} {b}");
            }
            same
        }
        (Value::String(a), Other::String(b)) => a == b,
        (Value::Array(a), Other::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Other::Object(b)) => {
            let each = |(a, b): (&json::Member<'_>, (&String, &Other))| {
                a.key.value == b.0 && same(&a.value, b.1)
            };
            a.len() == b.len() && a.iter().zip(b).all(each)
        }
        _ => false,
    }
}

#[test]
fn same_answers_as_serde_json() {
    let mut random = Random(0x5eed);
    let (mut accepted, mut rejected) = (0, 0);
    for _ in 0..60_000 {
        let mut text = String::new();
        let depth = random.below(5);
        generate(&mut random, depth, &mut text);
        mutate(&mut random, &mut text);
        let arena = Bump::new();
        let ours = json::parse(&text, &arena);
        let theirs = serde_json::from_str::<Other>(text.strip_prefix('\u{feff}').unwrap_or(&text));
        match (ours, theirs) {
            (Ok(node), Ok(other)) => {
                assert!(same(&node, &other), "{text}");
                accepted += 1;
            }
            (Err(_), Err(_)) => rejected += 1,
            // `serde_json` limits numbers to what a float can hold.
            (Ok(_), Err(error)) => assert!(
                error.to_string().contains("number out of range"),
                "{text}: {error}"
            ),
            // It takes duplicate members.
            (Err(problems), Ok(_)) => {
                assert!(
                    problems
                        .iter()
                        .all(|p| p.code == portcullis_source::codes::DUPLICATE_MEMBER),
                    "{text}: {problems:#?}"
                );
            }
        }
    }
    assert!(
        accepted > 5_000 && rejected > 5_000,
        "{accepted} {rejected}"
    );
}
