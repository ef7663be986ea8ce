//! Any text: problems or success, no panic, little stack, time in proportion.
use crate::common::Dice;
use bumpalo::Bump;
use portcullis_dsl::{NoImports, format, parse, print_dsl};
use std::time::{Duration, Instant};

/// Runs in a thread with a stack of 256 KiB.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

/// What must hold of any text.
fn survives(text: &str) -> bool {
    let arena = Bump::new();
    let parsed = parse(text, &arena, &NoImports);
    assert!(parsed.diagnostics.len() <= 201);
    for problem in &parsed.diagnostics {
        let places = problem.related.iter().map(|related| related.span);
        for span in places.chain([problem.span]) {
            assert!(text.get(span.range()).is_some(), "{span:?} of {text:?}");
        }
    }
    match format(text) {
        Ok(formatted) => {
            // The form of a text at the limit may be longer.
            if formatted.len() <= 4 << 20 {
                assert_eq!(format(&formatted).as_ref(), Ok(&formatted), "{text}");
            }
            for named in &parsed.documents {
                print_dsl(&named.document, named.name.value);
            }
            true
        }
        Err(problems) => {
            assert!(!problems.is_empty() && problems.len() <= 65);
            assert!(parsed.documents.is_empty());
            false
        }
    }
}

#[test]
fn large_texts() {
    on_a_small_stack(|| {
        let size = 1 << 20;
        let repeated = |start: &str, unit: &str, end: &str| {
            let count = (size - start.len() - end.len()) / unit.len();
            format!("{start}{}{end}", unit.repeat(count))
        };
        let texts = [
            "{".repeat(10 << 20),
            repeated("", "{", ""),
            repeated("", "[", ""),
            repeated("", "(", ""),
            repeated("", "\"", ""),
            repeated("", "\"\\", ""),
            repeated("", "${", ""),
            repeated("", "<", ""),
            repeated("", "<a", ""),
            repeated("", "!", ""),
            repeated("", "#", ""),
            repeated("", "#\n", ""),
            repeated("", "a", ""),
            repeated("", "a ", ""),
            repeated("", "a:", ""),
            repeated("", "é", ""),
            repeated("", "allow ", ""),
            repeated("", "policy a{", ""),
            repeated("policy a {", "allow a:b on *\n", "}"),
            repeated("policy a {", "allow a:b on *\n", ""),
            repeated("policy a {", "deny on *\n", "}"),
            repeated("policy a { allow ", "a:b,", "a:b on * }"),
            repeated("policy a { allow ", "a:b # c\n,", "a:b on * }"),
            repeated("policy a { allow a:b on * when ", "a = 1 and ", "b = 1 }"),
            repeated("policy a { allow a:b on * when ", "a = 1 or ", "b = 1 }"),
            repeated("policy a { allow a:b on * when ", "a != 1 and ", "b = 1 }"),
            repeated("policy a { allow a:b on * when ", "(", "b = 1 }"),
            repeated("policy a { allow a:b on * when k in [", "a, ", "] }"),
            repeated(
                "policy a { allow a:b on * when k in [",
                "\"\\u0041\", ",
                "] }",
            ),
            repeated("", "let a = [x]\n", ""),
            repeated("let a = [", "<a>,", "]"),
            repeated("let a = [x,y]\nlet b = [", "<a>,", "]"),
            repeated(
                "let a = [x,y,z,w]\npolicy p { allow ",
                "<a><a><a><a>,",
                "a:b on * }",
            ),
            repeated("let a = [a:x,a:y]\npolicy p {", "allow <a> on *\n", "}"),
            repeated(
                "let c = when a = 1 or b = 2\npolicy p {",
                "allow a:b on * when <c>\n",
                "}",
            ),
            repeated(
                "template t(a) { allow <a> on * }\npolicy p {",
                "apply t(a = a:b)\n",
                "}",
            ),
            repeated(
                "policy p { }\ntest p {",
                "expect allow a:b on * with k = [v]\n",
                "}",
            ),
            repeated("use ", "a, ", "a from \"x\""),
        ];
        for text in texts {
            let start = Instant::now();
            survives(&text);
            let time = start.elapsed();
            let shown: String = text.chars().take(60).collect();
            eprintln!("{:>8.1?} {} {shown:?}", time, text.len());
            assert!(time < Duration::from_secs(20), "{time:?} for {shown:?}");
        }
    });
}

