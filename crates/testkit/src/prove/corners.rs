//! Corner cases as pairs of policies with the answer: each is a mistake that somebody made, or nearly.

mod near;

use serde_json::{Value, json};

/// A question whose answer is known.
#[derive(Clone, Debug)]
pub struct Corner {
    /// What it is about.
    pub name: &'static str,
    /// The old document.
    pub old: String,
    /// The new one.
    pub new: String,
    /// True if the new one allows something that the old one does not.
    pub more: bool,
}

/// Allows everything under a condition.
fn only(condition: Value) -> Value {
    json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}])
}

/// Allows everything under one of two conditions.
fn either(one: Value, other: Value) -> Value {
    let mut all = only(one);
    if let (Some(all), Some(other)) = (all.as_array_mut(), only(other).as_array()) {
        all.extend(other.iter().cloned());
    }
    all
}

/// Allows everything but under a condition.
fn but(condition: Value) -> Value {
    json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition},
    ])
}

/// Allows an action of resources.
fn on(resources: Value) -> Value {
    json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resources}])
}

/// Allows everything of resources.
fn on_all(resources: Value) -> Value {
    json!([{"Effect": "Allow", "Action": "*", "Resource": resources}])
}

/// Allows actions.
fn may(actions: Value) -> Value {
    json!([{"Effect": "Allow", "Action": actions, "Resource": "*"}])
}

fn everything() -> Value {
    may(json!("*"))
}

