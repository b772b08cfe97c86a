package rowfmt

import (
	"math"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Heap tells Scatter where the bytes of each row that lie outside of it go:
// those of the i-th row to address Addr[i], to which references with the page
// number Ref[i]&(1<<32-1) and the offset Ref[i]>>32 lead. Scatter advances
// both. The room must be what HeapSizes said.
type Heap struct {
	Addr []raw.Addr
	Ref  []uint64
}

// HeapSizes sets out[i] to the bytes that the i-th of the n rows at positions
// sel (nil: 0 to n-1) needs outside of its row, and returns their sum. A size
// that does not fit 32 bits is math.MaxUint32. in holds the layout's columns.
func (l *Layout) HeapSizes(in *Input, sel []uint32, n int, out []uint32) uint64 {
	out = out[:n]
	clear(out)
	var total uint64
	for c := range l.cols {
		switch l.cols[c].kind {
		case stringRefs:
			total += stringSizes(&in.views[c], in.elements(c, sel, n), out)
		case nested:
			v := in.cols[c]
			for i := range out {
				p := i
				if sel != nil {
					p = int(sel[i])
				}
				if size := blobSize(v, p); size > types.MaxInline {
					out[i] = addSize(out[i], size)
					total += uint64(size)
				}
			}
		}
	}
	return total
}

// addSize adds with saturation.
func addSize(a uint32, b int) uint32 {
	return uint32(min(uint64(a)+uint64(b), math.MaxUint32))
}

func stringSizes(w *vector.View, at, out []uint32) uint64 {
	refs := raw.Cast[types.StringRef](w.Data)
	var total uint64
	if at == nil {
		refs = refs[:len(out)]
		for i := range out {
			if n := uint32(refs[i].Lo); n > types.MaxInline && (w.Valid == nil || w.Valid.Get(i)) {
				out[i] = addSize(out[i], int(n))
				total += uint64(n)
			}
		}
		return total
	}
	for i, e := range at[:len(out)] {
		if n := uint32(refs[e].Lo); n > types.MaxInline && (w.Valid == nil || w.Valid.Get(int(e))) {
			out[i] = addSize(out[i], int(n))
			total += uint64(n)
		}
	}
	return total
}

// Scatter stores n rows: the values at positions sel (nil: 0 to n-1) of in go
// to the rows at the addresses rows, with hashes, which are indexed by
// position, if the layout has them. Flags and states become zero; next is left
// as it is. heap may be nil when HeapSizes returned 0. in must hold all columns
// of the layout.
func (l *Layout) Scatter(in *Input, sel []uint32, n int, hashes []uint64, rows []raw.Addr, heap *Heap) {
	rows = rows[:n]
	for off := uintptr(0); off < l.header; off += 8 {
		// Validity all set, flags and padding zero.
		word := ^uint64(0)
		if k := l.valid - min(off, l.valid); k < 8 {
			word = 1<<(8*k) - 1
		}
		for _, r := range rows {
			*raw.At[uint64](r, off) = word
		}
	}
	if l.options.Hash {
		scatterFixed(rows, l.hash, hashes, sel)
	}
	for c := range l.cols {
		col := &l.cols[c]
		w := &in.views[c]
		if col.kind == nested {
			l.scatterNested(in, c, sel, rows, heap)
			continue
		}
		at := in.elements(c, sel, n)
		switch col.kind {
		case fixed1:
			scatterFixed(rows, col.off, w.Data, at)
		case fixed2:
			scatterFixed(rows, col.off, raw.Cast[uint16](w.Data), at)
		case fixed4, float32s:
			scatterFixed(rows, col.off, raw.Cast[uint32](w.Data), at)
		case fixed8, float64s:
			scatterFixed(rows, col.off, raw.Cast[uint64](w.Data), at)
		case fixed16, intervals:
			scatterFixed(rows, col.off, raw.Cast[types.Int128](w.Data), at)
		case stringRefs:
			scatterStrings(rows, col.off, w, at, heap)
		}
		if w.Valid != nil {
			scatterNulls(rows, col, w.Valid, at)
		}
	}
	for off := l.stateAt; off < l.Width; off += 8 {
		for _, r := range rows {
			*raw.At[uint64](r, off) = 0
		}
	}
}

func scatterFixed[T any](rows []raw.Addr, off uintptr, vals []T, at []uint32) {
	if at == nil {
		vals = vals[:len(rows)]
		for i, r := range rows {
			*raw.At[T](r, off) = vals[i]
		}
		return
	}
	at = at[:len(rows)]
	for i, r := range rows {
		*raw.At[T](r, off) = vals[at[i]]
	}
}

func scatterNulls(rows []raw.Addr, col *column, valid vector.Bitmap, at []uint32) {
	for i, r := range rows {
		e := i
		if at != nil {
			e = int(at[i])
		}
		if !valid.Get(e) {
			*raw.At[uint8](r, col.byt) &^= 1 << col.bit
		}
	}
}

func scatterStrings(rows []raw.Addr, off uintptr, w *vector.View, at []uint32, heap *Heap) {
	refs := raw.Cast[types.StringRef](w.Data)
	if heap == nil && w.Valid == nil {
		scatterFixed(rows, off, refs, at)
		return
	}
	for i, r := range rows {
		e := i
		if at != nil {
			e = int(at[i])
		}
		p := raw.At[types.StringRef](r, off)
		switch ref := refs[e]; {
		case w.Valid != nil && !w.Valid.Get(e):
			*p = types.StringRef{}
		case ref.Inline():
			*p = ref
		default:
			ref.Hi = heap.put(i, vector.Str(&ref, w.Bufs))
			*p = ref
		}
	}
}

// put copies b to the i-th row's place and returns the second word of its
// reference.
func (h *Heap) put(i int, b []byte) uint64 {
	copy(raw.Slice(h.Addr[i], 0, len(b)), b)
	hi := h.Ref[i]
	h.Addr[i] += raw.Addr(len(b))
	h.Ref[i] += uint64(len(b)) << 32
	return hi
}

func (l *Layout) scatterNested(in *Input, c int, sel []uint32, rows []raw.Addr, heap *Heap) {
	col := &l.cols[c]
	v := in.cols[c]
	for i, r := range rows {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		ref := raw.At[types.StringRef](r, col.off)
		if v.IsNull(p) {
			*ref = types.StringRef{}
			*raw.At[uint8](r, col.byt) &^= 1 << col.bit
			continue
		}
		in.blob = AppendValue(in.blob[:0], v, p)
		if len(in.blob) <= types.MaxInline {
			*ref = types.InlineRef(in.blob)
			continue
		}
		long := types.LongRef(in.blob, 0, 0)
		long.Hi = heap.put(i, in.blob)
		*ref = long
	}
}
