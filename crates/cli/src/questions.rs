//! Questions over all principals of a directory: `who-can`, `matrix`, `admins`, `outsiders`.

use std::path::PathBuf;
use std::process::ExitCode;

use bumpalo::Bump;
use clap::Args;
use portcullis_directory::{Directory, Query, lines};
use portcullis_model::{ContextEntry, Decision};
use portcullis_scenario::Source;
use serde_json::{Map, Value, json};

use crate::decide::Format;
use crate::directory::{DirectoryArgs, Keep, open_image};
use crate::failure::Failure;
use crate::output::{Disk, Output, printable};

pub(crate) const WHO_CAN: &str = "\
Examples:
  portcullis who-can --directory dumps --action s3:GetObject --resource arn:aws:s3:::reports/q1
  portcullis who-can --directory dumps --action iam:CreateUser --hops 2 --format json

Every user and role is asked, with what the directory knows of them and the context that is given.
With --hops, also those that can do it by assuming roles, one after the other.";

pub(crate) const MATRIX: &str = "\
Examples:
  portcullis matrix --directory dumps --action s3:GetObject,s3:PutObject --resource arn:aws:s3:::reports/q1
  portcullis matrix --directory dumps --principal arn:aws:iam::111122223333:user/ann --action s3:ListBucket \\
      --resource arn:aws:s3:::reports --resource arn:aws:s3:::archive

Every action is asked for every resource.";

pub(crate) const ADMINS: &str = "\
Examples:
  portcullis admins --directory dumps
  portcullis admins --directory dumps --context aws:MultiFactorAuthPresent=true --format json

Lists the users and roles that may do anything, also what no policy names, and those that may give
themselves policies.";

pub(crate) const OUTSIDERS: &str = "\
Examples:
  portcullis outsiders --directory dumps
  portcullis outsiders --directory dumps --context sts:ExternalId=e-17 --format json

Lists everyone outside of its account whom the trust policy of a role names, how far outside they
are, whether they could assume the role with the context that is given, and which keys the policies ask
for that are not in it. What the other account allows is taken to be everything, unless the directory
knows it.";

/// What all questions have.
#[derive(Args, Debug)]
pub(crate) struct Common {
    #[command(flatten)]
    directory: DirectoryArgs,
    /// An image of a directory, made by `compile --directory`
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with = "directory",
        help_heading = "Directory"
    )]
    image: Option<PathBuf>,
    /// A context key with its value; repeat a key for several values
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,
    /// How many threads ask; as many as the machine has if it is not said
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// How the answer is printed: a table, or one JSON object on each line
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Args, Debug)]
#[command(after_help = WHO_CAN)]
pub(crate) struct WhoCanArgs {
    #[command(flatten)]
    common: Common,
    /// The permission, as prefix:name
    #[arg(long)]
    action: String,
    /// The target's ARN, or `*`
    #[arg(long, value_name = "ARN", default_value = "*")]
    resource: String,
    /// The account that owns the resource
    #[arg(long, value_name = "ACCOUNT")]
    resource_account: Option<String>,
    /// How many roles may be assumed on the way
    #[arg(long, value_name = "N", default_value_t = 0)]
    hops: usize,
}

#[derive(Args, Debug)]
#[command(after_help = MATRIX)]
pub(crate) struct MatrixArgs {
    #[command(flatten)]
    common: Common,
    /// The permissions, as prefix:name
    #[arg(long, value_delimiter = ',', required = true)]
    action: Vec<String>,
    /// The targets' ARNs, or `*`
    #[arg(long, value_name = "ARN", default_value = "*")]
    resource: Vec<String>,
    /// The account that owns the resources
    #[arg(long, value_name = "ACCOUNT")]
    resource_account: Option<String>,
    /// Only this user or role
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
    /// Leave out those that may do nothing of it
    #[arg(long)]
    allowed: bool,
}

