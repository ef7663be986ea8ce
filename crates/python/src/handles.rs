//! What is looked up once, to be used in many requests.
//!
//! A handle owns what it holds and knows the policies that it was made for. With others it is looked up again there, for each
//! decision, so that no handle can make a decision wrong.

use portcullis::{CallSite, CallerRef, ResourceRef, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};
use smallvec::SmallVec;

use crate::authorizer::Authorizer;
use crate::columns;
use crate::convert::{items, optional, text, value};
use crate::errors::{no_pickle, wrong_type};
use crate::principal::Who;
use crate::records;

/// An action that an authorizer looked up: `Authorizer.action`.
///
/// It may stand wherever the text of an action may, also with another authorizer, which looks it up again each time.
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Action {
    pub(crate) site: CallSite,
    pub(crate) name: String,
}

#[pymethods]
impl Action {
    /// The name, as it was given.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    fn __repr__(&self) -> String {
        format!("<Action {:?}>", self.name)
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle("Action", "keep its name"))
    }
}

/// A condition key that an authorizer looked up: `Authorizer.key`.
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) is_used: bool,
}

#[pymethods]
impl Key {
    /// The name, as it was given.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// Whether some policy of the authorizer looks at it. A key that none looks at need not be found out.
    #[getter]
    fn is_used(&self) -> bool {
        self.is_used
    }

    fn __repr__(&self) -> String {
        format!("<Key {:?}>", self.name)
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle("Key", "keep its name"))
    }
}

/// The ARN of a target that was read once, to be used in many requests to any authorizer.
///
/// >>> from portcullis import Resource
/// >>> Resource("arn:aws:s3:::reports/q1.csv").arn
/// 'arn:aws:s3:::reports/q1.csv'
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Resource {
    pub(crate) own: portcullis::Resource,
}

#[pymethods]
impl Resource {
    #[new]
    #[pyo3(signature = (arn, /))]
    fn new(arn: &Bound<'_, PyAny>) -> PyResult<Resource> {
        let own = portcullis::Resource::read(text("arn", arn)?);
        Ok(Resource { own })
    }

    /// The text, as it was given.
    #[getter]
    fn arn(&self) -> &str {
        self.own.text()
    }

    fn __repr__(&self) -> String {
        format!("Resource({:?})", self.own.text())
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle("Resource", "keep its ARN"))
    }
}

/// An action, for one decision.
pub(crate) enum What<'a> {
    Name(&'a str),
    Handle(&'a Action),
}

impl<'a> What<'a> {
    #[inline]
    pub(crate) fn of(found: &'a Bound<'_, PyAny>) -> PyResult<What<'a>> {
        if let Ok(text) = found.cast::<PyString>() {
            return Ok(What::Name(text.to_str()?));
        }
        match found.cast::<Action>() {
            Ok(own) => Ok(What::Handle(own.get())),
            Err(_) => Err(wrong_type("action", "str or Action", found)),
        }
    }

    /// A request without condition keys.
    #[inline]
    pub(crate) fn query<'q>(
        &'q self,
        caller: CallerRef<'q>,
        target: &'q Target<'_>,
    ) -> portcullis::Query<'q> {
        match self {
            What::Name(name) => portcullis::Query::new(caller, name, target.resource()),
            What::Handle(own) => portcullis::Query::at(&own.site, &[], caller, target.resource()),
        }
    }

    pub(crate) fn name(&self) -> &'a str {
        match self {
            What::Name(name) => name,
            What::Handle(own) => &own.name,
        }
    }
}

/// A resource, for one decision.
pub(crate) enum Target<'a> {
    Text(&'a str),
    Handle(&'a Resource),
}

impl<'a> Target<'a> {
    #[inline]
    pub(crate) fn of(found: &'a Bound<'_, PyAny>) -> PyResult<Target<'a>> {
        if let Ok(text) = found.cast::<PyString>() {
            return Ok(Target::Text(text.to_str()?));
        }
        match found.cast::<Resource>() {
            Ok(own) => Ok(Target::Handle(own.get())),
            Err(_) => Err(wrong_type("resource", "str or Resource", found)),
        }
    }

    #[inline]
    pub(crate) fn resource(&self) -> ResourceRef<'_> {
        match self {
            Target::Text(text) => ResourceRef::Text(text),
            Target::Handle(own) => ResourceRef::Read(&own.own),
        }
    }

    pub(crate) fn text(&self) -> &'a str {
        match self {
            Target::Text(text) => text,
            Target::Handle(own) => own.own.text(),
        }
    }
}

