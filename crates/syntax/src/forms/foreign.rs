//! Documents of other tools: what they are, and what to do.

use crate::ast::Span;
use crate::codes;
use portcullis_source::Diagnostic;
use portcullis_source::json::Node;
use portcullis_source::json::tree::Value;

/// A document that is recognized and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// What it is, for messages: `a CloudFormation template`.
    pub what: &'static str,
    /// What to do.
    pub help: &'static str,
}

impl Foreign {
    /// The problem that it is where a policy is wanted.
    pub fn diagnostic(self, place: Span) -> Diagnostic {
        let message = format!("this is {}, not a policy document", self.what);
        Diagnostic::error(codes::FOREIGN_DOCUMENT, place, message).with_help(self.help)
    }
}

const CLOUDFORMATION: Foreign = Foreign {
    what: "a CloudFormation template",
    help: "deploy it and export the policies from AWS, or extract the document and resolve its functions",
};
const SAM: Foreign = Foreign {
    what: "a SAM template",
    help: "let `sam build` or AWS transform it, and use the policies of the result",
};
const TERRAFORM_PLAN: Foreign = Foreign {
    what: "a Terraform plan",
    help: "extract the document from the `policy` value of its resource, where it is a string",
};
const TERRAFORM_STATE: Foreign = Foreign {
    what: "a Terraform state",
    help: "extract the document from the `policy` attribute of its resource, where it is a string",
};
const TERRAFORM: Foreign = Foreign {
    what: "a Terraform configuration",
    help: "run `terraform show -json` on a plan and extract the document from its output",
};
const CDK: Foreign = Foreign {
    what: "output of the CDK",
    help: "use the policies of the template next to it, once AWS has resolved it",
};
const DUMP: Foreign = Foreign {
    what: "an account dump",
    help: "pass its folder with `--directory`",
};
const SCENARIO: Foreign = Foreign {
    what: "a scenario",
    help: "run it with `portcullis test`, or pass it with `--scenario`",
};
const YAML: Foreign = Foreign {
    what: "YAML",
    help: "convert it to JSON first",
};
const YAML_TEMPLATE: Foreign = Foreign {
    what: "a CloudFormation template in YAML",
    help: "deploy it and export the policies from AWS",
};
const MARKUP: Foreign = Foreign {
    what: "XML or HTML",
    help: "use the JSON of the document, not a page about it",
};
const LANGUAGE: Foreign = Foreign {
    what: "the policy language",
    help: "name the file with the extension `.iam`",
};

/// Says what a value is that is a document of another tool. Nothing else is recognized: a policy, or what has anything
/// of one, is not.
pub fn recognize(node: &Node<'_>) -> Option<Foreign> {
    let members = node.as_object()?;
    let has = |name| node.get(name).is_some();
    if has("Statement") {
        return None;
    }
    let is_template =
        has("AWSTemplateFormatVersion") || node.get("Resources").is_some_and(is_resources);
    if is_template {
        return Some(if node.get("Transform").is_some_and(is_serverless) {
            SAM
        } else {
            CLOUDFORMATION
        });
    }
    let is_plan = [
        "planned_values",
        "resource_changes",
        "prior_state",
        "values",
    ]
    .into_iter()
    .any(has);
    if has("format_version") && is_plan {
        return Some(TERRAFORM_PLAN);
    }
    if has("terraform_version") && (has("resources") || has("lineage") || has("serial")) {
        return Some(TERRAFORM_STATE);
    }
    let is_block = |name| {
        let kinds = node.get(name).and_then(Node::as_object).unwrap_or_default();
        kinds.iter().any(|kind| kind.key.value.starts_with("aws_"))
    };
    if is_block("resource") || is_block("data") {
        return Some(TERRAFORM);
    }
    let version = node.get("version").and_then(Node::as_str);
    if (has("artifacts") && has("version"))
        || (has("tree") && version.is_some_and(|text| text.starts_with("tree-")))
    {
        return Some(CDK);
    }
    let lists = ["UserDetailList", "GroupDetailList", "RoleDetailList"];
    if members
        .iter()
        .any(|member| lists.contains(&member.key.value))
    {
        return Some(DUMP);
    }
    if has("policies") && (has("request") || has("requests")) {
        return Some(SCENARIO);
    }
    None
}

