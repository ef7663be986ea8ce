//! From the verdicts of the layers to the decision (sections 5.2 to 5.6 of the rules).
//!
//! [`combine`] is the pseudocode of the rules, in their order, and nothing else: it sees which layers allow and deny, and
//! what follows from the request ([`inputs`]). It does not know statements, so that it can be read beside the rules. It takes
//! constant time.
//!
//! The usual decision does not come here: where the layers that suffice are known beforehand
//! ([`inputs::is_sufficient`]), an Allow is known as soon as they allow and nothing denies. A table of all combinations was
//! rejected: nobody could review it against the rules.

pub(crate) mod action;
pub(crate) mod caller;
pub(crate) mod inputs;
pub(crate) mod ownership;

use portcullis_image::LayerSet;
use portcullis_model::{Decision, Layer};

use crate::combine::caller::{CallerKind, Strength};
use crate::combine::inputs::CombineInputs;

/// A decision and the layers that made it. Two words, to be copied; what it means for a user is in an
/// [`Explanation`](crate::Explanation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Outcome {
    decision: Decision,
    /// For a denial, the layers that made it; empty for an Allow.
    by: LayerSet,
}

impl Outcome {
    /// The decision.
    #[inline]
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// True if the request is allowed; the other two decisions both mean that it is not.
    #[inline]
    pub fn is_allow(&self) -> bool {
        self.decision == Decision::Allow
    }

    /// For an explicit deny all sets that deny, for an implicit deny the first that does not allow,
    /// in the order RCP, SCP, VPC endpoint, resource, identity, boundary, session (`EVAL-11`,
    /// `EVAL-36`). None for an allow, for what the service refuses whatever the
    /// policies say (`STS-4`, `STS-5`), and for a request that was not ready to be decided.
    pub fn layers(&self) -> impl Iterator<Item = Layer> {
        self.by.iter()
    }

    /// Allowed, by no layer in particular.
    #[inline]
    pub(crate) fn allow() -> Outcome {
        Outcome {
            decision: Decision::Allow,
            by: LayerSet::EMPTY,
        }
    }

    /// The same, unless it is an Allow: that becomes an implicit deny by a policy set. For hosts who know that the
    /// set cannot be read, and so might not allow (`GRAM-54`).
    ///
    /// ```
    /// use portcullis_model::Layer;
    /// use portcullis_vm::Outcome;
    ///
    /// let denied = Outcome::undecided();
    /// assert_eq!(denied.unless_allowed_by(Layer::Resource), denied);
    /// assert_eq!(denied.layers().count(), 0);
    /// ```
    pub fn unless_allowed_by(self, layer: Layer) -> Outcome {
        match self.decision {
            Decision::Allow => Outcome::implicit(layer),
            _ => self,
        }
    }

    /// The decision on two requests that must both be allowed (`OUT-2`): an explicit deny of either, with all layers that deny,
    /// else an implicit deny of the first that has one.
    pub(crate) fn and(self, other: Outcome) -> Outcome {
        match (self.decision, other.decision) {
            (Decision::ExplicitDeny, Decision::ExplicitDeny) => Outcome {
                by: self.by | other.by,
                ..self
            },
            (_, Decision::ExplicitDeny) | (Decision::Allow, _) => other,
            _ => self,
        }
    }

    /// Of a request that is none, is for other images, or is refused before any policy is asked (`STS-4`, `STS-5`): an
    /// implicit deny by no set.
    pub fn undecided() -> Outcome {
        Outcome {
            decision: Decision::ImplicitDeny,
            by: LayerSet::EMPTY,
        }
    }

    /// Denied because a layer does not allow.
    fn implicit(layer: Layer) -> Outcome {
        Outcome {
            decision: Decision::ImplicitDeny,
            by: LayerSet::of(layer),
        }
    }
}

/// What the statements said, all images together: the only thing that [`combine`] learns of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Verdicts {
    /// Layers that are present.
    pub(crate) present: LayerSet,
    /// Layers with a matching Deny.
    pub(crate) deny: LayerSet,
    /// Layers with a matching Allow.
    pub(crate) allow: LayerSet,
    /// The strongest Allow of the resource policy (`EVAL-31`).
    pub(crate) grant: Option<Strength>,
    /// The resource policy is public (`S3-5`).
    pub(crate) public: bool,
}

/// `EVAL-71`, line by line. Both arguments are of one request and one stack.
pub(crate) fn combine(inputs: &CombineInputs, verdicts: &Verdicts) -> Outcome {
    if inputs.exempt {
        return Outcome::allow();
    }
    if !verdicts.deny.is_empty() {
        return Outcome {
            decision: Decision::ExplicitDeny,
            by: verdicts.deny,
        };
    }
    if inputs.refused {
        return Outcome::undecided();
    }
    // RCPFullAWSAccess is attached at every level, so RCPs only ever deny (GRAM-61).
    let present = verdicts.present & inputs.layers;
    let must_allow = (LayerSet::SCPS | LayerSet::VPC_ENDPOINT) & present;
    let silent = must_allow.without(verdicts.allow);
    if !silent.is_empty() {
        return Outcome::implicit(silent.iter().next().unwrap_or(Layer::VpcEndpoint));
    }

    let grant = grant(inputs, verdicts);
    if !inputs.caller.has_account() {
        return match grant {
            Some(Strength::Direct) => Outcome::allow(),
            _ => Outcome::implicit(Layer::Resource),
        };
    }
    let allows = |layer| verdicts.allow.contains(layer);
    let is_present = |layer| present.contains(layer);
    let identity = inputs.root_allows || allows(Layer::Identity);
    let boundary = !is_present(Layer::Boundary) || allows(Layer::Boundary);
    // A federated user without session policy has no permissions of its own (STS-9).
    let session = allows(Layer::Session)
        || !(is_present(Layer::Session) || inputs.caller == CallerKind::FederatedUser);
    let limited = || match boundary {
        false => Outcome::implicit(Layer::Boundary),
        true => Outcome::implicit(Layer::Session),
    };

    if !inputs.same_account {
        // XACC-1, XACC-6.
        if grant.is_none() || inputs.other_partition {
            return Outcome::implicit(Layer::Resource);
        }
        if !identity {
            return Outcome::implicit(Layer::Identity);
        }
        return if boundary && session {
            Outcome::allow()
        } else {
            limited()
        };
    }
    match grant {
        Some(Strength::Direct) => return Outcome::allow(),
        Some(Strength::RoleLike) if boundary && session => return Outcome::allow(),
        None if inputs.needs_resource_policy => return Outcome::implicit(Layer::Resource),
        _ => {}
    }
    if identity && boundary && session {
        return Outcome::allow();
    }
    if !identity && grant < Some(Strength::RoleLike) {
        return Outcome::implicit(Layer::Identity);
    }
    limited()
}

/// The grant of the trusting side: the resource policy's, and what grants outside the language
/// (`EVAL-75`, `S3-4`). A public bucket policy grants nothing to those whom `RestrictPublicBuckets` keeps out.
fn grant(inputs: &CombineInputs, verdicts: &Verdicts) -> Option<Strength> {
    if inputs.external_grant {
        return Some(Strength::Direct);
    }
    let outsider = inputs.caller != CallerKind::Service
        && !(inputs.caller.has_account() && inputs.same_account);
    if inputs.restrict_public_buckets && verdicts.public && outsider {
        return None;
    }
    verdicts.grant
}
