//! What is known of services.

use portcullis_syntax::lint::keys::{self, Type};
use portcullis_syntax::lint::services::is_service;
use std::borrow::Cow;

/// What a catalog says of something. Whoever does not know says so: nothing is found on the strength of it (`AA-50`, `AA-51`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so, in any reference.
    No,
    /// No reference says.
    Unknown,
}

impl From<bool> for Answer {
    fn from(is_so: bool) -> Answer {
        if is_so { Answer::Yes } else { Answer::No }
    }
}

/// What is known of a condition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// The type of its values.
    pub kind: Type,
    /// Whether it has a list of values (`KEY-4`). References tell which keys have; that a key has not they do not say
    /// for sure.
    pub is_many: Answer,
    /// A name follows, such as that of a tag, and values may be anything.
    pub is_family: bool,
}

/// Whether ARNs have a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All have it.
    Always,
    /// Some have it, or it is not known.
    Sometimes,
    /// None has it.
    Never,
}

/// Whether actions are about resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// One of them is about one of the resources.
    Some,
    /// None is about any of them.
    None,
    /// None is about any of them, and some name no resource at all: they are for `*`.
    OnlyEverything,
    /// It is not known.
    Unknown,
}

/// Which of some actions have a condition key in their requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUse {
    /// How many actions there are.
    pub total: usize,
    /// How many have a request that lacks the key whatever is asked for: no resource of theirs has it, or one that
    /// every request names has not.
    pub without: usize,
    /// A few of those.
    pub examples: Vec<String>,
    /// Some action has it, for some resource.
    pub is_known: bool,
}

/// What is known of the ARNs of a service that start their last part in some way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArnFacts {
    /// Whether they have a region.
    pub region: Part,
    /// Whether they have an account.
    pub account: Part,
}

/// Facts of services. Every question but the first two may be left unanswered.
///
/// Prefixes, names and keys are asked for as a document writes them, in any letter case.
///
/// ```
/// use portcullis_lint::{Answer, ArnFacts, ByHand, Catalog, KeyFacts};
/// struct Newer;
/// impl Catalog for Newer {
///     fn service(&self, prefix: &str) -> Answer {
///         if prefix == "newest" { Answer::Yes } else { ByHand.service(prefix) }
///     }
///     fn key(&self, key: &str) -> Option<KeyFacts> {
///         ByHand.key(key)
///     }
/// }
/// assert_eq!(Newer.service("newest"), Answer::Yes);
/// assert_eq!(Newer.action("newest:Get"), Answer::Unknown);
/// ```
pub trait Catalog {
    /// Whether a service has this prefix.
    fn service(&self, prefix: &str) -> Answer;

    /// Type and multiplicity of a condition key.
    fn key(&self, key: &str) -> Option<KeyFacts>;

    /// Whether there is an action, given whole and without wildcard. Access Analyzer forgets actions that are gone
    /// for more than a year; of a retired service it is not known which it remembers (`AA-51`).
    fn action(&self, _action: &str) -> Answer {
        Answer::Unknown
    }

    /// The action, with its prefix, that an API operation of this name is authorized as, if it is another one.
    fn authorized_as(&self, prefix: &str, operation: &str) -> Option<&str> {
        by_operation(prefix, operation)
    }

    /// Whether a service has a condition key, given whole; the prefix is that of a service.
    fn service_key(&self, _prefix: &str, _key: &str) -> Answer {
        Answer::Unknown
    }

    /// Whether any action that a pattern matches knows `aws:ResourceTag`, `aws:RequestTag` or `aws:TagKeys`, itself or by a
    /// type of its resources (`AA-47`).
    fn knows_tags(&self, _pattern: &str) -> Answer {
        Answer::Unknown
    }

    /// What the ARNs of a service have, for one whose last part is this.
    fn arn(&self, service: &str, rest: &str) -> Option<ArnFacts> {
        arn_by_hand(service, rest)
    }

    /// Whether the last part of an ARN has a form that the service knows.
    fn resource(&self, _service: &str, _rest: &str) -> Answer {
        Answer::Unknown
    }

