package agg

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// Plan describes an aggregation over input columns. It is not changed after
// New.
type Plan struct {
	Input  []types.Type // columns of the input chunks
	Groups []int        // input columns of the keys; none: one group, always
	Aggs   []Agg
	// Bounds, nil or one per key, are what statistics say of integer keys
	// (integers, dates, times, decimals of up to 64 bits). Values outside are
	// handled, slowly.
	Bounds []Bounds
	// EstGroups is how many groups the planner expects, 0 if it does not know.
	EstGroups float64
}

// Agg is one aggregate. Its arguments have the types Fn.Params.
type Agg struct {
	Fn       *function.BoundAgg
	Args     []int // input columns
	Filter   int   // input column, BOOLEAN, of FILTER (WHERE ...); -1 none
	Distinct bool
}

// Bounds are the least and greatest value of a key that is not NULL.
type Bounds struct {
	Known    bool
	Min, Max int64
}

// Types lists the output columns: keys, then aggregates.
func (p *Plan) Types() []types.Type {
	ts := p.keyTypes()
	for _, a := range p.Aggs {
		ts = append(ts, a.Fn.Return)
	}
	return ts
}

func (p *Plan) keyTypes() []types.Type {
	ts := make([]types.Type, len(p.Groups), len(p.Groups)+len(p.Aggs))
	for i, g := range p.Groups {
		ts[i] = p.Input[g]
	}
	return ts
}

func (p *Plan) layout() (*rowfmt.Layout, error) {
	states := make([]rowfmt.State, len(p.Aggs))
	for i, a := range p.Aggs {
		states[i] = rowfmt.State{Size: a.Fn.Size, Ref: a.Fn.HeapState}
	}
	return rowfmt.NewLayout(p.keyTypes(), rowfmt.Options{Hash: true, Match: true, States: states})
}

func (p *Plan) check() error {
	bad := func(c int) bool { return c < 0 || c >= len(p.Input) }
	for _, g := range p.Groups {
		if bad(g) {
			return errPlan()
		}
	}
	for _, a := range p.Aggs {
		if a.Filter >= 0 && (bad(a.Filter) || p.Input[a.Filter].ID != types.Boolean) || len(a.Args) != len(a.Fn.Params) {
			return errPlan()
		}
		for _, c := range a.Args {
			if bad(c) {
				return errPlan()
			}
		}
	}
	if p.Bounds != nil && len(p.Bounds) != len(p.Groups) {
		return errPlan()
	}
	return nil
}

func errPlan() error {
	return sqlerr.New(sqlerr.CodeInternal, "aggregation over columns that its input does not have")
}

// binding says where in a chunk the keys and the arguments of some aggregates
// are.
type binding struct {
	groups []int
	bounds []Bounds
	aggs   []boundAgg
}

type boundAgg struct {
	index  int // in Plan.Aggs
	args   []int
	filter int
}
