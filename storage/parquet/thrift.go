package parquet

import (
	"encoding/binary"
	"errors"
)

// Thrift's compact protocol, as Parquet's metadata uses it (Apache Thrift,
// "Thrift Compact protocol encoding"). Types of fields and elements:
const (
	tTrue   = 1
	tFalse  = 2
	tByte   = 3
	tI16    = 4
	tI32    = 5
	tI64    = 6
	tDouble = 7
	tBinary = 8
	tList   = 9
	tSet    = 10
	tMap    = 11
	tStruct = 12
	tUUID   = 13
)

// maxThriftDepth bounds the nesting of structs and containers.
const maxThriftDepth = 32

var (
	errThriftShort = errors.New("metadata ends early")
	errThriftBad   = errors.New("metadata is malformed")
)

// thrift reads compact Thrift from b. Errors stick: after the first one every
// read returns zero and every loop over fields ends. It allocates nothing:
// binaries are slices of b.
type thrift struct {
	b     []byte
	pos   int
	depth int
	err   error
}

func (t *thrift) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *thrift) byte() byte {
	if t.err != nil {
		return 0
	}
	if t.pos >= len(t.b) {
		t.fail(errThriftShort)
		return 0
	}
	c := t.b[t.pos]
	t.pos++
	return c
}

func (t *thrift) uvarint() uint64 {
	if t.err != nil {
		return 0
	}
	x, n := binary.Uvarint(t.b[t.pos:])
	if n <= 0 {
		if n == 0 {
			t.fail(errThriftShort)
		} else {
			t.fail(errThriftBad)
		}
		return 0
	}
	t.pos += n
	return x
}

func (t *thrift) zigzag() int64 {
	x := t.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}

// i32 reads an integer that must fit 32 bits.
func (t *thrift) i32() int32 {
	x := t.zigzag()
	if int64(int32(x)) != x {
		t.fail(errThriftBad)
		return 0
	}
	return int32(x)
}

func (t *thrift) i64() int64 { return t.zigzag() }

// binary returns the next length-prefixed bytes, sharing b.
func (t *thrift) binary() []byte {
	n := t.uvarint()
	if t.err != nil {
		return nil
	}
	if n > uint64(len(t.b)-t.pos) {
		t.fail(errThriftShort)
		return nil
	}
	s := t.b[t.pos : t.pos+int(n) : t.pos+int(n)]
	t.pos += int(n)
	return s
}

// fields ranges over the fields of the struct that comes next, whose values the
// loop's body has to read or skip. It ends early after an error. The value of a
// boolean is its type.
func (t *thrift) fields(yield func(id int16, typ byte) bool) {
	if !t.enter() {
		return
	}
	id, typ := t.field(0)
	for typ != 0 && yield(id, typ) {
		id, typ = t.field(id)
	}
	t.leave()
}

// unionMember passes over a union and returns the id of its member.
func (t *thrift) unionMember() (member int16) {
	for id, typ := range t.fields {
		member = id
		t.skip(typ)
	}
	return member
}

// field reads the id and type of the field behind the one with the id last;
// type 0 at the end of the struct.
func (t *thrift) field(last int16) (id int16, typ byte) {
	c := t.byte()
	if t.err != nil || c == 0 {
		return 0, 0
	}
	typ = c & 15
	if typ > tUUID {
		t.fail(errThriftBad)
		return 0, 0
	}
	if d := c >> 4; d != 0 {
		id = last + int16(d)
	} else {
		id = int16(t.zigzag())
	}
	if t.err != nil {
		return 0, 0
	}
	return id, typ
}

// enter and leave bracket a struct or container.
func (t *thrift) enter() bool {
	t.depth++
	if t.depth > maxThriftDepth {
		t.fail(errThriftBad)
	}
	return t.err == nil
}

func (t *thrift) leave() { t.depth-- }

// list reads a list's header. The count is at most the bytes left, for every
// element takes one at least.
func (t *thrift) list() (n int, elem byte) {
	c := t.byte()
	elem = c & 15
	count := uint64(c >> 4)
	if count == 15 {
		count = t.uvarint()
	}
	if t.err != nil {
		return 0, 0
	}
	if count > uint64(len(t.b)-t.pos) {
		t.fail(errThriftShort)
		return 0, 0
	}
	return int(count), elem
}

// structs reads the header of a list of structs and returns how many there are;
// more than most are too many.
func (t *thrift) structs(most int) int {
	n, elem := t.list()
	if n > 0 && elem != tStruct {
		t.fail(errThriftBad)
		return 0
	}
	if n > most {
		t.fail(errTooLarge)
		return 0
	}
	return n
}

// skip passes over a value of the given type.
func (t *thrift) skip(typ byte) {
	if t.err != nil {
		return
	}
	switch typ {
	case tTrue, tFalse:
	case tByte:
		t.byte()
	case tI16, tI32, tI64:
		t.uvarint()
	case tDouble:
		t.advance(8)
	case tUUID:
		t.advance(16)
	case tBinary:
		t.binary()
	case tList, tSet:
		if !t.enter() {
			return
		}
		n, elem := t.list()
		for i := 0; i < n && t.err == nil; i++ {
			t.skipElem(elem)
		}
		t.leave()
	case tMap:
		if !t.enter() {
			return
		}
		n := t.uvarint()
		if n > 0 && t.err == nil {
			kv := t.byte()
			for ; n > 0 && t.err == nil; n-- {
				t.skipElem(kv >> 4)
				t.skipElem(kv & 15)
			}
		}
		t.leave()
	case tStruct:
		for _, typ := range t.fields {
			t.skip(typ)
		}
	default:
		t.fail(errThriftBad)
	}
}

// skipElem passes over a container's element: there a boolean is a byte.
func (t *thrift) skipElem(typ byte) {
	if typ == tTrue || typ == tFalse {
		t.byte()
		return
	}
	t.skip(typ)
}

func (t *thrift) advance(n int) {
	if n > len(t.b)-t.pos {
		t.fail(errThriftShort)
		return
	}
	t.pos += n
}
