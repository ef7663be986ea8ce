//! Problems of readers and findings of the linter as one list.

use std::collections::HashMap;

use portcullis_lint::{Finding, Group, Location, Report, Step};
use portcullis_source::{Code, Diagnostic};
use portcullis_syntax::codes::{OPERATION_AS_ACTION, TYPE_MISMATCH};

use super::found::{Found, of_finding, path};
use super::places::Places;

/// Problems of readers and findings of the linter in the order of the text. What both say is said once, in the words of the
/// reader, which knows what it does to a decision. Takes time in proportion to what there is, but for sorting.
pub(super) fn join(diagnostics: Vec<Diagnostic>, report: &Report<'_>) -> Vec<Found> {
    let mut all: Vec<Found> = diagnostics.into_iter().map(Found::of).collect();
    let known = Known::of(&all, report.text);
    for finding in &report.findings {
        let same = known.find(finding).and_then(|number| all.get_mut(number));
        let Some(found) = same else {
            all.push(of_finding(finding));
            continue;
        };
        if found.code() == finding.rule.code {
            found.rule = Some(finding.rule);
            found.diagnostic.path = found.diagnostic.path.take().or_else(|| path(finding));
        } else if finding.rule.group != Group::AccessAnalyzer {
            *found = of_finding(finding);
        }
    }
    all.sort_by_key(|found| found.diagnostic.span.start);
    all
}

/// Codes of readers, and codes of the linter that say the same otherwise.
const OTHERWISE: [(Code, &str); 2] = [
    (OPERATION_AS_ACTION, "INVALID_ACTION"),
    (TYPE_MISMATCH, "VALUE_OF_NO_REQUEST"),
];

/// What readers found.
struct Known<'t> {
    places: Places,
    /// By code and the name that is marked: where the marks end, in this order, and the numbers of the problems.
    names: HashMap<(&'static str, &'t str), Vec<(u32, usize)>>,
}

impl<'t> Known<'t> {
    fn of(all: &[Found], text: &'t str) -> Known<'t> {
        let mut names: HashMap<_, Vec<(u32, usize)>> = HashMap::new();
        for (number, found) in all.iter().enumerate() {
            let span = found.diagnostic.span;
            let marked = text.get(span.range()).unwrap_or_default();
            let name = (found.code(), marked.trim_matches(['"', '\'']));
            names.entry(name).or_default().push((span.end, number));
        }
        names.values_mut().for_each(|own| own.sort_unstable());
        let places = Places::of(all.iter().map(Found::place));
        Known { places, names }
    }

    /// The number of a problem that a finding is about too.
    fn find(&self, finding: &Finding<'_>) -> Option<usize> {
        let otherwise = OTHERWISE
            .iter()
            .filter(|(_, code)| *code == finding.rule.code);
        let codes = otherwise.map(|(code, _)| code.as_str());
        let mut codes = codes.chain([finding.rule.code]);
        codes.find_map(|code| {
            let mut locations = finding.locations.iter();
            locations.find_map(|location| {
                let met = self.places.at(code, location.span).next();
                met.or_else(|| self.of_value(code, location))
            })
        })
    }

    /// The problem of the member whose value a place is: Access Analyzer's is often the value where the reader marks the name.
    fn of_value(&self, code: &'static str, location: &Location<'_>) -> Option<usize> {
        let Some(Step::Value(name)) = location.path.last() else {
            return None;
        };
        let marked = self.names.get(&(code, *name))?;
        let before = marked.partition_point(|(end, _)| *end <= location.span.start);
        let (_, number) = marked.get(before.checked_sub(1)?)?;
        Some(*number)
    }
}
