//! Deciding with one engine, or with both.

use clap::ValueEnum;
use portcullis_compile::{Options, compile};
use portcullis_image::{Image, View};
use portcullis_model::{Decision, Layer, Request, access_point, is_account_id, split_arn};
use portcullis_scenario::Note;
use portcullis_syntax::PolicySets;
use portcullis_vm::{Explanation, Outcome, Plan, Query, Ready, Scratch};
use serde_json::{Map, Value, json};

/// Who decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// The compiler and the virtual machine
    #[default]
    Vm,
    /// The plain evaluator that the virtual machine is tested against
    Reference,
    /// Both; it is an error if they disagree
    Both,
}

/// A decision with the policy sets that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) decision: Decision,
    pub(crate) by: Vec<Layer>,
    /// What was guessed or assumed.
    pub(crate) notes: Vec<String>,
    /// Something that may change it is not there or was not seen.
    pub(crate) is_incomplete: bool,
}

impl Answer {
    /// What the virtual machine says.
    pub(crate) fn of(outcome: portcullis_vm::Outcome) -> Answer {
        Answer {
            decision: outcome.decision(),
            by: outcome.layers().collect(),
            notes: Vec::new(),
            is_incomplete: false,
        }
    }

    /// The same, unless it is an Allow: that becomes an implicit deny by a policy set that cannot be read
    /// (`GRAM-54`).
    pub(crate) fn unless_allowed_by(mut self, layer: Layer) -> Answer {
        if self.decision.is_allow() {
            self.decision = Decision::ImplicitDeny;
            self.by = vec![layer];
        }
        self
    }

    /// With notes, each once.
    pub(crate) fn with_notes(mut self, notes: impl IntoIterator<Item = String>) -> Answer {
        add_notes(&mut self.notes, notes);
        self
    }
}

/// Adds notes that are not there yet.
pub(crate) fn add_notes(all: &mut Vec<String>, notes: impl IntoIterator<Item = String>) {
    for note in notes {
        if !all.contains(&note) {
            all.push(note);
        }
    }
}

