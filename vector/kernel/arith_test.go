package kernel

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var integerTypes = []types.Type{
	types.Of(types.TinyInt), types.Of(types.SmallInt), types.Of(types.Integer), types.Of(types.BigInt), types.Of(types.HugeInt),
	types.Of(types.UTinyInt), types.Of(types.USmallInt), types.Of(types.UInteger), types.Of(types.UBigInt), types.Of(types.UHugeInt),
}

func numOf(v types.Value) *big.Int {
	switch v.Type.Physical() {
	case types.PInt128, types.PUint128:
		return bigOf(v)
	case types.PUint64:
		return new(big.Int).SetUint64(uint64(v.I))
	}
	return big.NewInt(v.I)
}

func limitsOf(t types.Type) (lo, hi *big.Int) {
	w := uint(t.Physical().Width() * 8)
	one := big.NewInt(1)
	if t.IsUnsigned() {
		return new(big.Int), new(big.Int).Sub(new(big.Int).Lsh(one, w), one)
	}
	hi = new(big.Int).Sub(new(big.Int).Lsh(one, w-1), one)
	return new(big.Int).Neg(new(big.Int).Lsh(one, w-1)), hi
}

// exact is the reference: nil for NULL.
func exact(op ArithOp, a, b *big.Int) *big.Int {
	r := new(big.Int)
	switch op {
	case Add:
		return r.Add(a, b)
	case Sub:
		return r.Sub(a, b)
	case Mul:
		return r.Mul(a, b)
	case Div:
		if b.Sign() == 0 {
			return nil
		}
		return r.Quo(a, b)
	}
	if b.Sign() == 0 {
		return nil
	}
	return r.Rem(a, b)
}

// edgeValue gives small values and the neighbourhood of the type's limits.
func edgeValue(r *rand.Rand, t types.Type) types.Value {
	if r.IntN(4) > 0 {
		return randomValue(r, t)
	}
	lo, hi := limitsOf(t)
	b := new(big.Int).Add(lo, big.NewInt(int64(r.IntN(2))))
	if r.IntN(2) == 0 {
		b = b.Sub(hi, big.NewInt(int64(r.IntN(2))))
	}
	mask := new(big.Int).SetUint64(math.MaxUint64)
	v := types.Value{Type: t, I: int64(new(big.Int).And(b, mask).Uint64())}
	v.Hi = int64(new(big.Int).And(new(big.Int).Rsh(b, 64), mask).Uint64())
	return v
}

func TestIntegerArithmetic(t *testing.T) {
	for _, typ := range integerTypes {
		t.Run(fmt.Sprint(typ), func(t *testing.T) {
			r := rand.New(rand.NewPCG(21, uint64(typ.ID)))
			lo, hi := limitsOf(typ)
			var cache ArithCache
			for _, n := range []int{0, 1, 63, 64, 65, 300, 2048} {
				as, bs := everyForm(r, typ, n), everyForm(r, typ, n)
				for i := range as[0].v.Len { // limits
					as[0].v.SetValue(i, edgeValue(r, typ))
					bs[0].v.SetValue(i, edgeValue(r, typ))
				}
				for _, a := range as {
					for _, b := range bs {
						if n > 100 && r.IntN(6) > 0 {
							continue
						}
						for op := Add; op <= Mod; op++ {
							sels := selections(r, n)
							sel := sels[r.IntN(len(sels))]
							checkArith(t, op, a, b, sel, n, lo, hi, &cache)
						}
					}
				}
			}
		})
	}
}

