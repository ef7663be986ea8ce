//! The codes of policy documents. The names are those of IAM Access Analyzer where it has one for the problem.

pub(crate) use portcullis_source::codes::*;

portcullis_source::codes! {
    /// A member that is not part of the language (`GRAM-1`, `GRAM-8`, `GRAM-22`).
    INVALID_POLICY_ELEMENT,
    /// `Statement` is absent (`GRAM-2`).
    MISSING_STATEMENT,
    /// `Version` has another value than the two allowed (`GRAM-3`).
    INVALID_VERSION,
    /// `Version` is absent (`GRAM-4`, `GRAM-60`).
    MISSING_VERSION,
    /// `Id` in a type of document that has none (`GRAM-6`).
    UNSUPPORTED_ID,
    /// A character that IAM does not take (`GRAM-7`).
    UNSUPPORTED_CHARACTER,

    /// `Effect` is absent (`GRAM-15`).
    MISSING_EFFECT,
    /// `Effect` is neither `Allow` nor `Deny` (`GRAM-15`).
    INVALID_EFFECT,
    /// Neither `Action` nor `NotAction` (`GRAM-16`).
    MISSING_ACTION,
    /// Neither `Resource` nor `NotResource` (`GRAM-16`, `GRAM-54`).
    MISSING_RESOURCE,
    /// Neither `Principal` nor `NotPrincipal` (`GRAM-16`).
    MISSING_PRINCIPAL,
    /// An element together with its negation (`GRAM-16`).
    UNSUPPORTED_ELEMENT_COMBINATION,
    /// A `Sid` with characters that the type does not take (`GRAM-17`).
    UNSUPPORTED_SID,
    /// Two statements with one `Sid` where that is not allowed (`GRAM-17`).
    UNIQUE_SIDS_REQUIRED,
    /// Two statements with one `Sid` (`GRAM-17`).
    UNIQUE_SIDS_RECOMMENDED,
    /// `"Sid": ""` (`GRAM-17`).
    EMPTY_SID_VALUE,

    /// An action that is not `*` or `prefix:name` (`GRAM-18`).
    INVALID_ACTION,
    /// A wildcard in an action's prefix (`GRAM-18`).
    WILDCARD_IN_SERVICE_NAME,
    /// An action that does nothing in this type of document (`GRAM-63`, `GRAM-60`).
    UNSUPPORTED_ACTION_IN_POLICY,
    /// A resource that is not `*` and does not start with `arn:` (`GRAM-19`).
    INVALID_ARN_PREFIX,
    /// An ARN of fewer than six parts (`MATCH-24`, `MATCH-25`).
    MISSING_ARN_FIELD,
    /// An empty `Action` or `NotAction` list (`GRAM-11`).
    EMPTY_ARRAY_ACTION,
    /// An empty `Resource` or `NotResource` list (`GRAM-11`).
    EMPTY_ARRAY_RESOURCE,

    /// A principal that has no known form (`GRAM-45`).
    INVALID_PRINCIPAL_FORMAT,
    /// An unknown member of a `Principal` object (`GRAM-30`).
    INVALID_PRINCIPAL_KEY,
    /// A wildcard that is not the whole value, or not under `AWS` (`GRAM-32`).
    UNSUPPORTED_WILDCARD_IN_PRINCIPAL,
    /// A group as principal (`GRAM-33`), or a principal in a type that has none (table 1.4).
    UNSUPPORTED_PRINCIPAL,
    /// A service principal of odd form (`GRAM-42`).
    INVALID_SERVICE_PRINCIPAL_FORMAT,
    /// An empty list of principals (`GRAM-11`).
    EMPTY_ARRAY_PRINCIPAL,
    /// `"Principal": {}` (`GRAM-11`).
    EMPTY_OBJECT_PRINCIPAL,
    /// `NotPrincipal` with `Allow` (`GRAM-50`).
    ALLOW_WITH_NOT_PRINCIPAL,

    /// An operator that does not exist (`COND-3`).
    INVALID_CONDITION_OPERATOR,
    /// `NullIfExists` (`COND-11`).
    NULL_WITH_IF_EXISTS,
    /// An operator in other letter case than documented (`COND-3`).
    NON_CANONICAL_OPERATOR,
    /// Two operators of a condition, or two keys of an operator, that differ only in letter case
    /// (`COND-45`, `GRAM-9`).
    DUPLICATE_KEYS_WITH_DIFFERENT_CASE,
    /// A key without prefix (`AA-111`).
    INVALID_CONDITION_KEY_FORMAT,
    /// The start of a family of tags without the tag's name (`AA-146`).
    MISSING_TAG_KEY_IN_CONDITION,
    /// A key with the prefix `aws:` that is no global key, or a global key without it (`KEY-10` to
    /// `KEY-75`).
    INVALID_GLOBAL_CONDITION_KEY,
    /// What looks like a misspelled key of a service (`COND-44`, `AA-42`).
    INVALID_SERVICE_CONDITION_KEY,
    /// An empty list of values (`COND-46`).
    EMPTY_ARRAY_CONDITION,
    /// An empty list of values under `ForAllValues` (`COND-46`).
    EMPTY_ARRAY_CONDITION_FORALLVALUES,
    /// An empty list of values under `ForAnyValue` (`COND-46`).
    EMPTY_ARRAY_CONDITION_FORANYVALUE,
    /// An empty list of values under `IfExists` (`COND-46`).
    EMPTY_ARRAY_CONDITION_IFEXISTS,
    /// `"Condition": {}`, or an operator without keys (`GRAM-11`).
    EMPTY_OBJECT_CONDITION,

    /// A variable before the fifth colon of a resource, where it is not expanded (`VAR-3`). Access Analyzer has no code
    /// for it.
    VARIABLE_BEFORE_FIFTH_COLON,
    /// A variable in an element that has none (`VAR-4`).
    VARIABLE_UNSUPPORTED_IN_ELEMENT,
    /// A variable in a document whose version has none (`VAR-2`).
    VARIABLE_UNSUPPORTED_IN_VERSION,
    /// A variable under an operator that expands none (`VAR-4`).
    INVALID_VARIABLE_FOR_OPERATOR,
    /// `${}` (`VAR-6`).
    EMPTY_VARIABLE,
    /// A variable without closing brace (`VAR-6`).
    MISSING_BRACE_IN_VARIABLE,
    /// A default value without its quotes (`VAR-6`).
    MISSING_QUOTE_IN_VARIABLE,
    /// A blank around the key of a variable (`VAR-1`).
    UNSUPPORTED_SPACE_IN_VARIABLE,

    /// A key that the global keys had once (`KEY-74`).
    UNSUPPORTED_GLOBAL_CONDITION_KEY,
    /// A key with several values under an operator without set qualifier (`COND-21`).
    MISSING_QUALIFIER,
    /// `ForAllValues` with a key of one value, in an Allow (`COND-22`).
    FORALLVALUES_WITH_SINGLE_VALUED_KEY,
    /// `Null` with a set qualifier (`COND-15`).
    NULL_WITH_QUALIFIER,
    /// A wildcard under an operator that takes it for a plain character (`COND-50`).
    WILDCARD_WITHOUT_LIKE_OPERATOR,
    /// `StringLike` with a key that is an ARN (`COND-53`).
    STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS,
    /// A test that only asks whether the key is present (`COND-61`).
    EQUIVALENT_TO_NULL_FALSE,
    /// An operator for another type than the key's, or a value that is no ARN (`COND-61`, `COND-63`, `COND-85`).
    TYPE_MISMATCH,
    /// A value that is no number (`COND-56`).
    TYPE_MISMATCH_NUMBER,
    /// A value that is no date (`COND-68`).
    TYPE_MISMATCH_DATE,
    /// A value that is no boolean (`COND-14`, `COND-70`).
    TYPE_MISMATCH_BOOLEAN,
    /// A value that is no block of addresses (`COND-77`).
    TYPE_MISMATCH_IP_RANGE,
    /// A value that is no base64 (`COND-71`).
    TYPE_MISMATCH_STRING,
    /// A date that is read, but not written as documented (`COND-65`, `COND-66`).
    INVALID_DATE_VALUE,
    /// `Bool` with several values (`COND-70`).
    INVALID_CONDITION_MULTIPLE_BOOLEAN,
    /// A block of addresses with host bits (`COND-77`).
    IMPROVE_IP_RANGE,
    /// Only private addresses, which no public request has (`COND-79`).
    PRIVATE_IP_ADDRESS,
    /// The same under `NotIpAddress` (`COND-79`).
    PRIVATE_NOT_IP_ADDRESS,
    /// A private address among others (`COND-79`).
    PRIVATE_IP_ADDRESS_SUBSET,
    /// The same under `NotIpAddress` (`COND-79`).
    PRIVATE_NOT_IP_ADDRESS_SUBSET,
    /// A key that is only safe with another (`KEY-42`).
    MISSING_PAIRED_CONDITION_KEYS,
    /// A wildcard in the value of a key that says who is trusted (`KEY-76`, `VPCE-4`).
    WILDCARD_USAGE_TOO_PERMISSIVE,
    /// A variable in such a value (`KEY-76`).
    VARIABLE_USAGE_TOO_PERMISSIVE,
    /// A placeholder of another tool (`COND-47`).
    FOREIGN_TEMPLATE,
    /// A character that looks like another one, or that nobody sees.
    LOOKALIKE_CHARACTER,
    /// An operation where its action is wanted (`MATCH-14`). Who knows both reports it: not this crate.
    OPERATION_AS_ACTION,
    /// A wildcard in the service of an ARN (`MATCH-27`).
    INVALID_SERVICE,
    /// Upper case in the service of an ARN (`MATCH-21`).
    INVALID_ARN_SERVICE_CASE,
    /// Upper case in the partition of an ARN (`MATCH-21`).
    INVALID_PARTITION,
    /// Upper case in the region of an ARN (`MATCH-21`).
    INVALID_REGION,
    /// An account that is neither whole nor a wildcard (`VPCE-4`).
    INVALID_ARN_ACCOUNT,

    /// A document of another tool, which may hold policies (`IN-1`).
    FOREIGN_DOCUMENT,

    /// A principal element in a service control policy (`GRAM-56`).
    SCP_SYNTAX_ERROR_PRINCIPAL,
    /// A resource control policy that allows (`GRAM-60`).
    RCP_SYNTAX_ERROR_ALLOW,
    /// A resource control policy with another principal than `*` (`GRAM-60`).
    RCP_SYNTAX_ERROR_PRINCIPAL,
    /// `NotAction` in a resource control policy (`GRAM-60`).
    RCP_SYNTAX_ERROR_NOTACTION,
    /// An action of a resource control policy without a plain service prefix (`GRAM-60`).
    RCP_SYNTAX_ERROR_ACTION,
    /// A resource element in a trust policy (table 1.4).
    ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE,
    /// `NotPrincipal` in a trust policy (`GRAM-50`).
    ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL,
    /// Everyone as principal of a trust policy (`GRAM-62`).
    ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL,
}
