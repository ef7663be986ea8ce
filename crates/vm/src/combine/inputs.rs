//! What decides, beside the statements, how the verdicts of the layers are combined.
//!
//! It follows from few things of a request: who asks, what for, whose the resource is. Most requests are alike in all of
//! them, so the inputs are remembered by these few bits ([`InputsCache`]) and worked out anew only for others. That took a
//! prepared request from 1,022 instructions to 893 (`docs/benchmarks/targets.md`).
//!
//! Nothing here looks at a policy, but for which layers are present.

use portcullis_image::LayerSet;
use portcullis_image::wire::index;

use crate::combine::action::{ActionTraits, Service};
use crate::combine::caller::CallerKind;
use crate::combine::ownership::Ownership;
use crate::stack::StackId;

/// What combining the verdicts takes beside them: everything that follows from the request alone. The rules that it is worked
/// out by are sections 5.2 to 5.9.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CombineInputs {
    /// What kind of caller it is, on which most of the rest depends.
    pub(crate) caller: CallerKind,
    /// The layers that take part if they are present (`EVAL-70`).
    pub(crate) layers: LayerSet,
    /// Layers whose Deny statements do not count (`EVAL-52`).
    pub(crate) deny_exempt: LayerSet,
    /// The action needs no permission (`EVAL-90`).
    pub(crate) exempt: bool,
    /// The service takes no such call from such credentials, whatever the policies say (`STS-4`, `STS-5`).
    pub(crate) refused: bool,
    /// The root user, whose identity side allows everything (`EVAL-50`).
    pub(crate) root_allows: bool,
    /// Caller and resource are of one account (`EVAL-13`).
    pub(crate) same_account: bool,
    /// They are of different partitions (`XACC-6`).
    pub(crate) other_partition: bool,
    /// A KMS key, or a role for STS: nothing is allowed without its policy (`KMS-1`, `TRUST-1`).
    pub(crate) needs_resource_policy: bool,
    /// The endpoint is taken as a gateway endpoint (`VPCE-2`).
    pub(crate) gateway: bool,
    /// The caller can have a boundary, which `NotPrincipal` looks at (`GRAM-52`).
    pub(crate) may_have_boundary: bool,
    /// Something outside the policy language grants the request (`EVAL-75`).
    pub(crate) external_grant: bool,
    /// `RestrictPublicBuckets` is in force, and the action is one of S3 (`S3-4`).
    pub(crate) restrict_public_buckets: bool,
    /// The owner of the resource is an assumption (`EVAL-12`).
    pub(crate) owner_assumed: bool,
    /// What [`sufficient_layers`] says.
    pub(crate) sufficient_layers: LayerSet,
}

/// What the inputs follow from: a request without its texts.
pub(crate) struct Applicability<'a> {
    pub(crate) caller: CallerKind,
    /// Its account is the organization's management account.
    pub(crate) management_account: bool,
    /// The session is one of AssumeRoot (`EVAL-50`).
    pub(crate) assumed_root: bool,
    pub(crate) action: &'a ActionTraits,
    /// What [`ActionTraits::refuses`] says.
    pub(crate) refused: bool,
    /// Whose the resource is, to this caller.
    pub(crate) ownership: Ownership,
    /// Nothing is allowed without the resource's policy ([`ActionTraits::needs_resource_policy`]).
    pub(crate) needs_resource_policy: bool,
    /// As the request says (`S3-4`).
    pub(crate) restrict_public_buckets: bool,
    /// As the request says (`EVAL-75`).
    pub(crate) external_grant: bool,
    /// The layers that are present.
    pub(crate) present: LayerSet,
}

impl Applicability<'_> {
    /// All of it but what is present: what follows from equal bits, and from what is present, is equal.
    #[inline(always)]
    fn bits(&self) -> u32 {
        let flags = u32::from(self.management_account)
            | u32::from(self.assumed_root) << 1
            | u32::from(self.ownership.same_account) << 2
            | u32::from(self.ownership.assumed) << 3
            | u32::from(self.ownership.other_partition) << 4
            | u32::from(self.needs_resource_policy) << 5
            | u32::from(self.restrict_public_buckets) << 6
            | u32::from(self.external_grant) << 7
            | u32::from(self.refused) << 8;
        self.caller.number() | flags << 4 | self.action.bits << 13
    }
}

