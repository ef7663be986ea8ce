//! The head of a statement: principals, actions, resources.

use portcullis_image::{ANY, NONE, StatementRef, layer_mask};
use portcullis_model::Layer;

use crate::caller::{Strength, identity};
use crate::explain::{Identity, NotListed};
use crate::matcher::{Asked, Matcher};

impl<'a, A: Asked<'a>> Matcher<'a, A> {
    /// How the statement names the caller; none if it does not.
    ///
    /// `layers` are those that the statement stands for here.
    #[inline(always)]
    pub(crate) fn principal(&self, statement: StatementRef<'_>, layers: u32) -> Option<Strength> {
        match statement.principals() {
            NONE => Some(Strength::Direct),
            _ => self.listed_principal(statement, layers),
        }
    }

    #[inline(never)]
    fn listed_principal(&self, statement: StatementRef<'_>, layers: u32) -> Option<Strength> {
        if statement.not_principal() {
            return (!self.is_exempt(statement, layers)).then_some(Strength::Direct);
        }
        if statement.principals() == ANY {
            return Some(Strength::Direct);
        }
        let named = self.asked.named();
        if named.is_empty() {
            return None;
        }
        let mut strongest = None;
        for item in self.view.list(statement.principals()).iter() {
            for own in named.iter().filter(|own| own.principal == item) {
                strongest = strongest.max(Some(own.strength));
            }
        }
        let strength = strongest?;
        // VPCE-2: at a gateway endpoint an account stands for its root user alone, which it names
        // directly. A Deny still falls on the whole account (GRAM-34).
        let root_only = layers == layer_mask(Layer::VpcEndpoint)
            && self.asked.facts().gateway
            && !statement.is_deny();
        (strength != Strength::Account || !root_only).then_some(strength)
    }

    /// `GRAM-51` to `GRAM-53`.
    fn is_exempt(&self, statement: StatementRef<'_>, layers: u32) -> bool {
        !self.is_never_exempt(statement, layers) && self.unlisted(statement) == 0
    }

    /// `GRAM-52`: the caller has a permissions boundary.
    fn is_never_exempt(&self, statement: StatementRef<'_>, layers: u32) -> bool {
        let present = self.asked.present();
        let bounded = self.asked.facts().boundable && present & layer_mask(Layer::Boundary) != 0;
        bounded && statement.is_deny() && layers == layer_mask(Layer::Resource)
    }

    /// The identities of the caller that a `NotPrincipal` does not list (`GRAM-51`, `GRAM-53`).
    fn unlisted(&self, statement: StatementRef<'_>) -> u8 {
        let listed = if statement.principals() == ANY {
            identity::EVERY
        } else {
            let named = self.asked.named();
            self.view
                .list(statement.principals())
                .iter()
                .flat_map(|item| named.iter().filter(move |named| named.principal == item))
                .fold(0, |listed, named| listed | named.identities)
        };
        self.asked.facts().caller.identities() & !listed
    }

    /// The same in words, for explanations.
    pub(crate) fn not_listed(&self, statement: StatementRef<'_>, layers: u32) -> NotListed {
        let unlisted = self.unlisted(statement);
        let caller = self.asked.facts().caller;
        let account = match caller.has_account() {
            true => Identity::Account,
            false => Identity::Itself,
        };
        let entity = match caller.has_account() {
            true => Identity::Entity,
            false => Identity::Itself,
        };
        let all = [
            (identity::FIRST, account),
            (identity::ENTITY, entity),
            (identity::SESSION, Identity::Session),
        ];
        let lacking = all.into_iter().filter(|(bit, _)| unlisted & bit != 0);
        NotListed {
            identities: lacking.map(|(_, identity)| identity).collect(),
            note: if self.is_never_exempt(statement, layers) {
                Some(
                    "the caller has a permissions boundary: no `NotPrincipal` of a resource policy leaves it out",
                )
            } else if unlisted & identity::UNLISTABLE != 0 {
                Some("no list of principals can hold an anonymous caller")
            } else {
                None
            },
        }
    }

    /// `MATCH-13`.
    #[inline]
    pub(crate) fn action(&self, statement: StatementRef<'_>) -> bool {
        let matched = statement.actions() == ANY
            || self.view.list(statement.actions()).any(|item| {
                let action = self.view.action(item);
                self.matches(action.service, self.asked.action().service())
                    && self.matches(action.name, self.asked.action().name())
            });
        matched != statement.not_action()
    }

    /// `MATCH-22`, `MATCH-28`, `MATCH-32`.
    #[inline]
    pub(crate) fn resource(&self, statement: StatementRef<'_>) -> bool {
        let matched = statement.resources() == ANY
            || self
                .view
                .list(statement.resources())
                .any(|pattern| self.matches(pattern, self.asked.resource()));
        matched != statement.not_resource()
    }
}
