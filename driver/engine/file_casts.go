package engine

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/cast"
	"github.com/gannetdb/gannet/storage/dataset"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// caster gives datasets the casts of SQL, for files that have a column in
// another type than the table.
func (s *Session) caster() dataset.Caster {
	session := s.functionSession()
	return func(from, to types.Type) (dataset.Cast, error) {
		b, err := cast.Find(from, to, false)
		if err != nil {
			return nil, err
		}
		call := &function.Call{Bound: b, Session: session, Tmp: []*vector.Vector{vector.New(from)}}
		args := make([]*vector.Vector, 1)
		return func(ctx context.Context, in *vector.Vector, sel []uint32, n int, out *vector.Vector) error {
			call.Ctx, call.N, call.Sel, args[0] = ctx, n, sel, in
			return b.Kernel(call, args, out)
		}, nil
	}
}
