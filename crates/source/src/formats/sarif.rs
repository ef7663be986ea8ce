//! SARIF 2.1.0, the format of static analysis results (OASIS).

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{Checked, message_with_help};
use crate::diagnostic::Pointer;
use crate::{Code, Diagnostic, Place, Severity, Step};

/// A log with one run, on one line: each code is a rule, each diagnostic a result. Columns count characters.
pub fn sarif(files: &[Checked]) -> String {
    let mut codes: Vec<Code> = Checked::all(files).map(|(_, one)| one.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules = codes.iter().map(|code| json!({"id": code.as_str()}));
    let rules: Vec<Value> = rules.collect();
    let artifacts = files
        .iter()
        .map(|file| json!({"location": {"uri": uri(&file.file)}}));
    let artifacts: Vec<Value> = artifacts.collect();
    let results: Vec<Value> = Checked::all(files)
        .map(|(file, one)| result(file, one, &codes))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "portcullis",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts,
            "results": results,
        }],
    })
    .to_string()
}

fn result(file: &str, diagnostic: &Diagnostic, codes: &[Code]) -> Value {
    let level = match diagnostic.severity {
        Severity::LintError | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Suggestion => "note",
    };
    let place = diagnostic.place.as_deref();
    let mut result = json!({
        "ruleId": diagnostic.code.as_str(),
        "ruleIndex": codes.binary_search(&diagnostic.code).ok(),
        "level": level,
        "message": {"text": message_with_help(diagnostic)},
        "locations": [location(file, place, diagnostic.path.as_deref())],
    });
    let Some(object) = result.as_object_mut() else {
        return result;
    };
    if !diagnostic.related.is_empty() {
        let related = diagnostic.related.iter().map(|one| {
            let own = one.place.as_ref().map_or("", |place| place.file());
            let own = if own.is_empty() { file } else { own };
            let mut value = location(own, one.place.as_deref(), one.path.as_deref());
            if let Some(object) = value.as_object_mut() {
                object.insert("message".to_owned(), json!({"text": one.message}));
            }
            value
        });
        object.insert("relatedLocations".to_owned(), related.collect());
    }
    if let Some(fix) = &diagnostic.fix {
        let replacements = fix.edits.iter().map(|edit| {
            let region = edit.place.as_deref().map(region);
            json!({"deletedRegion": region, "insertedContent": {"text": edit.replacement}})
        });
        let replacements: Vec<Value> = replacements.collect();
        let change = json!({"artifactLocation": {"uri": uri(file)}, "replacements": replacements});
        let fixes = json!([{"description": {"text": fix.message}, "artifactChanges": [change]}]);
        object.insert("fixes".to_owned(), fixes);
    }
    result
}

fn location(file: &str, place: Option<&Place>, path: Option<&[Step]>) -> Value {
    let mut physical = Map::new();
    physical.insert("artifactLocation".to_owned(), json!({"uri": uri(file)}));
    if let Some(place) = place {
        physical.insert("region".to_owned(), region(place));
    }
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), Value::Object(physical));
    if let Some(path) = path {
        let name = Pointer(path).to_string();
        let logical = json!([{"fullyQualifiedName": name}]);
        location.insert("logicalLocations".to_owned(), logical);
    }
    Value::Object(location)
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

/// A path as a reference to an URI (RFC 3986): an absolute one with the scheme `file`, any other relative.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    if path.starts_with('/') {
        out.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
