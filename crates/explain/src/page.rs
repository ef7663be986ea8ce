//! A story in blocks of lines, which all that is for people is made of.

use std::borrow::Cow;

use portcullis_model::{Caller, Decision, Effect, Layer, Request};
use portcullis_vm::{
    ConditionReport, EntryMiss, LayerReport, Miss, NotListed, PrincipalMiss, StatementReport,
};

use crate::changes::{Changes, Need};
use crate::scene::{
    AccountStory, Applied, Attached, GrantMiss, GrantStory, LayerStory, Scene, Source,
};
use crate::story::Story;
use crate::words::{self, Shift, by_weight, missed_elements, verdict_text};

/// What a line or block says at first sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    /// It allows.
    Allows,
    /// It denies.
    Denies,
    /// It lacks an Allow.
    Lacks,
    /// It takes no part.
    Faint,
}

impl Tone {
    /// Its class in style sheets.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Allows => "allows",
            Tone::Denies => "denies",
            Tone::Lacks => "lacks",
            Tone::Faint => "faint",
        }
    }
}

/// A line of a block, and how far it is indented.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) tone: Tone,
    pub(crate) depth: usize,
    pub(crate) text: String,
    /// It is of a policy, as it is written there; left out of what is text anyway.
    pub(crate) is_code: bool,
}

/// A card, a policy set, or a paragraph.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) tone: Tone,
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
    /// The set made the decision.
    pub(crate) is_decisive: bool,
    /// Whether it is a level of which nothing is to be said but that FullAWSAccess allows everything.
    pub(crate) is_full_access: bool,
}

impl Block {
    fn new(tone: Tone, title: impl Into<String>) -> Block {
        Block {
            tone,
            title: title.into(),
            lines: Vec::new(),
            is_decisive: false,
            is_full_access: false,
        }
    }

    fn line(&mut self, tone: Tone, depth: usize, text: impl Into<String>) {
        self.lines.push(Line {
            tone,
            depth,
            text: text.into(),
            is_code: false,
        });
    }

    /// A statement as it is written, without what all its lines are indented by.
    fn code(&mut self, tone: Tone, depth: usize, text: &str) {
        let blank = |line: &str| line.len() - line.trim_start().len();
        let rest = text.lines().skip(1).filter(|line| !line.trim().is_empty());
        let indent = rest.map(blank).min().unwrap_or(0);
        for (number, line) in text.lines().enumerate() {
            if number == MOST_LINES_OF_CODE {
                self.line(Tone::Faint, depth, "…");
                break;
            }
            let line = match number {
                0 => line.trim_start(),
                _ => line.get(indent.min(blank(line))..).unwrap_or(line),
            };
            self.lines.push(Line {
                tone,
                depth,
                text: line.trim_end().to_string(),
                is_code: true,
            });
        }
    }
}

/// More of a statement is cut in pictures and on pages.
const MOST_LINES_OF_CODE: usize = 24;

/// A whole story.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) tone: Tone,
    pub(crate) decision: &'static str,
    /// The request in one line.
    pub(crate) request: String,
    /// AWS's sentence for a denial.
    pub(crate) message: Option<String>,
    /// The caller, and the target if a directory tells of it.
    pub(crate) cards: Vec<Block>,
    pub(crate) layers: Vec<Block>,
    /// What would have to change, what is missing, and notes.
    pub(crate) rest: Vec<Block>,
    /// What nobody should overlook.
    pub(crate) warning: Option<&'static str>,
}

/// Near misses that are printed for people; a large policy has many.
const MOST_NEAR_MISSES: usize = 8;
/// The same where they are repeated beside what would have to change.
const MOST_NEAREST: usize = 3;

