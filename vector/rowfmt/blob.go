package rowfmt

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// A nested value is kept as a blob. By physical layout, little endian:
//
//	fixed width   the element's bytes
//	string        length (4 bytes), bytes
//	list          number of elements (4 bytes), elements
//	array         elements, as many as the type says
//	struct        fields, in order
//
// where each element and field is one byte, 0 for NULL and 1 otherwise, and
// then its value if it has one. The blob of a row is the value alone: NULL is
// in the row's validity.

// resolve returns the flat or constant vector and the element in it that hold
// position i of v, which is not a sequence.
func resolve(v *vector.Vector, i int) (*vector.Vector, int) {
	switch v.Form {
	case vector.Dictionary:
		return v.Dict, int(v.Codes[i])
	case vector.Constant:
		return v, 0
	}
	return v, i
}

// blobSize returns the length of what AppendValue writes; 0 for NULL.
func blobSize(v *vector.Vector, i int) int {
	if v.Form == vector.Sequence {
		return 8
	}
	v, i = resolve(v, i)
	if v.Valid != nil && !v.Valid.Get(i) {
		return 0
	}
	switch p := v.Type.Physical(); p {
	case types.PString:
		return 4 + raw.Cast[types.StringRef](v.Data)[i].Len()
	case types.PList:
		e := raw.Cast[types.ListEntry](v.Data)[i]
		n := 4 + int(e.Length)
		for k := range int(e.Length) {
			n += blobSize(v.Children[0], int(e.Offset)+k)
		}
		return n
	case types.PArray:
		size := v.Type.Ext.Size
		n := size
		for k := range size {
			n += blobSize(v.Children[0], i*size+k)
		}
		return n
	case types.PStruct:
		n := len(v.Children)
		for _, c := range v.Children {
			n += blobSize(c, i)
		}
		return n
	default:
		return p.Width()
	}
}

// AppendValue appends the blob of the value at position i of v, which is not
// NULL: what a row keeps of nested values, and what aggregates may keep of any.
// Bytes of equal values may differ; see CompareValues.
func AppendValue(dst []byte, v *vector.Vector, i int) []byte {
	if v.Form == vector.Sequence {
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Start+int64(i)*v.Step))
	}
	v, i = resolve(v, i)
	switch p := v.Type.Physical(); p {
	case types.PString:
		s := vector.Str(&raw.Cast[types.StringRef](v.Data)[i], v.Bufs)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
		return append(dst, s...)
	case types.PList:
		e := raw.Cast[types.ListEntry](v.Data)[i]
		dst = binary.LittleEndian.AppendUint32(dst, e.Length)
		for k := range int(e.Length) {
			dst = appendElement(dst, v.Children[0], int(e.Offset)+k)
		}
		return dst
	case types.PArray:
		size := v.Type.Ext.Size
		for k := range size {
			dst = appendElement(dst, v.Children[0], i*size+k)
		}
		return dst
	case types.PStruct:
		for _, c := range v.Children {
			dst = appendElement(dst, c, i)
		}
		return dst
	default:
		w := p.Width()
		return append(dst, v.Data[i*w:(i+1)*w]...)
	}
}

func appendElement(dst []byte, v *vector.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, 0)
	}
	return AppendValue(append(dst, 1), v, i)
}

// sameBlob compares two blobs of type t.
func sameBlob(t types.Type, a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if !looseEquality(t) {
		return false
	}
	_, _, ok := sameValue(t, a, b)
	return ok
}

// looseEquality reports whether equal values of t may have different bytes.
func looseEquality(t types.Type) bool {
	switch t.Physical() {
	case types.PFloat32, types.PFloat64, types.PInterval:
		return true
	case types.PList, types.PArray, types.PStruct:
		for _, c := range childTypes(t) {
			if looseEquality(c) {
				return true
			}
		}
	}
	return false
}

// childTypes returns the types of the vectors below one of type t.
func childTypes(t types.Type) []types.Type {
	switch t.ID {
	case types.List, types.Array:
		return []types.Type{*t.Ext.Child}
	case types.Map:
		return []types.Type{types.StructOf(t.Ext.Fields...)}
	}
	out := make([]types.Type, len(t.Ext.Fields))
	for i, f := range t.Ext.Fields {
		out[i] = f.Type
	}
	return out
}

