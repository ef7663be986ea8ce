//! `check`: the problems of policy documents.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bumpalo::Bump;
use clap::Args;
use portcullis_catalog::Catalog;
use portcullis_model::PolicyKind;
use portcullis_scenario::is_language;
use portcullis_syntax::ast::Document;
use portcullis_syntax::diag::{Code, Diagnostic, LineIndex, Severity, render};
use portcullis_syntax::forms::{self, Inner};
use portcullis_syntax::json::{self, Node};
use portcullis_syntax::lint;
use portcullis_syntax::policy::{ReadOptions, check_policy};
use serde_json::{Value, json};

use crate::catalog::{Data, DataArgs, operation_note};
use crate::decide::Format;
use crate::failure::{Failure, complain, exit};
use crate::language;
use crate::output::{Output, display_name, read_text};

const EXAMPLES: &str = "\
Examples:
  portcullis check policies/*.json
  portcullis check --type scp --format json guardrails.json

A file holds one policy document, or policies of the policy language if its name ends in .iam, or {\"name\": …, \"document\": …},
or what get-policy-version, get-role-policy, get-role and the like answer; the document may stand in a string, and be encoded
as in a URL. Without --type, a document whose statements name principals is checked as a resource policy, or as a trust
policy if it names no resource and only actions of sts; any other as an identity policy.

Not every error keeps a document from being used: `loads` of the JSON says which do.

Exit status: 0 no problem or warnings only, 3 errors, 1 a file cannot be read.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Policy documents; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The type of all documents
    #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
    kind: Option<PolicyKind>,
    #[command(flatten)]
    data: DataArgs,
    /// How problems are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The types that can be asked for.
pub(crate) fn kind(text: &str) -> Result<PolicyKind, String> {
    PolicyKind::parse(text).ok_or_else(|| {
        let names: Vec<&str> = PolicyKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("the types are {}", names.join(", "))
    })
}

pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let mut run = Run {
        catalog: args.data.open()?,
        kind: args.kind,
        format: args.format,
        output: Output::new(),
        found: Vec::new(),
        errors: 0,
        warnings: 0,
        suggestions: 0,
    };
    let mut unreadable = false;
    for file in &args.files {
        match run.file(file) {
            Ok(()) => {}
            Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
            Err(Failure::Message(_, text)) => {
                complain(&text);
                unreadable = true;
            }
        }
    }
    match args.format {
        Format::Json => run.output.line(&Value::from(run.found).to_string())?,
        Format::Human => {
            let line = format!(
                "{}, {}, {} in {}",
                counted(run.errors, "error"),
                counted(run.warnings, "warning"),
                counted(run.suggestions, "suggestion"),
                counted(args.files.len(), "file")
            );
            run.output.line(&line)?;
        }
    }
    run.output.finish()?;
    if run.errors > 0 {
        let line = format!("error: {} found", counted(run.errors, "problem"));
        complain(&line);
    }
    Ok(match (unreadable, run.errors) {
        (true, _) => ExitCode::from(exit::FAILURE),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::from(exit::INVALID),
    })
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

struct Run {
    catalog: Data,
    kind: Option<PolicyKind>,
    format: Format,
    output: Output,
    found: Vec<Value>,
    errors: usize,
    warnings: usize,
    suggestions: usize,
}

impl Run {
    fn file(&mut self, path: &Path) -> Result<(), Failure> {
        let bytes = read_text(path)?;
        let name = display_name(path);
        let arena = Bump::new();
        let (text, checked) = match json::decode(&bytes) {
            Ok(text) => {
                let checked = match is_language(path) {
                    true => language_problems(path, text, self.kind, &self.catalog, &arena),
                    false => problems(text, self.kind, &self.catalog, &arena),
                };
                (text, checked)
            }
            Err(diagnostic) => {
                let sound = bytes.get(..diagnostic.span.start as usize);
                let text = sound.and_then(|bytes| core::str::from_utf8(bytes).ok());
                let checked = Checked {
                    kind: self.kind,
                    diagnostics: vec![diagnostic],
                    inner: None,
                };
                (text.unwrap_or_default(), checked)
            }
        };
        let diagnostics = &checked.diagnostics;
        for diagnostic in diagnostics {
            *match diagnostic.severity {
                Severity::LintError | Severity::Error => &mut self.errors,
                Severity::Warning => &mut self.warnings,
                Severity::Suggestion => &mut self.suggestions,
            } += 1;
        }
        match self.format {
            Format::Human if diagnostics.is_empty() => Ok(()),
            Format::Human => {
                let colour = self.output.colour();
                let text = render(diagnostics, &name, text, colour);
                self.output.line(&text)
            }
            Format::Json => {
                let index = LineIndex::new(text);
                let values = diagnostics
                    .iter()
                    .map(|diagnostic| value(diagnostic, &name, &checked, &index));
                self.found.extend(values);
                Ok(())
            }
        }
    }
}

/// What was found in a text.
struct Checked<'a> {
    /// The type that it was read as.
    kind: Option<PolicyKind>,
    diagnostics: Vec<Diagnostic>,
    /// The document's own text, if it stood in a string of the file.
    inner: Option<Inner<'a>>,
}

/// All problems of a text.
fn problems<'a>(
    text: &'a str,
    kind: Option<PolicyKind>,
    catalog: &Catalog,
    arena: &'a Bump,
) -> Checked<'a> {
    let (found, mut diagnostics) = forms::read(text, kind, arena);
    let Some(found) = found else {
        return Checked {
            kind,
            diagnostics,
            inner: None,
        };
    };
    let kind = kind
        .or(found.kind)
        .unwrap_or_else(|| guess(&found.document));
    let (document, others) = check_policy(found.document, ReadOptions::new(kind), arena);
    diagnostics.extend(others);
    diagnostics.extend(document.iter().flat_map(|one| operations(one, catalog)));
    let span = found.document.span;
    let own = found
        .inner
        .map_or(text.get(span.range()).unwrap_or_default(), |inner| {
            inner.text()
        });
    diagnostics.extend(lint::size(kind, own, span.start));
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    Checked {
        kind: Some(kind),
        diagnostics,
        inner: found.inner,
    }
}

/// All problems of a text of the policy language.
fn language_problems<'a>(
    path: &Path,
    text: &'a str,
    kind: Option<PolicyKind>,
    catalog: &Catalog,
    arena: &'a Bump,
) -> Checked<'a> {
    let parsed = language::parse(path, text, kind, arena);
    let mut diagnostics = parsed.diagnostics;
    // What imports bring has its places in other files.
    let is_own = |diagnostic: &Diagnostic| text.get(diagnostic.span.range()).is_some();
    let advice = parsed.documents.iter().flat_map(|one| {
        let mut advice = lint::lint(&one.document);
        advice.extend(operations(&one.document, catalog));
        advice
    });
    diagnostics.extend(advice.filter(is_own));
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    Checked {
        kind,
        diagnostics,
        inner: None,
    }
}

/// Actions that are called like operations (`MATCH-14`).
fn operations(document: &Document<'_>, catalog: &Catalog) -> Vec<Diagnostic> {
    let actions = document.statements.iter().flat_map(|one| one.action.list);
    let found = actions.filter_map(|action| {
        let help = operation_note(catalog, action.value)?;
        let message = format!("there is no action `{}`", action.value);
        let code = Code::OperationAsAction;
        Some(Diagnostic::warning(code, action.span, message).with_help(help))
    });
    found.collect()
}

/// The type that a document most likely has.
pub(crate) fn guess(document: &Node<'_>) -> PolicyKind {
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

fn value(
    diagnostic: &Diagnostic,
    file: &str,
    checked: &Checked<'_>,
    index: &LineIndex<'_>,
) -> Value {
    let (line, column) = index.position(diagnostic.span.start);
    let (end_line, end_column) = index.position(diagnostic.span.end);
    let mut value = json!({
        "file": file,
        "type": checked.kind.map(PolicyKind::as_str),
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity.as_str(),
        "loads": !diagnostic.is_error(),
        "line": line,
        "column": column,
        "endLine": end_line,
        "endColumn": end_column,
        "message": diagnostic.message,
        "help": diagnostic.help,
    });
    // The place in the document alone, beside that in the file (`IN-2`).
    if let (Some(inner), Some(members)) = (checked.inner, value.as_object_mut()) {
        let (line, column) = inner.position(diagnostic.span.start);
        members.insert("documentLine".to_owned(), line.into());
        members.insert("documentColumn".to_owned(), column.into());
    }
    value
}