impl Page {
    pub(crate) fn of(story: &Story<'_>, shift: Option<Shift<'_>>) -> Page {
        let Story {
            explanation,
            request,
            scene,
            ..
        } = story;
        let decision = explanation.outcome.decision();
        let mut cards = vec![caller_card(story)];
        cards.push(match scene {
            Some(scene) => target_card(scene, request),
            None => plain_target_card(request),
        });
        if let Some(scene) = scene {
            if !scene.added.is_empty() {
                let mut card =
                    Block::new(Tone::Plain, "context keys that follow from the directory");
                for (key, values) in &scene.added {
                    card.line(Tone::Plain, 1, format!("{key}: {}", words::list(values)));
                }
                cards.push(card);
            }
        }
        let told = |layer: Layer| -> Vec<&LayerStory> {
            let all = scene.iter().flat_map(|scene| &scene.layers);
            all.filter(|own| own.layer == layer).collect()
        };
        let by: Vec<Layer> = explanation.outcome.layers().collect();
        let layers = explanation.layers.iter().map(|layer| {
            let is_decisive = by.contains(&layer.layer);
            let mut block = layer_block(layer, &told(layer.layer), request, shift, is_decisive);
            // Where it is not for want of an Allow of this set, there is nothing to warn of.
            let is_needed = is_decisive || !(decision.is_allow() || layer.layer == Layer::Resource);
            if block.tone == Tone::Lacks && !is_needed {
                block.tone = Tone::Plain;
            }
            block
        });
        let layers = layers.collect();
        let mut rest = Vec::new();
        if let Some(changes) = &story.changes {
            rest.extend(changes_block(changes, story, &told));
        }
        if !explanation.missing_keys.is_empty() {
            let keys = explanation.missing_keys.join(", ");
            let text = format!("keys that were asked for and are not in the request: {keys}");
            rest.push(Block::new(Tone::Plain, text));
        }
        for note in &story.all_notes() {
            rest.push(Block::new(Tone::Plain, format!("note: {note}")));
        }
        Page {
            tone: match decision {
                Decision::Allow => Tone::Allows,
                Decision::ExplicitDeny => Tone::Denies,
                Decision::ImplicitDeny => Tone::Lacks,
            },
            decision: decision.as_str(),
            request: format!(
                "{} on {} by {}",
                request.action,
                request.resource,
                caller_text(&request.principal.caller)
            ),
            message: words::message(explanation, request),
            cards,
            layers,
            rest,
            warning: story
                .is_incomplete
                .then_some("(incomplete: the directory refers to missing items)"),
        }
    }
}

impl Page {
    /// The policy sets, with levels that only say FullAWSAccess put together.
    pub(crate) fn folded_layers(&self) -> Vec<Cow<'_, Block>> {
        let mut folded: Vec<Cow<'_, Block>> = Vec::new();
        for run in self
            .layers
            .chunk_by(|one, next| one.is_full_access && next.is_full_access)
        {
            match run {
                [first, .., _] if first.is_full_access => {
                    let title = format!(
                        "{} levels of service control policies: FullAWSAccess allows everything",
                        run.len()
                    );
                    let mut block = Block::new(Tone::Allows, title);
                    for own in run {
                        block.line(Tone::Faint, 1, own.title.clone());
                    }
                    folded.push(Cow::Owned(block));
                }
                others => folded.extend(others.iter().map(Cow::Borrowed)),
            }
        }
        folded
    }
}

/// A caller in words.
pub(crate) fn caller_text(caller: &Caller<'_>) -> String {
    match caller {
        Caller::Anonymous => "an anonymous caller".to_string(),
        Caller::Root { arn } => format!("the root user {arn}"),
        Caller::User { arn } => format!("the user {arn}"),
        Caller::Role {
            session_arn: Some(session),
            ..
        } => format!("the session {session}"),
        Caller::Role { role_arn, .. } => format!("a session of {role_arn}"),
        Caller::FederatedUser { arn, .. } => format!("the federated user {arn}"),
        Caller::Service { name } => format!("the service {name}"),
        Caller::Federated { provider } => format!("a caller signed in by {provider}"),
        Caller::OriginAccessIdentity { arn } => format!("the origin access identity {arn}"),
        Caller::CanonicalUser { id } => format!("the canonical user {id}"),
    }
}

fn account_text(account: &AccountStory) -> String {
    let role = match (account.is_management, account.path.is_some()) {
        (true, _) => ", which manages the organization: no control policy holds",
        (false, false) => ", in no organization",
        (false, true) => "",
    };
    match &account.path {
        Some(path) => format!("account {} in {path}{role}", account.number),
        None => format!("account {}{role}", account.number),
    }
}