#[derive(Args, Debug)]
#[command(after_help = ADMINS)]
pub(crate) struct AdminsArgs {
    #[command(flatten)]
    common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = OUTSIDERS)]
pub(crate) struct OutsidersArgs {
    #[command(flatten)]
    common: Common,
}

impl Common {
    fn open(&self, keep: Keep) -> Result<Directory, Failure> {
        let directory = match &self.image {
            Some(image) => Some(open_image(image)?),
            None => self.directory.open(keep)?,
        };
        directory.ok_or_else(|| Failure::new("no directory: give --directory DIR or --image IMAGE"))
    }

    fn threads(&self) -> usize {
        let own = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(own).max(1)
    }

    /// The context, read as that of a request, whose action and resource are checked with it.
    fn context<'a>(
        &self,
        action: &str,
        resource: &str,
        arena: &'a Bump,
    ) -> Result<&'a [ContextEntry<'a>], Failure> {
        let mut context: Map<String, Value> = Map::new();
        for entry in &self.context {
            let Some((key, value)) = entry.split_once('=') else {
                let message = format_args!("--context {entry:?} is not KEY=VALUE");
                return Err(Failure::new(message));
            };
            let values = context.entry(key).or_insert_with(|| json!([]));
            if let Some(values) = values.as_array_mut() {
                values.push(Value::from(value));
            }
        }
        let request = json!({
            "principal": null,
            "action": action,
            "resource": resource,
            "context": context,
        });
        let text = arena.alloc_str(&request.to_string());
        let source = Source::new("", text);
        let mut found =
            lines(&source, &Disk, arena).map_err(|problems| Failure::problems(&problems))?;
        let line = found.pop().ok_or_else(|| Failure::new("no request"))?;
        match line.case.request {
            Some(request) => Ok(request.context),
            None => Err(Failure::problems(&line.case.problems)),
        }
    }

    /// A note at the end of tables, for directories that lack something.
    fn finish(&self, output: &mut Output, directory: &Directory) -> Result<ExitCode, Failure> {
        if directory.is_incomplete() && self.format == Format::Human {
            output.line("(incomplete: the directory refers to what is not there)")?;
        }
        output.finish()?;
        Ok(ExitCode::SUCCESS)
    }

    /// A line of an answer: an object, or texts in columns.
    fn line(
        &self,
        output: &mut Output,
        directory: &Directory,
        mut object: Value,
        columns: &[&str],
    ) -> Result<(), Failure> {
        match self.format {
            Format::Human => output.line(&printable(columns.join("  ").trim_end())),
            Format::Json => {
                if let (true, Some(object)) = (directory.is_incomplete(), object.as_object_mut()) {
                    object.insert("incomplete".to_string(), Value::Bool(true));
                }
                output.line(&object.to_string())
            }
        }
    }
}

/// Keeps the first failure of what is called back, so that the work can end.
fn keep(first: &mut Result<(), Failure>, outcome: Result<(), Failure>) {
    if first.is_ok() {
        *first = outcome;
    }
}

pub(crate) fn who_can(args: &WhoCanArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args.common.context(&args.action, &args.resource, &arena)?;
    let directory = args.common.open(Keep::Decisions)?;
    let query = Query {
        action: &args.action,
        resource: &args.resource,
        resource_account: args.resource_account.as_deref(),
        context,
    };
    let mut output = Output::new();
    let mut printed = Ok(());
    directory
        .who_can(query, args.hops, args.common.threads(), &mut |way| {
            let by = match way.roles.is_empty() {
                true => String::new(),
                false => format!("by {}", way.roles.join(", ")),
            };
            let object = json!({ "principal": way.arn, "roles": way.roles });
            let columns = [way.arn.as_str(), &by];
            let outcome = args.common.line(&mut output, &directory, object, &columns);
            keep(&mut printed, outcome);
        })
        .map_err(Failure::new)?;
    printed?;
    args.common.finish(&mut output, &directory)
}

