//! A story for programs.

use portcullis_model::{Caller, Effect, Layer, Request};
use portcullis_vm::{ConditionReport, Explanation, Miss, StatementReport};
use serde_json::{Map, Value, json};

use crate::changes::Need;
use crate::scene::{AccountStory, Attached, GrantMiss, GrantStory, LayerStory, Source};
use crate::story::Story;
use crate::words::{
    by_weight, caller_name, layer_name, message, nearest_principals, not_listed, session_name,
    tags_of, unique_id,
};

/// The version of the object; raised when a member changes its meaning or is gone.
const VERSION: u32 = 1;

pub(crate) fn value(story: &Story<'_>) -> Value {
    let mut value = machine(story.explanation, story.request);
    let Some(object) = value.as_object_mut() else {
        return value;
    };
    if let Some(scene) = &story.scene {
        let told = |layer: &str| {
            let mut all = scene.layers.iter();
            let is_it = |own: &&LayerStory| layer_name(own.layer) == layer;
            all.find(is_it)
        };
        if let Some(Value::Array(layers)) = object.get_mut("layers") {
            for layer in layers.iter_mut().filter_map(Value::as_object_mut) {
                let name = layer.get("layer").and_then(Value::as_str);
                if let Some(own) = name.and_then(told) {
                    add_source(layer, own);
                }
            }
        }
        if let Some(caller) = object.get_mut("caller").and_then(Value::as_object_mut) {
            let known = &scene.caller;
            caller.insert("entity".to_string(), json!(known.entity));
            caller.insert("id".to_string(), json!(known.id));
            if let Some(known) = &known.account {
                caller.insert("account".to_string(), account(known));
            }
            caller.insert("groups".to_string(), json!(known.groups));
        }
        object.insert(
            "target".to_string(),
            json!({
                "resource": story.request.resource,
                "owner": scene.target.owner.as_ref().map(account),
                "ownerIsAssumed": scene.target.is_assumed,
                "grants": scene.target.grants.iter().map(grant).collect::<Vec<_>>(),
            }),
        );
        let added: Map<String, Value> = scene
            .added
            .iter()
            .map(|(key, values)| (key.clone(), json!(values)))
            .collect();
        object.insert("addedContext".to_string(), Value::Object(added));
    }
    if let Some(changes) = &story.changes {
        let needs: Vec<Value> = changes
            .needs
            .iter()
            .map(|(layer, own)| need(*layer, own, story.request))
            .collect();
        object.insert(
            "changes".to_string(),
            json!({ "suffice": changes.suffices, "tried": changes.was_tried, "needs": needs }),
        );
    }
    object.insert("notes".to_string(), json!(story.all_notes()));
    if story.is_incomplete {
        object.insert("incomplete".to_string(), Value::Bool(true));
    }
    value
}

fn account(account: &AccountStory) -> Value {
    json!({
        "number": account.number,
        "path": account.path,
        "management": account.is_management,
    })
}

fn grant(grant: &GrantStory) -> Value {
    let context: Map<String, Value> = grant
        .context
        .iter()
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    json!({
        "id": grant.id,
        "grantee": grant.grantee,
        "operations": grant.operations,
        "encryptionContext": context,
        "missed": grant.miss.map(|miss| match miss {
            GrantMiss::Grantee => "grantee",
            GrantMiss::Operation => "operation",
            GrantMiss::EncryptionContext => "encryption context",
        }),
    })
}

fn need(layer: Layer, need: &Need, request: &Request<'_>) -> Value {
    match need {
        Need::NoDeny(statements) => json!({
            "layer": layer_name(layer),
            "need": "no deny",
            "statements": statements
                .iter()
                .map(|own| statement_value(own, request))
                .collect::<Vec<_>>(),
        }),
        Need::Allow { or_resource } => json!({
            "layer": layer_name(layer),
            "need": "allow",
            "orResource": or_resource,
        }),
        Need::NoSuchPolicy => json!({
            "layer": layer_name(layer),
            "need": "no such policy",
        }),
    }
}

fn add_source(layer: &mut Map<String, Value>, told: &LayerStory) {
    let (kind, id) = match &told.source {
        Source::Entity(arn) => ("principal", arn.as_str()),
        Source::Trust(arn) => ("role", arn.as_str()),
        Source::Resource(arn) => ("resource", arn.as_str()),
        Source::Root(id) => ("root", id.as_str()),
        Source::Unit(id) => ("unit", id.as_str()),
        Source::Account(number) => ("account", number.as_str()),
        Source::Endpoint(id) => ("vpcEndpoint", id.as_str()),
        Source::Request => ("request", ""),
    };
    let id = (!id.is_empty()).then_some(id);
    layer.insert("source".to_string(), json!({ "kind": kind, "id": id }));
    let policies = told.policies.as_ref().map(|policies| {
        let policies = policies.iter().map(|own| {
            let attached: Vec<Value> = own.attached.iter().map(way).collect();
            let path = (!own.path.is_empty()).then_some(&own.path);
            json!({ "name": own.name, "file": own.place, "path": path, "attached": attached })
        });
        policies.collect::<Vec<Value>>()
    });
    layer.insert("policies".to_string(), json!(policies));
}

