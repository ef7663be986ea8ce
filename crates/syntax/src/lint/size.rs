//! How large documents may be (`QUO-1` to `QUO-25`).

use crate::ast::Span;
use crate::codes;
use portcullis_model::PolicyKind;
use portcullis_source::{Code, Diagnostic, Severity};

/// What counts.
#[derive(Clone, Copy)]
enum Count {
    /// Characters but blanks and line ends (`QUO-24`).
    Visible,
    /// All characters.
    All,
}

/// The limits of a type: the characters, how severe more of them are, and what has that limit.
fn limits(kind: PolicyKind) -> (Code, Count, &'static [(usize, Severity, &'static str)]) {
    use Severity::{Suggestion, Warning};
    match kind {
        PolicyKind::Identity | PolicyKind::Boundary => (
            codes::POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA,
            Count::Visible,
            &[
                (10_240, Warning, "an inline policy of a role"),
                (6_144, Suggestion, "a managed policy"),
            ],
        ),
        PolicyKind::Session => (
            codes::POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA,
            Count::All,
            &[(2_048, Warning, "a session policy")],
        ),
        PolicyKind::Trust => (
            codes::POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA,
            Count::Visible,
            &[
                (4_096, Warning, "a trust policy, if the quota was raised"),
                (
                    2_048,
                    Suggestion,
                    "a trust policy, unless the quota was raised",
                ),
            ],
        ),
        PolicyKind::Scp => (
            codes::POLICY_SIZE_EXCEEDS_SCP_QUOTA,
            Count::All,
            &[(10_240, Warning, "a service control policy")],
        ),
        PolicyKind::Rcp => (
            codes::POLICY_SIZE_EXCEEDS_RCP_QUOTA,
            Count::All,
            &[(5_120, Warning, "a resource control policy")],
        ),
        PolicyKind::VpcEndpoint => (
            codes::POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA,
            Count::All,
            &[(20_480, Warning, "a VPC endpoint policy")],
        ),
        // The quota depends on the service, which the document does not say; the largest is that of keys.
        PolicyKind::Resource => (
            codes::POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA,
            Count::All,
            &[
                (32_768, Warning, "any resource policy"),
                (20_480, Suggestion, "a bucket policy"),
            ],
        ),
    }
}

/// The quota that a document's text is beyond, if there is one. The document is marked at its start.
pub fn size(kind: PolicyKind, text: &str, start: u32) -> Option<Diagnostic> {
    let (code, count, limits) = limits(kind);
    let smallest = limits.iter().map(|limit| limit.0).min()?;
    if text.len() <= smallest {
        return None;
    }
    let is_blank = |c: &char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let (length, how) = match count {
        Count::Visible => (
            text.chars().filter(|c| !is_blank(c)).count(),
            "characters, whitespace excluded",
        ),
        Count::All => (text.chars().count(), "characters"),
    };
    let (limit, severity, what) = limits.iter().find(|(limit, ..)| length > *limit)?;
    let message = format!("the document has {length} {how}, and {what} may have {limit}");
    let span = Span {
        start,
        end: start.saturating_add(1),
    };
    Some(Diagnostic::new(*severity, code, span, message))
}
