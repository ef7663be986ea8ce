//! Questions over all principals of a directory: `who-can`, `what-can`, `matrix`, `admins`, `external-access`.

use std::process::ExitCode;

use bumpalo::Bump;
use clap::Args;
use portcullis_directory::{AccessQuery, Directory, RequestPolicies};
use portcullis_model::{Caller, ContextEntry, Decision, Request};
use portcullis_scenario::lines;
use portcullis_source::Source;
use serde_json::{Map, Value, json};

use crate::answers::{Answers, Asked, for_programs, in_words};
use crate::decide::Format;
use crate::directory::{AnyDirectoryArgs, Keep};
use crate::failure::{Failure, complain};
use crate::inputs;
use crate::output::{Disk, printable};

pub(crate) const WHO_CAN: &str = "\
Examples:
  portcullis who-can --directory dumps --action s3:GetObject --resource arn:aws:s3:::reports/q1
  portcullis who-can --directory dumps --action iam:CreateUser --hops 2 --format json

Every user and role is asked, with what the directory knows of them and the context that is given.
With --hops, also those that can do it by assuming roles, one after the other.";

pub(crate) const WHAT_CAN: &str = "\
Examples:
  portcullis what-can --directory dumps --principal arn:aws:iam::111122223333:user/ann --resource arn:aws:s3:::reports/q1
  portcullis what-can --directory dumps --principal arn:aws:iam::111122223333:role/App
  portcullis what-can --image organization.pcl --principal … --resource … --action s3:GetObject,s3:PutObject

Without --action, every action is asked for that a policy names which takes part. A pattern stands for what
it matches and no policy names more closely; what is denied is listed if an allowed pattern matches it.
Without --resource, every resource of the directory is asked for, the objects of buckets (~ stands for any
key), every role, and `*`.";

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

pub(crate) const EXTERNAL_ACCESS: &str = "\
Examples:
  portcullis external-access --directory dumps
  portcullis external-access --directory dumps --context sts:ExternalId=e-17 --format json

Lists everyone outside of its account whom the trust policy of a role names, how far outside they
are, whether they could assume the role with the context that is given, and which keys the policies ask
for that are not in it. What the other account allows is taken to be everything, unless the directory
knows it.";

/// What is asked of: a directory, and what is known of every request.
#[derive(Args, Debug)]
pub(crate) struct Asking {
    #[command(flatten)]
    pub(crate) directory: AnyDirectoryArgs,
    /// A context key with its value; repeat a key for several values
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,
    /// How many threads ask; as many as the machine has if it is not said
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// What all questions have.
#[derive(Args, Debug)]
pub(crate) struct Common {
    #[command(flatten)]
    asking: Asking,
    /// How the answer is printed: a table, or one JSON object on each line
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Do not cut the lines of the table to the width of the terminal
    #[arg(long)]
    wide: bool,
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
#[command(after_help = WHAT_CAN)]
pub(crate) struct WhatCanArgs {
    #[command(flatten)]
    common: Common,
    /// Who asks: an ARN, an account id, or a JSON object such as {"Service": "…"}
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// The targets' ARNs, or `*`
    #[arg(long, value_name = "ARN")]
    resource: Vec<String>,
    /// The account that owns the resources
    #[arg(long, value_name = "ACCOUNT")]
    resource_account: Option<String>,
    /// The permissions, as prefix:name
    #[arg(long, value_delimiter = ',')]
    action: Vec<String>,
    /// List also what is denied
    #[arg(long)]
    all: bool,
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
#[command(after_help = EXTERNAL_ACCESS)]
pub(crate) struct ExternalAccessArgs {
    #[command(flatten)]
    common: Common,
}

impl Common {
    /// How the answer is printed.
    fn look(&self) -> (Format, bool) {
        (self.format, self.wide)
    }
}

impl Asking {
    pub(crate) fn threads(&self) -> usize {
        let own = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(own).max(1)
    }

