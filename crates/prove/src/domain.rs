//! The requests that a question is about.
//!
//! A proof is about a set of requests, so the set is stated: [`AXIOMS`] is printed with answers. Where an axiom is left out
//! the set grows, so a proof over more requests is one over fewer.

use portcullis_model::Caller;

use crate::algebra::Part;
use crate::key::{Shapes, Test};
use crate::language::Language;
use crate::pattern::{Class, Pattern, Token, text};
use crate::value::Values;

/// What is taken for granted of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axiom {
    /// What it is called in answers.
    pub id: &'static str,
    /// What it says.
    pub text: &'static str,
    /// True if the free domain has it too.
    pub always: bool,
}

/// The axioms of the domains, in the order in which they are printed.
pub const AXIOMS: [Axiom; 9] = [
    Axiom {
        id: "D1",
        text: "an action is `prefix:name`, both of letters, digits, `-` and `_` and not empty, compared without regard to case (GRAM-18, MATCH-10)",
        always: true,
    },
    Axiom {
        id: "D2",
        text: "a resource is `*` or an ARN of six parts, of which partition, service and the last are not empty (MATCH-20, MATCH-28)",
        always: true,
    },
    Axiom {
        id: "D3",
        text: "actions that need no permission are left out: sts:GetCallerIdentity and sts:GetSessionToken (EVAL-90)",
        always: true,
    },
    Axiom {
        id: "D4",
        text: "global condition keys that AWS documents as single-valued have at most one value; other keys may be lists (section 4)",
        always: false,
    },
    Axiom {
        id: "D5",
        text: "keys that follow from the caller are there as the kind of caller has them (KEY-77), and what a service refuses to federated users whatever the policies say is left out (STS-5)",
        always: false,
    },
    Axiom {
        id: "D6",
        text: "aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType and aws:username are those of one caller (KEY-10 to KEY-20)",
        always: false,
    },
    Axiom {
        id: "D7",
        text: "of policies with principals: caller and resource are in one partition, one that the policies name or aws (XACC-6)",
        always: true,
    },
    Axiom {
        id: "D8",
        text: "of policies with principals: the resource is an ARN and has an owner, of whose callers only what the policies say is asked; for strangers the owner is an account that the policies do not name (EVAL-12, EVAL-13)",
        always: true,
    },
    Axiom {
        id: "D9",
        text: "a stranger is anonymous, or of an account that the policies do not name, and has no public address, network, organization or account in a condition key that the policies name without wildcard (S3-5)",
        always: true,
    },
];

/// Which requests a question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Domain {
    /// Those that AWS can make, as far as the axioms say.
    #[default]
    Standard,
    /// Every request that can be asked.
    Free,
}

/// The kinds of caller that are told apart (`EVAL-1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    User,
    Role,
    ServiceLinkedRole,
    FederatedUser,
    Root,
    Service,
    Anonymous,
    /// Unsigned, with a provider.
    Federated,
    Canonical,
    OriginAccessIdentity,
}

impl Kind {
    /// That of a caller.
    pub(crate) fn of(caller: Caller<'_>) -> Kind {
        match caller {
            Caller::User { .. } => Kind::User,
            Caller::Role {
                service_linked: true,
                ..
            } => Kind::ServiceLinkedRole,
            Caller::Role { .. } => Kind::Role,
            Caller::FederatedUser { .. } => Kind::FederatedUser,
            Caller::Root { .. } => Kind::Root,
            Caller::Service { .. } => Kind::Service,
            Caller::Anonymous => Kind::Anonymous,
            Caller::Federated { .. } => Kind::Federated,
            Caller::CanonicalUser { .. } => Kind::Canonical,
            Caller::OriginAccessIdentity { .. } => Kind::OriginAccessIdentity,
        }
    }

    /// The kinds whose callers have an account.
    pub(crate) fn has_account(self) -> bool {
        use Kind::{FederatedUser, Role, Root, ServiceLinkedRole, User};
        matches!(self, User | Role | ServiceLinkedRole | FederatedUser | Root)
    }

    /// True for sessions of roles.
    pub(crate) fn is_role(self) -> bool {
        matches!(self, Kind::Role | Kind::ServiceLinkedRole)
    }
}

/// Which account a caller is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Any.
    Any,
    /// Any other than these.
    Other(Vec<String>),
}

