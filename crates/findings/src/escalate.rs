//! Who can become an administrator, and how: published paths, each step of which is a request that is allowed.
//!
//! Administrators come first, then those who can give themselves what they like, then whoever reaches one of these, and so on, so
//! that chains are found backwards. What is given away afterwards is limited as before: a user whose boundary or whose
//! account's control policies keep it from being an administrator is none, whatever policy it gives itself, and that is proved.
//!
//! | not covered | why |
//! |---|---|
//! | resource policies that could be changed, other than trust policies | no published path among those of the table |
//! | permissions boundaries that could be removed or replaced | likewise |
//! | groups that have no policy | no directory holds them; a user's groups are known only if the directory was read for explanations |
//! | whether functions, instances and the like are there | told as an assumption |

use std::collections::{BTreeSet, HashMap, HashSet};

use bumpalo::Bump;
use portcullis_directory::{Directory, RequestPolicies};
use portcullis_model::{Caller, Request, is_account_id, split_arn};
use portcullis_prove::Selection;

use crate::answer::{Can, Shown};
use crate::caller::Asker;
use crate::parallel::of_each;
use crate::paths::{ASSUME, How, On, PATHS, Path};
use crate::questions::{Assumable, GivenFor, Questions};

/// A step by which somebody comes to more rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Who.
    pub arn: String,
    /// The published path, such as `iam-001`.
    pub path: &'static str,
    /// The user or role that is reached, or the session of a role, if its name is one that a policy lets in; the principal itself,
    /// if it gives itself what it likes.
    pub reached: String,
    /// Whether it can take the step, or can on condition: of the step's permissions the least sure.
    pub is_conditional: bool,
    /// The requests of the step, each of which is allowed.
    pub requests: Vec<Shown>,
    /// What the directory does not say and the step takes; empty if nothing.
    pub assumes: &'static str,
    /// How many steps it takes to be an administrator.
    pub steps: usize,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Escalations {
    /// Those who are administrators, so that nothing more is looked for.
    pub administrators: Vec<String>,
    /// By their number of steps, then in the order of the directory; of each path the first target.
    pub found: Vec<Escalation>,
    /// Why a principal may have a path that was not found: the principal, the path, and the reasons.
    pub unknown: Vec<(String, &'static str, Vec<String>)>,
}

/// Who can become an administrator, by how many steps at most.
pub fn escalations(
    directory: &Directory,
    given: GivenFor<'_>,
    steps: usize,
    threads: usize,
) -> Escalations {
    let arena = Bump::new();
    let mut askers = Asker::all(directory, &arena);
    if directory.has_documents() {
        // What the trust policy of a role says to a session it says to whoever can become that.
        askers.extend(Questions::new(directory, given.0, &arena).named_sessions());
    }
    let admins = of_each(directory, given, &askers, threads, |questions, asker, _| {
        // Of a session nothing else is asked than of its role but what policies say to it by its name.
        let found = (!is_session(asker)).then(|| questions.administrator(asker));
        found
            .flatten()
            .is_some_and(|own| matches!(own.can, Can::Yes(_) | Can::If(_)))
    });
    // The places of the roles of sessions.
    let places = askers.iter().enumerate();
    let places: HashMap<&str, usize> = places
        .filter_map(|(place, asker)| Some((asker.arn()?, place)))
        .collect();
    let role_of: Vec<Option<usize>> = askers
        .iter()
        .map(|asker| {
            let role = asker.role_arn().filter(|_| is_session(asker))?;
            places.get(role).copied()
        })
        .collect();
    // How many steps each is away.
    let mut away: Vec<Option<usize>> = admins.iter().map(|is| is.then_some(0)).collect();
    let are = askers.iter().zip(&admins).filter(|(_, is)| **is);
    let mut all = Escalations {
        administrators: are
            .filter_map(|(asker, _)| asker.arn().map(str::to_owned))
            .collect(),
        ..Escalations::default()
    };
    let standing = Standing::of(directory, given, &askers, threads);
    for step in 1..=steps {
        let round = Round::of(directory, step, &askers, &away);
        if round.is_empty() && step > 1 {
            break;
        }
        let known = &away;
        let found = of_each(
            directory,
            given,
            &askers,
            threads,
            |questions, asker, place| {
                let is_known = |place: usize| known.get(place).copied().flatten().is_some();
                if is_known(place) || role_of.get(place).copied().flatten().is_some_and(is_known) {
                    return (Vec::new(), Vec::new());
                }
                steps_of(questions, asker, &standing, &round)
            },
        );
        for (place, (found, unknown)) in found.into_iter().enumerate() {
            let role = role_of.get(place).copied().flatten();
            let role = role.and_then(|role| away.get(role).copied().flatten());
            if role.is_some() {
                // Its role has been found meanwhile.
                continue;
            }
            if let (Some(own), false) = (away.get_mut(place), found.is_empty()) {
                *own = Some(step);
            }
            all.found.extend(found);
            all.unknown.extend(unknown);
        }
    }
    all
}

/// Users and roles by their accounts.
type ByAccount<'a> = HashMap<&'a str, Vec<&'a str>>;

/// What is asked of everybody before the first step.
struct Standing<'a> {
    /// Those who would be administrators if their own policies allowed everything.
    would_be: HashSet<&'a str>,
    /// The same by their accounts.
    by_account: ByAccount<'a>,
    /// All actions of all paths but assuming roles, of which it is known whom they let in.
    actions: Selection,
}

