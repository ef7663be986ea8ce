//! Names that were resolved for a stack of images, to be used in many requests.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::index::{Group, Segments};
use portcullis_image::{PrincipalForm, Section, View};
use portcullis_model::{Principal, arn_account, check_action, split_arn};

use crate::facts::Facts;
use crate::facts::{ActionFacts, Home, Ownership, ResourceParts};
use crate::lookup;
use crate::matcher::{Asked, Matcher, slice};
use crate::named::{self, ContextNames, FromContext, Named};
use crate::plan::Plan;
use crate::slots::Keys;
use crate::stack::StackId;

/// A slot of a stack of images, with its class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeySlot {
    pub(crate) slot: u32,
    pub(crate) class: u8,
}

impl KeySlot {
    /// A slot of an image by its number there. `before` is how many slots the images have that come before it in
    /// the stack.
    pub(crate) fn of(before: u32, slot: u32, class: u8) -> KeySlot {
        let slot = before.saturating_add(slot);
        KeySlot { slot, class }
    }
}

/// A condition key, resolved for a stack of images.
#[derive(Clone, Debug)]
pub struct Key {
    name: String,
    /// The images that the slots are of.
    pub(crate) of: StackId,
    /// Those of the stack that are the key.
    pub(crate) slots: Vec<KeySlot>,
}

impl Key {
    /// Resolves a key, whose name may be in any case (`COND-40`).
    pub fn resolve<'i>(images: impl Iterator<Item = View<'i>>, name: &str) -> Key {
        let mut slots = Vec::new();
        let mut of = StackId::EMPTY;
        let mut base = 0;
        for view in images {
            of = of.with(view);
            view.find_slots(name, |slot, class| {
                slots.push(KeySlot::of(base, slot, class))
            });
            base += view.count(Section::Slots);
        }
        Key {
            name: name.into(),
            of,
            slots,
        }
    }

    /// The name, as it was resolved.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if it is the key of a slot of a stack, of all slots one after the other; none if it was resolved for other
    /// images.
    #[inline]
    pub fn is_at(&self, plan: &Plan, slot: u32) -> Option<bool> {
        let is_own = |own: &KeySlot| own.slot == slot;
        let is_known = self.of.is_same(plan.id);
        is_known.then(|| self.slots.iter().any(is_own))
    }
}

/// True if some policy of a stack looks at a key, whose name may be in any case (`COND-40`); if not, nobody need find
/// out its value. Keys that say who the caller is are always looked at.
pub fn uses_key<'i>(images: impl Iterator<Item = View<'i>>, name: &str) -> bool {
    let mut is_used = false;
    for view in images {
        view.find_slots(name, |_, _| is_used = true);
    }
    is_used
}

/// An action, resolved for a stack of images.
#[derive(Clone, Debug, Default)]
pub struct Action {
    /// `service:name`, in lower case.
    text: String,
    /// Where the service ends.
    service_end: u32,
    /// The images that the patterns are of.
    pub(crate) of: StackId,
    pub(crate) facts: ActionFacts,
    /// Patterns of the images, as [`lookup::actions`] gives them.
    patterns: Vec<u32>,
    /// Where those of each image end.
    ends: Vec<u32>,
    /// The groups of candidates of images that have one part, and where those of each image end.
    groups: Vec<Group>,
    group_ends: Vec<u32>,
    /// As many segments of the resource these groups look at to find their candidates: none if no group finds them by
    /// the resource.
    pub(crate) depth: usize,
    /// It is one that requests can have ([`check_action`]).
    pub(crate) is_plain: bool,
}

impl Action {
    /// None at all.
    pub(crate) const NONE: Action = Action {
        text: String::new(),
        service_end: 0,
        of: StackId::NONE,
        facts: ActionFacts::NONE,
        patterns: Vec::new(),
        ends: Vec::new(),
        groups: Vec::new(),
        group_ends: Vec::new(),
        depth: 0,
        is_plain: false,
    };

