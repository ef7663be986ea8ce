//! An account: published policies, each attached to some of its roles.

use std::fs;
use std::path::Path;

use portcullis_testkit::{Bytes, json_value};
use serde_json::{Value, json};

use super::{ACCOUNT, Rule, Scenario, request, usual_context};
use crate::definitions::Workload;

/// How many policies a role has at least and at most; ten is the quota that accounts have.
const ATTACHED: (usize, usize) = (2, 10);

/// The file's policies, attached to roles; every request is one of another role.
///
/// Conditions of published policies are not judged here: where a statement with a condition would apply,
/// another request is drawn.
///
/// # Errors
/// The file cannot be read, or is not one policy a line.
pub(super) fn account(root: &Path, workload: &Workload) -> Result<Scenario, String> {
    let data = workload.data.as_deref().unwrap_or("");
    let fail = |reason: &dyn std::fmt::Display| format!("{data}: {reason}");
    let text = fs::read_to_string(root.join(data)).map_err(|error| fail(&error))?;
    let mut documents = Vec::new();
    let mut rules = Vec::new();
    for line in text.lines() {
        let mut value = json_value(line).map_err(|error| fail(&error))?;
        let document = value["document"].take();
        rules.push(statements(&document));
        documents.push(document);
    }
    if documents.is_empty() {
        return Err(fail(&"no policies"));
    }
    let mut bytes = Bytes::new(1641);
    let role = |number: usize| format!("arn:aws:iam::{ACCOUNT}:role/service-{number:04}");
    let mut attached = serde_json::Map::new();
    let mut of_role: Vec<Vec<usize>> = Vec::new();
    for number in 0..workload.size.max(1) {
        let (least, most) = ATTACHED;
        let count = least + bytes.below(most - least + 1);
        // The first roles together have every policy.
        // All roles together have every policy, unless there are very few roles.
        let own = (number..documents.len()).step_by(workload.size.max(1));
        let mut list: Vec<usize> = own.take(most).collect();
        while list.len() < count {
            list.push(bytes.below(documents.len()));
        }
        list.sort_unstable();
        list.dedup();
        attached.insert(role(number), json!(list));
        of_role.push(list);
    }
    let mut requests = Vec::new();
    let mut expect = Vec::new();
    // Most draws serve; the bound is for files whose every statement has a condition.
    for _ in 0..workload.requests * 100 {
        if requests.len() == workload.requests {
            break;
        }
        let number = bytes.below(of_role.len());
        let own: Vec<&Known> = of_role
            .get(number)
            .into_iter()
            .flatten()
            .filter_map(|policy| rules.get(*policy))
            .flatten()
            .collect();
        let Some((action, resource)) = ask(&mut bytes, &own, requests.len() % 4 == 3) else {
            continue;
        };
        let Some(decision) = decide(&own, &action, &resource) else {
            continue;
        };
        let context = usual_context();
        requests.push(request(
            &role(number),
            &action,
            &resource,
            &context,
            decision,
        ));
        expect.push(decision);
    }
    if requests.is_empty() {
        return Err(fail(&"no request that could be judged"));
    }
    let value = json!({
        "name": workload.name,
        "policies": {"identity": documents},
        "attached": attached,
        "requests": requests,
    });
    Ok(Scenario {
        text: value.to_string(),
        expect,
        statements: rules.iter().map(Vec::len).sum(),
    })
}

