//! `decide` and `explain`: one request.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use bumpalo::Bump;
use clap::{Args, ValueEnum};
use portcullis::{Reports, Scratch};
use portcullis_directory::{Directory, RequestPolicies};
use portcullis_explain::{Story, between};
use portcullis_image::Image;
use portcullis_model::{Decision, Request};
use portcullis_scenario::{Case, Note, RequestForm};
use portcullis_scenario::{Line, lines};
use portcullis_source::{Diagnostic, Source, Start};
use portcullis_syntax::{Policy, PolicySets};
use serde_json::{Value, json};

use crate::catalog::{DataArgs, operation_note};
use crate::directory::{Decider, DirectoryArgs, Keep, is_directory_image, open_image};
use crate::engine::{
    Answer, Engine, Policies, answer, changes, image, insert_notes, layer_name, said,
};
use crate::failure::{Failure, exit};
use crate::inputs;
use crate::output::{Disk, Output, VERSION, display_name, printable, read, write};
use crate::policies::{PolicyArgs, Purpose, Selected, check_resource};

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
  portcullis explain --directory dumps --request request.json --format html --output why.html

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

/// How an explanation is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum StoryFormat {
    /// Text for people
    #[default]
    Human,
    /// One JSON value
    Json,
    /// A picture
    Svg,
    /// A page with the picture and the text
    Html,
}

#[derive(Args, Debug)]
pub(crate) struct DecideArgs {
    #[command(flatten)]
    question: QuestionArgs,
    #[command(flatten)]
    data: DataArgs,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: StoryFormat,
    /// Write the answer to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A request, and what it is decided by.
#[derive(Args, Debug)]
struct QuestionArgs {
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

pub(crate) fn decide(args: &DecideArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let question = &args.question;
    let catalog = args.data.open()?;
    // It is the request's name that is said something of: the policies decide by what they say.
    let named = |request: &Request<'_>| {
        let note = operation_note(&catalog, request.action)?;
        Some(format!("there is no action `{}`: {note}", request.action))
    };
    let answer = match question.directory(Keep::Decisions)? {
        Some(directory) => {
            let (request, extra, notes) = question.of_directory(&arena)?;
            let mut decider = Decider::new(question.engine, &directory);
            let answer = decider.answer(&request, extra, &notes, &arena);
            let answer = answer.map_err(Failure::new)?;
            answer.with_notes(named(&request))
        }
        None => {
            let (selected, request, notes) = question.load(&arena)?;
            let policies = question.prepare(&selected, Keep::Decisions)?;
            let mut scratch = Scratch::new();
            let answer = answer(question.engine, &policies, &request, &notes, &mut scratch);
            let answer = answer.map_err(Failure::new)?;
            answer.with_notes(named(&request))
        }
    };
    let incomplete = answer.is_incomplete;
    let text = match args.format {
        Format::Human => {
            let mut text = said(&answer);
            if incomplete {
                let _ = write!(text, " {INCOMPLETE}");
            }
            for note in &answer.notes {
                let _ = write!(text, "\nnote: {}", printable(note));
            }
            text
        }
        Format::Json => {
            let mut value = json!({
                "version": VERSION,
                "decision": answer.decision.as_str(),
                "by": names(&answer),
            });
            if let Some(object) = value.as_object_mut() {
                if incomplete {
                    object.insert("incomplete".to_string(), Value::Bool(true));
                }
                insert_notes(object, &answer.notes);
            }
            value.to_string()
        }
    };
    print_answer(&text, answer.decision)
}

pub(crate) fn explain(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let question = &args.question;
    if let Some(directory) = question.directory(Keep::Explanations)? {
        let (request, extra, notes) = question.of_directory(&arena)?;
        let folder = question.directory.directory.as_deref();
        let mut decider = Decider::new(question.engine, &directory).located_in(folder);
        let explained = decider.explain(&request, extra, &notes, &arena)?;
        return args.tell(&explained.story());
    }
    let (selected, request, notes) = question.load(&arena)?;
    let policies = question.prepare(&selected, Keep::Explanations)?;
    let mut scratch = Scratch::new();
    // Explanations are the virtual machine's; asking for the other engine asks to compare.
    let engine = match question.engine {
        Engine::Reference => Engine::Both,
        engine => engine,
    };
    let answer = answer(engine, &policies, &request, &notes, &mut scratch);
    let notes = answer.map_err(Failure::new)?.notes;
    let explanation = policies.explain(&request);
    let changes = match question.image.is_empty() {
        true => changes(&selected.sets, &request, &arena).map_err(Failure::new)?,
        false => explanation.changes().clone(),
    };
    let mut explanation = Reports::from(explanation);
    write_texts(&mut explanation, &selected.sets);
    args.tell(&Story {
        explanation: &explanation,
        request: &request,
        scene: None,
        changes: Some(&changes),
        notes,
        is_incomplete: false,
    })
}

/// Gives statements that matched their texts, for pictures and pages.
fn write_texts(explanation: &mut Reports, sets: &PolicySets<'_>) {
    let alone = [
        Some(&sets.identity),
        sets.boundary.as_ref(),
        sets.session.as_ref(),
        sets.resource.as_ref(),
        sets.vpc_endpoint.as_ref(),
    ];
    let chains = sets.scps.iter().chain(&sets.rcps);
    let all: Vec<&Policy<'_>> = alone
        .into_iter()
        .flatten()
        .chain(chains)
        .flatten()
        .collect();
    let layers = explanation.layers.iter_mut();
    for own in layers.flat_map(|layer| layer.statements.iter_mut()) {
        let mut named = all.iter();
        let policy = named.find(|policy| policy.name == own.policy && policy.file == own.file);
        let text = policy.and_then(|policy| between(policy.text, own.start, own.end));
        own.text = text.map(str::to_string);
    }
}

impl ExplainArgs {
    /// Prints a story, or writes it to a file.
    fn tell(&self, story: &Story<'_>) -> Result<ExitCode, Failure> {
        let decision = story.explanation.outcome.decision();
        let color = self.output.is_none() && Output::new().color();
        let text = match self.format {
            StoryFormat::Human => story.text(color),
            StoryFormat::Json => story.json().to_string(),
            StoryFormat::Svg => story.svg(),
            StoryFormat::Html => story.html(),
        };
        match self
            .output
            .as_deref()
            .filter(|path| path.as_os_str() != "-")
        {
            None => print_answer(&text, decision),
            Some(path) => {
                let text = format!("{}\n", text.trim_end());
                write(path, text.as_bytes())?;
                Ok(exit_code(decision))
            }
        }
    }
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
const INCOMPLETE: &str = "(incomplete: the directory refers to missing items)";

fn names(answer: &Answer) -> Vec<String> {
    answer.by.iter().map(|layer| layer_name(*layer)).collect()
}

fn exit_code(decision: Decision) -> ExitCode {
    match decision {
        Decision::Allow => ExitCode::SUCCESS,
        Decision::ExplicitDeny | Decision::ImplicitDeny => ExitCode::from(exit::DENY),
    }
}

impl QuestionArgs {
    /// The directory that is named, as a folder or an image.
    fn directory(&self, keep: Keep) -> Result<Option<Directory>, Failure> {
        if self.directory.directory.is_some() {
            self.policies.check_beside_directory()?;
        }
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

    /// The request for a directory, the policies that come with it, and the notes that were taken in
    /// reading it.
    fn of_directory<'a>(
        &self,
        arena: &'a Bump,
    ) -> Result<(Request<'a>, RequestPolicies<'a>, Vec<Note<'a>>), Failure> {
        let (request, mut extra, notes) = self.request.load_line(arena)?;
        if !self.policies.is_empty() {
            let (identity, session) = self.policies.beside_directory(arena)?;
            extra.identity = extra.identity.or(identity);
            extra.session = extra.session.or(session);
        }
        Ok((request, extra, notes))
    }

