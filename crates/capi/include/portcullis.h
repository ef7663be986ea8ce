/* portcullis: decides requests against AWS IAM policies as AWS documents their evaluation.
 *
 * Made from the source by the test `header`; do not edit. Programs in C11 and C++17 include it.
 *
 * Ownership. What a function whose name ends in `_new`, pc_compile, pc_image_open or pc_explain returns belongs to the
 * caller, who frees it by the function of its type, once. So does an error. Everything else that is handed over is only
 * read, during the call, and not kept; what is handed back as a text or as bytes lives as long as what it is of.
 *
 * Promises. A pointer with a length is of as much memory, which nobody writes during the call; a handle is null or one that
 * was not freed. Beyond that nothing need be right: null pointers, texts that are not UTF-8 and unknown numbers are errors.
 * A structure is filled from zeros, so that a later field is 0.
 *
 * Errors. The last argument of a function that can fail is null or a place for an error, which is written in any case: null
 * if there is none. What was in it is lost: free it before. A function that fails returns null, false, or an implicit deny;
 * whoever does not look at errors is denied, never let in. No panic leaves the library.
 *
 * Threads. Handles do not change and may be used by any number of threads at once; only freeing one needs that nobody uses it
 * any more. What decisions write lies in memory of the thread. An error or a string is used by one thread at a time, or by
 * several that only read.
 *
 * The flat form. For hosts that may not hand over pointers to pointers, requests are one run of bytes. Numbers have their
 * lowest byte first; a text is its length in four bytes, then its bytes; a list is its length in four bytes, then its items.
 *
 *   request   text principal, text action, text resource, text owner (empty: not known), four bytes of flags, list of entries
 *   entry     text key, value
 *   value     one byte, a PC_VALUE_..., then of TEXT a text, of TEXTS a list of texts, of BOOL one byte, of NUMBER eight bytes,
 *             of TIME eight bytes of seconds and four of nanoseconds, of IPV4 four bytes, of IPV6 sixteen
 */

#ifndef PORTCULLIS_H
#define PORTCULLIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Define PORTCULLIS_IMAGE_ONLY for the library that only opens images, which has no compiler. */
#ifndef PORTCULLIS_IMAGE_ONLY
#define PORTCULLIS_FULL
#endif

/*
 The version of this interface. It changes whenever a program that was compiled for another would have to be compiled
 again; compare it with `pc_abi_version()` where the library is linked at run time.
 */
#define PC_ABI_VERSION 1

/*
 The decision that nothing allows the request (`OUT-1`). What is zeroed memory is a denial, and so is every failure.
 */
#define PC_IMPLICIT_DENY 0

/*
 The decision that the request is allowed. Nothing else is consent.
 */
#define PC_ALLOW 1

/*
 The decision that a matching Deny statement forbids the request.
 */
#define PC_EXPLICIT_DENY 2

/*
 The caller's own policies, those of its groups, and managed ones.
 */
#define PC_LAYER_IDENTITY 1

/*
 The caller's permissions boundary.
 */
#define PC_LAYER_BOUNDARY 2

/*
 Session policies.
 */
#define PC_LAYER_SESSION 3

/*
 The policy of the target: a bucket's, queue's, key's.
 */
#define PC_LAYER_RESOURCE 4

/*
 The trust policy of the target role, for `sts:AssumeRole` and its like.
 */
#define PC_LAYER_TRUST 5

/*
 The policy of the VPC endpoint that requests come through.
 */
#define PC_LAYER_VPC_ENDPOINT 6

/*
 Service control policies, by the level of the caller's account.
 */
#define PC_LAYER_SCP 7

/*
 Resource control policies, by the level of the resource's account.
 */
#define PC_LAYER_RCP 8

/*
 The content of a document is a policy in JSON, in any form in which AWS's commands give it.
 */
#define PC_CONTENT_TEXT 0

/*
 The content of a document is the path of a file with such a text, or, if it ends in `.iam`, with the policy language.
 */
#define PC_CONTENT_FILE 1

/*
 There is no document: the layer is present, and by itself allows nothing (`EVAL-4`). The content is empty.
 */
#define PC_CONTENT_NONE 2

/*
 A caller by the ARN of a user, a root user, a role, a session, a federated user, or an origin access identity.
 */
