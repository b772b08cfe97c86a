package scalar

import (
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector/types"
)

// TestBindNeverPanics binds every overload for types that a binder may pass by
// mistake or for NULL: an error is fine.
func TestBindNeverPanics(t *testing.T) {
	given := []types.Type{types.Of(types.Null), types.Of(types.Unknown), varchar, integer, decimal, types.DecimalOf(38, 38), types.DecimalOf(1, 0),
		types.ListOf(integer), types.Of(types.List), types.Of(types.Struct), types.StructOf(types.Field{Name: "a", Type: integer}), types.ArrayOf(integer, 2), date, blob}
	s := types.StringValue("x(")
	values := []*types.Value{nil, {Type: varchar, IsNull: true}, &s, {Type: integer, I: -1 << 63}}
	for _, f := range Builtins {
		for _, o := range f.Overloads {
			if o.Bind == nil {
				continue
			}
			for _, n := range []int{len(o.Params), len(o.Params) + 1} {
				if n > len(o.Params) && !o.Variadic {
					continue
				}
				for i := range given {
					for _, v := range values {
						args, consts := make([]types.Type, n), make([]*types.Value, n)
						for k := range args {
							args[k], consts[k] = given[(i+k)%len(given)], v
						}
						bindSafely(t, f, o, args, consts)
					}
				}
			}
		}
	}
}

func bindSafely(t *testing.T, f *function.Scalar, o function.Overload, args []types.Type, consts []*types.Value) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s%v panics: %v", f.Name, args, p)
		}
	}()
	_, _ = o.Bind(args, consts)
}
