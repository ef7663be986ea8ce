//! `fmt`, `convert` and `expand`: the policy language and JSON.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use bumpalo::Bump;
use clap::{Args, ValueEnum};
use portcullis_dsl::{
    Minified, MinifyOptions, NamedDocument, Parsed, minify, minify_json, parse_with, print_dsl,
    print_json,
};
use portcullis_lint::guess;
use portcullis_model::PolicyKind;
use portcullis_scenario::{Imports, is_language, language_documents};
use portcullis_source::json::{self, Node};
use portcullis_source::{Diagnostic, Reader, Source, Start, codes};
use portcullis_syntax::ast::Document;
use portcullis_syntax::forms;
use portcullis_syntax::policy::{ReadOptions, read_policy};
use serde_json::{Value, json as json_value};

use crate::check::kinds;
use crate::failure::{Failure, complain, exit};
use crate::inputs;
use crate::output::{Disk, Output, display_name, read_text, write};

const FMT_EXAMPLES: &str = "\
Examples:
  portcullis fmt policies/*.iam
  portcullis fmt --check policies/*.iam
  portcullis fmt - < readers.iam

Files are rewritten in place; standard input is answered on standard output.

Exit status: 0 all is as it should be, 1 --check found a file that is not, 3 a file has syntax errors.";

#[derive(Args, Debug)]
#[command(after_help = FMT_EXAMPLES)]
pub(crate) struct FmtArgs {
    /// Files of the policy language; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing, name the files that are not formatted
    #[arg(long)]
    check: bool,
    /// Print the result in place of rewriting the file
    #[arg(long, conflicts_with = "check")]
    stdout: bool,
}

const CONVERT_EXAMPLES: &str = "\
Examples:
  portcullis convert --to dsl policy.json
  portcullis convert --to json --minify -o policy.json readers.iam

A file of several policies becomes a list of {\"name\", \"type\", \"document\"}, which is read back.

Exit status: 0 converted, 3 the file has errors, 1 any other failure.";

#[derive(Args, Debug)]
#[command(after_help = CONVERT_EXAMPLES)]
pub(crate) struct ConvertArgs {
    /// A policy, as JSON or, if its name ends in .iam, in the policy language; `-` is JSON on standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The notation to convert to
    #[arg(long, value_enum)]
    to: Notation,
    /// Where to write; standard output if left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The type of policies that do not say it; guessed for JSON
    #[arg(long = "type", value_name = "TYPE", value_parser = kinds(), hide_possible_values = true)]
    kind: Option<PolicyKind>,
    /// The policy of this name alone
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// As small as can be without changing a decision, and say what was saved
    #[arg(long)]
    minify: bool,
    /// Leave every Sid out too: nothing is decided by it, but explanations and logs name it
    #[arg(long, requires = "minify")]
    drop_sids: bool,
}

const EXPAND_EXAMPLES: &str = "\
Example:
  portcullis expand readers.iam

Shows the JSON that comes of names, templates, `or` and `unless`.";

#[derive(Args, Debug)]
#[command(after_help = EXPAND_EXAMPLES)]
pub(crate) struct ExpandArgs {
    /// A file of the policy language
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Notation {
    /// The JSON of AWS
    Json,
    /// The policy language
    Dsl,
}

/// Reads a text of the policy language.
pub(crate) fn parse<'a>(
    path: &Path,
    text: &'a str,
    kind: Option<PolicyKind>,
    arena: &'a Bump,
) -> Parsed<'a> {
    let options = portcullis_dsl::Options {
        default_kind: kind.unwrap_or(PolicyKind::Identity),
        ..portcullis_dsl::Options::default()
    };
    parse_with(text, arena, &Imports::new(&Disk, path), &options)
}

/// A file of the policy language with its policies.
pub(crate) fn load<'a>(
    path: &Path,
    kind: PolicyKind,
    arena: &'a Bump,
) -> Result<(Rc<Source<'a>>, Vec<NamedDocument<'a>>), Failure> {
    let source = source(path, arena)?;
    let (documents, problems) = language_documents(&source, ReadOptions::new(kind), &Disk, arena);
    match problems.is_empty() {
        true => Ok((source, documents)),
        false => Err(Failure::problems(&problems)),
    }
}

fn source<'a>(path: &Path, arena: &'a Bump) -> Result<Rc<Source<'a>>, Failure> {
    let name = arena.alloc_str(&display_name(path));
    let bytes = arena.alloc_slice_copy(&read_text(path)?);
    Source::decode(name, bytes, Start::FILE)
        .map_err(|problem| Failure::problems(&[problem.in_policy()]))
}

pub(crate) fn fmt(args: &FmtArgs) -> Result<ExitCode, Failure> {
    let mut output = Output::new();
    let mut worst = None;
    let mut unformatted = 0;
    for path in &args.files {
        let arena = Bump::new();
        let source = match source(path, &arena) {
            Ok(source) => source,
            Err(failure) => {
                worst = worst.max(Some(told(failure)?));
                continue;
            }
        };
        let formatted = match portcullis_dsl::format(source.text()) {
            Ok(formatted) => formatted,
            Err(diagnostics) => {
                let problems = in_policy(&source, diagnostics);
                worst = worst.max(Some(told(Failure::problems(&problems))?));
                continue;
            }
        };
        let changed = formatted != source.text();
        if args.check {
            if changed {
                unformatted += 1;
                output.line(&format!("{} is not formatted", display_name(path)))?;
            }
        } else if args.stdout || path.as_os_str() == "-" {
            output.bytes(formatted.as_bytes())?;
        } else if changed && let Err(failure) = write(path, formatted.as_bytes()) {
            worst = worst.max(Some(told(failure)?));
        }
    }
    output.finish()?;
    Ok(match (worst, unformatted) {
        (Some(code), _) => ExitCode::from(code),
        (None, 0) => ExitCode::SUCCESS,
        (None, _) => ExitCode::from(exit::FAILURE),
    })
}

/// The problems of a policy, located in its text.
fn in_policy(source: &Source<'_>, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let located = source.locate_all(diagnostics).into_iter();
    located.map(Diagnostic::in_policy).collect()
}

/// The exit code of a failure that does not keep other files from being looked at.
fn told(failure: Failure) -> Result<u8, Failure> {
    match failure {
        Failure::Message(code, text) => {
            complain(&text);
            Ok(code)
        }
        Failure::BrokenPipe => Err(Failure::BrokenPipe),
    }
}

pub(crate) fn convert(args: &ConvertArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let mut documents = match is_language(&args.file) {
        true => load(
            &args.file,
            args.kind.unwrap_or(PolicyKind::Identity),
            &arena,
        )?
        .1
        .into_iter()
        .map(|named| (named.name.value.to_string(), named.document))
        .collect(),
        false => json_documents(&args.file, args.kind, &arena)?,
    };
    if let Some(name) = &args.policy {
        documents.retain(|(own, _)| own == name);
        if documents.is_empty() {
            return Err(Failure::new(format_args!(
                "{}: there is no policy `{name}`",
                display_name(&args.file)
            )));
        }
    }
    let mut texts = Vec::new();
    for (name, document) in &documents {
        let mut document = *document;
        if args.minify {
            let options = MinifyOptions {
                drop_sids: args.drop_sids,
                ..MinifyOptions::default()
            };
            let minified = minify(&document, options, &arena);
            let without_sids = MinifyOptions {
                drop_sids: true,
                ..options
            };
            let smaller = minify(&document, without_sids, &arena).after;
            complain(&saved(name, &minified, smaller));
            document = minified.document;
        }
        texts.push(match (args.to, args.minify) {
            (Notation::Dsl, _) => print_dsl(&document, name),
            (Notation::Json, true) => minify_json(&document),
            (Notation::Json, false) => print_json(&document),
        });
    }
    let text = match (args.to, texts.as_slice()) {
        (Notation::Dsl, _) => texts.join("\n"),
        (Notation::Json, [one]) => one.clone(),
        (Notation::Json, _) => listed(&documents, &texts)?,
    };
    emit(args.output.as_deref(), &text)
}

pub(crate) fn expand(args: &ExpandArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let (_, documents) = load(&args.file, PolicyKind::Identity, &arena)?;
    let documents: Vec<(String, Document<'_>)> = documents
        .into_iter()
        .map(|named| (named.name.value.to_string(), named.document))
        .collect();
    let texts: Vec<String> = documents
        .iter()
        .map(|(_, document)| print_json(document))
        .collect();
    let text = match texts.as_slice() {
        [one] => one.clone(),
        _ => listed(&documents, &texts)?,
    };
    emit(None, &text)
}

/// What minifying came to, in a line.
fn saved(name: &str, minified: &Minified<'_>, without_sids: usize) -> String {
    let Minified { before, after, .. } = minified;
    let quota = match (&minified.quota, minified.fits()) {
        (None, _) => String::new(),
        (Some(quota), true) => format!(", within the {} of its type", quota.limit),
        (Some(quota), false) => format!(
            ", which exceeds the {} of its type; there is no smaller form with the same decisions and names",
            quota.limit
        ),
    };
    let more = match after.saturating_sub(without_sids) {
        0 => String::new(),
        more => format!("; {more} more without Sids (--drop-sids)"),
    };
    format!("{name}: {before} characters before, {after} after{quota}{more}")
}

/// Several policies as one JSON list.
fn listed(documents: &[(String, Document<'_>)], texts: &[String]) -> Result<String, Failure> {
    let arena = Bump::new();
    let policies = documents.iter().zip(texts).map(|((name, document), text)| {
        let printed = inputs::parse(&Source::new(name, text), &arena)?;
        let document = (document.kind.as_str(), inputs::shown(&printed));
        Ok(json_value!({ "name": name, "type": document.0, "document": document.1 }))
    });
    let policies: Vec<Value> = policies.collect::<Result<_, Failure>>()?;
    Ok(format!("{:#}", Value::from(policies)))
}

pub(crate) fn emit(path: Option<&Path>, text: &str) -> Result<ExitCode, Failure> {
    let text = format!("{}\n", text.trim_end());
    match path.filter(|path| path.as_os_str() != "-") {
        Some(path) => write(path, text.as_bytes())?,
        None => {
            let mut output = Output::new();
            output.bytes(text.as_bytes())?;
            output.finish()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The policies of a JSON file, with their names: one, or a list as several are printed.
fn json_documents<'a>(
    path: &Path,
    kind: Option<PolicyKind>,
    arena: &'a Bump,
) -> Result<Vec<(String, Document<'a>)>, Failure> {
    let source = source(path, arena)?;
    let read = json::parse(source.text(), arena).ok();
    let list = read.and_then(|node| node.as_array());
    let is_named = |own: &&Node<'_>| own.get("name").is_some() && own.get("document").is_some();
    match list.filter(|list| !list.is_empty() && list.iter().all(|own| is_named(&own))) {
        Some(list) => listed_documents(list, &source, kind, arena),
        None => Ok(vec![json_document(path, &source, kind, arena)?]),
    }
}

/// What [`listed`] prints, read back.
fn listed_documents<'a>(
    list: &'a [Node<'a>],
    source: &Rc<Source<'a>>,
    kind: Option<PolicyKind>,
    arena: &'a Bump,
) -> Result<Vec<(String, Document<'a>)>, Failure> {
    let mut reader = Reader::new(source);
    let mut documents = Vec::new();
    for node in list {
        let names = ["name", "type", "document"];
        let Some([name, own, document]) = reader.members(node, "a policy of the list", names)
        else {
            continue;
        };
        let name = reader.text(name);
        let told = reader.text(own);
        let own_kind = told.and_then(PolicyKind::parse);
        if let (Some(told), None, Some(member)) = (told, own_kind, own) {
            let message = format!("`{told}` is not a type of policies");
            reader.problem(codes::DATA_TYPE_MISMATCH, member.value.span, message);
        }
        let (Some(name), Some(document)) = (name, document) else {
            continue;
        };
        let kind = kind.or(own_kind).unwrap_or_else(|| guess(&document.value));
        let (document, diagnostics) = read_policy(document.value, ReadOptions::new(kind), arena);
        let errors = diagnostics.into_iter().filter(Diagnostic::is_error);
        reader.problems.extend(in_policy(source, errors.collect()));
        documents.extend(document.map(|document| (name.to_string(), document)));
    }
    match reader.problems.is_empty() {
        true => Ok(documents),
        false => Err(Failure::problems(&reader.problems)),
    }
}

/// The policy of a JSON file, with a name.
fn json_document<'a>(
    path: &Path,
    source: &Rc<Source<'a>>,
    kind: Option<PolicyKind>,
    arena: &'a Bump,
) -> Result<(String, Document<'a>), Failure> {
    let failed = |diagnostics: Vec<portcullis_source::Diagnostic>| {
        let errors = diagnostics.into_iter().filter(Diagnostic::is_error);
        Failure::problems(&in_policy(source, errors.collect()))
    };
    let (found, mut diagnostics) = forms::read(source.text(), kind, arena);
    let name = found.and_then(|found| found.name);
    let document = found.and_then(|found| {
        let kind = kind
            .or(found.kind)
            .unwrap_or_else(|| guess(&found.document));
        let (document, more) = read_policy(found.document, ReadOptions::new(kind), arena);
        diagnostics.extend(more);
        document
    });
    let is_sound = !diagnostics.iter().any(|problem| problem.is_error());
    let Some(document) = document.filter(|_| is_sound) else {
        return Err(failed(diagnostics));
    };
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let name = name.map(str::to_string).or(stem).filter(|name| name != "-");
    match name {
        Some(name) => Ok((name, document)),
        None => Ok(("policy".to_string(), document)),
    }
}
