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
