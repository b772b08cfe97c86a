package join_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// checkFast is check for single-key joins of many rows: the reference groups
// the build rows by key.
func (f *fixture) checkFast(spec *join.Spec, probe, build *data) join.Stats {
	f.t.Helper()
	return f.checkAgainst(spec, probe, build, expectByKey(spec, probe, build))
}

func (f *fixture) checkAgainst(spec *join.Spec, probe, build *data, want []string) join.Stats {
	f.t.Helper()
	got, stats, err := f.run(spec, probe, build, options{plain: true})
	if err != nil {
		f.t.Fatalf("%s join: %v", spec.Kind, err)
	}
	if d := diff(got, want); d != "" {
		f.t.Fatalf("%s join, %+v: %s", spec.Kind, stats, d)
	}
	return stats
}

func expectByKey(spec *join.Spec, probe, build *data) (out []string) {
	groups := map[string]*data{}
	hasNull := false
	for _, b := range build.rows {
		k := canon(&b[0])
		if b[0].IsNull {
			hasNull = true
		}
		g := groups[k]
		if g == nil {
			g = &data{types: build.types}
			groups[k] = g
		}
		g.rows = append(g.rows, b)
	}
	empty := &data{types: build.types}
	one := *spec
	if spec.Kind == join.Full {
		one.Kind = join.Left
	}
	if spec.Kind == join.Right {
		one.Kind = join.Inner
	}
	seen := map[string]bool{}
	null := &data{types: build.types}
	if hasNull {
		null.rows = groups["NULL"].rows[:1]
	}
	for _, p := range probe.rows {
		k := canon(&p[0])
		g := groups[k]
		switch {
		case p[0].IsNull && len(build.rows) > 0:
			g = &data{types: build.types, rows: build.rows[:1]}
		case g == nil && hasNull:
			g = null
		case g == nil:
			g = empty
		default:
			seen[k] = true
		}
		rows, _ := expect(&one, nil, &data{probe.types, []row{p}}, g)
		out = append(out, rows...)
	}
	if spec.Kind == join.Full || spec.Kind == join.Right {
		all := *spec
		all.Kind = join.Right
		for k, g := range groups {
			if !seen[k] || k == "NULL" {
				rows, _ := expect(&all, nil, &data{types: probe.types}, g)
				out = append(out, rows...)
			}
		}
	}
	if spec.Kind == join.BuildSemi || spec.Kind == join.BuildAnti {
		all := *spec
		all.Kind = join.BuildAnti
		out = nil
		for k, g := range groups {
			if (seen[k] && k != "NULL") == (spec.Kind == join.BuildSemi) {
				rows, _ := expect(&all, nil, &data{types: probe.types}, g)
				out = append(out, rows...)
			}
		}
	}
	slices.Sort(out)
	return out
}

// A hot key whose rows are more than the memory there is.
func TestHotKey(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	for _, kt := range []types.Type{bigint, varchar} {
		for _, kind := range []join.Kind{join.Inner, join.Left, join.Full, join.Right, join.Semi, join.Anti, join.Mark, join.BuildSemi, join.BuildAnti} {
			f := newFixture(t, 1<<30, 2)
			f.env.Budget.SetSpillCap(128 << 10)
			build := makeKeys(r, kt, shape{rows: 20000, distinct: 100, hot: 1, spread: true}, true)
			probe := makeKeys(r, kt, shape{rows: 60, distinct: 300, hot: 30, spread: true}, true)
			st := f.checkFast(makeSpec(kind, probe, build, 1), probe, build)
			if st.SpilledBytes == 0 || st.Blocks < 2 {
				t.Errorf("%s join: spilled %d bytes, %d blocks", kind, st.SpilledBytes, st.Blocks)
			}
			f.close()
		}
	}
	// A second match for Single, in another block than the first.
	f := newFixture(t, 1<<30, 2)
	f.env.Budget.SetSpillCap(128 << 10)
	build := makeKeys(r, bigint, shape{rows: 25000, distinct: 100, hot: 1}, true)
	probe := makeKeys(r, bigint, shape{rows: 10, distinct: 300, hot: 5}, true)
	if _, _, err := f.run(makeSpec(join.Single, probe, build, 1), probe, build, options{}); !sqlerr.Is(err, sqlerr.CodeCardinality) {
		t.Errorf("error %v", err)
	}
	f.close()
}

// More rows than fit, so that partitions are divided and loaded again.
func TestDivision(t *testing.T) {
	if testing.Short() {
		t.Skip("many rows")
	}
	r := rand.New(rand.NewPCG(12, 1))
	build := makeKeys(r, bigint, shape{rows: 200000, unique: true, spread: true}, false)
	probe := makeKeys(r, bigint, shape{rows: 150000, distinct: 250000, spread: true}, false)
	f := newFixture(t, 1<<30, 2)
	defer f.close()
	f.env.Budget.SetSpillCap(64 << 10)
	st := f.checkFast(makeSpec(join.Full, probe, build, 1), probe, build)
	if st.Divided == 0 || st.SpilledBytes == 0 {
		t.Errorf("%+v", st)
	}
}

// A true limit: everything finishes within it.
func TestTinyLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 1))
	build := makeKeys(r, varchar, shape{rows: 80000, unique: true, spread: true}, true)
	probe := makeKeys(r, varchar, shape{rows: 30000, distinct: 90000, spread: true}, true)
	const limit = 12 << 20
	f := newFixture(t, limit, 2)
	defer f.close()
	st := f.checkFast(makeSpec(join.Full, probe, build, 1), probe, build)
	if st.SpilledBytes == 0 {
		t.Errorf("%+v", st)
	}
	if p := f.env.Budget.Peak(); p > limit {
		t.Errorf("peak %d above the limit %d", p, limit)
	}
}

