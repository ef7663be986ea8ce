//! Generators of workloads. The same definition gives the same scenario on every machine.
//!
//! A generator knows its own statements, so it also says what each request must be answered: by the
//! few rules that its statements need, and not by any of the engines that are measured.

mod account;
mod shapes;

use std::path::Path;

use serde_json::{Value, json};

use crate::definitions::Workload;

/// A workload, ready to be given to adapters.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The scenario file.
    pub(crate) text: String,
    /// The decision that each request must get.
    pub(crate) expect: Vec<&'static str>,
    /// How many statements there are in all.
    pub(crate) statements: usize,
}

const ACCOUNT: &str = "123456789012";
const CALLER: &str = "arn:aws:iam::123456789012:user/alice";
/// The caller of W6: session policies limit sessions of roles, not users.
const ROLE: &str = "arn:aws:iam::123456789012:role/app";

/// A statement with what the generator knows of it.
#[derive(Clone, Debug)]
struct Rule {
    deny: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    condition: Option<Value>,
    principal: Option<Value>,
    /// True if principal and condition hold for the requests of the workload, which all have the
    /// same caller and context.
    holds: bool,
}

impl Rule {
    fn new(deny: bool, actions: &[&str], resources: &[&str]) -> Rule {
        let own = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Rule {
            deny,
            actions: own(actions),
            resources: own(resources),
            condition: None,
            principal: None,
            holds: true,
        }
    }

    fn when(mut self, condition: Value, holds: bool) -> Rule {
        self.condition = Some(condition);
        self.holds &= holds;
        self
    }

    fn of(mut self, principal: Value, holds: bool) -> Rule {
        self.principal = Some(principal);
        self.holds &= holds;
        self
    }

    fn json(&self) -> Value {
        let mut value = json!({
            "Effect": if self.deny { "Deny" } else { "Allow" },
            "Action": self.actions,
            "Resource": self.resources,
        });
        for (name, part) in [
            ("Principal", &self.principal),
            ("Condition", &self.condition),
        ] {
            if let Some(part) = part {
                value[name] = part.clone();
            }
        }
        value
    }

    fn applies(&self, action: &str, resource: &str) -> bool {
        let any = |list: &[String], text: &str| list.iter().any(|pattern| glob(pattern, text));
        self.holds && any(&self.actions, action) && any(&self.resources, resource)
    }
}

/// True if a pattern with stars matches.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    true
}

/// A policy set: its documents, each a list of rules.
type Set = Vec<Vec<Rule>>;

/// The policy sets of a workload.
#[derive(Debug, Default)]
struct Stack {
    identity: Set,
    boundary: Option<Set>,
    session: Option<Set>,
    resource: Option<Set>,
    scps: Vec<Set>,
}

impl Stack {
    fn sets(&self) -> impl Iterator<Item = &Set> {
        let one = [&self.identity].into_iter();
        let more = [&self.boundary, &self.session, &self.resource]
            .into_iter()
            .flatten();
        one.chain(more).chain(&self.scps)
    }

    /// The decision for caller and target in one account, where the target's policy adds to the
    /// caller's and every other set must allow.
    fn decide(&self, action: &str, resource: &str) -> &'static str {
        let finds = |set: &Set, deny: bool| {
            let mut rules = set.iter().flatten();
            rules.any(|rule| rule.deny == deny && rule.applies(action, resource))
        };
        if self.sets().any(|set| finds(set, true)) {
            return "ExplicitDeny";
        }
        let limits = [&self.boundary, &self.session]
            .into_iter()
            .flatten()
            .chain(&self.scps);
        let limited = limits.into_iter().any(|set| !finds(set, false));
        let granted = finds(&self.identity, false)
            || self.resource.as_ref().is_some_and(|set| finds(set, false));
        match granted && !limited {
            true => "Allow",
            false => "ImplicitDeny",
        }
    }
}

/// Generates a workload.
///
/// # Errors
/// A generator that does not exist, or data that cannot be read.
pub(crate) fn generate(root: &Path, workload: &Workload) -> Result<Scenario, String> {
    let (stack, requests) = match workload.generator.as_str() {
        "folder" => shapes::folder(),
        "services" => shapes::services(),
        "conditions" => shapes::conditions(),
        "stack" => shapes::stack(),
        "tenants" => return Ok(shapes::tenants(workload)),
        "rules" => return Ok(shapes::rules(workload)),
        "account" => return account::account(root, workload),
        "keto" => shapes::keto(workload),
        "hostile" => shapes::hostile(workload),
        other => return Err(format!("{}: there is no generator {other}", workload.name)),
    };
    Ok(scenario(&workload.name, &stack, requests))
}

/// The context that all requests have unless the workload is about conditions.
fn usual_context() -> Value {
    json!({
        "aws:SourceIp": "10.1.2.3",
        "aws:RequestedRegion": "eu-west-1",
        "aws:SecureTransport": "true",
        "aws:PrincipalTag/team": "team-a",
    })
}

struct Asked {
    caller: &'static str,
    action: String,
    resource: String,
    context: Value,
}

fn asked(action: &str, resource: &str) -> Asked {
    Asked {
        caller: CALLER,
        action: action.into(),
        resource: resource.into(),
        context: usual_context(),
    }
}

fn scenario(name: &str, stack: &Stack, requests: Vec<Asked>) -> Scenario {
    let documents = |set: &Set| -> Vec<Value> {
        let document = |rules: &Vec<Rule>| {
            let rules: Vec<_> = rules.iter().map(Rule::json).collect();
            json!({"Version": "2012-10-17", "Statement": rules})
        };
        set.iter().map(document).collect()
    };
    let mut policies = json!({"identity": documents(&stack.identity)});
    let others = [("boundary", &stack.boundary), ("session", &stack.session)];
    for (layer, set) in others {
        if let Some(set) = set {
            policies[layer] = documents(set).into();
        }
    }
    // One document, as in every scenario file.
    if let Some(document) = stack.resource.as_ref().and_then(|set| documents(set).pop()) {
        policies["resource"] = document;
    }
    if !stack.scps.is_empty() {
        policies["scps"] = stack.scps.iter().map(documents).collect();
    }
    let mut expect = Vec::new();
    let mut listed = Vec::new();
    for Asked {
        caller,
        action,
        resource,
        context,
    } in requests
    {
        let decision = stack.decide(&action, &resource);
        listed.push(request(caller, &action, &resource, &context, decision));
        expect.push(decision);
    }
    let value = json!({"name": name, "policies": policies, "requests": listed});
    let statements = stack.sets().flatten().map(Vec::len).sum();
    Scenario {
        text: value.to_string(),
        expect,
        statements,
    }
}

fn request(caller: &str, action: &str, resource: &str, context: &Value, expect: &str) -> Value {
    json!({
        "principal": caller,
        "action": action,
        "resource": resource,
        "resourceAccount": ACCOUNT,
        "context": context,
        "expect": expect,
    })
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_match_any_text() {
        assert!(glob("*", ""));
        assert!(glob("a*", "abc"));
        assert!(glob("a*b*c", "a-b-b-c"));
        assert!(glob("*xy*zw*", "1xy2zw3"));
        assert!(glob("exact", "exact"));
        assert!(!glob("exact", "exactly"));
        assert!(!glob("a*b*c", "a-c-b"));
        assert!(!glob("ab*b", "ab"));
        assert!(!glob("*aa*a", "aa"));
    }
}