/// What is fixed while a formula is solved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) domain: Domain,
    pub(crate) kind: Kind,
    pub(crate) home: Home,
    /// The partition of caller and resource, if it is fixed.
    pub(crate) partition: Option<String>,
    /// True if the question is about a resource, which has an owner.
    pub(crate) has_owner: bool,
    /// The account that owns the resource, if it is fixed: what `aws:ResourceAccount` says.
    pub(crate) owner: Option<String>,
    /// Keys that follow from the request, and that it gives otherwise, folded (`KEY-2`).
    pub(crate) given: Vec<String>,
    /// Values that keys have not, by their folded names: those by which policies know whom they trust.
    pub(crate) foreign: Vec<(String, Values)>,
    /// Actions that need no permission are asked about too: what policies say of them.
    pub(crate) with_exempt: bool,
}

impl Case {
    /// A kind of caller, of whom nothing more is said.
    pub(crate) fn of(domain: Domain, kind: Kind) -> Case {
        Case {
            domain,
            kind,
            home: Home::Any,
            partition: None,
            has_owner: false,
            owner: None,
            given: Vec::new(),
            foreign: Vec::new(),
            with_exempt: false,
        }
    }
}

/// What a part of a request can be.
pub(crate) struct Scope {
    pub(crate) shapes: Shapes,
    /// Each value is in all of these.
    pub(crate) within: Vec<Values>,
    /// No value is in one of these.
    pub(crate) without: Vec<Values>,
}

/// Global keys with one value at most (sections 4.2 to 4.6), folded.
const SINGLE: [&str; 53] = [
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:principaltype",
    "aws:userid",
    "aws:username",
    "aws:assumedroot",
    "aws:federatedprovider",
    "aws:tokenissuetime",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:sourceidentity",
    "aws:chatbotsourcearn",
    "aws:ec2instancesourcevpc",
    "aws:ec2instancesourceprivateipv4",
    "aws:signinsessionarn",
    "aws:viacustomerdomain",
    "ec2:roledelivery",
    "ec2:sourceinstancearn",
    "lambda:sourcefunctionarn",
    "ssm:sourceinstancearn",
    "glue:roleassumedby",
    "glue:credentialissuingservice",
    "identitystore:userid",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpcsourceip",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:viaawsservice",
    "aws:currenttime",
    "aws:epochtime",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:useragent",
    "aws:referer",
    "aws:ismcpserviceaction",
    "aws:viaawsmcpservice",
    "aws:calledviaawsmcp",
    "aws:principalorgmasteraccountid",
    "aws:principalid",
    "aws:type",
];

/// Families of tags, each tag of which has one value.
const SINGLE_TAGS: [&str; 3] = ["aws:principaltag/", "aws:resourcetag/", "aws:requesttag/"];

/// True if requests have one value of the key at most.
pub(crate) fn is_single(key: &str) -> bool {
    SINGLE.contains(&key) || SINGLE_TAGS.iter().any(|start| key.starts_with(start))
}

/// A run of at least one character.
fn some(class: Class) -> [Token; 2] {
    [Token::one(class), Token::many(class)]
}

fn colon() -> Token {
    Token::one(Class::Char(':'))
}

/// The actions of requests.
fn actions() -> Language {
    let mut pattern: Pattern = some(Class::Action).to_vec();
    pattern.push(colon());
    pattern.extend(some(Class::Action));
    Language::from_iter([pattern])
}

/// The resources of requests.
fn resources(own: Option<&str>) -> Language {
    let mut arn = partition(own);
    arn.extend(some(Class::NotColon));
    arn.push(colon());
    for _ in 0..2 {
        arn.push(Token::many(Class::NotColon));
        arn.push(colon());
    }
    arn.extend(some(Class::Any));
    Language::from_iter([text("*"), arn])
}

/// The account part of an ARN.
fn account() -> impl Iterator<Item = Token> {
    (0..12).map(|_| Token::one(Class::Digit))
}

/// `arn:`, a partition, and the colon behind it.
fn partition(partition: Option<&str>) -> Pattern {
    let mut start: Pattern = text("arn:");
    match partition {
        Some(own) => start.extend(text(own)),
        None => start.extend(some(Class::NotColon)),
    }
    start.push(colon());
    start
}

/// The ARNs of callers of an account: its wildcards are those of the pattern.
pub(crate) fn arns_of_account(own: Option<&str>, account: Pattern) -> Pattern {
    let mut arn = partition(own);
    arn.extend(some(Class::NotColon));
    arn.extend(text("::"));
    arn.extend(account);
    arn.push(colon());
    arn.push(Token::many(Class::Any));
    arn
}

