//! The action of a request, and where it leads in the index.
//!
//! Resolving an action finds the patterns that match it and, in images of one unit, the candidate sets of these: a
//! decision by a resolved action does not look at its name again. Takes memory for each pattern that matches and time for
//! the fallback patterns of its service.
//!
//! A name need not be one that AWS has, nor even the name of an action: it is resolved as a text, and
//! [`Action::is_plain`] says whether requests can have it.

use alloc::string::String;
use alloc::vec::Vec;

use portcullis_image::{CandidateSet, Id, Section, Unit, View};
use portcullis_model::check_action;

use crate::combine::action::ActionTraits;
use crate::index;
use crate::index::FoundAction;
use crate::stack::per_image::PerImage;
use crate::stack::{ImageIdx, StackId};

/// An action, resolved for a stack of images: what a host keeps that asks for the same action again and again.
///
/// ```
/// use portcullis_image::Image;
/// use portcullis_vm::Action;
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let action = Action::resolve(core::iter::once(image.view()), "S3:GetObject");
/// assert!(action.is_plain() && !action.lists_buckets());
/// assert!(!Action::resolve(core::iter::once(image.view()), "s3:Get*").is_plain());
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Action {
    /// `service:name`, in lower case.
    text: String,
    /// Where the service ends.
    service_end: usize,
    /// The images that the patterns are of.
    pub(crate) of: StackId,
    /// What decisions need of its name.
    pub(crate) traits: ActionTraits,
    /// Patterns of the images, as [`index::actions`] gives them.
    patterns: PerImage<FoundAction>,
    /// The candidate sets of images that have one unit.
    candidate_sets: PerImage<CandidateSet>,
    /// As many segments of the resource these sets look at to find their candidates: none if no set finds them by
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
        traits: ActionTraits::NONE,
        patterns: PerImage::new(),
        candidate_sets: PerImage::new(),
        depth: 0,
        is_plain: false,
    };

    /// Resolves an action, `service:Name` in any case (`MATCH-10`). Every text can be resolved; an empty one is no action, and a
    /// request for it is not decided.
    pub fn resolve<'i>(images: impl Iterator<Item = View<'i>> + Clone, name: &str) -> Action {
        let mut action = Action::default();
        action.set(images, name);
        action
    }

    /// Becomes another action, as [`Action::resolve`] makes it. Reuses its memory, so that a host with many names in turn does not
    /// allocate for each.
    pub fn set<'i>(&mut self, images: impl Iterator<Item = View<'i>>, name: &str) {
        self.clear();
        self.text.push_str(name);
        self.text.make_ascii_lowercase();
        let colon = name.bytes().position(|byte| byte == b':');
        self.service_end = colon.unwrap_or(name.len());
        self.traits = ActionTraits::of(self.service_text(), self.name_text());
        let mut patterns = core::mem::take(&mut self.patterns);
        let mut of = StackId::EMPTY;
        for view in images {
            of = of.with(view);
            if view.has_index() {
                index::actions(view, self.service(), self.name(), patterns.open());
            }
            let own = patterns.close();
            if view.has_index() && view.count(Section::Units) == 1 {
                index::candidate_sets(view, &view.get(Id::FIRST), own, self.candidate_sets.open());
            }
            let sets = self.candidate_sets.close().iter();
            let depths = sets.map(|set| index::depth(view, set));
            self.depth = depths.fold(self.depth, usize::max);
        }
        self.is_plain = check_action(name).is_ok();
        self.traits.filter = index::filter(patterns.all());
        self.patterns = patterns;
        // What has no name is no action: a request for it cannot be decided.
        self.of = match name {
            "" => StackId::NONE,
            _ => of,
        };
    }

    /// Becomes no action.
    fn clear(&mut self) {
        self.text.clear();
        self.service_end = 0;
        self.of = StackId::NONE;
        self.traits = ActionTraits::NONE;
        self.patterns.clear();
        self.candidate_sets.clear();
        self.depth = 0;
        self.is_plain = false;
    }

    /// The candidate sets of an image that has one unit.
    #[inline]
    pub(crate) fn candidate_sets_of(&self, image: ImageIdx) -> &[CandidateSet] {
        self.candidate_sets.of(image)
    }

    /// A unit of any image of the stack can have a statement for the action only if its filter
    /// ([`crate::unit_filter`]) has a bit in common with this one. A bit in common may be chance.
    #[inline]
    pub fn filter(&self) -> u64 {
        self.traits.filter
    }

    /// Appends the candidate sets that a unit of an image has for the action, by the index of the image
    /// in the stack. None if the image has no index. The unit must be one of that image.
    pub fn candidate_sets(
        &self,
        image: ImageIdx,
        view: View<'_>,
        unit: Id<Unit>,
        all: &mut Vec<CandidateSet>,
    ) {
        if view.has_index() {
            index::candidate_sets(view, &view.get(unit), self.patterns(image), all);
        }
    }

    /// Those of all images.
    #[inline(always)]
    pub(crate) fn all_candidate_sets(&self) -> &[CandidateSet] {
        self.candidate_sets.all()
    }

    /// The patterns of an image that match it.
    pub(crate) fn patterns(&self, image: ImageIdx) -> &[FoundAction] {
        self.patterns.of(image)
    }

    /// True for `s3:ListAllMyBuckets`, which is asked of all buckets where a request says `*` (`MATCH-37`); see
    /// [`all_buckets`](crate::all_buckets).
    #[inline]
    pub fn lists_buckets(&self) -> bool {
        self.traits.lists_buckets
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
        let service = self.text.as_bytes().get(..self.service_end);
        service.unwrap_or(&[])
    }

    /// Its name, in lower case.
    #[inline]
    pub(crate) fn name(&self) -> &[u8] {
        let text = self.text.as_bytes();
        text.get(self.service_end + 1..).unwrap_or(&[])
    }

    /// The same as text.
    pub(crate) fn service_text(&self) -> &str {
        let service = self.text.get(..self.service_end);
        service.unwrap_or_default()
    }

    /// The same as text.
    pub(crate) fn name_text(&self) -> &str {
        let name = self.text.get(self.service_end + 1..);
        name.unwrap_or_default()
    }
}
