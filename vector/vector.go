package vector

import (
	"sync/atomic"

	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Capacity is the largest number of positions in a chunk.
const Capacity = 2048

// Form tells how a vector stores its values; see the package comment.
type Form uint8

// The forms.
const (
	Flat Form = iota
	Constant
	Dictionary
	Sequence
)

func (f Form) String() string {
	return [...]string{"flat", "constant", "dictionary", "sequence"}[f]
}

// Vector is one column of values. The fields are exported for kernels; outside
// of them prefer the constructors and View. A Vector is not safe for
// concurrent writing; concurrent reading is fine.
type Vector struct {
	Type types.Type
	Form Form
	Len  int // positions; a dictionary's child may be longer than Capacity

	Data  []byte   // Flat: Len elements (may be longer); Constant: one; else nil
	Valid Bitmap   // Flat, Constant: nil = all valid; Dictionary: always nil
	Bufs  [][]byte // string layouts, Flat and Constant: what references point into

	Dict  *Vector  // Dictionary: a flat vector
	Codes []uint32 // Dictionary: Len positions in Dict

	Start, Step int64 // Sequence

	Children []*Vector // nested types, Flat and Constant

	// DictID identifies the dictionary across vectors: two dictionary vectors
	// with the same non-zero DictID share Dict, so work done per entry (a
	// filter, a hash, a group) may be kept. Zero: unknown.
	DictID uint64

	own scratch // buffers that this vector may write again after Reset
}

// scratch keeps the vector's own buffers across Resize, so that a reused vector
// allocates once.
type scratch struct {
	data     []byte
	buffers  account // for data
	valid    Bitmap
	codes    []uint32
	heap     stringHeap
	children []*Vector
	ext      *types.Ext // of the type that children were made for
}

// New returns an empty flat vector of type t without buffers; Resize gives it
// room.
func New(t types.Type) *Vector {
	v := &Vector{Type: t}
	v.ownChildren()
	return v
}

// ownChildren points v.Children at child vectors that belong to v, which may
// have shown another vector's since (Reference).
func (v *Vector) ownChildren() {
	if !v.Type.IsNested() {
		v.Children = nil
		return
	}
	if v.own.children == nil || v.own.ext != v.Type.Ext {
		for _, c := range v.own.children {
			c.giveBack()
		}
		v.own.ext = v.Type.Ext
		v.own.children = newChildren(v.Type)
		if p := v.own.buffers.purse; p != nil {
			for _, c := range v.own.children {
				c.ChargeTo(p)
			}
		}
	}
	v.Children = v.own.children
}

func newChildren(t types.Type) []*Vector {
	switch t.ID {
	case types.List, types.Array:
		return []*Vector{New(*t.Ext.Child)}
	case types.Map:
		return []*Vector{New(types.StructOf(t.Ext.Fields...))}
	}
	cs := make([]*Vector, len(t.Ext.Fields))
	for i, f := range t.Ext.Fields {
		cs[i] = New(f.Type)
	}
	return cs
}

// Resize makes v a flat vector of n positions, all valid, with unspecified
// values, in buffers of its own that earlier Resizes of v may have used: no
// vector that shares them may still be in use. Values of the string layouts
// are zeroed, so that every reference is in bounds. Struct and array children
// are resized along; a list's child is reset to empty.
func (v *Vector) Resize(n int) {
	w := v.Type.Physical().Width()
	if need := n * w; cap(v.own.data) < need {
		size := max(need, min(Capacity, 2*n)*w)
		v.own.buffers.add(size - cap(v.own.data))
		v.own.data = make([]byte, need, size)
	} else if cap(v.own.data) > keepBytes && need < cap(v.own.data)/4 {
		// A chunk of long lists is not what all chunks to come have to pay for.
		v.own.buffers.sub(cap(v.own.data) - need)
		v.own.data = make([]byte, need)
	}
	v.Form, v.Len = Flat, n
	v.Data = v.own.data[:n*w]
	v.Valid, v.Dict, v.Codes, v.DictID = nil, nil, nil, 0
	v.Bufs = nil
	v.own.heap.reset()
	v.ownChildren()
	switch v.Type.Physical() {
	case types.PString:
		clear(v.Data)
	case types.PList:
		clear(v.Data)
		v.Children[0].Resize(0)
	case types.PStruct:
		for _, c := range v.Children {
			c.Resize(n)
		}
	case types.PArray:
		v.Children[0].Resize(n * v.Type.Ext.Size)
	}
}

// MutableValid returns v's bitmap for writing: its own, all valid when there
// was none, a copy when v showed another vector's. v must be flat.
func (v *Vector) MutableValid() Bitmap {
	words := (v.Len + 63) / 64
	if v.Valid != nil && (words == 0 || len(v.own.valid) > 0 && &v.Valid[0] == &v.own.valid[0]) {
		return v.Valid
	}
	if cap(v.own.valid) < words {
		v.own.valid = make(Bitmap, words, max(words, Capacity/64))
	}
	v.own.valid = v.own.valid[:words]
	if v.Valid == nil {
		for i := range v.own.valid {
			v.own.valid[i] = ^uint64(0)
		}
	} else {
		copy(v.own.valid, v.Valid)
	}
	v.Valid = v.own.valid
	return v.Valid
}

// SetNull marks position i NULL. v must own its buffers.
func (v *Vector) SetNull(i int) { v.MutableValid().Clear(i) }

// Values returns the elements of a flat or constant vector as a slice of T,
// sharing memory; T must match the physical layout.
func Values[T any](v *Vector) []T { return raw.Cast[T](v.Data) }

// Reference makes v show the same values as src, sharing all its buffers. The
// buffers v owns stay with it for a later Resize.
func (v *Vector) Reference(src *Vector) {
	own := v.own
	*v = *src
	v.own = own
}

// SetConstant makes v a constant vector of n positions that all hold val, which
// must be of v's type (or NULL). Nested values are supported.
func (v *Vector) SetConstant(val types.Value, n int) {
	v.Resize(1)
	v.SetValue(0, val)
	v.Form, v.Len = Constant, n
}

// SetConstantNull makes v a constant NULL of n positions.
func (v *Vector) SetConstantNull(n int) {
	v.Resize(1)
	v.SetNull(0)
	v.Form, v.Len = Constant, n
}

// SetDictionary makes v a dictionary vector over dict (flat) with the given
// codes, which must be in [0, dict.Len). Nothing is copied.
func (v *Vector) SetDictionary(dict *Vector, codes []uint32, id uint64) {
	v.Form, v.Len = Dictionary, len(codes)
	v.Dict, v.Codes, v.DictID = dict, codes, id
	v.Data, v.Valid, v.Bufs, v.Children = nil, nil, nil, nil
}

// OwnCodes returns room for n codes that belongs to v, for building the codes
// of SetDictionary; what it holds is overwritten by the next OwnCodes.
func (v *Vector) OwnCodes(n int) []uint32 {
	if cap(v.own.codes) < n {
		v.own.codes = make([]uint32, max(n, Capacity))
	}
	return v.own.codes[:n]
}

// SetSequence makes v the sequence start, start+step, ... of n positions; v's
// layout must be PInt64.
func (v *Vector) SetSequence(start, step int64, n int) {
	v.Form, v.Len, v.Start, v.Step = Sequence, n, start, step
	v.Data, v.Valid, v.Bufs, v.Dict, v.Codes, v.DictID, v.Children = nil, nil, nil, nil, nil, 0, nil
}

// View is the unified form that kernels read: value i is element Index(i) of
// Data, NULL when Valid is not nil and lacks bit Index(i).
type View struct {
	Data     []byte
	Valid    Bitmap
	Bufs     [][]byte
	Sel      []uint32 // nil = identity
	Children []*Vector
}

var zeros [Capacity]uint32

// View returns the unified form of v; scratch receives the values of a
// sequence (any vector that nobody reads; it may be nil when v is known not to
// be a sequence). The view shares v's buffers.
//
// A constant is seen through a selection of zeros of at most Capacity
// positions: kernels over longer vectors (dictionaries) handle constants
// before.
func (v *Vector) View(tmp *Vector) View {
	switch v.Form {
	case Flat:
		return View{Data: v.Data, Valid: v.Valid, Bufs: v.Bufs, Children: v.Children}
	case Constant:
		return View{Data: v.Data, Valid: v.Valid, Bufs: v.Bufs, Sel: zeros[:min(v.Len, Capacity)], Children: v.Children}
	case Dictionary:
		d := v.Dict
		return View{Data: d.Data, Valid: d.Valid, Bufs: d.Bufs, Sel: v.Codes, Children: d.Children}
	}
	if tmp == nil {
		tmp = New(v.Type)
	}
	tmp.Type = v.Type
	tmp.Resize(v.Len)
	out := Values[int64](tmp)
	x := v.Start
	for i := range out {
		out[i] = x
		x += v.Step
	}
	return View{Data: tmp.Data}
}

// Index returns the element of the view that holds position i.
func (w *View) Index(i int) int {
	if w.Sel == nil {
		return i
	}
	return int(w.Sel[i])
}

// IsNull reports whether position i is NULL.
func (w *View) IsNull(i int) bool {
	return w.Valid != nil && !w.Valid.Get(w.Index(i))
}

// IsNull reports whether position i of v is NULL. For loops use View.
func (v *Vector) IsNull(i int) bool {
	switch v.Form {
	case Constant:
		return v.Valid != nil && !v.Valid.Get(0)
	case Dictionary:
		return v.Dict.Valid != nil && !v.Dict.Valid.Get(int(v.Codes[i]))
	case Sequence:
		return false
	}
	return v.Valid != nil && !v.Valid.Get(i)
}

// MayHaveNulls reports whether some position may be NULL; false is a promise.
func (v *Vector) MayHaveNulls() bool {
	switch v.Form {
	case Dictionary:
		return v.Dict.Valid != nil
	case Sequence:
		return false
	}
	return v.Valid != nil
}

// Str returns the bytes of reference r; the result may point into *r or into a
// buffer of bufs and is valid as long as both are.
func Str(r *types.StringRef, bufs [][]byte) []byte {
	if n := r.Len(); n > types.MaxInline {
		off := r.Off()
		return bufs[r.Buf()][off : off+n]
	}
	return raw.Within(r, 4, r.Len())
}

// Flatten makes v flat with values of its own at all Len positions, unless it
// is flat already. It is meant for edges (results, tests); kernels read views.
func (v *Vector) Flatten() {
	if v.Form == Flat {
		return
	}
	src := *v
	// src may show v's own buffers.
	v.own = scratch{buffers: v.own.buffers, heap: stringHeap{pages: v.own.heap.pages}}
	n := v.Len
	v.Resize(n)
	for i := range n {
		v.SetValue(i, src.Value(i))
	}
}

// Bytes returns about how much memory v's own buffers take, children included;
// for accounting.
func (v *Vector) Bytes() int64 {
	n := int64(cap(v.own.data)+8*cap(v.own.valid)+4*cap(v.own.codes)) + v.own.heap.bytes()
	for _, c := range v.own.children {
		n += c.Bytes()
	}
	return n
}

var lastDictID atomic.Uint64

// NewDictID returns a number for DictID that no dictionary of this process has.
// It is above 2^62, so that tests may choose small ones.
func NewDictID() uint64 { return 1<<62 + lastDictID.Add(1) }

// Slice makes v show the n positions of the flat src from off on, sharing its
// buffers; off is a multiple of 64 and src's type is not nested.
func (v *Vector) Slice(src *Vector, off, n int) {
	v.Reference(src)
	w := src.Type.Physical().Width()
	v.Data, v.Len = src.Data[off*w:(off+n)*w], n
	if src.Valid != nil {
		v.Valid = src.Valid[off/64:]
	}
}
