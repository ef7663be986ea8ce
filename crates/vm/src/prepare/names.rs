//! The principals of a stack of images that name the caller of a request.

use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::{View, reserved};
use portcullis_model::Principal;

use crate::combine::ownership::Home;
use crate::keys::values::Keys;
use crate::request::principal::{ContextNames, FromContext, Named, ServiceNames, find};

/// The principals of the images that name a caller.
#[derive(Debug)]
pub(crate) struct AllNamed {
    named: Vec<Named>,
    /// Where those of each image are.
    ranges: Vec<Range<u32>>,
}

impl AllNamed {
    pub(crate) const fn new() -> AllNamed {
        AllNamed {
            named: Vec::new(),
            ranges: Vec::new(),
        }
    }

    /// Finds them. `keys` gives the keys of a request in terms of an image, if they may say names of the caller.
    pub(crate) fn find<'i, 'k>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        principal: &Principal<'_>,
        home: Home<'_>,
        keys: Option<impl Fn(usize) -> Keys<'k>>,
    ) {
        self.named.clear();
        self.ranges.clear();
        for (image, view) in images.enumerate() {
            let start = self.named.len() as u32;
            let keys = keys.as_ref().map(|keys| keys(image));
            let context = keys.as_ref().map(names_of).unwrap_or_default();
            find(view, principal, home, context, &mut self.named);
            self.ranges.push(start..self.named.len() as u32);
        }
    }

    /// All of them, and where those of each image are.
    #[inline(always)]
    pub(crate) fn all(&self) -> (&[Named], &[Range<u32>]) {
        (&self.named, &self.ranges)
    }
}

/// The names of a caller that the keys of a request say.
fn names_of<'a>(keys: &'a Keys<'_>) -> FromContext<'a> {
    let has_services = keys.has_given(reserved::SERVICE_NAMES);
    FromContext {
        names: ContextNames {
            user_id: keys.only_given(reserved::USER_ID),
            provider: keys.only_given(reserved::FEDERATED_PROVIDER),
            services: &[],
        },
        services: has_services.then_some(keys),
    }
}

impl ServiceNames for Keys<'_> {
    fn for_each(&self, found: &mut dyn FnMut(&str)) {
        self.for_each_text(reserved::SERVICE_NAMES, found);
    }
}