fn way(attached: &Attached) -> Value {
    let (how, group) = match attached {
        Attached::Inline => ("inline", None),
        Attached::Managed => ("managed", None),
        Attached::GroupInline(group) => ("inline", Some(group)),
        Attached::GroupManaged(group) => ("managed", Some(group)),
    };
    json!({ "how": how, "group": group })
}

/// The explanation for programs.
fn machine(explanation: &Explanation, request: &Request<'_>) -> Value {
    let by: Vec<String> = explanation.outcome.layers().map(layer_name).collect();
    let layers: Vec<Value> = explanation
        .layers
        .iter()
        .map(|layer| {
            let (matched, near) = by_weight(layer);
            let all = |list: Vec<&StatementReport>| -> Vec<Value> {
                let values = list.into_iter().map(|own| statement_value(own, request));
                values.collect()
            };
            json!({
                "layer": layer_name(layer.layer),
                "applies": layer.applies,
                "reason": layer.reason,
                "verdict": layer.verdict.map(Effect::as_str),
                "statements": all(matched),
                "nearMisses": all(near),
            })
        })
        .collect();
    json!({
        "version": VERSION,
        "decision": explanation.outcome.decision().as_str(),
        "by": by,
        "message": message(explanation, request),
        "caller": caller_value(explanation, request),
        "layers": layers,
        "missingKeys": explanation.missing_keys,
        "notes": explanation.notes,
    })
}

/// Who asks, for programs.
fn caller_value(explanation: &Explanation, request: &Request<'_>) -> Value {
    let caller = &request.principal.caller;
    let (role_arn, session) = match *caller {
        Caller::Role {
            role_arn,
            session_arn,
            ..
        } => (Some(role_arn), session_arn.and_then(session_name)),
        _ => (None, None),
    };
    let tags: Map<String, Value> = tags_of(explanation)
        .map(|own| (own.key.clone(), json!(own.values)))
        .collect();
    json!({
        "arn": caller.arn(),
        "name": caller_name(caller),
        "roleArn": role_arn,
        "session": session,
        "userId": unique_id(request),
        "account": caller.account().map(|number| json!({ "number": number })),
        "tags": tags,
    })
}

/// A statement for programs.
fn statement_value(statement: &StatementReport, request: &Request<'_>) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_string());
    let mut value = json!({
        "policy": known(&statement.policy),
        "file": known(&statement.file),
        "path": known(&statement.path),
        "statement": statement.index,
        "sid": known(&statement.sid),
        "effect": statement.effect.as_str(),
        "line": (statement.start.0 > 0).then_some(statement.start.0),
        "column": (statement.start.0 > 0).then_some(statement.start.1),
        "offset": statement.offset,
        "endLine": (statement.end.0 > 0).then_some(statement.end.0),
        "endColumn": (statement.end.0 > 0).then_some(statement.end.1),
    });
    let Some(object) = value.as_object_mut() else {
        return value;
    };
    match statement.misses.first() {
        Some(first) => {
            // OUT-3: the first, and all.
            object.insert("missed".to_string(), json!(first.element()));
            let all = statement
                .misses
                .iter()
                .map(|miss| miss_value(miss, request));
            object.insert("misses".to_string(), all.collect());
        }
        None => {
            let held = statement.conditions.iter().map(condition_value);
            object.insert("conditions".to_string(), held.collect());
        }
    }
    if let Some(Miss::Condition(failed)) = statement.misses.first() {
        object.insert("condition".to_string(), condition_value(failed));
    }
    if let Some(lacking) = &statement.not_listed {
        let names = not_listed(lacking, &request.principal.caller);
        let value = json!({ "identities": names, "note": lacking.note });
        object.insert("notListed".to_string(), value);
    }
    value
}

/// An element that did not match, for programs.
fn miss_value(miss: &Miss, request: &Request<'_>) -> Value {
    let mut value = match miss {
        Miss::Action(miss) | Miss::Resource(miss) => {
            let entries = miss.entries.iter().map(|entry| {
                json!({
                    "written": entry.written,
                    "expanded": entry.expanded,
                    "missingKeys": entry.missing_keys,
                })
            });
            json!({
                "negated": miss.negated,
                "nearest": entries.collect::<Vec<_>>(),
                "count": miss.count,
            })
        }
        Miss::Principal(miss) => {
            let entries = nearest_principals(miss, &request.principal);
            let entries = entries
                .into_iter()
                .map(|own| json!({ own.kind: own.value }));
            json!({
                "negated": miss.negated,
                "nearest": entries.collect::<Vec<_>>(),
                "count": miss.entries.len(),
            })
        }
        Miss::Condition(condition) => condition_value(condition),
    };
    if let Some(object) = value.as_object_mut() {
        object.insert("element".to_string(), json!(miss.element()));
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
        "expandedValues": condition.expanded_values,
        "requestValues": (!is_absent).then_some(&condition.request_values),
        "note": condition.note,
    })
}
