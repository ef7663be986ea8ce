//! Why a directory gives no answer.
//!
//! One type for each audience. [`RequestError`] is for whoever wrote the request: the caller is unknown, or the request
//! contradicts the directory. [`EngineError`] is for whoever holds the directory: a handle is stale, or the policies do not
//! fit an image. [`CheckError`] is either, where one call can meet both. [`UpdateError`] leaves the directory as it was.
//!
//! Errors of loading are [`crate::LoadError`], which holds many problems with their locations; those of STS are
//! [`crate::StsCallError`]. One error for everything was rejected: a host shows the first kind to its users and logs the
//! second.

use std::fmt;

use portcullis_compile::CompileError;
use portcullis_model::ActionError;

use crate::store::snapshot::MAX_IMAGES;

/// Why a directory cannot decide: for whoever holds it. The first is of the directory as a whole and stays; the others are of
/// one request or handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// The policies are no image.
    NoImage(CompileError),
    /// The completed request, or the number of the principal, is of another directory, or of this one before
    /// [`Directory::update`](crate::Directory::update). Its numbers mean something else here: ask for it again.
    Foreign,
    /// A text that is no action of a request (`GRAM-18`): patterns that allow would match what those that deny do not.
    NoAction(ActionError),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::NoImage(error) => error.fmt(f),
            EngineError::Foreign => f.write_str(
                "the handle was resolved by another directory, or by this one before an update",
            ),
            EngineError::NoAction(error) => write!(f, "invalid action: {error}"),
        }
    }
}

impl std::error::Error for EngineError {}

impl From<CompileError> for EngineError {
    fn from(error: CompileError) -> EngineError {
        EngineError::NoImage(error)
    }
}

/// Why a request cannot be decided: for whoever wrote it. The texts are sentences for people.
///
/// ```
/// use portcullis_directory::{CheckError, Directory, Engine, LoadOptions, RequestError};
/// use portcullis_model::{Caller, Request};
///
/// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
/// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
/// let nobody = Caller::from_arn("arn:aws:iam::111111111111:role/Chekout").unwrap();
/// let request = Request::new(nobody, "s3:GetObject", "arn:aws:s3:::shop-orders/1");
/// let refused = Engine::new().check(&directory, &request).unwrap_err();
/// assert!(matches!(refused, CheckError::Refused(RequestError::UnknownPrincipal(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The caller's account is in the directory, and the caller is not.
    UnknownPrincipal(String),
    /// The caller's account is not in the directory, and the request does not say its policies.
    UnknownAccount(String),
    /// The request says what contradicts the directory.
    Contradiction(String),
    /// The request's action is none (`GRAM-18`).
    NoAction(ActionError),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::UnknownPrincipal(text) | RequestError::Contradiction(text) => {
                f.write_str(text)
            }
            RequestError::UnknownAccount(account) => write!(
                f,
                "the directory has no account {account}, and the request has no `identity`"
            ),
            RequestError::NoAction(error) => write!(f, "invalid action: {error}"),
        }
    }
}

impl std::error::Error for RequestError {}

/// Why a request has no decision: because of itself, or because of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckError {
    /// The directory does not know the caller, or contradicts the request.
    Refused(RequestError),
    /// The policies are no image.
    NoImage(EngineError),
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::Refused(refusal) => refusal.fmt(f),
            CheckError::NoImage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CheckError {}

impl From<RequestError> for CheckError {
    fn from(refusal: RequestError) -> CheckError {
        CheckError::Refused(refusal)
    }
}

impl From<EngineError> for CheckError {
    fn from(error: EngineError) -> CheckError {
        CheckError::NoImage(error)
    }
}

/// Why changes cannot be taken in. The directory is as it was before, in every case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateError {
    /// The policies of either are no image.
    NoImage(EngineError),
    /// So many changes were taken in already that the directory is to be made anew.
    TooMany,
    /// The tables would have more than their numbers can tell.
    TooLarge,
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UpdateError::NoImage(error) => error.fmt(f),
            UpdateError::TooMany => write!(
                f,
                "{} updates were applied already; compile the whole directory again",
                MAX_IMAGES - 1
            ),
            UpdateError::TooLarge => f.write_str("the directory would be too large"),
        }
    }
}

impl std::error::Error for UpdateError {}

impl From<EngineError> for UpdateError {
    fn from(error: EngineError) -> UpdateError {
        UpdateError::NoImage(error)
    }
}
