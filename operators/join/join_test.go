package join_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// keylessKinds are those that need no keys.
var keylessKinds = []join.Kind{join.Inner, join.Left, join.Right, join.Full, join.Semi, join.Anti, join.NullAnti, join.Single, join.Mark}

var allKinds = append(slices.Clone(keylessKinds), join.BuildSemi, join.BuildAnti)

var (
	bigint  = types.Of(types.BigInt)
	integer = types.Of(types.Integer)
	varchar = types.Of(types.Varchar)
	list    = types.ListOf(types.Of(types.Integer))
)

// keyTypes are the types a key may have in the tests.
var keyTypes = []types.Type{
	types.Of(types.Boolean), types.Of(types.TinyInt), types.Of(types.SmallInt), integer, bigint,
	types.Of(types.UTinyInt), types.Of(types.USmallInt), types.Of(types.UInteger), types.Of(types.UBigInt),
	types.Of(types.HugeInt), types.DecimalOf(38, 2), types.DecimalOf(9, 2), types.Of(types.Double), types.Of(types.Float),
	varchar, types.Of(types.Date), types.Of(types.Timestamp), types.Of(types.IntervalID), types.Of(types.UUID), list,
}

// value makes the k-th of the distinct values of a type; spread: far apart.
func value(t types.Type, k int, spread bool) types.Value {
	v := types.Value{Type: t}
	x := int64(k)
	if spread {
		x = int64(uint64(k) * 0x9e3779b97f4a7c15)
	}
	switch t.Physical() {
	case types.PBool:
		v.I = x & 1
	case types.PInt8:
		v.I = int64(int8(x))
	case types.PUint8:
		v.I = int64(uint8(x))
	case types.PInt16:
		v.I = int64(int16(x))
	case types.PUint16:
		v.I = int64(uint16(x))
	case types.PInt32:
		v.I = int64(int32(x))
	case types.PUint32:
		v.I = int64(uint32(x))
	case types.PInt64, types.PUint64:
		v.I = x
		if t.Physical() == types.PUint64 {
			return v
		}
	case types.PInt128, types.PUint128:
		v.I, v.Hi = x, x>>1
		return v
	case types.PFloat32, types.PFloat64:
		fs := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), -1.5}
		v.F = float64(k)
		if k < len(fs) {
			v.F = fs[k]
		}
		return v
	case types.PString:
		v.S = fmt.Sprint("k", k)
		if spread || k%2 == 0 {
			v.S += strings.Repeat(" and more of the key", k%3)
		}
		return v
	case types.PInterval:
		v.Iv = types.Interval{Months: int32(k % 2), Days: int32(30 * (k / 2)), Micros: int64(k%3) * 5}
		return v
	case types.PList:
		for i := range k % 3 {
			v.Children = append(v.Children, types.IntValue(integer, int64(k+i)))
		}
		return v
	}
	v.Hi = v.I >> 63
	return v
}

// shape says how a side's keys are distributed.
type shape struct {
	rows     int
	distinct int
	nulls    int // one in so many keys is NULL; 0: none
	hot      int // one in so many rows has key 0; 0: none
	unique   bool
	spread   bool
}

// key makes the i-th row's key; perm numbers unique ones, nil: it is not unique.
func (s *shape) key(r *rand.Rand, t types.Type, perm []int, i int) types.Value {
	k := r.IntN(max(s.distinct, 1))
	if s.unique && perm != nil {
		k = perm[i]
	}
	if s.hot > 0 && r.IntN(s.hot) == 0 {
		k = 0
	}
	v := value(t, k, s.spread)
	if s.nulls > 0 && r.IntN(s.nulls) == 0 {
		v = types.NullOf(t)
	}
	return v
}

// makeSide makes rows of the key columns, a BIGINT, a VARCHAR and an INTEGER[].
func makeSide(r *rand.Rand, keys []types.Type, s shape) *data {
	d := &data{types: append(append([]types.Type{}, keys...), bigint, varchar, list)}
	perm := r.Perm(max(s.rows, 1))
	for i := range s.rows {
		var out row
		for c, t := range keys {
			of := perm
			if c > 0 {
				of = nil
			}
			out = append(out, s.key(r, t, of, i))
		}
		out = append(out, types.IntValue(bigint, int64(r.IntN(50))), value(varchar, r.IntN(40), true), value(list, i, false))
		for c := len(keys); c < len(out); c++ {
			if r.IntN(9) == 0 {
				out[c] = types.NullOf(d.types[c])
			}
		}
		d.rows = append(d.rows, out)
	}
	return d
}

// makeSpec joins on the first n columns of both sides.
func makeSpec(kind join.Kind, probe, build *data, n int) *join.Spec {
	s := &join.Spec{Kind: kind, ProbeTypes: probe.types, BuildTypes: build.types}
	for k := range n {
		s.ProbeKeys, s.BuildKeys = append(s.ProbeKeys, k), append(s.BuildKeys, k)
	}
	if kind != join.BuildSemi && kind != join.BuildAnti {
		for c := range probe.types {
			s.ProbeOut = append(s.ProbeOut, c)
		}
	}
	switch kind {
	case join.Semi, join.Anti, join.NullAnti, join.Mark:
	default:
		for c := range build.types {
			s.BuildOut = append(s.BuildOut, len(build.types)-1-c)
		}
	}
	return s
}

