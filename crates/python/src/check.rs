//! What is wrong with a document, and what probably does not do what was meant.

use portcullis::{PolicyKind, PolicySet, Severity};
use portcullis_lint::{Finding, Group, Options, ResourceType, Step, lint};
use portcullis_source::LineIndex;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::convert::optional;
use crate::policies::{document, kind};
use crate::records;

/// Something that was found, before Python sees it.
struct Found {
    code: &'static str,
    group: &'static str,
    level: &'static str,
    message: String,
    help: Option<String>,
    place: (usize, usize),
    pointer: Option<String>,
}

/// Everything that there is to say of a document, in the order of the text: what keeps it from loading, what IAM Access Analyzer
/// finds, with its codes, and checks of our own.
///
/// `type` is what it is read as, and `resource_type` AWS's name of what has it, such as `AWS::S3::Bucket`. What takes a catalog of
/// services, such as actions that do not exist, is found by `portcullis check`, not here. Runs without the interpreter's lock.
///
/// >>> import portcullis
/// >>> for finding in portcullis.check('''{"Version": "2012-10-17",
/// ...   "Statement": {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}}'''):
/// ...     print(finding.code, finding.level, finding.line, finding.column)
/// PASS_ROLE_WITH_STAR_IN_RESOURCE SECURITY_WARNING 2 46
#[pyfunction]
#[pyo3(signature = (document, /, *, r#type=None, resource_type=None))]
pub(crate) fn check<'py>(
    py: Python<'py>,
    document: &Bound<'py, PyAny>,
    r#type: Option<&Bound<'py, PyAny>>,
    resource_type: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let (json, name) = self::document("document", document)?;
    let name = name.unwrap_or_else(|| "policy".to_owned());
    let kind = r#type.map_or(Ok(PolicyKind::Identity), kind)?;
    let resource = match optional("resource_type", resource_type)? {
        None => None,
        Some(word) => Some(ResourceType::parse(word).ok_or_else(|| {
            let names: Vec<&str> = ResourceType::names_of_all().collect();
            PyValueError::new_err(format!("resource_type must be one of {}", names.join(", ")))
        })?),
    };
    let found = py.detach(|| found(&name, &json, kind, resource));
    let list = PyList::empty(py);
    for one in &found {
        let members = PyDict::new(py);
        members.set_item("code", one.code)?;
        members.set_item("group", one.group)?;
        members.set_item("level", one.level)?;
        members.set_item("message", &one.message)?;
        members.set_item("help", one.help.as_deref())?;
        members.set_item("path", &name)?;
        members.set_item("line", one.place.0)?;
        members.set_item("column", one.place.1)?;
        members.set_item("pointer", one.pointer.as_deref())?;
        list.append(records::make(py, "Finding", &members)?)?;
    }
    Ok(list)
}

fn found(name: &str, json: &str, kind: PolicyKind, resource: Option<ResourceType>) -> Vec<Found> {
    let set = match kind {
        PolicyKind::Identity => PolicySet::new().identity(name, json),
        PolicyKind::Boundary => PolicySet::new().boundary(name, json),
        PolicyKind::Session => PolicySet::new().session(name, json),
        PolicyKind::Resource => PolicySet::new().resource(name, json),
        PolicyKind::Trust => PolicySet::new().trust(name, json),
        PolicyKind::Scp => PolicySet::new().scp(0, name, json),
        PolicyKind::Rcp => PolicySet::new().rcp(0, name, json),
        PolicyKind::VpcEndpoint => PolicySet::new().vpc_endpoint(name, json),
    };
    let of_reader = set.check();
    let mut all: Vec<Found> = of_reader
        .iter()
        .map(|own| Found {
            code: own.code.as_str(),
            group: if own.is_error() { "load" } else { "advice" },
            level: match own.severity {
                Severity::Error | Severity::LintError => "ERROR",
                Severity::Warning => "WARNING",
                Severity::Suggestion => "SUGGESTION",
            },
            message: own.message.clone(),
            help: own.help.clone(),
            place: own.position(),
            pointer: own
                .path
                .as_deref()
                .map(|way| portcullis::Pointer(way).to_string()),
        })
        .collect();
    let base = Options::new(kind);
    let mut target = base.target;
    target.resource = resource.or(target.resource);
    let options = Options {
        target,
        kind,
        has_own_checks: true,
        ..base
    };
    let of_linter = lint(json, &options, |report| {
        let index = LineIndex::new(report.text);
        let one = |own: &Finding<'_>| {
            let first = own.locations.first();
            Found {
                code: own.rule.code,
                group: match own.rule.group {
                    Group::AccessAnalyzer => "access-analyzer",
                    group => group.as_str(),
                },
                level: own.rule.level.as_str(),
                message: own.details.clone(),
                help: None,
                place: first.map_or((1, 1), |own| index.position(own.span.start)),
                pointer: first.map(|own| pointer(&own.path)),
            }
        };
        report.findings.iter().map(one).collect::<Vec<_>>()
    });
    // What both say is said once, in the words of the reader, which knows what it does to a decision.
    let is_told = |own: &Found, all: &[Found]| {
        let mut told = all.iter();
        told.any(|other| other.code == own.code && other.place.0 == own.place.0)
    };
    let more: Vec<Found> = of_linter
        .into_iter()
        .filter(|own| !is_told(own, &all))
        .collect();
    all.extend(more);
    all.sort_by_key(|own| own.place);
    all
}

/// The way to a place, as a JSON pointer.
fn pointer(way: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in way {
        match step {
            Step::Value(name) | Step::Key(name) => {
                out.push('/');
                out.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            Step::Index(index) => {
                out.push('/');
                out.push_str(&index.to_string());
            }
        }
    }
    if matches!(way.last(), Some(Step::Key(_))) {
        out.push('#');
    }
    out
}
