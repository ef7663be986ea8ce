//! Questions over all principals of a directory: `who-can`, `what-can`, `matrix`, `admins`, `escalate`.

mod rights;
mod who;

use std::process::ExitCode;

use bumpalo::Bump;
use clap::Args;
use portcullis_directory::{AccessQuery, Directory, RequestError, RequestPolicies};
use portcullis_findings::{Ability, Asker, Can, Questions, Selection, of_each};
use portcullis_model::{Caller, ContextEntry, Request, check_action, split_arn};
use portcullis_scenario::lines;
use portcullis_source::Source;
use serde_json::{Map, Value, json};

pub(crate) use rights::{admins, escalate};

use crate::answers::{Answers, Asked, for_programs, in_words};
use crate::decide::Format;
use crate::directory::{AnyDirectoryArgs, Keep};
use crate::failure::{Failure, complain};
use crate::inputs;
use crate::output::{Disk, printable};
use who::{known, unknown};

pub(crate) const WHO_CAN: &str = "\
Examples:
  portcullis who-can --directory dumps --action s3:GetObject --resource arn:aws:s3:::reports/q1
  portcullis who-can --directory dumps --action 'iam:*' --resource any --hops 2 --format json

Every user and role is asked, and every session that a policy of a resource names. The answer is yes, with a
request that is allowed; if, with the keys that were not given and values by which it is; or unknown, with the
reason. Whoever is not listed cannot, whatever keys a request has. With --hops, also those that can by assuming
roles, one after the other.";

pub(crate) const WHAT_CAN: &str = "\
Examples:
  portcullis what-can --directory dumps --principal arn:aws:iam::111122223333:user/ann --resource arn:aws:s3:::reports/q1
  portcullis what-can --directory dumps --principal arn:aws:iam::111122223333:role/App
  portcullis what-can --image organization.pcl --principal … --resource … --action s3:GetObject,s3:PutObject

Without --action, every entry of a policy is asked that may allow something, as the pattern that it is; what is
taken away from these is listed too. Patterns of actions and resources are answered: yes says that a request that
matches is allowed, and shows it.";

pub(crate) const MATRIX: &str = "\
Examples:
  portcullis matrix --directory dumps --action s3:GetObject,s3:PutObject --resource arn:aws:s3:::reports/q1
  portcullis matrix --directory dumps --principal arn:aws:iam::111122223333:user/ann --action s3:ListBucket \\
      --resource arn:aws:s3:::reports --resource 'arn:aws:s3:::archive/*'

Every action is asked for every resource; both may be patterns.";

pub(crate) const ADMINS: &str = "\
Examples:
  portcullis admins --directory dumps
  portcullis admins --directory dumps --context aws:MultiFactorAuthPresent=true --format json

Lists the users and roles that may do anything, also what no policy names and what gives permissions, and what
is excepted. Those that can become one are listed by escalate.";

pub(crate) const ESCALATE: &str = "\
Examples:
  portcullis escalate --directory dumps
  portcullis escalate --directory dumps --steps 1 --format json

