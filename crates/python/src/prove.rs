//! Questions about all requests.

use bumpalo::Bump;
use portcullis::prove::{
    Answer, Callers, Options, Policy, Witness, compare, denial, read, with_attached,
};
use portcullis::{Diagnostic, Effect, PolicyKind};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::convert::one_or_more;
use crate::errors::of_problems;
use crate::policies::{document, kind};
use crate::records;

/// Documents with their names: one, or a list of them.
fn documents(what: &str, found: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let mut all = Vec::new();
    let mut one = |called: String, found: &Bound<'_, PyAny>| -> PyResult<()> {
        let (json, name) = document(&called, found)?;
        all.push((name.unwrap_or(called), json));
        Ok(())
    };
    if found.is_instance_of::<PyList>() || found.is_instance_of::<PyTuple>() {
        for (place, item) in found.try_iter()?.enumerate() {
            one(format!("{what}[{place}]"), &item?)?;
        }
        if all.is_empty() {
            let text = format!("{what} has no document");
            return Err(PyValueError::new_err(text));
        }
        return Ok(all);
    }
    one(what.to_owned(), found)?;
    Ok(all)
}

/// The same, read.
fn policies<'a>(
    texts: &'a [(String, String)],
    kind: PolicyKind,
    arena: &'a Bump,
) -> Result<Vec<Policy<'a>>, Vec<Diagnostic>> {
    let read = texts
        .iter()
        .map(|(name, text)| read(name, text, kind, arena));
    read.collect()
}

/// What a question says, for Python.
enum Said {
    Proved,
    Refuted(Vec<Shown>, Vec<String>),
    Unknown(Vec<String>),
}

/// A request that was shown.
struct Shown {
    statement: usize,
    sid: Option<String>,
    line: usize,
    request: Witness,
}

/// Whether new policies allow nothing that old ones do not, of some callers.
fn ask(old: &[Policy<'_>], new: &[Policy<'_>], callers: Callers) -> Said {
    let statements = new.iter().map(|own| own.document.statements.len());
    let options = Options {
        callers,
        findings: statements.sum::<usize>().max(1),
        ..Options::default()
    };
    match compare(old, new, &options) {
        Answer::Proved(_) => Said::Proved,
        Answer::Unknown(reasons) => {
            Said::Unknown(reasons.iter().map(ToString::to_string).collect())
        }
        Answer::Refuted(mut refuted) => {
            refuted.findings.sort_by_key(|own| own.statement);
            let shown = refuted.findings.into_iter().map(|own| {
                let policy = new.get(own.statement.policy);
                let statement = policy.and_then(|own_policy| {
                    let all = own_policy.document.statements;
                    Some((own_policy, all.get(own.statement.statement)?))
                });
                let line = statement.map(|(policy, statement)| {
                    let before = policy.text.get(..statement.span.start as usize);
                    let lines = before.unwrap_or_default().bytes();
                    1 + lines.filter(|byte| *byte == b'\n').count()
                });
                let sid = statement.and_then(|(_, own)| own.sid).map(|sid| sid.value);
                Shown {
                    statement: own.statement.statement,
                    sid: sid.filter(|sid| !sid.is_empty()).map(str::to_owned),
                    line: line.unwrap_or(1),
                    request: own.witness,
                }
            });
            let unfinished = refuted.unfinished.iter().map(ToString::to_string).collect();
            Said::Refuted(shown.collect(), unfinished)
        }
    }
}

/// Asks without the interpreter's lock, and makes the answer an object.
fn answer<'py>(
    py: Python<'py>,
    question: impl FnOnce() -> Result<Said, Vec<Diagnostic>> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let said = py.detach(question);
    let members = PyDict::new(py);
    let class = match said.map_err(|problems| of_problems(py, &problems))? {
        Said::Proved => "Proved",
        Said::Unknown(reasons) => {
            members.set_item("reasons", records::tuple(py, &reasons)?)?;
            "Unknown"
        }
        Said::Refuted(shown, unfinished) => {
            let one = |own: &Shown| {
                let members = PyDict::new(py);
                members.set_item("statement", own.statement)?;
                members.set_item("sid", own.sid.as_deref())?;
                members.set_item("line", own.line)?;
                members.set_item("principal", own.request.caller.to_string())?;
                members.set_item("action", &own.request.action)?;
                members.set_item("resource", &own.request.resource)?;
                members.set_item("context", records::keys(py, &own.request.context)?)?;
                records::make(py, "Witness", &members)
            };
            let shown = shown.iter().map(one).collect::<PyResult<Vec<_>>>()?;
            members.set_item("witnesses", PyTuple::new(py, shown)?)?;
            members.set_item("unfinished", records::tuple(py, &unfinished)?)?;
            "Refuted"
        }
    };
    records::make(py, class, &members)
}

fn of_type(found: Option<&Bound<'_, PyAny>>, default: PolicyKind) -> PyResult<PolicyKind> {
    match found.map_or(Ok(default), kind)? {
        PolicyKind::VpcEndpoint => {
            let text = "no question is asked of policies of type vpc-endpoint";
            Err(PyValueError::new_err(text))
        }
        kind => Ok(kind),
    }
}

