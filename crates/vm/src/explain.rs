//! Why a request was decided as it was (`OUT-3`, `OUT-4`).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use portcullis_image::{
    ANY, Leaf, NONE, Op, Operands, PatternKind, Section, Token, View, flag, layer_mask, layers,
};
use portcullis_model::{Decision, Effect, Layer};

use crate::combine::{Outcome, combine};
use crate::matcher::Matcher;
use crate::request::{OfImage, Request};
use crate::stack::Mark;
use crate::values::Typed;
use crate::walk::{Sink, record};

/// How far a statement matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It matched.
    Matched,
    /// The principals do not name the caller.
    Principal,
    /// The action does not match.
    Action,
    /// The resource does not match.
    Resource,
    /// The instruction with this number does not hold.
    Condition(u32),
}

/// The note on a request that cannot be decided.
const UNREADY: &str =
    "the request is not finished, was changed since, or was filled for other policies";

/// A whole explanation.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The decision, which is the one that [`crate::decide`] gives, and the sets that made it.
    pub outcome: Outcome,
    /// Every policy set that is present, in the order in which reasons are named (`EVAL-11`).
    pub layers: Vec<LayerReport>,
    /// Condition keys that a statement asked for whose principal, action and resource match, and
    /// that the request does not have (`OUT-4`). As written in the policies, but for keys of
    /// variables, which are in lower case; sorted.
    pub missing_keys: Vec<String>,
    /// Assumptions and exceptions that took part.
    pub notes: Vec<&'static str>,
}

/// What one policy set said.
#[derive(Clone, Debug)]
pub struct LayerReport {
    /// The set.
    pub layer: Layer,
    /// False if the set never takes part in requests of this caller (`EVAL-70`).
    pub applies: bool,
    /// What the set says; none if no statement matches (`EVAL-3`).
    pub verdict: Option<Effect>,
    /// The statements that matched, and those whose action at least matched.
    pub statements: Vec<StatementReport>,
}

/// What one statement did.
#[derive(Clone, Debug)]
pub struct StatementReport {
    /// The policy's name; empty if the image has no debug sections.
    pub policy: String,
    /// The policy's file; empty if it had none.
    pub file: String,
    /// The statement's place in its document, from 0.
    pub index: u32,
    /// The `Sid`; empty if it had none.
    pub sid: String,
    /// Allow or Deny.
    pub effect: Effect,
    /// Where the statement begins: line and column from 1; 0 if the image has no debug sections.
    pub start: (u32, u32),
    /// Where it ends.
    pub end: (u32, u32),
    /// What kept the statement, whose action matches, from matching; none if it matched.
    pub missed: Option<Miss>,
    /// The conditions of a statement that matched, all of which held; empty for others.
    pub conditions: Vec<ConditionReport>,
}

/// The first element of a statement that did not match, after its action (`OUT-3`).
#[derive(Clone, Debug)]
pub enum Miss {
    /// No resource entry matches the request's resource.
    Resource,
    /// The principals do not name the caller.
    Principal,
    /// A condition does not hold.
    Condition(ConditionReport),
}

/// A condition, beside what the request has: why it did not hold, or that it did.
#[derive(Clone, Debug)]
pub struct ConditionReport {
    /// The operator as written.
    pub operator: String,
    /// The key as written.
    pub key: String,
    /// The values of the policy as written.
    pub policy_values: Vec<String>,
    /// The values of the request; empty if the key is absent.
    pub request_values: Vec<String>,
    /// What is special about it, if anything.
    pub note: Option<&'static str>,
}

/// Explains a request that was filled for the same stack of images. Of one that [`crate::decide`] would not
/// decide there is nothing to tell but that.
///
/// Looks at every statement, without index, and judges each with the code that decides.
pub fn explain<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    request: &Request,
) -> Explanation {
    if !request.is_ready_for(Mark::of(images.clone())) {
        return Explanation {
            outcome: Outcome::unready(),
            layers: Vec::new(),
            missing_keys: Vec::new(),
            notes: [UNREADY].into(),
        };
    }
    let mut recorder = Recorder::default();
    let verdicts = record(images, request, &mut recorder);
    let facts = &request.facts;
    let layers = layers(verdicts.present)
        .map(|layer| {
            let mask = layer_mask(layer);
            let applies = facts.layers & mask != 0;
            let mut statements = Vec::new();
            for (layers, report) in &recorder.statements {
                if layers & mask != 0 && applies {
                    statements.push(report.clone());
                }
            }
            LayerReport {
                layer,
                applies,
                verdict: if verdicts.deny & mask != 0 {
                    Some(Effect::Deny)
                } else if verdicts.allow & mask != 0 {
                    Some(Effect::Allow)
                } else {
                    None
                },
                statements,
            }
        })
        .collect();
    recorder.missing.sort_unstable();
    recorder.missing.dedup();
    Explanation {
        outcome: combine(facts, &verdicts),
        layers,
        missing_keys: recorder.missing,
        notes: notes(request, verdicts.deny),
    }
}

