package kernel

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

func TestHashIsTheValuesAlone(t *testing.T) {
	forAll(t, allTypes, func(t *testing.T, r *rand.Rand, typ types.Type, n int, s shaped, sel []uint32) {
		pos := chosen(sel, n)
		var cache HashCache
		hashes := make([]uint64, n)
		for round := range 2 {
			for i := range hashes {
				hashes[i] = uint64(i)
			}
			Hash(s.v, len(pos), sel, 7, hashes, round == 1, &cache)
			alive := make([]bool, n)
			for i, p := range pos {
				alive[p] = true
				if i%(1+n/50) != 0 {
					continue
				}
				want := HashValue(s.v.Value(int(p)), 7)
				if round == 1 {
					want = Combine(uint64(p), want)
				}
				if hashes[p] != want {
					t.Fatalf("position %d, %+v: %x, want %x", p, s.v.Value(int(p)), hashes[p], want)
				}
			}
			for i, a := range alive {
				if !a && hashes[i] != uint64(i) {
					t.Fatalf("position %d is not selected and was written", i)
				}
			}
		}
	})
}

func TestHashAgreesAcrossTypes(t *testing.T) {
	for _, x := range []int64{0, 1, -1, 5, 127, -128} {
		want := HashValue(types.IntValue(types.Of(types.BigInt), x), 3)
		for _, id := range []types.ID{types.TinyInt, types.SmallInt, types.Integer, types.HugeInt} {
			if got := HashValue(types.IntValue(types.Of(id), x), 3); got != want {
				t.Errorf("%d as %v: %x, as BIGINT %x", x, types.Of(id), got, want)
			}
		}
	}
	d := func(f float64) uint64 { return HashValue(types.FloatValue(f), 3) }
	if d(0) != d(math.Copysign(0, -1)) {
		t.Error("-0 and 0 differ")
	}
	if d(math.NaN()) != d(math.Float64frombits(0xfff8000000000123)) {
		t.Error("NaNs differ")
	}
	iv := func(m, d int32, us int64) uint64 {
		return HashValue(types.Value{Type: types.Of(types.IntervalID), Iv: types.Interval{Months: m, Days: d, Micros: us}}, 3)
	}
	if iv(1, 0, 0) != iv(0, 30, 0) || iv(0, 1, 0) != iv(0, 0, types.MicrosPerDay) || iv(0, 31, 29*types.MicrosPerDay) != iv(2, 0, 0) {
		t.Error("equal intervals differ")
	}
	if HashValue(types.IntValue(types.Of(types.BigInt), 5), 3) == HashValue(types.IntValue(types.Of(types.BigInt), 5), 4) {
		t.Error("the seed does not matter")
	}
	for _, s := range words {
		if HashValue(types.StringValue(s), 9) != HashBytes([]byte(s), 9) {
			t.Errorf("HashBytes differs for %q", s)
		}
	}
}

func TestHashDictionaryCache(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	dict := randomFlat(r, types.Of(types.Varchar), 3000, 5)
	var cache HashCache
	for range 4 {
		codes := make([]uint32, 1000)
		for i := range codes {
			codes[i] = uint32(r.IntN(3000))
		}
		v := vector.New(dict.Type)
		v.SetDictionary(dict, codes, 77)
		h := make([]uint64, 1000)
		Hash(v, 1000, nil, 1, h, false, &cache)
		for i := range h {
			if want := HashValue(v.Value(i), 1); h[i] != want {
				t.Fatalf("%d: %x, want %x", i, h[i], want)
			}
		}
	}
	if len(cache.table) != 3000 {
		t.Error("the dictionary was never hashed as a whole")
	}
}

// TestHashDistribution throws structured keys into 4096 buckets by the bits
// that choose partition, salt and slot and asks for a plausible chi-square.
func TestHashDistribution(t *testing.T) {
	const n, buckets = 1 << 17, 4096
	inputs := map[string]func(i int) types.Value{
		"sequence":      func(i int) types.Value { return types.IntValue(types.Of(types.BigInt), int64(i)) },
		"times 2^20":    func(i int) types.Value { return types.IntValue(types.Of(types.BigInt), int64(i)<<20) },
		"times 2^44":    func(i int) types.Value { return types.IntValue(types.Of(types.BigInt), int64(i)<<44) },
		"times 1000000": func(i int) types.Value { return types.IntValue(types.Of(types.Timestamp), int64(i)*1e6) },
		"doubles":       func(i int) types.Value { return types.FloatValue(float64(i)) },
		"huge":          func(i int) types.Value { return types.Int128Value(types.Of(types.HugeInt), types.Int128{Hi: int64(i)}) },
		"short strings": func(i int) types.Value { return types.StringValue(fmt.Sprint("k", i)) },
		"12 bytes":      func(i int) types.Value { return types.StringValue(fmt.Sprintf("%012d", i)) },
		"long strings":  func(i int) types.Value { return types.StringValue(fmt.Sprintf("customer number %09d", i)) },
	}
	for name, gen := range inputs {
		t.Run(name, func(t *testing.T) {
			v := vector.New(gen(0).Type)
			v.Resize(n)
			for i := range n {
				v.SetValue(i, gen(i))
			}
			h, twice := make([]uint64, n), make([]uint64, n)
			Hash(v, n, nil, 0, h, false, nil)
			copy(twice, h)
			Hash(v, n, nil, 0, twice, true, nil)
			for kind, hs := range map[string][]uint64{"one column": h, "the same column twice": twice} {
				for _, shift := range []uint{52, 48, 40, 36, 24, 12, 0} {
					var count [buckets]int
					for _, x := range hs {
						count[x>>shift%buckets]++
					}
					chi := 0.0
					for _, c := range count {
						d := float64(c) - n/buckets
						chi += d * d / (n / buckets)
					}
					// Mean 4095, standard deviation 90.
					if chi > 4095+8*90 {
						t.Errorf("%s, bits from %d: chi-square %.0f", kind, shift, chi)
					}
				}
			}
		})
	}
}

func TestHashAvalanche(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for in := range 64 {
		var flips [64]int
		const trials = 2000
		for range trials {
			x := r.Uint64()
			d := hash64(x) ^ hash64(x^1<<uint(in))
			for d != 0 {
				flips[bits.TrailingZeros64(d)]++
				d &= d - 1
			}
		}
		for out, f := range flips {
			if f < trials*40/100 || f > trials*60/100 {
				t.Errorf("input bit %d flips output bit %d in %d of %d", in, out, f, trials)
			}
		}
	}
}

func BenchmarkHashInt64(b *testing.B) {
	v := randomFlat(rand.New(rand.NewPCG(1, 1)), types.Of(types.BigInt), 2048, 0)
	h := make([]uint64, 2048)
	var c HashCache
	for b.Loop() {
		Hash(v, 2048, nil, 1, h, false, &c)
	}
	perRow(b, 2048)
}

func BenchmarkHashStrings(b *testing.B) {
	for _, f := range []string{"k%07d", "customer#%09d of many"} {
		v := vector.New(types.Of(types.Varchar))
		v.Resize(2048)
		for i := range 2048 {
			v.PutString(i, fmt.Appendf(nil, f, i))
		}
		h := make([]uint64, 2048)
		var c HashCache
		b.Run(fmt.Sprintf(f, 1), func(b *testing.B) {
			for b.Loop() {
				Hash(v, 2048, nil, 1, h, false, &c)
			}
			perRow(b, 2048)
		})
	}
}

func perRow(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
}
