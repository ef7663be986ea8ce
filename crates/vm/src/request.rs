//! A request, as a host has it, and what it is to a stack of images.

use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::index::{Group, Segments};
use portcullis_image::value::fold::eq_folded;
use portcullis_image::{Section, View, layer_mask, reserved};
use portcullis_model::{self as model, Layer, Principal, is_resource};

use crate::caller::Kind;
use crate::facts::{Basis, Facts, Home, Ownership, resource_account};
use crate::lookup;
use crate::matcher::{Asked, Matcher, slice};
use crate::named::Named;
use crate::plan::Plan;
use crate::scratch::Scratch;
use crate::site::CallSite;
use crate::slots::{Keys, Slot, Source};
use crate::stack::Mark;
use crate::typed::{Action, Known, ResourceRef, all_buckets};
use crate::value::Context;

/// What is asked, borrowed from whoever asks: nothing is copied, and nothing need be kept.
///
/// Plain texts will do everywhere; what a host resolved beforehand is not looked up again. What was resolved for other
/// images is.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Who asks.
    pub principal: Principal<'a>,
    /// What was resolved for the same principal, if it was. That the principal is the same is believed.
    pub known: Option<&'a Known>,
    /// The action.
    pub action: ActionRef<'a>,
    /// The condition keys.
    pub context: Context<'a>,
    /// The target's ARN, or `*` (`MATCH-28`).
    pub resource: ResourceRef<'a>,
    /// The account that owns it, if known (`EVAL-12`).
    pub account: Option<&'a str>,
    /// `RestrictPublicBuckets` is in force (`S3-4`).
    pub restrict_public_buckets: bool,
    /// Something outside the policy language grants the request (`EVAL-75`).
    pub external_grant: bool,
}

