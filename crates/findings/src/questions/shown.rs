//! The answer to what was found: the requests that are shown, with no key that they do not need.

use std::rc::Rc;

use bumpalo::Bump;
use portcullis_directory::{Miss, RequestPolicies};
use portcullis_model::{Effect, Request};
use portcullis_prove::{Example, Selection};

use super::{ALTERNATIVES, Ask, Element, Found, Gathered, Questions, Scope};
use crate::answer::{Can, Shown};
use crate::caller::Asker;
use crate::class::{Class, lower};

impl<'d> Questions<'d> {
    /// The answer to what was found.
    pub(super) fn answer(
        &mut self,
        asker: &Asker<'d>,
        scope: &Rc<Scope>,
        element: Option<Element<'d>>,
        search: Gathered,
    ) -> Can {
        if let Some((_, example)) = search.yes {
            let unless = self.refusal(asker, &example);
            return Can::Yes(Shown {
                action: example.action,
                resource: example.resource,
                keys: Vec::new(),
                unless,
            });
        }
        let mut all: Vec<Shown> = Vec::new();
        for (class, example) in search.if_keys {
            let mut found = Some(example);
            let mut not_all: Vec<Vec<String>> = Vec::new();
            while let Some(example) = found.take() {
                let least = self.least(asker, example, true);
                let shown = Shown {
                    action: least.action,
                    resource: least.resource,
                    keys: least.context,
                    unless: Vec::new(),
                };
                let keys: Vec<String> = shown.keys.iter().map(|(key, _)| lower(key)).collect();
                if keys.is_empty() {
                    // It needs none of them after all.
                    return Can::Yes(shown);
                }
                if all.len() >= ALTERNATIVES {
                    break;
                }
                let is_new = !all.iter().any(|own| own.keys == shown.keys);
                not_all.push(keys);
                if is_new {
                    all.push(shown);
                }
                let ask = Ask {
                    not_all: &not_all,
                    ..Ask::of((asker, scope, element), &class)
                };
                if let Found::Example(example) = self.ask(&ask) {
                    found = Some(example);
                }
            }
        }
        match (all.is_empty(), search.reasons.is_empty()) {
            (false, _) => Can::If(all),
            (true, true) => Can::No,
            (true, false) => Can::Unknown(search.reasons),
        }
    }

    /// Whether what is refused on a target that the directory does not know, with what is given and no other key, is allowed
    /// there with other keys; yes if it is proved that nothing is refused.
    pub(crate) fn where_refused(&mut self, asker: &Asker<'d>, actions: &Selection) -> Can {
        let refused = match self.refused(asker, actions) {
            Found::None => return Can::Yes(Shown::default()),
            Found::Unknown(reasons) => return Can::Unknown(reasons),
            Found::Example(refused) => refused,
        };
        // What is no ARN is told by leaving these out: as a pattern it is everything.
        let is_arn = refused.resource != "*";
        let but_arns = ["arn:*".to_owned()];
        let resources = Selection::of([refused.resource.as_str()]);
        let scope = Scope::of(actions.clone(), resources);
        let class = match is_arn {
            true => Class::One(refused.resource),
            false => Class::NoAccount,
        };
        let ask = Ask {
            excluded: if is_arn { &[] } else { &but_arns },
            ..Ask::of((asker, &scope, None), &class)
        };
        match self.ask(&ask) {
            Found::None => Can::No,
            Found::Unknown(reasons) => Can::Unknown(reasons),
            Found::Example(example) => {
                let least = self.least(asker, example, true);
                Can::If(vec![Shown {
                    action: least.action,
                    resource: least.resource,
                    keys: least.context,
                    unless: Vec::new(),
                }])
            }
        }
    }

    /// The request without keys that it does not need to be decided as it is.
    fn least(&mut self, asker: &Asker<'d>, example: Example, wanted: bool) -> Example {
        let mut own = example;
        own.context.retain(|(_, values)| !values.is_empty());
        let mut at = 0;
        while at < own.context.len() {
            let mut fewer = own.clone();
            fewer.context.remove(at);
            match self.decided(asker, &fewer) {
                Ok(decided) if decided == wanted => own = fewer,
                _ => at += 1,
            }
        }
        own
    }

    /// Keys by which an allowed request would be refused.
    fn refusal(&mut self, asker: &Asker<'d>, example: &Example) -> Vec<(String, Vec<String>)> {
        if !self.directory.has_documents() {
            return Vec::new();
        }
        let scope = Scope::of(
            Selection::of([example.action.as_str()]),
            Selection::of([example.resource.as_str()]),
        );
        let class = Class::One(example.resource.clone());
        let ask = Ask {
            wanted: false,
            ..Ask::of((asker, &scope, None), &class)
        };
        match self.ask(&ask) {
            Found::Example(found) => self.least(asker, found, false).context,
            _ => Vec::new(),
        }
    }

    /// What may let a refused request through, and was not given: keys that its policies ask for, and of a role the provider and
    /// the name of the session, if a statement asks for them. Without any, nothing else is decided whatever else there is.
    pub(super) fn may_depend_on(
        &mut self,
        asker: &Asker<'d>,
        example: &Example,
    ) -> Result<Vec<String>, String> {
        let arena = Bump::new();
        let request = Request {
            principal: asker.principal,
            context: self.given,
            resource_account: self.owner,
            ..Request::new(asker.principal.caller, &example.action, &example.resource)
        };
        let completed = self
            .directory
            .complete(&request, RequestPolicies::default(), &arena);
        let completed = completed.map_err(|error| error.to_string())?;
        let explained = self.engine.explain(self.directory, &completed);
        let explained = explained.map_err(|error| error.to_string())?;
        let statements = explained.layers.iter().flat_map(|own| &own.statements);
        let allows = statements.filter(|own| own.effect == Effect::Allow);
        let entries = allows
            .flat_map(|own| &own.misses)
            .filter_map(|own| match own {
                Miss::Principal(own) => Some(&own.entries),
                _ => None,
            });
        let mut all = explained.missing_keys.clone();
        for entry in entries.flatten() {
            let of_session = match entry.kind {
                "Federated" if asker.role_arn().is_some() => Some("aws:FederatedProvider"),
                "AWS" if asker.is_role() && self.is_session(asker, &entry.value) => {
                    Some("the name of the session")
                }
                _ => None,
            };
            all.extend(of_session.map(str::to_owned));
        }
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// True for the ARN of a session of a role.
    fn is_session(&self, role: &Asker<'d>, arn: &str) -> bool {
        let of = self.directory.role_of_session(arn);
        of.is_some() && of.as_deref() == role.role_arn()
    }
}
