//! The facade as an oracle: what embedders use decides as the machine below it.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use portcullis::{Authorizer, Decision, Principal, Resource, Target, check_action};
use portcullis_model::{Caller, Request as Asked, is_resource};
use portcullis_syntax::PolicySets;

use crate::Request;
use crate::oracle::{Answer, Oracle, VMS, images, split};

/// How requests come to an authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facade {
    /// As texts.
    Texts,
    /// By handles that the authorizer made.
    Handles,
    /// By handles that another authorizer made, over the same policies in other images.
    ForeignHandles,
}

impl Oracle for Facade {
    fn name(&self) -> &'static str {
        match self {
            Facade::Texts => "facade, from texts",
            Facade::Handles => "facade, by handles",
            Facade::ForeignHandles => "facade, by handles of another authorizer",
        }
    }

    /// The facade has no word yet for the bucket behind an access point.
    fn takes(&self, sets: &PolicySets<'_>) -> bool {
        sets.bucket.is_none()
    }

    fn answer(&self, sets: &PolicySets<'_>, requests: &[Request]) -> Result<Vec<Answer>, String> {
        let authorizer = Authorizer::new(images(std::slice::from_ref(sets), true, true)?);
        let mut others = split(sets);
        others.reverse();
        let other = Authorizer::new(images(&others, false, true)?);
        let mut request = authorizer.request();
        let mut answers = Vec::new();
        for asked in requests {
            let outcome = asked.with(|asked| match (self, principal(asked)) {
                // What cannot be said through constructors; scenarios can say it.
                (_, None) => request.fill_from(asked).decide(),
                (Facade::Texts, Some(principal)) => {
                    from_texts(&mut request, &authorizer, asked, &principal)
                }
                (Facade::Handles, Some(principal)) => {
                    by_handles(&mut request, &authorizer, asked, principal)
                }
                (Facade::ForeignHandles, Some(principal)) => {
                    by_handles(&mut request, &other, asked, principal)
                }
            });
            answers.push(Answer {
                decision: outcome.decision(),
                by: outcome.layers().collect(),
            });
        }
        // What is no action or no resource is nothing to the facade, and a text like others to the machine below it.
        let is_odd = |asked: &&Request| {
            check_action(&asked.action).is_err() || !is_resource(&asked.resource)
        };
        let odd: Vec<Request> = requests.iter().filter(is_odd).cloned().collect();
        if odd.is_empty() {
            return Ok(answers);
        }
        let mut below = VMS[0].answer(sets, &odd)?.into_iter();
        for (asked, answer) in requests.iter().zip(&mut answers) {
            if !is_odd(&asked) {
                continue;
            }
            if answer.decision != Decision::ImplicitDeny || !answer.by.is_empty() {
                return Err(format!("{asked:?} is decided: {answer:?}"));
            }
            if let Some(machine) = below.next() {
                *answer = machine;
            }
        }
        Ok(answers)
    }
}

type Prepared<'a> = portcullis::Request<'a>;

/// The principal of a request as the facade's constructors make it; none if they refuse it.
pub fn principal(asked: &Asked<'_>) -> Option<Principal> {
    let mut principal = match asked.principal.caller {
        Caller::Anonymous => Principal::anonymous(),
        Caller::Root { arn } | Caller::User { arn } | Caller::OriginAccessIdentity { arn } => {
            Principal::from_arn(arn).ok()?
        }
        Caller::Role {
            session_arn,
            role_arn,
            service_linked,
        } => {
            let role = match session_arn {
                Some(session) => Principal::session(session, role_arn),
                None => Principal::from_arn(role_arn),
            };
            match service_linked {
                true => role.ok()?.service_linked(),
                false => role.ok()?,
            }
        }
        Caller::FederatedUser { arn, federated_by } => match federated_by {
            Some(by) => Principal::federated_user(arn, by).ok()?,
            None => Principal::from_arn(arn).ok()?,
        },
        Caller::Service { name } => Principal::service(name),
        Caller::Federated { provider } => Principal::federated(provider),
        Caller::CanonicalUser { id } => Principal::canonical_user(id),
    };
    if let Some(id) = asked.principal.user_id {
        principal = principal.with_user_id(id);
    }
    if asked.principal.management_account {
        principal = principal.in_management_account();
    }
    Some(principal)
}

/// By the shortest way that can say the request.
fn from_texts(
    request: &mut Prepared<'_>,
    authorizer: &Authorizer,
    asked: &Asked<'_>,
    principal: &Principal,
) -> portcullis::Outcome {
    let arena = Bump::new();
    let mut single = ArenaVec::new_in(&arena);
    let mut is_single = true;
    for entry in asked.context {
        match entry.values {
            [value] => single.push((entry.key, *value)),
            _ => is_single = false,
        }
    }
    let target = target(asked, asked.resource);
    let arn = asked.principal.caller.arn();
    let is_plain = target.account.is_none()
        && !target.restrict_public_buckets
        && !target.external_grant
        && arn.is_some_and(|arn| Principal::from_arn(arn).as_ref() == Ok(principal));
    match (is_single, arn.filter(|_| is_plain)) {
        (true, Some(arn)) => match authorizer.check(arn, asked.action, asked.resource, &single) {
            Ok(outcome) => outcome,
            Err(_) => request.decide(),
        },
        (true, None) => request
            .fill(principal, asked.action, &target, &single)
            .decide(),
        (false, _) => {
            let resolved = authorizer.principal(principal.clone());
            request.begin(&authorizer.action(asked.action));
            for entry in asked.context {
                request.set_by_name(entry.key, entry.values);
            }
            request.finish(&resolved, &target).decide()
        }
    }
}

/// By handles that `resolver` makes.
fn by_handles(
    request: &mut Prepared<'_>,
    resolver: &Authorizer,
    asked: &Asked<'_>,
    principal: Principal,
) -> portcullis::Outcome {
    let resource = Resource::read(asked.resource);
    let resolved = resolver.principal(principal);
    // Somebody else first: nothing of an earlier caller may stay.
    let nobody = resolver.principal(Principal::anonymous());
    request.begin(&resolver.action(asked.action));
    request.finish(&nobody, &target(asked, &resource));
    for entry in asked.context {
        request.set(&resolver.key(entry.key), entry.values);
    }
    request
        .finish(&resolved, &target(asked, &resource))
        .decide()
}

fn target<'a>(asked: &Asked<'a>, resource: impl Into<portcullis::ResourceRef<'a>>) -> Target<'a> {
    Target {
        resource: resource.into(),
        account: asked.resource_account,
        restrict_public_buckets: asked.restrict_public_buckets,
        external_grant: asked.external_grant,
    }
}
