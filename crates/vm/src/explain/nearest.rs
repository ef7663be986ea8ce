//! The entries of a list that came nearest to matching, with the values of their variables.
//!
//! Near is what has many characters in common at both ends, which is where people mistype ARNs. An edit distance was
//! rejected: it takes quadratic time and finds entries near that nobody would have meant.
//!
//! A variable without value might have had any: entries that would match with the right one are how missing keys of resources
//! are found (`VAR-10`). Time is linear in the entries and their lengths; at most [`MOST_ENTRIES`] are told of each list.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;

use portcullis_image::{
    ConditionText, Entries, Id, ListId, Pattern, PatternKind, Slot, Statement, Token,
};

use crate::eval::view::RequestView;
use crate::explain::conditions::texts;
use crate::explain::report::{EntryMiss, EntryReport};
use crate::explain::variables::{spelled, variables};
use crate::pattern::Matcher;
use crate::prepare::ready::ReadyInImage;

/// How many entries are told of a list: the nearest ones.
const MOST_ENTRIES: usize = 3;

/// A piece of a pattern whose variables have their values: what is compared with one character, or with many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PatternPiece {
    /// This character.
    Char(char),
    /// Any one character.
    One,
    /// Any run of characters. A variable without value is one too: it might have had any.
    Star,
}

/// A pattern with the values of its variables.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// What is compared with the text.
    units: Vec<PatternPiece>,
    /// As a policy would write it.
    pattern: String,
    /// The same with the values in place of the variables that have one.
    values: String,
    /// The values differ from the pattern, or might.
    has_variables: bool,
    /// The slots of variables without value.
    pub(super) absent: Vec<Id<Slot>>,
}

impl Expanded {
    /// The keys of variables are spelled as in `written`, if that is known.
    fn of(
        matcher: &Matcher<'_, ReadyInImage<'_>>,
        pattern: Id<Pattern>,
        written: Option<&str>,
    ) -> Expanded {
        let view = matcher.view;
        let mut out = Expanded::default();
        let pattern = view.get(pattern);
        out.text(view.text(pattern.literal));
        match pattern.kind {
            PatternKind::Exact => {}
            PatternKind::Prefix => out.star(),
            PatternKind::Tokens => {
                for token in view.tokens(pattern.tokens) {
                    match token {
                        Token::End => break,
                        Token::Text(text) => out.text(view.text(text)),
                        Token::Star | Token::Field => out.star(),
                        Token::Chars(count) => {
                            for _ in 0..count {
                                out.units.push(PatternPiece::One);
                                out.both("?");
                            }
                        }
                        Token::Variable { slot, default } => {
                            let default = default.map(|text| view.text(text));
                            let key = view.text(view.get(slot).name);
                            let key = spelled(key, written.into_iter());
                            out.variable(matcher, (slot, &key), default);
                        }
                    }
                }
            }
        }
        out
    }

    /// Of everything.
    fn any() -> Expanded {
        let mut out = Expanded::default();
        out.star();
        out
    }

    /// Appends to the pattern and to the values: what both have in common.
    fn both(&mut self, text: &str) {
        self.pattern.push_str(text);
        self.values.push_str(text);
    }

    /// Appends a star.
    fn star(&mut self) {
        self.units.push(PatternPiece::Star);
        self.both("*");
    }

    /// Literal text, in which wildcards are escaped as in a policy (`VAR-8`).
    fn text(&mut self, text: &str) {
        self.units.extend(text.chars().map(PatternPiece::Char));
        let escaped = escaped(text);
        self.both(&escaped);
    }

    /// Appends a variable: its value, its default, or a star.
    fn variable(
        &mut self,
        matcher: &Matcher<'_, ReadyInImage<'_>>,
        (slot, key): (Id<Slot>, &str),
        default: Option<&str>,
    ) {
        let written = match default {
            None => alloc::format!("${{{key}}}"),
            Some(default) => alloc::format!("${{{key}, '{default}'}}"),
        };
        self.has_variables = true;
        self.pattern.push_str(&written);
        let default = default.filter(|_| !matcher.request.keys().has_value(slot));
        match matcher.variable(slot, None).or(default) {
            Some(value) => {
                self.units.extend(value.chars().map(PatternPiece::Char));
                self.values.push_str(&escaped(value));
            }
            None => {
                self.units.push(PatternPiece::Star);
                self.values.push_str(&written);
                self.absent.push(slot);
            }
        }
    }

