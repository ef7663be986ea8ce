//! Whether a caller who is known can make a request that is allowed: one question of all layers together.
//!
//! [`compare`](crate::compare) asks what documents say of anybody. Here the caller, the policies that take part, and what
//! follows from both are given, as a directory knows them; open are the action, the resource, and the keys of which nothing
//! is known. What is known is put into the formula while that is made, so that what remains is small, and it is noted which
//! of it was looked at: whoever has the same policies, and the same of that, gets the same answer.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_image::value::instant;
use portcullis_model::{Caller, Principal, session_names, split_arn};
use portcullis_syntax::PolicySets;
use portcullis_syntax::ast::{Document, Entries};

use crate::algebra::{Algebra, Part, Variable};
use crate::decision::{Given, decision};
use crate::domain::{Case, Domain, Kind};
use crate::formula::{Formula, Formulas};
use crate::key::{Asked, Test};
use crate::language::Language;
use crate::pattern::{Class, Pattern, Token, VariableId, glob, may_meet, text};
use crate::question::{Reason, spelled};
use crate::request::Example;
use crate::search::{Search, because};
use crate::statement::{fold, resources};
use crate::theory::Model;
use crate::typed::Orders;
use crate::value::Values;
use crate::variable::{Environment, Taken, substitute};
use crate::work::{UsedUp, Work};

/// Actions or resources: those that match one of some patterns, or all but those.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Selection {
    /// Patterns as those of Action and Resource (`MATCH-10`, `MATCH-20`), without policy variables.
    pub patterns: Vec<String>,
    /// All but what matches.
    pub negated: bool,
}

impl Selection {
    /// What matches one of these.
    pub fn of<T: Into<String>>(patterns: impl IntoIterator<Item = T>) -> Selection {
        Selection {
            patterns: patterns.into_iter().map(Into::into).collect(),
            negated: false,
        }
    }

    /// What matches none of these.
    pub fn but<T: Into<String>>(patterns: impl IntoIterator<Item = T>) -> Selection {
        Selection {
            negated: true,
            ..Selection::of(patterns)
        }
    }

    /// True if an action is selected.
    pub fn has_action(&self, action: &str) -> bool {
        let language: Language = self
            .alike_in_lower_case(action)
            .filter_map(action_pattern)
            .collect();
        language.contains(&action.to_ascii_lowercase()) != self.negated
    }

    /// True if a resource is selected.
    pub fn has_resource(&self, resource: &str) -> bool {
        let language: Language = self
            .patterns
            .iter()
            .map(|own| resource_pattern(own))
            .collect();
        language.contains(resource) != self.negated
    }

    /// The one thing that is selected, if it is one.
    pub fn only(&self) -> Option<&str> {
        match self.patterns.as_slice() {
            [one] if !self.negated && !one.contains(['*', '?']) => Some(one),
            _ => None,
        }
    }

    /// False only if no resource is selected that matches a pattern, by what both begin and end with.
    pub fn may_meet_resource(&self, pattern: &str) -> bool {
        if self.negated || self.patterns.iter().any(|own| own == "*") {
            return true;
        }
        // Most begin otherwise, which takes no list of tokens to see.
        let alike = |own: &&String| {
            let (own, other) = before_wildcards(own, pattern);
            own == other
        };
        let mut own = self.patterns.iter().filter(alike).peekable();
        if own.peek().is_none() {
            return false;
        }
        let other: Pattern = glob(pattern, Class::Any).collect();
        own.any(|own| may_meet(&resource_pattern(own), &other))
    }

    /// The same for actions.
    pub fn may_meet_action(&self, pattern: &str) -> bool {
        let mut own = self.alike_in_lower_case(pattern).peekable();
        if !self.negated && own.peek().is_none() {
            return false;
        }
        let Some(other) = action_pattern(pattern) else {
            return false;
        };
        let mut own = own.filter_map(action_pattern);
        self.negated || own.any(|own| may_meet(&own, &other))
    }

