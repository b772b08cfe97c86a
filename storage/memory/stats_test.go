package memory

import (
	"math"
	"testing"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// TestObserveSelection gives statistics a selection whose memory goes on behind
// its end, as a filter leaves it.
func TestObserveSelection(t *testing.T) {
	v := vector.New(types.Of(types.Varchar))
	v.Resize(4)
	for i, s := range []string{"a", "b", "c", "d"} {
		v.SetValue(i, types.StringValue(s))
	}
	sel := []uint32{1, 3, 3000, 5000}[:2]
	var s colStats
	s.observe(v, sel, len(sel), make([]uint64, vector.Capacity))
	if got := math.Round(s.distinct.Estimate()); got != 2 {
		t.Errorf("%v different values, not 2", got)
	}
	if s.min.S != "b" || s.max.S != "d" {
		t.Errorf("bounds %v and %v, not b and d", s.min.S, s.max.S)
	}
}
