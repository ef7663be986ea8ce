//! Hostile inputs: each ends soon, with an answer, on a small stack.
use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_source::Diagnostic;
use portcullis_source::json;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use std::time::{Duration, Instant};

const SAMPLE: &str = r#"{"Version": "2012-10-17", "Id": "\u00e9\ud83d\ude00é", "Statement": [{
    "Sid": "A", "Effect": "Allow", "NotPrincipal": {"AWS": ["*", "111122223333"], "Service": "s3.amazonaws.com"},
    "Action": ["s3:*", "*"], "Resource": "arn:aws:s3:::${aws:username, 'x'}",
    "Condition": {"Bool": {"aws:SecureTransport": true}, "NumericLessThan": {"s3:max-keys": [1.5e3, null]}}}]}"#;

/// Runs on a stack of 256 KiB, within a time that is far beyond what linear work takes.
fn small_stack(name: &str, work: impl FnOnce() + Send) {
    let start = Instant::now();
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(256 * 1024)
            .spawn_scoped(scope, work)
            .unwrap()
            .join()
            .unwrap();
    });
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "{name} took {took:?}");
}

fn read_as_all(text: &str) -> bool {
    let mut usable = false;
    for kind in PolicyKind::ALL {
        let arena = Bump::new();
        let (document, problems) = parse_policy(text, ReadOptions::new(kind), &arena);
        assert_eq!(
            document.is_some(),
            !problems.iter().any(Diagnostic::is_error)
        );
        assert!(problems.len() <= 101);
        usable |= document.is_some();
        let located = portcullis_source::Source::new("f.json", text).locate_all(problems.clone());
        portcullis_source::render(&located, true);
    }
    usable
}

#[test]
fn truncated_anywhere() {
    small_stack("truncation", || {
        for end in 0..SAMPLE.len() {
            let arena = Bump::new();
            match SAMPLE.get(..end) {
                Some(text) => assert!(!read_as_all(text), "{text}"),
                None => assert!(json::parse_bytes(&SAMPLE.as_bytes()[..end], &arena).is_err()),
            }
        }
    });
}

#[test]
fn one_byte_changed() {
    small_stack("change", || {
        for at in 0..SAMPLE.len() {
            for byte in *b"\0\"\\{}[]:,0a\xff" {
                let mut bytes = SAMPLE.as_bytes().to_vec();
                bytes[at] = byte;
                let arena = Bump::new();
                let _ = json::parse_bytes(&bytes, &arena);
                if let Ok(text) = std::str::from_utf8(&bytes) {
                    let _ = parse_policy(text, ReadOptions::new(PolicyKind::Resource), &arena);
                }
            }
        }
    });
}

#[test]
fn a_lot_of_one_thing() {
    for unit in [
        "[", "]", "{", "\"", "\\", "{\"a\":", "[[],", "[1,", "\"\\", "\"\\u", " ", "\n", "0", "-",
        "1e", "null", "\u{0}", "é", "\u{feff}", ",", ":", "\"a\",",
    ] {
        for start in ["", "[", "{\"a\":[", "\"", "0."] {
            let text = format!("{start}{}", unit.repeat(1_000_000 / unit.len()));
            small_stack(unit, || {
                let arena = Bump::new();
                let _ = json::parse(&text, &arena).map_err(|problems| {
                    portcullis_source::render(
                        &portcullis_source::Source::new("f", &text).locate_all(problems.to_vec()),
                        false,
                    )
                });
            });
        }
    }
    for unit in ["[", "{", "\"", " ", "0", "\\\"", "é"] {
        let text = unit.repeat(10_000_000 / unit.len());
        let text = format!("[\"{text}");
        small_stack(unit, || {
            read_as_all(text.get(2..).unwrap_or_default());
            let arena = Bump::new();
            assert!(json::parse(&text, &arena).is_err());
        });
    }
}

#[test]
fn wide_documents() {
    let many = |unit: &dyn Fn(usize) -> String| (0..40_000).map(unit).collect::<Vec<_>>().join(",");
    let statement = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    for (usable, text) in [
        (true, format!("{{\"Statement\":[{}]}}", many(&|_| statement.to_owned()))),
        (false, format!("{{\"Statement\":[{}]}}", many(&|_| "{}".to_owned()))),
        (false, format!("{{{}}}", many(&|_| "\"Statement\":[]".to_owned()))),
        (false, format!("{{{}}}", many(&|i| format!("\"k{i}\":{{}}")))),
        (
            true,
            format!(
                "{{\"Statement\":[{}]}}",
                many(&|_| statement.replace("{\"E", "{\"Sid\":\"same\",\"E"))
            ),
        ),
        (
            true,
            format!(
                "{{\"Statement\":{}}}",
                statement.replace("}", &format!(",\"Condition\":{{\"Bool\":{{{}}}}}}}", many(&|i| format!("\"k:{i}\":1"))))
            ),
        ),
        // What is probably meant is not looked for without end.
        (
            true,
            format!(
                "{{\"Statement\":{}}}",
                statement.replace("}", &format!(",\"Condition\":{{\"Bool\":{{{}}}}}}}", many(&|i| format!("\"aws:{i:0>60}\":1"))))
            ),
        ),
        (
            true,
            format!(
                "{{\"Statement\":{}}}",
                statement.replace("}", &format!(",\"Condition\":{{\"Bool\":{{{}}}}}}}", many(&|i| format!("\"s3:x-amz-server-side-encryption-aws-kms-key-id{i}\":1"))))
            ),
        ),
        (
            false,
            format!(
                "{{\"Statement\":{}}}",
                statement.replace(
                    "}",
                    &format!(",\"Condition\":{{\"Bool\":{{{}}}}}}}", many(&|i| format!("\"k:{}\":1", ["k", "K"][i % 2])))
                )
            ),
        ),
        (
            true,
            format!(
                "{{\"Version\":\"2012-10-17\",\"Statement\":{}}}",
                statement.replace("\"*\"}", &format!("\"arn:{}\"}}", "${k, '".repeat(100_000)))
            ),
        ),
        // After an object with many members, small ones must not cost as much.
        (
            false,
            format!(
                "[{{{}}},{}]",
                many(&|i| format!("\"{i}\":0")),
                (0..20_000)
                    .map(|_| "{\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0,\"10\":0,\"11\":0,\"12\":0,\"13\":0}")
                    .collect::<Vec<_>>()
                    .join(",")
            ),
        ),
    ] {
        small_stack("wide", || assert_eq!(read_as_all(&text), usable, "{}", &text[..100]));
    }
}
