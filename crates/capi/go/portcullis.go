// Package portcullis decides requests against AWS IAM policies as AWS documents their evaluation, in process and offline.
//
// Policies are compiled once; an Authorizer decides each Request against them. What does not change from request to request is
// prepared: the action with its condition keys is a Site, the caller a Principal.
//
// Everything but a Request is immutable and shared by goroutines. What holds memory of the library is freed by Close, or else
// when the collector finds it; nobody may use it during or after Close. A failure is an *Error and an ImplicitDeny.
//
// The package links the library of crates/capi: set CGO_LDFLAGS to -L and the folder of libportcullis.
package portcullis

// #cgo CFLAGS: -std=c11 -I${SRCDIR}/../include
// #cgo LDFLAGS: -lportcullis -lm -ldl -lpthread
// #include <stdlib.h>
// #include "portcullis.h"
//
// // A new handle, or why there is none. A place for the error in the memory of Go would have to be checked at each call.
// typedef struct made {
//     void *handle;
//     pc_error *error;
// } made;
//
// static made open_image(const uint8_t *bytes, size_t length) {
//     made own = {0};
//     own.handle = pc_image_open((pc_bytes){bytes, length}, &own.error);
//     return own;
// }
//
// static made compile(const pc_document *documents, size_t count) {
//     made own = {0};
//     own.handle = pc_compile(documents, count, &own.error);
//     return own;
// }
//
// static made new_authorizer(const pc_image *const *images, size_t count) {
//     made own = {0};
//     own.handle = pc_authorizer_new(images, count, &own.error);
//     return own;
// }
//
// typedef struct used {
//     bool is_used;
//     pc_error *error;
// } used;
//
// static used uses_key(const pc_authorizer *authorizer, _GoString_ key) {
//     used own = {0};
//     own.is_used = pc_uses_key(authorizer, (pc_text){_GoStringPtr(key), _GoStringLen(key)}, &own.error);
//     return own;
// }
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

// A Decision is the answer to a request. Only Allow is consent.
type Decision uint8

const (
	// ImplicitDeny says that nothing allows the request, or that something failed.
	ImplicitDeny Decision = C.PC_IMPLICIT_DENY
	// Allow says that the request is allowed.
	Allow Decision = C.PC_ALLOW
	// ExplicitDeny says that a matching Deny statement forbids the request.
	ExplicitDeny Decision = C.PC_EXPLICIT_DENY
)

// IsAllow is true for Allow only.
func (decision Decision) IsAllow() bool { return decision == Allow }

// String is the name of the decision, such as "ImplicitDeny".
func (decision Decision) String() string {
	switch decision {
	case ImplicitDeny:
		return "ImplicitDeny"
	case Allow:
		return "Allow"
	case ExplicitDeny:
		return "ExplicitDeny"
	}
	return fmt.Sprintf("Decision(%d)", uint8(decision))
}

func init() {
	if version := abiVersion(); version != C.PC_ABI_VERSION {
		panic(fmt.Sprintf("portcullis: the library has interface %d, and this package needs %d", version, C.PC_ABI_VERSION))
	}
}

// abiVersion asks the library, which is also the call that does nothing.
func abiVersion() uint32 { return uint32(C.pc_abi_version()) }

// A Layer says where a document takes part.
type Layer uint32

const (
	// Identity is of the caller's own policies, those of its groups, and managed ones.
	Identity Layer = C.PC_LAYER_IDENTITY
	// Boundary is of the caller's permissions boundary.
	Boundary Layer = C.PC_LAYER_BOUNDARY
	// Session is of session policies.
	Session Layer = C.PC_LAYER_SESSION
	// Resource is of the policy of the target: a bucket's, queue's, key's.
	Resource Layer = C.PC_LAYER_RESOURCE
	// Trust is of the trust policy of the target role, for sts:AssumeRole and its like.
	Trust Layer = C.PC_LAYER_TRUST
	// VPCEndpoint is of the policy of the VPC endpoint that requests come through.
	VPCEndpoint Layer = C.PC_LAYER_VPC_ENDPOINT
	// SCP is of service control policies, by the level of the caller's account.
	SCP Layer = C.PC_LAYER_SCP
	// RCP is of resource control policies, by the level of the resource's account.
	RCP Layer = C.PC_LAYER_RCP
)

// A Document is a policy and where it takes part. A layer without any document is absent and does not limit.
type Document struct {
	Layer Layer
	// Level is of SCP and RCP: the level of the organization, 0 for the root.
	Level uint8
	// Name is what problems and explanations call it.
	Name string
	// Text is the policy in JSON, in any form in which AWS's commands give it.
	Text string
	// File is, instead of Text, the path of a file with such a text, or with the policy language if it ends in ".iam".
	File string
	// Present makes the layer present without a document, instead of Text and File: it then allows nothing.
	Present bool
}

// Policies are compiled documents.
type Policies struct{ own *C.pc_image }

