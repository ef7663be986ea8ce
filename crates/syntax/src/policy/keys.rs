//! Condition keys that every service knows (`KEY-10` to `KEY-75`).

use super::{Reader, service_keys};
use crate::ast::Text;
use crate::diag::{Code, Diagnostic, quoted};
use crate::suggest::nearest;

/// The keys, sorted without regard to letter case.
const GLOBAL: [&str; 56] = [
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

fn is_global(key: &str) -> bool {
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
    if name.eq_ignore_ascii_case("arn") {
        return Some(
            "it does not exist any more: use `aws:PrincipalArn` or `aws:SourceArn`".into(),
        );
    }
    let mut families = GLOBAL.iter().skip(WHOLE);
    if let Some(family) = families.find(|own| bare(own).eq_ignore_ascii_case(name)) {
        return Some(format!("the name of a tag follows: `{family}team`"));
    }
    let names = GLOBAL.iter().take(WHOLE).map(|own| bare(own));
    nearest(name, names).map(|own| format!("did you mean `aws:{own}`?"))
}

impl<'a> Reader<'a> {
    /// A key with the prefix of global keys that is none of them, one of them without prefix, or what looks
    /// like a misspelled key of a service.
    pub(super) fn check_key(&mut self, key: Text<'a>) {
        if self.keys.get(key.value).is_some() {
            return;
        }
        let (prefix, name) = split(key.value);
        let wrong = Code::InvalidGlobalConditionKey;
        if prefix.is_some() {
            if is_global(key.value) {
                self.keys.add(key.value, ());
                return;
            }
            let message = format!("{} is no global condition key", quoted(key.value));
            let help = self.may_guess().then(|| meant(key.value)).flatten();
            let warning = Diagnostic::warning(wrong, key.span, message);
            self.sink.push(warning.with_help_if(help));
            return;
        }
        let mut keys = GLOBAL.iter().take(WHOLE);
        if let Some(own) = keys.find(|own| bare(own).eq_ignore_ascii_case(name)) {
            let message = format!("the condition key {} has no prefix", quoted(key.value));
            let warning = Diagnostic::warning(wrong, key.span, message);
            self.sink
                .push(warning.with_help(format!("did you mean `{own}`?")));
            return;
        }
        if !service_keys::is_unknown(key.value) {
            self.keys.add(key.value, ());
        } else if self.may_guess() {
            if let Some(own) = service_keys::meant(key.value) {
                let message = format!("{} is no condition key that is known", quoted(key.value));
                let code = Code::InvalidServiceConditionKey;
                let suggestion = Diagnostic::suggestion(code, key.span, message);
                self.sink
                    .push(suggestion.with_help(format!("did you mean `{own}`?")));
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
                Some("the name of a tag follows: `aws:RequestTag/team`"),
            ),
            (
                "aws:ARN",
                Some("it does not exist any more: use `aws:PrincipalArn` or `aws:SourceArn`"),
            ),
            ("aws:Weather", None),
        ] {
            assert_eq!(meant(key).as_deref(), expected, "{key}");
        }
    }
}