    /// The context, read as that of a request, whose action and resource are checked with it.
    pub(crate) fn context<'a>(
        &self,
        action: &str,
        resource: &str,
        arena: &'a Bump,
    ) -> Result<&'a [ContextEntry<'a>], Failure> {
        let request = self.request("null", action, resource, arena)?;
        Ok(request.context)
    }

    /// A request of a principal, in JSON, with the context that is given.
    fn request<'a>(
        &self,
        principal: &str,
        action: &str,
        resource: &str,
        arena: &'a Bump,
    ) -> Result<Request<'a>, Failure> {
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
        let rest = json!({
            "action": action,
            "resource": resource,
            "context": context,
        });
        let rest = rest.to_string();
        let rest = rest.strip_prefix('{').unwrap_or(&rest);
        let text = arena.alloc_str(&format!("{{\"principal\":{principal},{rest}"));
        let source = Source::new("", text);
        let mut found =
            lines(&source, &Disk, arena).map_err(|problems| Failure::problems(&problems))?;
        let line = found.pop().ok_or_else(|| Failure::new("no request"))?;
        line.case
            .request
            .ok_or_else(|| Failure::problems(&line.case.problems))
    }

    /// What whoever reads the answers should know, on standard error, where it is in no answer's way: why nobody is
    /// there, and which policies of the resources were not seen.
    fn tell(directory: &Directory, queries: &[AccessQuery<'_>]) {
        if directory.principal_count() == 0 {
            complain("note: the directory has no user and no role");
        }
        let arena = Bump::new();
        let mut told: Vec<String> = Vec::new();
        for query in queries {
            let request = Request {
                resource_account: query.resource_account,
                context: query.context,
                ..Request::new(Caller::Anonymous, query.action, query.resource)
            };
            let question = directory.complete(&request, RequestPolicies::default(), &arena);
            for note in question.map_or_else(|_| Vec::new(), |own| directory.notes(&own)) {
                if !told.contains(&note) {
                    complain(&format!("note: {}", printable(&note)));
                    told.push(note);
                }
            }
        }
    }
}

pub(crate) fn who_can(args: &WhoCanArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args
        .common
        .asking
        .context(&args.action, &args.resource, &arena)?;
    let opened = args.common.asking.directory.open(Keep::Decisions)?;
    let directory = &opened.directory;
    let query = AccessQuery {
        action: &args.action,
        resource: &args.resource,
        resource_account: args.resource_account.as_deref(),
        context,
    };
    Asking::tell(directory, &[query]);
    let by = match args.hops {
        0 => String::new(),
        hops => format!(" by assuming at most {hops} roles"),
    };
    let asked = Asked {
        question: "who-can",
        words: format!("{} on {}{by}", args.action, args.resource),
        members: json!({
            "action": args.action,
            "resource": args.resource,
            "resourceAccount": args.resource_account,
            "hops": args.hops,
        }),
        context,
        principals: Some(directory.principal_count()),
    };
    let head = with_people(directory, &["principal", "by assuming"]);
    let mut answers = Answers::new(args.common.look(), &opened, asked, &head);
    directory
        .who_can(query, args.hops, args.common.asking.threads(), &mut |way| {
            answers.found += 1;
            let object = json!({ "principal": way.arn, "roles": way.roles });
            answers.add_principal(object, &way.arn, &[&way.arn, &way.roles.join(", ")]);
        })
        .map_err(Failure::new)?;
    answers.finish("no user or role may do it")
}

