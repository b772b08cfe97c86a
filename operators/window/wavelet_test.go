package window

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
)

// Counts and choices in random ranges are those of a sorted copy.
func TestWavelet(t *testing.T) {
	env := &operators.Env{Budget: budget.New(1 << 30), Pool: block.NewPool()}
	w := &Window{env: env, work: env.Budget.Reserve("test")}
	r := rand.New(rand.NewPCG(2, 3))
	for _, n := range []int{1, 2, 3, 63, 64, 65, 128, 1000} {
		vals := make([]int32, n)
		for i, x := range r.Perm(n) {
			vals[i] = int32(x)
		}
		m, err := newWavelet(context.Background(), w, slices.Clone(vals), make([]int32, n))
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			var ranges [][2]int32
			var all []int32
			at := 0
			for range 1 + r.IntN(3) {
				s := at + r.IntN(n-at+1)
				e := s + r.IntN(n-s+1)
				ranges = append(ranges, [2]int32{int32(s), int32(e)})
				all = append(all, vals[s:e]...)
				at = e
			}
			slices.Sort(all)
			k := r.IntN(len(all) + 2)
			want := int32(-1)
			if k < len(all) {
				want = all[k]
			}
			if got := m.nth(ranges, int64(k)); got != want {
				t.Fatalf("%d numbers: number %d in %v is %d, not %d", n, k, ranges, got, want)
			}
			x := int32(r.IntN(n + 2))
			count := int32(0)
			for _, v := range vals[ranges[0][0]:ranges[0][1]] {
				if v < x {
					count++
				}
			}
			if got := m.below(ranges[0][0], ranges[0][1], x); got != count {
				t.Fatalf("%d numbers: %d below %d in %v, not %d", n, got, x, ranges[0], count)
			}
		}
		m.release()
	}
	w.work.Close()
	if used := env.Budget.Used(); used != 0 {
		t.Errorf("%d bytes left", used)
	}
	env.Pool.Close()
}
