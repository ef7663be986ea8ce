//! `assume`: what STS says to a call, and the session that comes out.

use std::path::PathBuf;
use std::process::ExitCode;

use bumpalo::Bump;
use clap::{Args, ValueEnum};
use portcullis_directory::{Call, CallKind, Directory, Extra, Line, Session, lines};
use portcullis_model::{ContextEntry, Decision, Principal};
use portcullis_scenario::Source;
use serde_json::{Map, Value, json};

use crate::decide::Format;
use crate::directory::{AnyDirectoryArgs, Decider, Keep};
use crate::engine::{Answer, Engine, layer_name, said};
use crate::failure::{Failure, exit};
use crate::output::{Disk, Output, display_name, printable, read};

const EXAMPLES: &str = "\
Examples:
  portcullis assume --directory dumps --principal arn:aws:iam::111122223333:user/ann \\
      --role arn:aws:iam::111122223333:role/App --session-name night --tag team=blue --transitive team
  portcullis assume --directory dumps --principal … --role arn:…/First --role arn:…/Second
  portcullis assume --directory dumps --call get-federation-token --principal … --session-name guest
  portcullis assume --directory dumps --as session.json --role arn:aws:iam::444455556666:role/Build

With --format json the answer has a `session`, whose members `principal`, `context`, `session` and
`identity` go into the lines of `batch --directory`, and which --as takes.