pub(crate) fn what_can(args: &WhatCanArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let principal = inputs::principal(&args.principal)?;
    // A request that is only read, to see that caller and context are sound.
    let read = |action: &str, resource: &str| {
        args.common
            .asking
            .request(&principal, action, resource, &arena)
    };
    let asked = read("iam:CreateUser", "*")?;
    for action in &args.action {
        read(action, "*")?;
    }
    for resource in &args.resource {
        read("iam:CreateUser", resource)?;
    }
    let opened = args.common.asking.directory.open(Keep::Decisions)?;
    let directory = &opened.directory;
    let resources = match args.resource.is_empty() {
        true => directory.known_resources(),
        false => args.resource.clone(),
    };
    let query = |resource| AccessQuery {
        action: "",
        resource,
        resource_account: args.resource_account.as_deref(),
        context: asked.context,
    };
    // What is told is of the resource, whatever its service is asked to do.
    let of_service = |resource: &str| {
        let service = resource.split(':').nth(2).unwrap_or("iam");
        format!("{service}:Any")
    };
    let actions: Vec<String> = args.resource.iter().map(|own| of_service(own)).collect();
    let given = args
        .resource
        .iter()
        .zip(&actions)
        .map(|(own, action)| AccessQuery {
            action,
            ..query(own)
        });
    Asking::tell(directory, &given.collect::<Vec<_>>());
    let people = asked
        .principal
        .caller
        .arn()
        .and_then(|arn| directory.people_of(arn));
    if let Some(people) = &people {
        let told = format!(
            "note: behind the permission set {}: {}",
            people.permission_set,
            in_words(people)
        );
        complain(&printable(&told));
    }
    let what = match (args.action.as_slice(), args.resource.as_slice()) {
        ([], [resource]) => format!("any action on {resource}"),
        ([action], [resource]) => format!("{action} on {resource}"),
        (actions, given) => {
            let actions = match actions.len() {
                0 => "any action".to_string(),
                count => format!("{count} actions"),
            };
            let known = if given.is_empty() { "known " } else { "" };
            format!("{actions} on {} {known}resources", resources.len())
        }
    };
    let told = Asked {
        question: "what-can",
        words: format!("{what} by {}", args.principal),
        members: json!({
            "principal": args.principal,
            "actions": args.action,
            "resources": resources.len(),
            "resourceAccount": args.resource_account,
            "identityCenter": people.as_ref().map(for_programs),
        }),
        context: asked.context,
        principals: None,
    };
    let head = ["decision", "action", "resource"];
    let mut answers = Answers::new(args.common.look(), &opened, told, &head);
    for resource in &resources {
        let query = query(resource);
        let all = directory
            .what_can(&asked.principal, query, &args.action)
            .map_err(Failure::new)?;
        for can in all {
            let is_listed = can.decision.is_allow() || can.is_exception;
            answers.found += usize::from(can.decision.is_allow());
            if !(is_listed || args.all || !args.action.is_empty()) {
                continue;
            }
            let object = json!({
                "action": can.action,
                "resource": resource,
                "decision": can.decision.as_str(),
            });
            answers.add(object, &[short(can.decision), &can.action, resource]);
        }
    }
    answers.finish("nothing that was asked is allowed")
}

pub(crate) fn matrix(args: &MatrixArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let mut queries = Vec::new();
    for action in &args.action {
        for resource in &args.resource {
            queries.push(AccessQuery {
                action,
                resource,
                resource_account: args.resource_account.as_deref(),
                context: args.common.asking.context(action, resource, &arena)?,
            });
        }
    }
    let opened = args.common.asking.directory.open(Keep::Decisions)?;
    let directory = &opened.directory;
    Asking::tell(directory, &queries);
    // A grid: a column for each pair, told above it where one line does not hold them all.
    let title = |number: usize| match queries.get(number) {
        Some(query) if queries.len() == 1 => query.action.to_string(),
        _ => (number + 1).to_string(),
    };
    let titles: Vec<String> = (0..queries.len()).map(title).collect();
    let head: Vec<&str> = std::iter::once("principal")
        .chain(titles.iter().map(String::as_str))
        .collect();
    let head = with_people(directory, &head);
    let asked = Asked {
        question: "matrix",
        words: match queries.as_slice() {
            [one] => format!("{} on {}", one.action, one.resource),
            all => format!("{} pairs of action and resource", all.len()),
        },
        members: json!({
            "principal": args.principal,
            "actions": args.action,
            "resources": args.resource,
            "resourceAccount": args.resource_account,
        }),
        context: queries.first().map_or(&[], |query| query.context),
        principals: Some(match args.principal {
            Some(_) => 1,
            None => directory.principal_count(),
        }),
    };
    let mut answers = Answers::new(args.common.look(), &opened, asked, &head);
    if args.common.format == Format::Human && queries.len() > 1 {
        for (number, query) in queries.iter().enumerate() {
            let text = format!("{}: {} on {}", number + 1, query.action, query.resource);
            answers.output.line(&printable(&text))?;
        }
        answers.output.line("")?;
    }
    let mut is_there = args.principal.is_none();
    directory
        .matrix(
            &queries,
            args.common.asking.threads(),
            &mut |index, decisions| {
                let arn = directory.principal_arn(index).unwrap_or_default();
                if args.principal.as_ref().is_some_and(|own| *own != arn) {
                    return;
                }
                is_there = true;
                let may = decisions.iter().any(|decision| decision.is_allow());
                answers.found += usize::from(may);
                if args.allowed && !may {
                    return;
                }
                let all: Vec<Value> = queries
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
                let object = json!({ "principal": arn, "decisions": all });
                let mut cells = vec![arn.as_str()];
                cells.extend(decisions.iter().map(|decision| short(*decision)));
                answers.add_principal(object, &arn, &cells);
            },
        )
        .map_err(Failure::new)?;
    if let (false, Some(principal)) = (is_there, &args.principal) {
        let message = format_args!("the directory has no user or role `{principal}`");
        return Err(Failure::new(message));
    }
    answers.finish("no user and no role may do any of it")
}

