//! A request, ready to be decided: names are numbers, values are read.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::index::{Group, Segments};
use portcullis_image::{Section, View, layer_mask, reserved};
use portcullis_model::{self as model, Layer, Principal};

use crate::facts::{ActionFacts, Facts, Home, Target, derived, resource_account};
use crate::glob::Matcher;
use crate::lookup;
use crate::named::{self, FromContext, Named};
use crate::typed::{Action, Key, Known, ResourceRef};
use crate::values::{EMPTY, SlotRange, Value, push_values};

/// A request that is filled for a stack of images and can be decided against it any number of times.
///
/// It owns its texts. Filling it again reuses its memory, so that a long-lived request does not
/// allocate once it has seen its largest content.
///
/// [`Request::fill`] takes everything as text. A host that knows names beforehand resolves them once
/// ([`Key`], [`Action`], [`Known`]) and then calls [`Request::begin`], the setters, and
/// [`Request::finish`] for each request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// All texts, one after the other.
    text: String,
    pub(crate) facts: Facts,
    pub(crate) action_facts: ActionFacts,
    service: Range<u32>,
    name: Range<u32>,
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
    /// The layers of which it was said that they allow the request, and that they deny it.
    said: (u32, u32),
    /// Bit `n` is set if some image looks at the key of reserved slot `n`.
    wanted: u32,
    /// Some image tells candidates apart by the segments of the resource.
    uses_segments: bool,
    /// The patterns for actions that match the action, image by image.
    actions: Vec<u32>,
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

/// What a host knows of parts that take part, all together.
#[derive(Clone, Copy, Debug, Default)]
pub struct KnownParts {
    /// The layers that are present: those of the parts where they take part.
    pub present: u32,
    /// A resource policy among them is public (`S3-5`).
    pub public: bool,
    /// The layers in which some statement allows the request. A part of which nothing else can be said
    /// need not be named.
    pub allowed: u32,
    /// The layers in which some statement denies the request.
    pub denied: u32,
}

/// A part that takes part, in a request.
#[derive(Clone, Debug)]
pub(crate) struct UsedPart {
    pub(crate) part: u32,
    pub(crate) layers: u32,
    groups: Range<u32>,
}

/// The part of a request that depends on an image.
#[derive(Clone, Debug)]
pub(crate) struct PerImage {
    pub(crate) slots: Range<u32>,
    pub(crate) named: Range<u32>,
    parts: Range<u32>,
    actions: Range<u32>,
}

impl Request {
    /// An empty request.
    pub fn new() -> Request {
        Request::default()
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
        for entry in request.context {
            self.add(images.clone(), entry.key, entry.values);
        }
        self.set_action_name(images.clone(), request.action);
        let target = Target {
            resource: request.resource.into(),
            account: request.resource_account,
            restrict_public_buckets: request.restrict_public_buckets,
            external_grant: request.external_grant,
        };
        self.finish(images, &request.principal, None, &target);
    }