/// Who asks: all that policies could name or look at.
fn caller_card(story: &Story<'_>) -> Block {
    let request = story.request;
    let caller = &request.principal.caller;
    let told = story.scene.as_ref().map(|scene| &scene.caller);
    let mut card = Block::new(Tone::Plain, format!("caller: {}", caller_text(caller)));
    let mut say = |text: String| card.line(Tone::Plain, 1, text);
    let entity = told.and_then(|told| told.entity.as_deref());
    match *caller {
        Caller::Role {
            role_arn,
            session_arn,
            service_linked,
        } => {
            let kind = match service_linked {
                true => "service-linked role",
                false => "role",
            };
            if session_arn.is_some() || service_linked {
                say(format!("of the {kind} {role_arn}"));
            }
            if let Some(session) = session_arn.and_then(words::session_name) {
                say(format!("session name {session}"));
            }
        }
        Caller::FederatedUser { federated_by, .. } => {
            if let Some(by) = federated_by.or(entity) {
                say(format!("made by {by}"));
            }
        }
        _ => {}
    }
    // Of a session it holds more than the id of the role.
    let id = words::unique_id(request).or(told.and_then(|told| told.id.as_deref()));
    if let Some(id) = id {
        say(format!("unique id {id}"));
    }
    match (told, caller.account()) {
        (Some(told), Some(number)) => match &told.account {
            Some(account) => say(account_text(account)),
            None => say(format!(
                "account {number}, which the directory does not have"
            )),
        },
        (None, Some(number)) if request.principal.management_account => say(format!(
            "account {number}, which manages the organization: no control policy holds"
        )),
        (None, Some(number)) => say(format!("account {number}")),
        (_, None) => {}
    }
    match told.and_then(|told| told.groups.as_deref()) {
        None | Some([]) => {}
        Some([one]) => say(format!("in the group {one}")),
        Some(groups) => say(format!("in the groups {}", groups.join(", "))),
    }
    for tag in words::tags_of(story.explanation) {
        let values = match tag.values.is_empty() {
            true => "ABSENT".to_string(),
            false => words::list(&tag.values),
        };
        say(format!("{}: {values}", tag.key));
    }
    card
}

/// What is asked for, where nothing else is known of it.
fn plain_target_card(request: &Request<'_>) -> Block {
    let mut card = Block::new(Tone::Plain, format!("target: {}", request.resource));
    if let Some(number) = request.resource_account {
        card.line(Tone::Plain, 1, format!("owner: account {number}"));
    }
    card
}

fn target_card(scene: &Scene, request: &Request<'_>) -> Block {
    let title = format!("target: {}", request.resource);
    let mut card = Block::new(Tone::Plain, title);
    let mut say = |text: String| card.line(Tone::Plain, 1, text);
    match (&scene.target.owner, request.resource_account) {
        _ if request.resource == "*" => {}
        (Some(owner), _) if scene.target.is_assumed => {
            say(format!(
                "owner: nobody says; taken to be {}",
                account_text(owner)
            ));
        }
        (Some(owner), _) => say(format!("owner: {}", account_text(owner))),
        (None, Some(number)) => say(format!(
            "owner: account {number}, which the directory does not have"
        )),
        (None, None) => {}
    }
    let mut near = 0;
    for grant in &scene.target.grants {
        near += usize::from(grant.miss.is_some());
        if near <= MOST_NEAREST {
            say(grant_text(grant));
        }
    }
    card
}

/// A grant that allows the request, or nearly does.
fn grant_text(grant: &GrantStory) -> String {
    let what = match &grant.id {
        Some(id) => format!("the grant {id}"),
        None => "a grant without id".to_string(),
    };
    let grantee = &grant.grantee;
    match grant.miss {
        None => format!("{what} of {grantee} allows this"),
        Some(GrantMiss::Grantee) => format!("{what} would allow this, but is for {grantee}"),
        Some(GrantMiss::Operation) => {
            let operations = words::sentence_list(&grant.operations);
            format!("{what} of {grantee} would allow this, but is for {operations}")
        }
        Some(GrantMiss::EncryptionContext) => {
            let pairs = grant.context.iter();
            let pairs: Vec<String> = pairs
                .map(|(key, value)| format!("{key}={value:?}"))
                .collect();
            let pairs = words::sentence_list(&pairs);
            format!("{what} of {grantee} would allow this with the encryption context {pairs}")
        }
    }
}

