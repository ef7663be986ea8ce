//! Oracles: things that answer requests, and the comparison of their answers.

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::{Image, View};
use portcullis_model::{Decision, Layer};
use portcullis_syntax::PolicySets;

use portcullis_vm::{Action, Key, Known, Resource, ResourceRef, Target};

use crate::facade::Facade;
use crate::minimise::minimise;
use crate::{Request, World};

/// An answer: the decision and the policy sets that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The decision.
    pub decision: Decision,
    /// For denials the policy sets, in the order in which reasons are named (`EVAL-11`).
    pub by: Vec<Layer>,
}

/// Something that answers requests against policies.
pub trait Oracle {
    /// What it is called in failures.
    fn name(&self) -> &'static str;

    /// True if these policies can be said to it.
    fn takes(&self, _: &PolicySets<'_>) -> bool {
        true
    }

    /// Answers requests in turn.
    ///
    /// # Errors
    /// What went wrong before a decision could be made; always a failure of a test.
    fn answer(&self, sets: &PolicySets<'_>, requests: &[Request]) -> Result<Vec<Answer>, String>;
}

/// The reference evaluator.
pub struct Reference;

impl Oracle for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn answer(&self, sets: &PolicySets<'_>, requests: &[Request]) -> Result<Vec<Answer>, String> {
        let decide = |request: &portcullis_model::Request<'_>| {
            let outcome = portcullis_reference::decide(sets, request);
            Answer {
                decision: outcome.decision,
                by: outcome.by,
            }
        };
        Ok(requests
            .iter()
            .map(|request| request.with(decide))
            .collect())
    }
}

/// Compiler, image and virtual machine.
pub struct Vm {
    /// Compile the debug sections.
    pub debug: bool,
    /// Compile the index.
    pub index: bool,
    /// Resolve names first, as a host does that keeps them.
    pub typed: bool,
    /// Ask `explain` in place of `decide`.
    pub explain: bool,
    /// Compile each policy set to an image of its own and decide on the stack of them.
    pub split: bool,
}

impl Oracle for Vm {
    fn name(&self) -> &'static str {
        match (self.index, self.explain, self.split) {
            _ if self.typed => "vm, names resolved first",
            (_, true, _) => "vm, explained",
            (_, _, true) => "vm, an image for each set",
            (false, ..) => "vm without index",
            (true, ..) => "vm",
        }
    }

    fn answer(&self, sets: &PolicySets<'_>, requests: &[Request]) -> Result<Vec<Answer>, String> {
        let images_of = |sets: &PolicySets<'_>| {
            let parts = if self.split {
                split(sets)
            } else {
                vec![sets.clone()]
            };
            images(&parts, self.debug, self.index)
        };
        let bucket = sets.bucket.as_ref().zip(sets.of_bucket());
        let bucket = bucket.map(|(bucket, sets)| Ok::<_, String>((bucket, images_of(&sets)?)));
        let bucket = bucket.transpose()?;
        let images = images_of(&sets.without_bucket())?;
        let views = || images.iter().map(Image::view);
        let mut prepared = portcullis_vm::Request::new();
        let mut behind = portcullis_vm::Request::new();
        let mut answers = Vec::new();
        for request in requests {
            request.with(|request| match self.typed {
                true => fill_typed(&mut prepared, views(), request),
                false => prepared.fill(views(), request),
            });
            let outcome = if let Some((bucket, images)) = &bucket {
                let views_behind = images.iter().map(Image::view);
                let resource = portcullis_vm::resource_behind(&request.resource, bucket.arn)
                    .ok_or("a bucket behind what is no access point")?;
                let of_point = request.resource.split(':').nth(4);
                request.with(|request| {
                    let request = portcullis_model::Request {
                        resource: &resource,
                        resource_account: bucket.account.or(request.resource_account).or(of_point),
                        ..*request
                    };
                    match self.typed {
                        true => fill_typed(&mut behind, views_behind.clone(), &request),
                        false => behind.fill(views_behind.clone(), &request),
                    }
                });
                portcullis_vm::decide_through(views(), &prepared, views_behind, &behind)
            } else if self.explain {
                portcullis_vm::explain(views(), &prepared).outcome
            } else {
                portcullis_vm::decide(views(), &prepared)
            };
            answers.push(Answer {
                decision: outcome.decision(),
                by: outcome.layers().collect(),
            });
        }
        Ok(answers)
    }
}

