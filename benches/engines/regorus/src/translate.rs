//! AWS statements as Rego: one rule for each statement and resource pattern.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use engine_shared::{
    Condition, Failure, Kind, Layer, Request, Statement, Workload, kind, seconds, unsupported,
};
use serde_json::{Value, json};

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn set(values: &[String]) -> String {
    let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
    format!("{{{}}}", values.join(", "))
}

/// A pattern of AWS, said with the cheapest builtin that says it.
fn matches(subject: &str, pattern: &str) -> String {
    match pattern.find(['*', '?']) {
        None => format!("{subject} == {}", quoted(pattern)),
        Some(at) if at + 1 == pattern.len() && pattern.ends_with('*') => {
            format!("startswith({subject}, {})", quoted(&pattern[..at]))
        }
        // No delimiters: a star passes over every character, as in AWS.
        Some(_) => format!("glob.match({}, null, {subject})", quoted(pattern)),
    }
}

/// Conditions that are true if the action is one of these; none if every action is.
fn actions(patterns: &[String]) -> Result<Option<String>, Failure> {
    if patterns.iter().any(|pattern| pattern == "*") {
        return Ok(None);
    }
    let is_exact = |pattern: &&String| !pattern.contains(['*', '?']);
    if patterns.iter().all(|pattern| is_exact(&pattern)) {
        return Ok(Some(format!("input.action in {}", set(patterns))));
    }
    // An exact name in the list of prefixes would match longer names, so it must be apart.
    let prefixes: Vec<String> = patterns
        .iter()
        .filter(|pattern| !is_exact(pattern))
        .map(|pattern| match pattern.find(['*', '?']) {
            Some(at) if at + 1 == pattern.len() => Ok(pattern[..at].to_string()),
            _ => Err(unsupported("a wildcard within an action")),
        })
        .collect::<Result<_, _>>()?;
    let prefix = format!("strings.any_prefix_match(input.action, {})", set(&prefixes));
    let exact: Vec<String> = patterns.iter().filter(is_exact).cloned().collect();
    match exact.is_empty() {
        true => Ok(Some(prefix)),
        false => Ok(Some(format!(
            "action_is(input.action, {}, {})",
            set(&exact),
            set(&prefixes)
        ))),
    }
}

fn condition(condition: &Condition) -> Result<String, Failure> {
    let key = format!("input.context[{}]", quoted(&condition.key));
    let values = &condition.values;
    let first = values.first().map_or("", String::as_str);
    let number = match kind(&condition.operator) {
        Kind::Date => seconds(first).map(|seconds| seconds.to_string()),
        Kind::Number => Some(first.to_string()),
        _ => None,
    };
    let comparison = |sign: &str| {
        let number = number
            .clone()
            .ok_or_else(|| unsupported("a number that is none"))?;
        Ok::<_, Failure>(format!("{key} {sign} {number}"))
    };
    let each = |positive: &str| format!("some p in {}; {positive}", set(values));
    let text = match (condition.quantifier.as_deref(), condition.operator.as_str()) {
        (Some("ForAllValues"), "StringEquals") => {
            format!("count({{v | some v in {key}}} - {}) == 0", set(values))
        }
        (Some("ForAnyValue"), "StringLike") => {
            format!("some v in {key}; like_any(v, {})", set(values))
        }
        (Some(_), _) => return Err(unsupported("a quantifier that is not translated")),
        (None, "StringEquals" | "BinaryEquals" | "ArnEquals") if values.len() == 1 => {
            format!("{key} == {}", quoted(first))
        }
        (None, "StringEquals" | "BinaryEquals" | "ArnEquals") => {
            format!("{key} in {}", set(values))
        }
        (None, "StringNotEquals") => format!("not {key} in {}", set(values)),
        (None, "StringEqualsIgnoreCase") => {
            format!("lower({key}) == {}", quoted(&first.to_lowercase()))
        }
        (None, "StringLike" | "ArnLike") if values.len() == 1 => matches(&key, first),
        (None, "StringLike" | "ArnLike") => each(&format!("glob.match(p, null, {key})")),
        (None, "StringNotLike" | "ArnNotLike") if values.len() == 1 => {
            format!("not {}", matches(&key, first))
        }
        (None, "NumericEquals" | "DateEquals") => comparison("==")?,
        (None, "NumericLessThan" | "DateLessThan") => comparison("<")?,
        (None, "NumericGreaterThanEquals") => comparison(">=")?,
        (None, "DateGreaterThan") => comparison(">")?,
        (None, "Bool") => format!("{key} == {first}"),
        (None, "IpAddress") => each(&format!("net.cidr_contains(p, {key})")),
        // What is undefined is not contained either, which is what AWS says of an absent key.
        (None, "NotIpAddress") => {
            let tests = values
                .iter()
                .map(|value| format!("not net.cidr_contains({}, {key})", quoted(value)));
            tests.collect::<Vec<_>>().join("\n  ")
        }
        (None, "Null") if first == "true" => return Ok(format!("not {key}")),
        (None, "Null") => return Ok(key),
        (None, other) => return Err(unsupported(format!("{other} is not translated"))),
    };
    match (
        condition.if_exists,
        condition.operator.as_str(),
        values.as_slice(),
    ) {
        (false, ..) => Ok(text),
        (true, "StringEquals", [one]) => {
            let (key, one) = (quoted(&condition.key), quoted(one));
            Ok(format!("object.get(input.context, {key}, {one}) == {one}"))
        }
        _ => Err(unsupported("`IfExists` that is not translated")),
    }
}