// lessThan is the residual probe[col] < build[col].
func lessThan(probe, build *data, pc, bc int) *residual {
	np := len(probe.types)
	return &residual{
		expr: eval.NewCompare(kernel.Lt, eval.NewColumn(pc, bigint), eval.NewColumn(np+bc, bigint)),
		cols: []int{pc, np + bc},
		test: func(p, b row) truth {
			if p[pc].IsNull || b[bc].IsNull {
				return -1
			}
			return truthOf(p[pc].I < b[bc].I)
		},
	}
}

// check runs a join and compares.
func (f *fixture) check(spec *join.Spec, res *residual, probe, build *data, o options) join.Stats {
	f.t.Helper()
	if res != nil {
		spec.Residual, spec.ResidualCols = res.expr, res.cols
		if o.seed%2 == 0 {
			spec.ResidualCols = nil
		}
	}
	want, fails := expect(spec, res, probe, build)
	got, stats, err := f.run(spec, probe, build, o)
	if fails {
		if !sqlerr.Is(err, sqlerr.CodeCardinality) {
			f.t.Fatalf("%s join: error %v, want 21000", spec.Kind, err)
		}
		return stats
	}
	if err != nil {
		f.t.Fatalf("%s join: %v", spec.Kind, err)
	}
	if d := diff(got, want); d != "" {
		f.t.Fatalf("%s join, %+v: %s", spec.Kind, stats, d)
	}
	return stats
}

// way is how memory is given.
type way struct {
	name    string
	cap     int64
	threads int
	fill    int
}

var ways = []way{
	{"memory", -1, 2, 2048}, {"fill 1", -1, 1, 1}, {"fill 7", -1, 2, 7}, {"spill", 0, 2, 2048}, {"spill fill 3", 0, 1, 3},
}

// slow: few rows will do where each is a chunk of its own.
func (w way) slow() bool { return w.fill < 2048 }

// eachWay calls test in surroundings of each way, the i-th of ways.
func eachWay(t *testing.T, test func(f *fixture, w way, i int)) {
	t.Helper()
	for i, w := range ways {
		f := newFixture(t, 1<<30, w.threads)
		f.env.FillLimit = w.fill
		f.env.Budget.SetSpillCap(w.cap)
		test(f, w, i)
		f.close()
		if t.Failed() {
			t.Fatal(w.name)
		}
	}
}

// eachType calls test for each type and way, with random numbers of the type's own.
func eachType(t *testing.T, ts []types.Type, seed uint64, test func(t *testing.T, f *fixture, w way, r *rand.Rand, typ types.Type, seed uint64)) {
	for ti, typ := range ts {
		t.Run(typ.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, uint64(ti)))
			eachWay(t, func(f *fixture, w way, i int) { test(t, f, w, r, typ, uint64(ti*1000+i*100)) })
		})
	}
}

func TestKindsAndTypes(t *testing.T) {
	eachType(t, keyTypes, 7, func(t *testing.T, f *fixture, w way, r *rand.Rand, kt types.Type, seed uint64) {
		for ki, kind := range allKinds {
			if w.slow() && r.IntN(2) == 0 {
				continue
			}
			s := shape{rows: 60 + r.IntN(100), distinct: 20 + r.IntN(80), nulls: r.IntN(2) * 8, spread: r.IntN(2) == 0, unique: r.IntN(3) == 0 || kind == join.Single}
			build := makeSide(r, []types.Type{kt}, s)
			s.rows, s.unique = 150, false
			if w.slow() {
				build.rows = build.rows[:40]
				s.rows = 40
			}
			probe := makeSide(r, []types.Type{kt}, s)
			spec := makeSpec(kind, probe, build, 1)
			if r.IntN(3) == 0 {
				spec.NullSafe = []bool{true}
			}
			var res *residual
			if r.IntN(2) == 0 {
				res = lessThan(probe, build, 1, 1)
			}
			st := f.check(spec, res, probe, build, options{seed: seed + uint64(ki)})
			if w.cap == 0 && st.SpilledBytes == 0 && st.BuildRows > 0 {
				t.Errorf("%s join, %s: nothing was spilled: %+v", kind, w.name, st)
			}
		}
	})
}

func TestSeveralKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, keys := range [][]types.Type{{integer, varchar}, {bigint, bigint}, {varchar, types.Of(types.Double), types.Of(types.SmallInt)}} {
		eachWay(t, func(f *fixture, w way, wi int) {
			for ki, kind := range allKinds {
				for round := range 4 {
					if w.slow() && (ki+wi+round)%3 != 0 {
						continue
					}
					s := shape{rows: 80, distinct: 6, nulls: 6, spread: round%2 == 0}
					if kind == join.Single {
						s.distinct, s.unique = 30, true
					}
					build := makeSide(r, keys, s)
					probe := makeSide(r, keys, shape{rows: 120, distinct: s.distinct, nulls: 5, spread: s.spread})
					spec := makeSpec(kind, probe, build, len(keys))
					if round > 1 {
						spec.NullSafe = make([]bool, len(keys))
						for k := range spec.NullSafe {
							spec.NullSafe[k] = r.IntN(2) == 0
						}
					}
					var res *residual
					if round%2 == 1 {
						res = lessThan(probe, build, len(keys), len(keys))
					}
					f.check(spec, res, probe, build, options{seed: uint64(wi*1000 + ki*10 + round)})
				}
			}
		})
	}
}

