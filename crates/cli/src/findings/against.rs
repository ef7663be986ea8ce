//! What AWS's analyzer found, beside what is found here.

use std::path::Path;

use bumpalo::Bump;
use portcullis_model::{is_account_id, split_arn};
use portcullis_source::json::{Member, Node};
use portcullis_source::{Reader, codes, field, present, quoted, slots};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::inputs::{parse, source};

/// A finding of AWS's analyzer, in the shape of `ListFindings` (`AA-451`).
pub(super) struct Exported {
    pub(super) id: String,
    pub(super) resource: String,
    pub(super) resource_type: Option<String>,
    /// The member and value of `principal`.
    pub(super) principal: (String, String),
    pub(super) actions: Vec<String>,
    /// The keys of `condition`, in lower case and sorted.
    keys: Vec<String>,
    /// Some finding here is the same.
    pub(super) is_met: bool,
}

/// What was exported.
#[derive(Default)]
pub(super) struct Export {
    pub(super) all: Vec<Exported>,
    /// Findings that say not enough to be compared: their ids, and why.
    pub(super) unreadable: Vec<(String, &'static str)>,
    /// How many are resolved, so that nothing here can be the same.
    pub(super) resolved: usize,
}

impl Export {
    /// Reads a list of findings, or an object that has one as `findings`.
    pub(super) fn read(path: &Path, arena: &Bump) -> Result<Export, Failure> {
        let source = source(path, arena)?;
        let node: &Node<'_> = arena.alloc(parse(&source, arena)?);
        let mut reader = Reader::new(&source);
        let list = node
            .as_array()
            .or_else(|| field(node, "findings").and_then(|own| own.as_array()));
        let mut export = Export::default();
        match list {
            Some(list) => list.iter().for_each(|own| export.take(own, &mut reader)),
            None => reader.problem(
                codes::UNKNOWN_FORM,
                node.span.first_byte(),
                "this is neither a list of findings nor an object with `findings`",
            ),
        }
        match reader.problems.is_empty() {
            true => Ok(export),
            false => Err(Failure::problems(&reader.problems)),
        }
    }

    /// AWS adds members to its answers; those that are read have their types.
    fn take<'a>(&mut self, node: &Node<'a>, reader: &mut Reader<'a>) {
        let Some(members) = node.as_object() else {
            reader.mismatch(node, "a finding", "an object");
            return;
        };
        let slots = slots(
            members,
            &[
                "id",
                "status",
                "findingType",
                "resource",
                "resourceType",
                "error",
                "principal",
                "action",
                "condition",
            ],
        );
        let [
            id,
            status,
            kind,
            resource,
            resource_type,
            error,
            principal,
            action,
            condition,
        ] = slots.known;
        let texts = [id, status, kind, resource, resource_type, error];
        let [id, status, kind, resource, resource_type, error] = texts.map(|own| reader.text(own));
        let principal = pairs(principal, reader);
        let condition = pairs(condition, reader).unwrap_or_default();
        let actions = reader.texts(action).unwrap_or_default();
        let id = id.unwrap_or("(without id)").to_owned();
        if status == Some("RESOLVED") {
            self.resolved += 1;
            return;
        }
        if kind.is_some_and(|own| own != "ExternalAccess") {
            self.unreadable
                .push((id, "it is no finding of external access"));
            return;
        }
        let (Some(resource), Some([principal])) = (resource, principal.as_deref()) else {
            let reason = match error {
                Some(_) => "the analyzer could not read the resource",
                None => "it does not say resource and principal; `get-finding` does",
            };
            self.unreadable.push((id, reason));
            return;
        };
        let mut keys: Vec<String> = condition
            .iter()
            .map(|(key, _)| key.to_lowercase())
            .collect();
        keys.sort_unstable();
        self.all.push(Exported {
            id,
            resource: resource.to_owned(),
            resource_type: resource_type.map(str::to_owned),
            principal: principal.clone(),
            actions: actions.into_iter().map(str::to_owned).collect(),
            keys,
            is_met: false,
        });
    }

