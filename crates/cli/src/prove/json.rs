//! Answers for programs: `docs/schemas/prove.json`.

use portcullis::prove::{AXIOMS, Finding};
use portcullis_source::printable;
use serde_json::{Value, json};

use super::question::Answered;
use super::scenario::request;
use super::words::line;
use crate::output::VERSION;

pub(super) fn value(answered: &Answered<'_, '_>) -> Value {
    let is_standard = answered.is_standard();
    let axioms = AXIOMS.iter().filter(|own| own.always || is_standard);
    let findings = answered.findings().iter();
    let reasons = answered.reasons().iter().map(ToString::to_string);
    let question = &answered.question;
    json!({
        "version": VERSION,
        "question": question.name,
        "answer": answered.verdict().word(),
        "claim": question.claim,
        "files": question.files,
        "type": question.common.kind.kind().as_str(),
        "axioms": axioms.map(|own| own.id).collect::<Vec<_>>(),
        "findings": findings.map(|own| finding(answered, own)).collect::<Vec<_>>(),
        "reasons": reasons.collect::<Vec<String>>(),
    })
}

fn finding(answered: &Answered<'_, '_>, finding: &Finding) -> Value {
    let own = answered.allowing(finding);
    json!({
        "file": own.map_or_else(Default::default, |own| printable(own.file())),
        "statementIndex": finding.statement.statement,
        "statementId": own.and_then(|own| own.statement.sid).map(|sid| sid.value),
        "line": own.map_or(0, |own| line(&own)),
        "request": request(&finding.witness),
    })
}
