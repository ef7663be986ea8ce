//! What a request says.

use core::fmt;

/// One request: a caller, one action, one resource, and the context.
///
/// Borrowed and flat: whoever builds a request owns the strings. Nothing is derived here; each
/// evaluator fills in the keys that follow from the request (`KEY-5`) by itself.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: Principal<'a>,
    /// The permission asked for, as `prefix:name`, in any case (`MATCH-10`).
    pub action: &'a str,
    /// The target's ARN, or `*` for an action without resource (`MATCH-28`).
    pub resource: &'a str,
    /// The account that owns the resource, where the caller of the engine knows it (`EVAL-12`).
    pub resource_account: Option<&'a str>,
    /// The context keys as given. A key may come more than once, also in another letter case: its
    /// values are then one list (`COND-41`).
    pub context: &'a [ContextEntry<'a>],
    /// True if `RestrictPublicBuckets` is in force for the target (`S3-4`).
    pub restrict_public_buckets: bool,
    /// True if something outside the policy language grants this request to this caller: an S3 ACL
    /// entry that is in force, a KMS grant, a RAM share (`EVAL-75`).
    pub external_grant: bool,
}

impl<'a> Request<'a> {
    /// A request of a caller of whom nothing else is known, for a resource of which nothing else is, without context.
    ///
    /// ```
    /// use portcullis_model::{Caller, Request};
    /// let ann = Caller::from_arn("arn:aws:iam::111122223333:user/ann").unwrap();
    /// let request = Request {
    ///     resource_account: Some("444455556666"),
    ///     ..Request::new(ann, "s3:GetObject", "arn:aws:s3:::reports/q1")
    /// };
    /// assert!(request.context.is_empty());
    /// ```
    pub const fn new(caller: Caller<'a>, action: &'a str, resource: &'a str) -> Request<'a> {
        Request {
            principal: Principal {
                caller,
                user_id: None,
                management_account: false,
                session_token: false,
            },
            action,
            resource,
            resource_account: None,
            context: &[],
            restrict_public_buckets: false,
            external_grant: false,
        }
    }
}

/// A context key with its values. No value at all counts as an absent key, and switches off the
/// derivation of the key if it is one that follows from the request (`KEY-2`).
#[derive(Clone, Copy, Debug)]
pub struct ContextEntry<'a> {
    /// The name, in any case (`COND-40`).
    pub key: &'a str,
    /// The values as text (`COND-51`).
    pub values: &'a [&'a str],
}

/// The caller of a request, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Principal<'a> {
    /// What kind of caller it is.
    pub caller: Caller<'a>,
    /// `aws:userid`: `AIDA…` of a user, `AROA…:session` of a role session (`VAR-13`).
    pub user_id: Option<&'a str>,
    /// True if the caller's account is the management account of its organization (`SCP-3`).
    pub management_account: bool,
    /// True of a user or root user whose credentials are those of `GetSessionToken`, with which less can be called
    /// (`STS-4`). A request does not tell: a session has the same ARN, and the console sends the same keys.
    pub session_token: bool,
}

/// The kinds of caller (`EVAL-1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    /// No credentials.
    Anonymous,
    /// The root user of an account: `arn:PARTITION:iam::ACCOUNT:root`.
    Root {
        /// The root user's ARN.
        arn: &'a str,
    },
    /// An IAM user, by long-term keys or `GetSessionToken`.
    User {
        /// The user's ARN, path included.
        arn: &'a str,
    },
    /// A session of a role.
    Role {
        /// `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`, unless the session's name is unknown.
        session_arn: Option<&'a str>,
        /// The role's own ARN, path included.
        role_arn: &'a str,
        /// True for a service-linked role (`EVAL-54`).
        service_linked: bool,
    },
    /// A session made by `GetFederationToken`.
    FederatedUser {
        /// `arn:PARTITION:sts::ACCOUNT:federated-user/NAME`.
        arn: &'a str,
        /// The ARN of the user (or root) who made the session, if known (`EVAL-25`).
        federated_by: Option<&'a str>,
    },
    /// An AWS service that calls directly, by its service principal name (`EVAL-53`).
    Service {
        /// `name.amazonaws.com`.
        name: &'a str,
    },
    /// The unsigned caller of `AssumeRoleWithSAML` or `AssumeRoleWithWebIdentity` (`TRUST-4`).
    Federated {
        /// The provider: an ARN, or a well-known name (`GRAM-43`).
        provider: &'a str,
    },
    /// A caller known by its S3 canonical user id only (`GRAM-44`).
    CanonicalUser {
        /// 64 hexadecimal characters.
        id: &'a str,
    },
    /// An origin access identity of CloudFront (`GRAM-45`): a user without an account, whom only the
    /// policy of a resource can let in.
    OriginAccessIdentity {
        /// `arn:PARTITION:iam::cloudfront:user/CloudFront Origin Access Identity ID`.
        arn: &'a str,
    },
}

