package vector

import (
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	firstPage = 4 << 10
	maxPage   = 1 << 20 // larger pages hold one string each
	keepBytes = 4 << 20 // what a heap keeps across reset
)

// stringHeap holds the bytes of the strings that a vector owns, in pages that
// never move once they have strings, beside pages of others that the vector's
// references point into as well.
type stringHeap struct {
	list  [][]byte // Bufs of the vector, own and shared
	cur   int      // 1 + index in list of the own page being filled, 0 none
	own   [][]byte // own pages, for reuse after reset
	used  int      // pages handed out since reset
	pages account  // for own
}

func (h *stringHeap) reset() {
	clear(h.list)
	h.list, h.cur, h.used = h.list[:0], 0, 0
	kept := 0
	for i, p := range h.own {
		if kept += cap(p); kept > keepBytes {
			for _, p := range h.own[i:] {
				h.pages.sub(cap(p))
			}
			clear(h.own[i:])
			h.own = h.own[:i]
			return
		}
	}
}

// bytes returns what the own pages take.
func (h *stringHeap) bytes() int64 {
	n := int64(24 * cap(h.list))
	for _, p := range h.own {
		n += int64(cap(p))
	}
	return n
}

// alloc returns n fresh bytes at the end of the current page.
func (h *stringHeap) alloc(n int) []byte {
	if h.cur > 0 {
		p := h.list[h.cur-1]
		if off := len(p); cap(p)-off >= n {
			h.list[h.cur-1] = p[:off+n]
			return p[off : off+n : off+n]
		}
	}
	return h.allocPage(n)
}

func (h *stringHeap) allocPage(n int) []byte {
	// Pages in reserve that are too small are skipped until the next reset.
	for h.used < len(h.own) && cap(h.own[h.used]) < n {
		h.used++
	}
	if h.used == len(h.own) {
		size := firstPage
		if h.used > 0 {
			size = min(2*cap(h.own[h.used-1]), maxPage)
		}
		size = max(size, n)
		h.pages.add(size)
		h.own = append(h.own, make([]byte, 0, size))
	}
	p := h.own[h.used][:n]
	h.used++
	h.list = append(h.list, p)
	h.cur = len(h.list)
	return p[:n:n]
}

// ShareBufs adds bufs to the buffers that references of v, which must be flat
// and own its data, may point into, and returns the index of the first: a
// reference into bufs[k] becomes one into buffer base+k of v. No bytes are
// copied; v then depends on the owner of bufs.
func (v *Vector) ShareBufs(bufs [][]byte) (base int) {
	h := &v.own.heap
	base = len(h.list)
	h.list = append(h.list, bufs...)
	v.Bufs = h.list
	return base
}

// PutString stores a copy of s at position i of v, which must be flat and own
// its buffers. Bytes beyond 12 go into v's own heap, which grows on the Go
// heap: it is meant for the results of one chunk.
func (v *Vector) PutString(i int, s []byte) {
	refs := Values[types.StringRef](v)
	if len(s) <= types.MaxInline {
		refs[i] = types.InlineRef(s)
		return
	}
	refs[i] = v.AddString(s)
}

// AddString copies s into v's own heap and returns its reference, which is
// for any position of v; v must be flat and own its buffers. Strings of at
// most 12 bytes take no room.
func (v *Vector) AddString(s []byte) types.StringRef {
	if len(s) <= types.MaxInline {
		return types.InlineRef(s)
	}
	b := v.Alloc(len(s))
	copy(b, s)
	h := &v.own.heap
	return types.LongRef(s, h.cur-1, len(h.list[h.cur-1])-len(s))
}

// Alloc returns n bytes of v's own heap to build a string of n > 12 bytes in;
// PutAllocated then stores the reference. Slices that Alloc returned keep
// their place until the next Resize, but only the last can still be put.
func (v *Vector) Alloc(n int) []byte {
	h := &v.own.heap
	b := h.alloc(n)
	v.Bufs = h.list
	return b
}

// PutAllocated stores at position i the string s that was built in the slice
// the last Alloc returned (or a part of it).
func (v *Vector) PutAllocated(i int, s []byte) {
	refs := Values[types.StringRef](v)
	if len(s) <= types.MaxInline {
		refs[i] = types.InlineRef(s)
		return
	}
	h := &v.own.heap
	refs[i] = types.LongRef(s, h.cur-1, int(raw.Of(s)-raw.Of(h.list[h.cur-1])))
}
