//! A request, ready to be decided: names are numbers, values are read.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::index::{Group, Segments};
use portcullis_image::value::fold::eq_folded;
use portcullis_image::{Section, View, layer_mask, reserved};
use portcullis_model::{self as model, Layer, Principal};

use crate::caller::Kind;
use crate::facts::{Basis, Facts, Home, Ownership, Target, derived, resource_account};
use crate::lookup;
use crate::matcher::{Asked, Keys, Matcher, slice};
use crate::named::{self, FromContext, Named};
use crate::stack::{Mark, StackId};
use crate::typed::{Action, Key, KeySlot, Known, Resource, ResourceRef, all_buckets};
use crate::values::{EMPTY, SlotRange, Value, push_values};

/// A request that is filled for a stack of images and can be decided against it any number of times.
///
/// It owns its texts. Filling it again reuses its memory, so that a long-lived request does not
/// allocate once it has seen its largest content.
///
/// [`Request::fill`] takes everything as text. A host that knows names beforehand resolves them once
/// ([`Key`], [`Action`], [`Known`]) and then calls [`Request::begin`], the setters, and
/// [`Request::finish`] for each request.
///
/// It can be decided once it has an action and is finished, for the images that it was begun with, and until it
/// is changed; else the decision is an implicit deny by no policy set. Names that were resolved for other images
/// are looked up again. Setters that are given other images than those it was begun with make it undecidable until
/// it is begun anew.
#[derive(Clone, Debug)]
pub struct Request {
    /// The images that it was begun with; none before, and once others were named.
    stack: StackId,
    /// That of the stack once the request can be decided, and another before.
    seal: Mark,
    /// All texts, one after the other.
    text: String,
    pub(crate) facts: Facts,
    action: Action,
    resource: Range<u32>,
    images: Vec<PerImage>,
    slots: Vec<SlotRange>,
    /// Slots that are not empty.
    touched: Vec<u32>,
    /// Slots whose values were derived.
    derived: Vec<u32>,
    values: Vec<Value>,
    named: Vec<Named>,
    parts: Vec<UsedPart>,
    /// The layers of the parts that are present, and whether a resource policy is public.
    present: (u32, bool),
    /// Bit `n` is set if some image looks at the key of reserved slot `n`.
    wanted: u32,
    /// Some image tells candidates apart by the segments of the resource.
    uses_segments: bool,
    /// The groups of candidates of the action, part by part.
    groups: Vec<Group>,
    /// The resource in segments.
    pub(crate) segments: Segments,
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
const NAMES: [u32; 3] = [
    reserved::USER_ID,
    reserved::FEDERATED_PROVIDER,
    reserved::SERVICE_NAMES,
];

/// True if a key, whose name may be in any case, says by which names policies may know the caller (`GRAM-40`,
/// `GRAM-43`, `EVAL-53`).
pub fn is_name_of_caller(key: &str) -> bool {
    let names = NAMES.map(|slot| reserved::NAMES.get(slot as usize).copied());
    names
        .into_iter()
        .flatten()
        .any(|name| eq_folded(key, name.as_bytes()))
}

/// The part of a request that depends on an image.
#[derive(Clone, Debug)]
pub(crate) struct PerImage {
    pub(crate) slots: Range<u32>,
    pub(crate) named: Range<u32>,
    parts: Range<u32>,
}

impl Default for Request {
    fn default() -> Request {
        Request::new()
    }
}

impl Request {
    /// An empty request.
    pub fn new() -> Request {
        Request {
            stack: StackId::NONE,
            seal: Mark::EMPTY.broken(),
            text: String::new(),
            facts: Facts::default(),
            action: Action::default(),
            resource: 0..0,
            images: Vec::new(),
            slots: Vec::new(),
            touched: Vec::new(),
            derived: Vec::new(),
            values: Vec::new(),
            named: Vec::new(),
            parts: Vec::new(),
            present: (0, false),
            wanted: 0,
            uses_segments: false,
            groups: Vec::new(),
            segments: Segments::default(),
        }
    }