    /// The patterns that do not begin otherwise than a pattern of actions.
    fn alike_in_lower_case<'s>(&'s self, pattern: &'s str) -> impl Iterator<Item = &'s str> {
        let alike = move |own: &&str| {
            let (own, other) = before_wildcards(own, pattern);
            own.eq_ignore_ascii_case(other)
        };
        self.patterns.iter().map(String::as_str).filter(alike)
    }

    pub(crate) fn actions(&self, formulas: &mut Formulas) -> Formula {
        let language = self
            .patterns
            .iter()
            .filter_map(|own| action_pattern(own))
            .collect();
        let holds = formulas.test(Part::Action, Test::texts(language));
        if self.negated {
            formulas.not(holds)
        } else {
            holds
        }
    }

    pub(crate) fn resources(&self, formulas: &mut Formulas) -> Formula {
        let language = self
            .patterns
            .iter()
            .map(|own| resource_pattern(own))
            .collect();
        let holds = formulas.test(Part::Resource, Test::texts(language));
        if self.negated {
            formulas.not(holds)
        } else {
            holds
        }
    }
}

/// `MATCH-10`: compared in lower case; a pattern without a colon matches nothing, but for `*`.
fn action_pattern(entry: &str) -> Option<Pattern> {
    let entry = entry.to_ascii_lowercase();
    match entry.split_once(':') {
        Some(_) => Some(glob(&entry, Class::Any).collect()),
        None if entry.bytes().all(|byte| byte == b'*') => Some(glob("*:*", Class::Any).collect()),
        None => None,
    }
}

fn resource_pattern(entry: &str) -> Pattern {
    glob(entry, Class::Any).collect()
}

/// The account part of the ARNs of resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccountPart<'s> {
    /// Anything, and `*`.
    #[default]
    Any,
    /// No account's number, so that the caller's account is taken for the owner (`EVAL-12`); and `*`.
    NoNumber,
    /// This number.
    Number(&'s str),
}

impl AccountPart<'_> {
    fn holds(self, formulas: &mut Formulas) -> Formula {
        let account: Pattern = match self {
            AccountPart::Any => return formulas.constant(true),
            AccountPart::NoNumber => (0..12).map(|_| Token::one(Class::Digit)).collect(),
            AccountPart::Number(number) => text(number),
        };
        let mut arn: Pattern = text("arn:");
        for _ in 0..3 {
            arn.extend([Token::many(Class::NotColon), Token::one(Class::Char(':'))]);
        }
        arn.extend(account);
        arn.extend([Token::one(Class::Char(':')), Token::many(Class::Any)]);
        let has = formulas.test(Part::Resource, Test::texts(Language::from_iter([arn])));
        match self {
            AccountPart::NoNumber => formulas.not(has),
            _ => has,
        }
    }
}

/// A key of which a little is known: it has one value at most, which matches a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenKey {
    /// The key, in lower case.
    pub key: String,
    /// The pattern, with the wildcards of policies.
    pub pattern: String,
    /// The key is in every request.
    pub is_there: bool,
}

