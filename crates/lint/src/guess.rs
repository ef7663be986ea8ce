//! The type that a document most likely has.

use portcullis_model::PolicyKind;
use portcullis_source::json::Node;

/// The type that a document most likely has: a resource policy if its statements name principals, or a trust policy if it
/// names no resource and only actions of `sts`; any other is an identity policy.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_lint::guess;
/// use portcullis_model::PolicyKind;
/// use portcullis_source::json;
///
/// let arena = Bump::new();
/// let text = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}"#;
/// assert_eq!(guess(&json::parse(text, &arena).unwrap()), PolicyKind::Trust);
/// ```
pub fn guess(document: &Node<'_>) -> PolicyKind {
    let Some(statements) = document.get("Statement") else {
        return PolicyKind::Identity;
    };
    let one = core::slice::from_ref(statements);
    let statements = statements.as_array().unwrap_or(one);
    let has = |statement: &Node<'_>, names: [&str; 2]| {
        names.iter().any(|name| statement.get(name).is_some())
    };
    let is_of_sts = |statement: &Node<'_>| {
        let Some(action) = statement.get("Action") else {
            return false;
        };
        let one = core::slice::from_ref(action);
        let actions = action.as_array().unwrap_or(one);
        actions.iter().all(|action| {
            let prefix = action.as_str().and_then(|text| text.get(..4));
            prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case("sts:"))
        })
    };
    let principals = ["Principal", "NotPrincipal"];
    if !statements.iter().any(|one| has(one, principals)) {
        PolicyKind::Identity
    } else if statements
        .iter()
        .all(|one| !has(one, ["Resource", "NotResource"]) && is_of_sts(one))
    {
        PolicyKind::Trust
    } else {
        PolicyKind::Resource
    }
}