    /// Empties the request for a stack of images, each of which takes part as a whole.
    ///
    /// An image of several parts (`portcullis_compile::compile_parts`) does not take part as a whole, and
    /// is as if it were not there; name its parts with [`Request::begin_parts`].
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
    }

    /// Empties the request for parts of a stack of images. Parts that do not exist are not there.
    pub fn begin_parts<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        parts: impl Iterator<Item = PartOf> + Clone,
    ) {
        self.text.clear();
        self.action_facts = ActionFacts::default();
        (self.service, self.name) = (0..0, 0..0);
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
        self.actions.clear();
        self.groups.clear();
        self.present = (0, false);
        self.said = (0, 0);
        self.wanted = 0;
        self.uses_segments = false;
        let mut start = 0;
        for (image, view) in (0..).zip(images) {
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
                actions: 0..0,
            });
            start = end;
        }
        self.slots.resize(start as usize, SlotRange::default());
    }

    /// Adds parts of an image of the stack to a request that was begun without parts and has its action.
    /// Parts of one image come before those of the next.
    ///
    /// The host knows what follows from the parts and need not be worked out again; what it says wrongly is
    /// decided wrongly. The request cannot be explained afterwards.
    pub fn use_parts(
        &mut self,
        image: usize,
        view: View<'_>,
        parts: impl Iterator<Item = (u32, u32)>,
        known: KnownParts,
    ) {
        self.say(known);
        let mut groups = core::mem::take(&mut self.groups);
        let first = self.parts.len() as u32;
        for (layers, part) in parts {
            let start = groups.len() as u32;
            if let (Some(image), true) = (self.images.get(image), view.has_index()) {
                let record = view.part(part);
                let actions = slice(&self.actions, &image.actions);
                lookup::groups(view, &record, actions, &mut groups);
                if groups.len() as u32 == start {
                    continue;
                }
            }
            self.parts.push(UsedPart {
                part,
                layers,
                groups: start..groups.len() as u32,
            });
        }
        self.groups = groups;
        let end = self.parts.len() as u32;
        if let Some(image) = self.images.get_mut(image) {
            let start = match image.parts.is_empty() {
                true => first,
                false => image.parts.start,
            };
            image.parts = start..end;
        }
    }

    /// Adds what the host knows of parts about which nothing else need be found out.
    pub fn say(&mut self, known: KnownParts) {
        self.present.0 |= known.present;
        self.present.1 |= known.public;
        self.said.0 |= known.allowed;
        self.said.1 |= known.denied;
    }

    /// Takes all parts out again.
    pub fn clear_parts(&mut self) {
        self.parts.clear();
        self.groups.clear();
        self.present = (0, false);
        self.said = (0, 0);
        for image in &mut self.images {
            image.parts = 0..0;
        }
    }

    /// Says that the parts that take part look at no other reserved keys than these, bit `n` for slot `n`.
    /// No other key is derived then (`KEY-5`), which nobody would see.
    pub fn narrow(&mut self, keys: u32) {
        self.wanted &= keys;
    }

    /// A part of any image of the stack can have a statement for the action only if its filter
    /// ([`crate::part_filter`]) has a bit in common with this one.
    #[inline]
    pub fn action_filter(&self) -> u64 {
        self.action_facts.filter
    }

    /// True if keys that were added say by which names policies may know the caller (`GRAM-40`, `GRAM-43`,
    /// `EVAL-53`). What was resolved of the principal is not looked at then, but the principal itself.
    pub fn has_names(&self) -> bool {
        let of_names = [
            reserved::USER_ID,
            reserved::FEDERATED_PROVIDER,
            reserved::SERVICE_NAMES,
        ];
        let has = |slot: &u32| self.slot(0, *slot).count > 0;
        !self.touched.is_empty() && of_names.iter().any(has)
    }

    /// How much was added until now, for [`Request::was_added`].
    pub fn mark(&self) -> usize {
        self.touched.len()
    }

    /// True if a key that was resolved for the stack was added before a mark, with or without values.
    pub fn was_added(&self, key: &Key, mark: usize) -> bool {
        let added = self.touched.get(..mark).unwrap_or(&[]);
        let slots = key.slots.first();
        slots.is_some_and(|(slot, _)| added.contains(slot))
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
    pub fn add<'i>(&mut self, images: impl Iterator<Item = View<'i>>, key: &str, values: &[&str]) {
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

    /// Adds values of a key that was resolved for the stack.
    pub fn add_key(&mut self, key: &Key, values: &[&str]) {
        if key.slots.is_empty() {
            return;
        }
        let start = self.store(values);
        for (slot, class) in &key.slots {
            self.push(*slot, *class, values, start);
        }
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
        let start = self.text.len() as u32;
        self.text.push_str(action);
        if let Some(text) = self.text.get_mut(start as usize..) {
            text.make_ascii_lowercase();
        }
        let colon = action.bytes().position(|byte| byte == b':');
        self.set_action_end(start, colon.unwrap_or(action.len()) as u32);
        self.action_facts = ActionFacts::of(self.action_service(), self.action_name());
        let mut actions = core::mem::take(&mut self.actions);
        actions.clear();
        for (image, view) in images.clone().enumerate() {
            let start = actions.len() as u32;
            if view.has_index() {
                lookup::actions(&Matcher::new(view, self, image), &mut actions);
            }
            if let Some(image) = self.images.get_mut(image) {
                image.actions = start..actions.len() as u32;
            }
        }
        self.action_facts.filter = lookup::filter(&actions);
        self.actions = actions;
        self.find_groups(images);
    }

    /// Sets an action that was resolved for the stack.
    pub fn set_action<'i>(&mut self, images: impl Iterator<Item = View<'i>>, action: &Action) {
        let start = self.text.len() as u32;
        self.text.push_str(&action.text);
        self.set_action_end(start, action.service_end);
        self.action_facts = action.facts;
        self.actions.clear();
        self.actions.extend_from_slice(&action.actions);
        for (image, actions) in self.images.iter_mut().zip(&action.ranges) {
            image.actions = actions.clone();
        }
        self.find_groups(images);
    }

    /// Sets the places of service and name, which were added to the texts, from the length of the service.
    fn set_action_end(&mut self, start: u32, service: u32) {
        let end = self.text.len() as u32;
        self.service = start..start + service;
        self.name = (start + service + 1).min(end)..end;
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
            let actions = slice(&self.actions, &of.actions);
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
    /// `known` is what was resolved for the same principal and stack, if it was.
    pub fn finish<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        principal: &Principal<'_>,
        known: Option<&Known>,
        target: &Target<'_>,
    ) {
        // What an earlier caller left must not be taken for this one's.
        self.named.clear();
        for slot in self.derived.drain(..) {
            if let Some(slot) = self.slots.get_mut(slot as usize) {
                slot.clear();
            }
        }
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
        let wanted = self.wanted;
        derived(principal, home, wanted, |slot, parts| {
            self.derive(images.clone(), slot, parts)
        });
        if wanted >> reserved::RESOURCE_ACCOUNT & 1 != 0 {
            if let Some(account) = resource_account(target, &resource) {
                self.derive(images.clone(), reserved::RESOURCE_ACCOUNT, &[account]);
            }
        }
        let start = self.text.len() as u32;
        self.text.push_str(target.resource.text());
        self.resource = start..self.text.len() as u32;
        if self.uses_segments {
            match target.resource {
                ResourceRef::Read(resource) => self.segments.copy(&resource.segments),
                other => self.segments.set(other.text().as_bytes()),
            }
        }
        self.set_facts(principal, home, target, &resource);
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

    /// The action, as resolved.
    pub(crate) fn action(&self) -> Action {
        Action {
            text: [self.action_service(), self.action_name()].join(":"),
            service_end: self.service.end - self.service.start,
            facts: self
                .action_facts
                .with_rcps(self.action_service(), self.action_name()),
            actions: self.actions.clone(),
            ranges: self
                .images
                .iter()
                .map(|image| image.actions.clone())
                .collect(),
        }
    }

    // What the walk reads.

    /// The action's service, in lower case.
    #[inline]
    pub(crate) fn action_service(&self) -> &str {
        self.at(&self.service)
    }

    /// The action's name, in lower case.
    #[inline]
    pub(crate) fn action_name(&self) -> &str {
        self.at(&self.name)
    }

    /// The resource.
    #[inline]
    pub(crate) fn resource(&self) -> &[u8] {
        slice(self.text.as_bytes(), &self.resource)
    }

    #[inline]
    fn at(&self, range: &Range<u32>) -> &str {
        self.text
            .get(range.start as usize..range.end as usize)
            .unwrap_or("")
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

    /// The layers that allow the request and those that deny it, as the host said.
    #[inline]
    pub(crate) fn said(&self) -> (u32, u32) {
        self.said
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

    /// The slots of an image.
    #[inline]
    pub(crate) fn slots_of(&self, image: usize) -> &[SlotRange] {
        match self.images.get(image) {
            Some(image) => slice(&self.slots, &image.slots),
            None => &[],
        }
    }

    /// The values of a slot.
    #[inline]
    pub(crate) fn slot_values(&self, image: usize, slot: u32) -> &[Value] {
        self.values_in(self.slot(image, slot))
    }

    #[inline]
    pub(crate) fn values_in<'v>(&'v self, slot: &'v SlotRange) -> &'v [Value] {
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

    /// The bytes of the text of a value.
    #[inline]
    pub(crate) fn value_bytes(&self, value: &Value) -> &[u8] {
        slice(
            self.text.as_bytes(),
            &(value.offset..value.offset + value.len),
        )
    }
}

/// The items of a range; none if it is out of range, which it never is.
#[inline]
fn slice<'a, T>(all: &'a [T], range: &Range<u32>) -> &'a [T] {
    all.get(range.start as usize..range.end as usize)
        .unwrap_or(&[])
}