func TestSameColumnTwice(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, cap := range []int64{-1, 0} {
		f := newFixture(t, 1<<30, 2)
		f.env.Budget.SetSpillCap(cap)
		for _, kind := range allKinds {
			build := makeSide(r, []types.Type{integer, integer}, shape{rows: 100, distinct: 8, unique: kind == join.Single})
			probe := makeSide(r, []types.Type{integer}, shape{rows: 100, distinct: 8})
			spec := makeSpec(kind, probe, build, 0)
			spec.ProbeKeys, spec.BuildKeys = []int{0, 0}, []int{0, 1}
			f.check(spec, nil, probe, build, options{seed: 1})
			spec.ProbeKeys, spec.BuildKeys = []int{0, 0}, []int{1, 1}
			if kind != join.Single {
				f.check(spec, nil, probe, build, options{seed: 2})
			}
		}
		f.close()
	}
}

func TestWithoutKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	eachWay(t, func(f *fixture, w way, wi int) {
		for ki, kind := range keylessKinds {
			for bi, rows := range []int{0, 1, 2, 70} {
				for _, with := range []bool{false, true} {
					build := makeSide(r, nil, shape{rows: rows})
					probe := makeSide(r, nil, shape{rows: 40})
					spec := makeSpec(kind, probe, build, 0)
					var res *residual
					if with {
						res = lessThan(probe, build, 0, 0)
					}
					f.check(spec, res, probe, build, options{seed: uint64(wi*1000 + ki*10 + bi)})
				}
			}
		}
		// Nothing but the number of rows.
		build, probe := makeSide(r, nil, shape{rows: 5000}), makeSide(r, nil, shape{rows: 3})
		spec := &join.Spec{Kind: join.Inner, ProbeTypes: probe.types, BuildTypes: build.types}
		got, _, err := f.run(spec, probe, build, options{})
		if err != nil || len(got) != 15000 {
			t.Fatalf("%d rows, %v; want 15000", len(got), err)
		}
	})
}

func TestEmptySides(t *testing.T) {
	for _, cap := range []int64{-1, 0} {
		f := newFixture(t, 1<<30, 2)
		f.env.Budget.SetSpillCap(cap)
		r := rand.New(rand.NewPCG(1, 2))
		for _, kind := range allKinds {
			for _, kt := range []types.Type{bigint, varchar} {
				for _, n := range [][2]int{{0, 0}, {0, 50}, {50, 0}, {1, 1}} {
					probe := makeSide(r, []types.Type{kt}, shape{rows: n[0], distinct: 10, nulls: 4})
					build := makeSide(r, []types.Type{kt}, shape{rows: n[1], distinct: 10, nulls: 4})
					f.check(makeSpec(kind, probe, build, 1), nil, probe, build, options{seed: 3})
					// Only NULL keys.
					nulls := makeSide(r, []types.Type{kt}, shape{rows: n[1], distinct: 10, nulls: 1})
					f.check(makeSpec(kind, probe, nulls, 1), nil, probe, nulls, options{seed: 4})
				}
			}
		}
		f.close()
	}
}

func TestSkewAndManyRows(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, c := range []struct {
		key    types.Type
		spread bool
	}{{bigint, false}, {integer, true}, {varchar, true}} {
		build := makeKeys(r, c.key, shape{rows: 12000, distinct: 12000, nulls: 1000, spread: c.spread, unique: true}, true)
		probe := makeKeys(r, c.key, shape{rows: 8000, distinct: 16000, nulls: 900, spread: c.spread, hot: 10}, true)
		for _, kind := range []join.Kind{join.Inner, join.Full, join.Anti, join.Mark, join.Single} {
			spec := makeSpec(kind, probe, build, 1)
			want := expectByKey(spec, probe, build)
			for _, capBytes := range []int64{-1, 3 << 20, 1 << 20, 0} {
				f := newFixture(t, 1<<30, 2)
				f.env.Budget.SetSpillCap(capBytes)
				f.checkAgainst(spec, probe, build, want)
				f.close()
			}
		}
	}
}

// makeKeys makes rows of a key and a number.
func makeKeys(r *rand.Rand, t types.Type, s shape, wide bool) *data {
	d := &data{types: []types.Type{t, bigint}}
	if wide {
		d.types = append(d.types, varchar)
	}
	perm := r.Perm(max(s.rows, 1))
	for i := range s.rows {
		out := row{s.key(r, t, perm, i), types.IntValue(bigint, int64(i))}
		if wide {
			out = append(out, types.Value{Type: varchar, S: fmt.Sprint("payload number ", i)})
		}
		d.rows = append(d.rows, out)
	}
	return d
}
