use super::*;
use crate::{Code, codes};

/// The code, place and message of the only problem of a text.
fn problem(text: &str) -> (Code, core::ops::Range<usize>, String) {
    let arena = Bump::new();
    let problems = parse(text, &arena).expect_err(text);
    assert_eq!(problems.len(), 1, "{text}: {problems:#?}");
    let problem = &problems[0];
    (problem.code, problem.span.range(), problem.message.clone())
}

#[test]
fn values_and_places() {
    let arena = Bump::new();
    let text = "\u{feff} {\"a\" : [null, true,false, -1.50e+3, \"x\"], \"\\u0062\": {}}\n";
    let root = parse(text, &arena).unwrap();
    assert_eq!(
        &text[root.span.range()],
        text.trim_matches(['\u{feff}', ' ', '\n'])
    );
    let members = root.as_object().unwrap();
    assert_eq!(members[1].key.value, "b");
    assert_eq!(&text[members[1].key.span.range()], "\"\\u0062\"");
    assert_eq!(members[1].value.as_object().unwrap().len(), 0);
    let list = root.get("a").unwrap().as_array().unwrap();
    let places: Vec<_> = list.iter().map(|node| &text[node.span.range()]).collect();
    assert_eq!(places, ["null", "true", "false", "-1.50e+3", "\"x\""]);
    assert!(matches!(list[3].value, Value::Number("-1.50e+3")));
    assert!(list[4].as_text().is_some_and(|text| text.value == "x"));
    // A string without escapes is the source itself.
    assert_eq!(
        list[4].as_str().unwrap().as_ptr(),
        text[list[4].span.range()][1..].as_ptr()
    );
}

#[test]
fn escapes() {
    let arena = Bump::new();
    for (text, value) in [
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""a\u00E9b\u0000""#, "aéb\0"),
        (r#""\ud83d\ude00!""#, "😀!"),
        (r#""\uD7FF\uE000""#, "\u{d7ff}\u{e000}"),
        (r#""é\\""#, "é\\"),
    ] {
        assert_eq!(parse(text, &arena).unwrap().as_str(), Some(value), "{text}");
    }
    for (text, range) in [
        (r#""\x""#, 1..3),
        (r#""ab\é""#, 3..6),
        (r#""\u12g4""#, 1..3),
        (r#""\u+123""#, 1..3),
        (r#""\u12""#, 1..3),
        (r#""\ud800""#, 1..7),
        (r#""\udc00""#, 1..7),
        (r#""\ud800\ud800""#, 1..7),
        (r#""\ud800x\udc00""#, 1..7),
        (r#"["","\ud800\u00e9"]"#, 5..11),
    ] {
        let found = problem(text);
        assert_eq!(
            (found.0, found.1),
            (codes::JSON_SYNTAX_ERROR, range),
            "{text}"
        );
    }
}

#[test]
fn syntax_errors_have_their_place() {
    for (text, range, message) in [
        ("", 0..0, "there is no JSON value in the text"),
        (" \n", 2..2, "there is no JSON value in the text"),
        ("\u{feff}", 3..3, "there is no JSON value in the text"),
        ("[1,]", 3..4, "expected a value, found `]`"),
        ("{\"a\":1,}", 7..8, "expected a member name, found `}`"),
        ("{,}", 1..2, "expected a member name or `}`, found `,`"),
        ("{\"a\" 1}", 5..6, "expected `:`, found `1`"),
        ("{\"a\":}", 5..6, "expected a value, found `}`"),
        ("[1 2]", 3..4, "expected `,` or `]`, found `2`"),
        ("[1}", 2..3, "expected `,` or `]`, found `}`"),
        ("{\"a\":1]", 6..7, "expected `,` or `}`, found `]`"),
        ("[01]", 2..3, "expected `,` or `]`, found `1`"),
        ("[1.]", 2..3, "unexpected `.`"),
        ("-", 0..1, "`-` must be followed by a digit"),
        ("[-x]", 1..2, "`-` must be followed by a digit"),
        ("{} {}", 3..4, "expected the end of the text, found `{`"),
        ("[True]", 1..2, "unexpected `True`"),
        ("['a']", 1..2, "unexpected `'`"),
        ("[] // x", 3..4, "unexpected `/`"),
        ("[\"a", 1..2, "the string is not closed"),
        ("\"a\\", 0..1, "the string is not closed"),
        (
            "\"a\u{1}\"",
            2..3,
            "a string cannot hold the control character U+0001",
        ),
        ("\"a\\\n\"", 3..4, "the line ends inside a string"),
        ("[1\u{0}]", 2..3, "unexpected `\\u{0}`"),
        ("[\u{a0}1]", 1..3, "unexpected U+00A0, a no-break space"),
        ("[{", 2..2, "the text ends inside an object"),
        ("[1,", 3..3, "the text ends inside an array"),
        (
            " \u{feff}1",
            1..4,
            "unexpected U+FEFF, a zero-width character",
        ),
    ] {
        let expected = (codes::JSON_SYNTAX_ERROR, range, message.to_owned());
        assert_eq!(problem(text), expected, "{text}");
    }
}

#[test]
fn bytes_that_are_not_text() {
    let arena = Bump::new();
    let problems = parse_bytes(b"[\"a\xffb\"]", &arena).unwrap_err();
    assert_eq!(problems[0].code, codes::INVALID_ENCODING);
    assert_eq!(problems[0].span.range(), 3..4);
    let problems = parse_bytes(b"\"\xe2\x82", &arena).unwrap_err();
    assert_eq!(problems[0].span.range(), 1..2);
    assert!(parse_bytes("\"é\"".as_bytes(), &arena).is_ok());
}

/// `GRAM-9`.
#[test]
fn duplicate_members() {
    let arena = Bump::new();
    let problems = parse(r#"{"a":1,"b":{"a":1,"\u0061":2},"a":3,"a":4}"#, &arena).unwrap_err();
    let found: Vec<_> = problems
        .iter()
        .map(|p| (p.span.range(), p.related[0].span.range()))
        .collect();
    assert_eq!(found, [(18..26, 12..15), (30..33, 1..4), (36..39, 1..4)]);
    assert!(problems.iter().all(|p| p.code == codes::DUPLICATE_MEMBER));
    assert!(parse(r#"{"a":{"a":1},"b":[{"a":1},{"a":1}],"A":1}"#, &arena).is_ok());
    // A syntax error does not hide the duplicates before it.
    let problems = parse(r#"{"a":1,"a":{"b":1,"b":[x"#, &arena).unwrap_err();
    let codes: Vec<_> = problems.iter().map(|p| p.code).collect();
    assert_eq!(
        codes,
        [
            codes::DUPLICATE_MEMBER,
            codes::DUPLICATE_MEMBER,
            codes::JSON_SYNTAX_ERROR
        ]
    );
    // Many members are looked up by hash.
    let many: Vec<_> = (0..1000).map(|i| format!("\"k{i}\":{i}")).collect();
    let text = format!("{{{},\"k7\":0}}", many.join(","));
    assert_eq!(parse(&text, &arena).unwrap_err().len(), 1);
    assert!(parse(&text.replace(",\"k7\":0}", "}"), &arena).is_ok());
}

#[test]
fn nesting_is_bounded() {
    let arena = Bump::new();
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(&nested(MAX_DEPTH), &arena).is_ok());
    let found = problem(&nested(MAX_DEPTH + 1));
    assert_eq!(
        (found.0, found.1),
        (codes::DOCUMENT_TOO_DEEP, MAX_DEPTH..MAX_DEPTH + 1)
    );
}
