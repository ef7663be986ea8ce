//! Who may do anything, or may give itself the policies for it.
//!
//! Two tests for each principal: an action that no policy names, which only who may do everything may do, and the actions on
//! itself by which a principal takes any permission. A list of dangerous permissions would go out of date, and was rejected.
//!
//! It finds who is an administrator by itself. Ways over other principals, services and functions are not followed:
//! `who_can` with hops answers that for roles.

use portcullis_model::ContextEntry;

use crate::arn::EntityKind;
use crate::decide::check::run_resolved;
use crate::decide::given::GivenKeys;
use crate::decide::handles::PreparedResource;
use crate::error::EngineError;
use crate::plan::action::PreparedAction;
use crate::plan::generation::Generation;
use crate::query::access::AccessQuery;
use crate::query::scan::{Worker, in_parallel, principal, scans_of};

/// A principal with effective administrator rights, and why it counts as one. One of the two reasons at least is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Its ARN.
    pub arn: String,
    /// It may do anything: also what no policy names.
    pub everything: bool,
    /// What it may do to itself, by which it could give itself anything.
    pub escalations: Vec<&'static str>,
}

/// What a user or role may do to itself to become an administrator.
const ESCALATIONS: [(EntityKind, &str); 6] = [
    (EntityKind::User, "iam:AttachUserPolicy"),
    (EntityKind::User, "iam:PutUserPolicy"),
    (EntityKind::User, "iam:AddUserToGroup"),
    (EntityKind::Role, "iam:AttachRolePolicy"),
    (EntityKind::Role, "iam:PutRolePolicy"),
    (EntityKind::Role, "iam:UpdateAssumeRolePolicy"),
];

/// An action of a service that there is not: only who may do everything may do this.
const ANYTHING: &str = "portcullis-any-service:AnyAction";

/// Every principal that may do anything, or may give itself policies.
///
/// # Errors
/// As [`Directory::matrix`](crate::Directory::matrix).
pub(crate) fn admins(
    generation: Generation<'_>,
    context: &[ContextEntry<'_>],
    threads: usize,
    found: &mut dyn FnMut(Admin),
) -> Result<(), EngineError> {
    let anything = scans_of(
        generation,
        &[AccessQuery {
            action: ANYTHING,
            resource: "*",
            resource_account: None,
            context,
        }],
    )?;
    let actions = ESCALATIONS.iter();
    let stack = &generation.plan.stack;
    let actions = actions.map(|(kind, name)| (*kind, *name, PreparedAction::new(stack, name)));
    let actions: Vec<(EntityKind, &'static str, PreparedAction)> = actions.collect();
    let context = GivenKeys::Entries(context);
    let ask = |worker: &mut Worker, index| {
        let Some((arn, kind)) = principal(generation, index) else {
            return Ok(None);
        };
        let everything = worker.decide(generation, index, &anything, 0)?.is_allow();
        let itself = PreparedResource::new(generation.tables, generation.id(), &arn, None);
        let mut escalations = Vec::new();
        for (_, name, action) in actions.iter().filter(|(own, ..)| *own == kind) {
            let memory = &mut worker.memory;
            let outcome = run_resolved(memory, generation, index, (action, &itself), context)?;
            if outcome.is_allow() {
                escalations.push(*name);
            }
        }
        let is_admin = everything || !escalations.is_empty();
        Ok(is_admin.then_some(Admin {
            arn,
            everything,
            escalations,
        }))
    };
    in_parallel(generation, threads, &ask, &mut |_, admin: Option<Admin>| {
        if let Some(admin) = admin {
            found(admin);
        }
    })
}
