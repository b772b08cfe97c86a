package agg

import (
	"slices"

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
	// Bounds, nil or one per input column, are what statistics say of integers
	// (integers, dates, times, decimals of up to 64 bits) that are keys, or
	// arguments with DISTINCT. Values outside are handled, slowly.
	Bounds []Bounds
	// EstGroups is how many groups the planner expects, 0 if it does not know.
	EstGroups float64
	// DirectBits is the logarithm of how many combinations of dictionary
	// entries may be addressed as they are, without hashing; 0: 12, negative:
	// none.
	DirectBits int
}

// dictSlots is how many combinations of dictionary entries may be addressed.
func (p *Plan) dictSlots() int {
	switch {
	case p.DirectBits < 0:
		return 0
	case p.DirectBits == 0:
		return maxDictSlots
	}
	return min(1<<min(p.DirectBits, 30), maxSlots)
}

// Agg is one aggregate. Its arguments have the types Fn.Params.
type Agg struct {
	Fn       *function.BoundAgg
	Args     []int // input columns
	Filter   int   // input column, BOOLEAN, of FILTER (WHERE ...); -1 none
	Distinct bool
	// EstGroups is how many different arguments of all groups the planner expects
	// with DISTINCT, 0 if it does not know.
	EstGroups float64
}

// Bounds are the least and greatest value of a column that is not NULL.
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

// keyBounds are the Bounds of the keys.
func (p *Plan) keyBounds() []Bounds {
	if p.Bounds == nil {
		return nil
	}
	bs := make([]Bounds, len(p.Groups))
	for i, g := range p.Groups {
		bs[i] = p.Bounds[g]
	}
	return bs
}

func (p *Plan) keyTypes() []types.Type {
	ts := make([]types.Type, len(p.Groups), len(p.Groups)+len(p.Aggs))
	for i, g := range p.Groups {
		ts[i] = p.Input[g]
	}
	return ts
}

// shareStates finds the aggregates that can use the state of an earlier one:
// stateOf gives the state of each aggregate, owners the first aggregate of each
// state.
func (p *Plan) shareStates() (stateOf, owners []int) {
	for i := range p.Aggs {
		k := slices.IndexFunc(owners, func(o int) bool { return sameState(&p.Aggs[o], &p.Aggs[i]) })
		if k < 0 {
			k = len(owners)
			owners = append(owners, i)
		}
		stateOf = append(stateOf, k)
	}
	return stateOf, owners
}

// sameState reports whether a and b put the same into their states: because
// they are the same function, or because their Data says so.
func sameState(a, b *Agg) bool {
	if a.Filter != b.Filter || a.Distinct != b.Distinct || !slices.Equal(a.Args, b.Args) || a.Fn.Size != b.Fn.Size {
		return false
	}
	for i, t := range a.Fn.Params {
		if !t.Equal(b.Fn.Params[i]) {
			return false
		}
	}
	if a.Fn == b.Fn {
		return true
	}
	type kinder interface{ StateKind() string }
	x, okA := a.Fn.Data.(kinder)
	y, okB := b.Fn.Data.(kinder)
	return okA && okB && x.StateKind() == y.StateKind()
}

func (p *Plan) layout(owners []int) (*rowfmt.Layout, error) {
	states := make([]rowfmt.State, len(owners))
	for i, o := range owners {
		states[i] = rowfmt.State{Size: p.Aggs[o].Fn.Size, Ref: p.Aggs[o].Fn.HeapState}
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
	if p.Bounds != nil && len(p.Bounds) != len(p.Input) {
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
	bounds []Bounds // nil or one per key
	aggs   []boundAgg
}

type boundAgg struct {
	fn     *function.BoundAgg
	off    uintptr // of its state
	args   []int
	filter int
}
