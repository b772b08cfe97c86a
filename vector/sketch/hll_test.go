package sketch

import (
	"math"
	"testing"
)

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func TestHLLEstimate(t *testing.T) {
	for _, n := range []int{0, 1, 10, 1000, 100_000, 2_000_000} {
		var a, b HLL
		for i := range n {
			h := &a
			if i%2 == 0 {
				h = &b
			}
			h.Add([]uint64{mix(uint64(i))}, nil, 1)
			h.Add([]uint64{0, mix(uint64(i))}, []uint32{1}, 1)
		}
		a.Merge(&b)
		if got := a.Estimate(); math.Abs(got-float64(n)) > 0.1*float64(n)+0.5 {
			t.Errorf("%d distinct values: estimate %.1f", n, got)
		}
	}
}

func TestBloom(t *testing.T) {
	for _, n := range []int{0, 1, 15, 1000, 100_000} {
		b := NewBloom(int64(n))
		in := make([]uint64, n)
		for i := range in {
			in[i] = mix(uint64(i))
		}
		b.Add(in)
		out := make([]uint32, max(n, 2048))
		if got := b.Select(in, nil, n, out); len(got) != n {
			t.Errorf("%d values: only %d found", n, len(got))
		}
		other := make([]uint64, 2048)
		for i := range other {
			other[i] = mix(uint64(1<<40 + i))
		}
		if got := b.Select(other, nil, len(other), out); len(got) > 100 {
			t.Errorf("%d values: %d of %d others pass", n, len(got), len(other))
		}
		if got := b.Select(in, []uint32{}, 0, out); len(got) != 0 {
			t.Errorf("empty selection gives %v", got)
		}
	}
}
