//! A decision of which the host names the units, one after the other, and knows the keys itself.
//!
//! For hosts with very many units, of which few take part in a request: naming them one by one avoids a list, and verdicts
//! that are known already need not be worked out again. Inputs are trusted: wrong inputs give wrong decisions.
//!
//! The order of use is [`EvaluationRequest`], [`PreparedEvaluation::new`], [`Evaluation::new`], then [`Evaluation::look`] or
//! [`Evaluation::look_at`] for each unit, and [`Evaluation::decide`]. Each step consumes or borrows the one before it, so that a
//! step cannot be left out. It is the code of [`crate::decide()`] from there on: verdicts, guards and the rules are the same.

use alloc::vec::Vec;

use portcullis_image::index::Segments;
use portcullis_image::{CandidateSet, Id, LayerSet, Unit, View};

use crate::combine::Outcome;
use crate::combine::caller::{CallerKind, Strength};
use crate::combine::inputs::{Applicability, CombineInputs};
use crate::combine::ownership::Ownership;
use crate::eval::accumulator::Accumulator;
use crate::eval::entries::StatementEntry;
use crate::eval::view::RequestView;
use crate::index;
use crate::keys::filled::FilledSlots;
use crate::keys::source::{KeyOrigin, KeySource, ValueSource};
use crate::keys::values::Keys;
use crate::pattern::Matcher;
use crate::prepare::scratch::Scratch;
use crate::request::action::Action;
use crate::request::principal::{NamingPrincipal, PrincipalHandle};
use crate::request::resource::Target;
use crate::stack::ImageIdx;
use crate::stack::plan::Plan;

/// A request of which all names were resolved before, by the host: every handle must be of the stack whose plan is given
/// beside it, which is not checked.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationRequest<'a> {
    /// What kind of caller asks.
    pub caller: CallerKind,
    /// Its account is the organization's management account.
    pub management_account: bool,
    /// What the images know of the caller.
    pub principal_handle: &'a PrincipalHandle,
    /// The action.
    pub action: &'a Action,
    /// The resource.
    pub resource: &'a Target<'a>,
    /// Whose that is.
    pub ownership: Ownership,
    /// The caller's session is one of AssumeRoot (`EVAL-50`).
    pub assumed_root: bool,
    /// The caller has the credentials of GetSessionToken, and whether a multi-factor device was used (`STS-4`).
    pub session_token: Option<bool>,
    /// `RestrictPublicBuckets` is in force (`S3-4`).
    pub restrict_public_buckets: bool,
    /// Something outside the policy language grants the request (`EVAL-75`).
    pub external_grant: bool,
    /// The keys.
    pub keys: &'a (dyn KeySource + 'a),
}

/// What a host knows of units that take part, all together. What [`Plan`] says of images that take part whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnitsSummary {
    /// The layers that are present: those of the units where they take part.
    pub present: LayerSet,
    /// A resource policy among them is public (`S3-5`).
    pub public: bool,
    /// The layers, but for the resource policy's, in which some statement allows everything without condition.
    /// A unit of which nothing else can be said need not be looked at.
    pub allowed: LayerSet,
}

/// A request with what follows from it. It can be evaluated for any number of units, also for each alone.
#[derive(Clone, Debug)]
pub struct PreparedEvaluation<'a> {
    resolved: &'a EvaluationRequest<'a>,
    /// What follows from the request, for the units of the summary.
    inputs: CombineInputs,
    units: UnitsSummary,
    /// The scratch's slots, none of which is given: all keys come from the host.
    slots: &'a FilledSlots,
    source: ValueSource<'a>,
}

impl<'a> PreparedEvaluation<'a> {
    /// Works out what follows, for a stack of images and units of which as much is known.
    #[inline(always)]
    pub fn new(
        scratch: &'a mut Scratch,
        plan: &'a Plan,
        resolved: &'a EvaluationRequest<'a>,
        units: UnitsSummary,
    ) -> PreparedEvaluation<'a> {
        let action = &resolved.action.traits;
        let (is_key, is_role) = resolved.resource.is_key_or_role();
        let inputs = CombineInputs::of(&Applicability {
            caller: resolved.caller,
            management_account: resolved.management_account,
            assumed_root: resolved.assumed_root,
            action,
            refused: action.refuses(resolved.caller, resolved.session_token.is_some(), || {
                resolved.session_token == Some(true)
            }),
            ownership: resolved.ownership,
            needs_resource_policy: action.needs_resource_policy(is_key, is_role),
            restrict_public_buckets: resolved.restrict_public_buckets,
            external_grant: resolved.external_grant,
            present: units.present,
        });
        scratch.slots.begin(plan);
        let scratch = &*scratch;
        PreparedEvaluation {
            resolved,
            inputs,
            units,
            slots: &scratch.slots,
            source: ValueSource {
                plan,
                store: &scratch.slots.store,
                origin: KeyOrigin::Host(resolved.keys),
            },
        }
    }
}

