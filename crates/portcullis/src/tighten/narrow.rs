//! A statement narrowed to its requests.

use std::collections::{BTreeMap, BTreeSet};

use bumpalo::Bump;
use portcullis_model::{Request, split_arn};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{Document, Entries, Span, Statement, Text};

use super::alone::Alone;
use super::{Options, TightenError, with};
use crate::prove::{Answer, compare};

/// What makes narrower statements of those of one document.
pub(super) struct Narrow<'n, 'a> {
    old: &'n Document<'a>,
    options: &'n Options,
    of: &'n dyn Fn(&Document<'a>) -> Result<Alone, TightenError>,
    arena: &'a Bump,
    /// The ids that are taken.
    sids: BTreeSet<&'a str>,
}

/// What stands in `Resource` for what a request was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Covered<'a> {
    /// The whole element as it was.
    Whole,
    /// This entry as it was.
    Entry(&'a str),
    /// The resource itself.
    Exact(&'a str),
}

/// The resources that an action is used on.
struct Used<'a> {
    /// The action as it is written.
    action: &'a str,
    on: BTreeSet<Covered<'a>>,
}

impl<'n, 'a> Narrow<'n, 'a> {
    pub(super) fn new(
        old: &'n Document<'a>,
        options: &'n Options,
        of: &'n dyn Fn(&Document<'a>) -> Result<Alone, TightenError>,
        arena: &'a Bump,
    ) -> Narrow<'n, 'a> {
        let sids = old.statements.iter().filter_map(|own| own.sid);
        Narrow {
            old,
            options,
            of,
            arena,
            sids: sids.map(|sid| sid.value).collect(),
        }
    }

    /// The statements that allow these requests, all of which the statement allows; none for no requests.
    pub(super) fn statement(
        &mut self,
        statement: &'a Statement<'a>,
        requests: &[&Request<'_>],
    ) -> Result<Vec<Statement<'a>>, TightenError> {
        let entries = self.entries(statement)?;
        let mut actions: BTreeMap<String, Used<'a>> = BTreeMap::new();
        for request in requests {
            let covered = self.covered(statement, &entries, request);
            let key = request.action.to_ascii_lowercase();
            let used = actions.entry(key).or_insert_with(|| Used {
                action: self.spelled(statement, request.action),
                on: BTreeSet::new(),
            });
            used.on.insert(covered);
        }
        // Actions that are used on the same resources are one statement.
        let mut groups: Vec<(Vec<Text<'a>>, Option<Entries<'a>>)> = Vec::new();
        for used in actions.into_values() {
            let resource = self.resource(statement, used.on);
            let action = text(used.action);
            match groups.iter_mut().find(|(_, own)| *own == resource) {
                Some((all, _)) => all.push(action),
                None => groups.push((vec![action], resource)),
            }
        }
        let made = groups.into_iter().enumerate();
        let made = made.map(|(number, (all, resource))| Statement {
            sid: self.sid(statement, number),
            action: self.entries_of(&all),
            resource,
            ..*statement
        });
        Ok(made.collect())
    }

    /// Each entry of `Resource` with the statement that has no other.
    fn entries(&self, statement: &Statement<'a>) -> Result<Vec<(&'a str, Alone)>, TightenError> {
        let Some(resource) = statement.resource.filter(|own| !own.negated) else {
            return Ok(Vec::new());
        };
        let each = resource.list.iter().map(|entry| {
            let single = Statement {
                resource: Some(self.entries_of(&[*entry])),
                ..*statement
            };
            let single = core::slice::from_ref(self.arena.alloc(single));
            Ok((entry.value, (self.of)(&with(self.old, single))?))
        });
        each.collect()
    }

    /// What has to stand for the resource of a request.
    fn covered(
        &self,
        statement: &Statement<'a>,
        entries: &[(&'a str, Alone)],
        request: &Request<'_>,
    ) -> Covered<'a> {
        let has_variables = |entry: &str| self.old.has_variables() && entry.contains("${");
        // As a pattern, it would be about other resources, or about none; and what is no ARN cannot be written.
        let is_pattern =
            request.resource.contains(['*', '?', '$']) || split_arn(request.resource).is_none();
        let Some(resource) = statement.resource else {
            return Covered::Whole;
        };
        if resource.negated {
            let varies = resource.list.iter().any(|own| has_variables(own.value));
            return match varies || is_pattern {
                true => Covered::Whole,
                false => Covered::Exact(self.arena.alloc_str(request.resource)),
            };
        }
        let allowing = || entries.iter().filter(|(_, own)| own.allows(request));
        let plain = allowing().find(|(entry, _)| !has_variables(entry));
        match (plain, allowing().next()) {
            (Some(_), _) if !is_pattern => Covered::Exact(self.arena.alloc_str(request.resource)),
            (Some((entry, _)), _) | (None, Some((entry, _))) => Covered::Entry(entry),
            (None, None) => Covered::Whole,
        }
    }

    /// An action as the statement writes it, if it does.
    fn spelled(&self, statement: &Statement<'a>, action: &str) -> &'a str {
        let own = statement.action.list.iter().map(|own| own.value);
        let mut own = own.filter(|own| own.eq_ignore_ascii_case(action));
        own.next().unwrap_or_else(|| self.arena.alloc_str(action))
    }

    /// The element for what was used.
    fn resource(
        &self,
        statement: &Statement<'a>,
        on: BTreeSet<Covered<'a>>,
    ) -> Option<Entries<'a>> {
        if on.contains(&Covered::Whole) {
            return statement.resource;
        }
        let exact = on.iter().filter_map(|own| match own {
            Covered::Exact(arn) => Some(*arn),
            _ => None,
        });
        let exact: Vec<&'a str> = exact.collect();
        let merged = match self.options.most {
            Some(most) if exact.len() > most => self.merged(statement, &exact),
            _ => None,
        };
        let entries = on.iter().filter_map(|own| match own {
            Covered::Entry(entry) => Some(*entry),
            _ => None,
        });
        let mut all: Vec<&'a str> = entries.collect();
        match merged {
            Some(pattern) if all.contains(&pattern) => {}
            Some(pattern) => all.push(pattern),
            None => all.extend(exact),
        }
        if all.contains(&"*") {
            all = vec!["*"];
        }
        let all: Vec<Text<'a>> = all.into_iter().map(text).collect();
        Some(self.entries_of(&all))
    }

    /// The common beginning of resources with a `*`, if the old statement is proved to cover that.
    fn merged(&self, statement: &Statement<'a>, exact: &[&'a str]) -> Option<&'a str> {
        let (first, others) = exact.split_first()?;
        let common = others.iter().fold(first.len(), |common, other| {
            let same = first.bytes().zip(other.bytes()).take(common);
            same.take_while(|(one, other)| one == other).count()
        });
        // Only whole words, and never all that a service has.
        let beginning = first.get(..common).unwrap_or_default();
        let end = beginning.rfind(['/', ':'])? + 1;
        let beginning = beginning.get(..end)?;
        let of_what = beginning.splitn(6, ':').nth(5).unwrap_or_default();
        if of_what.is_empty() {
            return None;
        }
        let pattern: &'a str = self.arena.alloc_str(&format!("{beginning}*"));
        let about = |resource| {
            let own = Statement {
                conditions: &[],
                resource,
                ..*statement
            };
            let document = with(self.old, core::slice::from_ref(self.arena.alloc(own)));
            Policy {
                name: "",
                file: "",
                text: "",
                document,
            }
        };
        let new = about(Some(self.entries_of(&[text(pattern)])));
        let answer = compare(&[about(statement.resource)], &[new], &self.options.proof);
        matches!(answer, Answer::Proved(_)).then_some(pattern)
    }

    /// The id of the statement with this number among those that come of one: the first keeps it.
    fn sid(&mut self, statement: &Statement<'a>, number: usize) -> Option<Text<'a>> {
        let own = statement.sid.filter(|own| !own.value.is_empty())?;
        if number == 0 {
            return Some(own);
        }
        let mut next = (number + 1..).map(|number| format!("{}{number}", own.value));
        let free = next.find(|sid| !self.sids.contains(sid.as_str()))?;
        let free: &'a str = self.arena.alloc_str(&free);
        self.sids.insert(free);
        Some(text(free))
    }

    fn entries_of(&self, list: &[Text<'a>]) -> Entries<'a> {
        Entries {
            negated: false,
            list: self.arena.alloc_slice_copy(list),
            span: Span::default(),
        }
    }
}

fn text(value: &str) -> Text<'_> {
    Text {
        value,
        span: Span::default(),
    }
}
