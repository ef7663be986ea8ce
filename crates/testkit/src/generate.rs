//! Policies and requests from bytes, over a small alphabet, so that things meet often.

use arbitrary::{Result, Unstructured};
use portcullis_model::{Base, PolicyKind, Quantifier};
use serde_json::{Map, Value, json};

use crate::{Caller, Request, World};

/// How large things get and how often.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The most statements of a document.
    pub statements: usize,
    /// The most entries of a list.
    pub entries: usize,
    /// The most condition keys of a statement.
    pub conditions: usize,
    /// Also the policy sets other than identity.
    pub layers: bool,
    /// All statements of a document that have a condition have the same one.
    pub same_condition: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            statements: 3,
            entries: 3,
            conditions: 2,
            layers: true,
            same_condition: false,
        }
    }
}

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];

const ACTIONS: [&str; 22] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:Get*",
    "s3:*",
    "*",
    "S3:getobject",
    "s3:*Object",
    "s3:G?tObject",
    "kms:Decrypt",
    "kms:*",
    "sts:AssumeRole",
    "sts:*",
    "sqs:SendMessage",
    "*:*",
    "s*:Get*",
    "iam:*",
    "ec2:RunInstances",
    "s3:*e*O*t",
    "**",
    "s3:GetBucketPolicy",
    "dynamodb:*",
    "kms:RetireGrant",
];

const RESOURCES: [&str; 30] = [
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/k",
    "arn:aws:s3:::*",
    "arn:aws:s3:::b",
    "arn:aws:s3:::b*/?",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::b/${aws:PrincipalTag/t, 'k'}",
    "arn:aws:s3:::b/${*}",
    "arn:aws:s3:::b/${aws:TagKeys}",
    "arn:*",
    "arn:aws:sqs:*:111122223333:*",
    "arn:aws:kms:us-east-1:111122223333:key/*",
    "arn:aws:kms:*:*:key/k",
    "arn:aws:iam::111122223333:role/*",
    "arn:aws:iam::*:role/app/R",
    "arn:aws:s3:::b/*/x/*",
    "arn:aws:s3:*:${aws:PrincipalAccount}:b/*",
    "arn:aws:s3:::b/${",
    "arn:aws:s3:::b/${a b}",
    "arn:aws:s3:::b/$${aws:username}",
    "arn:*:s3:::b/k",
    "arn:aws:s3:::b/k?",
    "arn:aws:s3:::b/**k",
    "arn:aws:s3:::b/*?",
    "arn:aws:s3:::\u{e9}?/*",
    "arn:aws:s3:::b/${aws:username",
    "arn:aws:sqs:us-east-1:111122223333:q",
    "arn:aws-cn:s3:::b/*",
    "arn:aws:s3:::b/${?}*",
];

/// Accepted where short ARNs are (`MATCH-23`).
const SHORT_RESOURCES: [&str; 4] = [
    "arn:aws:s3",
    "arn:aws:s3:*",
    "arn:aws:sqs:us-east-1",
    "arn:aws:kms:${aws:x:y}",
];

const KEYS: [&str; 20] = [
    "aws:username",
    "aws:PrincipalTag/t",
    "AWS:principaltag/T",
    "aws:SourceIp",
    "aws:TagKeys",
    "s3:max-keys",
    "aws:CurrentTime",
    "aws:SecureTransport",
    "aws:PrincipalArn",
    "aws:SourceArn",
    "aws:userid",
    "aws:ResourceAccount",
    "aws:PrincipalType",
    "aws:PrincipalAccount",
    "aws:PrincipalIsAWSService",
    "aws:FederatedProvider",
    "aws:PrincipalOrgID",
    "aws:EpochTime",
    "aws:AssumedRoot",
    "aws:RequestTag/\u{c9}",
];

