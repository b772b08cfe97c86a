package kernel

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

func bigOf(v types.Value) *big.Int {
	hi := big.NewInt(v.Hi)
	if v.Type.Physical() == types.PUint128 {
		hi.SetUint64(uint64(v.Hi))
	}
	return hi.Lsh(hi, 64).Or(hi, new(big.Int).SetUint64(uint64(v.I)))
}

// orderOf compares boxed values, NULL last.
func orderOf(a, b types.Value) int {
	if a.IsNull || b.IsNull {
		return cmp.Compare(btoi(a.IsNull), btoi(b.IsNull))
	}
	switch p := a.Type.Physical(); p {
	case types.PUint64:
		return cmp.Compare(uint64(a.I), uint64(b.I))
	case types.PInt128, types.PUint128:
		return bigOf(a).Cmp(bigOf(b))
	case types.PFloat32, types.PFloat64:
		if math.IsNaN(a.F) || math.IsNaN(b.F) {
			return cmp.Compare(btoi(math.IsNaN(a.F)), btoi(math.IsNaN(b.F)))
		}
		return cmp.Compare(a.F, b.F)
	case types.PString:
		return cmp.Compare(a.S, b.S)
	case types.PInterval:
		return types.Compare(a, b)
	case types.PList, types.PArray, types.PStruct:
		return slices.CompareFunc(a.Children, b.Children, orderOf)
	}
	if a.Type.ID == types.TimeTZ {
		utc := func(x int64) int64 { return x>>24 + x&(1<<24-1)*1e6 }
		if c := cmp.Compare(utc(a.I), utc(b.I)); c != 0 {
			return c
		}
		return cmp.Compare(a.I&(1<<24-1), b.I&(1<<24-1))
	}
	return cmp.Compare(a.I, b.I)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// holds is the boxed reference of a comparison: 0 false, 1 true, -1 NULL.
func holds(op CompareOp, a, b types.Value) int {
	c := orderOf(a, b)
	switch op {
	case Distinct:
		return btoi(c != 0)
	case NotDistinct:
		return btoi(c == 0)
	}
	if a.IsNull || b.IsNull {
		return -1
	}
	return btoi(op.passes()>>uint(c+1)&1 == 1)
}

func TestSelectCompare(t *testing.T) {
	for _, typ := range allTypes {
		t.Run(fmt.Sprint(typ), func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, uint64(typ.ID)))
			for round, n := range []int{0, 1, 63, 65, 200, 2048} {
				as, bs := everyForm(r, typ, n), everyForm(r, typ, n)
				for _, a := range as {
					for _, b := range bs {
						if n > 200 && r.IntN(8) > 0 {
							continue
						}
						for op := Eq; op <= NotDistinct; op++ {
							if round > 1 && r.IntN(3) > 0 {
								continue
							}
							sels := selections(r, n)
							sel := sels[r.IntN(len(sels))]
							var cache CompareCache
							for range 2 {
								checkCompare(t, op, a, b, sel, n, &cache)
							}
						}
					}
				}
			}
		})
	}
}

func checkCompare(t *testing.T, op CompareOp, a, b shaped, sel []uint32, n int, cache *CompareCache) {
	t.Helper()
	pos := chosen(sel, n)
	var want []uint32
	for _, p := range pos {
		if holds(op, a.v.Value(int(p)), b.v.Value(int(p))) == 1 {
			want = append(want, p)
		}
	}
	in := slices.Clone(sel)
	out := in // in place
	if in == nil {
		out = make([]uint32, n)
	}
	got := SelectCompare(op, a.v, b.v, in, len(pos), out, cache)
	if !slices.Equal(got, want) {
		t.Fatalf("%s %v %s, %d positions, %d selected: %v, want %v", a.name, op, b.name, n, len(pos), got, want)
	}
	res := vector.New(types.Of(types.Boolean))
	Compare(op, a.v, b.v, sel, len(pos), n, res, cache)
	for _, p := range pos {
		v := res.Value(int(p))
		got := int(v.I)
		if v.IsNull {
			got = -1
		}
		if want := holds(op, a.v.Value(int(p)), b.v.Value(int(p))); got != want {
			t.Fatalf("%s %v %s, position %d: %d, want %d", a.name, op, b.name, p, got, want)
		}
	}
}

func TestCompareAt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	for _, typ := range allTypes {
		for _, a := range everyForm(r, typ, 40) {
			for _, b := range everyForm(r, typ, 40) {
				i, j := r.IntN(40), r.IntN(40)
				x, y := a.v.Value(i), b.v.Value(j)
				if got, want := CompareAt(a.v, i, b.v, j), orderOf(x, y); got != want {
					t.Fatalf("%v: %+v against %+v: %d, want %d", typ, x, y, got, want)
				}
				if CompareAt(a.v, i, b.v, j) == 0 && HashValue(x, 1) != HashValue(y, 1) {
					t.Fatalf("%v: %+v equals %+v but hashes differently", typ, x, y)
				}
			}
		}
	}
}

