//! `tighten`: a policy narrowed to what requests use, proved to allow nothing more.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bumpalo::Bump;
use clap::Args;
use portcullis::prove::{AXIOMS, Answer, read};
use portcullis::tighten::{Options, Request, TightenError, Tightened, tighten};
use portcullis_dsl::{print_dsl, print_json};
use portcullis_model::PolicyKind;
use portcullis_scenario::lines;
use portcullis_source::{Source, Start, printable};
use portcullis_syntax::Policy;
use serde_json::{Value, json};

use crate::check::kinds;
use crate::decide::Format;
use crate::failure::{Failure, complain, exit};
use crate::inputs;
use crate::language::{Notation, emit};
use crate::output::{Disk, Output, VERSION, display_name};
use crate::policies::read_policies;
use crate::scenarios::each_text;

const EXAMPLES: &str = "\
Examples:
  portcullis tighten policy.json --requests used.jsonl > narrow.json
  portcullis tighten policy.json --requests used.jsonl --merge-above 20 -o narrow.json
  portcullis tighten --type boundary boundary.json --requests used.jsonl --format json

A line of the requests is what `batch --directory` reads: principal, action, resource, context. Each request that the policy allows
stays allowed: the machine decides it under the result. That the result allows nothing that the policy does not is proved, or nothing
is written. Deny statements and conditions stay as they are.

Exit status: 0 every request is allowed, 2 the policy does not allow some, and so the result does not, 3 the policy is invalid,
4 it is not known whether the result allows more, so that there is none, 1 any other failure.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TightenArgs {
    /// The policy, without principals
    policy: PathBuf,
    /// The requests that have to stay allowed, one JSON object on each line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    requests: PathBuf,
    /// What kind of policy the file is
    #[arg(long = "type", value_name = "TYPE", value_parser = kinds(), default_value = "identity", hide_possible_values = true)]
    kind: PolicyKind,
    /// Write more resources than this, if one entry of the policy covers them, as their common beginning with a `*`; without this
    /// option, every resource is listed
    #[arg(long, value_name = "COUNT")]
    merge_above: Option<usize>,
    /// The notation of the result
    #[arg(long, value_enum, default_value = "json")]
    to: Notation,
    /// Where to write the result; standard output if left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A request, and where it stands.
struct Line<'a> {
    name: Option<&'a str>,
    line: usize,
    request: Request<'a>,
}

pub(crate) fn run(args: &TightenArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let policies = read_policies([&args.policy], args.kind, &arena)?;
    let [policy] = policies.as_slice() else {
        return Err(Failure::new("the file has to hold one policy"));
    };
    let mut notes = Vec::new();
    let lines = read_requests(&args.requests, &mut notes, &arena)?;
    let requests: Vec<Request<'_>> = lines.iter().map(|own| own.request).collect();
    let options = Options {
        most: args.merge_above,
        ..Options::default()
    };
    let tight = tighten(policy, &requests, &options, &arena)
        .map_err(|error| refused(&error, args, &lines))?;
    let text = print_json(&tight.document);
    read_again(&text, &tight)?;
    let result = match args.to {
        Notation::Json => text.clone(),
        Notation::Dsl => print_dsl(&tight.document, &name_of(policy, &args.policy)),
    };
    match args.format {
        Format::Human => {
            emit(args.output.as_deref(), &result)?;
            tell(args, policy, &tight, &lines, &notes);
        }
        Format::Json => {
            let value = value(args, policy, &tight, &lines, &notes, &text)?;
            // Standard output is that of the answer, which has the policy.
            let file = args.output.as_deref();
            if let Some(file) = file.filter(|file| file.as_os_str() != "-") {
                emit(Some(file), &result)?;
            }
            let mut output = Output::new();
            output.line(&value.to_string())?;
            output.finish()?;
        }
    }
    Ok(match tight.not_allowed.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(exit::DENY),
    })
}

/// What the result is called: as the policy is, or like its file.
fn name_of(policy: &Policy<'_>, path: &Path) -> String {
    if policy.name != policy.file {
        return policy.name.to_owned();
    }
    let stem = path
        .file_stem()
        .filter(|_| path.as_os_str() != "-")
        .map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| "policy".to_owned())
}

/// Every request of a file. One that cannot be read fails the whole: a policy that was made without it would deny it.
fn read_requests<'a>(
    path: &Path,
    notes: &mut Vec<String>,
    arena: &'a Bump,
) -> Result<Vec<Line<'a>>, Failure> {
    let mut all = Vec::new();
    each_text(path, |source, _, _| {
        let source = source.map_err(|problem| Failure::problems(&[problem]))?;
        let start = Start {
            line: source.first_line(),
            ..Start::FILE
        };
        let file = arena.alloc_str(source.file());
        let source = Source::at(file, arena.alloc_str(source.text()), start);
        let found = lines(&source, &Disk, arena).map_err(|found| Failure::problems(&found))?;
        for found in found {
            let Some(request) = found.case.request else {
                return Err(Failure::problems(&found.case.problems));
            };
            let (line, _) = source.position(found.case.span.start);
            if found.extra.session.is_some() || found.extra.identity.is_some() {
                let file = one_line(path);
                return Err(Failure::new(format_args!(
                    "{file}:{line}: a request to tighten a policy for has no policies of its own"
                )));
            }
            for note in found.case.notes {
                let note = note.to_string();
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
            all.push(Line {
                name: found.case.name,
                line,
                request,
            });
        }
        Ok(())
    })?;
    Ok(all)
}

