//! What the machine says, and the policies by which it does.

use bumpalo::Bump;
use portcullis_directory::{Directory, Engine};
use portcullis_model::{ContextEntry, Request};
use portcullis_prove::Example;
use portcullis_syntax::{Policy, PolicySets};

use crate::caller::Asker;
use crate::class::stranger;

/// What is given of all requests: keys, and the owner of the resources.
pub type GivenFor<'d> = (&'d [ContextEntry<'d>], Option<&'d str>);

/// Adds policies, layer by layer.
pub(super) fn join<'a>(all: &mut PolicySets<'a>, own: &PolicySets<'a>) {
    fn layer<'a>(all: &mut Option<Vec<Policy<'a>>>, own: &Option<Vec<Policy<'a>>>) {
        if let Some(own) = own {
            all.get_or_insert_default().extend(own.iter().copied());
        }
    }
    fn chain<'a>(all: &mut Vec<Vec<Policy<'a>>>, own: &[Vec<Policy<'a>>]) {
        if all.len() < own.len() {
            all.resize_with(own.len(), Vec::new);
        }
        for (level, own) in all.iter_mut().zip(own) {
            level.extend(own.iter().copied());
        }
    }
    all.identity.extend(own.identity.iter().copied());
    layer(&mut all.boundary, &own.boundary);
    layer(&mut all.session, &own.session);
    layer(&mut all.resource, &own.resource);
    layer(&mut all.vpc_endpoint, &own.vpc_endpoint);
    chain(&mut all.scps, &own.scps);
    chain(&mut all.rcps, &own.rcps);
}

/// What a directory decides of a request that has the keys of an example and those that are given.
pub(super) fn decide(
    directory: &Directory,
    engine: &mut Engine,
    asker: &Asker<'_>,
    (given, owner): GivenFor<'_>,
    example: &Example,
) -> Result<bool, String> {
    let values: Vec<Vec<&str>> = example
        .context
        .iter()
        .map(|(_, values)| values.iter().map(String::as_str).collect())
        .collect();
    let own = example.context.iter().zip(&values);
    let own = own.filter(|(_, values)| !values.is_empty());
    let own = own.map(|((key, _), values)| ContextEntry { key, values });
    let context: Vec<ContextEntry<'_>> = given.iter().copied().chain(own).collect();
    let request = Request {
        principal: asker.principal,
        context: &context,
        resource_account: owner,
        ..Request::new(asker.principal.caller, &example.action, &example.resource)
    };
    match engine.check(directory, &request) {
        Ok(outcome) => Ok(outcome.is_allow()),
        Err(error) => {
            // Somebody of an account that the directory does not have.
            let arena = Bump::new();
            let completed = directory.complete(&request, stranger(&arena), &arena);
            let completed = completed.map_err(|_| error.to_string())?;
            let outcome = engine.decide(directory, &completed);
            outcome
                .map(|outcome| outcome.is_allow())
                .map_err(|error| error.to_string())
        }
    }
}