impl<'a> Caller<'a> {
    /// The caller's ARN: the session's if it is known, else the role's; none for callers without.
    pub fn arn(&self) -> Option<&'a str> {
        match *self {
            Caller::Root { arn }
            | Caller::User { arn }
            | Caller::FederatedUser { arn, .. }
            | Caller::OriginAccessIdentity { arn } => Some(arn),
            Caller::Role {
                session_arn,
                role_arn,
                ..
            } => Some(session_arn.unwrap_or(role_arn)),
            Caller::Anonymous
            | Caller::Service { .. }
            | Caller::Federated { .. }
            | Caller::CanonicalUser { .. } => None,
        }
    }

    /// The caller's account: the fifth part of its ARN; none for callers without account.
    pub fn account(&self) -> Option<&'a str> {
        if matches!(self, Caller::OriginAccessIdentity { .. }) {
            return None;
        }
        let [_, _, _, _, account, _] = split_arn(self.arn()?)?;
        Some(account)
    }

    /// The caller's partition: the second part of its ARN.
    pub fn partition(&self) -> Option<&'a str> {
        let [_, partition, ..] = split_arn(self.arn()?)?;
        Some(partition)
    }

    /// Reads the ARN of a caller: a root user, a user, a role session, a federated user, or an origin
    /// access identity of CloudFront.
    ///
    /// A role's ARN stands for a session of that role whose name is unknown. The session of a role
    /// that is known by its session only needs the role's ARN beside it; see [`Caller::session`].
    ///
    /// ```
    /// use portcullis_model::Caller;
    /// let user = Caller::from_arn("arn:aws:iam::111122223333:user/team/ann").unwrap();
    /// assert_eq!(user.account(), Some("111122223333"));
    /// assert!(Caller::from_arn("arn:aws:iam::111122223333:group/admins").is_err());
    /// ```
    ///
    /// # Errors
    /// [`PrincipalError`] names what the text should have been.
    pub fn from_arn(arn: &'a str) -> Result<Caller<'a>, PrincipalError> {
        if let Some(caller) = Caller::usual(arn) {
            return Ok(caller);
        }
        Caller::from_parts(arn, split_arn(arn).ok_or(PrincipalError::NotAnArn)?)
    }

    /// A user or role of the partition `aws`, read where its account and name must lie: nearly every caller is one, and
    /// hosts that have nothing but texts pay for it with each request.
    #[inline]
    fn usual(arn: &'a str) -> Option<Caller<'a>> {
        let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_at_checked(12)?;
        if !is_account_id(account) {
            return None;
        }
        let resource = resource.strip_prefix(':')?;
        if has_name(resource, "user/") {
            return Some(Caller::User { arn });
        }
        has_name(resource, "role/").then_some(Caller::Role {
            session_arn: None,
            role_arn: arn,
            service_linked: false,
        })
    }

    /// The same from the ARN and what [`split_arn`] gives for it.
    ///
    /// # Errors
    /// As [`Caller::from_arn`].
    pub fn from_parts(arn: &'a str, parts: [&'a str; 6]) -> Result<Caller<'a>, PrincipalError> {
        if is_origin_access_identity(parts) {
            return Ok(Caller::OriginAccessIdentity { arn });
        }
        let (service, resource) = principal_parts(parts)?;
        match (service, resource) {
            ("iam", "root") => Ok(Caller::Root { arn }),
            ("iam", _) if has_name(resource, "user/") => Ok(Caller::User { arn }),
            ("iam", _) if has_name(resource, "role/") => Ok(Caller::Role {
                session_arn: None,
                role_arn: arn,
                service_linked: false,
            }),
            ("sts", _) if has_name(resource, "federated-user/") => Ok(Caller::FederatedUser {
                arn,
                federated_by: None,
            }),
            ("sts", _) if session_names(resource).is_some() => {
                Err(PrincipalError::SessionNeedsRole)
            }
            ("sts", _) if has_role_path(resource) => Err(PrincipalError::SessionWithPath),
            _ => Err(PrincipalError::NotAPrincipal),
        }
    }

    /// A role session from its ARN and the ARN of its role.
    ///
    /// # Errors
    /// [`PrincipalError`] if either ARN has another form.
    pub fn session(session_arn: &'a str, role_arn: &'a str) -> Result<Caller<'a>, PrincipalError> {
        let parts = split_arn(session_arn).ok_or(PrincipalError::NotAnArn)?;
        let (service, resource) = principal_parts(parts)?;
        if service == "sts" && has_role_path(resource) {
            return Err(PrincipalError::SessionWithPath);
        }
        if service != "sts" || session_names(resource).is_none() {
            return Err(PrincipalError::NotAPrincipal);
        }
        match Caller::from_arn(role_arn)? {
            Caller::Role { .. } => Ok(Caller::Role {
                session_arn: Some(session_arn),
                role_arn,
                service_linked: false,
            }),
            _ => Err(PrincipalError::NotARole),
        }
    }
}

