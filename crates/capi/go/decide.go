package portcullis

// #include "portcullis.h"
//
// // What a call answers. A place for the error in the memory of Go would have to be checked at each call.
// typedef struct answer {
//     uint8_t code;
//     pc_error *error;
// } answer;
//
// // Handles come as numbers: what Go makes of a pointer to a type that it does not know takes memory at each call.
//
// // A text of Go, which no one moves or frees during the call.
// static pc_text text(_GoString_ own) {
//     return (pc_text){.data = _GoStringPtr(own), .length = _GoStringLen(own)};
// }
//
// // A request whose parts are texts of Go, on the stack of C: Go may not hand over pointers to pointers of its own.
// #define ASKED(name)                                                                                   \
//     pc_request name = {.principal = text(principal), .action = text(action), .resource = text(resource), \
//                        .resolved_principal = (const pc_principal *)resolved, .site = (const pc_site *)site, \
//                        .flat = {.data = flat, .length = length}, .owner = text(owner), .flags = flags}
//
// static answer decide(uintptr_t authorizer, uintptr_t resolved, uintptr_t site,
//                      _GoString_ principal, _GoString_ action, _GoString_ resource, _GoString_ owner,
//                      uint32_t flags, const uint8_t *flat, size_t length) {
//     ASKED(asked);
//     answer own = {0};
//     own.code = pc_decide((const pc_authorizer *)authorizer, &asked, &own.error).code;
//     return own;
// }
//
// // The shortest way: what was prepared, and one text.
// static answer decide_at(uintptr_t authorizer, uintptr_t resolved, uintptr_t site,
//                         _GoString_ resource, const uint8_t *flat, size_t length) {
//     pc_request asked = {.resolved_principal = (const pc_principal *)resolved, .site = (const pc_site *)site, .resource = text(resource),
//                         .flat = {.data = flat, .length = length}};
//     answer own = {0};
//     own.code = pc_decide((const pc_authorizer *)authorizer, &asked, &own.error).code;
//     return own;
// }
//
// static pc_error *decide_resources(uintptr_t authorizer, uintptr_t resolved, uintptr_t site,
//                                   _GoString_ principal, _GoString_ action, _GoString_ resource, _GoString_ owner,
//                                   uint32_t flags, const uint8_t *flat, size_t length, const uint8_t *resources,
//                                   size_t size, pc_decision *decisions, size_t count) {
//     ASKED(asked);
//     pc_error *error = NULL;
//     pc_decide_flat_resources((const pc_authorizer *)authorizer, &asked, (pc_bytes){resources, size}, count, decisions, &error);
//     return error;
// }
//
// static pc_error *decide_many(uintptr_t authorizer, const uint8_t *requests, size_t size,
//                              pc_decision *decisions, size_t count) {
//     pc_error *error = NULL;
//     pc_decide_flat((const pc_authorizer *)authorizer, (pc_bytes){requests, size}, count, decisions, &error);
//     return error;
// }
//
// typedef struct made {
//     void *handle;
//     pc_error *error;
// } made;
//
// static made explain(uintptr_t authorizer, uintptr_t resolved, uintptr_t site,
//                     _GoString_ principal, _GoString_ action, _GoString_ resource, _GoString_ owner,
//                     uint32_t flags, const uint8_t *flat, size_t length, uint32_t form) {
//     ASKED(asked);
//     made own = {0};
//     own.handle = pc_explain((const pc_authorizer *)authorizer, &asked, form, &own.error);
//     return own;
// }
//
// static made new_principal(const pc_authorizer *authorizer, uint32_t kind, uint32_t flags, _GoString_ name,
//                           _GoString_ of, _GoString_ user_id) {
//     pc_caller caller = {.kind = kind, .flags = flags, .name = text(name), .of = text(of), .user_id = text(user_id)};
//     made own = {0};
//     own.handle = pc_principal_new(authorizer, &caller, &own.error);
//     return own;
// }
//
// static made new_site(const pc_authorizer *authorizer, _GoString_ action, const pc_text *keys, size_t count) {
//     made own = {0};
//     own.handle = pc_site_new(authorizer, text(action), (pc_texts){keys, count}, &own.error);
//     return own;
// }
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

