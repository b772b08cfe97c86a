package filter

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	// compactBelow is the number of surviving rows below which a chunk's rows
	// are copied together with others'.
	compactBelow = 128
	// maxHeldBytes is what the rows held back may take before they are passed
	// on however few they are.
	maxHeldBytes = 1 << 20
)

var _ operators.Narrower = (*Filter)(nil)

// Filter passes on the rows for which a condition is true.
type Filter struct {
	cond  eval.Expr
	types []types.Type
}

// New returns the operator that passes on the rows of chunks with columns of
// types ts for which cond, a BOOLEAN over them, is true.
func New(cond eval.Expr, ts []types.Type) *Filter { return &Filter{cond, ts} }

// Types implements operators.Operator.
func (f *Filter) Types() []types.Type { return f.types }

// Narrows implements operators.Narrower.
func (f *Filter) Narrows() {}

// NewLocal implements operators.Operator.
func (f *Filter) NewLocal(t *operators.Task) (operators.OperatorLocal, error) {
	prog := eval.NewContext(t.Env.Session, f.cond)
	prog.Limit(chunkBytes(t.Env))
	return &filterLocal{
		prog: prog,
		held: compactor{types: f.types, limit: min(max(t.Env.FillLimit, 1), vector.Capacity)},
		buf:  make([]uint32, vector.Capacity),
	}, nil
}

type filterLocal struct {
	prog *eval.Context
	held compactor
	buf  []uint32
	// again: the held rows went out first; in's surviving rows, sel, follow.
	again bool
	sel   []uint32
	large bool // they are few, and too wide to be copied
}

func (l *filterLocal) Push(ctx context.Context, in, out *vector.Chunk) (operators.Status, error) {
	sel, large := l.sel, l.large
	if !l.again {
		var err error
		if sel, err = l.prog.Select(ctx, 0, in, l.buf); err != nil {
			return 0, err
		}
		if len(sel) == 0 {
			return operators.NeedInput, nil
		}
		few := l.held.few(len(sel), in.NumRows())
		large = few && wide(in, sel)
		if l.held.rows() > 0 && (large || !l.held.takes(len(sel))) {
			// Order: what is held comes first.
			l.held.give(out)
			l.sel, l.large, l.again = sel, large, true
			return operators.HaveMore, nil
		}
	}
	l.again, l.sel = false, nil
	if !large && (l.held.rows() > 0 || l.held.few(len(sel), in.NumRows())) {
		if l.held.add(in, sel) {
			l.held.give(out)
		}
		return operators.NeedInput, nil
	}
	out.Reference(in)
	if len(sel) < in.Len {
		out.Sel = sel
	}
	return operators.NeedInput, nil
}

func (l *filterLocal) Flush(ctx context.Context, out *vector.Chunk) (operators.Status, error) {
	if l.held.rows() > 0 {
		l.held.give(out)
	}
	return operators.NeedInput, nil
}

func (l *filterLocal) Close() {
	if l.prog != nil {
		l.prog.Close()
	}
	*l = filterLocal{}
}

// compactor collects the rows of thin chunks.
type compactor struct {
	types []types.Type
	limit int // rows of a full chunk
	chunk *vector.Chunk
	given bool // the rows are with the next operator
}

func (c *compactor) rows() int {
	if c.chunk == nil || c.given {
		return 0
	}
	return c.chunk.Len
}

// few reports whether n rows of in are so few that they are worth copying. All
// rows of a chunk are passed on as they are: then it was thin before.
func (c *compactor) few(n, in int) bool { return n < min(compactBelow, c.limit) && n < in }

// takes reports whether n more rows may join those that are held.
func (c *compactor) takes(n int) bool {
	return n < min(compactBelow, c.limit) && c.chunk.Len+n <= c.limit
}

// add copies the rows sel of in; full tells that the chunk is to be given on.
func (c *compactor) add(in *vector.Chunk, sel []uint32) (full bool) {
	if c.chunk == nil {
		c.chunk = vector.NewChunk(c.types)
		c.given = true
	}
	if c.given {
		c.chunk.Reset()
		for _, v := range c.chunk.Cols {
			v.Resize(0)
		}
		c.given = false
	}
	bytes := int64(0)
	for i, v := range in.Cols {
		kernel.Copy(c.chunk.Cols[i], c.chunk.Len, v, sel, len(sel))
		bytes += payload(c.chunk.Cols[i])
	}
	c.chunk.Len += len(sel)
	// Beyond half, the next chunk but rarely fits.
	return c.chunk.Len >= c.limit-min(compactBelow, c.limit/2) || bytes > maxHeldBytes
}

// payload returns the bytes of a vector's strings and list elements.
func payload(v *vector.Vector) int64 {
	n := int64(0)
	for _, b := range v.Bufs {
		n += int64(len(b))
	}
	for _, c := range v.Children {
		n += int64(len(c.Data)) + payload(c)
	}
	return n
}

// give makes out show the held rows, which stay untouched until the next add.
func (c *compactor) give(out *vector.Chunk) {
	out.Reference(c.chunk)
	c.given = true
}