/// A statement as far as it is understood here.
struct Known {
    rule: Rule,
    /// True if `Action` is `NotAction`.
    not_action: bool,
    not_resource: bool,
    conditional: bool,
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(list).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

fn statements(document: &Value) -> Vec<Known> {
    let one = [document["Statement"].clone()];
    let all = document["Statement"]
        .as_array()
        .map_or(&one[..], Vec::as_slice);
    let known = |statement: &Value| {
        let either = |name: &str| {
            let not = &statement[format!("Not{name}")];
            match not.is_null() {
                true => (false, list(&statement[name])),
                false => (true, list(not)),
            }
        };
        let (not_action, actions) = either("Action");
        let (not_resource, resources) = either("Resource");
        let mut rule = Rule::new(statement["Effect"] == "Deny", &[], &[]);
        rule.actions = actions;
        rule.resources = resources;
        Known {
            rule,
            not_action,
            not_resource,
            conditional: !statement["Condition"].is_null(),
        }
    };
    all.iter().map(known).collect()
}

/// An action and a resource that one of the statements is about, or nearly.
fn ask(bytes: &mut Bytes, own: &[&Known], near: bool) -> Option<(String, String)> {
    let known = own.get(bytes.below(own.len().max(1)))?;
    let pattern = |bytes: &mut Bytes, list: &[String]| -> Option<String> {
        let text = list.get(bytes.below(list.len().max(1)))?;
        // Region and account of an ARN.
        let part = |(at, part)| match (at, part) {
            (3, "*") => "eu-west-1",
            (4, "*") => ACCOUNT,
            _ => part,
        };
        let parts: Vec<&str> = text.splitn(6, ':').enumerate().map(part).collect();
        Some(parts.join(":").replace('*', "abc").replace('?', "d"))
    };
    let action = pattern(bytes, &known.rule.actions)?;
    let resource = pattern(bytes, &known.rule.resources)?;
    // Variables would need the request's keys; an action or target without its form is no request; roles
    // and keys are guarded by policies of their own, which are not here.
    let guarded = ["sts:", "kms:"]
        .iter()
        .any(|service| action.starts_with(service));
    if resource.contains("${") || !action.contains(':') || guarded {
        return None;
    }
    let resource = match resource.as_str() {
        "abc" => {
            let service = action.split(':').next().unwrap_or("s3");
            format!("arn:aws:{service}:eu-west-1:{ACCOUNT}:thing/abc")
        }
        _ => resource,
    };
    match near {
        true => Some((format!("{action}x"), resource)),
        false => Some((action, resource)),
    }
}

/// The decision, unless it hangs on a condition or a variable.
fn decide(own: &[&Known], action: &str, resource: &str) -> Option<&'static str> {
    let (mut allowed, mut denied) = (false, false);
    for known in own {
        let rule = &known.rule;
        let any = |list: &[String], text: &str| list.iter().any(|one| super::glob(one, text));
        // Letter case does not count in actions.
        let lower = |text: &String| text.to_lowercase();
        let actions: Vec<String> = rule.actions.iter().map(lower).collect();
        if any(&actions, &action.to_lowercase()) == known.not_action {
            continue;
        }
        let odd = |one: &String| one.contains("${") || one.contains('?');
        if rule.resources.iter().any(odd) || rule.actions.iter().any(odd) {
            return None;
        }
        if any(&rule.resources, resource) == known.not_resource {
            continue;
        }
        if known.conditional {
            return None;
        }
        denied |= rule.deny;
        allowed |= !rule.deny;
    }
    Some(match (denied, allowed) {
        (true, _) => "ExplicitDeny",
        (false, true) => "Allow",
        (false, false) => "ImplicitDeny",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Known, decide, statements};

    #[test]
    fn only_what_hangs_on_no_condition_is_judged() {
        let found = statements(&json!({"Statement": [
            {"Effect": "Allow", "Action": ["s3:Get*", "sqs:*"], "Resource": "*"},
            {"Effect": "Allow", "NotAction": ["iam:*", "s3:*", "sqs:*"], "Resource": ["arn:aws:ec2:*"]},
            {"Effect": "Deny", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::open/*"},
            {"Effect": "Deny", "Action": "sqs:Purge*", "Resource": "*", "Condition": {"Bool": {"a": "true"}}},
        ]}));
        let own: Vec<&Known> = found.iter().collect();
        for (action, resource, expected) in [
            ("s3:getobject", "arn:aws:s3:::open/k", Some("Allow")),
            ("s3:GetObject", "arn:aws:s3:::b/k", Some("ExplicitDeny")),
            ("ec2:RunInstances", "arn:aws:ec2:::i", Some("Allow")),
            ("ec2:RunInstances", "arn:aws:s3:::i", Some("ImplicitDeny")),
            ("iam:GetUser", "arn:aws:ec2:::i", Some("ImplicitDeny")),
            ("sqs:SendMessage", "arn:aws:sqs:::q", Some("Allow")),
            ("sqs:PurgeQueue", "arn:aws:sqs:::q", None),
        ] {
            assert_eq!(
                decide(&own, action, resource),
                expected,
                "{action} {resource}"
            );
        }
    }
}
