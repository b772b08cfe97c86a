package join_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

var rangeOps = []kernel.CompareOp{kernel.Lt, kernel.Le, kernel.Gt, kernel.Ge}

// rangeTypes are the types of an inequality in the tests.
var rangeTypes = []types.Type{
	types.Of(types.Boolean), types.Of(types.TinyInt), types.Of(types.SmallInt), integer, bigint,
	types.Of(types.UTinyInt), types.Of(types.USmallInt), types.Of(types.UInteger), types.Of(types.UBigInt),
	types.Of(types.HugeInt), types.Of(types.UHugeInt), types.DecimalOf(38, 2), types.DecimalOf(9, 2), types.Of(types.Double), types.Of(types.Float),
	varchar, types.Of(types.Date), types.Of(types.Timestamp), types.Of(types.TimeTZ), types.Of(types.IntervalID), types.Of(types.UUID),
}

// orderWords are strings that agree in their first words, or in all but
// trailing zero bytes.
var orderWords = []string{
	"", "\x00", "a", "a\x00", "a\x00\x00", "abcdefgh", "abcdefgh\x00", "abcdefghi", "abcdefghijklmnop", "abcdefghijklmnop\x00",
	"abcdefghijklmnopq", "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz0", "abcdefghijklmnopqrstuvwxyz1", "b", "ü", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
}

// rangeValue makes a value of type t, one of few when narrow.
func rangeValue(r *rand.Rand, t types.Type, narrow bool) types.Value {
	if t.Physical() == types.PString {
		s := orderWords[r.IntN(len(orderWords))]
		if !narrow {
			s += fmt.Sprint(r.IntN(1000))
		}
		return types.Value{Type: t, S: s}
	}
	k := r.IntN(9)
	if !narrow {
		k = r.IntN(4000)
	}
	v := value(t, k, r.IntN(6) == 0)
	switch t.Physical() {
	case types.PInt8, types.PInt16, types.PInt32, types.PInt64, types.PInt128, types.PFloat32, types.PFloat64:
		if r.IntN(3) == 0 {
			v.I, v.F = -v.I, -v.F
			if t.Physical() == types.PInt8 {
				v.I = int64(int8(v.I))
			}
			v.Hi = v.I >> 63
		}
	case types.PInterval:
		v.Iv = types.Interval{Months: int32(r.IntN(5) - 2), Days: int32(r.IntN(90) - 45), Micros: r.Int64N(3) * types.MicrosPerDay / 2}
	}
	return v
}

// rangeSide makes rows of a BIGINT key, columns of the types ts, and a number.
func rangeSide(r *rand.Rand, ts []types.Type, rows, keys, nulls int, narrow bool) *data {
	d := &data{types: append(append([]types.Type{bigint}, ts...), bigint)}
	for i := range rows {
		out := row{types.IntValue(bigint, int64(r.IntN(max(keys, 1))))}
		for _, t := range ts {
			out = append(out, rangeValue(r, t, narrow))
		}
		for c := range out {
			if nulls > 0 && r.IntN(nulls) == 0 {
				out[c] = types.NullOf(d.types[c])
			}
		}
		d.rows = append(d.rows, append(out, types.IntValue(bigint, int64(i))))
	}
	return d
}

func TestInequalities(t *testing.T) {
	eachType(t, rangeTypes, 11, func(_ *testing.T, f *fixture, w way, r *rand.Rand, rt types.Type, seed uint64) {
		for ki, kind := range keylessKinds {
			for round := range 4 {
				if r.IntN(6) != 0 {
					continue
				}
				two := round%2 == 1
				keyed := round > 1
				ts := []types.Type{rt, rt}
				if r.IntN(2) == 0 {
					ts[1] = integer
				}
				rows := []int{0, 1, 40, 130}[r.IntN(4)]
				if w.slow() {
					rows = min(rows, 40)
				}
				build := rangeSide(r, ts, rows, 3, r.IntN(2)*6, r.IntN(2) == 0)
				probe := rangeSide(r, ts, 60, 4, r.IntN(2)*6, r.IntN(2) == 0)
				spec := makeSpec(kind, probe, build, 0)
				spec.Ranges = []join.Range{{Probe: 1, Build: 1, Op: rangeOps[r.IntN(4)]}}
				if two {
					spec.Ranges = append(spec.Ranges, join.Range{Probe: 2, Build: 2, Op: rangeOps[r.IntN(4)]})
				}
				var res *residual
				if r.IntN(3) == 0 {
					res = lessThan(probe, build, 3, 3)
				}
				threeValued := kind == join.Mark || kind == join.NullAnti
				if threeValued && (two || res != nil) {
					for k := range spec.Ranges {
						spec.Ranges[k].Known = true
					}
				}
				if keyed && !threeValued {
					spec.ProbeKeys, spec.BuildKeys = []int{0}, []int{0}
				}
				f.check(spec, res, probe, build, options{seed: seed + uint64(ki*10+round)})
			}
		}
	})
}

