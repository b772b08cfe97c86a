package plans

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	boolean  = types.Of(types.Boolean)
	integer  = types.Of(types.Integer)
	bigint   = types.Of(types.BigInt)
	hugeint  = types.Of(types.HugeInt)
	double   = types.Of(types.Double)
	varchar  = types.Of(types.Varchar)
	date     = types.Of(types.Date)
	ts       = types.Of(types.Timestamp)
	interval = types.Of(types.IntervalID)
	decimal  = types.Type{ID: types.Decimal}
	anyType  = types.Of(types.Any)
)

func over(ret types.Type, params ...types.Type) function.Overload {
	return function.Overload{Params: params, Return: ret}
}

// arithmetic is an operator over numbers; decimals widen as DuckDB's do.
func arithmetic(name string, more ...function.Overload) *function.Scalar {
	f := &function.Scalar{Name: name}
	for _, id := range []types.ID{types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.HugeInt, types.Double} {
		t := types.Of(id)
		o := function.Overload{Params: []types.Type{t, t}, Return: t, CanFail: id != types.Double}
		if id == types.Integer {
			o.Kernel = addKernel(name)
		}
		f.Overloads = append(f.Overloads, o)
	}
	f.Overloads = append(f.Overloads, function.Overload{Params: []types.Type{decimal, decimal}, CanFail: true, Bind: bindDecimal(name)})
	f.Overloads = append(f.Overloads, more...)
	return f
}

func bindDecimal(name string) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		a, b := args[0], args[1]
		var ret types.Type
		params := []types.Type{a, b}
		if name == "*" {
			w := a.Width + b.Width
			if w > 18 && a.Width <= 18 && b.Width <= 18 {
				w = 18
			}
			ret = types.DecimalOf(min(w, 38), a.Scale+b.Scale)
		} else {
			c, _ := types.CommonType(a, b)
			ret = types.DecimalOf(min(c.Width+1, 38), c.Scale)
			params = []types.Type{ret, ret}
		}
		return &function.Bound{Name: name, Params: params, Return: ret, CanFail: true}, nil
	}
}

// addKernel is + and - on flat or constant INTEGERs: enough to fold constants.
func addKernel(name string) function.Kernel {
	if name != "+" && name != "-" {
		return nil
	}
	return func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
		out.Resize(c.N)
		l, r := args[0].View(nil), args[1].View(nil)
		x, y, z := vector.Values[int32](args[0]), vector.Values[int32](args[1]), vector.Values[int32](out)
		for i := range c.N {
			a, b := int64(x[l.Index(i)]), int64(y[r.Index(i)])
			if name == "-" {
				b = -b
			}
			if a+b != int64(int32(a+b)) {
				return sqlerr.New(sqlerr.CodeNumericOutOfRange, "integer out of range")
			}
			z[i] = int32(a + b)
		}
		return nil
	}
}

// agg is an aggregate whose result type is that of its argument, or ret.
func agg(name string, ret types.Type, params ...types.Type) *function.Aggregate {
	f := &function.Aggregate{Name: name}
	if len(params) == 0 {
		f.Overloads = []function.AggOverload{{Bind: func([]types.Type, []*types.Value) (*function.BoundAgg, error) {
			return &function.BoundAgg{Name: name, Return: ret, Size: 8}, nil
		}}}
	}
	for _, p := range params {
		f.Overloads = append(f.Overloads, function.AggOverload{Params: []types.Type{p},
			Bind: func(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
				r := ret
				switch {
				case name == "sum" && args[0].ID == types.Decimal:
					r = types.DecimalOf(38, args[0].Scale)
				case name == "sum" && args[0].ID == types.Double:
					r = double
				case ret.ID == types.Any:
					r = args[0]
				}
				return &function.BoundAgg{Name: name, Params: args, Return: r, Size: 16}, nil
			}})
	}
	return f
}

// Functions returns the registry.
func Functions() *function.Registry {
	return function.NewRegistry([]*function.Scalar{
		arithmetic("+", over(date, date, integer), over(ts, date, interval), over(ts, ts, interval), over(ts, interval, date)),
		arithmetic("-", over(bigint, date, date), over(date, date, integer), over(ts, date, interval), over(integer, integer)),
		arithmetic("*"),
		arithmetic("%"),
		{Name: "/", Overloads: []function.Overload{over(double, double, double)}},
		{Name: "||", Overloads: []function.Overload{{Params: []types.Type{varchar, varchar, varchar}, Variadic: true, Return: varchar}}},
		{Name: "~~", Overloads: []function.Overload{over(boolean, varchar, varchar)}},
		{Name: "~~*", Overloads: []function.Overload{over(boolean, varchar, varchar)}},
		{Name: "like_escape", Overloads: []function.Overload{over(boolean, varchar, varchar, varchar)}},
		{Name: "date_part", Overloads: []function.Overload{over(bigint, varchar, date), over(bigint, varchar, ts)}},
		{Name: "year", Overloads: []function.Overload{over(bigint, date), over(bigint, ts)}},
		{Name: "substring", Aliases: []string{"substr"}, Overloads: []function.Overload{over(varchar, varchar, bigint, bigint), over(varchar, varchar, bigint)}},
		{Name: "length", Overloads: []function.Overload{over(bigint, varchar)}},
		{Name: "lower", Overloads: []function.Overload{over(varchar, varchar)}},
		{Name: "upper", Overloads: []function.Overload{over(varchar, varchar)}},
		{Name: "abs", Overloads: []function.Overload{over(integer, integer), over(bigint, bigint), over(double, double)}},
		{Name: "random", Overloads: []function.Overload{{Return: double, Vol: function.Volatile}}},
		{Name: "typeof", Overloads: []function.Overload{{Params: []types.Type{anyType}, Return: varchar, Nulls: function.Special}}},
		{Name: "to_days", Overloads: []function.Overload{over(interval, integer)}},
	}, []*function.Aggregate{
		agg("sum", hugeint, integer, bigint, hugeint, decimal, double),
		agg("avg", double, integer, bigint, hugeint, decimal, double),
		agg("min", anyType, anyType),
		agg("max", anyType, anyType),
		agg("any_value", anyType, anyType),
		agg("count_star", bigint),
		agg("count", bigint, anyType),
	})
}
