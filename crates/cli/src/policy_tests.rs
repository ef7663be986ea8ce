//! `test` on files of the policy language: the expectations that stand beside a policy, and how much
//! of the policy they look at.

use std::path::Path;

use bumpalo::Bump;
use portcullis::{Authorizer, Miss, Query, Reports, StatementReport};
use portcullis_dsl::{Expected, NamedDocument, PolicyTest};
use portcullis_explain::Story;
use portcullis_model::{Effect, Layer, PolicyKind};
use portcullis_scenario::{RequestForm, request};
use portcullis_source::Source;
use portcullis_source::json;
use portcullis_syntax::ast::PrincipalKind;
use portcullis_syntax::{Policy, PolicySets};
use serde_json::{Value, json};

use crate::engine::image;
use crate::failure::Failure;
use crate::language::load;

/// What the tests of a file came to.
#[derive(Default)]
pub(crate) struct Tally {
    /// A line for each test that passed.
    pub(crate) passed: Vec<String>,
    pub(crate) failures: Vec<TestFailure>,
    /// How many tests the file has, those that were left out counted too.
    pub(crate) tests: usize,
    /// Statements that some test matched, and all.
    pub(crate) statements: Share,
    /// Conditions that some test saw hold and some test saw fail, and all.
    pub(crate) conditions: Share,
    /// What no test looked at, as `file:line:column: …`.
    pub(crate) uncovered: Vec<String>,
}

/// A test that failed.
pub(crate) struct TestFailure {
    /// Where it stands, and what was other than expected.
    pub(crate) line: String,
    /// Why it was decided so, in the words of `explain`; empty if it was not decided.
    pub(crate) told: String,
}

/// A part of a whole.
#[derive(Clone, Copy, Default)]
pub(crate) struct Share {
    pub(crate) part: usize,
    pub(crate) whole: usize,
}

impl Share {
    /// In percent, rounded down; a part of nothing is all of it.
    pub(crate) fn percent(self) -> usize {
        (self.part * 100).checked_div(self.whole).unwrap_or(100)
    }
}

