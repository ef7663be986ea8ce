//! Deciding many requests against the same images.

use core::hint::black_box;

use portcullis_image::{NONE, View};

use crate::combine::Outcome;
use crate::lookup;
use crate::request::Request;
use crate::walk::decide;

/// How many requests are looked up before the first of them is decided.
const AHEAD: usize = 16;
/// How many buckets are read ahead for these, at most.
const BUCKETS: usize = 64;

/// Decides requests that were filled for the same stack of images, and calls back with the place and the
/// outcome of each, in order.
///
/// The outcomes are those of [`decide`]. In an image that is larger than the processor's caches a
/// decision waits for memory; here what some requests will look at is read first, so that they wait
/// together. In a small image it is about as fast as [`decide`].
pub fn decide_all<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    requests: &[Request],
    mut decided: impl FnMut(usize, Outcome),
) {
    let mut place = 0;
    for chunk in requests.chunks(AHEAD) {
        for (image, view) in images.clone().enumerate() {
            if view.has_index() {
                read_ahead(view, image, chunk);
            }
        }
        for request in chunk {
            decided(place, decide(images.clone(), request));
            place += 1;
        }
    }
}

/// Reads what the first candidates of the requests refer to, step by step for all of them: the processor
/// waits for the memory of one step at once.
fn read_ahead(view: View<'_>, image: usize, requests: &[Request]) {
    let mut places = [0; BUCKETS];
    let mut count = 0;
    for request in requests {
        let matcher = request.matcher(image, view);
        for part in request.parts_of(image) {
            for group in request.groups_of(part) {
                lookup::buckets(&matcher, group, |bucket| {
                    if let Some(place) = places.get_mut(count) {
                        *place = bucket;
                        count += 1;
                    }
                });
            }
        }
    }
    let places = places.get_mut(..count).unwrap_or(&mut []);
    let mut patterns = [0; BUCKETS];
    let mut seen = 0;
    for place in &mut *places {
        let (first, end) = view.bucket(*place);
        // Of an empty bucket there is nothing to read.
        *place = if first < end { first } else { NONE };
    }
    for (place, pattern) in places.iter_mut().zip(&mut patterns) {
        let candidate = view.candidate(*place);
        (*place, *pattern) = (candidate.statement, candidate.pattern);
    }
    for (place, pattern) in places.iter_mut().zip(&mut patterns) {
        *place = view.statement_ref(*place).guard();
        *pattern = view.pattern(*pattern).literal.offset;
    }
    for (place, pattern) in places.iter().zip(&patterns) {
        seen ^= view.leaves(*place).next().map_or(0, |leaf| leaf.op());
        seen ^= view.bytes().get(*pattern as usize).copied().unwrap_or(0);
    }
    black_box(seen);
}