func TestSelections(t *testing.T) {
	boolean := types.Of(types.Boolean)
	forAll(t, []types.Type{boolean}, func(t *testing.T, r *rand.Rand, typ types.Type, n int, s shaped, sel []uint32) {
		pos := chosen(sel, n)
		type pick struct {
			f    func(v *vector.Vector, sel []uint32, n int, out []uint32) []uint32
			want func(v types.Value) bool
		}
		for i, p := range []pick{
			{SelectTrue, func(v types.Value) bool { return !v.IsNull && v.I == 1 }},
			{SelectFalse, func(v types.Value) bool { return !v.IsNull && v.I == 0 }},
			{SelectNull, func(v types.Value) bool { return v.IsNull }},
			{SelectValid, func(v types.Value) bool { return !v.IsNull }},
		} {
			var want, rest []uint32
			for _, x := range pos {
				if p.want(s.v.Value(int(x))) {
					want = append(want, x)
				} else {
					rest = append(rest, x)
				}
			}
			in := slices.Clone(sel)
			out := in
			if in == nil {
				out = make([]uint32, n)
			}
			got := p.f(s.v, in, len(pos), out)
			if !slices.Equal(got, want) {
				t.Fatalf("%d: %v, want %v", i, got, want)
			}
			if d := Difference(sel, len(pos), got, make([]uint32, n)); !slices.Equal(d, rest) {
				t.Fatalf("difference %v, want %v", d, rest)
			}
			if u := Union(rest, got, make([]uint32, len(pos))); !slices.Equal(u, pos) {
				t.Fatalf("union %v, want %v", u, pos)
			}
		}
		out := vector.New(boolean)
		out.Resize(n)
		for i := range n {
			if i%3 == 0 {
				out.SetNull(i)
			}
		}
		PropagateNulls(out, s.v, sel, len(pos))
		for _, p := range pos {
			if got, want := out.IsNull(int(p)), p%3 == 0 || s.v.IsNull(int(p)); got != want {
				t.Fatalf("%d: null %v", p, got)
			}
		}
	})
}

func BenchmarkSelectCompare(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	x := vector.New(types.Of(types.BigInt))
	x.Resize(2048)
	for i := range vector.Values[int64](x) {
		vector.Values[int64](x)[i] = r.Int64N(100)
	}
	out := make([]uint32, 2048)
	var cache CompareCache
	for _, limit := range []int64{1, 10, 50, 90} {
		c := vector.New(x.Type)
		c.SetConstant(types.IntValue(x.Type, limit), 2048)
		b.Run(fmt.Sprintf("int64<const %d%%", limit), func(b *testing.B) {
			for b.Loop() {
				SelectCompare(Lt, x, c, nil, 2048, out, &cache)
			}
			perRow(b, 2048)
		})
	}
	sel := selections(r, 2048)[4]
	c := vector.New(x.Type)
	c.SetConstant(types.IntValue(x.Type, 50), 2048)
	b.Run("int64<const selected", func(b *testing.B) {
		for b.Loop() {
			SelectCompare(Lt, x, c, sel, len(sel), out, &cache)
		}
		perRow(b, len(sel))
	})
	b.Run("int64<int64", func(b *testing.B) {
		for b.Loop() {
			SelectCompare(Lt, x, x, nil, 2048, out, &cache)
		}
		perRow(b, 2048)
	})
	d := vector.New(x.Type)
	d.Resize(2048)
	d.MutableValid()[3] = 77
	copy(d.Data, x.Data)
	b.Run("int64 with nulls<const", func(b *testing.B) {
		for b.Loop() {
			SelectCompare(Lt, d, c, nil, 2048, out, &cache)
		}
		perRow(b, 2048)
	})
	s := everyForm(r, types.Of(types.Varchar), 2048)
	eq := vector.New(types.Of(types.Varchar))
	eq.SetConstant(types.StringValue("abcd and then a longer two"), 2048)
	for _, i := range []int{0, 1, 4} {
		for _, op := range []CompareOp{Eq, Lt} {
			b.Run(fmt.Sprint("string ", s[i].name, op), func(b *testing.B) {
				for b.Loop() {
					SelectCompare(op, s[i].v, eq, nil, 2048, out, &cache)
				}
				perRow(b, 2048)
			})
		}
	}
}