/// Runs the tests of a file's policies, each against its policy alone.
///
/// Only tests whose line passes the filter are run.
pub(crate) fn run(path: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Result<Tally, Failure> {
    let arena = Bump::new();
    let (source, documents) = load(path, PolicyKind::Identity, &arena)?;
    let mut tally = Tally::default();
    for named in &documents {
        run_policy(&source, named, is_wanted, &mut tally)?;
    }
    Ok(tally)
}

fn run_policy(
    source: &Source<'_>,
    named: &NamedDocument<'_>,
    is_wanted: &dyn Fn(&str) -> bool,
    tally: &mut Tally,
) -> Result<(), Failure> {
    // Alone, a policy is judged as what it is made of: with principals as a resource policy is,
    // without them as an identity policy is.
    let policy = Policy {
        name: named.name.value,
        file: source.file(),
        text: source.text(),
        document: named.document,
    };
    let (layer, sets) = match named.kind.has_principal() {
        true => (
            Layer::Resource,
            PolicySets {
                resource: Some(vec![policy]),
                ..PolicySets::default()
            },
        ),
        false => (
            Layer::Identity,
            PolicySets {
                identity: vec![policy],
                ..PolicySets::default()
            },
        ),
    };
    let authorizer = Authorizer::new([image(&sets, true).map_err(Failure::new)?]);
    let statements = named.document.statements;
    let mut matched = vec![false; statements.len()];
    // For each statement the keys of its conditions that were seen to fail.
    let mut failed: Vec<Vec<String>> = vec![Vec::new(); statements.len()];

    for test in &named.tests {
        let (line, column) = source.position(test.span.start);
        let file = source.file();
        let title = format!(
            "{file}:{line}:{column}: test of `{}`: {} on {}",
            named.name.value,
            test.action.value,
            test.resource.map_or("*", |resource| resource.value)
        );
        tally.tests += 1;
        if !is_wanted(&title) {
            continue;
        }
        let arena = Bump::new();
        let text = arena.alloc_str(&request_text(test).to_string());
        let place = Source::new(source.file(), text);
        let node = json::parse(text, &arena);
        let case = node
            .ok()
            .map(|node| request(arena.alloc(node), RequestForm::Single, &place, &arena));
        let Some(found) = case.as_ref().and_then(|case| case.request) else {
            let problems = case.map(|case| case.problems).unwrap_or_default();
            let reason = problems
                .first()
                .map_or("", |problem| problem.message.as_str());
            tally.failures.push(TestFailure {
                line: format!("{title}: not a request: {reason}"),
                told: String::new(),
            });
            continue;
        };
        let explanation = authorizer.explain(&Query::from(&found));
        let told = Reports::from(explanation);
        let report = told.layers.iter().find(|report| report.layer == layer);
        let (verdict, reports) = report.map_or((None, &[][..]), |report| {
            (report.verdict, report.statements.as_slice())
        });
        for report in reports {
            note(report, &mut matched, &mut failed);
        }
        match judge(test, verdict, reports) {
            Ok(()) => tally.passed.push(title),
            Err(reason) => {
                let story = Story {
                    explanation: &told,
                    request: &found,
                    scene: None,
                    changes: None,
                    notes: Vec::new(),
                    is_incomplete: false,
                };
                tally.failures.push(TestFailure {
                    line: format!("{title}: {reason}"),
                    told: story.text(false),
                });
            }
        }
    }

    for ((statement, matched), failed) in statements.iter().zip(matched).zip(failed) {
        let place = |offset| {
            let (line, column) = source.position(offset);
            format!("{}:{line}:{column}", source.file())
        };
        tally.statements.whole += 1;
        tally.statements.part += usize::from(matched);
        if !matched {
            tally.uncovered.push(format!(
                "{}: no test matches this statement",
                place(statement.span.start)
            ));
        }
        for condition in statement.conditions {
            let seen = matched && failed.iter().any(|key| key == condition.key.value);
            tally.conditions.whole += 1;
            tally.conditions.part += usize::from(seen);
            if matched && !seen {
                let key = condition.key.value;
                tally.uncovered.push(format!(
                    "{}: no test fails this condition on `{key}`",
                    place(condition.key.span.start)
                ));
            }
        }
    }
    Ok(())
}

fn note(report: &StatementReport, matched: &mut [bool], failed: &mut [Vec<String>]) {
    let index = report.index as usize;
    match report.misses.first() {
        None => {
            if let Some(matched) = matched.get_mut(index) {
                *matched = true;
            }
        }
        // Conditions come last: nothing else failed.
        Some(Miss::Condition(condition)) => {
            if let Some(failed) = failed.get_mut(index) {
                failed.push(condition.key.clone());
            }
        }
        Some(_) => {}
    }
}

fn judge(
    test: &PolicyTest<'_>,
    verdict: Option<Effect>,
    reports: &[StatementReport],
) -> Result<(), String> {
    let (expected, wanted) = match test.expected {
        Expected::Allow => (Some(Effect::Allow), "allow"),
        Expected::Deny => (Some(Effect::Deny), "deny"),
        Expected::Nothing => (None, "nothing"),
    };
    let got = match verdict {
        Some(Effect::Allow) => "allow",
        Some(Effect::Deny) => "deny",
        None => "nothing",
    };
    if verdict != expected {
        return Err(format!("expected {wanted}, the policy says {got}"));
    }
    let Some(by) = test.by else {
        return Ok(());
    };
    let decides = |report: &&StatementReport| report.is_match() && Some(report.effect) == verdict;
    let mut deciding = reports
        .iter()
        .filter(decides)
        .map(|report| report.sid.as_str());
    match deciding.clone().any(|sid| sid == by.value) {
        true => Ok(()),
        false => Err(format!(
            "expected `{}` to decide, it was {}",
            by.value,
            deciding
                .next()
                .map_or("no statement".to_string(), |sid| format!("`{sid}`"))
        )),
    }
}

/// The test as a request of a scenario file.
fn request_text(test: &PolicyTest<'_>) -> Value {
    let principal = match &test.principal {
        // Somebody, so that policies without principals can be tested without naming one.
        None => json!("arn:aws:iam::111122223333:user/someone"),
        Some((PrincipalKind::Everyone, _)) => Value::Null,
        Some((PrincipalKind::Aws, text)) => json!(text.value),
        Some((PrincipalKind::Service, text)) => json!({ "Service": text.value }),
        Some((PrincipalKind::Federated, text)) => json!({ "Federated": text.value }),
        Some((PrincipalKind::CanonicalUser, text)) => json!({ "CanonicalUser": text.value }),
    };
    let mut context = serde_json::Map::new();
    for (key, values, is_list) in test.context {
        let value = match values {
            [one] if !is_list => json!(one.value),
            values => Value::from_iter(values.iter().map(|value| value.value)),
        };
        context.insert(key.value.to_string(), value);
    }
    json!({
        "principal": principal,
        "action": test.action.value,
        "resource": test.resource.map_or("*", |resource| resource.value),
        "context": context,
    })
}
