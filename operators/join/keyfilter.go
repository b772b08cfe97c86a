package join

import (
	"context"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sketch"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	// A bitmap of integer keys has at most maxBitmapBits bits, and at most
	// bitmapBits a build row beyond smallBitmap.
	maxBitmapBits = 64 << 20
	bitmapBits    = 64
	smallBitmap   = 1 << 20
	// maxFilterRows is the largest build side that a filter is made of.
	maxFilterRows = 4 << 20
)

// KeyFilter tells of most values that they are no key of the build side, so
// that the scan which feeds the probe side can drop their rows: by the bounds
// of an integer key row groups, by a bitmap of integer keys or a Bloom filter
// rows. It is read-only once made.
type KeyFilter struct {
	typ    types.Type
	seed   uint64
	keys   keyRange
	bitmap []uint64 // of key − keys.min; nil: bloom decides
	bloom  *sketch.Bloom
	mem    *budget.Reservation
	size   int64
}

// KeyFilter returns a filter of key k of the build side, nil when none can be
// made: the build side is too large or not in memory, or there is no memory for
// the filter. It is called after Finalize and before the probe begins. A probe
// row whose key the filter refuses, NULLs among them, has no match, so it may
// be used for kinds that drop such rows and keys that are not null-safe.
// Errors: 57014.
func (b *Build) KeyFilter(ctx context.Context, k int) (*KeyFilter, error) {
	defer b.read()()
	t := b.table
	typ := b.spec.BuildTypes[b.spec.BuildKeys[k]]
	if !b.finished || t == nil || b.resident != nil || t.rows > maxFilterRows || typ.IsNested() {
		return nil, nil
	}
	f := &KeyFilter{typ: typ, seed: b.env.Seed, mem: b.mem}
	v := vector.New(typ)
	if isInteger(typ.Physical()) {
		f.keys.unsigned = typ.Physical() == types.PUint64
		err := b.eachKey(ctx, k, v, func(n int) { f.keys.add(v, nil, n, nil) })
		if err != nil {
			return nil, err
		}
		slots := f.keys.slots()
		if slots > 0 && slots <= maxBitmapBits && slots <= uint64(max(smallBitmap, bitmapBits*t.rows)) {
			words := (slots + 63) / 64
			if !f.charge(int64(words) * 8) {
				return nil, nil
			}
			f.bitmap = make([]uint64, words)
			return f, b.eachKey(ctx, k, v, func(n int) { f.mark(v, n) })
		}
	}
	if !f.charge(sketch.BloomBytes(t.rows)) {
		return nil, nil
	}
	f.bloom = sketch.NewBloom(t.rows)
	hashes := make([]uint64, vector.Capacity)
	return f, b.eachKey(ctx, k, v, func(n int) {
		kernel.Hash(v, n, nil, f.seed, hashes, false, nil)
		f.bloom.Add(hashes[:n])
	})
}

// Empty reports that there are no build rows at all. It is called like
// KeyFilter.
func (b *Build) Empty() bool { return b.finished && b.total.Load() == 0 }

// charge buys the filter's memory; it is given back with the join's.
func (f *KeyFilter) charge(n int64) bool {
	if !f.mem.TryGrow(n) {
		return false
	}
	f.size = n
	return true
}

// eachKey puts key k of all build rows into v, piece by piece. Rows with a NULL
// key were dropped, but for kinds that keep the build side.
func (b *Build) eachKey(ctx context.Context, k int, v *vector.Vector, piece func(n int)) error {
	rows := make([]raw.Addr, vector.Capacity)
	width := b.build.layout.Width
	for _, page := range b.table.pages {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		for {
			n := page.Take(rows, width)
			if n == 0 {
				break
			}
			v.Resize(n)
			b.build.layout.Gather(k, rows[:n], b.table.bufs, v, nil)
			piece(n)
		}
	}
	return nil
}

// mark sets the bits of v's values.
func (f *KeyFilter) mark(v *vector.Vector, n int) {
	switch v.Type.Physical() {
	case types.PInt8:
		markBits[int8](f, v, n)
	case types.PInt16:
		markBits[int16](f, v, n)
	case types.PInt32:
		markBits[int32](f, v, n)
	case types.PInt64:
		markBits[int64](f, v, n)
	case types.PBool, types.PUint8:
		markBits[uint8](f, v, n)
	case types.PUint16:
		markBits[uint16](f, v, n)
	case types.PUint32:
		markBits[uint32](f, v, n)
	case types.PUint64:
		markBits[uint64](f, v, n)
	}
}

func markBits[T integer](f *KeyFilter, v *vector.Vector, n int) {
	for i, x := range vector.Values[T](v)[:n] {
		if v.Valid != nil && !v.Valid.Get(i) {
			continue
		}
		d := uint64(int64(x)) - f.keys.min
		f.bitmap[d>>6] |= 1 << (d & 63)
	}
}

