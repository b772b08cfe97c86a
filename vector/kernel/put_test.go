package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

func TestPutAssembles(t *testing.T) {
	for _, typ := range allTypes {
		t.Run(fmt.Sprint(typ), func(t *testing.T) {
			r := rand.New(rand.NewPCG(31, uint64(typ.ID)))
			dst := vector.New(typ)
			for _, n := range []int{0, 1, 63, 64, 65, 300} {
				for range 10 {
					dst.Resize(n)
					want := make([]types.Value, n)
					known := make([]bool, n)
					forms := everyForm(r, typ, n)
					for range 4 {
						s := forms[r.IntN(len(forms))]
						sels := selections(r, n)
						sel := sels[r.IntN(len(sels))]
						pos := chosen(sel, n)
						Put(dst, s.v, sel, len(pos))
						for _, p := range pos {
							want[p], known[p] = s.v.Value(int(p)), true
						}
					}
					for p := range n {
						if known[p] && !same(dst.Value(p), want[p]) {
							t.Fatalf("position %d of %d: %+v, want %+v", p, n, dst.Value(p), want[p])
						}
					}
				}
			}
		})
	}
}

func TestSet(t *testing.T) {
	for _, typ := range allTypes {
		t.Run(fmt.Sprint(typ), func(t *testing.T) {
			r := rand.New(rand.NewPCG(33, uint64(typ.ID)))
			for _, size := range []int{0, 1, 3, 40} {
				var list []types.Value
				for range size {
					list = append(list, randomOrNull(r, typ, 6))
				}
				set := NewSet(typ, list)
				for _, n := range []int{0, 1, 65, 400} {
					for _, s := range everyForm(r, typ, n) {
						var cache SetCache
						for _, sel := range selections(r, n) {
							pos := chosen(sel, n)
							var want []uint32
							for _, p := range pos {
								v := s.v.Value(int(p))
								if slices.ContainsFunc(list, func(x types.Value) bool { return holds(Eq, v, x) == 1 }) {
									want = append(want, p)
								}
							}
							if got := set.Select(s.v, sel, len(pos), make([]uint32, n), &cache); !slices.Equal(got, want) {
								t.Fatalf("%s: %v, want %v", s.name, got, want)
							}
						}
					}
				}
			}
		})
	}
}
