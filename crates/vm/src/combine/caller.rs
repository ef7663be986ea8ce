//! What a caller is to a policy: the principals that name it, and the policy sets that take part.

use portcullis_image::layer_mask;
use portcullis_model::{Caller, Layer};

/// How strongly an entry of a resource policy names a caller (`EVAL-20` to `EVAL-29`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// By its account, which delegates to the account's own policies.
    Account,
    /// By its role, or by the user who made the session.
    RoleLike,
    /// By itself, or as everyone.
    Direct,
}

/// Kinds of caller, as far as they are treated differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Nobody.
    #[default]
    Anonymous,
    /// The root user of an account (`EVAL-50`).
    Root,
    /// A user.
    User,
    /// A session of a role.
    Role,
    /// A session of a role that is linked to a service (`EVAL-54`).
    ServiceLinked,
    /// A user that a session of GetFederationToken stands for.
    FederatedUser,
    /// A service of AWS.
    Service,
    /// Somebody that a provider knows.
    Federated,
    /// A user of S3 by its canonical id.
    CanonicalUser,
    /// An origin access identity of CloudFront.
    OriginAccessIdentity,
}

impl Kind {
    /// The kind of a caller.
    pub fn of(caller: &Caller<'_>) -> Kind {
        match caller {
            Caller::Anonymous => Kind::Anonymous,
            Caller::Root { .. } => Kind::Root,
            Caller::User { .. } => Kind::User,
            Caller::Role {
                service_linked: true,
                ..
            } => Kind::ServiceLinked,
            Caller::Role { .. } => Kind::Role,
            Caller::FederatedUser { .. } => Kind::FederatedUser,
            Caller::Service { .. } => Kind::Service,
            Caller::Federated { .. } => Kind::Federated,
            Caller::CanonicalUser { .. } => Kind::CanonicalUser,
            Caller::OriginAccessIdentity { .. } => Kind::OriginAccessIdentity,
        }
    }

    /// All kinds, in the order of their numbers.
    const ALL: [Kind; 10] = [
        Kind::Anonymous,
        Kind::Root,
        Kind::User,
        Kind::Role,
        Kind::ServiceLinked,
        Kind::FederatedUser,
        Kind::Service,
        Kind::Federated,
        Kind::CanonicalUser,
        Kind::OriginAccessIdentity,
    ];

    /// The kind with a number.
    pub(crate) fn of_number(number: u32) -> Kind {
        let kind = Kind::ALL.get(number as usize);
        kind.copied().unwrap_or_default()
    }

    /// What follows from the kind alone.
    #[inline(always)]
    pub(crate) fn traits(self) -> OfKind {
        const TRAITS: [OfKind; 10] = {
            let mut traits = [OfKind::NONE; 10];
            let mut index = 0;
            while index < 10 {
                traits[index] = OfKind::of(Kind::ALL[index]);
                index += 1;
            }
            traits
        };
        let traits = TRAITS.get(self as usize);
        traits.copied().unwrap_or(OfKind::NONE)
    }

    /// True if the caller has an account (`EVAL-71`, `acc`).
    pub(crate) const fn has_account(self) -> bool {
        matches!(
            self,
            Kind::Root | Kind::User | Kind::Role | Kind::ServiceLinked | Kind::FederatedUser
        )
    }

    /// True for callers with credentials (`EVAL-90`).
    pub(crate) const fn is_signed(self) -> bool {
        !matches!(self, Kind::Anonymous | Kind::Federated)
    }

    /// True if a permissions boundary can be attached to the caller (`EVAL-70`).
    pub(crate) const fn can_be_bounded(self) -> bool {
        matches!(self, Kind::User | Kind::Role | Kind::FederatedUser)
    }

    /// The policy sets that take part in the caller's requests if they are present (`EVAL-70`).
    /// Identity policies of the root user take part in AssumeRoot sessions only (`EVAL-50`).
    pub(crate) const fn layers(self, assumed_root: bool) -> u32 {
        let (scp, rcp) = (SCP_CHAIN, RCP_CHAIN);
        let identity = layer_mask(Layer::Identity);
        let boundary = layer_mask(Layer::Boundary);
        let session = layer_mask(Layer::Session);
        let resource = layer_mask(Layer::Resource);
        let endpoint = layer_mask(Layer::VpcEndpoint);
        match self {
            Kind::Root if assumed_root => scp | rcp | endpoint | resource | identity,
            Kind::Root => scp | rcp | endpoint | resource,
            Kind::User => scp | rcp | endpoint | resource | identity | boundary,
            Kind::Role | Kind::FederatedUser => {
                scp | rcp | endpoint | resource | identity | boundary | session
            }
            Kind::ServiceLinked => endpoint | resource | identity,
            Kind::Service => rcp | resource,
            Kind::Anonymous
            | Kind::Federated
            | Kind::CanonicalUser
            | Kind::OriginAccessIdentity => rcp | endpoint | resource,
        }
    }

    /// The identities of the caller that a `NotPrincipal` must all list to exempt it (`GRAM-51`,
    /// `GRAM-53`).
    pub(crate) fn identities(self) -> u8 {
        match self {
            Kind::Root | Kind::Service | Kind::Federated | Kind::CanonicalUser => identity::FIRST,
            Kind::User | Kind::FederatedUser => identity::FIRST | identity::ENTITY,
            Kind::Role | Kind::ServiceLinked => {
                identity::FIRST | identity::ENTITY | identity::SESSION
            }
            // It has no account that could be listed beside it.
            Kind::OriginAccessIdentity => identity::ENTITY,
            Kind::Anonymous => identity::UNLISTABLE,
        }
    }
}

/// What follows from the kind of a caller alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfKind {
    /// See [`Kind::layers`].
    pub(crate) layers: u32,
    pub(crate) has_account: bool,
    pub(crate) can_be_bounded: bool,
    /// It has credentials (`EVAL-90`).
    pub(crate) is_signed: bool,
}

impl OfKind {
    const NONE: OfKind = OfKind {
        layers: 0,
        has_account: false,
        can_be_bounded: false,
        is_signed: false,
    };

    const fn of(kind: Kind) -> OfKind {
        OfKind {
            layers: kind.layers(false),
            has_account: kind.has_account(),
            can_be_bounded: kind.can_be_bounded(),
            is_signed: kind.is_signed(),
        }
    }
}

/// Bits of the identities of a caller.
pub(crate) mod identity {
    /// The account; of callers without account the only identity.
    pub(crate) const FIRST: u8 = 1;
    /// The user, role or federated user.
    pub(crate) const ENTITY: u8 = 2;
    /// The role session.
    pub(crate) const SESSION: u8 = 4;
    /// An identity that no list can hold.
    pub(crate) const UNLISTABLE: u8 = 128;
    /// What `*` lists.
    pub(crate) const EVERY: u8 = 255;
}

/// The masks of all levels of the two chains.
pub(crate) const SCP_CHAIN: u32 = ((1 << Layer::MAX_LEVELS) - 1) << 5;
/// See [`SCP_CHAIN`].
pub(crate) const RCP_CHAIN: u32 = ((1 << Layer::MAX_LEVELS) - 1) << 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_at_their_numbers() {
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(kind.traits().layers, kind.layers(false));
        }
    }

    #[test]
    fn the_masks_are_those_of_the_levels() {
        let all = |layer: fn(u8) -> Layer| {
            (0..Layer::MAX_LEVELS).fold(0, |mask, level| mask | layer_mask(layer(level)))
        };
        assert_eq!(SCP_CHAIN, all(Layer::Scp));
        assert_eq!(RCP_CHAIN, all(Layer::Rcp));
    }
}