#define PC_CALLER_ARN 1

/*
 A session of a role by its ARN, and the role's ARN in `of`, whose path a session's ARN does not tell.
 */
#define PC_CALLER_SESSION 2

/*
 A session of GetFederationToken by its ARN, and in `of` the user who made it (`EVAL-25`).
 */
#define PC_CALLER_FEDERATED_USER 3

/*
 A caller without credentials. It has no name.
 */
#define PC_CALLER_ANONYMOUS 4

/*
 An AWS service that calls directly, by its name, such as `lambda.amazonaws.com` (`EVAL-53`).
 */
#define PC_CALLER_SERVICE 5

/*
 The unsigned caller of AssumeRoleWithSAML or AssumeRoleWithWebIdentity, by its provider (`TRUST-4`).
 */
#define PC_CALLER_FEDERATED 6

/*
 A caller that is known by its S3 canonical user id only (`GRAM-44`).
 */
#define PC_CALLER_CANONICAL_USER 7

/*
 The caller is of the management account of its organization, which service control policies do not limit (`SCP-3`).
 */
#define PC_CALLER_IN_MANAGEMENT_ACCOUNT 1

/*
 The caller has the credentials of GetSessionToken (`STS-4`).
 */
#define PC_CALLER_BY_SESSION_TOKEN 2

/*
 The caller's role is service-linked (`EVAL-54`).
 */
#define PC_CALLER_SERVICE_LINKED 4

/*
 The key is known to have no value: it is absent, and not derived from the request either (`KEY-2`).
 */
#define PC_VALUE_ABSENT 0

/*
 A text, `of.text`, which is a number, a date or an address where a condition asks for one (`COND-51`).
 */
#define PC_VALUE_TEXT 1

/*
 Several texts, `of.texts`: the key is multivalued (`COND-20`). Without any the key is absent.
 */
#define PC_VALUE_TEXTS 2

/*
 False or true: `of.number` is 0 or 1.
 */
#define PC_VALUE_BOOL 3

/*
 A whole number, `of.number`.
 */
#define PC_VALUE_NUMBER 4

/*
 An instant: `of.number` seconds, not less than 0, since 1970-01-01T00:00:00Z, and `nanoseconds` below 1,000,000,000.
 */
#define PC_VALUE_TIME 5

/*
 An IPv4 address: the first four bytes of `of.address`, in the order of the network.
 */
#define PC_VALUE_IPV4 6

/*
 An IPv6 address: `of.address`, in the order of the network. An IPv4 address that a socket for both tells as
 `::ffff:192.0.2.1` is another address to policies (`COND-75`): give it as `PC_VALUE_IPV4`.
 */
#define PC_VALUE_IPV6 7

/*
 `RestrictPublicBuckets` is in force for the resource (`S3-4`).
 */
#define PC_REQUEST_RESTRICT_PUBLIC_BUCKETS 1

/*
 Something outside the policy language grants this request to this caller: an access control list that is in force, a
 KMS grant, a shared resource (`EVAL-75`).
 */
#define PC_REQUEST_EXTERNAL_GRANT 2

/*
 An explanation for people.
 */
#define PC_FORM_TEXT 0

/*
 An explanation for programs: what `portcullis explain --format json` prints. Not in the library that only opens images.
 */
#define PC_FORM_JSON 1

/*
 The failure that an argument cannot be what it must: a null pointer, a text that is not UTF-8, an unknown number.
 */
#define PC_ERROR_ARGUMENT 1

/*
 The failure that a request is none: a caller that is no principal, or another number of values than the site has keys.
 */
#define PC_ERROR_REQUEST 2

/*
 The failure that documents have errors, each of which has a place: `pc_error_problem`.
 */
#define PC_ERROR_POLICY 3

/*
 The failure that bytes are no image of policies.
 */
#define PC_ERROR_IMAGE 4

/*
 The failure that the library is wrong. What was asked is denied, and every handle can be used on.
 */
#define PC_ERROR_INTERNAL 5

/*
 Decides requests against the policies of one image or several. Immutable, and shared by threads.
 */
typedef struct pc_authorizer pc_authorizer;

/*
 Why a call failed. It belongs to whoever called, until `pc_error_free`.
 */
