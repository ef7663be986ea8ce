//! Policies inside of other documents: templates of CloudFormation and SAM (as the CDK writes them too), plans of Terraform, and
//! dumps of accounts.
//!
//! What a function of a template stands for is not known before it is deployed, and is never guessed: nothing is said of such a
//! part, and it may be anything to all checks of what stands around it.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use portcullis_lint::ResourceType;
use portcullis_model::PolicyKind;
use portcullis_source::json::{self, Member, Node, Value};
use portcullis_syntax::ast::{Span, Text};
use portcullis_syntax::forms;

use super::dump_quota;
use super::found::{Checked, Linter, Wanted};
use super::yaml;
use portcullis_source::{Diagnostic, quoted};
use std::collections::HashSet;

/// Whether a file is YAML by its name.
pub(super) fn is_yaml(path: &std::path::Path) -> bool {
    path.extension()
        .is_some_and(|end| end == "yaml" || end == "yml")
}

/// What is around the policies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Host {
    Template,
    Plan,
    Dump,
    /// Named policies, as `convert` writes several.
    List,
}

fn host(node: &Node<'_>) -> Option<Host> {
    let has = |name| node.get(name).is_some();
    if let Some(elements) = node.as_array() {
        let is_named = |own: &Node<'_>| own.get("name").is_some() && own.get("document").is_some();
        let is_list = !elements.is_empty() && elements.iter().all(is_named);
        return is_list.then_some(Host::List);
    }
    let is_of_aws = |resource: &Member<'_>| {
        let kind = resource.value.get("Type").and_then(Node::as_str);
        kind.is_some_and(|kind| kind.starts_with("AWS::") || kind.starts_with("Custom::"))
    };
    let resources = node
        .get("Resources")
        .and_then(Node::as_object)
        .unwrap_or_default();
    if has("Statement") {
        None
    } else if resources.iter().any(is_of_aws) {
        Some(Host::Template)
    } else if has("format_version") && (has("planned_values") || has("values")) {
        Some(Host::Plan)
    } else if [
        "UserDetailList",
        "GroupDetailList",
        "RoleDetailList",
        "Policies",
    ]
    .into_iter()
    .any(has)
    {
        Some(Host::Dump)
    } else {
        None
    }
}

/// A policy in a document, and what is known of its type.
struct Place<'a> {
    node: Node<'a>,
    path: String,
    wanted: Wanted,
}

/// What was found in the policies of a document; none if the text is no such document, or has none.
pub(super) fn check<'a>(
    linter: &Linter<'_>,
    text: &'a str,
    is_yaml: bool,
    wanted: Wanted,
    arena: &'a Bump,
) -> Option<Vec<Checked<'a>>> {
    let root = match is_yaml {
        true => match yaml::read(text, arena) {
            Ok(node) => node,
            Err(wrong) => {
                let span = Span {
                    start: wrong.at,
                    end: wrong.at.saturating_add(1),
                };
                let message = format!("this is not YAML: {}", wrong.what);
                let problem = Diagnostic::error(portcullis_dsl::codes::SYNTAX_ERROR, span, message);
                return Some(vec![Checked::of(wanted.kind, vec![problem])]);
            }
        },
        false => {
            // What is no policy by its first members costs no second reading of a large file.
            let could = [
                "\"Resources\"",
                "\"format_version\"",
                "DetailList\"",
                "\"Policies\"",
                "\"document\"",
            ];
            if !could.iter().any(|name| text.contains(name)) {
                return None;
            }
            json::parse(text, arena).ok()?
        }
    };
    let host = host(&root)?;
    let places = places(host, root);
    let quotas = match host {
        Host::Dump => dump_quota::check(&root, text),
        Host::Template | Host::Plan | Host::List => Vec::new(),
    };
    if places.is_empty() && quotas.is_empty() && !is_yaml {
        return None;
    }
    let one = |place: Place<'a>| {
        let wanted = Wanted {
            kind: wanted.kind.or(place.wanted.kind),
            resource: wanted.resource.or(place.wanted.resource),
            is_template: host == Host::Template,
        };
        let mut checked = match place.node.value {
            Value::String(_) => {
                let (found, problems) = forms::find(place.node, text, wanted.kind, arena);
                let wanted = Wanted {
                    is_template: false,
                    ..wanted
                };
                match found {
                    Some(found) => linter.document(text, found, problems, wanted, arena),
                    None => Checked::of(wanted.kind, problems),
                }
            }
            _ => template(linter, text, place.node, wanted, arena),
        };
        checked.within = Some(place.path);
        checked
    };
    let mut all: Vec<Checked<'a>> = places.into_iter().map(one).collect();
    if !quotas.is_empty() {
        all.push(Checked::of(None, quotas));
    }
    Some(all)
}

