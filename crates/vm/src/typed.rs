//! Names that were resolved for a stack of images, to be used in many requests.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::index::Segments;
use portcullis_image::{PrincipalForm, Section, View};
use portcullis_model::{Principal, split_arn};

use crate::facts::{ActionFacts, Home, ResourceParts};
use crate::named::{self, FromContext, Named};
use crate::request::Request;

/// A condition key, resolved for a stack of images.
#[derive(Clone, Debug)]
pub struct Key {
    /// Slots of the stack with their classes.
    pub(crate) slots: Vec<(u32, u8)>,
}

impl Key {
    /// Resolves a key, whose name may be in any case (`COND-40`).
    pub fn resolve<'i>(images: impl Iterator<Item = View<'i>>, name: &str) -> Key {
        let mut slots = Vec::new();
        let mut base = 0;
        for view in images {
            view.find_slots(name, |slot, class| slots.push((base + slot, class)));
            base += view.count(Section::Slots);
        }
        Key { slots }
    }

    /// True if no policy of the stack looks at the key, so that nobody need find out its value.
    pub fn is_unused(&self) -> bool {
        self.slots.is_empty()
    }
}

/// An action, resolved for a stack of images.
#[derive(Clone, Debug)]
pub struct Action {
    /// `service:name`, in lower case.
    pub(crate) text: String,
    /// Where the service ends.
    pub(crate) service_end: u32,
    pub(crate) facts: ActionFacts,
    /// Patterns of the images, as [`crate::lookup::actions`] gives them.
    pub(crate) actions: Vec<u32>,
    pub(crate) ranges: Vec<Range<u32>>,
}

impl Action {
    /// Resolves an action, `service:Name` in any case (`MATCH-10`).
    pub fn resolve<'i>(images: impl Iterator<Item = View<'i>> + Clone, name: &str) -> Action {
        let mut request = Request::new();
        request.begin(images.clone());
        request.set_action_name(images, name);
        request.action()
    }
}

/// A target's ARN that was read once, to be used in many requests, whatever the images are.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    text: String,
    pub(crate) segments: Segments,
    is_star: bool,
    is_key: bool,
    is_role: bool,
    partition: Option<Range<u32>>,
    account: Option<Range<u32>>,
}

impl Resource {
    /// Reads an ARN, or `*` (`MATCH-28`). Every text can be read.
    ///
    /// ```
    /// use portcullis_vm::{Resource, Target};
    /// let bucket = Resource::read("arn:aws:s3:::reports");
    /// let target = Target::new(&bucket);
    /// assert_eq!(target.resource.text(), "arn:aws:s3:::reports");
    /// ```
    pub fn read(text: &str) -> Resource {
        let parts = ResourceParts::of(text, split_arn(text));
        let mut segments = Segments::default();
        segments.set(text.as_bytes());
        let place = |part: &str| {
            // A part lies in the text, so many bytes behind its start.
            let start = part.as_ptr() as usize - text.as_ptr() as usize;
            start as u32..(start + part.len()) as u32
        };
        Resource {
            text: text.into(),
            segments,
            is_star: parts.is_star,
            is_key: parts.is_key,
            is_role: parts.is_role,
            partition: parts.partition.map(place),
            account: parts.account.map(place),
        }
    }

    /// The text, as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn at(&self, range: &Range<u32>) -> Option<&str> {
        self.text.get(range.start as usize..range.end as usize)
    }

    fn parts(&self) -> ResourceParts<'_> {
        ResourceParts {
            is_star: self.is_star,
            partition: self.partition.as_ref().and_then(|range| self.at(range)),
            account: self.account.as_ref().and_then(|range| self.at(range)),
            is_key: self.is_key,
            is_role: self.is_role,
        }
    }
}

/// A target's ARN: a text, or one that was read before.
#[derive(Clone, Copy, Debug)]
pub enum ResourceRef<'a> {
    /// An ARN, or `*` (`MATCH-28`).
    Text(&'a str),
    /// The same, and what [`split_arn`](portcullis_model::split_arn) gives for it.
    Split(&'a str, Option<[&'a str; 6]>),
    /// The same, read before.
    Read(&'a Resource),
}

impl<'a> ResourceRef<'a> {
    /// The text.
    pub fn text(self) -> &'a str {
        match self {
            ResourceRef::Text(text) | ResourceRef::Split(text, _) => text,
            ResourceRef::Read(resource) => &resource.text,
        }
    }

    pub(crate) fn parts(self) -> ResourceParts<'a> {
        match self {
            ResourceRef::Text(text) => ResourceParts::of(text, split_arn(text)),
            ResourceRef::Split(text, parts) => ResourceParts::of(text, parts),
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
    pub(crate) named: Vec<Named>,
    pub(crate) ranges: Vec<Range<u32>>,
    /// Partition and account, one after the other, and where the first ends; none of a caller without ARN.
    home: String,
    partition_end: Option<u32>,
}

impl Known {
    /// Finds the entries of policies that name the principal.
    pub fn resolve<'i>(images: impl Iterator<Item = View<'i>>, principal: &Principal<'_>) -> Known {
        let mut known = Known::default();
        let home = Home::of(&principal.caller);
        known.set_home(home);
        for view in images {
            let start = known.named.len() as u32;
            let context = FromContext::default();
            named::find(view, principal, home, context, &mut known.named);
            known.ranges.push(start..known.named.len() as u32);
        }
        known
    }

    /// Forgets what it held, for a caller whom no policy names.
    pub fn set_unnamed(&mut self, images: usize, home: Home<'_>) {
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
    ) {
        self.set_unnamed(images, home);
        for (image, range) in self.ranges.iter_mut().enumerate() {
            let start = self.named.len() as u32;
            let look_up = |form, text: &[&str]| look_up(image, form, text);
            let context = FromContext::default();
            named::find_by(look_up, principal, home, context, &mut self.named);
            *range = start..self.named.len() as u32;
        }
    }

    fn set_home(&mut self, home: Home<'_>) {
        self.home.clear();
        self.partition_end = None;
        if let (Some(partition), Some(account)) = (home.partition, home.account) {
            self.home.push_str(partition);
            self.partition_end = Some(self.home.len() as u32);
            self.home.push_str(account);
        }
    }

    /// Where the principal is at home.
    pub fn home(&self) -> Home<'_> {
        let halves = self
            .partition_end
            .and_then(|end| self.home.split_at_checked(end as usize));
        Home {
            partition: halves.map(|(partition, _)| partition),
            account: halves.map(|(_, account)| account),
        }
    }
}