typedef struct pc_error pc_error;

/*
 Compiled policies. Authorizers share their bytes.
 */
typedef struct pc_image pc_image;

/*
 A text that belongs to whoever called, until `pc_string_free`.
 */
typedef struct pc_string pc_string;

/*
 A caller, looked up once. With another authorizer it is looked up again for each decision, which stays right.
 Immutable, and shared by threads.
 */
typedef struct pc_principal pc_principal;

/*
 The action and the condition keys of one place in a program, looked up once, as a database prepares a statement. With
 another authorizer it is looked up again for each decision, which stays right. Immutable, and shared by threads.
 */
typedef struct pc_site pc_site;

/*
 A text of UTF-8 by its first byte and its length in bytes; no zero byte need end it, and one inside is a byte like any
 other. `data` may be null if `length` is 0.
 */
typedef struct pc_text {
    /*
     Its first byte.
     */
    const char *data;
    /*
     How many bytes it has.
     */
    size_t length;
} pc_text;

/*
 A problem of a document. Its texts live as long as the error that they are of.
 */
typedef struct pc_problem {
    /*
     What kind of problem it is, a name that does not change: `INVALID_POLICY_ELEMENT`.
     */
    struct pc_text code;
    /*
     What it is.
     */
    struct pc_text message;
    /*
     What to do about it, or empty.
     */
    struct pc_text help;
    /*
     The name of the document, or the path of the file.
     */
    struct pc_text file;
    /*
     The line, from 1.
     */
    size_t line;
    /*
     The character of the line, from 1.
     */
    size_t column;
} pc_problem;

/*
 A document of policies, and where it takes part.
 */
typedef struct pc_document {
    /*
     One of `PC_LAYER_...`. A layer without any document is absent and does not limit.
     */
    uint32_t layer;
    /*
     Of `PC_LAYER_SCP` and `PC_LAYER_RCP`: the level of the organization, 0 for the root, at most 255; otherwise 0.
     */
    uint32_t level;
    /*
     What `content` is: one of `PC_CONTENT_...`.
     */
    uint32_t kind;
    /*
     What problems and explanations call it. The name of a file is its path.
     */
    struct pc_text name;
    /*
     The text or the path.
     */
    struct pc_text content;
} pc_document;

/*
 Bytes by the first and their number. `data` may be null if `length` is 0.
 */
typedef struct pc_bytes {
    /*
     The first.
     */
    const uint8_t *data;
    /*
     How many there are.
     */
    size_t length;
} pc_bytes;

/*
 Texts by the first and their number. `data` may be null if `count` is 0.
 */
typedef struct pc_texts {
    /*
     The first.
     */
    const struct pc_text *data;
    /*
     How many there are.
     */
    size_t count;
} pc_texts;

/*
 Who makes requests.
 */
typedef struct pc_caller {
    /*
     One of `PC_CALLER_...` that `name` is the name of.
     */
    uint32_t kind;
    /*
     What else is known: a sum of `PC_CALLER_IN_MANAGEMENT_ACCOUNT`, `..._BY_SESSION_TOKEN` and `..._SERVICE_LINKED`.
     */
    uint32_t flags;
    /*
     The ARN, or what `kind` says.
     */
    struct pc_text name;
    /*
     Of `PC_CALLER_SESSION` and `PC_CALLER_FEDERATED_USER` a second ARN; otherwise empty.
     */
    struct pc_text of;
    /*
     The value of `aws:userid` (`GRAM-40`), or empty if it is not known.
     */
    struct pc_text user_id;
} pc_caller;

/*
 A decision: `code` is `PC_IMPLICIT_DENY`, `PC_ALLOW` or `PC_EXPLICIT_DENY`. It is a structure so that it has no truth
 value, which would take an explicit deny for consent: compare `code` with `PC_ALLOW`.
 */
typedef struct pc_decision {
    /*
     Its number.
     */
    uint8_t code;
} pc_decision;

/*
 The content of a value, by its kind.
 */
