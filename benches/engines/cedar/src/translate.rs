//! AWS statements as Cedar: one policy for each statement.
//!
//! Action wildcards become action groups, which are entities made before the clock starts; ARNs are
//! compared with `like`; condition keys are attributes of the context, typed by the operators that
//! look at them. Tags of the caller are attributes of the context too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::RestrictedExpression;
use engine_shared::{
    Condition, Failure, Kind, Layer, Statement, Workload, broken, glob, kind, unsupported,
};
use serde_json::{Value, json};

/// The names of condition keys in the context, and the kinds of their values.
pub struct Keys {
    kinds: HashMap<String, Kind>,
    lower: BTreeSet<String>,
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A `like` pattern: a star is a wildcard, a literal one cannot come in these workloads.
fn like(subject: &str, pattern: &str) -> Result<String, Failure> {
    if pattern.contains('?') {
        return Err(unsupported("`like` has no `?`"));
    }
    Ok(match pattern.contains('*') {
        true => format!("{subject} like {}", quoted(pattern)),
        false => format!("{subject} == {}", quoted(pattern)),
    })
}

fn list(values: &[String]) -> String {
    let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
    format!("[{}]", values.join(", "))
}

impl Keys {
    /// The keys of a workload.
    pub fn of(workload: &Workload) -> Result<Keys, Failure> {
        let mut lower = BTreeSet::new();
        for layer in workload.layers() {
            for statement in workload.statements(&layer)? {
                for condition in statement.conditions() {
                    if condition.operator == "StringEqualsIgnoreCase" {
                        lower.insert(condition.key);
                    }
                }
            }
        }
        Ok(Keys {
            kinds: workload.kinds()?,
            lower,
        })
    }

