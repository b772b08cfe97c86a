package eval

import (
	"context"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Eval evaluates the i-th expression at the selected rows of in. The result
// has in.Len positions and is borrowed until the next call. Errors: ErrTooLarge
// under a Limit, 53200, those of functions.
func (c *Context) Eval(ctx context.Context, i int, in *vector.Chunk) (_ *vector.Vector, err error) {
	defer vector.CatchRefusal(&err)
	c.ctx = ctx
	return c.roots[i].eval(in, in.Sel, in.NumRows())
}

// Select returns the selected positions of in at which the i-th expression, a
// BOOLEAN, is true, in out, which has room for in.NumRows() positions and is
// not in.Sel's memory. Where the operands of all rows are too large together it
// takes fewer rows at a time. Errors: 53200, those of functions.
func (c *Context) Select(ctx context.Context, i int, in *vector.Chunk, out []uint32) ([]uint32, error) {
	n := in.NumRows()
	if got, err := c.pick(ctx, i, in, in.Sel, n, out); err != ErrTooLarge {
		return got, err
	}
	sel := in.Sel
	if sel == nil {
		sel = make([]uint32, n)
		for k := range sel {
			sel[k] = uint32(k)
		}
	}
	most := c.most
	defer c.Limit(most)
	pass := 0
	for step := n / 2; len(sel) > 0; {
		step = min(max(step, 1), len(sel))
		if step == 1 {
			c.Limit(0)
		}
		got, err := c.pick(ctx, i, in, sel[:step], step, out[pass:cap(out)])
		if err == ErrTooLarge {
			step /= 2
			continue
		}
		if err != nil {
			return nil, err
		}
		pass += copy(out[pass:cap(out)], got)
		sel = sel[step:]
		c.Limit(most)
	}
	return out[:pass], nil
}

func (c *Context) pick(ctx context.Context, i int, in *vector.Chunk, sel []uint32, n int, out []uint32) (_ []uint32, err error) {
	defer vector.CatchRefusal(&err)
	c.ctx = ctx
	return c.roots[i].pick(in, sel, n, out)
}

// ErrTooLarge says that the results of so many rows take more than Limit allows.
var ErrTooLarge = sqlerr.New(sqlerr.CodeOutOfMemory, "out of memory: the results of an expression are too large for a chunk")

// Limit bounds what results may take, for callers that can do with fewer rows at a
// time; 0: as much as there is. It has no effect without a session that pays.
func (c *Context) Limit(bytes int64) {
	c.most = bytes
	for _, b := range c.bodies {
		b.Limit(bytes)
	}
}

// Grow implements vector.Purse for the context's results.
func (c *Context) Grow(n int64) error {
	if c.most > 0 && c.held+n > c.most {
		return ErrTooLarge
	}
	if err := c.session.Mem.Grow(n); err != nil {
		return err
	}
	c.held += n
	return nil
}

// Shrink implements vector.Purse.
func (c *Context) Shrink(n int64) {
	c.held -= n
	c.session.Mem.Shrink(n)
}

// Close gives back what results take: none is used any more. Idempotent.
func (c *Context) Close() {
	for _, v := range c.results {
		v.Discharge()
	}
	for _, b := range c.bodies {
		b.Close()
	}
	c.results, c.bodies = nil, nil
}

// result returns a vector for results, which may be large.
func (c *Context) result(t types.Type) *vector.Vector {
	v := vector.New(t)
	if c.session != nil && c.session.Mem != nil {
		v.ChargeTo(c)
		c.results = append(c.results, v)
	}
	return v
}
