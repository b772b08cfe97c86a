package scalar

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// extremeState is what greatest and least keep between chunks.
type extremeState struct {
	cache kernel.CompareCache
	sel   []uint32
	alive []uint32
}

// runExtreme is greatest (Data kernel.Gt) and least (kernel.Lt): NULLs do not
// count unless all arguments are NULL. It takes over argument by argument, at
// the positions where it is better or the best so far is NULL.
func runExtreme(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(kernel.CompareOp)
	st, ok := c.Local.(*extremeState)
	if !ok {
		st = &extremeState{}
		c.Local = st
	}
	r := living(c)
	if cap(st.sel) < r.n {
		st.sel, st.alive = make([]uint32, max(r.n, vector.Capacity)), make([]uint32, max(r.n, vector.Capacity))
	}
	kernel.Put(out, args[0], r.sel, r.n)
	for _, a := range args[1:] {
		// Where both are there, compare; where only the new one is, take it.
		if won := kernel.SelectCompare(op, a, out, r.sel, r.n, st.sel[:r.n], &st.cache); len(won) > 0 {
			kernel.Put(out, a, won, len(won))
		}
		if out.MayHaveNulls() {
			if void := kernel.SelectNull(out, r.sel, r.n, st.alive[:r.n]); len(void) > 0 {
				kernel.Put(out, a, void, len(void))
			}
		}
	}
	return nil
}

// bindExtreme brings the arguments to their common type; literals adapt to the
// columns they stand beside.
func bindExtreme(op kernel.CompareOp) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
		t := types.Of(types.Null)
		for pass := range 2 {
			for i, a := range args {
				literal := consts[i] != nil && a.ID == types.Varchar
				if literal != (pass == 1) {
					continue
				}
				if literal && t.ID != types.Null {
					continue // a string literal becomes the others' type
				}
				common, ok := types.CommonType(t, a)
				if !ok {
					return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "cannot compare %s and %s; add an explicit cast", t, a)
				}
				t = common
			}
		}
		if t.ID == types.Null {
			t = integer
		}
		params := make([]types.Type, len(args))
		for i := range params {
			params[i] = t
		}
		return &function.Bound{Params: params, Return: t, Nulls: function.Special, Kernel: runExtreme, Data: op}, nil
	}
}

var extremes = []*function.Scalar{
	{Name: "greatest", Category: "other", Description: "The largest argument; NULLs do not count.", Example: "greatest(1, NULL, 3)", Result: "3",
		Overloads: []function.Overload{variadic(binding(bindExtreme(kernel.Gt), anyType, anyType))}},
	{Name: "least", Category: "other", Description: "The smallest argument; NULLs do not count.", Example: "least('b', 'a', NULL)", Result: "a",
		Overloads: []function.Overload{variadic(binding(bindExtreme(kernel.Lt), anyType, anyType))}},
}
