//! Adapter: iam-rs, which reads AWS JSON itself.
//!
//! It knows one policy set; the layers are one evaluator each, joined by the code a host would write.

use std::process::ExitCode;

use engine_shared::{Answer, Bench, Failure, Kind, Workload, broken, join, run};
use iam_rs::{
    Arn, Context, ContextValue, Decision, EvaluationOptions, IAMPolicy, IAMRequest,
    PolicyEvaluator, Principal, PrincipalId,
};

fn main() -> ExitCode {
    run(adapter)
}

fn adapter(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    let layers = workload.layers();
    let evaluators = bench.load(|| {
        let mut evaluators = Vec::new();
        for layer in &layers {
            let texts = workload.policies.iter().filter(|(other, _)| other == layer);
            let policies: Result<Vec<_>, _> =
                texts.map(|(_, text)| IAMPolicy::from_json(text)).collect();
            // The default limit of 1,000 statements is a guard, not a property of the engine.
            let options = EvaluationOptions {
                max_statements: usize::MAX,
                ..Default::default()
            };
            let evaluator = PolicyEvaluator::with_policies(policies.map_err(broken)?);
            evaluators.push(evaluator.with_options(options));
        }
        Ok(evaluators)
    })?;
    let kinds = workload.kinds()?;
    let mut requests = Vec::new();
    for request in &workload.requests {
        let mut context = Context::new();
        for ((key, values), is_list) in request.context.iter().zip(&request.is_list) {
            let one = values.first().cloned().unwrap_or_default();
            let value = match kinds.get(key) {
                _ if *is_list => ContextValue::StringList(values.clone()),
                Some(Kind::Number) => ContextValue::Number(one.parse().map_err(broken)?),
                Some(Kind::Bool) => ContextValue::Boolean(one == "true"),
                Some(Kind::Date) => ContextValue::DateTime(one.parse().map_err(broken)?),
                _ => ContextValue::String(one),
            };
            context.insert(key.clone(), value);
        }
        requests.push(IAMRequest::new_with_context(
            Principal::Aws(PrincipalId::String(request.principal.clone())),
            request.action.clone(),
            Arn::parse(&request.resource).map_err(broken)?,
            context,
        ));
    }
    bench.run(requests.len(), |index| {
        join(&layers, |layer| {
            match evaluators[layer].evaluate(&requests[index]) {
                Ok(result) => match result.decision {
                    Decision::Allow => Answer::Allow,
                    Decision::Deny => Answer::ExplicitDeny,
                    Decision::NotApplicable => Answer::ImplicitDeny,
                },
                Err(_) => Answer::Deny,
            }
        })
    })
}