pub(crate) fn matrix(args: &MatrixArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let mut queries = Vec::new();
    for action in &args.action {
        for resource in &args.resource {
            queries.push(Query {
                action,
                resource,
                resource_account: args.resource_account.as_deref(),
                context: args.common.context(action, resource, &arena)?,
            });
        }
    }
    let directory = args.common.open(Keep::Decisions)?;
    let mut output = Output::new();
    let mut printed = Ok(());
    let mut is_there = args.principal.is_none();
    directory
        .matrix(&queries, args.common.threads(), &mut |index, decisions| {
            let arn = directory.principal_arn(index).unwrap_or_default();
            if args.principal.as_ref().is_some_and(|own| *own != arn) {
                return;
            }
            is_there = true;
            if args.allowed && !decisions.iter().any(|decision| decision.is_allow()) {
                return;
            }
            let answers: Vec<Value> = queries
                .iter()
                .zip(decisions)
                .map(|(query, decision)| {
                    json!({
                        "action": query.action,
                        "resource": query.resource,
                        "decision": decision.as_str(),
                    })
                })
                .collect();
            let object = json!({ "principal": arn, "decisions": answers });
            let mut columns = vec![arn.as_str()];
            columns.extend(decisions.iter().map(|decision| short(*decision)));
            let outcome = args.common.line(&mut output, &directory, object, &columns);
            keep(&mut printed, outcome);
        })
        .map_err(Failure::new)?;
    printed?;
    if let (false, Some(principal)) = (is_there, &args.principal) {
        let message = format_args!("the directory has no user or role `{principal}`");
        return Err(Failure::new(message));
    }
    args.common.finish(&mut output, &directory)
}

/// A decision in a table.
fn short(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::ExplicitDeny => "deny ",
        Decision::ImplicitDeny => "-    ",
    }
}

pub(crate) fn admins(args: &AdminsArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args.common.context("iam:CreateUser", "*", &arena)?;
    let directory = args.common.open(Keep::Decisions)?;
    let mut output = Output::new();
    let mut printed = Ok(());
    directory
        .admins(context, args.common.threads(), &mut |admin| {
            let object = json!({
                "principal": admin.arn,
                "everything": admin.everything,
                "escalations": admin.escalations,
            });
            let can = match (admin.everything, admin.escalations.is_empty()) {
                (true, _) => "may do anything".to_string(),
                (false, _) => format!("may give itself policies: {}", admin.escalations.join(", ")),
            };
            let columns = [admin.arn.as_str(), &can];
            let outcome = args.common.line(&mut output, &directory, object, &columns);
            keep(&mut printed, outcome);
        })
        .map_err(Failure::new)?;
    printed?;
    args.common.finish(&mut output, &directory)
}

pub(crate) fn outsiders(args: &OutsidersArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args.common.context("sts:AssumeRole", "*", &arena)?;
    if args.common.image.is_some() {
        let message = "trust policies are not in an image: give --directory DIR";
        return Err(Failure::new(message));
    }
    let directory = args.common.open(Keep::Explanations)?;
    let mut output = Output::new();
    let mut printed = Ok(());
    directory
        .outsiders(context, &mut |one| {
            let decision = one.decision.map(Decision::as_str);
            let object = json!({
                "role": one.role,
                "who": one.who,
                "scope": one.scope.as_str(),
                "decision": decision,
                "missingKeys": one.missing_keys,
            });
            let keys = match one.missing_keys.is_empty() {
                true => String::new(),
                false => format!("asks for {}", one.missing_keys.join(", ")),
            };
            let columns = [
                one.role.as_str(),
                &one.who,
                one.scope.as_str(),
                decision.unwrap_or("unknown"),
                &keys,
            ];
            let outcome = args.common.line(&mut output, &directory, object, &columns);
            keep(&mut printed, outcome);
        })
        .map_err(Failure::new)?;
    printed?;
    args.common.finish(&mut output, &directory)
}
