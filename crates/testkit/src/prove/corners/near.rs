//! What is nearly what somebody named, and is not, or is.

use serde_json::{Value, json};

use super::{everything, may, on, on_all, only};

/// Callers, actions and ARNs that are nearly those that somebody named.
pub(super) fn named(add: &mut impl FnMut(&'static str, Value, Value, bool)) {
    let nothing = json!([{"Effect": "Deny", "Action": "*", "Resource": "*"}]);
    let caller = |arn: &str| only(json!({"StringEquals": {"aws:PrincipalArn": arn}}));
    let like = |key: &str, text: &str| only(json!({"StringLike": {key: text}}));
    add(
        "an account ends with its last digit",
        only(json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}})),
        like("aws:PrincipalAccount", "*2"),
        true,
    );
    add(
        "a user name is not the end of another",
        caller("arn:aws:iam::111122223333:user/joann"),
        like("aws:username", "ann"),
        true,
    );
    add(
        "a user name has not the path (QUO-21)",
        caller("arn:aws:iam::111122223333:user/team/ann"),
        like("aws:username", "team/ann"),
        true,
    );
    add(
        "a federated user has no path",
        only(json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:federated-user/*/*"}})),
        nothing.clone(),
        false,
    );
    add(
        "an ARN has six parts, and the last is not empty (MATCH-20)",
        everything(),
        on_all(json!(["arn:?*:?*:*:*:?*", "*"])),
        false,
    );
    let five_parts = only(json!({"StringEquals": {"k:t": "arn:a:b:c:d"}}));
    add(
        "a text of five parts is no ARN (COND-61)",
        five_parts,
        only(json!({"ArnLike": {"k:t": "*"}})),
        true,
    );
    let six_parts = only(json!({"StringEquals": {"k:t": "arn:a:b:c:d:e"}}));
    add(
        "a text of six parts is an ARN (COND-61)",
        six_parts,
        only(json!({"ArnLike": {"k:t": "*"}})),
        false,
    );
    let buckets = may(json!("s3:ListAllMyBuckets"));
    add(
        "the list of all buckets is a request like others (MATCH-37)",
        buckets.clone(),
        nothing.clone(),
        true,
    );
    let mut none = buckets;
    if let Some(all) = none.as_array_mut() {
        all.push(json!({"Effect": "Deny", "Action": "*", "Resource": "arn:*"}));
    }
    add(
        "the list of all buckets is asked of an ARN (MATCH-37)",
        none,
        nothing.clone(),
        false,
    );
    add(
        "ForAllValues:Null holds always (COND-15)",
        everything(),
        only(json!({"ForAllValues:Null": {"k:t": "true"}})),
        false,
    );
    add(
        "ForAnyValue:Null never holds (COND-15)",
        only(json!({"ForAnyValue:Null": {"k:t": ["true", "false"]}})),
        nothing.clone(),
        false,
    );
    for (less, more, at) in [
        ("NumericLessThan", "NumericGreaterThanEquals", "5"),
        ("DateLessThan", "DateGreaterThanEquals", "2030"),
    ] {
        let deny = |operator: &str| json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {operator: {"k:n": at}}});
        let mut neither = like("k:n", "7*");
        if let Some(all) = neither.as_array_mut() {
            all.extend([deny(less), deny(more)]);
        }
        add(
            "what is no number and no date is neither less nor more (COND-55, COND-65)",
            neither,
            nothing.clone(),
            true,
        );
    }
    add(
        "no number is a date that it is too small for (COND-55, COND-66)",
        only(json!({
            "DateGreaterThan": {"k:n": "-5.5"},
            "DateLessThan": {"k:n": "-5.4"},
            "NumericGreaterThan": {"k:n": "-6"},
            "NumericLessThan": {"k:n": "-5.5"},
        })),
        nothing,
        false,
    );
}

/// Values with variables that are something else in the end.
pub(super) fn expanded(add: &mut impl FnMut(&'static str, Value, Value, bool)) {
    let nothing = json!([{"Effect": "Deny", "Action": "*", "Resource": "*"}]);
    for (name, truth, value, is_one) in [
        ("a variable is a truth (VAR-4)", "${k:t}", "true", true),
        (
            "a variable ends a truth in any case (VAR-4, COND-70)",
            "TRU${k:t}",
            "E",
            true,
        ),
        ("a variable is no truth (VAR-4)", "${k:t}", "tru", false),
    ] {
        add(
            name,
            only(json!({"Bool": {"k:z": truth}, "StringEquals": {"k:t": value}})),
            nothing.clone(),
            is_one,
        );
    }
    add(
        "a variable is a part of the caller's type (KEY-18)",
        only(
            json!({"StringLike": {"aws:PrincipalType": "${k:t}er"}, "StringEquals": {"k:t": "Us"}}),
        ),
        nothing.clone(),
        true,
    );
    let of = |key: &str| {
        only(json!({
            "StringEquals": {"k:t": key},
            "ArnLike": {"k:r": "arn:aws:iam:${k:t}:111122223333:role/x"},
        }))
    };
    add(
        "a part of an ARN is what a variable is (VAR-7)",
        of("eu"),
        nothing.clone(),
        true,
    );
    add(
        "a colon in a variable makes no parts of an ARN (VAR-7)",
        of("eu:1"),
        nothing,
        false,
    );
}

/// Resources with variables of which tests of a key say what they look like: every test that this rests on, and no other.
pub(super) fn outlined(add: &mut impl FnMut(&'static str, Value, Value, bool)) {
    let s3 = |last: &str| format!("arn:aws:s3:::{last}");
    let under = |condition: Value| json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": s3("b/${k:t}/*"), "Condition": condition});
    let red = || on(json!(s3("b/red-*")));
    add(
        "a list of texts that are not a variable says nothing of what it is",
        json!([under(
            json!({"StringNotEquals": {"k:t": ["red-1", "red-2"]}})
        )]),
        red(),
        true,
    );
    for (operator, value) in [
        ("ForAllValues:StringLike", "red-*"),
        ("ForAllValues:StringEquals", "red-1"),
    ] {
        add(
            "a variable may be the empty text that ForAllValues lets through (COND-32)",
            json!([under(json!({operator: {"k:t": value}}))]),
            red(),
            true,
        );
    }
    let marked = || json!({"Bool": {"k:z": "true"}});
    let like_red = || json!({"StringLike": {"k:t": "red-*"}});
    for (one, other) in [(like_red(), marked()), (marked(), like_red())] {
        add(
            "what a variable looks like in one statement it need not in another",
            json!([under(one), under(other)]),
            red(),
            true,
        );
    }
    let of_equal = || json!({"StringEquals": {"k:t": "${k:u}"}, "StringLike": {"k:u": "red-*"}});
    let unequal = || json!({"Bool": {"k:z": "true"}, "StringLike": {"k:u": "red-*"}});
    add(
        "a variable looks like the key that is equal to it",
        json!([under(of_equal())]),
        red(),
        false,
    );
    for (one, other) in [(of_equal(), unequal()), (unequal(), of_equal())] {
        add(
            "a variable need not look like a key that need not be equal to it",
            json!([under(one), under(other)]),
            red(),
            true,
        );
    }
    let list =
        json!({"ForAnyValue:StringEquals": {"k:t": "a"}, "ForAnyValue:StringLike": {"k:t": "b*"}});
    add(
        "a variable of a list is none, so that NotResource leaves nothing out (VAR-9)",
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": s3("b/${k:t}/*"), "Condition": list}]),
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": s3("b/*")}]),
        true,
    );
    add(
        "a list of one text twice is no value of a variable (VAR-9)",
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": s3("b/${k:t, 'z'}/*"), "Condition": {
            "ForAllValues:StringEquals": {"k:t": "z"}, "ForAnyValue:StringLike": {"k:t": "?*"}}}]),
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": s3("b/z/*")}]),
        true,
    );
    add(
        "a list is not unlike another key (COND-21)",
        only(json!({
            "ForAnyValue:StringEquals": {"k:t": "a"},
            "ForAnyValue:StringLike": {"k:t": "b*"},
            "StringEquals": {"k:u": "z"},
        })),
        only(json!({"StringNotEquals": {"k:t": "${k:u}"}})),
        true,
    );
}

/// Keys whose values are read as numbers, dates or truth values, and tested as texts besides.
pub(super) fn typed_texts(add: &mut impl FnMut(&'static str, Value, Value, bool)) {
    let nothing = json!([{"Effect": "Deny", "Action": "*", "Resource": "*"}]);
    add(
        "a number is written with more letters than its constant",
        only(json!({"NumericLessThanEquals": {"k:n": "6"}, "StringNotLike": {"k:n": "?"}})),
        nothing.clone(),
        true,
    );
    for (date, more) in [("2031-06-01", false), ("1970-01-01T00:00:05Z", true)] {
        add(
            "one of some short texts is a date only if it is early",
            only(json!({
                "ForAllValues:StringLike": {"k:d": ["?", "*b"]},
                "ForAnyValue:DateEquals": {"k:d": date},
            })),
            nothing.clone(),
            more,
        );
    }
    for (date, more) in [("2030-01-01", false), ("1970-01-01", true)] {
        let dated = json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${k:d}*",
            "Condition": {"DateGreaterThanEquals": {"k:d": date}}}]);
        let longer =
            json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::??*"}]);
        add("a late date is no single digit", dated, longer, more);
    }
    for (default, more) in [("", false), (", 'true'", true)] {
        add(
            "what is a truth value by another key is no number, but absent it has its default (VAR-4, VAR-6)",
            only(json!({
                "Bool": {"k:t": format!("${{k:n{default}}}")},
                "NumericLessThanIfExists": {"k:n": "5"},
            })),
            nothing.clone(),
            more,
        );
    }
}
