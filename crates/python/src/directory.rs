//! Whole accounts and organizations.

use std::cell::RefCell;
use std::path::PathBuf;

use bumpalo::Bump;
use portcullis::directory::{self, CheckError, Engine, LoadOptions, Request};
use portcullis_findings::{Asker, Can, Questions, Selection, Shown, of_each, who_can};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::convert::{Given, one_or_more, optional, within_reason};
use crate::errors::{no_pickle, of_problems, policy_error, request_error};
use crate::explanation::Explanation;
use crate::handles::{Target, What};
use crate::principal::Who;
use crate::records::{self, keys, tuple};

thread_local! {
    /// Memory that decisions of the thread use one after the other.
    static ENGINE: RefCell<Engine> = RefCell::new(Engine::new());
}

/// Accounts with their users, groups, roles and resources, and the organization above them, from dumps: `Directory.open`.
///
/// The policies that apply to a request are found by its caller and its resource. Immutable, and shared by threads. Explanations
/// and questions take the folder; an image decides, and answers for single actions and resources.
///
/// >>> import portcullis
/// >>> directory = portcullis.Directory.open("corpus/example-organization/data")
/// >>> directory.is_allowed("arn:aws:iam::111111111111:role/service/Checkout", "s3:GetObject", "arn:aws:s3:::shop-orders/2026/1.json")
/// True
/// >>> answers = directory.who_can("s3:GetObject", "arn:aws:s3:::shop-orders/1")
/// >>> answers.is_complete, answers[0].principal, answers[0].answer
/// (True, 'arn:aws:iam::222222222222:role/Analyst', 'yes')
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Directory {
    own: directory::Directory,
    folder: Option<PathBuf>,
    missing: Vec<String>,
}

/// The keys of a question, owned.
type Context = Vec<(String, Vec<String>)>;

/// Keys as texts.
fn texts(context: Option<&Bound<'_, PyAny>>) -> PyResult<Context> {
    let given = Given::of(context)?;
    let one = |(key, value): &(&str, portcullis::Value<'_>)| {
        let pair = [(*key, *value)];
        portcullis::context_texts(&pair)
    };
    let texts = given.pairs()?.iter().flat_map(one).collect();
    Ok(texts)
}

/// Calls a function with keys as requests of directories have them.
fn with_entries<T>(context: &Context, call: impl FnOnce(&[directory::ContextEntry<'_>]) -> T) -> T {
    let values: Vec<(&str, Vec<&str>)> = context
        .iter()
        .map(|(key, values)| (key.as_str(), values.iter().map(String::as_str).collect()))
        .collect();
    let entries: Vec<directory::ContextEntry<'_>> = values
        .iter()
        .map(|(key, values)| directory::ContextEntry { key, values })
        .collect();
    call(&entries)
}

fn refused(py: Python<'_>, error: &CheckError) -> PyErr {
    request_error(py, &error.to_string())
}

/// The action of a question, which may be a pattern, checked as the command line does.
fn actions(found: &str) -> PyResult<Selection> {
    within_reason("an action", found)?;
    let sample = found.replace(['*', '?'], "x");
    let sample = match sample.bytes().all(|byte| byte == b'x') {
        true => "x:x",
        false => sample.as_str(),
    };
    let checked = portcullis::check_action(sample);
    checked.map_err(|error| PyValueError::new_err(format!("action `{found}`: {error}")))?;
    Ok(Selection::of([found]))
}

/// How many threads ask.
fn threads(given: Option<usize>) -> usize {
    let own = || std::thread::available_parallelism().map_or(1, usize::from);
    given.unwrap_or_else(own).max(1)
}

/// The members that every answer has.
fn can<'py>(py: Python<'py>, can: &Can) -> PyResult<Bound<'py, PyDict>> {
    let one = |own: &Shown| {
        let members = PyDict::new(py);
        members.set_item("action", &own.action)?;
        members.set_item("resource", &own.resource)?;
        members.set_item("keys", keys(py, &own.keys)?)?;
        members.set_item("unless", keys(py, &own.unless)?)?;
        records::make(py, "Shown", &members)
    };
    let shown = can.shown().iter().map(one).collect::<PyResult<Vec<_>>>()?;
    let reasons: &[String] = match can {
        Can::Unknown(reasons) => reasons,
        _ => &[],
    };
    let members = PyDict::new(py);
    members.set_item("answer", can.as_str())?;
    members.set_item("requests", PyTuple::new(py, shown)?)?;
    members.set_item("reasons", tuple(py, reasons)?)?;
    Ok(members)
}