/// All of them.
pub fn corners() -> Vec<Corner> {
    let mut found = Vec::new();
    let mut add = |name: &'static str, new: Value, old: Value, more: bool| {
        let document = |statements: &Value| {
            json!({"Version": "2012-10-17", "Statement": statements}).to_string()
        };
        found.push(Corner {
            name,
            old: document(&old),
            new: document(&new),
            more,
        });
    };
    let ip = |blocks: Value| json!({"IpAddress": {"aws:SourceIp": blocks}});
    let number = |operator: &str, value: Value| json!({operator: {"k:n": value}});
    let text = |operator: &str, value: Value| json!({operator: {"k:t": value}});
    let s3 = |last: &str| format!("arn:aws:s3:::{last}");

    let halves = ip(json!(["0.0.0.0/1", "128.0.0.0/1"]));
    add(
        "both halves of IPv4 are all of it",
        only(ip(json!("0.0.0.0/0"))),
        only(halves.clone()),
        false,
    );
    add(
        "all of IPv4 is both halves",
        only(halves.clone()),
        only(ip(json!("0.0.0.0/0"))),
        false,
    );
    add("IPv4 is not everything", everything(), only(halves), true);
    add(
        "IPv4 and IPv6 are not everything: absent",
        everything(),
        only(ip(json!(["0.0.0.0/0", "::/0"]))),
        true,
    );
    let parts = either(
        number("NumericLessThan", json!("5")),
        number("NumericGreaterThanEquals", json!("5")),
    );
    add(
        "below 5 or not is a number",
        only(json!({"Null": {"k:n": "false"}})),
        parts.clone(),
        true,
    );
    add(
        "a number is below 5 or not",
        only(number("NumericGreaterThan", json!("-3"))),
        parts,
        false,
    );
    let around = either(
        number("NumericLessThan", json!("5")),
        number("NumericGreaterThan", json!("5")),
    );
    add(
        "not 5 is more than below and above",
        only(number("NumericNotEquals", json!("5"))),
        around.clone(),
        true,
    );
    add(
        "below and above 5 is not 5",
        around,
        only(number("NumericNotEquals", json!("5"))),
        false,
    );
    let open = json!({"NumericGreaterThan": {"k:n": "4"}, "NumericLessThan": {"k:n": "6"}});
    add(
        "between 4 and 6 is more than 5",
        only(open),
        only(number("NumericEquals", json!("5"))),
        true,
    );
    let without = json!({"NumericGreaterThan": {"k:n": "4"}, "NumericLessThan": {"k:n": "6"}, "NumericNotEquals": {"k:n": "5"}});
    add(
        "between 4 and 6 without 5 is not nothing",
        only(without),
        only(number("NumericEquals", json!("9"))),
        true,
    );
    let meet = json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {
        "StringLike": {"k:t": "ab*"}, "StringLikeIfExists": {"k:t": "*bc"}}}]);
    add(
        "ab* and *bc is ab*bc or abc",
        meet.clone(),
        only(text("StringLike", json!(["ab*bc", "abc"]))),
        false,
    );
    add(
        "ab* and *bc is more than ab*bc",
        meet,
        only(text("StringLike", json!("ab*bc"))),
        true,
    );
    add(
        "?* is *?",
        only(text("StringLike", json!("?*"))),
        only(text("StringLike", json!("*?"))),
        false,
    );
    add(
        "*? is ?*",
        only(text("StringLike", json!("*?"))),
        only(text("StringLike", json!("?*"))),
        false,
    );
    add(
        "* is a resource that no ARN is",
        everything(),
        json!([{"Effect": "Allow", "Action": "*", "Resource": "arn:*"}]),
        true,
    );
    add(
        "* and every ARN are everything",
        everything(),
        on_all(json!(["arn:*", "*"])),
        false,
    );
    add(
        "a* is a and a?*",
        only(text("StringLike", json!("a*"))),
        only(text("StringLike", json!(["a", "a?*"]))),
        false,
    );
    let own = json!([s3("b/${aws:username}/*")]);
    add(
        "the same variable on both sides",
        on(json!([s3("b/${aws:username}/x")])),
        on(own.clone()),
        false,
    );
    add(
        "the same variable, less on the old side",
        on(own.clone()),
        on(json!([s3("b/${aws:username}/x")])),
        true,
    );
    add(
        "a variable lies in a wildcard",
        on(own.clone()),
        on(json!([s3("b/*")])),
        false,
    );
    add(
        "a wildcard does not lie in a variable",
        on(json!([s3("b/*")])),
        on(own.clone()),
        true,
    );
    let ann = |resource: Value| {
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource,
            "Condition": {"StringEquals": {"aws:username": "ann"}}}])
    };
    add(
        "a pinned variable is its value",
        ann(own.clone()),
        ann(json!(s3("b/ann/*"))),
        false,
    );
    add(
        "its value is a pinned variable",
        ann(json!(s3("b/ann/*"))),
        ann(own.clone()),
        false,
    );
    add(
        "a pinned variable is no other value",
        ann(own.clone()),
        ann(json!(s3("b/bob/*"))),
        true,
    );
    let not_own = json!([{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": s3("b/${aws:PrincipalTag/t}/*")}]);
    add(
        "NotResource of what cannot be resolved is everything",
        not_own.clone(),
        on(json!("*")),
        false,
    );
    add(
        "NotResource of a tag leaves out that of a caller with it",
        on(json!("*")),
        not_own,
        true,
    );
    let default = |text: &str| on(json!(s3(&format!("b/${{aws:PrincipalTag/t, '{text}'}}/*"))));
    let untagged = |resource: String| {
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource,
            "Condition": {"Null": {"aws:PrincipalTag/t": "true"}}}])
    };
    add(
        "the default text of an absent key",
        untagged(s3("b/all/*")),
        default("all"),
        false,
    );
    add(
        "the default text is that of no other",
        untagged(s3("b/some/*")),
        default("all"),
        true,
    );
    let equal = |a: &str, b: &str| only(json!({"StringEquals": {a: format!("${{{b}}}")}}));
    let (caller, target) = ("aws:PrincipalTag/team", "aws:ResourceTag/team");
    add(
        "equal tags written both ways",
        equal(caller, target),
        equal(target, caller),
        false,
    );
    add(
        "equal tags written both ways, back",
        equal(target, caller),
        equal(caller, target),
        false,
    );
    let literal = json!({"Version": "2008-10-17", "Statement": on(own.clone())}).to_string();
    found.push(Corner {
        name: "before 2012 a variable is a text",
        old: json!({"Version": "2012-10-17", "Statement": on(json!(s3("b/*")))}).to_string(),
        new: literal.clone(),
        more: false,
    });
    found.push(Corner {
        name: "before 2012 a variable is a text, which the variable is not",
        old: json!({"Version": "2012-10-17", "Statement": on(own.clone())}).to_string(),
        new: literal,
        more: true,
    });
    let mut add = |name: &'static str, new: Value, old: Value, more: bool| {
        let document = |statements: &Value| {
            json!({"Version": "2012-10-17", "Statement": statements}).to_string()
        };
        found.push(Corner {
            name,
            old: document(&old),
            new: document(&new),
            more,
        });
    };
    let all = |value: &str| json!({"ForAllValues:StringEquals": {"aws:TagKeys": value}});
    let any = |value: &str| json!({"ForAnyValue:StringEquals": {"aws:TagKeys": value}});
    add(
        "ForAllValues holds of an absent key",
        only(json!({"Null": {"aws:TagKeys": "true"}})),
        only(all("a")),
        false,
    );
    let all_present = json!({"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "Null": {"aws:TagKeys": "false"}});
    add(
        "ForAllValues and present is not ForAnyValue: the empty text",
        only(all_present),
        only(any("a")),
        true,
    );
    let three = json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {
        "ForAnyValue:StringEquals": {"k:l": "a"}, "ForAnyValue:StringLike": {"k:l": "b*"}, "ForAnyValue:ArnLike": {"k:l": "*"}}}]);
    add(
        "three values are needed",
        three,
        only(json!({"ForAllValues:StringLike": {"k:l": ["a", "b*"]}})),
        true,
    );
    add(
        "a plain negation does not hold of a list",
        only(json!({"ForAnyValue:StringNotEquals": {"k:l": "a"}})),
        only(json!({"StringNotEquals": {"k:l": "a"}})),
        true,
    );
    add(
        "a Deny by a plain operator is escaped by a list",
        everything(),
        but(json!({"StringEquals": {"k:l": "a"}})),
        true,
    );
    add(
        "equal is equal but for case",
        only(text("StringEquals", json!("abc"))),
        only(text("StringEqualsIgnoreCase", json!("ABC"))),
        false,
    );
    add(
        "equal but for case is more",
        only(text("StringEqualsIgnoreCase", json!("abc"))),
        only(text("StringLike", json!(["abc", "ABC"]))),
        true,
    );
    let arn = "arn:aws:iam::111122223333:role/*";
    add(
        "an ARN pattern is a text pattern",
        only(text("ArnLike", json!(arn))),
        only(text("StringLike", json!(arn))),
        false,
    );
    add(
        "a text pattern is more than an ARN pattern",
        only(text("StringLike", json!("arn:aws:*:role/x"))),
        only(text("ArnLike", json!("arn:aws:*:*:*:role/x"))),
        true,
    );
    let principal = |arn: &str| only(json!({"ArnLike": {"aws:PrincipalArn": arn}}));
    add(
        "an ARN has its account",
        principal(arn),
        only(json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}})),
        false,
    );
    add(
        "an ARN has no other account",
        principal(arn),
        only(json!({"StringEquals": {"aws:PrincipalAccount": "444455556666"}})),
        true,
    );
    add(
        "a role's ARN has its type",
        principal(arn),
        only(json!({"StringEquals": {"aws:PrincipalType": "AssumedRole"}})),
        false,
    );
    add(
        "whoever has a user name is a user",
        only(json!({"StringLike": {"aws:username": "*"}})),
        only(json!({"StringEquals": {"aws:PrincipalType": "User"}})),
        false,
    );
    let user = only(
        json!({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/team/ann"}}),
    );
    add(
        "an ARN says the user name",
        user.clone(),
        only(json!({"StringEquals": {"aws:username": "ann"}})),
        false,
    );
    add(
        "an ARN says no other user name",
        user,
        only(json!({"StringEquals": {"aws:username": "bob"}})),
        true,
    );
    let date = |operator: &str, value: &str| only(json!({operator: {"aws:CurrentTime": value}}));
    add(
        "a date with an offset is that instant",
        date("DateEquals", "2030-01-01T01:00:00+01:00"),
        date("DateEquals", "2030-01-01"),
        false,
    );
    add(
        "a date with another offset is another instant",
        date("DateEquals", "2030-01-01T01:00:00+02:00"),
        date("DateEquals", "2030-01-01"),
        true,
    );
    let truth = |values: Value| only(json!({"Bool": {"aws:SecureTransport": values}}));
    add(
        "true or false is not always",
        everything(),
        truth(json!(["true", "false"])),
        true,
    );
    let mfa = |operator: &str| but(json!({operator: {"aws:MultiFactorAuthPresent": "false"}}));
    add(
        "a Deny with IfExists denies more",
        mfa("BoolIfExists"),
        mfa("Bool"),
        false,
    );
    add(
        "a Deny without IfExists lets the absent key through",
        mfa("Bool"),
        mfa("BoolIfExists"),
        true,
    );
    add(
        "NotAction covers what it does not name",
        may(json!("ec2:RunInstances")),
        json!([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]),
        false,
    );
    add(
        "NotAction does not cover what it names",
        may(json!("s3:GetObject")),
        json!([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]),
        true,
    );
    add(
        "a wildcard in the prefix",
        may(json!("s3:GetObject")),
        may(json!("s*:Get*")),
        false,
    );
    add(
        "a wildcard in the prefix is more",
        may(json!("s*:GetObject")),
        may(json!("s3:*")),
        true,
    );
    let of_team = |operator: &str, team: &str| {
        let condition = json!({operator: {"aws:PrincipalTag/team": team}});
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": s3("b/${aws:PrincipalTag/team}/*"), "Condition": condition}])
    };
    add(
        "a variable whose key looks like what the old one allows (VAR-7)",
        of_team("StringLike", "red-*"),
        on(json!(s3("b/red-*"))),
        false,
    );
    add(
        "a variable whose key looks like more",
        of_team("StringLike", "re*"),
        on(json!(s3("b/red-*"))),
        true,
    );
    add(
        "a variable whose key is not what it is asked for",
        of_team("StringNotLike", "blue-*"),
        on(json!(s3("b/red-*"))),
        true,
    );
    add(
        "a variable whose key is a number begins with a digit or a sign (COND-55)",
        of_team("NumericLessThan", "5"),
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": s3("b/a*")}]),
        false,
    );
    add(
        "a test of a key with a variable is more of what the variable is in a test that must not pass",
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": s3("b/red/*"),
            "Condition": {"StringLike": {"aws:PrincipalTag/team": "re*"}}}]),
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:GetObject", "NotResource": s3("b/${aws:PrincipalTag/team}/*")}]),
        true,
    );
    add(
        "of addresses only those of the family that is asked for (COND-75)",
        only(json!({"StringLike": {"k:l": "a*"}})),
        only(json!({"ForAnyValue:NotIpAddress": {"k:l": "10.0.0.0/8"}})),
        false,
    );
    let letters: Vec<String> = ('A'..='Z').map(|letter| format!("s3:{letter}*")).collect();
    add(
        "every letter is not every name",
        may(json!("s3:*")),
        may(json!(letters)),
        true,
    );
    let empty = json!({"ForAllValues:DateLessThan": {"k:l": []}, "ForAnyValue:ArnNotLike": {"k:l": "arn:a:b:*:d:${k:t}"}});
    add(
        "the empty text is no ARN, whatever a variable is",
        only(empty),
        only(json!({"Null": {"k:l": "true"}})),
        true,
    );
    unlike(&mut add);
    near::named(&mut add);
    near::expanded(&mut add);
    near::outlined(&mut add);
    near::typed_texts(&mut add);
    found
}

/// Keys that seem to have the same value and need not. So many values are tried before one fits that a contradiction is looked
/// for first, and must not be found.
fn unlike(add: &mut impl FnMut(&'static str, Value, Value, bool)) {
    let list = |start: &str| -> Vec<String> { (1..=9).map(|n| format!("{start}{n}")).collect() };
    let nothing = json!([{"Effect": "Deny", "Action": "*", "Resource": "*"}]);
    let (ps, qs) = (list("p"), list("q"));
    add(
        "keys that must differ have their last values",
        only(json!({
            "StringEquals": {"k:a": ps, "k:b": ps, "k:c": qs},
            "StringLike": {"k:r": "${k:a}-${k:b}-${k:c}"},
            "ForAnyValue:StringEquals": {"k:r": "p9-p9-q9"},
            "StringNotEquals": {"k:a": "${k:c}"},
        })),
        nothing.clone(),
        true,
    );
    let (few_ps, few_qs) = (["p1", "p2", "p3"], ["q1", "q2", "q3"]);
    add(
        "two keys are equal and the others are not",
        only(json!({
            "StringEquals": {"k:a": few_ps, "k:b": few_ps, "k:c": few_qs, "k:d": few_qs},
            "StringLike": {"k:a": "${k:b}", "k:r": "${k:a}-${k:c}-${k:d}"},
            "ForAnyValue:StringEquals": {"k:r": "p3-q3-q3"},
        })),
        nothing.clone(),
        true,
    );
    add(
        "one key is absent and the others are not",
        only(json!({
            "Null": {"k:a": "true"},
            "StringEquals": {"k:b": ps, "k:c": qs},
            "StringLike": {"k:r": "${k:a, 'z'}-${k:b}-${k:c}"},
            "ForAnyValue:StringEquals": {"k:r": "z-p9-q9"},
        })),
        nothing.clone(),
        true,
    );
    let apart = json!({
        "StringEquals": {"k:r": "x-${k:a}"},
        "StringNotEquals": {"k:r": "x-${k:b}"},
    });
    let mut equal = apart.clone();
    equal["StringLike"] = json!({"k:a": "${k:b}"});
    add(
        "a text of equal keys is that of both",
        only(equal.clone()),
        nothing.clone(),
        false,
    );
    let mut marked = apart.clone();
    marked["Bool"] = json!({"k:z": "true"});
    for (one, other) in [(&equal, &marked), (&marked, &equal)] {
        add(
            "a text of keys that need not be equal is not that of both",
            either(one.clone(), other.clone()),
            nothing.clone(),
            true,
        );
    }
    add(
        "one of two values is a text and not another key",
        only(json!({
            "StringEquals": {"k:a": "z", "k:b": ps, "k:c": qs},
            "StringLike": {"k:r": "${k:a}-${k:b}-${k:c}"},
            "ForAnyValue:StringEquals": {"k:r": "z-p9-q9", "k:a": ["z", "${k:b}"]},
        })),
        nothing.clone(),
        true,
    );
    add(
        "of the empty text, ForAllValues says nothing of another key (COND-32)",
        only(json!({
            "StringEquals": {"k:a": "", "k:b": ps, "k:c": qs},
            "StringLike": {"k:r": "${k:a}-${k:b}-${k:c}"},
            "ForAnyValue:StringEquals": {"k:r": "-p9-q9"},
            "ForAllValues:StringEquals": {"k:a": "${k:b}"},
        })),
        nothing.clone(),
        true,
    );
    let s3 = |name: &str| format!("arn:aws:s3:::{name}");
    let pattern = s3("b/${k:a}${k:b}");
    let statement = |effect: &str, resources: Value| json!({"Effect": effect, "Action": "s3:GetObject", "Resource": resources});
    add(
        "a text beside a pattern of keys that is denied is left alone",
        json!([
            statement("Allow", json!([pattern, s3("b/z")])),
            statement("Deny", json!(pattern)),
        ]),
        json!([statement("Allow", json!(s3("b/z")))]),
        false,
    );
    add(
        "behind a letter stands nothing or something",
        json!([statement("Allow", json!(s3("b/a${k:a}")))]),
        json!([statement("Allow", json!([s3("b/?"), s3("b/a?*")]))]),
        false,
    );
    add(
        "one key has to have the date that another has",
        only(json!({
            "StringLike": {"k:r": "x-${k:a}"},
            "StringEquals": {"k:r": "x-${k:b}"},
            "DateGreaterThan": {"k:a": "2030"},
            "NumericLessThanIfExists": {"k:c": "4"},
        })),
        nothing.clone(),
        true,
    );
}