/// The printed result says what was proved, or nobody gets it.
fn read_again(text: &str, tight: &Tightened<'_>) -> Result<(), Failure> {
    let arena = Bump::new();
    match read("the result", text, tight.document.kind, &arena) {
        Ok(again) if again.document == tight.document => Ok(()),
        _ => Err(Failure::new(
            "the result is not read back as it was proved, which is a mistake of this program; please report the policy and \
             the requests",
        )),
    }
}

/// Why there is no result.
fn refused(error: &TightenError, args: &TightenArgs, lines: &[Line<'_>]) -> Failure {
    let policy = one_line(&args.policy);
    let place = match error {
        TightenError::NoRequests | TightenError::NothingAllowed => one_line(&args.requests),
        TightenError::NoAction(number) | TightenError::Lost(number) => {
            let line = lines.get(*number).map_or(0, |own| own.line);
            format!("{}:{line}", one_line(&args.requests))
        }
        _ => policy,
    };
    let mut text = format!("error: {place}: {error}");
    let mut code = exit::FAILURE;
    if let TightenError::NotProved(answer) = error
        && let Answer::Unknown(reasons) = &**answer
    {
        code = exit::UNKNOWN;
        for reason in reasons {
            text.push_str(&format!("\n  because {reason}"));
        }
    }
    Failure::Message(code, text)
}

/// What was done, for people: on standard error, so that standard output is the policy alone.
fn tell(
    args: &TightenArgs,
    policy: &Policy<'_>,
    tight: &Tightened<'_>,
    lines: &[Line<'_>],
    notes: &[String],
) {
    let (old, requests) = (one_line(&args.policy), one_line(&args.requests));
    let allowed = lines.len() - tight.not_allowed.len();
    complain(&format!(
        "proved: the result allows nothing that {old} does not; {allowed} of {} requests are allowed",
        lines.len()
    ));
    let kinds = [
        (&tight.not_allowed, "not allowed, as before"),
        (&tight.not_needed, "allowed whatever the policy says"),
    ];
    for (numbers, what) in kinds {
        for own in numbers.iter().filter_map(|number| lines.get(*number)) {
            let request = format!("{} on {}", own.request.action, own.request.resource);
            let request = printable(&request);
            complain(&format!("{requests}:{}: {what}: {request}", own.line));
        }
    }
    for index in &tight.dropped {
        let sid = policy.document.statements.get(*index);
        let name = match sid.and_then(|own| own.sid) {
            Some(sid) => format!("statement `{}`", printable(sid.value)),
            None => format!("statement {index}"),
        };
        complain(&format!("{old}: {name} is dropped: no request needs it"));
    }
    for note in notes {
        complain(&format!("note: {}", printable(note)));
    }
}

/// The answer for programs: `docs/schemas/tighten.json`.
fn value(
    args: &TightenArgs,
    policy: &Policy<'_>,
    tight: &Tightened<'_>,
    lines: &[Line<'_>],
    notes: &[String],
    text: &str,
) -> Result<Value, Failure> {
    let arena = Bump::new();
    let printed = inputs::parse(&Source::new("the result", text), &arena)?;
    let told = |numbers: &[usize]| {
        let own = numbers.iter().filter_map(|number| lines.get(*number));
        let own = own.map(|own| {
            json!({
                "line": own.line,
                "name": own.name,
                "action": own.request.action,
                "resource": own.request.resource,
            })
        });
        own.collect::<Vec<Value>>()
    };
    let old = |index: &usize| {
        let statement = policy.document.statements.get(*index);
        let sid = statement.and_then(|own| own.sid);
        json!({"statementIndex": index, "statementId": sid.map(|sid| sid.value)})
    };
    Ok(json!({
        "version": VERSION,
        "file": one_line(&args.policy),
        "type": args.kind.as_str(),
        "policy": inputs::shown(&printed),
        "origins": tight.origins.iter().map(old).collect::<Vec<_>>(),
        "dropped": tight.dropped.iter().map(old).collect::<Vec<_>>(),
        "requests": lines.len(),
        "notAllowed": told(&tight.not_allowed),
        "notNeeded": told(&tight.not_needed),
        "axioms": AXIOMS.iter().map(|own| own.id).collect::<Vec<_>>(),
        "notes": notes,
    }))
}

/// How a file is called, on one line whatever its name holds.
fn one_line(path: &Path) -> String {
    printable(&display_name(path)).into_owned()
}
