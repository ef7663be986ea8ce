//! The checks. Each looks at one kind of thing; what it says of AWS's behavior cites the rule.

mod actions;
mod conditions;
mod keys;
pub(crate) mod nulls;
pub(crate) mod principals;
pub(crate) mod redundant;
mod resources;
mod roles;
mod shape;
mod size;
mod tags;
pub(crate) mod trust;
mod values;
pub(crate) mod variables;

use crate::Options;
use crate::catalog::{Catalog, KeyFacts};
use crate::finding::{Findings, Location, Report};
use crate::guess::guess;
use crate::own;
use crate::rules;
use crate::target::{PolicyType, ResourceType, Target};
use crate::view::{Policy, Statement};
use portcullis_model::PolicyKind;
use portcullis_source::hash::Map;
use portcullis_source::json::Node;
use portcullis_source::{Diagnostic, LineIndex};
use portcullis_syntax::ast::Span;
use std::cell::RefCell;

/// What checks know of the document as a whole.
pub(crate) struct Context<'d> {
    pub(crate) target: Target,
    pub(crate) kind: PolicyKind,
    pub(crate) account: Option<&'d str>,
    pub(crate) catalog: &'d dyn Catalog,
    /// A trust policy, by its type or by its looks (`AA-52`).
    pub(crate) is_trust: bool,
    /// Variables are expanded (`VAR-2`).
    pub(crate) has_variables: bool,
    pub(crate) has_old_scp_rules: bool,
    pub(crate) has_own_checks: bool,
    /// Documents name the same keys again and again.
    keys: RefCell<Map<&'d str, Option<KeyFacts>>>,
}

impl<'d> Context<'d> {
    pub(crate) fn is(&self, policy: PolicyType) -> bool {
        self.target.policy == policy
    }

    pub(crate) fn key(&self, key: &'d str) -> Option<KeyFacts> {
        let mut keys = self.keys.borrow_mut();
        *keys.entry(key).or_insert_with(|| self.catalog.key(key))
    }
}

/// Everything that is found in a document.
/// `own` is the document's own text, if that is JSON.
pub(crate) fn all<'d>(
    document: Node<'d>,
    text: &'d str,
    own_text: Option<&'d str>,
    options: &Options<'d>,
) -> Report<'d> {
    let mut out = Findings::new(text);
    let Some(members) = document.as_object() else {
        out.add(
            &rules::DATA_TYPE_MISMATCH,
            format!(
                "A policy is a JSON object, and this is {}.",
                document.value.describe()
            ),
            [Policy::whole(text)],
        );
        return out.finish();
    };
    let policy = Policy::read(members, document.span);
    let is_typed = options.target.resource == Some(ResourceType::AssumeRolePolicyDocument);
    let looks_so =
        || options.target == PolicyType::Resource.into() && guess(&document) == PolicyKind::Trust;
    let version = policy
        .member("Version")
        .and_then(|member| member.value.as_str());
    let context = Context {
        target: options.target,
        kind: options.kind,
        account: options.account,
        catalog: options.catalog,
        is_trust: is_typed || looks_so(),
        has_variables: version == Some("2012-10-17") || options.has_unknown_parts,
        has_old_scp_rules: options.has_old_scp_rules,
        has_own_checks: options.has_own_checks,
        keys: RefCell::default(),
    };
    shape::document(&context, &policy, &mut out);
    if let Some(own) = own_text {
        size::document(&context, text, own, &mut out);
    }
    for own in &policy.statements {
        let Some(memory) = options.memory else {
            statement(&context, own, &mut out);
            continue;
        };
        let number = memory.number(&context, own);
        if !memory.is_clean(number) {
            let before = out.state();
            statement(&context, own, &mut out);
            if out.state() == before {
                memory.add(number);
            }
        }
    }
    redundant::document(&policy, &mut out);
    if options.has_own_checks {
        own::document(&context, &policy, own_text, &mut out);
    }
    out.finish()
}

/// Everything that is found in a statement for itself.
fn statement<'d>(cx: &Context<'d>, own: &Statement<'d>, out: &mut Findings<'d>) {
    shape::statement(cx, own, out);
    actions::check(cx, own, out);
    resources::check(cx, own, out);
    principals::check(cx, own, out);
    conditions::check(cx, own, out);
    roles::check(cx, own, out);
    tags::check(cx, own, out);
    if cx.is_trust {
        trust::check(own, out);
    }
    redundant::statement(own, out);
    if cx.has_own_checks {
        own::statement(cx, own, out);
    }
}

/// The one finding on a text that is not JSON (`AA-126`).
pub(crate) fn syntax_error<'d>(text: &'d str, problems: &[Diagnostic]) -> Report<'d> {
    let mut out = Findings::new(text);
    let is_syntax = |problem: &&Diagnostic| problem.is_error();
    let (span, why) = match problems.iter().rfind(is_syntax) {
        Some(problem) => (problem.span, problem.message.as_str()),
        None => (Span::default(), "there is nothing"),
    };
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let span = Span {
        start: span.start.min(end),
        end: span.end.min(end),
    };
    let index = LineIndex::new(text);
    let (line, column) = index.position(span.start);
    let details = format!(
        "The text is not JSON at index {} line {line} column {}: {why}.",
        index.characters(span.start),
        column.saturating_sub(1)
    );
    out.add(
        &rules::JSON_SYNTAX_ERROR,
        details,
        [Location {
            path: Vec::new(),
            span,
        }],
    );
    out.finish()
}
