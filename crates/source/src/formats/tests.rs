#![allow(
    clippy::disallowed_methods,
    reason = "a test reads what was written with another reader"
)]

use serde_json::Value;

use super::*;
use crate::{Code, Severity, Source, Span, Step, render};

const CODE: Code = Code::new("WRONG");

/// What names and messages may hold that means something to one of the formats, to a terminal, or to XML.
const HOSTILE: [&str; 12] = [
    "a b.json",
    "a\n::error::injected",
    "a\r\n%0A%25",
    "a,line=9,title=x::y",
    "\"><script>alert(1)</script>",
    "]]>&amp;'",
    "\u{1b}]0;title\u{7}\u{1b}[2J",
    "\0\u{8}\u{b}\u{1f}\u{fffe}\u{ffff}",
    "\u{202e}drow\u{2028}",
    "../%2e%2e/é/漢",
    "http://example.com/?q#f",
    "\\\\server\\share\\\"",
];

fn checked(name: &str) -> Checked {
    let text = "{\n  \"é\": 1\n}";
    let source = Source::new(name, text);
    let span = Span { start: 4, end: 8 };
    let mut problem = Diagnostic::new(Severity::Error, CODE, span, name)
        .with_help(name)
        .with_note(name)
        .with_related(Span { start: 0, end: 1 }, name)
        .with_fix(name, [(span, name.to_owned())]);
    problem.path = Some(vec![Step::Member(name.to_owned()), Step::Index(3)]);
    let warning = Diagnostic::warning(CODE, span, name);
    let suggestion = Diagnostic::suggestion(CODE, span, name);
    Checked {
        file: name.to_owned(),
        diagnostics: source.locate_all(vec![problem, warning, suggestion]),
    }
}

/// The name of an element, its attributes, its text.
type Element = (String, Vec<(String, String)>, String);

/// A strict reader of the XML that is written here: elements with their attributes and texts, unescaped.
fn xml(text: &str) -> Vec<Element> {
    fn unescape(text: &str) -> String {
        assert!(!text.contains(['<', '>', '"', '\'']), "{text}");
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('&') {
            out.push_str(before);
            let (name, after) = after.split_once(';').expect("an entity ends");
            out.push(match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                number => {
                    let number = number.strip_prefix('#').expect(number);
                    char::from_u32(number.parse().unwrap()).unwrap()
                }
            });
            rest = after;
        }
        out + rest
    }
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(is_allowed));
    let body = text
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .unwrap();
    let mut found = Vec::new();
    let mut open = Vec::new();
    for tag in body.split('<').skip(1) {
        let (tag, behind) = tag.split_once('>').expect("a tag ends");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes = Vec::new();
        while let Some((key, value)) = rest.split_once("=\"") {
            let (value, after) = value.split_once('"').expect("a value ends");
            attributes.push((key.trim().to_owned(), unescape(value)));
            rest = after;
        }
        if !is_empty {
            open.push(name.to_owned());
        }
        found.push((name.to_owned(), attributes, unescape(behind)));
    }
    assert!(open.is_empty());
    found
}

#[test]
fn hostile_names_in_json() {
    for name in HOSTILE {
        let text = json(&[checked(name)]);
        assert_eq!(text.lines().count(), 1);
        let value: Value = serde_json::from_str(&text).unwrap();
        let first = &value[0];
        for member in [
            &first["file"],
            &first["message"],
            &first["help"],
            &first["notes"][0],
            &first["related"][0]["message"],
            &first["fix"]["edits"][0]["replacement"],
        ] {
            assert_eq!(member.as_str(), Some(name));
        }
        let path = format!("/{}/3", name.replace('~', "~0").replace('/', "~1"));
        assert_eq!(first["path"].as_str(), Some(&*path));
        let numbers = [
            "line",
            "column",
            "endLine",
            "endColumn",
            "offset",
            "endOffset",
        ];
        let numbers = numbers.map(|member| first[member].as_u64().unwrap());
        assert_eq!(numbers, [2, 3, 2, 6, 4, 8]);
        assert_eq!(value.as_array().unwrap().len(), 3);
    }
}