/// The role's ARN that a session's ARN suggests: the session's does not hold the role's path, so it is
/// a guess that has to be told (`IN-17`). Roles of IAM Identity Center, whose names begin with
/// `AWSReservedSSO_`, have a path that is known but for the region in it (`SSO-1`); others are taken to
/// have none. None if the text is no session's ARN.
///
/// ```
/// use portcullis_model::GuessedRole;
/// let guess = GuessedRole::of_session("arn:aws:sts::111122223333:assumed-role/App/s").unwrap();
/// assert_eq!(guess.parts().concat(), "arn:aws:iam::111122223333:role/App");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuessedRole<'a> {
    partition: &'a str,
    account: &'a str,
    name: &'a str,
}

/// How the names of the roles begin that IAM Identity Center makes (`SSO-1`).
const SSO_NAME: &str = "AWSReservedSSO_";

impl<'a> GuessedRole<'a> {
    /// The role of a session.
    pub fn of_session(session_arn: &'a str) -> Option<Self> {
        let [_, partition, _, _, account, resource] = split_arn(session_arn)?;
        let (name, _) = session_names(resource)?;
        Some(GuessedRole::named(partition, account, name))
    }

    /// The role of an account by its name.
    pub fn named(partition: &'a str, account: &'a str, name: &'a str) -> Self {
        GuessedRole {
            partition,
            account,
            name,
        }
    }

    /// True if the role was made by IAM Identity Center, whose region may be a part of its path.
    pub fn is_of_identity_center(&self) -> bool {
        self.name.starts_with(SSO_NAME)
    }

    /// The role's ARN, in parts that are to be joined.
    pub fn parts(&self) -> [&'a str; 7] {
        let path = match self.is_of_identity_center() {
            true => "aws-reserved/sso.amazonaws.com/",
            false => "",
        };
        let (partition, account) = (self.partition, self.account);
        [
            "arn:", partition, ":iam::", account, ":role/", path, self.name,
        ]
    }
}

/// The role's name in `arn:P:sts::A:assumed-role/NAME/SESSION`; none if the text is not of that form.
pub fn session_role_name(arn: &str) -> Option<&str> {
    let [.., resource] = split_arn(arn)?;
    session_names(resource).map(|(role, _)| role)
}

