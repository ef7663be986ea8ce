//! Whether somebody can do something: classes of targets, asked one after the other until one answers.

mod machine;
mod opens;
mod proofs;

use std::collections::HashMap;
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_directory::{Directory, Engine, KnownTarget, PolicySetNumber, RequestPolicies};
use portcullis_model::{Caller, ContextEntry, Request, check_action, is_account_id, split_arn};
use portcullis_prove::{Example, Existence, Looked, Selection};
use portcullis_syntax::PolicySets;
use portcullis_syntax::ast::{Document, Entries};

pub use machine::GivenFor;
use machine::{decide, join};
use opens::Opening;

use crate::answer::{Can, Shown, in_words};
use crate::caller::Asker;
use crate::class::{Class, lower};

/// The units of work of one proof: some hundredths of a second.
const WORK: u64 = 4_000_000;
/// How many sets of keys are looked for by which a request is allowed.
const ALTERNATIVES: usize = 3;
/// How often a known target is left out that a proof about unknown ones met.
const EXCLUDED: usize = 32;
/// Actions that need no permission (`EVAL-90`): patterns leave them out.
const EXEMPT: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];

/// Questions of one directory, with what was found out for all of them. Not shared by threads: each has its own.
pub struct Questions<'d> {
    pub(crate) directory: &'d Directory,
    pub(crate) arena: &'d Bump,
    /// Keys that all requests have.
    pub(crate) given: &'d [ContextEntry<'d>],
    /// The account that owns the resources, if it is said (`EVAL-12`).
    pub(crate) owner: Option<&'d str>,
    /// The caller's own policies are taken to allow everything, whatever they are.
    has_all_rights: bool,
    engine: Engine,
    sets: HashMap<PolicySetNumber, Rc<PolicySets<'d>>>,
    pub(crate) targets: Rc<Vec<KnownTarget>>,
    /// The places of targets by their names.
    by_name: Rc<HashMap<String, Vec<usize>>>,
    known: HashMap<Key, Vec<(Looked, Found)>>,
    /// What the policies of known targets allow, by the targets' places; none of one whose policy was not seen.
    openings: HashMap<usize, Option<Vec<Opening>>>,
}

/// What has to be the same for an answer to be the same, beside what was looked at.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    sets: Vec<PolicySetNumber>,
    caller: u8,
    given: [bool; 4],
    account: String,
    like: Vec<(String, String)>,
    asked: Rc<Scope>,
    resources: Vec<Selection>,
    not_all: Vec<Vec<String>>,
    bare: bool,
    wanted: bool,
    has_all_rights: bool,
}

/// What is asked: actions on resources.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) actions: Vec<Selection>,
    pub(crate) resources: Selection,
    /// The address of the statement's element that resources match too.
    element: Option<usize>,
}

impl Scope {
    /// True if an action may be one on a resource with this ARN: of its service, or of STS for a role.
    fn may_be_of(&self, arn: &str) -> bool {
        let service = split_arn(arn).map_or("*", |[_, _, service, ..]| service);
        let also = if service == "iam" { "sts" } else { service };
        let may = |service: &str| self.may_meet(&format!("{service}:*"));
        may(service) || may(also)
    }

    /// False only if no action is asked about that matches a pattern.
    fn may_meet(&self, pattern: &str) -> bool {
        self.actions.iter().all(|own| own.may_meet_action(pattern))
    }

    /// The one action that is asked about, if it is one.
    fn only_action(&self) -> Option<&str> {
        match self.actions.as_slice() {
            [one] => one.only(),
            _ => None,
        }
    }
}

/// The Resource or NotResource of a statement of a document, which resources match.
pub(crate) type Element<'d> = (&'d Document<'d>, &'d Entries<'d>);

/// A question of one caller and one class of targets.
struct Ask<'q, 'd> {
    asker: &'q Asker<'d>,
    class: &'q Class,
    scope: &'q Rc<Scope>,
    element: Option<Element<'d>>,
    excluded: &'q [String],
    not_all: &'q [Vec<String>],
    bare: bool,
    wanted: bool,
}

