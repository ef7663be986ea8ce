package portcullis

// #include "portcullis.h"
import "C"

import "unsafe"

// An ErrorCode is the kind of a failure.
type ErrorCode uint32

const (
	// ErrorArgument says that an argument cannot be what it must: a text that is not UTF-8, a handle that was closed.
	ErrorArgument ErrorCode = C.PC_ERROR_ARGUMENT
	// ErrorRequest says that a request is none: a caller that is no principal, or another number of values than keys.
	ErrorRequest ErrorCode = C.PC_ERROR_REQUEST
	// ErrorPolicy says that documents have errors: Problems.
	ErrorPolicy ErrorCode = C.PC_ERROR_POLICY
	// ErrorImage says that bytes are no image of policies.
	ErrorImage ErrorCode = C.PC_ERROR_IMAGE
	// ErrorInternal says that the library is wrong.
	ErrorInternal ErrorCode = C.PC_ERROR_INTERNAL
)

// An Error says why a call failed. What was asked is denied.
type Error struct {
	Code ErrorCode
	// Text is for people: of documents every problem with its place and the line that it is in.
	Text string
	// Problems are those of documents.
	Problems []Problem
}

// Error is the text.
func (err *Error) Error() string { return "portcullis: " + err.Text }

// A Problem is what is wrong with a document, and where.
type Problem struct {
	// Code is what kind of problem it is, a name that does not change.
	Code string
	// Message is what it is, and Help what to do about it, or empty.
	Message, Help string
	// File is the name of the document or the path of the file; Line and Column are counted from 1.
	File         string
	Line, Column int
}

// failure is what C says failed, which is freed. It is no *Error, so that none is a plain nil.
func failure(own *C.pc_error) error {
	if own == nil {
		return nil
	}
	defer C.pc_error_free(own)
	err := &Error{Code: ErrorCode(C.pc_error_code(own)), Text: textOf(C.pc_error_text(own))}
	count := C.pc_error_problems(own)
	var problem C.pc_problem
	for number := C.size_t(0); number < count && bool(C.pc_error_problem(own, number, &problem)); number++ {
		err.Problems = append(err.Problems, Problem{
			Code:    textOf(problem.code),
			Message: textOf(problem.message),
			Help:    textOf(problem.help),
			File:    textOf(problem.file),
			Line:    int(problem.line),
			Column:  int(problem.column),
		})
	}
	return err
}

// textOf copies a text of the library.
func textOf(text C.pc_text) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(text.data)), int(text.length)))
}
