//! `actions`: the permissions that operations of AWS's APIs need.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use portcullis_catalog::{Action, Catalog, Found, Key, Need, Operation, Permission, ResourceType};
use serde_json::{Value, json};

use crate::catalog::{DataArgs, source};
use crate::decide::Format;
use crate::failure::{Failure, complain, exit};
use crate::output::{Output, VERSION, printable};

const EXAMPLES: &str = "\
Examples:
  portcullis actions s3:ListObjectsV2
  portcullis actions ec2 run-instances elbv2 describe-load-balancers
  portcullis actions --format json s3:CopyObject

The service is called as in policies, on AWS's command line, in an SDK or in an event of CloudTrail; a word without `:` takes
the next word as its operation.

Exit status: 0 all are known, 3 one is not, 1 any other failure.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ActionsArgs {
    /// Operations, as `service:Operation`, `service operation`, or `aws service operation`
    #[arg(required = true, value_name = "OPERATION")]
    operations: Vec<String>,
    #[command(flatten)]
    data: DataArgs,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is said of one permission.
struct Line<'c> {
    name: String,
    /// What the references say; none if they do not have the action.
    details: Option<Action<'c>>,
    need: Need<&'c str>,
    resource: Option<&'c str>,
    notes: Vec<String>,
}

/// What is said of operations that need the same.
struct Answer<'c> {
    /// As `client.Operation`.
    names: Vec<String>,
    source: Option<&'c portcullis_catalog::Source>,
    permissions: Vec<Line<'c>>,
    notes: Vec<String>,
}

pub(crate) fn run(args: &ActionsArgs) -> Result<ExitCode, Failure> {
    let catalog = args.data.open()?;
    let mut output = Output::new();
    let mut values = Vec::new();
    let mut unknown = false;
    let mut is_first = true;
    for (service, name) in asked(&args.operations)? {
        let query = format!("{service}:{name}");
        let answers = match answers(&catalog, service, name) {
            Ok(answers) => answers,
            Err(nearest) => {
                unknown = true;
                let message = format!("unknown operation `{query}`");
                match args.format {
                    Format::Json => values.push(json!({
                        "version": VERSION,
                        "query": query,
                        "error": message,
                        "nearest": nearest,
                    })),
                    Format::Human => complain(&printable(&refused(&message, &nearest))),
                }
                continue;
            }
        };
        for answer in &answers {
            match args.format {
                Format::Json => values.push(machine(&query, answer)),
                Format::Human => {
                    if !core::mem::take(&mut is_first) {
                        output.line("")?;
                    }
                    output.bytes(printable(&human(answer)).as_bytes())?;
                }
            }
        }
    }
    if args.format == Format::Json {
        output.line(&Value::from(values).to_string())?;
    }
    output.finish()?;
    Ok(match unknown {
        true => ExitCode::from(exit::INVALID),
        false => ExitCode::SUCCESS,
    })
}

fn refused(message: &str, nearest: &[String]) -> String {
    let mut text = format!("error: {message}");
    if !nearest.is_empty() {
        let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(text, "\nhelp: the nearest names are {}", names.join(", "));
    }
    text
}

/// The services and operations that words ask for, as AWS's command line, an SDK, or an event calls them.
fn asked(words: &[String]) -> Result<Vec<(&str, &str)>, Failure> {
    let mut found = Vec::new();
    // What was copied from a terminal may be one argument.
    let mut words = words.iter().flat_map(|word| word.split_whitespace());
    while let Some(word) = words.next() {
        if word == "aws" {
            continue;
        }
        // The source of an event is a host.
        let member = || {
            word.split_once('.')
                .filter(|_| !word.ends_with(".amazonaws.com"))
        };
        found.push(match word.split_once(':').or_else(member) {
            Some(both) => both,
            None => {
                let operation = words.next().ok_or_else(|| {
                    let what = "expected an operation after it, or `service:Operation`";
                    Failure::new(format_args!("{word:?} names a service alone: {what}"))
                })?;
                (word, operation)
            }
        });
    }
    match found.is_empty() {
        true => Err(Failure::new(
            "no operation is asked for: name one, as `service:Operation`",
        )),
        false => Ok(found),
    }
}

/// What is known of an operation, or the nearest names.
fn answers<'c>(
    catalog: &'c Catalog,
    service: &str,
    name: &str,
) -> Result<Vec<Answer<'c>>, Vec<String>> {
    match catalog.operation(service, name) {
        Found::Unknown(nearest) => Err(nearest),
        Found::SameName(action) => Ok(vec![assumed(catalog, action)]),
        Found::Operations(operations) => {
            let mut answers: Vec<Answer<'c>> = Vec::new();
            for operation in operations {
                let new = listed(operation);
                let same = answers.iter_mut().find(|own| own.is_like(&new));
                match same {
                    Some(own) => own.names.extend(new.names),
                    None => answers.push(new),
                }
            }
            Ok(answers)
        }
    }
}

impl Answer<'_> {
    fn is_like(&self, other: &Answer<'_>) -> bool {
        let alike = |a: &Line<'_>, b: &Line<'_>| {
            a.name == b.name && a.need == b.need && a.resource == b.resource
        };
        let (own, others) = (&self.permissions, &other.permissions);
        let mut pairs = own.iter().zip(others);
        own.len() == others.len() && pairs.all(|(a, b)| alike(a, b)) && self.source == other.source
    }
}

