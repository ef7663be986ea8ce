//! What evaluation reads of a request, in terms of one image.

use portcullis_image::index::Segments;
use portcullis_image::{Id, LayerSet, Slot};

use crate::combine::inputs::CombineInputs;
use crate::keys::slot::state;
use crate::keys::values::Keys;
use crate::pattern::Variables;
use crate::request::action::Action;
use crate::request::principal::NamingPrincipal;

/// What is asked of an image. Where it lies is known when the program is compiled, so that nothing is
/// gathered that is not looked at.
pub(crate) trait RequestView<'a>: Copy {
    fn inputs(self) -> &'a CombineInputs;
    fn action(self) -> &'a Action;
    fn resource(self) -> &'a [u8];
    fn segments(self) -> &'a Segments;
    /// The layers that are present.
    fn present(self) -> LayerSet;
    /// The caller in terms of the image.
    fn named(self) -> &'a [NamingPrincipal];
    fn keys(self) -> Keys<'a>;
}

impl<'a, A: RequestView<'a>> Variables<'a> for A {
    #[inline(always)]
    fn variable(self, slot: Id<Slot>, default: Option<&'a str>) -> Option<&'a str> {
        let keys = self.keys();
        match keys.settled(slot) {
            Some((..=state::UNUSABLE, value)) => Some(keys.text(value)),
            Some((state::SEVERAL, _)) => None,
            _ => default,
        }
    }
}
