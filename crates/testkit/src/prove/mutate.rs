//! Policies changed in one place, as people change them: what the difference allows is then a small question about a real
//! document.

use serde_json::{Value, json};

use crate::Bytes;

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A statement is taken away.
    DropStatement,
    /// A statement becomes a Deny.
    Deny,
    /// A Deny of a part of what an Allow allows is added.
    AddDeny,
    /// An entry of `Action` gets a wildcard at its end.
    WidenAction,
    /// A wildcard of `Action` becomes a name.
    NarrowAction,
    /// An entry is taken out of `Action`.
    DropAction,
    /// `Resource` becomes everything.
    WidenResource,
    /// `Resource` becomes something below it.
    NarrowResource,
    /// A condition is added.
    AddCondition,
    /// A condition is taken away.
    DropCondition,
    /// An operator is negated, or is not any more.
    NegateOperator,
    /// An operator gets `IfExists`, or loses it.
    IfExists,
    /// Two statements become one.
    Merge,
}

impl Change {
    /// All of them.
    pub const ALL: [Change; 13] = [
        Change::DropStatement,
        Change::Deny,
        Change::AddDeny,
        Change::WidenAction,
        Change::NarrowAction,
        Change::DropAction,
        Change::WidenResource,
        Change::NarrowResource,
        Change::AddCondition,
        Change::DropCondition,
        Change::NegateOperator,
        Change::IfExists,
        Change::Merge,
    ];
}

/// Conditions that are added.
fn conditions() -> [Value; 8] {
    [
        json!({"Bool": {"aws:SecureTransport": "true"}}),
        json!({"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}),
        json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}),
        json!({"ForAllValues:StringLike": {"aws:TagKeys": ["team-*", "cost"]}}),
        json!({"StringNotEqualsIfExists": {"aws:PrincipalTag/team": "${aws:RequestTag/team}"}}),
        json!({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin/*"}}),
        json!({"Null": {"aws:ResourceTag/owner": "false"}}),
    ]
}

/// The list of a member that may be one value.
fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// A document with one change; none if it has nothing to be changed so.
pub fn mutate(document: &Value, change: Change, random: &mut Bytes) -> Option<Value> {
    let mut statements = list(&document["Statement"]);
    let at = random.below(statements.len());
    let statement = statements.get_mut(at)?;
    match change {
        Change::DropStatement => {
            if statements.len() < 2 {
                return None;
            }
            statements.remove(at);
        }
        Change::Deny => statement["Effect"] = json!("Deny"),
        Change::AddDeny => {
            let mut deny = statement.clone();
            deny["Effect"] = json!("Deny");
            if let Some(members) = deny.as_object_mut() {
                members.remove("Sid");
            }
            if deny.get("Resource").is_some() {
                deny["Resource"] = json!("arn:aws:s3:::payroll/*");
            }
            statements.push(deny);
        }
        Change::WidenAction | Change::NarrowAction | Change::DropAction => {
            let member = ["Action", "NotAction"]
                .into_iter()
                .find(|own| statement.get(own).is_some())?;
            let mut actions = list(&statement[member]);
            let which = random.below(actions.len());
            let entry = actions.get(which)?.as_str()?.to_owned();
            match change {
                Change::DropAction if actions.len() < 2 => return None,
                Change::DropAction => {
                    actions.remove(which);
                }
                Change::WidenAction => {
                    let (service, name) = entry.split_once(':')?;
                    let keep = name.len().min(1 + random.below(4));
                    let name = name.get(..keep)?.trim_end_matches('*');
                    actions[which] = json!(format!("{service}:{name}*"));
                }
                _ => {
                    let star = entry.find('*')?;
                    let start = entry.get(..star)?;
                    let colon = if start.contains(':') { "" } else { "s3:" };
                    actions[which] = json!(format!("{start}{colon}Thing"));
                }
            }
            statement[member] = json!(actions);
        }
        Change::WidenResource => {
            statement.get("Resource")?;
            statement["Resource"] = json!("*");
        }
        Change::NarrowResource => {
            let mut resources = list(statement.get("Resource")?);
            let which = random.below(resources.len());
            let entry = resources.get(which)?.as_str()?.to_owned();
            resources[which] = match entry.as_str() {
                "*" => json!("arn:aws:*:*:111122223333:*"),
                entry => json!(format!("{}x*", entry.strip_suffix('*')?)),
            };
            statement["Resource"] = json!(resources);
        }
        Change::AddCondition => {
            if statement.get("Condition").is_some() {
                return None;
            }
            let all = conditions();
            statement["Condition"] = all.get(random.below(all.len()))?.clone();
        }
        Change::DropCondition => {
            statement.as_object_mut()?.remove("Condition")?;
        }
        Change::NegateOperator | Change::IfExists => {
            let block = statement.get_mut("Condition")?.as_object_mut()?;
            let operators: Vec<String> = block.keys().cloned().collect();
            let old = operators.get(random.below(operators.len()))?;
            let new = match change {
                Change::IfExists => if_exists(old)?,
                _ => negated(old)?,
            };
            if block.contains_key(&new) {
                return None;
            }
            let tests = block.remove(old)?;
            block.insert(new, tests);
        }
        Change::Merge => {
            let other = statements.get((at + 1) % statements.len())?.clone();
            let statement = statements.get_mut(at)?;
            for member in ["Action", "Resource"] {
                let mut all = list(statement.get(member)?);
                all.extend(list(other.get(member)?));
                all.dedup();
                statement[member] = json!(all);
            }
        }
    }
    let mut changed = document.clone();
    changed["Statement"] = Value::Array(statements);
    (changed != *document).then_some(changed)
}

fn if_exists(operator: &str) -> Option<String> {
    match operator.strip_suffix("IfExists") {
        Some(plain) => Some(plain.to_owned()),
        None if operator.ends_with("Null") => None,
        None => Some(format!("{operator}IfExists")),
    }
}

fn negated(operator: &str) -> Option<String> {
    let names = [
        "StringEquals",
        "StringLike",
        "NumericEquals",
        "DateEquals",
        "ArnEquals",
        "ArnLike",
    ];
    for name in names {
        let (start, rest) =
            name.split_at(name.find(|c: char| c.is_uppercase() && !name.starts_with(c))?);
        let negative = format!("{start}Not{rest}");
        if operator.contains(&negative) {
            return Some(operator.replace(&negative, name));
        }
        if operator.contains(name) {
            return Some(operator.replace(name, &negative));
        }
    }
    if operator.contains("NotIpAddress") {
        return Some(operator.replace("NotIpAddress", "IpAddress"));
    }
    operator
        .contains("IpAddress")
        .then(|| operator.replace("IpAddress", "NotIpAddress"))
}
