//! What a caller is to a policy: its kind, how strongly policies name it, and the layers that take part.
//!
//! Everything here follows from the kind of the caller alone and is a table, so that a decision looks it up and does not
//! branch by kind. The kinds are those that the rules treat differently; `aws:PrincipalType` has fewer.

use portcullis_image::LayerSet;
use portcullis_image::wire::index;
use portcullis_model::Caller;

/// How strongly an entry of a resource policy names a caller (`EVAL-20` to `EVAL-29`): the order is that of strength, and the
/// strongest entry counts (`EVAL-31`).
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
///
/// ```
/// use portcullis_model::Caller;
/// use portcullis_vm::CallerKind;
///
/// let caller = Caller::from_arn("arn:aws:iam::111122223333:root").unwrap();
/// assert_eq!(CallerKind::of(&caller), CallerKind::Root);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallerKind {
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

impl CallerKind {
    /// The kind of a caller.
    pub fn of(caller: &Caller<'_>) -> CallerKind {
        match caller {
            Caller::Anonymous => CallerKind::Anonymous,
            Caller::Root { .. } => CallerKind::Root,
            Caller::User { .. } => CallerKind::User,
            Caller::Role {
                service_linked: true,
                ..
            } => CallerKind::ServiceLinked,
            Caller::Role { .. } => CallerKind::Role,
            Caller::FederatedUser { .. } => CallerKind::FederatedUser,
            Caller::Service { .. } => CallerKind::Service,
            Caller::Federated { .. } => CallerKind::Federated,
            Caller::CanonicalUser { .. } => CallerKind::CanonicalUser,
            Caller::OriginAccessIdentity { .. } => CallerKind::OriginAccessIdentity,
        }
    }

    /// All kinds, in the order of their numbers.
    const ALL: [CallerKind; 10] = [
        CallerKind::Anonymous,
        CallerKind::Root,
        CallerKind::User,
        CallerKind::Role,
        CallerKind::ServiceLinked,
        CallerKind::FederatedUser,
        CallerKind::Service,
        CallerKind::Federated,
        CallerKind::CanonicalUser,
        CallerKind::OriginAccessIdentity,
    ];

    /// The kind's number.
    #[inline(always)]
    pub(crate) const fn number(self) -> u32 {
        self as u32
    }

    /// The kind with a number; anonymous for numbers that no kind has, which may do least.
    pub(crate) fn of_number(number: u32) -> CallerKind {
        let kind = CallerKind::ALL.get(index(number));
        kind.copied().unwrap_or_default()
    }

    /// What follows from the kind alone.
    #[inline(always)]
    pub(crate) fn traits(self) -> CallerTraits {
        const TRAITS: [CallerTraits; 10] = {
            let mut traits = [CallerTraits::NONE; 10];
            let mut index = 0;
            while index < 10 {
                traits[index] = CallerTraits::of(CallerKind::ALL[index]);
                index += 1;
            }
            traits
        };
        let traits = TRAITS.get(index(self.number()));
        traits.copied().unwrap_or(CallerTraits::NONE)
    }

    /// True if the caller has an account (`EVAL-71`, `acc`).
    pub(crate) const fn has_account(self) -> bool {
        matches!(
            self,
            CallerKind::Root
                | CallerKind::User
                | CallerKind::Role
                | CallerKind::ServiceLinked
                | CallerKind::FederatedUser
        )
    }

    /// True for callers with credentials (`EVAL-90`).
    pub(crate) const fn is_signed(self) -> bool {
        !matches!(self, CallerKind::Anonymous | CallerKind::Federated)
    }

    /// True if a permissions boundary can be attached to the caller (`EVAL-70`).
    pub(crate) const fn can_be_bounded(self) -> bool {
        matches!(
            self,
            CallerKind::User | CallerKind::Role | CallerKind::FederatedUser
        )
    }

    /// The policy sets that take part in the caller's requests if they are present (`EVAL-70`).
    /// Identity policies of the root user take part in AssumeRoot sessions only (`EVAL-50`).
    pub(crate) const fn layers(self, assumed_root: bool) -> LayerSet {
        const RESOURCE: LayerSet = LayerSet::RCPS.union(LayerSet::RESOURCE);
        const PASSING: LayerSet = RESOURCE.union(LayerSet::VPC_ENDPOINT);
        const ROOT: LayerSet = PASSING.union(LayerSet::SCPS);
        const USER: LayerSet = ROOT.union(LayerSet::IDENTITY).union(LayerSet::BOUNDARY);
        match self {
            CallerKind::Root if assumed_root => ROOT.union(LayerSet::IDENTITY),
            CallerKind::Root => ROOT,
            CallerKind::User => USER,
            CallerKind::Role | CallerKind::FederatedUser => USER.union(LayerSet::SESSION),
            CallerKind::ServiceLinked => LayerSet::VPC_ENDPOINT
                .union(LayerSet::RESOURCE)
                .union(LayerSet::IDENTITY),
            CallerKind::Service => RESOURCE,
            CallerKind::Anonymous
            | CallerKind::Federated
            | CallerKind::CanonicalUser
            | CallerKind::OriginAccessIdentity => PASSING,
        }
    }

    /// The identities of the caller that a `NotPrincipal` must all list to exempt it (`GRAM-51`,
    /// `GRAM-53`).
    pub(crate) fn identities(self) -> u8 {
        match self {
            CallerKind::Root
            | CallerKind::Service
            | CallerKind::Federated
            | CallerKind::CanonicalUser => identity::FIRST,
            CallerKind::User | CallerKind::FederatedUser => identity::FIRST | identity::ENTITY,
            CallerKind::Role | CallerKind::ServiceLinked => {
                identity::FIRST | identity::ENTITY | identity::SESSION
            }
            // It has no account that could be listed beside it.
            CallerKind::OriginAccessIdentity => identity::ENTITY,
            CallerKind::Anonymous => identity::UNLISTABLE,
        }
    }
}

/// What follows from the kind of a caller alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallerTraits {
    /// See [`CallerKind::layers`].
    pub(crate) layers: LayerSet,
    /// It acts for an account, so that same-account rules can hold (`EVAL-33`).
    pub(crate) has_account: bool,
    /// A permissions boundary can be attached to it (`EVAL-70`).
    pub(crate) can_be_bounded: bool,
    /// It has credentials (`EVAL-90`).
    pub(crate) is_signed: bool,
}

impl CallerTraits {
    const NONE: CallerTraits = CallerTraits {
        layers: LayerSet::EMPTY,
        has_account: false,
        can_be_bounded: false,
        is_signed: false,
    };

    /// Works them out; a table when the crate is compiled.
    const fn of(kind: CallerKind) -> CallerTraits {
        CallerTraits {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_at_their_numbers() {
        for (number, kind) in CallerKind::ALL.into_iter().enumerate() {
            assert_eq!(index(kind.number()), number);
            assert_eq!(kind.traits().layers, kind.layers(false));
        }
    }
}