Exit status: 0 the session is handed out, 2 it is denied, 1 any other failure.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AssumeArgs {
    #[command(flatten)]
    directory: AnyDirectoryArgs,
    /// The call
    #[arg(long, value_enum, default_value_t)]
    call: CallName,
    /// Who calls: an ARN, or {"Federated": "…"} or {"Service": "…"}
    #[arg(long, value_name = "ARN", conflicts_with = "as_session")]
    principal: Option<String>,
    /// A session that calls, as this command prints it; `-` is standard input
    #[arg(long = "as", id = "as_session", value_name = "FILE")]
    as_session: Option<PathBuf>,
    /// The role; several are assumed one after the other
    #[arg(long, value_name = "ARN")]
    role: Vec<String>,
    /// The account whose root user AssumeRoot assumes
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// The name of the session, or of the federated user
    #[arg(long, value_name = "NAME", default_value = "session")]
    session_name: String,
    /// How long the session is to last
    #[arg(long, value_name = "SECONDS")]
    duration: Option<u32>,
    /// A session tag
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<String>,
    /// A tag that goes on to roles that the session assumes
    #[arg(long, value_name = "KEY")]
    transitive: Vec<String>,
    /// The source identity
    #[arg(long, value_name = "NAME")]
    source_identity: Option<String>,
    /// The external id
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// A session policy; for AssumeRoot the document of the task policy
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// The task policy of AssumeRoot
    #[arg(long, value_name = "ARN")]
    task_policy: Option<String>,
    /// The call has the code of a multi-factor device; of several calls, the first
    #[arg(long)]
    mfa: bool,
    /// A context key of the call with its value, such as the claims of a provider
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,
    /// Who decides
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum CallName {
    #[default]
    AssumeRole,
    AssumeRoleWithSaml,
    AssumeRoleWithWebIdentity,
    GetSessionToken,
    GetFederationToken,
    AssumeRoot,
}

impl CallName {
    fn kind(self) -> CallKind {
        match self {
            CallName::AssumeRole => CallKind::AssumeRole,
            CallName::AssumeRoleWithSaml => CallKind::AssumeRoleWithSaml,
            CallName::AssumeRoleWithWebIdentity => CallKind::AssumeRoleWithWebIdentity,
            CallName::GetSessionToken => CallKind::GetSessionToken,
            CallName::GetFederationToken => CallKind::GetFederationToken,
            CallName::AssumeRoot => CallKind::AssumeRoot,
        }
    }
}

/// One call and what came of it.
struct Step {
    call: &'static str,
    target: String,
    answers: Vec<(String, Answer)>,
}

pub(crate) fn run(args: &AssumeArgs) -> Result<ExitCode, Failure> {
    let directory = args.directory.open(Keep::Decisions)?;
    let mut caller = args.caller()?;
    let mut steps = Vec::new();
    let kind = args.call.kind();
    let targets: Vec<&str> = match (kind, args.role.is_empty()) {
        (CallKind::AssumeRoot, _) => vec![args.account.as_deref().unwrap_or_default()],
        (CallKind::GetSessionToken | CallKind::GetFederationToken, _) => vec![""],
        (_, true) => return Err(Failure::new("no role: give --role ARN")),
        (_, false) => args.role.iter().map(String::as_str).collect(),
    };
    for (index, target) in targets.into_iter().enumerate() {
        // Only the first call is the one that was named; the next ones assume roles.
        let kind = match index {
            0 => kind,
            _ => CallKind::AssumeRole,
        };
        let is_last = index + 1 >= args.role.len();
        match args.step(&directory, kind, &caller, target, is_last, &mut steps)? {
            Some(session) => caller = session,
            None => return args.print(&steps, None, &directory),
        }
    }
    args.print(&steps, Some(caller), &directory)
}

impl AssumeArgs {
    /// The first caller, in the form of a session.
    fn caller(&self) -> Result<Value, Failure> {
        if let Some(path) = &self.as_session {
            let name = display_name(path);
            let value: Value = serde_json::from_slice(&read(path)?)
                .map_err(|error| Failure::new(format_args!("{name}: {error}")))?;
            // The whole answer, or the session in it.
            return Ok(value
                .get("session")
                .filter(|own| own.is_object())
                .cloned()
                .unwrap_or(value));
        }
        let Some(principal) = &self.principal else {
            return Err(Failure::new("no caller: give --principal ARN or --as FILE"));
        };
        let principal = match principal.trim_start().starts_with('{') {
            true => serde_json::from_str(principal)
                .map_err(|error| Failure::new(format_args!("--principal: {error}")))?,
            false => Value::from(principal.as_str()),
        };
        Ok(json!({ "principal": principal }))
    }

    /// Makes one call. The session, in the form in which it is printed, if it is handed out.
    fn step(
        &self,
        directory: &Directory,
        kind: CallKind,
        caller: &Value,
        target: &str,
        is_last: bool,
        steps: &mut Vec<Step>,
    ) -> Result<Option<Value>, Failure> {
        let arena = Bump::new();
        let (principal, context, extra) = self.caller_of(caller, &arena)?;
        let names = |member: &str| -> Vec<&str> {
            let list = caller.get(member).and_then(Value::as_array);
            list.into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect()
        };
        let pairs = split_all(&self.tag, "--tag")?;
        let policies = self.policies(is_last)?;
        let call = Call {
            kind,
            caller: principal,
            context,
            has_session_token: caller.get("credentials") == Some(&json!("GetSessionToken")),
            inherited_keys: names("transitiveTagKeys"),
            target,
            session_name: &self.session_name,
            seconds: self.duration.filter(|_| is_last),
            tags: if is_last { pairs } else { Vec::new() },
            transitive_keys: match is_last {
                true => self.transitive.iter().map(String::as_str).collect(),
                false => Vec::new(),
            },
            source_identity: self.source_identity.as_deref(),
            external_id: self.external_id.as_deref().filter(|_| is_last),
            // A role has no device of its own.
            mfa: self.mfa && steps.is_empty(),
            task_policy: self.task_policy.as_deref(),
            has_policies: !policies.is_empty(),
        };
        let made = directory.call(&call, &arena).map_err(Failure::new)?;
        let mut decider = Decider::new(self.engine, directory);
        let mut answers = Vec::new();
        for request in &made.requests {
            let answer = decider.answer(request, extra.clone(), &[], &arena);
            answers.push((request.action.to_string(), answer.map_err(Failure::new)?));
        }
        let allowed = answers.iter().all(|(_, answer)| answer.decision.is_allow());
        steps.push(Step {
            call: kind.as_str(),
            target: target.to_string(),
            answers,
        });
        Ok(allowed.then(|| session_value(kind, &made.session, policies)))
    }

    /// The caller of a session: its principal, the context of the call, and its policies.
    fn caller_of<'a>(
        &self,
        caller: &Value,
        arena: &'a Bump,
    ) -> Result<(Principal<'a>, &'a [ContextEntry<'a>], Extra<'a>), Failure> {
        let mut line = Map::new();
        for member in ["principal", "session", "identity"] {
            if let Some(value) = caller.get(member) {
                line.insert(member.to_string(), value.clone());
            }
        }
        let mut context = caller
            .get("context")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        for (key, value) in split_all(&self.context, "--context")? {
            let values = context.entry(key).or_insert_with(|| json!([]));
            if let Some(values) = values.as_array_mut() {
                values.push(Value::from(value));
            }
        }
        line.insert("context".to_string(), Value::Object(context));
        line.insert("action".to_string(), json!("sts:AssumeRole"));
        line.insert("resource".to_string(), json!("*"));
        let text = arena.alloc_str(&Value::Object(line).to_string());
        let source = Source::new("caller", text);
        let found =
            lines(&source, &Disk, arena).map_err(|problems| Failure::problems(&problems))?;
        let Ok([line]) = <[Line<'a>; 1]>::try_from(found) else {
            return Err(Failure::new("the caller cannot be read"));
        };
        match line.case.request {
            Some(request) => Ok((request.principal, request.context, line.extra)),
            None => Err(Failure::problems(&line.case.problems)),
        }
    }

    /// The session policies, as documents.
    fn policies(&self, is_last: bool) -> Result<Vec<Value>, Failure> {
        let files = self.policy.iter().filter(|_| is_last);
        files
            .map(|path| {
                let name = display_name(path);
                let document: Value = serde_json::from_slice(&read(path)?)
                    .map_err(|error| Failure::new(format_args!("{name}: {error}")))?;
                Ok(json!({ "name": name, "document": document }))
            })
            .collect()
    }

    fn print(
        &self,
        steps: &[Step],
        session: Option<Value>,
        directory: &Directory,
    ) -> Result<ExitCode, Failure> {
        let mut output = Output::new();
        match self.format {
            Format::Json => {
                let steps: Vec<Value> = steps.iter().map(step_value).collect();
                let mut answer = json!({
                    "allowed": session.is_some(),
                    "calls": steps,
                    "session": session.clone(),
                });
                if let (true, Some(answer)) = (directory.is_incomplete(), answer.as_object_mut()) {
                    answer.insert("incomplete".to_string(), json!(true));
                }
                output.line(&answer.to_string())?;
            }
            Format::Human => {
                for step in steps {
                    output.line(&printable(&format!("{} {}", step.call, step.target)))?;
                    for (action, answer) in &step.answers {
                        output.line(&format!("  {action}: {}", said(answer)))?;
                    }
                }
                if let Some(session) = &session {
                    let text = serde_json::to_string_pretty(session).map_err(Failure::new)?;
                    output.line(&printable(&text))?;
                }
                if directory.is_incomplete() {
                    output.line("(incomplete: the directory refers to what is not there)")?;
                }
            }
        }
        output.finish()?;
        Ok(match session {
            Some(_) => ExitCode::SUCCESS,
            None => ExitCode::from(exit::DENY),
        })
    }
}

fn step_value(step: &Step) -> Value {
    let answers: Vec<Value> = step
        .answers
        .iter()
        .map(|(action, answer)| {
            let by: Vec<String> = answer.by.iter().map(|layer| layer_name(*layer)).collect();
            json!({ "action": action, "decision": answer.decision.as_str(), "by": by })
        })
        .collect();
    let allowed = step
        .answers
        .iter()
        .all(|(_, answer)| answer.decision == Decision::Allow);
    json!({ "call": step.call, "target": step.target, "allowed": allowed, "requests": answers })
}

/// A session as it is printed: its members go into the lines of requests.
fn session_value(kind: CallKind, session: &Session, policies: Vec<Value>) -> Value {
    let mut principal = json!({ "arn": session.arn });
    let mut context = Map::new();
    for (key, values) in &session.context {
        context.insert(key.clone(), json!(values));
    }
    if let Some(object) = principal.as_object_mut() {
        let known = [
            ("roleArn", &session.role_arn),
            ("userId", &session.user_id),
            ("federatedBy", &session.federated_by),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                object.insert(name.to_string(), json!(value));
            }
        }
    }
    let mut value = json!({
        "principal": principal,
        "context": context,
        "credentials": kind.as_str(),
        "seconds": session.seconds,
        "transitiveTagKeys": session.transitive_keys,
    });
    if let Some(object) = value.as_object_mut().filter(|_| !policies.is_empty()) {
        let member = match kind {
            CallKind::AssumeRoot => "identity",
            _ => "session",
        };
        object.insert(member.to_string(), Value::Array(policies));
    }
    value
}

fn split_all<'t>(texts: &'t [String], option: &str) -> Result<Vec<(&'t str, &'t str)>, Failure> {
    texts
        .iter()
        .map(|text| {
            text.split_once('=')
                .ok_or_else(|| Failure::new(format_args!("{option} {text:?} is not KEY=VALUE")))
        })
        .collect()
}