typedef union pc_value_content {
    /*
     Of `PC_VALUE_TEXT`.
     */
    struct pc_text text;
    /*
     Of `PC_VALUE_TEXTS`.
     */
    struct pc_texts texts;
    /*
     Of `PC_VALUE_BOOL`, `PC_VALUE_NUMBER` and `PC_VALUE_TIME`.
     */
    int64_t number;
    /*
     Of `PC_VALUE_IPV4` and `PC_VALUE_IPV6`.
     */
    uint8_t address[16];
} pc_value_content;

/*
 A value of a condition key. One of zeros is absent.
 */
typedef struct pc_value {
    /*
     One of `PC_VALUE_...`.
     */
    uint32_t kind;
    /*
     Of `PC_VALUE_TIME`.
     */
    uint32_t nanoseconds;
    /*
     What `kind` says; the rest of it is not read.
     */
    union pc_value_content of;
} pc_value;

/*
 A condition key with its value.
 */
typedef struct pc_entry {
    /*
     Its name, in any case (`COND-40`). One that comes twice has the values of both (`COND-41`).
     */
    struct pc_text key;
    /*
     Its value.
     */
    struct pc_value value;
} pc_entry;

/*
 A request. It is read during a call and not kept. Begin with zeros, and fill what there is: exactly one of `principal`
 and `resolved_principal`, exactly one of `action` and `site`, and `resource`.
 */
typedef struct pc_request {
    /*
     The ARN of the caller.
     */
    struct pc_text principal;
    /*
     The caller, resolved before: faster, and for callers that have no ARN.
     */
    const struct pc_principal *resolved_principal;
    /*
     The action, `service:Name` in any case (`MATCH-10`). What is no action is denied implicitly, by no policy set.
     */
    struct pc_text action;
    /*
     The action with condition keys, prepared before: faster.
     */
    const struct pc_site *site;
    /*
     The values of the keys of `site`, in their order.
     */
    const struct pc_value *values;
    /*
     How many: as many as `site` has keys, unless they are in `flat`.
     */
    size_t value_count;
    /*
     The ARN of the resource, or `*` for an action without one (`MATCH-28`). What is neither is denied implicitly.
     */
    struct pc_text resource;
    /*
     Condition keys by their names. Keys that follow from caller and resource need not be given (`KEY-5`).
     */
    const struct pc_entry *context;
    /*
     How many.
     */
    size_t context_count;
    /*
     Instead of `values` and `context`, both in the flat form: the list of the values of `site`, without one empty,
     then the list of keys with their values. Empty if it is not used.
     */
    struct pc_bytes flat;
    /*
     The account that owns the resource, twelve digits, or empty if it is not known: the ARN's is taken, or else the
     caller's (`EVAL-12`). ARNs of S3 never name it.
     */
    struct pc_text owner;
    /*
     A sum of `PC_REQUEST_...`.
     */
    uint32_t flags;
} pc_request;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The version of this interface that the library has: `PC_ABI_VERSION` of the header that belongs to it.
 */
uint32_t pc_abi_version(void);

/*
 What kind of failure it is, one of `PC_ERROR_...`; 0 of a null pointer.
 */
uint32_t pc_error_code(const struct pc_error *error);

/*
 What failed, for people: of documents every problem with its place, `file:line:column`, and the line that it is in. It
 lives as long as the error.
 */
struct pc_text pc_error_text(const struct pc_error *error);

/*
 How many problems the documents have: none, unless the code is `PC_ERROR_POLICY`.
 */
size_t pc_error_problems(const struct pc_error *error);

/*
 Writes one of the problems, counted from 0 in the order of the documents. False, and nothing written, if there is no
 such problem.
 */
bool pc_error_problem(const struct pc_error *error, size_t number, struct pc_problem *problem);

/*
 Frees an error, and with it its texts. Null is none.
 */
void pc_error_free(struct pc_error *error);

/*
 What a text of the library is. It lives as long as the string.
 */
struct pc_text pc_string_text(const struct pc_string *string);

/*
 Frees a string. Null is none.
 */
void pc_string_free(struct pc_string *string);

#if defined(PORTCULLIS_FULL)
/*
 Reads documents and compiles them to an image, or returns null. Every problem of every document is in the error; there is
 no image of some of the documents, and nothing in one is skipped. Takes tens of microseconds for a small policy.
 */
struct pc_image *pc_compile(const struct pc_document *documents,
                            size_t count,
                            struct pc_error **error);
#endif

