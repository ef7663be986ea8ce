//! The authorizer.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::columns;
use crate::convert::{Given, Pairs, items, optional, text};
use crate::errors::{at, no_pickle, wrong_type};
use crate::explanation::Explanation;
use crate::handles::{Action, Key, Query, Target, What, key_names};
use crate::policies::{Bucket, images};
use crate::principal::{Own, Principal, Who, of_text};
use crate::records;

/// Decides requests against `Policies`, of which each fills other layers or adds to the same; for an access point with the
/// `Bucket` behind it.
///
/// Immutable, and shared by threads. A request is a principal (the text of an ARN, or a `Principal`), an action, the ARN of a
/// resource or `*`, and the condition keys that policies look at and that do not follow from the rest: `str`, `bool`, `int`, or
/// a list of these. What is no action, and what is no ARN, is denied implicitly; a principal that is none is a `RequestError`, and
/// anything of a wrong type a `TypeError`. `owner` is the account that owns the resource, where its ARN does not say it: ARNs
/// of S3 never do.
///
/// >>> import portcullis
/// >>> policies = portcullis.Policies.from_json(identity='''{"Version": "2012-10-17", "Statement": {
/// ...     "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::reports/${aws:username}/*"}}''')
/// >>> authorizer = portcullis.Authorizer(policies)
/// >>> ann = "arn:aws:iam::111122223333:user/ann"
/// >>> authorizer.is_allowed(ann, "s3:GetObject", "arn:aws:s3:::reports/ann/q1.csv")
/// True
/// >>> authorizer.decide_resources(ann, "s3:GetObject", ["arn:aws:s3:::reports/ann/q1", "arn:aws:s3:::reports/bob/q1"])
/// [<Decision.ALLOW: 1>, <Decision.IMPLICIT_DENY: 0>]
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Authorizer {
    pub(crate) own: portcullis::Authorizer,
}