    /// Resolves an action, `service:Name` in any case (`MATCH-10`).
    pub fn resolve<'i>(images: impl Iterator<Item = View<'i>> + Clone, name: &str) -> Action {
        let mut action = Action::default();
        action.set(images, name);
        action
    }

    /// Becomes another action. Reuses its memory.
    pub fn set<'i>(&mut self, images: impl Iterator<Item = View<'i>>, name: &str) {
        self.clear();
        self.text.push_str(name);
        self.text.make_ascii_lowercase();
        let colon = name.bytes().position(|byte| byte == b':');
        self.service_end = colon.unwrap_or(name.len()) as u32;
        self.facts = ActionFacts::of(self.service_text(), self.name_text());
        let mut patterns = core::mem::take(&mut self.patterns);
        let mut of = StackId::EMPTY;
        for view in images {
            of = of.with(view);
            let first = patterns.len();
            if view.has_index() {
                let matcher = Matcher {
                    view,
                    asked: ActionAlone(self),
                };
                lookup::actions(&matcher, &mut patterns);
                if view.count(Section::Parts) == 1 {
                    let own = patterns.get(first..).unwrap_or(&[]);
                    let before = self.groups.len();
                    lookup::groups(view, &view.part(0), own, &mut self.groups);
                    let groups = self.groups.get(before..).unwrap_or(&[]);
                    let depths = groups.iter().map(|group| lookup::depth(view, group));
                    self.depth = depths.fold(self.depth, usize::max);
                }
            }
            self.ends.push(patterns.len() as u32);
            self.group_ends.push(self.groups.len() as u32);
        }
        self.is_plain = check_action(name).is_ok();
        self.facts.filter = lookup::filter(&patterns);
        self.patterns = patterns;
        // What has no name is no action: a request for it cannot be decided.
        self.of = match name {
            "" => StackId::NONE,
            _ => of,
        };
    }

    fn clear(&mut self) {
        self.text.clear();
        self.service_end = 0;
        self.of = StackId::NONE;
        self.facts = ActionFacts::NONE;
        self.patterns.clear();
        self.ends.clear();
        self.groups.clear();
        self.group_ends.clear();
        self.depth = 0;
        self.is_plain = false;
    }

    /// The groups of candidates of an image that has one part.
    #[inline]
    pub(crate) fn groups_of(&self, image: usize) -> &[Group] {
        of_image(&self.groups, &self.group_ends, image)
    }

    /// A part of any image of the stack can have a statement for the action only if its filter
    /// ([`crate::part_filter`]) has a bit in common with this one.
    #[inline]
    pub fn filter(&self) -> u64 {
        self.facts.filter
    }

    /// Appends the groups of candidates that a part of an image has for the action, by the place of the image
    /// in the stack. None if the image has no index.
    pub fn groups(&self, image: usize, view: View<'_>, part: u32, all: &mut Vec<Group>) {
        if view.has_index() {
            lookup::groups(view, &view.part(part), self.patterns(image), all);
        }
    }

    /// Those of all images.
    #[inline(always)]
    pub(crate) fn all_groups(&self) -> &[Group] {
        &self.groups
    }

    /// The patterns of an image that match it.
    pub(crate) fn patterns(&self, image: usize) -> &[u32] {
        of_image(&self.patterns, &self.ends, image)
    }

    /// True for `s3:ListAllMyBuckets`, which is asked of all buckets where a request says `*` (`MATCH-37`); see
    /// [`all_buckets`].
    #[inline]
    pub fn lists_buckets(&self) -> bool {
        self.facts.lists_buckets
    }

    /// True if it is one that requests can have ([`check_action`]).
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// `service:name`, in lower case.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Its service, in lower case.
    #[inline]
    pub(crate) fn service(&self) -> &[u8] {
        slice(self.text.as_bytes(), &(0..self.service_end))
    }

    /// Its name, in lower case.
    #[inline]
    pub(crate) fn name(&self) -> &[u8] {
        let text = self.text.as_bytes();
        text.get(self.service_end as usize + 1..).unwrap_or(&[])
    }

    pub(crate) fn service_text(&self) -> &str {
        let service = self.text.get(..self.service_end as usize);
        service.unwrap_or_default()
    }

    pub(crate) fn name_text(&self) -> &str {
        let name = self.text.get(self.service_end as usize + 1..);
        name.unwrap_or_default()
    }
}

/// What belongs to an image, of what belongs to all, one after the other.
#[inline]
fn of_image<'a, T>(all: &'a [T], ends: &[u32], image: usize) -> &'a [T] {
    let before = image.checked_sub(1).and_then(|before| ends.get(before));
    let end = ends.get(image).copied().unwrap_or(0);
    slice(all, &(before.copied().unwrap_or(0)..end))
}

/// An action, and nothing else that is asked.
#[derive(Clone, Copy)]
pub(crate) struct ActionAlone<'a>(pub(crate) &'a Action);

impl<'a> Asked<'a> for ActionAlone<'a> {
    fn facts(self) -> &'a Facts {
        const { &Facts::NONE }
    }

    fn action(self) -> &'a Action {
        self.0
    }

    fn resource(self) -> &'a [u8] {
        &[]
    }

    fn segments(self) -> &'a Segments {
        const { &Segments::NONE }
    }

    fn present(self) -> u32 {
        0
    }

    fn named(self) -> &'a [Named] {
        &[]
    }

    fn keys(self) -> Keys<'a> {
        Keys::NONE
    }
}