    /// Whether actions that a pattern matches are about resources that any of some patterns matches.
    fn meets(&self, _pattern: &str, _resources: &[Cow<'_, str>]) -> Meeting {
        Meeting::Unknown
    }

    /// Whether an action without wildcard changes something, and every request for it names a resource.
    fn is_restrictable(&self, _action: &str) -> Answer {
        Answer::Unknown
    }

    /// Whether an action without wildcard only reads or lists.
    fn is_reading(&self, _action: &str) -> Answer {
        Answer::Unknown
    }

    /// Which actions that a pattern matches have a key if they are about resources that any of some patterns matches.
    /// None if a reference does not tell.
    fn uses_of_key(
        &self,
        _pattern: &str,
        _resources: &[Cow<'_, str>],
        _key: &str,
    ) -> Option<KeyUse> {
        None
    }

    /// Whether resources of a service are in a region.
    fn in_region(&self, _service: &str, _region: &str) -> Answer {
        Answer::Unknown
    }
}

/// The catalog of what the rules name themselves, kept by hand.
///
/// ```
/// use portcullis_lint::{Answer, ByHand, Catalog};
/// assert_eq!(ByHand.service("S3"), Answer::Yes);
/// assert_eq!(ByHand.authorized_as("s3", "ListObjectsV2"), Some("s3:ListBucket"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ByHand;

impl Catalog for ByHand {
    fn service(&self, prefix: &str) -> Answer {
        // AA-40, AA-41: its prefix is still in references.
        let is_gone = prefix.eq_ignore_ascii_case("elastic-inference");
        (!is_gone && is_service(prefix)).into()
    }

    fn key(&self, key: &str) -> Option<KeyFacts> {
        // AA-46.
        const ARNS: [&str; 2] = [
            "ram:ResourceArn",
            "codestar-notifications:NotificationsForResource",
        ];
        if ARNS.iter().any(|own| own.eq_ignore_ascii_case(key)) {
            return Some(KeyFacts {
                kind: Type::Arn,
                is_many: Answer::No,
                is_family: false,
            });
        }
        // AA-50: two policies of AWS have it with `ForAllValues`, of which Access Analyzer says nothing.
        let is_left_open = key.eq_ignore_ascii_case("organizations:ServicePrincipal");
        keys::known(key).map(|known| KeyFacts {
            kind: known.kind,
            is_many: match known.is_many {
                true => Answer::Yes,
                false if is_left_open => Answer::Unknown,
                false => Answer::No,
            },
            is_family: known.is_family,
        })
    }
}

/// Operations that the rules name (`AA-39`, `MATCH-14`).
fn by_operation(prefix: &str, operation: &str) -> Option<&'static str> {
    const OPERATIONS: [(&str, &str); 4] = [
        ("HeadBucket", "s3:ListBucket"),
        ("HeadObject", "s3:GetObject"),
        ("ListObjects", "s3:ListBucket"),
        ("ListObjectsV2", "s3:ListBucket"),
    ];
    let mut all = OPERATIONS.iter();
    let found = all.find(|one| one.0.eq_ignore_ascii_case(operation))?;
    prefix.eq_ignore_ascii_case("s3").then_some(found.1)
}

/// The services whose ARNs are the same for all resources, or nearly so (`AA-49`, `AA-100`, `AA-101`, `AA-129`). Of what is not
/// here nothing is said (`AA-50`).
fn arn_by_hand(service: &str, rest: &str) -> Option<ArnFacts> {
    use Part::{Always, Never, Sometimes};
    let (region, account) = match service {
        "iam" => (Never, Sometimes),
        // A bucket and its objects have neither; access points, jobs and the like have both.
        "s3" if rest.contains("accesspoint") || is_other_of_s3(rest) => return None,
        "s3" => (Never, Never),
        "cloudfront" | "organizations" => (Never, Sometimes),
        // Global tables are in no region.
        "dynamodb" if rest.starts_with("global-table") || rest.contains('*') => return None,
        "logs" | "sqs" | "dynamodb" => (Always, Always),
        "kinesis" => (Always, Sometimes),
        _ => return None,
    };
    Some(ArnFacts { region, account })
}

fn is_other_of_s3(rest: &str) -> bool {
    let start = rest.split(['/', ':']).next().unwrap_or_default();
    let is_other = |own: &str| own.eq_ignore_ascii_case(start);
    [
        "job",
        "storage-lens",
        "storage-lens-group",
        "access-grants",
        "async-request",
    ]
    .into_iter()
    .any(is_other)
        || start.contains(['*', '?'])
}
