//! Whom policies name, and who of them is outside.

use portcullis_model::{is_account_id, split_arn};
use portcullis_prove::Outsider;
use portcullis_syntax::ast::{PrincipalEntry, PrincipalKind, Principals};

/// A principal as a policy names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    /// The member under which it stands.
    pub kind: PrincipalKind,
    /// The entry; `*` for everyone.
    pub value: String,
}

impl Named {
    /// Everyone.
    pub fn everyone() -> Named {
        Named {
            kind: PrincipalKind::Everyone,
            value: "*".to_owned(),
        }
    }

    /// The member of `principal` in the shape of Access Analyzer (`AA-451`).
    pub fn member(&self) -> &'static str {
        match self.kind {
            PrincipalKind::Everyone | PrincipalKind::Aws => "AWS",
            PrincipalKind::Federated => "Federated",
            PrincipalKind::CanonicalUser => "CanonicalUser",
            PrincipalKind::Service => "Service",
        }
    }

    pub(super) fn is_everyone(&self) -> bool {
        self.kind == PrincipalKind::Everyone
    }

    pub(super) fn is_unique_id(&self) -> bool {
        self.kind == PrincipalKind::Aws && self.account().is_none()
    }

    /// How much it names, from the least to the most: what others cover is looked for in this order.
    pub(super) fn breadth(&self) -> u8 {
        match self.kind {
            PrincipalKind::Everyone => 2,
            PrincipalKind::Aws if self.account().is_some() && self.is_whole_account() => 1,
            _ => 0,
        }
    }

    fn is_whole_account(&self) -> bool {
        is_account_id(&self.value) || self.value.ends_with(":root")
    }

    /// The account that it is of, if the entry says so.
    pub(super) fn account(&self) -> Option<&str> {
        let value = self.value.as_str();
        match is_account_id(value) {
            true => Some(value),
            false => split_arn(value).map(|[.., account, _]| account),
        }
    }

    /// True if nobody outside of the accounts of the zone, which are sorted, is named; services are nobody outside (`AA-453`).
    pub(super) fn is_inside(&self, zone: &[String]) -> bool {
        match self.kind {
            PrincipalKind::Service => true,
            PrincipalKind::Aws => {
                let account = self.account();
                account.is_some_and(|own| {
                    zone.binary_search_by(|inside| inside.as_str().cmp(own))
                        .is_ok()
                })
            }
            PrincipalKind::Everyone | PrincipalKind::Federated | PrincipalKind::CanonicalUser => {
                false
            }
        }
    }

    /// Whose requests it may be that the entry allows. Roles are assumed by whoever has an account or a provider, and providers
    /// vouch for nothing else (`TRUST-4`).
    pub(super) fn callers(&self, is_role: bool) -> &'static [Outsider] {
        match self.kind {
            PrincipalKind::Everyone if is_role => &[Outsider::OfAccount, Outsider::OfProvider],
            PrincipalKind::Everyone => &[Outsider::Anonymous, Outsider::OfAccount],
            PrincipalKind::Federated => &[Outsider::OfProvider, Outsider::OfAccount],
            PrincipalKind::CanonicalUser => &[Outsider::Canonical],
            PrincipalKind::Aws if self.account() == Some("cloudfront") => {
                &[Outsider::OriginAccessIdentity]
            }
            PrincipalKind::Aws => &[Outsider::OfAccount],
            PrincipalKind::Service => &[],
        }
    }
}

/// Whom the principals of an Allow name; everyone, if all but a few are named.
pub(super) fn named_by(principals: &Principals<'_>) -> Vec<Named> {
    let one = |entry: &PrincipalEntry<'_>| match entry.kind {
        PrincipalKind::Everyone => Named::everyone(),
        kind => Named {
            kind,
            value: entry.value.value.to_owned(),
        },
    };
    let mut all: Vec<Named> = match principals.negated {
        true => vec![Named::everyone()],
        false => principals.list.iter().map(one).collect(),
    };
    let mut at = 0;
    while at < all.len() {
        match all.iter().position(|own| Some(own) == all.get(at)) {
            Some(first) if first < at => {
                all.remove(at);
            }
            _ => at += 1,
        }
    }
    all
}
