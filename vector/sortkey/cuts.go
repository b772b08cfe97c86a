package sortkey

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// With is r with one more key behind its own: column col, UBIGINT without NULLs,
// ascending, which is its own word.
func (r *Rows) With(col int) *Rows {
	out := &Rows{Layout: r.Layout}
	out.Keys = append(slices.Clone(r.Keys), Encoder{Key: Key{Col: col}, typ: types.Of(types.UBigInt), Words: 1, First: len(r.Words)})
	out.Words = append(slices.Clone(r.Words), r.Layout.ColOffset(col))
	return out
}

// Cuts are rows, ascending and different, that divide an order into ranges: range
// k begins with cut k-1 and ends before cut k. They are not changed once made and
// may be shared.
type Cuts struct {
	Rows  []raw.Addr
	order *Rows
	first []uint64 // first word of each
	bufs  [][]byte
}

// NewCuts divides an order, which has at least one word, into at most count
// ranges that hold about as many of the rows of sample each, which it sorts; bufs
// resolves the sample. The cuts are some of these rows: they must stay.
func (r *Rows) NewCuts(sample []raw.Addr, count int, bufs [][]byte) *Cuts {
	slices.SortFunc(sample, func(a, b raw.Addr) int { return r.Compare(0, a, bufs, b, bufs) })
	c := &Cuts{order: r, bufs: bufs}
	if len(sample) == 0 {
		return c
	}
	last := sample[0]
	for k := 1; k < count; k++ {
		row := sample[len(sample)*k/count]
		if r.Compare(0, last, bufs, row, bufs) < 0 {
			c.Rows, c.first = append(c.Rows, row), append(c.first, r.Word(row, 0))
			last = row
		}
	}
	return c
}

// Ranges returns how many ranges there are.
func (c *Cuts) Ranges() int { return len(c.Rows) + 1 }

// Compare orders cut k and a row, which bufs resolves.
func (c *Cuts) Compare(k int, row raw.Addr, bufs [][]byte) int {
	return c.order.Compare(0, c.Rows[k], c.bufs, row, bufs)
}

// Range returns the range that a row belongs to; word is its first word, bufs
// resolves its references.
func (c *Cuts) Range(word uint64, row raw.Addr, bufs [][]byte) int {
	// First the cuts whose words are lower, without a branch that cannot be foretold.
	lo, n := 0, len(c.first)
	for n > 0 {
		half := (n + 1) / 2
		if c.first[lo+half-1] < word {
			lo += half
		}
		n -= half
	}
	if lo == len(c.first) || c.first[lo] != word {
		return lo
	}
	hi := lo + 1
	for hi < len(c.first) && c.first[hi] == word {
		hi++
	}
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if c.order.Compare(0, c.Rows[m], c.bufs, row, bufs) <= 0 {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// Runner executes n independent tasks on several workers and waits; the first
// error cancels the rest.
type Runner func(ctx context.Context, name string, n int, task func(ctx context.Context, i int) error) error

// dividePiece is how many pairs one task divides.
const dividePiece = 1 << 15

// Divide puts the pairs of src, which hold the first word, into dst by the ranges
// of at most 256 cuts, those of a range in the order of src, and returns where
// each range ends. ids has a byte for each pair, which is overwritten; bufs
// resolves the rows.
func (c *Cuts) Divide(ctx context.Context, run Runner, src, dst []Pair, ids []uint8, bufs [][]byte) ([]int, error) {
	ranges := c.Ranges()
	pieces := (len(src) + dividePiece - 1) / dividePiece
	counts := make([][256]int, pieces)
	err := run(ctx, "sort", pieces, func(ctx context.Context, i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		from, to := i*dividePiece, min((i+1)*dividePiece, len(src))
		n, part := &counts[i], ids[from:to]
		for k, p := range src[from:to] {
			id := uint8(c.Range(p.Key, p.Row, bufs))
			part[k] = id
			n[id]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	ends := make([]int, ranges)
	at := 0
	for k := range ranges {
		for i := range counts {
			n := counts[i][k]
			counts[i][k] = at
			at += n
		}
		ends[k] = at
	}
	return ends, run(ctx, "sort", pieces, func(ctx context.Context, i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		from, to := i*dividePiece, min((i+1)*dividePiece, len(src))
		place, part := &counts[i], ids[from:to]
		for k, p := range src[from:to] {
			id := part[k]
			dst[place[id]] = p
			place[id]++
		}
		return nil
	})
}
