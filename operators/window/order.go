package window

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// rowOrder is the order of a section's rows by ORDER BY within the arguments of
// a call.
type rowOrder struct {
	blk *block.Block
	// rank is the place of each row in the order of all rows of the section,
	// which partitions do not interrupt: spans are within partitions anyway.
	// byRank is the row at each place, first and last the places of the row's
	// equals: [first, last).
	rank, byRank, first, last []int32
	all                       *wavelet // of rank
	// valid is all for the rows that are not NULL in the first argument, list
	// these rows, and validRank is the place among them of each in rank's order.
	valid   *wavelet
	nonNull []int32
	byValid []int32 // the row at each place of valid's order
}

var _ function.RowOrder = (*rowOrder)(nil)

// newRowOrder sorts the rows of s by keys. nonNull is nil or lists the rows that
// have a value; with validOnly set, only they are ever asked for.
func newRowOrder(ctx context.Context, w *Window, s *section, keys *sortkey.Rows, nonNull []int32, validOnly bool) (_ *rowOrder, err error) {
	n := s.n
	o := &rowOrder{nonNull: nonNull}
	defer func() {
		if err != nil {
			o.release()
		}
	}()
	if o.blk, err = getBlock(w, int64(n)*5*4); err != nil {
		return nil, err
	}
	array := func(k int) []int32 { return raw.Cast[int32](o.blk.Bytes[k*4*n : (k+1)*4*n]) }
	o.rank, o.byRank, o.first, o.last, o.byValid = array(0), array(1), array(2), array(3), array(4)
	scratch, err := getBlock(w, int64(n)*32)
	if err != nil {
		return nil, err
	}
	defer scratch.Release()
	pairs := raw.Cast[sortkey.Pair](scratch.Bytes)[:2*n]
	a, tmp := pairs[:n], pairs[n:]
	first := keys.Words[0]
	for i, r := range s.rows {
		// The row's number takes the place of its ordinal, which has done its
		// work and is in the same order within a partition.
		*raw.At[uint64](r, w.ordinal) = uint64(i)
		a[i] = sortkey.Pair{Key: *raw.At[uint64](r, first), Row: r}
	}
	bufs := s.loaded.Bufs()
	if err := keys.SortContext(ctx, a, tmp, bufs); err != nil {
		return nil, sqlerr.FromContext(ctx)
	}
	for i := 0; i < n; {
		j := i + 1
		for j < n && keys.Same(0, len(keys.Keys), a[i].Row, a[j].Row, bufs) {
			j++
		}
		tie := a[i:j]
		for k := range tie {
			tie[k].Key = *raw.At[uint64](tie[k].Row, w.ordinal)
		}
		if len(tie) > 1 {
			sortkey.SortPairs(tie, tmp[i:j])
		}
		for k := range tie {
			row := int32(tie[k].Key)
			o.rank[row], o.byRank[i+k] = int32(i+k), row
			o.first[row], o.last[row] = int32(i), int32(j)
		}
		if i>>16 != j>>16 {
			if err := sqlerr.FromContext(ctx); err != nil {
				return nil, err
			}
		}
		i = j
	}
	ints := raw.Cast[int32](scratch.Bytes)
	if !validOnly {
		copy(ints[:n], o.rank)
		if o.all, err = newWavelet(ctx, w, ints[:n], ints[n:2*n]); err != nil {
			return nil, err
		}
	}
	if nonNull == nil {
		return o, nil
	}
	// Number the rows that have a value, in order.
	m := len(nonNull)
	marked := ints[2*n : 3*n]
	for i := range marked {
		marked[i] = -1
	}
	for i, row := range nonNull {
		marked[row] = int32(i)
	}
	vals, next := ints[:m], int32(0)
	for _, row := range o.byRank {
		if i := marked[row]; i >= 0 {
			vals[i], o.byValid[next] = next, row
			next++
		}
	}
	o.valid, err = newWavelet(ctx, w, vals, ints[n:n+m])
	return o, err
}

func (o *rowOrder) release() {
	if o == nil {
		return
	}
	o.all.release()
	o.valid.release()
	if o.blk != nil {
		o.blk.Release()
		o.blk = nil
	}
}

// Before implements function.RowOrder.
func (o *rowOrder) Before(start, end, row int32, equal bool) int32 {
	if equal {
		return o.all.below(start, end, o.last[row])
	}
	return o.all.below(start, end, o.first[row])
}

// Place implements function.RowOrder.
func (o *rowOrder) Place(start, end, row int32) int32 { return o.all.below(start, end, o.rank[row]) }

// Nth implements function.RowOrder.
func (o *rowOrder) Nth(spans [][2]int32, n int64, valid bool) int32 {
	if !valid {
		if x := o.all.nth(spans, n); x >= 0 {
			return o.byRank[x]
		}
		return -1
	}
	var in [3][2]int32
	for i, sp := range spans {
		in[i] = o.placesOf(sp[0], sp[1])
	}
	if x := o.valid.nth(in[:len(spans)], n); x >= 0 {
		return o.byValid[x]
	}
	return -1
}

// placesOf is the range of the rows in [start, end) among those that have a
// value.
func (o *rowOrder) placesOf(start, end int32) [2]int32 {
	if start >= end {
		return [2]int32{}
	}
	lo, _ := slices.BinarySearch(o.nonNull, start)
	hi, _ := slices.BinarySearch(o.nonNull, end)
	return [2]int32{int32(lo), int32(hi)}
}
