//! Deciding with one engine, or with both.

use bumpalo::Bump;
use clap::ValueEnum;
pub(crate) use portcullis::layer_name;
use portcullis::{Authorizer, Bucket, Explanation, Query, Reports, Scratch};
use portcullis_compile::{Options, compile};
use portcullis_explain::Changes;
use portcullis_image::Image;
use portcullis_model::{Decision, Layer, Request, access_point};
use portcullis_scenario::Note;
use portcullis_syntax::PolicySets;
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
    pub(crate) fn of(outcome: portcullis::Outcome) -> Answer {
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
    let assumed = portcullis_vm::assumptions(&request.into(), has_endpoint_policy);
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
    authorizer: Authorizer,
}

impl<'p, 'a> Policies<'p, 'a> {
    /// Prepares policies for an engine.
    pub(crate) fn new(
        engine: Engine,
        sets: &'p PolicySets<'a>,
        debug: bool,
    ) -> Result<Policies<'p, 'a>, String> {
        let authorizer = match engine {
            Engine::Reference => Authorizer::new([]),
            Engine::Vm | Engine::Both => authorizer(sets, debug)?,
        };
        Ok(Policies {
            sets: Some(sets),
            authorizer,
        })
    }

    /// A stack of images, which only the virtual machine can decide by.
    pub(crate) fn of_images(images: Vec<Image<Vec<u8>>>) -> Policies<'p, 'a> {
        Policies {
            sets: None,
            authorizer: Authorizer::new(images),
        }
    }

    /// Explains a request, which needs policies that were prepared with what explanations print.
    pub(crate) fn explain(&self, request: &Request<'_>) -> Explanation {
        self.authorizer.explain(&Query::from(request))
    }
}

/// The policies as images, with those of the bucket behind an access point (`S3-6`).
fn authorizer(sets: &PolicySets<'_>, debug: bool) -> Result<Authorizer, String> {
    let authorizer = Authorizer::new([image(&sets.without_bucket(), debug)?]);
    let Some((bucket, of_bucket)) = sets.bucket.as_ref().zip(sets.of_bucket()) else {
        return Ok(authorizer);
    };
    let mut behind = Bucket::new(bucket.arn, [image(&of_bucket, debug)?]);
    if let Some(account) = bucket.account {
        behind = behind.owned_by(account);
    }
    Ok(authorizer.with_bucket(behind))
}

/// What would have to change for a request to be allowed by these policies.
pub(crate) fn changes<'a>(
    sets: &PolicySets<'a>,
    request: &Request<'_>,
    arena: &'a Bump,
) -> Result<Changes, String> {
    Changes::of_policies(sets, request, arena, &mut |sets| explained(sets, request))
}

/// Explains a request by policies.
pub(crate) fn explained(sets: &PolicySets<'_>, request: &Request<'_>) -> Result<Reports, String> {
    Ok(authorizer(sets, true)?
        .explain(&Query::from(request))
        .into())
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
    let by_reference = match (engine, policies.sets) {
        (Engine::Vm, _) => None,
        (_, Some(sets)) => Some(by_reference(sets, request)),
        (_, None) => return Err(NEEDS_POLICIES.to_string()),
    };
    let mut notes: Vec<String> = reading.iter().map(ToString::to_string).collect();
    let by_vm = match engine {
        Engine::Reference => {
            let sets = policies.sets;
            let has_endpoint_policy = sets.is_some_and(|sets| sets.vpc_endpoint.is_some());
            notes = request_notes(reading, request, has_endpoint_policy);
            let has_bucket = sets.is_some_and(|sets| sets.bucket.is_some());
            let point = access_point(request.resource).filter(|_| !has_bucket);
            notes.extend(point.map(|(point, _)| unseen_bucket(point)));
            None
        }
        Engine::Vm | Engine::Both => {
            let query = Query::from(request);
            let ready = policies.authorizer.ready(scratch, &query);
            notes.extend(ready.notes());
            Some(Answer::of(ready.decide()))
        }
    };
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
        (None, None) => Err("no engine can decide this".to_string()),
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
