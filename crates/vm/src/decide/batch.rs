//! Deciding many requests against the same images.

use core::hint::black_box;

use portcullis_image::{NONE, View};

use crate::index;
use crate::prepare::scratch::Scratch;
use crate::request::query::Query;
use crate::stack::plan::Plan;

/// How many requests are worth reading ahead for at once ([`read_ahead`]).
pub const AHEAD: usize = 16;
/// How many buckets are read ahead for these, at most.
const BUCKETS: usize = 64;
/// Smaller images are in the processor's caches anyway: bytes.
const CACHED: usize = 1 << 19;

/// What is read ahead: an image, and a number and a pattern or text in it.
type Place<'i> = (View<'i>, u32, u32);

/// Reads what the first candidates of at most [`AHEAD`] requests refer to, so that they wait for memory together when
/// they are decided one after the other. Decides nothing.
///
/// Step by step for all of them: the processor waits for the memory of one step at once. Does nothing for images that
/// are small enough for its caches.
pub fn read_ahead<'i, 'q>(
    images: impl Iterator<Item = View<'i>> + Clone,
    plan: &Plan,
    scratch: &mut Scratch,
    queries: impl Iterator<Item = &'q Query<'q>>,
) {
    let is_large = |view: View<'_>| view.has_index() && view.bytes().len() > CACHED;
    if !images.clone().any(is_large) {
        return;
    }
    let mut places: [Option<Place<'i>>; BUCKETS] = [None; BUCKETS];
    let mut free = places.iter_mut();
    for query in queries {
        let (action, segments) = scratch.look_ahead(images.clone(), plan, query);
        if action.depth == 0 {
            continue;
        }
        for (image, view) in images.clone().enumerate() {
            for group in action.groups_of(image) {
                index::buckets(view, segments, group, |bucket| {
                    if let Some(place) = free.next() {
                        *place = Some((view, bucket, 0));
                    }
                });
            }
        }
    }
    for (view, place, _) in places.iter_mut().flatten() {
        let (first, end) = view.bucket(*place);
        // Of an empty bucket there is nothing to read.
        *place = if first < end { first } else { NONE };
    }
    for (view, place, pattern) in places.iter_mut().flatten() {
        let candidate = view.candidate(*place);
        (*place, *pattern) = (candidate.statement, candidate.pattern);
    }
    for (view, place, pattern) in places.iter_mut().flatten() {
        *place = view.statement_ref(*place).guard();
        *pattern = view.pattern(*pattern).literal.offset;
    }
    let mut seen = 0;
    for (view, place, pattern) in places.iter_mut().flatten() {
        seen ^= view.leaves(*place).next().map_or(0, |leaf| leaf.op());
        seen ^= view.bytes().get(*pattern as usize).copied().unwrap_or(0);
    }
    black_box(seen);
}
