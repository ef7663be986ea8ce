//! The format access-analyzer: the answer of ValidatePolicy.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use bumpalo::Bump;
use portcullis_lint::{Location, Options, Report, guess, lint, lint_tree, tree};
use portcullis_model::PolicyKind;
use portcullis_scenario::is_language;
use portcullis_source::json;
use portcullis_source::{Source, render};
use portcullis_syntax::ast::Span;
use portcullis_syntax::forms;

use super::{CheckArgs, counted};
use crate::failure::{Failure, complain, exit, use_color};
use crate::language;
use crate::lint_catalog::FromPack;
use crate::output::{Output, display_name, read_text};

/// The answer of ValidatePolicy on one document.
pub(super) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
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
        Ok(match args.fail_on.unwrap_or_default().level() {
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
    let catalog = FromPack::new(&data);
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
    let mut report = lint_tree(node, text, None, &options(document.kind));
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
