//! Names that were resolved for a stack of images, to be used in many requests.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::{Section, View};
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
#[derive(Clone, Debug)]
pub struct Known {
    pub(crate) named: Vec<Named>,
    pub(crate) ranges: Vec<Range<u32>>,
}

impl Known {
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