#[pymethods]
impl Authorizer {
    #[new]
    #[pyo3(signature = (*policies, bucket=None))]
    fn new(
        policies: &Bound<'_, PyTuple>,
        bucket: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Authorizer> {
        let own = portcullis::Authorizer::new(images(policies)?);
        let own = match bucket {
            None => own,
            Some(found) => match found.cast::<Bucket>() {
                Ok(bucket) => own.with_bucket(bucket.get().own.clone()),
                Err(_) => return Err(wrong_type("bucket", "Bucket", found)),
            },
        };
        Ok(Authorizer { own })
    }

    /// Whether a request is allowed: true for `Decision.ALLOW` only.
    #[pyo3(signature = (principal, action, resource, context=None, *, owner=None, restrict_public_buckets=false, external_grant=false))]
    #[allow(clippy::too_many_arguments, reason = "what a request consists of")]
    fn is_allowed(
        &self,
        principal: &Bound<'_, PyAny>,
        action: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
        restrict_public_buckets: bool,
        external_grant: bool,
    ) -> PyResult<bool> {
        let flags = (restrict_public_buckets, external_grant);
        let decide = |query: &portcullis::Query<'_>| self.own.decide(query).is_allow();
        asked((principal, action, resource), context, owner, flags, decide)
    }

    /// Decides a request; takes what `is_allowed` does.
    ///
    /// `restrict_public_buckets` says that this block of public access is in force for the resource, `external_grant` that
    /// something outside the policy language grants the request: an access control list, a KMS grant, a shared resource.
    #[pyo3(signature = (principal, action, resource, context=None, *, owner=None, restrict_public_buckets=false, external_grant=false))]
    #[allow(clippy::too_many_arguments, reason = "what a request consists of")]
    fn decide(
        &self,
        principal: &Bound<'_, PyAny>,
        action: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
        restrict_public_buckets: bool,
        external_grant: bool,
    ) -> PyResult<Py<PyAny>> {
        let flags = (restrict_public_buckets, external_grant);
        let decide = |query: &portcullis::Query<'_>| self.own.decide(query).decision();
        let decided = asked((principal, action, resource), context, owner, flags, decide)?;
        records::decision(principal.py(), decided)
    }

    /// Explains a request; takes what `decide` does. Takes time in proportion to the statements.
    ///
    /// `Policies.explain` also tries what would have to change.
    #[pyo3(signature = (principal, action, resource, context=None, *, owner=None, restrict_public_buckets=false, external_grant=false))]
    #[allow(clippy::too_many_arguments, reason = "what a request consists of")]
    fn explain(
        &self,
        principal: &Bound<'_, PyAny>,
        action: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
        restrict_public_buckets: bool,
        external_grant: bool,
    ) -> PyResult<Explanation> {
        let flags = (restrict_public_buckets, external_grant);
        let explain = |query: &portcullis::Query<'_>| self.own.explain(query);
        let own = asked(
            (principal, action, resource),
            context,
            owner,
            flags,
            explain,
        )?;
        Ok(Explanation { own })
    }

    /// Decides requests in a list or anything else that can be iterated, each a tuple `(principal, action, resource)` or
    /// `(principal, action, resource, context)`. If one is none, an exception says which, and nothing is returned.
    ///
    /// Saves the calls, not the look-ups: `query` and `decide_columns` save these. Holds the interpreter's lock.
    #[pyo3(signature = (requests, /))]
    fn decide_many<'py>(&self, requests: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = requests.py();
        let mut decided = Vec::new();
        const WANTED: &str =
            "(principal, action, resource) or (principal, action, resource, context)";
        for (place, request) in items("requests", "an iterable of tuples", requests)?.enumerate() {
            columns::interrupted(py, place)?;
            let request = request?;
            let one = || {
                let parts = request.cast::<PyTuple>();
                let parts = parts.map_err(|_| wrong_type("a request", WANTED, &request))?;
                let count = parts.len();
                if !(3..=4).contains(&count) {
                    let text = format!("a request must be {WANTED}, not a tuple of {count}");
                    return Err(pyo3::exceptions::PyTypeError::new_err(text));
                }
                let names = (
                    &parts.get_item(0)?,
                    &parts.get_item(1)?,
                    &parts.get_item(2)?,
                );
                let context = match count {
                    4 => Some(parts.get_item(3)?).filter(|own| !own.is_none()),
                    _ => None,
                };
                let decide = |query: &portcullis::Query<'_>| self.own.decide(query).decision();
                asked(names, context.as_ref(), None, (false, false), decide)
            };
            let one = one().map_err(|error| at(py, place, error))?;
            decided.push(records::decision(py, one)?);
        }
        PyList::new(py, decided)
    }

