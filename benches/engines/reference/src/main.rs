//! Adapter: the plain evaluator that portcullis is tested against. It walks the syntax tree.

use std::process::ExitCode;

use bumpalo::Bump;
use engine_shared::{Answer, Bench, Failure, Layer, Workload, broken, run};
use portcullis_model::{Caller, ContextEntry, Decision, PolicyKind, Principal, Request};
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_syntax::{Policy, PolicySets};

fn main() -> ExitCode {
    run(adapter)
}

fn read<'a>(workload: &'a Workload, arena: &'a Bump) -> Result<PolicySets<'a>, Failure> {
    let mut sets = PolicySets::default();
    for (layer, text) in &workload.policies {
        let kind = match layer {
            Layer::Identity => PolicyKind::Identity,
            Layer::Boundary => PolicyKind::Boundary,
            Layer::Session => PolicyKind::Session,
            Layer::Resource => PolicyKind::Resource,
            Layer::Scp(_) => PolicyKind::Scp,
        };
        let (document, _) = parse_policy(text, ReadOptions::new(kind), arena);
        let document = document.ok_or_else(|| broken("a document that does not load"))?;
        let list = match layer {
            Layer::Identity => &mut sets.identity,
            Layer::Boundary => sets.boundary.get_or_insert_default(),
            Layer::Session => sets.session.get_or_insert_default(),
            Layer::Resource => sets.resource.get_or_insert_default(),
            Layer::Scp(level) => {
                sets.scps
                    .resize_with(sets.scps.len().max(level + 1), Vec::new);
                &mut sets.scps[*level]
            }
        };
        list.push(Policy {
            name: "policy",
            file: "",
            text,
            document,
        });
    }
    Ok(sets)
}

fn adapter(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    let arena = Bump::new();
    let sets = bench.load(|| read(workload, &arena))?;
    let mut requests = Vec::new();
    for request in &workload.requests {
        let entries: Vec<_> = request
            .context
            .iter()
            .map(|(key, values)| ContextEntry {
                key,
                values: arena.alloc_slice_fill_iter(values.iter().map(String::as_str)),
            })
            .collect();
        requests.push(Request {
            principal: Principal {
                caller: Caller::from_arn(&request.principal).map_err(broken)?,
                user_id: None,
                management_account: false,
                session_token: false,
            },
            action: &request.action,
            resource: &request.resource,
            resource_account: None,
            context: arena.alloc_slice_copy(&entries),
            restrict_public_buckets: false,
            external_grant: false,
        });
    }
    bench.run(
        requests.len(),
        |index| match portcullis_reference::decide(&sets, &requests[index]).decision {
            Decision::Allow => Answer::Allow,
            Decision::ExplicitDeny => Answer::ExplicitDeny,
            Decision::ImplicitDeny => Answer::ImplicitDeny,
        },
    )
}
