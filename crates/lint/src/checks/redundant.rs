//! What says nothing more than what stands beside it (`AA-30`, `AA-31`, `AA-305`).

use crate::finding::Findings;
use crate::rules;
use crate::view::{Element, Entry, Policy, Statement};
use portcullis_source::hash::Map;
use portcullis_source::words::{equal, first, lower, word};
use portcullis_syntax::glob::covers;
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

pub(super) fn statement<'d>(own: &Statement<'d>, out: &mut Findings<'d>) {
    if let Some(element) = &own.action {
        for (places, example) in heads(element, true, out) {
            let details = format!(
                "The {} action(s) are redundant because they provide similar permissions. Update the policy to remove the redundant action such as: {example}.",
                places.len()
            );
            out.add(
                &rules::REDUNDANT_ACTION,
                details,
                located(own, element, &places),
            );
        }
    }
    if let Some(element) = &own.resource {
        for (places, example) in heads(element, false, out) {
            let details = format!(
                "The {} resource ARN(s) are redundant because they reference the same resource. Review the use of wildcards (*), or remove the resource {example} to remove the redundancy.",
                places.len()
            );
            out.add(
                &rules::REDUNDANT_RESOURCE,
                details,
                located(own, element, &places),
            );
        }
    }
}

fn located<'d>(
    own: &Statement<'d>,
    element: &Element<'d>,
    places: &[usize],
) -> Vec<crate::finding::Location<'d>> {
    let entries = places
        .iter()
        .filter_map(|place| element.entries.get(*place));
    entries.map(|entry| own.entry(element, entry)).collect()
}

/// The heads of a list (`AA-30`): for each the places of itself and of what it covers, in the order of the list, and the
/// longest of them. Equal entries are one group; a group with several, or whose pattern covers others, is a head unless
/// another one covers it and is not covered by it.
fn heads<'d>(
    element: &Element<'d>,
    fold: bool,
    out: &mut Findings<'d>,
) -> Vec<(Vec<usize>, &'d str)> {
    if element.entries.len() < 2 {
        return Vec::new();
    }
    let mut numbers: Vec<usize> = Vec::with_capacity(element.entries.len());
    let mut groups: Vec<(Start<'d>, SmallVec<[usize; 1]>)> =
        Vec::with_capacity(element.entries.len());
    let first = equals(&element.entries, fold);
    for (place, (entry, first)) in element.entries.iter().zip(first).enumerate() {
        match numbers
            .get(first)
            .and_then(|number| groups.get_mut(*number))
        {
            Some((_, places)) => {
                places.push(place);
                // Nobody asks for it: the first of equal ones is asked for.
                numbers.push(0);
            }
            None => {
                numbers.push(groups.len());
                groups.push((Start::of(entry.text.value, fold), smallvec![place]));
            }
        }
    }
    // What each pattern covers, itself not among them.
    let mut covered: Map<usize, Vec<usize>> = Map::default();
    let mut covering: Map<usize, Vec<usize>> = Map::default();
    for (k, (pattern, _)) in groups.iter().enumerate() {
        let Some(literal) = pattern.literal() else {
            continue;
        };
        // Most texts begin otherwise, which takes a step to see.
        let Some(left) = out.steps.checked_sub(groups.len()) else {
            out.stop();
            return Vec::new();
        };
        out.steps = left;
        let others = groups.iter().enumerate();
        let others = others.filter(|(g, (text, _))| *g != k && literal.begins(text, fold));
        for (g, (text, _)) in others {
            match covers(pattern.text, text.text, fold, &mut out.steps) {
                Some(false) => {}
                Some(true) => {
                    covered.entry(k).or_default().push(g);
                    covering.entry(g).or_default().push(k);
                }
                None => {
                    out.stop();
                    return Vec::new();
                }
            }
        }
    }
    let none = Vec::new();
    let mut heads = Vec::new();
    for (g, (_, places)) in groups.iter().enumerate() {
        let own = covered.get(&g).unwrap_or(&none);
        if own.is_empty() && places.len() < 2 {
            continue;
        }
        // What a pattern covers was found in ascending order.
        let is_below = covering
            .get(&g)
            .is_some_and(|above| above.iter().any(|k| own.binary_search(k).is_err()));
        if is_below {
            continue;
        }
        let below = own
            .iter()
            .filter_map(|number| groups.get(*number))
            .flat_map(|(_, places)| places);
        let mut all: Vec<usize> = places.iter().chain(below).copied().collect();
        all.sort_unstable();
        let texts = all
            .iter()
            .filter_map(|place| Some(element.entries.get(*place)?.text.value));
        let cost = all
            .iter()
            .filter_map(|place| Some(element.entries.get(*place)?.text.value.len() + 1))
            .sum();
        let Some(steps) = out.steps.checked_sub(cost) else {
            out.stop();
            return heads;
        };
        out.steps = steps;
        let mut example = "";
        let mut greatest: Option<(usize, String)> = None;
        for text in texts {
            let size = (text.chars().count(), text.to_lowercase());
            if greatest.as_ref().is_none_or(|found| size > *found) {
                greatest = Some(size);
                example = text;
            }
        }
        heads.push((all, example));
    }
    heads
}

/// A text, and how it begins: most pairs of them differ in that, which is seen in one step.
#[derive(Clone, Copy)]
pub(crate) struct Start<'t> {
    pub(crate) text: &'t str,
    /// Its first eight bytes, in lower case if case does not matter, and zeros behind them.
    first: u64,
}

