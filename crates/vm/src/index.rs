//! The index: from an action to patterns, from these to groups, from a resource to candidates.

use alloc::vec::Vec;

use portcullis_image::index::{ActionHash, ActionKey, Group, MAX_SEGMENTS, Segments, bucket_hash};
use portcullis_image::{Part, PatternKind, Section, View};

use crate::bytes::equal;
use crate::pattern::{Matcher, NoVariables};

/// Marks a pattern whose nodes stand for themselves alone, not for shorter patterns too.
const RESIDUE: u32 = 1 << 31;

/// Appends the patterns for actions that match the request's: the exact name, then starts, the longest
/// first, then the others, which are marked.
pub(crate) fn actions(view: View<'_>, service: &[u8], name: &[u8], all: &mut Vec<u32>) {
    let matcher = Matcher {
        view,
        asked: NoVariables,
    };
    let is_action = |kind: PatternKind, name: &[u8], number: u32| {
        let literal = |pattern| view.pattern(pattern).literal.bytes(view.bytes());
        let action = view.action(number);
        view.pattern(action.name).kind == kind
            && equal(literal(action.name), name)
            && equal(literal(action.service), service)
    };
    let mut hash = ActionHash::of_service(service);
    let is_service = |number| {
        let record = view.service(number);
        record.name.len > 0 && equal(record.name.bytes(view.bytes()), service)
    };
    let found = find(view, hash.entry(ActionKey::Service), is_service);
    let record = found.map(|number| view.service(number));
    let starts = record.map_or(0, |record| record.starts);
    let first = all.len();
    let mut left = starts;
    let mut hashed = 0;
    while left != 0 {
        let len = left.trailing_zeros() as usize;
        left &= left - 1;
        let (Some(start), Some(new)) = (name.get(..len), name.get(hashed..len)) else {
            break;
        };
        new.iter().for_each(|byte| hash.push(*byte));
        hashed = len;
        let is_start = |number| is_action(PatternKind::Prefix, start, number);
        all.extend(find(view, hash.entry(ActionKey::Start), is_start));
    }
    let rest = name.get(hashed..).unwrap_or(&[]);
    rest.iter().for_each(|byte| hash.push(*byte));
    let is_exact = |number| is_action(PatternKind::Exact, name, number);
    all.extend(find(view, hash.entry(ActionKey::Exact), is_exact));
    if let Some(found) = all.get_mut(first..) {
        found.reverse();
    }

    let any_service = view.count(Section::Services).checked_sub(1);
    let any_service = any_service
        .map(|last| view.service(last))
        .filter(|last| last.name.len == 0);
    for record in record.into_iter().chain(any_service) {
        let end = record.residue.saturating_add(record.residue_count);
        for index in record.residue..end {
            let number = view.residue(index);
            let action = view.action(number);
            if matcher.matches(action.service, service) && matcher.matches(action.name, name) {
                all.push(number | RESIDUE);
            }
        }
    }
}

/// The record of an entry of the table of actions, if there is one with this hash that is the right one.
fn find(view: View<'_>, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
    let places = view.count(Section::ActionTable);
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
}

/// Appends the groups of a part for patterns that [`actions`] found.
pub(crate) fn groups(view: View<'_>, part: &Part, actions: &[u32], all: &mut Vec<Group>) {
    let mut push = |groups: u32, count: u32| {
        let range = groups..groups.saturating_add(count);
        all.extend(range.map(|index| view.group(view.node_group(index))));
    };
    let regular = actions.iter().take_while(|action| **action & RESIDUE == 0);
    // The first node has the groups of all that follow, and of every action.
    match regular
        .clone()
        .find_map(|action| view.find_node(part, *action))
    {
        Some(node) => push(node.groups, node.count),
        None => push(part.rest, part.rest_count),
    }
    for action in actions.iter().skip(regular.count()) {
        if let Some(node) = view.find_node(part, *action & !RESIDUE) {
            push(node.groups, node.count);
        }
    }
}

/// The bit of a part that has statements for every action, and of every action.
const EVERY_ACTION: u64 = 1 << 63;

fn filter_bit(action: u32) -> u64 {
    1 << ((action & !RESIDUE) % 63)
}

/// A bit for each of the patterns that match an action.
pub(crate) fn filter(actions: &[u32]) -> u64 {
    let bits = actions.iter().map(|action| filter_bit(*action));
    bits.fold(EVERY_ACTION, |all, bit| all | bit)
}

/// A bit for each of the patterns for actions that a part's statements use. Actions whose filter
/// ([`crate::Action::filter`]) has no bit in common with it are none of theirs.
///
/// All bits if the image has no index.
pub fn part_filter(view: View<'_>, part: u32) -> u64 {
    if !view.has_index() {
        return u64::MAX;
    }
    let part = view.part(part);
    let nodes = part.nodes..part.nodes.saturating_add(part.node_count);
    let bits = nodes.map(|node| filter_bit(view.node(node).action));
    let every = match part.rest_count {
        0 => 0,
        _ => EVERY_ACTION,
    };
    bits.fold(every, |all, bit| all | bit)
}

/// Calls back with the buckets of a group whose candidates may match the request's resource. Others stand
/// there too; each candidate is verified.
///
/// False if the resource has more segments than are looked at, so that candidates may be missing.
#[inline(always)]
#[must_use]
pub(crate) fn hashed(
    view: View<'_>,
    segments: &Segments,
    group: &Group,
    mut found: impl FnMut(u32),
) -> bool {
    let count = segments.len();
    let mut bucket = |start, middle| found(group.bucket_of(bucket_hash(start, middle)));
    for index in group.probes..group.probes.saturating_add(u32::from(group.probe_count)) {
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

/// As many segments of a resource a group looks at to find candidates: none if all are scanned.
pub(crate) fn depth(view: View<'_>, group: &Group) -> usize {
    let probes = group.probes..group.probes.saturating_add(u32::from(group.probe_count));
    let depths = probes.map(|index| {
        let probe = view.probe(index);
        match probe.middle {
            // The text alone is looked at, which still is not none.
            0 => usize::from(probe.start).max(1),
            _ => MAX_SEGMENTS,
        }
    });
    depths.max().unwrap_or(0)
}

/// Calls back with the buckets of a group that [`hashed`] will look at, but for those of later literals.
#[inline]
pub(crate) fn buckets(
    view: View<'_>,
    segments: &Segments,
    group: &Group,
    mut found: impl FnMut(u32),
) {
    for index in group.probes..group.probes.saturating_add(u32::from(group.probe_count)) {
        let probe = view.probe(index);
        let start = usize::from(probe.start);
        if probe.middle == 0 && start <= segments.len() {
            let hash = bucket_hash(segments.between(0, start), 0);
            found(group.bucket_of(hash));
        }
    }
}