/// What a policy set is attached to.
fn source_text(source: &Source) -> String {
    match source {
        Source::Entity(arn) | Source::Resource(arn) => format!("of {arn}"),
        Source::Trust(arn) => format!("of {arn}"),
        Source::Root(id) => format!("of the root {id}"),
        Source::Unit(id) => format!("of the unit {id}"),
        Source::Account(number) => format!("of the account {number}"),
        Source::Endpoint(id) => format!("of {id}"),
        Source::Request => "that came with the request".to_string(),
    }
}

/// How a policy came to apply, if that says more than its set.
pub(crate) fn attached_text(attached: &Attached) -> String {
    match attached {
        Attached::Inline => "inline".to_string(),
        Attached::Managed => "attached".to_string(),
        Attached::GroupInline(group) => format!("inline in the group {group}"),
        Attached::GroupManaged(group) => format!("attached to the group {group}"),
    }
}

fn applied_text(applied: &Applied) -> String {
    let ways: Vec<String> = applied.attached.iter().map(attached_text).collect();
    match ways.is_empty() {
        true => applied.name.clone(),
        false => format!("{} ({})", applied.name, ways.join(", ")),
    }
}

fn heading(layer: Layer, told: &[&LayerStory]) -> String {
    match told.first().map(|first| &first.source) {
        Some(source @ Source::Trust(_)) => format!("trust policy {}", source_text(source)),
        Some(source) => format!("{layer} {}", source_text(source)),
        None => layer.to_string(),
    }
}

fn layer_block(
    layer: &LayerReport,
    told: &[&LayerStory],
    request: &Request<'_>,
    shift: Option<Shift<'_>>,
    is_decisive: bool,
) -> Block {
    let tone = match (layer.applies, layer.verdict, layer.layer) {
        (false, ..) => Tone::Faint,
        (true, Some(Effect::Deny), _) => Tone::Denies,
        (true, Some(Effect::Allow), _) => Tone::Allows,
        (true, None, Layer::Rcp(_)) => Tone::Plain,
        (true, None, _) => Tone::Lacks,
    };
    let title = format!("{}: {}", heading(layer.layer, told), verdict_text(layer));
    let mut block = Block::new(tone, title);
    block.is_decisive = is_decisive;
    for own in told {
        match own.policies.as_deref() {
            None => {}
            // GRAM-61.
            Some([]) if matches!(layer.layer, Layer::Rcp(_)) => {
                block.line(Tone::Faint, 1, "policies: RCPFullAWSAccess alone");
            }
            Some([]) => block.line(Tone::Faint, 1, "there is no policy"),
            Some(policies) => {
                let names: Vec<String> = policies.iter().map(applied_text).collect();
                block.line(Tone::Faint, 1, format!("policies: {}", names.join(", ")));
            }
        }
    }
    let (matched, mut near) = by_weight(layer);
    // What a set says does not hang on statements for other actions, unless it lacks an Allow.
    let lacks_allow = layer.verdict.is_none();
    near.retain(|own| {
        let is_of_other_action = missed_elements(own) == ["action"];
        !is_of_other_action || (lacks_allow && own.effect == Effect::Allow)
    });
    let left_out = near.len().saturating_sub(MOST_NEAR_MISSES);
    near.truncate(MOST_NEAR_MISSES);
    let is_full = |own: &&StatementReport| own.policy.contains("FullAWSAccess");
    block.is_full_access = matches!(layer.layer, Layer::Scp(_))
        && layer.verdict == Some(Effect::Allow)
        && near.is_empty()
        && matched.iter().all(is_full);
    for statement in matched {
        let (tone, effect) = match statement.effect {
            Effect::Allow => (Tone::Allows, "allows"),
            Effect::Deny => (Tone::Denies, "denies"),
        };
        let place = words::place(statement, shift);
        block.line(tone, 1, format!("{effect}: {place}"));
        let decides = is_decisive && layer.verdict == Some(statement.effect);
        if let (true, Some(text)) = (decides, &statement.text) {
            block.code(tone, 2, text);
        }
        if let (Effect::Deny, Some(lacking)) = (statement.effect, &statement.not_listed) {
            not_listed_line(&mut block, 2, lacking, request);
        }
    }
    for statement in near {
        let effect = match statement.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        };
        let elements = words::sentence_list(&missed_elements(statement));
        let place = words::place(statement, shift);
        let text = format!("would {effect}, but for the {elements}: {place}");
        block.line(Tone::Plain, 1, text);
        miss_lines(&mut block, 2, statement, request);
    }
    if left_out > 0 {
        let text = format!("and {left_out} more that came near");
        block.line(Tone::Plain, 1, text);
    }
    block
}