impl<'t> Start<'t> {
    pub(crate) fn of(text: &'t str, fold: bool) -> Start<'t> {
        let first = word(text.as_bytes());
        let first = if fold { lower(first) } else { first };
        Start { text, first }
    }

    /// What stands before the first wildcard; none if it has none.
    pub(crate) fn literal(&self) -> Option<Literal<'t>> {
        let is_wildcard = |word| equal(word, b'*') | equal(word, b'?');
        let length = first(self.text.as_bytes(), is_wildcard)?;
        let bits = 8 * length.min(8) as u32;
        let mask = u64::MAX.checked_shr(64 - bits).unwrap_or(0);
        Some(Literal {
            text: self.text.get(..length).unwrap_or_default(),
            first: self.first & mask,
            mask,
        })
    }
}

/// The beginning of a pattern that stands for itself.
pub(crate) struct Literal<'t> {
    text: &'t str,
    /// As of [`Start`].
    first: u64,
    mask: u64,
}

impl Literal<'_> {
    /// Whether a text begins so.
    #[inline]
    pub(crate) fn begins(&self, text: &Start<'_>, fold: bool) -> bool {
        if text.first & self.mask != self.first {
            return false;
        }
        let (text, own) = (text.text.as_bytes(), self.text.as_bytes());
        let start = text.get(..own.len());
        start.is_some_and(|start| match fold {
            true => start.eq_ignore_ascii_case(own),
            false => start == own,
        })
    }
}

/// For each entry the first one that is equal to it, which may be itself.
pub(crate) fn equals(entries: &[Entry<'_>], fold: bool) -> Vec<usize> {
    // Few are compared with one another, which is less work than to look them up.
    const FEW: usize = 48;
    let texts = || entries.iter().map(|entry| entry.text.value);
    if entries.len() <= FEW {
        let is_same = |one: &str, other: &str| {
            one.len() == other.len()
                && match fold {
                    true => one.eq_ignore_ascii_case(other),
                    false => one == other,
                }
        };
        let of = |(place, own): (usize, &str)| {
            let mut before = texts().take(place);
            before.position(|one| is_same(one, own)).unwrap_or(place)
        };
        return texts().enumerate().map(of).collect();
    }
    let mut numbers: Map<Cow<'_, str>, usize> = Map::default();
    let mut all = Vec::with_capacity(entries.len());
    for (place, own) in texts().enumerate() {
        let name = match fold {
            true => Cow::Owned(own.to_ascii_lowercase()),
            false => Cow::Borrowed(own),
        };
        all.push(*numbers.entry(name).or_insert(place));
    }
    all
}

/// Statements that say the same, whatever their `Sid` (`AA-305`).
pub(super) fn document<'d>(policy: &Policy<'d>, out: &mut Findings<'d>) {
    if policy.statements.len() < 2 {
        return;
    }
    // Most statements differ in how much they say, which costs little to count.
    let mut alike: Map<Amount, Vec<usize>> = Map::default();
    for (index, statement) in policy.statements.iter().enumerate() {
        alike.entry(amount(statement)).or_default().push(index);
    }
    let mut seen: Map<Vec<Word<'d>>, Vec<usize>> = Map::default();
    for index in alike.into_values().filter(|all| all.len() > 1).flatten() {
        if let Some(statement) = policy.statements.get(index) {
            seen.entry(normal(statement)).or_default().push(index);
        }
    }
    for places in seen.into_values().filter(|places| places.len() > 1) {
        let statements = places
            .iter()
            .filter_map(|index| policy.statements.get(*index));
        let details = format!(
            "The {} statements say the same. Remove all but one.",
            places.len()
        );
        out.add(
            &rules::REDUNDANT_STATEMENT,
            details,
            statements.map(Statement::here),
        );
    }
}

