//! Deciding a completed request: the way of access points, of policies that come with a request, and of explanations.
//!
//! The machine resolves the request from its texts, which costs about twice as much as
//! [`crate::decide::check`] and allocates. Tests hold that both decide alike.
//!
//! Policies that come with a request are compiled for it and are one more image on the stack; a session policy took 10 µs from its
//! text to an image (`docs/benchmarks/targets.md`).

use std::borrow::Cow;

use portcullis_compile::{CompileError, compile};
use portcullis_image::{Id, Image, LayerSet, View};
use portcullis_model::{Layer, Request};
use portcullis_syntax::PolicySets;
use portcullis_vm::{Explanation, ImageIdx, Outcome, Plan, Ready, SelectedUnit};

use crate::decide::completed::{BucketRequest, CompletedRequest};
use crate::decide::memory::Requests;
use crate::error::EngineError;
use crate::plan::generation::Generation;
use crate::plan::policies::{checked, options};
use crate::store::ids::{SetsId, number};

/// Decides a completed request of a generation.
///
/// # Errors
/// [`EngineError`] if the request is another generation's, or its own policies are more than an image can hold.
pub(crate) fn decide(
    requests: &mut Requests,
    generation: Generation<'_>,
    completed: &CompletedRequest<'_>,
    debug: bool,
) -> Result<Outcome, EngineError> {
    check_generation(generation, completed)?;
    let image = own_image(completed, debug)?;
    let stack = RequestStack::of(generation, image.as_ref());
    Ok(stack.decide(requests, completed))
}

/// Explains a completed request of a generation.
///
/// # Errors
/// As [`decide`].
pub(crate) fn explain(
    requests: &mut Requests,
    generation: Generation<'_>,
    completed: &CompletedRequest<'_>,
    debug: bool,
) -> Result<Explanation, EngineError> {
    check_generation(generation, completed)?;
    let image = own_image(completed, debug)?;
    let stack = RequestStack::of(generation, image.as_ref());
    Ok(stack.explain(requests, completed))
}

/// A completed request of another generation names sets that mean something else here.
fn check_generation(
    generation: Generation<'_>,
    completed: &CompletedRequest<'_>,
) -> Result<(), EngineError> {
    match completed.of == generation.id() {
        true => Ok(()),
        false => Err(EngineError::Foreign),
    }
}

/// The images of a directory, with that of the policies that came with a request on top. Made for one request.
pub(crate) struct RequestStack<'d> {
    generation: Generation<'d>,
    /// The directory's images, then the request's own.
    views: Vec<View<'d>>,
    /// Borrowed unless the request brings an image.
    plan: Cow<'d, Plan>,
}

impl<'d> RequestStack<'d> {
    /// The images of a generation, and on top that of the policies that came with the request. Without such an image nothing
    /// is worked out anew.
    pub(crate) fn of(
        generation: Generation<'d>,
        image: Option<&'d Image<Vec<u8>>>,
    ) -> RequestStack<'d> {
        let mut views: Vec<View<'d>> = generation.plan.stack.views().collect();
        views.extend(image.map(Image::view));
        RequestStack {
            generation,
            plan: match image {
                None => Cow::Borrowed(generation.plan.stack.vm_plan()),
                Some(_) => Cow::Owned(Plan::of(views.iter().copied())),
            },
            views,
        }
    }

    /// The images, in the order of the plan.
    fn views(&self) -> impl Iterator<Item = View<'d>> + Clone + '_ {
        self.views.iter().copied()
    }

    /// Decides for the resource, and for the bucket behind it if it is an access point: both must allow (`S3-6`). A policy
    /// that cannot be read may deny, so that an Allow does not stand then (`GRAM-54`).
    pub(crate) fn decide(
        &self,
        requests: &mut Requests,
        completed: &CompletedRequest<'_>,
    ) -> Outcome {
        let Requests { asked, behind } = requests;
        let query = portcullis_vm::Query::from(&completed.request);
        let asked = self.ready(asked, completed, &query, completed.sets);
        let outcome = match &completed.bucket {
            None => asked.decide(self.views()),
            Some(bucket) => {
                let query = behind_query(completed, bucket);
                let behind = self.ready(behind, completed, &query, bucket.sets);
                portcullis_vm::decide_through(self.views(), &asked, self.views(), &behind)
            }
        };
        match completed.is_undecidable {
            true => outcome.unless_allowed_by(Layer::Resource),
            false => outcome,
        }
    }

    /// The same, with the reports of all statements.
    pub(crate) fn explain(
        &self,
        requests: &mut Requests,
        completed: &CompletedRequest<'_>,
    ) -> Explanation {
        let Requests { asked, behind } = requests;
        let query = portcullis_vm::Query::from(&completed.request);
        let asked = self.ready(asked, completed, &query, completed.sets);
        let mut explanation = match &completed.bucket {
            None => asked.explain(self.views()),
            Some(bucket) => {
                let query = behind_query(completed, bucket);
                let behind = self.ready(behind, completed, &query, bucket.sets);
                portcullis_vm::explain_through(self.views(), &asked, self.views(), &behind)
            }
        };
        if completed.is_undecidable {
            explanation.outcome = explanation.outcome.unless_allowed_by(Layer::Resource);
        }
        explanation
    }

    /// Lets the machine resolve the request and names the units that take part. Policies that came with the request are the
    /// last image, which has one unit that stands for whatever its statements are.
    fn ready<'r>(
        &'r self,
        scratch: &'r mut portcullis_vm::Scratch,
        completed: &CompletedRequest<'_>,
        query: &'r portcullis_vm::Query<'r>,
        sets: &[SetsId],
    ) -> Ready<'r> {
        let Generation { tables, plan } = self.generation;
        let uses = sets.iter().flat_map(|id| tables.uses(*id));
        let units = uses.map(|(layers, unit)| {
            let (image, unit) = plan.stack.home(unit);
            SelectedUnit {
                image,
                unit,
                layers,
            }
        });
        // Policies that came with the request are an image of one unit.
        let has_own = completed.extra.session.is_some() || completed.extra.identity.is_some();
        let own_unit = has_own.then_some(SelectedUnit {
            image: ImageIdx(number(plan.stack.images().len())),
            unit: Id::FIRST,
            layers: LayerSet::ALL,
        });
        scratch.ready_units(self.views(), &self.plan, query, units.chain(own_unit))
    }
}

/// What a request for an access point asks of the bucket behind it.
fn behind_query<'q>(
    completed: &CompletedRequest<'q>,
    bucket: &BucketRequest<'q>,
) -> portcullis_vm::Query<'q> {
    portcullis_vm::Query::from(&Request {
        resource: bucket.resource,
        resource_account: bucket.account,
        ..completed.request
    })
}

/// The image of the policies that came with the request, if any did.
fn own_image(
    completed: &CompletedRequest<'_>,
    debug: bool,
) -> Result<Option<Image<Vec<u8>>>, CompileError> {
    let extra = &completed.extra;
    if extra.session.is_none() && extra.identity.is_none() {
        return Ok(None);
    }
    let sets = PolicySets {
        identity: extra.identity.clone().unwrap_or_default(),
        session: extra.session.clone(),
        ..PolicySets::default()
    };
    checked(compile(&sets, options(debug))?).map(Some)
}