// sameValue compares the values at the front of a and b and returns what
// follows them; the rest means nothing when they differ.
func sameValue(t types.Type, a, b []byte) (restA, restB []byte, ok bool) {
	n := 1
	switch p := t.Physical(); p {
	case types.PString:
		la, lb := binary.LittleEndian.Uint32(a), binary.LittleEndian.Uint32(b)
		a, b = a[4:], b[4:]
		return a[la:], b[lb:], bytes.Equal(a[:la], b[:lb])
	case types.PList:
		la, lb := binary.LittleEndian.Uint32(a), binary.LittleEndian.Uint32(b)
		if la != lb {
			return a, b, false
		}
		a, b, n = a[4:], b[4:], int(la)
	case types.PArray:
		n = t.Ext.Size
	case types.PStruct:
	default:
		w := p.Width()
		switch p {
		case types.PFloat32:
			x, y := loadFloat32(a), loadFloat32(b)
			ok = x == y || x != x && y != y
		case types.PFloat64:
			x, y := loadFloat64(a), loadFloat64(b)
			ok = x == y || x != x && y != y
		case types.PInterval:
			ok = loadInterval(a).Cmp(loadInterval(b)) == 0
		default:
			ok = bytes.Equal(a[:w], b[:w])
		}
		return a[w:], b[w:], ok
	}
	kids := childTypes(t)
	for range n {
		for _, c := range kids {
			if a[0] != b[0] {
				return a, b, false
			}
			null := a[0] == 0
			a, b = a[1:], b[1:]
			if null {
				continue
			}
			if a, b, ok = sameValue(c, a, b); !ok {
				return a, b, false
			}
		}
	}
	return a, b, true
}

// CompareValues orders two blobs of type t: -1, 0 or 1. Within nested values
// NULL comes last, lists compare element by element and the shorter first, NaN
// is the greatest float.
func CompareValues(t types.Type, a, b []byte) int {
	c, _, _ := compareValue(t, a, b)
	return c
}

