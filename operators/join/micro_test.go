package join_test

import (
	"math/rand/v2"
	"testing"
	"github.com/gannetdb/gannet/vector/raw"
)

var sinkU uint64

func gatherLoop(base raw.Addr, idx []uint32, w uintptr) (s uint64) {
	for _, i := range idx {
		s += *raw.At[uint64](base, uintptr(i)*w)
	}
	return
}

func BenchmarkMicro(b *testing.B) {
	for _, mb := range []int{1, 8, 16, 40} {
		b.Run("", func(b *testing.B) {
			mem, _ := raw.MapAnon(mb << 20)
			for i := range mem { mem[i] = 1 }
			idx := make([]uint32, 1<<20)
			for i := range idx { idx[i] = uint32(rand.IntN(mb << 20 / 40)) }
			c0 := cpuNanos()
			for b.Loop() { sinkU += gatherLoop(raw.Of(mem), idx, 40) }
			b.ReportMetric(float64(cpuNanos()-c0)/float64(b.N)/float64(len(idx)), "cpu-ns/row")
			raw.Unmap(mem)
		})
	}
}