    /// Appends another pattern, with its values and what is absent.
    fn append(&mut self, other: Expanded) {
        self.units.extend(other.units);
        self.pattern.push_str(&other.pattern);
        self.values.push_str(&other.values);
    }

    /// True if the pattern would match, had its variables without value the right ones.
    fn might_match(&self, text: &[char]) -> bool {
        let units = self.units.as_slice();
        let (mut at, mut place) = (0, 0);
        let mut star = None;
        loop {
            match (units.get(at), text.get(place)) {
                (Some(PatternPiece::Star), _) => {
                    star = Some((at + 1, place));
                    at += 1;
                    continue;
                }
                (Some(PatternPiece::One), Some(_)) => {
                    (at, place) = (at + 1, place + 1);
                    continue;
                }
                (Some(PatternPiece::Char(own)), Some(other)) if own == other => {
                    (at, place) = (at + 1, place + 1);
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            // What stands behind the last star is tried one character further on.
            let Some((after, from)) = star.filter(|(_, from)| *from < text.len()) else {
                return false;
            };
            star = Some((after, from + 1));
            (at, place) = (after, from + 1);
        }
    }

    /// How many characters of the text the pattern has right at both ends. A star fits nothing here, so that `*` is near to nothing;
    /// at most the length of the text.
    fn nearness(&self, text: &[char]) -> usize {
        let fits = |(unit, other): &(&PatternPiece, &char)| match unit {
            PatternPiece::Char(own) => own == *other,
            PatternPiece::One => true,
            PatternPiece::Star => false,
        };
        let start = self.units.iter().zip(text).take_while(fits).count();
        let ends = self.units.iter().rev().zip(text.iter().rev());
        let end = ends.take_while(fits).count();
        (start + end).min(text.len())
    }

    /// What is told of an entry: as written, with its values, and the keys without value that keep it from matching.
    fn report(
        &self,
        matcher: &Matcher<'_, ReadyInImage<'_>>,
        written: Option<&str>,
    ) -> EntryReport {
        let written = written.unwrap_or(&self.pattern);
        let view = matcher.view;
        let mut missing_keys: Vec<String> = Vec::new();
        for slot in &self.absent {
            let key = spelled(view.text(view.get(*slot).name), [written].into_iter());
            if !missing_keys.contains(&key) {
                missing_keys.push(key);
            }
        }
        EntryReport {
            written: written.to_string(),
            expanded: self.has_variables.then(|| self.values.clone()),
            missing_keys,
        }
    }
}

/// Text in which what would be a wildcard is escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '*' => out.push_str("${*}"),
            '?' => out.push_str("${?}"),
            other => out.push(other),
        }
    }
    out
}

/// An entry of a list, with whether it matches.
struct ListedEntry<'a> {
    expanded: Expanded,
    /// As written, if the image has that.
    written: Option<&'a str>,
    /// It matches.
    matches: bool,
}

/// The entries of `Resource` or `NotResource`, each with whether it matches, by the comparison that decisions use.
fn resources<'a>(
    matcher: &Matcher<'a, ReadyInImage<'_>>,
    statement: Id<Statement>,
) -> Vec<ListedEntry<'a>> {
    let view = matcher.view;
    let texts = view
        .statement_source(statement)
        .map(|(origin, _)| origin.resources);
    let texts = written(matcher, texts);
    let Entries::Listed(list) = view.read(statement).resources() else {
        return any(&texts);
    };
    let items = view.list(list);
    let entries = items.iter().enumerate().map(|(index, pattern)| {
        let written = texts.get(index).copied();
        ListedEntry {
            expanded: Expanded::of(matcher, pattern, written),
            written,
            matches: matcher.matches(pattern, matcher.request.resource()),
        }
    });
    entries.collect()
}

/// The entry that is everything.
fn any<'a>(texts: &[&'a str]) -> Vec<ListedEntry<'a>> {
    Vec::from([ListedEntry {
        expanded: Expanded::any(),
        written: texts.first().copied(),
        matches: true,
    }])
}

/// The entries of `Action` or `NotAction`, in lower case.
fn actions<'a>(
    matcher: &Matcher<'a, ReadyInImage<'_>>,
    statement: Id<Statement>,
) -> Vec<ListedEntry<'a>> {
    let view = matcher.view;
    let texts = view
        .statement_source(statement)
        .map(|(origin, _)| origin.actions);
    let texts = written(matcher, texts);
    let Entries::Listed(list) = view.read(statement).actions() else {
        return any(&texts);
    };
    let items = view.list(list);
    let entries = items.iter().enumerate().map(|(index, item)| {
        let own = view.get(item);
        let action = matcher.request.action();
        let mut expanded = Expanded::of(matcher, own.service, None);
        expanded.text(":");
        expanded.append(Expanded::of(matcher, own.name, None));
        ListedEntry {
            expanded,
            written: texts.get(index).copied(),
            matches: matcher.matches(own.service, action.service())
                && matcher.matches(own.name, action.name()),
        }
    });
    entries.collect()
}

