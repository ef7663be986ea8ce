//! Who asks.

use portcullis::{Caller, CallerRef, ResolvedPrincipal};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::convert::{optional, text};
use crate::errors::{no_pickle, request_error, wrong_type};

/// Who makes a request, where a text does not say enough.
///
/// Everywhere that a principal is asked for, the text of an ARN will do: of a user, a root user, a role (which stands for a
/// session of it whose name is unknown), a session, a federated user. A session's ARN does not tell the path of its role; it
/// is taken to have none. Give both ARNs with `Principal.session` where it has one.
///
/// Immutable, and shared by threads.
///
/// >>> from portcullis import Principal
/// >>> Principal.from_arn("arn:aws:iam::111122223333:user/ann")
/// Principal('arn:aws:iam::111122223333:user/ann')
/// >>> Principal.from_arn("arn:aws:iam::111122223333:group/staff")
/// Traceback (most recent call last):
///     ...
/// portcullis.RequestError: `arn:aws:iam::111122223333:group/staff`: not the ARN of a root user, user, role, role session or federated user
#[pyclass(frozen, module = "portcullis")]
pub(crate) struct Principal {
    pub(crate) own: Own,
}

/// A principal as it is, or resolved by an authorizer.
pub(crate) enum Own {
    Plain(portcullis::Principal),
    Resolved(ResolvedPrincipal),
}

impl Principal {
    pub(crate) fn plain(own: portcullis::Principal) -> Principal {
        Principal {
            own: Own::Plain(own),
        }
    }

    /// The principal of the facade.
    pub(crate) fn principal(&self) -> &portcullis::Principal {
        match &self.own {
            Own::Plain(own) => own,
            Own::Resolved(own) => own.principal(),
        }
    }
}

#[pymethods]
impl Principal {
    /// A principal by its ARN.
    ///
    /// Raises `RequestError` if the text is no ARN of a principal.
    #[staticmethod]
    #[pyo3(signature = (arn, /))]
    fn from_arn(arn: &Bound<'_, PyAny>) -> PyResult<Principal> {
        of_text(arn.py(), text("arn", arn)?).map(Principal::plain)
    }

    /// A session of a role, by both ARNs: the session's does not tell the role's path.
    ///
    /// Raises `RequestError` if one of them has another form.
    ///
    /// >>> from portcullis import Principal
    /// >>> Principal.session("arn:aws:sts::111122223333:assumed-role/App/i-1", "arn:aws:iam::111122223333:role/team/App")
    /// Principal('arn:aws:sts::111122223333:assumed-role/App/i-1')
    #[staticmethod]
    fn session(session_arn: &Bound<'_, PyAny>, role_arn: &Bound<'_, PyAny>) -> PyResult<Principal> {
        let (session, role) = (
            text("session_arn", session_arn)?,
            text("role_arn", role_arn)?,
        );
        let own = portcullis::Principal::session(session, role);
        let own = own.map_err(|error| {
            request_error(
                session_arn.py(),
                &format!("`{session}` of `{role}`: {error}"),
            )
        })?;
        Ok(Principal::plain(own))
    }

    /// A session made by GetFederationToken, and the user or root user who made it.
    ///
    /// Raises `RequestError` if one of the ARNs has another form.
    #[staticmethod]
    fn federated_user(arn: &Bound<'_, PyAny>, by: &Bound<'_, PyAny>) -> PyResult<Principal> {
        let (user, maker) = (text("arn", arn)?, text("by", by)?);
        let own = portcullis::Principal::federated_user(user, maker);
        let own = own.map_err(|error| {
            request_error(arn.py(), &format!("`{user}` made by `{maker}`: {error}"))
        })?;
        Ok(Principal::plain(own))
    }

    /// A caller without credentials. `None` never means this.
    #[staticmethod]
    fn anonymous() -> Principal {
        Principal::plain(portcullis::Principal::anonymous())
    }

    /// An AWS service that calls directly, such as `lambda.amazonaws.com`.
    #[staticmethod]
    #[pyo3(signature = (name, /))]
    fn service(name: &Bound<'_, PyAny>) -> PyResult<Principal> {
        let own = portcullis::Principal::service(text("name", name)?);
        Ok(Principal::plain(own))
    }

    /// The unsigned caller of AssumeRoleWithSAML or AssumeRoleWithWebIdentity, by its provider.
    #[staticmethod]
    #[pyo3(signature = (provider, /))]
    fn federated(provider: &Bound<'_, PyAny>) -> PyResult<Principal> {
        let own = portcullis::Principal::federated(text("provider", provider)?);
        Ok(Principal::plain(own))
    }

