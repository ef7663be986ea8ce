//! Which resource policy a requested ARN has (`MATCH-36`): the policy of the whole is consulted for its parts.
//!
//! | requested | policy of | why |
//! |---|---|---|
//! | `arn:aws:s3:::reports/2026/q1` | `arn:aws:s3:::reports` | an object has none of its own |
//! | `…:dynamodb:…:table/orders/index/by-date` | `…:table/orders` | an index has none of its own |
//! | `…:lambda:…:function:f:prod` | its own, else `…:function:f` | an alias may have one |
//! | `…:events:…:rule/bus/r` | `…:event-bus/bus` | the ARN of the whole is no start of the part's |
//! | `…:glue:…:table/db/t` | the account's in that region | one policy for everything of the service |
//! | `…:sqs:…:jobs` | its own | nothing is a part of it |
//!
//! Which service does so, and how the ARNs of parts look, is one table of shapes ([`rows`]); deciding asks it which key a
//! requested ARN is found by ([`part_of`]), and loading which keys a policy is stored under ([`reach_of`]). Both read the same
//! rows, so that they cannot disagree, and a new kind of resource is one line.
//!
//! Shapes are matched byte by byte without allocation: this runs for every request. Regular expressions were rejected for
//! that reason, and code for each service because nobody could review it against the rules.

use portcullis_model::{is_resource, split_arn};

/// A kind of resource that has a policy, and what else that is consulted for.
///
/// Both shapes are of the last part of an ARN. `{}` stands for a name, which ends where the shape goes on, and `|`
/// is where the part ends that the policy is found by. So `table/{}|/index/` says of `table/orders/index/by-date` that the policy
/// of `table/orders` is consulted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    /// The shape of the ARN whose policy it is.
    pub(crate) listed: &'static str,
    /// The shape in which ARNs of its parts begin; `|` alone if everything of the service in the
    /// account and region is a part.
    pub(crate) parts: &'static str,
    /// A part may have a policy of its own, which is then consulted alone.
    pub(crate) may_have_own: bool,
}

/// A kind of resource whose parts have its policy and no other.
const fn whole(listed: &'static str, parts: &'static str) -> Whole {
    Whole {
        listed,
        parts,
        may_have_own: false,
    }
}

/// One whose parts have its policy unless they have their own.
const fn unless_own(listed: &'static str, parts: &'static str) -> Whole {
    Whole {
        may_have_own: true,
        ..whole(listed, parts)
    }
}

/// A bucket, and its objects.
const BUCKET: Whole = whole("{}", "{}|/");
/// An access point, and the objects that are reached through it.
const ACCESS_POINT: Whole = whole("accesspoint/{}", "accesspoint/{}|/");
/// One policy for everything of the service in an account and region.
const ACCOUNT_WIDE: Whole = whole("", "|");

/// The rows of a service (`MATCH-36`); the first whose shape fits is right.
///
/// The service comes with whether the ARN has an account: those of S3's buckets have none.
fn rows(service: &[u8], has_account: bool) -> &'static [Whole] {
    match (service, has_account) {
        (b"s3", false) => const { &[BUCKET] },
        (b"s3", true) => const { &[ACCESS_POINT] },
        (b"s3express", _) => {
            const {
                &[
                    unless_own("bucket/{}", "bucket/{}|/"),
                    unless_own("accesspoint/{}", "accesspoint/{}|/"),
                ]
            }
        }
        (b"s3-outposts", _) => {
            const {
                &[
                    unless_own("outpost/{}/bucket/{}", "outpost/{}/bucket/{}|/"),
                    unless_own("outpost/{}/accesspoint/{}", "outpost/{}/accesspoint/{}|/"),
                ]
            }
        }
        (b"s3-object-lambda", _) => const { &[unless_own("accesspoint/{}", "accesspoint/{}|/")] },
        (b"s3tables", _) => const { &[unless_own("bucket/{}", "bucket/{}|/")] },
        (b"dynamodb", _) => {
            const {
                &[
                    whole("table/{}", "table/{}|/index/"),
                    whole("table/{}/stream/{}", "table/{}/stream/{}|/"),
                ]
            }
        }
        (b"lambda", _) => {
            const {
                &[
                    unless_own("function:{}", "function:{}|:"),
                    unless_own("layer:{}:{}", "layer:{}:{}|:"),
                ]
            }
        }
        (b"es", _) => const { &[whole("domain/{}", "domain/{}|/")] },
        (b"execute-api", _) => const { &[whole("{}", "{}|/")] },
        (b"glue" | b"logs", _) => const { &[ACCOUNT_WIDE] },
        (b"events", _) => const { &[whole("event-bus/{}", "rule/{}/|")] },
        (b"codeartifact", _) => const { &[whole("repository/{}/{}", "package/{}/{}/|")] },
        (b"mediastore", _) => const { &[whole("container/{}", "container/{}|/")] },
        _ => const { &[] },
    }
}