// TestInequalitiesManyRows has trees of several levels and more matches than
// fit a chunk.
func TestInequalitiesManyRows(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 17))
	for i, kind := range []join.Kind{join.Inner, join.Left, join.Full, join.Semi, join.Mark} {
		for round := range 3 {
			build := rangeSide(r, []types.Type{integer, integer}, 9000, 2, 90, false)
			probe := rangeSide(r, []types.Type{integer, integer}, 80, 3, 9, false)
			// Intervals: the build row's contains the probe row's first value.
			for _, row := range build.rows {
				if !row[1].IsNull {
					row[2] = types.IntValue(integer, row[1].I+r.Int64N(30))
				}
			}
			spec := makeSpec(kind, probe, build, 0)
			spec.Ranges = []join.Range{
				{Probe: 1, Build: 1, Op: kernel.Ge, Known: true}, {Probe: 1, Build: 2, Op: kernel.Lt, Known: true},
			}
			if round == 1 {
				spec.Ranges[0], spec.Ranges[1] = spec.Ranges[1], spec.Ranges[0]
			}
			if round == 2 && kind != join.Mark {
				spec.ProbeKeys, spec.BuildKeys = []int{0}, []int{0}
			}
			var res *residual
			if round == 2 {
				res = lessThan(probe, build, 3, 3)
			}
			f := newFixture(t, 1<<30, 2)
			f.env.Budget.SetSpillCap(int64(i%2) - 1)
			f.check(spec, res, probe, build, options{seed: uint64(i*10 + round)})
			f.close()
		}
	}
}

var asofKinds = []join.Kind{join.Inner, join.Left, join.Right, join.Full, join.Semi, join.Anti}

// asofSpec joins by the columns 0, if keyed, and 1; of the build side only
// these come out, since any of several equal rows is the nearest.
func asofSpec(r *rand.Rand, kind join.Kind, probe, build *data, keyed bool) *join.Spec {
	spec := makeSpec(kind, probe, build, 0)
	spec.Asof = true
	spec.Ranges = []join.Range{{Probe: 1, Build: 1, Op: rangeOps[r.IntN(4)]}}
	if keyed {
		spec.ProbeKeys, spec.BuildKeys = []int{0}, []int{0}
	}
	if len(spec.BuildOut) > 0 {
		spec.BuildOut = []int{1}
		if keyed {
			spec.BuildOut = []int{0, 1}
		}
	}
	return spec
}

func TestAsof(t *testing.T) {
	eachType(t, rangeTypes, 12, func(_ *testing.T, f *fixture, w way, r *rand.Rand, rt types.Type, seed uint64) {
		for ki, kind := range asofKinds {
			for round := range 4 {
				if r.IntN(5) != 0 {
					continue
				}
				rows := []int{0, 1, 40, 200}[r.IntN(4)]
				build := rangeSide(r, []types.Type{rt}, rows, 5, r.IntN(2)*6, r.IntN(2) == 0)
				probe := rangeSide(r, []types.Type{rt}, 90, 6, r.IntN(2)*6, r.IntN(2) == 0)
				spec := asofSpec(r, kind, probe, build, round > 1)
				// With a float, equal values differ as text.
				if p := rt.Physical(); len(spec.BuildOut) > 0 && (p == types.PFloat32 || p == types.PFloat64 || p == types.PInterval) {
					spec.BuildOut = spec.BuildOut[:len(spec.BuildOut)-1]
				}
				spec.Loop = r.IntN(4) == 0
				f.check(spec, nil, probe, build, options{seed: seed + uint64(ki*10+round)})
			}
		}
	})
}

func TestAsofWithResidual(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	eachWay(t, func(f *fixture, w way, wi int) {
		for ki, kind := range asofKinds {
			for round := range 6 {
				if w.slow() && (ki+wi+round)%3 != 0 {
					continue
				}
				build := rangeSide(r, []types.Type{integer}, 60, 3, 8, false)
				for i := range build.rows {
					if v := &build.rows[i][1]; !v.IsNull {
						v.I = int64(i) * 7 % 61 // all different
					}
				}
				// Few and many rows at once are tried in different ways.
				rows, plain := 80, round%3 == 0 && !w.slow()
				if plain {
					rows = 900
				}
				probe := rangeSide(r, []types.Type{integer}, rows, 4, 8, true)
				spec := asofSpec(r, kind, probe, build, round%2 == 0)
				if len(spec.BuildOut) > 0 {
					spec.BuildOut = []int{2, 1}
				}
				f.check(spec, lessThan(probe, build, 2, 2), probe, build, options{seed: uint64(wi*100 + ki*10 + round), plain: plain})
			}
		}
	})
}

