//! `assume`: what STS says to a call, and the session that comes out.

use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use bumpalo::Bump;
use clap::{Args, ValueEnum};
use portcullis_directory::{Directory, Session, StsCall, StsCallKind};
use portcullis_model::{Decision, PolicyKind};
use portcullis_scenario::policy_text;
use portcullis_scenario::{Line, line};
use portcullis_source::json::{Member, Node, Value};
use portcullis_source::quoted;
use portcullis_source::{Reader, Source, present};
use portcullis_syntax::ast::{Span, Text};
use portcullis_syntax::forms;
use portcullis_syntax::policy::ReadOptions;
use serde_json::{Map, Value as Shown, json};

use crate::decide::Format;
use crate::directory::{AnyDirectoryArgs, Decider, Keep};
use crate::engine::{Answer, Engine, insert_notes, layer_name, said};
use crate::failure::{Failure, exit};
use crate::inputs::{parse, principal, shown, source};
use crate::output::{Disk, Output, VERSION, printable};

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
    #[value(alias = "AssumeRole")]
    AssumeRole,
    #[value(alias = "AssumeRoleWithSAML")]
    AssumeRoleWithSaml,
    #[value(alias = "AssumeRoleWithWebIdentity")]
    AssumeRoleWithWebIdentity,
    #[value(alias = "GetSessionToken")]
    GetSessionToken,
    #[value(alias = "GetFederationToken")]
    GetFederationToken,
    #[value(alias = "AssumeRoot")]
    AssumeRoot,
}

impl CallName {
    fn kind(self) -> StsCallKind {
        match self {
            CallName::AssumeRole => StsCallKind::AssumeRole,
            CallName::AssumeRoleWithSaml => StsCallKind::AssumeRoleWithSaml,
            CallName::AssumeRoleWithWebIdentity => StsCallKind::AssumeRoleWithWebIdentity,
            CallName::GetSessionToken => StsCallKind::GetSessionToken,
            CallName::GetFederationToken => StsCallKind::GetFederationToken,
            CallName::AssumeRoot => StsCallKind::AssumeRoot,
        }
    }
}

/// One call and what came of it.
struct Step {
    call: &'static str,
    target: String,
    answers: Vec<Asked>,
}

/// A request that a call stands for, and the answer.
struct Asked {
    action: String,
    answer: Answer,
    /// Why it is denied, for people and for programs.
    why: Option<(String, Shown)>,
}

pub(crate) fn run(args: &AssumeArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let mut caller = args.caller(&arena)?;
    let policies = args.policies(&arena)?;
    let directory = args.directory.open(Keep::Explanations)?.directory;
    let mut steps = Vec::new();
    let mut handed_out = None;
    let kind = args.call.kind();
    let targets: Vec<&str> = match (kind, args.role.is_empty()) {
        (StsCallKind::AssumeRoot, _) => vec![args.account.as_deref().unwrap_or_default()],
        (StsCallKind::GetSessionToken | StsCallKind::GetFederationToken, _) => vec![""],
        (_, true) => return Err(Failure::new("no role: give --role ARN")),
        (_, false) => args.role.iter().map(String::as_str).collect(),
    };
    for (index, target) in targets.into_iter().enumerate() {
        // Only the first call is the one that was named; the next ones assume roles.
        let kind = match index {
            0 => kind,
            _ => StsCallKind::AssumeRole,
        };
        let is_last = index + 1 >= args.role.len();
        let policies = match is_last {
            true => policies.as_slice(),
            false => &[],
        };
        let what = (kind, target, is_last);
        match args.step(&directory, (&caller, &arena), what, policies, &mut steps)? {
            Some(session) => {
                let text = arena.alloc_str(&session.to_string());
                caller = Caller::read(&Source::new("session", text), &arena)?;
                handed_out = Some(session);
            }
            None => return args.print(&steps, None, &directory),
        }
    }
    args.print(&steps, handed_out, &directory)
}

/// Who calls, in the form of a session.
struct Caller<'a> {
    source: Rc<Source<'a>>,
    /// What a line of requests has of it: `principal`, `session`, `identity`.
    members: Vec<Member<'a>>,
    context: &'a [Member<'a>],
    credentials: Option<&'a str>,
    transitive_keys: Vec<&'a str>,
}

impl<'a> Caller<'a> {
    /// Reads a session, or the whole answer with the session in it.
    fn read(source: &Rc<Source<'a>>, arena: &'a Bump) -> Result<Caller<'a>, Failure> {
        let node: &'a Node<'a> = arena.alloc(parse(source, arena)?);
        let mut reader = Reader::new(source);
        let caller = Caller::of(node, &mut reader);
        match caller.filter(|_| reader.problems.is_empty()) {
            Some(caller) => Ok(caller),
            None => Err(Failure::problems(&reader.problems)),
        }
    }

    fn of(node: &'a Node<'a>, reader: &mut Reader<'a>) -> Option<Caller<'a>> {
        // A session may have a list of that name, its policies.
        let is_answer = node.get("calls").is_some() || node.get("allowed").is_some();
        let session = match is_answer {
            false => node,
            true => {
                let names = [
                    "version",
                    "allowed",
                    "calls",
                    "session",
                    "incomplete",
                    "notes",
                ];
                let members = reader.members(node, "an answer of `assume`", names)?;
                let [_, allowed, calls, session, incomplete, notes] = members;
                let is_allowed = reader.flag(allowed);
                reader.flag(incomplete);
                reader.list(calls, "a list of calls");
                reader.list(notes, "a list of notes");
                let session = present(session).filter(|_| is_allowed);
                let session = reader.required(session, node.span, "the answer", "session")?;
                &session.value
            }
        };
        let names = [
            "principal",
            "context",
            "credentials",
            "seconds",
            "transitiveTagKeys",
            "session",
            "identity",
        ];
        let members = reader.members(session, "a session", names)?;
        let [
            principal,
            context,
            credentials,
            seconds,
            transitive,
            policies,
            identity,
        ] = members;
        reader.required(principal, session.span, "the session", "principal")?;
        let context = match present(context) {
            None => Some(&[][..]),
            Some(member) => {
                let members = member.value.as_object();
                if members.is_none() {
                    reader.mismatch(&member.value, "`context`", "an object");
                }
                members
            }
        };
        if let Some(member) = present(seconds) {
            let is_count = |text: &str| text.parse::<u32>().is_ok();
            if !matches!(member.value.value, Value::Number(text) if is_count(text)) {
                reader.mismatch(&member.value, "`seconds`", "a number of seconds");
            }
        }
        let of_line = [principal, present(policies), present(identity)];
        Some(Caller {
            source: Rc::clone(&reader.source),
            members: of_line.into_iter().flatten().copied().collect(),
            context: context?,
            credentials: call_name(credentials, reader),
            transitive_keys: reader.texts(transitive).unwrap_or_default(),
        })
    }
}

/// The call that handed a session out.
fn call_name<'a>(member: Option<&'a Member<'a>>, reader: &mut Reader<'a>) -> Option<&'a str> {
    let text = reader.text(member)?;
    let mut calls = CallName::value_variants().iter();
    if !calls.any(|call| call.kind().as_str() == text) {
        let span = member.map_or_else(Span::default, |member| member.value.span);
        let message = format!("{} does not issue credentials", quoted(text));
        reader.problem(portcullis_source::codes::DATA_TYPE_MISMATCH, span, message);
    }
    Some(text)
}

