//! Why a request was decided as it was (`OUT-3`, `OUT-4`).

mod applies;
mod near;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use portcullis_image::value::fold::eq_folded;
use portcullis_image::{
    ANY, Leaf, NONE, Op, Operands, PatternKind, PrincipalForm, Section, StatementRef, Token, View,
    flag, layer_mask, layers,
};
use portcullis_model::{Decision, Effect, Layer};

use crate::combine::{Outcome, combine};
use crate::matcher::{Asked, Matcher};
use crate::notes::{EXEMPT, OWNER_ASSUMED, refusal};
use crate::plan::Plan;
use crate::query::Query;
use crate::ready::{OfImage, Ready};
use crate::scratch::Scratch;
use crate::slots::{Keys, state};
use crate::stack::StackId;
use crate::walk::{Sink, record};

/// The note on a request that cannot be decided.
const UNREADY: &str = "the request is for other policies, its action or resource is none, or its values are not those of its call site's keys";

/// A whole explanation.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The decision, which is the one that [`crate::decide`] gives, and the sets that made it.
    pub outcome: Outcome,
    /// Every policy set that is present, in the order in which reasons are named (`EVAL-11`).
    pub layers: Vec<LayerReport>,
    /// Condition keys that a statement asked for whose principal, action and resource match, and
    /// that the request does not have (`OUT-4`). Keys of variables in resources are among them, if the
    /// resource might match with a value of theirs. As written in the policies; without regard to case
    /// each once, sorted.
    pub missing_keys: Vec<String>,
    /// The keys that the reported statements look at, with the values of the request; as
    /// [`Explanation::missing_keys`].
    pub keys: Vec<KeyReport>,
    /// Assumptions and exceptions that took part.
    pub notes: Vec<String>,
}

/// What one policy set said.
#[derive(Clone, Debug)]
pub struct LayerReport {
    /// The set.
    pub layer: Layer,
    /// False if the set never takes part in requests of this caller (`EVAL-70`).
    pub applies: bool,
    /// Why it does not take part; none if it does.
    pub reason: Option<&'static str>,
    /// What the set says; none if no statement matches (`EVAL-3`).
    pub verdict: Option<Effect>,
    /// The statements that matched, those whose action at least matched, and those that differ in the
    /// action alone and have an entry of its service.
    pub statements: Vec<StatementReport>,
}

/// What one statement did.
#[derive(Clone, Debug)]
pub struct StatementReport {
    /// The policy's name; empty if the image has no debug sections.
    pub policy: String,
    /// The policy's file; empty if it had none.
    pub file: String,
    /// The path of the policy in the JSON value of its file, such as `/UserDetailList/0/UserPolicyList/0/PolicyDocument`;
    /// empty if it is the whole file, or not known.
    pub path: String,
    /// The byte of the file at which the statement begins, where whoever explains found it out.
    pub offset: Option<u64>,
    /// The statement as it is written, where whoever explains has it.
    pub text: Option<String>,
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
    /// Everything that kept the statement from matching: action, resource, principal, and every condition
    /// that does not hold, in this order. Empty if it matched.
    pub misses: Vec<Miss>,
    /// The conditions of a statement that matched, all of which held; empty for others.
    pub conditions: Vec<ConditionReport>,
    /// Of a statement with `NotPrincipal` that reaches the caller: what the list lacks to leave it out.
    pub not_listed: Option<NotListed>,
}

impl StatementReport {
    /// True if the statement matched.
    pub fn is_match(&self) -> bool {
        self.misses.is_empty()
    }
}

/// An element of a statement that did not match (`OUT-3`).
#[derive(Clone, Debug)]
pub enum Miss {
    /// No entry matches the action, and everything else matches.
    Action(EntryMiss),
    /// No entry matches the resource.
    Resource(EntryMiss),
    /// The principals do not name the caller.
    Principal(PrincipalMiss),
    /// A condition does not hold.
    Condition(ConditionReport),
}

impl Miss {
    /// The element of the statement, in lower case.
    pub fn element(&self) -> &'static str {
        match self {
            Miss::Action(_) => "action",
            Miss::Resource(_) => "resource",
            Miss::Principal(_) => "principal",
            Miss::Condition(_) => "condition",
        }
    }
}