fn rule(name: &str, statement: &Statement, out: &mut String) -> Result<(), Failure> {
    let mut shared = Vec::new();
    shared.extend(actions(&statement.actions())?);
    let principals = statement.principals().unwrap_or_default();
    if !principals.is_empty() && !principals.contains(&"*".to_string()) {
        shared.push(format!("input.principal in {}", set(&principals)));
    }
    let conditions = statement.conditions();
    let conditions = conditions
        .iter()
        .map(condition)
        .collect::<Result<Vec<_>, _>>()?;
    for resource in statement.resources() {
        let mut body = shared.clone();
        if resource != "*" {
            body.push(matches("input.resource", &resource));
        }
        body.extend(conditions.iter().cloned());
        if body.is_empty() {
            body.push("true".into());
        }
        let _ = writeln!(out, "{name} if {{\n  {}\n}}", body.join("\n  "));
    }
    Ok(())
}

const HEAD: &str = "package aws
import rego.v1

action_is(action, exact, _) if action in exact
like_any(text, patterns) if {
  some p in patterns
  glob.match(p, null, text)
}
action_is(action, _, prefixes) if strings.any_prefix_match(action, prefixes)
";

/// One rule for each statement and resource; the layers are rules of their own names.
pub fn rules(workload: &Workload) -> Result<String, Failure> {
    let mut out = HEAD.to_string();
    let mut denials = String::new();
    let mut grants = String::new();
    let mut limits = Vec::new();
    for (index, layer) in workload.layers().iter().enumerate() {
        let allow = format!("allow_{index}");
        let deny = format!("deny_{index}");
        let (mut allows, mut denies) = (false, false);
        for statement in workload.statements(layer)? {
            match statement.denies() {
                true => rule(&deny, &statement, &mut out)?,
                false => rule(&allow, &statement, &mut out)?,
            }
            allows |= !statement.denies();
            denies |= statement.denies();
        }
        if denies {
            let _ = writeln!(denials, "denied if {deny}");
        }
        match layer {
            Layer::Identity | Layer::Resource if allows => {
                let _ = writeln!(grants, "granted if {allow}");
            }
            Layer::Identity | Layer::Resource => {}
            _ if allows => limits.push(allow),
            _ => limits.push("false".into()),
        }
    }
    out += "default denied := false\n";
    out += &denials;
    out += &grants;
    limits.push("granted".into());
    let _ = write!(
        out,
        "default decision := \"ImplicitDeny\"\n\
         decision := \"ExplicitDeny\" if denied\n\
         else := \"Allow\" if {{\n  {}\n}}\n",
        limits.join("\n  ")
    );
    Ok(out)
}

/// Statements as data, by bucket. Only for statements without conditions whose resources are
/// prefixes within one bucket.
pub fn indexed(workload: &Workload) -> Result<(String, Option<String>), Failure> {
    let other = || unsupported("the statements are not of the shape that this index is for");
    if workload.layers() != [Layer::Identity] {
        return Err(other());
    }
    let mut buckets: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for statement in workload.statements(&Layer::Identity)? {
        if !statement.conditions().is_empty() {
            return Err(other());
        }
        for resource in statement.resources() {
            let path = resource.strip_prefix("arn:aws:s3:::").ok_or_else(other)?;
            let (bucket, rest) = path.split_once('/').ok_or_else(other)?;
            let prefix = rest.strip_suffix('*').ok_or_else(other)?;
            if bucket.contains(['*', '?']) || prefix.contains(['*', '?']) {
                return Err(other());
            }
            buckets.entry(bucket.into()).or_default().push(json!({
                "deny": statement.denies(),
                "actions": statement.actions(),
                "prefix": format!("arn:aws:s3:::{bucket}/{prefix}"),
            }));
        }
    }
    let rules = "package aws
import rego.v1

found contains statement.deny if {
  some statement in data.buckets[input.bucket]
  startswith(input.resource, statement.prefix)
  input.action in statement.actions
}
default decision := \"ImplicitDeny\"
decision := \"ExplicitDeny\" if true in found
else := \"Allow\" if false in found
";
    Ok((
        rules.into(),
        Some(json!({ "buckets": buckets }).to_string()),
    ))
}

/// A request as input, its values typed as the rules compare them.
pub fn input(request: &Request, kinds: &HashMap<String, Kind>) -> String {
    let mut context = serde_json::Map::new();
    for ((key, values), is_list) in request.context.iter().zip(&request.is_list) {
        let one = values.first().map_or("", String::as_str);
        let value = match kinds.get(key) {
            _ if *is_list => json!(values),
            Some(Kind::Number) => serde_json::from_str(one).unwrap_or(json!(one)),
            Some(Kind::Date) => json!(seconds(one)),
            Some(Kind::Bool) => json!(one == "true"),
            _ => json!(one),
        };
        context.insert(key.clone(), value);
    }
    let path = request.resource.strip_prefix("arn:aws:s3:::").unwrap_or("");
    json!({
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "bucket": path.split('/').next(),
        "context": context,
    })
    .to_string()
}
