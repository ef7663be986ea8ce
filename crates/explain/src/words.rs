//! The parts of explanations in words.

use std::borrow::Cow;
use std::fmt::Write;

use portcullis_model::{Caller, Effect, Layer, Principal, Request, session_names, split_arn};
use portcullis_vm::{
    Explanation, Identity, KeyReport, LayerReport, Miss, NotListed, PrincipalEntry, PrincipalMiss,
    StatementReport,
};

/// Lines that the positions of a file are to be moved by, because only a part of it was read.
#[derive(Clone, Copy, Debug)]
pub struct Shift<'s> {
    /// The file.
    pub file: &'s str,
    /// By how many lines.
    pub lines: usize,
}

/// AWS's sentence for a denial.
pub(crate) fn message(explanation: &Explanation, request: &Request<'_>) -> Option<String> {
    let caller = caller_name(&request.principal.caller);
    let (action, resource) = (request.action, request.resource);
    explanation.message(caller, action, resource, is_trust(request))
}

/// True if the resource policy of the request is a role's trust policy.
fn is_trust(request: &Request<'_>) -> bool {
    let prefix = request.action.split(':').next().unwrap_or_default();
    let mut parts = request.resource.splitn(6, ':').skip(2);
    let service = parts.next();
    let is_role = parts.nth(2).is_some_and(|rest| rest.starts_with("role/"));
    prefix.eq_ignore_ascii_case("sts") && service == Some("iam") && is_role
}

/// The name of a policy set in answers, which is its place in a scenario.
pub fn layer_name(layer: Layer) -> String {
    match layer {
        Layer::Rcp(level) => format!("rcps[{level}]"),
        Layer::Scp(level) => format!("scps[{level}]"),
        Layer::VpcEndpoint => "vpcEndpoint".to_string(),
        Layer::Resource => "resource".to_string(),
        Layer::Identity => "identity".to_string(),
        Layer::Boundary => "boundary".to_string(),
        Layer::Session => "session".to_string(),
    }
}

/// Text from a file or an image without what would garble a terminal: controls other than the line
/// feed, and characters that change the direction of writing.
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_strange = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_strange) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_strange(c) {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// What a policy set says, in words, and why it says nothing if it does not take part.
pub(crate) fn verdict_text(layer: &LayerReport) -> String {
    let text = match (layer.reason, layer.verdict, layer.layer) {
        (Some(reason), _, _) => return format!("does not apply to this request: {reason}"),
        (None, Some(Effect::Deny), _) => "denies",
        (None, Some(Effect::Allow), _) => "allows",
        // GRAM-61.
        (None, None, Layer::Rcp(_)) => "does not deny",
        (None, None, _) => "does not allow",
    };
    text.to_string()
}

/// The statements that matched, and those that came near, the nearest first.
pub(crate) fn by_weight(layer: &LayerReport) -> (Vec<&StatementReport>, Vec<&StatementReport>) {
    let (matched, mut near): (Vec<_>, Vec<_>) = layer
        .statements
        .iter()
        .partition(|statement| statement.is_match());
    near.sort_by_key(|statement| {
        let elements = missed_elements(statement);
        let kind = match statement.misses.first() {
            None | Some(Miss::Condition(_)) => 0,
            Some(Miss::Principal(_)) => 1,
            Some(Miss::Resource(_)) => 2,
            Some(Miss::Action(_)) => 3,
        };
        // What misses by the action alone comes last: it is another statement, perhaps on purpose.
        (kind == 3, elements.len(), kind, statement.misses.len())
    });
    (matched, near)
}

/// The elements that kept a statement from matching, each once.
pub(crate) fn missed_elements(statement: &StatementReport) -> Vec<&'static str> {
    let mut elements: Vec<&'static str> = statement.misses.iter().map(Miss::element).collect();
    elements.dedup();
    elements
}

/// Names of things in a sentence.
pub fn sentence_list(all: &[impl AsRef<str>]) -> String {
    match all {
        [] => String::new(),
        [one] => one.as_ref().to_string(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}

/// Entries of principals that are told: the nearest to what the caller is called.
const MOST_ENTRIES: usize = 3;

/// The entries of a list of principals that are nearest to what a caller is called.
pub(crate) fn nearest_principals<'m>(
    miss: &'m PrincipalMiss,
    caller: &Principal<'_>,
) -> Vec<&'m PrincipalEntry> {
    let names = names_of(caller);
    let common = |one: &str, other: &str| {
        let same = |(one, other): &(char, char)| one == other;
        let start = one.chars().zip(other.chars()).take_while(same).count();
        let ends = one.chars().rev().zip(other.chars().rev());
        start + ends.take_while(same).count()
    };
    let nearness = |entry: &&PrincipalEntry| {
        let all = names.iter().map(|name| common(&entry.value, name));
        std::cmp::Reverse(all.max().unwrap_or(0))
    };
    let mut entries: Vec<&PrincipalEntry> = miss.entries.iter().collect();
    entries.sort_by_cached_key(nearness);
    entries.truncate(MOST_ENTRIES);
    entries
}