/// Whether new documents allow no request that the old ones do not: `Proved`, `Refuted` with requests, or `Unknown`.
///
/// Each is a document or a list of them, all of one type. What always stands beside control policies in AWS is added to both.
/// A question takes milliseconds, and some tenths of a second at most; it runs without the interpreter's lock. Raises
/// `PolicyError` for documents that cannot be used.
///
/// >>> from portcullis import Refuted, prove_no_new_access
/// >>> def allow(*actions):
/// ...     return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": list(actions), "Resource": "*"}}
/// >>> prove_no_new_access(allow("s3:Get*"), allow("s3:GetObject"))
/// Proved()
/// >>> match prove_no_new_access(allow("s3:Get*"), allow("s3:GetObject", "s3:PutObject")):
/// ...     case Refuted(witnesses=[first, *_]):
/// ...         print(first.action)
/// s3:PutObject
#[pyfunction]
#[pyo3(signature = (old, new, *, r#type=None))]
pub(crate) fn prove_no_new_access<'py>(
    py: Python<'py>,
    old: &Bound<'py, PyAny>,
    new: &Bound<'py, PyAny>,
    r#type: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (old, new) = (documents("old", old)?, documents("new", new)?);
    let kind = of_type(r#type, PolicyKind::Identity)?;
    answer(py, || {
        let arena = Bump::new();
        let old = with_attached(policies(&old, kind, &arena)?, &arena)?;
        let new = with_attached(policies(&new, kind, &arena)?, &arena)?;
        Ok(ask(&old, &new, Callers::All))
    })
}

/// Whether documents grant none of some actions on none of some resources, which may be patterns as in policies. Without
/// actions any is meant, without resources every one; one of them has to be said.
///
/// Returns and raises as `prove_no_new_access`.
///
/// >>> from portcullis import prove_not_granted
/// >>> policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:Get*", "Resource": "*"}}
/// >>> prove_not_granted(policy, ["iam:PassRole", "iam:Create*"])
/// Proved()
#[pyfunction]
#[pyo3(signature = (policy, actions=None, resources=None, *, r#type=None))]
pub(crate) fn prove_not_granted<'py>(
    py: Python<'py>,
    policy: &Bound<'py, PyAny>,
    actions: Option<&Bound<'py, PyAny>>,
    resources: Option<&Bound<'py, PyAny>>,
    r#type: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let texts = documents("policy", policy)?;
    let list = |what, found: Option<&Bound<'py, PyAny>>| {
        found.map_or(Ok(Vec::new()), |found| one_or_more(what, found))
    };
    let (actions, resources) = (list("actions", actions)?, list("resources", resources)?);
    if actions.is_empty() && resources.is_empty() {
        let text = "say which actions or which resources";
        return Err(PyValueError::new_err(text));
    }
    let kind = of_type(r#type, PolicyKind::Identity)?;
    answer(py, || {
        let arena = Bump::new();
        let new = with_attached(policies(&texts, kind, &arena)?, &arena)?;
        let mut old = new.clone();
        old.push(denial(&actions, &resources, kind, &arena)?);
        Ok(ask(&old, &new, Callers::All))
    })
}

/// Whether a policy with principals lets no stranger in: nobody anonymous, and no account that it does not name.
///
/// Returns and raises as `prove_no_new_access`; raises `ValueError` for a type of policies without principals.
///
/// >>> from portcullis import prove_not_public
/// >>> bucket = {"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"},
/// ...     "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}
/// >>> prove_not_public(bucket)
/// Proved()
#[pyfunction]
#[pyo3(signature = (policy, *, r#type=None))]
pub(crate) fn prove_not_public<'py>(
    py: Python<'py>,
    policy: &Bound<'py, PyAny>,
    r#type: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let texts = documents("policy", policy)?;
    let kind = of_type(r#type, PolicyKind::Resource)?;
    if !kind.has_principal() {
        let text = "only policies with principals are public: type=\"resource\" or \"trust\"";
        return Err(PyValueError::new_err(text));
    }
    answer(py, || {
        let arena = Bump::new();
        let new = with_attached(policies(&texts, kind, &arena)?, &arena)?;
        Ok(ask(&[], &new, Callers::Strangers))
    })
}

/// Whether what the Deny statements of `claims` deny is impossible already, without them.
///
/// Returns and raises as `prove_no_new_access`; raises `ValueError` for a statement of `claims` that is no Deny.
///
/// >>> from portcullis import prove_never
/// >>> policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*",
/// ...     "Condition": {"Bool": {"aws:SecureTransport": "true"}}}}
/// >>> claims = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
/// ...     "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}
/// >>> prove_never(policy, claims)
/// Proved()
#[pyfunction]
#[pyo3(signature = (policy, claims, *, r#type=None))]
pub(crate) fn prove_never<'py>(
    py: Python<'py>,
    policy: &Bound<'py, PyAny>,
    claims: &Bound<'py, PyAny>,
    r#type: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (texts, claims) = (documents("policy", policy)?, documents("claims", claims)?);
    let kind = of_type(r#type, PolicyKind::Identity)?;
    let is_deny = |own: &Policy<'_>| {
        let mut statements = own.document.statements.iter();
        statements.all(|own| own.effect == Effect::Deny)
    };
    let arena = Bump::new();
    let read = policies(&claims, kind, &arena).map_err(|problems| of_problems(py, &problems))?;
    if !read.iter().all(is_deny) {
        let text = "every statement of claims has to be a Deny";
        return Err(PyValueError::new_err(text));
    }
    answer(py, || {
        let arena = Bump::new();
        let new = with_attached(policies(&texts, kind, &arena)?, &arena)?;
        let mut old = new.clone();
        old.extend(policies(&claims, kind, &arena)?);
        Ok(ask(&old, &new, Callers::All))
    })
}