/// Everything that kept a statement from matching, element by element.
fn miss_lines(block: &mut Block, depth: usize, statement: &StatementReport, request: &Request<'_>) {
    for miss in &statement.misses {
        match miss {
            Miss::Action(miss) => entry_lines(block, depth, "Action", miss),
            Miss::Resource(miss) => entry_lines(block, depth, "Resource", miss),
            Miss::Principal(miss) => principal_lines(block, depth, miss, request),
            Miss::Condition(condition) => condition_lines(block, depth, condition),
        }
    }
}

/// A list of actions or resources that does not match.
fn entry_lines(block: &mut Block, depth: usize, element: &str, miss: &EntryMiss) {
    let text = match (miss.negated, miss.count, miss.entries.len()) {
        (true, ..) => format!("Not{element} leaves it out:"),
        (false, 0, _) => format!("{element} has no entry"),
        (false, 1, _) => format!("{element} has one entry, which does not match:"),
        (false, count, told) if count <= told => {
            format!("{element} has {count} entries, none of which matches:")
        }
        (false, count, _) => format!("{element} has {count} entries; the nearest:"),
    };
    block.line(Tone::Plain, depth, text);
    for entry in &miss.entries {
        let mut text = format!("{:?}", entry.written);
        if let Some(expanded) = &entry.expanded {
            text += &format!(", here {expanded:?}");
        }
        if !entry.missing_keys.is_empty() {
            let keys = entry.missing_keys.join(", ");
            text += &format!(": no single value for {keys}");
        }
        block.line(Tone::Plain, depth + 1, text);
    }
}

/// A list of principals that does not name the caller, or leaves it out.
fn principal_lines(block: &mut Block, depth: usize, miss: &PrincipalMiss, request: &Request<'_>) {
    let entries = words::nearest_principals(miss, &request.principal);
    let text = match (miss.negated, miss.entries.len()) {
        (true, _) => "NotPrincipal lists everything that the caller is called by:".to_string(),
        (false, 0) => "Principal has no entry".to_string(),
        (false, 1) => "Principal has one entry, which does not name the caller:".to_string(),
        (false, count) if count <= entries.len() => {
            format!("Principal has {count} entries, none of which names the caller:")
        }
        (false, count) => format!("Principal has {count} entries; the nearest:"),
    };
    block.line(Tone::Plain, depth, text);
    for entry in entries {
        let text = format!("{} {:?}", entry.kind, entry.value);
        block.line(Tone::Plain, depth + 1, text);
    }
}

/// What a `NotPrincipal` that reaches the caller lacks (`GRAM-51`).
fn not_listed_line(block: &mut Block, depth: usize, lacking: &NotListed, request: &Request<'_>) {
    if let Some(note) = lacking.note {
        block.line(Tone::Plain, depth, format!("note: {note}"));
    }
    let names = words::not_listed(lacking, &request.principal.caller);
    if lacking.note.is_none() && !names.is_empty() {
        let names = words::sentence_list(&names);
        let text = format!("NotPrincipal would leave the caller out if it listed {names} too");
        block.line(Tone::Plain, depth, text);
    }
}

