//! Policies by layer.

use std::borrow::Cow;
use std::path::PathBuf;

use portcullis::{Image, Layer, PolicyKind, PolicySet};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping, PyString, PyTuple};
use pyo3::{PyTypeCheck, intern};

use crate::convert::{Given, optional, text};
use crate::errors::{no_pickle, of_problems, wrong_type};
use crate::explanation::Explanation;
use crate::handles::{Target, What};
use crate::principal::Who;

/// Compiled policies: documents by the layer that they take part in.
///
/// A layer that is not given does not limit; an empty list makes it present without a document, and it then allows nothing. The
/// levels of control policies are listed from the organization's root down, each a document or a list of them.
///
/// A document is a text of JSON, a dictionary as boto3 gives it, or a `Document`, which has a name. Compiling takes tens of
/// microseconds and without the interpreter's lock. Immutable, and shared by threads.
///
/// >>> from portcullis import Document, Policies, PolicyError
/// >>> everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
/// >>> Policies.from_json(identity=[Document(everything, name="admin")], boundary=everything)
/// <Policies: 2 documents>
/// >>> try:
/// ...     Policies.from_json(identity='{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resorce": "*"}}')
/// ... except PolicyError as error:
/// ...     print([(one.code, one.path, one.line, one.column) for one in error.diagnostics])
/// [('INVALID_POLICY_ELEMENT', 'identity', 1, 52)]
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Policies {
    /// None if they were opened from bytes, which hold no documents.
    set: Option<PolicySet>,
    documents: usize,
    pub(crate) image: Image<Vec<u8>>,
}

/// The layers, in the order of the arguments.
const LAYERS: [(&str, Layer); 6] = [
    ("identity", Layer::Identity),
    ("boundary", Layer::Boundary),
    ("session", Layer::Session),
    ("resource", Layer::Resource),
    ("trust", Layer::Resource),
    ("vpc_endpoint", Layer::VpcEndpoint),
];

/// What is made of one argument: its documents, with what each is called if it says nothing itself.
fn each<'py>(
    name: &str,
    found: &Bound<'py, PyAny>,
    add: &mut dyn FnMut(String, &Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<bool> {
    if found.is_instance_of::<PyList>() || found.is_instance_of::<PyTuple>() {
        let mut is_empty = true;
        for (place, item) in found.try_iter()?.enumerate() {
            is_empty = false;
            add(format!("{name}[{place}]"), &item?)?;
        }
        return Ok(is_empty);
    }
    add(name.to_owned(), found)?;
    Ok(false)
}

type Arguments<'a, 'py> = [Option<&'a Bound<'py, PyAny>>; 6];

/// Where a document goes: its layer, whether it is a trust policy, its name, and what was given.
type Add<'a, 'py> =
    &'a mut dyn FnMut(PolicySet, Layer, bool, String, &Bound<'py, PyAny>) -> PyResult<PolicySet>;

/// All arguments, put into a set; how many documents there are.
fn gather<'py>(
    arguments: Arguments<'_, 'py>,
    chains: [(&str, Option<&Bound<'py, PyAny>>); 2],
    add: Add<'_, 'py>,
) -> PyResult<(PolicySet, usize)> {
    let mut set = PolicySet::new();
    let mut count = 0;
    let mut layer = |name: &str, layer: Layer, found: &Bound<'py, PyAny>| -> PyResult<()> {
        let is_empty = each(name, found, &mut |called, document| {
            count += 1;
            let own = std::mem::take(&mut set);
            set = add(own, layer, name == "trust", called, document)?;
            Ok(())
        })?;
        if is_empty {
            set = std::mem::take(&mut set).present(layer);
        }
        Ok(())
    };
    for ((name, own), found) in LAYERS.iter().zip(arguments) {
        if let Some(found) = found {
            layer(name, *own, found)?;
        }
    }
    for (name, found) in chains {
        let Some(found) = found else { continue };
        let is_list = found.is_instance_of::<PyList>() || found.is_instance_of::<PyTuple>();
        if !is_list {
            return Err(wrong_type(name, "a list of the levels", found));
        }
        for (number, level) in found.try_iter()?.enumerate() {
            let number = u8::try_from(number);
            let number = number.map_err(|_| PyValueError::new_err("too many levels"))?;
            let own = match name {
                "scps" => Layer::Scp(number),
                _ => Layer::Rcp(number),
            };
            layer(&format!("{name}[{number}]"), own, &level?)?;
        }
    }
    Ok((set, count))
}

/// A document, and its name if it has one.
pub(crate) fn document(what: &str, found: &Bound<'_, PyAny>) -> PyResult<(String, Option<String>)> {
    let py = found.py();
    let class = py.import(intern!(py, "portcullis._types"))?;
    if found.is_instance(&class.getattr(intern!(py, "Document"))?)? {
        let name = found.getattr(intern!(py, "name"))?;
        let name = text("the name of a Document", &name)?.to_owned();
        let inner = found.getattr(intern!(py, "text"))?;
        return Ok((written(what, &inner)?, Some(name)));
    }
    Ok((written(what, found)?, None))
}

