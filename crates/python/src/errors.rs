//! Exceptions.

use portcullis::Diagnostic;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};

use crate::records;

static POLICY_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static REQUEST_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// `PolicyError`, with its text and the problems.
pub(crate) fn policy_error(py: Python<'_>, text: String, problems: &[Diagnostic]) -> PyErr {
    let make = || {
        let records = problems.iter().map(|one| records::diagnostic(py, one));
        let records = PyTuple::new(py, records.collect::<PyResult<Vec<_>>>()?)?;
        let class = POLICY_ERROR.import(py, "portcullis._types", "PolicyError")?;
        Ok(PyErr::from_value(class.call1((text, records))?))
    };
    make().unwrap_or_else(|error| error)
}

/// The same of problems alone.
pub(crate) fn of_problems(py: Python<'_>, problems: &[Diagnostic]) -> PyErr {
    let texts: Vec<String> = problems.iter().map(|one| format!("{one:#}")).collect();
    policy_error(py, texts.join("\n\n"), problems)
}

/// `RequestError`.
pub(crate) fn request_error(py: Python<'_>, text: &str) -> PyErr {
    match REQUEST_ERROR.import(py, "portcullis._types", "RequestError") {
        Ok(class) => PyErr::from_type(class.clone(), (text.to_owned(),)),
        Err(error) => error,
    }
}

/// That something is of a wrong type.
#[cold]
pub(crate) fn wrong_type(what: &str, wanted: &str, found: &Bound<'_, PyAny>) -> PyErr {
    let name = found.get_type().name();
    let name = name.map_or_else(|_| "?".to_owned(), |own| own.to_string());
    PyTypeError::new_err(format!("{what} must be {wanted}, not {name}"))
}

/// An exception with the place in a list before its text. Its kind stays, where it is one that takes a text.
pub(crate) fn at(py: Python<'_>, place: usize, error: PyErr) -> PyErr {
    let text = format!("request {place}: {}", error.value(py));
    if error.is_instance_of::<PyTypeError>(py) {
        return PyTypeError::new_err(text);
    }
    match REQUEST_ERROR.import(py, "portcullis._types", "RequestError") {
        Ok(class) if error.is_instance(py, class) => request_error(py, &text),
        _ if error.is_instance_of::<PyValueError>(py) => PyValueError::new_err(text),
        _ => error,
    }
}

/// What `pickle` and `copy` are told.
pub(crate) fn no_pickle(class: &str, instead: &str) -> PyErr {
    PyTypeError::new_err(format!("a {class} cannot be pickled or copied: {instead}"))
}