/// The names of role and session in the last part of a session's ARN, `assumed-role/NAME/SESSION`.
/// None if it holds more: the role's path is no part of it (`GRAM-37`).
pub fn session_names(resource: &str) -> Option<(&str, &str)> {
    let names = resource.strip_prefix("assumed-role/")?;
    let slash = names.bytes().position(|byte| byte == b'/')?;
    let (role, session) = (names.get(..slash)?, names.get(slash + 1..)?);
    let is_name = !role.is_empty() && !session.is_empty() && !session.contains('/');
    is_name.then_some((role, session))
}

/// True for the last part of a session's ARN into which somebody wrote the role's path.
fn has_role_path(resource: &str) -> bool {
    let names = resource.strip_prefix("assumed-role/");
    names.is_some_and(|names| names.split('/').count() > 2)
}

/// `GRAM-45`: `arn:PARTITION:iam::cloudfront:user/NAME`.
fn is_origin_access_identity(parts: [&str; 6]) -> bool {
    let ["arn", partition, "iam", "", "cloudfront", resource] = parts else {
        return false;
    };
    !partition.is_empty() && has_name(resource, "user/")
}

/// Why a text is not a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalError {
    /// Not an ARN of six parts with a 12-digit account.
    NotAnArn,
    /// An ARN of something that cannot make requests.
    NotAPrincipal,
    /// The ARN of a role was expected.
    NotARole,
    /// A session's ARN does not hold its role's path, so the role's ARN is needed too.
    SessionNeedsRole,
    /// A session's ARN with more than one `/` after the role's name: the path of the role, which does
    /// not stand there (`GRAM-37`).
    SessionWithPath,
}

impl fmt::Display for PrincipalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PrincipalError::NotAnArn => {
                "not an ARN with a 12-digit account, such as `arn:aws:iam::111122223333:user/ann`"
            }
            PrincipalError::NotAPrincipal => {
                "not the ARN of a root user, user, role, role session or federated user"
            }
            PrincipalError::SessionWithPath => {
                "a session's ARN with too many `/`: exactly one stands after the role's name, \
                 and the role's path is not part of it"
            }
            PrincipalError::NotARole => "not the ARN of a role",
            PrincipalError::SessionNeedsRole => "a session's ARN needs its role's ARN next to it",
        })
    }
}

impl core::error::Error for PrincipalError {}

/// The six parts of an ARN: split at the first five colons (`MATCH-20`). None if there are fewer.
///
/// Looks for colons eight bytes at a time: the searchers of the standard library are made for longer
/// texts.
///
/// ```
/// use portcullis_model::split_arn;
/// assert_eq!(split_arn("arn:aws:s3:::b/k:1"), Some(["arn", "aws", "s3", "", "", "b/k:1"]));
/// assert_eq!(split_arn("arn:aws:s3"), None);
/// ```
pub fn split_arn(text: &str) -> Option<[&str; 6]> {
    let [a, b, c, d, e] = five_colons(text.as_bytes())?;
    Some([
        text.get(..a)?,
        text.get(a + 1..b)?,
        text.get(b + 1..c)?,
        text.get(c + 1..d)?,
        text.get(d + 1..e)?,
        text.get(e + 1..)?,
    ])
}

/// The account in an ARN, if it has one: what [`split_arn`] and [`is_account_id`] say, with less on the way (`EVAL-12`).
///
/// ```
/// use portcullis_model::arn_account;
/// assert_eq!(arn_account("arn:aws:sqs:eu-west-1:111122223333:q"), Some("111122223333"));
/// assert_eq!(arn_account("arn:aws:s3:::b/k"), None);
/// ```
#[inline]
pub fn arn_account(text: &str) -> Option<&str> {
    if !text.starts_with("arn:") {
        return None;
    }
    let [_, _, _, before, after] = five_colons(text.as_bytes())?;
    // Most ARNs without an account have nothing there.
    if after - before != 13 {
        return None;
    }
    text.get(before + 1..after)
        .filter(|account| is_account_id(account))
}

