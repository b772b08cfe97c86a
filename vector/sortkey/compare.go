package sortkey

import (
	"bytes"
	"cmp"
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
}

// NewRows lays out rows of the columns ts with the words of keys behind them.
// Errors: 0A000 for keys of nested types, 54011 for rows that are too wide.
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

// Str returns the bytes of string key k of the row at a.
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
		if !e.IsString() || !e.Long(r.Word(a, e.First+1)) {
			continue
		}
		if c := bytes.Compare(r.Str(k, a, abufs), r.Str(k, b, bbufs)); c != 0 {
			if e.Desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// Sort orders a by all keys: by the word of its pairs first, which must be the
// first word of key k, then ties by the next. tmp has the length of a.
func (r *Rows) Sort(a, tmp []Pair, bufs [][]byte) {
	if len(r.Words) > 0 {
		r.sortWord(a, tmp, bufs, 0, 0)
	}
}

// sortWord sorts by word w of key k and everything behind it; the pairs hold
// that word.
func (r *Rows) sortWord(a, tmp []Pair, bufs [][]byte, k, w int) {
	SortPairs(a, tmp)
	e := &r.Keys[k]
	next := w + 1
	long := false
	if next == e.First+e.Words {
		long = e.IsString()
		k++
	}
	if next == len(r.Words) && !long {
		return
	}
	for i := 0; i < len(a); {
		j := i + 1
		for j < len(a) && a[j].Key == a[i].Key {
			j++
		}
		tie := a[i:j]
		i = j
		if len(tie) == 1 {
			continue
		}
		if long && e.Long(tie[0].Key) {
			r.sortLong(tie, k-1, bufs)
			continue
		}
		if next == len(r.Words) {
			continue
		}
		for t := range tie {
			tie[t].Key = r.Word(tie[t].Row, next)
		}
		r.sortWord(tie, tmp, bufs, k, next)
	}
}

// sortLong orders rows whose words up to string key k are equal by comparing
// the strings themselves.
func (r *Rows) sortLong(a []Pair, k int, bufs [][]byte) {
	slices.SortFunc(a, func(x, y Pair) int { return r.Compare(k, x.Row, bufs, y.Row, bufs) })
}
