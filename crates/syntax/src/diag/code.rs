//! The codes of problems.

use core::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What kind of problem a diagnostic reports. The names are those of IAM Access Analyzer
        /// where it has one for the problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// A code of another crate, by its name.
            Named(&'static str),
        }

        impl Code {
            /// Every code of this crate.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The name that is printed, such as `INVALID_ACTION`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                    Code::Named(name) => name,
                }
            }
        }
    };
}

codes! {
    /// The text is not JSON (`GRAM-13`).
    JsonSyntaxError = "JSON_SYNTAX_ERROR",
    /// An object has two members of one name (`GRAM-9`).
    DuplicateMember = "DUPLICATE_MEMBER",
    /// Arrays and objects nest too deep.
    DocumentTooDeep = "DOCUMENT_TOO_DEEP",
    /// The text is too long.
    DocumentTooLarge = "DOCUMENT_TOO_LARGE",
    /// The text is not UTF-8 (`GRAM-7`).
    InvalidEncoding = "INVALID_ENCODING",
    /// More problems were found than are reported.
    TooManyProblems = "TOO_MANY_PROBLEMS",

    /// The text is not of the policy language.
    SyntaxError = "SYNTAX_ERROR",
    /// A name that is not defined, or that stands for something else than its place needs.
    UnknownName = "UNKNOWN_NAME",
    /// A name that is defined or given twice, or a label that comes out twice.
    DuplicateName = "DUPLICATE_NAME",
    /// Something that no statement of IAM says exactly.
    NoExactForm = "NO_EXACT_FORM",
    /// More comes of names, templates and alternatives than may.
    ExpansionLimit = "EXPANSION_LIMIT",
    /// A file that cannot be imported.
    ImportError = "IMPORT_ERROR",

    /// A member that is not part of the language (`GRAM-1`, `GRAM-8`, `GRAM-22`).
    InvalidPolicyElement = "INVALID_POLICY_ELEMENT",
    /// A value of the wrong JSON type (`GRAM-20`, `GRAM-21`).
    DataTypeMismatch = "DATA_TYPE_MISMATCH",
    /// `Statement` is absent (`GRAM-2`).
    MissingStatement = "MISSING_STATEMENT",
    /// `Version` has another value than the two allowed (`GRAM-3`).
    InvalidVersion = "INVALID_VERSION",
    /// `Version` is absent (`GRAM-4`, `GRAM-60`).
    MissingVersion = "MISSING_VERSION",
    /// `Id` in a type of document that has none (`GRAM-6`).
    UnsupportedId = "UNSUPPORTED_ID",
    /// A character that IAM does not take (`GRAM-7`).
    UnsupportedCharacter = "UNSUPPORTED_CHARACTER",

    /// `Effect` is absent (`GRAM-15`).
    MissingEffect = "MISSING_EFFECT",
    /// `Effect` is neither `Allow` nor `Deny` (`GRAM-15`).
    InvalidEffect = "INVALID_EFFECT",
    /// Neither `Action` nor `NotAction` (`GRAM-16`).
    MissingAction = "MISSING_ACTION",
    /// Neither `Resource` nor `NotResource` (`GRAM-16`, `GRAM-54`).
    MissingResource = "MISSING_RESOURCE",
    /// Neither `Principal` nor `NotPrincipal` (`GRAM-16`).
    MissingPrincipal = "MISSING_PRINCIPAL",
    /// An element together with its negation (`GRAM-16`).
    UnsupportedElementCombination = "UNSUPPORTED_ELEMENT_COMBINATION",
    /// A `Sid` with characters that the type does not take (`GRAM-17`).
    UnsupportedSid = "UNSUPPORTED_SID",
    /// Two statements with one `Sid` where that is not allowed (`GRAM-17`).
    UniqueSidsRequired = "UNIQUE_SIDS_REQUIRED",
    /// Two statements with one `Sid` (`GRAM-17`).
    UniqueSidsRecommended = "UNIQUE_SIDS_RECOMMENDED",
    /// `"Sid": ""` (`GRAM-17`).
    EmptySidValue = "EMPTY_SID_VALUE",

    /// An action that is not `*` or `prefix:name` (`GRAM-18`).
    InvalidAction = "INVALID_ACTION",
    /// A wildcard in an action's prefix (`GRAM-18`).
    WildcardInServiceName = "WILDCARD_IN_SERVICE_NAME",
    /// An action that does nothing in this type of document (`GRAM-63`, `GRAM-60`).
    UnsupportedActionInPolicy = "UNSUPPORTED_ACTION_IN_POLICY",
    /// A resource that is not `*` and does not start with `arn:` (`GRAM-19`).
    InvalidArnPrefix = "INVALID_ARN_PREFIX",
    /// An ARN of fewer than six parts (`MATCH-24`, `MATCH-25`).
    MissingArnField = "MISSING_ARN_FIELD",
    /// An empty `Action` or `NotAction` list (`GRAM-11`).
    EmptyArrayAction = "EMPTY_ARRAY_ACTION",
    /// An empty `Resource` or `NotResource` list (`GRAM-11`).
    EmptyArrayResource = "EMPTY_ARRAY_RESOURCE",

    /// A principal that has no known form (`GRAM-45`).
    InvalidPrincipalFormat = "INVALID_PRINCIPAL_FORMAT",
    /// An unknown member of a `Principal` object (`GRAM-30`).
    InvalidPrincipalKey = "INVALID_PRINCIPAL_KEY",
    /// A wildcard that is not the whole value, or not under `AWS` (`GRAM-32`).
    UnsupportedWildcardInPrincipal = "UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
    /// A group as principal (`GRAM-33`), or a principal in a type that has none (table 1.4).
    UnsupportedPrincipal = "UNSUPPORTED_PRINCIPAL",
    /// A service principal of odd form (`GRAM-42`).
    InvalidServicePrincipalFormat = "INVALID_SERVICE_PRINCIPAL_FORMAT",
    /// An empty list of principals (`GRAM-11`).
    EmptyArrayPrincipal = "EMPTY_ARRAY_PRINCIPAL",
    /// `"Principal": {}` (`GRAM-11`).
    EmptyObjectPrincipal = "EMPTY_OBJECT_PRINCIPAL",
    /// `NotPrincipal` with `Allow` (`GRAM-50`).
    AllowWithNotPrincipal = "ALLOW_WITH_NOT_PRINCIPAL",

    /// An operator that does not exist (`COND-3`).
    InvalidConditionOperator = "INVALID_CONDITION_OPERATOR",
    /// `NullIfExists` (`COND-11`).
    NullWithIfExists = "NULL_WITH_IF_EXISTS",
    /// An operator in other letter case than documented (`COND-3`).
    NonCanonicalOperator = "NON_CANONICAL_OPERATOR",
    /// Two operators of a condition, or two keys of an operator, that differ only in letter case
    /// (`COND-45`, `GRAM-9`).
    DuplicateKeysWithDifferentCase = "DUPLICATE_KEYS_WITH_DIFFERENT_CASE",
    /// A key without prefix (`AA-111`).
    InvalidConditionKeyFormat = "INVALID_CONDITION_KEY_FORMAT",
    /// The start of a family of tags without the tag's name (`AA-146`).
    MissingTagKeyInCondition = "MISSING_TAG_KEY_IN_CONDITION",
    /// A key with the prefix `aws:` that is no global key, or a global key without it (`KEY-10` to
    /// `KEY-75`).
    InvalidGlobalConditionKey = "INVALID_GLOBAL_CONDITION_KEY",
    /// What looks like a misspelled key of a service (`COND-44`, `AA-42`).
    InvalidServiceConditionKey = "INVALID_SERVICE_CONDITION_KEY",
    /// An empty list of values (`COND-46`).
    EmptyArrayCondition = "EMPTY_ARRAY_CONDITION",
    /// An empty list of values under `ForAllValues` (`COND-46`).
    EmptyArrayConditionForAllValues = "EMPTY_ARRAY_CONDITION_FORALLVALUES",
    /// An empty list of values under `ForAnyValue` (`COND-46`).
    EmptyArrayConditionForAnyValue = "EMPTY_ARRAY_CONDITION_FORANYVALUE",
    /// An empty list of values under `IfExists` (`COND-46`).
    EmptyArrayConditionIfExists = "EMPTY_ARRAY_CONDITION_IFEXISTS",
    /// `"Condition": {}`, or an operator without keys (`GRAM-11`).
    EmptyObjectCondition = "EMPTY_OBJECT_CONDITION",

    /// A variable before the fifth colon of a resource, where it is not expanded (`VAR-3`). Access Analyzer has no code
    /// for it.
    VariableBeforeFifthColon = "VARIABLE_BEFORE_FIFTH_COLON",
    /// A variable in an element that has none (`VAR-4`).
    VariableUnsupportedInElement = "VARIABLE_UNSUPPORTED_IN_ELEMENT",
    /// A variable in a document whose version has none (`VAR-2`).
    VariableUnsupportedInVersion = "VARIABLE_UNSUPPORTED_IN_VERSION",
    /// A variable under an operator that expands none (`VAR-4`).
    InvalidVariableForOperator = "INVALID_VARIABLE_FOR_OPERATOR",
    /// `${}` (`VAR-6`).
    EmptyVariable = "EMPTY_VARIABLE",
    /// A variable without closing brace (`VAR-6`).
    MissingBraceInVariable = "MISSING_BRACE_IN_VARIABLE",
    /// A default value without its quotes (`VAR-6`).
    MissingQuoteInVariable = "MISSING_QUOTE_IN_VARIABLE",
    /// A blank around the key of a variable (`VAR-1`).
    UnsupportedSpaceInVariable = "UNSUPPORTED_SPACE_IN_VARIABLE",

    /// A key that the global keys had once (`KEY-74`).
    UnsupportedGlobalConditionKey = "UNSUPPORTED_GLOBAL_CONDITION_KEY",
    /// A key with several values under an operator without set qualifier (`COND-21`).
    MissingQualifier = "MISSING_QUALIFIER",
    /// `ForAllValues` with a key of one value, in an Allow (`COND-22`).
    ForAllValuesWithSingleValuedKey = "FORALLVALUES_WITH_SINGLE_VALUED_KEY",
    /// `Null` with a set qualifier (`COND-15`).
    NullWithQualifier = "NULL_WITH_QUALIFIER",
    /// A wildcard under an operator that takes it for a plain character (`COND-50`).
    WildcardWithoutLikeOperator = "WILDCARD_WITHOUT_LIKE_OPERATOR",
    /// `StringLike` with a key that is an ARN (`COND-53`).
    StringLikeOperatorWithArnConditionKeys = "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS",
    /// A test that only asks whether the key is present (`COND-61`).
    EquivalentToNullFalse = "EQUIVALENT_TO_NULL_FALSE",
    /// An operator for another type than the key's, or a value that is no ARN (`COND-61`, `COND-63`, `COND-85`).
    TypeMismatch = "TYPE_MISMATCH",
    /// A value that is no number (`COND-56`).
    TypeMismatchNumber = "TYPE_MISMATCH_NUMBER",
    /// A value that is no date (`COND-68`).
    TypeMismatchDate = "TYPE_MISMATCH_DATE",
    /// A value that is no boolean (`COND-14`, `COND-70`).
    TypeMismatchBoolean = "TYPE_MISMATCH_BOOLEAN",
    /// A value that is no block of addresses (`COND-77`).
    TypeMismatchIpRange = "TYPE_MISMATCH_IP_RANGE",
    /// A value that is no base64 (`COND-71`).
    TypeMismatchString = "TYPE_MISMATCH_STRING",
    /// A date that is read, but not written as documented (`COND-65`, `COND-66`).
    InvalidDateValue = "INVALID_DATE_VALUE",
    /// `Bool` with several values (`COND-70`).
    InvalidConditionMultipleBoolean = "INVALID_CONDITION_MULTIPLE_BOOLEAN",
    /// A block of addresses with host bits (`COND-77`).
    ImproveIpRange = "IMPROVE_IP_RANGE",
    /// Only private addresses, which no public request has (`COND-79`).
    PrivateIpAddress = "PRIVATE_IP_ADDRESS",
    /// The same under `NotIpAddress` (`COND-79`).
    PrivateNotIpAddress = "PRIVATE_NOT_IP_ADDRESS",
    /// A private address among others (`COND-79`).
    PrivateIpAddressSubset = "PRIVATE_IP_ADDRESS_SUBSET",
    /// The same under `NotIpAddress` (`COND-79`).
    PrivateNotIpAddressSubset = "PRIVATE_NOT_IP_ADDRESS_SUBSET",
    /// A key that is only safe with another (`KEY-42`).
    MissingPairedConditionKeys = "MISSING_PAIRED_CONDITION_KEYS",
    /// A wildcard in the value of a key that says who is trusted (`KEY-76`, `VPCE-4`).
    WildcardUsageTooPermissive = "WILDCARD_USAGE_TOO_PERMISSIVE",
    /// A variable in such a value (`KEY-76`).
    VariableUsageTooPermissive = "VARIABLE_USAGE_TOO_PERMISSIVE",
    /// A placeholder of another tool (`COND-47`).
    ForeignTemplate = "FOREIGN_TEMPLATE",
    /// A character that looks like another one, or that nobody sees.
    LookalikeCharacter = "LOOKALIKE_CHARACTER",
    /// An operation where its action is wanted (`MATCH-14`). Who knows both reports it: not this crate.
    OperationAsAction = "OPERATION_AS_ACTION",
    /// A wildcard in the service of an ARN (`MATCH-27`).
    InvalidService = "INVALID_SERVICE",
    /// Upper case in the service of an ARN (`MATCH-21`).
    InvalidArnServiceCase = "INVALID_ARN_SERVICE_CASE",
    /// Upper case in the partition of an ARN (`MATCH-21`).
    InvalidPartition = "INVALID_PARTITION",
    /// Upper case in the region of an ARN (`MATCH-21`).
    InvalidRegion = "INVALID_REGION",
    /// An account that is neither whole nor a wildcard (`VPCE-4`).
    InvalidArnAccount = "INVALID_ARN_ACCOUNT",
    /// More characters than an identity policy may have (`QUO-1`, `QUO-2`, `QUO-25`).
    PolicySizeExceedsIdentityPolicyQuota = "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA",
    /// More characters than a trust policy may have (`QUO-3`).
    PolicySizeExceedsRoleTrustPolicyQuota = "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA",
    /// More characters than a resource policy may have (`QUO-13` to `QUO-17`).
    PolicySizeExceedsResourcePolicyQuota = "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA",
    /// More characters than a service control policy may have (`QUO-7`).
    PolicySizeExceedsScpQuota = "POLICY_SIZE_EXCEEDS_SCP_QUOTA",
    /// More characters than a resource control policy may have (`QUO-8`).
    PolicySizeExceedsRcpQuota = "POLICY_SIZE_EXCEEDS_RCP_QUOTA",

    /// A value that holds no policy in a form that is known (`IN-1`, `IN-4`).
    UnknownForm = "UNKNOWN_FORM",
    /// A document of another tool, which may hold policies (`IN-1`).
    ForeignDocument = "FOREIGN_DOCUMENT",

    /// A principal element in a service control policy (`GRAM-56`).
    ScpSyntaxErrorPrincipal = "SCP_SYNTAX_ERROR_PRINCIPAL",
    /// A resource control policy that allows (`GRAM-60`).
    RcpSyntaxErrorAllow = "RCP_SYNTAX_ERROR_ALLOW",
    /// A resource control policy with another principal than `*` (`GRAM-60`).
    RcpSyntaxErrorPrincipal = "RCP_SYNTAX_ERROR_PRINCIPAL",
    /// `NotAction` in a resource control policy (`GRAM-60`).
    RcpSyntaxErrorNotAction = "RCP_SYNTAX_ERROR_NOTACTION",
    /// An action of a resource control policy without a plain service prefix (`GRAM-60`).
    RcpSyntaxErrorAction = "RCP_SYNTAX_ERROR_ACTION",
    /// A resource element in a trust policy (table 1.4).
    RoleTrustPolicySyntaxErrorResource = "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE",
    /// `NotPrincipal` in a trust policy (`GRAM-50`).
    RoleTrustPolicySyntaxErrorNotPrincipal = "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL",
    /// Everyone as principal of a trust policy (`GRAM-62`).
    RoleTrustPolicyUnsupportedWildcardInPrincipal = "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
