//! `decide` and `explain`: one request.

use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use bumpalo::Bump;
use clap::{Args, ValueEnum};
use portcullis_directory::{Directory, Extra, Line, lines};
use portcullis_image::Image;
use portcullis_model::{Decision, Request};
use portcullis_scenario::{Case, Problem, RequestForm, Source};
use portcullis_syntax::PolicySets;
use portcullis_syntax::json;
use serde_json::{Value, json};

use crate::directory::{Decider, DirectoryArgs, Keep, is_directory_image, open_image};
use crate::engine::{Answer, Engine, Policies, answer, image, layer_name, said};
use crate::failure::{Failure, exit};
use crate::output::{Disk, Output, display_name, read};
use crate::policies::{PolicyArgs, Purpose, Selected, check_resource};
use crate::report;

pub(crate) const DECIDE_EXAMPLES: &str = "\
Examples:
  portcullis decide --identity ann.json --boundary limits.json \\
      --principal arn:aws:iam::111122223333:user/ann \\
      --action s3:GetObject --resource arn:aws:s3:::b/k \\
      --context aws:SourceIp=203.0.113.9 --context aws:TagKeys=a --context aws:TagKeys=b
  portcullis decide --scp root.json --scp unit.json,shared.json --identity ann.json --request request.json
  portcullis decide --image account.pcl --image bucket.pcl --request - < request.json
  portcullis decide --scenario corpus.jsonl --case 'ann may read'
  portcullis decide --directory dumps --principal arn:aws:iam::111122223333:user/ann \\
      --action s3:GetObject --resource arn:aws:s3:::b/k

Exit status: 0 Allow, 2 ExplicitDeny or ImplicitDeny, 3 a policy is invalid, 1 any other failure.";

pub(crate) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  portcullis explain --identity ann.json --principal arn:aws:iam::111122223333:user/ann \\
      --action s3:GetObject --resource arn:aws:s3:::b/k
  portcullis explain --scenario corpus.jsonl --case 'ann may read' --format json
  portcullis explain --directory dumps --principal arn:aws:sts::111122223333:assumed-role/App/s \\
      --action sqs:SendMessage --resource arn:aws:sqs:eu-west-1:111122223333:jobs