fn condition_lines(block: &mut Block, depth: usize, condition: &ConditionReport) {
    let (operator, key) = (&condition.operator, &condition.key);
    let given = match condition.request_values.is_empty() {
        true => "ABSENT".to_string(),
        false => words::list(&condition.request_values),
    };
    let text = match operator.is_empty() {
        true => format!("{key}: the request has {given}"),
        false => {
            let mut wanted = words::list(&condition.policy_values);
            if let Some(expanded) = &condition.expanded_values {
                wanted += &format!(" (here {})", words::list(expanded));
            }
            format!("{operator} {key}: the policy has {wanted}, the request {given}")
        }
    };
    block.line(Tone::Plain, depth, text);
    if let Some(note) = condition.note {
        block.line(Tone::Plain, depth, format!("note: {note}"));
    }
}

fn changes_block<'t>(
    changes: &Changes,
    story: &Story<'_>,
    told: &impl Fn(Layer) -> Vec<&'t LayerStory>,
) -> Option<Block> {
    if changes.needs.is_empty() {
        return None;
    }
    let title = match (changes.suffices, changes.was_tried) {
        (true, _) => "to be allowed, all of this would have to change:",
        (false, true) => "no change of policies alone would allow it; in the way are:",
        (false, false) => "to be allowed, at least this would have to change:",
    };
    let mut block = Block::new(Tone::Plain, title);
    let request = story.request;
    for (number, (layer, need)) in changes.needs.iter().enumerate() {
        let number = number + 1;
        let heading = heading(*layer, &told(*layer));
        match need {
            Need::NoDeny(statements) => {
                for statement in statements {
                    deny_lines(&mut block, number, &heading, statement, request);
                }
            }
            Need::NoSuchPolicy => {
                let (action, resource) = (request.action, request.resource);
                let text = format!(
                    "{number}. only a policy of the resource could allow {action} on {resource} to the caller, \
                     and such a resource has none"
                );
                block.line(Tone::Lacks, 1, text);
            }
            Need::Allow { or_resource } => {
                let (action, resource) = (request.action, request.resource);
                let who = match layer {
                    Layer::Resource => " to the caller",
                    _ => "",
                };
                let text = format!("{number}. {heading}: must allow {action} on {resource}{who}");
                block.line(Tone::Lacks, 1, text);
                if *or_resource {
                    let text = "or a policy of the resource names the caller itself";
                    block.line(Tone::Plain, 2, text);
                }
                nearest(&mut block, *layer, story);
            }
        }
    }
    Some(block)
}

fn deny_lines(
    block: &mut Block,
    number: usize,
    heading: &str,
    statement: &StatementReport,
    request: &Request<'_>,
) {
    let place = words::place(statement, None);
    let text = format!("{number}. {heading}: must not deny: {place}");
    block.line(Tone::Denies, 1, text);
    let text = match statement.conditions.len() {
        0 => "it has no condition: it must leave out this action, this resource or this caller",
        1 => "it would not, if its condition did not hold:",
        _ => "it would not, if one of its conditions did not hold:",
    };
    block.line(Tone::Plain, 2, text);
    for condition in &statement.conditions {
        condition_lines(block, 3, condition);
    }
    if let Some(lacking) = &statement.not_listed {
        not_listed_line(block, 2, lacking, request);
    }
}

/// The statements of a set that came nearest to allowing.
fn nearest(block: &mut Block, layer: Layer, story: &Story<'_>) {
    let own = story
        .explanation
        .layers
        .iter()
        .find(|own| own.layer == layer);
    let Some(own) = own.filter(|own| own.applies) else {
        return;
    };
    let (_, near) = by_weight(own);
    let near = near.into_iter().filter(|own| own.effect == Effect::Allow);
    for statement in near.take(MOST_NEAREST) {
        let place = words::place(statement, None);
        let elements = words::sentence_list(&missed_elements(statement));
        let text = format!("came near, but for the {elements}: {place}");
        block.line(Tone::Plain, 2, text);
        miss_lines(block, 3, statement, story.request);
    }
}
