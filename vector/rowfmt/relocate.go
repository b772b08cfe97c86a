package rowfmt

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// RefPlaces appends the offsets of a row where references may be: string and
// nested columns, and states that begin with one. Where there is none, as of NULL,
// the bytes are those of an inlined string.
func (l *Layout) RefPlaces(buf []uintptr) []uintptr {
	for i := range l.cols {
		if k := l.cols[i].kind; k == stringRefs || k == nested {
			buf = append(buf, l.cols[i].off)
		}
	}
	for i, s := range l.options.States {
		if s.Ref {
			buf = append(buf, l.states[i])
		}
	}
	return buf
}

// RowHeapSizes is HeapSizes for rows that are stored already, states included.
func (l *Layout) RowHeapSizes(rows []raw.Addr, out []uint32) uint64 {
	out = out[:len(rows)]
	clear(out)
	if !l.HasHeap {
		return 0
	}
	var total uint64
	var buf [16]uintptr
	for _, off := range l.RefPlaces(buf[:0]) {
		for i, r := range rows {
			if n := uint32(raw.At[types.StringRef](r, off).Lo); n > types.MaxInline {
				out[i] = addSize(out[i], int(n))
				total += uint64(n)
			}
		}
	}
	return total
}

// CopyRows copies the rows at src to dst, hashes, flags, next and states
// included. Bytes outside of the rows, which bufs resolves, go to the places
// that heap tells (nil when RowHeapSizes returned 0).
func (l *Layout) CopyRows(src, dst []raw.Addr, bufs [][]byte, heap *Heap) {
	dst = dst[:len(src)]
	if l.Width <= 128 {
		for off := uintptr(0); off < l.Width; off += 8 {
			for i, s := range src {
				*raw.At[uint64](dst[i], off) = *raw.At[uint64](s, off)
			}
		}
	} else {
		for i, s := range src {
			copy(raw.Slice(dst[i], 0, int(l.Width)), raw.Slice(s, 0, int(l.Width)))
		}
	}
	if heap == nil {
		return
	}
	var buf [16]uintptr
	for _, off := range l.RefPlaces(buf[:0]) {
		for i, d := range dst {
			if ref := raw.At[types.StringRef](d, off); !ref.Inline() {
				ref.Hi = heap.put(i, vector.Str(ref, bufs))
			}
		}
	}
}
