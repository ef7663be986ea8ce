//! Condition keys that every service knows (`KEY-10` to `KEY-75`).

use super::{Reader, service_keys};
use crate::ast::Text;
use crate::codes;
use portcullis_source::suggest::nearest;
use portcullis_source::{Code, Diagnostic, Severity, quoted};

/// The keys, sorted without regard to letter case.
const GLOBAL: [&str; 57] = [
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaAWSMCP",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:IsMcpServiceAction",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalId",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgMasterAccountId",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalType",
    "aws:referer",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:SecureTransport",
    "aws:SignInSessionArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    // Old, and in the policy that every topic of SNS begins with.
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:Type",
    "aws:UserAgent",
    "aws:userid",
    "aws:username",
    "aws:ViaAWSMCPService",
    "aws:ViaAWSService",
    "aws:ViaCustomerDomain",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:VpcSourceIp",
    // Families: the name of a tag follows.
    "aws:PrincipalTag/",
    "aws:RequestTag/",
    "aws:ResourceTag/",
];

/// How many of them are keys in themselves.
const WHOLE: usize = GLOBAL.len() - 3;

fn split(key: &str) -> (Option<&str>, &str) {
    match key.split_at_checked("aws:".len()) {
        Some((prefix, name)) if prefix.eq_ignore_ascii_case("aws:") => (Some(prefix), name),
        _ => (None, key),
    }
}

/// A key of the table without prefix and slash.
fn bare(key: &str) -> &str {
    split(key).1.trim_end_matches('/')
}

/// True for a global condition key, in any letter case; of a family the name of a tag must follow.
///
/// ```
/// use portcullis_syntax::policy::is_global_key;
/// assert!(is_global_key("AWS:SourceIP") && is_global_key("aws:PrincipalTag/team"));
/// assert!(!is_global_key("aws:PrincipalTag") && !is_global_key("aws:Weather"));
/// ```
pub fn is_global(key: &str) -> bool {
    let (whole, families) = GLOBAL.split_at(WHOLE);
    whole.iter().any(|own| own.eq_ignore_ascii_case(key))
        || families.iter().any(|family| {
            key.split_at_checked(family.len())
                .is_some_and(|(start, tag)| start.eq_ignore_ascii_case(family) && !tag.is_empty())
        })
}

/// What a key that does not exist was most likely meant to be.
fn meant(key: &str) -> Option<String> {
    let (_, name) = split(key);
    if let Some((family, tag)) = name.split_once('/') {
        let families = GLOBAL.iter().skip(WHOLE);
        let names = families.map(|own| bare(own));
        return nearest(family, names).map(|own| format!("did you mean `aws:{own}/{tag}`?"));
    }
    let mut families = GLOBAL.iter().skip(WHOLE);
    if let Some(family) = families.find(|own| bare(own).eq_ignore_ascii_case(name)) {
        return Some(format!("append the tag key: `{family}team`"));
    }
    let names = GLOBAL.iter().take(WHOLE).map(|own| bare(own));
    nearest(name, names).map(|own| format!("did you mean `aws:{own}`?"))
}

/// What is to be said of the name of a key; the help only if `guess` says that there is time to find out what was
/// meant.
#[derive(Debug)]
pub(crate) struct KeyProblem {
    pub(crate) severity: Severity,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// A key with the prefix of global keys that is none of them, one of them without prefix, or what looks like a
/// misspelled key of a service (`COND-44`, `KEY-74`).
pub(crate) fn key_problem(key: &str, mut guess: impl FnMut() -> bool) -> Option<KeyProblem> {
    let (prefix, name) = split(key);
    let warning = |code, message, help| KeyProblem {
        severity: Severity::Warning,
        code,
        message,
        help,
    };
    if prefix.is_some() {
        if is_global(key) {
            return None;
        }
        if name.eq_ignore_ascii_case("arn") {
            let message = format!("the global condition key {} no longer exists", quoted(key));
            let help = "use `aws:PrincipalArn` or `aws:SourceArn`".to_owned();
            return Some(warning(
                codes::UNSUPPORTED_GLOBAL_CONDITION_KEY,
                message,
                Some(help),
            ));
        }
        if GLOBAL
            .iter()
            .skip(WHOLE)
            .any(|own| bare(own).eq_ignore_ascii_case(name.trim_end_matches('/')))
        {
            let message = format!("{} lacks a tag key", quoted(key));
            return Some(warning(
                codes::MISSING_TAG_KEY_IN_CONDITION,
                message,
                meant(key),
            ));
        }
        let message = format!("{} is not a global condition key", quoted(key));
        let help = guess().then(|| meant(key)).flatten();
        return Some(warning(codes::INVALID_GLOBAL_CONDITION_KEY, message, help));
    }
    if let Some(own) = without_prefix(name) {
        let message = format!("the condition key {} has no prefix", quoted(key));
        let help = format!("did you mean `{own}`?");
        return Some(warning(
            codes::INVALID_CONDITION_KEY_FORMAT,
            message,
            Some(help),
        ));
    }
    if !service_keys::is_unknown(key) || !guess() {
        return None;
    }
    let own = service_keys::meant(key)?;
    Some(KeyProblem {
        severity: Severity::Suggestion,
        code: codes::INVALID_SERVICE_CONDITION_KEY,
        message: format!("{} is not a known condition key", quoted(key)),
        help: Some(format!("did you mean `{own}`?")),
    })
}

/// The global key that this is the name of, without its prefix.
pub(crate) fn without_prefix(name: &str) -> Option<&'static str> {
    let mut keys = GLOBAL.iter().take(WHOLE);
    keys.find(|own| bare(own).eq_ignore_ascii_case(name))
        .copied()
}

impl<'a> Reader<'a> {
    /// See [`key_problem`].
    pub(super) fn check_key(&mut self, key: Text<'a>) {
        if self.keys.get(key.value).is_some() {
            return;
        }
        match key_problem(key.value, || self.may_guess()) {
            // A key that was not guessed at is looked at again.
            None => {
                if !service_keys::is_unknown(key.value) {
                    self.keys.add(key.value, ());
                }
            }
            Some(found) => {
                let diagnostic =
                    Diagnostic::new(found.severity, found.code, key.span, found.message);
                self.sink.push(diagnostic.with_help_if(found.help));
            }
        }
    }

    /// True for the first keys that are unknown: guessing what is meant takes long, compared with the rest.
    fn may_guess(&mut self) -> bool {
        let left = self.guesses.checked_sub(1);
        self.guesses = left.unwrap_or_default();
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known() {
        for key in GLOBAL.iter().take(WHOLE) {
            assert!(is_global(key) && is_global(&key.to_uppercase()), "{key}");
        }
        assert!(is_global("aws:principaltag/Team"));
        assert!(!is_global("aws:PrincipalTag/"));
        assert!(!is_global("aws:PrincipalTag"));
        assert!(!is_global("aws:"));
        assert!(!is_global("aws:é"));
    }

    #[test]
    fn keys_are_guessed() {
        for (key, expected) in [
            (
                "aws:SecureTranspot",
                Some("did you mean `aws:SecureTransport`?"),
            ),
            ("aws:SourceIP4", Some("did you mean `aws:SourceIp`?")),
            (
                "aws:PrincpalTag/team",
                Some("did you mean `aws:PrincipalTag/team`?"),
            ),
            (
                "aws:RequestTag",
                Some("append the tag key: `aws:RequestTag/team`"),
            ),
            ("aws:Weather", None),
        ] {
            assert_eq!(meant(key).as_deref(), expected, "{key}");
        }
    }
}
