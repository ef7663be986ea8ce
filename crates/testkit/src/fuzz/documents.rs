//! JSON and policy documents.

use bumpalo::Bump;
use portcullis_model::PolicyKind;

use portcullis_source::json;
use portcullis_syntax::policy::{ReadOptions, parse_policy};

/// Any bytes, read as each type of policy.
pub fn json_policy(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let arena = Bump::new();
    if let Ok(node) = json::parse(text, &arena) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => assert!(same(&node, &value), "{node:?} is not {value}"),
            // The other reader has a limit for numbers.
            Err(error) => assert!(error.to_string().contains("number out of range"), "{error}"),
        }
    } else if serde_json::from_str::<serde_json::Value>(text).is_ok() {
        // The other reader takes the last of members with one name, and ours may nest less deeply.
        let (_, problems) = json::read(text, &arena);
        let known = [
            portcullis_source::codes::DUPLICATE_MEMBER,
            portcullis_source::codes::DOCUMENT_TOO_DEEP,
            portcullis_source::codes::TOO_MANY_PROBLEMS,
        ];
        let unknown = problems.iter().find(|p| !known.contains(&p.code));
        assert!(unknown.is_none(), "{text}: {unknown:?}");
    }
    for kind in PolicyKind::ALL {
        let (document, diagnostics) = parse_policy(text, ReadOptions::new(kind), &arena);
        let errors = diagnostics.iter().any(|diagnostic| diagnostic.is_error());
        assert_eq!(document.is_none(), errors, "{kind}: {diagnostics:?}");
        for diagnostic in &diagnostics {
            assert!(
                diagnostic.span.range().end <= text.len().max(1),
                "{diagnostic:?}"
            );
        }
    }
}

/// True if both say the same. Of a number the other reader does not keep what was written, only the
/// float, which may be off by its last bit.
fn same(node: &json::Node<'_>, value: &serde_json::Value) -> bool {
    use json::Value as Ours;
    use serde_json::Value as Theirs;
    match (&node.value, value) {
        (Ours::Null, Theirs::Null) => true,
        (Ours::Number(ours), Theirs::Number(theirs)) => {
            let ours: Option<f64> = ours.parse().ok();
            let both = ours.zip(theirs.as_f64());
            both.is_some_and(|(a, b)| (a - b).abs() <= a.abs() * 1e-15)
        }
        (Ours::Bool(ours), Theirs::Bool(theirs)) => ours == theirs,
        (Ours::String(ours), Theirs::String(theirs)) => ours == theirs,
        (Ours::Array(ours), Theirs::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| same(ours, theirs))
        }
        (Ours::Object(ours), Theirs::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|member| {
                    let theirs = theirs.get(member.key.value);
                    theirs.is_some_and(|theirs| same(&member.value, theirs))
                })
        }
        _ => false,
    }
}