func checkArith(t *testing.T, op ArithOp, a, b shaped, sel []uint32, n int, lo, hi *big.Int, cache *ArithCache) {
	t.Helper()
	if a.v.Form == vector.Constant && b.v.Form == vector.Constant && n != 1 {
		return // the caller asks for one position
	}
	// The caller leaves NULLs out; also rows that overflow, so that the rest
	// is compared, once in two.
	var alive []uint32
	overflows := -1
	for _, p := range chosen(sel, n) {
		x, y := a.v.Value(int(p)), b.v.Value(int(p))
		if x.IsNull || y.IsNull {
			continue
		}
		want := exact(op, numOf(x), numOf(y))
		over := want != nil && (want.Cmp(lo) < 0 || want.Cmp(hi) > 0)
		if op == Mod && !over && want != nil { // as DuckDB
			q := exact(Div, numOf(x), numOf(y))
			over = q.Cmp(hi) > 0
		}
		if over {
			if overflows < 0 {
				overflows = int(p)
			}
			continue
		}
		alive = append(alive, p)
	}
	if sel == nil && len(alive) == n {
		alive = nil
	}
	out := vector.New(a.v.Type)
	run := func(sel []uint32, n int) error {
		if op >= Div {
			return DivInt(op, a.v, b.v, out, sel, n, cache)
		}
		return Arith(op, true, a.v, b.v, out, sel, n, cache)
	}
	out.Resize(n)
	count := len(alive)
	if alive == nil && (sel == nil && overflows < 0) {
		count = 0
		if !a.v.MayHaveNulls() && !b.v.MayHaveNulls() {
			count = n
		}
	} else if alive == nil {
		alive = []uint32{}
	}
	if err := run(alive, count); err != nil {
		t.Fatalf("%s %d %s: %v", a.name, op, b.name, err)
	}
	for _, p := range chosen(alive, count) {
		x, y := a.v.Value(int(p)), b.v.Value(int(p))
		want, got := exact(op, numOf(x), numOf(y)), out.Value(int(p))
		if got.IsNull != (want == nil) || want != nil && numOf(got).Cmp(want) != 0 {
			t.Fatalf("%s %d %s, position %d: %v op %v is %v, want %v", a.name, op, b.name, p, numOf(x), numOf(y), numOf(got), want)
		}
	}
	if overflows >= 0 {
		out.Resize(n)
		err := run([]uint32{uint32(overflows)}, 1)
		var e *sqlerr.Error
		if !errors.As(err, &e) || e.Code != sqlerr.CodeNumericOutOfRange {
			t.Fatalf("%s %d %s, position %d: no overflow but %v", a.name, op, b.name, overflows, err)
		}
		all := chosen(sel, n)
		var some []uint32
		for _, p := range all {
			if !a.v.IsNull(int(p)) && !b.v.IsNull(int(p)) {
				some = append(some, p)
			}
		}
		out.Resize(n)
		if err2 := run(some, len(some)); err2 == nil || err2.Error() != err.Error() {
			t.Fatalf("first overflow in order is %q, got %v", err, err2)
		}
	}
}

func TestOverflowMessages(t *testing.T) {
	constant := func(t types.Type, x int64) *vector.Vector {
		v := vector.New(t)
		v.SetConstant(types.IntValue(t, x), 1)
		return v
	}
	integer := types.Of(types.Integer)
	out := vector.New(integer)
	out.Resize(1)
	err := Arith(Mul, true, constant(integer, 46341), constant(integer, 46341), out, nil, 1, nil)
	if err == nil || err.Error() != "overflow in multiplication of INT32 (46341 * 46341)" {
		t.Error(err)
	}
	dec := types.DecimalOf(3, 1)
	out = vector.New(dec)
	out.Resize(1)
	a, b := constant(dec, 999), constant(dec, 2)
	if err := Arith(Add, true, a, b, out, nil, 1, nil); err != nil {
		t.Error(err)
	}
	if err := CheckDecimal(Add, a, b, out, nil, 1); err == nil || err.Error() != "overflow in addition of DECIMAL(3) (999 + 2)" {
		t.Error(err)
	}
}

func TestMulWide(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, c := range [][2]types.Type{
		{types.DecimalOf(4, 0), types.DecimalOf(8, 0)}, {types.DecimalOf(4, 0), types.DecimalOf(18, 0)},
		{types.DecimalOf(9, 0), types.DecimalOf(18, 0)}, {types.DecimalOf(18, 0), types.DecimalOf(36, 0)},
	} {
		for _, a := range everyForm(r, c[0], 300) {
			for _, b := range everyForm(r, c[0], 300) {
				for _, sel := range selections(r, 300) {
					if a.v.Form == vector.Constant && b.v.Form == vector.Constant {
						continue
					}
					out := vector.New(c[1])
					out.Resize(300)
					pos := chosen(sel, 300)
					if err := MulWide(a.v, b.v, out, sel, len(pos), nil); err != nil {
						t.Fatal(err)
					}
					for _, p := range pos {
						x, y := a.v.Value(int(p)), b.v.Value(int(p))
						if x.IsNull || y.IsNull {
							continue
						}
						if got, want := bigOf(out.Value(int(p))), exact(Mul, numOf(x), numOf(y)); got.Cmp(want) != 0 {
							t.Fatalf("%s * %s: %v, want %v", a.name, b.name, got, want)
						}
					}
				}
			}
		}
	}
}

func TestFloatArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, typ := range []types.Type{types.Of(types.Double), types.Of(types.Float)} {
		for _, a := range everyForm(r, typ, 100) {
			for _, b := range everyForm(r, typ, 100) {
				if a.v.Form == vector.Constant && b.v.Form == vector.Constant {
					continue
				}
				for _, sel := range selections(r, 100) {
					pos := chosen(sel, 100)
					for op := Add; op <= Mod; op++ {
						out := vector.New(typ)
						out.Resize(100)
						switch op {
						case Div:
							DivFloat(a.v, b.v, out, sel, len(pos), nil)
						case Mod:
							ModFloat(a.v, b.v, out, sel, len(pos), nil)
						default:
							if err := Arith(op, true, a.v, b.v, out, sel, len(pos), nil); err != nil {
								t.Fatal(err)
							}
						}
						for _, p := range pos {
							x, y := a.v.Value(int(p)), b.v.Value(int(p))
							if x.IsNull || y.IsNull {
								continue
							}
							want := [...]float64{x.F + y.F, x.F - y.F, x.F * y.F, x.F / y.F, math.Mod(x.F, y.F)}[op]
							if typ.ID == types.Float {
								want = float64(float32(want))
							}
							if got := out.Value(int(p)).F; got != want && (got == got || want == want) {
								t.Fatalf("%v op %d %v: %v, want %v", x.F, op, y.F, got, want)
							}
						}
					}
				}
			}
		}
	}
}

func TestOpposites(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 4))
	for _, typ := range append(integerTypes, types.Of(types.Double), types.Of(types.Float)) {
		for _, s := range everyForm(r, typ, 100) {
			out := vector.New(typ)
			for _, abs := range []bool{false, true} {
				var alive []uint32
				for p := range 100 {
					if v := s.v.Value(p); !v.IsNull && (typ.IsFloat() || abs || !typ.IsUnsigned()) {
						alive = append(alive, uint32(p))
					}
				}
				out.Resize(100)
				f := Negate
				if abs {
					f = Abs
				}
				var bad []uint32
				if !typ.IsFloat() {
					lo, _ := limitsOf(typ)
					k := 0
					for _, p := range alive {
						if numOf(s.v.Value(int(p))).Cmp(lo) == 0 && lo.Sign() < 0 {
							bad = append(bad, p)
							continue
						}
						alive[k] = p
						k++
					}
					alive = alive[:k]
				}
				if err := f(s.v, out, alive, len(alive), nil); err != nil {
					t.Fatal(err)
				}
				for _, p := range alive {
					x, got := s.v.Value(int(p)), out.Value(int(p))
					if typ.IsFloat() {
						want := -x.F
						if abs {
							want = math.Abs(x.F)
						}
						if math.Float64bits(want) != math.Float64bits(got.F) && x.F == x.F {
							t.Fatalf("%v abs %v: %v", x.F, abs, got.F)
						}
						continue
					}
					want := new(big.Int).Neg(numOf(x))
					if abs {
						want.Abs(want)
					}
					if numOf(got).Cmp(want) != 0 {
						t.Fatalf("%v %v abs %v: %v", typ, numOf(x), abs, numOf(got))
					}
				}
				if len(bad) > 0 {
					if err := f(s.v, out, bad, len(bad), nil); err == nil {
						t.Fatal("no overflow")
					}
				}
			}
		}
	}
}

func BenchmarkArith(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, typ := range []types.Type{types.Of(types.BigInt), types.Of(types.Integer), types.Of(types.Double)} {
		x, y, out := vector.New(typ), vector.New(typ), vector.New(typ)
		x.Resize(2048)
		y.Resize(2048)
		out.Resize(2048)
		for i := range 2048 {
			x.SetValue(i, types.Value{Type: typ, I: r.Int64N(1000), F: r.Float64()})
			y.SetValue(i, types.Value{Type: typ, I: r.Int64N(1000), F: r.Float64()})
		}
		for op := Add; op <= Mul; op++ {
			b.Run(fmt.Sprint(typ, arithSigns[op]), func(b *testing.B) {
				var c ArithCache
				for b.Loop() {
					if err := Arith(op, true, x, y, out, nil, 2048, &c); err != nil {
						b.Fatal(err)
					}
				}
				perRow(b, 2048)
			})
		}
	}
	x, y, out := vector.New(types.DecimalOf(18, 2)), vector.New(types.DecimalOf(18, 2)), vector.New(types.DecimalOf(36, 4))
	x.Resize(2048)
	y.Resize(2048)
	out.Resize(2048)
	b.Run("wide product", func(b *testing.B) {
		var c ArithCache
		for b.Loop() {
			MulWide(x, y, out, nil, 2048, &c)
		}
		perRow(b, 2048)
	})
}