/// The ARNs of origin access identities (`GRAM-45`).
fn origin_access_identities(own: Option<&str>) -> Language {
    let mut arn = partition(own);
    arn.extend(text("iam::cloudfront:user/"));
    arn.extend(some(Class::Any));
    Language::from_iter([arn])
}

impl Kind {
    /// How the ARN of a caller goes on behind its partition: service, what stands before its name, and whether a path may.
    fn forms(self) -> Option<(&'static str, &'static str, bool)> {
        match self {
            Kind::User => Some(("iam::", ":user/", true)),
            Kind::Role | Kind::ServiceLinkedRole => Some(("iam::", ":role/", true)),
            Kind::FederatedUser => Some(("sts::", ":federated-user/", false)),
            Kind::Root => Some(("iam::", ":root", false)),
            _ => None,
        }
    }

    /// The ARNs of callers of a partition whose name matches these patterns.
    fn arns(self, own: Option<&str>, names: &[Pattern]) -> Language {
        let Some((service, before, has_path)) = self.forms() else {
            return Language::any();
        };
        let nothing = [Pattern::new()];
        let names = if self == Kind::Root { &nothing } else { names };
        let mut patterns = Vec::new();
        for name in names {
            let mut start = partition(own);
            start.extend(text(service));
            start.extend(account());
            start.extend(text(before));
            if has_path {
                let mut with_path = start.clone();
                with_path.push(Token::many(Class::Any));
                with_path.push(Token::one(Class::Char('/')));
                with_path.extend(name);
                patterns.push(with_path);
            }
            start.extend(name);
            patterns.push(start);
        }
        patterns.into_iter().collect()
    }

    /// `aws:PrincipalType` (`KEY-18`).
    fn principal_type(self) -> Option<&'static str> {
        match self {
            Kind::Root => Some("Account"),
            Kind::User => Some("User"),
            Kind::Role | Kind::ServiceLinkedRole => Some("AssumedRole"),
            Kind::FederatedUser => Some("FederatedUser"),
            Kind::Anonymous => Some("Anonymous"),
            _ => None,
        }
    }
}

/// The ARNs of the role of a session of this name: the session's ARN has not the path of the role (`GRAM-37`).
pub(crate) fn role_arns(own: &str, account: &str, role: &str) -> Language {
    let start = format!("arn:{own}:iam::{account}:role/");
    let plain = text(&format!("{start}{role}"));
    let mut with_path: Pattern = text(&start);
    with_path.push(Token::many(Class::Any));
    with_path.extend(text(&format!("/{role}")));
    Language::from_iter([plain, with_path])
}

/// A language over names or accounts: its wildcards stop where these do. None if it has variables.
fn within_class(language: &Language, class: Class) -> Option<Vec<Pattern>> {
    if language.has_variable() {
        return None;
    }
    let texts = language.texts().iter();
    let texts = texts.map(|own| text(own));
    let patterns = texts.chain(language.patterns().iter().cloned());
    let narrow = |pattern: Pattern| -> Option<Pattern> {
        let one = |token: Token| match token.class {
            own if own.characters().is_some() => class.meets(own).then_some(token),
            own if class.covers(own) => Some(token),
            _ => Some(Token { class, ..token }),
        };
        pattern.into_iter().map(one).collect()
    };
    Some(patterns.filter_map(narrow).collect())
}

/// Keys that follow from the caller, folded.
const ARN: &str = "aws:principalarn";
const ACCOUNT: &str = "aws:principalaccount";
const TYPE: &str = "aws:principaltype";
const USERNAME: &str = "aws:username";
const USER_ID: &str = "aws:userid";
const IS_SERVICE: &str = "aws:principalisawsservice";
const SERVICE_NAME: &str = "aws:principalservicename";
const SERVICE_NAMES: &str = "aws:principalservicenameslist";
const RESOURCE_ACCOUNT: &str = "aws:resourceaccount";

/// Keys that follow from the request, but for what is told beside it.
pub(crate) const OF_REQUEST: [&str; 6] =
    [ARN, ACCOUNT, TYPE, USERNAME, IS_SERVICE, RESOURCE_ACCOUNT];

/// True if the key follows from the caller.
pub(crate) fn is_of_caller(key: &str) -> bool {
    [
        ARN,
        ACCOUNT,
        TYPE,
        USERNAME,
        USER_ID,
        IS_SERVICE,
        SERVICE_NAME,
        SERVICE_NAMES,
    ]
    .contains(&key)
}

