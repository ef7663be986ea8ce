//! A request to a stack of images, with everything looked up that does not take a policy.
//!
//! [`Scratch::ready`] and its relatives are one function, [`Scratch::look_up`]: keys get their slots, then the caller its
//! names, the action its candidate sets, the resource its segments, and last come the inputs that follow from all of them. What
//! could not be looked up, since it is of other images, leaves the request with a seal that fits no stack: deciding it is an
//! implicit deny, and no caller has to handle an error.
//!
//! The functions are inlined into each other on purpose: they are one decision's straight way, with more values alive than
//! there are registers, and taking parts out of it costs what it saves (`docs/benchmarks/targets.md`).

use portcullis_image::index::{MAX_SEGMENTS, Segments};
use portcullis_image::wire::count;
use portcullis_image::{CandidateSet, LayerSet, Reserved, View};
use portcullis_model::{Layer, is_resource};

use crate::combine::caller::CallerKind;
use crate::combine::inputs::{Applicability, CombineInputs};
use crate::combine::ownership::HomeAccount;
use crate::eval::view::RequestView;
use crate::keys::filled::FilledSlots;
use crate::keys::source::{KeyOrigin, ValueSource};
use crate::keys::values::Keys;
use crate::pattern::Matcher;
use crate::prepare::names::find_all;
use crate::prepare::scratch::{Remembered, Scratch};
use crate::prepare::units::PreparedUnit;
use crate::request::action::Action;
use crate::request::context::Context;
use crate::request::principal::{NamingPrincipal, PrincipalHandle};
use crate::request::query::{ActionRef, Query, SelectedUnit};
use crate::request::resource::{ResourceRef, all_buckets};
use crate::request::site::CallSite;
use crate::stack::per_image::PerImage;
use crate::stack::plan::Plan;
use crate::stack::{ImageIdx, StackId};

/// A request of which everything is known that does not take a policy: it can be decided any number of times, and
/// explained.
///
/// It is tied to the images that it was made for; for others the decision is an implicit deny by no policy set. So is
/// that of a request without an action, of one whose values are not those of its call site's keys, and of one for an
/// image of several units of which none were named.
///
/// ```
/// use portcullis_image::Image;
/// use portcullis_model::{Caller, Layer, Request};
/// use portcullis_vm::{Plan, Query, Scratch};
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let images = || core::iter::once(image.view());
/// let (plan, mut scratch) = (Plan::of(images()), Scratch::new());
/// let role = Caller::from_arn("arn:aws:iam::111122223333:role/reports").unwrap();
/// let request = Request::new(role, "s3:GetObject", "arn:aws:s3:::example-team-data/finance/q1.csv");
///
/// let query = Query::from(&request);
/// let ready = scratch.ready(images(), &plan, &query);
/// assert!(ready.is_plain() && ready.has_layer(Layer::Boundary));
/// assert_eq!(ready.decide(images()).decision(), ready.explain(images()).outcome.decision());
/// // For other images, though of the same bytes, it is not decided.
/// let other = Image::from_bytes(&file[..])?;
/// assert!(!ready.decide(core::iter::once(other.view())).is_allow());
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
#[derive(Debug)]
pub struct Ready<'a> {
    /// That of the stack if the request can be decided, and another if not.
    seal: StackId,
    /// What was found for the request, which borrows it until it is decided.
    scratch: &'a Scratch,
    /// Where values are that slots refer to: the request's, and those that were put together.
    source: ValueSource<'a>,
    /// What follows from the request beside its texts.
    inputs: &'a CombineInputs,
    /// That of the host, if it is of this stack; else one that the scratch remembers.
    action: &'a Action,
    /// As patterns match it: all buckets in the place of `*`, where that is meant (`MATCH-37`).
    resource: &'a str,
    /// As many as candidates are found by.
    segments: &'a Segments,
    /// What the images know of the caller, if that was resolved; else the scratch has it.
    names: Option<&'a PrincipalHandle>,
    /// The layers that are present, and whether a resource policy is public.
    present: (LayerSet, bool),
    /// The units that take part.
    units: Units,
}

/// What takes part. The usual stack, one image of one unit, has a way of its own.
#[derive(Clone, Copy, Debug)]
enum Units {
    /// The only image, which has one unit.
    Only,
    /// All images, each of one unit.
    Whole,
    /// The units that the scratch has.
    Some,
}

