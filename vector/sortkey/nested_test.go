package sortkey_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// random returns a value of type t out of a small domain, with extremes.
func random(r *rand.Rand, t types.Type, depth int) types.Value {
	if depth > 0 && r.IntN(6) == 0 {
		return types.NullOf(t)
	}
	v := types.Value{Type: t}
	switch t.ID {
	case types.List:
		for range r.IntN(4) {
			v.Children = append(v.Children, random(r, *t.Ext.Child, depth+1))
		}
	case types.Array:
		for range t.Ext.Size {
			v.Children = append(v.Children, random(r, *t.Ext.Child, depth+1))
		}
	case types.Struct:
		for _, f := range t.Ext.Fields {
			v.Children = append(v.Children, random(r, f.Type, depth+1))
		}
	case types.Varchar:
		v.S = []string{"", "\x00", "\x00\x01", "a", "a\x00", "ab", "b"}[r.IntN(7)] + strings.Repeat("x", r.IntN(2)*r.IntN(20))
	case types.Double, types.Float:
		v.F = []float64{0, math.Copysign(0, -1), 1.5, -1.5, math.Inf(1), math.Inf(-1), math.NaN()}[r.IntN(7)]
	case types.IntervalID:
		v.Iv = types.Interval{Months: int32(r.IntN(3) - 1), Days: int32(r.IntN(3)-1) * 30}
	case types.HugeInt:
		return types.Int128Value(t, types.Int128{Lo: uint64(r.IntN(3)), Hi: r.Int64N(3) - 1})
	case types.Boolean:
		return types.BoolValue(r.IntN(2) == 0)
	default:
		return types.IntValue(t, []int64{0, 1, -1, 127, -128}[r.IntN(5)])
	}
	return v
}

// TestNestedWordsOrder compares the words of pairs of values: where they differ
// they are in the values' order, and where they agree without being long the
// values are equal.
func TestNestedWordsOrder(t *testing.T) {
	of := types.Of
	for _, typ := range []types.Type{
		types.ListOf(of(types.TinyInt)), types.ListOf(of(types.Varchar)), types.ListOf(types.ListOf(of(types.Boolean))),
		types.ArrayOf(of(types.Float), 2), types.ListOf(of(types.IntervalID)), types.ListOf(of(types.HugeInt)),
		types.StructOf(types.Field{Name: "a", Type: of(types.SmallInt)}, types.Field{Name: "b", Type: types.ListOf(of(types.BigInt))}),
		types.StructOf(types.Field{Name: "a", Type: of(types.Varchar)}, types.Field{Name: "b", Type: of(types.Double)}),
	} {
		r := rand.New(rand.NewPCG(1, 2))
		const n = 300
		v := vector.New(typ)
		v.Resize(n)
		vals := make([]types.Value, n)
		for i := range vals {
			vals[i] = random(r, typ, 0)
			v.SetValue(i, vals[i])
		}
		for _, desc := range []bool{false, true} {
			enc, count, err := sortkey.NewEncoders([]types.Type{typ}, []sortkey.Key{{Col: 0, Desc: desc}})
			if err != nil || count != 2 {
				t.Fatalf("%s: %d words, %v", typ, count, err)
			}
			words := [][]uint64{make([]uint64, n), make([]uint64, n)}
			enc[0].Encode(v, nil, n, words, nil)
			short := 0
			for i := range n {
				for k := range i {
					want := types.Compare(vals[i], vals[k])
					if desc {
						want = -want
					}
					got := 0
					for w := range 2 {
						if got == 0 && words[w][i] != words[w][k] {
							got = 1
							if words[w][i] < words[w][k] {
								got = -1
							}
						}
					}
					long := enc[0].Long(words[1][i])
					if !long {
						short++
					}
					if got != want && (got != 0 || !long) {
						t.Fatalf("%s desc %v: %s and %s are %d, their words %d", typ, desc, vals[i], vals[k], want, got)
					}
				}
			}
			if short == 0 {
				t.Errorf("%s: no value fits into its words", typ)
			}
		}
	}
}
