//! Deciding a request that is ready.
//!
//! The usual stack is one image of one unit, and has a way of its own without loops over images and units; it is the same
//! code with less in it ([`accumulated`]). A decision is total: for other images, or if it is not fit to be decided, it is an
//! implicit deny by no layer.
//!
//! The result is not an error type, because callers would have to decide what an error means, and some would get it wrong
//! (`docs/design/reasons.md`).

pub(crate) mod batch;
pub(crate) mod evaluation;

use portcullis_image::{Id, LayerSet, View};

use crate::combine::Outcome;
use crate::eval::accumulator::Accumulator;
use crate::pattern::Matcher;
use crate::prepare::ready::Ready;
use crate::prepare::scratch::Scratch;
use crate::request::query::Query;
use crate::stack::plan::Plan;
use crate::stack::{ImageIdx, StackId};

impl Ready<'_> {
    /// Decides, for the images that it was made ready for. For others, or if it is not fit to be decided, this is an
    /// implicit deny by no policy set.
    ///
    /// Total and without allocation. The time grows with the statements that the index cannot tell
    /// apart, not with the statements of the images; without index it is linear in these. `View::bound` says the most that a
    /// request of an image can have to look at.
    #[inline(always)]
    pub fn decide<'i>(&self, images: impl Iterator<Item = View<'i>>) -> Outcome {
        match accumulated(images, self) {
            Some(accumulator) => accumulator.outcome(self.inputs(), self.present()),
            None => Outcome::undecided(),
        }
    }
}

/// Decides a request for a stack of images, and what follows from these.
///
/// The same as [`Scratch::ready_once`] and [`Ready::decide`]; the crate's page has an example. The images must be those of the
/// plan, in its order: for others the decision is an implicit deny. Total, and without allocation once the memory has seen its
/// largest request.
#[inline]
pub fn decide<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    plan: &Plan,
    scratch: &mut Scratch,
    query: &Query<'_>,
) -> Outcome {
    scratch
        .ready_once(images.clone(), plan, query)
        .decide(images)
}

/// Looks at the candidates of a request in its images; none if these are others, or it is not finished.
#[inline(always)]
pub(crate) fn accumulated<'i>(
    mut images: impl Iterator<Item = View<'i>>,
    request: &Ready<'_>,
) -> Option<Accumulator> {
    let mut accumulator = Accumulator::new(request.inputs().layers, request.inputs().deny_exempt);
    if let Some(asked) = request.only() {
        // The usual stack.
        let view = images.next()?;
        if !request.is_ready_for(StackId::of_one(view)) || images.next().is_some() {
            return None;
        }
        let matcher = Matcher {
            view,
            request: asked,
        };
        if !(view.has_index()
            && accumulator.candidates(&matcher, asked.candidate_sets(), LayerSet::ALL))
        {
            accumulator.all_of(&matcher, view.get(Id::FIRST), LayerSet::ALL);
        }
        return Some(accumulator);
    }
    let mut stack = StackId::EMPTY;
    for (image, view) in ImageIdx::of(images) {
        stack = stack.with(view);
        let matcher = request.matcher(image, view);
        accumulator.enter_image();
        for unit in request.units_of(image) {
            let sets = request.candidate_sets_of(image, unit);
            if !(view.has_index() && accumulator.candidates(&matcher, sets, unit.layers)) {
                accumulator.all_of(&matcher, view.get(unit.unit), unit.layers);
            }
        }
    }
    // What was found in other images than the request's means nothing.
    request.is_ready_for(stack).then_some(accumulator)
}
