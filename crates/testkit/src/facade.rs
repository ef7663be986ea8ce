//! The facade as an oracle: what embedders use decides as the machine below it.

use portcullis::{
    Authorizer, Bucket, Decision, Image, Outcome, Principal, Query, Resource, Scratch, Value,
    check_action,
};
use portcullis_model::{Caller, Request as Asked, is_resource};
use portcullis_syntax::PolicySets;

use crate::Request;
use crate::oracle::{Answer, Oracle, VMS, images, native, split};

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

    fn answer(&self, sets: &PolicySets<'_>, requests: &[Request]) -> Result<Vec<Answer>, String> {
        let authorizer = authorizer(sets, |sets| images(&[sets], true, true))?;
        let other = authorizer_of_others(sets)?;
        let mut scratch = Scratch::new();
        let mut answers = Vec::new();
        for asked in requests {
            let outcome = asked.with(|asked| match (self, principal(asked)) {
                // What cannot be said through constructors; scenarios can say it.
                (_, None) => authorizer.decide(&Query::from(asked)),
                (Facade::Texts, Some(principal)) => {
                    from_texts(&authorizer, &mut scratch, asked, &principal)
                }
                (Facade::Handles, Some(principal)) => {
                    by_handles(&authorizer, &authorizer, &mut scratch, asked, principal)
                }
                (Facade::ForeignHandles, Some(principal)) => {
                    by_handles(&authorizer, &other, &mut scratch, asked, principal)
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

/// An authorizer over the images of some policies, with those of the bucket behind an access point.
///
/// # Errors
/// Those of making the images.
pub fn authorizer(
    sets: &PolicySets<'_>,
    images: impl Fn(PolicySets<'_>) -> Result<Vec<Image<Vec<u8>>>, String>,
) -> Result<Authorizer, String> {
    let authorizer = Authorizer::new(images(sets.without_bucket())?);
    let Some((bucket, of_bucket)) = sets.bucket.as_ref().zip(sets.of_bucket()) else {
        return Ok(authorizer);
    };
    let mut behind = Bucket::new(bucket.arn, images(of_bucket)?);
    if let Some(account) = bucket.account {
        behind = behind.owned_by(account);
    }
    Ok(authorizer.with_bucket(behind))
}

/// The same policies, each set in an image of its own, in another order.
fn authorizer_of_others(sets: &PolicySets<'_>) -> Result<Authorizer, String> {
    authorizer(sets, |sets| {
        let mut parts = split(&sets);
        parts.reverse();
        images(&parts, false, true)
    })
}

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
    if asked.principal.session_token {
        principal = principal.by_session_token();
    }
    Some(principal)
}

/// As texts.
fn from_texts(
    authorizer: &Authorizer,
    scratch: &mut Scratch,
    asked: &Asked<'_>,
    principal: &Principal,
) -> Outcome {
    let context: Vec<(&str, Value<'_>)> = asked
        .context
        .iter()
        .map(|entry| match entry.values {
            [value] => (entry.key, Value::Text(value)),
            values => (entry.key, Value::Texts(values)),
        })
        .collect();
    let query = Query::new(principal, asked.action, asked.resource).context(&context);
    every_way(authorizer, scratch, &with_rest(query, asked))
}

/// By handles that `resolver` makes.
fn by_handles(
    authorizer: &Authorizer,
    resolver: &Authorizer,
    scratch: &mut Scratch,
    asked: &Asked<'_>,
    principal: Principal,
) -> Outcome {
    let names: Vec<&str> = asked.context.iter().map(|entry| entry.key).collect();
    let values: Vec<Value<'_>> = asked
        .context
        .iter()
        .map(|entry| native(entry.values))
        .collect();
    let site = resolver.prepare(asked.action, &names);
    let principal = resolver.resolve(principal);
    let resource = Resource::read(asked.resource);
    let query = Query::at(&site, &values, &principal, &resource);
    every_way(authorizer, scratch, &with_rest(query, asked))
}

/// What every call that decides says.
fn every_way(authorizer: &Authorizer, scratch: &mut Scratch, query: &Query<'_>) -> Outcome {
    let outcome = authorizer.decide(query);
    assert_eq!(authorizer.decide_with(scratch, query), outcome);
    authorizer.decide_many(scratch, &[*query, *query], |_, own| {
        assert_eq!(own, outcome);
    });
    let ready = authorizer.ready(scratch, query);
    for _ in 0..2 {
        assert_eq!(ready.decide(), outcome);
    }
    assert_eq!(ready.explain().outcome, outcome);
    outcome
}

/// With what is known beside caller, action, resource and context.
pub fn with_rest<'q>(query: Query<'q>, asked: &Asked<'q>) -> Query<'q> {
    query
        .owner(asked.resource_account)
        .restrict_public_buckets(asked.restrict_public_buckets)
        .external_grant(asked.external_grant)
}
