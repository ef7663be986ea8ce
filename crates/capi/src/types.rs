//! What both sides of the border know: numbers, and structures that hosts fill.
//!
//! Every structure of zeros is valid to read, and none is a request that could be allowed.
#![forbid(unsafe_code)]

use std::ffi::c_char;

use crate::handles::{Principal, Site};

/// The version of this interface. It changes whenever a program that was compiled for another would have to be compiled
/// again; compare it with `pc_abi_version()` where the library is linked at run time.
pub const PC_ABI_VERSION: u32 = 1;

/// The decision that nothing allows the request (`OUT-1`). What is zeroed memory is a denial, and so is every failure.
pub const PC_IMPLICIT_DENY: u8 = 0;
/// The decision that the request is allowed. Nothing else is consent.
pub const PC_ALLOW: u8 = 1;
/// The decision that a matching Deny statement forbids the request.
pub const PC_EXPLICIT_DENY: u8 = 2;

/// The caller's own policies, those of its groups, and managed ones.
pub const PC_LAYER_IDENTITY: u32 = 1;
/// The caller's permissions boundary.
pub const PC_LAYER_BOUNDARY: u32 = 2;
/// Session policies.
pub const PC_LAYER_SESSION: u32 = 3;
/// The policy of the target: a bucket's, queue's, key's.
pub const PC_LAYER_RESOURCE: u32 = 4;
/// The trust policy of the target role, for `sts:AssumeRole` and its like.
pub const PC_LAYER_TRUST: u32 = 5;
/// The policy of the VPC endpoint that requests come through.
pub const PC_LAYER_VPC_ENDPOINT: u32 = 6;
/// Service control policies, by the level of the caller's account.
pub const PC_LAYER_SCP: u32 = 7;
/// Resource control policies, by the level of the resource's account.
pub const PC_LAYER_RCP: u32 = 8;

/// The content of a document is a policy in JSON, in any form in which AWS's commands give it.
pub const PC_CONTENT_TEXT: u32 = 0;
/// The content of a document is the path of a file with such a text, or, if it ends in `.iam`, with the policy language.
pub const PC_CONTENT_FILE: u32 = 1;
/// There is no document: the layer is present, and by itself allows nothing (`EVAL-4`). The content is empty.
pub const PC_CONTENT_NONE: u32 = 2;

/// A caller by the ARN of a user, a root user, a role, a session, a federated user, or an origin access identity.
pub const PC_CALLER_ARN: u32 = 1;
/// A session of a role by its ARN, and the role's ARN in `of`, whose path a session's ARN does not tell.
pub const PC_CALLER_SESSION: u32 = 2;
/// A session of GetFederationToken by its ARN, and in `of` the user who made it (`EVAL-25`).
pub const PC_CALLER_FEDERATED_USER: u32 = 3;
/// A caller without credentials. It has no name.
pub const PC_CALLER_ANONYMOUS: u32 = 4;
/// An AWS service that calls directly, by its name, such as `lambda.amazonaws.com` (`EVAL-53`).
pub const PC_CALLER_SERVICE: u32 = 5;
/// The unsigned caller of AssumeRoleWithSAML or AssumeRoleWithWebIdentity, by its provider (`TRUST-4`).
pub const PC_CALLER_FEDERATED: u32 = 6;
/// A caller that is known by its S3 canonical user id only (`GRAM-44`).
pub const PC_CALLER_CANONICAL_USER: u32 = 7;

/// The caller is of the management account of its organization, which service control policies do not limit (`SCP-3`).
pub const PC_CALLER_IN_MANAGEMENT_ACCOUNT: u32 = 1;
/// The caller has the credentials of GetSessionToken (`STS-4`).
pub const PC_CALLER_BY_SESSION_TOKEN: u32 = 2;
/// The caller's role is service-linked (`EVAL-54`).
pub const PC_CALLER_SERVICE_LINKED: u32 = 4;

/// The key is known to have no value: it is absent, and not derived from the request either (`KEY-2`).
pub const PC_VALUE_ABSENT: u32 = 0;
/// A text, `of.text`, which is a number, a date or an address where a condition asks for one (`COND-51`).
pub const PC_VALUE_TEXT: u32 = 1;
/// Several texts, `of.texts`: the key is multivalued (`COND-20`). Without any the key is absent.
pub const PC_VALUE_TEXTS: u32 = 2;
/// False or true: `of.number` is 0 or 1.
pub const PC_VALUE_BOOL: u32 = 3;
/// A whole number, `of.number`.
pub const PC_VALUE_NUMBER: u32 = 4;
/// An instant: `of.number` seconds, not less than 0, since 1970-01-01T00:00:00Z, and `nanoseconds` below 1,000,000,000.
pub const PC_VALUE_TIME: u32 = 5;
/// An IPv4 address: the first four bytes of `of.address`, in the order of the network.
pub const PC_VALUE_IPV4: u32 = 6;
/// An IPv6 address: `of.address`, in the order of the network. An IPv4 address that a socket for both tells as
/// `::ffff:192.0.2.1` is another address to policies (`COND-75`): give it as `PC_VALUE_IPV4`.
pub const PC_VALUE_IPV6: u32 = 7;

/// `RestrictPublicBuckets` is in force for the resource (`S3-4`).
pub const PC_REQUEST_RESTRICT_PUBLIC_BUCKETS: u32 = 1;
/// Something outside the policy language grants this request to this caller: an access control list that is in force, a
/// KMS grant, a shared resource (`EVAL-75`).
pub const PC_REQUEST_EXTERNAL_GRANT: u32 = 2;

/// An explanation for people.
pub const PC_FORM_TEXT: u32 = 0;
/// An explanation for programs: what `portcullis explain --format json` prints. Not in the library that only opens images.
pub const PC_FORM_JSON: u32 = 1;

