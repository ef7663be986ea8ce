//! Whether somebody outside of a zone of trust can make a request that the policies of a resource allow (`AA-453`).
//!
//! [`exists`](crate::exists) asks about one caller who is known. Here nobody is: the caller is of some kind, and of none of the
//! accounts of the zone. Whatever its own side has to say is taken to be said by the policies that are given.

use portcullis_model::{Effect, is_account_id, split_arn};
use portcullis_syntax::ast::{Condition, Document, PrincipalKind, Statement};
use portcullis_syntax::{Policy, PolicySets};

use crate::access::{Selection, recent};
use crate::algebra::{Algebra, Part};
use crate::case::{accounts, looks_at_caller, texts, trusted};
use crate::decision::{Given, Reading, decision, holds, said};
use crate::domain::{Case, Domain, Home, Kind};
use crate::formula::{Formula, Formulas};
use crate::key::{Asked, Test};
use crate::language::Language;
use crate::pattern::{Class, Pattern, Token, glob, text};
use crate::question::{Reason, spelled};
use crate::request::Witness;
use crate::search::{Search, because};
use crate::statement::fold;
use crate::value::Values;
use crate::work::{UsedUp, Work};

/// Whom a question is about, outside of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outsider {
    /// Nobody that is known.
    Anonymous,
    /// Somebody of an account: a user, a session of a role or of a federated user, a root user.
    OfAccount,
    /// Somebody for whom a provider vouches.
    OfProvider,
    /// Somebody who is known by a canonical id.
    Canonical,
    /// An origin access identity of CloudFront.
    OriginAccessIdentity,
}

impl Outsider {
    fn kinds(self) -> &'static [Kind] {
        match self {
            Outsider::Anonymous => &[Kind::Anonymous],
            Outsider::OfAccount => &[Kind::Root, Kind::Role, Kind::User, Kind::FederatedUser],
            Outsider::OfProvider => &[Kind::Federated],
            Outsider::Canonical => &[Kind::Canonical],
            Outsider::OriginAccessIdentity => &[Kind::OriginAccessIdentity],
        }
    }
}

/// A condition that holds of the requests that are asked about, or does not.
#[derive(Clone, Copy, Debug)]
pub struct Held<'s> {
    /// The document that it is of.
    pub document: &'s Document<'s>,
    /// The condition.
    pub condition: &'s Condition<'s>,
    /// Whether it holds.
    pub holds: bool,
}

/// What a question is about.
#[derive(Clone, Copy)]
pub struct Outside<'s> {
    /// The policies that take part.
    pub policies: &'s PolicySets<'s>,
    /// Who asks.
    pub callers: &'s [Outsider],
    /// The accounts that are inside, sorted.
    pub zone: &'s [String],
    /// The organization that is inside.
    pub organization: Option<&'s str>,
    /// The caller is a stranger besides: of no account, address, network or organization that these policies name
    /// (`S3-5`, axiom D9).
    pub are_strangers: bool,
    /// The account that owns the resource.
    pub owner: &'s str,
    /// The partition of caller and resource.
    pub partition: &'s str,
    /// Keys that are known, by their names in lower case: with their value, or absent.
    pub known: &'s [(String, Option<String>)],
    /// The actions that are asked about; a request matches all of these.
    pub actions: &'s [Selection],
    /// The resources that are asked about; a request matches all of these.
    pub resources: &'s [Selection],
    /// Conditions that hold of the requests, or do not.
    pub held: &'s [Held<'s>],
    /// Policies of the resource by none of whose Allows the requests are allowed.
    pub beside: &'s [Policy<'s>],
    /// The units of work that it may cost, for each kind of caller.
    pub work: u64,
}

/// Whether there is a request of somebody outside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Comes {
    /// There is: this one, which was confirmed.
    In(Witness),
    /// There is none.
    Never,
    /// That is not known.
    Unknown(Vec<Reason>),
}

