//! `simulate`: what AWS's policy simulator is asked, answered in its shape (section 6.3 of the rules),
//! without its limits: trust policies, resource control policies and session policies take part.

mod answer;
mod input;

use std::path::PathBuf;
use std::process::ExitCode;

use bumpalo::Bump;
use clap::{Args, ValueEnum};
use portcullis::Reports;
use portcullis_directory::{Directory, RequestPolicies};
use portcullis_explain::{Attached, Scene};
use portcullis_model::{
    Caller, ContextEntry, Layer, Principal, PrincipalError, Request, check_action, split_arn,
};
use portcullis_scenario::{Note, session_caller};
use portcullis_syntax::{Policy, PolicySets};
use serde_json::{Value, json};

use crate::directory::{DirectoryArgs, Keep};
use crate::engine::{NEEDS_POLICIES, add_notes, explained, insert_notes, request_notes};
use crate::failure::Failure;
use crate::output::Output;
use crate::simulate::answer::{evaluation, specific};
use crate::simulate::input::Input;

const EXAMPLES: &str = "\
Examples:
  portcullis simulate input.json
  portcullis simulate --directory dumps principal.json --without scp

The input is that of `aws iam simulate-custom-policy --cli-input-json`, or with --directory and a
PolicySourceArn that of `simulate-principal-policy`. Beside its members there may be
SessionPolicyInputList. Context keys are those of ContextEntries and what follows from the caller and the
directory; time and region are never made up.

Exit status: 0 simulated, whatever the decisions, 3 a policy is invalid, 1 any other failure.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SimulateArgs {
    /// The input, a JSON object; `-` is standard input
    #[arg(default_value = "-", hide_default_value = true)]
    file: PathBuf,
    #[command(flatten)]
    directory: DirectoryArgs,
    /// Policies that are left out
    #[arg(long, value_enum, value_name = "LAYER", value_delimiter = ',')]
    without: Vec<Without>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Without {
    Scp,
    Rcp,
    Boundary,
    Session,
    Resource,
    VpcEndpoint,
}

/// A caller that the input does not name. Nothing follows from it.
const NOBODY: &str = "arn:aws:iam::000000000000:user/simulated";
const OF_NOBODY: [&str; 4] = [
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:userid",
    "aws:username",
];

pub(crate) fn run(args: &SimulateArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let input = Input::read(&args.file, &arena)?;
    let directory = args.directory.open(Keep::Explanations)?;
    if input.source.is_some() && directory.is_none() {
        return Err(Failure::new(
            "PolicySourceArn names a principal of a directory: give --directory DIR",
        ));
    }
    let mut results = Vec::new();
    let mut notes = Vec::new();
    for action in &input.actions {
        check_action(action).map_err(|error| {
            let help = error
                .help()
                .map_or(String::new(), |help| format!("; {help}"));
            Failure::new(format_args!("`{action}` is not an action: {error}{help}"))
        })?;
        let mut of_resources = Vec::new();
        for resource in &input.resources {
            let arena = Bump::new();
            let simulated = args.explain(&input, directory.as_ref(), action, resource, &arena)?;
            add_notes(&mut notes, simulated.notes);
            let (explanation, request) = (simulated.explanation, simulated.request);
            of_resources.push(specific(&explanation, &request, &input));
        }
        results.push(evaluation(action, &of_resources));
    }
    let mut answer = json!({ "EvaluationResults": results, "IsTruncated": false });
    let is_incomplete = directory.as_ref().is_some_and(Directory::is_incomplete);
    if let Some(object) = answer.as_object_mut() {
        if is_incomplete {
            object.insert("incomplete".to_string(), Value::Bool(true));
        }
        insert_notes(object, &notes);
    }
    let mut output = Output::new();
    let text = serde_json::to_string_pretty(&answer).map_err(Failure::new)?;
    output.line(&text)?;
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// `SIM-14`: inline policies are called after whom they are of, and the policy of the resource as such.
fn name_policies<'a>(sets: &mut PolicySets<'a>, scene: &Scene, arena: &'a Bump) {
    for policy in sets.resource.iter_mut().flatten() {
        policy.name = "ResourcePolicy";
    }
    let entity = scene.caller.entity.as_deref().unwrap_or_default();
    let kind = match entity.contains(":role/") {
        true => "role",
        false => "user",
    };
    let own_name = entity.rsplit('/').next().unwrap_or_default();
    let own = scene
        .layers
        .iter()
        .filter(|own| own.layer == Layer::Identity);
    for applied in own.flat_map(|own| own.policies.iter().flatten()) {
        let Some(attached) = applied.attached.first() else {
            continue;
        };
        let mut policies = sets.identity.iter_mut();
        let is_it = |policy: &&mut Policy<'_>| {
            (policy.name, policy.file) == (applied.name.as_str(), applied.place.as_str())
        };
        if let Some(policy) = policies.find(is_it) {
            *policy = named(*policy, attached, kind, own_name, arena);
        }
    }
}

/// A policy under the name that answers call it by.
fn named<'a>(
    policy: Policy<'a>,
    attached: &Attached,
    kind: &str,
    own_name: &str,
    arena: &'a Bump,
) -> Policy<'a> {
    let name = match attached {
        Attached::Inline => format!("{kind}_{own_name}_{}", policy.name),
        Attached::GroupInline(group) => format!("group_{group}_{}", policy.name),
        Attached::Managed | Attached::GroupManaged(_) => return policy,
    };
    Policy {
        name: arena.alloc_str(&name),
        ..policy
    }
}

