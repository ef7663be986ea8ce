//! Each of the 153 codes of section 7.3 has a document that has it and one that has not, and nothing is found in the second.
use crate::support::Sample;
use portcullis_lint::{Document, Evidence, Group, Level, Options, Rule, document, lint, rules};

/// The codes in a document of a rule.
fn codes(rule: &Rule, one: &Document) -> Vec<&'static str> {
    let options = Options {
        catalog: &Sample,
        has_old_scp_rules: rule.code == "SCP_SYNTAX_ERROR_ACTION_WILDCARD",
        has_own_checks: rule.group != Group::AccessAnalyzer,
        kind: rule.kind,
        ..Options::new(rule.target)
    };
    lint(&document(rule, one), &options, |report| {
        assert!(!report.is_incomplete);
        for found in &report.findings {
            assert!(
                !found.locations.is_empty() && found.details.ends_with('.'),
                "{found:?}"
            );
        }
        report
            .findings
            .iter()
            .map(|found| found.rule.code)
            .collect()
    })
}

/// `AA-100` to `AA-312`.
#[test]
fn each_code_has_its_documents() {
    let mut wrong = Vec::new();
    // What takes a prover is held against one in the command's tests.
    let every = rules::every().filter(|rule| rule.group != Group::Proof);
    for rule in every {
        let (has, has_not) = (codes(rule, &rule.has), codes(rule, &rule.has_not));
        if !has.contains(&rule.code) {
            wrong.push(format!("{}: not in its document, but {has:?}", rule.code));
        }
        if !has_not.is_empty() {
            wrong.push(format!("{}: {has_not:?} in the other one", rule.code));
        }
        for (about, near) in rule.near {
            let found = codes(rule, near);
            if found.contains(&rule.code) {
                wrong.push(format!("{}: in one that comes near: {about}", rule.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The table is that of section 7.3, as far as can be told without it.
#[test]
fn the_table_is_whole() {
    let count = |level| rules::all().filter(|rule| rule.level == level).count();
    let counts = Level::ALL.map(count);
    assert_eq!(counts, [79, 19, 26, 29]);
    let mut names: Vec<&str> = rules::all().map(|rule| rule.code).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 153);
    for rule in rules::all() {
        let sentences = [rule.what, rule.why, rule.fix];
        assert!(
            sentences.iter().all(|text| text.ends_with('.')),
            "{}",
            rule.code
        );
        assert!(rule.id.starts_with("AA-"));
    }
    let known = rules::all().filter(|rule| rule.evidence == Evidence::Results);
    assert_eq!(known.count(), 28);
}

/// Codes of this project's own: none is AWS's, each says by which rules it goes, and AWS's format never has one.
#[test]
fn own_codes_are_apart() {
    let own: Vec<&str> = rules::own().map(|rule| rule.code).collect();
    for rule in rules::own() {
        assert!(
            rules::all().all(|other| other.code != rule.code),
            "{}",
            rule.code
        );
        assert_eq!(own.iter().filter(|code| **code == rule.code).count(), 1);
        assert_eq!(rule.evidence, Evidence::Rules);
        assert!(!rule.id.starts_with("AA-") && rule.id.contains('-'));
        let sentences = [rule.what, rule.why, rule.fix];
        assert!(
            sentences.iter().all(|text| text.ends_with('.')),
            "{}",
            rule.code
        );
        let options = Options {
            catalog: &Sample,
            has_own_checks: true,
            kind: rule.kind,
            ..Options::new(rule.target)
        };
        let json = lint(&document(rule, &rule.has), &options, |report| {
            report.to_json()
        });
        assert!(!json.to_string().contains(rule.code), "{json}");
    }
}

/// What waits for a catalog says so: without one its document gives less.
#[test]
fn what_needs_a_catalog_says_so() {
    let every = rules::every().filter(|rule| rule.group != Group::Proof);
    for rule in every {
        let text = document(rule, &rule.has);
        let options = Options {
            has_old_scp_rules: true,
            has_own_checks: true,
            kind: rule.kind,
            ..Options::new(rule.target)
        };
        let is_found = lint(&text, &options, |report| {
            report.findings.iter().any(|found| found.rule == rule)
        });
        let finds_nothing = rule.waits.is_some_and(|waits| waits.starts_with("nothing"));
        assert_eq!(is_found, !finds_nothing, "{}", rule.code);
    }
}