/// What a question is about.
pub struct Situation<'s> {
    /// The policies that take part, for every request that is asked about.
    pub policies: &'s PolicySets<'s>,
    /// Who asks, with the unique id if that is known. Of a role without a session it is not known which session asks: what
    /// only sessions of some name may do is then left out, and the id is open.
    pub caller: Principal<'s>,
    /// The values of a key, by its name in lower case, if they are known; none in them for a key that is absent. Keys that
    /// follow from the caller need not be told.
    pub known: &'s dyn Fn(&str) -> Option<Vec<String>>,
    /// What is known of keys whose values are not. Without the others ([`Situation::bare`]) they are absent all the same.
    pub open: &'s [OpenKey],
    /// The actions that are asked about; a request matches all of these.
    pub actions: &'s [Selection],
    /// The resources that are asked about; a request matches all of these.
    pub resources: &'s [Selection],
    /// Actions on resources that are not asked about.
    pub excluded: &'s [(Selection, Selection)],
    /// The Resource or NotResource of a statement of a document, which requests match too.
    pub element: Option<(&'s Document<'s>, &'s Entries<'s>)>,
    /// The account in the ARNs of the resources.
    pub account: AccountPart<'s>,
    /// Of the keys of each of these lists, by their names in lower case, one at least is absent.
    pub not_all: &'s [Vec<String>],
    /// The resources are of the caller's account.
    pub is_owner: bool,
    /// Caller and resources are in different partitions.
    pub crosses_partitions: bool,
    /// Something outside of policies grants the requests (`EVAL-75`).
    pub external_grant: bool,
    /// Keys of which nothing is known are absent; else they may be anything.
    pub bare: bool,
    /// Whether requests are looked for that are allowed, or not.
    pub wanted: bool,
    /// The units of work that it may cost.
    pub work: u64,
}

/// What two patterns begin with, to where the first wildcard or variable of either is: what matches both begins alike.
fn before_wildcards<'t>(one: &'t str, other: &'t str) -> (&'t [u8], &'t [u8]) {
    let start = |own: &str| own.find(['*', '?', '$']).unwrap_or(own.len());
    let both = start(one).min(start(other));
    let start = |own: &'t str| own.as_bytes().get(..both).unwrap_or_default();
    (start(one), start(other))
}

/// Whether there is a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Existence {
    /// There is: this one, which was confirmed.
    Example(Example),
    /// There is none.
    None,
    /// That is not known.
    Unknown(Vec<Reason>),
}

/// What was looked at of a request.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// Names of keys and of what else policies look at, with their values if they are known: of what is open, and of what
    /// variables stand for.
    values: BTreeMap<String, Option<Vec<String>>>,
    /// Of what is known else, the answers to what was asked of it: many callers differ in what they are called and in none of
    /// these.
    answers: Vec<(String, Test, bool)>,
}

impl Looked {
    /// True if a key was looked at and its values are not known.
    pub fn is_open(&self, name: &str) -> bool {
        self.values.get(name) == Some(&None)
    }
}

/// What is known of a situation, to be held against what was looked at in others.
pub struct Likeness<'s>(Known<'s>);

impl Likeness<'_> {
    /// True if somebody who has the same policies has this situation too, as far as it was looked at. Of the kind of
    /// caller, the owner and the selections it is taken for granted that they are the same.
    pub fn is(&self, looked: &Looked) -> bool {
        let Likeness(known) = self;
        let mut values = looked.values.iter();
        let mut answers = looked.answers.iter();
        values.all(|(name, values)| known.named(name) == *values)
            && answers.all(|(name, test, holds)| {
                let values = known.named(name);
                values.is_some_and(|values| test.of_values(&values) == *holds)
            })
    }
}

impl Situation<'_> {
    /// To find out whether this was asked before.
    pub fn likeness(&self) -> Likeness<'_> {
        Likeness(Known::of(self))
    }
}

/// Whether there is a request in a situation that is allowed, or if that is wanted one that is not. `confirm` asks the
/// machine whether a request is what is looked for, and says what it is if not: then another is looked for, and if there
/// is none the answer is unknown.
pub fn exists(
    situation: &Situation<'_>,
    confirm: &mut dyn FnMut(&Example) -> Result<(), String>,
) -> (Existence, Looked) {
    let mut known = Known::of(situation);
    let root = root(situation, &mut known);
    let Known {
        formulas,
        case,
        looked,
        ..
    } = known;
    let mut work = Work::new(situation.work);
    let mut reasons = Vec::new();
    let formula = (formulas, root);
    let found = situation.search(&case, formula, &mut work, &mut reasons, confirm);
    let answer = match found {
        Ok(Some(example)) => Existence::Example(example),
        Ok(None) if reasons.is_empty() => Existence::None,
        Ok(None) => Existence::Unknown(reasons),
        Err(UsedUp) => {
            reasons.push(Reason::Work);
            Existence::Unknown(reasons)
        }
    };
    (answer, looked)
}

