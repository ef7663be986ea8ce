//! What evaluation reads of a request, in terms of one image.
//!
//! Three kinds of request implement it: one that was made ready, for the only image or for one of several, and one of an
//! [`Evaluation`](crate::Evaluation). Each call is inlined, so that the evaluation is compiled for each of the three and asks
//! nothing at run time.

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
    /// What follows from the request.
    fn inputs(self) -> &'a CombineInputs;
    /// The action.
    fn action(self) -> &'a Action;
    /// The text of the resource.
    fn resource(self) -> &'a [u8];
    /// Its segments, as many as were cut; with a mask of all bits if none were.
    fn segments(self) -> &'a Segments;
    /// The layers that are present.
    fn present(self) -> LayerSet;
    /// The caller in terms of the image.
    fn named(self) -> &'a [NamingPrincipal];
    /// The condition keys, by the slots of the image.
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
