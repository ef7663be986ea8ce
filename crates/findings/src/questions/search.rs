//! The classes of targets, asked one after the other until one answers.

use std::rc::Rc;

use portcullis_directory::KnownTarget;
use portcullis_model::{is_account_id, split_arn};
use portcullis_prove::{Example, needs_no_permission};

use super::{Ask, Element, Found, Gathered, Questions, Scope};
use crate::answer::Can;
use crate::caller::Asker;
use crate::class::Class;

impl<'d> Questions<'d> {
    /// A single action on a single resource.
    pub(super) fn one(
        &mut self,
        asker: &Asker<'d>,
        scope: &Rc<Scope>,
        (action, resource): (&str, &str),
    ) -> Can {
        let class = Class::One(resource.to_owned());
        let bare = Example {
            action: action.to_owned(),
            resource: resource.to_owned(),
            context: Vec::new(),
        };
        let mut search = Gathered::default();
        match self.decided(asker, &bare) {
            Err(error) => return Can::Unknown(vec![error]),
            Ok(true) => search.yes = Some((class, bare)),
            Ok(false) if needs_no_permission(action) => return Can::No,
            Ok(false) if !self.directory.has_documents() => {
                return match self.may_depend_on(asker, &bare) {
                    Ok(all) if all.is_empty() => Can::No,
                    Ok(all) => Can::Unknown(vec![format!(
                        "it may depend on what was not given, and an image does not hold policies as they are written: {}",
                        all.join(", ")
                    )]),
                    Err(error) => Can::Unknown(vec![error]),
                };
            }
            Ok(false) => {
                let found = self.ask(&Ask::of((asker, scope, None), &class));
                search.take(class, found);
            }
        }
        self.answer(asker, scope, None, search)
    }

    /// Targets that the directory does not know.
    pub(super) fn unknown_targets(
        &mut self,
        asker: &Asker<'d>,
        scope: &Rc<Scope>,
        element: Option<Element<'d>>,
        search: &mut Gathered,
    ) {
        let ask = |class, bare| Ask {
            bare,
            ..Ask::of((asker, scope, element), class)
        };
        // Of most callers this is all: nothing, shared with everybody who has the same policies.
        if !self.is_possible((asker, scope, element), &Class::Unknown) {
            return;
        }
        let classes = [Class::NoAccount, Class::Own];
        for bare in [true, false] {
            for class in &classes {
                if search.yes.is_some() {
                    return;
                }
                let found = self.ask(&ask(class, bare));
                match (bare, found) {
                    (true, Found::Example(example)) => {
                        search.yes = Some((class.clone(), example));
                    }
                    (true, _) => {}
                    (false, found) => search.take(class.clone(), found),
                }
            }
        }
    }

    /// False only if it is proved of more than a class of targets that nothing is allowed on it.
    pub(super) fn is_possible(
        &mut self,
        (asker, scope, element): (&Asker<'d>, &Rc<Scope>, Option<Element<'d>>),
        class: &Class,
    ) -> bool {
        let ask = Ask::of((asker, scope, element), class);
        self.ask_once(&ask, &[]).0 != Found::None
    }

    /// Targets that the directory knows, as far as something is known of them that decides.
    pub(super) fn known_targets(
        &mut self,
        asker: &Asker<'d>,
        scope: &Rc<Scope>,
        element: Option<Element<'d>>,
        search: &mut Gathered,
    ) {
        for place in self.candidates((asker, scope, element)) {
            self.known_target((asker, scope, element), place, search);
            if search.yes.is_some() {
                return;
            }
        }
    }

    /// One target that the directory knows.
    pub(super) fn known_target(
        &mut self,
        (asker, scope, element): (&Asker<'d>, &Rc<Scope>, Option<Element<'d>>),
        place: usize,
        search: &mut Gathered,
    ) {
        let class = Class::Known(place);
        let ask = |bare| Ask {
            bare,
            ..Ask::of((asker, scope, element), &class)
        };
        match self.ask(&ask(false)) {
            Found::None => return,
            found => search.take(class.clone(), found),
        }
        if let Found::Example(example) = self.ask(&ask(true)) {
            search.yes = Some((class, example));
        }
    }
}

/// True if something is known of a target that may allow what is not allowed of unknown ones, to callers of an account.
pub(crate) fn decides(target: &KnownTarget, home: &str) -> bool {
    let is_own = target.owner.as_deref().is_none_or(|owner| owner == home);
    let says_owner = || {
        let in_arn = split_arn(&target.example).map(|[.., account, _]| account);
        target.owner.is_some() && !in_arn.is_some_and(is_account_id)
    };
    target.has_policy || target.has_grants || is_own && (target.has_tags || says_owner())
}
