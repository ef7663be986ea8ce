//! Types of condition keys, and which of them have several values (`KEY-10` to `KEY-113`).
//!
//! The tables decide nothing but advice (`COND-85`). Of a key that is in none of them nothing is said.

/// What the values of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Text,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A date.
    Date,
    /// A date as a number (`KEY-64`).
    DateOrNumber,
    /// An IP address.
    Address,
}

impl Type {
    /// The type in words.
    pub fn describe(self) -> &'static str {
        match self {
            Type::Text => "text",
            Type::Arn => "an ARN",
            Type::Bool => "a boolean",
            Type::Number => "a number",
            Type::Date => "a date",
            Type::DateOrNumber => "a date or a number",
            Type::Address => "an IP address",
        }
    }

    /// The operators for it, as people write them.
    pub fn operators(self) -> &'static str {
        match self {
            Type::Text => "String",
            Type::Arn => "Arn",
            Type::Bool => "Bool",
            Type::Number => "Numeric",
            Type::Date | Type::DateOrNumber => "Date",
            Type::Address => "IpAddress",
        }
    }
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The type of its values.
    pub kind: Type,
    /// It has a list of values (`KEY-4`).
    pub is_many: bool,
    /// A name follows, such as that of a tag, and values may be anything.
    pub is_family: bool,
}