// compareValue compares the values at the front of a and b; the rests mean
// nothing unless they are equal.
func compareValue(t types.Type, a, b []byte) (c int, restA, restB []byte) {
	le := binary.LittleEndian
	n, longer := 1, 0
	switch p := t.Physical(); p {
	case types.PString:
		la, lb := le.Uint32(a), le.Uint32(b)
		a, b = a[4:], b[4:]
		return bytes.Compare(a[:la], b[:lb]), a[la:], b[lb:]
	case types.PList:
		la, lb := le.Uint32(a), le.Uint32(b)
		a, b, n, longer = a[4:], b[4:], int(min(la, lb)), cmp.Compare(la, lb)
	case types.PArray:
		n = t.Ext.Size
	case types.PStruct:
	default:
		w := p.Width()
		return compareFixed(t, p, a, b), a[w:], b[w:]
	}
	kids := childTypes(t)
	for range n {
		for _, k := range kids {
			nullA, nullB := a[0] == 0, b[0] == 0
			a, b = a[1:], b[1:]
			if nullA || nullB {
				if nullA != nullB {
					return cmp.Compare(boolRank(nullA), boolRank(nullB)), a, b
				}
				continue
			}
			if c, a, b = compareValue(k, a, b); c != 0 {
				return c, a, b
			}
		}
	}
	return longer, a, b
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func compareFixed(t types.Type, p types.Physical, a, b []byte) int {
	le := binary.LittleEndian
	switch p {
	case types.PBool, types.PUint8:
		return cmp.Compare(a[0], b[0])
	case types.PInt8:
		return cmp.Compare(int8(a[0]), int8(b[0]))
	case types.PInt16:
		return cmp.Compare(int16(le.Uint16(a)), int16(le.Uint16(b)))
	case types.PUint16:
		return cmp.Compare(le.Uint16(a), le.Uint16(b))
	case types.PInt32:
		return cmp.Compare(int32(le.Uint32(a)), int32(le.Uint32(b)))
	case types.PUint32:
		return cmp.Compare(le.Uint32(a), le.Uint32(b))
	case types.PInt64:
		x, y := int64(le.Uint64(a)), int64(le.Uint64(b))
		if t.ID == types.TimeTZ {
			// By instant, then by zone; see the layout of the type.
			x += x & (1<<24 - 1) * types.MicrosPerSecond << 24
			y += y & (1<<24 - 1) * types.MicrosPerSecond << 24
		}
		return cmp.Compare(x, y)
	case types.PUint64:
		return cmp.Compare(le.Uint64(a), le.Uint64(b))
	case types.PInt128:
		return types.Int128{Lo: le.Uint64(a), Hi: int64(le.Uint64(a[8:]))}.Cmp(types.Int128{Lo: le.Uint64(b), Hi: int64(le.Uint64(b[8:]))})
	case types.PUint128:
		return types.Uint128{Lo: le.Uint64(a), Hi: le.Uint64(a[8:])}.Cmp(types.Uint128{Lo: le.Uint64(b), Hi: le.Uint64(b[8:])})
	case types.PFloat32:
		return types.CompareFloat(float64(loadFloat32(a)), float64(loadFloat32(b)))
	case types.PFloat64:
		return types.CompareFloat(loadFloat64(a), loadFloat64(b))
	case types.PInterval:
		return loadInterval(a).Cmp(loadInterval(b))
	}
	return 0
}

func loadInterval(b []byte) types.Interval {
	x := binary.LittleEndian.Uint64(b)
	return types.Interval{Months: int32(x), Days: int32(x >> 32), Micros: int64(binary.LittleEndian.Uint64(b[8:]))}
}

// Builder rebuilds a flat vector from blobs: Prepare, then Count for every
// blob, Resize, then Fill for every blob. It is for one goroutine at a time, and
// may Prepare for the next vector when it is done.
type Builder struct{ root *level }

// level is one vector of a nested one.
type level struct {
	v     *vector.Vector
	kids  []*level
	n     int // list: elements that all its values have together
	taken int // list: elements filled so far
}

// Prepare begins with v, which is flat, owns its data and has been resized.
func (b *Builder) Prepare(v *vector.Vector) { b.root = newLevel(v) }

func newLevel(v *vector.Vector) *level {
	l := &level{v: v}
	if v.Type.IsNested() {
		for _, c := range v.Children {
			l.kids = append(l.kids, newLevel(c))
		}
	}
	return l
}

// Count sees a blob that Fill will get.
func (b *Builder) Count(blob []byte) { b.root.count(blob) }

func (l *level) count(blob []byte) []byte {
	switch p := l.v.Type.Physical(); p {
	case types.PString:
		return blob[4+int(binary.LittleEndian.Uint32(blob)):]
	case types.PList:
		n := int(binary.LittleEndian.Uint32(blob))
		blob = blob[4:]
		l.n += n
		for range n {
			blob = l.kids[0].countElement(blob)
		}
		return blob
	case types.PArray:
		for range l.v.Type.Ext.Size {
			blob = l.kids[0].countElement(blob)
		}
		return blob
	case types.PStruct:
		for _, k := range l.kids {
			blob = k.countElement(blob)
		}
		return blob
	default:
		return blob[p.Width():]
	}
}

func (l *level) countElement(blob []byte) []byte {
	if blob[0] == 0 {
		return blob[1:]
	}
	return l.count(blob[1:])
}

// Resize makes room in the children of lists for all that was counted; what
// they held is lost.
func (b *Builder) Resize() { b.root.resize() }

// resize makes room in the children of lists; those of structs and arrays were
// resized with their parent.
func (l *level) resize() {
	if l.v.Type.Physical() == types.PList {
		l.kids[0].v.Resize(l.n)
	}
	for _, k := range l.kids {
		k.resize()
	}
}

// Fill stores a blob's value at position i.
func (b *Builder) Fill(blob []byte, i int) { b.root.fill(blob, i) }

func (l *level) fill(blob []byte, i int) []byte {
	v := l.v
	switch p := v.Type.Physical(); p {
	case types.PString:
		n := int(binary.LittleEndian.Uint32(blob))
		v.PutString(i, blob[4:4+n])
		return blob[4+n:]
	case types.PList:
		n := int(binary.LittleEndian.Uint32(blob))
		blob = blob[4:]
		first := l.taken
		l.taken += n
		vector.Values[types.ListEntry](v)[i] = types.ListEntry{Offset: uint32(first), Length: uint32(n)}
		for k := range n {
			blob = l.kids[0].fillElement(blob, first+k)
		}
		return blob
	case types.PArray:
		size := v.Type.Ext.Size
		for k := range size {
			blob = l.kids[0].fillElement(blob, i*size+k)
		}
		return blob
	case types.PStruct:
		for _, k := range l.kids {
			blob = k.fillElement(blob, i)
		}
		return blob
	default:
		w := p.Width()
		copy(v.Data[i*w:(i+1)*w], blob[:w])
		return blob[w:]
	}
}

func (l *level) fillElement(blob []byte, i int) []byte {
	if blob[0] == 0 {
		l.v.SetNull(i)
		return blob[1:]
	}
	return l.fill(blob[1:], i)
}

func loadFloat32(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }

func loadFloat64(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }
