//! Scenarios.

use std::rc::Rc;

use bumpalo::Bump;
use portcullis_model::{Decision, Request, access_point};
use portcullis_source::json::{self, Node, Value};
use portcullis_syntax::PolicySets;
use portcullis_syntax::ast::Span;
use portcullis_syntax::policy::SERVICES_WITHOUT_RESOURCE;

use crate::codes;
use crate::files::Files;
use crate::note::Note;
use crate::policies::{missing_resource, policy_sets};
use crate::request::{RequestForm, decision, request};
use portcullis_source::Reader;
use portcullis_source::{Diagnostic, Source};

/// What a scenario must have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Every request must say which decision is expected.
    pub needs_expect: bool,
    /// Only the policies matter: a scenario without a request is fine.
    pub policies_only: bool,
}

/// A scenario.
#[derive(Debug)]
pub struct Scenario<'a> {
    /// What it is called.
    pub name: Option<&'a str>,
    /// Its policies; fit for use only if there are no problems.
    pub policies: PolicySets<'a>,
    /// Its requests, also if there are problems, so that each can be answered.
    pub cases: Vec<Case<'a>>,
    /// What keeps the whole scenario from being used. Problems of one request are the request's.
    pub problems: Vec<Diagnostic>,
    /// Where it stands in the text.
    pub span: Span,
}

/// A request of a scenario.
#[derive(Debug)]
pub struct Case<'a> {
    /// What it is called.
    pub name: Option<&'a str>,
    /// The request, unless there are problems.
    pub request: Option<Request<'a>>,
    /// The decision that is expected.
    pub expect: Option<Decision>,
    /// What keeps the request from being decided.
    pub problems: Vec<Diagnostic>,
    /// What was taken for granted in reading it.
    pub notes: Vec<Note<'a>>,
    /// Where it stands in the text.
    pub span: Span,
}

/// Reads a text that is a scenario or a list of scenarios.
///
/// # Errors
/// The problems that leave nothing to read: a text that is not JSON, or no object.
pub fn scenarios<'a>(
    source: Rc<Source<'a>>,
    options: Options,
    files: &dyn Files,
    arena: &'a Bump,
) -> Result<Vec<Scenario<'a>>, Vec<Diagnostic>> {
    let (node, diagnostics) = json::read(source.text(), arena);
    let one = |node: &'a Node<'a>| {
        let mut found = scenario(node, &source, options, files, arena);
        let own = node.span.start..node.span.end;
        let duplicates = diagnostics
            .iter()
            .filter(|diagnostic| own.contains(&diagnostic.span.start))
            .map(|diagnostic| source.locate(diagnostic.clone()));
        found.problems.splice(0..0, duplicates);
        found
    };
    // If there are more problems than were listed, nobody knows which scenario they are in.
    let is_complete = diagnostics
        .iter()
        .all(|diagnostic| diagnostic.code != codes::TOO_MANY_PROBLEMS);
    let Some(node) = node.filter(|_| is_complete) else {
        return Err(diagnostics
            .into_iter()
            .map(|diagnostic| source.locate(diagnostic))
            .collect());
    };
    let node: &'a Node<'a> = arena.alloc(node);
    match node.value {
        Value::Object(_) => Ok(vec![one(node)]),
        Value::Array(nodes) => Ok(nodes.iter().map(one).collect()),
        _ => {
            let mut reader = Reader::new(&source);
            reader.mismatch(node, "a scenario", "an object");
            Err(reader.problems)
        }
    }
}

fn scenario<'a>(
    node: &'a Node<'a>,
    source: &Rc<Source<'a>>,
    options: Options,
    files: &dyn Files,
    arena: &'a Bump,
) -> Scenario<'a> {
    let mut reader = Reader::new(source);
    let mut scenario = Scenario {
        name: None,
        policies: PolicySets::default(),
        cases: Vec::new(),
        problems: Vec::new(),
        span: node.span,
    };
    let names = ["name", "policies", "request", "requests", "expect"];
    let Some(members) = reader.members(node, "a scenario", names) else {
        scenario.problems = reader.problems;
        return scenario;
    };
    let [name, policies, single, listed, expect] = members;
    scenario.name = reader.text(name);
    if let Some(member) = reader.required(policies, node.span, "the scenario", "policies") {
        scenario.policies = policy_sets(&mut reader, &member.value, files, arena);
    }
    let expected = decision(&mut reader, expect);
    match (single, listed) {
        (Some(single), None) => {
            let mut case = request(&single.value, RequestForm::Single, source, arena);
            case.expect = expected;
            scenario.cases.push(case);
        }
        (None, Some(listed)) => {
            if let Some(expect) = expect {
                let message = "with `requests`, each request has its own `expect`";
                reader.problem(codes::CONFLICTING_MEMBERS, expect.key.span, message);
            }
            match listed.value.as_array() {
                Some(nodes) => scenario.cases.extend(
                    nodes
                        .iter()
                        .map(|node| request(node, RequestForm::Listed, source, arena)),
                ),
                None => reader.mismatch(&listed.value, "`requests`", "a list of requests"),
            }
        }
        (Some(_), Some(listed)) => {
            let message = "a scenario has either `request` or `requests`, this has both";
            reader.problem(codes::CONFLICTING_MEMBERS, listed.key.span, message);
        }
        (None, None) if options.policies_only => {}
        (None, None) => {
            reader.required(None, node.span, "the scenario", "request");
        }
    }
    scenario.problems = reader.problems;
    let requests = scenario.cases.iter().filter_map(|case| case.request);
    let resources: Vec<&str> = requests.map(|request| request.resource).collect();
    scenario
        .policies
        .write_out_apis(resources.into_iter(), arena);
    for case in &mut scenario.cases {
        check_case(case, &scenario.policies, source, options);
    }
    scenario
}

/// What can be said of a request only with the policies at hand, and what the command asks for.
fn check_case<'a>(
    case: &mut Case<'a>,
    policies: &PolicySets<'a>,
    source: &Rc<Source<'a>>,
    options: Options,
) {
    if options.needs_expect && case.expect.is_none() && case.problems.is_empty() {
        let start = Span {
            start: case.span.start,
            end: case.span.start.saturating_add(1),
        };
        let message = "the request has no `expect` to test it against";
        case.problems
            .push(source.error(codes::MISSING_MEMBER, start, message));
    }
    let Some(request) = case.request else {
        return;
    };
    if policies.bucket.is_some() && access_point(request.resource).is_none() {
        let message = "the resource is not an access point, so there is no bucket behind it (`policies.bucket`)";
        case.problems
            .push(source.error(codes::INVALID_RESOURCE, case.span, message));
        case.request = None;
        return;
    }
    if let Some((policy, span)) = missing_resource(policies, request.action) {
        let own = core::ptr::eq(policy.text, source.text());
        let source = match own {
            true => Rc::clone(source),
            false => Source::new(policy.file, policy.text),
        };
        case.problems.push(missing_resource_problem(&source, span));
        case.request = None;
    }
}

/// The problem that [`missing_resource`] finds, at its place in the text.
pub fn missing_resource_problem(source: &Source<'_>, span: Span) -> Diagnostic {
    let message = "the statement has neither `Resource` nor `NotResource`";
    let diagnostic = Diagnostic::error(portcullis_syntax::codes::MISSING_RESOURCE, span, message)
        .with_help(format!(
            "only policies for actions of `{}` may omit it",
            SERVICES_WITHOUT_RESOURCE.join("`, `")
        ));
    source.locate(diagnostic.in_policy())
}