/// An action: a name, or one that was resolved before.
#[derive(Clone, Copy, Debug)]
pub enum ActionRef<'a> {
    /// `service:Name` in any case (`MATCH-10`).
    Name(&'a str),
    /// That of a call site.
    Site(&'a CallSite),
    /// One that was resolved before.
    Resolved(&'a Action),
}

impl<'a> From<&model::Request<'a>> for Query<'a> {
    fn from(request: &model::Request<'a>) -> Query<'a> {
        Query {
            principal: request.principal,
            known: None,
            action: ActionRef::Name(request.action),
            context: Context::Entries(request.context),
            resource: ResourceRef::Text(request.resource),
            account: request.resource_account,
            restrict_public_buckets: request.restrict_public_buckets,
            external_grant: request.external_grant,
        }
    }
}

/// A part of an image that takes part in a decision.
#[derive(Clone, Copy, Debug)]
pub struct PartOf {
    /// The image's place in the stack.
    pub image: u32,
    /// The part's number in the image.
    pub part: u32,
    /// The layers that it stands for ([`portcullis_image::layer_mask`]).
    pub layers: u32,
}

/// A part that takes part, in a request.
#[derive(Clone, Debug)]
pub(crate) struct UsedPart {
    pub(crate) part: u32,
    pub(crate) layers: u32,
    groups: Range<u32>,
}

/// The reserved slots of keys that say by which names policies may know the caller.
pub(crate) const KEYS_OF_CALLER: [u32; 3] = [
    reserved::USER_ID,
    reserved::FEDERATED_PROVIDER,
    reserved::SERVICE_NAMES,
];

/// True if a key, whose name may be in any case, says by which names policies may know the caller (`GRAM-40`,
/// `GRAM-43`, `EVAL-53`).
pub fn is_name_of_caller(key: &str) -> bool {
    let names = KEYS_OF_CALLER.map(|slot| reserved::NAMES.get(slot as usize).copied());
    names
        .into_iter()
        .flatten()
        .any(|name| eq_folded(key, name.as_bytes()))
}

/// A request of which everything is known that does not take a policy: it can be decided any number of times, and
/// explained.
///
/// It is tied to the images that it was made for; for others the decision is an implicit deny by no policy set. So is
/// that of a request without an action, of one whose values are not those of its call site's keys, and of one for an
/// image of several parts of which none were named.
#[derive(Debug)]
pub struct Ready<'a> {
    /// That of the stack if the request can be decided, and another if not.
    seal: Mark,
    slots: &'a [Slot],
    stamp: u32,
    source: Source<'a>,
    pub(crate) facts: Facts,
    action: &'a Action,
    resource: &'a str,
    segments: &'a Segments,
    named: &'a [Named],
    ranges: &'a [Range<u32>],
    present: (u32, bool),
    parts: Parts<'a>,
}

/// What takes part.
#[derive(Clone, Copy, Debug)]
enum Parts<'a> {
    /// All images, each of one part.
    Whole,
    /// Some parts of each, where those of each end, and their groups of candidates.
    Some(&'a [UsedPart], &'a [u32], &'a [Group]),
}

/// The part of an image that has only one.
const WHOLE: UsedPart = UsedPart {
    part: 0,
    layers: u32::MAX,
    groups: 0..0,
};

impl Scratch {
    /// Looks up what a request consists of, in time linear in the request and independent of the number of policies.
    ///
    /// Every request can be looked up; a text that is no number, date or address where one is asked for is a value that
    /// compares to nothing (`COND-87`).
    #[inline]
    pub fn ready<'a, 'i>(
        &'a mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &'a Plan,
        query: &'a Query<'a>,
    ) -> Ready<'a> {
        self.make_ready(images, plan, query, None)
    }

    /// The same for parts of the images: those that do not exist are not there.
    pub fn ready_parts<'a, 'i>(
        &'a mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &'a Plan,
        query: &'a Query<'a>,
        parts: impl Iterator<Item = PartOf> + Clone,
    ) -> Ready<'a> {
        let present = self.use_parts(images.clone(), parts);
        self.make_ready(images, plan, query, Some(present))
    }

    fn use_parts<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        parts: impl Iterator<Item = PartOf> + Clone,
    ) -> (u32, bool) {
        self.parts.clear();
        self.part_ends.clear();
        let mut present = (0, false);
        for (image, view) in (0..).zip(images) {
            let exist =
                |part: &PartOf| part.image == image && part.part < view.count(Section::Parts);
            for part in parts.clone().filter(exist) {
                let record = view.part(part.part);
                present.0 |= record.layers & part.layers;
                present.1 |= record.public && part.layers & layer_mask(Layer::Resource) != 0;
                self.parts.push(UsedPart {
                    part: part.part,
                    layers: part.layers,
                    groups: 0..0,
                });
            }
            self.part_ends.push(self.parts.len() as u32);
        }
        present
    }

    /// `parts` is what is present in the parts that were named, if they were.
    #[inline]
    fn make_ready<'a, 'i>(
        &'a mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &'a Plan,
        query: &'a Query<'a>,
        parts: Option<(u32, bool)>,
    ) -> Ready<'a> {
        self.begin(plan);
        let mut is_sound = self.place(images.clone(), plan, query.context);
        is_sound &= parts.is_some() || plan.is_whole;

        // The action, and where it leads.
        let resolved = self.resolve(images.clone(), plan, query.action);
        if parts.is_some() {
            let mut used = core::mem::take(&mut self.parts);
            let mut groups = core::mem::take(&mut self.groups);
            if let Some(action) = self.action(resolved) {
                find_groups(
                    images.clone(),
                    &self.part_ends,
                    action,
                    &mut used,
                    &mut groups,
                );
            }
            self.parts = used;
            self.groups = groups;
        }

        // The caller.
        let principal = &query.principal;
        let known = query.known.filter(|known| known.of.is_same(plan.id));
        let home = match known {
            Some(known) => known.home(),
            None => Home::of(&principal.caller),
        };
        // The context may say names that were not known before.
        let known = known.filter(|_| !self.names_caller());
        if known.is_none() {
            self.find_named(images.clone(), plan, query.context, (principal, home));
        }
        if plan.wants_user_id {
            self.store_user_id(principal, home);
        }

        // The resource.
        let resource = query.resource.parts();
        let action = self.action(resolved);
        is_sound &= action.is_some_and(|action| action.of.is_same(plan.id));
        let lists_buckets = resource.is_star && action.is_some_and(Action::lists_buckets);
        let needs_segments = match parts {
            None => action.is_some_and(|action| action.is_hashed),
            Some(_) => self.groups.iter().any(|group| group.probe_count > 0),
        };
        let all = match lists_buckets {
            true => {
                let start = self.text.len();
                all_buckets(home.partition, |part| self.text.push_str(part));
                Some(start..self.text.len())
            }
            false => None,
        };
        let read = match query.resource {
            ResourceRef::Read(resource) if !lists_buckets => Some(&resource.segments),
            _ => None,
        };
        if needs_segments && read.is_none() {
            let all = all.clone().and_then(|all| self.text.get(all));
            let text = all.unwrap_or(query.resource.text());
            self.segments.set(text.as_bytes());
        }

        let this = &*self;
        static NO_ACTION: Action = Action::NONE;
        let action = this.action(resolved).unwrap_or(&NO_ACTION);
        let (named, ranges) = match known {
            Some(known) => (known.named.as_slice(), known.ranges.as_slice()),
            None => (this.named.as_slice(), this.ranges.as_slice()),
        };
        let mut source = this.source(plan, query.context);
        source.derivable = u32::MAX;
        source.principal = principal;
        source.home = home;
        source.account = resource_account(query.account, &resource);
        let present = parts.unwrap_or(plan.present);
        let mut ready = Ready {
            seal: match is_sound {
                true => plan.id.mark(),
                false => plan.id.mark().broken(),
            },
            slots: &this.slots,
            stamp: this.stamp,
            source,
            facts: Facts::NONE,
            action,
            resource: match all {
                Some(all) => this.text.get(all).unwrap_or_default(),
                None => query.resource.text(),
            },
            segments: match read {
                Some(read) => read,
                None if needs_segments => &this.segments,
                None => const { &Segments::ALL },
            },
            named,
            ranges,
            present,
            parts: match parts {
                None => Parts::Whole,
                Some(_) => Parts::Some(&this.parts, &this.part_ends, &this.groups),
            },
        };
        let caller = Kind::of(&principal.caller);
        ready.facts = Facts::of(&Basis {
            caller,
            management_account: principal.management_account,
            assumed_root: caller == Kind::Root && ready.is_assumed_root(),
            action,
            ownership: Ownership::of(home, query.account, &resource),
            is_key: resource.is_key,
            is_role: resource.is_role,
            restrict_public_buckets: query.restrict_public_buckets,
            external_grant: query.external_grant,
            present: present.0,
        });
        ready
    }

    /// The action of a request and the segments of its resource, as far as decisions look at them.
    pub(crate) fn look_ahead<'a, 'i>(
        &'a mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        query: &'a Query<'a>,
    ) -> (Option<&'a Action>, &'a Segments) {
        let resolved = self.resolve(images, plan, query.action);
        let read = match query.resource {
            ResourceRef::Read(resource) => Some(&resource.segments),
            ResourceRef::Text(text) => {
                self.segments.set(text.as_bytes());
                None
            }
        };
        let this = &*self;
        (this.action(resolved), read.unwrap_or(&this.segments))
    }

    /// An action that was resolved for this stack, or the place of what is remembered of its name.
    #[inline]
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
        let fill = |action: &mut Action| {
            action.set(images, name);
            action.of.is_same(plan.id)
        };
        Err(self.actions.place_of(plan.id, name, fill))
    }

    /// An action that was resolved before, or one that is remembered.
    #[inline]
    fn action<'a>(&'a self, resolved: Result<&'a Action, usize>) -> Option<&'a Action> {
        match resolved {
            Ok(action) => Some(action),
            Err(place) => self.actions.get(place),
        }
    }
}