// A Request is who asks, for which action, of which resource, with which condition keys.
type Request struct {
	// Principal is the ARN of the caller, or empty if Resolved is given.
	Principal string
	// Resolved is the caller, resolved before.
	Resolved *Principal
	// Action is "service:Name" in any case. What is no action is denied.
	Action string
	// Resource is an ARN, or "*" for an action without one. What is neither is denied.
	Resource string
	// Context has the condition keys that do not follow from caller and resource.
	Context []Key
	// Owner is the account that owns the resource, or empty if only the ARN says it. ARNs of S3 never do.
	Owner string
	// RestrictPublicBuckets says that this block of public access is in force for the resource.
	RestrictPublicBuckets bool
	// ExternalGrant says that something outside the policy language grants the request, such as an access control list.
	ExternalGrant bool
}

func (request *Request) flags() C.uint32_t {
	var flags C.uint32_t
	if request.RestrictPublicBuckets {
		flags |= C.PC_REQUEST_RESTRICT_PUBLIC_BUCKETS
	}
	if request.ExternalGrant {
		flags |= C.PC_REQUEST_EXTERNAL_GRANT
	}
	return flags
}

// A Principal is a caller that an Authorizer looked up, which is worth it for a session of some requests.
type Principal struct{ own *C.pc_principal }

// handle is what C has of a principal: of nil none.
func (principal *Principal) handle() C.uintptr_t {
	if principal == nil {
		return 0
	}
	return C.uintptr_t(uintptr(unsafe.Pointer(principal.own)))
}

func (site *Site) handle() C.uintptr_t {
	if site == nil {
		return 0
	}
	return C.uintptr_t(uintptr(unsafe.Pointer(site.own)))
}

func (authorizer *Authorizer) handle() C.uintptr_t {
	return C.uintptr_t(uintptr(unsafe.Pointer(authorizer.own)))
}

// Close frees the principal.
func (principal *Principal) Close() {
	runtime.SetFinalizer(principal, nil)
	C.pc_principal_free(principal.own)
	principal.own = nil
}

// A CallerKind says what the name of a Caller is.
type CallerKind uint32

const (
	// ByARN is the kind of a user, a root user, a role, a session, a federated user, or an origin access identity.
	ByARN CallerKind = C.PC_CALLER_ARN
	// SessionOfRole is the kind of a session by its ARN, with the role's in Of.
	SessionOfRole CallerKind = C.PC_CALLER_SESSION
	// FederatedUser is the kind of a session of GetFederationToken by its ARN, with that of the user who made it in Of.
	FederatedUser CallerKind = C.PC_CALLER_FEDERATED_USER
	// Anonymous is the kind of a caller without credentials, who has no name.
	Anonymous CallerKind = C.PC_CALLER_ANONYMOUS
	// Service is the kind of an AWS service, such as "lambda.amazonaws.com".
	Service CallerKind = C.PC_CALLER_SERVICE
	// Federated is the kind of the unsigned caller of AssumeRoleWithSAML or AssumeRoleWithWebIdentity, by its provider.
	Federated CallerKind = C.PC_CALLER_FEDERATED
	// CanonicalUser is the kind of a caller that is known by its S3 canonical user id only.
	CanonicalUser CallerKind = C.PC_CALLER_CANONICAL_USER
)

// A Caller is who makes requests, with what else is known of them.
type Caller struct {
	// Kind must be given.
	Kind     CallerKind
	Name, Of string
	// UserID is the value of aws:userid, or empty.
	UserID string
	// InManagementAccount says that service control policies do not limit the caller.
	InManagementAccount bool
	// BySessionToken says that the caller has the credentials of GetSessionToken.
	BySessionToken bool
	// ServiceLinked says that the caller's role is service-linked.
	ServiceLinked bool
}

// Principal looks up a caller by its ARN.
func (authorizer *Authorizer) Principal(arn string) (*Principal, error) {
	return authorizer.Resolve(Caller{Kind: ByARN, Name: arn})
}