// Some partitions stay in memory.
func TestHybrid(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 1))
	build := makeKeys(r, bigint, shape{rows: 80000, unique: true, spread: true}, false)
	probe := makeKeys(r, bigint, shape{rows: 30000, distinct: 100000, spread: true}, false)
	for _, kind := range []join.Kind{join.Inner, join.Right, join.Anti} {
		f := newFixture(t, 1<<30, 1)
		f.env.Budget.SetSpillCap(4 << 20)
		st := f.checkFast(makeSpec(kind, probe, build, 1), probe, build)
		if st.Resident == 0 || st.Resident == st.Partitions {
			t.Errorf("%+v", st)
		}
		f.close()
	}
}

// Every request for memory may be the one that is refused.
func TestFaults(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 1))
	build := makeKeys(r, varchar, shape{rows: 3000, distinct: 2000, nulls: 50, spread: true}, true)
	probe := makeKeys(r, varchar, shape{rows: 3000, distinct: 2000, nulls: 50, spread: true}, true)
	small := &data{build.types, build.rows[:200]}
	for _, kind := range []join.Kind{join.Inner, join.Full, join.Mark, join.Anti} {
		for _, keys := range []int{1, 0} {
			for _, capBytes := range []int64{-1, 0} {
				b := build
				if keys == 0 {
					b = small
				}
				spec := makeSpec(kind, probe, b, keys)
				var res *residual
				if keys == 0 {
					res = lessThan(probe, b, 1, 1)
					spec.Residual = res.expr
				}
				want := expectByKey(spec, probe, b)
				if keys == 0 {
					want, _ = expect(spec, res, &data{probe.types, probe.rows[:300]}, b)
				}
				pr := probe
				if keys == 0 {
					pr = &data{probe.types, probe.rows[:300]}
				}
				for nth := 1; ; nth = nth + 1 + nth/4 {
					f := newFixture(t, 1<<30, 1)
					f.env.Budget.SetSpillCap(capBytes)
					n := 0
					f.env.Budget.SetFault(func(string, int64) bool {
						n++
						return n >= nth && n < nth+3
					})
					got, _, err := f.run(spec, pr, b, options{plain: true})
					f.env.Budget.SetFault(nil)
					if err != nil && !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
						t.Fatalf("%s join, request %d: %v", kind, nth, err)
					}
					if err == nil {
						if d := diff(got, want); d != "" {
							t.Fatalf("%s join, request %d: %s", kind, nth, d)
						}
					}
					f.close()
					if n < nth {
						break
					}
				}
			}
		}
	}
}

func TestCancel(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 1))
	build := makeKeys(r, bigint, shape{rows: 20000, distinct: 5000, spread: true}, true)
	probe := makeKeys(r, bigint, shape{rows: 20000, distinct: 5000, spread: true}, true)
	for _, capBytes := range []int64{-1, 0} {
		for _, keys := range []int{1, 0} {
			for _, onBuild := range []bool{true, false} {
				for _, at := range []int64{1, 3} {
					f := newFixture(t, 1<<30, 2)
					f.env.Budget.SetSpillCap(capBytes)
					ctx, cancel := context.WithCancel(context.Background())
					spec := makeSpec(join.Full, probe, build, keys)
					if keys == 0 {
						spec.Kind = join.Anti
						spec.BuildOut = nil
						spec.Residual = lessThan(probe, build, 1, 1).expr
					}
					_, _, err := f.run(spec, probe, build, options{plain: true, ctx: ctx, cancel: cancel, at: at, onBld: onBuild})
					if !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
						t.Errorf("error %v", err)
					}
					cancel()
					f.close()
				}
			}
		}
	}
}

// The sink wants no more: with all in memory, and amid a continuation.
func TestStop(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 1))
	build := makeKeys(r, bigint, shape{rows: 5000, distinct: 500}, true)
	probe := makeKeys(r, bigint, shape{rows: 5000, distinct: 500}, true)
	for _, capBytes := range []int64{-1, 0} {
		for _, kind := range allKinds {
			if kind == join.Single {
				continue
			}
			f := newFixture(t, 1<<30, 2)
			f.env.Budget.SetSpillCap(capBytes)
			if _, _, err := f.run(makeSpec(kind, probe, build, 1), probe, build, options{stop: 10}); err != nil {
				t.Error(err)
			}
			f.close()
		}
	}
}

// Within a morsel rows come out in the order of the probe side, matches in the
// order of the build side.
func TestOrder(t *testing.T) {
	f := newFixture(t, 1<<30, 1)
	defer f.close()
	r := rand.New(rand.NewPCG(18, 1))
	build := makeKeys(r, bigint, shape{rows: 700, distinct: 200}, false)
	probe := makeKeys(r, bigint, shape{rows: 700, distinct: 250, nulls: 20}, false)
	for _, kind := range []join.Kind{join.Inner, join.Left, join.Anti, join.Mark} {
		spec := makeSpec(kind, probe, build, 1)
		var want []string
		for i := range probe.rows {
			rows, _ := expectUnsorted(spec, &data{probe.types, probe.rows[i : i+1]}, build)
			want = append(want, rows...)
		}
		got, _, err := f.run(spec, probe, build, options{seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s join: the order is not that of the input", kind)
		}
	}
}