func newPolicies(own C.made) (*Policies, error) {
	if err := failure(own.error); err != nil {
		return nil, err
	}
	policies := &Policies{(*C.pc_image)(own.handle)}
	runtime.SetFinalizer(policies, (*Policies).Close)
	return policies, nil
}

// Compile reads documents and compiles them. The *Error has every problem of every document, each with its place; nothing in
// one is skipped. It takes tens of microseconds for a small policy.
func Compile(documents ...Document) (*Policies, error) {
	var own memory
	defer own.free()
	var array *C.pc_document
	if len(documents) > 0 {
		array = (*C.pc_document)(own.zeros(len(documents), unsafe.Sizeof(C.pc_document{})))
	}
	for place, document := range documents {
		content, kind := document.Text, C.PC_CONTENT_TEXT
		given := 0
		for _, is := range []bool{document.Text != "", document.File != "", document.Present} {
			if is {
				given++
			}
		}
		if given > 1 {
			text := fmt.Sprintf("document %d: it is a text, or a file, or none", place)
			return nil, &Error{Code: ErrorArgument, Text: text}
		}
		switch {
		case document.Present:
			kind = C.PC_CONTENT_NONE
		case document.File != "":
			content, kind = document.File, C.PC_CONTENT_FILE
		}
		one := &unsafe.Slice(array, len(documents))[place]
		one.layer = C.uint32_t(document.Layer)
		one.level = C.uint32_t(document.Level)
		one.kind = C.uint32_t(kind)
		one.name = own.text(document.Name)
		one.content = own.text(content)
	}
	return newPolicies(C.compile(array, C.size_t(len(documents))))
}

// Open opens what Bytes gave. The bytes are copied and checked, whatever they are.
func Open(image []byte) (*Policies, error) {
	return newPolicies(C.open_image(bytesOf(image), C.size_t(len(image))))
}

// Bytes are the compiled policies, to be kept in a file: the same documents give the same bytes on every machine.
func (policies *Policies) Bytes() []byte {
	bytes := C.pc_image_bytes(policies.own)
	// Not by C.GoBytes, whose lengths end at two gigabytes.
	own := append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(bytes.data)), int(bytes.length))...)
	runtime.KeepAlive(policies)
	return own
}

// Close frees the policies. Authorizers that were made of them stay.
func (policies *Policies) Close() {
	runtime.SetFinalizer(policies, nil)
	C.pc_image_free(policies.own)
	policies.own = nil
}

// An Authorizer decides requests.
type Authorizer struct{ own *C.pc_authorizer }

// NewAuthorizer makes an authorizer of policies, of which each fills other layers or adds to the same.
func NewAuthorizer(policies ...*Policies) (*Authorizer, error) {
	var memory memory
	defer memory.free()
	var images **C.pc_image
	if len(policies) > 0 {
		images = (**C.pc_image)(memory.zeros(len(policies), unsafe.Sizeof((*C.pc_image)(nil))))
	}
	for place, one := range policies {
		if one != nil {
			unsafe.Slice(images, len(policies))[place] = one.own
		}
	}
	own := C.new_authorizer(images, C.size_t(len(policies)))
	runtime.KeepAlive(policies)
	if err := failure(own.error); err != nil {
		return nil, err
	}
	authorizer := &Authorizer{(*C.pc_authorizer)(own.handle)}
	runtime.SetFinalizer(authorizer, (*Authorizer).Close)
	return authorizer, nil
}

// Close frees the authorizer. Sites that were prepared with it can be used no more.
func (authorizer *Authorizer) Close() {
	runtime.SetFinalizer(authorizer, nil)
	C.pc_authorizer_free(authorizer.own)
	authorizer.own = nil
}

// UsesKey is true if some policy looks at a condition key, in any case: if not, its value need not be found out.
func (authorizer *Authorizer) UsesKey(key string) (bool, error) {
	own := C.uses_key(authorizer.own, key)
	runtime.KeepAlive(authorizer)
	return bool(own.is_used), failure(own.error)
}

// memory is what C reads during a call and Go may not hand over: pointers to pointers.
type memory struct{ all []unsafe.Pointer }

func (memory *memory) zeros(count int, size uintptr) unsafe.Pointer {
	own := C.calloc(C.size_t(count), C.size_t(size))
	memory.all = append(memory.all, own)
	return own
}

func (memory *memory) text(text string) C.pc_text {
	if text == "" {
		return C.pc_text{}
	}
	own := C.CString(text)
	memory.all = append(memory.all, unsafe.Pointer(own))
	return C.pc_text{data: own, length: C.size_t(len(text))}
}

func (memory *memory) free() {
	for _, own := range memory.all {
		C.free(own)
	}
}

// bytesOf is where bytes begin, or nil.
func bytesOf(bytes []byte) *C.uint8_t {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.uint8_t)(unsafe.Pointer(&bytes[0]))
}
