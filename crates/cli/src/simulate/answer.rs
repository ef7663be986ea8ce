//! The answer of a simulation (`SIM-10` to `SIM-20`).

use portcullis::{LayerReport, Reports, StatementReport};
use portcullis_model::{Decision, Effect, Layer, Request, split_arn};
use serde_json::{Map, Value, json};

use crate::simulate::input::Input;

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allowed",
        Decision::ExplicitDeny => "explicitDeny",
        Decision::ImplicitDeny => "implicitDeny",
    }
}

/// The type of a policy in the words of AWS's examples; control policies are never listed (`SIM-13`,
/// `SIM-15`).
fn kind(layer: Layer) -> Option<&'static str> {
    match layer {
        Layer::Identity => Some("IAM Policy"),
        Layer::Resource => Some("Resource Policy"),
        Layer::Boundary => Some("IAM Permissions Boundary Policy"),
        Layer::Session => Some("Session Policy"),
        Layer::VpcEndpoint => Some("VPC Endpoint Policy"),
        Layer::Scp(_) | Layer::Rcp(_) => None,
    }
}

/// `SIM-17`.
const ORGANIZATION: &str = "OrganizationsDecisionDetail";

/// `SIM-20`: what one resource comes to, and what the organization says of it.
pub(crate) fn specific(
    explanation: &Reports,
    request: &Request<'_>,
    input: &Input<'_>,
) -> Map<String, Value> {
    let decision = explanation.outcome.decision();
    let taking_part: Vec<&LayerReport> = explanation
        .layers
        .iter()
        .filter(|layer| layer.applies)
        .collect();
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| {
        object.insert(name.to_string(), value);
    };
    set("EvalResourceName", json!(request.resource));
    set("EvalResourceDecision", json!(word(decision)));
    set("MatchedStatements", matched(decision, &taking_part));
    set("MissingContextValues", json!(explanation.missing_keys));
    let organization: Vec<&&LayerReport> = taking_part
        .iter()
        .filter(|layer| matches!(layer.layer, Layer::Scp(_) | Layer::Rcp(_)))
        .collect();
    let allows = |layer: &&&LayerReport| match layer.layer {
        // Only ever subtracts (GRAM-61).
        Layer::Rcp(_) => layer.verdict != Some(Effect::Deny),
        _ => layer.verdict == Some(Effect::Allow),
    };
    let by_organization = organization.iter().all(allows);
    if !organization.is_empty() {
        let detail = json!({ "AllowedByOrganizations": by_organization });
        set(ORGANIZATION, detail);
    }
    let boundary = taking_part
        .iter()
        .find(|layer| layer.layer == Layer::Boundary);
    if let Some(boundary) = boundary {
        let allowed = boundary.verdict == Some(Effect::Allow);
        let detail = json!({ "AllowedByPermissionsBoundary": allowed });
        set("PermissionsBoundaryDecisionDetail", detail);
    }
    // SIM-19.
    if request.resource != "*" && by_organization {
        let details = match is_cross_account(request, input) {
            true => details(&taking_part),
            false => json!({}),
        };
        set("EvalDecisionDetails", details);
    }
    object
}

fn is_cross_account(request: &Request<'_>, input: &Input<'_>) -> bool {
    let of_arn = split_arn(request.resource).map(|[.., account, _]| account);
    let owner = request
        .resource_account
        .or(input.owner)
        .or(of_arn.filter(|account| !account.is_empty()));
    owner.is_some_and(|owner| request.principal.caller.account() != Some(owner))
}

/// What each kind of policy says by itself.
fn details(taking_part: &[&LayerReport]) -> Value {
    let mut object = Map::new();
    for layer in taking_part {
        let name = match layer.layer {
            Layer::Boundary => "Permissions Boundary Policy",
            other => match kind(other) {
                Some(name) => name,
                None => continue,
            },
        };
        let decision = match layer.verdict {
            Some(Effect::Allow) => Decision::Allow,
            Some(Effect::Deny) => Decision::ExplicitDeny,
            None => Decision::ImplicitDeny,
        };
        object.insert(name.to_string(), json!(word(decision)));
    }
    Value::Object(object)
}

/// `SIM-13`: the Deny statements if one matched, the Allow statements of what is allowed.
fn matched(decision: Decision, taking_part: &[&LayerReport]) -> Value {
    let effect = match decision {
        Decision::Allow => Effect::Allow,
        Decision::ExplicitDeny => Effect::Deny,
        Decision::ImplicitDeny => return json!([]),
    };
    let mut statements = Vec::new();
    for layer in taking_part {
        let Some(kind) = kind(layer.layer) else {
            continue;
        };
        let own = layer.statements.iter();
        let own = own.filter(|own| own.is_match() && own.effect == effect);
        statements.extend(own.map(|own| statement(own, kind)));
    }
    Value::Array(statements)
}

/// `SIM-14`, `SIM-30`.
fn statement(report: &StatementReport, kind: &str) -> Value {
    let id = match report.policy.rsplit_once(":policy/") {
        // A managed policy is called by its name.
        Some((_, path)) => path.rsplit('/').next().unwrap_or(path),
        None => &report.policy,
    };
    let position = |(line, column): (u32, u32)| json!({ "Line": line, "Column": column });
    json!({
        "SourcePolicyId": id,
        "SourcePolicyType": kind,
        "StartPosition": position(report.start),
        "EndPosition": position(report.end),
    })
}

/// `SIM-3`: the most restrictive of the decisions on all resources (`OUT-2`).
pub(crate) fn evaluation(action: &str, resources: &[Map<String, Value>]) -> Value {
    let rank =
        |own: &&Map<String, Value>| match own.get("EvalResourceDecision").and_then(Value::as_str) {
            Some("explicitDeny") => 2,
            Some("implicitDeny") => 1,
            _ => 0,
        };
    // The first of those that are most restrictive.
    let mut worst: Option<&Map<String, Value>> = None;
    for own in resources {
        if worst.is_none_or(|worst| rank(&own) > rank(&worst)) {
            worst = Some(own);
        }
    }
    let mut object = Map::new();
    object.insert("EvalActionName".to_string(), json!(action));
    for (name, value) in worst.into_iter().flatten() {
        let name = match name.as_str() {
            "EvalResourceDecision" => "EvalDecision",
            other => other,
        };
        object.insert(name.to_string(), value.clone());
    }
    let mut missing: Vec<Value> = resources
        .iter()
        .filter_map(|own| own.get("MissingContextValues")?.as_array())
        .flatten()
        .cloned()
        .collect();
    missing.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    missing.dedup();
    object.insert("MissingContextValues".to_string(), Value::Array(missing));
    // SIM-20: what the organization says is not among them.
    let specific: Vec<Map<String, Value>> = resources
        .iter()
        .map(|own| {
            let mut own = own.clone();
            own.shift_remove(ORGANIZATION);
            own
        })
        .collect();
    object.insert("ResourceSpecificResults".to_string(), json!(specific));
    Value::Object(object)
}
