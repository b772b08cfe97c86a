package window

import (
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var lag = &function.Window{
	Name:        "lag",
	Overloads:   shifting("lag", -1),
	Description: "the value of the row that is offset (1) rows before in the partition; the default (NULL) when there is none",
	Example:     "SELECT max(r) FROM (SELECT lag(x) OVER (ORDER BY x) r FROM (VALUES (5), (6), (7)) t(x))",
	Result:      "6",
	Category:    category,
}

var lead = &function.Window{
	Name:        "lead",
	Overloads:   shifting("lead", 1),
	Description: "the value of the row that is offset (1) rows behind in the partition; the default (NULL) when there is none",
	Example:     "SELECT min(r) FROM (SELECT lead(x) OVER (ORDER BY x) r FROM (VALUES (5), (6), (7)) t(x))",
	Result:      "6",
	Category:    category,
}

var firstValue = &function.Window{
	Name:        "first_value",
	Aliases:     []string{"first"},
	Overloads:   picking("first_value", pickFirst),
	Description: "the value of the first row of the frame",
	Example:     "SELECT max(r) FROM (SELECT first_value(x) OVER (ORDER BY x) r FROM (VALUES (5), (6), (7)) t(x))",
	Result:      "5",
	Category:    category,
}

var lastValue = &function.Window{
	Name:        "last_value",
	Aliases:     []string{"last"},
	Overloads:   picking("last_value", pickLast),
	Description: "the value of the last row of the frame",
	Example:     "SELECT max(r) FROM (SELECT last_value(x) OVER (ORDER BY x) r FROM (VALUES (5), (6), (7)) t(x))",
	Result:      "7",
	Category:    category,
}

var nthValue = &function.Window{
	Name: "nth_value",
	Overloads: []function.WinOverload{{Params: []types.Type{anyType, types.Of(types.BigInt)}, Bind: func(args []types.Type) (*function.BoundWindow, error) {
		return &function.BoundWindow{
			Name: "nth_value", Params: []types.Type{args[0], types.Of(types.BigInt)}, Return: args[0],
			UsesFrame: true, Values: true, Pick: pickNth, ArgOrder: true,
		}, nil
	}}},
	Description: "the value of the n-th row of the frame, from 1 on; NULL when there is none",
	Example:     "SELECT max(r) FROM (SELECT nth_value(x, 2) OVER (ORDER BY x) r FROM (VALUES (5), (6), (7)) t(x))",
	Result:      "6",
	Category:    category,
}

// shifting are the overloads of lag and lead: sign is the direction.
func shifting(name string, sign int64) []function.WinOverload {
	bigint := types.Of(types.BigInt)
	bind := func(args []types.Type) (*function.BoundWindow, error) {
		b := &function.BoundWindow{Name: name, Return: args[0], Values: true, ArgOrder: true}
		b.Params = []types.Type{args[0], bigint, args[0]}[:len(args)]
		b.Pick = func(c *function.WinCall, at []int32) error { return shift(c, at, sign) }
		return b, nil
	}
	return []function.WinOverload{
		{Params: []types.Type{anyType}, Bind: bind},
		{Params: []types.Type{anyType, bigint}, Bind: bind},
		{Params: []types.Type{anyType, bigint, anyType}, Bind: bind},
	}
}

func picking(name string, pick func(*function.WinCall, []int32) error) []function.WinOverload {
	return []function.WinOverload{{Params: []types.Type{anyType}, Bind: func(args []types.Type) (*function.BoundWindow, error) {
		return &function.BoundWindow{Name: name, Params: []types.Type{args[0]}, Return: args[0], UsesFrame: true, Values: true, Pick: pick, ArgOrder: true}, nil
	}}}
}

// before returns how many of the rows in list, ascending, are less than row.
func before(list []int32, row int32) int {
	n, _ := slices.BinarySearch(list, row)
	return n
}

// shift picks the row at a distance. A NULL distance gives NULL. Rows that are
// NULL do not count with IGNORE NULLS, save the row itself at distance 0.
func shift(c *function.WinCall, at []int32, sign int64) error {
	missing := int32(function.PickNull)
	if len(c.Args) > 2 {
		missing = function.PickDefault
	}
	var arg []int64
	if len(c.Args) > 1 {
		arg = vector.Values[int64](c.Args[1])
	}
	for i, r := range c.Row {
		d := int64(1)
		if arg != nil {
			if c.Args[1].IsNull(i) {
				at[i] = function.PickNull
				continue
			}
			d = arg[i]
		}
		// No partition is that long; its negation does not overflow.
		d = sign * min(max(d, -1<<40), 1<<40)
		at[i] = missing
		if c.Ordered != nil {
			// The row's place is among all rows of the frame, as in DuckDB, also
			// where those that are NULL do not count.
			s, e := frame(c, i)
			if p := int64(c.Ordered.Place(s, e, r)) + d; p >= 0 {
				if x := c.Ordered.Nth([][2]int32{{s, e}}, p, c.IgnoreNulls); x >= 0 {
					at[i] = x
				}
			}
			continue
		}
		if !c.IgnoreNulls || d == 0 {
			if p := int64(r) + d; p >= int64(c.PartStart[i]) && p < int64(c.PartEnd[i]) {
				at[i] = int32(p)
			}
			continue
		}
		lo, hi := before(c.NonNull, c.PartStart[i]), before(c.NonNull, c.PartEnd[i])
		k := before(c.NonNull, r)
		if d > 0 {
			if k < len(c.NonNull) && c.NonNull[k] == r {
				k++
			}
			d--
		}
		if p := int64(k) + d; p >= int64(lo) && p < int64(hi) {
			at[i] = c.NonNull[p]
		}
	}
	return nil
}

func pickFirst(c *function.WinCall, at []int32) error {
	for i := range at {
		at[i] = nth(c, i, 0)
	}
	return nil
}

func pickLast(c *function.WinCall, at []int32) error {
	for i := range at {
		at[i] = function.PickNull
		if c.Ordered != nil {
			n := int64(0)
			for f := range c.Frames {
				s, e := c.Frames[f].Start[i], c.Frames[f].End[i]
				if c.IgnoreNulls {
					s, e = int32(before(c.NonNull, s)), int32(before(c.NonNull, e))
				}
				n += int64(max(e-s, 0))
			}
			if n > 0 {
				at[i] = nth(c, i, n-1)
			}
			continue
		}
		for f := len(c.Frames) - 1; f >= 0; f-- {
			s, e := c.Frames[f].Start[i], c.Frames[f].End[i]
			if c.IgnoreNulls {
				if k := before(c.NonNull, e); k > 0 && c.NonNull[k-1] >= s {
					at[i] = c.NonNull[k-1]
					break
				}
			} else if e > s {
				at[i] = e - 1
				break
			}
		}
	}
	return nil
}

func pickNth(c *function.WinCall, at []int32) error {
	arg := vector.Values[int64](c.Args[1])
	for i := range at {
		at[i] = function.PickNull
		if n := arg[i]; n > 0 && !c.Args[1].IsNull(i) {
			at[i] = nth(c, i, n-1)
		}
	}
	return nil
}

// nth is row n, from 0 on, of row i's frame.
func nth(c *function.WinCall, i int, n int64) int32 {
	if c.Ordered != nil {
		var spans [3][2]int32
		for f := range c.Frames {
			spans[f] = [2]int32{c.Frames[f].Start[i], c.Frames[f].End[i]}
		}
		return c.Ordered.Nth(spans[:len(c.Frames)], n, c.IgnoreNulls)
	}
	for f := range c.Frames {
		s, e := c.Frames[f].Start[i], c.Frames[f].End[i]
		if c.IgnoreNulls {
			lo, hi := before(c.NonNull, s), before(c.NonNull, e)
			if n < int64(hi-lo) {
				return c.NonNull[lo+int(n)]
			}
			n -= int64(max(hi-lo, 0))
			continue
		}
		if n < int64(e-s) {
			return s + int32(n)
		}
		n -= int64(max(e-s, 0))
	}
	return function.PickNull
}