impl<'a> Applicability<'a> {
    /// That of which these are the bits. Nothing else of it is kept while it is compared with what is remembered.
    fn of_bits(bits: u32, action: &'a ActionTraits, present: LayerSet) -> Applicability<'a> {
        let flag = |bit: u32| bits >> (4 + bit) & 1 != 0;
        Applicability {
            caller: CallerKind::of_number(bits & 15),
            management_account: flag(0),
            assumed_root: flag(1),
            action,
            refused: flag(8),
            ownership: Ownership {
                same_account: flag(2),
                assumed: flag(3),
                other_partition: flag(4),
            },
            needs_resource_policy: flag(5),
            restrict_public_buckets: flag(6),
            external_grant: flag(7),
            present,
        }
    }
}

/// Inputs that were worked out before. They follow from few things of a request, which are mostly the same ones. Sixteen
/// entries, one for each hash; an entry counts only if all bits and the stack are the same.
#[derive(Clone, Debug)]
pub(crate) struct InputsCache {
    /// The stack and the bits that inputs follow from, with the inputs.
    known: [(StackId, u32, CombineInputs); InputsCache::LEN],
}

impl InputsCache {
    const LEN: usize = 16;

    /// Remembers nothing.
    pub(crate) const fn new() -> InputsCache {
        InputsCache {
            known: [(StackId::NONE, 0, CombineInputs::NONE); InputsCache::LEN],
        }
    }

    /// The number of the inputs that follow for a stack of images, in which the same layers are always present.
    #[inline(always)]
    pub(crate) fn number_of(&mut self, stack: StackId, applicability: &Applicability<'_>) -> usize {
        let bits = applicability.bits();
        let number = index(bits.wrapping_mul(0x9e37_79b1) >> 28);
        if let Some(known) = self.known.get_mut(number) {
            if !(known.0.is_same(stack) && known.1 == bits) {
                InputsCache::fill(
                    known,
                    stack,
                    bits,
                    applicability.action,
                    applicability.present,
                );
            }
        }
        number
    }

    /// The same for whatever layers are present: units that a host selects differ from request to request, so that nothing is
    /// remembered.
    pub(crate) fn number_of_units(&mut self, applicability: &Applicability<'_>) -> usize {
        if let Some(known) = self.known.first_mut() {
            *known = (StackId::NONE, 0, CombineInputs::of(applicability));
        }
        0
    }

    /// Works inputs out anew. Cold, and of the bits alone, so that nothing else need be kept while they are compared.
    #[cold]
    #[inline(never)]
    fn fill(
        known: &mut (StackId, u32, CombineInputs),
        stack: StackId,
        bits: u32,
        action: &ActionTraits,
        present: LayerSet,
    ) {
        let applicability = Applicability::of_bits(bits, action, present);
        *known = (stack, bits, CombineInputs::of(&applicability));
    }

    /// Inputs by a number that was just asked for.
    #[inline(always)]
    pub(crate) fn get(&self, number: usize) -> &CombineInputs {
        const NONE: &CombineInputs = &CombineInputs::NONE;
        self.known.get(number).map_or(NONE, |known| &known.2)
    }
}

impl CombineInputs {
    /// Of no request.
    pub(crate) const NONE: CombineInputs = CombineInputs {
        caller: CallerKind::Anonymous,
        layers: LayerSet::EMPTY,
        deny_exempt: LayerSet::EMPTY,
        exempt: false,
        refused: false,
        root_allows: false,
        same_account: false,
        other_partition: false,
        needs_resource_policy: false,
        gateway: false,
        may_have_boundary: false,
        external_grant: false,
        restrict_public_buckets: false,
        owner_assumed: false,
        sufficient_layers: LayerSet::EMPTY,
    };

