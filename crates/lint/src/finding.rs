//! Findings, their places, and ValidatePolicy's JSON (`AA-2` to `AA-8`).

use crate::rules::{Group, Rule};
use portcullis_source::{Diagnostic, LineIndex};
use portcullis_syntax::ast::Span;
use serde_json::{Value, json};

/// One step of the way from the document to a place in it (`AA-4`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'d> {
    /// Into the member of an object with this name.
    Value(&'d str),
    /// Into an element of an array.
    Index(usize),
    /// To the name of a member itself.
    Key(&'d str),
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location<'d> {
    /// The way to it; empty for the whole document (`AA-6`).
    pub path: Vec<Step<'d>>,
    /// Its bytes in the text; of a string with its quotes.
    pub span: Span,
}

/// Something found in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<'d> {
    /// Its code and level.
    pub rule: &'static Rule,
    /// What it says.
    pub details: String,
    /// The places that it is about, at least one.
    pub locations: Vec<Location<'d>>,
}

/// What was found in a document.
#[derive(Clone, Debug)]
pub struct Report<'d> {
    /// The text that the places are of.
    pub text: &'d str,
    /// The findings in AWS's order (`AA-7`).
    pub findings: Vec<Finding<'d>>,
    /// True if the document would cost more than it weighs: entries that cover each other in their thousands are not all
    /// compared, and findings that repeat the same long names are not all listed.
    pub is_incomplete: bool,
}

impl<'d> Report<'d> {
    /// What there is to say of a text that is not JSON, for a problem that a reader had with it (`AA-126`).
    ///
    /// ```
    /// use portcullis_lint::Report;
    /// use portcullis_source::json;
    /// let problem = json::decode(b"{\xff").unwrap_err();
    /// assert_eq!(Report::of_no_json("{", &[*problem]).findings[0].rule.code, "JSON_SYNTAX_ERROR");
    /// ```
    pub fn of_no_json(text: &'d str, problems: &[Diagnostic]) -> Report<'d> {
        crate::checks::syntax_error(text, problems)
    }

    /// ValidatePolicy's answer: an object with the member `findings`, which are those of AWS's codes.
    ///
    /// ```
    /// use portcullis_lint::{Options, PolicyType, lint};
    /// let json = lint("{}", &Options::new(PolicyType::Identity), |report| report.to_json());
    /// let place = &json["findings"][0]["locations"][0];
    /// assert_eq!(place.to_string(), r#"{"path":[],"span":{"start":{"line":1,"column":0,"offset":0},"end":{"line":1,"column":2,"offset":2}}}"#);
    /// ```
    pub fn to_json(&self) -> Value {
        let index = LineIndex::new(self.text);
        let position = |offset: u32| {
            let (line, column) = index.position(offset);
            json!({"line": line, "column": column.saturating_sub(1), "offset": index.characters(offset)})
        };
        let place = |location: &Location<'_>| {
            let path: Vec<Value> = location.path.iter().map(step).collect();
            let span =
                json!({"start": position(location.span.start), "end": position(location.span.end)});
            json!({"path": path, "span": span})
        };
        let finding = |found: &Finding<'_>| {
            let places: Vec<Value> = found.locations.iter().map(place).collect();
            json!({
                "findingDetails": found.details,
                "findingType": found.rule.level.as_str(),
                "issueCode": found.rule.code,
                "learnMoreLink": found.rule.link(),
                "locations": places,
            })
        };
        let is_of_aws = |found: &&Finding<'_>| found.rule.group == Group::AccessAnalyzer;
        let findings: Vec<Value> = self
            .findings
            .iter()
            .filter(is_of_aws)
            .map(finding)
            .collect();
        json!({"findings": findings})
    }
}

fn step(step: &Step<'_>) -> Value {
    match step {
        Step::Value(name) => json!({"value": name}),
        Step::Index(index) => json!({"index": index}),
        Step::Key(name) => json!({"key": name}),
    }
}

/// Collects findings, and keeps what they weigh linear in the document.
pub(crate) struct Findings<'d> {
    text: &'d str,
    list: Vec<Finding<'d>>,
    /// Bytes that findings may still take.
    room: usize,
    /// Steps that comparisons may still take.
    pub(crate) steps: usize,
    /// The same for checks of our own.
    own_steps: usize,
    is_incomplete: bool,
}

impl<'d> Findings<'d> {
    pub(crate) fn new(text: &'d str) -> Findings<'d> {
        Findings {
            text,
            list: Vec::new(),
            room: text.len().saturating_mul(64).saturating_add(1 << 20),
            steps: text.len().saturating_mul(64).saturating_add(1 << 22),
            own_steps: text.len().saturating_mul(64).saturating_add(1 << 25),
            is_incomplete: false,
        }
    }

    pub(crate) fn add(
        &mut self,
        rule: &'static Rule,
        details: impl Into<String>,
        locations: impl IntoIterator<Item = Location<'d>>,
    ) {
        let details = details.into();
        let mut cost = details.len() + 64;
        let mut places = Vec::new();
        for location in locations {
            let names = location.path.iter().map(|step| match step {
                Step::Value(name) | Step::Key(name) => name.len() + 16,
                Step::Index(_) => 16,
            });
            cost += names.sum::<usize>() + 64;
            places.push(location);
            if cost > self.room {
                break;
            }
        }
        match self.room.checked_sub(cost) {
            Some(room) => {
                self.room = room;
                self.list.push(Finding {
                    rule,
                    details,
                    locations: places,
                });
            }
            None => self.stop(),
        }
    }

    /// Changes with every finding, and with what is not looked at.
    pub(crate) fn state(&self) -> (usize, bool) {
        (self.list.len(), self.is_incomplete)
    }

    /// True if a rule found something at a place.
    pub(crate) fn has(&self, rule: &Rule, span: Span) -> bool {
        // Only what was found last can be of the same statement.
        self.list.iter().rev().take(100).any(|found| {
            found.rule == rule && found.locations.iter().any(|place| place.span == span)
        })
    }

    /// True if a check of our own may take so many steps, which it then has taken.
    pub(crate) fn affords(&mut self, steps: usize) -> bool {
        match self.own_steps.checked_sub(steps) {
            Some(left) => {
                self.own_steps = left;
                true
            }
            None => {
                self.stop();
                false
            }
        }
    }

    /// Not everything was looked at.
    pub(crate) fn stop(&mut self) {
        self.is_incomplete = true;
    }

    pub(crate) fn finish(mut self) -> Report<'d> {
        let start =
            |found: &Finding<'_>| found.locations.first().map_or(0, |first| first.span.start);
        self.list
            .sort_by_key(|found| (start(found), found.rule.code));
        Report {
            text: self.text,
            findings: self.list,
            is_incomplete: self.is_incomplete,
        }
    }
}
