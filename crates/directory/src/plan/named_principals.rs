//! Which users and roles the policies name.
//!
//! Most principals no policy names but by their account, and nobody need look up their ARN or id to find that out: a bit for
//! each says whether some policy does. What names them by their account is the same for all of an account, and is worked out
//! once.
//!
//! A bit that is set wrongly costs a lookup; one that is missing would lose a statement. So whoever cannot be sure, such as a
//! principal that an update changed, counts as named.

use std::collections::HashSet;

use portcullis_image::{PrincipalForm, PrincipalRecord};
use portcullis_model::{Caller, session_role_name, split_arn};
use portcullis_source::hash::random_state;
use portcullis_vm::{ContextNames, HomeAccount, PrincipalHandle};

use crate::arn::EntityKind;
use crate::plan::stack::ImageStack;
use crate::store::ids::{AccountIdx, PrincipalIdx, Symbol};
use crate::store::tables::{PrincipalRow, Tables};

/// Users and roles as policies know them: a bit for each, and one handle for each account.
#[derive(Debug, Default)]
pub(crate) struct NamedPrincipals {
    /// In the order of the tables.
    accounts: Vec<OfAccount>,
    /// A bit for each user and role that some policy names by its ARN, its id, or the ARN of a session.
    named: Vec<u64>,
    /// Of callers of whom nobody need know by which names policies know them.
    pub(crate) unnamed: PrincipalHandle,
}

/// What is the same for all of an account.
#[derive(Clone, Debug)]
struct OfAccount {
    /// Theirs; absent of an account without users and roles.
    partition: Symbol,
    /// What names them by their account, and where they are at home.
    known: PrincipalHandle,
}

impl NamedPrincipals {
    /// Takes time linear in the principals of the images from the `first` on, and of the tables.
    ///
    /// What was known before, by the numbers that users and roles had then, stays so. Those that have none are
    /// taken as named, which costs time and decides nothing.
    pub(crate) fn new(
        stack: &ImageStack,
        tables: &Tables,
        first: usize,
        before: Option<(&NamedPrincipals, &[PrincipalIdx])>,
    ) -> NamedPrincipals {
        let mut partitions = vec![Symbol::NONE; tables.accounts().rows().len()];
        for principal in tables.principals() {
            if let Some(partition) = partitions.get_mut(principal.account.index()) {
                *partition = principal.partition;
            }
        }
        let accounts = partitions.into_iter().enumerate();
        let accounts = accounts.map(|(account, partition)| OfAccount {
            partition,
            known: known_by_account(stack, tables, AccountIdx::at(account), partition),
        });
        NamedPrincipals {
            accounts: accounts.collect(),
            named: {
                let mut named = match before {
                    Some((before, origins)) => before.renumbered(origins),
                    None => vec![0; tables.principals().len().div_ceil(64)],
                };
                mark_named(&mut named, stack, tables, first);
                named
            },
            unnamed: PrincipalHandle::default(),
        }
    }

    /// The bits of those who are where they were, by the ids that they have now. Whoever is new counts as named.
    fn renumbered(&self, origins: &[PrincipalIdx]) -> Vec<u64> {
        let words = origins.chunks(64).map(|origins| {
            let bits = (0..).zip(origins);
            bits.fold(0, |word, (bit, origin)| {
                word | u64::from(self.is_named(*origin)) << bit
            })
        });
        words.collect()
    }

    /// What is known of the users and roles of an account by the account alone, and the partition that most of
    /// them are in.
    #[inline]
    pub(crate) fn of_account(&self, account: AccountIdx) -> Option<(&PrincipalHandle, Symbol)> {
        let account = self.accounts.get(account.index())?;
        Some((&account.known, account.partition))
    }

    /// Whether a user or role is in the partition of its account.
    pub(crate) fn has_partition(&self, principal: &PrincipalRow) -> bool {
        let account = self.accounts.get(principal.account.index());
        account.is_some_and(|account| account.partition == principal.partition)
    }

    /// Whether some policy names a user or role by itself, not only by its account.
    pub(crate) fn is_named(&self, principal: PrincipalIdx) -> bool {
        let number = principal.index();
        let word = self.named.get(number / 64);
        word.is_none_or(|word| word >> (number % 64) & 1 != 0)
    }
}

/// What names somebody by an account: the account's id or its root ARN. An account without users and roles has no partition,
/// and nobody asks for it.
fn known_by_account(
    stack: &ImageStack,
    tables: &Tables,
    account: AccountIdx,
    partition: Symbol,
) -> PrincipalHandle {
    let mut known = PrincipalHandle::default();
    if partition == Symbol::NONE {
        return known;
    }
    let home = HomeAccount {
        partition: Some(tables.str(partition)),
        account: Some(tables.accounts().digits(account)),
    };
    let by_account = |image, form, parts: &[&str]| match form {
        PrincipalForm::Account | PrincipalForm::AccountArn => stack.principal(image, form, parts),
        _ => None,
    };
    let anybody = portcullis_model::Principal {
        caller: Caller::User { arn: "" },
        user_id: None,
        management_account: false,
        session_token: false,
    };
    let none = ContextNames::default();
    known.set_by(stack.images().len(), by_account, &anybody, home, none);
    known
}

/// Marks those whom images name, from the `first` on: by ARN, by the ARN of a session, and by unique id. Takes time linear in the
/// principals of the images, and in all users and roles if some policy names an id.
fn mark_named(named: &mut [u64], stack: &ImageStack, tables: &Tables, first: usize) {
    let mut mark = |principal: PrincipalIdx| {
        let number = principal.index();
        if let Some(word) = named.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    };
    let mut ids = HashSet::with_hasher(random_state());
    for view in stack.views().skip(first) {
        for record in view.ids::<PrincipalRecord>().map(|id| view.get(id)) {
            let text = view.text(record.text);
            match record.form {
                PrincipalForm::Arn => {
                    let number = tables
                        .number_by_arn(text)
                        .or_else(|| role_of_session(tables, text));
                    number.into_iter().for_each(&mut mark);
                }
                PrincipalForm::UniqueId => {
                    ids.insert(text);
                }
                _ => {}
            }
        }
    }
    if !ids.is_empty() {
        for (number, principal) in tables.principals().iter().enumerate() {
            if principal.id.is_some() && ids.contains(tables.str(principal.id)) {
                mark(PrincipalIdx::at(number));
            }
        }
    }
}

/// The role of which an ARN is that of a session.
fn role_of_session(tables: &Tables, arn: &str) -> Option<PrincipalIdx> {
    let name = session_role_name(arn)?;
    let [_, _, _, _, account, _] = split_arn(arn)?;
    let account = tables.accounts().find_digits(account)?;
    let (number, _) = tables.find_entity(tables, (account, EntityKind::Role, name))?;
    Some(number)
}