    /// A caller known by its S3 canonical user id only.
    #[staticmethod]
    #[pyo3(signature = (id, /))]
    fn canonical_user(id: &Bound<'_, PyAny>) -> PyResult<Principal> {
        let own = portcullis::Principal::canonical_user(text("id", id)?);
        Ok(Principal::plain(own))
    }

    /// The same principal with more that is known of it: the value of `aws:userid`; that it is of the management account of its
    /// organization, which service control policies do not limit; that it uses the credentials of GetSessionToken; that its
    /// role is service-linked. What is not given stays. The new one is not resolved.
    ///
    /// >>> from portcullis import Principal
    /// >>> ann = Principal.from_arn("arn:aws:iam::111122223333:user/ann").replace(user_id="AIDACKCEVSQ6C2EXAMPLE")
    #[pyo3(signature = (*, user_id=None, management_account=false, session_token=false, service_linked=false))]
    fn replace(
        &self,
        user_id: Option<&Bound<'_, PyAny>>,
        management_account: bool,
        session_token: bool,
        service_linked: bool,
    ) -> PyResult<Principal> {
        let mut own = self.principal().clone();
        if let Some(id) = optional("user_id", user_id)? {
            own = own.with_user_id(id);
        }
        if management_account {
            own = own.in_management_account();
        }
        if session_token {
            own = own.by_session_token();
        }
        if service_linked {
            own = own.service_linked();
        }
        Ok(Principal::plain(own))
    }

    fn __repr__(&self) -> String {
        let model = portcullis::directory::Principal::from(self.principal());
        match model.caller {
            Caller::Anonymous => "Principal.anonymous()".to_owned(),
            Caller::Service { name } => format!("Principal.service('{}')", name.escape_debug()),
            Caller::Federated { provider } => {
                format!("Principal.federated('{}')", provider.escape_debug())
            }
            Caller::CanonicalUser { id } => {
                format!("Principal.canonical_user('{}')", id.escape_debug())
            }
            caller => format!(
                "Principal('{}')",
                caller.arn().unwrap_or_default().escape_debug()
            ),
        }
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle("Principal", "make it again from its ARN"))
    }
}

/// A principal by its ARN.
pub(crate) fn of_text(py: Python<'_>, arn: &str) -> PyResult<portcullis::Principal> {
    portcullis::Principal::from_arn(arn).map_err(|error| refused(py, arn, &error))
}

#[cold]
fn refused(py: Python<'_>, arn: &str, error: &dyn std::fmt::Display) -> PyErr {
    let shown: String = arn.chars().take(200).collect();
    request_error(py, &format!("`{}`: {error}", shown.escape_debug()))
}

/// Who asks, for one decision.
pub(crate) enum Who<'a> {
    Caller(Caller<'a>),
    Owned(portcullis::Principal),
    Handle(&'a Own),
}

impl<'a> Who<'a> {
    /// By an ARN, without copying it if it says all.
    #[inline]
    pub(crate) fn of_text(py: Python<'_>, arn: &'a str) -> PyResult<Who<'a>> {
        Who::read(arn).map_err(|error| refused(py, arn, &error))
    }

    /// The same, for whoever does not hold the interpreter's lock.
    #[inline]
    pub(crate) fn read(arn: &'a str) -> Result<Who<'a>, portcullis::PrincipalError> {
        match Caller::from_arn(arn) {
            Ok(caller) => Ok(Who::Caller(caller)),
            // A session whose role has to be guessed.
            Err(_) => portcullis::Principal::from_arn(arn).map(Who::Owned),
        }
    }

    /// By what Python gives.
    #[inline]
    pub(crate) fn of(found: &'a Bound<'_, PyAny>) -> PyResult<Who<'a>> {
        if let Ok(text) = found.cast::<PyString>() {
            return Who::of_text(found.py(), text.to_str()?);
        }
        match found.cast::<Principal>() {
            Ok(own) => Ok(Who::Handle(&own.get().own)),
            Err(_) => Err(wrong_type("principal", "str or Principal", found)),
        }
    }

    #[inline]
    pub(crate) fn caller(&self) -> CallerRef<'_> {
        match self {
            Who::Caller(own) => CallerRef::from(*own),
            Who::Owned(own) => CallerRef::from(own),
            Who::Handle(Own::Plain(own)) => CallerRef::from(own),
            Who::Handle(Own::Resolved(own)) => CallerRef::from(own),
        }
    }

    /// As the requests of a directory have it.
    pub(crate) fn model(&self) -> portcullis::directory::Principal<'_> {
        match self {
            Who::Caller(own) => portcullis::directory::Principal {
                caller: *own,
                user_id: None,
                management_account: false,
                session_token: false,
            },
            Who::Owned(own) | Who::Handle(Own::Plain(own)) => own.into(),
            Who::Handle(Own::Resolved(own)) => own.principal().into(),
        }
    }
}