    /// Decides one action of one principal for each of some resources, in order. Holds the interpreter's lock.
    #[pyo3(signature = (principal, action, resources, context=None, *, owner=None))]
    fn decide_resources<'py>(
        &self,
        principal: &Bound<'py, PyAny>,
        action: &Bound<'py, PyAny>,
        resources: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let given = Given::of(context)?;
        let (who, what) = (Who::of(principal)?, What::of(action)?);
        let pairs = given.pairs()?;
        let owner = optional("owner", owner)?;
        columns::each_resource(principal.py(), resources, |resource| {
            let query = match &what {
                What::Name(name) => portcullis::Query::new(who.caller(), name, resource),
                What::Handle(own) => portcullis::Query::at(&own.site, &[], who.caller(), resource),
            };
            let query = query.context(&pairs).owner(owner);
            self.own.decide(&query).decision()
        })
    }

    /// Decides the rows of columns. Each argument, and each value of the context, is one for all rows, as in `decide`, or a
    /// `Strings` with one for each row; at least one is. All `Strings` have the same length.
    ///
    /// Returns a byte for each row, the number of its `Decision`: 0 is an implicit deny, 1 an allow, 2 an explicit deny. Runs
    /// without the interpreter's lock, so that threads share the work. Raises `RequestError` for a row whose principal is none,
    /// and `ValueError` if lengths differ.
    ///
    /// >>> import portcullis
    /// >>> policies = portcullis.Policies.from_json(identity='''{"Version": "2012-10-17", "Statement": {
    /// ...     "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::reports/*"}}''')
    /// >>> authorizer = portcullis.Authorizer(policies)
    /// >>> resources = portcullis.Strings.from_iterable(["arn:aws:s3:::reports/q1", "arn:aws:s3:::payroll/q1"])
    /// >>> list(authorizer.decide_columns("arn:aws:iam::111122223333:user/ann", "s3:GetObject", resources))
    /// [1, 0]
    #[pyo3(signature = (principal, action, resource, context=None, *, owner=None))]
    fn decide_columns<'py>(
        &self,
        principal: &Bound<'py, PyAny>,
        action: &Bound<'py, PyAny>,
        resource: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        columns::decide(&self.own, (principal, action, resource), context, owner)
    }

    /// Looks an action up, for many requests with changing keys.
    #[pyo3(signature = (name, /))]
    fn action(&self, name: &Bound<'_, PyAny>) -> PyResult<Action> {
        let name = text("name", name)?;
        Ok(Action {
            site: self.own.prepare(name, &[]),
            name: name.to_owned(),
        })
    }

    /// Looks a condition key up: whether some policy looks at it, in any case.
    ///
    /// >>> import portcullis
    /// >>> everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    /// >>> portcullis.Authorizer(portcullis.Policies.from_json(identity=everything)).key("aws:SourceIp").is_used
    /// False
    #[pyo3(signature = (name, /))]
    fn key(&self, name: &Bound<'_, PyAny>) -> PyResult<Key> {
        let name = text("name", name)?;
        Ok(Key {
            is_used: self.own.uses_key(name),
            name: name.to_owned(),
        })
    }

    /// Resolves a principal, which is worth it for a session of some requests.
    ///
    /// Raises `RequestError` for a text that is no ARN of a principal.
    #[pyo3(signature = (principal, /))]
    fn principal(&self, principal: &Bound<'_, PyAny>) -> PyResult<Principal> {
        let own = match principal.cast::<Principal>() {
            Ok(own) => own.get().principal().clone(),
            Err(_) => {
                let arn = text("principal", principal);
                let arn = arn.map_err(|error| match principal.extract::<String>() {
                    Ok(_) => error,
                    Err(_) => wrong_type("principal", "str or Principal", principal),
                });
                of_text(principal.py(), arn?)?
            }
        };
        Ok(Principal {
            own: Own::Resolved(self.own.resolve(own)),
        })
    }

    /// Looks up an action with condition keys, to be asked again and again with other values: a `Query`.
    #[pyo3(signature = (action, keys=None))]
    fn query(
        slf: &Bound<'_, Authorizer>,
        action: &Bound<'_, PyAny>,
        keys: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Query> {
        let action = What::of(action)?.name().to_owned();
        let keys = key_names(keys)?;
        let names: Vec<&str> = keys.iter().map(String::as_str).collect();
        Ok(Query {
            site: slf.get().own.prepare(&action, &names),
            of: slf.clone().unbind(),
            action,
            keys,
        })
    }

    fn __repr__(&self) -> &'static str {
        "<Authorizer>"
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        let instead = "keep `Policies.to_bytes()`, and make it again in the other process";
        Err(no_pickle("Authorizer", instead))
    }
}

/// Principal, action and resource.
type Names<'a, 'py> = (
    &'a Bound<'py, PyAny>,
    &'a Bound<'py, PyAny>,
    &'a Bound<'py, PyAny>,
);

/// Asks something of a request.
#[inline]
fn asked<T>(
    (principal, action, resource): Names<'_, '_>,
    context: Option<&Bound<'_, PyAny>>,
    owner: Option<&Bound<'_, PyAny>>,
    (restrict_public_buckets, external_grant): (bool, bool),
    ask: impl FnOnce(&portcullis::Query<'_>) -> T,
) -> PyResult<T> {
    // Another mapping than a dictionary is Python code that runs: before anything is borrowed.
    let given;
    let pairs = match context {
        None => Pairs::new(),
        Some(_) => {
            given = Given::of(context)?;
            given.pairs()?
        }
    };
    let (who, what, target) = (
        Who::of(principal)?,
        What::of(action)?,
        Target::of(resource)?,
    );
    let query = what
        .query(who.caller(), &target)
        .context(&pairs)
        .owner(optional("owner", owner)?)
        .restrict_public_buckets(restrict_public_buckets)
        .external_grant(external_grant);
    Ok(ask(&query))
}