impl AssumeArgs {
    /// The first caller.
    fn caller<'a>(&self, arena: &'a Bump) -> Result<Caller<'a>, Failure> {
        if let Some(path) = &self.as_session {
            return Caller::read(&source(path, arena)?, arena);
        }
        let Some(option) = &self.principal else {
            return Err(Failure::new("no caller: give --principal ARN or --as FILE"));
        };
        let text = format!("{{\"principal\":{}}}", principal(option)?);
        Caller::read(&Source::new("--principal", arena.alloc_str(&text)), arena)
    }

    /// Makes one call to a target: the last, or one on the way. The session, in the form in which it is printed, if it
    /// is handed out.
    fn step<'a>(
        &self,
        directory: &Directory,
        (caller, arena): (&Caller<'a>, &'a Bump),
        (kind, target, is_last): (StsCallKind, &str, bool),
        policies: &[Shown],
        steps: &mut Vec<Step>,
    ) -> Result<Option<Shown>, Failure> {
        let line = self.caller_of(caller, arena)?;
        let reading = &line.case.notes;
        let Some(request) = line.case.request else {
            return Err(Failure::problems(&line.case.problems));
        };
        let (mut principal, context, extra) = (request.principal, request.context, line.extra);
        // The session says it too.
        principal.session_token |=
            caller.credentials == Some(StsCallKind::GetSessionToken.as_str());
        let pairs = split_all(&self.tag, "--tag")?;
        let call = StsCall {
            kind,
            caller: principal,
            context,
            inherited_keys: caller.transitive_keys.clone(),
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
        let arena = Bump::new();
        let made = directory.call(&call, &arena).map_err(Failure::new)?;
        let mut decider = Decider::new(self.engine, directory).located_in(self.directory.folder());
        let mut answers = Vec::new();
        for request in &made.requests {
            let answer = decider.answer(request, extra.clone(), reading, &arena);
            let answer = answer.map_err(Failure::new)?;
            let why = match answer.decision.is_allow() {
                true => None,
                false => {
                    let told = decider.explain(request, extra.clone(), reading, &arena)?;
                    let story = told.story();
                    Some((story.text(Output::new().color()), story.json()))
                }
            };
            answers.push(Asked {
                action: request.action.to_string(),
                answer,
                why,
            });
        }
        let allowed = answers.iter().all(|own| own.answer.decision.is_allow());
        if let Some(first) = answers.first_mut().filter(|_| is_last) {
            first.answer.notes.extend(quota_notes(kind, policies));
        }
        steps.push(Step {
            call: kind.as_str(),
            target: target.to_string(),
            answers,
        });
        Ok(allowed.then(|| session_value(kind, &made.session, policies.to_vec())))
    }

    /// The caller of a session: its principal, the context of the call, and its policies.
    fn caller_of<'a>(&self, caller: &Caller<'a>, arena: &'a Bump) -> Result<Line<'a>, Failure> {
        let string = |text: &str| Node {
            span: Span::default(),
            value: Value::String(arena.alloc_str(text)),
        };
        let member = |name: &'static str, value: Value<'a>| Member {
            key: Text {
                value: name,
                span: Span::default(),
            },
            value: Node {
                span: Span::default(),
                value,
            },
        };
        let mut context = caller.context.to_vec();
        for (key, value) in split_all(&self.context, "--context")? {
            match context.iter_mut().find(|own| own.key.value == key) {
                Some(own) => own.value.value = with_value(own.value, string(value), arena),
                None => context.push(Member {
                    key: Text {
                        value: arena.alloc_str(key),
                        span: Span::default(),
                    },
                    value: string(value),
                }),
            }
        }
        let mut members = caller.members.clone();
        let context = arena.alloc_slice_copy(&context);
        members.extend([
            member("context", Value::Object(context)),
            member("action", Value::String("sts:AssumeRole")),
            member("resource", Value::String("*")),
        ]);
        let node = arena.alloc(Node {
            span: Span::default(),
            value: Value::Object(arena.alloc_slice_copy(&members)),
        });
        let line = line(node, &caller.source, &Disk, arena);
        Ok(line)
    }

    /// The session policies, as documents. What is no policy is an error before anything is asked.
    fn policies(&self, arena: &Bump) -> Result<Vec<Shown>, Failure> {
        let kind = match self.call {
            CallName::AssumeRoot => PolicyKind::Identity,
            _ => PolicyKind::Session,
        };
        let mut documents = Vec::with_capacity(self.policy.len());
        for path in &self.policy {
            let source = source(path, arena)?;
            let options = ReadOptions::new(kind);
            let (policy, problems) = policy_text(options, None, &source, arena);
            let (found, _) = forms::read(source.text(), Some(kind), arena);
            let (Some(policy), Some(found)) = (policy, found) else {
                return Err(Failure::problems(&problems));
            };
            documents.push(json!({ "name": policy.name, "document": shown(&found.document) }));
        }
        Ok(documents)
    }

    fn print(
        &self,
        steps: &[Step],
        session: Option<Shown>,
        directory: &Directory,
    ) -> Result<ExitCode, Failure> {
        let mut output = Output::new();
        let mut answers = steps.iter().flat_map(|step| &step.answers);
        let is_incomplete =
            directory.is_incomplete() || answers.any(|own| own.answer.is_incomplete);
        match self.format {
            Format::Json => {
                let steps: Vec<Shown> = steps.iter().map(step_value).collect();
                let mut answer = json!({
                    "version": VERSION,
                    "allowed": session.is_some(),
                    "calls": steps,
                    "session": session.clone(),
                });
                if let (true, Some(answer)) = (is_incomplete, answer.as_object_mut()) {
                    answer.insert("incomplete".to_string(), json!(true));
                }
                output.line(&answer.to_string())?;
            }
            Format::Human => {
                for step in steps {
                    output.line(&printable(&format!("{} {}", step.call, step.target)))?;
                    for Asked {
                        action,
                        answer,
                        why,
                    } in &step.answers
                    {
                        output.line(&printable(&format!("  {action}: {}", said(answer))))?;
                        for line in why.iter().flat_map(|(text, _)| text.trim_end().lines()) {
                            output.line(format!("    {line}").trim_end())?;
                        }
                        if why.is_none() {
                            for note in &answer.notes {
                                output.line(&printable(&format!("    note: {note}")))?;
                            }
                        }
                    }
                }
                for line in session.iter().flat_map(session_lines) {
                    output.line(&printable(&line))?;
                }
                if is_incomplete {
                    output.line("(incomplete: the directory refers to missing items)")?;
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

/// What STS would say to session policies of this size (`QUO-4`), which no policy decides.
fn quota_notes(kind: StsCallKind, policies: &[Shown]) -> Vec<String> {
    const MOST: usize = 2_048;
    if kind == StsCallKind::AssumeRoot || policies.is_empty() {
        return Vec::new();
    }
    let mut notes = Vec::new();
    let sizes = policies
        .iter()
        .map(|own| own["document"].to_string().chars().count());
    if let Some(size) = sizes.max().filter(|size| *size > MOST) {
        notes.push(format!(
            "a session policy has {size} characters even without whitespace; STS takes 2,048, the ARNs of managed policies included"
        ));
    }
    if policies.len() > 1 {
        let most = match policies.len() > 11 {
            true => ", which may be 10",
            false => "",
        };
        notes.push(format!(
            "STS takes one document as a session policy; the other {} would have to be managed policies{most}",
            policies.len() - 1
        ));
    }
    notes.push(
        "the packed size of session policies and tags, which STS limits too, is not known here"
            .to_owned(),
    );
    notes
}

/// A session for people.
fn session_lines(session: &Shown) -> Vec<String> {
    let text = |value: &Shown| match value {
        Shown::String(text) => text.clone(),
        other => other.to_string(),
    };
    let principal = &session["principal"];
    let mut lines = vec![format!("session: {}", text(&principal["arn"]))];
    let known = [
        ("role", &principal["roleArn"]),
        ("unique id", &principal["userId"]),
        ("federated by", &principal["federatedBy"]),
        ("seconds", &session["seconds"]),
    ];
    let known = known.into_iter().filter(|(_, value)| !value.is_null());
    lines.extend(known.map(|(name, value)| format!("  {name}: {}", text(value))));
    for (key, values) in session["context"].as_object().into_iter().flatten() {
        let values: Vec<String> = values.as_array().into_iter().flatten().map(text).collect();
        lines.push(format!("  {key} = {}", values.join(", ")));
    }
    let keys = session["transitiveTagKeys"].as_array();
    let keys: Vec<String> = keys.into_iter().flatten().map(text).collect();
    if !keys.is_empty() {
        lines.push(format!("  tags passed on: {}", keys.join(", ")));
    }
    for (member, what) in [("session", "session policy"), ("identity", "task policy")] {
        for policy in session[member].as_array().into_iter().flatten() {
            lines.push(format!("  {what}: {}", text(&policy["name"])));
        }
    }
    lines.push("`--format json` prints it for `--as FILE` and for lines of `batch`".to_owned());
    lines
}

fn step_value(step: &Step) -> Shown {
    let answers: Vec<Shown> = step
        .answers
        .iter()
        .map(
            |Asked {
                 action,
                 answer,
                 why,
             }| {
                let by: Vec<String> = answer.by.iter().map(|layer| layer_name(*layer)).collect();
                let mut value =
                    json!({ "action": action, "decision": answer.decision.as_str(), "by": by });
                if let Some(object) = value.as_object_mut() {
                    insert_notes(object, &answer.notes);
                    if let Some((_, why)) = why {
                        object.insert("explanation".to_string(), why.clone());
                    }
                }
                value
            },
        )
        .collect();
    let allowed = step
        .answers
        .iter()
        .all(|own| own.answer.decision == Decision::Allow);
    json!({ "call": step.call, "target": step.target, "allowed": allowed, "requests": answers })
}

/// The values of a key, and one more.
fn with_value<'a>(own: Node<'a>, more: Node<'a>, arena: &'a Bump) -> Value<'a> {
    let mut values = match own.value {
        Value::Array(values) => values.to_vec(),
        _ => vec![own],
    };
    values.push(more);
    Value::Array(arena.alloc_slice_copy(&values))
}

/// A session as it is printed: its members go into the lines of requests.
fn session_value(kind: StsCallKind, session: &Session, policies: Vec<Shown>) -> Shown {
    let mut principal = json!({ "arn": session.arn });
    let mut context = Map::new();
    for (key, values) in &session.context {
        context.insert(key.clone(), json!(values));
    }
    if let Some(object) = principal.as_object_mut() {
        if kind == StsCallKind::GetSessionToken {
            object.insert("credentials".to_string(), json!(kind.as_str()));
        }
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
            StsCallKind::AssumeRoot => "identity",
            _ => "session",
        };
        object.insert(member.to_string(), Shown::Array(policies));
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
