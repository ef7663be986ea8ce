//! Why a request was decided as it was (`OUT-3`, `OUT-4`).
//!
//! Every statement that takes part is evaluated by the code that decides, without index, and what it lacks is found out
//! beside it: the entries that came nearest, the principals, the conditions that do not hold. So an explanation cannot
//! differ from the decision. Takes time linear in the statements, and allocates.
//!
//! A statement is reported if it matched, if its action matched, or if it differs in the action alone and has an entry of the
//! same service: others are somebody else's. Recording during a decision was rejected: the decision would pay for it, and the
//! index would hide the statements that came near.
//!
//! What is found here are facts. Sentences, pictures and pages are made of them in the crate `portcullis-explain`.

pub(crate) mod applies;
pub(crate) mod conditions;
pub(crate) mod nearest;
pub(crate) mod notes;
pub(crate) mod principals;
pub(crate) mod report;
pub(crate) mod variables;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use portcullis_image::{Id, Insn, LayerSet, Statement, View};
use portcullis_model::Effect;

use crate::combine::{Verdicts, combine};
use crate::eval::accumulator::Accumulator;
use crate::eval::view::RequestView;
use crate::explain::conditions::{condition, keys_of};
use crate::explain::notes::{EXEMPT, OWNER_ASSUMED, refusal};
use crate::explain::principals::{not_listed, principal_miss};
use crate::explain::report::{Explanation, KeyReport, LayerReport, Miss, StatementReport};
use crate::pattern::Matcher;
use crate::prepare::ready::{Ready, ReadyInImage};
use crate::prepare::scratch::Scratch;
use crate::request::query::Query;
use crate::stack::plan::Plan;
use crate::stack::{ImageIdx, StackId};

impl Ready<'_> {
    /// Explains the request, for the images that it was made ready for. Of one that [`Ready::decide`] would not
    /// decide there is nothing to tell but that.
    ///
    /// Looks at every statement, without index, and judges each with the code that decides: time is linear in the statements of the
    /// units that take part.
    pub fn explain<'i>(&self, images: impl Iterator<Item = View<'i>> + Clone) -> Explanation {
        explained(images, self)
    }
}

/// Explains a request for a stack of images, and what follows from these ([`Ready::explain`]).
///
/// ```
/// use portcullis_image::Image;
/// use portcullis_model::{Caller, Request};
/// use portcullis_vm::{Miss, Plan, Query, Scratch, explain};
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let images = || core::iter::once(image.view());
/// let role = Caller::from_arn("arn:aws:iam::111122223333:role/reports").unwrap();
/// let request = Request::new(role, "s3:GetObject", "arn:aws:s3:::other-bucket/q1.csv");
///
/// let explanation = explain(images(), &Plan::of(images()), &mut Scratch::new(), &Query::from(&request));
/// assert!(!explanation.outcome.is_allow());
/// // Some Allow has the action and lacks the resource.
/// let mut reports = explanation.layers.iter().flat_map(|layer| &layer.statements);
/// assert!(reports.any(|report| report.misses.iter().any(|miss| matches!(miss, Miss::Resource(_)))));
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
pub fn explain<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    plan: &Plan,
    scratch: &mut Scratch,
    query: &Query<'_>,
) -> Explanation {
    scratch.ready(images.clone(), plan, query).explain(images)
}