fn template<'a>(
    linter: &Linter<'_>,
    text: &'a str,
    node: Node<'a>,
    wanted: Wanted,
    arena: &'a Bump,
) -> Checked<'a> {
    let mut parts = Parts {
        arena,
        unknown: Vec::new(),
        partly: Vec::new(),
        problems: Vec::new(),
    };
    let document = parts.document(node);
    let found = forms::Found {
        document,
        name: None,
        kind: None,
        inner: None,
    };
    let problems = core::mem::take(&mut parts.problems);
    let mut checked = linter.document(text, found, problems, wanted, arena);
    let is_in = |span: Span, own: &Span| own.start <= span.start && span.end <= own.end;
    checked.found.retain(|found| {
        let span = found.diagnostic.span;
        let mut related = found.diagnostic.related.iter();
        let is_unknown = parts.unknown.iter().any(|own| is_in(span, own))
            || related.any(|one| parts.unknown.iter().any(|own| is_in(one.span, own)));
        let is_of_text = found.code().contains("VARIABLE")
            || found.code().contains("GLOBAL_CONDITION_KEY")
            || found.code() == "FOREIGN_TEMPLATE";
        let is_partly = is_of_text && parts.partly.iter().any(|own| is_in(span, own));
        !is_unknown && !is_partly
    });
    checked
}

/// The ways from the root to values: each step with the one before it, so that a value costs no more than its own name.
struct Ways<'a>(Vec<(usize, Way<'a>)>);

#[derive(Clone, Copy)]
enum Way<'a> {
    Root,
    Member(&'a str),
    Index(usize),
}

impl<'a> Ways<'a> {
    fn add(&mut self, before: usize, way: Way<'a>) -> usize {
        self.0.push((before, way));
        self.0.len() - 1
    }

    fn last(&self, at: usize) -> Way<'a> {
        self.0.get(at).map_or(Way::Root, |(_, way)| *way)
    }

    /// A JSON pointer, of names that are cut where nobody reads them any more.
    fn pointer(&self, mut at: usize) -> String {
        const LONGEST: usize = 200;
        let mut steps = Vec::new();
        while let Some((before, way)) = self.0.get(at) {
            match way {
                Way::Root => break,
                Way::Member(name) => {
                    let name: String = name.chars().take(LONGEST).collect();
                    steps.push(name.replace('~', "~0").replace('/', "~1"));
                }
                Way::Index(index) => steps.push(index.to_string()),
            }
            at = *before;
        }
        steps.iter().rev().map(|step| format!("/{step}")).collect()
    }
}

