//! `check`: the problems of policy documents.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bumpalo::Bump;
use clap::{Args, ValueEnum};
use portcullis_catalog::Catalog;
use portcullis_lint::{
    Level, Location, Options, PolicyType, Report, ResourceType, Target, guess, lint, lint_tree,
    page, rules, tree,
};
use portcullis_model::PolicyKind;
use portcullis_scenario::is_language;
use portcullis_source::json;
use portcullis_source::suggest::nearest;
use portcullis_source::{Diagnostic, Severity, Source, formats, quoted, render};
use portcullis_syntax::ast::{Document, Span};
use portcullis_syntax::forms::{self, Inner};
use portcullis_syntax::lint as advice;
use portcullis_syntax::policy::{ReadOptions, check_policy};
use serde_json::Value;

use crate::catalog::{Data, DataArgs, operation_note};
use crate::failure::{Failure, complain, exit, use_color};
use crate::language;
use crate::lint_catalog::FromPack;
use crate::output::{Output, display_name, read_text};

const EXAMPLES: &str = "\
Examples:
  portcullis check policies/*.json
  portcullis check --type scp --format json guardrails.json
  portcullis check --format access-analyzer --type RESOURCE_POLICY -R AWS::S3::Bucket bucket.json

A file holds one policy document, or policies of the policy language if its name ends in .iam, or {\"name\": …, \"document\": …},
or what get-policy-version, get-role-policy, get-role and the like answer; the document may stand in a string, and be encoded
as in a URL. Without --type, a document whose statements name principals is checked as a resource policy, or as a trust
policy if it names no resource and only actions of sts; any other as an identity policy.

Not every error keeps a document from being used: `loads` of the JSON says which do.

The format access-analyzer is the answer of ValidatePolicy for one document: its codes (see explain-code), its levels and its
places, which are those of the document alone and count characters. It says nothing of whether the document loads.

Exit status: 0 nothing of the level of --fail-on or worse, 3 something, 1 a file cannot be read.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Policy documents; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The type of all documents, by a word of this project or by AWS's name
    #[arg(long = "type", value_name = "TYPE", value_parser = document_type)]
    document_type: Option<DocumentType>,
    /// What has the document, by AWS's name: for the format access-analyzer
    #[arg(short = 'R', long, value_name = "RESOURCE-TYPE", value_parser = resource_type)]
    resource_type: Option<ResourceType>,
    #[command(flatten)]
    data: DataArgs,
    /// How problems are printed
    #[arg(long, value_enum, default_value_t)]
    format: CheckFormat,
    /// The level from which on the exit status is 3
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    fail_on: FailOn,
    /// Hold service control policies against the rules from before September 2025: for the format access-analyzer
    #[arg(long)]
    old_scp_rules: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people
    #[default]
    Human,
    /// Problems as JSON
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// JUnit's XML: each file is a test case
    Junit,
    /// The answer of IAM Access Analyzer's ValidatePolicy
    AccessAnalyzer,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Errors
    #[default]
    Error,
    /// Security warnings, which only the format access-analyzer has, and errors
    SecurityWarning,
    /// Warnings and all that is worse
    Warning,
    /// Everything
    Suggestion,
    /// Nothing
    None,
}

impl FailOn {
    /// The least level that fails.
    fn level(self) -> Option<Level> {
        match self {
            FailOn::Error => Some(Level::Error),
            FailOn::SecurityWarning => Some(Level::SecurityWarning),
            FailOn::Warning => Some(Level::Warning),
            FailOn::Suggestion => Some(Level::Suggestion),
            FailOn::None => None,
        }
    }
}

/// A type of document, by either name.
#[derive(Clone, Copy, Debug)]
struct DocumentType {
    /// What the document is read as.
    kind: PolicyKind,
    target: Target,
}

fn document_type(text: &str) -> Result<DocumentType, String> {
    if let Some(kind) = PolicyKind::parse(text) {
        let target = kind.into();
        return Ok(DocumentType { kind, target });
    }
    let target = Target::parse(text).ok_or_else(|| {
        let own = kind(text).err().unwrap_or_default();
        let aws = PolicyType::names_of_all().collect::<Vec<_>>().join(", ");
        format!("{own}, {aws}")
    })?;
    Ok(DocumentType {
        kind: target.kind(),
        target,
    })
}

fn resource_type(text: &str) -> Result<ResourceType, String> {
    ResourceType::parse(text).ok_or_else(|| {
        let names: Vec<&str> = ResourceType::names_of_all().collect();
        format!("the types are {}", names.join(", "))
    })
}

/// The types that can be asked for.
pub(crate) fn kind(text: &str) -> Result<PolicyKind, String> {
    PolicyKind::parse(text).ok_or_else(|| {
        let names: Vec<&str> = PolicyKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("the types are {}", names.join(", "))
    })
}

pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    if args.format == CheckFormat::AccessAnalyzer {
        return access_analyzer(args);
    }
    if args.resource_type.is_some() || args.old_scp_rules {
        return Err(Failure::new(
            "--resource-type and --old-scp-rules are for --format access-analyzer",
        ));
    }
    let mut run = Run {
        catalog: args.data.open()?,
        kind: args.document_type.map(|own| own.kind),
        format: args.format,
        output: Output::new(),
        found: Vec::new(),
        checked: Vec::new(),
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
        CheckFormat::Json => run.output.line(&Value::from(run.found).to_string())?,
        CheckFormat::Sarif => run.output.line(&formats::sarif(&run.checked))?,
        CheckFormat::Github => run.output.bytes(formats::github(&run.checked).as_bytes())?,
        CheckFormat::Junit => run.output.bytes(formats::junit(&run.checked).as_bytes())?,
        CheckFormat::Human | CheckFormat::AccessAnalyzer => {
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
    let failing = match args.fail_on {
        FailOn::Error | FailOn::SecurityWarning => run.errors,
        FailOn::Warning => run.errors + run.warnings,
        FailOn::Suggestion => run.errors + run.warnings + run.suggestions,
        FailOn::None => 0,
    };
    Ok(match (unreadable, failing) {
        (true, _) => ExitCode::from(exit::FAILURE),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::from(exit::INVALID),
    })
}

/// The answer of ValidatePolicy on one document.
fn access_analyzer(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let [path] = args.files.as_slice() else {
        return Err(Failure::new(
            "--format access-analyzer answers for one document: give one file",
        ));
    };
    let bytes = read_text(path)?;
    let arena = Bump::new();
    let mut output = Output::new();
    let mut finish = |report: &Report<'_>| {
        output.line(&report.to_json().to_string())?;
        if report.is_incomplete {
            complain(
                "warning: the document repeats itself too often: not everything was compared, and more may be found",
            );
        }
        let worst = report.findings.iter().map(|found| found.rule.level).max();
        output.finish()?;
        Ok(match args.fail_on.level() {
            Some(least) if worst.is_some_and(|worst| worst >= least) => {
                ExitCode::from(exit::INVALID)
            }
            _ => ExitCode::SUCCESS,
        })
    };
    let text = match json::decode(&bytes) {
        Ok(text) => text,
        Err(problem) => {
            let sound = bytes.get(..problem.span.start as usize);
            let sound = sound.and_then(|bytes| core::str::from_utf8(bytes).ok());
            return finish(&Report::of_no_json(sound.unwrap_or_default(), &[*problem]));
        }
    };
    let data = args.data.open()?;
    let catalog = FromPack(&data);
    let options = |kind: PolicyKind| {
        let mut target = args.document_type.map_or(kind.into(), |own| own.target);
        target.resource = args.resource_type.or(target.resource);
        Options {
            catalog: &catalog,
            has_old_scp_rules: args.old_scp_rules,
            ..Options::new(target)
        }
    };
    let kind = args.document_type.map(|own| own.kind);
    if is_language(path) {
        return of_language(path, text, kind, &arena, options, finish);
    }
    // A text that holds a document in some form is about that document, and what holds none is checked as it is.
    let (found, _) = forms::read(text, kind, &arena);
    let (own, guessed) = match found {
        Some(found) => {
            let span = found.document.span;
            let own = match found.inner {
                Some(inner) => inner.text(),
                None if is_around(text, span) => text,
                None => text.get(span.range()).unwrap_or_default(),
            };
            (own, found.kind.unwrap_or_else(|| guess(&found.document)))
        }
        None => (text, PolicyKind::Identity),
    };
    lint(own, &options(guessed), |report| finish(&report))
}

/// True if there is nothing but blanks around a place.
fn is_around(text: &str, span: Span) -> bool {
    let is_blank = |part: Option<&str>| {
        part.is_some_and(|part| {
            part.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
                .is_empty()
        })
    };
    is_blank(text.get(..span.start as usize)) && is_blank(text.get(span.end as usize..))
}

/// The same for the policy language: the places are those of its own text.
fn of_language<'c>(
    path: &Path,
    text: &str,
    kind: Option<PolicyKind>,
    arena: &Bump,
    options: impl Fn(PolicyKind) -> Options<'c>,
    mut finish: impl FnMut(&Report<'_>) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let parsed = language::parse(path, text, kind, arena);
    let document = match parsed.documents.as_slice() {
        [one] => one.document,
        [] => {
            let name = display_name(path);
            let located = Source::new(&name, text).locate_all(parsed.diagnostics);
            let shown = render(&located, use_color(&io::stderr()));
            return Err(Failure::Message(exit::INVALID, shown));
        }
        _ => {
            return Err(Failure::new(
                "--format access-analyzer answers for one document, and the file has several",
            ));
        }
    };
    let node = tree(&document, arena);
    let mut report = lint_tree(node, text, &options(document.kind));
    let all = report.findings.len();
    // What imports bring has its places in other files.
    let is_own = |place: &Location<'_>| text.get(place.span.range()).is_some();
    report
        .findings
        .retain(|found| found.locations.iter().all(is_own));
    let left_out = all - report.findings.len();
    if left_out > 0 {
        complain(&format!(
            "warning: {} of files that this one imports: check those",
            counted(left_out, "finding")
        ));
    }
    finish(&report)
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
    format: CheckFormat,
    output: Output,
    found: Vec<Value>,
    /// For the formats of other programs.
    checked: Vec<formats::Checked>,
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
                    diagnostics: vec![*diagnostic],
                    inner: None,
                };
                (text.unwrap_or_default(), checked)
            }
        };
        let diagnostics = Source::new(&name, text).locate_all(checked.diagnostics);
        for diagnostic in &diagnostics {
            *match diagnostic.severity {
                Severity::LintError | Severity::Error => &mut self.errors,
                Severity::Warning => &mut self.warnings,
                Severity::Suggestion => &mut self.suggestions,
            } += 1;
        }
        match self.format {
            CheckFormat::Human if diagnostics.is_empty() => Ok(()),
            CheckFormat::Human | CheckFormat::AccessAnalyzer => {
                let color = self.output.color();
                let text = render(&diagnostics, color);
                self.output.line(&text)
            }
            CheckFormat::Json => {
                let values = diagnostics
                    .iter()
                    .map(|diagnostic| value(diagnostic, checked.kind, checked.inner));
                self.found.extend(values);
                Ok(())
            }
            CheckFormat::Sarif | CheckFormat::Github | CheckFormat::Junit => {
                self.checked.push(formats::Checked {
                    file: name,
                    diagnostics,
                });
                Ok(())
            }
        }
    }
}

/// `explain-code`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  portcullis explain-code PASS_ROLE_WITH_STAR_IN_RESOURCE")]
pub(crate) struct ExplainCodeArgs {
    /// The code of a finding of --format access-analyzer; without one all codes are listed
    code: Option<String>,
}

/// The page of a code, or all codes with their levels.
pub(crate) fn explain_code(args: &ExplainCodeArgs) -> Result<ExitCode, Failure> {
    let mut output = Output::new();
    match &args.code {
        Some(code) => {
            let rule = rules::find(code).ok_or_else(|| unknown_code(code))?;
            output.line(page(rule).trim_end())?;
        }
        None => {
            for rule in rules::all() {
                output.line(&format!("{:16}  {}", rule.level.as_str(), rule.code))?;
            }
        }
    }
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn unknown_code(code: &str) -> Failure {
    let all = [
        portcullis_source::codes::ALL,
        portcullis_syntax::codes::ALL,
        portcullis_dsl::codes::ALL,
    ];
    let own = all
        .into_iter()
        .flatten()
        .find(|own| own.as_str().eq_ignore_ascii_case(code));
    let help = match own {
        Some(_) => "it is a code of this project's own, which the message explains".to_owned(),
        None => {
            let names = rules::all().map(|rule| rule.code);
            nearest(&code.to_ascii_uppercase(), names).map_or_else(
                || "run explain-code without a code to list them".to_owned(),
                |name| format!("did you mean {name}?"),
            )
        }
    };
    Failure::new(format!(
        "{} is not an Access Analyzer code: {help}",
        quoted(code)
    ))
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
    diagnostics.extend(advice::size(kind, own, span.start));
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
    let found = parsed.documents.iter().flat_map(|one| {
        let mut all = advice::lint(&one.document);
        all.extend(operations(&one.document, catalog));
        all
    });
    diagnostics.extend(found.filter(is_own));
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
        let code = portcullis_syntax::codes::OPERATION_AS_ACTION;
        Some(Diagnostic::warning(code, action.span, message).with_help(help))
    });
    found.collect()
}

/// A diagnostic as JSON, with the type that its document was read as.
fn value(diagnostic: &Diagnostic, kind: Option<PolicyKind>, inner: Option<Inner<'_>>) -> Value {
    let mut value = formats::value(diagnostic);
    let Some(members) = value.as_object_mut() else {
        return value;
    };
    let kind = kind.map(PolicyKind::as_str);
    members.insert("type".to_owned(), kind.into());
    // The place in the document alone, beside that in the file (`IN-2`).
    if let Some(inner) = inner {
        let (line, column) = inner.position(diagnostic.span.start);
        members.insert("documentLine".to_owned(), line.into());
        members.insert("documentColumn".to_owned(), column.into());
    }
    value
}