/// An action with condition keys, looked up together, as a database prepares a statement: `Authorizer.query`.
///
/// What a program asks at one place is always the same action with the same keys; each request then gives only their values, in
/// the order of the keys. Immutable, and shared by threads.
///
/// >>> import portcullis
/// >>> policies = portcullis.Policies.from_json(identity='''{"Version": "2012-10-17", "Statement": {
/// ...     "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
/// ...     "Condition": {"Bool": {"aws:SecureTransport": "true"}}}}''')
/// >>> authorizer = portcullis.Authorizer(policies)
/// >>> get_object = authorizer.query("s3:GetObject", ["aws:SecureTransport"])
/// >>> ann = authorizer.principal("arn:aws:iam::111122223333:user/ann")
/// >>> [get_object.is_allowed(ann, "arn:aws:s3:::b/k", (is_tls,)) for is_tls in (True, False)]
/// [True, False]
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Query {
    pub(crate) site: CallSite,
    pub(crate) action: String,
    pub(crate) keys: Vec<String>,
    pub(crate) of: Py<Authorizer>,
}

/// The values of the keys, which the interpreter keeps alive as long as this is.
type Items<'py> = SmallVec<[Bound<'py, PyAny>; 4]>;

impl Query {
    fn items<'py>(&self, values: Option<&Bound<'py, PyAny>>) -> PyResult<Items<'py>> {
        let items: Items<'py> = match values {
            None => Items::new(),
            Some(values) => {
                if let Ok(tuple) = values.cast::<PyTuple>() {
                    tuple.iter().collect()
                } else if let Ok(list) = values.cast::<PyList>() {
                    list.iter().collect()
                } else {
                    return Err(wrong_type("values", "a tuple or list", values));
                }
            }
        };
        match items.len() == self.keys.len() {
            true => Ok(items),
            false => Err(self.wrong_count(items.len())),
        }
    }

    #[cold]
    fn wrong_count(&self, given: usize) -> PyErr {
        let wanted = self.keys.len();
        let keys = self.keys.join(", ");
        PyValueError::new_err(format!("{given} values for {wanted} keys ({keys})"))
    }

    #[inline]
    fn outcome(
        &self,
        principal: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        values: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<portcullis::Decision> {
        let items = self.items(values)?;
        let arena = bumpalo::Bump::new();
        let mut own: SmallVec<[Value<'_>; 4]> = SmallVec::new();
        for item in &items {
            own.push(value(item, &arena)?);
        }
        let (who, target) = (Who::of(principal)?, Target::of(resource)?);
        let query = portcullis::Query::at(&self.site, &own, who.caller(), target.resource());
        let query = query.owner(optional("owner", owner)?);
        Ok(self.of.get().own.decide(&query).decision())
    }
}

#[pymethods]
impl Query {
    /// The action's name.
    #[getter]
    fn action(&self) -> &str {
        &self.action
    }

    /// The names of the keys, in the order of the values.
    #[getter]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        records::tuple(py, &self.keys)
    }

    /// Whether a request is allowed: true for `Decision.ALLOW` only.
    ///
    /// Raises `ValueError` if there are not as many values as keys, and what `Authorizer.is_allowed` raises.
    #[pyo3(signature = (principal, resource, values=None, *, owner=None))]
    fn is_allowed(
        &self,
        principal: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        values: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        Ok(self.outcome(principal, resource, values, owner)?.is_allow())
    }

    /// Decides a request; takes and raises what `is_allowed` does.
    #[pyo3(signature = (principal, resource, values=None, *, owner=None))]
    fn decide(
        &self,
        principal: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        values: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let decided = self.outcome(principal, resource, values, owner)?;
        records::decision(principal.py(), decided)
    }

    /// Decides the same request for each of some resources, in order.
    ///
    /// Holds the interpreter's lock; `Authorizer.decide_columns` does not.
    #[pyo3(signature = (principal, resources, values=None, *, owner=None))]
    fn decide_resources<'py>(
        &self,
        principal: &Bound<'py, PyAny>,
        resources: &Bound<'py, PyAny>,
        values: Option<&Bound<'py, PyAny>>,
        owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = principal.py();
        let items = self.items(values)?;
        let arena = bumpalo::Bump::new();
        let mut own: SmallVec<[Value<'_>; 4]> = SmallVec::new();
        for item in &items {
            own.push(value(item, &arena)?);
        }
        let who = Who::of(principal)?;
        let owner = optional("owner", owner)?;
        let authorizer = &self.of.get().own;
        columns::each_resource(py, resources, |resource| {
            let query = portcullis::Query::at(&self.site, &own, who.caller(), resource);
            authorizer.decide(&query.owner(owner)).decision()
        })
    }

    fn __repr__(&self) -> String {
        format!("<Query {:?} {:?}>", self.action, self.keys)
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle("Query", "make it again from its authorizer"))
    }
}

/// The names of keys, as texts or handles.
pub(crate) fn key_names(found: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
    let mut all = Vec::new();
    let Some(found) = found else { return Ok(all) };
    for item in items("keys", "an iterable of str or Key", found)? {
        let item = item?;
        all.push(match item.cast::<Key>() {
            Ok(key) => key.get().name.clone(),
            Err(_) => text("a key", &item)?.to_owned(),
        });
    }
    Ok(all)
}