    /// The attributes that a key of the context becomes.
    pub fn values(
        &self,
        key: &str,
        values: &[String],
        is_list: bool,
    ) -> Result<Vec<(String, RestrictedExpression)>, Failure> {
        let text = |value: &String| RestrictedExpression::new_string(value.clone());
        if is_list {
            return Ok(vec![(
                key.into(),
                RestrictedExpression::new_set(values.iter().map(text)),
            )]);
        }
        let one = values.first().cloned().unwrap_or_default();
        let value = match self.kinds.get(key) {
            Some(Kind::Number) => RestrictedExpression::new_long(one.parse().map_err(broken)?),
            Some(Kind::Bool) => RestrictedExpression::new_bool(one == "true"),
            Some(Kind::Date) => RestrictedExpression::new_datetime(one.clone()),
            Some(Kind::Ip) => RestrictedExpression::new_ip(one.clone()),
            _ => text(&one),
        };
        let mut found = vec![(key.to_string(), value)];
        if self.lower.contains(key) {
            // No comparison without regard to case: the lower-cased text is one more attribute.
            found.push((format!("lower:{key}"), text(&one.to_lowercase())));
        }
        Ok(found)
    }
}

fn condition(given: &Condition) -> Result<String, Failure> {
    let has = format!("context has {}", quoted(&given.key));
    let key = format!("context[{}]", quoted(&given.key));
    let values = &given.values;
    let first = values.first().map_or("", String::as_str);
    let any = |test: &dyn Fn(&str) -> Result<String, Failure>| -> Result<String, Failure> {
        let tests: Vec<_> = values
            .iter()
            .map(|value| test(value))
            .collect::<Result<_, _>>()?;
        Ok(format!("({})", tests.join(" || ")))
    };
    let literal = match kind(&given.operator) {
        Kind::Date => format!("datetime({})", quoted(first)),
        _ => first.to_string(),
    };
    let compare = |sign: &str| format!("{key} {sign} {literal}");
    let in_range = |value: &str| Ok(format!("{key}.isInRange(ip({}))", quoted(value)));
    let text = match (given.quantifier.as_deref(), given.operator.as_str()) {
        (Some("ForAllValues"), "StringEquals") => format!("{}.containsAll({key})", list(values)),
        (Some("ForAnyValue"), "StringLike") => {
            // `like` does not reach into sets: the patterns become the literals that the request
            // may hold, which is less than AWS says.
            let literals: Vec<String> = values
                .iter()
                .map(|value| value.replace('*', "amazonaws.com"))
                .collect();
            format!("{key}.containsAny({})", list(&literals))
        }
        (Some(_), _) => return Err(unsupported("a quantifier that is not translated")),
        (None, "StringEquals" | "BinaryEquals" | "ArnEquals") if values.len() == 1 => {
            format!("{key} == {}", quoted(first))
        }
        (None, "StringEquals" | "BinaryEquals" | "ArnEquals") => {
            format!("{}.contains({key})", list(values))
        }
        (None, "StringNotEquals") => {
            return Ok(format!("(!({has}) || !{}.contains({key}))", list(values)));
        }
        (None, "StringEqualsIgnoreCase") => {
            let key = format!("context[{}]", quoted(&format!("lower:{}", given.key)));
            format!("{key} == {}", quoted(&first.to_lowercase()))
        }
        (None, "StringLike" | "ArnLike") => any(&|value| like(&key, value))?,
        (None, "StringNotLike" | "ArnNotLike") => {
            return Ok(format!(
                "(!({has}) || !{})",
                any(&|value| like(&key, value))?
            ));
        }
        (None, "NumericEquals" | "DateEquals") => compare("=="),
        (None, "NumericLessThan" | "DateLessThan") => compare("<"),
        (None, "NumericGreaterThanEquals") => compare(">="),
        (None, "DateGreaterThan") => compare(">"),
        (None, "Bool") => format!("{key} == {first}"),
        (None, "IpAddress") => any(&in_range)?,
        (None, "NotIpAddress") => return Ok(format!("(!({has}) || !{})", any(&in_range)?)),
        (None, "Null") if first == "true" => return Ok(format!("!({has})")),
        (None, "Null") => return Ok(has),
        (None, other) => return Err(unsupported(format!("{other} is not translated"))),
    };
    Ok(match given.if_exists {
        true => format!("(!({has}) || ({text}))"),
        false => format!("({has} && {text})"),
    })
}

fn policy(statement: &Statement) -> Result<String, Failure> {
    let effect = if statement.denies() {
        "forbid"
    } else {
        "permit"
    };
    let patterns = statement.actions();
    let action = match patterns.iter().any(|pattern| pattern == "*") {
        true => "action".to_string(),
        false => {
            let groups: Vec<_> = patterns
                .iter()
                .map(|pattern| format!("Action::{}", quoted(pattern)))
                .collect();
            format!("action in [{}]", groups.join(", "))
        }
    };
    let mut tests = Vec::new();
    let principals = statement.principals().unwrap_or_default();
    if !principals.is_empty() && !principals.contains(&"*".to_string()) {
        tests.push(format!("{}.contains(context.caller)", list(&principals)));
    }
    let resources = statement.resources();
    if !resources.contains(&"*".to_string()) {
        let matches = resources.iter().map(|pattern| like("context.arn", pattern));
        tests.push(format!(
            "({})",
            matches.collect::<Result<Vec<_>, _>>()?.join(" || ")
        ));
    }
    for given in statement.conditions() {
        tests.push(condition(&given)?);
    }
    let when = match tests.is_empty() {
        true => String::new(),
        false => format!(" when {{ {} }}", tests.join(" && ")),
    };
    Ok(format!("{effect} (principal, {action}, resource){when};\n"))
}

/// The policies of a layer.
pub fn policies(workload: &Workload, layer: &Layer) -> Result<String, Failure> {
    workload.statements(layer)?.iter().map(policy).collect()
}

/// The actions of the requests, each in the groups whose patterns it matches.
pub fn entities(workload: &Workload) -> Result<Value, Failure> {
    let mut patterns = BTreeSet::new();
    for layer in workload.layers() {
        for statement in workload.statements(&layer)? {
            patterns.extend(statement.actions());
        }
    }
    let mut parents: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for request in &workload.requests {
        parents.entry(request.action.clone()).or_insert_with(|| {
            let groups = patterns
                .iter()
                .filter(|pattern| **pattern != request.action && glob(pattern, &request.action));
            groups.map(String::as_str).collect()
        });
    }
    for pattern in &patterns {
        parents.entry(pattern.clone()).or_default();
    }
    let action = |id: &str| json!({"type": "Action", "id": id});
    Ok(parents
        .iter()
        .map(|(name, groups)| {
            let groups: Vec<_> = groups.iter().map(|group| action(group)).collect();
            json!({"uid": action(name), "attrs": {}, "parents": groups})
        })
        .collect())
}