// Predicate returns the filter as a condition on the column with the given
// ordinal of a scan.
func (f *KeyFilter) Predicate(column int) storage.Predicate {
	p := storage.Predicate{
		Column: column, Text: "in join",
		NewSelector: func() storage.Selector { return &keySelector{f: f, hashes: make([]uint64, vector.Capacity)} },
	}
	// TIMETZ is the one type whose order is not that of its integers.
	if f.keys.some && !f.keys.unsigned && f.typ.ID != types.TimeTZ {
		p.Op = storage.Between
		p.Values = []types.Value{types.IntValue(f.typ, int64(f.keys.min)), types.IntValue(f.typ, int64(f.keys.max))}
	}
	return p
}

// After probation rows a selector that passes more than passMost of 16 gives up
// deciding.
const (
	probation = 64 << 10
	passMost  = 13
)

// keySelector is a KeyFilter at work for one reader.
type keySelector struct {
	f            *KeyFilter
	hashes       []uint64
	cache        kernel.HashCache
	dict         kernel.DictTable
	part         vector.Vector
	found, buf   []uint32
	seen, passed int
	off          bool
}

var _ storage.Selector = (*keySelector)(nil)

// Select implements storage.Selector.
func (s *keySelector) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	if sel != nil {
		n = min(n, len(sel))
	}
	if s.off {
		return all(sel, n, out), nil
	}
	got := s.decide(v, sel, n, out)
	s.seen += n
	s.passed += len(got)
	if s.seen >= probation {
		s.off = s.passed*16 > s.seen*passMost
		s.seen, s.passed = 0, 0
	}
	return got, nil
}

// all returns the positions as they are.
func all(sel []uint32, n int, out []uint32) []uint32 {
	if sel != nil {
		return out[:copy(out[:n], sel)]
	}
	out = out[:n]
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

func (s *keySelector) decide(v *vector.Vector, sel []uint32, n int, out []uint32) []uint32 {
	if v.Form != vector.Dictionary {
		return s.pick(v, sel, n, out)
	}
	known, build := s.dict.Lookup(v, n)
	if build {
		s.found = s.found[:0]
		if s.buf == nil {
			s.buf = make([]uint32, vector.Capacity)
		}
		for off := 0; off < v.Dict.Len; off += vector.Capacity {
			m := min(v.Dict.Len-off, vector.Capacity)
			s.part.Slice(v.Dict, off, m)
			for _, p := range s.pick(&s.part, nil, m, s.buf) {
				s.found = append(s.found, uint32(off)+p)
			}
		}
		s.dict.Set(v.Dict.Len, s.found)
		known = true
	}
	if known {
		return s.dict.Select(v.Codes, sel, n, out)
	}
	return s.pick(v, sel, n, out)
}

// pick decides by value.
func (s *keySelector) pick(v *vector.Vector, sel []uint32, n int, out []uint32) []uint32 {
	f := s.f
	if f.bitmap == nil {
		kernel.Hash(v, n, sel, f.seed, s.hashes, false, &s.cache)
		out = f.bloom.Select(s.hashes, sel, n, out)
		if v.MayHaveNulls() {
			return kernel.SelectValid(v, out, len(out), out)
		}
		return out
	}
	w := v.View(nil)
	switch v.Type.Physical() {
	case types.PInt8:
		return pickBits[int8](f, &w, sel, n, out)
	case types.PInt16:
		return pickBits[int16](f, &w, sel, n, out)
	case types.PInt32:
		return pickBits[int32](f, &w, sel, n, out)
	case types.PInt64:
		return pickBits[int64](f, &w, sel, n, out)
	case types.PBool, types.PUint8:
		return pickBits[uint8](f, &w, sel, n, out)
	case types.PUint16:
		return pickBits[uint16](f, &w, sel, n, out)
	case types.PUint32:
		return pickBits[uint32](f, &w, sel, n, out)
	}
	return pickBits[uint64](f, &w, sel, n, out)
}

// pickBits selects the values whose bit is set; out may be sel's own memory.
func pickBits[T integer](f *KeyFilter, w *vector.View, sel []uint32, n int, out []uint32) []uint32 {
	x := raw.Cast[T](w.Data)
	base, span, bitmap := f.keys.min, f.keys.slots(), f.bitmap
	k := 0
	if w.Sel == nil && w.Valid == nil && sel == nil {
		out = out[:n]
		for i, v := range x[:n] {
			out[k] = uint32(i)
			if d := uint64(int64(v)) - base; d < span && bitmap[d>>6]>>(d&63)&1 != 0 {
				k++
			}
		}
		return out[:k]
	}
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		e := w.Index(p)
		d := uint64(int64(x[e])) - base
		if d < span && bitmap[d>>6]>>(d&63)&1 != 0 && (w.Valid == nil || w.Valid.Get(e)) {
			out[k] = uint32(p)
			k++
		}
	}
	return out[:k]
}
