//! The head of a statement: principals, actions, resources.

use portcullis_image::{ANY, NONE, StatementRef, View, layer_mask};
use portcullis_model::Layer;

use crate::combine::caller::{Strength, identity};
use crate::eval::view::Asked;
use crate::pattern::{Matcher, NoVariables};
use crate::request::action::Action;

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
    pub(crate) fn is_never_exempt(&self, statement: StatementRef<'_>, layers: u32) -> bool {
        let present = self.asked.present();
        let bounded = self.asked.facts().boundable && present & layer_mask(Layer::Boundary) != 0;
        bounded && statement.is_deny() && layers == layer_mask(Layer::Resource)
    }

    /// The identities of the caller that a `NotPrincipal` does not list (`GRAM-51`, `GRAM-53`).
    pub(crate) fn unlisted(&self, statement: StatementRef<'_>) -> u8 {
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

/// True if the statement's entries match an action, whose patterns have no variables (`MATCH-13`).
pub(crate) fn matches_action(view: View<'_>, statement: StatementRef<'_>, action: &Action) -> bool {
    let matcher = Matcher {
        view,
        asked: NoVariables,
    };
    let matched = statement.actions() == ANY
        || view.list(statement.actions()).any(|item| {
            let own = view.action(item);
            matcher.matches(own.service, action.service())
                && matcher.matches(own.name, action.name())
        });
    matched != statement.not_action()
}