impl Scratch {
    /// Looks up what a request consists of, in time linear in the request and independent of the number of policies.
    ///
    /// Every request can be looked up; a text that is no number, date or address where one is asked for is a value that
    /// compares to nothing (`COND-87`). What it gives borrows the scratch, which is free again when it is dropped.
    #[inline(always)]
    pub fn ready<'a, 'i>(
        &'a mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &'a Plan,
        query: &'a Query<'a>,
    ) -> Ready<'a> {
        self.look_up(images, plan, query, None, true)
    }

    /// The same, to be decided once: of the resource only as much is cut as finds candidates. It may be decided more often, and
    /// decides the same.
    #[inline(always)]
    pub fn ready_once<'a, 'i>(
        &'a mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &'a Plan,
        query: &'a Query<'a>,
    ) -> Ready<'a> {
        self.look_up(images, plan, query, None, false)
    }

    /// The same for units of the images: those that do not exist are not there. Takes time linear in the units too.
    ///
    /// ```
    /// use portcullis_image::{Id, Image, LayerSet};
    /// use portcullis_model::{Caller, Layer, Request};
    /// use portcullis_vm::{ImageIdx, Plan, Query, Scratch, SelectedUnit};
    ///
    /// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
    /// let image = Image::from_bytes(&file[..])?;
    /// let images = || core::iter::once(image.view());
    /// let (plan, mut scratch) = (Plan::of(images()), Scratch::new());
    /// let role = Caller::from_arn("arn:aws:iam::111122223333:role/reports").unwrap();
    /// let request = Request::new(role, "s3:GetObject", "arn:aws:s3:::example-team-data/finance/q1.csv");
    /// let query = Query::from(&request);
    ///
    /// // Of the first unit the boundary alone takes part.
    /// let unit = SelectedUnit { image: ImageIdx::FIRST, unit: Id::FIRST, layers: LayerSet::BOUNDARY };
    /// let ready = scratch.ready_units(images(), &plan, &query, core::iter::once(unit));
    /// assert!(ready.has_layer(Layer::Boundary) && !ready.has_layer(Layer::Identity));
    /// # Ok::<(), portcullis_image::ImageError>(())
    /// ```
    pub fn ready_units<'a, 'i>(
        &'a mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &'a Plan,
        query: &'a Query<'a>,
        units: impl Iterator<Item = SelectedUnit> + Clone,
    ) -> Ready<'a> {
        let present = self.units.use_only(images.clone(), units);
        self.look_up(images, plan, query, Some(present), true)
    }

    /// `units` is what is present in the units that were named, if they were. The resource is cut into as many
    /// segments as are needed to find candidates, or all if `cuts` says so: they tell candidates apart, which pays from
    /// the second decision on.
    #[inline(always)]
    fn look_up<'a, 'i>(
        &'a mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &'a Plan,
        query: &'a Query<'a>,
        units: Option<(LayerSet, bool)>,
        cuts: bool,
    ) -> Ready<'a> {
        let resolved = self.resolve(images.clone(), plan, query.action);
        self.slots.begin(plan);
        let mut is_sound = units.is_some() || plan.is_whole;
        match (&query.context, resolved) {
            (Context::Site(site, values, others), _) => {
                let (slots, all) = (&mut self.slots, (*site, *values, *others));
                is_sound &= slots.by_site(images.clone(), plan, query, all);
            }
            (Context::Named(pairs), Err(number)) => {
                let shape = self.actions.get(number).map(|own| &own.shape);
                let slots = &mut self.slots;
                if !shape.is_some_and(|shape| slots.by_shape(shape, pairs)) {
                    self.by_new_shape(images.clone(), plan, query, number);
                }
            }
            _ => self.slots.by_names(images.clone(), plan, query),
        }

        // The caller, and by which names the images know it.
        let resolved_handle = query
            .principal_handle
            .filter(|handle| handle.of.is_same(plan.id));
        let remembered = match resolved_handle {
            Some(_) => None,
            // Where policies name nobody there is nothing to remember.
            None if !plan.names_principals => None,
            None => self.callers.number_of(&images, plan.id, &query.principal),
        };
        let handle = match remembered {
            Some(number) => self.callers.get(number),
            None => resolved_handle,
        };
        let home = query.home(handle);
        // The context may say names that were not known before, which matters where policies name somebody.
        let has_names = match query.context {
            _ if !plan.names_principals => false,
            Context::Site(site, _, []) if !site.names_caller => false,
            _ => self.slots.names_caller(),
        };
        let names = handle.filter(|_| !has_names);
        if names.is_none() && plan.names_principals {
            let source = ValueSource {
                plan,
                store: &self.slots.store,
                origin: KeyOrigin::Query(query, handle),
            };
            let keys = |image| self.slots.keys(&source, image);
            let principal = &query.principal;
            let keys = has_names.then_some(keys);
            find_all(images.clone(), principal, home, keys, &mut self.named);
        }
        if plan.wants_user_id {
            self.slots.store_user_id(&query.principal, home);
        }

        // The action, and where it leads.
        let action = match resolved {
            Ok(action) => action,
            Err(number) => of_number(self.actions.get(number)),
        };
        if resolved.is_err() {
            // It may have no name, or other images may have come with it.
            is_sound &= action.of.is_same(plan.id);
        }
        let depth = match cuts {
            true => MAX_SEGMENTS,
            false => action.depth,
        };
        if units.is_some() {
            self.units.find_candidate_sets(images, action);
        }

        // The resource.
        let text = query.resource.text();
        let is_star = text == "*";
        let all = match is_star && action.lists_buckets() {
            true => Some(store_all_buckets(&mut self.slots.store.text, home)),
            false => None,
        };
        let read = match query.resource {
            ResourceRef::Read(resource) if all.is_none() => Some(&resource.segments),
            _ => None,
        };
        let cuts = read.is_none() && depth > 0;
        if cuts {
            let text = all.map_or(text, |(offset, len)| self.slots.store.get(offset, len));
            self.segments.set_start(text.as_bytes(), depth);
        }

        // What follows from all of them.
        let caller = CallerKind::of(&query.principal.caller);
        let present = units.unwrap_or(plan.present);
        let token = query.principal.session_token;
        let applicability = Applicability {
            caller,
            management_account: query.principal.management_account,
            assumed_root: caller == CallerKind::Root && is_assumed_root(&self.slots, plan, query),
            action: &action.traits,
            refused: (action.traits).refuses(caller, token, || query.context.has_mfa()),
            ownership: query.ownership(home, is_star),
            needs_resource_policy: query.needs_resource_policy(action),
            restrict_public_buckets: query.restrict_public_buckets,
            external_grant: query.external_grant,
            present: present.0,
        };
        let inputs = match units {
            None => self.inputs.number_of(plan.id, &applicability),
            Some(_) => self.inputs.number_of_units(&applicability),
        };

        let this = &*self;
        let handle = match remembered {
            Some(number) => this.callers.get(number),
            None => resolved_handle,
        };
        Ready {
            seal: match is_sound {
                true => plan.id,
                false => StackId::NONE,
            },
            scratch: this,
            source: ValueSource {
                plan,
                store: &this.slots.store,
                origin: KeyOrigin::Query(query, handle),
            },
            inputs: this.inputs.get(inputs),
            action: match resolved {
                Ok(action) => action,
                Err(number) => of_number(this.actions.get(number)),
            },
            resource: match all {
                Some((offset, len)) => this.slots.store.get(offset, len),
                None => text,
            },
            segments: match read {
                Some(read) => read,
                None if cuts => &this.segments,
                None => const { &Segments::ALL },
            },
            names: handle.filter(|_| !has_names),
            present,
            units: match units {
                Some(_) => Units::Some,
                None if plan.is_only => Units::Only,
                None => Units::Whole,
            },
        }
    }

    /// Gives keys their values by names that are not those of the action's last request, and remembers them.
    #[cold]
    #[inline(never)]
    fn by_new_shape<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        query: &Query<'_>,
        number: usize,
    ) {
        self.slots.by_names(images.clone(), plan, query);
        let own = self.actions.get_mut(number);
        if let (Some(own), Context::Named(pairs)) = (own, query.context) {
            own.shape.set(images, plan, pairs);
        }
    }

    /// The action of a request and the segments of its resource, as far as decisions look at them.
    pub(crate) fn look_ahead<'a, 'i>(
        &'a mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        query: &'a Query<'a>,
    ) -> (&'a Action, &'a Segments) {
        let resolved = self.resolve(images, plan, query.action);
        let read = match query.resource {
            ResourceRef::Read(resource) => Some(&resource.segments),
            ResourceRef::Text(text) => {
                self.segments.set(text.as_bytes());
                None
            }
        };
        let this = &*self;
        let action = match resolved {
            Ok(action) => action,
            Err(number) => of_number(this.actions.get(number)),
        };
        (action, read.unwrap_or(&this.segments))
    }

    /// An action that was resolved for this stack, or the number of what is remembered of its name.
    #[inline(always)]
    fn resolve<'a, 'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        action: ActionRef<'a>,
    ) -> Result<&'a Action, usize> {
        let name = match action {
            ActionRef::Site(CallSite { action, .. }) | ActionRef::Resolved(action) => {
                if action.of.is_same(plan.id) {
                    return Ok(action);
                }
                action.text()
            }
            ActionRef::Name(name) => name,
        };
        let fill = |own: &mut Remembered| {
            own.shape.clear();
            own.action.set(images, name);
            own.action.of.is_same(plan.id)
        };
        Err(self.actions.number_of(plan.id, name, fill))
    }
}