    /// Works them out.
    #[inline]
    pub(crate) fn of(applicability: &Applicability<'_>) -> CombineInputs {
        let Applicability {
            caller,
            action,
            ownership:
                Ownership {
                    same_account,
                    assumed,
                    other_partition,
                },
            present,
            ..
        } = *applicability;
        let traits = action;
        let kind = caller.traits();
        let mut layers = match applicability.assumed_root {
            true => caller.layers(true),
            false => kind.layers,
        };
        if applicability.management_account {
            layers &= !LayerSet::SCPS; // SCP-3
        }
        let own_resource = kind.has_account && same_account;
        let rcp = present.meets(LayerSet::RCPS)
            && traits.is_limited_by_rcps
            && !(applicability.management_account && own_resource);
        if !rcp {
            layers &= !LayerSet::RCPS; // RCP-3, RCP-4, RCP-5
        }
        let mut inputs = CombineInputs {
            caller,
            layers,
            deny_exempt: if caller == CallerKind::Root && same_account && traits.bucket_policy {
                LayerSet::RESOURCE
            } else {
                LayerSet::EMPTY
            },
            exempt: kind.is_signed & traits.exempt,
            refused: applicability.refused,
            root_allows: caller == CallerKind::Root && !applicability.assumed_root,
            same_account,
            other_partition,
            needs_resource_policy: applicability.needs_resource_policy,
            gateway: matches!(traits.service, Service::S3 | Service::DynamoDb),
            may_have_boundary: kind.can_be_bounded,
            external_grant: applicability.external_grant,
            restrict_public_buckets: applicability.restrict_public_buckets
                & (traits.service == Service::S3),
            owner_assumed: assumed & kind.has_account,
            sufficient_layers: LayerSet::EMPTY,
        };
        inputs.sufficient_layers = sufficient_layers(&inputs, present);
        inputs
    }
}

/// For a caller who acts within its account (`EVAL-33`): the layers that together allow a request which no policy denies,
/// and [`LayerSet::NO_LAYER`]. Empty for all others, and for a request that was never finished.
///
/// This is the usual way through [`super::combine`], worked out when the request is looked up.
#[inline(always)]
pub(crate) fn sufficient_layers(inputs: &CombineInputs, present: LayerSet) -> LayerSet {
    let within =
        inputs.caller.has_account() && inputs.same_account && !inputs.needs_resource_policy;
    if !within || inputs.refused || inputs.caller == CallerKind::FederatedUser {
        return LayerSet::EMPTY;
    }
    let limits = LayerSet::SCPS | LayerSet::VPC_ENDPOINT | LayerSet::BOUNDARY | LayerSet::SESSION;
    let identity = match inputs.root_allows {
        true => LayerSet::EMPTY,
        false => LayerSet::IDENTITY,
    };
    if !inputs.layers.contains_all(identity) {
        // What does not take part never allows.
        return LayerSet::EMPTY;
    }
    limits & present & inputs.layers | identity | LayerSet::NO_LAYER
}

/// True if these layers, which allow a request that no policy denies, are known to suffice: the usual end
/// of a decision, without [`super::combine`]. Layers that do not take part may be among them, and
/// [`LayerSet::NO_LAYER`] is. Two operations; false only means that the rules must be gone through.
#[inline]
pub(crate) fn is_sufficient(inputs: &CombineInputs, allow: LayerSet) -> bool {
    !inputs.sufficient_layers.is_empty() && allow.contains_all(inputs.sufficient_layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is remembered for bits follows from these.
    #[test]
    fn bits_tell_what_they_are_of() {
        for bits in 0..10 << 9 {
            let (kind, flags) = (bits % 10, bits / 10);
            let bits = kind | flags << 4;
            assert_eq!(
                Applicability::of_bits(bits, &ActionTraits::NONE, LayerSet::EMPTY).bits(),
                bits
            );
        }
    }
}
