//! The head of a statement: principals, actions, resources.
//!
//! Action and resource are looked at only where the index has not settled them. Principals are numbers that were found when the
//! request was made ready, so that a list is compared with a handful of numbers and no text is read. `NotPrincipal` exempts
//! only whom it lists in every way in which the caller can be listed (`GRAM-51`).

use portcullis_image::{LayerSet, Principals, Ref, Statement, View};

use crate::combine::caller::{Strength, identity};
use crate::eval::view::RequestView;
use crate::pattern::{Matcher, NoVariables};
use crate::request::action::Action;

impl<'a, A: RequestView<'a>> Matcher<'a, A> {
    /// How the statement names the caller; none if it does not.
    ///
    /// `layers` are those that the statement stands for here.
    #[inline(always)]
    pub(crate) fn principal(
        &self,
        statement: Ref<'_, Statement>,
        layers: LayerSet,
    ) -> Option<Strength> {
        match statement.principals() {
            Principals::Unsaid => Some(Strength::Direct),
            _ => self.listed_principal(statement, layers),
        }
    }

    /// Statements that have principals. Never inlined: identity policies have none.
    #[inline(never)]
    fn listed_principal(
        &self,
        statement: Ref<'_, Statement>,
        layers: LayerSet,
    ) -> Option<Strength> {
        if statement.not_principal() {
            return (!self.is_exempt(statement, layers)).then_some(Strength::Direct);
        }
        let Some(list) = statement.principals().list() else {
            return Some(Strength::Direct);
        };
        let named = self.request.named();
        if named.is_empty() {
            return None;
        }
        let mut strongest = None;
        for item in self.view.list(list).iter() {
            for own in named.iter().filter(|own| own.principal == item) {
                strongest = strongest.max(Some(own.strength));
            }
        }
        let strength = strongest?;
        // VPCE-2: at a gateway endpoint an account stands for its root user alone, which it names
        // directly. A Deny still falls on the whole account (GRAM-34).
        let root_only = layers == LayerSet::VPC_ENDPOINT
            && self.request.inputs().gateway
            && !statement.is_deny();
        (strength != Strength::Account || !root_only).then_some(strength)
    }

    /// `GRAM-51` to `GRAM-53`.
    fn is_exempt(&self, statement: Ref<'_, Statement>, layers: LayerSet) -> bool {
        !self.is_never_exempt(statement, layers) && self.unlisted(statement) == 0
    }

    /// `GRAM-52`: the caller has a permissions boundary.
    pub(crate) fn is_never_exempt(&self, statement: Ref<'_, Statement>, layers: LayerSet) -> bool {
        let present = self.request.present();
        let bounded = self.request.inputs().may_have_boundary && present.meets(LayerSet::BOUNDARY);
        bounded && statement.is_deny() && layers == LayerSet::RESOURCE
    }

    /// The identities of the caller that a `NotPrincipal` does not list (`GRAM-51`, `GRAM-53`).
    pub(crate) fn unlisted(&self, statement: Ref<'_, Statement>) -> u8 {
        let listed = match statement.principals().list() {
            None => identity::EVERY,
            Some(list) => {
                let named = self.request.named();
                let items = self.view.list(list);
                items
                    .iter()
                    .flat_map(|item| named.iter().filter(move |named| named.principal == item))
                    .fold(0, |listed, named| listed | named.identities)
            }
        };
        self.request.inputs().caller.identities() & !listed
    }

    /// `MATCH-13`: some entry matches the action, or none if the element is negated.
    #[inline]
    pub(crate) fn action(&self, statement: Ref<'_, Statement>) -> bool {
        let matched = statement.actions().list().is_none_or(|list| {
            self.view.list(list).any(|item| {
                let action = self.view.get(item);
                self.matches(action.service, self.request.action().service())
                    && self.matches(action.name, self.request.action().name())
            })
        });
        matched != statement.not_action()
    }

    /// `MATCH-22`, `MATCH-28`, `MATCH-32`: some entry matches the resource, or none if the element is negated.
    #[inline]
    pub(crate) fn resource(&self, statement: Ref<'_, Statement>) -> bool {
        let matched = statement.resources().list().is_none_or(|list| {
            let patterns = self.view.list(list);
            patterns.any(|pattern| self.matches(pattern, self.request.resource()))
        });
        matched != statement.not_resource()
    }
}

/// True if the statement's entries match an action, whose patterns have no variables (`MATCH-13`).
pub(crate) fn matches_action(
    view: View<'_>,
    statement: Ref<'_, Statement>,
    action: &Action,
) -> bool {
    let matcher = Matcher {
        view,
        request: NoVariables,
    };
    let matched = statement.actions().list().is_none_or(|list| {
        view.list(list).any(|item| {
            let own = view.get(item);
            matcher.matches(own.service, action.service())
                && matcher.matches(own.name, action.name())
        })
    });
    matched != statement.not_action()
}