/// An image of each of some sets of policies.
pub(crate) fn images(
    sets: &[PolicySets<'_>],
    debug: bool,
    index: bool,
) -> Result<Vec<Image<Vec<u8>>>, String> {
    let image = |sets| {
        let bytes = compile(sets, Options { debug, index }).map_err(|error| error.to_string())?;
        Image::from_bytes(bytes).map_err(|error| error.to_string())
    };
    sets.iter().map(image).collect()
}

/// Fills a request from names that were resolved before.
fn fill_typed<'i>(
    prepared: &mut portcullis_vm::Request,
    views: impl Iterator<Item = View<'i>> + Clone,
    request: &portcullis_model::Request<'_>,
) {
    let action = Action::resolve(views.clone(), request.action);
    let known = Known::resolve(views.clone(), &request.principal);
    let resource = Resource::read(request.resource);
    let target = Target {
        resource: ResourceRef::from(&resource),
        account: request.resource_account,
        restrict_public_buckets: request.restrict_public_buckets,
        external_grant: request.external_grant,
    };
    prepared.begin(views.clone());
    for entry in request.context {
        let key = Key::resolve(views.clone(), entry.key);
        prepared.add_key(views.clone(), &key, entry.values);
    }
    prepared.set_action(views.clone(), &action);
    // Somebody else first: nothing of an earlier caller may stay.
    let root = portcullis_model::Principal {
        caller: portcullis_model::Caller::Root {
            arn: "arn:aws:iam::111122223333:root",
        },
        user_id: None,
        management_account: true,
    };
    prepared.finish(views.clone(), &root, None, &target);
    prepared.finish(views, &request.principal, Some(&known), &target);
}

/// One set of policies for each policy set. Levels of a chain stay together, since their numbers are
/// their places.
pub(crate) fn split<'a>(sets: &PolicySets<'a>) -> Vec<PolicySets<'a>> {
    let none = PolicySets::default;
    vec![
        PolicySets {
            identity: sets.identity.clone(),
            ..none()
        },
        PolicySets {
            boundary: sets.boundary.clone(),
            ..none()
        },
        PolicySets {
            session: sets.session.clone(),
            ..none()
        },
        PolicySets {
            resource: sets.resource.clone(),
            ..none()
        },
        PolicySets {
            vpc_endpoint: sets.vpc_endpoint.clone(),
            ..none()
        },
        PolicySets {
            scps: sets.scps.clone(),
            ..none()
        },
        PolicySets {
            rcps: sets.rcps.clone(),
            ..none()
        },
    ]
}

/// An oracle that every thread may ask.
pub type Shared = &'static (dyn Oracle + Sync);

/// Every configuration of the machine, and every way through the facade.
pub static VMS: [Shared; 8] = {
    const PLAIN: Vm = Vm {
        debug: false,
        index: true,
        typed: false,
        explain: false,
        split: false,
    };
    [
        &PLAIN,
        &Vm {
            index: false,
            ..PLAIN
        },
        &Vm {
            debug: true,
            explain: true,
            ..PLAIN
        },
        &Vm {
            debug: true,
            split: true,
            ..PLAIN
        },
        &Vm {
            typed: true,
            split: true,
            ..PLAIN
        },
        &Facade::Texts,
        &Facade::Handles,
        &Facade::ForeignHandles,
    ]
};

/// Asks the reference and the machines, and tells the first disagreement as a scenario, reduced to what
/// is needed for it.
///
/// # Errors
/// The text of the failure. The answers of the reference if there is none.
pub fn compare(world: &World, requests: &[Request], vms: &[Shared]) -> Result<Vec<Answer>, String> {
    let expected = match differences(world, requests, vms)? {
        Ok(expected) => return Ok(expected),
        Err(difference) => difference,
    };
    let Some(request) = requests.get(expected.request) else {
        return Err("an answer without a request".into());
    };
    let still = |world: &World, request: &Request| {
        let again = differences(world, std::slice::from_ref(request), vms);
        matches!(again, Ok(Err(_)))
    };
    let (world, request) = minimise(world, request, &still);
    let small = match differences(&world, std::slice::from_ref(&request), vms)? {
        Err(difference) => difference,
        // It takes several requests in turn: the first world it is, then.
        Ok(_) => expected,
    };
    Err(format!(
        "{} says {:?}, {} says {:?}:\n{}",
        small.vm,
        small.answer,
        Reference.name(),
        small.expected,
        world.scenario("disagreement", &request, small.expected.decision.as_str()),
    ))
}

/// An answer that is not that of the reference.
struct Difference {
    vm: &'static str,
    request: usize,
    answer: Answer,
    expected: Answer,
}

/// The answers of the reference, or the first of a machine that is another.
fn differences(
    world: &World,
    requests: &[Request],
    vms: &[Shared],
) -> Result<Result<Vec<Answer>, Difference>, String> {
    let arena = Bump::new();
    let sets = world.read(&arena)?;
    let all = Reference.answer(&sets, requests)?;
    for vm in vms.iter().filter(|vm| vm.takes(&sets)) {
        let answers = vm.answer(&sets, requests)?;
        for (request, (expected, answer)) in all.iter().zip(answers).enumerate() {
            if *expected != answer {
                return Ok(Err(Difference {
                    vm: vm.name(),
                    request,
                    answer,
                    expected: expected.clone(),
                }));
            }
        }
    }
    Ok(Ok(all))
}
