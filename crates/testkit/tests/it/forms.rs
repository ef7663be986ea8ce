//! Every operation and every form of every condition operator: the compiler writes it, the machine runs
//! it, and it decides as table 3.2 of the rules says.

use std::collections::BTreeSet;

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::{Image, Insn, Op, Section, flag};
use portcullis_model::{Base, Decision, Operator, Quantifier};
use portcullis_testkit::forge::Parts;
use portcullis_testkit::generate::{Settings, world};
use portcullis_testkit::machine::Machine;
use portcullis_testkit::{Bytes, Request, World};
use serde_json::json;

/// A test of a key, whatever form it takes.
struct Sample {
    op: Op,
    bases: &'static [Base],
    /// What the policy says.
    values: &'static [&'static str],
    /// A value of the key that equals it, or stands in the order that is asked for.
    holds: &'static str,
    /// One that does not.
    fails: &'static str,
}

const fn sample(
    op: Op,
    bases: &'static [Base],
    values: &'static [&'static str],
    holds: &'static str,
    fails: &'static str,
) -> Sample {
    Sample {
        op,
        bases,
        values,
        holds,
        fails,
    }
}

const EQUALS: &[Base] = &[
    Base::StringEquals,
    Base::StringNotEquals,
    Base::BinaryEquals,
];
const FOLDED: &[Base] = &[
    Base::StringEqualsIgnoreCase,
    Base::StringNotEqualsIgnoreCase,
];
const LIKE: &[Base] = &[Base::StringLike, Base::StringNotLike];
const ARN: &[Base] = &[
    Base::ArnEquals,
    Base::ArnLike,
    Base::ArnNotEquals,
    Base::ArnNotLike,
];
const ADDRESS: &[Base] = &[Base::IpAddress, Base::NotIpAddress];
const VARIABLE: &[&str] = &["${x:v}"];
/// A text, and base64, of more than 16 bytes.
const LONG: &str = "QUJDREVGR0hJSktMTU5P";
const DAYS: &[&str] = &["2026-01-01", "2026-01-03"];

/// What the variable in the samples stands for, unless it would be no truth value.
const V: &str = "true";