/// The failure that an argument cannot be what it must: a null pointer, a text that is not UTF-8, an unknown number.
pub const PC_ERROR_ARGUMENT: u32 = 1;
/// The failure that a request is none: a caller that is no principal, or another number of values than the site has keys.
pub const PC_ERROR_REQUEST: u32 = 2;
/// The failure that documents have errors, each of which has a place: `pc_error_problem`.
pub const PC_ERROR_POLICY: u32 = 3;
/// The failure that bytes are no image of policies.
pub const PC_ERROR_IMAGE: u32 = 4;
/// The failure that the library is wrong. What was asked is denied, and every handle can be used on.
pub const PC_ERROR_INTERNAL: u32 = 5;

/// A text of UTF-8 by its first byte and its length in bytes; no zero byte need end it, and one inside is a byte like any
/// other. `data` may be null if `length` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    /// Its first byte.
    pub data: *const c_char,
    /// How many bytes it has.
    pub length: usize,
}

/// Bytes by the first and their number. `data` may be null if `length` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    /// The first.
    pub data: *const u8,
    /// How many there are.
    pub length: usize,
}

/// Texts by the first and their number. `data` may be null if `count` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Texts {
    /// The first.
    pub data: *const Text,
    /// How many there are.
    pub count: usize,
}

/// The content of a value, by its kind.
#[repr(C)]
#[derive(Clone, Copy)]
pub union ValueContent {
    /// Of `PC_VALUE_TEXT`.
    pub text: Text,
    /// Of `PC_VALUE_TEXTS`.
    pub texts: Texts,
    /// Of `PC_VALUE_BOOL`, `PC_VALUE_NUMBER` and `PC_VALUE_TIME`.
    pub number: i64,
    /// Of `PC_VALUE_IPV4` and `PC_VALUE_IPV6`.
    pub address: [u8; 16],
}

/// A value of a condition key. One of zeros is absent.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    /// One of `PC_VALUE_...`.
    pub kind: u32,
    /// Of `PC_VALUE_TIME`.
    pub nanoseconds: u32,
    /// What `kind` says; the rest of it is not read.
    pub of: ValueContent,
}

/// A condition key with its value.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its name, in any case (`COND-40`). One that comes twice has the values of both (`COND-41`).
    pub key: Text,
    /// Its value.
    pub value: Value,
}

/// A document of policies, and where it takes part.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Document {
    /// One of `PC_LAYER_...`. A layer without any document is absent and does not limit.
    pub layer: u32,
    /// Of `PC_LAYER_SCP` and `PC_LAYER_RCP`: the level of the organization, 0 for the root, at most 255; otherwise 0.
    pub level: u32,
    /// What `content` is: one of `PC_CONTENT_...`.
    pub kind: u32,
    /// What problems and explanations call it. The name of a file is its path.
    pub name: Text,
    /// The text or the path.
    pub content: Text,
}

/// Who makes requests.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Caller {
    /// One of `PC_CALLER_...` that `name` is the name of.
    pub kind: u32,
    /// What else is known: a sum of `PC_CALLER_IN_MANAGEMENT_ACCOUNT`, `..._BY_SESSION_TOKEN` and `..._SERVICE_LINKED`.
    pub flags: u32,
    /// The ARN, or what `kind` says.
    pub name: Text,
    /// Of `PC_CALLER_SESSION` and `PC_CALLER_FEDERATED_USER` a second ARN; otherwise empty.
    pub of: Text,
    /// The value of `aws:userid` (`GRAM-40`), or empty if it is not known.
    pub user_id: Text,
}

/// A request. It is read during a call and not kept. Begin with zeros, and fill what there is: exactly one of `principal`
/// and `resolved_principal`, exactly one of `action` and `site`, and `resource`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Request {
    /// The ARN of the caller.
    pub principal: Text,
    /// The caller, resolved before: faster, and for callers that have no ARN.
    pub resolved_principal: *const Principal,
    /// The action, `service:Name` in any case (`MATCH-10`). What is no action is denied implicitly, by no policy set.
    pub action: Text,
    /// The action with condition keys, prepared before: faster.
    pub site: *const Site,
    /// The values of the keys of `site`, in their order.
    pub values: *const Value,
    /// How many: as many as `site` has keys, unless they are in `flat`.
    pub value_count: usize,
    /// The ARN of the resource, or `*` for an action without one (`MATCH-28`). What is neither is denied implicitly.
    pub resource: Text,
    /// Condition keys by their names. Keys that follow from caller and resource need not be given (`KEY-5`).
    pub context: *const Entry,
    /// How many.
    pub context_count: usize,
    /// Instead of `values` and `context`, both in the flat form: the list of the values of `site`, without one empty,
    /// then the list of keys with their values. Empty if it is not used.
    pub flat: Bytes,
    /// The account that owns the resource, twelve digits, or empty if it is not known: the ARN's is taken, or else the
    /// caller's (`EVAL-12`). ARNs of S3 never name it.
    pub owner: Text,
    /// A sum of `PC_REQUEST_...`.
    pub flags: u32,
}

/// A decision: `code` is `PC_IMPLICIT_DENY`, `PC_ALLOW` or `PC_EXPLICIT_DENY`. It is a structure so that it has no truth
/// value, which would take an explicit deny for consent: compare `code` with `PC_ALLOW`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its number.
    pub code: u8,
}

/// A problem of a document. Its texts live as long as the error that they are of.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ProblemView {
    /// What kind of problem it is, a name that does not change: `INVALID_POLICY_ELEMENT`.
    pub code: Text,
    /// What it is.
    pub message: Text,
    /// What to do about it, or empty.
    pub help: Text,
    /// The name of the document, or the path of the file.
    pub file: Text,
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
}