impl<'a> Standing<'a> {
    fn of(
        directory: &Directory,
        given: GivenFor<'_>,
        askers: &[Asker<'a>],
        threads: usize,
    ) -> Standing<'a> {
        let would_be = of_each(directory, given, askers, threads, |questions, asker, _| {
            !is_session(asker) && questions.would_be_administrator(asker)
        });
        let all = askers.iter().zip(would_be).filter(|(_, is)| *is);
        let all: Vec<&Asker<'a>> = all.map(|(asker, _)| asker).collect();
        let needs = PATHS.iter().flat_map(|path| path.needs);
        let others = needs.filter(|need| **need != ASSUME);
        let actions: BTreeSet<&str> = others.map(|(action, _)| *action).collect();
        Standing {
            would_be: all.iter().filter_map(|own| own.arn()).collect(),
            by_account: by_account(all.into_iter()),
            actions: Selection::of(actions),
        }
    }
}

/// What a round of steps leads to.
struct Round<'a> {
    step: usize,
    /// The users and roles that are one step less away, by their accounts.
    by_account: ByAccount<'a>,
    /// The roles, and sessions of roles, among them.
    roles: Vec<&'a str>,
    assumable: Assumable,
}

impl<'a> Round<'a> {
    fn of(
        directory: &Directory,
        step: usize,
        askers: &[Asker<'a>],
        away: &[Option<usize>],
    ) -> Round<'a> {
        let strong = askers.iter().zip(away);
        let strong = strong.filter(|(_, away)| **away == Some(step - 1));
        let strong: Vec<&Asker<'a>> = strong.map(|(asker, _)| asker).collect();
        let roles = strong.iter().filter(|own| own.role_arn().is_some());
        let roles: Vec<&str> = roles.filter_map(|own| own.arn()).collect();
        Round {
            step,
            by_account: by_account(strong.iter().copied()),
            assumable: Assumable::of(directory, roles.iter().copied()),
            roles,
        }
    }

    fn is_empty(&self) -> bool {
        self.by_account.is_empty() && self.roles.is_empty()
    }
}

/// The users and roles among some, by their accounts.
fn by_account<'r, 'a: 'r>(askers: impl Iterator<Item = &'r Asker<'a>>) -> ByAccount<'a> {
    let mut all = ByAccount::new();
    for asker in askers.filter(|own| !is_session(own)) {
        let (account, _) = asker.home();
        all.entry(account).or_default().extend(asker.arn());
    }
    all
}

/// True for a session of a role whose name is known.
fn is_session(asker: &Asker<'_>) -> bool {
    asker.role_arn().is_some() && !asker.is_role()
}

/// The path by which a role is assumed, or a session of one.
const ASSUMED: &str = "sts-001";