const SAMPLES: [Sample; 51] = {
    use Base::*;
    [
        sample(Op::TextIs, EQUALS, &["QUJD"], "QUJD", "QUJE"),
        sample(Op::TextAmong, EQUALS, &["QUJD", "QQ=="], "QQ==", "QUI="),
        sample(Op::TextIn, EQUALS, &["QUJD", LONG], LONG, "QUI="),
        sample(Op::Span, EQUALS, &[LONG], LONG, "QUJDREVGR0hJSktMTU5Q"),
        sample(Op::FoldIs, FOLDED, &["a"], "A", "b"),
        sample(Op::FoldIs, FOLDED, &["kelvin"], "\u{212a}elvin", "kelvi"),
        sample(Op::FoldIs, FOLDED, &["Á"], "á", "A"),
        sample(
            Op::FoldIn,
            FOLDED,
            &["a longer text than 16"],
            "A LONGER TEXT THAN 16",
            "a",
        ),
        sample(Op::FoldIn, FOLDED, &["a", "bc"], "BC", "b"),
        sample(Op::FoldLike, FOLDED, VARIABLE, "TRUE", "b"),
        sample(
            Op::Like,
            &[StringEquals, StringNotEquals],
            VARIABLE,
            V,
            "TRUE",
        ),
        sample(Op::Like, LIKE, &["a*c*e"], "abcde", "abec"),
        sample(Op::Span, LIKE, &["a*c"], "abc", "ab"),
        sample(Op::Span, LIKE, &["*c"], "cc", "ca"),
        sample(Op::Span, LIKE, &["*bc*"], "ab bcd", "abb c"),
        sample(Op::Span, LIKE, &["ab*cd*"], "abcd", "abdc dd"),
        sample(
            Op::Span,
            LIKE,
            &["a longer text than 16*"],
            "a longer text than 16",
            "a longer text",
        ),
        sample(Op::TextIs, LIKE, &["abc"], "abc", "abcd"),
        sample(Op::Like, LIKE, &["a?c", "x"], "x", "ac"),
        sample(
            Op::TextStarts,
            ARN,
            &["arn:aws:s3:::b*"],
            "arn:aws:s3:::bc",
            "b",
        ),
        sample(
            Op::Like,
            ARN,
            &["arn:aws:s3:::b*", "arn:aws:s3:::c"],
            "arn:aws:s3:::bc",
            "b",
        ),
        sample(
            Op::Span,
            ARN,
            &["arn:aws:iam::*:role/r*"],
            "arn:aws:iam::1:role/r",
            "arn:aws:iam::1:2:role/r",
        ),
        sample(
            Op::Span,
            ARN,
            &["arn:aws:sqs:*:1:q"],
            "arn:aws:sqs:r:1:q",
            "arn:aws:sqs:r:1:q2",
        ),
        sample(Op::TextStarts, LIKE, &["ab*"], "abc", "b"),
        sample(
            Op::Arn,
            ARN,
            &["arn:a?s:s3:::b*"],
            "arn:aws:s3:::bc",
            "arn:aws:s3:::c",
        ),
        sample(
            Op::NumberIs,
            &[NumericEquals, NumericNotEquals],
            &["1"],
            "1.0",
            "2",
        ),
        sample(Op::NumberIs, &[NumericLessThan], &["1"], "0.5", "1"),
        sample(Op::NumberIs, &[NumericLessThanEquals], &["1"], "1", "1.5"),
        sample(Op::NumberIs, &[NumericGreaterThan], &["1"], "1.5", "1"),
        sample(
            Op::NumberIs,
            &[NumericGreaterThanEquals],
            &["1"],
            "1",
            "0.5",
        ),
        sample(
            Op::Number,
            &[NumericEquals, NumericNotEquals],
            &["1", "3"],
            "3.0",
            "2",
        ),
        sample(Op::Number, &[NumericLessThan], &["1", "3"], "2", "3"),
        sample(Op::Number, &[NumericLessThanEquals], &["1", "3"], "3", "4"),
        sample(Op::Number, &[NumericGreaterThan], &["1", "3"], "2", "1"),
        sample(
            Op::Number,
            &[NumericGreaterThanEquals],
            &["1", "3"],
            "1",
            "0",
        ),
        sample(
            Op::DateIs,
            &[DateEquals, DateNotEquals],
            &["2026-01-01"],
            "1767225600",
            "2027",
        ),
        sample(
            Op::DateIs,
            &[DateLessThan],
            &["2026-01-02"],
            "2026-01-01",
            "2026-01-02",
        ),
        sample(
            Op::DateIs,
            &[DateLessThanEquals],
            &["2026-01-02"],
            "2026-01-02",
            "2026-01-03",
        ),
        sample(
            Op::DateIs,
            &[DateGreaterThan],
            &["2026-01-02"],
            "2026-01-03",
            "2026-01-02",
        ),
        sample(
            Op::DateIs,
            &[DateGreaterThanEquals],
            &["2026-01-02"],
            "2026-01-02",
            "2026-01-01",
        ),
        sample(
            Op::Date,
            &[DateEquals, DateNotEquals],
            DAYS,
            "2026-01-03",
            "2026-01-02",
        ),
        sample(Op::Date, &[DateLessThan], DAYS, "2026-01-02", "2026-01-03"),
        sample(
            Op::Date,
            &[DateLessThanEquals],
            DAYS,
            "2026-01-03",
            "2026-01-04",
        ),
        sample(
            Op::Date,
            &[DateGreaterThan],
            DAYS,
            "2026-01-02",
            "2026-01-01",
        ),
        sample(
            Op::Date,
            &[DateGreaterThanEquals],
            DAYS,
            "2026-01-01",
            "2025-12-31",
        ),
        sample(Op::Bool, &[Bool], &["true"], "True", "false"),
        sample(Op::BoolLike, &[Bool], VARIABLE, "TRUE", "false"),
        sample(
            Op::AddressV4,
            ADDRESS,
            &["10.0.0.0/8"],
            "10.1.1.1",
            "11.0.0.1",
        ),
        sample(
            Op::AddressV4,
            ADDRESS,
            &["10.0.0.0/8", "12.0.0.0/8", "13.0.0.1"],
            "13.0.0.1",
            "13.0.0.2",
        ),
        sample(
            Op::Address,
            ADDRESS,
            &["2001:db8::/32"],
            "2001:db8::1",
            "10.0.0.1",
        ),
        sample(
            Op::Address,
            ADDRESS,
            &["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"],
            "4.4.4.4",
            "5.5.5.5",
        ),
    ]
};