/// Memory for units that are looked at by the index, to be used in many decisions. It belongs to no request.
#[derive(Clone, Debug, Default)]
pub struct UnitMemory {
    /// Those of the unit that is looked at.
    candidate_sets: Vec<CandidateSet>,
    /// The resource's, as many as some set looked at.
    segments: Segments,
    /// How deep the resource of this decision was cut; 0 if it was not.
    depth: usize,
}

impl UnitMemory {
    /// Cuts a resource that nobody cut as deep as the sets look.
    #[inline]
    fn cut(&mut self, view: View<'_>, resource: &Target<'_>) {
        if resource.segments().is_some() {
            return;
        }
        let depths = self
            .candidate_sets
            .iter()
            .map(|set| index::depth(view, set));
        let depth = depths.fold(0, usize::max);
        if depth > self.depth {
            self.segments.set_start(resource.text().as_bytes(), depth);
            self.depth = depth;
        }
    }

    /// The resource's segments: those that it came with, or as many as were cut here.
    #[inline]
    fn segments<'s>(&'s self, resource: &Target<'s>) -> &'s Segments {
        match resource.segments() {
            Some(segments) => segments,
            None if self.depth > 0 => &self.segments,
            None => const { &Segments::ALL },
        }
    }
}

/// A decision in the making, for a stack of images.
///
/// The host names the units that take part and asks for the decision ([`Evaluation::decide`]). Inputs are trusted: a unit that
/// is not named, or a layer that is wrong, gives a wrong decision.
///
/// Nothing of it allocates, once the memory has held as many candidate sets.
///
/// ```
/// use portcullis_image::{Id, Image, LayerSet, Unit};
/// use portcullis_model::{Caller, Request};
/// use portcullis_vm::{
///     Action, CallerKind, Evaluation, EvaluationRequest, FoundKey, HomeAccount, ImageIdx, KeySource, Plan,
///     PreparedEvaluation, PrincipalHandle, Resource, Scratch, StackSlot, Target, UnitMemory, UnitsSummary,
/// };
///
/// /// A host without keys.
/// struct NoKeys;
/// impl KeySource for NoKeys {
///     fn find(&self, _: StackSlot) -> FoundKey<'_> {
///         FoundKey::Nothing
///     }
///     fn value(&self, _: u32, _: u32) -> Option<&str> {
///         None
///     }
/// }
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let images = || core::iter::once(image.view());
/// let plan = Plan::of(images());
/// let role = Caller::from_arn("arn:aws:iam::111122223333:role/reports").unwrap();
/// let resource = Resource::read("arn:aws:s3:::example-team-data/finance/q1.csv");
/// let target = Target::from(&resource);
/// let request = EvaluationRequest {
///     caller: CallerKind::of(&role),
///     management_account: false,
///     principal_handle: &PrincipalHandle::resolve(images(), &Request::new(role, "", "").principal),
///     action: &Action::resolve(images(), "s3:GetObject"),
///     resource: &target,
///     ownership: target.ownership(HomeAccount::of(&role), Some("444455556666")),
///     assumed_root: false,
///     session_token: None,
///     restrict_public_buckets: false,
///     external_grant: false,
///     keys: &NoKeys,
/// };
///
/// // The only unit takes part in all layers that it has policies of.
/// let unit = image.view().get(Id::<Unit>::FIRST);
/// let summary = UnitsSummary { present: unit.layers, public: unit.public, allowed: LayerSet::EMPTY };
/// let (mut scratch, mut memory) = (Scratch::new(), UnitMemory::default());
/// let prepared = PreparedEvaluation::new(&mut scratch, &plan, &request, summary);
/// let mut evaluation = Evaluation::new(&prepared, &mut memory);
/// evaluation.look(ImageIdx::FIRST, image.view(), Id::FIRST, LayerSet::ALL);
/// // Without the tag that its policies ask for, the role is not allowed.
/// assert!(!evaluation.decide().is_allow());
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
pub struct Evaluation<'a> {
    prepared: &'a PreparedEvaluation<'a>,
    accumulator: Accumulator,
    memory: &'a mut UnitMemory,
    /// The image that was looked at last.
    image: ImageIdx,
}

impl<'a> Evaluation<'a> {
    /// Begins a decision. What the summary of the units says is known from the start.
    #[inline]
    pub fn new(prepared: &'a PreparedEvaluation<'a>, memory: &'a mut UnitMemory) -> Evaluation<'a> {
        let inputs = &prepared.inputs;
        let mut accumulator = Accumulator::new(inputs.layers, inputs.deny_exempt);
        accumulator.say(prepared.units.allowed, LayerSet::EMPTY);
        Evaluation::with(prepared, accumulator, memory)
    }

    /// Begins to find out what single units say ([`Evaluation::says`]), in whatever layer.
    pub fn of_unit(
        prepared: &'a PreparedEvaluation<'a>,
        memory: &'a mut UnitMemory,
    ) -> Evaluation<'a> {
        Evaluation::with(
            prepared,
            Accumulator::new(!LayerSet::NO_LAYER, LayerSet::EMPTY),
            memory,
        )
    }

