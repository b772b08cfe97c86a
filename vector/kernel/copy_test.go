package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

func TestTake(t *testing.T) {
	forAll(t, allTypes, func(t *testing.T, r *rand.Rand, typ types.Type, n int, s shaped, sel []uint32) {
		pos := chosen(sel, n)
		dst := vector.New(typ)
		for range 2 { // the second time into used buffers
			Take(dst, s.v, sel, len(pos))
			if dst.Form != vector.Flat || dst.Len != len(pos) {
				t.Fatalf("%v of %d", dst.Form, dst.Len)
			}
			for i, p := range pos {
				if i%(1+n/100) != 0 {
					continue
				}
				if got, want := dst.Value(i), s.v.Value(int(p)); !same(got, want) {
					t.Fatalf("%d: %+v, want %+v", i, got, want)
				}
			}
		}
	})
}

func TestTakeRepeatsInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, typ := range allTypes {
		for _, s := range everyForm(r, typ, 100) {
			idx := make([]uint32, 300)
			for i := range idx {
				idx[i] = uint32(r.IntN(100))
			}
			dst, copied := vector.New(typ), vector.New(typ)
			Take(dst, s.v, idx, len(idx))
			copied.Resize(0)
			Copy(copied, 0, s.v, idx, len(idx))
			for i, p := range idx {
				want := s.v.Value(int(p))
				if got := dst.Value(i); !same(got, want) {
					t.Fatalf("%v %s: took %+v, want %+v", typ, s.name, got, want)
				}
				if got := copied.Value(i); !same(got, want) {
					t.Fatalf("%v %s: copied %+v, want %+v", typ, s.name, got, want)
				}
			}
		}
	}
}

func TestCopyAppends(t *testing.T) {
	for _, typ := range allTypes {
		r := rand.New(rand.NewPCG(7, uint64(typ.ID)))
		dst := vector.New(typ)
		dst.Resize(0)
		var want []types.Value
		for len(want) < 1500 {
			n := r.IntN(150)
			for _, s := range everyForm(r, typ, n) {
				for _, sel := range selections(r, n) {
					pos := chosen(sel, n)
					Copy(dst, len(want), s.v, sel, len(pos))
					for _, p := range pos {
						want = append(want, s.v.Value(int(p)))
					}
				}
			}
			if len(want) > 0 && r.IntN(3) == 0 { // again from an empty vector
				dst.Resize(0)
				want = want[:0]
				if r.IntN(20) == 0 {
					break
				}
			}
			if typ.IsNested() && len(want) > 500 {
				break
			}
		}
		if dst.Len != len(want) {
			t.Fatalf("%v: %d positions, want %d", typ, dst.Len, len(want))
		}
		for i := range want {
			if got := dst.Value(i); !same(got, want[i]) {
				t.Fatalf("%v: %d is %+v, want %+v", typ, i, got, want[i])
			}
		}
	}
}

func TestCopyOwnsItsBytes(t *testing.T) {
	src := vector.New(types.Of(types.Varchar))
	src.Resize(1)
	src.PutString(0, []byte("a string beyond twelve bytes"))
	dst := vector.New(src.Type)
	dst.Resize(0)
	Copy(dst, 0, src, nil, 1)
	clear(src.Bufs[0])
	if got := dst.Value(0).S; got != "a string beyond twelve bytes" {
		t.Errorf("%q", got)
	}
}

func TestCompact(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for _, n := range lengths {
		src := &vector.Chunk{Len: n}
		var ts []types.Type
		for _, typ := range allTypes {
			for _, s := range everyForm(r, typ, n) {
				src.Cols = append(src.Cols, s.v)
				ts = append(ts, typ)
			}
			if n > 700 && typ.IsNested() {
				break
			}
		}
		dst := vector.NewChunk(ts)
		for _, sel := range selections(r, n) {
			src.Sel = sel
			pos := chosen(sel, n)
			Compact(dst, src)
			if dst.NumRows() != len(pos) || dst.Sel != nil {
				t.Fatalf("%d rows, want %d", dst.NumRows(), len(pos))
			}
			for c := range ts {
				for k := 0; k < len(pos); k += 1 + len(pos)/50 {
					if got, want := dst.Cols[c].Value(k), src.Cols[c].Value(int(pos[k])); !same(got, want) {
						t.Fatalf("column %d row %d: %+v, want %+v", c, k, got, want)
					}
				}
			}
		}
	}
}

func TestTakeAllocatesNothingOnReuse(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	sel := selections(r, 2048)[4]
	for _, typ := range scalarTypes {
		for _, s := range everyForm(r, typ, 2048) {
			dst := vector.New(typ)
			Take(dst, s.v, sel, len(sel))
			if a := testing.AllocsPerRun(10, func() { Take(dst, s.v, sel, len(sel)) }); a > 0 {
				t.Errorf("%v %s: %v allocations", typ, s.name, a)
			}
		}
	}
}