/// True for resources of a template: each has a type.
fn is_resources(node: &Node<'_>) -> bool {
    let resources = node.as_object().unwrap_or_default();
    resources.iter().any(|resource| {
        let kind = resource.value.get("Type").and_then(Node::as_str);
        kind.is_some_and(|kind| kind.starts_with("AWS::") || kind.starts_with("Custom::"))
    })
}

fn is_serverless(node: &Node<'_>) -> bool {
    let is_it = |node: &Node<'_>| {
        node.as_str()
            .is_some_and(|text| text.starts_with("AWS::Serverless"))
    };
    is_it(node) || node.as_array().unwrap_or_default().iter().any(is_it)
}

/// Says what a text is that is no JSON at all.
pub fn recognize_text(text: &str) -> Option<Foreign> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['{', '[', '"']) {
        return None;
    }
    if text.starts_with('<') {
        return Some(MARKUP);
    }
    let lines = || {
        text.lines()
            .map(str::trim_end)
            .filter(|line| !line.trim_start().starts_with('#'))
    };
    let first = lines().find(|line| !line.is_empty())?;
    let word = first.split([' ', '\t']).next().unwrap_or_default();
    if [
        "resource",
        "data",
        "variable",
        "locals",
        "provider",
        "terraform",
        "module",
        "output",
    ]
    .contains(&word)
        && first.ends_with('{')
    {
        return Some(TERRAFORM);
    }
    if [
        "policy", "trust", "scp", "rcp", "boundary", "session", "import", "let", "template",
    ]
    .contains(&word)
        && (first.contains('{') || first.contains('"') || first.contains('='))
    {
        return Some(LANGUAGE);
    }
    // `Name:` at the start of a line, or a list of such.
    let is_pair = |line: &str| {
        let line = line.trim_start_matches("- ");
        let name = line.split(':').next().unwrap_or_default();
        let is_name = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-'\"".contains(c));
        let rest = line.get(name.len()..).unwrap_or_default();
        !name.is_empty() && is_name && (rest == ":" || rest.starts_with(": "))
    };
    if !(first.starts_with("---") || first.starts_with("%YAML") || is_pair(first)) {
        return None;
    }
    let is_template =
        lines().any(|line| line.starts_with("AWSTemplateFormatVersion:") || line == "Resources:");
    Some(if is_template { YAML_TEMPLATE } else { YAML })
}

/// The problems of a text that is no JSON: that it is something else, where that is plain.
pub(super) fn instead(text: &str, problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    match recognize_text(text) {
        Some(foreign) => {
            let skipped = text.len() - text.trim_start_matches('\u{feff}').trim_start().len();
            let start = u32::try_from(skipped).unwrap_or(u32::MAX);
            let place = Span {
                start,
                end: start.saturating_add(1),
            };
            vec![foreign.diagnostic(place)]
        }
        None => problems,
    }
}

/// The function of CloudFormation that stands where a text is wanted, such as `Fn::Sub`.
pub(crate) fn function<'a>(value: &Value<'a, '_>) -> Option<&'a str> {
    let Value::Object([member]) = value else {
        return None;
    };
    let name = member.key.value;
    is_function(name).then_some(name)
}

/// True for the name of a function of CloudFormation.
pub(crate) fn is_function(name: &str) -> bool {
    name == "Ref" || name.starts_with("Fn::")
}

/// What to do about such a function.
pub(crate) const RESOLVE: &str =
    "this is a CloudFormation function: resolve the template first, or write the value it returns";