fn listed(operation: Operation<'_>) -> Answer<'_> {
    let permissions: Vec<Line<'_>> = operation.permissions().into_iter().map(line).collect();
    let mut notes = Vec::new();
    if permissions.is_empty() {
        notes.push("it needs no permission".to_owned());
    }
    Answer {
        names: vec![format!(
            "{}.{}",
            operation.client().name(),
            operation.name()
        )],
        source: operation.source(),
        permissions,
        notes,
    }
}

/// An answer of the name alone, which says so.
fn assumed<'c>(catalog: &Catalog, action: Action<'c>) -> Answer<'c> {
    let oldest = catalog.sources().iter().find(|source| !source.is_reference);
    let what = match oldest {
        Some(source) => format!(
            "the table of operations ({source}, {date})",
            source = source.name,
            date = source.date
        ),
        None => "the catalog".to_owned(),
    };
    Answer {
        names: vec![action.to_string()],
        source: None,
        permissions: vec![Line {
            name: action.to_string(),
            details: Some(action),
            need: Need::Always,
            resource: None,
            notes: age(action).into_iter().collect(),
        }],
        notes: vec![format!(
            "{what} does not list this operation: the action is taken because it has the same name, and others may be \
             needed beside it"
        )],
    }
}

fn line(permission: Permission<'_>) -> Line<'_> {
    let details = permission.details();
    let mut notes = Vec::new();
    match details {
        None => notes.push("no reference lists this action".to_owned()),
        Some(action) => notes.extend(age(action)),
    }
    if !permission.is_documented() {
        notes.push("AWS does not document this".to_owned());
    }
    Line {
        name: permission.to_string(),
        details,
        need: permission.need(),
        resource: permission.resource(),
        notes,
    }
}

/// A note for an action that no reference lists any more.
fn age(action: Action<'_>) -> Option<String> {
    let seen = action.last_seen();
    (!action.is_current()).then(|| format!("last listed {} by {}", seen.date, seen.name))
}

fn names<'c>(keys: impl IntoIterator<Item = Key<'c>>) -> Vec<&'c str> {
    keys.into_iter().map(Key::name).collect()
}

/// The keys of a type of an action: those that the action has for it, and those that tell of such resources.
fn of_type<'c>(own: impl Iterator<Item = Key<'c>>, kind: ResourceType<'c>) -> Vec<&'c str> {
    let mut keys = names(own.chain(kind.keys()));
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn human(answer: &Answer<'_>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", answer.names.join(", "));
    for line in &answer.permissions {
        let level = line.details.map(|action| action.level().as_str());
        let level = level.map_or(String::new(), |level| format!(" ({level})"));
        let need = match line.need {
            Need::Always => String::new(),
            Need::When(when) => format!(", if {when}"),
            Need::Sometimes => ", for some requests: the source does not say which".to_owned(),
        };
        let _ = writeln!(out, "  {}{level}{need}", line.name);
        if let Some(resource) = line.resource {
            let _ = writeln!(out, "      on {resource}");
        }
        if let Some(action) = line.details {
            let _ = write!(out, "{}", resources(action));
        }
        for note in &line.notes {
            let _ = writeln!(out, "      note: {note}");
        }
    }
    if let Some(source) = answer.source {
        let _ = writeln!(out, "  source: {}, {}", source.name, source.date);
    }
    for note in &answer.notes {
        let _ = writeln!(out, "  note: {note}");
    }
    out
}

fn resources(action: Action<'_>) -> String {
    let mut out = String::new();
    let mut is_any = false;
    for resource in action.resources() {
        is_any = true;
        let kind = resource.resource_type();
        let always = match resource.is_required() {
            true => " (required)",
            false => "",
        };
        let arn = kind
            .arn_formats()
            .next()
            .unwrap_or("of a format that is not known");
        let _ = writeln!(out, "      resource {kind}{always}: {arn}");
        let keys = of_type(resource.keys(), kind);
        if !keys.is_empty() {
            let _ = writeln!(out, "          keys: {}", keys.join(", "));
        }
    }
    if !is_any {
        let _ = writeln!(out, "      resource: *");
    }
    let keys = names(action.own_keys());
    if !keys.is_empty() {
        let _ = writeln!(out, "      keys: {}", keys.join(", "));
    }
    let dependents: Vec<String> = action.dependents().map(|name| name.to_string()).collect();
    if !dependents.is_empty() {
        let _ = writeln!(out, "      may need too: {}", dependents.join(", "));
    }
    out
}

fn machine(query: &str, answer: &Answer<'_>) -> Value {
    let permissions = answer.permissions.iter().map(|line| {
        let resources = line.details.into_iter().flat_map(Action::resources);
        let resources = resources.map(|resource| {
            let kind = resource.resource_type();
            json!({
                "type": kind.name(),
                "required": resource.is_required(),
                "arns": kind.arn_formats().collect::<Vec<_>>(),
                "keys": of_type(resource.keys(), kind),
            })
        });
        let dependents = line.details.into_iter().flat_map(Action::dependents);
        json!({
            "action": line.name,
            "level": line.details.map(|action| action.level().as_str()),
            "always": line.need == Need::Always,
            "when": match line.need {
                Need::When(when) => Some(when),
                Need::Always | Need::Sometimes => None,
            },
            "resource": line.resource,
            "resources": resources.collect::<Vec<_>>(),
            "keys": line.details.map(|action| names(action.own_keys())),
            "dependentActions": dependents.map(|name| name.to_string()).collect::<Vec<_>>(),
            "notes": line.notes,
        })
    });
    json!({
        "version": VERSION,
        "query": query,
        "operations": answer.names,
        "source": answer.source.map(source),
        "permissions": permissions.collect::<Vec<_>>(),
        "notes": answer.notes,
    })
}