/// The keys that say when a request is made or its credentials were, and the first time that is asked about, as a date and as
/// seconds: what was allowed until some year in the past is not, and there is no clock here.
const TIMES: [(&str, bool); 3] = [
    ("aws:currenttime", true),
    ("aws:tokenissuetime", true),
    ("aws:epochtime", false),
];
const NOT_BEFORE: (&str, &str) = ("2025-01-01T00:00:00Z", "1735689600");

/// A key says no time in the past, if it says one.
fn is_recent(is_date: bool) -> Test {
    let orders = Orders {
        less: false,
        equal: true,
        greater: true,
    };
    let values = match is_date {
        true => Values::Date(orders, instant::parse(NOT_BEFORE.0).into_iter().collect()),
        false => Values::Number(orders, vec![NOT_BEFORE.1.to_owned()]),
    };
    Test {
        if_exists: true,
        ..Test::values(values)
    }
}

/// Those of the keys that tell a time at which somebody looks tell none in the past. Only where somebody looks: else the key
/// would be in every answer.
pub(crate) fn recent(is_looked_at: impl Fn(&str) -> bool, formulas: &mut Formulas) -> Vec<Formula> {
    let looked_at = TIMES.into_iter().filter(|(key, _)| is_looked_at(key));
    looked_at
        .map(|(key, is_date)| formulas.test(Part::Key(key.to_owned()), is_recent(is_date)))
        .collect()
}

/// The formula of a situation: the decision, and what is asked.
fn root(situation: &Situation<'_>, known: &mut Known<'_>) -> Formula {
    let case = known.case.clone();
    let given = Given {
        is_owner: situation.is_owner,
        is_manager: situation.caller.management_account,
        crosses_partitions: situation.crosses_partitions,
        session_token: situation.caller.session_token,
        external_grant: situation.external_grant,
        shut_out: false,
    };
    let allowed = decision(situation.policies, &case, given, known);
    let mut all = vec![match situation.wanted {
        true => allowed,
        false => known.not(allowed),
    }];
    if let Some((document, entries)) = situation.element {
        let test = resources(entries, document, known);
        let listed = known.test(Part::Resource, test);
        all.push(if entries.negated {
            known.not(listed)
        } else {
            listed
        });
    }
    all.append(&mut known.pinned);
    let formulas = &mut known.formulas;
    for selection in situation.actions {
        all.push(selection.actions(formulas));
    }
    for selection in situation.resources {
        all.push(selection.resources(formulas));
    }
    for (actions, resources) in situation.excluded {
        let both = vec![actions.actions(formulas), resources.resources(formulas)];
        let both = formulas.and(both);
        all.push(formulas.not(both));
    }
    all.push(situation.account.holds(formulas));
    for keys in situation.not_all {
        let absent = keys.iter().map(|key| {
            let absent = Test {
                asked: Asked::Presence(true, false),
                ..Test::texts(Language::default())
            };
            formulas.test(Part::Key(key.clone()), absent)
        });
        let absent = absent.collect();
        all.push(formulas.or(absent));
    }
    if !situation.bare {
        let looked = &known.looked;
        all.extend(recent(|key| looked.is_open(key), &mut known.formulas));
    }
    let formulas = &mut known.formulas;
    for own in situation.open {
        if situation.bare || !known.looked.is_open(&own.key) {
            continue;
        }
        let language = Language::from_iter([glob(&own.pattern, Class::Any).collect::<Pattern>()]);
        let test = Test {
            if_exists: !own.is_there,
            ..Test::texts(language)
        };
        all.push(formulas.test(Part::Key(own.key.clone()), test));
    }
    formulas.and(all)
}

