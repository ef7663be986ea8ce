//! The format access-analyzer: the answers of CheckNoNewAccess, CheckAccessNotGranted and CheckNoPublicAccess (`AA-400` to
//! `AA-403`), in the words that AWS has been seen to use.

use portcullis::prove::Finding;
use portcullis_source::printable;
use serde_json::{Value, json};

use super::Verdict;
use super::question::Answered;

/// What a check says.
struct Texts {
    pass: &'static str,
    fail: &'static str,
    /// How a reason begins, before the statement.
    reason: &'static str,
    /// What is not known, if it is not.
    unknown: &'static str,
}

/// The texts of the check that asks a question; none if no check of AWS asks it.
fn texts(question: &str) -> Option<Texts> {
    Some(match question {
        "compare" => Texts {
            pass: "The modified permissions do not grant new access compared to your existing policy.",
            fail: "The modified permissions grant new access compared to your existing policy.",
            reason: "New access in the statement",
            unknown: "It is not known whether the modified permissions grant new access compared to your existing policy.",
        },
        "not-granted" => Texts {
            pass: "The policy document does not grant access to perform the listed actions or resources.",
            fail: "The policy document grants access to perform one or more of the listed actions or resources.",
            reason: "One or more of the listed actions or resources in the statement",
            unknown: "It is not known whether the policy document grants access to perform one or more of the listed actions or resources.",
        },
        "not-public" => Texts {
            pass: "The resource policy does not grant public access for the given resource type.",
            fail: "The resource policy grants public access for the given resource type.",
            reason: "Public access granted in the following statement",
            unknown: "It is not known whether the resource policy grants public access for the given resource type.",
        },
        _ => return None,
    })
}

/// True if a check of AWS asks the question.
pub(super) fn has_check(question: &str) -> bool {
    texts(question).is_some()
}

/// The response (`AA-403`). Only what is proved is PASS: what is not known is FAIL, with a message that says so and with
/// reasons that name no statement (choice `V6`). So is what could be left out of the reasons: whoever mends all statements
/// that are named asks again.
pub(super) fn value(answered: &Answered<'_, '_>) -> Option<Value> {
    let texts = texts(answered.question.name)?;
    let found = answered.findings().iter();
    let found = found.map(|own| reason(answered, own, texts.reason));
    let open = answered.reasons().iter().map(|own| {
        json!({"description": match answered.verdict() {
            Verdict::Refuted => format!("There may be more: {own}."),
            _ => format!("This is not known because {own}."),
        }})
    });
    let (result, message) = match answered.verdict() {
        Verdict::Proved => ("PASS", texts.pass),
        Verdict::Refuted => ("FAIL", texts.fail),
        Verdict::Unknown => ("FAIL", texts.unknown),
    };
    Some(json!({
        "result": result,
        "message": message,
        "reasons": found.chain(open).collect::<Vec<Value>>(),
    }))
}

fn reason(answered: &Answered<'_, '_>, finding: &Finding, start: &str) -> Value {
    match answered.allowing(finding) {
        Some(own) if own.is_attached() => json!({
            "description": format!("{start} of {}, which stands beside the document.", own.file()),
        }),
        Some(own) => match own.sid() {
            Some(sid) => json!({
                "description": format!("{start} with sid: {}.", printable(sid)),
                "statementId": sid,
                "statementIndex": own.index,
            }),
            None => json!({
                "description": format!("{start} with index: {}.", own.index),
                "statementIndex": own.index,
            }),
        },
        // A finding is always of a statement; without one it is still no PASS.
        None => json!({"description": format!("{start} that allows it.")}),
    }
}
