//! What could stand at a place: services, actions, condition keys, operators, members, forms of ARNs.
//!
//! A document that is being written is seldom whole, so that the place is found by what stands before it, not by a tree.

use portcullis_catalog::Catalog;
use portcullis_model::Base;
use portcullis_syntax::ast::Span;
use portcullis_syntax::policy::{PRINCIPAL_MEMBERS, STATEMENT_MEMBERS};

/// How many are proposed; who writes on gets others.
pub(super) const MOST: usize = 200;

/// A proposal. `kind` is the protocol's number.
pub(super) struct Item {
    pub(super) label: String,
    pub(super) kind: u8,
    pub(super) detail: String,
}

const FUNCTION: u8 = 3;
const MODULE: u8 = 9;
const PROPERTY: u8 = 10;
const VALUE: u8 = 12;
const OPERATOR: u8 = 24;

fn item(label: impl Into<String>, kind: u8, detail: impl Into<String>) -> Item {
    Item {
        label: label.into(),
        kind,
        detail: detail.into(),
    }
}

/// What is open before a place: members and lists, each with the name that it stands under.
struct Open<'t> {
    is_object: bool,
    name: &'t str,
}

/// Where in JSON a place is.
struct Place<'t> {
    open: Vec<Open<'t>>,
    /// The name of the member whose value is wanted; none if a name is.
    name: Option<&'t str>,
    /// What of a string is written, and where it begins; none if no string is open.
    string: Option<(usize, &'t str)>,
}

fn place(before: &str) -> Place<'_> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut name: Option<&str> = None;
    let mut last: Option<&str> = None;
    let mut at = 0;
    let bytes = before.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let mut end = at + 1;
                while let Some(byte) = bytes.get(end).filter(|byte| **byte != b'"') {
                    end += if *byte == b'\\' { 2 } else { 1 };
                }
                if end >= bytes.len() {
                    let string = before.get(at + 1..).unwrap_or_default();
                    return Place {
                        open,
                        name,
                        string: Some((at + 1, string)),
                    };
                }
                last = before.get(at + 1..end);
                at = end;
            }
            b':' => name = last.take(),
            b',' => {
                last = None;
                if open.last().is_none_or(|own| own.is_object) {
                    name = None;
                }
            }
            b'{' | b'[' => {
                open.push(Open {
                    is_object: *byte == b'{',
                    name: name.unwrap_or_default(),
                });
                if *byte == b'{' {
                    name = None;
                }
                last = None;
            }
            b'}' | b']' => {
                name = open
                    .pop()
                    .map(|own| own.name)
                    .filter(|_| !open.last().is_none_or(|own| own.is_object));
                last = None;
            }
            _ => {}
        }
        at += 1;
    }
    Place {
        open,
        name,
        string: None,
    }
}

/// Proposals for a place, and what they replace.
pub(super) fn at(text: &str, at: u32, is_language: bool, catalog: &Catalog) -> (Span, Vec<Item>) {
    let end = at as usize;
    let before = text.get(..end).unwrap_or_default();
    if is_language {
        return language(before, at, catalog);
    }
    let place = place(before);
    let Some((start, typed)) = place.string else {
        return (Span { start: at, end: at }, Vec::new());
    };
    let span = Span {
        start: u32::try_from(start).unwrap_or_default(),
        end: at,
    };
    let names: Vec<&str> = place.open.iter().map(|own| own.name).collect();
    let in_condition = names.iter().rposition(|name| *name == "Condition");
    let depth = in_condition.map(|at| names.len() - at);
    let mut items = match (place.name, depth) {
        (None, Some(1)) => operators(),
        (None, Some(2)) => keys(typed, catalog),
        (None, Some(_)) => Vec::new(),
        (None, None) => match names.last() {
            Some(&("Principal" | "NotPrincipal")) => members(&PRINCIPAL_MEMBERS),
            _ if names.len() <= 1 => members(&["Version", "Id", "Statement"]),
            _ => members(&STATEMENT_MEMBERS),
        },
        (Some("Action" | "NotAction"), None) => actions(typed, catalog),
        (Some("Resource" | "NotResource"), None) => resources(typed, catalog),
        (Some("Effect"), None) => vec![item("Allow", VALUE, ""), item("Deny", VALUE, "")],
        (Some("Version"), None) => vec![item("2012-10-17", VALUE, "variables are expanded")],
        _ => Vec::new(),
    };
    items.truncate(MOST);
    (span, items)
}

/// Proposals in the policy language: by the word that is being written.
fn language(before: &str, at: u32, catalog: &Catalog) -> (Span, Vec<Item>) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "*?:/._+@-".contains(c);
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_part(*c))
        .last()
        .map_or(before.len(), |(at, _)| at);
    let typed = before.get(start..).unwrap_or_default();
    let span = Span {
        start: u32::try_from(start).unwrap_or_default(),
        end: at,
    };
    let words: Vec<&str> = before
        .get(..start)
        .unwrap_or_default()
        .split_whitespace()
        .rev()
        .take(400)
        .collect();
    // The nearest word that says what kind of thing stands here.
    let kind = words.iter().find(|word| {
        matches!(
            **word,
            "allow" | "deny" | "on" | "to" | "when" | "unless" | "and" | "policy" | "{" | "}"
        )
    });
    let mut items = match kind.copied() {
        Some("allow" | "deny") => actions(typed, catalog),
        Some("on") => resources(typed, catalog),
        Some("when" | "unless" | "and") => keys(typed, catalog),
        Some("to") => members(&["service", "federated", "canonical"]),
        _ => members(&[
            "allow", "deny", "policy", "let", "template", "use", "on", "to", "when",
        ]),
    };
    items.truncate(MOST);
    (span, items)
}

