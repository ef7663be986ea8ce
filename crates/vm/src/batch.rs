//! Deciding many requests against the same images.

use core::hint::black_box;

use portcullis_image::View;

use crate::combine::Outcome;
use crate::glob::Matcher;
use crate::lookup;
use crate::request::Request;
use crate::walk::decide;

/// How many requests are looked up before the first of them is decided.
const AHEAD: usize = 8;

/// Decides requests that were filled for the same stack of images, and calls back with the place and the
/// outcome of each, in order.
///
/// The outcomes are those of [`decide`]. In an image that is larger than the processor's caches a
/// decision waits for memory; here the places that some requests will look at are read first, one
/// request after the other without waiting, so that they arrive together. In a small image it is as
/// fast as [`decide`].
pub fn decide_all<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    requests: &[Request],
    mut decided: impl FnMut(usize, Outcome),
) {
    let mut place = 0;
    for chunk in requests.chunks(AHEAD) {
        let mut touched = 0;
        for request in chunk {
            for (image, view) in images.clone().enumerate() {
                let matcher = Matcher::new(view, request, image);
                for part in request.parts_of(image).iter().filter(|_| view.has_index()) {
                    for group in request.groups_of(part) {
                        touched ^= lookup::touch(&matcher, group);
                    }
                }
            }
        }
        black_box(touched);
        for request in chunk {
            decided(place, decide(images.clone(), request));
            place += 1;
        }
    }
}