/// Whether somebody outside can make a request that is allowed. `confirm` asks the machine whether it is, and says what it says if
/// not: then another is looked for, and if there is none the answer is unknown.
pub fn comes_in(
    question: &Outside<'_>,
    confirm: &mut dyn FnMut(&Witness) -> Result<(), String>,
) -> Comes {
    let mut reasons = Vec::new();
    let mut near = question.near();
    for kind in question.kinds() {
        let mut work = Work::new(question.work);
        loop {
            let case = question.case(kind, &near);
            let found = question.search(&case, &mut work, &mut reasons, confirm);
            match found {
                Ok(Some(Met::Outside(witness))) => return Comes::In(*witness),
                Ok(Some(Met::Inside(account))) if !near.contains(&account) => {
                    near.push(account);
                    continue;
                }
                // Nothing that is asked keeps it away, so that it would be met again.
                Ok(Some(Met::Inside(_))) => reasons.push(Reason::Work),
                Ok(None) => {}
                Err(UsedUp) if reasons.contains(&Reason::Work) => {}
                Err(UsedUp) => reasons.push(Reason::Work),
            }
            break;
        }
    }
    match reasons.is_empty() {
        true => Comes::Never,
        false => Comes::Unknown(reasons),
    }
}

/// A request that is allowed.
enum Met {
    /// It is of somebody outside, and was confirmed.
    Outside(Box<Witness>),
    /// It has an account of the zone, which nothing kept away.
    Inside(String),
}

/// Keys that only the calls of services have, and what of the zone they would name: its accounts, or its organization. What a
/// service does for somebody inside is nothing that comes from outside (V9 of `docs/choices.md`).
const BY_SERVICES: [&str; 2] = ["aws:sourceaccount", "aws:sourceowner"];