impl<'d> Questions<'d> {
    /// Questions of a directory in which all requests have some keys. Texts that are read lie in the arena.
    pub fn new(
        directory: &'d Directory,
        given: &'d [ContextEntry<'d>],
        arena: &'d Bump,
    ) -> Questions<'d> {
        let targets = directory.known_targets();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, target) in targets.iter().enumerate() {
            by_name.entry(target.name.clone()).or_default().push(place);
        }
        Questions {
            directory,
            arena,
            given,
            owner: None,
            has_all_rights: false,
            engine: Engine::new(),
            sets: HashMap::new(),
            targets: Rc::new(targets),
            by_name: Rc::new(by_name),
            known: HashMap::new(),
            openings: HashMap::new(),
        }
    }

    /// Says who owns the resources that are asked about, where neither their ARN nor the directory does (`EVAL-12`).
    pub fn owned_by(mut self, account: Option<&'d str>) -> Questions<'d> {
        self.owner = account;
        self
    }

    /// The sessions of roles that policies of resources name: what these say to them they say to no other session.
    pub fn named_sessions(&mut self) -> Vec<Asker<'d>> {
        let targets = Rc::clone(&self.targets);
        let stranger = Asker::new(Request::new(Caller::Anonymous, "", "").principal);
        let mut found: Vec<Asker<'d>> = Vec::new();
        for target in targets.iter().filter(|target| target.has_policy) {
            let Ok(policies) = self.policies_for(&stranger, &target.example) else {
                continue;
            };
            let statements = policies.resource.iter().flatten();
            let statements = statements.flat_map(|policy| policy.document.statements);
            let principals = statements.filter_map(|own| own.principal.as_ref());
            for entry in principals.flat_map(|own| own.list) {
                let arn = entry.value.value;
                let is_session = split_arn(arn).is_some_and(|parts| parts[2] == "sts");
                let is_known = found.iter().any(|own| own.arn() == Some(arn));
                if is_session && !is_known {
                    found.extend(Asker::known(self.directory, arn, self.arena));
                }
            }
        }
        found
    }

    /// Whether somebody can do one of the actions to one of the resources.
    ///
    /// A single action and resource are decided by the machine first. Costs some 0.1 ms for a caller whose policies and keys were
    /// not asked about yet.
    pub fn can(&mut self, asker: &Asker<'d>, actions: &Selection, resources: &Selection) -> Can {
        self.can_matching(asker, std::slice::from_ref(actions), resources, None)
    }

    /// The same of requests whose actions match all of these, and whose resources that of a statement besides.
    pub(crate) fn can_matching(
        &mut self,
        asker: &Asker<'d>,
        actions: &[Selection],
        resources: &Selection,
        element: Option<Element<'d>>,
    ) -> Can {
        let scope = Rc::new(Scope {
            actions: actions.to_vec(),
            resources: resources.clone(),
            element: element.map(|(_, entries)| std::ptr::from_ref(entries) as usize),
        });
        let mut search = Gathered::default();
        let scope = &scope;
        if let (Some(action), Some(resource), None) =
            (scope.only_action(), resources.only(), element)
        {
            if check_action(action).is_ok() {
                return self.one(asker, scope, (action, resource));
            }
        }
        if !self.directory.has_documents() {
            let reason = "the directory is an image, which does not hold policies as they are written: only single actions \
                          and resources can be asked about";
            return Can::Unknown(vec![reason.to_owned()]);
        }
        self.unknown_targets(asker, scope, element, &mut search);
        if search.yes.is_none() {
            self.known_targets(asker, scope, element, &mut search);
        }
        self.answer(asker, scope, element, search)
    }

    /// Asks with more keys given.
    pub(crate) fn with_keys<T>(
        &mut self,
        keys: &[(String, Vec<String>)],
        ask: impl FnOnce(&mut Questions<'d>) -> T,
    ) -> T {
        let arena = self.arena;
        let more = keys.iter().map(|(key, values)| {
            let values = values.iter().map(|own| &*arena.alloc_str(own));
            ContextEntry {
                key: arena.alloc_str(key),
                values: arena.alloc_slice_fill_iter(values.collect::<Vec<_>>()),
            }
        });
        let given: Vec<ContextEntry<'d>> = self.given.iter().copied().chain(more).collect();
        let before = std::mem::replace(&mut self.given, arena.alloc_slice_copy(&given));
        let known = std::mem::take(&mut self.known);
        let answer = ask(self);
        self.given = before;
        self.known = known;
        answer
    }

    /// Asks as if the caller's own policies allowed everything. The machine cannot confirm that, so only proofs count.
    pub(crate) fn with_all_rights<T>(&mut self, ask: impl FnOnce(&mut Questions<'d>) -> T) -> T {
        self.has_all_rights = true;
        let answer = ask(self);
        self.has_all_rights = false;
        answer
    }

    /// True if it is proved that the actions are allowed on every target that the directory does not know, with what is
    /// given and no other key.
    pub(crate) fn is_allowed_on_all(&mut self, asker: &Asker<'d>, actions: &Selection) -> bool {
        let scope = Rc::new(Scope {
            actions: vec![actions.clone()],
            resources: Selection::of(["*"]),
            element: None,
        });
        [Class::NoAccount, Class::Own].iter().all(|class| {
            let ask = Ask {
                asker,
                class,
                scope: &scope,
                element: None,
                excluded: &[],
                not_all: &[],
                bare: true,
                wanted: false,
            };
            self.ask(&ask) == Found::None
        })
    }

    /// A single action on a single resource.
    fn one(
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
            Ok(false) if EXEMPT.iter().any(|own| own.eq_ignore_ascii_case(action)) => {
                return Can::No;
            }
            Ok(false) if !self.directory.has_documents() => {
                return match self.keys_asked_for(asker, &bare) {
                    Ok(keys) if keys.is_empty() => Can::No,
                    Ok(keys) => Can::Unknown(vec![format!(
                        "it may depend on keys that were not given, and an image does not hold policies as they are written: {}",
                        keys.join(", ")
                    )]),
                    Err(error) => Can::Unknown(vec![error]),
                };
            }
            Ok(false) => {
                let ask = Ask {
                    asker,
                    class: &class,
                    scope,
                    element: None,
                    excluded: &[],
                    not_all: &[],
                    bare: false,
                    wanted: true,
                };
                let found = self.ask(&ask);
                search.take(class, found);
            }
        }
        self.answer(asker, scope, None, search)
    }

    /// Whether somebody can do something to a target that the directory knows, by its name.
    pub(crate) fn can_known(
        &mut self,
        asker: &Asker<'d>,
        actions: &Selection,
        resources: &Selection,
        name: &str,
    ) -> Can {
        let scope = Rc::new(Scope {
            actions: vec![actions.clone()],
            resources: resources.clone(),
            element: None,
        });
        let mut search = Gathered::default();
        let places = self.by_name.get(name).cloned().unwrap_or_default();
        for place in places {
            self.known_target((asker, &scope, None), place, &mut search);
        }
        self.answer(asker, &scope, None, search)
    }

    /// Targets that the directory does not know.
    fn unknown_targets(
        &mut self,
        asker: &Asker<'d>,
        scope: &Rc<Scope>,
        element: Option<Element<'d>>,
        search: &mut Gathered,
    ) {
        let ask = |class, bare| Ask {
            asker,
            class,
            scope,
            element,
            excluded: &[],
            not_all: &[],
            bare,
            wanted: true,
        };
        // Of most callers this is all: nothing, shared with everybody who has the same policies.
        if self.ask_once(&ask(&Class::Unknown, false), &[]).0 == Found::None {
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

    /// Targets that the directory knows, as far as something is known of them that decides.
    fn known_targets(
        &mut self,
        asker: &Asker<'d>,
        scope: &Rc<Scope>,
        element: Option<Element<'d>>,
        search: &mut Gathered,
    ) {
        let targets = Rc::clone(&self.targets);
        let (home, _) = asker.home();
        for (place, target) in targets.iter().enumerate() {
            if !decides(target, home) || !scope.resources.may_meet_resource(&target.pattern) {
                continue;
            }
            if !self.may_open(asker, scope, place) {
                continue;
            }
            self.known_target((asker, scope, element), place, search);
            if search.yes.is_some() {
                return;
            }
        }
    }

    /// One target that the directory knows.
    fn known_target(
        &mut self,
        (asker, scope, element): (&Asker<'d>, &Rc<Scope>, Option<Element<'d>>),
        place: usize,
        search: &mut Gathered,
    ) {
        let class = Class::Known(place);
        let ask = |bare| Ask {
            asker,
            class: &class,
            scope,
            element,
            excluded: &[],
            not_all: &[],
            bare,
            wanted: true,
        };
        match self.ask(&ask(false)) {
            Found::None => return,
            found => search.take(class.clone(), found),
        }
        if let Found::Example(example) = self.ask(&ask(true)) {
            search.yes = Some((class, example));
        }
    }

    /// The answer to what was found.
    fn answer(
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
                    asker,
                    class: &class,
                    scope,
                    element,
                    excluded: &[],
                    not_all: &not_all,
                    bare: false,
                    wanted: true,
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
        let scope = Rc::new(Scope {
            actions: vec![Selection::of([example.action.clone()])],
            resources: Selection::of([example.resource.clone()]),
            element: None,
        });
        let ask = Ask {
            asker,
            class: &Class::One(example.resource.clone()),
            scope: &scope,
            element: None,
            excluded: &[],
            not_all: &[],
            bare: false,
            wanted: false,
        };
        match self.ask(&ask) {
            Found::Example(found) => self.least(asker, found, false).context,
            _ => Vec::new(),
        }
    }

    pub(crate) fn given(&self) -> GivenFor<'d> {
        (self.given, self.owner)
    }

    /// What the directory decides of a request.
    fn decided(&mut self, asker: &Asker<'d>, example: &Example) -> Result<bool, String> {
        let given = self.given();
        decide(self.directory, &mut self.engine, asker, given, example)
    }

    /// The keys that the policies of a request ask for and that it does not have: without any, nothing else is decided whatever
    /// keys there are.
    fn keys_asked_for(
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
        explained
            .map(|own| own.missing_keys)
            .map_err(|error| error.to_string())
    }

    /// The policies of sets, each read once.
    pub(crate) fn policies(&mut self, numbers: &[PolicySetNumber]) -> Option<PolicySets<'d>> {
        let mut all = PolicySets::default();
        for number in numbers {
            let own = match self.sets.get(number) {
                Some(own) => Rc::clone(own),
                None => {
                    let own = self.directory.policies_of(*number, self.arena)?;
                    let own = Rc::new(own);
                    self.sets.insert(*number, Rc::clone(&own));
                    own
                }
            };
            join(&mut all, &own);
        }
        Some(all)
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

/// What was found of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    /// A request that the machine confirmed.
    Example(Example),
    /// There is none.
    None,
    /// That is not known.
    Unknown(Vec<String>),
}

impl From<Existence> for Found {
    fn from(existence: Existence) -> Found {
        match existence {
            Existence::Example(example) => Found::Example(example),
            Existence::None => Found::None,
            Existence::Unknown(reasons) => Found::Unknown(reasons.iter().map(in_words).collect()),
        }
    }
}

fn unknown(text: String) -> Found {
    Found::Unknown(vec![text])
}

/// What was found on the way.
#[derive(Default)]
struct Gathered {
    yes: Option<(Class, Example)>,
    if_keys: Vec<(Class, Example)>,
    reasons: Vec<String>,
}

impl Gathered {
    fn take(&mut self, class: Class, found: Found) {
        match found {
            Found::Example(example) => self.if_keys.push((class, example)),
            Found::None => {}
            Found::Unknown(reasons) => {
                for reason in reasons {
                    if !self.reasons.contains(&reason) {
                        self.reasons.push(reason);
                    }
                }
            }
        }
    }
}
