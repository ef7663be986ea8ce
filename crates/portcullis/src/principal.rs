//! Principals that own their names.

use portcullis_model::{Caller, GuessedRole, PrincipalError};

/// Who makes a request (`EVAL-1`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    kind: Kind,
    user_id: Option<String>,
    management_account: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Anonymous,
    /// A root user, a user, a role of an unknown session, a federated user, or an origin access identity.
    Arn(String),
    Session {
        session: String,
        role: String,
    },
    ServiceLinked {
        session: Option<String>,
        role: String,
    },
    FederatedUser {
        arn: String,
        by: String,
    },
    Service(String),
    Federated(String),
    CanonicalUser(String),
}

impl Principal {
    fn of(kind: Kind) -> Principal {
        Principal {
            kind,
            user_id: None,
            management_account: false,
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
            Ok(_) => Ok(Principal::of(Kind::Arn(arn.into()))),
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
        Caller::session(session_arn, role_arn)?;
        Ok(Principal::of(Kind::Session {
            session: session_arn.into(),
            role: role_arn.into(),
        }))
    }

    /// A session made by `GetFederationToken`, and the user who made it (`EVAL-25`).
    ///
    /// # Errors
    /// [`PrincipalError`] if one of the ARNs has another form.
    pub fn federated_user(arn: &str, by: &str) -> Result<Principal, PrincipalError> {
        Caller::from_arn(by)?;
        match Caller::from_arn(arn)? {
            Caller::FederatedUser { .. } => Ok(Principal::of(Kind::FederatedUser {
                arn: arn.into(),
                by: by.into(),
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

    /// A session of a service-linked role (`EVAL-54`). Changes nothing on other callers.
    #[must_use]
    pub fn service_linked(mut self) -> Principal {
        self.kind = match self.kind {
            Kind::Session { session, role } => Kind::ServiceLinked {
                session: Some(session),
                role,
            },
            Kind::Arn(arn) if matches!(Caller::from_arn(&arn), Ok(Caller::Role { .. })) => {
                Kind::ServiceLinked {
                    session: None,
                    role: arn,
                }
            }
            kind => kind,
        };
        self
    }

    pub(crate) fn borrow(&self) -> portcullis_model::Principal<'_> {
        let caller = match &self.kind {
            Kind::Anonymous => Caller::Anonymous,
            // The constructor has read it; anonymous is what is allowed least.
            Kind::Arn(arn) => Caller::from_arn(arn).unwrap_or(Caller::Anonymous),
            Kind::Session { session, role } => Caller::Role {
                session_arn: Some(session),
                role_arn: role,
                service_linked: false,
            },
            Kind::ServiceLinked { session, role } => Caller::Role {
                session_arn: session.as_deref(),
                role_arn: role,
                service_linked: true,
            },
            Kind::FederatedUser { arn, by } => Caller::FederatedUser {
                arn,
                federated_by: Some(by),
            },
            Kind::Service(name) => Caller::Service { name },
            Kind::Federated(provider) => Caller::Federated { provider },
            Kind::CanonicalUser(id) => Caller::CanonicalUser { id },
        };
        portcullis_model::Principal {
            caller,
            user_id: self.user_id.as_deref(),
            management_account: self.management_account,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use super::*;

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