// TestAsofInPieces has more rows than memory, no key or a hot one, so that the
// values of the inequality divide them.
func TestAsofInPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 14))
	for _, c := range []struct {
		typ    types.Type
		unique bool
		hot    bool
		rows   int
	}{{bigint, true, false, 4000}, {varchar, true, true, 4000}, {integer, false, true, 20000}, {varchar, false, false, 16000}} {
		build, probe := rangeSide(r, []types.Type{c.typ}, c.rows, 1, 50, !c.unique), rangeSide(r, []types.Type{c.typ}, 40, 1, 20, false)
		if c.unique {
			for i, k := range r.Perm(c.rows) {
				v := &build.rows[i][1]
				if v.I = int64(k - c.rows/2); c.typ.ID == types.Varchar {
					v.S = fmt.Sprintf("%s%06d", orderWords[k%3+8], k)
				}
			}
			build.types = append(build.types, varchar)
			for i := range build.rows {
				build.rows[i] = append(build.rows[i], types.Value{Type: varchar, S: fmt.Sprintf("%0400d", i)})
			}
		}
		for ki, kind := range asofKinds {
			if !c.unique && ki%2 == 0 {
				continue
			}
			for _, with := range []bool{false, true} {
				spec := asofSpec(r, kind, probe, build, c.hot)
				if with && !c.unique {
					continue // which of the equal ones is matched is not certain
				}
				if len(spec.BuildOut) > 0 && c.unique {
					spec.BuildOut = []int{3, 1, 2}
				}
				var res *residual
				if with {
					res = lessThan(probe, build, 2, 2)
				}
				f := newFixture(t, 1<<30, 2)
				f.env.Budget.SetSpillCap(0)
				st := f.check(spec, res, probe, build, options{seed: 5})
				if len(spec.BuildOut) > 0 && (st.SpilledBytes == 0 || st.Divided == 0) {
					t.Errorf("%s: nothing was divided: %+v", kind, st)
				}
				f.close()
			}
		}
	}
}

func TestOrderedCancelled(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 15))
	build, probe := rangeSide(r, []types.Type{integer, integer}, 3000, 4, 0, false), rangeSide(r, []types.Type{integer, integer}, 3000, 4, 0, false)
	for _, capBytes := range []int64{-1, 0} {
		for _, asof := range []bool{false, true} {
			for _, at := range []int64{1, 2, 5} {
				for _, onBuild := range []bool{false, true} {
					f := newFixture(t, 1<<30, 2)
					f.env.FillLimit = 100
					f.env.Budget.SetSpillCap(capBytes)
					spec := makeSpec(join.Inner, probe, build, 0)
					spec.Ranges = []join.Range{{Probe: 1, Build: 1, Op: kernel.Ge}}
					if spec.Asof = asof; !asof {
						spec.Ranges = append(spec.Ranges, join.Range{Probe: 2, Build: 2, Op: kernel.Lt})
					}
					ctx, cancel := context.WithCancel(context.Background())
					_, _, err := f.run(spec, probe, build, options{ctx: ctx, cancel: cancel, at: at, onBld: onBuild})
					cancel()
					if err != nil && !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
						t.Errorf("%v", err)
					}
					f.close()
				}
			}
		}
	}
}

// TestOrderedFaults refuses memory after some reservations.
func TestOrderedFaults(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 16))
	build, probe := rangeSide(r, []types.Type{integer, integer}, 500, 4, 9, true), rangeSide(r, []types.Type{integer, integer}, 50, 4, 9, true)
	for n := 0; n < 40; n += 3 {
		for _, asof := range []bool{false, true} {
			f := newFixture(t, 1<<30, 2)
			calls := 0
			f.env.Threads = 1
			f.env.Budget.SetFault(func(string, int64) bool { calls++; return calls > n })
			spec := makeSpec(join.Full, probe, build, 0)
			spec.Ranges = []join.Range{{Probe: 1, Build: 1, Op: kernel.Ge}}
			if spec.Asof = asof; !asof {
				spec.Ranges = append(spec.Ranges, join.Range{Probe: 2, Build: 2, Op: kernel.Lt})
			}
			_, _, err := f.run(spec, probe, build, options{})
			if err != nil && !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
				t.Errorf("after %d: %v", n, err)
			}
			f.close()
		}
	}
}