/// A list of principals that does not name the caller, or that leaves it out.
#[derive(Clone, Debug, Default)]
pub struct PrincipalMiss {
    /// The element is `NotPrincipal`, and all identities of the caller are listed (`GRAM-51`).
    pub negated: bool,
    /// The entries: all, or of `NotPrincipal` those that list the caller.
    pub entries: Vec<PrincipalEntry>,
}

/// An entry of a list of principals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalEntry {
    /// `AWS`, `Service`, `Federated` or `CanonicalUser`.
    pub kind: &'static str,
    /// The entry as written.
    pub value: String,
}

/// A list of actions or resources that does not match.
#[derive(Clone, Debug, Default)]
pub struct EntryMiss {
    /// The element is `NotAction` or `NotResource`: what it lists is left out.
    pub negated: bool,
    /// The entries that came nearest, the nearest first; of a negated list those that match.
    pub entries: Vec<EntryReport>,
    /// How many different entries the list has.
    pub count: usize,
}

/// An entry of a list of actions or resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryReport {
    /// As written; without debug sections as the image has it.
    pub written: String,
    /// The same with the values of its variables, in which those without value stand as they are. None if
    /// it has no variables.
    pub expanded: Option<String>,
    /// The keys of its variables that have no value, or several (`VAR-9`).
    pub missing_keys: Vec<String>,
}

/// What a `NotPrincipal` lacks to leave out the caller (`GRAM-51` to `GRAM-53`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotListed {
    /// The identities of the caller that are not listed.
    pub identities: Vec<Identity>,
    /// Why listing them would not help, if it would not.
    pub note: Option<&'static str>,
}

/// What a caller is named by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Its account.
    Account,
    /// The user, the role, or the federated user.
    Entity,
    /// The session of a role.
    Session,
    /// The caller itself, which has no account.
    Itself,
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
    /// The values of the policy with the values of their variables; none if no value has variables. One
    /// whose variable has no value is left as it is written.
    pub expanded_values: Option<Vec<String>>,
    /// The values of the request; empty if the key is absent.
    pub request_values: Vec<String>,
    /// What is special about it, if anything.
    pub note: Option<&'static str>,
}

/// A key that statements look at, and what the request has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// The key as written.
    pub key: String,
    /// The values of the request; empty if the key is absent.
    pub values: Vec<String>,
}

impl Ready<'_> {
    /// Explains the request, for the images that it was made ready for. Of one that [`Ready::decide`] would not
    /// decide there is nothing to tell but that.
    ///
    /// Looks at every statement, without index, and judges each with the code that decides.
    pub fn explain<'i>(&self, images: impl Iterator<Item = View<'i>> + Clone) -> Explanation {
        explained(images, self)
    }
}

/// Explains a request for a stack of images, and what follows from these ([`Ready::explain`]).
pub fn explain<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    plan: &Plan,
    scratch: &mut Scratch,
    query: &Query<'_>,
) -> Explanation {
    scratch.ready(images.clone(), plan, query).explain(images)
}

fn explained<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    request: &Ready<'_>,
) -> Explanation {
    if !request.is_ready_for(StackId::of(images.clone())) {
        return Explanation::undecided();
    }
    let mut recorder = Recorder::default();
    let verdicts = record(images, request, &mut recorder);
    let facts = request.facts();
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
                reason: (!applies).then(|| applies::reason(request, layer)),
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
    let by_name = |key: &str| (key.to_lowercase(), key.to_string());
    recorder.missing.sort_by_cached_key(|key| by_name(key));
    recorder
        .missing
        .dedup_by(|own, other| own.to_lowercase() == other.to_lowercase());
    recorder.keys.sort_by_cached_key(|own| by_name(&own.key));
    recorder
        .keys
        .dedup_by(|own, other| own.key.to_lowercase() == other.key.to_lowercase());
    Explanation {
        outcome: combine(facts, &verdicts),
        layers,
        missing_keys: recorder.missing,
        keys: recorder.keys,
        notes: notes(request, verdicts.deny)
            .into_iter()
            .map(String::from)
            .collect(),
    }
}

