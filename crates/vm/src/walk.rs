//! The walk over statements: one code for deciding and for explaining.

use portcullis_image::index::{Candidate, Group, WHOLE_HEAD};
use portcullis_image::{ANY, NONE, StatementRef, View, layer_mask};
use portcullis_model::Layer;

use crate::caller::Strength;
use crate::combine::{Outcome, Verdicts, conclude};
use crate::explain::Step;
use crate::glob::Matcher;
use crate::lookup;
use crate::request::{Request, UsedPart};

/// What the walk tells of its way. The one that decides tells nobody, and costs nothing.
pub(crate) trait Sink {
    /// How far a statement that takes part matched, and the layers that it stands for.
    fn statement(&mut self, matcher: &Matcher<'_>, index: u32, layers: u32, step: Step);
}

/// Tells nobody.
struct Quiet;

impl Sink for Quiet {
    #[inline]
    fn statement(&mut self, _: &Matcher<'_>, _: u32, _: u32, _: Step) {}
}

/// Decides a request that was filled for the same stack of images.
///
/// Total and without allocation. The time grows with the statements that the index cannot tell
/// apart, not with the statements of the images; without index it is linear in these.
#[inline]
pub fn decide<'i>(images: impl Iterator<Item = View<'i>>, request: &Request) -> Outcome {
    let mut walk = Walk::new(request);
    walk.through(images, request);
    conclude(&request.facts, &walk.verdicts)
}

/// Whether some statement of the parts of a filled request allows it, and whether some denies it, in
/// whatever layer and for whichever kind of caller: what a host may keep for requests that differ only in
/// what the parts do not look at ([`crate::KnownParts`]).
pub fn says<'i>(images: impl Iterator<Item = View<'i>>, request: &Request) -> (bool, bool) {
    let mut walk = Walk::new(request);
    (walk.layers, walk.deniable) = (u32::MAX, u32::MAX);
    walk.through(images, request);
    (walk.verdicts.allow != 0, walk.verdicts.deny != 0)
}

