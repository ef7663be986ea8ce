//! The format SARIF: what was found, at the statement that allows it.

use portcullis::prove::Finding;
use portcullis_source::formats::Checked;
use portcullis_source::{Code, Diagnostic, Place, Severity, Source, printable};
use portcullis_syntax::ast::Span;

use super::Verdict;
use super::question::Answered;

/// A question that has no answer, or whose answer may leave something out.
const NOT_PROVED: Code = Code::new("NOT_PROVED");

/// The code of what refutes a claim.
fn code(question: &str) -> Code {
    match question {
        "compare" => Code::new("NEW_ACCESS"),
        "not-granted" => Code::new("ACCESS_GRANTED"),
        "not-public" => Code::new("PUBLIC_ACCESS"),
        _ => Code::new("CLAIM_REFUTED"),
    }
}

/// The file that is asked about with what was found in it. Nothing is found only where everything is proved.
pub(super) fn checked(answered: &Answered<'_, '_>) -> Checked {
    let found = answered.findings().iter();
    let mut diagnostics: Vec<Diagnostic> = found.map(|own| diagnostic(answered, own)).collect();
    if !answered.reasons().is_empty() {
        let message = match answered.verdict() {
            Verdict::Refuted => "there may be more than what was found".to_owned(),
            _ => format!("it is not known whether {}", answered.question.claim),
        };
        let mut open = answered.reasons().iter().fold(
            Diagnostic::new(Severity::LintError, NOT_PROVED, Span::default(), message),
            |open, reason| open.with_note(format!("because {reason}")),
        );
        open.place = Some(Box::new(Place::of_file(&answered.question.file)));
        diagnostics.push(open);
    }
    Checked {
        file: answered.question.file.clone(),
        diagnostics,
    }
}

fn diagnostic(answered: &Answered<'_, '_>, finding: &Finding) -> Diagnostic {
    let question = &answered.question;
    let witness = &finding.witness;
    let request = format!(
        "{}: {} on {} by {}",
        question.contrary, witness.action, witness.resource, witness.caller
    );
    let message = printable(&request).into_owned();
    let mut found = Diagnostic::new(
        Severity::LintError,
        code(question.name),
        Span::default(),
        message,
    );
    for (key, values) in witness.context.iter().filter(|(_, all)| !all.is_empty()) {
        let with = format!("with {key} = {}", values.join(", "));
        found = found.with_note(printable(&with));
    }
    let allowing = answered.allowing(finding);
    let place = match allowing.filter(|own| own.is_here()) {
        Some(own) => {
            found.span = own.statement.span;
            Source::new(&question.file, own.policy.text).place(found.span)
        }
        None => {
            // It is in a file that this one imports, or attached by AWS: then nothing of this text is at fault.
            let name = allowing.map_or("", |own| own.file());
            if !name.is_empty() && name != question.file {
                found = found.with_note(format!("allowed by {}", printable(name)));
            }
            Place::of_file(&question.file)
        }
    };
    found.place = Some(Box::new(place));
    found
}
