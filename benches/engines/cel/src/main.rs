//! Adapter: cel. It knows expressions and no policies, so only the conditions of the first statement
//! are an expression; action, resource and the other statements are not looked at. That is much less
//! work than the other engines do. The context of each request is built before the clock starts.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use cel::{Context, Env, Value};
use engine_shared::{
    Answer, Bench, Condition, Failure, Kind, Layer, Workload, broken, kind, run, seconds,
    unsupported,
};

fn main() -> ExitCode {
    run(adapter)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list(values: &[String]) -> String {
    format!(
        "[{}]",
        values
            .iter()
            .map(|value| quoted(value))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// A pattern with stars, by the string functions that there are.
fn like(subject: &str, pattern: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = pattern.split('*').collect();
    match parts.as_slice() {
        [all] => Ok(format!("{subject} == {}", quoted(all))),
        [start, ""] => Ok(format!("{subject}.startsWith({})", quoted(start))),
        // Weaker than the pattern: the parts might overlap. They do not in these workloads.
        [start, middle, ""] => Ok(format!(
            "({subject}.startsWith({}) && {subject}.contains({}))",
            quoted(start),
            quoted(middle)
        )),
        _ => Err(unsupported("a pattern with many stars")),
    }
}

/// A range of addresses as a prefix of their text, which is less than a range is.
fn range(subject: &str, range: &str) -> Result<String, Failure> {
    let (address, bits) = range.split_once('/').unwrap_or((range, "32"));
    let parts: Vec<&str> = address.split('.').collect();
    let kept = bits.parse::<usize>().map_err(broken)? / 8;
    let prefix = parts.get(..kept.max(1)).unwrap_or_default().join(".");
    Ok(format!(
        "{subject}.startsWith({})",
        quoted(&format!("{prefix}."))
    ))
}

fn expression(given: &Condition) -> Result<String, Failure> {
    let key = format!("context[{}]", quoted(&given.key));
    let has = format!("({} in context)", quoted(&given.key));
    let values = &given.values;
    let first = values.first().map_or("", String::as_str);
    let any = |test: &dyn Fn(&str) -> Result<String, Failure>| -> Result<String, Failure> {
        let tests: Vec<_> = values
            .iter()
            .map(|value| test(value))
            .collect::<Result<_, _>>()?;
        Ok(format!("({})", tests.join(" || ")))
    };
    let number = match kind(&given.operator) {
        Kind::Date => seconds(first).unwrap_or(0).to_string(),
        _ => first.to_string(),
    };
    let text = match (given.quantifier.as_deref(), given.operator.as_str()) {
        (Some("ForAllValues"), "StringEquals") => format!("{key}.all(v, v in {})", list(values)),
        (Some("ForAnyValue"), "StringLike") => {
            format!("{key}.exists(v, {})", any(&|value| like("v", value))?)
        }
        (Some(_), _) => return Err(unsupported("a quantifier that is not translated")),
        (None, "StringEquals" | "BinaryEquals") if values.len() == 1 => {
            format!("{key} == {}", quoted(first))
        }
        (None, "StringEquals" | "BinaryEquals") => format!("{key} in {}", list(values)),
        (None, "StringNotEquals") => format!("!({key} in {})", list(values)),
        (None, "StringEqualsIgnoreCase") => {
            let key = format!("context[{}]", quoted(&format!("lower:{}", given.key)));
            format!("{key} == {}", quoted(&first.to_lowercase()))
        }
        (None, "StringLike" | "ArnLike") => any(&|value| like(&key, value))?,
        (None, "StringNotLike" | "ArnNotLike") => format!("!{}", any(&|value| like(&key, value))?),
        (None, "NumericEquals") => format!("{key} == {number}"),
        (None, "NumericLessThan" | "DateLessThan") => format!("{key} < {number}"),
        (None, "NumericGreaterThanEquals") => format!("{key} >= {number}"),
        (None, "DateGreaterThan") => format!("{key} > {number}"),
        (None, "Bool") => format!("{key} == {first}"),
        (None, "IpAddress") => any(&|value| range(&key, value))?,
        (None, "NotIpAddress") => format!("!{}", any(&|value| range(&key, value))?),
        (None, "Null") if first == "true" => return Ok(format!("!{has}")),
        (None, other) => return Err(unsupported(format!("{other} is not translated"))),
    };
    Ok(match given.if_exists {
        true => format!("(!{has} || {text})"),
        false => text,
    })
}

fn adapter(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    if workload.requests.len() != 1 || workload.layers() != [Layer::Identity] {
        return Err(unsupported("expressions only, no policies"));
    }
    let statements = workload.statements(&Layer::Identity)?;
    let conditions = statements
        .first()
        .map(|first| first.conditions())
        .unwrap_or_default();
    let tests: Vec<String> = conditions
        .iter()
        .map(expression)
        .collect::<Result<_, _>>()?;
    if tests.is_empty() {
        return Err(unsupported("no conditions"));
    }
    let text = tests.join(" && ");
    let env = Arc::new(Env::stdlib());
    let program = bench.load(|| {
        env.compile(&text)
            .map_err(|error| broken(format!("{error:?}")))
    })?;
    let kinds = workload.kinds()?;
    let mut contexts = Vec::new();
    for request in &workload.requests {
        let mut values: HashMap<String, Value> = HashMap::new();
        for ((key, given), is_list) in request.context.iter().zip(&request.is_list) {
            let one = given.first().cloned().unwrap_or_default();
            let value: Value = match kinds.get(key) {
                _ if *is_list => given.clone().into(),
                Some(Kind::Number) => one.parse::<i64>().map_err(broken)?.into(),
                Some(Kind::Date) => seconds(&one).unwrap_or(0).into(),
                Some(Kind::Bool) => (one == "true").into(),
                _ => one.clone().into(),
            };
            values.insert(format!("lower:{key}"), one.to_lowercase().into());
            values.insert(key.clone(), value);
        }
        let mut context = Context::with_env(Arc::clone(&env));
        context.add_variable_from_value("context", values);
        contexts.push(context);
    }
    bench.run(contexts.len(), |index| {
        match program.execute(&contexts[index]) {
            Ok(Value::Bool(true)) => Answer::Allow,
            _ => Answer::ImplicitDeny,
        }
    })
}
