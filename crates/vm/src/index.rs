//! The index: from an action to patterns, from these to candidate sets, from a resource to candidates.
//!
//! `portcullis_image::index` says what the index is; here it is asked. It only narrows: whoever uses it verifies each
//! candidate, so a wrong answer could only be a candidate too few, and what cannot be told from the index is said by a
//! result (`false`), on which the caller looks at every statement.
//!
//! Takes the time of a few look-ups in hash tables, and of the fallback patterns, which are tried one by one
//! (`portcullis inspect` says how many). Numbers that lead out of the index find nothing, as everywhere.

use alloc::vec::Vec;

use portcullis_image::index::{ActionHash, ActionKey, MAX_SEGMENTS, Segments, bucket_hash};
use portcullis_image::wire::index;
use portcullis_image::{
    ActionEntry, ActionPattern, Bucket, CandidateSet, Id, Pattern, PatternKind, Posting, Run,
    Section, ServiceRecord, Unit, View,
};

use crate::bytes::equal;
use crate::pattern::{Matcher, NoVariables};

/// A pattern for actions that matches the request's, by its number in one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FoundAction {
    /// The pattern that matches; its postings are looked up for each unit.
    pattern: Id<ActionPattern>,
    /// Its postings stand for themselves alone, not for shorter patterns too.
    is_fallback: bool,
}

/// Appends the patterns for actions that match the request's: the exact name, then starts, the longest
/// first, then the others, which are marked.
pub(crate) fn actions(view: View<'_>, service: &[u8], name: &[u8], all: &mut Vec<FoundAction>) {
    let matcher = Matcher {
        view,
        request: NoVariables,
    };
    let is_action = |kind: PatternKind, name: &[u8], action: Id<ActionPattern>| {
        let literal = |pattern: Id<Pattern>| view.get(pattern).literal.bytes(view.bytes());
        let action = view.get(action);
        view.get(action.name).kind == kind
            && equal(literal(action.name), name)
            && equal(literal(action.service), service)
    };
    let regular = |pattern| FoundAction {
        pattern,
        is_fallback: false,
    };
    let mut hash = ActionHash::of_service(service);
    let is_service = |service_id: Id<ServiceRecord>| {
        let record = view.get(service_id);
        !record.name.is_empty() && equal(record.name.bytes(view.bytes()), service)
    };
    let found = find(view, hash.entry(ActionKey::Service), is_service);
    let record = found.map(|service| view.get(service));
    let starts = record.map_or(0, |record| record.starts);
    let first = all.len();
    let mut left = starts;
    let mut hashed = 0;
    while left != 0 {
        let len = index(left.trailing_zeros());
        left &= left - 1;
        let (Some(start), Some(new)) = (name.get(..len), name.get(hashed..len)) else {
            break;
        };
        new.iter().for_each(|byte| hash.push(*byte));
        hashed = len;
        let is_start = |action| is_action(PatternKind::Prefix, start, action);
        all.extend(find(view, hash.entry(ActionKey::Start), is_start).map(regular));
    }
    let rest = name.get(hashed..).unwrap_or(&[]);
    rest.iter().for_each(|byte| hash.push(*byte));
    let is_exact = |action| is_action(PatternKind::Exact, name, action);
    all.extend(find(view, hash.entry(ActionKey::Exact), is_exact).map(regular));
    if let Some(found) = all.get_mut(first..) {
        found.reverse();
    }

    let any_service = view.ids::<ServiceRecord>().next_back();
    let any_service = any_service
        .map(|last| view.get(last))
        .filter(|last| last.name.is_empty());
    for record in record.into_iter().chain(any_service) {
        for fallback in view.run(record.fallback) {
            let action = view.get(fallback.action);
            if matcher.matches(action.service, service) && matcher.matches(action.name, name) {
                all.push(FoundAction {
                    pattern: fallback.action,
                    is_fallback: true,
                });
            }
        }
    }
}

