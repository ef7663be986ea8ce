//! Why.

use pyo3::prelude::*;

use crate::convert::object;
use crate::errors::no_pickle;
use crate::records;

/// A decision with its reasons: what every policy set says, which statements matched or came near and what they lack, what was
/// assumed, and what would have to change for the request to be allowed.
///
/// `str` of it is what `portcullis explain` prints; a notebook shows the page. It quotes policies: decide whom you show it.
///
/// >>> import portcullis
/// >>> policies = portcullis.Policies.from_json(identity='''{"Version": "2012-10-17", "Statement": {"Sid": "Tls",
/// ...     "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
/// ...     "Condition": {"Bool": {"aws:SecureTransport": "true"}}}}''')
/// >>> authorizer = portcullis.Authorizer(policies)
/// >>> why = authorizer.explain("arn:aws:iam::111122223333:user/ann", "s3:GetObject", "arn:aws:s3:::b/k")
/// >>> why.decision, why.missing_keys
/// (<Decision.IMPLICIT_DENY: 0>, ('aws:SecureTransport',))
/// >>> print(why.message)
/// User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k because no identity-based policy allows the s3:GetObject action
/// >>> why.to_dict()["decision"]
/// 'ImplicitDeny'
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Explanation {
    pub(crate) own: portcullis::Explanation,
}

#[pymethods]
impl Explanation {
    /// What is decided.
    #[getter]
    fn decision(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        records::decision(py, self.own.outcome.decision())
    }

    /// The sentence in which AWS says that a request is denied; none for an allow.
    #[getter]
    fn message(&self) -> Option<String> {
        self.own.message()
    }

    /// Condition keys that statements look at, that the request does not have, and that may have made the difference.
    #[getter]
    fn missing_keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(records::tuple(py, &self.own.missing_keys)?.into_any())
    }

    /// Everything, as dictionaries and lists: what `portcullis explain --format json` prints.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        object(py, &self.own.json())
    }

    /// The same as a text of JSON.
    fn to_json(&self) -> String {
        self.own.json().to_string()
    }

    /// As a picture: the text of an SVG file.
    fn to_svg(&self) -> String {
        self.own.svg()
    }

    /// As a page with the picture and the text, which loads nothing.
    fn to_html(&self) -> String {
        self.own.html()
    }

    fn __str__(&self) -> String {
        self.own.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Explanation: {}>", self.own.outcome.decision())
    }

    /// The page in a frame of its own, so that its style stays there and nothing of it runs.
    fn _repr_html_(&self) -> String {
        let page = self.own.html();
        let page = page.replace('&', "&amp;").replace('"', "&quot;");
        format!(
            "<iframe sandbox srcdoc=\"{page}\" style=\"width:100%;height:32em;border:0\"></iframe>"
        )
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle("Explanation", "keep `to_dict()` of it"))
    }
}
