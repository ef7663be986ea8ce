//! Whom the principals of a statement name.
//!
//! Entries are shown as they are written. Of `NotPrincipal` those are shown that list the caller, and which of its identities
//! the list lacks: leaving out a role without its account or its sessions is the usual mistake (`GRAM-51`).

use alloc::string::ToString;
use alloc::vec::Vec;

use portcullis_image::{LayerSet, PrincipalForm, Principals, Ref, Statement};

use crate::combine::caller::identity;
use crate::eval::view::RequestView;
use crate::explain::report::{Identity, NotListed, PrincipalEntry, PrincipalMiss};
use crate::pattern::Matcher;
use crate::prepare::ready::ReadyInImage;

/// `GRAM-31`, `GRAM-51`: whom a list names, where that is not the caller, or is all of it. Empty if the statement says no
/// principals. Of `NotPrincipal` only the entries are reported that name the caller.
pub(super) fn principal_miss(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    statement: Ref<'_, Statement>,
) -> PrincipalMiss {
    let view = matcher.view;
    let negated = statement.not_principal();
    let list = match statement.principals() {
        Principals::Everyone => {
            return PrincipalMiss {
                negated,
                entries: Vec::from([PrincipalEntry {
                    kind: "AWS",
                    value: "*".to_string(),
                }]),
            };
        }
        Principals::Unsaid => return PrincipalMiss::default(),
        Principals::Listed(list) => view.list(list),
    };
    let named = matcher.request.named();
    let reported = list
        .iter()
        .filter(|item| !negated || named.iter().any(|own| own.principal == *item));
    let entries = reported.map(|item| {
        let record = view.get(item);
        PrincipalEntry {
            kind: match record.form {
                PrincipalForm::Account
                | PrincipalForm::AccountArn
                | PrincipalForm::Arn
                | PrincipalForm::UniqueId => "AWS",
                PrincipalForm::Service => "Service",
                PrincipalForm::Federated => "Federated",
                PrincipalForm::CanonicalUser => "CanonicalUser",
            },
            value: view.text(record.text).to_string(),
        }
    });
    PrincipalMiss {
        negated,
        entries: entries.collect(),
    }
}

/// What a `NotPrincipal` that reaches the caller lacks to leave it out.
pub(super) fn not_listed(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    statement: Ref<'_, Statement>,
    layers: LayerSet,
) -> NotListed {
    let unlisted = matcher.unlisted(statement);
    let caller = matcher.request.inputs().caller;
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
        note: if matcher.is_never_exempt(statement, layers) {
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