/// The columns of a table of users and roles, with one for the people behind those of Identity Center.
fn with_people<'h>(directory: &Directory, head: &[&'h str]) -> Vec<&'h str> {
    let people = directory.has_people().then_some("people");
    head.iter().copied().chain(people).collect()
}

/// A decision in a table.
fn short(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::ExplicitDeny => "deny",
        Decision::ImplicitDeny => "-",
    }
}

pub(crate) fn admins(args: &AdminsArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args.common.asking.context("iam:CreateUser", "*", &arena)?;
    let opened = args.common.asking.directory.open(Keep::Decisions)?;
    let directory = &opened.directory;
    Asking::tell(directory, &[]);
    let asked = Asked {
        question: "admins",
        words: "everything, or policies of their own".to_string(),
        members: json!({}),
        context,
        principals: Some(directory.principal_count()),
    };
    let head = with_people(directory, &["principal", "may"]);
    let mut answers = Answers::new(args.common.look(), &opened, asked, &head);
    directory
        .admins(context, args.common.asking.threads(), &mut |admin| {
            answers.found += 1;
            let object = json!({
                "principal": admin.arn,
                "everything": admin.everything,
                "escalations": admin.escalations,
            });
            let can = match admin.everything {
                true => "do anything".to_string(),
                false => format!("give itself policies: {}", admin.escalations.join(", ")),
            };
            answers.add_principal(object, &admin.arn, &[&admin.arn, &can]);
        })
        .map_err(Failure::new)?;
    answers.finish("no user and no role may do anything or give itself policies")
}

pub(crate) fn external_access(args: &ExternalAccessArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args.common.asking.context("sts:AssumeRole", "*", &arena)?;
    let opened = args.common.asking.directory.open(Keep::Explanations)?;
    let directory = &opened.directory;
    Asking::tell(directory, &[]);
    let asked = Asked {
        question: "external-access",
        words: "roles that somebody outside of their account may assume".to_string(),
        members: json!({}),
        context,
        principals: Some(directory.principal_count()),
    };
    let head = ["role", "who", "scope", "decision", "asks for"];
    let mut answers = Answers::new(args.common.look(), &opened, asked, &head);
    directory
        .external_access(context, &mut |one| {
            answers.found += 1;
            let decision = one.decision.map(Decision::as_str);
            let object = json!({
                "role": one.role,
                "who": one.who,
                "scope": one.scope.as_str(),
                "decision": decision,
                "missingKeys": one.missing_keys,
            });
            let cells = [
                one.role.as_str(),
                &one.who,
                one.scope.as_str(),
                decision.unwrap_or("unknown"),
                &one.missing_keys.join(", "),
            ];
            answers.add(object, &cells);
        })
        .map_err(Failure::new)?;
    answers.finish("no trust policy names anyone outside its account")
}
