//! The principals of a stack of images that name the caller of a request.
//!
//! By the caller itself, and by what the context says of it: the provider of a session, the names of a service. Only the
//! context of this request counts, so that nothing here is remembered.

use portcullis_image::{Reserved, View};
use portcullis_model::Principal;

use crate::combine::ownership::HomeAccount;
use crate::keys::values::Keys;
use crate::request::principal::{ContextNames, FromContext, NamingPrincipal, ServiceNames, find};
use crate::stack::ImageIdx;
use crate::stack::per_image::PerImage;

/// Appends the principals of the images that name a caller. `keys` gives the keys of a request in terms of an image, if
/// they may say names of the caller.
///
/// Never inlined: most requests need none of it, and their way through shall keep its registers for itself.
#[inline(never)]
pub(crate) fn find_all<'i, 'k>(
    images: impl Iterator<Item = View<'i>>,
    principal: &Principal<'_>,
    home: HomeAccount<'_>,
    keys: Option<impl Fn(ImageIdx) -> Keys<'k>>,
    all: &mut PerImage<NamingPrincipal>,
) {
    all.clear();
    for (image, view) in ImageIdx::of(images) {
        let keys = keys.as_ref().map(|keys| keys(image));
        let context = keys.as_ref().map(names_of).unwrap_or_default();
        find(view, principal, home, context, all.open());
        all.close();
    }
}

/// The names of a caller that the keys of a request say.
fn names_of<'a>(keys: &'a Keys<'_>) -> FromContext<'a> {
    let has_services = keys.has_given(Reserved::ServiceNames.slot());
    FromContext {
        names: ContextNames {
            user_id: keys.only_given(Reserved::UserId.slot()),
            provider: keys.only_given(Reserved::FederatedProvider.slot()),
            services: &[],
        },
        services: has_services.then_some(keys),
    }
}

impl ServiceNames for Keys<'_> {
    fn for_each(&self, found: &mut dyn FnMut(&str)) {
        self.for_each_text(Reserved::ServiceNames.slot(), found);
    }
}
