//! What is asked.

use portcullis_model::Caller;
use portcullis_vm::{ActionRef, CallSite, Context, PrincipalHandle, ResourceRef, Value};

use crate::{Principal, ResolvedPrincipal};

/// One request: who asks, for which action, of which resource, with which condition keys.
///
/// Given whole, and borrowed for the call that decides it: nothing is copied, and nothing is left over for the next
/// request. Keys that follow from the caller and the resource need not be given (`KEY-5`).
///
/// ```
/// # use portcullis::{Authorizer, PolicySet};
/// use portcullis::{Principal, Query, Value};
/// # let image = PolicySet::new().identity("p", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
/// #   "Action": "s3:GetObject", "Resource": "*", "Condition": {
/// #     "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:SecureTransport": "true"}}}}"#).compile()?;
/// # let authorizer = Authorizer::new([image]);
/// let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?;
/// let context = [
///     ("aws:SourceIp", Value::Ip("203.0.113.9".parse()?)),
///     ("aws:SecureTransport", Value::Bool(true)),
/// ];
/// let query = Query::new(&ann, "s3:GetObject", "arn:aws:s3:::reports/2026.csv")
///     .context(&context)
///     .owner("444455556666");
/// assert!(!authorizer.decide(&query).is_allow());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Query<'a> {
    pub(crate) inner: portcullis_vm::Query<'a>,
}

/// Who asks: a [`Principal`], one that was resolved, or a [`Caller`] of whom nothing else is known.
#[derive(Clone, Copy, Debug)]
pub struct CallerRef<'a> {
    principal: portcullis_model::Principal<'a>,
    known: Option<&'a PrincipalHandle>,
}

impl<'a> From<&'a Principal> for CallerRef<'a> {
    #[inline]
    fn from(principal: &'a Principal) -> CallerRef<'a> {
        CallerRef {
            principal: principal.borrow(),
            known: None,
        }
    }
}

impl<'a> From<&'a ResolvedPrincipal> for CallerRef<'a> {
    #[inline]
    fn from(resolved: &'a ResolvedPrincipal) -> CallerRef<'a> {
        CallerRef {
            principal: resolved.principal.borrow(),
            known: Some(&resolved.known),
        }
    }
}

impl<'a> From<Caller<'a>> for CallerRef<'a> {
    #[inline]
    fn from(caller: Caller<'a>) -> CallerRef<'a> {
        CallerRef {
            principal: portcullis_model::Principal {
                caller,
                user_id: None,
                management_account: false,
                session_token: false,
            },
            known: None,
        }
    }
}

impl<'a> Query<'a> {
    /// A request by names: an action, `service:Name` in any case (`MATCH-10`), and the ARN of a resource, or `*` for an
    /// action without one (`MATCH-28`).
    ///
    /// What is no action, such as a text with a blank or a wildcard, and what is neither an ARN nor `*`, is denied
    /// implicitly, by no policy set: patterns that allow would match what those that deny do not.
    /// [`check_action`](crate::check_action) says what is wrong with an action.
    #[inline]
    pub fn new(
        caller: impl Into<CallerRef<'a>>,
        action: &'a str,
        resource: impl Into<ResourceRef<'a>>,
    ) -> Query<'a> {
        Query::of(
            caller.into(),
            ActionRef::Name(action),
            Context::Named(&[]),
            resource.into(),
        )
    }

    /// A request of a call site: one value for each of its keys, in their order. With another number of values the
    /// request is denied implicitly, by no policy set.
    ///
    /// ```
    /// # use portcullis::{Authorizer, PolicySet};
    /// use portcullis::{Principal, Query, Value};
    /// # let image = PolicySet::new().identity("p", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
    /// #   "Action": "s3:GetObject", "Resource": "*", "Condition": {"NumericLessThan": {"s3:max-keys": "10"}}}}"#)
    /// #   .compile()?;
    /// # let authorizer = Authorizer::new([image]);
    /// let get_object = authorizer.prepare("s3:GetObject", &["aws:SecureTransport", "s3:max-keys"]);
    /// let ann = authorizer.resolve(Principal::from_arn("arn:aws:iam::111122223333:user/ann")?);
    /// for (count, expected) in [(9, true), (10, false)] {
    ///     let values = [Value::Bool(true), Value::Number(count)];
    ///     let query = Query::at(&get_object, &values, &ann, "arn:aws:s3:::reports/2026.csv");
    ///     assert_eq!(authorizer.decide(&query).is_allow(), expected);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn at(
        site: &'a CallSite,
        values: &'a [Value<'a>],
        caller: impl Into<CallerRef<'a>>,
        resource: impl Into<ResourceRef<'a>>,
    ) -> Query<'a> {
        Query::of(
            caller.into(),
            ActionRef::Site(site),
            Context::Site(site, values, &[]),
            resource.into(),
        )
    }

    #[inline]
    fn of(
        caller: CallerRef<'a>,
        action: ActionRef<'a>,
        context: Context<'a>,
        resource: ResourceRef<'a>,
    ) -> Query<'a> {
        Query {
            inner: portcullis_vm::Query {
                principal: caller.principal,
                principal_handle: caller.known,
                action,
                context,
                resource,
                account: None,
                restrict_public_buckets: false,
                external_grant: false,
            },
        }
    }

    /// With these condition keys, whose names may be in any case (`COND-40`), in place of those that were given by names
    /// before. The values of a call site stay. A key that comes twice has the values of both (`COND-41`).
    #[inline]
    pub fn context(mut self, context: &'a [(&'a str, Value<'a>)]) -> Query<'a> {
        self.inner.context = match self.inner.context {
            Context::Site(site, values, _) => Context::Site(site, values, context),
            _ => Context::Named(context),
        };
        self
    }

    /// With the account that owns the resource, twelve digits, if that is known. Where nothing says it the caller's is
    /// assumed (`EVAL-12`), which the explanation notes.
    #[inline]
    pub fn owner(mut self, account: impl Into<Option<&'a str>>) -> Query<'a> {
        self.inner.account = account.into();
        self
    }

    /// Whether `RestrictPublicBuckets` is in force for the resource (`S3-4`).
    #[inline]
    pub fn restrict_public_buckets(mut self, is_in_force: bool) -> Query<'a> {
        self.inner.restrict_public_buckets = is_in_force;
        self
    }

    /// Whether something outside the policy language grants this request to this caller: an access control list that is
    /// in force, a KMS grant, a shared resource (`EVAL-75`).
    #[inline]
    pub fn external_grant(mut self, is_given: bool) -> Query<'a> {
        self.inner.external_grant = is_given;
        self
    }
}

/// Condition keys as texts, each with its values: what those know them by who take no [`Value`], such as directories.
///
/// ```
/// use portcullis::{Value, context_texts};
/// let texts = context_texts(&[("s3:max-keys", Value::Number(10)), ("aws:SourceVpc", Value::Absent)]);
/// assert_eq!(texts[0], ("s3:max-keys".to_string(), vec!["10".to_string()]));
/// assert_eq!(texts[1].1, Vec::<String>::new());
/// ```
pub fn context_texts(context: &[(&str, Value<'_>)]) -> Vec<(String, Vec<String>)> {
    Context::Named(context).to_texts()
}

impl<'a> From<&portcullis_model::Request<'a>> for Query<'a> {
    fn from(request: &portcullis_model::Request<'a>) -> Query<'a> {
        Query {
            inner: request.into(),
        }
    }
}
