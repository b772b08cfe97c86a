package join

import (
	"context"

	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
)

// condition evaluates the residual condition on candidate pairs, for one
// worker.
type condition struct {
	b    *Build
	eval *eval.Context
	c    *vector.Chunk // columns of the probe side, then of the build side
	hold [vector.Capacity]uint32
	null [vector.Capacity]uint32
}

func newCondition(b *Build, e *eval.Context) *condition {
	c := &condition{b: b, eval: e}
	c.c = vector.NewChunk(append(append(b.spec.ProbeTypes[:0:0], b.spec.ProbeTypes...), b.spec.BuildTypes...))
	for _, v := range c.c.Cols {
		v.SetConstantNull(vector.Capacity) // columns that nobody reads
	}
	return c
}

// run returns the positions of sel where the condition is true and, if asked
// for, where it is NULL. Both are valid until the next call.
func (c *condition) run(ctx context.Context, n int, sel []uint32, nulls bool) (pass, null []uint32, err error) {
	if len(sel) == 0 {
		return nil, nil, nil
	}
	c.c.Len, c.c.Sel = n, sel
	if len(sel) == n {
		c.c.Sel = nil
	}
	if !nulls {
		pass, err = c.eval.Select(ctx, 0, c.c, c.hold[:])
		return pass, nil, err
	}
	v, err := c.eval.Eval(ctx, 0, c.c)
	if err != nil {
		return nil, nil, err
	}
	pass = kernel.SelectTrue(v, c.c.Sel, len(sel), c.hold[:])
	null = kernel.SelectNull(v, c.c.Sel, len(sel), c.null[:])
	return pass, null, nil
}

// chunk evaluates the condition on the positions sel of the chunk itself, each
// with one build row.
func (c *condition) chunk(ctx context.Context, p *prober, sel []uint32, rows []raw.Addr, nulls bool) (pass, null []uint32, err error) {
	if len(sel) == 0 {
		return nil, nil, nil
	}
	n := p.in.Len
	c.refer(p.in)
	pos := sel
	if len(sel) == n {
		pos = nil
	}
	for _, k := range c.b.resBuild {
		v := c.c.Cols[len(c.b.spec.ProbeTypes)+k]
		v.Resize(n)
		c.b.build.layout.Gather(c.b.build.at[k], rows, p.t.bufs, v, pos)
	}
	return c.run(ctx, n, sel, nulls)
}

// refer shows the probe columns of the chunk as they are.
func (c *condition) refer(in *vector.Chunk) {
	for _, k := range c.b.resProbe {
		c.c.Cols[k].Reference(in.Cols[k])
	}
}

// one evaluates the condition on the positions sel of the chunk, all with the
// same build row.
func (c *condition) one(ctx context.Context, p *prober, sel []uint32, row []raw.Addr, bufs [][]byte) (pass, null []uint32, err error) {
	c.refer(p.in)
	for _, k := range c.b.resBuild {
		c.b.constant(c.c.Cols[len(c.b.spec.ProbeTypes)+k], c.b.build.at[k], row, bufs, p.in.Len)
	}
	return c.run(ctx, p.in.Len, sel, true)
}

// constant makes v n times the value of a column of one build row.
func (b *Build) constant(v *vector.Vector, col int, row []raw.Addr, bufs [][]byte, n int) {
	v.Resize(1)
	b.build.layout.Gather(col, row, bufs, v, nil)
	v.Form, v.Len = vector.Constant, n
}

// pairs evaluates the condition on pairs of a position of the chunk and a
// build row; sel lists the pairs that have one.
func (c *condition) pairs(ctx context.Context, p *prober, pos []uint32, rows []raw.Addr, sel []uint32, nulls bool) (pass, null []uint32, err error) {
	if len(sel) == 0 {
		return nil, nil, nil
	}
	for _, k := range c.b.resProbe {
		takeColumn(c.c.Cols[k], p.in.Cols[k], pos)
	}
	for _, k := range c.b.resBuild {
		v := c.c.Cols[len(c.b.spec.ProbeTypes)+k]
		v.Resize(len(pos))
		c.b.build.layout.Gather(c.b.build.at[k], rows, p.t.bufs, v, nil)
	}
	return c.run(ctx, len(pos), sel, nulls)
}

// narrow narrows hit, positions that have one candidate each, to those that
// fulfil the condition. clear: p.row becomes 0 at the others.
func (c *condition) narrow(ctx context.Context, p *prober, hit []uint32, rows []raw.Addr, clear bool) ([]uint32, []raw.Addr, error) {
	pass, _, err := c.chunk(ctx, p, hit, rows, false)
	if err != nil || len(pass) == len(hit) {
		return hit, rows, err
	}
	if clear {
		k := 0
		for _, q := range hit {
			if k < len(pass) && pass[k] == q {
				k++
			} else {
				p.row[q&laneMask] = 0
			}
		}
	}
	for i, q := range pass {
		p.hit[i&laneMask] = q
		p.rows[i&laneMask] = p.row[q&laneMask]
	}
	return p.hit[:len(pass)], p.rows[:len(pass)], nil
}
