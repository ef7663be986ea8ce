//! The linter.

use bumpalo::Bump;
use portcullis_lint::{Group, Options, fixed, fixes, lint_tree, rules};
use portcullis_model::PolicyKind;
use portcullis_source::json;
use portcullis_syntax::policy::{ReadOptions, read_policy};

/// Any text of JSON as a document of each type: findings have places in the text and are in their order, AWS's format has AWS's
/// codes alone, safe fixes leave a document that loads one that loads, and mending comes to an end.
pub fn lint(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let arena = Bump::new();
    let Ok(node) = json::parse(text, &arena) else {
        return;
    };
    for kind in PolicyKind::ALL {
        let options = Options {
            kind,
            has_own_checks: true,
            ..Options::new(kind)
        };
        let report = lint_tree(node, text, text.get(node.span.range()), &options);
        let mut last = 0;
        for found in &report.findings {
            assert!(!found.locations.is_empty(), "{found:?}");
            for place in &found.locations {
                assert!(text.get(place.span.range()).is_some(), "{found:?}");
            }
            let start = found.locations[0].span.start;
            assert!(last <= start, "{:?}", report.findings);
            last = start;
        }
        let of_aws = report
            .findings
            .iter()
            .filter(|found| found.rule.group == Group::AccessAnalyzer);
        let json = report.to_json();
        let shown = json["findings"].as_array().map_or(0, Vec::len);
        assert_eq!(shown, of_aws.count());
    }
    let loads = |text: &str| {
        let arena = Bump::new();
        json::parse(text, &arena).is_ok_and(|node| {
            read_policy(node, ReadOptions::new(PolicyKind::Identity), &arena)
                .0
                .is_some()
        })
    };
    let mut new = text.to_owned();
    for pass in 0.. {
        assert!(pass <= text.len(), "there is no end of it");
        let arena = Bump::new();
        let node = json::parse(&new, &arena).unwrap_or_else(|_| panic!("no JSON any more: {new}"));
        let known = fixes(&node, &new);
        for fix in &known {
            assert!(rules::find(fix.code).is_some() || fix.is_safe, "{fix:?}");
            for (span, _) in &fix.edits {
                assert!(new.get(span.range()).is_some(), "{fix:?}");
            }
        }
        let safe: Vec<_> = known.iter().filter(|fix| fix.is_safe).collect();
        let next = fixed(&new, safe);
        if next == new {
            break;
        }
        new = next;
    }
    // What did not load may do so now, if the entry that was wrong is gone.
    assert!(!loads(text) || loads(&new), "{text}\n{new}");
}
