//! What the advice says of policies that other people wrote: AWS's own should get little of it.
use std::collections::BTreeMap;
use std::path::Path;

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_source::Severity;
use portcullis_source::json;
use portcullis_syntax::policy::{ReadOptions, check_policy};

/// How often each code comes, and the first documents with it.
type Found = BTreeMap<(Severity, &'static str), (usize, Vec<String>)>;

fn advice(file: &str) -> Option<(usize, Found)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let text = std::fs::read_to_string(root.join(file)).ok()?;
    let mut found = Found::new();
    let mut count = 0;
    for line in text.lines() {
        let arena = Bump::new();
        let node = json::parse(line, &arena).unwrap();
        let kind = node.get("type").and_then(|kind| kind.as_str());
        let kind = match kind {
            None => PolicyKind::Identity,
            Some("vpcEndpoint") => PolicyKind::VpcEndpoint,
            Some(name) => PolicyKind::parse(name).unwrap(),
        };
        let document = *node.get("document").unwrap();
        let (_, diagnostics) = check_policy(document, ReadOptions::new(kind), &arena);
        count += 1;
        for diagnostic in diagnostics {
            let key = (diagnostic.severity, diagnostic.code.as_str());
            let (count, examples) = found.entry(key).or_default();
            *count += 1;
            if examples.len() < 12 {
                let name = node
                    .get("name")
                    .and_then(|name| name.as_str())
                    .unwrap_or_default();
                let place = line.get(diagnostic.span.range()).unwrap_or_default();
                let place: String = place.chars().take(120).collect();
                examples.push(format!("{name}: {} | {place}", diagnostic.message));
            }
        }
    }
    Some((count, found))
}

/// Each kind of advice on AWS's own policies, with how many times it comes. What Access Analyzer reports of the same
/// documents comes as often, give or take those that changed since.
#[test]
fn documents_of_aws_get_little() {
    let Some((count, found)) = advice("aws-managed-policies.jsonl") else {
        eprintln!("skipped: there are no managed policies");
        return;
    };
    let times: Vec<_> = found.iter().map(|(key, found)| (*key, found.0)).collect();
    let expected = [
        (
            (Severity::Warning, "FORALLVALUES_WITH_SINGLE_VALUED_KEY"),
            2,
        ),
        (
            (
                Severity::Warning,
                "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS",
            ),
            14,
        ),
        ((Severity::Warning, "TYPE_MISMATCH"), 1),
        ((Severity::Warning, "VARIABLE_BEFORE_FIFTH_COLON"), 1),
        ((Severity::LintError, "MISSING_QUALIFIER"), 3),
    ];
    assert_eq!(times, expected, "{found:#?}");
    assert_eq!(count, 1641);
}

/// Published examples have much to fill in, and little else.
#[test]
fn examples_have_places_to_fill_in() {
    let Some((count, found)) = advice("org-policy-examples.jsonl") else {
        eprintln!("skipped: there are no examples");
        return;
    };
    // Each with what it is said of, so that a placeholder is what is odd.
    for ((severity, code), (_, examples)) in &found {
        let is_filled_in = ["<", "${Account}", "${Region}", "[MAX_"];
        let is_expected = match *code {
            "FOREIGN_TEMPLATE" | "NON_CANONICAL_OPERATOR" => true,
            _ if *severity == Severity::Error => true,
            _ => examples
                .iter()
                .all(|one| is_filled_in.iter().any(|place| one.contains(place))),
        };
        assert!(is_expected, "{code}: {examples:#?}");
    }
    assert_eq!(count, 108);
}
