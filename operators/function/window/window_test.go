package window

import (
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector/types"
)

// TestTable checks what every function must have. The examples are run by
// tests/slt/window/examples.test.
func TestTable(t *testing.T) {
	function.NewRegistry(nil, nil, Builtins...)
	last := ""
	for _, f := range Builtins {
		if f.Description == "" || f.Example == "" || f.Result == "" || f.Category == "" || len(f.Overloads) == 0 {
			t.Errorf("%s lacks documentation or overloads", f.Name)
		}
		if f.Name <= last {
			t.Errorf("%s is not in order", f.Name)
		}
		last = f.Name
		for _, o := range f.Overloads {
			args := make([]types.Type, len(o.Params))
			for i, p := range o.Params {
				if args[i] = p; p.ID == types.Any {
					args[i] = types.Of(types.Varchar)
				}
			}
			b, err := o.Bind(args)
			if err != nil || (b.Number == nil) == (b.Pick == nil) || len(b.Params) != len(args) {
				t.Errorf("%s%v: %+v, %v", f.Name, args, b, err)
			}
		}
	}
}

// TestShiftFar shifts by more than there are rows, in both directions.
func TestShiftFar(t *testing.T) {
	c := &function.WinCall{Row: []int32{1}, PartStart: []int32{0}, PartEnd: []int32{3}, NonNull: []int32{0, 2}}
	for _, ignore := range []bool{false, true} {
		c.IgnoreNulls = ignore
		for _, sign := range []int64{-1, 1} {
			at := []int32{7}
			if err := shift(c, at, sign); err != nil || at[0] != 1+int32(sign) {
				t.Errorf("shift by %d: %v, %v", sign, at, err)
			}
		}
	}
}