const TEXTS: [&str; 48] = [
    "a",
    "A",
    "b",
    "",
    "*",
    "?",
    "a*",
    "*a",
    "ab",
    "bob",
    "${aws:username}",
    "${aws:PrincipalTag/t, 'a'}",
    "${*}",
    "${aws:TagKeys}",
    "true",
    "false",
    "True",
    "1",
    "10",
    "1.0",
    "1e1",
    "-5",
    "x1",
    "2026",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "1767225600",
    "1767225600000",
    "203.0.113.9",
    "203.0.113.0/24",
    "10.0.0.0/8",
    "2001:db8::/32",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "1.2.3.4/33",
    "QQ==",
    "QR==",
    "QUI=",
    "arn:aws:iam::111122223333:user/bob",
    "arn:aws:iam::*:role/*",
    "arn:aws:iam::111122223333:role/app/R",
    "arn:aws:s3:::b",
    "arn:*",
    "arn:aws:s3:::${aws:username}:*",
    "stra\u{df}e",
    "\u{c9}t\u{e9}",
    "\u{e9}t\u{c9}",
    "${aws:SecureTransport}",
];

const TRUTHS: [&str; 4] = ["true", "false", "True", "${aws:SecureTransport}"];

const AWS_PRINCIPALS: [&str; 16] = [
    "*",
    "111122223333",
    "444455556666",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::444455556666:root",
    "arn:aws:iam::111122223333:user/bob",
    "arn:aws:iam::111122223333:user/x/eve",
    "arn:aws:iam::111122223333:role/R",
    "arn:aws:iam::111122223333:role/app/R",
    "arn:aws:sts::111122223333:assumed-role/R/s",
    "arn:aws:sts::111122223333:federated-user/fed",
    "AIDAEXAMPLE",
    "AROAEXAMPLE",
    "arn:aws-cn:iam::111122223333:root",
    "arn:aws:iam::444455556666:user/bob",
    ORIGIN_ACCESS_IDENTITY,
];
const SERVICES: [&str; 3] = [
    "lambda.amazonaws.com",
    "ec2.amazonaws.com",
    "lambda.eu-west-1.amazonaws.com",
];
const PROVIDERS: [&str; 3] = [
    "accounts.google.com",
    "arn:aws:iam::111122223333:oidc-provider/example.com/a",
    "arn:aws:iam::111122223333:saml-provider/P",
];
const ORIGIN_ACCESS_IDENTITY: &str =
    "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1";
const CANONICAL: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

const REQUEST_ACTIONS: [&str; 14] = [
    "s3:GetObject",
    "S3:GETOBJECT",
    "s3:PutObject",
    "s3:GetBucketPolicy",
    "kms:Decrypt",
    "kms:RetireGrant",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "sqs:SendMessage",
    "ec2:RunInstances",
    "iam:PassRole",
    "dynamodb:GetItem",
    "sts:TagSession",
    "s3:ListBucket",
];
const REQUEST_RESOURCES: [&str; 20] = [
    "*",
    "arn:aws:s3:::b/k",
    "arn:aws:s3:::b",
    "arn:aws:s3:::b/bob/x",
    "arn:aws:s3:::b/x/x/y",
    "arn:aws:s3:::c/k",
    "arn:aws:s3:::b/*",
    "arn:aws:sqs:us-east-1:111122223333:q",
    "arn:aws:sqs:us-east-1:444455556666:q",
    "arn:aws:kms:us-east-1:111122223333:key/k",
    "arn:aws:kms:us-east-1:444455556666:key/k",
    "arn:aws:kms:us-east-1:111122223333:alias/a",
    "arn:aws:iam::111122223333:role/R",
    "arn:aws:iam::111122223333:role/app/R",
    "arn:aws:iam::444455556666:role/R",
    "arn:aws-cn:s3:::b/k",
    "arn:aws:s3:::\u{e9}\u{e9}/k",
    "arn:aws:ec2:us-east-1::image/ami-1",
    "arn:aws:s3:::b/$bob",
    "arn:aws:s3:::b/\u{1f600}",
];

