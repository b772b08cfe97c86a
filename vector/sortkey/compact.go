package sortkey

import (
	"cmp"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// A compact key has integers of 64 bits in one word, with the bit that tells NULL:
// of 2^64 values those in the middle, or the lower half of unsigned ones, fit. All
// beyond are clamped to the ends of what the word holds, and told apart by the column
// itself, as long strings are.

// most63 is the highest value of a compact word.
const most63 = 1<<63 - 1

// lowest returns what integers are moved down by, once their sign is flipped.
func (e *Encoder) lowest() (low, sign uint64) {
	if e.typ.Physical() == types.PInt64 {
		return 1 << 62, 1 << 63
	}
	return 0, 0
}

func (e *Encoder) encodeCompact(vals []uint64, w *vector.View, sel []uint32, n int, out []uint64) {
	value, null := e.nullBits()
	flip := e.flip() & most63
	low, sign := e.lowest()
	for i := range n {
		p := at(sel, i)
		k := w.Index(p)
		if w.Valid != nil && !w.Valid.Get(k) {
			out[p] = null
			continue
		}
		out[p] = value | (min(max(vals[k]^sign, low), low+most63) - low) ^ flip
	}
}

// clamp returns what the word of a compact key has of the integer with the bits x.
func (e *Encoder) clamp(x uint64) uint64 {
	low, sign := e.lowest()
	return (min(max(x^sign, low), low+most63) - low) ^ e.flip()&most63
}

// clamped reports whether the word w of a compact key may stand for several values.
func (e *Encoder) clamped(w uint64) bool {
	if value, _ := e.nullBits(); w&^most63 != value {
		return false // NULL
	}
	low, _ := e.lowest()
	x := (w ^ e.flip()) & most63
	return x == most63 || x == 0 && low > 0
}

// IsCompact reports whether values whose words are Long are integers, which Exact
// tells apart.
func (e *Encoder) IsCompact() bool { return e.compact }

// Exact returns the integer at off in the row at a as a word that compares as those
// of a compact key do, but has all its bits.
func (e *Encoder) Exact(a raw.Addr, off uintptr) uint64 {
	_, sign := e.lowest()
	return *raw.At[uint64](a, off) ^ sign ^ e.flip()
}

// exact orders rows whose words up to key k, a compact one, are equal and clamped.
func (s *sorter) exact(a, tmp []Pair, k int) error {
	e := &s.r.Keys[k]
	off := s.r.Layout.ColOffset(e.Col)
	for i := range a {
		a[i].Key = e.Exact(a[i].Row, off)
	}
	if err := sortPairs(s.ctx, a, tmp); err != nil {
		return err
	}
	for i := 0; i < len(a); {
		j := i + 1
		for j < len(a) && a[j].Key == a[i].Key {
			j++
		}
		if j-i > 1 {
			if err := s.next(a[i:j], tmp, k+1, e.First+e.Words); err != nil {
				return err
			}
		}
		i = j
	}
	return nil
}

// compareLong orders the values of key k, which are not NULL, of two rows.
func (r *Rows) compareLong(k int, a raw.Addr, abufs [][]byte, b raw.Addr, bbufs [][]byte) int {
	e := &r.Keys[k]
	if e.compact {
		off := r.Layout.ColOffset(e.Col)
		return cmp.Compare(e.Exact(a, off), e.Exact(b, off))
	}
	c := r.compareBytes(k, r.Str(k, a, abufs), r.Str(k, b, bbufs))
	if e.Desc {
		return -c
	}
	return c
}
