package sortkey

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// Rows knows how the rows of a sort are laid out: the input's columns, then the
// key words.
type Rows struct {
	Layout *rowfmt.Layout
	Keys   []Encoder
	Words  []uintptr // offsets of the key words

	// Stored is the layout of rows on disk, of NewSortRows: with the same columns at
	// the same places, and Words only if WordOf cannot tell them.
	Stored *rowfmt.Layout
}

// NewRows lays out rows of the columns ts with the words of keys behind them.
// Errors: 54011 for rows that are too wide.
func NewRows(ts []types.Type, keys []Key, o rowfmt.Options) (*Rows, error) {
	r := &Rows{}
	enc, n, err := NewEncoders(ts, keys)
	if err != nil {
		return nil, err
	}
	r.Keys = enc
	all := slices.Clone(ts)
	for range n {
		all = append(all, types.Of(types.UBigInt))
	}
	if r.Layout, err = rowfmt.NewLayout(all, o); err != nil {
		return nil, err
	}
	for i := range n {
		r.Words = append(r.Words, r.Layout.ColOffset(len(ts)+i))
	}
	return r, nil
}

// Word returns word i of the row at a.
func (r *Rows) Word(a raw.Addr, i int) uint64 { return *raw.At[uint64](a, r.Words[i]) }

// Str returns the bytes of key k, a string or a nested value, of the row at a.
func (r *Rows) Str(k int, a raw.Addr, bufs [][]byte) []byte {
	return vector.Str(raw.At[types.StringRef](a, r.Layout.ColOffset(r.Keys[k].Col)), bufs)
}

// Compare orders two rows from key k on.
func (r *Rows) Compare(k int, a raw.Addr, abufs [][]byte, b raw.Addr, bbufs [][]byte) int {
	for ; k < len(r.Keys); k++ {
		e := &r.Keys[k]
		for w := e.First; w < e.First+e.Words; w++ {
			if c := cmp.Compare(r.Word(a, w), r.Word(b, w)); c != 0 {
				return c
			}
		}
		if !e.HasLong() || !e.Long(r.Word(a, e.First+e.Words-1)) {
			continue
		}
		if c := r.compareLong(k, a, abufs, b, bbufs); c != 0 {
			return c
		}
	}
	return 0
}

// compareBytes orders two values of key k, a string or nested, as rows keep them.
func (r *Rows) compareBytes(k int, a, b []byte) int {
	if t := r.Keys[k].typ; isNested(t) {
		return rowfmt.CompareValues(t, a, b)
	}
	return bytes.Compare(a, b)
}

// Same reports whether two rows with the same heap pages are equal in the keys
// from, from+1 ... to-1.
func (r *Rows) Same(from, to int, a, b raw.Addr, bufs [][]byte) bool {
	for k := from; k < to; k++ {
		e := &r.Keys[k]
		for _, off := range r.Words[e.First : e.First+e.Words] {
			if *raw.At[uint64](a, off) != *raw.At[uint64](b, off) {
				return false
			}
		}
		if e.HasLong() && e.Long(r.Word(a, e.First+e.Words-1)) && r.compareLong(k, a, bufs, b, bufs) != 0 {
			return false
		}
	}
	return true
}

// Sort orders a by all keys: by the word of its pairs first, which must be the
// first word of key k, then ties by the next. tmp has the length of a.
func (r *Rows) Sort(a, tmp []Pair, bufs [][]byte) {
	_ = r.SortContext(context.Background(), a, tmp, bufs) // never cancelled
}

// SortContext is Sort that ends early, with ctx's error, a in any order then.
func (r *Rows) SortContext(ctx context.Context, a, tmp []Pair, bufs [][]byte) error {
	if len(r.Words) == 0 {
		return nil
	}
	s := sorter{r: r, ctx: ctx, bufs: bufs}
	return s.word(a, tmp, 0, 0)
}

// sorter is one call of Sort.
type sorter struct {
	r     *Rows
	ctx   context.Context
	bufs  [][]byte
	depth int // calls of text within each other
}

// piece is how many pairs are looked at between two looks at the context.
const piece = 1 << 16

// word sorts by word w of key k and everything behind it; the pairs hold that
// word.
func (s *sorter) word(a, tmp []Pair, k, w int) error {
	if err := sortPairs(s.ctx, a, tmp); err != nil {
		return err
	}
	r := s.r
	e := &r.Keys[k]
	next := w + 1
	long := false
	if next == e.First+e.Words {
		long = e.HasLong()
		k++
	}
	if next == len(r.Words) && !long {
		return nil
	}
	for i, look := 0, piece; i < len(a); {
		if i >= look {
			look += piece
			if err := s.ctx.Err(); err != nil {
				return err
			}
		}
		tie := tieOf(a[i:])
		i += len(tie)
		if len(tie) == 1 {
			continue
		}
		var err error
		if long && e.Long(tie[0].Key) {
			err = s.long(tie, tmp, k-1)
		} else {
			err = s.next(tie, tmp, k, next)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tieOf returns the pairs at the front of a, which is sorted and not empty, that
// have the same key.
func tieOf(a []Pair) []Pair {
	n := 1
	for n < len(a) && a[n].Key == a[0].Key {
		n++
	}
	return a[:n]
}

// next sorts rows that are equal up to key k, whose first word is w, by that and
// everything behind it.
func (s *sorter) next(a, tmp []Pair, k, w int) error {
	if w == len(s.r.Words) {
		return nil
	}
	off := s.r.Words[w]
	for i := range a {
		a[i].Key = *raw.At[uint64](a[i].Row, off)
	}
	return s.word(a, tmp, k, w)
}
