//! A finding, for people and programs.

use portcullis_findings::{Finding, Implied, Witness, resource_type};
use serde_json::{Map, Value, json};

use super::against::Export;

/// A finding, for people and programs.
pub(super) struct Row {
    /// What Access Analyzer has for it (`AA-451`), and a request.
    pub(super) object: Value,
    /// The cells of the table.
    pub(super) cells: Vec<String>,
}

impl Row {
    pub(super) fn of(finding: &Finding) -> Row {
        let mut actions: Vec<&str> = Vec::new();
        let mut but: Vec<&str> = Vec::new();
        for own in &finding.actions {
            let list = if own.negated { &mut but } else { &mut actions };
            list.extend(own.patterns.iter().map(String::as_str));
        }
        let sources = finding
            .sources
            .iter()
            .map(|own| json!({ "type": own.as_str() }));
        let mut principal = Map::new();
        let member = finding.principal.member();
        principal.insert(member.to_owned(), json!(finding.principal.value));
        let object = json!({
            "findingType": "ExternalAccess",
            "resource": finding.resource,
            "resourceType": resource_type(&finding.resource),
            "resourceOwnerAccount": finding.owner,
            "principal": principal,
            "isPublic": finding.is_public,
            "action": actions,
            "notAction": but,
            "condition": condition(&finding.condition),
            "sources": sources.collect::<Vec<_>>(),
            "resourceControlPolicyRestriction": finding.restriction.as_str(),
            "answer": if finding.request.is_some() { "yes" } else { "unknown" },
            "requests": finding.request.iter().map(request).collect::<Vec<_>>(),
            "reasons": finding.reasons,
        });
        let mut all = actions.join(", ");
        if !but.is_empty() {
            let separator = if all.is_empty() { "" } else { ", " };
            all = format!("{all}{separator}all but {}", but.join(", "));
        }
        let only_if = finding.condition.iter().map(|own| {
            let values = own.values.join(",");
            format!("{} {} {values}", own.key, own.operator)
        });
        let public = match finding.is_public {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        let example = match &finding.request {
            Some(request) => example(request),
            None => format!("unknown: {}", finding.reasons.join("; ")),
        };
        let cells = vec![
            finding.resource.clone(),
            finding.principal.value.clone(),
            public.to_owned(),
            all,
            only_if.collect::<Vec<_>>().join(" and "),
            example,
        ];
        Row { object, cells }
    }
}

impl Row {
    /// Adds a member.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Some(object) = self.object.as_object_mut() {
            object.insert(name.to_owned(), value);
        }
    }

    /// Looks for the same among what AWS's analyzer found: cells of who found it, and in what the two differ.
    pub(super) fn compare(&mut self, export: &mut Export) -> Vec<String> {
        let met = export.meet(&self.object);
        let by = if met.is_some() { "both" } else { "ours" };
        let differences = met.map(|own| own.difference(&self.object));
        let differences = differences.unwrap_or_default();
        let id = met.map(|own| own.id.clone());
        self.set("foundBy", json!(by));
        self.set("theirId", json!(id));
        self.set("differences", json!(differences));
        vec![by.to_owned(), differences.join("; ")]
    }
}

/// Conditions in the shape of a policy's.
fn condition(all: &[Implied]) -> Value {
    let mut operators: Map<String, Value> = Map::new();
    for own in all {
        let keys = operators
            .entry(own.operator.clone())
            .or_insert_with(|| json!({}));
        let Some(keys) = keys.as_object_mut() else {
            continue;
        };
        // Two conditions of one operator and key: what both list is told apart in no policy either.
        let values = keys.entry(own.key.clone()).or_insert_with(|| json!([]));
        if let Some(values) = values.as_array_mut() {
            values.extend(own.values.iter().map(|value| json!(value)));
        }
    }
    Value::Object(operators)
}

/// The keys that a request has.
fn keys(request: &Witness) -> impl Iterator<Item = &(String, Vec<String>)> {
    request
        .context
        .iter()
        .filter(|(_, values)| !values.is_empty())
}

fn request(request: &Witness) -> Value {
    let keys = keys(request).map(|(key, values)| (key.clone(), json!(values)));
    json!({
        "principal": request.who(),
        "action": request.action,
        "resource": request.resource,
        "keys": keys.collect::<Map<String, Value>>(),
    })
}

fn example(request: &Witness) -> String {
    let keys = keys(request).map(|(key, values)| format!("{key}={}", values.join(",")));
    let keys: Vec<String> = keys.collect();
    let with = match keys.is_empty() {
        true => String::new(),
        false => format!(" with {}", keys.join(" and ")),
    };
    let who = request.who();
    format!("{} on {} by {who}{with}", request.action, request.resource)
}
