package agg

import (
	"math"
	"math/bits"
)

// sketchBits is the logarithm of the registers of a sketch, whose estimate is off
// by 1.04/sqrt(registers), 1.6 %, on the average.
const sketchBits = 12

// sketch estimates how many different hashes were added to it (Flajolet and
// others, "HyperLogLog", 2007).
type sketch struct {
	ranks [1 << sketchBits]uint8
}

// add adds the hashes at positions sel, the first n without sel.
func (s *sketch) add(hashes []uint64, sel []uint32, n int) {
	if sel == nil {
		for _, h := range hashes[:n] {
			s.addOne(h)
		}
		return
	}
	for _, p := range sel[:n] {
		s.addOne(hashes[p])
	}
}

// addOne takes the register from the low bits and the rank from the high ones.
func (s *sketch) addOne(h uint64) {
	r := &s.ranks[h%(1<<sketchBits)]
	if rank := uint8(bits.LeadingZeros64(h|1<<sketchBits)) + 1; rank > *r {
		*r = rank
	}
}

// estimate returns how many different hashes there were.
func (s *sketch) estimate() int64 {
	const m = 1 << sketchBits
	var counts [64]int
	for _, r := range &s.ranks {
		counts[r%64]++
	}
	sum := 0.0
	for r, n := range counts {
		sum += math.Ldexp(float64(n), -r)
	}
	const alpha = 0.7213 / (1 + 1.079/m)
	e := alpha * m * m / sum
	if e < 2.5*m && counts[0] > 0 {
		e = m * math.Log(float64(m)/float64(counts[0]))
	}
	return int64(e)
}
