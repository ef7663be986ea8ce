//! The plain values of `python/portcullis/_types.py`.

use portcullis::Diagnostic;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

static DECISIONS: PyOnceLock<[Py<PyAny>; 3]> = PyOnceLock::new();

/// A member of `Decision`.
#[inline]
pub(crate) fn decision(py: Python<'_>, decided: portcullis::Decision) -> PyResult<Py<PyAny>> {
    let all = DECISIONS.get_or_try_init(py, || {
        let class = py.import("portcullis._types")?.getattr("Decision")?;
        let member = |number: u8| PyResult::Ok(class.call1((number,))?.unbind());
        PyResult::Ok([member(0)?, member(1)?, member(2)?])
    })?;
    let [implicit, allow, explicit] = all;
    Ok(match decided {
        portcullis::Decision::ImplicitDeny => implicit.clone_ref(py),
        portcullis::Decision::Allow => allow.clone_ref(py),
        portcullis::Decision::ExplicitDeny => explicit.clone_ref(py),
    })
}

/// A class of `_types.py`, made of members by their names.
pub(crate) fn make<'py>(
    py: Python<'py>,
    class: &str,
    members: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let class = py.import("portcullis._types")?.getattr(class)?;
    class.cast::<PyType>()?.call((), Some(members))
}

/// A tuple of texts.
pub(crate) fn tuple<'py, T: AsRef<str>>(
    py: Python<'py>,
    texts: impl IntoIterator<Item = T>,
) -> PyResult<Bound<'py, PyTuple>> {
    let texts: Vec<T> = texts.into_iter().collect();
    PyTuple::new(py, texts.iter().map(AsRef::as_ref))
}

/// `Mapping[str, tuple[str, ...]]` of keys and their values.
pub(crate) fn keys<'py>(
    py: Python<'py>,
    keys: &[(String, Vec<String>)],
) -> PyResult<Bound<'py, PyDict>> {
    let own = PyDict::new(py);
    for (key, values) in keys {
        own.set_item(key, tuple(py, values)?)?;
    }
    Ok(own)
}

/// `Diagnostic`.
pub(crate) fn diagnostic<'py>(py: Python<'py>, own: &Diagnostic) -> PyResult<Bound<'py, PyAny>> {
    let (line, column) = own.position();
    let members = PyDict::new(py);
    members.set_item("code", own.code.as_str())?;
    members.set_item("severity", own.severity.as_str())?;
    members.set_item("message", &own.message)?;
    members.set_item("help", own.help.as_deref())?;
    members.set_item("path", own.file())?;
    members.set_item("line", line)?;
    members.set_item("column", column)?;
    members.set_item(
        "pointer",
        own.path
            .as_deref()
            .map(|way| portcullis::Pointer(way).to_string()),
    )?;
    members.set_item("rendered", format!("{own:#}"))?;
    make(py, "Diagnostic", &members)
}