/// The entries of a list as written, one for each item; none if the image does not have them.
fn written<'a>(
    matcher: &Matcher<'a, ReadyInImage<'_>>,
    list: Option<ListId<ConditionText>>,
) -> Vec<&'a str> {
    let list = list.map(|list| matcher.view.list(list));
    let texts = list.iter().flat_map(|list| texts(matcher, list));
    texts.collect()
}

/// The entries that came nearest; of a negated list those that match, which is what is in the way.
fn nearest(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    mut entries: Vec<ListedEntry<'_>>,
    negated: bool,
    text: &[char],
) -> EntryMiss {
    let count = entries.len();
    entries.retain(|entry| !negated || entry.matches);
    entries.sort_by_cached_key(|entry| Reverse(entry.expanded.nearness(text)));
    let told = entries.iter().take(MOST_ENTRIES);
    EntryMiss {
        negated,
        entries: told
            .map(|entry| entry.expanded.report(matcher, entry.written))
            .collect(),
        count,
    }
}

/// Of a statement that does not match the resource: the entries that came nearest.
pub(super) fn resource_miss(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    statement: Id<Statement>,
) -> EntryMiss {
    let negated = matcher.view.read(statement).not_resource();
    let entries = resources(matcher, statement);
    nearest(matcher, entries, negated, &resource_text(matcher))
}

/// Of a statement that does not match the action: the entries that came nearest. None if they are all of
/// other services, which is nothing near.
pub(super) fn action_miss(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    statement: Id<Statement>,
) -> Option<EntryMiss> {
    let view = matcher.view;
    let own = view.read(statement);
    let action = matcher.request.action();
    let is_near = own.not_action()
        || own.actions().list().is_some_and(|list| {
            view.list(list).any(|item| {
                let service = view.get(item).service;
                matcher.matches(service, action.service())
            })
        });
    let mut text: Vec<char> = action.service_text().chars().collect();
    text.push(':');
    text.extend(action.name_text().chars());
    if !is_near {
        return None;
    }
    let entries = actions(matcher, statement);
    let mut miss = nearest(matcher, entries, own.not_action(), &text);
    // Of other services' entries there is nothing to learn.
    let prefix = alloc::format!("{}:", action.service_text());
    let is_own = |entry: &EntryReport| entry.written.to_lowercase().starts_with(&prefix);
    if miss.entries.iter().any(is_own) {
        miss.entries.retain(is_own);
    }
    Some(miss)
}

/// The keys of variables whose absence keeps entries of `Resource` or `NotResource` from matching
/// (`VAR-10`); none if the absence of no key matters.
pub(super) fn keys_of_resource(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    statement: Id<Statement>,
) -> Vec<String> {
    let entries = resources(matcher, statement);
    if entries.iter().any(|entry| entry.matches) {
        return Vec::new();
    }
    let text = resource_text(matcher);
    let lacking = entries
        .iter()
        .filter(|entry| !entry.expanded.absent.is_empty() && entry.expanded.might_match(&text));
    lacking
        .flat_map(|entry| entry.expanded.report(matcher, entry.written).missing_keys)
        .collect()
}

/// The keys of all variables in `Resource` or `NotResource`, and their slots.
pub(super) fn variables_of_resource(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    statement: Id<Statement>,
) -> Vec<(String, Id<Slot>)> {
    let view = matcher.view;
    let Entries::Listed(list) = view.read(statement).resources() else {
        return Vec::new();
    };
    let texts = view
        .statement_source(statement)
        .map(|(origin, _)| origin.resources);
    let texts = written(matcher, texts);
    let mut found = Vec::new();
    for (index, pattern) in view.list(list).iter().enumerate() {
        for (slot, _) in variables(matcher, pattern) {
            let text = texts.get(index).copied();
            let name = view.text(view.get(slot).name);
            found.push((spelled(name, text.into_iter()), slot));
        }
    }
    found
}

/// The resource of the request, character by character.
fn resource_text(matcher: &Matcher<'_, ReadyInImage<'_>>) -> Vec<char> {
    let bytes = matcher.request.resource();
    String::from_utf8_lossy(bytes).chars().collect()
}
