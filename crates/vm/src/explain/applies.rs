//! Why a layer does not take part in a request (`EVAL-70`).
//!
//! A host that gave policies expects them to count. Where the rules leave a layer out because of who asks or what for, the
//! explanation says so instead of showing nothing. The sentences are constants, chosen by layer and kind of caller.

use portcullis_model::Layer;

use crate::combine::action::is_limited_by_rcps;
use crate::combine::caller::CallerKind;
use crate::prepare::ready::Ready;

impl Ready<'_> {
    /// The policies of a caller that are present in a request and do not take part, whatever they say, since such a
    /// caller has none of that type; and why (`EVAL-70`).
    ///
    /// A host that gave them expects them to count: this is for what it tells. Nothing is decided, and it takes constant time.
    ///
    /// ```
    /// use portcullis_image::Image;
    /// use portcullis_model::{Caller, Layer, Request};
    /// use portcullis_vm::{Plan, Query, Scratch};
    ///
    /// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
    /// let image = Image::from_bytes(&file[..])?;
    /// let images = || core::iter::once(image.view());
    /// let root = Caller::from_arn("arn:aws:iam::111122223333:root").unwrap();
    /// let request = Request::new(root, "s3:ListAllMyBuckets", "*");
    /// let (plan, mut scratch, query) = (Plan::of(images()), Scratch::new(), Query::from(&request));
    /// let left_out: Vec<_> = scratch.ready(images(), &plan, &query).left_out().map(|(layer, _)| layer).collect();
    /// assert!(left_out.contains(&Layer::Boundary));
    /// # Ok::<(), portcullis_image::ImageError>(())
    /// ```
    pub fn left_out(&self) -> impl Iterator<Item = (Layer, &'static str)> {
        let of_caller = [Layer::Identity, Layer::Boundary, Layer::Session];
        of_caller
            .into_iter()
            .filter(|layer| self.has_layer(*layer))
            .filter(|layer| !self.inputs().layers.contains(*layer))
            .map(|layer| (layer, reason(self, layer)))
    }
}

/// Why a policy set that is present does not take part.
pub(super) fn reason(request: &Ready<'_>, layer: Layer) -> &'static str {
    let kind = request.inputs().caller;
    let action = request.action();
    match (layer, kind) {
        (Layer::Scp(_), kind) if !kind.has_account() => {
            "service control policies limit the users and roles of an account, and the caller has none"
        }
        (Layer::Scp(_), CallerKind::ServiceLinked) => {
            "service control policies do not limit service-linked roles"
        }
        // SCP-3: nothing else switches them off.
        (Layer::Scp(_), _) => {
            "the caller is of the organization's management account, which no service control policy limits"
        }
        (Layer::Rcp(_), CallerKind::ServiceLinked) => {
            "resource control policies do not limit service-linked roles"
        }
        (Layer::Rcp(_), _)
            if action.service_text() == "kms" && action.name_text() == "retiregrant" =>
        {
            "resource control policies do not limit kms:RetireGrant"
        }
        (Layer::Rcp(_), _) if !is_limited_by_rcps(action.service_text(), action.name_text()) => {
            "resource control policies do not support the service of the action"
        }
        // RCP-3.
        (Layer::Rcp(_), _) => {
            "the resource is of the organization's management account, which no resource control policy limits"
        }
        (Layer::VpcEndpoint, _) => "AWS services that call directly do not pass VPC endpoints",
        (Layer::Identity | Layer::Boundary | Layer::Session, CallerKind::Root) => {
            "a root user has neither identity-based policies nor a permissions boundary nor session policies"
        }
        (Layer::Session, CallerKind::User) => {
            "a user with its own credentials has no session policy"
        }
        (Layer::Boundary | Layer::Session, CallerKind::ServiceLinked) => {
            "a service-linked role has neither a permissions boundary nor session policies"
        }
        (Layer::Identity | Layer::Boundary | Layer::Session, _) => {
            "the caller is no user or role, whom such policies could be attached to"
        }
        // It always takes part.
        (Layer::Resource, _) => "the resource policy does not take part",
    }
}