fn members(names: &[&str]) -> Vec<Item> {
    names.iter().map(|name| item(*name, PROPERTY, "")).collect()
}

fn operators() -> Vec<Item> {
    let names = Base::ALL.into_iter().map(Base::as_str);
    let mut all: Vec<Item> = names.clone().map(|name| item(name, OPERATOR, "")).collect();
    let plain = names.filter(|name| *name != "Null");
    all.extend(
        plain
            .clone()
            .map(|name| item(format!("{name}IfExists"), OPERATOR, "also without the key")),
    );
    for set in ["ForAnyValue", "ForAllValues"] {
        all.extend(plain.clone().map(|name| {
            item(
                format!("{set}:{name}"),
                OPERATOR,
                "for keys of several values",
            )
        }));
    }
    all
}

fn starts(name: &str, typed: &str) -> bool {
    name.get(..typed.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(typed))
}

fn actions(typed: &str, catalog: &Catalog) -> Vec<Item> {
    let Some((prefix, name)) = typed.split_once(':') else {
        let services = catalog
            .services()
            .filter(|service| starts(service.prefix(), typed));
        return services
            .map(|service| item(format!("{}:", service.prefix()), MODULE, service.title()))
            .collect();
    };
    let Some(service) = catalog.service(prefix) else {
        return Vec::new();
    };
    let own = service
        .actions()
        .filter(|action| starts(action.name(), name) && action.is_current());
    own.map(|action| item(action.to_string(), FUNCTION, action.level().as_str()))
        .collect()
}

fn keys(typed: &str, catalog: &Catalog) -> Vec<Item> {
    let own = catalog.keys().filter(|key| starts(key.name(), typed));
    own.map(|key| {
        let many = if key.is_multivalued() {
            ", several values"
        } else {
            ""
        };
        // What follows is the tag's to say.
        let name = key.name().split("${").next().unwrap_or_default();
        item(name, PROPERTY, format!("{}{many}", key.kind().as_str()))
    })
    .collect()
}

/// The forms of ARNs of a service, up to what must be filled in.
fn resources(typed: &str, catalog: &Catalog) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    if "*".starts_with(typed) {
        all.push(item("*", VALUE, "everything"));
    }
    let service = typed.split(':').nth(2).unwrap_or_default();
    let Some(service) = catalog.service(service) else {
        let services = catalog.services().filter(|own| {
            let start = format!("arn:aws:{}:", own.prefix());
            start.starts_with(typed) && own.resource_types().len() > 0
        });
        all.extend(
            services.map(|own| item(format!("arn:aws:{}:", own.prefix()), MODULE, own.title())),
        );
        return all;
    };
    for kind in service.resource_types() {
        let Some(format) = kind.arn_formats().next() else {
            continue;
        };
        let mut label = format.replace("${Partition}", "aws");
        while let Some((before, behind)) = label.split_once("${") {
            let Some((_, rest)) = behind.split_once('}') else {
                break;
            };
            label = format!("{before}*{rest}");
        }
        all.push(item(label, VALUE, kind.name()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::place;

    fn names(before: &str) -> (Vec<String>, Option<&str>, Option<&str>) {
        let place = place(before);
        let open = place.open.iter().map(|own| own.name.to_owned()).collect();
        (open, place.name, place.string.map(|one| one.1))
    }

    #[test]
    fn places_in_documents_that_are_not_whole() {
        let start = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "a]{", "Effect": "Allow", "#;
        let open = ["", "Statement", "Statement"].map(str::to_owned).to_vec();
        let of = |rest: &str| {
            let text = format!("{start}{rest}");
            let (open, name, string) = names(&text);
            (open, name.map(str::to_owned), string.map(str::to_owned))
        };
        assert_eq!(of(r#""Act"#), (open.clone(), None, Some("Act".to_owned())));
        assert_eq!(
            of(r#""Action": "s3:"#),
            (
                open.clone(),
                Some("Action".to_owned()),
                Some("s3:".to_owned())
            )
        );
        let mut list = open.clone();
        list.push("Action".to_owned());
        assert_eq!(
            of(r#""Action": ["s3:Get", "ec"#),
            (list, Some("Action".to_owned()), Some("ec".to_owned()))
        );
        let mut condition = open.clone();
        condition.push("Condition".to_owned());
        assert_eq!(
            of(r#""Condition": {"Str"#),
            (condition.clone(), None, Some("Str".to_owned()))
        );
        condition.push("StringEquals".to_owned());
        assert_eq!(
            of(r#""Condition": {"StringEquals": {"aws:"#),
            (condition, None, Some("aws:".to_owned()))
        );
        assert_eq!(
            of(r#""Action": ["a"], "Re"#),
            (open, None, Some("Re".to_owned()))
        );
    }
}