/// The ARN of all buckets of a partition, of which `s3:ListAllMyBuckets` is asked where a request says `*` (`MATCH-37`),
/// in parts that are to be joined.
pub fn all_buckets(partition: Option<&str>) -> [&str; 3] {
    ["arn:", partition.unwrap_or("aws"), ":s3:::*"]
}

/// A target's ARN that was read once, to be used in many requests, whatever the images are.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    text: String,
    pub(crate) segments: Segments,
    is_star: bool,
    is_key: bool,
    is_role: bool,
    /// Where the text has the partition and the owner's account, if it has.
    partition: Option<Range<usize>>,
    account: Option<Range<usize>>,
}

impl Resource {
    /// Reads an ARN, or `*` (`MATCH-28`). Every text can be read.
    ///
    /// ```
    /// let bucket = portcullis_vm::Resource::read("arn:aws:s3:::reports");
    /// assert_eq!(bucket.text(), "arn:aws:s3:::reports");
    /// ```
    pub fn read(text: &str) -> Resource {
        let mut resource = Resource::default();
        resource.set(text, split_arn(text));
        resource
    }

    fn set(&mut self, text: &str, parts: Option<[&str; 6]>) {
        let starts = parts.map(|parts| {
            let [scheme, partition, service, region, ..] = parts.map(|part| part.len() + 1);
            [scheme, scheme + partition + service + region]
        });
        let [partition, account] = starts.unwrap_or_default();
        let place = |start: usize, part: Option<&str>| Some(start..start + part?.len());
        let parts = ResourceParts::of(text, parts);
        self.text.clear();
        self.text.push_str(text);
        self.segments.set(text.as_bytes());
        self.is_star = parts.is_star;
        self.is_key = parts.is_key;
        self.is_role = parts.is_role;
        self.partition = place(partition, parts.partition);
        self.account = place(account, parts.account);
    }

    /// The text, as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    #[inline]
    pub(crate) fn parts(&self) -> ResourceParts<'_> {
        let part = |range: &Option<Range<usize>>| {
            let Range { start, end } = *range.as_ref()?;
            self.text.get(start..end)
        };
        ResourceParts {
            is_star: self.is_star,
            partition: part(&self.partition),
            account: part(&self.account),
            is_key: self.is_key,
            is_role: self.is_role,
        }
    }
}

/// A target's ARN with what decisions by parts look at: of a [`Resource`], or of a text that was split.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    text: &'a str,
    parts: ResourceParts<'a>,
    /// None if nobody cut it.
    segments: Option<&'a Segments>,
}

impl<'a> Target<'a> {
    /// Of a text, and what [`split_arn`] gives for it.
    pub fn of(text: &'a str, parts: Option<[&'a str; 6]>) -> Target<'a> {
        Target {
            text,
            parts: ResourceParts::of(text, parts),
            segments: None,
        }
    }

    /// With another text: that of all buckets ([`all_buckets`]) in the place of `*`. Whose they are stays as open as it
    /// is of `*`.
    #[must_use]
    pub fn with_text(self, text: &'a str) -> Target<'a> {
        Target {
            text,
            segments: None,
            ..self
        }
    }

    /// The text.
    #[inline]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// True for `*` (`MATCH-28`).
    #[inline]
    pub fn is_star(&self) -> bool {
        self.parts.is_star
    }

    /// The partition that an ARN names.
    #[inline]
    pub fn partition(&self) -> Option<&'a str> {
        self.parts.partition
    }

    /// The owner's account, if the ARN tells it (`EVAL-12`).
    pub fn account(&self) -> Option<&'a str> {
        self.parts.account
    }

    /// Whose the resource is, to a caller who is at home somewhere; the request may say the owner.
    pub fn ownership(&self, home: Home<'_>, account: Option<&str>) -> Ownership {
        Ownership::of(home, account, &self.parts)
    }

    /// See [`ResourceParts`].
    #[inline]
    pub(crate) fn is_key_or_role(&self) -> (bool, bool) {
        (self.parts.is_key, self.parts.is_role)
    }

    #[inline]
    pub(crate) fn segments(&self) -> Option<&'a Segments> {
        self.segments
    }
}

impl<'a> From<&'a Resource> for Target<'a> {
    fn from(resource: &'a Resource) -> Target<'a> {
        Target {
            text: &resource.text,
            parts: resource.parts(),
            segments: Some(&resource.segments),
        }
    }
}

