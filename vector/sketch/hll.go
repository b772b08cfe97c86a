package sketch

import (
	"math"
	"math/bits"
)

// hllBits gives 1,024 registers: a standard error of 3.25 %.
const hllBits = 10

// HLL estimates the number of distinct values from their 64-bit hashes
// (Flajolet et al., "HyperLogLog", AofA 2007; Ertl, "New cardinality
// estimation algorithms for HyperLogLog sketches", arXiv:1702.01284, section
// 4). The zero HLL is empty. It is 1 KiB and not safe for concurrent writing.
type HLL struct {
	regs [1 << hllBits]uint8
}

// Add adds the hashes at the positions sel (nil: 0 to n-1).
func (h *HLL) Add(hashes []uint64, sel []uint32, n int) {
	if sel == nil {
		for _, x := range hashes[:n] {
			h.add(x)
		}
		return
	}
	for _, i := range sel[:n] {
		h.add(hashes[i])
	}
}

func (h *HLL) add(x uint64) {
	i := x >> (64 - hllBits)
	rank := uint8(bits.LeadingZeros64(x<<hllBits|1<<(hllBits-1))) + 1
	if rank > h.regs[i] {
		h.regs[i] = rank
	}
}

// Merge makes h the sketch of the union of both sets.
func (h *HLL) Merge(o *HLL) {
	for i, r := range o.regs {
		h.regs[i] = max(h.regs[i], r)
	}
}

// Estimate returns the estimated number of distinct values.
func (h *HLL) Estimate() float64 {
	const q = 64 - hllBits
	var counts [q + 2]int
	for _, r := range h.regs {
		counts[r]++
	}
	m := float64(len(h.regs))
	z := m * tau(1-float64(counts[q+1])/m)
	for k := q; k >= 1; k-- {
		z = 0.5 * (z + float64(counts[k]))
	}
	z += m * sigma(float64(counts[0])/m)
	return m / (2 * math.Ln2) * m / z
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		prev := z
		z += x * y
		y += y
		if z == prev {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		prev := z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
		if z == prev {
			return z / 3
		}
	}
}

// Load makes h the sketch of the given registers, of which there are 1,024, as
// many as h has.
func (h *HLL) Load(regs []byte) { copy(h.regs[:], regs) }