impl Directory {
    fn request<T>(
        &self,
        py: Python<'_>,
        (principal, action, resource): (&Bound<'_, PyAny>, &Bound<'_, PyAny>, &Bound<'_, PyAny>),
        context: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
        ask: impl FnOnce(&mut Engine, &Request<'_>) -> Result<T, CheckError>,
    ) -> PyResult<T> {
        let context = texts(context)?;
        let (who, what, target) = (
            Who::of(principal)?,
            What::of(action)?,
            Target::of(resource)?,
        );
        let owner = optional("owner", owner)?;
        let answer = with_entries(&context, |context| {
            let principal = who.model();
            let request = Request {
                principal,
                context,
                resource_account: owner,
                ..Request::new(principal.caller, what.name(), target.text())
            };
            ENGINE.with(|engine| match engine.try_borrow_mut() {
                Ok(mut engine) => ask(&mut engine, &request),
                Err(_) => ask(&mut Engine::new(), &request),
            })
        });
        answer.map_err(|error| refused(py, &error))
    }

    /// Answers with what they do not rest on.
    fn answers<'py>(
        &self,
        py: Python<'py>,
        items: Vec<Bound<'py, PyAny>>,
        context: &Context,
    ) -> PyResult<Bound<'py, PyAny>> {
        let not_given = with_entries(context, |context| self.own.keys_not_given(context));
        let not_given = not_given.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let members = PyDict::new(py);
        members.set_item("items", PyTuple::new(py, items)?)?;
        members.set_item("is_complete", !self.own.is_incomplete())?;
        members.set_item("missing", tuple(py, &self.missing)?)?;
        members.set_item("not_given", tuple(py, &not_given)?)?;
        records::make(py, "Answers", &members)
    }
}

#[pymethods]
impl Directory {
    /// Opens a folder of dumps, or a file that is a directory image.
    ///
    /// A policy that is attached and not there is an error, because it may deny; `allow_missing` goes on without it, and then
    /// `is_complete` is false of the directory and of every answer. Runs without the interpreter's lock.
    ///
    /// Raises `PolicyError` with every problem of the folder, `OSError` for a file that cannot be read, and `ValueError` for one
    /// that is no image.
    #[staticmethod]
    #[pyo3(signature = (path, *, allow_missing=false))]
    fn open(py: Python<'_>, path: PathBuf, allow_missing: bool) -> PyResult<Directory> {
        if path.is_file() {
            let own = py.detach(|| {
                let bytes = std::fs::read(&path)?;
                let own = directory::Directory::from_bytes(&bytes);
                std::io::Result::Ok(own.map_err(|error| error.to_string()))
            });
            let own = own?.map_err(PyValueError::new_err)?;
            let text = "the image is of a directory that refers to what was not there";
            let missing = own.is_incomplete().then(|| text.to_owned());
            return Ok(Directory {
                own,
                folder: None,
                missing: missing.into_iter().collect(),
            });
        }
        let options = LoadOptions {
            allow_missing,
            debug: true,
        };
        let loaded = py.detach(|| directory::Directory::load(&path, options, &mut |_| ()));
        let loaded = loaded.map_err(|error| match error.count > error.problems.len() {
            true => policy_error(py, error.to_string(), &error.problems),
            false => of_problems(py, &error.problems),
        })?;
        let missing = loaded.report.missing.iter().map(ToString::to_string);
        Ok(Directory {
            missing: missing.collect(),
            own: loaded.directory,
            folder: Some(path),
        })
    }

    /// False if the directory refers to what is not there: decisions and answers may be wrong then.
    #[getter]
    fn is_complete(&self) -> bool {
        !self.own.is_incomplete()
    }