/// An action that is remembered, if there is one.
#[inline(always)]
fn of_number(own: Option<&Remembered>) -> &Action {
    static NONE: Action = Action::NONE;
    own.map_or(&NONE, |own| &own.action)
}

/// Stores the ARN of all buckets of the caller's partition (`MATCH-37`), and says where.
#[cold]
fn store_all_buckets(store: &mut alloc::string::String, home: HomeAccount<'_>) -> (u32, u32) {
    let start = store.len();
    all_buckets(home.partition)
        .iter()
        .for_each(|part| store.push_str(part));
    (count(start), count(store.len() - start))
}

/// `EVAL-50`: the session is one of AssumeRoot. Every image has the key's slot.
#[cold]
#[inline(never)]
fn is_assumed_root(slots: &FilledSlots, plan: &Plan, query: &Query<'_>) -> bool {
    let source = ValueSource {
        plan,
        store: &slots.store,
        origin: KeyOrigin::Query(query, None),
    };
    let flag = slots.keys(&source, ImageIdx::FIRST);
    let flag = flag.only_given(Reserved::AssumedRoot.slot());
    flag.is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
}

impl<'a> Ready<'a> {
    /// True if action and resource are what requests can have ([`check_action`](portcullis_model::check_action),
    /// [`is_resource`]). Others can be decided, as texts like any other, and patterns that allow may match them where
    /// those that deny do not: hosts do not ask that.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.action.is_plain && is_resource(self.resource)
    }

    /// The caller in terms of the images.
    #[inline(always)]
    fn named(&self) -> &'a PerImage<NamingPrincipal> {
        static NOBODY: PerImage<NamingPrincipal> = PerImage::new();
        match self.names {
            Some(handle) => &handle.named,
            None if self.source.plan.names_principals => &self.scratch.named,
            None => &NOBODY,
        }
    }

    /// What the decision needs to know beside the statements.
    #[inline(always)]
    pub(crate) fn inputs(&self) -> &'a CombineInputs {
        self.inputs
    }

    /// The action.
    pub(crate) fn action(&self) -> &'a Action {
        self.action
    }

    /// True if it can be decided for these images.
    #[inline]
    pub(crate) fn is_ready_for(&self, images: StackId) -> bool {
        self.seal.is_same(images)
    }

    /// A matcher for an image of the stack.
    #[inline]
    pub(crate) fn matcher<'r>(
        &'r self,
        image: ImageIdx,
        view: View<'r>,
    ) -> Matcher<'r, ReadyInImage<'r>> {
        Matcher {
            view,
            request: ReadyInImage {
                request: self,
                keys: self.keys(image),
                named: self.named().of(image),
            },
        }
    }

    /// The same request, which cannot be decided unless it [is plain](Ready::is_plain): what a host asks before it decides for
    /// somebody else's texts.
    #[inline]
    #[must_use]
    pub fn if_plain(self) -> Self {
        match self.is_plain() {
            true => self,
            false => self.refused(),
        }
    }

    /// The same as a request that is not decided: an implicit deny by no set. For hosts that know a reason.
    pub fn refused(mut self) -> Self {
        self.seal = StackId::NONE;
        self
    }

    /// The request to the only image, if it is for one that takes part as a whole.
    #[inline(always)]
    pub(crate) fn only(&self) -> Option<ReadyInOnlyImage<'_>> {
        matches!(self.units, Units::Only).then_some(ReadyInOnlyImage(self))
    }

    /// The keys, in terms of an image.
    #[inline]
    pub(crate) fn keys(&self, image: ImageIdx) -> Keys<'_> {
        self.scratch.slots.keys(&self.source, image)
    }

    /// The units of an image that take part.
    #[inline]
    pub(crate) fn units_of(&self, image: ImageIdx) -> &[PreparedUnit] {
        match self.units {
            Units::Only | Units::Whole => core::slice::from_ref(const { &PreparedUnit::WHOLE }),
            Units::Some => self.scratch.units.of_image(image),
        }
    }

    /// The candidate sets of a unit of an image.
    #[inline]
    pub(crate) fn candidate_sets_of(
        &self,
        image: ImageIdx,
        unit: &PreparedUnit,
    ) -> &[CandidateSet] {
        match self.units {
            Units::Only | Units::Whole => self.action.candidate_sets_of(image),
            Units::Some => self.scratch.units.candidate_sets_of(unit),
        }
    }

    /// True if the images have policies of this kind, which take part or not ([`Ready::left_out`] says which do not).
    pub fn has_layer(&self, layer: Layer) -> bool {
        self.present.0.contains(layer)
    }

    /// The layers that are present, and whether a resource policy is public.
    #[inline]
    pub(crate) fn present(&self) -> (LayerSet, bool) {
        self.present
    }
}