/// What is not known of somebody.
type Open = Vec<(String, &'static str, Vec<String>)>;

/// The steps that somebody can take: on its own and by changing others in the first round, to the strong in each.
fn steps_of<'q>(
    questions: &mut Questions<'q>,
    asker: &Asker<'q>,
    standing: &Standing<'_>,
    round: &Round<'_>,
) -> (Vec<Escalation>, Open) {
    let mut search = Search {
        arn: asker.arn().unwrap_or_default().to_owned(),
        step: round.step,
        found: Vec::new(),
        unknown: Vec::new(),
        trusted: HashMap::new(),
        anywhere: HashMap::new(),
    };
    // Beside what its role can do, a session can only do what the policies of resources say to it. Most principals may do
    // nothing of all that anywhere.
    let may_more = !is_session(asker) && questions.may_anywhere(asker, &standing.actions);
    let (home, _) = asker.home();
    let of_home = |all: &ByAccount<'_>, kind: &str| -> Vec<String> {
        let own = all.get(home).into_iter().flatten();
        let own = own.filter(|arn| arn.contains(kind));
        own.map(|arn| (*arn).to_owned()).collect()
    };
    let is_first = round.step == 1;
    for path in &PATHS {
        // What somebody may do nowhere, it may do to nobody.
        if path.id != ASSUMED && !(may_more && search.may_anywhere(questions, asker, path)) {
            continue;
        }
        let is_fit = match path.how {
            How::OwnUser => asker.is_user(),
            How::OwnRole => !asker.is_user(),
            _ => true,
        };
        let targets: Vec<String> = match path.how {
            How::Own | How::OwnUser | How::OwnRole => {
                let is_strong = standing.would_be.contains(search.arn.as_str());
                let may_be = is_first && is_fit && is_strong;
                may_be.then(|| search.arn.clone()).into_iter().collect()
            }
            How::Role if path.id == ASSUMED => {
                let numbers = questions.may_assume(asker, &round.assumable).into_iter();
                let roles = numbers.filter_map(|number| round.roles.get(number));
                roles.map(|arn| (*arn).to_owned()).collect()
            }
            How::User => of_home(&round.by_account, ":user/"),
            How::Role => of_home(&round.by_account, ":role/"),
            How::ChangedUser if is_first => of_home(&standing.by_account, ":user/"),
            How::ChangedRole if is_first => of_home(&standing.by_account, ":role/"),
            How::ChangedUser | How::ChangedRole => Vec::new(),
            How::Runs(_) => of_home(&round.by_account, ":role/"),
        };
        for arn in &targets {
            let is_meant = match path.how {
                How::ChangedUser | How::ChangedRole => *arn != search.arn,
                How::Runs(services) => {
                    let mut services = services.iter();
                    services.any(|service| search.trusts(questions, service, arn))
                }
                _ => true,
            };
            if is_meant && search.take(questions, asker, path, arn) {
                break;
            }
        }
    }
    (search.found, search.unknown)
}

/// The search for the steps of one principal.
struct Search {
    arn: String,
    step: usize,
    found: Vec<Escalation>,
    unknown: Open,
    /// Which services roles trust.
    trusted: HashMap<(&'static str, String), bool>,
    /// Which permissions are given on anything.
    anywhere: HashMap<&'static str, bool>,
}

impl Search {
    /// False if one of the permissions of a path, but for assuming a role, is given on nothing.
    fn may_anywhere<'q>(
        &mut self,
        questions: &mut Questions<'q>,
        asker: &Asker<'q>,
        path: &Path,
    ) -> bool {
        let mut needs = path.needs.iter().filter(|need| **need != ASSUME);
        needs.all(|(action, _)| {
            let known = self.anywhere.entry(action);
            *known.or_insert_with(|| questions.may_anywhere(asker, &Selection::of([*action])))
        })
    }

    /// True if a service can assume a role.
    fn trusts(&mut self, questions: &mut Questions<'_>, service: &'static str, role: &str) -> bool {
        let key = (service, role.to_owned());
        if let Some(known) = self.trusted.get(&key) {
            return *known;
        }
        let request = Request::new(Caller::Service { name: service }, "", "");
        let caller = Asker::new(request.principal);
        let can = questions.can(
            &caller,
            &Selection::of(["sts:AssumeRole"]),
            &Selection::of([role]),
        );
        let trusts = matches!(can, Can::Yes(_) | Can::If(_));
        self.trusted.insert(key, trusts);
        trusts
    }