/// Where the first five colons are.
#[inline]
fn five_colons(text: &[u8]) -> Option<[usize; 5]> {
    let mut places = [0; 5];
    let mut found = 0;
    let mut start = 0;
    let mut rest = text;
    loop {
        let mut colons = match rest.split_first_chunk::<8>() {
            Some((word, behind)) => {
                rest = behind;
                colons(u64::from_le_bytes(*word))
            }
            None => {
                let bytes = core::mem::take(&mut rest).iter().rev();
                colons(bytes.fold(0, |word, byte| word << 8 | u64::from(*byte)))
            }
        };
        while colons != 0 {
            *places.get_mut(found)? = start + (colons.trailing_zeros() / 8) as usize;
            colons &= colons - 1;
            found += 1;
            if found == places.len() {
                return Some(places);
            }
        }
        if rest.is_empty() {
            return None;
        }
        start += 8;
    }
}

/// The top bit of each byte that is a colon.
#[inline]
fn colons(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let difference = word ^ ONES.wrapping_mul(u64::from(b':'));
    // Without a carry from one byte to the next.
    !((difference & (0x7f * ONES)).wrapping_add(0x7f * ONES) | difference | (0x7f * ONES))
}

/// The ARN of an S3 access point, and what stands behind it where the resource is something that the access point
/// leads to: nothing, or `/object/KEY`. None if the resource is neither (`S3-6`).
///
/// ```
/// use portcullis_model::access_point;
/// let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports";
/// let object = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports/object/a/b";
/// assert_eq!(access_point(object), Some((point, "/object/a/b")));
/// assert_eq!(access_point(point), Some((point, "")));
/// assert_eq!(access_point("arn:aws:s3:::reports/a"), None);
/// ```
pub fn access_point(resource: &str) -> Option<(&str, &str)> {
    access_point_of(resource, split_arn(resource)?)
}

/// The same from a resource and what [`split_arn`] gives for it.
pub fn access_point_of<'a>(resource: &'a str, parts: [&str; 6]) -> Option<(&'a str, &'a str)> {
    let [scheme, _, service, _, _, last] = parts;
    let name = match (scheme, service) {
        ("arn", "s3" | "s3express") => last.strip_prefix("accesspoint/")?,
        ("arn", "s3-outposts") => {
            let (_, behind) = last.strip_prefix("outpost/")?.split_once('/')?;
            behind.strip_prefix("accesspoint/")?
        }
        _ => return None,
    };
    let end = name.find('/').unwrap_or(name.len());
    resource.split_at_checked(resource.len() - (name.len() - end))
}

/// True for what a request can ask for: an ARN, or `*` (`MATCH-28`). What else a text says, it matches what allows
/// everything, and nothing that denies by ARNs.
///
/// ```
/// use portcullis_model::is_resource;
/// assert!(is_resource("arn:aws:s3:::b/k") && is_resource("*"));
/// assert!(!is_resource("s3://b/k") && !is_resource(""));
/// ```
pub fn is_resource(text: &str) -> bool {
    text == "*" || text.starts_with("arn:")
}

/// True for twelve ASCII digits (`EVAL-12`).
pub fn is_account_id(text: &str) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let Ok(text) = <&[u8; 12]>::try_from(text.as_bytes()) else {
        return false;
    };
    let (Some(start), Some(end)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) else {
        return false;
    };
    // Digits become their values, below 10; the two words overlap.
    let above_9 = |word: &[u8; 8]| {
        let values = u64::from_le_bytes(*word) ^ (0x30 * ONES);
        values | ((values & !(ONES << 7)) + 0x76 * ONES)
    };
    (above_9(start) | above_9(end)) & (ONES << 7) == 0
}

/// Service and last part of what may be the ARN of a principal.
fn principal_parts(parts: [&str; 6]) -> Result<(&str, &str), PrincipalError> {
    let [scheme, partition, service, region, account, resource] = parts;
    if scheme != "arn" || partition.is_empty() || !region.is_empty() || !is_account_id(account) {
        return Err(PrincipalError::NotAnArn);
    }
    Ok((service, resource))
}