// Resolve looks up a caller.
func (authorizer *Authorizer) Resolve(caller Caller) (*Principal, error) {
	var flags C.uint32_t
	if caller.InManagementAccount {
		flags |= C.PC_CALLER_IN_MANAGEMENT_ACCOUNT
	}
	if caller.BySessionToken {
		flags |= C.PC_CALLER_BY_SESSION_TOKEN
	}
	if caller.ServiceLinked {
		flags |= C.PC_CALLER_SERVICE_LINKED
	}
	own := C.new_principal(authorizer.own, C.uint32_t(caller.Kind), flags, caller.Name, caller.Of, caller.UserID)
	runtime.KeepAlive(authorizer)
	if err := failure(own.error); err != nil {
		return nil, err
	}
	principal := &Principal{(*C.pc_principal)(own.handle)}
	runtime.SetFinalizer(principal, (*Principal).Close)
	return principal, nil
}

// A Site is the action and the condition keys of one place in a program, looked up once, as a database prepares a statement.
type Site struct {
	own *C.pc_site
	of  *Authorizer
}

// Prepare looks up an action and condition keys.
func (authorizer *Authorizer) Prepare(action string, keys ...string) (*Site, error) {
	var memory memory
	defer memory.free()
	var texts *C.pc_text
	if len(keys) > 0 {
		texts = (*C.pc_text)(memory.zeros(len(keys), unsafe.Sizeof(C.pc_text{})))
	}
	for place, key := range keys {
		unsafe.Slice(texts, len(keys))[place] = memory.text(key)
	}
	own := C.new_site(authorizer.own, action, texts, C.size_t(len(keys)))
	runtime.KeepAlive(authorizer)
	if err := failure(own.error); err != nil {
		return nil, err
	}
	site := &Site{(*C.pc_site)(own.handle), authorizer}
	runtime.SetFinalizer(site, (*Site).Close)
	return site, nil
}

// Close frees the site.
func (site *Site) Close() {
	runtime.SetFinalizer(site, nil)
	C.pc_site_free(site.own)
	site.own = nil
}

// Decide decides a request of a principal for a resource, with one value for each key of the site, in their order.
func (site *Site) Decide(principal *Principal, resource string, values ...Value) (Decision, error) {
	var own C.answer
	if len(values) == 0 {
		own = C.decide_at(site.of.handle(), principal.handle(), site.handle(), resource, nil, 0)
	} else {
		lists := newFlat()
		lists.values(values)
		lists.keys(nil)
		if lists.isTooLong {
			return ImplicitDeny, errTooLong
		}
		own = C.decide_at(site.of.handle(), principal.handle(), site.handle(), resource, bytesOf(lists.bytes), C.size_t(len(lists.bytes)))
		lists.done()
	}
	runtime.KeepAlive(site)
	runtime.KeepAlive(principal)
	if own.error != nil {
		return ImplicitDeny, failure(own.error)
	}
	return Decision(own.code), nil
}

// DecideResources decides the same for each of some resources. If something fails, there are no decisions.
func (site *Site) DecideResources(principal *Principal, resources []string, values ...Value) ([]Decision, error) {
	request := Request{Resolved: principal}
	return site.of.resources(&request, site, values, resources)
}

// Decide decides a request.
func (authorizer *Authorizer) Decide(request *Request) (Decision, error) {
	lists, err := request.lists(nil)
	if err != nil {
		return ImplicitDeny, err
	}
	own := C.decide(authorizer.handle(), request.Resolved.handle(), 0, request.Principal, request.Action, request.Resource,
		request.Owner, request.flags(), bytesOf(lists.bytes), C.size_t(len(lists.bytes)))
	lists.done()
	runtime.KeepAlive(authorizer)
	runtime.KeepAlive(request)
	if own.error != nil {
		return ImplicitDeny, failure(own.error)
	}
	return Decision(own.code), nil
}

// IsAllowed asks by texts: who, for which action, of which resource, with which condition keys. It is true for Allow only.
func (authorizer *Authorizer) IsAllowed(principal, action, resource string, context map[string][]string) (bool, error) {
	request := Request{Principal: principal, Action: action, Resource: resource, Context: Keys(context)}
	decision, err := authorizer.Decide(&request)
	return decision.IsAllow(), err
}