/// Finds the groups of parts for an action.
fn find_groups<'i>(
    images: impl Iterator<Item = View<'i>>,
    ends: &[u32],
    action: &Action,
    parts: &mut [UsedPart],
    groups: &mut Vec<Group>,
) {
    groups.clear();
    let mut first = 0;
    for ((image, view), end) in images.enumerate().zip(ends) {
        let own = parts.get_mut(first..*end as usize).unwrap_or(&mut []);
        first = *end as usize;
        if !view.has_index() {
            continue;
        }
        for part in own {
            let start = groups.len() as u32;
            lookup::groups(view, &view.part(part.part), action.patterns(image), groups);
            part.groups = start..groups.len() as u32;
        }
    }
}

impl<'a> Ready<'a> {
    /// `EVAL-50`: the session is one of AssumeRoot. Every image has the key's slot.
    fn is_assumed_root(&self) -> bool {
        self.keys(0)
            .only_given(reserved::ASSUMED_ROOT)
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// True if action and resource are what requests can have ([`check_action`](portcullis_model::check_action),
    /// [`is_resource`]). Others can be decided, as texts like any other, and patterns that allow may match them where
    /// those that deny do not: hosts do not ask that.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.action.is_plain && is_resource(self.resource)
    }

    /// The action.
    pub(crate) fn action(&self) -> &'a Action {
        self.action
    }

    /// True if it can be decided for the images with this mark.
    #[inline]
    pub(crate) fn is_ready_for(&self, images: Mark) -> bool {
        self.seal == images
    }

    /// A matcher for an image of the stack.
    #[inline]
    pub(crate) fn matcher<'r>(&'r self, image: usize, view: View<'r>) -> Matcher<'r, OfImage<'r>> {
        Matcher {
            view,
            asked: OfImage {
                request: self,
                keys: self.keys(image),
                named: match self.ranges.get(image) {
                    Some(range) => slice(self.named, range),
                    None => &[],
                },
            },
        }
    }

    /// The keys, in terms of an image.
    #[inline]
    pub(crate) fn keys(&self, image: usize) -> Keys<'_> {
        Keys::of(self.slots, self.stamp, &self.source, image)
    }

    /// The parts of an image that take part.
    #[inline]
    pub(crate) fn parts_of(&self, image: usize) -> &[UsedPart] {
        match self.parts {
            Parts::Whole => core::slice::from_ref(const { &WHOLE }),
            Parts::Some(parts, ends, _) => {
                let before = image.checked_sub(1);
                let start = before.and_then(|before| ends.get(before)).copied();
                let end = ends.get(image).copied().unwrap_or(0);
                slice(parts, &(start.unwrap_or(0)..end))
            }
        }
    }

    /// The groups of candidates of a part of an image.
    #[inline]
    pub(crate) fn groups_of(&self, image: usize, part: &UsedPart) -> &[Group] {
        match self.parts {
            Parts::Whole => self.action.groups_of(image),
            Parts::Some(_, _, groups) => slice(groups, &part.groups),
        }
    }

    /// True if the images have policies of this kind, which take part or not.
    pub fn has_layer(&self, layer: Layer) -> bool {
        self.present.0 & layer_mask(layer) != 0
    }

    /// The layers that are present, and whether a resource policy is public.
    #[inline]
    pub(crate) fn present(&self) -> (u32, bool) {
        self.present
    }
}

/// A request, asked of an image of the stack.
#[derive(Clone, Copy)]
pub(crate) struct OfImage<'a> {
    request: &'a Ready<'a>,
    keys: Keys<'a>,
    named: &'a [Named],
}

impl<'a> Asked<'a> for OfImage<'a> {
    #[inline]
    fn facts(self) -> &'a Facts {
        &self.request.facts
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
    fn present(self) -> u32 {
        self.request.present.0
    }

    #[inline]
    fn named(self) -> &'a [Named] {
        self.named
    }

    #[inline]
    fn keys(self) -> Keys<'a> {
        self.keys
    }
}
