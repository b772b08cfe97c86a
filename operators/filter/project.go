package filter

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var _ operators.Narrower = (*Project)(nil)

// Project computes columns from the columns of each row.
type Project struct {
	exprs []eval.Expr
	types []types.Type
}

// NewProject returns the operator whose output columns are exprs over the
// input's. A plain column passes through by reference.
func NewProject(exprs []eval.Expr) *Project {
	p := &Project{exprs: exprs}
	for _, e := range exprs {
		p.types = append(p.types, e.Type())
	}
	return p
}

// Types implements operators.Operator.
func (p *Project) Types() []types.Type { return p.types }

// Narrows implements operators.Narrower.
func (p *Project) Narrows() {}

// NewLocal implements operators.Operator.
func (p *Project) NewLocal(t *operators.Task) (operators.OperatorLocal, error) {
	return &projectLocal{
		prog: eval.NewContext(t.Env.Session, p.exprs...), most: chunkBytes(t.Env), step: vector.Capacity,
	}, nil
}

// chunkBytes is what results of one chunk may take before fewer rows are computed
// at a time.
func chunkBytes(env *operators.Env) int64 {
	if env.Budget == nil {
		return 0
	}
	return min(max(env.Budget.Limit()/64, 1<<20), 16<<20)
}

type projectLocal struct {
	prog *eval.Context
	most int64
	// step is how many rows are computed at once, less than all when their
	// results were too large.
	step int
	// rest are rows of the chunk that are still to be computed, in sel.
	rest, sel []uint32
	piece     vector.Chunk
}

func (l *projectLocal) Push(ctx context.Context, in, out *vector.Chunk) (operators.Status, error) {
	n := in.NumRows()
	if len(l.rest) == 0 && n <= l.step {
		err := l.eval(ctx, in, out, n)
		if err != eval.ErrTooLarge {
			return operators.NeedInput, err
		}
		l.step = n / 2
	}
	if len(l.rest) == 0 {
		l.rest = append(l.sel[:0], in.Sel...)
		for k := len(l.rest); k < n; k++ {
			l.rest = append(l.rest, uint32(k))
		}
		l.sel = l.rest
	}
	for {
		k := min(max(l.step, 1), len(l.rest))
		l.piece = vector.Chunk{Cols: in.Cols, Len: in.Len, Sel: l.rest[:k]}
		err := l.eval(ctx, &l.piece, out, k)
		if err == eval.ErrTooLarge {
			l.step = k / 2
			continue
		}
		if err != nil {
			l.rest = nil
			return operators.NeedInput, err
		}
		if l.rest = l.rest[k:]; len(l.rest) > 0 {
			return operators.HaveMore, nil
		}
		l.step = min(2*max(l.step, 1), vector.Capacity) // the next rows may be smaller
		return operators.NeedInput, nil
	}
}

// eval computes the n selected rows of in; one row may take all memory.
func (l *projectLocal) eval(ctx context.Context, in, out *vector.Chunk, n int) error {
	if n > 1 {
		l.prog.Limit(l.most)
	} else {
		l.prog.Limit(0)
	}
	for i, col := range out.Cols {
		v, err := l.prog.Eval(ctx, i, in)
		if err != nil {
			return err
		}
		col.Reference(v)
	}
	out.Len, out.Sel = in.Len, in.Sel
	return nil
}

func (l *projectLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}

func (l *projectLocal) Close() {
	if l.prog != nil {
		l.prog.Close()
	}
	*l = projectLocal{}
}
