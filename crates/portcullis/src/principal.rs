//! Principals that own their names.

use portcullis_model::{Caller, GuessedRole, PrincipalError};

/// Who makes a request (`EVAL-1`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    kind: Kind,
    user_id: Option<String>,
    management_account: bool,
    session_token: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Anonymous,
    Root(String),
    User(String),
    Role {
        session: Option<String>,
        role: String,
        is_service_linked: bool,
    },
    FederatedUser {
        arn: String,
        by: Option<String>,
    },
    OriginAccessIdentity(String),
    Service(String),
    Federated(String),
    CanonicalUser(String),
}

impl Kind {
    fn of(caller: Caller<'_>) -> Kind {
        match caller {
            Caller::Anonymous => Kind::Anonymous,
            Caller::Root { arn } => Kind::Root(arn.into()),
            Caller::User { arn } => Kind::User(arn.into()),
            Caller::Role {
                session_arn,
                role_arn,
                service_linked,
            } => Kind::Role {
                session: session_arn.map(String::from),
                role: role_arn.into(),
                is_service_linked: service_linked,
            },
            Caller::FederatedUser { arn, federated_by } => Kind::FederatedUser {
                arn: arn.into(),
                by: federated_by.map(String::from),
            },
            Caller::OriginAccessIdentity { arn } => Kind::OriginAccessIdentity(arn.into()),
            Caller::Service { name } => Kind::Service(name.into()),
            Caller::Federated { provider } => Kind::Federated(provider.into()),
            Caller::CanonicalUser { id } => Kind::CanonicalUser(id.into()),
        }
    }
}

impl From<portcullis_model::Principal<'_>> for Principal {
    fn from(principal: portcullis_model::Principal<'_>) -> Principal {
        Principal {
            kind: Kind::of(principal.caller),
            user_id: principal.user_id.map(String::from),
            management_account: principal.management_account,
            session_token: principal.session_token,
        }
    }
}

/// As the requests of directories have it.
///
/// ```
/// use portcullis::{Caller, Principal, directory};
/// let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?.with_user_id("AIDA");
/// let own = directory::Principal::from(&ann);
/// assert!(matches!(own.caller, Caller::User { .. }) && own.user_id == Some("AIDA"));
/// # Ok::<(), portcullis::PrincipalError>(())
/// ```
#[cfg(feature = "directory")]
impl<'a> From<&'a Principal> for portcullis_model::Principal<'a> {
    fn from(principal: &'a Principal) -> portcullis_model::Principal<'a> {
        principal.borrow()
    }
}

impl From<Caller<'_>> for Principal {
    /// A caller of whom nothing else is known.
    fn from(caller: Caller<'_>) -> Principal {
        Principal::of(Kind::of(caller))
    }
}

impl Principal {
    fn of(kind: Kind) -> Principal {
        Principal {
            kind,
            user_id: None,
            management_account: false,
            session_token: false,
        }
    }

    /// A principal by its ARN: a root user, a user, a session of a role, a federated user, an origin
    /// access identity of CloudFront, or a role, which stands for a session of it whose name is unknown.
    ///
    /// A session's ARN does not tell its role's path. The role is taken to have none, and one that IAM
    /// Identity Center made to have the path of these roles without a region (`SSO-1`). That is a guess:
    /// give the role's ARN with [`Principal::session`] where it is known.
    ///
    /// # Errors
    /// [`PrincipalError`] if the text is none of these.
    pub fn from_arn(arn: &str) -> Result<Principal, PrincipalError> {
        match Caller::from_arn(arn) {
            Ok(caller) => Ok(Principal::of(Kind::of(caller))),
            Err(PrincipalError::SessionNeedsRole) => {
                let guess = GuessedRole::of_session(arn).ok_or(PrincipalError::NotAPrincipal)?;
                Principal::session(arn, &guess.parts().concat())
            }
            Err(error) => Err(error),
        }
    }

    /// A session of a role.
    ///
    /// # Errors
    /// [`PrincipalError`] if one of the ARNs has another form.
    pub fn session(session_arn: &str, role_arn: &str) -> Result<Principal, PrincipalError> {
        let caller = Caller::session(session_arn, role_arn)?;
        Ok(Principal::of(Kind::of(caller)))
    }

    /// A session made by `GetFederationToken`, and the user or root user of its account who made it (`EVAL-25`).
    ///
    /// # Errors
    /// [`PrincipalError`] if one of the ARNs has another form, or if nobody of that ARN makes such sessions in that account.
    pub fn federated_user(arn: &str, by: &str) -> Result<Principal, PrincipalError> {
        let (maker, caller) = (Caller::from_arn(by)?, Caller::from_arn(arn)?);
        let is_maker = matches!(maker, Caller::User { .. } | Caller::Root { .. })
            && maker.account() == caller.account();
        match caller {
            Caller::FederatedUser { .. } if is_maker => Ok(Principal::of(Kind::FederatedUser {
                arn: arn.into(),
                by: Some(by.into()),
            })),
            _ => Err(PrincipalError::NotAPrincipal),
        }
    }

