//! Deciding many requests against the same images.
//!
//! Consecutive requests rarely share cache lines, so we read ahead for a whole batch and overlap the misses: what the first
//! candidates of all requests refer to is touched step by step. It decides nothing, and does nothing for images that fit
//! the processor's caches. On an image of a million statements sixteen requests at once took two thirds of the time
//! (`docs/benchmarks/targets.md`).
//!
//! Prefetch instructions would need `unsafe`; a load whose result is kept does the same.

use core::hint::black_box;

use portcullis_image::wire::index as index_of;
use portcullis_image::{Bucket, Candidate, Id, Insn, Pattern, Statement, Verify, View};

use crate::index;
use crate::prepare::scratch::Scratch;
use crate::request::query::Query;
use crate::stack::ImageIdx;
use crate::stack::plan::Plan;

/// How many requests are worth reading ahead for at once ([`read_ahead`]).
pub const AHEAD: usize = 16;
/// How many buckets are read ahead for these, at most.
const BUCKETS: usize = 64;
/// Smaller images are in the processor's caches anyway: half a mebibyte.
const CACHED: usize = 1 << 19;

/// What is read ahead in an image: each step reads what the one before it leads to.
#[derive(Clone, Copy)]
enum Step {
    /// The bucket, for its first candidate.
    Bucket(Id<Bucket>),
    /// The candidate, for its statement and pattern.
    Candidate(Id<Candidate>),
    /// The statement and the pattern, for guard and literal.
    Statement(Id<Statement>, Option<Id<Pattern>>),
    /// The first instruction, and the first byte of the literal, at an offset of the image.
    Guard(Option<Id<Insn>>, u32),
    /// There is nothing more to read.
    Done,
}

impl Step {
    /// Reads what a step is about, and says what comes next.
    fn next(self, view: View<'_>, seen: &mut u8) -> Step {
        match self {
            Step::Bucket(bucket) => match view.bucket(bucket) {
                candidates if candidates.is_empty() => Step::Done,
                candidates => Step::Candidate(candidates.first),
            },
            Step::Candidate(candidate) => {
                let Candidate {
                    statement, verify, ..
                } = view.get(candidate);
                let pattern = match verify {
                    Verify::Pattern(pattern) => Some(pattern),
                    Verify::Nothing | Verify::Head => None,
                };
                Step::Statement(statement, pattern)
            }
            Step::Statement(statement, pattern) => {
                let literal = pattern.map_or(0, |pattern| view.read(pattern).literal().offset);
                Step::Guard(view.read(statement).guard(), literal)
            }
            Step::Guard(guard, literal) => {
                *seen ^= guard.map_or(0, |guard| view.read(guard).code());
                *seen ^= view.bytes().get(index_of(literal)).copied().unwrap_or(0);
                Step::Done
            }
            Step::Done => Step::Done,
        }
    }
}

/// Reads what the first candidates of at most [`AHEAD`] requests refer to, so that they wait for memory together when
/// they are decided one after the other. Decides nothing.
///
/// Step by step for all of them: the processor waits for the memory of one step at once. Does nothing for images that
/// are small enough for its caches. More requests than [`AHEAD`] are read ahead for as far as there is room.
///
/// ```
/// use portcullis_image::Image;
/// use portcullis_model::{Caller, Request};
/// use portcullis_vm::{AHEAD, Plan, Query, Scratch, decide, read_ahead};
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let images = || core::iter::once(image.view());
/// let (plan, mut scratch) = (Plan::of(images()), Scratch::new());
/// let caller = Caller::from_arn("arn:aws:iam::111122223333:role/reports").unwrap();
/// let request = Request::new(caller, "s3:ListBucket", "arn:aws:s3:::example-team-data");
/// let queries = [Query::from(&request); 20];
///
/// let mut allowed = 0;
/// for chunk in queries.chunks(AHEAD) {
///     read_ahead(images(), &plan, &mut scratch, chunk.iter());
///     for query in chunk {
///         allowed += u32::from(decide(images(), &plan, &mut scratch, query).is_allow());
///     }
/// }
/// # let _ = allowed;
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
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
    let mut steps: [Option<(View<'i>, Step)>; BUCKETS] = [None; BUCKETS];
    let mut free = steps.iter_mut();
    for query in queries {
        let (action, segments) = scratch.look_ahead(images.clone(), plan, query);
        if action.depth == 0 {
            continue;
        }
        for (image, view) in ImageIdx::of(images.clone()) {
            for set in action.candidate_sets_of(image) {
                index::buckets(view, segments, set, |bucket| {
                    if let Some(place) = free.next() {
                        *place = Some((view, Step::Bucket(bucket)));
                    }
                });
            }
        }
    }
    let mut seen = 0;
    // From the bucket to the guard.
    for _ in 0..4 {
        for (view, step) in steps.iter_mut().flatten() {
            *step = step.next(*view, &mut seen);
        }
    }
    black_box(seen);
}
