//! The images of a directory, one above the other: what was compiled at once, and what changes added.
//!
//! A decision looks through all of them. Units are numbered through the stack, so that tables and rows call a policy by
//! one number; [`ImageStack::locate`] leads from it to the image. Most directories have one image, for which that is a
//! comparison. Merging the images of a change into one would make updates as slow as compiling everything.

use portcullis_image::{Id, Image, PrincipalForm, PrincipalRecord, Section, Unit, View};
use portcullis_vm::{ImageIdx, Plan};

use crate::store::ids::{UnitId, index, number};
use crate::store::strings::HashIndex;

/// Images that are decided by together, at most [`MAX_IMAGES`](crate::store::snapshot::MAX_IMAGES). Units are numbered through
/// them, and never renumbered.
#[derive(Debug)]
pub(crate) struct ImageStack {
    /// The oldest first.
    images: Vec<Image<Vec<u8>>>,
    /// The number of the first unit of each image, and behind the last how many units there are.
    starts: Vec<u32>,
    /// What the machine works out from the images.
    plan: Plan,
    /// The principals of each image by form and text.
    principals: Vec<HashIndex>,
    /// See [`ImageStack::id`].
    id: u64,
}

/// A unit in its image.
#[derive(Clone, Copy)]
pub(crate) struct Located<'s> {
    /// Which image it is.
    pub(crate) image: ImageIdx,
    /// The content of the image.
    pub(crate) view: View<'s>,
    /// Its number there.
    pub(crate) unit: Id<Unit>,
}

impl ImageStack {
    /// Without images.
    pub(crate) fn new() -> ImageStack {
        ImageStack {
            images: Vec::new(),
            starts: vec![0],
            plan: Plan::default(),
            principals: Vec::new(),
            id: 0,
        }
    }

    /// Puts images on top; the stack is then another, with another id. Takes time linear in their principals.
    pub(crate) fn push(&mut self, images: Vec<Image<Vec<u8>>>, id: u64) {
        self.id = id;
        for image in images {
            let view = image.view();
            let count = view.count(Section::Principals);
            let mut principals = HashIndex::with_capacity(index(count));
            for id in view.ids::<PrincipalRecord>() {
                let record = view.get(id);
                let text = record.text.bytes(view.bytes());
                principals.insert(principals.hash((record.form as u8, text)), id.number());
            }
            self.principals.push(principals);
            let end = self
                .unit_count()
                .saturating_add(index(view.count(Section::Units)));
            self.starts.push(number(end));
            self.images.push(image);
        }
        self.plan = Plan::of(self.images.iter().map(Image::view));
    }

    /// The images, in the order of their units.
    pub(crate) fn images(&self) -> &[Image<Vec<u8>>] {
        &self.images
    }

    /// The images alone.
    pub(crate) fn into_images(self) -> Vec<Image<Vec<u8>>> {
        self.images
    }

    /// What the machine works out from the images.
    #[inline]
    pub(crate) fn vm_plan(&self) -> &Plan {
        &self.plan
    }

    /// What readers use of the images.
    pub(crate) fn views(&self) -> impl Iterator<Item = View<'_>> + Clone {
        self.images.iter().map(Image::view)
    }

    /// A number that no other stack of this process has: what is resolved for a stack keeps it.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// How many units there are.
    pub(crate) fn unit_count(&self) -> usize {
        index(self.starts.last().copied().unwrap_or(0))
    }

    /// The image that a unit is in, and its number there.
    #[inline]
    pub(crate) fn home(&self, unit: UnitId) -> (ImageIdx, Id<Unit>) {
        match self.starts.as_slice() {
            [_, _] => (ImageIdx::FIRST, Id::new(unit.get())),
            starts => {
                let image = starts.partition_point(|start| *start <= unit.get());
                let image = image.saturating_sub(1);
                let start = starts.get(image).copied().unwrap_or(0);
                (ImageIdx(number(image)), Id::new(unit.get() - start))
            }
        }
    }

    /// A unit in its image; none if there is no such unit. Constant time for one image, a bisection of eight for more.
    #[inline]
    pub(crate) fn locate(&self, unit: UnitId) -> Option<Located<'_>> {
        let (image, unit) = self.home(unit);
        let view = self.images.get(image.index())?.view();
        Some(Located { image, view, unit })
    }

    /// The principal of an image of a form with a text, which comes in parts. They are joined on the stack, and very long ones on the
    /// heap.
    pub(crate) fn principal(
        &self,
        image: ImageIdx,
        form: PrincipalForm,
        parts: &[&str],
    ) -> Option<Id<PrincipalRecord>> {
        let mut buffer = [0; 96];
        let mut free = &mut buffer[..];
        let mut len = 0;
        for part in parts.iter().filter(|_| parts.len() > 1) {
            let Some((space, behind)) = free.split_at_mut_checked(part.len()) else {
                return self.whole_principal(image, form, parts.concat().as_bytes());
            };
            space.copy_from_slice(part.as_bytes());
            len += part.len();
            free = behind;
        }
        match parts {
            [text] => self.whole_principal(image, form, text.as_bytes()),
            _ => self.whole_principal(image, form, buffer.get(..len)?),
        }
    }

    /// The principal of an image of a form with a text.
    fn whole_principal(
        &self,
        image: ImageIdx,
        form: PrincipalForm,
        text: &[u8],
    ) -> Option<Id<PrincipalRecord>> {
        let view = self.images.get(image.index())?.view();
        let principals = self.principals.get(image.index())?;
        let is_right = |number| {
            let own: PrincipalRecord = view.get(Id::new(number));
            own.form == form && own.text.bytes(view.bytes()) == text
        };
        let found = principals.find(principals.hash((form as u8, text)), is_right);
        found.map(Id::new)
    }
}