/// Services whose policies are consulted for the very ARN that has them, and nothing else
/// (`MATCH-36`). A service that is neither here nor in [`rows`] is read the same way and gets a
/// note, because a policy that is not consulted may be one that denies.
const EXACT: [&str; 14] = [
    "backup",
    "kms",
    "sqs",
    "sns",
    "secretsmanager",
    "ecr",
    "ecr-public",
    "elasticfilesystem",
    "kinesis",
    "ses",
    "acm-pca",
    "glacier",
    "cloudtrail",
    "iam",
];

/// How far into a text its beginning has a shape: up to the `|` of the shape, or the whole text for
/// a shape without.
///
/// Names hold no separator, so that each ends at the first. Takes time linear in the text, and
/// never goes back.
fn fits(text: &str, shape: &str) -> Option<usize> {
    let text = text.as_bytes();
    let mut shape = shape.as_bytes();
    let (mut at, mut end) = (0, None);
    while let [first, behind @ ..] = shape {
        shape = behind;
        match first {
            b'{' => {
                shape = shape.strip_prefix(b"}")?;
                let tail = text.get(at..)?.iter();
                let name = tail.take_while(|byte| !matches!(byte, b'/' | b':'));
                let before = at;
                at += name.count();
                if at == before {
                    return None;
                }
            }
            b'|' => end = Some(at),
            byte if text.get(at) == Some(byte) => at += 1,
            _ => return None,
        }
    }
    end.or((at == text.len()).then_some(at))
}

/// A name of a resource that requests of AWS do not use, and under which no policy is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherName {
    /// Neither an ARN nor `*`.
    NoArn,
    /// An alias of an access point in the place of a bucket, or its ARN with colons, as tools take
    /// it.
    AccessPoint,
    /// An alias of a KMS key.
    Key,
}

impl OtherName {
    /// Why nothing is allowed on it; follows the name in a sentence.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            OtherName::NoArn => "is neither an ARN nor `*`, so nothing is allowed",
            OtherName::AccessPoint => {
                "is another name of an access point, whose policies were not seen, so nothing is allowed; use its \
                 own ARN, as AWS requests do"
            }
            OtherName::Key => {
                "is another name of a key, whose policies were not seen, so nothing is allowed; use its own ARN, as \
                 AWS requests do"
            }
        }
    }

    /// True where an action is on the resource behind the name, not on the name itself (`KMS-5`).
    pub(crate) fn stands_for_another(self, action: &str) -> bool {
        const OF_ALIASES: [&str; 3] = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"];
        let is_action = |alias: &&str| alias.eq_ignore_ascii_case(action);
        let is_of_kms = action
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("kms:"));
        match self {
            OtherName::NoArn | OtherName::AccessPoint => true,
            OtherName::Key => is_of_kms && !OF_ALIASES.iter().any(is_action),
        }
    }
}