#[test]
fn hostile_names_in_sarif() {
    for name in HOSTILE {
        let log: Value = serde_json::from_str(&sarif(&[checked(name)])).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "WRONG");
        let levels: Vec<_> = run["results"].as_array().unwrap().iter().collect();
        let levels: Vec<_> = levels.iter().map(|one| one["level"].as_str()).collect();
        assert_eq!(levels, [Some("error"), Some("warning"), Some("note")]);
        let result = &run["results"][0];
        assert_eq!(result["ruleIndex"], 0);
        let message = format!("{name}\nnote: {name}\nhelp: {name}");
        assert_eq!(result["message"]["text"].as_str(), Some(&*message));
        let place = &result["locations"][0]["physicalLocation"];
        let region = &place["region"];
        let region =
            ["startLine", "startColumn", "endLine", "endColumn"].map(|own| region[own].as_u64());
        assert_eq!(region, [Some(2), Some(3), Some(2), Some(6)]);
        // A relative reference: nothing in it is a scheme, a query or a fragment, and it decodes to the name.
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(
            uri.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte))
        );
        let mut decoded = Vec::new();
        let mut rest = uri.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            decoded.push(match byte {
                b'%' => {
                    let digits = std::str::from_utf8(&after[..2]).unwrap();
                    rest = &after[2..];
                    u8::from_str_radix(digits, 16).unwrap()
                }
                byte => byte,
            });
        }
        assert_eq!(decoded, name.as_bytes());
        assert_eq!(result["relatedLocations"][0]["message"]["text"], name);
        let change = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(change["insertedContent"]["text"], name);
        assert_eq!(change["deletedRegion"]["startLine"], 2);
    }
    let log: Value = serde_json::from_str(&sarif(&[checked("/tmp/a b")])).unwrap();
    let place = &log["runs"][0]["artifacts"][0]["location"]["uri"];
    assert_eq!(place, "file:///tmp/a%20b");
}

#[test]
fn hostile_names_in_annotations() {
    for name in HOSTILE {
        let text = github(&[checked(name)]);
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!(lines.len(), 4, "{text}");
        for (line, level) in lines.iter().zip(["error", "warning", "notice"]) {
            let line = line.strip_prefix(&format!("::{level} file=")).unwrap();
            let (properties, message) = line.split_once("::").unwrap();
            let names: Vec<&str> = properties.split(',').skip(1).collect();
            assert_eq!(
                names,
                ["line=2", "endLine=2", "col=3", "endColumn=6", "title=WRONG"]
            );
            assert!(!message.contains(['\r', '\u{1b}', '\0']));
            let decoded = message
                .replace("%0A", "\n")
                .replace("%0D", "\r")
                .replace("%25", "%");
            let escaped = |c: char| c.is_control() && !matches!(c, '\r' | '\n');
            if !name.contains(escaped) {
                assert!(decoded.starts_with(name));
            }
        }
    }
}

#[test]
fn hostile_names_in_junit() {
    for name in HOSTILE {
        let clean = Checked {
            file: name.to_owned(),
            diagnostics: Vec::new(),
        };
        let elements = xml(&junit(&[checked(name), clean]));
        let names: Vec<&str> = elements.iter().map(|own| own.0.as_str()).collect();
        let expected = [
            "testsuites",
            "testsuite",
            "testcase",
            "failure",
            "system-out",
            "testcase",
        ];
        assert_eq!(names, expected);
        let is_lost = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        let shown = name.replace(is_lost, "\u{fffd}");
        assert_eq!(
            elements[1].1[1..3],
            [
                ("tests".into(), "2".into()),
                ("failures".into(), "1".into())
            ]
        );
        assert_eq!(elements[2].1[0], ("name".into(), shown.clone()));
        assert_eq!(
            elements[3].1,
            [
                ("type".into(), "WRONG".into()),
                ("message".into(), shown.clone())
            ]
        );
        assert!(
            elements[3]
                .2
                .starts_with(&format!("{shown}:2:3: error[WRONG]: {shown}"))
        );
    }
}

#[test]
fn hostile_names_on_a_terminal() {
    for name in HOSTILE {
        let text = render(&checked(name).diagnostics, false);
        let harmless = |c: char| c == '\n' || !crate::quote::is_unprintable(c);
        assert!(text.chars().all(harmless), "{text:?}");
        let headers = text
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        assert_eq!(headers, 1, "{text}");
    }
}
