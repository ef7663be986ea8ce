//! The templates and conditions of the map of operations, in words.

use portcullis_catalog::{DraftPermission, Need};
use serde_json::Value;

use crate::Result;
use crate::foreign::text;

/// A permission as the map has it.
pub(crate) fn permission(value: &Value) -> Result<DraftPermission> {
    let action = text(value, "action")?;
    let mut permission = DraftPermission {
        action: action.to_owned(),
        is_documented: value.get("undocumented").is_none(),
        ..DraftPermission::default()
    };
    if let Some(condition) = value.get("when") {
        permission.need = Need::When(self::condition(condition)?);
    }
    if let Some(template) = value.get("arn").and_then(Value::as_str) {
        of_template(template, &mut permission);
    } else if let Some(templates) = value.get("arns").and_then(Value::as_object) {
        let members: Vec<String> = templates.keys().flat_map(|one| members(one)).collect();
        permission.resource = named(&members);
    }
    Ok(permission)
}

/// Which resource a template gives, and when it gives any.
fn of_template(template: &str, permission: &mut DraftPermission) {
    let is_role = permission.action == "iam:PassRole";
    let members = members(template);
    let parts: Vec<&str> = template
        .strip_prefix("%%iftruthy%")
        .and_then(|rest| rest.strip_suffix("%%"))
        .map_or(Vec::new(), |rest| rest.split('%').collect());
    match parts.as_slice() {
        // With a member, and without it nothing.
        [_, _, ""] => permission.need = present(&members),
        _ if template == "*" => {}
        // A list of members, each of which holds an ARN.
        _ if template.starts_with("${") || template.starts_with("%%many%") => {
            permission.resource = named(&members);
            if is_role {
                permission.need = present(&members);
            }
        }
        _ if template.contains("%%") => permission.resource = named(&members),
        _ => permission.resource = Some(template.to_owned()),
    }
}

/// `A.B[].C` of `${A.B[].C}`, for all of a template that come from the request.
fn members(template: &str) -> Vec<String> {
    const OF_THE_CALL: [&str; 3] = ["Partition", "Region", "Account"];
    let mut found: Vec<String> = Vec::new();
    for part in template.split("${").skip(1) {
        let Some((member, _)) = part.split_once('}') else {
            continue;
        };
        if !OF_THE_CALL.contains(&member) && !found.iter().any(|own| own == member) {
            found.push(member.to_owned());
        }
    }
    found
}

fn joined(members: &[String]) -> String {
    let members: Vec<String> = members.iter().map(|one| format!("`{one}`")).collect();
    members.join(" or ")
}

fn named(members: &[String]) -> Option<String> {
    (!members.is_empty()).then(|| format!("what {} names", joined(members)))
}

fn present(members: &[String]) -> Need<String> {
    match members.is_empty() {
        true => Need::Always,
        false => Need::When(format!("the request has {}", joined(members))),
    }
}

fn condition(condition: &Value) -> Result<String> {
    let member = text(condition, "lhs")?;
    let right = condition.get("rhs").and_then(Value::as_str);
    let right = right.unwrap_or_default().trim();
    let own = match text(condition, "op")? {
        "Exists" => format!("the request has `{member}`"),
        "NotExists" => format!("the request has no `{member}`"),
        "Equals" => format!("`{member}` is {right}"),
        "NotEquals" => format!("`{member}` is not {right}"),
        "IContains" | "Contains" => format!("`{member}` contains {right}"),
        "INotContains" => format!("`{member}` does not contain {right}"),
        "StartsWith" => format!("`{member}` begins with {right}"),
        "NotStartsWith" => format!("`{member}` does not begin with {right}"),
        other => return Err(format!("a condition {other:?}").into()),
    };
    match condition.get("andCondition") {
        None => Ok(own),
        Some(other) => Ok(format!("{own}, and {}", self::condition(other)?)),
    }
}
