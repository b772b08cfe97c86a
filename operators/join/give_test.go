package join_test

import (
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/vector/types"
)

// Others want memory while rows are built, before any is probed, and while rows
// are probed: the join gives, and its answer is the same.
func TestGives(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 1))
	for _, c := range []struct {
		name   string
		key    types.Type
		rows   int
		spread bool
		limit  int64
	}{
		{"divided", varchar, 50000, true, 24 << 20},
		{"one partition", bigint, 20000, true, 6 << 20},
		{"dense", bigint, 30000, false, 6 << 20},
	} {
		build := makeKeys(r, c.key, shape{rows: c.rows, unique: true, spread: c.spread, nulls: 20}, true)
		probe := makeKeys(r, c.key, shape{rows: 10000, distinct: c.rows + 5000, spread: c.spread, nulls: 20}, true)
		for _, kind := range []join.Kind{join.Inner, join.Full, join.Mark, join.BuildAnti} {
			spec := makeSpec(kind, probe, build, 1)
			want := expectByKey(spec, probe, build)
			for _, when := range []string{"build", "between", "probe"} {
				f := newFixture(t, c.limit, 2)
				other := f.env.Budget.Reserve("another operator")
				ask := func() {
					// All that is free, and more.
					free := c.limit - f.env.Budget.Used()
					if err := other.Grow(free + 256<<10); err != nil && when == "between" {
						t.Errorf("%s, %s join: %v", c.name, kind, err)
					}
					other.Shrink(min(other.Held(), 3<<20)) // the join needs some to go on
				}
				o := options{plain: true, seed: 3}
				switch when {
				case "between":
					o.between = ask
				case "build":
					o.cancel, o.at, o.onBld = ask, 20, true
				case "probe":
					o.cancel, o.at = ask, 3
				}
				got, st, err := f.run(spec, probe, build, o)
				if err != nil {
					t.Errorf("%s, %s join, %s: %v", c.name, kind, when, err)
				} else if d := diff(got, want); d != "" {
					t.Errorf("%s, %s join, %s: %s", c.name, kind, when, d)
				}
				if when == "between" && st.SpilledBytes == 0 {
					t.Errorf("%s, %s join: nothing was spilled: %+v", c.name, kind, st)
				}
				other.Close()
				f.close()
			}
		}
	}
}
