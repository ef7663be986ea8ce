//! Requests that were found, as scenarios write them.

use std::path::Path;

use portcullis::prove::{Caller, Finding, Policy, Witness};
use portcullis_model::PolicyKind;
use serde_json::{Value, json};

use super::question::Answered;
use crate::failure::Failure;
use crate::output::{display_name, write};

/// Each request as a scenario, with the policies that allow it. Returns how many were written, with those `before` of other
/// questions, whose files stay.
pub(super) fn write_witnesses(
    answered: &Answered<'_, '_>,
    before: usize,
) -> Result<usize, Failure> {
    let Some(folder) = &answered.question.common.witness else {
        return Ok(before);
    };
    let is_json = answered
        .policies
        .iter()
        .all(|own| own.text.trim_start().starts_with('{'));
    if !is_json {
        return Err(Failure::new("--witness needs policies that are JSON"));
    }
    if let Err(error) = std::fs::create_dir_all(folder) {
        let reason = crate::output::reason(&error);
        let name = display_name(folder);
        return Err(Failure::new(format_args!("cannot make {name}: {reason}")));
    }
    for (number, finding) in answered.findings().iter().enumerate() {
        let file = folder.join(format!("witness-{}.json", before + number + 1));
        write(&file, scenario(answered, finding, &file).as_bytes())?;
    }
    Ok(before + answered.findings().len())
}

fn scenario(answered: &Answered<'_, '_>, finding: &Finding, file: &Path) -> String {
    let texts: Vec<&str> = answered
        .policies
        .iter()
        .map(|own| own.text.trim())
        .collect();
    let witness = &finding.witness;
    let mut asked = request(witness);
    asked["expect"] = json!("Allow");
    let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let mut members = Vec::new();
    match witness.owner {
        Some(_) => {
            members.push(format!("\"identity\": [{everything}]"));
            members.push(format!(
                "\"resource\": {}",
                texts.first().copied().unwrap_or("null")
            ));
            asked["resourceAccount"] = json!("000000000000");
        }
        None => {
            let account = witness.with(|own| own.principal.caller.account().map(str::to_owned));
            let account = account.unwrap_or_default();
            // A control policy binds callers whom their own policies do not (`SCP-1`).
            let is_control = |own: &Policy<'_>| own.document.kind == PolicyKind::Scp;
            members.push(match answered.policies.iter().any(is_control) {
                true => format!(
                    "\"identity\": [{everything}], \"scps\": [[{}]]",
                    texts.join(", ")
                ),
                false => format!("\"identity\": [{}]", texts.join(", ")),
            });
            members.push(format!(
                r#""resource": {{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{account}"}}, "Action": "*", "Resource": "*"}}}}"#
            ));
        }
    }
    if matches!(witness.caller, Caller::FederatedUser { .. }) {
        members.push(format!("\"session\": [{everything}]"));
    }
    let name = json!(
        file.file_stem()
            .map(|own| own.to_string_lossy().into_owned())
    );
    format!(
        "{{\"name\": {name}, \"policies\": {{{}}},\n\"requests\": [{asked}]}}\n",
        members.join(", ")
    )
}

/// The request as scenarios write it.
pub(crate) fn request(witness: &Witness) -> Value {
    let principal = match &witness.caller {
        Caller::User { arn } | Caller::Root { arn } | Caller::OriginAccessIdentity { arn } => {
            json!({"arn": arn})
        }
        Caller::Role {
            role_arn,
            session_arn,
        } => json!({"arn": session_arn, "roleArn": role_arn}),
        Caller::FederatedUser { arn, maker: None } => json!({"arn": arn}),
        Caller::FederatedUser {
            arn,
            maker: Some(maker),
        } => json!({"arn": arn, "federatedBy": maker}),
        Caller::Service { name } => json!({"Service": name}),
        Caller::Anonymous => Value::Null,
        Caller::Federated { provider } => json!({"Federated": provider}),
        Caller::Canonical { id } => json!({"CanonicalUser": id}),
    };
    let mut context = serde_json::Map::new();
    for (key, values) in &witness.context {
        context.insert(key.clone(), json!(values));
    }
    let mut value = json!({
        "principal": principal,
        "action": witness.action,
        "resource": witness.resource,
        "context": context,
    });
    let account = witness.with(|request| request.resource_account.map(str::to_owned));
    if let Some(account) = account {
        value["resourceAccount"] = json!(account);
    }
    value
}