    /// Takes a path to a target, if all of its permissions are given.
    fn take<'q>(
        &mut self,
        questions: &mut Questions<'q>,
        asker: &Asker<'q>,
        path: &Path,
        target: &str,
    ) -> bool {
        let mut requests = Vec::new();
        let mut is_conditional = false;
        for (action, on) in path.needs {
            let actions = Selection::of([*action]);
            let services = match path.how {
                How::Runs(services) => services,
                _ => &[],
            };
            let mut best = Can::No;
            for resource in resources(questions, asker, *on, target) {
                let resources = Selection::of([resource]);
                let can = match on {
                    On::Passed => passed(questions, asker, &actions, &resources, services),
                    On::Target if path.id == ASSUMED => {
                        questions.can_assume(asker, &actions, target)
                    }
                    _ => questions.can(asker, &actions, &resources),
                };
                let is_yes = matches!(can, Can::Yes(_));
                if best == Can::No || is_yes {
                    best = can;
                }
                if is_yes {
                    break;
                }
            }
            match best {
                Can::No => return false,
                Can::Unknown(reasons) => {
                    self.unknown.push((self.arn.clone(), path.id, reasons));
                    return false;
                }
                Can::Yes(shown) => {
                    // Its keys are those that it was asked with: the service that the role is passed to, the session's name.
                    requests.push(shown);
                }
                Can::If(all) => {
                    is_conditional = true;
                    requests.extend(all.into_iter().next());
                }
            }
        }
        self.found.push(Escalation {
            arn: self.arn.clone(),
            path: path.id,
            reached: target.to_owned(),
            is_conditional,
            requests,
            assumes: path.assumes,
            steps: self.step,
        });
        true
    }
}

/// Whether somebody may pass a role to one of some services: the request says which.
fn passed<'q>(
    questions: &mut Questions<'q>,
    asker: &Asker<'q>,
    actions: &Selection,
    resources: &Selection,
    services: &[&str],
) -> Can {
    let mut best = Can::No;
    for service in services {
        let keys = [(
            "iam:PassedToService".to_owned(),
            vec![(*service).to_owned()],
        )];
        let can = questions.with_keys(&keys, |own| own.can(asker, actions, resources));
        match can {
            Can::Yes(mut shown) => {
                shown.keys.extend(keys);
                return Can::Yes(shown);
            }
            can if best == Can::No => best = can,
            _ => {}
        }
    }
    best
}

/// The resources that a permission of a path is needed on: one of them is enough.
fn resources<'q>(
    questions: &mut Questions<'q>,
    asker: &Asker<'q>,
    on: On,
    target: &str,
) -> Vec<String> {
    let (home, partition) = asker.home();
    match on {
        On::Itself | On::Target | On::Passed => vec![target.to_owned()],
        On::Any => vec!["*".to_owned()],
        On::Group => vec![format!("arn:{partition}:iam::{home}:group/*")],
        On::OwnPolicy => attached(questions, asker),
        On::TargetPolicy => match Asker::known(questions.directory, target, questions.arena) {
            Some(target) => attached(questions, &target),
            None => Vec::new(),
        },
        On::OwnGroup => groups(questions.directory, asker)
            .into_iter()
            .map(|group| match split_arn(&group) {
                Some(_) => group,
                None => format!("arn:{partition}:iam::{home}:group/{group}"),
            })
            .collect(),
    }
}

/// The policies of its account that are attached to somebody, or to its groups, by their ARNs.
fn attached<'q>(questions: &mut Questions<'q>, asker: &Asker<'q>) -> Vec<String> {
    let own = questions.policies_for(asker, "*").unwrap_or_default();
    let names = own.identity.iter().map(|policy| policy.name);
    let is_customers = |name: &&str| {
        let parts = split_arn(name);
        parts.is_some_and(|parts| is_account_id(parts[4]))
    };
    names.filter(is_customers).map(str::to_owned).collect()
}

/// The groups of a user, as far as the directory knows them.
fn groups(directory: &Directory, asker: &Asker<'_>) -> Vec<String> {
    let arena = Bump::new();
    let request = Request {
        principal: asker.principal,
        ..Request::new(asker.principal.caller, "iam:GetUser", "*")
    };
    let completed = directory.complete(&request, RequestPolicies::default(), &arena);
    let story = completed.and_then(|own| directory.provenance(&request, &own));
    let story = story.ok().and_then(|scene| scene.caller.groups);
    story.unwrap_or_default()
}
