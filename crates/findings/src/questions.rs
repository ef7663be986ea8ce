//! Whether somebody can do something: classes of targets, asked one after the other until one answers.

mod assumable;
mod candidates;
mod machine;
mod openings;
mod proofs;
mod relevant;
mod search;
mod shown;

use std::collections::HashMap;
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_directory::{Directory, Engine, KnownTarget, PolicySetNumber};
use portcullis_model::{Caller, ContextEntry, Request, check_action, split_arn};
use portcullis_prove::{Example, Existence, Looked, OpenKey, Selection};
use portcullis_syntax::PolicySets;
use portcullis_syntax::ast::{Document, Entries};

pub(crate) use assumable::Assumable;
use candidates::Reach;
pub use machine::GivenFor;
use machine::{decide, join};
use openings::Openings;
use relevant::Contents;
pub(crate) use search::decides;

use crate::answer::Can;
use crate::caller::Asker;
use crate::class::{Class, prefixes};

/// The units of work of one proof: some hundredths of a second.
const WORK: u64 = 4_000_000;
/// How many sets of keys are looked for by which a request is allowed.
const ALTERNATIVES: usize = 3;
/// How often a known target is left out that a proof about unknown ones met.
const EXCLUDED: usize = 32;
/// How many answers and policies are remembered, and the bytes of what was read, before they are better forgotten: some hundreds
/// of megabytes.
const MOST_KNOWN: usize = 100_000;
const MOST_BYTES: usize = 1 << 27;

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
    /// Every question is asked in full.
    is_in_full: bool,
    engine: Engine,
    sets: HashMap<PolicySetNumber, Rc<PolicySets<'d>>>,
    pub(crate) targets: Rc<Vec<KnownTarget>>,
    /// The places of targets by their names.
    pub(crate) by_name: Rc<HashMap<String, Vec<usize>>>,
    known: HashMap<Key, Vec<Known>>,
    contents: Contents<'d>,
    openings: Openings<'d>,
    reach: Reach,
}

/// What has to be the same for an answer to be the same, beside what was looked at.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    /// The class, if it is one of other accounts.
    elsewhere: Option<Class>,
    contents: Vec<u32>,
    caller: u8,
    given: [bool; 4],
    account: String,
    asked: u32,
    element: Option<usize>,
    resources: Vec<Selection>,
    not_all: Vec<Vec<String>>,
    bare: bool,
    wanted: bool,
    has_all_rights: bool,
}

/// What was found of somebody, for whoever has the same.
struct Known {
    looked: Looked,
    /// What is known of keys that were looked at and whose values are not.
    open: Vec<OpenKey>,
    found: Found,
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
    fn of(actions: Selection, resources: Selection) -> Rc<Scope> {
        Rc::new(Scope {
            actions: vec![actions],
            resources,
            element: None,
        })
    }

    /// True if an action may be one on a resource with this ARN: of its service, of STS for a role, or of the service whose
    /// actions on such resources are apart.
    fn may_be_of(&self, arn: &str) -> bool {
        let service = split_arn(arn).map_or("*", |[_, _, service, ..]| service);
        let also = if service == "iam" { "sts" } else { service };
        let may = |service: &str| self.may_meet(&format!("{service}:*"));
        let mut all = prefixes(service).chain([also]);
        all.any(may)
    }

    /// True if an action may be one that grants are about: they name operations of keys and actions on buckets, whatever they are
    /// listed with (`KMS-8`, `S3-2`).
    fn may_be_granted(&self) -> bool {
        ["kms:*", "s3:*"].into_iter().any(|own| self.may_meet(own))
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

impl<'q, 'd> Ask<'q, 'd> {
    /// Whether a request of the scope is allowed with any keys.
    fn of(
        (asker, scope, element): (&'q Asker<'d>, &'q Rc<Scope>, Option<Element<'d>>),
        class: &'q Class,
    ) -> Ask<'q, 'd> {
        Ask {
            asker,
            class,
            scope,
            element,
            excluded: &[],
            not_all: &[],
            bare: false,
            wanted: true,
        }
    }
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
            is_in_full: false,
            engine: Engine::new(),
            sets: HashMap::new(),
            targets: Rc::new(targets),
            by_name: Rc::new(by_name),
            known: HashMap::new(),
            contents: Contents::default(),
            openings: Openings::default(),
            reach: Reach::default(),
        }
    }

    /// Forgets answers if there are many, but not what was read. True if so much was that questions had better begin anew.
    pub(crate) fn is_full(&mut self) -> bool {
        let answers: usize = self.known.values().map(Vec::len).sum();
        if answers + self.contents.len() > MOST_KNOWN {
            self.known.clear();
            self.contents = Contents::default();
            self.reach.forget();
            self.openings.forget();
        }
        self.arena.allocated_bytes() > MOST_BYTES
    }

    /// Says who owns the resources that are asked about, where neither their ARN nor the directory does (`EVAL-12`).
    pub fn owned_by(mut self, account: Option<&'d str>) -> Questions<'d> {
        self.owner = account;
        self
    }

    /// Asks every question in full: of all statements, of every target, and of each caller anew. The answers are the same and
    /// take much longer; what shortens the work is held against them.
    pub fn in_full(mut self) -> Questions<'d> {
        self.is_in_full = true;
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
        self.refused(asker, actions) == Found::None
    }

    /// A request for a target that the directory does not know that is refused with what is given and no other key.
    fn refused(&mut self, asker: &Asker<'d>, actions: &Selection) -> Found {
        let scope = Scope::of(actions.clone(), Selection::of(["*"]));
        let mut answer = Found::None;
        for class in [Class::NoAccount, Class::Own] {
            let ask = Ask {
                bare: true,
                wanted: false,
                ..Ask::of((asker, &scope, None), &class)
            };
            match self.ask(&ask) {
                Found::None => {}
                Found::Unknown(reasons) => answer = Found::Unknown(reasons),
                example @ Found::Example(_) => return example,
            }
        }
        answer
    }

    pub(crate) fn given(&self) -> GivenFor<'d> {
        (self.given, self.owner)
    }

    /// What the directory decides of a request.
    fn decided(&mut self, asker: &Asker<'d>, example: &Example) -> Result<bool, String> {
        let given = self.given();
        decide(self.directory, &mut self.engine, asker, given, example)
    }

    /// A set, read once.
    fn set(&mut self, number: PolicySetNumber) -> Option<Rc<PolicySets<'d>>> {
        if let Some(own) = self.sets.get(&number) {
            return Some(Rc::clone(own));
        }
        let own = Rc::new(self.directory.policies_of(number, self.arena)?);
        self.sets.insert(number, Rc::clone(&own));
        Some(own)
    }

    /// The policies of sets.
    pub(crate) fn policies(&mut self, numbers: &[PolicySetNumber]) -> Option<PolicySets<'d>> {
        let mut all = PolicySets::default();
        for number in numbers {
            join(&mut all, &*self.set(*number)?);
        }
        Some(all)
    }
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
            Existence::Unknown(reasons) => {
                Found::Unknown(reasons.iter().map(ToString::to_string).collect())
            }
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
