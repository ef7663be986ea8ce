//! The index: from an action to nodes, from a resource to candidates.

use portcullis_image::index::{
    ActionKey, Candidate, Group, MAX_SEGMENTS, action_hash, bucket_hash,
};
use portcullis_image::{PatternKind, Section};

use crate::glob::{Matcher, equal};

/// Calls back with every node of the request's action.
pub(crate) fn nodes(matcher: &Matcher<'_>, mut found: impl FnMut(u32)) {
    let view = matcher.view;
    let service = matcher.request.action_service();
    let name = matcher.request.action_name();
    let find = |key, name: &[u8], is_it: &dyn Fn(u32) -> bool| {
        let places = view.count(Section::ActionTable);
        let hash = action_hash(key, service.as_bytes(), name);
        // At most as many places as there are: a damaged table may have no empty one.
        for step in 0..places {
            let place = hash.wrapping_add(step) & (places - 1);
            let (other, entry) = view.action_entry(place);
            let number = entry.checked_sub(1)?;
            if other == hash && is_it(number) {
                return Some(number);
            }
        }
        None
    };
    let literal = |pattern| view.pattern(pattern).literal.bytes(view.bytes());
    let is_action = |kind: PatternKind, name: &[u8], number: u32| {
        let action = view.action(number);
        view.pattern(action.name).kind == kind
            && equal(literal(action.service), service.as_bytes())
            && equal(literal(action.name), name)
    };
    let exact = |number| is_action(PatternKind::Exact, name.as_bytes(), number);
    if let Some(node) = find(ActionKey::Exact, name.as_bytes(), &exact) {
        found(node);
    }
    let is_service = |number| {
        equal(
            view.service(number).name.bytes(view.bytes()),
            service.as_bytes(),
        )
    };
    if let Some(service) = find(ActionKey::Service, b"", &is_service) {
        let mut starts = view.service(service).starts;
        while starts != 0 {
            let len = starts.trailing_zeros() as usize;
            starts &= starts - 1;
            let Some(start) = name.as_bytes().get(..len) else {
                break;
            };
            let is_start = |number| is_action(PatternKind::Prefix, start, number);
            if let Some(node) = find(ActionKey::Start, start, &is_start) {
                found(node);
            }
        }
    }
    for index in 0..view.count(Section::Residue) {
        let node = view.residue(index);
        let action = view.action(node);
        if matcher.matches(action.service, service) && matcher.matches(action.name, name) {
            found(node);
        }
    }
    found(view.count(Section::Actions));
}

/// Calls back with the hashed candidates of a group that may match the request's resource.
///
/// False if the resource has more segments than are looked at, so that candidates may be missing.
#[inline]
#[must_use]
pub(crate) fn hashed(
    matcher: &Matcher<'_>,
    number: u32,
    group: &Group,
    mut found: impl FnMut(Candidate),
) -> bool {
    let view = matcher.view;
    let segments = &matcher.request.segments;
    let count = segments.len();
    let places = view.count(Section::Buckets);
    let mut bucket = |start: u64, middle: u64| {
        let hash = bucket_hash(number, start, middle);
        for step in 0..places {
            let place = (hash as u32).wrapping_add(step) & (places - 1);
            let bucket = view.bucket(place);
            if bucket.count == 0 {
                break;
            }
            // Other literals may have this half of the hash too, so the search goes on.
            if bucket.hash == (hash >> 32) as u32 && bucket.group == number {
                for index in bucket.start..bucket.start.saturating_add(bucket.count) {
                    found(view.candidate(index));
                }
            }
        }
    };
    for index in group.probes..group.probes.saturating_add(group.probe_count) {
        let probe = view.probe(index);
        let (start, middle) = (usize::from(probe.start), usize::from(probe.middle));
        if middle == 0 {
            if start <= count {
                bucket(segments.between(0, start), 0);
            }
            continue;
        }
        if count == MAX_SEGMENTS {
            return false;
        }
        // The later literal stands behind some separator, which ends the segment before it.
        for from in start + 1..=count.saturating_sub(middle) {
            bucket(
                segments.between(0, start),
                segments.between(from, from + middle),
            );
        }
    }
    true
}