impl Outside<'_> {
    fn limits(&self) -> impl Iterator<Item = &Policy<'_>> {
        let resource = self.policies.resource.iter().flatten();
        resource.chain(self.policies.rcps.iter().flatten())
    }

    fn named_accounts(&self) -> Vec<String> {
        accounts(&texts(self.limits()))
    }

    fn is_inside(&self, account: &str) -> bool {
        let found = self.zone.binary_search_by(|own| own.as_str().cmp(account));
        found.is_ok()
    }

    /// The accounts of the zone that policies name, and the owner. One that nothing names is told apart from one outside by no
    /// more than a wildcard, so it is kept away when it is met: an organization has thousands.
    fn near(&self) -> Vec<String> {
        let mut near = self.named_accounts();
        near.retain(|own| self.is_inside(own));
        near.push(self.owner.to_owned());
        near.dedup();
        near
    }

    /// The kinds of callers that are to be asked about. Whoever has an account is as good as another who has one, if nothing looks
    /// at more of the caller.
    fn kinds(&self) -> Vec<Kind> {
        let is_whole = |value: &str| is_account_id(value) || value.ends_with(":root");
        let is_plain = |statement: &Statement<'_>| {
            statement.principal.is_none_or(|own| {
                let mut list = own.list.iter();
                !own.negated
                    && (statement.effect == Effect::Deny
                        || list.all(|entry| match entry.kind {
                            PrincipalKind::Aws => is_whole(entry.value.value),
                            PrincipalKind::Federated => false,
                            _ => true,
                        }))
            })
        };
        let mut statements = self.limits().flat_map(|own| own.document.statements);
        let are_alike =
            statements.all(is_plain) && !self.limits().chain(self.beside).any(looks_at_caller);
        let kinds = self.callers.iter().flat_map(|own| match own {
            Outsider::OfAccount if are_alike => &[Kind::Root][..],
            own => own.kinds(),
        });
        kinds.copied().collect()
    }

    /// An account of the zone that a request has, and that is not among those that are kept away.
    fn strays(&self, witness: &Witness, case: &Case) -> Option<String> {
        let is_away = |own: &str| match &case.home {
            Home::Other(away) => away.iter().any(|it| it == own),
            Home::Any => false,
        };
        let of_caller =
            witness.with(|request| request.principal.caller.account().map(str::to_owned));
        let keys = witness.context.iter().filter(|(key, _)| {
            let key = fold(key);
            BY_SERVICES.contains(&key.as_str())
                || key == "aws:sourcearn"
                || key == "kms:calleraccount"
        });
        let values = keys.flat_map(|(_, values)| values);
        let of_keys = values.map(|own| match split_arn(own) {
            Some([.., account, _]) => account.to_owned(),
            None => own.clone(),
        });
        let mut all = of_caller.into_iter().chain(of_keys);
        all.find(|own| self.is_inside(own) && !is_away(own))
    }

    /// `near` are the accounts of the zone that are kept away.
    fn case(&self, kind: Kind, near: &[String]) -> Case {
        let mut away = near.to_vec();
        if self.are_strangers {
            away.extend(self.named_accounts());
            away.sort_unstable();
            away.dedup();
        }
        let mut foreign = match self.are_strangers {
            true => self.limits().flat_map(trusted).collect(),
            false => Vec::new(),
        };
        let zone: Language = near.iter().map(|own| text(own)).collect();
        let arns = near.iter().map(|own| -> Pattern {
            let pattern = format!("arn:*:*:*:{own}:");
            let start = glob(&pattern, Class::NotColon);
            start.chain([Token::many(Class::Any)]).collect()
        });
        foreign.extend(BY_SERVICES.map(|key| (key.to_owned(), Values::Text(zone.clone()))));
        foreign.push(("aws:sourcearn".to_owned(), Values::Text(arns.collect())));
        // It is the account of the caller.
        let away_texts: Language = away.iter().map(|own| text(own)).collect();
        foreign.push(("kms:calleraccount".to_owned(), Values::Text(away_texts)));
        if let Some(organization) = self.organization {
            let id = Language::text(organization);
            let paths = format!("{organization}/*");
            let paths = Language::from_iter([glob(&paths, Class::Any).collect::<Pattern>()]);
            for key in ["aws:principalorgid", "aws:sourceorgid"] {
                foreign.push((key.to_owned(), Values::Text(id.clone())));
            }
            for key in ["aws:principalorgpaths", "aws:sourceorgpaths"] {
                foreign.push((key.to_owned(), Values::Text(paths.clone())));
            }
        }
        Case {
            home: match kind.has_account() {
                true => Home::Other(away),
                false => Home::Any,
            },
            partition: Some(self.partition.to_owned()),
            has_owner: true,
            owner: Some(self.owner.to_owned()),
            foreign,
            ..Case::of(Domain::Standard, kind)
        }
    }

    /// The formula of a case: the decision, and what is asked.
    fn root(&self, case: &Case, formulas: &mut Formulas) -> Formula {
        let mut all = vec![decision(self.policies, case, Given::default(), formulas)];
        for own in self.actions {
            all.push(own.actions(formulas));
        }
        for own in self.resources {
            all.push(own.resources(formulas));
        }
        for own in self.held {
            let variables = own.document.has_variables();
            let holds = holds(own.condition, variables, case, formulas);
            all.push(match own.holds {
                true => holds,
                false => formulas.not(holds),
            });
        }
        let beside = said(self.beside, Reading::Resource(false), case, formulas);
        let beside = beside.any(Effect::Allow, formulas);
        all.push(formulas.not(beside));
        for (key, value) in self.known {
            let test = match value {
                Some(value) => Test::texts(Language::text(value)),
                None => Test {
                    asked: Asked::Presence(true, false),
                    ..Test::texts(Language::default())
                },
            };
            all.push(formulas.test(Part::Key(key.clone()), test));
        }
        let keys = self.keys();
        all.extend(recent(|key| keys.iter().any(|own| own == key), formulas));
        formulas.and(all)
    }

    /// The keys of conditions, folded.
    fn keys(&self) -> Vec<String> {
        let statements = self.limits().flat_map(|own| own.document.statements);
        let conditions = statements.flat_map(|own| own.conditions);
        conditions.map(|own| fold(own.key.value)).collect()
    }

    fn search(
        &self,
        case: &Case,
        work: &mut Work,
        reasons: &mut Vec<Reason>,
        confirm: &mut dyn FnMut(&Witness) -> Result<(), String>,
    ) -> Result<Option<Met>, UsedUp> {
        let mut formulas = Formulas::new();
        let root = self.root(case, &mut formulas);
        let resource = || self.policies.resource.iter().flatten();
        let spelling =
            |name: &str| spelled(resource().chain(self.policies.rcps.iter().flatten()), name);
        let mut search = Search::of(&mut formulas, case, root);
        while let Some((model, wishes)) = search.next(work, reasons, &spelling)? {
            let witness = Witness::of(&model, case, spelling);
            if let Some(account) = self.strays(&witness, case) {
                return Ok(Some(Met::Inside(account)));
            }
            match confirm(&witness) {
                Ok(()) => return Ok(Some(Met::Outside(Box::new(witness)))),
                Err(said) => {
                    let witness = Box::new(witness);
                    because(reasons, Reason::Disagreement { witness, said });
                    search.refuse(&wishes);
                }
            }
        }
        Ok(None)
    }
}
