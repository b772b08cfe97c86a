package eval

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Fold evaluates an expression without columns to its value. Whatever the
// evaluation raises is returned: a caller that folds constants leaves the
// expression as it was, since perhaps no row reaches it.
func Fold(ctx context.Context, session *function.Session, e Expr) (types.Value, error) {
	if e.traits().columns {
		return types.Value{}, sqlerr.New(sqlerr.CodeInternal, "an expression with columns is not constant")
	}
	v, err := NewContext(session, e).Eval(ctx, 0, &vector.Chunk{Len: 1})
	if err != nil {
		return types.Value{}, err
	}
	return v.Value(0), nil
}
