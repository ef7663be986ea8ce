//! Adapter: iam-rs, which reads AWS JSON itself.
//!
//! It knows one policy set; the layers are one evaluator each, joined by the code a host would write. So are
//! callers with different policies.

use std::process::ExitCode;

use engine_shared::{Answer, Bench, Failure, Kind, Layer, Workload, broken, join, run_account};
use iam_rs::{
    Arn, Context, ContextValue, Decision, EvaluationOptions, IAMPolicy, IAMRequest,
    PolicyEvaluator, Principal, PrincipalId,
};

fn main() -> ExitCode {
    run_account(adapter)
}

fn adapter(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    let layers = workload.layers();
    let evaluator = |texts: &mut dyn Iterator<Item = &str>| -> Result<_, Failure> {
        let policies: Result<Vec<_>, _> = texts.map(IAMPolicy::from_json).collect();
        // The default limit of 1,000 statements is a guard, not a property of the engine.
        let options = EvaluationOptions {
            max_statements: usize::MAX,
            ..Default::default()
        };
        let evaluator = PolicyEvaluator::with_policies(policies.map_err(broken)?);
        Ok(evaluator.with_options(options))
    };
    let evaluators = bench.load(|| {
        let of_layer = |layer: &Layer| {
            let own = workload.policies.iter().filter(|(other, _)| other == layer);
            evaluator(&mut own.map(|(_, text)| text.as_str()))
        };
        let of_caller = |(_, own): &(String, Vec<usize>)| {
            let own = own
                .iter()
                .filter_map(|policy| workload.policies.get(*policy));
            evaluator(&mut own.map(|(_, text)| text.as_str()))
        };
        match workload.attached.is_empty() {
            true => layers.iter().map(of_layer).collect::<Result<Vec<_>, _>>(),
            false => workload.attached.iter().map(of_caller).collect(),
        }
    })?;
    let callers = match workload.attached.is_empty() {
        true => Vec::new(),
        false => workload.callers()?,
    };
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
            let evaluator = callers.get(index).copied().unwrap_or(layer);
            match evaluators[evaluator].evaluate(&requests[index]) {
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