/// A world from bytes.
///
/// # Errors
/// Never for running out of bytes: the generator then chooses the first of everything.
pub fn world(u: &mut Unstructured<'_>, settings: &Settings) -> Result<World> {
    let mut world = World {
        identity: documents(u, PolicyKind::Identity, settings, 2)?,
        ..World::default()
    };
    if settings.layers {
        if u.ratio(1, 3)? {
            world.boundary = Some(documents(u, PolicyKind::Boundary, settings, 1)?);
        }
        if u.ratio(1, 3)? {
            world.session = Some(documents(u, PolicyKind::Session, settings, 2)?);
        }
        if u.ratio(2, 3)? {
            world.resource = Some(document(u, PolicyKind::Resource, settings)?);
        }
        if u.ratio(1, 5)? {
            world.vpc_endpoint = Some(documents(u, PolicyKind::VpcEndpoint, settings, 1)?);
        }
        for _ in 0..levels(u)? {
            world.scps.push(documents(u, PolicyKind::Scp, settings, 2)?);
        }
        for _ in 0..levels(u)? {
            world.rcps.push(documents(u, PolicyKind::Rcp, settings, 1)?);
        }
    }
    Ok(world)
}

fn levels(u: &mut Unstructured<'_>) -> Result<usize> {
    if u.ratio(1, 4)? {
        u.int_in_range(1..=3)
    } else {
        Ok(0)
    }
}

fn documents(
    u: &mut Unstructured<'_>,
    kind: PolicyKind,
    settings: &Settings,
    most: usize,
) -> Result<Vec<String>> {
    let count = u.int_in_range(0..=most)?;
    (0..count).map(|_| document(u, kind, settings)).collect()
}

/// The text of a document that loads under the kind.
///
/// # Errors
/// As [`world`].
pub fn document(u: &mut Unstructured<'_>, kind: PolicyKind, settings: &Settings) -> Result<String> {
    let mut statements = Vec::new();
    for _ in 0..u.int_in_range(0..=settings.statements)? {
        statements.push(statement(u, kind, settings)?);
    }
    if settings.same_condition {
        repeat_condition(&mut statements);
    }
    let mut document = Map::new();
    if kind == PolicyKind::Rcp || u.ratio(4, 5)? {
        let version = if kind != PolicyKind::Rcp && u.ratio(1, 6)? {
            "2008-10-17"
        } else {
            "2012-10-17"
        };
        document.insert("Version".into(), json!(version));
    }
    document.insert("Statement".into(), Value::Array(statements));
    Ok(Value::Object(document).to_string())
}

/// Gives all statements that have a condition that of the first of them.
fn repeat_condition(statements: &mut [Value]) {
    let mut conditions = statements
        .iter_mut()
        .filter_map(|statement| statement.get_mut("Condition"));
    let first = conditions.next().map(|first| first.clone());
    for (condition, first) in conditions.zip(first.iter().cycle()) {
        condition.clone_from(first);
    }
}

/// A statement of a document that loads under the kind.
///
/// # Errors
/// As [`world`].
pub(crate) fn statement(
    u: &mut Unstructured<'_>,
    kind: PolicyKind,
    settings: &Settings,
) -> Result<Value> {
    let rcp = kind == PolicyKind::Rcp;
    let mut statement = Map::new();
    let deny = rcp || u.ratio(1, 3)?;
    statement.insert("Effect".into(), json!(if deny { "Deny" } else { "Allow" }));
    if kind.has_principal() {
        let (name, value) = principal(u, rcp, deny)?;
        statement.insert(name.into(), value);
    }
    let not_action = !rcp && u.ratio(1, 8)?;
    let actions = entries(u, settings, |u| {
        let action = *u.choose(&ACTIONS)?;
        let plain = action
            .split_once(':')
            .is_some_and(|(service, _)| !service.contains('*'));
        Ok(if rcp && !plain { "s3:*" } else { action })
    })?;
    statement.insert(
        if not_action { "NotAction" } else { "Action" }.into(),
        actions,
    );
    let not_resource = u.ratio(1, 8)?;
    let short = kind != PolicyKind::Session;
    let resources = entries(u, settings, |u| {
        if short && u.ratio(1, 12)? {
            Ok(*u.choose(&SHORT_RESOURCES)?)
        } else {
            Ok(*u.choose(&RESOURCES)?)
        }
    })?;
    // `arn:*` and the like are short ARNs, which session policies must not have (MATCH-24).
    let resources = if short {
        resources
    } else {
        without_short(resources)
    };
    statement.insert(
        if not_resource {
            "NotResource"
        } else {
            "Resource"
        }
        .into(),
        resources,
    );
    let conditions = u.int_in_range(0..=settings.conditions)?;
    if conditions > 0 {
        statement.insert("Condition".into(), condition(u, settings, conditions)?);
    }
    Ok(Value::Object(statement))
}

