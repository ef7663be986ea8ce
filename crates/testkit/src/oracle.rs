//! Oracles: things that answer requests, and the comparison of their answers.

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_model::{Decision, Layer, Principal};
use portcullis_syntax::PolicySets;
use portcullis_vm::{
    ActionRef, CallSite, Context, PrincipalHandle, Query, Resource, ResourceRef, Value,
};

use crate::facade::Facade;
use crate::machine::Machine;
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
        let mut machine = Machine::new(images.iter().map(Image::view));
        let mut behind = bucket.as_ref().map(|(bucket, images)| {
            let machine = Machine::new(images.iter().map(Image::view));
            (bucket, machine)
        });
        let mut answers = Vec::new();
        for request in requests {
            let ask = |request: &portcullis_model::Request<'_>| match &mut behind {
                Some((bucket, other)) => {
                    let resource = portcullis_vm::resource_behind(request.resource, bucket.arn)
                        .ok_or("a bucket behind what is no access point")?;
                    let of_point = request.resource.split(':').nth(4);
                    let of_bucket = portcullis_model::Request {
                        resource: &resource,
                        resource_account: bucket.account.or(request.resource_account).or(of_point),
                        ..*request
                    };
                    let query = Query::from(&of_bucket);
                    Ok(machine.decide_through(&Query::from(request), (&mut *other, &query)))
                }
                None if self.explain => Ok(machine.explain(request).outcome),
                None if self.typed => Ok(by_names(&mut machine, &images, request)),
                None => Ok::<_, String>(machine.decide(request)),
            };
            let outcome = request.with(ask)?;
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

/// Decides by names that were resolved before: in place of the texts that the request has, and of those of keys some are
/// numbers, dates and addresses.
fn by_names(
    machine: &mut Machine<'_>,
    images: &[Image<Vec<u8>>],
    request: &portcullis_model::Request<'_>,
) -> portcullis_vm::Outcome {
    let views = || images.iter().map(Image::view);
    let pairs: Vec<(&str, Value<'_>)> = request
        .context
        .iter()
        .map(|entry| (entry.key, native(entry.values)))
        .collect();
    // Some keys are the site's, and some come beside it.
    let (own, others) = pairs.split_at(pairs.len().div_ceil(2));
    let (names, values): (Vec<&str>, Vec<Value<'_>>) = own.iter().copied().unzip();
    let site = CallSite::resolve(views(), request.action, &names);
    let known = PrincipalHandle::resolve(views(), &request.principal);
    let resource = Resource::read(request.resource);
    let root = Principal {
        caller: portcullis_model::Caller::Root {
            arn: "arn:aws:iam::111122223333:root",
        },
        user_id: None,
        management_account: true,
        session_token: false,
    };
    let own = Query {
        principal_handle: Some(&known),
        action: ActionRef::Site(&site),
        context: Context::Site(&site, &values, others),
        resource: ResourceRef::from(&resource),
        ..Query::from(request)
    };
    // Somebody else first: nothing of an earlier caller may stay.
    let other = Query {
        principal: root,
        principal_handle: None,
        ..own
    };
    let _ = machine.ask(&other);
    machine.ask(&own)
}

/// Values as a host has them that would write them as these texts.
pub(crate) fn native<'a>(texts: &'a [&'a str]) -> Value<'a> {
    match texts {
        [] => Value::Absent,
        [text] => Value::of_text(text),
        _ => Value::Texts(texts),
    }
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
