//! The walk over statements: one code for deciding and for explaining.

use portcullis_image::{Section, View, layer_mask};
use portcullis_model::Layer;

use crate::combine::{Outcome, Verdicts, combine};
use crate::explain::Step;
use crate::glob::Matcher;
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
/// Total, without allocation, and in time linear in the statements of the images.
#[inline]
pub fn decide<'i>(images: impl Iterator<Item = View<'i>> + Clone, request: &Request) -> Outcome {
    combine(&request.facts, &walk(images, request, &mut Quiet))
}

/// Finds what every statement that takes part says.
pub(crate) fn walk<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    request: &Request,
    sink: &mut impl Sink,
) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for view in images.clone() {
        verdicts.present |= view.layers();
        verdicts.public |= view.is_public();
    }
    let facts = &request.facts;
    let bounded = facts.boundable && verdicts.present & layer_mask(Layer::Boundary) != 0;
    for (image, view) in images.enumerate() {
        let matcher = Matcher {
            view,
            request,
            image,
        };
        for index in 0..view.count(Section::Statements) {
            let statement = view.statement(index);
            if statement.layers & facts.layers == 0 {
                continue;
            }
            let mut strength = None;
            let step = if !matcher.action(&statement) {
                Step::Action
            } else if !matcher.resource(&statement) {
                Step::Resource
            } else {
                strength = matcher.principal(&statement, bounded);
                match strength {
                    None => Step::Principal,
                    Some(_) => match matcher.failing_leaf(statement.guard) {
                        Some(leaf) => Step::Condition(leaf),
                        None => Step::Matched,
                    },
                }
            };
            if step == Step::Matched {
                if statement.flags.deny {
                    verdicts.deny |= statement.layers & facts.layers & !facts.undeniable;
                } else {
                    verdicts.allow |= statement.layers;
                    if statement.layers & layer_mask(Layer::Resource) != 0 {
                        verdicts.grant = verdicts.grant.max(strength);
                    }
                }
            }
            sink.statement(&matcher, index, step);
        }
    }
    verdicts
}