/// How much a statement says: its effect, how many entries of what length, and a number of what they say. Equal for statements
/// that say the same.
type Amount = (Option<&'static str>, [usize; 4], u64);

fn amount(statement: &Statement<'_>) -> Amount {
    let elements = statement.actions().chain(statement.resources());
    let entries = elements.flat_map(|own| &own.entries);
    let mut number = 0_u64;
    let (count, length) = entries.fold((0, 0), |(count, length), entry| {
        number = number.wrapping_add(ends(entry.text.value));
        (count + 1, length + entry.text.value.len())
    });
    let effect = statement.effect.map(|own| own.as_str());
    let (principals, conditions) = (&statement.principals, &statement.conditions);
    let counts = [count, length, principals.len(), conditions.len()];
    (effect, counts, number)
}

/// The first and the last eight bytes of a text, as a number.
fn ends(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let number = |some: Option<&[u8; 8]>| some.map_or(0, |some| u64::from_le_bytes(*some));
    let (first, last) = (number(bytes.first_chunk()), number(bytes.last_chunk()));
    first.wrapping_mul(3).wrapping_add(last)
}

/// A word of what a statement says: the name of a list, or an entry of the list before it.
#[derive(PartialEq, Eq, Hash)]
enum Word<'d> {
    List(&'d str),
    Entry(&'d str),
}

/// The same for statements that say the same: lists in order, one text as a list of one, no `Sid`.
fn normal<'d>(statement: &Statement<'d>) -> Vec<Word<'d>> {
    let mut words = Vec::new();
    let mut list = |name: &'d str, all: &mut dyn Iterator<Item = &'d str>| {
        words.push(Word::List(name));
        let start = words.len();
        words.extend(all.map(Word::Entry));
        if let Some(entries) = words.get_mut(start..) {
            entries.sort_unstable_by_key(|word| match word {
                Word::List(text) | Word::Entry(text) => *text,
            });
        }
    };
    let effect = statement.effect.map(|effect| effect.as_str());
    list("Effect", &mut effect.into_iter());
    for element in statement.actions().chain(statement.resources()) {
        let mut entries = element.entries.iter().map(|entry| entry.text.value);
        list(element.member.key.value, &mut entries);
    }
    let principals = statement.principals.iter();
    let mut all: Vec<_> = principals
        .map(|one| (one.element.key.value, one.kind, one.entry.text.value))
        .collect();
    all.sort_unstable();
    for (element, kind, value) in all {
        list(element, &mut [kind.unwrap_or_default()].into_iter());
        list("value", &mut [value].into_iter());
    }
    let mut conditions: Vec<_> = statement.conditions.iter().collect();
    conditions.sort_by_key(|one| (one.name.value, one.key.value));
    for one in conditions {
        list(one.name.value, &mut [one.key.value].into_iter());
        let mut values = one.values.iter().map(|value| value.text.value);
        list("values", &mut values);
    }
    words
}