/// The text of a document that may be a dictionary.
fn written(what: &str, found: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = found.cast::<PyString>() {
        return Ok(text.to_str()?.to_owned());
    }
    if !PyMapping::type_check(found) {
        let wanted = "a text of JSON, a dictionary, or a Document";
        return Err(wrong_type(what, wanted, found));
    }
    let py = found.py();
    let options = pyo3::types::PyDict::new(py);
    options.set_item("ensure_ascii", false)?;
    options.set_item("allow_nan", false)?;
    options.set_item("indent", 2)?;
    let json = py.import("json")?;
    let json = json.call_method("dumps", (found,), Some(&options))?;
    Ok(text(what, &json)?.to_owned())
}

fn path(what: &str, found: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    let path = found.extract::<PathBuf>();
    path.map_err(
        |error| match error.is_instance_of::<PyTypeError>(found.py()) {
            true => wrong_type(what, "str or os.PathLike", found),
            false => error,
        },
    )
}

impl Policies {
    fn compiled(py: Python<'_>, (set, documents): (PolicySet, usize)) -> PyResult<Policies> {
        let image = py.detach(|| set.compile());
        let image = image.map_err(|error| of_problems(py, error.problems()))?;
        Ok(Policies {
            set: Some(set),
            documents,
            image,
        })
    }
}

#[pymethods]
impl Policies {
    /// Policies from texts of JSON or dictionaries.
    ///
    /// Raises `PolicyError` with every problem of every document.
    #[staticmethod]
    #[pyo3(signature = (*, identity=None, boundary=None, session=None, resource=None, trust=None, vpc_endpoint=None, scps=None, rcps=None))]
    #[allow(clippy::too_many_arguments, reason = "they are the layers, by keyword")]
    fn from_json<'py>(
        py: Python<'py>,
        identity: Option<&Bound<'py, PyAny>>,
        boundary: Option<&Bound<'py, PyAny>>,
        session: Option<&Bound<'py, PyAny>>,
        resource: Option<&Bound<'py, PyAny>>,
        trust: Option<&Bound<'py, PyAny>>,
        vpc_endpoint: Option<&Bound<'py, PyAny>>,
        scps: Option<&Bound<'py, PyAny>>,
        rcps: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Policies> {
        let arguments = [identity, boundary, session, resource, trust, vpc_endpoint];
        let chains = [("scps", scps), ("rcps", rcps)];
        let gathered = gather(
            arguments,
            chains,
            &mut |set, layer, is_trust, called, found| {
                let (json, name) = document(&called, found)?;
                let name = name.unwrap_or(called);
                Ok(match (layer, is_trust) {
                    (_, true) => set.trust(&name, &json),
                    (Layer::Identity, _) => set.identity(&name, &json),
                    (Layer::Boundary, _) => set.boundary(&name, &json),
                    (Layer::Session, _) => set.session(&name, &json),
                    (Layer::Resource, _) => set.resource(&name, &json),
                    (Layer::VpcEndpoint, _) => set.vpc_endpoint(&name, &json),
                    (Layer::Scp(level), _) => set.scp(level, &name, &json),
                    (Layer::Rcp(level), _) => set.rcp(level, &name, &json),
                })
            },
        )?;
        Policies::compiled(py, gathered)
    }

    /// Policies from files: documents in any form in which AWS's commands give them, or, if a file's name ends in `.iam`, in the
    /// policy language.
    ///
    /// Raises `PolicyError`, also for a file that cannot be read.
    #[staticmethod]
    #[pyo3(signature = (*, identity=None, boundary=None, session=None, resource=None, trust=None, vpc_endpoint=None, scps=None, rcps=None))]
    #[allow(clippy::too_many_arguments, reason = "they are the layers, by keyword")]
    fn from_files<'py>(
        py: Python<'py>,
        identity: Option<&Bound<'py, PyAny>>,
        boundary: Option<&Bound<'py, PyAny>>,
        session: Option<&Bound<'py, PyAny>>,
        resource: Option<&Bound<'py, PyAny>>,
        trust: Option<&Bound<'py, PyAny>>,
        vpc_endpoint: Option<&Bound<'py, PyAny>>,
        scps: Option<&Bound<'py, PyAny>>,
        rcps: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Policies> {
        let arguments = [identity, boundary, session, resource, trust, vpc_endpoint];
        let chains = [("scps", scps), ("rcps", rcps)];
        let gathered = gather(
            arguments,
            chains,
            &mut |set, layer, is_trust, called, found| {
                let path = path(&called, found)?;
                Ok(match is_trust {
                    true => set.trust_file(path),
                    false => set.file(layer, path),
                })
            },
        )?;
        Policies::compiled(py, gathered)
    }

    /// Opens what `to_bytes` gave. The bytes are checked, whatever they are.
    ///
    /// Raises `ValueError` if they are no image of policies.
    #[staticmethod]
    #[pyo3(signature = (data, /))]
    fn from_bytes(data: &Bound<'_, PyAny>) -> PyResult<Policies> {
        let bytes = crate::columns::bytes("data", data)?;
        let image = Image::from_bytes(bytes.into_owned());
        Ok(Policies {
            set: None,
            documents: 0,
            image: image.map_err(|error| PyValueError::new_err(error.to_string()))?,
        })
    }

