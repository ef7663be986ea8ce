//! The walk over statements: one code for deciding and for explaining.

use portcullis_image::index::{Candidate, Group, WHOLE_HEAD};
use portcullis_image::{ANY, NONE, StatementRef, View, layer_mask};
use portcullis_model::Layer;

use crate::caller::Strength;
use crate::combine::{Outcome, Verdicts, combine, suffice};
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
    let facts = &request.facts;
    let mut walk = Walk::new(request, facts.layers, facts.undeniable);
    walk.through(images, request);
    if walk.denied & walk.deniable == 0 && suffice(facts, walk.allowed & walk.layers) {
        return Outcome::allow();
    }
    combine(facts, &walk.verdicts(request))
}

/// Whether some statement of the parts of a filled request allows it, and whether some denies it, in
/// whatever layer and for whichever kind of caller: what a host may keep for requests that differ only in
/// what the parts do not look at ([`crate::KnownParts`]).
pub fn says<'i>(images: impl Iterator<Item = View<'i>>, request: &Request) -> (bool, bool) {
    let mut walk = Walk::new(request, u32::MAX, 0);
    walk.through(images, request);
    let verdicts = walk.verdicts(request);
    (verdicts.allow != 0, verdicts.deny != 0)
}

/// Finds what every statement that takes part says, and tells.
pub(crate) fn record<'i>(
    images: impl Iterator<Item = View<'i>>,
    request: &Request,
    sink: &mut impl Sink,
) -> Verdicts {
    let mut walk = Walk::new(request, request.facts.layers, request.facts.undeniable);
    for (image, view) in images.enumerate() {
        let matcher = Matcher::new(view, request, image);
        for part in request.parts_of(image) {
            walk.all(&matcher, part, sink);
        }
    }
    walk.verdicts(request)
}

/// The mask of the resource policy's layer.
#[inline(always)]
fn resource_layer() -> u32 {
    layer_mask(Layer::Resource)
}

struct Walk {
    /// Layers that take part.
    layers: u32,
    /// Layers whose Deny counts.
    deniable: u32,
    /// Layers in which a further Allow changes nothing: those that are allowed, the resource policy's once
    /// it is by the strongest grant, and those that do not take part.
    allowed: u32,
    /// Layers in which a further Deny changes nothing: those that are denied, and those whose Deny does not
    /// count.
    denied: u32,
    /// The strongest Allow of the resource policy.
    grant: Option<Strength>,
    /// What the guards gave that many statements of the image share: a bit for each that was run, and for each
    /// that held.
    ran: u64,
    held: u64,
}

impl Walk {
    #[inline]
    fn new(request: &Request, layers: u32, undeniable: u32) -> Walk {
        let (allowed, denied) = request.said();
        let deniable = layers & !undeniable;
        Walk {
            layers,
            deniable,
            allowed: !layers | allowed & !resource_layer(),
            denied: !deniable | denied,
            grant: None,
            ran: 0,
            held: 0,
        }
    }

    fn verdicts(&self, request: &Request) -> Verdicts {
        let (present, public) = request.present();
        let (said, _) = request.said();
        let granted = match self.grant {
            Some(_) => resource_layer(),
            None => said & resource_layer(),
        };
        Verdicts {
            present,
            deny: self.denied & self.deniable,
            allow: (self.allowed | granted) & self.layers,
            grant: self.grant,
            public,
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
    #[inline(never)]
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
        let layers = used.layers & self.layers;
        for group in matcher.request.groups_of(used) {
            self.allow(group.allows & layers, Strength::Direct);
            if group.probe_count > 0 && !self.hashed(matcher, group, layers) {
                return false;
            }
            if group.count > 0 {
                self.scan(matcher, group.start, group.count, layers);
            }
        }
        true
    }

    /// Looks at the candidates of a group that are found by the resource.
    #[inline(never)]
    fn hashed(&mut self, matcher: &Matcher<'_>, group: &Group, layers: u32) -> bool {
        let view = matcher.view;
        lookup::hashed(matcher, group, |bucket| {
            let (first, end) = view.bucket(bucket);
            if first < end {
                self.scan(matcher, first, end - first, layers);
            }
        })
    }

    /// Looks at candidates one by one.
    ///
    /// Never inlined: a loop in a loop leaves no registers for the inner one.
    #[inline(never)]
    fn scan(&mut self, matcher: &Matcher<'_>, first: u32, count: u32, layers: u32) {
        let mask = matcher.request.segments.mask();
        for candidate in matcher.view.candidates(first, count) {
            if candidate.mask & !mask == 0 {
                self.candidate(matcher, &candidate, layers);
            }
        }
    }

    #[inline(always)]
    fn candidate(&mut self, matcher: &Matcher<'_>, candidate: &Candidate, layers: u32) {
        let statement = matcher.view.statement_ref(candidate.statement);
        let layers = statement.layers() & layers;
        let settled = match statement.is_deny() {
            true => self.denied,
            false => self.allowed,
        };
        if layers & !settled == 0 {
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

    /// Principals and condition of a statement whose action and resource match.
    #[inline(always)]
    fn rest(&mut self, matcher: &Matcher<'_>, statement: StatementRef<'_>, layers: u32) -> Step {
        let Some(strength) = matcher.principal(statement, layers) else {
            return Step::Principal;
        };
        if statement.guard() != NONE {
            if let Some(leaf) = self.failing_leaf(matcher, statement) {
                return Step::Condition(leaf);
            }
        }
        match statement.is_deny() {
            true => self.denied |= layers,
            false => self.allow(layers, strength),
        }
        Step::Matched
    }

    /// An Allow in layers that take part.
    #[inline(always)]
    fn allow(&mut self, layers: u32, strength: Strength) {
        self.allowed |= layers & !resource_layer();
        if layers & resource_layer() != 0 {
            self.grant = self.grant.max(Some(strength));
            if self.grant == Some(Strength::Direct) {
                self.allowed |= resource_layer();
            }
        }
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
        self.run(matcher, guard, shared)
    }

    /// Runs a guard and keeps what it gave.
    ///
    /// Never inlined: the loop over candidates shall keep its registers for itself.
    #[inline(never)]
    fn run(&mut self, matcher: &Matcher<'_>, guard: u32, shared: u64) -> Option<u32> {
        let failing = matcher.failing_leaf(guard);
        self.ran |= shared;
        if failing.is_none() {
            self.held |= shared;
        }
        failing
    }
}