/// Finds what every statement that takes part says, and tells.
pub(crate) fn record<'i>(
    images: impl Iterator<Item = View<'i>>,
    request: &Request,
    sink: &mut impl Sink,
) -> Verdicts {
    let mut walk = Walk::new(request);
    for (image, view) in images.enumerate() {
        let matcher = Matcher::new(view, request, image);
        for part in request.parts_of(image) {
            walk.all(&matcher, part, sink);
        }
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
    /// What the guards gave that many statements of the image share: a bit for each that was run, and for each
    /// that held.
    ran: u64,
    held: u64,
}

impl Walk {
    #[inline]
    fn new(request: &Request) -> Walk {
        let facts = &request.facts;
        let (present, public) = request.present();
        Walk {
            bounded: facts.boundable && present & layer_mask(Layer::Boundary) != 0,
            layers: facts.layers,
            deniable: facts.layers & !facts.undeniable,
            ran: 0,
            held: 0,
            verdicts: Verdicts {
                present,
                public,
                allow: request.said().0 & facts.layers,
                deny: request.said().1 & facts.layers & !facts.undeniable,
                ..Verdicts::default()
            },
        }
    }

    #[inline(always)]
    fn through<'i>(&mut self, images: impl Iterator<Item = View<'i>>, request: &Request) {
        for (image, view) in images.enumerate() {
            let matcher = Matcher::new(view, request, image);
            // Numbers of shared guards are an image's own.
            (self.ran, self.held) = (0, 0);
            for part in request.parts_of(image) {
                if !(view.has_index() && self.candidates(&matcher, part)) {
                    self.all(&matcher, part, &mut Quiet);
                }
            }
        }
    }

    /// Looks at every statement of a part.
    fn all(&mut self, matcher: &Matcher<'_>, used: &UsedPart, sink: &mut impl Sink) {
        let part = matcher.view.part(used.part);
        for index in part.statements..part.statements.saturating_add(part.statement_count) {
            let statement = matcher.view.statement_ref(index);
            let layers = statement.layers() & used.layers & self.layers;
            if layers == 0 {
                continue;
            }
            let step = if !matcher.action(statement) {
                Step::Action
            } else if !matcher.resource(statement) {
                Step::Resource
            } else {
                // Who explains wants to know which instruction failed.
                self.ran = 0;
                self.rest(matcher, statement, layers)
            };
            sink.statement(matcher, index, layers, step);
        }
    }

    /// Looks at the candidates that the index gives. False if the index cannot tell all of them.
    #[inline(always)]
    fn candidates(&mut self, matcher: &Matcher<'_>, used: &UsedPart) -> bool {
        let view = matcher.view;
        let layers = used.layers & self.layers;
        let mask = matcher.request.segments.mask();
        for group in matcher.request.groups_of(used) {
            if group.probe_count > 0 && !self.hashed(matcher, group, layers) {
                return false;
            }
            for candidate in view.candidates(group.start, group.count) {
                if candidate.mask & !mask == 0 {
                    self.candidate(matcher, &candidate, layers);
                }
            }
        }
        true
    }

    /// Looks at the candidates of a group that are found by the resource.
    #[inline(never)]
    fn hashed(&mut self, matcher: &Matcher<'_>, group: &Group, layers: u32) -> bool {
        let mask = matcher.request.segments.mask();
        lookup::hashed(matcher, group, |candidate| {
            if candidate.mask & !mask == 0 {
                self.candidate(matcher, &candidate, layers);
            }
        })
    }

    #[inline(always)]
    fn candidate(&mut self, matcher: &Matcher<'_>, candidate: &Candidate, layers: u32) {
        let statement = matcher.view.statement_ref(candidate.statement);
        let layers = statement.layers() & layers;
        if !self.can_change(statement, layers) {
            return;
        }
        let head = match candidate.pattern {
            ANY => true,
            WHOLE_HEAD => matcher.action(statement) && matcher.resource(statement),
            pattern => matcher.matches(pattern, matcher.request.resource()),
        };
        if head {
            self.rest(matcher, statement, layers);
        }
    }

    /// False if the statement does not take part, or its layers are allowed, or denied, already.
    #[inline(always)]
    fn can_change(&self, statement: StatementRef<'_>, layers: u32) -> bool {
        let new = if statement.is_deny() {
            layers & !self.verdicts.deny
        } else {
            layers & !self.verdicts.allow
        };
        let grants = layers & layer_mask(Layer::Resource) != 0
            && self.verdicts.grant < Some(Strength::Direct);
        new != 0 || grants
    }

    /// Principals and condition of a statement whose action and resource match.
    #[inline(always)]
    fn rest(&mut self, matcher: &Matcher<'_>, statement: StatementRef<'_>, layers: u32) -> Step {
        let Some(strength) = matcher.principal(statement, layers, self.bounded) else {
            return Step::Principal;
        };
        if statement.guard() != NONE {
            if let Some(leaf) = self.failing_leaf(matcher, statement) {
                return Step::Condition(leaf);
            }
        }
        if statement.is_deny() {
            self.verdicts.deny |= layers & self.deniable;
        } else {
            self.verdicts.allow |= layers;
            if layers & layer_mask(Layer::Resource) != 0 {
                self.verdicts.grant = self.verdicts.grant.max(Some(strength));
            }
        }
        Step::Matched
    }

    /// The first instruction of the statement's guard that does not hold, unless it is known what a shared
    /// guard gave.
    #[inline(always)]
    fn failing_leaf(&mut self, matcher: &Matcher<'_>, statement: StatementRef<'_>) -> Option<u32> {
        let guard = statement.guard();
        let shared = 1_u64.wrapping_shl(u32::from(statement.shared())) & !1;
        if self.ran & shared != 0 {
            return (self.held & shared == 0).then_some(guard);
        }
        let failing = matcher.failing_leaf(guard);
        self.ran |= shared;
        if failing.is_none() {
            self.held |= shared;
        }
        failing
    }
}