fn without_short(resources: Value) -> Value {
    let fine = |text: &Value| {
        text == "*"
            || text
                .as_str()
                .is_some_and(|text| text.matches(':').count() >= 5)
    };
    match resources {
        Value::Array(list) => Value::Array(list.into_iter().filter(fine).collect()),
        one if fine(&one) => one,
        _ => json!("*"),
    }
}

fn entries<'t>(
    u: &mut Unstructured<'_>,
    settings: &Settings,
    mut entry: impl FnMut(&mut Unstructured<'_>) -> Result<&'t str>,
) -> Result<Value> {
    // Empty lists are legal and rare (GRAM-11).
    if u.ratio(1, 40)? {
        return Ok(json!([]));
    }
    let count = u.int_in_range(1..=settings.entries)?;
    let mut list = Vec::new();
    for _ in 0..count {
        list.push(json!(entry(u)?));
    }
    Ok(if count == 1 && u.ratio(1, 2)? {
        list.swap_remove(0)
    } else {
        Value::Array(list)
    })
}

fn principal(u: &mut Unstructured<'_>, rcp: bool, deny: bool) -> Result<(&'static str, Value)> {
    if rcp {
        return Ok(("Principal", json!("*")));
    }
    let name = if u.ratio(1, if deny { 3 } else { 12 })? {
        "NotPrincipal"
    } else {
        "Principal"
    };
    if u.ratio(1, 6)? {
        return Ok((name, json!("*")));
    }
    let mut value = Map::new();
    let lists: [(&str, &[&str], u32); 4] = [
        ("AWS", &AWS_PRINCIPALS, 6),
        ("Service", &SERVICES, 2),
        ("Federated", &PROVIDERS, 2),
        ("CanonicalUser", &[CANONICAL], 1),
    ];
    for (member, choices, weight) in lists {
        if u.ratio(weight, 7)? {
            let count = u.int_in_range(0..=4)?;
            let mut list = Vec::new();
            for _ in 0..count {
                list.push(json!(u.choose(choices)?));
            }
            value.insert(member.into(), Value::Array(list));
        }
    }
    Ok((name, Value::Object(value)))
}

fn condition(u: &mut Unstructured<'_>, settings: &Settings, count: usize) -> Result<Value> {
    let mut operators = Map::new();
    for _ in 0..count {
        let base = *u.choose(&Base::ALL)?;
        let quantifier = match u.int_in_range(0..=5)? {
            0 => Quantifier::Any,
            1 => Quantifier::All,
            _ => Quantifier::One,
        };
        let if_exists = base != Base::Null && u.ratio(1, 4)?;
        let name = portcullis_model::Operator {
            quantifier,
            base,
            if_exists,
        }
        .to_string();
        let mut values = Vec::new();
        let most = if u.ratio(1, 30)? { 0 } else { settings.entries };
        for _ in 0..u.int_in_range(most.min(1)..=most)? {
            values.push(json!(value_for(u, base)?));
        }
        let key = *u.choose(&KEYS)?;
        let block = operators.entry(name).or_insert_with(|| json!({}));
        // Two spellings of one key in one block do not load (COND-45).
        let taken = block
            .as_object()
            .is_some_and(|block| block.keys().any(|other| other.eq_ignore_ascii_case(key)));
        if !taken {
            block[key] = Value::Array(values);
        }
    }
    Ok(Value::Object(operators))
}