impl Explanation {
    /// The sentence that AWS would print for a denial (section 6.2), without the caller's and the
    /// resource's names if they are not given; none for an allow.
    ///
    /// `trust` says that the resource policy is a role's trust policy (`OUT-16`, `OUT-25`).
    pub fn message(
        &self,
        caller: Option<&str>,
        action: &str,
        resource: &str,
        trust: bool,
    ) -> Option<String> {
        let layer = self.outcome.layers().next();
        let name = |layer| match layer {
            Layer::Rcp(_) => "resource control policy",
            Layer::Scp(_) => "service control policy",
            Layer::VpcEndpoint => "VPC endpoint policy",
            Layer::Resource if trust => "role trust policy",
            Layer::Resource => "resource-based policy",
            Layer::Identity => "identity-based policy",
            Layer::Boundary => "permissions boundary",
            Layer::Session => "session policy",
        };
        let reason = match (self.outcome.decision(), layer) {
            (Decision::Allow, _) | (_, None) => return None,
            (Decision::ExplicitDeny, Some(layer)) => {
                let article = match layer {
                    Layer::Resource if trust => "the",
                    Layer::Identity => "an",
                    _ => "a",
                };
                alloc::format!("with an explicit deny in {article} {}", name(layer))
            }
            (Decision::ImplicitDeny, Some(layer)) => {
                alloc::format!("because no {} allows the {action} action", name(layer))
            }
        };
        let caller = caller.unwrap_or("anonymous");
        let on = if resource == "*" {
            String::new()
        } else {
            alloc::format!(" on resource: {resource}")
        };
        Some(alloc::format!(
            "User: {caller} is not authorized to perform: {action}{on} {reason}"
        ))
    }
}

fn notes(request: &Request, deny: u32) -> Vec<&'static str> {
    let facts = &request.facts;
    let mut notes = Vec::new();
    if facts.exempt {
        notes.push("the action needs no permission: no policy can deny it");
    }
    if facts.owner_assumed {
        notes.push("the resource's owner is not known; it is taken to be the caller's account");
    }
    if facts.root_allows {
        notes.push("the root user needs no identity-based policy");
    }
    if facts.undeniable != 0 && deny & facts.undeniable == 0 {
        notes.push("the owner's root user may always manage the bucket policy");
    }
    if facts.external_grant {
        notes.push("a grant outside the policies was given with the request");
    }
    notes
}

/// Remembers what it is told.
#[derive(Default)]
struct Recorder {
    statements: Vec<(u32, StatementReport)>,
    missing: Vec<String>,
}

impl Sink for Recorder {
    fn statement(
        &mut self,
        matcher: &Matcher<'_, OfImage<'_>>,
        index: u32,
        layers: u32,
        step: Step,
    ) {
        let missed = match step {
            Step::Action => return,
            Step::Matched => None,
            Step::Resource => Some(Miss::Resource),
            Step::Principal => Some(Miss::Principal),
            Step::Condition(leaf) => Some(Miss::Condition(condition(matcher, leaf))),
        };
        let view = matcher.view;
        let statement = view.statement(index);
        if matches!(missed, None | Some(Miss::Condition(_))) {
            self.find_missing(matcher, statement.guard);
        }
        let mut report = StatementReport {
            policy: String::new(),
            file: String::new(),
            index,
            sid: String::new(),
            effect: if statement.flags.deny {
                Effect::Deny
            } else {
                Effect::Allow
            },
            start: (0, 0),
            end: (0, 0),
            conditions: match missed {
                None => conditions(matcher, statement.guard),
                Some(_) => Vec::new(),
            },
            missed,
        };
        if let Some(origin) = view.origin(index) {
            report.index = origin.index;
            report.sid = view.text(origin.sid).to_string();
            report.start = (origin.line, origin.column);
            report.end = (origin.end_line, origin.end_column);
            if let Some(source) = view.source(origin.source) {
                report.policy = view.text(source.name).to_string();
                report.file = view.text(source.file).to_string();
            }
        }
        self.statements.push((layers, report));
    }
}