/// What becomes of a test of a key.
pub(crate) enum Asks {
    /// It is the test of this part, or its contrary.
    Of(Part, Test, bool),
    /// It has this answer.
    Answer(bool),
}

impl Case {
    /// The values that a key has by the caller; none for keys that do not follow from it.
    pub(crate) fn derived(&self, key: &str, caller: &str) -> Option<Vec<String>> {
        let [_, _, _, _, account, last] = portcullis_model::split_arn(caller)?;
        let name = last.rsplit('/').next().unwrap_or_default();
        match (key, self.kind) {
            (ARN, _) => Some(vec![caller.to_owned()]),
            (ACCOUNT, kind) if kind.has_account() => Some(vec![account.to_owned()]),
            (USERNAME, Kind::User) => Some(vec![name.to_owned()]),
            _ => self.fixed(key),
        }
    }

    /// The values that a key has with a caller that has no ARN.
    pub(crate) fn derived_without_caller(&self, key: &str) -> Option<Vec<String>> {
        self.fixed(key)
    }

    /// The values that a key has with this kind of caller, whoever it is (`KEY-10` to `KEY-20`, `KEY-77`).
    fn fixed(&self, key: &str) -> Option<Vec<String>> {
        let one = |text: &str| Some(vec![text.to_owned()]);
        let none = Some(Vec::new());
        match (key, self.kind) {
            (TYPE, kind) => Some(
                kind.principal_type()
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
            ),
            (USERNAME, kind) if kind != Kind::User => none,
            (ARN, kind) if !kind.has_account() && kind != Kind::OriginAccessIdentity => none,
            (ACCOUNT, Kind::Anonymous) => one("anonymous"),
            (ACCOUNT, kind) if !kind.has_account() => none,
            (USER_ID, Kind::Anonymous) => one("anonymous"),
            (USER_ID, kind) if !kind.has_account() => none,
            (IS_SERVICE, Kind::Anonymous | Kind::Federated) => none,
            (IS_SERVICE, kind) => one(if kind == Kind::Service {
                "true"
            } else {
                "false"
            }),
            (SERVICE_NAME | SERVICE_NAMES, kind) if kind != Kind::Service => none,
            (RESOURCE_ACCOUNT, _) => self.owner.as_deref().and_then(one),
            _ => None,
        }
    }

    /// A test of a key as one of the part of the request that the key follows from.
    pub(crate) fn asks(&self, key: String, test: Test) -> Asks {
        if self.domain == Domain::Free || self.given.contains(&key) {
            return Asks::Of(Part::Key(key), test, true);
        }
        let has_variable = test.language().is_some_and(Language::has_variable);
        if let Some(values) = self.fixed(&key).filter(|_| !has_variable) {
            return Asks::Answer(test.of_values(&values));
        }
        // What every value of the key has to say is told by the part.
        let part = match (key.as_str(), self.kind) {
            (ARN, Kind::OriginAccessIdentity) => Some(Part::Caller),
            (ARN, kind) if kind.has_account() => Some(Part::Caller),
            (SERVICE_NAME, Kind::Service) => Some(Part::Service),
            _ => None,
        };
        if test.is_presence() && (part.is_some() || self.is_shown_by_caller(&key)) {
            return Asks::Answer(test.of_values(&["x".to_owned()]));
        }
        match (part, test.of_one()) {
            (Some(part), Some(values)) => {
                Asks::Of(part, Test::values(values.clone()), !test.negated)
            }
            _ => Asks::Of(Part::Key(key), test, true),
        }
    }

    /// True for a key that the ARN of the caller shows.
    pub(crate) fn is_shown_by_caller(&self, key: &str) -> bool {
        let is_free = self.domain == Domain::Free || self.given.iter().any(|own| own == key);
        match (key, self.kind) {
            _ if is_free => false,
            (ACCOUNT, kind) => kind.has_account(),
            (USERNAME, kind) => kind == Kind::User,
            _ => false,
        }
    }

    /// A test of a key that the ARN of the caller shows, as one of that ARN, with the answer that stands for true. None for
    /// tests that are not about texts.
    pub(crate) fn lifted(&self, key: &str, test: &Test) -> Option<(Test, bool)> {
        let own = self.partition.as_deref();
        let language = test.language()?;
        let arns = match key {
            ACCOUNT => {
                let accounts = within_class(language, Class::Digit)?;
                let arn = |account| arns_of_account(own, account);
                accounts.into_iter().map(arn).collect()
            }
            _ => self.kind.arns(own, &within_class(language, Class::Name)?),
        };
        Some((Test::texts(arns), !test.negated))
    }