Lists the users and roles that are no administrators and can become one: by giving themselves policies, by
taking over somebody who is one, by running something as a role, or by reaching somebody who can. Every request
of a step is allowed; what the directory does not say and a step takes is told. The paths are those of
pathfinding.cloud (Datadog, Apache-2.0) and their names are of there.";

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
    /// The permission, as prefix:name, or a pattern
    #[arg(long)]
    action: String,
    /// The target: an ARN, a pattern, or any
    #[arg(long, value_name = "ARN", default_value = "any")]
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
    /// The targets: ARNs, patterns, or any
    #[arg(long, value_name = "ARN", default_value = "any")]
    resource: Vec<String>,
    /// The account that owns the resources
    #[arg(long, value_name = "ACCOUNT")]
    resource_account: Option<String>,
    /// The permissions, as prefix:name, or patterns
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
    /// The permissions, as prefix:name, or patterns
    #[arg(long, value_delimiter = ',', required = true)]
    action: Vec<String>,
    /// The targets: ARNs, patterns, or any
    #[arg(long, value_name = "ARN", default_value = "any")]
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
    /// Only this user or role
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = ESCALATE)]
pub(crate) struct EscalateArgs {
    #[command(flatten)]
    common: Common,
    /// How many steps may be taken
    #[arg(long, value_name = "N", default_value_t = 4)]
    steps: usize,
    /// Only this user or role
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
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

/// What is asked for, of actions or resources; `any` and `*` are everything.
fn selection(text: &str) -> Selection {
    Selection::of([if text == "any" { "*" } else { text }])
}

/// The action of a question, which may be a pattern.
fn actions(text: &str) -> Result<Selection, Failure> {
    let sample = text.replace(['*', '?'], "x");
    let sample = if sample.bytes().all(|byte| byte == b'x') {
        "x:x"
    } else {
        &sample
    };
    check_action(sample).map_err(|error| Failure::new(RequestError::NoAction(error)))?;
    Ok(selection(text))
}

/// The resource of a question, which may be a pattern.
fn resources(text: &str) -> Result<Selection, Failure> {
    let is_one = !text.contains(['*', '?']) && text != "any";
    if is_one && split_arn(text).is_none() {
        let message = format_args!("`{text}` is neither an ARN nor a pattern of ARNs, nor `any`");
        return Err(Failure::new(message));
    }
    Ok(selection(text))
}

/// Requests that were shown, for programs.
pub(crate) fn shown(can: &Can) -> Value {
    let keys = |keys: &[(String, Vec<String>)]| {
        let entries = keys
            .iter()
            .map(|(key, values)| (key.clone(), json!(values)));
        Value::Object(entries.collect::<Map<String, Value>>())
    };
    let all = can.shown().iter().map(|one| {
        json!({
            "action": one.action,
            "resource": one.resource,
            "keys": keys(&one.keys),
            "unless": keys(&one.unless),
        })
    });
    Value::Array(all.collect())
}

pub(crate) fn reasons(can: &Can) -> &[String] {
    match can {
        Can::Unknown(reasons) => reasons,
        _ => &[],
    }
}

/// Keys with their values, in a cell.
fn keys_in_words(keys: &[(String, Vec<String>)]) -> String {
    let one = |(key, values): &(String, Vec<String>)| format!("{key}={}", values.join(","));
    keys.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// On what an answer depends, in a cell: keys by which the request is allowed, or would be refused.
pub(crate) fn conditions(can: &Can) -> String {
    match can {
        Can::Yes(one) if one.unless.is_empty() => String::new(),
        Can::Yes(one) => format!("unless {}", keys_in_words(&one.unless)),
        Can::If(all) => {
            let all = all.iter().map(|one| keys_in_words(&one.keys));
            all.collect::<Vec<_>>().join(", or ")
        }
        Can::No => String::new(),
        Can::Unknown(reasons) => reasons.join("; "),
    }
}

/// A request that was shown, in a cell.
pub(crate) fn example(can: &Can) -> String {
    let first = can.shown().first();
    first.map_or(String::new(), |one| {
        format!("{} on {}", one.action, one.resource)
    })
}

/// How an answer counts.
pub(crate) fn count(answers: &mut Answers<'_>, can: &Can) {
    match can {
        Can::Yes(_) => answers.found += 1,
        Can::If(_) | Can::Unknown(_) => answers.open += 1,
        Can::No => {}
    }
}

pub(crate) fn who_can(args: &WhoCanArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args.common.asking.context("s3:GetObject", "*", &arena)?;
    let (action, resource) = (actions(&args.action)?, resources(&args.resource)?);
    let opened = args.common.asking.directory.open(Keep::Decisions)?;
    let directory = &opened.directory;
    let owner = args.resource_account.as_deref();
    let by = match args.hops {
        0 => String::new(),
        hops => format!(" by assuming at most {hops} roles"),
    };
    Asking::tell(
        directory,
        &told_of(&[&args.action], &[&args.resource], owner, context),
    );
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
    let is_one = action.only().is_some() && resource.only().is_some();
    let mut columns = vec!["principal", "can", "depends on"];
    if !is_one {
        columns.push("for example");
    }
    if args.hops > 0 {
        columns.push("by assuming");
    }
    let head = with_people(directory, &columns);
    let mut answers = Answers::new(args.common.look(), &opened, asked, &head);
    let ways = portcullis_findings::who_can(
        directory,
        (context, owner),
        (&action, &resource),
        args.hops,
        args.common.asking.threads(),
    );
    for way in ways {
        count(&mut answers, &way.can);
        let object = json!({
            "principal": way.arn,
            "roles": way.roles,
            "answer": way.can.as_str(),
            "requests": shown(&way.can),
            "reasons": reasons(&way.can),
        });
        let mut cells = vec![
            way.arn.clone(),
            way.can.as_str().to_owned(),
            conditions(&way.can),
        ];
        if !is_one {
            cells.push(example(&way.can));
        }
        if args.hops > 0 {
            cells.push(way.roles.join(", "));
        }
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        answers.add_principal(object, &way.arn, &cells);
    }
    answers.finish("no user, role or named session can do it")
}

/// Requests of which it is told which policies were not seen: those of single resources.
fn told_of<'q>(
    actions: &[&'q str],
    resources: &[&'q str],
    owner: Option<&'q str>,
    context: &'q [ContextEntry<'q>],
) -> Vec<AccessQuery<'q>> {
    let is_one = |text: &&&str| !text.contains(['*', '?']) && **text != "any";
    let mut all = Vec::new();
    for action in actions.iter().filter(is_one) {
        for resource in resources.iter().filter(is_one) {
            all.push(AccessQuery {
                action,
                resource,
                resource_account: owner,
                context,
            });
        }
    }
    all
}

/// Patterns in a cell.
pub(crate) fn patterns(own: &Selection) -> String {
    let list = own.patterns.join(", ");
    if own.negated {
        format!("all but {list}")
    } else {
        list
    }
}

pub(crate) fn what_can(args: &WhatCanArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let principal = inputs::principal(&args.principal)?;
    // A request that is only read, to see that caller and context are sound.
    let asked = args
        .common
        .asking
        .request(&principal, "iam:CreateUser", "*", &arena)?;
    let named = args.action.iter().map(|own| actions(own));
    let named: Vec<Selection> = named.collect::<Result<_, _>>()?;
    let wanted = args.resource.iter().map(|own| resources(own));
    let wanted: Vec<Selection> = wanted.collect::<Result<_, _>>()?;
    let opened = args.common.asking.directory.open(Keep::Decisions)?;
    let directory = &opened.directory;
    let owner = args.resource_account.as_deref();
    // What is told is of the resource, whatever its service is asked to do.
    let of_service = |resource: &str| {
        let service = resource.split(':').nth(2).unwrap_or("iam");
        format!("{service}:Any")
    };
    for resource in &args.resource {
        let action = of_service(resource);
        Asking::tell(
            directory,
            &told_of(&[&action], &[resource], owner, asked.context),
        );
    }
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
    let what = match args.action.as_slice() {
        [] => "any action".to_string(),
        [action] => action.clone(),
        all => format!("{} actions", all.len()),
    };
    let on = match args.resource.as_slice() {
        [resource] => resource.clone(),
        all => format!("{} resources", all.len()),
    };
    let told = Asked {
        question: "what-can",
        words: format!("{what} on {on} by {}", args.principal),
        members: json!({
            "principal": args.principal,
            "actions": args.action,
            "resources": args.resource,
            "resourceAccount": args.resource_account,
            "identityCenter": people.as_ref().map(for_programs),
        }),
        context: asked.context,
        principals: None,
    };
    let head = ["can", "action", "resource", "depends on", "for example"];
    let mut answers = Answers::new(args.common.look(), &opened, told, &head);
    let mut questions = Questions::new(directory, asked.context, &arena).owned_by(owner);
    let asker = Asker::new(asked.principal);
    // An unknown caller is an error, not somebody who can do nothing.
    let completed = directory.complete(&asked, RequestPolicies::default(), &arena);
    completed.map_err(|refusal| match refusal {
        RequestError::UnknownPrincipal(_) => {
            unknown(directory, &args.principal, &refusal.to_string())
        }
        refusal => Failure::new(refusal),
    })?;
    for wanted in &wanted {
        let all = match named.is_empty() {
            true => questions.what_can(&asker, wanted).map_err(Failure::new)?,
            false => {
                let ask = |actions: &Selection| Ability {
                    actions: actions.clone(),
                    resources: wanted.clone(),
                    policy: None,
                    can: questions.can(&asker, actions, wanted),
                    is_exception: false,
                };
                named.iter().map(ask).collect()
            }
        };
        for own in all {
            if !own.is_exception {
                count(&mut answers, &own.can);
            }
            let is_listed = own.can != Can::No || own.is_exception;
            if !(is_listed || args.all || !named.is_empty()) {
                continue;
            }
            let object = json!({
                "actions": own.actions.patterns,
                "allButActions": own.actions.negated,
                "resources": own.resources.patterns,
                "allButResources": own.resources.negated,
                "policy": own.policy,
                "answer": own.can.as_str(),
                "exception": own.is_exception,
                "requests": shown(&own.can),
                "reasons": reasons(&own.can),
            });
            let word = if own.is_exception {
                "no (excepted)"
            } else {
                own.can.as_str()
            };
            let (actions, resources) = (patterns(&own.actions), patterns(&own.resources));
            let (on, for_example) = (conditions(&own.can), example(&own.can));
            answers.add(object, &[word, &actions, &resources, &on, &for_example]);
        }
    }
    answers.finish("nothing that was asked is allowed")
}

pub(crate) fn matrix(args: &MatrixArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let context = args.common.asking.context("s3:GetObject", "*", &arena)?;
    let mut pairs = Vec::new();
    for action in &args.action {
        for resource in &args.resource {
            pairs.push((action, resource, actions(action)?, resources(resource)?));
        }
    }
    let opened = args.common.asking.directory.open(Keep::Decisions)?;
    let directory = &opened.directory;
    let owner = args.resource_account.as_deref();
    let all_actions: Vec<&str> = args.action.iter().map(String::as_str).collect();
    let all_resources: Vec<&str> = args.resource.iter().map(String::as_str).collect();
    Asking::tell(
        directory,
        &told_of(&all_actions, &all_resources, owner, context),
    );
    // A grid: a column for each pair, told above it where one line does not hold them all.
    let titles: Vec<String> = match pairs.as_slice() {
        [(action, ..)] => vec![(*action).clone()],
        all => (1..=all.len()).map(|number| number.to_string()).collect(),
    };
    let head: Vec<&str> = std::iter::once("principal")
        .chain(titles.iter().map(String::as_str))
        .collect();
    let head = with_people(directory, &head);
    let askers = match &args.principal {
        None => Asker::all(directory, &arena),
        Some(principal) => vec![known(directory, principal, &arena)?],
    };
    let asked = Asked {
        question: "matrix",
        words: match pairs.as_slice() {
            [(action, resource, ..)] => format!("{action} on {resource}"),
            all => format!("{} pairs of action and resource", all.len()),
        },
        members: json!({
            "principal": args.principal,
            "actions": args.action,
            "resources": args.resource,
            "resourceAccount": args.resource_account,
        }),
        context,
        principals: Some(askers.len()),
    };
    let mut answers = Answers::new(args.common.look(), &opened, asked, &head);
    if args.common.format == Format::Human && pairs.len() > 1 {
        for (number, (action, resource, ..)) in pairs.iter().enumerate() {
            let text = format!("{}: {action} on {resource}", number + 1);
            answers.output.line(&printable(&text))?;
        }
        answers.output.line("")?;
    }
    let threads = args.common.asking.threads();
    let all = of_each(
        directory,
        (context, owner),
        &askers,
        threads,
        |questions, asker, _| {
            let ask = |pair: &(&String, &String, Selection, Selection)| {
                questions.can(asker, &pair.2, &pair.3)
            };
            pairs.iter().map(ask).collect::<Vec<Can>>()
        },
    );
    for (asker, cans) in askers.iter().zip(all) {
        let arn = asker.arn().unwrap_or_default();
        let may = cans.iter().any(|can| matches!(can, Can::Yes(_)));
        let is_open = cans
            .iter()
            .any(|can| matches!(can, Can::If(_) | Can::Unknown(_)));
        answers.found += usize::from(may);
        answers.open += usize::from(!may && is_open);
        if args.allowed && !may && !is_open {
            continue;
        }
        let decided = pairs
            .iter()
            .zip(&cans)
            .map(|((action, resource, ..), can)| {
                json!({
                    "action": action,
                    "resource": resource,
                    "answer": can.as_str(),
                    "requests": shown(can),
                    "reasons": reasons(can),
                })
            });
        let object = json!({ "principal": arn, "answers": decided.collect::<Vec<_>>() });
        let mut cells = vec![arn];
        cells.extend(cans.iter().map(|can| short(can)));
        answers.add_principal(object, arn, &cells);
    }
    answers.finish("no user and no role can do any of it")
}

/// The columns of a table of users and roles, with one for the people behind those of Identity Center.
pub(crate) fn with_people<'h>(directory: &Directory, head: &[&'h str]) -> Vec<&'h str> {
    let people = directory.has_people().then_some("people");
    head.iter().copied().chain(people).collect()
}

/// An error for a directory that does not hold its policies as they are written.
pub(crate) fn written(directory: &Directory) -> Result<(), Failure> {
    match directory.has_documents() {
        true => Ok(()),
        false => Err(Failure::new(
            "an image does not contain policies as they are written; give the folder",
        )),
    }
}

/// An answer in a table.
fn short(can: &Can) -> &'static str {
    match can {
        Can::No => "-",
        can => can.as_str(),
    }
}