#[inline]
fn has_name(resource: &str, prefix: &str) -> bool {
    resource
        .strip_prefix(prefix)
        .is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    #[test]
    fn callers_are_read_from_their_arns() {
        let role = "arn:aws:iam::111122223333:role/app/R";
        let session = "arn:aws:sts::111122223333:assumed-role/R/s";
        assert_eq!(
            Caller::from_arn("arn:aws:iam::111122223333:root"),
            Ok(Caller::Root {
                arn: "arn:aws:iam::111122223333:root"
            })
        );
        assert_eq!(
            Caller::from_arn(session),
            Err(PrincipalError::SessionNeedsRole)
        );
        assert_eq!(
            Caller::session(session, role).map(|caller| caller.arn()),
            Ok(Some(session))
        );
        assert_eq!(
            Caller::from_arn(role).map(|caller| caller.arn()),
            Ok(Some(role))
        );
        assert_eq!(
            Caller::session(session, session),
            Err(PrincipalError::SessionNeedsRole)
        );
        for wrong in [
            "",
            "*",
            "arn:aws:iam::1111:user/x",
            "arn:aws:iam::111122223333:user/",
            "arn:aws:s3:::bucket",
            "arn:aws:sts::111122223333:assumed-role/R",
            "arn:aws:iam::111122223333:group/g",
            "arn:aws:iam::cloudfront:user/",
            "arn:aws:iam::cloudfront:role/r",
            "arn:aws:iam::aws:user/u",
        ] {
            assert!(Caller::from_arn(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_usual_way_reads_what_the_parts_say() {
        let mut usual = 0;
        for account in [
            "111122223333",
            "11112222333",
            "1111222233334",
            "1111-2222333",
            "",
        ] {
            for start in [
                "arn:aws:iam::",
                "arn:aws:iam:",
                "arn:aws-cn:iam::",
                "arn:aws:sts::",
                "arn:aws:iam::é",
            ] {
                for end in [
                    ":user/a",
                    ":user/a/b",
                    ":user/",
                    ":user/a/",
                    ":role/a",
                    ":role/",
                    "user/a",
                    ":root",
                    ":user",
                    ":group/a",
                    ":users/a",
                    "::user/a",
                    ":é",
                ] {
                    let arn = &*[start, account, end].concat();
                    let parts = split_arn(arn).ok_or(PrincipalError::NotAnArn);
                    let slow = parts.and_then(|parts| Caller::from_parts(arn, parts));
                    assert_eq!(Caller::from_arn(arn), slow, "{arn}");
                    if let Some(caller) = Caller::usual(arn) {
                        assert_eq!(Ok(caller), slow, "{arn}");
                        usual += 1;
                    }
                }
            }
        }
        assert_eq!(usual, 3);
    }

    #[test]
    fn a_session_does_not_hold_the_path_of_its_role() {
        let role = "arn:aws:iam::111122223333:role/app/R";
        for wrong in ["app/R/s", "a/b/c/d", "a/b/", "/a/b"] {
            let session = &*["arn:aws:sts::111122223333:assumed-role/", wrong].concat();
            let error = Err(PrincipalError::SessionWithPath);
            assert_eq!(Caller::from_arn(session), error, "{wrong}");
            assert_eq!(Caller::session(session, role), error, "{wrong}");
            assert_eq!(GuessedRole::of_session(session), None, "{wrong}");
        }
        let sso =
            "arn:aws-cn:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ann";
        let guess = GuessedRole::of_session(sso).unwrap();
        assert_eq!(
            guess.parts().concat(),
            "arn:aws-cn:iam::111122223333:role/aws-reserved/sso.amazonaws.com/\
             AWSReservedSSO_Dev_0123456789abcdef"
        );
    }

    #[test]
    fn an_origin_access_identity_has_no_account() {
        for partition in ["aws", "aws-cn"] {
            let arn = format!(
                "arn:{partition}:iam::cloudfront:user/CloudFront Origin Access Identity E1"
            );
            let caller = Caller::from_arn(&arn).unwrap();
            assert_eq!(caller, Caller::OriginAccessIdentity { arn: &arn });
            assert_eq!((caller.arn(), caller.account()), (Some(&*arn), None));
        }
    }
}