/// A target's ARN: a text, or one that was read before.
#[derive(Clone, Copy, Debug)]
pub enum ResourceRef<'a> {
    /// An ARN, or `*` (`MATCH-28`).
    Text(&'a str),
    /// The same, read before.
    Read(&'a Resource),
}

impl<'a> ResourceRef<'a> {
    /// The text.
    pub fn text(self) -> &'a str {
        match self {
            ResourceRef::Text(text) => text,
            ResourceRef::Read(resource) => &resource.text,
        }
    }

    /// The account that an ARN tells.
    #[inline]
    pub(crate) fn account(self) -> Option<&'a str> {
        match self {
            ResourceRef::Text(text) => arn_account(text),
            ResourceRef::Read(resource) => resource.parts().account,
        }
    }

    pub(crate) fn parts(self) -> ResourceParts<'a> {
        match self {
            ResourceRef::Text(text) => ResourceParts::of(text, split_arn(text)),
            ResourceRef::Read(resource) => resource.parts(),
        }
    }
}

impl<'a> From<&'a str> for ResourceRef<'a> {
    fn from(text: &'a str) -> ResourceRef<'a> {
        ResourceRef::Text(text)
    }
}

impl<'a> From<&'a String> for ResourceRef<'a> {
    fn from(text: &'a String) -> ResourceRef<'a> {
        ResourceRef::Text(text)
    }
}

impl<'a> From<&'a Resource> for ResourceRef<'a> {
    fn from(resource: &'a Resource) -> ResourceRef<'a> {
        ResourceRef::Read(resource)
    }
}

/// What the images of a stack know of a principal, and where it is at home.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The images that the names are of; none if the host found them its own way.
    pub(crate) of: StackId,
    pub(crate) named: Vec<Named>,
    pub(crate) ranges: Vec<Range<u32>>,
    /// Where it is at home, unless its caller has no ARN.
    partition: String,
    account: String,
    has_home: bool,
}

impl Known {
    /// Finds the entries of policies that name the principal.
    pub fn resolve<'i>(images: impl Iterator<Item = View<'i>>, principal: &Principal<'_>) -> Known {
        let mut known = Known::default();
        known.set(images, principal);
        known
    }

    /// Becomes that of a principal. Reuses its memory.
    pub(crate) fn set<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        principal: &Principal<'_>,
    ) {
        let home = Home::of(&principal.caller);
        self.named.clear();
        self.ranges.clear();
        self.set_home(home);
        self.of = StackId::EMPTY;
        for view in images {
            self.of = self.of.with(view);
            let start = self.named.len() as u32;
            let context = FromContext::default();
            named::find(view, principal, home, context, &mut self.named);
            self.ranges.push(start..self.named.len() as u32);
        }
    }

    /// Forgets what it held, for a caller whom no policy names.
    fn set_unnamed(&mut self, images: usize, home: Home<'_>) {
        self.of = StackId::NONE;
        self.named.clear();
        self.ranges.clear();
        self.ranges.resize(images, 0..0);
        self.set_home(home);
    }

    /// Finds the entries of the policies of some images that name the principal, by the host's own way from
    /// the place of an image, a form and a text, which comes in parts, to the number of a principal of the
    /// image. The host says where the caller is at home: its ARN is not looked at for that.
    ///
    /// Forgets what it held, and reuses its memory.
    pub fn set_by(
        &mut self,
        images: usize,
        look_up: impl Fn(usize, PrincipalForm, &[&str]) -> Option<u32>,
        principal: &Principal<'_>,
        home: Home<'_>,
        names: ContextNames<'_>,
    ) {
        self.set_unnamed(images, home);
        for (image, range) in self.ranges.iter_mut().enumerate() {
            let start = self.named.len() as u32;
            let look_up = |form, text: &[&str]| look_up(image, form, text);
            named::find_by(look_up, principal, home, names.into(), &mut self.named);
            *range = start..self.named.len() as u32;
        }
    }

    /// The principals of an image that name the caller.
    #[inline]
    pub(crate) fn named(&self, image: usize) -> &[Named] {
        match self.ranges.get(image) {
            Some(range) => slice(&self.named, range),
            None => &[],
        }
    }

    fn set_home(&mut self, home: Home<'_>) {
        self.partition.clear();
        self.account.clear();
        let both = home.partition.zip(home.account);
        self.has_home = both.is_some();
        if let Some((partition, account)) = both {
            self.partition.push_str(partition);
            self.account.push_str(account);
        }
    }

    /// Where the principal is at home.
    #[inline]
    pub fn home(&self) -> Home<'_> {
        match self.has_home {
            true => Home {
                partition: Some(&self.partition),
                account: Some(&self.account),
            },
            false => Home::default(),
        }
    }
}