/// Whether a requested resource is another name of one. `parts` are those of [`split_arn`]. Runs
/// for every request.
#[inline]
pub(crate) fn other_name(resource: &str, parts: Option<[&str; 6]>) -> Option<OtherName> {
    if !is_resource(resource) {
        return Some(OtherName::NoArn);
    }
    let [_, _, service, _, account, tail] = parts?;
    let is_point = match (service, account) {
        ("kms", _) => return tail.starts_with("alias/").then_some(OtherName::Key),
        // S3 lets no bucket have a name that ends so.
        ("s3", "") => {
            let end = tail.bytes().position(|byte| byte == b'/');
            let bucket = tail.get(..end.unwrap_or(tail.len())).unwrap_or(tail);
            bucket.ends_with("-s3alias") || bucket.ends_with("--ol-s3")
        }
        ("s3" | "s3express" | "s3-object-lambda", _) => tail.starts_with("accesspoint:"),
        ("s3-outposts", _) => tail.starts_with("outpost:"),
        _ => false,
    };
    is_point.then_some(OtherName::AccessPoint)
}

/// The whole that a requested ARN is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    /// By which the policy of the whole is found ([`key_of`]).
    pub(crate) key: &'a str,
    /// The part may have a policy of its own, which is then consulted alone.
    pub(crate) may_have_own: bool,
}

/// The whole that an ARN is a part of; none if it has no policy but its own. The first row of the
/// service whose shape fits decides.
#[inline]
pub(crate) fn part_of<'a>(arn: &'a str, parts: [&'a str; 6]) -> Option<Part<'a>> {
    let [_, _, service, _, account, tail] = parts;
    let rows = rows(service.as_bytes(), !account.is_empty());
    rows.iter().find_map(|row| {
        let end = fits(tail, row.parts)?;
        let key = arn.get(..arn.len() - tail.len() + end)?;
        // An account's own policy is listed under the same key.
        let may_have_own = row.may_have_own;
        Some(Part { key, may_have_own })
    })
}

/// How a policy is consulted that was found for a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// For the resource and its parts: also under this key, unless that is the resource's ARN.
    Whole(Option<String>),
    /// For everything of the service in the account and region, under this key alone.
    AccountWide(String),
    /// For the resource alone.
    Exact,
    /// For nothing, if what is found by this key has a policy: the resource is a part of that. Else for the resource
    /// alone.
    Never(String),
    /// For the resource alone, because nothing is known of such resources.
    Unknown,
}

/// How the policy of the resource with an ARN is consulted.
pub(crate) fn reach_of(arn: &str) -> Reach {
    let Some(parts) = split_arn(arn) else {
        return Reach::Unknown;
    };
    let [_, _, service, _, account, tail] = parts;
    let start = arn.strip_suffix(tail).unwrap_or_default();
    for row in rows(service.as_bytes(), !account.is_empty()) {
        if row == &ACCOUNT_WIDE {
            return Reach::AccountWide(start.to_string());
        }
        if fits(tail, row.listed).is_some() {
            return Reach::Whole(key_of(start, tail, row));
        }
        if fits(tail, row.parts).is_some() {
            return match (row.may_have_own, part_of(arn, parts)) {
                (false, Some(part)) => Reach::Never(part.key.to_string()),
                _ => Reach::Exact,
            };
        }
    }
    match EXACT.contains(&service) {
        true => Reach::Exact,
        false => Reach::Unknown,
    }
}