const QUANTIFIERS: [Quantifier; 3] = [Quantifier::One, Quantifier::Any, Quantifier::All];

/// Every operator that there is: `NullIfExists` is none (`COND-11`).
fn forms() -> BTreeSet<Operator> {
    let forms = Base::ALL.into_iter().flat_map(|base| {
        QUANTIFIERS.into_iter().flat_map(move |quantifier| {
            [false, true].map(|if_exists| Operator {
                quantifier,
                base,
                if_exists,
            })
        })
    });
    forms
        .filter(|form| form.base != Base::Null || !form.if_exists)
        .collect()
}

/// Every code but that of the operation that no image may have.
fn codes() -> BTreeSet<Op> {
    let codes = Op::TABLE.iter().map(|info| info.op);
    codes.filter(|op| *op != Op::Fault).collect()
}

/// The instructions of an image.
fn insns(image: &Image<Vec<u8>>) -> Vec<Insn> {
    let view = image.view();
    view.ids().map(|id| view.get(id)).collect()
}

/// Compiles an Allow with this condition alone, returns its instruction, and holds what machine and
/// reference decide against what is expected for each list of values of the key.
fn check(operator: Operator, values: &[&str], cases: &[(Option<&[&str]>, bool)]) -> Insn {
    let document = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": {operator.to_string(): {"x:k": values}},
    }});
    let world = World {
        identity: vec![document.to_string()],
        ..World::default()
    };
    let arena = Bump::new();
    let sets = world.read(&arena).unwrap();
    let image = Image::from_bytes(compile(&sets, Options::default()).unwrap()).unwrap();
    let mut machine = Machine::new([image.view()]);
    for (key, is_allowed) in cases {
        let mut context: Vec<(&str, &[&str])> = vec![("x:v", &[V])];
        context.extend(key.map(|values| ("x:k", values)));
        let expected = match is_allowed {
            true => Decision::Allow,
            false => Decision::ImplicitDeny,
        };
        Request::get_object("arn:aws:s3:::b/k", &context).with(|request| {
            let decided = machine.decide(request).decision();
            assert_eq!(decided, expected, "{operator} {values:?} of {key:?}");
            let decided = portcullis_reference::decide(&sets, request).decision;
            assert_eq!(decided, expected, "{operator} {values:?} of {key:?}");
        });
    }
    let insns = insns(&image);
    assert_eq!(insns.len(), 1, "{operator} {values:?}");
    insns[0]
}

