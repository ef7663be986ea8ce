//! Policies inside of other documents: templates of CloudFormation and SAM (as the CDK writes them too), plans of Terraform,
//! dumps of accounts and organizations, and whatever else holds some.

use bumpalo::Bump;
use portcullis_lint::ResourceType;
use portcullis_model::PolicyKind;
use portcullis_source::Diagnostic;
use portcullis_source::json::{self, Member, Node, Value};
use portcullis_syntax::ast::Span;
use portcullis_syntax::forms;

use super::dump_quota;
use super::found::{Checked, Linter, Wanted};
use super::lines;
use super::template::{self, function};
use super::yaml;

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
    /// Something else: the tree of an organization, what a service answers, lines of these.
    Values,
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
    let all = hosted(linter, text, host, root, wanted, arena);
    (!all.is_empty() || is_yaml).then_some(all)
}

/// What was found in the policies that are anywhere in a value that is none itself; none if there are none.
pub(super) fn anywhere<'a>(
    linter: &Linter<'_>,
    text: &'a str,
    root: Node<'a>,
    wanted: Wanted,
    arena: &'a Bump,
) -> Option<Vec<Checked<'a>>> {
    let all = hosted(linter, text, Host::Values, root, wanted, arena);
    (!all.is_empty()).then_some(all)
}

/// What was found in a file of lines.
pub(super) fn in_lines<'a>(
    linter: &Linter<'_>,
    text: &'a str,
    wanted: Wanted,
    arena: &'a Bump,
) -> Vec<Checked<'a>> {
    let (root, mut problems) = lines::read(text, arena);
    let mut all = hosted(linter, text, Host::Values, root, wanted, arena);
    if all.is_empty() && problems.is_empty() {
        let start = Span { start: 0, end: 1 };
        let message = "no line of this file holds a policy";
        problems.push(Diagnostic::error(
            portcullis_syntax::codes::MISSING_STATEMENT,
            start,
            message,
        ));
    }
    if !problems.is_empty() {
        all.push(Checked::of(wanted.kind, problems));
    }
    all
}

fn hosted<'a>(
    linter: &Linter<'_>,
    text: &'a str,
    host: Host,
    root: Node<'a>,
    wanted: Wanted,
    arena: &'a Bump,
) -> Vec<Checked<'a>> {
    let quotas = match host {
        Host::Dump => dump_quota::account(&root, text),
        Host::Values => dump_quota::organization(&root, text),
        Host::Template | Host::Plan | Host::List => Vec::new(),
    };
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
            _ => template::check(linter, text, place.node, wanted, arena),
        };
        // What is said of a document as a whole has its place, not that of all that is around it.
        for found in &mut checked.found {
            let span = &mut found.diagnostic.span;
            if checked.inner.is_none() && span.start == 0 && span.end as usize == text.len() {
                *span = place.node.span;
            }
        }
        checked.within = Some(place.path);
        checked
    };
    let mut all: Vec<Checked<'a>> = places(host, root).into_iter().map(one).collect();
    if !quotas.is_empty() {
        all.push(Checked::of(None, quotas));
    }
    all
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
        Host::Dump | Host::List | Host::Values => &[],
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
                wanted.kind = of_dump(&node).or(wanted.kind);
                for member in members.iter().rev() {
                    let name = member.key.value;
                    let of = |kind| Wanted {
                        kind: Some(kind),
                        ..Wanted::default()
                    };
                    let own = match name {
                        "AssumeRolePolicyDocument" | "assume_role_policy" => of(PolicyKind::Trust),
                        "InlinePolicy" | "inline_policy" => of(PolicyKind::Identity),
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

/// What the policy of an organization or of an endpoint is, by what dumps say beside it.
fn of_dump(node: &Node<'_>) -> Option<PolicyKind> {
    let summary = node.get("PolicySummary").unwrap_or(node);
    let kind = node.get("type").or_else(|| summary.get("Type"));
    match kind.and_then(Node::as_str) {
        Some("SERVICE_CONTROL_POLICY" | "scp") => Some(PolicyKind::Scp),
        Some("RESOURCE_CONTROL_POLICY" | "rcp") => Some(PolicyKind::Rcp),
        _ => {
            let arn = node.get("arn").and_then(Node::as_str)?;
            arn.contains(":vpc-endpoint/")
                .then_some(PolicyKind::VpcEndpoint)
        }
    }
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
