//! Answers for people.

use portcullis::prove::Answer;
use portcullis_source::printable;

use super::question::{Allowing, Answered};
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
                output.line(&format!("  because {reason}"))?;
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
                    ("who", witness.caller.to_string()),
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
                output.line(&format!("  there may be more: {reason}"))?;
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
