//! The walk over statements: one code for deciding and for explaining.

use portcullis_image::index::{Candidate, WHOLE_HEAD};
use portcullis_image::{Section, Statement, View, layer_mask};
use portcullis_model::Layer;

use crate::caller::Strength;
use crate::combine::{Outcome, Verdicts, combine};
use crate::explain::Step;
use crate::glob::Matcher;
use crate::lookup;
use crate::request::Request;

/// What the walk tells of its way. The one that decides tells nobody, and costs nothing.
pub(crate) trait Sink {
    /// How far a statement that takes part matched.
    fn statement(&mut self, matcher: &Matcher<'_>, index: u32, step: Step);
}

/// Tells nobody.
struct Quiet;

impl Sink for Quiet {
    #[inline]
    fn statement(&mut self, _: &Matcher<'_>, _: u32, _: Step) {}
}

/// Decides a request that was filled for the same stack of images.
///
/// Total and without allocation. The time grows with the statements that the index cannot tell
/// apart, not with the statements of the images; without index it is linear in these.
#[inline]
pub fn decide<'i>(images: impl Iterator<Item = View<'i>> + Clone, request: &Request) -> Outcome {
    let mut walk = Walk::new(images.clone(), request);
    for (image, view) in images.enumerate() {
        let matcher = Matcher::new(view, request, image);
        if !(view.has_index() && walk.candidates(&matcher)) {
            walk.all(&matcher, &mut Quiet);
        }
    }
    combine(&request.facts, &walk.verdicts)
}

/// Finds what every statement that takes part says, and tells.
pub(crate) fn record<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    request: &Request,
    sink: &mut impl Sink,
) -> Verdicts {
    let mut walk = Walk::new(images.clone(), request);
    for (image, view) in images.enumerate() {
        let matcher = Matcher::new(view, request, image);
        walk.all(&matcher, sink);
    }
    walk.verdicts
}

struct Walk {
    verdicts: Verdicts,
    /// The caller has a permissions boundary (`GRAM-52`).
    bounded: bool,
    /// Layers that take part.
    layers: u32,
    /// Layers whose Deny counts.
    deniable: u32,
}

impl Walk {
    fn new<'i>(images: impl Iterator<Item = View<'i>>, request: &Request) -> Walk {
        let mut verdicts = Verdicts::default();
        for view in images {
            verdicts.present |= view.layers();
            verdicts.public |= view.is_public();
        }
        let facts = &request.facts;
        Walk {
            bounded: facts.boundable && verdicts.present & layer_mask(Layer::Boundary) != 0,
            layers: facts.layers,
            deniable: facts.layers & !facts.undeniable,
            verdicts,
        }
    }

    /// Looks at every statement of an image.
    fn all(&mut self, matcher: &Matcher<'_>, sink: &mut impl Sink) {
        for index in 0..matcher.view.count(Section::Statements) {
            let statement = matcher.view.statement(index);
            if statement.layers & self.layers == 0 {
                continue;
            }
            let step = if !matcher.action(&statement) {
                Step::Action
            } else if !matcher.resource(&statement) {
                Step::Resource
            } else {
                self.rest(matcher, &statement)
            };
            sink.statement(matcher, index, step);
        }
    }

    /// Looks at the candidates that the index gives. False if the index cannot tell all of them.
    #[inline]
    fn candidates(&mut self, matcher: &Matcher<'_>) -> bool {
        let view = matcher.view;
        for number in matcher.request.groups(matcher.image) {
            let group = view.group(*number);
            if group.probe_count > 0 {
                let complete = lookup::hashed(matcher, *number, &group, |candidate| {
                    self.candidate(matcher, &candidate);
                });
                if !complete {
                    return false;
                }
            }
            for index in group.start..group.start.saturating_add(group.count) {
                self.candidate(matcher, &view.candidate(index));
            }
        }
        true
    }

    #[inline]
    fn candidate(&mut self, matcher: &Matcher<'_>, candidate: &Candidate) {
        if candidate.layers & self.layers == 0 {
            return;
        }
        if candidate.pattern != WHOLE_HEAD && !matcher.candidate_resource(candidate) {
            return;
        }
        let statement = matcher.view.statement(candidate.statement);
        if candidate.pattern == WHOLE_HEAD
            && !(matcher.action(&statement) && matcher.resource(&statement))
        {
            return;
        }
        if self.can_change(&statement) {
            self.rest(matcher, &statement);
        }
    }

    /// False if the layers of an Allow are allowed already, as strongly as can be.
    #[inline]
    fn can_change(&self, statement: &Statement) -> bool {
        let new = if statement.flags.deny {
            statement.layers & !self.verdicts.deny
        } else {
            statement.layers & !self.verdicts.allow
        };
        let grants = statement.layers & layer_mask(Layer::Resource) != 0
            && self.verdicts.grant < Some(Strength::Direct);
        new != 0 || grants
    }

    /// Principals and condition of a statement whose action and resource match.
    #[inline]
    fn rest(&mut self, matcher: &Matcher<'_>, statement: &Statement) -> Step {
        let Some(strength) = matcher.principal(statement, self.bounded) else {
            return Step::Principal;
        };
        if let Some(leaf) = matcher.failing_leaf(statement.guard) {
            return Step::Condition(leaf);
        }
        if statement.flags.deny {
            self.verdicts.deny |= statement.layers & self.deniable;
        } else {
            self.verdicts.allow |= statement.layers;
            if statement.layers & layer_mask(Layer::Resource) != 0 {
                self.verdicts.grant = self.verdicts.grant.max(Some(strength));
            }
        }
        Step::Matched
    }
}