/// The explanation of a request: layer by layer, with what every statement of each lacks.
fn explained<'i>(
    images: impl Iterator<Item = View<'i>> + Clone,
    request: &Ready<'_>,
) -> Explanation {
    if !request.is_ready_for(StackId::of(images.clone())) {
        return Explanation::undecided();
    }
    let mut recorder = Recorder::default();
    let verdicts = record(images, request, &mut recorder);
    let inputs = request.inputs();
    let layers = verdicts
        .present
        .iter()
        .map(|layer| {
            let applies = inputs.layers.contains(layer);
            let mut statements = Vec::new();
            for (layers, report) in &recorder.statements {
                if layers.contains(layer) && applies {
                    statements.push(report.clone());
                }
            }
            LayerReport {
                layer,
                applies,
                reason: (!applies).then(|| applies::reason(request, layer)),
                verdict: if verdicts.deny.contains(layer) {
                    Some(Effect::Deny)
                } else if verdicts.allow.contains(layer) {
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
        outcome: combine(inputs, &verdicts),
        layers,
        missing_keys: recorder.missing,
        keys: recorder.keys,
        notes: notes(request, verdicts.deny)
            .into_iter()
            .map(String::from)
            .collect(),
    }
}

/// What was assumed, and exceptions of the rules that took part.
fn notes(request: &Ready<'_>, deny: LayerSet) -> Vec<&'static str> {
    let inputs = request.inputs();
    let mut notes = Vec::new();
    if inputs.exempt {
        notes.push(EXEMPT);
    }
    if inputs.refused && !inputs.exempt {
        notes.push(refusal(inputs.caller));
    }
    if inputs.owner_assumed {
        notes.push(OWNER_ASSUMED);
    }
    if inputs.root_allows {
        notes.push("the root user needs no identity-based policy");
    }
    if !inputs.deny_exempt.is_empty() && !deny.meets(inputs.deny_exempt) {
        notes.push("the owner's root user may always manage the bucket policy");
    }
    if inputs.external_grant {
        notes.push("a grant outside the policies was given with the request");
    }
    notes
}

/// Evaluates every statement that takes part, and records what it gave.
fn record<'i>(
    images: impl Iterator<Item = View<'i>>,
    request: &Ready<'_>,
    recorder: &mut Recorder,
) -> Verdicts {
    let inputs = request.inputs();
    let mut accumulator = Accumulator::new(inputs.layers, inputs.deny_exempt);
    for (image, view) in ImageIdx::of(images) {
        let matcher = request.matcher(image, view);
        accumulator.enter_image();
        for used in request.units_of(image) {
            let unit = view.get(used.unit);
            for statement in unit.statements.iter() {
                let layers = accumulator.one(&matcher, statement, used.layers & inputs.layers);
                if !layers.is_empty() {
                    recorder.statement(&matcher, statement, layers);
                }
            }
        }
    }
    accumulator.verdicts(request.present())
}

/// What the statements of a request gave, in the order of the statements.
#[derive(Default)]
struct Recorder {
    /// Each with the layers that it stands for here.
    statements: Vec<(LayerSet, StatementReport)>,
    /// Keys that the request lacks, as often as they were asked for.
    missing: Vec<String>,
    /// Keys that reported statements look at, with the request's values.
    keys: Vec<KeyReport>,
}

impl Recorder {
    /// Records a statement that stands for some layers here: what matches, what does not, and where it was written.
    fn statement(
        &mut self,
        matcher: &Matcher<'_, ReadyInImage<'_>>,
        statement: Id<Statement>,
        layers: LayerSet,
    ) {
        let view = matcher.view;
        let own = view.read(statement);
        let has_action = matcher.action(own);
        let has_resource = matcher.resource(own);
        let has_principal = matcher.principal(own, layers).is_some();
        let failed: Vec<Id<Insn>> = view
            .guard(own.guard())
            .filter(|insn| !matcher.insn_holds(*insn))
            .collect();
        let mut misses = Vec::new();
        if !has_action {
            // Somebody else's statement, unless it differs in the action alone.
            if !has_principal || !has_resource || !failed.is_empty() {
                return;
            }
            let Some(miss) = nearest::action_miss(matcher, statement) else {
                return;
            };
            misses.push(Miss::Action(miss));
        }
        if !has_resource {
            misses.push(Miss::Resource(nearest::resource_miss(matcher, statement)));
        }
        if !has_principal {
            misses.push(Miss::Principal(principal_miss(matcher, own)));
        }
        let failed = failed.into_iter().map(|insn| condition(matcher, insn));
        misses.extend(failed.map(Miss::Condition));
        if has_action && has_principal {
            self.find_missing(matcher, statement, has_resource);
        }
        let is_match = misses.is_empty();
        let mut report = StatementReport {
            policy: String::new(),
            file: String::new(),
            path: String::new(),
            offset: None,
            text: None,
            index: statement.number(),
            sid: String::new(),
            effect: match own.is_deny() {
                true => Effect::Deny,
                false => Effect::Allow,
            },
            start: (0, 0),
            end: (0, 0),
            conditions: match is_match {
                true => view
                    .guard(own.guard())
                    .map(|insn| condition(matcher, insn))
                    .collect(),
                false => Vec::new(),
            },
            not_listed: (has_principal && own.not_principal())
                .then(|| not_listed(matcher, own, layers)),
            misses,
        };
        if let Some((origin, source)) = view.statement_source(statement) {
            report.index = origin.index;
            report.sid = view.text(origin.sid).to_string();
            report.start = (origin.line, origin.column);
            report.end = (origin.end_line, origin.end_column);
            report.policy = view.text(source.name).to_string();
            report.file = view.text(source.file).to_string();
        }
        self.statements.push((layers, report));
    }
}

impl Recorder {
    /// Notes the keys that a statement looks at whose action and principal match: those that the request
    /// does not have are missing if the resource matches, or might with them.
    fn find_missing(
        &mut self,
        matcher: &Matcher<'_, ReadyInImage<'_>>,
        statement: Id<Statement>,
        has_resource: bool,
    ) {
        let view = matcher.view;
        let own = view.read(statement);
        let of_resource = nearest::keys_of_resource(matcher, statement);
        let counts = has_resource || !of_resource.is_empty();
        self.missing.extend(of_resource);
        for insn in view.guard(own.guard()) {
            for (key, slot) in keys_of(matcher, insn) {
                let values = matcher.request.keys().shown(slot);
                if values.is_empty() && counts {
                    self.missing.push(key.clone());
                }
                self.keys.push(KeyReport { key, values });
            }
        }
        for (key, slot) in nearest::variables_of_resource(matcher, statement) {
            let values = matcher.request.keys().shown(slot);
            self.keys.push(KeyReport { key, values });
        }
    }
}
