package portcullis

// #include "portcullis.h"
import "C"

import (
	"encoding/binary"
	"math"
	"net/netip"
	"sync"
	"time"
)

// A Value is that of a condition key. The zero Value is absent: the key is known to have no value, and is not derived from the
// request either.
type Value struct {
	kind        uint8
	nanoseconds uint32
	number      int64
	text        string
	texts       []string
	address     netip.Addr
}

// Text is a text, which is a number, a date or an address where a condition asks for one.
func Text(text string) Value { return Value{kind: C.PC_VALUE_TEXT, text: text} }

// Texts are several texts: the key is multivalued. Without any it is absent.
func Texts(texts ...string) Value { return Value{kind: C.PC_VALUE_TEXTS, texts: texts} }

// Bool is a truth value.
func Bool(truth bool) Value {
	value := Value{kind: C.PC_VALUE_BOOL}
	if truth {
		value.number = 1
	}
	return value
}

// Number is a whole number.
func Number(number int64) Value { return Value{kind: C.PC_VALUE_NUMBER, number: number} }

// Time is an instant, not before 1970.
func Time(instant time.Time) Value {
	return Value{kind: C.PC_VALUE_TIME, number: instant.Unix(), nanoseconds: uint32(instant.Nanosecond())}
}

// IP is an address. One of IPv4 that a socket for both tells as ::ffff:192.0.2.1 is told as IPv4. The zero address is absent.
func IP(address netip.Addr) Value {
	address = address.Unmap()
	switch {
	case address.Is4():
		return Value{kind: C.PC_VALUE_IPV4, address: address}
	case address.Is6():
		return Value{kind: C.PC_VALUE_IPV6, address: address}
	}
	return Value{}
}

// A Key is a condition key with its value.
type Key struct {
	// Name may be in any case. A key that comes twice has the values of both.
	Name  string
	Value Value
}

// Keys are the condition keys that a map holds, each with its texts. One without any is absent.
func Keys(texts map[string][]string) []Key {
	keys := make([]Key, 0, len(texts))
	for name, own := range texts {
		keys = append(keys, Key{name, Texts(own...)})
	}
	return keys
}

// flat writes the flat form of the header.
type flat struct {
	bytes []byte
	// isTooLong is true if four bytes do not hold some length. Then nothing may be asked.
	isTooLong bool
}

var errTooLong = &Error{Code: ErrorArgument, Text: "a text or a list is longer than 4 GiB"}

// flats are buffers that calls use one after the other.
var flats = sync.Pool{New: func() any { return new(flat) }}

func newFlat() *flat {
	own := flats.Get().(*flat)
	own.bytes = own.bytes[:0]
	return own
}

func (own *flat) done() { flats.Put(own) }

func (own *flat) number(number uint32) {
	own.bytes = binary.LittleEndian.AppendUint32(own.bytes, number)
}

func (own *flat) length(length int) {
	if uint64(length) > math.MaxUint32 {
		own.isTooLong = true
	}
	own.number(uint32(length))
}

func (own *flat) text(text string) {
	own.length(len(text))
	own.bytes = append(own.bytes, text...)
}

func (own *flat) value(value *Value) {
	own.bytes = append(own.bytes, value.kind)
	switch value.kind {
	case C.PC_VALUE_TEXT:
		own.text(value.text)
	case C.PC_VALUE_TEXTS:
		own.length(len(value.texts))
		for _, text := range value.texts {
			own.text(text)
		}
	case C.PC_VALUE_BOOL:
		own.bytes = append(own.bytes, byte(value.number))
	case C.PC_VALUE_NUMBER:
		own.bytes = binary.LittleEndian.AppendUint64(own.bytes, uint64(value.number))
	case C.PC_VALUE_TIME:
		own.bytes = binary.LittleEndian.AppendUint64(own.bytes, uint64(value.number))
		own.number(value.nanoseconds)
	case C.PC_VALUE_IPV4:
		address := value.address.As4()
		own.bytes = append(own.bytes, address[:]...)
	case C.PC_VALUE_IPV6:
		address := value.address.As16()
		own.bytes = append(own.bytes, address[:]...)
	}
}

func (own *flat) values(values []Value) {
	own.length(len(values))
	for place := range values {
		own.value(&values[place])
	}
}

func (own *flat) keys(keys []Key) {
	own.length(len(keys))
	for place := range keys {
		own.text(keys[place].Name)
		own.value(&keys[place].Value)
	}
}