// DecideMany decides some requests, all of which have their principal by name. If one fails, the error says which, and there are
// no decisions.
func (authorizer *Authorizer) DecideMany(requests []Request) ([]Decision, error) {
	own := newFlat()
	own.length(len(requests))
	for place := range requests {
		request := &requests[place]
		if request.Resolved != nil {
			text := fmt.Sprintf("request %d: its principal is not a name", place)
			return nil, &Error{Code: ErrorArgument, Text: text}
		}
		own.text(request.Principal)
		own.text(request.Action)
		own.text(request.Resource)
		own.text(request.Owner)
		own.number(uint32(request.flags()))
		own.keys(request.Context)
	}
	if own.isTooLong {
		return nil, errTooLong
	}
	decisions := make([]Decision, len(requests))
	err := C.decide_many(authorizer.handle(), bytesOf(own.bytes), C.size_t(len(own.bytes)), placesOf(decisions), C.size_t(len(requests)))
	own.done()
	runtime.KeepAlive(authorizer)
	if err != nil {
		return nil, failure(err)
	}
	return decisions, nil
}

// DecideResources decides a request for each of some resources, in place of its own. If something fails, there are no
// decisions.
func (authorizer *Authorizer) DecideResources(request *Request, resources []string) ([]Decision, error) {
	return authorizer.resources(request, nil, nil, resources)
}

func (authorizer *Authorizer) resources(request *Request, site *Site, values []Value, resources []string) ([]Decision, error) {
	lists, err := request.lists(values)
	if err != nil {
		return nil, err
	}
	names := newFlat()
	names.length(len(resources))
	for _, resource := range resources {
		names.text(resource)
	}
	if names.isTooLong {
		return nil, errTooLong
	}
	decisions := make([]Decision, len(resources))
	failed := C.decide_resources(authorizer.handle(), request.Resolved.handle(), site.handle(), request.Principal, request.Action, "",
		request.Owner, request.flags(), bytesOf(lists.bytes), C.size_t(len(lists.bytes)),
		bytesOf(names.bytes), C.size_t(len(names.bytes)), placesOf(decisions), C.size_t(len(resources)))
	lists.done()
	names.done()
	runtime.KeepAlive(authorizer)
	runtime.KeepAlive(request)
	runtime.KeepAlive(site)
	if failed != nil {
		return nil, failure(failed)
	}
	return decisions, nil
}

// Explain tells people why a request is decided as it is: what every policy says to it, and the first of what would have to
// change. It takes time in proportion to the statements.
func (authorizer *Authorizer) Explain(request *Request) (string, error) {
	return authorizer.explain(request, C.PC_FORM_TEXT)
}

// ExplainJSON tells programs: what "portcullis explain --format json" prints.
func (authorizer *Authorizer) ExplainJSON(request *Request) (string, error) {
	return authorizer.explain(request, C.PC_FORM_JSON)
}

func (authorizer *Authorizer) explain(request *Request, form C.uint32_t) (string, error) {
	lists, err := request.lists(nil)
	if err != nil {
		return "", err
	}
	own := C.explain(authorizer.handle(), request.Resolved.handle(), 0, request.Principal, request.Action, request.Resource,
		request.Owner, request.flags(), bytesOf(lists.bytes), C.size_t(len(lists.bytes)), form)
	lists.done()
	runtime.KeepAlive(authorizer)
	runtime.KeepAlive(request)
	if own.error != nil {
		return "", failure(own.error)
	}
	text := (*C.pc_string)(own.handle)
	defer C.pc_string_free(text)
	return textOf(C.pc_string_text(text)), nil
}

// lists writes values and context in the flat form.
func (request *Request) lists(values []Value) (*flat, error) {
	lists := newFlat()
	lists.values(values)
	lists.keys(request.Context)
	if lists.isTooLong {
		return nil, errTooLong
	}
	return lists, nil
}

// placesOf is where C writes decisions, whose numbers are the same.
func placesOf(decisions []Decision) *C.pc_decision {
	if len(decisions) == 0 {
		return nil
	}
	return (*C.pc_decision)(unsafe.Pointer(&decisions[0]))
}