    /// The compiled policies, to be kept in a file: the same documents give the same bytes on every machine.
    ///
    /// >>> from portcullis import Policies
    /// >>> policies = Policies.from_json(identity={"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    /// >>> Policies.from_bytes(policies.to_bytes()).to_bytes() == policies.to_bytes()
    /// True
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.image.as_bytes())
    }

    /// Explains a request that these policies alone decide, with what would have to change for it to be allowed: that is tried,
    /// so that this takes ten times as long as to compile them.
    ///
    /// Raises `RequestError` for a principal that is none, and `ValueError` for policies that were opened from bytes, which hold
    /// no documents: ask `Authorizer.explain`.
    #[pyo3(signature = (principal, action, resource, context=None, *, owner=None, restrict_public_buckets=false, external_grant=false))]
    #[allow(clippy::too_many_arguments, reason = "what a request consists of")]
    fn explain(
        &self,
        py: Python<'_>,
        principal: &Bound<'_, PyAny>,
        action: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
        restrict_public_buckets: bool,
        external_grant: bool,
    ) -> PyResult<Explanation> {
        let given = Given::of(context)?;
        let (who, what, target) = (
            Who::of(principal)?,
            What::of(action)?,
            Target::of(resource)?,
        );
        let pairs = given.pairs()?;
        let query = what
            .query(who.caller(), &target)
            .context(&pairs)
            .owner(optional("owner", owner)?)
            .restrict_public_buckets(restrict_public_buckets)
            .external_grant(external_grant);
        let Some(set) = &self.set else {
            let text = "these policies were opened from bytes, which hold no documents: ask Authorizer.explain";
            return Err(PyValueError::new_err(text));
        };
        let own = py.detach(|| set.explain(&query));
        let own = own.map_err(|error| of_problems(py, error.problems()))?;
        Ok(Explanation { own })
    }

    fn __repr__(&self) -> String {
        match (&self.set, self.documents) {
            (None, _) => format!("<Policies: {} bytes>", self.image.as_bytes().len()),
            (_, 1) => "<Policies: 1 document>".to_owned(),
            (_, count) => format!("<Policies: {count} documents>"),
        }
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle(
            "Policies",
            "keep `to_bytes()`, and open it with `from_bytes`",
        ))
    }
}

/// The bucket behind an S3 access point: its side must permit what is asked of the access point too.
///
/// Takes the bucket's ARN and what decides about it: the caller's policies again, and those of the bucket and of its account's
/// resource control policies in place of the access point's. Without an owner, the bucket's is that of the request, or else the
/// access point's. Immutable.
///
/// >>> from portcullis import Authorizer, Bucket, Policies
/// >>> everything = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
/// >>> point = Policies.from_json(resource=everything)
/// >>> closed = Policies.from_json(resource={"Statement": {**everything["Statement"], "Effect": "Deny"}})
/// >>> authorizer = Authorizer(point, bucket=Bucket("arn:aws:s3:::data", closed))
/// >>> authorizer.is_allowed("arn:aws:iam::111122223333:user/ann", "s3:GetObject",
/// ...     "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports/object/q1.csv")
/// False
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Bucket {
    pub(crate) own: portcullis::Bucket,
}

#[pymethods]
impl Bucket {
    #[new]
    #[pyo3(signature = (arn, /, *policies, owner=None))]
    fn new(
        arn: &Bound<'_, PyAny>,
        policies: &Bound<'_, PyTuple>,
        owner: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bucket> {
        let mut own = portcullis::Bucket::new(text("arn", arn)?, images(policies)?);
        if let Some(owner) = optional("owner", owner)? {
            own = own.owned_by(owner);
        }
        Ok(Bucket { own })
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle("Bucket", "make it again from its policies"))
    }
}

/// The images of one or more `Policies`.
pub(crate) fn images(policies: &Bound<'_, PyTuple>) -> PyResult<Vec<Image<Vec<u8>>>> {
    if policies.is_empty() {
        let text = "give Policies: an authorizer over none would deny everything";
        return Err(PyTypeError::new_err(text));
    }
    let own = |found: Bound<'_, PyAny>| match found.cast::<Policies>() {
        Ok(own) => Ok(own.get().image.clone()),
        Err(_) => Err(wrong_type("policies", "Policies", &found)),
    };
    policies.iter().map(own).collect()
}

/// The type of a document, by its word.
pub(crate) fn kind(found: &Bound<'_, PyAny>) -> PyResult<PolicyKind> {
    let word = text("type", found)?;
    PolicyKind::parse(word).ok_or_else(|| {
        let words: Vec<Cow<'_, str>> = PolicyKind::ALL
            .iter()
            .map(|own| Cow::Borrowed(own.as_str()))
            .collect();
        PyValueError::new_err(format!("type must be one of {}", words.join(", ")))
    })
}