impl Situation<'_> {
    /// A confirmed request that makes the formula true. Why there may be another is added to the reasons.
    fn search(
        &self,
        case: &Case,
        (mut formulas, root): (Formulas, Formula),
        work: &mut Work,
        reasons: &mut Vec<Reason>,
        confirm: &mut dyn FnMut(&Example) -> Result<(), String>,
    ) -> Result<Option<Example>, UsedUp> {
        let spelling = |name: &str| self.spelling(name);
        let mut search = Search::of(&mut formulas, case, root);
        while let Some((model, wishes)) = search.next(work, reasons, &spelling)? {
            let example = self.example(&model);
            match confirm(&example) {
                Ok(()) => return Ok(Some(example)),
                Err(said) => {
                    let example = Box::new(example);
                    because(reasons, Reason::Refused { example, said });
                    search.refuse(&wishes);
                }
            }
        }
        Ok(None)
    }

    /// A name as policies or the question write it.
    fn spelling(&self, name: &str) -> String {
        let sets = self.policies;
        let optional = [&sets.boundary, &sets.session, &sets.resource];
        let optional = optional.into_iter().flatten().flatten();
        let chains = sets.scps.iter().chain(&sets.rcps).flatten();
        let mut asked = self.actions.iter().flat_map(|own| &own.patterns);
        match asked.find(|own| fold(own) == name) {
            Some(own) => own.clone(),
            None => spelled(sets.identity.iter().chain(optional).chain(chains), name),
        }
    }

    /// The request that a model is.
    fn example(&self, model: &Model) -> Example {
        let one = |part: &Part| model.get(part).and_then(|values| values.first());
        let action = one(&Part::Action).map_or("", String::as_str);
        let resource = one(&Part::Resource).map_or("*", String::as_str);
        let keys = model.iter().filter_map(|(part, values)| match part {
            Part::Key(key) if (self.known)(key).is_none() => {
                Some((self.spelling(key), values.clone()))
            }
            _ => None,
        });
        Example {
            action: self.spelling(action),
            resource: resource.to_owned(),
            context: keys.collect(),
        }
    }
}

/// The algebra of formulas in which what is known has its answer already.
struct Known<'k> {
    situation: &'k Situation<'k>,
    formulas: Formulas,
    case: Case,
    /// The ARN by which policies know the caller.
    arn: Option<String>,
    looked: Looked,
    /// Keys have the values that are known.
    pinned: Vec<Formula>,
}

impl<'k> Known<'k> {
    fn of(situation: &'k Situation<'k>) -> Known<'k> {
        let caller = situation.caller.caller;
        let kind = Kind::of(caller);
        let arn = match caller {
            Caller::Role { role_arn, .. } => Some(role_arn),
            caller => caller.arn(),
        };
        Known {
            situation,
            formulas: Formulas::new(),
            case: Case::of(Domain::Standard, kind),
            arn: arn.map(str::to_owned),
            looked: Looked::default(),
            pinned: Vec::new(),
        }
    }

    /// The values of what has a name, if they are known. That it was looked at is noted.
    fn values(&mut self, name: &str) -> Option<Vec<String>> {
        if let Some(values) = self.looked.values.get(name) {
            return values.clone();
        }
        let values = self.named(name);
        self.looked.values.insert(name.to_owned(), values.clone());
        values
    }

    /// The answer to a test of what has a name, if its values are known. That it was asked is noted.
    fn answer(&mut self, name: &str, test: &Test) -> Option<bool> {
        let holds = test.of_values(&self.named(name)?);
        let answers = &mut self.looked.answers;
        if !answers.iter().any(|(own, of, _)| own == name && of == test) {
            answers.push((name.to_owned(), test.clone(), holds));
        }
        Some(holds)
    }

    /// The values of what has a name, if they are known.
    fn named(&self, name: &str) -> Option<Vec<String>> {
        let principal = self.situation.caller;
        let text = match (name, principal.caller) {
            (".caller", _) => self.arn.as_deref(),
            (".session", Caller::Role { session_arn, .. }) => {
                let last = session_arn.and_then(split_arn).map(|parts| parts[5]);
                last.and_then(session_names).map(|(_, name)| name)
            }
            (".maker", Caller::FederatedUser { federated_by, .. }) => federated_by,
            // Principals name the id, which is known also where the key is not.
            (".id", _) => principal.user_id,
            (".service", Caller::Service { name }) => Some(name),
            (".provider", Caller::Federated { provider }) => Some(provider),
            (".canonical", Caller::CanonicalUser { id }) => Some(id),
            _ if name.starts_with('.') => None,
            _ => return self.key(name),
        };
        Some(text.map(str::to_owned).into_iter().collect())
    }

    /// The values of a key, by its folded name, if they are known.
    fn key(&self, key: &str) -> Option<Vec<String>> {
        if let Some(values) = (self.situation.known)(key) {
            return Some(values);
        }
        let derived = match &self.arn {
            Some(arn) => self.case.derived(key, arn),
            None => self.case.derived_without_caller(key),
        };
        let caller = self.situation.caller.caller;
        derived.or_else(|| match (key, caller) {
            ("aws:principalservicename", Caller::Service { name }) => Some(vec![name.to_owned()]),
            _ => self.situation.bare.then(Vec::new),
        })
    }
}