/// What was taken for granted of a request: in reading it, and in deciding it.
pub(crate) fn request_notes(
    reading: &[Note<'_>],
    request: &Request<'_>,
    has_endpoint_policy: bool,
) -> Vec<String> {
    let assumed = portcullis_vm::assumptions(request, has_endpoint_policy);
    let assumed = assumed.into_iter().map(str::to_string);
    let reading = reading.iter().map(ToString::to_string);
    reading.chain(assumed).collect()
}

/// What is to be said of an access point whose bucket nobody named (`S3-6`).
pub(crate) fn unseen_bucket(point: &str) -> String {
    format!("the policy of the bucket behind {point} was not seen")
}

/// Puts notes into an answer for programs, which has no such member if there are none.
pub(crate) fn insert_notes(object: &mut Map<String, Value>, notes: &[String]) {
    if !notes.is_empty() {
        object.insert("notes".to_string(), json!(notes));
    }
}

/// The policies of a decision, ready for an engine.
pub(crate) struct Policies<'p, 'a> {
    sets: Option<&'p PolicySets<'a>>,
    images: Vec<Image<Vec<u8>>>,
    plan: Plan,
    /// What decides about the bucket behind an access point (`S3-6`).
    bucket: Option<BucketImage>,
}

/// The policies that decide about the bucket behind an access point, as an image.
struct BucketImage {
    arn: String,
    account: Option<String>,
    image: Image<Vec<u8>>,
}

impl<'p, 'a> Policies<'p, 'a> {
    /// Prepares policies for an engine.
    pub(crate) fn new(
        engine: Engine,
        sets: &'p PolicySets<'a>,
        debug: bool,
    ) -> Result<Policies<'p, 'a>, String> {
        let is_compiled = engine != Engine::Reference;
        let bucket = sets.bucket.as_ref().zip(sets.of_bucket());
        let bucket = bucket.filter(|_| is_compiled).map(|(bucket, sets)| {
            Ok::<_, String>(BucketImage {
                arn: bucket.arn.to_string(),
                account: bucket.account.map(str::to_string),
                image: image(&sets, debug)?,
            })
        });
        let images = match is_compiled {
            true => vec![image(&sets.without_bucket(), debug)?],
            false => Vec::new(),
        };
        Ok(Policies {
            sets: Some(sets),
            plan: Plan::of(images.iter().map(Image::view)),
            images,
            bucket: bucket.transpose()?,
        })
    }

    /// A stack of images, which only the virtual machine can decide by.
    pub(crate) fn of_images(images: Vec<Image<Vec<u8>>>) -> Policies<'p, 'a> {
        Policies {
            sets: None,
            plan: Plan::of(images.iter().map(Image::view)),
            images,
            bucket: None,
        }
    }

    /// Explains a request, which needs policies that were prepared with what explanations print.
    pub(crate) fn explain(
        &self,
        request: &Request<'_>,
        scratch: &mut Scratch,
    ) -> Result<Explanation, String> {
        self.ask(request, scratch, |prepared| prepared.explain())
    }

    /// Looks up a request, and that for the bucket behind an access point, and asks.
    fn ask<T>(
        &self,
        request: &Request<'_>,
        scratch: &mut Scratch,
        ask: impl FnOnce(&Prepared<'_>) -> T,
    ) -> Result<T, String> {
        let views = self.images.iter().map(Image::view);
        let query = Query::from(request);
        let own = scratch.ready(views, &self.plan, &query);
        let Some(bucket) = &self.bucket else {
            return Ok(ask(&Prepared {
                images: &self.images,
                own,
                behind: None,
            }));
        };
        let resource = portcullis_vm::resource_behind(request.resource, &bucket.arn)
            .ok_or("the resource is no access point, and there is a bucket behind it")?;
        let of_point = split_arn(request.resource)
            .map(|[.., account, _]| account)
            .filter(|account| is_account_id(account));
        let owner = bucket.account.as_deref().or(request.resource_account);
        let query = Query::from(&Request {
            resource: &resource,
            resource_account: owner.or(of_point),
            ..*request
        });
        let view = bucket.image.view();
        let plan = Plan::of(core::iter::once(view));
        let mut scratch = Scratch::new();
        let behind = scratch.ready(core::iter::once(view), &plan, &query);
        Ok(ask(&Prepared {
            images: &self.images,
            own,
            behind: Some((view, behind)),
        }))
    }

    /// True if it is known what is behind an access point (`S3-6`).
    fn has_bucket(&self) -> bool {
        self.sets.is_some_and(|sets| sets.bucket.is_some())
    }
}

/// A request that was looked up.
struct Prepared<'r> {
    images: &'r [Image<Vec<u8>>],
    own: Ready<'r>,
    /// For the bucket behind an access point.
    behind: Option<(View<'r>, Ready<'r>)>,
}

impl Prepared<'_> {
    fn outcome(&self) -> Outcome {
        let views = self.images.iter().map(Image::view);
        match &self.behind {
            None => self.own.decide(views),
            Some((view, behind)) => {
                let views_behind = core::iter::once(*view);
                portcullis_vm::decide_through(views, &self.own, views_behind, behind)
            }
        }
    }

    fn explain(&self) -> Explanation {
        let views = self.images.iter().map(Image::view);
        match &self.behind {
            None => self.own.explain(views),
            Some((view, behind)) => {
                let views_behind = core::iter::once(*view);
                portcullis_vm::explain_through(views, &self.own, views_behind, behind)
            }
        }
    }
}