/// The key by which the policy of a whole is found, if that is another text than its ARN: the start of the ARNs of
/// its parts, with the separator, so that it is no ARN itself.
fn key_of(start: &str, tail: &str, row: &Whole) -> Option<String> {
    let (key, _) = row.parts.split_once('|')?;
    let literal = |shape: &'static str| shape.split('{').next();
    let (listed, parts) = (literal(row.listed)?, literal(key)?);
    if listed == parts {
        return None;
    }
    let names = tail.strip_prefix(listed)?;
    let separator = key.rsplit('}').next()?;
    Some(format!("{start}{parts}{names}{separator}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "eu-west-1:111122223333";

    fn key(arn: &str) -> Option<String> {
        part_of(arn, split_arn(arn)?).map(|part| part.key.to_string())
    }

    #[test]
    fn match_36_parts_lead_to_their_wholes() {
        for (service, whole, part) in [
            ("es", "domain/d", "domain/d/idx/_search"),
            ("execute-api", "a1b2c3", "a1b2c3/prod/GET/pets"),
            ("dynamodb", "table/T", "table/T/index/i"),
            ("lambda", "function:f", "function:f:alias"),
            ("s3", "accesspoint/ap", "accesspoint/ap/object/k/l"),
            ("s3express", "bucket/b--x-s3", "bucket/b--x-s3/k"),
            (
                "s3-outposts",
                "outpost/o/bucket/b",
                "outpost/o/bucket/b/object/k",
            ),
            (
                "s3-outposts",
                "outpost/o/accesspoint/a",
                "outpost/o/accesspoint/a/object/k",
            ),
            (
                "s3-object-lambda",
                "accesspoint/a",
                "accesspoint/a/object/k",
            ),
            ("s3tables", "bucket/b", "bucket/b/table/t"),
            ("mediastore", "container/c", "container/c/folder/file"),
        ] {
            let arn = |tail: &str| format!("arn:aws:{service}:{A}:{tail}");
            assert_eq!(key(&arn(part)), Some(arn(whole)), "{service}");
            assert_eq!(reach_of(&arn(whole)), Reach::Whole(None), "{service}");
            assert_eq!(key(&arn(whole)), None, "{service}");
        }
        assert_eq!(key("arn:aws:s3:::b/k/l").as_deref(), Some("arn:aws:s3:::b"));
        assert_eq!(reach_of("arn:aws:s3:::b"), Reach::Whole(None));
        let never = Reach::Never("arn:aws:s3:::b".to_string());
        assert_eq!(reach_of("arn:aws:s3:::b/k"), never);
    }

    #[test]
    fn names_of_a_shape_hold_no_separator() {
        for (text, shape, end) in [
            ("b", "{}", Some(1)),
            ("b/k", "{}", None),
            ("b/k", "{}|/", Some(1)),
            ("/k", "{}|/", None),
            ("table/T/index/i", "table/{}|/index/", Some(7)),
            ("table/T:1/index/i", "table/{}|/index/", None),
            ("table/T/x/index/i", "table/{}|/index/", None),
            ("table/T", "table/{}|/index/", None),
            ("", "|", Some(0)),
        ] {
            assert_eq!(fits(text, shape), end, "{text} {shape}");
        }
    }

    #[test]
    fn match_36_parts_whose_arns_begin_otherwise() {
        let arn = |service: &str, tail: &str| format!("arn:aws:{service}:{A}:{tail}");
        for (service, whole, part) in [
            ("events", "event-bus/B", "rule/B/r"),
            ("codeartifact", "repository/d/r", "package/d/r/npm//p"),
        ] {
            let Reach::Whole(Some(found)) = reach_of(&arn(service, whole)) else {
                panic!("{service}");
            };
            assert_eq!(key(&arn(service, part)), Some(found), "{service}");
        }
        // The rules of the default bus.
        assert_eq!(key(&arn("events", "rule/r")), None);
    }

    #[test]
    fn match_36_policies_of_accounts() {
        for service in ["glue", "logs"] {
            let wide = format!("arn:aws:{service}:{A}:");
            for tail in ["catalog", "database/d", "log-group:g:*", ""] {
                let arn = format!("{wide}{tail}");
                assert_eq!(key(&arn).as_ref(), Some(&wide));
                assert_eq!(reach_of(&arn), Reach::AccountWide(wide.clone()));
            }
        }
    }

    #[test]
    fn match_36_policies_of_one_resource() {
        for service in EXACT {
            let arn = format!("arn:aws:{service}:{A}:x/y");
            assert_eq!((key(&arn), reach_of(&arn)), (None, Reach::Exact));
        }
        let stream = "arn:aws:dynamodb:eu-west-1:111122223333:table/T/stream/s";
        assert_eq!((key(stream), reach_of(stream)), (None, Reach::Whole(None)));
        let other = "arn:aws:lex:eu-west-1:111122223333:bot/b";
        assert_eq!((key(other), reach_of(other)), (None, Reach::Unknown));
        let version = "arn:aws:lambda:eu-west-1:111122223333:function:f:1";
        assert_eq!(reach_of(version), Reach::Exact);
    }
}
