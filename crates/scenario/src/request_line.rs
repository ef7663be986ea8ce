//! Lines of requests: a request as in scenarios, and the policies that come with it.
//!
//! A line is what `batch` reads and what `decide --request` takes. The request itself is read by the reader of scenarios,
//! so that there is one reader of requests; only the members `session` and `identity` are taken off first, because
//! scenarios have them elsewhere. A line with a problem keeps everything that could be read, and has no request.

use std::rc::Rc;

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_source::json::{self, Member, Node, Value};
use portcullis_source::{Diagnostic, Source};
use portcullis_syntax::{Policy, RequestPolicies};

use crate::files::Files;
use crate::policies::policy_list;
use crate::read::Case;
use crate::request::{RequestForm, request};

/// A request, and what came with it. Fit for use only if the case has a request.
#[derive(Debug)]
pub struct Line<'a> {
    /// Name, request, expectation and problems.
    pub case: Case<'a>,
    /// The policies of the line.
    pub extra: RequestPolicies<'a>,
}

/// Reads a text that is a request or a list of requests: members as in scenarios, and perhaps
/// `session` and `identity` with lists of policies.
///
/// # Errors
/// The problems that leave nothing to read: a text that is not JSON, or no object.
pub fn lines<'a>(
    source: &Rc<Source<'a>>,
    files: &dyn Files,
    arena: &'a Bump,
) -> Result<Vec<Line<'a>>, Vec<Diagnostic>> {
    let node = json::parse(source.text(), arena).map_err(|found| source.locate_all(found))?;
    let node: &'a Node<'a> = arena.alloc(node);
    match node.value {
        Value::Array(nodes) => Ok(nodes
            .iter()
            .map(|node| line(node, source, files, arena))
            .collect()),
        _ => Ok(vec![line(node, source, files, arena)]),
    }
}

/// Reads one request, with the policies that come with it, from a JSON tree.
pub fn line<'a>(
    node: &'a Node<'a>,
    source: &Rc<Source<'a>>,
    files: &dyn Files,
    arena: &'a Bump,
) -> Line<'a> {
    let is_own = |member: &&Member<'a>| matches!(member.key.value, "session" | "identity");
    let members = node.as_object().unwrap_or_default();
    let mut rest = *node;
    if members.iter().any(|member| is_own(&member)) {
        let others = members.iter().filter(|member| !is_own(member)).copied();
        let others = arena.alloc_slice_fill_iter(others.collect::<Vec<_>>());
        rest.value = Value::Object(others);
    }
    let mut case = request(arena.alloc(rest), RequestForm::Listed, source, arena);
    let mut extra = RequestPolicies::default();
    for member in members.iter().filter(is_own) {
        let (kind, set): (PolicyKind, &mut Option<Vec<Policy<'a>>>) = match member.key.value {
            "session" => (PolicyKind::Session, &mut extra.session),
            _ => (PolicyKind::Identity, &mut extra.identity),
        };
        if matches!(member.value.value, Value::Null) {
            continue;
        }
        let (policies, problems) = policy_list(member, kind, source, files, arena);
        *set = Some(policies);
        case.problems.extend(problems);
    }
    if !case.problems.is_empty() {
        case.request = None;
    }
    Line { case, extra }
}