/*
 Opens an image that `pc_image_bytes` gave, here or elsewhere, or returns null. The bytes are copied and checked, whatever
 they are, in time linear in their number.
 */
struct pc_image *pc_image_open(struct pc_bytes bytes,
                               struct pc_error **error);

/*
 The bytes of an image, to be kept in a file: the same documents give the same bytes on every machine. They live as long as
 the image. None of a null pointer.
 */
struct pc_bytes pc_image_bytes(const struct pc_image *image);

/*
 Frees an image. Authorizers that were made of it stay. Null is none.
 */
void pc_image_free(struct pc_image *image);

/*
 Makes an authorizer over images, of which each fills other layers or adds to the same, or returns null. It shares their
 bytes. Takes time linear in the condition keys that the policies look at.
 */
struct pc_authorizer *pc_authorizer_new(const struct pc_image *const *images, size_t count, struct pc_error **error);

/*
 Frees an authorizer. Sites and principals that were made with it stay. Null is none.
 */
void pc_authorizer_free(struct pc_authorizer *authorizer);

/*
 Whether some policy looks at a condition key, in any case (`COND-40`): if not, its value need not be found out. True if
 that cannot be said, which is an error.
 */
bool pc_uses_key(const struct pc_authorizer *authorizer, struct pc_text key, struct pc_error **error);

/*
 Looks up an action and condition keys for the requests of one place in a program, or returns null. Takes memory for each
 pattern of a policy that matches the action.
 */
struct pc_site *pc_site_new(const struct pc_authorizer *authorizer,
                            struct pc_text action,
                            struct pc_texts keys,
                            struct pc_error **error);

/*
 Frees a site. Null is none.
 */
void pc_site_free(struct pc_site *site);

/*
 Looks up a caller, or returns null. It is worth it for a session of some requests, and the only way for callers without
 an ARN.
 */
struct pc_principal *pc_principal_new(const struct pc_authorizer *authorizer,
                                      const struct pc_caller *caller,
                                      struct pc_error **error);

/*
 Frees a principal. Null is none.
 */
void pc_principal_free(struct pc_principal *principal);

/*
 Decides a request. What fails is `PC_IMPLICIT_DENY`, and why is in the error.

 Uses memory of the thread, which is freed with it, and takes none of the heap once that has seen the thread's largest
 request.
 */
struct pc_decision pc_decide(const struct pc_authorizer *authorizer,
                             const struct pc_request *request,
                             struct pc_error **error);

/*
 Decides several requests, and writes as many decisions. If one is none, false is returned, the error says which, and all
 decisions are `PC_IMPLICIT_DENY`.
 */
bool pc_decide_many(const struct pc_authorizer *authorizer,
                    const struct pc_request *requests,
                    size_t count,
                    struct pc_decision *decisions,
                    struct pc_error **error);

/*
 Decides a request for each of some resources, in place of its own, and writes as many decisions. Fails as
 `pc_decide_many`.
 */
bool pc_decide_resources(const struct pc_authorizer *authorizer,
                         const struct pc_request *request,
                         struct pc_texts resources,
                         struct pc_decision *decisions,
                         struct pc_error **error);

/*
 Decides the requests of a flat list, which is `count` long, and writes as many decisions. Fails as `pc_decide_many`, and
 also if bytes are missing or left over.
 */
bool pc_decide_flat(const struct pc_authorizer *authorizer,
                    struct pc_bytes requests,
                    size_t count,
                    struct pc_decision *decisions,
                    struct pc_error **error);

/*
 Decides a request for each resource of a flat list of texts, which is `count` long. Otherwise as `pc_decide_resources`.
 */
bool pc_decide_flat_resources(const struct pc_authorizer *authorizer,
                              const struct pc_request *request,
                              struct pc_bytes resources,
                              size_t count,
                              struct pc_decision *decisions,
                              struct pc_error **error);

/*
 Explains a request, in a form, one of `PC_FORM_...`, or returns null: the decision, what every policy says to it, and the
 first of what would have to change. Takes time linear in the statements.
 */
struct pc_string *pc_explain(const struct pc_authorizer *authorizer,
                             const struct pc_request *request,
                             uint32_t form,
                             struct pc_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PORTCULLIS_H */