/// Everything in a document that is a policy. No call follows the values down.
fn places(host: Host, root: Node<'_>) -> Vec<Place<'_>> {
    let mut ways = Ways(vec![(0, Way::Root)]);
    if host == Host::List {
        return listed(&mut ways, &root);
    }
    let mut left: Vec<(Node<'_>, usize, Wanted)> = Vec::new();
    let starts: &[&str] = match host {
        Host::Template => &["Resources"],
        Host::Plan if root.get("planned_values").is_some() => &["planned_values"],
        Host::Plan => &["values"],
        Host::Dump | Host::List => &[],
    };
    for name in starts {
        if let Some(node) = root.get(name) {
            let at = ways.add(0, Way::Member(name));
            left.push((*node, at, Wanted::default()));
        }
    }
    if starts.is_empty() {
        left.push((root, 0, Wanted::default()));
    }
    let mut found = Vec::new();
    while let Some((node, at, mut wanted)) = left.pop() {
        match node.value {
            Value::Object(members) => {
                // Some resources have a statement of their own, which is no document.
                let is_properties = matches!(ways.last(at), Way::Member("Properties"));
                if node.get("Statement").is_some() && !is_properties && at != 0 {
                    found.push((node, at, wanted));
                    continue;
                }
                // Of a managed policy the version that counts; and what a function makes of texts is not known.
                let is_old = node
                    .get("IsDefaultVersion")
                    .is_some_and(|own| matches!(own.value, Value::Bool(false)));
                if is_old || function(&node).is_some() {
                    continue;
                }
                let kind = ["Type", "type"]
                    .into_iter()
                    .find_map(|name| node.get(name)?.as_str());
                if let Some(kind) =
                    kind.filter(|kind| kind.contains("::") || kind.starts_with("aws_"))
                {
                    wanted = of_resource(kind, &node);
                }
                for member in members.iter().rev() {
                    let name = member.key.value;
                    let own = match name {
                        "AssumeRolePolicyDocument" | "assume_role_policy" => Wanted {
                            kind: Some(PolicyKind::Trust),
                            ..Wanted::default()
                        },
                        _ => wanted,
                    };
                    let next = ways.add(at, Way::Member(name));
                    left.push((member.value, next, own));
                }
            }
            Value::Array(nodes) => {
                for (index, one) in nodes.iter().enumerate().rev() {
                    let next = ways.add(at, Way::Index(index));
                    left.push((*one, next, wanted));
                }
            }
            Value::String(text) => {
                let start = text.trim_start();
                let is_document = (start.starts_with('{') && start.contains("\"Statement\""))
                    || (start.starts_with("%7B") && start.contains("Statement"));
                if is_document {
                    found.push((node, at, wanted));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let place = |(node, at, wanted)| Place {
        node,
        path: ways.pointer(at),
        wanted,
    };
    found.into_iter().map(place).collect()
}

/// The policies of a list, each of the type that it says.
fn listed<'a>(ways: &mut Ways<'a>, root: &Node<'a>) -> Vec<Place<'a>> {
    let elements = root.as_array().unwrap_or_default().iter().enumerate();
    let places = elements.filter_map(|(index, own)| {
        let kind = own.get("type").and_then(Node::as_str);
        let element = ways.add(0, Way::Index(index));
        let at = ways.add(element, Way::Member("document"));
        Some(Place {
            node: *own.get("document")?,
            path: ways.pointer(at),
            wanted: Wanted {
                kind: kind.and_then(PolicyKind::parse),
                ..Wanted::default()
            },
        })
    });
    places.collect()
}

/// What the policies of a resource are.
fn of_resource(kind: &str, node: &Node<'_>) -> Wanted {
    let of = |kind: PolicyKind, resource: Option<ResourceType>| Wanted {
        kind: Some(kind),
        resource,
        is_template: false,
    };
    match kind {
        "AWS::S3::BucketPolicy" | "aws_s3_bucket_policy" => {
            of(PolicyKind::Resource, Some(ResourceType::Bucket))
        }
        "AWS::S3::AccessPoint" | "aws_s3_access_point" => {
            of(PolicyKind::Resource, Some(ResourceType::AccessPoint))
        }
        "AWS::EC2::VPCEndpoint" | "aws_vpc_endpoint" | "aws_vpc_endpoint_policy" => {
            of(PolicyKind::VpcEndpoint, None)
        }
        "AWS::Organizations::Policy" | "aws_organizations_policy" => {
            let properties = node
                .get("Properties")
                .or_else(|| node.get("values"))
                .unwrap_or(node);
            let own = ["Type", "type"]
                .into_iter()
                .find_map(|name| properties.get(name)?.as_str());
            match own {
                Some("RESOURCE_CONTROL_POLICY") => of(PolicyKind::Rcp, None),
                Some("SERVICE_CONTROL_POLICY") => of(PolicyKind::Scp, None),
                _ => Wanted::default(),
            }
        }
        _ if kind.starts_with("AWS::IAM::") || kind.starts_with("aws_iam_") => {
            of(PolicyKind::Identity, None)
        }
        _ => Wanted::default(),
    }
}

/// Takes functions out of a document.
struct Parts<'a> {
    arena: &'a Bump,
    /// Parts of which nothing is known.
    unknown: Vec<Span>,
    /// Texts some of which is not known.
    partly: Vec<Span>,
    /// Members that are there twice, which YAML lets pass.
    problems: Vec<Diagnostic>,
}

impl<'a> Parts<'a> {
    fn document(&mut self, node: Node<'a>) -> Node<'a> {
        let members = node.as_object().unwrap_or_default();
        self.object(node, members, |parts, name, value| match name {
            "Statement" => parts.statements(value),
            _ => parts.plain(value, "Unknown"),
        })
    }

    fn object(
        &mut self,
        node: Node<'a>,
        members: &[Member<'a>],
        mut each: impl FnMut(&mut Parts<'a>, &'a str, Node<'a>) -> Node<'a>,
    ) -> Node<'a> {
        let mut all = ArenaVec::with_capacity_in(members.len(), self.arena);
        let mut seen = HashSet::with_capacity(members.len());
        for member in members {
            if !seen.insert(member.key.value) {
                let message = format!("the member {} is there twice", quoted(member.key.value));
                self.problems.push(Diagnostic::error(
                    portcullis_source::codes::DUPLICATE_MEMBER,
                    member.key.span,
                    message,
                ));
            }
            let value = each(self, member.key.value, member.value);
            all.push(Member {
                key: member.key,
                value,
            });
        }
        Node {
            span: node.span,
            value: Value::Object(all.into_bump_slice()),
        }
    }

    /// A list of statements; one that a function makes is left out.
    fn statements(&mut self, node: Node<'a>) -> Node<'a> {
        match node.value {
            Value::Array(nodes) => {
                let mut all = ArenaVec::with_capacity_in(nodes.len(), self.arena);
                for one in nodes {
                    if function(one).is_some() {
                        self.unknown.push(one.span);
                    } else {
                        all.push(self.statement(*one));
                    }
                }
                Node {
                    span: node.span,
                    value: Value::Array(all.into_bump_slice()),
                }
            }
            Value::Object(_) if function(&node).is_some() => {
                // Whatever is missing for it, is not.
                self.unknown.push(node.span);
                Node {
                    span: node.span,
                    value: Value::Array(&[]),
                }
            }
            _ => self.statement(node),
        }
    }

    fn statement(&mut self, node: Node<'a>) -> Node<'a> {
        let members = node.as_object().unwrap_or_default();
        if members.is_empty() {
            return node;
        }
        self.object(node, members, |parts, name, value| match name {
            "Effect" if function(&value).is_some() => {
                // With either effect something else is wrong.
                parts.unknown.push(node.span);
                parts.text(value.span, "Deny")
            }
            "Action" | "NotAction" => parts.list(value, "unknown:Unknown"),
            "Resource" | "NotResource" => parts.list(value, UNKNOWN_ARN),
            "Principal" | "NotPrincipal" => match value.as_object() {
                Some(kinds) if function(&value).is_none() => {
                    parts.object(value, kinds, |parts, kind, value| {
                        parts.list(
                            value,
                            match kind {
                                "Service" => UNKNOWN_PRINCIPALS[0],
                                "Federated" => UNKNOWN_PRINCIPALS[1],
                                _ => UNKNOWN_PRINCIPALS[2],
                            },
                        )
                    })
                }
                Some(_) => {
                    parts.unknown.push(node.span);
                    parts.text(value.span, "*")
                }
                None => value,
            },
            "Condition" => parts.condition(value),
            _ => parts.plain(value, "Unknown"),
        })
    }

    fn condition(&mut self, node: Node<'a>) -> Node<'a> {
        let Some(operators) = node.as_object().filter(|_| function(&node).is_none()) else {
            if function(&node).is_some() {
                self.unknown.push(node.span);
                return Node {
                    span: node.span,
                    value: Value::Object(&[]),
                };
            }
            return node;
        };
        self.object(node, operators, |parts, _, keys| match keys.as_object() {
            Some(own) if function(&keys).is_none() => parts.object(keys, own, |parts, _, value| {
                parts.list(value, "${aws:PrincipalTag/unknown}")
            }),
            Some(_) => {
                parts.unknown.push(keys.span);
                Node {
                    span: keys.span,
                    value: Value::Object(&[]),
                }
            }
            None => keys,
        })
    }

    /// A text or a list of texts.
    fn list(&mut self, node: Node<'a>, instead: &'static str) -> Node<'a> {
        match node.value {
            Value::Array(nodes) => {
                let mut all = ArenaVec::with_capacity_in(nodes.len(), self.arena);
                for one in nodes {
                    let one = self.plain(*one, instead);
                    all.push(one);
                }
                Node {
                    span: node.span,
                    value: Value::Array(all.into_bump_slice()),
                }
            }
            _ => self.plain(node, instead),
        }
    }

    /// One value: what is not known of it is put so that it may be anything.
    fn plain(&mut self, node: Node<'a>, instead: &'static str) -> Node<'a> {
        match (node.value, function(&node)) {
            (_, Some(("Fn::Sub", value))) => {
                let text = value
                    .as_str()
                    .or_else(|| value.as_array()?.first()?.as_str());
                let is_whole =
                    instead == "unknown:Unknown" || UNKNOWN_PRINCIPALS.contains(&instead);
                match text.and_then(substituted).filter(|_| !is_whole) {
                    Some(text) if instead != UNKNOWN_ARN || text.starts_with("arn:") => {
                        self.partly.push(node.span);
                        self.text(node.span, self.arena.alloc_str(&text))
                    }
                    _ => self.unknown(node, instead),
                }
            }
            (_, Some(_)) => self.unknown(node, instead),
            // CloudFormation makes texts of numbers.
            (Value::Number(text), None) => self.text(node.span, text),
            _ => node,
        }
    }

    fn unknown(&mut self, node: Node<'a>, instead: &'a str) -> Node<'a> {
        self.unknown.push(node.span);
        self.text(node.span, instead)
    }

    fn text(&self, span: Span, value: &'a str) -> Node<'a> {
        Node {
            span,
            value: Value::String(value),
        }
    }
}

/// A service, a provider and a role that nobody knows.
const UNKNOWN_PRINCIPALS: [&str; 3] = [
    "unknown.amazonaws.com",
    "arn:aws:iam::111122223333:saml-provider/unknown",
    "arn:aws:iam::111122223333:role/unknown",
];

/// An ARN all parts of which may be anything.
const UNKNOWN_ARN: &str = "arn:${aws:PrincipalTag/unknown}:${aws:PrincipalTag/unknown}:${aws:PrincipalTag/unknown}:${aws:PrincipalTag/unknown}:${aws:PrincipalTag/unknown}";

/// The function that a value is, and what it is of.
fn function<'a>(node: &Node<'a>) -> Option<(&'a str, &'a Node<'a>)> {
    let [one] = node.as_object()? else {
        return None;
    };
    let Text { value: name, .. } = one.key;
    let is_function = name == "Ref" || name == "Condition" || name.starts_with("Fn::");
    is_function.then_some((name, &one.value))
}

/// A text for `Fn::Sub`, with a variable that may be anything for each of its own, and policy variables as they are meant. None
/// if nothing but one of its own is in it.
fn substituted(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut has_text = false;
    while let Some((before, behind)) = rest.split_once("${") {
        out.push_str(before);
        has_text |= !before.is_empty();
        let (name, after) = behind.split_once('}')?;
        match name.strip_prefix('!') {
            Some(literal) => {
                out.push_str("${");
                out.push_str(literal);
                out.push('}');
                has_text = true;
            }
            None => out.push_str("${aws:PrincipalTag/unknown}"),
        }
        rest = after;
    }
    has_text |= !rest.is_empty();
    out.push_str(rest);
    has_text.then_some(out)
}