#[test]
fn names_that_multiply() {
    on_a_small_stack(|| {
        for (first, start, end, unit) in [
            ("let n0 = [x, y]", "[", "]", "<n>, <n>"),
            ("let n0 = []", "[", "]", "<n>, <n>, <n>"),
            ("let n0 = to []", "to ", "", "<n>, <n>, <n>, <n>, <n>, <n>"),
            (
                "let n0 = when a = 1",
                "when ",
                "",
                "<n> and <n> and <n> and <n>",
            ),
            (
                "let n0 = when a = 1 or b = 2",
                "when ",
                "",
                "<n> and <n> or <n>",
            ),
            (
                "let n0 = [xxxxxxxxxxxxxxxxxxxxxxxxx]",
                "[",
                "]",
                "<n><n><n><n>",
            ),
        ] {
            let mut text = format!("{first}\n");
            for i in 1..=15 {
                let unit = unit.replace("<n>", &format!("<n{}>", i - 1));
                text.push_str(&format!("let n{i} = {start}{unit}{end}\n"));
            }
            text.push_str("resource policy p {\n");
            for _ in 0..200 {
                text.push_str(match first.contains("when") {
                    true => "allow a:b on * to * when <n15>\n",
                    false if first.contains(" to ") => "allow a:b on * to <n15>\n",
                    false => "allow a:b on * to * when k in <n15>\n",
                });
            }
            text.push_str("}\n");
            let time = Instant::now();
            survives(&text);
            assert!(
                time.elapsed() < Duration::from_secs(20),
                "{:?} {first}",
                time.elapsed()
            );
        }
    });
}

const SEED: &str = include_str!("seed.iam");

#[test]
fn mutated_texts() {
    on_a_small_stack(|| {
        assert!(survives(SEED));
        let mut dice = Dice(11);
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            ",",
            "=",
            "!=",
            "<",
            ">",
            "<x>",
            "\"",
            "\\",
            "#",
            "//",
            "allow",
            "deny",
            "on",
            "to",
            "when",
            "unless",
            "and",
            "or",
            "not",
            "in",
            "is",
            "all",
            "any",
            "except",
            "present",
            "absent",
            "or absent",
            "policy p {",
            "let x =",
            "apply",
            "template t(a) {",
            "test p {",
            "expect",
            "Label:",
            "${",
            "${a:b}",
            "é",
            "\u{202e}",
            "\u{0}",
            ";",
            "&&",
            "==",
            "\n",
            "service",
            "like",
            "before",
            "at or after",
            "ignoring case",
            "with",
            "by",
            "use",
            "from",
            "\"a\":",
            "version",
            "id",
            "scp",
            "\u{feff}",
            "arn:aws:s3:::",
        ];
        let mut good = 0;
        for _ in 0..30_000 {
            let mut bytes = SEED.as_bytes().to_vec();
            for _ in 0..1 + dice.below(4) {
                let at = dice.below(bytes.len());
                let end = (at + dice.below(30)).min(bytes.len());
                match dice.below(5) {
                    0 => drop(bytes.drain(at..end)),
                    1 => bytes
                        .splice(at..at, dice.pick(&pieces).bytes())
                        .for_each(drop),
                    2 => bytes
                        .splice(at..end, dice.pick(&pieces).bytes())
                        .for_each(drop),
                    3 => bytes[at] = (dice.next() & 0xff) as u8,
                    _ => {
                        let part = bytes[at..end].to_vec();
                        let to = dice.below(bytes.len());
                        bytes.splice(to..to, part).for_each(drop);
                    }
                }
            }
            good += usize::from(survives(&String::from_utf8_lossy(&bytes)));
        }
        eprintln!("{good} of 30,000 mutated texts parse");
        for _ in 0..20_000 {
            let count = dice.below(40);
            let text: String = (0..count)
                .map(|_| {
                    format!(
                        "{}{}",
                        dice.pick(&pieces),
                        if dice.one_in(3) { "" } else { " " }
                    )
                })
                .collect();
            survives(&text);
            survives(&format!("policy p {{ {text} }}"));
        }
    });
}
