//! Names that were resolved for a stack of images, to be used in many requests.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::{PrincipalForm, Section, View};
use portcullis_model::Principal;

use crate::facts::Home;
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
    pub(crate) service: String,
    pub(crate) name: String,
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

/// What the images of a stack know of a principal.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub(crate) named: Vec<Named>,
    pub(crate) ranges: Vec<Range<u32>>,
}

impl Known {
    /// Forgets what it held, for images of whose principals none names the caller.
    pub fn set_unnamed(&mut self, images: usize) {
        self.named.clear();
        self.ranges.clear();
        self.ranges.resize(images, 0..0);
    }

    /// Finds the entries of the policies of some images that name the principal, by the host's own way from
    /// the place of an image, a form and a text, which comes in parts, to the number of a principal of the
    /// image.
    ///
    /// Forgets what it held, and reuses its memory.
    pub fn set_by(
        &mut self,
        images: usize,
        look_up: impl Fn(usize, PrincipalForm, &[&str]) -> Option<u32>,
        principal: &Principal<'_>,
    ) {
        self.set_unnamed(images);
        let home = Home::of(&principal.caller);
        for (image, range) in self.ranges.iter_mut().enumerate() {
            let start = self.named.len() as u32;
            let look_up = |form, text: &[&str]| look_up(image, form, text);
            let context = FromContext::default();
            named::find_by(look_up, principal, home, context, &mut self.named);
            *range = start..self.named.len() as u32;
        }
    }

    /// Finds the entries of policies that name the principal.
    pub fn resolve<'i>(images: impl Iterator<Item = View<'i>>, principal: &Principal<'_>) -> Known {
        let mut known = Known {
            named: Vec::new(),
            ranges: Vec::new(),
        };
        for view in images {
            let start = known.named.len() as u32;
            let home = Home::of(&principal.caller);
            named::find(
                view,
                principal,
                home,
                FromContext::default(),
                &mut known.named,
            );
            known.ranges.push(start..known.named.len() as u32);
        }
        known
    }
}