    /// A caller without credentials.
    pub fn anonymous() -> Principal {
        Principal::of(Kind::Anonymous)
    }

    /// An AWS service that calls directly, such as `lambda.amazonaws.com` (`EVAL-53`).
    pub fn service(name: &str) -> Principal {
        Principal::of(Kind::Service(name.into()))
    }

    /// The unsigned caller of AssumeRoleWithSAML or AssumeRoleWithWebIdentity, by its provider
    /// (`TRUST-4`).
    pub fn federated(provider: &str) -> Principal {
        Principal::of(Kind::Federated(provider.into()))
    }

    /// A caller known by its S3 canonical user id only (`GRAM-44`).
    pub fn canonical_user(id: &str) -> Principal {
        Principal::of(Kind::CanonicalUser(id.into()))
    }

    /// With the value of `aws:userid`, whose first part is the unique id of a user or role
    /// (`GRAM-40`).
    #[must_use]
    pub fn with_user_id(mut self, user_id: &str) -> Principal {
        self.user_id = Some(user_id.into());
        self
    }

    /// Of the management account of its organization, which service control policies do not limit
    /// (`SCP-3`).
    #[must_use]
    pub fn in_management_account(mut self) -> Principal {
        self.management_account = true;
        self
    }

    /// A user or root user with the credentials of `GetSessionToken`, which call IAM only if
    /// `aws:MultiFactorAuthPresent` is true, and of STS only AssumeRole and GetCallerIdentity (`STS-4`). Changes nothing
    /// on other callers.
    #[must_use]
    pub fn by_session_token(mut self) -> Principal {
        self.session_token = matches!(self.kind, Kind::User(_) | Kind::Root(_));
        self
    }

    /// A session of a service-linked role (`EVAL-54`). Changes nothing on other callers.
    #[must_use]
    pub fn service_linked(mut self) -> Principal {
        if let Kind::Role {
            is_service_linked, ..
        } = &mut self.kind
        {
            *is_service_linked = true;
        }
        self
    }

    #[inline]
    pub(crate) fn borrow(&self) -> portcullis_model::Principal<'_> {
        let caller = match &self.kind {
            Kind::Anonymous => Caller::Anonymous,
            Kind::Root(arn) => Caller::Root { arn },
            Kind::User(arn) => Caller::User { arn },
            Kind::Role {
                session,
                role,
                is_service_linked,
            } => Caller::Role {
                session_arn: session.as_deref(),
                role_arn: role,
                service_linked: *is_service_linked,
            },
            Kind::FederatedUser { arn, by } => Caller::FederatedUser {
                arn,
                federated_by: by.as_deref(),
            },
            Kind::OriginAccessIdentity(arn) => Caller::OriginAccessIdentity { arn },
            Kind::Service(name) => Caller::Service { name },
            Kind::Federated(provider) => Caller::Federated { provider },
            Kind::CanonicalUser(id) => Caller::CanonicalUser { id },
        };
        portcullis_model::Principal {
            caller,
            user_id: self.user_id.as_deref(),
            management_account: self.management_account,
            session_token: self.session_token,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use super::*;

    #[test]
    fn eval_25_federated_users_are_made_by_users_of_their_account() {
        let session = "arn:aws:sts::111122223333:federated-user/f";
        for (by, is_fine) in [
            ("arn:aws:iam::111122223333:user/ann", true),
            ("arn:aws:iam::111122223333:root", true),
            ("arn:aws:iam::444455556666:user/ann", false),
            ("arn:aws:iam::111122223333:role/app", false),
            (
                "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1",
                false,
            ),
            (session, false),
        ] {
            assert_eq!(
                Principal::federated_user(session, by).is_ok(),
                is_fine,
                "{by}"
            );
        }
        let user = "arn:aws:iam::111122223333:user/ann";
        assert!(Principal::federated_user(user, user).is_err());
    }

    #[test]
    fn principals_are_read_from_their_arns() {
        let identity = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1";
        let caller = |arn: &str| {
            Principal::from_arn(arn).map(|principal| principal.borrow().caller.account().is_some())
        };
        assert_eq!(caller(identity), Ok(false));
        assert_eq!(
            caller("arn:aws:sts::111122223333:assumed-role/app/R/s"),
            Err(PrincipalError::SessionWithPath)
        );
        // SSO-1, SSO-3: of others the path is not known, and taken to be none.
        for (name, path) in [
            (
                "AWSReservedSSO_Dev_0123456789abcdef",
                "aws-reserved/sso.amazonaws.com/",
            ),
            ("App", ""),
        ] {
            let session = format!("arn:aws:sts::111122223333:assumed-role/{name}/s");
            let role = format!("arn:aws:iam::111122223333:role/{path}{name}");
            assert_eq!(
                Principal::from_arn(&session),
                Principal::session(&session, &role)
            );
        }
    }
}
