//! Answers for people.

use portcullis::prove::{Answer, Caller, Reason, Witness};
use portcullis_source::printable;

use super::question::{Allowing, Answered};
use super::scenario::request;
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn print(answered: &Answered<'_, '_>, output: &mut Output) -> Result<(), Failure> {
    let word = answered.verdict().word();
    let question = &answered.question;
    match &answered.answer {
        Answer::Proved(_) => output.line(&format!("{word}: {}", question.claim))?,
        Answer::Unknown(reasons) => {
            output.line(&format!("{word}: whether {}", question.claim))?;
            for reason in reasons {
                output.line(&format!("  because {}", because(reason)))?;
            }
        }
        Answer::Refuted(refuted) => {
            output.line(&format!("{word}: {}", question.contrary))?;
            for finding in &refuted.findings {
                let statement = answered.allowing(finding);
                let statement = statement.map(|own| statement_words(&own));
                output.line(&format!("  {}", statement.unwrap_or_default()))?;
                let witness = &finding.witness;
                let lines = [
                    ("who", caller_words(&witness.caller)),
                    ("action", witness.action.clone()),
                    ("resource", witness.resource.clone()),
                ];
                for (name, value) in lines {
                    output.line(&format!("    {name:9} {}", printable(&value)))?;
                }
                for (key, values) in witness.context.iter().filter(|(_, all)| !all.is_empty()) {
                    let text = format!("{key} = {}", values.join(", "));
                    output.line(&format!("    {:9} {}", "with", printable(&text)))?;
                }
            }
            for reason in &refuted.unfinished {
                output.line(&format!("  there may be more: {}", because(reason)))?;
            }
        }
    }
    Ok(())
}

/// A statement with its place.
fn statement_words(own: &Allowing<'_>) -> String {
    let name = match own.sid() {
        Some(sid) => format!("statement `{}`", printable(sid)),
        None => format!("statement {}", own.index),
    };
    format!("{name} ({}:{})", printable(own.file()), line(own))
}

/// The line on which a statement begins, from 1.
pub(super) fn line(own: &Allowing<'_>) -> usize {
    let before = own.policy.text.get(..own.statement.span.start as usize);
    let before = before.unwrap_or_default();
    1 + before.bytes().filter(|byte| *byte == b'\n').count()
}

/// A caller in words.
pub(super) fn caller_words(caller: &Caller) -> String {
    match caller {
        Caller::User { arn }
        | Caller::Root { arn }
        | Caller::FederatedUser { arn, .. }
        | Caller::OriginAccessIdentity { arn } => arn.clone(),
        Caller::Role { session_arn, .. } => session_arn.clone(),
        Caller::Service { name } => format!("service {name}"),
        Caller::Anonymous => "anonymous".to_owned(),
        Caller::Federated { provider } => format!("whoever {provider} vouches for"),
        Caller::Canonical { id } => format!("canonical user {id}"),
    }
}

/// A request in words, on one line.
pub(crate) fn in_words(witness: &Witness) -> String {
    let mut text = format!(
        "{} asks for {} on {}",
        caller_words(&witness.caller),
        witness.action,
        witness.resource
    );
    let given = witness.context.iter().filter(|(_, all)| !all.is_empty());
    for (number, (key, values)) in given.enumerate() {
        let before = if number == 0 { " with" } else { " and" };
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let values = values
            .iter()
            .map(|own| if own.is_empty() { "\"\"" } else { own });
        let values = values.collect::<Vec<_>>().join(", ");
        text.push_str(&format!("{before} {key} = {values}"));
    }
    text
}

/// A reason in words, on one line: it may name keys as policies write them.
pub(crate) fn because(reason: &Reason) -> String {
    let text = match reason {
        Reason::Work => "the question takes more work than one may".to_owned(),
        Reason::Undecided(parts) => {
            format!(
                "it was not decided how tests go together of {}",
                parts.join(", ")
            )
        }
        Reason::Refused { example, said } => format!(
            "the machine does not confirm {} on {}: {said}",
            example.action, example.resource
        ),
        Reason::Disagreement { witness, said } => format!(
            "the machine decides otherwise ({said}) what was found, which is a mistake of this program; please report \
             the policies and {}",
            request(witness)
        ),
    };
    printable(&text).into_owned()
}
