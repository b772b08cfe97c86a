package window

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// Plan describes calls over the same partitions in the same order. It is not
// changed after New.
type Plan struct {
	Input     []types.Type // columns of the input chunks
	Partition []int        // input columns of PARTITION BY
	Order     []sortkey.Key
	Calls     []Call
	Output    []int // input columns that come out, before the calls' results
	Top       Top
}

// Call is one function. Exactly one of Fn and Agg is set.
type Call struct {
	Fn          *function.BoundWindow
	Agg         *function.BoundAgg
	Args        []int // input columns, of the types Params
	Filter      int   // input column, BOOLEAN, for aggregates; -1 none
	Distinct    bool  // aggregates only
	IgnoreNulls bool
	Frame       Frame
	// Order is ORDER BY within the arguments of Fn; ArgOrder is set in Fn.
	Order []sortkey.Key
	// KeyArgs are how many of Args, the last ones, are not looked at by DISTINCT.
	KeyArgs int
}

// orderKeys are the keys by which the rows of a section are sorted for the call
// alone: ORDER BY within its arguments, or the values that a quantile ranks.
func (c *Call) orderKeys() []sortkey.Key {
	if c.ranks() {
		return []sortkey.Key{{Col: c.Args[0]}}
	}
	return c.Order
}

// ranks reports whether the call finds its result among sorted values.
func (c *Call) ranks() bool { return c.Agg != nil && c.Agg.Ranked != nil && !c.Distinct }

// Frame is which rows of the partition a call sees.
type Frame struct {
	Mode       function.FrameMode
	Start, End Bound
	Exclude    function.Exclusion
}

// simplify puts bounds at the partition's that are always there: without an order,
// all rows are peers.
func (f *Frame) simplify(unordered bool) {
	if !unordered || f.Mode == function.FrameRows {
		return
	}
	if f.Start.Kind == function.CurrentRow {
		f.Start.Kind = function.UnboundedPreceding
	}
	if f.End.Kind == function.CurrentRow {
		f.End.Kind = function.UnboundedFollowing
	}
}

// Bound is one end of a frame. Offset is, for Preceding and Following, an input
// column: BIGINT for ROWS and GROUPS; for RANGE the value itself that bounds
// the frame, of the type of the only order key.
type Bound struct {
	Kind   function.BoundKind
	Offset int
}

// Types lists the output columns.
func (p *Plan) Types() []types.Type {
	var ts []types.Type
	for _, c := range p.Output {
		ts = append(ts, p.Input[c])
	}
	for i := range p.Calls {
		if c := &p.Calls[i]; c.Fn != nil {
			ts = append(ts, c.Fn.Return)
		} else {
			ts = append(ts, c.Agg.Return)
		}
	}
	return ts
}

func (p *Plan) check() error {
	ok := true
	column := func(c int) bool {
		good := c >= 0 && c < len(p.Input)
		ok = ok && good
		return good
	}
	for _, c := range p.Partition {
		column(c)
	}
	for _, c := range p.Output {
		column(c)
	}
	for _, k := range p.Order {
		column(k.Col)
	}
	for i := range p.Calls {
		c := &p.Calls[i]
		for _, a := range c.Args {
			column(a)
		}
		ok = ok && (c.Fn != nil) != (c.Agg != nil) && c.KeyArgs <= len(c.Args)
		for _, k := range c.Order {
			column(k.Col)
		}
		if c.Filter >= 0 {
			ok = column(c.Filter) && p.Input[c.Filter].ID == types.Boolean && ok
		}
		for _, b := range []Bound{c.Frame.Start, c.Frame.End} {
			if b.Kind != function.Preceding && b.Kind != function.Following || !column(b.Offset) {
				continue
			}
			if c.Frame.Mode != function.FrameRange {
				ok = ok && p.Input[b.Offset].ID == types.BigInt
			} else {
				ok = ok && len(p.Order) == 1 && p.Input[b.Offset].Equal(p.Input[p.Order[0].Col])
			}
		}
	}
	if !ok {
		return sqlerr.New(sqlerr.CodeInternal, "window functions over columns that their input does not have")
	}
	return nil
}