    /// What is not there, in words.
    #[getter]
    fn missing<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        tuple(py, &self.missing)
    }

    /// The ARNs of all users and roles, in the order of the dumps.
    #[getter]
    fn principals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let all = 0..self.own.principal_count();
        tuple(py, all.filter_map(|number| self.own.principal_arn(number)))
    }

    /// Whether a request is allowed: true for `Decision.ALLOW` only. Where `is_complete` is false, a policy that denies may be
    /// among what is not there.
    ///
    /// Raises `RequestError` for a principal that the directory does not know, and for an action that is none.
    #[pyo3(signature = (principal, action, resource, context=None, *, owner=None))]
    fn is_allowed(
        &self,
        py: Python<'_>,
        principal: &Bound<'_, PyAny>,
        action: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let names = (principal, action, resource);
        self.request(py, names, context, owner, |engine, request| {
            Ok(engine.check(&self.own, request)?.is_allow())
        })
    }

    /// Decides a request; takes and raises what `is_allowed` does.
    #[pyo3(signature = (principal, action, resource, context=None, *, owner=None))]
    fn decide(
        &self,
        py: Python<'_>,
        principal: &Bound<'_, PyAny>,
        action: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let names = (principal, action, resource);
        let decided = self.request(py, names, context, owner, |engine, request| {
            Ok(engine.check(&self.own, request)?.decision())
        })?;
        records::decision(py, decided)
    }

    /// Explains a request: which policies take part and by which attachment, and what each says, with places in the files.
    /// Takes and raises what `is_allowed` does.
    #[pyo3(signature = (principal, action, resource, context=None, *, owner=None))]
    fn explain(
        &self,
        py: Python<'_>,
        principal: &Bound<'_, PyAny>,
        action: &Bound<'_, PyAny>,
        resource: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        owner: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Explanation> {
        let names = (principal, action, resource);
        let own = self.request(py, names, context, owner, |engine, request| {
            directory::explain(&self.own, engine, request, self.folder.as_deref())
        })?;
        Ok(Explanation { own })
    }

    /// Who can do something to a resource: every user and role, and every session that a policy of a resource names, that can or
    /// may be able to; with `hops`, also by assuming that many roles one after the other. Action and resource may be patterns.
    ///
    /// Returns `Answers` of `Way`. Whoever is not listed cannot, whatever keys a request has, if the answers are complete. Runs
    /// without the interpreter's lock, in as many threads as the machine has unless `threads` says how many.
    #[pyo3(signature = (action, resource="*", context=None, *, owner=None, hops=0, threads=None))]
    #[allow(clippy::too_many_arguments, reason = "what a question consists of")]
    fn who_can<'py>(
        &self,
        py: Python<'py>,
        action: &str,
        resource: &str,
        context: Option<&Bound<'py, PyAny>>,
        owner: Option<&str>,
        hops: usize,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let context = texts(context)?;
        within_reason("a resource", resource)?;
        let (action, resource) = (actions(action)?, Selection::of([resource]));
        let threads = self::threads(threads);
        let found = py.detach(|| {
            with_entries(&context, |entries| {
                let asked = (&action, &resource);
                who_can(&self.own, (entries, owner), asked, hops, threads)
            })
        });
        let one = |own: &portcullis_findings::Way| {
            let members = can(py, &own.can)?;
            members.set_item("principal", &own.arn)?;
            members.set_item("roles", tuple(py, &own.roles)?)?;
            records::make(py, "Way", &members)
        };
        let items = found.iter().map(one).collect::<PyResult<Vec<_>>>()?;
        self.answers(py, items, &context)
    }

    /// What a user, role or session can do to some resources, which may be patterns: an answer for each entry of the policies that
    /// may allow something, and each that takes something away; or, with actions, one for each of these.
    ///
    /// Returns `Answers` of `Ability`. Raises `RequestError` for somebody whom the directory does not know. Runs without the
    /// interpreter's lock.
    #[pyo3(signature = (principal, resources=None, context=None, *, actions=None, owner=None))]
    fn what_can<'py>(
        &self,
        py: Python<'py>,
        principal: &str,
        resources: Option<&Bound<'py, PyAny>>,
        context: Option<&Bound<'py, PyAny>>,
        actions: Option<&Bound<'py, PyAny>>,
        owner: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let context = texts(context)?;
        let resources = match resources {
            None => vec!["*".to_owned()],
            Some(found) => one_or_more("resources", found)?,
        };
        for resource in &resources {
            within_reason("a resource", resource)?;
        }
        let named = actions
            .map(|found| one_or_more("actions", found))
            .transpose()?;
        let named = named
            .map(|all| {
                all.iter()
                    .map(|own| self::actions(own))
                    .collect::<PyResult<Vec<_>>>()
            })
            .transpose()?;
        let resources = Selection::of(resources);
        let found = py.detach(|| {
            with_entries(&context, |entries| {
                let arena = Bump::new();
                let Some(asker) = Asker::known(&self.own, principal, &arena) else {
                    return Err(format!("the directory has no user or role `{principal}`"));
                };
                let mut questions = Questions::new(&self.own, entries, &arena).owned_by(owner);
                match named {
                    None => questions.what_can(&asker, &resources),
                    Some(all) => Ok(all
                        .into_iter()
                        .map(|actions| portcullis_findings::Ability {
                            can: questions.can(&asker, &actions, &resources),
                            actions,
                            resources: resources.clone(),
                            policy: None,
                            is_exception: false,
                        })
                        .collect()),
                }
            })
        });
        let found = found.map_err(|text| request_error(py, &text))?;
        let one = |own: &portcullis_findings::Ability| {
            let members = can(py, &own.can)?;
            members.set_item("actions", tuple(py, &own.actions.patterns)?)?;
            members.set_item("all_but_actions", own.actions.negated)?;
            members.set_item("resources", tuple(py, &own.resources.patterns)?)?;
            members.set_item("all_but_resources", own.resources.negated)?;
            members.set_item("policy", own.policy.as_deref())?;
            members.set_item("is_exception", own.is_exception)?;
            records::make(py, "Ability", &members)
        };
        let items = found.iter().map(one).collect::<PyResult<Vec<_>>>()?;
        self.answers(py, items, &context)
    }

    /// The users and roles that may do anything, also what no policy names and what gives permissions, or may be able to.
    ///
    /// Returns `Answers` of `Administrator`. Raises `ValueError` for an image, which has no documents. Runs without the
    /// interpreter's lock.
    #[pyo3(signature = (context=None, *, threads=None))]
    fn admins<'py>(
        &self,
        py: Python<'py>,
        context: Option<&Bound<'py, PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if !self.own.has_documents() {
            let text = "an image does not contain policies as they are written; open the folder";
            return Err(PyValueError::new_err(text));
        }
        let context = texts(context)?;
        let threads = self::threads(threads);
        let found = py.detach(|| {
            with_entries(&context, |entries| {
                let arena = Bump::new();
                let askers = Asker::all(&self.own, &arena);
                let given = (entries, None);
                let all = of_each(&self.own, given, &askers, threads, |questions, asker, _| {
                    questions.administrator(asker)
                });
                let arns = askers
                    .iter()
                    .map(|own| own.arn().unwrap_or_default().to_owned());
                let both = arns.zip(all);
                both.filter_map(|(arn, own)| Some((arn, own?)))
                    .collect::<Vec<_>>()
            })
        });
        let one = |(arn, own): &(String, portcullis_findings::Administrator)| {
            let exempt = |own: &portcullis_findings::Exception| {
                let members = PyDict::new(py);
                members.set_item("actions", tuple(py, &own.actions.patterns)?)?;
                members.set_item("all_but_actions", own.actions.negated)?;
                members.set_item("answer", own.can.as_str())?;
                records::make(py, "Exemption", &members)
            };
            let all = own.exceptions.iter().map(exempt);
            let members = can(py, &own.can)?;
            members.set_item("principal", arn)?;
            members.set_item(
                "exemptions",
                PyTuple::new(py, all.collect::<PyResult<Vec<_>>>()?)?,
            )?;
            records::make(py, "Administrator", &members)
        };
        let items = found.iter().map(one).collect::<PyResult<Vec<_>>>()?;
        self.answers(py, items, &context)
    }

    fn __repr__(&self) -> String {
        let counts = self.own.counts();
        format!(
            "<Directory: {} accounts, {} users and roles>",
            counts.accounts, counts.principals
        )
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle("Directory", "open it in the other process"))
    }
}