    /// The ARNs of callers.
    fn callers(&self) -> Scope {
        let own = self.partition.as_deref();
        let of_account = |account: &str| Language::from_iter([arns_of_account(own, text(account))]);
        let without = match &self.home {
            Home::Any => Vec::new(),
            Home::Other(all) => all
                .iter()
                .map(|own| Values::Text(of_account(own)))
                .collect(),
        };
        let within = match self.kind {
            Kind::OriginAccessIdentity => origin_access_identities(own),
            kind => kind.arns(own, &[some(Class::Name).to_vec()]),
        };
        Scope {
            shapes: Shapes::ONE,
            within: vec![Values::Text(within)],
            without,
        }
    }

    /// What a part can be.
    pub(crate) fn scope(&self, part: &Part) -> Scope {
        let one = |within: Language| Scope {
            shapes: Shapes::ONE,
            within: vec![Values::Text(within)],
            without: Vec::new(),
        };
        let key = match part {
            Part::Action => {
                let exempt = EXEMPT.map(text);
                let exempt = Values::Text(Language::from_iter(exempt));
                return Scope {
                    without: Some(exempt)
                        .filter(|_| !self.with_exempt)
                        .into_iter()
                        .collect(),
                    ..one(actions())
                };
            }
            Part::Resource => {
                let mut without = Vec::new();
                if self.has_owner {
                    // What has an owner is a resource.
                    without.push(Values::Text(Language::text("*")));
                }
                return Scope {
                    without,
                    ..one(resources(self.partition.as_deref()))
                };
            }
            Part::Caller => return self.callers(),
            Part::Session => return one(Language::from_iter([some(Class::Name).to_vec()])),
            Part::Maker | Part::Service | Part::Provider | Part::Canonical => {
                return one(Language::from_iter([some(Class::Any).to_vec()]));
            }
            Part::UserId => USER_ID,
            Part::Key(key) => key.as_str(),
        };
        let is_given = self.given.iter().any(|own| own == key);
        if self.domain == Domain::Standard && !is_given {
            if let Some(values) = self.fixed(key) {
                return match values.first() {
                    Some(text) => one(Language::text(text)),
                    None => Scope {
                        shapes: Shapes::ABSENT,
                        within: Vec::new(),
                        without: Vec::new(),
                    },
                };
            }
            match key {
                ARN => return self.callers(),
                RESOURCE_ACCOUNT if self.has_owner => {
                    return one(Language::from_iter([account().collect()]));
                }
                ACCOUNT if self.kind.has_account() => {
                    // Nothing else need be asked of the caller that would keep it away from home.
                    let away = match &self.home {
                        Home::Any => &[][..],
                        Home::Other(all) => all,
                    };
                    let away = away.iter().map(|own| Values::Text(Language::text(own)));
                    return Scope {
                        without: away.collect(),
                        ..one(Language::from_iter([account().collect()]))
                    };
                }
                USERNAME => return one(Language::from_iter([some(Class::Name).to_vec()])),
                USER_ID => return one(Language::from_iter([some(Class::Any).to_vec()])),
                _ => {}
            }
        }
        let foreign = self.foreign.iter().filter(|(own, _)| own == key);
        Scope {
            shapes: Shapes {
                many: self.domain == Domain::Free || !is_single(key) || is_given,
                ..Shapes::ALL
            },
            within: Vec::new(),
            without: foreign.map(|(_, values)| values.clone()).collect(),
        }
    }
}

/// True for an action that is allowed whatever policies say (`EVAL-90`). Axiom D3 leaves these out, so that it is for whoever
/// asks about one of them to know that there is nothing to prove.
///
/// ```
/// assert!(portcullis_prove::needs_no_permission("sts:GetCallerIdentity"));
/// assert!(!portcullis_prove::needs_no_permission("sts:Get*"));
/// ```
pub fn needs_no_permission(action: &str) -> bool {
    EXEMPT.iter().any(|own| own.eq_ignore_ascii_case(action))
}

/// Actions that need no permission (`EVAL-90`).
const EXEMPT: [&str; 2] = ["sts:getcalleridentity", "sts:getsessiontoken"];
