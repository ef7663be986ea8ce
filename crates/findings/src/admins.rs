//! Who may do anything, and what is excepted.
//!
//! An administrator may do what no policy names, on everything, also in the service that gives permissions, and may give itself
//! policies: whoever has all but that is none. What is allowed on everything is proved: no request is refused.

use portcullis_prove::Selection;

use crate::answer::{Can, Shown};
use crate::caller::Asker;
use crate::questions::Questions;
use crate::taken_away::taken_away;

/// An administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// Whether it is one, or is one with other keys.
    pub can: Can,
    /// What it may not do, or only on some resources or with other keys; of one that needs keys, with the first that are shown.
    pub exceptions: Vec<Exception>,
}

/// Something that an administrator may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The actions.
    pub actions: Selection,
    /// Whether some of it can be done: on some resources, or with other keys.
    pub can: Can,
}

/// Actions that no policy names, of a service that there is not, and of the one that gives permissions.
const ANYTHING: [&str; 2] = [
    "portcullis-any-service:AnyAction",
    "iam:PortcullisAnyAction",
];

impl<'d> Questions<'d> {
    /// Whether somebody is an administrator; none if it is known not to be. Whether it can become one is another question.
    pub fn administrator(&mut self, asker: &Asker<'d>) -> Option<Administrator> {
        let everything = Selection::of(["*"]);
        if !self.may_give_itself(asker) {
            return None;
        }
        for action in ANYTHING {
            let actions = Selection::of([action]);
            let can = match self.can(asker, &actions, &everything) {
                // What it may do on some resources it may do on the others with keys, perhaps.
                Can::Yes(_) => self.where_refused(asker, &actions),
                can => can,
            };
            match can {
                Can::Yes(_) => {}
                Can::No => return None,
                Can::Unknown(reasons) => {
                    return Some(Administrator {
                        can: Can::Unknown(reasons),
                        exceptions: Vec::new(),
                    });
                }
                Can::If(all) => {
                    // With these keys it has to be allowed on everything, and so has the other.
                    let mut is_enough = |shown: &Shown| {
                        self.with_keys(&shown.keys, |own| {
                            let mut both = ANYTHING.iter();
                            both.all(|one| own.is_allowed_on_all(asker, &Selection::of([*one])))
                        })
                    };
                    let mut all = all;
                    all.retain(&mut is_enough);
                    if all.is_empty() {
                        return None;
                    }
                    // What is excepted also from whoever has the keys that are shown first.
                    let keys = all.first().map(|own| own.keys.clone()).unwrap_or_default();
                    let exceptions = self.with_keys(&keys, |own| own.exceptions_of(asker));
                    return Some(Administrator {
                        can: Can::If(all),
                        exceptions,
                    });
                }
            }
        }
        let exceptions = self.exceptions_of(asker);
        let can = self.can(asker, &Selection::of([ANYTHING[0]]), &everything);
        Some(Administrator { can, exceptions })
    }

    /// False if somebody may do none of what gives it the rest: an administrator is whom nothing keeps from anything.
    fn may_give_itself(&mut self, asker: &Asker<'d>) -> bool {
        let actions: &[&str] = match asker.is_user() {
            true => &["iam:AttachUserPolicy", "iam:PutUserPolicy"],
            false => &["iam:AttachRolePolicy", "iam:PutRolePolicy"],
        };
        let itself = Selection::of(asker.arn());
        self.can(asker, &Selection::of(actions.iter().copied()), &itself) != Can::No
    }

    /// Whether somebody would be an administrator if its own policies allowed everything: nothing that limits it denies that.
    pub(crate) fn would_be_administrator(&mut self, asker: &Asker<'d>) -> bool {
        self.with_all_rights(|own| {
            let mut both = ANYTHING.iter();
            both.all(|one| own.is_allowed_on_all(asker, &Selection::of([*one])))
        })
    }

    /// What policies take away from somebody who may do anything else.
    fn exceptions_of(&mut self, asker: &Asker<'d>) -> Vec<Exception> {
        let Ok(own) = self.policies_for(asker, "*") else {
            return Vec::new();
        };
        let everything = Selection::of(["*"]);
        let mut found = Vec::new();
        for (_, actions) in taken_away(&own) {
            if !self.is_allowed_on_all(asker, &actions) {
                let can = self.can(asker, &actions, &everything);
                found.push(Exception { actions, can });
            }
        }
        found
    }
}
