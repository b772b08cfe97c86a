package order

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// rows knows how the rows of a sort are laid out: the input's columns, then the
// key words.
type rows struct {
	layout *rowfmt.Layout
	keys   []keyEncoder
	words  []uintptr // offsets of the key words
}

func newRows(ts []types.Type, keys []Key) (*rows, error) {
	r := &rows{}
	enc, n, err := newEncoders(ts, keys)
	if err != nil {
		return nil, err
	}
	r.keys = enc
	all := slices.Clone(ts)
	for range n {
		all = append(all, types.Of(types.UBigInt))
	}
	if r.layout, err = rowfmt.NewLayout(all, rowfmt.Options{}); err != nil {
		return nil, err
	}
	for i := range n {
		r.words = append(r.words, r.layout.ColOffset(len(ts)+i))
	}
	return r, nil
}

func (r *rows) word(a raw.Addr, i int) uint64 { return *raw.At[uint64](a, r.words[i]) }

// str returns the bytes of string key k of the row at a.
func (r *rows) str(k int, a raw.Addr, bufs [][]byte) []byte {
	return vector.Str(raw.At[types.StringRef](a, r.layout.ColOffset(r.keys[k].Col)), bufs)
}

// compare orders two rows from key k on.
func (r *rows) compare(k int, a raw.Addr, abufs [][]byte, b raw.Addr, bbufs [][]byte) int {
	for ; k < len(r.keys); k++ {
		e := &r.keys[k]
		for w := e.first; w < e.first+e.words; w++ {
			if c := cmp.Compare(r.word(a, w), r.word(b, w)); c != 0 {
				return c
			}
		}
		if !e.isString() || !e.long(r.word(a, e.first+1)) {
			continue
		}
		if c := bytes.Compare(r.str(k, a, abufs), r.str(k, b, bbufs)); c != 0 {
			if e.Desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// sort orders a by all keys: by the word of its pairs first, which must be the
// first word of key k, then ties by the next. tmp has the length of a.
func (r *rows) sort(a, tmp []pair, bufs [][]byte) {
	if len(r.words) > 0 {
		r.sortWord(a, tmp, bufs, 0, 0)
	}
}

// sortWord sorts by word w of key k and everything behind it; the pairs hold
// that word.
func (r *rows) sortWord(a, tmp []pair, bufs [][]byte, k, w int) {
	sortPairs(a, tmp)
	e := &r.keys[k]
	next := w + 1
	long := false
	if next == e.first+e.words {
		long = e.isString()
		k++
	}
	if next == len(r.words) && !long {
		return
	}
	for i := 0; i < len(a); {
		j := i + 1
		for j < len(a) && a[j].key == a[i].key {
			j++
		}
		tie := a[i:j]
		i = j
		if len(tie) == 1 {
			continue
		}
		if long && e.long(tie[0].key) {
			r.sortLong(tie, k-1, bufs)
			continue
		}
		if next == len(r.words) {
			continue
		}
		for t := range tie {
			tie[t].key = r.word(tie[t].row, next)
		}
		r.sortWord(tie, tmp, bufs, k, next)
	}
}

// sortLong orders rows whose words up to string key k are equal by comparing
// the strings themselves.
func (r *rows) sortLong(a []pair, k int, bufs [][]byte) {
	slices.SortFunc(a, func(x, y pair) int { return r.compare(k, x.row, bufs, y.row, bufs) })
}