    /// The policies that are named, and the request with the notes that were taken in reading it.
    fn load<'a>(
        &self,
        arena: &'a Bump,
    ) -> Result<(Selected<'a>, Request<'a>, Vec<Note<'a>>), Failure> {
        if self.policies.is_empty() && self.image.is_empty() {
            return Err(Failure::new(
                "no policies: give --identity FILE, --image IMAGE, --scenario FILE, --directory DIR or the like",
            ));
        }
        let own_request = self.request.is_empty() && self.policies.has_scenario();
        let purpose = match own_request {
            true => Purpose::OwnRequest,
            false => Purpose::GivenRequest,
        };
        let mut selected = self.policies.load(purpose, arena)?;
        let (request, notes) = match selected.request {
            Some(request) => (request, selected.notes.clone()),
            None => self.request.load(arena)?,
        };
        selected
            .sets
            .write_out_apis(std::iter::once(request.resource), arena);
        check_resource(&selected.sets, &request)?;
        Ok((selected, request, notes))
    }

    fn prepare<'p, 'a>(
        &self,
        selected: &'p Selected<'a>,
        keep: Keep,
    ) -> Result<Policies<'p, 'a>, Failure> {
        let debug = keep == Keep::Explanations;
        let sets: &'p PolicySets<'a> = &selected.sets;
        if self.image.is_empty() {
            // An explanation needs an image whatever engine decides.
            let engine = match keep {
                Keep::Decisions => self.engine,
                Keep::Explanations => Engine::Both,
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
        let fail = |problem: Box<Diagnostic>| Failure::problems(&[*problem]);
        Source::decode(name, text, Start::FILE).map_err(fail)
    }

    /// The one request, with the policies that it carries for a directory, and notes.
    fn load_line<'a>(
        &self,
        arena: &'a Bump,
    ) -> Result<(Request<'a>, RequestPolicies<'a>, Vec<Note<'a>>), Failure> {
        let source = self.source(arena)?;
        let found =
            lines(&source, &Disk, arena).map_err(|problems| Failure::problems(&problems))?;
        let Ok([line]) = <[Line<'a>; 1]>::try_from(found) else {
            return Err(Failure::new(
                "expected one request, the file contains a list",
            ));
        };
        match line.case.request {
            Some(request) => Ok((request, line.extra, line.case.notes)),
            None => Err(Failure::problems(&line.case.problems)),
        }
    }

    fn load<'a>(&self, arena: &'a Bump) -> Result<(Request<'a>, Vec<Note<'a>>), Failure> {
        let source = self.source(arena)?;
        let node = arena.alloc(inputs::parse(&source, arena)?);
        let read: Case<'a> =
            portcullis_scenario::request(node, RequestForm::Listed, &Rc::clone(&source), arena);
        match read.request {
            Some(request) => Ok((request, read.notes)),
            None => Err(Failure::problems(&read.problems)),
        }
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
        let principal = inputs::principal(principal)?;
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
