//! A story for programs.

use portcullis_directory::{AccountStory, Attached, GrantMiss, GrantStory, LayerStory, Source};
use portcullis_model::{Layer, Request};
use serde_json::{Map, Value, json};

use crate::engine::layer_name;
use crate::report;
use crate::story::Story;
use crate::story::changes::Need;

pub(super) fn value(story: &Story<'_>) -> Value {
    let mut value = report::machine(story.explanation, story.request);
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
                .map(|own| report::statement_value(own, request))
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
            json!({ "name": own.name, "file": own.place, "attached": attached })
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
