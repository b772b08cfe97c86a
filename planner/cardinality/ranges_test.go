package cardinality_test

import (
	"math"
	"testing"

	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

func column(id logical.ColID) *logical.Column {
	return &logical.Column{ID: id, Typ: types.Of(types.BigInt)}
}

func compare(op logical.CompareOp, l, r logical.Expr) logical.Expr {
	return &logical.Compare{Op: op, Left: l, Right: r}
}

// TestRanges: two inequalities that bound one value are a range, others are not.
func TestRanges(t *testing.T) {
	x, lo, hi, y := column(1), column(2), column(3), column(4)
	p, q := &logical.Param{Index: 0, Typ: x.Typ}, &logical.Param{Index: 1, Typ: x.Typ}
	l := &cardinality.Stats{Rows: 1000, Base: 1000, Cols: map[logical.ColID]cardinality.Column{1: {NDV: 1000}, 4: {NDV: 1000}}}
	r := &cardinality.Stats{Rows: 1000, Base: 1000, Cols: map[logical.ColID]cardinality.Column{2: {NDV: 1000}, 3: {NDV: 1000}}}
	two := math.Pow(1.0/3, 1.5) // of one third each, the second of which counts half
	for _, c := range []struct {
		what string
		on   []logical.Expr
		want float64
	}{
		{"one bound", []logical.Expr{compare(logical.Ge, x, lo)}, 1.0 / 3},
		{"between", []logical.Expr{compare(logical.Ge, x, lo), compare(logical.Lt, x, hi)}, 0.005},
		{"between, turned", []logical.Expr{compare(logical.Le, lo, x), compare(logical.Gt, hi, x)}, 0.005},
		{"overlap", []logical.Expr{compare(logical.Le, x, hi), compare(logical.Ge, y, lo)}, two},
		{"two lower bounds", []logical.Expr{compare(logical.Ge, x, lo), compare(logical.Gt, x, hi)}, two},
	} {
		if got := cardinality.JoinSelectivity(l, r, c.on); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: selectivity %v, want %v", c.what, got, c.want)
		}
	}
	for _, c := range []struct {
		what  string
		conds []logical.Expr
		want  float64
	}{
		{"parameters", []logical.Expr{compare(logical.Ge, x, p), compare(logical.Lt, x, q)}, 5},
		{"columns of one table", []logical.Expr{compare(logical.Lt, x, y), compare(logical.Gt, x, column(5))}, 1000 * two},
	} {
		if got := cardinality.Apply(l, c.conds).Rows; math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %v rows, want %v", c.what, got, c.want)
		}
	}
	if got := cardinality.BetweenSelectivity(0.9, 0.95); math.Abs(got-0.85) > 1e-9 {
		t.Errorf("wide bounds: selectivity %v", got)
	}
}