/// Mostly a value of the operator's type.
fn value_for(u: &mut Unstructured<'_>, base: Base) -> Result<&'static str> {
    let name = base.as_str();
    let range = if u.ratio(1, 6)? {
        0..TEXTS.len()
    } else if name.starts_with("Numeric") {
        17..23
    } else if name.starts_with("Date") {
        23..28
    } else if name.contains("Ip") {
        28..35
    } else if name.starts_with("Binary") {
        35..38
    } else if name.starts_with("Arn") {
        38..44
    } else if matches!(base, Base::Bool | Base::Null) {
        return Ok(*u.choose(&TRUTHS)?);
    } else {
        0..17
    };
    Ok(*u.choose(TEXTS.get(range).unwrap_or(&TEXTS))?)
}

/// A request from bytes.
///
/// # Errors
/// As [`world`].
pub fn request(u: &mut Unstructured<'_>) -> Result<Request> {
    let account = ACCOUNTS[usize::from(u.ratio(1, 5)?)];
    let caller = match u.int_in_range(0..=15)? {
        0..=4 => Caller::User {
            arn: format!("arn:aws:iam::{account}:user/bob"),
        },
        5 => Caller::User {
            arn: format!("arn:aws:iam::{account}:user/x/eve"),
        },
        6..=9 => Caller::Role {
            session_arn: if u.ratio(4, 5)? {
                Some(format!("arn:aws:sts::{account}:assumed-role/R/s"))
            } else {
                None
            },
            role_arn: format!(
                "arn:aws:iam::{account}:role/{}R",
                if u.arbitrary()? { "app/" } else { "" }
            ),
            service_linked: u.ratio(1, 6)?,
        },
        10 => Caller::Root {
            arn: format!("arn:aws:iam::{account}:root"),
        },
        11 => Caller::FederatedUser {
            arn: format!("arn:aws:sts::{account}:federated-user/fed"),
            federated_by: if u.arbitrary()? {
                Some(format!("arn:aws:iam::{account}:user/bob"))
            } else {
                None
            },
        },
        12 => Caller::Service {
            name: (*u.choose(&SERVICES)?).into(),
        },
        13 => Caller::Federated {
            provider: (*u.choose(&PROVIDERS)?).into(),
        },
        14 if u.arbitrary()? => Caller::OriginAccessIdentity {
            arn: ORIGIN_ACCESS_IDENTITY.into(),
        },
        14 => Caller::CanonicalUser {
            id: CANONICAL.into(),
        },
        _ => Caller::Anonymous,
    };
    let user_id = match &caller {
        Caller::User { .. } if u.arbitrary()? => Some("AIDAEXAMPLE".to_string()),
        Caller::Role { .. } if u.arbitrary()? => Some("AROAEXAMPLE:s".to_string()),
        _ => None,
    };
    let mut context: Vec<(String, Vec<String>)> = Vec::new();
    for _ in 0..u.int_in_range(0..=6)? {
        let key = *u.choose(&KEYS)?;
        let count = match u.int_in_range(0..=9)? {
            0 => 0,
            1 => 2,
            2 => 3,
            _ => 1,
        };
        let mut values = Vec::new();
        for _ in 0..count {
            values.push((*u.choose(&TEXTS)?).to_string());
        }
        if !context.iter().any(|(other, _)| other == key) {
            context.push((key.into(), values));
        }
    }
    let session_token =
        matches!(caller, Caller::User { .. } | Caller::Root { .. }) && u.ratio(1, 8)?;
    Ok(Request {
        caller,
        user_id,
        management_account: u.ratio(1, 12)?,
        session_token,
        action: (*u.choose(&REQUEST_ACTIONS)?).into(),
        resource: (*u.choose(&REQUEST_RESOURCES)?).into(),
        resource_account: if u.ratio(1, 5)? {
            Some((*u.choose(&ACCOUNTS)?).into())
        } else {
            None
        },
        context,
        restrict_public_buckets: u.ratio(1, 10)?,
        external_grant: u.ratio(1, 25)?,
    })
}