Exit status: 0 Allow, 2 ExplicitDeny or ImplicitDeny, 3 a policy is invalid, 1 any other failure.";

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[default]
    Human,
    /// One JSON value
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct DecideArgs {
    #[command(flatten)]
    policies: PolicyArgs,
    /// An image to decide by; several make a stack, with other policies on top. An image of a
    /// directory stands for the directory
    #[arg(long, value_name = "IMAGE", num_args = 1.., help_heading = "Policies",
        conflicts_with = "scenario")]
    image: Vec<PathBuf>,
    #[command(flatten)]
    directory: DirectoryArgs,
    #[command(flatten)]
    request: RequestArgs,
    /// Who decides
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Request")]
struct RequestArgs {
    /// Who asks: an ARN, an account id, `anonymous`, or a JSON object such as {"Service": "…"}
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
    /// The permission asked for, as prefix:name
    #[arg(long)]
    action: Option<String>,
    /// The target's ARN, or `*`
    #[arg(long, value_name = "ARN")]
    resource: Option<String>,
    /// The account that owns the resource
    #[arg(long, value_name = "ACCOUNT")]
    resource_account: Option<String>,
    /// A context key with its value; repeat a key for several values
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,
    /// The request as a JSON object in a file; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "principal", "action", "resource", "resource_account", "context"])]
    request: Option<PathBuf>,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Print {
    Decision,
    Explanation,
}

pub(crate) fn run(args: &DecideArgs, print: Print) -> Result<ExitCode, Failure> {
    if let Some(directory) = args.directory(print)? {
        return args.by_directory(&directory, print);
    }
    if args.policies.is_empty() && args.image.is_empty() {
        return Err(Failure::new(
            "no policies: give --identity FILE, --image IMAGE, --scenario FILE, --directory DIR or the like",
        ));
    }
    let arena = Bump::new();
    let own_request = args.request.is_empty() && args.policies.has_scenario();
    let purpose = match own_request {
        true => Purpose::OwnRequest,
        false => Purpose::GivenRequest,
    };
    let selected = args.policies.load(purpose, &arena)?;
    let request = match selected.request {
        Some(request) => request,
        None => args.request.load(&arena)?,
    };
    check_resource(&selected.sets, &request)?;

    let policies = args.prepare(&selected, print)?;
    let mut prepared = portcullis_vm::Request::new();
    let engine = match (print, args.engine) {
        // Explanations are the virtual machine's; asking for the other engine asks to compare.
        (Print::Explanation, Engine::Reference) => Engine::Both,
        (_, engine) => engine,
    };
    let answer = answer(engine, &policies, &request, &mut prepared).map_err(Failure::new)?;
    let text = match print {
        Print::Decision => decision_text(&answer, args.format),
        Print::Explanation => {
            let explanation = report::explain(policies.images(), &request, &mut prepared);
            match args.format {
                Format::Human => report::human(&explanation, &request, None),
                Format::Json => report::machine(&explanation, &request).to_string(),
            }
        }
    };
    print_answer(&text, answer.decision)
}

fn print_answer(text: &str, decision: Decision) -> Result<ExitCode, Failure> {
    let mut output = Output::new();
    let printed = output.line(text.trim_end()).and_then(|()| output.finish());
    match printed {
        // The answer is also the exit code, and that nobody reads the text does not change it.
        Ok(()) | Err(Failure::BrokenPipe) => Ok(exit_code(decision)),
        Err(failure) => Err(failure),
    }
}

/// What is said beside an answer of a directory that lacks something.
const INCOMPLETE: &str = "(incomplete: the directory refers to what is not there)";

fn names(answer: &Answer) -> Vec<String> {
    answer.by.iter().map(|layer| layer_name(*layer)).collect()
}

fn with_incomplete(mut value: Value, incomplete: bool) -> Value {
    if let (true, Some(object)) = (incomplete, value.as_object_mut()) {
        object.insert("incomplete".to_string(), Value::Bool(true));
    }
    value
}

fn decision_text(answer: &Answer, format: Format) -> String {
    match format {
        Format::Human => said(answer),
        Format::Json => {
            json!({ "decision": answer.decision.as_str(), "by": names(answer) }).to_string()
        }
    }
}

fn exit_code(decision: Decision) -> ExitCode {
    match decision {
        Decision::Allow => ExitCode::SUCCESS,
        Decision::ExplicitDeny | Decision::ImplicitDeny => ExitCode::from(exit::DENY),
    }
}

impl DecideArgs {
    /// The directory that is named, as a folder or an image.
    fn directory(&self, print: Print) -> Result<Option<Directory>, Failure> {
        if self.directory.directory.is_some() {
            self.policies.check_beside_directory()?;
        }
        let keep = match print {
            Print::Decision => Keep::Decisions,
            Print::Explanation => Keep::Explanations,
        };
        if let Some(directory) = self.directory.open(keep)? {
            return match self.image.is_empty() {
                true => Ok(Some(directory)),
                false => Err(Failure::new("give either --directory or --image")),
            };
        }
        match self.image.as_slice() {
            [image] if is_directory_image(image) => open_image(image).map(Some),
            _ => Ok(None),
        }
    }

    /// Decides or explains by a directory.
    fn by_directory(&self, directory: &Directory, print: Print) -> Result<ExitCode, Failure> {
        let arena = Bump::new();
        let (request, mut extra) = self.request.load_line(&arena)?;
        if !self.policies.is_empty() {
            let (identity, session) = self.policies.beside_directory(&arena)?;
            extra.identity = extra.identity.or(identity);
            extra.session = extra.session.or(session);
        }
        let mut decider = Decider::new(self.engine, directory);
        let answer = decider.answer(&request, extra.clone(), &arena);
        let answer = answer.map_err(Failure::new)?;
        let incomplete = directory.is_incomplete();
        let text = match print {
            Print::Decision => match (incomplete, self.format) {
                (_, Format::Json) => with_incomplete(
                    json!({ "decision": answer.decision.as_str(), "by": names(&answer) }),
                    incomplete,
                )
                .to_string(),
                (true, Format::Human) => format!("{} {INCOMPLETE}", said(&answer)),
                (false, Format::Human) => said(&answer),
            },
            Print::Explanation => {
                let (explanation, request) = decider.explain(&request, extra, &arena)?;
                match self.format {
                    Format::Human => {
                        let text = report::human(&explanation, &request, None);
                        match incomplete {
                            true => format!("{text}\n{INCOMPLETE}"),
                            false => text,
                        }
                    }
                    Format::Json => {
                        let value = report::machine(&explanation, &request);
                        with_incomplete(value, incomplete).to_string()
                    }
                }
            }
        };
        print_answer(&text, answer.decision)
    }

