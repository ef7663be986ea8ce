//! The parts of explanations, in words and for programs.

use std::fmt::Write;

use portcullis_image::Image;
use portcullis_model::{Caller, Effect, Layer, Request};
use portcullis_vm::{ConditionReport, Explanation, LayerReport, Miss, StatementReport};
use serde_json::{Value, json};

use crate::engine::layer_name;

/// Lines that the positions of a file are to be moved by, because only a part of it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift<'s> {
    pub(crate) file: &'s str,
    pub(crate) lines: usize,
}

/// Explains a request by a stack of images.
pub(crate) fn explain(
    images: &[Image<Vec<u8>>],
    request: &Request<'_>,
    prepared: &mut portcullis_vm::Request,
) -> Explanation {
    let views = images.iter().map(Image::view);
    prepared.fill(views.clone(), request);
    portcullis_vm::explain(views, prepared)
}

/// AWS's sentence for a denial.
pub(crate) fn message(explanation: &Explanation, request: &Request<'_>) -> Option<String> {
    let caller = match &request.principal.caller {
        Caller::Service { name } => Some(*name),
        Caller::Federated { provider } => Some(*provider),
        Caller::CanonicalUser { id } => Some(*id),
        caller => caller.arn(),
    };
    let (action, resource) = (request.action, request.resource);
    explanation.message(caller, action, resource, is_trust(request))
}

/// True if the resource policy of the request is a role's trust policy.
fn is_trust(request: &Request<'_>) -> bool {
    let prefix = request.action.split(':').next().unwrap_or_default();
    let mut parts = request.resource.splitn(6, ':').skip(2);
    let service = parts.next();
    let is_role = parts.nth(2).is_some_and(|rest| rest.starts_with("role/"));
    prefix.eq_ignore_ascii_case("sts") && service == Some("iam") && is_role
}

/// What a policy set says, in words.
pub(crate) fn verdict_text(layer: &LayerReport) -> &'static str {
    match (layer.applies, layer.verdict, layer.layer) {
        (false, _, _) => "does not apply to this request",
        (true, Some(Effect::Deny), _) => "denies",
        (true, Some(Effect::Allow), _) => "allows",
        // GRAM-61.
        (true, None, Layer::Rcp(_)) => "does not deny",
        (true, None, _) => "does not allow",
    }
}

/// The statements that matched, and those that came near, the nearest first.
pub(crate) fn by_weight(layer: &LayerReport) -> (Vec<&StatementReport>, Vec<&StatementReport>) {
    let (matched, mut near): (Vec<_>, Vec<_>) = layer
        .statements
        .iter()
        .partition(|statement| statement.missed.is_none());
    near.sort_by_key(|statement| match statement.missed {
        None | Some(Miss::Condition(_)) => 0,
        Some(Miss::Principal) => 1,
        Some(Miss::Resource) => 2,
    });
    (matched, near)
}

/// What kept a statement from matching.
pub(crate) fn missed_element(statement: &StatementReport) -> &'static str {
    match statement.missed {
        None | Some(Miss::Condition(_)) => "condition",
        Some(Miss::Principal) => "principal",
        Some(Miss::Resource) => "resource",
    }
}

/// Where a statement stands: its place, its policy and its name.
pub(crate) fn place(statement: &StatementReport, shift: Option<Shift<'_>>) -> String {
    let mut out = String::new();
    let (line, column) = position(statement, shift);
    if line > 0 && !statement.file.is_empty() {
        let _ = write!(out, "{}:{line}:{column} ", statement.file);
    } else if line > 0 {
        let _ = write!(out, "line {line} column {column} ");
    }
    let _ = write!(out, "statement {}", statement.index);
    if !statement.sid.is_empty() {
        let _ = write!(out, " {:?}", statement.sid);
    }
    if !statement.policy.is_empty() {
        let _ = write!(out, " of {}", statement.policy);
    }
    out
}

fn position(statement: &StatementReport, shift: Option<Shift<'_>>) -> (usize, usize) {
    let (line, column) = statement.start;
    (moved(line, &statement.file, shift), column as usize)
}

fn moved(line: u32, file: &str, shift: Option<Shift<'_>>) -> usize {
    let lines = shift
        .filter(|shift| shift.file == file && line > 0)
        .map_or(0, |shift| shift.lines);
    line as usize + lines
}

/// Values in a line.
pub(crate) fn list(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    match quoted.as_slice() {
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// The explanation for programs.
pub(crate) fn machine(explanation: &Explanation, request: &Request<'_>) -> Value {
    let by: Vec<String> = explanation.outcome.layers().map(layer_name).collect();
    let layers: Vec<Value> = explanation
        .layers
        .iter()
        .map(|layer| {
            let (matched, near) = by_weight(layer);
            let all = |list: Vec<&StatementReport>| -> Vec<Value> {
                list.into_iter().map(statement_value).collect()
            };
            json!({
                "layer": layer_name(layer.layer),
                "applies": layer.applies,
                "verdict": layer.verdict.map(Effect::as_str),
                "statements": all(matched),
                "nearMisses": all(near),
            })
        })
        .collect();
    json!({
        "decision": explanation.outcome.decision().as_str(),
        "by": by,
        "message": message(explanation, request),
        "layers": layers,
        "missingKeys": explanation.missing_keys,
        "notes": explanation.notes,
    })
}

/// A statement for programs.
pub(crate) fn statement_value(statement: &StatementReport) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_string());
    let mut value = json!({
        "policy": known(&statement.policy),
        "file": known(&statement.file),
        "statement": statement.index,
        "sid": known(&statement.sid),
        "effect": statement.effect.as_str(),
        "line": (statement.start.0 > 0).then_some(statement.start.0),
        "column": (statement.start.0 > 0).then_some(statement.start.1),
        "endLine": (statement.end.0 > 0).then_some(statement.end.0),
        "endColumn": (statement.end.0 > 0).then_some(statement.end.1),
    });
    let Some(object) = value.as_object_mut() else {
        return value;
    };
    if statement.missed.is_some() {
        object.insert("missed".to_string(), json!(missed_element(statement)));
    } else {
        let held: Vec<Value> = statement.conditions.iter().map(condition_value).collect();
        object.insert("conditions".to_string(), Value::Array(held));
    }
    if let Some(Miss::Condition(failed)) = &statement.missed {
        object.insert("condition".to_string(), condition_value(failed));
    }
    value
}

/// A condition for programs.
fn condition_value(condition: &ConditionReport) -> Value {
    let is_absent = condition.request_values.is_empty();
    json!({
        "operator": (!condition.operator.is_empty()).then_some(&condition.operator),
        "key": condition.key,
        "policyValues": condition.policy_values,
        "requestValues": (!is_absent).then_some(&condition.request_values),
        "note": condition.note,
    })
}
