//! Adapter: casbin, in memory, with the policy effect that a denial overrides.
//!
//! A rule for each action and resource of a statement. Casbin's `keyMatch` knows a star at the end
//! only and its `globMatch` compiles a pattern at each call, so both columns are compared by a function
//! of ours; where the rules need no more than `keyMatch`, that is used. There are no conditions.

use std::collections::HashMap;
use std::process::ExitCode;

use casbin::function_map::OperatorFunction;
use casbin::rhai::Dynamic;
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use engine_shared::{Answer, Bench, Failure, Layer, Workload, broken, glob, run, unsupported};
use futures_executor::block_on;

fn main() -> ExitCode {
    run(adapter)
}

/// The conditions that can be said: text equal to one value. Each becomes no column; a workload that
/// has others is refused.
fn model(matcher: &str) -> String {
    format!(
        "[request_definition]\nr = obj, act\n[policy_definition]\np = obj, act, eft\n\
         [policy_effect]\ne = some(where (p.eft == allow)) && !some(where (p.eft == deny))\n\
         [matchers]\nm = {matcher}\n"
    )
}

fn wildcard(text: Dynamic, pattern: Dynamic) -> Dynamic {
    let (text, pattern) = (
        text.into_immutable_string(),
        pattern.into_immutable_string(),
    );
    match (text, pattern) {
        (Ok(text), Ok(pattern)) => glob(&pattern, &text).into(),
        _ => false.into(),
    }
}

fn adapter(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    if workload.layers() != [Layer::Identity] {
        return Err(unsupported("one policy set only"));
    }
    let mut rows = Vec::new();
    let mut kinds: HashMap<&str, bool> = HashMap::new();
    for statement in workload.statements(&Layer::Identity)? {
        if !statement.conditions().is_empty() {
            return Err(unsupported("no conditions of the AWS kind"));
        }
        for action in statement.actions() {
            for resource in statement.resources() {
                let is_inner = |text: &str| {
                    text.find(['*', '?'])
                        .is_some_and(|at| at + 1 < text.len() || text.ends_with('?'))
                };
                *kinds.entry("inner").or_default() |= is_inner(&resource) || is_inner(&action);
                *kinds.entry("any").or_default() |= action.contains('*');
                let effect = if statement.denies() { "deny" } else { "allow" };
                rows.push(vec![resource, action.clone(), effect.to_string()]);
            }
        }
    }
    let has = |kind: &str| kinds.get(kind).copied().unwrap_or(false);
    let action = if has("any") {
        "wildcard(r.act, p.act)"
    } else {
        "r.act == p.act"
    };
    let resource = if has("inner") {
        "wildcard(r.obj, p.obj)"
    } else {
        "keyMatch(r.obj, p.obj)"
    };
    let text = model(&format!("{action} && {resource}"));
    let enforcer = bench.load(|| {
        block_on(async {
            let model = DefaultModel::from_str(&text).await.map_err(broken)?;
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default())
                .await
                .map_err(broken)?;
            enforcer.enable_auto_save(false);
            enforcer.add_function("wildcard", OperatorFunction::Arg2(wildcard));
            enforcer.add_policies(rows).await.map_err(broken)?;
            Ok(enforcer)
        })
    })?;
    bench.run(workload.requests.len(), |index| {
        let request = &workload.requests[index];
        match enforcer.enforce((request.resource.as_str(), request.action.as_str())) {
            Ok(true) => Answer::Allow,
            _ => Answer::Deny,
        }
    })
}
