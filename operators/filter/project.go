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
	return &projectLocal{prog: eval.NewContext(t.Env.Session, p.exprs...)}, nil
}

type projectLocal struct{ prog *eval.Context }

func (l *projectLocal) Push(ctx context.Context, in, out *vector.Chunk) (operators.Status, error) {
	for i, col := range out.Cols {
		v, err := l.prog.Eval(ctx, i, in)
		if err != nil {
			return 0, err
		}
		col.Reference(v)
	}
	out.Len, out.Sel = in.Len, in.Sel
	return operators.NeedInput, nil
}

func (l *projectLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}

func (l *projectLocal) Close() { *l = projectLocal{} }
