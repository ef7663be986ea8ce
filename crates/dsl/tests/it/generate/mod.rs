//! Documents that load, made to be odd.

use super::common::Dice;
use portcullis_model::{Base, PolicyKind};

/// Texts that a lexer may get wrong.
const ODD: [&str; 64] = [
    "",
    " ",
    "allow",
    "deny",
    "on",
    "to",
    "or",
    "or absent",
    "absent",
    "present",
    "all",
    "any",
    "not",
    "policy",
    "test",
    "apply",
    "version",
    "none",
    "service",
    "resource",
    "Null",
    "ArnEquals",
    "a b",
    "a,b",
    "a=b",
    "a!=b",
    "a!",
    "!",
    "!a",
    "!!",
    "#",
    "# x",
    "a#b",
    "//",
    "//x",
    "a//b",
    "/*",
    "foo:",
    "foo:bar",
    ":",
    "a:b:",
    "<a>",
    "x<a>y",
    "<",
    ">",
    "<=",
    "${",
    "${}",
    "${a:b}",
    "${a:b, 'c d'}",
    "${a:b,'c'}x",
    "${ a }",
    "${*}",
    "\"",
    "\\",
    "\\u0041",
    "\n",
    "\t\r",
    "ü",
    "\u{202e}abc",
    "\u{feff}",
    "😀",
    "\u{0}\u{7f}",
    "[x]",
];

const BITS: [&str; 20] = [
    "a", "Z", "0", "*", "?", ":", "/", ".", "_", "-", "+", "@", "!", "$", "{", "}", "<", ">", "\"",
    " ",
];

fn text(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => (*dice.pick(&ODD)).into(),
        1 => (0..dice.below(8)).map(|_| *dice.pick(&BITS)).collect(),
        2 => {
            let first = *dice.pick(&ODD);
            format!("{first}{}", dice.pick(&ODD))
        }
        _ => {
            let count = dice.below(60);
            (0..count)
                .map(|_| *dice.pick(&["ab", "c-", "/x", "9"]))
                .collect()
        }
    }
}

/// A JSON string; some of its characters as escapes.
fn string(dice: &mut Dice, text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if c < ' ' || matches!(c, '"' | '\\') || dice.one_in(20) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.push('"');
    out
}

fn list(dice: &mut Dice, mut item: impl FnMut(&mut Dice) -> String) -> String {
    let count = *dice.pick(&[0, 1, 1, 1, 2, 2, 3, 3, 5, 30]);
    if count == 1 && dice.one_in(2) {
        return item(dice);
    }
    let items: Vec<_> = (0..count).map(|_| item(dice)).collect();
    format!("[{}]", items.join(","))
}

fn action(dice: &mut Dice, kind: PolicyKind) -> String {
    let plain = [
        "s3:GetObject",
        "s3:Put*",
        "sqs:SendMessage",
        "kms:*",
        "STS:assumeRole",
        "ecr:Get?",
    ];
    let text = match dice.below(4) {
        0 if kind != PolicyKind::Rcp => (*dice.pick(&[
            "*", "**", "*:*", "i*:x", "ü:x", "a b:c", "<x>:y", "a\":b", "#:#",
        ]))
        .into(),
        1 => {
            let odd = dice.pick(&ODD).replace(':', "");
            format!("s3:x{odd}")
        }
        _ => (*dice.pick(&plain)).to_string(),
    };
    string(dice, &text)
}

fn resource(dice: &mut Dice) -> String {
    let text = match dice.below(4) {
        0 => "*".into(),
        1 => format!("arn:aws:s3:::b/{}", text(dice)),
        2 => "arn:aws:iam::111122223333:user/${aws:username, 'x'}/*".into(),
        _ => format!("arn:aws:sqs:eu-west-1:111122223333:{}", dice.pick(&ODD)),
    };
    string(dice, &text)
}

fn principals(dice: &mut Dice) -> String {
    if dice.one_in(3) {
        return "\"*\"".into();
    }
    let mut members = vec!["AWS", "Service", "Federated", "CanonicalUser"];
    let mut out = Vec::new();
    for _ in 0..dice.below(4) {
        let name = members.remove(dice.below(members.len()));
        let value = list(dice, |dice| {
            let text = match name {
                "AWS" => (*dice.pick(&[
                    "*",
                    "111122223333",
                    "arn:aws:iam::111122223333:role/a b",
                    "arn:aws:iam::111122223333:role/p/x",
                    "AROAEXAMPLE",
                    "arn:aws:sts::111122223333:assumed-role/r/<s>",
                ]))
                .to_string(),
                "Service" => {
                    (*dice.pick(&["ec2.amazonaws.com", "service", "on", "x y"])).to_string()
                }
                _ => text(dice).replace(['*', '?'], ""),
            };
            string(dice, &text)
        });
        out.push(format!("\"{name}\":{value}"));
    }
    format!("{{{}}}", out.join(","))
}

