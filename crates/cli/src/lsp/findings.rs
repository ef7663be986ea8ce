//! What is found in a document, as the protocol tells it, and the changes that mend it.

use bumpalo::Bump;
use portcullis_lint::{Level, fixes};
use portcullis_scenario::is_language;
use portcullis_source::Severity;
use portcullis_syntax::ast::Span;
use serde_json::{Value, json};

use super::server::Document;
use super::text::Text;
use crate::check::chosen;
use crate::check::found::{Checked, Found, Linter};
use crate::check::places::Places;
use crate::check::settings::Configurations;

/// What is found in a document; nothing in JSON that is no policy.
pub(super) fn checked<'a>(
    document: &'a Document,
    linter: &Linter<'_>,
    configurations: &mut Configurations,
    arena: &'a Bump,
) -> Vec<Checked<'a>> {
    let text = document.text.as_str();
    let is_policy = is_language(&document.path) || text.contains("Statement");
    if !is_policy {
        return Vec::new();
    }
    // What is wrong with a configuration, `check` says.
    let settings = configurations.of(&document.path).unwrap_or_default();
    let wanted = settings.wanted(&document.path);
    let own = Linter {
        facts: linter.facts,
        catalog: linter.catalog,
        account: settings.account.as_deref(),
        memory: linter.memory,
        proofs: linter.proofs,
    };
    chosen(
        &document.path,
        text,
        wanted,
        &[&settings.choice],
        &settings,
        &own,
        arena,
    )
}

pub(super) fn diagnostic(found: &Found, text: &Text, uri: &str) -> Value {
    let own = &found.diagnostic;
    let severity = match (own.severity, found.level()) {
        (Severity::Error | Severity::LintError, _) => 1,
        (Severity::Warning, _) => 2,
        (Severity::Suggestion, Some(Level::SecurityWarning)) => 2,
        (Severity::Suggestion, _) => 3,
    };
    let mut message = own.message.clone();
    if let Some(help) = &own.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    let mut value = json!({
        "range": text.range(own.span),
        "severity": severity,
        "code": found.code(),
        "source": "portcullis",
        "message": message,
    });
    let related: Vec<Value> = own
        .related
        .iter()
        .map(|one| {
            json!({"location": {"uri": uri, "range": text.range(one.span)}, "message": one.message})
        })
        .collect();
    if let Some(members) = value.as_object_mut() {
        if !related.is_empty() {
            members.insert("relatedInformation".to_owned(), related.into());
        }
        let rule = found
            .rule
            .filter(|rule| rule.group == portcullis_lint::Group::AccessAnalyzer);
        if let Some(rule) = rule {
            members.insert("codeDescription".to_owned(), json!({"href": rule.link()}));
        }
    }
    value
}

/// Quick fixes of what is found in a range: changes of the text, and in the policy language a comment that lets it be.
pub(super) fn actions(document: &Document, uri: &str, range: Span, all: &[Checked<'_>]) -> Value {
    let text = document.text.as_str();
    let meets = |span: Span| span.start <= range.end && range.start <= span.end;
    let mut actions = Vec::new();
    for checked in all {
        let here: Vec<&Found> = checked
            .found
            .iter()
            .filter(|found| meets(found.diagnostic.span))
            .collect();
        let is_text =
            !is_language(&document.path) && checked.inner.is_none() && checked.within.is_none();
        if let Some(node) = checked.document.filter(|_| is_text && !here.is_empty()) {
            let places = Places::of(here.iter().map(|found| found.place()));
            for fix in fixes(&node, text) {
                let found = places.at(fix.code, fix.place).next();
                let Some(found) = found.and_then(|number| here.get(number)) else {
                    continue;
                };
                let edits: Vec<Value> = fix
                    .edits
                    .iter()
                    .map(|(span, new)| json!({"range": document.text.range(*span), "newText": new}))
                    .collect();
                let title = match fix.is_safe {
                    true => format!("{} (safe)", fix.what),
                    false => format!("{} (may change decisions)", fix.what),
                };
                actions.push(json!({
                    "title": title,
                    "kind": "quickfix",
                    "isPreferred": fix.is_safe,
                    "diagnostics": [diagnostic(found, &document.text, uri)],
                    "edit": {"changes": {uri: edits}},
                }));
            }
        }
        if is_language(&document.path) {
            for found in here.iter().filter(|found| !found.diagnostic.is_error()) {
                let start = found.diagnostic.span.start as usize;
                let line = text
                    .get(..start)
                    .and_then(|before| before.rfind('\n'))
                    .map_or(0, |at| at + 1);
                let rest = text.get(line..).unwrap_or_default();
                let indent = rest
                    .get(..rest.len() - rest.trim_start().len())
                    .unwrap_or_default();
                let at = u32::try_from(line).unwrap_or_default();
                let comment = format!("{indent}# allow({}): TODO: explain\n", found.code());
                actions.push(json!({
                    "title": format!("suppress {} with a comment", found.code()),
                    "kind": "quickfix",
                    "isPreferred": false,
                    "diagnostics": [diagnostic(found, &document.text, uri)],
                    "edit": {"changes": {uri: [{"range": document.text.range(Span { start: at, end: at }), "newText": comment}]}},
                }));
            }
        }
    }
    actions.into()
}