    /// The exported finding that is the same as one that is printed here: of the same resource and principal, and by conditions on
    /// the same keys if there are several.
    pub(super) fn meet(&mut self, finding: &Value) -> Option<&Exported> {
        let of = |name: &str| finding.get(name).and_then(Value::as_str);
        let resource = of("resource")?.to_owned();
        let principal = finding.get("principal").and_then(Value::as_object)?;
        let (member, value) = principal.iter().next()?;
        let value = plain(value.as_str()?);
        let keys = keys_of(finding);
        let is_same = |own: &Exported| {
            let theirs = plain(&own.principal.1);
            !own.is_met && own.resource == resource && own.principal.0 == *member && theirs == value
        };
        let all = &mut self.all;
        let exact = all.iter().position(|own| is_same(own) && own.keys == keys);
        let place = exact.or_else(|| all.iter().position(is_same))?;
        let met = all.get_mut(place)?;
        met.is_met = true;
        Some(met)
    }
}

impl Exported {
    /// In what two findings of the same principal differ, in words.
    pub(super) fn difference(&self, finding: &Value) -> Vec<String> {
        let mut told = Vec::new();
        let keys = keys_of(finding);
        if keys != self.keys {
            let list = |own: &[String]| match own {
                [] => "none".to_owned(),
                own => own.join(", "),
            };
            told.push(format!(
                "conditions on other keys: ours {}, theirs {}",
                list(&keys),
                list(&self.keys)
            ));
        }
        let ours = finding.get("action").and_then(Value::as_array);
        let ours: Vec<String> = ours
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_lowercase)
            .collect();
        let theirs: Vec<String> = self.actions.iter().map(|own| own.to_lowercase()).collect();
        let missing = |all: &[String], from: &[String]| {
            let own = all.iter().filter(|own| !from.contains(own));
            own.cloned().collect::<Vec<_>>().join(", ")
        };
        let (only_ours, only_theirs) = (missing(&ours, &theirs), missing(&theirs, &ours));
        if !only_ours.is_empty() {
            told.push(format!("actions that only ours has: {only_ours}"));
        }
        if !only_theirs.is_empty() {
            told.push(format!("actions that only theirs has: {only_theirs}"));
        }
        told
    }

    /// The finding as it is printed.
    pub(super) fn object(&self) -> Value {
        let (member, value) = &self.principal;
        json!({
            "id": self.id,
            "resource": self.resource,
            "resourceType": self.resource_type,
            "principal": { member: value },
            "action": self.actions,
        })
    }
}

/// The members of an object whose values are texts; none if it is absent or null.
fn pairs<'a>(
    member: Option<&'a Member<'a>>,
    reader: &mut Reader<'a>,
) -> Option<Vec<(String, String)>> {
    let member = present(member)?;
    let Some(members) = member.value.as_object() else {
        reader.mismatch(&member.value, &quoted(member.key.value), "an object");
        return None;
    };
    let mut found = Vec::new();
    for own in members {
        match own.value.as_str() {
            Some(text) => found.push((own.key.value.to_owned(), text.to_owned())),
            None => reader.mismatch(&own.value, &quoted(own.key.value), "a string"),
        }
    }
    Some(found)
}

/// The keys of the conditions of a finding that is printed here, in lower case and sorted.
fn keys_of(finding: &Value) -> Vec<String> {
    let operators = finding.get("condition").and_then(Value::as_object);
    let keys = operators.into_iter().flat_map(|own| own.values());
    let keys = keys.filter_map(Value::as_object).flat_map(|own| own.keys());
    let mut keys: Vec<String> = keys.map(|own| own.to_lowercase()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// An account is told by its number or by the ARN of its root user (`GRAM-34`).
fn plain(principal: &str) -> &str {
    match split_arn(principal) {
        Some([.., account, "root"]) if is_account_id(account) => account,
        _ => principal,
    }
}
