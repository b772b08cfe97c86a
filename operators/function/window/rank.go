package window

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var rowNumber = &function.Window{
	Name:        "row_number",
	Overloads:   numbering("row_number", types.BigInt, numberRows),
	Description: "the number of the row in its partition, from 1 on",
	Example:     "SELECT max(r) FROM (SELECT row_number() OVER (ORDER BY x) r FROM (VALUES (5), (5), (7)) t(x))",
	Result:      "3",
	Category:    category,
}

var rank = &function.Window{
	Name:        "rank",
	Overloads:   numbering("rank", types.BigInt, rankRows),
	Description: "the number of the first of the row's peers: rows that are equal in ORDER BY have the same rank, with gaps behind",
	Example:     "SELECT max(r) FROM (SELECT rank() OVER (ORDER BY x) r FROM (VALUES (5), (5), (7)) t(x))",
	Result:      "3",
	Category:    category,
}

var denseRank = &function.Window{
	Name:        "dense_rank",
	Aliases:     []string{"rank_dense"},
	Overloads:   numbering("dense_rank", types.BigInt, rankGroups),
	Description: "the number of the row's group of peers: as rank, without gaps",
	Example:     "SELECT max(r) FROM (SELECT dense_rank() OVER (ORDER BY x) r FROM (VALUES (5), (5), (7)) t(x))",
	Result:      "2",
	Category:    category,
}

var percentRank = &function.Window{
	Name:        "percent_rank",
	Overloads:   numbering("percent_rank", types.Double, rankShare),
	Description: "(rank - 1) / (rows of the partition - 1), 0 when there is one row",
	Example:     "SELECT max(r) FROM (SELECT percent_rank() OVER (ORDER BY x) r FROM (VALUES (5), (5), (7)) t(x))",
	Result:      "1.0",
	Category:    category,
}

var cumeDist = &function.Window{
	Name:        "cume_dist",
	Overloads:   numbering("cume_dist", types.Double, cumulate),
	Description: "the share of the partition's rows that come before the row or are its peers",
	Example:     "SELECT min(r) FROM (SELECT cume_dist() OVER (ORDER BY x) r FROM (VALUES (5), (5), (7), (8)) t(x))",
	Result:      "0.5",
	Category:    category,
}

var ntile = &function.Window{
	Name: "ntile",
	Overloads: []function.WinOverload{{Params: []types.Type{types.Of(types.BigInt)}, Bind: func([]types.Type) (*function.BoundWindow, error) {
		return &function.BoundWindow{Name: "ntile", Params: []types.Type{types.Of(types.BigInt)}, Return: types.Of(types.BigInt), Number: tile, ArgOrder: true}, nil
	}}},
	Description: "the number, from 1 on, of the row's part when the partition is cut into n parts of as equal a size as can be, longer ones first",
	Example:     "SELECT max(r) FROM (SELECT ntile(2) OVER (ORDER BY x) r FROM (VALUES (5), (5), (7)) t(x))",
	Result:      "2",
	Category:    category,
}

// numbering is the overload of a function without arguments.
func numbering(name string, id types.ID, number func(*function.WinCall, *vector.Vector) error) []function.WinOverload {
	return []function.WinOverload{{Bind: func([]types.Type) (*function.BoundWindow, error) {
		return &function.BoundWindow{Name: name, Return: types.Of(id), Number: number, ArgOrder: name != "dense_rank", Peers: name != "row_number"}, nil
	}}}
}

func numberRows(c *function.WinCall, out *vector.Vector) error {
	vals := vector.Values[int64](out)
	if c.Ordered != nil {
		for i, r := range c.Row {
			s, e := frame(c, i)
			vals[i] = int64(c.Ordered.Place(s, e, r)) + 1
		}
		return nil
	}
	for i, r := range c.Row {
		vals[i] = int64(r-c.PartStart[i]) + 1
	}
	return nil
}

func rankRows(c *function.WinCall, out *vector.Vector) error {
	vals := vector.Values[int64](out)
	if c.Ordered != nil {
		for i, r := range c.Row {
			s, e := frame(c, i)
			vals[i] = int64(c.Ordered.Before(s, e, r, false)) + 1
		}
		return nil
	}
	for i, p := range c.PeerStart {
		vals[i] = int64(p-c.PartStart[i]) + 1
	}
	return nil
}

func rankGroups(c *function.WinCall, out *vector.Vector) error {
	vals := vector.Values[int64](out)
	for i, g := range c.Group {
		vals[i] = int64(g) + 1
	}
	return nil
}

func rankShare(c *function.WinCall, out *vector.Vector) error {
	vals := vector.Values[float64](out)
	if c.Ordered != nil {
		for i, r := range c.Row {
			vals[i] = 0
			if s, e := frame(c, i); e-s > 1 {
				vals[i] = float64(c.Ordered.Before(s, e, r, false)) / float64(e-s-1)
			}
		}
		return nil
	}
	for i, p := range c.PeerStart {
		vals[i] = 0
		if n := c.PartEnd[i] - c.PartStart[i]; n > 1 {
			vals[i] = float64(p-c.PartStart[i]) / float64(n-1)
		}
	}
	return nil
}

func cumulate(c *function.WinCall, out *vector.Vector) error {
	vals := vector.Values[float64](out)
	if c.Ordered != nil {
		for i, r := range c.Row {
			vals[i] = 0
			if s, e := frame(c, i); e > s {
				vals[i] = float64(c.Ordered.Before(s, e, r, true)) / float64(e-s)
			}
		}
		return nil
	}
	for i, p := range c.PeerEnd {
		vals[i] = float64(p-c.PartStart[i]) / float64(c.PartEnd[i]-c.PartStart[i])
	}
	return nil
}

// tile cuts n rows into k parts, the first n mod k of which are one longer.
func tile(c *function.WinCall, out *vector.Vector) error {
	vals := vector.Values[int64](out)
	arg := vector.Values[int64](c.Args[0])
	for i, r := range c.Row {
		if c.Args[0].IsNull(i) {
			out.SetNull(i)
			vals[i] = 0
			continue
		}
		k := arg[i]
		if k <= 0 {
			return sqlerr.New(sqlerr.CodeInvalidNtile, "the argument of ntile must be greater than zero")
		}
		n, at := int64(c.PartEnd[i]-c.PartStart[i]), int64(r-c.PartStart[i])
		if c.Ordered != nil {
			s, e := frame(c, i)
			n, at = int64(e-s), int64(c.Ordered.Place(s, e, r))
			if at >= n { // the frame does not have the row
				out.SetNull(i)
				vals[i] = 0
				continue
			}
		}
		k = min(k, n)
		size, longer := n/k, n%k
		if at < longer*(size+1) {
			vals[i] = at/(size+1) + 1
		} else {
			vals[i] = longer + (at-longer*(size+1))/size + 1
		}
	}
	return nil
}

// frame is row i's frame, which has one part: with ORDER BY in the arguments of
// functions that number rows, it takes the place of the partition.
func frame(c *function.WinCall, i int) (start, end int32) {
	return c.Frames[0].Start[i], c.Frames[0].End[i]
}
