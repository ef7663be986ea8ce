//! What tests of several files share.
use portcullis_source::Code;
use portcullis_syntax::codes;

/// The codes of the advice, each of which `promises.rs` has a document for.
pub const ADVICE: [Code; 31] = [
    codes::UNSUPPORTED_GLOBAL_CONDITION_KEY,
    codes::MISSING_QUALIFIER,
    codes::FORALLVALUES_WITH_SINGLE_VALUED_KEY,
    codes::NULL_WITH_QUALIFIER,
    codes::WILDCARD_WITHOUT_LIKE_OPERATOR,
    codes::STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS,
    codes::EQUIVALENT_TO_NULL_FALSE,
    codes::TYPE_MISMATCH,
    codes::TYPE_MISMATCH_NUMBER,
    codes::TYPE_MISMATCH_DATE,
    codes::TYPE_MISMATCH_BOOLEAN,
    codes::TYPE_MISMATCH_IP_RANGE,
    codes::TYPE_MISMATCH_STRING,
    codes::INVALID_DATE_VALUE,
    codes::INVALID_CONDITION_MULTIPLE_BOOLEAN,
    codes::IMPROVE_IP_RANGE,
    codes::PRIVATE_IP_ADDRESS,
    codes::PRIVATE_NOT_IP_ADDRESS,
    codes::PRIVATE_IP_ADDRESS_SUBSET,
    codes::PRIVATE_NOT_IP_ADDRESS_SUBSET,
    codes::MISSING_PAIRED_CONDITION_KEYS,
    codes::WILDCARD_USAGE_TOO_PERMISSIVE,
    codes::VARIABLE_USAGE_TOO_PERMISSIVE,
    codes::FOREIGN_TEMPLATE,
    codes::LOOKALIKE_CHARACTER,
    codes::VARIABLE_UNSUPPORTED_IN_ELEMENT,
    codes::INVALID_SERVICE,
    codes::INVALID_ARN_SERVICE_CASE,
    codes::INVALID_PARTITION,
    codes::INVALID_REGION,
    codes::INVALID_ARN_ACCOUNT,
];
