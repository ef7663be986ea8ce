//! Policies that change while requests are decided.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

/// Something that is replaced as a whole while others use it: an [`Authorizer`](crate::Authorizer), with everything that
/// was prepared for it.
///
/// Whoever takes what is in force keeps it to the end, so that no decision mixes two revisions; readers never wait.
/// Replacing fails as a whole too: the last good revision stays in force.
///
/// ```
/// use portcullis::{Authorizer, CallSite, Live, PolicySetError, PolicySet, Principal, Query};
///
/// struct Policies {
///     authorizer: Authorizer,
///     get_object: CallSite,
/// }
///
/// fn load(json: &str) -> Result<Policies, PolicySetError> {
///     let authorizer = Authorizer::new([PolicySet::new().identity("policy", json).compile()?]);
///     let get_object = authorizer.prepare("s3:GetObject", &[]);
///     Ok(Policies { authorizer, get_object })
/// }
///
/// let nothing = r#"{"Version": "2012-10-17", "Statement": []}"#;
/// let everything = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
/// let live = Live::new(load(nothing)?);
/// let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?;
/// let ask = || {
///     let policies = live.current();
///     let query = Query::at(&policies.get_object, &[], &ann, "arn:aws:s3:::reports/q1");
///     (policies.authorizer.decide(&query).is_allow(), policies.revision())
/// };
/// assert_eq!(ask(), (false, 1));
/// assert_eq!(live.replace(load(everything)?), 2);
/// assert_eq!(ask(), (true, 2));
/// // What cannot be read changes nothing.
/// assert!(live.try_replace(|_| load("{")).is_err());
/// assert_eq!(ask(), (true, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Live<T> {
    current: ArcSwap<Revised<T>>,
    /// The number of the last revision that was made.
    last: AtomicU64,
}

struct Revised<T> {
    revision: u64,
    value: T,
}

impl<T> Live<T> {
    /// The first revision, which has the number 1.
    pub fn new(value: T) -> Live<T> {
        Live {
            current: ArcSwap::from_pointee(Revised { revision: 1, value }),
            last: AtomicU64::new(1),
        }
    }

    /// What is in force. Takes no lock and does not wait, whoever replaces it meanwhile.
    pub fn current(&self) -> Current<T> {
        Current(self.current.load_full())
    }

    /// Replaces what is in force, and returns the number of the new revision. Of several that are put in place at the
    /// same time the one with the highest number stays.
    pub fn replace(&self, value: T) -> u64 {
        let revision = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let new = Arc::new(Revised { revision, value });
        self.current.rcu(|old| match old.revision < revision {
            true => Arc::clone(&new),
            false => Arc::clone(old),
        });
        revision
    }

    /// Replaces what is in force by what is made of it, and returns the number of the new revision.
    ///
    /// # Errors
    /// What `make` returns; then nothing changes.
    pub fn try_replace<E>(&self, make: impl FnOnce(&T) -> Result<T, E>) -> Result<u64, E> {
        let new = make(&self.current())?;
        Ok(self.replace(new))
    }
}

impl<T> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revision = self.current().revision();
        f.debug_struct("Live")
            .field("revision", &revision)
            .finish_non_exhaustive()
    }
}

/// One revision of a [`Live`] value, which stays what it is.
pub struct Current<T>(Arc<Revised<T>>);

impl<T> Current<T> {
    /// The revision's number, from 1: what answers and logs say about which policies decided.
    pub fn revision(&self) -> u64 {
        self.0.revision
    }
}

impl<T> Deref for Current<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> Clone for Current<T> {
    fn clone(&self) -> Current<T> {
        Current(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Current<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current")
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}