    /// Begins to look at units, of which no image was looked at yet.
    #[inline]
    fn with(
        prepared: &'a PreparedEvaluation<'a>,
        accumulator: Accumulator,
        memory: &'a mut UnitMemory,
    ) -> Evaluation<'a> {
        memory.depth = 0;
        Evaluation {
            prepared,
            accumulator,
            memory,
            image: ImageIdx::FIRST,
        }
    }

    /// Adds layers of which it is known that some statement allows the request, and that some denies it. Not
    /// the resource policy's, whose Allow has a strength: what is said of it here is ignored.
    pub fn say(&mut self, allowed: LayerSet, denied: LayerSet) {
        self.accumulator.say(allowed, denied);
    }

    /// Looks at a unit of an image, for the layers that it stands for. `view` is that of the image. Takes the time of the index, or
    /// time linear in the unit if the image has none.
    #[inline]
    pub fn look(&mut self, image: ImageIdx, view: View<'_>, unit: Id<Unit>, layers: LayerSet) {
        self.enter(image);
        let EvaluationRequest {
            action, resource, ..
        } = self.prepared.resolved;
        self.memory.candidate_sets.clear();
        action.candidate_sets(image, view, unit, &mut self.memory.candidate_sets);
        self.memory.cut(view, resource);
        let memory = &*self.memory;
        let matcher = Matcher {
            view,
            request: PreparedInImage {
                prepared: self.prepared,
                image,
                segments: memory.segments(resource),
            },
        };
        let accumulator = &mut self.accumulator;
        if !(view.has_index() && accumulator.candidates(&matcher, &memory.candidate_sets, layers)) {
            accumulator.all_of(&matcher, view.get(unit), layers);
        }
    }

    /// The same by what [`Action::entries`] gives for the unit.
    #[inline]
    pub fn look_at(
        &mut self,
        image: ImageIdx,
        view: View<'_>,
        entries: &[StatementEntry],
        layers: LayerSet,
    ) {
        self.enter(image);
        let matcher = Matcher {
            view,
            request: PreparedInImage {
                prepared: self.prepared,
                image,
                segments: self.memory.segments(self.prepared.resolved.resource),
            },
        };
        let accumulator = &mut self.accumulator;
        let layers = layers & accumulator.layers();
        let mask = matcher.request.segments().mask();
        for entry in entries {
            let layers = layers & entry.layers;
            if entry.mask & !mask != 0
                || accumulator.is_settled(entry.is_deny, layers)
                || !entry.matches(&matcher)
            {
                continue;
            }
            match entry.has_principals | entry.is_guarded {
                true => {
                    accumulator.principals_and_guard(&matcher, view.read(entry.statement), layers)
                }
                false => accumulator.count(entry.is_deny, layers, Strength::Direct),
            }
        }
    }

    /// What guards gave is known for the image that was looked at last.
    #[inline(always)]
    fn enter(&mut self, image: ImageIdx) {
        if self.image != image {
            self.accumulator.enter_image();
            self.image = image;
        }
    }

    /// The decision.
    #[inline]
    pub fn decide(self) -> Outcome {
        let units = &self.prepared.units;
        let present = (units.present, units.public);
        self.accumulator.outcome(&self.prepared.inputs, present)
    }

    /// Whether some statement of what was looked at allows the request, and whether some denies it: for hosts that remember what
    /// units say. Means nothing of resource policies, whose Allow has a strength.
    pub fn says(self) -> (bool, bool) {
        let verdicts = self.accumulator.verdicts((LayerSet::EMPTY, false));
        (!verdicts.allow.is_empty(), !verdicts.deny.is_empty())
    }
}

/// A settled request, asked of an image of the stack.
#[derive(Clone, Copy)]
struct PreparedInImage<'a> {
    prepared: &'a PreparedEvaluation<'a>,
    image: ImageIdx,
    /// Those of the resource, or with a mask of all bits if nobody cut it.
    segments: &'a Segments,
}

impl<'a> RequestView<'a> for PreparedInImage<'a> {
    #[inline]
    fn inputs(self) -> &'a CombineInputs {
        &self.prepared.inputs
    }

    #[inline]
    fn action(self) -> &'a Action {
        self.prepared.resolved.action
    }

    #[inline]
    fn resource(self) -> &'a [u8] {
        self.prepared.resolved.resource.text().as_bytes()
    }

    #[inline]
    fn segments(self) -> &'a Segments {
        self.segments
    }

    #[inline]
    fn present(self) -> LayerSet {
        self.prepared.units.present
    }

    #[inline]
    fn named(self) -> &'a [NamingPrincipal] {
        self.prepared.resolved.principal_handle.named(self.image)
    }

    #[inline]
    fn keys(self) -> Keys<'a> {
        self.prepared.slots.keys(&self.prepared.source, self.image)
    }
}
