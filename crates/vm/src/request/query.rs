//! A request, as a host has it.
//!
//! One struct with public fields, so that a request is given whole: a protocol of calls that set one thing after the other can
//! be left half done, and that would be a request which nobody asked.

use portcullis_image::{Id, LayerSet, Unit};
use portcullis_model::{self as model, Principal};

use crate::combine::ownership::{HomeAccount, Ownership};
use crate::request::action::Action;
use crate::request::context::Context;
use crate::request::principal::PrincipalHandle;
use crate::request::resource::ResourceRef;
use crate::request::site::CallSite;
use crate::stack::ImageIdx;

/// What is asked, borrowed from whoever asks: nothing is copied, and nothing need be kept.
///
/// Plain texts will do everywhere; what a host resolved beforehand is not looked up again. What was resolved for other
/// images is.
///
/// ```
/// use portcullis_model::{Caller, Request};
/// use portcullis_vm::{Context, Query, Value};
///
/// let ann = Caller::from_arn("arn:aws:iam::111122223333:user/ann").unwrap();
/// let context = [("aws:SecureTransport", Value::Bool(true))];
/// let query = Query {
///     context: Context::Named(&context),
///     ..Query::from(&Request::new(ann, "s3:GetObject", "arn:aws:s3:::reports/q1"))
/// };
/// assert_eq!(query.action_name(), "s3:GetObject");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Who asks.
    pub principal: Principal<'a>,
    /// What was resolved for the same principal, if it was. That the principal is the same is believed.
    pub principal_handle: Option<&'a PrincipalHandle>,
    /// The action.
    pub action: ActionRef<'a>,
    /// The condition keys.
    pub context: Context<'a>,
    /// The target's ARN, or `*` (`MATCH-28`).
    pub resource: ResourceRef<'a>,
    /// The account that owns it, if known (`EVAL-12`).
    pub account: Option<&'a str>,
    /// `RestrictPublicBuckets` is in force (`S3-4`).
    pub restrict_public_buckets: bool,
    /// Something outside the policy language grants the request (`EVAL-75`).
    pub external_grant: bool,
}

/// An action: a name, or one that was resolved before.
#[derive(Clone, Copy, Debug)]
pub enum ActionRef<'a> {
    /// `service:Name` in any case (`MATCH-10`).
    Name(&'a str),
    /// That of a call site.
    Site(&'a CallSite),
    /// One that was resolved before.
    Resolved(&'a Action),
}

impl Query<'_> {
    /// The action's name: as it was given, or in lower case if it was resolved by itself.
    pub fn action_name(&self) -> &str {
        match self.action {
            ActionRef::Name(name) => name,
            ActionRef::Site(site) => site.action(),
            ActionRef::Resolved(action) => action.text(),
        }
    }

    /// Where the caller is at home.
    #[inline]
    pub(crate) fn home<'h>(&'h self, handle: Option<&'h PrincipalHandle>) -> HomeAccount<'h> {
        match handle {
            Some(handle) => handle.home(),
            None => HomeAccount::of(&self.principal.caller),
        }
    }

    /// The owner of the resource, as the request or the ARN says: never an assumption (`KEY-50`, `EVAL-12`).
    #[inline(always)]
    pub(crate) fn known_owner(&self) -> Option<&str> {
        match self.account {
            Some(account) => Some(account),
            None => self.resource.account(),
        }
    }

    /// Whose the resource is, which may be `*`, to a caller who is at home somewhere.
    #[inline(always)]
    pub(crate) fn ownership(&self, home: HomeAccount<'_>, is_star: bool) -> Ownership {
        let resource = self.resource;
        Ownership::with(home, self.known_owner(), is_star, || {
            resource.parts().partition
        })
    }

    /// True if nothing is allowed without the resource's policy (`KMS-1`, `TRUST-1`).
    #[inline(always)]
    pub(crate) fn needs_resource_policy(&self, action: &Action) -> bool {
        if !action.traits.may_need_resource_policy() {
            return false;
        }
        let parts = self.resource.parts();
        action
            .traits
            .needs_resource_policy(parts.is_key, parts.is_role)
    }
}

impl<'a> From<&model::Request<'a>> for Query<'a> {
    fn from(request: &model::Request<'a>) -> Query<'a> {
        Query {
            principal: request.principal,
            principal_handle: None,
            action: ActionRef::Name(request.action),
            context: Context::Entries(request.context),
            resource: ResourceRef::Text(request.resource),
            account: request.resource_account,
            restrict_public_buckets: request.restrict_public_buckets,
            external_grant: request.external_grant,
        }
    }
}

/// A unit of an image that takes part in a decision, for images of several. Whoever selects units says what each stands for;
/// the layers in which it has no policy do not count. One that does not exist is not there.
#[derive(Clone, Copy, Debug)]
pub struct SelectedUnit {
    /// The image.
    pub image: ImageIdx,
    /// The unit of it.
    pub unit: Id<Unit>,
    /// The layers that it stands for.
    pub layers: LayerSet,
}