/// Table 3.2 for every operation in every form that it has (`COND-12` to `COND-14`, `COND-20`).
#[test]
fn every_operation_in_every_form() {
    let (mut seen_codes, mut seen_forms) = (BTreeSet::new(), BTreeSet::new());
    for sample in &SAMPLES {
        let (holds, fails) = (sample.holds, sample.fails);
        for operator in forms() {
            if !sample.bases.contains(&operator.base) {
                continue;
            }
            let is_negated = operator.base.is_negated();
            let (flags, absent) = match operator.quantifier {
                Quantifier::One => (0, is_negated || operator.if_exists),
                Quantifier::Any => (flag::ANY, false),
                Quantifier::All => (flag::ALL, true),
            };
            let both = operator.quantifier == Quantifier::Any;
            let mut cases: Vec<(Option<&[&str]>, bool)> = vec![
                (None, absent),
                (Some(std::slice::from_ref(&holds)), !is_negated),
                (Some(std::slice::from_ref(&fails)), is_negated),
            ];
            let pair = [fails, holds];
            if operator.quantifier != Quantifier::One {
                cases.push((Some(&pair), both));
            }
            let insn = check(operator, sample.values, &cases);
            let negated = if is_negated { flag::NEGATED } else { 0 };
            let absent = if absent { flag::ABSENT } else { 0 };
            assert_eq!(
                (insn.op, insn.flags),
                (sample.op, flags | negated | absent | flag::END),
                "{operator} {:?}",
                sample.values
            );
            seen_codes.insert(insn.op);
            seen_forms.insert(operator);
        }
    }
    // `COND-14`, `COND-15`.
    for quantifier in QUANTIFIERS {
        for (values, if_absent) in [(&["true"][..], true), (&["false"], false)] {
            let operator = Operator {
                quantifier,
                base: Base::Null,
                if_exists: false,
            };
            let (op, absent, present) = match quantifier {
                Quantifier::One => (Op::Null, if_absent, !if_absent),
                Quantifier::Any => (Op::Const, false, false),
                Quantifier::All => (Op::Const, true, true),
            };
            let cases: [(Option<&[&str]>, bool); 3] = [
                (None, absent),
                (Some(&["v"]), present),
                (Some(&["v", "w"]), present),
            ];
            let insn = check(operator, values, &cases);
            assert_eq!(insn.op, op, "{operator}");
            seen_codes.insert(insn.op);
            seen_forms.insert(operator);
        }
    }
    assert_eq!(seen_codes, codes());
    assert_eq!(seen_forms, forms());
}

/// What the comparisons, the laws and the forged images are made of has all of them too.
#[test]
fn generated_policies_have_every_operation_and_form() {
    let (mut seen_codes, mut seen_forms) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..3_000 {
        let settings = Settings {
            layers: seed % 3 != 0,
            ..Settings::default()
        };
        let bytes = Bytes::new(seed).take(4_000);
        let world = world(&mut Unstructured::new(&bytes), &settings).unwrap();
        let arena = Bump::new();
        let sets = world.read(&arena).unwrap();
        for policy in &sets.identity {
            let statements = policy.document.statements.iter();
            let conditions = statements.flat_map(|statement| statement.conditions);
            seen_forms.extend(conditions.map(|condition| condition.operator));
        }
        let image = Image::from_bytes(compile(&sets, Options::default()).unwrap()).unwrap();
        seen_codes.extend(insns(&image).iter().map(|insn| insn.op));
    }
    let missing: Vec<_> = forms().difference(&seen_forms).copied().collect();
    assert_eq!((seen_codes, missing), (codes(), Vec::new()));
}

/// A zero that is read as an instruction must not grant anything.
#[test]
fn the_operation_that_no_image_may_have() {
    let world = World {
        identity: vec![
            json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"Null": {"x:k": "true"}}}})
            .to_string(),
        ],
        ..World::default()
    };
    let arena = Bump::new();
    let image = compile(&world.read(&arena).unwrap(), Options::default()).unwrap();
    let image = Image::from_bytes(image).unwrap();
    for (code, is_accepted) in [
        (Op::Null as u8, true),
        (Op::Fault as u8, false),
        (21, false),
    ] {
        let mut parts = Parts::of(&image);
        let mut sections = parts.sections.iter_mut();
        let code_section = sections.find(|(number, _)| *number == Section::Code as u32);
        code_section.unwrap().1[0] = code;
        assert_eq!(
            Image::from_bytes(parts.join()).is_ok(),
            is_accepted,
            "{code}"
        );
    }
}