impl Explanation {
    /// Of a request that cannot be decided ([`Outcome::undecided`]).
    pub fn undecided() -> Explanation {
        Explanation {
            outcome: Outcome::undecided(),
            layers: Vec::new(),
            missing_keys: Vec::new(),
            keys: Vec::new(),
            notes: [String::from(UNREADY)].into(),
        }
    }

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

fn notes(request: &Ready<'_>, deny: u32) -> Vec<&'static str> {
    let facts = request.facts();
    let mut notes = Vec::new();
    if facts.exempt {
        notes.push(EXEMPT);
    }
    if facts.refused && !facts.exempt {
        notes.push(refusal(facts.caller));
    }
    if facts.owner_assumed {
        notes.push(OWNER_ASSUMED);
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
    keys: Vec<KeyReport>,
}

impl Sink for Recorder {
    fn statement(&mut self, matcher: &Matcher<'_, OfImage<'_>>, index: u32, layers: u32) {
        let view = matcher.view;
        let own = view.statement_ref(index);
        let has_action = matcher.action(own);
        let has_resource = matcher.resource(own);
        let has_principal = matcher.principal(own, layers).is_some();
        let failed: Vec<u32> = guard(matcher, own.guard())
            .filter(|leaf| !matcher.leaf_holds(*leaf))
            .collect();
        let mut misses = Vec::new();
        if !has_action {
            // Somebody else's statement, unless it differs in the action alone.
            if !has_principal || !has_resource || !failed.is_empty() {
                return;
            }
            let Some(miss) = near::action_miss(matcher, index) else {
                return;
            };
            misses.push(Miss::Action(miss));
        }
        if !has_resource {
            misses.push(Miss::Resource(near::resource_miss(matcher, index)));
        }
        if !has_principal {
            misses.push(Miss::Principal(principal_miss(matcher, own)));
        }
        let failed = failed.into_iter().map(|leaf| condition(matcher, leaf));
        misses.extend(failed.map(Miss::Condition));
        if has_action && has_principal {
            self.find_missing(matcher, index, has_resource);
        }
        let is_match = misses.is_empty();
        let mut report = StatementReport {
            policy: String::new(),
            file: String::new(),
            path: String::new(),
            offset: None,
            text: None,
            index,
            sid: String::new(),
            effect: match own.is_deny() {
                true => Effect::Deny,
                false => Effect::Allow,
            },
            start: (0, 0),
            end: (0, 0),
            conditions: match is_match {
                true => guard(matcher, own.guard())
                    .map(|leaf| condition(matcher, leaf))
                    .collect(),
                false => Vec::new(),
            },
            not_listed: (has_principal && own.not_principal())
                .then(|| matcher.not_listed(own, layers)),
            misses,
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
    /// Notes the keys that a statement looks at whose action and principal match: those that the request
    /// does not have are missing if the resource matches, or might with them.
    fn find_missing(
        &mut self,
        matcher: &Matcher<'_, OfImage<'_>>,
        statement: u32,
        has_resource: bool,
    ) {
        let view = matcher.view;
        let own = view.statement_ref(statement);
        let of_resource = near::keys_of_resource(matcher, statement);
        let counts = has_resource || !of_resource.is_empty();
        self.missing.extend(of_resource);
        for leaf in guard(matcher, own.guard()) {
            for (key, slot) in keys_of(matcher, leaf) {
                let values = matcher.asked.keys().shown(slot);
                if values.is_empty() && counts {
                    self.missing.push(key.clone());
                }
                self.keys.push(KeyReport { key, values });
            }
        }
        for (key, slot) in near::variables_of_resource(matcher, statement) {
            let values = matcher.asked.keys().shown(slot);
            self.keys.push(KeyReport { key, values });
        }
    }
}

/// The instructions of a guard.
fn guard(matcher: &Matcher<'_, OfImage<'_>>, guard: u32) -> impl Iterator<Item = u32> {
    let view = matcher.view;
    let mut next = Some(guard).filter(|guard| *guard != NONE);
    core::iter::from_fn(move || {
        let at = next.filter(|at| *at < view.count(Section::Code))?;
        let is_last = view.leaf(at).flags & flag::END != 0;
        next = (!is_last).then_some(at + 1);
        Some(at)
    })
}

/// The keys that an instruction looks at, and their slots: its own, and those of variables without default.
fn keys_of(matcher: &Matcher<'_, OfImage<'_>>, index: u32) -> Vec<(String, u32)> {
    let view = matcher.view;
    let leaf = view.leaf(index);
    let source = view.leaf_source(index);
    let mut found = Vec::new();
    if leaf.op != Op::Const as u8 {
        let written = source.map(|source| view.text(source.key));
        let key = written.unwrap_or_else(|| view.text(view.slot(leaf.slot).name));
        found.push((key.to_string(), leaf.slot));
    }
    for pattern in patterns_of(matcher, &leaf) {
        for (slot, default) in variables(matcher, pattern) {
            if default {
                continue;
            }
            let values = source.map(|source| view.list(source.values));
            let values = values.iter().flat_map(|values| values.iter());
            let texts = values.map(|text| view.text(view.condition_text(text)));
            found.push((spelled(view.text(view.slot(slot).name), texts), slot));
        }
    }
    found
}

/// The patterns that an instruction compares with.
fn patterns_of(matcher: &Matcher<'_, OfImage<'_>>, leaf: &Leaf) -> Vec<u32> {
    let view = matcher.view;
    let list = view.list(leaf.x as u32);
    let patterns: Vec<u32> = match Op::from_code(leaf.op).map(|op| op.info().operands) {
        Some(Operands::Patterns) => list.iter().collect(),
        Some(Operands::Arns) => list.iter().flat_map(|item| view.arn(item).parts).collect(),
        _ => Vec::new(),
    };
    patterns.into_iter().filter(|own| *own != ANY).collect()
}

/// The slots of the variables of a pattern, and whether each has a default.
fn variables(matcher: &Matcher<'_, OfImage<'_>>, pattern: u32) -> Vec<(u32, bool)> {
    let view = matcher.view;
    let mut found = Vec::new();
    if pattern == ANY || view.pattern(pattern).kind != PatternKind::Tokens {
        return found;
    }
    for at in view.pattern(pattern).tokens..view.count(Section::Tokens) {
        match view.token(at) {
            Token::End => break,
            Token::Variable { slot, default } => found.push((slot, default.is_some())),
            _ => {}
        }
    }
    found
}

/// The key of a variable as it is written in one of the texts, which the image has case folded.
fn spelled<'t>(folded: &str, texts: impl Iterator<Item = &'t str>) -> String {
    for text in texts {
        for (at, _) in text.match_indices("${") {
            let rest = text.get(at + 2..).unwrap_or_default();
            let end = rest.find([',', '}']).unwrap_or(rest.len());
            let key = rest.get(..end).unwrap_or_default();
            if eq_folded(key, folded.as_bytes()) {
                return key.to_string();
            }
        }
    }
    folded.to_string()
}

/// `GRAM-31`, `GRAM-51`: whom a list names, where that is not the caller, or is all of it.
fn principal_miss(
    matcher: &Matcher<'_, OfImage<'_>>,
    statement: StatementRef<'_>,
) -> PrincipalMiss {
    let view = matcher.view;
    let negated = statement.not_principal();
    if statement.principals() == ANY {
        return PrincipalMiss {
            negated,
            entries: Vec::from([PrincipalEntry {
                kind: "AWS",
                value: "*".to_string(),
            }]),
        };
    }
    let named = matcher.asked.named();
    let items = view.list(statement.principals());
    let told = items
        .iter()
        .filter(|item| !negated || named.iter().any(|own| own.principal == *item));
    let entries = told.filter_map(|item| {
        let record = view.principal(item)?;
        Some(PrincipalEntry {
            kind: match record.form {
                PrincipalForm::Account
                | PrincipalForm::AccountArn
                | PrincipalForm::Arn
                | PrincipalForm::UniqueId => "AWS",
                PrincipalForm::Service => "Service",
                PrincipalForm::Federated => "Federated",
                PrincipalForm::CanonicalUser => "CanonicalUser",
            },
            value: view.text(record.text).to_string(),
        })
    });
    PrincipalMiss {
        negated,
        entries: entries.collect(),
    }
}

fn condition(matcher: &Matcher<'_, OfImage<'_>>, index: u32) -> ConditionReport {
    let view = matcher.view;
    let leaf = view.leaf(index);
    let keys = matcher.asked.keys();
    let request_values = keys.shown(leaf.slot);
    let quantified = leaf.flags & (flag::ANY | flag::ALL) != 0;
    let unusable = keys.has_unusable(leaf.slot);
    let note = if request_values.len() >= 2 && !quantified {
        Some("the key has several values, and the operator has no set qualifier")
    } else if unusable {
        Some("the request's value is not a valid number, date or address")
    } else {
        None
    };
    let source = view.leaf_source(index);
    let text = |text| view.text(text).to_string();
    let slot_name = view.slot(leaf.slot).name;
    let policy_values = source.map_or_else(Vec::new, |source| {
        let values = view.list(source.values);
        values
            .iter()
            .map(|item| text(view.condition_text(item)))
            .collect()
    });
    ConditionReport {
        operator: source.map_or_else(String::new, |source| text(source.operator)),
        key: text(source.map_or(slot_name, |source| source.key)),
        expanded_values: expanded_values(matcher, &leaf, &policy_values),
        policy_values,
        request_values,
        note,
    }
}

/// The values of a condition with those of their variables: the variables of an instruction are known by
/// their patterns, and where they stand by the texts.
fn expanded_values(
    matcher: &Matcher<'_, OfImage<'_>>,
    leaf: &Leaf,
    written: &[String],
) -> Option<Vec<String>> {
    let view = matcher.view;
    let patterns = patterns_of(matcher, leaf);
    let slots: Vec<u32> = patterns
        .into_iter()
        .flat_map(|pattern| variables(matcher, pattern))
        .map(|(slot, _)| slot)
        .collect();
    if slots.is_empty() {
        return None;
    }
    let expand = |text: &String| {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((inside, behind)) = after.split_once('}') else {
                out.push_str("${");
                rest = after;
                continue;
            };
            let (key, default) = match inside.split_once(',') {
                Some((key, default)) => (key, Some(default.trim().trim_matches('\''))),
                None => (inside, None),
            };
            let mut all = slots.iter();
            let slot =
                all.find(|slot| eq_folded(key, view.text(view.slot(**slot).name).as_bytes()));
            let value = slot.and_then(|slot| {
                let default = default.filter(|_| !matcher.asked.keys().has_value(*slot));
                matcher.variable(*slot, None).or(default)
            });
            match value {
                Some(value) => out.push_str(value),
                None => {
                    out.push_str("${");
                    out.push_str(inside);
                    out.push('}');
                }
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    };
    Some(written.iter().map(expand).collect())
}

impl Keys<'_> {
    /// The values of a slot as texts.
    fn shown(&self, number: u32) -> Vec<String> {
        match self.settled(number) {
            Some((..=state::UNUSABLE, slot)) => {
                let mut text = String::new();
                match self.native(slot) {
                    Some(value) => value.write(&mut text),
                    None => text.push_str(self.text(slot)),
                }
                [text].into()
            }
            Some((state::SEVERAL, _)) => {
                let mut texts = Vec::new();
                self.for_each_text(number, |text| texts.push(text.to_string()));
                texts
            }
            _ => Vec::new(),
        }
    }

    /// True if a slot has some value.
    fn has_value(&self, number: u32) -> bool {
        matches!(self.settled(number), Some((..=state::SEVERAL, _)))
    }

    /// True if some value of a slot is not what its class asks for (`COND-87`).
    fn has_unusable(&self, number: u32) -> bool {
        match self.settled(number) {
            Some((state::UNUSABLE, _)) => true,
            Some((state::SEVERAL, slot)) => {
                self.any_of_several(number, slot, |one| one.state(self.stamp) == state::UNUSABLE)
            }
            _ => false,
        }
    }
}
