//! What would have to change for a request to be allowed. Nothing is guessed: policies are changed one
//! after the other, and the request is decided again, until it is allowed.

use portcullis_model::{Decision, Effect, Layer, Request};
use portcullis_vm::{Explanation, StatementReport};

use crate::resource_policies::has_resource_policy;

/// What one policy set would have to say.
#[derive(Clone, Debug)]
pub enum Need {
    /// These statements deny, and would have to not match.
    NoDeny(Vec<StatementReport>),
    /// A statement would have to allow. Instead of that, the policy of the resource could name the
    /// caller, if `or_resource` is true.
    Allow {
        /// A policy of the resource would do too.
        or_resource: bool,
    },
    /// The resource policy would have to allow, and the resource is of a kind that has none (`XACC-5`).
    NoSuchPolicy,
}

/// All that would have to change, in this order.
#[derive(Clone, Debug)]
pub struct Changes {
    /// What each policy set would have to say.
    pub needs: Vec<(Layer, Need)>,
    /// With these changes the request is allowed, which was tried. Otherwise they are the first of what
    /// is needed: the policies themselves are not at hand, or no policy can allow the request.
    pub suffices: bool,
    /// The policies were at hand.
    pub was_tried: bool,
}

impl Changes {
    /// What is needed beside what an explanation says, as far as that alone can tell.
    pub fn of_explanation(explanation: &Explanation, request: &Request<'_>) -> Changes {
        let needs = explanation.outcome.layers().map(|layer| {
            let need = first(explanation, layer);
            let has_none = layer == Layer::Resource && !has_resource_policy(request);
            match need {
                Need::Allow { .. } if has_none => (layer, Need::NoSuchPolicy),
                need => (layer, need),
            }
        });
        Changes {
            needs: needs.collect(),
            suffices: explanation.outcome.is_allow(),
            was_tried: false,
        }
    }
}

/// What a set that made a decision would have to say.
pub(crate) fn first(explanation: &Explanation, layer: Layer) -> Need {
    // Behind an access point there is a bucket, with a set of the same layer.
    let own = explanation.layers.iter().filter(|own| own.layer == layer);
    let denying = own.flat_map(|own| &own.statements);
    let denying: Vec<StatementReport> = denying
        .filter(|own| own.is_match() && own.effect == Effect::Deny)
        .cloned()
        .collect();
    match explanation.outcome.decision() {
        Decision::ExplicitDeny => Need::NoDeny(denying),
        _ => Need::Allow { or_resource: false },
    }
}