/// What one pair of action and resource comes to.
struct Simulated<'a> {
    explanation: Reports,
    /// As far as the answer needs it.
    request: Request<'a>,
    /// What was guessed or assumed.
    notes: Vec<String>,
}

/// `CallerArn` or `PolicySourceArn`: any ARN of a caller, and what was guessed of it.
fn caller_of<'a>(
    arn: &'a str,
    context: &[ContextEntry<'a>],
    arena: &'a Bump,
) -> Result<(Caller<'a>, Option<Note<'a>>), Failure> {
    let caller = match Caller::from_arn(arn) {
        Err(PrincipalError::SessionNeedsRole) => session_caller(arn, context, arena),
        caller => caller.map(|caller| (caller, None)),
    };
    caller.map_err(|error| Failure::new(format_args!("`{arn}`: {error}")))
}

impl SimulateArgs {
    /// Explains one pair of action and resource.
    fn explain<'a>(
        &self,
        input: &'a Input<'a>,
        directory: Option<&'a Directory>,
        action: &'a str,
        resource: &'a str,
        arena: &'a Bump,
    ) -> Result<Simulated<'a>, Failure> {
        // A group asks for nothing itself: somebody in it does, of whom no more is known.
        let group = input.source.filter(|arn| arn.contains(":group/"));
        let in_account = |group: &str, rest: &str| {
            let parts = split_arn(group);
            let (partition, account) = parts
                .map_or(("", ""), |[_, partition, _, _, account, _]| {
                    (partition, account)
                });
            &*arena.alloc_str(&format!("arn:{partition}:iam::{account}:{rest}"))
        };
        let caller_arn = match group {
            None => input.source.or(input.caller),
            Some(group) => Some(in_account(group, "root")),
        };
        let (caller, mut note) = match caller_arn {
            None => (Caller::User { arn: NOBODY }, None),
            Some(arn) => caller_of(arn, &input.context, arena)?,
        };
        let mut context: Vec<ContextEntry<'a>> = input.context.clone();
        if caller_arn.is_none() || group.is_some() {
            let is_given = |key: &str| {
                let mut given = input.context.iter();
                given.any(|entry| entry.key.eq_ignore_ascii_case(key))
            };
            let is_known = |key: &str| group.is_some() && key == "aws:PrincipalAccount";
            let hidden = OF_NOBODY.into_iter();
            let hidden = hidden.filter(|key| !is_given(key) && !is_known(key));
            context.extend(hidden.map(|key| ContextEntry { key, values: &[] }));
        }
        let resource_account = match (input.owner, directory, resource) {
            (_, _, "*") => None,
            (Some(owner), _, _) => Some(owner),
            // AWS takes the caller's account; a directory knows better.
            (None, None, _) => caller.account(),
            (None, Some(_), _) => None,
        };
        let mut request = Request {
            principal: Principal {
                caller,
                user_id: None,
                management_account: false,
                session_token: false,
            },
            action,
            resource,
            resource_account,
            context: arena.alloc_slice_copy(&context),
            restrict_public_buckets: false,
            external_grant: false,
        };
        let mut sets = PolicySets::default();
        let mut is_owner_known = input.owner.is_some();
        let (mut notes, mut is_undecidable) = (Vec::new(), false);
        if let (Some(directory), Some(_)) = (directory, input.source) {
            let question = directory
                .complete(&request, RequestPolicies::default(), arena)
                .map_err(Failure::new)?;
            notes = directory.notes(&question);
            is_undecidable = question.is_undecidable();
            let known = directory.policies(&question, arena);
            sets = known.ok_or_else(|| Failure::new(NEEDS_POLICIES))?;
            input.exclude(&mut sets);
            let scene = directory
                .provenance(&request, &question)
                .map_err(Failure::new)?;
            name_policies(&mut sets, &scene, arena);
            input.exclude(&mut sets);
            request = question.request;
            note = note.filter(|_| !question.knows_caller);
            is_owner_known |= request.resource_account.is_some();
            if let Some(group) = group {
                let policies = directory.group_policies(group, arena).ok_or_else(|| {
                    Failure::new(format_args!("the directory has no group `{group}`"))
                })?;
                sets.identity = policies
                    .into_iter()
                    .map(|(attached, policy)| named(policy, &attached, "", "", arena))
                    .collect();
                input.exclude(&mut sets);
                let arn = in_account(group, "user/simulated");
                request.principal.caller = Caller::User { arn };
            }
        }
        input.add_to(&mut sets);
        for layer in &self.without {
            match layer {
                Without::Scp => sets.scps.clear(),
                Without::Rcp => {
                    sets.rcps.clear();
                    sets.bucket.iter_mut().for_each(|own| own.rcps.clear());
                }
                Without::Boundary => sets.boundary = None,
                Without::Session => sets.session = None,
                Without::Resource => {
                    sets.resource = None;
                    sets.bucket = None;
                    is_undecidable = false;
                }
                Without::VpcEndpoint => sets.vpc_endpoint = None,
            }
        }
        sets.write_out_apis(std::iter::once(resource), arena);
        let mut explanation = explained(&sets, &request).map_err(Failure::new)?;
        if is_undecidable {
            // GRAM-54.
            explanation.outcome = explanation.outcome.unless_allowed_by(Layer::Resource);
        }
        // The caller's account, which AWS takes for the owner's, is an assumption all the same.
        let said = match is_owner_known {
            true => request,
            false => Request {
                resource_account: None,
                ..request
            },
        };
        Ok(Simulated {
            explanation,
            notes: request_notes(note.as_slice(), &said, sets.vpc_endpoint.is_some())
                .into_iter()
                .chain(notes)
                .collect(),
            request,
        })
    }
}
