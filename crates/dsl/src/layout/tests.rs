//! Formatting with comments anywhere.

use crate::common::{Dice, ordered};
use crate::tokens::scan;
use crate::{NoImports, format, generate, parse, print_dsl};
use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_syntax::policy::{ReadOptions, parse_policy};

/// Something of everything.
const FEATURES: &str = r#"
use office, "odd name" from "shared/network.iam"
let read = [s3:GetObject, s3:GetObjectVersion]
let wide = [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", <read>, "quoted text of some length"]
let who = to 111122223333, service [ec2.amazonaws.com, lambda.amazonaws.com], federated cognito-identity.amazonaws.com
let inside = when aws:PrincipalOrgID = o-abc123 and (aws:SourceIp within <office> or aws:SourceVpc in [vpc-1, vpc-2] ignoring case or absent)
template team-bucket(team, bucket) { Read: allow <read> on arn:aws:s3:::<bucket>/<team>/* }
policy analysts { version 2008-10-17 id "x y"
  Blue: apply team-bucket(team = blue, bucket = [reports, ledgers])
  apply team-bucket(team = [aaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb], bucket = [ccccccccccccccccccc])
  allow s3:ListBucket on arn:aws:s3:::<read> when <inside> and (s3:prefix like blue/* or aws:PrincipalTag/role = lead and aws:x is present)
  NoDelete: deny all except s3:Delete*, on:x, on:y, "s3:a b" on all except * unless aws:PrincipalArn matches arn:aws:iam::*:role/admin
  "a b": allow [] on [] when any a not in [x] and all b in [] and c Null maybe or d at or before 2020
  allow a:b on * when (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = bbbbbbbbbbbbbbbbbbbbbbbbb or aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = bbbbbbbbbbbbbbbbbbbbbbbbb and (ccccccccccccccccccccccccccc = d or ccccccccccccccccccccccccccc in [d, e, f])) and x is true
}
scp policy other {
  allow a:b on *
  allow a:c on *,
}
resource policy r { deny s3:* on * to all except <who>, canonical x, }
test analysts {
  expect allow s3:GetObject on arn:aws:s3:::reports/blue/q1.csv by BlueRead
  expect nothing s3:GetObject
  expect deny s3:DeleteObject on "a b" to service x.amazonaws.com with aws:SecureTransport = true and aws:TagKeys = [a] by NoDelete
}
"#;

/// The text with other blanks, and with comments between its tokens.
fn scattered(text: &str, dice: &mut Dice, often: usize) -> (String, usize) {
    let tokens = scan(text);
    let (mut out, mut comments) = (String::new(), 0);
    for (start, _, end) in tokens.list {
        out.push_str(&text[start..end]);
        match dice.below(often) {
            0 => {
                comments += 1;
                out.push_str(&format!(" # {comments}\n"));
            }
            1 => {
                comments += 1;
                out.push_str(&format!("\n\n   ## {comments} ü \n\n\n"));
            }
            2 => {
                comments += 2;
                out.push_str(&format!("#{}\n#{comments}\t\r\n", comments - 1));
            }
            3 => out.push('\n'),
            4 => out.push_str("\t\r\n\n"),
            _ => out.push(' '),
        }
    }
    (out, comments)
}

fn comments(text: &str) -> Vec<String> {
    let all = scan(text).comments;
    all.iter().map(|comment| comment.text.to_owned()).collect()
}

fn check(text: &str) {
    let once = match format(text) {
        Ok(once) => once,
        Err(problems) => panic!("{text}\n{problems:?}"),
    };
    let twice = format(&once).unwrap();
    assert_eq!(once, twice, "formatted twice:\n{text}");
    assert_eq!(comments(text), comments(&once), "{text}\n{once}");
    let strip = |text: &str| {
        let arena = Bump::new();
        let parsed = parse(text, &arena, &NoImports);
        let documents = parsed.documents.iter().map(|named| {
            let document = ordered(&named.document, &arena);
            format!("{}", PlainDebug(&document, &named.tests))
        });
        let documents: Vec<_> = documents.collect();
        let problems: Vec<_> = parsed.diagnostics.into_iter().map(|d| d.message).collect();
        (documents, problems)
    };
    assert_eq!(strip(text), strip(&once), "{text}\n{once}");
}

/// What documents say, without places.
struct PlainDebug<'d>(
    &'d portcullis_syntax::ast::Document<'d>,
    &'d [crate::PolicyTest<'d>],
);

impl core::fmt::Display for PlainDebug<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&crate::print_json(self.0))?;
        for test in self.1 {
            write!(f, "{:?} {:?}", test.expected, test.action.value)?;
            for (key, values, many) in test.context {
                let values: Vec<_> = values.iter().map(|text| text.value).collect();
                write!(f, "{} {values:?} {many}", key.value)?;
            }
        }
        Ok(())
    }
}

#[test]
fn comments_keep_their_order_everywhere() {
    let mut dice = Dice(7);
    check(FEATURES);
    let without_import = FEATURES
        .replacen("use", "#", 1)
        .replace("<office>", "10.0.0.0/8");
    check(&without_import);
    for round in 0..3_000 {
        let source = if round % 2 == 0 {
            FEATURES
        } else {
            &without_import
        };
        let often = *dice.pick(&[3, 6, 20, 100, 400]);
        let (text, count) = scattered(source, &mut dice, often);
        assert!(comments(&text).len() >= count);
        check(&text);
    }
}

#[test]
fn comments_in_odd_documents() {
    let mut dice = Dice(8);
    for _ in 0..4_000 {
        let kind = *dice.pick(&PolicyKind::ALL);
        let json = generate::document(&mut dice, kind);
        let arena = Bump::new();
        let (Some(document), _) = parse_policy(&json, ReadOptions::new(kind), &arena) else {
            continue;
        };
        let often = *dice.pick(&[4, 10, 60]);
        let (text, _) = scattered(&print_dsl(&document, "p"), &mut dice, often);
        check(&text);
    }
}

#[test]
fn one_form() {
    for (text, expected) in [
        ("", ""),
        ("# a\n\n\n# b", "# a\n\n# b\n"),
        ("\u{feff}policy a{}", "policy a {\n}\n"),
        (
            "policy a { allow s3:x on * allow s3:y on * #t\n# own\n\n allow s3:z on * }# end",
            "policy a {\n  allow s3:x on *\n  allow s3:y on *  #t\n\n  # own\n\n  allow s3:z on *\n}  # end\n",
        ),
        (
            "policy a { allow s3:x on * when a in [\"b\"] and c is present }",
            "policy a {\n  allow s3:x on *\n    when a = b\n     and c is present\n}\n",
        ),
        (
            "policy a { allow s3:x on * # why\n when a in [b, # first\n c # second\n ] }",
            "policy a {\n  allow s3:x on *  # why\n    when a in [\n        b,  # first\n        c,  # second\n    ]\n}\n",
        ),
    ] {
        assert_eq!(format(text).unwrap(), expected, "{text}");
    }
}
