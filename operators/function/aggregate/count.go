package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var countStar = &function.Aggregate{
	Name:        "count_star",
	Overloads:   []function.AggOverload{{Bind: bindCountStar}},
	Description: "the number of rows",
	Example:     "SELECT count(*) FROM (VALUES (1), (NULL)) t(x)",
	Result:      "2",
	Category:    "aggregate",
}

var count = &function.Aggregate{
	Name: "count",
	Overloads: []function.AggOverload{
		{Bind: bindCountStar},
		{Params: []types.Type{types.Of(types.Any)}, Bind: bindCount},
	},
	Description: "the number of values that are not NULL, or of rows without an argument",
	Example:     "SELECT count(x) FROM (VALUES (1), (NULL), (3)) t(x)",
	Result:      "2",
	Category:    "aggregate",
}

var countIf = &function.Aggregate{
	Name:        "count_if",
	Aliases:     []string{"countif"},
	Overloads:   []function.AggOverload{{Params: []types.Type{types.Of(types.Boolean)}, Bind: bindCountIf}},
	Description: "the number of rows where the argument is true; NULL when it is never anything but NULL",
	Example:     "SELECT count_if(x > 1) FROM (VALUES (1), (2), (3)) t(x)",
	Result:      "2",
	Category:    "aggregate",
}

func bindCountStar(_ []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return &function.BoundAgg{
		Name: "count_star", Return: types.Of(types.BigInt), Size: 8,
		Update: func(_ *function.AggCall, _ []*vector.Vector, rows []raw.Addr, off uintptr, _ []uint32, n int) error {
			countRows(rows[:n], off)
			return nil
		},
		UpdateOne: func(_ *function.AggCall, _ []*vector.Vector, row raw.Addr, off uintptr, _ []uint32, n int) error {
			*raw.At[int64](row, off) += int64(n)
			return nil
		},
		Combine: combineCount, Subtract: subtractCount, Finalize: finalizeCount,
	}, nil
}

func bindCount(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return &function.BoundAgg{
		Name: "count", Params: []types.Type{args[0]}, Return: types.Of(types.BigInt), Size: 8,
		Update: func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
			if args[0].MayHaveNulls() {
				_, _, rows = withRows(c, 0, args[0], rows, sel, n)
				n = len(rows)
			}
			countRows(rows[:n], off)
			return nil
		},
		UpdateOne: func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
			if args[0].MayHaveNulls() {
				_, at, _ := alone(c, 0, args[0], sel, n)
				n = len(at)
			}
			*raw.At[int64](row, off) += int64(n)
			return nil
		},
		Combine: combineCount, Subtract: subtractCount, Finalize: finalizeCount,
	}, nil
}

func countRows(rows []raw.Addr, off uintptr) {
	for _, r := range rows {
		*raw.At[int64](r, off)++
	}
}

func combineCount(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
	dst = dst[:len(src)]
	for i, s := range src {
		*raw.At[int64](dst[i], off) += *raw.At[int64](s, off)
	}
	return nil
}

func subtractCount(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
	dst = dst[:len(src)]
	for i, s := range src {
		*raw.At[int64](dst[i], off) -= *raw.At[int64](s, off)
	}
	return nil
}

func finalizeCount(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	vals := vector.Values[int64](out)[from : from+len(rows)]
	for i, r := range rows {
		vals[i] = *raw.At[int64](r, off)
	}
	return nil
}

func bindCountIf(_ []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	b := sumInts[uint8]("count_if", types.Of(types.Boolean), types.Of(types.HugeInt), finalizeSum)
	return b, nil
}