/// Everything that an entry of a policy could call a caller by.
fn names_of(principal: &Principal<'_>) -> Vec<String> {
    let mut names: Vec<String> = [
        Identity::Itself,
        Identity::Account,
        Identity::Entity,
        Identity::Session,
    ]
    .into_iter()
    .filter_map(|identity| identity_name(identity, &principal.caller))
    .collect();
    names.extend(principal.caller.account().map(str::to_string));
    let unique_id = principal
        .user_id
        .map(|id| id.split(':').next().unwrap_or(id));
    names.extend(unique_id.map(str::to_string));
    names
}

/// What an identity of a caller is written as in a policy; none if that is not known.
pub(crate) fn identity_name(identity: Identity, caller: &Caller<'_>) -> Option<String> {
    let account = || {
        let (account, partition) = (caller.account()?, caller.partition()?);
        Some(format!("arn:{partition}:iam::{account}:root"))
    };
    match (identity, *caller) {
        (Identity::Account, _) => account(),
        (Identity::Session, Caller::Role { session_arn, .. }) => session_arn.map(str::to_string),
        (Identity::Session, _) => None,
        (_, Caller::Role { role_arn, .. }) => Some(role_arn.to_string()),
        (_, Caller::Service { name }) => Some(name.to_string()),
        (_, Caller::Federated { provider }) => Some(provider.to_string()),
        (_, Caller::CanonicalUser { id }) => Some(id.to_string()),
        (_, caller) => caller.arn().map(str::to_string),
    }
}

/// The identities that a `NotPrincipal` lacks, as they are written in a policy.
pub(crate) fn not_listed(lacking: &NotListed, caller: &Caller<'_>) -> Vec<String> {
    let all = lacking.identities.iter();
    all.map(|identity| match identity_name(*identity, caller) {
        Some(name) => name,
        None => "the ARN of the session, whose name is not known".to_string(),
    })
    .collect()
}

/// The part of a text between two places, each a line and a column in code points from 1; none if it has no such places.
pub fn between(text: &str, start: (u32, u32), end: (u32, u32)) -> Option<&str> {
    text.get(byte_at(text, start)?..byte_at(text, end)?)
}

/// The byte of a text at a line and column.
pub fn byte_at(text: &str, (line, column): (u32, u32)) -> Option<usize> {
    let mut start = 0;
    for _ in 1..line {
        start += text.get(start..)?.find('\n')? + 1;
    }
    let rest = text.get(start..)?;
    let skipped = (column as usize).checked_sub(1)?;
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    Some(start + { ends }.nth(skipped)?)
}

/// Where a statement stands: its place, its policy and its name.
pub(crate) fn place(statement: &StatementReport, shift: Option<Shift<'_>>) -> String {
    let mut out = String::new();
    let (line, column) = position(statement, shift);
    if line > 0 && !statement.file.is_empty() {
        let _ = write!(out, "{}:{line}:{column} ", statement.file);
    } else if line > 0 {
        let _ = write!(out, "line {line} column {column} ");
    }
    let _ = write!(out, "statement {}", statement.index);
    if !statement.sid.is_empty() {
        let _ = write!(out, " {:?}", statement.sid);
    }
    if !statement.policy.is_empty() {
        let _ = write!(out, " of {}", statement.policy);
    }
    out
}

fn position(statement: &StatementReport, shift: Option<Shift<'_>>) -> (usize, usize) {
    let (line, column) = statement.start;
    (moved(line, &statement.file, shift), column as usize)
}

fn moved(line: u32, file: &str, shift: Option<Shift<'_>>) -> usize {
    let lines = shift
        .filter(|shift| shift.file == file && line > 0)
        .map_or(0, |shift| shift.lines);
    line as usize + lines
}

/// Values in a line.
pub(crate) fn list(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    match quoted.as_slice() {
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// What a caller is called in AWS's sentences; none if it is anonymous.
pub(crate) fn caller_name<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::Service { name } => Some(name),
        Caller::Federated { provider } => Some(provider),
        Caller::CanonicalUser { id } => Some(id),
        caller => caller.arn(),
    }
}

/// The name of a session, by its ARN.
pub(crate) fn session_name(arn: &str) -> Option<&str> {
    Some(session_names(split_arn(arn)?.last()?)?.1)
}

/// `aws:userid`, as far as the request says it.
pub(crate) fn unique_id<'a>(request: &Request<'a>) -> Option<&'a str> {
    let of_context = || {
        let mut entries = request.context.iter();
        let entry = entries.find(|own| own.key.eq_ignore_ascii_case("aws:userid"))?;
        match entry.values {
            [one] => Some(*one),
            _ => None,
        }
    };
    request.principal.user_id.or_else(of_context)
}

/// The tags of the caller that statements look at.
pub(crate) fn tags_of(explanation: &Explanation) -> impl Iterator<Item = &KeyReport> {
    const TAG: &str = "aws:principaltag/";
    let is_tag = |own: &&KeyReport| own.key.to_ascii_lowercase().starts_with(TAG);
    explanation.keys.iter().filter(is_tag)
}