fn value(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => (*dice.pick(&[
            "true",
            "false",
            "10",
            "0.50",
            "-1e3",
            "\"true\"",
            "\"false\"",
        ]))
        .into(),
        1 => {
            let text = dice.pick(&[
                "10.0.0.0/8",
                "2026-01-01T00:00:00Z",
                "present",
                "True",
                "::1",
            ]);
            string(dice, text)
        }
        _ => {
            let text = text(dice);
            string(dice, &text)
        }
    }
}

fn condition(dice: &mut Dice) -> String {
    let mut operators: Vec<(String, Vec<String>)> = Vec::new();
    for _ in 0..*dice.pick(&[1, 1, 2, 3, 8]) {
        let base = *dice.pick(&Base::ALL);
        let prefix = *dice.pick(&["", "", "ForAnyValue:", "ForAllValues:"]);
        let suffix = if base != Base::Null && dice.one_in(3) {
            "IfExists"
        } else {
            ""
        };
        let mut name = format!("{prefix}{base}{suffix}");
        if dice.one_in(20) {
            name = name.to_lowercase();
        }
        if operators
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(&name))
        {
            continue;
        }
        let mut keys: Vec<String> = Vec::new();
        let mut members = Vec::new();
        for _ in 0..*dice.pick(&[0, 1, 1, 2, 4]) {
            let key = match dice.below(4) {
                0 => text(dice),
                1 => "AWS:sourceip".into(),
                _ => (*dice.pick(&["aws:SourceIp", "aws:TagKeys", "aws:RequestTag/a b"])).into(),
            };
            if keys.contains(&key.to_lowercase()) {
                continue;
            }
            keys.push(key.to_lowercase());
            let values = list(dice, value);
            members.push(format!("{}:{values}", string(dice, &key)));
        }
        operators.push((name, members));
    }
    let operators: Vec<_> = operators
        .iter()
        .map(|(name, members)| format!("\"{name}\":{{{}}}", members.join(",")))
        .collect();
    format!("{{{}}}", operators.join(","))
}

fn statement(dice: &mut Dice, kind: PolicyKind) -> String {
    let is_rcp = kind == PolicyKind::Rcp;
    let mut members = Vec::new();
    if dice.one_in(2) {
        let sid = if dice.one_in(2) {
            text(dice)
        } else {
            format!("S{}", dice.below(99))
        };
        members.push(format!("\"Sid\":{}", string(dice, &sid)));
    }
    let effect = if is_rcp || dice.one_in(2) {
        "Deny"
    } else {
        "Allow"
    };
    members.push(format!("\"Effect\":\"{effect}\""));
    if kind.has_principal() {
        let negated =
            dice.one_in(4) && matches!(kind, PolicyKind::Resource | PolicyKind::VpcEndpoint);
        let name = if negated { "NotPrincipal" } else { "Principal" };
        let value = if is_rcp {
            "\"*\"".into()
        } else {
            principals(dice)
        };
        members.push(format!("\"{name}\":{value}"));
    }
    let not = if !is_rcp && dice.one_in(4) { "Not" } else { "" };
    let actions = list(dice, |dice| action(dice, kind));
    members.push(format!("\"{not}Action\":{actions}"));
    if kind != PolicyKind::Trust {
        let not = if dice.one_in(4) { "Not" } else { "" };
        members.push(format!("\"{not}Resource\":{}", list(dice, resource)));
    }
    if dice.one_in(2) {
        members.push(format!("\"Condition\":{}", condition(dice)));
    }
    // The order of members means nothing.
    let turn = dice.below(members.len());
    members.rotate_left(turn);
    format!("{{{}}}", members.join(", "))
}

/// A document of a kind, as JSON.
pub fn document(dice: &mut Dice, kind: PolicyKind) -> String {
    let mut members = Vec::new();
    let version = match dice.below(4) {
        0 if kind != PolicyKind::Rcp => None,
        1 if kind != PolicyKind::Rcp => Some("2008-10-17"),
        _ => Some("2012-10-17"),
    };
    members.extend(version.map(|version| format!("\"Version\":\"{version}\"")));
    if dice.one_in(4) {
        let id = text(dice);
        members.push(format!("\"Id\":{}", string(dice, &id)));
    }
    let statements = list(dice, |dice| statement(dice, kind));
    members.push(format!("\"Statement\":{statements}"));
    format!("{{{}}}", members.join(" ,"))
}
