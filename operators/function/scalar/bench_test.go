package scalar

import (
	"context"
	"fmt"
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// BenchmarkCalls times one chunk of calls as reports make them.
func BenchmarkCalls(b *testing.B) {
	text := types.StringValue("carefully final deposits detect slyly")
	money := types.DecimalOf(15, 2)
	for _, c := range []struct {
		name  string
		fn    string
		args  []types.Type
		vals  []types.Value
		first int // arguments from here on are constants
	}{
		{"LIKE prefix", "~~", []types.Type{varchar, varchar}, []types.Value{text, types.StringValue("care%")}, 1},
		{"LIKE contains", "~~", []types.Type{varchar, varchar}, []types.Value{text, types.StringValue("%detect%")}, 1},
		{"LIKE two", "~~", []types.Type{varchar, varchar}, []types.Value{text, types.StringValue("%final%slyly%")}, 1},
		{"year", "year", []types.Type{date}, []types.Value{types.IntValue(date, 9000)}, 1},
		{"substring", "substring", []types.Type{varchar, bigint, bigint}, []types.Value{text, types.IntValue(bigint, 1), types.IntValue(bigint, 2)}, 1},
		{"decimal *", "*", []types.Type{money, types.DecimalOf(16, 2)}, []types.Value{types.IntValue(money, 123456), types.IntValue(types.DecimalOf(16, 2), 95)}, 2},
		{"decimal -", "-", []types.Type{money, money}, []types.Value{types.IntValue(money, 100), types.IntValue(money, 5)}, 2},
		{"int +", "+", []types.Type{integer, integer}, []types.Value{types.IntValue(integer, 100), types.IntValue(integer, 5)}, 2},
		{"upper", "upper", []types.Type{varchar}, []types.Value{text}, 1},
		{"||", "||", []types.Type{varchar, varchar}, []types.Value{text, text}, 2},
	} {
		b.Run(c.name, func(b *testing.B) {
			consts := make([]*types.Value, len(c.args))
			for i := c.first; i < len(c.args); i++ {
				consts[i] = &c.vals[i]
			}
			bound := bindFor(b, c.fn, c.args, consts)
			args := make([]*vector.Vector, len(c.args))
			for i, t := range c.args {
				args[i] = vector.New(t)
				if i >= c.first {
					args[i].SetConstant(c.vals[i], vector.Capacity)
					continue
				}
				args[i].Resize(vector.Capacity)
				for k := range vector.Capacity {
					args[i].SetValue(k, c.vals[i])
				}
			}
			out := vector.New(bound.Return)
			call := &function.Call{Ctx: context.Background(), N: vector.Capacity, Bound: bound}
			b.ReportAllocs()
			for b.Loop() {
				out.Resize(vector.Capacity)
				if err := bound.Kernel(call, args, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*vector.Capacity), "ns/row")
		})
	}
}

// bindFor finds the overload whose parameters are args, or stand for them.
func bindFor(b *testing.B, name string, args []types.Type, consts []*types.Value) *function.Bound {
	b.Helper()
next:
	for _, o := range registry.Scalar(name).Overloads {
		if len(o.Params) != len(args) && !o.Variadic {
			continue
		}
		for i, t := range args {
			if p := o.Params[min(i, len(o.Params)-1)]; p.ID != t.ID && p.ID != types.Any {
				continue next
			}
		}
		if o.Bind == nil {
			return &function.Bound{Params: args, Return: o.Return, Nulls: o.Nulls, Kernel: o.Kernel, CanFail: o.CanFail}
		}
		bound, err := o.Bind(args, consts)
		if err != nil {
			b.Fatal(err)
		}
		return bound
	}
	b.Fatal(fmt.Sprint("no overload of ", name))
	return nil
}
