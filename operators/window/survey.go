package window

import (
	"context"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/vector/raw"
)

// side is what a call has to know of all rows of a part in ranges, by their places:
// little of each, so that it can be in memory for all.
type side struct {
	blk    *block.Block
	values []int32  // of IGNORE NULLS: the rows whose first argument is not NULL
	fresh  []uint64 // of DISTINCT: a bit for each row that is the first of its partition with its arguments
}

func (s *side) release() {
	if s.blk != nil {
		s.blk.Release()
	}
	*s = side{}
}

// ignores reports whether the call has a side for IGNORE NULLS.
func (c *Call) ignores() bool { return c.IgnoreNulls && c.Fn != nil && c.Fn.Values }

// survey looks at all ranges, sorted, to fill the sides of calls that have one; if
// none has, at nothing. Errors: 53200.
func (h *huge) survey(ctx context.Context) (err error) {
	calls := h.w.plan.Calls
	any := false
	for i := range calls {
		any = any || calls[i].ignores() || calls[i].Distinct
	}
	if !any {
		return nil
	}
	h.sides = make([]side, len(calls))
	found := make([][]int, len(calls)) // of each range, how many values
	seen := make([]*seenRows, len(calls))
	defer func() {
		for _, s := range seen {
			s.close()
		}
	}()
	for i := range calls {
		x := &h.sides[i]
		switch c := &calls[i]; {
		case c.ignores():
			if x.blk, err = getBlock(h.w, int64(h.rows)*4); err != nil {
				return err
			}
			x.values = raw.Cast[int32](x.blk.Bytes)[:h.rows]
			found[i] = make([]int, len(h.ranges))
		case c.Distinct:
			words := h.rows/64 + 1
			if x.blk, err = getBlock(h.w, int64(words)*8); err != nil {
				return err
			}
			x.fresh = raw.Cast[uint64](x.blk.Bytes)[:words]
			clear(x.fresh)
			if seen[i], err = newSeenRows(h.w, c); err != nil {
				return err
			}
		}
	}
	err = h.eachRange(ctx, func(ctx context.Context, _ *reader, k int, s *section) error {
		for i := range calls {
			switch c := &calls[i]; {
			case c.ignores():
				found[i][k] = s.findValues(h.w, c, h.sides[i].values[s.base:])
			case c.Distinct:
				if err := seen[i].add(ctx, s); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range calls {
		x := &h.sides[i]
		if x.values != nil {
			n := 0
			for k, g := range h.ranges {
				n += copy(x.values[n:], x.values[g.base:g.base+found[i][k]])
			}
			x.values = x.values[:n]
		}
		if seen[i] != nil {
			if err := seen[i].mark(ctx, x.fresh); err != nil {
				return err
			}
		}
	}
	return nil
}

// findValues puts the places of the rows whose first argument is not NULL into list
// and returns how many there are.
func (s *section) findValues(w *Window, c *Call, list []int32) int {
	byt, bit := w.rows.Layout.ValidBit(c.Args[0])
	n := 0
	for i, r := range s.rows {
		list[n] = int32(s.base + i)
		n += int(*raw.At[uint8](r, byt) >> bit & 1)
	}
	return n
}
