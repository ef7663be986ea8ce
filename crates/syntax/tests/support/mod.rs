//! What tests of several files share.
#![allow(unreachable_pub, reason = "each test is a crate of its own")]

use portcullis_syntax::diag::Code;

/// The codes of the advice, each of which `promises.rs` has a document for.
pub const ADVICE: [Code; 36] = [
    Code::UnsupportedGlobalConditionKey,
    Code::MissingQualifier,
    Code::ForAllValuesWithSingleValuedKey,
    Code::NullWithQualifier,
    Code::WildcardWithoutLikeOperator,
    Code::StringLikeOperatorWithArnConditionKeys,
    Code::EquivalentToNullFalse,
    Code::TypeMismatch,
    Code::TypeMismatchNumber,
    Code::TypeMismatchDate,
    Code::TypeMismatchBoolean,
    Code::TypeMismatchIpRange,
    Code::TypeMismatchString,
    Code::InvalidDateValue,
    Code::InvalidConditionMultipleBoolean,
    Code::ImproveIpRange,
    Code::PrivateIpAddress,
    Code::PrivateNotIpAddress,
    Code::PrivateIpAddressSubset,
    Code::PrivateNotIpAddressSubset,
    Code::MissingPairedConditionKeys,
    Code::WildcardUsageTooPermissive,
    Code::VariableUsageTooPermissive,
    Code::ForeignTemplate,
    Code::LookalikeCharacter,
    Code::VariableUnsupportedInElement,
    Code::InvalidService,
    Code::InvalidArnServiceCase,
    Code::InvalidPartition,
    Code::InvalidRegion,
    Code::InvalidArnAccount,
    Code::PolicySizeExceedsIdentityPolicyQuota,
    Code::PolicySizeExceedsRoleTrustPolicyQuota,
    Code::PolicySizeExceedsResourcePolicyQuota,
    Code::PolicySizeExceedsScpQuota,
    Code::PolicySizeExceedsRcpQuota,
];