/// Keys by type, in lower case. Of those that end in `/` or `:` a name follows.
const SINGLE: [(Type, &[&str]); 7] = [
    (
        Type::Text,
        &[
            "aws:calledviaawsmcp",
            "aws:calledviafirst",
            "aws:calledvialast",
            "aws:ec2instancesourcevpc",
            "aws:federatedprovider",
            "aws:principalaccount",
            "aws:principalid",
            "aws:principalorgid",
            "aws:principalorgmasteraccountid",
            "aws:principalservicename",
            "aws:principaltag/",
            "aws:principaltype",
            "aws:referer",
            "aws:requestedregion",
            "aws:requesttag/",
            "aws:resourceaccount",
            "aws:resourceorgid",
            "aws:resourcetag/",
            "aws:sourceaccount",
            "aws:sourceidentity",
            "aws:sourceorgid",
            "aws:sourceowner",
            "aws:sourcevpc",
            "aws:sourcevpce",
            "aws:type",
            "aws:useragent",
            "aws:userid",
            "aws:username",
            "aws:viacustomerdomain",
            "aws:vpceaccount",
            "aws:vpceorgid",
            "iam:awsservicename",
            "iam:passedtoservice",
            "iam:resourcetag/",
            "sts:awsservicename",
            "sts:externalid",
            "sts:requestcontext/",
            "sts:rolesessionname",
            "sts:sourceidentity",
            "accounts.google.com:aud",
            "accounts.google.com:sub",
            "accounts.google.com:oaud",
            "accounts.google.com:email",
            "cognito-identity.amazonaws.com:aud",
            "cognito-identity.amazonaws.com:sub",
            "cognito-identity.amazonaws.com:oaud",
            "www.amazon.com:app_id",
            "www.amazon.com:user_id",
            "graph.facebook.com:app_id",
            "graph.facebook.com:id",
            "token.actions.githubusercontent.com:aud",
            "token.actions.githubusercontent.com:sub",
            "saml:aud",
            "saml:iss",
            "saml:sub",
            "saml:sub_type",
            "saml:namequalifier",
            "saml:doc",
            "kms:calleraccount",
            "kms:encryptioncontext:",
            "kms:grantconstrainttype",
            "kms:keyorigin",
            "kms:keyspec",
            "kms:keyusage",
            "kms:requestalias",
            "kms:viaservice",
            "s3:authtype",
            "s3:dataaccesspointaccount",
            "s3:accesspointnetworkorigin",
            "s3:delimiter",
            "s3:existingobjecttag/",
            "s3:locationconstraint",
            "s3:object-lock-legal-hold",
            "s3:object-lock-mode",
            "s3:prefix",
            "s3:requestobjecttag/",
            "s3:resourceaccount",
            "s3:signatureversion",
            "s3:versionid",
            "s3:x-amz-acl",
            "s3:x-amz-content-sha256",
            "s3:x-amz-copy-source",
            "s3:x-amz-metadata-directive",
            "s3:x-amz-object-ownership",
            "s3:x-amz-server-side-encryption",
            "s3:x-amz-storage-class",
            "s3:buckettag/",
            "ec2:createaction",
            "ec2:imagetype",
            "ec2:instancetype",
            "ec2:metadatahttptokens",
            "ec2:owner",
            "ec2:region",
            "ec2:resourcetag/",
            "ec2:rootdevicetype",
            "ec2:tenancy",
            "ec2:volumetype",
            "ec2:availabilityzone",
            "ec2:vpceservicename",
            "dynamodb:enclosingoperation",
            "dynamodb:returnconsumedcapacity",
            "dynamodb:returnvalues",
            "dynamodb:select",
            "lambda:functionurlauthtype",
            "lambda:principal",
            "secretsmanager:name",
            "secretsmanager:resourcetag/",
            "secretsmanager:versionstage",
            "sns:endpoint",
            "sns:protocol",
            "organizations:policytype",
            "organizations:serviceprincipal",
        ],
    ),
    (
        Type::Arn,
        &[
            "aws:chatbotsourcearn",
            "aws:principalarn",
            "aws:signinsessionarn",
            "aws:sourcearn",
            "aws:sourcevpcarn",
            "codebuild:buildarn",
            "codebuild:projectarn",
            "ec2:sourceinstancearn",
            "iam:associatedresourcearn",
            "iam:permissionsboundary",
            "iam:policyarn",
            "kms:granteeprincipal",
            "kms:retiringprincipal",
            "lambda:functionarn",
            "lambda:sourcefunctionarn",
            "s3:dataaccesspointarn",
            "ssm:sourceinstancearn",
            "sts:taskpolicyarn",
        ],
    ),
    (
        Type::Bool,
        &[
            "aws:assumedroot",
            "aws:ismcpserviceaction",
            "aws:multifactorauthpresent",
            "aws:principalisawsservice",
            "aws:securetransport",
            "aws:viaawsmcpservice",
            "aws:viaawsservice",
            "dynamodb:fulltablescan",
            "ec2:associatepublicipaddress",
            "ec2:encrypted",
            "ec2:islaunchtemplateresource",
            "ec2:public",
            "kms:bypasspolicylockoutsafetycheck",
            "kms:grantisforawsresource",
            "kms:multiregion",
            "lambda:invokedviafunctionurl",
            "rds:multiaz",
            "rds:storageencrypted",
            "secretsmanager:blockpublicpolicy",
            "secretsmanager:forcedeletewithoutrecovery",
            "ssm:sessiondocumentaccesscheck",
        ],
    ),
    (
        Type::Number,
        &[
            "aws:multifactorauthage",
            "ec2:metadatahttpputresponsehoplimit",
            "ec2:roledelivery",
            "ec2:volumeiops",
            "ec2:volumesize",
            "kms:schedulekeydeletionpendingwindowindays",
            "rds:storagesize",
            "s3:max-keys",
            "s3:object-lock-remaining-retention-days",
            "s3:signatureage",
            "s3:tlsversion",
            "secretsmanager:recoverywindowindays",
            "sts:durationseconds",
        ],
    ),
    (
        Type::Date,
        &[
            "aws:currenttime",
            "aws:tokenissuetime",
            "kms:validto",
            "s3:object-lock-retain-until-date",
        ],
    ),
    (Type::DateOrNumber, &["aws:epochtime"]),
    (
        Type::Address,
        &[
            "aws:ec2instancesourceprivateipv4",
            "aws:sourceip",
            "aws:vpcsourceip",
        ],
    ),
];

/// Keys with several values (`M` in section 4 of the rules).
const MANY: [(Type, &[&str]); 2] = [
    (
        Type::Text,
        &[
            "aws:calledvia",
            "aws:principalorgpaths",
            "aws:principalservicenameslist",
            "aws:resourceorgpaths",
            "aws:sourceorgpaths",
            "aws:tagkeys",
            "aws:vpceorgpaths",
            "autoscaling:instancetypes",
            "cloudformation:importresourcetypes",
            "cloudformation:resourcetypes",
            "cognito-identity.amazonaws.com:amr",
            "dynamodb:attributes",
            "dynamodb:leadingkeys",
            "events:detail-type",
            "events:source",
            "kms:encryptioncontextkeys",
            "kms:grantoperations",
            "kms:resourcealiases",
            "lambda:layer",
            "route53:changeresourcerecordsetsactions",
            "route53:changeresourcerecordsetsnormalizedrecordnames",
            "route53:changeresourcerecordsetsrecordtypes",
            "lambda:securitygroupids",
            "lambda:subnetids",
            "lambda:vpcids",
            "s3:inventoryaccessibleoptionalfields",
            "s3:requestobjecttagkeys",
            "ssm:documentcategories",
            "sts:transitivetagkeys",
            "saml:edupersonaffiliation",
            "saml:cn",
            "saml:givenname",
            "saml:mail",
            "saml:surname",
            "saml:uid",
        ],
    ),
    (
        Type::Arn,
        &[
            "logs:loggeneratingresourcearns",
            "sts:requestcontextproviders",
        ],
    ),
];