/// A request, asked of the only image.
#[derive(Clone, Copy)]
pub(crate) struct ReadyInOnlyImage<'a>(&'a Ready<'a>);

impl<'a> ReadyInOnlyImage<'a> {
    /// The candidate sets.
    #[inline(always)]
    pub(crate) fn candidate_sets(self) -> &'a [CandidateSet] {
        self.0.action.all_candidate_sets()
    }
}

impl<'a> RequestView<'a> for ReadyInOnlyImage<'a> {
    #[inline(always)]
    fn inputs(self) -> &'a CombineInputs {
        self.0.inputs
    }

    #[inline(always)]
    fn action(self) -> &'a Action {
        self.0.action
    }

    #[inline(always)]
    fn resource(self) -> &'a [u8] {
        self.0.resource.as_bytes()
    }

    #[inline(always)]
    fn segments(self) -> &'a Segments {
        self.0.segments
    }

    #[inline(always)]
    fn present(self) -> LayerSet {
        self.0.present.0
    }

    #[inline(always)]
    fn named(self) -> &'a [NamingPrincipal] {
        self.0.named().all()
    }

    #[inline(always)]
    fn keys(self) -> Keys<'a> {
        self.0.scratch.slots.keys_of_only(&self.0.source)
    }
}

/// A request, asked of an image of the stack.
#[derive(Clone, Copy)]
pub(crate) struct ReadyInImage<'a> {
    /// What does not depend on the image.
    request: &'a Ready<'a>,
    /// The keys, by the image's slots.
    keys: Keys<'a>,
    /// The principals of the image that name the caller.
    named: &'a [NamingPrincipal],
}

impl<'a> RequestView<'a> for ReadyInImage<'a> {
    #[inline]
    fn inputs(self) -> &'a CombineInputs {
        self.request.inputs
    }

    #[inline]
    fn action(self) -> &'a Action {
        self.request.action
    }

    #[inline]
    fn resource(self) -> &'a [u8] {
        self.request.resource.as_bytes()
    }

    #[inline]
    fn segments(self) -> &'a Segments {
        self.request.segments
    }

    #[inline]
    fn present(self) -> LayerSet {
        self.request.present.0
    }

    #[inline]
    fn named(self) -> &'a [NamingPrincipal] {
        self.named
    }

    #[inline]
    fn keys(self) -> Keys<'a> {
        self.keys
    }
}