    /// Fills the request for a stack of images, in time linear in the request and logarithmic in
    /// each image, and forgets what it held before.
    ///
    /// Every request can be filled; a text that is no number, date or address where one is asked for
    /// is a value that compares to nothing (`COND-87`).
    pub fn fill<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        request: &model::Request<'_>,
    ) {
        self.begin(images.clone());
        // It was begun with these, and nothing follows from it yet: no need to look each time.
        for entry in request.context {
            self.put(images.clone(), entry.key, entry.values);
        }
        self.name_action(images.clone(), request.action);
        let target = Target {
            resource: request.resource.into(),
            account: request.resource_account,
            restrict_public_buckets: request.restrict_public_buckets,
            external_grant: request.external_grant,
        };
        self.complete(images, &request.principal, None, &target);
    }

    /// Empties the request for a stack of images, each of which takes part as a whole.
    ///
    /// An image of several parts (`portcullis_compile::compile_parts`) cannot take part as a whole, and the
    /// request cannot be decided; name its parts with [`Request::begin_parts`].
    pub fn begin<'i>(&mut self, images: impl Iterator<Item = View<'i>> + Clone) {
        let whole = images
            .clone()
            .enumerate()
            .filter(|(_, view)| view.count(Section::Parts) == 1)
            .map(|(image, _)| PartOf {
                image: image as u32,
                part: 0,
                layers: u32::MAX,
            });
        self.begin_parts(images.clone(), whole);
        // Which of them apply is not known, and leaving them out would leave out what they deny.
        if images.clone().any(|view| view.count(Section::Parts) != 1) {
            self.stack = StackId::NONE;
        }
    }

    /// Empties the request for parts of a stack of images. Parts that do not exist are not there.
    pub fn begin_parts<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        parts: impl Iterator<Item = PartOf> + Clone,
    ) {
        self.stack = StackId::EMPTY;
        self.text.clear();
        self.action.clear();
        for slot in self.touched.drain(..) {
            if let Some(slot) = self.slots.get_mut(slot as usize) {
                slot.clear();
            }
        }
        self.derived.clear();
        self.values.clear();
        self.images.clear();
        self.named.clear();
        self.parts.clear();
        self.groups.clear();
        self.present = (0, false);
        self.wanted = 0;
        self.uses_segments = false;
        let mut start = 0;
        for (image, view) in (0..).zip(images) {
            self.stack = self.stack.with(view);
            self.wanted |= view.wanted_keys();
            self.uses_segments |= view.uses_segments();
            let end = start + view.count(Section::Slots);
            let first_part = self.parts.len() as u32;
            for part in parts.clone().filter(|part| part.image == image) {
                self.use_part(&view, part);
            }
            self.images.push(PerImage {
                slots: start..end,
                named: 0..0,
                parts: first_part..self.parts.len() as u32,
            });
            start = end;
        }
        self.slots.resize(start as usize, SlotRange::default());
        self.break_seal();
    }

    fn break_seal(&mut self) {
        self.seal = self.stack.mark().broken();
    }

    /// Empties the request for the keys of a stack of images alone ([`Request::finish_keys`]).
    pub fn begin_keys<'i>(&mut self, images: impl Iterator<Item = View<'i>>) {
        self.begin_parts(images, core::iter::empty());
    }

    /// True if keys that were added say by which names policies may know the caller (`GRAM-40`, `GRAM-43`,
    /// `EVAL-53`).
    fn has_names(&self) -> bool {
        let has = |slot: &u32| self.slot(0, *slot).count > 0;
        !self.touched.is_empty() && NAMES.iter().any(has)
    }

    fn use_part(&mut self, view: &View<'_>, part: PartOf) {
        if part.part >= view.count(Section::Parts) {
            return;
        }
        let record = view.part(part.part);
        let (present, public) = &mut self.present;
        *present |= record.layers & part.layers;
        *public |= record.public && part.layers & layer_mask(Layer::Resource) != 0;
        self.parts.push(UsedPart {
            part: part.part,
            layers: part.layers,
            groups: 0..0,
        });
    }

    /// Adds values of a key, whose name may be in any case. A key that is added twice has the values
    /// of both (`COND-41`); one that is added without values is absent and not derived (`KEY-2`).
    pub fn add<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        key: &str,
        values: &[&str],
    ) {
        self.change(images.clone());
        self.put(images, key, values);
    }

    fn put<'i>(&mut self, images: impl Iterator<Item = View<'i>>, key: &str, values: &[&str]) {
        let mut stored = None;
        let mut base = 0;
        for view in images {
            view.find_slots(key, |slot, class| {
                // The texts of a key are stored once, when the first image asks for it.
                let start = *stored.get_or_insert_with(|| self.store(values));
                self.push(base + slot, class, values, start);
            });
            base += view.count(Section::Slots);
        }
    }

    /// The same with a key that was resolved before; by its name, if that was for other images.
    pub fn add_key<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        key: &Key,
        values: &[&str],
    ) {
        if !key.of.is_same(self.stack) {
            self.add(images, key.name(), values);
            return;
        }
        self.change(images);
        if key.slots.is_empty() {
            return;
        }
        let start = self.store(values);
        for KeySlot { slot, class } in &key.slots {
            self.push(*slot, *class, values, start);
        }
    }

    /// Adds a value of a slot.
    pub fn add_slot(&mut self, place: KeySlot, value: &str) {
        self.reopen();
        let start = self.store(&[value]);
        self.push(place.slot, place.class, &[value], start);
    }

    /// True if something was added to a slot, be it no values ([`Request::add`]).
    #[inline]
    pub fn has_slot(&self, place: KeySlot) -> bool {
        let own = self.slots.get(place.slot as usize);
        own.is_some_and(|own| own.given)
    }

    fn store(&mut self, values: &[&str]) -> u32 {
        let start = self.text.len() as u32;
        values.iter().for_each(|value| self.text.push_str(value));
        start
    }

    fn push(&mut self, slot: u32, class: u8, values: &[&str], start: u32) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            push_values(&mut self.values, place, values, start, class);
            self.touched.push(slot);
        }
    }

    /// Sets the action by its name (`MATCH-10`, `MATCH-12`).
    pub fn set_action_name<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        action: &str,
    ) {
        self.change(images.clone());
        self.name_action(images, action);
    }

    fn name_action<'i>(&mut self, images: impl Iterator<Item = View<'i>> + Clone, action: &str) {
        self.action.read(images.clone(), action);
        self.find_groups(images);
    }

    /// The same with an action that was resolved before; by its name, if that was for other images.
    pub fn set_action<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        action: &Action,
    ) {
        if !action.of.is_same(self.stack) {
            self.set_action_name(images, action.text());
            return;
        }
        self.change(images.clone());
        self.action.copy(action);
        self.find_groups(images);
    }

    /// Before a change: what was worked out from the request as it was does not hold any more.
    fn change<'i>(&mut self, images: impl Iterator<Item = View<'i>>) {
        self.reopen();
        if !self.stack.is_same(StackId::of(images)) {
            self.stack = StackId::NONE;
        }
    }

    /// The request is not finished any more: until it is again, it is denied implicitly, by no policy set.
    pub fn reopen(&mut self) {
        if self.seal == self.stack.mark() {
            self.break_seal();
            // A key that is added now must not be taken for a derived one, nor be added to it.
            self.forget_derived();
        }
    }

    /// Finds the groups of the parts for the action.
    fn find_groups<'i>(&mut self, images: impl Iterator<Item = View<'i>>) {
        if self.parts.is_empty() {
            return;
        }
        let mut groups = core::mem::take(&mut self.groups);
        let mut parts = core::mem::take(&mut self.parts);
        groups.clear();
        for (image, view) in images.enumerate() {
            let Some(of) = self.images.get(image).filter(|_| view.has_index()) else {
                continue;
            };
            let actions = self.action.patterns(image);
            let used = of.parts.start as usize..of.parts.end as usize;
            for part in parts.get_mut(used).unwrap_or(&mut []) {
                let start = groups.len() as u32;
                lookup::groups(view, &view.part(part.part), actions, &mut groups);
                part.groups = start..groups.len() as u32;
            }
        }
        self.groups = groups;
        self.parts = parts;
    }

    /// Sets caller and target, after everything else: derives the keys that follow and were not
    /// added (`KEY-5`), and finds the principals that name the caller.
    ///
    /// `known` is what was resolved for the same principal, if it was; of other images it is not looked at. That the
    /// principal is the same is believed.
    pub fn finish<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        principal: &Principal<'_>,
        known: Option<&Known>,
        target: &Target<'_>,
    ) {
        self.change(images.clone());
        self.complete(images, principal, known, target);
    }

    fn complete<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        principal: &Principal<'_>,
        known: Option<&Known>,
        target: &Target<'_>,
    ) {
        self.named.clear();
        self.forget_derived();
        let known = known.filter(|known| known.of.is_same(self.stack));
        // Before derived keys are there: only the context can tell these.
        let from_context = self.has_names();
        let home = match known {
            Some(known) => known.home(),
            None => Home::of(&principal.caller),
        };
        let resource = target.resource.parts();
        match known.filter(|_| !from_context) {
            Some(known) => self.set_known(known),
            None => self.find_named(images.clone(), principal, home),
        }
        let account = resource_account(target.account, &resource);
        self.derive_all(images, principal, home, account, self.wanted);
        let start = self.text.len() as u32;
        let lists_buckets = resource.is_star && self.action.lists_buckets();
        match lists_buckets {
            true => all_buckets(home.partition, |part| self.text.push_str(part)),
            false => self.text.push_str(target.resource.text()),
        }
        self.resource = start..self.text.len() as u32;
        if self.uses_segments {
            match target.resource {
                ResourceRef::Read(resource) if !lists_buckets => {
                    self.segments.copy(&resource.segments);
                }
                _ => {
                    let text = slice(self.text.as_bytes(), &self.resource);
                    self.segments.set(text);
                }
            }
        }
        let caller = Kind::of(&principal.caller);
        let (present, _) = self.present;
        self.facts = Facts::of(&Basis {
            caller,
            management_account: principal.management_account,
            assumed_root: caller == Kind::Root && self.is_assumed_root(),
            action: &self.action,
            ownership: Ownership::of(home, target.account, &resource),
            is_key: resource.is_key,
            is_role: resource.is_role,
            restrict_public_buckets: target.restrict_public_buckets,
            external_grant: target.external_grant,
            present,
        });
        if self.action.of.is_same(self.stack) {
            self.seal = self.stack.mark();
        }
    }

    /// Derives keys, after the others were added (`KEY-5`): those of the reserved slots whose bits are set in
    /// `keys`, as far as an image looks at them. `owner` is the account that owns the resource, if that was
    /// said.
    ///
    /// Afterwards the request holds the keys of somebody who asks for something, and nothing else.
    pub fn finish_keys<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        (principal, home): (&Principal<'_>, Home<'_>),
        (resource, owner): (&Resource, Option<&str>),
        keys: u32,
    ) {
        self.forget_derived();
        let account = resource_account(owner, &resource.parts());
        self.derive_all(images, principal, home, account, self.wanted & keys);
    }

    /// What an earlier caller left must not be taken for this one's.
    fn forget_derived(&mut self) {
        for slot in self.derived.drain(..) {
            if let Some(slot) = self.slots.get_mut(slot as usize) {
                slot.clear();
            }
        }
    }

    fn derive_all<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        principal: &Principal<'_>,
        home: Home<'_>,
        account: Option<&str>,
        wanted: u32,
    ) {
        derived(principal, home, wanted, |slot, parts| {
            self.derive(images.clone(), slot, parts)
        });
        if let (Some(account), true) = (account, wanted >> reserved::RESOURCE_ACCOUNT & 1 != 0) {
            self.derive(images, reserved::RESOURCE_ACCOUNT, &[account]);
        }
    }

    /// `EVAL-50`: the session is one of AssumeRoot. Every image has the key's slot.
    fn is_assumed_root(&self) -> bool {
        self.single(0, reserved::ASSUMED_ROOT)
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    fn set_known(&mut self, known: &Known) {
        self.named.extend_from_slice(&known.named);
        for (image, range) in self.images.iter_mut().zip(&known.ranges) {
            image.named = range.clone();
        }
    }

    fn find_named<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        principal: &Principal<'_>,
        home: Home<'_>,
    ) {
        let mut named = core::mem::take(&mut self.named);
        for (image, view) in images.enumerate() {
            let start = named.len() as u32;
            if view.count(Section::Principals) > 0 {
                let context = FromContext::of(self, image);
                named::find(view, principal, home, context, &mut named);
            }
            if let Some(image) = self.images.get_mut(image) {
                image.named = start..named.len() as u32;
            }
        }
        self.named = named;
    }

    /// Gives a reserved slot its derived value, in parts, unless the context has the key.
    fn derive<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        slot: u32,
        parts: &[&str],
    ) {
        if self.slot(0, slot).given || self.images.is_empty() {
            return;
        }
        let mut stored = None;
        for (image, view) in images.enumerate() {
            let wanted = view.wanted(slot);
            let Some(base) = self.images.get(image).map(|image| image.slots.start) else {
                continue;
            };
            if !wanted.any() {
                continue;
            }
            let start = *stored.get_or_insert_with(|| self.store(parts));
            let len = self.text.len() as u32 - start;
            if wanted.as_text {
                self.push_stored(base + slot, reserved::CLASS, start, len);
            }
            if wanted.otherwise {
                let name = reserved::NAMES.get(slot as usize).copied().unwrap_or("");
                view.find_slots(name, |other, class| {
                    if other != slot {
                        self.push_stored(base + other, class, start, len);
                    }
                });
            }
        }
    }

    fn push_stored(&mut self, slot: u32, class: u8, start: u32, len: u32) {
        let text = self
            .text
            .get(start as usize..(start + len) as usize)
            .unwrap_or("");
        if let Some(place) = self.slots.get_mut(slot as usize) {
            push_values(&mut self.values, place, &[text], start, class);
            self.touched.push(slot);
            self.derived.push(slot);
        }
    }

    // What the walk and explanations read.

    /// The action.
    pub(crate) fn action(&self) -> &Action {
        &self.action
    }

    /// True if it can be decided for the images with this mark.
    #[inline]
    pub(crate) fn is_ready_for(&self, images: Mark) -> bool {
        self.seal == images
    }

    /// A matcher for an image of the stack.
    #[inline]
    pub(crate) fn matcher<'a>(&'a self, image: usize, view: View<'a>) -> Matcher<'a, OfImage<'a>> {
        Matcher {
            view,
            asked: OfImage {
                request: self,
                image,
            },
        }
    }

    /// The keys, in terms of an image.
    #[inline]
    pub(crate) fn keys(&self, image: usize) -> Keys<'_> {
        Keys {
            text: &self.text,
            values: &self.values,
            slots: match self.images.get(image) {
                Some(image) => slice(&self.slots, &image.slots),
                None => &[],
            },
        }
    }

    /// The principals of an image that name the caller.
    #[inline]
    pub(crate) fn named(&self, image: usize) -> &[Named] {
        match self.images.get(image) {
            Some(image) => slice(&self.named, &image.named),
            None => &[],
        }
    }

    /// The parts of an image that take part.
    #[inline]
    pub(crate) fn parts_of(&self, image: usize) -> &[UsedPart] {
        match self.images.get(image) {
            Some(image) => slice(&self.parts, &image.parts),
            None => &[],
        }
    }

    /// The groups of candidates of a part.
    #[inline]
    pub(crate) fn groups_of(&self, part: &UsedPart) -> &[Group] {
        slice(&self.groups, &part.groups)
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

    #[inline]
    pub(crate) fn slot(&self, image: usize, slot: u32) -> &SlotRange {
        let image = self.images.get(image);
        image
            .and_then(|image| self.slots.get((image.slots.start + slot) as usize))
            .unwrap_or(&EMPTY)
    }

    /// The values of a slot.
    #[inline]
    pub(crate) fn slot_values(&self, image: usize, slot: u32) -> &[Value] {
        let slot = self.slot(image, slot);
        match slot.count {
            1 => core::slice::from_ref(&slot.first),
            count => slice(&self.values, &(slot.start..slot.start + count)),
        }
    }

    /// The only value of a slot.
    pub(crate) fn single(&self, image: usize, slot: u32) -> Option<&str> {
        match self.slot_values(image, slot) {
            [value] => Some(self.value_text(value)),
            _ => None,
        }
    }

    /// The text of a value.
    #[inline]
    pub(crate) fn value_text(&self, value: &Value) -> &str {
        let start = value.offset as usize;
        self.text
            .get(start..start + value.len as usize)
            .unwrap_or("")
    }
}

/// A request, asked of an image of the stack.
#[derive(Clone, Copy)]
pub(crate) struct OfImage<'a> {
    request: &'a Request,
    image: usize,
}

impl<'a> Asked<'a> for OfImage<'a> {
    #[inline]
    fn facts(self) -> &'a Facts {
        &self.request.facts
    }

    #[inline]
    fn action(self) -> &'a Action {
        &self.request.action
    }

    #[inline]
    fn resource(self) -> &'a [u8] {
        slice(self.request.text.as_bytes(), &self.request.resource)
    }

    #[inline]
    fn segments(self) -> &'a Segments {
        &self.request.segments
    }

    #[inline]
    fn present(self) -> u32 {
        self.request.present.0
    }

    #[inline]
    fn named(self) -> &'a [Named] {
        self.request.named(self.image)
    }

    #[inline]
    fn keys(self) -> Keys<'a> {
        self.request.keys(self.image)
    }
}