/// Keys of which no value may be left open (`KEY-76`).
const SENSITIVE: [&str; 10] = [
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
];

/// What the tables say of a key, in any letter case.
///
/// ```
/// use portcullis_syntax::lint::keys::{Type, known};
/// let known_of_ip = known("AWS:SourceIP").unwrap();
/// assert_eq!((known_of_ip.kind, known_of_ip.is_many), (Type::Address, false));
/// assert_eq!(known("ec2:NewKeyOfTomorrow"), None);
/// ```
pub fn known(key: &str) -> Option<Known> {
    let lower = key.to_ascii_lowercase();
    let is_it = |own: &&str| match own.ends_with(['/', ':']) {
        true => lower.len() > own.len() && lower.starts_with(*own),
        false => lower == **own,
    };
    let find = |table: &[(Type, &[&str])], is_many| {
        table.iter().find_map(|(kind, keys)| {
            let own = keys.iter().find(|own| is_it(own))?;
            Some(Known {
                kind: *kind,
                is_many,
                is_family: own.ends_with(['/', ':']),
            })
        })
    };
    // What a provider says of how someone signed in (`KEY-100`).
    let is_method = || {
        let host = lower.strip_suffix(":amr")?;
        host.contains('.').then_some(Known {
            kind: Type::Text,
            is_many: true,
            is_family: false,
        })
    };
    find(&MANY, true)
        .or_else(is_method)
        .or_else(|| find(&SINGLE, false))
}

/// True for a key of which no value may be left open (`KEY-76`).
pub fn is_sensitive(key: &str) -> bool {
    SENSITIVE.iter().any(|own| own.eq_ignore_ascii_case(key))
}

/// True for a key whose values are account ids.
pub fn is_account(key: &str) -> bool {
    const ACCOUNTS: [&str; 7] = [
        "aws:principalaccount",
        "aws:resourceaccount",
        "aws:sourceaccount",
        "aws:vpceaccount",
        "kms:calleraccount",
        "s3:dataaccesspointaccount",
        "s3:resourceaccount",
    ];
    ACCOUNTS.iter().any(|own| own.eq_ignore_ascii_case(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_in_any_case() {
        let known_as = |kind, is_many, is_family| {
            Some(Known {
                kind,
                is_many,
                is_family,
            })
        };
        let many = |kind| known_as(kind, true, false);
        let one = |kind| known_as(kind, false, false);
        for (key, expected) in [
            ("aws:TagKeys", many(Type::Text)),
            ("AWS:PrincipalOrgPaths", many(Type::Text)),
            ("oidc.example.com/id/A:amr", many(Type::Text)),
            ("aws:SourceIP", one(Type::Address)),
            ("aws:ResourceTag/Team", known_as(Type::Text, false, true)),
            (
                "kms:EncryptionContext:a:b",
                known_as(Type::Text, false, true),
            ),
            ("aws:ResourceTag/", None),
            ("ec2:NewKeyOfTomorrow", None),
            ("saml:amr", None),
        ] {
            assert_eq!(known(key), expected, "{key}");
        }
        // Each key is in one table only.
        let all: Vec<&str> = SINGLE
            .iter()
            .chain(&MANY)
            .flat_map(|(_, keys)| keys.iter().copied())
            .collect();
        for key in &all {
            assert_eq!(*key, key.to_ascii_lowercase());
            assert_eq!(all.iter().filter(|own| own == &key).count(), 1, "{key}");
        }
        assert!(
            SENSITIVE
                .iter()
                .all(|key| known(key) == one(Type::Text) && is_sensitive(key))
        );
    }
}
