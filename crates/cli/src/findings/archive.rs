//! Archive rules, as Access Analyzer has them: filters, of which each key must match what a finding has.

use std::path::Path;

use bumpalo::Bump;
use portcullis_source::json::{Node, Value as Json};
use portcullis_source::{Reader, codes, quoted};
use serde_json::Value;

use crate::failure::Failure;
use crate::inputs::{parse, source};

/// The keys of filters that findings of a directory have. `condition.` stands for every condition key.
const KEYS: [&str; 9] = [
    "resource",
    "resourceType",
    "resourceOwnerAccount",
    "isPublic",
    "principal.AWS",
    "principal.Federated",
    "principal.CanonicalUser",
    "resourceControlPolicyRestriction",
    "condition.",
];

/// What is asked of a key: of several, each must hold.
#[derive(Debug, Default)]
struct Criterion<'a> {
    key: &'a str,
    eq: Option<Vec<&'a str>>,
    neq: Option<Vec<&'a str>>,
    contains: Option<Vec<&'a str>>,
    exists: Option<bool>,
}

/// Rules; a finding is archived that one of them matches.
#[derive(Debug, Default)]
pub(super) struct Rules<'a> {
    rules: Vec<Vec<Criterion<'a>>>,
}

impl<'a> Rules<'a> {
    /// Reads rules: one, a list of them, or what `aws accessanalyzer list-archive-rules` prints.
    pub(super) fn read(path: &Path, arena: &'a Bump) -> Result<Rules<'a>, Failure> {
        let source = source(path, arena)?;
        let node: &'a Node<'a> = arena.alloc(parse(&source, arena)?);
        let mut reader = Reader::new(&source);
        let mut rules = Rules::default();
        let list = node.as_object().and_then(|members| {
            let mut members = members.iter();
            members.find(|own| own.key.value == "archiveRules")
        });
        let nodes = match (node.as_array(), list) {
            (Some(all), _) => all,
            (None, Some(_)) => {
                let [list, _] = reader
                    .members(
                        node,
                        "the output of list-archive-rules",
                        ["archiveRules", "nextToken"],
                    )
                    .unwrap_or_default();
                reader.list(list, "a list of rules").unwrap_or_default()
            }
            (None, None) => std::slice::from_ref(node),
        };
        for node in nodes {
            let [filter, ..] = reader
                .members(
                    node,
                    "an archive rule",
                    ["filter", "ruleName", "createdAt", "updatedAt"],
                )
                .unwrap_or_default();
            let filter = reader.required(filter, node.span, "an archive rule", "filter");
            let Some(filter) = filter else { continue };
            let Some(members) = filter.value.as_object() else {
                reader.mismatch(&filter.value, "`filter`", "an object");
                continue;
            };
            let mut rule = Vec::new();
            for member in members {
                let key = member.key.value;
                let is_known = KEYS.contains(&key) && key != "condition."
                    || key
                        .strip_prefix("condition.")
                        .is_some_and(|own| !own.is_empty());
                if !is_known {
                    let message = format!("{} is no key of a finding", quoted(key));
                    let help = format!("the keys are {}KEY", KEYS.join(", "));
                    let code = codes::UNKNOWN_MEMBER;
                    reader.problem_with_help(code, member.key.span, message, help);
                    continue;
                }
                rule.extend(criterion(&mut reader, key, &member.value));
            }
            if rule.is_empty() {
                let message = "a rule without a key would archive everything";
                reader.problem(codes::MISSING_MEMBER, filter.value.span, message);
            }
            rules.rules.push(rule);
        }
        match reader.problems.is_empty() {
            true => Ok(rules),
            false => Err(Failure::problems(&reader.problems)),
        }
    }

    /// True if a rule matches a finding, as it is printed.
    pub(super) fn archive(&self, finding: &Value) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.iter().all(|own| own.matches(finding)))
    }
}

fn criterion<'a>(
    reader: &mut Reader<'a>,
    key: &'a str,
    node: &'a Node<'a>,
) -> Option<Criterion<'a>> {
    let [eq, neq, contains, exists] =
        reader.members(node, "a criterion", ["eq", "neq", "contains", "exists"])?;
    if [eq, neq, contains, exists].iter().all(Option::is_none) {
        let message = format!("the criterion of {} has no operator", quoted(key));
        reader.problem(codes::MISSING_MEMBER, node.span, message);
        return None;
    }
    // The command line prints a boolean, templates write a text.
    let exists = exists.and_then(|member| match member.value.value {
        Json::Bool(own) => Some(own),
        Json::String("true") => Some(true),
        Json::String("false") => Some(false),
        _ => {
            reader.mismatch(&member.value, "`exists`", "true or false");
            None
        }
    });
    Some(Criterion {
        key,
        eq: reader.texts(eq),
        neq: reader.texts(neq),
        contains: reader.texts(contains),
        exists,
    })
}

impl Criterion<'_> {
    fn matches(&self, finding: &Value) -> bool {
        let values = values_of(self.key, finding);
        let any = |is_it: &dyn Fn(&str) -> bool| values.iter().any(|own| is_it(own));
        let is_one = |list: &Vec<&str>| any(&|own| list.contains(&own));
        let has_one = |list: &Vec<&str>| any(&|own| list.iter().any(|part| own.contains(part)));
        self.eq.as_ref().is_none_or(is_one)
            && self.neq.as_ref().is_none_or(|list| !is_one(list))
            && self.contains.as_ref().is_none_or(has_one)
            && self.exists.is_none_or(|own| own != values.is_empty())
    }
}

/// The values that a finding has of a key, as texts; none if it has none.
fn values_of(key: &str, finding: &Value) -> Vec<String> {
    if let Some(key) = key.strip_prefix("condition.") {
        let operators = finding.get("condition").and_then(Value::as_object);
        let keys = operators.into_iter().flat_map(|own| own.values());
        let keys = keys.filter_map(Value::as_object).flatten();
        let values = keys.filter(|(name, _)| name.eq_ignore_ascii_case(key));
        let values = values.filter_map(|(_, own)| own.as_array()).flatten();
        return values.filter_map(text).collect();
    }
    let value = match key.split_once('.') {
        Some((object, member)) => finding.get(object).and_then(|own| own.get(member)),
        None => finding.get(key),
    };
    value.and_then(text).into_iter().collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(own) => Some(own.clone()),
        other => Some(other.to_string()),
    }
}