/// Compiles policies to an image.
pub(crate) fn image(sets: &PolicySets<'_>, debug: bool) -> Result<Image<Vec<u8>>, String> {
    let options = Options {
        debug,
        ..Options::default()
    };
    let bytes = compile(sets, options).map_err(|error| error.to_string())?;
    Image::from_bytes(bytes).map_err(|error| format!("the compiler made what is {error}"))
}

/// Decides a request, of which notes were taken in reading it. The virtual machine's memory is reused
/// from call to call.
pub(crate) fn answer(
    engine: Engine,
    policies: &Policies<'_, '_>,
    request: &Request<'_>,
    reading: &[Note<'_>],
    scratch: &mut Scratch,
) -> Result<Answer, String> {
    let asked = match engine {
        Engine::Reference => None,
        Engine::Vm | Engine::Both => Some(policies.ask(request, scratch, |prepared| {
            let has_endpoint_policy = prepared.own.has_layer(Layer::VpcEndpoint);
            let left_out: Vec<_> = prepared.own.left_out().collect();
            (prepared.outcome(), has_endpoint_policy, left_out)
        })?),
    };
    let by_reference = match (engine, policies.sets) {
        (Engine::Vm, _) => None,
        (_, Some(sets)) => Some(by_reference(sets, request)),
        (_, None) => return Err(NEEDS_POLICIES.to_string()),
    };
    let has_endpoint_policy = match (policies.sets, &asked) {
        (Some(sets), _) => sets.vpc_endpoint.is_some(),
        (None, asked) => asked.as_ref().is_some_and(|asked| asked.1),
    };
    let mut notes = request_notes(reading, request, has_endpoint_policy);
    if let (Some((point, _)), false) = (access_point(request.resource), policies.has_bucket()) {
        notes.push(unseen_bucket(point));
    }
    let by_vm = asked.map(|(outcome, _, left_out)| {
        notes.extend(left_out.into_iter().map(|(layer, reason)| {
            let name = layer_name(layer);
            format!("the policies of `{name}` do not take part: {reason}")
        }));
        Answer::of(outcome)
    });
    Ok(agreed(by_vm, by_reference)?.with_notes(notes))
}

/// Why images are not enough.
pub(crate) const NEEDS_POLICIES: &str = "the reference engine needs policies, not images";

/// Decides a request by the plain evaluator.
pub(crate) fn by_reference(sets: &PolicySets<'_>, request: &Request<'_>) -> Answer {
    let outcome = portcullis_reference::decide(sets, request);
    Answer {
        decision: outcome.decision,
        by: outcome.by,
        notes: Vec::new(),
        is_incomplete: false,
    }
}

/// The answer of the engines that were asked.
pub(crate) fn agreed(
    by_vm: Option<Answer>,
    by_reference: Option<Answer>,
) -> Result<Answer, String> {
    match (by_vm, by_reference) {
        (Some(vm), Some(reference)) if vm != reference => Err(format!(
            "the engines disagree: vm says {}, reference says {}",
            said(&vm),
            said(&reference)
        )),
        (Some(answer), _) | (None, Some(answer)) => Ok(answer),
        (None, None) => Err("there is no engine to decide".to_string()),
    }
}

/// A decision in words.
pub(crate) fn said(answer: &Answer) -> String {
    if answer.by.is_empty() {
        return answer.decision.to_string();
    }
    let names: Vec<String> = answer.by.iter().map(|layer| layer_name(*layer)).collect();
    format!("{} by {}", answer.decision, names.join(", "))
}

/// The name of a policy set in answers, which is its place in a scenario.
pub(crate) fn layer_name(layer: Layer) -> String {
    match layer {
        Layer::Rcp(level) => format!("rcps[{level}]"),
        Layer::Scp(level) => format!("scps[{level}]"),
        Layer::VpcEndpoint => "vpcEndpoint".to_string(),
        Layer::Resource => "resource".to_string(),
        Layer::Identity => "identity".to_string(),
        Layer::Boundary => "boundary".to_string(),
        Layer::Session => "session".to_string(),
    }
}