/// The record of an entry of the table of actions, if there is one with this hash that is the right one.
fn find<T>(view: View<'_>, hash: u32, is_it: impl Fn(Id<T>) -> bool) -> Option<Id<T>> {
    let entries = view.count(Section::ActionTable);
    // At most as many steps as the table has entries: a damaged table may have no empty one.
    for step in 0..entries {
        let position = hash.wrapping_add(step) & (entries - 1);
        let own: ActionEntry = view.get(Id::new(position));
        let id = Id::new(own.entry.checked_sub(1)?);
        if own.hash == hash && is_it(id) {
            return Some(id);
        }
    }
    None
}

/// Appends the candidate sets of a unit for patterns that [`actions`] found.
pub(crate) fn candidate_sets(
    view: View<'_>,
    unit: &Unit,
    actions: &[FoundAction],
    all: &mut Vec<CandidateSet>,
) {
    let mut push = |sets: Run<Posting>| {
        all.extend(sets.iter().map(|own| view.get(view.get(own).set)));
    };
    let regular = actions.iter().take_while(|action| !action.is_fallback);
    // The first postings have the sets of all that follow, and of every action.
    match regular
        .clone()
        .find_map(|action| view.find_postings(unit, action.pattern))
    {
        Some(postings) => push(postings.sets),
        None => push(unit.catch_all),
    }
    for action in actions.iter().skip(regular.count()) {
        if let Some(postings) = view.find_postings(unit, action.pattern) {
            push(postings.sets);
        }
    }
}

/// The bit of a unit that has statements for every action, and of every action.
const EVERY_ACTION: u64 = 1 << 63;

/// One of 63 bits for a pattern. Patterns that share one cost a look in vain.
fn filter_bit(action: Id<ActionPattern>) -> u64 {
    1 << (action.number() % 63)
}

/// A bit for each of the patterns that match an action.
pub(crate) fn filter(actions: &[FoundAction]) -> u64 {
    let bits = actions.iter().map(|action| filter_bit(action.pattern));
    bits.fold(EVERY_ACTION, |all, bit| all | bit)
}

/// A bit for each of the patterns for actions that a unit's statements use. Actions whose filter
/// ([`crate::Action::filter`]) has no bit in common with it are none of theirs. For hosts with very many units: one operation
/// tells most of them apart from a request.
///
/// All bits if the image has no index. Takes time linear in the action patterns of the unit.
pub fn unit_filter(view: View<'_>, unit: Id<Unit>) -> u64 {
    if !view.has_index() {
        return u64::MAX;
    }
    let unit = view.get(unit);
    let postings = view.run(unit.postings);
    let every = match unit.catch_all.is_empty() {
        true => 0,
        false => EVERY_ACTION,
    };
    postings.fold(every, |all, postings| all | filter_bit(postings.action))
}

/// Calls back with the buckets of a set whose candidates may match the request's resource. Others stand
/// there too; each candidate is verified.
///
/// False if the resource has more segments than are looked at, so that candidates may be missing.
#[inline(always)]
#[must_use]
pub(crate) fn hashed(
    view: View<'_>,
    segments: &Segments,
    set: &CandidateSet,
    mut found: impl FnMut(Id<Bucket>),
) -> bool {
    let count = segments.len();
    let mut bucket = |start, middle| found(set.bucket_of(bucket_hash(start, middle)));
    for probe in set.probes().iter() {
        let probe = view.get(probe);
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

/// As many segments of a resource a set looks at to find candidates: none if all are scanned.
pub(crate) fn depth(view: View<'_>, set: &CandidateSet) -> usize {
    let depths = set.probes().iter().map(|probe| {
        let probe = view.get(probe);
        match probe.middle {
            // The text alone is looked at, which still is not none.
            0 => usize::from(probe.start).max(1),
            _ => MAX_SEGMENTS,
        }
    });
    depths.max().unwrap_or(0)
}

/// Calls back with the buckets of a set that [`hashed`] will look at, but for those of later literals.
#[inline]
pub(crate) fn buckets(
    view: View<'_>,
    segments: &Segments,
    set: &CandidateSet,
    mut found: impl FnMut(Id<Bucket>),
) {
    for probe in set.probes().iter() {
        let probe = view.get(probe);
        let start = usize::from(probe.start);
        if probe.middle == 0 && start <= segments.len() {
            let hash = bucket_hash(segments.between(0, start), 0);
            found(set.bucket_of(hash));
        }
    }
}