/// What a part of a request is called among what was looked at; none for what every request has.
fn name_of(part: &Part) -> Option<&str> {
    Some(match part {
        Part::Action | Part::Resource => return None,
        Part::Caller => ".caller",
        Part::Session => ".session",
        Part::Maker => ".maker",
        Part::UserId => ".id",
        Part::Service => ".service",
        Part::Provider => ".provider",
        Part::Canonical => ".canonical",
        Part::Key(key) => key.as_str(),
    })
}

impl Algebra for Known<'_> {
    type Value = Formula;

    fn variable(&mut self, variable: Variable) -> VariableId {
        self.formulas.variable(variable)
    }

    fn constant(&mut self, value: bool) -> Formula {
        self.formulas.constant(value)
    }

    fn test(&mut self, part: Part, mut test: Test) -> Formula {
        if let Some(language) = test.language().filter(|own| own.has_variable()) {
            let keys: BTreeSet<String> = language
                .patterns()
                .iter()
                .flatten()
                .filter_map(|token| match token.class {
                    Class::Variable(id) => self.formulas.variable_of(id).map(|own| own.key.clone()),
                    _ => None,
                })
                .collect();
            let mut environment = Environment::new();
            for key in keys {
                if let Some(values) = self.values(&key) {
                    environment.insert(key, Taken::of(&values));
                }
            }
            let variables = |id| self.formulas.variable_of(id);
            test = test.with(substitute(language, variables, &environment));
        }
        let is_open = test.language().is_some_and(Language::has_variable);
        let Some(name) = name_of(&part) else {
            return self.formulas.test(part, test);
        };
        if let (false, Some(holds)) = (is_open, self.answer(name, &test)) {
            return self.formulas.constant(holds);
        }
        match self.values(name) {
            Some(values) => {
                // What the test says of the value depends on variables that are open; which value it is does not. Lists are
                // not told apart: such a key is taken to be open, which only adds requests.
                let is = match values.as_slice() {
                    [one] => Some(Test::texts(Language::text(one))),
                    [] => Some(Test {
                        asked: Asked::Presence(true, false),
                        ..Test::texts(Language::default())
                    }),
                    _ => None,
                };
                if let Some(is) = is {
                    let is = self.formulas.test(part.clone(), is);
                    self.pinned.push(is);
                }
                self.formulas.test(part, test)
            }
            None => self.formulas.test(part, test),
        }
    }

    fn not(&mut self, value: Formula) -> Formula {
        self.formulas.not(value)
    }

    fn and(&mut self, values: Vec<Formula>) -> Formula {
        self.formulas.and(values)
    }

    fn or(&mut self, values: Vec<Formula>) -> Formula {
        self.formulas.or(values)
    }
}
