//! The requests that a question is about.
//!
//! A proof is about a set of requests, so the set is stated: [`AXIOMS`] is printed with answers. Where an axiom is left out
//! the set grows, so a proof over more requests is one over fewer.

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
pub const AXIOMS: [Axiom; 6] = [
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
        text: "keys that follow from the caller are there as the kind of caller has them (KEY-77)",
        always: false,
    },
    Axiom {
        id: "D6",
        text: "aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType and aws:username are those of one caller (KEY-10 to KEY-20)",
        always: false,
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

/// The kinds of caller that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    User,
    Role,
    FederatedUser,
}

/// What is fixed while a formula is solved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) domain: Domain,
    pub(crate) kind: Kind,
}

/// What a part of a request can be.
pub(crate) struct Scope {
    pub(crate) shapes: Shapes,
    /// Each value is in all of these.
    pub(crate) within: Vec<Values>,
    /// No value is in this.
    pub(crate) without: Option<Language>,
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
fn resources() -> Language {
    let mut arn: Pattern = text("arn:").collect();
    arn.extend(some(Class::NotColon));
    arn.push(colon());
    arn.extend(some(Class::NotColon));
    arn.push(colon());
    for _ in 0..2 {
        arn.push(Token::many(Class::NotColon));
        arn.push(colon());
    }
    arn.extend(some(Class::Any));
    Language::from_iter([text("*").collect(), arn])
}

/// The account part of an ARN.
fn account() -> impl Iterator<Item = Token> {
    (0..12).map(|_| Token::one(Class::Digit))
}

/// `arn:`, a partition, and the colon behind it.
fn partition() -> Pattern {
    let mut start: Pattern = text("arn:").collect();
    start.extend(some(Class::NotColon));
    start.push(colon());
    start
}

impl Kind {
    /// How the ARN of a caller goes on behind its partition: service, and what stands before its name.
    fn forms(self) -> (&'static str, &'static str, bool) {
        match self {
            Kind::User => ("iam::", ":user/", true),
            Kind::Role => ("iam::", ":role/", true),
            Kind::FederatedUser => ("sts::", ":federated-user/", false),
        }
    }

    /// The ARNs of callers whose name matches these patterns.
    fn arns(self, names: &[Pattern]) -> Language {
        let (service, before, has_path) = self.forms();
        let mut patterns = Vec::new();
        for name in names {
            let mut start = partition();
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
    pub(crate) fn principal_type(self) -> &'static str {
        match self {
            Kind::User => "User",
            Kind::Role => "AssumedRole",
            Kind::FederatedUser => "FederatedUser",
        }
    }
}

/// A language over names or accounts: its wildcards stop where these do. None if it has variables.
fn within_class(language: &Language, class: Class) -> Option<Vec<Pattern>> {
    if language.has_variable() {
        return None;
    }
    let texts = language.texts().iter();
    let texts = texts.map(|own| text(own).collect::<Pattern>());
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
            (ACCOUNT, _) => Some(vec![account.to_owned()]),
            (USERNAME, Kind::User) => Some(vec![name.to_owned()]),
            _ => self.fixed(key),
        }
    }

    /// The values that a key has with this kind of caller, whoever it is.
    fn fixed(&self, key: &str) -> Option<Vec<String>> {
        match (key, self.kind) {
            (TYPE, kind) => Some(vec![kind.principal_type().to_owned()]),
            (USERNAME, Kind::Role | Kind::FederatedUser) => Some(Vec::new()),
            (IS_SERVICE, _) => Some(vec!["false".to_owned()]),
            (SERVICE_NAME | SERVICE_NAMES, _) => Some(Vec::new()),
            _ => None,
        }
    }

    /// A test of a key as one of the part of the request that the key follows from.
    pub(crate) fn asks(&self, key: String, test: Test) -> Asks {
        if self.domain == Domain::Free {
            return Asks::Of(Part::Key(key), test, true);
        }
        let has_variable = test.language().is_some_and(Language::has_variable);
        if let Some(values) = self.fixed(&key).filter(|_| !has_variable) {
            return Asks::Answer(test.of_values(&values));
        }
        let is_caller = match (key.as_str(), self.kind) {
            (ARN | ACCOUNT, _) | (USERNAME, Kind::User) => true,
            _ => false,
        };
        let Some(values) = test.of_one().filter(|_| is_caller) else {
            let present = is_caller && test.is_presence();
            return match present {
                true => Asks::Answer(test.of_values(&["x".to_owned()])),
                false => Asks::Of(Part::Key(key), test, true),
            };
        };
        let negated = test.negated;
        let lifted = match (key.as_str(), values) {
            (ARN, values) => Some(values.clone()),
            (ACCOUNT, Values::Text(language)) => {
                within_class(language, Class::Digit).map(|accounts| {
                    let arn = |account: Pattern| {
                        let mut arn = partition();
                        arn.extend(some(Class::NotColon));
                        arn.extend(text("::"));
                        arn.extend(account);
                        arn.push(colon());
                        arn.push(Token::many(Class::Any));
                        arn
                    };
                    Values::Text(accounts.into_iter().map(arn).collect())
                })
            }
            (_, Values::Text(language)) => within_class(language, Class::Name)
                .map(|names| Values::Text(self.kind.arns(&names))),
            _ => None,
        };
        match lifted {
            Some(values) => Asks::Of(Part::Caller, Test::values(values), !negated),
            None => Asks::Of(Part::Key(key), test, true),
        }
    }

    /// What a part can be.
    pub(crate) fn scope(&self, part: &Part) -> Scope {
        let one = |within: Language| Scope {
            shapes: Shapes::ONE,
            within: vec![Values::Text(within)],
            without: None,
        };
        let key = match part {
            Part::Action => {
                let exempt = EXEMPT.map(|own| text(own).collect());
                return Scope {
                    without: Some(Language::from_iter(exempt)),
                    ..one(actions())
                };
            }
            Part::Resource => return one(resources()),
            Part::Caller => return one(self.kind.arns(&[some(Class::Name).to_vec()])),
            Part::Session | Part::Service | Part::Provider | Part::Canonical => {
                return one(Language::any());
            }
            Part::Key(key) => key.as_str(),
        };
        if self.domain == Domain::Standard {
            if let Some(values) = self.fixed(key) {
                return match values.first() {
                    Some(text) => one(Language::text(text)),
                    None => Scope {
                        shapes: Shapes::ABSENT,
                        within: Vec::new(),
                        without: None,
                    },
                };
            }
            match key {
                ARN => return self.scope(&Part::Caller),
                ACCOUNT => return one(Language::from_iter([account().collect()])),
                USERNAME => return one(Language::from_iter([some(Class::Name).to_vec()])),
                USER_ID => return one(Language::from_iter([some(Class::Any).to_vec()])),
                _ => {}
            }
        }
        Scope {
            shapes: Shapes {
                many: self.domain == Domain::Free || !is_single(key),
                ..Shapes::ALL
            },
            within: Vec::new(),
            without: None,
        }
    }
}

/// Actions that need no permission (`EVAL-90`).
const EXEMPT: [&str; 2] = ["sts:getcalleridentity", "sts:getsessiontoken"];