impl Recorder {
    /// Notes the keys of a guard that the request does not have, also those of variables.
    fn find_missing(&mut self, matcher: &Matcher<'_, OfImage<'_>>, guard: u32) {
        let view = matcher.view;
        let mut at = guard;
        while at != NONE && at < view.count(Section::Code) {
            let leaf = view.leaf(at);
            if leaf.op != Op::Const as u8 && is_absent(matcher, leaf.slot) {
                let written = view.leaf_source(at).map(|source| view.text(source.key));
                let name = written.unwrap_or_else(|| view.text(view.slot(leaf.slot).name));
                self.missing.push(name.to_string());
            }
            self.find_missing_variables(matcher, &leaf);
            at = if leaf.flags & flag::END != 0 {
                NONE
            } else {
                at + 1
            };
        }
    }

    fn find_missing_variables(&mut self, matcher: &Matcher<'_, OfImage<'_>>, leaf: &Leaf) {
        let view = matcher.view;
        let operands = Op::from_code(leaf.op).map(|op| op.info().operands);
        let list = view.list(leaf.x as u32);
        let mut patterns: Vec<u32> = Vec::new();
        match operands {
            Some(Operands::Patterns) => patterns.extend(list.iter()),
            Some(Operands::Arns) => {
                patterns.extend(list.iter().flat_map(|item| view.arn(item).parts));
            }
            _ => {}
        }
        for pattern in patterns.into_iter().filter(|pattern| *pattern != ANY) {
            let pattern = view.pattern(pattern);
            if pattern.kind != PatternKind::Tokens {
                continue;
            }
            for at in pattern.tokens..view.count(Section::Tokens) {
                match view.token(at) {
                    Token::End => break,
                    Token::Variable {
                        slot,
                        default: None,
                    } if is_absent(matcher, slot) => {
                        self.missing
                            .push(view.text(view.slot(slot).name).to_string());
                    }
                    _ => {}
                }
            }
        }
    }
}

/// All conditions of a guard.
fn conditions(matcher: &Matcher<'_, OfImage<'_>>, guard: u32) -> Vec<ConditionReport> {
    let view = matcher.view;
    let mut found = Vec::new();
    let mut at = guard;
    while at != NONE && at < view.count(Section::Code) {
        found.push(condition(matcher, at));
        let is_last = view.leaf(at).flags & flag::END != 0;
        at = if is_last { NONE } else { at + 1 };
    }
    found
}

fn is_absent(matcher: &Matcher<'_, OfImage<'_>>, slot: u32) -> bool {
    matcher.values(slot).is_empty()
}

fn condition(matcher: &Matcher<'_, OfImage<'_>>, index: u32) -> ConditionReport {
    let view = matcher.view;
    let leaf = view.leaf(index);
    let values = matcher.values(leaf.slot);
    let quantified = leaf.flags & (flag::ANY | flag::ALL) != 0;
    let unusable = values
        .iter()
        .any(|value| matches!(value.typed, Typed::Unusable));
    let note = if values.len() >= 2 && !quantified {
        Some("the key has several values, and the operator has no set qualifier")
    } else if unusable {
        Some("the request's value is not a valid number, date or address")
    } else {
        None
    };
    let source = view.leaf_source(index);
    let text = |text| view.text(text).to_string();
    let slot_name = view.slot(leaf.slot).name;
    ConditionReport {
        operator: source.map_or_else(String::new, |source| text(source.operator)),
        key: text(source.map_or(slot_name, |source| source.key)),
        policy_values: source.map_or_else(Vec::new, |source| {
            let values = view.list(source.values);
            values
                .iter()
                .map(|item| text(view.condition_text(item)))
                .collect()
        }),
        request_values: values
            .iter()
            .map(|value| matcher.text(value).to_string())
            .collect(),
        note,
    }
}