    fn prepare<'p, 'a>(
        &self,
        selected: &'p Selected<'a>,
        print: Print,
    ) -> Result<Policies<'p, 'a>, Failure> {
        let debug = print == Print::Explanation;
        let sets: &'p PolicySets<'a> = &selected.sets;
        if self.image.is_empty() {
            // An explanation needs an image whatever engine decides.
            let engine = match print {
                Print::Decision => self.engine,
                Print::Explanation => Engine::Both,
            };
            return Policies::new(engine, sets, debug).map_err(Failure::new);
        }
        let mut images = Vec::new();
        for path in &self.image {
            images.push(read_image(path)?);
        }
        if !self.policies.is_empty() {
            images.push(image(sets, debug).map_err(Failure::new)?);
        }
        Ok(Policies::of_images(images))
    }
}

/// Reads an image and checks it.
pub(crate) fn read_image(path: &std::path::Path) -> Result<Image<Vec<u8>>, Failure> {
    let bytes = read(path)?;
    let name = display_name(path);
    Image::from_bytes(bytes).map_err(|error| Failure::new(format_args!("{name}: {error}")))
}

impl RequestArgs {
    fn is_empty(&self) -> bool {
        self.principal.is_none()
            && self.action.is_none()
            && self.resource.is_none()
            && self.resource_account.is_none()
            && self.context.is_empty()
            && self.request.is_none()
    }

    fn source<'a>(&self, arena: &'a Bump) -> Result<Rc<Source<'a>>, Failure> {
        let (name, text): (&'a str, &'a [u8]) = match &self.request {
            Some(path) => (
                arena.alloc_str(&display_name(path)),
                arena.alloc_slice_copy(&read(path)?),
            ),
            None => ("", arena.alloc_str(&self.as_json()?).as_bytes()),
        };
        let fail = |problem: Problem<'_>| Failure::problems(&[problem]);
        Source::decode(name, text, 1).map_err(fail)
    }

    /// The one request, with the policies that it carries for a directory.
    fn load_line<'a>(&self, arena: &'a Bump) -> Result<(Request<'a>, Extra<'a>), Failure> {
        let source = self.source(arena)?;
        let found =
            lines(&source, &Disk, arena).map_err(|problems| Failure::problems(&problems))?;
        let Ok([line]) = <[Line<'a>; 1]>::try_from(found) else {
            return Err(Failure::new("one request is wanted, the file holds a list"));
        };
        match line.case.request {
            Some(request) => Ok((request, line.extra)),
            None => Err(Failure::problems(&line.case.problems)),
        }
    }

    fn load<'a>(&self, arena: &'a Bump) -> Result<Request<'a>, Failure> {
        let source = self.source(arena)?;
        let node = json::parse(source.text(), arena).map_err(|diagnostics| {
            let problems: Vec<Problem<'_>> = diagnostics
                .into_iter()
                .map(|diagnostic| Problem::of_json(&source, diagnostic))
                .collect();
            Failure::problems(&problems)
        })?;
        let node = arena.alloc(node);
        let read: Case<'a> =
            portcullis_scenario::request(node, RequestForm::Listed, &Rc::clone(&source), arena);
        read.request
            .ok_or_else(|| Failure::problems(&read.problems))
    }

    /// The request of the options in the form of a file.
    fn as_json(&self) -> Result<String, Failure> {
        let (Some(principal), Some(action)) = (&self.principal, &self.action) else {
            return Err(Failure::new(
                "no request: give --principal, --action and --resource, or --request FILE",
            ));
        };
        let mut context: Vec<(&str, Vec<&str>)> = Vec::new();
        for entry in &self.context {
            let Some((key, value)) = entry.split_once('=') else {
                return Err(Failure::new(format_args!(
                    "--context {entry:?} is not KEY=VALUE"
                )));
            };
            match context.iter_mut().find(|(own, _)| *own == key) {
                Some((_, values)) => values.push(value),
                None => context.push((key, vec![value])),
            }
        }
        let context: serde_json::Map<String, Value> = context
            .into_iter()
            .map(|(key, values)| (key.to_string(), json!(values)))
            .collect();
        // An object is passed on as it is: the reader of requests knows what may be in it.
        let principal = match principal.trim_start().starts_with('{') || principal == "null" {
            true => principal.clone(),
            false => Value::from(principal.as_str()).to_string(),
        };
        let rest = json!({
            "action": action,
            "resource": self.resource.as_deref().unwrap_or("*"),
            "resourceAccount": self.resource_account,
            "context": context,
        });
        let rest = rest.to_string();
        let rest = rest.strip_prefix('{').unwrap_or(&rest);
        Ok(format!("{{\"principal\":{principal},{rest}"))
    }
}
